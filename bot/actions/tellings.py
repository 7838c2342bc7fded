"""Who hears of what was done to an issue."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

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
    """What comes with an action; `how` tells apart ways of doing the same (a resolution, a rating)."""

    text: str = ""
    photos: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    target: int | None = None
    how: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """An action that passed the table, on its way to being written and told."""

    action: Action
    before: Issue
    actor_id: int | None
    said: Said
    facts: dict[str, object] = field(default_factory=dict)


async def _tell_reporter(desk: Desk, deed: Deed, after: Issue, message: str, choices: Choices = ()) -> None:
    speaker = await speaker_of(desk, after)
    if speaker == deed.actor_id:
        return
    facts = {"words": deed.said.text, "photos": len(deed.said.photos)}
    await tell_reporter(desk, after, message, facts, choices=choices)
    await _pass_on(desk, deed.said, speaker)


async def _pass_on(desk: Desk, said: Said, person_id: int, caption: str = "") -> None:
    await desk.show_photos(person_id, said.photos, caption)
    for voice in said.voices:
        await desk.play_voice(person_id, voice)


async def _tell_handler(desk: Desk, deed: Deed, after: Issue, message: str) -> None:
    if after.handler_id == deed.actor_id:
        return
    is_by_proxy = "by_proxy" in deed.facts
    facts = {"words": deed.said.text, "how": deed.said.how, "is_by_proxy": is_by_proxy}
    if after.handler_id != deed.before.handler_id:
        await hand_over(desk, after, message, facts)
        return
    await _pass_on(desk, deed.said, after.handler_id)
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
    else:
        await _tell_handler(desk, deed, after, "issue.reply_to_handler")


async def _told_resolved(desk: Desk, deed: Deed, after: Issue) -> None:
    """R9: two big buttons under the original text, the place and both photos."""
    speaker = await speaker_of(desk, after)
    if speaker != deed.actor_id:
        attached = await desk.store.issues.attachments(after.id)
        before = [one.file for one in attached if one.action == "file" and one.kind == "photo"]
        await desk.show_photos(speaker, before[:BEFORE_MOST], "issue.photo_before")
        await _pass_on(desk, deed.said, speaker, "issue.photo_after")
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
    Action.MARK_DUPLICATE: _told_ended,
    Action.NUDGE: _told_nudged,
    Action.RATE: _told_rated,
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
