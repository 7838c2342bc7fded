"""Says what is wrong with a sheet, and shows it in a copy of what was given."""

import os
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import openpyxl
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.worksheet import Worksheet

from bot.domain.errors import OperatorError
from bot.domain.household_sheets import heading_row
from bot.domain.sheets import COLUMNS, SHEETS, LineError, Sheet
from bot.texts import Texts

_FAULTY = PatternFill("solid", fgColor="FFC7CE")
_BOLD = Font(bold=True)
_WIDTHS = (24, 8, 16, 80)
_FORBIDDEN_IN_TITLES = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))


def reason_of(error: LineError, texts: Texts, locale: str) -> str:
    """What is the matter, and what to do about it."""
    facts = dict(error.facts)
    if "level" in facts:
        facts["level"] = column_name(str(facts["level"]), texts, locale)
    if isinstance(known := facts.get("known"), Sequence):
        facts["known"] = [column_name(str(one), texts, locale) for one in known]
    return texts.words(locale, f"sheets.{error.reason}", **{"sheet": error.sheet, **facts})


def describe(error: LineError, texts: Texts, locale: str) -> str:
    """One line for the operator: where, what, and what to do."""
    sheet = texts.words(locale, f"sheets.sheet_{error.sheet}") if error.sheet in SHEETS else error.sheet
    return texts.words(
        locale,
        "sheets.at",
        sheet=sheet,
        line=error.line,
        column=column_name(error.column, texts, locale),
        mistake=reason_of(error, texts, locale),
    )


def column_name(column: str, texts: Texts, locale: str) -> str:
    """A word of COLUMNS as it heads a column; anything else as it is."""
    return texts.words(locale, f"sheets.column_{column}") if column in COLUMNS else column


def mark(
    path: Path,
    sheets: Sequence[Sheet],
    errors: Sequence[LineError],
    target: Path,
    texts: Texts,
    locale: str,
) -> None:
    """Write a copy of what was given: every mistake coloured, commented, told beside its line, and listed.

    Mended, the copy can be imported itself. Formulas are not copied, only what they came to. The file is
    readable by its owner alone; raises OperatorError when it cannot be written.
    """
    workbook = _copied(path) if path.is_file() and path.suffix.lower() != ".csv" else _rebuilt(sheets)
    tables = dict(zip((sheet.name for sheet in sheets), workbook.worksheets, strict=True))
    reasons = [(error, reason_of(error, texts, locale)) for error in errors]
    heading = texts.words(locale, "sheets.reason_heading")
    for sheet in sheets:
        mistakes = [(error, reason) for error, reason in reasons if error.sheet == sheet.name and error.line]
        if mistakes:
            _mark_sheet(tables[sheet.name], sheet, mistakes, heading)
    titles = {name: table.title for name, table in tables.items()}
    words = [texts.words(locale, f"sheets.heading_{word}") for word in ("sheet", "line", "column")]
    listed = workbook.create_sheet(_free_title(texts.words(locale, "sheets.sheet_mistakes"), workbook), 0)
    _list(listed, [*words, heading], reasons, titles, texts, locale)
    workbook.active = 0
    save(workbook, target)


def _copied(path: Path) -> Workbook:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return openpyxl.load_workbook(path, data_only=True, keep_links=False)


def _rebuilt(sheets: Sequence[Sheet]) -> Workbook:
    """A workbook of csv files, every cell as the text it is."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    for sheet in sheets:
        table = workbook.create_sheet(_free_title(Path(sheet.name).stem, workbook))
        for line, cells in sheet.rows:
            for column, text in enumerate(cells, start=1):
                if text:
                    write_text(table, line, column, text)
    return workbook


def _free_title(wanted: str, workbook: Workbook) -> str:
    """A title Excel takes: at most 31 characters, without some signs, and once in a workbook."""
    title = wanted.translate(_FORBIDDEN_IN_TITLES)[:28] or "_"
    taken = {table.title.casefold() for table in workbook.worksheets}
    return next(
        one
        for one in (title, *(f"{title}_{number}" for number in range(2, 100)))
        if one.casefold() not in taken
    )


def _mark_sheet(
    table: Worksheet, sheet: Sheet, mistakes: Iterable[tuple[LineError, str]], heading: str
) -> None:
    """Colour and comment the cells, and tell the reasons in a column of their own behind the last one."""
    last = max(len(cells) for _, cells in sheet.rows) + 1
    write_text(table, heading_row(sheet), last, heading)
    by_line: defaultdict[int, list[str]] = defaultdict(list)
    by_cell: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for error, reason in mistakes:
        place = ""
        if error.position is not None:
            place = f"{get_column_letter(error.position + 1)}{error.line}: "
            by_cell[error.line, error.position + 1].append(reason)
        by_line[error.line].append(place + reason)
    tops = _tops(table, {line for line, _ in by_cell})
    for at, reasons in by_cell.items():
        cell = table.cell(*tops.get(at, at))
        cell.fill = _FAULTY
        cell.comment = Comment("\n".join(reasons), "Lianxin")
    for line, reasons in by_line.items():
        write_text(table, line, last, "\n".join(reasons))
        table.cell(line, last).fill = _FAULTY
    table.column_dimensions[get_column_letter(last)].width = _WIDTHS[-1]


def _tops(table: Worksheet, lines: set[int]) -> Mapping[tuple[int, int], tuple[int, int]]:
    """For the cells of these lines that are merged: the cell that stands for all of them."""
    return {
        (line, column): (area.min_row, area.min_col)
        for area in table.merged_cells.ranges
        for line in lines.intersection(range(area.min_row, area.max_row + 1))
        for column in range(area.min_col, area.max_col + 1)
    }


def _list(
    listed: Worksheet,
    headings: Sequence[str],
    reasons: Iterable[tuple[LineError, str]],
    titles: Mapping[str, str],
    texts: Texts,
    locale: str,
) -> None:
    """All mistakes, each with a link to its cell."""
    for column, (heading, width) in enumerate(zip(headings, _WIDTHS, strict=True), start=1):
        write_text(listed, 1, column, heading)
        listed.cell(1, column).font = _BOLD
        listed.column_dimensions[get_column_letter(column)].width = width
    listed.freeze_panes = "A2"
    for row, (error, reason) in enumerate(reasons, start=2):
        write_text(listed, row, 1, error.sheet)
        write_text(listed, row, 2, str(error.line or ""))
        write_text(listed, row, 3, column_name(error.column, texts, locale))
        write_text(listed, row, 4, reason)
        if error.line and error.sheet in titles:
            link = listed.cell(row, 2)
            at = f"{get_column_letter((error.position or 0) + 1)}{error.line}"
            target = f"{quote_sheetname(titles[error.sheet])}!{at}"
            link.hyperlink = Hyperlink(ref=link.coordinate, location=target)
            link.style = "Hyperlink"


def write_text(table: Worksheet, line: int, column: int, text: str) -> None:
    """Put text into a cell as nothing but text: what begins with = is no formula."""
    cell = table.cell(line, column)
    if isinstance(cell, Cell):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", text) or None
        cell.data_type = "s" if text else "n"


def save(workbook: Workbook, target: Path) -> None:
    """Write a workbook all or not at all, for its owner's eyes only: it is full of names and phones."""
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".xlsx")
        try:
            os.close(handle)
            workbook.save(name)
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OperatorError(f"{target} 写不了 · cannot be written: {error.strerror or error}") from error
