"""Finding an issue again: some words, a number, or a place."""

from bot.actions.cards import facts_for
from bot.actions.desk import choice
from bot.actions.search import FOUND_MOST, find
from bot.conversation.dialog import Dialog, Step, begin, put_question
from bot.conversation.turn import Turn
from bot.domain.errors import NotUnderstood
from bot.domain.folding import bigrams
from bot.handlers.lists import PAGE, numbers, pages_of, turning
from bot.handlers.residents import say_in_place

SAID_MOST = 48
"""Bytes of a query: it travels in the buttons that turn its pages."""


async def command(turn: Turn) -> None:
    """/find: with words behind it they are looked for at once."""
    if turn.incoming.kind == "command" and turn.text:
        await _show(turn, _handy(turn.text), 0)
    else:
        await ask(turn)


async def ask(turn: Turn) -> None:
    """🔍: what is to be found?"""
    await begin(turn, DIALOG, "words")


async def page(turn: Turn, page: str, said: str) -> None:
    """Another page of what was found; it is looked for anew."""
    await _show(turn, _handy(said), turn.number(page))


def _handy(said: str) -> str:
    """What was typed without what a button cannot carry, as far as it can."""
    words = " ".join(said.replace(":", " ").replace("：", " ").split())
    return words.encode("utf-8", "replace")[:SAID_MOST].decode("utf-8", "ignore").strip()


async def _show(turn: Turn, said: str, page: int) -> None:
    found = await find(turn.desk, turn.person_id, said)
    pages = pages_of(len(found), PAGE)
    number = min(page, pages - 1)
    shown = found[number * PAGE : (number + 1) * PAGE]
    lines = [await facts_for(turn.desk, issue, turn.person_id) for issue in shown]
    rows = [
        *numbers(shown, 3),
        *turning("find.page", page=number, pages=pages, after=(said,)),
        (choice("find_again", "find.ask"),),
    ]
    facts = {"said": said, "count": len(found), "is_cut": len(found) == FOUND_MOST, "lines": lines}
    await say_in_place(turn, "found", "lists.found", facts, rows)


async def _ask_words(turn: Turn) -> None:
    put_question(turn, "lists.ask_words", numbers_pick=False)


async def _take_words(turn: Turn) -> str | None:
    said = _handy(turn.text)
    if turn.incoming.kind != "text" or not bigrams(said):
        raise NotUnderstood("words_to_find")
    await _show(turn, said, 0)
    return None


DIALOG = Dialog("find", {"words": Step(_ask_words, _take_words)})
