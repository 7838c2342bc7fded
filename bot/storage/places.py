"""Compounds, buildings, entrances and units."""

from dataclasses import dataclass

from bot.domain.addresses import BuildingEntry, EntranceEntry, Register, UnitEntry
from bot.domain.posts import Place
from bot.storage.engine import Connection


@dataclass(frozen=True, slots=True)
class Compound:
    """A compound: `timezone` is an IANA name, `locale` its default language."""

    id: int
    code: str
    name: str
    timezone: str
    locale: str
    community_id: int | None = None


@dataclass(frozen=True, slots=True)
class PlaceNames:
    """What the levels of a place are called; empty where the place does not go that deep."""

    compound: str
    building: str
    entrance: str
    unit: str


class Places:
    """The register's places."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def compounds(self) -> list[Compound]:
        """All compounds this bot serves."""
        rows = await self._connection.fetch("compounds", {})
        return [Compound(**dict(row)) for row in rows]

    async def compound(self, compound_id: int) -> Compound:
        """One compound that is known to exist."""
        (row,) = await self._connection.fetch("compound", {"id": compound_id})
        return Compound(**dict(row))

    async def buildings(self, compound_id: int) -> list[tuple[int, str]]:
        """The buildings of a compound: (id, name)."""
        rows = await self._connection.fetch("buildings_of", {"compound_id": compound_id})
        return [(row["id"], row["name"]) for row in rows]

    async def entrances(self, building_id: int) -> list[tuple[int, str]]:
        """The entrances of a building: (id, name)."""
        rows = await self._connection.fetch("entrances_of_building", {"building_id": building_id})
        return [(row["id"], row["name"]) for row in rows]

    async def units(self, building_id: int, entrance_id: int | None) -> list[tuple[int, str]]:
        """The units behind one door: (id, label)."""
        rows = await self._connection.fetch("units_of_building", {"building_id": building_id})
        return [(row["id"], row["label"]) for row in rows if row["entrance_id"] == entrance_id]

    async def building(self, building_id: int) -> Place | None:
        """The building with this id as a place."""
        rows = await self._connection.fetch("building", {"id": building_id})
        return Place("building", rows[0]["compound_id"], building_id) if rows else None

    async def entrance(self, entrance_id: int) -> Place | None:
        """The entrance with this id as a place."""
        rows = await self._connection.fetch("entrance", {"id": entrance_id})
        if not rows:
            return None
        return Place("entrance", rows[0]["compound_id"], rows[0]["building_id"], entrance_id)

    async def unit(self, unit_id: int) -> Place | None:
        """The unit with this id as a place."""
        rows = await self._connection.fetch("unit", {"id": unit_id})
        if not rows:
            return None
        row = rows[0]
        return Place("unit", row["compound_id"], row["building_id"], row["entrance_id"], unit_id)

    async def names(self, place: Place) -> PlaceNames:
        """What to call a place."""
        (row,) = await self._connection.fetch(
            "place_names",
            {
                "compound_id": place.compound_id,
                "building_id": place.building_id,
                "entrance_id": place.entrance_id,
                "unit_id": place.unit_id,
            },
        )
        return PlaceNames(row["compound"], row["building"] or "", row["entrance"] or "", row["unit"] or "")

    async def register(self, compound_id: int) -> Register:
        """The whole register of a compound, for reading typed addresses."""
        buildings = await self._connection.fetch("buildings_of", {"compound_id": compound_id})
        entrances = await self._connection.fetch("entrances_of_compound", {"compound_id": compound_id})
        units = await self._connection.fetch("units_of_compound", {"compound_id": compound_id})
        doors: dict[int, list[EntranceEntry]] = {}
        homes: dict[int, list[UnitEntry]] = {}
        for row in entrances:
            doors.setdefault(row["building_id"], []).append(EntranceEntry(row["id"], row["label"]))
        for row in units:
            homes.setdefault(row["building_id"], []).append(
                UnitEntry(row["id"], row["label"], row["entrance_id"])
            )
        return Register(
            tuple(
                BuildingEntry(
                    row["id"], row["label"], tuple(doors.get(row["id"], ())), tuple(homes.get(row["id"], ()))
                )
                for row in buildings
            )
        )

    async def named_register(self, compound_id: int) -> Register:
        """Buildings and entrances under the names people read, for saying who is meant."""
        doors: dict[int, list[EntranceEntry]] = {}
        for row in await self._connection.fetch("entrances_of_compound", {"compound_id": compound_id}):
            doors.setdefault(row["building_id"], []).append(EntranceEntry(row["id"], row["name"]))
        buildings = await self._connection.fetch("buildings_of", {"compound_id": compound_id})
        return Register(
            tuple(BuildingEntry(row["id"], row["name"], tuple(doors.get(row["id"], ()))) for row in buildings)
        )
