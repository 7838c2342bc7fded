"""Recurring practice: weekly, monthly or by the lunar month; read from words, and when it is next."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Self
from zoneinfo import ZoneInfo

from bot.domain.dates import (
    ENGLISH_WEEKDAY,
    LUNAR,
    LUNAR_DAY,
    NUMBER,
    WEEK,
    WEEKDAYS,
    Hours,
    Part,
    lunar_label,
    number,
    read_hours,
    weekday,
)
from bot.domain.errors import NotUnderstood
from bot.domain.folding import fold

_DAY = timedelta(days=1)
_LAST = -1
_NO_HOURS = Hours()


class Every(StrEnum):
    """What a rule repeats with."""

    WEEK = "week"
    MONTH = "month"
    LUNAR_MONTH = "lunar_month"


@dataclass(frozen=True, slots=True)
class Rule:
    """On which days, and at what hours, something recurs.

    `days` are weekdays (Monday 0) of a week, or of a month when `nth` (1 to 5, -1 the last) is given; else
    days of the month, -1 being its last. A month without such a day is passed over, as in RFC 5545, 3.3.10.
    Raises ValueError for what no calendar has.
    """

    every: Every
    days: tuple[int, ...]
    nth: int | None = None
    hours: Hours = _NO_HOURS
    skips_holidays: bool = False

    def __post_init__(self) -> None:
        weekly = self.every == Every.WEEK or self.nth is not None
        allowed = range(7) if weekly else (_LAST, *range(1, 31 if self.every == Every.LUNAR_MONTH else 32))
        if not self.days or not set(self.days) <= set(allowed) or list(self.days) != sorted(set(self.days)):
            raise ValueError(f"not days of a {self.every}: {self.days}")
        if self.nth is not None and (self.every != Every.MONTH or self.nth not in (_LAST, 1, 2, 3, 4, 5)):
            raise ValueError(f"no {self.nth}. weekday in a {self.every}")

    def falls_on(self, day: date) -> bool:
        """Whether that local day is one of the rule's, holidays apart."""
        if self.every == Every.WEEK:
            return day.weekday() in self.days
        if self.every == Every.LUNAR_MONTH:
            label = lunar_label(day)
            last = lunar_label(day + _DAY).day == 1
            return label.day in self.days or (last and _LAST in self.days)
        last_week = (day + 7 * _DAY).month != day.month
        if self.nth is not None:
            nth = last_week if self.nth == _LAST else self.nth == (day.day + 6) // 7
            return nth and day.weekday() in self.days
        return day.day in self.days or (_LAST in self.days and (day + _DAY).month != day.month)

    def to_dict(self) -> dict[str, Any]:
        """The rule as JSON can hold it."""
        return {
            "every": self.every.value,
            "days": list(self.days),
            "nth": self.nth,
            "start": self.hours.start,
            "end": self.hours.end,
            "part": self.hours.part and self.hours.part.value,
            "skips_holidays": self.skips_holidays,
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """What `to_dict` gave; raises KeyError or ValueError for what no rule can be."""
        part = kept["part"] and Part(kept["part"])
        return cls(
            Every(kept["every"]),
            tuple(kept["days"]),
            kept["nth"],
            Hours(kept["start"], kept["end"], part),
            kept["skips_holidays"],
        )


def next_after(
    rule: Rule, instant: datetime, zone: ZoneInfo, holidays: Collection[date] = frozenset()
) -> datetime:
    """The first start (UTC) after that instant; local midnight while the rule has no hour.

    A rule that skips holidays never falls on one of `holidays`. A start which clocks skip is moved by as much
    as they jump, one they repeat is taken the first time, as in RFC 5545, 3.3.5.
    """
    minutes = timedelta(minutes=rule.hours.start or 0)
    # What begins after midnight, as the end of an evening, belongs to the day before.
    day = instant.astimezone(zone).date() - 2 * _DAY
    while True:
        day += _DAY
        if not rule.falls_on(day) or (rule.skips_holidays and day in holidays):
            continue
        start = (datetime.combine(day, time.min) + minutes).replace(tzinfo=zone).astimezone(UTC)
        if start > instant:
            return start


_NO_HOUR = r"(?!\s*(?:点|时|:))"
_AND = r"[、,和与及\s]*"
_EACH = "每逢?个?"
_WEEKDAY = f"[{WEEKDAYS}天]"
_DAY_OF_MONTH = f"(?:{LUNAR_DAY}|{NUMBER})"
_ENGLISH_NTH = ("first", "second", "third", "fourth", "fifth")

_HOLIDAYS = re.compile(r"[,(\s]*(?:法定)?节?假日(?:除外|休息|暂停)\)?|[,(\s]*except (?:on )?holidays\)?")
_DAILY = re.compile("每[天日]|天天|every ?day|daily")
_RANGE = re.compile(rf"{_EACH}{WEEK}({_WEEKDAY})[到至~-]{WEEK}?({_WEEKDAY}){_NO_HOUR}")
_WEEKLY = re.compile(rf"{_EACH}{WEEK}((?:{_AND}(?:每?{WEEK})?{_WEEKDAY}{_NO_HOUR})+)")
_ENGLISH_WEEKLY = re.compile(
    rf"every\s+({ENGLISH_WEEKDAY}\b(?:(?:\s*,\s*|\s*(?:,?and|&)\s*){ENGLISH_WEEKDAY}\b)*)"
)
_NTH = re.compile(rf"{_EACH}月的?(?:第?([一二三四五1-5])|最后一?)个?{WEEK}({_WEEKDAY}){_NO_HOUR}")
_NTH_IN_ENGLISH = re.compile(
    rf"(?:(?:every|each)\s+(?:month\s+on\s+the\s+)?|(?=.*month)(?:the\s+)?)({'|'.join(_ENGLISH_NTH)}|last)\s+"
    rf"({ENGLISH_WEEKDAY})\b(?:\s+(?:of|in)\s+(?:the|each|every)\s+month)?"
)
_MONTH_END = re.compile(f"{_EACH}月(?:底|末|最后一天)")
_MONTHLY = re.compile(
    rf"(?P<lunar>{LUNAR})?{_EACH}月的?(?P<too>{LUNAR})?"
    rf"(?P<days>(?:{_AND}{_DAY_OF_MONTH}(?:[日号]|(?![0-9]){_NO_HOUR}))+)"
)


def _recurring(text: str) -> tuple[list[Rule], str]:
    """Every rule the beginning of the text may mean, without hours, and the rest of the text."""
    if found := _DAILY.match(text):
        rules = [Rule(Every.WEEK, tuple(range(7)))]
    elif found := _RANGE.match(text):
        first, last = weekday(found[1]), weekday(found[2])
        if first >= last:
            raise NotUnderstood("rule_unclear", said=found[0])
        rules = [Rule(Every.WEEK, tuple(range(first, last + 1)))]
    elif found := _WEEKLY.match(text):
        rules = [Rule(Every.WEEK, _sorted(weekday(day) for day in re.findall(_WEEKDAY, found[1])))]
    elif found := _NTH_IN_ENGLISH.match(text):
        nth = _LAST if found[1] == "last" else _ENGLISH_NTH.index(found[1]) + 1
        rules = [Rule(Every.MONTH, (weekday(found[2]),), nth)]
    elif found := _ENGLISH_WEEKLY.match(text):
        rules = [Rule(Every.WEEK, _sorted(weekday(day) for day in re.findall(ENGLISH_WEEKDAY, found[1])))]
    elif found := _NTH.match(text):
        rules = [Rule(Every.MONTH, (weekday(found[2]),), number(found[1]) if found[1] else _LAST)]
    elif found := _MONTH_END.match(text):
        rules = [Rule(Every.MONTH, (_LAST,))]
    elif found := _MONTHLY.match(text):
        rules = _monthly(found)
    else:
        raise NotUnderstood("rule_unclear", said=text)
    return rules, text[found.end() :]


def _monthly(found: re.Match[str]) -> list[Rule]:
    """每月15号, 每月初一十五; 每月十五 alone may be either."""
    days = _sorted(number(day.removeprefix("初")) for day in re.findall(_DAY_OF_MONTH, found["days"]))
    lunar = found["lunar"] or found["too"] or re.search(LUNAR_DAY, found["days"])
    solar = re.search("[0-9日号]", found["days"])
    kinds = [Every.LUNAR_MONTH] if lunar else [Every.MONTH] if solar else [Every.MONTH, Every.LUNAR_MONTH]
    try:
        return [Rule(kind, days) for kind in kinds]
    except ValueError:
        raise NotUnderstood("rule_unclear", said=found[0]) from None


def _sorted(days: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(days)))


def read_rule(text: str) -> Rule:
    """The rule in people's words: 每周二、四晚上7点, 每月第一个周六上午, 每月初一十五, every Tue and Thu 7pm.

    Its hours lack a start when none was said. Raises NotUnderstood: `rule_ambiguous` (with `options`, the
    Rules it may be), `rule_unclear` (with `said`), and what `read_hours` refuses.
    """
    words = fold(text).strip()
    without = _HOLIDAYS.sub("", words)
    rules, rest = _recurring(without)
    options = tuple(
        replace(rule, hours=hours, skips_holidays=without != words)
        for rule in rules
        for hours in read_hours(rest)
    )
    if len(options) > 1:
        raise NotUnderstood("rule_ambiguous", options=options)
    return options[0]
