"""Where a reported matter is: read out of the words, taken from home, or asked."""

from collections.abc import Sequence
from dataclasses import astuple

from bot.actions.desk import Choice, Choices
from bot.conversation.dialog import grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.addresses import Place as RegisterPlace
from bot.domain.addresses import Register, find_places, match, normal_label
from bot.domain.categories import Category
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.folding import fold
from bot.domain.posts import Place
from bot.handlers.compounds import choose_compound
from bot.handlers.gathering import READ_MOST, add
from bot.storage.people import Residency
from bot.storage.places import Compound
from bot.texts import short

BUTTONS_MOST = 90
PLACES_MOST = 20


async def after_category(turn: Turn, category: Category) -> str:
    """The place follows from the words, or from home and what the category is usually about."""
    if turn.data.get("place_chosen"):
        return "review"
    compounds = await _compounds(turn)
    if len(compounds) > 1:
        return "compound"
    remember(turn, compound=compounds[0].id)
    named = await find_named(turn, turn.data.get("text", ""))
    if named:
        return named
    usual = await _usual_places(turn, category)
    if len(usual) > 1 and not turn.is_elder:
        return _offer_places(turn, usual)
    if not usual:
        return "place"
    # Not chosen: with another category it follows anew.
    remember(turn, place=astuple(usual[0]))
    return "review"


async def take_home(turn: Turn) -> None:
    """Where nothing is said that could be read, it is about the building the reporter lives in."""
    homes = await turn.store.people.residencies(turn.person_id)
    if homes and "proxy" not in turn.data and not turn.data.get("place_chosen"):
        home = Place("building", homes[0].compound_id, homes[0].building_id)
        remember(turn, compound=home.compound_id)
        _choose_place(turn, home)


async def _compounds(turn: Turn) -> list[Compound]:
    """The compounds it may be about, at least one: where the reporter belongs, or one named in the words."""
    compounds = await turn.store.places.compounds()
    chosen = turn.data.get("compound")
    if chosen is not None:
        return [one for one in compounds if one.id == chosen]
    own = {home.compound_id for home in await turn.store.people.residencies(turn.person_id)}
    own |= {post.compound_id for post in await turn.posts()}
    compounds = [one for one in compounds if not own or one.id in own]
    if not compounds:
        raise Refused("no_compound")
    text = fold(turn.data.get("text", ""))
    return [one for one in compounds if fold(one.name) in text] or compounds


async def _homes(turn: Turn) -> list[Residency]:
    """Where the reporter lives in the compound it is about: for another, the home they are reported for."""
    compound_id = turn.data["compound"]
    if proxy := turn.data.get("proxy"):
        place = await turn.store.places.unit(proxy["unit"])
        return [await _home_at(turn, place)] if place else []
    homes = await turn.store.people.residencies(turn.person_id)
    return [home for home in homes if home.compound_id == compound_id]


async def _home_at(turn: Turn, place: Place) -> Residency:
    """A home without saying who lives there."""
    names = await turn.store.places.names(place)
    return Residency(
        id=0,
        person_id=0,
        unit_id=place.unit_id or 0,
        kind="",
        state="approved",
        compound_id=place.compound_id,
        building_id=place.building_id or 0,
        entrance_id=place.entrance_id,
        unit_label=names.unit,
        building_name=names.building,
        entrance_name=names.entrance or None,
        asked_at=turn.desk.now,
    )


async def find_named(turn: Turn, text: str) -> str | None:
    """The step after the places a text names: typed places win over home (R2). None when it names none.

    Several buildings, or an address that fits several places, are offered to choose from; an address
    the register does not know is asked back.
    """
    addresses = find_places(text[:READ_MOST])
    if not addresses:
        return None
    register = await turn.store.places.register(turn.data["compound"])
    around = _around(turn)
    own = {around.building_id} if around else {home.building_id for home in await _homes(turn)}
    at_home = Register(tuple(building for building in register.buildings if building.id in own))
    sure: dict[int, RegisterPlace] = {}
    possible: list[RegisterPlace] = []
    is_unknown = False
    for address in addresses:
        # 二單元 alone means the reporter's own building.
        found = match(address, at_home if own and address.building is None else register)
        place = found.exact or (None if found.candidates else found.known)
        if place is not None:
            sure.setdefault(place.building_id, place)
        possible += found.candidates
        is_unknown |= address.marked and not found.candidates and place is None
    places = list(dict.fromkeys((*sure.values(), *possible)))
    if len(places) == 1 and sure:
        return _choose_place(turn, _from_register(turn, places[0]))
    if places:
        return _offer_places(turn, [_from_register(turn, one) for one in places])
    if is_unknown:
        turn.edits_prompt = False
        turn.say("refusals.place_unknown", {"said": short(text, 40)})
        return "place"
    return None


async def _usual_places(turn: Turn, category: Category) -> list[Place]:
    """Where such a matter is for this reporter: one place for each of their homes, nothing without home."""
    compound_id, is_proxy = turn.data["compound"], "proxy" in turn.data
    if category.default_place in ("common_area", "compound"):
        return [Place(category.default_place, compound_id)]
    homes, around = await _homes(turn), _around(turn)
    if around is not None:
        homes = [home for home in homes if _is_in(home, around)]
        if not homes:
            return [around]
    places = []
    for home in homes:
        place = Place("building", compound_id, home.building_id)
        # Somebody else is asked where they live; what is said of their building is said of their home.
        if category.default_place == "unit" or (category.default_place == "building" and is_proxy):
            place = Place("unit", compound_id, home.building_id, home.entrance_id, home.unit_id)
        elif category.default_place == "entrance" and home.entrance_id is not None:
            place = Place("entrance", compound_id, home.building_id, home.entrance_id)
        places.append(place)
    return list(dict.fromkeys(places))


def _around(turn: Turn) -> Place | None:
    """Where something was said that is reported now: in the group of a building or of a door."""
    around = turn.data.get("around")
    return Place(*around) if around else None


def _is_in(home: Residency, place: Place) -> bool:
    return home.building_id == place.building_id and place.entrance_id in (None, home.entrance_id)


async def ask_compound(turn: Turn) -> None:
    """Which compound it is about."""
    # Coming back to this question means that the first answer was wrong.
    remember(turn, compound=None, place_chosen=False)
    rows = [(pick("", one.id, text=one.name),) for one in await _compounds(turn)]
    put_question(turn, "report.compound", rows[:BUTTONS_MOST])


async def take_compound(turn: Turn) -> str | None:
    """A tapped compound."""
    choose_compound(turn, [one.id for one in await _compounds(turn)])
    return await after_category(turn, turn.desk.rules.categories[turn.data["category"]])


async def ask_place(turn: Turn) -> None:
    """What is near home and a way to everything else; without a home the buildings at once."""
    wide = (pick("common_area", "common_area", 0), pick("whole_compound", "compound", 0))
    near: dict[tuple[str, int], Choice] = {}
    for home in await _homes(turn):
        if home.entrance_id is not None:
            door = f"{home.building_name}{home.entrance_name}"
            near["entrance", home.entrance_id] = pick("", "entrance", home.entrance_id, text=door)
        near["building", home.building_id] = pick("", "building", home.building_id, text=home.building_name)
        label = "their_home" if turn.data.get("proxy") else "my_home"
        near["unit", home.unit_id] = pick(label, "unit", home.unit_id, unit=home.unit_label)
    if near:
        rows = (*((one,) for one in near.values()), wide, (pick("elsewhere", "elsewhere", 0),))
        put_question(turn, "report.place", rows, numbers_pick=False)
    else:
        put_question(turn, "report.elsewhere", (*await _buildings(turn), wide), numbers_pick=False)


async def ask_elsewhere(turn: Turn) -> None:
    """Which building, out of all."""
    put_question(turn, "report.elsewhere", await _buildings(turn), numbers_pick=False)


async def _buildings(turn: Turn) -> Choices:
    buildings = await turn.store.places.buildings(turn.data["compound"])
    return grid([pick("", "building", one, text=name) for one, name in buildings[:BUTTONS_MOST]], 3)


async def ask_pick_place(turn: Turn) -> None:
    """Which of the places the words may mean."""
    rows = []
    for candidate in turn.data["candidates"]:
        place = Place(*candidate)
        where = plain(turn.render("places.inline", **(await turn.desk.place_facts(place))))
        ids = {"unit": place.unit_id, "entrance": place.entrance_id, "building": place.building_id}
        rows.append((pick("", place.kind, ids[place.kind], text=where),))
    rows.append((pick("elsewhere", "elsewhere", 0),))
    put_question(turn, "report.pick_place", rows, numbers_pick=False)


async def take_place(turn: Turn) -> str | None:
    """A tapped place, or a typed one, checked against the register of this compound."""
    if turn.chosen == ("elsewhere", "0"):
        return "elsewhere"
    if turn.chosen:
        return _choose_place(turn, await _tapped_place(turn))
    # A bare number is a building here; anywhere else it may be anything.
    for building_id, name in await turn.store.places.buildings(turn.data["compound"]):
        if turn.text and normal_label(name) == normal_label(turn.text):
            return _choose_place(turn, Place("building", turn.data["compound"], building_id))
    step = await find_named(turn, turn.text)
    if step is None:
        # 小花園旁邊 is no place of the register, but the handler should read it.
        if not add(turn):
            raise NotUnderstood("tap_or_write")
        if turn.text:
            raise NotUnderstood("place_unknown", said=short(turn.text, 40))
    return step or "place"


async def _tapped_place(turn: Turn) -> Place:
    compound_id = turn.data["compound"]
    kind, wanted = turn.chosen[0], turn.number(turn.chosen[-1])
    place: Place | None = None
    if kind in ("common_area", "compound"):
        place = Place(kind, compound_id)
    elif kind == "building":
        place = await turn.store.places.building(wanted)
    elif kind == "entrance":
        place = await turn.store.places.entrance(wanted)
    elif kind == "unit":
        place = await turn.store.places.unit(wanted)
    if place is None or place.compound_id != compound_id:
        raise NotUnderstood("no_such_place")
    return place


def _from_register(turn: Turn, found: RegisterPlace) -> Place:
    return Place(found.kind, turn.data["compound"], found.building_id, found.entrance_id, found.unit_id)


def _choose_place(turn: Turn, place: Place) -> str:
    remember(turn, place=astuple(place), place_chosen=True)
    return "review"


def _offer_places(turn: Turn, places: Sequence[Place]) -> str:
    if len(places) > PLACES_MOST:
        return "place"
    remember(turn, candidates=[astuple(place) for place in places])
    return "pick_place"
