"""A bot that is killed while an answer, a merge or 我也遇到 is written, and while the clock does what is due.

Each of these is one turn, or one transaction of the clock, with many writes. The bot is killed after one of
them and started anew, and again; nothing may be seen before all of it is there, and what is there is not done
again.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.actions.appointing import install
from bot.actions.chores import do_one
from bot.actions.desk import Desk, Rules
from bot.actions.digest import plan
from bot.actions.directory import find_post
from bot.actions.importing import import_register
from bot.actions.issues import Report, act, file
from bot.actions.reminders import fire_one, sweep, tell_one
from bot.actions.reports import plan as plan_reports
from bot.actions.tellings import Said
from bot.domain.posts import Place, PostKind
from bot.domain.register import read_register
from bot.domain.transitions import Action
from bot.jobs import Step
from bot.sandbox.chats import Record
from bot.spreadsheets import read
from bot.storage.engine import Row, named_queries, to_micros
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteConnection, SqliteDatabase
from bot.storage.store import Store
from tests.crowd import MORNING, PATIENCE, SAMPLE, UNHURRIED, Person, opened
from tests.doomed import parent
from tests.engines import Server, serving
from tests.test_directory_crashes import Books, House, Shown, move_in
from tests.world import TEXTS, UNLIMITED

YESTERDAY = MORNING - timedelta(days=1)
NEXT_MONDAY = datetime(2026, 11, 30, 1, 1, tzinfo=UTC)
"""A minute past nine in the compound: the week's note, the morning's word, and two who are to be woken."""
BEGINS, FOLLOWED_UP = NEXT_MONDAY - timedelta(minutes=31), NEXT_MONDAY - timedelta(minutes=1)
QUESTION, ANSWER = "是几楼的灯？", "三楼，靠窗那盏，<b>全黑</b>"
CAPTION = "电梯门关不上，夹人，很危险"
GREETING = "早上好"
NEVER, AT_ONCE = "86400", "0.02"
"""Seconds between two looks at the clock."""
LEAST = 5
"""Writes of a turn that can be half done."""
SOME = 12
"""Writes that are left in any case where they are not counted."""


@dataclass(slots=True)
class Office(House):
    """Whoever has lifts to see to, beside the leader, and the issues the stories are about."""

    manager: Person = field(kw_only=True)
    folder: Path = field(kw_only=True)
    asked: int = 0
    main: int = 0
    double: int = 0
    lift: int = 0
    planned: int = 0
    referred: int = 0
    unanswered: int = 0

    def moments(self, last: int) -> Iterator[int]:
        """After how many of a turn's writes the bot is killed."""
        assert last > LEAST, "too little is written to be half done"
        yield from range(1, last, self.every) if self.every else [self.random.randrange(1, last)]

    def shown(self) -> dict[Shown, str]:
        """What was said; pictures have no words to know them by."""
        return {place: text for place, text in House.shown(self).items() if text}

    async def one(self, sql: str) -> Row:
        """The only row there is."""
        (row,) = await self.ask(sql)
        return row

    async def answers(self, before: int, person: Person, payload: str) -> tuple[int, str]:
        """The button of the question that comes next, once the bot has nothing else to do."""
        found = await person.finds(lambda: person.button(payload, before))
        await self.rests()
        return found


# What there is ---------------------------------------------------------------------------------------------


@asynccontextmanager
async def settled(folder: Path, url: str = "", *, seed: int, every: int = 0) -> AsyncIterator[Office]:
    """Everybody has moved in, everything is reported, and every message about it has gone out."""
    path = folder / "lianxin.db"
    async with opened(folder / "clock", now=MORNING) as square:
        environment = {
            "BOT_TELEGRAM__TOKEN": square.sandbox.token,
            "BOT_TELEGRAM__BASE_URL": square.url,
            "BOT_DATABASE__URL": url or f"sqlite:///{path}",
            "BOT_CLOCK__OFFSET_FILE": str(folder / "clock"),
            "BOT_JOBS__TICK_SECONDS": NEVER,
            **UNHURRIED,
        }
        async with parent(folder, environment) as bots:
            database = await (PostgresDatabase.open(url) if url else SqliteDatabase.open(str(path)))
            try:
                await database.migrate()
                office = Office(
                    square=square,
                    database=database,
                    bots=bots,
                    random=Random(seed),  # noqa: S311  # a story that can be told again
                    every=every,
                    leader=Person(square, "陈淑芬"),
                    # Here they are two more neighbours: nobody moves to another phone or post.
                    phone=Person(square, "周奶奶"),
                    successor=Person(square, "李建国"),
                    director=Person(square, "罗建群"),
                    residents=[Person(square, f"住户{number}") for number in range(6)],
                    manager=Person(square, "蒋国华"),
                    folder=folder,
                )
                await furnish(office)
                await bots.starts()
                await office.rests()
                yield office
            finally:
                await database.close()


def rules_of(office: Office) -> Rules:
    """What the bot goes by when it is told nothing else."""
    return Rules(
        int(office.square.sandbox.token.split(":")[0]),
        "lianxin_bot",
        limits=UNLIMITED,
        digest_at=time(8, 30),
        weekly_at=time(9),
        monthly_at=time(9, 30),
    )


async def furnish(office: Office) -> None:
    """Straight into the rows, by the bot's own actions: how people tap is not what is tested."""
    register, mistakes = read_register(read(SAMPLE))
    assert not mistakes
    async with office.database.transaction() as connection:
        store = Store(connection)
        desk = Desk(store, TEXTS, rules_of(office), YESTERDAY)
        await import_register(desk, register)
        (building_id, _), *_ = await store.places.buildings(1)
        (entrance_id, _), *_ = await store.places.entrances(building_id)
        homes = [unit for unit, _ in await store.places.units(building_id, entrance_id)]
        everybody = (*office.residents, office.phone, office.successor, office.leader)
        for number, person in enumerate((*everybody, office.director, office.manager)):
            office.ids[person] = await move_in(store, person, homes[number % len(homes)], desk)
        posts = (
            (await find_post(store, 1, PostKind.BUILDING_LEADER, "1", ""), office.leader),
            (await find_post(store, 1, PostKind.OWNERS_COMMITTEE_DIRECTOR, "", ""), office.director),
            (await find_post(store, 1, PostKind.PROPERTY_MANAGER, "", ""), office.manager),
        )
        office.post_id, _ = posts[0]
        for post_id, person in posts:
            post = await store.posts.locked(post_id)
            assert post is not None
            desk.forget_holders()
            await install(desk, post, office.ids[person], actor_id=None, source="import")
        await plan(desk)
        await plan_reports(desk)
        await report_everything(office, desk, Place("entrance", 1, building_id, entrance_id))
        await desk.send()


async def report_everything(office: Office, desk: Desk, place: Place) -> None:
    """One issue for each story, and what else somebody in office has before them."""
    people, leader = office.residents, office.ids[office.leader]

    async def filed(person: Person, text: str, category: str = "lighting") -> int:
        return (await file(desk, office.ids[person], Report(text, category, place))).id

    async def does(issue: int, action: Action, said: Said | None = None) -> None:
        await act(desk, issue, leader, action, said)

    async def follow(issue: int, *followers: Person) -> None:
        for person in followers:
            await act(desk, issue, office.ids[person], Action.FOLLOW, Said("我家门口也是"))

    office.asked = await filed(people[0], "楼道灯坏了")
    office.unanswered = await filed(people[3], "楼道里的声控灯不灵")
    office.planned = await filed(people[4], "门厅的灯换个亮的")
    office.referred = await filed(people[5], "路灯杆歪了")
    office.main = await filed(people[1], "一楼门口的灯闪")
    office.double = await filed(people[2], "门口灯一闪一闪")
    await follow(office.main, people[5], people[3])
    await follow(office.double, people[3], people[4], office.phone, office.successor)
    for issue in (office.asked, office.unanswered, office.planned, office.referred, office.double):
        await does(issue, Action.ACCEPT)
    desk.now += timedelta(hours=4)
    office.lift = await filed(people[1], "电梯门关不上", "lift")
    await follow(office.lift, people[2], people[3])
    for issue in (office.asked, office.unanswered):
        await does(issue, Action.REQUEST_INFO, Said(QUESTION))
    await does(office.planned, Action.SCHEDULE, Said(until=BEGINS))
    await does(office.referred, Action.REFER, Said("归物业管", how="property", until=FOLLOWED_UP))


# What people do --------------------------------------------------------------------------------------------


def that_says(person: Person, words: str) -> Record:
    """The newest message of the bot that says so."""
    return next(record for record in person.messages() if words in str(record.raw.get("text", "")))


async def an_answer(office: Office) -> None:
    """By reply to the question: the issue goes on, its clock too, and nobody is reminded of the question."""
    reporter, issue = office.residents[0], f"FROM issues WHERE id = {office.asked}"
    before = await office.one(f"SELECT state, resolve_used, resolve_since {issue}")
    assert (before["state"], before["resolve_since"]) == ("waiting_reporter", None)
    question = that_says(reporter, QUESTION).id
    await office.survives(lambda: reporter.user.replies(None, question, ANSWER))

    after = await office.one(f"SELECT state, resolve_used, resolve_since {issue}")
    assert (after["state"], after["resolve_used"]) == ("accepted", before["resolve_used"])
    assert after["resolve_since"] >= to_micros(MORNING)
    dues = await office.ask(f"SELECT kind FROM dues WHERE issue_id = {office.asked}")
    assert [due["kind"] for due in dues] == ["ladder"]
    told = f"FROM issue_events WHERE issue_id = {office.asked} AND action = 'answer_info'"
    assert (await office.one(f"SELECT text {told}"))["text"] == ANSWER
    # A reply to these words is about the issue: they are noted once, like all else.
    own = f"FROM issue_messages WHERE issue_id = {office.asked} AND event_id IS NOT NULL"
    assert (await office.one(f"SELECT event_id {own}"))["event_id"]
    assert office.is_told(office.leader, "三楼，靠窗那盏")


async def a_merge(office: Office) -> None:
    """Whoever met the one follows the other, once; all of them are told."""
    leader, main, double = office.leader, office.main, office.double
    people = "SELECT person_id FROM issue_people WHERE part = 'affected' AND issue_id ="
    ids = {person: office.ids[person] for person in (*office.residents, office.phone, office.successor)}
    await leader.presses(f"issue.more:{double}")
    before = await leader.presses(f"issue.duplicate:{double}")
    before = await leader.presses(f"d:*:main:{main}", before)
    button = await office.answers(before, leader, "d:*:merge")
    await office.survives(lambda: leader.user.presses(None, *button))

    (_, _, second, *more), reporter = office.residents, office.residents[1]
    joined = {ids[one] for one in (second, *more, office.phone, office.successor)}
    follows = [row["person_id"] for row in await office.ask(f"{people} {main}")]
    assert sorted(follows) == sorted(joined)
    merged = await office.one(f"SELECT state, closed_how, duplicate_of FROM issues WHERE id = {double}")
    assert (merged["state"], merged["closed_how"]) == ("closed", "mark_duplicate")
    assert merged["duplicate_of"] == main
    await office.nothing(f"SELECT id FROM dues WHERE issue_id = {double}")
    notes = "SELECT issue_id FROM issue_events WHERE action = 'mark_duplicate' ORDER BY issue_id"
    assert [row["issue_id"] for row in await office.ask(notes)] == [main, double]
    number = (await office.one(f"SELECT number FROM issues WHERE id = {double}"))["number"]
    for person in (second, *more[:2], office.phone, office.successor):
        assert office.is_told(person, number), person.user.name
    assert not office.is_told(reporter, number)


async def met_too(office: Office) -> None:
    """An album, its review, what was reported already, and 我也遇到: words and pictures go there, once."""
    neighbour, lift = office.residents[5], office.lift
    before = await composes(office, neighbour)
    before = await neighbour.presses("d:*:alike", before)
    button = await office.answers(before, neighbour, f"d:*:same:{lift}")
    issues = (await office.one("SELECT COUNT(*) AS many FROM issues"))["many"]
    shown = album_count(office.manager)
    await office.survives(lambda: neighbour.user.presses(None, *button))

    assert (await office.one("SELECT COUNT(*) AS many FROM issues"))["many"] == issues
    own = f"WHERE issue_id = {lift} AND action = 'follow' AND actor_id = {office.ids[neighbour]}"
    event = await office.one(f"SELECT id, text FROM issue_events {own}")
    assert event["text"] == CAPTION
    files = await office.ask(f"SELECT kind FROM attachments WHERE event_id = {event['id']}")
    assert [one["kind"] for one in files] == ["photo"] * 3
    part = f"SELECT part FROM issue_people WHERE issue_id = {lift} AND person_id = {office.ids[neighbour]}"
    assert (await office.one(part))["part"] == "affected"
    await office.nothing(f"SELECT step FROM dialogs WHERE person_id = {office.ids[neighbour]}")
    assert office.is_told(office.manager, CAPTION)
    # Whole, and once; another time if that was what the bot was killed at.
    assert (album_count(office.manager) - shown) % 3 == 0
    album = await office.one(f"SELECT state FROM outbox WHERE intent = 'photos' AND issue_id = {lift}")
    assert album["state"] == "sent"
    assert album_count(office.manager) > shown


async def a_report(office: Office) -> None:
    """The same, but it is another matter: an issue with three pictures, and one number."""
    reporter = office.residents[4]
    button = await office.answers(await composes(office, reporter), reporter, "d:*:send")
    (last,) = await office.ask("SELECT MAX(id) AS id, COUNT(*) AS many FROM issues")
    await office.survives(lambda: reporter.user.presses(None, *button))

    issue = await office.one(f"SELECT id, text FROM issues WHERE id > {last['id']}")
    assert issue["text"] == CAPTION
    events = f"(SELECT id FROM issue_events WHERE issue_id = {issue['id']})"
    assert len(await office.ask(f"SELECT id FROM attachments WHERE event_id IN {events}")) == 3
    (numbers,) = await office.ask("SELECT COUNT(DISTINCT number) AS many FROM issues")
    assert numbers["many"] == last["many"] + 1


async def composes(office: Office, person: Person) -> int:
    """Three pictures with words under one of them, up to the review; gives the revision before it."""
    before = office.square.revision
    person.user.sends_album(None, CAPTION, [None] * 3)
    await person.finds(lambda: person.button("d:*:lift", before))
    await office.rests()
    return await person.presses("d:*:lift", before)


def album_count(person: Person) -> int:
    """How many pictures somebody has been shown."""
    return sum("photo" in record.raw for record in person.messages())


# What the clock does ---------------------------------------------------------------------------------------


class Counting(SqliteConnection):
    """Counts what is written."""

    writes = 0

    async def fetch(self, query: str, parameters: Mapping[str, object]) -> list[Row]:
        """The same, counted."""
        self.writes += named_queries()[query].startswith(("INSERT", "UPDATE", "DELETE"))
        return await super().fetch(query, parameters)


async def rehearsed(office: Office) -> tuple[list[Books], list[int]]:
    """What the books say before the clock does anything, and after each thing it does, tried on a copy.

    And how many writes there are from each of them to the next.
    """
    copy = office.folder / "rehearsal.db"
    with (
        closing(sqlite3.connect(office.folder / "lianxin.db")) as here,
        closing(sqlite3.connect(copy)) as there,
    ):
        here.backup(there)
    database = await SqliteDatabase.open(str(copy))
    there_too = replace(office, database=database)
    found, writes = [await there_too.books()], list[int]()

    async def does(step: Step) -> bool:
        async with database.transaction() as connection:
            assert isinstance(connection, SqliteConnection)
            counting = Counting(connection.raw)
            desk = Desk(Store(counting), TEXTS, rules_of(office), office.square.clock())
            did = await step(desk)
            await desk.send()
        books = await there_too.books()
        if books != found[-1]:
            found.append(books)
            writes.append(counting.writes)
        return bool(did)

    try:
        for step in (fire_one, do_one, tell_one):
            while await does(step):
                pass
        await does(sweep)
    finally:
        await database.close()
    return found, writes


async def comes_to_rest(office: Office) -> None:
    """Wait until nothing is due any more and all is said."""
    now = to_micros(office.square.clock())
    due = " UNION ALL ".join(
        f"SELECT id FROM {table} WHERE {column} <= {now}"
        for table, column in (("dues", "due_at"), ("chores", "due_at"), ("notices", "release_at"))
    )
    async with asyncio.timeout(PATIENCE):
        while await office.ask(due):  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # the rows of another process ring no bell
    await office.rests()


async def a_monday(office: Office, lives: int) -> None:
    """After six days of downtime all is due at once: two questions, two to be woken, reminders, the digest.

    The bot is killed so many times, at moments spread over all of it.
    """
    await office.bots.killed()
    office.square.clock.pause()
    office.square.clock.set_to(NEXT_MONDAY)
    office.bots.environment = {**office.bots.environment, "BOT_JOBS__TICK_SECONDS": AT_ONCE}
    before, phones = await office.one("SELECT MAX(id) AS id FROM outbox"), office.shown()
    # On a server numbers are used up by what is undone: there only the end is looked at.
    legal, writes = await rehearsed(office) if isinstance(office.database, SqliteDatabase) else ([], [])
    at, killed = 0, 0
    while killed < lives and (left := sum(writes[at:]) if legal else SOME) > LEAST:
        soon = 2 + 2 * left // (lives - killed)
        await office.frees_leases()
        await office.bots.dies(0, office.random.randint(2, min(left, soon)))
        killed += 1
        if legal:
            books = await office.books()
            assert books in legal[at:], f"half done after {at} of {len(legal)} steps"
            at = legal.index(books)
    await office.frees_leases()
    await office.bots.starts()
    await comes_to_rest(office)
    if legal:
        async with asyncio.timeout(PATIENCE):
            while await office.books() != legal[-1]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # what is swept away last is told to nobody
    await office.everybody_is_told(before["id"], phones, killed)
    await all_is_done_once(office)
    await office.is_sound()


async def all_is_done_once(office: Office) -> None:
    """Each rung, each waking, each asking again; the morning's word and the week's note once to each."""
    await office.nothing(
        "SELECT issue_id, facts FROM issue_events WHERE action IN ('remind', 'escalate')"
        " GROUP BY issue_id, facts HAVING COUNT(*) > 1"
    )
    assert await office.ask("SELECT id FROM issue_events WHERE action = 'escalate'")
    by_clock = "SELECT action FROM issue_events WHERE actor_id IS NULL AND action <> 'file' AND issue_id"
    for issue, actions in (
        (office.planned, ["resume"]),
        (office.referred, ["follow_up"]),
        (office.unanswered, ["ask_again", "return_unanswered"]),
    ):
        rows = await office.ask(f"{by_clock} = {issue} AND action NOT IN ('remind', 'escalate') ORDER BY id")
        assert [row["action"] for row in rows] == actions
    kinds = "SELECT id FROM dues WHERE kind IN ('wake', 'ask_again')"
    await office.nothing(kinds)
    for what, people in (
        ("digest:", (office.leader, office.manager)),
        ("report.weekly:", (office.director,)),
    ):
        sent = await office.ask(f"SELECT person_id FROM outbox WHERE dedupe_key LIKE '{what}%'")
        told = sorted(row["person_id"] for row in sent)
        assert told == sorted(office.ids[person] for person in people), what
    assert office.is_told(office.leader, GREETING)
    assert office.is_told(office.manager, GREETING)
    chores = await office.ask("SELECT due_at FROM chores WHERE kind IN ('digest', 'report.weekly')")
    assert len(chores) == 2
    assert all(row["due_at"] > to_micros(NEXT_MONDAY) for row in chores)


# All of it -------------------------------------------------------------------------------------------------


async def test_killed_at_some_writes(tmp_path: Path) -> None:
    """Some times in each: all or nothing, nothing lost, nothing twice."""
    async with settled(tmp_path, seed=1) as office:
        await an_answer(office)
        await a_merge(office)
        await met_too(office)
        await a_monday(office, lives=6)


async def all_turns(office: Office) -> None:
    """What people do, one after the other."""
    await an_answer(office)
    await a_merge(office)
    await met_too(office)
    await a_report(office)


@pytest.fixture
def server() -> Iterator[Server]:
    """A PostgreSQL server."""
    with serving() as server:
        yield server


@pytest.mark.soak
async def test_turns_killed_at_every_write(tmp_path: Path) -> None:
    """After every single one."""
    async with settled(tmp_path, seed=3, every=1) as office:
        await all_turns(office)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4, 10))
async def test_a_monday_killed_at_every_turn(tmp_path: Path, seed: int) -> None:
    """Again and again until hardly anything is left to do."""
    async with settled(tmp_path, seed=seed) as office:
        await a_monday(office, lives=30)


@pytest.mark.soak
async def test_killed_on_a_server(tmp_path: Path, server: Server) -> None:
    """The same on PostgreSQL, which has to find out that nobody is there any more."""
    async with server.fresh(migrated=False) as url, settled(tmp_path, url, seed=11) as office:
        await all_turns(office)
        await a_monday(office, lives=8)
