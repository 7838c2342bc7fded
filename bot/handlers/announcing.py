"""Announcing: what, to whom, how and when; a second officer's yes; and what is tapped afterwards (A1–A7)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.actions import announcements as actions
from bot.actions.audiences import audience_facts, known_of, officer_of
from bot.actions.desk import Choices, choice
from bot.actions.letters import (
    REPLY,
    left_out_facts,
    letter,
    plain_text,
    root_of,
    status_choices,
    status_facts,
    status_key,
    title_of,
)
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.announcing import UNDO_WITHIN, Channel, Class, Proposal, State, Verdict
from bot.domain.audiences import COMPOUND, Audience, Kind, Part, read_audience
from bot.domain.dates import read_moment
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import PostKind
from bot.handlers import report
from bot.handlers.compounds import choose_compound, offer_compounds
from bot.storage.announcements import Announcement
from bot.storage.mailboxes import Intent
from bot.texts import short

PHOTOS_MOST = 10
LABEL_MOST = 30
SUGGESTED_MOST = 8
PREVIEW = "ann_preview"
UNITS_MOST = 40
"""Units named in one list of where to knock."""
BUILDINGS_MOST = 60
_CYCLE = (
    frozenset(Channel),
    frozenset((Channel.GROUPS,)),
    frozenset((Channel.PRIVATE,)),
)


async def command(turn: Turn) -> None:
    """/announce"""
    compounds = await actions.compounds_to_announce_in(turn.desk, turn.person_id)
    if not compounds:
        raise Refused("announcing_not_yours")
    if len(compounds) > 1:
        await begin(turn, DIALOG, "compound", **_FRESH)
    else:
        await begin(turn, DIALOG, "words", **_FRESH, compound=compounds[0])


_FRESH: dict[str, Any] = {
    "html": "",
    "text": "",
    "photos": [],
    "album": "",
    "audience": None,
    "channels": sorted(Channel),
    "class": Class.ORDINARY.value,
    "chosen_at": None,
    "valid_until": None,
    "corrects": None,
    "announcement": None,
}


async def _ask_compound(turn: Turn) -> None:
    await offer_compounds(
        turn, "announcements.compound", await actions.compounds_to_announce_in(turn.desk, turn.person_id)
    )


async def _take_compound(turn: Turn) -> str | None:
    choose_compound(turn, await actions.compounds_to_announce_in(turn.desk, turn.person_id))
    return "words"


# What ------------------------------------------------------------------------------------------------------


async def _ask_words(turn: Turn) -> None:
    data = turn.data
    facts = {"photos": len(data["photos"]), "is_correction": data["corrects"] is not None}
    put_question(turn, "announcements.words", (), facts, numbers_pick=False)


async def _take_words(turn: Turn) -> str | None:
    _gather(turn)
    if not turn.data["html"]:
        return "words"
    return "review" if turn.data["audience"] else "audience"


def _gather(turn: Turn) -> None:
    """What came belongs to the announcement: words replace those there were, photos of one album gather."""
    incoming, data = turn.incoming, turn.data
    if incoming.kind not in ("text", "photo"):
        raise NotUnderstood("text_needed" if incoming.kind == "press" else "announce_cannot_read")
    is_same = bool(incoming.album) and incoming.album == data["album"]
    photos = list(data["photos"])
    if incoming.photos:
        photos = [*(photos if is_same or not data["html"] else ()), *incoming.photos]
    if len(photos) > PHOTOS_MOST:
        raise NotUnderstood("too_many_photos", most=PHOTOS_MOST)
    said = {"html": incoming.html.strip(), "text": turn.text} if turn.text else {}
    if said and len(turn.text.encode("utf-16-le")) > 2 * actions.TEXT_MOST:
        raise NotUnderstood("text_too_long", most=actions.TEXT_MOST)
    turn.edits_prompt = is_same
    remember(turn, **said, photos=photos, album=incoming.album)


def _is_late_photo(turn: Turn) -> bool:
    """Photos of an album come one by one, when the next question has been put already."""
    incoming = turn.incoming
    if incoming.kind != "photo" or not incoming.album or incoming.album != turn.data["album"]:
        return False
    _gather(turn)
    return True


# To whom ---------------------------------------------------------------------------------------------------


async def _ask_audience(turn: Turn) -> None:
    picks = [
        pick("", "to", at, text=await _audience_name(turn, audience))
        for at, audience in enumerate(await _suggested(turn))
    ]
    put_question(turn, "announcements.ask_audience", grid(picks, 2), numbers_pick=False)


async def _audience_name(turn: Turn, audience: Audience) -> str:
    facts = await audience_facts(turn.desk, turn.data["compound"], audience)
    return short(plain(turn.render("announcements.audience", audience=facts)), LABEL_MOST)


async def _suggested(turn: Turn) -> list[Audience]:
    """Whom this person may most likely mean."""
    compound_id = turn.data["compound"]
    officer = await officer_of(turn.desk, compound_id, turn.person_id)
    found: list[Audience] = []
    for holder in officer.holders:
        if holder.building_id is None:
            found += [Audience((COMPOUND,)), Audience((Part(Kind.POST, post=PostKind.BUILDING_LEADER),))]
        elif holder.entrance_id is not None:
            found.append(Audience((Part(Kind.ENTRANCE, holder.building_id, holder.entrance_id),)))
        else:
            found.append(Audience((Part(Kind.BUILDING, holder.building_id),)))
    found += [Audience((Part(Kind.INTEREST_GROUP, group_id=one),)) for one in sorted(officer.leads)]
    loans = await turn.store.loans.running(turn.person_id, turn.desk.now)
    found += [one.loan.audience for one in loans if one.compound_id == compound_id]
    return list(dict.fromkeys(found))[:SUGGESTED_MOST]


async def _take_audience(turn: Turn) -> str | None:
    if _is_late_photo(turn):
        return "audience"
    data = turn.data
    suggested = await _suggested(turn)
    if len(turn.chosen) == 2 and turn.chosen[0] == "to" and turn.number(turn.chosen[1]) < len(suggested):
        audience = suggested[int(turn.chosen[1])]
    else:
        audience = read_audience(turn.text, await known_of(turn.desk, data["compound"]))
    proposal = Proposal(audience, _channels(turn), Class(data["class"]))
    if await actions.right(turn.desk, data["compound"], turn.person_id, proposal) is Verdict.MAY_NOT:
        raise NotUnderstood("announcement_not_allowed")
    remember(turn, audience=audience.to_json())
    return "review"


# The preview -----------------------------------------------------------------------------------------------


def _channels(turn: Turn) -> frozenset[Channel]:
    return frozenset(Channel(one) for one in turn.data["channels"])


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None


def _draft(turn: Turn) -> actions.Draft:
    data = turn.data
    return actions.Draft(
        data["compound"],
        data["html"],
        Audience.from_json(data["audience"]),
        _channels(turn),
        tuple(data["photos"]),
        Class(data["class"]),
        _instant(data["chosen_at"]),
        _instant(data["valid_until"]),
        data["corrects"],
        data["announcement"],
    )


async def _ask_review(turn: Turn) -> None:
    """The letter exactly as its recipients will see it, then how many they are, and what can be changed."""
    draft = _draft(turn)
    await _show_letter(turn, draft)
    verdict = await actions.right(turn.desk, draft.compound_id, turn.person_id, draft.proposal)
    facts: dict[str, object] = {
        "is_correction": draft.corrects_id is not None,
        "is_urgent": draft.klass is Class.URGENT,
        "is_forbidden": verdict is Verdict.MAY_NOT,
        "needs_second": verdict is Verdict.WITH_SECOND,
        "valid_until": draft.valid_until,
        "chosen_at": await _later(turn, draft),
        "timezone": await turn.desk.timezone(draft.compound_id),
        **await _counts(turn, draft),
    }
    put_question(turn, "announcements.review", _review_choices(draft, verdict), facts, numbers_pick=False)


async def _later(turn: Turn, draft: actions.Draft) -> datetime | None:
    """When it would go out, where that is not at once: at the chosen time, or when the night is over."""
    at = await actions.when_sent(turn.desk, draft)
    return at if at > turn.desk.now + UNDO_WITHIN else None


async def _counts(turn: Turn, draft: actions.Draft) -> dict[str, object]:
    """How many get it, and how many do not; a correction goes where the first letter arrived."""
    if draft.corrects_id is not None:
        original = await turn.store.announcements.get(draft.corrects_id)
        if original is None:
            raise Refused("no_such_announcement")
        way = await status_facts(turn.desk, original)
        arrived = {"groups_all": way["groups_sent"], "people_all": way["people_sent"]}
        return {**arrived, "audience": way["audience"], "missed_people": [], "missed_groups": []}
    plan = await actions.plan_of(turn.desk, draft.compound_id, draft.proposal)
    return {
        "audience": await audience_facts(turn.desk, draft.compound_id, draft.audience),
        "groups_all": len(plan.chats),
        "people_all": len(plan.people),
        "missed_people": left_out_facts(plan.left_out, Channel.PRIVATE),
        "missed_groups": left_out_facts(plan.left_out, Channel.GROUPS),
    }


def _review_choices(draft: actions.Draft, verdict: Verdict) -> Choices:
    send = pick("ask_second" if verdict is Verdict.WITH_SECOND else "send_out", "send")
    rows: list[Any] = [] if verdict is Verdict.MAY_NOT else [(send,)]
    if draft.corrects_id is not None:
        return (*rows, (pick("change_words", "words"),))
    way = "both" if len(draft.channels) > 1 else next(iter(draft.channels)).value
    is_urgent = draft.klass is Class.URGENT
    return (
        *rows,
        (pick("change_words", "words"), pick("change_audience", "audience")),
        (pick(f"channels_{way}", "channels"), pick("make_ordinary" if is_urgent else "make_urgent", "class")),
        (pick("change_time", "when"),),
    )


async def _show_letter(turn: Turn, draft: actions.Draft) -> None:
    """The preview changes with the question under it."""
    desk, chat = turn.desk, turn.incoming.chat
    known = await known_of(desk, draft.compound_id)
    officer = await officer_of(desk, draft.compound_id, turn.person_id)
    shown = Announcement(
        id=0,
        compound_id=draft.compound_id,
        author_id=turn.person_id,
        author_post=actions.office_of(officer, draft.proposal, known.register),
        state=State.DRAFT,
        klass=draft.klass,
        html=draft.html,
        photos=draft.photos,
        audience=draft.audience,
        channels=draft.channels,
        created_at=desk.now,
        corrects_id=draft.corrects_id,
        valid_until=draft.valid_until if draft.klass is Class.URGENT else None,
    )
    html, _ = await letter(desk, shown, turn.locale, in_group=False)
    if draft.photos and not turn.edits_prompt:
        desk.post_photos(chat, draft.photos, person_id=turn.person_id)
    intent = Intent.CARD if turn.edits_prompt else Intent.SAY
    desk.post(chat, html, person_id=turn.person_id, card_key=PREVIEW, intent=intent)


async def _take_review(turn: Turn) -> str | None:
    if _is_late_photo(turn):
        # The album above is not complete: it is shown again with the rest.
        turn.edits_prompt = False
        return "review"
    chosen = turn.chosen[0] if len(turn.chosen) == 1 else ""
    if chosen == "send":
        await _hand_in(turn)
        return None
    is_correction = turn.data["corrects"] is not None
    if chosen == "words":
        return "words"
    if is_correction or chosen not in ("audience", "when", "channels", "class"):
        raise NotUnderstood("tap_one_below")
    if chosen in ("audience", "when"):
        return chosen
    if chosen == "class":
        if turn.data["class"] == Class.ORDINARY:
            return "validity"
        remember(turn, **{"class": Class.ORDINARY.value}, valid_until=None)
        return "review"
    at = _CYCLE.index(_channels(turn))
    remember(turn, channels=sorted(_CYCLE[(at + 1) % len(_CYCLE)]))
    return "review"


async def _hand_in(turn: Turn) -> None:
    after = await actions.hand_in(turn.desk, turn.person_id, _draft(turn))
    finish(turn, "announcements.handed_in")
    await _say_status(turn, after)


async def _say_status(turn: Turn, found: Announcement) -> None:
    """How it goes, at the end of the chat."""
    is_author = found.author_id == turn.person_id
    turn.say(
        "announcements.status",
        await status_facts(turn.desk, found),
        choices=status_choices(found, turn.person_id),
        card_key=status_key(found.id) if is_author else None,
    )


# When ------------------------------------------------------------------------------------------------------


async def _zone(turn: Turn) -> ZoneInfo:
    return ZoneInfo(await turn.desk.timezone(turn.data["compound"]))


async def _soon(turn: Turn) -> dict[str, datetime]:
    """Moments people often mean, by name."""
    now = turn.desk.now
    zone = await _zone(turn)
    today = now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    midnight = datetime.combine(tomorrow, time.min, zone).astimezone(UTC)
    morning = datetime.combine(tomorrow, time(9), zone).astimezone(UTC)
    return {"two_hours": now + timedelta(hours=2), "tonight": midnight, "morning": morning}


async def _ask_when(turn: Turn) -> None:
    rows = ((pick("send_now", "now"), pick("tomorrow_morning", "morning")),)
    put_question(turn, "announcements.when", rows, numbers_pick=False)


async def _ask_validity(turn: Turn) -> None:
    rows = ((pick("two_hours", "two_hours"), pick("until_tonight", "tonight")),)
    put_question(turn, "announcements.validity", rows, numbers_pick=False)


def _taking(key: str, shortcuts: tuple[str, ...]) -> Callable[[Turn], Awaitable[str | None]]:
    """An answer that is a moment, kept under a key."""

    async def take(turn: Turn) -> str | None:
        if turn.chosen == ("now",) and key == "chosen_at":
            return _keep(turn, key, None)
        if turn.chosen:
            if turn.chosen[0] not in shortcuts:
                raise NotUnderstood("tap_or_write")
            return _keep(turn, key, (await _soon(turn))[turn.chosen[0]])
        try:
            moment = read_moment(turn.text, turn.desk.now, await _zone(turn))
        except NotUnderstood as no:
            options = no.facts.get("options")
            if not isinstance(options, tuple):
                raise
            remember(turn, which=key, moments=[one.start.isoformat() for one in options])
            return "which"
        if not moment.timed:
            raise NotUnderstood("moment_hour_needed")
        return _keep(turn, key, moment.start)

    return take


def _keep(turn: Turn, key: str, moment: datetime | None) -> str:
    remember(turn, **{key: moment.isoformat() if moment else None})
    if key == "valid_until":
        remember(turn, **{"class": Class.URGENT.value})
    return "review"


async def _ask_which(turn: Turn) -> None:
    timezone = await turn.desk.timezone(turn.data["compound"])
    rows = []
    for at, moment in enumerate(turn.data["moments"]):
        said = turn.render("announcements.moment", at=datetime.fromisoformat(moment), timezone=timezone)
        rows.append((pick("", "at", at, text=plain(said)),))
    put_question(turn, "announcements.which", rows)


async def _take_which(turn: Turn) -> str | None:
    data = turn.data
    if len(turn.chosen) != 2 or turn.number(turn.chosen[1]) >= len(data["moments"]):
        raise NotUnderstood("tap_one")
    return _keep(turn, data["which"], datetime.fromisoformat(data["moments"][int(turn.chosen[1])]))


# Afterwards ------------------------------------------------------------------------------------------------


async def edit(turn: Turn, announcement: str) -> None:
    """改一改再發: the draft is opened again."""
    found = await actions.visible(turn.desk, turn.number(announcement), turn.person_id)
    if found.author_id != turn.person_id or found.activity_id is not None:
        raise Refused("not_yours")
    if found.state is not State.DRAFT:
        raise Refused("announcement_not_now", standing=found.state.value)
    await begin(turn, DIALOG, "review", **_opened(found), announcement=found.id, corrects=found.corrects_id)


def _opened(found: Announcement) -> dict[str, Any]:
    return {
        "compound": found.compound_id,
        "html": found.html,
        "text": plain_text(found.html),
        "photos": list(found.photos),
        "album": "",
        "audience": found.audience.to_json(),
        "channels": sorted(found.channels),
        "class": found.klass.value,
        "chosen_at": found.chosen_at.isoformat() if found.chosen_at else None,
        "valid_until": found.valid_until.isoformat() if found.valid_until else None,
    }


async def again(turn: Turn, announcement: str) -> None:
    """再交一次: an activity's announcement that came back goes the same way again."""
    found = await actions.locked(turn.desk, turn.number(announcement))
    if found.author_id != turn.person_id:
        raise Refused("not_yours")
    await _say_status(turn, await actions.go_ahead(turn.desk, found))


async def correct(turn: Turn, announcement: str) -> None:
    """更正: new words, which take the place of the old ones wherever they stand."""
    found = await _unless_stale(turn, announcement, actions.expect_correction)
    if found is None:
        return
    await begin(
        turn,
        DIALOG,
        "words",
        **{**_opened(found), "text": "", "photos": [], "chosen_at": None},
        corrects=root_of(found),
        announcement=None,
    )


async def _unless_stale(
    turn: Turn, announcement: str, deed: Callable[..., Awaitable[Announcement]]
) -> Announcement | None:
    """Do it; a tap that comes too late is told how things stand, and what it hangs under is redrawn."""
    number = turn.number(announcement)
    try:
        async with turn.attempt():
            return await deed(turn.desk, turn.person_id, number)
    except Refused as no:
        if no.reason not in ("already_done", "announcement_not_now"):
            raise
        await actions.visible(turn.desk, number, turn.person_id)
        turn.refuse(no)
        await actions.refresh(turn.desk, number, turn.person_id)
        return None


async def undo(turn: Turn, announcement: str) -> None:
    """撤銷, before anybody has seen it."""
    if await _unless_stale(turn, announcement, actions.undo):
        turn.toast("announcements.undone")


async def discard(turn: Turn, announcement: str) -> None:
    """不發了"""
    await _unless_stale(turn, announcement, actions.discard)


async def recall(turn: Turn, announcement: str) -> None:
    """停止並撤回"""
    if await _unless_stale(turn, announcement, actions.recall):
        turn.toast("announcements.recalled")


async def approve(turn: Turn, announcement: str, version: str) -> None:
    """同意發出, to the version above the button and no other."""
    deed = partial(actions.approve, version=turn.number(version))
    if await _unless_stale(turn, announcement, deed):
        turn.toast("announcements.approved")


async def send_back(turn: Turn, announcement: str) -> None:
    """退回修改: what is to be changed?"""
    found = await _unless_stale(turn, announcement, actions.expect_back)
    if found is not None:
        await begin(turn, DIALOG, "back", announcement=found.id, author=found.author_id)


async def _ask_back(turn: Turn) -> None:
    author = await turn.store.people.details(turn.data["author"])
    put_question(turn, "announcements.back", (), {"author": author.name}, numbers_pick=False)


async def _take_back(turn: Turn) -> str | None:
    if not turn.text or turn.chosen:
        raise NotUnderstood("text_needed")
    await actions.send_back(turn.desk, turn.person_id, turn.data["announcement"], turn.text)
    finish(turn, "announcements.sent_back")
    return None


async def list_all(turn: Turn) -> None:
    """/announcements: the newest, with where they stand."""
    if not await actions.compounds_to_announce_in(turn.desk, turn.person_id):
        raise Refused("announcing_not_yours")
    found = await actions.listed(turn.desk, turn.person_id)
    lines, rows = [], []
    for place, one in enumerate(found, 1):
        title = await title_of(turn.desk, one)
        timezone = await turn.desk.timezone(one.compound_id)
        lines.append(
            {
                "title": title,
                "standing": one.state.value,
                "at": one.sent_at or one.send_at or one.created_at,
                "timezone": timezone,
                "is_urgent": one.klass is Class.URGENT,
                "is_correction": one.corrects_id is not None,
            }
        )
        rows.append(choice("open_letter", "ann.show", one.id, number=place))
    choices = (*grid(rows, 5), (choice("announce_new", "ann.new"),))
    turn.say("announcements.list", {"lines": lines}, choices=choices)


async def show(turn: Turn, announcement: str) -> None:
    """Open one of the list: its letter, and how it went."""
    found = await actions.visible(turn.desk, turn.number(announcement), turn.person_id)
    html, _ = await letter(turn.desk, found, turn.locale, in_group=False)
    turn.desk.post(turn.incoming.chat, html, person_id=turn.person_id)
    await _say_status(turn, found)


# Read, and where to knock ----------------------------------------------------------------------------------


async def read(turn: Turn, announcement: str) -> None:
    """已閱"""
    count = await actions.read(
        turn.desk,
        turn.number(announcement),
        turn.person_id,
        turn.incoming.chat,
        is_private=turn.incoming.is_private,
    )
    turn.toast("announcements.read", count=count)


async def unread(turn: Turn, announcement: str) -> None:
    """Who has not read it: the doors, or the households where there is one building."""
    found = await actions.visible(turn.desk, turn.number(announcement), turn.person_id)
    doors = await actions.unread(turn.desk, found, turn.person_id)
    buildings = list(dict.fromkeys(door.building_id for door in doors))
    if len(buildings) == 1:
        await _say_units(turn, found, doors)
        return
    names = dict(await turn.store.places.buildings(found.compound_id))
    lines, rows = [], []
    for building_id in buildings[:BUILDINGS_MOST]:
        behind = [door for door in doors if door.building_id == building_id]
        unread_here = sum(len(door.unread) for door in behind)
        all_here = sum(len(door.households) for door in behind)
        lines.append({"building": names[building_id], "unread": unread_here, "households": all_here})
        if unread_here:
            rows.append(choice("open_building", "ann.doors", found.id, building_id, name=names[building_id]))
    rest = max(0, len(buildings) - BUILDINGS_MOST)
    facts = {"title": await title_of(turn.desk, found), "lines": lines, "rest": rest}
    turn.say("announcements.unread", facts, choices=grid(rows, 3))


async def doors(turn: Turn, announcement: str, building: str) -> None:
    """The households of one building that have not read it."""
    found = await actions.visible(turn.desk, turn.number(announcement), turn.person_id)
    wanted = turn.number(building)
    behind = await actions.unread(turn.desk, found, turn.person_id)
    await _say_units(turn, found, [door for door in behind if door.building_id == wanted])


async def _say_units(turn: Turn, found: Announcement, behind: list[actions.Door]) -> None:
    lines = []
    left = UNITS_MOST
    for door in behind:
        place = (
            await turn.store.places.entrance(door.entrance_id)
            if door.entrance_id
            else await turn.store.places.building(door.building_id)
        )
        units = [{"unit": one.label, "names": list(one.names[:3])} for one in door.unread[:left]]
        left -= len(units)
        if place is not None and units:
            lines.append({"place": await turn.desk.place_facts(place), "units": units})
    facts = {
        "title": await title_of(turn.desk, found),
        "lines": lines,
        "unread": sum(len(door.unread) for door in behind),
        "households": sum(len(door.households) for door in behind),
        "rest": sum(len(door.unread) for door in behind) - (UNITS_MOST - left),
    }
    turn.say("announcements.doors", facts)


# Answering (A7) --------------------------------------------------------------------------------------------


async def reply(turn: Turn, announcement: str) -> None:
    """回覆 under an announcement: a report that says what it answers."""
    found = await turn.store.announcements.get(turn.number(announcement))
    if found is None or not await actions.may_answer(turn.desk, found, turn.person_id):
        raise Refused("no_such_announcement")
    quoted = plain(turn.render("announcements.quoted", title=await title_of(turn.desk, found)))
    await begin(turn, report.DIALOG, "words", text=quoted)


def is_reply(link: str) -> bool:
    """Whether a deep link answers an announcement from a group."""
    return link.startswith(REPLY)


async def open_reply(turn: Turn) -> None:
    """The deep link under an announcement in a group."""
    await reply(turn, turn.incoming.link.removeprefix(REPLY))


DIALOG = Dialog(
    "announce",
    {
        "compound": Step(_ask_compound, _take_compound),
        "words": Step(_ask_words, _take_words),
        "audience": Step(_ask_audience, _take_audience),
        "review": Step(_ask_review, _take_review),
        "when": Step(_ask_when, _taking("chosen_at", ("morning",))),
        "validity": Step(_ask_validity, _taking("valid_until", ("two_hours", "tonight"))),
        "which": Step(_ask_which, _take_which),
        "back": Step(_ask_back, _take_back),
    },
)
