"""The operator's spreadsheets: reads CSV and Excel files, and says what is wrong with a line."""

import csv
import io
import warnings
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from xml.etree.ElementTree import ParseError

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from bot.domain.errors import OperatorError
from bot.domain.register import COLUMNS, LineError, Reason, Sheet

_DELIMITERS = ",;\t"


def read(path: Path) -> list[Sheet]:
    """Read a folder of csv files, one csv file or an Excel workbook (.xlsx).

    A csv file is UTF-8 or GB18030, its columns parted by commas, semicolons or tabs. The first line that is
    not blank is the header. Raises OperatorError when something cannot be read.
    """
    try:
        if path.is_dir():
            # Names with a dot in front are what systems put beside files.
            files = sorted(one for one in path.glob("*.[cC][sS][vV]") if not one.name.startswith("."))
            if not files:
                raise OperatorError(f"{path} 里没有 csv 文件 · there is no .csv file in it")
            return [_read_csv(one) for one in files]
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            return _read_workbook(path)
        if path.suffix.lower() == ".csv":
            return [_read_csv(path)]
    except OSError as error:
        raise OperatorError(f"{path} 打不开 · cannot be opened: {error.strerror or error}") from error
    raise OperatorError(
        f"{path} 不是文件夹、csv 或 xlsx · is no folder, .csv or .xlsx file: save it as one of these"
    )


def _read_csv(path: Path) -> Sheet:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError as error:
            raise OperatorError(
                f"{path} 不是 UTF-8 也不是 GB18030 编码 · is neither UTF-8 nor GB18030: save it as CSV UTF-8"
            ) from error
    header = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for row in reader:
            rows.append((line, row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise OperatorError(
            f"{path} 第 {line} 行不是 CSV,请检查引号 · is no CSV at line {line}, check the quotes: {error}"
        ) from error
    return _sheet(path.name, rows)


def _read_workbook(path: Path) -> list[Sheet]:
    try:
        with warnings.catch_warnings():
            # It warns about decorations it does not keep, which nobody here misses.
            warnings.simplefilter("ignore")
            # Not in read-only mode, which does not know merged cells.
            workbook = openpyxl.load_workbook(path, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, ValueError, TypeError) as error:
        raise OperatorError(f"{path} 不是完好的 xlsx 文件 · is not a sound .xlsx file: {error}") from error
    sheets = []
    for table in workbook.worksheets:
        for area in list(table.merged_cells.ranges):
            # One tall cell means every line beside it.
            value = table.cell(area.min_row, area.min_col).value
            table.unmerge_cells(area.coord)
            for row in range(area.min_row, area.max_row + 1):
                table.cell(row, area.min_col).value = value
        lines = enumerate(table.iter_rows(values_only=True), start=1)
        sheets.append(
            _sheet(table.title, ((line, [_text(value) for value in cells]) for line, cells in lines))
        )
    return sheets


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


def _sheet(name: str, rows: Iterable[tuple[int, list[str]]]) -> Sheet:
    """The first row with anything in it is the header; blank rows are left out."""
    filled = ((line, [cell.strip() for cell in cells]) for line, cells in rows)
    found = [(line, cells) for line, cells in filled if any(cells)]
    if not found:
        return Sheet(name, (), [])
    header = tuple(found[0][1])
    table = []
    for line, cells in found[1:]:
        by_heading: dict[str, str] = {}
        for position, cell in enumerate(cells):
            heading = header[position] if position < len(header) else ""
            if cell or heading:
                by_heading[heading] = cell
        table.append((line, by_heading))
    return Sheet(name, header, table)


def describe(error: LineError) -> str:
    """One line for the operator, in Chinese and English: where, what, and what to do."""
    words = [*COLUMNS.get(error.column, "").split()[:1], error.column]
    where = [error.sheet]
    if error.line:
        where.append(f"第 {error.line} 行 line {error.line}")
    if error.column:
        where[-1] += f", {' '.join(words)}"
    return f"{' '.join(where)}: {_SENTENCES[error.reason].format_map(dict(error.facts))}"


_SENTENCES = {
    Reason.MISSING_SHEET: "缺这张表 · this sheet is missing: give all sheets in one folder or workbook",
    Reason.UNKNOWN_SHEET: (
        "不认识这张表,请改名或删除 · unknown sheet: "
        "rename it to compounds, buildings, entrances, units or posts, or remove it"
    ),
    Reason.MISSING_COLUMN: "缺这一列 · this column is missing: add it",
    Reason.UNKNOWN_COLUMN: (
        "不认识这一列,请改名或删除 · unknown column: rename it to one of {known}, or remove it"
    ),
    Reason.DUPLICATE_COLUMN: "这一列出现两次 · this column is there twice: keep one",
    Reason.NO_HEADING: "“{value}”上面没有列名 · “{value}” stands under no heading: add one or clear the cell",
    Reason.MISSING: "没有填写 · is empty: fill it in",
    Reason.DUPLICATE: "与第 {first} 行重复 · is the same as in line {first}: remove one of the two",
    Reason.NO_LABEL: "“{value}”没有编号 · “{value}” has no number or name: write it like 3号楼, 2单元, 501",
    Reason.DATE: (
        "“{value}”被表格软件变成了日期,请把单元格设为文本后重填 · "
        "“{value}” was made a date by the spreadsheet: format the cell as text and type it again"
    ),
    Reason.UNKNOWN_COMPOUND: (
        "小区表里没有“{value}” · “{value}” is not in the sheet compounds: correct it or add it there"
    ),
    Reason.EMPTY_COMPOUND: (
        "这个小区没有楼栋 · this compound has no buildings: list them in the sheet buildings"
    ),
    Reason.UNKNOWN_BUILDING: (
        "楼栋表里没有“{value}” · “{value}” is not in the sheet buildings: correct it or add it there"
    ),
    Reason.UNKNOWN_ENTRANCE: (
        "单元表里 {building} 没有“{value}” · "
        "{building} has no “{value}” in the sheet entrances: correct it or add it there"
    ),
    Reason.UNKNOWN_POST: "没有“{value}”这个职务 · “{value}” is no post: write for example building_leader",
    Reason.PLACE_NEEDED: "{post} 属于一个 {level},请填写 · a {post} belongs to one {level}: say which",
    Reason.WRONG_LEVEL: "{post} 属于 {level},这里请留空 · a {post} belongs to a {level}: leave this empty",
    Reason.SECOND_HOLDER: (
        "这个职务只能有一人,见第 {first} 行 · one person holds this post, see line {first}: keep one"
    ),
    Reason.DIFFERS: (
        "与第 {first} 行同一职务的内容不同 · differs from line {first} for the same post: write it the same"
    ),
    Reason.PHONE: (
        "电话应为 3–20 位数字,可含 + - 空格 · a phone has 3 to 20 digits, +, - and spaces: correct it"
    ),
    Reason.AREA: "“{value}”不是面积(平方米) · “{value}” is no area in m²: write a number such as 89",
    Reason.TIMEZONE: "没有时区“{value}” · “{value}” is no time zone: write one such as Asia/Shanghai",
    Reason.LOCALE: "没有语言“{value}” · “{value}” is no language here: write one of {known}",
    Reason.YES_OR_NO: "“{value}”请改为 是 或 否 · “{value}”: write yes or no",
}
