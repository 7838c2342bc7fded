"""Commands for the register: import it, print joining links, invite people to posts."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn
from rich.table import Table

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
from bot.cli.common import (
    BotName,
    CompoundCode,
    ConfigFile,
    ask_bot_name,
    complete,
    compound_named,
    link_to,
    now_of,
    out,
    settings_from,
    store_of,
)
from bot.config import Settings
from bot.domain.errors import OperatorError
from bot.domain.posts import PostKind
from bot.domain.register import Register, Sheet, read_register
from bot.samples import write_large

commands = typer.Typer()


@commands.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A folder of csv files, one csv, or an Excel workbook.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    config: ConfigFile = None,
) -> None:
    """Import buildings, units, posts and their holders: all of it or, with a mistake in any line, nothing."""
    settings = settings_from(config, needs_token=False)
    columns = (SpinnerColumn(), *Progress.get_default_columns()[:3], TimeElapsedColumn())
    eyes = Console(stderr=True)
    with Progress(*columns, console=eyes, transient=True, disable=not eyes.is_terminal) as bar:
        task = bar.add_task("reading", total=3)
        sheets = spreadsheets.read(path)
        bar.update(task, advance=1, description="checking")
        register = _checked(sheets)
        bar.update(task, advance=1, description="writing")
        report = complete(_import(settings, register, dry_run=dry_run))
        bar.update(task, advance=1)
    _show(report)
    out.print("A dry run: nothing was written." if dry_run else "Done. Next: links, appoint.")


@commands.command()
def links(compound: CompoundCode = None, bot_name: BotName = None, config: ConfigFile = None) -> None:
    """Print each entrance with its joining link, for the poster at the door."""
    settings = settings_from(config, needs_token=bot_name is None)
    name = bot_name or ask_bot_name(settings)

    async def doors() -> None:
        async with store_of(settings) as store:
            of = await compound_named(store, compound)
            for door in await joining_links(store, of.id, now_of(settings)):
                typer.echo(
                    f"{door.building} {door.entrance}".strip() + f"\t{link_to(name, JOIN_PREFIX + door.code)}"
                )

    complete(doors())


@commands.command()
def appoint(
    kind: Annotated[PostKind, typer.Argument(help="The post.")],
    building: Annotated[str, typer.Option(help="For a post of a building or an entrance: 3, 3号楼.")] = "",
    entrance: Annotated[str, typer.Option(help="For a post of an entrance: 2, 2单元.")] = "",
    compound: CompoundCode = None,
    bot_name: BotName = None,
    config: ConfigFile = None,
) -> None:
    """Print a one-time invitation: who opens it within 14 days holds the post."""
    settings = settings_from(config, needs_token=bot_name is None)
    name = bot_name or ask_bot_name(settings)

    async def invitation() -> str:
        async with store_of(settings) as store:
            of = await compound_named(store, compound)
            post_id = await find_post(store, of.id, kind, building, entrance)
            return await invite(store, post_id, now_of(settings))

    typer.echo(link_to(name, APPOINT_PREFIX + complete(invitation())))


@commands.command()
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


def _checked(sheets: list[Sheet]) -> Register:
    register, mistakes = read_register(sheets)
    if mistakes:
        for mistake in mistakes:
            typer.echo(spreadsheets.describe(mistake), err=True)
        raise OperatorError(f"nothing was imported; places to mend: {len(mistakes)}")
    return register


async def _import(settings: Settings, register: Register, *, dry_run: bool) -> ImportReport:
    async with store_of(settings) as store:
        return await import_register(store, register, now_of(settings), dry_run=dry_run)


def _show(report: ImportReport) -> None:
    table = Table("", "new", "changed", "as before")
    for noun in ("compounds", "buildings", "entrances", "units", "posts", "people"):
        count = getattr(report, noun)
        table.add_row(noun, str(count.created), str(count.changed), str(count.unchanged))
    out.print(table)
    out.print(f"Appointments begun: {report.appointed}, ended: {report.ended}.")
