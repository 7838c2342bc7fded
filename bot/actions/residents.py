"""Joining, being approved, and taking up a post by link."""

from dataclasses import dataclass, replace

from bot.actions.desk import Desk, choice
from bot.domain.errors import Refused
from bot.domain.posts import Place, chain_for, holders_at, may_approve
from bot.storage.people import Residency

KINDS = ("owner", "renter", "family")
NAME_MOST = 30
SHOWN_MOST = 5
"""Requests shown at once to somebody who takes up a post."""


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


async def show_waiting(desk: Desk, person_id: int, compound_id: int) -> None:
    """Show somebody new in a post the requests that wait for them."""
    waiting = await desk.store.people.waiting(compound_id)
    mine = [home for home in waiting if (await _approvers(desk, home))[:1] == [person_id]]
    for home in mine[:SHOWN_MOST]:
        await show_request(desk, person_id, home)
