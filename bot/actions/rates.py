"""三率: noted as issues go on, and told as somebody may see them (rules: bot.domain.rates)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions.cards import speaker_of
from bot.actions.clocks import clock_of
from bot.actions.desk import Desk
from bot.actions.tellings import Deed
from bot.domain.errors import Refused
from bot.domain.posts import COMMITTEE, LEVEL, PostKind
from bot.domain.rates import Figures, Month
from bot.domain.transitions import REOPEN_WITHIN, Action, State
from bot.storage.issues import Issue
from bot.storage.places import Compound
from bot.storage.rates import By

_ENDED_WELL = ("confirmed", "confirmed_by_proxy", "no_reply")
_ANSWERS = {Action.CONFIRM: "confirmed", Action.LAPSE: "no_reply", Action.DISPUTE: "disputed"}


# As it happens -------------------------------------------------------------------------------------------


async def note_filed(desk: Desk, issue: Issue) -> None:
    """Somebody has got a new issue."""
    await _assign(desk, issue)


async def note(desk: Desk, deed: Deed, after: Issue) -> None:
    """Something was done to an issue: who has it, who answered in time, what the reporter said."""
    before, rates = deed.before, desk.store.rates
    if before.state != after.state or before.handler_id != after.handler_id:
        await _note_hands(desk, deed, after)
    elif after.state == State.OPEN and deed.action == Action.CHANGE_URGENCY:
        due = (await clock_of(desk, after)).due()
        if due is not None:
            await rates.put_off(after.id, due, desk.now)
    if deed.action == Action.RESOLVE:
        is_own = await speaker_of(desk, after) == after.handler_id
        await rates.ask(after.id, after.handler_id, after.handler_post, desk.now, is_own=is_own)
    elif deed.action in _ANSWERS:
        await rates.answer(after.id, _ANSWERS[deed.action], deed.actor_id, desk.now)
    elif deed.action == Action.RATE and before.closed_how in _ENDED_WELL:
        await rates.rate(after.id, after.rating or "", desk.now)
    elif deed.action == Action.REOPEN and _is_taken_back(desk, deed):
        await rates.take_back(after.id, desk.now)


async def _note_hands(desk: Desk, deed: Deed, after: Issue) -> None:
    before = deed.before
    is_taken_up = State.CLOSED == before.state != after.state
    if is_taken_up or before.handler_id != after.handler_id:
        await desk.store.rates.end(after.id, deed.actor_id, desk.now)
        await _assign(desk, after)
    elif after.state == State.CLOSED:
        await desk.store.rates.end(after.id, deed.actor_id, desk.now)
    elif before.state == State.OPEN:
        await desk.store.rates.accept(after.id, desk.now)


async def _assign(desk: Desk, issue: Issue) -> None:
    due = (await clock_of(desk, issue)).due() if issue.state == State.OPEN else None
    await desk.store.rates.assign(issue.id, issue.handler_id, issue.handler_post, due, desk.now)


def _is_taken_back(desk: Desk, deed: Deed) -> bool:
    """Whether the reporter, and nobody else, says that what ended well did not."""
    before = deed.before
    is_reporters = deed.actor_id == before.reporter_id or "by_proxy" in deed.facts
    in_time = before.closed_at is not None and desk.now <= before.closed_at + REOPEN_WITHIN
    return is_reporters and in_time and before.closed_how in _ENDED_WELL


# As it is told -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see of a compound's rates: everything, or their own and their buildings'."""

    compound: Compound
    sees_all: bool
    buildings: tuple[int, ...]


async def sights(desk: Desk, person_id: int) -> list[Sight]:
    """Of every compound they hold a post in; a post of the community above sees its own cases only."""
    posts = await desk.store.posts.of_person(person_id)
    found = []
    for compound_id in dict.fromkeys(post.compound_id for post in posts):
        held = [post for post in posts if post.compound_id == compound_id]
        buildings = dict.fromkeys(post.building_id for post in held if post.building_id is not None)
        sees_all = any(post.kind in COMMITTEE for post in held)
        compound = await desk.store.places.compound(compound_id)
        found.append(Sight(compound, sees_all, tuple(buildings)))
    return found


async def sight_of(desk: Desk, person_id: int, compound_id: int) -> Sight:
    """Of this compound. Refusals: `stats_not_yours`."""
    for sight in await sights(desk, person_id):
        if sight.compound.id == compound_id:
            return sight
    raise Refused("stats_not_yours")


def bounds(desk: Desk, month: Month, compound: Compound) -> tuple[datetime, datetime]:
    """Begin and end of what can be counted of a month: nothing that is yet to come."""
    begin, end = month.bounds(ZoneInfo(compound.timezone))
    # What happens in this very moment belongs to it.
    return begin, min(end, desk.now + timedelta(microseconds=1))


@dataclass(frozen=True, slots=True)
class Line:
    """The figures of a building, a leader or a category.

    The `names` are name, post, building, category: "" where there is none.
    """

    key: str
    names: dict[str, object]
    figures: Figures


async def total(desk: Desk, compound: Compound, month: Month) -> Figures:
    """A compound's month."""
    found = await desk.store.rates.figures(compound.id, *bounds(desk, month, compound))
    return found.get("", Figures())


async def lines(desk: Desk, compound: Compound, month: Month, by: By) -> list[Line]:
    """A compound's month in lines: buildings and leaders in the order of the register, never by merit.

    Categories come with the most frequent first.
    """
    found = await desk.store.rates.figures(compound.id, *bounds(desk, month, compound), by)
    if by == "building":
        return await _by_building(desk, compound, found)
    if by == "leader":
        return await _by_leader(desk, compound, found)
    often = sorted(found.items(), key=lambda one: (-one[1].filed, -one[1].asked, one[0]))
    return [Line(key, _names(category=key), figures) for key, figures in often]


async def _by_building(desk: Desk, compound: Compound, found: dict[str, Figures]) -> list[Line]:
    places = [*await desk.store.places.buildings(compound.id), (0, "")]
    return [
        Line(str(building_id), _names(building=name), found[str(building_id)])
        for building_id, name in places
        if str(building_id) in found
    ]


async def _by_leader(desk: Desk, compound: Compound, found: dict[str, Figures]) -> list[Line]:
    buildings = await desk.store.places.buildings(compound.id)
    holders = {holder.person_id: holder.building_id for holder in await desk.holders(compound.id)}
    order = {building_id: place for place, (building_id, _) in enumerate(buildings)}
    names = dict(buildings)
    kinds = list(PostKind)
    shown = []
    for key, figures in found.items():
        person, _, post = key.partition(":")
        person_id, kind = int(person), PostKind(post)
        at = holders.get(person_id) if LEVEL[kind] in ("building", "entrance") else None
        name = (await desk.store.people.details(person_id)).name
        place = (order.get(at or 0, len(order)), kinds.index(kind), person_id)
        facts = _names(name=name, post=post, building=names.get(at or 0, ""))
        shown.append((place, Line(key, facts, figures)))
    return [line for _, line in sorted(shown, key=lambda one: one[0])]


def _names(**known: str) -> dict[str, object]:
    return {"name": "", "post": "", "building": "", "category": "", **known}


async def own(desk: Desk, sight: Sight, person_id: int, month: Month) -> Figures:
    """What somebody did themselves in a month."""
    begin, end = bounds(desk, month, sight.compound)
    found = await desk.store.rates.figures(sight.compound.id, begin, end, handler_id=person_id)
    return found.get("", Figures())


async def of_building(desk: Desk, sight: Sight, building_id: int, month: Month) -> Figures:
    """What happened in one building in a month."""
    begin, end = bounds(desk, month, sight.compound)
    found = await desk.store.rates.figures(sight.compound.id, begin, end, building_id=building_id)
    return found.get("", Figures())


async def overdue(desk: Desk, compound: Compound) -> int:
    """How many issues are late now."""
    escalation = len(desk.rules.ladder.reminders)
    return await desk.store.rates.overdue(compound.id, escalation, desk.now)
