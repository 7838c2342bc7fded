"""SQLite through aiosqlite: one writer behind a lock, one thread hop a statement."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path

import aiosqlite

from bot.domain.errors import OperatorError, Unavailable
from bot.storage.engine import Connection, Row, bring_up_to_date, named_queries

_LOCKING = re.compile(r"\bFOR UPDATE( OF \w+)?( SKIP LOCKED)?", re.IGNORECASE)
_STATEMENTS_KEPT = 256
"""Prepared statements the driver keeps: more than there are named queries."""
_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_NOTADB,
    }
)
"""Result codes that speak of the file, not of the statement: https://www.sqlite.org/rescode.html"""


@cache
def statements() -> Mapping[str, str]:
    """The named queries as SQLite takes them."""
    # A writer holds the whole database here, so row locks have nothing to add.
    return {name: _LOCKING.sub("", sql) for name, sql in named_queries().items()}


def never_twice(sql: str) -> str:
    """A schema whose ids are never given again, as on PostgreSQL: dedupe keys and old buttons hold them."""
    return sql.replace("INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY AUTOINCREMENT")


@contextmanager
def _reported() -> Iterator[None]:
    """Trouble with the file is Unavailable; a statement that is wrong stays the driver's error."""
    try:
        yield
    except sqlite3.Error as error:
        # The low byte is the primary code; errors of the Python module itself have none.
        if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _AWAY:
            raise Unavailable(str(error)) from error
        raise


class SqliteConnection:
    """One open transaction; each method raises Unavailable when the file is locked, full, broken or gone."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self.raw = connection

    async def fetch(self, query: str, parameters: Mapping[str, object]) -> list[Row]:
        """Run a named query in one hop to the database's thread."""
        with _reported():
            rows = await self.raw.execute_fetchall(statements()[query], dict(parameters))
        return list(rows)  # type: ignore[arg-type]  # sqlite3.Row reads like a mapping but is not declared one

    async def run_many(self, query: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run a named statement for each set of parameters."""
        with _reported():
            await self.raw.executemany(statements()[query], [dict(row) for row in rows])

    async def execute(self, sql: str) -> None:
        """Run plain SQL."""
        with _reported():
            await self.raw.execute_fetchall(sql)


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
            connection = await aiosqlite.connect(
                where, isolation_level=None, cached_statements=_STATEMENTS_KEPT
            )
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

        Raises Unavailable when the file is locked, full, broken or gone.
        """
        async with self._turnstile:
            connection = SqliteConnection(self._connection)
            try:
                await connection.execute("BEGIN IMMEDIATE")
                yield connection
                await connection.execute("COMMIT")
            except BaseException:
                # Shielded: a cancelled task must not leave the only writer inside a transaction. The thread
                # does one thing after the other, so this comes behind whatever the task had begun; it does
                # nothing where no transaction is open.
                with _reported():
                    await asyncio.shield(self._connection.rollback())
                raise

    async def migrate(self) -> int:
        """Apply what is missing in one transaction; raises OperatorError on a newer schema."""
        async with self.transaction() as connection:
            return await bring_up_to_date(connection, never_twice)

    async def close(self) -> None:
        """Wait for the transaction under way and close the file."""
        async with self._turnstile:
            await self._connection.close()
