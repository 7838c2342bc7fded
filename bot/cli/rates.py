"""The command that tells the three rates (O5)."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, fields
from io import StringIO
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from bot.actions import rates, reports
from bot.actions.desk import Desk
from bot.app import TEMPLATES, rules_of
from bot.cli.common import (
    CompoundCode,
    ConfigFile,
    complete,
    compound_named,
    now_of,
    out,
    settings_from,
    store_of,
)
from bot.domain.errors import OperatorError
from bot.domain.rates import Figures, Month, Rate
from bot.storage.places import Compound
from bot.texts import LOCALES, Texts

commands = typer.Typer()

Row = tuple[str, Figures]


@commands.command()
def stats(
    month: Annotated[str, typer.Option(help="2026-11; the running month without it.")] = "",
    by: Annotated[
        Literal["all", "building", "leader", "category"], typer.Option(help="A line for each.")
    ] = "all",
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the lines to this file.")] = None,
    xlsx_file: Annotated[
        Path | None, typer.Option("--xlsx", help="Write the month's workbook, which names those in charge.")
    ] = None,
    picture_file: Annotated[
        Path | None, typer.Option("--picture", help="Write the month's picture (PNG), which names nobody.")
    ] = None,
    locale: Annotated[str, typer.Option(help="zh_CN, zh_TW or en; the compound's without it.")] = "",
    compound: CompoundCode = None,
    config: ConfigFile = None,
) -> None:
    """Tell how a month went: response, resolution and satisfaction rates with their 95 % intervals."""
    if locale and locale not in LOCALES:
        raise OperatorError(f"--locale {locale}: choose one of {', '.join(LOCALES)}")
    settings = settings_from(config, needs_token=False)
    texts = Texts(TEMPLATES)

    async def gathered() -> tuple[str, list[Row], dict[Path, bytes]]:
        async with store_of(settings) as store:
            of = await compound_named(store, compound)
            desk = Desk(store, texts, rules_of(settings, 0, ""), now_of(settings))
            wanted = _month(month, Month.of(desk.now, ZoneInfo(of.timezone)))
            language = locale or of.locale
            files = await _files(desk, of, wanted, language, xlsx_file, picture_file)
            title = f"{of.name} {reports.month_name(desk, wanted, language)}"
            if by == "all":
                return title, [(of.name, await rates.total(desk, of, wanted))], files
            lines = await rates.lines(desk, of, wanted, by)
            rows = [(reports.line_name(desk, line, by, language), line.figures) for line in lines]
            return title, rows, files

    title, rows, files = complete(gathered())
    if csv_file:
        files[csv_file] = _as_csv(rows).encode("utf-8-sig")
    for path, content in files.items():
        try:
            path.write_bytes(content)
        except OSError as error:
            raise OperatorError(f"{path} cannot be written: {error.strerror}") from None
    out.print(_table(title, rows))
    for path in files:
        typer.echo(path)


async def _files(
    desk: Desk, compound: Compound, month: Month, locale: str, xlsx: Path | None, picture: Path | None
) -> dict[Path, bytes]:
    files: dict[Path, bytes] = {}
    if xlsx or picture:
        found = await reports.gather(desk, compound, month)
        files |= {xlsx: await reports.workbook_of(desk, found, locale)} if xlsx else {}
        files |= {picture: reports.picture_of(desk, found, locale)} if picture else {}
    return files


def _month(written: str, running: Month) -> Month:
    try:
        month = Month.read(written) if written else running
    except ValueError as error:
        raise OperatorError(f"--month: {error}") from None
    if month > running:
        raise OperatorError(f"--month {month} has not begun")
    return month


def _table(title: str, rows: Sequence[Row]) -> Table:
    table = Table(title=title)
    for heading in ("", "new", "closed", "response", "resolution", "satisfaction", "no reply"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, one in rows:
        shown = (_shown(rate) for rate in (one.response, one.resolution, one.satisfaction))
        table.add_row(name, str(one.filed), str(one.done), *shown, str(one.no_reply))
    return table


def _shown(rate: Rate) -> str:
    """A rate with its interval; of too few cases only how many of how many."""
    if rate.percent is None:
        return f"{rate.part}/{rate.whole}" if rate.whole else "-"
    low, high = rate.interval
    return f"{rate.percent}% ({rate.part}/{rate.whole}; {low}-{high}%)"


def _as_csv(rows: Sequence[Row]) -> str:
    """Every count; a name cannot become a formula."""
    file = StringIO()
    table = csv.writer(file)
    table.writerow(["name", *(field.name for field in fields(Figures))])
    for name, figures in rows:
        table.writerow([f"'{name}" if name.startswith(("=", "+", "-", "@")) else name, *astuple(figures)])
    return file.getvalue()
