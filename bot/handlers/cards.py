"""One tap on an issue, or a look at it, by its handler, its reporter or the committee."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.actions.cards import (
    RATINGS,
    bring_down,
    facts_for,
    facts_of,
    for_whom,
    history_for,
    is_reporters,
    may_read_notes,
    may_see,
    redraw,
    redraw_verdict,
    reporter_choices,
    roles_of,
    seen_of,
    show_photos,
    speaker_of,
    verdict_key,
)
from bot.actions.clocks import UNDONE
from bot.actions.desk import choice
from bot.actions.issues import act
from bot.actions.privacy import shown_reporter
from bot.actions.restrictions import may_restrict_reporter
from bot.actions.tellings import Said
from bot.actions.threads import words_before
from bot.conversation.dialog import grid
from bot.conversation.turn import Turn
from bot.domain.errors import Refused
from bot.domain.proxies import ASKED
from bot.domain.transitions import Action, Role, State
from bot.storage.issues import Event, Issue
from bot.texts import pieces

HISTORY_MOST = 30
PIECE_MOST = 4000
"""UTF-16 units of a report in one message of 4096, which its number stands above (card.text)."""


async def visible(turn: Turn, issue_id: str) -> Issue:
    """The issue of a payload, if this person may see it; otherwise it does not exist for them."""
    issue = await turn.store.issues.get(turn.number(issue_id))
    if issue is None or not await may_see(turn.desk, issue, turn.person_id):
        raise Refused("no_such_issue")
    return issue


async def do(turn: Turn, issue_id: str, action: Action, said: Said | None = None) -> Issue | None:
    """Do it, or answer a stale tap."""
    return await unless_stale(
        turn, issue_id, lambda number: act(turn.desk, number, turn.person_id, action, said)
    )


async def unless_stale(turn: Turn, issue_id: str, deed: Callable[[int], Awaitable[Issue]]) -> Issue | None:
    """Do it; a stale tap is answered with who already did what, and the card is redrawn (C6): then None."""
    number = turn.number(issue_id)
    try:
        async with turn.attempt():
            return await deed(number)
    except Refused as no:
        await _answer_stale(turn, number, no)
        return None


async def _answer_stale(turn: Turn, number: int, no: Refused) -> None:
    issue = await turn.store.issues.get(number)
    last = await turn.store.issues.last_change(number)
    if issue is None or last is None or last.action == "file" or not await _is_stale(turn, issue, no):
        if issue is not None and not await may_see(turn.desk, issue, turn.person_id):
            # As for a number that was never given: whose it is not learns nothing.
            raise Refused("no_such_issue")
        raise no
    by = await _name_of(turn, issue, last.actor_id) if last.actor_id else ""
    timezone = await turn.desk.timezone(issue.place.compound_id)
    facts = {"by": by, "action": last.action, "at": last.at, "state": issue.state.value, "timezone": timezone}
    turn.refuse(Refused("stale", **facts))
    roles = await roles_of(turn.desk, issue, turn.person_id)
    if Role.REPORTER in roles:
        await redraw_verdict(turn.desk, issue)
    if roles != {Role.REPORTER}:
        await redraw(turn.desk, issue, turn.person_id)


async def _name_of(turn: Turn, issue: Issue, actor_id: int) -> str:
    """Who did something to an issue by name, unless they reported it and wish not to be seen so (R14)."""
    if actor_id == issue.reporter_id:
        return await shown_reporter(turn.desk, issue, turn.person_id)
    return (await turn.store.people.details(actor_id)).name


async def _is_stale(turn: Turn, issue: Issue, no: Refused) -> bool:
    if no.reason == "not_yours" and issue.handler_id != turn.person_id:
        # Once it was theirs: the card they tap is from then.
        history = await turn.store.issues.history(issue.id)
        return any(event.facts.get("handler") == turn.person_id for event in history)
    return no.reason in ("already_done", "not_now")


# One tap ------------------------------------------------------------------------------------------------


async def accept(turn: Turn, issue: str) -> None:
    """接單"""
    if await do(turn, issue, Action.ACCEPT):
        turn.toast("card.accepted")


async def confirm(turn: Turn, issue: str) -> None:
    """已解決"""
    await do(turn, issue, Action.CONFIRM)


async def vouch(turn: Turn, issue: str, how: str) -> None:
    """已解決, says who speaks for the reporter: how they asked"""
    if how not in ASKED:
        raise Refused("bad_button")
    await do(turn, issue, Action.CONFIRM, Said(how=how))


async def rate(turn: Turn, issue: str, rating: str) -> None:
    """滿意 / 基本滿意 / 不滿意"""
    if rating not in RATINGS:
        raise Refused("bad_button")
    await do(turn, issue, Action.RATE, Said(how=rating))


async def nudge(turn: Turn, issue: str) -> None:
    """催辦"""
    done = await do(turn, issue, Action.NUDGE)
    if done:
        name = (await turn.store.people.details(done.handler_id)).name
        turn.toast("my.nudged", handler=name, is_heard=await is_heard(turn, done))


# Showing ------------------------------------------------------------------------------------------------


async def show(turn: Turn, issue: str) -> None:
    """Bring the card down to the end of the chat; the one above points here."""
    found = await visible(turn, issue)
    speaker = await speaker_of(turn.desk, found)
    # Whoever speaks for another answers for them, also where the handling is their own.
    answers = speaker != found.reporter_id and found.state not in UNDONE
    if turn.person_id != speaker or (found.handler_id == turn.person_id and not answers):
        await bring_down(turn.desk, found, turn.person_id)
        return
    choices = await reporter_choices(turn.desk, found)
    if turn.person_id == found.reporter_id:
        choices = (*choices, (choice("seen_by", "issue.seen_by", found.id),))
    facts = {**await facts_of(turn.desk, found), "for_whom": await for_whom(turn.desk, found, turn.person_id)}
    turn.say("my.issue", facts, choices=choices, card_key=verdict_key(found.id), issue_id=found.id)


async def why(turn: Turn, issue: str) -> None:
    """Who has it, and the whole reasoning."""
    found = await visible(turn, issue)
    turn.say("card.why", {**await facts_for(turn.desk, found, turn.person_id), "reason": found.reason})


async def history(turn: Turn, issue: str) -> None:
    """Everything that happened, oldest first, by post rather than by name."""
    found = await visible(turn, issue)
    events = await history_for(turn.desk, found, turn.person_id)
    lines = [
        {
            "at": event.at,
            "action": event.action,
            "was": words_before(events, event),
            "text": (event.text if event.action != "file" else "") or event.facts.get("merged", ""),
            **_changed(event),
            "by": "clock"
            if event.actor_id is None
            else "neighbour"
            if event.action in (Action.FOLLOW, Action.UNFOLLOW)
            else "proxy"
            if "by_proxy" in event.facts
            else "reporter"
            if is_reporters(event, found)
            else "handler",
        }
        for event in events[-HISTORY_MOST:]
    ]
    turn.say("card.history", {**await facts_of(turn.desk, found), "lines": lines})


def _changed(event: Event) -> dict[str, object]:
    """What an action was about beside its words: from and to which urgency, to whom, until when."""
    until = event.facts.get("until")
    return {
        "was_urgency": event.facts.get("from", ""),
        "how": event.facts.get("how", ""),
        "until": datetime.fromisoformat(until) if until else None,
    }


async def outward(turn: Turn, issue: str) -> None:
    """The text the committee can send to the property company, the subdistrict or 12345."""
    found = await visible(turn, issue)
    if Role.COMMITTEE not in await roles_of(turn.desk, found, turn.person_id):
        raise Refused("not_yours")
    if found.state not in UNDONE:
        await _answer_stale(turn, found.id, Refused("not_now"))
        return
    facts = {"open_for": turn.desk.now - found.filed_at, "rung": None}
    turn.say("reminders.outward", {**await facts_of(turn.desk, found), **facts})


async def photos(turn: Turn, issue: str) -> None:
    """The photos once more."""
    found = await visible(turn, issue)
    if not await show_photos(turn.desk, found, turn.person_id):
        raise Refused("no_photos")


async def whole_text(turn: Turn, issue: str) -> None:
    """The report in full, in as many messages as it takes."""
    found = await visible(turn, issue)
    if found.erased_at is not None:
        raise Refused("words_erased")
    _, text = await seen_of(turn.desk, found, turn.person_id)
    parts = pieces(text, PIECE_MOST)
    for part, text in enumerate(parts, 1):
        turn.say("card.text", {"number": found.number, "text": text, "part": part, "parts": len(parts)})


async def more(turn: Turn, issue: str) -> None:
    """What a handler rarely needs."""
    found = await visible(turn, issue)
    roles = await roles_of(turn.desk, found, turn.person_id)
    is_handler = Role.HANDLER in roles
    wanted: list[tuple[str, str]] = []
    if found.state in UNDONE and (is_handler or Role.COMMITTEE in roles):
        wanted.append(("change_urgency", "urgency"))
    if found.state in UNDONE and is_handler:
        wanted.append(("ask_help", "ask_help"))
    if found.state == State.WAITING_EXTERNAL and is_handler:
        wanted += (("refer_elsewhere", "refer"), ("outward", "letter"))
    if may_read_notes(roles):
        wanted.append(("notes", "notes"))
    wanted += (("history", "history"), ("photos", "photos"), ("why_me" if is_handler else "why_them", "why"))
    if found.state == State.ACCEPTED and is_handler:
        wanted.append(("decline", "decline"))
    if found.state in (State.OPEN, State.ACCEPTED) and is_handler:
        wanted += (("reject", "reject"), ("duplicate", "duplicate"))
    rows = grid([choice(label, f"issue.{verb}", found.id) for label, verb in wanted], 2)
    if is_handler:
        rows = (*rows, (choice("ready_more", "ready.list", 0),))
    if await may_restrict_reporter(turn.desk, turn.person_id, found):
        rows = (*rows, (choice("report_abuse", "restrict.issue", found.id),))
    turn.say("card.more", {"number": found.number}, choices=rows)


async def is_heard(turn: Turn, issue: Issue) -> bool:
    """Whether the bot can write to the other side of the talk; who speaks for both sides is no other."""
    speaker = await speaker_of(turn.desk, issue)
    other = issue.handler_id if turn.person_id == speaker else speaker
    return other != turn.person_id and await turn.desk.addressee(other) is not None
