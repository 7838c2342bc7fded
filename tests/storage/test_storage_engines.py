"""The engines: one schema, one way to commit, and trouble that is told from mistakes."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from bot.domain.errors import OperatorError, Refused, Unavailable
from bot.storage import postgres as postgres_engine
from bot.storage import sqlite as sqlite_engine
from bot.storage.engine import Connection, Database, migrations, named_queries
from bot.storage.postgres import PostgresConnection, PostgresDatabase
from bot.storage.sqlite import SqliteConnection, SqliteDatabase
from bot.storage.store import Store
from tests.engines import Server, ask

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


async def number_of(database: Database, table: str) -> int:
    """How many rows a table has."""
    async with database.transaction() as connection:
        (row,) = await ask(connection, f"SELECT COUNT(*) AS count FROM {table}")
        count: int = row["count"]
        return count


@asynccontextmanager
async def opened(path: str) -> AsyncIterator[SqliteDatabase]:
    """A second connection to a file."""
    database = await SqliteDatabase.open(path)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def connected(url: str, connections: int = 8) -> AsyncIterator[PostgresDatabase]:
    """A pool of its own."""
    database = await PostgresDatabase.open(url, connections=connections)
    try:
        yield database
    finally:
        await database.close()


# The schema -------------------------------------------------------------------------------------------

type_of = {"INTEGER": "bigint", "BIGINT": "bigint", "TEXT": "text"}
Columns = dict[tuple[str, str], tuple[str, bool]]
Indexes = dict[tuple[str, str], tuple[bool, str]]


async def tables_of_sqlite(database: SqliteDatabase) -> tuple[Columns, Indexes, set[tuple[str, str, str]]]:
    """Columns (type, may be empty), named indexes (unique, columns and condition), foreign keys."""
    columns: Columns = {}
    indexes: Indexes = {}
    references = set()
    async with database.transaction() as connection:
        for table in await ask(connection, "SELECT name FROM sqlite_master WHERE type = 'table'"):
            name = table["name"]
            if name.startswith("sqlite_"):
                continue
            for column in await ask(connection, f"PRAGMA table_info({name})"):
                may_be_empty = not column["notnull"] and not column["pk"]
                columns[name, column["name"]] = (type_of[column["type"]], may_be_empty)
            for key in await ask(connection, f"PRAGMA foreign_key_list({name})"):
                references.add((name, key["from"], key["table"]))
        for index in await ask(
            connection, "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'index'"
        ):
            if index["sql"]:
                unique = "UNIQUE" in index["sql"]
                indexes[index["tbl_name"], index["name"]] = (unique, plain(index["sql"].split(" ON ")[1]))
    return columns, indexes, references


async def tables_of_postgres(
    database: PostgresDatabase,
) -> tuple[Columns, Indexes, set[tuple[str, str, str]]]:
    """The same on PostgreSQL."""
    async with database.transaction() as connection:
        columns = await ask(
            connection,
            "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_schema = 'public'",
        )
        indexes = await ask(
            connection,
            "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
            "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        )
        references = await ask(
            connection,
            "SELECT conrelid::regclass::text AS name, attname AS column, confrelid::regclass::text AS other "
            "FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] "
            "WHERE contype = 'f'",
        )
    return (
        {
            (row["table_name"], row["column_name"]): (row["data_type"], row["is_nullable"] == "YES")
            for row in columns
        },
        {
            (row["tablename"], row["indexname"]): (
                "UNIQUE" in row["indexdef"],
                plain(row["indexdef"].split(" ON public.")[1].replace(" USING btree", "")),
            )
            for row in indexes
        },
        {(row["name"], row["column"], row["other"]) for row in references},
    )


def plain(definition: str) -> str:
    """An index as both engines would write it."""
    for noise in ("::text", "::bigint", "(", ")", " ", "\n"):
        definition = definition.replace(noise, "")
    return definition.lower()


async def test_the_migrations_build_the_same_tables(
    sqlite: SqliteDatabase, postgres: PostgresDatabase
) -> None:
    """Columns, types, what may be empty, indexes with their conditions, and references are the same."""
    ours, theirs = await tables_of_sqlite(sqlite), await tables_of_postgres(postgres)
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    assert ours[2] == theirs[2]
    assert len(ours[0]) > 100
    assert len(ours[1]) > 10
    assert len(ours[2]) > 20


async def test_what_is_said_once_is_said_once_on_both(
    sqlite: SqliteDatabase, postgres: PostgresDatabase
) -> None:
    """The keys declared inside the tables are the same too."""
    async with sqlite.transaction() as connection:
        found = await ask(
            connection,
            "SELECT m.name AS t, (SELECT group_concat(name, ',') FROM pragma_index_info(l.name)) AS keys "
            "FROM sqlite_master AS m JOIN pragma_index_list(m.name) AS l "
            "WHERE m.type = 'table' AND l.origin <> 'c'",
        )
        ours = {(row["t"], row["keys"]) for row in found}
        by_number = await ask(
            connection,
            "SELECT m.name AS t, i.name AS keys FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS i "
            "WHERE m.type = 'table' AND i.pk = 1 AND m.sql LIKE '%INTEGER PRIMARY KEY%'",
        )
        ours |= {(row["t"], row["keys"]) for row in by_number}
    async with postgres.transaction() as connection:
        found = await ask(
            connection,
            "SELECT conrelid::regclass::text AS t, (SELECT string_agg(attname, ',' ORDER BY place) "
            "FROM unnest(conkey) WITH ORDINALITY AS k (num, place) "
            "JOIN pg_attribute ON attrelid = conrelid AND attnum = k.num) AS keys "
            "FROM pg_constraint WHERE contype IN ('p', 'u') AND connamespace = 'public'::regnamespace",
        )
        theirs = {(row["t"], row["keys"]) for row in found}
    assert ours == theirs


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    """The second time finds everything done."""
    newest = migrations()[-1][0]
    before = await number_of(database, "schema_versions")
    again = await database.migrate()
    assert again == newest
    assert await number_of(database, "schema_versions") == before == len(migrations())


async def test_a_newer_schema_is_refused(database: Database) -> None:
    """An older program keeps its hands off."""
    async with database.transaction() as connection:
        await connection.fetch("put_schema_version", {"version": migrations()[-1][0] + 1})
    with pytest.raises(OperatorError, match="install the newer program"):
        await database.migrate()


async def test_three_processes_migrate_at_once(server: Server) -> None:
    """On PostgreSQL they take turns: each migration is applied once, all three go on."""
    async with (
        server.fresh(migrated=False) as url,
        connected(url, 1) as one,
        connected(url, 1) as two,
        connected(url, 1) as three,
    ):
        found = await asyncio.gather(one.migrate(), two.migrate(), three.migrate())
        assert set(found) == {migrations()[-1][0]}
        assert await number_of(one, "schema_versions") == len(migrations())


async def test_two_processes_migrate_one_file_at_once(tmp_path: Path) -> None:
    """On SQLite they take turns as well."""
    path = str(tmp_path / "both.db")
    async with opened(path) as one, opened(path) as two:
        found = await asyncio.gather(one.migrate(), two.migrate())
        assert set(found) == {migrations()[-1][0]}
        assert await number_of(one, "schema_versions") == len(migrations())


async def test_a_broken_migration_leaves_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration is applied with its record or not at all: its first table does not stay behind."""
    broken = (99, "CREATE TABLE lost (id INTEGER PRIMARY KEY); CREATE TABLE lost (id INTEGER PRIMARY KEY)")
    monkeypatch.setattr("bot.storage.engine.migrations", lambda: [*migrations(), broken])
    with pytest.raises((sqlite3.OperationalError, asyncpg.DuplicateTableError)):
        await database.migrate()
    monkeypatch.undo()
    assert await database.migrate() == migrations()[-1][0]
    async with database.transaction() as connection:
        await connection.execute("CREATE TABLE lost (id INTEGER)")


async def test_an_id_is_never_given_twice(database: Database) -> None:
    """A row that is gone leaves its id unused: dedupe keys and old buttons may still name it."""
    async with database.transaction() as connection:
        people = Store(connection).people
        first = await people.new(NOW)
        await connection.execute("DELETE FROM people")
        assert await people.new(NOW) > first


def test_every_query_is_used() -> None:
    """No statement is left over."""
    code = "".join(file.read_text(encoding="utf-8") for file in Path("bot/storage").glob("*.py"))
    assert [name for name in named_queries() if f'"{name}"' not in code] == []


async def test_every_query_is_understood_by_sqlite(sqlite: SqliteDatabase) -> None:
    """Each names tables and columns that are there; row locks are gone."""
    async with sqlite.transaction() as connection:
        assert isinstance(connection, SqliteConnection)
        for sql in sqlite_engine.statements().values():
            assert "FOR UPDATE" not in sql
            names = dict.fromkeys(re.findall(r":(\w+)", re.sub(r"--.*", "", sql)))
            connection.raw.execute(f"EXPLAIN {sql}", names)


async def test_every_query_is_understood_by_postgresql(postgres: PostgresDatabase) -> None:
    """Each can be prepared: the types of all its parameters are clear, and all of them are handed over."""
    queries, order = postgres_engine.statements()
    async with postgres.transaction() as connection:
        assert isinstance(connection, PostgresConnection)
        for name, sql in queries.items():
            prepared = await connection.raw.prepare(sql)
            assert len(prepared.get_parameters()) == len(order.get(name, [])), name


# Transactions ------------------------------------------------------------------------------------------


async def test_what_is_done_together_stays_together(database: Database) -> None:
    """Committed when the block ends, gone when it raises."""
    async with database.transaction() as connection:
        await Store(connection).people.new(NOW)
    with pytest.raises(Refused):
        async with database.transaction() as connection:
            await Store(connection).people.new(NOW)
            raise Refused("no")
    assert await number_of(database, "people") == 1


async def test_a_savepoint_undoes_what_happened_inside_it(database: Database) -> None:
    """Also one within another; what was done around it stays."""
    async with database.transaction() as connection:
        store = Store(connection)
        await store.people.new(NOW)
        async with store.savepoint():
            await store.people.new(NOW)
            with pytest.raises(Refused):
                async with store.savepoint():
                    await store.people.new(NOW)
                    raise Refused("inner")
            await store.people.new(NOW)
        with pytest.raises(Refused):
            async with store.savepoint():
                await store.people.new(NOW)
                async with store.savepoint():
                    await store.people.new(NOW)
                raise Refused("outer")
        await store.people.new(NOW)
    assert await number_of(database, "people") == 4


async def test_a_statement_that_fails_inside_a_savepoint_can_be_survived(database: Database) -> None:
    """On PostgreSQL an error ends the transaction unless a savepoint catches it."""
    async with database.transaction() as connection:
        store = Store(connection)
        with pytest.raises((sqlite3.IntegrityError, asyncpg.UniqueViolationError)):
            async with store.savepoint():
                await connection.fetch("put_schema_version", {"version": migrations()[-1][0]})
        await store.people.new(NOW)
    assert await number_of(database, "people") == 1


async def test_no_increment_is_lost(database: Database) -> None:
    """Two hundred at once: lock first, then read."""
    async with database.transaction() as connection:
        compound = {"code": "a", "name": "0", "timezone": "Asia/Shanghai", "locale": "zh_CN"}
        await connection.fetch("put_compound", {**compound, "community_id": None})

    async def increment() -> None:
        async with database.transaction() as connection:
            (row,) = await connection.fetch("compound_by_code", {"code": "a"})
            values = {"code": "a", "timezone": "Asia/Shanghai", "locale": "zh_CN", "community_id": None}
            await connection.fetch("put_compound", {**values, "name": str(int(row["name"]) + 1)})

    await asyncio.gather(*(increment() for _ in range(200)))
    async with database.transaction() as connection:
        (row,) = await connection.fetch("compound_by_code", {"code": "a"})
    assert row["name"] == "200"


async def test_the_truth_that_a_column_asks_for(database: Database) -> None:
    """Both engines hold to references and checks; the transaction is gone, the database is not."""
    mistakes = (
        "INSERT INTO appointments (post_id, person_id, starts_at) VALUES (9, 9, 0)",
        "INSERT INTO links (code, kind, created_at) VALUES ('a', 'other', 0)",
        "INSERT INTO people (created_at) VALUES (NULL)",
    )
    for mistake in mistakes:
        with pytest.raises((sqlite3.IntegrityError, asyncpg.IntegrityConstraintViolationError)):
            async with database.transaction() as connection:
                await Store(connection).people.new(NOW)
                await connection.execute(mistake)
    assert await number_of(database, "people") == 0


# Cut short ---------------------------------------------------------------------------------------------


async def test_a_task_cancelled_anywhere_leaves_the_database_usable(database: Database) -> None:
    """Cancelled after each possible number of steps: all of its work is there or none, and others go on."""
    outcomes = set()
    for steps in range(40):

        async def work() -> None:
            async with database.transaction() as connection:
                people = Store(connection).people
                await people.new(NOW)
                async with Store(connection).savepoint():
                    await people.new(NOW)

        before = await number_of(database, "people")
        task = asyncio.get_running_loop().create_task(work())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        task.cancel()
        await asyncio.wait([task])
        outcomes.add(await number_of(database, "people") - before)
    assert outcomes <= {0, 2}
    assert 0 in outcomes


async def test_cancelling_the_one_who_waits_to_begin(sqlite: SqliteDatabase) -> None:
    """BEGIN may still be under way when its task is cancelled: the next transaction begins all the same."""
    async with opened(sqlite.path) as other:
        async with other.transaction():
            task = asyncio.get_running_loop().create_task(number_of(sqlite, "people"))
            await asyncio.sleep(0)  # it has passed the turnstile, and its BEGIN waits for the file
            await asyncio.sleep(0)
            assert sqlite._turnstile.locked()  # noqa: SLF001  # the moment the story is about
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert await number_of(sqlite, "people") == 0


async def test_a_statement_cancelled_on_the_server(postgres: PostgresDatabase) -> None:
    """Its transaction is rolled back and its connection is good for the next one."""

    async def work() -> None:
        async with postgres.transaction() as connection:
            await Store(connection).people.new(NOW)
            await connection.execute("SELECT pg_sleep(30)")

    for _ in range(10):  # more often than there are connections
        task = asyncio.get_running_loop().create_task(work())
        # A server that is told to stop before it has begun pays no heed, and the statement goes on.
        while await number_of(postgres, "pg_stat_activity WHERE wait_event = 'PgSleep'") == 0:
            assert not task.done()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
    assert await number_of(postgres, "people") == 0


# Trouble -----------------------------------------------------------------------------------------------


async def test_a_mistake_in_a_statement_is_no_absence(database: Database) -> None:
    """What is wrong with the program must surface, not be retried for ever as if the database were away."""
    with pytest.raises((sqlite3.OperationalError, asyncpg.UndefinedTableError)):
        async with database.transaction() as connection:
            await connection.execute("SELECT no_such_column FROM no_such_table")
    with pytest.raises((sqlite3.ProgrammingError, KeyError)):
        async with database.transaction() as connection:
            await connection.fetch("compound", {})
    assert await number_of(database, "people") == 0


async def test_trouble_of_the_caller_is_no_absence(database: Database) -> None:
    """A file or a call that fails inside the block says nothing about the database."""
    for trouble in (FileNotFoundError("photo"), TimeoutError("telegram"), ConnectionResetError("telegram")):
        with pytest.raises(type(trouble)):
            async with database.transaction():
                raise trouble


async def test_a_locked_file_is_unavailable(sqlite: SqliteDatabase) -> None:
    """Another process holds it for too long: nothing has happened, and later it works again."""
    async with opened(sqlite.path) as other:
        await other._connection.execute_fetchall("PRAGMA busy_timeout = 0")  # noqa: SLF001  # we do not wait 10 s
        async with sqlite.transaction():
            with pytest.raises(Unavailable, match="locked"):
                await number_of(other, "people")
        assert await number_of(other, "people") == 0


async def test_a_full_disk_is_unavailable(sqlite: SqliteDatabase) -> None:
    """SQLite may end the transaction by itself then: no savepoint is missed, nothing is half written."""
    await sqlite._connection.execute_fetchall("PRAGMA max_page_count = 1")  # noqa: SLF001  # as few as it can
    with pytest.raises(Unavailable, match="full"):
        async with sqlite.transaction() as connection:
            store = Store(connection)
            await store.people.new(NOW)
            async with store.savepoint():
                for number in range(2000):
                    await store.people.put_account(1, "telegram", str(number), "王" * 500, "zh")
    await sqlite._connection.execute_fetchall("PRAGMA max_page_count = 100000")  # noqa: SLF001
    assert await number_of(sqlite, "people") == 0
    assert await number_of(sqlite, "accounts") == 0


async def test_a_transaction_that_is_gone_has_no_savepoint(database: Database) -> None:
    """Some troubles make the database roll everything back: the trouble is told, not its consequence."""
    with pytest.raises(Unavailable, match="disk"):
        async with database.transaction() as connection, Store(connection).savepoint():
            await Store(connection).people.new(NOW)
            await connection.execute("ROLLBACK")
            raise Unavailable("disk I/O error")
    assert await number_of(database, "people") == 0


async def test_a_commit_that_fails_has_not_happened(sqlite: SqliteDatabase) -> None:
    """Rolled back, and the connection goes on: shown with a reference that is only checked at the end."""
    with pytest.raises(sqlite3.IntegrityError):
        async with sqlite.transaction() as connection:
            await connection.execute("PRAGMA defer_foreign_keys = ON")
            await Store(connection).people.new(NOW)
            await Store(connection).people.put_account(99, "telegram", "1", "", "zh")
    assert await number_of(sqlite, "people") == 0
    assert await number_of(sqlite, "accounts") == 0


async def test_a_broken_file_is_unavailable(tmp_path: Path) -> None:
    """A database that is no database any more is not counted against the letters."""
    async with opened(str(tmp_path / "broken.db")) as database:
        await database.migrate()
        await database._connection.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")  # noqa: SLF001
        await database._connection.execute_fetchall("PRAGMA cache_size = 0")  # noqa: SLF001
        content = bytearray(Path(database.path).read_bytes())
        content[4096:] = b"\xff" * (len(content) - 4096)
        Path(database.path).write_bytes(content)
        with pytest.raises(Unavailable):
            async with database.transaction() as connection:
                await Store(connection).people.new(NOW)


async def test_closing_waits_for_the_transaction_under_way(database: Database) -> None:
    """What has begun is finished first."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        async with database.transaction() as connection:
            begun.set()
            await go_on.wait()
            return await Store(connection).people.new(NOW)

    task = asyncio.get_running_loop().create_task(work())
    await begun.wait()
    closing = asyncio.get_running_loop().create_task(database.close())
    await asyncio.sleep(0)
    go_on.set()
    await closing
    assert await task == 1


@pytest.mark.parametrize("path", ["/proc/here/lianxin.db", "{tmp}", "{tmp}/file/lianxin.db", "{tmp}/file"])
async def test_a_file_that_cannot_be_opened(path: str, tmp_path: Path) -> None:
    """A folder that cannot be made, a folder in its place, a file for a folder, a file of another kind."""
    (tmp_path / "file").write_text("This is a letter to the owners' committee, not a database. " * 20)
    with pytest.raises(OperatorError, match="cannot be opened"):
        await SqliteDatabase.open(path.format(tmp=tmp_path))


async def test_where_the_file_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path, one below home, folders that are not there yet, and none at all."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("lianxin.db", "~/data/lianxin.db", ":memory:"):
        async with opened(path) as database:
            await database.migrate()
            assert await number_of(database, "people") == 0
    assert (tmp_path / "lianxin.db").exists()
    assert (tmp_path / "data" / "lianxin.db").exists()


async def test_every_commit_is_durable(sqlite: SqliteDatabase) -> None:
    """What is committed survives a power cut, references are checked, and readers do not wait."""
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}
    for pragma, value in expected.items():
        (row,) = await sqlite._connection.execute_fetchall(f"PRAGMA {pragma}")  # noqa: SLF001
        assert row[0] == value, pragma


async def test_a_server_that_drops_us_is_unavailable(postgres: PostgresDatabase, server: Server) -> None:
    """At a statement, within a savepoint or at the commit: nothing has happened, and the pool recovers."""
    for moment in ("statement", "savepoint", "commit"):
        with pytest.raises(Unavailable):
            async with postgres.transaction() as connection:
                store = Store(connection)
                await store.people.new(NOW)
                if moment == "savepoint":
                    async with store.savepoint():
                        await end_sessions(server, connection)
                        await store.people.new(NOW)
                await end_sessions(server, connection)
                if moment == "statement":
                    await store.people.new(NOW)
        assert await number_of(postgres, "people") == 0


async def test_a_server_that_stops_in_the_middle_of_a_statement(
    postgres: PostgresDatabase, server: Server
) -> None:
    """It says so itself before it goes."""
    with pytest.raises(Unavailable):
        async with postgres.transaction() as connection:
            (row,) = await ask(connection, "SELECT pg_backend_pid() AS pid")
            async with asyncio.TaskGroup() as together:
                together.create_task(fail(connection.execute("SELECT pg_sleep(30)")))
                together.create_task(server.command(f"SELECT pg_terminate_backend({row['pid']}, 5000)"))
    assert await number_of(postgres, "people") == 0


async def fail(work: Awaitable[None]) -> None:
    """A piece of work during which the database goes away."""
    with pytest.raises(Unavailable):
        await work


async def test_a_server_that_is_not_there_yet(postgres: PostgresDatabase) -> None:
    """Nobody answers at the address: Unavailable until somebody does."""
    pool = postgres._pool  # noqa: SLF001  # all tests share the server, it cannot be stopped
    address = pool._connect_args  # noqa: SLF001
    pool.set_connect_args("postgresql://postgres@127.0.0.1:1/none")
    await pool.expire_connections()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await number_of(postgres, "people")
    pool.set_connect_args(*address)
    assert await number_of(postgres, "people") == 0


async def test_a_server_that_was_restarted_meanwhile(postgres: PostgresDatabase, server: Server) -> None:
    """Connections that died while they lay idle are replaced; at most one attempt for each is Unavailable."""
    async with postgres.transaction() as one, postgres.transaction() as two:
        pids = [
            (await ask(connection, "SELECT pg_backend_pid() AS pid"))[0]["pid"] for connection in (one, two)
        ]
    for pid in pids:
        await server.command(f"SELECT pg_terminate_backend({pid}, 5000)")
    for _ in pids:
        with suppress(Unavailable):
            await number_of(postgres, "people")
    assert await number_of(postgres, "people") == 0


async def end_sessions(server: Server, connection: Connection) -> None:
    """What an administrator or a restart does to a connection."""
    (row,) = await ask(connection, "SELECT pg_backend_pid() AS pid")
    await server.command(f"SELECT pg_terminate_backend({row['pid']}, 5000)")


async def test_a_deadlock_is_unavailable_for_one(postgres: PostgresDatabase) -> None:
    """Two people wait for each other: one goes on, the other tries again."""
    async with postgres.transaction() as connection:
        people = Store(connection).people
        first, second = await people.new(NOW), await people.new(NOW)
    ready = asyncio.Barrier(2)

    async def choose(one: int, other: int, locale: str) -> None:
        async with postgres.transaction() as connection:
            await connection.execute("SET LOCAL deadlock_timeout = '10ms'")
            await Store(connection).people.set_locale(one, locale)
            await ready.wait()
            await Store(connection).people.set_locale(other, locale)

    found = await asyncio.gather(
        choose(first, second, "zh_CN"), choose(second, first, "en"), return_exceptions=True
    )
    assert [type(error) for error in found if error is not None] == [Unavailable]


async def test_a_conflict_between_serialised_transactions_is_unavailable(postgres: PostgresDatabase) -> None:
    """Where an administrator asks for stricter transactions, what collides is tried again."""
    async with postgres.transaction() as connection:
        person_id = await Store(connection).people.new(NOW)
    with pytest.raises(Unavailable):
        async with postgres.transaction() as connection:
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await ask(connection, "SELECT * FROM people")
            async with postgres.transaction() as other:
                await Store(other).people.set_locale(person_id, "en")
            await Store(connection).people.set_locale(person_id, "zh_TW")


@pytest.mark.parametrize("limit", ["lock_timeout", "statement_timeout"])
async def test_a_limit_set_by_the_administrator(postgres: PostgresDatabase, limit: str) -> None:
    """A server too busy to answer in time is away for now; nothing is held against a letter."""
    async with postgres.transaction() as connection:
        person_id = await Store(connection).people.new(NOW)
    async with postgres.transaction() as other:
        await Store(other).people.set_locale(person_id, "en")
        with pytest.raises(Unavailable):
            async with postgres.transaction() as connection:
                await connection.execute(f"SET LOCAL {limit} = 10")
                await Store(connection).people.set_locale(person_id, "zh_TW")


async def test_a_server_that_only_reads_is_unavailable(postgres: PostgresDatabase) -> None:
    """After a switch-over the old server still answers, but is not the one to write to."""
    with pytest.raises(Unavailable):
        async with postgres.transaction() as connection:
            await connection.execute("SET TRANSACTION READ ONLY")
            await Store(connection).people.new(NOW)


async def test_a_server_that_cannot_be_used(server: Server) -> None:
    """No server, no such database, a port that is none: one sentence for the operator."""
    for url in ("postgresql://postgres@127.0.0.1:1/none", server.url + "&port=x", "postgresql://[/"):
        with pytest.raises(OperatorError, match="cannot be used"):
            await PostgresDatabase.open(url)


async def test_a_user_who_may_not_create_tables(server: Server) -> None:
    """The usual trap since PostgreSQL 15: one sentence says so."""
    async with server.fresh(migrated=False) as url, connected(url) as database:
        async with database.transaction() as connection:
            await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            await connection.execute("CREATE ROLE guest LOGIN")
        try:
            async with connected(url.replace("postgres@", "guest@")) as guest:
                with pytest.raises(OperatorError, match="may not change its schema"):
                    await guest.migrate()
        finally:
            async with database.transaction() as connection:
                await connection.execute("DROP ROLE guest")
