"""What is stored about people, chats and messages, and how the Bot API spells it."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

ANONYMOUS_ADMIN: Json = {  # who anonymous administrators write as: the same account everywhere
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
ADMIN_RIGHTS: Json = {
    "can_be_edited": False,
    "is_anonymous": False,
    "can_manage_chat": True,
    "can_delete_messages": True,
    "can_manage_video_chats": True,
    "can_restrict_members": True,
    "can_promote_members": False,
    "can_change_info": True,
    "can_invite_users": True,
    "can_post_stories": False,
    "can_edit_stories": False,
    "can_delete_stories": False,
    "can_pin_messages": True,
}


@dataclass(frozen=True, slots=True)
class Toast:
    """A short notice over the chat, or an alert to be closed, after pressing a button."""

    text: str
    alert: bool
    url: str
    message_id: int
    revision: int


@dataclass(frozen=True, slots=True)
class Action:
    """What the bot says it is doing, "typing" or so."""

    kind: str
    revision: int


@dataclass(slots=True)
class Person:
    """An account. `started`: has written to the bot; without that a bot may not write first."""

    id: int
    first_name: str
    last_name: str = ""
    username: str | None = None
    language_code: str = "zh-hans"
    started: bool = False
    blocked: bool = False
    deleted: bool = False
    toasts: list[Toast] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def _named(self) -> Json:
        named = {"first_name": self.first_name, "last_name": self.last_name, "username": self.username}
        return {key: value for key, value in named.items() if value}

    def as_user(self) -> Json:
        """The User object of the Bot API."""
        return {"id": self.id, "is_bot": False, **self._named(), "language_code": self.language_code}

    def as_chat(self) -> Json:
        """The Chat object of the private chat with the bot."""
        return {"id": self.id, **self._named(), "type": "private"}


@dataclass(slots=True)
class Record:
    """A message as stored; `raw` is the Message object and is replaced, never changed in place."""

    raw: Json
    revision: int
    outgoing: bool
    edited: bool = False
    deleted: bool = False

    @property
    def id(self) -> int:
        return int(self.raw["message_id"])


@dataclass(slots=True)
class Chat:
    """A chat the bot may be in.

    `members` maps people to creator, administrator or member. `bot` is unknown (never was in it),
    member, administrator, left or kicked; in private chats always member. `keyboard` is the reply
    keyboard last shown, `action` what the bot said it is doing, until it writes. `counter` numbers the
    messages of a supergroup; the others share one.
    """

    id: int
    kind: str
    title: str = ""
    members: dict[int, str] = field(default_factory=dict)
    bot: str = "unknown"
    bot_rights: Json = field(default_factory=dict)
    records: dict[int, Record] = field(default_factory=dict)
    keyboard: Json | None = None
    action: Action | None = None
    pinned: list[int] = field(default_factory=list)
    migrated_to: int | None = None
    invite_links: int = 0
    counter: int = 0
    revision: int = 0
    spelled: Json = field(default_factory=dict)

    @property
    def is_private(self) -> bool:
        return self.kind == "private"

    @property
    def instance(self) -> str:
        """`chat_instance`: the same for all presses in this chat."""
        return str(abs(self.id) * 1_000_003 + 4_611_686_018_427_387_904)

    def visible(self, message_id: int) -> Record | None:
        """The message unless it never was or is deleted."""
        record = self.records.get(message_id)
        return None if record is None or record.deleted else record


def as_member(user: Json, status: str, rights: Json) -> Json:
    """A ChatMember object; `status` as in `Chat.members` and `Chat.bot`."""
    match status:
        case "creator":
            return {"status": "creator", "user": user, "is_anonymous": False}
        case "administrator":
            return {"status": "administrator", "user": user, **ADMIN_RIGHTS, **rights}
        case "kicked":
            return {"status": "kicked", "user": user, "until_date": 0}
        case "member":
            return {"status": "member", "user": user}
        case _:
            return {"status": "left", "user": user}
