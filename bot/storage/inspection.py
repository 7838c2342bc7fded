"""A look at the rows from outside: what the bot has done, what it still has to do, and when. Read-only."""

import json
from datetime import datetime
from typing import Any

from bot.storage.engine import Connection, Row, from_micros, maybe_instant, to_micros
from bot.storage.mailboxes import Lane

SHOWN = 60
"""How many rows of each table are shown."""

Line = dict[str, Any]
"""One row for eyes: instants are aware UTC, None where there is none yet."""


class Inspection:
    """Questions of a bystander; each list is newest first and holds at most SHOWN lines."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def next_moment(self, now: datetime) -> datetime | None:
        """The first instant after now at which something is due; None when nothing is to come."""
        rows = await self._connection.fetch("next_moment", {"now": to_micros(now)})
        return maybe_instant(rows[0]["at"])

    async def is_at_rest(self, now: datetime) -> bool:
        """Whether there is nothing to be done now: no letter, nothing due, no mail whose hour has come."""
        rows = await self._connection.fetch("count_undone", {"now": to_micros(now)})
        return bool(rows[0]["count"] == 0)

    async def count_units(self) -> int:
        """How many units there are, in all compounds."""
        rows = await self._connection.fetch("count_units", {})
        count: int = rows[0]["count"]
        return count

    async def letters(self) -> list[Line]:
        """The inbox; `kind` is what Telegram calls the update, empty once it has been handled."""
        rows = await self._latest("latest_letters")
        return [
            {
                **_picked(row, "id", "update_id", "sender", "state", "attempts"),
                "received_at": from_micros(row["received_at"]),
                "finished_at": maybe_instant(row["finished_at"]),
                "kind": next((key for key in _read(row["payload"]) if key != "update_id"), ""),
            }
            for row in rows
        ]

    async def mail(self) -> list[Line]:
        """The outbox; `text` is the whole text, empty once it has been sent."""
        rows = await self._latest("latest_mail")
        return [
            {
                **_picked(row, "id", "chat", "intent", "state", "attempts"),
                "lane": Lane(row["lane"]).name.lower(),
                "text": str(_read(row["payload"]).get("text", "")),
                "created_at": from_micros(row["created_at"]),
                "retry_at": maybe_instant(row["retry_at"] or None),
                "settled_at": maybe_instant(row["settled_at"]),
                "error": row["error"],
            }
            for row in rows
        ]

    async def dues(self) -> list[Line]:
        """Due times, the next one first, with the number of their issue or the id of a chore's subject."""
        rows = await self._latest("latest_dues")
        return [
            {**_picked(row, "number", "kind", "stage"), "due_at": from_micros(row["due_at"])} for row in rows
        ]

    async def notices(self) -> list[Line]:
        """What the clock has to say, with the name of whom and the number of the issue."""
        rows = await self._latest("latest_notices")
        return [
            {**_picked(row, "person", "number", "topic"), "release_at": from_micros(row["release_at"])}
            for row in rows
        ]

    async def issues(self) -> list[Line]:
        """Issues, with the name of who has them."""
        rows = await self._latest("latest_issues")
        return [
            {
                **_picked(row, "id", "number", "state", "category", "handler"),
                "filed_at": from_micros(row["filed_at"]),
            }
            for row in rows
        ]

    async def history(self, issue_id: int) -> list[Line]:
        """All that happened to an issue, oldest first, with the names of who did it."""
        rows = await self._connection.fetch("history_with_names", {"issue_id": issue_id})
        return [
            {
                "at": from_micros(row["at"]),
                **_picked(row, "who", "action", "text"),
                "from": row["from_state"],
                "to": row["to_state"],
            }
            for row in rows
        ]

    async def _latest(self, query: str) -> list[Row]:
        return await self._connection.fetch(query, {"most": SHOWN})


def _picked(row: Row, *names: str) -> Line:
    return {name: row[name] for name in names}


def _read(payload: str) -> dict[str, Any]:
    """The payload, nothing when it has been emptied or never could be read."""
    try:
        found = json.loads(payload or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
