"""What belongs together: offered before a second report is sent, followed, merged, and parted again (R6)."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.actions.cards import (
    hand_over,
    may_see,
    outside_facts,
    redraw,
    roles_of,
    root_of,
    speaker_of,
    tell_about,
    tell_reporter,
)
from bot.actions.desk import Choices, Desk, choice
from bot.actions.tellings import Deed
from bot.domain.alike import Matter, alikeness, is_alike, is_told
from bot.domain.categories import Category, Urgency
from bot.domain.errors import Refused
from bot.domain.posts import Place
from bot.domain.privacy import Level
from bot.domain.transitions import Action, Role, State
from bot.storage.issues import Issue

READ_MOST = 50
OFFERED_MOST = 3
MERGE_OFFERED_MOST = 6


# Before a report is sent ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Draft:
    """A report before it is sent, as far as it is compared."""

    category: Category
    place: Place
    text: str
    is_private: bool


async def alike_of(desk: Desk, person_id: int, draft: Draft) -> list[Issue]:
    """What is probably the same matter, the likeliest first: reported by this person, or by a neighbour.

    Only who lives there is shown what neighbours report, and nobody where the draft or its kind is private.
    """
    category, place = draft.category, draft.place
    matter = Matter(category.key, place, draft.text)
    since = desk.now - category.duplicate_window
    found = await desk.store.issues.alike(place.compound_id, category.key, since, person_id, READ_MOST)
    shown: list[Issue] = []
    for issue in _ranked(matter, [one for one in found if is_alike(matter, _matter(one))]):
        is_own = issue.reporter_id == person_id
        is_open_to_all = not (draft.is_private or category.is_private)
        if is_own or (is_open_to_all and Role.NEIGHBOUR in await roles_of(desk, issue, person_id)):
            shown.append(issue)
        if len(shown) == OFFERED_MOST:
            break
    return shown


def _matter(issue: Issue) -> Matter:
    return Matter(issue.category, issue.place, issue.text)


def _ranked(matter: Matter, issues: list[Issue]) -> list[Issue]:
    return sorted(issues, key=lambda issue: -alikeness(matter, _matter(issue)))


# Following -----------------------------------------------------------------------------------------------


async def follow(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """我也遇到: who says it again only adds what they have said."""
    person_id = deed.actor_id or 0
    if person_id not in (await desk.store.issues.parts(after.id))["affected"]:
        await desk.store.issues.add_part(after.id, person_id, "affected")
        deed.facts["is_new"] = True
    return after


async def unfollow(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """Not met any more, or never: the household counts no longer."""
    await desk.store.issues.drop_part(after.id, deed.actor_id or 0, "affected")
    return after


async def _told_followed(desk: Desk, deed: Deed, after: Issue) -> None:
    """The handler hears of the first few, then of every tenth; danger is never folded."""
    said, handler = deed.said, after.handler_id
    count = len((await desk.store.issues.parts(after.id))["affected"])
    is_due = "is_new" in deed.facts and is_told(count)
    if deed.actor_id == handler or not (is_due or after.urgency == Urgency.DANGER):
        return
    await desk.show_photos(handler, said.photos, issue_id=after.id)
    for voice in said.voices:
        await desk.play_voice(handler, voice, issue_id=after.id)
    facts = {"words": said.text, "households": await desk.store.issues.households(after.id)}
    open_card = choice("open_card", "issue.show", after.id)
    await tell_about(desk, after, handler, "alike.followed_by", facts, choices=((open_card,),))


_NEWS = frozenset(
    (
        Action.ACCEPT,
        Action.RESOLVE,
        Action.DISPUTE,
        Action.CONFIRM,
        Action.REOPEN,
        Action.WITHDRAW,
        Action.REJECT,
        Action.UNMERGE,
    )
)
"""What followers hear of. Seven silent days after they heard that it is done are no news to them."""


async def tell_followers(desk: Desk, deed: Deed, after: Issue) -> None:
    """Who has met the same hears in a line that it was taken on, is done, or has ended."""
    if deed.action not in _NEWS:
        return
    people = set((await desk.store.issues.parts(after.id))["affected"])
    for merged in await desk.store.issues.merged_into(after.id):
        # For somebody the bot cannot reach, whoever reported it for them is told.
        people.add(await speaker_of(desk, merged))
    people -= {deed.actor_id, after.handler_id, await speaker_of(desk, after)}
    if not people:
        return
    facts = {**await outside_facts(desk, after), "words": deed.said.text, "action": deed.action.value}
    for person_id in sorted(people):
        seen = choice("open_card", "issue.show", after.id)
        choices = ((seen,),) if await may_see(desk, after, person_id) else ()
        await desk.tell(person_id, "alike.news", facts, choices=choices, issue_id=after.id)


# Merging -------------------------------------------------------------------------------------------------


async def merge_offers(desk: Desk, issue: Issue, person_id: int) -> list[Issue]:
    """Into which issues somebody may merge this one, the likeliest first."""
    going_on = await desk.store.issues.going_on(issue.place.compound_id, READ_MOST)
    offers: list[Issue] = []
    for other in _ranked(_matter(issue), going_on):
        with suppress(Refused):
            await _check_mergeable(desk, issue, other, person_id)
            offers.append(other)
        if len(offers) == MERGE_OFFERED_MOST:
            break
    return offers


async def _check_mergeable(desk: Desk, issue: Issue, main: Issue, person_id: int | None) -> None:
    """Refuse what cannot be merged. What is private stays by itself: merged, it would show whose it is."""
    is_there = main.place.compound_id == issue.place.compound_id
    if not is_there or person_id is None or not await may_see(desk, main, person_id):
        raise Refused("no_such_issue")
    if main.id == issue.id:
        raise Refused("merge_itself")
    is_own = main.reporter_id == issue.reporter_id
    if main.is_private != issue.is_private or (main.is_private and not is_own):
        raise Refused("merge_private")
    if main.state == State.CLOSED:
        raise Refused("merge_closed")


async def merge_target(desk: Desk, issue: Issue, main_id: int, person_id: int | None) -> Issue:
    """The issue to merge into, locked: of one that was merged itself, the one it belongs to now.

    Refusals: `no_such_issue`, `merge_itself`, `merge_private`, `merge_closed`.
    """
    named = await desk.store.issues.get(main_id)
    if named is None or not await may_see(desk, named, person_id or 0):
        raise Refused("no_such_issue")
    main = await desk.store.issues.locked((await root_of(desk, named)).id)
    if main is None:
        raise Refused("no_such_issue")
    await _check_mergeable(desk, issue, main, person_id)
    return main


async def _people_of(desk: Desk, issue: Issue) -> set[int]:
    return {issue.reporter_id, *(await desk.store.issues.parts(issue.id))["affected"]}


async def merge(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """重複: it ends as part of another, and whoever has met it follows that one."""
    main = await merge_target(desk, deed.before, deed.said.target or 0, deed.actor_id)
    concerned = (await desk.store.issues.parts(main.id))["concerned"]
    for person_id in await _people_of(desk, after) - concerned - {main.reporter_id}:
        await desk.store.issues.add_part(main.id, person_id, "affected")
    await _note(desk, deed, main, after.number)
    deed.facts["main"] = main.number
    return replace(after, duplicate_of=main.id, closed_at=desk.now, closed_how=deed.action.value)


async def _note(desk: Desk, deed: Deed, main: Issue, number: str) -> None:
    """In the history of the main issue: which one was merged into it, or is its own matter again."""
    await desk.store.issues.record(
        main.id,
        actor_id=deed.actor_id,
        action=(Action.UNMERGE if deed.before.duplicate_of else Action.MARK_DUPLICATE).value,
        from_state=main.state.value,
        to_state=main.state.value,
        text="",
        facts={"merged": number},
        attachments=(),
        now=desk.now,
    )


async def _told_merged(desk: Desk, deed: Deed, after: Issue) -> None:
    main = await root_of(desk, after)
    facts = {
        **await outside_facts(desk, main),
        "main": main.number,
        "number": after.number,
        "words": "" if deed.said.text == main.number else deed.said.text,
    }
    see = (choice("open_card", "issue.show", main.id),)
    speaker = await speaker_of(desk, after)
    # Who speaks for the reporter may have no business with the other issue.
    look: Choices = (see,) if await may_see(desk, main, speaker) else ()
    apart = (choice("not_the_same", "issue.reopen", after.id),)
    await tell_reporter(desk, after, "alike.merged", facts, choices=(*look, apart))
    others = (await desk.store.issues.parts(after.id))["affected"] - {speaker}
    for person_id in sorted(others):
        await desk.tell(person_id, "alike.merged", facts, choices=(see,), issue_id=main.id)
    await redraw(desk, main, main.handler_id)
    if main.handler_id != deed.actor_id:
        told = {"merged_number": after.number, "households": await desk.store.issues.households(main.id)}
        await tell_about(desk, main, main.handler_id, "alike.merged_into_yours", told, choices=(see,))


async def part(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """An issue is its own matter again; who came with it leaves those it was merged into."""
    below, leaving = deed.before, await _people_of(desk, deed.before)
    while below.duplicate_of is not None:
        main = await desk.store.issues.locked(below.duplicate_of)
        if main is None:
            break
        staying = await _came_themselves(desk, main)
        for other in await desk.store.issues.merged_into(main.id):
            staying |= set() if other.id == deed.before.id else await _people_of(desk, other)
        for person_id in leaving - staying:
            await desk.store.issues.drop_part(main.id, person_id, "affected")
        await _note(desk, deed, main, after.number)
        await redraw(desk, main, main.handler_id)
        below = main
    return replace(after, duplicate_of=None)


async def _came_themselves(desk: Desk, issue: Issue) -> set[int]:
    people: set[int] = set()
    for event in await desk.store.issues.history(issue.id):
        if event.actor_id is not None and event.action == Action.FOLLOW:
            people.add(event.actor_id)
        elif event.actor_id is not None and event.action == Action.UNFOLLOW:
            people.discard(event.actor_id)
    return people


async def _told_parted(desk: Desk, deed: Deed, after: Issue) -> None:
    facts = {"words": deed.said.text}
    await tell_reporter(desk, after, "alike.parted", facts)
    if after.handler_id != deed.before.handler_id:
        await hand_over(desk, after, "alike.parted_to_handler", facts)
    elif after.handler_id != deed.actor_id:
        open_card = choice("open_card", "issue.show", after.id)
        message = "alike.parted_to_handler"
        await tell_about(desk, after, after.handler_id, message, facts, choices=((open_card,),))


# Who sees the name (R14) ---------------------------------------------------------------------------------


async def show_as(_desk: Desk, deed: Deed, after: Issue) -> Issue:
    """Whose name is shown, and to whom, is for the reporter to say and for nobody in their place."""
    if "by_proxy" in deed.facts:
        raise Refused("not_yours")
    if deed.said.how not in set(Level):
        raise Refused("bad_answer")
    return replace(after, shown_as=deed.said.how)


TELLINGS: Mapping[Action, Callable[[Desk, Deed, Issue], Awaitable[None]]] = {
    Action.FOLLOW: _told_followed,
    Action.MARK_DUPLICATE: _told_merged,
    Action.UNMERGE: _told_parted,
}
