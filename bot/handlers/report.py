"""Reporting an issue: send anything first, the bot asks only for what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from bot.actions.cards import facts_of, speaker_of
from bot.actions.desk import Choice, Choices, choice
from bot.actions.issues import TEXT_MOST, Report, file, foresee
from bot.actions.proxies import Whom, enter
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.addresses import Place as RegisterPlace
from bot.domain.addresses import Register, find_places, match, normal_label
from bot.domain.categories import (
    Category,
    Guess,
    guess,
    is_chatter,
    looks_like_report,
    names_emergency,
    outside_matter,
)
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.folding import fold
from bot.domain.posts import Place, committee_of
from bot.storage.issues import Issue
from bot.storage.people import Residency
from bot.storage.places import Compound
from bot.texts import short

PHOTOS_MOST = 10
LIKELY = 3
READ_MOST = 300
"""Characters in which an address or a category is looked for; people say what it is about early."""
BUTTONS_MOST = 90
PLACES_MOST = 20


# Starting ----------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/report, or the big button: with words after it they are the report."""
    if turn.text and turn.incoming.command == "report":
        await begin(turn, DIALOG, "category", **_joined(turn, {}))
    else:
        await begin(turn, DIALOG, "words")


async def from_message(turn: Turn) -> None:
    """Whatever a person sends without being asked: a report if it may be one, never a hole."""
    if turn.incoming.kind == "other" and not turn.text:
        turn.say("menu.cannot_read", menu=True)
        return
    if turn.incoming.kind == "text" and is_chatter(turn.text):
        turn.say("menu.chatter", menu=True)
        return
    data = _joined(turn, {})
    await begin(turn, DIALOG, "category" if _seems_a_report(turn, data) else "is_it", **data)


def _seems_a_report(turn: Turn, data: Mapping[str, Any]) -> bool:
    return bool(data["photos"] or data["voices"]) or tells_of_trouble(turn, data["text"])


def tells_of_trouble(turn: Turn, text: str) -> bool:
    """Whether these words bring a matter, and no small talk."""
    return looks_like_report(_guesses(turn, text), text)


def _guesses(turn: Turn, text: str) -> tuple[Guess, ...]:
    return guess(text[:READ_MOST], tuple(turn.desk.rules.categories.values()))


def _add(turn: Turn) -> bool:
    """Whatever comes while the report is being put together belongs to it; False when nothing came."""
    incoming, data = turn.incoming, turn.data
    if not turn.text and incoming.kind not in ("photo", "voice"):
        if incoming.kind == "other":
            raise NotUnderstood("cannot_read")
        return False
    # The photos of one album come one by one: they change the question instead of repeating it.
    turn.edits_prompt = bool(incoming.album) and incoming.album == data.get("album")
    remember(turn, **_joined(turn, data))
    return True


def _joined(turn: Turn, data: Mapping[str, Any]) -> dict[str, Any]:
    """What was said so far and what came now; an emergency number is shown before anything else (R16)."""
    incoming = turn.incoming
    text = "\n".join(part for part in (data.get("text", ""), turn.text) if part)
    photos = [*data.get("photos", ()), *incoming.photos]
    voices = [*data.get("voices", ()), *((incoming.file,) if incoming.kind == "voice" else ())]
    if len(text) > TEXT_MOST:
        raise NotUnderstood("report_too_long", most=TEXT_MOST)
    if len(photos) > PHOTOS_MOST:
        raise NotUnderstood("too_many_photos", most=PHOTOS_MOST)
    show_emergency(turn, is_report=True)
    if incoming.kind == "other":
        turn.say("report.only_words")
    return {"text": text, "photos": photos, "voices": voices, "album": incoming.album}


def show_emergency(turn: Turn, *, is_report: bool) -> None:
    """Whom to call first, when the words name fire, gas, people in a lift … (R16)."""
    kind = names_emergency(turn.text[:READ_MOST])
    if kind:
        facts = {"kind": kind, "numbers": turn.desk.rules.emergency_numbers, "is_report": is_report}
        turn.say("report.emergency", facts)


# Is it a report? ---------------------------------------------------------------------------------------


async def _ask_is_it(turn: Turn) -> None:
    facts = {"text": turn.data["text"]}
    put_question(turn, "report.is_it", ((pick("yes_report", "yes"),), (pick("no_report", "no"),)), facts)


async def _take_is_it(turn: Turn) -> str | None:
    if turn.chosen == ("no",):
        finish(turn, "report.not_a_report")
        return None
    if turn.chosen == ("yes",):
        return "category"
    if not _add(turn):
        raise NotUnderstood("tap_or_write")
    return "category" if _seems_a_report(turn, turn.data) else "is_it"


async def _ask_words(turn: Turn) -> None:
    whom = await for_whom(turn)
    put_question(turn, "proxies.words" if whom else "report.words", (), {"for_whom": whom})


async def for_whom(turn: Turn) -> dict[str, object] | None:
    """For whom somebody else enters this report, as the `whom` filter takes it; None for one's own."""
    proxy = turn.data.get("proxy")
    home = await turn.store.places.unit(proxy["unit"]) if proxy else None
    if proxy is None or home is None:
        return None
    where = await turn.desk.place_facts(home)
    return {"name": proxy.get("name", ""), "home": where, "came_by": proxy.get("source", "")}


async def _take_words(turn: Turn) -> str | None:
    if not _add(turn):
        raise NotUnderstood("text_needed")
    return "category"


# Category ----------------------------------------------------------------------------------------------


async def _ask_category(turn: Turn) -> None:
    """The likeliest categories, one to a row; without words to guess from, all of them."""
    text = turn.data.get("text", "")[:READ_MOST]
    if not text:
        await _ask_all_categories(turn)
        return
    rows = [(_named(turn, found.category),) for found in _guesses(turn, text)[:LIKELY] if found.score > 0]
    last = (pick("other_categories", "_all"), pick("no_report", "_none"))
    _put_categories(turn, (*rows, last), is_outside=outside_matter(text))


async def _ask_all_categories(turn: Turn) -> None:
    names = [_named(turn, category) for category in turn.desk.rules.categories.values()]
    _put_categories(turn, grid(names, 2), is_outside=False)


def _named(turn: Turn, category: Category) -> Choice:
    return pick("", category.key, text=turn.render(f"categories.{category.key}"))


def _put_categories(turn: Turn, choices: Choices, *, is_outside: bool) -> None:
    data = turn.data
    facts = {
        "text": data.get("text", ""),
        "photos": len(data.get("photos", ())),
        "voices": len(data.get("voices", ())),
        "outside": is_outside,
    }
    put_question(turn, "report.category", choices, facts)


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


# Where it is -------------------------------------------------------------------------------------------


async def _after_category(turn: Turn, category: Category) -> str:
    """The place follows from the words, or from home and what the category is usually about."""
    if turn.data.get("place_chosen"):
        return "review"
    compounds = await _compounds(turn)
    if len(compounds) > 1:
        return "compound"
    remember(turn, compound=compounds[0].id)
    named = await _find_named(turn, turn.data.get("text", ""))
    if named:
        return named
    usual = await _usual_places(turn, category)
    if len(usual) > 1:
        return _offer_places(turn, usual)
    if not usual:
        return "place"
    # Not chosen: with another category it follows anew.
    remember(turn, place=astuple(usual[0]))
    return "review"


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


async def _find_named(turn: Turn, text: str) -> str | None:
    """The step after the places a text names: typed places win over home (R2). None when it names none.

    Several buildings, or an address that fits several places, are offered to choose from; an address
    the register does not know is asked back.
    """
    addresses = find_places(text[:READ_MOST])
    if not addresses:
        return None
    register = await turn.store.places.register(turn.data["compound"])
    own = {home.building_id for home in await _homes(turn)}
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
    places = []
    for home in await _homes(turn):
        place = Place("building", compound_id, home.building_id)
        # Somebody else is asked where they live; what is said of their building is said of their home.
        if category.default_place == "unit" or (category.default_place == "building" and is_proxy):
            place = Place("unit", compound_id, home.building_id, home.entrance_id, home.unit_id)
        elif category.default_place == "entrance" and home.entrance_id is not None:
            place = Place("entrance", compound_id, home.building_id, home.entrance_id)
        places.append(place)
    return list(dict.fromkeys(places))


async def _ask_compound(turn: Turn) -> None:
    # Coming back to this question means that the first answer was wrong.
    remember(turn, compound=None, place_chosen=False)
    rows = [(pick("", one.id, text=one.name),) for one in await _compounds(turn)]
    put_question(turn, "report.compound", rows[:BUTTONS_MOST])


async def _take_compound(turn: Turn) -> str | None:
    known = {str(one.id) for one in await _compounds(turn)}
    if not turn.chosen or turn.chosen[0] not in known:
        raise NotUnderstood("tap_one")
    remember(turn, compound=int(turn.chosen[0]))
    return await _after_category(turn, turn.desk.rules.categories[turn.data["category"]])


async def _ask_place(turn: Turn) -> None:
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


async def _ask_elsewhere(turn: Turn) -> None:
    put_question(turn, "report.elsewhere", await _buildings(turn), numbers_pick=False)


async def _buildings(turn: Turn) -> Choices:
    buildings = await turn.store.places.buildings(turn.data["compound"])
    return grid([pick("", "building", one, text=name) for one, name in buildings[:BUTTONS_MOST]], 3)


async def _ask_pick_place(turn: Turn) -> None:
    rows = []
    for candidate in turn.data["candidates"]:
        place = Place(*candidate)
        where = plain(turn.render("places.inline", **(await turn.desk.place_facts(place))))
        ids = {"unit": place.unit_id, "entrance": place.entrance_id, "building": place.building_id}
        rows.append((pick("", place.kind, ids[place.kind], text=where),))
    rows.append((pick("elsewhere", "elsewhere", 0),))
    put_question(turn, "report.pick_place", rows, numbers_pick=False)


async def _take_place(turn: Turn) -> str | None:
    """A tapped place, or a typed one, checked against the register of this compound."""
    if turn.chosen == ("elsewhere", "0"):
        return "elsewhere"
    if turn.chosen:
        return _choose_place(turn, await _tapped_place(turn))
    # A bare number is a building here; anywhere else it may be anything.
    for building_id, name in await turn.store.places.buildings(turn.data["compound"]):
        if turn.text and normal_label(name) == normal_label(turn.text):
            return _choose_place(turn, Place("building", turn.data["compound"], building_id))
    step = await _find_named(turn, turn.text)
    if step is None:
        # 小花園旁邊 is no place of the register, but the handler should read it.
        if not _add(turn):
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


# Review and sending ------------------------------------------------------------------------------------


async def _ask_review(turn: Turn) -> None:
    data = turn.data
    category = turn.desk.rules.categories[data["category"]]
    about = bool(data.get("about_handler"))
    place = Place(*data["place"])
    found, _ = await foresee(turn.desk, category, place, about_handler=about)
    if found is None:
        once = f"nobody:{place.compound_id}:{turn.desk.now:%y%m%d}"
        facts: dict[str, object] = {"compound": place.compound_id}
        turn.desk.tell_operator("operator.nobody_responsible", facts, dedupe_key=once)
        put_question(turn, "refusals.nobody_responsible", ((pick("send", "send"),),))
        return
    handler = await turn.store.people.details(found.holder.person_id)
    facts = {
        "text": data.get("text", ""),
        "photos": len(data.get("photos", ())),
        "voices": len(data.get("voices", ())),
        "category": category.key,
        "place": await turn.desk.place_facts(place),
        "handler": handler.name,
        "handler_post": found.holder.kind.value,
        "empty": [step.kind.value for step in found.skipped if step.why == "empty"],
        "about_handler": about,
        "is_private": category.is_private or about,
        "for_whom": await for_whom(turn),
    }
    choices = (
        (pick("send", "send"),),
        (pick("change_place", "place"), pick("change_category", "category")),
        (pick("not_about_handler" if about else "about_handler", "about"),),
    )
    put_question(turn, "report.review", choices, facts)


async def _take_review(turn: Turn) -> str | None:
    data = turn.data
    if not turn.chosen:
        if not _add(turn):
            raise NotUnderstood("tap_or_write")
        return await _find_named(turn, turn.text) or "review"
    if turn.chosen[0] == "place":
        return "place"
    if turn.chosen[0] == "category":
        return "all_categories"
    if turn.chosen[0] == "about":
        remember(turn, about_handler=not data.get("about_handler"))
        return "review"
    if turn.chosen[0] != "send":
        raise NotUnderstood("tap_or_write")
    await _send(turn, data)
    return None


async def _send(turn: Turn, data: Mapping[str, Any]) -> None:
    report = Report(
        data.get("text", ""),
        data["category"],
        Place(*data["place"]),
        tuple(data.get("photos", ())),
        tuple(data.get("voices", ())),
        about_handler=bool(data.get("about_handler")),
    )
    proxy = data.get("proxy")
    if proxy:
        whom = Whom(
            proxy["unit"],
            proxy["source"],
            proxy.get("person"),
            proxy.get("name", ""),
            proxy.get("phone", ""),
        )
        issue = await enter(turn.desk, turn.person_id, whom, report)
    else:
        issue = await file(turn.desk, turn.person_id, report)
    facts = {
        **await facts_of(turn.desk, issue),
        "skipped": issue.reason["skipped"],
        "reachable": issue.reason["reachable"],
        "handler_phone": "" if issue.reason["reachable"] else await _shown_phone(turn, issue),
        "is_committee_told": any(
            holder.reachable for holder in committee_of(await turn.desk.holders(issue.place.compound_id))
        ),
        "reporter_approved": issue.reporter_approved,
        "for_whom": await for_whom(turn),
        "is_passed_on": await speaker_of(turn.desk, issue) == turn.person_id,
        "has_home": bool(await turn.store.people.residencies(turn.person_id)),
    }
    choices = ((choice("my_issues", "my.list"), choice("why_them", "issue.why", issue.id)),)
    finish(turn, "report.filed", facts, choices=choices)


async def _shown_phone(turn: Turn, issue: Issue) -> str:
    """The handler's phone if the contact card shows it."""
    handler, place = await turn.store.people.details(issue.handler_id), issue.place
    card = await turn.store.posts.contact_card(place.compound_id, place.building_id, turn.desk.rules.channel)
    shown = [line.phone for line in card if (line.kind, line.name) == (issue.handler_post, handler.name)]
    return next(iter(shown), "")


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
