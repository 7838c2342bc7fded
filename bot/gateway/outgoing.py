"""From an intent to a call of the Bot API."""

from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from telegram import (
    Bot,
    BotCommandScopeChat,
    InlineKeyboardMarkup,
    InputMediaPhoto,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.storage.mailboxes import Intent, Outgoing

_TOAST_BYTES = 2 * 200  # 200 UTF-16 units, https://core.telegram.org/bots/api#answercallbackquery
_NO_PREVIEW = {"is_disabled": True}
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")


async def deliver(bot: Bot, item: Outgoing, message_id: int | None) -> tuple[int, ...]:
    """Make the call that says it, and give the ids of the messages that now show it: of an album, several.

    `message_id` is the message a card stands in; when it can no longer be edited, a new one is sent.
    Raises telegram.error.TelegramError as the library does, except where a refusal is as good as success.
    """
    match item.intent:
        case Intent.CARD if message_id is not None and await _edited(bot, item, message_id):
            return (message_id,)
        case Intent.CARD if message_id is None and item.payload.get("only_if_sent"):
            return ()
        case Intent.PHOTOS:
            return await _shown(bot, item)
        case Intent.DELETE:
            if message_id is not None:
                await _removed(bot, item.chat, message_id)
        case Intent.TOAST:
            await _answer(bot, item.payload)
        case Intent.MENU:
            commands = [(name, description) for name, description in item.payload["commands"]]
            await bot.set_my_commands(commands, scope=BotCommandScopeChat(item.chat))
        case _:
            return (await _ONE_MESSAGE[item.intent](bot, item),)
    return ()


async def _said(bot: Bot, item: Outgoing) -> int:
    markup = _inline(item.payload) or _keyboard(item.payload)
    more: dict[str, object] = {}
    if reply_to := item.payload.get("reply_to"):
        more["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    message = await _call(
        bot, "sendmessage", item, reply_markup=markup, disable_notification=_is_silent(item), **more
    )
    return int(message["message_id"])


async def _edited(bot: Bot, item: Outgoing, message_id: int) -> bool:
    try:
        await _call(bot, "editmessagetext", item, message_id=message_id, reply_markup=_inline(item.payload))
    except BadRequest as no:
        if _says(no, *_GONE):
            return False
        if not _says(no, "message is not modified"):
            raise
    return True


async def _removed(bot: Bot, chat: str, message_id: int) -> None:
    try:
        await bot.delete_message(chat, message_id)
    except BadRequest as no:
        if not _says(no, "message to delete not found", "message can't be deleted"):
            raise


async def _call(bot: Bot, method: str, item: Outgoing, **more: object) -> Any:
    """Call with the item's text, and give the raw answer: objects would double what a message costs.

    Telegram ignores the capitals of a method's name; without them the library does not point to its own way.
    """
    text = {"text": item.payload["text"], "parse_mode": ParseMode.HTML, "link_preview_options": _NO_PREVIEW}
    return await bot.do_api_request(method, {"chat_id": item.chat, **text, **more})


async def _shown(bot: Bot, item: Outgoing) -> tuple[int, ...]:
    photos: list[str] = item.payload["photos"]
    caption: str | None = item.payload.get("caption")
    if len(photos) == 1:
        message = await bot.send_photo(
            item.chat,
            photos[0],
            caption=caption,
            parse_mode=ParseMode.HTML,
            disable_notification=_is_silent(item),
        )
        return (message.message_id,)
    album = await bot.send_media_group(
        item.chat,
        [InputMediaPhoto(photo) for photo in photos],
        caption=caption,
        parse_mode=ParseMode.HTML,
        disable_notification=_is_silent(item),
    )
    return tuple(message.message_id for message in album)


async def _played(bot: Bot, item: Outgoing) -> int:
    message = await bot.send_voice(item.chat, item.payload["voice"], disable_notification=_is_silent(item))
    return message.message_id


async def _pictured(bot: Bot, item: Outgoing) -> int:
    rows = _inline(item.payload)
    message = await bot.send_photo(
        item.chat,
        b64decode(item.payload["content"]),
        caption=item.payload["caption"],
        parse_mode=ParseMode.HTML,
        reply_markup=InlineKeyboardMarkup.de_json(rows, bot) if rows else None,
    )
    return message.message_id


async def _filed(bot: Bot, item: Outgoing) -> int:
    message = await bot.send_document(
        item.chat,
        b64decode(item.payload["content"]),
        caption=item.payload["caption"],
        parse_mode=ParseMode.HTML,
        filename=item.payload["name"],
    )
    return message.message_id


def _is_silent(item: Outgoing) -> bool | None:
    """True by night, when nobody is to be woken; None leaves it to Telegram, as the library wants it."""
    return item.payload.get("is_silent")


async def _answer(bot: Bot, payload: dict[str, Any]) -> None:
    text = payload["text"].encode("utf-16-le")[:_TOAST_BYTES].decode("utf-16-le", "ignore")
    try:
        alert, url = bool(payload.get("alert")), payload.get("url") or None
        await bot.answer_callback_query(payload["query"], text, show_alert=alert, url=url)
    except BadRequest as no:
        if not _says(no, "query is too old"):
            raise


def _inline(payload: dict[str, Any]) -> dict[str, Any] | None:
    """https://core.telegram.org/bots/api#inlinekeyboardmarkup"""
    rows = payload.get("options")
    return {"inline_keyboard": [[_button(option) for option in row] for row in rows]} if rows else None


def _button(option: dict[str, str]) -> dict[str, str]:
    opens = {"url": option["url"]} if "url" in option else {"callback_data": option["id"]}
    return {"text": option["label"], **opens}


def _keyboard(payload: dict[str, Any]) -> dict[str, Any] | None:
    """https://core.telegram.org/bots/api#replykeyboardmarkup"""
    if rows := payload.get("keyboard"):
        keys = [[{"text": word} for word in row] for row in rows]
        return {"keyboard": keys, "resize_keyboard": True, "is_persistent": True}
    return {"remove_keyboard": True} if payload.get("remove_keyboard") else None


def _says(no: BadRequest, *refusals: str) -> bool:
    """Telegram tells refusals apart only by their text, and the library changes its capitals."""
    return any(refusal in no.message.lower() for refusal in refusals)


_ONE_MESSAGE: Mapping[Intent, Callable[[Bot, Outgoing], Awaitable[int]]] = {
    Intent.SAY: _said,
    Intent.CARD: _said,
    Intent.VOICE: _played,
    Intent.PICTURE: _pictured,
    Intent.DOCUMENT: _filed,
}
"""What is sent as one new message, and how."""
