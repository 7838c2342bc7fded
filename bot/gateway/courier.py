"""Sends the outbox: at Telegram's pace, in order for each chat, every row settled right after its call."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
)

from bot.domain.errors import OperatorError, Unavailable
from bot.gateway.outgoing import deliver
from bot.gateway.pacing import Meter, Pace
from bot.gateway.transport import BAD_CREDENTIALS, CALL_SECONDS, CONNECTIONS
from bot.storage.engine import Connection, Database
from bot.storage.mailboxes import Intent, Outbox, Outgoing

LEASE = timedelta(seconds=2 * CALL_SECONDS + 5)
"""A card may take two calls: the edit, then a new message."""

_LONGEST_RETRY = timedelta(seconds=300)
_LONGEST_WAIT = timedelta(seconds=1)  # other processes post too, and clocks jump
_MOST_SURPRISES = 10
_MESSAGES = (Intent.SAY, Intent.CARD, Intent.PHOTOS, Intent.VOICE)

_log = structlog.get_logger(__name__)

Settlement = Callable[[Connection], Awaitable[None]]


class Courier:
    """Delivers what waits in the outbox, at least once. Set `wake` after posting.

    `clock` is Telegram's time: by it calls are paced, leased and tried again. `hours` is the time in the
    compound, for what was posted for a certain hour: where people try the bot out, that clock is moved and
    stopped, and Telegram's limits do not care. Without it there is one time for both.

    The hooks run inside the transaction that settles the row: `on_forbidden(connection, item)` when the chat
    can no longer be reached, `on_migrated(connection, old, new)` when a group got a new address,
    `on_buried(connection, item, error)` when Telegram refuses a message for good.
    What they raise ends the courier, and their row is sent again.
    """

    def __init__(
        self,
        database: Database,
        bot: Bot,
        clock: Callable[[], datetime],
        pace: Pace,
        *,
        on_forbidden: Callable[[Connection, Outgoing], Awaitable[None]],
        on_migrated: Callable[[Connection, str, str], Awaitable[None]],
        on_buried: Callable[[Connection, Outgoing, str], Awaitable[None]],
        hours: Callable[[], datetime] | None = None,
    ) -> None:
        self.wake = asyncio.Event()
        self._database = database
        self._bot = bot
        self._clock = clock
        self._hours = hours or clock
        # What is under way when the process is killed comes twice: no more than a quarter of a second's mail.
        self._meter = Meter(pace, max(1, min(CONNECTIONS, pace.overall_per_second // 4)))
        self._on_forbidden = on_forbidden
        self._on_migrated = on_migrated
        self._on_buried = on_buried
        self._paused_until = datetime.min.replace(tzinfo=UTC)
        self._token_refused = False
        self._stopping = False
        self._unsettled: list[Settlement] = []
        self._settling = asyncio.Lock()

    async def deliver_some(self) -> int:
        """Send, side by side, what may go now; returns how many calls were begun, and never sleeps.

        Raises Unavailable when the database is away (what has been sent is settled before anything else is),
        OperatorError when Telegram refuses the token.
        """
        ready = await self._claim()
        async with asyncio.TaskGroup() as calls:
            for item, message_id in ready:
                calls.create_task(self._send(item, message_id))
        self._check_token()
        return len(ready)

    async def next_at(self) -> datetime | None:
        """When something may go next, not before now; None when nothing waits."""
        async with self._database.transaction() as connection:
            at = await Outbox(connection).next_at(self._clock(), hour=self._hours())
        # Calls may have ended while the database was asked: to the meter, an older now is a clock set back.
        return None if at is None else max(at, self._paused_until, self._meter.free_at(self._clock()))

    async def run(self) -> None:
        """Deliver until `stop`; a slow call keeps nobody else waiting. Raises OperatorError as above."""
        async with asyncio.TaskGroup() as calls:
            while not self._stopping and not self._token_refused:
                self.wake.clear()
                try:
                    ready = await self._claim()
                    for item, message_id in ready:
                        calls.create_task(self._send(item, message_id))
                    # The end of any of these calls wakes us anyway.
                    until = None if ready else await self.next_at()
                except Unavailable:
                    _log.warning("courier.database_away")
                    until = None
                await self._wait(until)
        self._check_token()

    def stop(self) -> None:
        """Begin no more calls; `run` returns when those under way are settled."""
        self._stopping = True
        self.wake.set()

    async def _wait(self, until: datetime | None) -> None:
        wait = _LONGEST_WAIT if until is None else min(until - self._clock(), _LONGEST_WAIT)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, wait.total_seconds())):
                await self.wake.wait()

    def _check_token(self) -> None:
        if self._token_refused:
            raise OperatorError(BAD_CREDENTIALS)

    async def _claim(self) -> list[tuple[Outgoing, int | None]]:
        """Lease what may go now, with the message each card stands in; what came too late is settled."""
        await self._flush()
        now, hour = self._clock(), self._hours()
        room = self._meter.room(now)
        if room <= 0 or now < self._paused_until:
            return []
        ready = []
        async with self._database.transaction() as connection:
            outbox = Outbox(connection)
            for item in await outbox.claim(room, now, now + LEASE, hour=hour):
                if item.expires_at is not None and item.expires_at <= hour:
                    await outbox.settle_expired(item, hour)
                elif item.intent in _MESSAGES and (free_at := self._meter.chat_free_at(item.chat, now)) > now:
                    await outbox.put_off(item, free_at)
                else:
                    shown = await outbox.card(item.chat, item.card_key) if item.card_key else None
                    ready.append((item, shown))
        self._meter.start(len(ready), now)
        return ready

    async def _send(self, item: Outgoing, message_id: int | None) -> None:
        begun = self._clock()
        try:
            sent_as = await deliver(self._bot, item, message_id)
        except Exception as error:  # noqa: BLE001  # whatever it is, the row is settled, the others go on
            settlement, outcome = self._failed(item, error), type(error).__name__
        else:
            settlement, outcome = self._sent(item, sent_as), "sent"
        now = self._clock()
        self._meter.end(item.chat if item.intent in _MESSAGES else None, now)
        seconds = (now - begun).total_seconds()
        _log.info("mail", id=item.id, attempt=item.attempts, outcome=outcome, seconds=seconds)
        self._unsettled.append(settlement)
        try:
            await self._flush()
        except Unavailable:
            _log.warning("courier.unsettled", id=item.id)
        self.wake.set()

    async def _flush(self) -> None:
        """Settle the calls that have ended: those that end during one commit share the next.

        When the database is away they are kept, and settled before anything else is claimed.
        """
        async with self._settling:
            if batch := self._unsettled[:]:
                async with self._database.transaction() as connection:
                    for settle in batch:
                        await settle(connection)
                del self._unsettled[: len(batch)]

    def _sent(self, item: Outgoing, sent_as: tuple[int, ...]) -> Settlement:
        async def settle(connection: Connection) -> None:
            first, *others = sent_as or (None,)
            await Outbox(connection).settle_sent(item, first, self._hours(), others=others)

        return settle

    def _failed(self, item: Outgoing, error: Exception) -> Settlement:
        """What an error means for the row; BadRequest and TimedOut are NetworkErrors, so order matters."""
        match error:
            case RetryAfter():
                told = error.retry_after
                pause = told if isinstance(told, timedelta) else timedelta(seconds=told)
                self._paused_until = max(self._paused_until, self._clock() + pause)
                settlement = self._put_off(item, self._paused_until)
            case InvalidToken() | EndPointNotFound():  # the library says the second once the token has worked
                self._token_refused = True
                settlement = self._put_off(item, self._clock())
            case ChatMigrated():
                settlement = self._moved(item, str(error.new_chat_id))
            case Forbidden():
                settlement = self._unreachable(item, error.message)
            case BadRequest():
                gone = "chat not found" in error.message.lower()
                settlement = (self._unreachable if gone else self._buried)(item, error.message)
            case _ if not isinstance(error, NetworkError) and item.attempts >= _MOST_SURPRISES:
                settlement = self._buried(item, type(error).__name__)  # it would hold up its chat for ever
            case _:
                settlement = self._later(item, type(error).__name__)
        return settlement

    def _put_off(self, item: Outgoing, until: datetime) -> Settlement:
        async def settle(connection: Connection) -> None:
            await Outbox(connection).put_off(item, until)

        return settle

    def _later(self, item: Outgoing, error: str) -> Settlement:
        wait = min(timedelta(seconds=2 ** min(item.attempts - 1, 20)), _LONGEST_RETRY)  # 1, 2, 4 … seconds
        retry_at = self._clock() + wait

        async def settle(connection: Connection) -> None:
            await Outbox(connection).settle_later(item, error, retry_at)

        return settle

    def _moved(self, item: Outgoing, new_chat: str) -> Settlement:
        async def settle(connection: Connection) -> None:
            await Outbox(connection).move_chat(item.chat, new_chat)
            await self._on_migrated(connection, item.chat, new_chat)

        return settle

    def _unreachable(self, item: Outgoing, error: str) -> Settlement:
        async def settle(connection: Connection) -> None:
            await Outbox(connection).bury_chat(item.chat, error, self._hours())
            await self._on_forbidden(connection, item)

        return settle

    def _buried(self, item: Outgoing, error: str) -> Settlement:
        async def settle(connection: Connection) -> None:
            await Outbox(connection).settle_buried(item, error, self._hours())
            await self._on_buried(connection, item, error)

        return settle
