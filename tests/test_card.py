"""The handler's card: one message from the first tap to the last, and nobody else's business."""

from dataclasses import replace

import pytest

from bot.domain.posts import PostKind
from bot.sandbox.people import Seen
from tests.world import Phone, World

NUMBER = "261124-001"
CHAIN = (
    (PostKind.ENTRANCE_LEADER, "3", "2"),
    (PostKind.BUILDING_LEADER, "3", ""),
    (PostKind.DEPUTY_LEADER, "3", ""),
    (PostKind.SELF_MANAGEMENT_COMMITTEE, "", ""),
    (PostKind.OWNERS_COMMITTEE_DIRECTOR, "", ""),
    (PostKind.BRANCH_SECRETARY, "", ""),
)


def kinds(message: Seen) -> list[str]:
    """What the buttons of a message do."""
    return [(button.data or "").rsplit(":", 1)[0] for row in message.buttons for button in row]


def live_cards(phone: Phone) -> list[Seen]:
    """The messages with which an issue can be handled now."""
    deeds = {"issue.accept", "issue.resolve", "issue.transfer"}
    return [message for message in phone.messages if deeds.intersection(kinds(message))]


def card(phone: Phone) -> Seen:
    """The one live card."""
    (only,) = live_cards(phone)
    return only


async def test_one_card_lives_through_everything(leader: Phone, resident: Phone) -> None:
    """Filing, accepting, talk both ways and resolving edit the same message."""
    await resident.reports()
    first = card(leader)
    assert "楼道灯坏了" in first.text
    assert kinds(first)[0] == "issue.accept"

    await leader.presses("接单")
    assert card(leader).id == first.id
    assert "办理中" in card(leader).text
    await leader.presses("回复")
    await leader.sends("明天下午来换灯管")
    assert "明天下午来换灯管" in resident.last_message
    await resident.presses("回复")
    await resident.sends("好的，我在家")
    assert card(leader).id == first.id
    assert "明天下午来换灯管" in card(leader).text
    assert "好的，我在家" in card(leader).text
    await leader.presses("办结")
    await leader.sends_photo("换好了")
    await leader.presses("提交办结")
    shown = next(message for message in leader.messages if message.id == first.id)
    assert "已办好" in shown.text
    assert live_cards(leader) == []


async def test_opening_it_again_leaves_one_card(leader: Phone, resident: Phone) -> None:
    """From the list of open work the card comes down; the one above points there and has no buttons."""
    await resident.reports()
    first = card(leader)
    await leader.sends("/work")
    await leader.presses(NUMBER)
    assert card(leader).id > first.id
    above = next(message for message in leader.messages if message.id == first.id)
    assert "移到下面" in above.text
    assert above.buttons == ()
    await leader.presses("接单")
    assert "办理中" in card(leader).text


async def test_talk_keeps_phones_private(leader: Phone, resident: Phone) -> None:
    """Both sides read each other's words and photos through the bot, never a number (R18)."""
    await resident.reports()
    await leader.presses("接单")
    await leader.presses("回复")
    await leader.sends_photo("是这盏灯吗？")
    assert any(message.photos for message in resident.messages)
    await resident.presses("回复")
    await resident.sends("是的")
    seen = [message.text for phone in (leader, resident) for message in phone.messages]
    assert any("是的" in text for text in seen)
    assert not any("1390000" in text for text in seen)


async def test_a_transfer_moves_the_card(world: World, leader: Phone, resident: Phone) -> None:
    """Another has it now: their card, a fresh time to accept, the reporter told, the old card closed."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await resident.reports()
    await leader.presses("接单")
    old = card(leader)
    await world.later(hours=20)
    await leader.presses("转交")
    await leader.presses("赵小军")
    assert live_cards(leader) == []
    assert "赵小军" in next(message.text for message in leader.messages if message.id == old.id)
    assert kinds(card(deputy))[0] == "issue.accept"
    assert "赵小军" in resident.last_message
    issue = await world.issue()
    assert (issue.state, issue.handler_post, issue.assigned_at) == ("open", "deputy_leader", world.clock.now)


async def test_only_those_nearby_are_offered(world: World, resident: Phone) -> None:
    """A transfer offers whoever is on the bot at this building or for the whole compound, each once."""
    entrance = await world.holder(PostKind.ENTRANCE_LEADER, "3", "2")
    for kind, building in ((PostKind.DEPUTY_LEADER, "3"), (PostKind.BUILDING_LEADER, "1")):
        await world.holder(kind, building)
    await world.holder(PostKind.BRANCH_SECRETARY)
    await resident.reports()
    await entrance.presses("转交")
    offered = [button.text for row in entrance.messages[-1].buttons for button in row]
    assert [label.split()[-1] for label in offered] == ["王秀兰", "赵小军", "杨守信", "取消"]


async def test_nothing_crosses_compounds(world: World, leader: Phone, resident: Phone) -> None:
    """A leader of another compound is not offered and cannot be named by a forged button."""
    there = await world.another_compound()
    stranger = await world.holder(PostKind.BUILDING_LEADER, "1", name="外区人", compound=there)
    await resident.reports()
    await leader.presses("转交")
    await leader.forges_answer("to", await stranger.person_id())
    assert leader.sees("不能转给这个人")
    assert "转交给谁" in leader.last_message
    assert (await world.issue()).handler_post == "building_leader"
    assert live_cards(stranger) == []


async def test_whom_it_is_about_never_gets_it(world: World, leader: Phone) -> None:
    """A complaint about the leader goes past them for good: no card, not offered, not by force (C10)."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    resident = await world.resident()
    await leader.forgets()
    await resident.sends("3号楼楼栋长家半夜打麻将吵得睡不着")
    await resident.presses("噪", "与负责人本人有关", "提交")
    assert kinds(card(deputy))[0] == "issue.accept"
    await deputy.presses("转交")
    assert not deputy.may_press("王秀兰")
    await deputy.forges_answer("to", await leader.person_id())
    assert deputy.sees("不能转给这个人")
    await deputy.presses("杨守信")
    assert kinds(card(secretary))[0] == "issue.accept"
    for verb in ("show", "history", "why", "photos", "accept", "reply", "transfer"):
        await leader.forges(f"issue.{verb}:1")
    assert leader.new_messages == []
    assert "没有这件事" in leader.last_toast or "不归您" in leader.last_toast


async def test_not_even_the_committee_sees_its_own_case(world: World, resident: Phone) -> None:
    """A complaint about the director goes to another of the committee; the director cannot open it (C10)."""
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await director.forgets()
    await resident.sends("业委会主任乱花公共收益，账目不公开")
    await resident.presses("物业", "与负责人本人有关", "提交")
    assert kinds(card(committee))[0] == "issue.accept"
    for verb in ("show", "history", "transfer", "reopen", "outward"):
        await director.forges(f"issue.{verb}:1")
        assert "没有这件事" in director.last_toast or "不归您" in director.last_toast
    assert director.new_messages == []
    assert await world.rows("SELECT 1 FROM dialogs") == []


async def test_a_second_tap_says_who_was_first(world: World, leader: Phone, resident: Phone) -> None:
    """An old button answers who did it and when, changes nothing, and the card is redrawn (C6)."""
    await resident.reports()
    shown = card(leader)
    accept = shown.button("接单").data
    assert accept is not None
    await leader.presses("接单")
    before = await world.contents("cards")
    leader.user.forges(None, shown.id, accept)
    await world.settle()
    assert "王秀兰" in leader.last_toast
    assert "10:00 已经接单" in leader.last_toast
    assert await world.contents("cards") == before
    assert "办理中" in card(leader).text


async def test_a_button_from_before_the_transfer(world: World, leader: Phone, resident: Phone) -> None:
    """Whose issue was taken away learns by whom, even when the tap crossed the news."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await resident.reports()
    await committee.forges("issue.show:1")
    await committee.presses("转交")
    await committee.presses("赵小军")
    assert live_cards(leader) == []
    assert leader.sees("您不用管了")
    assert kinds(card(deputy))[0] == "issue.accept"
    for verb in ("accept", "decline", "resolve", "transfer"):
        await leader.forges(f"issue.{verb}:1")
        assert "高玉梅" in leader.last_toast
        assert "转交" in leader.last_toast
    assert await world.rows("SELECT 1 FROM dialogs") == []


async def test_nobody_types_for_nothing(world: World, leader: Phone, resident: Phone) -> None:
    """What would be refused after the words is refused before them."""
    await resident.reports()
    await leader.presses("接单")
    labels = ("办结", "排期", "转外部", "需补充", "回复", "转交")
    old = {label: card(leader).button(label).data for label in labels}
    await resident.sends("/my")
    await resident.presses(NUMBER, "撤回", "不用办了")
    for payload in old.values():
        assert payload is not None
        await leader.forges(payload)
        assert "撤回" in leader.last_toast
    assert await world.rows("SELECT 1 FROM dialogs") == []


async def test_declining_walks_the_chain_to_its_end(world: World) -> None:
    """Each decline needs words and brings the next in line; the last is told what else to do (L2)."""
    chain = [await world.holder(*post) for post in CHAIN]
    resident = await world.resident()
    await resident.reports()
    for place, phone in enumerate(chain[:-1]):
        await phone.presses("退单")
        assert "为什么退单" in phone.last_message
        await phone.sends(f"理由{place}")
        assert not any("issue.accept" in kinds(message) for message in phone.messages)
        follower = chain[place + 1]
        assert follower.sees(f"理由{place}")
        assert kinds(card(follower))[0] == "issue.accept"
    await chain[-1].presses("退单")
    assert "您是最后一位了" in chain[-1].last_toast
    assert "转交" in chain[-1].last_toast
    assert await world.rows("SELECT 1 FROM dialogs") == []
    assert (await world.issue()).handler_post == "branch_secretary"
    assert [event.action for event in await world.history()] == ["file"] + ["decline"] * 5


async def test_a_photo_is_no_reason(world: World, leader: Phone, resident: Phone) -> None:
    """Declining takes words: a photo alone is kept, and the words are asked for."""
    await world.holder(PostKind.DEPUTY_LEADER, "3")
    await resident.reports()
    await leader.presses("退单")
    await leader.sends_photo()
    assert "还差一句话" in leader.last_message
    assert not leader.may_press("提交")
    await leader.sends("这是市政的灯")
    await leader.presses("提交")
    (event,) = [event for event in await world.history() if event.action == "decline"]
    assert event.text == "这是市政的灯"
    assert [row["event_id"] for row in await world.rows("SELECT event_id FROM attachments")] == [event.id]


async def test_resolving_takes_words_and_a_photo(world: World, leader: Phone, resident: Phone) -> None:
    """A lamp is done when there is a sentence and a photo, in any order, forged or not (C5)."""
    await resident.reports()
    await leader.presses("接单", "办结")
    await leader.sends("换了灯管")
    assert "还差一张办好后的照片" in leader.last_message
    await leader.forges_answer("send")
    assert leader.sees("要有一张照片")
    assert (await world.issue()).state == "accepted"
    await leader.sends_photo()
    await leader.presses("提交办结")
    assert (await world.issue()).state == "resolved"


async def test_no_photo_where_none_is_needed(world: World, leader: Phone, resident: Phone) -> None:
    """A quarrel is settled by words."""
    await resident.reports("3号楼邻居半夜唱歌很吵", "噪")
    await leader.presses("接单", "办结")
    await leader.sends("谈过了，十点以后不唱")
    await leader.presses("提交办结")
    assert (await world.issue()).state == "resolved"


async def test_an_album_is_one_reply(world: World, leader: Phone, resident: Phone) -> None:
    """The pictures of an album belong together, and none becomes a report of its own (R5)."""
    await resident.reports()
    await leader.presses("接单", "回复")
    await leader.sends_album(3, "是哪一盏？")
    assert "照片 3 张" in leader.last_message
    await leader.presses("提交")
    replies = [event for event in await world.history() if event.action == "reply"]
    assert [event.text for event in replies] == ["是哪一盏？"]
    assert len([message for message in resident.messages if message.photos]) == 3
    assert await world.rows("SELECT 1 FROM dialogs") == []


async def test_the_committee_steps_in(world: World, leader: Phone, resident: Phone) -> None:
    """A committee member opens what was escalated, reads it, and takes it over; the leader's card closes."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await resident.reports()
    await leader.presses("接单")
    await committee.forges("issue.show:1")
    assert kinds(card(committee)) == ["issue.transfer", "issue.more"]
    await committee.presses("更多", "经过")
    assert "接单" in committee.last_message
    await committee.presses("转交")
    await committee.presses("高玉梅")
    assert live_cards(leader) == []
    assert leader.sees("您不用管了")
    assert "高玉梅" in resident.last_message
    assert kinds(card(committee))[0] == "issue.accept"
    assert (await world.issue()).handler_post == "self_management_committee"


async def test_the_history_only_grows(world: World, leader: Phone, resident: Phone) -> None:
    """Every deed adds lines; none that was written ever changes (C2)."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await resident.reports()
    steps = (
        (leader, ("接单",), ""),
        (leader, ("回复",), "看过了"),
        (leader, ("转交", "赵小军"), ""),
        (deputy, ("接单",), ""),
        (deputy, ("办结",), "换了"),
    )
    before = await world.rows("SELECT * FROM issue_events ORDER BY id")
    for phone, labels, words in steps:
        await phone.presses(*labels)
        if words:
            await phone.sends(words)
        after = await world.rows("SELECT * FROM issue_events ORDER BY id")
        assert [tuple(row) for row in after[: len(before)]] == [tuple(row) for row in before]
        before = after
    assert [row["action"] for row in before] == ["file", "accept", "reply", "transfer", "accept"]


async def test_it_is_not_done_at_all(world: World, leader: Phone, resident: Phone) -> None:
    """Rejecting needs a reason, which the reporter reads together with the way to insist."""
    await resident.reports()
    await leader.presses("更多", "不予办理")
    await leader.sends("这是市政路灯，请打12345")
    assert resident.sees("这是市政路灯，请打12345")
    assert resident.may_press("请重办")
    issue = await world.issue()
    assert (issue.state, issue.resolution, issue.closed_how) == ("closed", "rejected", "reject")


async def test_a_voice_is_an_answer(world: World, leader: Phone, resident: Phone) -> None:
    """Who cannot type speaks: a reply goes on as it was spoken; rejecting still takes words (R19)."""
    await resident.reports()
    await leader.presses("接单", "回复")
    await leader.sends("是哪一层？")
    await resident.presses("回复")
    resident.user.sends_voice(None)
    await world.settle()
    assert "voice" in leader.messages[-1].raw or "voice" in leader.messages[-2].raw
    assert "已转给对方" in resident.last_message
    await leader.presses("更多", "不予办理")
    leader.user.sends_voice(None)
    await world.settle()
    assert "还差一句话" in leader.last_message


async def test_stickers_are_no_answer(world: World, leader: Phone, resident: Phone) -> None:
    """Where words are wanted anything else is refused kindly, and the question is put again."""
    await resident.reports()
    await leader.presses("接单", "回复")
    for send in (leader.user.sends_sticker, leader.user.sends_location, leader.user.sends_contact):
        send(None)
        await world.settle()
        assert leader.sees("请发文字、照片或语音")
        # Who is not understood twice in a row is offered simple mode once, below the question.
        assert any("请写下要说的话" in message.text for message in leader.messages[-2:])
    await leader.sends("知道了")
    assert (await world.history())[-1].text == "知道了"


async def test_names_may_hold_anything(world: World, leader: Phone) -> None:
    """Markup in names and words is shown as it was written, on cards, toasts and buttons."""
    resident = await world.resident(name="<b>王</b>&")
    await resident.reports("3号楼灯坏了<script>&amp;")
    assert "<script>&amp;" in card(leader).text
    assert "<b>王</b>&" in card(leader).text
    await leader.presses("接单")
    await resident.sends("/my")
    await resident.presses(NUMBER, "撤回", "不用办了")
    await leader.forges("issue.resolve:1")
    assert "<b>王</b>& " in leader.last_toast


async def test_a_long_report_can_be_read_in_full(leader: Phone, resident: Phone) -> None:
    """What does not fit on the card comes by 全文 in as many messages as it takes, nothing lost."""
    parts = [mark + "🔥" * 2000 for mark in "甲乙丙"]
    await resident.sends("3栋2单元楼道灯坏了")
    for part in parts:
        await resident.sends(part)
    await resident.presses("照明", "提交")
    assert card(leader).text.count("…") == 1
    await leader.forgets()
    await leader.presses("全文")
    bodies = [text.split("\n\n", 1)[1] for text in leader.new_messages]
    assert "".join(bodies) == "\n".join(("3栋2单元楼道灯坏了", *parts))
    assert [text.split("\n")[0] for text in leader.new_messages] == [
        f"{NUMBER}（{part}/4）" for part in range(1, 5)
    ]


@pytest.mark.parametrize(("length", "is_cut"), [(700, False), (701, True)])
async def test_the_whole_text_is_offered_when_it_is_cut(
    leader: Phone, resident: Phone, length: int, *, is_cut: bool
) -> None:
    """The button and the template agree on how much the card shows."""
    await resident.reports("3栋2单元楼道灯坏了".ljust(length, "。"))
    assert ("…" in card(leader).text) == is_cut
    assert leader.may_press("全文") == is_cut


async def test_a_private_matter_has_no_followers(world: World, leader: Phone, resident: Phone) -> None:
    """A category the operator made private is not shown to the building leader who follows others (R13)."""
    await world.holder(PostKind.PROPERTY_MANAGER)
    lift = replace(world.rules.categories["lift"], is_private=True)
    world.rules = replace(world.rules, categories={**world.rules.categories, "lift": lift})
    await world.restart()
    await leader.forgets()
    await resident.reports("电梯坏了", "电梯")
    await leader.forges("issue.show:1")
    assert leader.new_messages == []
    assert "没有这件事" in leader.last_toast


async def test_nobody_is_handed_their_own_report(world: World, leader: Phone) -> None:
    """The leader declines what the deputy reported: it goes past the deputy."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await deputy.reports("3号楼楼道灯坏了", "照明")
    await leader.presses("退单")
    await leader.sends("我不懂电")
    assert kinds(card(committee))[0] == "issue.accept"
    assert live_cards(deputy) == []


async def test_who_recuses_themselves_keeps_their_report(world: World, leader: Phone) -> None:
    """A leader reports what concerns them: another handles it, they follow it as any reporter does (C10)."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await leader.sends("3号楼我家门口的灯坏了")
    await leader.presses("照明", "与负责人本人有关", "提交")
    assert kinds(card(deputy))[0] == "issue.accept"
    await leader.sends("/my")
    await leader.presses(NUMBER)
    assert "谁在管：副楼栋长" in leader.last_message
    await leader.forges("issue.accept:1")
    assert "不归您" in leader.last_toast
    await leader.presses("撤回", "不用办了")
    assert (await world.issue()).state == "closed"


async def test_a_button_shows_a_name_as_it_is_written(world: World, leader: Phone, resident: Phone) -> None:
    """A building called A&B is not A&amp;B on the button."""
    await world.holder(PostKind.DEPUTY_LEADER, "3")
    await world.rows("UPDATE buildings SET name = '3号A&B' WHERE label = '3'")
    await resident.reports()
    await leader.presses("转交")
    assert any("3号A&B副楼栋长" in label for label in leader.buttons)


@pytest.mark.parametrize("who", ["handler", "reporter"])
async def test_what_is_not_heard_is_not_called_passed_on(leader: Phone, resident: Phone, who: str) -> None:
    """The other side has blocked the bot: nobody is told that their words arrived."""
    await resident.reports()
    await leader.presses("接单")
    speaker, silent = (leader, resident) if who == "handler" else (resident, leader)
    silent.user.blocks_bot()
    await silent.world.settle()
    await speaker.forges("issue.reply:1")
    await speaker.sends("明天来看看")
    assert "收不到我的消息" in speaker.last_message
    assert "已转给对方" not in speaker.last_message
    assert (await leader.world.history())[-1].text == "明天来看看"


async def test_danger_in_the_talk_shows_whom_to_call(leader: Phone, resident: Phone) -> None:
    """R16 holds for what is written about an issue, too; the handler's own words are no alarm."""
    await resident.reports()
    await leader.presses("接单", "回复")
    await leader.sends("上次着火是哪一层？")
    assert not leader.sees("119")
    await resident.presses("回复")
    await resident.sends("又着火了，快来")
    assert resident.sees("火警 119")
    assert not resident.sees("在下面把事情报上来")
    assert "又着火了" in leader.last_message
