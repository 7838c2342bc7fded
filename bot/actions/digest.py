"""One word in the morning for everybody who has something to do: what is late, due, waiting and new (L5).

On a day off people are left alone with what can wait: only what is late, dangerous or about water, power and
gas is told then, and on the next workday everything that has come since the last one.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.actions.cards import facts_of
from bot.actions.desk import Choice, Desk, choice
from bot.actions.lists import Task, handled_by, tasks_of
from bot.actions.residents import waiting_for
from bot.domain.calendar import WorkCalendar
from bot.domain.categories import Urgency
from bot.domain.clocks import Clock
from bot.domain.posts import APPROVERS, COMMITTEE
from bot.domain.transitions import State
from bot.storage.chores import Chore

DIGEST = "digest"
LINES_MOST = 8
_NOON = time(12)
_DAY = timedelta(days=1)


async def plan(desk: Desk) -> None:
    """Have the mornings begin in every compound where they have not yet."""
    if desk.rules.digest_at is None:
        return
    for compound in await desk.store.places.compounds():
        due = _next_morning(desk, desk.rules.digest_at, compound.timezone)
        await desk.store.chores.put_first(DIGEST, compound.id, due)


def _next_morning(desk: Desk, at: time, timezone: str) -> datetime:
    """The next time it is that hour there and no quiet hour."""
    zone = ZoneInfo(timezone)
    today = desk.now.astimezone(zone).date()
    mornings = (datetime.combine(today + days * _DAY, at, zone) for days in range(3))
    quiet = desk.rules.quiet_hours(timezone)
    releases = (quiet.release(morning, Urgency.ORDINARY) for morning in mornings)
    return min(release for release in releases if release > desk.now)


async def tell_all(desk: Desk, chore: Chore) -> None:
    """Tell everybody in a post who is there; nobody twice on one day. After noon the morning is over."""
    at = desk.rules.digest_at
    if at is None:
        return
    timezone = await desk.timezone(chore.subject_id)
    await desk.store.chores.put(DIGEST, chore.subject_id, _next_morning(desk, at, timezone))
    local = desk.now.astimezone(ZoneInfo(timezone))
    if not at <= local.time() < _NOON:
        return
    calendar = await desk.calendar(chore.subject_id)
    holders = await desk.holders(chore.subject_id)
    for person_id in sorted({one.person_id for one in holders if one.reachable and not one.is_away}):
        await _tell(desk, person_id, calendar, _since(local, at, calendar))


def _since(local: datetime, at: time, calendar: WorkCalendar) -> datetime:
    """The morning of the last workday: what has come since then is new."""
    day = local.date() - _DAY
    while not calendar.is_workday(day):
        day -= _DAY
    return datetime.combine(day, at, calendar.timezone)


async def _tell(desk: Desk, person_id: int, calendar: WorkCalendar, since: datetime) -> None:
    local = desk.now.astimezone(calendar.timezone)
    is_workday = calendar.is_workday(local.date())
    tasks = [task for task in await handled_by(desk, person_id) if is_workday or not _can_wait(task)]
    news = [task for task in tasks if task.issue.assigned_at >= since and task.issue.state != State.RESOLVED]
    parts = {
        "late": [task for task in tasks if task.is_late],
        "today": [task for task in tasks if task.is_due_today],
        "open": [task for task in tasks if task.issue.state == State.OPEN],
        "new": news,
    }
    counts = {what: len(found) for what, found in parts.items()}
    kinds = {post.kind for post in await desk.store.posts.of_person(person_id)}
    if is_workday and kinds & (APPROVERS - COMMITTEE):
        counts["requests"] = len(await waiting_for(desk, person_id))
    if not any(counts.values()):
        return
    if kinds & COMMITTEE:
        counts["late_elsewhere"] = sum(
            task.is_late and task.issue.handler_id != person_id for task in await tasks_of(desk, person_id)
        )
    told = {task.issue.id: task for found in parts.values() for task in found}
    lines = [
        {
            **await facts_of(desk, task.issue),
            "due": task.due,
            "is_new": task in news,
            "wakes_today": _wakes_on(task, local),
        }
        for task in sorted(told.values(), key=lambda task: (not task.is_late, task.pressing))[:LINES_MOST]
    ]
    ways: list[Choice] = [choice("open_work", "work.list", "mine", "all", 0)] if told else []
    if counts.get("requests"):
        ways.append(choice("work_requests", "home.queue", count=counts["requests"]))
    facts = {
        "counts": [{"what": what, "count": count} for what, count in counts.items() if count],
        "lines": lines,
        "rest": len(told) - len(lines),
    }
    once = f"digest:{person_id}:{local:%Y%m%d}"
    await desk.tell(person_id, "digest.morning", facts, choices=[(way,) for way in ways], dedupe_key=once)


def _wakes_on(task: Task, local: datetime) -> bool:
    wake_at = task.issue.wake_at
    return wake_at is not None and wake_at.astimezone(local.tzinfo).date() == local.date()


def _can_wait(task: Task) -> bool:
    return not task.is_late and task.issue.clock_kind == Clock.WORKDAYS


CHORES: Mapping[str, Callable[[Desk, Chore], Awaitable[None]]] = {DIGEST: tell_all}
