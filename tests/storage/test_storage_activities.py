"""Activities and signups as rows on both engines, and seats under a rush: never one too many, nobody lost."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.actions import activities as actions
from bot.actions.activity_cards import REDRAW
from bot.actions.desk import Desk, Rules
from bot.domain.audiences import COMPOUND, Audience
from bot.domain.errors import Refused
from bot.domain.posts import PostKind
from bot.domain.signups import LIVE, Action, Party, State
from bot.storage.activities import Activity, Event, Shown, Signup
from bot.storage.directory import Directory, PostText
from bot.storage.engine import Connection, Database, to_micros
from bot.storage.mailboxes import Intent, Lane, Mail
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from tests.engines import ask
from tests.world import TEXTS

NOW = datetime(2026, 10, 12, 2, 0, 0, 123_456, tzinfo=UTC)
STARTS = NOW + timedelta(days=6)
HOUR = timedelta(hours=1)
DANCE = Activity(
    id=0,
    compound_id=1,
    interest_group_id=None,
    author_id=1,
    author_post="branch_secretary",
    state="open",
    title="重阳节舞会 💃",
    place="广场",
    about="带上水杯",
    photo="file-1",
    starts_at=STARTS,
    ends_at=STARTS + 2 * HOUR,
    deadline_at=STARTS - HOUR,
    capacity=30,
    per_household=3,
    hold=12 * HOUR,
    audience=Audience((COMPOUND,)),
    version=0,
    check_in_code="code-1",
)


async def furnish(connection: Connection, people: int) -> list[int]:
    """A compound with a unit for each of so many owners who have been let in: their ids."""
    store, directory = Store(connection), Directory(connection)
    await directory.put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
    await directory.put_buildings(1, {"3": "3号楼"})
    await directory.put_units({(1, None, str(number)): None for number in range(people)})
    found = [await store.people.new(NOW) for _ in range(people)]
    await directory.put_posts(1, {(PostKind.OWNERS_COMMITTEE_DIRECTOR, None, None): PostText()})
    await store.posts.appoint(1, found[0], NOW)
    for number, person_id in enumerate(found):
        await store.people.put_details(person_id, f"住户{number}", "")
        residency_id, _ = await store.people.ask_residency(person_id, number + 1, "owner", NOW)
        await store.people.decide_residency(residency_id, "approved", person_id, NOW)
    return found


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a compound with three people."""
    async with database.transaction() as connection:
        await furnish(connection, 3)
        yield Store(connection)


async def test_an_activity_comes_back_as_it_was_put(store: Store) -> None:
    """Field by field, by id and by code; changes are kept, a draft is not among what is coming."""
    activity_id = await store.activities.put(DANCE, NOW)
    assert activity_id == 1
    kept = replace(DANCE, id=1)
    assert await store.activities.get(1) == await store.activities.locked(1) == kept
    assert await store.activities.by_code("code-1") == 1
    assert await store.activities.by_code("nothing") is None
    assert await store.activities.get(2) is None
    moved = replace(
        kept, title="舞会", place="活动室", about="", photo="", starts_at=STARTS + HOUR, ends_at=None,
        deadline_at=None, capacity=None, per_household=None, state="draft", version=1,
    )  # fmt: skip
    await store.activities.change(moved)
    assert await store.activities.get(1) == moved
    assert await store.activities.coming(1, NOW, 5) == []
    assert await store.activities.run_in(1, NOW) == [moved]
    opened = replace(moved, state="open")
    await store.activities.change(opened)
    assert await store.activities.coming(1, NOW, 5) == [opened]
    assert await store.activities.coming(1, STARTS + HOUR, 5) == []
    await store.activities.change(replace(opened, state="cancelled"))
    assert await store.activities.run_in(1, NOW) == []


async def test_a_date_of_an_interest_group_is_made_once(store: Store) -> None:
    """The second of the same instant gives nothing; those of nobody's group may be at the same time."""
    group_id = await store.interest_groups.new(1, "舞蹈队", "跳舞", 1, NOW)
    assert group_id is not None
    practice = replace(DANCE, interest_group_id=group_id)
    assert await store.activities.put(practice, NOW) is not None
    assert await store.activities.put(replace(practice, check_in_code="code-2"), NOW) is None
    for number in (3, 4):
        assert await store.activities.put(replace(DANCE, check_in_code=f"code-{number}"), NOW) is not None


async def test_a_party_comes_back_as_it_was_put(store: Store) -> None:
    """In order, with what became of it; whose it is finds the activity."""
    await store.activities.put(DANCE, NOW)
    one = Party("unit:1", 1, 1, ("住户0", "小宝"), 1, State.CONFIRMED)
    two = Party("guests:1", 1, None, ("张大爷",), 2)
    ids = [await store.activities.sign_up(1, party, NOW) for party in (one, two)]
    asked = replace(two, state=State.ASKED, offered=1, until=NOW + HOUR, passes=True)
    await store.activities.change_signup(Signup(ids[1], asked))
    assert await store.activities.signups(1) == [Signup(ids[0], one), Signup(ids[1], asked)]
    assert await store.activities.activity_of_signup(ids[1]) == 1
    assert await store.activities.activity_of_signup(99) is None
    assert [found.id for found in await store.activities.signed_up_for(1, NOW)] == [1]
    assert await store.activities.signed_up_for(2, NOW) == []


async def test_history_is_kept(store: Store) -> None:
    """Who did what, oldest first."""
    await store.activities.put(DANCE, NOW)
    await store.activities.record(1, 1, "create", {}, NOW)
    await store.activities.record(1, None, "change", {"place": "广场"}, NOW + HOUR)
    assert await store.activities.history(1) == [
        Event(NOW, 1, "create", {}),
        Event(NOW + HOUR, None, "change", {"place": "广场"}),
    ]


async def test_where_a_card_is_shown(store: Store) -> None:
    """Groups, and people with their language, one after the other; who cannot be written to is left out."""
    await store.people.put_account(1, "telegram", "5", "甲", "zh-hans")
    await store.people.put_account(2, "telegram", "6", "乙", "en")
    await store.people.put_account(2, "telegram", "7", "乙", "en")
    await store.people.mark_unreachable("telegram", "6", NOW)
    for chat in ("5", "6", "7", "-100"):
        mail = Mail(1, chat, Lane.BULK, Intent.SAY, {"text": "x"}, card_key="activity:1")
        await store.outbox.put([mail], NOW)
    for item in await store.outbox.claim(9, NOW, NOW + HOUR):
        await store.outbox.settle_sent(item, 7, NOW)
    first, second = Shown("5", 1, 1, None, "zh-hans"), Shown("7", 3, 2, None, "en")
    activities = store.activities
    assert await activities.shown_in_groups("activity:1", "telegram") == ["-100"]
    assert await activities.shown_in_groups("activity:2", "telegram") == []
    assert await activities.shown_in_private("activity:1", "telegram", 0, 9) == [first, second]
    assert await activities.shown_in_private("activity:1", "telegram", 0, 1) == [first]
    assert await activities.shown_in_private("activity:1", "telegram", 1, 9) == [second]
    assert await activities.shown_in_private("activity:2", "telegram", 0, 9) == []


async def test_a_redraw_that_is_planned_keeps_its_hour(store: Store) -> None:
    """However many tap, it is not put off for ever; one under way begins again."""
    await store.activities.plan_redraw(REDRAW, 1, NOW)
    await store.chores.put(REDRAW, 1, NOW, 200)
    await store.activities.plan_redraw(REDRAW, 1, NOW + HOUR)
    chore = await store.chores.claim(NOW)
    assert chore is not None
    assert (chore.due_at, chore.stage) == (NOW, 0)


# A rush -------------------------------------------------------------------------------------------------


async def test_two_hundred_tap_at_once(database: Database) -> None:
    """Thirty seats: thirty get one, in the order of the rows; the others wait, none twice, none lost."""
    async with database.transaction() as connection:
        people = await furnish(connection, 200)
        await Store(connection).activities.put(DANCE, NOW)

    async def tap(person_id: int) -> str:
        async with database.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, Rules(1, "bot"), NOW)
            try:
                signup = await actions.join(desk, person_id, 1)
            except Refused as no:
                return no.reason
            await desk.send()
            return signup.party.state.value

    # Everybody taps twice: an impatient finger.
    said = await asyncio.gather(*(tap(person_id) for person_id in (*people, *people)))
    assert [said.count(one) for one in ("confirmed", "waiting", "already_signed_up")] == [30, 170, 200]
    async with database.transaction() as connection:
        parties = [one.party for one in await Store(connection).activities.signups(1)]
    assert [party.order for party in parties] == list(range(1, 201))
    assert [party.state for party in parties] == [State.CONFIRMED] * 30 + [State.WAITING] * 170
    assert sorted(party.signed_by for party in parties) == sorted(people)


async def test_a_seat_freed_by_many_is_given_once(database: Database) -> None:
    """Ten leave while ten more come: each freed seat is offered to one of the line."""
    async with database.transaction() as connection:
        people = await furnish(connection, 50)
        await Store(connection).activities.put(DANCE, NOW)
        desk = Desk(Store(connection), TEXTS, Rules(1, "bot"), NOW)
        for person_id in people[:40]:
            await actions.join(desk, person_id, 1)

    async def leave(number: int) -> None:
        async with database.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, Rules(1, "bot"), NOW)
            await actions.do(desk, number, people[number - 1], Action.WITHDRAW)

    async def come(person_id: int) -> None:
        async with database.transaction() as connection:
            await actions.join(Desk(Store(connection), TEXTS, Rules(1, "bot"), NOW), person_id, 1)

    await asyncio.gather(*(leave(number) for number in range(1, 11)), *map(come, people[40:]))
    async with database.transaction() as connection:
        parties = [one.party for one in await Store(connection).activities.signups(1)]
    states = [party.state for party in parties]
    assert states[:10] == [State.WITHDRAWN] * 10
    assert states[10:30] == [State.CONFIRMED] * 20
    assert states[30:40] == [State.ASKED] * 10
    assert states[40:] == [State.WAITING] * 10


# Anything in any order ----------------------------------------------------------------------------------


@dataclass
class Story:
    """What is done to one activity, and what must hold after each step."""

    connection: Connection
    now: datetime = NOW
    steps: list[str] = field(default_factory=list)

    def desk(self) -> Desk:
        """A unit of work of this moment."""
        return Desk(Store(self.connection), TEXTS, Rules(1, "bot"), self.now)

    async def do(self, what: str, who: int, number: int) -> None:
        """One step; a refusal is a step too."""
        self.steps.append(f"{what} {who} {number}")
        desk = self.desk()
        try:
            async with desk.store.savepoint():
                await self._do(desk, what, who, number)
        except Refused:
            return

    async def _do(self, desk: Desk, what: str, who: int, number: int) -> None:
        signups = await desk.store.activities.signups(1)
        if what == "join":
            await actions.join(desk, who, 1, [f"{who}-{number}-{one}" for one in range(number % 4)])
        elif what == "guests":
            names = [f"{who}-{number}-{one}" for one in range(1 + number % 3)]
            await actions.join(desk, who, 1, names, are_guests=True)
        elif what == "later":
            self.now += number * HOUR
            await self._clock()
        elif what == "capacity":
            activity = await desk.store.activities.get(1)
            assert activity is not None
            plan = actions.Plan(
                activity.title, activity.place, activity.starts_at, activity.audience, capacity=1 + number
            )
            await actions.change(desk, 1, 1, plan)
        elif signups:
            signup = signups[number % len(signups)]
            party = signup.party
            kept = party.names[: party.offered if party.state == State.ASKED else 1]
            await actions.do(desk, signup.id, party.signed_by, Action(what), kept)

    async def _clock(self) -> None:
        """What has come due, as the jobs do it."""
        desk = self.desk()
        while (chore := await desk.store.chores.claim(self.now)) is not None:
            await desk.store.chores.drop(chore.kind, chore.subject_id)
            if chore.kind in (actions.HELD, *actions.BEFORE):
                await actions.CHORES[chore.kind](desk, chore)

    async def check(self) -> None:
        """No seat is given twice, nobody is overtaken, nobody is twice on the list, no hold is forgotten."""
        store = Store(self.connection)
        activity = await store.activities.get(1)
        assert activity is not None
        assert activity.capacity is not None
        parties = [one.party for one in await store.activities.signups(1)]
        live = [party for party in parties if party.state in LIVE]
        held = sum(party.held for party in live)
        assert held <= activity.capacity, self.steps
        free = activity.capacity - held
        if self.now < activity.starts_at:
            for party in live:
                if party.state == State.WAITING:
                    assert not free or (party.passes and party.seats > free), self.steps
        persons = [party.person_id for party in live if party.person_id is not None]
        assert len(persons) == len(set(persons)), self.steps
        names = [(party.household_id, name) for party in live for name in party.names]
        assert len(names) == len(set(names)), self.steps
        holds = [party.until for party in live if party.state == State.ASKED and party.until]
        due = await ask(self.connection, f"SELECT due_at FROM chores WHERE kind = '{actions.HELD}'")
        assert [row["due_at"] for row in due] == ([to_micros(min(holds))] if holds else []), self.steps


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ("join", "join", "guests", "later", "capacity", "accept", "take_fewer", "let_others_first",
             "decline", "withdraw", "reduce")
        ),
        st.integers(1, 6),
        st.integers(0, 15),
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_whatever_people_do_the_seats_are_right(steps: list[tuple[str, int, int]]) -> None:
    """Signing up, leaving, answering, silence, a smaller room: in any order, through the rows."""
    asyncio.run(_live_through(steps))


async def _live_through(steps: list[tuple[str, int, int]]) -> None:
    database = await SqliteDatabase.open(":memory:")
    try:
        await database.migrate()
        async with database.transaction() as connection:
            await furnish(connection, 6)
            activity = replace(DANCE, capacity=5, per_household=None, deadline_at=None)
            await Store(connection).activities.put(activity, NOW)
            story = Story(connection)
            for step in steps:
                await story.do(*step)
                await story.check()
    finally:
        await database.close()
