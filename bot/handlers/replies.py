"""Ready words: offered where a leader is asked for some, and kept under /replies (L9)."""

from typing import Any

from bot.actions import replies as actions
from bot.actions.desk import Choice, Choices, choice
from bot.actions.replies import OCCASIONS, TEXT_MOST
from bot.conversation.dialog import Dialog, Step, begin, grid, pick, put_question, remember
from bot.conversation.turn import Turn
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.options import Press
from bot.domain.transitions import Action
from bot.handlers.residents import say_in_place
from bot.storage.issues import Issue
from bot.storage.replies import Template
from bot.texts import short

LABEL_MOST = 30
PAGE = 8
CARD = "replies"
READY = "ready"


# Where words are asked for -----------------------------------------------------------------------------


async def templates_for(turn: Turn, issue: Issue, action: Action) -> Choices:
    """Ready words to tap, for the handler; what is shown is kept in the dialog, as it would be said."""
    if action not in OCCASIONS or turn.person_id != issue.handler_id:
        return ()
    ready = await actions.offered(turn.desk, issue, turn.person_id, action, turn.locale)
    remember(turn, ready=ready)
    return [(pick("", READY, at, text=short(text, LABEL_MOST)),) for at, (_, text) in enumerate(ready)]


async def text_of(turn: Turn) -> str:
    """The ready words that were tapped; nothing where something else was."""
    ready: list[tuple[int, str]] = turn.data.get("ready", [])
    if len(turn.chosen) != 2 or turn.chosen[0] != READY:
        return ""
    at = turn.number(turn.chosen[1])
    if at >= len(ready):
        raise NotUnderstood("tap_one")
    template_id, text = ready[at]
    if template_id:
        await turn.store.replies.used(template_id, turn.desk.now)
    return text


# Keeping them ------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/replies: one's own ready words and the compound's."""
    await show_list(turn, "0")


async def show_list(turn: Turn, page: str) -> None:
    """So many of them, and the way to the others."""
    posts = await actions.compounds_of(turn.desk, turn.person_id)
    if not posts:
        raise Refused("template_not_yours")
    kept = [one for compound in posts for one in await turn.store.replies.of(compound, turn.person_id)]
    number = min(turn.number(page), max(0, len(kept) - 1) // PAGE)
    shown = kept[number * PAGE : (number + 1) * PAGE]
    rows: list[tuple[Choice, ...]] = [
        (Choice(Press("ready.show", (str(one.id),)), text=short(one.text, LABEL_MOST)),) for one in shown
    ]
    turning = [choice("page_before", "ready.list", number - 1)] if number else []
    if len(kept) > (number + 1) * PAGE:
        turning.append(choice("page_after", "ready.list", number + 1))
    if turning:
        rows.append(tuple(turning))
    for compound_id, is_committee in posts.items():
        name = (await turn.store.places.compound(compound_id)).name if len(posts) > 1 else ""
        rows.append((choice("ready_own", "ready.new", compound_id, "own", name=short(name, 14)),))
        if is_committee:
            rows.append((choice("ready_all", "ready.new", compound_id, "all", name=short(name, 14)),))
    facts = {"lines": [_line(one) for one in shown], "count": len(kept)}
    await say_in_place(turn, CARD, "replies.list", facts, rows)


def _line(template: Template) -> dict[str, object]:
    return {
        "occasion": template.action,
        "category": template.category,
        "is_of_all": template.person_id is None,
        "text": template.text,
    }


async def show(turn: Turn, template: str) -> None:
    """One of them, and what can be done with it."""
    found, is_own = await actions.seen(turn.desk, turn.person_id, turn.number(template))
    rows: list[tuple[Choice, ...]] = []
    if is_own:
        rows.append(
            (choice("change_words", "ready.edit", found.id), choice("ready_drop", "ready.drop", found.id))
        )
    rows.append((choice("ready_list", "ready.list", 0),))
    await say_in_place(turn, CARD, "replies.one", _line(found), rows)


async def drop(turn: Turn, template: str) -> None:
    """刪掉"""
    await actions.drop(turn.desk, turn.person_id, turn.number(template))
    await show_list(turn, "0")


async def edit(turn: Turn, template: str) -> None:
    """改內容"""
    found, is_own = await actions.seen(turn.desk, turn.person_id, turn.number(template))
    if not is_own:
        raise Refused("template_not_yours")
    await begin(turn, DIALOG, "words", template=found.id, occasion=found.action)


async def new(turn: Turn, compound: str, scope: str) -> None:
    """新增, for oneself or for everybody in charge"""
    posts = await actions.compounds_of(turn.desk, turn.person_id)
    compound_id = turn.number(compound)
    if scope not in ("own", "all"):
        raise Refused("bad_button")
    if compound_id not in posts or (scope == "all" and not posts[compound_id]):
        raise Refused("template_not_yours")
    await begin(turn, DIALOG, "occasion", compound=compound_id, of_all=scope == "all")


async def _ask_occasion(turn: Turn) -> None:
    picks = [
        pick("", one.value, text=turn.desk.texts.words(turn.locale, f"deeds.{one.value}"))
        for one in OCCASIONS
    ]
    put_question(turn, "replies.occasion", grid(picks, 2))


async def _take_occasion(turn: Turn) -> str:
    if turn.chosen not in [(one.value,) for one in OCCASIONS]:
        raise NotUnderstood("tap_one")
    remember(turn, occasion=turn.chosen[0])
    return "category"


async def _ask_category(turn: Turn) -> None:
    names = [
        pick("", key, text=turn.desk.texts.words(turn.locale, f"categories.{key}"))
        for key in turn.desk.rules.categories
    ]
    put_question(turn, "replies.category", [(pick("every_category", "_all"),), *grid(names, 2)])


async def _take_category(turn: Turn) -> str:
    if len(turn.chosen) != 1 or turn.chosen[0] not in ("_all", *turn.desk.rules.categories):
        raise NotUnderstood("tap_one")
    remember(turn, category="" if turn.chosen[0] == "_all" else turn.chosen[0])
    return "words"


async def _ask_words(turn: Turn) -> None:
    facts = {"occasion": turn.data["occasion"], "most": TEXT_MOST}
    put_question(turn, "replies.words", (), facts, numbers_pick=False)


async def _take_words(turn: Turn) -> str | None:
    if turn.chosen or turn.incoming.kind != "text" or not turn.text:
        raise NotUnderstood("text_needed")
    data: dict[str, Any] = turn.data
    try:
        if "template" in data:
            await actions.change(turn.desk, turn.person_id, data["template"], turn.text)
        else:
            await actions.add(
                turn.desk,
                turn.person_id,
                data["compound"],
                data["category"],
                data["occasion"],
                turn.text,
                of_all=data["of_all"],
            )
    except Refused as no:
        if no.reason == "template_too_long":
            raise NotUnderstood(no.reason, **no.facts) from None
        turn.refuse(no)
        return None
    await show_list(turn, "0")
    return None


DIALOG = Dialog(
    "replies",
    {
        "occasion": Step(_ask_occasion, _take_occasion),
        "category": Step(_ask_category, _take_category),
        "words": Step(_ask_words, _take_words),
    },
)
