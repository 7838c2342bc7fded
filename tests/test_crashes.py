"""The bot as a process over HTTP: killed at any moment, stopped politely, started wrongly.

Other processes are waited for on conditions (what the sandbox saw, what stands in the database), with bounds.
"""

import asyncio
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.conversation.turn import Turn
from bot.domain.calendar import WorkCalendar
from bot.domain.clocks import Clock, RunningClock
from bot.domain.ladder import instant_of, rung
from bot.domain.transitions import BY_ACTION, Action
from bot.sandbox.chats import Record
from bot.storage.engine import from_micros
from tests.crowd import (
    MORNING,
    PATIENCE,
    UNHURRIED,
    Compound,
    Crowd,
    Process,
    Square,
    at_work,
    opened,
    the_bot,
)
from tests.world import SHANGHAI, World

STEP = timedelta(minutes=20)
"""How far the clock jumps at once; longer than a lease: what was under way at a crash goes out again."""
NUMBER = re.compile(r"\b\d{6}-\d{3,}\b")
AT_REST = """
    SELECT COALESCE((SELECT MAX(update_id) FROM inbox), 0) >= ?
      AND NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'new')
      AND NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'waiting')
"""


@contextmanager
def rows_of(path: Path) -> Iterator[sqlite3.Connection]:
    """The bot's database, for looking only."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def sent_by_people(square: Square) -> int:
    """How many updates there were."""
    return square.sandbox.memory._numbers["update"]  # noqa: SLF001  # what was never fetched is counted nowhere else


async def comes_to_rest(square: Square, path: Path) -> None:
    """Wait until the bot has taken every update and both mailboxes are empty."""
    async with asyncio.timeout(PATIENCE):
        with rows_of(path) as database:
            while not database.execute(AT_REST, (sent_by_people(square),)).fetchone()[0]:  # noqa: ASYNC110
                await asyncio.sleep(0.02)  # the rows of another process ring no bell


async def killed_again_and_again(
    crowd: Crowd, bot: Process, random: Random, *, kills: int, seconds: float
) -> None:
    """Kill the bot after it has done a random bit more, start it again, and let time pass meanwhile."""
    square = crowd.square
    for _ in range(kills):
        await square.reaches(square.revision + random.randint(1, 150), seconds)
        await asyncio.sleep(random.uniform(0, 0.5))  # at any moment, not only when something was just sent
        await bot.kill()
        square.later(STEP)
        await bot.start()
    # Time stands still until the bot is up again, and does the first thing it finds to do.
    await square.reaches(square.revision + 1, 5.0)
    crowd.enough_at = square.clock()


async def time_passes(crowd: Crowd) -> None:
    """Whenever nobody has anything to do, it gets later."""
    square = crowd.square
    while True:
        if not await square.reaches(square.revision + 1, 0.2) and crowd.enough_at:
            square.later(STEP)


async def survives(tmp_path: Path, *, people: int, kills: int, seed: int, **pace: str) -> int:
    """A crowd lives while the bot is killed; then the books are audited. How many messages came twice."""
    random = Random(seed)  # noqa: S311  # a story that can be told again
    async with opened(tmp_path / "clock", now=MORNING) as square:
        compound = await Compound.founded(tmp_path / "lianxin.db", square.clock())
        crowd = Crowd.gathered(square, compound, people, random)
        more = {"BOT_CLOCK__OFFSET_FILE": str(tmp_path / "clock"), "BOT_JOBS__TICK_SECONDS": "0.05"}
        bot = the_bot(square, compound.path, tmp_path / "journal", **more, **pace)
        await bot.start()
        try:
            await crowd.settles_in()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(killed_again_and_again(crowd, bot, random, kills=kills, seconds=1.5))
                passing = tasks.create_task(time_passes(crowd))
                await crowd.lives()
                passing.cancel()
            square.later(STEP)
            await comes_to_rest(square, compound.path)
            assert await bot.stop() == 0
        finally:
            await bot.kill()
        with rows_of(compound.path) as database:
            twice = audit(square, database, crowd)
            print(  # noqa: T201  # the figure the operator is promised
                f"\n{people} people, {len(crowd.reported)} issues, {kills} kills, "
                f"{sent_by_people(square)} updates, "
                f"{sum(len(list(person.messages())) for person in square.people)} messages, "
                f"of them twice: {twice}, clock {square.clock() - MORNING}"
            )
            return twice


def audit(square: Square, database: sqlite3.Connection, crowd: Crowd) -> int:
    """Compare what people did and saw with what is in the books; how many messages came twice."""
    every_update_was_handled_once(square, database)
    every_report_is_one_issue(database, crowd)
    numbers_have_no_gaps(square, database)
    every_state_is_explained(database)
    reminders_were_due_and_fired_once(database, crowd)
    return messages_that_came_twice(square, database)


def every_update_was_handled_once(square: Square, database: sqlite3.Connection) -> None:
    """Each update of the sandbox has one inbox row, and it is done."""
    found = database.execute("SELECT update_id, state FROM inbox ORDER BY update_id").fetchall()
    last = sent_by_people(square)
    assert [row["update_id"] for row in found] == list(range(1, last + 1))
    assert Counter(row["state"] for row in found) == {"done": last}


def every_report_is_one_issue(database: sqlite3.Connection, crowd: Crowd) -> None:
    """What somebody sent off is filed once, told once, and closed in the end."""
    issues = database.execute("SELECT text, state FROM issues").fetchall()
    assert sorted(row["text"] for row in issues) == sorted(crowd.reported)
    assert {row["state"] for row in issues} == {"closed"}


def numbers_have_no_gaps(square: Square, database: sqlite3.Connection) -> None:
    """001, 002 … on each day; a number is shown if and only if it was given."""
    given = [row["number"] for row in database.execute("SELECT number FROM issues ORDER BY number")]
    for day, numbers in groupby(given, key=lambda number: number.split("-")[0]):
        ordered = sorted(int(number.split("-")[1]) for number in numbers)
        assert ordered == list(range(1, len(ordered) + 1)), day
    shown = {
        number
        for person in square.people
        for one in person.messages()
        for number in NUMBER.findall(text_of(one))
    }
    assert shown == set(given)


def every_state_is_explained(database: sqlite3.Connection) -> None:
    """Replaying an issue's history through the table leads to its state."""
    for issue in database.execute("SELECT id, state FROM issues").fetchall():
        first, *events = history(database, issue["id"])
        assert (first["action"], first["from_state"], first["to_state"]) == ("file", "", "open")
        state = "open"
        for event in events:
            row = BY_ACTION[Action(event["action"])]
            assert event["from_state"] == state
            assert state in row.sources
            state = row.to or state
            assert event["to_state"] == state
        assert state == issue["state"]


def reminders_were_due_and_fired_once(database: sqlite3.Connection, crowd: Crowd) -> None:
    """Each run of a clock climbs its ladder rung by rung, none twice, none left out, and each was due.

    The first run, from filing to accepting, is worked out anew: what was due well before its end has fired,
    where it ended long enough after the last kill; before, the bot may not have lived to look at the clock.
    """
    assert crowd.enough_at is not None
    calm = crowd.enough_at + 3 * STEP
    calendar, fired_at_all = WorkCalendar(SHANGHAI), 0
    for issue in database.execute("SELECT * FROM issues").fetchall():
        term = timedelta(microseconds=issue["accept_term"])
        filed_at = from_micros(issue["filed_at"])
        clock = RunningClock(term, timedelta(), filed_at, Clock(issue["clock_kind"]), calendar)
        is_first = True
        for ends_at, fired in runs(history(database, issue["id"])):
            fired_at_all += len(fired)
            stages = [json.loads(event["facts"])["stage"] for event in fired]
            assert len(set(stages)) == len(stages)
            percents = [stage for stage in stages if rung(stage).percent is not None]
            assert percents == list(range(percents[0], percents[0] + len(percents))) if percents else True
            if is_first:
                dues = [
                    instant_of(stage, clock, None) for stage in range(20) if rung(stage).percent is not None
                ]
                assert all(
                    from_micros(e["at"]) >= dues[s]
                    for e, s in zip(fired, stages, strict=True)
                    if s < len(dues)
                )
                surely = {stage for stage, at in enumerate(dues) if at and at < ends_at - 3 * STEP}
                assert ends_at < calm or surely <= set(stages), (issue["number"], surely, stages)
            is_first = False
    assert fired_at_all > 0
    assert not database.execute("SELECT 1 FROM dues").fetchall()
    assert not database.execute("SELECT 1 FROM notices").fetchall()


def runs(events: list[sqlite3.Row]) -> Iterator[tuple[Any, list[sqlite3.Row]]]:
    """The runs of an issue's clocks: when each ended, and what the clock said during it."""
    fired: list[sqlite3.Row] = []
    for event in events:
        if event["action"] in ("remind", "escalate"):
            fired.append(event)
        elif event["to_state"] != event["from_state"] and event["from_state"]:
            yield from_micros(event["at"]), fired
            fired = []
    yield from_micros(events[-1]["at"]), fired


def messages_that_came_twice(square: Square, database: sqlite3.Connection) -> int:
    """Messages no outbox row knows of: sent, then killed before it was settled, and sent again. No others."""
    assert {row["state"] for row in database.execute("SELECT DISTINCT state FROM outbox")} <= {
        "sent",
        "expired",
    }
    settled = {
        (row["chat"], row["message_id"])
        for row in database.execute(
            "SELECT chat, message_id FROM outbox WHERE state = 'sent' AND intent <> 'toast'"
        )
    }
    twice = 0
    for person in square.people:
        chat, messages = str(person.user.id), list(person.messages())
        known = [one for one in messages if (chat, one.id) in settled or "media_group_id" in one.raw]
        for one in messages:
            if one not in known:
                twice += 1
                assert any(twin.id > one.id and is_same(twin, one, square) for twin in known), one.raw
    return twice


def is_same(twin: Record, one: Record, square: Square) -> bool:
    """Whether the two were sent with the same words; the later one may have been edited since."""
    sent = {
        call.reply.result["message_id"]: call.reply.result
        for call in square.sandbox.calls
        if call.method.lower() in ("sendmessage", "sendphoto") and call.reply.ok
    }
    return all(sent[twin.id].get(key) == sent[one.id].get(key) for key in ("text", "reply_markup", "photo"))


def history(database: sqlite3.Connection, issue_id: int) -> list[sqlite3.Row]:
    """What happened to an issue, oldest first."""
    return database.execute(
        "SELECT * FROM issue_events WHERE issue_id = ? ORDER BY id", (issue_id,)
    ).fetchall()


def text_of(record: Record) -> str:
    """Text or caption."""
    return str(record.raw.get("text") or record.raw.get("caption") or "")


async def test_killed_at_random_moments(tmp_path: Path) -> None:
    """Eighteen people, four kills: nothing lost, nothing done twice, at most one message twice a kill."""
    pace = {**UNHURRIED, "BOT_PACE__OVERALL_PER_SECOND": "60"}
    assert await survives(tmp_path, people=18, kills=4, seed=7, **pace) <= 4


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_for_minutes(tmp_path: Path, seed: int) -> None:
    """A hundred people, twenty-five kills, at Telegram's pace: at most one message twice for each kill."""
    pace = {**UNHURRIED, "BOT_PACE__OVERALL_PER_SECOND": "30"}
    assert await survives(tmp_path, people=100, kills=25, seed=seed, **pace) <= 25


async def test_stopped_politely(tmp_path: Path) -> None:
    """SIGTERM while people talk: exit code 0; after the next start nothing is lost and nothing came twice."""
    async with at_work(tmp_path, people=12, seed=3) as (crowd, bot):
        square = crowd.square
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(crowd.lives())
            for _ in range(2):
                await square.reaches(square.revision + 60, PATIENCE)
                assert await bot.stop() == 0
                await bot.start()
            crowd.enough_at = square.clock()
        await comes_to_rest(square, crowd.compound.path)
    with rows_of(crowd.compound.path) as database:
        every_update_was_handled_once(square, database)
        every_report_is_one_issue(database, crowd)
        numbers_have_no_gaps(square, database)
        assert messages_that_came_twice(square, database) == 0


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"BOT_TELEGRAM__TOKEN": "1:" + "x" * 35}, "telegram.token is refused by"),
        ({"BOT_TELEGRAM__BASE_URL": "http://127.0.0.1:9"}, "http://127.0.0.1:9 does not answer"),
        ({"BOT_TELEGRAM__TOKN": "1:x"}, "BOT_TELEGRAM__TOKN: there is no such setting; did you mean"),
        ({"BOT_DATABASE__URL": "sqlite:////proc/none/lianxin.db"}, "the database file /proc/none/lianxin.db"),
    ],
    ids=["token", "server", "setting", "database"],
)
async def test_cannot_start(tmp_path: Path, changed: dict[str, str], sentence: str) -> None:
    """What the operator has to mend is one sentence and exit code 2, never a stack trace, never the token."""
    async with opened() as square:
        bot = the_bot(square, tmp_path / "lianxin.db", tmp_path / "journal", **changed)
        await bot.start()
        assert await bot.ends(within=PATIENCE) == 2
    said = bot.journal.read_text(encoding="utf-8")
    assert said.startswith(f"lianxin: {sentence}")
    assert said.count("\n") == 1
    assert "x" * 35 not in said


async def test_letters_that_share_a_commit(world: World) -> None:
    """One whose turn breaks, between two others, is undone and counted alone: theirs are answered."""
    people = [world.newcomer(name) for name in ("前", "中", "后")]
    help_command = world.app.router.contents.commands["help"]

    async def breaks_for_one(turn: Turn) -> None:
        await help_command(turn)
        if turn.incoming.sender == str(people[1].user.id):
            raise LookupError("broken")

    router = world.app.router
    router.contents = replace(router.contents, commands={**router.contents.commands, "help": breaks_for_one})
    for person in people:
        person.user.sends(None, "/help")
    await world.app.receiver.receive_once(0)
    assert await router.take_some() == 3
    await world.settle()

    assert [bool(person.messages) for person in people] == [True, False, True]
    letters = await world.rows("SELECT state, attempts FROM inbox ORDER BY id")
    seen = [(letter["state"], letter["attempts"]) for letter in letters]
    assert seen == [("done", 0), ("new", 1), ("done", 0)]
