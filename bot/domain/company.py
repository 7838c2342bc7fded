"""Who comes along, and how many seats there are, as people write it."""

import re
from collections.abc import Iterable

from bot.domain.dates import NUMBER, number
from bot.domain.folding import fold

_BETWEEN = re.compile(r"[、,，;；/\n]+|\s+(?:and|&)\s+")
_ME = frozenset(("我", "我自己", "自己", "本人", "i", "me", "myself"))
_ME_AND = re.compile("^我(?:和|跟|与|與|同)")
_HOW_MANY = re.compile(
    rf"[+-]?\s*(?:[0-9]+|{NUMBER}|[两俩仨几])\s*[个位名口]?\s*(?:大?人|小孩|孩子|people|persons?|guests?|kids?)?"
)
_SEATS = re.compile(r"[^\d.\-−]{0,6}([0-9]{1,6})\D{0,6}")
_SEATS_IN_WORDS = re.compile(rf"(?:一共|总共|最多|大约|约)?({NUMBER})\s*个?[位名人席]?")


def read_names(text: str) -> tuple[str, ...]:
    """The names somebody wrote, parted by commas or lines; Chinese ones also by spaces.

    None at all when some of it says how many come (两个人, +2) instead of who.
    """
    text = _ME_AND.sub("", text.strip())
    pieces = _BETWEEN.split(text)
    if len(pieces) == 1 and not re.search("[a-zA-Z]", text):
        pieces = text.split()
    names = tuple(piece.strip() for piece in pieces if piece.strip())
    return () if any(_HOW_MANY.fullmatch(fold(name)) for name in names) else names


def others_of(names: Iterable[str], own: str) -> tuple[str, ...]:
    """Who comes along: who brings the family need not be named, and may be (我, or by `own` name)."""
    return tuple(name for name in names if fold(name) not in {fold(own), *_ME})


def read_seats(text: str) -> int | None:
    """How many seats: 30, 最多30人, 三十; None for what is no whole number, or has a minus before it."""
    words = fold(text).strip()
    found = _SEATS.fullmatch(words) or _SEATS_IN_WORDS.fullmatch(words)
    return number(found[1]) if found else None
