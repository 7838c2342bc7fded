"""The due times of an issue: which clock counts, and what it will say next."""

from datetime import datetime, timedelta

from bot.actions.desk import Desk, calendar_of
from bot.domain.clocks import Clock, RunningClock
from bot.domain.ladder import next_stage
from bot.domain.transitions import LAPSE_AFTER, State
from bot.storage.issues import Issue

LADDER = "ladder"
LAPSE = "lapse"
UNDONE = frozenset(State) - {State.RESOLVED, State.CLOSED}


async def clock_of(desk: Desk, issue: Issue) -> RunningClock:
    """The clock that counts now: accept-by while open, resolve-by afterwards."""
    calendar = calendar_of(await desk.timezone(issue.place.compound_id))
    kind = Clock(issue.clock_kind)
    if issue.state == State.OPEN:
        return RunningClock(issue.accept_term, timedelta(), issue.assigned_at, kind, calendar)
    return RunningClock(issue.resolve_term, issue.resolve_used, issue.resolve_since, kind, calendar)


async def resolve_due(desk: Desk, issue: Issue) -> datetime | None:
    """By when it should be done; None while that clock stands still."""
    calendar = calendar_of(await desk.timezone(issue.place.compound_id))
    return RunningClock(
        issue.resolve_term, issue.resolve_used, issue.resolve_since, Clock(issue.clock_kind), calendar
    ).due()


async def start_ladder(desk: Desk, issue: Issue) -> None:
    """Set the next rung of the clock that counts now; rungs already behind are not climbed again."""
    coming = next_stage(0, await clock_of(desk, issue), desk.now, None, desk.rules.ladder)
    if coming is None:
        await desk.store.dues.drop(issue.id, LADDER)
    else:
        await desk.store.dues.put(issue.id, LADDER, coming[1], coming[0])


async def set_clocks(desk: Desk, before: Issue, after: Issue) -> None:
    """Due times follow the state: a ladder while undone, a lapse while the reporter's word is awaited.

    What the clock still had to say was about how the issue stood before.
    """
    if before.state == after.state and before.handler_id == after.handler_id:
        return
    await desk.store.notices.drop_of_issue(after.id)
    if after.state in UNDONE:
        await start_ladder(desk, after)
    else:
        await desk.store.dues.drop(after.id, LADDER)
    if after.state == State.RESOLVED:
        await desk.store.dues.put(after.id, LAPSE, desk.now + LAPSE_AFTER, 0)
    else:
        await desk.store.dues.drop(after.id, LAPSE)
