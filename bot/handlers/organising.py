"""Activities as organisers meet them: plan one, change or cancel it, see who comes, check people in."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.actions import activities as actions
from bot.actions.activities import Plan
from bot.actions.activity_cards import facts_of
from bot.actions.announcements import plan_of
from bot.actions.audiences import audience_facts, known_of, officer_of
from bot.actions.desk import Choice, Choices, choice
from bot.actions.participants import participants, sheet
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.announcing import Channel, Class, Proposal
from bot.domain.audiences import COMPOUND, Audience, Kind, Part, read_audience
from bot.domain.company import read_seats
from bot.domain.dates import Moment, read_moment
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.signups import Action, State
from bot.handlers.compounds import choose_compound, offer_compounds
from bot.storage.activities import Activity
from bot.texts import short

BUTTONS_MOST = 30
NAMED_MOST = 25
DOOR_PAGE = 20
LABEL_MOST = 40
NAMES_SHOWN = 60
"""Parties in one message of names, on one page of the list at the door, and UTF-16 units of each."""
CHANNELS = {
    "both": [Channel.GROUPS.value, Channel.PRIVATE.value],
    "groups": [Channel.GROUPS.value],
    "private": [Channel.PRIVATE.value],
}
_DAY = timedelta(days=1)


async def _offices(turn: Turn) -> list[int]:
    """The compounds in which this person may invite anybody: by post, or as leader of an interest group."""
    led = await turn.store.interest_groups.led_by(turn.person_id)
    posts = [post.compound_id for post in await turn.posts()]
    return list(dict.fromkeys((*posts, *(group.compound_id for group in led))))


# Beginning ----------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/activity: what one runs; with words after it, or nothing to run, a new one."""
    offices = await _offices(turn)
    if not offices:
        raise Refused("activity_not_allowed")
    if turn.text or not await actions.run_here(turn.desk, turn.person_id, offices):
        await new(turn)
    else:
        await list_run(turn)


async def list_run(turn: Turn) -> None:
    """What one runs, drafts too."""
    found = await actions.run_here(turn.desk, turn.person_id, await _offices(turn))
    rows = [
        (choice("open_titled", "activity.manage", one.id, title=short(one.title, LABEL_MOST)),)
        for one in found[:BUTTONS_MOST]
    ]
    turn.say(
        "activities.run_list",
        {"count": len(found)},
        choices=(*rows, (choice("new_activity", "activity.new"),)),
    )


async def new(turn: Turn) -> None:
    """A new activity."""
    offices = await _offices(turn)
    if not offices:
        raise Refused("activity_not_allowed")
    title = turn.text if turn.incoming.command == "activity" and _is_title(turn.text) else ""
    data: dict[str, Any] = {"title": title, "channels": "both"}
    if len(offices) > 1:
        await begin(turn, DIALOG, "compound", **data)
    else:
        await begin(turn, DIALOG, "when" if title else "title", compound=offices[0], **data)


def _is_title(text: str) -> bool:
    return 0 < len(text) <= actions.TITLE_MOST and "\n" not in text


def _next(turn: Turn) -> str:
    """The first thing that is not known yet."""
    for key, step in (("title", "title"), ("starts", "when"), ("place", "place"), ("audience", "audience")):
        if not turn.data.get(key):
            return step
    return "review"


async def _ask_compound(turn: Turn) -> None:
    await offer_compounds(turn, "activities.ask_compound", (await _offices(turn))[:BUTTONS_MOST])


async def _take_compound(turn: Turn) -> str | None:
    choose_compound(turn, await _offices(turn))
    return _next(turn)


async def _ask_title(turn: Turn) -> None:
    put_question(turn, "activities.ask_title", numbers_pick=False)


async def _take_title(turn: Turn) -> str | None:
    if not _is_title(turn.text):
        raise NotUnderstood("title_needed", most=actions.TITLE_MOST)
    remember(turn, title=turn.text)
    return _next(turn)


# When ---------------------------------------------------------------------------------------------------


async def _ask_when(turn: Turn) -> None:
    put_question(turn, "activities.ask_when", (), {"title": turn.data["title"]}, numbers_pick=False)


async def _take_when(turn: Turn) -> str | None:
    return await _read_start(turn, turn.text)


async def _read_start(turn: Turn, text: str) -> str:
    """Take the start, ask which of several is meant, or at what hour; never guess."""
    zone = await _zone(turn)
    try:
        moments = [read_moment(text, turn.desk.now, zone)]
    except NotUnderstood as hint:
        moments = _options(hint)
    if any(not moment.timed for moment in moments):
        days = [f"{moment.start.astimezone(zone):%Y-%m-%d}" for moment in moments]
        remember(turn, days=days)
        return "hour" if len(days) == 1 else "which_day"
    if len(moments) == 1:
        return _with_start(turn, moments[0])
    remember(turn, moments=[_kept(moment) for moment in moments])
    return "which"


def _options(hint: NotUnderstood) -> list[Moment]:
    """What an ambiguous moment may be; anything else that was not understood is asked again."""
    options = hint.facts.get("options")
    moments = [one for one in options if isinstance(one, Moment)] if isinstance(options, tuple) else []
    if not moments:
        raise hint
    return moments


def _kept(moment: Moment) -> list[str | None]:
    return [moment.start.isoformat(), moment.end.isoformat() if moment.end else None]


def _with_start(turn: Turn, moment: Moment) -> str:
    starts, ends = _kept(moment)
    deadline = turn.data.get("deadline")
    remember(turn, starts=starts, ends=ends)
    if deadline and datetime.fromisoformat(deadline) > moment.start:
        remember(turn, deadline=None)
    return _next(turn)


async def _zone(turn: Turn) -> ZoneInfo:
    return ZoneInfo(await turn.desk.timezone(turn.data["compound"]))


async def _ask_hour(turn: Turn) -> None:
    zone = await _zone(turn)
    day = datetime.fromisoformat(turn.data["days"][0]).replace(tzinfo=zone)
    put_question(turn, "activities.ask_hour", (), {"at": day, "timezone": zone.key}, numbers_pick=False)


async def _take_hour(turn: Turn) -> str | None:
    return await _read_start(turn, f"{turn.data['days'][0]} {turn.text}")


async def _ask_which_day(turn: Turn) -> None:
    zone = await _zone(turn)
    rows = []
    for place, kept in enumerate(turn.data["days"]):
        day = datetime.fromisoformat(kept).replace(tzinfo=zone)
        label = plain(turn.render("activities.day", at=day, timezone=zone.key))
        rows.append((pick("", "day", place, text=short(label, LABEL_MOST)),))
    put_question(turn, "activities.ask_which", rows)


async def _take_which_day(turn: Turn) -> str | None:
    remember(turn, days=[turn.data["days"][_place(turn, "day", len(turn.data["days"]))]])
    return "hour"


async def _ask_which(turn: Turn) -> None:
    zone = await _zone(turn)
    rows = []
    for place, (start, _) in enumerate(turn.data["moments"]):
        at = datetime.fromisoformat(start)
        label = plain(turn.render("activities.moment", at=at, timezone=zone.key))
        rows.append((pick("", "moment", place, text=short(label, LABEL_MOST)),))
    put_question(turn, "activities.ask_which", rows)


async def _take_which(turn: Turn) -> str | None:
    moments = turn.data["moments"]
    start, end = moments[_place(turn, "moment", len(moments))]
    ends = datetime.fromisoformat(end) if end else None
    remember(turn, starts=start, ends=ends and ends.isoformat())
    return _next(turn)


def _place(turn: Turn, word: str, count: int) -> int:
    """Which of so many was tapped."""
    if turn.chosen[:1] != (word,) or len(turn.chosen) != 2 or turn.number(turn.chosen[1]) >= count:
        raise NotUnderstood("tap_one")
    return turn.number(turn.chosen[1])


# Where, and for whom ------------------------------------------------------------------------------------


async def _ask_place(turn: Turn) -> None:
    starts = datetime.fromisoformat(turn.data["starts"])
    facts = {"title": turn.data["title"], "starts_at": starts, "timezone": (await _zone(turn)).key}
    put_question(turn, "activities.ask_place", (), facts, numbers_pick=False)


async def _take_place(turn: Turn) -> str | None:
    text = " ".join(turn.text.split())
    if not 0 < len(text) <= actions.PLACE_MOST:
        raise NotUnderstood("activity_place_needed", most=actions.PLACE_MOST)
    remember(turn, place=text)
    return _next(turn)


async def _own_parts(turn: Turn) -> list[Part]:
    """Whom this person is likely to invite: by their posts, and the interest groups they lead."""
    officer = await officer_of(turn.desk, turn.data["compound"], turn.person_id)
    parts = [Part(Kind.INTEREST_GROUP, group_id=group_id) for group_id in sorted(officer.leads)]
    for holder in officer.holders:
        if holder.building_id is None:
            parts.append(COMPOUND)
        elif holder.entrance_id is None:
            parts.append(Part(Kind.BUILDING, holder.building_id))
        else:
            parts.append(Part(Kind.ENTRANCE, holder.building_id, holder.entrance_id))
    return list(dict.fromkeys(parts))[:BUTTONS_MOST]


async def _ask_audience(turn: Turn) -> None:
    rows = []
    for place, part in enumerate(await _own_parts(turn)):
        named = await audience_facts(turn.desk, turn.data["compound"], Audience((part,)))
        label = plain(turn.render("activities.audience", audience=named)) if named else ""
        rows.append((pick("", "part", place, text=short(label, LABEL_MOST)),))
    put_question(turn, "activities.ask_audience", rows, numbers_pick=False)


async def _take_audience(turn: Turn) -> str | None:
    if turn.chosen:
        parts = await _own_parts(turn)
        audience = Audience((parts[_place(turn, "part", len(parts))],))
    else:
        audience = read_audience(turn.text, await known_of(turn.desk, turn.data["compound"]))
    await _check_right(turn, audience, turn.data["channels"])
    remember(turn, audience=audience.to_json())
    return _next(turn)


async def _check_right(turn: Turn, audience: Audience, channels: str) -> None:
    try:
        await actions.check_right(
            turn.desk, turn.person_id, turn.data["compound"], audience, _channels(channels)
        )
    except Refused as no:
        raise NotUnderstood(no.reason, **no.facts) from None


def _channels(word: str) -> frozenset[Channel]:
    return frozenset(Channel(name) for name in CHANNELS[word])


# The whole of it ----------------------------------------------------------------------------------------


def _plan(data: dict[str, Any]) -> Plan:
    ends, deadline = data.get("ends"), data.get("deadline")
    return Plan(
        title=data["title"],
        place=data["place"],
        starts_at=datetime.fromisoformat(data["starts"]),
        audience=Audience.from_json(data["audience"]),
        ends_at=datetime.fromisoformat(ends) if ends else None,
        deadline_at=datetime.fromisoformat(deadline) if deadline else None,
        capacity=data.get("capacity"),
        per_household=data.get("per_household"),
        about=data.get("about", ""),
        photo=data.get("photo", ""),
    )


async def _ask_review(turn: Turn) -> None:
    """Everything as people will read it, and a button for each thing that can be otherwise."""
    data, plan = turn.data, _plan(turn.data)
    is_new = not data.get("activity")
    facts = {
        "title": plan.title,
        "starts_at": plan.starts_at,
        "ends_at": plan.ends_at,
        "place_words": plan.place,
        "about": plan.about,
        "capacity": plan.capacity,
        "per_household": plan.per_household,
        "deadline_at": plan.deadline_at,
        "timezone": (await _zone(turn)).key,
        "audience": await audience_facts(turn.desk, data["compound"], plan.audience),
        "channels": data["channels"],
        **await _counts(turn, plan),
        "taken": 0 if is_new else await _taken(turn),
        "has_photo": bool(plan.photo),
        "is_new": is_new,
    }
    done = pick("publish_activity", "publish") if is_new else pick("save_activity", "publish")
    changes = [
        pick("change_title", "title"),
        pick("change_when", "when"),
        pick("change_where", "place"),
        *((pick("change_audience", "audience"), pick("change_channels", "channels")) if is_new else ()),
        pick("change_capacity", "capacity"),
        pick("change_household", "per_household"),
        pick("change_deadline", "deadline"),
        pick("change_about", "about"),
    ]
    put_question(turn, "activities.review", ((done,), *grid(changes, 3)), facts, numbers_pick=False)


async def _counts(turn: Turn, plan: Plan) -> dict[str, object]:
    """How many the invitation would reach now."""
    proposal = Proposal(plan.audience, _channels(turn.data["channels"]), Class.ORDINARY)
    reach = await plan_of(turn.desk, turn.data["compound"], proposal)
    return {"groups_all": len(reach.chats), "people_all": len(reach.people)}


async def _taken(turn: Turn) -> object:
    """How many have a seat in what is being changed."""
    found = await turn.store.activities.get(turn.data["activity"])
    return (await facts_of(turn.desk, found))["taken"] if found else 0


async def _take_review(turn: Turn) -> str | None:
    is_new = not turn.data.get("activity")
    steps = {"title", "when", "place", "capacity", "per_household", "deadline", "about"}
    steps |= {"audience", "channels"} if is_new else set()
    if turn.chosen != ("publish",):
        if len(turn.chosen) == 1 and turn.chosen[0] in steps:
            return turn.chosen[0]
        raise NotUnderstood("tap_one")
    try:
        async with turn.attempt():
            activity = await _publish(turn)
    except Refused as no:
        raise NotUnderstood(no.reason, **no.facts) from None
    rows = ((choice("manage_activity", "activity.manage", activity.id),),)
    facts = {"title": activity.title, "is_new": is_new, "is_draft": activity.state == "draft"}
    finish(turn, "activities.published", facts, choices=rows)
    return None


async def _publish(turn: Turn) -> Activity:
    data, plan = turn.data, _plan(turn.data)
    if data.get("activity"):
        return await actions.change(turn.desk, turn.person_id, data["activity"], plan)
    led = [part.group_id for part in plan.audience.parts if part.kind is Kind.INTEREST_GROUP]
    officer = await officer_of(turn.desk, data["compound"], turn.person_id)
    group_id = led[0] if len(plan.audience.parts) == 1 and led and led[0] in officer.leads else None
    activity = await actions.create(
        turn.desk,
        turn.person_id,
        data["compound"],
        plan,
        _channels(data["channels"]),
        interest_group_id=group_id,
    )
    if activity is None:
        raise Refused("activity_exists")
    return activity


async def _ask_capacity(turn: Turn) -> None:
    put_question(turn, "activities.ask_capacity", ((pick("any_number", "any"),),), numbers_pick=False)


async def _take_capacity(turn: Turn) -> str | None:
    remember(turn, capacity=_number(turn))
    return "review"


async def _ask_per_household(turn: Turn) -> None:
    put_question(turn, "activities.ask_household", ((pick("any_number", "any"),),), numbers_pick=False)


async def _take_per_household(turn: Turn) -> str | None:
    remember(turn, per_household=_number(turn))
    return "review"


def _number(turn: Turn) -> int | None:
    """How many, or None for any number."""
    if turn.chosen == ("any",):
        return None
    seats = read_seats(turn.text)
    if seats is None or not 0 < seats <= actions.SEATS_MOST:
        raise NotUnderstood("seats_needed")
    return seats


async def _ask_deadline(turn: Turn) -> None:
    put_question(turn, "activities.ask_deadline", ((pick("until_start", "any"),),), numbers_pick=False)


async def _take_deadline(turn: Turn) -> str | None:
    """An instant, or a day, which counts to its end."""
    if turn.chosen == ("any",):
        remember(turn, deadline=None)
        return "review"
    zone = await _zone(turn)
    try:
        moment = read_moment(turn.text, turn.desk.now, zone)
    except NotUnderstood as hint:
        if hint.reason == "moment_ambiguous":
            raise NotUnderstood("deadline_unclear") from None
        raise
    at = (
        moment.start
        if moment.timed
        else (moment.start.astimezone(zone) + _DAY).astimezone(moment.start.tzinfo)
    )
    starts = datetime.fromisoformat(turn.data["starts"])
    if at > starts and moment.timed:
        raise NotUnderstood("deadline_late")
    remember(turn, deadline=min(at, starts).isoformat())
    return "review"


async def _ask_about(turn: Turn) -> None:
    put_question(turn, "activities.ask_about", ((pick("no_about", "none"),),), numbers_pick=False)


async def _take_about(turn: Turn) -> str | None:
    """Words, a photo, or a photo with words; each replaces what there was of it."""
    if turn.chosen == ("none",):
        remember(turn, about="", photo="")
        return "review"
    if turn.incoming.kind not in ("text", "photo"):
        raise NotUnderstood("cannot_read")
    if len(turn.text) > actions.ABOUT_MOST:
        raise NotUnderstood("activity_about_long", most=actions.ABOUT_MOST)
    if turn.text:
        remember(turn, about=turn.text)
    if turn.incoming.photos:
        remember(turn, photo=turn.incoming.photos[0])
    return "review"


async def _ask_channels(turn: Turn) -> None:
    rows = (
        (pick("channels_both", "both"),),
        (pick("channels_groups", "groups"),),
        (pick("channels_private", "private"),),
    )
    put_question(turn, "activities.ask_channels", rows)


async def _take_channels(turn: Turn) -> str | None:
    if len(turn.chosen) != 1 or turn.chosen[0] not in CHANNELS:
        raise NotUnderstood("tap_one")
    await _check_right(turn, Audience.from_json(turn.data["audience"]), turn.chosen[0])
    remember(turn, channels=turn.chosen[0])
    return "review"


# Running one --------------------------------------------------------------------------------------------


async def manage(turn: Turn, activity: str) -> None:
    """How it stands, and everything an organiser can do."""
    found = await actions.run_by(turn.desk, turn.number(activity), turn.person_id)
    turn.say("activities.manage", await facts_of(turn.desk, found), choices=_manage_choices(turn, found))


def _manage_choices(turn: Turn, activity: Activity) -> Choices:
    number = activity.id
    if activity.state == "cancelled":
        return ()
    names = (choice("who_comes", "activity.names", number), choice("as_sheet", "activity.sheet", number))
    change = (
        choice("change_activity", "activity.edit", number),
        choice("cancel_activity", "activity.cancel", number),
    )
    if activity.state == "draft":
        return (change,)
    door = (choice("door_code", "activity.code", number), choice("door_list", "activity.door", number, 0))
    photos = (choice("share_photos", "activity.photos", number),)
    is_over = activity.starts_at <= turn.desk.now
    return (names, door, photos) if is_over else (names, door, change)


async def names(turn: Turn, activity: str) -> None:
    """谁来: names, for those who run it only; that they were shown is kept (E3)."""
    found = await actions.run_by(turn.desk, turn.number(activity), turn.person_id)
    await turn.store.activities.record(found.id, turn.person_id, "names", {}, turn.desk.now)
    parties = await participants(turn.desk, found)
    lines = [
        {
            "names": short(
                plain(turn.render("activities.names", names=list(one.signup.party.names))), NAMES_SHOWN
            ),
            "standing": one.signup.party.state.value,
            "place": one.place,
            "host": one.host,
        }
        for one in parties[:NAMED_MOST]
    ]
    facts = await facts_of(turn.desk, found)
    facts |= {"lines": lines, "rest": len(parties) - len(lines)}
    rows = ((choice("as_sheet", "activity.sheet", found.id),),) if parties else ()
    turn.say("activities.who", facts, choices=rows)


async def as_sheet(turn: Turn, activity: str) -> None:
    """名单表格: every name, as a file."""
    found = await actions.run_by(turn.desk, turn.number(activity), turn.person_id)
    await turn.store.activities.record(found.id, turn.person_id, "names", {}, turn.desk.now)
    content = await sheet(turn.desk, found, turn.locale)
    caption = turn.render("activities.sheet", title=found.title)
    turn.desk.post_file(
        turn.incoming.chat, content, f"activity-{found.id}.xlsx", caption, person_id=turn.person_id
    )


async def code(turn: Turn, activity: str) -> None:
    """签到码: to be shown at the door, or printed."""
    found = await actions.run_by(turn.desk, turn.number(activity), turn.person_id)
    caption = turn.render("activities.code", title=found.title)
    picture = actions.check_in_picture(turn.desk, found)
    turn.desk.post_file(turn.incoming.chat, picture, caption=caption, person_id=turn.person_id)


async def door(turn: Turn, activity: str, page: str) -> None:
    """签到名单: a button for each party that may come."""
    await _show_door(turn, turn.number(activity), turn.number(page), anew=True)


async def _show_door(turn: Turn, activity_id: int, page: int, *, anew: bool) -> None:
    found = await actions.run_by(turn.desk, activity_id, turn.person_id)
    parties = [one for one in await participants(turn.desk, found) if one.signup.party.state != State.WAITING]
    parties.sort(key=lambda one: one.signup.party.order)
    start = page * DOOR_PAGE
    buttons: list[Choice] = []
    for one in parties[start : start + DOOR_PAGE]:
        party = one.signup.party
        label = "door_here" if party.state == State.CHECKED_IN else "door_absent"
        first, rest = short(party.names[0], 16), party.seats - 1
        buttons.append(choice(label, "signup.here", one.signup.id, page, first=first, rest=rest))
    turning = []
    if start:
        turning.append(choice("page_before", "activity.door", found.id, page - 1))
    if len(parties) > start + DOOR_PAGE:
        turning.append(choice("page_after", "activity.door", found.id, page + 1))
    here = sum(one.signup.party.seats for one in parties if one.signup.party.state == State.CHECKED_IN)
    facts = {"title": found.title, "here": here, "taken": sum(one.signup.party.seats for one in parties)}
    rows = [*grid(buttons, 2), *([tuple(turning)] if turning else [])]
    turn.say("activities.door", facts, choices=rows, card_key=f"door:{found.id}", anew=anew)


async def here(turn: Turn, signup: str, page: str) -> None:
    """Somebody is at the door."""
    activity, _ = await actions.do(turn.desk, turn.number(signup), turn.person_id, Action.CHECK_IN)
    await _show_door(turn, activity.id, turn.number(page), anew=False)


async def edit(turn: Turn, activity: str) -> None:
    """改: the same list as for a new one, filled in."""
    found = await actions.run_by(turn.desk, turn.number(activity), turn.person_id)
    actions.check_ahead(turn.desk, found)
    await begin(
        turn,
        DIALOG,
        "review",
        activity=found.id,
        compound=found.compound_id,
        title=found.title,
        starts=found.starts_at.isoformat(),
        ends=found.ends_at.isoformat() if found.ends_at else None,
        place=found.place,
        audience=found.audience.to_json(),
        channels="both",
        capacity=found.capacity,
        per_household=found.per_household,
        deadline=found.deadline_at.isoformat() if found.deadline_at else None,
        about=found.about,
        photo=found.photo,
    )


async def ask_cancel(turn: Turn, activity: str) -> None:
    """取消活动: whether it is really meant."""
    found = await actions.run_by(turn.desk, turn.number(activity), turn.person_id)
    actions.check_ahead(turn.desk, found)
    rows = ((choice("cancel_activity_now", "activity.cancel_now", found.id),),)
    turn.say("activities.ask_cancel", await facts_of(turn.desk, found), choices=rows)


async def cancel(turn: Turn, activity: str) -> None:
    """确定取消"""
    found = await actions.cancel(turn.desk, turn.person_id, turn.number(activity))
    turn.say("activities.cancel_done", {"title": found.title})


# Photos afterwards --------------------------------------------------------------------------------------


async def share(turn: Turn, activity: str) -> None:
    """发照片: to those who came."""
    found = await actions.run_by(turn.desk, turn.number(activity), turn.person_id)
    if found.starts_at > turn.desk.now:
        raise Refused("activity_ahead")
    await begin(turn, DIALOG, "photos", activity=found.id, title=found.title, photos=[], album="")


async def _ask_photos(turn: Turn) -> None:
    photos = turn.data["photos"]
    rows = ((pick("send_photos", "send"),),) if photos else ()
    put_question(turn, "activities.ask_photos", rows, {"title": turn.data["title"], "photos": len(photos)})


async def _take_photos(turn: Turn) -> str | None:
    data, incoming = turn.data, turn.incoming
    if turn.chosen == ("send",):
        people = await actions.share_photos(turn.desk, turn.person_id, data["activity"], data["photos"])
        finish(turn, "activities.photos_done", {"people": people, "photos": len(data["photos"])})
        return None
    photos = [*data["photos"], *incoming.photos]
    if not incoming.photos or len(photos) > actions.PHOTOS_MOST:
        raise NotUnderstood("photos_needed", most=actions.PHOTOS_MOST)
    # The photos of one album come one by one: they change the question instead of repeating it.
    turn.edits_prompt = bool(incoming.album) and incoming.album == data["album"]
    remember(turn, photos=photos, album=incoming.album)
    return "photos"


DIALOG = Dialog(
    "activity",
    {
        "compound": Step(_ask_compound, _take_compound),
        "title": Step(_ask_title, _take_title),
        "when": Step(_ask_when, _take_when),
        "hour": Step(_ask_hour, _take_hour),
        "which_day": Step(_ask_which_day, _take_which_day),
        "which": Step(_ask_which, _take_which),
        "place": Step(_ask_place, _take_place),
        "audience": Step(_ask_audience, _take_audience),
        "review": Step(_ask_review, _take_review),
        "capacity": Step(_ask_capacity, _take_capacity),
        "per_household": Step(_ask_per_household, _take_per_household),
        "deadline": Step(_ask_deadline, _take_deadline),
        "about": Step(_ask_about, _take_about),
        "channels": Step(_ask_channels, _take_channels),
        "photos": Step(_ask_photos, _take_photos),
    },
)
