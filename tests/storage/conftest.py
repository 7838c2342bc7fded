"""Both engines: a test that asks for `database` runs on SQLite and on a real PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from shutil import copyfile

import pytest

from bot.storage.engine import Database
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase
from tests.engines import Server, serving


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """One PostgreSQL server for all tests."""
    with serving() as server:
        yield server


@pytest.fixture
async def sqlite(tmp_path: Path, migrated: Path) -> AsyncIterator[SqliteDatabase]:
    """A migrated SQLite database."""
    copyfile(migrated, tmp_path / "lianxin.db")
    database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    yield database
    await database.close()


@pytest.fixture
async def postgres(server: Server) -> AsyncIterator[PostgresDatabase]:
    """A migrated PostgreSQL database."""
    async with AsyncExitStack() as stack:
        database = await PostgresDatabase.open(await stack.enter_async_context(server.fresh()))
        stack.push_async_callback(database.close)
        yield database


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated database of each engine."""
    found: Database = request.getfixturevalue(request.param)
    return found
