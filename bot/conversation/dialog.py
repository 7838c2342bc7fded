"""Dialogs: questions that survive a restart. Cancel, back, expiry and old buttons are solved here, once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.actions.desk import Choice, Choices, choice
from bot.conversation.turn import PROMPT, Turn
from bot.domain.errors import NotUnderstood
from bot.domain.folding import bare
from bot.domain.options import Press
from bot.storage.dialogs import DialogState

EXPIRES_AFTER = timedelta(hours=24)
KIND = "d"
"""The kind of every option of a dialog: `d:<round>:<value>[:<value>]`; the round is the letter it answers."""
CANCEL, BACK = "_cancel", "_back"

Ask = Callable[[Turn], Awaitable[None]]
Answer = Callable[[Turn], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Step:
    """One question: `ask` puts it, `answer` reads what came and names the next step, or None at the end.

    `answer` raises NotUnderstood to have the question put again.
    """

    ask: Ask
    answer: Answer


@dataclass(frozen=True, slots=True)
class Dialog:
    """Questions by name. A step that is gone after an upgrade ends the dialog with an apology."""

    name: str
    steps: Mapping[str, Step]


def pick(label: str, *values: object, text: str = "", **facts: object) -> Choice:
    """Something to tap at a question; the round is filled in when the question is put."""
    return Choice(Press(KIND, tuple(str(value) for value in values)), label=label, text=text, facts=facts)


def grid(picks: Sequence[Choice], columns: int) -> Choices:
    """The same in rows of so many."""
    return [tuple(picks[at : at + columns]) for at in range(0, len(picks), columns)]


def put_question(
    turn: Turn,
    message: str,
    choices: Choices = (),
    facts: Mapping[str, object] | None = None,
    *,
    numbers_pick: bool = True,
) -> None:
    """Show a question with its options, and with cancel (and back) under it; labels answer too.

    So do the options' numbers, except where a typed number may be the answer itself (`numbers_pick=False`).
    """
    if turn.dialog is None:
        raise LookupError("a question needs a dialog")
    number = turn.letter_id
    leave = [choice("cancel", KIND, CANCEL)]
    if turn.dialog.data.get("_trail"):
        leave.insert(0, choice("back", KIND, BACK))
    stamped = [
        [replace(one, press=Press(KIND, (str(number), *one.press.arguments))) for one in row]
        for row in (*choices, leave)
    ]
    rows = turn.desk.rows(stamped, turn.locale)
    labels = [[option.label, option.id] for row in rows for option in row]
    asked = {"_options": labels, "_numbers_pick": numbers_pick}
    turn.dialog = replace(turn.dialog, round=number, data={**turn.dialog.data, **asked})
    turn.say(message, facts, options=rows, card_key=PROMPT, anew=not turn.edits_prompt)


def finish(
    turn: Turn, message: str, facts: Mapping[str, object] | None = None, *, choices: Choices = ()
) -> None:
    """Say how the dialog ended, in place of its last question where that was tapped."""
    turn.say(message, facts, choices=choices, card_key=PROMPT, anew=not turn.edits_prompt)


def remember(turn: Turn, **data: Any) -> None:
    """Keep answers for the steps to come; values must be JSON."""
    if turn.dialog is not None:
        turn.dialog = replace(turn.dialog, data={**turn.dialog.data, **data})


def holds_words(state: DialogState) -> bool:
    """Whether somebody has begun to answer: who sees nothing of it again must not think it was sent."""
    return any(state.data.get(key) for key in ("_trail", "text", "photos", "voices"))


async def begin(turn: Turn, dialog: Dialog, step: str, **data: Any) -> None:
    """Start a dialog at a step; the question open before is dropped, and if that loses words it is said."""
    if turn.dialog is not None and holds_words(turn.dialog):
        turn.say("dialog.dropped")
    turn.dialog = DialogState(dialog.name, step, {**data, "_trail": []}, turn.letter_id)
    await dialog.steps[step].ask(turn)


async def proceed(turn: Turn, dialog: Dialog) -> None:
    """Give what came to the current step, and put the next question."""
    state = turn.dialog
    if state is None:
        return
    _choose(turn, state)
    if turn.chosen[:1] == (CANCEL,):
        turn.dialog = None
        finish(turn, "dialog.cancelled")
        return
    trail: list[str] = list(state.data.get("_trail", []))
    if turn.chosen[:1] == (BACK,):
        step: str | None = trail.pop() if trail else state.step
    else:
        current = dialog.steps[state.step]
        try:
            step = await current.answer(turn)
        except NotUnderstood as hint:
            turn.edits_prompt = False
            turn.say(f"refusals.{hint.reason}", hint.facts)
            await current.ask(turn)
            return
        if step is not None and step != state.step and step in trail:
            trail = trail[: trail.index(step)]
        elif step is not None and step != state.step:
            trail.append(state.step)
    if step is None:
        turn.dialog = None
    elif turn.dialog is not None:
        turn.dialog = replace(turn.dialog, step=step, data={**turn.dialog.data, "_trail": trail})
        await dialog.steps[step].ask(turn)


def _choose(turn: Turn, state: DialogState) -> None:
    """Find what was tapped: by button of this round, by its number, or by its words."""
    press = turn.incoming.press
    if press is not None:
        turn.chosen = press.arguments[1:]
        turn.edits_prompt = True
        return
    if turn.incoming.kind == "command" and turn.incoming.command == "cancel":
        turn.chosen = (CANCEL,)
        return
    if turn.incoming.kind != "text":
        return
    said = bare(turn.text)
    options: list[list[str]] = state.data.get("_options", [])
    for place, (label, option) in enumerate(options, 1):
        is_number = said == str(place) and state.data.get("_numbers_pick", True)
        if said and (is_number or said == bare(label)):
            turn.chosen = Press.decode(option).arguments[1:]
            return


def is_current(turn: Turn, press: Press) -> bool:
    """Whether a pressed option belongs to the question that is open now."""
    return turn.dialog is not None and press.arguments[:1] == (str(turn.dialog.round),)
