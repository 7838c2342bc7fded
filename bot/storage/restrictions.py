"""Who may not report for a while, and how much somebody has written and reported lately."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.posts import Place
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, maybe_micros, to_micros


@dataclass(frozen=True, slots=True)
class Restriction:
    """Proposed by one officer, decided by another: `state` is proposed, refused, active, lifted or over.

    `until` is empty until it is decided; `appeal` until the person has answered it.
    """

    id: int
    compound_id: int
    person_id: int
    reason: str
    days: int
    proposed_by: int | None
    proposed_at: datetime
    decided_by: int | None
    until: datetime | None
    appeal: str
    appealed_at: datetime | None
    upheld_at: datetime | None
    upheld_by: int | None
    ended_at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Said:
    """A report of somebody that is not done yet, as far as it is compared."""

    number: str
    text: str
    place: Place


def _restriction(row: Row) -> Restriction:
    return Restriction(
        row["id"],
        row["compound_id"],
        row["person_id"],
        row["reason"],
        row["days"],
        row["proposed_by"],
        from_micros(row["proposed_at"]),
        row["decided_by"],
        maybe_instant(row["until_at"]),
        row["appeal"],
        maybe_instant(row["appealed_at"]),
        maybe_instant(row["upheld_at"]),
        row["upheld_by"],
        maybe_instant(row["ended_at"]),
        row["state"],
    )


class Restrictions:
    """All restrictions, and what the limits are counted from."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def propose(
        self, compound_id: int, person_id: int, reason: str, days: int, by: int, now: datetime
    ) -> int | None:
        """A new proposal; None where one waits or runs already."""
        row = {
            "compound_id": compound_id,
            "person_id": person_id,
            "reason": reason,
            "days": days,
            "by": by,
            "now": to_micros(now),
        }
        rows = await self._connection.fetch("propose_restriction", row)
        return rows[0]["id"] if rows else None

    async def get(self, restriction_id: int) -> Restriction | None:
        """One, locked until commit."""
        rows = await self._connection.fetch("restriction", {"id": restriction_id})
        return _restriction(rows[0]) if rows else None

    async def running(self, person_id: int, now: datetime) -> list[Restriction]:
        """What holds for a person now, in whatever compound."""
        row = {"person_id": person_id, "now": to_micros(now)}
        return [_restriction(one) for one in await self._connection.fetch("restrictions_running", row)]

    async def of_compound(self, compound_id: int, most: int) -> list[Restriction]:
        """So many of a compound: what waits or runs first, then the latest."""
        row = {"compound_id": compound_id, "most": most}
        return [_restriction(one) for one in await self._connection.fetch("restrictions_of_compound", row)]

    async def decide(
        self, restriction_id: int, state: str, by: int, now: datetime, until: datetime | None
    ) -> None:
        """It is active `until` then, or refused."""
        row = {"id": restriction_id, "state": state, "by": by, "until_at": maybe_micros(until)}
        begins_at = to_micros(now) if until else None
        await self._connection.fetch("decide_restriction", {**row, "begins_at": begins_at})

    async def appeal(self, restriction_id: int, words: str, now: datetime) -> None:
        """What the person says to it."""
        row = {"id": restriction_id, "words": words, "now": to_micros(now)}
        await self._connection.fetch("appeal_restriction", row)

    async def uphold(self, restriction_id: int, by: int, now: datetime) -> None:
        """Others have looked at it and let it stand."""
        await self._connection.fetch(
            "uphold_restriction", {"id": restriction_id, "by": by, "now": to_micros(now)}
        )

    async def end(self, restriction_id: int, state: str, by: int | None, now: datetime) -> None:
        """It is lifted by somebody, or over by itself."""
        row = {"id": restriction_id, "state": state, "by": by, "now": to_micros(now)}
        await self._connection.fetch("end_restriction", row)

    async def complains_about(self, person_id: int, other_id: int) -> bool:
        """Whether a person has an open issue about this other one (C10)."""
        return bool(
            await self._connection.fetch("complaints_about", {"person_id": person_id, "about": other_id})
        )

    # What the limits are counted from --------------------------------------------------------------------

    async def reports_since(self, person_id: int, since: datetime) -> tuple[int, int]:
        """How many reports of their own somebody has made since then, and how many of those of a danger."""
        row = {"person_id": person_id, "since": to_micros(since)}
        (found,) = await self._connection.fetch("reports_since", row)
        return found["reports"], int(found["dangers"])

    async def own_undone(
        self, person_id: int, compound_id: int, category: str, since: datetime
    ) -> list[Said]:
        """What somebody has reported of this kind since then and is not done yet, the latest first."""
        row = {"person_id": person_id, "compound_id": compound_id, "category": category}
        rows = await self._connection.fetch("own_undone", {**row, "since": to_micros(since)})
        return [
            Said(
                one["number"],
                one["text"],
                Place(one["place_kind"], compound_id, one["building_id"], one["entrance_id"], one["unit_id"]),
            )
            for one in rows
        ]

    async def count_message(
        self, person_id: int, album: str, at: datetime, quiet_since: datetime, most: int
    ) -> int:
        """Count one more message of a person, sent `at` then, and give how many it are since a quiet while.

        Whoever has written nothing since `quiet_since` begins anew; beyond `most` each one begins the while.
        """
        row = {
            "person_id": person_id,
            "album": album,
            "now": to_micros(at),
            "before": to_micros(quiet_since),
            "most": most,
        }
        count: int = (await self._connection.fetch("count_message", row))[0]["count"]
        return count

    async def sweep(self, before: datetime) -> None:
        """Forget what was counted before this instant."""
        await self._connection.fetch("sweep_floods", {"before": to_micros(before)})
