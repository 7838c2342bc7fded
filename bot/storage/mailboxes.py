"""The inbox and the outbox: everything that came in and everything that goes out, as rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any

from bot.storage.engine import Connection, Row, maybe_instant, maybe_micros, to_micros
from bot.storage.threads import Part, Threads


class Lane(IntEnum):
    """What goes first when there is more to send than may be sent."""

    TOAST = 0
    REPLY = 1
    WORK = 2
    BULK = 3


class Intent(StrEnum):
    """What a piece of mail wants, in no channel's words.

    SAY    text with options: {"text", "options"?, "keyboard"?, "reply_to"?}
    CARD   the same, but an earlier message with this card key is edited; without one it is sent
    PHOTOS {"photos": [file, …]}
    VOICE  {"voice": file}
    PICTURE {"content": base64, "caption"?, "options"?}: a picture made here
    DOCUMENT {"name", "content": base64, "caption"?}
    TOAST  {"query", "text"}: the answer to a press; worthless after some seconds
    DELETE {}: the message that shows this card key goes away
    MENU   {"commands": [[name, description], …]}: the commands offered in one chat
    """

    SAY = "say"
    CARD = "card"
    PHOTOS = "photos"
    VOICE = "voice"
    PICTURE = "picture"
    DOCUMENT = "document"
    TOAST = "toast"
    DELETE = "delete"
    MENU = "menu"


@dataclass(frozen=True, slots=True)
class Received:
    """One update on its way into the inbox; `sender` and `chat` are channel addresses."""

    bot_id: int
    update_id: int
    sender: str
    chat: str
    payload: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed inbox row with what is known of its sender and their dialog."""

    id: int
    bot_id: int
    update_id: int
    sender: str
    chat: str
    payload: str
    attempts: int
    person_id: int | None
    display_name: str | None
    language: str | None
    unreachable: bool
    locale: str | None
    is_elder: bool
    misunderstood: int
    elder_offered_at: datetime | None
    dialog: str | None
    step: str | None
    data: str | None
    round: int
    touched_at: datetime | None
    numbers: tuple[str, ...] = ()
    """What a typed number stands for: options under the newest message that has numbers."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One thing to be said, before it is a row.

    `chat` is the address within the channel; `not_before` and `expires_at` are instants. `delivery_id` is the
    row of an announcement that learns what became of it. `coalesce` replaces a card that still waits. A reply
    to the message is about `issue_id`. `numbers` is what its numbers stand for; None where it has none.
    """

    bot_id: int
    chat: str
    lane: Lane
    intent: Intent
    payload: Mapping[str, Any]
    person_id: int | None = None
    card_key: str | None = None
    dedupe_key: str | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    delivery_id: int | None = None
    coalesce: bool = False
    issue_id: int | None = None
    numbers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A leased outbox row: only the holder of the lease sends it."""

    id: int
    bot_id: int
    person_id: int | None
    chat: str
    lane: Lane
    intent: Intent
    payload: dict[str, Any] = field(hash=False)
    card_key: str | None
    attempts: int
    expires_at: datetime | None
    delivery_id: int | None = None
    issue_id: int | None = None


def _letter(row: Row) -> Letter:
    return Letter(
        id=row["id"],
        bot_id=row["bot_id"],
        update_id=row["update_id"],
        sender=row["sender"],
        chat=row["chat"],
        payload=row["payload"],
        attempts=row["attempts"],
        person_id=row["person_id"],
        display_name=row["display_name"],
        language=row["language"],
        unreachable=row["unreachable_since"] is not None,
        locale=row["locale"],
        is_elder=bool(row["is_elder"]),
        misunderstood=row["misunderstood"] or 0,
        elder_offered_at=maybe_instant(row["elder_offered_at"]),
        dialog=row["dialog"],
        step=row["step"],
        data=row["data"],
        round=row["round"] or 0,
        touched_at=maybe_instant(row["touched_at"]),
        numbers=tuple(json.loads(row["numbers"] or "[]")),
    )


class Inbox:
    """What people sent."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, letters: Sequence[Received], now: datetime) -> None:
        """Keep these updates; one that is already here changes nothing."""
        rows = [
            {
                "bot_id": letter.bot_id,
                "update_id": letter.update_id,
                "sender": letter.sender,
                "chat": letter.chat,
                "payload": letter.payload,
                "received_at": to_micros(now),
            }
            for letter in letters
        ]
        await self._connection.run_many("put_letter", rows)

    async def last_update_id(self, bot_id: int) -> int | None:
        """The newest stored update of this bot."""
        rows = await self._connection.fetch("last_update_id", {"bot_id": bot_id})
        found: int | None = rows[0]["update_id"]
        return found

    async def claim(self, channel: str, now: datetime) -> Letter | None:
        """The oldest letter whose sender has none before it, locked until commit; None when there is none."""
        rows = await self._connection.fetch("claim_letter", {"channel": channel, "now": to_micros(now)})
        return _letter(rows[0]) if rows else None

    async def finish(self, letter_id: int, now: datetime) -> None:
        """Handled."""
        await self._connection.fetch("finish_letter", {"id": letter_id, "now": to_micros(now)})

    async def count_attempt(self, letter_id: int, error: str, not_before: datetime) -> None:
        """It failed; it is tried again at `not_before`, and its sender's later letters wait for it."""
        await self._connection.fetch(
            "count_attempt", {"id": letter_id, "error": error, "not_before": to_micros(not_before)}
        )

    async def bury(self, letter_id: int, error: str, now: datetime) -> None:
        """It failed for the last time."""
        await self._connection.fetch("bury_letter", {"id": letter_id, "error": error, "now": to_micros(now)})

    async def sweep(self, before: datetime) -> None:
        """Forget rows finished before this instant."""
        await self._connection.fetch("sweep_inbox", {"before": to_micros(before)})


class Outbox:
    """What the bot has to say."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, mail: Sequence[Mail], now: datetime) -> None:
        """Post all of it; a dedupe key seen before is not posted again."""
        newest = {(item.chat, item.card_key): item for item in mail if item.coalesce}
        mail = [
            item
            for item in mail
            if not item.coalesce
            or (newest[item.chat, item.card_key] is item and not await self._replaced(item))
        ]
        rows = [
            {
                "bot_id": item.bot_id,
                "person_id": item.person_id,
                "chat": item.chat,
                "lane": int(item.lane),
                "intent": item.intent.value,
                "payload": json.dumps(item.payload, ensure_ascii=False),
                "card_key": item.card_key,
                "dedupe_key": item.dedupe_key,
                "not_before": maybe_micros(item.not_before) or 0,
                "expires_at": maybe_micros(item.expires_at),
                "created_at": to_micros(now),
                "delivery_id": item.delivery_id,
                "issue_id": item.issue_id,
            }
            for item in mail
        ]
        await self._connection.run_many("put_mail", rows)

    async def _replaced(self, item: Mail) -> bool:
        payload = json.dumps(item.payload, ensure_ascii=False)
        card = {"chat": item.chat, "card_key": item.card_key, "payload": payload}
        waiting = await self._connection.fetch("replace_waiting_card", card)
        # One in a slower lane would come too late, one in a faster lane before what is being sent.
        return any(row["lane"] == item.lane for row in waiting)

    async def claim(
        self, most: int, now: datetime, lease_until: datetime, *, hour: datetime | None = None
    ) -> list[Outgoing]:
        """Lease up to `most` rows that may go now: one for each chat, toasts besides; best lane first.

        What was posted for a certain hour goes when `hour`, the time in the compound, has come to it; without
        it that is `now`, the time by which leases and retries are reckoned.
        """
        rows = await self._connection.fetch(
            "claim_mail",
            {
                "most": most,
                "now": to_micros(now),
                "hour": to_micros(hour or now),
                "lease_until": to_micros(lease_until),
            },
        )
        claimed = [
            Outgoing(
                id=row["id"],
                bot_id=row["bot_id"],
                person_id=row["person_id"],
                chat=row["chat"],
                lane=Lane(row["lane"]),
                intent=Intent(row["intent"]),
                payload=json.loads(row["payload"]),
                card_key=row["card_key"],
                attempts=row["attempts"],
                expires_at=maybe_instant(row["expires_at"]),
                delivery_id=row["delivery_id"],
                issue_id=row["issue_id"],
            )
            for row in rows
        ]
        return sorted(claimed, key=lambda item: (item.lane, item.id))

    async def release_leases(self) -> None:
        """Let everything leased be claimed at once; only for a process that knows it is the only one."""
        await self._connection.fetch("release_leases", {})

    async def card(self, chat: str, card_key: str) -> int | None:
        """The message that shows this card in this chat."""
        rows = await self._connection.fetch("card_message", {"chat": chat, "card_key": card_key})
        return rows[0]["message_id"] if rows else None

    async def settle_sent(
        self, item: Outgoing, message_id: int | None, now: datetime, *, others: Sequence[int] = ()
    ) -> None:
        """It has been delivered; a card remembers its message. `others` are an album's after the first."""
        await self._connection.fetch(
            "settle_sent", {"id": item.id, "message_id": message_id, "now": to_micros(now)}
        )
        await self._settle_delivery(item, "sent", "", now)
        if item.card_key and message_id is not None:
            await self._connection.fetch(
                "put_card", {"chat": item.chat, "card_key": item.card_key, "message_id": message_id}
            )
        if item.issue_id is not None and message_id is not None:
            parts = [Part(one, 0, 0) for one in (message_id, *others)]
            await Threads(self._connection).note_parts(item.chat, item.issue_id, None, parts, now)

    async def _settle_delivery(self, item: Outgoing, state: str, reason: str, now: datetime) -> None:
        if item.delivery_id is not None:
            row = {"id": item.delivery_id, "state": state, "reason": reason, "now": to_micros(now)}
            await self._connection.fetch("settle_delivery", row)

    async def put_off(self, item: Outgoing, until: datetime) -> None:
        """Give back the lease: nothing was tried, and nothing is before `until`; its chat waits behind it."""
        await self._connection.fetch("put_off", {"id": item.id, "retry_at": to_micros(until)})

    async def settle_later(self, item: Outgoing, error: str, retry_at: datetime) -> None:
        """Not delivered: again at `retry_at`; the rest of the chat waits behind it."""
        await self._connection.fetch(
            "settle_later", {"id": item.id, "error": error, "retry_at": to_micros(retry_at)}
        )

    async def settle_buried(self, item: Outgoing, error: str, now: datetime) -> None:
        """It can never be delivered."""
        await self._connection.fetch("settle_buried", {"id": item.id, "error": error, "now": to_micros(now)})
        await self._settle_delivery(item, "failed", error, now)

    async def settle_expired(self, item: Outgoing, now: datetime) -> None:
        """It came too late to be worth anything."""
        await self._connection.fetch("settle_expired", {"id": item.id, "now": to_micros(now)})
        await self._settle_delivery(item, "failed", "expired", now)

    async def bury_chat(self, chat: str, error: str, now: datetime) -> None:
        """Nothing that waits for this chat will be sent."""
        row = {"chat": chat, "error": error, "now": to_micros(now)}
        await self._connection.fetch("fail_deliveries_of_chat", row)
        await self._connection.fetch("bury_chat", row)

    async def move_chat(self, old_chat: str, new_chat: str) -> None:
        """A group got a new address: its mail follows; messages of the old one can no longer be edited."""
        await self._connection.fetch("move_chat_mail", {"old_chat": old_chat, "new_chat": new_chat})
        await self._connection.fetch("drop_moved_cards", {"old_chat": old_chat})

    async def next_at(self, now: datetime, *, hour: datetime | None = None) -> datetime | None:
        """When a claim may next give something, perhaps in the past; None when nothing waits."""
        times = {"now": to_micros(now), "hour": to_micros(hour or now)}
        (row,) = await self._connection.fetch("next_mail_at", {"hour": times["hour"]})
        moments = [maybe_instant(row["head_at"])]
        if row["hour_at"] is not None:
            moments.append(maybe_instant(times["now"] + row["hour_at"] - times["hour"]))
        return min((moment for moment in moments if moment is not None), default=None)

    async def sweep(self, before: datetime) -> None:
        """Forget what was settled before this instant."""
        await self._connection.fetch("sweep_outbox", {"before": to_micros(before)})
