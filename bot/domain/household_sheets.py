"""Reads the one big sheet a property office keeps: who lives where, as such sheets really are (O1)."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from unicodedata import normalize

from bot.domain.addresses import find_places
from bot.domain.folding import fold
from bot.domain.sheets import (
    Line,
    LineError,
    Reason,
    Row,
    Sheet,
    header_at,
    is_reason,
    known_columns,
    label_of,
    word,
)

KINDS: Mapping[str, str] = {
    "owner": "业主 房主 户主 产权人 所有权人 本人 owner",
    "renter": "租户 租客 租赁 租赁人 承租人 承租 租住 租 renter tenant",
    "family": (
        "家属 家人 家庭成员 成员 同住 同住人 配偶 妻子 丈夫 妻 夫 父亲 母亲 父母 父 母 儿子 女儿 子 女 子女 "
        "儿媳 女婿 孙子 孙女 外孙 外孙女 岳父 岳母 公公 婆婆 兄弟 姐妹 family"
    ),
}
"""As what somebody lives in a unit, and how the sheets say so, in folded characters."""

NAME_MOST = 30

_KIND_OF = {alias: kind for kind, aliases in KINDS.items() for alias in aliases.split()}
_WHOSE = re.compile(
    r"(业主|房主|户主|产权人|所有权人|owner)|(租户|租客|租赁人|承租人|renter|tenant)|(家属|家庭成员|同住人|family)"
)
_PLACE = ("compound", "building", "entrance", "unit")
_READ = ("address", "area_m2", "kind", *_PLACE)
_HERE = {"小区名称": "compound", "楼栋名称": "building", "单元名称": "entrance"}
"""Headings that mean something else above people than above places."""
_TOTALS = re.compile(
    r"[合小总總共]\s*[计計]|共\s*\d+\s*[户戶套人]|制表|製表|填表|审核人|審核人|(?:sub)?total", re.IGNORECASE
)
_DITTO = ("同上", "〃", "″", "''", '"', "”")
_NOBODY = re.compile(
    "[无無]|空|空置|空房|空置房|空[户戶]|未售|待售|未入住|[无無]人|[无無][业業]主|不[详詳]|未知|[暂暫][无無]|未登[记記]"
    "|[开開][发發]商|空缺|vacant|none|n/a",
    re.IGNORECASE,
)
_PARTED = re.compile(r"[、/,;|&\n\r]+")
_TWO_NAMES = re.compile(r"[\u3400-\u9fff]{2,4}(?:\s+[\u3400-\u9fff]{2,4})+")
_LONG_SURNAME = re.compile(r"欧阳|上官|司马|诸葛|夏侯|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|长孙|宇文|端木|南宫")
_INNER_SPACE = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")

_SCIENTIFIC = re.compile(r"[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,2}")
_MOBILE = r"(?:\+?86)?1[3-9][0-9]{9}"
_FIXED = r"(?:0[1-9][0-9]{1,2}-?)?[2-9][0-9]{6,7}"
_ONE = re.compile(rf"{_MOBILE}|{_FIXED}|400[0-9]{{7}}|[0-9]{{3,6}}|\+[0-9]{{7,15}}")
_SEVERAL = re.compile(rf"(?:{_MOBILE}|{_FIXED})(?: +(?:{_MOBILE}|{_FIXED}))+")


def phones_in(written: str) -> list[str]:
    """The numbers in a cell, mobiles without spaces, dashes and +86; remarks beside them are left out.

    A number such as 1.3900000001E+10 is read too. Raises ValueError when a digit is missing or too many, and
    ArithmeticError when the spreadsheet has lost digits (1.39E+10).
    """
    plain = normalize("NFKC", written).strip()
    if _SCIENTIFIC.fullmatch(plain):
        number = Decimal(plain)
        if int(number.as_tuple().exponent) > 0:
            raise ArithmeticError
        plain = str(int(number))
    plain = re.sub(r"(?<=[0-9])\.0+$", "", plain)
    plain = re.sub(r"\((0[0-9]{2,3})\)\s*", r"\1-", plain)
    found: list[str] = []
    for piece in re.split(r"[^0-9+ -]+", plain):
        found += _numbers(piece.strip(" -"))
    return list(dict.fromkeys(found))


def _numbers(piece: str) -> list[str]:
    if not piece:
        return []
    compact = re.sub("[ -]", "", piece)
    if re.fullmatch(_MOBILE, compact):
        return [compact[-11:]]
    if _ONE.fullmatch(compact):
        return [piece.replace(" ", "")]
    if re.fullmatch(f"(?:{_MOBILE}){{2,}}", compact):
        return [number[-11:] for number in re.findall(_MOBILE, compact)]
    if _SEVERAL.fullmatch(piece):
        return [number[-11:] if re.fullmatch(_MOBILE, number) else number for number in piece.split()]
    raise ValueError(piece)


def names_in(written: str) -> list[str]:
    """The people a cell names: 张三、李四 are two, 王 芳 is one, 空置 is nobody; not what stands in brackets.

    Raises ValueError for what is no name: one with digits, or longer than NAME_MOST.
    """
    plain = re.sub(r"\(.*?\)", "", normalize("NFKC", written)).strip()
    if _TWO_NAMES.fullmatch(plain) and not _LONG_SURNAME.match(plain):
        plain = re.sub(r"\s+", "、", plain)
    names = [_INNER_SPACE.sub("", " ".join(part.split())).strip(" -—.。") for part in _PARTED.split(plain)]
    found = [name for name in names if name and not _NOBODY.fullmatch(name)]
    if any(re.search("[0-9]", name) or len(name) > NAME_MOST for name in found):
        raise ValueError(written)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Lodger:
    """Somebody a line names: `kind` is owner, renter, family or None, the phone may be ""."""

    name: str
    phone: str
    kind: str | None


@dataclass(frozen=True, slots=True)
class Household:
    """A line about one unit: its place in the cells compound, building, entrance, unit, area_m2 of `line`."""

    line: Line
    people: tuple[Lodger, ...]


@dataclass(frozen=True, slots=True)
class _Column:
    """What stands under a heading: a word of COLUMNS, and of whom."""

    position: int
    written: str
    column: str
    whose: str


def _meaning(heading: str) -> tuple[str, str]:
    """The word of COLUMNS a heading stands for, or "", and whose it is: owner, renter, family or ""."""
    plain = word(heading)
    column = _HERE.get(plain) or known_columns().get(plain, "")
    if column:
        return (column, "")
    found = _WHOSE.match(plain)
    if not found:
        return (known_columns().get(plain.rstrip("0123456789一二三"), ""), "")
    rest = plain[found.end() :].strip("的信息/").rstrip("0123456789一二三")
    column = known_columns().get(rest, "") if rest else "name"
    return (
        column if column in ("name", "phone") else "",
        ("owner", "renter", "family")[(found.lastindex or 1) - 1],
    )


def _is_known(heading: str) -> bool:
    return _meaning(heading)[0] != ""


def _headings(sheet: Sheet) -> tuple[int, tuple[str, ...]]:
    """The index of the header's last row, and the headings; of two rows, 业主 over 电话 becomes 业主电话."""
    at = header_at(sheet, _is_known)
    upper: tuple[str, ...] = ()
    lower = sheet.rows[at][1]
    below = sheet.rows[at + 1][1] if at + 1 < len(sheet.rows) else ()
    if sum(map(_is_known, below)) >= 2 and not any(re.search("[0-9]{3}", cell) for cell in below):
        at, upper, lower = at + 1, lower, below
    elif at and len(set(filter(None, sheet.rows[at - 1][1]))) > 1:
        upper = sheet.rows[at - 1][1]
    headings: list[str] = []
    group = ""
    for position in range(max(len(upper), len(lower))):
        over = upper[position] if position < len(upper) else ""
        own = lower[position] if position < len(lower) else ""
        group = over or group
        if not own or own == over:
            headings.append(own or over)
        else:
            whose = _WHOSE.match(word(group))
            headings.append(f"{whose[0]}{own}" if whose and not _WHOSE.match(word(own)) else own)
    return at, tuple(headings)


def _columns(headings: Sequence[str]) -> list[_Column]:
    """What can be read; a phone without an owner of its own belongs to the last name before it."""
    meanings = [(*_meaning(heading), position) for position, heading in enumerate(headings) if heading]
    names = [(whose, position) for column, whose, position in meanings if column == "name"]
    found: list[_Column] = []
    for column, whose, position in meanings:
        one = _Column(position, headings[position], column, whose)
        if column == "phone" and (not whose or whose not in dict(names)) and names:
            before = [who for who, at in names if at < position]
            one = replace(one, whose=before[-1] if before else names[0][0])
        if column in (*_READ, "name", "phone"):
            found.append(one)
    return found


def heading_row(sheet: Sheet) -> int:
    """The number of the line that is the header, of whatever sheet."""
    return sheet.rows[_headings(sheet)[0]][0]


def is_household_sheet(sheet: Sheet) -> bool:
    """Whether the columns are those of units and who lives in them."""
    columns = {one.column for one in _columns(_headings(sheet)[1])}
    return bool(columns & {"unit", "address"}) and bool(columns & {"name", "building", "address"})


def names_people(sheet: Sheet) -> bool:
    """Whether one of the columns names people."""
    return any(one.column == "name" for one in _columns(_headings(sheet)[1]))


@dataclass(slots=True)
class _Reader:
    """One sheet while its lines are read one after the other."""

    sheet: Sheet
    columns: Sequence[_Column]
    errors: list[LineError]
    compounds: Sequence[str]
    usual_building: str
    has_units: bool
    unit_is_prefixed: bool
    above: dict[str, str] = field(default_factory=dict)
    row_above: tuple[str, ...] = ()
    ignored: int = 0
    more_phones: int = 0

    def household(self, row: Row) -> Household | None:
        """What a line says; None when it says nothing about a household."""
        number, cells = row
        cells = tuple(
            self.row_above[position] if cell in _DITTO and position < len(self.row_above) else cell
            for position, cell in enumerate(cells)
        )
        self.row_above = cells
        if any(_TOTALS.match(cell) for cell in list(filter(None, cells))[:2]):
            self.ignored += 1
            return None
        found = self._cells(cells)
        positions = {one.column: one.position for one in reversed(self.columns)}
        line = Line(self.sheet.name, number, found, positions, self.errors)
        names = [one for one in self.columns if one.column == "name" and self._at(cells, one)]
        if not (found.get("unit") or found.get("address") or names):
            # A remark, or more about the household above; a building alone heads those below it.
            self._carry(found, _PLACE[:-1])
            self.ignored += 1
            return None
        if not self._find_place(line, found):
            return None
        people = [person for one in names for person in self._people(number, cells, one, found)]
        return Household(line, tuple(people))

    @staticmethod
    def _at(cells: Sequence[str], column: _Column) -> str:
        return cells[column.position] if column.position < len(cells) else ""

    def _cells(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells about the place, by column; of several with one meaning the first that is filled."""
        found: dict[str, str] = {}
        for one in self.columns:
            if one.column in _READ and not found.get(one.column):
                found[one.column] = re.sub(r"^(\d+)\.0+$", r"\1", " ".join(self._at(cells, one).split()))
        return found

    def _find_place(self, line: Line, found: dict[str, str]) -> bool:
        """Put building, entrance and unit into the cells, each as written or as the line above has it."""
        has_building = any(one.column == "building" for one in self.columns)
        together = found.get("address") or (
            "" if has_building or self.usual_building else found.get("unit", "")
        )
        is_complete = bool(together or (found.get("building") and found.get("unit")))
        if together and not (found.get("building") and found.get("unit")):
            place = _split(together, self.compounds)
            if place is None:
                line.wrong("address" if found.get("address") else "unit", Reason.ADDRESS, value=together)
                return False
            found |= place
        else:
            usual = self.above.get("building", "") if has_building else self.usual_building
            found["building"] = found.get("building") or usual
            if not found.get("entrance"):
                # 3栋2单元 in one cell.
                found |= _door(found["building"])
            if not self.has_units:
                self._shorten(found)
        # Where both ends of a place are written, there is no entrance between them unless it is, too.
        self._carry(found, [column for column in _PLACE if not (is_complete and column == "entrance")])
        return True

    def _shorten(self, found: dict[str, str]) -> None:
        """A unit written with its building or entrance in front, 3-2-501, is 501 behind that door."""
        building, entrance = label_of(found["building"]), label_of(found.get("entrance", ""))
        whole = _split(found["unit"]) if re.search("[栋棟幢楼樓座]", found.get("unit", "")) else None
        if (
            whole
            and label_of(whole["building"]) == building
            and entrance in ("", label_of(whole["entrance"]))
        ):
            found |= {"entrance": found.get("entrance") or whole["entrance"], "unit": whole["unit"]}
            return
        parts = label_of(found.get("unit", "")).split("-")
        if len(parts) == 3 and parts[0] == building and entrance in ("", parts[1]):
            found |= {"entrance": found.get("entrance") or parts[1], "unit": parts[2]}
        elif len(parts) == 2 and re.fullmatch("[0-9]{3,4}[A-Z]?", parts[1]):
            if entrance == parts[0] or (not entrance and self.unit_is_prefixed):
                found["unit"] = parts[1]
            elif not entrance and re.fullmatch("[0-9]{1,2}|[A-Z]", parts[0]):
                found |= {"entrance": parts[0], "unit": parts[1]}

    def _carry(self, found: dict[str, str], columns: Sequence[str]) -> None:
        """Fill what is blank because it stands above, as long as nothing larger has changed."""
        for column in columns:
            written, before = found.get(column, ""), self.above.get(column, "")
            if written and label_of(written) != label_of(before):
                break
            found[column] = written or before
        self.above = {column: found.get(column, "") for column in _PLACE}

    def _people(
        self, number: int, cells: Sequence[str], column: _Column, found: Mapping[str, str]
    ) -> Iterator[Lodger]:
        def wrong(reason: Reason, at: _Column) -> None:
            self.errors.append(LineError(self.sheet.name, number, at.written, reason, {}, at.position))

        kind = column.whose or None
        said = found.get("kind", "")
        if said and not column.whose:
            kind = _KIND_OF.get(word(said))
            if kind is None:
                at = next(one for one in self.columns if one.column == "kind")
                self.errors.append(
                    LineError(self.sheet.name, number, at.written, Reason.KIND, {"value": said}, at.position)
                )
        try:
            names = names_in(self._at(cells, column))
        except ValueError:
            wrong(Reason.NAME, column)
            return
        phones: list[str] = []
        for one in self.columns:
            if one.column == "phone" and one.whose == column.whose:
                try:
                    phones += phones_in(self._at(cells, one))
                except ArithmeticError:
                    wrong(Reason.DIGITS_LOST, one)
                except ValueError:
                    wrong(Reason.PHONE, one)
        self.more_phones += max(0, len(phones) - max(1, len(names))) if names else 0
        for index, name in enumerate(names):
            yield Lodger(name, phones[index] if index < len(phones) else "", kind)


@lru_cache(1024)
def _door(written: str) -> Mapping[str, str]:
    """Building and entrance where a cell names both."""
    named = next(iter(find_places(written)), None)
    if named is None or named.building is None or named.entrance is None:
        return {}
    return {"building": named.building, "entrance": named.entrance}


def _split(written: str, compounds: Sequence[str] = ()) -> dict[str, str] | None:
    """Building, entrance and unit of 3栋2单元501, 3-2-501, 3/2/501, whatever stands before it."""
    plain = normalize("NFKC", written)
    for name in compounds:
        plain = plain.removeprefix(normalize("NFKC", name))
    plain = re.sub(r"^(\w+)[/.](\w+)[/.](\w+)$", r"\1-\2-\3", plain.strip())
    places = find_places(plain)
    if len(places) != 1 or not places[0].building:
        return None
    (place,) = places
    unit, rest = place.room, place.leftover
    if unit is None and place.marked and rest and re.sub(r"\s", "", fold(plain)).endswith(rest):
        unit, rest = label_of(rest), ""  # 3栋商铺1
    if not unit or (rest and not fold(plain).startswith(rest)):
        return None
    marked = re.search(r"[0-9a-zA-Z一二三四五六七八九十东南西北]+(?:号楼|[栋棟幢座])", plain)
    building = marked[0] if marked and label_of(marked[0]) == place.building else place.building
    return {"building": building or "", "entrance": place.entrance or "", "unit": unit}


def usual_name(written: str, label: str, ending: str) -> str:
    """What a place is called that is only known from such a line: as it is written, but "3" is 3号楼."""
    plain = normalize("NFKC", written)
    return label + ending if plain.upper().rstrip("#") == label else plain


def read_households(
    sheet: Sheet,
    errors: list[LineError],
    notes: list[LineError],
    compounds: Sequence[str],
    passed: Callable[[], None],
    *,
    has_units: bool,
) -> Iterator[Household]:
    """Give every line about a household, its mistakes in `errors`, and what is not read in `notes`.

    A title may stand over the header; blank cells of a place mean the one above; lines with totals, and those
    without unit and name, are left out; unknown columns are ignored. `compounds` are names that may stand
    before an address; with `has_units` there is a sheet of units, and they are called as they are there.
    `passed` is called after each line.
    """
    at, headings = _headings(sheet)
    columns = _columns(headings)
    number = sheet.rows[at][0]
    read = {one.position for one in columns}
    ignored = [
        one for position, one in enumerate(headings) if one and not is_reason(one) and position not in read
    ]
    if ignored:
        notes.append(LineError(sheet.name, number, "", Reason.IGNORED_COLUMNS, {"names": ignored}))
    by_name = find_places(sheet.name)
    usual = by_name[0].building if by_name and by_name[0].marked and by_name[0].building else ""
    is_prefixed = _is_prefixed(sheet.rows[at + 1 :], columns)
    reader = _Reader(sheet, columns, errors, compounds, usual, has_units, is_prefixed)
    for row in sheet.rows[at + 1 :]:
        if row[1] != sheet.rows[at][1]:  # The header is printed again on every page.
            household = reader.household(row)
            if household is not None:
                yield household
        passed()
    if reader.ignored:
        notes.append(LineError(sheet.name, 0, "", Reason.IGNORED_LINES, {"count": reader.ignored}))
    if reader.more_phones:
        notes.append(LineError(sheet.name, 0, "", Reason.MORE_PHONES, {"count": reader.more_phones}))


def _is_prefixed(rows: Sequence[Row], columns: Sequence[_Column]) -> bool:
    """Whether every unit 3-501 has the number of its building in front, and not that of an entrance."""
    building, unit = (
        next((one.position for one in columns if one.column == column), None)
        for column in ("building", "unit")
    )
    if building is None or unit is None:
        return False
    pairs = [
        (label_of(cells[building]), label_of(cells[unit]))
        for _, cells in rows
        if max(building, unit) < len(cells) and "-" in cells[unit] and cells[building]
    ]
    return bool(pairs) and all(label.startswith(f"{name}-") for name, label in pairs)
