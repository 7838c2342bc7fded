"""When something is, as people type it: understood, asked back, or said to be impossible."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.dates import (
    Festival,
    Hours,
    Moment,
    Part,
    Reading,
    festival_days,
    lunar_label,
    nearest_festival,
    number,
    read_hours,
    read_moment,
    span,
)
from bot.domain.errors import NotUnderstood

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
# A Tuesday, ten in the morning; 七月二十 of the lunar calendar.
NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)


def local(moment: Moment, zone: ZoneInfo = SHANGHAI) -> str:
    """The moment as a line: 2026-10-25 15:00-16:30, without an hour the day and perhaps its part."""
    start = moment.start.astimezone(zone)
    if not moment.timed:
        assert start.strftime("%H:%M") == "00:00"
        assert moment.end is None
        return f"{start:%Y-%m-%d}" + (f" {moment.part}" if moment.part else "")
    assert moment.part is None
    return f"{start:%Y-%m-%d %H:%M}" + (f"-{moment.end.astimezone(zone):%H:%M}" if moment.end else "")


def read(text: str, now: datetime = NOW, zone: ZoneInfo = SHANGHAI) -> str:
    """What the text was understood as."""
    return local(read_moment(text, now, zone), zone)


def refused(text: str, now: datetime = NOW, zone: ZoneInfo = SHANGHAI) -> NotUnderstood:
    """How the text was asked back."""
    with pytest.raises(NotUnderstood) as caught:
        read_moment(text, now, zone)
    return caught.value


def options(text: str, now: datetime = NOW, zone: ZoneInfo = SHANGHAI) -> list[str]:
    """What the text may mean, as offered."""
    no = refused(text, now, zone)
    assert no.reason == "moment_ambiguous"
    moments = no.facts["options"]
    assert isinstance(moments, tuple)
    return [local(moment, zone) for moment in moments]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10月25日下午3点", "2026-10-25 15:00"),
        ("10月25号下午三点", "2026-10-25 15:00"),
        ("１０月２５日 下午３點", "2026-10-25 15:00"),
        ("十月二十五日下午三時", "2026-10-25 15:00"),
        ("二〇二六年十月二十五日上午9点", "2026-10-25 09:00"),
        ("2027年3月5日上午十点一刻", "2027-03-05 10:15"),
        ("10/25 15:00", "2026-10-25 15:00"),
        ("10.25 9:30", "2026-10-25 09:30"),
        ("10-25 15：00", "2026-10-25 15:00"),
        ("2026-10-25 9:00-11:30", "2026-10-25 09:00-11:30"),
        ("明天上午九点半", "2026-09-02 09:30"),
        ("明早8点", "2026-09-02 08:00"),
        ("今晚7点半", "2026-09-01 19:30"),
        ("今天下午2点", "2026-09-01 14:00"),
        ("後天", "2026-09-03"),
        ("大后天9点", "2026-09-04 09:00"),
        ("三天后上午9点", "2026-09-04 09:00"),
        ("两周后", "2026-09-15"),
        ("这个月底", "2026-09-30"),
        ("月底", "2026-09-30"),
        ("下个月底", "2026-10-31"),
        ("25号下午2点", "2026-09-25 14:00"),
        ("31号", "2026-10-31"),
        ("下个月3号", "2026-10-03"),
        ("9月1日11点", "2026-09-01 11:00"),
        ("8月15日", "2027-08-15"),
        ("9月9日", "2026-09-09"),
        ("八月十五日", "2027-08-15"),
        ("公历八月十五", "2027-08-15"),
        ("明年3月5日", "2027-03-05"),
        ("国庆", "2026-10-01"),
        ("十一", "2026-10-01"),
        ("十一月十一日十一点", "2026-11-11 11:00"),
        ("元旦", "2027-01-01"),
        ("三八", "2027-03-08"),
        ("三八妇女节上午9点", "2027-03-08 09:00"),
        ("冬至", "2026-12-22"),
        ("清明", "2027-04-05"),
        ("2027年元旦", "2027-01-01"),
        ("Oct 25 3pm", "2026-10-25 15:00"),
        ("October 25th, 2026 3:15 p.m.", "2026-10-25 15:15"),
        ("25 Oct 10am", "2026-10-25 10:00"),
        ("on the 25th of October at 3 in the afternoon", "2026-10-25 15:00"),
        ("tomorrow 9:30", "2026-09-02 09:30"),
        ("tomorrow morning at 9", "2026-09-02 09:00"),
        ("tonight 7-9pm", "2026-09-01 19:00-21:00"),
        ("tomorrow 11-1pm", "2026-09-02 11:00-13:00"),
        ("tomorrow from 12am to 1am", "2026-09-02 00:00-01:00"),
        ("in 3 days noon", "2026-09-04 12:00"),
        ("National Day 8:00", "2026-10-01 08:00"),
    ],
)
def test_solar_days(text: str, expected: str) -> None:
    """A solar date, counted from today, or a festival of the solar calendar; without a year the next one."""
    assert expected == read(text)
    assert read_moment(text, NOW, SHANGHAI).understood == Reading.SOLAR


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("周六", "2026-09-05"),
        ("週六晚上七點半至九點", "2026-09-05 19:30-21:00"),
        ("周6下午3点", "2026-09-05 15:00"),
        ("礼拜天 15:00", "2026-09-06 15:00"),
        ("这周五", "2026-09-04"),
        ("下周三晚上7点到9点", "2026-09-09 19:00-21:00"),
        ("下个星期三", "2026-09-09"),
        ("下下周一 8:00", "2026-09-14 08:00"),
        ("周二9点", "2026-09-08 09:00"),
        ("周六9-11点", "2026-09-05 09:00-11:00"),
        ("this Saturday 10:00", "2026-09-05 10:00"),
        ("next Monday", "2026-09-07"),
        ("next Tuesday 7pm", "2026-09-08 19:00"),
        ("sat 7:05 p.m.", "2026-09-05 19:05"),
    ],
)
def test_weekdays(text: str, expected: str) -> None:
    """A weekday is the coming one, or that of the week named; weeks begin on Monday."""
    assert expected == read(text)
    assert read_moment(text, NOW, SHANGHAI).understood == Reading.WEEKDAY


def test_next_wednesday_of_two() -> None:
    """On a Thursday the next Wednesday can only be that of next week."""
    thursday = datetime(2026, 9, 3, 2, tzinfo=UTC)

    assert read("next Wednesday 7pm", thursday) == "2026-09-09 19:00"
    assert options("next Wednesday 7pm") == ["2026-09-02 19:00", "2026-09-09 19:00"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("九月初九", "2026-10-18"),
        ("农历九月初九", "2026-10-18"),
        ("農曆9月9日", "2026-10-18"),
        ("阴历八月十五", "2026-09-25"),
        ("農曆八月十五晚上七點", "2026-09-25 19:00"),
        ("重阳", "2026-10-18"),
        ("重陽節下午2點到4點", "2026-10-18 14:00-16:00"),
        ("Double Ninth 2pm", "2026-10-18 14:00"),
        ("端午", "2027-06-09"),
        ("中秋", "2026-09-25"),
        ("元宵", "2027-02-20"),
        ("正月十五", "2027-02-20"),
        ("春节", "2027-02-06"),
        ("大年初三", "2027-02-08"),
        ("除夕", "2027-02-05"),
        ("年三十", "2027-02-05"),
        ("2027年除夕", "2027-02-05"),
        ("臘八", "2027-01-15"),
        ("腊月廿三", "2027-01-30"),
        ("冬月初一", "2026-12-09"),
        ("七夕", "2027-08-08"),
        ("明年正月初八", "2027-02-13"),
        ("农历七月廿五", "2026-09-06"),
    ],
)
def test_lunar_days(text: str, expected: str) -> None:
    """初, 廿, 正月, 农历 and the festivals' names make a date lunar; without a year it is the next one."""
    assert expected == read(text)
    assert read_moment(text, NOW, SHANGHAI).understood == Reading.LUNAR


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10月18日(周日)下午2点半", "2026-10-18 14:30"),
        ("10月18日 农历九月初九 重阳节当天 14:30", "2026-10-18 14:30"),
        ("八月十五中秋节", "2026-09-25"),
        ("周二 9月8日", "2026-09-08"),
        # That 七月 has 29 days, and no February 30: only one reading is left.
        ("七月三十", "2027-07-30"),
        ("二月三十", "2027-04-06"),
    ],
)
def test_what_settles_a_day(text: str, expected: str) -> None:
    """What is said twice must agree, and may settle what one of them left open, as a calendar may."""
    assert expected == read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # An hour from 1 to 7.
        ("周六3点", ["2026-09-05 03:00", "2026-09-05 15:00"]),
        ("周五一点半", ["2026-09-04 01:30", "2026-09-04 13:30"]),
        ("10月25日7点到9点", ["2026-10-25 07:00-09:00", "2026-10-25 19:00-21:00"]),
        ("tomorrow at 5", ["2026-09-02 05:00", "2026-09-02 17:00"]),
        # The night's end or its beginning.
        ("明天晚上2点", ["2026-09-02 02:00", "2026-09-03 02:00"]),
        # That weekday itself.
        ("周二", ["2026-09-01", "2026-09-08"]),
        ("周二11点", ["2026-09-01 11:00", "2026-09-08 11:00"]),
        ("周末", ["2026-09-05", "2026-09-06"]),
        # Two calendars.
        ("八月十五", ["2026-09-25", "2027-08-15"]),
        ("九月九", ["2026-09-09", "2026-10-18"]),
        # North and south.
        ("小年", ["2027-01-30", "2027-01-31"]),
        # 腊月 of a year lies in two.
        ("明年腊八", ["2027-01-15", "2028-01-04"]),
    ],
)
def test_what_may_mean_two_things_is_asked_back(text: str, expected: list[str]) -> None:
    """Nothing is guessed: all readings are offered, the earliest first."""
    assert expected == options(text)


def test_an_hour_gone_by_is_no_option() -> None:
    """At ten in the morning, 3点 today can only be in the afternoon."""
    assert read("今天3点") == "2026-09-01 15:00"


@pytest.mark.parametrize(
    ("today", "text", "expected"),
    [
        # 七月初五: the 8th is still to come this month.
        (date(2026, 8, 17), "初八", "2026-08-20"),
        # 正月初八 is the next one in any case.
        (date(2027, 1, 20), "初八", "2027-02-13"),
        (date(2026, 9, 1), "农历二十三", "2026-09-04"),
    ],
)
def test_a_lunar_day_without_a_month(today: date, text: str, expected: str) -> None:
    """The month of 初八 is clear while its day is still to come, and before the New Year."""
    assert expected == read(text, datetime(today.year, today.month, today.day, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("today", "text", "expected"),
    [
        (date(2026, 9, 1), "初九", ["2026-09-19", "2026-10-18"]),
        # 腊月初二: 腊八, or the eighth of the New Year.
        (date(2027, 1, 9), "初八", ["2027-01-15", "2027-02-13"]),
    ],
)
def test_a_lunar_day_of_an_unclear_month(today: date, text: str, expected: list[str]) -> None:
    """Otherwise both months are offered."""
    assert expected == options(text, datetime(today.year, today.month, today.day, 2, tzinfo=UTC))


def test_leap_months_are_asked_about() -> None:
    """2025 had two sixth months: while both, or only the second, are to come, nobody can know."""
    spring, july = datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 7, 10, tzinfo=UTC)

    assert options("六月初九", spring) == ["2025-07-03", "2025-08-02"]
    assert options("六月初九", july) == ["2025-08-02", "2026-07-22"]
    assert options("2028年五月初五") == ["2028-05-28", "2028-06-27"]
    assert read("闰六月初九", spring) == "2025-08-02"
    assert read("端午", datetime(2028, 5, 1, tzinfo=UTC)) == "2028-05-28"
    assert refused("闰六月初九").reason == "no_such_leap_month"
    assert refused("闰六月初九").facts == {"month": 6}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "moment_unclear"),
        ("随便", "moment_unclear"),
        ("活动室", "moment_unclear"),
        ("10月25日下午3点在活动室", "moment_unclear"),
        ("周二、四", "moment_unclear"),
        ("每周二", "moment_unclear"),
        ("十五", "moment_unclear"),
        ("13月5日", "moment_unclear"),
        ("25/10", "moment_unclear"),
        ("10月0日", "moment_unclear"),
        ("明天25点", "moment_unclear"),
        ("45号", "moment_unclear"),
        ("农历45", "moment_unclear"),
        ("农历13月1日", "moment_unclear"),
        ("农历三十", "no_such_day"),
        ("明天9:60", "moment_unclear"),
        ("明天24:30", "moment_unclear"),
        ("昨天", "moment_unclear"),
        ("上周三", "moment_unclear"),
        ("10月25日前", "moment_unclear"),
        ("10月3点", "moment_unclear"),
        ("下午3点", "day_needed"),
        (",", "moment_unclear"),
        ("2025-10-25", "moment_past"),
        ("今天9点", "moment_past"),
        ("9月1日9点", "moment_past"),
        ("这周一", "moment_past"),
        ("今年正月初一", "moment_past"),
        ("2月30日", "no_such_day"),
        ("本月31号", "no_such_day"),
        ("腊月三十", "no_such_day"),
        ("10月18日周三", "days_differ"),
        ("10月1日至7日", "days_differ"),
        ("明天后天", "days_differ"),
        ("明天上午15点", "hours_differ"),
        ("明天上午下午3点", "hours_differ"),
        ("明天9点10点", "hours_differ"),
        ("明天下午9am", "hours_differ"),
        ("明天13pm", "hours_differ"),
        ("明天9点到", "hours_differ"),
        ("明天到9点", "hours_differ"),
        ("明天9点到10点到11点", "hours_differ"),
        ("明天15:00-14:00", "ends_before_it_starts"),
        ("明天9点到下午20am", "hours_differ"),
    ],
)
def test_what_cannot_be(text: str, reason: str) -> None:
    """Each refusal says why, so that the next question can."""
    assert refused(text).reason == reason


def test_a_refusal_has_its_facts() -> None:
    """The rest that says nothing, the last day there is, the days that differ."""
    assert refused("明天随便").facts == {"said": "随便"}
    assert refused("2月30日").facts == {"last": date(2027, 2, 28)}
    assert refused("腊月三十", datetime(2024, 12, 31, tzinfo=UTC)).facts == {"last": date(2025, 1, 28)}
    assert refused("明天后天").facts == {"dates": (date(2026, 9, 2), date(2026, 9, 3))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [Hours()]),
        ("上午", [Hours(part=Part.MORNING)]),
        ("晚上7点", [Hours(19 * 60)]),
        ("晚上12点", [Hours(24 * 60)]),
        ("晚上12点半", [Hours(24 * 60 + 30)]),
        ("晚上0点", [Hours(24 * 60)]),
        ("下午8点", [Hours(20 * 60)]),
        ("凌晨12点半", [Hours(30)]),
        ("中午12点", [Hours(720)]),
        ("中午1点", [Hours(780)]),
        ("12点", [Hours(720)]),
        ("0点", [Hours(0)]),
        ("24:00", [Hours(1440)]),
        ("12am", [Hours(0)]),
        ("12pm", [Hours(720)]),
        ("07:30", [Hours(450)]),
        ("7:30", [Hours(450), Hours(1170)]),
        ("八点零五分", [Hours(485)]),
        ("8点5分", [Hours(485)]),
        ("八点三十五", [Hours(515)]),
        ("10点三刻", [Hours(645)]),
        ("10点整", [Hours(600)]),
        ("9点钟", [Hours(540)]),
        ("上午9点到2点", [Hours(540, 840)]),
        ("9点到21点", [Hours(540, 1260)]),
        ("晚上10点到凌晨1点", [Hours(1320, 1500)]),
        ("22:00-6:00", [Hours(1320, 1800)]),
        ("下午5点至晚上8点半", [Hours(1020, 1230)]),
        ("9am to 5pm", [Hours(540, 1020)]),
        ("10-12pm", [Hours(600, 720)]),
        ("3点到5点", [Hours(180, 300), Hours(900, 1020)]),
    ],
)
def test_hours(text: str, expected: list[Hours]) -> None:
    """Every reading of a time of day, in minutes after midnight."""
    assert expected == list(read_hours(text))


def test_hours_have_no_day() -> None:
    """Where only hours are asked for, a day says nothing."""
    with pytest.raises(NotUnderstood) as caught:
        read_hours("周六9点")
    assert caught.value.reason == "moment_unclear"


@pytest.mark.parametrize(
    ("hours", "lasts"),
    [(Hours(60, 90), timedelta(minutes=30)), (Hours(60), None), (Hours(), None)],
)
def test_how_long_it_lasts(hours: Hours, lasts: timedelta | None) -> None:
    """Known only with both ends."""
    assert lasts == hours.lasts


def test_clocks_that_change() -> None:
    """A skipped hour is no time, a repeated one is two; an end after the change is as its clock says."""
    march, october = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)

    assert refused("3月8日 02:30", march, NEW_YORK).reason == "no_such_time"
    no = refused("11月1日 01:30", october, NEW_YORK)
    assert no.facts["options"] == (
        Moment(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), None, Reading.SOLAR),
        Moment(datetime(2026, 11, 1, 6, 30, tzinfo=UTC), None, Reading.SOLAR),
    )
    assert read_moment("3月8日 01:00-04:00", march, NEW_YORK) == Moment(
        datetime(2026, 3, 8, 6, tzinfo=UTC), datetime(2026, 3, 8, 8, tzinfo=UTC), Reading.SOLAR
    )
    assert read_moment("7月1日下午3点", march, NEW_YORK).start == datetime(2026, 7, 1, 19, tzinfo=UTC)


def test_today_is_where_the_compound_is() -> None:
    """At 23:00 UTC it is tomorrow in China already."""
    late = datetime(2026, 9, 1, 23, tzinfo=UTC)

    assert read("今天上午10点", late) == "2026-09-02 10:00"
    assert read("今天下午7点半", late, NEW_YORK) == "2026-09-01 19:30"


@pytest.mark.parametrize(
    ("run", "value"),
    [
        *(("7", 7), ("07", 7), ("零", 0), ("两", 2), ("十", 10), ("十二", 12), ("二十", 20), ("三十一", 31)),
        *(("廿", 20), ("廿五", 25), ("卅一", 31), ("二〇二六", 2026), ("二零二七", 2027)),
    ],
)
def test_numbers(run: str, value: int) -> None:
    """Chinese numerals, also the calendar's own 廿 and 卅."""
    assert value == number(run)


# Written by hand, not by the package: the Spring Festival of each year, and the leap months.
SPRING = [
    *("2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29"),
    *("2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23"),
    *("2032-02-11", "2033-01-31", "2034-02-19", "2035-02-08"),
]
LEAP = {2020: 4, 2023: 2, 2025: 6, 2028: 5, 2031: 3, 2033: 11}


@pytest.mark.parametrize("day", SPRING)
def test_spring_festivals(day: str) -> None:
    """The first day of each lunar year, also after the leap month late in 2033."""
    first = date.fromisoformat(day)

    assert festival_days(Festival.SPRING_FESTIVAL, first.year) == (first,)
    label = lunar_label(first)
    assert (label.year, label.month, label.leap, label.day, label.text) == (
        first.year,
        1,
        False,
        1,
        "正月初一",
    )
    assert lunar_label(first - timedelta(days=1)).festivals == (Festival.NEW_YEARS_EVE,)


def test_leap_months() -> None:
    """From 2020 to 2034 these years have a thirteenth month, and it follows the one of its number."""
    days = [date(2020, 1, 25) + timedelta(days=number) for number in range(15 * 365)]
    labels = [lunar_label(day) for day in days]

    assert {label.year: label.month for label in labels if label.leap} == LEAP


@pytest.mark.parametrize(
    ("day", "text", "festivals"),
    [
        (date(2026, 10, 18), "九月初九", (Festival.DOUBLE_NINTH,)),
        (date(2020, 10, 1), "八月十五", (Festival.MID_AUTUMN, Festival.NATIONAL_DAY)),
        (date(2025, 8, 2), "闰六月初九", ()),
        (date(2028, 6, 27), "闰五月初五", ()),
        (date(2026, 2, 10), "腊月廿三", (Festival.LITTLE_NEW_YEAR,)),
        (date(2026, 12, 22), "冬月十四", (Festival.WINTER_SOLSTICE,)),
        (date(2026, 4, 5), "二月十八", (Festival.QINGMING,)),
        (date(2026, 11, 8), "九月三十", ()),
        (date(2026, 10, 29), "九月二十", ()),
        (date(2026, 10, 19), "九月初十", ()),
    ],
)
def test_labels(day: date, text: str, festivals: tuple[Festival, ...]) -> None:
    """What stands beside a date on a Chinese calendar."""
    label = lunar_label(day)

    assert (text, festivals) == (label.text, label.festivals)


@settings(deadline=None)
@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_labels_count_on(day: date) -> None:
    """Every day follows the one before: the next number, or the first of a month after 29 or 30 days."""
    before, label = lunar_label(day - timedelta(days=1)), lunar_label(day)

    if label.day == 1:
        assert before.day in (29, 30)
        assert (label.month, label.leap) in ((before.month % 12 + 1, False), (before.month, True))
    else:
        assert (label.year, label.month, label.leap, label.day - 1) == (
            before.year,
            before.month,
            before.leap,
            before.day,
        )


# The package computes a year when it is first asked for, which takes longer than a hypothesis may.
@settings(deadline=None)
@given(st.dates(date(2001, 2, 1), date(2098, 12, 31)))
def test_labels_are_read_back(day: date) -> None:
    """A lunar date as shown, with its year, is that day again, or one of two where the month comes twice."""
    label = lunar_label(day)
    now = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    reason = ""
    try:
        moments: object = (read_moment(f"农历{label.year}年{label.text}", now, SHANGHAI),)
    except NotUnderstood as no:
        reason, moments = no.reason, no.facts.get("options", ())
    # A month that comes twice, or 腊月, which begins in one year and ends in the next; some lack a 30th.
    assert reason in ("", "moment_ambiguous") or (reason, label.day) == ("no_such_day", 30)
    assert isinstance(moments, tuple)
    assert not moments or day in {moment.start.astimezone(SHANGHAI).date() for moment in moments}


@pytest.mark.parametrize(
    ("day", "festival", "its"),
    [
        (date(2026, 10, 17), Festival.DOUBLE_NINTH, date(2026, 10, 18)),
        (date(2026, 10, 20), Festival.DOUBLE_NINTH, date(2026, 10, 18)),
        (date(2026, 12, 31), Festival.NEW_YEAR, date(2027, 1, 1)),
        (date(2027, 1, 2), Festival.NEW_YEAR, date(2027, 1, 1)),
        # Three days after the Mid-Autumn Festival and three before the National Day.
        (date(2026, 9, 28), Festival.NATIONAL_DAY, date(2026, 10, 1)),
    ],
)
def test_the_nearest_festival(day: date, festival: Festival, its: date) -> None:
    """Before or after; of two equally near the coming one."""
    assert (festival, its) == nearest_festival(day)


def test_spans_of_untimed_hours_begin_with_the_day() -> None:
    """Without an hour the span is the local midnight alone."""
    assert list(span(date(2026, 9, 2), Hours(), SHANGHAI)) == [(datetime(2026, 9, 1, 16, tzinfo=UTC), None)]


CHINESE = "今明后天周六日号月年闰初九十廿三点半刻分到下底节正腊"
WORDS = st.sampled_from(
    [
        *"今明后天周六日号月年闰初九十廿三点半刻分到下底节正腊01259:-/ ,()",
        *("农历", "上午", "晚上", "重阳", "2026", "二〇", " mon ", "oct", "25", " next ", "pm", "am", " at "),
        *("in ", " days", "tomorrow"),
    ]
)


@given(st.text() | st.lists(WORDS, max_size=8).map("".join), st.sampled_from([SHANGHAI, NEW_YORK]))
def test_anything_is_understood_or_asked_back(text: str, zone: ZoneInfo) -> None:
    """No text raises anything else, and no moment lies in the past or ends before it starts."""
    offered: object = ()
    try:
        moments: object = (read_moment(text, NOW, zone),)
    except NotUnderstood as no:
        offered = moments = no.facts.get("options", ())
    assert isinstance(offered, tuple)
    assert isinstance(moments, tuple)
    assert len(offered) == len(set(offered)) != 1
    for moment in moments:
        assert moment.start > (NOW if moment.timed else NOW - timedelta(days=1))
        assert moment.end is None or moment.end > moment.start


@given(st.integers(1, 70 * 365 * 24 * 60))
def test_a_full_date_is_read_exactly(minutes: int) -> None:
    """Whatever the day and minute, written out in digits it is understood as it stands."""
    at = NOW + timedelta(minutes=minutes)

    assert read_moment(f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", NOW, SHANGHAI).start == at
