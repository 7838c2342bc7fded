"""What a handler does in between: ask, refer, plan, call it more or less urgent (L6 and the side states)."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.posts import PostKind
from bot.domain.transitions import Action, State
from tests.test_card import card, kinds, live_cards
from tests.world import SHANGHAI, Phone, World

NUMBER = "261124-001"


@pytest.fixture
async def resident(world: World, leader: Phone) -> Phone:
    """王奶奶 of 3-2-502, whose lamp has been accepted by the leader."""
    resident = await world.resident()
    await leader.presses("同意")
    await resident.reports()
    await leader.presses("接单")
    return resident


async def dues(world: World) -> dict[str, int]:
    """The kinds of due times there are, and their stages."""
    return {row["kind"]: row["stage"] for row in await world.rows("SELECT kind, stage FROM dues")}


def local(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """That time in the compound, in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


# A question to the reporter ----------------------------------------------------------------------------


async def ask(leader: Phone, question: str = "是几楼的灯？") -> None:
    """Tap and ask."""
    await leader.presses("需补充")
    await leader.sends(question)


async def test_a_question_stops_the_clock_until_it_is_answered(
    world: World, leader: Phone, resident: Phone
) -> None:
    """The reporter taps one button and says it; two days of waiting cost the handler nothing."""
    await world.later(hours=1)
    await ask(leader)
    assert "办理时间先停着" in leader.last_message
    assert "是几楼的灯？" in resident.last_message
    assert "等报事人补充" in card(leader).text
    assert await dues(world) == {"ask_again": 0}
    before = await world.issue()
    assert (before.state, before.resolve_since) == (State.WAITING_REPORTER, None)

    await world.live_through(days=2)
    await resident.presses("回答")
    assert "是几楼的灯？" in resident.last_message
    await resident.sends("三楼的")
    assert "已转给对方" in resident.last_message
    assert leader.sees("三楼的")
    issue = await world.issue()
    assert (issue.state, issue.resolve_since) == (State.ACCEPTED, world.clock.now)
    assert issue.resolve_used == before.resolve_used
    assert "办理中" in card(leader).text
    assert "三楼的" in card(leader).text
    assert await dues(world) == {"ladder": 0}
    assert [event.action for event in await world.history()] == [
        *("file", "accept", "request_info", "ask_again", "answer_info"),
    ]


async def test_a_photo_and_a_voice_are_answers_too(world: World, leader: Phone, resident: Phone) -> None:
    """However it comes, also by the button of the list of one's own matters."""
    await ask(leader)
    await resident.sends("/my")
    await resident.presses(NUMBER)
    assert "等您一句话" in resident.last_message
    assert not resident.may_press("催一下")
    await resident.presses("回答")
    await resident.sends_photo()
    await resident.presses("提交")
    assert (await world.issue()).state == State.ACCEPTED
    await ask(leader, "哪一侧？")
    await resident.presses("回答")
    await resident.sends_voice()
    assert (await world.issue()).state == State.ACCEPTED
    assert [event.action for event in await world.history()][-1] == "answer_info"


async def test_one_reminder_then_it_goes_on_and_is_never_solved_by_silence(
    world: World, leader: Phone, resident: Phone
) -> None:
    """After a day the reporter is asked once more, after three the handler goes on; both know."""
    await ask(leader)
    await resident.forgets()
    await leader.forgets()
    await world.live_through(days=1, hours=1)
    assert [text for text in resident.new_messages if "还在等您一句话" in text] == resident.new_messages
    assert len(resident.new_messages) == 1
    assert leader.new_messages == []

    await world.live_through(days=2)
    assert len(resident.new_messages) == 2
    assert "先接着办了" in resident.last_message
    assert "没等到报事人的回答" in leader.last_message
    issue = await world.issue()
    assert (issue.state, issue.resolution, issue.resolve_since is None) == (State.ACCEPTED, None, False)
    assert await dues(world) == {"ladder": 0}
    # The old button is still good for a word.
    await resident.presses("回答")
    await resident.sends("想起来了，三楼")
    assert leader.sees("想起来了，三楼")
    assert [event.action for event in await world.history()][-2:] == ["return_unanswered", "reply"]


async def test_nobody_is_asked_at_night(world: World, leader: Phone, resident: Phone) -> None:
    """A question of the late evening is repeated in the morning."""
    await world.until(22)
    await ask(leader)
    await resident.forgets()
    await world.live_through(hours=33, minutes=30)
    assert resident.new_messages == []
    await world.live_through(hours=1)
    assert len(resident.new_messages) == 1


async def test_the_question_survives_a_restart(world: World, leader: Phone, resident: Phone) -> None:
    """Between question and words, on both sides, and after downtime one message, not two."""
    await leader.presses("需补充")
    await world.restart()
    await leader.sends("几楼？")
    await resident.presses("回答")
    await world.restart()
    await world.later(days=4)
    assert (await world.issue()).state == State.ACCEPTED
    news = [text for text in (message.text for message in resident.messages) if "先接着办了" in text]
    assert len(news) == 1
    assert not resident.sees("还在等您一句话")


async def test_only_who_can_be_reached_is_asked(world: World, leader: Phone, resident: Phone) -> None:
    """Who has blocked the bot, or is the handler, is asked in person: no clock stops for nothing."""
    resident.user.blocks_bot()
    await leader.presses("回复")
    await leader.sends("在吗")
    await leader.presses("需补充")
    assert "收不到我的消息" in leader.last_toast
    assert (await world.issue()).state == State.ACCEPTED
    await leader.sends("/report")
    await leader.reports("三栋1单元楼道灯坏了")
    await leader.presses("接单")
    await leader.presses("需补充")
    assert "请直接问本人" in leader.last_toast


async def test_asking_takes_words_of_the_handler(world: World, leader: Phone, resident: Phone) -> None:
    """A photo alone is no question; a stranger, the reporter and a forged number ask nobody."""
    await leader.presses("需补充")
    await leader.sends_photo()
    assert "还差一句话" in leader.last_message
    await leader.presses("取消")
    stranger = await world.leader_of("1")
    for phone in (stranger, resident):
        await phone.forges("issue.ask:1")
        await phone.forges("issue.ask:999")
        await phone.forges("issue.ask:x")
    assert await world.rows("SELECT 1 FROM dialogs") == []
    assert (await world.issue()).state == State.ACCEPTED


# To an office outside ----------------------------------------------------------------------------------


async def refer(leader: Phone, *until: str, office: str = "12345") -> None:
    """To the hotline, with a reason, until a tapped or written day."""
    await leader.presses("转外部", office)
    await leader.sends("路灯归市政，请他们换")
    for day in until:
        await leader.sends(day)
    if not until:
        await leader.presses("3 个工作日后")


async def test_a_matter_is_referred_and_asked_about(world: World, leader: Phone, resident: Phone) -> None:
    """A text to send on, the reporter told, a number later, and on the day the four ways to go on."""
    await refer(leader)
    assert "已转给12345热线" in leader.messages[-2].text
    letter = leader.last_message
    for words in (NUMBER, "照明", "三栋2单元楼道灯坏了", "路灯归市政，请他们换", "绿洲路126号大院"):
        assert words in letter
    assert "王奶奶" not in letter
    assert "12345热线" in resident.last_message
    assert "11月27日" in resident.last_message
    issue = await world.issue()
    assert (issue.state, issue.referred_to) == (State.WAITING_EXTERNAL, "hotline")
    assert issue.wake_at == local(2026, 11, 27, 9)
    assert await dues(world) == {"ladder": 0, "wake": 0}
    assert "11月27日（周五）再问" in card(leader).text

    await leader.presses("写编号")
    await leader.sends("YA-2026-0088")
    assert "YA-2026-0088" in resident.last_message
    assert "YA-2026-0088" in card(leader).text
    await resident.sends("/my")
    await resident.presses(NUMBER)
    assert "YA-2026-0088" in resident.last_message

    await leader.forgets()
    await world.live_through(days=3)
    (news,) = [text for text in leader.new_messages if "您说今天问" in text]
    assert "12345热线（编号 YA-2026-0088）" in news
    asked, _ = leader.with_button("再等")
    assert kinds(asked) == [
        *("issue.resolve", "issue.reply", "issue.wait", "issue.reference", "issue.resume", "issue.transfer"),
        "issue.show",
    ]
    assert (await world.issue()).state == State.WAITING_EXTERNAL

    await leader.presses("再等", "7 天后")
    assert "还在等12345热线的结果" in resident.last_message
    assert (await world.issue()).wake_at == local(2026, 12, 4, 9)
    await leader.presses("收回自己办")
    assert "收回来自己办了" in resident.last_message
    issue = await world.issue()
    assert (issue.state, issue.wake_at, issue.referred_to) == (State.ACCEPTED, None, "")
    assert issue.external_reference == ""
    assert await dues(world) == {"ladder": 0}


async def test_the_letter_leaves_out_that_the_reporter_wrote(leader: Phone, resident: Phone) -> None:
    """What they add is not sent on, and a line with nothing but 'replied' says nothing."""
    await ask(leader, "几楼？")
    await resident.presses("回答")
    await resident.sends("五楼，我是王奶奶")
    await resident.sends("/my")
    await resident.presses(NUMBER, "补充几句")
    await resident.sends("晚上更黑")
    await refer(leader)
    letter = leader.last_message
    assert "接单" in letter
    assert "回复" not in letter
    assert "晚上更黑" not in letter


async def test_the_letter_names_whom_neighbours_may_know(
    world: World, leader: Phone, resident: Phone
) -> None:
    """The name goes out only where the reporter is shown to neighbours; it comes again under 'more'."""
    await world.rows("UPDATE issues SET shown_as = 'neighbours'")
    await refer(leader, "下周三", office="街道")
    assert "王奶奶" in leader.last_message
    assert (await world.issue()).wake_at == local(2026, 12, 2, 9)
    await leader.presses("更多", "可转发的话")
    assert leader.messages[-1].text == next(
        message.text for message in reversed(leader.messages[:-1]) if message.text.startswith("编号")
    )
    await resident.forges("issue.letter:1")
    assert "不归您" in resident.last_toast


async def test_an_office_of_any_name(world: World, leader: Phone, resident: Phone) -> None:
    """Written as people call it, brackets included; too long a name is asked for again."""
    await leader.presses("转外部")
    await leader.sends("局" * 61)
    assert leader.sees("最多 60 个字")
    await leader.sends("<b>城管</b> & 消防😀")
    await leader.sends("请来看看")
    await leader.sends("上周三")
    await leader.sends("昨天的昨天")
    # The hint asks for what the question does: a day, without an hour.
    assert leader.sees("请写哪一天，比如：下周三")
    await leader.sends("后年1月1日")
    assert (await world.issue()).state == State.ACCEPTED
    await leader.sends("明天")
    issue = await world.issue()
    assert (issue.referred_to, issue.wake_at) == ("<b>城管</b> & 消防😀", local(2026, 11, 25, 9))
    assert "<b>城管</b> & 消防😀" in resident.last_message
    assert "<b>城管</b> & 消防😀" in card(leader).text


@pytest.mark.usefixtures("resident")
async def test_a_date_too_far_or_gone_is_refused(world: World, leader: Phone) -> None:
    """Within a year, and after now; forged days are no days."""
    await leader.presses("排期")
    await leader.sends("2020年1月1日")
    assert leader.sees("已经过了")
    await leader.sends("2028年1月1日")
    assert leader.sees("一年以内")
    await leader.sends("今天早上8点")
    for value in ("forever", "moment", "workdays:1:2"):
        await leader.forges_answer(value)
    await leader.sends_sticker()
    assert (await world.issue()).state == State.ACCEPTED
    assert "排到哪一天" in leader.last_message


# To a day ----------------------------------------------------------------------------------------------


async def test_a_planned_day_comes_by_itself(world: World, leader: Phone, resident: Phone) -> None:
    """The day in words, a reason, the reporter told; that morning it begins and both hear of it."""
    await leader.presses("排期")
    await leader.sends("下周三")
    assert "12月2日（周三）08:30" in leader.last_message
    assert "超过" not in leader.last_message
    await leader.sends("灯管要等到货")
    assert "12月2日（周三）08:30" in resident.last_message
    assert "灯管要等到货" in resident.last_message
    assert "12月2日（周三）08:30 开始" in card(leader).text
    assert "已排期" in card(leader).text
    await resident.forgets()
    await leader.forgets()
    await world.live_through(days=7, hours=20)
    assert (await world.issue()).state == State.SCHEDULED
    assert not resident.sees("约好的日子")
    await world.until(9)
    assert (await world.issue()).state == State.ACCEPTED
    assert (await world.history())[-1].action == "resume"
    assert (await world.history())[-1].at == local(2026, 12, 2, 8, 30)
    assert "今天是约好的日子" in resident.last_message
    assert "排的日子到了" in leader.last_message
    assert "wake" not in await dues(world)


@pytest.mark.usefixtures("resident")
async def test_a_plan_beyond_the_due_time_says_so(world: World, leader: Phone) -> None:
    """It is allowed, honestly: the clock runs on and reminds as usual."""
    await leader.presses("排期")
    await leader.sends("12月20日下午2点")
    assert "超过了办结期限" in leader.last_message
    await leader.presses("就这样排")
    assert (await world.issue()).wake_at == local(2026, 12, 20, 14)
    await leader.forgets()
    await world.live_through(timedelta(hours=6), days=9)
    assert any("没办完" in text or "超时" in text for text in leader.new_messages)
    assert "ladder" in await dues(world)


async def test_a_plan_changes_moves_and_begins_early(world: World, leader: Phone, resident: Phone) -> None:
    """Another day tells the reporter again; from plan to office; taken up at once drops the due time."""
    await leader.presses("排期", "明天", "就这样排")
    assert "排好了日子" in resident.last_message
    await leader.presses("改日期", "7 天后", "就这样排")
    assert "改了日子" in resident.last_message
    await refer(leader, office="物业")
    assert (await world.issue()).state == State.WAITING_EXTERNAL
    await leader.presses("更多", "改转别处", "街道")
    await leader.sends("物业说归街道")
    await leader.presses("7 天后")
    issue = await world.issue()
    assert (issue.state, issue.referred_to) == (State.WAITING_EXTERNAL, "subdistrict")
    await leader.presses("收回自己办")
    await leader.presses("排期", "明天", "就这样排", "现在就办")
    assert "提前开始办了" in resident.last_message
    assert await dues(world) == {"ladder": 0}
    await leader.forgets()
    await world.live_through(days=1)
    assert leader.new_messages == []


@pytest.mark.usefixtures("resident")
async def test_two_days_are_asked_about(world: World, leader: Phone) -> None:
    """Two in the morning or in the afternoon: the bot shows both and guesses none."""
    await leader.presses("排期")
    await leader.sends("2点，12月3日")
    assert "您说的是哪一个" in leader.last_message
    await leader.forges_answer("moment", 7)
    await leader.forges_answer("moment", "x")
    await leader.presses("14:00", "就这样排")
    assert (await world.issue()).wake_at == local(2026, 12, 3, 14)


@pytest.mark.usefixtures("resident")
@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("冬月初八", (2026, 12, 16, 8, 30)),
        ("月底", (2026, 11, 30, 8, 30)),
        ("3天后", (2026, 11, 27, 8, 30)),
        ("冬至", (2026, 12, 22, 8, 30)),
        ("明天下午", (2026, 11, 25, 14, 0)),
        ("今天晚上", (2026, 11, 24, 19, 0)),
        ("后天上午9点半", (2026, 11, 26, 9, 30)),
    ],
)
async def test_days_as_people_say_them(
    world: World, leader: Phone, said: str, at: tuple[int, int, int, int, int]
) -> None:
    """A weekday, a lunar day, the month's end, a festival, a part of the day."""
    await leader.presses("排期")
    await leader.sends(said)
    await leader.presses("就这样排")
    assert (await world.issue()).wake_at == local(*at)


async def test_what_was_waited_for_ends_with_the_state(world: World, leader: Phone, resident: Phone) -> None:
    """Transferred, withdrawn or done: no due time, no office and no day is left behind."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await leader.presses("排期", "明天", "就这样排")
    await leader.presses("转交", "赵小军")
    assert await dues(world) == {"ladder": 0}
    assert (await world.issue()).wake_at is None
    await deputy.presses("接单")
    await ask(deputy)
    await deputy.presses("转交", "王秀兰")
    issue = await world.issue()
    assert (issue.state, issue.resolve_since) == (State.OPEN, world.clock.now)
    await leader.presses("接单")
    await refer(leader)
    await resident.sends("/my")
    await resident.presses(NUMBER, "催一下")
    assert leader.sees("报事人在催")
    await leader.presses("办结")
    await leader.sends_photo("市政换好了")
    await leader.presses("提交办结")
    assert await dues(world) == {"lapse": 0}
    assert (await world.issue()).resolution == "fixed"


async def test_a_nudge_waits_for_the_answer(world: World, leader: Phone, resident: Phone) -> None:
    """Who is asked cannot hurry anybody: an old button says what is missing."""
    await ask(leader)
    await resident.forges("issue.nudge:1")
    assert "请报事人补充" in resident.last_toast
    assert (await world.issue()).nudged_at is None


@pytest.mark.usefixtures("resident")
async def test_whose_post_has_ended_hands_it_on(world: World, leader: Phone) -> None:
    """The day comes after the leader has gone: the next in line gets it instead of nobody."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await leader.presses("排期", "明天", "就这样排")
    await world.vacate(PostKind.BUILDING_LEADER, "3")
    await world.live_through(days=1)
    issue = await world.issue()
    assert (issue.state, issue.handler_id) == (State.OPEN, await deputy.person_id())
    assert "wake" not in await dues(world)


@pytest.mark.usefixtures("resident")
async def test_a_second_tap_in_a_side_state(world: World, leader: Phone) -> None:
    """Taken up twice is taken up once; what cannot be done there is answered (C6)."""
    await refer(leader)
    old = card(leader).button("收回自己办").data
    await leader.presses("收回自己办")
    count = len(await world.history())
    assert old is not None
    await leader.forges(old)
    assert "接着办了" in leader.last_toast
    for verb in ("wait", "reference", "letter"):
        await leader.forges(f"issue.{verb}:1")
        assert "办理中" in leader.last_toast
    assert len(await world.history()) == count
    assert await world.rows("SELECT 1 FROM dialogs") == []


@pytest.mark.usefixtures("resident")
async def test_the_day_comes_once_over_a_crash(world: World, leader: Phone) -> None:
    """Ticked again, restarted, late: one message to each."""
    await leader.presses("排期", "明天", "就这样排")
    await world.restart()
    await world.later(days=3)
    await world.restart()
    await world.tick()
    assert len([message for message in leader.messages if "排的日子到了" in message.text]) == 1
    assert [event.action for event in await world.history()].count(Action.RESUME) == 1


# How urgent --------------------------------------------------------------------------------------------


async def test_more_urgent_has_its_whole_short_term(world: World, leader: Phone, resident: Phone) -> None:
    """A lamp that turns out to spark: two hours from now, though two days of seven are gone."""
    await world.later(days=2)
    await leader.presses("更多", "改紧急程度")
    assert "一般" in leader.last_message
    await leader.presses("有危险")
    await leader.sends("电线露在外面")
    issue = await world.issue()
    assert (issue.urgency, issue.clock_kind, issue.resolve_term) == ("danger", "always", timedelta(hours=2))
    assert (issue.resolve_used, issue.resolve_since) == (timedelta(), world.clock.now)
    assert "有危险" in resident.last_message
    assert "12:00 前办好" in resident.last_message
    assert "电线露在外面" in resident.last_message
    assert card(leader).text.startswith("🔴")
    await leader.presses("更多", "经过")
    assert "🔵 一般 → 🔴 有危险" in leader.last_message
    await leader.forgets()
    await world.live_through(timedelta(minutes=10), hours=1, minutes=10)
    assert "50%" in leader.last_message


async def test_less_urgent_keeps_what_has_run(world: World, leader: Phone) -> None:
    """Time that has run stays counted, and no rung of the ladder is climbed twice."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    resident = await world.resident()
    await resident.reports("三栋水管爆了没水", "水")
    await leader.presses("接单")
    assert (await world.issue()).urgency == "utility"
    await world.live_through(hours=22)
    stage = (await dues(world))["ladder"]
    assert stage == 2
    await committee.forges("issue.show:1")
    await committee.presses("更多", "改紧急程度", "一般")
    await committee.sends("已经接了临时水")
    issue = await world.issue()
    assert (issue.urgency, issue.resolve_used) == ("ordinary", timedelta(hours=22))
    assert (await dues(world))["ladder"] == 2
    assert leader.sees("已经接了临时水")
    assert resident.sees("已经接了临时水")
    await leader.forgets()
    await world.live_through(timedelta(hours=6), days=4)
    assert not any("50%" in text for text in leader.new_messages)


async def test_before_it_is_accepted_it_has_its_time_to_accept(world: World, leader: Phone) -> None:
    """An open issue found dangerous is to be accepted within half an hour from then."""
    resident = await world.resident()
    await resident.reports()
    await world.later(hours=10)
    await leader.presses("更多", "改紧急程度", "有危险")
    await leader.sends("漏电")
    issue = await world.issue()
    assert issue.assigned_at == world.clock.now
    assert "20:30 前接单" in card(leader).text


async def test_danger_stays_until_the_committee_says_otherwise(
    world: World, leader: Phone, resident: Phone
) -> None:
    """The handler may raise it and not lower it, by no button, forged or old."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await leader.presses("更多", "改紧急程度", "有危险")
    await leader.sends("漏电")
    await leader.presses("改紧急程度")
    assert "委员会" in leader.last_toast
    assert await world.rows("SELECT 1 FROM dialogs") == []
    await committee.forges("issue.show:1")
    await committee.presses("更多", "改紧急程度")
    await committee.forges_answer("danger:now")
    await committee.forges_answer("none")
    await committee.presses("一般")
    await committee.sends("断了电，不危险了")
    assert (await world.issue()).urgency == "ordinary"
    await resident.forges("issue.urgency:1")
    assert "不归您" in resident.last_toast


@pytest.mark.usefixtures("resident")
async def test_the_same_urgency_is_no_change(world: World, leader: Phone) -> None:
    """Chosen while another has just done it: said kindly, nothing written."""
    await leader.presses("更多", "改紧急程度")
    await leader.forges_answer("ordinary")
    await leader.sends("还是一般")
    assert leader.sees("不用改")
    assert "change_urgency" not in [event.action for event in await world.history()]


# A word with the rating --------------------------------------------------------------------------------


async def test_a_rating_can_be_explained_once(world: World, leader: Phone, resident: Phone) -> None:
    """The reporter may say why; the handler reads it at once, the committee on the card, others never."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await leader.presses("办结")
    await leader.sends_photo("换好了")
    await leader.presses("提交办结")
    await resident.presses("已解决", "不满意")
    await resident.presses("说一句")
    await resident.sends("等了一个星期 <b>才来</b>")
    assert "等了一个星期 <b>才来</b>" in leader.last_message
    assert (await world.issue()).rating_words == "等了一个星期 <b>才来</b>"
    assert not resident.may_press("说一句")
    await committee.forges("issue.show:1")
    assert "等了一个星期 <b>才来</b>" in committee.last_message
    await resident.forges("issue.rate_words:1")
    assert "已经评价过了" in resident.last_toast
    await resident.sends("/my")
    await resident.presses(NUMBER, "还没好")
    await resident.sends("又坏了")
    issue = await world.issue()
    assert (issue.rating, issue.rating_words) == (None, "")


async def test_every_card_is_short(world: World, leader: Phone, resident: Phone) -> None:
    """At most four rows in every state, also with a long report; one card alive."""
    await world.rows("UPDATE issues SET text = replace(hex(zeroblob(900)), '00', '灯')")

    def rows() -> int:
        return len(card(leader).buttons)

    await leader.presses("回复")
    await leader.sends("好的")
    assert rows() == 4
    await ask(leader)
    assert rows() == 3
    await resident.presses("回答")
    await resident.sends("三楼")
    await refer(leader)
    assert rows() == 4
    await leader.presses("收回自己办")
    await leader.presses("排期", "明天", "就这样排")
    assert rows() == 4
    assert len(live_cards(leader)) == 1


# Whom else it concerns ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("resident")
async def test_several_days_that_come_together_are_one_message(world: World, leader: Phone) -> None:
    """Two matters put off to one morning are told in one message, each with its number to open."""
    other = await world.resident(unit="401", name="李叔")
    await other.reports("三栋1单元楼道灯也坏了")
    await leader.presses("接单")
    await refer(leader)
    await leader.forges("issue.schedule:1")
    await leader.sends("11月27日上午9点")
    await leader.presses("就这样排")
    await leader.presses("同意")
    await leader.forgets()
    await world.live_through(days=3)
    (news,) = [text for text in leader.new_messages if "件事等着您" in text]
    assert "您说今天去外面问结果" in news
    assert "今天是排好的日子" in news
    await leader.presses("261124-002")
    assert "该去问了" in leader.last_message


@pytest.mark.usefixtures("resident")
async def test_a_wait_prolonged_before_it_was_told_is_not_told(world: World, leader: Phone) -> None:
    """Due at night and put off again before the morning: the old day is no news any more."""
    await refer(leader, "11月24日晚上10点")
    await world.until(22, 30)
    assert "该去问了" in card(leader).text
    await leader.presses("再等", "7 天后")
    await leader.forgets()
    await world.live_through(hours=12)
    assert not any("您说今天问" in text for text in leader.new_messages)
    await world.live_through(days=7)
    assert any("您说今天问" in text for text in leader.new_messages)


async def test_a_reply_while_asked_is_the_answer(world: World, leader: Phone, resident: Phone) -> None:
    """However the reporter comes to say it; the handler's own words are none."""
    await ask(leader)
    await leader.presses("回复")
    await leader.sends("不急，方便时看一眼")
    assert (await world.issue()).state == State.WAITING_REPORTER
    await resident.presses("回复")
    await resident.sends("三楼左边")
    assert (await world.issue()).state == State.ACCEPTED
    assert (await world.history())[-1].action == "answer_info"


async def test_who_speaks_for_the_reporter_is_asked(world: World, leader: Phone) -> None:
    """The property manager's question goes to the leader who reported it for an elder."""
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    await leader.sends("/proxy")
    await leader.sends("3-2-501")
    await leader.sends("王奶奶 13800000000")
    await leader.presses("电话")
    await leader.sends("厨房水管漏水")
    await leader.presses("水电气", "提交")
    await manager.presses("接单", "需补充")
    await manager.sends("是热水管吗？")
    assert "是热水管吗？" in leader.last_message
    await leader.presses("回答")
    await leader.sends("问过了，是热水管")
    assert manager.sees("问过了，是热水管")
    event = (await world.history())[-1]
    assert (event.action, event.facts["by_proxy"]) == ("answer_info", True)
