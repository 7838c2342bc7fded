"""The clock: moved, stopped, and written down for others."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from bot.sandbox.clock import EPOCH, MovableClock
from tests.sandbox.conftest import START

HOUR = timedelta(hours=1)


class Real:
    """A real clock that runs only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        """The time now."""
        return self.now


def test_a_clock_can_be_followed(tmp_path: Path) -> None:
    """The offset stands in a file, in microseconds, and is taken over at the next start."""
    real, file = Real(), tmp_path / "clock"
    clock = MovableClock(real, file)
    clock.move(timedelta(minutes=10))
    assert file.read_text() == "600000000"
    clock.move(-timedelta(minutes=20))
    assert file.read_text() == "-600000000"
    assert MovableClock(real, file)() == START - timedelta(minutes=10)


def test_a_clock_that_stands_still(tmp_path: Path) -> None:
    """Real time passes by it; it can be moved, is written down as an instant, and goes on from there."""
    real, file = Real(), tmp_path / "clock"
    clock = MovableClock(real, file)
    clock.move(HOUR)
    clock.pause()
    real.now += timedelta(days=3)
    assert (clock.is_paused, clock()) == (True, START + HOUR)
    assert file.read_text() == f"={int(clock().timestamp()) * 1_000_000}"
    clock.move(HOUR)
    clock.set_to(clock() + timedelta(microseconds=1))
    wanted = START + 2 * HOUR + timedelta(microseconds=1)
    assert clock() == wanted
    again = MovableClock(real, file)
    assert (again.is_paused, again(), again.offset) == (True, wanted, wanted - real.now)
    again.resume()
    real.now += HOUR
    assert (again.is_paused, again()) == (False, wanted + HOUR)
    assert file.read_text() == str((again.offset) // timedelta(microseconds=1))
    assert MovableClock(real, file)() == again()


def test_pausing_twice_and_resuming_twice(tmp_path: Path) -> None:
    """Nothing happens the second time."""
    real = Real()
    clock = MovableClock(real, tmp_path / "clock")
    clock.pause()
    real.now += HOUR
    clock.pause()
    assert clock() == START
    clock.resume()
    clock.resume()
    assert (clock(), clock.offset) == (START, -HOUR)


def test_setting_a_running_clock() -> None:
    """It shows the instant, and runs on; each change is told."""
    real, told = Real(), []
    clock = MovableClock(real)
    clock.changed.append(lambda: told.append(clock()))
    clock.set_to(datetime(2026, 10, 1, tzinfo=UTC))
    real.now += HOUR
    assert clock() == datetime(2026, 10, 1, 1, tzinfo=UTC)
    clock.pause()
    clock.resume()
    assert told == [datetime(2026, 10, 1, tzinfo=UTC), clock(), clock()]


@pytest.mark.parametrize(
    ("wanted", "hours"),
    [(time(9, 30), 0.5), (time(9), 24), (time(8), 23), (time(0), 15), (time(23, 59), 14 + 59 / 60)],
)
def test_the_next_time_it_is_that_late(wanted: time, hours: float) -> None:
    """In China, where the test begins at nine in the morning; what is now comes again tomorrow."""
    clock = MovableClock(lambda: START)
    then = clock.next_at(wanted)
    assert then - START == timedelta(hours=hours)
    assert then.tzinfo is UTC
    assert clock() == START


def test_microseconds_are_kept(tmp_path: Path) -> None:
    """No rounding through floats, wherever the clock stands."""
    odd = datetime(9000, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    clock = MovableClock(lambda: EPOCH, tmp_path / "clock")
    clock.set_to(odd)
    clock.pause()
    assert MovableClock(lambda: START, tmp_path / "clock")() == odd
