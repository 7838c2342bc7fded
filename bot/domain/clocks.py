"""Clock arithmetic: what runs for an issue, when a term is over, and when nobody is to be disturbed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import takewhile
from typing import Self
from zoneinfo import ZoneInfo

from bot.domain.calendar import WorkCalendar

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_NOTHING = timedelta()


class Clock(StrEnum):
    """Which time counts for an issue."""

    ALWAYS = "always"
    WORKDAYS = "workdays"


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a handler has to accept and to resolve, and on which clock."""

    accept: timedelta
    resolve: timedelta
    kind: Clock


DEFAULT_TERMS: Mapping[str, Terms] = {
    "danger": Terms(timedelta(minutes=30), timedelta(hours=2), Clock.ALWAYS),
    "utility": Terms(timedelta(hours=2), timedelta(hours=24), Clock.ALWAYS),
    "ordinary": Terms(timedelta(hours=24), timedelta(days=7), Clock.WORKDAYS),
    "complex": Terms(timedelta(hours=48), timedelta(days=15), Clock.WORKDAYS),
}
"""The terms of each urgency, unless the configuration or a category says otherwise."""


def terms(
    urgency: str,
    accept_by: timedelta | None = None,
    resolve_by: timedelta | None = None,
    configured: Mapping[str, Terms] = DEFAULT_TERMS,
) -> Terms:
    """The terms of an issue: the category's own times, else the configured urgency, else the default.

    `configured` may name only some urgencies. Raises KeyError for an unknown urgency.
    """
    usual = configured[urgency] if urgency in configured else DEFAULT_TERMS[urgency]
    return Terms(
        usual.accept if accept_by is None else accept_by,
        usual.resolve if resolve_by is None else resolve_by,
        usual.kind,
    )


def elapsed(start: datetime, end: datetime, kind: Clock, calendar: WorkCalendar) -> timedelta:
    """How much of the clock's time lies between two instants; zero when `end` is not after `start`.

    A workday counts from local midnight to local midnight in real time, so that the day of a change of
    offset has 23 or 25 hours and no instant counts twice or not at all.
    """
    if kind is Clock.ALWAYS:
        return max(end - start, _NOTHING)
    worked = takewhile(lambda stretch: stretch[0] < end, _workdays(start, calendar))
    return sum((min(finish, end) - begin for begin, finish in worked), _NOTHING)


def advance(start: datetime, duration: timedelta, kind: Clock, calendar: WorkCalendar) -> datetime:
    """The earliest instant by which `duration` has run since `start`: the inverse of `elapsed`.

    A term that ends with a workday ends at its midnight, not when the next workday begins.
    Raises ValueError for a negative duration.
    """
    if duration < _NOTHING:
        raise ValueError(f"a duration cannot be negative: {duration}")
    if kind is Clock.ALWAYS or not duration:
        return start + duration
    days = _workdays(start, calendar)
    begin, finish = next(days)
    while (length := finish - begin) < duration:
        duration -= length
        begin, finish = next(days)
    return begin + duration


def _workdays(start: datetime, calendar: WorkCalendar) -> Iterator[tuple[datetime, datetime]]:
    """Begin and end of every workday from `start` on, the first one cut at `start`."""
    day = start.astimezone(calendar.timezone).date()
    begin = calendar.midnight(day)
    while True:
        finish = calendar.midnight(day + _DAY)
        # Where clocks went back across midnight, `start` may lie after the end of its own local day.
        if start < finish and calendar.is_workday(day):
            yield max(start, begin), finish
        day, begin = day + _DAY, finish


@dataclass(frozen=True, slots=True)
class RunningClock:
    """One term of one issue: `used` is what had run by `running_since`, which is None while stopped.

    Raises ValueError for a term that is not positive or a negative `used`.
    """

    term: timedelta
    used: timedelta
    running_since: datetime | None
    kind: Clock
    calendar: WorkCalendar

    def __post_init__(self) -> None:
        if self.term <= _NOTHING or self.used < _NOTHING:
            raise ValueError(f"not a term and what was used of it: {self.term}, {self.used}")

    def used_at(self, now: datetime) -> timedelta:
        """How much has run by `now`; an instant before `running_since` adds nothing."""
        if self.running_since is None:
            return self.used
        return self.used + elapsed(self.running_since, now, self.kind, self.calendar)

    def fraction_at(self, now: datetime) -> Fraction:
        """The part of the term that has run by `now`, exactly; above 1 when overdue."""
        return Fraction(self.used_at(now) // _MICROSECOND, self.term // _MICROSECOND)

    def stopped(self, at: datetime) -> Self:
        """The clock stopped at that instant; a stopped one stays as it is."""
        return replace(self, used=self.used_at(at), running_since=None)

    def resumed(self, at: datetime) -> Self:
        """The clock running again from that instant; a running one stays as it is."""
        return self if self.running_since else replace(self, running_since=at)

    def at_fraction(self, num: int, den: int) -> datetime | None:
        """The earliest instant by which num/den of the term has run; None while stopped.

        More than the whole is allowed. What had run before the clock was resumed gives `running_since`.
        """
        if self.running_since is None:
            return None
        # Rounded up to a whole microsecond: at that instant the fraction has been reached.
        share = -(-(self.term // _MICROSECOND) * num // den) * _MICROSECOND
        left = max(share - self.used, _NOTHING)
        return advance(self.running_since, left, self.kind, self.calendar)

    def due(self) -> datetime | None:
        """When the term is over; None while stopped."""
        return self.at_fraction(1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """The local hours in which nothing but danger goes out by clock; start == end means never.

    A start before the end lies within one day, otherwise the hours go over midnight.
    """

    start: time = time(21)
    end: time = time(8)
    timezone: ZoneInfo

    def release(self, at: datetime, urgency: str) -> datetime:
        """When something due at `at` may go out: danger and the day at once, else at the next `end` (UTC)."""
        if urgency == "danger" or not self._holds(at):
            return at
        today = at.astimezone(self.timezone).date()
        # A change of offset may repeat the local time of `end` or skip it: hence both folds, the check,
        # and a further day.
        ends = (
            datetime.combine(today + days * _DAY, self.end.replace(fold=fold), self.timezone).astimezone(UTC)
            for days in range(3)
            for fold in (0, 1)
        )
        return min(end for end in ends if end > at and not self._holds(end))

    def _holds(self, at: datetime) -> bool:
        local = at.astimezone(self.timezone).time()
        if self.start <= self.end:
            return self.start <= local < self.end
        return local >= self.start or local < self.end
