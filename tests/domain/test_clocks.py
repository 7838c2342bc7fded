"""Elapsed time, terms, stopping and resuming, quiet hours."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.calendar import WorkCalendar
from bot.domain.clocks import Clock, QuietHours, RunningClock, Terms, advance, elapsed, terms

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar(SHANGHAI)
# Both nights of 2026 in which New York changes its clocks are Sundays; here they are worked.
NEW_YORK = WorkCalendar(
    ZoneInfo("America/New_York"), extra_workdays=frozenset({date(2026, 3, 8), date(2026, 11, 1)})
)
ZERO = timedelta()
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)

kinds = st.sampled_from(Clock)
calendars = st.sampled_from(
    [
        CHINA,
        NEW_YORK,
        # Clocks that change at or across midnight, and a day that was left out.
        WorkCalendar(ZoneInfo("Africa/Cairo")),
        WorkCalendar(ZoneInfo("America/Havana")),
        WorkCalendar(ZoneInfo("America/Sao_Paulo")),
        WorkCalendar(ZoneInfo("America/St_Johns")),
        WorkCalendar(ZoneInfo("Pacific/Apia")),
    ]
)
instants = st.timedeltas(ZERO, timedelta(days=9000)).map(
    lambda after: datetime(2005, 1, 1, tzinfo=UTC) + after
)
durations = st.timedeltas(ZERO, timedelta(days=60))
some_terms = st.timedeltas(timedelta(minutes=1), timedelta(days=30))


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """An instant from a local time such as "2026-09-30 10:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("filed", "days", "due"),
    [
        ("2026-03-02 10:00", 7, "2026-03-11 10:00"),  # Monday, one weekend
        ("2026-03-07 10:00", 7, "2026-03-18 00:00"),  # Saturday: starts on Monday 00:00
        ("2026-03-07 10:00", 0, "2026-03-07 10:00"),  # nothing has run at once
        ("2026-03-06 00:00", 1, "2026-03-07 00:00"),  # ends with Friday, not when Monday begins
        ("2026-02-14 10:00", 1, "2026-02-24 10:00"),  # a worked Saturday, then nine days of Spring Festival
        ("2026-02-13 10:00", 7, "2026-03-02 10:00"),  # both make-up Saturdays count
        ("2026-09-30 10:00", 1, "2026-10-08 10:00"),  # National Day week is off
        ("2026-09-30 10:00", 7, "2026-10-15 10:00"),  # … and Saturday the 10th is worked
        ("2026-10-03 10:00", 7, "2026-10-16 00:00"),  # filed on a holiday: starts on Thursday the 8th
        ("2026-09-18 12:00", 2, "2026-09-21 12:00"),  # Friday; Sunday the 20th is worked
        ("2026-05-08 09:00", 15, "2026-05-28 09:00"),  # the Saturday after Labour Day is worked
        ("2026-01-01 12:00", 1, "2026-01-05 00:00"),  # New Year; Sunday the 4th is worked
    ],
)
def test_a_term_of_working_days(filed: str, days: int, due: str) -> None:
    """Only workdays run, 24 hours each; holidays and make-up days of 2026 are known."""
    assert local(due) == advance(local(filed), timedelta(days=days), Clock.WORKDAYS, CHINA)


@pytest.mark.parametrize(
    ("start", "end", "ran"),
    [
        ("2026-03-06 18:00", "2026-03-09 06:00", 12 * HOUR),
        ("2026-03-07 10:00", "2026-03-08 22:00", ZERO),
        ("2026-02-14 00:00", "2026-02-15 00:00", DAY),
        ("2026-09-30 10:00", "2026-10-08 00:00", 14 * HOUR),
        ("2026-09-30 10:00", "2026-09-30 09:00", ZERO),
    ],
)
def test_elapsed_on_working_days(start: str, end: str, ran: timedelta) -> None:
    """Weekends and holidays do not count; an end before the start is nothing, not less."""
    assert ran == elapsed(local(start), local(end), Clock.WORKDAYS, CHINA)


def test_elapsed_always_is_real_time() -> None:
    """Danger and utility run through nights, weekends and holidays; backwards is nothing."""
    start, end = local("2026-10-01 23:00"), local("2026-10-03 01:00")

    assert elapsed(start, end, Clock.ALWAYS, CHINA) == 26 * HOUR
    assert elapsed(end, start, Clock.ALWAYS, CHINA) == ZERO
    assert end == advance(start, 26 * HOUR, Clock.ALWAYS, CHINA)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-03-10", 24)])
def test_a_workday_with_a_change_of_offset_has_its_real_length(day: str, hours: int) -> None:
    """In spring the worked Sunday has 23 hours, in autumn 25, and both directions agree."""
    midnight = NEW_YORK.midnight(date.fromisoformat(day))
    next_midnight = NEW_YORK.midnight(date.fromisoformat(day) + DAY)

    assert hours * HOUR == elapsed(midnight, next_midnight, Clock.WORKDAYS, NEW_YORK)
    assert next_midnight == advance(midnight, hours * HOUR, Clock.WORKDAYS, NEW_YORK)


def test_an_hour_after_its_own_midnight_counts_once() -> None:
    """St John's went back from 00:01 to 23:01: that hour is Saturday's on the wall, after Sunday began."""
    weekend = frozenset({date(2006, 10, 28), date(2006, 10, 29)})
    worked = WorkCalendar(ZoneInfo("America/St_Johns"), extra_workdays=weekend)
    start = datetime(2006, 10, 29, 2, 45, tzinfo=UTC)

    assert elapsed(start, start + HOUR, Clock.WORKDAYS, worked) == HOUR
    assert start + HOUR == advance(start, HOUR, Clock.WORKDAYS, worked)


def test_a_week_in_new_york_ends_at_the_same_local_time() -> None:
    """With an ordinary, unworked Sunday the change of offset inside a term is not felt."""
    plain = WorkCalendar(ZoneInfo("America/New_York"))

    due = advance(local("2026-03-06 10:00", plain.timezone), 2 * DAY, Clock.WORKDAYS, plain)

    assert local("2026-03-10 10:00", plain.timezone) == due


@settings(deadline=None)
@given(calendars, instants, st.integers(0, 6 * 96))
def test_elapsed_is_what_counting_quarters_gives(
    calendar: WorkCalendar, start: datetime, quarters: int
) -> None:
    """A slow second opinion: count the quarters of an hour whose local day is worked."""
    quarter = timedelta(minutes=15)
    start = start.replace(minute=0, second=0, microsecond=0)
    days = ((start + step * quarter).astimezone(calendar.timezone).date() for step in range(quarters))
    counted = sum(map(calendar.is_workday, days))

    measured = elapsed(start, start + quarters * quarter, Clock.WORKDAYS, calendar)

    # Clocks of St John's changed a minute after midnight: there a local day may come back for an hour.
    tolerance = HOUR if calendar.timezone.key == "America/St_Johns" else ZERO
    assert abs(measured - counted * quarter) <= tolerance


@settings(deadline=None)
@given(calendars, kinds, instants, durations)
def test_advance_is_the_inverse_of_elapsed(
    calendar: WorkCalendar, kind: Clock, start: datetime, duration: timedelta
) -> None:
    """Exactly the duration has run at that instant, and less the microsecond before."""
    end = advance(start, duration, kind, calendar)

    assert duration == elapsed(start, end, kind, calendar)
    assert not duration or elapsed(start, end - MICROSECOND, kind, calendar) < duration


@settings(deadline=None)
@given(calendars, kinds, instants, durations, durations)
def test_elapsed_adds_up(
    calendar: WorkCalendar, kind: Clock, start: datetime, first: timedelta, second: timedelta
) -> None:
    """Two stretches in a row run as much as both together, and never backwards."""
    middle, end = start + first, start + first + second
    parts = elapsed(start, middle, kind, calendar), elapsed(middle, end, kind, calendar)

    assert elapsed(start, end, kind, calendar) == sum(parts, ZERO)
    assert all(ZERO <= part <= length for part, length in zip(parts, (first, second), strict=True))


@settings(deadline=None)
@given(calendars, kinds, instants, durations, durations)
def test_advance_is_monotone(
    calendar: WorkCalendar, kind: Clock, start: datetime, first: timedelta, second: timedelta
) -> None:
    """A longer duration ends later; a later start never ends earlier; in two steps as in one."""
    end = advance(start, first, kind, calendar)

    assert (advance(start, first + second, kind, calendar) > end) == (second > ZERO)
    assert advance(start + second, first, kind, calendar) >= end
    # A first step that ends with a workday may leave the second nothing to do at that very midnight.
    assert advance(end, second, kind, calendar) == advance(start, first + second, kind, calendar)


def test_a_negative_duration_is_refused() -> None:
    """There is no instant by which less than nothing has run."""
    with pytest.raises(ValueError, match="negative"):
        advance(local("2026-03-02 10:00"), -HOUR, Clock.ALWAYS, CHINA)


@dataclass(frozen=True, slots=True)
class CountingCalendar(WorkCalendar):
    """A calendar that notes which days it was asked for."""

    asked: list[date] = field(default_factory=list)

    def is_workday(self, day: date) -> bool:
        """Note the day, then answer as usual."""
        self.asked.append(day)
        return WorkCalendar.is_workday(self, day)


def test_ten_years_are_walked_by_day() -> None:
    """A long term asks once for each day, never for a minute."""
    calendar = CountingCalendar(SHANGHAI)
    start = local("2020-01-01 10:00")

    end = advance(start, timedelta(days=2500), Clock.WORKDAYS, calendar)

    assert end - start > timedelta(days=3600)
    assert len(calendar.asked) == len(set(calendar.asked)) == (end - start) // DAY + 1


def test_default_terms() -> None:
    """The four urgencies of the product, the last two in working days."""
    assert Terms(timedelta(minutes=30), 2 * HOUR, Clock.ALWAYS) == terms("danger")
    assert Terms(2 * HOUR, 24 * HOUR, Clock.ALWAYS) == terms("utility")
    assert Terms(24 * HOUR, 7 * DAY, Clock.WORKDAYS) == terms("ordinary")
    assert Terms(48 * HOUR, 15 * DAY, Clock.WORKDAYS) == terms("complex")


def test_terms_can_be_overridden() -> None:
    """A category's time wins over the configured urgency, that over the default, each on its own."""
    configured = {"ordinary": Terms(12 * HOUR, 5 * DAY, Clock.ALWAYS)}

    assert configured["ordinary"] == terms("ordinary", configured=configured)
    assert Terms(12 * HOUR, DAY, Clock.ALWAYS) == terms("ordinary", resolve_by=DAY, configured=configured)
    assert Terms(HOUR, 7 * DAY, Clock.WORKDAYS) == terms("ordinary", accept_by=HOUR)
    assert terms("danger") == terms("danger", configured=configured)
    with pytest.raises(KeyError):
        terms("whenever")


def running(term: timedelta, since: datetime, kind: Clock = Clock.ALWAYS) -> RunningClock:
    """A fresh clock in Shanghai."""
    return RunningClock(term, ZERO, since, kind, CHINA)


def test_a_clock_stops_and_resumes() -> None:
    """Two of seven working days, a question of four days, then the remaining five."""
    clock = running(7 * DAY, local("2026-03-02 10:00"), Clock.WORKDAYS)
    asked, answered = local("2026-03-04 10:00"), local("2026-03-08 10:00")

    stopped = clock.stopped(asked)
    resumed = stopped.resumed(answered)

    assert local("2026-03-11 10:00") == clock.due()
    assert 2 * DAY == stopped.used == stopped.used_at(answered)
    assert Fraction(2, 7) == stopped.fraction_at(answered)
    assert stopped.due() is None
    assert stopped.at_fraction(1, 2) is None
    assert stopped == stopped.stopped(answered)
    # The answer came on a Sunday: the clock goes on with Monday.
    assert local("2026-03-14 00:00") == resumed.due()
    assert resumed == resumed.resumed(answered + HOUR)


def test_fractions_of_a_term() -> None:
    """Half, four fifths and one and a half of two hours; what had run before is due at once."""
    start = local("2026-03-02 10:00")
    clock = running(2 * HOUR, start)

    assert start + HOUR == clock.at_fraction(1, 2)
    assert start + timedelta(minutes=96) == clock.at_fraction(80, 100)
    assert start + 3 * HOUR == clock.at_fraction(3, 2)
    assert Fraction(3, 2) == clock.fraction_at(start + 3 * HOUR)
    later = start + DAY
    assert later == clock.stopped(start + HOUR).resumed(later).at_fraction(1, 4)


def test_a_clock_that_jumped_back_takes_nothing_away() -> None:
    """A stop dated before the start, as after a corrected machine clock, uses nothing."""
    clock = RunningClock(2 * HOUR, HOUR, local("2026-03-02 10:00"), Clock.ALWAYS, CHINA)

    assert clock.used == clock.stopped(local("2026-03-02 09:00")).used


@pytest.mark.parametrize(("term", "used"), [(ZERO, ZERO), (-HOUR, ZERO), (HOUR, -MICROSECOND)])
def test_an_impossible_clock_is_refused(term: timedelta, used: timedelta) -> None:
    """A term is positive, what was used is not negative."""
    with pytest.raises(ValueError, match="term"):
        RunningClock(term, used, None, Clock.ALWAYS, CHINA)


@settings(deadline=None)
@given(calendars, kinds, instants, some_terms, st.lists(st.tuples(durations, durations), max_size=4))
def test_stopping_conserves_what_was_used(
    calendar: WorkCalendar,
    kind: Clock,
    start: datetime,
    term: timedelta,
    stretches: list[tuple[timedelta, timedelta]],
) -> None:
    """Used time is the sum of the running stretches, and the rest of the term still lies ahead."""
    clock = RunningClock(term, ZERO, start, kind, calendar)
    now, expected = start, ZERO
    for run, pause in stretches:
        expected += elapsed(now, now + run, kind, calendar)
        clock = clock.stopped(now + run).resumed(now + run + pause)
        now += run + pause
        assert expected == clock.used == clock.used_at(now)
    due = clock.due()
    assert due is not None
    assert max(term, expected) == clock.used_at(due)


@settings(deadline=None)
@given(calendars, kinds, instants, some_terms, st.fractions(Fraction(1, 100), 4, max_denominator=100))
def test_at_fraction_is_the_earliest_instant(
    calendar: WorkCalendar, kind: Clock, start: datetime, term: timedelta, part: Fraction
) -> None:
    """At that instant the fraction has been reached, the microsecond before it has not."""
    clock = RunningClock(term, ZERO, start, kind, calendar)

    at = clock.at_fraction(part.numerator, part.denominator)

    assert at is not None
    assert clock.fraction_at(at - MICROSECOND) < part <= clock.fraction_at(at)


@pytest.mark.parametrize(
    ("due", "released"),
    [
        ("2026-03-02 20:59", "2026-03-02 20:59"),
        ("2026-03-02 21:00", "2026-03-03 08:00"),
        ("2026-03-02 23:59", "2026-03-03 08:00"),
        ("2026-03-03 00:00", "2026-03-03 08:00"),
        ("2026-03-03 07:59", "2026-03-03 08:00"),
        ("2026-03-03 08:00", "2026-03-03 08:00"),
    ],
)
def test_quiet_hours(due: str, released: str) -> None:
    """From 21:00 to 08:00 only danger goes out; the rest waits for 08:00."""
    quiet = QuietHours(timezone=SHANGHAI)

    assert local(released) == quiet.release(local(due), "ordinary") == quiet.release(local(due), "utility")
    assert local(due) == quiet.release(local(due), "danger")


def test_quiet_hours_within_a_day_or_not_at_all() -> None:
    """A rest at noon ends on the same day; equal ends mean no quiet hours."""
    noon = QuietHours(start=time(12), end=time(14), timezone=SHANGHAI)
    never = QuietHours(start=time(8), end=time(8), timezone=SHANGHAI)

    assert local("2026-03-02 14:00") == noon.release(local("2026-03-02 13:00"), "ordinary")
    assert local("2026-03-02 23:00") == noon.release(local("2026-03-02 23:00"), "ordinary")
    assert local("2026-03-02 08:00") == never.release(local("2026-03-02 08:00"), "ordinary")


@pytest.mark.parametrize(
    ("start", "end", "due", "released"),
    [
        # The night of 8 March is an hour shorter, that of 1 November an hour longer.
        (time(21), time(8), "2026-03-08T02:00:00Z", "2026-03-08T12:00:00Z"),
        (time(21), time(8), "2026-11-01T01:00:00Z", "2026-11-01T13:00:00Z"),
        # 02:30 does not exist that night: it is read with the offset before the change, 03:30.
        (time(21), time(2, 30), "2026-03-08T06:00:00Z", "2026-03-08T07:30:00Z"),
        # 01:30 comes twice: each time it ends what is quiet by the clock on the wall.
        (time(21), time(1, 30), "2026-11-01T05:10:00Z", "2026-11-01T05:30:00Z"),
        (time(21), time(1, 30), "2026-11-01T06:10:00Z", "2026-11-01T06:30:00Z"),
        # The half hour that is not quiet is left out that night: it comes a day later.
        (time(3), time(2, 30), "2026-03-07T17:00:00Z", "2026-03-09T06:30:00Z"),
    ],
)
def test_quiet_hours_when_clocks_change(start: time, end: time, due: str, released: str) -> None:
    """The local clock on the wall decides, also where it jumps."""
    quiet = QuietHours(start=start, end=end, timezone=NEW_YORK.timezone)

    assert datetime.fromisoformat(released) == quiet.release(datetime.fromisoformat(due), "ordinary")


@given(calendars, instants, st.times(), st.times())
def test_release_is_never_quiet_and_never_early(
    calendar: WorkCalendar, at: datetime, start: time, end: time
) -> None:
    """Whatever the hours and the zone: not earlier, not in quiet hours, and released stays released."""
    quiet = QuietHours(start=start, end=end, timezone=calendar.timezone)

    released = quiet.release(at, "ordinary")

    wall = released.astimezone(calendar.timezone).time()
    is_quiet = start <= wall < end if start <= end else wall >= start or wall < end
    assert not is_quiet
    assert at <= released <= at + 3 * DAY
    assert released == quiet.release(released, "ordinary")
    assert at == quiet.release(at, "danger")
