"""The tick: what is due is done, a transaction for each row, whatever else goes wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import Unavailable
from bot.jobs import SWEEP_EVERY, Jobs
from bot.storage.engine import Connection
from bot.storage.sqlite import SqliteDatabase
from tests.world import TEXTS, World


class Spied:
    """The world's database, which notes its transactions and may go away."""

    def __init__(self, world: World) -> None:
        assert isinstance(world.database, SqliteDatabase)
        self._database = world.database
        self.queries: list[list[str]] = []
        self.away = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """As the real one, or away."""
        if self.away:
            raise Unavailable("away")
        async with self._database.transaction() as connection:
            self.queries.append([])
            yield Noted(connection, self.queries[-1])

    async def migrate(self) -> int:
        """As the real one."""
        return await self._database.migrate()

    async def close(self) -> None:
        """As the real one."""
        await self._database.close()


class Noted:
    """A transaction whose statements are noted by name."""

    def __init__(self, connection: Connection, queries: list[str]) -> None:
        self._connection = connection
        self._queries = queries

    async def fetch(self, query: str, parameters: Any) -> Any:
        """Note and run."""
        self._queries.append(query)
        return await self._connection.fetch(query, parameters)

    async def run_many(self, query: str, rows: Any) -> None:
        """Note and run."""
        self._queries.append(query)
        await self._connection.run_many(query, rows)

    async def execute(self, sql: str) -> None:
        """Run."""
        await self._connection.execute(sql)


class Story:
    """An issue nobody accepts, the jobs that look after it, and how often the courier was woken."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.database = Spied(world)
        self.woken = 0
        self.jobs = Jobs(self.database, TEXTS, world.rules, world.clock, self.wake)

    def wake(self) -> None:
        """The courier's bell."""
        self.woken += 1

    def swept(self) -> int:
        """How often the mail was swept."""
        return sum("sweep_outbox" in queries for queries in self.database.queries)


@pytest.fixture
async def story(world: World) -> Story:
    """A lamp in building 3 is broken, and its leader does nothing."""
    await world.leader_of("3")
    resident = await world.resident("3")
    await resident.sends("三栋楼道灯坏了")
    await resident.presses("照明", "提交")
    return Story(world)


async def test_the_courier_is_woken_only_for_mail(story: Story) -> None:
    """Nothing due: no bell. A reminder: one."""
    await story.jobs.tick()
    assert story.woken == 0

    story.world.clock.now += timedelta(hours=23)
    await story.jobs.tick()

    assert story.woken == 1


async def test_firing_and_telling_are_transactions_of_their_own(story: Story) -> None:
    """A crash between them loses nothing: what was fired waits as a row."""
    story.world.clock.now += timedelta(hours=23)
    await story.jobs.tick()

    fired = [queries for queries in story.database.queries if "put_notice" in queries]
    told = [queries for queries in story.database.queries if "put_mail" in queries]
    assert (len(fired), len(told)) == (1, 1)
    assert fired[0] is not told[0]


async def test_a_database_that_is_away_postpones_the_tick(story: Story) -> None:
    """Nothing is counted, nothing raised; the next tick does it all."""
    story.world.clock.now += timedelta(hours=23)
    story.database.away = True
    await story.jobs.tick()
    assert story.database.queries == []

    story.database.away = False
    await story.jobs.tick()

    assert story.woken == 1


async def test_old_mail_is_swept_once_an_hour(story: Story) -> None:
    """At the start, then hourly; a clock that jumps back does not stop it."""
    started: datetime = story.world.clock.now
    for moment, times in ((timedelta(), 1), (SWEEP_EVERY / 2, 1), (SWEEP_EVERY, 2), (-SWEEP_EVERY, 3)):
        story.world.clock.now = started + moment
        await story.jobs.tick()
        assert story.swept() == times


async def test_mail_is_forgotten_days_after_it_was_settled(story: Story) -> None:
    """Three days later the table of mail has only what was posted since."""
    before = {row["id"] for row in await story.world.rows("SELECT id FROM outbox")}
    assert before
    story.world.clock.now += timedelta(days=3, minutes=1)

    await story.jobs.tick()

    left = {row["id"] for row in await story.world.rows("SELECT id FROM outbox")}
    assert left
    assert not left & before


async def test_missed_ticks_are_one_and_never_overlap(story: Story) -> None:
    """The scheduler only ticks: a blocked process does not make up for what it missed."""
    [job] = story.jobs.timetable(5).get_jobs()

    assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)
    assert job.trigger.interval == timedelta(seconds=5)


async def test_the_log_of_a_failure_holds_no_words(story: Story) -> None:
    """What a broken row raises may quote it: at the usual level only the kind of error is written down."""
    await story.world.rows("UPDATE issues SET clock_kind = '王奶奶'")
    story.world.clock.now += timedelta(days=1)
    with capture_logs() as entries:
        await story.jobs.tick()
    usual = [entry for entry in entries if entry["log_level"] != "debug"]
    assert [entry["error"] for entry in usual if entry["event"] == "due_row_failed"] == ["ValueError"]
    assert not any("exc_info" in entry or "王奶奶" in str(entry) for entry in usual)
