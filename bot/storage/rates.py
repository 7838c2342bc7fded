"""What the three rates are counted from, and the counts (rules: bot.domain.rates)."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from bot.domain.rates import Figures
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, maybe_micros, to_micros

By = Literal["", "building", "leader", "category"]
_COUNTS = tuple(field.name for field in fields(Figures))


@dataclass(frozen=True, slots=True)
class Recurring:
    """A place (None: no building, or none of its doors) where a category came up so often."""

    building_id: int | None
    entrance_id: int | None
    category: str
    count: int


@dataclass(frozen=True, slots=True)
class Filed:
    """An issue without what names somebody."""

    number: str
    category: str
    urgency: str
    is_private: bool
    building_id: int | None
    state: str
    resolution: str | None
    handler_post: str
    filed_at: datetime
    closed_at: datetime | None
    rating: str | None


class Rates:
    """Assignments and verdicts, as they happen and as they are counted."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def assign(
        self, issue_id: int, handler_id: int, handler_post: str, due_at: datetime | None, now: datetime
    ) -> None:
        """Somebody has got an issue and is to accept it by then; None: there is nothing to accept."""
        row = {"issue_id": issue_id, "handler_id": handler_id, "handler_post": handler_post}
        await self._connection.fetch(
            "put_assignment", {**row, "due_at": maybe_micros(due_at), "now": to_micros(now)}
        )

    async def accept(self, issue_id: int, now: datetime) -> None:
        """Who has it has accepted it."""
        await self._connection.fetch("answer_assignment", {"issue_id": issue_id, "now": to_micros(now)})

    async def end(self, issue_id: int, actor_id: int | None, now: datetime) -> None:
        """They have it no longer; where they did that themselves, it is an answer."""
        row = {"issue_id": issue_id, "actor_id": actor_id, "now": to_micros(now)}
        await self._connection.fetch("end_assignment", row)

    async def put_off(self, issue_id: int, due_at: datetime, now: datetime) -> None:
        """It is to be accepted by another time, unless that time has passed."""
        row = {"issue_id": issue_id, "due_at": to_micros(due_at), "now": to_micros(now)}
        await self._connection.fetch("move_assignment", row)

    async def ask(
        self, issue_id: int, handler_id: int, handler_post: str, now: datetime, *, is_own: bool
    ) -> None:
        """The reporter is asked whether it is done; `is_own`: they did it themselves."""
        row = {"issue_id": issue_id, "handler_id": handler_id, "handler_post": handler_post}
        await self._connection.fetch("put_verdict", {**row, "is_own": int(is_own), "now": to_micros(now)})

    async def answer(self, issue_id: int, answer: str, actor_id: int | None, now: datetime) -> None:
        """What they said: confirmed, disputed, or no_reply."""
        row = {"issue_id": issue_id, "answer": answer, "actor_id": actor_id, "now": to_micros(now)}
        await self._connection.fetch("answer_verdict", row)

    async def rate(self, issue_id: int, rating: str, now: datetime) -> None:
        """How content they are with what was done last."""
        row = {"issue_id": issue_id, "rating": rating, "now": to_micros(now)}
        await self._connection.fetch("rate_verdict", row)

    async def take_back(self, issue_id: int, now: datetime) -> None:
        """The reporter says after all that it is not done."""
        await self._connection.fetch("reopen_verdict", {"issue_id": issue_id, "now": to_micros(now)})

    # Counting ------------------------------------------------------------------------------------------

    async def figures(
        self,
        compound_id: int,
        begin: datetime,
        end: datetime,
        by: By = "",
        *,
        handler_id: int | None = None,
        building_id: int | None = None,
    ) -> dict[str, Figures]:
        """What happened from `begin` until before `end`, which must not lie in the future.

        The keys are "" or, as `by` says, a building's id ("0" for none), a person's id and post
        ("7:building_leader"), or a category. With a `handler_id` or `building_id` only theirs.
        """
        row = {"compound_id": compound_id, "begin": to_micros(begin), "end": to_micros(end)}
        what = {"by": by, "handler_id": handler_id, "building_id": building_id}
        rows = await self._connection.fetch("figures", {**row, **what})
        return {one["key"]: _figures(one) for one in rows}

    async def overdue(self, compound_id: int, escalation: int, now: datetime) -> int:
        """How many issues are late now; `escalation` is the stage of the ladder that says so."""
        row = {"compound_id": compound_id, "escalation": escalation, "now": to_micros(now)}
        count: int = (await self._connection.fetch("overdue_now", row))[0]["count"]
        return count

    async def recurring(
        self, compound_id: int, begin: datetime, end: datetime, least: int, most: int
    ) -> list[Recurring]:
        """Where the same was reported at least so often in that time, the most frequent first."""
        row = {"compound_id": compound_id, "begin": to_micros(begin), "end": to_micros(end)}
        rows = await self._connection.fetch("recurring", {**row, "least": least, "most": most})
        return [
            Recurring(one["building_id"], one["entrance_id"], one["category"], one["count"]) for one in rows
        ]

    async def first_filed(self, compound_id: int) -> datetime | None:
        """When the first issue of a compound was filed."""
        rows = await self._connection.fetch("first_filed", {"compound_id": compound_id})
        return maybe_instant(rows[0]["at"])

    async def filed(self, compound_id: int, begin: datetime, end: datetime, most: int) -> list[Filed]:
        """The issues filed in a period, the oldest first."""
        row = {"compound_id": compound_id, "begin": to_micros(begin), "end": to_micros(end), "most": most}
        return [
            Filed(
                one["number"],
                one["category"],
                one["urgency"],
                bool(one["is_private"]),
                one["building_id"],
                one["state"],
                one["resolution"],
                one["handler_post"],
                from_micros(one["filed_at"]),
                maybe_instant(one["closed_at"]),
                one["rating"],
            )
            for one in await self._connection.fetch("filed_within", row)
        ]


def _figures(row: Row) -> Figures:
    return Figures(**{name: int(row[name]) for name in _COUNTS})
