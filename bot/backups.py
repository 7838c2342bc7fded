"""The copies of its database that the running bot makes by itself."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from bot.actions.desk import Desk, Rules
from bot.domain.errors import OperatorError, Unavailable
from bot.storage.backups import Copy, back_up, name_for, remove_older
from bot.storage.engine import Database
from bot.storage.store import Store
from bot.texts import Texts

log = structlog.get_logger(__name__)

BACKUP, FAILED = "backup", "backup_failed"
"""What is noted of a copy that was made, and of one that could not be."""
LOOK_EVERY = timedelta(minutes=1)
AGAIN_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the copies go, how often one is made, and how many are kept."""

    directory: Path
    every: timedelta
    keep: int


class Backups:
    """Makes a copy whenever the last one is old enough; `on_mail` is called when the operator is told."""

    def __init__(
        self,
        database: Database,
        path: Path,
        plan: Plan,
        texts: Texts,
        rules: Rules,
        clock: Callable[[], datetime],
        *,
        on_mail: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._path = path
        self._plan = plan
        self._texts = texts
        self._rules = rules
        self._clock = clock
        self._on_mail = on_mail
        self._looked_at: datetime | None = None

    async def look(self) -> None:
        """Make a copy if it is time for one; what goes wrong is told to the operator, once a day."""
        now = self._clock()
        if self._looked_at is not None and abs(now - self._looked_at) < LOOK_EVERY:
            return
        self._looked_at = now
        try:
            if await self._is_time(now):
                await self._make(now)
        except Unavailable as error:
            log.warning("backup_postponed", error=str(error))

    async def _is_time(self, now: datetime) -> bool:
        async with self._database.transaction() as connection:
            upkeep = Store(connection).upkeep
            done, failed = await upkeep.last(BACKUP), await upkeep.last(FAILED)
        # A clock that was set back must not stop it for long.
        rests = done is not None and abs(now - done.at) < self._plan.every
        return not rests and (failed is None or abs(now - failed.at) >= AGAIN_AFTER)

    async def _make(self, now: datetime) -> None:
        try:
            copy = await asyncio.to_thread(self._copy, now)
        except OperatorError as error:
            log.warning("backup_failed", error=str(error))
            await self._tell(str(error), now)
            return
        log.info("backup_made", bytes=copy.size, rows=copy.rows, seconds=round(copy.seconds, 3))
        async with self._database.transaction() as connection:
            await note_backup(Store(connection), copy, now)

    def _copy(self, now: datetime) -> Copy:
        if not self._plan.directory.is_dir():
            raise OperatorError(
                f"the folder {self._plan.directory} is not there: make it, or plug in its disk"
            )
        copy = back_up(self._path, self._plan.directory / name_for(now), now)
        remove_older(self._plan.directory, self._plan.keep)
        return copy

    async def _tell(self, error: str, now: datetime) -> None:
        async with self._database.transaction() as connection:
            desk = Desk(Store(connection), self._texts, self._rules, now)
            await desk.store.upkeep.note(FAILED, now, error=error)
            once = f"backup_failed:{now:%Y%m%d}"
            desk.tell_operator("operator.backup_failed", {"error": error}, dedupe_key=once)
            await desk.send()
        self._on_mail()


async def note_backup(store: Store, copy: Copy, now: datetime) -> None:
    """Remember that a copy was made, and which."""
    await store.upkeep.note(BACKUP, now, file=str(copy.path.absolute()), bytes=copy.size, rows=copy.rows)
    await store.upkeep.forget(FAILED)
