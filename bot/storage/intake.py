"""What was overheard in the groups, for as long as it is asked about."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, to_micros


@dataclass(frozen=True, slots=True)
class Ear:
    """A group in which the bot listens for reports, and what it speaks for."""

    group_id: int
    title: str
    compound_id: int
    building_id: int | None
    entrance_id: int | None


@dataclass(frozen=True, slots=True)
class Overheard:
    """What somebody said in a group: `state` is asked, filed or refused; the words are gone once answered."""

    code: str
    chat: str
    message_id: int
    sender: str
    person_id: int | None
    compound_id: int
    building_id: int | None
    entrance_id: int | None
    text: str
    photos: tuple[str, ...]
    is_public: bool
    state: str = "asked"


class Intake:
    """Everything overheard."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ear(self, channel: str, address: str) -> Ear | None:
        """The group at this address, if it is bound and the bot may listen there."""
        rows = await self._connection.fetch("listening_group", {"channel": channel, "address": address})
        if not rows:
            return None
        row = rows[0]
        return Ear(row["id"], row["title"], row["compound_id"], row["building_id"], row["entrance_id"])

    async def set_listening(self, group_id: int, *, listens: bool) -> None:
        """Whether reports are listened for in a group."""
        await self._connection.fetch("set_listening", {"id": group_id, "listens": int(listens)})

    async def asked(self, sender: str, since: datetime) -> tuple[int, int]:
        """How often somebody was asked since then, and how many of their refusals are remembered."""
        row = {"sender": sender, "since": to_micros(since)}
        (found,) = await self._connection.fetch("asked_lately", row)
        return found["asked"], found["refused"]

    async def asked_publicly(self, chat: str, since: datetime) -> bool:
        """Whether a question has been put into this group since then."""
        row = {"chat": chat, "since": to_micros(since)}
        return bool(await self._connection.fetch("asked_publicly", row))

    async def put(self, heard: Overheard, now: datetime) -> bool:
        """Keep what is asked about; False when this very message was asked about already."""
        row = {
            "code": heard.code,
            "chat": heard.chat,
            "message_id": heard.message_id,
            "sender": heard.sender,
            "person_id": heard.person_id,
            "compound_id": heard.compound_id,
            "building_id": heard.building_id,
            "entrance_id": heard.entrance_id,
            "text": heard.text,
            "photos": json.dumps(heard.photos),
            "is_public": int(heard.is_public),
            "now": to_micros(now),
        }
        return bool(await self._connection.fetch("put_overheard", row))

    async def add_photos(
        self, sender: str, chat: str, photos: Sequence[str], since: datetime, most: int
    ) -> None:
        """Photos that follow what somebody was asked about since then belong to it, `most` in all."""
        row = {"sender": sender, "chat": chat, "since": to_micros(since)}
        for found in await self._connection.fetch("waiting_overheard", row):
            known = [*json.loads(found["photos"]), *photos][:most]
            await self._connection.fetch(
                "add_overheard_photos", {"code": found["code"], "photos": json.dumps(known)}
            )

    async def get(self, code: str) -> Overheard | None:
        """One, locked until commit."""
        rows = await self._connection.fetch("overheard", {"code": code})
        if not rows:
            return None
        row = rows[0]
        return Overheard(
            row["code"],
            row["chat"],
            row["message_id"],
            row["sender"],
            row["person_id"],
            row["compound_id"],
            row["building_id"],
            row["entrance_id"],
            row["text"],
            tuple(json.loads(row["photos"])),
            bool(row["is_public"]),
            row["state"],
        )

    async def answer(self, code: str, state: str) -> None:
        """It was answered: the words are no longer kept here."""
        await self._connection.fetch("answer_overheard", {"code": code, "state": state})

    async def sweep(self, before: datetime, refused_before: datetime) -> None:
        """Forget what was asked before the one, and a single refusal before the other instant."""
        await self._connection.fetch("sweep_overheard", {"before": to_micros(before)})
        await self._connection.fetch("sweep_refused", {"before": to_micros(refused_before)})
