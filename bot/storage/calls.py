"""Who asked for a person to talk to, and who was told, until one of them says they will (R19)."""

from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, Row, from_micros, maybe_instant, to_micros


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody in a unit wants to be called or visited, and one person was told of it."""

    id: int
    person_id: int
    unit_id: int
    begun_at: datetime
    asked_id: int
    asked_at: datetime
    taken_by: int | None
    taken_at: datetime | None


def _call(row: Row) -> Call:
    return Call(
        row["id"],
        row["person_id"],
        row["unit_id"],
        from_micros(row["begun_at"]),
        row["asked_id"],
        from_micros(row["asked_at"]),
        row["taken_by"],
        maybe_instant(row["taken_at"]),
    )


class Calls:
    """The last call of everybody who made one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(
        self, person_id: int, unit_id: int, asked_id: int, begun_at: datetime, now: datetime
    ) -> int | None:
        """Somebody is told; None when they have been already."""
        row = {"person_id": person_id, "unit_id": unit_id, "asked_id": asked_id}
        rows = await self._connection.fetch(
            "put_call", row | {"begun_at": to_micros(begun_at), "now": to_micros(now)}
        )
        return rows[0]["id"] if rows else None

    async def of(self, person_id: int) -> list[Call]:
        """Everybody who was told of a person's last call, the first one first."""
        rows = await self._connection.fetch("calls_of", {"person_id": person_id})
        return [_call(row) for row in rows]

    async def get(self, call_id: int) -> Call | None:
        """One of them."""
        rows = await self._connection.fetch("call", {"id": call_id})
        return _call(rows[0]) if rows else None

    async def take(self, person_id: int, by: int, now: datetime) -> bool:
        """Somebody says they will see to it; False when another was first."""
        row = {"person_id": person_id, "by": by, "now": to_micros(now)}
        return bool(await self._connection.fetch("take_call", row))

    async def drop(self, person_id: int) -> None:
        """The call is over."""
        await self._connection.fetch("drop_calls", {"person_id": person_id})
