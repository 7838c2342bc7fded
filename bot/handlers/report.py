"""Reporting an issue: send anything first, the bot asks only for what is missing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.actions.cards import facts_of, speaker_of
from bot.actions.desk import Choice, Choices, choice
from bot.actions.issues import Report, file, foresee
from bot.actions.proxies import Whom, enter
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.addresses import find_places
from bot.domain.categories import (
    Category,
    Guess,
    clearest,
    guess,
    is_chatter,
    is_courtesy,
    looks_like_report,
    names_matter,
    outside_matter,
)
from bot.domain.errors import NotUnderstood
from bot.domain.posts import Place, committee_of
from bot.domain.privacy import Level
from bot.handlers import alike, places, restrictions
from bot.handlers.gathering import READ_MOST, add, joined, note_said
from bot.storage.issues import Issue

LIKELY = 3


# Starting ----------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/report, or the big button: with words after it they are the report."""
    await restrictions.remind(turn)
    if turn.text and turn.incoming.command == "report":
        await begin(turn, DIALOG, "category", **joined(turn, {}))
    else:
        await begin(turn, DIALOG, "words")


async def from_message(turn: Turn) -> None:
    """Whatever a person sends without being asked: a report if it may be one, never a hole."""
    if turn.incoming.kind == "other" and not turn.text:
        turn.is_understood = False
        turn.say("menu.cannot_read", menu=True)
        return
    if turn.incoming.kind == "text" and is_chatter(turn.text):
        # Thanks are understood; who only says 嗯 may not know what to do.
        turn.is_understood = is_courtesy(turn.text)
        turn.say("menu.chatter", menu=True)
        return
    await restrictions.remind(turn)
    data = joined(turn, {})
    await begin(turn, DIALOG, "category" if _seems_a_report(turn, data) else "is_it", **data)


def _seems_a_report(turn: Turn, data: Mapping[str, Any]) -> bool:
    return bool(data["photos"] or data["voices"]) or tells_of_trouble(turn, data["text"])


def tells_of_trouble(turn: Turn, text: str) -> bool:
    """Whether these words bring a matter, and no small talk."""
    return looks_like_report(_guesses(turn, text), text)


def brings_matter(turn: Turn, text: str) -> bool:
    """Whether these words bring a matter where a name or a home was asked for: it may be long and be none."""
    homes = [place for place in find_places(text) if place.building and place.room]
    if homes:
        return names_matter((), homes[0].leftover)
    return names_matter(_guesses(turn, text), text)


def _guesses(turn: Turn, text: str) -> tuple[Guess, ...]:
    return guess(text[:READ_MOST], tuple(turn.desk.rules.categories.values()))


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
    if not add(turn):
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
    if not add(turn):
        raise NotUnderstood("text_needed")
    return "category"


# Category ----------------------------------------------------------------------------------------------


async def _ask_category(turn: Turn) -> None:
    """The likeliest categories, one to a row; without words to guess from, all of them."""
    text = turn.data.get("text", "")[:READ_MOST]
    if turn.is_elder and await _pass_over(turn, text):
        return
    if not text:
        await _ask_all_categories(turn)
        return
    rows = [(_named(turn, found.category),) for found in _guesses(turn, text)[:LIKELY] if found.score > 0]
    last = (pick("other_categories", "_all"), pick("no_report", "_none"))
    _put_categories(turn, (*rows, last), is_outside=outside_matter(text))


async def _pass_over(turn: Turn, text: str) -> bool:
    """In simple mode what is clear is not asked, nor what only a voice or a picture tells."""
    category = clearest(_guesses(turn, text)) if text else turn.desk.rules.categories.get("other")
    if category is None or turn.dialog is None or turn.data.get("asks"):
        return False
    remember(turn, category=category.key, is_private=None)
    if not text:
        await places.take_home(turn)
    step = await _after_category(turn, category)
    turn.dialog = replace(turn.dialog, step=step)
    await DIALOG.steps[step].ask(turn)
    return True


async def _ask_all_categories(turn: Turn) -> None:
    offered = [category for category in turn.desk.rules.categories.values() if not category.hidden]
    names = [_named(turn, category) for category in offered]
    _put_categories(turn, grid(names, 2), is_outside=False)


def _named(turn: Turn, category: Category) -> Choice:
    return pick("", category.key, text=plain(turn.render(f"categories.{category.key}")))


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
        if add(turn):
            return "category"
        raise NotUnderstood("tap_or_write")
    key = turn.chosen[0]
    if key == "_all":
        return "all_categories"
    if key == "_none":
        finish(turn, "report.not_a_report")
        return None
    category = turn.desk.rules.categories.get(key)
    if category is None or category.hidden:
        raise NotUnderstood("no_such_category")
    remember(turn, category=key, is_private=None)
    return await _after_category(turn, category)


async def _after_category(turn: Turn, category: Category) -> str:
    """Where it is comes next; once that is known, what was reported already comes before the review (R6)."""
    step = await places.after_category(turn, category)
    return await alike.before_review(turn) if step == "review" else step


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
        "is_private": alike.is_private(turn),
        "shown_as": await _shown_as(turn),
        "households": await alike.households_alike(turn),
        "for_whom": await for_whom(turn),
    }
    if turn.is_elder:
        rows = [(pick("send", "send"),)]
        rows += [(pick("see_alike", "alike"),)] if facts["households"] else []
        rows += [(pick("wrong_category", "category"),), (pick("wrong_place", "place"),)]
        rows.append((pick("not_about_handler" if about else "about_handler", "about"),))
        put_question(turn, "report.review", rows, facts)
        return
    private = pick("open_to_neighbours" if facts["is_private"] else "keep_private", "private")
    seen_by = pick("name_seen_by", "seen_by", shown_as=facts["shown_as"])
    choices = (
        (pick("send", "send"),),
        *(((pick("see_alike", "alike"),),) if facts["households"] else ()),
        (pick("change_place", "place"), pick("change_category", "category")),
        # Who is complained about sees nothing of it anyway; for another nobody says who sees them.
        tuple(one for one, is_there in ((private, not about), (seen_by, not data.get("proxy"))) if is_there),
        (pick("not_about_handler" if about else "about_handler", "about"),),
    )
    put_question(turn, "report.review", choices, facts)


async def _shown_as(turn: Turn) -> str:
    """Who is to see the reporter's name on this one: as was tapped, or as in /me (R14)."""
    chosen: str | None = turn.data.get("shown_as")
    return chosen or await turn.store.privacy.shown_as(turn.person_id)


async def _take_review(turn: Turn) -> str | None:
    data = turn.data
    if not turn.chosen:
        if not add(turn):
            raise NotUnderstood("tap_or_write")
        named = await places.find_named(turn, turn.text) or "review"
        return await alike.before_review(turn) if named == "review" else named
    if turn.chosen[0] == "place":
        return "place"
    if turn.chosen[0] == "category":
        remember(turn, asks=True)
        return "category" if turn.is_elder else "all_categories"
    if turn.chosen[0] == "about":
        remember(turn, about_handler=not data.get("about_handler"))
        return "review"
    if turn.chosen[0] == "private":
        remember(turn, is_private=not alike.is_private(turn))
        return "review"
    if turn.chosen[0] == "seen_by" and not data.get("proxy"):
        levels = list(Level)
        remember(turn, shown_as=levels[(levels.index(Level(await _shown_as(turn))) + 1) % len(levels)].value)
        return "review"
    if turn.chosen[0] == "alike" and data.get("is_alike"):
        return "alike"
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
        is_private=data.get("is_private"),
        shown_as=data.get("shown_as"),
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
    await note_said(turn, issue, data)
    finish(turn, "report.filed", facts, choices=choices, issue_id=issue.id)


async def _shown_phone(turn: Turn, issue: Issue) -> str:
    """The handler's phone if the contact card shows it."""
    handler, place = await turn.store.people.details(issue.handler_id), issue.place
    card = await turn.store.posts.contact_card(place.compound_id, place.building_id, turn.desk.rules.channel)
    shown = [line.phone for line in card if (line.kind, line.name) == (issue.handler_post, handler.name)]
    return next(iter(shown), "")


def _to_review(answer: Callable[[Turn], Awaitable[str | None]]) -> Callable[[Turn], Awaitable[str | None]]:
    """On the way to the review, what was reported already comes first (R6)."""

    async def take(turn: Turn) -> str | None:
        step = await answer(turn)
        return await alike.before_review(turn) if step == "review" else step

    return take


DIALOG = Dialog(
    "report",
    {
        "is_it": Step(_ask_is_it, _take_is_it),
        "words": Step(_ask_words, _take_words),
        "category": Step(_ask_category, _take_category),
        "all_categories": Step(_ask_all_categories, _take_category),
        "compound": Step(places.ask_compound, _to_review(places.take_compound)),
        "place": Step(places.ask_place, _to_review(places.take_place)),
        "elsewhere": Step(places.ask_elsewhere, _to_review(places.take_place)),
        "pick_place": Step(places.ask_pick_place, _to_review(places.take_place)),
        "alike": Step(alike.ask_alike, alike.take_alike),
        "review": Step(_ask_review, _take_review),
    },
)
