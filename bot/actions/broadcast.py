"""Sending an announcement: the plan, copy after copy, the progress, the report, and its end (A1, A5)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions.activity_cards import open_up, redraw_now
from bot.actions.announcements import (
    EXPIRE,
    REDRAW,
    SEND,
    chats_of,
    go_ahead,
    locked,
    move,
    new,
    proposal_of,
    record,
)
from bot.actions.desk import Desk
from bot.actions.letters import card_key, edit, letter, plain_text, root_of, show_status
from bot.domain.announcing import Action, Channel, Class, State, deliveries
from bot.domain.audiences import Audience
from bot.domain.errors import Refused
from bot.domain.options import Rows
from bot.storage.announcements import Announcement, Delivery, Planned
from bot.storage.chores import Chore
from bot.storage.mailboxes import Intent, Lane
from bot.texts import locale_for

AT_ONCE = 200
"""Copies posted in one transaction: others need the database too."""
LOOK_AGAIN = timedelta(seconds=3)
"""So often the author's progress message is brought up to date."""


class Press:
    """Letters as they are printed: once for each language, for people and for groups."""

    def __init__(self, desk: Desk, announcement: Announcement, compound_locale: str, reads: int) -> None:
        self._desk = desk
        self._announcement = announcement
        self._compound_locale = compound_locale
        self._reads = reads
        self._printed: dict[tuple[str, bool], tuple[str, Rows]] = {}

    async def copy(self, delivery: Delivery) -> tuple[str, Rows]:
        """The letter as this chat reads it."""
        locale = (
            self._compound_locale
            if delivery.is_group
            else locale_for(delivery.locale, delivery.language, self._desk.rules.default_locale)
        )
        key = (locale, delivery.is_group)
        if key not in self._printed:
            self._printed[key] = await letter(
                self._desk, self._announcement, locale, in_group=delivery.is_group, reads=self._reads
            )
        return self._printed[key]


async def _press(desk: Desk, announcement: Announcement) -> Press:
    compound = await desk.store.places.compound(announcement.compound_id)
    reads = await desk.store.announcements.receipts(root_of(announcement))
    return Press(desk, announcement, compound.locale, reads)


async def publish_activity(
    desk: Desk,
    activity_id: int,
    role: str,
    audience: Audience,
    channels: frozenset[Channel],
    not_before: datetime | None,
) -> int:
    """Announce something of an activity to an audience; gives the announcement's id.

    `role` is invite, changed or cancelled; an invitation needs its author's right, and a second officer where
    the author may not announce alone. Raises Refused as `hand_in` does, and `no_such_activity`.
    """
    activity = await desk.store.activities.get(activity_id)
    if activity is None:
        raise Refused("no_such_activity")
    draft = await new(
        desk,
        Announcement(
            id=0,
            compound_id=activity.compound_id,
            author_id=activity.author_id,
            author_post=activity.author_post,
            state=State.DRAFT,
            klass=Class.ORDINARY,
            html="",
            photos=(activity.photo,) if role == "invite" and activity.photo else (),
            audience=audience,
            channels=channels,
            created_at=desk.now,
            activity_id=activity_id,
            activity_role=role,
            chosen_at=not_before,
        ),
    )
    after = await go_ahead(desk, draft)
    await show_status(desk, after, anew=True)
    return after.id


# Sending ---------------------------------------------------------------------------------------------------


async def send(desk: Desk, chore: Chore) -> None:
    """Post the next copies of an announcement; when all have arrived or failed, report.

    The chore's stage is how many were settled when the author was last told.
    """
    found = await desk.store.announcements.locked(chore.subject_id)
    if found is None or found.state not in (State.SCHEDULED, State.SENDING):
        return
    quiet = desk.rules.quiet_hours(await desk.timezone(found.compound_id))
    release = quiet.release(desk.now, "danger" if found.klass is Class.URGENT else "ordinary")
    if release > desk.now and found.corrects_id is None:
        # The bot was down when it was due, or there is more to send than the day has left.
        await desk.store.chores.put(SEND, found.id, release, chore.stage)
        return
    if found.state is State.SCHEDULED:
        try:
            async with desk.store.savepoint():
                begun = await move(desk, found, Action.START, None)
                if found.activity_id and found.activity_role == "invite":
                    await open_up(desk, found.activity_id)
        except Refused as no:
            await set_back(desk, found, no)
            return
        found = begun
        await _plan(desk, found)
    posted = await _post_some(desk, found)
    if posted == AT_ONCE:
        await desk.store.chores.put(SEND, found.id, desk.now, chore.stage)
        if chore.stage == 0:
            await show_status(desk, found)
        return
    tally = await desk.store.announcements.tally(found.id)
    if not any(one.state in ("planned", "posted") for one in tally):
        await _finish(desk, found)
        return
    settled = sum(one.count for one in tally if one.state not in ("planned", "posted"))
    if posted or settled != chore.stage:
        await show_status(desk, found)
    await desk.store.chores.put(SEND, found.id, desk.now + LOOK_AGAIN, settled)


async def set_back(desk: Desk, announcement: Announcement, no: Refused) -> None:
    """It may not be sent as it is (a right lost, its end come): a draft again, and its author learns."""
    after = replace(announcement, state=State.DRAFT, second_id=None, send_at=None)
    await desk.store.announcements.save(after)
    await record(desk, announcement, after, no.reason, None)
    await desk.store.chores.drop(EXPIRE, announcement.id)
    await show_status(desk, after, anew=True)
    await desk.tell(announcement.author_id, f"refusals.{no.reason}", no.facts)


async def _plan(desk: Desk, announcement: Announcement) -> None:
    """Write down who gets it, and who does not and why."""
    store = desk.store.announcements
    if announcement.corrects_id is not None:
        await store.plan_correction(announcement.id, announcement.corrects_id)
        return
    mutes = await desk.store.mutes.of_compound(announcement.compound_id)
    people, addresses = await store.people(announcement.compound_id, desk.rules.channel, mutes)
    plan = deliveries(proposal_of(announcement), people, await chats_of(desk, announcement.compound_id))
    groups = {one.id: one.address for one in await desk.store.groups.bound(announcement.compound_id)}
    rows = [Planned(groups[chat], None, chat) for chat in plan.chats]
    rows += [Planned(addresses[account], person_id, None) for person_id, account in plan.people]
    for one in plan.left_out:
        # Who is left out needs no address, but a place of their own in the plan.
        chat = f"{one.channel}:{one.id}"
        is_group = one.channel is Channel.GROUPS
        person, group = (None, one.id) if is_group else (one.id, None)
        rows.append(Planned(chat, person, group, "left_out", one.why.value))
    await store.plan(announcement.id, rows)


async def _post_some(desk: Desk, announcement: Announcement) -> int:
    """Put the next copies into the bag: how many."""
    store = desk.store.announcements
    batch = await store.planned(announcement.id, desk.rules.channel, AT_ONCE)
    if not batch:
        return 0
    press = await _press(desk, announcement)
    is_correction = announcement.corrects_id is not None
    for one in batch:
        html, rows = await press.copy(one)
        if announcement.photos and not is_correction:
            desk.post_photos(
                one.chat,
                announcement.photos,
                person_id=one.person_id,
                lane=Lane.BULK,
                # By this name they are found when the copy is not to be sent any more.
                dedupe_key=f"photos:{one.id}",
                expires_at=announcement.valid_until,
            )
        desk.post(
            one.chat,
            html,
            rows,
            person_id=one.person_id,
            card_key=card_key(announcement),
            intent=Intent.CARD if is_correction else Intent.SAY,
            lane=Lane.BULK,
            delivery_id=one.id,
        )
    await store.mark(batch, "posted")
    return len(batch)


async def _finish(desk: Desk, announcement: Announcement) -> None:
    """Everything has arrived or failed: the report, and what it corrects reads as the correction says."""
    after = await move(desk, announcement, Action.FINISH, None, sent_at=desk.now)
    if after.corrects_id is not None:
        original = await desk.store.announcements.locked(after.corrects_id)
        if original is not None and original.state in (State.SENT, State.CORRECTED):
            was = plain_text(original.html)
            await move(desk, original, Action.CORRECT, None, was, html=after.html)
    if after.activity_id and after.activity_role == "invite":
        # Who signed up while it went out does not count on the copies that came later.
        await redraw_now(desk, after.activity_id)
    await show_status(desk, after)


# Its end ---------------------------------------------------------------------------------------------------


async def expire(desk: Desk, chore: Chore) -> None:
    """An urgent announcement is over: nothing more of it is sent, and its copies say so."""
    found = await desk.store.announcements.locked(chore.subject_id)
    if found is None:
        return
    try:
        after = await move(desk, found, Action.EXPIRE, None)
    except Refused:
        # It was taken back, or corrected to another end, in the meantime.
        return
    await desk.store.chores.drop(SEND, after.id)
    await desk.store.announcements.stop(after.id, "expired")
    await desk.store.chores.put(REDRAW, after.id, desk.now)
    await show_status(desk, after)


async def redraw(desk: Desk, chore: Chore) -> None:
    """Edit the next copies of an announcement that was recalled or is over; the stage is the last one edited.

    What is under way this moment is edited behind itself. Where a correction was recalled, its copies read
    again as before it.
    """
    found = await desk.store.announcements.locked(chore.subject_id)
    if found is None:
        return
    store = desk.store.announcements
    batch = await store.shown(found.id, desk.rules.channel, chore.stage, AT_ONCE)
    shown = found
    if found.state is State.RECALLED and found.corrects_id is not None:
        shown = await locked(desk, found.corrects_id)
    press = await _press(desk, shown)
    for one in batch:
        html, rows = await press.copy(one)
        edit(desk, found, one.chat, one.person_id, html, rows)
    if found.state is State.RECALLED:
        await store.mark(batch, "recalled")
    if len(batch) == AT_ONCE:
        await desk.store.chores.put(REDRAW, found.id, desk.now, batch[-1].id)


CHORES: Mapping[str, Callable[[Desk, Chore], Awaitable[None]]] = {
    SEND: send,
    EXPIRE: expire,
    REDRAW: redraw,
}
