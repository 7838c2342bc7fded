"""The database as the rest of the house sees it: transactions, savepoints and rows by query name."""

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import aiosql

from bot.domain.errors import OperatorError, Unavailable

_HERE = Path(__file__).parent
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Row = Mapping[str, Any]
"""One row by column name; values are str, int or None."""


def to_micros(instant: datetime) -> int:
    """An aware instant as microseconds since 1970 UTC, exactly."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC instant of a stored integer."""
    return _EPOCH + timedelta(microseconds=micros)


def maybe_instant(micros: int | None) -> datetime | None:
    """The same for a column that may be empty."""
    return None if micros is None else from_micros(micros)


def maybe_micros(instant: datetime | None) -> int | None:
    """The same the other way."""
    return None if instant is None else to_micros(instant)


@cache
def named_queries() -> Mapping[str, str]:
    """All statements of queries/*.sql by name, with `:parameters`."""
    loaded = aiosql.from_path(_HERE / "queries", "aiosqlite", mandatory_parameters=False)
    names = [name for name in loaded.available_queries if not name.endswith("_cursor")]
    return {name: getattr(loaded, name).sql for name in names}


class Connection(Protocol):
    """What one open transaction can do; the two engines implement it."""

    async def fetch(self, query: str, parameters: Mapping[str, object]) -> list[Row]:
        """Run a named query and give all its rows."""

    async def run_many(self, query: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Run a named statement once for each set of parameters, in one round trip."""

    async def execute(self, sql: str) -> None:
        """Run plain SQL without parameters or result (savepoints)."""


def migrations() -> list[tuple[int, str]]:
    """The numbered schema changes in order: (number, SQL)."""
    files = sorted((_HERE / "migrations").glob("*.sql"))
    return [(int(file.name.split("_")[0]), file.read_text(encoding="utf-8")) for file in files]


def split_statements(sql: str) -> list[str]:
    """The statements of a migration, one by one: SQLite would commit before a script."""
    without_comments = re.sub(r"--[^\n]*", "", sql)
    return [part.strip() for part in without_comments.split(";") if part.strip()]


def for_engine(sql: str, engine: str) -> str:
    """A migration without what is only for the other engine: it stands below a comment with its [name]."""
    parts = re.split(r"^-- \[(\w+)\]", sql, flags=re.MULTILINE)
    named = zip(("both", *parts[1::2]), parts[::2], strict=True)
    return "--".join(part for name, part in named if name in ("both", engine))


async def bring_up_to_date(connection: Connection, engine: str, adapted: Callable[[str], str]) -> int:
    """Apply the migrations that are missing, each with its record, and return the schema's number.

    `engine` is sqlite or postgresql; `adapted` puts the common dialect into its words. Raises OperatorError
    on a newer schema.
    """
    table = "schema_versions (version BIGINT NOT NULL UNIQUE, applied_at TEXT NOT NULL)"
    await connection.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    (row,) = await connection.fetch("schema_version", {})
    current = row["version"] or 0
    steps = migrations()
    newest = steps[-1][0]
    if current > newest:
        raise OperatorError(
            f"the database has schema {current}, this program knows {newest}: install the newer program"
        )
    for version, sql in steps:
        if version > current:
            for statement in split_statements(adapted(for_engine(sql, engine))):
                await connection.execute(statement)
            await connection.fetch("put_schema_version", {"version": version})
    return newest


class Database(Protocol):
    """A place to keep rows."""

    def transaction(self) -> "AbstractAsyncContextManager[Connection]":
        """One transaction: committed when the block ends, rolled back when it raises.

        Raises Unavailable when the database is away for now, also from within: nothing has happened then.
        """

    async def migrate(self) -> int:
        """Bring the schema up to date and return its number; refuses (OperatorError) a newer one."""

    async def close(self) -> None:
        """Let go of every connection."""


class Savepoints:
    """Names for nested savepoints of one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._depth = 0

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What happens inside is undone when it raises; the transaction goes on."""
        self._depth += 1
        name = f"s{self._depth}"
        await self._connection.execute(f"SAVEPOINT {name}")
        try:
            yield
        except Unavailable:
            raise  # the whole transaction is gone, and the savepoint with it
        except BaseException:
            await self._connection.execute(f"ROLLBACK TO SAVEPOINT {name}")
            await self._connection.execute(f"RELEASE SAVEPOINT {name}")
            raise
        else:
            await self._connection.execute(f"RELEASE SAVEPOINT {name}")
        finally:
            self._depth -= 1
