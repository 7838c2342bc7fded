"""Chores on both engines: one for each kind and subject, the most overdue first, each taken by one."""

from datetime import UTC, datetime, timedelta

from bot.storage.chores import Chore
from bot.storage.engine import Database
from bot.storage.postgres import PostgresDatabase
from bot.storage.store import Store

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_the_most_overdue_chore_is_the_next(database: Database) -> None:
    """What is put again moves; what is dropped is not done; nothing is done before its time."""
    async with database.transaction() as connection:
        chores = Store(connection).chores
        await chores.put("announce.send", 1, NOW)
        await chores.put("activity.remind", 1, NOW - HOUR, 2)
        await chores.put("announce.send", 2, NOW - 2 * HOUR)
        await chores.put("announce.send", 2, NOW + HOUR, 1)
        first = await chores.claim(NOW)
        assert first == Chore(first.id if first else 0, "activity.remind", 1, NOW - HOUR, 2)
        await chores.drop("activity.remind", 1)
        second = await chores.claim(NOW)
        assert second is not None
        assert (second.kind, second.subject_id) == ("announce.send", 1)
        await chores.drop("announce.send", 1)
        assert await chores.claim(NOW + HOUR - timedelta(microseconds=1)) is None
        last = await chores.claim(NOW + HOUR)
        assert last is not None
        assert (last.subject_id, last.stage) == (2, 1)


async def test_two_tickers_take_two_chores(postgres: PostgresDatabase) -> None:
    """What one has claimed the other does not wait for."""
    async with postgres.transaction() as connection:
        for number in (1, 2):
            await Store(connection).chores.put("announce.send", number, NOW)
    async with postgres.transaction() as one, postgres.transaction() as other:
        claimed = [await Store(connection).chores.claim(NOW) for connection in (one, other)]
        assert [chore and chore.subject_id for chore in claimed] == [1, 2]
