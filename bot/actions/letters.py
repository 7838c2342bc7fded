"""What is shown of an announcement: the letter as its recipients see it, and the author's word on its way."""

import re
from collections import Counter
from collections.abc import Iterable
from html import unescape

from bot.actions import activity_cards
from bot.actions.audiences import audience_facts
from bot.actions.desk import Choices, Desk, choice
from bot.domain.announcing import Channel, Class, LeftOut, State, Why
from bot.domain.options import Rows
from bot.storage.announcements import Announcement, Tally
from bot.storage.mailboxes import Intent, Lane
from bot.texts import short

TITLE_MOST = 40
GROUPS_MOST = 20
"""Groups named one by one in a report."""
REPLY = "re_"
"""What the payload of a deep link that answers an announcement begins with; its id follows."""
_ARRIVED = ("sent", "recalled")
_BLOCKED = ("blocked", "deactivated", "chat not found", "kicked", "not a member")


def root_of(announcement: Announcement) -> int:
    """Under which id its recipients know it: a correction goes by what it corrects."""
    return announcement.corrects_id or announcement.id


def card_key(announcement: Announcement) -> str:
    """Under which name a chat remembers its copy."""
    if announcement.activity_id and announcement.activity_role == "invite":
        return activity_cards.card_key(announcement.activity_id)
    return f"ann:{root_of(announcement)}"


def plain_text(html: str) -> str:
    """Telegram HTML as it reads."""
    return unescape(re.sub(r"<[^>]*>", "", html))


async def title_of(desk: Desk, announcement: Announcement) -> str:
    """Its first words, or the activity's title."""
    if announcement.activity_id:
        activity = await desk.store.activities.get(announcement.activity_id)
        return activity.title if activity else ""
    return short(" ".join(plain_text(announcement.html).split()), TITLE_MOST)


async def letter(
    desk: Desk,
    announcement: Announcement,
    locale: str,
    *,
    in_group: bool,
    reads: int = 0,
    has_read: bool = False,
) -> tuple[str, Rows]:
    """The letter as everybody of one language sees it, with what can be tapped under it.

    A group's shows how many have read it (`reads`); who `has_read` it is not asked again.
    """
    if announcement.activity_id and announcement.state not in (State.RECALLED, State.EXPIRED):
        html, choices = await activity_cards.letter(
            desk, announcement.activity_id, announcement.activity_role, locale, in_group=in_group
        )
        return html, desk.rows(choices, locale)
    author = await desk.store.people.details(announcement.author_id)
    facts = {
        "html": announcement.html,
        "is_urgent": announcement.klass is Class.URGENT,
        "is_recalled": announcement.state is State.RECALLED,
        "is_over": announcement.state is State.EXPIRED,
        "is_corrected": announcement.state is State.CORRECTED or announcement.corrects_id is not None,
        "audience": await audience_facts(desk, announcement.compound_id, announcement.audience),
        "author": author.name,
        "author_post": announcement.author_post,
        "valid_until": announcement.valid_until,
        "timezone": await desk.timezone(announcement.compound_id),
    }
    html = desk.texts.render(locale, "announcements.letter", **facts)
    number = root_of(announcement)
    is_dead = announcement.state in (State.RECALLED, State.EXPIRED)
    choices = () if is_dead else _letter_choices(number, reads, in_group=in_group, has_read=has_read)
    return html, desk.rows(choices, locale)


def _letter_choices(number: int, reads: int, *, in_group: bool, has_read: bool) -> Choices:
    read = (
        choice("have_read_count", "ann.read", number, count=reads)
        if reads
        else choice("have_read", "ann.read", number)
    )
    if in_group:
        return ((read, choice("answer_letter", "ann.reply", number, link=f"{REPLY}{number}")),)
    reply = choice("answer_letter", "ann.reply", number)
    return ((reply,),) if has_read else ((read, reply),)


def edit(
    desk: Desk, announcement: Announcement, chat: str, person_id: int | None, html: str, rows: Rows
) -> None:
    """Edit one copy, behind whatever of it is still on its way to this chat."""
    desk.post(
        chat,
        html,
        rows,
        person_id=person_id,
        card_key=card_key(announcement),
        intent=Intent.CARD,
        lane=Lane.BULK,
        coalesce=True,
        only_if_sent=True,
    )


# The way it goes -------------------------------------------------------------------------------------------


def status_key(announcement_id: int) -> str:
    """Under which name its author's chat remembers the message that tells how it goes."""
    return f"ann_status:{announcement_id}"


async def show_status(desk: Desk, announcement: Announcement, *, anew: bool = False, words: str = "") -> None:
    """Tell the author how it goes, in the message that says so already, or `anew`; `words` came with it."""
    addressee = await desk.addressee(announcement.author_id)
    if addressee is None:
        return
    locale = desk.locale(addressee)
    desk.post(
        addressee.address,
        desk.texts.render(locale, "announcements.status", **await status_facts(desk, announcement, words)),
        desk.rows(status_choices(announcement, announcement.author_id), locale),
        person_id=announcement.author_id,
        card_key=status_key(announcement.id),
        intent=Intent.SAY if anew else Intent.CARD,
        lane=Lane.WORK,
        coalesce=not anew,
    )


async def status_facts(desk: Desk, announcement: Announcement, words: str = "") -> dict[str, object]:
    """Everything that can be told of its way, as numbers; groups that did not get it by name."""
    tally = await desk.store.announcements.tally(announcement.id)
    groups = await desk.store.announcements.in_groups(announcement.id)
    missed = [one for one in groups if one.state in ("failed", "left_out")]
    second = (await desk.store.people.details(announcement.second_id)).name if announcement.second_id else ""
    return {
        "title": await title_of(desk, announcement),
        "standing": announcement.state.value,
        "is_correction": announcement.corrects_id is not None,
        "is_urgent": announcement.klass is Class.URGENT,
        "audience": await audience_facts(desk, announcement.compound_id, announcement.audience),
        "send_at": announcement.send_at,
        "sent_at": announcement.sent_at,
        "valid_until": announcement.valid_until,
        "timezone": await desk.timezone(announcement.compound_id),
        "second": second,
        "words": words,
        "groups_sent": _count(tally, in_group=True, states=_ARRIVED),
        "groups_all": _count(tally, in_group=True, states=_MEANT),
        "people_sent": _count(tally, in_group=False, states=_ARRIVED),
        "people_all": _count(tally, in_group=False, states=_MEANT),
        "missed_people": _by_reason(one for one in tally if not one.is_group and one.state != "planned"),
        "missed_groups": [
            {"name": one.title, "why": reason_of(one.state, one.reason)} for one in missed[:GROUPS_MOST]
        ],
        "rest": max(0, len(missed) - GROUPS_MOST),
        "reads": await desk.store.announcements.receipts(root_of(announcement)),
    }


_MEANT = ("planned", "posted", "failed", *_ARRIVED)


def _count(tally: Iterable[Tally], *, in_group: bool, states: Iterable[str]) -> int:
    return sum(one.count for one in tally if one.is_group == in_group and one.state in states)


def reason_of(state: str, reason: str) -> str:
    """A reason as the templates know it: one of the plan's, recalled, expired, blocked, or other."""
    if state == "left_out":
        return reason
    said = reason.lower()
    if said == "expired":
        return said
    return "blocked" if any(word in said for word in _BLOCKED) else "other"


def _by_reason(tally: Iterable[Tally]) -> list[dict[str, object]]:
    counts: Counter[str] = Counter()
    for one in tally:
        if one.state in ("failed", "left_out") and one.reason != Why.EXCLUDED:
            counts[reason_of(one.state, one.reason)] += one.count
    return [{"why": why, "count": count} for why, count in counts.most_common()]


def left_out_facts(left_out: Iterable[LeftOut], channel: Channel) -> list[dict[str, object]]:
    """How many will get nothing on a channel, by reason; who was excluded on purpose is not counted."""
    counts = Counter(one.why for one in left_out if one.channel is channel and one.why is not Why.EXCLUDED)
    return [{"why": why.value, "count": count} for why, count in counts.most_common()]


def status_choices(announcement: Announcement, person_id: int) -> Choices:
    """What its author, or a second officer, can do with it now."""
    number = announcement.id
    is_author = person_id == announcement.author_id
    match announcement.state:
        case State.DRAFT if is_author and announcement.activity_id is None:
            return (
                (choice("change_and_send", "ann.edit", number), choice("discard", "ann.discard", number)),
            )
        case State.DRAFT if is_author:
            return ((choice("send_again", "ann.again", number), choice("discard", "ann.discard", number)),)
        case State.AWAITING_SECOND if is_author:
            return ((choice("undo", "ann.undo", number),),)
        case State.SCHEDULED:
            return ((choice("undo", "ann.undo", number),),)
        case State.SENDING:
            return ((choice("recall", "ann.recall", number),),)
        case State.SENT | State.CORRECTED if announcement.corrects_id is None:
            unread = choice("unread", "ann.unread", number)
            if announcement.activity_id is None:
                return ((choice("correct", "ann.correct", number), unread),)
    return ()
