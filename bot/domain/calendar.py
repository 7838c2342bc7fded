"""Working days: Chinese public holidays, make-up workdays (調休) and what a compound adds."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Self
from zoneinfo import ZoneInfo

import holidays

_WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OwnDays:
    """Days an operator adds to the country's calendar: off, or worked."""

    off: frozenset[date] = frozenset()
    work: frozenset[date] = frozenset()


EVERYBODY = ""
"""Whose days hold in every compound; in one of them its own days win over these."""


def own_days(given: Mapping[str, object]) -> Mapping[str, OwnDays]:
    """The days of the configuration by the code of the compound, or EVERYBODY.

    `given` holds `off` and `work` for everybody, and under each code a mapping with the same two; a day is a
    date or a text such as "2026-11-20". Raises ValueError naming the key and the reason.
    """
    own = {name: days for name, days in given.items() if name not in ("off", "work")}
    found = {EVERYBODY: _days({name: given[name] for name in given if name not in own}, "")}
    for code, days in own.items():
        if not isinstance(days, Mapping):
            raise ValueError(f"{code}: there is off, work, or a table [calendar.<code of a compound>]")
        found[code] = _days(days, f"{code}.")
    return found


def strangers(days: Mapping[str, OwnDays], codes: Iterable[str]) -> list[str]:
    """The codes under which days are named, and which no compound has."""
    return sorted(days.keys() - {EVERYBODY, *codes})


def _days(given: Mapping[str, object], above: str) -> OwnDays:
    found: dict[str, frozenset[date]] = {}
    for name, days in given.items():
        if name not in ("off", "work"):
            raise ValueError(f"{above}{name}: there is no such setting; there are off and work")
        if not isinstance(days, list | tuple):
            raise ValueError(f'{above}{name}: write a list of days, for example ["2026-11-20"]')
        found[name] = frozenset(_day(day, f"{above}{name}") for day in days)
    own = OwnDays(**found)
    if both := own.off & own.work:
        raise ValueError(f"{above}work: {min(both)} is also in off; a day is one or the other")
    return own


def _day(given: object, where: str) -> date:
    # A moment is a date, too, for Python; TOML has both.
    if isinstance(given, date) and not isinstance(given, datetime):
        return given
    try:
        if isinstance(given, str) and _WRITTEN.fullmatch(given):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise ValueError(f'{where}: {given!r} is not a day; write for example "2026-11-20"')


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

    @classmethod
    def of(cls, timezone: ZoneInfo, everybody: OwnDays, own: OwnDays) -> Self:
        """The calendar of a compound with days of its own, which win over everybody's."""
        return cls(timezone, everybody.off - own.work | own.off, everybody.work - own.off | own.work)

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
