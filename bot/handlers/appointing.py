"""職務: who holds which post, and changing it: leaving, inviting, words, phones, the record."""

from collections.abc import Sequence

from bot.actions import appointing as actions
from bot.actions import successions
from bot.actions.appointing import DUTY_MOST, HOURS_MOST, post_facts
from bot.actions.desk import Choice, Choices, choice
from bot.actions.privacy import shown_phone
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.appointing import Deed, manages, may
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.options import Press
from bot.domain.posts import LEVEL, Holder, PostKind
from bot.storage.posts import Appointment, Plan, Post
from bot.texts import short

PAGE = 24
"""Buildings on one page."""
NAMES_MOST = 4
HISTORY_PAGE = 10
PEOPLE_MOST = 12
NAME_MOST = 8
"""People of one post that are shown, and UTF-16 units of their names on buttons."""
SCREEN = "posts"
"""Under which name a chat remembers the screen that is gone through in place."""
_WORDS = {"duty": DUTY_MOST, "hours": HOURS_MOST, "phone": 20}
_AT_COMPOUND = tuple(kind for kind in PostKind if LEVEL[kind] in ("compound", "community"))
_AT_BUILDING = tuple(kind for kind in PostKind if LEVEL[kind] == "building")


# Looking around -----------------------------------------------------------------------------------------


async def _compounds(turn: Turn) -> list[int]:
    """The compounds whose posts this person may look at: those they hold a post of themselves."""
    return list(dict.fromkeys(post.compound_id for post in await turn.posts()))


async def visible(turn: Turn, post_id: str) -> Post:
    """A post of a payload, if this person may look at it; otherwise it does not exist for them."""
    post = await actions.post_of(turn.desk, turn.number(post_id))
    if not set(await actions.compounds_of(turn.desk, post)) & set(await _compounds(turn)):
        raise Refused("no_such_post")
    return post


async def command(turn: Turn) -> None:
    """/posts: of one's own compound."""
    compounds = await _compounds(turn)
    if not compounds:
        raise Refused("posts_not_yours")
    await _show_compound(turn, compounds[0], 0, anew=True)


async def show_compound(turn: Turn, compound: str, page: str) -> None:
    """The posts of the whole compound, and its buildings."""
    compound_id = turn.number(compound)
    if compound_id not in await _compounds(turn):
        raise Refused("posts_not_yours")
    await _show_compound(turn, compound_id, turn.number(page), anew=False)


async def _show_compound(turn: Turn, compound_id: int, page: int, *, anew: bool) -> None:
    posts = await turn.store.posts.of_compound(compound_id)
    holders = await turn.desk.holders(compound_id)
    compound = await turn.store.places.compound(compound_id)
    kinds = [kind for kind in _AT_COMPOUND if LEVEL[kind] == "compound" or compound.community_id]
    lines, buttons = await _lines(turn, posts, holders, [(kind, compound_id, 0, 0) for kind in kinds])
    buildings = await turn.store.places.buildings(compound_id)
    led = {one.building_id for one in holders if one.kind is PostKind.BUILDING_LEADER}
    start = page * PAGE
    shown = [
        choice("post_building" if one in led else "post_building_vacant", "post.place", one, name=name)
        for one, name in buildings[start : start + PAGE]
    ]
    turning = []
    if start:
        turning.append(choice("page_before", "post.list", compound_id, page - 1))
    if len(buildings) > start + PAGE:
        turning.append(choice("page_after", "post.list", compound_id, page + 1))
    others = [one for one in await _compounds(turn) if one != compound_id]
    rows = [
        *grid(buttons, 2),
        *grid(shown, 4),
        *([tuple(turning)] if turning else []),
        *[
            (choice("post_building", "post.list", one, 0, name=(await turn.store.places.compound(one)).name),)
            for one in others
        ],
    ]
    facts = {
        "compound": compound.name,
        "lines": lines,
        "vacant": sum(one not in led for one, _ in buildings),
        "count": len(buildings),
    }
    turn.say("appointing.compound", facts, choices=rows, card_key=SCREEN, anew=anew)


async def show_building(turn: Turn, building: str) -> None:
    """The posts of a building and its entrances."""
    place = await turn.store.places.building(turn.number(building))
    if place is None or place.building_id is None or place.compound_id not in await _compounds(turn):
        raise Refused("no_such_place")
    posts = await turn.store.posts.of_compound(place.compound_id)
    holders = await turn.desk.holders(place.compound_id)
    doors = await turn.store.places.entrances(place.building_id)
    wanted = [(kind, place.compound_id, place.building_id, 0) for kind in _AT_BUILDING]
    wanted += [
        (PostKind.ENTRANCE_LEADER, place.compound_id, place.building_id, door_id) for door_id, _ in doors
    ]
    lines, buttons = await _lines(turn, posts, holders, wanted, dict(doors))
    back = choice("post_back", "post.list", place.compound_id, 0)
    facts = {"place": await turn.desk.place_facts(place), "lines": lines}
    turn.say("appointing.building", facts, choices=(*grid(buttons, 2), (back,)), card_key=SCREEN, anew=False)


async def _lines(
    turn: Turn,
    posts: Sequence[Post],
    holders: Sequence[Holder],
    wanted: Sequence[tuple[PostKind, int, int, int]],
    doors: dict[int, str] | None = None,
) -> tuple[list[dict[str, object]], list[Choice]]:
    """A line and a button for each post that could be held; where there is none yet, for who may fill it."""
    known = {(post.kind, post.building_id or 0, post.entrance_id or 0): post for post in posts}
    lines: list[dict[str, object]] = []
    buttons: list[Choice] = []
    for kind, compound_id, building_id, entrance_id in wanted:
        post = known.get((kind, building_id, entrance_id))
        held = [one for one in holders if post is not None and one.post_id == post.id]
        people = [await _holder_line(turn, one, held) for one in held if one.acting_for is None]
        entrance = (doors or {}).get(entrance_id, "")
        line = {"post": kind.value, "entrance": entrance, "holders": people[:NAMES_MOST]}
        lines.append({**line, "rest": len(people[NAMES_MOST:])})
        words = plain(turn.render("appointing.named", post=kind.value, entrance=entrance))
        is_to_fill = not people and manages(turn.person_id, kind, building_id or None, holders)
        text = f"＋ {words}" if is_to_fill else words
        if post is not None:
            buttons.append(Choice(Press("post.show", (str(post.id),)), text=text))
        elif is_to_fill:
            at = (kind.value, str(compound_id), str(building_id), str(entrance_id))
            buttons.append(Choice(Press("post.at", at), text=text))
    return lines, buttons


async def _holder_line(turn: Turn, one: Holder, held: Sequence[Holder]) -> dict[str, object]:
    stand_ins = [other.person_id for other in held if other.acting_for == one.person_id]
    return {
        "name": await actions.name_of(turn.desk, one.person_id),
        "is_deputy": one.is_deputy,
        "is_away": one.is_away,
        "is_reachable": one.reachable,
        "stand_in": await actions.name_of(turn.desk, stand_ins[0]) if stand_ins else "",
    }


async def show_at(turn: Turn, kind: str, compound: str, building: str, entrance: str) -> None:
    """A post nobody has held yet."""
    place = (turn.number(compound), turn.number(building), turn.number(entrance))
    post = await actions.post_at(turn.desk, turn.person_id, kind, *place)
    await _show(turn, post, anew=False)


# One post -----------------------------------------------------------------------------------------------


async def show(turn: Turn, post: str) -> None:
    """One post, in place of the list."""
    await _show(turn, await visible(turn, post), anew=False)


async def open_anew(turn: Turn, post: str) -> None:
    """One post, from a message that speaks of it."""
    await _show(turn, await visible(turn, post), anew=True)


async def _show(turn: Turn, post: Post, *, anew: bool) -> None:
    desk = turn.desk
    holders = await actions.holders_around(desk, post)
    held = [one for one in holders if one.post_id == post.id]
    appointments = {one.person_id: one for one in await turn.store.posts.appointments(post.id)}
    people = [
        {
            **await _holder_line(turn, one, held),
            "since": appointments[one.person_id].starts_at,
            "term_until": appointments[one.person_id].term_until,
            "has_phone_shown": actions.is_shown(post, appointments[one.person_id]),
        }
        for one in held
        if one.acting_for is None and one.person_id in appointments
    ]
    plans = await turn.store.posts.plans(post.id)
    undone = [len(await actions.in_hand(desk, post, person_id)) for person_id in appointments]
    facts = {
        **post_facts(post),
        "duty": post.duty,
        "hours": post.hours,
        "phone": post.phone,
        "holders": people[:PEOPLE_MOST],
        "rest": len(people[PEOPLE_MOST:]),
        "plans": [await successions.plan_facts(desk, post, plan) for plan in plans[:PEOPLE_MOST]],
        "count": sum(undone),
        "timezone": await actions.timezone_of(desk, post),
    }
    own = [one for one in appointments.values() if one.acting_for is None]
    rows = await _post_choices(turn, post, holders, own[:PEOPLE_MOST], plans[:PEOPLE_MOST])
    turn.say("appointing.post", facts, choices=rows, card_key=SCREEN, anew=anew)


async def _post_choices(
    turn: Turn, post: Post, holders: Sequence[Holder], people: Sequence[Appointment], plans: Sequence[Plan]
) -> Choices:
    """What this person may do to a post; it is asked again when they do it."""
    me = turn.person_id
    allowed = {
        deed: may(deed, me, post.id, post.kind, post.building_id, holders)
        for deed in (Deed.APPOINT, Deed.PROPOSE, Deed.WORDS)
    }
    may_appoint = allowed[Deed.APPOINT]
    rows: list[tuple[Choice, ...]] = []
    if may_appoint or allowed[Deed.PROPOSE]:
        held_by = [one.person_id for one in people if not one.is_deputy]
        label = "post_hand_over" if me in held_by else "post_replace" if held_by else "post_appoint"
        deputy = choice("post_deputy", "post.deputy", post.id)
        # A building leader's deputy has a post of their own.
        has_deputies = post.kind not in (PostKind.BUILDING_LEADER, PostKind.DEPUTY_LEADER)
        rows.append((choice(label, "post.appoint", post.id), *((deputy,) if has_deputies else ())))
    for one in people:
        # Whoever cannot leave yet is told why.
        may_end = one.person_id == me or may(
            Deed.END, me, post.id, post.kind, post.building_id, holders, person_id=one.person_id
        )
        rows.append(await _person_choices(turn, one, may_appoint=may_appoint, may_end=may_end))
    for plan in plans:
        if may_appoint or plan.planned_by == me:
            name = short(await actions.name_of(turn.desk, plan.person_id), NAME_MOST)
            rows.append((choice("plan_withdraw", "plan.withdraw", plan.id, name=name),))
    if allowed[Deed.WORDS]:
        rows.append((choice("post_words", "post.words", post.id), *_phone_choice(post, people, me)))
    invitation = (choice("post_invite", "post.invite", post.id),) if may_appoint else ()
    rows.append((*invitation, choice("post_history", "post.history", post.id, 0)))
    if post.building_id is not None:
        rows.append((choice("post_back", "post.place", post.building_id),))
    elif compounds := await actions.compounds_of(turn.desk, post):
        mine = [one for one in compounds if one in await _compounds(turn)]
        rows.append((choice("post_back", "post.list", mine[0], 0),))
    return [row for row in rows if row]


async def _person_choices(
    turn: Turn, one: Appointment, *, may_appoint: bool, may_end: bool
) -> tuple[Choice, ...]:
    name = short(await actions.name_of(turn.desk, one.person_id), NAME_MOST)
    at = (one.post_id, one.person_id)
    row = []
    if may_appoint and one.person_id != turn.person_id:
        row.append(choice("post_call", "post.call", *at, name=name))
    if may_appoint:
        row.append(choice("post_term", "post.term", *at, name=name))
    if may_end:
        label = "post_resign" if one.person_id == turn.person_id else "post_end"
        row.append(choice(label, "post.end", *at, **({} if label == "post_resign" else {"name": name})))
    return tuple(row)


def _phone_choice(post: Post, people: Sequence[Appointment], me: int) -> tuple[Choice, ...]:
    """Showing one's own number is for oneself to say; others may ask."""
    for one in people:
        if one.person_id == me:
            is_shown = actions.is_shown(post, one)
            label = "phone_hide" if is_shown else "phone_show"
            return (choice(label, "post.phone", post.id, int(not is_shown)),)
    if not people:
        return ()
    if all(actions.is_shown(post, one) for one in people):
        return (choice("phone_take_away", "post.phone", post.id, 0),)
    return (choice("phone_ask", "post.ask_phone", post.id),)


async def show_history(turn: Turn, post: str, page: str) -> None:
    """Who changed what about a post, the latest first."""
    found, number = await visible(turn, post), turn.number(page)
    changes = await turn.store.changes.of_post(found.id, HISTORY_PAGE + 1, number * HISTORY_PAGE)
    turning = []
    if number:
        turning.append(choice("page_before", "post.history", found.id, number - 1))
    if len(changes) > HISTORY_PAGE:
        turning.append(choice("page_after", "post.history", found.id, number + 1))
    facts = {
        **post_facts(found),
        "lines": await actions.change_lines(turn.desk, changes[:HISTORY_PAGE]),
        "timezone": await actions.timezone_of(turn.desk, found),
    }
    rows = (*([tuple(turning)] if turning else []), (choice("post_back", "post.show", found.id),))
    turn.say("appointing.history", facts, choices=rows, card_key=SCREEN, anew=False)


async def call(turn: Turn, post: str, person: str) -> None:
    """The number of who holds a post, for who may know it; the look is noted where it is not public."""
    found = await visible(turn, post)
    one = await actions.appointment_of(turn.desk, found, turn.number(person))
    phone = await shown_phone(turn.desk, turn.person_id, one.person_id)
    if not phone:
        raise Refused("phone_unknown")
    turn.say("appointing.phone", {"name": await actions.name_of(turn.desk, one.person_id), "phone": phone})


async def invite(turn: Turn, post: str) -> None:
    """A one-time link to pass on, and its code to be scanned."""
    found = await visible(turn, post)
    address, picture = await actions.invitation(turn.desk, turn.person_id, found.id)
    turn.say("appointing.invitation", {**post_facts(found), "link": address})
    turn.desk.post_file(turn.incoming.chat, picture, person_id=turn.person_id)


# Leaving ------------------------------------------------------------------------------------------------


async def ask_end(turn: Turn, post: str, person: str) -> None:
    """Whether it is really meant, and who would get what is still to be done."""
    found, person_id = await visible(turn, post), turn.number(person)
    one = await actions.appointment_of(turn.desk, found, person_id)
    await actions.require(turn.desk, Deed.END, turn.person_id, found, person_id)
    lines = await actions.foresee(turn.desk, found, person_id)
    is_me = person_id == turn.person_id
    facts = {
        **post_facts(found),
        "name": await actions.name_of(turn.desk, person_id),
        "is_me": is_me,
        "is_deputy": one.is_deputy,
        "lines": lines,
        "count": sum(line["count"] for line in lines if isinstance(line["count"], int)),
    }
    label = "resign_now" if is_me else "end_now"
    rows = [(choice(label, "post.end_now", found.id, person_id),)]
    if is_me and found.compound_id is not None:
        rows.insert(0, (choice("post_hand_over", "post.appoint", found.id),))
    turn.say("appointing.ask_end", facts, choices=rows)


async def end(turn: Turn, post: str, person: str) -> None:
    """卸任"""
    found, person_id = await visible(turn, post), turn.number(person)
    is_me = person_id == turn.person_id
    one = await actions.appointment_of(turn.desk, found, person_id)
    moved = await actions.leave_post(
        turn.desk,
        found.id,
        person_id,
        actor_id=turn.person_id,
        source="chat",
        reason="resigned" if is_me else "dismissed",
    )
    facts = {
        **post_facts(found),
        "name": await actions.name_of(turn.desk, person_id),
        "is_me": is_me,
        "is_deputy": one.is_deputy,
        "count": moved,
    }
    turn.say("appointing.left", facts, choices=() if is_me else actions.open_choice(found))


# Phones -------------------------------------------------------------------------------------------------


async def show_phone(turn: Turn, post: str, shown: str) -> None:
    """Whether one's own number stands on the contact card; who manages the post may only take it away."""
    found = await visible(turn, post)
    if shown not in ("0", "1"):
        raise Refused("bad_button")
    is_shown = shown == "1"
    await actions.edit_post(turn.desk, found.id, actor_id=turn.person_id, source="chat", phone_shown=is_shown)
    turn.toast("appointing.phone_set", is_shown=is_shown)
    await _show(turn, found, anew=False)


async def ask_phone(turn: Turn, post: str) -> None:
    """The holder is asked whether their number may be shown: nobody else can say so."""
    found = await visible(turn, post)
    asked = await actions.ask_phone(turn.desk, turn.person_id, found.id)
    turn.toast("appointing.phone_asked", count=asked)


# Words --------------------------------------------------------------------------------------------------


async def post_asked(turn: Turn) -> Post:
    """The post the open question is about."""
    return await actions.post_of(turn.desk, turn.data["post"])


async def begin_words(turn: Turn, post: str) -> None:
    """职责/时间/电话"""
    found = await visible(turn, post)
    await actions.require(turn.desk, Deed.WORDS, turn.person_id, found)
    await begin(turn, DIALOG, "which", post=found.id)


async def _ask_which(turn: Turn) -> None:
    rows = (
        (pick("words_duty", "duty"), pick("words_hours", "hours")),
        (pick("words_phone", "phone"),),
    )
    put_question(turn, "appointing.ask_which", rows, post_facts(await post_asked(turn)))


async def _take_which(turn: Turn) -> str | None:
    if not turn.chosen or turn.chosen[0] not in _WORDS:
        raise NotUnderstood("tap_one")
    remember(turn, which=turn.chosen[0])
    return "words"


async def _ask_words(turn: Turn) -> None:
    post, which = await post_asked(turn), turn.data["which"]
    facts = {
        "which": which,
        "most": _WORDS[which],
        "words": {"duty": post.duty, "hours": post.hours, "phone": post.phone}[which],
    }
    put_question(turn, "appointing.ask_words", ((pick("words_none", "none"),),), facts, numbers_pick=False)


async def _take_words(turn: Turn) -> str | None:
    words = {turn.data["which"]: "" if turn.chosen == ("none",) else turn.text}
    if not turn.text and not turn.chosen:
        raise NotUnderstood("text_needed")
    await actions.edit_post(
        turn.desk,
        turn.data["post"],
        actor_id=turn.person_id,
        source="chat",
        duty=words.get("duty"),
        hours=words.get("hours"),
        phone=words.get("phone"),
    )
    finish(turn, "appointing.words_set", choices=actions.open_choice(await post_asked(turn)))
    return None


DIALOG = Dialog(
    "appointing", {"which": Step(_ask_which, _take_which), "words": Step(_ask_words, _take_words)}
)
