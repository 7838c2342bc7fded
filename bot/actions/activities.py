"""Activities: create one, sign up for it, change or cancel it, remind of it, check in to it (E1–E9)."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.actions.activity_cards import (
    REDRAW,
    REDRAW_PRIVATE,
    REDRAWING,
    redraw_groups,
    redraw_now,
    redraw_private,
    redraw_some,
    redraw_soon,
    tell_party,
)
from bot.actions.announcements import office_of, right
from bot.actions.audiences import known_of, officer_of
from bot.actions.broadcast import publish_activity
from bot.actions.desk import Desk
from bot.actions.directory import new_code
from bot.domain.announcing import (
    Channel,
    Class,
    Home,
    Person,
    Proposal,
    Verdict,
    Why,
    deliveries,
)
from bot.domain.audiences import Audience, Kind, Part
from bot.domain.errors import Refused
from bot.domain.ics import Event, calendar
from bot.domain.posts import committee_of
from bot.domain.signups import LIVE, Action, Party, Role, State, act, settle, sign_up
from bot.printing import qr_picture
from bot.storage.activities import Activity, Signup
from bot.storage.chores import Chore
from bot.storage.people import Residency

TITLE_MOST, PLACE_MOST, ABOUT_MOST = 40, 60, 600
NAME_MOST, NAMES_MOST = 20, 20
SEATS_MOST = 100_000
HOLD = timedelta(hours=12)
DAY_BEFORE, SOON, HELD = "activity.day_before", "activity.soon", "activity.held"
BEFORE: Mapping[str, timedelta] = {DAY_BEFORE: timedelta(days=1), SOON: timedelta(hours=2)}
"""How long before the start those who come are reminded (E5)."""
CHECK_IN_LINK = "in_"
"""What the payload of the deep link on the check-in code begins with."""
SHOWN_AFTER = timedelta(days=2)
"""So long after its start an activity is still shown to those who were there, for check-in and photos."""
PHOTOS_MOST = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What an organiser says of an activity; instants are aware UTC, `photo` is a channel's file."""

    title: str
    place: str
    starts_at: datetime
    audience: Audience
    ends_at: datetime | None = None
    deadline_at: datetime | None = None
    capacity: int | None = None
    per_household: int | None = None
    about: str = ""
    photo: str = ""


# Who may ------------------------------------------------------------------------------------------------


async def may_run(desk: Desk, activity: Activity, person_id: int) -> bool:
    """Whether this person runs it: the author while in office, the group's leader, the committee."""
    officer = await officer_of(desk, activity.compound_id, person_id)
    return (
        bool(committee_of(officer.holders))
        or activity.interest_group_id in officer.leads
        or (activity.author_id == person_id and bool(officer.holders or officer.leads))
    )


async def check_right(
    desk: Desk, person_id: int, compound_id: int, audience: Audience, channels: frozenset[Channel]
) -> Verdict:
    """The right to invite this audience; `activity_not_allowed` where there is none."""
    found = await right(desk, compound_id, person_id, Proposal(audience, channels, Class.ORDINARY))
    if found is Verdict.MAY_NOT:
        raise Refused("activity_not_allowed")
    return found


async def is_invited(desk: Desk, activity: Activity, person_id: int) -> bool:
    """Whether the activity is for this person, mutes apart: by home, post or interest group."""
    homes = await _homes(desk, activity, person_id)
    holders = [one for one in await desk.holders(activity.compound_id) if one.person_id == person_id]
    led = await desk.store.interest_groups.led_by(person_id)
    person = Person(
        person_id,
        tuple(Home(home.building_id, home.entrance_id, home.kind) for home in homes),
        tuple(Part(Kind.POST, one.building_id, one.entrance_id, one.kind) for one in holders),
        await desk.store.interest_groups.of_member(person_id) | {group.id for group in led},
    )
    proposal = Proposal(activity.audience, frozenset((Channel.PRIVATE,)), Class.ORDINARY)
    # Without an account in the question, whom it is for is told by the reason why they get nothing.
    return any(one.why is Why.NO_ACCOUNT for one in deliveries(proposal, (person,), ()).left_out)


async def _homes(desk: Desk, activity: Activity, person_id: int) -> list[Residency]:
    homes = await desk.store.people.residencies(person_id)
    return [home for home in homes if home.compound_id == activity.compound_id and home.state == "approved"]


async def visible(desk: Desk, activity_id: int, person_id: int) -> Activity:
    """The activity, for whom it is meant and who runs it; for everybody else there is none.

    Refusals: `no_such_activity`; `not_resident`, `home_pending` (what to do to be let in), `not_invited`.
    """
    activity = await desk.store.activities.get(activity_id)
    return await _seen(desk, activity, person_id)


async def _seen(desk: Desk, activity: Activity | None, person_id: int) -> Activity:
    if activity is None:
        raise Refused("no_such_activity")
    if await may_run(desk, activity, person_id):
        return activity
    if activity.state == "draft":
        raise Refused("no_such_activity")
    if await is_invited(desk, activity, person_id):
        return activity
    homes = await desk.store.people.residencies(person_id)
    here = [home.state for home in homes if home.compound_id == activity.compound_id]
    if "pending" in here:
        raise Refused("home_pending")
    raise Refused("not_invited" if here or await desk.store.posts.of_person(person_id) else "not_resident")


async def run_by(desk: Desk, activity_id: int, person_id: int) -> Activity:
    """The activity, locked, for who runs it. Refusals: `no_such_activity`, `activity_not_yours`."""
    activity = await desk.store.activities.locked(activity_id)
    if activity is None:
        raise Refused("no_such_activity")
    if not await may_run(desk, activity, person_id):
        raise Refused("activity_not_yours")
    return activity


# Creating, changing, cancelling -------------------------------------------------------------------------


def check_plan(plan: Plan, now: datetime) -> None:
    """Refuse what cannot be.

    Refusals: `title_needed`, `activity_place_needed`, `activity_about_long`, `activity_past`,
    `ends_before_it_starts`, `deadline_late`, `seats_needed`.
    """
    if not 0 < len(plan.title) <= TITLE_MOST or "\n" in plan.title:
        raise Refused("title_needed", most=TITLE_MOST)
    if not 0 < len(plan.place) <= PLACE_MOST or "\n" in plan.place:
        raise Refused("activity_place_needed", most=PLACE_MOST)
    if len(plan.about) > ABOUT_MOST:
        raise Refused("activity_about_long", most=ABOUT_MOST)
    if plan.starts_at <= now:
        raise Refused("activity_past")
    if plan.ends_at is not None and plan.ends_at <= plan.starts_at:
        raise Refused("ends_before_it_starts")
    if plan.deadline_at is not None and plan.deadline_at > plan.starts_at:
        raise Refused("deadline_late")
    if any(
        seats is not None and not 0 < seats <= SEATS_MOST for seats in (plan.capacity, plan.per_household)
    ):
        raise Refused("seats_needed")


async def create(
    desk: Desk,
    author_id: int,
    compound_id: int,
    plan: Plan,
    channels: frozenset[Channel],
    *,
    interest_group_id: int | None = None,
) -> Activity | None:
    """Enter an activity and have it announced; None when its interest group has one at that instant.

    It is a draft until its invitation goes out: after the seconds in which that can be undone, or when a
    second officer has agreed.
    Refusals: those of `check_plan` and `check_right`.
    """
    check_plan(plan, desk.now)
    await check_right(desk, author_id, compound_id, plan.audience, channels)
    officer, known = await officer_of(desk, compound_id, author_id), await known_of(desk, compound_id)
    activity = Activity(
        id=0,
        compound_id=compound_id,
        interest_group_id=interest_group_id,
        author_id=author_id,
        author_post=office_of(officer, Proposal(plan.audience, channels, Class.ORDINARY), known.register),
        state="draft",
        title=plan.title,
        place=plan.place,
        about=plan.about,
        photo=plan.photo,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        deadline_at=plan.deadline_at,
        capacity=plan.capacity,
        per_household=plan.per_household,
        hold=HOLD,
        audience=plan.audience,
        version=0,
        check_in_code=new_code(),
    )
    activity_id = await desk.store.activities.put(activity, desk.now)
    if activity_id is None:
        return None
    activity = replace(activity, id=activity_id)
    await desk.store.activities.record(activity_id, author_id, "create", {}, desk.now)
    await _schedule(desk, activity)
    await publish_activity(desk, activity_id, "invite", plan.audience, channels, None)
    return activity


def check_ahead(desk: Desk, activity: Activity) -> None:
    """Refuse to change or call off what people have come to. Refusals: `called_off`, `activity_begun`."""
    if activity.state == "cancelled":
        raise Refused("called_off")
    if activity.state == "open" and activity.starts_at <= desk.now:
        raise Refused("activity_begun")


async def change(desk: Desk, person_id: int, activity_id: int, plan: Plan) -> Activity:
    """Change everything but the audience. Another time or place asks everybody again (E5).

    Refusals: those of `run_by`, `check_ahead` and `check_plan`.
    """
    before = await run_by(desk, activity_id, person_id)
    check_ahead(desk, before)
    check_plan(plan, desk.now)
    activity = replace(
        before,
        title=plan.title,
        place=plan.place,
        about=plan.about,
        photo=plan.photo,
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        deadline_at=plan.deadline_at,
        capacity=plan.capacity,
        per_household=plan.per_household,
    )
    if activity == before:
        return before
    is_moved = (before.starts_at, before.ends_at, before.place) != (plan.starts_at, plan.ends_at, plan.place)
    activity = replace(activity, version=before.version + 1)
    await desk.store.activities.change(activity)
    facts = {"starts_at": before.starts_at.isoformat(), "place": before.place, "is_moved": is_moved}
    await desk.store.activities.record(activity_id, person_id, "change", facts, desk.now)
    await _schedule(desk, activity)
    if is_moved:
        await _ask_again(desk, activity)
        if activity.state == "open":
            groups = frozenset((Channel.GROUPS,))
            await publish_activity(desk, activity_id, "changed", activity.audience, groups, None)
    await _settle(desk, activity)
    await redraw_now(desk, activity_id)
    return activity


async def _ask_again(desk: Desk, activity: Activity) -> None:
    await desk.hush_by_night(activity.compound_id, "ordinary")
    for signup in await desk.store.activities.signups(activity.id):
        party = signup.party
        if party.state in (State.CONFIRMED, State.ASKED):
            party = act(Action.ASK_AGAIN, activity.limits, party, (Role.ORGANISER,), desk.now)
            await desk.store.activities.change_signup(replace(signup, party=party))
        if party.state in (State.WAITING, State.ASKED):
            await tell_party(desk, activity, replace(signup, party=party), "moved")


async def cancel(desk: Desk, person_id: int, activity_id: int) -> Activity:
    """Call it off: everybody who signed up is told, those in line too, and so are the groups (E5).

    Refusals: those of `run_by` and `check_ahead`.
    """
    before = await run_by(desk, activity_id, person_id)
    check_ahead(desk, before)
    activity = replace(before, state="cancelled", version=before.version + 1)
    await desk.store.activities.change(activity)
    await desk.store.activities.record(activity_id, person_id, "cancel", {}, desk.now)
    for kind in (*BEFORE, HELD):
        await desk.store.chores.drop(kind, activity_id)
    await desk.hush_by_night(activity.compound_id, "ordinary")
    for signup in await desk.store.activities.signups(activity_id):
        if signup.party.state in (State.WAITING, State.ASKED, State.CONFIRMED):
            party = act(Action.CALL_OFF, activity.limits, signup.party, (Role.ORGANISER,), desk.now)
            off = replace(signup, party=party)
            await desk.store.activities.change_signup(off)
            await tell_party(desk, activity, off, "cancelled")
    await redraw_now(desk, activity_id)
    if before.state == "open":
        groups = frozenset((Channel.GROUPS,))
        await publish_activity(desk, activity_id, "cancelled", activity.audience, groups, None)
    return activity


# Signing up ---------------------------------------------------------------------------------------------


@contextmanager
def _worded(timezone: str) -> Iterator[None]:
    """The refusals of the rules, in what an activity's texts know."""
    try:
        yield
    except Refused as no:
        if no.reason == "not_now":
            raise Refused("signup_changed") from None
        raise Refused(no.reason, **{**no.facts, "timezone": timezone}) from None


async def join(
    desk: Desk, person_id: int, activity_id: int, others: Sequence[str] = (), *, are_guests: bool = False
) -> Signup:
    """Sign up: oneself, with `others` of the family; only them once one is on the list, or for guests.

    Guests are neighbours without an account (E4); those of one person count as one household. What is free
    goes by order: nobody gets in beside the line, however many tap at once.
    Refusals: those of `visible` and of signups.sign_up, `names_needed`, `already_signed_up`.
    """
    activity = await _seen(desk, await desk.store.activities.locked(activity_id), person_id)
    if activity.state == "draft":
        raise Refused("no_such_activity")
    signups = await desk.store.activities.signups(activity_id)
    live = [signup.party for signup in signups if signup.party.state in LIVE]
    own = (await desk.store.people.details(person_id)).name
    is_in = any(party.person_id == person_id for party in live)
    with_self = not are_guests and not (is_in and others)
    homes = await _homes(desk, activity, person_id)
    home = f"unit:{homes[0].unit_id}" if homes else f"person:{person_id}"
    party = Party(
        household_id=f"guests:{person_id}" if are_guests else home,
        signed_by=person_id,
        person_id=person_id if with_self else None,
        names=(*((own,) if with_self else ()), *check_names(others)),
        order=max((signup.party.order for signup in signups), default=0) + 1,
    )
    with _worded(await desk.timezone(activity.compound_id)):
        party = sign_up(activity.limits, [signup.party for signup in signups], party, desk.now)
    signup = Signup(await desk.store.activities.sign_up(activity_id, party, desk.now), party)
    settled = await _settle(desk, activity, quiet_for=signup.id)
    return settled[signup.id]


def check_open(desk: Desk, activity: Activity) -> None:
    """Refuse before names are asked for. Refusals: `called_off`, `signup_closed`."""
    if activity.state == "cancelled":
        raise Refused("called_off")
    if desk.now >= min(activity.limits.deadline, activity.limits.starts):
        raise Refused("signup_closed")


def check_names(names: Sequence[str]) -> tuple[str, ...]:
    """Names as people gave them, without margins. Refusals: `names_needed`, `too_many_names`."""
    clean = tuple(" ".join(name.split()) for name in names)
    if not all(0 < len(name) <= NAME_MOST for name in clean):
        raise Refused("names_needed", most=NAME_MOST)
    if len(clean) > NAMES_MOST:
        raise Refused("too_many_names", most=NAMES_MOST)
    return clean


async def signup_for(desk: Desk, signup_id: int, person_id: int) -> tuple[Activity, Signup]:
    """A party, its activity locked, for its signer and who runs the activity; for others there is none.

    Refusals: `no_such_signup`.
    """
    activity_id = await desk.store.activities.activity_of_signup(signup_id)
    activity = await desk.store.activities.locked(activity_id) if activity_id else None
    if activity is None:
        raise Refused("no_such_signup")
    signups = await desk.store.activities.signups(activity.id)
    signup = next(signup for signup in signups if signup.id == signup_id)
    if signup.party.signed_by != person_id and not await may_run(desk, activity, person_id):
        raise Refused("no_such_signup")
    return activity, signup


async def do(
    desk: Desk, signup_id: int, person_id: int, action: Action, names: Sequence[str] = ()
) -> tuple[Activity, Signup]:
    """What its signer, or the organiser, does with a party; whoever gets a seat by it is asked.

    Refusals: those of `signup_for` and of signups.act, with `signup_changed` for a party in another state.
    """
    activity, signup = await signup_for(desk, signup_id, person_id)
    roles = {Role.SIGNER} if signup.party.signed_by == person_id else {Role.ORGANISER}
    with _worded(await desk.timezone(activity.compound_id)):
        party = act(action, activity.limits, signup.party, roles, desk.now, tuple(names))
    done = replace(signup, party=party)
    await desk.store.activities.change_signup(done)
    if Role.ORGANISER in roles:
        facts = {"signup": signup_id, "action": action.value}
        await desk.store.activities.record(activity.id, person_id, "signup", facts, desk.now)
    settled = await _settle(desk, activity, quiet_for=signup_id)
    done = settled[signup_id]
    if done.party.signed_by != person_id:
        await tell_party(desk, activity, done, "by_organiser", anew=True)
    return activity, done


async def _settle(desk: Desk, activity: Activity, *, quiet_for: int = 0) -> dict[int, Signup]:
    """Give out what is free, tell whom it concerns but `quiet_for`, and wake up when a hold runs out."""
    signups = await desk.store.activities.signups(activity.id)
    tell_at = desk.rules.quiet_hours(await desk.timezone(activity.compound_id)).release(desk.now, "ordinary")
    by_order = {signup.party.order: signup for signup in signups}
    for party in settle(activity.limits, [signup.party for signup in signups], desk.now, tell_at):
        before = by_order[party.order]
        signup = by_order[party.order] = replace(before, party=party)
        await desk.store.activities.change_signup(signup)
        if signup.id != quiet_for:
            news = _news(before.party, party)
            await tell_party(desk, activity, signup, news, not_before=tell_at if tell_at > desk.now else None)
    holds = [signup.party.until for signup in by_order.values() if signup.party.state == State.ASKED]
    due = min((until for until in holds if until is not None), default=None)
    if due is None:
        await desk.store.chores.drop(HELD, activity.id)
    else:
        await desk.store.chores.put(HELD, activity.id, due)
    await redraw_soon(desk, activity.id)
    return {signup.id: signup for signup in by_order.values()}


def _news(before: Party, after: Party) -> str:
    """What has happened to a party without anybody's doing."""
    if after.state == State.ASKED:
        return "offered"
    if after.state == State.LAPSED:
        return "lapsed"
    return "passed_on" if after.passes > before.passes else "unseated"


async def _pass_on(desk: Desk, chore: Chore) -> None:
    """A hold has run out: the seat passes on."""
    activity = await desk.store.activities.locked(chore.subject_id)
    if activity is not None and activity.state == "open":
        await _settle(desk, activity)


# Reminding ----------------------------------------------------------------------------------------------


async def _schedule(desk: Desk, activity: Activity) -> None:
    """When those who come are reminded; what would come after the start, or at once, is left."""
    quiet = desk.rules.quiet_hours(await desk.timezone(activity.compound_id))
    for kind, before in BEFORE.items():
        due = quiet.release(activity.starts_at - before, "ordinary")
        if desk.now < due < activity.starts_at:
            await desk.store.chores.put(kind, activity.id, due)
        else:
            await desk.store.chores.drop(kind, activity.id)


async def _remind(desk: Desk, chore: Chore) -> None:
    """Remind those who come, once, and those who have not said yet whether another time suits them."""
    activity = await desk.store.activities.get(chore.subject_id)
    if activity is None or activity.state != "open" or desk.now >= activity.starts_at:
        return
    if chore.kind == DAY_BEFORE and desk.now >= activity.starts_at - BEFORE[SOON]:
        return  # the other reminder is due as well
    quiet = desk.rules.quiet_hours(await desk.timezone(activity.compound_id))
    due = quiet.release(desk.now, "ordinary")
    if due > desk.now:
        await desk.store.chores.put(chore.kind, activity.id, due)
        return
    for signup in await desk.store.activities.signups(activity.id):
        party = signup.party
        if party.state == State.CONFIRMED or (party.state == State.ASKED and party.until is None):
            key = f"{chore.kind}:{signup.id}:{activity.version}"
            await tell_party(desk, activity, signup, "reminder", dedupe_key=key)


CHORES: Mapping[str, Callable[[Desk, Chore], Awaitable[None]]] = {
    DAY_BEFORE: _remind,
    SOON: _remind,
    HELD: _pass_on,
    REDRAW: redraw_groups,
    REDRAW_PRIVATE: redraw_private,
    REDRAWING: redraw_some,
}


# At the door and after ----------------------------------------------------------------------------------


async def check_in(desk: Desk, person_id: int, code: str) -> tuple[Activity, list[Signup]]:
    """Everybody this person signed up is here, by the code at the door; a repeat changes nothing.

    A party that has not said who takes the few seats it is offered keeps nobody else out.
    Refusals: `no_such_activity`, `called_off`, `not_signed_up`, those of signups.act.
    """
    activity_id = await desk.store.activities.by_code(code)
    activity = await desk.store.activities.locked(activity_id) if activity_id else None
    if activity is None or activity.state == "draft":
        raise Refused("no_such_activity")
    if activity.state == "cancelled":
        raise Refused("called_off")
    here = (State.ASKED, State.CONFIRMED, State.CHECKED_IN)
    found = [
        signup
        for signup in await desk.store.activities.signups(activity.id)
        if signup.party.signed_by == person_id and signup.party.state in here
    ]
    if not found:
        raise Refused("not_signed_up")
    ready = [signup for signup in found if signup.party.held == signup.party.seats] or found
    done = [
        signup
        if signup.party.state == State.CHECKED_IN
        else (await do(desk, signup.id, person_id, Action.CHECK_IN))[1]
        for signup in ready
    ]
    return activity, done


def check_in_picture(desk: Desk, activity: Activity) -> bytes:
    """A PNG of the code people scan at the door."""
    return qr_picture(desk.link(CHECK_IN_LINK + activity.check_in_code))


def calendar_file(desk: Desk, activity: Activity, stamp: datetime) -> bytes:
    """The activity as an iCalendar file (E8), with an alarm an hour before."""
    event = Event(
        uid=f"activity-{activity.id}@{desk.rules.bot_name}",
        sequence=activity.version,
        title=activity.title,
        start=activity.starts_at,
        end=activity.ends_at,
        organizer=f"https://t.me/{desk.rules.bot_name}",
        place=activity.place,
        description=activity.about,
        cancelled=activity.state == "cancelled",
        alarms=(timedelta(hours=1),),
    )
    return calendar(event, stamp).encode()


async def share_photos(desk: Desk, person_id: int, activity_id: int, photos: Sequence[str]) -> int:
    """Send photos to those who came, or where nobody checked in to those who had a seat; to how many.

    Refusals: those of `run_by`, `photos_needed`, `activity_ahead` (it has not begun), `nobody_came`.
    """
    activity = await run_by(desk, activity_id, person_id)
    if not 0 < len(photos) <= PHOTOS_MOST:
        raise Refused("photos_needed", most=PHOTOS_MOST)
    if activity.starts_at > desk.now:
        raise Refused("activity_ahead")
    parties = [signup.party for signup in await desk.store.activities.signups(activity_id)]
    came = [party for party in parties if party.state == State.CHECKED_IN]
    came = came or [party for party in parties if party.state == State.CONFIRMED]
    told = list(dict.fromkeys(party.signed_by for party in came))
    if not told:
        raise Refused("nobody_came")
    await desk.hush_by_night(activity.compound_id, "ordinary")
    for signer_id in told:
        await desk.tell(signer_id, "activities.photos", {"title": activity.title})
        await desk.show_photos(signer_id, photos)
    facts = {"photos": len(photos), "people": len(told)}
    await desk.store.activities.record(activity_id, person_id, "photos", facts, desk.now)
    return len(told)


# Lists --------------------------------------------------------------------------------------------------


async def coming(desk: Desk, person_id: int, compound_ids: Sequence[int], most: int) -> list[Activity]:
    """What is open and to come in these compounds, and meant for this person."""
    found = [
        activity
        for compound_id in compound_ids
        for activity in await desk.store.activities.coming(compound_id, desk.now, 100)
        if await is_invited(desk, activity, person_id)
    ]
    return sorted(found, key=lambda one: (one.starts_at, one.id))[:most]


async def run_here(desk: Desk, person_id: int, compound_ids: Sequence[int]) -> list[Activity]:
    """What this person runs in these compounds, drafts and what was lately too."""
    return [
        activity
        for compound_id in compound_ids
        for activity in await desk.store.activities.run_in(compound_id, desk.now - SHOWN_AFTER)
        if await may_run(desk, activity, person_id)
    ]
