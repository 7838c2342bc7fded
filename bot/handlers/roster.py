"""The roster (L8): building, door, unit; a typed room works everywhere."""

from itertools import groupby

from bot.actions import roster as actions
from bot.actions.desk import Choice, choice
from bot.actions.privacy import shown_phone
from bot.actions.residents import approver_in, to_end
from bot.conversation.dialog import Dialog, Step, begin, grid
from bot.conversation.turn import Turn
from bot.domain.addresses import Register, find_places, match, normal_label
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.options import Press
from bot.domain.posts import Place
from bot.domain.roster import rows_of
from bot.handlers.report import brings_matter
from bot.handlers.residents import say_in_place
from bot.storage.people import DoorStanding, Resident, UnitStanding
from bot.texts import short

BUTTONS_MOST = 80
"""Of the 100 a message may have (https://core.telegram.org/bots/api#inlinekeyboardmarkup)."""
SAID_MOST = 16
"""Characters of a message that may name a room."""
PEOPLE_MOST = 20
"""People of one unit, each with a row of buttons; a flat may be shared by many."""
NAME_MOST = 10
KEY = "roster"
FLOORS_MOST = 40
"""Lines of a list of those missing; the sheet has them all."""
SIGNS = {"joined": "●", "waiting": "◐", "absent": "○"}


async def command(turn: Turn) -> None:
    """/roster: the buildings of one's posts, or at once the only door; a room may be written behind it."""
    doors = await actions.doors_for(turn.desk, turn.person_id)
    if turn.incoming.text.strip() and turn.incoming.kind == "command":
        await _show_said(turn, turn.incoming.text)
        return
    if len({door.building_id for door in doors}) > 1:
        await buildings(turn, "0")
    else:
        await _show_building(turn, doors)


async def buildings(turn: Turn, page: str) -> None:
    """Every building one may look into, with how many have joined."""
    doors = await actions.doors_for(turn.desk, turn.person_id)
    found = [list(group) for _, group in groupby(doors, key=lambda door: door.building_id)]
    number = min(turn.number(page), (len(found) - 1) // BUTTONS_MOST)
    picks = [
        _counted(group[0].building, group, "roster.building", group[0].building_id)
        for group in found[number * BUTTONS_MOST : (number + 1) * BUTTONS_MOST]
    ]
    turning = [choice("page_before", "roster.list", number - 1)] if number else []
    if len(found) > (number + 1) * BUTTONS_MOST:
        turning.append(choice("page_after", "roster.list", number + 1))
    rows = [*grid(picks, 2), *([tuple(turning)] if turning else [])]
    await say_in_place(turn, KEY, "roster.buildings", _totals(doors), rows)


def _counted(name: str, doors: list[DoorStanding], kind: str, *arguments: object) -> Choice:
    totals = _totals(doors)
    text = f"{short(name, 14)} {totals['joined']}/{totals['total']}"
    return Choice(Press(kind, tuple(str(one) for one in arguments)), text=text)


def _totals(doors: list[DoorStanding]) -> dict[str, object]:
    return {"joined": sum(door.joined for door in doors), "total": sum(door.units for door in doors)}


async def building(turn: Turn, building_id: str) -> None:
    """The doors of one building."""
    number = turn.number(building_id)
    doors = await actions.doors_for(turn.desk, turn.person_id)
    await _show_building(turn, [door for door in doors if door.building_id == number])


async def _show_building(turn: Turn, doors: list[DoorStanding]) -> None:
    if not doors:
        raise Refused("roster_not_yours")
    if len(doors) == 1:
        await _show_door(turn, doors[0].building_id, doors[0].entrance_id, 0)
        return
    beside = turn.desk.texts.label(turn.locale, "beside_doors")
    picks = [
        _counted(door.entrance or beside, [door], "roster.door", door.building_id, door.entrance_id or 0, 0)
        for door in doors[:BUTTONS_MOST]
    ]
    below = [choice("roster_sheet", "roster.sheet", doors[0].building_id)]
    if len({door.building_id for door in await actions.doors_for(turn.desk, turn.person_id)}) > 1:
        below.append(choice("all_buildings", "roster.list", 0))
    facts = {"building": doors[0].building, **_totals(doors)}
    await say_in_place(turn, KEY, "roster.building", facts, [*grid(picks, 2), tuple(below)])


# A door ----------------------------------------------------------------------------------------------------


async def door(turn: Turn, building_id: str, entrance_id: str, page: str) -> None:
    """The map of one door."""
    await _show_door(turn, turn.number(building_id), turn.number(entrance_id) or None, turn.number(page))


async def _show_door(turn: Turn, building_id: int, entrance_id: int | None, page: int) -> None:
    place = await actions.door_for(turn.desk, turn.person_id, building_id, entrance_id)
    units = await turn.store.people.units_behind(building_id, entrance_id)
    pages = _pages(rows_of([(one.label, one) for one in units]))
    number = min(page, len(pages) - 1)
    rows = [tuple(_unit_choice(one) for one in row) for row in pages[number]]
    at = (building_id, entrance_id or 0)
    turning = [choice("page_before", "roster.door", *at, number - 1)] if number else []
    if number + 1 < len(pages):
        turning.append(choice("page_after", "roster.door", *at, number + 1))
    standings = [one.standing for one in units]
    facts = {
        "door": await turn.desk.place_facts(place),
        "joined": standings.count("joined"),
        "pending": standings.count("waiting"),
        "total": len(units),
    }
    below = (
        choice("roster_missing", "roster.missing", *at),
        choice("roster_sheet", "roster.sheet", building_id),
    )
    mine = await actions.doors_for(turn.desk, turn.person_id)
    others = []
    if sum(one.building_id == building_id for one in mine) > 1:
        others.append(choice("all_doors", "roster.building", building_id))
    if len({one.building_id for one in mine}) > 1:
        others.append(choice("all_buildings", "roster.list", 0))
    # From here on a room may simply be typed.
    await begin(turn, DIALOG, "room", building=building_id, entrance=entrance_id)
    ways = [tuple(row) for row in (turning, below, others) if row]
    await say_in_place(turn, KEY, "roster.door", facts, [*rows, *ways])


def _pages(rows: list[list[UnitStanding]]) -> list[list[list[UnitStanding]]]:
    """Rows in pages of so many buttons, at least one page."""
    pages: list[list[list[UnitStanding]]] = [[]]
    for row in rows:
        if sum(map(len, pages[-1])) + len(row) > BUTTONS_MOST:
            pages.append([])
        pages[-1].append(row)
    return pages


def _unit_choice(unit: UnitStanding) -> Choice:
    text = f"{SIGNS[unit.standing]}{short(unit.label, 8)}"
    return Choice(Press("roster.unit", (str(unit.unit_id),)), text=text)


async def missing(turn: Turn, building_id: str, entrance_id: str) -> None:
    """The units that have not joined, to carry along."""
    place = await actions.door_for(
        turn.desk, turn.person_id, turn.number(building_id), turn.number(entrance_id) or None
    )
    absent = await actions.absent_behind(turn.desk, place)
    floors = [
        " ".join(short(one.label, 12) for one in row) for row in rows_of([(one.label, one) for one in absent])
    ]
    shown = floors[:FLOORS_MOST]
    facts = {
        "door": await turn.desk.place_facts(place),
        "floors": shown,
        "count": len(absent),
        "is_cut": len(shown) < len(floors),
    }
    turn.say("roster.missing", facts, choices=((choice("roster_sheet", "roster.sheet", building_id),),))


async def sheet(turn: Turn, building_id: str) -> None:
    """The same for every door of the building one may look at, as a file."""
    number = turn.number(building_id)
    doors = [
        await actions.door_for(turn.desk, turn.person_id, one.building_id, one.entrance_id)
        for one in await actions.doors_for(turn.desk, turn.person_id)
        if one.building_id == number
    ]
    if not doors:
        raise Refused("roster_not_yours")
    content = await actions.sheet(turn.desk, doors, turn.locale)
    names = await turn.store.places.names(doors[0])
    caption = turn.render("roster.sheet", building=names.building)
    turn.desk.post_file(
        turn.incoming.chat, content, f"roster-{number}.xlsx", caption, person_id=turn.person_id
    )


# A unit ----------------------------------------------------------------------------------------------------


async def unit(turn: Turn, unit_id: str) -> None:
    """Who lives there."""
    await _show_unit(turn, turn.number(unit_id))


async def _show_unit(turn: Turn, unit_id: int, phones: dict[int, str] | None = None) -> None:
    place = await actions.unit_for(turn.desk, turn.person_id, unit_id)
    people = await turn.store.people.of_unit(unit_id)
    shown = people[:PEOPLE_MOST]
    facts = {
        "place": await turn.desk.place_facts(place),
        "household": [_person(one, (phones or {}).get(one.residency_id, "")) for one in shown],
        "rest": len(people) - len(shown),
        "timezone": await turn.desk.timezone(place.compound_id),
    }
    rows = [row for one in shown if (row := _person_choices(turn, one, unit_id))]
    rows.append(_last_row(place))
    await say_in_place(turn, KEY, "roster.unit", facts, rows)


def _person(one: Resident, phone: str) -> dict[str, object]:
    return {
        "name": one.name,
        "kind": one.kind,
        "since": one.since,
        "is_pending": one.state == "pending",
        "is_listed": one.is_listed,
        "has_account": one.has_account,
        "phone": phone,
    }


def _person_choices(turn: Turn, one: Resident, unit_id: int) -> tuple[Choice, ...]:
    if one.person_id == turn.person_id:
        return ()
    name = short(one.name, NAME_MOST)
    if one.state == "pending":
        return (choice("show_request", "home.request", one.residency_id, name=name),)
    return (
        choice("show_phone", "roster.phone", one.residency_id, name=name),
        choice("proxy_here", "proxy.start", unit_id, one.person_id),
        choice("end_home", "home.end", one.residency_id),
        *((choice("elder_give", "elder.give", one.residency_id),) if one.has_account else ()),
    )


def _last_row(place: Place) -> tuple[Choice, ...]:
    return (
        choice("proxy_unnamed", "proxy.start", place.unit_id, 0),
        choice("back_to_door", "roster.door", place.building_id, place.entrance_id or 0, 0),
    )


async def phone(turn: Turn, residency: str) -> None:
    """电话: looked up for who may see it, and logged for the person to see."""
    home = await to_end(turn.desk, turn.person_id, turn.number(residency))
    number = await shown_phone(turn.desk, turn.person_id, home.person_id)
    if not number:
        raise Refused("no_phone_known")
    await _show_unit(turn, home.unit_id, {home.id: number})


# A typed room ----------------------------------------------------------------------------------------------


async def _take_room(turn: Turn) -> str | None:
    await _show_said(turn, turn.text)
    return "room"


async def _nothing_more(turn: Turn) -> None:
    """The map is the question, and it stands there."""


async def _show_said(turn: Turn, said: str) -> None:
    unit_id = await _find(turn, said)
    if unit_id is None:
        raise NotUnderstood("unit_unknown", said=short(said, 40))
    await _show_unit(turn, unit_id)


async def _find(turn: Turn, said: str) -> int | None:
    """The one unit somebody wrote: behind the door that is shown, else anywhere in their compound."""
    data = turn.data
    if data.get("building"):
        for one in await turn.store.people.units_behind(data["building"], data["entrance"]):
            if normal_label(one.label) == normal_label(said):
                return one.unit_id
    for compound_id in await approver_in(turn.desk, turn.person_id):
        register = await turn.store.places.register(compound_id)
        at_hand = Register(tuple(one for one in register.buildings if one.id == data.get("building")))
        for address in find_places(said[:200]):
            scope = at_hand if at_hand.buildings and address.building is None else register
            found = match(address, scope)
            units = {one.unit_id for one in (found.exact, *found.candidates) if one is not None} - {None}
            if len(units) == 1:
                return units.pop()
    return None


DIALOG = Dialog("roster", {"room": Step(_nothing_more, _take_room)})


def interrupts(turn: Turn) -> bool:
    """Whether somebody who looked at a map says something else: only a few words with a number are a room."""
    if turn.dialog is None or turn.dialog.dialog != DIALOG.name:
        return False
    said = normal_label(turn.text[:SAID_MOST])
    is_room = turn.incoming.kind == "text" and len(turn.text) <= SAID_MOST and any(map(str.isdigit, said))
    return not is_room or brings_matter(turn, turn.text)
