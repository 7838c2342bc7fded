"""Announcements from the first word to the report: rights, second officers, groups, quiet hours, knocking."""

from datetime import timedelta

import pytest

from bot.actions.chores import do_one
from bot.actions.desk import Desk
from bot.domain.announcing import Loan
from bot.domain.audiences import Audience, Kind, Part
from bot.domain.posts import PostKind
from bot.sandbox.people import Group, Seen
from bot.storage.engine import Row
from bot.storage.store import Store
from tests.test_group_binding import building_group, code_for, types
from tests.world import TEXTS, Phone, World

DIRECTOR, SECRETARY = PostKind.OWNERS_COMMITTEE_DIRECTOR, PostKind.BRANCH_SECRETARY
WATER = "明天上午停水，请提前储水。"


async def writes(phone: Phone, *, to: str = "3号楼", text: str = WATER) -> None:
    """Everything up to the preview."""
    await phone.sends("/announce")
    await phone.sends(text)
    await phone.sends(to)


async def announces(phone: Phone, *, to: str = "3号楼", text: str = WATER) -> None:
    """Write, send, and let the time to undo pass."""
    await writes(phone, to=to, text=text)
    await phone.presses("发出")
    await passes(phone.world)


async def passes(world: World, seconds: int = 40) -> None:
    """Let some seconds pass as they do."""
    await world.live_through(step=timedelta(seconds=5), seconds=seconds)


async def state(world: World, number: int = 1) -> str:
    """Where the n-th announcement stands."""
    rows = await world.rows("SELECT state FROM announcements ORDER BY id")
    found: str = rows[number - 1]["state"]
    return found


async def fates(world: World) -> set[tuple[str, str]]:
    """What became of all copies, and why."""
    return {(row["state"], row["reason"]) for row in await copies(world)}


async def copies(world: World) -> list[Row]:
    """Every copy, planned or not."""
    return await world.rows("SELECT * FROM deliveries ORDER BY id")


def in_group(phone: Phone, group: Group) -> list[Seen]:
    """What the bot has said in a group."""
    return [message for message in phone.user.chat(group) if message.from_bot]


async def presses_in(phone: Phone, group: Group, label: str) -> None:
    """Tap a button of the newest message of the bot in a group."""
    message = in_group(phone, group)[-1]
    button = message.button(label)
    assert button.data is not None
    phone.user.presses(group, message.id, button.data)
    await phone.world.settle()


@pytest.fixture
async def resident(world: World, leader: Phone) -> Phone:
    """王奶奶 of 3-2-502, confirmed."""
    phone = await world.resident()
    await leader.presses("同意")
    return phone


async def test_a_leader_tells_the_building(world: World, leader: Phone, resident: Phone) -> None:
    """Words, whom, a preview with numbers, send: neighbours and the group have it, others do not."""
    stranger = await world.resident("5", "1", "101", "李叔")
    _, group = await building_group(world)
    group.add(resident.user)
    await writes(leader)
    assert WATER in leader.messages[-2].text
    assert "1 个群、2 人" in leader.last_message
    await leader.presses("发出")
    assert not resident.sees(WATER)
    await passes(world)
    assert resident.sees(WATER)
    assert WATER in in_group(resident, group)[-1].text
    assert not stranger.sees(WATER)
    assert leader.sees("送达 1/1 个群、2/2 人")
    assert await state(world) == "sent"


# The second officer ----------------------------------------------------------------------------------------


@pytest.fixture
async def director(world: World) -> Phone:
    """The director of the owners' committee, who writes."""
    return await world.holder(DIRECTOR)


@pytest.fixture
async def secretary(world: World) -> Phone:
    """The branch secretary, who is asked."""
    return await world.holder(SECRETARY)


async def asks(director: Phone, text: str = WATER) -> None:
    """Hand in an announcement to the whole compound."""
    await writes(director, to="全小区", text=text)
    await director.presses("请另一位同意")


async def test_the_whole_compound_takes_two(
    world: World, resident: Phone, director: Phone, secretary: Phone
) -> None:
    """Nothing is sent before another officer has read it and said yes; the author cannot say it."""
    await asks(director)
    await passes(world)
    assert not resident.sees(WATER)
    assert "等另一位" in director.last_message
    assert WATER in secretary.messages[-2].text
    await director.forges("ann.approve:1:2")
    assert await state(world) == "awaiting_second"
    await secretary.presses("同意发出")
    assert not resident.sees(WATER)
    await passes(world)
    assert resident.sees(WATER)
    assert director.sees("发完了")
    assert not secretary.may_press("同意发出")


async def test_who_was_asked_too_sees_that_it_is_settled(
    world: World, director: Phone, secretary: Phone
) -> None:
    """The first yes counts; a second one is told so, and nothing is sent twice."""
    other = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await asks(director)
    question = other.messages[-1].id
    await secretary.presses("同意发出")
    shown = next(message for message in other.messages if message.id == question)
    assert "同意发出了" in shown.text
    assert not shown.buttons
    await other.forges("ann.approve:1:2")
    assert "已经做过" in other.last_toast
    assert len(await world.rows("SELECT id FROM announcement_events WHERE action = 'approve'")) == 1


async def test_sent_back_with_words(world: World, resident: Phone, director: Phone, secretary: Phone) -> None:
    """The author reads what to change, changes it, and asks again."""
    await asks(director)
    await secretary.presses("请改一改")
    await secretary.sends("写上几点到几点")
    assert "写上几点到几点" in director.last_message
    assert await state(world) == "draft"
    await director.presses("改一改再发", "改内容")
    await director.sends("明天9点到11点停水。")
    await director.presses("请另一位同意")
    await secretary.presses("同意发出")
    await passes(world)
    assert resident.sees("明天9点到11点停水")
    assert not resident.sees("储水")


async def test_without_a_second_officer_it_is_said_at_once(world: World, director: Phone) -> None:
    """Nobody else is on the bot: the draft stays open, and the author learns what is missing."""
    await asks(director)
    assert "没有人收得到" in director.last_toast
    assert await world.rows("SELECT id FROM announcements") == []
    await world.holder(SECRETARY)
    await director.presses("请另一位同意")
    assert await state(world) == "awaiting_second"


async def test_a_yes_is_to_what_was_read(
    world: World, resident: Phone, director: Phone, secretary: Phone
) -> None:
    """A button under words that were changed since agrees to nothing; the one under the new words does."""
    await asks(director)
    _, button = secretary.with_button("同意发出")
    assert button.data is not None
    await director.presses("撤销", "改一改再发", "改内容")
    await director.sends("不停水了。")
    await director.presses("请另一位同意")
    await secretary.forges(button.data)
    assert "改过了" in secretary.last_toast
    assert await state(world) == "awaiting_second"
    await secretary.presses("同意发出")
    await passes(world)
    assert resident.sees("不停水了")


# Taking back -----------------------------------------------------------------------------------------------


async def test_fifteen_seconds_to_undo(world: World, leader: Phone, resident: Phone) -> None:
    """Taken back in time nobody sees it; it can be changed and sent."""
    await writes(leader)
    await leader.presses("发出")
    await passes(world, 10)
    await leader.presses("撤销")
    await passes(world, 60)
    assert not resident.sees(WATER)
    assert await state(world) == "draft"
    await leader.presses("改一改再发", "发出")
    await passes(world)
    assert sum(WATER in message.text for message in resident.messages) == 1


@pytest.mark.usefixtures("resident")
async def test_an_undo_that_comes_too_late_says_so(world: World, leader: Phone) -> None:
    """It has been sent: the button answers how things stand, and what helps now."""
    await announces(leader)
    await leader.forges("ann.undo:1")
    assert "更正" in leader.last_toast
    assert await state(world) == "sent"


async def test_a_draft_can_be_thrown_away(world: World, leader: Phone, resident: Phone) -> None:
    """Undone and discarded it is in no list, and cannot be opened again."""
    await writes(leader)
    await leader.presses("发出", "撤销", "不发了")
    assert await state(world) == "discarded"
    await leader.sends("/announcements")
    assert "还没有发过" in leader.last_message
    await leader.forges("ann.edit:1")
    assert "不要了" in leader.last_toast
    await passes(world)
    assert not resident.sees(WATER)


async def hears(world: World) -> None:
    """Take in what people have done, and send nothing."""
    while await world.app.receiver.receive_once(0) + await world.app.router.take_some():
        pass


async def one_chore(world: World) -> None:
    """Do one thing that is due, and no more."""
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock())
        await do_one(desk)
        await desk.send()


async def test_recalled_while_it_goes_out(
    world: World, leader: Phone, resident: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has not got it never will; who has reads that it was withdrawn."""
    monkeypatch.setattr("bot.actions.broadcast.AT_ONCE", 2)
    second = await world.resident("3", "1", "101", "李叔")
    await leader.presses("同意")
    await writes(leader)
    await leader.presses("发出")
    world.clock.now += timedelta(seconds=20)
    await one_chore(world)
    await world.settle()
    assert resident.sees(WATER)
    assert await state(world) == "sending"
    await leader.presses("停下并撤回")
    await passes(world)
    assert not second.sees(WATER)
    assert not resident.sees(WATER)
    assert resident.sees("撤回了")
    assert await state(world) == "recalled"
    assert leader.sees("送达 0/0 个群、2/2 人")
    assert leader.sees("1 人还没发到")


async def test_recalled_before_the_first_copy_left(world: World, leader: Phone, resident: Phone) -> None:
    """What waits in the outbox is taken out again."""
    await writes(leader)
    await leader.presses("发出")
    world.clock.now += timedelta(seconds=20)
    await one_chore(world)
    leader.user.forges(None, leader.messages[-1].id, "ann.recall:1")
    await hears(world)
    await passes(world)
    assert not resident.sees(WATER)
    assert not resident.sees("撤回了")
    assert await fates(world) == {("left_out", "recalled"), ("left_out", "no_account")}


async def test_recalled_photos_do_not_go_out_alone(world: World, leader: Phone, resident: Phone) -> None:
    """What waits in the outbox is taken out with its photos."""
    await leader.sends("/announce")
    await leader.sends_album(2, WATER)
    await leader.sends("3号楼")
    await leader.presses("发出")
    world.clock.now += timedelta(seconds=20)
    await one_chore(world)
    leader.user.forges(None, leader.messages[-1].id, "ann.recall:1")
    await hears(world)
    await passes(world)
    assert await state(world) == "recalled"
    assert not any(message.photos for message in resident.messages)


# Correcting ------------------------------------------------------------------------------------------------


async def test_a_correction_edits_every_copy(world: World, leader: Phone, resident: Phone) -> None:
    """In the group and in private the same message says what is right, and that it was corrected."""
    _, group = await building_group(world)
    await announces(leader)
    before = [len(resident.messages), len(in_group(leader, group))]
    await leader.presses("更正")
    await leader.sends("后天停水。")
    await leader.presses("发出")
    await passes(world)
    assert [len(resident.messages), len(in_group(leader, group))] == before
    for text in (resident.last_message, in_group(leader, group)[-1].text):
        assert "后天停水" in text
        assert "已更正" in text
    assert await state(world) == "corrected"
    history = await world.rows("SELECT text FROM announcement_events WHERE action = 'correct'")
    assert [row["text"] for row in history] == [WATER]


async def test_one_correction_at_a_time(world: World, leader: Phone, resident: Phone) -> None:
    """While one is on its way another cannot be begun; afterwards it can."""
    await announces(leader)
    await leader.presses("更正")
    await leader.sends("后天停水。")
    await leader.presses("发出")
    await leader.forges("ann.correct:1")
    assert "已经有一条更正" in leader.last_toast
    await passes(world)
    await leader.forges("ann.correct:1")
    await leader.sends("大后天停水。")
    await leader.presses("发出")
    await passes(world)
    assert "大后天停水" in resident.last_message


async def corrects_by_halves(world: World, leader: Phone, group: Group) -> None:
    """A correction whose first copies, the group's among them, are edited; the last is still planned."""
    await leader.presses("更正")
    await leader.sends("后天停水。")
    await leader.presses("发出")
    world.clock.now += timedelta(seconds=20)
    await one_chore(world)
    await world.settle()
    assert await state(world, 2) == "sending"
    assert "后天停水" in in_group(leader, group)[-1].text


async def test_who_reads_a_corrected_copy_keeps_it(
    world: World, leader: Phone, resident: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the other copies are still being edited, 已阅 does not bring back what was wrong."""
    _, group = await building_group(world)
    group.add(resident.user)
    await announces(leader)
    monkeypatch.setattr("bot.actions.broadcast.AT_ONCE", 2)
    await corrects_by_halves(world, leader, group)
    await presses_in(resident, group, "✅ 已阅")
    await passes(world)
    assert "后天停水" in in_group(leader, group)[-1].text
    assert await state(world) == "corrected"


async def test_a_recalled_correction_leaves_what_was_there(
    world: World, leader: Phone, resident: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped half-way, every copy reads as before it; the announcement itself is not withdrawn."""
    _, group = await building_group(world)
    await announces(leader)
    monkeypatch.setattr("bot.actions.broadcast.AT_ONCE", 2)
    await corrects_by_halves(world, leader, group)
    await leader.forges("ann.recall:2")
    await passes(world)
    assert WATER in in_group(leader, group)[-1].text
    assert "撤回" not in in_group(leader, group)[-1].text
    assert resident.sees(WATER)
    assert await state(world) == "sent"


# Urgent, ordinary, night -----------------------------------------------------------------------------------


async def test_ordinary_ones_wait_for_the_morning(world: World, leader: Phone, resident: Phone) -> None:
    """Handed in at ten in the evening it goes out at eight."""
    await world.until(22)
    await announces(leader)
    await world.until(7, 30)
    assert not resident.sees(WATER)
    await world.until(8, 30)
    assert resident.sees(WATER)


async def test_what_was_due_while_the_bot_was_down_does_not_ring_at_night(
    world: World, leader: Phone, resident: Phone
) -> None:
    """Due in the evening, up again at night: it goes out in the morning."""
    await writes(leader)
    await leader.presses("发出")
    await world.later(hours=13)
    assert not resident.sees(WATER)
    await world.until(8, 30)
    assert resident.sees(WATER)


async def test_an_urgent_one_passes_night_and_mutes_until_its_end(
    world: World, resident: Phone, director: Phone, secretary: Phone
) -> None:
    """It takes two officers and an end; after that its copies say that it is over."""
    await mutes(world, resident)
    await world.until(23)
    await writes(director, to="3号楼", text="3号楼煤气检修，请勿点火。")
    await director.presses("改为紧急", "两小时")
    assert "静音的人也收到" in director.last_message
    await director.presses("请另一位同意")
    await secretary.presses("同意发出")
    await passes(world)
    assert resident.sees("请勿点火")
    assert "紧急通知" in resident.last_message
    await world.live_through(hours=3)
    assert "已过有效期" in resident.last_message
    assert await state(world) == "expired"


async def mutes(world: World, phone: Phone) -> None:
    """Somebody does not want ordinary announcements."""
    person_id = await phone.person_id()
    await world.rows(
        "INSERT INTO mutes (person_id, compound_id, interest_group_id, since) "  # noqa: S608
        f"VALUES ({person_id}, 1, 0, 0)"
    )


async def test_an_urgent_one_nobody_agreed_to_in_time_is_not_sent(
    world: World, resident: Phone, director: Phone, secretary: Phone
) -> None:
    """The yes comes after its end: refused, and nobody is alarmed."""
    await writes(director, to="3号楼", text="请勿点火。")
    await director.presses("改为紧急", "两小时", "请另一位同意")
    await world.live_through(hours=3)
    await secretary.forges("ann.approve:1:2")
    assert "有效期" in secretary.last_toast
    await passes(world)
    assert not resident.sees("请勿点火")


async def test_the_muted_and_the_lost_are_counted(world: World, leader: Phone, resident: Phone) -> None:
    """Who muted gets nothing, who blocked the bot cannot: the preview and the report say how many."""
    muted = await world.resident("3", "1", "101", "李叔")
    await leader.presses("同意")
    lost = await world.resident("3", "1", "102", "赵姐")
    await leader.presses("同意")
    await mutes(world, muted)
    await writes(leader)
    assert "0 个群、3 人" in leader.last_message
    assert "1 人静音" in leader.last_message
    lost.user.blocks_bot()
    await leader.presses("发出")
    await passes(world)
    assert resident.sees(WATER)
    assert not muted.sees(WATER)
    (report,) = [message.text for message in leader.messages if "送达" in message.text]
    assert "1 人静音" in report
    assert "1 人停用了机器人" in report


# When ------------------------------------------------------------------------------------------------------


async def test_at_a_chosen_time_once_and_across_a_restart(
    world: World, leader: Phone, resident: Phone
) -> None:
    """Scheduled for tomorrow; the process that took it is gone by then."""
    await writes(leader)
    await leader.presses("改时间")
    await leader.sends("明天下午3点")
    assert "15:00" in leader.last_message
    await leader.presses("发出")
    assert "15:00" in leader.last_message
    await world.restart()
    await world.live_through(hours=28)
    assert not resident.sees(WATER)
    await world.live_through(hours=2)
    await world.restart()
    await world.live_through(hours=1)
    assert sum(WATER in message.text for message in resident.messages) == 1


@pytest.mark.usefixtures("resident")
async def test_an_hour_that_may_be_two_is_asked_back(leader: Phone) -> None:
    """明天3点: in the night or in the afternoon?"""
    await writes(leader)
    await leader.presses("改时间")
    await leader.sends("明天3点")
    assert "哪一个" in leader.last_message
    await leader.presses("15:00")
    assert "15:00" in leader.last_message


# What people send ------------------------------------------------------------------------------------------


async def test_photos_and_marks_arrive_as_they_were_sent(
    world: World, leader: Phone, resident: Phone
) -> None:
    """An album with its caption is one announcement; signs of markup are no markup."""
    await leader.sends("/announce")
    await leader.sends_album(3, "花开了 <3 & 美")
    await leader.sends("3号楼")
    await leader.presses("发出")
    await passes(world)
    assert "花开了 <3 & 美" in resident.last_message
    shown = [message for message in resident.messages if message.photos]
    assert len(shown) == 3


async def test_nonsense_is_asked_back(world: World, leader: Phone, resident: Phone) -> None:
    """A sticker, too many words, a building that is not there, a moment that is over: each is said why."""
    await leader.sends("/announce")
    await leader.sends_sticker()
    assert leader.sees("这个发不了")
    await leader.sends("水" * 3500)
    assert leader.sees("太长了")
    await leader.sends(WATER)
    await leader.sends("99号楼")
    assert leader.sees("99")
    await leader.sends("啊啊啊")
    await leader.sends("3号楼")
    await leader.presses("改时间")
    await leader.sends("昨天下午3点")
    await leader.sends("什么时候都行")
    await leader.sends("明天")
    assert leader.sees("还差几点钟")
    await leader.presses("现在")
    await leader.sends("好的")
    assert leader.sees("请点下面的按钮")
    await leader.presses("发出")
    await passes(world)
    assert resident.sees(WATER)


# Rights ----------------------------------------------------------------------------------------------------


async def test_who_holds_no_post_cannot_announce(resident: Phone) -> None:
    """Refused at once, with what to do instead."""
    await resident.sends("/announce")
    assert "要有职务" in resident.last_message
    await resident.sends("/announcements")
    assert "要有职务" in resident.last_message


async def test_a_leader_keeps_to_the_own_building(world: World, leader: Phone) -> None:
    """Another building, or everybody, is not theirs to announce to."""
    await writes(leader, to="5号楼")
    assert leader.sees("不归您管")
    await leader.sends("全小区")
    assert not leader.may_press("发出")
    assert await world.rows("SELECT id FROM announcements") == []


@pytest.mark.parametrize(
    "deed", ["approve", "back", "undo", "discard", "edit", "recall", "correct", "show", "unread", "again"]
)
@pytest.mark.usefixtures("secretary")
async def test_forged_buttons_do_nothing(world: World, resident: Phone, director: Phone, deed: str) -> None:
    """Somebody without any part in an announcement cannot do anything to it, nor see it."""
    await asks(director)
    before = await world.contents("accounts", "cards", "dialogs")
    await resident.forges(f"ann.{deed}:1")
    await resident.forges(f"ann.{deed}:1:2")
    await resident.forges(f"ann.{deed}:99")
    await resident.forges(f"ann.{deed}:x")
    await resident.forges(f"ann.{deed}")
    assert await world.contents("accounts", "cards", "dialogs") == before
    assert not resident.sees(WATER)


async def test_who_lost_the_post_does_not_announce_any_more(
    world: World, leader: Phone, resident: Phone
) -> None:
    """The right is asked again when it goes out: nobody gets it, and its author is told."""
    await writes(leader)
    await leader.presses("改时间", "明早 9 点", "发出")
    await world.vacate(PostKind.BUILDING_LEADER, "3")
    await world.live_through(hours=25)
    assert not resident.sees(WATER)
    assert leader.sees("不归您管")
    assert await state(world) == "draft"


@pytest.mark.usefixtures("leader")
async def test_a_deputy_alone_in_the_group_with_a_second_in_private(world: World) -> None:
    """The same words to the same building: only the private way takes a yes."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await writes(deputy)
    assert deputy.may_press("请另一位同意")
    await deputy.presses("群和私聊都发")
    assert deputy.may_press("📨 发出")


async def test_a_lent_right_is_used_while_it_lasts(world: World, leader: Phone, resident: Phone) -> None:
    """The borrower may announce to the building; when the loan is over, no more."""
    borrower = await world.resident("3", "1", "101", "李叔")
    await leader.presses("同意")
    building = (await world.rows("SELECT id FROM buildings WHERE label = '3'"))[0]["id"]
    audience = Audience((Part(Kind.BUILDING, building),))
    now = world.clock.now
    loan = Loan(await borrower.person_id(), await leader.person_id(), audience, now, now + timedelta(hours=3))
    async with world.database.transaction() as connection:
        await Store(connection).loans.put(1, loan)
    await announces(borrower, text="棋牌室今晚关门。")
    assert resident.sees("棋牌室今晚关门")
    await world.live_through(hours=4)
    await borrower.sends("/announce")
    assert "要有职务" in borrower.last_message


# Read ------------------------------------------------------------------------------------------------------


async def test_read_in_private_and_in_the_group(world: World, leader: Phone, resident: Phone) -> None:
    """One tap says so; the group's button counts; saying it twice counts once."""
    _, group = await building_group(world)
    group.add(resident.user)
    await announces(leader)
    await resident.presses("已阅")
    assert "1 人看过" in resident.last_toast
    assert not resident.may_press("已阅")
    await presses_in(resident, group, "✅ 已阅")
    assert "1 人看过" in resident.last_toast
    await presses_in(leader, group, "✅ 已阅")
    assert in_group(leader, group)[-1].button("✅ 已阅 2").data == "ann.read:1"
    await leader.sends("/announcements")
    await leader.presses("1")
    assert "已阅 2 人" in leader.last_message


async def test_where_to_knock(world: World, leader: Phone, resident: Phone, director: Phone) -> None:
    """The leader reads the doors of the own building that have not read it, the committee of all."""
    await world.resident("3", "2", "501", "李叔")
    await leader.presses("同意")
    await announces(leader)
    await leader.presses("谁还没看")
    assert "502（王奶奶）" in leader.last_message
    await resident.presses("已阅")
    await leader.presses("谁还没看")
    assert "王奶奶" not in leader.last_message
    assert "501（李叔）" in leader.last_message
    await director.forges("ann.unread:1")
    assert "501（李叔）" in director.last_message
    other = await world.leader_of("5")
    await other.forges("ann.unread:1")
    assert not other.sees("李叔")


@pytest.mark.usefixtures("resident")
async def test_who_got_no_copy_has_not_read_it(world: World, leader: Phone) -> None:
    """A forged 已阅 from elsewhere counts for nothing."""
    stranger = await world.resident("5", "1", "101", "李叔")
    await announces(leader)
    await stranger.forges("ann.read:1")
    await stranger.forges("ann.reply:1")
    assert await world.rows("SELECT * FROM read_receipts") == []
    assert not stranger.sees("停水")


# Answering -------------------------------------------------------------------------------------------------


async def test_an_answer_becomes_an_issue(world: World, leader: Phone, resident: Phone) -> None:
    """回覆 opens a report that carries what it answers (A7)."""
    await announces(leader, text="楼道灯今天检修。")
    await resident.presses("回复")
    await resident.sends("我们二单元的灯还是不亮")
    await resident.presses("照明", "提交")
    issue = await world.issue()
    assert "楼道灯今天检修" in issue.text
    assert "还是不亮" in issue.text


@pytest.mark.usefixtures("resident")
async def test_an_answer_from_the_group_goes_on_in_private(world: World, leader: Phone) -> None:
    """The group's button leads into the private chat, where the report begins."""
    _, group = await building_group(world)
    await announces(leader)
    button = in_group(leader, group)[-1].button("回复")
    assert button.url is not None
    newcomer = await world.resident("5", "1", "101", "李叔")
    await newcomer.opens(button.url.partition("start=")[2])
    await newcomer.sends("5号楼也停吗，水管漏水")
    await newcomer.presses("水电", "提交")
    assert "停水" in (await world.issue()).text


# Groups ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("resident")
async def test_the_report_names_the_groups_it_did_not_reach(world: World, leader: Phone) -> None:
    """Thrown out of one of two groups: the other has it, and the report says which has not."""
    _, group = await building_group(world)
    second = world.group("3号楼2单元群", leader)
    await types(leader, second, f"/bind {await code_for(leader, '3号楼', '2单元')}")
    second.remove_bot(leader.user)
    await announces(leader)
    assert WATER in in_group(leader, group)[-1].text
    assert leader.sees("送达 1/1 个群")
    assert leader.sees("3号楼2单元群：我已不在群里")


# Activities and interest groups ----------------------------------------------------------------------------


async def test_an_invitation_of_everybody_takes_two(
    world: World, resident: Phone, director: Phone, secretary: Phone
) -> None:
    """The second officer sees the card as everybody will, may send it back, and says yes in the end."""
    await director.sends("/activity")
    for answer in ("重阳节舞会", "12月5日下午3点", "中心广场", "全小区"):
        await director.sends(answer)
    await director.presses("发布")
    await passes(world)
    assert not resident.sees("重阳节舞会")
    assert "重阳节舞会" in secretary.messages[-2].text
    await secretary.presses("请改一改")
    await secretary.sends("先问问音响")
    assert "先问问音响" in director.last_message
    await director.presses("再交一次")
    await secretary.presses("同意发出")
    await passes(world)
    assert "重阳节舞会" in resident.last_message
    assert resident.buttons
    assert director.sees("发完了")


async def test_the_leader_of_an_interest_group_tells_its_members(
    world: World, leader: Phone, resident: Phone
) -> None:
    """Members get it, other neighbours do not; the leader needs no post for it."""
    dancer = await world.resident("3", "1", "101", "李叔")
    await leader.presses("同意")
    leading, member = await resident.person_id(), await dancer.person_id()
    async with world.database.transaction() as connection:
        groups = Store(connection).interest_groups
        group = await groups.new(1, "舞蹈队", "跳舞", leading, world.clock.now)
        assert group is not None
        await groups.join(group, member, world.clock.now)
    await resident.sends("/announce")
    await resident.sends("今晚停练一次。")
    await resident.presses("舞蹈队", "发出")
    await passes(world)
    assert dancer.sees("今晚停练一次")
    assert not leader.sees("今晚停练一次")
    assert "舞蹈队" in dancer.last_message


async def test_two_languages_two_letters(world: World, leader: Phone) -> None:
    """What the bot says around the words is in the reader's language."""
    foreigner = await world.resident("3", "1", "101", "Ann", language="en")
    await leader.presses("同意")
    await announces(leader)
    assert "Notice" in foreigner.last_message
    assert WATER in foreigner.last_message
    assert "Read it" in foreigner.buttons[0]


async def test_what_is_handed_in_at_night_says_when_it_goes(world: World, leader: Phone) -> None:
    """The preview tells that neighbours sleep, before anything is handed in."""
    await world.until(22)
    await writes(leader)
    assert "08:00" in leader.last_message
