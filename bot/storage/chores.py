"""What is to be done at an hour: a row for each kind and subject, moved on by whoever does it."""

from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, from_micros, to_micros


@dataclass(frozen=True, slots=True)
class Chore:
    """Something due; `subject_id` is what it is about, `stage` whatever its kind makes of it."""

    id: int
    kind: str
    subject_id: int
    due_at: datetime
    stage: int


class Chores:
    """Due times of everything but issues, which have clocks of their own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, kind: str, subject_id: int, due_at: datetime, stage: int = 0) -> None:
        """The next time of this kind for this subject; replaces the one there was."""
        row = {"kind": kind, "subject_id": subject_id, "due_at": to_micros(due_at), "stage": stage}
        await self._connection.fetch("put_chore", row)

    async def put_first(self, kind: str, subject_id: int, due_at: datetime) -> None:
        """The first time of this kind for this subject; one that is there stays as it is."""
        row = {"kind": kind, "subject_id": subject_id, "due_at": to_micros(due_at)}
        await self._connection.fetch("put_first_chore", row)

    async def drop(self, kind: str, subject_id: int) -> None:
        """Nothing of this kind is to be done any more."""
        await self._connection.fetch("drop_chore", {"kind": kind, "subject_id": subject_id})

    async def claim(self, now: datetime) -> Chore | None:
        """The most overdue row, locked until commit; None when nothing is due."""
        rows = await self._connection.fetch("claim_chore", {"now": to_micros(now)})
        if not rows:
            return None
        row = rows[0]
        return Chore(row["id"], row["kind"], row["subject_id"], from_micros(row["due_at"]), row["stage"])
