"""Simple mode (R19): one option to a row, each with a number, and how people type a number."""

import re
from datetime import timedelta

from bot.domain.folding import fold
from bot.domain.options import Option, Rows

LOST_AFTER = 2
"""Whoever was not understood so often in a row is offered simple mode,"""
OFFERED_EVERY = timedelta(days=7)
"""at most so often."""
FEW = 9
"""So many options get a row each and a line in the text; more keep their grid, with the numbers on them."""
_DIGITS = "一二三四五六七八九"
_NUMBER = re.compile(
    r"(?:我?要?(?:选|回复|回|按|点)?第?|option|number|reply|no)"
    rf"(\d{{1,2}}|十?[{_DIGITS}]|十)"
    r"(?:个|项)?(?:吧|了)?"
)
_SIGNS = re.compile(r"\W+")


def typed_number(text: str) -> int | None:
    """The number a short message is, however it is written: １, ①, 一, "1。", "选1", "第一个"; else None."""
    if len(text) > 12:
        return None
    found = _NUMBER.fullmatch(_SIGNS.sub("", fold(text)))
    if found is None:
        return None
    said = found[1]
    if said.isdecimal():
        return int(said) or None
    return 10 * said.startswith("十") + 1 + _DIGITS.find(said[-1])


def numbered(rows: Rows) -> tuple[Rows, tuple[Option, ...]]:
    """The options with their numbers on them, and the same in the order of the numbers; links have none."""
    tapped = tuple(option for row in rows for option in row if option.id)
    numbers = {option: place for place, option in enumerate(tapped, 1)}
    shown = tuple(
        tuple(Option(f"{numbers[one]} {one.label}", one.id) if one.id else one for one in row) for row in rows
    )
    return shown, tapped


def one_to_a_row(rows: Rows) -> Rows:
    """Few options large, one below the other; many as they stood."""
    options = [option for row in rows for option in row]
    return tuple((option,) for option in options) if len(options) <= FEW else rows
