"""What the three rates count, rule by rule, on both engines."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.posts import Place
from bot.domain.rates import Figures
from bot.domain.transitions import State
from bot.storage.directory import Directory
from bot.storage.engine import Database
from bot.storage.rates import By, Recurring
from bot.storage.store import Store
from tests.issues import put_issue

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)
DAY = timedelta(days=1)
REPORTER, LEADER, DEPUTY = 1, 2, 3


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a compound of two buildings with three people; a second compound beside it."""
    async with database.transaction() as connection:
        directory = Directory(connection)
        for code in ("a", "b"):
            await directory.put_compound(code, code, "UTC", "zh_CN")
        await directory.put_buildings(1, {"3": "3号楼", "4": "4号楼"})
        await directory.put_entrances({(1, "2"): "2单元"})
        store = Store(connection)
        for _ in range(3):
            await store.people.new(BEGIN)
        yield store


async def file(
    store: Store,
    at: datetime,
    *,
    place: Place | None = None,
    category: str = "lighting",
    handler: int = LEADER,
    is_private: bool = False,
) -> int:
    """An issue of the reporter, filed then; nothing is noted of it yet."""
    place = place or Place("entrance", 1, 1, 1)
    return await put_issue(store, at, place, REPORTER, handler, category=category, is_private=is_private)


async def counted(store: Store, begin: datetime = BEGIN, end: datetime = END) -> Figures:
    """The first compound's figures without what was filed."""
    found = await store.rates.figures(1, begin, end)
    return found.get("", Figures())


async def given(
    store: Store,
    at: datetime,
    *,
    accepted: datetime | None = None,
    ended: datetime | None = None,
    by: int | None = None,
    handler: int = LEADER,
    due: datetime | None = None,
) -> None:
    """An assignment, due a day later, of an issue filed long ago."""
    issue_id = await file(store, BEGIN - 365 * DAY, handler=handler)
    await store.rates.assign(issue_id, handler, "building_leader", due or at + DAY, at)
    if accepted:
        await store.rates.accept(issue_id, accepted)
    if ended:
        await store.rates.end(issue_id, by, ended)


NOON = BEGIN + 5 * DAY


@pytest.mark.parametrize(
    ("how", "due", "in_time"),
    [
        ({"accepted": NOON + timedelta(hours=1)}, 1, 1),
        ({"accepted": NOON + DAY}, 1, 1),
        ({"accepted": NOON + DAY + timedelta(microseconds=1)}, 1, 0),
        ({}, 1, 0),
        ({"ended": NOON + timedelta(hours=2), "by": LEADER}, 1, 1),
        ({"ended": NOON + 2 * DAY, "by": LEADER}, 1, 0),
        ({"ended": NOON + timedelta(hours=2), "by": None}, 0, 0),
        ({"ended": NOON + timedelta(hours=2), "by": REPORTER}, 0, 0),
        ({"ended": NOON + timedelta(hours=2), "by": DEPUTY}, 0, 0),
        ({"ended": NOON + 2 * DAY, "by": None}, 1, 0),
        ({"accepted": NOON + timedelta(hours=1), "ended": NOON + timedelta(hours=2), "by": None}, 1, 1),
        ({"handler": REPORTER, "accepted": NOON + timedelta(hours=1)}, 0, 0),
    ],
)
async def test_what_counts_as_a_response(
    store: Store, how: dict[str, datetime | int | None], due: int, in_time: int
) -> None:
    """Accepted, handed on, taken away: in time, late, or not counted at all."""
    await given(store, NOON, **how)  # type: ignore[arg-type]  # a table of keyword arguments
    found = await counted(store)
    assert (found.due, found.in_time) == (due, in_time)


async def test_a_response_counts_in_the_month_it_is_known(store: Store) -> None:
    """When it was answered in time, else when its time had passed: later deeds change nothing."""
    await given(store, END - timedelta(hours=2), accepted=END + timedelta(hours=1))
    await given(store, END - timedelta(hours=40), accepted=END + 3 * DAY)
    december = await counted(store, END, END + 31 * DAY)
    november = await counted(store)
    assert (november.due, november.in_time, december.due, december.in_time) == (1, 0, 1, 1)
    # While its time has not passed, nothing can be said.
    assert (await counted(store, BEGIN, END - timedelta(hours=20))).due == 0


async def test_another_urgency_moves_what_is_due_but_not_what_was_missed(store: Store) -> None:
    """Danger leaves less time; what had passed stays passed."""
    for shift in (timedelta(hours=2), 2 * DAY):
        issue_id = await file(store, BEGIN - 365 * DAY)
        await store.rates.assign(issue_id, LEADER, "building_leader", NOON + DAY, NOON)
        await store.rates.put_off(issue_id, NOON + shift + timedelta(hours=1), NOON + shift)
    assert (await counted(store, BEGIN, NOON + timedelta(hours=4))).due == 1
    assert (await counted(store, BEGIN, NOON + 2 * DAY)).due == 2


async def judged(
    store: Store, at: datetime, answer: str, actor: int | None = REPORTER, *, is_own: bool = False
) -> int:
    """An issue whose reporter was asked a day before and answers then."""
    issue_id = await file(store, BEGIN - 365 * DAY)
    await store.rates.ask(issue_id, LEADER, "building_leader", at - DAY, is_own=is_own)
    await store.rates.answer(issue_id, answer, actor, at)
    return issue_id


@pytest.mark.parametrize(
    ("answer", "actor", "is_own", "expected"),
    [
        ("confirmed", REPORTER, False, Figures(done=1, asked=1, fixed=1, closed=1, unrated=1)),
        ("confirmed", DEPUTY, False, Figures(done=1, asked=1, fixed=1, closed=1, unrated=1)),
        ("confirmed", LEADER, False, Figures(done=1)),
        ("confirmed", REPORTER, True, Figures(done=1)),
        ("no_reply", None, False, Figures(done=1, asked=1, no_reply=1, closed=1, unrated=1)),
        ("disputed", REPORTER, False, Figures(asked=1)),
    ],
)
async def test_what_counts_as_solved(
    store: Store, answer: str, actor: int | None, is_own: bool, expected: Figures
) -> None:
    """Confirmed by somebody else than the handler; silence is a share of its own."""
    await judged(store, NOON, answer, actor, is_own=is_own)
    assert await counted(store) == expected
    assert await counted(store, END, END + 31 * DAY) == Figures()


async def test_what_is_reopened_was_not_solved(store: Store) -> None:
    """In the same month once; a month later there, and the month before stays as it was told."""
    soon = await judged(store, NOON, "confirmed")
    late = await judged(store, END - DAY, "no_reply")
    await store.rates.take_back(soon, NOON + DAY)
    await store.rates.take_back(late, END + DAY)
    november, december = await counted(store), await counted(store, END, END + 31 * DAY)
    assert (november.asked, november.fixed, november.no_reply, november.done) == (2, 0, 1, 1)
    assert (december.asked, december.fixed, december.no_reply, december.done) == (1, 0, 0, 0)


async def test_satisfaction_is_of_those_who_said_so(store: Store) -> None:
    """When it was said; never one's own word for oneself; the latest closing is what is rated."""
    for rating, at in (("satisfied", NOON), ("fair", NOON), ("dissatisfied", NOON), ("satisfied", END)):
        await store.rates.rate(await judged(store, NOON, "confirmed"), rating, at)
    await store.rates.rate(await judged(store, NOON, "confirmed", LEADER), "satisfied", NOON)
    twice = await judged(store, NOON, "disputed")
    await store.rates.ask(twice, LEADER, "building_leader", NOON, is_own=False)
    await store.rates.answer(twice, "confirmed", REPORTER, NOON)
    await store.rates.rate(twice, "fair", NOON)
    found = await counted(store)
    assert (found.rated, found.satisfied, found.fair) == (4, 1, 2)
    assert (found.closed, found.unrated) == (5, 1)
    assert (await counted(store, END, END + DAY)).rated == 1


async def test_by_building_leader_and_category(store: Store) -> None:
    """Each line counts its own; together they are all; nothing crosses compounds."""
    common = Place("common_area", 1)
    for at, place, category, handler in (
        (BEGIN, None, "lighting", LEADER),
        (END - DAY, Place("building", 1, 2), "parking", DEPUTY),
        (NOON, common, "lighting", DEPUTY),
        (END, common, "lighting", DEPUTY),
        (BEGIN - timedelta(microseconds=1), common, "lighting", DEPUTY),
        (NOON, Place("common_area", 2), "lighting", DEPUTY),
    ):
        issue_id = await file(store, at, place=place, category=category, handler=handler)
        await store.rates.assign(issue_id, handler, "building_leader", at + DAY, at)
        await store.rates.accept(issue_id, at)
    one = Figures(filed=1, due=1, in_time=1)
    ways: tuple[By, ...] = ("", "building", "leader", "category")
    by = {way: await store.rates.figures(1, BEGIN, END, way) for way in ways}
    assert by[""] == {"": Figures(filed=3, due=3, in_time=3)}
    assert by["building"] == {"1": one, "2": one, "0": one}
    assert by["category"] == {"lighting": Figures(filed=2, due=2, in_time=2), "parking": one}
    assert by["leader"] == {
        f"{LEADER}:building_leader": Figures(due=1, in_time=1),
        f"{DEPUTY}:building_leader": Figures(due=2, in_time=2),
    }
    mine = await store.rates.figures(1, BEGIN, END, handler_id=DEPUTY)
    assert mine == {"": Figures(due=2, in_time=2)}
    assert await store.rates.figures(1, BEGIN, END, building_id=2) == {"": one}
    assert await store.rates.first_filed(1) == BEGIN - timedelta(microseconds=1)
    assert [row.category for row in await store.rates.filed(1, BEGIN, END, 2)] == ["lighting", "lighting"]


async def test_what_comes_up_again_and_again(store: Store) -> None:
    """The same place and category; private matters and duplicates are no pattern, nor is the rest."""
    building = Place("building", 1, 2)
    first = await file(store, NOON)
    for category, place, count in (("lighting", None, 2), ("parking", building, 4), ("hygiene", building, 2)):
        for _ in range(count):
            await file(store, NOON, category=category, place=place)
    for _ in range(3):
        await file(store, NOON, category="other")
        await file(store, NOON, category="noise", is_private=True)
        issue = await store.issues.get(await file(store, NOON, category="pets"))
        assert issue is not None
        await store.issues.save(replace(issue, duplicate_of=first))
    assert await store.rates.recurring(1, BEGIN, END, 3, 9) == [
        Recurring(2, None, "parking", 4),
        Recurring(1, 1, "lighting", 3),
    ]
    assert await store.rates.recurring(1, BEGIN, END, 3, 1) == [Recurring(2, None, "parking", 4)]


@pytest.mark.parametrize(
    ("stage", "due_in", "state", "count"),
    [(1, -1, "open", 0), (2, 1, "open", 0), (2, 0, "open", 1), (3, 1, "accepted", 1), (5, 1, "resolved", 0)],
)
async def test_what_is_late_now(store: Store, stage: int, due_in: int, state: str, count: int) -> None:
    """From the first escalation on, as long as it is not done."""
    issue = await store.issues.get(await file(store, NOON))
    assert issue is not None
    await store.issues.save(replace(issue, state=State(state)))
    await store.dues.put(issue.id, "ladder", NOON + due_in * DAY, stage)
    await store.dues.put(issue.id, "lapse", NOON - DAY, 9)
    assert await store.rates.overdue(1, 2, NOON) == count
    assert await store.rates.overdue(2, 2, NOON) == 0
