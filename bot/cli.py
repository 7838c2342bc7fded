"""The command line: run the bot, try it in the sandbox, look after the register."""

import asyncio
import fcntl
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal, TypeVar, cast
from urllib.error import HTTPError
from urllib.request import urlopen

import typer
from aiohttp import web
from rich.console import Console
from rich.panel import Panel
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn
from rich.table import Table

import bot.app
from bot import spreadsheets
from bot.actions.directory import (
    APPOINT_PREFIX,
    JOIN_PREFIX,
    ImportReport,
    find_post,
    import_register,
    invite,
    joining_links,
)
from bot.config import PREFIX, Settings, load
from bot.domain.errors import OperatorError, Unavailable
from bot.domain.posts import PostKind
from bot.domain.register import ListedPost, Register, Sheet, read_register
from bot.journal import open_journal
from bot.samples import write_large
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.people import User
from bot.sandbox.server import make_app
from bot.storage.places import Compound
from bot.storage.store import Store

T = TypeVar("T")

FOR_THE_OPERATOR = 2  # exit code for what only the operator can mend: starting again does not help
STOP_SECONDS = 10.0
RESTART_SECONDS = 1.0

HOUSE = Path(__file__).parent.parent
SMALL = HOUSE / "samples" / "luzhou-126"
CAST: Mapping[PostKind, str] = {
    PostKind.BUILDING_LEADER: "楼栋长",
    PostKind.SELF_MANAGEMENT_COMMITTEE: "自管委",
    PostKind.PROPERTY_MANAGER: "物业经理",
    PostKind.OWNERS_COMMITTEE_DIRECTOR: "业委会主任",
}
"""Whose phones lie on the sandbox's page, and what stands behind their names."""

LOOP: Callable[[], asyncio.AbstractEventLoop] | None = None
with suppress(ImportError):
    import uvloop

    LOOP = uvloop.new_event_loop

cli = typer.Typer(
    name="lianxin",
    help="Lianxin 連心: a chat bot for the residents of a compound.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(soft_wrap=True, highlight=False)

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="The configuration file; without it config.toml here, if there is one."
    ),
]
CompoundCode = Annotated[
    str | None, typer.Option("--compound", help="The compound's code; needed when there are several.")
]
BotName = Annotated[
    str | None, typer.Option("--bot-name", help="The bot's user name, instead of asking Telegram for it.")
]


def main() -> None:
    """Run one command: what the operator has to mend is one sentence and exit code 2, never a stack trace."""
    try:
        cli()
    except (OperatorError, Unavailable) as error:
        _give_up(error)
    except ExceptionGroup as group:
        # What a task group raises; anything else in it is a mistake of ours and keeps its stack trace.
        found, others = group.split((OperatorError, Unavailable))
        if found is None or others is not None:
            raise
        _give_up(_first(found))


def _give_up(error: Exception) -> None:
    typer.echo(f"lianxin: {error}", err=True)
    sys.exit(FOR_THE_OPERATOR)


def _first(error: Exception) -> Exception:
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


# ---- commands


@cli.command()
def run(config: ConfigFile = None) -> None:
    """Run the bot until Ctrl-C."""
    _complete(bot.app.run(_settings(config)))


@cli.command()
def sandbox(
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="Of the page with the phones, on 127.0.0.1.")
    ] = 8080,
    data: Annotated[Path, typer.Option(help="Where chats and database are kept.")] = Path("var/sandbox"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget everything and start again.")] = False,
    compound: Annotated[
        Literal["small", "large"], typer.Option(help="5 buildings, or 2,000 households.")
    ] = "small",
) -> None:
    """Try the bot without Telegram: phones in the browser, a clock to move, a compound full of people."""
    open_journal()
    _complete(_sandbox(port, data / compound, compound, fresh=fresh))


@cli.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A folder of csv files, one csv, or an Excel workbook.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    config: ConfigFile = None,
) -> None:
    """Import buildings, units, posts and their holders: all of it or, with a mistake in any line, nothing."""
    settings = _settings(config, needs_token=False)
    columns = (SpinnerColumn(), *Progress.get_default_columns()[:3], TimeElapsedColumn())
    eyes = Console(stderr=True)
    with Progress(*columns, console=eyes, transient=True, disable=not eyes.is_terminal) as bar:
        task = bar.add_task("reading", total=3)
        sheets = spreadsheets.read(path)
        bar.update(task, advance=1, description="checking")
        register = _checked(sheets)
        bar.update(task, advance=1, description="writing")
        report = _complete(_import(settings, register, dry_run=dry_run))
        bar.update(task, advance=1)
    _show(report)
    out.print("A dry run: nothing was written." if dry_run else "Done. Next: links, appoint.")


@cli.command()
def links(compound: CompoundCode = None, bot_name: BotName = None, config: ConfigFile = None) -> None:
    """Print each entrance with its joining link, for the poster at the door."""
    settings = _settings(config, needs_token=bot_name is None)
    name = bot_name or _bot_name(settings)

    async def doors() -> None:
        async with _store(settings) as store:
            of = await _compound(store, compound)
            for door in await joining_links(store, of.id, _now()):
                typer.echo(
                    f"{door.building} {door.entrance}".strip() + f"\t{_link(name, JOIN_PREFIX + door.code)}"
                )

    _complete(doors())


@cli.command()
def appoint(
    kind: Annotated[PostKind, typer.Argument(help="The post.")],
    building: Annotated[str, typer.Option(help="For a post of a building or an entrance: 3, 3号楼.")] = "",
    entrance: Annotated[str, typer.Option(help="For a post of an entrance: 2, 2单元.")] = "",
    compound: CompoundCode = None,
    bot_name: BotName = None,
    config: ConfigFile = None,
) -> None:
    """Print a one-time invitation: who opens it within 14 days holds the post."""
    settings = _settings(config, needs_token=bot_name is None)
    name = bot_name or _bot_name(settings)

    async def invitation() -> str:
        async with _store(settings) as store:
            of = await _compound(store, compound)
            post_id = await find_post(store, of.id, kind, building, entrance)
            return await invite(store, post_id, _now())

    typer.echo(_link(name, APPOINT_PREFIX + _complete(invitation())))


@cli.command()
def migrate(config: ConfigFile = None) -> None:
    """Bring the database up to date."""
    settings = _settings(config, needs_token=False)

    async def version() -> int:
        database = await bot.app.open_database(settings)
        try:
            return await database.migrate()
        finally:
            await database.close()

    out.print(f"The database has schema {_complete(version())}.")


@cli.command()
def sample(
    size: Annotated[
        Literal["large"], typer.Argument(help="large: an invented compound of 2,000 households.")
    ],
    directory: Annotated[Path, typer.Argument(help="Where the csv files go.")],
) -> None:
    """Write sample spreadsheets, as a pattern or to try the import."""
    try:
        {"large": write_large}[size](directory)
    except OSError as error:
        raise OperatorError(f"{directory} cannot be written: {error.strerror}") from None
    out.print(f"Written to {directory}. Try: import {directory} --dry-run")


# ---- what the commands share


def _now() -> datetime:
    return datetime.now(UTC)


def _settings(config: Path | None, *, needs_token: bool = True) -> Settings:
    """The settings, with the journal opened as they say."""
    usual = Path("config.toml")
    settings = load(config or (usual if usual.exists() else None), os.environ, needs_token=needs_token)
    secret = settings.telegram.token.get_secret_value()
    open_journal(settings.log.level, as_json=settings.log.as_json, secrets=[secret])
    return settings


def _complete(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end. Ctrl-C cancels it (exit code 130), and so does being told to stop (exit code 0)."""

    async def stoppable() -> T:
        task = cast("asyncio.Task[T]", asyncio.current_task())
        for told in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(told, task.cancel)
        return await work

    with asyncio.Runner(loop_factory=LOOP) as runner:
        try:
            return runner.run(stoppable())
        except asyncio.CancelledError:
            raise typer.Exit(0) from None


@asynccontextmanager
async def _store(settings: Settings) -> AsyncIterator[Store]:
    """One transaction on the database, brought up to date first."""
    database = await bot.app.open_database(settings)
    try:
        await database.migrate()
        async with database.transaction() as connection:
            yield Store(connection)
    finally:
        await database.close()


async def _compound(store: Store, code: str | None) -> Compound:
    compounds = await store.places.compounds()
    chosen = [compound for compound in compounds if code in (None, compound.code)]
    if len(chosen) == 1:
        return chosen[0]
    if not compounds:
        raise OperatorError("there is no compound yet: import one first")
    raise OperatorError(
        f"name one compound with --compound: {', '.join(compound.code for compound in compounds)}"
    )


def _checked(sheets: list[Sheet]) -> Register:
    register, mistakes = read_register(sheets)
    if mistakes:
        for mistake in mistakes:
            typer.echo(spreadsheets.describe(mistake), err=True)
        raise OperatorError(f"nothing was imported; places to mend: {len(mistakes)}")
    return register


async def _import(settings: Settings, register: Register, *, dry_run: bool) -> ImportReport:
    async with _store(settings) as store:
        return await import_register(store, register, _now(), dry_run=dry_run)


def _show(report: ImportReport) -> None:
    table = Table("", "new", "changed", "as before")
    for noun in ("compounds", "buildings", "entrances", "units", "posts", "people"):
        count = getattr(report, noun)
        table.add_row(noun, str(count.created), str(count.changed), str(count.unchanged))
    out.print(table)
    out.print(f"Appointments begun: {report.appointed}, ended: {report.ended}.")


def _link(bot_name: str, payload: str) -> str:
    return f"https://t.me/{bot_name.removeprefix('@')}?start={payload}"


def _bot_name(settings: Settings) -> str:
    """Ask Telegram for the bot's user name: https://core.telegram.org/bots/api#getme"""
    url = f"{settings.telegram.base_url}/bot{settings.telegram.token.get_secret_value()}/getMe"
    try:
        with urlopen(url, timeout=10) as answer:
            return str(json.load(answer)["result"]["username"])
    except HTTPError as error:
        # 401 and 404 are what Telegram says to a token it does not know.
        raise OperatorError(
            f"telegram.token is refused by {settings.telegram.base_url} ({error.code})"
        ) from None
    except (OSError, ValueError, KeyError):
        raise OperatorError(
            f"{settings.telegram.base_url} does not answer: check the network, or give --bot-name"
        ) from None


# ---- the sandbox


async def _sandbox(port: int, data: Path, compound: str, *, fresh: bool) -> None:
    """Serve the phones and keep the bot running, until cancelled."""
    state, database, offset = data / "telegram.json", data / "lianxin.db", data / "clock"
    # Each start has a token of its own: a bot left behind by a start that was killed is refused.
    token = f"1:{secrets.token_urlsafe(24)}"
    environment = {
        "BOT_TELEGRAM__TOKEN": token,
        "BOT_TELEGRAM__BASE_URL": f"http://127.0.0.1:{port}",
        "BOT_DATABASE__URL": f"sqlite:///{database.absolute()}",
        "BOT_CLOCK__OFFSET_FILE": str(offset.absolute()),
    }
    with _alone(data):
        is_new = fresh or not state.exists()
        if is_new:
            for file in (state, offset, *data.glob("lianxin.db*")):
                file.unlink(missing_ok=True)
        clock = MovableClock(_now, offset)
        telegram = Sandbox(clock, token=token)
        if is_new:
            await _found(telegram, load(None, environment), compound)
        runner = web.AppRunner(make_app(telegram, clock, state=state), access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await _listen(runner, port)
            # The chats are written down again at the end. After a start that was killed they would no
            # longer fit the database: then everything begins anew.
            state.unlink(missing_ok=True)
            page = f"http://127.0.0.1:{port}/"
            out.print(
                Panel(
                    f"浏览器打开 · Open in a browser: [bold link={page}]{page}[/]\nCtrl-C 结束 · ends it",
                    expand=False,
                )
            )
            await _keep_running(environment)
        finally:
            await runner.cleanup()


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it however this process ends."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OperatorError(
                f"another sandbox is using {data}: end it, or choose another --data"
            ) from None
        yield


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        raise OperatorError(f"port {port} cannot be used, choose another --port: {error.strerror}") from None


async def _keep_running(environment: dict[str, str]) -> None:
    """Run the bot as anybody would, and start it again when it dies."""
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    while True:
        # In a session of its own: Ctrl-C reaches only us, and `_end` passes it on.
        bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "--config", os.devnull),
            env=others | environment,
            cwd=HOUSE,
            start_new_session=True,
        )
        try:
            code = await bot.wait()
        finally:
            await _end(bot)
        if code == FOR_THE_OPERATOR:
            raise OperatorError("the bot cannot run; above it says why")
        await asyncio.sleep(RESTART_SECONDS)
        out.print(f"The bot ended with code {code} and is started again.")


async def _end(bot: asyncio.subprocess.Process) -> None:
    """Let it finish what it is at; kill it when that takes too long."""
    if bot.returncode is not None:
        return
    bot.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await bot.wait()
    except TimeoutError:
        bot.kill()
        await bot.wait()


async def _found(telegram: Sandbox, settings: Settings, compound: str) -> None:
    """Import a sample compound and let its people open the links they would get."""
    with TemporaryDirectory() as folder:
        if compound == "large":
            write_large(Path(folder))
        register = _checked(spreadsheets.read(Path(folder) if compound == "large" else SMALL))
    listed = register.compounds[0]
    async with _store(settings) as store:
        now = telegram.clock()
        await import_register(store, register, now)
        of = await _compound(store, listed.code)
        doors = await joining_links(store, of.id, now)
        names = {building.label: building.name for building in listed.buildings}

        def moves_in(name: str, building: str) -> User:
            (door, *_) = [door for door in doors if door.building == building]
            user = telegram.user(name)
            user.opens_link(JOIN_PREFIX + door.code)
            return user

        async def takes_office(post: ListedPost) -> User:
            where = names.get(post.building or "", "")
            user = telegram.user(post.holders[0].name, last_name=f"{where}{CAST[post.kind]}")
            post_id = await find_post(store, of.id, post.kind, post.building or "", post.entrance or "")
            user.opens_link(APPOINT_PREFIX + await invite(store, post_id, now))
            return user

        elder = moves_in("陈秀英", names["3"])
        officers = [await takes_office(post) for post in _cast(listed.posts)]
        moves_in("刘强", names["5"])
        group = telegram.group(f"{names['3']}邻里群", officers[0], elder, *officers[1:], supergroup=True)
        group.add_bot(officers[0])


def _cast(posts: Iterable[ListedPost]) -> list[ListedPost]:
    """The posts whose holders lie on the page: of building 3, of one more building, and of the compound."""
    filled = [post for post in posts if post.holders]
    by_kind = {kind: [post for post in filled if post.kind is kind] for kind in CAST}
    first, second, *_ = sorted(by_kind.pop(PostKind.BUILDING_LEADER), key=lambda post: post.building != "3")
    return [first, *(found[0] for found in by_kind.values()), second]
