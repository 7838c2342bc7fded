"""How long things are kept, and when the night's turn comes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.retention import DEFAULT, KINDS, LEAST, Retention, is_due

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November 2026 in Ya'an."""
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("last", "now", "due"),
    [
        (None, at(24, 10), True),
        (at(24, 4), at(24, 4, 1), False),
        (at(24, 4), at(25, 3, 59), False),
        (at(24, 4), at(25, 4), True),
        (at(24, 3, 59), at(24, 4), True),
        (at(23, 12), at(24, 3), False),
        (at(22, 12), at(24, 3), True),
        (at(24, 12), at(24, 11), False),
    ],
)
def test_the_turn_comes_at_four_in_the_morning(last: datetime | None, now: datetime, *, due: bool) -> None:
    """Once a night, and as soon as somebody is there again after nights without; a clock set back waits."""
    assert is_due(last, now, SHANGHAI) == due


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_for_less_than_a_month(kind: str) -> None:
    """A mistyped unit must not empty the house."""
    terms = dict.fromkeys(KINDS, LEAST)
    assert Retention(**terms, nightly=False).of(kind) == LEAST
    with pytest.raises(ValueError, match=kind):
        Retention(**{**terms, kind: LEAST - timedelta(seconds=1)}, nightly=False)


def test_words_are_kept_longest_by_default() -> None:
    """Two years for what was written, half a year for who was where."""
    assert [DEFAULT.of(kind).days for kind in KINDS] == [730, 180, 180, 365]
    assert DEFAULT.nightly
