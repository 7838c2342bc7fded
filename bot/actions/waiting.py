"""What waits: for the reporter's answer, for an office outside, for the day it was put off to."""

from collections.abc import Awaitable, Callable, Mapping

from bot.actions.cards import card_choices, reporter_choices, roles_of, speaker_of, tell_about, tell_reporter
from bot.actions.clocks import ASK_AGAIN, ASK_AGAIN_AFTER, UNANSWERED_AFTER, WAKE
from bot.actions.desk import Desk, choice
from bot.actions.issues import act, stand_in
from bot.domain.transitions import Action, State
from bot.storage.issues import Due, Issue, Notice

OUTSIDE = ("property", "subdistrict", "hotline")
"""The offices an issue is mostly referred to; any other goes by its name."""


async def _wake(desk: Desk, issue: Issue, _due: Due) -> None:
    """Ask there again, or begin: the day has come. Whoever holds no post any more hands it on instead."""
    if await stand_in(desk, issue) != issue:
        return
    if issue.state == State.WAITING_EXTERNAL:
        await act(desk, issue.id, None, Action.FOLLOW_UP)
        await _notify(desk, issue, issue.handler_id, "follow_up")
    else:
        await act(desk, issue.id, None, Action.RESUME)
        await _notify(desk, issue, issue.handler_id, "begins")
        await _notify(desk, issue, await speaker_of(desk, issue), "begun")


async def _ask_again(desk: Desk, issue: Issue, due: Due) -> None:
    """One reminder of the question, then back to the handler without an answer; never closed as solved."""
    speaker = await speaker_of(desk, issue)
    if due.stage == 0:
        await act(desk, issue.id, None, Action.ASK_AGAIN)
        await _notify(desk, issue, speaker, "ask_again")
        at = due.due_at + UNANSWERED_AFTER - ASK_AGAIN_AFTER
        await desk.store.dues.put(issue.id, ASK_AGAIN, at, 1)
    else:
        await act(desk, issue.id, None, Action.RETURN_UNANSWERED)
        await _notify(desk, issue, issue.handler_id, "unanswered")
        await _notify(desk, issue, speaker, "went_on")


DUES: Mapping[str, tuple[frozenset[State], Callable[[Desk, Issue, Due], Awaitable[None]]]] = {
    WAKE: (frozenset((State.WAITING_EXTERNAL, State.SCHEDULED)), _wake),
    ASK_AGAIN: (frozenset((State.WAITING_REPORTER,)), _ask_again),
}
"""What is done for these kinds of due times, and in which states."""


async def _notify(desk: Desk, issue: Issue, person_id: int, topic: str) -> None:
    """Have somebody told outside the quiet hours, in one message with whatever else waits for them."""
    quiet = desk.rules.quiet_hours(await desk.timezone(issue.place.compound_id))
    release_at = quiet.release(desk.now, issue.urgency)
    await desk.store.notices.put(person_id, issue.id, topic, 0, {}, desk.now, release_at)


async def _tell_handler(desk: Desk, issue: Issue, notice: Notice) -> None:
    if notice.topic == "follow_up" and issue.wake_at is not None:
        return  # They have put it off again since.
    choices = card_choices(issue, notice.person_id, await roles_of(desk, issue, notice.person_id))
    rows = choices[:3] if notice.topic == "follow_up" else choices[:1]
    rows = (*rows, (choice("open_card", "issue.show", issue.id),))
    once = f"notice:{notice.id}"
    message = f"waiting.{notice.topic}"
    await tell_about(desk, issue, notice.person_id, message, choices=rows, dedupe_key=once)


async def _tell_reporter(desk: Desk, issue: Issue, notice: Notice) -> None:
    rows = (await reporter_choices(desk, issue))[:1]
    once = f"notice:{notice.id}"
    await tell_reporter(desk, issue, f"waiting.{notice.topic}", choices=rows, dedupe_key=once)


TOLD: Mapping[str, Callable[[Desk, Issue, Notice], Awaitable[None]]] = {
    "follow_up": _tell_handler,
    "begins": _tell_handler,
    "unanswered": _tell_handler,
    "begun": _tell_reporter,
    "ask_again": _tell_reporter,
    "went_on": _tell_reporter,
}
"""How what has come due is told where it is the only news of an issue; the topics of notices."""
