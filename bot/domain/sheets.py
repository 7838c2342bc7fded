"""The operator's sheets as they were read: cells, headings, and what can be wrong with them (O1)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache, lru_cache
from unicodedata import normalize

from bot.domain.addresses import normal_label
from bot.domain.folding import fold

Watch = Callable[[int, int], None]
"""Told how far something is: (lines done, lines there are, 0 while nobody knows)."""

Row = tuple[int, tuple[str, ...]]
"""A line of a sheet: its number, as a text editor or Excel counts, and its cells without margins."""


def unwatched(_done: int, _total: int) -> None:
    """For those who need not know."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read, blank lines left out: `name` as the operator knows it."""

    name: str
    rows: Sequence[Row]


class Reason(StrEnum):
    """What can be wrong with a sheet or a line, and what is worth telling though it is not."""

    MISSING_SHEET = "missing_sheet"
    UNKNOWN_SHEET = "unknown_sheet"
    MISSING_COLUMN = "missing_column"
    UNKNOWN_COLUMN = "unknown_column"
    DUPLICATE_COLUMN = "duplicate_column"
    NO_HEADING = "no_heading"
    MISSING = "missing"
    DUPLICATE = "duplicate"
    NO_LABEL = "no_label"
    DATE = "date"
    ADDRESS = "address"
    WHICH_COMPOUND = "which_compound"
    UNKNOWN_COMPOUND = "unknown_compound"
    EMPTY_COMPOUND = "empty_compound"
    UNKNOWN_COMMUNITY = "unknown_community"
    UNKNOWN_BUILDING = "unknown_building"
    UNKNOWN_ENTRANCE = "unknown_entrance"
    UNKNOWN_UNIT = "unknown_unit"
    UNKNOWN_POST = "unknown_post"
    PLACE_NEEDED = "place_needed"
    WRONG_LEVEL = "wrong_level"
    SECOND_HOLDER = "second_holder"
    DIFFERS = "differs"
    NAME = "name"
    PHONE = "phone"
    DIGITS_LOST = "digits_lost"
    AREA = "area"
    KIND = "kind"
    DAY = "day"
    TIMEZONE = "timezone"
    LOCALE = "locale"
    YES_OR_NO = "yes_or_no"
    IGNORED_COLUMNS = "ignored_columns"
    IGNORED_LINES = "ignored_lines"
    MORE_PHONES = "more_phones"


@dataclass(frozen=True, slots=True)
class LineError:
    """One mistake or note: `line` is 0 for the whole sheet, `column` is a word of COLUMNS or as written.

    `position` is where in the line the cell stands, from 0, if it is one cell. `facts` say what the sentence
    needs (`first`: the earlier line); never a name or a phone.
    """

    sheet: str
    line: int
    column: str
    reason: Reason
    facts: Mapping[str, object] = field(default_factory=dict)
    position: int | None = None


SHEETS: Mapping[str, str] = {
    "communities": "社区 community",
    "compounds": "小区 大院 compound",
    "buildings": "楼栋 号楼 building",
    "entrances": "单元 门洞 entrance",
    "units": "房屋 户室 房号 unit",
    "residents": "居民 住户 业主 resident",
    "posts": "职务 任职 连心卡 post",
}
"""Every sheet, and what else it may be called."""

IGNORED_SHEETS: Mapping[str, str] = {
    "mistakes": "错误清单",
    "joined": "已登记",
    "appointments": "任职记录",
    "issues": "事项",
    "activities": "活动",
}
"""Sheets this program writes beside those it reads."""

COLUMNS: Mapping[str, str] = {
    "community": "社区 所属社区",
    "compound": "小区 大院",
    "code": "代码 编号 小区代码 小区编号 社区代码",
    "name": "名称 姓名 住户姓名 居民姓名 小区名称 楼栋名称 单元名称 社区名称",
    "timezone": "时区",
    "locale": "语言",
    "building": "楼栋 楼号 栋号 幢号 号楼 栋 幢 楼栋号 楼幢 座 楼栋单元",
    "entrance": "单元 单元号 门洞",
    "unit": "房号 房屋 户室 室号 房间号 室 户号 房屋号",
    "address": "地址 住址 房屋地址 房产地址 坐落 房屋坐落 楼栋房号 门牌号 房屋编号 房产",
    "area_m2": "面积 建筑面积 房屋面积 产权面积 area",
    "kind": "身份 身分 住户类型 住户类别 人员类别 与业主关系 与户主关系",
    "post": "职务 岗位",
    "phone": "电话 手机 手机号 手机号码 联系电话 联络电话 联系方式 电话号码",
    "is_deputy": "副职",
    "term_until": "任期至 任期 届满",
    "duty": "职责",
    "hours": "时间 服务时间 办公时间",
    "phone_shown": "显示电话 公开电话",
    "office_phone": "办公电话 值班电话",
}
"""Every column, and what else its heading may be, in folded characters; the first is the usual one."""

LAYOUT: Mapping[str, str] = {
    "communities": "code name",
    "compounds": "code name | timezone locale community",
    "buildings": "building | compound name",
    "entrances": "building entrance | compound name",
    "units": "building unit | compound entrance area_m2",
    "posts": (
        "post name | community compound building entrance phone duty hours phone_shown is_deputy term_until "
        "office_phone"
    ),
}
"""The columns of each sheet that has its own; those before the bar are needed."""

_REASONS = ("错误原因", "mistake")
"""What is written beside faulty lines stands under these headings: the mended copy can be read again."""

_SAID = {
    "是": True,
    "yes": True,
    "true": True,
    "1": True,
    "否": False,
    "no": False,
    "false": False,
    "0": False,
}
_PHONE = re.compile(r"[0-9+][0-9 -]{1,18}[0-9]")
_AREA = re.compile(r"约?([0-9]{1,6}(?:\.[0-9]+)?)\s*(?:m2|平方米|平方|平米|平)?")
# What spreadsheets make of 3-2: a date.
_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}月\d{1,2}日|\d{1,2}-[A-Za-z]{3}|[A-Za-z]{3}-\d{1,2}")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_LOOKED_AT = 15
"""So many lines may stand above the header."""


def word(written: str) -> str:
    """The form in which headings, sheet names and posts are compared: "建築面積（㎡）" is 建筑面积."""
    return re.sub(r"\(.*?\)|[\s_*:]", "", fold(written))


def words(table: Mapping[str, str]) -> dict[str, str]:
    """The key of a table by each of its names."""
    return {word(alias): key for key, aliases in table.items() for alias in (key, *aliases.split())}


@cache
def known_columns() -> Mapping[str, str]:
    """The words of COLUMNS by every heading."""
    return words(COLUMNS)


@cache
def _known_sheets() -> Mapping[str, str]:
    return words({**SHEETS, **IGNORED_SHEETS})


def sheet_named(name: str) -> str | None:
    """The word of SHEETS or IGNORED_SHEETS for a sheet's or a file's name, or None."""
    return _known_sheets().get(word(re.sub(r"\.\w+$", "", name)))


def header_at(sheet: Sheet, known: Callable[[str], bool]) -> int:
    """Which of the rows is the header: the first with two known headings, or one, or else the very first.

    Above it stands what people write over a table: its title, a date, who made it.
    """
    counts = [sum(1 for cell in cells if cell and known(cell)) for _, cells in sheet.rows[:_LOOKED_AT]]
    for needed in (2, 1):
        for index, count in enumerate(counts):
            if count >= needed:
                return index
    return 0


label_of = lru_cache(1 << 14)(normal_label)
"""`normal_label` for sheets, where every line repeats what stands in the one above."""


@lru_cache(1 << 12)
def _area(written: str) -> int | None:
    number = _AREA.fullmatch(fold(written))
    return int(Decimal(number[1]).to_integral_value(ROUND_HALF_UP)) or None if number else None


def is_phone(written: str) -> bool:
    """Whether a cell of a sheet with a LAYOUT may hold this number."""
    return _PHONE.fullmatch(written) is not None


def is_reason(heading: str) -> bool:
    """Whether the mistakes of an earlier import stand under a heading."""
    return word(heading) in _REASONS


@dataclass(frozen=True, slots=True)
class Line:
    """One line under the words of COLUMNS, and where its mistakes go."""

    sheet: str
    number: int
    cells: Mapping[str, str]
    positions: Mapping[str, int]
    errors: list[LineError]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def wrong(self, column: str, reason: Reason, **facts: object) -> None:
        """Something is the matter with this cell."""
        position = self.positions.get(column)
        self.errors.append(LineError(self.sheet, self.number, column, reason, facts, position))

    def needed(self, column: str) -> str | None:
        """What stands in a cell that must not be blank."""
        if not self[column]:
            self.wrong(column, Reason.MISSING)
        return self[column] or None

    def label(self, column: str) -> str | None:
        """The normal form of a label that must be there."""
        written = self.needed(column)
        if written is None:
            return None
        if _DATE.fullmatch(written):
            self.wrong(column, Reason.DATE, value=written)
            return None
        label = label_of(re.sub(r"(?<=\d)\.0+$", "", written))
        if not label:
            self.wrong(column, Reason.NO_LABEL, value=written)
        return label or None

    def area(self) -> int | None:
        """Whole square metres, half rounded up."""
        written = self["area_m2"]
        area = _area(written)
        if written and area is None:
            self.wrong("area_m2", Reason.AREA, value=written)
        return area

    def phone(self, column: str = "phone") -> str:
        """One number as it is written, in plain digits."""
        phone = normalize("NFKC", self[column])
        if phone and not is_phone(phone):
            self.wrong(column, Reason.PHONE)
        return phone

    def said(self, column: str) -> bool | None:
        """Yes, no, or nothing."""
        said = _SAID.get(word(self[column])) if self[column] else None
        if self[column] and said is None:
            self.wrong(column, Reason.YES_OR_NO, value=self[column])
        return said

    def day(self, column: str) -> date | None:
        """A day of the calendar: 2028-12-31, 2028年12月31日."""
        written = self[column]
        found = _DAY.fullmatch(normalize("NFKC", written))
        try:
            day = date(*map(int, found.groups())) if found else None
        except ValueError:
            day = None
        if written and day is None:
            self.wrong(column, Reason.DAY, value=written)
        return day


def tidy_lines(kind: str, sheet: Sheet, errors: list[LineError]) -> Iterator[Line] | None:
    """The lines of a sheet with a LAYOUT of its own; None when a column it needs is missing."""
    needed, _, more = LAYOUT[kind].partition("|")
    allowed = (*needed.split(), *more.split())
    at = header_at(sheet, lambda cell: word(cell) in known_columns())
    number, header = sheet.rows[at]
    positions: dict[str, int] = {}
    for position, heading in enumerate(header):
        column = known_columns().get(word(heading)) if heading else None
        if not heading or is_reason(heading):
            continue
        if column is None or column not in allowed:
            facts = {"known": allowed}
            errors.append(LineError(sheet.name, number, heading, Reason.UNKNOWN_COLUMN, facts, position))
        elif column in positions:
            errors.append(LineError(sheet.name, number, heading, Reason.DUPLICATE_COLUMN, {}, position))
        else:
            positions[column] = position
    absent = [column for column in needed.split() if column not in positions]
    errors += [LineError(sheet.name, number, column, Reason.MISSING_COLUMN) for column in absent]
    # Each line would say the same again.
    return None if absent else _under(sheet, at, positions, errors)


def _under(sheet: Sheet, at: int, positions: Mapping[str, int], errors: list[LineError]) -> Iterator[Line]:
    header = sheet.rows[at][1]
    for number, cells in sheet.rows[at + 1 :]:
        found = {
            column: " ".join(cells[position].split())
            for column, position in positions.items()
            if position < len(cells)
        }
        line = Line(sheet.name, number, found, positions, errors)
        for position, cell in enumerate(cells):
            if cell and not (position < len(header) and header[position]):
                errors.append(LineError(sheet.name, number, "", Reason.NO_HEADING, {"value": cell}, position))
        yield line
