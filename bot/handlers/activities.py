"""Activities as residents meet them: what is on, signing up, changing one's mind, checking in."""

from itertools import combinations, islice

from bot.actions import activities as actions
from bot.actions.activity_cards import (
    LINK,
    card_key,
    draw,
    facts_of,
    redraw_soon,
    signup_choices,
    signup_facts,
    signup_key,
    view,
)
from bot.actions.desk import choice
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question
from bot.conversation.turn import Turn, plain
from bot.domain.company import others_of, read_names
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.folding import fold
from bot.domain.signups import LIVE, Action, State
from bot.storage.activities import Activity, Signup
from bot.storage.mailboxes import Lane
from bot.texts import short

LISTED_MOST = 10
OFFERED_MOST = 12
"""Ways to choose who comes that are put on buttons; beyond that the names are typed."""
LABEL_MOST = 40


# What is on ---------------------------------------------------------------------------------------------


async def compounds_of(turn: Turn) -> list[int]:
    """Where this person lives, waits to be let in, holds a post or leads an interest group."""
    homes = [home.compound_id for home in await turn.store.people.residencies(turn.person_id)]
    posts = [post.compound_id for post in await turn.posts()]
    led = [group.compound_id for group in await turn.store.interest_groups.led_by(turn.person_id)]
    return list(dict.fromkeys((*homes, *posts, *led)))


async def list_coming(turn: Turn) -> None:
    """/activities: what is to come, one's own marked."""
    compound_ids = await compounds_of(turn)
    mine = {one.id for one in await turn.store.activities.signed_up_for(turn.person_id, turn.desk.now)}
    coming = await actions.coming(turn.desk, turn.person_id, compound_ids, LISTED_MOST)
    lines = [{**await facts_of(turn.desk, one), "is_mine": one.id in mine} for one in coming]
    rows = [
        (choice("open_titled", "activity.show", one.id, title=short(one.title, LABEL_MOST)),)
        for one in coming
    ]
    if await turn.posts() or await turn.store.interest_groups.led_by(turn.person_id):
        rows.append((choice("run_activities", "activity.list"),))
    facts = {"lines": lines, "is_known": bool(compound_ids)}
    turn.say("activities.list", facts, choices=rows)


async def show(turn: Turn, activity: str) -> None:
    """The card, at the end of the chat."""
    found = await actions.visible(turn.desk, turn.number(activity), turn.person_id)
    html, choices = await view(turn.desk, found, turn.locale, person_id=turn.person_id)
    turn.desk.post(
        turn.incoming.chat,
        html,
        turn.desk.rows(choices, turn.locale),
        person_id=turn.person_id,
        card_key=card_key(found.id),
    )


async def open_link(turn: Turn) -> None:
    """/start with the payload of a card in a group, or of the code at the door."""
    payload = turn.incoming.link
    if payload.startswith(LINK):
        await show(turn, payload.removeprefix(LINK))
        return
    code = payload.removeprefix(actions.CHECK_IN_LINK)
    activity, here = await actions.check_in(turn.desk, turn.person_id, code)
    for signup in here:
        await _say_signup(turn, activity, signup)


async def calendar(turn: Turn, activity: str) -> None:
    """加到日历"""
    found = await actions.visible(turn.desk, turn.number(activity), turn.person_id)
    content = actions.calendar_file(turn.desk, found, turn.desk.now)
    caption = turn.render("activities.calendar", title=found.title)
    turn.desk.post_file(
        turn.incoming.chat, content, f"activity-{found.id}.ics", caption, person_id=turn.person_id
    )


# Signing up ---------------------------------------------------------------------------------------------


async def join(turn: Turn, activity: str) -> None:
    """我去: in a group the answer is a notice for the one who tapped, and the card counts one more."""
    number = turn.number(activity)
    try:
        async with turn.attempt():
            signup = await actions.join(turn.desk, turn.person_id, number)
    except Refused as no:
        if turn.incoming.is_private or no.reason not in ("not_resident", "home_pending"):
            raise
        # Who the bot does not know yet is told in private what to do.
        turn.lead_to_private(f"{LINK}{number}")
        return
    turn.toast("activities.joined", standing=signup.party.state.value, title=await _title(turn, number))
    await _redraw_here(turn, number)


async def _title(turn: Turn, activity_id: int) -> str:
    found = await turn.store.activities.get(activity_id)
    return found.title if found else ""


async def _redraw_here(turn: Turn, activity_id: int) -> None:
    """The card in this chat and in one's own at once; all others follow."""
    found = await turn.store.activities.get(activity_id)
    if found is None:
        return
    compound = await turn.store.places.compound(found.compound_id)
    own = await turn.desk.addressee(turn.person_id)
    chats = {turn.incoming.chat: turn.incoming.is_private, **({own.address: True} if own else {})}
    for chat, is_private in chats.items():
        locale = turn.locale if is_private else compound.locale
        person_id = turn.person_id if is_private else None
        html, choices = await view(turn.desk, found, locale, in_group=not is_private, person_id=person_id)
        draw(turn.desk, chat, found.id, html, choices, locale, person_id=person_id, lane=Lane.REPLY)
    await redraw_soon(turn.desk, found.id)


async def family(turn: Turn, activity: str) -> None:
    """带家人"""
    await _begin_names(turn, activity, are_guests=False)


async def guests(turn: Turn, activity: str) -> None:
    """替邻居报名"""
    await _begin_names(turn, activity, are_guests=True)


async def _begin_names(turn: Turn, activity: str, *, are_guests: bool) -> None:
    found = await actions.visible(turn.desk, turn.number(activity), turn.person_id)
    actions.check_open(turn.desk, found)
    await begin(turn, DIALOG, "names", activity=found.id, title=found.title, are_guests=are_guests)


async def _ask_names(turn: Turn) -> None:
    facts = {"title": turn.data["title"], "is_for_guests": turn.data["are_guests"]}
    put_question(turn, "activities.ask_names", (), facts, numbers_pick=False)


async def _take_names(turn: Turn) -> str | None:
    names, data = read_names(turn.text), turn.data
    if not names:
        raise NotUnderstood("names_needed", most=actions.NAME_MOST)
    if not data["are_guests"]:
        names = others_of(names, (await turn.store.people.details(turn.person_id)).name)
    try:
        async with turn.attempt():
            signup = await actions.join(
                turn.desk, turn.person_id, data["activity"], names, are_guests=data["are_guests"]
            )
    except Refused as no:
        if no.reason in ("names_needed", "too_many_names", "already_signed_up", "household_full"):
            raise NotUnderstood(no.reason, **no.facts) from None
        finish(turn, "activities.not_joined")
        turn.refuse(no)
        return None
    found = await turn.store.activities.get(data["activity"])
    if found is not None:
        await _say_signup(turn, found, signup)
    await _redraw_here(turn, data["activity"])
    return None


# What one has signed up ---------------------------------------------------------------------------------


async def mine(turn: Turn, activity: str) -> None:
    """我的报名: a message for each party, with what can be done with it."""
    found = await turn.store.activities.get(turn.number(activity))
    # One's own are shown even to who is not among those invited any more: they may want to cancel.
    own = [
        signup
        for signup in (await turn.store.activities.signups(found.id) if found else ())
        if signup.party.signed_by == turn.person_id and signup.party.state in LIVE
    ]
    if found is None or not own:
        raise Refused("not_signed_up")
    for signup in own:
        await _say_signup(turn, found, signup)


async def _say_signup(turn: Turn, activity: Activity, signup: Signup, *, anew: bool = True) -> None:
    facts = await signup_facts(turn.desk, activity, signup, "")
    choices = signup_choices(signup)
    turn.say("activities.signup", facts, choices=choices, card_key=signup_key(signup.id), anew=anew)


async def _do(turn: Turn, signup: str, action: Action) -> None:
    """Do it and change the message that was tapped; an old one is brought up to date."""
    number = turn.number(signup)
    try:
        async with turn.attempt():
            activity, done = await actions.do(turn.desk, number, turn.person_id, action)
    except Refused as no:
        if no.reason in ("signup_changed", "already_done", "offer_is_smaller", "offer_is_whole"):
            activity, done = await actions.signup_for(turn.desk, number, turn.person_id)
            await _say_signup(turn, activity, done, anew=False)
        turn.refuse(no)
        return
    await _say_signup(turn, activity, done, anew=False)
    await _redraw_here(turn, activity.id)


async def accept(turn: Turn, signup: str) -> None:
    """我去: yes to a seat that is held."""
    await _do(turn, signup, Action.ACCEPT)


async def decline(turn: Turn, signup: str) -> None:
    """去不了: no to a seat that is held."""
    await _do(turn, signup, Action.DECLINE)


async def pass_on(turn: Turn, signup: str) -> None:
    """一起才去: others may go first."""
    await _do(turn, signup, Action.LET_OTHERS_FIRST)


async def withdraw(turn: Turn, signup: str) -> None:
    """取消报名"""
    await _do(turn, signup, Action.WITHDRAW)


async def fewer(turn: Turn, signup: str) -> None:
    """少来几位: who comes all the same."""
    activity, found = await actions.signup_for(turn.desk, turn.number(signup), turn.person_id)
    party = found.party
    if party.seats < 2 or party.state not in (State.ASKED, State.CONFIRMED, State.WAITING):
        await _say_signup(turn, activity, found, anew=False)
        raise Refused("signup_changed")
    most = min(party.seats - 1, party.offered) if party.state == State.ASKED else party.seats - 1
    await begin(turn, DIALOG, "who", signup=found.id, names=list(party.names), most=most)


async def _ask_who(turn: Turn) -> None:
    data = turn.data
    ways = list(islice(combinations(data["names"], data["most"]), OFFERED_MOST + 1))
    rows = [
        (
            pick(
                "",
                "keep",
                place,
                text=short(plain(turn.render("activities.names", names=list(way))), LABEL_MOST),
            ),
        )
        for place, way in enumerate(ways)
    ]
    facts = {"most": data["most"], "names": data["names"]}
    shown = rows if len(ways) <= OFFERED_MOST else ()
    put_question(turn, "activities.ask_who", shown, facts, numbers_pick=False)


async def _take_who(turn: Turn) -> str | None:
    data = turn.data
    if turn.chosen[:1] == ("keep",) and len(turn.chosen) == 2:
        ways = combinations(data["names"], data["most"])
        kept = next(islice(ways, turn.number(turn.chosen[1]), None), ())
    else:
        wanted = {fold(name) for name in read_names(turn.text)}
        kept = tuple(name for name in data["names"] if fold(name) in wanted)
        if len(kept) != len(wanted):
            raise NotUnderstood("fewer_needed", most=data["most"])
    try:
        async with turn.attempt():
            _, found = await actions.signup_for(turn.desk, data["signup"], turn.person_id)
            action = Action.TAKE_FEWER if found.party.state == State.ASKED else Action.REDUCE
            activity, done = await actions.do(turn.desk, data["signup"], turn.person_id, action, kept)
    except Refused as no:
        if no.reason == "fewer_needed":
            raise NotUnderstood(no.reason, **no.facts) from None
        finish(turn, "activities.not_joined")
        turn.refuse(no)
        return None
    await _say_signup(turn, activity, done)
    await _redraw_here(turn, activity.id)
    return None


DIALOG = Dialog("signup", {"names": Step(_ask_names, _take_names), "who": Step(_ask_who, _take_who)})
