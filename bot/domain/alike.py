"""What belongs together: how likely two reports are about one matter, and what neighbours read of it (R6)."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from bot.domain.folding import bigrams, fold
from bot.domain.posts import Place

ALIKE_AT: Final = 0.22
"""The likeness from which two reports of one kind at one place are taken for the same matter.

Measured on the pairs of tests/domain/alike_pairs.tsv: 36 of 38 are found and none of 41 is a false alarm; of
6,162 pairs of real messages of one kind 28 are. Lower, false alarms soon grow, and they cost more than a
miss, which the handler can still merge.
"""
TOLD_AT: Final = (1, 2, 3, 5)
"""After how many followers the handler hears of it; then at 10, 20, 30 … In between only the card changes."""
_READ_MOST: Final = 300
_WHERE: Final = re.compile("[0-9一二三四五六七八九十]+(?:号楼|栋|幢|座|单元|楼|层|室|号)")
_PHONE: Final = re.compile(r"\+?[0-9](?:[ -]?[0-9]){6,}")


def likeness(one: str, other: str) -> float:
    """How much two texts have in common, 0 to 1: Dice's coefficient of their pairs of characters.

    Buildings, doors and floors are left out: the place is compared as a place.
    """
    pairs, others = _pairs(one), _pairs(other)
    count = pairs.total() + others.total()
    return 2 * (pairs & others).total() / count if count else 0.0


def _pairs(text: str) -> Counter[str]:
    return Counter(bigrams(_WHERE.sub(" ", fold(text[:_READ_MOST]))))


def closeness(one: Place, other: Place) -> float | None:
    """How near two places are, 0 to 1; None when nothing at the one can be the same as at the other."""
    if one == other:
        return 1.0
    levels = (
        (one.compound_id, other.compound_id),
        (one.building_id, other.building_id),
        (one.entrance_id, other.entrance_id),
    )
    if any(here != there and None not in (here, there) for here, there in levels):
        return None
    if (one.building_id is None) != (other.building_id is None):
        return None
    return 0.5


@dataclass(frozen=True, slots=True)
class Matter:
    """What is compared of a report."""

    category: str
    place: Place
    text: str


def alikeness(one: Matter, other: Matter) -> float:
    """For ranking: the likeness of the words, the nearness of the places, whether the kind is the same."""
    near = closeness(one.place, other.place) or 0.0
    return likeness(one.text, other.text) + near / 2 + (one.category == other.category) / 4


def is_alike(one: Matter, other: Matter) -> bool:
    """Whether two reports, made shortly after each other, are probably about the same matter.

    They are of one kind, and at the same door or home; anywhere larger their words have to say so.
    """
    if one.category != other.category or closeness(one.place, other.place) is None:
        return False
    is_one_door = one.place == other.place and one.place.kind in ("entrance", "unit")
    return is_one_door or likeness(one.text, other.text) >= ALIKE_AT


def is_told(followers: int) -> bool:
    """Whether the handler hears of the follower who makes it so many."""
    return followers in TOLD_AT or (followers > 0 and followers % 10 == 0)


def seen_from_outside(place: Place) -> Place:
    """A place as neighbours may be told of it: the door or the building of a home, not the home."""
    if place.kind != "unit":
        return place
    kind = "building" if place.entrance_id is None else "entrance"
    return Place(kind, place.compound_id, place.building_id, place.entrance_id)


def without_phones(text: str) -> str:
    """What neighbours may read of a text: a number one could call is nobody's business."""
    return _PHONE.sub("****", text)
