"""Bots that are killed (kill -9) in the middle of what they write.

Run as a program it reads all of the bot's code and texts once, and forks a bot for each order it is given: so
there is time for many deaths. It answers each order with two lines: the bot's process id, and how it ended.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bot.app
from bot.app import TEMPLATES
from bot.cli import main
from bot.domain.calendar import is_announced
from bot.storage.engine import Connection, Row, named_queries
from bot.storage.postgres import PostgresConnection
from bot.storage.sqlite import SqliteConnection
from bot.texts import Texts
from tests.crowd import HOUSE, MORNING, PATIENCE

Run = Callable[[Connection, str, Any], Awaitable[list[Row]]]


@dataclass(frozen=True, slots=True)
class Doom:
    """Which write a bot does not survive: so many after the claim of an update, or (0) after its start.

    `writes` of 0 are as many as the turn of that update has. How many there were is left in the file `note`.
    """

    note: str
    update: int
    writes: int


class Watch:
    """Counts what is written; within the turn only what that turn writes."""

    def __init__(self, doom: Doom) -> None:
        self._doom = doom
        self._writes: int | None = None if doom.update else 0
        self._turn: Connection | None = None

    def counted(self, run: Run) -> Run:
        """The same, which may be the last thing that is done."""

        async def run_and_count(connection: Connection, query: str, values: Any) -> list[Row]:
            found = await run(connection, query, values)
            self._note(connection, query, found)
            return found

        return run_and_count

    def _note(self, connection: Connection, query: str, found: list[Row]) -> None:
        if query == "claim_letter" and found and found[0]["update_id"] == self._doom.update:
            self._turn, self._writes = connection, 0
        if self._writes is None or self._turn not in (None, connection) or not _writes(query):
            return
        self._writes += 1
        is_last = self._turn is not None and query == "finish_letter"
        if is_last:
            self._turn = None
        if self._writes == self._doom.writes or (is_last and not self._doom.writes):
            Path(self._doom.note).write_text(str(self._writes), encoding="ascii")
            os.kill(os.getpid(), signal.SIGKILL)


def _writes(query: str) -> bool:
    return named_queries()[query].startswith(("INSERT", "UPDATE", "DELETE"))


def _live(environment: Mapping[str, str], doom: Doom | None) -> None:
    """`python -m bot run` in this process."""
    os.environ.update(environment)
    if doom is not None:
        watch = Watch(doom)
        for engine in (SqliteConnection, PostgresConnection):
            for name in ("fetch", "run_many"):
                setattr(engine, name, watch.counted(getattr(engine, name)))
    sys.argv = ["lianxin", "run", "--config", os.devnull]
    main()


def _read_up() -> None:
    """Before the first bot, what each would work out anew: statements, holidays, templates."""
    named_queries()
    is_announced(MORNING.year)
    texts = Texts(TEMPLATES)
    for file in TEMPLATES.glob("*/*.j2"):
        if file.parent.name == "zh_CN" or file.stem == "labels":
            texts._template(file.parent.name, file.stem)  # noqa: SLF001  # reading alone is not offered
    vars(bot.app)["Texts"] = lambda _folder, _names: texts


def _bear() -> None:
    """One bot after the other, until nobody gives orders any more."""
    _read_up()
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if not child:
            _live(order["environment"], Doom(**order["doom"]) if order["doom"] else None)
            os._exit(0)
        print(child, file=answers)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), file=answers)


# The other side ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Parent:
    """Starts bots with this environment."""

    environment: Mapping[str, str]
    folder: Path
    _process: asyncio.subprocess.Process
    _child: int = 0

    async def starts(self) -> None:
        """A bot that lives until it is killed."""
        await self._order(None)

    async def killed(self) -> None:
        """End it at once (kill -9), whatever it is doing."""
        os.kill(self._child, signal.SIGKILL)
        assert await self._number() == -signal.SIGKILL
        self._child = 0

    async def dies(self, update: int, writes: int) -> int:
        """A bot that is killed as `Doom` says: how many writes there were."""
        note = self.folder / "note"
        note.unlink(missing_ok=True)
        await self._order({"note": str(note), "update": update, "writes": writes})
        assert await self._number() == -signal.SIGKILL
        self._child = 0
        return int(note.read_text(encoding="ascii"))

    async def _order(self, doom: Mapping[str, object] | None) -> None:
        assert self._process.stdin is not None
        line = json.dumps({"environment": dict(self.environment), "doom": doom})
        self._process.stdin.write(f"{line}\n".encode())
        self._child = await self._number()

    async def _number(self) -> int:
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            return int(await self._process.stdout.readline())


@asynccontextmanager
async def parent(folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Parent]:
    """A parent of bots; what they say goes to the file `journal`; none of them is left behind."""
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith("BOT_")}
    with (folder / "journal").open("ab") as journal:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.doomed"),
            env=others,
            cwd=HOUSE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=journal,
        )
    found = Parent(environment, folder, process)
    try:
        yield found
    finally:
        if found._child:  # noqa: SLF001
            with suppress(ProcessLookupError):
                os.kill(found._child, signal.SIGKILL)  # noqa: SLF001
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


if __name__ == "__main__":
    _bear()
