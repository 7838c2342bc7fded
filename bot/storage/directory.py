"""The register in bulk: everything of a compound read or written in a few statements."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.folding import fold
from bot.domain.posts import PostKind
from bot.domain.register import ListedPerson
from bot.domain.sheets import is_phone
from bot.storage.engine import Connection, Row, maybe_instant, to_micros
from bot.storage.places import Compound

Labelled = dict[str, tuple[int, str]]
"""Buildings or the entrances of one building by label: (id, name)."""

PostAt = tuple[PostKind, int | None, int | None]
"""A post of a compound: its kind, building id and entrance id."""

UnitAt = tuple[int, int | None, str]
"""A unit: its building's id, its entrance's id, its label."""


@dataclass(frozen=True, slots=True)
class PostText:
    """What the contact card says about a post beside its holder; `phone` is the number of the office."""

    duty: str = ""
    hours: str = ""
    phone_shown: bool = False
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """Somebody's time in a post, over or not; without a name where the register does not know it."""

    id: int
    post_id: int
    person_id: int
    person: ListedPerson
    in_office: bool
    is_deputy: bool = False
    term_until: datetime | None = None
    has_account: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody entered for a unit, whatever became of it; `is_listed`: the register names them."""

    id: int
    person_id: int
    unit_id: int
    kind: str
    state: str
    is_listed: bool
    person: ListedPerson
    has_account: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """Somebody whom the register names for a unit."""

    person_id: int
    unit_id: int
    kind: str


@dataclass(frozen=True, slots=True)
class Community:
    """A community, which stands above its compounds."""

    id: int
    code: str
    name: str


_AT_ONCE = 1000


_EXPORTS = {
    "joined": "export_joined",
    "appointments": "export_appointments",
    "issues": "export_issues",
    "activities": "export_activities",
}


class Directory:
    """The register of places, posts and people; everything written is entered anew or brought up to date."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def communities(self) -> list[Community]:
        """All of them."""
        return [Community(**dict(row)) for row in await self._connection.fetch("communities", {})]

    async def put_community(self, code: str, name: str) -> int:
        """Enter a community; gives its id."""
        rows = await self._connection.fetch("put_community", {"code": code, "name": name})
        community_id: int = rows[0]["id"]
        return community_id

    async def compound(self, code: str) -> Compound | None:
        """The compound with this code, locked until commit."""
        rows = await self._connection.fetch("compound_by_code", {"code": code})
        return Compound(**dict(rows[0])) if rows else None

    async def put_compound(
        self, code: str, name: str, timezone: str, locale: str, community_id: int | None = None
    ) -> int:
        """Enter a compound; gives its id."""
        values = {
            "code": code,
            "name": name,
            "timezone": timezone,
            "locale": locale,
            "community_id": community_id,
        }
        rows = await self._connection.fetch("put_compound", values)
        compound_id: int = rows[0]["id"]
        return compound_id

    async def buildings(self, compound_id: int) -> Labelled:
        """The buildings of a compound."""
        rows = await self._connection.fetch("buildings_of", {"compound_id": compound_id})
        return {row["label"]: (row["id"], row["name"]) for row in rows}

    async def put_buildings(self, compound_id: int, names: Mapping[str, str]) -> None:
        """Enter buildings: label → name."""
        rows = [{"compound_id": compound_id, "label": label, "name": name} for label, name in names.items()]
        await self._connection.run_many("put_building", rows)

    async def entrances(self, compound_id: int) -> dict[tuple[int, str], tuple[int, str]]:
        """The entrances of a compound: (building id, label) → (id, name)."""
        rows = await self._connection.fetch("entrances_of_compound", {"compound_id": compound_id})
        return {(row["building_id"], row["label"]): (row["id"], row["name"]) for row in rows}

    async def put_entrances(self, names: Mapping[tuple[int, str], str]) -> None:
        """Enter entrances: (building id, label) → name."""
        rows = [
            {"building_id": building_id, "label": label, "name": name}
            for (building_id, label), name in names.items()
        ]
        await self._connection.run_many("put_entrance", rows)

    async def units(self, compound_id: int) -> dict[UnitAt, int | None]:
        """The units of a compound with their areas in m²."""
        rows = await self._connection.fetch("units_of_compound", {"compound_id": compound_id})
        return {(row["building_id"], row["entrance_id"], row["label"]): row["area_m2"] for row in rows}

    async def unit_ids(self, compound_id: int) -> dict[UnitAt, int]:
        """The units of a compound with their ids."""
        rows = await self._connection.fetch("units_of_compound", {"compound_id": compound_id})
        return {(row["building_id"], row["entrance_id"], row["label"]): row["id"] for row in rows}

    async def put_units(self, areas: Mapping[UnitAt, int | None]) -> None:
        """Enter units with their areas in m²."""
        rows = [
            {"building_id": building_id, "entrance_id": entrance_id, "label": label, "area_m2": area}
            for (building_id, entrance_id, label), area in areas.items()
        ]
        await self._connection.run_many("put_unit", rows)

    async def posts(
        self, compound_id: int | None, community_id: int | None = None
    ) -> dict[PostAt, tuple[int, PostText]]:
        """The posts of a compound, or of a community, with their ids."""
        owner = {"compound_id": compound_id, "community_id": community_id}
        return {
            (PostKind(row["kind"]), row["building_id"], row["entrance_id"]): (
                row["id"],
                PostText(row["duty"], row["hours"], bool(row["phone_shown"]), row["phone"]),
            )
            for row in await self._connection.fetch("listed_posts", owner)
        }

    async def put_posts(
        self, compound_id: int | None, texts: Mapping[PostAt, PostText], community_id: int | None = None
    ) -> None:
        """Enter posts of a compound, or of a community."""
        rows = [
            {
                "compound_id": compound_id,
                "community_id": community_id,
                "kind": kind.value,
                "building_id": building_id,
                "entrance_id": entrance_id,
                "duty": text.duty,
                "hours": text.hours,
                "phone": text.phone,
                "phone_shown": int(text.phone_shown),
            }
            for (kind, building_id, entrance_id), text in texts.items()
        ]
        await self._connection.run_many("list_post", rows)

    async def offices(self, compound_id: int | None, community_id: int | None = None) -> list[Office]:
        """Who holds or held a post; of people with the same name and phone the one in use comes first."""
        owner = {"compound_id": compound_id, "community_id": community_id}
        return [
            Office(
                row["id"],
                row["post_id"],
                row["person_id"],
                ListedPerson(row["name"], row["phone"]),
                bool(row["in_office"]),
                bool(row["is_deputy"]),
                maybe_instant(row["term_until"]),
                bool(row["has_account"]),
            )
            for row in await self._connection.fetch("office_history", owner)
        ]

    async def entries(self, compound_id: int) -> list[Entry]:
        """Everybody ever entered for a unit of the compound, those on the bot first."""
        return [
            Entry(
                row["id"],
                row["person_id"],
                row["unit_id"],
                row["kind"],
                row["state"],
                bool(row["is_listed"]),
                ListedPerson(row["name"], row["phone"]),
                bool(row["has_account"]),
            )
            for row in await self._connection.fetch("everybody_entered", {"compound_id": compound_id})
        ]

    async def put_residents(self, placements: Iterable[Placement], now: datetime) -> None:
        """The register names these people for these units: they need nobody's approval."""
        rows = [
            {"person_id": one.person_id, "unit_id": one.unit_id, "kind": one.kind, "now": to_micros(now)}
            for one in placements
        ]
        await self._connection.run_many("list_residency", rows)

    async def end_residents(self, entry_ids: Iterable[int], now: datetime) -> None:
        """The register names these people no longer."""
        rows = [{"id": entry_id, "now": to_micros(now)} for entry_id in entry_ids]
        await self._connection.run_many("unlist_residency", rows)

    async def everything(self, what: str, compound_id: int) -> AsyncIterator[Row]:
        """For an export, row by row: what is joined, appointments, issues or activities of a compound."""
        row: dict[str, object] = {"compound_id": compound_id, "after": 0, "most": _AT_ONCE}
        while rows := await self._connection.fetch(_EXPORTS[what], row):
            for one in rows:
                yield one
            row["after"] = rows[-1]["id"]

    async def new_people(self, count: int, now: datetime) -> Sequence[int]:
        """As many people without account or name: their ids, the smallest first."""
        if not count:
            return ()
        rows = await self._connection.fetch("new_people", {"count": count, "now": to_micros(now)})
        return sorted(row["id"] for row in rows)

    async def called(self, said: str) -> list[int]:
        """The ids of everybody in all compounds with this name, or this phone, however it is written."""
        wanted = ListedPerson(said, said).key
        name, phone = wanted if is_phone(fold(said)) else (wanted[0], "")
        rows = await self._connection.fetch("everybody_named", {})
        keys = {row["person_id"]: ListedPerson(row["name"], row["phone"]).key for row in rows}
        return [one for one, key in keys.items() if key[0] == name or (phone and key[1] == phone)]

    async def put_details(self, details: Mapping[int, ListedPerson]) -> None:
        """The names and phones of people by id."""
        rows = [
            {"person_id": person_id, "name": person.name, "phone": person.phone}
            for person_id, person in details.items()
        ]
        await self._connection.run_many("put_details", rows)
