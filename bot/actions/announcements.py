"""Announcing: who may, a second officer's yes, taking back, correcting, and who has read it (A1–A7)."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from bot.actions.audiences import known_of, officer_of
from bot.actions.desk import MORE_PHOTOS, Desk, choice
from bot.actions.letters import (
    edit,
    letter,
    plain_text,
    root_of,
    show_status,
    status_facts,
)
from bot.domain.addresses import Register
from bot.domain.announcing import (
    UNDO_WITHIN,
    Action,
    Channel,
    Class,
    GroupChat,
    Officer,
    Plan,
    Proposal,
    Role,
    Standing,
    State,
    Transition,
    Verdict,
    check,
    deliveries,
    may_second,
    part_of,
    roles_of,
    sending_at,
    verdict,
    verdict_with_loans,
)
from bot.domain.audiences import PLACES, Audience, Part, within
from bot.domain.errors import Refused
from bot.domain.posts import COMMITTEE, PostKind
from bot.storage.announcements import Announcement, AnnouncementEvent, Household
from bot.storage.mailboxes import Intent, Lane

TEXT_MOST = 3400
"""UTF-16 units of an announcement: with its heading it fits into one message of 4096."""
SEND, EXPIRE, REDRAW = "announce.send", "announce.expire", "announce.redraw"
"""Kinds of chores: sending it on, its end of validity, and bringing all copies up to date."""
LISTED_MOST = 10
LOOKED_AT = 60
SEEN_AGAIN = (State.SENDING, State.SENT, State.CORRECTED, State.EXPIRED)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an author hands in; with `announcement_id` it is a draft that was handed in before."""

    compound_id: int
    html: str
    audience: Audience
    channels: frozenset[Channel] = frozenset(Channel)
    photos: tuple[str, ...] = ()
    klass: Class = Class.ORDINARY
    chosen_at: datetime | None = None
    valid_until: datetime | None = None
    corrects_id: int | None = None
    announcement_id: int | None = None

    @property
    def proposal(self) -> Proposal:
        """To whom, by which ways, in which class."""
        return Proposal(self.audience, self.channels, self.klass)


# Rights ----------------------------------------------------------------------------------------------------


def proposal_of(announcement: Announcement) -> Proposal:
    """To whom, by which ways, in which class."""
    return Proposal(announcement.audience, announcement.channels, announcement.klass)


async def right(desk: Desk, compound_id: int, person_id: int, proposal: Proposal) -> Verdict:
    """Whether a person may announce this now: by post, as leader of a group, or with what is lent to them."""
    known = await known_of(desk, compound_id)
    loans = [
        (one.loan, await officer_of(desk, compound_id, one.loan.by))
        for one in await desk.store.loans.running(person_id, desk.now)
        if one.compound_id == compound_id
    ]
    officer = await officer_of(desk, compound_id, person_id)
    return verdict_with_loans(officer, proposal, known.register, loans, desk.now)


async def compounds_to_announce_in(desk: Desk, person_id: int) -> list[int]:
    """Where a person holds a post, leads an interest group, or has a right lent to them."""
    posts = await desk.store.posts.of_person(person_id)
    groups = await desk.store.interest_groups.led_by(person_id)
    loans = await desk.store.loans.running(person_id, desk.now)
    ids = [one.compound_id for one in posts if one.kind is not PostKind.PARTY_GROUP_LEADER]
    ids += [one.compound_id for one in groups]
    ids += [one.compound_id for one in loans]
    return list(dict.fromkeys(ids))


async def seconds_for(desk: Desk, announcement: Announcement) -> list[int]:
    """Who may be the second officer: everybody in office who may, but never the author."""
    known = await known_of(desk, announcement.compound_id)
    holders = await desk.holders(announcement.compound_id)
    proposal = proposal_of(announcement)
    found = []
    for person_id in dict.fromkeys(holder.person_id for holder in holders):
        officer = Officer(person_id, tuple(one for one in holders if one.person_id == person_id))
        if may_second(officer, announcement.author_id, proposal, known.register):
            found.append(person_id)
    return found


async def _roles(desk: Desk, announcement: Announcement, actor_id: int | None) -> frozenset[Role]:
    if actor_id is None:
        return frozenset((Role.CLOCK,))
    known = await known_of(desk, announcement.compound_id)
    officer = await officer_of(desk, announcement.compound_id, actor_id)
    seconds = may_second(officer, announcement.author_id, proposal_of(announcement), known.register)
    return roles_of(actor_id, announcement.author_id, may_second=seconds)


def office_of(officer: Officer, proposal: Proposal, register: Register) -> str:
    """The post somebody announces by: the one that may most; "" for a group's leader or a loan."""
    best, name = Verdict.MAY_NOT, ""
    for holder in officer.holders:
        own = verdict(Officer(officer.person_id, (holder,)), proposal, register)
        if own > best:
            best, name = own, holder.kind.value
    return name


# Moving it -------------------------------------------------------------------------------------------------


async def locked(desk: Desk, announcement_id: int) -> Announcement:
    """The announcement, locked until commit; `no_such_announcement`."""
    found = await desk.store.announcements.locked(announcement_id)
    if found is None:
        raise Refused("no_such_announcement")
    return found


async def move(
    desk: Desk,
    announcement: Announcement,
    action: Action,
    actor_id: int | None,
    text: str = "",
    **changes: Any,
) -> Announcement:
    """Do one thing of the table to a locked announcement, with other `changes`, and write it down.

    Raises Refused with the reasons of the table.
    """
    is_new = announcement.activity_role in ("", "invite")
    entitled = action in (Action.ASK_SECOND, Action.PUBLISH, Action.APPROVE, Action.START)
    standing = Standing(
        announcement.state,
        announcement.klass,
        # What tells of an activity that people know already must reach them whoever is in office.
        await right(desk, announcement.compound_id, announcement.author_id, proposal_of(announcement))
        if entitled and is_new
        else Verdict.MAY,
        announcement.send_at or announcement.chosen_at,
        announcement.valid_until,
        await desk.store.announcements.is_correcting(announcement.id),
    )
    row = _check(action, standing, await _roles(desk, announcement, actor_id), desk.now, text)
    version = announcement.version + 1
    after = replace(announcement, state=row.to or announcement.state, version=version, **changes)
    await desk.store.announcements.save(after)
    await record(desk, announcement, after, action.value, actor_id, text)
    return after


def _check(
    action: Action, standing: Standing, roles: frozenset[Role], now: datetime, text: str = "…"
) -> Transition:
    """The row of the table, or Refused in this topic's words."""
    try:
        return check(action, standing, roles, text, now)
    except Refused as no:
        if no.reason == "not_now":
            raise Refused("announcement_not_now", standing=standing.state.value) from None
        raise


async def record(
    desk: Desk, before: Announcement, after: Announcement, action: str, actor_id: int | None, text: str = ""
) -> None:
    """Write down what was done."""
    event = AnnouncementEvent(desk.now, actor_id, action, before.state.value, after.state.value, text)
    await desk.store.announcements.record(after.id, event)


async def hand_in(desk: Desk, person_id: int, draft: Draft) -> Announcement:
    """Publish a draft, or ask a second officer where its author may not alone.

    Refusals: those of the table, `text_needed`, `text_too_long`, `too_many_photos`, `no_second_officer`.
    """
    _check_text(draft)
    found = await _drafted(desk, person_id, draft)
    return await go_ahead(desk, found)


def _check_text(draft: Draft) -> None:
    text = plain_text(draft.html)
    if not text.strip():
        raise Refused("text_needed")
    if len(text.encode("utf-16-le")) > 2 * TEXT_MOST:
        raise Refused("text_too_long", most=TEXT_MOST)
    if len(draft.photos) > MORE_PHOTOS:
        raise Refused("too_many_photos", most=MORE_PHOTOS)


async def _drafted(desk: Desk, person_id: int, draft: Draft) -> Announcement:
    """The draft as a row."""
    known = await known_of(desk, draft.compound_id)
    office = office_of(await officer_of(desk, draft.compound_id, person_id), draft.proposal, known.register)
    said: dict[str, Any] = {
        "author_post": office,
        "klass": draft.klass,
        "html": draft.html,
        "photos": draft.photos,
        "audience": draft.audience,
        "channels": draft.channels,
        "chosen_at": draft.chosen_at,
        "valid_until": draft.valid_until if draft.klass is Class.URGENT else None,
    }
    if draft.announcement_id is not None:
        found = await locked(desk, draft.announcement_id)
        return await move(desk, found, Action.EDIT, person_id, plain_text(found.html) or "-", **said)
    if draft.corrects_id is not None:
        original = await locked(desk, draft.corrects_id)
        await move(desk, original, Action.BEGIN_CORRECTION, person_id)
    return await new(
        desk,
        Announcement(
            id=0,
            compound_id=draft.compound_id,
            author_id=person_id,
            state=State.DRAFT,
            created_at=desk.now,
            corrects_id=draft.corrects_id,
            **said,
        ),
    )


async def new(desk: Desk, announcement: Announcement) -> Announcement:
    """Keep a new draft and write it down."""
    after = replace(announcement, id=await desk.store.announcements.new(announcement))
    await record(desk, after, after, "write", announcement.author_id)
    return after


async def go_ahead(desk: Desk, draft: Announcement) -> Announcement:
    """Publish a draft that is a row, or ask a second officer where its author may not alone."""
    own = await right(desk, draft.compound_id, draft.author_id, proposal_of(draft))
    is_new = draft.activity_role in ("", "invite")
    if not is_new or own is not Verdict.WITH_SECOND:
        send_at = await when_sent(desk, draft)
        after = await move(desk, draft, Action.PUBLISH, draft.author_id, second_id=None, send_at=send_at)
        await _put_on_its_way(desk, after)
        return after
    seconds = [one for one in await seconds_for(desk, draft) if await desk.addressee(one)]
    if not seconds:
        raise Refused("no_second_officer")
    after = await move(desk, draft, Action.ASK_SECOND, draft.author_id, second_id=None, send_at=None)
    await _put_expiry(desk, after)
    for person_id in seconds:
        await show_to_second(desk, after, person_id, anew=True)
    return after


async def when_sent(desk: Desk, announcement: Announcement | Draft) -> datetime:
    """When it goes out if the last yes is given now."""
    if announcement.corrects_id is not None:
        # Editing a copy wakes nobody, and what is wrong should not stand there all night.
        return desk.now + UNDO_WITHIN
    quiet = desk.rules.quiet_hours(await desk.timezone(announcement.compound_id))
    return sending_at(announcement.klass, announcement.chosen_at, desk.now, quiet)


async def _put_on_its_way(desk: Desk, announcement: Announcement) -> None:
    await desk.store.chores.put(SEND, announcement.id, announcement.send_at or desk.now)
    await _put_expiry(desk, announcement)


async def _put_expiry(desk: Desk, announcement: Announcement) -> None:
    if announcement.klass is Class.URGENT and announcement.valid_until is not None:
        await desk.store.chores.put(EXPIRE, announcement.id, announcement.valid_until)


async def _take_off_its_way(desk: Desk, announcement: Announcement) -> None:
    await desk.store.chores.drop(SEND, announcement.id)
    await desk.store.chores.drop(EXPIRE, announcement.id)


# The second officer ----------------------------------------------------------------------------------------


def second_key(announcement_id: int) -> str:
    """Under which name a second officer's chat remembers the question."""
    return f"ann_second:{announcement_id}"


async def show_to_second(
    desk: Desk, announcement: Announcement, person_id: int, *, anew: bool = False, words: str = ""
) -> None:
    """Ask a second officer under the letter as it would be seen; later the question says how it went."""
    addressee = await desk.addressee(person_id)
    if addressee is None:
        return
    locale = desk.locale(addressee)
    if anew:
        if announcement.photos:
            desk.post_photos(addressee.address, announcement.photos, person_id=person_id, lane=Lane.WORK)
        html, _ = await letter(desk, announcement, locale, in_group=False)
        desk.post(addressee.address, html, person_id=person_id, lane=Lane.WORK)
    is_open = announcement.state is State.AWAITING_SECOND
    number = announcement.id
    approve_it = choice("approve_letter", "ann.approve", number, announcement.version)
    choices = ((approve_it, choice("send_back", "ann.back", number)),)
    plan = await plan_of(desk, announcement.compound_id, proposal_of(announcement)) if is_open else None
    facts = {
        **await status_facts(desk, announcement, words),
        "author": (await desk.store.people.details(announcement.author_id)).name,
        "groups_all": len(plan.chats) if plan else 0,
        "people_all": len(plan.people) if plan else 0,
        "chosen_at": announcement.chosen_at,
    }
    desk.post(
        addressee.address,
        desk.texts.render(locale, "announcements.second", **facts),
        desk.rows(choices if is_open else (), locale),
        person_id=person_id,
        card_key=second_key(number),
        intent=Intent.SAY if anew else Intent.CARD,
        lane=Lane.WORK,
        only_if_sent=not anew,
    )


async def _close_questions(desk: Desk, announcement: Announcement, words: str = "") -> None:
    """All who were asked see how it went."""
    for person_id in await seconds_for(desk, announcement):
        await show_to_second(desk, announcement, person_id, words=words)


async def approve(desk: Desk, person_id: int, announcement_id: int, *, version: int) -> Announcement:
    """A second officer says yes to this version of it: it goes on its way.

    Refusals: those of the table, `announcement_changed` (it was taken back and handed in again since).
    """
    found = await locked(desk, announcement_id)
    send_at = await when_sent(desk, found)
    after = await move(desk, found, Action.APPROVE, person_id, second_id=person_id, send_at=send_at)
    if found.version != version:
        raise Refused("announcement_changed")
    await _put_on_its_way(desk, after)
    await _close_questions(desk, after)
    await show_status(desk, after, anew=True)
    return after


async def send_back(desk: Desk, person_id: int, announcement_id: int, text: str) -> Announcement:
    """A second officer says what to change: it is a draft again, and its author reads why."""
    if len(text.encode("utf-16-le")) > 1000:
        raise Refused("text_too_long", most=500)
    found = await locked(desk, announcement_id)
    after = await move(desk, found, Action.SEND_BACK, person_id, text, second_id=person_id)
    await _take_off_its_way(desk, after)
    await _close_questions(desk, after, text)
    await show_status(desk, after, anew=True, words=text)
    return after


async def expect_back(desk: Desk, person_id: int, announcement_id: int) -> Announcement:
    """Refuse before somebody has typed why what would be refused afterwards."""
    found = await locked(desk, announcement_id)
    roles = await _roles(desk, found, person_id)
    standing = Standing(found.state, found.klass, Verdict.MAY)
    _check(Action.SEND_BACK, standing, roles, desk.now)
    return found


# Taking back -----------------------------------------------------------------------------------------------


async def undo(desk: Desk, person_id: int, announcement_id: int) -> Announcement:
    """Take it back before anybody has seen it: it is a draft again."""
    found = await locked(desk, announcement_id)
    after = await move(desk, found, Action.UNDO, person_id, send_at=None)
    await _take_off_its_way(desk, after)
    await _close_questions(desk, after)
    await show_status(desk, after)
    return after


async def discard(desk: Desk, person_id: int, announcement_id: int) -> Announcement:
    """A draft is not wanted any more."""
    found = await locked(desk, announcement_id)
    after = await move(desk, found, Action.DISCARD, person_id)
    await show_status(desk, after)
    return after


async def recall(desk: Desk, person_id: int, announcement_id: int) -> Announcement:
    """Stop sending: the rest is not sent, and what was sent is edited to say so."""
    found = await locked(desk, announcement_id)
    after = await move(desk, found, Action.RECALL, person_id)
    await _take_off_its_way(desk, after)
    await desk.store.announcements.stop(after.id, "recalled")
    await desk.store.chores.put(REDRAW, after.id, desk.now)
    await show_status(desk, after)
    return after


async def expect_correction(desk: Desk, person_id: int, announcement_id: int) -> Announcement:
    """Refuse before somebody has typed a correction what would be refused afterwards."""
    found = await locked(desk, announcement_id)
    if found.activity_id is not None or found.corrects_id is not None:
        raise Refused("announcement_not_now", standing=found.state.value)
    is_correcting = await desk.store.announcements.is_correcting(found.id)
    standing = Standing(found.state, found.klass, Verdict.MAY, is_correcting=is_correcting)
    _check(Action.BEGIN_CORRECTION, standing, await _roles(desk, found, person_id), desk.now)
    return found


# Who gets it -----------------------------------------------------------------------------------------------


async def plan_of(desk: Desk, compound_id: int, proposal: Proposal) -> Plan:
    """Who would get it if it were sent now."""
    mutes = await desk.store.mutes.of_compound(compound_id)
    people, _ = await desk.store.announcements.people(compound_id, desk.rules.channel, mutes)
    return deliveries(proposal, people, await chats_of(desk, compound_id))


async def chats_of(desk: Desk, compound_id: int) -> list[GroupChat]:
    """The groups of a compound, as the plan takes them."""
    return [
        GroupChat(one.id, (one.part,), one.is_reachable) for one in await desk.store.groups.bound(compound_id)
    ]


async def refresh(desk: Desk, announcement_id: int, person_id: int) -> None:
    """Bring what a person sees of it up to date, after a tap that came too late."""
    found = await desk.store.announcements.get(announcement_id)
    if found is None:
        return
    if person_id == found.author_id:
        await show_status(desk, found)
    else:
        await show_to_second(desk, found, person_id)


# Seeing it -------------------------------------------------------------------------------------------------


async def may_see(desk: Desk, announcement: Announcement, person_id: int) -> bool:
    """Whether a person may open it: who wrote it, who may be asked about it, and whose people get it."""
    if person_id in (announcement.author_id, announcement.second_id):
        return True
    if Role.SECOND in await _roles(desk, announcement, person_id):
        return True
    officer = await officer_of(desk, announcement.compound_id, person_id)
    if any(holder.kind in COMMITTEE for holder in officer.holders):
        return True
    own = [
        part_of(holder.building_id, holder.entrance_id) for holder in officer.holders if holder.building_id
    ]
    is_out = announcement.state in SEEN_AGAIN
    return is_out and any(
        within(place, part) or within(part, place) for place in own for part in announcement.audience.parts
    )


async def visible(desk: Desk, announcement_id: int, person_id: int) -> Announcement:
    """The announcement, if this person may open it; for everybody else `no_such_announcement`."""
    found = await desk.store.announcements.get(announcement_id)
    if found is None or not await may_see(desk, found, person_id):
        raise Refused("no_such_announcement")
    return found


async def listed(desk: Desk, person_id: int) -> list[Announcement]:
    """The newest that this person may open."""
    found = [
        one
        for compound_id in await compounds_to_announce_in(desk, person_id)
        for one in await desk.store.announcements.of_compound(compound_id, LOOKED_AT)
        if await may_see(desk, one, person_id)
    ]
    return sorted(found, key=lambda one: one.id, reverse=True)[:LISTED_MOST]


# Read ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Door:
    """The households behind one door that have not read it, and how many there are in all."""

    building_id: int
    entrance_id: int | None
    unread: list[Household] = field(default_factory=list)
    households: list[Household] = field(default_factory=list)


async def read(desk: Desk, announcement_id: int, person_id: int, chat: str, *, is_private: bool) -> int:
    """Somebody says that they have read it; gives how many have. Whoever got no copy is refused.

    In a group the count on the button changes, together with other taps of that moment.
    """
    found = await desk.store.announcements.get(announcement_id)
    if found is None or not await desk.store.announcements.was_shown(announcement_id, chat, person_id):
        raise Refused("no_such_announcement")
    # A copy that says already what is right must not say again what was wrong.
    found = await desk.store.announcements.correction_under_way(announcement_id) or found
    is_news = await desk.store.announcements.read(announcement_id, person_id, desk.now)
    count = await desk.store.announcements.receipts(announcement_id)
    if is_private:
        addressee = await desk.addressee(person_id)
        locale = desk.locale(addressee) if addressee else desk.rules.default_locale
        html, rows = await letter(desk, found, locale, in_group=False, has_read=True)
        edit(desk, found, chat, person_id, html, rows)
    elif is_news:
        locale = (await desk.store.places.compound(found.compound_id)).locale
        html, rows = await letter(desk, found, locale, in_group=True, reads=count)
        edit(desk, found, chat, None, html, rows)
    return count


async def may_answer(desk: Desk, announcement: Announcement, person_id: int) -> bool:
    """Whether somebody can have read it: they got a copy, or it stands in a group."""
    store = desk.store.announcements
    if await store.was_shown(announcement.id, "", person_id):
        return True
    return any(one.state in ("sent", "posted") for one in await store.in_groups(announcement.id))


async def unread(desk: Desk, announcement: Announcement, person_id: int) -> list[Door]:
    """Where to knock: the doors of the audience that this person may know about, with unread households.

    The committee may know of all, leaders of their own building or entrance (`not_yours` for others). Only
    places have doors: `no_households` for an announcement to posts or interest groups.
    """
    officer = await officer_of(desk, announcement.compound_id, person_id)
    whole = any(holder.kind in COMMITTEE for holder in officer.holders)
    own = [
        part_of(holder.building_id, holder.entrance_id)
        for holder in officer.holders
        if holder.building_id is not None and holder.kind is not PostKind.PARTY_GROUP_LEADER
    ]
    if not whole and not own:
        raise Refused("not_yours")
    places = [part for part in announcement.audience.parts if part.kind in PLACES]
    if not places:
        raise Refused("no_households")
    households = await desk.store.announcements.households(root_of(announcement), announcement.compound_id)
    doors: dict[tuple[int, int | None], Door] = {}
    for one in households:
        seat = part_of(one.building_id, one.entrance_id)
        if not (whole or _in_any(seat, own)) or not _is_meant(one, seat, announcement.audience, places):
            continue
        door = doors.setdefault((one.building_id, one.entrance_id), Door(one.building_id, one.entrance_id))
        door.households.append(one)
        if not one.has_read:
            door.unread.append(one)
    return list(doors.values())


def _is_meant(household: Household, seat: Part, audience: Audience, places: Iterable[Part]) -> bool:
    narrowed = set(audience.narrowed_to)
    kinds = set(household.kinds)
    return (
        _in_any(seat, places)
        and not _in_any(seat, audience.without)
        and (not narrowed or not kinds or bool(narrowed & kinds))
    )


def _in_any(seat: Part, places: Iterable[Part]) -> bool:
    return any(within(seat, place) for place in places)
