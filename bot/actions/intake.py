"""What neighbours say in their groups: whoever brings a matter is asked once whether to report it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.actions.desk import Desk, choice
from bot.actions.interest_groups import is_committee
from bot.actions.restrictions import restriction_of
from bot.domain.errors import Refused
from bot.domain.overhearing import Heard, overhear
from bot.domain.posts import Place
from bot.storage.chores import Chore
from bot.storage.groups import BoundGroup
from bot.storage.intake import Ear, Overheard
from bot.storage.mailboxes import Intent, Lane, Mail

LINK = "ov_"
"""A link's payload is this and the code; together at most 32 characters."""
REMOVE = "intake.remove"
BUTTON = "overheard"
"""The card key of the one question that may stand in a chat."""
PHOTOS_MOST = 10
ASKED_EVERY = timedelta(days=1)
REFUSED_MOST = 2
"""So many times no within REMEMBERED, and somebody is never asked again."""
REMEMBERED = timedelta(days=30)
KEPT = timedelta(days=2)
"""How long words are kept that nobody has answered for."""
STANDS = timedelta(days=1)
"""How long a question stands in a group."""
EVERY = timedelta(hours=1)
EVERY_URGENT = timedelta(minutes=10)
"""A group is not asked more often than that, whoever speaks."""
FOLLOWS = timedelta(minutes=2)
"""A photo within this time belongs to what was said before it."""


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote in a group."""

    chat: str
    id: int
    sender: str
    text: str
    photos: Sequence[str] = ()


async def listen(desk: Desk, person_id: int | None, message: Message) -> None:
    """Ask who brings a matter whether to report it: in private, or by a button under it if that cannot be.

    Nothing is kept of what is not asked about, and nobody is entered who merely chats.
    """
    if message.photos and not message.text:
        since = desk.now - FOLLOWS
        await desk.store.intake.add_photos(message.sender, message.chat, message.photos, since, PHOTOS_MOST)
        return
    heard = overhear(message.text, tuple(desk.rules.categories.values()))
    ear = await desk.store.intake.ear(desk.rules.channel, message.chat) if heard else None
    if heard is None or ear is None or not await _may_ask(desk, person_id, message, ear):
        return
    if (
        person_id is not None
        and not heard.emergency
        and await restriction_of(desk, person_id, ear.compound_id)
    ):
        return
    is_public = person_id is None or await desk.addressee(person_id) is None
    every = EVERY_URGENT if heard.emergency else EVERY
    if is_public and (
        heard.is_private or await desk.store.intake.asked_publicly(message.chat, desk.now - every)
    ):
        return
    kept = Overheard(
        code=secrets.token_urlsafe(9),
        chat=message.chat,
        message_id=message.id,
        sender=message.sender,
        person_id=person_id,
        compound_id=ear.compound_id,
        building_id=ear.building_id,
        entrance_id=ear.entrance_id,
        text=message.text,
        photos=tuple(message.photos),
        is_public=is_public,
    )
    if not await desk.store.intake.put(kept, desk.now):
        return
    if is_public or person_id is None:
        await _ask_there(desk, kept, heard, ear)
        return
    rows = (
        (choice("report_for_me", "intake.file", kept.code), choice("report_not", "intake.leave", kept.code)),
    )
    facts = {"title": ear.title, "text": message.text, **_emergency_facts(desk, heard)}
    await desk.tell(person_id, "intake.ask", facts, choices=rows, card_key=BUTTON)


async def _may_ask(desk: Desk, person_id: int | None, message: Message, ear: Ear) -> bool:
    """Not more than once a day, not who does not want it, nor those to whom others bring their matters."""
    asked, refused = await desk.store.intake.asked(message.sender, desk.now - ASKED_EVERY)
    if asked or refused >= REFUSED_MOST:
        return False
    return not any(holder.person_id == person_id for holder in await desk.holders(ear.compound_id))


def _emergency_facts(desk: Desk, heard: Heard) -> dict[str, object]:
    return {"emergency": heard.emergency, "numbers": desk.rules.emergency_numbers if heard.emergency else ()}


async def _ask_there(desk: Desk, kept: Overheard, heard: Heard, ear: Ear) -> None:
    """One silent line under the message: no name, no quotation, and the one before it goes."""
    locale = (await desk.store.places.compound(ear.compound_id)).locale
    await remove_question(desk, kept.chat)
    rows = desk.rows(((choice("report_to_leader", "intake.open", link=LINK + kept.code),),), locale)
    text = desk.texts.render(locale, "intake.there", **_emergency_facts(desk, heard))
    desk.post(
        kept.chat, text, rows, card_key=BUTTON, lane=Lane.WORK, is_silent=True, reply_to=kept.message_id
    )
    await desk.store.chores.put(REMOVE, ear.group_id, desk.now + STANDS)


async def remove_question(desk: Desk, chat: str) -> None:
    """Take away the question that stands in a group, if any does."""
    desk.mail.append(Mail(desk.rules.bot_id, chat, Lane.WORK, Intent.DELETE, {}, card_key=BUTTON))


async def _remove_late(desk: Desk, chore: Chore) -> None:
    group = await desk.store.groups.get(chore.subject_id)
    if group is not None and group.is_reachable:
        await remove_question(desk, group.address)


CHORES = {REMOVE: _remove_late}


# The answer ---------------------------------------------------------------------------------------------


async def take(desk: Desk, sender: str, code: str, *, wanted: bool) -> tuple[Overheard, Place | None]:
    """The author's answer, once: what they said and where the group is, to go on with; kept no longer.

    The place is None where the group speaks for more than one building. Refusals: `overheard_gone` (answered,
    forgotten, or another's).
    """
    kept = await desk.store.intake.get(code)
    if kept is None or kept.sender != sender or kept.state != "asked":
        raise Refused("overheard_gone")
    await desk.store.intake.answer(code, "filed" if wanted else "refused")
    if kept.is_public:
        await remove_question(desk, kept.chat)
    place: Place | None = None
    if kept.entrance_id is not None:
        place = await desk.store.places.entrance(kept.entrance_id)
    elif kept.building_id is not None:
        place = await desk.store.places.building(kept.building_id)
    return kept, place


async def sweep(desk: Desk) -> None:
    """Forget what nobody answered for."""
    await desk.store.intake.sweep(desk.now - KEPT, desk.now - REMEMBERED)


# Whether it listens -------------------------------------------------------------------------------------


async def set_listening(desk: Desk, person_id: int, group: BoundGroup, *, listens: bool) -> None:
    """Listen for reports in a group, or do not: the committee says so. Refusals: `listening_not_yours`."""
    if not await is_committee(desk, person_id, group.compound_id):
        raise Refused("listening_not_yours")
    await desk.store.intake.set_listening(group.id, listens=listens)
    await desk.store.changes.record(
        group.compound_id, person_id, "chat", "group.listening", now=desk.now, group=group.id, listens=listens
    )
