"""A bot that is killed in the middle of a merge, of a post that changes hands, and of being forgotten.

Each of the three is one turn with dozens of writes. The bot is killed after one of them and started anew, and
again; nothing of the turn may be seen before all of it is there, and what is there is not done again.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.actions.activities import join
from bot.actions.appointing import install
from bot.actions.desk import Desk, Rules
from bot.actions.directory import find_post
from bot.actions.importing import import_register
from bot.actions.issues import Report, file
from bot.actions.merging import MOVING_LINK, make_code
from bot.actions.successions import propose
from bot.app import TEMPLATES
from bot.domain.audiences import COMPOUND, Audience
from bot.domain.posts import Place, PostKind
from bot.domain.register import read_register
from bot.spreadsheets import read
from bot.storage.engine import Database, Row, to_micros
from bot.storage.merging import COLUMNS, HANDLERS
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from bot.texts import Texts
from tests.crowd import MORNING, PATIENCE, SAMPLE, UNHURRIED, Person, Square, opened
from tests.doomed import Parent, parent
from tests.engines import Server, ask, serving
from tests.test_crashes import sent_by_people
from tests.world import UNLIMITED

SECRET = "王奶奶家门口的灯坏了"
PASSING = {"inbox", "cards", "issue_messages", "upkeep", "schema_versions", "sqlite_sequence"}
"""Tables that change with what comes in, goes out, and how the bot is: not only by a turn."""
SAID = "id, person_id, chat, intent, card_key"
"""Of mail, what a turn says; the rest is how it goes out."""
Shown = tuple[str, int]
"""A message: its chat and number."""
Books = dict[str, list[tuple[object, ...]]]


@dataclass(slots=True)
class House:
    """The leader of a building with a drawer full of issues, and all who have to do with it."""

    square: Square
    database: Database
    bots: Parent
    random: Random
    leader: Person
    phone: Person
    """The leader's new one, with which she has reported to herself already."""
    successor: Person
    director: Person
    residents: list[Person]
    every: int
    """Which writes of a turn are not survived: each so many-th; 0: some."""
    ids: dict[Person, int] = field(default_factory=dict)
    post_id: int = 0
    code: str = ""

    async def ask(self, sql: str) -> list[Row]:
        """Plain SQL for a question."""
        async with self.database.transaction() as connection:
            return await ask(connection, sql)

    async def nothing(self, sql: str) -> None:
        """There must be no such row."""
        assert [tuple(row) for row in await self.ask(sql)] == [], sql

    async def books(self) -> Books:
        """All that is written down."""
        if isinstance(self.database, SqliteDatabase):
            names = "SELECT name FROM sqlite_master WHERE type = 'table'"
        else:
            names = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        found: Books = {}
        async with self.database.transaction() as connection:
            for table in await ask(connection, names):
                if table["name"] not in PASSING:
                    columns = SAID if table["name"] == "outbox" else "*"
                    rows = await ask(connection, f"SELECT {columns} FROM {table['name']}")
                    found[table["name"]] = sorted((tuple(row) for row in rows), key=repr)
        return found

    async def rests(self) -> None:
        """Wait until the bot has taken every update and nothing waits to be sent."""
        at_rest = (
            f"SELECT {sent_by_people(self.square)} <= COALESCE((SELECT MAX(update_id) FROM inbox), 0)"
            " AND NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'new')"
            " AND NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'waiting') AS is_over"
        )
        async with asyncio.timeout(PATIENCE):
            while not (await self.ask(at_rest))[0]["is_over"]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # the rows of another process ring no bell

    async def frees_leases(self) -> None:
        """On a server others may be sending: what was under way goes out again when its lease is over."""
        if isinstance(self.database, PostgresDatabase):
            await self.ask("UPDATE outbox SET lease_until = 0")

    def shown(self) -> dict[Shown, str]:
        """All messages of the bot on all phones, by chat and number."""
        return {
            (str(person.user.id), record.id): str(record.raw.get("text", ""))
            for person in self.square.people
            for record in person.messages()
        }

    async def survives(self, does: Callable[[], object]) -> None:
        """Somebody does the last thing of a story; the bot is killed again and again, and does it once."""
        await self.bots.killed()
        before, phones = await self.books(), self.shown()
        (newest,) = await self.ask("SELECT MAX(id) AS id FROM outbox")
        does()
        update = sent_by_people(self.square)
        # All is written, and nothing is committed.
        last = await self.bots.dies(update, 0)
        assert await self.books() == before
        for writes in self.moments(last):
            await self.bots.dies(update, writes)
            assert await self.books() == before, f"killed after {writes} of {last} writes"
        # It is done, and what there is to tell is going out.
        await self.bots.dies(update, last + self.random.randint(1, 6))
        after = await self.books()
        assert after != before
        for _ in range(2 if self.every else 0):
            await self.frees_leases()
            await self.bots.dies(0, self.random.randint(1, 5))
        killed = 3 if self.every else 1
        await self.frees_leases()
        await self.bots.starts()
        await self.rests()
        assert await self.books() == after
        await self.everybody_is_told(newest["id"], phones, killed)
        (letter,) = await self.ask(f"SELECT state, attempts FROM inbox WHERE update_id = {update}")
        assert (letter["state"], letter["attempts"]) == ("done", 0)
        await self.is_sound()

    def moments(self, last: int) -> Iterator[int]:
        """After how many of a turn's writes the bot is killed."""
        assert last > 40, "too little is written to be half done"
        yield from range(1, last, self.every) if self.every else self.random.sample(range(1, last), 2)

    async def everybody_is_told(self, newest: int, phones: Mapping[Shown, str], killed: int) -> None:
        """What there was to say was said once; for each kill at most one message came twice to a chat."""
        mail = "SELECT chat, message_id, state FROM outbox WHERE intent IN ('say', 'card')"
        told = await self.ask(f"{mail} AND id > {newest}")
        # A card nobody had been shown is not shown now.
        known = {(row["chat"], row["message_id"]) for row in told if row["message_id"] is not None}
        shown = self.shown()
        assert told
        assert {row["state"] for row in told} == {"sent"}
        assert known <= shown.keys()
        new = shown.keys() - phones.keys()
        # Chats are written to side by side: in each, one message may have been on its way.
        twice = Counter(chat for chat, _ in new - known)
        assert all(count <= killed for count in twice.values())
        different = {(chat, shown[chat, number]) for chat, number in new}
        assert len(new) - len(different) <= twice.total()

    def is_told(self, person: Person, words: str) -> bool:
        """Whether somebody has this on their phone."""
        return any(words in str(record.raw.get("text", "")) for record in person.messages())

    async def is_sound(self) -> None:
        """Whatever happens: each open issue has one who is in office to handle it, each post one holder."""
        await self.nothing(
            "SELECT number FROM issues WHERE state <> 'closed' AND NOT EXISTS ("
            " SELECT 1 FROM appointments JOIN posts ON posts.id = post_id"
            " WHERE person_id = handler_id AND ends_at IS NULL AND posts.kind = handler_post)"
        )
        await self.nothing(
            f"SELECT post_id FROM appointments WHERE ends_at IS NULL AND post_id = {self.post_id}"
            " GROUP BY post_id HAVING COUNT(*) <> 1"
        )
        if isinstance(self.database, SqliteDatabase):
            await self.nothing("PRAGMA foreign_key_check")


@asynccontextmanager
async def settled(folder: Path, url: str, *, seed: int, issues: int, every: int) -> AsyncIterator[House]:
    """Everybody has moved in, everything is reported, and every message about it has gone out."""
    path = folder / "lianxin.db"
    async with opened(folder / "clock", now=MORNING) as square:
        environment = {
            "BOT_TELEGRAM__TOKEN": square.sandbox.token,
            "BOT_TELEGRAM__BASE_URL": square.url,
            "BOT_DATABASE__URL": url or f"sqlite:///{path}",
            "BOT_CLOCK__OFFSET_FILE": str(folder / "clock"),
            **UNHURRIED,
        }
        async with parent(folder, environment) as bots:
            database = await (PostgresDatabase.open(url) if url else SqliteDatabase.open(str(path)))
            try:
                await database.migrate()
                house = House(
                    square=square,
                    database=database,
                    bots=bots,
                    random=Random(seed),  # noqa: S311  # a story that can be told again
                    every=every,
                    leader=Person(square, "王秀兰"),
                    phone=Person(square, "王秀兰"),
                    successor=Person(square, "李建国"),
                    director=Person(square, "罗建群"),
                    residents=[Person(square, f"住户{number}") for number in range(6)],
                )
                await furnish(house, issues)
                await bots.starts()
                await house.rests()
                yield house
            finally:
                await database.close()


async def furnish(house: House, issues: int) -> None:
    """Straight into the rows, by the bot's own actions: how people tap is not what is tested."""
    register, mistakes = read_register(read(SAMPLE))
    assert not mistakes
    rules = Rules(int(house.square.sandbox.token.split(":")[0]), "lianxin_bot", limits=UNLIMITED)
    now = house.square.clock()
    async with house.database.transaction() as connection:
        store = Store(connection)
        desk = Desk(store, Texts(TEMPLATES), rules, now)
        await import_register(desk, register)
        (building_id, _), *_ = await store.places.buildings(1)
        (entrance_id, _), *_ = await store.places.entrances(building_id)
        units = [unit for unit, _ in await store.places.units(building_id, entrance_id)]
        everybody = (house.leader, house.phone, house.successor, house.director, *house.residents)
        # The new phone says it is at home where the leader is.
        homes = (units[0], units[0], units[1], units[2], *[units[3]] * len(house.residents))
        for person, unit in zip(everybody, homes, strict=True):
            house.ids[person] = await move_in(store, person, unit, desk)
        house.post_id = await find_post(store, 1, PostKind.BUILDING_LEADER, "1", "")
        director = await find_post(store, 1, PostKind.OWNERS_COMMITTEE_DIRECTOR, "", "")
        for post_id, person in ((house.post_id, house.leader), (director, house.director)):
            post = await store.posts.locked(post_id)
            assert post is not None
            desk.forget_holders()
            await install(desk, post, house.ids[person], actor_id=None, source="import")
        whom, begins = json.dumps(Audience((COMPOUND,)).to_json()), to_micros(now + timedelta(days=7))
        await ask(
            connection,
            "INSERT INTO activities (compound_id, author_id, author_post, state, title, place, about, photo,"
            " starts_at, hold_hours, audience, version, check_in_code, created_at)"
            f" VALUES (1, {house.ids[house.director]}, 'owners_committee_director', 'open', '舞会', '', '',"
            f" '', {begins}, 12, '{whom}', 0, 'dance', 0)",
        )
        for person in (house.phone, house.residents[0]):
            await join(desk, house.ids[person], 1)
        place = Place("building", 1, building_id)
        # The first resident has reported most; some of what the leader handles she has reported herself.
        reporters = [house.residents[0]] * issues + [*house.residents, house.phone, house.leader] * 2
        for number, person in enumerate(reporters, 1):
            issue = await file(desk, house.ids[person], Report(f"{SECRET}，第{number}次", "lighting", place))
            if number % 3 == 0:
                await store.issues.add_part(issue.id, house.ids[house.phone], "follows")
        house.code, _ = await make_code(desk, house.ids[house.leader])
        await propose(desk, house.ids[house.director], house.post_id, house.ids[house.successor])
        await desk.send()


async def move_in(store: Store, person: Person, unit: int, desk: Desk) -> int:
    """Somebody who has talked to the bot and lives there: their id."""
    person.user.data.started = True
    person_id = await store.people.new(desk.now)
    address, name = str(person.user.id), person.user.name
    await store.people.put_account(person_id, desk.rules.channel, address, name, "zh-hans")
    await store.people.put_details(person_id, name, "")
    home, _ = await store.people.ask_residency(person_id, unit, "owner", desk.now)
    await store.people.decide_residency(home, "approved", person_id, desk.now)
    return person_id


# The three stories -----------------------------------------------------------------------------------------


async def a_new_phone(house: House) -> None:
    """Two people become one: all of the second is the first one's, and nobody judges their own case."""
    leader, gone = house.ids[house.leader], house.ids[house.phone]
    await house.survives(lambda: house.phone.user.opens_link(MOVING_LINK + house.code))

    for column in (*COLUMNS, HANDLERS):
        table, name = column.split(".")
        await house.nothing(f"SELECT {name} FROM {table} WHERE {name} = {gone}")
    (account,) = await house.ask(f"SELECT address FROM accounts WHERE person_id = {leader}")
    assert account["address"] == str(house.phone.user.id)
    await house.nothing(f"SELECT number FROM issues WHERE handler_id = {leader} AND reporter_id = {leader}")
    (merged,) = await house.ask("SELECT person_id, facts FROM changes WHERE action = 'person.merged'")
    assert (merged["person_id"], json.loads(merged["facts"])) == (leader, {"was": gone})
    assert house.is_told(house.leader, "已经换到另一部手机")
    assert house.is_told(house.phone, "欢迎回来")


async def a_post_changes_hands(house: House) -> None:
    """The successor agrees: what the leader had is theirs, each issue once."""
    leader, successor = house.ids[house.leader], house.ids[house.successor]
    handled = f"SELECT id FROM issues WHERE handler_id = {leader} AND state <> 'closed'"
    issues = [row["id"] for row in await house.ask(handled)]
    assert len(issues) > 10
    button = house.successor.button("plan.accept:1")
    assert button is not None
    await house.survives(lambda: house.successor.user.presses(None, *button))

    (holder,) = await house.ask(
        f"SELECT person_id FROM appointments WHERE post_id = {house.post_id} AND ends_at IS NULL"
    )
    assert holder["person_id"] == successor
    ids = ", ".join(map(str, issues))
    theirs = await house.ask(f"SELECT handler_id FROM issues WHERE id IN ({ids})")
    assert {row["handler_id"] for row in theirs} == {successor}
    moved = await house.ask(
        f"SELECT issue_id FROM issue_events WHERE action = 'transfer' AND issue_id IN ({ids})"
    )
    assert sorted(row["issue_id"] for row in moved) == sorted(issues)
    assert house.is_told(house.successor, "卸任了")
    assert house.is_told(house.phone, "现在由 李建国 担任")
    for person in house.residents:
        assert house.is_told(person, "换人了"), person.user.name


async def a_resident_is_forgotten(house: House) -> None:
    """What names them is gone, what was open is withdrawn, and whoever writes from there is somebody new."""
    resident = house.residents[0]
    person_id = house.ids[resident]
    before = await resident.presses("d:*:go", resident.says("/forget"))
    button = await resident.finds(lambda: resident.button("d:*:forget", before))
    await house.rests()
    await house.survives(lambda: resident.user.presses(None, *button))

    for table in ("accounts", "personal_details", "dialogs"):
        await house.nothing(f"SELECT person_id FROM {table} WHERE person_id = {person_id}")
    await house.nothing(f"SELECT id FROM issues WHERE reporter_id = {person_id} AND text LIKE '%{SECRET}%'")
    theirs = await house.ask(f"SELECT id, state FROM issues WHERE reporter_id = {person_id}")
    # What somebody follows goes on without the name.
    assert all((row["state"] == "closed") == (row["id"] % 3 != 0) for row in theirs)
    (change,) = await house.ask("SELECT person_id FROM changes WHERE action = 'person.forgotten'")
    assert change["person_id"] == person_id
    await resident.answer(resident.says("/start"))
    (account,) = await house.ask(f"SELECT person_id FROM accounts WHERE address = '{resident.user.id}'")
    assert account["person_id"] not in house.ids.values()


async def all_three(folder: Path, url: str = "", *, seed: int, issues: int, every: int = 0) -> None:
    """One after the other, in one compound."""
    async with settled(folder, url, seed=seed, issues=issues, every=every) as house:
        await a_new_phone(house)
        await a_post_changes_hands(house)
        await a_resident_is_forgotten(house)


async def test_killed_at_some_writes(tmp_path: Path) -> None:
    """Four times in each of the three: all or nothing, nothing lost, nothing twice."""
    await all_three(tmp_path, seed=1, issues=20)


@pytest.fixture
def server() -> Iterator[Server]:
    """A PostgreSQL server."""
    with serving() as server:
        yield server


@pytest.mark.soak
async def test_killed_at_every_write(tmp_path: Path) -> None:
    """After every third write of each."""
    await all_three(tmp_path, seed=2, issues=60, every=3)


@pytest.mark.soak
async def test_killed_on_a_server(tmp_path: Path, server: Server) -> None:
    """The same on PostgreSQL, which has to find out that nobody is there any more."""
    async with server.fresh(migrated=False) as url:
        await all_three(tmp_path, url, seed=3, issues=60, every=20)
