"""Who holds a post: taking it up by link, handing it over, leaving it, losing touch with its holder (L4)."""

from contextlib import suppress
from dataclasses import replace

from bot.actions.cards import redraw
from bot.actions.clocks import UNDONE
from bot.actions.commands import offer
from bot.actions.desk import Desk
from bot.actions.issues import act, stand_in
from bot.actions.residents import show_waiting
from bot.actions.tellings import Said
from bot.domain.errors import Refused
from bot.domain.posts import SHARED, committee_of
from bot.domain.transitions import Action
from bot.storage.links import Link
from bot.storage.posts import Post

MOVED_MOST = 1000
SHOWN_MOST = 5
"""Cards sent at once to somebody who takes up a post; the rest is in /work."""


async def compounds_of(desk: Desk, post: Post) -> list[int]:
    """The compounds a post speaks for: its own, or all of its community."""
    if post.compound_id is not None:
        return [post.compound_id]
    return [one.id for one in await desk.store.places.compounds() if one.community_id == post.community_id]


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
    return [one for one in await desk.store.posts.holder_ids(post.id) if not await desk.addressee(one)]


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
    for compound_id in await compounds_of(desk, post):
        await show_waiting(desk, person_id, compound_id)
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
        for holder in committee_of(await desk.holders(held.compound_id)):
            if holder.person_id != person_id:
                await desk.tell(holder.person_id, "residents.holder_lost", facts)
