"""Forged buttons, strangers, and what no keyboard types: refused with a word, and nothing changes."""

import pytest

from bot.domain.posts import PostKind
from bot.handlers import BUTTONS
from tests.world import Phone, World

GARBAGE = (
    "",
    ":",
    "::::",
    "nonsense",
    "d",
    "d:",
    "d:1",
    "d:999999:send",
    "d:-1:_cancel",
    "issue",
    "issue.",
    "issue.accept",
    "issue.accept:",
    "issue.accept:1:2",
    "issue.accept:-1",
    "issue.accept:0",
    "issue.accept: 1",
    "issue.accept:1.0",
    "issue.accept:0x1",
    "issue.accept:１",
    "issue.accept:²",
    "issue.accept:٣",
    "issue.accept:灯",
    "issue.accept:999999999999999",
    "issue.accept:99999999999999999999999999999999",
    "issue.accept:1;DROP TABLE issues",
    "issue.rate:1",
    "issue.rate:1:satisfied:2",
    "issue.rate:1:perfect",
    "issue.show:NaN",
    "home.approve:-5",
    "home.approve:77",
    "home.refuse:77",
    "menu.locale:xx",
    "menu.locale:",
    "ISSUE.ACCEPT:1",
    "a" * 64,
    "灯" * 21,
)
OF_THE_ISSUE = [
    f"{kind}:1:satisfied" if kind == "issue.rate" else f"{kind}:1"
    for kind in BUTTONS
    if kind.startswith("issue.")
]


@pytest.fixture
async def resident(world: World) -> Phone:
    """王奶奶, who has reported a lamp."""
    await world.leader_of("3")
    resident = await world.resident()
    await resident.reports()
    return resident


async def refused(world: World, phone: Phone, *payloads: str) -> list[str]:
    """Press forged buttons: one notice each says no, no message comes, no row changes; the notices."""
    before, told = await world.contents(), []
    for payload in payloads:
        toasts, messages = len(phone.user.toasts), len(phone.messages)
        await phone.forges(payload)
        assert len(phone.messages) == messages, payload
        assert len(phone.user.toasts) == toasts + 1, payload
        assert phone.last_toast, payload
        told.append(phone.last_toast)
    assert await world.contents() == before
    return told


async def test_garbage_under_a_button(world: World, leader: Phone, resident: Phone) -> None:
    """Whatever a tampered app sends is answered, and does nothing."""
    for phone in (leader, resident):
        await phone.sends("/help")
        await refused(world, phone, *GARBAGE)
    assert (await world.issue()).state == "open"


@pytest.mark.parametrize("who", ["neighbour", "other leader", "other compound", "newcomer"])
@pytest.mark.usefixtures("resident")
async def test_nobody_touches_what_is_not_theirs(world: World, who: str) -> None:
    """People without a part in an issue neither see it nor do anything to it, whatever they press."""
    if who == "neighbour":
        phone = await world.resident("1", "1", "101", name="李大爷")
    elif who == "other leader":
        phone = await world.leader_of("1")
    elif who == "other compound":
        there = await world.another_compound()
        phone = await world.holder(PostKind.BRANCH_SECRETARY, name="外区书记", compound=there)
    else:
        phone = world.newcomer()
        await phone.sends("/start")
    told = await refused(world, phone, *OF_THE_ISSUE)
    assert not any("王" in words or "灯" in words for words in told)


async def test_roles_keep_to_their_buttons(world: World, leader: Phone, resident: Phone) -> None:
    """The reporter does not do the handler's work, nor the handler the reporter's."""
    handlers = [
        f"issue.{verb}:1" for verb in ("accept", "decline", "transfer", "resolve", "reject", "duplicate")
    ]
    reporters = [f"issue.{verb}:1" for verb in ("withdraw", "nudge", "confirm", "dispute", "reopen")]
    told = await refused(world, resident, *handlers)
    told += await refused(world, leader, *reporters, "issue.rate:1:satisfied")
    assert all("不归您" in words for words in told)


async def test_a_button_pressed_in_a_group(world: World, leader: Phone, resident: Phone) -> None:
    """In a group nothing private is shown and nothing done, even by who has the right."""
    group = world.group("3号楼", leader, resident)
    await world.settle()
    for phone in (leader, resident):
        for payload in ("issue.accept:1", "issue.show:1", "my.list", "d:1:send"):
            before, said = await world.contents(), len(phone.user.chat(group))
            phone.user.forges(group, 1, payload)
            await world.settle()
            assert "私聊" in phone.last_toast
            assert len(phone.user.chat(group)) == said
            assert await world.contents() == before


@pytest.mark.usefixtures("resident")
async def test_an_anonymous_admin_has_no_rights(world: World, leader: Phone) -> None:
    """Who speaks as the group is sent to private chat, and is nobody to the bot."""
    group = world.telegram.group("3号楼", leader.user, supergroup=True)
    group.add_bot(leader.user)
    await world.settle()
    before = await world.contents()
    leader.user.sends(group, f"/work@{world.rules.bot_name}", anonymous=True)
    await world.settle()
    assert "匿名" in leader.user.chat(group)[-1].text
    assert await world.contents() == before


async def test_an_old_question_of_the_same_shape(world: World, resident: Phone) -> None:
    """The send button of a report that was cancelled does not send the next one, at the very same step."""
    await resident.sends("三栋2单元垃圾没人收")
    await resident.presses("卫生")
    message, button = resident.with_button("提交")
    await resident.presses("取消")
    await resident.sends("三栋2单元水管漏水")
    await resident.presses("水电")
    assert resident.may_press("提交")
    before = await world.contents()
    assert button.data is not None
    resident.user.forges(None, message.id, button.data)
    await world.settle()
    assert "已经过去" in resident.last_toast
    assert await world.contents() == before
    await resident.presses("提交")
    assert (await world.issue(2)).category == "utilities"


async def test_two_phones_press_at_once(world: World, leader: Phone, resident: Phone) -> None:
    """One account on two phones: the first tap counts, the second is answered."""
    await resident.sends("三栋2单元水管漏水")
    await resident.presses("水电")
    message, button = resident.with_button("提交")
    accept, deed = leader.with_button("接单")
    assert button.data is not None
    assert deed.data is not None
    for _ in range(2):
        resident.user.presses(None, message.id, button.data)
        leader.user.presses(None, accept.id, deed.data)
    await world.settle()
    assert len(await world.rows("SELECT 1 FROM issues")) == 2
    assert "已经过去" in resident.last_toast
    assert "已经接单" in leader.last_toast
    assert [event.action for event in await world.history()] == ["file", "accept"]


async def test_ten_thousand_characters(world: World, leader: Phone, resident: Phone) -> None:
    """Too long is said at once; what was being done goes on with fewer words."""
    await leader.presses("接单", "回复")
    before = await world.contents("dialogs")
    await leader.sends("灯" * 10_000)
    assert any("太长了" in text for text in (message.text for message in leader.messages))
    assert await world.contents("dialogs") == before
    await leader.sends("明天来")
    assert "明天来" in resident.last_message


@pytest.mark.usefixtures("resident")
async def test_a_result_never_grows_too_long(world: World, leader: Phone) -> None:
    """A second message that would make it too long is refused, the first is kept and can be sent."""
    await leader.presses("接单", "办结")
    await leader.sends_photo("换了灯管")
    await leader.sends("。" * 3498)
    assert leader.sees("太长了")
    await leader.presses("提交办结")
    assert (await world.history())[-1].text == "换了灯管"


@pytest.mark.parametrize("sign", ["灯", "👨\u200d👩\u200d👧", "<b>&", "\u202e"])
async def test_the_longest_words_arrive(world: World, leader: Phone, resident: Phone, sign: str) -> None:
    """As many as are taken are also delivered: nothing is accepted and then too long for Telegram."""
    await leader.presses("接单", "回复")
    most = 3500 // (len(sign.encode("utf-16-le")) // 2)
    await leader.sends("好" + sign * (most - 1))
    assert resident.sees("好" + sign.replace("\u202e", "") * 5 if sign != "\u202e" else "好")
    assert await world.rows("SELECT 1 FROM outbox WHERE state = 'buried'") == []


async def test_directions_and_invisible_characters(world: World, leader: Phone) -> None:
    """Signs that turn or hide text reach neither the register of people nor a card."""
    resident = world.newcomer("王\u202e奶\u200b奶\u2066")
    await resident.reports("3号楼灯\u200b坏\u202e了\u2066", "照明")
    assert "3号楼灯坏了" in leader.last_message
    kept = await world.rows("SELECT display_name FROM accounts")
    assert "王奶奶" in [row["display_name"] for row in kept]
    assert not {"\u202e", "\u200b", "\u2066"}.intersection(leader.last_message)


async def test_markup_in_names_and_words(world: World, leader: Phone) -> None:
    """Tags are shown as they were typed: on the card, in toasts, on buttons, in lists."""
    resident = world.newcomer('<a href="x">王</a>')
    await resident.reports("3号楼<b>灯</b>坏了 & <script>", "照明")
    assert "3号楼<b>灯</b>坏了 & <script>" in leader.last_message
    assert '<a href="x">王</a>' in leader.last_message
    await leader.presses("接单", "回复")
    await leader.sends("</b>好<i>")
    assert "</b>好<i>" in resident.last_message
    assert await world.rows("SELECT 1 FROM outbox WHERE state = 'buried'") == []


async def test_a_forged_number_tells_nothing(world: World, resident: Phone) -> None:
    """An issue that is not theirs answers a stranger as one that was never filed (§4.2)."""
    await resident.reports("三栋2单元水管漏水", "水电")
    stranger = world.newcomer()
    await stranger.sends("/start")
    payloads = [payload for payload in OF_THE_ISSUE if payload != "issue.rate:1:satisfied"]
    there = await refused(world, stranger, *payloads)
    missing = await refused(world, stranger, *(payload.replace(":1", ":4711") for payload in payloads))
    assert there == missing
