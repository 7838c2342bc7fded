"""Joining by the link at the entrance, taking up a post by a one-time link, and approving who asks."""

from typing import Any

from bot.actions.residents import KINDS, NAME_MOST, ask_to_join, decide, link_for, take_post, unclaimed_holders
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn
from bot.domain.addresses import find_places
from bot.domain.addresses import match as match_address
from bot.domain.errors import NotUnderstood, Refused
from bot.handlers import commands
from bot.storage.links import Link
from bot.texts import short

BUTTONS_MOST = 80


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
        turn, DIALOG, "unit", compound=place.compound_id, building=place.building_id, entrance=place.entrance_id
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
    known = {str(one.id) for one in await turn.store.places.compounds()}
    if not turn.chosen or turn.chosen[0] not in known:
        raise NotUnderstood("tap_one")
    remember(turn, compound=int(turn.chosen[0]))
    return "building"


async def _ask_building(turn: Turn) -> None:
    _numbers_are_words(turn)
    buildings = await turn.store.places.buildings(_data(turn)["compound"])
    put_question(turn, "join.building", _grid(buildings, "building", 3))


async def _ask_entrance(turn: Turn) -> None:
    _numbers_are_words(turn)
    entrances = await turn.store.places.entrances(_data(turn)["building"])
    put_question(turn, "join.entrance", _grid(entrances, "entrance", 3))


async def _ask_unit(turn: Turn) -> None:
    _numbers_are_words(turn)
    data = _data(turn)
    units = await turn.store.places.units(data["building"], data["entrance"])
    facts = {"door": await _door_facts(turn)}
    put_question(turn, "join.unit", _grid(units, "unit", 4), facts)


async def _ask_candidates(turn: Turn) -> None:
    rows = []
    for unit_id in _data(turn)["candidates"]:
        place = await turn.store.places.unit(unit_id)
        if place is not None:
            where = turn.render("places.inline", **(await turn.desk.place_facts(place)))
            rows.append((pick("", "unit", unit_id, text=where),))
    put_question(turn, "join.candidates", rows)


async def _take_where(turn: Turn) -> str | None:
    """A tapped building, entrance or unit, or a typed address in any spelling, checked against the register."""
    data = _data(turn)
    if len(turn.chosen) == 2:
        return await _take_tapped(turn, turn.chosen[0], turn.number(turn.chosen[1]))
    register = await turn.store.places.register(data["compound"])
    own = tuple(building for building in register.buildings if building.id == data.get("building"))
    # 501 alone is a unit behind this door: first what stands on its buttons, then the whole compound.
    if data.get("building"):
        for unit_id, label in await turn.store.places.units(data["building"], data.get("entrance")):
            if turn.text.upper() == label.upper():
                return _with_unit(turn, unit_id)
    for address in find_places(turn.text[:200]):
        scope = type(register)(own) if own and address.building is None else register
        found = match_address(address, scope)
        if found.exact is not None and found.exact.unit_id is not None:
            return _with_unit(turn, found.exact.unit_id)
        units = [one.unit_id for one in found.candidates if one.unit_id is not None]
        if units:
            remember(turn, candidates=units[:20])
            return "candidates"
        known = found.exact or found.known
        if known is not None and address.room is None:
            return await _take_tapped(turn, known.kind, known.entrance_id or known.building_id)
    raise NotUnderstood("unit_unknown", said=short(turn.text, 40))


async def _take_tapped(turn: Turn, kind: str, wanted: int) -> str | None:
    data = _data(turn)
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


def _with_unit(turn: Turn, unit_id: int) -> str:
    remember(turn, unit=unit_id)
    return "kind"


# Who ---------------------------------------------------------------------------------------------------


async def _ask_kind(turn: Turn) -> None:
    place = await turn.store.places.unit(_data(turn)["unit"])
    if place is None:
        raise Refused("no_such_place")
    facts = {"place": await turn.desk.place_facts(place)}
    put_question(turn, "join.kind", tuple((pick(f"kind_{kind}", kind),) for kind in KINDS), facts)


async def _take_kind(turn: Turn) -> str | None:
    if not turn.chosen or turn.chosen[0] not in KINDS:
        raise NotUnderstood("tap_one")
    remember(turn, kind=turn.chosen[0])
    return "name"


async def _ask_name(turn: Turn) -> None:
    _numbers_are_words(turn)
    known = (await turn.store.people.details(turn.person_id)).name[:NAME_MOST]
    rows = ((pick("use_name", "use", name=known),),) if known else ()
    put_question(turn, "join.name", rows)


async def _take_name(turn: Turn) -> str | None:
    data = _data(turn)
    if turn.chosen == ("use",):
        name = (await turn.store.people.details(turn.person_id)).name
    elif turn.text and len(turn.text) <= NAME_MOST and "\n" not in turn.text:
        name = turn.text
    else:
        raise NotUnderstood("name_needed")
    asked = await ask_to_join(turn.desk, turn.person_id, data["unit"], data["kind"], name)
    place = await turn.store.places.unit(data["unit"])
    told = (await turn.store.people.details(asked.told)).name if asked.told else ""
    facts = {
        "place": await turn.desk.place_facts(place) if place else {},
        "state": asked.state,
        "told": told,
        "name": name,
    }
    turn.say("join.asked", facts, menu=True)
    return None


async def decide_home(turn: Turn, residency: str, *, approve: bool) -> None:
    """The leader's one tap."""
    await decide(turn.desk, turn.person_id, turn.number(residency), approve=approve)
    turn.toast("join.decided", approved=approve)


async def approve_home(turn: Turn, residency: str) -> None:
    """同意"""
    await decide_home(turn, residency, approve=True)


async def refuse_home(turn: Turn, residency: str) -> None:
    """不是這戶"""
    await decide_home(turn, residency, approve=False)


# A post ------------------------------------------------------------------------------------------------


async def _open_invitation(turn: Turn, link: Link) -> None:
    post = await turn.store.posts.post(link.post_id or 0)
    if post is None:
        raise Refused("link_unknown")
    waiting = await unclaimed_holders(turn.desk, post)
    if len(waiting) > 1:
        await begin(turn, DIALOG, "who", link=link.code, post=post.id)
        return
    await _take_post(turn, link, waiting[0] if waiting else None)


async def _ask_who(turn: Turn) -> None:
    data = _data(turn)
    post = await turn.store.posts.post(data["post"])
    if post is None:
        raise Refused("link_unknown")
    people = [await turn.store.people.details(one) for one in await unclaimed_holders(turn.desk, post)]
    rows = [(pick("", "is", one.person_id, text=one.name),) for one in people]
    put_question(turn, "join.who", (*rows, (pick("somebody_else", "is", 0),)))


async def _take_who(turn: Turn) -> str | None:
    if len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    link = await link_for(turn.desk, "a" + _data(turn)["link"])
    await _take_post(turn, link, turn.number(turn.chosen[1]) or None)
    return None


async def _take_post(turn: Turn, link: Link, register_person: int | None) -> None:
    post = await take_post(turn.desk, turn.person_id, link, register_person)
    facts = {
        "post": post.kind.value,
        "compound": post.compound,
        "building": post.building,
        "entrance": post.entrance,
    }
    turn.say("join.post_taken", facts, menu=True)
    await commands.offer(turn)


def _data(turn: Turn) -> dict[str, Any]:
    return turn.dialog.data if turn.dialog else {}


def _numbers_are_words(turn: Turn) -> None:
    """A typed number is an answer of its own here (unit 1), not the number of an option."""
    remember(turn, _numbers_are_words=True)


def _grid(entries: list[tuple[int, str]], kind: str, columns: int) -> list[tuple[Any, ...]]:
    picks = [pick("", kind, entry_id, text=label) for entry_id, label in entries[:BUTTONS_MOST]]
    return [tuple(picks[at : at + columns]) for at in range(0, len(picks), columns)]


async def _door_facts(turn: Turn) -> dict[str, object]:
    data = _data(turn)
    places = turn.store.places
    place = await places.entrance(data["entrance"]) if data["entrance"] else await places.building(data["building"])
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
