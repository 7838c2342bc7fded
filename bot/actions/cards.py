"""What is shown of an issue, to whom, and with what to tap."""

from collections.abc import Mapping
from datetime import datetime

from bot.actions.clocks import UNDONE, clock_of, resolve_due
from bot.actions.desk import Choices, Desk, choice
from bot.domain.transitions import REOPEN_WITHIN, State
from bot.storage.issues import Issue


async def facts_of(desk: Desk, issue: Issue) -> dict[str, object]:
    """What the templates may say of an issue to anybody who may see it."""
    clock = await clock_of(desk, issue)
    handler = await desk.store.people.details(issue.handler_id)
    return {
        "number": issue.number,
        "category": issue.category,
        "urgency": issue.urgency,
        "state": issue.state.value,
        "text": issue.text,
        "place": await desk.place_facts(issue.place),
        "handler": handler.name,
        "handler_post": issue.handler_post,
        "timezone": await desk.timezone(issue.place.compound_id),
        "filed_at": issue.filed_at,
        "accept_due": clock.due() if issue.state == State.OPEN else None,
        "resolve_due": await resolve_due(desk, issue),
        "resolution": issue.resolution,
        "closed_how": issue.closed_how,
        "reopen_count": issue.reopen_count,
        "rating": issue.rating,
    }


async def tell_about(
    desk: Desk,
    issue: Issue,
    person_id: int,
    message: str,
    facts: Mapping[str, object] | None = None,
    *,
    choices: Choices = (),
    card_key: str | None = None,
    anew: bool = True,
    dedupe_key: str | None = None,
) -> bool:
    """Tell a person something about an issue, with all its facts at hand."""
    return await desk.tell(
        person_id,
        message,
        {**await facts_of(desk, issue), **(facts or {})},
        choices=choices,
        card_key=card_key,
        anew=anew,
        dedupe_key=dedupe_key,
    )


def card_key(issue_id: int) -> str:
    """Under which name a chat remembers the card of an issue."""
    return f"issue:{issue_id}"


def card_choices(issue: Issue, person_id: int) -> Choices:
    """What the handler can tap on the card in this state (L1)."""
    number = issue.id
    if person_id != issue.handler_id:
        return ()
    if issue.state == State.OPEN:
        return (
            (choice("accept", "issue.accept", number),),
            (choice("transfer", "issue.transfer", number), choice("decline", "issue.decline", number)),
            (choice("why_me", "issue.why", number), choice("more", "issue.more", number)),
        )
    if issue.state in UNDONE:
        return (
            (choice("resolve", "issue.resolve", number), choice("reply", "issue.reply", number)),
            (choice("transfer", "issue.transfer", number), choice("decline", "issue.decline", number)),
            (choice("why_me", "issue.why", number), choice("more", "issue.more", number)),
        )
    if issue.state == State.RESOLVED:
        return ((choice("reply", "issue.reply", number), choice("history", "issue.history", number)),)
    return ((choice("history", "issue.history", number),),)


async def card_facts(desk: Desk, issue: Issue, person_id: int) -> dict[str, object]:
    """What stands on the card: the matter, who reports, where it stands, and the last words exchanged."""
    reporter = await desk.store.people.details(issue.reporter_id)
    history = await desk.store.issues.history(issue.id)
    photos = [one for one in await desk.store.issues.attachments(issue.id) if one.action == "file"]
    talk = [event for event in history if event.text and event.action != "file"][-3:]
    return {
        **await facts_of(desk, issue),
        "reporter": reporter.name,
        "reporter_approved": issue.reporter_approved,
        "photos": len(photos),
        "is_mine": person_id == issue.handler_id,
        "talk": [
            {
                "from_reporter": event.actor_id == issue.reporter_id,
                "action": event.action,
                "text": event.text,
                "at": event.at,
            }
            for event in talk
        ],
    }


async def redraw(desk: Desk, issue: Issue, *, anew: bool = False, only: int | None = None) -> None:
    """Bring the handler's card (and those of earlier handlers) up to date; the same message is edited."""
    history = await desk.store.issues.history(issue.id) if only is None else []
    once = {event.actor_id for event in history if event.action in ("accept", "decline", "transfer")}
    for person_id in {issue.handler_id, *once} - {None} if only is None else {only}:
        if person_id is None or (person_id == issue.reporter_id and person_id != issue.handler_id):
            continue
        await desk.tell(
            person_id,
            "card.issue",
            await card_facts(desk, issue, person_id),
            choices=card_choices(issue, person_id),
            card_key=card_key(issue.id),
            anew=anew,
        )


async def hand_over(desk: Desk, issue: Issue, message: str, facts: Mapping[str, object] | None = None) -> None:
    """A new handler gets a word why, the photos, and the card."""
    photos = [one.file for one in await desk.store.issues.attachments(issue.id) if one.kind == "photo"]
    if message != "issue.assigned":
        await tell_about(desk, issue, issue.handler_id, message, facts)
    await desk.show_photos(issue.handler_id, photos)
    await redraw(desk, issue, anew=True, only=issue.handler_id)


def reporter_choices(issue: Issue, *, now: datetime) -> Choices:
    """What the reporter can do with their own issue in this state."""
    number = issue.id
    if issue.state in UNDONE:
        return (
            (choice("nudge", "issue.nudge", number), choice("say_more", "issue.reply", number)),
            (choice("withdraw", "issue.withdraw", number), choice("history", "issue.history", number)),
        )
    if issue.state == State.RESOLVED:
        return (
            (choice("fixed", "issue.confirm", number),),
            (choice("not_fixed", "issue.dispute", number),),
        )
    if issue.closed_at and now <= issue.closed_at + REOPEN_WITHIN:
        return ((choice("reopen", "issue.reopen", number), choice("history", "issue.history", number)),)
    return ((choice("history", "issue.history", number),),)
