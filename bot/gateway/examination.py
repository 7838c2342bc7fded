"""The bot as Telegram sees it, for whoever looks whether all is well; nothing is sent or confirmed."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from telegram import Bot
from telegram.error import BadRequest, Conflict, EndPointNotFound, Forbidden, InvalidToken, TelegramError
from telegram.request import BaseRequest

from bot.domain.errors import OperatorError, Unavailable
from bot.gateway.incoming import standing_of
from bot.gateway.transport import BAD_CREDENTIALS, AiohttpRequest

T = TypeVar("T")

WITHIN = 10.0
"""Seconds after which no answer is an answer."""
LISTEN = 5
"""Seconds of listening: another program that was cut off by it asks again within one or two."""


@dataclass(frozen=True, slots=True)
class Post:
    """How updates come in: `host` is where a webhook sends them, "" for none; `pending` wait at Telegram."""

    host: str
    pending: int


class Examination:
    """One question after the other; each raises Unavailable when Telegram gives no answer."""

    def __init__(self, bot: Bot, request: BaseRequest) -> None:
        self._bot = bot
        self._request = request

    async def name(self) -> str:
        """The bot's user name; raises OperatorError when Telegram does not know the token."""
        try:
            return (await _answer(self._bot.get_me())).name.removeprefix("@")
        except (InvalidToken, EndPointNotFound):
            raise OperatorError(BAD_CREDENTIALS) from None

    def said_at(self) -> datetime | None:
        """What time it was at Telegram at the last answer, to the second; None when it did not say."""
        with suppress(ValueError):
            return parsedate_to_datetime(getattr(self._request, "date", "")).astimezone(UTC)
        return None

    async def post(self) -> Post:
        """How updates come in."""
        info = await _answer(self._bot.get_webhook_info())
        return Post(urlsplit(info.url).hostname or "" if info.url else "", info.pending_update_count)

    async def others_listen(self) -> bool:
        """Whether another program fetches updates with this token; its call is cut off once, without harm.

        Telegram ends the older of two calls, so it shows when the other one asks again and ends ours.
        """
        try:
            await _answer(self._bot.get_updates(limit=1, timeout=LISTEN), LISTEN + WITHIN)
        except Conflict:
            return True
        return False

    async def sees(self, chat: str) -> bool:
        """Whether the bot knows this chat and may write there."""
        try:
            await _answer(self._bot.get_chat(chat))
        except (BadRequest, Forbidden):
            return False
        return True

    async def standing(self, group: str) -> tuple[str, frozenset[str]]:
        """What the bot is in a group (member, administrator or gone), and what it may do there."""
        try:
            member = await _answer(self._bot.get_chat_member(group, self._bot.id))
        except (BadRequest, Forbidden):
            return "gone", frozenset()
        status, rights = standing_of(member)
        return (status if status in ("member", "administrator") else "gone"), rights


@asynccontextmanager
async def examining(
    token: str, server: str, request: Callable[[], BaseRequest] = AiohttpRequest
) -> AsyncIterator[Examination]:
    """Talk to Telegram as the bot does, through the same transport."""
    asking, listening = request(), request()
    bot = Bot(token, base_url=f"{server}/bot", request=asking, get_updates_request=listening)
    # Not bot.initialize(): it asks who it is, and here a refusal is an answer.
    await asking.initialize()
    await listening.initialize()
    try:
        yield Examination(bot, asking)
    finally:
        await asking.shutdown()
        await listening.shutdown()


async def _answer(call: Coroutine[Any, Any, T], within: float = WITHIN) -> T:
    """Wait for it, but not for ever; what has a meaning goes through, the rest is no answer."""
    try:
        async with asyncio.timeout(within):
            return await call
    except (BadRequest, Conflict, EndPointNotFound, Forbidden, InvalidToken):
        raise
    except (TelegramError, TimeoutError) as error:
        raise Unavailable(type(error).__name__) from None
