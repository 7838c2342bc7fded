"""SQLite: one writer behind a lock; what waits, for a lock or the disk, happens in aiosqlite's thread."""

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
    """One open transaction; each method raises Unavailable when the file is locked, full, broken or gone.

    It holds the write lock and its pages are in memory, so a statement takes some microseconds, less than the
    way to another thread and back: it runs where it is.
    """

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw

    async def fetch(self, query: str, parameters: Mapping[str, object]) -> list[Row]:
        """Run a named query."""
        with _reported():
            return self.raw.execute(statements()[query], dict(parameters)).fetchall()

    async def run_many(self, query: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run a named statement for each set of parameters."""
        with _reported():
            self.raw.executemany(statements()[query], [dict(row) for row in rows])

    async def execute(self, sql: str) -> None:
        """Run plain SQL."""
        with _reported():
            self.raw.execute(sql)


class SqliteDatabase:
    """An embedded database in one file (or `:memory:`), durable at every commit."""

    def __init__(self, path: str, raw: sqlite3.Connection, connection: aiosqlite.Connection) -> None:
        self.path = path
        self._raw = raw
        self._connection = connection
        self._turnstile = asyncio.Lock()

    @staticmethod
    async def open(path: str) -> "SqliteDatabase":
        """Open or create the file; raises OperatorError when that is impossible."""
        try:
            where = path if path == ":memory:" else Path(path).expanduser()
            if isinstance(where, Path) and not where.exists():
                where.parent.mkdir(parents=True, exist_ok=True)
                where.touch(mode=0o600)  # names and phones will stand in it
            # The thread's and ours: the turnstile lets only one of them use it at a time.
            raw = sqlite3.connect(
                where, isolation_level=None, cached_statements=_STATEMENTS_KEPT, check_same_thread=False
            )
        except (OSError, sqlite3.Error) as error:
            raise OperatorError(f"the database file {path} cannot be opened: {error}") from error
        raw.row_factory = sqlite3.Row
        connection = await aiosqlite.Connection(lambda: raw, iter_chunk_size=64)
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
        return SqliteDatabase(path, raw, connection)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """BEGIN IMMEDIATE … COMMIT; other transactions of this process wait their turn.

        Raises Unavailable when the file is locked, full, broken or gone.
        """
        async with self._turnstile:
            try:
                await self._wait_for("BEGIN IMMEDIATE")
                yield SqliteConnection(self._raw)
                await self._wait_for("COMMIT")
            except BaseException:
                # Shielded: a cancelled task must not leave the only writer inside a transaction. The thread
                # does one thing after the other, so this comes behind whatever the task had begun; it does
                # nothing where no transaction is open.
                with _reported():
                    await asyncio.shield(self._connection.rollback())
                raise

    async def _wait_for(self, sql: str) -> None:
        """In the thread: another process may hold the lock, and a commit waits for the disk."""
        with _reported():
            await self._connection.execute_fetchall(sql)

    async def migrate(self) -> int:
        """Apply what is missing in one transaction; raises OperatorError on a newer schema.

        A table that is built anew is missing for a moment, so foreign keys are looked at in the end
        (https://www.sqlite.org/lang_altertable.html#otheralter).
        """
        await self._wait_for("PRAGMA foreign_keys = OFF")
        try:
            async with self.transaction() as connection:
                version = await bring_up_to_date(connection, "sqlite", never_twice)
                with _reported():
                    astray = self._raw.execute("PRAGMA foreign_key_check").fetchall()
                if astray:
                    raise OperatorError(
                        f"{len(astray)} rows refer to nothing: restore a backup of {self.path}"
                    )
                return version
        finally:
            await self._wait_for("PRAGMA foreign_keys = ON")

    async def close(self) -> None:
        """Wait for the transaction under way and close the file."""
        async with self._turnstile:
            await self._connection.close()
