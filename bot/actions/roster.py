"""The roster (L8): who may look at which door, who has joined behind it, and whom to knock at."""

from collections.abc import Sequence

from bot.actions.desk import Desk
from bot.actions.residents import approver_in
from bot.actions.workbooks import Sheet, xlsx
from bot.domain.errors import Refused
from bot.domain.posts import Place, may_approve
from bot.storage.people import DoorStanding, UnitStanding

_WIDTHS = (14, 12, 12, 24, 30)


async def doors_for(desk: Desk, person_id: int) -> list[DoorStanding]:
    """The doors whose roster somebody's posts let them see, in the register's order.

    They are those where they say who lives there: leaders and the committee (domain/privacy.py, ROSTER).
    Refusals: `roster_not_yours`.
    """
    found = []
    for compound_id in await approver_in(desk, person_id):
        holders = await desk.holders(compound_id)
        found += [
            door
            for door in await desk.store.people.doors(compound_id)
            if may_approve(person_id, _place(compound_id, door.building_id, door.entrance_id), holders)
        ]
    if not found:
        raise Refused("roster_not_yours")
    return found


def _place(compound_id: int, building_id: int, entrance_id: int | None) -> Place:
    return Place("entrance" if entrance_id else "building", compound_id, building_id, entrance_id)


async def door_for(desk: Desk, person_id: int, building_id: int, entrance_id: int | None) -> Place:
    """One door as a place, for who may see its roster. Refusals: `roster_not_yours`."""
    places = desk.store.places
    found = await (places.entrance(entrance_id) if entrance_id else places.building(building_id))
    if found is None or found.building_id != building_id:
        raise Refused("roster_not_yours")
    if not may_approve(person_id, found, await desk.holders(found.compound_id)):
        raise Refused("roster_not_yours")
    return found


async def unit_for(desk: Desk, person_id: int, unit_id: int) -> Place:
    """One unit, for who may see its door's roster. Refusals: `roster_not_yours`."""
    found = await desk.store.places.unit(unit_id)
    if found is None or not may_approve(person_id, found, await desk.holders(found.compound_id)):
        raise Refused("roster_not_yours")
    return found


async def absent_behind(desk: Desk, door: Place) -> list[UnitStanding]:
    """The units behind a door of which nobody is on the bot, nor asks to be."""
    units = await desk.store.people.units_behind(door.building_id or 0, door.entrance_id)
    return [one for one in units if one.standing == "absent"]


async def sheet(desk: Desk, doors: Sequence[Place], locale: str) -> bytes:
    """An XLSX file with a line for each unit that has not joined, with the names of the register.

    Phones do not go on paper.
    """
    lines = [desk.texts.render(locale, "roster.columns").split("|")]
    for door in doors:
        place = await desk.store.places.names(door)
        for unit in await absent_behind(desk, door):
            names = "、".join(one.name for one in await desk.store.people.of_unit(unit.unit_id) if one.name)
            lines.append([place.building, place.entrance, unit.label, names, ""])
    return xlsx([Sheet(_WIDTHS, lines)])
