"""The engine of a turn: everything or nothing, once, in order, whatever breaks where."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count

import pytest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.conversation.router import AT_ONCE
from bot.conversation.turn import Turn
from bot.domain.errors import Refused, Unavailable
from bot.handlers import CONTENTS
from bot.storage.engine import Connection, Database, Row
from bot.storage.sqlite import SqliteDatabase
from tests.world import Phone, World


class Killed(BaseException):
    """The process ends here: nobody catches this."""


@dataclass
class Breaking:
    """A connection on which the n-th statement, counted from none, raises."""

    inner: Connection
    left: int
    error: BaseException

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise self.error

    async def fetch(self, query: str, parameters: Mapping[str, object]) -> list[Row]:
        """Run a named query, or break."""
        self._count()
        return await self.inner.fetch(query, parameters)

    async def run_many(self, query: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run a statement for each set of parameters, or break."""
        self._count()
        await self.inner.run_many(query, rows)

    async def execute(self, sql: str) -> None:
        """Run plain SQL, or break; what undoes must work for the exception to get out."""
        if not sql.startswith("ROLLBACK"):
            self._count()
        await self.inner.execute(sql)


@dataclass
class BreakingDatabase:
    """A database whose transactions break at the n-th statement; the last one is the commit."""

    inner: Database
    left: int
    error: BaseException

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A transaction that breaks."""
        async with self.inner.transaction() as connection:
            breaking = Breaking(connection, self.left, self.error)
            yield breaking
            breaking._count()  # noqa: SLF001  # the commit is a statement like any other

    async def migrate(self) -> int:
        """As the database inside."""
        return await self.inner.migrate()

    async def close(self) -> None:
        """As the database inside."""
        await self.inner.close()


async def break_everywhere(world: World) -> int:
    """Take the one waiting letter, killed at its first statement, its second …; gives how many there were.

    Each time nothing at all has happened, and the bot starts anew.
    """
    await world.app.receiver.receive_once(0)
    before = await world.contents(mail=True)
    for statement in count():
        world.app.router.database = BreakingDatabase(world.database, statement, Killed())
        try:
            taken = await world.app.router.take_some()
        except Killed:
            assert await world.contents(mail=True) == before
            await world.restart()
        else:
            assert taken == 1
            await world.restart()
            await world.settle()
            return statement
    raise AssertionError("not reached")


async def failing(turn: Turn) -> None:
    """A handler with a mistake: it writes, speaks, and then raises on one word."""
    await turn.store.people.set_locale(turn.person_id, "en")
    turn.say("menu.nothing_to_cancel")
    if turn.text == "炸":
        raise KeyError(turn.text)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    """What is logged meanwhile; tracebacks on a terminal take seconds."""
    with capture_logs() as entries:
        yield entries


async def test_killed_anywhere_while_reporting(world: World, leader: Phone, resident: Phone) -> None:
    """At whichever statement of the turn the process dies, in the end there is one issue, told once."""
    await resident.sends_photo("三栋2单元楼道灯坏了")
    await resident.presses("照明")
    await leader.forgets()
    message, button = resident.with_button("提交")
    assert button.data is not None
    resident.user.presses(None, message.id, button.data)
    assert await break_everywhere(world) > 20
    assert [row["number"] for row in await world.rows("SELECT number FROM issues")] == ["261124-001"]
    assert [event.action for event in await world.history()] == ["file"]
    assert len(await world.rows("SELECT 1 FROM attachments")) == 1
    assert len([text for text in leader.new_messages if "楼道灯坏了" in text]) == 1
    assert len([one for one in resident.messages if "已登记 261124-001" in one.text]) == 1


async def test_killed_anywhere_while_working(world: World, leader: Phone, resident: Phone) -> None:
    """The same for accepting and resolving."""
    await resident.reports()
    message, button = leader.with_button("接单")
    assert button.data is not None
    leader.user.presses(None, message.id, button.data)
    assert await break_everywhere(world) > 15
    assert len([one for one in resident.messages if "接单了" in one.text]) == 1
    await leader.presses("办结")
    await leader.sends_photo("换了灯管")
    message, button = leader.with_button("提交办结")
    assert button.data is not None
    leader.user.presses(None, message.id, button.data)
    assert await break_everywhere(world) > 20
    assert [event.action for event in await world.history()] == ["file", "accept", "resolve"]
    assert len([one for one in resident.messages if "办好了吗" in one.text]) == 1


async def test_a_mistake_is_tried_thrice_and_buried(world: World, logs: list[EventDict]) -> None:
    """Then the person gets an apology with a reference, the operator is told, and nothing half-done stays."""
    operator = await world.with_operator()
    phone, other = world.newcomer("倒霉"), world.newcomer("旁人")
    await phone.sends("/start")
    await other.sends("/start")
    # What the clock notes about its own rounds (`upkeep`) is no work of the turn.
    aside = ("cards", "dialogs", "upkeep")
    before = await world.contents(*aside)
    world.app.router.contents = replace(CONTENTS, free=failing)
    await phone.forgets()
    await phone.sends("炸")
    await phone.sends("后面的话")
    await other.sends("好")
    assert phone.new_messages == []
    assert "没有正在填的" in other.last_message
    for attempts in (1, 2):
        (row,) = await world.rows("SELECT attempts FROM inbox WHERE state = 'new' ORDER BY id LIMIT 1")
        assert row["attempts"] == attempts
        await world.later(seconds=5)
    (buried,) = await world.rows("SELECT id, error, attempts FROM inbox WHERE state = 'buried'")
    assert (buried["error"], buried["attempts"]) == ("KeyError", 3)
    apology, answer = phone.new_messages
    assert f"编号 {buried['id']}" in apology
    assert "没有正在填的" in answer or "Nothing" in answer
    assert f"编号 {buried['id']}" in operator.last_message
    assert "KeyError" in operator.last_message
    assert "炸" not in operator.last_message
    failures = [entry for entry in logs if entry["event"] == "turn_failed"]
    assert [(entry["attempt"], entry["buried"]) for entry in failures] == [(1, False), (2, False), (3, True)]
    assert "炸" not in str([{**entry, "exc_info": ""} for entry in logs])
    locales = {row["id"]: row["locale"] for row in await world.rows("SELECT id, locale FROM people")}
    assert locales[await phone.person_id()] == "en"
    assert {**await world.contents(*aside), "people": []} == {**before, "people": []}


async def test_a_first_word_that_fails_is_apologised_for(world: World) -> None:
    """Somebody the bot has never met is not met with silence."""
    world.app.router.contents = replace(CONTENTS, free=failing)
    phone = world.newcomer()
    await phone.sends("炸")
    for _ in range(2):
        await world.later(seconds=5)
    assert "没能处理好" in phone.last_message
    assert len(phone.messages) == 1


async def test_a_mistake_that_passes(world: World) -> None:
    """What fails once and works the second time happens once."""
    phone = world.newcomer()
    await phone.sends("/start")
    await phone.forgets()
    world.app.router.contents = replace(CONTENTS, free=failing)
    await phone.sends("炸")
    await world.restart()
    await world.later(seconds=5)
    assert len(phone.new_messages) == 1
    assert "报事" in phone.last_message
    assert await world.rows("SELECT 1 FROM inbox WHERE state <> 'done'") == []


async def test_a_malformed_update_is_buried_at_once(world: World) -> None:
    """It is never tried again, its sender is told where there is one, and the others go on."""
    operator = await world.with_operator()
    phone = world.newcomer()
    await phone.sends("/start")
    await phone.forgets()
    own = {"id": phone.user.id, "type": "private"}
    broken: list[object] = [
        {"update_id": 900_000_001, "message": {"chat": own, "from": {"id": phone.user.id}}},
        {"update_id": 900_000_002, "message": 7},
        {"update_id": 900_000_003, "callback_query": {"id": [], "from": {"id": -1}, "message": {}}},
    ]
    await world.app.receiver.store(broken)
    await world.settle()
    rows = await world.rows("SELECT state, attempts FROM inbox WHERE update_id >= 900000001 ORDER BY id")
    assert (rows[0]["state"], rows[0]["attempts"]) == ("buried", 1)
    assert not any(row["state"] == "new" for row in rows)
    assert len([text for text in phone.new_messages if "没能处理好" in text]) == 1
    assert "Malformed" in operator.last_message
    await phone.sends("灯坏了")
    assert "哪一类" in phone.last_message


async def test_a_refusal_leaves_nothing_half_written(world: World) -> None:
    """What was written and said before a rule said no is taken back; only the refusal is said."""

    async def refusing(turn: Turn) -> None:
        """Write and speak, then find a rule against it."""
        await turn.store.people.set_locale(turn.person_id, "en")
        turn.say("menu.nothing_to_cancel")
        raise Refused("no_post")

    phone = world.newcomer()
    await phone.sends("/start")
    await phone.forgets()
    before = await world.contents()
    world.app.router.contents = replace(CONTENTS, free=refusing)
    await phone.sends("好")
    assert await world.contents() == before
    (told,) = phone.new_messages
    assert "没有任职" in told


async def test_a_database_that_is_away_counts_nothing(world: World, resident: Phone) -> None:
    """However often it is away, and wherever, no attempt is counted and nothing is lost or done twice."""
    await resident.sends("三栋2单元楼道灯坏了")
    await resident.presses("照明")
    message, button = resident.with_button("提交")
    assert button.data is not None
    resident.user.presses(None, message.id, button.data)
    await world.app.receiver.receive_once(0)
    before = await world.contents(mail=True)
    for statement in range(0, 30, 3):
        world.app.router.database = BreakingDatabase(world.database, statement, Unavailable("away"))
        with pytest.raises(Unavailable):
            await world.app.router.take_some()
        assert await world.contents(mail=True) == before
    world.app.router.database = world.database
    await world.settle()
    assert "已登记 261124-001" in resident.last_message
    assert [
        row["attempts"] for row in await world.rows("SELECT attempts FROM inbox ORDER BY id DESC LIMIT 1")
    ] == [0]


@pytest.mark.usefixtures("leader")
async def test_every_question_survives_a_restart(world: World) -> None:
    """A report goes on where it was, though the bot is started anew after each answer."""
    phone = world.newcomer("小李")
    await phone.sends("楼道灯不亮")
    for step in ("照明", "3号楼", "改地点", "整个小区", "提交"):
        await world.restart()
        await phone.presses(step)
    assert "已登记 261124-001" in phone.last_message


async def test_two_routers_share_the_work(world: World) -> None:
    """Two processes on one database: every letter is handled once, each person's in their order."""
    assert isinstance(world.database, SqliteDatabase)
    heard: list[tuple[str, str]] = []

    async def listening(turn: Turn) -> None:
        """Take note and answer."""
        heard.append((turn.incoming.sender, turn.text))
        turn.say("menu.nothing_to_cancel")

    phones = [world.newcomer(f"邻居{number}") for number in range(AT_ONCE // 2)]
    for text in "甲乙丙":
        for phone in phones:
            phone.user.sends(None, text)
    await world.app.receiver.receive_once(0)
    world.app.router.contents = replace(CONTENTS, free=listening)
    second = await SqliteDatabase.open(world.database.path)
    try:
        routers = [world.app.router, replace(world.app.router, database=second)]
        taken = await asyncio.gather(*(router.take_some() for router in routers))
    finally:
        await second.close()
    assert sorted(taken) == [AT_ONCE // 2, AT_ONCE]
    for phone in phones:
        assert [text for sender, text in heard if sender == str(phone.user.id)] == ["甲", "乙", "丙"]
    await world.settle()
    assert [len(phone.messages) for phone in phones] == [3] * len(phones)
