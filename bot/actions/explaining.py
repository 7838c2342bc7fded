"""What would become of a report: who would get it and why, by when, and who would hear what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.actions.clocks import clock_of, ladder_of
from bot.actions.desk import Desk
from bot.actions.issues import foresee, reason_of
from bot.actions.reminders import audience_of, release_of
from bot.domain.calendar import WorkCalendar
from bot.domain.categories import (
    OTHER,
    Category,
    guess,
    looks_like_report,
    names_emergency,
    outside_matter,
)
from bot.domain.clocks import Clock, terms
from bot.domain.ladder import instant_of, rung
from bot.domain.posts import Match, Place
from bot.domain.transitions import State
from bot.storage.issues import Issue

OTHERS = 2
"""Categories named beside the likeliest: together the first buttons the resident sees."""
DAYS_MOST = 20
"""Days off that are named one by one."""
SATURDAY = 5

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The facts of each part, as the templates of `explain` take them; the last three where somebody gets it.

    `courses` are the messages by clock when nobody accepts, and when it is accepted at once but not resolved.
    """

    matter: Facts
    emergency: str | None
    handler: Facts = field(default_factory=dict)
    terms: Facts = field(default_factory=dict)
    courses: Mapping[str, Sequence[Facts]] = field(default_factory=dict)


async def explain(desk: Desk, text: str, place: Place, category: Category | None = None) -> Explanation:
    """What would happen to this report if it were sent now, without writing anything.

    `category` None: the likeliest one.
    """
    guesses = guess(text, tuple(desk.rules.categories.values()))
    of = category or guesses[0].category
    timezone = await desk.timezone(place.compound_id)
    matter = {
        "text": text,
        "place": await desk.place_facts(place),
        "filed_at": desk.now,
        "timezone": timezone,
        "category": of.key,
        "heard": next((one.words for one in guesses if one.category == of), ()),
        "is_chosen": category is not None,
        "others": [
            one.category.key for one in guesses if one.score > 0 and one.category.key not in (of.key, OTHER)
        ][:OTHERS],
        "is_outside": outside_matter(text),
        "is_report": not text or looks_like_report(guesses, text),
        "urgency": of.urgency.value,
        "is_private": of.is_private,
        "needs_photo": of.photo_to_resolve,
        "window": of.duplicate_window,
    }
    emergency = names_emergency(text)
    found, _ = await foresee(desk, of, place, about_handler=False)
    if found is None:
        return Explanation(matter, emergency)
    issue = _as_filed(desk, text, place, of, found)
    accepted = replace(issue, state=State.ACCEPTED, accepted_at=desk.now)
    accept_due, resolve_due = (await clock_of(desk, issue)).due(), (await clock_of(desk, accepted)).due()
    calendar, is_workdays = await desk.calendar(place.compound_id), issue.clock_kind == Clock.WORKDAYS
    days = _days(calendar, desk.now, resolve_due or desk.now) if is_workdays else []
    handler = {
        "number": "",
        "category": of.key,
        "place": matter["place"],
        "handler": (await desk.store.people.details(issue.handler_id)).name,
        "handler_post": issue.handler_post,
        "reason": issue.reason,
        "names": [(await desk.store.people.details(one)).name for one in found.followers],
    }
    limits = {
        "accept_due": accept_due,
        "resolve_due": resolve_due,
        "accept_term": issue.accept_term,
        "resolve_term": issue.resolve_term,
        "timezone": timezone,
        "is_workdays": is_workdays,
        "idle": [_noon(day, calendar) for day in days if not calendar.is_workday(day)][:DAYS_MOST],
        "made_up": [
            _noon(day, calendar) for day in days if calendar.is_workday(day) and day.weekday() >= SATURDAY
        ],
    }
    courses = {"accept": await _course(desk, issue), "resolve": await _course(desk, accepted)}
    return Explanation(matter, emergency, handler, limits, courses)


def _as_filed(desk: Desk, text: str, place: Place, category: Category, found: Match) -> Issue:
    """The issue as it would stand; nobody has reported it."""
    limits = terms(category.urgency, category.accept_by, category.resolve_by, desk.rules.terms)
    return Issue(
        id=0,
        number="",
        category=category.key,
        urgency=category.urgency.value,
        is_private=category.is_private,
        place=place,
        text=text,
        state=State.OPEN,
        resolution=None,
        closed_how=None,
        reporter_id=0,
        reporter_approved=True,
        handler_id=found.holder.person_id,
        handler_post=found.holder.kind.value,
        reason=reason_of(found),
        filed_at=desk.now,
        assigned_at=desk.now,
        accepted_at=None,
        resolved_at=None,
        closed_at=None,
        nudged_at=None,
        rating=None,
        reopen_count=0,
        clock_kind=limits.kind.value,
        accept_term=limits.accept,
        resolve_term=limits.resolve,
        resolve_used=timedelta(),
        resolve_since=desk.now,
    )


async def _course(desk: Desk, issue: Issue) -> list[Facts]:
    """Every rung of the clock that counts for this issue, to the first daily repeat."""
    clock, ladder = await clock_of(desk, issue), ladder_of(desk, issue.urgency)
    handler = (await desk.store.people.details(issue.handler_id)).name
    course: list[Facts] = []
    due: datetime | None = None
    for stage in range(len(ladder.percents) + 1):
        one = rung(stage, ladder)
        due = instant_of(stage, clock, due, ladder)
        if due is None:
            break
        told = [{"post": issue.handler_post, "name": handler}]
        for person_id, listener in (await audience_of(desk, issue, one.audience)).items():
            name = (await desk.store.people.details(person_id)).name
            told.append({"post": listener.post, "name": name})
        course.append(
            {
                "at": await release_of(desk, issue, "", stage, due),
                "due": due,
                "timezone": clock.calendar.timezone.key,
                "rung": one.percent,
                "kind": "outward" if "outward" in one.audience and one.percent else one.kind,
                "lines": told,
                "is_reporter_told": one.percent == ladder.escalate_at,
            }
        )
    return course


def _days(calendar: WorkCalendar, start: datetime, end: datetime) -> list[date]:
    """The local days from one instant to another, both included."""
    day, last = (at.astimezone(calendar.timezone).date() for at in (start, end))
    return [day + timedelta(days=after) for after in range((last - day).days + 1)]


def _noon(day: date, calendar: WorkCalendar) -> datetime:
    return datetime.combine(day, time(12), calendar.timezone)
