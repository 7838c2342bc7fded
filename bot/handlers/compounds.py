"""The question which of several compounds something is about."""

from collections.abc import Iterable

from bot.conversation.dialog import pick, put_question, remember
from bot.conversation.turn import Turn
from bot.domain.errors import NotUnderstood


async def offer_compounds(turn: Turn, message: str, compounds: Iterable[int]) -> None:
    """Ask with this message which of the compounds, by id."""
    rows = [(pick("", one, text=(await turn.store.places.compound(one)).name),) for one in compounds]
    put_question(turn, message, rows)


def choose_compound(turn: Turn, compounds: Iterable[int]) -> None:
    """Remember as `compound` which of these was tapped; NotUnderstood when it was none of them."""
    if not turn.chosen or turn.chosen[0] not in map(str, compounds):
        raise NotUnderstood("tap_one")
    remember(turn, compound=int(turn.chosen[0]))
