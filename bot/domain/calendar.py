"""Working days: Chinese public holidays, make-up workdays (調休) and what a compound adds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The local days of one compound; its own days off and extra workdays win over the country's.

    Raises ValueError when a day is in both additions.
    """

    timezone: ZoneInfo
    days_off: frozenset[date] = frozenset()
    extra_workdays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if both := self.days_off & self.extra_workdays:
            raise ValueError(f"both a day off and a workday: {min(both)}")

    def is_workday(self, day: date) -> bool:
        """Whether people work on that local day; never raises, whatever the year.

        Source: the State Council's yearly notice, as kept by the package `holidays`. A year without a
        notice yet is Monday to Friday: the package's guess of its holidays is not a promise.
        """
        if day in self.days_off or day in self.extra_workdays:
            return day in self.extra_workdays
        off, make_up = _announced(day.year)
        return day in make_up or (day.weekday() < _SATURDAY and day not in off)

    def midnight(self, day: date) -> datetime:
        """When that local day begins (UTC), also where a change of offset skips or repeats 00:00."""
        return datetime.combine(day, time.min, self.timezone).astimezone(UTC)


def is_announced(year: int) -> bool:
    """Whether the State Council's notice for that year is known; it comes in the November before."""
    return bool(_announced(year)[1])


@cache
def public_holidays(year: int) -> frozenset[date]:
    """The public holidays of that year with the weekends that lie in and beside them.

    Source: the package `holidays`, by the State Council's notice; before there is one, the days that the law
    names (全国年节及纪念日放假办法), which only lack what the notice joins to them.
    """
    country = holidays.country_holidays("CN", years=year)
    found, make_up = set(country), set(country.weekend_workdays)
    for day in sorted(country):
        for step in (-_DAY, _DAY):
            beside = day + step
            while beside.weekday() >= _SATURDAY and beside not in make_up:
                found.add(beside)
                beside += step
    return frozenset(found)


@cache
def _announced(year: int) -> tuple[frozenset[date], frozenset[date]]:
    """Days off and make-up workdays of a year; both empty while there is no notice."""
    country = holidays.country_holidays("CN", years=year)
    make_up = frozenset(day for day in country.weekend_workdays if day.year == year)
    # Every notice since 2001 moves some weekend day, and nothing but a notice does.
    return (frozenset(country) if make_up else frozenset()), make_up
