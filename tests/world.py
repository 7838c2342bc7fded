"""A compound in a test: the real app over an in-process Telegram, with a clock that only moves when told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from telegram import Bot

from bot.actions.desk import Desk, Rules
from bot.actions.directory import (
    APPOINT_PREFIX,
    JOIN_PREFIX,
    find_post,
    invite,
    joining_links,
)
from bot.actions.importing import import_register
from bot.app import TEMPLATES, App, assemble
from bot.domain.abuse import Limits
from bot.domain.categories import DEFAULT_CATEGORIES, customised
from bot.domain.posts import PostKind
from bot.domain.register import ListedBuilding, ListedCompound, ListedUnit, Register, read_register
from bot.gateway.pacing import Pace
from bot.sandbox.core import Sandbox
from bot.sandbox.people import Button, Group, Seen, User
from bot.sandbox.request import SandboxRequest
from bot.spreadsheets import read
from bot.storage.engine import Database, Row
from bot.storage.issues import Event, Issue
from bot.storage.store import Store
from bot.texts import Texts
from tests.engines import ask

SAMPLE = Path(__file__).parent.parent / "samples" / "luzhou-126"
SHANGHAI = ZoneInfo("Asia/Shanghai")
MORNING = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI).astimezone(UTC)
"""A Tuesday, ten in the morning in Ya'an."""
UNHURRIED = Pace(10_000, 10_000, 10_000, 10_000)
"""No pacing: for stories that are not about it."""
UNLIMITED = Limits(10_000, 10_000, 10_000, 10_000)
"""Nor any limit to what one person says: the clock of a story stands still while they talk."""
TEXTS = Texts(TEMPLATES)
"""Compiled once for all tests: they do not change."""


class Clock:
    """Time as an argument."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now


@dataclass
class Phone:
    """A person with a phone, as the story sees them."""

    world: "World"
    user: User
    read_up_to: int = field(default=0)

    @property
    def messages(self) -> list[Seen]:
        """What the bot has sent them, oldest first."""
        return [message for message in self.user.chat() if message.from_bot]

    @property
    def last_message(self) -> str:
        """The newest message of the bot, as plain text."""
        return self.messages[-1].text if self.messages else ""

    @property
    def last_toast(self) -> str:
        """The newest notice after a press."""
        return self.user.toasts[-1].text if self.user.toasts else ""

    @property
    def keyboard(self) -> list[str]:
        """The words on the reply keyboard."""
        return [word for row in self.user.keyboard() or [] for word in row]

    def sees(self, text: str) -> bool:
        """Whether any message of the bot in this chat says so now."""
        return any(text in message.text for message in self.messages)

    def with_button(self, label: str) -> tuple[Seen, Button]:
        """The newest message with such a button."""
        for message in reversed(self.messages):
            for row in message.buttons:
                for button in row:
                    if label in button.text:
                        return message, button
        shown = [[button.text for row in message.buttons for button in row] for message in self.messages]
        raise AssertionError(
            f"no button {label!r}; last message: {self.last_message!r}; buttons: {shown[-3:]}"
        )

    def may_press(self, label: str) -> bool:
        """Whether such a button is on the newest message that has any."""
        with_buttons = [message for message in self.messages if message.buttons]
        return bool(with_buttons) and any(
            label in button.text for row in with_buttons[-1].buttons for button in row
        )

    async def sends(self, text: str) -> None:
        """Type a message and let everything settle."""
        self.user.sends(None, text)
        await self.world.settle()

    async def replies(self, to: str, text: str) -> int:
        """Answer the newest message that says so, their own or the bot's, with the app's own reply."""
        message_id = self.user.replies(None, self.find(to), text)
        await self.world.settle()
        return message_id

    def find(self, text: str) -> int:
        """The newest message of this chat that says so."""
        return next(message.id for message in reversed(self.user.chat()) if text in message.text)

    async def edits(self, was: str, text: str) -> None:
        """Change the newest own message that says `was`."""
        own = (message for message in reversed(self.user.chat()) if not message.from_bot)
        self.user.edits(None, next(message.id for message in own if was in message.text), text)
        await self.world.settle()

    async def sends_photo(self, caption: str = "") -> None:
        """Send one photo."""
        self.user.sends_photo(None, caption)
        await self.world.settle()

    async def sends_album(self, count: int, caption: str = "") -> None:
        """Send several photos as one album."""
        self.user.sends_album(None, caption, [None] * count)
        await self.world.settle()

    async def sends_voice(self) -> None:
        """Send a voice message."""
        self.user.sends_voice(None)
        await self.world.settle()

    async def sends_sticker(self) -> None:
        """Send a sticker."""
        self.user.sends_sticker(None)
        await self.world.settle()

    @property
    def buttons(self) -> list[str]:
        """The labels under the newest message that has any."""
        shown = [message.buttons for message in self.messages if message.buttons]
        return [button.text for row in shown[-1] for button in row] if shown else []

    async def presses(self, *labels: str) -> None:
        """Tap buttons one after the other, each the newest with that label."""
        for label in labels:
            message, button = self.with_button(label)
            if button.data is None:
                raise AssertionError(f"{label!r} opens a link, it cannot be pressed")
            self.user.presses(None, message.id, button.data)
            await self.world.settle()

    async def forges(self, data: str) -> None:
        """Press a button that never was, under the newest message."""
        self.user.forges(None, self.messages[-1].id if self.messages else 1, data)
        await self.world.settle()

    async def reports(self, text: str = "三栋2单元楼道灯坏了", category: str = "照明") -> None:
        """Report an issue: words, category, send; it is none of those reported before."""
        await self.sends(text)
        await self.presses(category)
        if self.may_press("不是同一件"):
            await self.presses("不是同一件")
        await self.presses("提交")

    async def forges_answer(self, *values: object) -> None:
        """Press a button that never was, as if it stood under the question that is open."""
        rounds = {
            row["chat"]: row["round"] for row in await self.world.rows("SELECT chat, round FROM dialogs")
        }
        words = (rounds[str(self.user.id)], *values)
        await self.forges(":".join(("d", *map(str, words))))

    async def person_id(self) -> int:
        """Who they are to the bot."""
        rows = await self.world.rows("SELECT address, person_id FROM accounts")
        found: dict[str, int] = {row["address"]: row["person_id"] for row in rows}
        return found[str(self.user.id)]

    async def opens(self, payload: str) -> None:
        """Open a deep link."""
        self.user.opens_link(payload)
        await self.world.settle()

    async def forgets(self) -> "Phone":
        """Take note of what has been read: `new_messages` starts here."""
        self.read_up_to = self.messages[-1].id if self.messages else 0
        return self

    @property
    def new_messages(self) -> list[str]:
        """What came since `forgets`."""
        return [message.text for message in self.messages if message.id > self.read_up_to]


@dataclass
class World:
    """A running bot, its Telegram, its clock."""

    database: Database
    telegram: Sandbox
    clock: Clock
    rules: Rules
    pace: Pace
    app: App
    reopen: Callable[[], object] | None = None
    people: dict[str, Phone] = field(default_factory=dict)
    texts: Texts = TEXTS

    @staticmethod
    async def make(
        database: Database, *, now: datetime = MORNING, pace: Pace = UNHURRIED, sample: Path | None = SAMPLE
    ) -> "World":
        """Migrate, import the sample compound, start the app over a fresh Telegram."""
        clock = Clock(now)
        telegram = Sandbox(clock, privacy=False)
        rules = Rules(bot_id=1, bot_name=telegram.bot_username, operator_chat="", limits=UNLIMITED)
        await database.migrate()
        world = World(
            database, telegram, clock, rules, pace, await _start(database, telegram, rules, clock, pace)
        )
        if sample is not None:
            async with database.transaction() as connection:
                await import_register(Desk(Store(connection), TEXTS, rules, now), _register(sample))
        return world

    async def with_operator(self) -> Phone:
        """Give the bot an operator's chat."""
        operator = Phone(self, self.telegram.user("管理员"))
        await operator.sends("/start")
        self.rules = replace(self.rules, operator_chat=str(operator.user.id))
        await self.restart()
        return operator

    async def with_categories(self, overrides: Mapping[str, Mapping[str, object]]) -> None:
        """Let the operator change the configuration of the categories."""
        changed = customised(DEFAULT_CATEGORIES, overrides)
        self.rules = replace(self.rules, categories={one.key: one for one in changed})
        self.texts = Texts(TEMPLATES, {one.key: one.names for one in changed})
        await self.restart()

    # Time and failure ----------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Receive, take turns and deliver until nothing is left to do now."""
        for _ in range(10_000):
            busy = await self.app.receiver.receive_once(0)
            while taken := await self.app.router.take_some():
                busy += taken
            busy += await self.app.courier.deliver_some()
            if not busy:
                return
        raise AssertionError("the bot does not come to rest")

    async def tick(self) -> None:
        """Let the jobs look at the clock."""
        await self.settle()
        await self.app.jobs.tick()
        await self.settle()

    async def later(self, **span: float) -> None:
        """Let time pass in one go (`days=3`), as after downtime, then tick."""
        self.clock.now += timedelta(**span)
        await self.tick()

    async def live_through(self, step: timedelta = timedelta(minutes=30), **span: float) -> None:
        """Let time pass as it does, ticking every `step`."""
        end = self.clock.now + timedelta(**span)
        while self.clock.now < end:
            self.clock.now = min(end, self.clock.now + step)
            await self.tick()

    async def until(self, hour: int, minute: int = 0) -> None:
        """Wait for the next time it is that hour in the compound, ticking on the way."""
        local = self.clock.now.astimezone(SHANGHAI)
        wanted = datetime.combine(local.date(), time(hour, minute), SHANGHAI)
        if wanted <= local:
            wanted += timedelta(days=1)
        await self.live_through(seconds=(wanted - local).total_seconds())

    async def restart(self) -> None:
        """Start the app anew on the same rows: whatever was only in memory is gone."""
        self.app = await _start(self.database, self.telegram, self.rules, self.clock, self.pace, self.texts)

    # People --------------------------------------------------------------------------------------------

    def newcomer(self, name: str = "新邻居", language: str = "zh-hans") -> Phone:
        """Somebody who has never written to the bot."""
        return Phone(self, self.telegram.user(name, language_code=language))

    async def resident(
        self,
        building: str = "3",
        entrance: str = "2",
        unit: str = "502",
        name: str = "王奶奶",
        language: str = "zh-hans",
    ) -> Phone:
        """A resident who has joined by the link at the entrance; pending until the leader taps ✅ 同意."""
        key = f"resident {name}"
        if key not in self.people:
            phone = self.newcomer(name, language)
            await phone.opens(JOIN_PREFIX + await self.joining_code(building, entrance))
            await phone.sends(unit)
            buttons = [message for message in phone.messages if message.buttons][-1].buttons
            await phone.presses(buttons[0][0].text)
            await phone.sends(name)
            self.people[key] = phone
        return self.people[key]

    async def joining_code(self, building: str, entrance: str) -> str:
        """The code on the poster at a door."""
        async with self.database.transaction() as connection:
            doors = await joining_links(Store(connection), 1, self.clock.now)
        for door in doors:
            if door.building.startswith(building) and door.entrance.startswith(entrance):
                return door.code
        raise AssertionError(
            f"no door {building} {entrance}: {[(one.building, one.entrance) for one in doors]}"
        )

    async def holder(
        self,
        kind: PostKind,
        building: str = "",
        entrance: str = "",
        name: str = "",
        pick: int = 0,
        compound: int = 1,
    ) -> Phone:
        """Whoever holds a post, on the bot by a one-time invitation."""
        key = f"{kind} {building} {entrance} {name} {pick} {compound}"
        if key not in self.people:
            phone = self.newcomer(name or f"{building}{kind}")
            await phone.opens(APPOINT_PREFIX + await self.invitation(kind, building, entrance, compound))
            if not phone.sees("您现在是"):
                message = phone.messages[-1]
                await phone.presses(message.buttons[pick][0].text)
            assert phone.sees("您现在是"), phone.last_message
            self.people[key] = phone
        return self.people[key]

    async def invitation(
        self, kind: PostKind, building: str = "", entrance: str = "", compound: int = 1
    ) -> str:
        """A one-time code for a post."""
        async with self.database.transaction() as connection:
            store = Store(connection)
            post_id = await find_post(store, compound, kind, building, entrance)
            return await invite(store, post_id, self.clock.now)

    async def vacate(self, kind: PostKind, building: str = "", entrance: str = "") -> None:
        """The register says that nobody holds the post any more."""
        async with self.database.transaction() as connection:
            store = Store(connection)
            post_id = await find_post(store, 1, kind, building, entrance)
            await store.posts.end_others(post_id, 0, self.clock.now)

    async def leader_of(self, building: str) -> Phone:
        """The building leader."""
        return await self.holder(PostKind.BUILDING_LEADER, building)

    async def another_compound(self) -> int:
        """A second compound on the same bot, with one building and one unit; gives its id."""
        there = ListedCompound(
            code="tonggong",
            name="通工小区",
            timezone=None,
            locale=None,
            buildings=(ListedBuilding("1", "1号楼"),),
            entrances=(),
            units=(ListedUnit("1", None, "101", None),),
            posts=(),
        )
        async with self.database.transaction() as connection:
            await import_register(
                Desk(Store(connection), TEXTS, self.rules, self.clock.now), Register((there,))
            )
            return max(compound.id for compound in await Store(connection).places.compounds())

    async def contents(self, *but: str, mail: bool = False) -> dict[str, list[tuple[object, ...]]]:
        """Every row of every table but the mail, its count, and those named: to see that nothing changed."""
        tables = await self.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        aside = {"sqlite_sequence", *but, *(() if mail else ("inbox", "outbox", "floods"))}
        names = [row["name"] for row in tables if row["name"] not in aside]
        # The database names its own tables: nothing of it comes from outside.
        return {name: [tuple(row) for row in await self.rows(f"SELECT * FROM {name}")] for name in names}  # noqa: S608

    def group(self, title: str, *members: Phone) -> Group:
        """A group chat with the bot in it."""
        group = self.telegram.group(title, *(member.user for member in members))
        group.add_bot(members[0].user)
        return group

    # Looking behind the curtain ------------------------------------------------------------------------

    async def issue(self, number: int = 1) -> Issue:
        """The n-th issue ever filed."""
        async with self.database.transaction() as connection:
            found = await Store(connection).issues.get(number)
        assert found is not None
        return found

    async def history(self, number: int = 1) -> list[Event]:
        """What happened to it."""
        async with self.database.transaction() as connection:
            return await Store(connection).issues.history(number)

    async def rows(self, sql: str) -> list[Row]:
        """Plain SQL for a test's question."""
        async with self.database.transaction() as connection:
            return await ask(connection, sql)


@cache
def _register(sample: Path) -> Register:
    register, mistakes = read_register(read(sample))
    assert not mistakes
    return register


async def _start(
    database: Database, telegram: Sandbox, rules: Rules, clock: Clock, pace: Pace, texts: Texts = TEXTS
) -> App:
    bot = Bot(telegram.token, request=SandboxRequest(telegram), get_updates_request=SandboxRequest(telegram))
    await bot.initialize()
    return assemble(database, bot, texts, rules, clock, pace)
