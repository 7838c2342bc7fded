"""Simple mode, given or chosen, and asking for a person to talk to (R19)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from bot.actions.desk import Choice, Choices, Desk, choice
from bot.actions.privacy import shown_phone
from bot.actions.residents import place_of, to_end
from bot.domain.errors import Refused
from bot.domain.posts import PostKind, match
from bot.storage.calls import Call
from bot.storage.chores import Chore
from bot.storage.people import Residency

NEXT, OVER = "call.next", "call.over"
ANSWERED_WITHIN = timedelta(hours=2)
"""Whoever was told and says nothing for so long by day: the next in line is told."""
PATIENCE = timedelta(hours=1)
"""Whoever asks again within this time is told who has it; later the next in line is told at once."""
KEPT = timedelta(days=1)
"""How long it is kept who asked and who was told; then it begins anew."""
CONTACTS_MOST = 3

Told = tuple[str, dict[str, object]]
"""What to say to who asked: a message and its facts."""


# The mode --------------------------------------------------------------------------------------------------


async def switch(desk: Desk, person_id: int, *, is_elder: bool) -> None:
    """Simple mode on or off, from the next message on."""
    await desk.store.people.set_elder(person_id, is_elder=is_elder)
    desk.forget_people()


async def give(desk: Desk, actor_id: int, residency_id: int) -> Residency:
    """Who says who lives in a home gives somebody there simple mode; they hear by whom, and can switch back.

    Refusals: those of `residents.to_end`, `elder_unreachable`, `elder_already`.
    """
    home = await to_end(desk, actor_id, residency_id)
    addressee = await desk.addressee(home.person_id)
    name = (await desk.store.people.details(home.person_id)).name
    if addressee is None:
        raise Refused("elder_unreachable", name=name)
    if addressee.is_elder:
        raise Refused("elder_already", name=name)
    await switch(desk, home.person_id, is_elder=True)
    await desk.hush_by_night(home.compound_id, "ordinary")
    by = (await desk.store.people.details(actor_id)).name
    await desk.tell(home.person_id, "elders.on", menu=True)
    await desk.tell(home.person_id, "elders.given", {"by": by}, choices=((off_choice(),),))
    return home


def off_choice() -> Choice:
    """The way back."""
    return choice("elder_off", "elder.set", 0)


# A person to talk to ---------------------------------------------------------------------------------------


async def ask_for_person(desk: Desk, person_id: int) -> Told:
    """轉人工: whoever is first in line for somebody's home, and can be reached, is told to call or come by.

    Asked again within PATIENCE nobody is told twice. Gives what to say to who asked.
    """
    home = await home_of(desk, person_id)
    if home is None:
        return "elders.no_home", {}
    told = await desk.store.calls.of(person_id)
    last = told[-1] if told else None
    if last and desk.now - max(last.asked_at, last.taken_at or last.asked_at) < PATIENCE:
        facts = await _about(desk, home, last.taken_by or last.asked_id)
        return "elders.told_already", {**facts, "is_taken": last.taken_by is not None}
    if last is None or last.taken_by is not None:
        await desk.store.calls.drop(person_id)
        told = []
    return await _tell_next(desk, home, told, "elders.told")


async def home_of(desk: Desk, person_id: int) -> Residency | None:
    """Where somebody is looked for: their main home, approved before asked for."""
    homes = await desk.store.people.residencies(person_id)
    return min(homes, key=lambda home: home.state != "approved", default=None)


async def _tell_next(desk: Desk, home: Residency, told: Sequence[Call], message: str) -> Told:
    """Tell who is next in line after these; where nobody is left the numbers to call are what remains."""
    place = place_of(home)
    holders = await desk.holders(home.compound_id)
    found = match(
        "leader",
        place,
        holders,
        declined=frozenset(call.asked_id for call in told),
        concerned=frozenset((home.person_id,)),
    )
    if found is None or found.rule == "last_resort":
        contacts = await contacts_of(desk, home, frozenset(PostKind))
        with_phone = [one for one in contacts if one["phone"]][:CONTACTS_MOST]
        return "elders.nobody", {"contacts": with_phone, "numbers": desk.rules.emergency_numbers}
    asked_id = found.holder.person_id
    begun_at = told[0].begun_at if told else desk.now
    call_id = await desk.store.calls.put(home.person_id, home.unit_id, asked_id, begun_at, desk.now)
    if call_id is not None:
        await desk.hush_by_night(home.compound_id, "ordinary")
        call = Call(call_id, home.person_id, home.unit_id, begun_at, asked_id, desk.now, None, None)
        await _show(desk, call, home, is_passed_on=bool(told), anew=True)
        await desk.store.chores.put(NEXT, call_id, await _answered_by(desk, home))
        await desk.store.chores.put(OVER, call_id, desk.now + KEPT)
    return message, await _about(desk, home, asked_id)


async def _answered_by(desk: Desk, home: Residency) -> datetime:
    """Until when whoever is told now may answer; nobody has to by night."""
    quiet = desk.rules.quiet_hours(await desk.timezone(home.compound_id))
    return quiet.release(quiet.release(desk.now, "ordinary") + ANSWERED_WITHIN, "ordinary")


async def _about(desk: Desk, home: Residency, person_id: int) -> dict[str, object]:
    """Who comes, as who asked may know it: the phone only where the contact card has it."""
    holders = await desk.holders(home.compound_id)
    name = (await desk.store.people.details(person_id)).name
    posts = {one.kind.value for one in holders if one.person_id == person_id}
    shown = await contacts_of(desk, home, frozenset(PostKind))
    own = [one for one in shown if one["name"] == name and one["post"] in posts]
    quiet = desk.rules.quiet_hours(await desk.timezone(home.compound_id))
    return {
        "handler": name,
        "handler_post": own[0]["post"] if own else min(posts, default=PostKind.BUILDING_LEADER.value),
        "phone": next((one["phone"] for one in own if one["phone"]), ""),
        "is_night": quiet.release(desk.now, "ordinary") > desk.now,
    }


async def contacts_of(desk: Desk, home: Residency, kinds: frozenset[PostKind]) -> list[dict[str, Any]]:
    """Who is on the contact card for a home, from the door up, by name and phone."""
    card = await desk.store.posts.contact_card(home.compound_id, home.building_id, desk.rules.channel)
    order = list(PostKind)
    return [
        {"post": line.kind.value, "name": line.name, "phone": line.phone, "is_away": line.is_away}
        for line in sorted(card, key=lambda one: order.index(one.kind))
        if line.name and line.kind in kinds and line.entrance_id in (None, home.entrance_id)
    ]


async def _show(
    desk: Desk, call: Call, home: Residency, *, taken_by: int | None = None, is_passed_on: bool, anew: bool
) -> None:
    """The message by which somebody is told, with the phone they may see; it changes when it is taken."""
    name = (await desk.store.people.details(call.person_id)).name
    facts = {
        "name": name,
        "place": await desk.place_facts(place_of(home)),
        "phone": await shown_phone(desk, call.asked_id, call.person_id),
        "is_passed_on": is_passed_on,
        "taken_by": (await desk.store.people.details(taken_by)).name if taken_by else "",
        "is_mine": taken_by == call.asked_id,
    }
    report = choice("call_proxy", "proxy.start", call.unit_id, call.person_id)
    rows: Choices = ((report,),)
    if taken_by is None:
        rows = ((choice("call_take", "elder.take", call.id),), (report,))
    await desk.tell(
        call.asked_id, "elders.wanted", facts, choices=rows, card_key=f"call:{call.id}", anew=anew
    )


async def take(desk: Desk, actor_id: int, call_id: int) -> None:
    """Whoever was told says that they get in touch; who asked hears it, and the others need not.

    Refusals: `call_over`, `call_taken`, `already_done`.
    """
    call = await desk.store.calls.get(call_id)
    home = await home_of(desk, call.person_id) if call and call.asked_id == actor_id else None
    if call is None or home is None:
        raise Refused("call_over")
    if not await desk.store.calls.take(call.person_id, actor_id, desk.now):
        by = call.taken_by or actor_id
        if by == actor_id:
            raise Refused("already_done")
        raise Refused("call_taken", name=(await desk.store.people.details(by)).name)
    await desk.tell(call.person_id, "elders.coming", await _about(desk, home, actor_id))
    for place, one in enumerate(await desk.store.calls.of(call.person_id)):
        await _show(desk, one, home, taken_by=actor_id, is_passed_on=place > 0, anew=False)


async def _pass_on(desk: Desk, chore: Chore) -> None:
    """Nobody has answered: the next in line is told, and who asked hears of it."""
    told = await _told_last(desk, chore)
    home = await home_of(desk, told[-1].person_id) if told else None
    if home is not None and told[-1].taken_by is None:
        message, facts = await _tell_next(desk, home, told, "elders.passed_on")
        await desk.tell(home.person_id, message, facts)


async def _forget(desk: Desk, chore: Chore) -> None:
    if told := await _told_last(desk, chore):
        await desk.store.calls.drop(told[-1].person_id)


async def _told_last(desk: Desk, chore: Chore) -> list[Call]:
    """Everybody who was told, if the chore is about the last of them."""
    call = await desk.store.calls.get(chore.subject_id)
    told = await desk.store.calls.of(call.person_id) if call else []
    return told if told and told[-1].id == chore.subject_id else []


CHORES = {NEXT: _pass_on, OVER: _forget}
