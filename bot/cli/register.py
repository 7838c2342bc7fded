"""Commands for the register: import it, print joining links, invite people to posts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

import bot.app
from bot import spreadsheets
from bot.actions.desk import Desk
from bot.actions.directory import (
    JOIN_PREFIX,
    joining_links,
)
from bot.actions.importing import ImportReport, import_register
from bot.cli.common import (
    BotName,
    CompoundCode,
    ConfigFile,
    ask_bot_name,
    complete,
    compound_named,
    link_to,
    now_of,
    settings_from,
    store_of,
)
from bot.config import Settings
from bot.domain.errors import OperatorError
from bot.domain.register import read_register
from bot.domain.sheets import Watch
from bot.samples import write_large
from bot.spreadsheets.exporting import export as write_book
from bot.spreadsheets.marking import describe, mark
from bot.spreadsheets.reporting import report_lines

commands = typer.Typer()


class Language(StrEnum):
    """What the operator reads."""

    SIMPLIFIED = "zh_CN"
    TRADITIONAL = "zh_TW"
    ENGLISH = "en"


Locale = Annotated[Language, typer.Option(help="The language of what is said.")]


@commands.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="A folder of csv files, one csv, or an Excel workbook.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    compound: Annotated[
        str | None,
        typer.Option(help="CODE, or CODE=NAME for a new one: for sheets that do not name their compound."),
    ] = None,
    end_missing: Annotated[
        bool, typer.Option("--end-missing", help="Residents without an account who are not listed move out.")
    ] = False,
    show: Annotated[int, typer.Option(min=0, help="So many changes of each kind are shown.")] = 50,
    errors: Annotated[
        Path | None, typer.Option(help="Where a copy with the mistakes goes; else beside what is given.")
    ] = None,
    locale: Locale = Language.SIMPLIFIED,
    config: ConfigFile = None,
) -> None:
    """Import places, residents, posts and their holders: all of it or, with any mistake, nothing."""
    settings = settings_from(config, needs_token=False)
    texts = bot.app.texts_of(settings)

    def say(message: str, **facts: object) -> str:
        return texts.words(locale, f"sheets.{message}", **facts)

    with _progress() as begin:
        sheets = spreadsheets.read(path, begin(say("reading")))
        known = complete(_known(settings, compound))
        register, mistakes = read_register(sheets, known, begin(say("checking")))
    if not any(sheet.rows for sheet in sheets):
        raise OperatorError(say("nothing"))
    for note in register.notes:
        typer.echo(describe(note, texts, locale), err=True)
    if mistakes:
        for mistake in mistakes[: show or None]:
            typer.echo(describe(mistake, texts, locale), err=True)
        at = path.resolve()
        target = errors or at.with_name(f"{at.name if path.is_dir() else at.stem}-错误.xlsx")
        mark(path, sheets, mistakes, target, texts, locale)
        raise OperatorError(say("stopped", count=len(mistakes), file=target))
    if not (register.compounds or register.communities):
        raise OperatorError(say("nothing"))

    async def write(watch: Watch) -> ImportReport:
        async with store_of(settings) as store:
            token = settings.telegram.token.get_secret_value()
            rules = bot.app.rules_of(settings, int(token.partition(":")[0] or 0), "")
            desk = Desk(store, texts, rules, now_of(settings))
            report = await import_register(
                desk, register, dry_run=dry_run, end_missing=end_missing, show=show, watch=watch
            )
            if desk.mail and not token:
                raise OperatorError("telegram.token is missing: somebody who loses a post must be told")
            await desk.send()
            return report

    with _progress() as begin:
        report = complete(write(begin(say("writing"))))
    for line in report_lines(report, texts, locale):
        typer.echo(line)
    typer.echo(say("dry_run" if dry_run else "done"))


@commands.command()
def export(
    file: Annotated[Path, typer.Argument(help="The Excel workbook (.xlsx) to write.")],
    compound: CompoundCode = None,
    with_texts: Annotated[
        bool, typer.Option("--with-texts", help="With the words of issues, private ones too.")
    ] = False,
    locale: Locale = Language.SIMPLIFIED,
    config: ConfigFile = None,
) -> None:
    """Write everything into a workbook: the register as it is imported, offices, issues, activities."""
    if file.suffix.lower() != ".xlsx":
        raise OperatorError(f"{file} is no .xlsx file: give it a name that ends so")
    settings = settings_from(config, needs_token=False)
    texts = bot.app.texts_of(settings)

    async def write(watch: Watch) -> dict[str, int]:
        async with store_of(settings) as store:
            compounds = await store.places.compounds()
            if compound is not None or not compounds:
                compounds = [await compound_named(store, compound)]
            return await write_book(store, compounds, file, texts, locale, with_texts=with_texts, watch=watch)

    with _progress() as begin:
        counts = complete(write(begin(texts.words(locale, "sheets.writing"))))
    typer.echo(texts.words(locale, "sheets.exported", file=file))
    for kind, count in counts.items():
        typer.echo(f"  {texts.words(locale, f'sheets.sheet_{kind}')}: {count}")


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


@contextmanager
def _progress() -> Iterator[Callable[[str], Watch]]:
    """A bar on stderr, if that is a terminal; each stage of the work begins one that moves with it."""
    eyes = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        *Progress.get_default_columns()[:3],
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=eyes, transient=True, disable=not eyes.is_terminal) as bar:

        def begin(stage: str) -> Watch:
            task = bar.add_task(stage, total=None)
            return lambda done, total: bar.update(task, completed=done, total=total or None)

        yield begin


async def _known(settings: Settings, named: str | None) -> list[tuple[str, str]]:
    """The compounds sheets may mean that name none: (code, name)."""
    code, _, name = (named or "").partition("=")
    if name:
        return [(code, name)]
    async with store_of(settings) as store:
        known = [(one.code, one.name) for one in await store.places.compounds()]
    found = [one for one in known if code in ("", one[0])]
    if code and not found:
        raise OperatorError(f"there is no compound {code} yet: give it a name with --compound {code}=NAME")
    return found
