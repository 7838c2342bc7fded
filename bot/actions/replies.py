"""Ready words for what leaders say again and again (L9): their own, the compound's, and what comes along."""

import re
from collections.abc import Sequence

from bot.actions.cards import facts_of
from bot.actions.desk import Desk
from bot.domain.errors import Refused
from bot.domain.posts import COMMITTEE
from bot.domain.transitions import Action
from bot.storage.issues import Issue
from bot.storage.replies import Template
from bot.texts import LOCALES

OCCASIONS = (Action.REPLY, Action.REQUEST_INFO, Action.RESOLVE, Action.DECLINE, Action.REFER)
"""Where ready words are offered."""
OFFERED_MOST = 4
TEXT_MOST = 300
_BLANK = re.compile(r"[\[【{](\w{1,10})[\]】}]")
KEPT_MOST = 20
"""So many of each may be kept: one's own in a compound, and the compound's."""


async def offered(
    desk: Desk, issue: Issue, person_id: int, action: Action, locale: str
) -> list[tuple[int, str]]:
    """Ready words as they would be said about this issue, each with its id; 0 for what comes along."""
    facts = await facts_of(desk, issue)
    values = (
        issue.number,
        desk.texts.words(locale, "replies.place", place=facts["place"]),
        desk.texts.words(locale, "replies.date", now=desk.now, timezone=facts["timezone"]),
    )
    known = await desk.store.replies.fitting(
        issue.place.compound_id, person_id, issue.category, action.value, OFFERED_MOST
    )
    ready = [(one.id, _filled(desk, one.text, values)) for one in known]
    along = desk.texts.words(locale, "replies.defaults", occasion=action.value, category=issue.category)
    return [*ready, *((0, line.strip()) for line in along.splitlines() if line.strip())][:OFFERED_MOST]


def _filled(desk: Desk, text: str, values: Sequence[str]) -> str:
    """The text with its [编号], 【place】 or {date} filled in, in whichever language they were written."""
    known: dict[str, str] = {}
    for locale in LOCALES:
        known |= zip(desk.texts.words(locale, "replies.placeholders").split("|"), values, strict=True)
    return _BLANK.sub(lambda found: known.get(found[1].lower(), found[0]), text)


async def compounds_of(desk: Desk, person_id: int) -> dict[int, bool]:
    """The compounds somebody holds a post in, and whether they are of its committee."""
    found: dict[int, bool] = {}
    for held in await desk.store.posts.of_person(person_id):
        found[held.compound_id] = found.get(held.compound_id, False) or held.kind in COMMITTEE
    return found


async def add(
    desk: Desk, person_id: int, compound_id: int, category: str, action: str, text: str, *, of_all: bool
) -> Template:
    """Keep ready words, for oneself or `of_all` for the compound.

    Refusals: `template_not_yours`, `too_many_templates`, `bad_answer`, `no_such_category`, those of the text.
    """
    posts = await compounds_of(desk, person_id)
    if compound_id not in posts or (of_all and not posts[compound_id]):
        raise Refused("template_not_yours")
    if action not in OCCASIONS:
        raise Refused("bad_answer")
    if category and category not in desk.rules.categories:
        raise Refused("no_such_category")
    owner = None if of_all else person_id
    kept = [one for one in await desk.store.replies.of(compound_id, person_id) if one.person_id == owner]
    if len(kept) >= KEPT_MOST:
        raise Refused("too_many_templates", most=KEPT_MOST)
    text = _clean(text)
    template_id = await desk.store.replies.add(compound_id, owner, category, action, text, desk.now)
    return Template(template_id, compound_id, owner, category, action, text)


def _clean(text: str) -> str:
    text = " ".join(text.split())
    if not text:
        raise Refused("text_needed")
    if len(text) > TEXT_MOST:
        raise Refused("template_too_long", most=TEXT_MOST)
    return text


async def seen(desk: Desk, person_id: int, template_id: int) -> tuple[Template, bool]:
    """Ready words that are somebody's to use, and whether also to change. Refusals: `no_such_template`."""
    found = await desk.store.replies.get(template_id)
    posts = await compounds_of(desk, person_id)
    if found is None or found.compound_id not in posts or found.person_id not in (None, person_id):
        raise Refused("no_such_template")
    return found, found.person_id is not None or posts[found.compound_id]


async def _own(desk: Desk, person_id: int, template_id: int) -> Template:
    found, is_own = await seen(desk, person_id, template_id)
    if not is_own:
        raise Refused("template_not_yours")
    return found


async def change(desk: Desk, person_id: int, template_id: int, text: str) -> None:
    """Say it otherwise. Refusals: those of `seen`, `template_not_yours`, those of the text."""
    found = await _own(desk, person_id, template_id)
    await desk.store.replies.change(found.id, _clean(text), desk.now)


async def drop(desk: Desk, person_id: int, template_id: int) -> None:
    """Offer it no more. Refusals: those of `seen`, `template_not_yours`."""
    found = await _own(desk, person_id, template_id)
    await desk.store.replies.drop(found.id)
