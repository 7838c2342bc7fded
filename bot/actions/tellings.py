"""Who hears of what was done to an issue."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.actions.cards import (
    for_whom,
    hand_over,
    phone_choice,
    redraw_verdict,
    reporter_choices,
    speaker_of,
    tell_about,
    tell_reporter,
    verdict_key,
)
from bot.actions.desk import Choices, Desk, choice
from bot.domain.posts import CHAIN, COMMITTEE, PostKind
from bot.domain.transitions import Action, State
from bot.storage.issues import Issue

BEFORE_MOST = 5
"""Photos of the report shown again beside those of the result."""


@dataclass(frozen=True, slots=True)
class Said:
    """What comes with an action; `how` tells apart ways of doing the same (a resolution, a rating, to whom).

    `until` is the day a side state is looked at again.
    """

    text: str = ""
    photos: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    target: int | None = None
    how: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """An action that passed the table, on its way to being written and told."""

    action: Action
    before: Issue
    actor_id: int | None
    said: Said
    facts: dict[str, object] = field(default_factory=dict)


async def _tell_reporter(
    desk: Desk, deed: Deed, after: Issue, message: str, choices: Choices = (), **more: object
) -> None:
    speaker = await speaker_of(desk, after)
    if speaker == deed.actor_id:
        return
    facts = {"words": deed.said.text, "photos": len(deed.said.photos), **more}
    await tell_reporter(desk, after, message, facts, choices=choices)
    await _pass_on(desk, after, deed.said, speaker)


async def _pass_on(desk: Desk, issue: Issue, said: Said, person_id: int, caption: str = "") -> None:
    await desk.show_photos(person_id, said.photos, caption, issue_id=issue.id)
    for voice in said.voices:
        await desk.play_voice(person_id, voice, issue_id=issue.id)


async def _tell_handler(desk: Desk, deed: Deed, after: Issue, message: str) -> None:
    if after.handler_id == deed.actor_id:
        return
    is_by_proxy = "by_proxy" in deed.facts
    facts = {"words": deed.said.text, "how": deed.said.how, "is_by_proxy": is_by_proxy}
    if after.handler_id != deed.before.handler_id:
        await hand_over(desk, after, message, facts)
        return
    await _pass_on(desk, after, deed.said, after.handler_id)
    open_card = choice("open_card", "issue.show", after.id)
    await tell_about(desk, after, after.handler_id, message, facts, choices=((open_card,),))


async def _told_accepted(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_reporter(desk, deed, after, "issue.accepted")


async def _told_passed_on(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_reporter(desk, deed, after, "issue.passed_on")
    declined = deed.action == Action.DECLINE
    await _tell_handler(
        desk, deed, after, "issue.declined_to_you" if declined else "issue.transferred_to_you"
    )
    if deed.before.handler_id != deed.actor_id:
        await tell_about(desk, after, deed.before.handler_id, "issue.taken_over")


async def _told_reply(desk: Desk, deed: Deed, after: Issue) -> None:
    if deed.actor_id == after.handler_id:
        answer = ((choice("answer", "issue.reply", after.id),),)
        await _tell_reporter(desk, deed, after, "issue.reply_to_reporter", answer)
    elif deed.actor_id == await speaker_of(desk, after):
        await _tell_handler(desk, deed, after, "issue.reply_to_handler")
    else:
        await _told_by_helper(desk, deed, after)


async def _told_by_helper(desk: Desk, deed: Deed, after: Issue) -> None:
    """A colleague who was asked to help has written: both sides read it, under the colleague's name."""
    facts = {"words": deed.said.text, **await helper_facts(desk, after, deed.actor_id)}
    answer = ((choice("answer", "issue.reply", after.id),),)
    await _tell_reporter(desk, deed, after, "waiting.helper_wrote", answer, **facts)
    await _pass_on(desk, after, deed.said, after.handler_id)
    open_card = ((choice("open_card", "issue.show", after.id),),)
    await tell_about(desk, after, after.handler_id, "waiting.helper_wrote", facts, choices=open_card)


async def helper_facts(desk: Desk, issue: Issue, person_id: int | None) -> dict[str, object]:
    """A colleague by name and post."""
    holders = await desk.holders(issue.place.compound_id)
    held = next((holder.kind.value for holder in holders if holder.person_id == person_id), "")
    name = (await desk.store.people.details(person_id)).name if person_id else ""
    return {"helper": name, "helper_post": held}


async def _told_question(desk: Desk, deed: Deed, after: Issue) -> None:
    answer = ((choice("answer_question", "issue.answer", after.id),),)
    await _tell_reporter(desk, deed, after, "waiting.question", answer)


async def _told_answer(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_handler(desk, deed, after, "waiting.answered")


async def _told_waiting(desk: Desk, deed: Deed, after: Issue) -> None:
    """To whom it was referred and when it is asked about again, or for when it is planned."""
    facts = {"action": deed.action.value, "is_changed": deed.before.state == after.state}
    await _tell_reporter(desk, deed, after, "waiting.put_off", (), **facts)


async def _told_reference(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_reporter(desk, deed, after, "waiting.referenced")


async def _told_resumed(desk: Desk, deed: Deed, after: Issue) -> None:
    # The morning a plan begins is told with whatever else the clock has to say.
    if deed.actor_id is not None:
        before = deed.before.state.value
        await _tell_reporter(desk, deed, after, "waiting.resumed", state_before=before)


async def _told_urgency(desk: Desk, deed: Deed, after: Issue) -> None:
    facts = {"words": deed.said.text, "was_urgency": deed.before.urgency}
    await _tell_reporter(desk, deed, after, "waiting.urgency_changed", (), **facts)
    if after.handler_id != deed.actor_id:
        open_card = ((choice("open_card", "issue.show", after.id),),)
        await tell_about(desk, after, after.handler_id, "waiting.urgency_changed", facts, choices=open_card)


def _help_key(issue: Issue) -> str:
    """Under which name a chat remembers that its owner was asked for a hand."""
    return f"help:{issue.id}"


async def _told_asked_for_help(desk: Desk, deed: Deed, after: Issue) -> None:
    if deed.said.target is None:
        return
    rows = (
        (choice("help_yes", "issue.help", after.id, "yes"), choice("help_no", "issue.help", after.id, "no")),
        (choice("open_card", "issue.show", after.id),),
    )
    await tell_about(
        desk,
        after,
        deed.said.target,
        "waiting.help_wanted",
        {"words": deed.said.text},
        choices=rows,
        card_key=_help_key(after),
    )


async def _told_help(desk: Desk, deed: Deed, after: Issue) -> None:
    if deed.actor_id is None:
        return
    facts = {"is_yes": deed.said.how == "yes", **await helper_facts(desk, after, deed.actor_id)}
    await tell_about(desk, after, after.handler_id, "waiting.help_answered", facts)
    open_card = ((choice("open_card", "issue.show", after.id),),) if facts["is_yes"] else ()
    handler = (await desk.store.people.details(after.handler_id)).name
    await desk.tell(
        deed.actor_id,
        "waiting.help_thanks",
        {"number": after.number, **facts, "handler": handler},
        choices=open_card,
        card_key=_help_key(after),
        anew=False,
    )


async def _told_rating_words(desk: Desk, deed: Deed, after: Issue) -> None:
    await redraw_verdict(desk, after)
    await _tell_handler(desk, deed, after, "waiting.rating_explained")


async def _told_resolved(desk: Desk, deed: Deed, after: Issue) -> None:
    """R9: two big buttons under the original text, the place and both photos."""
    speaker = await speaker_of(desk, after)
    if speaker != deed.actor_id:
        attached = await desk.store.issues.attachments(after.id)
        before = [one.file for one in attached if one.action == "file" and one.kind == "photo"]
        before = before[:BEFORE_MOST]
        await desk.show_photos(speaker, before, "issue.photo_before", issue_id=after.id)
        await _pass_on(desk, after, deed.said, speaker, "issue.photo_after")
    message, choices = "issue.resolved", await reporter_choices(desk, after)
    if speaker != after.reporter_id:
        message, choices = "proxies.resolved", (*choices, *await phone_choice(desk, after))
    facts = {"words": deed.said.text, "for_whom": await for_whom(desk, after, speaker)}
    await tell_about(desk, after, speaker, message, facts, choices=choices, card_key=verdict_key(after.id))


async def _told_confirmed(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_handler(desk, deed, after, "issue.confirmed")
    await redraw_verdict(desk, after)


async def _told_disputed(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_handler(desk, deed, after, "issue.disputed")
    await redraw_verdict(desk, after)
    for person_id in await next_level(desk, after):
        await tell_about(
            desk,
            after,
            person_id,
            "issue.disputed_above",
            {"words": deed.said.text},
            choices=((choice("open_card", "issue.show", after.id),),),
        )


async def _told_reopened(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_handler(desk, deed, after, "issue.reopened")
    await _tell_reporter(desk, deed, after, "issue.reopened_for_you")


async def _told_withdrawn(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_handler(desk, deed, after, "issue.withdrawn")


async def _told_ended(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_reporter(desk, deed, after, "issue.ended", await reporter_choices(desk, after))


async def _told_nudged(desk: Desk, deed: Deed, after: Issue) -> None:
    await _tell_handler(desk, deed, after, "issue.nudged")


async def _told_rated(desk: Desk, _deed: Deed, after: Issue) -> None:
    await redraw_verdict(desk, after)


TELLINGS: Mapping[Action, Callable[[Desk, Deed, Issue], Awaitable[None]]] = {
    Action.ACCEPT: _told_accepted,
    Action.DECLINE: _told_passed_on,
    Action.TRANSFER: _told_passed_on,
    Action.REPLY: _told_reply,
    Action.RESOLVE: _told_resolved,
    Action.CONFIRM: _told_confirmed,
    Action.DISPUTE: _told_disputed,
    Action.REOPEN: _told_reopened,
    Action.WITHDRAW: _told_withdrawn,
    Action.REJECT: _told_ended,
    Action.NUDGE: _told_nudged,
    Action.RATE: _told_rated,
    Action.RATE_WORDS: _told_rating_words,
    Action.REQUEST_INFO: _told_question,
    Action.ANSWER_INFO: _told_answer,
    Action.REFER: _told_waiting,
    Action.NOTE_REFERENCE: _told_reference,
    Action.WAIT_ON: _told_waiting,
    Action.SCHEDULE: _told_waiting,
    Action.RESUME: _told_resumed,
    Action.CHANGE_URGENCY: _told_urgency,
    Action.ASK_HELP: _told_asked_for_help,
    Action.HELP: _told_help,
}


async def tell_proxy(desk: Desk, deed: Deed, after: Issue) -> None:
    """Who reported for somebody that hears of it themselves learns that it has ended, and no more."""
    if after.proxy is None or after.state != State.CLOSED or deed.before.state == State.CLOSED:
        return
    knows = {deed.actor_id, after.handler_id, await speaker_of(desk, after)}
    person_id = after.proxy.person_id
    if person_id not in knows | (await desk.store.issues.parts(after.id))["concerned"]:
        facts = {"number": after.number, "for_whom": await for_whom(desk, after, person_id)}
        await desk.tell(person_id, "proxies.ended", facts)


async def next_level(desk: Desk, issue: Issue) -> list[int]:
    """The reachable people one level above the handler, but for the reporter and whom it is about."""
    passed_over = (await desk.store.issues.parts(issue.id))["concerned"] | {issue.handler_id}
    holders = await desk.holders(issue.place.compound_id)
    own = PostKind(issue.handler_post)
    # A deputy stands beside the building leader, a category's own post below the committee.
    below = PostKind.DEPUTY_LEADER if own not in COMMITTEE else own
    for kind in CHAIN[CHAIN.index(below) + 1 :]:
        found = [
            holder.person_id
            for holder in holders
            if holder.kind == kind and holder.reachable and holder.person_id not in passed_over
        ]
        if found:
            return [person_id for person_id in found if person_id != issue.reporter_id]
    return []
