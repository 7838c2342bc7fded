"""What the clock says: to whom, when, how often, and when it keeps quiet."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions.clocks import clock_of
from bot.actions.desk import Desk
from bot.actions.issues import Report, act, file
from bot.actions.reminders import FOLD_MOST, fire_one, tell_one
from bot.actions.tellings import Said
from bot.domain.calendar import OwnDays
from bot.domain.ladder import instant_of
from bot.domain.posts import Place, PostKind
from bot.domain.transitions import Action
from bot.jobs import Jobs
from bot.storage.engine import Connection, maybe_instant
from bot.storage.issues import Issue
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from tests.world import SHANGHAI, TEXTS, Phone, World

SIGNS = {
    "⏳": "reminder",
    "🔴": "overdue",
    "🔺": "escalation",
    "📮": "outward",
    "⌛": "late",
    "🔄": "passed_around",
}
RUNG = {"remind", "escalate"}

PETS, NOISE, SUGGESTION = "pets", "noise", "suggestion"
"""Categories that need no photo: two ordinary ones and a complex one, all for the building leader."""
LIFT, WATER = "lift", "utilities"
"""Danger and utility, for the property manager."""


class Cast:
    """Building 3 with everybody who may be told, by the word used in the tables below."""

    def __init__(self, world: World, phones: Mapping[str, Phone]) -> None:
        self.world = world
        self.phones = phones
        self.resident = phones["resident"]
        self.leader = phones["leader"]
        self.deputy = phones["deputy"]
        self.committee = phones["committee"]
        self.director = phones["director"]
        self.secretary = phones["secretary"]
        self.manager = phones["manager"]

    @staticmethod
    async def gather(world: World) -> "Cast":
        """Everybody is on the bot, and the resident's home is approved: only issues are left to wait for."""
        kinds = {
            "leader": (PostKind.BUILDING_LEADER, "3"),
            "deputy": (PostKind.DEPUTY_LEADER, "3"),
            "committee": (PostKind.SELF_MANAGEMENT_COMMITTEE, ""),
            "director": (PostKind.OWNERS_COMMITTEE_DIRECTOR, ""),
            "secretary": (PostKind.BRANCH_SECRETARY, ""),
            "manager": (PostKind.PROPERTY_MANAGER, ""),
        }
        phones = {word: await world.holder(kind, building) for word, (kind, building) in kinds.items()}
        resident = await world.resident("3")
        await phones["leader"].presses("同意")
        return Cast(world, {**phones, "resident": resident})

    async def report(
        self, category: str = PETS, text: str = "有狗没拴", *, about_handler: bool = False
    ) -> Issue:
        """The resident reports something in building 3."""
        reporter = await person(self.resident)
        [row] = await self.world.rows("SELECT id FROM buildings WHERE label = '3'")
        place = Place("building", 1, row["id"])
        async with self.world.database.transaction() as connection:
            desk = desk_of(self.world, connection)
            issue = await file(desk, reporter, Report(text, category, place, about_handler=about_handler))
            await desk.send()
        await self.world.settle()
        return issue

    async def does(
        self, who: Phone, action: Action, issue: Issue, text: str = "", to: Phone | None = None
    ) -> None:
        """Somebody does something to an issue."""
        said = Said(text, target=await person(to) if to else None)
        actor = await person(who)
        async with self.world.database.transaction() as connection:
            desk = desk_of(self.world, connection)
            await act(desk, issue.id, actor, action, said)
            await desk.send()
        await self.world.settle()

    async def hear_until(self, end: datetime) -> list[str]:
        """Live until then, ticking whenever something falls due: lines as "11-24 10:15 manager: reminder"."""
        heard = []
        known = {word: len(phone.messages) for word, phone in self.phones.items()}
        while (at := await next_moment(self.world)) is not None and at <= end:
            assert at > self.world.clock.now, "something is due for ever"
            self.world.clock.now = at
            await self.world.tick()
            local = at.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
            for word, phone in self.phones.items():
                messages = phone.messages
                heard += [f"{local} {word}: {sign(message.text)}" for message in messages[known[word] :]]
                known[word] = len(messages)
        self.world.clock.now = end
        return heard


def sign(text: str) -> str:
    """What kind of message it is, by the sign it begins with."""
    return SIGNS.get(text[0], text[:12])


def desk_of(world: World, connection: Connection) -> Desk:
    """A desk for a story's own transaction."""
    return Desk(Store(connection), TEXTS, world.rules, world.clock())


async def person(phone: Phone) -> int:
    """Whose phone it is."""
    accounts = await phone.world.rows("SELECT person_id, address FROM accounts")
    found: int = next(row["person_id"] for row in accounts if row["address"] == str(phone.user.id))
    return found


async def next_moment(world: World) -> datetime | None:
    """When the clock has something to do or to say next."""
    [row] = await world.rows(
        "SELECT MIN(at) AS at"
        " FROM (SELECT due_at AS at FROM dues UNION ALL SELECT release_at FROM notices) AS moments"
    )
    return maybe_instant(row["at"])


async def rungs(world: World, issue: Issue) -> list[str]:
    """The rungs in an issue's history, as the clock climbed them."""
    return [event.action for event in await world.history(issue.id) if event.action in RUNG]


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An instant in Ya'an, around the turn of 2026."""
    return datetime(2026 if month > 6 else 2027, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.fixture
async def cast(world: World) -> Cast:
    """Building 3, a Tuesday, ten in the morning."""
    return await Cast.gather(world)


# Who hears what when ------------------------------------------------------------------------------------

OPEN_FOR_EVER = {
    LIFT: """
        11-24 10:15 manager: reminder
        11-24 10:24 manager: reminder
        11-24 10:30 deputy: escalation
        11-24 10:30 committee: escalation
        11-24 10:30 manager: overdue
        11-24 10:30 resident: late
        11-24 10:45 director: escalation
        11-24 10:45 manager: overdue
        11-24 11:00 secretary: escalation
        11-24 11:00 manager: overdue
        11-24 11:15 committee: outward
        11-24 11:15 director: outward
        11-24 11:15 secretary: outward
        11-24 11:15 manager: overdue
        """,
    WATER: """
        11-24 11:00 manager: reminder
        11-24 11:36 manager: reminder
        11-24 12:00 deputy: escalation
        11-24 12:00 committee: escalation
        11-24 12:00 manager: overdue
        11-24 12:00 resident: late
        11-24 13:00 director: escalation
        11-24 13:00 manager: overdue
        11-24 14:00 secretary: escalation
        11-24 14:00 manager: overdue
        11-24 15:00 committee: outward
        11-24 15:00 director: outward
        11-24 15:00 secretary: outward
        11-24 15:00 manager: overdue
        """,
    # Half of the day is over at 22:00 and four fifths at 05:12: one message at 08:00.
    PETS: """
        11-25 08:00 leader: reminder
        11-25 10:00 leader: overdue
        11-25 10:00 deputy: escalation
        11-25 10:00 committee: escalation
        11-25 10:00 resident: late
        11-26 08:00 leader: overdue
        11-26 08:00 director: escalation
        11-26 10:00 leader: overdue
        11-26 10:00 secretary: escalation
        11-27 08:00 leader: overdue
        11-27 08:00 committee: outward
        11-27 08:00 director: outward
        11-27 08:00 secretary: outward
        """,
    # Two working days; the weekend of the 28th does not count.
    SUGGESTION: """
        11-25 10:00 leader: reminder
        11-26 08:00 leader: reminder
        11-26 10:00 leader: overdue
        11-26 10:00 deputy: escalation
        11-26 10:00 committee: escalation
        11-26 10:00 resident: late
        11-27 10:00 leader: overdue
        11-27 10:00 director: escalation
        11-30 10:00 leader: overdue
        11-30 10:00 secretary: escalation
        12-01 10:00 leader: overdue
        12-01 10:00 committee: outward
        12-01 10:00 director: outward
        12-01 10:00 secretary: outward
        """,
}
"""Nobody accepts: everything up to the text that is ready to be sent on."""

ACCEPTED = {
    LIFT: """
        11-24 11:00 manager: reminder
        11-24 11:36 manager: reminder
        11-24 12:00 deputy: escalation
        11-24 12:00 committee: escalation
        11-24 12:00 manager: overdue
        11-24 12:00 resident: late
        11-24 13:00 director: escalation
        11-24 13:00 manager: overdue
        11-24 14:00 secretary: escalation
        11-24 14:00 manager: overdue
        11-24 15:00 committee: outward
        11-24 15:00 director: outward
        11-24 15:00 secretary: outward
        11-24 15:00 manager: overdue
        """,
    WATER: """
        11-25 08:00 manager: reminder
        11-25 10:00 deputy: escalation
        11-25 10:00 committee: escalation
        11-25 10:00 manager: overdue
        11-25 10:00 resident: late
        11-26 08:00 director: escalation
        11-26 08:00 manager: overdue
        11-26 10:00 secretary: escalation
        11-26 10:00 manager: overdue
        11-27 08:00 committee: outward
        11-27 08:00 director: outward
        11-27 08:00 secretary: outward
        11-27 08:00 manager: overdue
        """,
    # Seven working days from the Tuesday it was filed.
    PETS: """
        11-28 08:00 leader: reminder
        12-02 08:00 leader: reminder
        12-03 10:00 leader: overdue
        12-03 10:00 deputy: escalation
        12-03 10:00 committee: escalation
        12-03 10:00 resident: late
        12-09 08:00 leader: overdue
        12-09 08:00 director: escalation
        12-14 10:00 leader: overdue
        12-14 10:00 secretary: escalation
        12-18 08:00 leader: overdue
        12-18 08:00 committee: outward
        12-18 08:00 director: outward
        12-18 08:00 secretary: outward
        """,
    SUGGESTION: """
        12-04 08:00 leader: reminder
        12-10 10:00 leader: reminder
        12-15 10:00 leader: overdue
        12-15 10:00 deputy: escalation
        12-15 10:00 committee: escalation
        12-15 10:00 resident: late
        12-25 08:00 leader: overdue
        12-25 08:00 director: escalation
        """,
}
"""Accepted ten minutes after it was filed, and then nothing."""


def with_repeats(tables: Mapping[str, str], category: str, until: datetime) -> list[str]:
    """The lines of a table, and after an `outward` the last of them every day; danger at eight."""
    lines = [line.strip() for line in tables[category].strip().splitlines()]
    last = [line for line in lines if line[:11] == lines[-1][:11]]
    if "outward" not in "".join(last):
        return lines
    day = datetime.strptime(f"2026-{last[0][:11]}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)
    if category == LIFT:
        day = day.replace(hour=8, minute=0)
    while (day := day + timedelta(days=1)) <= until:
        lines += [day.strftime("%m-%d %H:%M") + line[11:] for line in last]
    return lines


@pytest.mark.parametrize("category", [LIFT, WATER, PETS, SUGGESTION])
async def test_ten_days_of_an_issue_nobody_accepts(cast: Cast, category: str) -> None:
    """The accept clock: every rung at its instant, the quiet hours kept, then once a day."""
    await cast.report(category)

    heard = await cast.hear_until(at(12, 4, 10))

    assert heard == with_repeats(OPEN_FOR_EVER, category, at(12, 4, 10))


@pytest.mark.parametrize("category", [LIFT, WATER, PETS, SUGGESTION])
async def test_forty_days_of_an_issue_nobody_resolves(cast: Cast, category: str) -> None:
    """The resolve clock runs from filing, and starts its ladder when the issue is accepted."""
    issue = await cast.report(category)
    cast.world.clock.now = at(11, 24, 10, 10)
    await cast.does(cast.manager if category in (LIFT, WATER) else cast.leader, Action.ACCEPT, issue)

    heard = await cast.hear_until(at(1, 3, 10))

    assert heard == with_repeats(ACCEPTED, category, at(1, 3, 10))


async def test_accepting_late_repeats_no_rung(cast: Cast) -> None:
    """Accepted when 90 % of the resolve clock have run: the next thing said is that the time is over."""
    issue = await cast.report(LIFT)
    await cast.hear_until(at(11, 24, 11, 48))
    await cast.does(cast.manager, Action.ACCEPT, issue)

    heard = await cast.hear_until(at(11, 24, 12, 30))

    assert heard == [
        f"11-24 12:00 {word}"
        for word in ("deputy: escalation", "committee: escalation", "manager: overdue", "resident: late")
    ]


async def test_another_handler_has_the_whole_time_to_accept(cast: Cast) -> None:
    """Transferred, then declined: each has a fresh accept clock, and the one before is left alone."""
    issue = await cast.report(WATER)
    await cast.hear_until(at(11, 24, 11, 50))
    await cast.does(cast.manager, Action.TRANSFER, issue, to=cast.leader)

    assert await cast.hear_until(at(11, 24, 13)) == ["11-24 12:50 leader: reminder"]
    await cast.does(cast.leader, Action.DECLINE, issue, "不归我管")
    heard = await cast.hear_until(at(11, 24, 14, 40))

    assert (await cast.world.issue()).handler_id == await person(cast.manager)
    assert heard == [
        "11-24 14:00 committee: passed_around",
        "11-24 14:00 manager: reminder",
        "11-24 14:36 manager: reminder",
    ]


async def test_what_goes_from_hand_to_hand_comes_to_the_committee(cast: Cast) -> None:
    """Nobody is ever late, and nobody accepts: from the second time on, with each one's first reminder."""
    issue = await cast.report(WATER, "三栋停水")
    hands = [cast.manager, cast.leader, cast.director, cast.secretary, cast.manager]
    heard = []
    for place, hand in enumerate(hands[1:]):
        cast.world.clock.now += timedelta(minutes=50)
        await cast.does(hands[place], Action.TRANSFER, issue, to=hand)
        heard.append(
            len(
                [
                    line
                    for line in await cast.hear_until(cast.world.clock.now + timedelta(minutes=70))
                    if line.endswith("committee: passed_around")
                ]
            )
        )
    assert heard == [0, 1, 1, 1]
    assert "转了 4 次还没有人接，报上来 7 小时" in cast.committee.last_message
    assert cast.committee.may_press("转交")

    # What the committee itself gives to somebody begins anew.
    await cast.does(cast.committee, Action.TRANSFER, issue, to=cast.leader)
    assert await cast.hear_until(cast.world.clock.now + timedelta(minutes=60)) == [
        "11-24 19:00 leader: reminder"
    ]
    await cast.does(cast.leader, Action.TRANSFER, issue, to=cast.manager)
    assert await cast.hear_until(at(11, 24, 20)) == ["11-24 20:00 manager: reminder"]


async def test_two_terms_without_a_yes_come_to_the_committee_too(cast: Cast) -> None:
    """Handed on once, an hour before two terms were over: the next reminder does not forget them."""
    issue = await cast.report(WATER)
    await cast.hear_until(at(11, 24, 13, 10))
    await cast.does(cast.manager, Action.TRANSFER, issue, to=cast.leader)

    heard = await cast.hear_until(at(11, 24, 15))

    assert heard == [
        "11-24 14:10 leader: reminder",
        "11-24 14:10 committee: passed_around",
        "11-24 14:46 leader: reminder",
    ]


async def test_who_is_relieved_by_the_clock_has_not_passed_it_on(cast: Cast) -> None:
    """Twice the register ended a post: that is nobody's doing, and the committee is not bothered."""
    issue = await cast.report(SUGGESTION)
    await cast.world.vacate(PostKind.BUILDING_LEADER, "3")
    await cast.hear_until(at(11, 25, 10))
    await cast.world.vacate(PostKind.DEPUTY_LEADER, "3")
    await cast.hear_until(at(11, 26, 10))
    assert (await cast.world.issue(issue.id)).handler_id == await person(cast.committee)

    heard = await cast.hear_until(at(11, 27, 11))

    assert heard == ["11-27 10:00 committee: reminder"]


async def test_work_begun_anew_has_a_fresh_resolve_clock(cast: Cast) -> None:
    """Disputed, later reopened: the resolve clock starts from there, not from filing."""
    issue = await cast.report(WATER)
    await cast.does(cast.manager, Action.ACCEPT, issue)
    await cast.does(cast.manager, Action.RESOLVE, issue, "修好了")
    cast.world.clock.now = at(11, 26, 9)
    await cast.does(cast.resident, Action.DISPUTE, issue, "还在漏")

    # Four fifths, at 04:12 the next morning, are told at 08:00.
    assert (
        await cast.hear_until(at(11, 27, 8, 30))
        == [
            "11-26 21:00 manager: reminder",
            "11-27 08:00 manager: reminder",
        ][1:]
    )
    await cast.does(cast.manager, Action.RESOLVE, issue, "换了阀门")
    await cast.does(cast.resident, Action.CONFIRM, issue)
    cast.world.clock.now = at(12, 1, 10)
    await cast.does(cast.resident, Action.REOPEN, issue, "又漏了")
    assert await cast.hear_until(at(12, 2, 9)) == ["12-02 08:00 manager: reminder"]
    assert await cast.hear_until(at(12, 2, 10)) != []


async def test_a_compound_has_days_of_its_own(cast: Cast) -> None:
    """Wednesday is off here: the day to accept ends on Thursday; for others, and danger, nothing changes."""
    off = frozenset({date(2026, 11, 25)})
    cast.world.rules = replace(cast.world.rules, own_days={"luzhou-126": OwnDays(off=off)})
    await cast.world.restart()
    there = await cast.world.another_compound()
    async with cast.world.database.transaction() as connection:
        desk = desk_of(cast.world, connection)
        assert not (await desk.calendar(1)).is_workday(date(2026, 11, 25))
        assert (await desk.calendar(there)).is_workday(date(2026, 11, 25))
    await cast.report(PETS)
    await cast.report(LIFT)

    heard = await cast.hear_until(at(11, 26, 10))

    assert [line for line in heard if "leader" in line] == [
        "11-25 08:00 leader: reminder",
        "11-26 08:00 leader: reminder",
        "11-26 10:00 leader: overdue",
    ]
    assert "11-24 10:30 manager: overdue" in heard


# Quiet hours --------------------------------------------------------------------------------------------


async def test_danger_breaks_through_the_night(cast: Cast) -> None:
    """A lift at 22:00 wakes people; a dog waits."""
    cast.world.clock.now = at(11, 24, 22)
    await cast.report(LIFT)
    await cast.report(PETS)

    heard = await cast.hear_until(at(11, 24, 22, 31))

    assert heard[:2] == ["11-24 22:15 manager: reminder", "11-24 22:24 manager: reminder"]
    assert {line.split()[2] for line in heard} == {"manager:", "deputy:", "committee:", "resident:"}


async def test_danger_that_is_only_repeated_lets_people_sleep(cast: Cast) -> None:
    """A lift at 22:00: every rung at its instant, also at night; from then on once a day, at eight."""
    cast.world.clock.now = at(11, 24, 22)
    await cast.report(LIFT)

    heard = await cast.hear_until(at(11, 27, 9))

    assert [line for line in heard if "manager" in line] == [
        "11-24 22:15 manager: reminder",
        "11-24 22:24 manager: reminder",
        "11-24 22:30 manager: overdue",
        "11-24 22:45 manager: overdue",
        "11-24 23:00 manager: overdue",
        "11-24 23:15 manager: overdue",
        *(f"11-{day} 08:00 manager: overdue" for day in (25, 26, 27)),
    ]


async def test_a_late_repeat_of_danger_waits_for_the_morning(cast: Cast) -> None:
    """The bot was down from noon until eleven at night: what it repeats wakes nobody."""
    await cast.report(LIFT)
    await cast.hear_until(at(11, 24, 12))
    await cast.manager.forgets()

    await cast.world.later(hours=35)
    assert cast.manager.new_messages == []

    heard = await cast.hear_until(at(11, 26, 9))
    assert "11-26 08:00 manager: overdue" in heard
    assert len([line for line in heard if "manager" in line]) == 1


async def test_the_night_is_one_message_in_the_morning(cast: Cast) -> None:
    """Five issues fall due at night: at eight one list, nothing before, and each with its button."""
    issues = [await cast.report(PETS) for _ in range(5)]
    await cast.leader.forgets()

    await cast.world.until(8)

    [told] = cast.leader.new_messages
    assert told.startswith("5 件事等着您")
    assert all(issue.number in told for issue in issues)
    assert all(cast.leader.with_button(issue.number) for issue in issues)


async def test_thirty_issues_are_still_one_short_message(cast: Cast) -> None:
    """The most urgent are named first, the others counted; it fits into one message."""
    for _ in range(29):
        await cast.report(PETS, "狗" * 300)
    danger = await cast.report(SUGGESTION)
    await cast.world.rows("UPDATE issues SET urgency = 'danger' WHERE category = 'suggestion'")
    await cast.leader.forgets()

    await cast.world.later(days=1)

    [told] = cast.leader.new_messages
    assert len(told) < 4096
    assert told.startswith("30 件事等着您")
    assert f"还有 {30 - FOLD_MOST} 件" in told
    assert told.index(danger.number) < told.index("261124-001")


async def test_a_late_tick_at_night_still_waits_for_the_morning(cast: Cast) -> None:
    """Due in the afternoon, but the bot was down until 23:00: told at eight."""
    await cast.report(WATER)
    await cast.manager.forgets()

    await cast.world.later(hours=13)
    assert cast.manager.new_messages == []

    assert [line.split()[1] for line in await cast.hear_until(at(11, 25, 9))] == ["08:00"] * 6


async def test_what_could_not_be_told_by_day_waits_for_the_morning(cast: Cast) -> None:
    """Fired at 11:00, but the process died before it could speak and is back at 23:00."""
    await cast.report(WATER)
    cast.world.clock.now = at(11, 24, 11)
    async with cast.world.database.transaction() as connection:
        assert await fire_one(desk_of(cast.world, connection))
    cast.world.clock.now = at(11, 24, 23)
    await cast.manager.forgets()

    await cast.world.tick()

    assert cast.manager.new_messages == []
    assert await cast.hear_until(at(11, 25, 9)) != []


async def test_accepting_before_eight_takes_back_what_was_waiting(cast: Cast) -> None:
    """Who accepts at seven is not asked at eight to accept; who hands it on is not asked at all."""
    kept, handed_on = await cast.report(PETS), await cast.report(NOISE)
    cast.world.clock.now = at(11, 25, 7)
    await cast.world.tick()
    await cast.does(cast.leader, Action.ACCEPT, kept)
    await cast.does(cast.leader, Action.TRANSFER, handed_on, to=cast.secretary)

    assert await cast.hear_until(at(11, 25, 9)) == []


@pytest.mark.parametrize("end", [Action.RESOLVE, Action.WITHDRAW, Action.REJECT])
async def test_nothing_more_is_said_once_it_has_ended(cast: Cast, end: Action) -> None:
    """Resolved or closed at seven: neither what waits for eight nor any later rung is told."""
    issue = await cast.report(PETS)
    await cast.does(cast.leader, Action.ACCEPT, issue)
    cast.world.clock.now = at(12, 9, 7)
    await cast.world.tick()
    assert await cast.world.rows("SELECT id FROM notices") != []

    who = cast.resident if end == Action.WITHDRAW else cast.leader
    await cast.does(who, end, issue, "说明")

    assert await cast.world.rows("SELECT id FROM notices") == []
    assert await cast.hear_until(at(12, 15, 12)) == []


async def test_who_left_the_committee_overnight_hears_nothing(cast: Cast) -> None:
    """An escalation that waits for the morning does not reach somebody whose post has ended."""
    await cast.report(PETS)
    await cast.hear_until(at(11, 25, 23))
    await cast.world.rows(
        "UPDATE appointments SET ends_at = 1"
        " WHERE post_id IN (SELECT id FROM posts WHERE kind = 'owners_committee_director')"
    )

    assert await cast.hear_until(at(11, 26, 9)) == ["11-26 08:00 leader: overdue"]


# Downtime and clocks that jump --------------------------------------------------------------------------


async def test_three_days_of_downtime_are_one_message_for_each(cast: Cast) -> None:
    """Everybody hears once, of the latest; the history still knows each rung and has the last repeat only."""
    issue = await cast.report(PETS)
    for phone in cast.phones.values():
        await phone.forgets()

    await cast.world.later(days=3)

    assert await rungs(cast.world, issue) == ["remind"] * 2 + ["escalate"] * 4
    told = {word: [sign(text) for text in phone.new_messages] for word, phone in cast.phones.items()}
    assert told == {
        "leader": ["overdue"],
        "deputy": ["escalation"],
        "committee": ["outward"],
        "director": ["outward"],
        "secretary": ["outward"],
        "manager": [],
        "resident": ["late"],
    }


async def test_a_month_of_downtime_is_one_repeat(cast: Cast) -> None:
    """The daily repeats nobody was there to send are not made up for."""
    issue = await cast.report(LIFT)

    await cast.world.later(days=30)

    assert await rungs(cast.world, issue) == ["remind"] * 2 + ["escalate"] * 5
    assert (await cast.hear_until(at(12, 25, 12)))[0].startswith("12-25 08:00")


async def test_while_telegram_is_away_messages_do_not_pile_up(cast: Cast) -> None:
    """The bot runs, the network does not: when it is back, one message waits, and one more follows."""
    issue = await cast.report(LIFT)
    await cast.manager.forgets()
    for _ in range(8):
        cast.world.clock.now += timedelta(minutes=10)
        await cast.world.app.jobs.tick()
    assert len(await rungs(cast.world, issue)) == 6

    await cast.world.tick()
    assert [sign(text) for text in cast.manager.new_messages] == ["reminder", "overdue"]


async def test_a_clock_that_jumps_says_nothing_twice_and_loses_nothing(cast: Cast) -> None:
    """A day back, then forward again: the same rungs as if nothing had happened."""
    issue = await cast.report(WATER)
    heard = await cast.hear_until(at(11, 24, 12, 30))
    for jump in (-1, 1, -1, 1):
        for phone in cast.phones.values():
            await phone.forgets()
        await cast.world.later(days=jump)
        assert not any(phone.new_messages for phone in cast.phones.values())

    heard += await cast.hear_until(at(11, 25, 10))

    assert heard == with_repeats(OPEN_FOR_EVER, WATER, at(11, 25, 10))
    assert len(await rungs(cast.world, issue)) == 6


# Exactly once -------------------------------------------------------------------------------------------


class PowerCut(Exception):
    """The lights go out."""


@pytest.mark.parametrize("step", [fire_one, tell_one])
async def test_a_crash_before_the_commit_changes_nothing(
    cast: Cast, step: Callable[[Desk], Awaitable[bool]]
) -> None:
    """The step is done again after the restart, and people hear once."""
    issue = await cast.report(LIFT)
    cast.world.clock.now += timedelta(minutes=16)
    if step is tell_one:
        async with cast.world.database.transaction() as connection:
            assert await fire_one(desk_of(cast.world, connection))
    await cast.manager.forgets()

    async def cut() -> None:
        async with cast.world.database.transaction() as connection:
            desk = desk_of(cast.world, connection)
            assert await step(desk)
            await desk.send()
            raise PowerCut

    with pytest.raises(PowerCut):
        await cut()
    await cast.world.restart()
    await cast.world.tick()
    await cast.world.tick()

    assert [sign(text) for text in cast.manager.new_messages] == ["reminder"]
    assert await rungs(cast.world, issue) == ["remind"]


async def test_two_processes_on_one_database_say_it_once(cast: Cast) -> None:
    """Both tick at the same moments, each with its own connection."""
    issues = [await cast.report(LIFT) for _ in range(4)]
    assert isinstance(cast.world.database, SqliteDatabase)
    other = await SqliteDatabase.open(cast.world.database.path)
    try:
        both = [
            Jobs(base, TEXTS, cast.world.rules, cast.world.clock) for base in (cast.world.database, other)
        ]
        for _ in range(12):
            cast.world.clock.now += timedelta(minutes=7)
            for phone in cast.phones.values():
                await phone.forgets()
            await asyncio.gather(*(jobs.tick() for jobs in both))
            await cast.world.settle()
            assert all(len(phone.new_messages) <= 1 for phone in cast.phones.values())
    finally:
        await other.close()

    for issue in issues:
        assert await rungs(cast.world, issue) == ["remind"] * 2 + ["escalate"] * 4


async def test_a_thing_told_makes_room_for_the_next(cast: Cast) -> None:
    """Rungs a day apart are never taken for one another, however the rows of the database are numbered."""
    await cast.report(LIFT)

    heard = await cast.hear_until(at(11, 26, 12))

    assert [line for line in heard if "secretary" in line] == [
        "11-24 11:00 secretary: escalation",
        "11-24 11:15 secretary: outward",
        "11-25 08:00 secretary: outward",
        "11-26 08:00 secretary: outward",
    ]


async def test_a_row_that_fails_stops_no_other(cast: Cast) -> None:
    """What cannot be acted on is put aside and the operator told once a day; the others go on."""
    operator = await cast.world.with_operator()
    broken, sound = await cast.report(PETS), await cast.report(NOISE)
    await cast.world.rows("UPDATE issues SET clock_kind = 'sundial' WHERE category = 'pets'")
    await cast.leader.forgets()
    await operator.forgets()

    await cast.world.later(days=1)
    await cast.world.later(minutes=20)

    assert await rungs(cast.world, sound) == ["remind", "remind", "escalate"]
    assert [sign(text) for text in cast.leader.new_messages] == ["overdue"]
    [told] = operator.new_messages
    assert f"事项 {broken.id}" in told
    await cast.world.rows("UPDATE issues SET clock_kind = 'always' WHERE category = 'pets'")
    await cast.world.later(minutes=20)
    assert await rungs(cast.world, broken) == ["remind", "remind", "escalate"]


async def test_a_message_that_fails_holds_up_no_other(cast: Cast) -> None:
    """One of the issues in a list cannot be worded: a little later the others are told without it."""
    operator = await cast.world.with_operator()
    sound = [await cast.report(PETS) for _ in range(2)]
    broken = await cast.report(NOISE)
    await cast.hear_until(at(11, 25, 6))
    await cast.world.rows("UPDATE issues SET clock_kind = 'sundial' WHERE category = 'noise'")
    await cast.leader.forgets()
    await operator.forgets()

    await cast.world.later(hours=2)
    assert cast.leader.new_messages == []
    await cast.world.live_through(timedelta(minutes=1), minutes=20)

    assert [text.split()[1] for text in cast.leader.new_messages] == [issue.number for issue in sound]
    assert f"事项 {broken.id}" in operator.last_message


# To whom ------------------------------------------------------------------------------------------------


async def test_an_empty_level_is_answered_for_by_the_next(world: World) -> None:
    """Only the leader and the secretary are there: the secretary hears every escalation."""
    leader, secretary = await world.leader_of("3"), await world.holder(PostKind.BRANCH_SECRETARY)
    cast = Cast(
        world,
        dict.fromkeys(("deputy", "committee", "director", "manager"), secretary)
        | {"leader": leader, "secretary": secretary, "resident": await world.resident("3")},
    )
    await leader.presses("同意")
    await cast.report(PETS)
    await secretary.forgets()

    await world.live_through(timedelta(hours=2), days=3)

    assert [sign(text) for text in secretary.new_messages] == ["escalation"] * 3 + ["outward"]
    first, second, third, _ = secretary.new_messages
    assert "自管委那里没有人能收到，所以报给您" in first
    assert "业委会主任那里没有人能收到，所以报给您" in second
    assert "没有人能收到" not in third


async def test_a_level_that_handles_it_is_no_level_above(cast: Cast) -> None:
    """The director's own issue: where the director would be told, the secretary is."""
    await cast.report("property_service")

    heard = await cast.hear_until(at(11, 27, 11))

    assert "11-27 10:00 director: overdue" in heard
    assert "11-27 10:00 secretary: escalation" in heard
    # The level is not empty: it is the director's own.
    assert "没有人能收到" not in cast.secretary.last_message


async def test_whom_it_is_about_hears_nothing(cast: Cast) -> None:
    """A complaint about the leader, who also sits on the committee: not a word on any rung (C10)."""
    await cast.world.rows(
        "INSERT INTO appointments (post_id, person_id, starts_at)"
        " SELECT committee.id, appointments.person_id, 1"
        " FROM posts AS committee, appointments JOIN posts ON posts.id = appointments.post_id"
        " WHERE committee.kind = 'self_management_committee'"
        " AND posts.kind = 'building_leader' AND posts.building_id = 3"
    )
    await cast.report(PETS, about_handler=True)

    heard = await cast.hear_until(at(11, 30, 10))

    assert heard
    assert not any("leader" in line for line in heard)


async def test_who_cannot_be_reached_stops_nobody(cast: Cast) -> None:
    """The leader has blocked the bot: the ladder goes on to those above, who learn whom to ask."""
    await cast.report(PETS)
    cast.leader.user.blocks_bot()
    await cast.hear_until(at(11, 25, 8))
    assert await cast.world.rows("SELECT id FROM accounts WHERE unreachable_since IS NOT NULL") != []

    heard = await cast.hear_until(at(11, 26, 9))

    assert heard == [
        "11-25 10:00 deputy: escalation",
        "11-25 10:00 committee: escalation",
        "11-25 10:00 resident: late",
        "11-26 08:00 director: escalation",
    ]
    assert "楼栋长" in cast.director.last_message


async def test_the_text_to_send_on_is_in_a_list_too(cast: Cast) -> None:
    """Two issues at the last rung are one list, from which the text of each can be had."""
    first, _ = await cast.report(LIFT, "电梯困人"), await cast.report(LIFT, "电梯异响")
    await cast.hear_until(at(11, 24, 11, 16))
    assert cast.secretary.last_message.startswith("2 件事")

    await cast.secretary.presses("可转发的话")

    assert "请协助处理" in cast.secretary.last_message
    message, button = cast.secretary.with_button("可转发的话")
    assert button.data
    await cast.does(cast.resident, Action.WITHDRAW, first)
    cast.secretary.user.presses(None, message.id, button.data)
    await cast.world.settle()
    await cast.manager.forges(button.data)
    assert not cast.manager.sees("请协助处理")


# What it says -------------------------------------------------------------------------------------------


async def test_each_message_says_why_it_comes_and_what_to_tap(cast: Cast) -> None:
    """Before and after the time is over, to accept and to resolve, to the handler and to those above."""
    issue = await cast.report(WATER, "三栋停水")
    await cast.hear_until(at(11, 24, 11))
    assert "还没接单，时间过了 50%。请在 11月24日（周二）12:00 前点「接单」" in cast.manager.last_message
    assert cast.manager.may_press("接单")
    await cast.hear_until(at(11, 24, 12))
    assert (
        "接单时限到了，报上来 2 小时 了。副楼栋长、自管委也知道了。请点「接单」" in cast.manager.last_message
    )
    assert "还没接单，接单时限到了，报上来 2 小时 了。" in cast.committee.last_message
    assert "您是副手" in cast.deputy.last_message
    assert "我告诉了副楼栋长、自管委" in cast.resident.last_message
    assert "转交" in cast.committee.last_message
    assert cast.committee.may_press("转交")
    assert "转交" not in cast.deputy.last_message

    await cast.manager.presses("接单")
    await cast.hear_until(at(11, 25, 8))
    # Twenty-two of twenty-four hours by the time it may be said.
    assert (
        "还没办完，时间过了 91%，还剩 2 小时。请在 11月25日（周三）10:00 前办好，点「办结」"
        in cast.manager.last_message
    )
    assert cast.manager.may_press("办结")
    await cast.hear_until(at(11, 25, 10))
    assert "还没办好，办结时限到了，报上来 1 天" in cast.manager.last_message
    assert "还没办好，办结时限到了，报上来 1 天" in cast.deputy.last_message
    await cast.hear_until(at(11, 26, 8))
    assert "办结时限已过 1.5 倍" in cast.manager.last_message
    assert "自管委催过，还没动静，请您过问一下。要换人办，点「转交」" in cast.director.last_message
    await cast.hear_until(at(11, 26, 10))
    assert "时限已过 2 倍" in cast.secretary.last_message
    assert "请书记协调一下" in cast.secretary.last_message
    await cast.hear_until(at(11, 27, 8))
    assert "时限已过 2.5 倍" in cast.secretary.last_message
    assert "请协助处理。编号 " + issue.number in cast.secretary.last_message
    assert "三栋停水" in cast.secretary.last_message
    await cast.hear_until(at(11, 28, 8))
    # Every day the same, in two lines; the text to send on is a tap away.
    assert "请协助处理" not in cast.secretary.last_message
    assert "还没解决，报上来 3 天 了" in cast.secretary.last_message
    assert cast.secretary.may_press("可转发的话")
    assert "还没办好，报上来 3 天 了。办好了点「办结」，办不了就转交。" in cast.manager.last_message


async def test_what_is_told_can_be_opened_and_handed_on(cast: Cast) -> None:
    """The deputy opens the card; the committee gives the issue to somebody else with two taps."""
    await cast.report(PETS)
    await cast.hear_until(at(11, 25, 10))

    await cast.deputy.presses("打开这件事")
    assert "有狗没拴" in cast.deputy.last_message
    await cast.committee.presses("转交", "副楼栋长")

    assert (await cast.world.issue()).handler_id == await person(cast.deputy)


async def test_nobody_above_is_claimed_to_know_when_nobody_does(world: World) -> None:
    """The secretary alone in the compound is not told that somebody above knows."""
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    cast = Cast(
        world,
        dict.fromkeys(("leader", "deputy", "committee", "director", "manager", "secretary"), secretary)
        | {"resident": await world.resident("3")},
    )
    await cast.report(PETS)

    await world.later(days=1)

    assert "时限到了" in secretary.last_message
    assert "知道了" not in secretary.last_message


# Seven silent days --------------------------------------------------------------------------------------


async def resolved(cast: Cast, when: datetime, category: str = PETS) -> Issue:
    """An issue whose handler says at that time that it is done."""
    issue = await cast.report(category)
    handler = cast.manager if category == LIFT else cast.leader
    await cast.does(handler, Action.ACCEPT, issue)
    cast.world.clock.now = when
    await cast.does(handler, Action.RESOLVE, issue, "办好了")
    return await cast.world.issue(issue.id)


async def test_seven_silent_days_end_it(cast: Cast) -> None:
    """To the minute, recorded as no reply; the reporter hears at once, by day."""
    await resolved(cast, at(11, 24, 15))

    await cast.world.later(days=7, microseconds=-1)
    assert (await cast.world.issue()).state == "resolved"
    await cast.world.later(microseconds=1)

    closed = await cast.world.issue()
    assert (closed.state, closed.closed_how, closed.closed_at) == ("closed", "no_reply", at(12, 1, 15))
    assert "先结案了" in cast.resident.last_message
    assert cast.resident.may_press("重办")


@pytest.mark.parametrize("category", [PETS, LIFT])
async def test_it_ends_at_night_but_wakes_nobody(cast: Cast, category: str) -> None:
    """Resolved at 23:00: closed a week later to the minute, told at eight, even if it was danger once."""
    await resolved(cast, at(11, 24, 23), category)
    await cast.resident.forgets()

    await cast.world.later(days=7)
    assert (await cast.world.issue()).closed_at == at(12, 1, 23)
    assert cast.resident.new_messages == []
    await cast.world.until(8)

    [told] = cast.resident.new_messages
    assert "先结案了" in told


async def test_reopened_before_eight_is_not_told_that_it_ended(cast: Cast) -> None:
    """The reporter sees it in the night and asks for more: at eight nothing says that it is closed."""
    issue = await resolved(cast, at(11, 24, 23))
    await cast.world.later(days=7)
    await cast.does(cast.resident, Action.REOPEN, issue, "没好")
    await cast.resident.forgets()

    await cast.world.until(8)

    assert cast.resident.new_messages == []


async def test_several_that_end_in_one_night_are_one_message(cast: Cast) -> None:
    """One list in the morning."""
    for _ in range(3):
        await resolved(cast, at(11, 24, 23))
    await cast.resident.forgets()

    await cast.world.later(days=7)
    await cast.world.until(8)

    [told] = cast.resident.new_messages
    assert told.count("先结案了") == 3


async def test_a_word_of_the_reporter_begins_the_days_anew(cast: Cast) -> None:
    """Who writes on the sixth day was not silent."""
    issue = await resolved(cast, at(11, 24, 15))
    await cast.world.later(days=6)
    await cast.does(cast.resident, Action.REPLY, issue, "我再看两天")

    await cast.world.later(days=1)
    assert (await cast.world.issue()).state == "resolved"
    await cast.world.later(days=6)

    assert (await cast.world.issue()).closed_how == "no_reply"


# Whatever happens ---------------------------------------------------------------------------------------

STARTS = {"file", "accept", "transfer", "decline", "dispute", "reopen"}
HOURS = st.integers(-40, 200)
DEEDS = st.sampled_from(("accept", "transfer", "redo", "nudge"))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    category=st.sampled_from([PETS, WATER, LIFT, SUGGESTION]),
    steps=st.lists(st.one_of(HOURS, DEEDS), min_size=1, max_size=7),
)
async def test_every_rung_once_and_none_lost(cast: Cast, category: str, steps: list[int | str]) -> None:
    """Clocks that jump and people who act in any order: each run of a clock climbs each of its rungs once."""
    world = cast.world
    issue = await cast.report(category)
    began = latest = world.clock.now
    for step in steps:
        for phone in cast.phones.values():
            await phone.forgets()
        if isinstance(step, int):
            await world.later(hours=step)
            latest = max(latest, world.clock.now)
            told = [
                [text for text in phone.new_messages if sign(text) in SIGNS.values()]
                for phone in cast.phones.values()
            ]
            assert all(len(messages) <= 1 for messages in told)
        elif await does_something(cast, step, issue):
            began = latest = world.clock.now
        climbed = await stages_of_each_run(world, issue)
        assert all(len(set(run)) == len(run) for run in climbed)
        assert climbed[-1] == await expected_stages(world, issue, began, latest)
    await cast.does(cast.resident, Action.WITHDRAW, issue)


async def does_something(cast: Cast, deed: str, issue: Issue) -> bool:
    """Do it, if it can be done now; whether another run of a clock has begun."""
    now = await cast.world.issue(issue.id)
    people = {await person(phone): phone for phone in cast.phones.values()}
    handler = people[now.handler_id]
    if deed == "accept" and now.state == "open":
        await cast.does(handler, Action.ACCEPT, issue)
    elif deed == "transfer":
        await cast.does(
            handler, Action.TRANSFER, issue, to=cast.leader if handler is cast.secretary else cast.secretary
        )
    elif deed == "redo" and now.state == "accepted":
        await cast.does(handler, Action.RESOLVE, issue, "好了")
        await cast.does(cast.resident, Action.DISPUTE, issue, "没好")
    else:
        return False
    return True


async def stages_of_each_run(world: World, issue: Issue) -> list[list[int]]:
    """The percentages told, by run of a clock, in order."""
    runs: list[list[int]] = []
    for row in await world.rows("SELECT issue_id, action, facts FROM issue_events ORDER BY id"):
        facts = json.loads(row["facts"])
        if row["issue_id"] != issue.id:
            continue
        if row["action"] in STARTS:
            runs.append([])
        elif row["action"] in RUNG and facts["percent"] is not None:
            runs[-1].append(facts["stage"])
    return runs


async def expected_stages(world: World, issue: Issue, began: datetime, latest: datetime) -> list[int]:
    """The percentages that fell due after this run began, up to the latest moment anybody looked."""
    async with world.database.transaction() as connection:
        desk = desk_of(world, connection)
        now = await desk.store.issues.get(issue.id)
        assert now is not None
        clock = await clock_of(desk, now)
    found = []
    for stage in range(len(world.rules.ladder.percents)):
        due = instant_of(stage, clock, None)
        assert due is not None
        if began < due <= latest:
            found.append(stage)
    return found


async def test_a_lamp_reported_at_night_wakes_nobody(world: World) -> None:
    """The card comes without a sound; the reporter, who is awake, hears the answer; danger rings."""
    await world.leader_of("3")
    resident = await world.resident("3", "2")
    await world.until(23)
    heard = len(world.telegram.calls)
    await resident.reports("楼道灯坏了", "照明")
    sent = [
        call.parameters for call in list(world.telegram.calls)[heard:] if call.method.lower() == "sendmessage"
    ]
    own = str(resident.user.id)
    silent = [call.get("disable_notification") for call in sent if str(call["chat_id"]) != own]
    assert silent
    assert all(silent)
    assert not any(call.get("disable_notification") for call in sent if str(call["chat_id"]) == own)
    heard = len(world.telegram.calls)
    await resident.reports("电梯坏了，门关不上", "电梯")
    sent = [
        call.parameters for call in list(world.telegram.calls)[heard:] if call.method.lower() == "sendmessage"
    ]
    assert not any(call.get("disable_notification") for call in sent)


async def test_the_clock_passes_on_what_nobody_in_office_has(cast: Cast) -> None:
    """An import ended the leader's post: at the next rung the deputy gets it, with a fresh clock."""
    issue = await cast.report(SUGGESTION)
    await cast.world.vacate(PostKind.BUILDING_LEADER, "3")

    heard = await cast.hear_until(at(11, 25, 10))

    assert any(line.startswith("11-25 10:00 resident: ↪") for line in heard)
    assert not any("reminder" in line or "escalation" in line for line in heard)
    issue = await cast.world.issue(issue.id)
    assert (issue.handler_id, issue.assigned_at) == (await person(cast.deputy), at(11, 25, 10))
    assert "您不用管了" in cast.leader.last_message
