"""Reporting an issue: send anything first, the bot asks only for what is missing."""

from collections.abc import Mapping
from typing import Any

from bot.actions.cards import facts_of
from bot.actions.desk import Choices, choice
from bot.actions.issues import Report, file, foresee
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn
from bot.domain.addresses import Match as AddressMatch
from bot.domain.addresses import Place as RegisterPlace
from bot.domain.addresses import find_places
from bot.domain.addresses import match as match_address
from bot.domain.categories import Category, guess, looks_like_report, names_emergency, outside_matter
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import Place
from bot.storage.people import Residency
from bot.texts import short

TEXT_MOST = 4000
PHOTOS_MOST = 10
LIKELY = 3
READ_MOST = 300
"""Characters in which an address or a category is looked for; people say what it is about early."""


# Starting ----------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/report, or the big button: with words after it they are the report."""
    if turn.incoming.kind == "command" and turn.text:
        await from_message(turn)
    else:
        await begin(turn, DIALOG, "words")


async def from_message(turn: Turn) -> None:
    """Whatever a person sends without being asked: a report if it may be one, never a hole."""
    incoming = turn.incoming
    if incoming.kind == "other":
        turn.say("menu.cannot_read", menu=True)
        return
    _check_length(turn.text)
    text = turn.text
    emergency = names_emergency(text[:READ_MOST]) if text else None
    if emergency:
        turn.say("report.emergency", {"kind": emergency, "numbers": turn.desk.rules.emergency_numbers})
    data = {"text": text, "photos": list(incoming.photos), "voices": _voices(turn), "album": incoming.album}
    guesses = guess(text[:READ_MOST], tuple(turn.desk.rules.categories.values())) if text else ()
    sure = bool(incoming.photos or incoming.kind == "voice" or emergency)
    if sure or looks_like_report(guesses, text):
        await begin(turn, DIALOG, "category", **data)
    else:
        await begin(turn, DIALOG, "is_it", **data)


def _voices(turn: Turn) -> list[str]:
    return [turn.incoming.file] if turn.incoming.kind == "voice" and turn.incoming.file else []


def _check_length(text: str) -> None:
    if len(text) > TEXT_MOST:
        raise NotUnderstood("text_too_long", most=TEXT_MOST)


def _add(turn: Turn) -> bool:
    """Whatever comes while the report is being put together belongs to it; False when nothing came."""
    incoming, data = turn.incoming, _data(turn)
    if incoming.kind == "other":
        raise NotUnderstood("cannot_read")
    text, photos, voices = turn.text, incoming.photos, _voices(turn)
    if not text and not photos and not voices:
        return False
    joined = "\n".join(part for part in (data.get("text", ""), text) if part)
    _check_length(joined)
    if len(data.get("photos", [])) + len(photos) > PHOTOS_MOST:
        raise NotUnderstood("too_many_photos", most=PHOTOS_MOST)
    # The photos of one album come one by one: they change the question instead of repeating it.
    turn.edits_prompt = bool(incoming.album) and incoming.album == data.get("album")
    remember(
        turn,
        text=joined,
        photos=[*data.get("photos", []), *photos],
        voices=[*data.get("voices", []), *voices],
        album=incoming.album,
    )
    return True


def _data(turn: Turn) -> Mapping[str, Any]:
    return turn.dialog.data if turn.dialog else {}


# Is it a report? ---------------------------------------------------------------------------------------


async def _ask_is_it(turn: Turn) -> None:
    facts = {"text": short(_data(turn).get("text", ""), 200)}
    put_question(turn, "report.is_it", ((pick("yes_report", "yes"),), (pick("no_report", "no"),)), facts)


async def _take_is_it(turn: Turn) -> str | None:
    if turn.chosen == ("no",):
        finish(turn, "report.not_a_report")
        return None
    if turn.chosen == ("yes",) or _add(turn):
        return "category"
    raise NotUnderstood("tap_or_write")


async def _ask_words(turn: Turn) -> None:
    put_question(turn, "report.words")


async def _take_words(turn: Turn) -> str | None:
    if not _add(turn):
        raise NotUnderstood("text_needed")
    return "category"


# Category ----------------------------------------------------------------------------------------------


def _names(turn: Turn, categories: list[Category]) -> Choices:
    name = turn.desk.texts.render
    rows = [pick("", category.key, text=name(turn.locale, f"categories.{category.key}")) for category in categories]
    return tuple(tuple(rows[place : place + 2]) for place in range(0, len(rows), 2))


async def _ask_category(turn: Turn) -> None:
    data = _data(turn)
    known = turn.desk.rules.categories
    likely = [found.category for found in guess(data.get("text", "")[:READ_MOST], tuple(known.values()))[:LIKELY]]
    if not data.get("text"):
        await _ask_all_categories(turn)
        return
    choices = tuple(row for category in likely for row in _names(turn, [category]))
    facts = {
        "text": short(data.get("text", ""), 300),
        "photos": len(data.get("photos", [])),
        "outside": outside_matter(data.get("text", "")[:READ_MOST]),
    }
    last = (pick("other_categories", "_all"), pick("no_report", "_none"))
    put_question(turn, "report.category", (*choices, last), facts)


async def _ask_all_categories(turn: Turn) -> None:
    data = _data(turn)
    facts = {"text": short(data.get("text", ""), 300), "photos": len(data.get("photos", [])), "outside": False}
    put_question(turn, "report.category", _names(turn, list(turn.desk.rules.categories.values())), facts)


async def _take_category(turn: Turn) -> str | None:
    if not turn.chosen:
        if _add(turn):
            return "category"
        raise NotUnderstood("tap_or_write")
    key = turn.chosen[0]
    if key == "_all":
        return "all_categories"
    if key == "_none":
        finish(turn, "report.not_a_report")
        return None
    category = turn.desk.rules.categories.get(key)
    if category is None:
        raise NotUnderstood("no_such_category")
    remember(turn, category=key)
    return await _after_category(turn, category)


async def _after_category(turn: Turn, category: Category) -> str:
    """The place follows from the words, or from home and what the category is usually about."""
    if _data(turn).get("place_chosen"):
        return "review"
    homes = await turn.store.people.residencies(turn.person_id)
    compound_id = await _compound_of(turn, homes)
    if compound_id is None:
        return "compound"
    remember(turn, compound=compound_id)
    named = await _read_place(turn, compound_id, _data(turn).get("text", "")[:READ_MOST], homes)
    if named is not None and named.exact is not None:
        _set_place(turn, _from_register(compound_id, named.exact))
        return "review"
    if named is not None and named.candidates:
        remember(turn, candidates=[_as_data(_from_register(compound_id, one)) for one in named.candidates[:20]])
        return "pick_place"
    if named is not None and named.known is not None:
        _set_place(turn, _from_register(compound_id, named.known))
        return "review"
    usual = await _usual_place(turn, category, compound_id, homes)
    if usual is None:
        return "place"
    _set_place(turn, usual)
    return "review"


async def _compound_of(turn: Turn, homes: list[Residency]) -> int | None:
    chosen = _data(turn).get("compound")
    if chosen is not None:
        return int(chosen)
    if homes:
        return homes[0].compound_id
    posts = await turn.posts()
    if posts:
        return posts[0].compound_id
    compounds = await turn.store.places.compounds()
    if not compounds:
        raise Refused("no_compound")
    return compounds[0].id if len(compounds) == 1 else None


async def _read_place(
    turn: Turn, compound_id: int, text: str, homes: list[Residency]
) -> AddressMatch | None:
    """The first address in the text that the register knows; None when none is named."""
    named = [address for address in find_places(text) if address.marked]
    if not named:
        return None
    register = await turn.store.places.register(compound_id)
    if named[0].building is None:
        # 二單元 alone means the reporter's own building.
        home = next((one for one in homes if one.compound_id == compound_id), None)
        if home is None:
            return None
        own = tuple(building for building in register.buildings if building.id == home.building_id)
        register = type(register)(own)
    return match_address(named[0], register)


async def _usual_place(
    turn: Turn, category: Category, compound_id: int, homes: list[Residency]
) -> Place | None:
    if category.default_place in ("common_area", "compound"):
        return Place(category.default_place, compound_id)
    home = next((one for one in homes if one.compound_id == compound_id), None)
    if home is None:
        return None
    if category.default_place == "unit":
        return Place("unit", compound_id, home.building_id, home.entrance_id, home.unit_id)
    if category.default_place == "entrance" and home.entrance_id is not None:
        return Place("entrance", compound_id, home.building_id, home.entrance_id)
    return Place("building", compound_id, home.building_id)


# Compound and place ------------------------------------------------------------------------------------


async def _ask_compound(turn: Turn) -> None:
    compounds = await turn.store.places.compounds()
    put_question(turn, "report.compound", tuple((pick("", one.id, text=one.name),) for one in compounds[:90]))


async def _take_compound(turn: Turn) -> str | None:
    compounds = {str(one.id) for one in await turn.store.places.compounds()}
    if not turn.chosen or turn.chosen[0] not in compounds:
        raise NotUnderstood("tap_one")
    remember(turn, compound=int(turn.chosen[0]))
    return await _after_category(turn, turn.desk.rules.categories[_data(turn)["category"]])


async def _ask_place(turn: Turn) -> None:
    compound_id = int(_data(turn)["compound"])
    homes = [
        home for home in await turn.store.people.residencies(turn.person_id) if home.compound_id == compound_id
    ]
    rows: list[tuple[Any, ...]] = []
    for home in homes[:3]:
        if home.entrance_id is not None:
            here = f"{home.building_name}{home.entrance_name}"
            rows.append((pick("", "entrance", home.entrance_id, text=here),))
        rows.append((pick("", "building", home.building_id, text=home.building_name),))
        rows.append((pick("my_home", "unit", home.unit_id, unit=home.unit_label),))
    rows.append((pick("common_area", "common_area", 0), pick("whole_compound", "compound", 0)))
    rows.append((pick("elsewhere", "elsewhere", 0),))
    put_question(turn, "report.place", rows)


async def _ask_elsewhere(turn: Turn) -> None:
    buildings = await turn.store.places.buildings(int(_data(turn)["compound"]))
    names = [pick("", "building", building_id, text=name) for building_id, name in buildings[:90]]
    put_question(turn, "report.elsewhere", tuple(tuple(names[at : at + 3]) for at in range(0, len(names), 3)))


async def _ask_pick_place(turn: Turn) -> None:
    rows = []
    for candidate in _data(turn)["candidates"]:
        place = _as_place(candidate)
        where = turn.render("places.inline", **(await turn.desk.place_facts(place)))
        ids = {"unit": place.unit_id, "entrance": place.entrance_id, "building": place.building_id}
        rows.append((pick("", place.kind, ids[place.kind], text=where),))
    put_question(turn, "report.pick_place", (*rows, (pick("elsewhere", "elsewhere", 0),)))


async def _take_place(turn: Turn) -> str | None:
    """A tapped place, or a typed one, checked against the register of this compound."""
    compound_id = int(_data(turn)["compound"])
    if turn.chosen:
        if turn.chosen[0] == "elsewhere":
            return "elsewhere"
        place = await _chosen_place(turn, compound_id)
        _set_place(turn, place)
        return "review"
    homes = await turn.store.people.residencies(turn.person_id)
    register = await turn.store.places.register(compound_id)
    for address in find_places(turn.text[:READ_MOST]):
        found = match_address(address, register)
        if found.exact is not None:
            _set_place(turn, _from_register(compound_id, found.exact))
            return "review"
        if found.candidates:
            remember(turn, candidates=[_as_data(_from_register(compound_id, one)) for one in found.candidates[:20]])
            return "pick_place"
    named = await _read_place(turn, compound_id, turn.text[:READ_MOST], homes)
    if named is not None and named.exact is not None:
        _set_place(turn, _from_register(compound_id, named.exact))
        return "review"
    raise NotUnderstood("place_unknown", said=short(turn.text, 40))


async def _chosen_place(turn: Turn, compound_id: int) -> Place:
    kind, wanted = turn.chosen[0], turn.number(turn.chosen[1]) if len(turn.chosen) == 2 else 0
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


def _from_register(compound_id: int, found: RegisterPlace) -> Place:
    return Place(found.kind, compound_id, found.building_id, found.entrance_id, found.unit_id)


def _as_data(place: Place) -> list[Any]:
    return [place.kind, place.compound_id, place.building_id, place.entrance_id, place.unit_id]


def _as_place(data: list[Any]) -> Place:
    return Place(*data)


def _set_place(turn: Turn, place: Place) -> None:
    remember(turn, place=_as_data(place), place_chosen=True)


# Review and sending ------------------------------------------------------------------------------------


async def _ask_review(turn: Turn) -> None:
    data = _data(turn)
    place = _as_place(data["place"])
    category = turn.desk.rules.categories[data["category"]]
    about = bool(data.get("about_handler"))
    found, _ = await foresee(turn.desk, category, place, about_handler=about)
    if found is None:
        raise Refused("nobody_responsible")
    handler = await turn.store.people.details(found.holder.person_id)
    facts = {
        "text": short(data.get("text", ""), 800),
        "photos": len(data.get("photos", [])),
        "voices": len(data.get("voices", [])),
        "category": category.key,
        "place": await turn.desk.place_facts(place),
        "handler": handler.name,
        "handler_post": found.holder.kind.value,
        "empty": [step.kind.value for step in found.skipped if step.why == "empty"],
        "about_handler": about,
        "is_private": category.is_private or about,
    }
    choices = (
        (pick("send", "send"),),
        (pick("change_place", "place"), pick("change_category", "category")),
        (pick("not_about_handler" if about else "about_handler", "about"),),
    )
    put_question(turn, "report.review", choices, facts)


async def _take_review(turn: Turn) -> str | None:
    data = _data(turn)
    if not turn.chosen:
        if _add(turn):
            return "review"
        raise NotUnderstood("tap_or_write")
    if turn.chosen[0] == "place":
        return "place"
    if turn.chosen[0] == "category":
        return "all_categories"
    if turn.chosen[0] == "about":
        remember(turn, about_handler=not data.get("about_handler"))
        return "review"
    report = Report(
        data.get("text", ""),
        data["category"],
        _as_place(data["place"]),
        tuple(data.get("photos", ())),
        tuple(data.get("voices", ())),
        about_handler=bool(data.get("about_handler")),
    )
    issue = await file(turn.desk, turn.person_id, report)
    facts = await facts_of(turn.desk, issue)
    handler = await turn.store.people.details(issue.handler_id)
    more = {
        "skipped": issue.reason["skipped"],
        "reachable": issue.reason["reachable"],
        "handler_phone": handler.phone if not issue.reason["reachable"] else "",
        "reporter_approved": issue.reporter_approved,
    }
    finish(
        turn,
        "report.filed",
        {**facts, **more},
        choices=((choice("my_issues", "my.list"), choice("why_them", "issue.why", issue.id)),),
    )
    return None


DIALOG = Dialog(
    "report",
    {
        "is_it": Step(_ask_is_it, _take_is_it),
        "words": Step(_ask_words, _take_words),
        "category": Step(_ask_category, _take_category),
        "all_categories": Step(_ask_all_categories, _take_category),
        "compound": Step(_ask_compound, _take_compound),
        "place": Step(_ask_place, _take_place),
        "elsewhere": Step(_ask_elsewhere, _take_place),
        "pick_place": Step(_ask_pick_place, _take_place),
        "review": Step(_ask_review, _take_review),
    },
)
