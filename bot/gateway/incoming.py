"""Updates on their way in: kept raw at the door, read in the turn."""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberRestricted,
    ChatMemberUpdated,
    Message,
    Update,
    User,
)
from telegram.constants import ChatMemberStatus, MessageAttachmentType, MessageEntityType

from bot.conversation.incoming import Incoming
from bot.domain.errors import Malformed
from bot.domain.options import Press
from bot.storage.mailboxes import Received

NAME_LENGTH = 64
UNKNOWN = "?"
_BIGGEST = 2**63 - 1  # what an integer column holds
_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")  # https://core.telegram.org/bots/features#deep-linking
_IN_LINKS = str.maketrans({'"': "%22", "<": "%3C", ">": "%3E"})
_BREAKS = str.maketrans({"\t": " ", "\u2028": "\n", "\u2029": "\n"})
_MENTIONS: list[str | None] = [MessageEntityType.MENTION, MessageEntityType.TEXT_MENTION]
_FILLERS = frozenset("\u034f\u115f\u1160\u3164\uffa0")  # letters and marks that show nothing
_JOINER = "\u200d"

# The library checks neither presence nor types, so what a broken update raises is anybody's guess.
_SENSELESS = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)


def envelope(raw: object, bot_id: int) -> Received | None:
    """Address one raw update without understanding it; never raises.

    The sender is whoever wrote, else the chat, else "?". None when it has no usable update_id.
    """
    if not isinstance(raw, dict) or not _is_int(raw.get("update_id")):
        return None
    body: Mapping[str, Any] = next((value for value in raw.values() if isinstance(value, dict)), {})
    message = body.get("message")
    chat = _id(body.get("chat")) or (_id(message.get("chat")) if isinstance(message, dict) else "")
    sender = _id(body.get("from")) or chat
    try:
        payload = json.dumps(raw)  # in ASCII: escaped, a lone surrogate or a NUL can be stored
    except (RecursionError, TypeError, ValueError):
        payload = ""  # kept all the same: reading it fails, and it is buried
    return Received(bot_id, raw["update_id"], sender or UNKNOWN, chat or sender or UNKNOWN, payload)


def _id(value: object) -> str:
    return str(value["id"]) if isinstance(value, dict) and _is_int(value.get("id")) else ""


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _BIGGEST


@dataclass(frozen=True, slots=True)
class Reader:
    """Understands the updates of one bot; its id and user name tell when it is addressed."""

    bot_id: int
    username: str

    def read(self, payload: str) -> Incoming:
        """Say what a stored update means; raises Malformed, and nothing else, when it means nothing."""
        try:
            update = Update.de_json(_with_plain_links(json.loads(payload)), None)
            if update.callback_query is not None:
                return self._press(update.callback_query)
            if update.my_chat_member is not None:
                return self._membership(update.my_chat_member)
            if update.edited_message is not None:
                return replace(self._message(update.edited_message), kind="edited")
            if update.message is not None:
                return self._message(update.message)
            return _heard("nothing", update.effective_chat, update.effective_user)
        except _SENSELESS as error:
            raise Malformed(type(error).__name__) from None

    def _press(self, query: CallbackQuery) -> Incoming:
        if query.message is None or query.data is None:
            return _heard("nothing", None, query.from_user)
        return replace(
            _heard("press", query.message.chat, query.from_user),
            press=Press.decode(cleaned(query.data)),
            query=query.id,
            message_id=query.message.message_id,
        )

    def _membership(self, change: ChatMemberUpdated) -> Incoming:
        status, rights = standing_of(change.new_chat_member)
        heard = _heard("membership", change.chat, change.from_user)
        return replace(heard, membership=status, rights=rights)

    def _message(self, message: Message) -> Incoming:
        replied, user = message.reply_to_message, message.from_user
        heard = replace(
            _heard("nothing", message.chat, user),
            is_anonymous=message.sender_chat is not None or not user or user.is_bot,
            text=cleaned(message.text or message.caption or ""),
            html=cleaned(message.text_html or message.caption_html or ""),
            message_id=message.message_id,
            replies_to=replied.message_id if replied else None,
            album=message.media_group_id or "",
            is_forwarded=message.forward_origin is not None,
            sent_at=message.date,
            addressed=message.chat.type == Chat.PRIVATE or self._is_addressed(message),
        )
        if message.migrate_to_chat_id is not None:
            return replace(heard, kind="membership", migrated_to=str(message.migrate_to_chat_id))
        if message.new_chat_title is not None:
            return replace(heard, kind="membership")
        if message.photo:
            return replace(heard, kind="photo", photos=(message.photo[-1].file_id,))
        if message.voice:
            return replace(heard, kind="voice", file=message.voice.file_id)
        if message.text is not None:
            return self._text(message, message.text, heard)
        if any(message[kind] for kind in MessageAttachmentType):
            file = message.document.file_id if message.document else ""
            return replace(heard, kind="other", file=file, phone=_own_phone(message))
        return heard

    def _text(self, message: Message, text: str, heard: Incoming) -> Incoming:
        first = message.entities[0] if message.entities else None
        if first is None or first.type != MessageEntityType.BOT_COMMAND or first.offset != 0:
            return replace(heard, kind="text")
        # A command at the start is ASCII, so its UTF-16 units are characters.
        name, _, addressee = text[1 : first.length].partition("@")
        if addressee and addressee.lower() != self.username.lower():
            return replace(heard, kind="nothing", addressed=False)
        rest = cleaned(text[first.length :]).strip()
        command = name.lower()
        link = rest if command == "start" and _LINK.fullmatch(rest) else ""
        return replace(heard, kind="command", command=command, text=rest, link=link, addressed=True)

    def _is_addressed(self, message: Message) -> bool:
        replied = message.reply_to_message
        if replied and replied.from_user and replied.from_user.id == self.bot_id:
            return True
        mentions = message.parse_entities(_MENTIONS) | message.parse_caption_entities(_MENTIONS)
        return any(
            entity.user.id == self.bot_id if entity.user else text.lower() == f"@{self.username.lower()}"
            for entity, text in mentions.items()
        )


def _with_plain_links(raw: Any) -> Any:
    """The update with its links percent-encoded where they would end an attribute: the library does not."""
    for kind in ("message", "edited_message"):
        message = raw.get(kind)
        for entities in ("entities", "caption_entities") if isinstance(message, dict) else ():
            for entity in message.get(entities) or ():
                if isinstance(entity, dict) and isinstance(entity.get("url"), str):
                    entity["url"] = entity["url"].translate(_IN_LINKS)
    return raw


def standing_of(member: ChatMember) -> tuple[str, frozenset[str]]:
    """What somebody is in a group, and what they may do there, in Telegram's words."""
    status = str(member.status)
    if isinstance(member, ChatMemberRestricted):
        status = ChatMemberStatus.MEMBER if member.is_member else ChatMemberStatus.LEFT
    rights = frozenset(
        name for name, has in member.to_dict().items() if name.startswith("can_") and has is True
    )
    return status, rights


def _heard(kind: str, chat: Chat | None, user: User | None) -> Incoming:
    """Where and who; the same addresses as `envelope` gives."""
    address = str(chat.id) if chat else ""
    sender = str(user.id) if user else address
    name = f"{user.first_name} {user.last_name or ''}" if user else ""
    return Incoming(
        kind=kind,
        chat=address or sender or UNKNOWN,
        is_private=chat is not None and chat.type == Chat.PRIVATE,
        sender=sender or UNKNOWN,
        sender_name=" ".join(cleaned(name).split())[:NAME_LENGTH].rstrip(),
        language=(user.language_code if user else "") or "",
        title=cleaned((chat.title if chat else "") or ""),
    )


def _own_phone(message: Message) -> str:
    contact, user = message.contact, message.from_user
    return contact.phone_number if contact and user and contact.user_id == user.id else ""


def cleaned(text: str) -> str:
    """What a person sees of a text: NFC, without control, direction and zero-width characters.

    Newlines stay, tabs become spaces, joiners inside emoji stay. Lone surrogates, which no encoding can
    carry, go too.
    """
    text = text.translate(_BREAKS)
    if not text.isprintable() or not _FILLERS.isdisjoint(text):
        text = "".join(sign for at, sign in enumerate(text) if _is_seen(sign) or _joins_emoji(text, at))
    return unicodedata.normalize("NFC", text)


def _is_seen(sign: str) -> bool:
    return sign == "\n" or (unicodedata.category(sign) not in ("Cc", "Cf", "Cs") and sign not in _FILLERS)


def _joins_emoji(text: str, at: int) -> bool:
    around = text[at - 1 : at + 2] if at else ""
    return text[at] == _JOINER and len(around) == 3 and _is_emoji(around[0]) and _is_emoji(around[2])


def _is_emoji(sign: str) -> bool:
    """Or part of one: a picture, an arrow, a skin tone, the sign that asks for colours."""
    return unicodedata.category(sign) in ("So", "Sm", "Sk") or sign == "\ufe0f"
