"""Issues, their history, their people, their due times and what the clock has to say about them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain.posts import Place
from bot.domain.transitions import State
from bot.storage.engine import (
    Connection,
    Row,
    from_micros,
    maybe_instant,
    maybe_micros,
    to_micros,
)

_MICROSECOND = timedelta(microseconds=1)
PARTS = ("follows", "affected", "helps", "concerned", "declined")
"""What somebody may be to an issue, beside reporting or handling it: a leader who looks on, a neighbour who
has met the same, a colleague who was asked to help, whom it is about, who has handed it back."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """Who entered a report for somebody else, how it came (phone, visit, paper), and for whose home.

    The home is forgotten with the words of the report.
    """

    person_id: int
    source: str
    unit_id: int | None


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue as it stands; instants are aware UTC, terms are durations of its clock."""

    id: int
    number: str
    category: str
    urgency: str
    is_private: bool
    place: Place
    text: str
    state: State
    resolution: str | None
    closed_how: str | None
    reporter_id: int
    reporter_approved: bool
    handler_id: int
    handler_post: str
    reason: dict[str, Any] = field(hash=False)
    filed_at: datetime
    assigned_at: datetime
    accepted_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    nudged_at: datetime | None
    rating: str | None
    reopen_count: int
    clock_kind: str
    accept_term: timedelta
    resolve_term: timedelta
    resolve_used: timedelta
    resolve_since: datetime | None
    # By whom its reporter wished to be seen by name when it was filed (R14): neighbours, leader, committee.
    shown_as: str = "leader"
    # When the words and photos were taken out of it; number, times and states stay.
    erased_at: datetime | None = None
    proxy: Proxy | None = None
    # When waiting_external is followed up, or scheduled begins.
    wake_at: datetime | None = None
    referred_to: str = ""
    external_reference: str = ""
    duplicate_of: int | None = None
    rating_words: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an issue's history; the clock has no actor."""

    id: int
    at: datetime
    actor_id: int | None
    action: str
    from_state: str
    to_state: str
    text: str
    facts: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A photo or recording that came with an action."""

    event_id: int
    action: str
    kind: str
    file: str


@dataclass(frozen=True, slots=True)
class Due:
    """A due time of an issue, of a kind of `actions.reminders.DUES`; `stage` counts what has fired."""

    id: int
    kind: str
    issue_id: int
    due_at: datetime
    stage: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the clock has to tell a person."""

    id: int
    person_id: int
    issue_id: int
    topic: str
    stage: int
    facts: dict[str, Any] = field(hash=False)


def _issue(row: Row) -> Issue:
    return Issue(
        id=row["id"],
        number=row["number"],
        category=row["category"],
        urgency=row["urgency"],
        is_private=bool(row["is_private"]),
        place=Place(
            row["place_kind"], row["compound_id"], row["building_id"], row["entrance_id"], row["unit_id"]
        ),
        text=row["text"],
        state=State(row["state"]),
        resolution=row["resolution"],
        closed_how=row["closed_how"],
        reporter_id=row["reporter_id"],
        reporter_approved=bool(row["reporter_approved"]),
        handler_id=row["handler_id"],
        handler_post=row["handler_post"],
        reason=json.loads(row["reason"]),
        filed_at=from_micros(row["filed_at"]),
        assigned_at=from_micros(row["assigned_at"]),
        accepted_at=maybe_instant(row["accepted_at"]),
        resolved_at=maybe_instant(row["resolved_at"]),
        closed_at=maybe_instant(row["closed_at"]),
        nudged_at=maybe_instant(row["nudged_at"]),
        rating=row["rating"],
        reopen_count=row["reopen_count"],
        clock_kind=row["clock_kind"],
        accept_term=timedelta(microseconds=row["accept_term"]),
        resolve_term=timedelta(microseconds=row["resolve_term"]),
        resolve_used=timedelta(microseconds=row["resolve_used"]),
        resolve_since=maybe_instant(row["resolve_since"]),
        shown_as=row["shown_as"],
        erased_at=maybe_instant(row["erased_at"]),
        proxy=Proxy(row["proxy_id"], row["proxy_source"], row["proxy_unit_id"]) if row["proxy_id"] else None,
        wake_at=maybe_instant(row["wake_at"]),
        referred_to=row["referred_to"],
        external_reference=row["external_reference"],
        duplicate_of=row["duplicate_of"],
        rating_words=row["rating_words"],
    )


class Issues:
    """Everything residents have reported."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def next_number(self, compound_id: int, day: str) -> str:
        """`YYMMDD-NNN`, the day's next for this compound (C3); `day` is the local YYMMDD."""
        rows = await self._connection.fetch("next_number", {"compound_id": compound_id, "day": day})
        return f"{day}-{rows[0]['last']:03d}"

    async def file(
        self,
        *,
        number: str,
        category: str,
        urgency: str,
        is_private: bool,
        place: Place,
        text: str,
        reporter_id: int,
        reporter_approved: bool,
        handler_id: int,
        handler_post: str,
        reason: Mapping[str, object],
        clock_kind: str,
        accept_term: timedelta,
        resolve_term: timedelta,
        now: datetime,
        proxy: Proxy | None = None,
        shown_as: str | None = None,
    ) -> int:
        """A new open issue with its accept-by clock running; gives its id.

        Without `shown_as` its reporter is seen by name as they wish to be from /me.
        """
        rows = await self._connection.fetch(
            "put_issue",
            {
                "compound_id": place.compound_id,
                "number": number,
                "category": category,
                "urgency": urgency,
                "is_private": int(is_private),
                "place_kind": place.kind,
                "building_id": place.building_id,
                "entrance_id": place.entrance_id,
                "unit_id": place.unit_id,
                "text": text,
                "reporter_id": reporter_id,
                "reporter_approved": int(reporter_approved),
                "handler_id": handler_id,
                "handler_post": handler_post,
                "reason": json.dumps(reason, ensure_ascii=False),
                "clock_kind": clock_kind,
                "accept_term": accept_term // _MICROSECOND,
                "resolve_term": resolve_term // _MICROSECOND,
                "now": to_micros(now),
                "proxy_id": proxy and proxy.person_id,
                "proxy_source": proxy and proxy.source,
                "proxy_unit_id": proxy and proxy.unit_id,
                "shown_as": shown_as,
            },
        )
        issue_id: int = rows[0]["id"]
        return issue_id

    async def locked(self, issue_id: int) -> Issue | None:
        """One issue, locked until commit: read it again before writing."""
        rows = await self._connection.fetch("issue_locked", {"id": issue_id})
        return _issue(rows[0]) if rows else None

    async def get(self, issue_id: int) -> Issue | None:
        """One issue as it stands."""
        rows = await self._connection.fetch("issue", {"id": issue_id})
        return _issue(rows[0]) if rows else None

    async def save(self, issue: Issue) -> None:
        """Write what may change after filing."""
        await self._connection.fetch(
            "save_issue",
            {
                "id": issue.id,
                "category": issue.category,
                "urgency": issue.urgency,
                "is_private": int(issue.is_private),
                "shown_as": issue.shown_as,
                "text": issue.text,
                "state": issue.state.value,
                "resolution": issue.resolution,
                "closed_how": issue.closed_how,
                "handler_id": issue.handler_id,
                "handler_post": issue.handler_post,
                "reason": json.dumps(issue.reason, ensure_ascii=False),
                "assigned_at": to_micros(issue.assigned_at),
                "accepted_at": maybe_micros(issue.accepted_at),
                "resolved_at": maybe_micros(issue.resolved_at),
                "closed_at": maybe_micros(issue.closed_at),
                "nudged_at": maybe_micros(issue.nudged_at),
                "rating": issue.rating,
                "rating_words": issue.rating_words,
                "reopen_count": issue.reopen_count,
                "wake_at": maybe_micros(issue.wake_at),
                "referred_to": issue.referred_to,
                "external_reference": issue.external_reference,
                "duplicate_of": issue.duplicate_of,
                "clock_kind": issue.clock_kind,
                "accept_term": issue.accept_term // _MICROSECOND,
                "resolve_term": issue.resolve_term // _MICROSECOND,
                "resolve_used": issue.resolve_used // _MICROSECOND,
                "resolve_since": maybe_micros(issue.resolve_since),
            },
        )

    async def record(
        self,
        issue_id: int,
        *,
        actor_id: int | None,
        action: str,
        from_state: str,
        to_state: str,
        text: str,
        facts: Mapping[str, object],
        attachments: Sequence[tuple[str, str]],
        now: datetime,
    ) -> int:
        """Append to the history (C2), with attachments as (kind, file); gives the event's id."""
        rows = await self._connection.fetch(
            "put_event",
            {
                "issue_id": issue_id,
                "actor_id": actor_id,
                "action": action,
                "from_state": from_state,
                "to_state": to_state,
                "text": text,
                "facts": json.dumps(facts, ensure_ascii=False),
                "now": to_micros(now),
            },
        )
        event_id: int = rows[0]["id"]
        if attachments:
            await self._connection.run_many(
                "put_attachment",
                [
                    {"issue_id": issue_id, "event_id": event_id, "kind": kind, "file": file}
                    for kind, file in attachments
                ],
            )
        return event_id

    async def history(self, issue_id: int) -> list[Event]:
        """All that happened, oldest first."""
        rows = await self._connection.fetch("events_of_issue", {"issue_id": issue_id})
        return [_event(row) for row in rows]

    async def last_change(self, issue_id: int) -> Event | None:
        """The latest change of state: who and when, for a second tap (C6)."""
        rows = await self._connection.fetch("last_event", {"issue_id": issue_id})
        return _event(rows[0]) if rows else None

    async def attachments(self, issue_id: int) -> list[Attachment]:
        """Everything that was attached, in order."""
        rows = await self._connection.fetch("attachments_of_issue", {"issue_id": issue_id})
        return [Attachment(row["event_id"], row["action"], row["kind"], row["file"]) for row in rows]

    async def add_part(self, issue_id: int, person_id: int, part: str) -> None:
        """This person takes part in an issue, as one of PARTS."""
        await self._connection.fetch("put_part", {"issue_id": issue_id, "person_id": person_id, "part": part})

    async def drop_part(self, issue_id: int, person_id: int, part: str) -> None:
        """They do not take part in that way any more."""
        await self._connection.fetch(
            "drop_part", {"issue_id": issue_id, "person_id": person_id, "part": part}
        )

    async def alike(
        self, compound_id: int, category: str, since: datetime, person_id: int, most: int
    ) -> list[Issue]:
        """What is being worked on of one kind and was filed since, the latest first.

        Private matters are among it only where this person reported them.
        """
        row = {"compound_id": compound_id, "category": category, "since": to_micros(since)}
        rows = await self._connection.fetch("issues_alike", row | {"person_id": person_id, "most": most})
        return [_issue(one) for one in rows]

    async def going_on(self, compound_id: int, most: int) -> list[Issue]:
        """The latest matters of a compound that are not closed."""
        rows = await self._connection.fetch("issues_going_on", {"compound_id": compound_id, "most": most})
        return [_issue(row) for row in rows]

    async def numbered(self, compound_id: int, number: str) -> Issue | None:
        """The issue of a compound with this number."""
        row = {"compound_id": compound_id, "number": number}
        rows = await self._connection.fetch("issue_numbered", row)
        return _issue(rows[0]) if rows else None

    async def merged_into(self, issue_id: int) -> list[Issue]:
        """The issues that were merged into this one, the oldest first."""
        rows = await self._connection.fetch("issues_merged_into", {"issue_id": issue_id})
        return [_issue(row) for row in rows]

    async def households(self, issue_id: int) -> int:
        """How many households have met it: the reporter's and those of who is affected."""
        rows = await self._connection.fetch("households_of_issue", {"issue_id": issue_id})
        count: int = rows[0]["count"]
        return count

    async def parts(self, issue_id: int) -> dict[str, frozenset[int]]:
        """The people of an issue by each of PARTS."""
        rows = await self._connection.fetch("parts_of_issue", {"issue_id": issue_id})
        found: dict[str, set[int]] = {part: set() for part in PARTS}
        for row in rows:
            found[row["part"]].add(row["person_id"])
        return {part: frozenset(people) for part, people in found.items()}

    async def of_reporter(self, person_id: int, closed_since: datetime, most: int) -> list[Issue]:
        """What a person reported, for another too, or has met: first what goes on, then what is over."""
        rows = await self._connection.fetch(
            "issues_of_reporter", {"person_id": person_id, "since": to_micros(closed_since), "most": most}
        )
        return [_issue(row) for row in rows]

    async def of_handler(self, person_id: int, most: int) -> list[Issue]:
        """What a handler has not closed yet, oldest first."""
        rows = await self._connection.fetch("issues_of_handler", {"person_id": person_id, "most": most})
        return [_issue(row) for row in rows]

    async def in_hand(self, person_id: int, most: int) -> list[Issue]:
        """What is not closed and somebody handles or sees to, by their posts; oldest first."""
        rows = await self._connection.fetch("issues_in_hand", {"person_id": person_id, "most": most})
        return [_issue(row) for row in rows]

    async def open_in(self, compound_id: int) -> list[Issue]:
        """What nobody in a compound has accepted yet, oldest first."""
        rows = await self._connection.fetch("issues_open_in", {"compound_id": compound_id})
        return [_issue(row) for row in rows]

    async def assigned_since(self, compound_id: int, since: datetime) -> list[Issue]:
        """What was given to anybody in a compound since then, whatever became of it, oldest first."""
        row = {"compound_id": compound_id, "since": to_micros(since)}
        return [_issue(one) for one in await self._connection.fetch("issues_assigned_since", row)]


def _event(row: Row) -> Event:
    return Event(
        row["id"],
        from_micros(row["at"]),
        row["actor_id"],
        row["action"],
        row["from_state"],
        row["to_state"],
        row["text"],
        json.loads(row["facts"]),
    )


class Dues:
    """Due times: a row each, moved on by the transaction that acts on it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, issue_id: int, kind: str, due_at: datetime, stage: int) -> None:
        """The next due time of this kind; replaces the one there was."""
        await self._connection.fetch(
            "put_due", {"issue_id": issue_id, "kind": kind, "due_at": to_micros(due_at), "stage": stage}
        )

    async def drop(self, issue_id: int, kind: str) -> None:
        """Nothing of this kind is due any more."""
        await self._connection.fetch("drop_due", {"issue_id": issue_id, "kind": kind})

    async def claim(self, now: datetime) -> Due | None:
        """The most overdue row, locked until commit."""
        rows = await self._connection.fetch("claim_due", {"now": to_micros(now)})
        return _due(rows[0]) if rows else None

    async def of_issue(self, issue_id: int) -> list[Due]:
        """What is to come for an issue."""
        rows = await self._connection.fetch("due_of_issue", {"issue_id": issue_id})
        return [_due(row) for row in rows]


def _due(row: Row) -> Due:
    return Due(row["id"], row["kind"], row["issue_id"], from_micros(row["due_at"]), row["stage"])


class Notices:
    """What the clock has to say, waiting for its hour and its fellows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(
        self,
        person_id: int,
        issue_id: int,
        topic: str,
        stage: int,
        facts: Mapping[str, object],
        now: datetime,
        release_at: datetime,
    ) -> None:
        """To be told at `release_at`, folded with whatever else this person is told then."""
        await self._connection.fetch(
            "put_notice",
            {
                "person_id": person_id,
                "issue_id": issue_id,
                "topic": topic,
                "stage": stage,
                "facts": json.dumps(facts, ensure_ascii=False),
                "now": to_micros(now),
                "release_at": to_micros(release_at),
            },
        )

    async def claim(self, now: datetime) -> list[Notice]:
        """All that one person may be told now, locked until commit; empty when nobody waits."""
        rows = await self._connection.fetch("claim_notices", {"now": to_micros(now)})
        return [
            Notice(
                row["id"],
                row["person_id"],
                row["issue_id"],
                row["topic"],
                row["stage"],
                json.loads(row["facts"]),
            )
            for row in rows
        ]

    async def postpone(self, notice_ids: Sequence[int], release_at: datetime) -> None:
        """Not now: the hour has become a quiet one."""
        rows = [{"id": notice_id, "release_at": to_micros(release_at)} for notice_id in notice_ids]
        await self._connection.run_many("postpone_notice", rows)

    async def drop(self, notice_ids: Sequence[int]) -> None:
        """Told."""
        await self._connection.run_many("drop_notice", [{"id": notice_id} for notice_id in notice_ids])

    async def drop_of_issue(self, issue_id: int) -> None:
        """The issue has ended: nothing the clock wanted to say about it matters any more."""
        await self._connection.fetch("drop_notices", {"issue_id": issue_id})
