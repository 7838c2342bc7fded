"""Reads the operator's sheets into a register of places, people and posts, with all their mistakes (O1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from zoneinfo import available_timezones

from bot.domain.folding import fold
from bot.domain.household_sheets import (
    Household,
    is_household_sheet,
    names_people,
    read_households,
    usual_name,
)
from bot.domain.posts import LEVEL, SHARED, PostKind
from bot.domain.sheets import (
    IGNORED_SHEETS,
    LAYOUT,
    Line,
    LineError,
    Reason,
    Sheet,
    Watch,
    sheet_named,
    tidy_lines,
    unwatched,
    word,
    words,
)
from bot.domain.vocabulary import HOLDERS


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """Somebody as the register names them; who has the same `key` in one compound is the same person."""

    name: str
    phone: str

    @property
    def key(self) -> tuple[str, str]:
        """The name in folded characters and the digits of the phone, however both are written."""
        return _key(self.name, self.phone)


@lru_cache(1 << 16)
def _key(name: str, phone: str) -> tuple[str, str]:
    digits = "".join(filter(str.isdigit, phone))
    return "".join(fold(name).split()), digits.removeprefix("86") if len(digits) == 13 else digits


@dataclass(frozen=True, slots=True)
class ListedBuilding:
    """A building: `label` in normal form, `name` as written, or only the usual one where none is written."""

    label: str
    name: str
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class ListedEntrance:
    """An entrance of the building with the label `building`; its name as with buildings."""

    building: str
    label: str
    name: str
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class ListedUnit:
    """A unit in an entrance or (None) directly in its building; the area in whole square metres."""

    building: str
    entrance: str | None
    label: str
    area_m2: int | None


@dataclass(frozen=True, slots=True)
class ListedResident:
    """Somebody in a unit: `kind` is owner, renter or family, or None where the sheet does not say."""

    person: ListedPerson
    building: str
    entrance: str | None
    unit: str
    kind: str | None


@dataclass(frozen=True, slots=True)
class ListedPost:
    """A post, its holders and their deputies.

    `is_vacant` and `is_without_deputies` mean that the register says in so many words that there is nobody.
    `terms` are the last days agreed, `office_phone` is the number of the office whoever sits there.
    """

    kind: PostKind
    building: str | None
    entrance: str | None
    duty: str | None = None
    hours: str | None = None
    phone_shown: bool | None = None
    office_phone: str | None = None
    holders: tuple[ListedPerson, ...] = ()
    deputies: tuple[ListedPerson, ...] = ()
    terms: Mapping[ListedPerson, date] = field(default_factory=dict)
    is_vacant: bool = False
    is_without_deputies: bool = False


@dataclass(frozen=True, slots=True)
class ListedCompound:
    """One compound with all that is listed for it. None, here and above, is a blank cell: it says nothing.

    `surveyed` are the buildings of which the sheets tell who lives there.
    """

    code: str
    name: str
    timezone: str | None = None
    locale: str | None = None
    community: str | None = None
    buildings: tuple[ListedBuilding, ...] = ()
    entrances: tuple[ListedEntrance, ...] = ()
    units: tuple[ListedUnit, ...] = ()
    posts: tuple[ListedPost, ...] = ()
    residents: tuple[ListedResident, ...] = ()
    surveyed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ListedCommunity:
    """A community, which stands above its compounds, and its posts."""

    code: str
    name: str
    posts: tuple[ListedPost, ...] = ()


@dataclass(frozen=True, slots=True)
class Register:
    """Everything the sheets list; `notes` tell what in them is left out."""

    compounds: tuple[ListedCompound, ...]
    communities: tuple[ListedCommunity, ...] = ()
    notes: tuple[LineError, ...] = ()


_ABOVE = {"community": (), "compound": (), "building": ("building",), "entrance": ("building", "entrance")}
_LOCALES = ("zh_CN", "zh_TW", "en")
_VACANT = ("空缺", "vacant")


@cache
def _known_posts() -> Mapping[str, str]:
    return words({kind.value: names for kind, names in HOLDERS.items()})


_UnitKey = tuple[str, str | None, str]
_Holder = tuple[ListedPerson | None, bool]
"""Somebody or, as None, the word 空缺; and whether as a deputy."""


@dataclass(slots=True)
class _Post:
    """A post while its lines are gathered: each value with the line that gave it."""

    texts: dict[str, tuple[str | bool, int]] = field(default_factory=dict)
    holders: dict[_Holder, int] = field(default_factory=dict)
    terms: dict[ListedPerson, date] = field(default_factory=dict)


@dataclass(slots=True)
class _Compound:
    """A compound while its lines are gathered; what is listed stands beside the line that did so first."""

    name: str
    line: Line | None
    community: str | None = None
    buildings: dict[str, tuple[ListedBuilding, int]] = field(default_factory=dict)
    entrances: dict[tuple[str, str], tuple[ListedEntrance, int]] = field(default_factory=dict)
    units: dict[_UnitKey, tuple[ListedUnit, int]] = field(default_factory=dict)
    residents: dict[_UnitKey, dict[ListedPerson, str | None]] = field(default_factory=dict)
    posts: dict[tuple[PostKind, str | None, str | None], _Post] = field(default_factory=dict)


@dataclass(slots=True)
class _Community:
    name: str
    number: int
    posts: dict[tuple[PostKind, str | None, str | None], _Post] = field(default_factory=dict)


def read_register(
    sheets: Sequence[Sheet], known: Sequence[tuple[str, str]] = (), watch: Watch = unwatched
) -> tuple[Register, list[LineError]]:
    """Read the sheets in any order and give all their mistakes in theirs: with one, not all is listed.

    Labels are compared in `normal_label` form, so 3号楼 and 三栋 are one building. A sheet is known by its
    name, one about households by its columns. What has a sheet of its own must be listed there; other places
    are taken from the sheets about households. Without a sheet of compounds the `known` ones, (code, name),
    are meant. A line may leave its compound out when there is only one.
    """
    errors: list[LineError] = []
    notes: list[LineError] = []
    found = _sorted_out(sheets, errors)
    lines = {kind: [tidy_lines(kind, sheet, errors) for sheet in found[kind]] for kind in LAYOUT}
    readable = {kind for kind in LAYOUT if any(one is not None for one in lines[kind])}
    tidy = {kind: [line for one in lines[kind] for line in one or ()] for kind in LAYOUT}
    if any(found.values()) or not errors:
        errors += [LineError(kind, 0, "", Reason.MISSING_SHEET) for kind in _missing(found, tidy, known)]

    total, done = sum(len(sheet.rows) for sheet in sheets), 0

    def passed() -> None:
        nonlocal done
        done += 1
        watch(done, total)

    reading = _Reading({kind for kind in found if found[kind]}, readable, errors)
    for kind, enter in reading.entries.items():
        for line in tidy[kind]:
            enter(line)
            passed()
        if kind == "compounds" and not found[kind]:
            reading.expect(known)
        if kind == "units":
            for sheet in found["residents"]:
                people = names_people(sheet)
                has_units = bool(found["units"])
                for one in read_households(sheet, errors, notes, reading.names, passed, has_units=has_units):
                    reading.household(one, surveyed=people)
    register = reading.register(notes)
    order = {sheet.name: index for index, sheet in enumerate(sheets)}
    errors.sort(
        key=lambda one: (order.get(one.sheet, -1), one.line, -1 if one.position is None else one.position)
    )
    return register, errors


def _sorted_out(sheets: Sequence[Sheet], errors: list[LineError]) -> dict[str, list[Sheet]]:
    """The sheets by kind: those about households are "residents", whatever their names."""
    found: dict[str, list[Sheet]] = {kind: [] for kind in (*LAYOUT, "residents")}
    filled = [(sheet, sheet_named(sheet.name)) for sheet in sheets if sheet.rows]
    has_places = any(named in ("buildings", "entrances") for _, named in filled)
    for sheet, named in filled:
        kind = named
        if named != "posts" and named not in IGNORED_SHEETS and is_household_sheet(sheet):
            is_tidy = named is not None and named != "residents" and not names_people(sheet)
            kind = named if is_tidy and (named != "units" or has_places) else "residents"
        elif named == "residents":
            errors.append(LineError(sheet.name, sheet.rows[0][0], "unit", Reason.MISSING_COLUMN))
            continue
        if kind is None:
            errors.append(LineError(sheet.name, 0, "", Reason.UNKNOWN_SHEET))
        elif kind not in IGNORED_SHEETS:
            found[kind].append(sheet)
    return found


def _missing(
    found: Mapping[str, Sequence[Sheet]], tidy: Mapping[str, Sequence[Line]], known: Sequence[tuple[str, str]]
) -> list[str]:
    """The sheets that are needed and not there."""
    needed = [] if known else ["compounds"]
    if not found["residents"]:
        needed.append("buildings")
        if any(line["entrance"] for kind in ("units", "posts") for line in tidy[kind]):
            needed.append("entrances")
    return [kind for kind in needed if not found[kind]]


class _Reading:
    """Enters line after line into the compounds; what refers to a place expects it to be entered.

    Where the sheet of the places could not be read, that is said once and not for every line.
    """

    def __init__(self, given: set[str], readable: set[str], errors: list[LineError]) -> None:
        self._given = given
        # What is not listed there is a mistake; what has no sheet comes from those about households.
        self._sure = readable | ({"buildings", "entrances"} - given if "residents" in given else set())
        self._errors = errors
        self._compounds: dict[str, _Compound] = {}
        self._communities: dict[str, _Community] = {}
        self._unplaced: set[str] = set()
        self.entries: Mapping[str, Callable[[Line], None]] = {
            "communities": self._enter_community,
            "compounds": self._enter_compound,
            "buildings": self._enter_building,
            "entrances": self._enter_entrance,
            "units": self._enter_unit,
            "posts": self._enter_post,
        }

    @property
    def names(self) -> list[str]:
        """What the compounds are called."""
        return [compound.name for compound in self._compounds.values()]

    def expect(self, known: Sequence[tuple[str, str]]) -> None:
        """Compounds that are there already: (code, name)."""
        self._compounds = {code: _Compound(name, None) for code, name in known}

    def _enter_community(self, line: Line) -> None:
        code, name = line.needed("code"), line.needed("name")
        if code in self._communities:
            line.wrong("code", Reason.DUPLICATE, first=self._communities[code].number)
        elif code:
            self._communities[code] = _Community(name or code, line.number)

    def _enter_compound(self, line: Line) -> None:
        code, name = line.needed("code"), line.needed("name")
        if line["timezone"] and line["timezone"] not in available_timezones():
            line.wrong("timezone", Reason.TIMEZONE, value=line["timezone"])
        if line["locale"] and line["locale"] not in _LOCALES:
            line.wrong("locale", Reason.LOCALE, value=line["locale"], known=_LOCALES)
        community = self._community(line) if line["community"] else None
        known = self._compounds.get(code or "")
        if known is not None and known.line is not None:
            line.wrong("code", Reason.DUPLICATE, first=known.line.number)
        elif code:
            self._compounds[code] = _Compound(name or code, line, community)

    def _enter_building(self, line: Line) -> None:
        compound, label = self._compound(line), line.label("building")
        if compound is None or label is None:
            return
        if label in compound.buildings:
            line.wrong("building", Reason.DUPLICATE, first=compound.buildings[label][1])
            return
        compound.buildings[label] = (ListedBuilding(label, line["name"] or line["building"]), line.number)

    def _enter_entrance(self, line: Line) -> None:
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

    def _enter_unit(self, line: Line) -> None:
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

    def household(self, one: Household, *, surveyed: bool) -> None:
        """A unit with whoever lives there; places without a sheet of their own are entered with it."""
        line = one.line
        compound, area, unit = self._compound(line), line.area(), line.label("unit")
        building = self._building(line, compound, enter="buildings" not in self._given)
        entrance = None
        if line["entrance"]:
            entrance = self._entrance(line, compound, building, enter="entrances" not in self._given)
        if compound is None or unit is None or building is None or (line["entrance"] and not entrance):
            return
        key = (building, entrance, unit)
        listed, first = compound.units.get(key, (None, line.number))
        if listed is None and "units" in self._given:
            if "units" in self._sure:
                line.wrong("unit", Reason.UNKNOWN_UNIT, value=line["unit"])
            return
        if listed and listed.area_m2 and area and listed.area_m2 != area:
            line.wrong("area_m2", Reason.DIFFERS, first=first)
        if listed is None or listed.area_m2 is None:
            compound.units[key] = (ListedUnit(building, entrance, unit, area), first)
        if surveyed:
            here = compound.residents.setdefault(key, {})
            for lodger in one.people:
                _lodge(here, ListedPerson(lodger.name, lodger.phone), lodger.kind)

    def _enter_post(self, line: Line) -> None:
        phone, is_deputy = line.phone(), line.said("is_deputy") or False
        holder = None if word(line["name"]) in _VACANT else ListedPerson(line["name"], phone)
        if phone and holder is not None:
            line.needed("name")
        texts = {
            "duty": line["duty"] or None,
            "hours": line["hours"] or None,
            "phone_shown": line.said("phone_shown"),
            "office_phone": line.phone("office_phone") or None,
        }
        term = line.day("term_until")
        found = _known_posts().get(word(line["post"]))
        if found is None:
            if line.needed("post"):
                line.wrong("post", Reason.UNKNOWN_POST, value=line["post"])
            return
        kind = PostKind(found)
        post = self._post(line, kind)
        if post is None:
            return
        for column, said in texts.items():
            if said is not None and post.texts.setdefault(column, (said, line.number))[0] != said:
                line.wrong(column, Reason.DIFFERS, first=post.texts[column][1])
        if not line["name"]:
            return
        self._hold(line, post, (holder, is_deputy), is_shared=is_deputy or kind in SHARED)
        if term and holder:
            post.terms[holder] = term

    @staticmethod
    def _hold(line: Line, post: _Post, holder: _Holder, *, is_shared: bool) -> None:
        """Enter who holds a post, unless they do already, or somebody else who cannot do so beside them."""
        person, is_deputy = holder
        others = [other for other, as_deputy in post.holders if as_deputy == is_deputy]
        same = [one for one in ((person, True), (person, False)) if person or one == holder]
        first = next((post.holders[one] for one in same if one in post.holders), None)
        if first is not None:
            line.wrong("name", Reason.DUPLICATE, first=first)
        elif others and (None in (person, *others) or not is_shared):
            line.wrong("name", Reason.SECOND_HOLDER, first=post.holders[others[0], is_deputy])
        post.holders.setdefault(holder, line.number)

    def _post(self, line: Line, kind: PostKind) -> _Post | None:
        """The post a line is about, where it is held; None when the place is wrong."""
        owner: _Compound | _Community | None
        if LEVEL[kind] == "community":
            owner, compound = self._communities.get(self._community(line) or ""), None
        else:
            owner = compound = self._compound(line)
        place = self._place(line, compound, kind)
        if place is None or owner is None:
            return None
        return owner.posts.setdefault((kind, *place), _Post())

    def register(self, notes: Sequence[LineError]) -> Register:
        """What has been entered; a listed compound without buildings is a mistake."""
        for compound in self._compounds.values():
            if compound.line is not None and not compound.buildings and "buildings" in self._sure:
                compound.line.wrong("code", Reason.EMPTY_COMPOUND)
        return Register(
            tuple(
                _listed(code, one)
                for code, one in self._compounds.items()
                if one.line is not None or one.buildings
            ),
            tuple(
                ListedCommunity(code, one.name, _listed_posts(one.posts))
                for code, one in self._communities.items()
            ),
            tuple(notes),
        )

    def _community(self, line: Line) -> str | None:
        """The code of the community the line names by code or name, or of the only one."""
        if not line["community"] and len(self._communities) == 1:
            return next(iter(self._communities))
        written = line.needed("community")
        names = {fold(name): code for code, one in self._communities.items() for name in (one.name, code)}
        found = names.get(fold(written or ""))
        if found is None and written:
            line.wrong("community", Reason.UNKNOWN_COMMUNITY, value=written)
        return found

    def _compound(self, line: Line) -> _Compound | None:
        """The compound the line names by code or name, or the only one."""
        if not line["compound"] and len(self._compounds) < 2:
            return next(iter(self._compounds.values()), None)
        if "compound" not in line.positions:
            if line.sheet not in self._unplaced:
                self._unplaced.add(line.sheet)
                self._errors.append(LineError(line.sheet, 0, "", Reason.WHICH_COMPOUND))
            return None
        written = line.needed("compound")
        if written is None:
            return None
        names = {fold(name): one for code, one in self._compounds.items() for name in (one.name, code)}
        found = names.get(fold(written))
        if found is None and self._compounds:
            line.wrong("compound", Reason.UNKNOWN_COMPOUND, value=written)
        return found

    def _building(self, line: Line, compound: _Compound | None, *, enter: bool = False) -> str | None:
        """The label of a building that is listed, or is entered with what is in it."""
        label = line.label("building")
        if label is None or compound is None or label in compound.buildings:
            return label
        if enter:
            name = usual_name(line["building"], label, "号楼" if label.isdecimal() else "座")
            compound.buildings[label] = (ListedBuilding(label, name, is_named=False), line.number)
            return label
        if "buildings" in self._sure:
            line.wrong("building", Reason.UNKNOWN_BUILDING, value=line["building"])
        return None

    def _entrance(
        self, line: Line, compound: _Compound | None, building: str | None, *, enter: bool = False
    ) -> str | None:
        """The label of an entrance that is listed for the building, or is entered with what is behind it."""
        label = line.label("entrance")
        if label is None or compound is None or building is None or (building, label) in compound.entrances:
            return label
        if enter:
            door = ListedEntrance(
                building, label, usual_name(line["entrance"], label, "单元"), is_named=False
            )
            compound.entrances[building, label] = (door, line.number)
            return label
        if "entrances" in self._sure:
            line.wrong("entrance", Reason.UNKNOWN_ENTRANCE, value=line["entrance"], building=line["building"])
        return None

    def _place(
        self, line: Line, compound: _Compound | None, kind: PostKind
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


def _lodge(here: dict[ListedPerson, str | None], person: ListedPerson, kind: str | None) -> None:
    """Enter somebody into a unit once, even where a second line leaves the phone out."""
    for other in here:
        if other.key == person.key or (other.key[0] == person.key[0] and not (other.phone and person.phone)):
            if person.phone and not other.phone:
                here[person] = here.pop(other)
            return
    here[person] = kind


def _listed(code: str, compound: _Compound) -> ListedCompound:
    line = compound.line
    return ListedCompound(
        code,
        compound.name,
        (line and line["timezone"]) or None,
        (line and line["locale"]) or None,
        compound.community,
        tuple(building for building, _ in compound.buildings.values()),
        tuple(entrance for entrance, _ in compound.entrances.values()),
        tuple(unit for unit, _ in compound.units.values()),
        _listed_posts(compound.posts),
        tuple(
            ListedResident(person, *key, kind)
            for key, people in compound.residents.items()
            for person, kind in people.items()
        ),
        frozenset(building for building, _, _ in compound.residents),
    )


def _listed_posts(posts: Mapping[tuple[PostKind, str | None, str | None], _Post]) -> tuple[ListedPost, ...]:
    return tuple(
        ListedPost(
            kind,
            building,
            entrance,
            _text(post, "duty"),
            _text(post, "hours"),
            bool(post.texts["phone_shown"][0]) if "phone_shown" in post.texts else None,
            _text(post, "office_phone"),
            tuple(one for one, as_deputy in post.holders if one and not as_deputy),
            tuple(one for one, as_deputy in post.holders if one and as_deputy),
            post.terms,
            (None, False) in post.holders,
            (None, True) in post.holders,
        )
        for (kind, building, entrance), post in posts.items()
    )


def _text(post: _Post, column: str) -> str | None:
    return str(post.texts[column][0]) if column in post.texts else None
