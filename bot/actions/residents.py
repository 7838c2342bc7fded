"""Joining, being approved, and taking up a post by link."""

from dataclasses import dataclass, replace

from bot.actions.cards import redraw
from bot.actions.desk import Desk, choice
from bot.domain.errors import Refused
from bot.domain.posts import SHARED, Place, chain_for, holders_at, may_approve
from bot.storage.links import Link
from bot.storage.people import Residency
from bot.storage.posts import Post

KINDS = ("owner", "renter", "family")
NAME_MOST = 30
MOVED_MOST = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request to be entered: who was told (empty when nobody could be), and its state."""

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
    residency_id, state = await desk.store.people.ask_residency(person_id, unit_id, kind, desk.now)
    if state == "approved":
        return Asked(residency_id, state, None)
    facts = {
        "name": name,
        "kind": kind,
        "place": await desk.place_facts(place),
        "decided": None,
    }
    for approver in await _approvers(desk, place):
        if approver == person_id:
            continue
        choices = ((choice("approve", "home.approve", residency_id), choice("refuse", "home.refuse", residency_id)),)
        if await desk.tell(
            approver, "residents.request", facts, choices=choices, card_key=f"home:{residency_id}"
        ):
            return Asked(residency_id, state, approver)
    return Asked(residency_id, state, None)


async def _approvers(desk: Desk, place: Place) -> list[int]:
    """Who is asked about a unit: the chain from the entrance up, those the bot reaches."""
    holders = await desk.holders(place.compound_id)
    return [
        holder.person_id
        for kind in chain_for("leader", place)
        for holder in holders_at(kind, place, holders)
        if holder.reachable
    ]


async def decide(desk: Desk, actor_id: int, residency_id: int, *, approve: bool) -> Residency:
    """Say yes or no to a request; both sides are told.

    Refusals: `no_such_request`, `not_yours`, `request_decided`.
    """
    home = await desk.store.people.residency(residency_id)
    if home is None:
        raise Refused("no_such_request")
    place = Place("unit", home.compound_id, home.building_id, home.entrance_id, home.unit_id)
    if actor_id == home.person_id or not may_approve(actor_id, place, await desk.holders(home.compound_id)):
        raise Refused("not_yours")
    if home.state != "pending":
        decided_by = (await desk.store.people.details(home.decided_by)).name if home.decided_by else ""
        raise Refused("request_decided", name=decided_by, state=home.state)
    state = "approved" if approve else "refused"
    await desk.store.people.decide_residency(residency_id, state, actor_id, desk.now)
    person = await desk.store.people.details(home.person_id)
    facts = {"name": person.name, "kind": home.kind, "place": await desk.place_facts(place), "decided": state}
    await desk.tell(actor_id, "residents.request", facts, card_key=f"home:{residency_id}", anew=False)
    await desk.tell(home.person_id, f"residents.{state}", facts)
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
    if register_person is not None:
        if register_person not in await unclaimed_holders(desk, post):
            raise Refused("bad_answer")
        details = await desk.store.people.details(register_person)
        await desk.store.posts.move_appointments(register_person, person_id)
        await desk.store.people.put_details(person_id, details.name, details.phone)
        await desk.store.people.put_details(register_person, "", "")
        for issue in await desk.store.issues.of_handler(register_person, MOVED_MOST):
            # What had nobody the bot could write to now has.
            taken = replace(issue, handler_id=person_id)
            await desk.store.issues.save(taken)
            await redraw(desk, taken, person_id, anew=True)
    else:
        known = await desk.store.people.details(person_id)
        await desk.store.people.put_details(person_id, known.name, known.phone)
    await desk.store.posts.appoint(post.id, person_id, desk.now)
    if post.kind not in SHARED:
        await desk.store.posts.end_others(post.id, person_id, desk.now)
    await desk.store.links.use(link.code, person_id, desk.now)
    desk.forget_holders()
    return post
