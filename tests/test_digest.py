"""The word in the morning (L5): once a day, to whoever has something to do, and to nobody else."""

import asyncio
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from bot.config import load
from bot.domain.errors import OperatorError
from bot.domain.posts import PostKind
from bot.jobs import Jobs
from tests.world import SHANGHAI, TEXTS, Phone, World

GREETING = "早上好"


def greetings(phone: Phone) -> list[str]:
    """What was said in the mornings since the person looked last."""
    return [text for text in phone.new_messages if GREETING in text]


@pytest.fixture
async def morning(world: World) -> World:
    """Mornings at half past eight, and quiet hours that end before."""
    world.rules = replace(world.rules, digest_at=time(8, 30))
    await world.restart()
    return world


@pytest.fixture
async def leader(morning: World) -> Phone:
    """王秀兰, leader of building 3."""
    return await morning.leader_of("3")


@pytest.fixture
async def resident(morning: World, leader: Phone) -> Phone:
    """王奶奶 of 3-2-502, approved."""
    phone = await morning.resident()
    await leader.presses("✅ 同意")
    return phone


def at(world: World, day: int, hour: int, minute: int = 0) -> None:
    """Set the clock to an hour of a day in November (31 is the first of December)."""
    first = datetime(2026, 11, 1, hour, minute, tzinfo=SHANGHAI)
    world.clock.now = (first + timedelta(days=day - 1)).astimezone(world.clock.now.tzinfo)


async def test_what_waits_is_told_in_the_morning(morning: World, leader: Phone, resident: Phone) -> None:
    """New and to be accepted: the counts, a line each, and the way to the list."""
    await resident.reports("楼道灯坏了<b>&😱")
    await leader.forgets()
    await morning.until(8, 25)
    assert greetings(leader) == []
    await morning.until(8, 35)
    (told,) = greetings(leader)
    assert "今天要办 1 · 等您接单 1 · 新来 1" in told
    assert "261124-001 照明　3号楼2单元\n🆕 等人接单，11月25日（周三）10:00 前接单" in told
    await leader.presses("打开待办")
    assert "我手上 1 件" in leader.last_message
    await morning.until(8, 20)
    assert len(greetings(leader)) == 1


async def test_the_day_to_ask_outside_is_not_called_due(
    morning: World, leader: Phone, resident: Phone
) -> None:
    """Referred until tomorrow, with a week to solve it: the line says what is to be done today."""
    await resident.reports()
    await leader.presses("接单", "转外部", "街道")
    await leader.sends("请来看看")
    await leader.sends("明天")
    await leader.forgets()
    await morning.until(8, 35)
    (told,) = greetings(leader)
    assert "今天要办 1" in told
    assert "前办好，今天该去问了" in told


async def test_an_empty_day_is_silent(morning: World, leader: Phone, resident: Phone) -> None:
    """Nothing at all, or only what goes on in its time: no word, to leaders as to residents."""
    await leader.forgets()
    await resident.reports()
    await leader.presses("接单")
    await morning.until(9)
    assert len(greetings(leader)) == 1, "new since yesterday"
    await leader.forgets()
    await morning.until(9)
    assert greetings(leader) == []
    assert not resident.sees(GREETING)


async def test_never_twice_on_one_morning(morning: World, leader: Phone, resident: Phone) -> None:
    """Neither after a restart, nor by two processes, nor when the row is put anew."""
    await morning.tick()
    await resident.reports()
    await leader.forgets()
    at(morning, 25, 8, 31)
    other = Jobs(morning.database, TEXTS, morning.rules, morning.clock)
    await asyncio.gather(morning.app.jobs.tick(), other.tick())
    await morning.restart()
    await morning.tick()
    assert len(greetings(leader)) == 1
    await morning.rows("UPDATE chores SET due_at = 0 WHERE kind = 'digest'")
    await morning.tick()
    assert len(greetings(leader)) == 1


@pytest.mark.parametrize(("hour", "count"), [(8, 0), (9, 1), (11, 1), (12, 0), (20, 0)])
async def test_after_downtime(morning: World, leader: Phone, resident: Phone, hour: int, count: int) -> None:
    """Before noon it is still morning; later the day is skipped, and the next one is told again."""
    await morning.tick()
    await resident.reports()
    await leader.forgets()
    at(morning, 27, hour)
    await morning.tick()
    assert len(greetings(leader)) == count
    at(morning, 30, 8, 31)
    await morning.tick()
    assert len(greetings(leader)) == count + 1


async def test_on_days_off_only_what_cannot_wait(morning: World, leader: Phone, resident: Phone) -> None:
    """Saturday: no word of a lamp, but of water; Monday: all that has come since Friday, and what is late."""
    await morning.tick()
    at(morning, 27, 18)
    await morning.tick()
    await resident.reports()
    await leader.forgets()
    at(morning, 28, 8, 31)
    await morning.tick()
    assert greetings(leader) == []
    await resident.reports("厨房水管爆了", "水电气")
    issue = (await morning.rows("SELECT handler_id FROM issues ORDER BY id"))[-1]
    at(morning, 29, 8, 31)
    await morning.tick()
    told = greetings(leader)
    is_hers = issue["handler_id"] == await leader.person_id()
    assert [("水电气" in text, "照明" in text) for text in told] == [(True, False)] * is_hers
    at(morning, 30, 8, 31)
    await morning.tick()
    assert "照明" in greetings(leader)[-1]
    assert "新来" in greetings(leader)[-1]


async def test_late_comes_first_and_eight_lines_at_most(
    morning: World, leader: Phone, resident: Phone
) -> None:
    """Whoever has ten reads eight, late ones above, and how many more there are."""
    await morning.tick()
    for number in range(9):
        await resident.reports(f"第{number}层楼道灯坏了")
    at(morning, 25, 12)
    await morning.tick()
    await resident.reports("楼道灯又坏了")
    await leader.forgets()
    at(morning, 26, 8, 31)
    await morning.tick()
    (told,) = greetings(leader)
    assert "⚠️超时 9" in told
    assert told.count("照明") == 8
    assert told.count("⚠️已超时") == 8
    assert "还有 2 件" in told


async def test_requests_are_told_to_whom_they_wait_for(morning: World, leader: Phone) -> None:
    """Somebody wants to be entered: the leader of the building reads it, the director does not."""
    director = await morning.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    await morning.tick()
    await morning.resident(name="新来的")
    await leader.forgets()
    at(morning, 25, 8, 31)
    await morning.tick()
    assert "等您确认住户 1" in greetings(leader)[0]
    assert not director.sees(GREETING)
    await leader.presses("等我确认：1 位")
    assert leader.may_press("同意")


async def test_the_committee_reads_how_much_is_late_elsewhere(morning: World, resident: Phone) -> None:
    """Beside their own; that alone is no reason to write: each late issue has been told by itself."""
    director = await morning.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    await morning.tick()
    await resident.reports()
    at(morning, 26, 8, 31)
    await morning.tick()
    assert not director.sees(GREETING)
    director_id = await director.person_id()
    await resident.reports("楼道灯又坏了")
    await morning.rows(f"UPDATE issues SET handler_id = {director_id} WHERE id = 2")  # noqa: S608
    at(morning, 27, 8, 31)
    await morning.tick()
    assert director.sees("新来 1 · 全小区别处超时 1")


async def test_who_is_away_is_left_alone(morning: World, leader: Phone, resident: Phone) -> None:
    """我不在: not even in the morning."""
    await morning.tick()
    await resident.reports()
    leader_id = await leader.person_id()
    await morning.rows(
        "INSERT INTO absences "  # noqa: S608
        "(person_id, compound_id, from_at, until_at, with_accepted, created_at, begun_at)"
        f" VALUES ({leader_id}, 1, 0, 9000000000000000, 0, 0, 1)"
    )
    await leader.forgets()
    at(morning, 25, 8, 31)
    await morning.tick()
    assert greetings(leader) == []


async def test_in_the_readers_language(morning: World, leader: Phone, resident: Phone) -> None:
    """A leader who reads English is greeted in English."""
    await morning.tick()
    await leader.sends("/language")
    await leader.presses("English")
    await resident.reports()
    at(morning, 25, 8, 31)
    await morning.tick()
    assert leader.sees("☀️ Good morning\nfor today 1 - for you to accept 1 - new 1")
    assert leader.with_button("Open my list")


async def test_other_hours(morning: World, leader: Phone, resident: Phone) -> None:
    """Another hour holds from the next time on; within quiet hours it waits for their end; off is off."""
    await morning.tick()
    await resident.reports()
    told = []
    for hour, day in ((time(9), 25), (time(7), 26), (time(7), 27), (None, 30)):
        morning.rules = replace(morning.rules, digest_at=hour)
        await morning.restart()
        for minutes in (7 * 60 + 30, 8 * 60 + 1, 8 * 60 + 31, 9 * 60 + 1):
            at(morning, day, minutes // 60, minutes % 60)
            await leader.forgets()
            await morning.tick()
            told += [(day, minutes // 60, minutes % 60)] * len(greetings(leader))
    assert told == [(25, 9, 1), (26, 9, 1), (27, 8, 1)]
    assert await morning.rows("SELECT 1 AS one FROM chores WHERE kind = 'digest'") == []


async def test_a_new_compound_has_its_mornings_too(morning: World) -> None:
    """Within the hour, without a restart; what is planned is not put off by looking again."""
    await morning.tick()
    await morning.another_compound()
    await morning.later(hours=1)
    rows = await morning.rows("SELECT subject_id, due_at FROM chores WHERE kind = 'digest' ORDER BY 1")
    assert [row["subject_id"] for row in rows] == [1, 2]
    assert rows[0]["due_at"] == rows[1]["due_at"]


@pytest.mark.parametrize(("given", "at"), [("", time(8, 30)), ("7:05", time(7, 5)), ("off", None)])
def test_the_hour_is_configured(given: str, at: time | None) -> None:
    """By default half past eight; off is off."""
    assert load(None, {"BOT_DIGEST__AT": given}, needs_token=False).digest.at == at


@pytest.mark.parametrize("given", ["12:00", "20:30", "never", "8"])
def test_a_morning_ends_at_noon(given: str) -> None:
    """Another hour is a mistake that is named with its key."""
    with pytest.raises(OperatorError, match="BOT_DIGEST__AT"):
        load(None, {"BOT_DIGEST__AT": given}, needs_token=False)
