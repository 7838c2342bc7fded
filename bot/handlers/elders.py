"""Simple mode (R19): switching it, the leader's number, and a person to talk to."""

from datetime import datetime

from bot.actions import elders as actions
from bot.actions.desk import choice
from bot.conversation.dialog import PERSON
from bot.conversation.turn import Turn
from bot.domain.elders import OFFERED_EVERY
from bot.domain.errors import Refused
from bot.domain.posts import PostKind
from bot.handlers import menu

NEAREST = frozenset((PostKind.ENTRANCE_LEADER, PostKind.BUILDING_LEADER, PostKind.DEPUTY_LEADER))


# The mode --------------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/big, 大字: on; who has it already is shown the way back."""
    if turn.is_elder:
        turn.say("elders.is_on", choices=((actions.off_choice(),), (choice("menu_more", "menu.more"),)))
    else:
        await set_mode(turn, "1")


async def set_mode(turn: Turn, wanted: str) -> None:
    """大按钮 / 换回原来的: the keyboard changes at once."""
    if wanted not in ("0", "1"):
        raise Refused("bad_button")
    turn.is_elder = wanted == "1"
    await actions.switch(turn.desk, turn.person_id, is_elder=turn.is_elder)
    turn.say("elders.on" if turn.is_elder else "elders.off", menu=True)


async def later(turn: Turn) -> None:
    """不用"""
    turn.toast("elders.later")


async def give(turn: Turn, residency: str) -> None:
    """The leader switches it on for somebody."""
    home = await actions.give(turn.desk, turn.person_id, turn.number(residency))
    turn.toast("elders.given_done", name=(await turn.store.people.details(home.person_id)).name)


async def offer(turn: Turn, offered_at: datetime | None) -> None:
    """Which resident was not understood several times in a row may want it; nobody is asked often."""
    if offered_at is not None and turn.desk.now - offered_at < OFFERED_EVERY:
        return
    if await turn.posts():
        return  # Their questions are long ones, and /big is among their commands.
    await turn.store.people.note_elder_offered(turn.person_id, turn.desk.now)
    rows = ((choice("elder_on", "elder.set", 1),), (choice("elder_later", "elder.later"),))
    turn.say("elders.offer", choices=rows)


# People ----------------------------------------------------------------------------------------------------


async def leader(turn: Turn) -> None:
    """☎️ 找楼长: who is nearest, with the number to call."""
    home = await actions.home_of(turn.desk, turn.person_id)
    if home is None:
        await menu.contact_card(turn)
        return
    contacts = await actions.contacts_of(turn.desk, home, NEAREST)
    with_phone = [one for one in contacts if one["phone"]]
    rows = ((choice("big_person", PERSON),), (choice("all_numbers", "menu.card"),))
    facts = {"contacts": with_phone or contacts, "has_phone": bool(with_phone)}
    turn.say("elders.leader", facts, choices=rows)


async def person(turn: Turn) -> None:
    """🙋 转人工"""
    message, facts = await actions.ask_for_person(turn.desk, turn.person_id)
    rows = ((choice("more_join", "menu.join"),),) if message == "elders.no_home" else ()
    turn.say(message, facts, choices=rows)


async def take(turn: Turn, call: str) -> None:
    """📞 我联系"""
    await actions.take(turn.desk, turn.person_id, turn.number(call))
