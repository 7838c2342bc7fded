"""What the clock does: one due row at a time, exactly once, folded into one message for each person."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.actions import intake, reports, restrictions
from bot.actions.cards import (
    card_choices,
    facts_of,
    is_reporters,
    may_see,
    reporter_choices,
    roles_of,
    speaker_of,
    tell_about,
    tell_reporter,
    verdict_key,
)
from bot.actions.chores import do_one
from bot.actions.clocks import LADDER, LAPSE, UNDONE, clock_of, ladder_of
from bot.actions.desk import Desk, choice
from bot.actions.digest import plan
from bot.actions.issues import act, stand_in
from bot.actions.waiting import DUES as WAITING
from bot.actions.waiting import TOLD
from bot.domain.categories import Urgency
from bot.domain.clocks import Clock, elapsed
from bot.domain.ladder import Rung, instant_of, is_passed_around, next_stage, rung
from bot.domain.posts import COMMITTEE, Holder, PostKind, holders_at
from bot.domain.transitions import LAPSE_AFTER, Action, Role, State
from bot.storage.issues import Due, Issue, Notice

FOLD_MOST = 12
"""How many issues one folded message names; the rest is counted."""
_URGENCIES = tuple(Urgency)
_UPWARDS = (
    PostKind.SELF_MANAGEMENT_COMMITTEE,
    PostKind.OWNERS_COMMITTEE_DIRECTOR,
    PostKind.BRANCH_SECRETARY,
)


async def fire_one(desk: Desk) -> bool:
    """Act on the most overdue row, asking again whether it still makes sense; False when nothing is due."""
    due = await desk.store.dues.claim(desk.now)
    if due is None:
        return False
    issue = await desk.store.issues.locked(due.issue_id)
    states, fire = DUES.get(due.kind, (frozenset[State](), _lapse))
    if issue is not None and issue.state in states:
        await fire(desk, issue, due)
    else:
        await desk.store.dues.drop(due.issue_id, due.kind)
    return True


async def _lapse(desk: Desk, issue: Issue, _due: Due) -> None:
    """Seven silent days end an issue, at any hour; a word of the reporter begins them anew."""
    history = await desk.store.issues.history(issue.id)
    silent_since = max(event.at for event in history if is_reporters(event, issue))
    if silent_since + LAPSE_AFTER > desk.now:
        await desk.store.dues.put(issue.id, LAPSE, silent_since + LAPSE_AFTER, 0)
        return
    await act(desk, issue.id, None, Action.LAPSE)
    await _notify(desk, issue, await speaker_of(desk, issue), "lapsed", 0, {})


async def _climb(desk: Desk, issue: Issue, due: Due) -> None:
    """Climb every rung that has been reached, and set the next one; whoever takes over has a new ladder."""
    is_quiet = await release_of(desk, issue, "reminder", due.stage, desk.now) > desk.now
    if not is_quiet and await stand_in(desk, issue) != issue:
        return
    ladder = ladder_of(desk, issue.urgency)
    clock = await clock_of(desk, issue)
    at = instant_of(due.stage, clock, due.due_at, ladder)
    coming = next_stage(due.stage + 1, clock, desk.now, due.due_at, ladder)
    if at is None or coming is None:
        await desk.store.dues.drop(issue.id, LADDER)
        return
    if rung(due.stage, ladder).percent is not None and at > desk.now:
        # The clock has been changed since this row was written.
        await desk.store.dues.put(issue.id, LADDER, at, due.stage)
        return
    rungs = [rung(stage, ladder) for stage in range(due.stage, coming[0])]
    for one in rungs:
        # Repeats missed while nobody was there are one repeat, not a backlog.
        if one.percent is not None or one is rungs[-1]:
            await _reach(desk, issue, one)
    await desk.store.dues.put(issue.id, LADDER, coming[1], coming[0])


DUES: Mapping[str, tuple[frozenset[State], Callable[[Desk, Issue, Due], Awaitable[None]]]] = {
    LADDER: (UNDONE, _climb),
    LAPSE: (frozenset((State.RESOLVED,)), _lapse),
    **WAITING,
}
"""What is done for each kind of due time, and in which states; in others the row is dropped."""


async def _reach(desk: Desk, issue: Issue, one: Rung) -> None:
    passed = await _passed_around(desk, issue) if one.kind == "reminder" else 0
    audience = (*one.audience, "committee") if passed else one.audience
    action = Action.REMIND if one.kind == "reminder" else Action.ESCALATE
    await desk.store.issues.record(
        issue.id,
        actor_id=None,
        action=action.value,
        from_state=issue.state.value,
        to_state=issue.state.value,
        text="",
        facts={"stage": one.stage, "percent": one.percent, "audience": audience},
        attachments=(),
        now=desk.now,
    )
    told = await audience_of(desk, issue, audience)
    facts = {"aware": list(dict.fromkeys(one.post for one in told.values()))}
    own = "reminder" if one.kind == "reminder" else "overdue"
    await _notify(desk, issue, issue.handler_id, own, one.stage, facts)
    for person_id, listener in told.items():
        topic = "passed_around" if passed else listener.topic
        level = {"level": listener.level, "instead_of": listener.instead_of, "passed": passed}
        await _notify(desk, issue, person_id, topic, one.stage, level)
    speaker = await speaker_of(desk, issue)
    if one.percent == desk.rules.ladder.escalate_at and speaker not in {issue.handler_id, *told}:
        # Who reported it hears once that it is late, and that it has not been forgotten.
        await _notify(desk, issue, speaker, "late", one.stage, facts)


async def _passed_around(desk: Desk, issue: Issue) -> int:
    """How often people have passed it on, when the committee is to look at that; 0 where it need not.

    Asked at a rung: only the first one of a new handler tells of it. What the committee gives to somebody
    begins anew, and what the clock passes on, as from somebody who is away, is nobody's doing.
    """
    if issue.state != State.OPEN:
        return 0
    calendar, kind = await desk.calendar(issue.place.compound_id), Clock(issue.clock_kind)
    passed, lay, since, handler, is_told = 0, timedelta(), issue.filed_at, None, False
    for event in await desk.store.issues.history(issue.id):
        if event.action in (Action.DECLINE, Action.TRANSFER):
            if event.actor_id == handler:
                passed += 1
                if event.from_state == State.OPEN:
                    lay += elapsed(since, event.at, kind, calendar)
            elif event.actor_id is not None:
                passed, lay = 0, timedelta()
            since, is_told = event.at, False
        elif event.from_state in (State.RESOLVED, State.CLOSED):
            passed, lay, since = 0, timedelta(), event.at
        elif event.action in (Action.REMIND, Action.ESCALATE):
            is_told = True
        handler = event.facts.get("handler", handler)
    lay += (await clock_of(desk, issue)).used_at(desk.now)
    return passed if not is_told and is_passed_around(passed, lay, issue.accept_term) else 0


async def _notify(
    desk: Desk, issue: Issue, person_id: int, topic: str, stage: int, facts: Mapping[str, object]
) -> None:
    """Have somebody told, when it may be said."""
    release_at = await release_of(desk, issue, topic, stage, desk.now)
    await desk.store.notices.put(person_id, issue.id, topic, stage, facts, desk.now, release_at)


async def release_of(desk: Desk, issue: Issue, topic: str, stage: int, at: datetime) -> datetime:
    """When what falls due then may be said: what has ended, or is said every day, is no danger at night."""
    quiet = desk.rules.quiet_hours(await desk.timezone(issue.place.compound_id))
    is_calm = topic == "lapsed" or rung(stage, desk.rules.ladder).kind == "repeat"
    return quiet.release(at, Urgency.ORDINARY if is_calm else issue.urgency)


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody beside the handler whom a rung speaks to: in which post, why, instead of which empty one."""

    post: str
    topic: str
    level: str
    instead_of: str = ""


async def audience_of(desk: Desk, issue: Issue, audience: Sequence[str]) -> dict[int, Listener]:
    """Whom a rung speaks to beside the handler. Whom the issue is about hears nothing (C10)."""
    passed_over = (await desk.store.issues.parts(issue.id))["concerned"] | {issue.handler_id}
    holders = [one for one in await desk.holders(issue.place.compound_id) if one.reachable]
    others = [one for one in holders if one.person_id not in passed_over]
    # Who stands in for the handler is asked to see to what they took with them.
    told = {
        one.person_id: Listener(one.kind.value, "escalation", "stand_in")
        for one in others
        if one.acting_for == issue.handler_id
    }
    for word in audience:
        topic = "outward" if word == "outward" else "escalation"
        own = _post_of(word)
        is_empty = own is not None and not any(one.kind == own for one in holders)
        for one in _level(word, issue, others):
            instead_of = own.value if own and is_empty else ""
            told.setdefault(one.person_id, Listener(one.kind.value, topic, one.kind.value, instead_of))
    return told


def _level(word: str, issue: Issue, holders: Sequence[Holder]) -> list[Holder]:
    """The people of one level of the ladder; an empty level is answered for by the next one up."""
    if word == "deputy":
        return holders_at(PostKind.DEPUTY_LEADER, issue.place, holders)
    if word == "outward":
        return [holder for holder in holders if holder.kind in COMMITTEE]
    own = _post_of(word)
    if own is None:
        return []
    levels = (holders_at(kind, issue.place, holders) for kind in _UPWARDS[_UPWARDS.index(own) :])
    return next((found for found in levels if found), [])


def _post_of(word: str) -> PostKind | None:
    """The post that is a level of its own; None for the handler, the deputy, and whoever writes outward."""
    if word == "committee":
        return PostKind.SELF_MANAGEMENT_COMMITTEE
    return PostKind(word) if word in set(_UPWARDS) else None


async def tell_one(desk: Desk) -> bool:
    """Tell one person everything the clock has for them now, in one message; False when nobody waits."""
    waiting = await desk.store.notices.claim(desk.now)
    if not waiting:
        return False
    current: dict[int, tuple[Issue, Notice]] = {}
    for notice in waiting:
        issue = await desk.store.issues.get(notice.issue_id)
        # Whatever happens to the issue takes its notices away; a post may have ended overnight.
        if issue is not None and await may_see(desk, issue, notice.person_id):
            release_at = await release_of(desk, issue, notice.topic, notice.stage, desk.now)
            if release_at > desk.now:
                await desk.store.notices.postpone([notice.id], release_at)
                continue
            # The latest word about an issue replaces the earlier ones.
            current[issue.id] = (issue, notice)
        await desk.store.notices.drop([notice.id])
    if len(current) == 1:
        await _tell_single(desk, *next(iter(current.values())))
    elif current:
        await _tell_folded(desk, sorted(current.values(), key=_pressing))
    return True


def _pressing(entry: tuple[Issue, Notice]) -> tuple[int, datetime]:
    """What comes first in a list: the most urgent, then the oldest."""
    return _URGENCIES.index(Urgency(entry[0].urgency)), entry[0].filed_at


async def _tell_single(desk: Desk, issue: Issue, notice: Notice) -> None:
    if notice.topic == "lapsed":
        await tell_reporter(
            desk,
            issue,
            "issue.lapsed",
            choices=await reporter_choices(desk, issue),
            card_key=verdict_key(issue.id),
            dedupe_key=f"notice:{notice.id}",
        )
        return
    if notice.topic in TOLD:
        await TOLD[notice.topic](desk, issue, notice)
        return
    clock = await clock_of(desk, issue)
    roles = await roles_of(desk, issue, notice.person_id)
    ladder = desk.rules.ladder
    one = rung(notice.stage, ladder)
    # What comes every day says less.
    again = "_again" if one.kind == "repeat" else ""
    message, once = f"reminders.{notice.topic}{again}", f"notice:{notice.id}"
    open_card = choice("open_card", "issue.show", issue.id)
    facts = {
        "clock": "accept" if issue.state == State.OPEN else "resolve",
        "percent": int(clock.fraction_at(desk.now) * 100),
        "open_for": desk.now - issue.filed_at,
        "left": (clock.due() or desk.now) - desk.now,
        "rung": one.percent,
        "is_last": one.stage + 1 == len(ladder.reminders),
        "aware": notice.facts.get("aware", ()),
        "your_post": notice.facts.get("level", ""),
        "instead_of": notice.facts.get("instead_of", ""),
        "passed": notice.facts.get("passed", 0),
        "may_transfer": Role.COMMITTEE in roles,
    }
    if notice.topic == "late":
        choices = await reporter_choices(desk, issue)
        rows = (*choices[:1], (open_card,))
        await tell_reporter(desk, issue, message, facts, choices=rows, dedupe_key=once)
        return
    choices = card_choices(issue, notice.person_id, roles)
    rows = (*choices[:1], (open_card,))
    if again and notice.topic == "outward":
        rows = ((choice("outward", "issue.outward", issue.id),), *rows)
    await tell_about(desk, issue, notice.person_id, message, facts, choices=rows, dedupe_key=once)


async def _tell_folded(desk: Desk, entries: Sequence[tuple[Issue, Notice]]) -> None:
    lines = []
    rows = []
    for issue, notice in entries[:FOLD_MOST]:
        due = (await clock_of(desk, issue)).due()
        lines.append({**await facts_of(desk, issue), "topic": notice.topic, "due": due})
        row = [choice("open_number", "issue.show", issue.id, number=issue.number)]
        if notice.topic == "outward":
            row.append(choice("outward", "issue.outward", issue.id))
        rows.append(row)
    _, latest = max(entries, key=lambda entry: entry[1].id)
    await desk.tell(
        latest.person_id,
        "reminders.folded",
        {"lines": lines, "count": len(entries), "rest": max(0, len(entries) - FOLD_MOST)},
        choices=rows,
        dedupe_key=f"notice:{latest.id}",
    )


SWEEP_AFTER = timedelta(days=3)
DIALOG_AFTER = timedelta(days=2)


async def sweep(desk: Desk) -> None:
    """Forget settled mail, questions nobody will answer and what was only counted; see that mornings come."""
    await desk.store.inbox.sweep(desk.now - SWEEP_AFTER)
    await desk.store.outbox.sweep(desk.now - SWEEP_AFTER)
    await desk.store.dialogs.sweep(desk.now - DIALOG_AFTER)
    await intake.sweep(desk)
    await restrictions.sweep(desk)
    await plan(desk)
    await reports.plan(desk)


ASIDE_FOR = timedelta(minutes=15)
ONE_BY_ONE = timedelta(minutes=1)


async def set_aside(desk: Desk, step: object, error: str) -> bool:
    """Look later at what `step` could not act on, and tell the operator; False without such a row."""
    later = desk.now + ASIDE_FOR
    if step is tell_one:
        waiting = await desk.store.notices.claim(desk.now)
        issue_ids = list(dict.fromkeys(notice.issue_id for notice in waiting))
        # Which one it was is not known: told one by one, it holds up no other.
        for place, issue_id in enumerate(issue_ids):
            notice_ids = [notice.id for notice in waiting if notice.issue_id == issue_id]
            await desk.store.notices.postpone(notice_ids, later + place * ONE_BY_ONE)
        found = next(iter(issue_ids), None)
    elif step is fire_one:
        due = await desk.store.dues.claim(desk.now)
        if due is not None:
            await desk.store.dues.put(due.issue_id, due.kind, later, due.stage)
        found = due.issue_id if due else None
    elif step is do_one:
        chore = await desk.store.chores.claim(desk.now)
        if chore is not None:
            await desk.store.chores.put(chore.kind, chore.subject_id, later, chore.stage)
        found = chore.subject_id if chore else None
    else:
        return False
    if found is not None:
        key = f"due_failed:{found}:{desk.now:%Y%m%d}"
        desk.tell_operator("operator.due_failed", {"reference": found, "error": error}, dedupe_key=key)
    return found is not None
