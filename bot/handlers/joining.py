"""Joining by the link at the entrance, taking up a post by a one-time link, and approving who asks."""

from bot.actions.appointing import link_for, post_facts, take_post, unclaimed_holders
from bot.actions.commands import offer
from bot.actions.desk import Choices
from bot.actions.merging import looks_like_code
from bot.actions.residents import (
    KINDS,
    NAME_MOST,
    ask_to_join,
)
from bot.conversation.dialog import Dialog, Step, begin, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.addresses import Register, find_places, normal_label
from bot.domain.addresses import match as match_address
from bot.domain.categories import names_emergency
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import SHARED
from bot.handlers.compounds import choose_compound
from bot.handlers.gathering import READ_MOST
from bot.handlers.report import brings_matter, tells_of_trouble
from bot.storage.links import Link
from bot.texts import short

BUTTONS_MOST = 80
CANDIDATES_MOST = 20
A_SENTENCE = 5
"""Characters from which a message may tell of trouble."""


async def open_link(turn: Turn) -> None:
    """/start with a payload: a door's joining link, or an invitation to a post."""
    link = await link_for(turn.desk, turn.incoming.link)
    if link.kind == "appoint":
        await _open_invitation(turn, link)
        return
    place = (
        await turn.store.places.entrance(link.entrance_id)
        if link.entrance_id
        else await turn.store.places.building(link.building_id or 0)
    )
    if place is None:
        raise Refused("link_unknown")
    await begin(
        turn,
        DIALOG,
        "unit",
        compound=place.compound_id,
        building=place.building_id,
        entrance=place.entrance_id,
    )


async def command(turn: Turn) -> None:
    """/join without a link: the address is typed, or the building picked."""
    compounds = await turn.store.places.compounds()
    if not compounds:
        raise Refused("no_compound")
    if len(compounds) == 1:
        await begin(turn, DIALOG, "building", compound=compounds[0].id)
    else:
        await begin(turn, DIALOG, "compound")


# Where -------------------------------------------------------------------------------------------------


async def _ask_compound(turn: Turn) -> None:
    compounds = await turn.store.places.compounds()
    rows = tuple((pick("", one.id, text=one.name),) for one in compounds[:BUTTONS_MOST])
    put_question(turn, "join.compound", rows)


async def _take_compound(turn: Turn) -> str | None:
    choose_compound(turn, [one.id for one in await turn.store.places.compounds()])
    return "building"


async def _ask_building(turn: Turn) -> None:
    buildings = await turn.store.places.buildings(turn.data["compound"])
    put_question(turn, "join.building", _grid(buildings, "building", 3), numbers_pick=False)


async def _ask_entrance(turn: Turn) -> None:
    entrances = await turn.store.places.entrances(turn.data["building"])
    put_question(turn, "join.entrance", _grid(entrances, "entrance", 3), numbers_pick=False)


async def _ask_unit(turn: Turn) -> None:
    data = turn.data
    units = await turn.store.places.units(data["building"], data["entrance"])
    facts = {"door": await _door_facts(turn)}
    put_question(turn, "join.unit", _grid(units, "unit", 4), facts, numbers_pick=False)


async def _ask_candidates(turn: Turn) -> None:
    rows = []
    for unit_id in turn.data["candidates"]:
        place = await turn.store.places.unit(unit_id)
        if place is not None:
            where = plain(turn.render("places.inline", **(await turn.desk.place_facts(place))))
            rows.append((pick("", "unit", unit_id, text=where),))
    put_question(turn, "join.candidates", rows)


async def _take_where(turn: Turn) -> str | None:
    """A tapped place, or a typed address in any spelling, checked against the register."""
    data = turn.data
    if len(turn.chosen) == 2:
        return await _take_known(turn, turn.chosen[0], turn.number(turn.chosen[1]))
    for kind, place_id, label in await _offered(turn):
        # 3, 3栋 or ３號樓 alone is one of those that stand on the buttons.
        if turn.text and normal_label(label) == normal_label(turn.text):
            return await _take_known(turn, kind, place_id)
    register = await turn.store.places.register(data["compound"])
    own = tuple(building for building in register.buildings if building.id == data.get("building"))
    for address in find_places(turn.text[:200]):
        scope = Register(own) if own and address.building is None else register
        found = match_address(address, scope)
        units = [one for one in (found.exact, *found.candidates) if one and one.unit_id is not None]
        # 五樓502 at a door is the one behind this door.
        door = None if address.building or address.entrance else data.get("entrance")
        behind = [one for one in units if door and one.entrance_id == door]
        if found.exact in units or len(behind) == 1:
            return _with_unit(turn, (behind or units)[0].unit_id)
        if units:
            remember(turn, candidates=[one.unit_id for one in units[:CANDIDATES_MOST]])
            return "candidates"
        known = found.exact or found.known
        if known is not None:
            if address.room is not None:
                turn.say("refusals.unit_unknown", {"said": short(turn.text, 40)})
            return await _take_known(turn, known.kind, known.entrance_id or known.building_id)
    raise NotUnderstood("unit_unknown", said=short(turn.text, 40))


async def _offered(turn: Turn) -> list[tuple[str, int, str]]:
    """What stands on the buttons of this question: kind, id and label."""
    data, places = turn.data, turn.store.places
    step = turn.dialog.step if turn.dialog else ""
    entries: list[tuple[int, str]] = []
    if step == "building":
        entries = await places.buildings(data["compound"])
    elif step == "entrance":
        entries = await places.entrances(data["building"])
    elif step == "unit":
        entries = await places.units(data["building"], data["entrance"])
    return [(step, place_id, label) for place_id, label in entries]


async def _take_known(turn: Turn, kind: str, wanted: int) -> str | None:
    data = turn.data
    places = turn.store.places
    place = {
        "building": places.building,
        "entrance": places.entrance,
        "unit": places.unit,
    }.get(kind)
    found = await place(wanted) if place else None
    if found is None or found.compound_id != data["compound"]:
        raise NotUnderstood("no_such_place")
    if kind == "unit":
        return _with_unit(turn, wanted)
    if kind == "entrance":
        remember(turn, building=found.building_id, entrance=wanted)
        return "unit"
    remember(turn, building=wanted, entrance=None)
    return "entrance" if await places.entrances(wanted) else "unit"


def _with_unit(turn: Turn, unit_id: int | None) -> str:
    remember(turn, unit=unit_id)
    return "kind"


# Who ---------------------------------------------------------------------------------------------------


async def _ask_kind(turn: Turn) -> None:
    place = await turn.store.places.unit(turn.data["unit"])
    if place is None:
        raise Refused("no_such_place")
    facts = {"place": await turn.desk.place_facts(place)}
    put_question(turn, "join.kind", tuple((pick(f"kind_{kind}", kind),) for kind in KINDS), facts)


async def _take_kind(turn: Turn) -> str | None:
    if not turn.chosen or turn.chosen[0] not in KINDS:
        raise NotUnderstood("tap_one")
    remember(turn, kind=turn.chosen[0])
    if not await turn.store.people.residencies(turn.person_id) and not await turn.posts():
        return "name"
    # Somebody known already has said how to call them.
    await _ask_to_join(turn, (await turn.store.people.details(turn.person_id)).name)
    return None


async def _ask_name(turn: Turn) -> None:
    known = (await turn.store.people.details(turn.person_id)).name[:NAME_MOST]
    rows = ((pick("use_name", "use", name=known),),) if known else ()
    put_question(turn, "join.name", rows, numbers_pick=False)


async def _take_name(turn: Turn) -> str | None:
    if turn.chosen == ("use",):
        name = (await turn.store.people.details(turn.person_id)).name
    elif turn.text and len(turn.text) <= NAME_MOST and "\n" not in turn.text:
        name = turn.text
    else:
        raise NotUnderstood("name_needed")
    await _ask_to_join(turn, name)
    return None


async def _ask_to_join(turn: Turn, name: str) -> None:
    data = turn.data
    asked = await ask_to_join(turn.desk, turn.person_id, data["unit"], data["kind"], name)
    place = await turn.store.places.unit(data["unit"])
    facts = {
        "place": await turn.desk.place_facts(place) if place else {},
        "state": asked.state,
        "told": (await turn.store.people.details(asked.told)).name if asked.told else "",
        "name": name,
    }
    turn.say("join.asked", facts, menu=True)


# A post ------------------------------------------------------------------------------------------------


async def _open_invitation(turn: Turn, link: Link) -> None:
    post = await turn.store.posts.post(link.post_id or 0)
    if post is None:
        raise Refused("link_unknown")
    waiting = await unclaimed_holders(turn.desk, post)
    if len(waiting) > 1 or (waiting and (link.asks_who or post.kind in SHARED)):
        # Where several sit side by side a newcomer must not become a colleague who is not here yet.
        await begin(turn, DIALOG, "who", link=link.code, post=post.id)
        return
    await _take_post(turn, link, waiting[0] if waiting else None)


async def _ask_who(turn: Turn) -> None:
    data = turn.data
    post = await turn.store.posts.post(data["post"])
    if post is None:
        raise Refused("link_unknown")
    people = [await turn.store.people.details(one) for one in await unclaimed_holders(turn.desk, post)]
    rows = [(pick("", "is", one.person_id, text=one.name),) for one in people]
    put_question(turn, "join.who", (*rows, (pick("somebody_else", "is", 0),)))


async def _take_who(turn: Turn) -> str | None:
    if len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    link = await link_for(turn.desk, "a" + turn.data["link"])
    await _take_post(turn, link, turn.number(turn.chosen[1]) or None)
    return None


async def _take_post(turn: Turn, link: Link, register_person: int | None) -> None:
    post = await take_post(turn.desk, turn.person_id, link, register_person)
    turn.say("join.post_taken", post_facts(post), menu=True)
    await offer(turn.desk, turn.person_id)


def _grid(entries: list[tuple[int, str]], kind: str, columns: int) -> Choices:
    picks = [pick("", kind, entry_id, text=label) for entry_id, label in entries[:BUTTONS_MOST]]
    return grid(picks, columns)


async def _door_facts(turn: Turn) -> dict[str, object]:
    data = turn.data
    places = turn.store.places
    place = (
        await places.entrance(data["entrance"])
        if data["entrance"]
        else await places.building(data["building"])
    )
    return await turn.desk.place_facts(place) if place else {}


DIALOG = Dialog(
    "join",
    {
        "compound": Step(_ask_compound, _take_compound),
        "building": Step(_ask_building, _take_where),
        "entrance": Step(_ask_entrance, _take_where),
        "unit": Step(_ask_unit, _take_where),
        "candidates": Step(_ask_candidates, _take_where),
        "kind": Step(_ask_kind, _take_kind),
        "name": Step(_ask_name, _take_name),
        "who": Step(_ask_who, _take_who),
    },
)


def interrupts(turn: Turn) -> bool:
    """Whether somebody asked where they live tells of trouble instead, or shows it: that comes first."""
    if turn.dialog is None or turn.dialog.dialog != DIALOG.name:
        return False
    return is_urgent(turn) or is_matter(turn)


def is_urgent(turn: Turn) -> bool:
    """Whether something came that waits for no answer: a photo, an emergency, the code of an old phone."""
    if turn.incoming.kind != "text":
        return turn.incoming.kind == "photo"
    text = turn.text[:READ_MOST]
    return names_emergency(text) is not None or looks_like_code(text)


def is_matter(turn: Turn) -> bool:
    """Whether these words are too many, or too plain, for a name or a place that is not in the register."""
    text = turn.text[:READ_MOST] if turn.incoming.kind == "text" else ""
    if len(text) > NAME_MOST and not find_places(text):
        return tells_of_trouble(turn, text)
    return len(text) >= A_SENTENCE and brings_matter(turn, text)
