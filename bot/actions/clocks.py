"""The due times of an issue: which clock counts, and what it will say next."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions.desk import Desk
from bot.domain.clocks import Clock, RunningClock, Terms
from bot.domain.ladder import Ladder, next_stage
from bot.domain.transitions import LAPSE_AFTER, State
from bot.storage.issues import Issue

LADDER = "ladder"
LAPSE = "lapse"
ASK_AGAIN = "ask_again"
"""The reporter's answer is waited for: stage 0 asks them again, stage 1 goes on without it (L6)."""
WAKE = "wake"
"""A side state is over, or looked at again: `wake_at` has come."""
ASK_AGAIN_AFTER = timedelta(days=1)
UNANSWERED_AFTER = timedelta(days=3)
UNDONE = frozenset(State) - {State.RESOLVED, State.CLOSED}


async def clock_of(desk: Desk, issue: Issue) -> RunningClock:
    """The clock that counts now: accept-by while open, resolve-by afterwards."""
    calendar = await desk.calendar(issue.place.compound_id)
    kind = Clock(issue.clock_kind)
    if issue.state == State.OPEN:
        return RunningClock(issue.accept_term, timedelta(), issue.assigned_at, kind, calendar)
    return RunningClock(issue.resolve_term, issue.resolve_used, issue.resolve_since, kind, calendar)


async def resolve_due(desk: Desk, issue: Issue) -> datetime | None:
    """By when it should be done; None while that clock stands still."""
    return (await _resolve_clock(desk, issue)).due()


async def _resolve_clock(desk: Desk, issue: Issue) -> RunningClock:
    calendar = await desk.calendar(issue.place.compound_id)
    return RunningClock(
        issue.resolve_term, issue.resolve_used, issue.resolve_since, Clock(issue.clock_kind), calendar
    )


async def run_or_stop(desk: Desk, before: Issue, after: Issue) -> Issue:
    """The time to resolve stands still while the reporter's answer is waited for, and then only (L6)."""
    was_waiting = before.state == State.WAITING_REPORTER
    if was_waiting == (after.state == State.WAITING_REPORTER):
        return after
    clock = await _resolve_clock(desk, after)
    clock = clock.resumed(desk.now) if was_waiting else clock.stopped(desk.now)
    return replace(after, resolve_used=clock.used, resolve_since=clock.running_since)


async def on_other_terms(desk: Desk, issue: Issue, new: Terms) -> Issue:
    """The issue on the clock of another urgency.

    What has run of it stays counted, as a duration; but who is to act keeps at least what they still had, as
    far as the new term goes: danger found on the sixth of seven days leaves its whole two hours, and what
    was overdue is just due on a shorter one.
    """
    clock = await _resolve_clock(desk, issue)
    used = _carried(clock, new.resolve, desk.now)
    since = None if clock.running_since is None else desk.now
    after = replace(
        issue,
        clock_kind=new.kind.value,
        accept_term=new.accept,
        resolve_term=new.resolve,
        resolve_used=used,
        resolve_since=since,
    )
    if issue.state != State.OPEN:
        return after
    clock = await clock_of(desk, issue)
    used = _carried(clock, new.accept, desk.now)
    # The accept-by clock knows only when it began.
    return after if used == clock.used_at(desk.now) else replace(after, assigned_at=desk.now - used)


def _carried(clock: RunningClock, term: timedelta, now: datetime) -> timedelta:
    used, nothing = clock.used_at(now), timedelta()
    left = max(clock.term - used, nothing)
    return min(used, max(term - left, nothing))


def ladder_of(desk: Desk, urgency: str) -> Ladder:
    """The ladder of an issue: danger climbs by night, too, but what is only repeated lets people sleep."""
    rules = desk.rules
    is_never_quiet = rules.quiet_start == rules.quiet_end
    return (
        rules.ladder
        if urgency != "danger" or is_never_quiet
        else replace(rules.ladder, repeats_at=rules.quiet_end)
    )


async def start_ladder(desk: Desk, issue: Issue, stage: int = 0) -> None:
    """Set the next rung of the clock that counts now, from `stage` on; what is behind is not climbed."""
    coming = next_stage(stage, await clock_of(desk, issue), desk.now, None, ladder_of(desk, issue.urgency))
    if coming is None:
        await desk.store.dues.drop(issue.id, LADDER)
    else:
        await desk.store.dues.put(issue.id, LADDER, coming[1], coming[0])


async def set_clocks(desk: Desk, before: Issue, after: Issue) -> None:
    """Due times follow the state: a ladder while undone, a lapse while the reporter's word is awaited.

    What the clock still had to say was about how the issue stood before. Another clock in the same hands goes
    on with the rung that was next.
    """
    if before.wake_at != after.wake_at:
        await _put_or_drop(desk, after.id, WAKE, after.wake_at)
    if before.state == after.state and before.handler_id == after.handler_id:
        if _terms(before) != _terms(after):
            dues = await desk.store.dues.of_issue(after.id)
            await start_ladder(desk, after, max((due.stage for due in dues if due.kind == LADDER), default=0))
        return
    await desk.store.notices.drop_of_issue(after.id)
    is_asked = after.state == State.WAITING_REPORTER
    await _put_or_drop(desk, after.id, ASK_AGAIN, desk.now + ASK_AGAIN_AFTER if is_asked else None)
    lapses = after.state == State.RESOLVED
    await _put_or_drop(desk, after.id, LAPSE, desk.now + LAPSE_AFTER if lapses else None)
    if after.state in UNDONE:
        await start_ladder(desk, after)
    else:
        await desk.store.dues.drop(after.id, LADDER)


def _terms(issue: Issue) -> tuple[object, ...]:
    return issue.clock_kind, issue.accept_term, issue.resolve_term


async def _put_or_drop(desk: Desk, issue_id: int, kind: str, due_at: datetime | None) -> None:
    if due_at is None:
        await desk.store.dues.drop(issue_id, kind)
    else:
        await desk.store.dues.put(issue_id, kind, due_at, 0)
