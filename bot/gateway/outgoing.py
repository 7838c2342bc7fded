"""From an intent to a call of the Bot API."""

from typing import Any

from telegram import (
    Bot,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.storage.mailboxes import Intent, Outgoing

_TOAST_BYTES = 2 * 200  # 200 UTF-16 units, https://core.telegram.org/bots/api#answercallbackquery
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")


async def deliver(bot: Bot, item: Outgoing, message_id: int | None) -> int | None:
    """Make the call that says it, and give the id of the message that now shows it.

    `message_id` is the message a card stands in; when it can no longer be edited, a new one is sent.
    Raises telegram.error.TelegramError as the library does, except where a refusal is as good as success.
    """
    match item.intent:
        case Intent.CARD if message_id is not None and await _edited(bot, item, message_id):
            return message_id
        case Intent.CARD if message_id is None and item.payload.get("only_if_sent"):
            return None
        case Intent.SAY | Intent.CARD:
            return await _said(bot, item)
        case Intent.PHOTOS:
            return await _shown(bot, item)
        case Intent.TOAST:
            await _answer(bot, item.payload)
        case Intent.MENU:
            commands = [(name, description) for name, description in item.payload["commands"]]
            await bot.set_my_commands(commands, scope=BotCommandScopeChat(item.chat))
    return None


async def _said(bot: Bot, item: Outgoing) -> int:
    message = await bot.send_message(
        item.chat,
        item.payload["text"],
        parse_mode=ParseMode.HTML,
        link_preview_options=_NO_PREVIEW,
        reply_markup=_inline(item.payload) or _keyboard(item.payload),
    )
    return message.message_id


async def _edited(bot: Bot, item: Outgoing, message_id: int) -> bool:
    try:
        await bot.edit_message_text(
            item.payload["text"],
            item.chat,
            message_id,
            parse_mode=ParseMode.HTML,
            link_preview_options=_NO_PREVIEW,
            reply_markup=_inline(item.payload),
        )
    except BadRequest as no:
        if _says(no, *_GONE):
            return False
        if not _says(no, "message is not modified"):
            raise
    return True


async def _shown(bot: Bot, item: Outgoing) -> int:
    photos: list[str] = item.payload["photos"]
    caption: str | None = item.payload.get("caption")
    if len(photos) == 1:
        message = await bot.send_photo(item.chat, photos[0], caption=caption, parse_mode=ParseMode.HTML)
        return message.message_id
    album = await bot.send_media_group(
        item.chat, [InputMediaPhoto(photo) for photo in photos], caption=caption, parse_mode=ParseMode.HTML
    )
    return album[0].message_id


async def _answer(bot: Bot, payload: dict[str, Any]) -> None:
    text = payload["text"].encode("utf-16-le")[:_TOAST_BYTES].decode("utf-16-le", "ignore")
    try:
        await bot.answer_callback_query(payload["query"], text, show_alert=bool(payload.get("alert")))
    except BadRequest as no:
        if not _says(no, "query is too old"):
            raise


def _inline(payload: dict[str, Any]) -> InlineKeyboardMarkup | None:
    rows = payload.get("options")
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [
            [
                InlineKeyboardButton(option["label"], callback_data=option.get("id"), url=option.get("url"))
                for option in row
            ]
            for row in rows
        ]
    )


def _keyboard(payload: dict[str, Any]) -> ReplyKeyboardMarkup | ReplyKeyboardRemove | None:
    if rows := payload.get("keyboard"):
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, is_persistent=True)
    return ReplyKeyboardRemove() if payload.get("remove_keyboard") else None


def _says(no: BadRequest, *refusals: str) -> bool:
    """Telegram tells refusals apart only by their text, and the library changes its capitals."""
    return any(refusal in no.message.lower() for refusal in refusals)
