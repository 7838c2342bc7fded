"""Reads CSV files and Excel workbooks as offices keep them."""

import codecs
import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl.reader.excel import ExcelReader
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from bot.domain.errors import OperatorError
from bot.domain.sheets import Row, Sheet, Watch, unwatched

_DELIMITERS = ",;\t"
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_PIECE = 1 << 20
_SEALED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How a workbook with a password begins, and one of Excel before 2007."""


def read(path: Path, watch: Watch = unwatched) -> list[Sheet]:
    """Read a folder of csv files, one csv file or an Excel workbook (.xlsx).

    A csv file is UTF-8, GB18030 or, with its mark, UTF-16, its columns parted by commas, semicolons or tabs.
    A tall merged cell stands for each of its lines. `watch` is told the lines read. Raises OperatorError when
    it cannot be read.
    """
    try:
        if path.is_dir():
            # Names with a dot in front are what systems put beside files.
            files = sorted(one for one in path.glob("*.[cC][sS][vV]") if not one.name.startswith("."))
            if not files:
                raise OperatorError(f"{path} 里没有 csv 文件 · there is no .csv file in it")
            return [_read_csv(one, watch) for one in files]
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            return _read_workbook(path, watch)
        if path.suffix.lower() == ".csv":
            return [_read_csv(path, watch)]
    except OSError as error:
        raise OperatorError(f"{path} 打不开 · cannot be opened: {error.strerror or error}") from error
    raise OperatorError(
        f"{path} 不是文件夹、csv 或 xlsx · is no folder, .csv or .xlsx file: save it as one of these"
    )


def _read_csv(path: Path, watch: Watch) -> Sheet:
    data = path.read_bytes()
    is_wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise OperatorError(
                f"{path} 不是 UTF-8 也不是 GB18030 编码 · is neither UTF-8 nor GB18030: save it as CSV UTF-8"
            ) from error
    # A title over the header has no delimiters, a remark may have others: all the lines tell.
    delimiter = max(_DELIMITERS, key=text.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    line, total = 1, text.count("\n")
    try:
        for row in reader:
            rows += _filled(line, row)
            line = reader.line_num + 1
            watch(line, total)
    except csv.Error as error:
        raise OperatorError(
            f"{path} 第 {line} 行不是 CSV,请检查引号 · is no CSV at line {line}, check the quotes: {error}"
        ) from error
    return Sheet(path.name, rows)


def _read_workbook(path: Path, watch: Watch) -> list[Sheet]:
    with path.open("rb") as file:
        beginning = file.read(len(_SEALED))
    if beginning == _SEALED:
        raise OperatorError(
            f"{path} 有密码，或者是旧版 Excel 的文件：请去掉密码，另存为 .xlsx"
            " · has a password, or is from an old Excel: take the password off, save it as .xlsx"
        )
    if not beginning.startswith(b"PK"):
        raise OperatorError(
            f"{path} 不是 Excel 工作簿，只是名字像 · is no Excel workbook, whatever its name says"
        )
    try:
        with warnings.catch_warnings():
            # It warns about decorations it does not keep, which nobody here misses.
            warnings.simplefilter("ignore")
            # Line by line: a whole workbook in memory takes four times as much.
            reader = ExcelReader(path, read_only=True, data_only=True)
            reader.read()
        with reader.archive:
            places = {sheet.name: relation.target for sheet, relation in reader.parser.find_sheets()}
            return [
                Sheet(
                    table.title, list(_rows(table, _tall_cells(reader.archive, places[table.title]), watch))
                )
                for table in reader.wb.worksheets
            ]
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError) as error:
        raise OperatorError(f"{path} 不是完好的 xlsx 文件 · is not a sound .xlsx file: {error}") from error


def _tall_cells(archive: zipfile.ZipFile, name: str) -> list[tuple[int, int, int]]:
    """The merged cells of more than one line: (column, first line, last line)."""
    found: list[tuple[int, int, int]] = []
    left = b""
    with archive.open(name) as file:
        while piece := file.read(_PIECE):
            whole = left + piece
            for merged in _MERGED.finditer(whole):
                column, first, _, last = range_boundaries(merged[1].decode())
                if column and first and last and last > first:
                    found.append((column, first, last))
            left = whole[whole.rfind(b"<") :]
    return found


def _rows(table: Any, tall: Sequence[tuple[int, int, int]], watch: Watch) -> Iterator[Row]:
    """The lines with anything in them, each cell of a tall one filled with what stands at its top."""
    total = table.max_row or 0
    # Some programs write a wrong size, and the rest would be lost.
    table.reset_dimensions()
    starting: dict[int, list[tuple[int, int]]] = {}
    for column, first, last in tall:
        starting.setdefault(first, []).append((column, last))
    reaching: dict[int, tuple[int, str]] = {}
    for line, values in enumerate(table.iter_rows(min_row=1, min_col=1, values_only=True), start=1):
        cells = [_text(value) for value in values]
        for column, (last, text) in list(reaching.items()):
            if line > last:
                del reaching[column]
            elif text:
                cells += [""] * (column - len(cells))
                cells[column - 1] = text
        for column, last in starting.get(line, ()):
            reaching[column] = (last, cells[column - 1] if column <= len(cells) else "")
        yield from _filled(line, cells)
        watch(line, total)


def _filled(line: int, cells: Iterable[str]) -> list[Row]:
    """The line without margins and blank cells at its end, if there is anything in it."""
    found = [cell.strip() for cell in cells]
    while found and not found[-1]:
        found.pop()
    return [(line, tuple(found))] if found else []


def _text(value: object) -> str:
    """A cell as text: 501, "501" and 501.0 are all 501."""
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return value.strftime("%Y-%m-%d")
        case _:
            return str(value)
