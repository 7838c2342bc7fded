"""SQLite through aiosqlite: one writer behind a lock, one thread hop a statement."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import aiosqlite

from bot.domain.errors import OperatorError, Unavailable
from bot.storage.engine import Connection, Row, migrations, named_queries

_LOCKING = re.compile(r"\bFOR UPDATE( OF \w+)?( SKIP LOCKED)?", re.IGNORECASE)


@cache
def _statements() -> Mapping[str, str]:
    # A writer holds the whole database here, so row locks have nothing to add.
    return {name: _LOCKING.sub("", sql) for name, sql in named_queries().items()}


class SqliteConnection:
    """One open transaction."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def fetch(self, query: str, parameters: Mapping[str, object]) -> list[Row]:
        """Run a named query in one hop to the database's thread."""
        rows = await self._connection.execute_fetchall(_statements()[query], dict(parameters))
        return list(rows)  # type: ignore[arg-type]  # sqlite3.Row reads like a mapping but is not declared one

    async def run_many(self, query: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run a named statement for each set of parameters."""
        await self._connection.executemany(_statements()[query], [dict(row) for row in rows])

    async def execute(self, sql: str) -> None:
        """Run plain SQL."""
        await self._connection.execute_fetchall(sql)


class SqliteDatabase:
    """An embedded database in one file (or `:memory:`), durable at every commit."""

    def __init__(self, path: str, connection: aiosqlite.Connection) -> None:
        self.path = path
        self._connection = connection
        self._turnstile = asyncio.Lock()

    @staticmethod
    async def open(path: str) -> "SqliteDatabase":
        """Open or create the file; raises OperatorError when that is impossible."""
        try:
            if path != ":memory:":
                Path(path).expanduser().parent.mkdir(parents=True, exist_ok=True)
            where = path if path == ":memory:" else Path(path).expanduser()
            connection = await aiosqlite.connect(where, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise OperatorError(f"the database file {path} cannot be opened: {error}") from error
        connection.row_factory = sqlite3.Row
        try:
            for pragma in (
                "busy_timeout = 10000",
                "journal_mode = WAL",
                "synchronous = FULL",
                "foreign_keys = ON",
                "cache_size = -32000",
            ):
                await connection.execute_fetchall(f"PRAGMA {pragma}")
        except sqlite3.Error as error:
            await connection.close()
            raise OperatorError(f"the database file {path} cannot be opened: {error}") from error
        return SqliteDatabase(path, connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """BEGIN IMMEDIATE … COMMIT; other transactions of this process wait their turn.

        Raises Unavailable when the file is locked, full or gone.
        """
        async with self._turnstile:
            try:
                await self._connection.execute_fetchall("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise Unavailable(str(error)) from error
            try:
                yield SqliteConnection(self._connection)
                await self._connection.execute_fetchall("COMMIT")
            except BaseException as error:
                # Shielded: a cancelled task must not leave the only writer inside a transaction.
                await asyncio.shield(self._roll_back())
                if isinstance(error, sqlite3.OperationalError):
                    raise Unavailable(str(error)) from error
                raise

    async def _roll_back(self) -> None:
        if self._connection.in_transaction:
            await self._connection.execute_fetchall("ROLLBACK")

    async def migrate(self) -> int:
        """Apply what is missing, each file with its record in one transaction."""
        await self._connection.execute_fetchall(
            "CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)"
        )
        steps = migrations()
        async with self.transaction() as connection:
            found = await self._connection.execute_fetchall("SELECT MAX(version) AS version FROM schema_versions")
            current = next(iter(found))[0] or 0
            if current > steps[-1][0]:
                raise OperatorError(
                    f"the database has schema {current}, this program knows {steps[-1][0]}: install the newer program"
                )
            for version, sql in steps:
                if version > current:
                    for statement in split_statements(sql):
                        await connection.execute(statement)
                    await connection.execute(f"INSERT INTO schema_versions VALUES ({version}, CURRENT_TIMESTAMP)")
        return steps[-1][0]

    async def close(self) -> None:
        """Wait for the transaction under way and close the file."""
        async with self._turnstile:
            await self._connection.close()


def split_statements(sql: str) -> list[str]:
    """The statements of a migration, one by one: a script would commit behind our back."""
    without_comments = re.sub(r"--[^\n]*", "", sql)
    return [part.strip() for part in without_comments.split(";") if part.strip()]
