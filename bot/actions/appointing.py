"""Who holds a post: appointing with consent, taking up by link, handing over, leaving, losing touch (L4)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.actions import absences, contact_cards
from bot.actions.commands import offer
from bot.actions.desk import Choices, Desk, choice
from bot.actions.directory import APPOINT_PREFIX, invite
from bot.actions.interest_groups import candidates
from bot.actions.merging import merge
from bot.actions.privacy import viewers_of
from bot.actions.rerouting import heir_of, move, tell_moved, undone
from bot.actions.residents import NAME_MOST, show_waiting
from bot.domain.appointing import Deed, check, manages
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import LEVEL, SHARED, Holder, Place, PostKind, committee_of
from bot.domain.privacy import Datum, clean_phone, may_see
from bot.domain.register import ListedPerson
from bot.printing import qr_picture
from bot.storage.changes import Change
from bot.storage.directory import Directory
from bot.storage.interest_groups import Member
from bot.storage.issues import Issue
from bot.storage.links import Link
from bot.storage.posts import Appointment, Post

DUTY_MOST, HOURS_MOST = 60, 40
"""UTF-16 units of what the contact card says of a post."""
ASK, TERM = "appointment.ask", "appointment.term"
TERM_AHEAD = timedelta(days=30)
TERM_HOUR = time(9)
"""When the committee is asked what is to come after a term: so long before its last day, and on it."""


# What is known of a post --------------------------------------------------------------------------------


def post_facts(post: Post) -> dict[str, object]:
    """A post and where it is held, as the templates take it."""
    return {
        "post": post.kind.value,
        "compound": post.compound or post.community,
        "building": post.building,
        "entrance": post.entrance,
    }


async def compounds_of(desk: Desk, post: Post) -> list[int]:
    """The compounds a post speaks for: its own, or all of its community."""
    if post.compound_id is not None:
        return [post.compound_id]
    return [one.id for one in await desk.store.places.compounds() if one.community_id == post.community_id]


async def post_of(desk: Desk, post_id: int) -> Post:
    """The post, locked until commit. Refusals: `no_such_post`."""
    post = await desk.store.posts.locked(post_id)
    if post is None:
        raise Refused("no_such_post")
    desk.forget_holders()
    return post


async def holders_around(desk: Desk, post: Post) -> list[Holder]:
    """Everybody whose post matters to who may change this one."""
    compounds = await compounds_of(desk, post)
    return await desk.holders(compounds[0]) if compounds else []


async def require(desk: Desk, deed: Deed, actor_id: int, post: Post, person_id: int | None = None) -> None:
    """Refuse what this person may not do to a post: see `domain.appointing.check`."""
    holders = await holders_around(desk, post)
    check(deed, actor_id, post.id, post.kind, post.building_id, holders, person_id=person_id)


async def post_at(
    desk: Desk, actor_id: int, kind: str, compound_id: int, building_id: int, entrance_id: int
) -> Post:
    """The post of a place, entered where there is none yet by who manages it; 0 is no building or entrance.

    Refusals: `no_such_place`, `post_not_yours`.
    """
    places = desk.store.places
    compound = next((one for one in await places.compounds() if one.id == compound_id), None)
    if compound is None or kind not in [one.value for one in PostKind]:
        raise Refused("no_such_place")
    found, level = PostKind(kind), LEVEL[PostKind(kind)]
    held_at: Place | None = Place("compound", compound_id)
    if level in ("building", "entrance"):
        held_at = await (
            places.building(building_id) if level == "building" else places.entrance(entrance_id)
        )
    owner = compound.community_id if level == "community" else compound_id
    if held_at is None or held_at.compound_id != compound_id or owner is None:
        raise Refused("no_such_place")
    if not manages(actor_id, found, held_at.building_id, await desk.holders(compound_id)):
        raise Refused("post_not_yours")
    post_id = await desk.store.posts.find(
        found,
        None if level == "community" else compound_id,
        held_at.building_id,
        held_at.entrance_id,
        community_id=owner if level == "community" else None,
    )
    return await post_of(desk, post_id)


async def timezone_of(desk: Desk, post: Post) -> str:
    """The time zone of where the post is held."""
    compounds = await compounds_of(desk, post)
    return await desk.timezone(compounds[0]) if compounds else "UTC"


async def managers_of(desk: Desk, post: Post) -> list[int]:
    """Who is asked about a post: who manages it, and can be written to."""
    people = [
        one.person_id
        for one in await holders_around(desk, post)
        if one.reachable and manages(one.person_id, post.kind, post.building_id, [one])
    ]
    return list(dict.fromkeys(people))


async def issues_of_post(
    desk: Desk, post: Post, person_id: int, compound_id: int, holders: Sequence[Holder]
) -> list[Issue]:
    """What somebody has to do only by this post; `holders` are those of the compound without them in it."""
    left = [one for one in holders if one.person_id == person_id]
    return [
        issue
        for issue in await undone(desk, person_id, compound_id)
        if not left or (issue.handler_post == post.kind and not any(_answers_for(one, issue) for one in left))
    ]


def _answers_for(holder: Holder, issue: Issue) -> bool:
    return (
        holder.kind == issue.handler_post
        and holder.building_id in (None, issue.place.building_id)
        and holder.entrance_id in (None, issue.place.entrance_id)
    )


async def in_hand(desk: Desk, post: Post, person_id: int) -> list[tuple[Issue, list[Holder]]]:
    """What somebody has to do only by a post, each with who would hold posts around it without them."""
    found = []
    for compound_id in await compounds_of(desk, post):
        others = [
            one
            for one in await desk.holders(compound_id)
            if one.post_id != post.id or person_id not in (one.person_id, one.acting_for)
        ]
        theirs = await issues_of_post(desk, post, person_id, compound_id, others)
        found += [(issue, others) for issue in theirs]
    return found


async def foresee(desk: Desk, post: Post, person_id: int) -> list[dict[str, object]]:
    """Who would get what somebody has to do by a post: lines of `handler_post`, `handler` and `count`."""
    heirs = [await heir_of(desk, issue, others) for issue, others in await in_hand(desk, post, person_id)]
    counts = Counter((heir.holder.kind.value, heir.holder.person_id) for heir in heirs if heir is not None)
    return [
        {"handler_post": kind, "handler": await name_of(desk, heir_id), "count": count}
        for (kind, heir_id), count in counts.items()
    ]


# Leaving a post -----------------------------------------------------------------------------------------


async def leave_post(
    desk: Desk,
    post_id: int,
    person_id: int,
    *,
    actor_id: int | None,
    source: str,
    reason: str = "",
) -> int:
    """End somebody's time in a post, as holder or deputy; its open issues go on at once (L4).

    They go to who stands in or is deputy, else to the next in the chain. Everybody concerned is told: the
    former holder unless they resigned themselves, new handlers, reporters, and the committee when nobody
    holds the post any more (C7). Without an actor it is the operator, or the clock. `reason` is a word.
    Gives the number of issues that moved. Refusals: `no_such_post`, `not_in_post`, those of `require`.
    """
    post = await post_of(desk, post_id)
    if actor_id is not None:
        await require(desk, Deed.END, actor_id, post, person_id)
    before = await desk.store.posts.holder_ids(post.id)
    moved = await _leave(
        desk, post, person_id, actor_id=actor_id, source=source, successor=None, reason=reason
    )
    if before == [person_id]:
        await _tell_vacant(desk, post, but={actor_id, person_id})
    await _changed(desk, post)
    return moved


async def _leave(
    desk: Desk,
    post: Post,
    person_id: int,
    *,
    actor_id: int | None,
    source: str,
    successor: int | None,
    reason: str,
) -> int:
    posts = desk.store.posts
    appointments = await posts.appointments(post.id)
    mine = await appointment_of(desk, post, person_id)
    ended = [mine, *(one for one in appointments if one.acting_for == person_id)]
    for one in ended:
        # Who stands in for somebody does so no longer than they are in office.
        await posts.end(one.id, desk.now)
        await desk.store.chores.drop(TERM, one.id)
    desk.forget_holders()
    facts = {"is_deputy": mine.is_deputy, "successor": successor, "reason": reason}
    await record_change(desk, post, actor_id, source, "post.ended", person_id, **facts)
    moved: list[Issue] = []
    for compound_id in await compounds_of(desk, post):
        for one in ended:
            holders = await desk.holders(compound_id)
            theirs = await issues_of_post(desk, post, one.person_id, compound_id, holders)
            moved += await move(desk, theirs, successor)
    told = {
        **post_facts(post),
        "name": (await desk.store.people.details(successor)).name if successor else "",
        "former": (await desk.store.people.details(person_id)).name,
        "is_deputy": mine.is_deputy,
    }
    but = frozenset((person_id,))
    await tell_moved(desk, moved, "appointing.moved_to_you", "appointing.moved_for_you", told, but=but)
    await by_night(desk, post)
    if successor is not None or person_id != actor_id:
        await desk.tell(person_id, "appointing.ended", {**told, "count": len(moved)})
    for one in ended:
        await offer(desk, one.person_id)
    return len(moved)


async def _tell_vacant(desk: Desk, post: Post, *, but: set[int | None]) -> None:
    """C7: the committee, and who manages the post, learn that nobody holds it."""
    people = dict.fromkeys(await managers_of(desk, post))
    if post.compound_id is not None:
        people |= dict.fromkeys(one.person_id for one in committee_of(await desk.holders(post.compound_id)))
    for person_id in people.keys() - but:
        await desk.tell(person_id, "appointing.vacant", post_facts(post), choices=open_choice(post))


def open_choice(post: Post) -> Choices:
    """The way to a post's screen."""
    return ((choice("post_open", "post.open", post.id),),)


async def name_of(desk: Desk, person_id: int | None) -> str:
    """What somebody is called; "" for nobody."""
    return (await desk.store.people.details(person_id)).name if person_id else ""


async def by_night(desk: Desk, post: Post) -> None:
    """What is told from now on about a post is no reason to be woken."""
    for compound_id in (await compounds_of(desk, post))[:1]:
        await desk.hush_by_night(compound_id, "ordinary")


async def record_change(
    desk: Desk,
    post: Post,
    actor_id: int | None,
    source: str,
    action: str,
    person_id: int | None,
    **facts: Any,
) -> None:
    """Write down a change of a post; `facts` are words and ids."""
    await desk.store.changes.record(
        post.compound_id,
        actor_id,
        source,
        action,
        post_id=post.id,
        person_id=person_id,
        now=desk.now,
        **facts,
    )


async def _changed(desk: Desk, post: Post) -> None:
    """Somebody else holds a post: who stands in for whom follows, and what hangs at the doors (O2)."""
    for compound_id in await compounds_of(desk, post):
        await absences.settle(desk, compound_id)
    await contact_cards.changed(desk, post)


# Appointing ---------------------------------------------------------------------------------------------


async def appoint(
    desk: Desk,
    post_id: int,
    person_id: int,
    *,
    actor_id: int | None,
    source: str,
    is_deputy: bool = False,
    term_until: datetime | None = None,
) -> None:
    """This person holds the post from now on, or is a deputy in it; they are told.

    In a post for one, the former holder's time ends and what they had to do goes to the new one. Appointing
    whoever holds it already changes the term, if one is given. Refusals: `no_such_post`, those of `require`.
    """
    post = await post_of(desk, post_id)
    if actor_id is not None:
        await require(desk, Deed.APPOINT, actor_id, post)
    if await install(
        desk, post, person_id, actor_id=actor_id, source=source, is_deputy=is_deputy, term_until=term_until
    ):
        await tell_appointed(desk, post, person_id, is_deputy=is_deputy)


async def tell_appointed(desk: Desk, post: Post, person_id: int, *, is_deputy: bool) -> None:
    """Tell somebody that a post is theirs now."""
    await by_night(desk, post)
    await desk.tell(person_id, "appointing.yours", {**post_facts(post), "is_deputy": is_deputy})


async def install(
    desk: Desk,
    post: Post,
    person_id: int,
    *,
    actor_id: int | None,
    source: str,
    is_deputy: bool = False,
    term_until: datetime | None = None,
) -> bool:
    """Put somebody into a post that is locked; False when they were in it already."""
    posts = desk.store.posts
    before = await posts.appointments(post.id)
    mine = next((one for one in before if one.person_id == person_id), None)
    is_new = mine is None or mine.acting_for is not None or mine.is_deputy != is_deputy
    if mine is None or is_new:
        if mine is not None:
            await posts.end(mine.id, desk.now)
        # What the register says of a phone is about whom it lists; everybody else is asked first.
        shown = mine.phone_shown if mine else None if source == "import" else False
        appointment_id = await posts.appoint(
            post.id, person_id, desk.now, is_deputy=is_deputy, term_until=term_until, phone_shown=shown
        )
        term = term_until.isoformat() if term_until else None
        facts = {"is_deputy": is_deputy, "term_until": term}
        await record_change(desk, post, actor_id, source, "post.appointed", person_id, **facts)
    else:
        appointment_id, term_until = mine.id, term_until or mine.term_until
        await posts.set_term(mine.id, term_until)
    desk.forget_holders()
    if appointment_id is not None:
        await await_term(desk, post, appointment_id, term_until)
    if not is_deputy and post.kind not in SHARED:
        for plan in await posts.plans(post.id):
            # Whoever is still being asked is asked no longer; what was agreed for another day stays.
            if plan.state != "waiting" and not plan.is_deputy:
                await posts.set_plan(plan.id, "withdrawn")
                await desk.store.chores.put(ASK, plan.id, desk.now)
        for one in before:
            if not one.is_deputy and one.acting_for is None and one.person_id != person_id:
                await _leave(
                    desk,
                    post,
                    one.person_id,
                    actor_id=actor_id,
                    source=source,
                    successor=person_id,
                    reason="replaced",
                )
    for compound_id in await compounds_of(desk, post):
        await show_waiting(desk, person_id, compound_id)
    await offer(desk, person_id)
    await _changed(desk, post)
    return is_new


async def await_term(desk: Desk, post: Post, appointment_id: int, until: datetime | None) -> None:
    """When the committee is asked what is to come: 30 days before the last day, and on it."""
    if until is None:
        await desk.store.chores.drop(TERM, appointment_id)
        return
    zone = ZoneInfo(await timezone_of(desk, post))
    last = datetime.combine(until.astimezone(zone).date(), TERM_HOUR, zone).astimezone(desk.now.tzinfo)
    early = last - TERM_AHEAD
    due, stage = (early, 0) if early > desk.now else (max(last, desk.now), 1)
    await desk.store.chores.put(TERM, appointment_id, due, stage)


async def enter_person(desk: Desk, post: Post, name: str, phone: str) -> int:
    """Somebody without an account by name and phone: who the register knows in a post there, or a new person.

    Refusals: `name_needed`, `phone_unclear`.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_MOST:
        raise NotUnderstood("name_needed")
    listed = ListedPerson(name, clean_phone(phone))
    for office in await Directory(desk.store.connection).offices(post.compound_id, post.community_id):
        if office.person.key == listed.key:
            return office.person_id
    person_id = await desk.store.people.new(desk.now)
    await desk.store.people.put_details(person_id, listed.name, listed.phone)
    return person_id


async def appoint_unlisted(desk: Desk, actor_id: int, post_id: int, name: str, phone: str) -> int:
    """Enter somebody who is not on the bot into a post: their id.

    Refusals: those of `appoint` and `enter_person`, `ask_them` (they are on the bot), `last_of_two` (who
    passes on their own post to somebody the bot cannot reach leaves it as if they resigned).
    """
    post = await post_of(desk, post_id)
    await require(desk, Deed.APPOINT, actor_id, post)
    if actor_id in await desk.store.posts.holder_ids(post.id):
        await require(desk, Deed.END, actor_id, post, actor_id)
    person_id = await enter_person(desk, post, name, phone)
    if await desk.addressee(person_id) is not None:
        raise Refused("ask_them")
    await appoint(desk, post_id, person_id, actor_id=actor_id, source="chat")
    return person_id


async def people_for(desk: Desk, actor_id: int, post: Post, said: str) -> list[Member]:
    """Whom somebody may mean by a name for a post, people of its own place first.

    Only who lives there or holds a post there, can be written to, and may be known by name to who asks.
    """
    found: list[tuple[bool, Member]] = []
    for compound_id in await compounds_of(desk, post):
        for one in await candidates(desk, compound_id, said):
            homes = await desk.store.people.residencies(one.person_id)
            approved = [home for home in homes if home.state == "approved"]
            in_post = any(held.person_id == one.person_id for held in await desk.holders(compound_id))
            is_near = any(
                post.building_id in (None, home.building_id) and post.entrance_id in (None, home.entrance_id)
                for home in approved
            )
            is_named = in_post or may_see(Datum.NAME, await viewers_of(desk, actor_id, one.person_id))
            if (approved or in_post) and is_named:
                found.append((not is_near, one))
    once = {one.person_id: one for _, one in sorted(found, key=lambda entry: entry[0])}
    return list(once.values())


# Words and phones ---------------------------------------------------------------------------------------


async def appointment_of(desk: Desk, post: Post, person_id: int) -> Appointment:
    """Somebody's own time in a post. Refusals: `not_in_post` (also for who stands in: they decline that)."""
    for one in await desk.store.posts.appointments(post.id):
        if one.person_id == person_id and one.acting_for is None:
            return one
    raise Refused("not_in_post")


async def edit_post(
    desk: Desk,
    post_id: int,
    *,
    actor_id: int | None,
    source: str,
    duty: str | None = None,
    hours: str | None = None,
    phone: str | None = None,
    phone_shown: bool | None = None,
) -> None:
    """Change what the contact card says of a post; what is None stays, "" is taken away.

    `phone` is that of the office. `phone_shown` is about the own number: holders say it of their own; whoever
    manages the post may only hide it; the operator knows what people signed.
    Refusals: `no_such_post`, `text_too_long`, `phone_unclear`, `phone_not_yours`, `post_phone_unknown` (the
    bot does not know it yet), those of `require`.
    """
    post = await post_of(desk, post_id)
    if phone_shown is not None:
        await _show_phone(desk, post, actor_id, source, shown=phone_shown)
    words = {"duty": duty, "hours": hours, "phone": phone}
    changed = {key: " ".join(value.split()) for key, value in words.items() if value is not None}
    if not changed:
        return
    if actor_id is not None:
        await require(desk, Deed.WORDS, actor_id, post)
    for key, most in (("duty", DUTY_MOST), ("hours", HOURS_MOST)):
        if len(changed.get(key, "").encode("utf-16-le")) > 2 * most:
            raise NotUnderstood("text_too_long", most=most)
    if changed.get("phone"):
        changed["phone"] = clean_phone(changed["phone"])
    texts = {"duty": post.duty, "hours": post.hours, "phone": post.phone} | changed
    await desk.store.posts.set_text(post.id, **texts)
    for key in changed:
        await record_change(desk, post, actor_id, source, "post.text", None, what=key)
    await contact_cards.changed(desk, post)


async def _show_phone(desk: Desk, post: Post, actor_id: int | None, source: str, *, shown: bool) -> None:
    appointments = await desk.store.posts.appointments(post.id)
    mine = [one for one in appointments if one.acting_for is None and actor_id in (None, one.person_id)]
    if not mine:
        await require(desk, Deed.WORDS, actor_id or 0, post)
        if shown:
            raise Refused("phone_not_yours")
        mine = appointments
    if shown and actor_id is not None and not (await desk.store.people.details(actor_id)).phone:
        raise Refused("post_phone_unknown")
    for one in mine:
        await desk.store.posts.show_own_phone(one.id, shown=shown)
        what = "phone_on" if shown else "phone_off"
        await record_change(desk, post, actor_id, source, "post.text", one.person_id, what=what)
    await contact_cards.changed(desk, post)


async def ask_phone(desk: Desk, actor_id: int, post_id: int) -> int:
    """Ask the holders of a post whether their own number may stand on the contact card: how many were asked.

    Refusals: `no_such_post`, those of `require`.
    """
    post = await post_of(desk, post_id)
    await require(desk, Deed.WORDS, actor_id, post)
    rows = ((choice("phone_yes", "post.phone", post.id, 1), choice("phone_no", "post.phone", post.id, 0)),)
    facts = {**post_facts(post), "by": await name_of(desk, actor_id)}
    asked = 0
    for one in await desk.store.posts.appointments(post.id):
        if one.acting_for is None and not is_shown(post, one):
            # Who taps twice, or with a colleague, asks once a day.
            once = f"phone:{one.id}:{desk.now.date()}"
            asked += await desk.tell(
                one.person_id, "appointing.ask_phone", facts, choices=rows, dedupe_key=once
            )
    return asked


def is_shown(post: Post, one: Appointment) -> bool:
    """Whether somebody's own number stands on the contact card."""
    if one.phone_shown is not None:
        return one.phone_shown
    return post.phone_shown and not one.is_deputy and one.acting_for is None


# The record -----------------------------------------------------------------------------------------------


async def change_lines(desk: Desk, changes: Sequence[Change]) -> list[dict[str, object]]:
    """Changes as the templates take them; `what` is what exactly, where there is more to say."""
    lines: list[dict[str, object]] = []
    for one in changes:
        what = one.facts.get("what") or one.facts.get("state") or one.facts.get("reason") or ""
        lines.append(
            {
                "at": one.at,
                "source": one.source,
                "action": one.action,
                "what": what,
                "is_deputy": bool(one.facts.get("is_deputy")),
                "actor": await name_of(desk, one.actor_id),
                "name": await name_of(desk, one.person_id),
                "post": one.kind,
                "building": one.building,
                "entrance": one.entrance,
            }
        )
    return lines


# Links ------------------------------------------------------------------------------------------------------


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


async def invitation(desk: Desk, actor_id: int, post_id: int) -> tuple[str, bytes]:
    """A one-time link by which somebody takes up a post, with its QR code as PNG.

    Refusals: `no_such_post`, those of `require`.
    """
    post = await post_of(desk, post_id)
    await require(desk, Deed.APPOINT, actor_id, post)
    address = desk.link(APPOINT_PREFIX + await invite(desk.store, post.id, desk.now, asks_who=True))
    await record_change(desk, post, actor_id, "chat", "post.planned", None, state="invited")
    return address, qr_picture(address)


async def unclaimed_holders(desk: Desk, post: Post) -> list[int]:
    """Holders the register names for a post who have no account yet: one of them may be opening the link."""
    holders = await desk.store.posts.holder_ids(post.id)
    return [one for one in holders if not await desk.store.merging.addresses(one)]


async def take_post(desk: Desk, person_id: int, link: Link, register_person: int | None) -> Post:
    """Give the post of a one-time link to the person who opened it.

    `register_person` is who the register says they are (their appointments and details move over), or
    None for somebody new; in a post held by one, the former holder's time ends.
    Refusals: `link_unknown`, `link_used`, `bad_answer`.
    """
    post = await desk.store.posts.locked(link.post_id) if link.post_id else None
    if post is None:
        raise Refused("link_unknown")
    if link.used_at is not None:
        raise Refused("link_used")
    if register_person is None:
        known = await desk.store.people.details(person_id)
        await desk.store.people.put_details(person_id, known.name, known.phone)
    elif register_person in await unclaimed_holders(desk, post):
        await merge(
            desk, register_person, person_id, actor_id=person_id, source="chat", named_by=register_person
        )
    else:
        raise Refused("bad_answer")
    await desk.store.links.use(link.code, person_id, desk.now)
    await install(desk, post, person_id, actor_id=person_id, source="chat")
    return post


async def lose_touch(desk: Desk, address: str) -> None:
    """Somebody can no longer be written to: the operator learns it, and the committee if they hold a post."""
    person_id = await desk.store.people.mark_unreachable(desk.rules.channel, address, desk.now)
    if person_id is None or address == desk.rules.operator_chat:
        return
    desk.tell_operator("operator.unreachable", {"person": person_id})
    desk.forget_people()
    await absences.lose_stand_in(desk, person_id)
    name = (await desk.store.people.details(person_id)).name
    for held in await desk.store.posts.of_person(person_id):
        post = await desk.store.posts.post(held.post_id)
        if post is None:
            continue
        facts = {**post_facts(post), "name": name}
        for holder in committee_of(await desk.holders(held.compound_id)):
            if holder.person_id != person_id:
                await desk.tell(holder.person_id, "residents.holder_lost", facts)
