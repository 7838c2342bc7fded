"""Whether all is well: a finding for each question, with what to do; nothing is changed, nothing is sent."""

import os
import platform
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.actions.desk import Desk
from bot.actions.groups import facts_of, health
from bot.app import CHANNEL, TEMPLATES, open_database, rules_of, system_clock, texts_of
from bot.backups import BACKUP, FAILED
from bot.config import DatabaseSettings, Settings
from bot.domain.calendar import is_announced, strangers
from bot.domain.errors import OperatorError, Unavailable
from bot.domain.posts import CHAIN, Holder, PostKind
from bot.gateway.examination import Examination, examining
from bot.storage.backups import Look, check_writable, is_held, look_at, reading
from bot.storage.dumps import schema_of, without_password
from bot.storage.engine import Connection, migrations
from bot.storage.groups import BoundGroup
from bot.storage.places import Compound
from bot.storage.store import Store
from bot.storage.upkeep import Backlog
from bot.texts import LOCALES

FONTS = Path(__file__).parent / "printing" / "fonts"
DRIFT_MOST = timedelta(seconds=5)
FREE_LEAST = 500_000_000
"""Bytes of disk below which the operator is warned."""
PATIENCE = timedelta(minutes=5)
"""What has waited for less is just being worked on."""
LATELY = timedelta(days=7)
NAMED_MOST = 8


class Verdict(StrEnum):
    """How a question came out; only trouble keeps the bot from its work."""

    FINE = "fine"
    WARNING = "warning"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do about it ("" for nothing)."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


def fine(check: str, found: str) -> Finding:
    """Nothing to do."""
    return Finding(check, Verdict.FINE, found)


def warning(check: str, found: str, advice: str = "") -> Finding:
    """The bot works, but something does not."""
    return Finding(check, Verdict.WARNING, found, advice)


def trouble(check: str, found: str, advice: str = "") -> Finding:
    """The bot does not work until this is mended."""
    return Finding(check, Verdict.TROUBLE, found, advice)


async def examine(
    settings: Settings, config: Path | None, *, offline: bool = False
) -> AsyncIterator[Finding]:
    """Look at everything, one finding after the other; with `offline` Telegram is not asked.

    Works while the bot runs, and whatever state the database is in.
    """
    now = system_clock(settings.clock.offset_file)()
    yield _program()
    yield _configuration(settings, config)
    for finding in _installed():
        yield finding
    yield _clock(settings, now)
    yield _calendar(now)
    async with AsyncExitStack() as stack:
        telegram: Examination | None = None
        if offline:
            yield warning("telegram", "not asked", "leave out --offline")
        else:
            token = settings.telegram.token.get_secret_value()
            telegram = await stack.enter_async_context(examining(token, settings.telegram.base_url))
            async for finding in _telegram(settings, telegram):
                yield finding
                if finding.check in {"token", "telegram"} and finding.verdict is Verdict.TROUBLE:
                    telegram = None
        async for finding in _database(settings, telegram, now):
            yield finding


# The program ----------------------------------------------------------------------------------------------


def _program() -> Finding:
    try:
        number = version("lianxin")
    except PackageNotFoundError:
        number = "not installed, run from its folder"
    return fine("program", f"lianxin {number}, Python {platform.python_version()}")


def _configuration(settings: Settings, config: Path | None) -> Finding:
    if config is None:
        return fine("configuration", "no file, only the environment")
    has_token = bool(settings.telegram.token.get_secret_value())
    if has_token and config.is_file() and config.stat().st_mode & 0o077:
        found = f"{config} can be read by others, and holds the token"
        return warning("configuration", found, f"chmod 600 {config}")
    return fine("configuration", str(config.absolute()))


def _installed() -> Iterable[Finding]:
    """What is not code, and is easily left behind when the program is copied."""
    again = "install the program again"
    missing = [locale for locale in LOCALES if not (TEMPLATES / locale / "operator.j2").is_file()]
    if missing:
        yield trouble("texts", f"missing: {', '.join(missing)}", again)
    else:
        yield fine("texts", ", ".join(LOCALES))
    if fonts := sorted(font.stem for font in FONTS.glob("*.ttf")):
        yield fine("fonts", ", ".join(fonts))
    else:
        yield warning("fonts", "missing: no cards can be printed", again)


def _clock(settings: Settings, now: datetime) -> Finding:
    file = settings.clock.offset_file
    ahead = now - system_clock()()
    if file is not None and abs(ahead) > DRIFT_MOST:
        found = f"{file} moves the bot's clock by {_span(ahead)}"
        return warning("clock", found, "this is for trying things out: take it away")
    return fine("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def _calendar(now: datetime) -> Finding:
    """The notice for a year comes in November of the year before."""
    years = {year: is_announced(year) for year in (now.year, now.year + 1)}
    missing = [str(year) for year, known in years.items() if not known]
    if not years[now.year] or (missing and now.month == 12):
        return warning(
            "calendar",
            f"the holidays of {', '.join(missing)} are not known: Monday to Friday count as workdays",
            "install the newest version of the package holidays",
        )
    found = [str(year) for year, known in years.items() if known]
    return fine("calendar", f"holidays known for {', '.join(found)}")


# Telegram -------------------------------------------------------------------------------------------------


async def _telegram(settings: Settings, telegram: Examination) -> AsyncIterator[Finding]:
    server = settings.telegram.base_url
    try:
        yield fine("token", f"@{await telegram.name()}")
        yield _drift(telegram.said_at(), system_clock()())
        file = settings.database.file
        async for finding in _listening(telegram, runs_here=file is not None and is_held(file)):
            yield finding
        yield await _operator(settings.operator.chat, telegram)
    except OperatorError as error:
        yield trouble("token", str(error))
    except Unavailable as error:
        found = f"{server} does not answer ({error})"
        yield trouble("telegram", found, "check the network and telegram.base_url")


def _drift(said_at: datetime | None, now: datetime) -> Finding:
    if said_at is None:
        return fine("time", "Telegram did not say what time it is")
    drift = now - said_at
    if abs(drift) > DRIFT_MOST:
        found = f"this computer's clock is {_span(drift)} {'ahead' if drift > timedelta() else 'behind'}"
        return warning("time", found, "let it be set by the network: timedatectl set-ntp true")
    return fine("time", "this computer and Telegram agree")


async def _listening(telegram: Examination, *, runs_here: bool) -> AsyncIterator[Finding]:
    post = await telegram.post()
    if post.host:
        yield warning(
            "updates",
            f"a webhook at {post.host} takes them, {post.pending} wait",
            "is another program using this token? `run` takes the webhook away when it starts",
        )
    elif runs_here:
        yield fine("updates", f"the bot is running here, {post.pending} wait at Telegram")
    elif await telegram.others_listen():
        yield trouble(
            "updates",
            "another program fetches them with this token",
            "stop it, or get a token of your own from @BotFather",
        )
    else:
        found = f"nobody fetches them, {post.pending} wait at Telegram"
        yield warning("updates", found, "start the bot: python -m bot run")


async def _operator(chat: str | None, telegram: Examination) -> Finding:
    if chat is None:
        found = "no chat: only the log hears of trouble"
        return warning("operator", found, "set operator.chat in the configuration")
    if await telegram.sees(chat):
        return fine("operator", f"chat {chat}")
    found = f"chat {chat} cannot be reached"
    return warning("operator", found, "add the bot to the group, or write /start to it from that account")


# The database ---------------------------------------------------------------------------------------------


async def _database(
    settings: Settings, telegram: Examination | None, now: datetime
) -> AsyncIterator[Finding]:
    """First whether there is one that can be read, then what stands in it."""
    file = settings.database.file
    try:
        schema = None
        async for finding in _file(file) if file else _server(settings.database):
            yield finding
            schema = finding if finding.check == "schema" else None
        if schema is None or schema.verdict is not Verdict.FINE:
            return
        async with reading(file) if file else _served(settings) as connection:
            async for finding in _rows(settings, telegram, Store(connection), now):
                yield finding
            if file is None:
                yield await _probe(Store(connection), now)
    except OperatorError as error:
        yield trouble("database", str(error))
    except Unavailable as error:
        yield trouble("database", f"it is away: {error}")


async def _file(file: Path) -> AsyncIterator[Finding]:
    """The file itself; its schema comes last, unless there is nothing to be read."""
    if not file.exists():
        yield trouble("database", f"{file} is not there", "import the register: python -m bot import")
        return
    try:
        look = look_at(file)
    except OperatorError as error:
        look = Look(0, str(error))
    if look.damage:
        how = "restore a backup: python -m bot restore FILE"
        yield trouble("database", f"{file} is damaged: {look.damage}", how)
        return
    if file.stat().st_mode & 0o077:
        found = f"{file} can be read by others, and holds names and phones"
        yield warning("database", found, f"chmod 600 {file}")
    else:
        yield fine("database", f"{file.absolute()}, {_bytes(file.stat().st_size)}, sound")
    try:
        check_writable(file)
        yield fine("writing", f"as user {os.geteuid()}")
    except OperatorError as error:
        yield trouble("writing", str(error), "give the file and its folder to the user the bot runs as")
    free = shutil.disk_usage(file.absolute().parent).free
    if free < FREE_LEAST:
        yield warning("disk", f"{_bytes(free)} free", "make room, or move the database to another disk")
    else:
        yield fine("disk", f"{_bytes(free)} free")
    yield _schema(look.schema)


async def _server(database: DatabaseSettings) -> AsyncIterator[Finding]:
    if database.sqlite_path is not None:
        yield warning("database", "only in memory: gone when the bot stops", "set database.url")
        return
    schema = await schema_of(database.url)
    yield fine("database", without_password(database.url)[0])
    yield _schema(schema)


@asynccontextmanager
async def _served(settings: Settings) -> AsyncIterator[Connection]:
    database = await open_database(settings)
    try:
        async with database.transaction() as connection:
            yield connection
    finally:
        await database.close()


class _TakenBack(Exception):
    """What was written to see whether it can be."""


async def _probe(store: Store, now: datetime) -> Finding:
    with suppress(_TakenBack):
        async with store.savepoint():
            await store.upkeep.note("probe", now)
            raise _TakenBack
    return fine("writing", "possible")


def _schema(schema: int) -> Finding:
    newest = migrations()[-1][0]
    if schema == newest:
        return fine("schema", str(schema))
    if schema < newest:
        found = f"{schema}, this program has {newest}: the rest is not looked at"
        return warning("schema", found, "make a backup, then: python -m bot migrate")
    return trouble("schema", f"{schema}, this program knows {newest}", "install the newer program")


async def _rows(
    settings: Settings, telegram: Examination | None, store: Store, now: datetime
) -> AsyncIterator[Finding]:
    compounds = await store.places.compounds()
    if not compounds:
        yield warning("register", "no compound yet", "python -m bot import")
    for compound in compounds:
        for finding in await _register(store, compound):
            yield finding
    codes = [compound.code for compound in compounds]
    for code in strangers(settings.own_days(), codes):
        advice = f"take it out of the configuration, or name one of these: {', '.join(codes)}"
        yield warning("calendar", f"calendar.{code}: no compound has this code", advice)
    if telegram is not None:
        desk = Desk(store, texts_of(settings), rules_of(settings, 0, ""), now)
        for compound in compounds:
            for group in await store.groups.bound(compound.id):
                yield await _group(desk, telegram, group)
    for what, backlog in (await store.upkeep.backlog(now, now - LATELY)).items():
        yield _backlog(what, backlog, now)
    for finding in await _upkeep(settings, store, now):
        yield finding


async def _register(store: Store, compound: Compound) -> list[Finding]:
    """The holes in the register of a compound, named by places and posts, never by people."""
    check = compound.name
    try:
        ZoneInfo(compound.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return [
            trouble(check, f"the time zone {compound.timezone} is not known", "install the package tzdata")
        ]
    holders = await store.posts.holders(compound.id, CHANNEL)
    buildings = dict(await store.places.buildings(compound.id))
    found = []
    if not any(holder.reachable for holder in holders if holder.kind in CHAIN):
        nobody = "nobody in office is on the bot: reports reach no one"
        found.append(trouble(check, nobody, "invite them: python -m bot appoint"))
    led = {holder.building_id for holder in holders if holder.kind is PostKind.BUILDING_LEADER}
    if leaderless := [name for building, name in buildings.items() if building not in led]:
        invite = "python -m bot appoint building_leader --building ..."
        found.append(warning(check, f"without a leader: {_named(leaderless)}", invite))
    if away := _unreachable_posts(holders, buildings):
        said = f"in office, but not on the bot: {_named(away)}"
        found.append(warning(check, said, "send them an invitation: python -m bot appoint"))
    incomplete = [one for one in await store.upkeep.incomplete() if one.compound_id == compound.id]
    if empty := [one.name for one in incomplete if one.no_units]:
        found.append(
            warning(check, f"without units: {_named(empty)}", "add them to the register, and import it")
        )
    if whole := [one.name for one in incomplete if one.no_entrances and not one.no_units]:
        found.append(fine(check, f"without entrances, one door each: {_named(whole)}"))
    if doors := await store.links.doors_without_link(compound.id):
        found.append(warning(check, f"doors without a joining link: {len(doors)}", "python -m bot links"))
    return found or [fine(check, f"{len(buildings)} buildings, all with a leader")]


def _unreachable_posts(holders: list[Holder], buildings: dict[int, str]) -> list[str]:
    """The posts somebody holds, but nobody the bot can write to."""
    reached = {holder.post_id for holder in holders if holder.reachable}
    posts = {holder.post_id: holder for holder in holders if holder.post_id not in reached}
    return [f"{buildings.get(one.building_id or 0, '')} {one.kind}".strip() for one in posts.values()]


async def _group(desk: Desk, telegram: Examination, group: BoundGroup) -> Finding:
    """In the words in which the bot itself tells of it."""
    standing, rights = await telegram.standing(group.address)
    seen = BoundGroup(
        group.id, group.address, group.title, standing, rights, group.compound_id, group.part, group.bound_by
    )
    told = desk.texts.words("en", "groups.health_changed", **await facts_of(desk, seen))
    found, _, advice = told.partition(" ")[2].partition(". ")
    verdict = Verdict.FINE if health(seen) == "ok" else Verdict.WARNING
    return Finding("group", verdict, found, advice)


def _backlog(what: str, backlog: Backlog, now: datetime) -> Finding:
    if not backlog.count:
        return fine(what, "none")
    age = now - (backlog.since or now)
    found = f"{backlog.count}, the oldest {_span(age)} ago"
    if what.startswith("buried"):
        return warning(what, f"{found} (last {LATELY.days} days)", "the log says why, and what failed")
    if age < PATIENCE:
        return fine(what, found)
    return warning(what, f"{found}, and not done", "is the bot running? if so, look into its log")


async def _upkeep(settings: Settings, store: Store, now: datetime) -> list[Finding]:
    found = [await _last_backup(settings, store, now)]
    retention = await store.upkeep.last("retention")
    ago = f"{_span(now - retention.at)} ago" if retention else "never run"
    return [*found, fine("retention", ago)]


async def _last_backup(settings: Settings, store: Store, now: datetime) -> Finding:
    done, failed = await store.upkeep.last(BACKUP), await store.upkeep.last(FAILED)
    how = "python -m bot backup"
    if failed is not None:
        return warning("backup", f"failed {_span(now - failed.at)} ago: {failed.facts['error']}", how)
    if done is None:
        return warning("backup", "never made", how)
    # A copy that is now the database itself does not know where it lay.
    age, file = now - done.at, str(done.facts.get("file", ""))
    found = f"{_span(age)} ago" + (f", {file}" if file else "")
    if file and not Path(file).is_file():
        return warning("backup", f"{found}, which is not there any more", how)
    return (
        warning("backup", found, how)
        if age > max(2 * settings.backup.every, LATELY)
        else fine("backup", found)
    )


# Words ----------------------------------------------------------------------------------------------------


def _named(names: list[str]) -> str:
    more = len(names) - NAMED_MOST
    return ", ".join(names[:NAMED_MOST]) + (f" and {more} more" if more > 0 else "")


def _span(span: timedelta) -> str:
    minutes = round(abs(span).total_seconds() / 60)
    if minutes < 2:
        return f"{round(abs(span).total_seconds())} seconds"
    if minutes < 120:
        return f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 2 * 24 * 60 else f"{minutes // (24 * 60)} days"


def _bytes(count: int) -> str:
    return f"{count / 1_000_000:,.1f} MB" if count < 1_000_000_000 else f"{count / 1_000_000_000:,.1f} GB"
