"""How much is too much, and when two reports are one said twice."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.abuse import Limits, begin_of_day, is_danger, says_the_same
from bot.domain.categories import DEFAULT_CATEGORIES

KINDS = {one.key: one for one in DEFAULT_CATEGORIES}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("二楼的灯坏了", "二楼的灯坏了", True),
        ("二楼的灯坏了", "二樓的燈壞了！！", True),
        ("二楼的灯坏了好几天了没人管", "二楼的灯坏了好几天了没人管啊", True),
        ("二楼的灯坏了", "三楼的灯坏了", False),
        ("二楼的灯坏了", "二楼的门坏了", False),
        ("灯坏了", "电梯坏了", False),
        ("", "", False),
        ("！！", "！！", False),
        ("", "灯坏了", False),
    ],
)
def test_the_same_words(one: str, other: str, *, same: bool) -> None:
    """Script, marks and an 啊 make no difference; another floor does; photos alone say nothing."""
    assert says_the_same(one, other) is same
    assert says_the_same(other, one) is same


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_written(one: str, other: str) -> None:
    """Never an error, and the same with itself unless it has no words."""
    assert says_the_same(one, other) in (True, False)
    assert says_the_same(one, one) or not says_the_same(one, one + "灯坏了")


@pytest.mark.parametrize(
    ("kind", "text", "danger"),
    [("lift", "", True), ("lighting", "灯坏了", False), ("lighting", "着火了！", True), ("other", "", False)],
)
def test_danger_by_kind_or_words(kind: str, text: str, *, danger: bool) -> None:
    """Either will do."""
    assert is_danger(KINDS[kind], text) is danger


def test_a_day_begins_at_midnight_in_the_compound() -> None:
    """Two in the morning in Ya'an is still yesterday in UTC."""
    now = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert begin_of_day(now, ZoneInfo("Asia/Shanghai")) == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("limits", [(0, 30), (31, 30), (-1, 1)])
def test_limits_leave_room(limits: tuple[int, int]) -> None:
    """At least one report, and not fewer dangers than reports."""
    with pytest.raises(ValueError, match="reports_per_day"):
        Limits(*limits)
