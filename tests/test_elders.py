"""Simple mode (R19): a 72-year-old with a cracked phone."""

import pytest

from bot.actions.directory import JOIN_PREFIX
from bot.domain.posts import PostKind
from tests.test_merging import code_of
from tests.world import Phone, World

BIG = ["📢 报事", "📋 我的事", "☎️ 找楼长", "🙋 转人工"]
USUAL = ["📝 报事", "📋 我的事", "📇 连心卡", "☰ 更多"]


@pytest.fixture
async def elder(world: World, leader: Phone) -> Phone:
    """王奶奶 of 3-2-502, approved, in simple mode."""
    phone = await world.resident()
    await leader.presses("同意")
    await phone.sends("/big")
    return await phone.forgets()


async def resolve(leader: Phone) -> None:
    """Take it, and say that it is done."""
    await leader.presses("接单", "办结")
    await leader.sends_photo("换了新灯")
    await leader.presses("提交办结")


async def standing(world: World, phone: Phone) -> tuple[int, int, bool]:
    """Mode, misses in a row, and whether it was ever offered."""
    person_id = await phone.person_id()
    (row,) = [row for row in await world.rows("SELECT * FROM people") if row["id"] == person_id]
    return row["is_elder"], row["misunderstood"], row["elder_offered_at"] is not None


# The offer -------------------------------------------------------------------------------------------------


async def test_who_is_lost_is_offered_it_and_says_one(world: World) -> None:
    """Two misunderstandings in a row; "1" is enough, and the keyboard is another."""
    resident = await world.resident()
    await resident.sends("嗯")
    assert "回复 1" not in resident.last_message
    assert await standing(world, resident) == (0, 1, False)
    await resident.sends("/dunno")
    assert resident.last_message.endswith("回复 1　👓 大按钮\n回复 2　不用")
    assert await standing(world, resident) == (0, 2, True)
    await world.restart()
    await resident.sends("1。")
    assert "换成大按钮了" in resident.last_message
    assert resident.keyboard == BIG
    assert await standing(world, resident) == (1, 0, True)


async def test_an_understood_answer_begins_the_count_anew(world: World) -> None:
    """One slip now and one later are no reason to offer anything."""
    resident = await world.resident()
    for _ in range(3):
        await resident.sends("嗯")
        await resident.sends("/my")
    await resident.sends_sticker()
    assert not resident.sees("大按钮")
    assert await standing(world, resident) == (0, 1, False)


async def test_thanks_are_understood(world: World) -> None:
    """Who greets and thanks is not lost."""
    resident = await world.resident()
    for said in ("谢谢", "谢谢", "你好", "辛苦了"):
        await resident.sends(said)
    assert not resident.sees("大按钮")
    assert await standing(world, resident) == (0, 0, False)


async def test_nobody_is_asked_often(world: World) -> None:
    """No is no for a week; and a number is an answer only once."""
    resident = await world.resident()
    await resident.sends("嗯")
    await resident.sends("嗯")
    await resident.sends("２")
    assert "发「大字」" in resident.last_message
    await resident.forgets()
    for _ in range(4):
        await resident.sends("嗯")
    assert not any("回复 1" in message for message in resident.new_messages)
    await world.later(days=7)
    await resident.sends("嗯")
    assert "回复 1" in resident.last_message
    await resident.sends("嗯")
    await resident.sends("1")
    assert await standing(world, resident) == (0, 2, True)
    assert resident.keyboard != BIG


async def test_who_is_lost_in_a_question_keeps_what_they_said(world: World, leader: Phone) -> None:
    """The offer stands under the question; after it the question is put again, in few words."""
    resident = await world.resident()
    await leader.presses("同意")
    await resident.sends("/report")
    await resident.sends("那个东西又不行了")
    await resident.sends_sticker()
    await resident.sends_sticker()
    assert "回复 1　👓 大按钮" in resident.last_message
    await resident.presses("👓 大按钮")
    assert "那个东西" in (await world.rows("SELECT data FROM dialogs"))[0]["data"]
    assert resident.last_message.startswith("收到了。")
    assert resident.last_message.endswith("🙋 转人工")
    assert [len(row) for row in resident.messages[-1].buttons] == [1] * len(resident.buttons)


async def test_it_is_chosen_and_left_anywhere(world: World) -> None:
    """/big, the word, under more, under one's own data; back by one tap or by a number."""
    resident = await world.resident()
    await resident.sends("大字")
    assert resident.keyboard == BIG
    await resident.sends("大字")
    await resident.sends("1")
    assert resident.keyboard == USUAL
    await resident.sends("/more")
    await resident.presses("👓 大按钮")
    assert resident.keyboard == BIG
    await resident.sends("/me")
    await resident.presses("换回原来的")
    assert resident.keyboard == USUAL
    assert (await standing(world, resident))[0] == 0
    await resident.forges("elder.set:2")
    assert (await standing(world, resident))[0] == 0
    await resident.forges("elder.set")
    assert (await standing(world, resident))[0] == 0


async def test_a_newcomer_joins_by_numbers(world: World, leader: Phone) -> None:
    """The room is a number of its own; what can be tapped has one beside it."""
    newcomer = world.newcomer("李爷爷")
    await newcomer.sends("大字")
    await newcomer.opens(JOIN_PREFIX + await world.joining_code("3", "2"))
    await newcomer.sends("502")
    assert "回复 1　业主" in newcomer.last_message
    await newcomer.sends("1")
    await newcomer.sends("李爷爷")
    assert "李爷爷" in leader.last_message
    (home,) = await world.rows("SELECT * FROM residencies")
    assert home["kind"] == "owner"


async def test_a_leader_gives_it(world: World, leader: Phone) -> None:
    """They are told by whom, kindly, and one number undoes it; twice is once."""
    resident = await world.resident()
    await leader.presses("同意")
    await resident.forgets()
    await leader.sends("/roster 3-2-502")
    await leader.presses("👓 大按钮")
    assert "已给 王奶奶 换成大按钮" in leader.last_toast
    assert resident.keyboard == BIG
    assert "王秀兰 帮您换成了大按钮" in resident.last_message
    await leader.presses("👓 大按钮")
    assert "已经是大按钮" in leader.last_toast
    assert len(resident.new_messages) == 2
    await resident.sends("①")
    assert resident.keyboard == USUAL


async def test_nobody_else_gives_it(world: World, leader: Phone) -> None:
    """A neighbour, another building's leader, a forged number; nor where the bot cannot write."""
    resident = await world.resident()
    await leader.presses("同意")
    stranger, other = await world.resident(unit="501", name="李四"), await world.leader_of("5")
    for phone in (stranger, other):
        for payload in ("elder.give:1", "elder.give:99", "elder.give:x", "elder.give"):
            await phone.forges(payload)
    assert (await standing(world, resident))[0] == 0
    resident.user.blocks_bot()
    await world.settle()
    await leader.sends("/roster 3-2-502")
    await leader.presses("👓 大按钮")
    assert "还收不到我的消息" in leader.last_toast


# Reporting -------------------------------------------------------------------------------------------------


async def test_a_voice_is_enough(world: World, leader: Phone, elder: Phone) -> None:
    """Nothing is asked; it is sent by a number, kept, and played to the leader as it was spoken."""
    await elder.sends("📢 报事")
    await elder.sends_voice()
    assert elder.last_message.startswith("🎤 您说的话\n其他　3号楼\n交给：楼栋长 王秀兰")
    await leader.forgets()
    await elder.sends("选1")
    assert "报上去了" in elder.last_message
    issue = await world.issue()
    assert (issue.category, issue.place.kind, issue.text) == ("other", "building", "")
    assert any("voice" in message.raw for message in leader.messages if message.id > leader.read_up_to)


async def test_a_photo_is_enough(world: World, elder: Phone) -> None:
    """Without a word, and without the button before."""
    await elder.sends_photo()
    await elder.sends("1")
    assert (await world.issue()).category == "other"
    await elder.sends_album(3)
    await elder.sends("一")
    assert len([one for one in await world.rows("SELECT * FROM attachments") if one["event_id"] == 2]) == 3


async def test_clear_words_are_not_asked_about(world: World, elder: Phone) -> None:
    """「3栋灯坏了」: shown as it was understood, sent by 1."""
    await elder.sends("3栋灯坏了")
    assert elder.last_message.splitlines()[:2] == ["「3栋灯坏了」", "照明　3号楼"]
    assert len(elder.new_messages) == 1
    await elder.sends("1")
    assert (await world.issue()).category == "lighting"


async def test_what_was_understood_wrongly_is_put_right(world: World, elder: Phone) -> None:
    """Another kind, another place, all by numbers; what is not clear is asked once."""
    await elder.sends("3栋灯坏了")
    await elder.sends("2")
    assert "是哪一类？" in elder.last_message
    await elder.sends(str(elder.buttons.index("2 其他") + 1))
    assert "其他　3号楼" in elder.last_message
    await elder.sends("3")
    assert "回复 1" not in elder.last_message, "the numbers of houses are numbers too"
    await elder.sends("5")
    assert "其他　5号楼" in elder.last_message
    await elder.sends("1")
    issue = await world.issue()
    assert (issue.category, issue.text) == ("other", "3栋灯坏了")


async def test_danger_comes_first(elder: Phone) -> None:
    """R16 is not shortened."""
    await elder.sends("着火了！三楼着火了")
    assert "119" in elder.new_messages[0]
    assert elder.may_press("提交")


async def test_what_makes_no_sense_is_no_number(world: World, elder: Phone) -> None:
    """A number that stands for nothing is not guessed at."""
    await elder.sends("3栋灯坏了")
    for said in ("7", "99", "0"):
        await elder.sends(said)
    assert not await world.rows("SELECT * FROM issues")
    await elder.sends("取消")
    assert "已取消" in elder.last_message
    await elder.sends("1")
    assert not await world.rows("SELECT * FROM issues")


# Hearing of it, and answering ----------------------------------------------------------------------------


async def test_a_whole_life_by_numbers(world: World, leader: Phone, elder: Phone) -> None:
    """Reported, accepted, done, confirmed, rated: one digit each, and a restart before every one."""
    await elder.sends("3栋灯坏了")
    await world.restart()
    await elder.sends("1")
    await resolve(leader)
    assert elder.last_message.endswith("办好了吗？\n\n回复 1　👍 已解决\n回复 2　👎 没解决")
    assert [len(row) for row in elder.messages[-1].buttons] == [1, 1]
    await world.restart()
    await elder.sends("1")
    assert (await world.issue()).closed_how == "confirmed"
    assert "办得怎么样" in elder.last_message
    assert elder.user.chat()[-1].from_bot, "what answers a number stands below it"
    await world.restart()
    await elder.sends("①")
    assert (await world.issue()).rating == "satisfied"
    await elder.sends("1")
    assert (await world.issue()).rating == "satisfied"


async def test_a_tap_does_the_same(world: World, leader: Phone, elder: Phone) -> None:
    """Where buttons are tapped the message changes in place, and its numbers with it."""
    await elder.sends("3栋灯坏了")
    await elder.presses("提交")
    await resolve(leader)
    await elder.forgets()
    await elder.presses("已解决")
    assert elder.new_messages == []
    await elder.sends("3")
    assert (await world.issue()).rating == "dissatisfied"


async def test_not_fixed(world: World, leader: Phone, elder: Phone) -> None:
    """2, and then a few words: a number in them is a word."""
    await elder.sends("3栋灯坏了")
    await elder.sends("1")
    await resolve(leader)
    await elder.sends("2")
    await elder.sends("1")
    assert (await world.issue()).state.value == "accepted"
    assert (await world.history())[-1].text == "1"


async def test_a_number_means_what_stands_lowest(world: World, leader: Phone, elder: Phone) -> None:
    """With a report half written, the question that came since is the one that is answered."""
    await elder.sends("3栋灯坏了")
    await elder.sends("1")
    await elder.sends("水管漏水，厨房里")
    await resolve(leader)
    await elder.sends("1")
    assert (await world.issue()).closed_how == "confirmed"
    assert len(await world.rows("SELECT * FROM issues")) == 1
    assert await world.rows("SELECT * FROM dialogs")


async def test_a_message_far_above_has_no_numbers(world: World, leader: Phone, elder: Phone) -> None:
    """What is redrawn up there does not take the numbers of what stands below."""
    await elder.sends("3栋灯坏了")
    await elder.sends("1")
    await resolve(leader)
    await elder.sends("/my")
    await elder.forgets()
    message, button = elder.with_button("已解决")
    assert button.data is not None
    elder.user.presses(None, message.id, button.data)
    await world.settle()
    await elder.sends("1")
    assert "照明" in elder.last_message
    assert (await world.issue()).rating is None


async def test_my_issues_are_short(elder: Phone) -> None:
    """A line each, opened by its number."""
    for text in ("3栋灯坏了", "电梯坏了停在一楼"):
        await elder.sends(text)
        await elder.sends("1")
    await elder.sends("我的事")
    assert elder.last_message.startswith("我的事，2 件\n1. ")
    assert elder.last_message.endswith("回复 1　电梯\n回复 2　照明")
    await elder.sends("2")
    assert elder.last_message.startswith("照明　3号楼")


async def test_a_leader_may_be_old_too(world: World, leader: Phone) -> None:
    """Cards have numbers; what is told of them stays below."""
    await leader.sends("/big")
    resident = await world.resident()
    await resident.reports()
    assert "回复 1　✅ 接单" in leader.last_message
    await leader.sends("1")
    assert (await world.issue()).state.value == "accepted"


async def test_groups_are_as_they_were(world: World, elder: Phone) -> None:
    """Large buttons are for one's own chat."""
    group = world.group("3号楼", elder)
    elder.user.sends(group, "/help@" + world.rules.bot_name)
    await world.settle()
    said = [message for message in elder.user.chat(group) if message.from_bot]
    assert not any("回复 1" in message.text for message in said)


# A person --------------------------------------------------------------------------------------------------


async def test_a_person_is_called(world: World, leader: Phone, elder: Phone) -> None:
    """The leader is told once, with the phone they may see, logged; the elder hears who comes."""
    await elder.sends("/me")
    await elder.presses("改电话")
    await elder.sends("13800000077")
    await leader.forgets()
    await elder.sends("🙋 转人工")
    assert elder.last_message.startswith("🙋 告诉楼栋长 王秀兰 了")
    assert "13900000010" in elder.last_message
    assert "王奶奶（3号楼2单元 502）想请您打个电话" in leader.last_message
    assert "☎️ 13800000077" in leader.last_message
    (view,) = await world.rows("SELECT * FROM phone_views")
    assert (view["viewer_id"], view["person_id"]) == (await leader.person_id(), await elder.person_id())
    for _ in range(3):
        await elder.sends("转人工")
    assert "已经告诉楼栋长 王秀兰" in elder.last_message
    assert len(leader.new_messages) == 1
    await leader.presses("我联系")
    assert elder.last_message == "✅ 楼栋长 王秀兰 会联系您。\n电话：13900000010"
    assert "您说了会联系" in leader.last_message
    assert not leader.may_press("我联系")
    await elder.sends("转人工")
    assert "说了会联系您" in elder.last_message
    await world.live_through(hours=3)
    assert len(leader.new_messages) == 1
    await elder.sends("转人工")
    assert len(leader.new_messages) == 2, "that was another time"


async def test_a_report_is_made_for_them(world: World, leader: Phone, elder: Phone) -> None:
    """代他报事 begins where the home and the name are known."""
    await elder.sends("转人工")
    await leader.presses("代他报事", "电话")
    await leader.sends("厨房水管漏水")
    await leader.presses("水电气", "提交")
    issue = await world.issue()
    assert issue.reporter_id == await elder.person_id()
    assert issue.proxy is not None


async def test_nobody_answers(world: World, leader: Phone, elder: Phone) -> None:
    """After two hours the next in line; whoever takes it first has it, and the other reads that."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await elder.sends("转人工")
    await world.live_through(hours=1, minutes=50)
    assert not deputy.sees("想请您打个电话")
    await world.restart()
    await world.live_through(minutes=20)
    assert "前一位还没有回音" in deputy.last_message
    assert "我又告诉了副楼栋长 赵小军" in elder.last_message
    await deputy.presses("我联系")
    assert "副楼栋长 赵小军 会联系您" in elder.last_message
    assert leader.sees("赵小军 会联系，您不用管了")
    await leader.forges("elder.take:1")
    assert "赵小军 已经说会联系了" in leader.last_toast
    await deputy.forges("elder.take:2")
    assert "已经做过了" in deputy.last_toast
    await world.live_through(hours=5)
    assert elder.sees("赵小军 会联系您")


async def test_asking_again_later_goes_on(world: World, leader: Phone, elder: Phone) -> None:
    """Whoever has waited an hour and asks again is not put off: the next in line is told."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await leader.forgets()
    await elder.sends("转人工")
    await world.live_through(hours=1)
    await elder.sends("转人工")
    assert "副楼栋长 赵小军" in elder.last_message
    assert deputy.may_press("我联系")
    assert len(leader.new_messages) == 1
    await world.live_through(hours=1, minutes=30)
    assert "副楼栋长 赵小军" in elder.last_message, (
        "the first one's two hours are over, the second one's are not"
    )


async def test_at_night_nobody_has_to_answer(world: World, elder: Phone) -> None:
    """Told without a sound; the two hours begin in the morning."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await world.until(22)
    await elder.sends("转人工")
    assert "要等早上" in elder.last_message
    await world.until(9, 30)
    assert not deputy.sees("想请您打个电话")
    await world.until(10, 30)
    assert deputy.sees("想请您打个电话")


async def test_who_cannot_be_reached_is_passed_over(world: World, leader: Phone, elder: Phone) -> None:
    """A leader who has blocked the bot, an empty post; and when nobody is left, numbers to call."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    leader.user.blocks_bot()
    await elder.sends("3栋灯坏了")
    await elder.sends("1")
    await elder.sends("转人工")
    assert "告诉自管委" in elder.last_message
    assert committee.may_press("我联系")
    committee.user.blocks_bot()
    await world.later(hours=3)
    await elder.sends("转人工")
    await world.later(hours=3)
    assert "请自己打电话" in elder.last_message
    assert "楼栋长 王秀兰　13900000010" in elder.last_message
    assert "110 报警" in elder.last_message
    await world.live_through(hours=24)
    assert not await world.rows("SELECT * FROM calls"), "nothing is kept of it"
    committee.user.unblocks_bot()
    await committee.sends("/start")
    await elder.sends("转人工")
    assert "告诉自管委" in elder.last_message


async def test_nobody_is_told_to_call_themselves(world: World, leader: Phone) -> None:
    """A leader who wants to talk to somebody gets the next in line."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await leader.opens(JOIN_PREFIX + await world.joining_code("3", "2"))
    await leader.sends("502")
    await leader.presses("业主")
    await leader.sends("转人工")
    assert "告诉自管委" in leader.last_message
    assert committee.may_press("我联系")


async def test_without_anybody(world: World) -> None:
    """No leader, nobody on the bot: the numbers at once; without a home, the way to enter one."""
    await world.vacate(PostKind.BUILDING_LEADER, "3")
    resident = await world.resident()
    await resident.sends("大字")
    await resident.sends("转人工")
    assert "请自己打电话" in resident.last_message
    assert "119" in resident.last_message
    assert not await world.rows("SELECT * FROM calls")
    newcomer = world.newcomer()
    await newcomer.sends("转人工")
    assert "还不知道您住哪里" in newcomer.last_message
    await newcomer.presses("登记住址")
    await newcomer.sends("找楼长")
    assert "119" in newcomer.last_message


async def test_the_way_to_a_person_stands_under_every_question(world: World, elder: Phone) -> None:
    """By tap or by number; what is being written stays."""
    await elder.sends("3栋灯坏了")
    await elder.sends(str(len(elder.buttons)))
    assert "告诉楼栋长 王秀兰" in elder.last_message
    await elder.presses("提交")
    assert (await world.issue()).text == "3栋灯坏了"
    await elder.sends("/me")
    await elder.presses("改名字")
    assert elder.buttons[-1] == "🙋 转人工"


async def test_only_who_was_told_takes_a_call(world: World, leader: Phone, elder: Phone) -> None:
    """Not another leader, not the elder, not with a number that is none; and not after it is over."""
    other = await world.leader_of("5")
    await elder.sends("转人工")
    for phone in (other, elder):
        for payload in ("elder.take:1", "elder.take:99", "elder.take:x", "elder.take"):
            await phone.forges(payload)
    assert (await world.rows("SELECT taken_by FROM calls"))[0]["taken_by"] is None
    await elder.sends("/forget")
    await elder.sends("1")
    await elder.sends("1")
    assert await world.rows("SELECT * FROM calls"), "what cannot be undone is not done by a digit"
    await elder.presses("全部删掉")
    assert not await world.rows("SELECT * FROM calls")
    await leader.presses("我联系")
    assert "已经过去了" in leader.last_toast


async def test_the_leaders_number(elder: Phone) -> None:
    """☎️ 找楼长: name and phone, and what else there is by a number."""
    await elder.sends("☎️ 找楼长")
    assert elder.last_message.startswith("楼栋长 王秀兰\n☎️ 13900000010")
    await elder.sends("2")
    assert "紧急电话" in elder.last_message


# Everybody's words ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "word", "keyboard", "line"),
    [
        ("zh-hant", "大字", "🙋 轉人工", "回覆 1"),
        ("en", "large", "🙋 Talk to a person", "Reply 1"),
    ],
)
async def test_other_languages(world: World, language: str, word: str, keyboard: str, line: str) -> None:
    """The same in traditional characters and in English."""
    phone = await world.resident(language=language)
    await phone.sends(word)
    assert phone.keyboard[3] == keyboard
    await phone.sends("楼道灯坏了")
    assert line in phone.last_message
    await phone.sends("1")
    assert (await world.issue()).category == "lighting"
    await phone.sends(keyboard)
    assert "110" in phone.last_message


async def test_names_are_shown_as_they_are(world: World, leader: Phone) -> None:
    """Markup and pictures in a name."""
    resident = await world.resident(name="<b>王</b>&🌸")
    await leader.presses("同意")
    await resident.sends("大字")
    await resident.sends("转人工")
    assert "<b>王</b>&🌸（3号楼2单元 502）" in leader.last_message


async def test_a_new_phone_is_as_the_old_one(world: World, elder: Phone) -> None:
    """What was chosen comes along, keyboard and all."""
    code = await code_of(elder)
    new = world.newcomer("王奶奶的新手机")
    await new.sends(code)
    assert new.keyboard == BIG
    await new.sends("3栋灯坏了")
    await new.sends("1")
    assert "报上去了" in new.last_message


async def test_being_forgotten_ends_it(world: World, elder: Phone) -> None:
    """Mode, counters, numbers."""
    person_id = await elder.person_id()
    await elder.sends("/forget")
    await elder.sends("1")
    await elder.presses("全部删掉")
    (row,) = [row for row in await world.rows("SELECT * FROM people") if row["id"] == person_id]
    assert (row["is_elder"], row["misunderstood"], row["numbers"]) == (0, 0, "[]")
