"""Who lives where: asking to be entered, being decided on, several homes, moving out, and being ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.actions.desk import Choice, Desk, choice
from bot.actions.interest_groups import leader_moved
from bot.actions.merging import merge
from bot.domain.errors import Refused
from bot.domain.folding import fold
from bot.domain.posts import APPROVERS, Place, chain_for, committee_of, holders_at, may_approve
from bot.storage.chores import Chore
from bot.storage.people import Residency, Resident
from bot.texts import short

KINDS = ("owner", "renter", "family")
NAME_MOST = 30
SHOWN_MOST = 5
"""Requests shown at once to somebody who takes up a post."""
PENDING_OF_PERSON = 5
PENDING_OF_UNIT = 20
"""So many requests may wait for an answer, of one person and for one unit."""
REASON_MOST = 200
TALK_MOST = 500
TALK_SHOWN = 6
"""Characters of a question or an answer, and how many of them are kept."""
PEOPLE_SHOWN = 8
"""People of a unit shown to the leader; a household is rarely larger."""
REMIND = "residency.remind"
REMIND_AFTER = (timedelta(days=1), timedelta(days=3))
"""First who was asked, then the next in the chain and the committee."""
REFUSED_FOR = ("not_here", "unclear")
ENDED_FOR = ("moved", "mistaken")
MOVED_OUT = "moved_out"
"""Reasons with words of their own; any other is what somebody wrote."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request to be entered: its state, and who was told (None when nobody could be)."""

    residency_id: int
    state: str
    told: int | None


async def ask_to_join(
    desk: Desk, person_id: int, unit_id: int, kind: str, name: str, *, news: str = ""
) -> Asked:
    """Enter somebody for a unit and ask the leader there, who approves with one tap (R3).

    `news` tells the leader why it is asked now ("objected": they had been taken out of the roster).
    Refusals: `no_such_place`, `bad_answer`, `name_needed`, `too_many_requests`, `unit_crowded`.
    """
    place = await desk.store.places.unit(unit_id)
    if place is None:
        raise Refused("no_such_place")
    if kind not in KINDS:
        raise Refused("bad_answer")
    name = " ".join(name.split())[:NAME_MOST]
    if not name:
        raise Refused("name_needed")
    people = desk.store.people
    before = await people.residencies(person_id)
    was = next((one for one in before if one.unit_id == unit_id), None)
    if was is None:
        await _check_room(desk, person_id, unit_id)
    if not await desk.store.posts.of_person(person_id):
        # A holder's name stands in the register; everybody else says how to call them.
        await people.put_details(person_id, name, (await people.details(person_id)).phone)
    residency_id, _ = await people.ask_residency(person_id, unit_id, kind, desk.now)
    home = await _known(desk, residency_id)
    if not home.is_waiting:
        if was is not None and was.is_waiting:
            # They have thought better of it: they stay what they are.
            await _close(desk, home)
        return Asked(home.id, "approved", None)
    is_new = was is None or not was.is_waiting
    if is_new:
        await _record(desk, home, "asked", person_id)
        await _plan_reminder(desk, home, 0)
    approvers = await _approvers(desk, home)
    if not approvers:
        return Asked(home.id, "pending", None)
    # Asking again changes the message the leader has; it does not ring again.
    await show_request(desk, approvers[0], home, anew=is_new, news=news)
    return Asked(home.id, "pending", approvers[0])


async def _check_room(desk: Desk, person_id: int, unit_id: int) -> None:
    of_person, of_unit = await desk.store.people.count_pending(person_id, unit_id)
    if of_person >= PENDING_OF_PERSON:
        raise Refused("too_many_requests", most=PENDING_OF_PERSON)
    if of_unit >= PENDING_OF_UNIT:
        raise Refused("unit_crowded")


async def _known(desk: Desk, residency_id: int) -> Residency:
    home = await desk.store.people.residency(residency_id)
    if home is None:
        raise Refused("no_such_request")
    return home


async def _record(desk: Desk, home: Residency, what: str, actor_id: int) -> None:
    await desk.store.changes.record(
        home.compound_id,
        actor_id,
        "chat",
        f"residency.{what}",
        person_id=home.person_id,
        unit_id=home.unit_id,
        now=desk.now,
    )


def place_of(home: Residency) -> Place:
    """The unit of an entry."""
    return Place("unit", home.compound_id, home.building_id, home.entrance_id, home.unit_id)


async def _approvers(desk: Desk, home: Residency) -> list[int]:
    """Who is asked about a request: the chain from the entrance up, if reachable; nobody about themselves.

    Who is away comes last.
    """
    place, holders = place_of(home), await desk.holders(home.compound_id)
    found = [
        holder
        for kind in chain_for("leader", place)
        for holder in holders_at(kind, place, holders)
        if holder.reachable and holder.person_id != home.person_id
    ]
    found.sort(key=lambda holder: holder.is_away)
    return list(dict.fromkeys(holder.person_id for holder in found))


# What the leader sees ------------------------------------------------------------------------------------


async def show_request(
    desk: Desk,
    approver_id: int,
    home: Residency,
    *,
    anew: bool = True,
    only_if_sent: bool = False,
    news: str = "",
) -> None:
    """Show somebody's request to one who may decide it: anew, or in the message that shows it already.

    `news` is why it comes now: "", reminder, escalated, answered or objected.
    """
    person = await desk.store.people.details(home.person_id)
    others = [one for one in await desk.store.people.of_unit(home.unit_id) if one.person_id != home.person_id]
    listed = [one for one in others if one.is_listed]
    same = _same_name(others, person.name)
    is_listed = home.is_listed or any(one.is_listed for one in same)
    decided = _outcome(home)
    by = ""
    if decided and home.decided_by not in (None, home.person_id):
        by = (await desk.store.people.details(home.decided_by)).name
    facts = {
        "name": person.name,
        "kind": home.wanted_kind,
        "was_kind": home.kind if home.asked_kind and not decided else "",
        "place": await desk.place_facts(place_of(home)),
        "decided": decided,
        "by": by,
        "because": home.reason,
        "since": home.asked_at,
        "timezone": await desk.timezone(home.compound_id),
        "household": [_person_facts(one) for one in others[:PEOPLE_SHOWN]],
        "rest": max(0, len(others) - PEOPLE_SHOWN),
        "register": "yes" if is_listed else "other" if listed else "none",
        "twin": next((one.name for one in same if one.has_account), ""),
        "talk": list(home.talk[-TALK_SHOWN:]),
        "news": news,
    }
    rows = () if decided else await _request_choices(desk, home, others, same)
    await desk.tell(
        approver_id,
        "residents.request",
        facts,
        choices=rows,
        card_key=f"home:{home.id}",
        anew=anew,
        only_if_sent=only_if_sent,
    )


def _outcome(home: Residency) -> str:
    """approved, refused, ended, or "" while somebody has to decide."""
    if home.is_waiting:
        return ""
    # Another kind that was refused leaves an approved entry with a reason.
    return "refused" if home.state == "approved" and home.reason else home.state


def _person_facts(one: Resident) -> dict[str, object]:
    return {
        "name": one.name,
        "kind": one.kind,
        "is_pending": one.state == "pending",
        "is_listed": one.is_listed,
        "has_account": one.has_account,
        "since": one.since,
    }


def _same_name(others: Sequence[Resident], name: str) -> list[Resident]:
    wanted = fold(name)
    return [one for one in others if one.name and fold(one.name) == wanted]


async def _request_choices(
    desk: Desk, home: Residency, others: Sequence[Resident], same: Sequence[Resident]
) -> list[tuple[Choice, ...]]:
    """Yes, no, a question; and who of the unit this may be, on a new phone or by another name."""
    candidates = [one for one in others if one.state == "approved" and (one in same or not one.has_account)]
    could_be = [one for one in candidates if await _may_be_taken_for(desk, one.person_id)][:3]
    rows: list[tuple[Choice, ...]] = []
    for one in could_be:
        if one.has_account:
            rows.append((choice("same_person", "home.same", home.id, one.person_id),))
        elif one not in same:
            name = short(one.name, 16)
            rows.append((choice("is_listed_person", "home.same", home.id, one.person_id, name=name),))
    is_twin = any(one.has_account for one in could_be)
    rows.append(
        (
            choice("another_person" if is_twin else "approve", "home.approve", home.id),
            choice("refuse", "home.refuse", home.id),
        )
    )
    rows.append((choice("ask_back", "home.ask", home.id),))
    return rows


async def _may_be_taken_for(desk: Desk, person_id: int) -> bool:
    """Whether saying "the same person" may make somebody this one.

    Never who holds a post: what a leader confirms about a home must not bring anybody into one.
    """
    return not await desk.store.posts.of_person(person_id)


# Deciding ------------------------------------------------------------------------------------------------


async def to_decide(desk: Desk, actor_id: int, residency_id: int) -> Residency:
    """A request that waits, locked, for one who may decide it.

    Refusals: `no_such_request`, `not_yours`, `request_decided`.
    """
    home = await _known(desk, residency_id)
    holders = await desk.holders(home.compound_id)
    if actor_id == home.person_id or not may_approve(actor_id, place_of(home), holders):
        raise Refused("not_yours")
    if not home.is_waiting:
        raise await _was_decided(desk, home)
    return home


async def _was_decided(desk: Desk, home: Residency) -> Refused:
    """Who was first, and what they said."""
    decided_by = (await desk.store.people.details(home.decided_by)).name if home.decided_by else ""
    return Refused("request_decided", name=decided_by, state=_outcome(home))


async def decide(
    desk: Desk, actor_id: int, residency_id: int, *, approve: bool, reason: str = ""
) -> Residency:
    """Say yes or no to a request; both sides are told, and every other message that asks is redrawn.

    Who is approved and stands in the register by this name, without account, becomes that person. Who asked
    to be entered as something else and is refused stays what they were.
    Refusals: those of `to_decide`.
    """
    home = await to_decide(desk, actor_id, residency_id)
    state = "approved" if approve or home.state == "approved" else "refused"
    kind = home.wanted_kind if approve else home.kind
    reason = "" if approve else reason[:REASON_MOST]
    await desk.store.people.decide_residency(home.id, state, actor_id, desk.now, kind=kind, reason=reason)
    done = replace(home, state=state, kind=kind, asked_kind=None, decided_by=actor_id, reason=reason, talk=())
    what = "approved" if approve else "refused"
    await _record(desk, done, what, actor_id)
    await _close(desk, done)
    if approve:
        done = await _as_listed(desk, actor_id, done)
    facts = {
        "name": (await desk.store.people.details(done.person_id)).name,
        "place": await desk.place_facts(place_of(home)),
        "kind": home.wanted_kind,
        "stays": home.kind if home.state == "approved" and not approve else "",
        "because": reason,
        "by": (await desk.store.people.details(actor_id)).name,
    }
    await desk.tell(done.person_id, f"residents.{what}", facts)
    return done


async def _close(desk: Desk, home: Residency) -> None:
    """Nothing is left to decide: no reminder comes, and whoever was asked sees how it ended."""
    await desk.store.chores.drop(REMIND, home.id)
    await redraw_request(desk, home)


async def redraw_request(desk: Desk, home: Residency) -> None:
    """Every message that asks about it shows how it stands now; nobody is rung up."""
    for approver in await _approvers(desk, home):
        await show_request(desk, approver, home, anew=False, only_if_sent=True)


async def call_off(desk: Desk, home: Residency) -> None:
    """Whoever asked is gone with all that was known of them: nobody is asked any more."""
    await _close(desk, replace(home, state="ended", asked_kind=None, decided_by=None, talk=()))


async def _as_listed(desk: Desk, actor_id: int, home: Residency) -> Residency:
    """Whoever is approved is the person of this name the register, or a report for them, has in the unit."""
    name = (await desk.store.people.details(home.person_id)).name
    others = [one for one in await desk.store.people.of_unit(home.unit_id) if one.person_id != home.person_id]
    for one in _same_name(others, name):
        if not one.has_account and await _may_be_taken_for(desk, one.person_id):
            await merge(desk, home.person_id, one.person_id, actor_id=actor_id, source="chat")
            mine = await desk.store.people.residencies(one.person_id)
            kept = next(entry for entry in mine if entry.unit_id == home.unit_id)
            if kept.kind != home.kind or kept.state != "approved":
                await desk.store.people.decide_residency(
                    kept.id, "approved", actor_id, desk.now, kind=home.kind
                )
            return replace(kept, kind=home.kind, state="approved")
    return home


async def same_person(desk: Desk, actor_id: int, residency_id: int, known_id: int) -> Residency:
    """The one who asks is somebody entered for the same unit, on a new phone or under the register's name.

    Refusals: those of `to_decide`, `no_such_person`, `same_holds_post`.
    """
    home = await to_decide(desk, actor_id, residency_id)
    in_unit = await desk.store.people.of_unit(home.unit_id)
    known = next((one for one in in_unit if one.person_id == known_id and one.state == "approved"), None)
    if known is None or known_id in (home.person_id, actor_id):
        raise Refused("no_such_person")
    asks = await desk.store.people.details(home.person_id)
    if known.has_account and not _same_name((known,), asks.name):
        # Nobody is taken for somebody who goes by another name, and whose phone would fall silent.
        raise Refused("no_such_person")
    if not await _may_be_taken_for(desk, known_id) or await desk.store.posts.of_person(home.person_id):
        raise Refused("same_holds_post", name=known.name)
    done = replace(home, state="approved", kind=known.kind, asked_kind=None, decided_by=actor_id, talk=())
    await _record(desk, done, "approved", actor_id)
    await _close(desk, done)
    await merge(desk, home.person_id, known_id, actor_id=actor_id, source="chat")
    facts = {
        "name": known.name,
        "place": await desk.place_facts(place_of(home)),
        "kind": known.kind,
        "stays": "",
        "because": "",
    }
    await desk.tell(known_id, "residents.approved", facts)
    return done


# A question, an answer -----------------------------------------------------------------------------------


async def ask_back(desk: Desk, actor_id: int, residency_id: int, text: str) -> None:
    """The leader asks who wants to be entered; the request waits on.

    Refusals: those of `to_decide`, `text_needed`, `text_too_long`, `asked_unreachable`.
    """
    home = await to_decide(desk, actor_id, residency_id)
    if await desk.addressee(home.person_id) is None:
        raise Refused("asked_unreachable")
    home = await _said(desk, home, actor_id, text, is_leader=True)
    facts = {
        "by": (await desk.store.people.details(actor_id)).name,
        "place": await desk.place_facts(place_of(home)),
        "text": text,
    }
    rows = ((choice("answer", "home.answer", home.id),),)
    await desk.tell(home.person_id, "residents.asked_back", facts, choices=rows)
    await show_request(desk, actor_id, home, anew=False)


async def to_answer(desk: Desk, person_id: int, residency_id: int) -> Residency:
    """A request of one's own about which something was asked, locked.

    Refusals: `no_such_request`, `request_decided`.
    """
    home = await desk.store.people.residency(residency_id)
    if home is None or home.person_id != person_id:
        raise Refused("no_such_request")
    if not home.is_waiting or not home.talk:
        raise Refused("request_decided", name="", state=_outcome(home) or "approved")
    return home


async def answer(desk: Desk, person_id: int, residency_id: int, text: str) -> None:
    """Whoever asked hears it, or who decides now.

    Refusals: those of `to_answer`, `text_needed`, `text_too_long`.
    """
    home = await to_answer(desk, person_id, residency_id)
    asked_by = next((line["by"] for line in reversed(home.talk) if line["is_leader"]), None)
    home = await _said(desk, home, person_id, text, is_leader=False)
    approvers = await _approvers(desk, home)
    to = asked_by if asked_by in approvers else next(iter(approvers), None)
    if to is not None:
        await show_request(desk, to, home, news="answered")


async def _said(desk: Desk, home: Residency, by: int, text: str, *, is_leader: bool) -> Residency:
    if not text:
        raise Refused("text_needed")
    if len(text) > TALK_MOST:
        raise Refused("text_too_long", most=TALK_MOST)
    talk = (*home.talk, {"by": by, "is_leader": is_leader, "text": text})[-TALK_SHOWN:]
    await desk.store.people.set_talk(home.id, talk)
    return replace(home, talk=talk)


# What waits ----------------------------------------------------------------------------------------------


async def waiting_for(desk: Desk, person_id: int) -> list[Residency]:
    """The requests somebody may decide, the oldest first. Refusals: `requests_not_yours`."""
    compounds = await approver_in(desk, person_id)
    if not compounds:
        raise Refused("requests_not_yours")
    found = []
    for compound_id in compounds:
        holders = await desk.holders(compound_id)
        found += [
            home
            for home in await desk.store.people.waiting(compound_id)
            if home.person_id != person_id and may_approve(person_id, place_of(home), holders)
        ]
    return sorted(found, key=lambda home: (home.asked_at, home.id))


async def approver_in(desk: Desk, person_id: int) -> list[int]:
    """The compounds where somebody's posts let them say who lives there."""
    posts = await desk.store.posts.of_person(person_id)
    return list(dict.fromkeys(post.compound_id for post in posts if post.kind in APPROVERS))


async def show_waiting(desk: Desk, person_id: int, compound_id: int) -> None:
    """Show somebody new in a post the requests that wait for them."""
    waiting = await desk.store.people.waiting(compound_id)
    mine = [home for home in waiting if (await _approvers(desk, home))[:1] == [person_id]]
    for home in mine[:SHOWN_MOST]:
        await show_request(desk, person_id, home)
        await _plan_reminder(desk, home, 0)


async def _plan_reminder(desk: Desk, home: Residency, stage: int) -> None:
    """Whoever has just been shown a request has a day for it, however long it has waited."""
    quiet = desk.rules.quiet_hours(await desk.timezone(home.compound_id))
    due = max(home.asked_at + REMIND_AFTER[stage], desk.now + REMIND_AFTER[0])
    await desk.store.chores.put(REMIND, home.id, quiet.release(due, "ordinary"), stage)


async def _remind(desk: Desk, chore: Chore) -> None:
    """Nobody has decided: who was asked is reminded, then the next in the chain and the committee get it."""
    home = await desk.store.people.residency(chore.subject_id)
    if home is None or not home.is_waiting or chore.stage >= len(REMIND_AFTER):
        return
    quiet = desk.rules.quiet_hours(await desk.timezone(home.compound_id))
    release = quiet.release(desk.now, "ordinary")
    if release > desk.now:
        await desk.store.chores.put(REMIND, home.id, release, chore.stage)
        return
    approvers = await _approvers(desk, home)
    if chore.stage == 0:
        for first in approvers[:1]:
            await show_request(desk, first, home, news="reminder")
        await _plan_reminder(desk, home, 1)
        return
    committee = {one.person_id for one in committee_of(await desk.holders(home.compound_id))}
    for other in approvers[1:]:
        if other == approvers[1] or other in committee:
            await show_request(desk, other, home, news="escalated")


CHORES = {REMIND: _remind}


# One's own homes, and the leader's end to them -------------------------------------------------------------


async def own_home(desk: Desk, person_id: int, residency_id: int) -> Residency:
    """A home of one's own, or a wish for one, locked. Refusals: `no_such_home`."""
    home = await desk.store.people.residency(residency_id)
    if home is None or home.person_id != person_id or home.state not in ("approved", "pending"):
        raise Refused("no_such_home")
    return home


async def change_kind(desk: Desk, person_id: int, residency_id: int, kind: str) -> Asked:
    """Ask to be entered as something else; until somebody agrees the entry stays as it is.

    Refusals: those of `own_home` and `ask_to_join`.
    """
    home = await own_home(desk, person_id, residency_id)
    name = (await desk.store.people.details(person_id)).name
    return await ask_to_join(desk, person_id, home.unit_id, kind, name)


async def set_main(desk: Desk, person_id: int, residency_id: int) -> Residency:
    """Let one home come first: reports and the contact card begin there. Refusals: those of `own_home`."""
    home = await own_home(desk, person_id, residency_id)
    await desk.store.people.set_main(person_id, residency_id)
    return home


async def leave_home(desk: Desk, person_id: int, residency_id: int) -> Residency:
    """Move out, or take a request back; nobody is told but the roster. Open issues stay the person's own.

    Refusals: those of `own_home`.
    """
    home = await own_home(desk, person_id, residency_id)
    return await _end(desk, person_id, home, MOVED_OUT)


async def to_end(desk: Desk, actor_id: int, residency_id: int) -> Residency:
    """An approved entry, locked, for one who may end it. Refusals: `no_such_home`, `not_yours`."""
    home = await desk.store.people.residency(residency_id)
    if home is None:
        raise Refused("no_such_home")
    holders = await desk.holders(home.compound_id)
    if actor_id == home.person_id or not may_approve(actor_id, place_of(home), holders):
        raise Refused("not_yours")
    if home.state != "approved":
        raise Refused("no_such_home")
    return home


async def end_home(desk: Desk, actor_id: int, residency_id: int, reason: str) -> Residency:
    """A leader takes somebody out of the roster; they are told why, and can ask again with one tap.

    Refusals: those of `to_end`, `text_needed`.
    """
    home = await to_end(desk, actor_id, residency_id)
    reason = " ".join(reason.split())[:REASON_MOST]
    if not reason:
        raise Refused("text_needed")
    home = await _end(desk, actor_id, home, reason)
    facts = {
        "place": await desk.place_facts(place_of(home)),
        "by": (await desk.store.people.details(actor_id)).name,
        "because": reason,
    }
    rows = ((choice("still_here", "home.object", home.id),),)
    await desk.tell(home.person_id, "residents.ended", facts, choices=rows)
    return home


async def _end(desk: Desk, actor_id: int, home: Residency, reason: str) -> Residency:
    await desk.store.people.decide_residency(home.id, "ended", actor_id, desk.now, reason=reason)
    done = replace(home, state="ended", asked_kind=None, reason=reason, decided_by=actor_id, talk=())
    await _record(desk, done, "ended", actor_id)
    if home.is_waiting:
        await _close(desk, done)
    await leader_moved(desk, home.person_id, home.compound_id)
    return done


async def object_to_end(desk: Desk, person_id: int, residency_id: int) -> Asked:
    """Who was taken out of the roster lives there still: it is asked again, and the leader sees why.

    Refusals: `no_such_home`, `already_done`, `request_decided`, those of `ask_to_join`.
    """
    home = await desk.store.people.residency(residency_id)
    if home is None or home.person_id != person_id:
        raise Refused("no_such_home")
    if home.is_waiting:
        raise Refused("already_done")
    if home.state != "ended":
        raise await _was_decided(desk, home)
    name = (await desk.store.people.details(person_id)).name
    return await ask_to_join(desk, person_id, home.unit_id, home.kind, name, news="objected")
