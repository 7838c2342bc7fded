"""三率 in the chat: the committee looks at everything, everybody else in a post at their own (O5)."""

from zoneinfo import ZoneInfo

from bot.actions import rates, reports
from bot.actions.desk import Choice, choice
from bot.actions.rates import Line, Sight
from bot.conversation.turn import Turn
from bot.domain.errors import Refused
from bot.domain.rates import Month
from bot.handlers.residents import say_in_place
from bot.storage.rates import By

KEY = "stats"
LISTED_MOST = 8
BUILDINGS_MOST = 4
"""Of one leader, each with their figures."""
BACK_MOST = 60
"""Months that can be looked back."""
WAYS: tuple[By, ...] = ("building", "leader", "category")


async def command(turn: Turn) -> None:
    """/stats, also with a month behind it: this month of one's compound."""
    sights = await rates.sights(turn.desk, turn.person_id)
    if not sights:
        raise Refused("stats_not_yours")
    said = turn.incoming.text.strip() if turn.incoming.kind == "command" else ""
    if len(sights) == 1:
        sight = sights[0]
        month = _month(turn, sight, said) if said else _running(turn, sight)
        await _show(turn, sight, month, "all", 0)
        return
    rows = []
    for one in sights:
        at = (one.compound.id, _running(turn, one))
        rows.append((choice("stats_compound", "stats.show", *at, "all", 0, name=one.compound.name),))
    await say_in_place(turn, KEY, "rates.which", {}, rows)


async def show(turn: Turn, compound_id: str, month: str, by: str, page: str) -> None:
    """One month: all together, or in lines."""
    sight = await rates.sight_of(turn.desk, turn.person_id, turn.number(compound_id))
    await _show(turn, sight, _month(turn, sight, month), by, turn.number(page))


async def how(turn: Turn) -> None:
    """How it is counted."""
    if not await turn.posts():
        raise Refused("stats_not_yours")
    turn.say("rates.how")


async def report(turn: Turn, compound_id: str, month: str) -> None:
    """The report of a month as it comes on the first: picture, workbook, text."""
    sight = await rates.sight_of(turn.desk, turn.person_id, turn.number(compound_id))
    if not sight.sees_all:
        raise Refused("stats_not_yours")
    gathered = await reports.gather(turn.desk, sight.compound, _month(turn, sight, month))
    picture = reports.picture_of(turn.desk, gathered, turn.locale)
    workbook = await reports.workbook_of(turn.desk, gathered, turn.locale)
    made = (picture, workbook)
    reports.send(turn.desk, gathered, turn.incoming.chat, turn.person_id, turn.locale, made)


def _running(turn: Turn, sight: Sight) -> Month:
    return Month.of(turn.desk.now, ZoneInfo(sight.compound.timezone))


def _month(turn: Turn, sight: Sight, written: str) -> Month:
    """A month that has begun, and is not from before there was a bot."""
    try:
        month = Month.read(written)
    except ValueError:
        raise Refused("no_such_month") from None
    if not _running(turn, sight).plus(-BACK_MOST) <= month <= _running(turn, sight):
        raise Refused("no_such_month")
    return month


async def _show(turn: Turn, sight: Sight, month: Month, by: str, page: int) -> None:
    if by == "all" and sight.sees_all:
        await _show_total(turn, sight, month)
    elif by == "all":
        await _show_own(turn, sight, month)
    elif by in WAYS and sight.sees_all:
        await _show_lines(turn, sight, month, by, page)
    else:
        raise Refused("stats_not_yours" if by in WAYS else "bad_button")


def _head(turn: Turn, sight: Sight, month: Month) -> dict[str, object]:
    return {
        "compound": sight.compound.name,
        "month_name": reports.month_name(turn.desk, month, turn.locale),
        "is_running": month == _running(turn, sight),
    }


async def _turning(turn: Turn, sight: Sight, month: Month, by: str) -> tuple[Choice, ...]:
    """To the month before, as far as there is something, and to the one after."""
    first = await turn.store.rates.first_filed(sight.compound.id)
    at, found = sight.compound.id, []
    earliest = _running(turn, sight).plus(-BACK_MOST)
    if first is not None and month > max(earliest, Month.of(first, ZoneInfo(sight.compound.timezone))):
        before = month.plus(-1)
        found.append(choice("stats_before", "stats.show", at, before, by, 0, month=before.month))
    if month < _running(turn, sight):
        after = month.plus(1)
        found.append(choice("stats_after", "stats.show", at, after, by, 0, month=after.month))
    return tuple(found)


async def _show_total(turn: Turn, sight: Sight, month: Month) -> None:
    figures = await rates.total(turn.desk, sight.compound, month)
    head = _head(turn, sight, month)
    late = await rates.overdue(turn.desk, sight.compound) if head["is_running"] else 0
    at = (sight.compound.id, month)
    rows = (
        tuple(choice(f"stats_{by}", "stats.show", *at, by, 0) for by in WAYS),
        (choice("stats_report", "stats.report", *at), choice("stats_how", "stats.how")),
        await _turning(turn, sight, month, "all"),
    )
    facts = {**head, "figures": reports.facts_of(figures), "overdue": late}
    await say_in_place(turn, KEY, "rates.total", facts, [row for row in rows if row])


async def _show_own(turn: Turn, sight: Sight, month: Month) -> None:
    """A leader's own cases, and all of their building: nobody is compared with anybody."""
    figures = await rates.own(turn.desk, sight, turn.person_id, month)
    names = dict(await turn.store.places.buildings(sight.compound.id))
    mine = [
        {
            "building": names.get(building_id, ""),
            "figures": reports.facts_of(await rates.of_building(turn.desk, sight, building_id, month)),
        }
        for building_id in sight.buildings[:BUILDINGS_MOST]
    ]
    rows = ((choice("stats_how", "stats.how"),), await _turning(turn, sight, month, "all"))
    facts = {**_head(turn, sight, month), "figures": reports.facts_of(figures), "buildings_led": mine}
    await say_in_place(turn, KEY, "rates.own", facts, [row for row in rows if row])


async def _show_lines(turn: Turn, sight: Sight, month: Month, by: str, page: int) -> None:
    found: list[Line] = []
    for way in WAYS:
        if way == by:
            found = await rates.lines(turn.desk, sight.compound, month, way)
    pages = max(1, -(-len(found) // LISTED_MOST))
    number = min(page, pages - 1)
    shown = found[number * LISTED_MOST : (number + 1) * LISTED_MOST]
    at = (sight.compound.id, month)
    paging = [choice("page_before", "stats.show", *at, by, number - 1)] if number else []
    if number + 1 < pages:
        paging.append(choice("page_after", "stats.show", *at, by, number + 1))
    facts = {
        **_head(turn, sight, month),
        "sorted_by": by,
        "counted": [{**line.names, "figures": reports.facts_of(line.figures)} for line in shown],
    }
    rows = (
        tuple(paging),
        await _turning(turn, sight, month, by),
        (choice("stats_back", "stats.show", *at, "all", 0),),
    )
    await say_in_place(turn, KEY, "rates.lines", facts, [row for row in rows if row])
