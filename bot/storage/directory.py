"""The register in bulk: everything of a compound read or written in a few statements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.posts import PostKind
from bot.domain.register import ListedPerson
from bot.storage.engine import Connection, to_micros
from bot.storage.places import Compound

Labelled = dict[str, tuple[int, str]]
"""Buildings or the entrances of one building by label: (id, name)."""

PostAt = tuple[PostKind, int | None, int | None]
"""A post of a compound: its kind, building id and entrance id."""


@dataclass(frozen=True, slots=True)
class PostText:
    """What the contact card says about a post beside its holder."""

    duty: str = ""
    hours: str = ""
    phone_shown: bool = False


@dataclass(frozen=True, slots=True)
class Office:
    """Somebody's time in a post, over or not; without a name where the register does not know it."""

    post_id: int
    person_id: int
    person: ListedPerson
    in_office: bool


class Directory:
    """The register of places, posts and holders; everything written is entered anew or brought up to date."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def compound(self, code: str) -> Compound | None:
        """The compound with this code, locked until commit."""
        rows = await self._connection.fetch("compound_by_code", {"code": code})
        return Compound(**dict(rows[0])) if rows else None

    async def put_compound(self, code: str, name: str, timezone: str, locale: str) -> int:
        """Enter a compound; gives its id."""
        values = {"code": code, "name": name, "timezone": timezone, "locale": locale}
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

    async def units(self, compound_id: int) -> dict[tuple[int, int | None, str], int | None]:
        """The units of a compound: (building id, entrance id, label) → area in m²."""
        rows = await self._connection.fetch("units_of_compound", {"compound_id": compound_id})
        return {(row["building_id"], row["entrance_id"], row["label"]): row["area_m2"] for row in rows}

    async def put_units(self, areas: Mapping[tuple[int, int | None, str], int | None]) -> None:
        """Enter units: (building id, entrance id, label) → area in m²."""
        rows = [
            {"building_id": building_id, "entrance_id": entrance_id, "label": label, "area_m2": area}
            for (building_id, entrance_id, label), area in areas.items()
        ]
        await self._connection.run_many("put_unit", rows)

    async def posts(self, compound_id: int) -> dict[PostAt, tuple[int, PostText]]:
        """The posts of a compound with their ids."""
        rows = await self._connection.fetch("posts_of_compound", {"compound_id": compound_id})
        return {
            (PostKind(row["kind"]), row["building_id"], row["entrance_id"]): (
                row["id"],
                PostText(row["duty"], row["hours"], bool(row["phone_shown"])),
            )
            for row in rows
        }

    async def put_posts(self, compound_id: int, texts: Mapping[PostAt, PostText]) -> None:
        """Enter posts."""
        rows = [
            {
                "compound_id": compound_id,
                "kind": kind.value,
                "building_id": building_id,
                "entrance_id": entrance_id,
                "duty": text.duty,
                "hours": text.hours,
                "phone_shown": int(text.phone_shown),
            }
            for (kind, building_id, entrance_id), text in texts.items()
        ]
        await self._connection.run_many("put_post", rows)

    async def offices(self, compound_id: int) -> list[Office]:
        """Who holds or held a post; of people with the same name and phone the one in use comes first."""
        rows = await self._connection.fetch("office_history", {"compound_id": compound_id})
        return [
            Office(
                row["post_id"],
                row["person_id"],
                ListedPerson(row["name"], row["phone"]),
                bool(row["in_office"]),
            )
            for row in rows
        ]

    async def put_details(self, details: Mapping[int, ListedPerson]) -> None:
        """The names and phones of people by id."""
        rows = [
            {"person_id": person_id, "name": person.name, "phone": person.phone}
            for person_id, person in details.items()
        ]
        await self._connection.run_many("put_details", rows)

    async def appoint(self, appointments: Iterable[tuple[int, int]], now: datetime) -> None:
        """From now on these people hold these posts: (post id, person id)."""
        rows = [
            {"post_id": post_id, "person_id": person_id, "now": to_micros(now)}
            for post_id, person_id in appointments
        ]
        await self._connection.run_many("appoint", rows)
