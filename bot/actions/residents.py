"""Joining, being approved, and taking up a post by link."""

from contextlib import suppress
from dataclasses import dataclass, replace

from bot.actions.cards import redraw
from bot.actions.clocks import UNDONE
from bot.actions.commands import offer
from bot.actions.desk import Desk, choice
from bot.actions.issues import act, stand_in
from bot.actions.tellings import Said
from bot.domain.errors import Refused
from bot.domain.posts import SHARED, Place, chain_for, committee_of, holders_at, may_approve
from bot.domain.transitions import Action
from bot.storage.links import Link
from bot.storage.people import Residency
from bot.storage.posts import Post

KINDS = ("owner", "renter", "family")
NAME_MOST = 30
MOVED_MOST = 1000
SHOWN_MOST = 5
"""Cards sent at once to somebody who takes up a post; the rest is in /work."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request to be entered: its state, and who was told (None when nobody could be)."""

    residency_id: int
    state: str
    told: int | None


async def ask_to_join(desk: Desk, person_id: int, unit_id: int, kind: str, name: str) -> Asked:
    """Enter somebody for a unit and ask the leader there, who approves with one tap (R3).

    Refusals: `no_such_place`, `bad_answer`, `name_needed`.
    """
    place = await desk.store.places.unit(unit_id)
    if place is None:
        raise Refused("no_such_place")
    if kind not in KINDS:
        raise Refused("bad_answer")
    name = name.strip()[:NAME_MOST]
    if not name:
        raise Refused("name_needed")
    known = await desk.store.people.details(person_id)
    in_post = await desk.store.posts.of_person(person_id)
    if not in_post:
        # A holder's name stands in the register; everybody else says how to call them.
        await desk.store.people.put_details(person_id, name, known.phone)
    before = await desk.store.people.residencies(person_id)
    is_asked = any(one.unit_id == unit_id and one.state == "pending" for one in before)
    residency_id, state = await desk.store.people.ask_residency(person_id, unit_id, kind, desk.now)
    home = await desk.store.people.residency(residency_id)
    approvers = await _approvers(desk, home) if home and state == "pending" else []
    if home is None or not approvers:
        return Asked(residency_id, state, None)
    # Asking again changes the message the leader has; it does not ring again.
    await show_request(desk, approvers[0], home, anew=not is_asked)
    return Asked(residency_id, state, approvers[0])


async def show_request(desk: Desk, approver_id: int, home: Residency, *, anew: bool = True) -> None:
    """Show somebody's request to one who may decide it: anew, or in the message that shows it already."""
    facts = {
        "name": (await desk.store.people.details(home.person_id)).name,
        "kind": home.kind,
        "place": await desk.place_facts(_place_of(home)),
        "decided": None if home.state == "pending" else home.state,
    }
    buttons = (choice("approve", "home.approve", home.id), choice("refuse", "home.refuse", home.id))
    choices = (buttons,) if home.state == "pending" else ()
    await desk.tell(
        approver_id, "residents.request", facts, choices=choices, card_key=f"home:{home.id}", anew=anew
    )


def _place_of(home: Residency) -> Place:
    return Place("unit", home.compound_id, home.building_id, home.entrance_id, home.unit_id)


async def _approvers(desk: Desk, home: Residency) -> list[int]:
    """Who is asked about a request: the chain from the entrance up, if reachable; nobody about themselves."""
    place, holders = _place_of(home), await desk.holders(home.compound_id)
    return [
        holder.person_id
        for kind in chain_for("leader", place)
        for holder in holders_at(kind, place, holders)
        if holder.reachable and holder.person_id != home.person_id
    ]


async def decide(desk: Desk, actor_id: int, residency_id: int, *, approve: bool) -> Residency:
    """Say yes or no to a request; both sides are told.

    Refusals: `no_such_request`, `not_yours`, `request_decided`.
    """
    home = await desk.store.people.residency(residency_id)
    if home is None:
        raise Refused("no_such_request")
    place = _place_of(home)
    if actor_id == home.person_id or not may_approve(actor_id, place, await desk.holders(home.compound_id)):
        raise Refused("not_yours")
    if home.state != "pending":
        decided_by = (await desk.store.people.details(home.decided_by)).name if home.decided_by else ""
        raise Refused("request_decided", name=decided_by, state=home.state)
    home = replace(home, state="approved" if approve else "refused", decided_by=actor_id)
    await desk.store.people.decide_residency(home.id, home.state, actor_id, desk.now)
    await show_request(desk, actor_id, home, anew=False)
    facts = {
        "name": (await desk.store.people.details(home.person_id)).name,
        "place": await desk.place_facts(place),
    }
    await desk.tell(home.person_id, f"residents.{home.state}", facts)
    return home


async def link_for(desk: Desk, payload: str) -> Link:
    """The link behind a deep link's payload (`j…` a door, `a…` a post), good for use.

    Refusals: `link_unknown`, `link_used`, `link_expired`.
    """
    link = await desk.store.links.get(payload[1:]) if 2 <= len(payload) <= 32 else None
    if link is None or payload[0] != link.kind[0]:
        raise Refused("link_unknown")
    if link.kind == "appoint":
        if link.used_at is not None:
            raise Refused("link_used")
        if link.expires_at is not None and desk.now > link.expires_at:
            raise Refused("link_expired")
    return link


async def unclaimed_holders(desk: Desk, post: Post) -> list[int]:
    """Holders the register names for a post who have no account yet: one of them may be opening the link."""
    holders = await desk.holders(post.compound_id)
    return [holder.person_id for holder in holders if holder.post_id == post.id and not holder.reachable]


async def take_post(desk: Desk, person_id: int, link: Link, register_person: int | None) -> Post:
    """Give the post of a one-time link to the person who opened it.

    `register_person` is who the register says they are (their appointments and details move over), or
    None for somebody new; in a post held by one, the former holder's time ends.
    Refusals: `link_unknown`, `link_used`, `bad_answer`.
    """
    post = await desk.store.posts.post(link.post_id) if link.post_id else None
    if post is None:
        raise Refused("link_unknown")
    if link.used_at is not None:
        raise Refused("link_used")
    if register_person is None:
        known = await desk.store.people.details(person_id)
        await desk.store.people.put_details(person_id, known.name, known.phone)
    elif register_person in await unclaimed_holders(desk, post):
        await _become(desk, register_person, person_id)
    else:
        raise Refused("bad_answer")
    await desk.store.posts.appoint(post.id, person_id, desk.now)
    await desk.store.links.use(link.code, person_id, desk.now)
    desk.forget_holders()
    if post.kind not in SHARED:
        left = [one for one in await desk.store.posts.holder_ids(post.id) if one != person_id]
        for former in left:
            await _hand_over(desk, post, former, person_id)
        await desk.store.posts.end_others(post.id, person_id, desk.now)
        desk.forget_holders()
        for former in left:
            for issue in await desk.store.issues.of_handler(former, MOVED_MOST):
                # Whom it is about, or who reported it, could not take it over: the next in line does.
                await stand_in(desk, issue)
            await offer(desk, former)
    waiting = await desk.store.people.waiting(post.compound_id)
    mine = [home for home in waiting if (await _approvers(desk, home))[:1] == [person_id]]
    for home in mine[:SHOWN_MOST]:
        await show_request(desk, person_id, home)
    return post


async def _become(desk: Desk, register_person: int, person_id: int) -> None:
    """Somebody the register names turns out to be this person of the bot: all that is theirs moves over."""
    details = await desk.store.people.details(register_person)
    await desk.store.posts.move_appointments(register_person, person_id)
    await desk.store.people.put_details(person_id, details.name, details.phone)
    await desk.store.people.put_details(register_person, "", "")
    await desk.store.issues.move_parts(register_person, person_id)
    desk.forget_holders()
    shown = 0
    for issue in await desk.store.issues.of_handler(register_person, MOVED_MOST):
        if person_id in (await desk.store.issues.parts(issue.id))["concerned"]:
            # It had gone past them to a name in the register that is theirs as well (C10).
            await stand_in(desk, issue)
            continue
        # What had nobody the bot could write to now has.
        mine = replace(issue, handler_id=person_id)
        await desk.store.issues.save(mine)
        if shown < SHOWN_MOST:
            shown += 1
            await redraw(desk, mine, person_id, anew=True)


async def _hand_over(desk: Desk, post: Post, former: int, person_id: int) -> None:
    """Losing the post moves its open issues at once (L4); both sides and the reporters are told."""
    for issue in await desk.store.issues.of_handler(former, MOVED_MOST):
        is_of_post = (
            issue.handler_post == post.kind
            and post.building_id in (None, issue.place.building_id)
            and post.entrance_id in (None, issue.place.entrance_id)
        )
        if is_of_post and issue.state in UNDONE:
            with suppress(Refused):
                await act(desk, issue.id, former, Action.TRANSFER, Said(target=person_id))
    facts = {**post_facts(post), "name": (await desk.store.people.details(person_id)).name}
    await desk.tell(former, "residents.post_ended", facts)


def post_facts(post: Post) -> dict[str, object]:
    """A post and where it is held, as the templates take it."""
    return {
        "post": post.kind.value,
        "compound": post.compound,
        "building": post.building,
        "entrance": post.entrance,
    }


async def lose_touch(desk: Desk, address: str) -> None:
    """Somebody can no longer be written to: the operator learns it, and the committee if they hold a post."""
    person_id = await desk.store.people.mark_unreachable(desk.rules.channel, address, desk.now)
    if person_id is None or address == desk.rules.operator_chat:
        return
    desk.tell_operator("operator.unreachable", {"person": person_id})
    name = (await desk.store.people.details(person_id)).name
    for held in await desk.store.posts.of_person(person_id):
        post = await desk.store.posts.post(held.post_id)
        if post is None:
            continue
        facts = {**post_facts(post), "name": name}
        for holder in committee_of(await desk.holders(post.compound_id)):
            if holder.person_id != person_id:
                await desk.tell(holder.person_id, "residents.holder_lost", facts)
