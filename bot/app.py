"""The composition root: settings become parts, parts are started and stopped in order."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from telegram import Bot, BotCommandScopeAllPrivateChats
from telegram.error import InvalidToken, TelegramError
from telegram.request import BaseRequest

from bot.actions import groups
from bot.actions.appointing import lose_touch
from bot.actions.commands import RESIDENT
from bot.actions.desk import Desk, Rules
from bot.backups import Backups, Plan
from bot.config import Settings
from bot.conversation.router import AT_ONCE, Router
from bot.domain.calendar import strangers
from bot.domain.errors import OperatorError, Unavailable
from bot.gateway.courier import Courier
from bot.gateway.incoming import Reader
from bot.gateway.pacing import Pace
from bot.gateway.polling import Receiver
from bot.gateway.transport import AiohttpRequest
from bot.handlers import CONTENTS
from bot.jobs import Jobs
from bot.storage.backups import held
from bot.storage.engine import Connection, Database
from bot.storage.mailboxes import Outbox, Outgoing
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from bot.texts import Texts

log = structlog.get_logger(__name__)

TEMPLATES = Path(__file__).parent.parent / "templates"
STOP_WITHIN = 8.0
"""Seconds a stop waits for calls under way; a service manager kills after ten."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CHANNEL = "telegram"
COMMANDS_IN = {None: "zh_CN", "zh": "zh_CN", "en": "en"}
"""Which texts each of Telegram's two-letter languages sees, and everybody else; zh_TW has none of its own."""


@dataclass(frozen=True, slots=True)
class App:
    """The parts of one bot."""

    database: Database
    bot: Bot
    router: Router
    courier: Courier
    receiver: Receiver
    jobs: Jobs
    letters: asyncio.Event

    async def turn_loop(self) -> None:
        """Take letters as long as there are any, then wait for more."""
        while True:
            self.letters.clear()
            try:
                while await self.router.take_some() == AT_ONCE:
                    pass
            except Unavailable as error:
                log.warning("turns_postponed", error=str(error))
            # A letter that failed is taken again later, and other processes receive too.
            with suppress(TimeoutError):
                async with asyncio.timeout(1.0):  # wait_for may lose a cancel that comes with the letter
                    await self.letters.wait()


def system_clock(file: Path | None = None) -> Callable[[], datetime]:
    """The time now; with a clock file, the time it says.

    It holds a whole number of microseconds: `n`, by which the time is ahead, or `=n`, at which since 1970 it
    stands still. Without the file, or with nonsense in it, it is the time now.
    """
    if file is None:
        return lambda: datetime.now(UTC)

    def moved() -> datetime:
        try:
            said = file.read_text(encoding="ascii")
            if said.startswith("="):
                return EPOCH + timedelta(microseconds=int(said[1:]))
            return datetime.now(UTC) + timedelta(microseconds=int(said))
        except (OSError, ValueError, OverflowError):
            return datetime.now(UTC)

    return moved


async def open_database(settings: Settings) -> Database:
    """The database the settings name; raises OperatorError when it cannot be opened."""
    path = settings.database.sqlite_path
    if path is not None:
        return await SqliteDatabase.open(path)
    return await PostgresDatabase.open(settings.database.url)


def rules_of(settings: Settings, bot_id: int, bot_name: str) -> Rules:
    """What the operator decided, as the actions take it."""
    return Rules(
        bot_id=bot_id,
        bot_name=bot_name,
        channel=CHANNEL,
        default_locale=settings.texts.default_locale,
        operator_chat=settings.operator.chat or "",
        categories={category.key: category for category in settings.all_categories()},
        terms=settings.terms(),
        ladder=settings.ladder.ladder(),
        quiet_start=settings.quiet_hours.start,
        quiet_end=settings.quiet_hours.end,
        digest_at=settings.digest.at,
        own_days=settings.own_days(),
        emergency_numbers=tuple((entry.name, entry.number) for entry in settings.emergency_numbers),
        retention=settings.retention.terms(),
        limits=settings.limits.limits(),
        weekly_at=settings.reports.weekly_at,
        monthly_at=settings.reports.monthly_at,
    )


def texts_of(settings: Settings) -> Texts:
    """Every sentence, with the names the operator gives to categories."""
    return Texts(TEMPLATES, {category.key: category.names for category in settings.all_categories()})


def assemble(
    database: Database,
    bot: Bot,
    texts: Texts,
    rules: Rules,
    clock: Callable[[], datetime],
    pace: Pace,
    *,
    wall: Callable[[], datetime] | None = None,
) -> App:
    """Join the parts; nothing runs yet. The bot must have been initialised.

    `wall` is the time Telegram lives in, where `clock` may be moved by hand.
    """
    letters = asyncio.Event()

    async def on_forbidden(connection: Connection, item: Outgoing) -> None:
        """The account or group cannot be written to any more."""
        desk = Desk(Store(connection), texts, rules, clock())
        await lose_touch(desk, item.chat)
        await groups.lose(desk, item.chat)
        await desk.send()

    async def on_migrated(connection: Connection, old: str, new: str) -> None:
        """A group got a new address; its mail has already been moved."""
        log.info("group_migrated", old=old, new=new)
        desk = Desk(Store(connection), texts, rules, clock())
        await groups.move(desk, old, new)
        await desk.send()

    async def on_buried(connection: Connection, item: Outgoing, error: str) -> None:
        """Telegram refuses a message for good."""
        if item.chat != rules.operator_chat:
            desk = Desk(Store(connection), texts, rules, clock())
            desk.tell_operator("operator.mail_buried", {"reference": item.id, "error": error[:100]})
            await desk.send()

    courier = Courier(
        database,
        bot,
        wall or clock,
        pace,
        on_forbidden=on_forbidden,
        on_migrated=on_migrated,
        on_buried=on_buried,
        hours=clock,
    )
    router = Router(
        database, texts, rules, CONTENTS, Reader(rules.bot_id, rules.bot_name).read, clock, courier.wake.set
    )
    jobs = Jobs(database, texts, rules, clock, courier.wake.set)
    return App(database, bot, router, courier, Receiver(database, bot, clock, letters.set), jobs, letters)


async def introduce(bot: Bot, texts: Texts) -> None:
    """Show the residents' commands in every private chat, in each language; leaders get theirs by chat."""
    for code, locale in COMMANDS_IN.items():
        commands = [(name, texts.label(locale, f"command_{name}")) for name in RESIDENT]
        await bot.set_my_commands(commands, BotCommandScopeAllPrivateChats(), language_code=code)


async def run(settings: Settings, request: Callable[[], BaseRequest] = AiohttpRequest) -> None:
    """Run one bot until cancelled; then stop in order: receiving, turns, deliveries.

    Raises OperatorError when the token is refused, the server does not answer, the database cannot be used,
    or another bot runs on the same file.
    """
    file = settings.database.file
    with held(file) if file else nullcontext():
        await _run(settings, request)


async def _run(settings: Settings, request: Callable[[], BaseRequest]) -> None:
    database = await open_database(settings)
    try:
        await database.migrate()
        async with database.transaction() as connection:
            codes = [compound.code for compound in await Store(connection).places.compounds()]
        for code in strangers(settings.own_days(), codes):
            log.warning("calendar_of_no_compound", code=code)
        if settings.database.sqlite_path is not None:
            # Telegram lets one process poll, and this file has one writer: whoever sent before is gone.
            async with database.transaction() as connection:
                await Outbox(connection).release_leases()
        server = settings.telegram.base_url
        bot = Bot(
            settings.telegram.token.get_secret_value(),
            base_url=f"{server}/bot",
            base_file_url=f"{server}/file/bot",
            request=request(),
            get_updates_request=request(),
        )
        texts = texts_of(settings)
        try:
            await bot.initialize()
            await bot.delete_webhook()
            await introduce(bot, texts)
        except InvalidToken:
            await bot.shutdown()
            raise OperatorError(
                f"telegram.token is refused by {server}: copy it again from @BotFather"
            ) from None
        except TelegramError as error:
            await bot.shutdown()
            raise OperatorError(
                f"{server} does not answer ({type(error).__name__}): check telegram.base_url and the network"
            ) from None
        try:
            pace = Pace(
                overall_per_second=settings.pace.overall_per_second,
                chat_per_second=settings.pace.per_chat_per_second,
                chat_burst=settings.pace.chat_burst,
                group_per_minute=settings.pace.per_group_per_minute,
            )
            clock = system_clock(settings.clock.offset_file)
            rules = rules_of(settings, bot.id, bot.username)
            app = assemble(database, bot, texts, rules, clock, pace, wall=system_clock())
            beside = []
            if settings.database.file and settings.backup.directory:
                plan = Plan(settings.backup.directory, settings.backup.every, settings.backup.keep)
                wake = app.courier.wake.set
                backups = Backups(database, settings.database.file, plan, texts, rules, clock, on_mail=wake)
                beside.append(backups.look)
            await _serve(app, settings.jobs.tick_seconds, beside)
        finally:
            await bot.shutdown()
    finally:
        await database.close()


async def _serve(app: App, tick_seconds: float, beside: Sequence[Callable[[], Awaitable[None]]]) -> None:
    # Not a TaskGroup: it would stop everything at once, and a stop has an order.
    timetable = app.jobs.timetable(tick_seconds, beside)
    delivering = asyncio.ensure_future(app.courier.run())
    taking = asyncio.ensure_future(app.turn_loop())
    receiving = asyncio.ensure_future(app.receiver.run())
    parts = (receiving, taking, delivering)
    timetable.start()
    log.info("started", bot=app.bot.username)
    try:
        # Whichever ends first has failed: its error is the reason why everything stops.
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        for part in done:
            part.result()
    finally:
        timetable.shutdown(wait=False)
        await _stop(receiving)
        # A turn is one transaction: cut short, it has not happened, and its letter is still there.
        await _stop(taking)
        app.courier.stop()
        with suppress(TimeoutError, Exception):
            async with asyncio.timeout(STOP_WITHIN):
                await delivering
        log.info("stopped")


async def _stop(part: "asyncio.Future[None]") -> None:
    part.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await part
