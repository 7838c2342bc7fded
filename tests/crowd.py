"""A crowd of people with phones around a bot that runs as anybody would run it: a process, over HTTP."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from aiohttp import web

from bot.actions.desk import Desk, Rules
from bot.actions.directory import (
    APPOINT_PREFIX,
    JOIN_PREFIX,
    find_post,
    invite,
    joining_links,
)
from bot.actions.importing import import_register
from bot.app import TEMPLATES, system_clock
from bot.domain.posts import PostKind
from bot.domain.register import read_register
from bot.sandbox.chats import Chat, Record
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.server import make_app
from bot.spreadsheets import read
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from bot.texts import Texts

T = TypeVar("T")

HOUSE = Path(__file__).parent.parent
SAMPLE = HOUSE / "samples" / "luzhou-126"
PATIENCE = 240.0
"""Seconds after which waiting for another process means that something is wrong."""
STOP_WITHIN = 15.0
UNHURRIED = {
    "BOT_PACE__OVERALL_PER_SECOND": "100000",
    "BOT_PACE__PER_CHAT_PER_SECOND": "100000",
    "BOT_PACE__CHAT_BURST": "100000",
    "BOT_PACE__PER_GROUP_PER_MINUTE": "100000",
    "BOT_LIMITS__REPORTS_PER_DAY": "100000",
    "BOT_LIMITS__DANGER_REPORTS_PER_DAY": "100000",
    "BOT_LIMITS__MESSAGES_PER_MINUTE": "100000",
}
"""Telegram's limits and those against abuse set aside, where the bot is meant and not they."""
KEEPS_ALL = 10_000_000


@dataclass(frozen=True, slots=True)
class Door:
    """An entrance with its joining link and the units behind it."""

    payload: str
    units: tuple[str, ...]


@dataclass(slots=True)
class Square:
    """A Telegram over HTTP on a free port of 127.0.0.1, and the people in it."""

    sandbox: Sandbox
    clock: MovableClock
    url: str
    people: list["Person"] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _noted: bool = False

    @property
    def revision(self) -> int:
        """Counts whatever anybody can see; it grows as long as something happens."""
        return self.sandbox.memory.revision

    async def reaches(self, revision: int, within: float) -> bool:
        """Wait until so much has happened; False when it has not within so many seconds."""
        try:
            async with asyncio.timeout(within):
                while self.revision < revision:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def later(self, span: timedelta) -> None:
        """Move the clock; who waits for an hour looks again."""
        self.clock.move(span)
        for person in self.people:
            person.news.set()

    def note(self) -> None:
        """Something changed: whoever waits looks again, once what happens now is over."""
        if not self._noted:
            self._noted = True
            asyncio.get_running_loop().call_soon(self._spread)

    def _spread(self) -> None:
        self._noted = False
        self._changed.set()
        for person in self.people:
            if person.chat.revision != person.looked_at:
                person.news.set()


@asynccontextmanager
async def opened(
    offset_file: Path | None = None, *, now: datetime | None = None, latency: float = 0.0
) -> AsyncIterator[Square]:
    """A square to meet on, with `latency` seconds for every call of the bot.

    With `offset_file` the clock can be moved, and starts at `now`; then every call is remembered.
    """
    clock = MovableClock(system_clock(None), offset_file)
    if now is not None:
        clock.move(now - clock())
    sandbox = Sandbox(clock, keep_calls=KEEPS_ALL if offset_file else 0)
    runner = web.AppRunner(make_app(sandbox, clock, latency=latency), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        square = Square(sandbox, clock, f"http://127.0.0.1:{runner.addresses[0][1]}")
        sandbox.changed.append(square.note)
        yield square
    finally:
        await runner.cleanup()


class Person:
    """A person with a phone; buttons are known by what they send, so that no word of a text is needed."""

    def __init__(self, square: Square, name: str) -> None:
        self.square = square
        self.user = square.sandbox.user(name)
        self.news = asyncio.Event()
        self.looked_at = -1
        square.people.append(self)

    @property
    def chat(self) -> Chat:
        """Their private chat with the bot."""
        return self.square.sandbox.memory.chats[self.user.id]

    def messages(self, since: int = 0) -> Iterator[Record]:
        """What the bot sent or edited after that revision, newest message first."""
        for record in reversed(self.chat.records.values()):
            if record.outgoing and record.revision > since:
                yield record

    def buttons(self, since: int = 0) -> Iterator[tuple[int, str]]:
        """Message and payload of every button under those messages."""
        for record in self.messages(since):
            for row in record.raw.get("reply_markup", {}).get("inline_keyboard", ()):
                for button in row:
                    yield record.id, button.get("callback_data", "")

    async def waits(self, look: Callable[[], T | None], within: float) -> T | None:
        """Look at the phone until something is there, but no longer than so many seconds."""
        try:
            async with asyncio.timeout(within):
                while (found := look()) is None:
                    self.looked_at = self.chat.revision
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return None
        return found

    async def finds(self, look: Callable[[], T | None]) -> T:
        """Look at the phone until something is there; that nothing comes is the bot's fault."""
        found = await self.waits(look, PATIENCE)
        if found is None:
            last = [record.raw.get("text") for record in self.messages()][:3]
            raise AssertionError(f"{self.user.name} waits in vain; last messages: {last}")
        return found

    def button(self, payload: str, since: int = 0) -> tuple[int, str] | None:
        """The newest such button; `d:*:x` is the option x of whatever question is open."""

        def fits(data: str) -> bool:
            kind, _, rest = data.partition(":")
            return data == payload or (kind == "d" and f"d:*:{rest.partition(':')[2]}" == payload)

        return next((found for found in self.buttons(since) if fits(found[1])), None)

    async def presses(self, payload: str, since: int = 0) -> int:
        """Tap such a button as soon as it is there; gives the revision before the tap."""
        message_id, data = await self.finds(lambda: self.button(payload, since))
        before = self.square.revision
        self.user.presses(None, message_id, data)
        return before

    def says(self, text: str) -> int:
        """Type a message; gives the revision before it."""
        before = self.square.revision
        self.user.sends(None, text)
        return before

    async def answer(self, since: int) -> Record:
        """The newest thing the bot said or changed after that revision."""
        return await self.finds(lambda: next(self.messages(since), None))


class Resident(Person):
    """Reports, follows, answers."""

    async def joins(self, door: Door, unit: str) -> None:
        """Through the link at the entrance."""
        before = self.square.revision
        self.user.opens_link(door.payload)
        await self.answer(before)
        before = await self.presses("d:*:owner", self.says(unit))
        await self.answer(await self.presses("d:*:use", before))

    async def reports(self, words: str, category: str) -> int:
        """Tell something and send it off; gives the issue's id."""
        before = await self.presses(f"d:*:{category}", self.says(words))
        before = await self.presses("d:*:send", before)

        def filed() -> int | None:
            asked = (data for _, data in self.buttons(before) if data.startswith("issue.why:"))
            return next((int(data.split(":")[1]) for data in asked), None)

        return await self.finds(filed)

    async def follows(self, issue: int, how: str) -> None:
        """See it through: `confirm`, `dispute` (once, then confirm), or `withdraw`."""
        if how == "withdraw":
            await self.presses(f"issue.show:{issue}", self.says("/my"))
            before = await self.presses("d:*:withdrawn", await self.presses(f"issue.withdraw:{issue}"))
            await self.answer(before)
            return
        asked = 0
        if how == "dispute":
            before = await self.presses(f"issue.dispute:{issue}")
            await self.answer(before)
            asked = self.says("还是不行")
            await self.answer(asked)
        before = await self.presses(f"issue.confirm:{issue}", asked)
        await self.presses(f"issue.rate:{issue}:satisfied", before)


LATE = timedelta(hours=2)
"""How long handlers let some issues lie: enough for reminders and escalations of the urgent ones."""


SOON = 60.0
"""Seconds after which a handler turns to something else."""
TRIES = 3


def lies(issue: int) -> bool:
    """Every third is left lying, whoever has it."""
    return issue % 3 == 0


class Handler(Person):
    """Takes what comes: approves homes, accepts and resolves issues, some of them late."""

    def __init__(self, square: Square, name: str, late: timedelta = LATE) -> None:
        super().__init__(square, name)
        self._late = late
        # What comes to this desk is urgent: however small the crowd, some of its clocks run out.
        self._leaves_all = name == PostKind.PROPERTY_MANAGER
        self._tapped: set[str] = set()
        self._done_at: dict[str, int] = {}
        self._tries: Counter[tuple[str, int]] = Counter()
        self._seen_at: dict[int, datetime] = {}

    async def takes_office(self, payload: str) -> None:
        """Through a one-time invitation; as the first of those the register names."""
        self.user.opens_link(payload)

        def is_in_office() -> bool | None:
            return True if self.chat.keyboard else None

        def choice() -> tuple[int, str] | None:
            return next((found for found in self.buttons() if found[1].startswith("d:")), None)

        asked = await self.finds(lambda: choice() or is_in_office())
        if isinstance(asked, tuple):
            self.user.presses(None, *asked)
            await self.finds(is_in_office)

    async def works(self) -> None:
        """Do one thing after the other, for ever."""
        while True:
            message_id, data = await self._finds_work()
            if data.startswith("issue.resolve:"):
                await self._resolves(message_id, data)
            else:
                self._tapped.add(data)
                self.user.presses(None, message_id, data)

    async def _finds_work(self) -> tuple[int, str]:
        while (found := await self.waits(self._next, PATIENCE)) is None:
            pass
        return found

    def _next(self) -> tuple[int, str] | None:
        """Homes and new issues are taken once; resolving is tried again where it did not work."""
        hopes: list[tuple[int, int, str]] = []
        for record in self.messages():
            for row in record.raw.get("reply_markup", {}).get("inline_keyboard", ()):
                for button in row:
                    data = button.get("callback_data", "")
                    kind, _, number = data.partition(":")
                    if kind == "issue.resolve" and record.revision > self._done_at.get(data, 0):
                        hopes.append((self._tries[data, record.revision], record.id, data))
                    elif data in self._tapped:
                        continue
                    elif kind == "home.approve" or (kind == "issue.accept" and self._is_time(int(number))):
                        return record.id, data
        tries, message_id, data = min(hopes, default=(TRIES, 0, ""))
        return (message_id, data) if tries < TRIES else None

    def _is_time(self, issue: int) -> bool:
        now = self.square.clock()
        is_left = self._leaves_all or lies(issue)
        return not is_left or now - self._seen_at.setdefault(issue, now) >= self._late

    def _refused(self, since: int) -> bool | None:
        return any(toast.alert and toast.revision > since for toast in self.user.toasts) or None

    async def _resolves(self, message_id: int, data: str) -> None:
        """Say it with a photo and send it off. A reminder that came too late has a button that is refused."""
        self._tries[data, self.chat.records[message_id].revision] += 1
        before = self.square.revision
        self.user.presses(None, message_id, data)
        asked = await self.waits(lambda: self.button("d:*:_cancel", before) or self._refused(before), SOON)
        if not isinstance(asked, tuple):
            return
        before = self.square.revision
        self.user.sends_photo(None, "已经修好")
        found = await self.waits(lambda: self.button("d:*:send", before), SOON)
        if found is None:
            return
        before = self.square.revision
        self.user.presses(None, *found)
        await self.waits(lambda: next(self.messages(before), None), SOON)
        # What of this issue shows up again later was disputed.
        self._done_at[data] = self.square.revision


@dataclass(slots=True)
class Compound:
    """The sample compound in a database of its own: doors to join by, invitations to posts."""

    path: Path
    doors: list[Door]
    invitations: Mapping[str, str]

    @staticmethod
    async def founded(path: Path, now: datetime) -> "Compound":
        """Imported as an operator would."""
        database = await SqliteDatabase.open(str(path))
        try:
            await database.migrate()
            register, mistakes = read_register(read(SAMPLE))
            assert not mistakes
            async with database.transaction() as connection:
                store = Store(connection)
                await import_register(Desk(store, Texts(TEMPLATES), Rules(0, ""), now), register)
                doors = [
                    Door(JOIN_PREFIX + door.code, ("101", "201", "301", "401", "501"))
                    for door in await joining_links(store, 1, now)
                ]
                invitations = {
                    kind.value + building: APPOINT_PREFIX
                    + await invite(store, await find_post(store, 1, kind, building, ""), now)
                    for kind, building in (
                        *((PostKind.BUILDING_LEADER, str(number)) for number in range(1, 6)),
                        (PostKind.PROPERTY_MANAGER, ""),
                        (PostKind.SELF_MANAGEMENT_COMMITTEE, ""),
                        (PostKind.OWNERS_COMMITTEE_DIRECTOR, ""),
                        (PostKind.BRANCH_SECRETARY, ""),
                    )
                }
        finally:
            await database.close()
        return Compound(path, doors, invitations)


@dataclass(slots=True)
class Process:
    """The bot, as anybody would run it; its journal goes to a file."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    journal: Path
    _process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Begin; it needs a second before it answers."""
        others = {name: value for name, value in os.environ.items() if not name.upper().startswith("BOT_")}
        with self.journal.open("ab") as journal:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.arguments,
                env={**others, **self.environment},
                cwd=HOUSE,
                stdout=journal,
                stderr=journal,
            )

    async def kill(self) -> None:
        """End it at once (kill -9), whatever it is doing."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()

    async def stop(self) -> int:
        """Ask it to end; gives its exit code."""
        assert self._process is not None
        self._process.terminate()
        return await self.ends(STOP_WITHIN)

    async def ends(self, within: float) -> int:
        """Wait until it has ended; gives its exit code."""
        assert self._process is not None
        async with asyncio.timeout(within):
            return await self._process.wait()

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.returncode is None


def the_bot(square: Square, database: Path, journal: Path, **more: str) -> Process:
    """`python -m bot run`, pointed at the square."""
    environment = {
        "BOT_TELEGRAM__TOKEN": square.sandbox.token,
        "BOT_TELEGRAM__BASE_URL": square.url,
        "BOT_DATABASE__URL": f"sqlite:///{database}",
        **more,
    }
    return Process(("-m", "bot", "run", "--config", os.devnull), environment, journal)


CATEGORIES = (
    *[("lighting", "楼道灯坏了")] * 4,
    ("utilities", "家里停水了"),
    ("falling_objects", "楼上往下扔东西"),
)
"""What is reported: mostly to the building leaders, some things to the property manager, and urgent."""
MORNING = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""A Tuesday, ten in the morning in Ya'an."""


@dataclass(slots=True)
class Crowd:
    """Residents who report until told to stop, and those who have to do something about it."""

    square: Square
    residents: list[Resident]
    handlers: list[Handler]
    compound: Compound
    random: Random
    late: timedelta
    enough_at: datetime | None = None
    reported: list[str] = field(default_factory=list)

    @staticmethod
    def gathered(
        square: Square, compound: Compound, count: int, random: Random, late: timedelta = LATE
    ) -> "Crowd":
        """So many residents, and a holder for each invitation."""
        residents = [Resident(square, f"居民{number}") for number in range(count)]
        handlers = [Handler(square, name, late) for name in compound.invitations]
        return Crowd(square, residents, handlers, compound, random, late)

    async def settles_in(self) -> None:
        """Everybody in a post takes office."""
        async with asyncio.TaskGroup() as tasks:
            for handler, payload in zip(self.handlers, self.compound.invitations.values(), strict=True):
                tasks.create_task(handler.takes_office(payload))

    async def lives(self) -> None:
        """Everybody joins, then reports and follows again and again until it is enough."""
        async with asyncio.TaskGroup() as work:
            working = [work.create_task(handler.works()) for handler in self.handlers]
            async with asyncio.TaskGroup() as tasks:
                for number, resident in enumerate(self.residents):
                    tasks.create_task(self._life(resident, number))
            for task in working:
                task.cancel()

    async def _life(self, resident: Resident, number: int) -> None:
        door = self.compound.doors[number % len(self.compound.doors)]
        await resident.joins(door, door.units[number % len(door.units)])
        while True:
            category, words = self.random.choice(CATEGORIES)
            text = f"{words}，第{len(self.reported) + 1}次说"
            self.reported.append(text)
            issue = await resident.reports(text, category)
            # Only what is left lying can be withdrawn before it is done.
            how = (
                ("confirm", "dispute", "withdraw")
                if self.late and lies(issue)
                else ("confirm", "confirm", "dispute")
            )
            await resident.follows(issue, self.random.choice(how))
            if self.enough_at:
                return


@asynccontextmanager
async def at_work(folder: Path, *, people: int, seed: int) -> AsyncIterator[tuple[Crowd, Process]]:
    """A crowd in which nobody is late, all in office, around a bot that is stopped politely in the end."""
    async with opened(folder / "clock", now=MORNING) as square:
        compound = await Compound.founded(folder / "lianxin.db", square.clock())
        random = Random(seed)  # noqa: S311  # a story that can be told again
        crowd = Crowd.gathered(square, compound, people, random, late=timedelta())
        more = {"BOT_CLOCK__OFFSET_FILE": str(folder / "clock"), **UNHURRIED}
        bot = the_bot(square, compound.path, folder / "journal", **more)
        await bot.start()
        try:
            await crowd.settles_in()
            yield crowd, bot
        finally:
            assert await bot.stop() == 0


async def side_by_side(*work: Coroutine[Any, Any, Any]) -> None:
    """All of it at once; the first failure ends the rest."""
    async with asyncio.TaskGroup() as tasks:
        for one in work:
            tasks.create_task(one)
