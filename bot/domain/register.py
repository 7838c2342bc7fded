"""Reads the operator's sheets into a register of places, posts and holders, with all their mistakes (O1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from unicodedata import normalize
from zoneinfo import available_timezones

from bot.domain.addresses import normal_label
from bot.domain.folding import fold
from bot.domain.posts import LEVEL, SHARED, PostKind
from bot.domain.vocabulary import HOLDERS


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read: `name` as the operator knows it, `rows` as (line number, cells by heading).

    What stands under no heading has the heading "". Lines are counted as a text editor or Excel counts them.
    """

    name: str
    header: tuple[str, ...]
    rows: list[tuple[int, dict[str, str]]]


class Reason(StrEnum):
    """What can be wrong with a sheet or a line."""

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
    UNKNOWN_COMPOUND = "unknown_compound"
    EMPTY_COMPOUND = "empty_compound"
    UNKNOWN_BUILDING = "unknown_building"
    UNKNOWN_ENTRANCE = "unknown_entrance"
    UNKNOWN_POST = "unknown_post"
    PLACE_NEEDED = "place_needed"
    WRONG_LEVEL = "wrong_level"
    SECOND_HOLDER = "second_holder"
    DIFFERS = "differs"
    PHONE = "phone"
    AREA = "area"
    TIMEZONE = "timezone"
    LOCALE = "locale"
    YES_OR_NO = "yes_or_no"


@dataclass(frozen=True, slots=True)
class LineError:
    """One mistake: `line` is 0 when it concerns the whole sheet, `column` a word of COLUMNS or as written.

    `facts` say what the sentence needs (`first`: the earlier line); never a name or a phone.
    """

    sheet: str
    line: int
    column: str
    reason: Reason
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """The holder of a post as the register names them; the same name and phone are the same person."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class ListedBuilding:
    """A building: `label` in normal form, `name` as written."""

    label: str
    name: str


@dataclass(frozen=True, slots=True)
class ListedEntrance:
    """An entrance of the building with the label `building`."""

    building: str
    label: str
    name: str


@dataclass(frozen=True, slots=True)
class ListedUnit:
    """A unit in an entrance or (None) directly in its building; the area in whole square metres."""

    building: str
    entrance: str | None
    label: str
    area_m2: int | None


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A post and its holders; `vacant` means that the register says in so many words that nobody holds it."""

    kind: PostKind
    building: str | None
    entrance: str | None
    duty: str | None
    hours: str | None
    phone_shown: bool | None
    holders: tuple[ListedPerson, ...]
    vacant: bool


@dataclass(frozen=True, slots=True)
class ListedCompound:
    """One compound with all that is listed for it. None, here and above, is a blank cell: it says nothing."""

    code: str
    name: str
    timezone: str | None
    locale: str | None
    buildings: tuple[ListedBuilding, ...]
    entrances: tuple[ListedEntrance, ...]
    units: tuple[ListedUnit, ...]
    posts: tuple[ListedPost, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """Everything the sheets list."""

    compounds: tuple[ListedCompound, ...]


SHEETS: Mapping[str, str] = {
    "compounds": "小区 大院 compound",
    "buildings": "楼栋 号楼 building",
    "entrances": "单元 门洞 entrance",
    "units": "房屋 户室 房号 unit",
    "posts": "职务 任职 连心卡 post",
}
"""Every sheet, and what else it may be called."""

COLUMNS: Mapping[str, str] = {
    "compound": "小区 大院",
    "code": "代码 编号 小区代码 小区编号",
    "name": "名称 姓名 小区名称 楼栋名称 单元名称",
    "timezone": "时区",
    "locale": "语言",
    "building": "楼栋 楼号 栋号 幢号 号楼 栋 幢",
    "entrance": "单元 单元号 门洞",
    "unit": "房号 房屋 户室 室号 房间号",
    "area_m2": "面积 建筑面积 area",
    "post": "职务 岗位",
    "phone": "电话 手机 手机号 联系电话",
    "duty": "职责",
    "hours": "时间 服务时间 办公时间",
    "phone_shown": "显示电话 公开电话",
}
"""Every column, and what else its heading may be, in folded characters; the first is the usual one."""

# Columns of each sheet; those before the bar are needed.
_LAYOUT = {
    "compounds": "code name | timezone locale",
    "buildings": "building | compound name",
    "entrances": "building entrance | compound name",
    "units": "building unit | compound entrance area_m2",
    "posts": "post name | compound building entrance phone duty hours phone_shown",
}
_ABOVE = {"compound": (), "building": ("building",), "entrance": ("building", "entrance")}
_LOCALES = ("zh_CN", "zh_TW", "en")
_VACANT = ("空缺", "vacant")
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
_AREA = re.compile(r"([0-9]{1,6}(?:\.[0-9]+)?)\s*(?:m2|平方米|平米)?")
# What spreadsheets make of 3-2: a date.
_DATE = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}月\d{1,2}日|\d{1,2}-[A-Za-z]{3}|[A-Za-z]{3}-\d{1,2}")


def _word(written: str) -> str:
    """The form in which headings, sheet names and posts are compared: "建築面積（㎡）" is 建筑面积."""
    return re.sub(r"\(.*?\)|[\s_*:]", "", fold(written))


def _words(table: Mapping[str, str]) -> dict[str, str]:
    return {_word(alias): word for word, aliases in table.items() for alias in (word, *aliases.split())}


@cache
def _known() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Sheets, columns and posts by each of their names."""
    return _words(SHEETS), _words(COLUMNS), _words({kind.value: names for kind, names in HOLDERS.items()})


@dataclass(frozen=True, slots=True)
class _Line:
    """One line under the words of COLUMNS, and where its mistakes go."""

    sheet: str
    number: int
    cells: Mapping[str, str]
    errors: list[LineError]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def wrong(self, column: str, reason: Reason, **facts: object) -> None:
        self.errors.append(LineError(self.sheet, self.number, column, reason, facts))

    def needed(self, column: str) -> str | None:
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
        if not normal_label(written):
            self.wrong(column, Reason.NO_LABEL, value=written)
        return normal_label(written) or None

    def area(self) -> int | None:
        """Whole square metres, half rounded up."""
        number = _AREA.fullmatch(fold(self["area_m2"]))
        area = int(Decimal(number[1]).to_integral_value(ROUND_HALF_UP)) if number else 0
        if self["area_m2"] and not area:
            self.wrong("area_m2", Reason.AREA, value=self["area_m2"])
        return area or None

    def phone(self) -> str:
        phone = normalize("NFKC", self["phone"])
        if phone and not _PHONE.fullmatch(phone):
            self.wrong("phone", Reason.PHONE)
        return phone

    def shown(self) -> bool | None:
        said = _SAID.get(_word(self["phone_shown"]))
        if self["phone_shown"] and said is None:
            self.wrong("phone_shown", Reason.YES_OR_NO, value=self["phone_shown"])
        return said


@dataclass(slots=True)
class _Post:
    """A post while its lines are gathered: each value with the line that gave it; the holder None is 空缺."""

    texts: dict[str, tuple[str | bool, int]] = field(default_factory=dict)
    holders: dict[ListedPerson | None, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Compound:
    """A compound while its lines are gathered; what is listed stands beside the line that did so first."""

    name: str
    line: _Line
    buildings: dict[str, tuple[ListedBuilding, int]] = field(default_factory=dict)
    entrances: dict[tuple[str, str], tuple[ListedEntrance, int]] = field(default_factory=dict)
    units: dict[tuple[str, str | None, str], tuple[ListedUnit, int]] = field(default_factory=dict)
    posts: dict[tuple[PostKind, str | None, str | None], _Post] = field(default_factory=dict)


def read_register(sheets: Sequence[Sheet]) -> tuple[Register, list[LineError]]:
    """Read the sheets in any order and give all their mistakes; with even one, the register is incomplete.

    Labels are compared in `normal_label` form, so 3号楼 and 三栋 are one building. A line may leave its
    compound out when there is only one.
    """
    errors: list[LineError] = []
    lines = {kind: _Lines(kind, sheets, errors) for kind in _LAYOUT}
    unknown = [sheet for sheet in sheets if sheet.header and _kind(sheet) is None]
    errors += [LineError(sheet.name, 0, "", Reason.UNKNOWN_SHEET) for sheet in unknown]
    needed = {"compounds", "buildings"}
    if any(line["entrance"] for kind in ("units", "posts") for line in lines[kind].all):
        needed.add("entrances")
    absent = [kind for kind in lines if kind in needed and not lines[kind].given]
    errors += [LineError(kind, 0, "", Reason.MISSING_SHEET) for kind in absent]
    readable = {kind for kind in _LAYOUT if lines[kind].readable}
    reading = _Reading(_compounds(lines["compounds"].all), readable)
    for line in lines["buildings"].all:
        reading.building(line)
    for line in lines["entrances"].all:
        reading.entrance(line)
    for line in lines["units"].all:
        reading.unit(line)
    for line in lines["posts"].all:
        reading.post(line)
    return reading.register(), errors


def _kind(sheet: Sheet) -> str | None:
    return _known()[0].get(_word(re.sub(r"\.\w+$", "", sheet.name)))


class _Lines:
    """The lines of all sheets of a kind, their headings replaced by the words of COLUMNS."""

    def __init__(self, kind: str, sheets: Sequence[Sheet], errors: list[LineError]) -> None:
        self.given = False
        self.readable = False
        self.all: list[_Line] = []
        needed, optional = (part.split() for part in _LAYOUT[kind].split("|"))
        for sheet in sheets:
            if _kind(sheet) != kind or not sheet.header:
                continue
            self.given = True
            columns: dict[str, str] = {}
            for heading in filter(None, sheet.header):
                column = _known()[1].get(_word(heading))
                if column not in needed + optional:
                    known = " ".join(needed + optional)
                    errors.append(LineError(sheet.name, 1, heading, Reason.UNKNOWN_COLUMN, {"known": known}))
                elif column in columns.values():
                    errors.append(LineError(sheet.name, 1, heading, Reason.DUPLICATE_COLUMN))
                elif column:
                    columns[heading] = column
            absent = [column for column in needed if column not in columns.values()]
            errors += [LineError(sheet.name, 1, column, Reason.MISSING_COLUMN) for column in absent]
            if absent:
                # Each line would say the same again.
                continue
            self.readable = True
            for number, cells in sheet.rows:
                words = {columns[heading]: " ".join(cells.get(heading, "").split()) for heading in columns}
                line = _Line(sheet.name, number, words, errors)
                if cells.get(""):
                    line.wrong("", Reason.NO_HEADING, value=cells[""])
                self.all.append(line)


def _compounds(lines: Sequence[_Line]) -> dict[str, _Compound]:
    """The compounds by code."""
    compounds: dict[str, _Compound] = {}
    for line in lines:
        code, name = line.needed("code"), line.needed("name")
        if line["timezone"] and line["timezone"] not in available_timezones():
            line.wrong("timezone", Reason.TIMEZONE, value=line["timezone"])
        if line["locale"] and line["locale"] not in _LOCALES:
            line.wrong("locale", Reason.LOCALE, value=line["locale"], known=" ".join(_LOCALES))
        if code in compounds:
            line.wrong("code", Reason.DUPLICATE, first=compounds[code].line.number)
        elif code:
            compounds[code] = _Compound(name or code, line)
    return compounds


class _Reading:
    """Enters line after line into the compounds; what refers to a place expects it to be entered.

    Where the sheet of the places could not be read, that is said once and not for every line.
    """

    def __init__(self, compounds: dict[str, _Compound], readable: set[str]) -> None:
        self._compounds = compounds
        self._readable = readable

    def building(self, line: _Line) -> None:
        compound, label = self._compound(line), line.label("building")
        if compound is None or label is None:
            return
        if label in compound.buildings:
            line.wrong("building", Reason.DUPLICATE, first=compound.buildings[label][1])
            return
        compound.buildings[label] = (ListedBuilding(label, line["name"] or line["building"]), line.number)

    def entrance(self, line: _Line) -> None:
        compound, label = self._compound(line), line.label("entrance")
        building = self._building(line, compound)
        if compound is None or label is None or building is None:
            return
        key = (building, label)
        if key in compound.entrances:
            line.wrong("entrance", Reason.DUPLICATE, first=compound.entrances[key][1])
            return
        listed = ListedEntrance(building, label, line["name"] or line["entrance"])
        compound.entrances[key] = (listed, line.number)

    def unit(self, line: _Line) -> None:
        compound, label, area = self._compound(line), line.label("unit"), line.area()
        building = self._building(line, compound)
        entrance = self._entrance(line, compound, building) if line["entrance"] else None
        if compound is None or label is None or building is None or (line["entrance"] and not entrance):
            return
        key = (building, entrance, label)
        if key in compound.units:
            line.wrong("unit", Reason.DUPLICATE, first=compound.units[key][1])
            return
        compound.units[key] = (ListedUnit(building, entrance, label, area), line.number)

    def post(self, line: _Line) -> None:
        compound, phone, shown = self._compound(line), line.phone(), line.shown()
        holder = None if _word(line["name"]) in _VACANT else ListedPerson(line["name"], phone)
        if phone and holder is not None:
            line.needed("name")
        found = _known()[2].get(_word(line["post"]))
        if found is None:
            if line.needed("post"):
                line.wrong("post", Reason.UNKNOWN_POST, value=line["post"])
            return
        kind = PostKind(found)
        place = self._place(line, compound, kind)
        if compound is None or place is None:
            return
        post = compound.posts.setdefault((kind, *place), _Post())
        said_of_it = {"duty": line["duty"] or None, "hours": line["hours"] or None, "phone_shown": shown}
        for column, said in said_of_it.items():
            if said is not None and post.texts.setdefault(column, (said, line.number))[0] != said:
                line.wrong(column, Reason.DIFFERS, first=post.texts[column][1])
        if not line["name"]:
            return
        if holder in post.holders:
            line.wrong("name", Reason.DUPLICATE, first=post.holders[holder])
        elif post.holders and (kind not in SHARED or None in (holder, *post.holders)):
            line.wrong("name", Reason.SECOND_HOLDER, first=next(iter(post.holders.values())))
        post.holders.setdefault(holder, line.number)

    def register(self) -> Register:
        """What has been entered; a compound without buildings is a mistake."""
        for compound in self._compounds.values():
            if not compound.buildings and "buildings" in self._readable:
                compound.line.wrong("code", Reason.EMPTY_COMPOUND)
        return Register(tuple(_listed(code, compound) for code, compound in self._compounds.items()))

    def _compound(self, line: _Line) -> _Compound | None:
        """The compound the line names by code or name, or the only one."""
        if not line["compound"] and len(self._compounds) < 2:
            return next(iter(self._compounds.values()), None)
        written = line.needed("compound")
        if written is None:
            return None
        names = {fold(word): one for code, one in self._compounds.items() for word in (one.name, code)}
        found = names.get(fold(written))
        if found is None and self._compounds:
            line.wrong("compound", Reason.UNKNOWN_COMPOUND, value=written)
        return found

    def _building(self, line: _Line, compound: _Compound | None) -> str | None:
        """The label of a building that is listed."""
        label = line.label("building")
        if label is None or compound is None or label in compound.buildings:
            return label
        if "buildings" in self._readable:
            line.wrong("building", Reason.UNKNOWN_BUILDING, value=line["building"])
        return None

    def _entrance(self, line: _Line, compound: _Compound | None, building: str | None) -> str | None:
        """The label of an entrance that is listed for the building."""
        label = line.label("entrance")
        if label is None or compound is None or building is None or (building, label) in compound.entrances:
            return label
        if "entrances" in self._readable:
            line.wrong("entrance", Reason.UNKNOWN_ENTRANCE, value=line["entrance"], building=line["building"])
        return None

    def _place(
        self, line: _Line, compound: _Compound | None, kind: PostKind
    ) -> tuple[str | None, str | None] | None:
        """The labels of the building and the entrance a post is held at; None when they are wrong."""
        level = LEVEL[kind]
        misfits = [column for column in _ABOVE["entrance"] if bool(line[column]) != (column in _ABOVE[level])]
        for column in misfits:
            reason = Reason.WRONG_LEVEL if line[column] else Reason.PLACE_NEEDED
            line.wrong(column, reason, post=kind.value, level=level)
        if misfits:
            return None
        building = self._building(line, compound) if line["building"] else None
        entrance = self._entrance(line, compound, building) if line["entrance"] else None
        found = (bool(building), bool(entrance)) == (bool(line["building"]), bool(line["entrance"]))
        return (building, entrance) if found else None


def _listed(code: str, compound: _Compound) -> ListedCompound:
    posts = [
        ListedPost(
            kind,
            building,
            entrance,
            _text(post, "duty"),
            _text(post, "hours"),
            None if "phone_shown" not in post.texts else bool(post.texts["phone_shown"][0]),
            tuple(holder for holder in post.holders if holder),
            None in post.holders,
        )
        for (kind, building, entrance), post in compound.posts.items()
    ]
    return ListedCompound(
        code,
        compound.name,
        compound.line["timezone"] or None,
        compound.line["locale"] or None,
        tuple(building for building, _ in compound.buildings.values()),
        tuple(entrance for entrance, _ in compound.entrances.values()),
        tuple(unit for unit, _ in compound.units.values()),
        tuple(posts),
    )


def _text(post: _Post, column: str) -> str | None:
    return str(post.texts[column][0]) if column in post.texts else None
