"""Bot API methods about a chat: what it is, who is in it, leaving it, invitation links."""

from bot.sandbox.chats import Chat, Json, as_member
from bot.sandbox.memory import Memory
from bot.sandbox.parameters import Parameters
from bot.sandbox.refusals import bad_request

ADMIN_STATUSES = ("creator", "administrator")
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
)
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


def get_chat(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#getchat"""
    chat = memory.chat_of(p, write=False)
    full = chat.spelled | {
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(GIFTS, chat.is_private),
    }
    if not chat.is_private:
        full["permissions"] = dict.fromkeys(PERMISSIONS, True)
    pinned = [record for record in map(chat.visible, chat.pinned) if record is not None]
    return full | {"pinned_message": pinned[-1].raw} if pinned else full


def get_chat_member(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#getchatmember"""
    if p.integer("user_id") <= 0:
        raise bad_request("invalid user_id specified")
    chat = memory.chat_of(p, write=False)
    if p.integer("user_id") == memory.bot["id"]:
        return as_member(memory.bot, chat.bot, chat.bot_rights)
    person = memory.people.get(p.integer("user_id"))
    if person is None:
        raise bad_request("user not found")
    status = "member" if chat.is_private and person.id == chat.id else chat.members.get(person.id, "left")
    return as_member(person.as_user(), status, {})


def get_chat_administrators(memory: Memory, p: Parameters) -> list[Json]:
    """https://core.telegram.org/bots/api#getchatadministrators"""
    chat = memory.chat_of(p)
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    admins = [
        as_member(memory.people[person_id].as_user(), status, {})
        for person_id, status in chat.members.items()
        if status in ADMIN_STATUSES
    ]
    bot = [as_member(memory.bot, chat.bot, chat.bot_rights)] if chat.bot in ADMIN_STATUSES else []
    return admins + bot


def get_chat_member_count(memory: Memory, p: Parameters) -> int:
    """https://core.telegram.org/bots/api#getchatmembercount: the bot counts too."""
    chat = memory.chat_of(p)
    return 2 if chat.is_private else len(chat.members) + 1


def leave_chat(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#leavechat"""
    chat = memory.chat_of(p)
    if chat.is_private:
        raise bad_request("chat member status can't be changed in private chats")
    memory.membership(chat, memory.bot, "left")
    fields = {"from": memory.bot, "left_chat_member": memory.bot}
    memory.publish("message", memory.store(chat, fields, outgoing=True).raw)
    return True


def create_chat_invite_link(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#createchatinvitelink"""
    link: Json = {
        "invite_link": _invite(memory, memory.chat_of(p)),
        "creator": memory.bot,
        "is_primary": False,
    }
    link |= {"is_revoked": False, "creates_join_request": p.boolean("creates_join_request")}
    if len(p.text("name")) > 32:
        raise bad_request("INVITE_TITLE_TOO_LONG")
    if p.text("name"):
        link["name"] = p.text("name")
    numbers = ("expire_date", "member_limit")
    return link | {name: p.integer(name) for name in numbers if p.integer(name)}


def export_chat_invite_link(memory: Memory, p: Parameters) -> str:
    """https://core.telegram.org/bots/api#exportchatinvitelink"""
    return _invite(memory, memory.chat_of(p))


def _invite(memory: Memory, chat: Chat) -> str:
    may = chat.bot == "administrator" and chat.bot_rights.get("can_invite_users", True)
    if chat.is_private or not may:
        raise bad_request("not enough rights to manage chat invite link")
    chat.invite_links += 1
    memory.touch(chat)
    return f"https://t.me/+sandbox{abs(chat.id)}n{chat.invite_links}"


METHODS = {
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "getchatadministrators": get_chat_administrators,
    "getchatmembercount": get_chat_member_count,
    "leavechat": leave_chat,
    "createchatinvitelink": create_chat_invite_link,
    "exportchatinvitelink": export_chat_invite_link,
}
