"""Which ordinary announcements one wants to get: a tap each."""

from bot.actions.desk import choice
from bot.actions.muting import mute, mutings
from bot.conversation.turn import Turn
from bot.domain.audiences import COMPOUND
from bot.domain.errors import Refused
from bot.texts import short

NAME_MOST = 20
BUTTONS_MOST = 60
CARD = "mutes"


async def show(turn: Turn) -> None:
    """/mute, /unmute: what one gets, and what one has muted."""
    await _show(turn, anew=True)


async def change(turn: Turn, compound: str, group: str, is_muted: str) -> None:
    """One tap: not this any more, or this again."""
    if is_muted not in ("0", "1"):
        raise Refused("bad_button")
    compound_id, group_id = turn.number(compound), turn.number(group)
    await mute(turn.desk, turn.person_id, compound_id, group_id, is_muted=is_muted == "1")
    await _show(turn, anew=False)


async def _show(turn: Turn, *, anew: bool) -> None:
    found = await mutings(turn.desk, turn.person_id)
    if not found:
        raise Refused("mute_not_yours")
    muted = {one.compound_id for one in found if one.part == COMPOUND and one.is_muted}
    rows = [
        (
            choice(
                "muted" if one.is_muted else "heard",
                "mute.set",
                one.compound_id,
                one.part.group_id or 0,
                int(not one.is_muted),
                name=short(one.name, NAME_MOST),
            ),
        )
        for one in found
        # Who wants nothing of a compound is not asked about each of its interest groups.
        if one.part == COMPOUND or one.compound_id not in muted
    ]
    turn.say("muting.list", choices=rows[:BUTTONS_MOST], card_key=CARD, anew=anew)
