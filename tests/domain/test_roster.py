"""The map of a door: floors from the top, rows that fit a phone, nobody left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.roster import COLUMNS_MOST, floor_of, rows_of


@pytest.mark.parametrize(
    ("label", "floor"),
    [
        ("502", 5),
        ("1203", 12),
        ("10203", 102),
        ("0501", 5),
        ("A-302", 3),
        ("2-501", 5),
        ("501A", 5),
        ("12-3", None),
        ("门卫", None),
        ("B1", None),
        ("7", None),
        ("", None),
        ("123456", None),
    ],
)
def test_a_label_tells_its_floor(label: str, floor: int | None) -> None:
    """As people count: the last two digits are the room."""
    assert floor_of(label) == floor


def test_the_top_floor_stands_on_top() -> None:
    """As in front of the house; what has no floor stands below."""
    labels = ["101", "102", "门卫", "201", "202", "1001"]
    assert rows_of([(label, label) for label in labels]) == [
        ["1001"],
        ["201", "202"],
        ["101", "102"],
        ["门卫"],
    ]


def test_a_long_floor_is_broken_evenly() -> None:
    """Eight are four and four, not six and two."""
    units = [(f"3{number:02}", number) for number in range(1, 9)]
    assert rows_of(units) == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert rows_of([]) == []


@given(st.lists(st.text("0123456789A-门", max_size=5), max_size=60))
def test_every_unit_stands_on_the_map_once(labels: list[str]) -> None:
    """Whatever the register calls them."""
    rows = rows_of([(label, number) for number, label in enumerate(labels)])
    assert sorted(one for row in rows for one in row) == list(range(len(labels)))
    assert all(1 <= len(row) <= COLUMNS_MOST for row in rows)
