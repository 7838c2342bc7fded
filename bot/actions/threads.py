"""The thread of an issue: what was said in which message, corrections, and the notes of those in charge."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.actions.cards import facts_of, may_read_notes, redraw, roles_of, speaker_of, tell_reporter
from bot.actions.desk import Desk, choice
from bot.actions.tellings import Deed, helper_facts
from bot.domain.errors import Refused
from bot.domain.transitions import BY_ACTION, Action, Given, Role, Standing, check
from bot.storage.issues import Event, Issue
from bot.storage.threads import Part

NOTE_MOST = 500
"""Characters of a note."""
TALKED_WITHIN = timedelta(days=3)
LIVE_MOST = 5
"""So long somebody's next words may belong to the talk about an issue, and to so many of them."""


# What was said in which message ------------------------------------------------------------------------


async def note_said(
    desk: Desk, chat: str, issue_id: int, actor_id: int, said: Sequence[tuple[int, str]]
) -> None:
    """Remember that somebody's last words on an issue were said in these messages, each with its own words.

    A reply to one of them is about the issue. Where their words together are those of the event, one that is
    edited corrects it.
    """
    history = await desk.store.issues.history(issue_id)
    last = next((event for event in reversed(history) if event.actor_id == actor_id), None)
    event_id = last.id if last is not None and last.text == _together(said) else None
    await desk.store.threads.note_parts(chat, issue_id, event_id, _parts(said), desk.now)


def _together(said: Sequence[tuple[int, str]]) -> str:
    return "\n".join(text for _, text in said if text)


def _parts(said: Sequence[tuple[int, str]]) -> list[Part]:
    """Where the words of each message stand among those of all, which a line break parts."""
    found, at = [], 0
    for message_id, text in said:
        found.append(Part(message_id, at, len(text)))
        at += len(text) + 1 if text else 0
    return found


async def live_for(desk: Desk, person_id: int) -> list[Issue]:
    """The issues somebody has lately talked about with their other side, or been asked; the latest first."""
    since = desk.now - TALKED_WITHIN
    found = []
    for issue_id in await desk.store.threads.talked_about(person_id, since, LIVE_MOST):
        issue = await desk.store.issues.get(issue_id)
        if issue is not None and may_speak(issue, await roles_of(desk, issue, person_id)):
            found.append(issue)
    return found


def may_speak(issue: Issue, roles: Collection[Role]) -> bool:
    """Whether somebody who is this to an issue can say something in its thread now."""
    row = BY_ACTION[Action.REPLY]
    return issue.state in row.sources and not set(row.who).isdisjoint(roles)


# Corrections -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Correction:
    """What the words of an event become when one of its messages says something else."""

    issue_id: int
    event_id: int
    before: str
    words: str
    parts: Sequence[Part]


async def correction(desk: Desk, chat: str, message_id: int, text: str) -> Correction | None:
    """What it means that this message says something else now; None where it was no words on an issue."""
    about = await desk.store.threads.about(chat, message_id)
    if about is None or about.event_id is None:
        return None
    before = _words_now(await desk.store.issues.history(about.issue_id), about.event_id)
    said = [
        (
            part.message_id,
            text if part.message_id == message_id else before[part.begins : part.begins + part.length],
        )
        for part in await desk.store.threads.parts(chat, about.event_id)
    ]
    return Correction(about.issue_id, about.event_id, before, _together(said), _parts(said))


def _words_now(history: Sequence[Event], event_id: int) -> str:
    """The words of an event as they were last corrected."""
    told = [event for event in history if event_id in (event.id, event.facts.get("corrects"))]
    return told[-1].text if told else ""


def words_before(history: Sequence[Event], event: Event) -> str:
    """What a correction put right: the words as they were until then; nothing for other events."""
    corrects = event.facts.get("corrects")
    return _words_now(history[: history.index(event)], corrects) if corrects else ""


async def correct(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """Put one's own words right; those of the report are the issue's."""
    history = await desk.store.issues.history(after.id)
    own = (event for event in history if event.actor_id == deed.actor_id and event.action != Action.CORRECT)
    event = next((event for event in own if event.id == deed.said.target), None)
    if event is None:
        raise Refused("not_yours")
    is_of_report = event.action == "file"
    deed.facts.update(corrects=event.id, is_of_report=is_of_report)
    return replace(after, text=deed.said.text) if is_of_report else after


async def _told_correction(desk: Desk, deed: Deed, after: Issue) -> None:
    """The other side reads it as it does the words themselves; the handler, edited once more, in place."""
    speaker, is_of_report = await speaker_of(desk, after), bool(deed.facts["is_of_report"])
    facts = {
        "words": deed.said.text,
        "is_of_report": is_of_report,
        "is_from_handler": deed.actor_id == after.handler_id,
        **await helper_facts(desk, after, None if deed.actor_id == speaker else deed.actor_id),
    }
    message = "threads.corrected"
    if after.handler_id != deed.actor_id:
        await desk.tell(
            after.handler_id,
            message,
            {**await facts_of(desk, after), **facts},
            choices=((choice("open_card", "issue.show", after.id),),),
            card_key=f"corrected:{deed.facts['corrects']}",
            anew=False,
            issue_id=after.id,
        )
    if speaker not in (deed.actor_id, after.handler_id) and not is_of_report:
        await tell_reporter(desk, after, message, facts)


TELLINGS: Mapping[Action, Callable[[Desk, Deed, Issue], Awaitable[None]]] = {Action.CORRECT: _told_correction}


# Notes -------------------------------------------------------------------------------------------------


async def expect_note(desk: Desk, issue_id: int, actor_id: int, text: str = "…") -> Issue:
    """The issue, if somebody may write a note about it. Refusals: `no_such_issue`, those of the table."""
    issue = await desk.store.issues.locked(issue_id)
    roles = await roles_of(desk, issue, actor_id) if issue is not None else set()
    if issue is None or not roles:
        raise Refused("no_such_issue")
    check(Action.NOTE, Standing(issue.state), roles, Given(text), desk.now)
    if not may_read_notes(roles):
        raise Refused("not_yours")
    return issue


async def note(desk: Desk, issue_id: int, actor_id: int, text: str) -> Issue:
    """Write something for the others in charge: it stands on their cards, and in no history.

    Refusals: those of `expect_note`, `note_too_long`.
    """
    text = text.strip()
    issue = await expect_note(desk, issue_id, actor_id, text)
    if len(text) > NOTE_MOST:
        raise Refused("note_too_long", most=NOTE_MOST)
    await desk.hush_by_night(issue.place.compound_id, issue.urgency)
    await desk.store.threads.add_note(issue_id, actor_id, text, desk.now)
    for person_id in {issue.handler_id, actor_id} | (await desk.store.issues.parts(issue_id))["helps"]:
        await redraw(desk, issue, person_id)
    return issue
