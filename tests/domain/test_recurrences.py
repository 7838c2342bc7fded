"""Recurring practice: read from words, kept, and when it is next."""

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.dates import Hours, Part
from bot.domain.errors import NotUnderstood
from bot.domain.recurrences import Every, Rule, next_after, read_rule

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
# A Tuesday, ten in the morning.
NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
SEVEN = Hours(19 * 60)
WEEK, MONTH, LUNAR = Every.WEEK, Every.MONTH, Every.LUNAR_MONTH


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("每周二、四晚上7点", Rule(WEEK, (1, 3), hours=SEVEN)),
        ("每週二和週四晚上七點到九點", Rule(WEEK, (1, 3), hours=Hours(19 * 60, 21 * 60))),
        ("每周二、每周四19:00", Rule(WEEK, (1, 3), hours=SEVEN)),
        ("每周二四六晚上7点", Rule(WEEK, (1, 3, 5), hours=SEVEN)),
        ("每个星期天 8:00", Rule(WEEK, (6,), hours=Hours(480))),
        ("每逢礼拜六", Rule(WEEK, (5,))),
        ("每周四、二晚上7点", Rule(WEEK, (1, 3), hours=SEVEN)),
        ("每周二十点", Rule(WEEK, (1,), hours=Hours(600))),
        ("每周一到周五早上6点半", Rule(WEEK, (0, 1, 2, 3, 4), hours=Hours(390))),
        ("每周一至五", Rule(WEEK, (0, 1, 2, 3, 4))),
        ("每天早上7点", Rule(WEEK, tuple(range(7)), hours=Hours(420))),
        ("every Tue and Thu 7pm", Rule(WEEK, (1, 3), hours=SEVEN)),
        ("Every Monday, Wednesday and Friday 9:00-10:30", Rule(WEEK, (0, 2, 4), hours=Hours(540, 630))),
        ("every day 7am", Rule(WEEK, tuple(range(7)), hours=Hours(420))),
        ("每月第一个周六上午", Rule(MONTH, (5,), 1, Hours(part=Part.MORNING))),
        ("每個月第2個星期日下午3點", Rule(MONTH, (6,), 2, Hours(900))),
        ("每月最后一个周日", Rule(MONTH, (6,), -1)),
        ("first Saturday of every month 10am", Rule(MONTH, (5,), 1, Hours(600))),
        ("the last Sunday of the month", Rule(MONTH, (6,), -1)),
        ("every first Saturday", Rule(MONTH, (5,), 1)),
        ("每月15号19:00", Rule(MONTH, (15,), hours=SEVEN)),
        ("每月1、15号晚上7点", Rule(MONTH, (1, 15), hours=SEVEN)),
        ("每月十五日", Rule(MONTH, (15,))),
        ("每月底", Rule(MONTH, (-1,))),
        ("每月初一十五", Rule(LUNAR, (1, 15))),
        ("每月初一、十五早上8点", Rule(LUNAR, (1, 15), hours=Hours(480))),
        ("农历每月初八", Rule(LUNAR, (8,))),
        ("每月农历十五", Rule(LUNAR, (15,))),
        ("每月廿三", Rule(LUNAR, (23,))),
        ("每周二晚上7点,节假日休息", Rule(WEEK, (1,), hours=SEVEN, skips_holidays=True)),
        ("每周二晚上7点（法定節假日除外）", Rule(WEEK, (1,), hours=SEVEN, skips_holidays=True)),
        ("every Tuesday 7pm except holidays", Rule(WEEK, (1,), hours=SEVEN, skips_holidays=True)),
    ],
)
def test_rules_in_words(text: str, rule: Rule) -> None:
    """What people write on the notice board."""
    assert rule == read_rule(text)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("每周二7点", (Rule(WEEK, (1,), hours=Hours(420)), Rule(WEEK, (1,), hours=SEVEN))),
        ("每周二四五点", (Rule(WEEK, (1, 3), hours=Hours(300)), Rule(WEEK, (1, 3), hours=Hours(1020)))),
        ("每月十五", (Rule(MONTH, (15,)), Rule(LUNAR, (15,)))),
    ],
)
def test_what_may_mean_two_rules_is_asked_back(text: str, options: tuple[Rule, ...]) -> None:
    """The hour or the calendar left open: both rules are offered."""
    with pytest.raises(NotUnderstood) as caught:
        read_rule(text)

    assert (caught.value.reason, caught.value.facts) == ("rule_ambiguous", {"options": options})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "rule_unclear"),
        ("周二晚上7点", "rule_unclear"),
        ("每周末", "rule_unclear"),
        ("隔周二", "rule_unclear"),
        ("每周五到一", "rule_unclear"),
        ("每月32号", "rule_unclear"),
        ("每月农历三十一", "rule_unclear"),
        ("first Saturday 10am", "rule_unclear"),
        ("every month", "rule_unclear"),
        ("每周二活动室", "moment_unclear"),
        ("每周二晚上7点周三", "moment_unclear"),
        ("每周二9点10点", "hours_differ"),
    ],
)
def test_what_is_no_rule(text: str, reason: str) -> None:
    """It is refused with the reason, never read as something near."""
    with pytest.raises(NotUnderstood) as caught:
        read_rule(text)

    assert reason == caught.value.reason


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(WEEK, (1, 3), hours=SEVEN), ["09-01 19:00", "09-03 19:00", "09-08 19:00"]),
        (Rule(WEEK, (1,), hours=Hours(600)), ["09-08 10:00", "09-15 10:00", "09-22 10:00"]),
        (Rule(WEEK, (1,)), ["09-08 00:00", "09-15 00:00", "09-22 00:00"]),
        (Rule(WEEK, (0,), hours=Hours(1470)), ["09-08 00:30", "09-15 00:30", "09-22 00:30"]),
        (Rule(MONTH, (5,), 1, SEVEN), ["09-05 19:00", "10-03 19:00", "11-07 19:00"]),
        (Rule(MONTH, (0,), 5), ["11-30 00:00", "03-29 00:00", "05-31 00:00"]),
        (Rule(MONTH, (6,), -1, SEVEN), ["09-27 19:00", "10-25 19:00", "11-29 19:00"]),
        (Rule(MONTH, (31,), hours=SEVEN), ["10-31 19:00", "12-31 19:00", "01-31 19:00"]),
        (Rule(MONTH, (-1,), hours=SEVEN), ["09-30 19:00", "10-31 19:00", "11-30 19:00"]),
        (Rule(LUNAR, (1, 15), hours=Hours(480)), ["09-11 08:00", "09-25 08:00", "10-10 08:00"]),
        # 七月, 八月 and 腊月 have 29 days, 九月, 十月 and 冬月 have 30.
        (Rule(LUNAR, (30,)), ["11-08 00:00", "12-08 00:00", "01-07 00:00"]),
        (Rule(LUNAR, (-1,)), ["09-10 00:00", "10-09 00:00", "11-08 00:00"]),
    ],
)
def test_when_it_is_next(rule: Rule, expected: list[str]) -> None:
    """Strictly after an instant, then after that one, and so on."""
    at, found = NOW, []
    for _ in expected:
        at = next_after(rule, at, SHANGHAI)
        found.append(f"{at.astimezone(SHANGHAI):%m-%d %H:%M}")

    assert expected == found


def test_holidays_are_skipped_only_when_asked() -> None:
    """The National Day is a Thursday: the dance team rests if its rule says so."""
    rule, rests = (Rule(WEEK, (3,), hours=SEVEN, skips_holidays=skips) for skips in (False, True))
    before, holidays = datetime(2026, 9, 30, tzinfo=UTC), {date(2026, 10, 1), date(2026, 10, 8)}

    assert next_after(rule, before, SHANGHAI, holidays) == datetime(2026, 10, 1, 11, tzinfo=UTC)
    assert next_after(rests, before, SHANGHAI, holidays) == datetime(2026, 10, 15, 11, tzinfo=UTC)


def test_the_hour_on_the_wall_stays() -> None:
    """Where clocks change practice stays at its local hour; a skipped one moves by as much as they jump."""
    rule = Rule(WEEK, (6,), hours=Hours(150))

    assert next_after(rule, datetime(2026, 3, 2, tzinfo=UTC), NEW_YORK) == datetime(
        2026, 3, 8, 7, 30, tzinfo=UTC
    )
    assert next_after(rule, datetime(2026, 3, 9, tzinfo=UTC), NEW_YORK) == datetime(
        2026, 3, 15, 6, 30, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("every", "days", "nth"),
    [
        (WEEK, (), None),
        (WEEK, (7,), None),
        (WEEK, (-1,), None),
        (WEEK, (3, 1), None),
        (WEEK, (1, 1), None),
        (WEEK, (1,), 1),
        (LUNAR, (1,), 1),
        (LUNAR, (31,), None),
        (MONTH, (32,), None),
        (MONTH, (0,), None),
        (MONTH, (1,), 6),
        (MONTH, (1,), 0),
        (MONTH, (7,), 1),
    ],
)
def test_no_calendar_has_it(every: Every, days: tuple[int, ...], nth: int | None) -> None:
    """A rule that could never fall on a day, or would be told from its equal, cannot be made."""
    with pytest.raises(ValueError, match=r"not days of|weekday in"):
        Rule(every, days, nth)


def sets(numbers: st.SearchStrategy[int]) -> st.SearchStrategy[tuple[int, ...]]:
    """Some of the numbers, in order."""
    return st.sets(numbers, min_size=1, max_size=4).map(lambda some: tuple(sorted(some)))


HOURS = st.one_of(
    st.builds(Hours, st.integers(0, 1600)),
    st.builds(lambda start, lasts: Hours(start, start + lasts), st.integers(0, 1439), st.integers(1, 720)),
    st.builds(Hours, part=st.none() | st.sampled_from(Part)),
)
RULES = st.one_of(
    st.builds(Rule, st.just(WEEK), sets(st.integers(0, 6)), st.none(), HOURS, st.booleans()),
    st.builds(
        Rule,
        st.just(MONTH),
        sets(st.integers(0, 6)),
        st.sampled_from([-1, 1, 2, 3, 4, 5]),
        HOURS,
        st.booleans(),
    ),
    st.builds(
        Rule, st.just(MONTH), sets(st.sampled_from([-1, *range(1, 32)])), st.none(), HOURS, st.booleans()
    ),
    st.builds(
        Rule, st.just(LUNAR), sets(st.sampled_from([-1, *range(1, 31)])), st.none(), HOURS, st.booleans()
    ),
)


@given(RULES)
def test_a_rule_survives_json(rule: Rule) -> None:
    """Kept as JSON and read again it is the same."""
    assert rule == Rule.from_dict(json.loads(json.dumps(rule.to_dict())))


# The package computes a lunar year when it is first asked for, which takes longer than a hypothesis may.
@settings(deadline=None)
@given(RULES, st.integers(0, 3 * 365 * 24 * 60), st.sampled_from([SHANGHAI, NEW_YORK]))
def test_the_next_is_the_first(rule: Rule, minutes: int, zone: ZoneInfo) -> None:
    """It is after the instant, on a day of the rule, and asked a moment earlier it is still the next."""
    instant = NOW + timedelta(minutes=minutes)
    at = next_after(rule, instant, zone)

    assert at > instant
    assert next_after(rule, at - timedelta(microseconds=1), zone) == at
    assert next_after(rule, at, zone) > at
    day = (at.astimezone(zone).replace(tzinfo=None) - timedelta(minutes=rule.hours.start or 0)).date()
    # Where the clocks jump, the start may be an hour later than the rule says, which may be the next day.
    assert rule.falls_on(day) or (zone is NEW_YORK and rule.falls_on(day - timedelta(days=1)))
