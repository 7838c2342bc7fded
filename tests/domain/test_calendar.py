"""Which days are working days."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import EVERYBODY, OwnDays, WorkCalendar, own_days, public_holidays, strangers

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar(SHANGHAI)

# The State Council's notice for 2026: every day off with its neighbours, every make-up workday.
DAYS_OFF_2026 = [
    *("2026-01-01", "2026-01-02", "2026-01-03"),
    *(f"2026-02-{day}" for day in range(15, 24)),
    *("2026-04-04", "2026-04-05", "2026-04-06"),
    *(f"2026-05-0{day}" for day in range(1, 6)),
    *("2026-06-19", "2026-06-20", "2026-06-21"),
    *("2026-09-25", "2026-09-26", "2026-09-27"),
    *(f"2026-10-0{day}" for day in range(1, 8)),
]
MAKE_UP_2026 = ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"]


@pytest.mark.parametrize("day", DAYS_OFF_2026)
def test_a_public_holiday_is_off(day: str) -> None:
    """Every day of the notice is off, also those that fall on a weekday."""
    assert not CHINA.is_workday(date.fromisoformat(day))


@pytest.mark.parametrize("day", MAKE_UP_2026)
def test_a_make_up_day_is_a_workday(day: str) -> None:
    """調休: a weekend day that pays for a holiday is worked."""
    made_up = date.fromisoformat(day)

    assert made_up.weekday() >= 5
    assert CHINA.is_workday(made_up)


def test_every_other_day_of_2026_follows_the_week() -> None:
    """What the notice does not name is Monday to Friday: 248 workdays in all."""
    first, last = date(2026, 1, 1).toordinal(), date(2026, 12, 31).toordinal()
    days = [date.fromordinal(ordinal) for ordinal in range(first, last + 1)]
    other = [day for day in days if str(day) not in (*DAYS_OFF_2026, *MAKE_UP_2026)]

    assert [day for day in other if CHINA.is_workday(day) != (day.weekday() < 5)] == []
    assert sum(map(CHINA.is_workday, days)) == 248


def test_a_make_up_day_for_the_next_year_counts_in_its_own() -> None:
    """New Year of 2012 was paid for on Saturday 2011-12-31."""
    assert CHINA.is_workday(date(2011, 12, 31))


def test_public_holidays_have_their_weekends_and_no_others() -> None:
    """Exactly the days off that the notice of 2026 names."""
    assert public_holidays(2026) == {date.fromisoformat(day) for day in DAYS_OFF_2026}


def test_before_the_notice_the_days_of_the_law_are_known() -> None:
    """National Day comes every year."""
    assert {date(2040, 10, 1), date(2040, 10, 2), date(2040, 10, 3)} <= public_holidays(2040)


@given(st.dates(min_value=date(2100, 1, 1)) | st.dates(max_value=date(1999, 12, 31)))
def test_a_year_without_a_notice_is_monday_to_friday(day: date) -> None:
    """Far years neither raise nor guess: New Year's Day 2100, a Friday, counts as worked."""
    assert CHINA.is_workday(day) == (day.weekday() < 5)


def test_an_estimated_holiday_is_no_promise() -> None:
    """The package estimates 1 October for years to come; without a notice that is a plain weekday."""
    assert CHINA.is_workday(date(2099, 10, 1))


def test_a_compound_adds_its_own_days() -> None:
    """A compound's days win over the week, over a holiday and over a make-up day."""
    own = WorkCalendar(
        SHANGHAI,
        days_off=frozenset({date(2026, 3, 4), date(2026, 2, 14)}),
        extra_workdays=frozenset({date(2026, 3, 7), date(2026, 10, 1)}),
    )

    assert not own.is_workday(date(2026, 3, 4))
    assert not own.is_workday(date(2026, 2, 14))
    assert own.is_workday(date(2026, 3, 7))
    assert own.is_workday(date(2026, 10, 1))
    assert own.is_workday(date(2026, 3, 5))


def test_one_compounds_days_win_over_everybodys() -> None:
    """What everybody has off a compound may work, and the other way round; the rest adds up."""
    first, second, third = date(2026, 3, 4), date(2026, 3, 7), date(2026, 3, 5)
    everybody = OwnDays(off=frozenset({first, third}), work=frozenset({second}))
    own = OwnDays(off=frozenset({second}), work=frozenset({first}))

    calendar = WorkCalendar.of(SHANGHAI, everybody, own)

    assert [calendar.is_workday(day) for day in (first, second, third)] == [True, False, False]
    assert WorkCalendar.of(SHANGHAI, OwnDays(), OwnDays()) == CHINA


def test_days_of_the_configuration() -> None:
    """Dates or texts; by the code of the compound, and for everybody; a code nobody has is told."""
    days = own_days({"off": [date(2026, 3, 4)], "work": ["2026-03-07"], "a-1": {"off": ["2026-03-07"]}})

    assert days == {
        EVERYBODY: OwnDays(frozenset({date(2026, 3, 4)}), frozenset({date(2026, 3, 7)})),
        "a-1": OwnDays(frozenset({date(2026, 3, 7)})),
    }
    assert own_days({}) == {EVERYBODY: OwnDays()}
    assert strangers(days, ["a-1", "b-2"]) == []
    assert strangers(days, ["b-2"]) == ["a-1"]


@pytest.mark.parametrize(
    "day", ["2026-3-4", "20260304", "2026-02-30", 20260304, datetime(2026, 3, 4, tzinfo=UTC), True]
)
def test_what_is_no_day_is_refused(day: object) -> None:
    """Only whole days, written in full."""
    with pytest.raises(ValueError, match=r"^a-1\.work: .* is not a day"):
        own_days({"a-1": {"work": [day]}})


def test_a_day_cannot_be_both() -> None:
    """A contradiction in the configuration is refused with the day's name."""
    day = frozenset({date(2026, 3, 4)})

    with pytest.raises(ValueError, match="2026-03-04"):
        WorkCalendar(SHANGHAI, days_off=day, extra_workdays=day)


@pytest.mark.parametrize(
    ("zone", "day", "begins"),
    [
        ("Asia/Shanghai", date(2026, 10, 1), datetime(2026, 9, 30, 16, tzinfo=UTC)),
        ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 8, 5, tzinfo=UTC)),
        ("America/New_York", date(2026, 3, 9), datetime(2026, 3, 9, 4, tzinfo=UTC)),
        # Clocks went from 00:00 to 01:00, so the day began at 01:00.
        ("America/Sao_Paulo", date(2018, 11, 4), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        # Clocks went from 01:00 back to 00:00, so the day began at the first of two.
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, tzinfo=UTC)),
        # Samoa left out 30 December: it begins and ends at once.
        ("Pacific/Apia", date(2011, 12, 30), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Pacific/Apia", date(2011, 12, 31), datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ],
)
def test_midnight(zone: str, day: date, begins: datetime) -> None:
    """A local day begins at its first instant, whatever the clocks on the wall do."""
    assert begins == WorkCalendar(ZoneInfo(zone)).midnight(day)
