"""Receiving: updates are stored before Telegram may forget them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from telegram import Bot
from telegram.error import Conflict, EndPointNotFound, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.domain.errors import OperatorError, Unavailable
from bot.gateway.incoming import envelope
from bot.gateway.transport import BAD_CREDENTIALS
from bot.storage.engine import Database
from bot.storage.mailboxes import Inbox, Received

LONG_POLL = 50  # seconds; the longest Telegram grants
ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]
_GRACE = 10  # seconds an answer may be late
_LONGEST_PAUSE = 30  # seconds

_log = structlog.get_logger(__name__)


class Receiver:
    """Takes updates in for one bot.

    `on_stored` is called after each commit that kept some; `sleep` waits that many seconds.
    """

    def __init__(
        self,
        database: Database,
        bot: Bot,
        clock: Callable[[], datetime],
        on_stored: Callable[[], None],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._bot = bot
        self._clock = clock
        self._on_stored = on_stored
        self._sleep = sleep
        self._offset: int | None = None

    async def store(self, raws: Sequence[object]) -> list[Received]:
        """Keep these raw updates in one transaction, whichever door they came through, and return the rows.

        An update without an update_id cannot be kept and is passed over. Raises Unavailable when nothing
        was kept.
        """
        letters = [letter for raw in raws if (letter := envelope(raw, self._bot.id)) is not None]
        if len(letters) < len(raws):
            _log.error("update.without_id", bot_id=self._bot.id, count=len(raws) - len(letters))
        if letters:
            async with self._database.transaction() as connection:
                await Inbox(connection).put(letters, self._clock())
            self._on_stored()
        return letters

    async def receive_once(self, timeout: int) -> int:  # noqa: ASYNC109  # Telegram waits, we set no deadline
        """Ask for updates, waiting up to `timeout` seconds for the first, and keep them: how many.

        What the call before kept is confirmed by this one. Raises TelegramError, or Unavailable; nothing is
        confirmed then.
        """
        if self._offset is None:
            self._offset = await self._last_stored() + 1
        raws: Any = await self._bot.do_api_request(
            "getupdates",  # raw; spelled like this (Telegram ignores capitals) the library does not warn
            {"offset": self._offset, "timeout": timeout, "allowed_updates": ALLOWED},
            read_timeout=timeout + _GRACE,
        )
        letters = await self.store(raws)
        if raws and not letters:
            raise NetworkError("no update with an update_id")
        # Not the highest number ever seen: after a quiet week Telegram starts anywhere, also lower.
        self._offset = max((letter.update_id + 1 for letter in letters), default=self._offset)
        return len(letters)

    async def _last_stored(self) -> int:
        async with self._database.transaction() as connection:
            return await Inbox(connection).last_update_id(self._bot.id) or -1

    async def run(self) -> None:
        """Receive for ever; raises OperatorError when Telegram refuses the token."""
        failures = 0
        while True:
            try:
                await self.receive_once(LONG_POLL)
                failures = 0
                continue
            except (InvalidToken, EndPointNotFound):  # the library says the second once the token has worked
                raise OperatorError(BAD_CREDENTIALS) from None
            except RetryAfter as told:
                pause = told.retry_after
            except (TelegramError, Unavailable) as trouble:
                # Only a conflict is logged with its words: they are Telegram's and tell who else listens.
                reason = trouble.message if isinstance(trouble, Conflict) else type(trouble).__name__
                _log.warning("receiving.failed", bot_id=self._bot.id, reason=reason, failures=failures)
                pause = min(2**failures, _LONGEST_PAUSE)
                failures = min(failures + 1, 10)
            await self._sleep(pause.total_seconds() if isinstance(pause, timedelta) else pause)
