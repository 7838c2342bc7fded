"""Backups of PostgreSQL: pg_dump beside a running bot, read back; and the doctor's questions to a server."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.config import load
from bot.diagnosis import Finding, examine
from bot.domain.errors import OperatorError
from bot.storage import dumps
from bot.storage.dumps import dump, how_to_restore, without_password
from bot.storage.engine import migrations
from bot.storage.postgres import PostgresDatabase
from bot.storage.store import Store
from tests.engines import Server, ask

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture
async def url(server: Server) -> AsyncIterator[str]:
    """A database with a person in it."""
    async with server.fresh() as url:
        database = await PostgresDatabase.open(url, connections=1)
        async with database.transaction() as connection:
            await Store(connection).people.new(NOW)
        await database.close()
        yield url


async def test_dumped_and_restored(server: Server, url: str, tmp_path: Path) -> None:
    """The whole copy under its name, 0600; what the bot tells to type brings it back."""
    copy = await dump(url, tmp_path / "x.dump")

    assert [file.name for file in tmp_path.iterdir()] == ["x.dump"]
    assert stat.S_IMODE(copy.path.stat().st_mode) == 0o600
    assert (copy.schema, copy.rows) == (migrations()[-1][0], 1 + migrations()[-1][0])
    async with server.fresh(migrated=False) as other:
        restoring = await asyncio.create_subprocess_shell(how_to_restore(other, copy.path))
        assert await restoring.wait() == 0
        database = await PostgresDatabase.open(other, connections=1)
        assert await database.migrate() == copy.schema
        async with database.transaction() as connection:
            assert len(await ask(connection, "SELECT * FROM people")) == 1
            assert await Store(connection).people.new(NOW) == 2
        await database.close()


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("postgresql://bot:hunter2@db:5433/lianxin", "postgresql://bot@db:5433/lianxin", "hunter2"),
        (
            "postgresql://bot@db/lianxin?password=h2&host=/run/pg",
            "postgresql://bot@db/lianxin?host=/run/pg",
            "h2",
        ),
        ("postgresql:///lianxin?host=/run/pg", "postgresql:///lianxin?host=/run/pg", ""),
    ],
)
def test_no_password_is_shown(url: str, shown: str, password: str) -> None:
    """Neither in what is typed nor in a list of processes."""
    assert without_password(url) == (shown, password)


async def test_the_password_goes_through_the_environment(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pg_dump that writes down what it was given: the password is in PGPASSWORD, in no argument."""
    program = tmp_path / "bin" / "pg_dump"
    program.parent.mkdir()
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "if '--version' in sys.argv: print('pg_dump (PostgreSQL) 99.1'); sys.exit()\n"
        f"seen = open({str(tmp_path / 'seen')!r}, 'w')\n"
        "seen.write(' '.join((os.environ.get('PGPASSWORD', ''), *sys.argv)))\n"
        "print('no space left', file=sys.stderr); sys.exit(1)\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(dumps, "_INSTALLED", "/nowhere/*/pg_dump")
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    (tmp_path / "out").mkdir()
    with pytest.raises(OperatorError, match="no backup was made, pg_dump says: no space left"):
        await dump(f"{url}&password=hunter2", tmp_path / "out" / "x.dump")

    password, *words = (tmp_path / "seen").read_text().split()
    assert password == "hunter2"
    assert "hunter2" not in " ".join(words)
    assert list((tmp_path / "out").iterdir()) == []


async def test_without_pg_dump(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None installed, or only an older one than the server: exactly what to type where there is one."""
    monkeypatch.setattr(dumps, "_INSTALLED", "/nowhere/*/pg_dump")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OperatorError) as no:
        await dump(url, tmp_path / "x.dump")
    assert "apt install postgresql-client-" in str(no.value)
    assert "pg_dump --format=custom --file=x.dump --dbname=" in str(no.value)

    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'\n")
    old.chmod(0o755)
    with pytest.raises(OperatorError, match=r"there is no pg_dump of version \d+ or newer here"):
        await dump(url, tmp_path / "x.dump")
    assert list(tmp_path.iterdir()) == [old]


async def test_what_cannot_be_dumped(server: Server, url: str, tmp_path: Path) -> None:
    """An empty database, no server, a name that is taken: one sentence."""
    async with server.fresh(migrated=False) as empty:
        with pytest.raises(OperatorError, match="has no schema of this program"):
            await dump(empty, tmp_path / "x.dump")
    with pytest.raises(OperatorError, match="the database server cannot be used"):
        await dump("postgresql://nobody@127.0.0.1:1/none", tmp_path / "x.dump")
    (tmp_path / "x.dump").touch()
    with pytest.raises(OperatorError, match="exists already"):
        await dump(url, tmp_path / "x.dump")


async def found(url: str) -> dict[str, Finding]:
    """What the doctor says of this database."""
    settings = load(None, {"BOT_DATABASE__URL": url}, needs_token=False)
    return {finding.check: finding async for finding in examine(settings, None, offline=True)}


async def test_the_doctor_asks_a_server(server: Server, url: str) -> None:
    """The same questions as to a file; its probe of writing leaves nothing."""
    seen = await found(url)
    assert (seen["schema"].verdict, seen["writing"].verdict) == ("fine", "fine")
    assert {"letters", "mail", "dues", "chores", "backup", "register"} <= set(seen)
    database = await PostgresDatabase.open(url, connections=1)
    async with database.transaction() as connection:
        assert await ask(connection, "SELECT * FROM upkeep") == []
        await connection.execute("INSERT INTO schema_versions VALUES (99, '')")
    await database.close()
    assert (await found(url))["schema"].verdict == "trouble"
    assert "cannot be used" in (await found("postgresql://nobody@127.0.0.1:1/none"))["database"].found
    async with server.fresh(migrated=False) as empty:
        assert "no schema of this program" in (await found(empty))["database"].found
