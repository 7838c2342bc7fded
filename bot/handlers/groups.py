"""Group chats: the bot is quiet; a code typed there binds one, and everything else happens in private."""

from bot.actions import groups as actions
from bot.actions.appointing import lose_touch
from bot.actions.audiences import audience_facts, known_of
from bot.actions.desk import Choice, choice
from bot.actions.groups import facts_of, manages, officers_of
from bot.actions.interest_groups import is_committee
from bot.conversation.dialog import Dialog, Step, begin, grid, pick, put_question, remember
from bot.conversation.turn import PROMPT, Turn
from bot.domain.addresses import normal_label
from bot.domain.audiences import COMPOUND, Audience, Kind, Known, Part, read_audience
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.options import Option
from bot.handlers.compounds import choose_compound, offer_compounds
from bot.handlers.residents import say_in_place
from bot.storage.mailboxes import Lane
from bot.texts import short

LISTED_MOST = 20
TITLE_MOST = 40
"""Groups on one page of the list, and UTF-16 units of a title there."""
BUTTONS_MOST = 80

# In the group --------------------------------------------------------------------------------------------


async def addressed(turn: Turn) -> None:
    """Somebody spoke to the bot in a group: a code binds it, everything personal happens in private."""
    incoming = turn.incoming
    if not incoming.addressed:
        return
    await actions.rename(turn.desk, incoming.chat, incoming.title)
    # The button "add me to the group" has the code sent as the word after /start.
    has_code = incoming.command == "start" and await actions.is_code(turn.desk, incoming.text)
    if incoming.command == "bind" or has_code:
        if incoming.is_anonymous:
            raise Refused("group_code_anonymous")
        group = await actions.bind(turn.desk, incoming.chat, incoming.title, incoming.text)
        turn.say("groups.bound", await facts_of(turn.desk, group))
        return
    message = "groups.anonymous" if incoming.is_anonymous else "groups.come_private"
    turn.say(message, options=((_private(turn),),))


def _private(turn: Turn) -> Option:
    label = turn.desk.texts.label(turn.locale, "open_private")
    return Option(label, url=f"https://t.me/{turn.desk.rules.bot_name}?start=report")


async def membership(turn: Turn) -> None:
    """The bot was added, removed, blocked or unblocked; or a group has another name or address."""
    status, incoming = turn.incoming.membership, turn.incoming
    if incoming.is_private:
        if status in ("kicked", "left"):
            await lose_touch(turn.desk, incoming.sender)
    elif incoming.migrated_to:
        await actions.move(turn.desk, incoming.chat, incoming.migrated_to)
    elif not status:
        await actions.rename(turn.desk, incoming.chat, incoming.title)
    else:
        standing = status if status in ("member", "administrator") else "gone"
        if await actions.meet(turn.desk, incoming.chat, incoming.title, standing, incoming.rights):
            hello = turn.render("groups.hello")
            once = f"hello:{incoming.chat}"
            turn.desk.post(incoming.chat, hello, ((_private(turn),),), lane=Lane.WORK, dedupe_key=once)


# The list ------------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/groups: the groups one looks after, those with trouble first."""
    await list_page(turn, "0")


async def list_page(turn: Turn, page: str) -> None:
    """So many of them, and the way to the others."""
    if not await officers_of(turn.desk, turn.person_id):
        raise Refused("groups_not_yours")
    groups = await actions.managed(turn.desk, turn.person_id)
    start = turn.number(page) * LISTED_MOST
    shown = groups[start : start + LISTED_MOST]
    lines = []
    for group in shown:
        facts = await facts_of(turn.desk, group)
        lines.append({**facts, "title": short(group.title, TITLE_MOST)})
    titles = [choice("group_title", "group.show", group.id, title=short(group.title, 20)) for group in shown]
    turning = []
    if start:
        turning.append(choice("page_before", "group.list", turn.number(page) - 1))
    if len(groups) > start + LISTED_MOST:
        turning.append(choice("page_after", "group.list", turn.number(page) + 1))
    rows = [*grid(titles, 2), *([tuple(turning)] if turning else []), (choice("group_new", "group.new"),)]
    turn.say("groups.list", {"lines": lines, "count": len(groups)}, choices=rows)


async def show(turn: Turn, group: str) -> None:
    """One group: what it is for, how it is, and letting go of it."""
    found = await actions.managed_group(turn.desk, turn.person_id, turn.number(group))
    name = (await turn.store.people.details(found.bound_by)).name
    rows: tuple[tuple[Choice, ...], ...] = (
        (choice("unbind_group", "group.unbind", found.id), choice("all_groups", "group.list", 0)),
    )
    if await is_committee(turn.desk, turn.person_id, found.compound_id):
        label = "listen_less" if found.listens else "listen_more"
        rows = ((choice(label, "group.listen", found.id, int(not found.listens)),), *rows)
    # Telegram lets an ordinary member hear what is said to it, unless the operator says otherwise.
    facts = {**await facts_of(turn.desk, found), "name": name, "is_listening": found.listens}
    facts["is_administrator"] = found.standing == "administrator"
    await say_in_place(turn, f"group:{found.id}", "groups.card", facts, rows)


async def ask_unbind(turn: Turn, group: str) -> None:
    """Whether it is really meant: from then on nothing is announced there."""
    found = await actions.managed_group(turn.desk, turn.person_id, turn.number(group))
    rows = ((choice("unbind_now", "group.unbind_now", found.id),),)
    turn.say("groups.unbind", await facts_of(turn.desk, found), choices=rows)


async def unbind(turn: Turn, group: str) -> None:
    """解除"""
    found = await actions.unbind(turn.desk, turn.person_id, turn.number(group))
    turn.say("groups.unbound_by_you", await facts_of(turn.desk, found))


async def bind_in_private(turn: Turn) -> None:
    """/bind, but not in a group."""
    if not await officers_of(turn.desk, turn.person_id):
        raise Refused("groups_not_yours")
    turn.say("groups.bind_there", choices=((choice("group_new", "group.new"),),))


# A new one -----------------------------------------------------------------------------------------------


async def begin_new(turn: Turn) -> None:
    """Say what a group is for, and get a code to type in it."""
    officers = await officers_of(turn.desk, turn.person_id)
    if not officers:
        raise Refused("groups_not_yours")
    if len(officers) == 1:
        await begin(turn, DIALOG, "target", compound=next(iter(officers)))
    else:
        await begin(turn, DIALOG, "compound")


async def _ask_compound(turn: Turn) -> None:
    await offer_compounds(turn, "groups.compound", await officers_of(turn.desk, turn.person_id))


async def _take_compound(turn: Turn) -> str | None:
    choose_compound(turn, await officers_of(turn.desk, turn.person_id))
    return "target"


async def _ask_target(turn: Turn) -> None:
    compound_id = turn.data["compound"]
    officer = (await officers_of(turn.desk, turn.person_id)).get(compound_id)
    if officer is None:
        raise Refused("groups_not_yours")
    known = await known_of(turn.desk, compound_id)
    buildings = [
        pick("", Kind.BUILDING, one.id, text=one.label)
        for one in known.register.buildings
        if manages(officer, Part(Kind.BUILDING, one.id))
    ]
    teams = [
        pick("", Kind.INTEREST_GROUP, one.id, text=one.name)
        for one in known.groups
        if manages(officer, Part(Kind.INTEREST_GROUP, group_id=one.id))
    ]
    whole = [(pick("whole_compound", Kind.COMPOUND, 0),)] if manages(officer, COMPOUND) else []
    rows = [*whole, *grid(buildings[:BUTTONS_MOST], 3), *grid(teams[: BUTTONS_MOST - len(buildings)], 2)]
    put_question(turn, "groups.target", rows, numbers_pick=False)


async def _ask_door(turn: Turn) -> None:
    building = turn.data["building"]
    doors = await turn.store.places.entrances(building)
    picks = [pick("", Kind.ENTRANCE, one, text=name) for one, name in doors[:BUTTONS_MOST]]
    rows = [(pick("whole_building", Kind.BUILDING, building),), *grid(picks, 3)]
    put_question(turn, "groups.door", rows, numbers_pick=False)


async def _take_target(turn: Turn) -> str | None:
    """A tapped place or interest group, or a typed one; for a building it is asked whether all of it."""
    compound_id = turn.data["compound"]
    known = await known_of(turn.desk, compound_id)
    part = _tapped(turn, known) if turn.chosen else _typed(turn, known)
    has_doors = part.kind is Kind.BUILDING and await turn.store.places.entrances(part.building_id or 0)
    if has_doors and turn.dialog is not None and turn.dialog.step == "target":
        remember(turn, building=part.building_id)
        return "door"
    code = await actions.make_code(turn.desk, turn.person_id, compound_id, part)
    facts = {
        "code": code.code,
        "until": code.expires_at,
        "timezone": await turn.desk.timezone(compound_id),
        "audience": await audience_facts(turn.desk, compound_id, Audience((part,))),
    }
    label = turn.desk.texts.label(turn.locale, "add_to_group")
    add = Option(label, url=f"https://t.me/{turn.desk.rules.bot_name}?startgroup={code.code}")
    turn.say("groups.code", facts, options=((add,),), card_key=PROMPT, anew=not turn.edits_prompt)
    return None


def _tapped(turn: Turn, known: Known) -> Part:
    """The part of a button, if the compound has it."""
    if len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    kind, wanted = turn.chosen[0], turn.number(turn.chosen[1])
    parts: dict[tuple[str, int], Part] = {(Kind.COMPOUND, 0): COMPOUND}
    for building in known.register.buildings:
        parts[Kind.BUILDING, building.id] = Part(Kind.BUILDING, building.id)
        for door in building.entrances:
            parts[Kind.ENTRANCE, door.id] = Part(Kind.ENTRANCE, building.id, door.id)
    for group in known.groups:
        parts[Kind.INTEREST_GROUP, group.id] = Part(Kind.INTEREST_GROUP, group_id=group.id)
    if (kind, wanted) not in parts:
        raise NotUnderstood("no_such_place")
    return parts[kind, wanted]


def _typed(turn: Turn, known: Known) -> Part:
    """The one place or interest group that somebody wrote."""
    for building in known.register.buildings:
        # 3 alone is a building here.
        if turn.text and normal_label(building.label) == normal_label(turn.text):
            return Part(Kind.BUILDING, building.id)
    audience = read_audience(turn.text, known)
    if len(audience.parts) > 1 or audience.narrowed_to or audience.without or audience.parts[0].post:
        raise NotUnderstood("group_for_one")
    return audience.parts[0]


DIALOG = Dialog(
    "groups",
    {
        "compound": Step(_ask_compound, _take_compound),
        "target": Step(_ask_target, _take_target),
        "door": Step(_ask_door, _take_target),
    },
)
