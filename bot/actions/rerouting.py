"""Issues that go on to others because who has them holds the post no more, or is away: found, moved, told."""

from collections.abc import Mapping, Sequence

from bot.actions.cards import bring_down, facts_of, speaker_of
from bot.actions.clocks import UNDONE
from bot.actions.desk import Choices, Desk, choice
from bot.actions.issues import act
from bot.domain.categories import Urgency
from bot.domain.posts import Holder, Match, PostKind, holders_at, match
from bot.domain.transitions import Action
from bot.storage.issues import Issue

MOVED_MOST = 1000
SHOWN_MOST = 5
"""Cards sent at once to somebody who takes issues over; the rest is in /work."""
LINES_MOST = 10


async def heir_of(
    desk: Desk, issue: Issue, holders: Sequence[Holder], successor: int | None = None
) -> Match | None:
    """Who takes an issue over from its handler; None, or its handler, when nobody is left.

    First the successor, then who else is there for the same post, then the next in the chain; never who
    reported it or whom it is about. `holders` are those of the compound as they will be.
    """
    parts = await desk.store.issues.parts(issue.id)
    passed_over = parts["concerned"] | {issue.reporter_id}
    declined = parts["declined"] | {issue.handler_id}
    kind = PostKind(issue.handler_post)
    # The successor takes over what they declined as a deputy, and what lies in no building.
    heirs = [one for one in holders if one.kind == kind and one.person_id == successor != issue.handler_id]
    heirs += [one for one in holders_at(kind, issue.place, holders) if one.person_id not in declined]
    for one in heirs:
        if one.reachable and not one.is_away and not passed_over & {one.person_id, one.acting_for}:
            return Match(one, "transferred", ())
    category = desk.rules.categories.get(issue.category)
    handled_by = category.handled_by if category else "leader"
    return match(handled_by, issue.place, holders, declined=declined, concerned=passed_over)


async def undone(desk: Desk, person_id: int, compound_id: int) -> list[Issue]:
    """What somebody still has to do in a compound, oldest first."""
    issues = await desk.store.issues.of_handler(person_id, MOVED_MOST)
    return [one for one in issues if one.place.compound_id == compound_id and one.state in UNDONE]


async def move(desk: Desk, issues: Sequence[Issue], successor: int | None = None) -> list[Issue]:
    """Give each issue to its heir; gives those that have moved, as they stand now. See `tell_moved`."""
    moved = []
    for issue in issues:
        found = await heir_of(desk, issue, await desk.holders(issue.place.compound_id), successor)
        if found is not None and found.holder.person_id != issue.handler_id:
            moved.append(await act(desk, issue.id, None, Action.TRANSFER, heir=found))
    return moved


async def tell_moved(
    desk: Desk,
    moved: Sequence[Issue],
    to_handlers: str,
    to_reporters: str,
    facts: Mapping[str, object],
    *,
    but: frozenset[int] = frozenset(),
) -> None:
    """Tell everybody concerned once: each new handler, with some cards, and each reporter who has it now.

    The two messages get `facts`, a `count`, and the reporters' also `lines` of issues. `but` know already.
    """
    await hush(desk, moved)
    for person_id in dict.fromkeys(issue.handler_id for issue in moved):
        await tell_handler(desk, person_id, moved, to_handlers, facts)
    await tell_reporters(desk, moved, to_reporters, facts, but=but)


async def hush(desk: Desk, moved: Sequence[Issue]) -> None:
    """What is told of these issues wakes nobody at night, unless there is danger."""
    if moved:
        urgencies = {issue.urgency for issue in moved}
        pressing = Urgency.DANGER if Urgency.DANGER in urgencies else Urgency.ORDINARY
        await desk.hush_by_night(moved[0].place.compound_id, pressing)


async def tell_handler(
    desk: Desk,
    person_id: int,
    moved: Sequence[Issue],
    message: str,
    facts: Mapping[str, object],
    choices: Choices = (),
) -> None:
    """Tell somebody what of `moved` is theirs now, perhaps nothing: one message, and the first cards.

    The message gets `facts`, the `count`, and the `rest` whose cards are not shown.
    """
    theirs = [issue for issue in moved if issue.handler_id == person_id]
    count = {"count": len(theirs), "rest": max(0, len(theirs) - SHOWN_MOST)}
    work: Choices = ((choice("more_work", "menu.work"),),) if theirs else ()
    await desk.tell(person_id, message, {**facts, **count}, choices=(*work, *choices))
    for issue in theirs[:SHOWN_MOST]:
        await bring_down(desk, issue, person_id)


async def tell_reporters(
    desk: Desk,
    moved: Sequence[Issue],
    message: str,
    facts: Mapping[str, object],
    *,
    but: frozenset[int] = frozenset(),
) -> None:
    """Tell everybody who reported some of `moved` once who has it now; who has it themselves knows."""
    reporters: dict[int, list[Issue]] = {}
    for issue in moved:
        reporters.setdefault(await speaker_of(desk, issue), []).append(issue)
    for person_id, reported in reporters.items():
        theirs = [issue for issue in reported if issue.handler_id != person_id]
        if not theirs or person_id in but:
            continue
        lines = [await facts_of(desk, issue) for issue in theirs[:LINES_MOST]]
        count = {"count": len(theirs), "lines": lines, "rest": len(theirs) - len(lines)}
        rows = ((choice("my_issues", "my.list"),),)
        await desk.tell(person_id, message, {**facts, **count}, choices=rows)
