"""The map of a door: units by floor, as somebody in front of the house sees them."""

import re
from collections.abc import Sequence
from typing import TypeVar

COLUMNS_MOST = 6
"""Buttons side by side that can be read on a phone."""

_Unit = TypeVar("_Unit")
_ROOM = re.compile(r"(?<![0-9])([0-9]{1,3})[0-9]{2}(?![0-9])")


def floor_of(label: str) -> int | None:
    """The floor a unit's label tells by its last group of three to five digits; None where it tells none.

    "502" is on 5, "1203" on 12, "0501" on 5, "A-302" on 3; "12-3", "门卫" and "B1" tell nothing.
    """
    rooms = _ROOM.findall(label)
    return int(rooms[-1]) if rooms else None


def rows_of(units: Sequence[tuple[str, _Unit]]) -> list[list[_Unit]]:
    """The units by (label, unit) in rows of at most COLUMNS_MOST, the top floor first, without floor last.

    A floor of more units is broken into rows of about the same length; the order within a floor is kept.
    """
    floors: dict[int | None, list[_Unit]] = {}
    for label, unit in units:
        floors.setdefault(floor_of(label), []).append(unit)
    rows: list[list[_Unit]] = []
    for floor in sorted(floors, key=lambda one: (one is None, -(one or 0))):
        on_floor = floors[floor]
        count = -(-len(on_floor) // COLUMNS_MOST)
        width = -(-len(on_floor) // count)
        rows += [on_floor[at : at + width] for at in range(0, len(on_floor), width)]
    return rows
