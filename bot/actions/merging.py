"""Two people of ours who turn out to be one: by a new phone, the register, or a link only they could have."""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta

from bot.actions import activities
from bot.actions.cards import redraw
from bot.actions.clocks import UNDONE
from bot.actions.commands import offer
from bot.actions.desk import Desk
from bot.actions.issues import act
from bot.actions.rerouting import MOVED_MOST, SHOWN_MOST, heir_of
from bot.actions.tellings import Said
from bot.domain import signups
from bot.domain.errors import Refused
from bot.domain.folding import fold
from bot.domain.transitions import Action
from bot.printing import qr_picture
from bot.storage.mailboxes import Lane

MOVING_LINK = "m"
"""A link's payload is this and the code."""
CODE_LASTS = timedelta(hours=1)
CODE_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No sign that looks like another: the code may be read out over the phone."""
CODE_LENGTH = 8


async def merge(
    desk: Desk,
    from_person: int,
    to_person: int,
    *,
    actor_id: int | None,
    source: str,
    named_by: int | None = None,
) -> None:
    """Make two people one: everything of `from_person` becomes `to_person`'s, and a tombstone is left.

    Where there can be only one of something, the better or the older stays (storage/merging.py). Name and
    phone are those of `named_by`, or of `to_person`; a phone only the other one has is kept. Where both have
    an account it is a new phone: `to_person`'s old one is told goodbye and reaches nobody any more. What they
    handle goes on to the next in line where it is about the other one, or was reported by them (C10); what
    stood on a phone that is gone, or on none, is shown anew. Refusals: `no_such_person`.
    """
    merging, people = desk.store.merging, desk.store.people
    if not await merging.lock(from_person, to_person):
        raise Refused("no_such_person")
    known = {one: await people.details(one) for one in (from_person, to_person)}
    named = known[named_by or to_person]
    phone = named.phone or known[from_person].phone or known[to_person].phone
    new_accounts = await merging.addresses(from_person)
    unseen_by = to_person if new_accounts else from_person
    unseen = {issue.id for issue in await desk.store.issues.of_handler(unseen_by, MOVED_MOST)}
    for channel, address in (await merging.addresses(to_person)).items():
        if channel in new_accounts:
            await _say_goodbye(desk, to_person, address)
            await merging.unlink(to_person, channel, address, new_accounts[channel])
    await _come_once(desk, from_person, to_person)
    await merging.move(from_person, to_person, desk.now)
    await people.put_details(to_person, named.name, phone)
    desk.forget_people()
    await _hand_on_own(desk, from_person, to_person)
    await merging.move_handled(from_person, to_person)
    homes = await people.residencies(to_person)
    compound_id = homes[0].compound_id if homes else None
    await desk.store.changes.record(
        compound_id, actor_id, source, "person.merged", person_id=to_person, now=desk.now, was=from_person
    )
    theirs = await desk.store.issues.of_handler(to_person, MOVED_MOST)
    for issue in [one for one in theirs if one.id in unseen][:SHOWN_MOST]:
        await redraw(desk, issue, to_person, anew=True)
    await offer(desk, to_person)


async def _say_goodbye(desk: Desk, person_id: int, address: str) -> None:
    """The last message to the phone that was theirs, for whoever did not mean it."""
    addressee = await desk.addressee(person_id)
    if addressee is not None:
        text = desk.texts.render(desk.locale(addressee), "residents.moved_phone")
        desk.post(address, text, person_id=person_id, lane=Lane.WORK)


async def _come_once(desk: Desk, from_person: int, to_person: int) -> None:
    """Nobody has two seats: the later party goes on without them (E2)."""
    for party in await desk.store.merging.twice(from_person, to_person):
        others = party.names[1:]
        with suppress(Refused):
            action = signups.Action.REDUCE if others else signups.Action.WITHDRAW
            await activities.do(desk, party.signup_id, party.signer_id, action, others)
        await desk.store.merging.without_self(party.signup_id)


async def _hand_on_own(desk: Desk, from_person: int, to_person: int) -> None:
    """Nobody judges their own case, whichever of the two had it (C10)."""
    for person_id in (from_person, to_person):
        for issue in await desk.store.issues.of_handler(person_id, MOVED_MOST):
            concerned = (await desk.store.issues.parts(issue.id))["concerned"]
            if issue.state not in UNDONE or to_person not in {issue.reporter_id, *concerned}:
                continue
            heir = await heir_of(desk, issue, await desk.holders(issue.place.compound_id))
            if heir is not None:
                with suppress(Refused):
                    await act(desk, issue.id, None, Action.TRANSFER, Said(target=heir.holder.person_id))


# A new phone ---------------------------------------------------------------------------------------------


async def make_code(desk: Desk, person_id: int) -> tuple[str, datetime]:
    """A code by which somebody goes on with a new account, once, and until when; the one before is void."""
    code = ""
    while not looks_like_code(code):
        code = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))
    until = desk.now + CODE_LASTS
    await desk.store.people.put_moving_code(code, person_id, until)
    return code, until


def code_picture(desk: Desk, code: str) -> bytes:
    """A PNG for the new phone's camera."""
    return qr_picture(desk.link(MOVING_LINK + code))


def looks_like_code(text: str) -> bool:
    """Whether somebody may have typed a code: eight of its signs, both letters and digits, nothing else."""
    code = normal_code(text)
    return (
        len(code) == CODE_LENGTH
        and set(code) <= set(CODE_SIGNS)
        and not code.isdigit()
        and not code.isalpha()
    )


def normal_code(text: str) -> str:
    """A code as it was given, however it is typed."""
    return "".join(fold(text).split()).upper()


async def move_phone(desk: Desk, person_id: int, said: str) -> int:
    """Go on, on this account, as the person who made the code; gives who that is.

    An account that is already somebody's, with a post, a home of their own or another name, is not taken over
    by mistake: a grandchild may have scanned the code. Refusals: `moving_code_unknown`,
    `moving_code_expired`, `moving_code_same_phone`, `moving_code_taken`, those of `merge`.
    """
    found = await desk.store.people.moving_code(normal_code(said))
    if found is None:
        raise Refused("moving_code_unknown")
    old_person, until = found
    if desk.now > until:
        raise Refused("moving_code_expired")
    if old_person == person_id:
        raise Refused("moving_code_same_phone")
    if await _is_somebody_else(desk, person_id, old_person):
        raise Refused("moving_code_taken", name=(await desk.store.people.details(person_id)).name)
    await merge(desk, person_id, old_person, actor_id=old_person, source="chat")
    return old_person


async def _is_somebody_else(desk: Desk, person_id: int, old_person: int) -> bool:
    people = desk.store.people
    if await desk.store.posts.of_person(person_id) or await desk.store.interest_groups.led_by(person_id):
        return True
    homes = {home.unit_id for home in await people.residencies(person_id) if home.state == "approved"}
    if not homes:
        return False
    known = {home.unit_id for home in await people.residencies(old_person)}
    names = [fold((await people.details(one)).name) for one in (person_id, old_person)]
    return not homes <= known or names[0] != names[1]
