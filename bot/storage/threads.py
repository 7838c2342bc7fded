"""The talk about an issue: which message belongs to it."""

from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, to_micros


@dataclass(frozen=True, slots=True)
class About:
    """Which issue a message is about; `event_id` where it is the words of somebody themselves."""

    issue_id: int
    event_id: int | None


class Threads:
    """Messages and the issues they are about."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def note_message(
        self, chat: str, message_id: int, issue_id: int, event_id: int | None, now: datetime
    ) -> None:
        """A reply to this message is about the issue; with an `event_id` a correction of it corrects that."""
        row = {"chat": chat, "message_id": message_id, "issue_id": issue_id, "event_id": event_id}
        await self._connection.fetch("put_issue_message", row | {"now": to_micros(now)})

    async def about(self, chat: str, message_id: int) -> About | None:
        """Which issue a message in a chat is about."""
        rows = await self._connection.fetch("issue_of_message", {"chat": chat, "message_id": message_id})
        return About(rows[0]["issue_id"], rows[0]["event_id"]) if rows else None
