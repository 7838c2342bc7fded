"""Brings the register up to what the operator's sheets list: places, people and posts, at once (O1)."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time
from functools import partial
from itertools import chain, islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from bot.actions.appointing import appoint, leave_post
from bot.actions.desk import Desk
from bot.domain.posts import SHARED, PostKind
from bot.domain.register import (
    ListedCommunity,
    ListedCompound,
    ListedPerson,
    ListedPost,
    ListedResident,
    Register,
)
from bot.domain.sheets import Watch, unwatched
from bot.storage.directory import Directory, Entry, Labelled, Office, Placement, PostText, UnitAt
from bot.storage.places import Compound

DEFAULT_TIMEZONE = "Asia/Shanghai"
DEFAULT_LOCALE = "zh_CN"
USUAL_KIND = "owner"
"""As what somebody new is entered where the sheet does not say: offices list the owners."""
_AT_ONCE = 500

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_PersonKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a noun the import created, changed, and found as they are."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.created + other.created, self.changed + other.changed, self.unchanged + other.unchanged
        )


@dataclass(frozen=True, slots=True)
class Change:
    """Something the import does: the name of a message in sheets.j2, and its facts."""

    noun: str
    message: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do; `unlisted` residents are missing in the sheets, `moved_out` ended."""

    communities: Count = Count()
    compounds: Count = Count()
    buildings: Count = Count()
    entrances: Count = Count()
    units: Count = Count()
    posts: Count = Count()
    people: Count = Count()
    residents: Count = Count()
    appointed: int = 0
    ended: int = 0
    unlisted: int = 0
    moved_out: int = 0
    # The first of each noun, and everybody who loses a post.
    changes: tuple[Change, ...] = field(default=(), compare=False)

    def __add__(self, other: "ImportReport") -> "ImportReport":
        return ImportReport(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    def as_facts(self) -> dict[str, object]:
        """The numbers, for the record: of each noun how many were created and changed."""
        facts: dict[str, object] = {}
        for one in fields(self):
            found = getattr(self, one.name)
            if one.name != "changes":
                facts[one.name] = [found.created, found.changed] if isinstance(found, Count) else found
        return facts

    @property
    def is_news(self) -> bool:
        """Whether anything is written at all."""
        counts = [getattr(self, one.name) for one in fields(self) if one.name not in ("changes", "unlisted")]
        return any(one.created or one.changed if isinstance(one, Count) else one for one in counts)


class _TakenBack(Exception):
    """The import was only tried."""


async def import_register(
    desk: Desk,
    register: Register,
    *,
    dry_run: bool = False,
    end_missing: bool = False,
    show: int = 0,
    watch: Watch = unwatched,
) -> ImportReport:
    """Bring communities, compounds, places, people and posts up to a register without mistakes (O1).

    Nothing is deleted because it is not listed, and a blank cell leaves what is known. In a post for one
    person a new holder follows the old one, whose open issues move; in a shared post, and among deputies,
    they stay side by side. Who has the same name and phone in one compound is the same person, also when only
    the phone of a holder, or of somebody in the same unit, has changed. What people on the bot say about
    themselves stays, a blank phone aside, and brings nobody into a post.

    With `end_missing` the entries of people without an account end who are listed no more in the buildings
    the sheets tell about. The report shows `show` changes of each noun. A second run changes nothing. A dry
    run gives the same report, takes everything back and posts nothing.
    """
    report = ImportReport()
    total = sum(
        len(part)
        for one in register.compounds
        for part in (one.buildings, one.entrances, one.units, one.residents, one.posts)
    )
    waiting = len(desk.mail)
    with suppress(_TakenBack):
        async with desk.store.savepoint():
            run = _Import(desk, show, lambda done: watch(done, total), end_missing=end_missing)
            for community in register.communities:
                report += await run.community(community)
            for compound in register.compounds:
                report += await run.compound(compound)
            if dry_run:
                raise _TakenBack
    if dry_run:
        del desk.mail[waiting:]
        desk.forget_holders()
        desk.forget_people()
    return report


def _changes(wanted: Mapping[_Key, _Value], known: Mapping[_Key, _Value]) -> tuple[dict[_Key, _Value], Count]:
    """What has to be written, and how many of it are new."""
    changes = {key: value for key, value in wanted.items() if key not in known or known[key] != value}
    created = len(changes.keys() - known.keys())
    return changes, Count(created, len(changes) - created, len(wanted) - len(changes))


def _names(known: Mapping[_Key, tuple[int, _Value]]) -> dict[_Key, _Value]:
    return {key: found[1] for key, found in known.items()}


@dataclass(frozen=True, slots=True)
class _Ground:
    """Where what is listed belongs: a compound or a community, and the places in it."""

    compound_id: int | None
    community_id: int | None
    name: str
    timezone: str
    buildings: Labelled = field(default_factory=dict)
    entrances: Mapping[tuple[int, str], tuple[int, str]] = field(default_factory=dict)

    def at(self, building: str | None, entrance: str | None) -> tuple[int | None, int | None]:
        """The ids of a place by its labels."""
        building_id = self.buildings[building][0] if building else None
        return building_id, self.entrances[building_id, entrance][0] if building_id and entrance else None

    def unit(self, building: str, entrance: str | None, label: str) -> UnitAt:
        """A unit by its labels."""
        return self.buildings[building][0], self.at(building, entrance)[1], label

    def place(self, building: str | None, entrance: str | None = None, unit: str = "") -> dict[str, str]:
        """A place as the templates take it."""
        building_id, building_name = self.buildings[building] if building else (0, "")
        names = {
            "unit": unit,
            "entrance": self.entrances[building_id, entrance][1] if entrance else "",
            "building": building_name,
        }
        return {
            "kind": next((kind for kind in names if names[kind]), "compound"),
            "compound": self.name,
            **names,
        }

    def place_of(self, unit: UnitAt) -> dict[str, str]:
        """The same for a unit by the ids of its building and entrance."""
        building = next(label for label, (building_id, _) in self.buildings.items() if building_id == unit[0])
        entrance = next(
            (label for (_, label), (found, _) in self.entrances.items() if found == unit[1]), None
        )
        return self.place(building, entrance, unit[2])


class _People:
    """Who is meant by the names and phones of one compound or community; ids below 0 are of new people.

    Only who holds or held a post, or has no account, may come into a post by name: not who says about
    themselves what they are called.
    """

    def __init__(
        self, offices: Sequence[Office], entries: Sequence[Entry], listed: Iterable[ListedPerson]
    ) -> None:
        self.new: list[ListedPerson] = []
        self.changed: dict[int, ListedPerson] = {}
        self._ids: Sequence[int] = ()
        seen: list[Office | Entry] = [*offices, *entries]
        self._known = {one.person_id: one.person for one in seen}
        self._on_bot = {one.person_id for one in seen if one.has_account}
        self._listed = {person.key for person in listed}
        self._named: set[int] = set()
        self._officers: dict[_PersonKey, int] = {}
        self._residents: dict[_PersonKey, int] = {}
        self._at_home: dict[tuple[int, str], list[int]] = {}
        for office in offices:
            self._officers.setdefault(office.person.key, office.person_id)
        for entry in entries:
            key = entry.person.key
            if key[1] and not entry.has_account:
                self._officers.setdefault(key, entry.person_id)
            if entry.state == "approved":
                self._residents.setdefault(key, entry.person_id)
                self._at_home.setdefault((entry.unit_id, key[0]), []).append(entry.person_id)

    def count(self) -> Count:
        """Of all the people who were named."""
        return Count(len(self.new), len(self.changed), len(self._named) - len(self.new) - len(self.changed))

    def found(self, ids: Sequence[int]) -> None:
        """The ids of those who have been entered, in their order."""
        self._ids = ids

    def real(self, person_id: int) -> int:
        """The id somebody has now."""
        return person_id if person_id > 0 else self._ids[-person_id - 1]

    def name_and_phone(self, person_id: int) -> ListedPerson:
        """How somebody was known before, or is listed."""
        return self._known[person_id] if person_id > 0 else self.new[-person_id - 1]

    def is_on_bot(self, person_id: int) -> bool:
        """Whether they have an account: then they speak for themselves."""
        return person_id in self._on_bot

    def resident(self, person: ListedPerson, unit_id: int) -> int:
        """Who is listed for a unit. Without a phone they are known by their name there, and only there."""
        key = person.key
        found = (self._officers.get(key) or self._residents.get(key)) if key[1] else None
        found = found or self._same(person, self._at_home.get((unit_id, key[0]), ())) or self._enter(person)
        if key[1]:
            self._residents[key] = found
            if found < 0:
                self._officers[key] = found
        return self._is_named(found)

    def holder(self, person: ListedPerson, in_office: Sequence[int]) -> int:
        """Who is listed for a post that these people hold now."""
        namesakes = [one for one in in_office if self._known[one].key[0] == person.key[0]]
        found = None if namesakes and not person.phone else self._officers.get(person.key)
        found = found or self._same(person, namesakes) or self._enter(person)
        self._officers[person.key] = found
        return self._is_named(found)

    def _same(self, person: ListedPerson, namesakes: Sequence[int]) -> int | None:
        """Which of those with the same name it is: the sheets have no phone, a new one, or the only one."""
        for one in namesakes:
            known = self._known[one]
            if person.phone and known.key != person.key:
                if one in self.changed or (known.phone and known.key in self._listed):
                    continue
                if one not in self._on_bot or not known.phone:
                    self.changed[one] = ListedPerson(known.name or person.name, person.phone)
            return one
        return None

    def _enter(self, person: ListedPerson) -> int:
        self.new.append(person)
        return -len(self.new)

    def _is_named(self, person_id: int) -> int:
        self._named.add(person_id)
        return person_id


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of a post: who takes it up, as a deputy or not, whose term changes, whose time ends."""

    post_id: int
    kind: PostKind
    place: Mapping[str, str]
    begin: Mapping[int, bool]
    prolong: Mapping[int, bool]
    terms: Mapping[int, datetime]
    over: Sequence[Office]


class _Import:
    """One import under way."""

    def __init__(self, desk: Desk, show: int, watch: Callable[[int], None], *, end_missing: bool) -> None:
        self._desk = desk
        self._directory = Directory(desk.store.connection)
        self._end_missing = end_missing
        self._show = show
        self._shown: dict[str, list[Change]] = {}
        self._watch = watch
        self._done = 0

    def _tell(self, noun: str, message: str, **facts: object) -> None:
        """Keep one of the first changes of a noun to show it; who loses a post is always shown."""
        shown = self._shown.setdefault(noun, [])
        if len(shown) < self._show or noun == "losses":
            shown.append(Change(noun, message, facts))

    def _told(self) -> tuple[Change, ...]:
        shown = tuple(change for changes in self._shown.values() for change in changes)
        self._shown.clear()
        return shown

    async def _put(
        self,
        put: Callable[[dict[_Key, _Value]], Awaitable[None]],
        rows: Mapping[_Key, _Value],
        unchanged: int,
    ) -> None:
        """Write rows some at a time, so that it can be seen how far it is."""
        self._passed(unchanged)
        left = iter(rows.items())
        while some := dict(islice(left, _AT_ONCE)):
            await put(some)
            self._passed(len(some))

    def _passed(self, count: int) -> None:
        self._done += count
        self._watch(self._done)

    async def community(self, listed: ListedCommunity) -> ImportReport:
        """A community with its posts."""
        directory = self._directory
        known = {one.code: one.name for one in await directory.communities()}
        changes, count = _changes({listed.code: listed.name}, known)
        if changes:
            message = "sheets.changed_named" if count.changed else "sheets.new_named"
            self._tell("communities", message, name=listed.name)
        ground = _Ground(
            None, await directory.put_community(listed.code, listed.name), listed.name, DEFAULT_TIMEZONE
        )
        offices = await directory.offices(None, ground.community_id)
        people = _People(offices, (), _holders(listed.posts))
        posts, plans = await self._posts(ground, listed.posts, people, offices)
        await self._enter(people)
        report = ImportReport(communities=count, posts=posts, people=people.count())
        return report + await self._appoint(people, plans) + ImportReport(changes=self._told())

    async def compound(self, listed: ListedCompound) -> ImportReport:
        """A compound with everything in it."""
        directory = self._directory
        known = await directory.compound(listed.code)
        communities = {one.code: one.id for one in await directory.communities()}
        old = known or Compound(0, listed.code, "", DEFAULT_TIMEZONE, DEFAULT_LOCALE)
        new = replace(
            old,
            name=listed.name,
            timezone=listed.timezone or old.timezone,
            locale=listed.locale or old.locale,
            community_id=communities[listed.community] if listed.community else old.community_id,
        )
        changes, count = _changes({new.code: new}, {old.code: old} if known else {})
        if changes:
            self._tell("compounds", "sheets.changed_named" if known else "sheets.new_named", name=listed.name)
        compound_id = await directory.put_compound(
            new.code, new.name, new.timezone, new.locale, new.community_id
        )
        ground = _Ground(compound_id, None, new.name, new.timezone)
        ground, report = await self._places(ground, compound_id, listed)
        offices, entries = await directory.offices(compound_id), await directory.entries(compound_id)
        people = _People(
            offices, entries, chain((one.person for one in listed.residents), _holders(listed.posts))
        )
        unit_ids = await directory.unit_ids(compound_id)
        placed: dict[tuple[int, int], ListedResident] = {}
        for one in listed.residents:
            unit_id = unit_ids[ground.unit(one.building, one.entrance, one.unit)]
            placed.setdefault((people.resident(one.person, unit_id), unit_id), one)
        posts, plans = await self._posts(ground, listed.posts, people, offices)
        await self._enter(people)
        report += ImportReport(compounds=count, posts=posts, people=people.count())
        report += await self._move_in(ground, people, placed, entries)
        surveyed = {ground.buildings[label][0] for label in listed.surveyed}
        units = {unit_id: at for at, unit_id in unit_ids.items() if at[0] in surveyed}
        report += await self._move_out(ground, placed.keys(), entries, units)
        report += await self._appoint(people, plans)
        if report.is_news:
            await self._desk.store.changes.record(
                compound_id, None, "import", "import.done", now=self._desk.now, numbers=report.as_facts()
            )
        return report + ImportReport(changes=self._told())

    # Places ------------------------------------------------------------------------------------------------

    async def _places(
        self, ground: _Ground, compound_id: int, listed: ListedCompound
    ) -> tuple[_Ground, ImportReport]:
        """Buildings, entrances and units."""
        directory = self._directory
        known = _names(await directory.buildings(compound_id))
        names = {
            one.label: one.name if one.is_named else known.get(one.label, one.name)
            for one in listed.buildings
        }
        changes, buildings = _changes(names, known)
        await self._put(partial(directory.put_buildings, compound_id), changes, buildings.unchanged)
        ground = replace(ground, buildings=await directory.buildings(compound_id))
        for label, name in changes.items():
            self._tell_place("buildings", known.get(label), name, ground.place(label))

        doors = _names(await directory.entrances(compound_id))
        at_door = {(ground.buildings[one.building][0], one.label): one for one in listed.entrances}
        named = {key: one.name if one.is_named else doors.get(key, one.name) for key, one in at_door.items()}
        door_changes, entrances = _changes(named, doors)
        await self._put(directory.put_entrances, door_changes, entrances.unchanged)
        ground = replace(ground, entrances=await directory.entrances(compound_id))
        for door, name in door_changes.items():
            place = ground.place(at_door[door].building, at_door[door].label)
            self._tell_place("entrances", doors.get(door), name, place)

        homes = await directory.units(compound_id)
        units = {ground.unit(one.building, one.entrance, one.label): one for one in listed.units}
        areas = {key: one.area_m2 or homes.get(key) for key, one in units.items()}
        unit_changes, count = _changes(areas, homes)
        await self._put(directory.put_units, unit_changes, count.unchanged)
        for key, area in unit_changes.items():
            place = ground.place(units[key].building, units[key].entrance, key[2])
            if key in homes:
                self._tell("units", "sheets.changed_area", place=place, before=homes[key], after=area)
            else:
                self._tell("units", "sheets.new_place", place=place)
        return ground, ImportReport(buildings=buildings, entrances=entrances, units=count)

    def _tell_place(self, noun: str, before: str | None, after: str, place: Mapping[str, str]) -> None:
        if before is None:
            self._tell(noun, "sheets.new_place", place=place)
        else:
            self._tell(noun, "sheets.renamed", before=before, after=after)

    # People ------------------------------------------------------------------------------------------------

    async def _enter(self, people: _People) -> None:
        """Enter the people who are new, and the phones that are."""
        for person_id, person in people.changed.items():
            before = people.name_and_phone(person_id)
            self._tell(
                "people", "sheets.changed_phone", name=person.name, before=before.phone, after=person.phone
            )
        people.found(await self._directory.new_people(len(people.new), self._desk.now))
        rows = people.changed | {
            people.real(-number): person for number, person in enumerate(people.new, start=1)
        }
        await self._directory.put_details(rows)

    async def _move_in(
        self,
        ground: _Ground,
        people: _People,
        placed: Mapping[tuple[int, int], ListedResident],
        entries: Sequence[Entry],
    ) -> ImportReport:
        """Enter people for the units where they are listed; on the bot they speak for themselves."""
        entered = {(one.person_id, one.unit_id): one for one in entries}
        moves: dict[tuple[int, int], Placement] = {}
        created = changed = 0
        for (person_id, unit_id), one in placed.items():
            entry = entered.get((person_id, unit_id))
            if entry and people.is_on_bot(person_id):
                continue
            is_there = entry is not None and entry.state == "approved"
            kind = one.kind or (entry.kind if entry and is_there else USUAL_KIND)
            if entry and is_there and entry.is_listed and entry.kind == kind:
                continue
            moves[person_id, unit_id] = Placement(people.real(person_id), unit_id, kind)
            facts = {
                "place": ground.place(one.building, one.entrance, one.unit),
                "name": one.person.name,
                "phone": one.person.phone,
                "kind": kind,
            }
            created, changed = created + (not is_there), changed + is_there
            self._tell("residents", "sheets.changed_resident" if is_there else "sheets.new_resident", **facts)
        unchanged = len(placed) - len(moves)
        await self._put(
            lambda some: self._directory.put_residents(some.values(), self._desk.now), moves, unchanged
        )
        return ImportReport(residents=Count(created, changed, unchanged))

    async def _move_out(
        self,
        ground: _Ground,
        placed: Collection[tuple[int, int]],
        entries: Sequence[Entry],
        surveyed: Mapping[int, UnitAt],
    ) -> ImportReport:
        """Count who is listed no more, and end their entries when that is asked for."""
        missing = [
            one
            for one in entries
            if one.is_listed
            and one.state == "approved"
            and one.unit_id in surveyed
            and (one.person_id, one.unit_id) not in placed
        ]
        for one in missing:
            self._tell(
                "unlisted",
                "sheets.unlisted",
                place=ground.place_of(surveyed[one.unit_id]),
                name=one.person.name,
            )
        over = [one.id for one in missing if self._end_missing and not one.has_account]
        await self._directory.end_residents(over, self._desk.now)
        return ImportReport(unlisted=len(missing), moved_out=len(over))

    # Posts -------------------------------------------------------------------------------------------------

    async def _posts(
        self, ground: _Ground, listed: Sequence[ListedPost], people: _People, offices: Sequence[Office]
    ) -> tuple[Count, list[_Plan]]:
        """Enter the posts, and plan who holds them."""
        owner = {"compound_id": ground.compound_id, "community_id": ground.community_id}
        known = await self._directory.posts(**owner)
        posts = {(post.kind, *ground.at(post.building, post.entrance)): post for post in listed}
        texts = {at: _text(post, known[at][1] if at in known else PostText()) for at, post in posts.items()}
        changes, count = _changes(texts, _names(known))
        await self._put(lambda some: self._directory.put_posts(texts=some, **owner), changes, count.unchanged)
        for at in changes:
            facts = {"post": at[0].value, "place": ground.place(posts[at].building, posts[at].entrance)}
            self._tell("posts", "sheets.changed_post" if at in known else "sheets.new_post", **facts)
        ids = await self._directory.posts(**owner)
        in_office: dict[int, dict[int, Office]] = {}
        for office in offices:
            if office.in_office:
                in_office.setdefault(office.post_id, {})[office.person_id] = office
        return count, [
            _plan(ground, ids[at][0], post, in_office.get(ids[at][0], {}), people)
            for at, post in posts.items()
        ]

    async def _appoint(self, people: _People, plans: Sequence[_Plan]) -> ImportReport:
        """Carry the plans out as the committee would: everybody concerned is told, open issues move."""
        desk = self._desk
        appointed = ended = 0
        for plan in plans:
            at = {"post": plan.kind.value, "place": plan.place}
            for wanted, is_deputy in plan.begin.items():
                name = people.name_and_phone(wanted).name
                self._tell("appointments", "sheets.begun", name=name, is_deputy=is_deputy, **at)
            for wanted, is_deputy in {**plan.begin, **plan.prolong}.items():
                await appoint(
                    desk,
                    plan.post_id,
                    people.real(wanted),
                    actor_id=None,
                    source="import",
                    is_deputy=is_deputy,
                    term_until=plan.terms.get(wanted),
                )
            appointed += len(plan.begin)
            for office in plan.over:
                self._tell(
                    "losses", "sheets.ended", name=office.person.name, is_deputy=office.is_deputy, **at
                )
                # A holder who is followed has left already.
                if any(one.id == office.id for one in await desk.store.posts.appointments(plan.post_id)):
                    await leave_post(desk, plan.post_id, office.person_id, actor_id=None, source="import")
            ended += len(plan.over)
        return ImportReport(appointed=appointed, ended=ended)


def _plan(
    ground: _Ground, post_id: int, post: ListedPost, offices: Mapping[int, Office], people: _People
) -> _Plan:
    """What the register makes of a post that these people hold now."""
    persons = dict.fromkeys(post.deputies, True) | dict.fromkeys(post.holders, False)
    wanted: dict[int, bool] = {}
    terms: dict[int, datetime] = {}
    # In the order of the file: who is listed first is asked first.
    for person in (*post.holders, *post.deputies):
        in_office = [one.person_id for one in offices.values() if one.is_deputy == persons[person]]
        person_id = people.holder(person, in_office)
        wanted.setdefault(person_id, persons[person])
        if person in post.terms:
            terms[person_id] = datetime.combine(post.terms[person], time(), ZoneInfo(ground.timezone))
    is_followed = post.kind not in SHARED and not all(wanted.values())
    begin = {
        one: is_deputy
        for one, is_deputy in wanted.items()
        if one not in offices or offices[one].is_deputy != is_deputy
    }
    prolong = {
        one: wanted[one]
        for one, term in terms.items()
        if one not in begin and offices[one].term_until != term
    }
    over = [
        office
        for one, office in offices.items()
        if one not in wanted
        and (post.is_without_deputies if office.is_deputy else post.is_vacant or is_followed)
    ]
    place = ground.place(post.building, post.entrance)
    return _Plan(post_id, post.kind, place, begin, prolong, terms, over)


def _holders(posts: Iterable[ListedPost]) -> Iterator[ListedPerson]:
    return (person for post in posts for person in (*post.holders, *post.deputies))


def _text(post: ListedPost, known: PostText) -> PostText:
    """What the register says of a post; a phone is shown only when it says so."""
    return PostText(
        _words(post.duty, known.duty),
        _words(post.hours, known.hours),
        known.phone_shown if post.phone_shown is None else post.phone_shown,
        post.office_phone or known.phone,
    )


def _words(listed: str | None, known: str) -> str:
    """What is written now; a cell has no lines and margins, and is no change for want of them."""
    return listed if listed and listed != " ".join(known.split()) else known
