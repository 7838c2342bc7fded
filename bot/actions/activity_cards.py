"""What is shown of an activity: the card in groups and private chats, and one party's own message."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions.desk import Choices, Desk, choice
from bot.domain.errors import Refused
from bot.domain.signups import LIVE, State, seating
from bot.storage.activities import Activity, Signup
from bot.storage.chores import Chore
from bot.storage.mailboxes import Intent, Lane
from bot.texts import locale_for

REDRAW, REDRAW_PRIVATE, REDRAWING = "activity.redraw", "activity.redraw_private", "activity.redrawing"
"""Chores: draw the card anew in the groups; begin to in the private chats; do it in the next of those."""
REDRAW_AFTER: Mapping[str, timedelta] = {REDRAW: timedelta(seconds=3), REDRAW_PRIVATE: timedelta(minutes=1)}
"""Taps that come within this time change the cards of other chats together.

Private chats are many: drawing 800 of them anew takes half a minute of all that may be sent in bulk.
"""
AT_ONCE = 200
LINK = "ev_"
"""What the payload of a deep link to an activity begins with; its id follows."""


def card_key(activity_id: int) -> str:
    """Under which every chat remembers the card of an activity."""
    return f"activity:{activity_id}"


def signup_key(signup_id: int) -> str:
    """Under which a chat remembers the message about a party."""
    return f"signup:{signup_id}"


async def letter(
    desk: Desk, activity_id: int, role: str, locale: str, *, in_group: bool
) -> tuple[str, Choices]:
    """What an announcement of an activity says and offers, as HTML, for everybody of one language.

    `role` is invite (the card), changed or cancelled. Raises Refused for an activity that is not there.
    """
    activity = await desk.store.activities.get(activity_id)
    if activity is None:
        raise Refused("no_such_activity")
    if role == "invite":
        return await view(desk, activity, locale, in_group=in_group)
    facts = await facts_of(desk, activity)
    html = desk.texts.render(locale, f"activities.{role}", **facts)
    return html, _leading_on(activity) if in_group else (
        (choice("open_activity", "activity.show", activity.id),),
    )


async def open_up(desk: Desk, activity_id: int) -> None:
    """Its invitation goes out: one can sign up from now on. Refusals: `called_off`, `activity_past`."""
    activity = await desk.store.activities.locked(activity_id)
    if activity is None or activity.state == "cancelled":
        raise Refused("called_off")
    if activity.starts_at <= desk.now:
        raise Refused("activity_past")
    await desk.store.activities.change(replace(activity, state="open"))


async def view(
    desk: Desk, activity: Activity, locale: str, *, in_group: bool = False, person_id: int | None = None
) -> tuple[str, Choices]:
    """The card as HTML with what can be tapped: as everybody sees it, or a person with their own parties."""
    signups = await desk.store.activities.signups(activity.id)
    return await _view(desk, activity, signups, locale, in_group=in_group, person_id=person_id)


async def _view(
    desk: Desk,
    activity: Activity,
    signups: list[Signup],
    locale: str,
    *,
    in_group: bool,
    person_id: int | None,
) -> tuple[str, Choices]:
    mine = [
        signup.party
        for signup in signups
        if signup.party.signed_by == person_id and signup.party.state in LIVE
    ]
    facts = {
        **await facts_of(desk, activity, signups),
        "mine": [
            {"names": list(party.names), "standing": party.state.value, "seats": party.seats}
            for party in mine
        ],
    }
    html = desk.texts.render(locale, "activities.card", **facts)
    if activity.state == "cancelled":
        return html, ()
    if in_group:
        row = (choice("join_activity", "activity.join", activity.id),)
        return html, (row, *_leading_on(activity))
    is_in = any(party.person_id == person_id for party in mine)
    join = choice("join_activity", "activity.join", activity.id)
    family = choice("join_more" if is_in else "join_family", "activity.family", activity.id)
    guests = choice("join_guests", "activity.guests", activity.id)
    rows = [(family, guests) if is_in else (join, family)]
    last = [choice("calendar_file", "activity.calendar", activity.id)]
    if mine:
        last.insert(0, choice("my_signups", "activity.mine", activity.id))
    return html, (*rows, last if is_in else [guests, *last])


def _leading_on(activity: Activity) -> Choices:
    """From a group into the private chat, where there is room for names."""
    link = f"{LINK}{activity.id}"
    return ((choice("activity_in_private", "activity.show", activity.id, link=link),),)


async def facts_of(desk: Desk, activity: Activity, signups: list[Signup] | None = None) -> dict[str, object]:
    """What every message about an activity may say; counts only, never who comes (E3)."""
    if signups is None:
        signups = await desk.store.activities.signups(activity.id) if activity.id else []
    seats = seating(activity.limits, [signup.party for signup in signups])
    team = (
        await desk.store.interest_groups.get(activity.interest_group_id)
        if activity.interest_group_id
        else None
    )
    return {
        "title": activity.title,
        "starts_at": activity.starts_at,
        "ends_at": activity.ends_at,
        "place_words": activity.place,
        "about": activity.about,
        "team": team.name if team else "",
        "capacity": activity.capacity,
        "per_household": activity.per_household,
        "deadline_at": activity.deadline_at,
        "standing": activity.state,
        "taken": sum(party.held for party in (*seats.confirmed, *seats.asked)),
        "waiting": sum(party.seats for party in seats.waitlist),
        "timezone": await desk.timezone(activity.compound_id),
    }


# One party ----------------------------------------------------------------------------------------------


def signup_choices(signup: Signup) -> Choices:
    """What its signer can do with a party."""
    party, number = signup.party, signup.id
    leave = choice("withdraw_signup", "signup.withdraw", number)
    if party.state == State.ASKED and party.offered < party.seats:
        return (
            (choice("take_fewer", "signup.fewer", number),),
            (choice("all_or_none", "signup.pass", number), choice("decline_seat", "signup.decline", number)),
        )
    if party.state == State.ASKED:
        return (
            (
                choice("accept_seat", "signup.accept", number),
                choice("decline_seat", "signup.decline", number),
            ),
        )
    if party.state in (State.CONFIRMED, State.WAITING):
        return ((choice("fewer_come", "signup.fewer", number), leave),) if party.seats > 1 else ((leave,),)
    return ()


async def tell_party(
    desk: Desk,
    activity: Activity,
    signup: Signup,
    news: str = "",
    *,
    anew: bool = True,
    not_before: datetime | None = None,
    dedupe_key: str | None = None,
) -> None:
    """Tell its signer how a party stands, and what is new; `anew=False` edits what was told before.

    With `not_before` it waits for that instant, and what becomes of the party until then takes its place.
    """
    addressee = await desk.addressee(signup.party.signed_by)
    if addressee is None:
        return
    locale = desk.locale(addressee)
    desk.post(
        addressee.address,
        desk.texts.render(locale, "activities.signup", **await signup_facts(desk, activity, signup, news)),
        desk.rows(signup_choices(signup), locale),
        person_id=signup.party.signed_by,
        card_key=signup_key(signup.id),
        intent=Intent.SAY if anew else Intent.CARD,
        lane=Lane.WORK,
        not_before=not_before,
        dedupe_key=dedupe_key,
        coalesce=not anew,
    )


async def signup_facts(desk: Desk, activity: Activity, signup: Signup, news: str) -> dict[str, object]:
    """What is told of one party."""
    party = signup.party
    return {
        **await facts_of(desk, activity),
        "news": news,
        "standing": party.state.value,
        "names": list(party.names),
        "seats": party.seats,
        "offered": party.offered,
        "until": party.until,
    }


# Drawing anew -------------------------------------------------------------------------------------------


async def redraw_soon(desk: Desk, activity_id: int) -> None:
    """Have the card drawn anew in every chat that shows it, together with what else changes just now."""
    for kind, after in REDRAW_AFTER.items():
        await desk.store.activities.plan_redraw(kind, activity_id, desk.now + after)


async def redraw_now(desk: Desk, activity_id: int) -> None:
    """The same without delay: for what everybody has to see, and does not happen often."""
    for kind in REDRAW_AFTER:
        await desk.store.chores.put(kind, activity_id, desk.now)


async def redraw_groups(desk: Desk, chore: Chore) -> None:
    """Draw the card anew in the groups."""
    activity = await desk.store.activities.get(chore.subject_id)
    if activity is None:
        return
    locale = (await desk.store.places.compound(activity.compound_id)).locale
    html, choices = await view(desk, activity, locale, in_group=True)
    for chat in await desk.store.activities.shown_in_groups(card_key(activity.id), desk.rules.channel):
        draw(desk, chat, activity.id, html, choices, locale, person_id=None)


async def redraw_private(desk: Desk, chore: Chore) -> None:
    """Begin with the private chats. Who taps from now on has them drawn once more, after this."""
    await desk.store.chores.put(REDRAWING, chore.subject_id, desk.now)


async def redraw_some(desk: Desk, chore: Chore) -> None:
    """Draw the card anew in the next private chats, each with what its reader has signed up for.

    The stage is the last account that was served.
    """
    activities = desk.store.activities
    activity = await activities.get(chore.subject_id)
    if activity is None:
        return
    chats = await activities.shown_in_private(card_key(activity.id), desk.rules.channel, chore.stage, AT_ONCE)
    signups = await activities.signups(activity.id)
    signers = {signup.party.signed_by for signup in signups}
    drawn: dict[str, tuple[str, Choices]] = {}
    for chat in chats:
        locale = locale_for(chat.locale, chat.language, desk.rules.default_locale)
        if chat.person_id in signers:
            found = await _view(desk, activity, signups, locale, in_group=False, person_id=chat.person_id)
        else:
            if locale not in drawn:
                drawn[locale] = await _view(desk, activity, signups, locale, in_group=False, person_id=None)
            found = drawn[locale]
        html, choices = found
        draw(desk, chat.chat, activity.id, html, choices, locale, person_id=chat.person_id)
    if len(chats) == AT_ONCE:
        await desk.store.chores.put(REDRAWING, activity.id, desk.now, chats[-1].account_id)


def draw(
    desk: Desk,
    chat: str,
    activity_id: int,
    html: str,
    choices: Choices,
    locale: str,
    *,
    person_id: int | None,
    lane: Lane = Lane.BULK,
) -> None:
    """Edit the card in one chat; an edit that still waits is replaced."""
    desk.post(
        chat,
        html,
        desk.rows(choices, locale),
        person_id=person_id,
        card_key=card_key(activity_id),
        intent=Intent.CARD,
        lane=lane,
        coalesce=True,
        only_if_sent=True,
    )
