"""The timetable: what happens by clock. The scheduler only ticks; every due time is a row."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.actions.chores import do_one
from bot.actions.desk import Desk, Rules
from bot.actions.reminders import fire_one, set_aside, sweep, tell_one
from bot.actions.retention import erase_by_night
from bot.domain.errors import Unavailable
from bot.storage.engine import Database
from bot.storage.store import Store
from bot.texts import Texts

log = structlog.get_logger(__name__)
# A tick that finds the last one still running is no news: what is due is done by that one or the next.
_QUIET = logging.getLogger(f"{__name__}.scheduler")
_QUIET.setLevel(logging.ERROR)

SWEEP_EVERY = timedelta(hours=1)
Step = Callable[[Desk], Awaitable[bool | None]]


class Jobs:
    """Does what is due, a transaction for each row; calls `on_mail` when something has been posted."""

    def __init__(
        self,
        database: Database,
        texts: Texts,
        rules: Rules,
        clock: Callable[[], datetime],
        on_mail: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._texts = texts
        self._rules = rules
        self._clock = clock
        self._on_mail = on_mail
        self._swept_at: datetime | None = None

    async def tick(self) -> None:
        """Do everything that is due now: first what the clock decides, then what it has to say."""
        try:
            for step in (fire_one, do_one, tell_one):
                while await self._do(step):
                    pass
            now = self._clock()
            if self._swept_at is None or abs(now - self._swept_at) >= SWEEP_EVERY:
                self._swept_at = now
                await self._do(sweep)
                while await self._do(erase_by_night):
                    pass
        except Unavailable as error:
            log.warning("tick_postponed", error=str(error))

    async def _tick_until_stopped(self) -> None:
        # A stop cuts a tick short: its transaction has not happened; nobody need complain.
        with suppress(asyncio.CancelledError):
            await self.tick()

    async def _do(self, step: Step) -> bool:
        try:
            async with self._database.transaction() as connection:
                desk = Desk(Store(connection), self._texts, self._rules, self._clock())
                did = await step(desk)
                posted = bool(desk.mail)
                await desk.send()
        except Unavailable:
            raise
        # A row that cannot be acted on must not stop all the others: it is looked at again later.
        except Exception as error:  # noqa: BLE001
            did, posted = await self._set_aside(step, error)
        if posted:
            self._on_mail()
        return bool(did)

    async def _set_aside(self, step: Step, error: Exception) -> tuple[bool, bool]:
        """Whether there was such a row, and whether somebody is told; the trace may hold a person's words."""
        log.error("due_row_failed", step=step.__name__, error=type(error).__name__)
        log.debug("due_row_failed_trace", step=step.__name__, exc_info=error)
        async with self._database.transaction() as connection:
            desk = Desk(Store(connection), self._texts, self._rules, self._clock())
            did = await set_aside(desk, step, type(error).__name__)
            posted = bool(desk.mail)
            await desk.send()
        return did, posted

    def timetable(
        self, tick_seconds: float, beside: Sequence[Callable[[], Awaitable[None]]] = ()
    ) -> AsyncIOScheduler:
        """A scheduler that ticks; ticks that were missed are one, and two never overlap.

        `beside` is called as often, but holds up no tick.
        """
        scheduler = AsyncIOScheduler(timezone="UTC", logger=_QUIET)
        for job in (self._tick_until_stopped, *beside):
            scheduler.add_job(
                job,
                IntervalTrigger(seconds=tick_seconds),
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
        return scheduler
