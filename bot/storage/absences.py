"""Who is away, from when until when, and who was asked to stand in."""

from datetime import datetime

from bot.domain.absences import Absence
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, maybe_micros, to_micros


def _absence(row: Row) -> Absence:
    return Absence(
        row["id"],
        row["person_id"],
        row["compound_id"],
        row["stand_in_id"],
        from_micros(row["from_at"]),
        from_micros(row["until_at"]),
        bool(row["with_accepted"]),
        maybe_instant(row["begun_at"]),
        maybe_instant(row["ended_at"]),
    )


class Absences:
    """All absences, over or not."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, compound_id: int) -> None:
        """Until commit nobody else plans in this compound: together two might close a ring."""
        await self._connection.fetch("lock_absences", {"compound_id": compound_id})

    async def put(self, absence: Absence, now: datetime) -> int:
        """A new one, which has not begun; its id is not looked at. Gives the one it gets."""
        row = {
            "person_id": absence.person_id,
            "compound_id": absence.compound_id,
            "stand_in_id": absence.stand_in_id,
            "from_at": to_micros(absence.from_at),
            "until_at": to_micros(absence.until_at),
            "with_accepted": int(absence.with_accepted),
            "now": to_micros(now),
        }
        absence_id: int = (await self._connection.fetch("put_absence", row))[0]["id"]
        return absence_id

    async def locked(self, absence_id: int) -> Absence | None:
        """One of them, locked until commit."""
        rows = await self._connection.fetch("absence", {"id": absence_id})
        return _absence(rows[0]) if rows else None

    async def of_person(self, person_id: int) -> list[Absence]:
        """Somebody's own that are not over, the earliest first."""
        rows = await self._connection.fetch("absences_of_person", {"person_id": person_id})
        return [_absence(row) for row in rows]

    async def of_compound(self, compound_id: int) -> list[Absence]:
        """Those in a compound that are not over, the earliest first."""
        rows = await self._connection.fetch("absences_of_compound", {"compound_id": compound_id})
        return [_absence(row) for row in rows]

    async def stood_in_by(self, person_id: int) -> list[Absence]:
        """Those that are not over for which this person was asked to stand in."""
        rows = await self._connection.fetch("absences_stood_in_by", {"person_id": person_id})
        return [_absence(row) for row in rows]

    async def save(self, absence: Absence) -> None:
        """Write what may change: stand-in, end, and what was put into effect."""
        await self._connection.fetch(
            "save_absence",
            {
                "id": absence.id,
                "stand_in_id": absence.stand_in_id,
                "until_at": to_micros(absence.until_at),
                "begun_at": maybe_micros(absence.begun_at),
                "ended_at": maybe_micros(absence.ended_at),
            },
        )
