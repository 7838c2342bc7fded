"""Numbers as people type them, and options as they stand in simple mode."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.elders import FEW, numbered, one_to_a_row, typed_number
from bot.domain.options import Option

ONE = [
    "1",
    "１",
    "①",
    "一",
    "1。",
    "1.",
    "1、",
    "选1",
    "選1",
    "我选1",
    "第一个",
    "回复 1",
    "回覆1",
    "１。",
    "1️⃣",
]
OTHERS = {
    "2": 2,
    "二": 2,
    "十": 10,
    "十一": 11,
    "１２": 12,
    "②！": 2,
    "option 3": 3,
    "No. 3": 3,
    "reply 2": 2,
}
NONE = [
    "",
    "0",
    "501",
    "1号",
    "3栋",
    "两个",
    "灯坏了",
    "一楼灯坏了",
    "1 盏灯坏了",
    "一二三",
    "👍",
    "13900000000",
]


@pytest.mark.parametrize("text", ONE)
def test_one_is_one(text: str) -> None:
    """In any script, with a full stop, or as a sentence of two words."""
    assert typed_number(text) == 1


@pytest.mark.parametrize(("text", "number"), OTHERS.items())
def test_other_numbers(text: str, number: int) -> None:
    """Up to two digits."""
    assert typed_number(text) == number


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_number(text: str) -> None:
    """A room, a building, a report that begins with one."""
    assert typed_number(text) is None


@given(st.text(max_size=30))
def test_any_text_is_read(text: str) -> None:
    """Never an error, never nought."""
    assert typed_number(text) is None or 0 < (typed_number(text) or 0) < 100


def test_few_options_stand_one_below_the_other() -> None:
    """Many keep their rows; links have no number, and every number is on its button."""
    few = ((Option("是", "a"), Option("看网页", url="https://t.me/x")), (Option("否", "b"),))
    shown, options = numbered(one_to_a_row(few))
    assert [[one.label for one in row] for row in shown] == [["1 是"], ["看网页"], ["2 否"]]
    assert [one.id for one in options] == ["a", "b"]
    many = (tuple(Option(str(place), f"p:{place}") for place in range(FEW + 1)),)
    assert one_to_a_row(many) == many
