"""What people do and see: the other side of every chat."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from mimetypes import guess_type
from typing import Any

from bot.sandbox.chats import ANONYMOUS_ADMIN, Chat, Json, Person, Record, Toast
from bot.sandbox.entities import formatted, to_html
from bot.sandbox.files import SAMPLE, File, Stored, describe, photo_sizes, sample_voice
from bot.sandbox.memory import Memory, Query
from bot.sandbox.sending import document, voice, without_reply

PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")  # https://core.telegram.org/bots/features#deep-linking
FIRST_QUERY = 4_000_000_000_000_000_000  # identifiers of presses look like real ones
ADMINS = ("creator", "administrator")


class Impossible(Exception):
    """Telegram's app does not let a person do this."""


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: it presses (`data`) or opens (`url`)."""

    text: str
    data: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as a person sees it. `photos` are file identifiers; `raw` is the Message object."""

    id: int
    sender: str
    from_bot: bool
    text: str
    html: str
    photos: tuple[str, ...]
    buttons: tuple[tuple[Button, ...], ...]
    reply_to: int | None
    edited: bool
    deleted: bool
    raw: Json

    def button(self, text: str) -> Button:
        """The first button with this text in it; Impossible when there is none."""
        for button in (button for row in self.buttons for button in row):
            if text in button.text:
                return button
        raise Impossible(f"no button {text!r} under message {self.id}")


@dataclass(frozen=True, slots=True)
class Group:
    """A group as its members handle it; the bot is one of them only after `add_bot`."""

    memory: Memory = field(repr=False)
    id: int

    @property
    def data(self) -> Chat:
        return self.memory.chats[self.id]

    @property
    def title(self) -> str:
        return self.data.title

    def add_bot(self, by: "User") -> None:
        """A member brings the bot in (my_chat_member and a service message)."""
        self.memory.membership(self.data, by.spelled, "member")
        self._service(by, {"new_chat_members": [self.memory.bot]})

    def remove_bot(self, by: "User") -> None:
        """An administrator throws the bot out; from now on it may not write."""
        self._service(by, {"left_chat_member": self.memory.bot})
        self.memory.membership(self.data, by.spelled, "kicked")

    def promote_bot(self, by: "User", **rights: bool) -> None:
        """The bot becomes administrator; rights such as can_pin_messages=False change the default ones."""
        self.memory.membership(self.data, by.spelled, "administrator", dict(rights))

    def demote_bot(self, by: "User") -> None:
        """The bot is an ordinary member again."""
        self.memory.membership(self.data, by.spelled, "member")

    def add(self, member: "User", by: "User | None" = None) -> None:
        """Somebody joins, alone or brought in by another."""
        adder = by or member
        self.memory.set_member(self.data, adder.spelled, member.data, "member")
        self._service(adder, {"new_chat_members": [member.spelled]})

    def remove(self, member: "User", by: "User | None" = None) -> None:
        """Somebody leaves, or is removed by another."""
        remover = by or member
        self.memory.set_member(self.data, remover.spelled, member.data, "left" if by is None else "kicked")
        self._service(remover, {"left_chat_member": member.spelled})

    def promote(self, member: "User", by: "User") -> None:
        """A member becomes administrator."""
        self.memory.set_member(self.data, by.spelled, member.data, "administrator")

    def rename(self, title: str, by: "User") -> None:
        """The group gets another title."""
        self.data.title = title
        self.memory.respell(self.data)
        self._service(by, {"new_chat_title": title})

    def upgrade(self, by: "User") -> "Group":
        """A basic group becomes a supergroup: another chat with another id; the old one is closed."""
        if self.data.kind != "group" or self.data.migrated_to is not None:
            raise Impossible(f"{self.title} is a supergroup already")
        new = self.memory.add_group(self.title, supergroup=True)
        new.members, new.bot, new.bot_rights = (
            dict(self.data.members),
            self.data.bot,
            dict(self.data.bot_rights),
        )
        self.data.migrated_to = new.id
        group = Group(self.memory, new.id)
        self._service(by, {"migrate_to_chat_id": new.id})
        group._service(by, {"migrate_from_chat_id": self.id})
        return group

    def _service(self, by: "User", fields: Json) -> None:
        record = self.memory.store(self.data, {"from": by.spelled, **fields}, outgoing=False)
        if self.data.bot in ("member", "administrator"):
            self.memory.publish("message", record.raw)


@dataclass(frozen=True, slots=True)
class User:
    """A person with the app in hand. A chat is a Group, or None: the private chat with the bot.

    What is sent returns the message_id. What the app would not allow raises Impossible.
    """

    memory: Memory = field(repr=False)
    id: int

    @property
    def data(self) -> Person:
        return self.memory.people[self.id]

    @property
    def name(self) -> str:
        return self.data.name

    @property
    def spelled(self) -> Json:
        """The User object of the Bot API."""
        return self.data.as_user()

    # ---- sending

    def sends(self, chat: Group | None, text: str, *, anonymous: bool = False) -> int:
        """A text message; commands, links and mentions in it are recognised."""
        return self._send(chat, self._text(text), anonymous=anonymous)

    def replies(self, chat: Group | None, to: int, text: str) -> int:
        """A text message in reply to the message with the id `to`."""
        return self._send(chat, self._text(text), to=to)

    def sends_photo(
        self, chat: Group | None, caption: str = "", photo: bytes | str | None = None, *, to: int = 0
    ) -> int:
        """A picture: its bytes, the identifier of a known one, or (None) the sample; in reply to `to`."""
        return self._send(chat, {"photo": photo_sizes(self._photo(photo))} | _caption(caption), to=to)

    def sends_album(
        self,
        chat: Group | None,
        caption: str = "",
        photos: Sequence[bytes | str | None] = (None, None),
        *,
        to: int = 0,
    ) -> list[int]:
        """Pictures sent together: one update each, held together by media_group_id; all of them or none.

        In reply to the message with the id `to`, each of them is.
        """
        pictures = [photo_sizes(self._photo(photo)) for photo in photos]
        album = {"media_group_id": str(self.memory.number("album"))}
        return [
            self._send(chat, {"photo": picture} | album | (_caption(caption) if first else {}), to=to)
            for picture, first in zip(pictures, [True] + [False] * len(pictures), strict=False)
        ]

    def sends_voice(
        self, chat: Group | None, content: bytes | None = None, duration: int | None = None, *, to: int = 0
    ) -> int:
        """A voice message, Ogg with Opus and so many seconds long; the sample without `content`."""
        file = File(sample_voice() if content is None else content, "voice.oga", "audio/ogg")
        return self._send(chat, {"voice": voice(self.memory.files.add("VoiceNote", file), duration)}, to=to)

    def sends_document(self, chat: Group | None, content: bytes, name: str) -> int:
        """Any file."""
        file = File(content, name, guess_type(name)[0] or "application/octet-stream")
        return self._send(chat, {"document": document(self.memory.files.add("Document", file))})

    def sends_sticker(self, chat: Group | None, emoji: str = "👍") -> int:
        """A sticker."""
        stored = self.memory.files.add("Sticker", File(b"RIFF....WEBP", "sticker.webp", "image/webp"))
        looks = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._send(chat, {"sticker": describe(stored) | looks | {"emoji": emoji}})

    def sends_location(self, chat: Group | None, latitude: float = 29.98, longitude: float = 103.0) -> int:
        """Where the person is, in degrees."""
        return self._send(chat, {"location": {"latitude": latitude, "longitude": longitude}})

    def sends_contact(self, chat: Group | None, phone: str = "+8613800000000") -> int:
        """The person's own phone number, as the button for it does."""
        contact = {"phone_number": phone, "first_name": self.data.first_name, "user_id": self.id}
        return self._send(chat, {"contact": contact})

    def opens_link(self, payload: str = "") -> int:
        """Follow t.me/<bot>?start=<payload> and tap START, which also unblocks the bot."""
        if payload and not PAYLOAD.fullmatch(payload):
            raise Impossible(f"a start payload is 1-64 of A-Z a-z 0-9 _ -, not {payload!r}")
        self.unblocks_bot()
        return self.sends(None, f"/start {payload}".strip())

    def edits(self, chat: Group | None, message_id: int, text: str) -> None:
        """Change an own message (its caption when it has a picture); the bot gets edited_message."""
        room, record = self._own(chat, message_id)
        new = _caption(text) if "photo" in record.raw else self._text(text)
        old = ("text", "entities", "caption", "caption_entities")
        kept = {key: value for key, value in record.raw.items() if key not in old}
        record.raw = kept | {"edit_date": self.memory.now()} | new
        record.edited = True
        self.memory.revise(room, record)
        self._publish("edited_message", room, record)

    def deletes(self, chat: Group | None, message_id: int) -> None:
        """Delete an own message; no bot is told."""
        room, record = self._own(chat, message_id)
        record.deleted = True
        self.memory.revise(room, record)

    # ---- buttons

    def presses(self, chat: Group | None, message_id: int, callback_data: str) -> str:
        """Press a button that is under the message now; returns the id of the callback query."""
        record = self._room(chat).visible(message_id)
        if record is None:
            raise Impossible(f"there is no message {message_id}")
        if not any(b.data == callback_data for row in _buttons(record.raw) for b in row):
            raise Impossible(f"no button with {callback_data!r} under message {message_id}")
        return self.forges(chat, message_id, callback_data)

    def forges(self, chat: Group | None, message_id: int, callback_data: str) -> str:
        """Send any callback data for any message, as a tampered app can; returns the query id."""
        room = self._room(chat)
        record = room.visible(message_id)
        number = str(FIRST_QUERY + self.memory.number("query"))
        self.memory.ask(number, Query(self.id, message_id, self.memory.now()))
        gone = {"chat": room.spelled, "message_id": message_id, "date": 0}  # InaccessibleMessage
        if room.bot in ("member", "administrator") and not self.data.blocked:
            query = {"id": number, "from": self.spelled, "message": record.raw if record else gone}
            self.memory.publish(
                "callback_query", query | {"chat_instance": room.instance, "data": callback_data}
            )
        return number

    # ---- the bot as a whole

    def blocks_bot(self) -> None:
        """Stop the bot: it may not write any more, and is told so."""
        if not self.data.blocked:
            self.memory.block(self.data, blocked=True)

    def unblocks_bot(self) -> None:
        """Let the bot write again."""
        if self.data.blocked:
            self.memory.block(self.data, blocked=False)

    def deletes_account(self) -> None:
        """The account is gone; the bot learns it only by writing."""
        self.data.deleted = True
        self.memory.touch(self.memory.chats[self.id])

    # ---- seeing

    def chat(self, chat: Group | None = None, *, with_deleted: bool = False) -> list[Seen]:
        """The messages on the screen, oldest first."""
        records = self._room(chat).records.values()
        return [_seen(record) for record in records if with_deleted or not record.deleted]

    def keyboard(self, chat: Group | None = None) -> list[list[str]] | None:
        """The texts on the reply keyboard, None when there is none."""
        markup = self._room(chat).keyboard
        return [[button["text"] for button in row] for row in markup["keyboard"]] if markup else None

    @property
    def toasts(self) -> list[Toast]:
        """The notices shown after presses, oldest first."""
        return list(self.data.toasts)

    # ---- inside

    def _room(self, chat: Group | None) -> Chat:
        room = self.memory.chats[self.id] if chat is None else chat.data
        if not room.is_private and self.id not in room.members:
            raise Impossible(f"{self.name} is not in {room.title}")
        return room

    def _own(self, chat: Group | None, message_id: int) -> tuple[Chat, Record]:
        room = self._room(chat)
        record = room.visible(message_id)
        if record is None or record.raw.get("from", {}).get("id") != self.id:
            raise Impossible(f"message {message_id} is not {self.name}'s")
        return room, record

    def _text(self, text: str) -> Json:
        plain, entities = formatted(text, "", None)
        if not plain:
            raise Impossible("nothing to send")
        return {"text": plain} | ({"entities": entities} if entities else {})

    def _photo(self, photo: bytes | str | None) -> Stored:
        if isinstance(photo, str):
            stored = self.memory.files.get(photo)
            if stored.kind != "Photo":
                raise Impossible(f"a {stored.kind} is no picture")
            return stored
        return self.memory.files.add("Photo", File(photo or SAMPLE.read_bytes(), "photo.jpg", "image/jpeg"))

    def _send(self, chat: Group | None, content: Json, *, to: int = 0, anonymous: bool = False) -> int:
        room = self._room(chat)
        if room.is_private and self.data.blocked:
            raise Impossible(f"{self.name} has blocked the bot")
        if room.migrated_to is not None:
            raise Impossible(f"{room.title} is a supergroup now")
        sender: Json = {"from": self.spelled}
        if anonymous:
            if room.kind != "supergroup" or room.members[self.id] not in ADMINS:
                raise Impossible("only administrators of supergroups write anonymously")
            sender = {"from": ANONYMOUS_ADMIN, "sender_chat": room.spelled}
        if to:
            replied = room.visible(to)
            if replied is None:
                raise Impossible(f"there is no message {to} to reply to")
            sender["reply_to_message"] = without_reply(replied)
        if room.is_private:
            self.data.started = True
        if room.keyboard and room.keyboard.get("one_time_keyboard"):
            room.keyboard = None
        record = self.memory.store(room, sender | content, outgoing=False)
        self._publish("message", room, record)
        return record.id

    def _publish(self, kind: str, room: Chat, record: Record) -> None:
        if self._hears(room, record.raw):
            self.memory.publish(kind, record.raw)

    def _hears(self, room: Chat, raw: Json) -> bool:
        """Does the bot get this message? https://core.telegram.org/bots/features#privacy-mode"""
        if room.is_private:
            return not self.data.blocked
        if room.bot == "administrator" or (room.bot == "member" and self.memory.hears_all):
            return True
        to_bot = raw.get("reply_to_message", {}).get("from", {}).get("id") == self.memory.bot["id"]
        return room.bot == "member" and (to_bot or _has_command(raw, self.memory.bot["username"]))


def _has_command(raw: Json, username: str) -> bool:
    """A command without a name, or for this bot."""
    for entity in raw.get("entities", []):
        if entity["type"] == "bot_command":
            units = raw["text"].encode("utf-16-le")[entity["offset"] * 2 :][: entity["length"] * 2]
            if units.decode("utf-16-le").partition("@")[2].lower() in ("", username.lower()):
                return True
    return False


def _caption(text: str) -> Json:
    caption, entities = formatted(text, "", None)
    content: Json = {"caption": caption} if caption else {}
    return content | {"caption_entities": entities} if entities else content


def _buttons(raw: Json) -> tuple[tuple[Button, ...], ...]:
    rows: list[list[dict[str, Any]]] = raw.get("reply_markup", {}).get("inline_keyboard", [])
    return tuple(tuple(Button(b["text"], b.get("callback_data"), b.get("url")) for b in row) for row in rows)


def _seen(record: Record) -> Seen:
    raw = record.raw
    text: str = raw.get("text") or raw.get("caption") or ""
    entities: list[Json] = raw.get("entities") or raw.get("caption_entities") or []
    sender = raw.get("sender_chat", {}).get("title") or raw["from"]["first_name"]
    return Seen(
        id=record.id,
        sender=sender,
        from_bot=record.outgoing,
        text=text,
        html=to_html(text, entities),
        photos=(raw["photo"][-1]["file_id"],) if "photo" in raw else (),
        buttons=_buttons(raw),
        reply_to=raw.get("reply_to_message", {}).get("message_id"),
        edited=record.edited,
        deleted=record.deleted,
        raw=raw,
    )
