"""代報: for whom, how it came, and then the report as everybody's (L7)."""

import re

from bot.actions.desk import Choices
from bot.actions.privacy import shown_phone
from bot.actions.proxies import home_for, known_at
from bot.actions.residents import NAME_MOST
from bot.conversation.dialog import Dialog, Step, begin, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.addresses import Register, find_places, normal_label
from bot.domain.addresses import match as match_address
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import Place
from bot.domain.privacy import clean_phone
from bot.domain.proxies import PROXIES, SOURCES, may_enter
from bot.handlers import report
from bot.handlers.cards import visible
from bot.storage.people import Resident
from bot.texts import short

BUTTONS_MOST = 90
PEOPLE_MOST = 20
CANDIDATES_MOST = 20
_PHONE = re.compile(r"\+?\d(?:[ -]?\d){6,14}(?!\d)")
"""A phone typed beside a name."""
_NUMBER = re.compile("[0-9A-Z]+")
"""A number of a door or a home, as `normal_label` writes it."""


# Starting ----------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/proxy: the homes this person is responsible for, as few taps away as there are levels above them."""
    scopes = await _scopes(turn)
    if not scopes:
        raise Refused("proxy_no_post")
    if len(scopes) == 1:
        step, data = await _inside(turn, scopes[0])
        await begin(turn, DIALOG, step, **data)
    else:
        await begin(turn, DIALOG, "scope")


async def start(turn: Turn, unit: str, person: str) -> None:
    """代報 beside a home, or beside somebody who lives there (`person` 0: it is not said who)."""
    unit_id, person_id = turn.number(unit), turn.number(person)
    home = await home_for(turn.desk, turn.person_id, unit_id)
    data = {"compound": home.compound_id, "proxy": {"unit": unit_id}}
    if not person_id:
        await begin(turn, DIALOG, "whom", **data)
        return
    known = await _known(turn, unit_id, person_id)
    await begin(turn, DIALOG, "source", **data | {"proxy": _somebody(unit_id, known)})


async def phone(turn: Turn, issue: str) -> None:
    """The phone of whom this person speaks for: they are to be asked, or told."""
    found = await visible(turn, issue)
    if found.proxy is None or found.proxy.person_id != turn.person_id:
        raise Refused("not_yours")
    number = await shown_phone(turn.desk, turn.person_id, found.reporter_id)
    name = (await turn.store.people.details(found.reporter_id)).name
    turn.say("proxies.phone", {"number": found.number, "name": name, "phone": number})


# Which home --------------------------------------------------------------------------------------------


async def _scopes(turn: Turn) -> list[Place]:
    """The places whose homes this person may report for, each once, none within another."""
    found: dict[Place, None] = {}
    for post in await turn.posts():
        if post.kind not in PROXIES:
            continue
        kind = "entrance" if post.entrance_id else "building" if post.building_id else "compound"
        found[Place(kind, post.compound_id, post.building_id, post.entrance_id)] = None
    return [place for place in found if not any(_holds(other, place) for other in found)]


def _holds(wide: Place, place: Place) -> bool:
    return (
        wide != place
        and wide.compound_id == place.compound_id
        and wide.building_id in (None, place.building_id)
        and wide.entrance_id in (None, place.entrance_id)
    )


async def _inside(turn: Turn, place: Place) -> tuple[str, dict[str, object]]:
    """Which question comes after a place, and what it asks about: a small building shows all its doors."""
    building, entrance = place.building_id, place.entrance_id
    data: dict[str, object] = {"compound": place.compound_id, "building": building, "entrance": entrance}
    if place.building_id is None:
        return "building", data
    if place.entrance_id is None:
        entrances = await turn.store.places.entrances(place.building_id)
        if entrances and len(await _homes_of(turn, place.building_id, entrances)) > BUTTONS_MOST:
            return "entrance", data
    return "unit", data


async def _homes_of(turn: Turn, building_id: int, entrances: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """All homes of a building, named by door and number."""
    places = turn.store.places
    homes = list(await places.units(building_id, None))
    for entrance_id, name in entrances:
        homes += [(unit, f"{name} {label}") for unit, label in await places.units(building_id, entrance_id)]
    return homes


async def _offered(turn: Turn) -> list[tuple[str, int, str]]:
    """What stands on the buttons of this question: kind, id and label."""
    data, places = turn.data, turn.store.places
    step = turn.dialog.step if turn.dialog else ""
    if step == "scope":
        return [
            (
                place.kind,
                place.entrance_id or place.building_id or place.compound_id,
                await _where(turn, place),
            )
            for place in await _scopes(turn)
        ]
    if step == "candidates":
        units = [await places.unit(unit_id) for unit_id in data["candidates"]]
        return [("unit", one.unit_id or 0, await _where(turn, one)) for one in units if one]
    if step == "building":
        entries = await places.buildings(data["compound"])
    elif step == "entrance":
        entries = await places.entrances(data["building"])
    elif data["entrance"] is None:
        entrances = await places.entrances(data["building"])
        entries = await _homes_of(turn, data["building"], entrances)
    else:
        entries = await places.units(data["building"], data["entrance"])
    return [(step, place_id, label) for place_id, label in entries]


async def _where(turn: Turn, place: Place) -> str:
    return plain(turn.render("places.inline", **(await turn.desk.place_facts(place))))


async def _ask_home(turn: Turn) -> None:
    columns = {"scope": 2, "building": 3, "entrance": 3, "candidates": 1}.get(
        turn.dialog.step if turn.dialog else "", 4 if turn.data.get("entrance") else 3
    )
    picks = [pick("", kind, number, text=label) for kind, number, label in await _offered(turn)]
    put_question(turn, "proxies.home", grid(picks[:BUTTONS_MOST], columns), numbers_pick=False)


async def _take_home(turn: Turn) -> str | None:
    """A tapped place, or a typed address in any spelling, checked against the register and the post."""
    if len(turn.chosen) == 2:
        return await _choose(turn, turn.chosen[0], turn.number(turn.chosen[1]))
    if not turn.text:
        raise NotUnderstood("tap_one")
    meant = [one for one in await _offered(turn) if _means(turn.text, one[2])]
    if len(meant) == 1:
        return await _choose(turn, meant[0][0], meant[0][1])
    # 501 alone may be behind several doors.
    units = {number: None for kind, number, _ in meant if kind == "unit"}
    for compound_id in dict.fromkeys(place.compound_id for place in await _scopes(turn)):
        units |= dict.fromkeys(await _typed(turn, compound_id))
    if len(units) == 1:
        return await _choose(turn, "unit", next(iter(units)))
    if not units:
        raise NotUnderstood("unit_unknown", said=short(turn.text, 40))
    remember(turn, candidates=list(units)[:CANDIDATES_MOST])
    return "candidates"


def _means(said: str, label: str) -> bool:
    """Whether a button is meant: by its words, or by the last of its numbers (501, 2-501)."""
    said, label = normal_label(said), normal_label(label)
    numbers = _NUMBER.findall(said)
    is_bare = bool(numbers) and not _NUMBER.sub("", said).strip("-/")
    return said == label or (is_bare and _NUMBER.findall(label)[-len(numbers) :] == numbers)


async def _typed(turn: Turn, compound_id: int) -> list[int]:
    """The homes an address may mean; without a building it is the one asked about, or one of one's own.

    Refusals: `proxy_not_yours` when it means others only.
    """
    register = await turn.store.places.register(compound_id)
    scopes = await _scopes(turn)
    asked = turn.data.get("building")
    own = {asked} if asked else {place.building_id for place in scopes}
    near = Register(tuple(one for one in register.buildings if one.id in own or None in own))
    holders = await turn.desk.holders(compound_id)
    found: list[int] = []
    is_others = False
    for address in find_places(turn.text[:200]):
        match = match_address(address, near if address.building is None else register)
        for one in (match.exact, *match.candidates):
            home = await turn.store.places.unit(one.unit_id) if one and one.unit_id else None
            if home is not None and may_enter(turn.person_id, home, holders):
                found.append(home.unit_id or 0)
            is_others |= home is not None
    if is_others and not found:
        raise Refused("proxy_not_yours")
    return found


async def _choose(turn: Turn, kind: str, number: int) -> str:
    places = turn.store.places
    if kind == "unit":
        home = await home_for(turn.desk, turn.person_id, number)
        remember(turn, compound=home.compound_id, proxy={"unit": number})
        return "whom"
    place: Place | None = Place("compound", number) if kind == "compound" else None
    if kind in ("building", "entrance"):
        place = await {"building": places.building, "entrance": places.entrance}[kind](number)
    if place is None or place.compound_id not in {scope.compound_id for scope in await _scopes(turn)}:
        raise NotUnderstood("no_such_place")
    step, data = await _inside(turn, place)
    remember(turn, **data)
    return step


# Who, and how it came ----------------------------------------------------------------------------------


async def _ask_whom(turn: Turn) -> None:
    unit_id = turn.data["proxy"]["unit"]
    home = await home_for(turn.desk, turn.person_id, unit_id)
    known = await known_at(turn.desk, turn.person_id, unit_id)
    rows: Choices = [(pick("", "person", one.person_id, text=one.name),) for one in known[:PEOPLE_MOST]]
    facts = {"home": await turn.desk.place_facts(home), "is_known": bool(known)}
    put_question(turn, "proxies.whom_for", (*rows, (pick("proxy_nameless", "nobody"),)), facts)


async def _take_whom(turn: Turn) -> str | None:
    unit_id = turn.data["proxy"]["unit"]
    if turn.chosen == ("nobody",):
        remember(turn, proxy={"unit": unit_id})
    elif len(turn.chosen) == 2:
        known = await _known(turn, unit_id, turn.number(turn.chosen[1]))
        remember(turn, proxy=_somebody(unit_id, known))
    else:
        number = _PHONE.search(turn.text)
        name = " ".join(_PHONE.sub(" ", turn.text).split()).strip(",，、:：;；")
        if not name or len(name) > NAME_MOST or "\n" in turn.text:
            raise NotUnderstood("name_needed")
        said = {"unit": unit_id, "name": name, "phone": clean_phone(number.group()) if number else ""}
        remember(turn, proxy=said)
    return "source"


async def _known(turn: Turn, unit_id: int, person_id: int) -> Resident:
    for one in await known_at(turn.desk, turn.person_id, unit_id):
        if one.person_id == person_id:
            return one
    raise Refused("no_such_person")


def _somebody(unit_id: int, known: Resident) -> dict[str, object]:
    return {"unit": unit_id, "person": known.person_id, "name": known.name}


async def _ask_source(turn: Turn) -> None:
    rows = (tuple(pick(f"by_{source}", source) for source in SOURCES),)
    put_question(turn, "proxies.source", rows, {"for_whom": await report.for_whom(turn)})


async def _take_source(turn: Turn) -> str | None:
    if not turn.chosen or turn.chosen[0] not in SOURCES:
        raise NotUnderstood("tap_one")
    remember(turn, proxy={**turn.data["proxy"], "source": turn.chosen[0]})
    return "words"


DIALOG = Dialog(
    "proxy",
    {
        **{
            step: Step(_ask_home, _take_home)
            for step in ("scope", "building", "entrance", "unit", "candidates")
        },
        "whom": Step(_ask_whom, _take_whom),
        "source": Step(_ask_source, _take_source),
        **report.DIALOG.steps,
    },
)
"""For whom, and then all the questions of a report."""
