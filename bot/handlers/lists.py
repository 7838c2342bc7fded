"""What somebody has to do with: their own reports, and what waits for them by their posts."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from bot.actions.cards import facts_for, facts_of, for_whom, is_outside, may_see
from bot.actions.desk import Choice, Choices, choice
from bot.actions.lists import FILTERS, Task, counted, tasks_of
from bot.actions.residents import waiting_for
from bot.conversation.dialog import grid
from bot.conversation.turn import Turn
from bot.domain.errors import Refused
from bot.domain.options import Press
from bot.domain.posts import APPROVERS
from bot.domain.proxies import PROXIES
from bot.domain.transitions import State
from bot.handlers.residents import say_in_place
from bot.storage.issues import Issue
from bot.texts import short

PAGE = 6
"""Lines of a page: what a phone shows at once."""
MINE_PAGE = 5
BUILDINGS_MOST = 90
"""Of the 100 buttons a message may have (https://core.telegram.org/bots/api#inlinekeyboardmarkup)."""
_MINE_MOST = 100
_CLOSED_SHOWN = timedelta(days=30)
_MINE, _ALL, _COMMON = "mine", "all", 0


def turning(kind: str, *arguments: object, page: int, pages: int, after: Sequence[object] = ()) -> Choices:
    """The row to turn pages with; nothing where there is one. At either end the button says that it is."""
    if pages < 2:
        return ()
    ends = (choice("turn_back", "list.edge", "first"), choice("turn_on", "list.edge", "last"))
    back = ends[0] if page == 0 else choice("turn_back", kind, *arguments, page - 1, *after)
    on = ends[1] if page == pages - 1 else choice("turn_on", kind, *arguments, page + 1, *after)
    here = tuple(str(one) for one in (*arguments, page, *after))
    return ((back, Choice(Press(kind, here), text=f"{page + 1}/{pages}"), on),)


def pages_of(count: int, size: int) -> int:
    """How many pages so many lines make, at least one."""
    return max(1, -(-count // size))


def numbers(issues: Sequence[Issue], columns: int) -> Choices:
    """A button to open each."""
    return grid([choice("open_number", "issue.show", one.id, number=one.number) for one in issues], columns)


async def edge(turn: Turn, which: str) -> None:
    """There is no page before the first, nor after the last."""
    turn.toast("lists.edge", is_first=which == "first")


# Mine ----------------------------------------------------------------------------------------------------


async def list_mine(turn: Turn) -> None:
    """我的事: number, state, who has it, due time and next step, several at once (R7)."""
    await mine_page(turn, "0")


async def mine_page(turn: Turn, page: str) -> None:
    """One page of what somebody reported or has met too: first what needs their word, last what has ended."""
    since = turn.desk.now - _CLOSED_SHOWN
    issues = await turn.store.issues.of_reporter(turn.person_id, since, _MINE_MOST)
    issues.sort(key=lambda issue: _needs(turn, issue))
    pages = pages_of(len(issues), MINE_PAGE)
    number = min(turn.number(page), pages - 1)
    shown = issues[number * MINE_PAGE : (number + 1) * MINE_PAGE]
    lines = [await _line_of_mine(turn, issue) for issue in shown]
    buttons = numbers(shown, 2)
    if turn.is_elder:
        # The lines are numbered already: a long number beside each would only be one more.
        buttons = [(choice("open_category", "issue.show", one.id, category=one.category),) for one in shown]
    rows = [*buttons, *turning("my.page", page=number, pages=pages)]
    if pages > 1:
        rows.append((choice("find", "find.ask"),))
    if not rows:
        turn.say("my.list", {"lines": lines, "count": 0}, menu=True)
        return
    await say_in_place(turn, "mine", "my.list", {"lines": lines, "count": len(issues)}, rows)


def _needs(turn: Turn, issue: Issue) -> tuple[bool, bool]:
    """What waits for this person's word is said first; otherwise the order stays."""
    is_own = turn.person_id == issue.reporter_id or (issue.proxy and issue.proxy.person_id == turn.person_id)
    is_asked = bool(is_own) and issue.state in (State.RESOLVED, State.WAITING_REPORTER)
    return issue.state == State.CLOSED, not is_asked


async def _line_of_mine(turn: Turn, issue: Issue) -> dict[str, object]:
    return {
        **await facts_for(turn.desk, issue, turn.person_id),
        "for_whom": await for_whom(turn.desk, issue, turn.person_id),
        "is_followed": await is_outside(turn.desk, issue, turn.person_id),
    }


# Work ----------------------------------------------------------------------------------------------------


async def list_work(turn: Turn) -> None:
    """/work: what somebody has to handle, the most pressing first (L1)."""
    await _show_work(turn, _MINE, "all", 0)


async def work_page(turn: Turn, scope: str, only: str, page: str) -> None:
    """One page of a list: `scope` is mine, all, or a building's id (0: no building)."""
    if only not in FILTERS:
        raise Refused("bad_button")
    if scope not in (_MINE, _ALL):
        turn.number(scope)
    await _show_work(turn, scope, only, turn.number(page))


async def _tasks(turn: Turn) -> list[Task]:
    """What is on somebody's lists today; who holds no post and handles nothing has none."""
    tasks = await tasks_of(turn.desk, turn.person_id)
    if not tasks and not await turn.posts():
        raise Refused("no_post")
    return tasks


def _within(tasks: Sequence[Task], scope: str, person_id: int) -> list[Task]:
    if scope == _ALL:
        return list(tasks)
    if scope == _MINE:
        return [task for task in tasks if task.issue.handler_id == person_id]
    return [task for task in tasks if (task.issue.place.building_id or _COMMON) == int(scope)]


async def _show_work(turn: Turn, scope: str, only: str, page: int) -> None:
    every = await _tasks(turn)
    tasks = _within(every, scope, turn.person_id)
    chosen = [task for task in tasks if FILTERS[only](task)]
    pages = pages_of(len(chosen), PAGE)
    number = min(page, pages - 1)
    shown = [
        task
        for task in chosen[number * PAGE : (number + 1) * PAGE]
        # The list was put together by the same rule; what is shown is asked of the rule itself.
        if await may_see(turn.desk, task.issue, turn.person_id)
    ]
    lines = [await _line_of_work(turn, task) for task in shown]
    rows = [
        *_whose(every, scope, turn.person_id),
        *_which(tasks, scope, only),
        *numbers([task.issue for task in shown], 3),
        *turning("work.list", scope, only, page=number, pages=pages),
        *(await _besides(turn) if scope == _MINE else ()),
    ]
    facts = {
        "scope": scope if scope in (_MINE, _ALL) else "building",
        "building": await _name_of(turn, tasks) if scope not in (_MINE, _ALL) else "",
        "only": only,
        "count": len(tasks),
        "counts": counted(tasks),
        "lines": lines,
    }
    await say_in_place(turn, "work", "lists.work", facts, rows)


async def _name_of(turn: Turn, tasks: Sequence[Task]) -> str:
    """What the building is called in which all of these are; "" where there is none."""
    return (await turn.store.places.names(tasks[0].issue.place)).building if tasks else ""


async def _line_of_work(turn: Turn, task: Task) -> dict[str, Any]:
    """A task as a line of the list tells it."""
    return {
        **await facts_of(turn.desk, task.issue),
        "due": task.due,
        "is_mine": task.issue.handler_id == turn.person_id,
    }


def _whose(every: Sequence[Task], scope: str, person_id: int) -> list[tuple[Choice, ...]]:
    """The lists somebody has, where there is more than their own."""
    mine = _within(every, _MINE, person_id)
    row: list[Choice] = []
    if len(mine) < len(every) or scope != _MINE:
        for label, own, tasks in (("work_mine", _MINE, mine), ("work_all", _ALL, every)):
            row.append(choice(label, "work.list", own, "all", 0, count=len(tasks), is_chosen=own == scope))
    if len({task.issue.place.building_id for task in every}) > 1:
        row.append(choice("work_by_building", "work.buildings", 0))
    return [tuple(row)] if row else []


def _which(tasks: Sequence[Task], scope: str, only: str) -> list[tuple[Choice, ...]]:
    """By what the list can be narrowed down; what is chosen, tapped again, shows all of it."""
    if len(tasks) < 2:
        return []
    row: list[Choice] = []
    for name, holds in FILTERS.items():
        count = sum(map(holds, tasks))
        if name != "all" and (0 < count < len(tasks) or name == only):
            other = "all" if name == only else name
            row.append(
                choice(f"work_{name}", "work.list", scope, other, 0, count=count, is_chosen=name == only)
            )
    return [tuple(row)] if row else []


async def _besides(turn: Turn) -> Choices:
    """The other ways that begin at the list of one's own work."""
    kinds = {post.kind for post in await turn.posts()}
    rows: list[tuple[Choice, ...]] = []
    ways = [choice("find", "find.ask")]
    if kinds & APPROVERS:
        waiting = len(await waiting_for(turn.desk, turn.person_id))
        if waiting:
            rows.append((choice("work_requests", "home.queue", count=waiting),))
        ways.append(choice("more_roster", "roster.open"))
    if kinds & PROXIES:
        ways.append(choice("proxy_new", "proxy.new"))
    if kinds:
        ways.append(choice("more_away", "away.list"))
    return [*rows, *grid(ways, 2)]


async def work_buildings(turn: Turn, page: str) -> None:
    """按楼: every building with something on the list, with how much, and how much of it is late."""
    every = await _tasks(turn)

    def where(task: Task) -> tuple[int, int]:
        return task.issue.place.compound_id, task.issue.place.building_id or _COMMON

    found = [(key, list(tasks)) for key, tasks in groupby(sorted(every, key=where), key=where)]
    pages = pages_of(len(found), BUILDINGS_MOST)
    number = min(turn.number(page), pages - 1)
    picks = [
        choice(
            "work_building" if building_id else "work_common",
            *("work.list", building_id, "all", 0),
            name=short(await _name_of(turn, tasks), 12),
            count=len(tasks),
            late=sum(task.is_late for task in tasks),
        )
        for (_, building_id), tasks in found[number * BUILDINGS_MOST : (number + 1) * BUILDINGS_MOST]
    ]
    rows = [
        *_whose(every, "", turn.person_id),
        *grid(picks, 3),
        *turning("work.buildings", page=number, pages=pages),
    ]
    facts = {"count": len(every), "counts": counted(every)}
    await say_in_place(turn, "work", "lists.buildings", facts, rows)
