"""The talk about an issue: which message belongs to it, and what those in charge write to each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, from_micros, to_micros


@dataclass(frozen=True, slots=True)
class About:
    """Which issue a message is about; `event_id` where it is the words of somebody themselves."""

    issue_id: int
    event_id: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """Which characters of the words of an event a message has said."""

    message_id: int
    begins: int
    length: int


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody in charge wrote about an issue for the others in charge."""

    author_id: int
    at: datetime
    text: str


class Threads:
    """Messages and the issues they are about."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def note_parts(
        self, chat: str, issue_id: int, event_id: int | None, parts: Sequence[Part], now: datetime
    ) -> None:
        """These messages have said the words of an event, each its part: to correct one corrects those."""
        of_all = {"chat": chat, "issue_id": issue_id, "event_id": event_id, "now": to_micros(now)}
        rows = [
            {**of_all, "message_id": part.message_id, "begins": part.begins, "length": part.length}
            for part in parts
        ]
        await self._connection.run_many("put_issue_message", rows)

    async def about(self, chat: str, message_id: int) -> About | None:
        """Which issue a message in a chat is about."""
        rows = await self._connection.fetch("issue_of_message", {"chat": chat, "message_id": message_id})
        return About(rows[0]["issue_id"], rows[0]["event_id"]) if rows else None

    async def parts(self, chat: str, event_id: int) -> list[Part]:
        """In which messages of a chat the words of an event were said, in their order."""
        rows = await self._connection.fetch("messages_of_event", {"chat": chat, "event_id": event_id})
        return [Part(row["message_id"], row["begins"], row["length"]) for row in rows]

    async def talked_about(self, person_id: int, since: datetime, most: int) -> list[int]:
        """Issues that go on, are this person's in some way and were talked about since, the latest first.

        What waits for its reporter's answer is among them however long it waits.
        """
        row = {"person_id": person_id, "since": to_micros(since), "most": most}
        return [one["id"] for one in await self._connection.fetch("issues_talked_about", row)]

    async def add_note(self, issue_id: int, author_id: int, text: str, now: datetime) -> None:
        """Keep what somebody in charge wrote for the others in charge; it is no part of the history."""
        row = {"issue_id": issue_id, "author_id": author_id, "text": text, "now": to_micros(now)}
        await self._connection.fetch("put_note", row)

    async def notes(self, issue_id: int) -> list[Note]:
        """The notes on an issue, the oldest first; nobody but those in charge may read them."""
        rows = await self._connection.fetch("notes_of_issue", {"issue_id": issue_id})
        return [Note(row["author_id"], from_micros(row["at"]), row["text"]) for row in rows]
