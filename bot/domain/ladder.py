"""The ladder: who is told when, from the first reminder to the daily repeats."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Literal

from bot.domain.clocks import RunningClock


@dataclass(frozen=True, slots=True)
class Ladder:
    """Percent of the term: the handler's reminders, the first escalation, then one of `levels` each `step`.

    From then on daily, at the local time `repeats_at`, or when it is None at that of the last percentage.
    Raises ValueError when the percentages do not rise from above zero.
    """

    reminders: tuple[int, ...] = (50, 80)
    escalate_at: int = 100
    step: int = 50
    levels: tuple[str, ...] = ("owners_committee_director", "branch_secretary", "outward")
    repeats_at: time | None = None

    def __post_init__(self) -> None:
        if any(low >= high for low, high in pairwise((0, *self.percents))):
            raise ValueError(f"the percentages of a ladder must rise: {self.percents}")

    @property
    def percents(self) -> tuple[int, ...]:
        """Of every rung before the daily repeats, in order."""
        escalations = (self.escalate_at + self.step * level for level in range(len(self.levels) + 1))
        return (*self.reminders, *escalations)


DEFAULT = Ladder()


PASSED_MOST = 2
"""So often may people pass an issue on before somebody looks at it who decides whose it is."""
UNACCEPTED_MOST = 2
"""Or so many times the term to accept may it lie with them."""


def is_passed_around(passed: int, unaccepted: timedelta, accept_term: timedelta) -> bool:
    """Whether an issue goes from hand to hand, each with a clock of their own, and is never late.

    `passed` counts how often people have given it to others, `unaccepted` how long it lay with those and
    with who has it now.
    """
    return passed >= PASSED_MOST or (passed > 0 and unaccepted >= UNACCEPTED_MOST * accept_term)


@dataclass(frozen=True, slots=True)
class Rung:
    """One message by clock: due at `percent` of the term (None: daily), told to every one of `audience`.

    An audience is the issue's handler, their deputy, the committee, a post's kind, or outward: a text
    ready to be sent to the property company, the subdistrict or 12345.
    """

    stage: int
    percent: int | None
    kind: Literal["reminder", "escalation", "repeat"]
    audience: tuple[str, ...]


def rung(stage: int, ladder: Ladder = DEFAULT) -> Rung:
    """The rung with `stage` others before it; the handler hears of every one.

    After the last percentage the last audience is told again daily. Raises ValueError for a negative stage.
    """
    if stage < 0:
        raise ValueError(f"a ladder has no stage {stage}")
    percents = ladder.percents
    if stage < len(ladder.reminders):
        return Rung(stage, percents[stage], "reminder", ("handler",))
    level = min(stage, len(percents) - 1) - len(ladder.reminders)
    told = ("deputy", "committee") if level == 0 else (ladder.levels[level - 1],)
    if stage < len(percents):
        return Rung(stage, percents[stage], "escalation", ("handler", *told))
    return Rung(stage, None, "repeat", ("handler", *told))


def instant_of(
    stage: int, clock: RunningClock, previous: datetime | None, ladder: Ladder = DEFAULT
) -> datetime | None:
    """When that stage is due, before quiet hours; None while the clock is stopped.

    A repeat comes at the ladder's hour, the first time after the last percentage and after `previous`: when
    the stage before was due or was told, which only repeats need. A percentage that had been passed when the
    clock was resumed is due then.
    """
    percent = rung(stage, ladder).percent
    last = clock.at_fraction(ladder.percents[-1] if percent is None else percent, 100)
    if last is None or percent is not None:
        return last
    after = max(last, previous or last)
    timezone = clock.calendar.timezone
    hour = ladder.repeats_at or last.astimezone(timezone).time()
    day = after.astimezone(timezone).date()
    while (at := datetime.combine(day, hour, timezone).astimezone(UTC)) <= after:
        day += timedelta(days=1)
    return at


def next_stage(
    stage: int, clock: RunningClock, now: datetime, previous: datetime | None, ladder: Ladder = DEFAULT
) -> tuple[int, datetime] | None:
    """The first stage from `stage` on that is due after `now`, and when; None while the clock is stopped.

    The stages passed over fell due together, as after downtime: their audiences are told once, of the last.
    """
    while (at := instant_of(stage, clock, previous, ladder)) is not None:
        if at > now:
            return stage, at
        stage, previous = stage + 1, at
    return None
