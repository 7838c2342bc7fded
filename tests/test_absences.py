"""我不在: who stands in, what moves when it begins and ends, and who hears of it."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.actions import absences as actions
from bot.actions.desk import Desk
from bot.actions.issues import Report, file
from bot.domain.posts import Place, PostKind
from bot.domain.transitions import State
from bot.storage.chores import Chore
from bot.storage.issues import Issue
from bot.storage.store import Store
from tests.world import SHANGHAI, TEXTS, Phone, World

LEADER, DEPUTY = PostKind.BUILDING_LEADER, PostKind.DEPUTY_LEADER
COMMITTEE, DIRECTOR = PostKind.SELF_MANAGEMENT_COMMITTEE, PostKind.OWNERS_COMMITTEE_DIRECTOR
PETS, LIFT = "pets", "lift"


class Cast:
    """Building 3: its leader, the deputy, a neighbour who may stand in, and somebody who reports."""

    def __init__(self, world: World, leader: Phone, deputy: Phone, neighbour: Phone, reporter: Phone) -> None:
        self.world = world
        self.leader = leader
        self.deputy = deputy
        self.neighbour = neighbour
        self.reporter = reporter

    async def report(self, text: str = "有狗没拴", category: str = PETS, who: Phone | None = None) -> Issue:
        """Somebody reports something in building 3, and everybody has read what came of it."""
        reporter = await (who or self.reporter).person_id()
        [row] = await self.world.rows("SELECT id FROM buildings WHERE label = '3'")
        place = Place("building", 1, row["id"])
        async with self.world.database.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, self.world.rules, self.world.clock())
            issue = await file(desk, reporter, Report(text, category, place))
            await desk.send()
        await self.world.settle()
        return issue

    async def leaves(self, who: Phone, *answers: str) -> None:
        """Somebody answers the questions of /away: a label where there is such a button, else words."""
        await who.sends("/away")
        for answer in answers:
            if who.may_press(answer):
                await who.presses(answer)
            else:
                await who.sends(answer)

    async def has(self, issue: Issue) -> str:
        """Whose an issue is, by the word for that person here."""
        found = (await self.world.issue(issue.id)).handler_id
        for word in ("leader", "deputy", "neighbour", "reporter"):
            if await getattr(self, word).person_id() == found:
                return word
        return str(found)

    async def forget(self) -> None:
        """Everybody has read everything."""
        for phone in (self.leader, self.deputy, self.neighbour, self.reporter):
            await phone.forgets()


@pytest.fixture
async def cast(world: World) -> Cast:
    """A Tuesday, ten in the morning."""
    leader = await world.holder(LEADER, "3")
    deputy = await world.holder(DEPUTY, "3")
    neighbour = await world.resident("3", "1", "101", "李大姐")
    reporter = await world.resident("3", "2", "502", "王奶奶")
    for label in ("同意", "同意"):
        await leader.presses(label)
    return Cast(world, leader, deputy, neighbour, reporter)


async def acting(world: World) -> list[tuple[int, int]]:
    """Who stands in for whom now."""
    rows = await world.rows(
        "SELECT person_id, acting_for FROM appointments WHERE ends_at IS NULL AND acting_for IS NOT NULL"
    )
    return [(row["person_id"], row["acting_for"]) for row in rows]


async def begun(cast: Cast, stand_in: str = "李大姐", until: str = "12月3日") -> None:
    """The leader is away from now on."""
    await cast.leaves(cast.leader, "从现在起", until, stand_in, "✅ 就这样")
    assert cast.leader.sees("记好了"), cast.leader.last_message


def tomorrow(hour: int, minute: int = 0) -> datetime:
    """An hour of the next day in Ya'an."""
    return datetime(2026, 11, 25, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


# An absence from beginning to end -----------------------------------------------------------------------


async def test_a_normal_absence(cast: Cast) -> None:
    """New, open and accepted matters: where they go, where they stay, what comes back, and who hears what."""
    world = cast.world
    accepted, waiting = await cast.report(), await cast.report("又没拴")
    await cast.leader.forges(f"issue.accept:{accepted.id}")
    await world.later(hours=1)
    await cast.leaves(cast.leader, "从现在起", "3 天", "李大姐")
    assert "还没办完的有 1 件" in cast.leader.last_message
    await cast.leader.presses("我接着办")
    for words in (
        "11月24日（周二）11:00 到 11月26日（周四）24:00",
        "3号楼楼栋长 → 李大姐 代",
        "1 件现在转过去",
    ):
        assert words in cast.leader.last_message
    assert await acting(world) == []
    await cast.forget()
    await cast.leader.presses("✅ 就这样")
    assert "李大姐 已经知道。从现在起，新来的事不再找您。" in cast.leader.last_message
    assert [await cast.has(one) for one in (accepted, waiting)] == ["leader", "neighbour"]
    await cast.reporter.forges(f"issue.show:{accepted.id}")
    assert "谁在管：楼栋长 王秀兰（这几天外出）\n应在" in cast.reporter.last_message
    await cast.neighbour.forges(f"issue.why:{waiting.id}")
    assert "楼栋长外出，由 李大姐 代办" in cast.neighbour.last_message
    word, card, _ = cast.neighbour.new_messages
    assert "王秀兰 外出到 11月26日（周四）24:00，从现在起您代" in word
    assert "手上的 1 件转给您了" in word
    assert waiting.number in card
    assert cast.reporter.new_messages[0] == f"您报的事换人办了：\n\n· {waiting.number} 宠物：楼栋长 李大姐"
    assert cast.deputy.new_messages == []
    await world.later(hours=1)
    taken, left = await cast.report("还没拴"), await cast.report("还是没拴")
    assert [await cast.has(one) for one in (taken, left)] == ["neighbour", "neighbour"]
    await cast.neighbour.forges(f"issue.accept:{taken.id}")
    assert (await world.issue(taken.id)).state == State.ACCEPTED
    await world.until(8)
    await cast.forget()
    await world.live_through(days=2)
    leader, neighbour = cast.leader.new_messages, cast.neighbour.new_messages
    assert [await cast.has(one) for one in (accepted, waiting, taken, left)] == [
        *("leader", "leader", "neighbour", "leader")
    ]
    assert await acting(world) == []
    [ending] = [text for text in leader if "外出到 11月26日（周四）24:00 结束" in text]
    [back] = [text for text in leader if "欢迎回来" in text]
    assert leader.index(ending) < leader.index(back)
    assert "您不在的 3 天：新报 2 件，办结 0 件" in back
    assert "1 件在 李大姐 手上" in back
    assert "还没人接的 2 件回到您手上" in back
    [over] = [text for text in neighbour if "回来了" in text]
    assert "您接了的 1 件请办完" in over
    assert (await world.issue(left.id)).state == State.OPEN


async def test_what_the_stand_in_accepted_is_theirs_to_finish(cast: Cast) -> None:
    """Without any post of their own, long after the other is back, and when it is not fixed."""
    await begun(cast)
    issue = await cast.report()
    await cast.neighbour.presses("接单")
    await cast.leader.sends("/away")
    await cast.leader.presses("我回来了")
    await cast.reporter.forges(f"issue.nudge:{issue.id}")
    await cast.world.live_through(days=1)
    assert await cast.has(issue) == "neighbour"
    await cast.neighbour.forges(f"issue.resolve:{issue.id}")
    await cast.neighbour.sends("拴好了")
    await cast.neighbour.presses("提交办结")
    await cast.reporter.presses("没解决")
    await cast.reporter.sends("又跑了")
    assert (await cast.world.issue(issue.id)).state == State.ACCEPTED
    assert await cast.has(issue) == "neighbour"


async def test_at_midnight_it_begins_in_silence(cast: Cast) -> None:
    """Who is asked is told at once what is to come; at night only danger moves; the rest at eight."""
    world, manager = cast.world, await cast.world.holder(PostKind.PROPERTY_MANAGER)
    await cast.leaves(cast.leader, "明天起", "3 天", "李大姐", "✅ 就这样")
    assert "王秀兰 11月25日（周三） 到 11月27日（周五）24:00 不在，请您代" in cast.neighbour.last_message
    assert cast.neighbour.may_press("婉拒")
    ordinary, danger = await cast.report(), await cast.report("电梯有怪声", LIFT)
    await manager.forges(f"issue.transfer:{danger.id}")
    await manager.presses("王秀兰")
    assert await cast.has(danger) == "leader"
    await world.live_through(hours=13)
    await cast.forget()
    await world.live_through(hours=3)
    assert len(await acting(world)) == 1
    assert [await cast.has(one) for one in (ordinary, danger)] == ["leader", "neighbour"]
    assert any(danger.number in text for text in cast.neighbour.new_messages)
    assert not any(ordinary.number in text for text in cast.neighbour.new_messages)
    night = await cast.report("半夜狗叫")
    assert await cast.has(night) == "neighbour"
    await cast.forget()
    await world.live_through(minutes=355)
    assert world.clock.now < tomorrow(8)
    assert not any("您代" in text for text in cast.neighbour.new_messages)
    await world.live_through(minutes=15)
    assert await cast.has(ordinary) == "neighbour"
    [word] = [text for text in cast.neighbour.new_messages if "从现在起您代" in text]
    assert "手上的 1 件转给您了" in word
    assert not cast.leader.new_messages


async def test_at_midnight_it_ends_in_silence(cast: Cast) -> None:
    """From then on new matters find the leader again; what was open, and every word, comes at eight."""
    await begun(cast, until="今天")
    waiting = await cast.report()
    await cast.world.live_through(hours=15)
    await cast.forget()
    new = await cast.report("半夜狗叫")
    assert [await cast.has(one) for one in (waiting, new)] == ["neighbour", "leader"]
    await cast.world.live_through(hours=6, minutes=55)
    assert cast.world.clock.now < tomorrow(8)
    assert not any("回来" in text for text in (*cast.leader.new_messages, *cast.neighbour.new_messages))
    await cast.world.live_through(minutes=10)
    assert [await cast.has(one) for one in (waiting, new)] == ["leader", "leader"]
    assert any("欢迎回来" in text for text in cast.leader.new_messages)
    assert any("王秀兰 回来了" in text for text in cast.neighbour.new_messages)


async def test_what_was_given_by_hand_comes_back_too(cast: Cast) -> None:
    """A matter the rules would not have given to the leader goes to the stand-in and returns."""
    manager = await cast.world.holder(PostKind.PROPERTY_MANAGER)
    issue = await cast.report("电梯有怪声", LIFT)
    await manager.forges(f"issue.transfer:{issue.id}")
    await manager.presses("王秀兰")
    await begun(cast)
    assert await cast.has(issue) == "neighbour"
    await cast.leader.sends("/away")
    await cast.leader.presses("我回来了")
    assert await cast.has(issue) == "leader"


async def test_what_is_accepted_goes_too_if_wished(cast: Cast) -> None:
    """Open again, and back as it is when nobody has accepted it."""
    issue = await cast.report()
    await cast.leader.presses("接单")
    await cast.leaves(cast.leader, "从现在起", "一周", "李大姐", "也转过去")
    assert "已接的 1 件也转过去" in cast.leader.last_message
    await cast.leader.presses("✅ 就这样")
    assert await cast.has(issue) == "neighbour"
    assert (await cast.world.issue(issue.id)).state == State.OPEN
    await cast.leader.sends("/away")
    await cast.leader.presses("我回来了")
    assert "还没人接的 1 件回到您手上" in cast.leader.messages[-2].text
    assert await cast.has(issue) == "leader"


async def test_what_one_takes_along_the_stand_in_is_reminded_of(cast: Cast) -> None:
    """They may look at it, also where it is private, and no longer when the other is back."""
    issue = await cast.report("楼上半夜打麻将", "noise")
    await cast.leader.presses("接单")
    await cast.leaves(cast.leader, "从现在起", "15 天", "李大姐", "我接着办", "✅ 就这样")
    await cast.forget()
    await cast.world.live_through(days=9)
    assert any("楼栋长 王秀兰 还没办好" in text for text in cast.neighbour.new_messages)
    await cast.neighbour.forges(f"issue.show:{issue.id}")
    assert issue.number in cast.neighbour.last_message
    await cast.leader.sends("/away")
    await cast.leader.presses("我回来了")
    await cast.neighbour.forges(f"issue.show:{issue.id}")
    assert "不归您看" in cast.neighbour.last_toast


# Without a stand-in, and with more than one ---------------------------------------------------------------


async def test_without_a_stand_in(cast: Cast) -> None:
    """The deputy has it, and where there is none the next in line; who that is is said before."""
    await cast.leaves(cast.leader, "从现在起", "3 天", "不请人代")
    assert "3号楼楼栋长 → 副楼栋长 赵小军" in cast.leader.last_message
    issue = await cast.report()
    await cast.leader.presses("✅ 就这样")
    assert await cast.has(issue) == "deputy"
    assert "1 件事现在归您" in cast.deputy.messages[-2].text
    assert await acting(cast.world) == []
    await cast.leader.sends("/away")
    await cast.leader.presses("我回来了")
    assert await cast.has(issue) == "leader"


async def test_nobody_is_left(world: World) -> None:
    """Whoever is the only one keeps what comes, and reads so before."""
    leader = await world.leader_of("3")
    await leader.sends("/away")
    await leader.presses("从现在起", "3 天", "不请人代")
    assert "3号楼楼栋长 → 没有人能接" in leader.last_message
    await leader.presses("✅ 就这样")
    resident = await world.resident()
    await resident.reports("有狗没拴", "宠物")
    assert (await world.issue()).handler_id == await leader.person_id()


async def test_a_stand_in_goes_away_too(cast: Cast) -> None:
    """A → B → C: within A's absence B's begins and ends, and what is open follows each time."""
    world = cast.world
    third = await world.resident("3", "1", "102", "孙大哥")
    await cast.leader.presses("同意")
    await begun(cast)
    first = await cast.report()
    await cast.leaves(cast.neighbour, "从现在起", "一周", "孙大哥", "✅ 就这样")
    a, b, c = await cast.leader.person_id(), await cast.neighbour.person_id(), await third.person_id()
    assert await acting(world) == [(c, a)]
    assert "从现在起您代：\n\n· 3号楼楼栋长" in third.messages[-2].text
    assert (await world.issue(first.id)).handler_id == c
    second = await cast.report("又没拴")
    assert (await world.issue(second.id)).handler_id == c
    await third.forges(f"issue.accept:{second.id}")
    await cast.neighbour.sends("/away")
    await cast.neighbour.presses("我回来了")
    assert await acting(world) == [(b, a)]
    assert (await world.issue(first.id)).handler_id == b
    assert (await world.issue(second.id)).handler_id == c
    assert "李大姐 回来了" in third.last_message
    await world.live_through(days=10)
    assert await acting(world) == []
    assert await cast.has(first) == "leader"
    assert "1 件在 孙大哥 手上" in "".join(text for text in cast.leader.new_messages if "欢迎回来" in text)


async def test_a_ring_is_refused(cast: Cast) -> None:
    """The sentence says who is away when and asked whom; another one, or another time, is let in."""
    await cast.leaves(cast.deputy, "12月1日", "12月5日", "王秀兰", "✅ 就这样")
    assert cast.deputy.sees("记好了")
    await cast.leaves(cast.leader, "从现在起", "12月3日", "赵小军")
    assert cast.leader.sees(
        "赵小军 12月1日（周二） 到 12月5日（周六）24:00 也不在，请的是您，绕一圈就没有人了"
    )
    await cast.leader.presses("李大姐") if cast.leader.may_press("李大姐") else await cast.leader.sends(
        "李大姐"
    )
    assert "李大姐 代" in cast.leader.last_message
    await cast.leader.sends("/cancel")
    await begun(cast, "赵小军", "11月30日")
    await cast.leader.sends("/away")
    await cast.leader.presses("改日期")
    await cast.leader.sends("12月2日")
    assert cast.leader.sees("绕一圈就没有人了")
    await cast.leader.sends("11月29日")
    assert "改好了" in cast.leader.last_message


# By itself, and after trouble ---------------------------------------------------------------------------


async def test_it_ends_while_the_bot_is_down(cast: Cast) -> None:
    """One word to each when it is up again, and nobody is away any more."""
    await begun(cast, until="3 天")
    issue = await cast.report()
    await cast.world.restart()
    await cast.forget()
    await cast.world.later(days=9)
    assert await cast.has(issue) == "leader"
    assert await acting(cast.world) == []
    assert sum("欢迎回来" in text for text in cast.leader.new_messages) == 1
    assert not any("外出到" in text for text in cast.leader.new_messages)
    await cast.world.later(days=1)
    assert sum("欢迎回来" in text for text in cast.leader.new_messages) == 1


async def test_it_comes_and_goes_while_the_bot_is_down(cast: Cast) -> None:
    """What never took effect ends without a word."""
    await cast.leaves(cast.leader, "明天起", "3 天", "李大姐", "✅ 就这样")
    issue = await cast.report()
    await cast.world.restart()
    await cast.world.later(days=9)
    assert await cast.has(issue) == "leader"
    assert not cast.leader.sees("欢迎回来")
    assert not cast.neighbour.sees("从现在起您代")
    assert (
        await cast.world.rows("SELECT id FROM absences WHERE ended_at IS NULL OR begun_at IS NOT NULL") == []
    )
    assert await cast.world.rows("SELECT id FROM chores WHERE kind LIKE 'absence.%'") == []


async def test_a_crash_in_the_middle(cast: Cast) -> None:
    """All of it or nothing: what was cut off happens whole at the next tick."""
    world = cast.world
    issue = await cast.report()
    await cast.leaves(cast.leader, "今天下午3点", "3 天", "李大姐", "✅ 就这样")
    before = await world.contents()
    world.clock.now += timedelta(hours=6)
    with pytest.raises(InterruptedError):
        await _cut_off(world)
    assert await world.contents() == before
    await world.restart()
    await world.tick()
    assert await cast.has(issue) == "neighbour"
    assert sum("从现在起您代" in message.text for message in cast.neighbour.messages) == 1


async def _cut_off(world: World) -> None:
    """Everything that is done when it begins, up to the commit."""
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock())
        await actions.CHORES[actions.BEGIN](desk, Chore(1, actions.BEGIN, 1, world.clock(), 0))
        assert desk.mail
        raise InterruptedError


async def test_the_clock_jumps_back(cast: Cast) -> None:
    """What has begun stays begun, what has ended stays ended, and nothing is told twice."""
    world = cast.world
    await cast.leaves(cast.leader, "今天下午3点", "3 天", "李大姐", "✅ 就这样")
    issue = await cast.report()
    await world.later(hours=6)
    assert await cast.has(issue) == "neighbour"
    await world.later(hours=-5)
    await world.later(hours=5)
    assert await cast.has(issue) == "neighbour"
    assert len(await acting(world)) == 1
    await world.later(days=4)
    await world.later(days=-3)
    await world.later(days=3)
    assert await acting(world) == []
    assert sum("从现在起您代" in message.text for message in cast.neighbour.messages) == 1
    assert sum("欢迎回来" in message.text for message in cast.leader.messages) == 1


async def test_doing_it_again_changes_nothing(cast: Cast) -> None:
    """Whoever changes posts may settle as often as they like."""
    await cast.report()
    await begun(cast)
    before = await cast.world.contents()
    async with cast.world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, cast.world.rules, cast.world.clock())
        await actions.settle(desk, 1)
        assert desk.mail == []
    assert await cast.world.contents() == before


async def test_who_loses_the_post_is_missed_nowhere(cast: Cast) -> None:
    """No stand-in is left behind, and what is open goes on."""
    await begun(cast)
    issue = await cast.report()
    await cast.world.vacate(LEADER, "3")
    async with cast.world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, cast.world.rules, cast.world.clock())
        await actions.settle(desk, 1)
        await desk.send()
    await cast.world.settle()
    assert await acting(cast.world) == []
    assert await cast.has(issue) == "deputy"
    assert cast.neighbour.sees("不用您代了")
    await cast.world.live_through(days=12)
    assert not cast.leader.sees("欢迎回来")


# The stand-in ---------------------------------------------------------------------------------------------


async def test_the_stand_in_declines(cast: Cast) -> None:
    """Before and during: the absent and the committee hear who has it instead; another may be asked."""
    director = await cast.world.holder(DIRECTOR)
    await begun(cast)
    issue = await cast.report()
    await cast.forget()
    await cast.neighbour.presses("婉拒")
    assert "不用您代了，王秀兰 已经知道" in cast.neighbour.last_message
    for phone, who in ((cast.leader, "代您"), (director, "代 王秀兰")):
        assert f"李大姐 不方便{who}" in phone.last_message
        assert "3号楼楼栋长 → 副楼栋长 赵小军" in phone.last_message
    assert await cast.has(issue) == "deputy"
    assert await acting(cast.world) == []
    await cast.neighbour.presses("婉拒")
    assert "没有这一次外出" in cast.neighbour.last_toast
    await cast.leader.presses("换人代", "赵小军")
    assert "改好了" in cast.leader.last_message
    await cast.deputy.presses("婉拒")
    assert "赵小军 不方便代您" in cast.leader.last_message


async def test_declined_before_it_begins(cast: Cast) -> None:
    """Nothing has happened yet, so nothing moves."""
    await cast.leaves(cast.leader, "明天起", "3 天", "李大姐", "✅ 就这样")
    issue = await cast.report()
    await cast.neighbour.presses("婉拒")
    assert "李大姐 不方便代您（11月25日（周三） 到" in cast.leader.last_message
    assert await cast.has(issue) == "leader"
    await cast.world.live_through(days=1)
    assert await cast.has(issue) == "deputy"


async def test_the_stand_in_cannot_be_reached_any_more(cast: Cast) -> None:
    """They blocked the bot: the deputy has it, and the absent hears so."""
    await begun(cast)
    issue = await cast.report()
    cast.neighbour.user.blocks_bot()
    await cast.world.tick()
    await cast.report("又没拴")
    await cast.world.tick()
    assert cast.leader.sees("李大姐 联系不上了，不能代您")
    assert await cast.has(issue) == "deputy"
    assert await acting(cast.world) == []


async def test_who_may_stand_in_is_asked_again_when_it_begins(cast: Cast) -> None:
    """Who has moved out by then gets no rights."""
    await cast.leaves(cast.leader, "明天起", "3 天", "李大姐", "✅ 就这样")
    neighbour = await cast.neighbour.person_id()
    async with cast.world.database.transaction() as connection:
        people = Store(connection).people
        [home] = await people.residencies(neighbour)
        await people.decide_residency(home.id, "ended", neighbour, cast.world.clock())
    issue = await cast.report()
    await cast.world.live_through(days=1)
    assert await acting(cast.world) == []
    assert await cast.has(issue) == "deputy"
    assert not cast.neighbour.sees("从现在起您代")


async def test_a_seat_in_the_committee_is_no_neighbours(cast: Cast) -> None:
    """A resident gains no rights over the compound; another member does not gain any."""
    world = cast.world
    director, member = await world.holder(DIRECTOR), await world.holder(COMMITTEE)
    await director.sends("/away")
    await director.presses("从现在起", "3 天")
    await director.sends("李大姐")
    assert director.sees("没找到「李大姐」")
    await director.forges_answer("who", await cast.neighbour.person_id())
    assert "这位不能代" in director.last_toast or director.sees("这位不能代")
    assert not director.may_press("王秀兰")
    await director.presses("高玉梅", "✅ 就这样")
    assert await acting(world) == [(await member.person_id(), await director.person_id())]


async def test_looking_for_a_name_gives_nobody_away(cast: Cast) -> None:
    """Part of a name finds neighbours for who leads the building; others must know the whole name."""
    entrance = await cast.world.holder(PostKind.ENTRANCE_LEADER, "3", "2")
    for phone in (entrance, cast.leader):
        await phone.sends("/away")
        await phone.presses("从现在起", "3 天")
    await entrance.sends("李大")
    assert entrance.sees("没找到「李大」")
    await entrance.sends("李大姐")
    assert "3号楼2单元单元长 → 李大姐 代" in entrance.last_message
    await cast.leader.sends("李大")
    assert "3号楼楼栋长 → 李大姐 代" in cast.leader.last_message


async def test_whom_it_is_about_does_not_get_it_by_standing_in(cast: Cast) -> None:
    """C10: a complaint about the leader goes past whoever stands in for the leader."""
    issue = await cast.report()
    person = await cast.leader.person_id()
    await begun(cast)
    assert await cast.has(issue) == "neighbour"
    other = await cast.report("楼栋长的狗")
    async with cast.world.database.transaction() as connection:
        await Store(connection).issues.add_part(other.id, person, "concerned")
    await cast.neighbour.presses("婉拒")
    await cast.leader.presses("换人代")
    await cast.leader.sends("李大姐")
    assert await cast.has(issue) == "neighbour"
    assert await cast.has(other) == "deputy"


# Asking, changing, coming back ----------------------------------------------------------------------------


async def test_changing_the_end(cast: Cast) -> None:
    """Later or sooner: the stand-in hears of it, and it ends then."""
    await begun(cast, until="3 天")
    await cast.leader.sends("/away")
    assert "（现在）：李大姐 代" in cast.leader.last_message
    await cast.leader.presses("改日期")
    for nonsense in ("不知道", "11月20日", "明年12月1日"):
        await cast.leader.sends(nonsense)
        assert "到哪天为止" in cast.leader.last_message
    await cast.leader.sends("11月28日")
    assert "改好了" in cast.leader.last_message
    assert "改到 11月28日（周六）24:00 结束" in cast.neighbour.last_message
    await cast.world.live_through(days=3)
    assert len(await acting(cast.world)) == 1
    await cast.world.live_through(days=2)
    assert await acting(cast.world) == []


async def test_not_going_after_all(cast: Cast) -> None:
    """Before it begins it is as if it had never been, and the stand-in knows."""
    await cast.leaves(cast.leader, "明天起", "3 天", "李大姐", "✅ 就这样")
    await cast.leader.presses("我的外出")
    assert "11月25日（周三） 到 11月27日（周五）24:00：李大姐 代" in cast.leader.last_message
    await cast.leader.presses("不走了")
    assert "11月25日（周三）起的外出取消了，李大姐 也知道了" in cast.leader.last_message
    assert "不用您代了" in cast.neighbour.last_message
    await cast.leader.presses("不走了")
    assert "已经结束了" in cast.leader.last_toast
    await cast.world.live_through(days=1)
    assert await acting(cast.world) == []


async def test_twice_at_once(cast: Cast) -> None:
    """A second one that overlaps is refused with the dates of the first; one after it is let in."""
    await begun(cast)
    await cast.leader.sends("/away")
    await cast.leader.presses("再记一次")
    await cast.leader.sends("12月2日")
    await cast.leader.sends("12月9日")
    assert cast.leader.sees("您已经记了 11月24日（周二） 到 12月3日（周四）24:00 不在")
    await cast.leader.presses("返回")
    await cast.leader.sends("12月4日")
    await cast.leader.presses("3 天", "不请人代", "✅ 就这样")
    assert "记好了：12月4日（周五） 到 12月6日（周日）24:00" in cast.leader.last_message


async def test_nonsense_is_asked_again(cast: Cast) -> None:
    """At every question; the dialog stays where it is."""
    leader = cast.leader
    await leader.sends("/away")
    for nonsense in ("？", "昨天", "9"):
        await leader.sends(nonsense)
        assert "从什么时候起不在" in leader.last_message
    await leader.forges_answer("then")
    assert "从什么时候起不在" in leader.last_message
    await leader.presses("明天起")
    for nonsense in ("今天", "200天", "0天", "哪天都行"):
        await leader.sends(nonsense)
        assert "到哪天为止" in leader.last_message, nonsense
    await leader.forges_answer("year")
    await leader.presses("3 天")
    for nonsense in ("张三丰", "？", "王秀兰"):
        await leader.sends(nonsense)
        assert "请谁代您" in leader.last_message, nonsense
    for forged in (("who",), ("who", "x"), ("who", 999_999), ("who", await leader.person_id()), ("me", 1)):
        await leader.forges_answer(*forged)
        assert not leader.sees("您不在："), forged
    await leader.sends_sticker()
    await leader.presses("不请人代")
    await leader.sends("好的")
    assert "您不在：" in leader.last_message
    assert await cast.world.rows("SELECT id FROM absences") == []


async def test_absences_of_others_do_not_exist(cast: Cast) -> None:
    """Forged numbers, a stranger's press, another compound: nothing happens, nothing is learnt."""
    await begun(cast)
    stranger = cast.world.newcomer("外人")
    await stranger.sends("/start")
    before = await cast.world.contents("dialogs")
    for phone in (stranger, cast.deputy, cast.reporter):
        for verb in ("back", "until", "who", "decline"):
            for number in ("1", "99", "x", "-1", "9" * 30):
                await phone.forges(f"away.{verb}:{number}")
                assert "没有这一次外出" in phone.last_toast or "不认识" in phone.last_toast
    for verb in ("until", "who", "back"):
        await cast.neighbour.forges(f"away.{verb}:1")
        assert "没有这一次外出" in cast.neighbour.last_toast
    await cast.leader.forges("away.decline:1")
    assert "没有这一次外出" in cast.leader.last_toast
    for phone in (stranger, cast.reporter):
        await phone.sends("/away")
        assert "您现在没有任职" in phone.last_message
        await phone.forges("away.new")
        assert "您现在没有任职" in phone.last_toast
    assert await cast.world.contents("dialogs") == before


async def test_the_right_is_checked_when_it_is_written(cast: Cast) -> None:
    """Who loses the post in the middle of the questions is away from nothing."""
    await cast.leaves(cast.leader, "从现在起", "3 天", "李大姐")
    await cast.world.vacate(LEADER, "3")
    await cast.leader.presses("✅ 就这样")
    assert "您现在没有任职" in cast.leader.last_toast
    assert await cast.world.rows("SELECT id FROM absences") == []


async def test_only_people_of_the_compound(cast: Cast) -> None:
    """Somebody with posts in two is asked which; nobody of the other one is found."""
    other = await cast.world.another_compound()
    async with cast.world.database.transaction() as connection:
        store = Store(connection)
        post_id = await store.posts.find(PostKind.PROPERTY_MANAGER, other)
        await store.posts.appoint(post_id, await _leader_id(store), cast.world.clock())
    await cast.leader.sends("/away")
    assert "哪个小区" in cast.leader.last_message
    await cast.leader.forges_answer("99")
    await cast.leader.presses("通工小区", "从现在起", "3 天")
    await cast.leader.sends("李大姐")
    assert cast.leader.sees("没找到「李大姐」")
    await cast.leader.forges_answer("who", 24)
    await cast.leader.presses("不请人代", "✅ 就这样")
    issue = await cast.report()
    assert await cast.has(issue) == "leader"


async def _leader_id(store: Store) -> int:
    holders = await store.posts.holders(1, "telegram")
    return next(one.person_id for one in holders if one.kind is LEADER and one.reachable)


async def test_a_change_is_written_down(cast: Cast) -> None:
    """When it began and when it ended, by whom, in ids."""
    await begun(cast, until="3 天")
    await cast.world.live_through(days=4)
    rows = await cast.world.rows(
        "SELECT action, source, person_id, facts FROM changes WHERE action LIKE 'absence%'"
    )
    assert [(row["action"], row["source"], row["facts"]) for row in rows] == [
        ("absence.begun", "chat", "{}"),
        ("absence.ended", "clock", "{}"),
    ]
    assert {row["person_id"] for row in rows} == {await cast.leader.person_id()}


async def test_answers_survive_a_restart(cast: Cast) -> None:
    """What has been answered stays answered."""
    await cast.leader.sends("/away")
    for label in ("明天起", "7 天", "赵小军", "✅ 就这样"):
        await cast.world.restart()
        await cast.leader.presses(label)
    assert "记好了" in cast.leader.last_message
    assert "请您代" in cast.deputy.last_message
