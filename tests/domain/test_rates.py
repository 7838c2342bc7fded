"""Rates and how sure one may be of them; months and mornings of the local calendar."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.rates import Figures, Month, Rate, next_first, next_monday, week_before

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


def local(zone: ZoneInfo, *when: int) -> datetime:
    """An instant told in local time."""
    year, month, day, hour, minute = (*when, 0, 0)[:5]
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("part", "whole", "percent", "interval", "is_few"),
    [
        (0, 0, None, (0, 100), True),
        (4, 4, None, (51, 100), True),
        (3, 5, 60, (23, 88), True),
        (9, 9, 100, (70, 100), True),
        (0, 10, 0, (0, 28), False),
        (25, 30, 83, (66, 93), False),
        (1, 8, 13, (2, 47), True),
        (100, 200, 50, (43, 57), False),
    ],
)
def test_a_rate_says_how_sure_it_is(
    part: int, whole: int, percent: int | None, interval: tuple[int, int], is_few: bool
) -> None:
    """Wilson's interval, as published tables have it; no percentage below five, a caution below ten."""
    rate = Rate(part, whole)
    assert (rate.percent, rate.interval, rate.is_few) == (percent, interval, is_few)


@given(st.integers(1, 500).flatmap(lambda whole: st.tuples(st.integers(0, whole), st.just(whole))))
def test_the_interval_holds_the_rate(counted: tuple[int, int]) -> None:
    """Never outside 0–100, always around the share, and the narrower the more there is."""
    rate = Rate(*counted)
    low, high = rate.interval
    assert 0 <= low <= 100 * rate.part / rate.whole + 0.5
    assert 100 >= high >= 100 * rate.part / rate.whole - 0.5
    more = Rate(rate.part * 4, rate.whole * 4).interval
    assert more[1] - more[0] <= high - low


def test_silence_is_neither_solved_nor_satisfied() -> None:
    """What nobody answered stands in the denominator of what was asked, and in no satisfaction."""
    figures = Figures(asked=4, fixed=1, no_reply=3, closed=4, unrated=3, rated=1, satisfied=1)
    assert figures.resolution == Rate(1, 4)
    assert figures.satisfaction == Rate(1, 1)
    assert not figures.is_empty
    assert Figures().is_empty


def test_a_month_is_a_month_there() -> None:
    """It begins at local midnight, whatever the offset; months are counted over the turn of a year."""
    november = Month(2026, 11)
    assert november.bounds(SHANGHAI) == (local(SHANGHAI, 2026, 11, 1), local(SHANGHAI, 2026, 12, 1))
    assert Month(2026, 10).bounds(BERLIN) == (
        datetime(2026, 9, 30, 22, tzinfo=UTC),
        datetime(2026, 10, 31, 23, tzinfo=UTC),
    )
    assert Month.of(datetime(2026, 10, 31, 16, tzinfo=UTC), SHANGHAI) == november
    assert (november.plus(2), november.plus(-11), november.plus(0)) == (
        Month(2027, 1),
        Month(2025, 12),
        november,
    )
    assert Month.read(str(november)) == november


@pytest.mark.parametrize(
    "written", ["", "2026", "2026-13", "2026-00", "2026-1", "26-11", "2026-11-01", "２０２６-11", "x-11"]
)
def test_what_is_no_month_is_refused(written: str) -> None:
    """A button's payload is hostile, and people mistype."""
    with pytest.raises(ValueError, match="not a month"):
        Month.read(written)


def test_mondays_and_firsts() -> None:
    """The next one is after now, never now; the week that is told is the last full one."""
    at = time(9)
    before = local(SHANGHAI, 2026, 11, 30, 8, 59)
    monday = local(SHANGHAI, 2026, 11, 30, 9)
    assert next_monday(before, at, SHANGHAI) == monday
    assert next_monday(monday, at, SHANGHAI) == local(SHANGHAI, 2026, 12, 7, 9)
    first = local(SHANGHAI, 2026, 12, 1, 9)
    assert next_first(before, at, SHANGHAI) == first
    assert next_first(first, at, SHANGHAI) == local(SHANGHAI, 2027, 1, 1, 9)
    week = local(SHANGHAI, 2026, 11, 23), local(SHANGHAI, 2026, 11, 30)
    assert week_before(monday, SHANGHAI) == week
    assert week_before(local(SHANGHAI, 2026, 12, 3, 12), SHANGHAI) == week
