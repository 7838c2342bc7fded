"""When something is, in people's words: solar, lunar and weekday dates, festivals, hours."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from lunar_python import Lunar, LunarYear, Solar

from bot.domain.errors import NotUnderstood
from bot.domain.folding import fold

_DAY = timedelta(days=1)
_HALF_DAY, _WHOLE_DAY = 12 * 60, 24 * 60


class Reading(StrEnum):
    """Which calendar a day was understood in."""

    SOLAR = "solar"
    LUNAR = "lunar"
    WEEKDAY = "weekday"


class Part(StrEnum):
    """A part of the day, said with an hour or instead of one."""

    DAWN = "dawn"
    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"
    EVENING = "evening"


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of day in minutes after local midnight, 1440 and more being the next day.

    `part` is what was said when no hour was, and None otherwise.
    """

    start: int | None = None
    end: int | None = None
    part: Part | None = None

    @property
    def lasts(self) -> timedelta | None:
        """From start to end; None when one of them is not known."""
        return None if self.start is None or self.end is None else timedelta(minutes=self.end - self.start)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something is, in UTC; `understood` tells in which calendar the day was read.

    Not `timed`: only the day is known, and perhaps the part of it. It then starts with its local midnight.
    """

    start: datetime
    end: datetime | None
    understood: Reading
    timed: bool = True
    part: Part | None = None


class Festival(StrEnum):
    """The days people call by name."""

    SPRING_FESTIVAL = "spring_festival"
    LANTERN = "lantern"
    DRAGON_HEAD = "dragon_head"
    DRAGON_BOAT = "dragon_boat"
    DOUBLE_SEVENTH = "double_seventh"
    GHOST = "ghost"
    MID_AUTUMN = "mid_autumn"
    DOUBLE_NINTH = "double_ninth"
    LABA = "laba"
    LITTLE_NEW_YEAR = "little_new_year"
    NEW_YEARS_EVE = "new_years_eve"
    NEW_YEAR = "new_year"
    WOMENS_DAY = "womens_day"
    TREE_DAY = "tree_day"
    LABOUR_DAY = "labour_day"
    YOUTH_DAY = "youth_day"
    CHILDRENS_DAY = "childrens_day"
    PARTY_DAY = "party_day"
    ARMY_DAY = "army_day"
    TEACHERS_DAY = "teachers_day"
    NATIONAL_DAY = "national_day"
    QINGMING = "qingming"
    WINTER_SOLSTICE = "winter_solstice"


# Names as folded. The eve of the Spring Festival is day 0 of its month; the little New Year is kept on the
# 23rd in the north and on the 24th in the south.
_LUNAR_FESTIVALS: Mapping[Festival, tuple[str, int, tuple[int, ...]]] = {
    Festival.SPRING_FESTIVAL: ("春节|chinese new year|lunar new year|spring festival", 1, (1,)),
    Festival.LANTERN: ("元宵节?|上元节?|lantern festival", 1, (15,)),
    Festival.DRAGON_HEAD: ("龙抬头", 2, (2,)),
    Festival.DRAGON_BOAT: ("端午节?|端阳节?|dragon boat(?: festival)?", 5, (5,)),
    Festival.DOUBLE_SEVENTH: ("七夕节?|qixi(?: festival)?", 7, (7,)),
    Festival.GHOST: ("中元节?", 7, (15,)),
    Festival.MID_AUTUMN: ("中秋节?|mid-?autumn(?: festival)?", 8, (15,)),
    Festival.DOUBLE_NINTH: ("重阳节?|重九|老[年人]节|double ninth(?: festival)?|chongyang", 9, (9,)),
    Festival.LABA: ("腊八节?", 12, (8,)),
    Festival.LITTLE_NEW_YEAR: ("小年", 12, (23, 24)),
    Festival.NEW_YEARS_EVE: ("除夕|大?年三十|chinese new year's eve", 1, (0,)),
}
_SOLAR_FESTIVALS: Mapping[Festival, tuple[str, int, int]] = {
    Festival.NEW_YEAR: ("元旦节?|new year's day", 1, 1),
    Festival.WOMENS_DAY: ("三八妇女节|三八节?|妇女节|women's day", 3, 8),
    Festival.TREE_DAY: ("植树节", 3, 12),
    Festival.LABOUR_DAY: ("五一劳动节|五一节?|劳动节|labou?r day", 5, 1),
    Festival.YOUTH_DAY: ("五四青年节|五四|青年节", 5, 4),
    Festival.CHILDRENS_DAY: ("六一儿童节|六一节?|儿童节|children's day", 6, 1),
    Festival.PARTY_DAY: ("七一|建党节", 7, 1),
    Festival.ARMY_DAY: ("八一建军节|八一|建军节", 8, 1),
    Festival.TEACHERS_DAY: ("教师节|teachers' day", 9, 10),
    Festival.NATIONAL_DAY: ("十一国庆节?|国庆节?|十一|national day", 10, 1),
}
_TERMS: Mapping[Festival, tuple[str, str]] = {
    Festival.QINGMING: ("清明节?|qingming(?: festival)?", "清明"),
    Festival.WINTER_SOLSTICE: ("冬至节?|winter solstice", "冬至"),
}

# --- the lunar calendar -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LunarLabel:
    """A solar day in the lunar calendar: its number, its name (九月初九), and the festivals on it."""

    year: int
    month: int
    leap: bool
    day: int
    text: str
    festivals: tuple[Festival, ...]


@dataclass(frozen=True, slots=True)
class _Month:
    """A lunar month by the solar day it begins with."""

    number: int
    leap: bool
    first: date
    length: int

    def day(self, number: int) -> date:
        """The solar day of its `number`-th day; day 0 is the one before it begins."""
        return self.first + (number - 1) * _DAY


@cache
def _months(year: int) -> tuple[_Month, ...]:
    """The months of a lunar year, in order.

    Source: the package lunar_python. The month that begins in September 2057 is
    placed a day earlier by others.
    """
    found = []
    for month in LunarYear.fromYear(year).getMonthsInYear():
        first = Solar.fromJulianDay(month.getFirstJulianDay())
        found.append(
            _Month(
                abs(month.getMonth()),
                bool(month.isLeap()),
                date(first.getYear(), first.getMonth(), first.getDay()),
                int(month.getDayCount()),
            )
        )
    return tuple(found)


@cache
def _term(name: str, year: int) -> date:
    """The day of a solar term (冬至) in a solar year, as every Chinese calendar prints it (Beijing time)."""
    # The table of a lunar year runs from one 冬至 to before the next.
    terms = (Lunar.fromYmd(lunar_year, 1, 1).getJieQiTable()[name] for lunar_year in (year, year + 1))
    return next(
        date(term.getYear(), term.getMonth(), term.getDay()) for term in terms if term.getYear() == year
    )


_ONES = "一二三四五六七八九"
_DAY_NAMES = ("", *("初" + one for one in _ONES), "初十", *("十" + one for one in _ONES), "二十")
_DAY_NAMES = (*_DAY_NAMES, *("廿" + one for one in _ONES), "三十")
_MONTH_NAMES = ("", "正月", *(one + "月" for one in _ONES[1:]), "十月", "冬月", "腊月")


def lunar_label(day: date) -> LunarLabel:
    """What that solar day is in the lunar calendar, and which festivals fall on it (also solar ones)."""
    year, month = next(
        (year, month)
        for year in (day.year, day.year - 1)
        for month in _months(year)
        if month.first <= day < month.day(month.length + 1)
    )
    number = (day - month.first).days + 1
    text = ("闰" if month.leap else "") + _MONTH_NAMES[month.number] + _DAY_NAMES[number]
    festivals = tuple(festival for festival in Festival if day in festival_days(festival, day.year))
    return LunarLabel(year, month.number, month.leap, number, text, festivals)


def festival_days(festival: Festival, year: int) -> tuple[date, ...]:
    """The days of a festival in a solar year; two for 小年, which differs by region, or for one at its edges.

    Lunar festivals are not repeated in a leap month.
    """
    if festival in _TERMS:
        return (_term(_TERMS[festival][1], year),)
    if festival in _SOLAR_FESTIVALS:
        return (date(year, *_SOLAR_FESTIVALS[festival][1:]),)
    _, number, days = _LUNAR_FESTIVALS[festival]
    found = (
        month.day(day)
        for lunar_year in (year - 1, year)
        for month in _months(lunar_year)
        if month.number == number and not month.leap
        for day in days
    )
    return tuple(day for day in found if day.year == year)


def nearest_festival(day: date) -> tuple[Festival, date]:
    """The festival fewest days away, before or after; of two equally near the coming one."""
    return min(
        (
            (festival, its)
            for year in range(day.year - 1, day.year + 2)
            for festival in Festival
            for its in festival_days(festival, year)
        ),
        key=lambda found: (abs(found[1] - day), found[1] < day),
    )


# --- words --------------------------------------------------------------------------------------------------

DIGITS = "[零〇一二两三四五六七八九]"
_DIGIT_VALUES = dict(zip("零〇一二两三四五六七八九", "001223456789", strict=True))
NUMBER = (
    "(?:[0-9]{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|卅一?|" + DIGITS + ")"
)
"""A number up to 99 in folded text, in Arabic or Chinese digits."""
LUNAR_DAY = f"(?:初(?:10|[1-9{_ONES}十])|廿[{_ONES}]?)"
"""A day which can only be one of a lunar month."""
LUNAR = "(?:农历|阴历|旧历|夏历)"
WEEKDAYS = "一二三四五六日"
WEEK = "(?:周|星期|礼拜)"
ENGLISH_WEEKDAY = (
    "(?:(?:mon|fri|sun)(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:rs(?:day)?)?|sat(?:urday)?)"
)
_ENGLISH_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ENGLISH_MONTH = (
    "(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = rf"(?:(?P<year>20[0-9]{{2}}|二[零〇]{DIGITS}{{2}})年|(?P<near>[今明后]年)的?)"
_TO = r"(?:直?到|至|~|-|–|—|\bto\b|\bun?till?\b)"
_NO_HOUR = r"(?![0-9]|\s*(?:点|时(?!候)|:|[ap]\.?m\b))"
_HALF = r"(?P<half>[ap])\.?m\b\.?"


def number(run: str) -> int:
    """The value of a run matched by `NUMBER`, or of digits one by one (二〇二六)."""
    if run.isdecimal():
        return int(run)
    tens, ten, ones = run.replace("廿", "二十").replace("卅", "三十").rpartition("十")
    if ten:
        return 10 * number(tens or "一") + number(ones or "零")
    return int("".join(_DIGIT_VALUES[sign] for sign in run))


def weekday(word: str) -> int:
    """Monday is 0: of 一 to 日 and 天, of 1 to 7, of an English name."""
    if word[0].isascii() and not word.isdecimal():
        return _ENGLISH_DAYS.index(word[:3])
    return int(word) - 1 if word.isdecimal() else WEEKDAYS.index(word.replace("天", "日"))


@dataclass(frozen=True, slots=True)
class _Days:
    """The days an expression may mean; a plain `weekday` beside a date only has to fit it."""

    dates: Mapping[date, Reading]
    weekday: int | None = None


def _unclear(said: str) -> NotUnderstood:
    return NotUnderstood("moment_unclear", said=said)


def _solar(year: int, month: int, day: int) -> date:
    """That day; refuses one that no month of the year has, and names the month's last."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        raise _unclear(f"{month}-{day}")
    last = monthrange(year, month)[1]
    if day > last:
        raise NotUnderstood("no_such_day", last=date(year, month, last))
    return date(year, month, day)


def _solar_days(year: int | None, month: int, day: int, today: date) -> dict[date, Reading]:
    if year is None:
        year = today.year + ((month, day) < (today.month, today.day))
    return {_solar(year, month, day): Reading.SOLAR}


def _lunar_days(
    year: int | None, month: int, day: int, today: date, *, leap: bool | None
) -> dict[date, Reading]:
    """The coming day, or those of the year; `leap` None knows no leap months, False may mean either."""
    if not (1 <= month <= 12 and 0 <= day <= 30):
        raise _unclear(f"{month}-{day}")
    now = lunar_label(today).year
    # A year's 腊月 is mostly in January of the next: "腊八 of 2027" may mean either.
    years = (now, now + 1, now + 2) if year is None else (year - 1, year) if month == 12 else (year,)
    months = [
        one
        for lunar_year in years
        for one in _months(lunar_year)
        if one.number == month
        and (one.leap if leap else leap is False or not one.leap)
        and (year is not None or one.day(min(day, one.length)) >= today)
    ]
    if leap and (not months or months[0].first > today + 400 * _DAY):
        raise NotUnderstood("no_such_leap_month", month=month)
    if year is None:
        # Where the month comes twice, nobody but the person who asks knows which is meant.
        months = months[: 1 + any(one.leap for one in months[:2])] if not leap else months[:1]
    if short := next((one for one in months if one.length < day), None):
        raise NotUnderstood("no_such_day", last=short.day(short.length))
    return {one.day(day): Reading.LUNAR for one in months}


def _year_of(found: re.Match[str], today: date) -> int | None:
    if found["year"]:
        return number(found["year"])
    return today.year + "今明后".index(found["near"][0]) if found["near"] else None


def _date(found: re.Match[str], today: date) -> _Days:
    """10月25日, 10/25, 2026-10-25, 九月初九, 农历9月9日, 闰六月初一."""
    year = _year_of(found, today)
    name, said = found["month"], found["day"]
    month = {"正": 1, "冬": 11, "腊": 12}.get(name) or number(name)
    day = number(said.removeprefix("初"))
    leap = bool(found["leap"])
    calendar = found["calendar"] or ""
    if re.match(LUNAR, calendar) or leap or name in "正冬腊" or re.match(LUNAR_DAY, said):
        return _Days(_lunar_days(year, month, day, today, leap=leap))
    if calendar or found["unit"] or said.isdecimal() or name.isdecimal():
        return _Days(_solar_days(year, month, day, today))
    # 八月十五 alone is as likely the Mid-Autumn Festival as the middle of August.
    try:
        solar = _solar_days(year, month, day, today)
    except NotUnderstood:
        return _Days(_lunar_days(year, month, day, today, leap=False))
    try:
        return _Days(solar | _lunar_days(year, month, day, today, leap=False))
    except NotUnderstood:
        return _Days(solar)


def _dotted(found: re.Match[str], today: date) -> _Days:
    """2026-10-25, 10/25, 10.25."""
    year = int(found["year"]) if found["year"] else None
    return _Days(_solar_days(year, int(found["month"]), int(found["day"]), today))


def _english_date(found: re.Match[str], today: date) -> _Days:
    """Oct 25, 25th of October 2026."""
    month = _ENGLISH_MONTHS.index(found["month"][:3]) + 1
    year = int(found["year"]) if found["year"] else None
    return _Days(_solar_days(year, month, int(found["day"]), today))


def _lunar_day(found: re.Match[str], today: date) -> _Days:
    """初八, 农历二十三, 大年初三: the month is the coming one where that cannot be mistaken."""
    day = number(found["day"].removeprefix("初"))
    if found["new_year"]:
        return _Days(_lunar_days(None, 1, day, today, leap=None))
    label = lunar_label(today)
    months = [month for year in (label.year, label.year + 1) for month in _months(year)]
    coming = [month for month in months if month.day(min(day, month.length)) >= today][:2]
    if not 1 <= day <= 30:
        raise _unclear(found[0])
    # This month's is clear, except that before the New Year 初八 may mean the one after it as well.
    this_month = coming[0].first <= today and coming[0].number != 12
    coming = coming[: 1 if this_month or coming[0].number == 1 else 2]
    if short := next((month for month in coming if month.length < day), None):
        raise NotUnderstood("no_such_day", last=short.day(short.length))
    return _Days({month.day(day): Reading.LUNAR for month in coming})


def _day_of_month(found: re.Match[str], today: date) -> _Days:
    """25号, 下个月3号."""
    day = number(found["day"])
    if not 1 <= day <= 31:
        raise _unclear(found[0])
    if which := found["which"]:
        first = _first_of_month(today, later=which.startswith("下"))
        return _Days({_solar(first.year, first.month, day): Reading.SOLAR})
    # Of three months in a row one at least has the day and has it still to come.
    firsts = (_first_of_month(today, later=later) for later in (0, 1, 2))
    fitting = (one.replace(day=day) for one in firsts if day <= monthrange(one.year, one.month)[1])
    return _Days({next(one for one in fitting if one >= today): Reading.SOLAR})


def _first_of_month(today: date, *, later: int) -> date:
    years, month = divmod(today.month - 1 + later, 12)
    return date(today.year + years, month + 1, 1)


def _month_end(found: re.Match[str], today: date) -> _Days:
    """月底, 下个月底: the month's last day."""
    return _Days({_first_of_month(today, later=1 + found[0].startswith("下")) - _DAY: Reading.SOLAR})


def _weekday(found: re.Match[str], today: date) -> _Days:
    """周六, 下周三, 这个周末."""
    monday = today - today.weekday() * _DAY
    weeks = {"": 0, "这": 0, "本": 0, "下": 1, "下下": 2}[found["week"] or ""]
    if found["weekday"] == "末":
        return _Days({monday + (7 * weeks + day) * _DAY: Reading.WEEKDAY for day in (5, 6)})
    day = weekday(found["weekday"])
    if found["week"]:
        return _Days({monday + (7 * weeks + day) * _DAY: Reading.WEEKDAY})
    return _coming(day, today)


def _coming(day: int, today: date) -> _Days:
    """The next such weekday; on that weekday itself either today or in a week."""
    first = today + (day - today.weekday()) % 7 * _DAY
    dates = (first, first + 7 * _DAY) if first == today else (first,)
    return _Days(dict.fromkeys(dates, Reading.WEEKDAY), day)


def _english_weekday(found: re.Match[str], today: date) -> _Days:
    """Saturday, this Saturday, next Wednesday: some mean the coming one by next, some that of next week."""
    day = weekday(found["weekday"])
    if found["which"] != "next":
        return _coming(day, today)
    after_today = today + ((day - today.weekday() - 1) % 7 + 1) * _DAY
    next_week = today + (7 - today.weekday() + day) * _DAY
    return _Days(dict.fromkeys((after_today, next_week), Reading.WEEKDAY))


_FROM_TODAY = {
    **dict.fromkeys(("今", "今天", "今日", "今儿", "today", "tonight"), 0),
    **dict.fromkeys(("明", "明天", "明日", "明儿", "tomorrow"), 1),
    **dict.fromkeys(("后", "后天", "后日", "the day after tomorrow", "day after tomorrow"), 2),
    "大后天": 3,
}


def _from_today(found: re.Match[str], today: date) -> _Days:
    """今天, 明晚, 三天后, 两周后, in 3 days."""
    if found["word"]:
        return _Days({today + _FROM_TODAY[found["word"]] * _DAY: Reading.SOLAR})
    days = number(found["days"] or found["in"] or found["weeks"]) * (7 if found["weeks"] else 1)
    return _Days({today + days * _DAY: Reading.SOLAR})


def _festival_said(festival: Festival) -> Callable[[re.Match[str], date], _Days]:
    def read(found: re.Match[str], today: date) -> _Days:
        year = _year_of(found, today)
        if festival in _LUNAR_FESTIVALS:
            _, month, numbers = _LUNAR_FESTIVALS[festival]
            return _Days(
                {
                    day: Reading.LUNAR
                    for number in numbers
                    for day in _lunar_days(year, month, number, today, leap=None)
                }
            )
        years = (today.year, today.year + 1) if year is None else (year,)
        days = (day for one in years for day in festival_days(festival, one))
        return _Days({next(day for day in days if year or day >= today): Reading.SOLAR})

    return read


@dataclass(frozen=True, slots=True)
class _Clock:
    """An hour and a minute as said; `half` is a or p (am, pm), `exact` tells that the hour is one of 24."""

    hour: int
    minute: int
    half: str | None = None
    exact: bool = False


def _clock(found: re.Match[str]) -> _Clock:
    """7点, 七点半, 三点一刻, 15:00, 3pm, at 7."""
    said = found.groupdict()
    hour, minute = number(said["hour"] or "12"), 0
    if said.get("minute"):
        minute = number(said["minute"])
    elif said.get("quarter"):
        minute = 15 * number(said["quarter"])
    elif said.get("thirty"):
        minute = 30
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise _unclear(found[0])
    exact = hour > 12 or hour == 0 or said["hour"].startswith("0")
    return _Clock(hour, minute, said.get("half"), exact)


_PART_WORDS: Mapping[Part, str] = {
    Part.DAWN: "凌晨",
    Part.MORNING: "清晨|早晨|早上|清早|上午|早|晨|(?:in the )?morning",
    Part.NOON: "中午|正午",
    Part.AFTERNOON: "下午|午后|(?:in the )?afternoon",
    Part.EVENING: "傍晚|晚上|晚间|夜里|夜晚|晚|(?:in the )?evening",
}
_SAME = {hour: (hour,) for hour in range(25)}
_LATER = {hour: (hour + 12,) for hour in range(13)}
# Which hours of 24 an hour means in a part of the day; 晚上 1 to 4 may be that night's end or its beginning.
_PART_HOURS: Mapping[Part, Mapping[int, tuple[int, ...]]] = {
    Part.DAWN: {hour: _SAME[hour] for hour in range(7)} | {12: (0,)},
    Part.MORNING: {hour: _SAME[hour] for hour in range(1, 13)},
    Part.NOON: {hour: _SAME[hour] for hour in (10, 11, 12, 13, 14)} | {hour: _LATER[hour] for hour in (1, 2)},
    Part.AFTERNOON: {hour: _SAME[hour] for hour in range(12, 21)}
    | {hour: _LATER[hour] for hour in range(1, 9)},
    Part.EVENING: {hour: _SAME[hour] for hour in range(17, 25)}
    | {hour: _LATER[hour] for hour in range(5, 13)}
    | {hour: (hour, hour + 24) for hour in range(1, 5)}
    | {0: (24,)},
}

_FESTIVAL_WORDS = {
    festival: words[0]
    for table in (_LUNAR_FESTIVALS, _SOLAR_FESTIVALS, _TERMS)
    for festival, words in table.items()
}
_ENGLISH_YEAR = r"(?:,?\s*(?P<year>20[0-9]{2})(?![0-9:]))?"
_ORDINAL = "(?:st|nd|rd|th)?"
_RELATIVE_WORDS = "|".join(sorted((word for word in _FROM_TODAY if len(word) > 1), key=len, reverse=True))
# The first to match is taken: hours come before dates (9-11点).
_CLOCKS = tuple(
    re.compile(pattern)
    for pattern in (
        (
            rf"(?P<hour>{NUMBER})(?:点|时)(?:(?P<thirty>半)|(?P<quarter>[一三])刻|钟|整"
            rf"|(?P<minute>零{DIGITS}|[二三四五]?十{DIGITS}?|[0-9]{{2}}|{NUMBER}(?=分))(?![0-9点时:月日号])分?)?"
        ),
        rf"(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?![0-9])(?:\s*{_HALF})?",
        rf"(?P<hour>[0-9]{{1,2}})\s*{_HALF}",
        r"\bat\s+(?P<hour>[0-9]{1,2})(?![0-9:])",
        rf"(?P<hour>{NUMBER})(?=\s*{_TO}\s*{NUMBER}\s*(?:点|时|:|[ap]\.?m\b))",
        r"(?P<hour>)noon\b",
    )
)
_DAYS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], _Days]], ...] = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (
            rf"(?:(?P<year>20[0-9]{{2}})[-/.])?(?P<month>[0-9]{{1,2}})[-/.](?P<day>[0-9]{{1,2}}){_NO_HOUR}",
            _dotted,
        ),
        (
            (
                rf"(?P<calendar>{LUNAR}|公历|阳历|新历)?\s*{_YEAR}?\s*(?P<leap>闰)?(?P<month>[正冬腊]|{NUMBER})"
                rf"(?:月份?|[-/.])\s*(?P<day>{LUNAR_DAY}|{NUMBER})(?:(?P<unit>[日号])|{_NO_HOUR})"
            ),
            _date,
        ),
        (rf"{_ENGLISH_MONTH}\s*(?P<day>[0-9]{{1,2}}){_ORDINAL}{_NO_HOUR}{_ENGLISH_YEAR}", _english_date),
        (rf"(?P<day>[0-9]{{1,2}}){_ORDINAL}\s*(?:of\s+)?{_ENGLISH_MONTH}{_ENGLISH_YEAR}", _english_date),
        (
            (
                rf"(?P<word>{_RELATIVE_WORDS}|[今明后](?=[早晚晨]))"
                rf"|(?:(?P<days>{NUMBER})天|(?P<weeks>{NUMBER})(?:周|个?星期))[之以]?后"
                r"|in\s+(?P<in>[0-9]{1,2})\s+days?\b"
            ),
            _from_today,
        ),
        *((f"{_YEAR}?(?:{words})", _festival_said(festival)) for festival, words in _FESTIVAL_WORDS.items()),
        (rf"(?P<new_year>大?年)?(?P<day>{LUNAR_DAY}){_NO_HOUR}", _lunar_day),
        (rf"{LUNAR}\s*(?P<new_year>大年)?(?P<day>{LUNAR_DAY}|{NUMBER})(?:[日号]|{_NO_HOUR})", _lunar_day),
        (r"(?:这个?月|本月|下个?月|月)[底末]", _month_end),
        (rf"(?P<which>这个?月|本月|下个?月)?的?(?P<day>{NUMBER})[日号]", _day_of_month),
        (
            rf"(?P<week>下下|下|这|本)?个?{WEEK}(?P<weekday>[{WEEKDAYS}天末]|[1-6](?![0-9点时:]))",
            _weekday,
        ),
        (rf"(?:(?P<which>this|next)\s+)?(?P<weekday>{ENGLISH_WEEKDAY})\b", _english_weekday),
    )
)
_PARTS = tuple((re.compile(words), part) for part, words in _PART_WORDS.items())
_UNTIL = re.compile(_TO)
_GAP = re.compile(r"[\s,，。.;()的在于从]+|开始|举行|集合|[当那]天|当(?=晚)|(?:on|at|from|the)\b")


class _To:
    """The word between a start and an end."""


_Token = _Days | _Clock | Part | _To


def _tokens(text: str, today: date | None) -> Iterator[_Token]:
    """What folded words say, one by one; without `today` only of hours."""
    position = 0
    while position < len(text):
        found, said = _token(text, position, today)
        position = found.end()
        yield from said


def _token(text: str, position: int, today: date | None) -> tuple[re.Match[str], tuple[_Token, ...]]:
    for clock in _CLOCKS:
        if found := clock.match(text, position):
            return found, (_clock(found),)
    for pattern, read in _DAYS:
        if today and (found := pattern.match(text, position)):
            days = read(found, today)
            return found, (days, Part.EVENING) if found[0] == "tonight" else (days,)
    for words, part in _PARTS:
        if found := words.match(text, position):
            return found, (part,)
    if found := _UNTIL.match(text, position):
        return found, (_To(),)
    if found := _GAP.match(text, position):
        return found, ()
    raise _unclear(text[position:])


def _minutes(part: Part | None, clock: _Clock) -> tuple[int, ...]:
    """The minutes after midnight an hour may mean; none when it contradicts the part of the day."""
    hours: tuple[int, ...]
    if clock.half:
        hours = (clock.hour % 12 + (12 if clock.half == "p" else 0),)
        if not 1 <= clock.hour <= 12 or (part and hours not in _PART_HOURS[part].values()):
            hours = ()
    elif part:
        hours = _PART_HOURS[part].get(clock.hour, ())
    else:
        hours = (clock.hour,) if clock.exact or clock.hour > 7 else (clock.hour, clock.hour + 12)
    return tuple(60 * hour + clock.minute for hour in hours)


def _side(tokens: Sequence[_Token]) -> tuple[Part | None, _Clock | None]:
    """The part and the hour said on one side of 到; raises NotUnderstood when two differ."""
    parts = {token for token in tokens if isinstance(token, Part)}
    clocks = {token for token in tokens if isinstance(token, _Clock)}
    if len(parts) > 1 or len(clocks) > 1:
        raise NotUnderstood("hours_differ")
    return next(iter(parts), None), next(iter(clocks), None)


def _hours(tokens: Sequence[_Token]) -> tuple[Hours, ...]:
    """Everything the hours among these tokens may mean; raises NotUnderstood when they mean nothing."""
    cut = next((index for index, token in enumerate(tokens) if isinstance(token, _To)), len(tokens))
    part, clock = _side(tokens[:cut])
    if cut == len(tokens) and clock is None:
        return (Hours(part=part),)
    end_part, end = _side(tokens[cut + 1 :])
    if clock is None or (end is None) != (cut == len(tokens)):
        raise NotUnderstood("hours_differ")
    starts = _minutes(part, clock)
    if end is None:
        found = tuple(Hours(start) for start in starts)
    else:
        if end.half and not (part or clock.half or clock.exact):
            # 7-9pm begins in the evening, 11-1pm in the morning.
            halves = (start for half in "ap" for start in _minutes(None, replace(clock, half=half)))
            starts = tuple(start for start in halves if start < max(_minutes(end_part, end), default=0))[-1:]
        found = tuple(Hours(start, _end(start, end_part, end)) for start in starts)
    if not found:
        raise NotUnderstood("hours_differ")
    return found


def _end(start: int, part: Part | None, clock: _Clock) -> int:
    """The first end after that start; on the next day only within half a day (22:00-1:00)."""
    either = part is None and not clock.half and not clock.exact
    ends = sorted(
        end
        for minutes in _minutes(part, clock)
        for end in range(minutes, 2 * _WHOLE_DAY, _HALF_DAY if either else _WHOLE_DAY)
        if end > start
    )
    if not ends or (ends[0] > _WHOLE_DAY and ends[0] - start > _HALF_DAY):
        raise NotUnderstood("ends_before_it_starts")
    return ends[0]


def read_hours(text: str) -> tuple[Hours, ...]:
    """Every time of day the text may mean: 晚上7点 one, 7点 two, nothing at all one without a start.

    Raises NotUnderstood: `moment_unclear` (with `said`, the rest that says nothing), `hours_differ`,
    `ends_before_it_starts`.
    """
    return _hours(tuple(_tokens(fold(text), None)))


def _agreed(said: Sequence[_Days]) -> Mapping[date, Reading]:
    """The days that fit everything said of the day: 10月18日周日重阳."""
    # A plain weekday beside a date only has to fit.
    named = [one for one in said if one.weekday is None] or said
    days = {
        day: reading
        for day, reading in named[0].dates.items()
        if all(day in one.dates for one in named)
        and all(one.weekday in (None, day.weekday()) for one in said)
    }
    if not days:
        raise NotUnderstood("days_differ", dates=tuple(sorted({day for one in named for day in one.dates})))
    return days


def span(day: date, hours: Hours, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime | None]]:
    """Start and end (UTC) of those hours on that local day.

    Nothing where clocks skip the start, two where they repeat it.
    """
    local = datetime.combine(day, time.min) + timedelta(minutes=hours.start or 0)
    lasts = hours.lasts
    starts = {local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    for start in sorted(starts):
        if start.astimezone(zone).replace(tzinfo=None) == local:
            yield start, None if lasts is None else (local + lasts).replace(tzinfo=zone).astimezone(UTC)


def read_moment(text: str, now: datetime, zone: ZoneInfo) -> Moment:
    """When the text says something is, never before `now`; a date without a year is the next such day.

    Hours 1 to 7 without a part of the day, days two calendars could mean, and leap months are never decided.
    Raises NotUnderstood: `moment_ambiguous` (with `options`, the Moments it may be, earliest first),
    `moment_unclear` (with `said`, the rest that says nothing of a time), `moment_past`, `day_needed`,
    `days_differ` (with `dates`), `hours_differ`, `ends_before_it_starts`, `no_such_day` (with `last`, the
    last of that month), `no_such_leap_month` (with `month`), `no_such_time` (clocks skip it).
    """
    today = now.astimezone(zone).date()
    tokens = tuple(_tokens(fold(text), today))
    said = [token for token in tokens if isinstance(token, _Days)]
    if not said:
        raise NotUnderstood("day_needed") if tokens else _unclear(text)
    readings = [
        (day, reading, hours)
        for day, reading in _agreed(said).items()
        for hours in _hours(tokens)
        if day >= today
    ]
    if not readings:
        raise NotUnderstood("moment_past")
    moments = [moment for day, reading, hours in readings for moment in _moments(day, reading, hours, zone)]
    if not moments:
        raise NotUnderstood("no_such_time")
    options = sorted(
        (moment for moment in moments if not moment.timed or moment.start > now), key=lambda one: one.start
    )
    if not options:
        raise NotUnderstood("moment_past")
    if len(options) > 1:
        raise NotUnderstood("moment_ambiguous", options=tuple(options))
    return options[0]


def _moments(day: date, reading: Reading, hours: Hours, zone: ZoneInfo) -> Iterator[Moment]:
    if hours.start is None:
        midnight = datetime.combine(day, time.min, zone).astimezone(UTC)
        yield Moment(midnight, None, reading, timed=False, part=hours.part)
        return
    for start, end in span(day, hours, zone):
        yield Moment(start, end, reading)
