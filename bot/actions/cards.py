"""What is shown of an issue, to whom, and with what to tap."""

from collections.abc import Mapping
from datetime import datetime

from bot.actions.clocks import UNDONE, clock_of, resolve_due
from bot.actions.desk import Choices, Desk, choice
from bot.domain.posts import PostKind, committee_of, holders_at
from bot.domain.transitions import REOPEN_WITHIN, Role, State
from bot.storage.issues import Issue
from bot.texts import short

RATINGS = ("satisfied", "fair", "dissatisfied")
CARD_MOST = 700
"""UTF-16 units of the report that stand on the card (card.issue); what is longer can be had in full."""


async def roles_of(desk: Desk, issue: Issue, actor_id: int | None) -> set[Role]:
    """What somebody is to an issue; whom it is about is nothing to it, unless they reported it (C10)."""
    if actor_id is None:
        return {Role.CLOCK}
    roles = {Role.REPORTER} if actor_id == issue.reporter_id else set()
    if actor_id in (await desk.store.issues.parts(issue.id))["concerned"]:
        return roles
    if actor_id == issue.handler_id:
        roles.add(Role.HANDLER)
    holders = await desk.holders(issue.place.compound_id)
    if any(holder.person_id == actor_id for holder in committee_of(holders)):
        roles.add(Role.COMMITTEE)
    return roles


async def may_see(desk: Desk, issue: Issue, person_id: int) -> bool:
    """Whether this person may open an issue at all.

    Those may who take part in it, are the committee, or the deputy who is told when it is late; who follows
    it, unless it is private.
    """
    if await roles_of(desk, issue, person_id):
        return True
    parts = await desk.store.issues.parts(issue.id)
    holders = await desk.holders(issue.place.compound_id)
    deputies = {holder.person_id for holder in holders_at(PostKind.DEPUTY_LEADER, issue.place, holders)}
    onlookers = deputies if issue.is_private else deputies | parts["follows"]
    return person_id in onlookers - parts["concerned"]


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
        "is_late": issue.state in UNDONE and clock.fraction_at(desk.now) >= 1,
        "resolve_due": await resolve_due(desk, issue),
        "resolution": issue.resolution,
        "closed_how": issue.closed_how,
        "reopen_count": issue.reopen_count,
        "rating": issue.rating,
        "nudged_at": issue.nudged_at,
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
    dedupe_key: str | None = None,
) -> bool:
    """Tell a person something about an issue, with all its facts at hand."""
    return await desk.tell(
        person_id,
        message,
        {**await facts_of(desk, issue), **(facts or {})},
        choices=choices,
        card_key=card_key,
        dedupe_key=dedupe_key,
    )


def card_key(issue_id: int) -> str:
    """Under which name a chat remembers the card of an issue."""
    return f"issue:{issue_id}"


def card_choices(issue: Issue, person_id: int, *, is_committee: bool = False) -> Choices:
    """What can be tapped on the card in this state: by the handler (L1), the committee, or who looks on."""
    deeds = _deeds(issue, person_id, is_committee=is_committee)
    if short(issue.text, CARD_MOST) == issue.text:
        return deeds
    return (*deeds, (choice("whole_text", "issue.text", issue.id),))


def _deeds(issue: Issue, person_id: int, *, is_committee: bool) -> Choices:
    number = issue.id
    history = choice("history", "issue.history", number)
    if person_id != issue.handler_id:
        if is_committee and issue.state in UNDONE:
            return ((choice("transfer", "issue.transfer", number), history),)
        if is_committee and issue.state == State.CLOSED:
            return ((choice("reopen", "issue.reopen", number), history),)
        return ((history,),)
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
        return ((choice("reply", "issue.reply", number), history),)
    return ((choice("reopen", "issue.reopen", number), history),) if is_committee else ((history,),)


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


async def redraw(desk: Desk, issue: Issue, person_id: int, *, anew: bool = False) -> None:
    """Bring somebody's card up to date: the same message is edited, or with `anew` a new one is sent.

    Who has no business with the issue any more reads only who has it now. Only the handler is sent a card
    they have not got.
    """
    if await may_see(desk, issue, person_id):
        message, facts = "card.issue", await card_facts(desk, issue, person_id)
        is_committee = Role.COMMITTEE in await roles_of(desk, issue, person_id)
        choices = card_choices(issue, person_id, is_committee=is_committee)
    else:
        message, facts, choices = "issue.taken_over", await facts_of(desk, issue), ()
    await desk.tell(
        person_id,
        message,
        facts,
        choices=choices,
        card_key=card_key(issue.id),
        anew=anew,
        only_if_sent=not anew and person_id != issue.handler_id,
    )


async def bring_down(desk: Desk, issue: Issue, person_id: int) -> None:
    """Show somebody the card at the end of their chat; the one above, if any, points there: one is alive."""
    facts, key = {"number": issue.number}, card_key(issue.id)
    await desk.tell(person_id, "card.moved", facts, card_key=key, anew=False, only_if_sent=True)
    await redraw(desk, issue, person_id, anew=True)


async def hand_over(desk: Desk, issue: Issue, message: str, facts: Mapping[str, object]) -> None:
    """A new handler gets a word why, the photos, and the card."""
    await tell_about(desk, issue, issue.handler_id, message, facts)
    await show_photos(desk, issue, issue.handler_id)
    await bring_down(desk, issue, issue.handler_id)


async def show_photos(desk: Desk, issue: Issue, person_id: int) -> bool:
    """Show all photos of an issue, as far as one album holds them, and all voices; False without any."""
    attached = await desk.store.issues.attachments(issue.id)
    await desk.show_photos(person_id, [one.file for one in attached if one.kind == "photo"])
    for one in attached:
        if one.kind == "voice":
            await desk.play_voice(person_id, one.file)
    return bool(attached)


def verdict_key(issue_id: int) -> str:
    """Under which name the reporter's chat remembers the question whether it is fixed."""
    return f"verdict:{issue_id}"


async def redraw_verdict(desk: Desk, issue: Issue) -> None:
    """Bring the reporter's question whether it is fixed up to date; the same message is edited."""
    message, choices = "my.issue", reporter_choices(issue, now=desk.now)
    if issue.rating is not None:
        message, choices = "issue.rated", ()
    elif issue.closed_how == "confirmed":
        message = "issue.thanks"
        choices = tuple((choice(word, "issue.rate", issue.id, word),) for word in RATINGS)
    facts, key = await facts_of(desk, issue), verdict_key(issue.id)
    await desk.tell(issue.reporter_id, message, facts, choices=choices, card_key=key, anew=False)


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
