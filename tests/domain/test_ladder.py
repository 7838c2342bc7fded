"""Who is told when."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.domain.calendar import WorkCalendar
from bot.domain.clocks import Clock, QuietHours, RunningClock
from bot.domain.ladder import DEFAULT, Ladder, Rung, instant_of, is_passed_around, next_stage, rung

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkCalendar(SHANGHAI)
NEW_YORK = WorkCalendar(ZoneInfo("America/New_York"), extra_workdays=frozenset({date(2026, 3, 8)}))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 2, tzinfo=UTC)  # Monday 10:00 in Shanghai

clocks = st.builds(
    RunningClock,
    term=st.timedeltas(timedelta(minutes=1), timedelta(days=15)),
    used=st.just(timedelta()),
    running_since=st.timedeltas(timedelta(), timedelta(days=730)).map(
        lambda after: datetime(2025, 1, 1, tzinfo=UTC) + after
    ),
    kind=st.sampled_from(Clock),
    calendar=st.sampled_from([CHINA, NEW_YORK]),
)


def utility(term: timedelta = 10 * HOUR) -> RunningClock:
    """A clock that always runs, from START on."""
    return RunningClock(term, timedelta(), START, Clock.ALWAYS, CHINA)


def instants(clock: RunningClock, count: int, ladder: Ladder = DEFAULT) -> list[datetime]:
    """When the first `count` stages are due, each told of the one before."""
    found: list[datetime] = []
    for stage in range(count):
        at = instant_of(stage, clock, found[-1] if found else None, ladder)
        assert at is not None
        found.append(at)
    return found


@pytest.mark.parametrize(
    "expected",
    [
        Rung(0, 50, "reminder", ("handler",)),
        Rung(1, 80, "reminder", ("handler",)),
        Rung(2, 100, "escalation", ("handler", "deputy", "committee")),
        Rung(3, 150, "escalation", ("handler", "owners_committee_director")),
        Rung(4, 200, "escalation", ("handler", "branch_secretary")),
        Rung(5, 250, "escalation", ("handler", "outward")),
        Rung(6, None, "repeat", ("handler", "outward")),
        Rung(99, None, "repeat", ("handler", "outward")),
    ],
)
def test_the_default_ladder(expected: Rung) -> None:
    """Two reminders, the deputy and the committee, one level up each, then daily."""
    assert expected == rung(expected.stage)


def test_a_configured_ladder() -> None:
    """Other percentages and levels, down to none of either."""
    short = Ladder(reminders=(75,), escalate_at=120, step=30, levels=("grid_officer",))
    bare = Ladder(reminders=(), levels=())

    assert short.percents == (75, 120, 150)
    assert Rung(2, 150, "escalation", ("handler", "grid_officer")) == rung(2, short)
    assert Rung(3, None, "repeat", ("handler", "grid_officer")) == rung(3, short)
    assert Rung(0, 100, "escalation", ("handler", "deputy", "committee")) == rung(0, bare)
    assert Rung(1, None, "repeat", ("handler", "deputy", "committee")) == rung(1, bare)


@pytest.mark.parametrize(
    ("reminders", "escalate_at", "step"),
    [((80, 50), 100, 50), ((0,), 100, 50), ((50, 80), 80, 50), ((50,), 100, 0), ((), 100, -50)],
)
def test_percentages_must_rise(reminders: tuple[int, ...], escalate_at: int, step: int) -> None:
    """A ladder that does not go up is refused."""
    with pytest.raises(ValueError, match="must rise"):
        Ladder(reminders, escalate_at, step)


def test_there_is_no_rung_below_the_first() -> None:
    """A negative stage is a mistake of the caller, not the last rung."""
    with pytest.raises(ValueError, match="-1"):
        rung(-1)


def test_the_instants_of_a_term() -> None:
    """Ten hours: reminders after 5 and 8, escalations after 10, 15, 20 and 25, then every 24 hours."""
    assert [START + hours * HOUR for hours in (5, 8, 10, 15, 20, 25, 49, 73)] == instants(utility(), 8)


def test_working_days_hold_the_ladder() -> None:
    """A week filed before National Day: half of it has run on Saturday the 10th, worked for the holiday."""
    filed = datetime(2026, 9, 30, 2, tzinfo=UTC)
    clock = RunningClock(7 * DAY, timedelta(), filed, Clock.WORKDAYS, CHINA)

    local = [at.astimezone(SHANGHAI).strftime("%m-%d %H:%M") for at in instants(clock, 3)]

    assert local == ["10-10 22:00", "10-14 00:24", "10-15 10:00"]


def test_a_stopped_clock_has_no_instants() -> None:
    """While the handler waits for an answer nothing falls due, a repeat no more than a reminder."""
    stopped = utility().stopped(START + HOUR)

    assert [instant_of(stage, stopped, START) for stage in range(8)] == [None] * 8
    assert next_stage(0, stopped, START + 9 * DAY, None) is None


def test_repeats_begin_anew_a_day_after_a_long_pause() -> None:
    """Resumed after nine days the next repeat comes a day later: no backlog, and no repeat at once."""
    back = START + 12 * DAY + 3 * HOUR
    clock = utility().stopped(START + 3 * DAY).resumed(back)

    assert back + DAY == instant_of(7, clock, START + 49 * HOUR)


def test_repeats_keep_their_local_time_when_clocks_change() -> None:
    """Repeats at 02:30 in New York slip to 03:30 in the night without 02:30, and come back."""
    start = datetime(2026, 3, 6, 7, 30, tzinfo=UTC) - 10 * HOUR
    clock = RunningClock(4 * HOUR, timedelta(), start, Clock.ALWAYS, NEW_YORK)

    local = [at.astimezone(NEW_YORK.timezone).strftime("%d %H:%M") for at in instants(clock, 10)[5:]]

    assert local == ["06 02:30", "07 02:30", "08 03:30", "09 02:30", "10 02:30"]


def test_repeats_may_have_an_hour_of_their_own() -> None:
    """Once a day at eight, whenever the last percentage was: here at 11:00 the day after the start."""
    ladder = Ladder(repeats_at=time(8))

    assert [at.astimezone(SHANGHAI).strftime("%d %H:%M") for at in instants(utility(), 8, ladder)][5:] == [
        "03 11:00",
        "04 08:00",
        "05 08:00",
    ]


@pytest.mark.parametrize(
    ("passed", "unaccepted", "expected"),
    [
        (0, 9 * HOUR, False),
        (1, 4 * HOUR - timedelta(microseconds=1), False),
        (1, 4 * HOUR, True),
        (2, timedelta(), True),
    ],
)
def test_what_is_passed_around(passed: int, unaccepted: timedelta, expected: bool) -> None:
    """Twice given on, or once with two terms of two hours gone; what nobody gave on is simply late."""
    assert is_passed_around(passed, unaccepted, 2 * HOUR) == expected


def test_quiet_hours_push_a_repeat_into_the_day() -> None:
    """Repeats of 23:00 go out at 08:00, one a day, whether counted from due or from sent."""
    quiet = QuietHours(timezone=SHANGHAI)
    clock = utility(2 * HOUR * 13 / 5)  # 250 % are 13 hours: 23:00

    due = instants(clock, 9)[5:]
    sent = [quiet.release(at, "utility") for at in due]

    assert [22 * HOUR + START + days * DAY for days in range(4)] == sent
    assert due[1:] == [instant_of(6 + step, clock, sent[step]) for step in range(3)]


def test_the_next_stage_is_the_first_to_come() -> None:
    """Before anything is due the stage stays; on time it goes one on."""
    assert next_stage(0, utility(), START, None) == (0, START + 5 * HOUR)
    assert next_stage(0, utility(), START + 4 * HOUR, None) == (0, START + 5 * HOUR)
    assert next_stage(0, utility(), START + 5 * HOUR, None) == (1, START + 8 * HOUR)
    assert next_stage(7, utility(), START + 50 * HOUR, START + 49 * HOUR) == (7, START + 73 * HOUR)


def test_downtime_is_passed_over_at_once() -> None:
    """After days away the stages in between fall due together and the next lies ahead."""
    assert next_stage(0, utility(), START + 19 * HOUR, None) == (4, START + 20 * HOUR)
    assert next_stage(1, utility(), START + 80 * HOUR, START + 5 * HOUR) == (8, START + 97 * HOUR)


def test_a_rung_passed_before_the_pause_is_due_on_resuming() -> None:
    """An unsent reminder waits for the clock: stopped at 60 %, it is due when the clock goes on."""
    back = START + 3 * DAY
    clock = utility().stopped(START + 6 * HOUR).resumed(back)

    assert back == instant_of(0, clock, None)
    assert (1, back + 2 * HOUR) == next_stage(0, clock, back, None)


@settings(deadline=None)
@given(clocks)
def test_instants_strictly_increase(clock: RunningClock) -> None:
    """No two rungs at once, never one before another."""
    assert all(earlier < later for earlier, later in pairwise(instants(clock, 12)))


@settings(deadline=None)
@given(clocks, st.timedeltas(timedelta(), timedelta(days=40)), st.integers(0, 8))
def test_the_next_stage_lies_ahead_and_nothing_between(
    clock: RunningClock, later: timedelta, stage: int
) -> None:
    """What is passed over was due by now, what is returned is not."""
    assert clock.running_since is not None
    now = clock.running_since + later
    due = instants(clock, stage + 1)
    assume(stage == 0 or due[stage - 1] <= now)

    found = next_stage(stage, clock, now, due[stage - 1] if stage else None)

    assert found is not None
    reached, at = found
    assert at > now
    everything = instants(clock, reached + 1)
    assert at == everything[reached]
    assert all(passed <= now for passed in everything[stage:reached])
    assert found == next_stage(reached, clock, now, now)
