"""What waits for somebody by their posts: sorted, counted, narrowed down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.actions.clocks import UNDONE, clock_of
from bot.actions.desk import Desk
from bot.domain.categories import Urgency
from bot.domain.transitions import State
from bot.storage.issues import Issue

READ_MOST = 2000
"""Issues of one person that are not closed; a compound that has more has other troubles than its lists."""
WAITING = (State.WAITING_REPORTER, State.WAITING_EXTERNAL, State.SCHEDULED)
_URGENCIES = tuple(Urgency)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Task:
    """One issue on somebody's list, and when its next step is due; None: no clock runs."""

    issue: Issue
    due: datetime | None
    is_late: bool
    is_due_today: bool

    @property
    def pressing(self) -> tuple[bool, int, datetime, int]:
        """What comes first: what is to be done, the most urgent, the one due first."""
        is_done = self.issue.state == State.RESOLVED
        return is_done, _URGENCIES.index(Urgency(self.issue.urgency)), self.due or _NEVER, self.issue.id


async def tasks_of(desk: Desk, person_id: int) -> list[Task]:
    """All that is not closed and is somebody's by their posts, the most pressing first.

    That is what they handle, help with, follow as leader, or look at as deputy, stand-in or committee; never
    what is about themselves (C10).
    """
    tasks = [await _task(desk, issue) for issue in await desk.store.issues.in_hand(person_id, READ_MOST)]
    return sorted(tasks, key=lambda task: task.pressing)


async def handled_by(desk: Desk, person_id: int) -> list[Task]:
    """What somebody handles themselves and is not closed, the most pressing first."""
    tasks = [await _task(desk, issue) for issue in await desk.store.issues.of_handler(person_id, READ_MOST)]
    return sorted(tasks, key=lambda task: task.pressing)


async def _task(desk: Desk, issue: Issue) -> Task:
    if issue.state not in UNDONE:
        return Task(issue, None, is_late=False, is_due_today=False)
    clock = await clock_of(desk, issue)
    due = clock.due()
    zone = ZoneInfo(await desk.timezone(issue.place.compound_id))
    today = desk.now.astimezone(zone).date()
    days = {instant.astimezone(zone).date() for instant in (due, issue.wake_at) if instant is not None}
    is_late = clock.fraction_at(desk.now) >= 1
    return Task(issue, due, is_late=is_late, is_due_today=today in days and not is_late)


FILTERS: Mapping[str, Callable[[Task], bool]] = {
    "all": lambda _task: True,
    "open": lambda task: task.issue.state == State.OPEN,
    "late": lambda task: task.is_late,
    "today": lambda task: task.is_due_today,
    "waiting": lambda task: task.issue.state in WAITING,
}
"""By what a list can be narrowed down."""


def counted(tasks: Sequence[Task]) -> list[dict[str, object]]:
    """How many are late, due today, open, waiting for whom: what there is none of is not mentioned."""
    counts = {what: sum(map(FILTERS[what], tasks)) for what in ("late", "today", "open")}
    for state in (*WAITING, State.RESOLVED):
        counts[state.value] = sum(task.issue.state == state for task in tasks)
    return [{"what": what, "count": count} for what, count in counts.items() if count]
