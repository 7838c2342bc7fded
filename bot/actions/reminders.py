"""What the clock does: one due row at a time, exactly once, folded into one message for each person."""

from collections.abc import Sequence
from datetime import timedelta

from bot.actions.cards import card_choices, card_facts, tell_about
from bot.actions.clocks import LADDER, LAPSE, UNDONE, clock_of
from bot.actions.desk import Choice, Desk, choice
from bot.actions.issues import act
from bot.domain.ladder import Rung, instant_of, next_stage, rung
from bot.domain.posts import COMMITTEE, Holder, PostKind
from bot.domain.transitions import Action, State
from bot.storage.issues import Due, Issue, Notice

FOLD_MOST = 12
"""How many issues one folded message names; the rest is counted."""


async def fire_one(desk: Desk) -> bool:
    """Act on the most overdue row, asking again whether it still makes sense; False when nothing is due."""
    due = await desk.store.dues.claim(desk.now)
    if due is None:
        return False
    if due.kind == LAPSE:
        issue = await desk.store.issues.locked(due.issue_id)
        if issue is not None and issue.state == State.RESOLVED:
            await act(desk, issue.id, None, Action.LAPSE)
        else:
            await desk.store.dues.drop(due.issue_id, LAPSE)
    else:
        await _climb(desk, due)
    return True


async def _climb(desk: Desk, due: Due) -> None:
    """Climb every rung that has been reached, and set the next one."""
    issue = await desk.store.issues.locked(due.issue_id)
    if issue is None or issue.state not in UNDONE:
        await desk.store.dues.drop(due.issue_id, LADDER)
        return
    clock = await clock_of(desk, issue)
    first = instant_of(due.stage, clock, due.due_at, desk.rules.ladder)
    if rung(due.stage, desk.rules.ladder).percent is not None and first is not None and first > desk.now:
        # The clock has been changed since this row was written.
        await desk.store.dues.put(issue.id, LADDER, first, due.stage)
        return
    coming = next_stage(due.stage + 1, clock, desk.now, due.due_at, desk.rules.ladder)
    reached = range(due.stage, coming[0] if coming else due.stage + 1)
    # Repeats missed while nobody was there are one repeat, not a backlog.
    rungs = [rung(stage, desk.rules.ladder) for stage in reached]
    rungs = [one for one in rungs if one.percent is not None] + [one for one in rungs if one.percent is None][-1:]
    for one in rungs:
        await _tell_rung(desk, issue, one)
    if coming is None:
        await desk.store.dues.drop(issue.id, LADDER)
    else:
        await desk.store.dues.put(issue.id, LADDER, coming[1], coming[0])


async def _tell_rung(desk: Desk, issue: Issue, one: Rung) -> None:
    action = Action.REMIND if one.kind == "reminder" else Action.ESCALATE
    await desk.store.issues.record(
        issue.id,
        actor_id=None,
        action=action.value,
        from_state=issue.state.value,
        to_state=issue.state.value,
        text="",
        facts={"stage": one.stage, "percent": one.percent, "audience": one.audience},
        attachments=(),
        now=desk.now,
    )
    quiet = desk.rules.quiet_hours(await desk.timezone(issue.place.compound_id))
    release_at = quiet.release(desk.now, issue.urgency)
    for person_id, topic in (await _audience(desk, issue, one)).items():
        facts = {"percent": one.percent or 0, "clock": "accept" if issue.state == State.OPEN else "resolve"}
        await desk.store.notices.put(person_id, issue.id, topic, one.stage, facts, desk.now, release_at)


async def _audience(desk: Desk, issue: Issue, one: Rung) -> dict[int, str]:
    """Whom a rung speaks to: person → topic. Whom the issue is about hears nothing (C10)."""
    holders = await desk.holders(issue.place.compound_id)
    concerned = (await desk.store.issues.parts(issue.id))["concerned"]
    free = [holder for holder in holders if holder.person_id not in concerned and holder.reachable]
    told: dict[int, str] = {}
    for word in one.audience:
        if word == "handler":
            continue
        topic = "outward" if word == "outward" else "escalation"
        for holder in _level(word, issue, free):
            told.setdefault(holder.person_id, topic)
    told[issue.handler_id] = "reminder" if one.kind == "reminder" else "overdue"
    return told


def _level(word: str, issue: Issue, holders: Sequence[Holder]) -> list[Holder]:
    """The people of one level of the ladder; an empty level is answered for by the next one up."""
    if word == "deputy":
        return [
            holder
            for holder in holders
            if holder.kind == PostKind.DEPUTY_LEADER and holder.building_id == issue.place.building_id
        ]
    if word == "outward":
        return [holder for holder in holders if holder.kind in COMMITTEE]
    own = PostKind.SELF_MANAGEMENT_COMMITTEE if word == "committee" else PostKind(word)
    upwards = (
        PostKind.SELF_MANAGEMENT_COMMITTEE,
        PostKind.OWNERS_COMMITTEE_DIRECTOR,
        PostKind.BRANCH_SECRETARY,
    )
    candidates = (own, *upwards[upwards.index(own) + 1 :]) if own in upwards else (own,)
    for kind in candidates:
        found = [holder for holder in holders if holder.kind == kind]
        if found:
            return found
    return []


async def tell_one(desk: Desk) -> bool:
    """Tell one person everything the clock has for them now, in one message; False when nobody waits."""
    waiting = await desk.store.notices.claim(desk.now)
    if not waiting:
        return False
    current: dict[int, tuple[Issue, Notice]] = {}
    for notice in waiting:
        issue = await desk.store.issues.get(notice.issue_id)
        if issue is None or issue.state not in UNDONE:
            await desk.store.notices.drop([notice.id])
            continue
        quiet = desk.rules.quiet_hours(await desk.timezone(issue.place.compound_id))
        release_at = quiet.release(desk.now, issue.urgency)
        if release_at > desk.now:
            await desk.store.notices.postpone([notice.id], release_at)
            continue
        await desk.store.notices.drop([notice.id])
        # The latest word about an issue replaces the earlier ones.
        current[issue.id] = (issue, notice)
    entries = list(current.values())
    if len(entries) == 1:
        await _tell_single(desk, *entries[0])
    elif entries:
        await _tell_folded(desk, entries)
    return True


async def _tell_single(desk: Desk, issue: Issue, notice: Notice) -> None:
    mine = issue.handler_id == notice.person_id
    choices = card_choices(issue, notice.person_id)[:1] if mine else ()
    await tell_about(
        desk,
        issue,
        notice.person_id,
        f"reminders.{notice.topic}",
        {**notice.facts, "open_for": desk.now - issue.filed_at, **await _outward_facts(desk, issue, notice)},
        choices=(*choices, (choice("open_card", "issue.show", issue.id),)),
        dedupe_key=f"notice:{notice.id}",
    )


async def _outward_facts(desk: Desk, issue: Issue, notice: Notice) -> dict[str, object]:
    if notice.topic != "outward":
        return {}
    card = await card_facts(desk, issue, notice.person_id)
    return {"talk": card["talk"]}


async def _tell_folded(desk: Desk, entries: Sequence[tuple[Issue, Notice]]) -> None:
    person_id = entries[0][1].person_id
    lines = []
    for issue, notice in entries[:FOLD_MOST]:
        clock = await clock_of(desk, issue)
        lines.append(
            {
                "number": issue.number,
                "category": issue.category,
                "place": await desk.place_facts(issue.place),
                "state": issue.state.value,
                "topic": notice.topic,
                "open_for": desk.now - issue.filed_at,
                "due": clock.due(),
                "is_overdue": clock.fraction_at(desk.now) >= 1,
                "timezone": await desk.timezone(issue.place.compound_id),
            }
        )
    buttons: list[tuple[Choice, ...]] = [
        (choice("open_number", "issue.show", issue.id, number=issue.number),) for issue, _ in entries[:FOLD_MOST]
    ]
    await desk.tell(
        person_id,
        "reminders.folded",
        {"lines": lines, "count": len(entries), "rest": max(0, len(entries) - FOLD_MOST)},
        choices=buttons,
        dedupe_key=f"notice:{entries[-1][1].id}",
    )


SWEEP_AFTER = timedelta(days=3)
DIALOG_AFTER = timedelta(days=2)


async def sweep(desk: Desk) -> None:
    """Forget mail that was settled days ago and questions nobody will answer."""
    await desk.store.inbox.sweep(desk.now - SWEEP_AFTER)
    await desk.store.outbox.sweep(desk.now - SWEEP_AFTER)
    await desk.store.dialogs.sweep(desk.now - DIALOG_AFTER)


ASIDE_FOR = timedelta(minutes=15)


async def set_aside(desk: Desk, step: object, error: str) -> bool:
    """What `step` could not act on is looked at again later, and the operator is told; False without such a row."""
    later = desk.now + ASIDE_FOR
    if step is tell_one:
        waiting = await desk.store.notices.claim(desk.now)
        await desk.store.notices.postpone([notice.id for notice in waiting], later)
        found = waiting[0].issue_id if waiting else None
    elif step is fire_one:
        due = await desk.store.dues.claim(desk.now)
        if due is not None:
            await desk.store.dues.put(due.issue_id, due.kind, later, due.stage)
        found = due.issue_id if due else None
    else:
        return False
    if found is not None:
        desk.tell_operator("operator.due_failed", {"reference": found, "error": error})
    return found is not None
