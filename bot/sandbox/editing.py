"""Bot API methods that change, remove or pin a message, and answer a pressed button."""

from bot.sandbox.chats import Chat, Json, Record
from bot.sandbox.entities import utf16_length
from bot.sandbox.markup import read_inline
from bot.sandbox.memory import QUERY_SECONDS, Memory
from bot.sandbox.parameters import Parameters
from bot.sandbox.refusals import bad_request, not_modified, query_invalid
from bot.sandbox.sending import MEDIA, caption_of, input_media, text_content, without_reply

DELETABLE_SECONDS = 48 * 3600  # https://core.telegram.org/bots/api#deletemessage
TOAST_LIMIT = 200  # https://core.telegram.org/bots/api#answercallbackquery
MANY = 100  # https://core.telegram.org/bots/api#deletemessages
CAPTION = ("caption", "caption_entities")
TEXT = ("text", "entities", "link_preview_options")


def edit_message_text(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#editmessagetext: without reply_markup the keyboard goes."""
    content = text_content(p)
    chat, record = _own(memory, p)
    if "text" not in record.raw:
        raise bad_request("there is no text in the message to edit")
    return _edit(memory, chat, record, p, TEXT, content)


def edit_message_caption(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#editmessagecaption"""
    content = caption_of(p)
    chat, record = _own(memory, p)
    if not any(kind in record.raw for kind in MEDIA):
        raise bad_request("there is no caption in the message to edit")
    return _edit(memory, chat, record, p, CAPTION, content)


def edit_message_media(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#editmessagemedia"""
    content = input_media(memory, p, p.data("media", "input media"))
    chat, record = _own(memory, p)
    return _edit(memory, chat, record, p, (*TEXT, *CAPTION, *MEDIA), content)


def edit_message_reply_markup(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#editmessagereplymarkup"""
    chat, record = _own(memory, p)
    return _edit(memory, chat, record, p, (), {})


def delete_message(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#deletemessage"""
    if not p.integer("message_id"):
        raise bad_request("message identifier is not specified")
    chat = memory.chat_of(p)
    record = chat.visible(p.integer("message_id"))
    if record is None:
        raise bad_request("message to delete not found")
    _delete(memory, chat, record)
    return True


def delete_messages(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#deletemessages: messages that are gone are skipped."""
    ids = p.data("message_ids", "message_ids")
    if not isinstance(ids, list) or not ids:
        raise bad_request("message identifiers are not specified")
    if len(ids) > MANY:
        raise bad_request("too many message identifiers specified")
    chat = memory.chat_of(p)
    if not all(type(message_id) is int and message_id > 0 for message_id in ids):
        raise bad_request("invalid message identifier specified")
    for record in filter(None, map(chat.visible, ids)):
        _delete(memory, chat, record)
    return True


def pin_chat_message(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#pinchatmessage: a service message tells of it."""
    chat = memory.chat_of(p)
    record = chat.visible(p.integer("message_id"))
    if record is None:
        raise bad_request("message to pin not found")
    _check_pinning(chat)
    if record.id not in chat.pinned:
        chat.pinned.append(record.id)
        fields = {"from": memory.bot, "pinned_message": without_reply(record)}
        memory.publish("message", memory.store(chat, fields, outgoing=True).raw)
    return True


def unpin_chat_message(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#unpinchatmessage: without message_id the latest one."""
    chat = memory.chat_of(p)
    _check_pinning(chat)
    message_id = p.integer("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    memory.revise(chat, chat.records[message_id])
    return True


def answer_callback_query(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#answercallbackquery: once per press, and soon."""
    query = memory.queries.get(p.text("callback_query_id"))
    if query is None or memory.now() - query.at > QUERY_SECONDS:
        raise query_invalid()
    text, url = p.text("text"), p.text("url")
    if utf16_length(text) > TOAST_LIMIT:
        raise bad_request("MESSAGE_TOO_LONG")
    if url and not url.startswith((f"https://t.me/{memory.bot['username']}?start=", "tg://")):
        raise bad_request("URL_INVALID")
    del memory.queries[p.text("callback_query_id")]
    if text or url:
        person = memory.people[query.person_id]
        memory.toast(person, text, url, query.message_id, alert=p.boolean("show_alert"))
    return True


def _own(memory: Memory, p: Parameters) -> tuple[Chat, Record]:
    """The bot's own message named by the call."""
    if not p.text("chat_id") and not p.integer("message_id"):
        raise bad_request("message identifier is not specified")
    chat = memory.chat_of(p)
    record = chat.visible(p.integer("message_id"))
    if record is None:
        raise bad_request("message to edit not found")
    if not record.outgoing or "forward_origin" in record.raw:
        raise bad_request("message can't be edited")
    return chat, record


def _edit(
    memory: Memory, chat: Chat, record: Record, p: Parameters, replaced: tuple[str, ...], content: Json
) -> Json:
    """Replace some fields and the keyboard; refuses an edit that changes nothing."""
    markup = read_inline(p)
    fields = (*replaced, "reply_markup")
    new = content | ({"reply_markup": markup} if markup else {})
    if new == {key: record.raw[key] for key in fields if key in record.raw}:
        raise not_modified()
    kept = {key: value for key, value in record.raw.items() if key not in fields}
    record.raw = kept | {"edit_date": memory.now()} | new
    record.edited = record.edited or bool(replaced)  # a changed keyboard alone shows no mark
    memory.revise(chat, record)
    return record.raw


def _delete(memory: Memory, chat: Chat, record: Record) -> None:
    may_any = chat.bot == "administrator" and chat.bot_rights.get("can_delete_messages", True)
    if not (record.outgoing or chat.is_private or may_any):
        raise bad_request("message can't be deleted")
    if memory.now() - record.raw["date"] > DELETABLE_SECONDS and not may_any:
        raise bad_request("message can't be deleted for everyone")
    record.deleted = True
    memory.revise(chat, record)


def _check_pinning(chat: Chat) -> None:
    may = chat.bot == "administrator" and chat.bot_rights.get("can_pin_messages", True)
    if not chat.is_private and not may:
        raise bad_request("not enough rights to manage pinned messages in the chat")


METHODS = {
    "editmessagetext": edit_message_text,
    "editmessagecaption": edit_message_caption,
    "editmessagemedia": edit_message_media,
    "editmessagereplymarkup": edit_message_reply_markup,
    "deletemessage": delete_message,
    "deletemessages": delete_messages,
    "pinchatmessage": pin_chat_message,
    "unpinchatmessage": unpin_chat_message,
    "answercallbackquery": answer_callback_query,
}
