"""The thread of an issue: replies find it, nothing lands in the wrong one, notes stay inside (R5, R18)."""

import pytest

from bot.actions.desk import Desk
from bot.actions.issues import act
from bot.actions.tellings import Said
from bot.domain.errors import Refused
from bot.domain.posts import PostKind
from bot.domain.transitions import Action, State
from bot.storage.store import Store
from tests.test_card import card
from tests.test_privacy import exported
from tests.world import TEXTS, Phone, World

LAMP, LIFT = "261124-001", "261124-002"


async def two(leader: Phone, resident: Phone) -> None:
    """Two issues of one resident, both accepted by one leader."""
    await resident.reports("三栋2单元楼道灯坏了", "照明")
    await leader.presses("接单")
    await resident.reports("三栋2单元楼道一地垃圾没人扫", "卫生")
    await leader.presses("接单")


async def said(world: World, number: int) -> list[str]:
    """The words exchanged about an issue."""
    return [event.text for event in await world.history(number) if event.action in ("reply", "answer_info")]


# Replies -----------------------------------------------------------------------------------------------


async def test_replies_find_their_own_thread(world: World, leader: Phone, resident: Phone) -> None:
    """Two matters at once, answered crosswise by replying: nothing is mixed up, each is said once."""
    await two(leader, resident)
    await leader.replies(f"🔵 {LAMP}", "灯管明天到")
    await leader.replies(f"🔵 {LIFT}", "保洁下午来扫")
    assert f"已转给报事人（{LIFT}" in leader.last_message
    await resident.forgets()
    await resident.replies("灯管明天到", "明天我在家")
    await resident.replies("保洁下午来扫", "谢谢，扫干净点")
    assert f"已转给楼栋长 王秀兰（{LIFT}" in resident.last_message
    assert await said(world, 1) == ["灯管明天到", "明天我在家"]
    assert await said(world, 2) == ["保洁下午来扫", "谢谢，扫干净点"]
    heard = [message.text for message in leader.messages if message.text.startswith("💬")]
    assert len(heard) == 2
    for text, words in zip(heard, ((LAMP, "照明", "明天我在家"), (LIFT, "卫生", "扫干净点")), strict=True):
        assert all(word in text for word in words)


async def test_a_reply_to_ones_own_words_counts_too(world: World, leader: Phone, resident: Phone) -> None:
    """What was filed is about the issue, and so is the bot's receipt."""
    await resident.reports()
    await resident.replies("三栋2单元楼道灯坏了", "是四楼那盏")
    await resident.replies("应在", "晚上看不见")
    assert await said(world, 1) == ["是四楼那盏", "晚上看不见"]
    assert leader.sees("是四楼那盏")


async def test_photos_and_voices_are_replied_to(world: World, leader: Phone, resident: Phone) -> None:
    """Each picture of an album the bot passed on leads to the issue; pictures and voices go as replies."""
    await resident.sends_album(3, "三栋2单元楼道灯坏了")
    await resident.presses("照明", "提交")
    pictures = [message.id for message in leader.messages if message.photos]
    assert len(pictures) == 3
    for at in pictures:
        leader.user.replies(None, at, f"看到第{at}张了")
        await world.settle()
    assert await said(world, 1) == [f"看到第{at}张了" for at in pictures]
    resident.user.sends_voice(None, to=resident.find("看到第"))
    await world.settle()
    resident.user.sends_photo(None, "是这盏", to=resident.find("看到第"))
    await world.settle()
    kinds = [row["kind"] for row in await world.rows("SELECT kind FROM attachments ORDER BY id")]
    assert kinds == ["photo"] * 3 + ["voice", "photo"]
    voice = next(message.id for message in reversed(leader.messages) if "voice" in message.raw)
    leader.user.replies(None, voice, "听到了")
    await world.settle()
    assert (await said(world, 1))[-1] == "听到了"


async def test_an_album_is_one_reply(world: World, leader: Phone, resident: Phone) -> None:
    """Its photos come one by one; they are passed on together when it is tapped, also after a restart."""
    await resident.reports()
    await leader.replies(LAMP, "发张照片看看")
    resident.user.sends_album(None, "就是它", [None, None, None], to=resident.find("发张照片看看"))
    await world.settle()
    await world.restart()
    assert "照片 3 张" in resident.last_message
    assert await said(world, 1) == ["发张照片看看"]
    await resident.presses("提交")
    assert await said(world, 1) == ["发张照片看看", "就是它"]
    assert len([message for message in leader.messages if message.photos]) == 3
    assert f"（{LAMP}" in resident.last_message


async def test_a_reply_answers_the_question(world: World, leader: Phone, resident: Phone) -> None:
    """While the handler waits for the reporter, a reply is the answer, and the work goes on."""
    await resident.reports()
    await leader.presses("接单", "需补充")
    await leader.sends("是几楼的灯？")
    assert (await world.issue()).state == State.WAITING_REPORTER
    await resident.replies("是几楼的灯？", "四楼")
    assert (await world.issue()).state == State.ACCEPTED
    assert [event.action for event in await world.history()][-1] == "answer_info"
    assert leader.sees("四楼")


async def test_a_reply_while_another_question_is_open(world: World, leader: Phone, resident: Phone) -> None:
    """The reply goes where it belongs; the open question stays open and loses nothing."""
    await two(leader, resident)
    await leader.replies(f"🔵 {LAMP}", "灯管明天到")
    await resident.sends("小区门口又停了一排车出不去")
    await resident.replies("灯管明天到", "好的，我在家")
    assert await said(world, 1) == ["灯管明天到", "好的，我在家"]
    await resident.presses("停车", "提交")
    assert (await world.issue(3)).text == "小区门口又停了一排车出不去"


async def test_the_words_asked_for_may_be_a_reply(world: World, leader: Phone, resident: Phone) -> None:
    """Asked how it was solved, the leader replies to the reporter's words: that is the result, no talk."""
    await resident.reports()
    await leader.presses("接单")
    await resident.replies(LAMP, "晚上看不见")
    await leader.presses("办结")
    await leader.replies("晚上看不见", "换好了")
    await leader.sends_photo("")
    await leader.presses("提交办结")
    assert await said(world, 1) == ["晚上看不见"]
    assert (await world.history())[-1].text == "换好了"


async def test_a_reply_to_a_done_matter_asks_whether_it_is_fixed(
    world: World, leader: Phone, resident: Phone
) -> None:
    """Words to a resolved issue are passed on, and the two big buttons come again."""
    await resident.sends("三栋2单元门口的绿化带杂草一人高")
    await resident.presses("绿化", "提交")
    await leader.presses("接单", "办结")
    await leader.sends_photo("除过草了")
    await leader.presses("提交办结")
    await resident.replies("除过草了", "还有一半没除")
    assert await said(world, 1) == ["还有一半没除"]
    assert resident.may_press("没解决")


# Closed, or not one's own ------------------------------------------------------------------------------


async def closed(leader: Phone, resident: Phone) -> None:
    """An issue that has been rejected."""
    await resident.reports()
    await leader.presses("接单", "更多", "不予办理")
    await leader.sends("这盏灯归路灯所管")


async def test_a_reply_to_a_closed_matter_asks(world: World, leader: Phone, resident: Phone) -> None:
    """Reopen, or something new: the words are kept while it is asked, also over a restart."""
    await closed(leader, resident)
    await resident.replies("这盏灯归路灯所管", "不对，是楼道里的灯")
    assert "还没有转出去" in resident.last_message
    await world.restart()
    await resident.presses("请重办")
    issue = await world.issue()
    assert issue.state == State.ACCEPTED
    assert (await world.history())[-1].text == "不对，是楼道里的灯"
    assert leader.sees("不对，是楼道里的灯")


async def test_a_closed_matter_becomes_something_new(world: World, leader: Phone, resident: Phone) -> None:
    """After fourteen days it cannot be opened again; the words become a report."""
    await closed(leader, resident)
    await world.later(days=20)
    await resident.replies("这盏灯归路灯所管", "楼道灯又坏了")
    assert not resident.may_press("重办")
    await resident.presses("是新的事", "照明", "提交")
    assert (await world.issue(2)).text == "楼道灯又坏了"
    assert (await world.issue(1)).state == State.CLOSED


async def test_who_had_it_once_is_told_who_has_it(world: World, leader: Phone, resident: Phone) -> None:
    """A reply by the former handler goes nowhere, and says so."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await resident.reports()
    old = card(leader).id
    await leader.presses("接单", "转交", "赵小军")
    leader.user.replies(None, old, "我再去看看")
    await world.settle()
    assert await said(world, 1) == []
    assert "转交" in leader.last_message
    assert not deputy.sees("我再去看看")


async def test_forged_replies_lead_nowhere(world: World, resident: Phone) -> None:
    """The number of a message in somebody else's chat, or of nothing, is no way into a thread."""
    await resident.reports()
    stranger = await world.resident("1", "1", "101", "李四")
    await stranger.sends("/help")
    theirs = await world.rows("SELECT message_id FROM issue_messages")
    rows = await world.rows(f"SELECT 1 FROM issue_messages WHERE chat = '{stranger.user.id}'")  # noqa: S608
    assert theirs
    assert not rows
    for message in stranger.messages:
        stranger.user.replies(None, message.id, "三栋的灯怎么样了")
        await world.settle()
    assert await said(world, 1) == []
    for data in ("thread.instead:1", "issue.note:1", "issue.notes:1", "issue.note:99", "thread.instead:x"):
        await stranger.forges(data)
    await stranger.forges_answer("issue", 1)
    assert await said(world, 1) == []
    assert await world.rows("SELECT 1 FROM issue_notes") == []
    assert not any("灯坏了" in message.text for message in stranger.messages)


async def test_a_helper_talks_along(world: World, leader: Phone, resident: Phone) -> None:
    """A colleague who was asked replies into the thread, by name and post; both sides read it, and answer."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await resident.reports()
    await leader.presses("接单", "更多", "需要帮助", "赵小军")
    await leader.sends("帮忙看看")
    await deputy.replies("帮忙看看", "我家有灯管，今晚就换")
    assert "报事人和经办人" in deputy.last_message
    assert "副楼栋长 赵小军" in resident.last_message
    assert leader.sees("我家有灯管")
    await deputy.edits("我家有灯管", "我家有灯管，明晚换")
    assert "副楼栋长 赵小军更正了" in resident.last_message
    await resident.replies("明晚换", "太谢谢了")
    assert (await said(world, 1))[-1] == "太谢谢了"
    await deputy.forges("issue.notes:1")
    assert "写一句备注" in deputy.last_message


async def test_a_neighbour_does_not_talk_along(world: World, leader: Phone, resident: Phone) -> None:
    """Who only follows a matter is told that their words have not gone out; they may be something new."""
    neighbour = await world.resident("3", "2", "501", "李四")
    await leader.presses("同意")
    await leader.presses("同意")
    await resident.reports()
    person_id = await neighbour.person_id()
    async with world.database.transaction() as connection:
        await Store(connection).issues.add_part(1, person_id, "affected")
    await leader.presses("接单")
    assert LAMP in neighbour.last_message
    await neighbour.replies(LAMP, "我家门口也黑")
    assert "还没有转出去" in neighbour.last_message
    assert await said(world, 1) == []
    assert not neighbour.may_press("备注")
    await neighbour.presses("是新的事")
    assert "我家门口也黑" in neighbour.last_message


async def test_a_group_is_not_affected(world: World, leader: Phone, resident: Phone) -> None:
    """A reply in a group is chat among neighbours, whatever number the message there has."""
    await resident.reports()
    group = world.group("3号楼", leader, resident)
    numbers = [row["message_id"] for row in await world.rows("SELECT message_id FROM issue_messages")]
    for _ in range(max(numbers) + 1):
        leader.user.sends(group, "大家好")
    for number in numbers:
        if any(message.id == number for message in resident.user.chat(group)):
            resident.user.replies(group, number, "灯坏了三天了")
    await world.settle()
    assert await said(world, 1) == []


# Out of the blue ---------------------------------------------------------------------------------------


async def test_free_words_in_two_talks_are_asked_about(world: World, leader: Phone, resident: Phone) -> None:
    """The bot never guesses: each matter has a button, so has a new one; more words join."""
    await two(leader, resident)
    await leader.replies(f"🔵 {LAMP}", "明天下午来换，您在家吗")
    await leader.replies(f"🔵 {LIFT}", "保洁下午来扫")
    await resident.sends("在家的")
    assert "这是说哪一件" in resident.last_message
    assert [label[:10] for label in resident.buttons[:2]] == [LIFT, LAMP]
    assert "是新的事" in resident.buttons[2]
    await resident.sends("三点以后")
    await world.restart()
    assert await said(world, 1) == ["明天下午来换，您在家吗"]
    await resident.presses(LAMP)
    assert await said(world, 1) == ["明天下午来换，您在家吗", "在家的\n三点以后"]
    assert await said(world, 2) == ["保洁下午来扫"]
    assert leader.sees("三点以后")


async def test_free_words_of_the_leader_are_asked_about(world: World, leader: Phone, resident: Phone) -> None:
    """A leader who simply types is asked too; a forged answer names no other issue."""
    await two(leader, resident)
    await resident.replies(LAMP, "什么时候来？")
    await resident.replies(LIFT, "什么时候扫？")
    other = await world.resident("1", "1", "101", "李四")
    await other.reports("一栋门口路灯不亮", "照明")
    await leader.sends("下午三点")
    await leader.forges_answer("issue", 3)
    assert await said(world, 3) == []
    await leader.presses(LAMP)
    assert await said(world, 1) == ["什么时候来？", "下午三点"]
    assert resident.sees("下午三点")


async def test_something_plainly_new_is_a_report_with_the_talk_at_hand(
    world: World, leader: Phone, resident: Phone
) -> None:
    """Another kind of matter goes to the report; under its questions the talk is one tap away."""
    await resident.reports()
    await leader.replies(LAMP, "明天来换")
    await resident.sends("电梯坏了，卡在五楼不动")
    assert resident.may_press("电梯")
    assert resident.may_press(LAMP)
    await resident.presses(LAMP)
    assert (await said(world, 1))[-1] == "电梯坏了，卡在五楼不动"
    assert await world.rows("SELECT 1 FROM dialogs") == []
    await resident.sends("电梯坏了，卡在五楼不动")
    await resident.presses("电梯")
    while not resident.may_press("提交"):
        await resident.presses(resident.buttons[0])
    await resident.presses("提交")
    assert (await world.issue(2)).category == "lift"


async def test_an_answer_that_names_no_category_is_asked_about(
    world: World, leader: Phone, resident: Phone
) -> None:
    """What was asked is answered in words that fit no category: that is no new matter."""
    await two(leader, resident)
    await leader.presses("需补充")
    await leader.sends("沙发多大，一个人搬得动吗？")
    await resident.sends("三人沙发，两个人才搬得动")
    assert "这是说哪一件" in resident.last_message
    await resident.presses(LIFT)
    assert await said(world, 2) == ["三人沙发，两个人才搬得动"]


async def test_thanks_are_asked_about_nowhere(world: World, leader: Phone, resident: Phone) -> None:
    """Who only thanks gets a kind word and no question; a short yes or a number may be an answer."""
    await two(leader, resident)
    await leader.replies(LAMP, "灯管明天到，您在家吗")
    await resident.sends("谢谢师傅，辛苦了！")
    assert "有事随时说" in resident.last_message
    assert await world.rows("SELECT 1 FROM dialogs") == []
    for yes in ("好的", "好", "好的，谢谢", "没有", "3", "谢谢，5"):
        await resident.sends(yes)
        assert f"您说：「{yes}" in resident.last_message
        await resident.presses("取消")


async def test_talk_of_long_ago_is_not_asked_about(world: World, leader: Phone, resident: Phone) -> None:
    """After three days of silence, words are something new again."""
    await resident.reports()
    await leader.replies(LAMP, "明天来换")
    await world.later(days=4)
    await resident.sends("楼道灯坏了")
    assert "这是说哪一件" not in resident.last_message


# Corrections -------------------------------------------------------------------------------------------


async def test_an_edit_while_asked_changes_the_question(world: World, resident: Phone) -> None:
    """What was said is replaced, message by message; the question is redrawn, and the new words are filed."""
    await resident.sends("三栋2单元楼道灯坏了")
    await resident.sends("已经三天了")
    shown = resident.messages[-1].id
    await resident.edits("三栋2单元楼道灯坏了", "三栋2单元四楼楼道灯坏了")
    await world.restart()
    assert resident.messages[-1].id == shown
    assert "四楼" in resident.last_message
    await resident.presses("照明", "提交")
    assert (await world.issue()).text == "三栋2单元四楼楼道灯坏了\n已经三天了"


async def test_an_album_among_words_is_one_report(world: World, resident: Phone) -> None:
    """Photos and words in any order, captions put right meanwhile: one report says it all."""
    await resident.sends("三栋2单元楼道灯坏了")
    await resident.sends_album(3, "看这里")
    await resident.sends("已经三天了")
    await resident.sends_album(2, "")
    at = next(message.id for message in resident.user.chat() if message.text == "看这里")
    resident.user.edits(None, at, "看四楼")
    await world.settle()
    assert "5" in resident.last_message
    await resident.presses("照明", "提交")
    assert (await world.issue()).text == "三栋2单元楼道灯坏了\n看四楼\n已经三天了"
    assert len(await world.rows("SELECT 1 FROM attachments")) == 5
    assert await world.rows("SELECT 1 FROM issues WHERE id > 1") == []


async def test_an_edit_after_filing_is_a_correction(world: World, leader: Phone, resident: Phone) -> None:
    """Messages are edited, one twice: the issue says the new words, the history keeps the old ones."""
    await resident.sends("三栋2单元楼道灯坏了")
    await resident.sends_photo("")
    await resident.sends("已经三天了")
    await resident.presses("照明", "提交")
    await leader.presses("接单")
    await resident.edits("三天", "已经十三天了")
    await resident.edits("三栋2单元楼道灯坏了", "三栋2单元四楼楼道灯<坏>了")
    await resident.edits("十三天", "已经三十天了")
    assert (await world.issue()).text == "三栋2单元四楼楼道灯<坏>了\n已经三十天了"
    first = (await world.history())[0]
    assert (first.action, first.text) == ("file", "三栋2单元楼道灯坏了\n已经三天了")
    assert [event.action for event in await world.history()].count("correct") == 3
    assert "更正了内容" in card(leader).text
    assert "已经三十天了" in card(leader).text
    told = [message.text for message in leader.messages if message.text.startswith("✏️")]
    assert len(told) == 1
    assert "报事人更正了内容" in told[0]
    assert "已经三十天了" in told[0]
    await resident.forges("issue.history:1")
    assert "原来：三栋2单元楼道灯坏了" in resident.last_message


async def test_an_edited_reply_is_corrected_on_the_other_side(
    world: World, leader: Phone, resident: Phone
) -> None:
    """What has been passed on cannot be called back: a line says what is right now; talk shows it."""
    await resident.reports()
    await leader.replies(LAMP, "周三来换")
    await leader.edits("周三来换", "周四来换")
    assert "楼栋长 王秀兰更正了" in resident.last_message
    assert "周四来换" in resident.last_message
    assert "更正：周四来换" in card(leader).text
    assert (await world.issue()).text == "三栋2单元楼道灯坏了"
    await resident.replies("周四来换", "知道了，周四")
    await resident.edits("知道了，周四", "知道了，周四上午")
    assert "报事人更正了" in next(m.text for m in reversed(leader.messages) if m.text.startswith("✏️"))
    before = len(await world.history())
    await resident.edits("知道了，周四上午", "知道了，周四上午")
    assert len(await world.history()) == before


async def test_an_edit_too_late_is_answered_kindly(world: World, leader: Phone, resident: Phone) -> None:
    """A closed issue keeps its words; so does one whose caption is taken away."""
    await resident.sends_photo("三栋2单元楼道灯坏了")
    await resident.presses("照明", "提交")
    at = next(message.id for message in resident.user.chat() if "灯坏了" in message.text)
    resident.user.edits(None, at, "")
    await world.settle()
    assert "改空了" in resident.last_message
    await leader.presses("接单", "更多", "不予办理")
    await leader.sends("不归我们管")
    resident.user.edits(None, at, "三栋2单元楼道灯又坏了")
    await world.settle()
    assert "改动没有记下" in resident.last_message
    assert resident.may_press("重办")
    assert (await world.issue()).text == "三栋2单元楼道灯坏了"


async def test_nobody_corrects_anothers_words(world: World, leader: Phone, resident: Phone) -> None:
    """Whoever has the matter no more cannot change what they said in it."""
    await world.holder(PostKind.DEPUTY_LEADER, "3")
    await resident.reports()
    await leader.presses("接单")
    await leader.replies(LAMP, "周三来换")
    await leader.presses("转交", "赵小军")
    await leader.edits("周三来换", "永远不换")
    assert not resident.sees("永远不换")
    assert "correct" not in [event.action for event in await world.history()]


async def test_a_correction_is_of_ones_own_words(world: World, leader: Phone, resident: Phone) -> None:
    """The action itself refuses anybody else's event, another issue's, and one that is a correction."""
    await two(leader, resident)
    await resident.edits("三栋2单元楼道灯坏了", "三栋2单元四楼楼道灯坏了")
    mine, theirs = await resident.person_id(), await leader.person_id()
    first, second = await world.history(1), await world.history(2)
    before = await world.contents()
    for actor, target in ((theirs, first[0]), (mine, first[-1]), (mine, second[0]), (mine, first[1])):
        async with world.database.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
            with pytest.raises(Refused, match="not_yours"):
                await act(desk, 1, actor, Action.CORRECT, Said("别的话", target=target.id))
    assert await world.contents() == before


# Notes -------------------------------------------------------------------------------------------------

SECRET = "这户以前为灯吵过架"


async def test_notes_stay_inside(world: World, leader: Phone, resident: Phone) -> None:
    """Handler and committee read them on the card and in full; the reporter nowhere."""
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    await resident.reports()
    await leader.presses("接单", "更多", "内部备注")
    await resident.forgets()
    await leader.sends(SECRET)
    assert f"📌 王秀兰：{SECRET}" in card(leader).text
    await director.forges("issue.notes:1")
    assert SECRET in director.last_message
    await director.presses("写备注")
    await director.sends("已和<物业>说好")
    assert "已和<物业>说好" in card(leader).text
    assert resident.new_messages == []
    await leader.replies(LAMP, "明天来换")
    for verb in ("show", "history", "photos", "more", "why", "text"):
        await resident.forges(f"issue.{verb}:1")
    await resident.sends("/my")
    await resident.presses(LAMP)
    taken_along = str(await exported(world, resident))
    for verb in ("notes", "note"):
        await resident.forges(f"issue.{verb}:1")
    assert not resident.sees(SECRET)
    assert not resident.sees("物业>说好")
    assert all(SECRET not in event.text for event in await world.history())
    assert LAMP in taken_along
    assert SECRET not in taken_along
    mail = await world.rows(f"SELECT payload FROM outbox WHERE chat = '{resident.user.id}'")  # noqa: S608
    assert not any(SECRET in row["payload"] for row in mail)


async def test_a_reply_of_the_committee_becomes_a_note(world: World, leader: Phone, resident: Phone) -> None:
    """Whoever has no part in the talk is asked: a note for those in charge, or something new."""
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    await resident.reports()
    await director.forges("issue.show:1")
    await director.replies(LAMP, "请物业配合")
    assert "还没有转出去" in director.last_message
    assert not resident.sees("请物业配合")
    await director.presses("记成内部备注")
    assert "请物业配合" in card(leader).text
    assert not resident.sees("请物业配合")


async def test_who_only_looks_on_reads_no_notes(world: World, leader: Phone, resident: Phone) -> None:
    """The deputy may open the card of the building's matter, but what those in charge write is not on it."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await resident.reports()
    await leader.forges("issue.note:1")
    await leader.sends(SECRET)
    await deputy.forges("issue.show:1")
    assert LAMP in deputy.last_message
    for verb in ("more", "notes", "note"):
        await deputy.forges(f"issue.{verb}:1")
    assert not deputy.may_press("备注")
    assert not deputy.sees(SECRET)


async def test_a_note_has_an_end_and_words(world: World, leader: Phone, resident: Phone) -> None:
    """Nothing, a photo or a novel is no note."""
    await resident.reports()
    await leader.forges("issue.note:1")
    await leader.sends("长" * 501)
    assert leader.sees("备注太长了")
    await leader.sends_photo("")
    await leader.sends("好")
    assert [row["text"] for row in await world.rows("SELECT text FROM issue_notes")] == ["好"]


async def test_talk_by_reply_keeps_phones_private(leader: Phone, resident: Phone) -> None:
    """Whatever way words take, no number and no name of the reporter goes with them (R18)."""
    await resident.reports()
    await resident.replies(LAMP, "在吗")
    await leader.replies("在吗", "在的")
    await resident.edits("在吗", "您在吗")
    talk = [message.text for phone in (leader, resident) for message in phone.messages]
    talk = [text for text in talk if "💬" in text]
    assert talk
    assert not any("王奶奶" in text or "1390000" in text for text in talk)
