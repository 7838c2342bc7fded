"""Dialogs: questions that survive a restart. Cancel, back, expiry and old buttons are solved here, once."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.actions.desk import Choice, Choices, choice
from bot.conversation.turn import PROMPT, Turn
from bot.domain.errors import NotUnderstood
from bot.domain.folding import bare
from bot.domain.options import Option, Press
from bot.storage.dialogs import DialogState

EXPIRES_AFTER = timedelta(hours=24)
KIND = "d"
"""The kind of every option of a dialog: `d:<round>:<value>[:<value>]`; the round is the letter it answers."""
CANCEL, BACK = "_cancel", "_back"
PERSON = "elder.person"
"""The button by which somebody in simple mode asks for a person to talk to, under every question."""
ASIDE = "_aside"
"""Under this name a dialog's data holds options, as [label, payload], that stand under all its questions."""

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
    if turn.dialog.data.get("_trail") and not turn.is_elder:
        leave.insert(0, choice("back", KIND, BACK))
    stamped = [
        [replace(one, press=Press(KIND, (str(number), *one.press.arguments))) for one in row]
        for row in (*choices, leave)
    ]
    rows = turn.desk.rows(stamped, turn.locale)
    labels = [[option.label, option.id] for row in rows for option in row]
    beside = turn.dialog.data.get(ASIDE, ())
    aside: list[tuple[Option, ...]] = [(Option(label, option),) for label, option in beside]
    if turn.is_elder:
        aside += turn.desk.rows(((choice("big_person", PERSON),),), turn.locale)
        # Where only words are asked for, a number is one of them.
        numbers_pick = numbers_pick and bool(choices)
    asked = {"_options": labels, "_numbers_pick": numbers_pick}
    turn.dialog = replace(turn.dialog, round=number, data={**turn.dialog.data, **asked})
    turn.say(
        message,
        facts,
        options=(*rows, *aside),
        card_key=PROMPT,
        anew=not turn.edits_prompt,
        numbers_pick=numbers_pick,
    )


def finish(
    turn: Turn,
    message: str,
    facts: Mapping[str, object] | None = None,
    *,
    choices: Choices = (),
    issue_id: int | None = None,
) -> None:
    """Say how the dialog ended, in place of its last question where that was tapped."""
    anew = not turn.edits_prompt
    turn.say(message, facts, choices=choices, card_key=PROMPT, anew=anew, issue_id=issue_id)


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
            turn.edits_prompt = turn.is_understood = False
            turn.say(f"refusals.{hint.reason}", hint.facts)
            await current.ask(turn)
            return
        if turn.dialog is not None and turn.dialog.round == turn.letter_id:
            return  # The answer has begun another dialog, and its question has been put.
        if step is not None and step != state.step and step in trail:
            trail = trail[: trail.index(step)]
        elif step is not None and step != state.step:
            trail.append(state.step)
    if step is None:
        turn.dialog = None
    elif turn.dialog is not None:
        turn.dialog = replace(turn.dialog, step=step, data={**turn.dialog.data, "_trail": trail})
        await dialog.steps[step].ask(turn)


async def ask_again(turn: Turn, dialog: Dialog, *, anew: bool = False) -> None:
    """Put the open question once more where it stands, or `anew`: what it shows has been changed."""
    if turn.dialog is not None and turn.dialog.step in dialog.steps:
        turn.edits_prompt = not anew
        await dialog.steps[turn.dialog.step].ask(turn)


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
        if turn.is_elder:
            is_number = turn.numbered == Press.decode(option)
        else:
            is_number = said == str(place) and state.data.get("_numbers_pick", True)
        if said and (is_number or said == bare(label)):
            turn.chosen = Press.decode(option).arguments[1:]
            return


def is_current(turn: Turn, press: Press) -> bool:
    """Whether a pressed option belongs to the question that is open now."""
    return turn.dialog is not None and press.arguments[:1] == (str(turn.dialog.round),)
