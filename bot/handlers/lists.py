"""What somebody has to do with: their own reports, and what they handle."""

from datetime import timedelta

from bot.actions.cards import (
    facts_of,
    for_whom,
)
from bot.actions.desk import choice
from bot.actions.residents import waiting_for
from bot.conversation.turn import Turn
from bot.domain.errors import Refused
from bot.domain.posts import APPROVERS
from bot.domain.proxies import PROXIES

_CLOSED_SHOWN = timedelta(days=30)


async def list_mine(turn: Turn) -> None:
    """我的事: number, state, who has it, due time and next step, several at once (R7)."""
    since = turn.desk.now - _CLOSED_SHOWN
    issues = await turn.store.issues.of_reporter(turn.person_id, since, 10)
    lines = [
        {**await facts_of(turn.desk, issue), "for_whom": await for_whom(turn.desk, issue, turn.person_id)}
        for issue in issues
    ]
    rows = [(choice("open_number", "issue.show", issue.id, number=issue.number),) for issue in issues]
    turn.say("my.list", {"lines": lines}, choices=rows, menu=not rows)


async def list_work(turn: Turn) -> None:
    """What a handler has open, oldest first."""
    issues = await turn.store.issues.of_handler(turn.person_id, 15)
    if not issues and not await turn.posts():
        raise Refused("no_post")
    count = await turn.store.issues.count_of_handler(turn.person_id)
    lines = [await facts_of(turn.desk, issue) for issue in issues]
    rows = [(choice("open_number", "issue.show", issue.id, number=issue.number),) for issue in issues]
    kinds = {post.kind for post in await turn.posts()}
    if kinds & APPROVERS:
        waiting = len(await waiting_for(turn.desk, turn.person_id))
        if waiting:
            rows.append((choice("work_requests", "home.queue", count=waiting),))
        rows.append((choice("more_roster", "roster.open"),))
    if kinds & PROXIES:
        rows.append((choice("proxy_new", "proxy.new"),))
    if kinds:
        rows.append((choice("more_away", "away.list"),))
    turn.say("card.work", {"lines": lines, "count": count, "rest": count - len(lines)}, choices=rows)
