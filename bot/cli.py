"""The command line: run the bot, try it in the sandbox, look after the register."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast
from urllib.error import HTTPError
from urllib.request import urlopen

import typer
from rich.console import Console
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
from bot.config import Settings, load
from bot.demo.host import serve
from bot.demo.process import FOR_THE_OPERATOR
from bot.domain.errors import OperatorError, Unavailable
from bot.domain.posts import PostKind
from bot.domain.register import Register, Sheet, read_register
from bot.journal import open_journal
from bot.samples import write_large
from bot.storage.places import Compound
from bot.storage.store import Store

T = TypeVar("T")

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
        typer.echo(f"lianxin: {error}", err=True)
        sys.exit(FOR_THE_OPERATOR)


# ---- commands


@cli.command()
def run(config: ConfigFile = None) -> None:
    """Run the bot until Ctrl-C."""
    _complete(bot.app.run(_settings(config)))


@cli.command()
def sandbox(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the page with the phones.")] = 8080,
    host: Annotated[
        str, typer.Option(help="The address it listens on; 0.0.0.0 lets in the whole network.")
    ] = "127.0.0.1",
    data: Annotated[Path, typer.Option(help="Where chats and database are kept.")] = Path("var/sandbox"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin free play, or the scene, anew.")] = False,
    compound: Annotated[
        Literal["small", "large"], typer.Option(help="5 buildings, or 2,000 households.")
    ] = "small",
    scene: Annotated[str, typer.Option(help="A story to be told step by step; the page lists them.")] = "",
) -> None:
    """Try the bot without Telegram: phones in the browser, a clock to move, a compound full of people."""
    open_journal()
    if not _is_loopback(host):
        typer.echo(f"Whoever reaches {host} can play every person here: it asks for no password.", err=True)
    _complete(serve(port, data / compound, compound, host=host, fresh=fresh, scene=scene))


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
            for door in await joining_links(store, of.id, _now(settings)):
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
            return await invite(store, post_id, _now(settings))

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
    typer.echo(f"Written to {directory}. Try: import {directory} --dry-run")


# ---- what the commands share


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _now(settings: Settings) -> datetime:
    return bot.app.system_clock(settings.clock.offset_file)()


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
        return await import_register(store, register, _now(settings), dry_run=dry_run)


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
