"""What one update says, in no channel's words."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.options import Press


@dataclass(frozen=True, slots=True)
class Incoming:
    """What one update says, in no channel's words."""

    # "text" | "command" | "press" | "photo" | "voice" | "other" | "edited" | "membership" | "nothing"
    kind: str
    chat: str  # address
    is_private: bool
    sender: str
    sender_name: str  # display name, stripped of control/bidi characters, ≤ 64 characters
    language: str  # Telegram language_code or ""
    is_anonymous: bool = False  # anonymous group admin / channel speaking for a person / a bot: has no rights
    html: str = ""  # text or caption with its formatting, as Telegram HTML
    text: str = ""  # text or caption; for a command the text after it
    command: str = ""  # lower case without slash, without @bot; "" unless kind == "command"
    link: str = ""  # payload of /start
    press: Press | None = None  # decoded payload
    query: str = ""  # id to answer a press
    message_id: int | None = None  # of the message sent, or of the message the pressed button hangs under
    replies_to: int | None = None  # message id replied to
    photos: tuple[str, ...] = ()  # file ids, largest size only
    album: str = ""  # media_group_id
    file: str = ""  # voice/document file id
    phone: str = ""  # a shared contact's own number (only when it is the sender's)
    is_forwarded: bool = False  # somebody else's words
    sent_at: datetime | None = None  # of a message; None for everything else
    addressed: bool = True  # in a group: mentions the bot, replies to it, or a command with/without its name
    # new status of the bot in this chat ("member", "administrator", "kicked", "left"); "" for a new title
    membership: str = ""
    rights: frozenset[str] = (
        frozenset()
    )  # what the bot may do in this group ("can_pin_messages"), with membership
    title: str = ""  # of the group
    migrated_to: str = ""  # the address this group moves to
