"""三率: what the three rates count, how sure one may be of them, and the months they are told for.

Response: an assignment counts once it was answered or its time to accept has passed. It was in time when
who got it accepted it by then, or handed it on, rejected or merged it themselves: nobody was left waiting.
What was taken away before its time (by the clock, the committee, the reporter) does not count, nor do one's
own reports.

Resolution: every time the reporter was asked whether it is done counts in the month of the answer. Done is
what they confirmed, or somebody who asked them. Seven silent days are a share of their own, never done. To
reopen it within 14 days is to say "not done": in the month of the answer it takes its place, later it counts
as another answer, so that a month that has been told does not change.

Satisfaction: of those who rated. Whoever judges what they did themselves is not counted. Nor is helping.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import sqrt
from typing import Self
from zoneinfo import ZoneInfo

FEW = 10
"""Of fewer than so many cases a percentage only gives a rough idea."""
TOO_FEW = 5
"""Of fewer none is told."""
SMALL_CELL = 3
"""What stands on a notice board must not show whose case it was: fewer are not told."""
RECURRING_LEAST = 3
RECURRING_WITHIN = timedelta(days=30)
_Z = 1.959964
"""For 95 percent of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many."""

    part: int
    whole: int

    @property
    def percent(self) -> int | None:
        """In whole percent, a half upwards; None of too few cases."""
        return (200 * self.part + self.whole) // (2 * self.whole) if self.whole >= TOO_FEW else None

    @property
    def interval(self) -> tuple[int, int]:
        """Between how many percent it lies with 95 % confidence, by Wilson's score.

        https://doi.org/10.1080/01621459.1927.10502953
        """
        if not self.whole:
            return 0, 100
        share, square = self.part / self.whole, _Z * _Z
        spread = _Z * sqrt((share * (1 - share) + square / (4 * self.whole)) / self.whole)
        middle = share + square / (2 * self.whole)
        scale = 100 / (1 + square / self.whole)
        return round(max(0.0, middle - spread) * scale), round(min(100.0, (middle + spread) * scale))

    @property
    def is_few(self) -> bool:
        """Whether it only gives a rough idea."""
        return self.whole < FEW

    def facts(self) -> dict[str, object]:
        """As the `rate` filter of the templates takes it."""
        low, high = self.interval
        return {
            "part": self.part,
            "whole": self.whole,
            "percent": self.percent,
            "low": low,
            "high": high,
            "is_few": self.is_few,
        }


@dataclass(frozen=True, slots=True)
class Figures:
    """What a period counts: `done` ended well or in silence, `closed` are those another could rate."""

    filed: int = 0
    done: int = 0
    due: int = 0
    in_time: int = 0
    asked: int = 0
    fixed: int = 0
    no_reply: int = 0
    closed: int = 0
    unrated: int = 0
    rated: int = 0
    satisfied: int = 0
    fair: int = 0

    @property
    def response(self) -> Rate:
        """response_rate: accepted in time."""
        return Rate(self.in_time, self.due)

    @property
    def resolution(self) -> Rate:
        """resolution_rate: confirmed by those who reported it."""
        return Rate(self.fixed, self.asked)

    @property
    def satisfaction(self) -> Rate:
        """satisfaction_rate: of those who said so."""
        return Rate(self.satisfied, self.rated)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all has happened."""
        return self == Figures()


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A month of the local calendar. Raises ValueError for what is none."""

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (2000 <= self.year <= 2200 and 1 <= self.month <= 12):
            raise ValueError(f"not a month: {self.year}-{self.month}")

    @classmethod
    def read(cls, written: str) -> Self:
        """The month written as 2026-11; raises ValueError."""
        year, separator, month = written.partition("-")
        if not (separator and written.isascii() and year.isdigit() and month.isdigit() and len(month) == 2):
            raise ValueError(f"not a month: {written!r}; write for example 2026-11")
        return cls(int(year), int(month))

    @classmethod
    def of(cls, instant: datetime, zone: ZoneInfo) -> Self:
        """The month it is there."""
        local = instant.astimezone(zone)
        return cls(local.year, local.month)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"

    def plus(self, months: int) -> "Month":
        """So many months later, or before."""
        year, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, month + 1)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Its begin and its end, the first instant that is no part of it."""
        return _midnight(date(self.year, self.month, 1), zone), self.plus(1).begin(zone)

    def begin(self, zone: ZoneInfo) -> datetime:
        """The first instant of it."""
        return _midnight(date(self.year, self.month, 1), zone)


def week_before(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The last full week, from Monday to Monday."""
    today = now.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    return _midnight(monday - timedelta(days=7), zone), _midnight(monday, zone)


def next_monday(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The next Monday at that local time."""
    today = now.astimezone(zone).date()
    day = today - timedelta(days=today.weekday())
    while (found := datetime.combine(day, at, zone).astimezone(UTC)) <= now:
        day += timedelta(days=7)
    return found


def next_first(now: datetime, at: time, zone: ZoneInfo) -> datetime:
    """The next first of a month at that local time."""
    month = Month.of(now, zone)
    while (found := datetime.combine(date(month.year, month.month, 1), at, zone).astimezone(UTC)) <= now:
        month = month.plus(1)
    return found


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
