"""A bot that is killed while an answer, a merge or 我也遇到 is written, and while the clock does what is due.

Each of these is one turn, or one transaction of the clock, with many writes. The bot is killed after one of them
and started anew, and again; nothing may be seen before all of it is there, and what is there is not done again.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.actions.appointing import install
from bot.actions.desk import Desk, Rules
from bot.actions.digest import plan
from bot.actions.directory import find_post
from bot.actions.importing import import_register
from bot.actions.issues import Report, act, file
from bot.actions.reports import plan as plan_reports
from bot.actions.tellings import Said
from bot.app import TEMPLATES
from bot.domain.posts import Place, PostKind
from bot.domain.register import read_register
from bot.domain.transitions import Action
from bot.jobs import Jobs
from bot.sandbox.chats import Record
from bot.spreadsheets import read
from bot.storage.engine import Connection, Row, to_micros
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from bot.texts import Texts
from tests.crowd import MORNING, PATIENCE, SAMPLE, UNHURRIED, Person, opened
from tests.doomed import parent
from tests.engines import Server, serving
from tests.test_directory_crashes import Books, House, move_in
from tests.world import UNLIMITED

YESTERDAY = MORNING - timedelta(days=1)
NEXT_MONDAY = datetime(2026, 11, 30, 1, 1, tzinfo=UTC)
"""A minute past nine in the compound: the week's note, the morning's word, and two who are to be woken."""
BEGINS, FOLLOWED_UP = NEXT_MONDAY - timedelta(minutes=31), NEXT_MONDAY - timedelta(minutes=1)
QUESTION, ANSWER = "是几楼的灯？", "三楼，靠窗那盏，<b>全黑</b>"
CAPTION = "电梯门关不上，夹人，很危险"
GREETING = "早上好"
NEVER, AT_ONCE = "86400", "0.02"
"""Seconds between two looks at the clock."""
LEAST = 12
"""Writes of a turn that can be half done."""


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
        desk = Desk(store, Texts(TEMPLATES), rules_of(office), YESTERDAY)
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
    office.lift = await filed(people[1], "电梯门关不上", "lift")
    await follow(office.lift, people[2], people[3])
    for issue in (office.asked, office.unanswered, office.planned, office.referred, office.double):
        await does(issue, Action.ACCEPT)
    desk.now += timedelta(hours=4)
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
    assert tuple(merged) == ("closed", "mark_duplicate", main)
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
    assert album_count(office.manager) >= shown + 3


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


class Rehearsal(SqliteDatabase):
    """A copy of the bot's database: after each transaction there, what the books said."""

    legal: list[Books]
    office: Office

    @staticmethod
    async def of(office: Office) -> "Rehearsal":
        """Of what is written now; nobody else may be writing."""
        original, copy = office.folder / "lianxin.db", office.folder / "rehearsal.db"
        with closing(sqlite3.connect(original)) as here, closing(sqlite3.connect(copy)) as there:
            here.backup(there)
        found = await SqliteDatabase.open(str(copy))
        found.__class__ = Rehearsal
        return found
