"""A floor: five steps with python-telegram-bot's own ConversationHandler, in memory, nothing looked up.

Arguments: token, address of the server.
"""

import sys

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    filters,
)

WORDS, CATEGORY, MORE, SEND = range(4)
KEYS = InlineKeyboardMarkup(
    [[InlineKeyboardButton(label, callback_data=label) for label in ("lighting", "send")]]
)


def step(text: str, following: int):  # type: ignore[no-untyped-def]  # noqa: ANN201  # the library's own type has six parameters
    """Answer with one message and go on to the next step."""

    async def answer(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> int:
        if update.effective_chat:
            await update.effective_chat.send_message(text, reply_markup=KEYS)
        return following

    return answer


def main(token: str, server: str) -> None:
    """Run until told to stop."""
    application = Application.builder().token(token).base_url(f"{server}/bot").build()
    application.add_handler(
        ConversationHandler(
            entry_points=[CommandHandler("report", step("请说说是什么事、在哪里。", WORDS))],
            states={
                WORDS: [MessageHandler(filters.TEXT, step("这是哪一类？", CATEGORY))],
                CATEGORY: [CallbackQueryHandler(step("请看一眼，没问题就提交。", MORE))],
                MORE: [MessageHandler(filters.TEXT, step("请再看一眼，没问题就提交。", SEND))],
                SEND: [CallbackQueryHandler(step("已登记。", ConversationHandler.END))],
            },
            fallbacks=[],
        )
    )
    application.run_polling()


if __name__ == "__main__":
    main(*sys.argv[1:])
