"""Asked in private, or by a button in the group: shall what you said there be reported?"""

from dataclasses import astuple

from bot.actions import intake as actions
from bot.actions.desk import Desk
from bot.actions.groups import managed_group
from bot.conversation.dialog import begin
from bot.conversation.incoming import Incoming
from bot.conversation.turn import Turn
from bot.domain.errors import Refused
from bot.handlers import groups, report


async def overheard(desk: Desk, incoming: Incoming, person_id: int | None) -> None:
    """Somebody spoke in a group, to nobody in particular; not if they hide who they are, or forward it."""
    if incoming.is_anonymous or incoming.is_forwarded or incoming.kind not in ("text", "photo"):
        return
    message = actions.Message(
        incoming.chat, incoming.message_id or 0, incoming.sender, incoming.text.strip(), incoming.photos
    )
    await actions.listen(desk, person_id, message)


async def file(turn: Turn, code: str) -> None:
    """幫我報: the report begins with what was said, around where the group is."""
    kept, place = await actions.take(turn.desk, turn.incoming.sender, code, wanted=True)
    await actions.remove_question(turn.desk, turn.incoming.chat)
    await begin(
        turn,
        report.DIALOG,
        "category",
        text=kept.text,
        photos=list(kept.photos),
        voices=[],
        compound=kept.compound_id,
        around=astuple(place) if place else None,
    )


async def leave(turn: Turn, code: str) -> None:
    """不用"""
    await actions.take(turn.desk, turn.incoming.sender, code, wanted=False)
    await turn.desk.tell(turn.person_id, "intake.left", card_key=actions.BUTTON, anew=False)


async def open_link(turn: Turn) -> None:
    """The button in the group: its author goes on with their words, anybody else begins a report."""
    try:
        async with turn.attempt():
            await file(turn, turn.incoming.link.removeprefix(actions.LINK))
    except Refused:
        await report.command(turn)


async def set_listening(turn: Turn, group: str, listens: str) -> None:
    """群裡聽報事：開／關"""
    if listens not in ("0", "1"):
        raise Refused("bad_button")
    found = await managed_group(turn.desk, turn.person_id, turn.number(group))
    await actions.set_listening(turn.desk, turn.person_id, found, listens=listens == "1")
    await groups.show(turn, group)
