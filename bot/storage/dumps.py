"""Copies of a PostgreSQL database, made by PostgreSQL's own pg_dump and read back by its pg_restore."""

import os
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg

from bot.domain.errors import OperatorError
from bot.storage.backups import Copy, finished

_INSTALLED = "/usr/lib/postgresql/*/bin/pg_dump"  # where Debian keeps several versions
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_DATA = re.compile(r"^\d+; \d+ \d+ TABLE DATA ", re.MULTILINE)


def without_password(url: str) -> tuple[str, str]:
    """The address as it may be shown or stand in a process list, and the password."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    asked = parse_qsl(parts.query)
    password = dict(asked).get("password", password)
    query = urlencode([(key, value) for key, value in asked if key != "password"], safe="/")
    return (
        f"postgresql://{name}{'@' if name else ''}{host}{parts.path}{'?' if query else ''}{query}",
        password,
    )


async def dump(url: str, target: Path) -> Copy:
    """Copy the database into a file of pg_restore's custom format that must not exist yet.

    Under that name stands either the whole copy, read back and on the disk, or nothing. Raises OperatorError,
    with what to type where no suitable pg_dump is installed.
    """
    began = time.monotonic()
    address, password = without_password(url)
    schema = await schema_of(url)
    server, tables, rows = await _facts_of(url)
    program = _pg_dump(server)
    if program is None:
        typed = f"pg_dump --format=custom --file={target.name} --dbname={shlex.quote(address)}"
        raise OperatorError(
            f"there is no pg_dump of version {server} or newer here: install it (Debian: apt install "
            f"postgresql-client-{server}), or type where there is one: {typed}"
        )
    environment = {**os.environ, **({"PGPASSWORD": password} if password else {})}
    with finished(target) as part:
        _run(
            environment, program, "--format=custom", "--no-password", f"--file={part}", f"--dbname={address}"
        )
        pg_restore = program.with_name("pg_restore")
        listed = len(_DATA.findall(_run(environment, pg_restore, "--list", str(part))))
        if listed < tables:
            raise OperatorError(f"no backup was made at {target}: of {tables} tables {listed} were copied")
        # The list stands at the beginning: this reads all of it.
        _run(environment, pg_restore, f"--file={os.devnull}", str(part))
    return Copy(target, target.stat().st_size, schema, tables, rows, time.monotonic() - began)


def how_to_restore(url: str, file: Path) -> str:
    """What the operator types: a server is not ours to overwrite."""
    options = "--clean --if-exists --no-owner --single-transaction"
    return f"pg_restore {options} --dbname={shlex.quote(without_password(url)[0])} {shlex.quote(str(file))}"


async def schema_of(url: str) -> int:
    """The schema of the database; raises OperatorError when it cannot be asked, or has none of ours."""
    async with _asking(url) as connection:
        schema: int = await connection.fetchval("SELECT MAX(version) FROM schema_versions")
    return schema


async def _facts_of(url: str) -> tuple[int, int, int]:
    """The server's major version, and how many tables and rows there are."""
    async with _asking(url) as connection:
        version = int(await connection.fetchval("SHOW server_version_num")) // 10_000
        names = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = ANY (current_schemas(false))"
        )
        counts = [await connection.fetchval(f'SELECT COUNT(*) FROM "{name}"') for (name,) in names]
    return version, len(counts), sum(counts)


@asynccontextmanager
async def _asking(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    try:
        connection = await asyncpg.connect(url)
        try:
            yield connection
        finally:
            await connection.close()
    except asyncpg.UndefinedTableError as error:
        raise OperatorError("this database has no schema of this program") from error
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise OperatorError(f"the database server cannot be used: {error}") from error


def _pg_dump(server: int) -> Path | None:
    """The oldest installed one that can read this server; an older one refuses to."""
    on_path = shutil.which("pg_dump")
    candidates = [*Path("/").glob(_INSTALLED.removeprefix("/")), *([Path(on_path)] if on_path else [])]
    found = {program: _version_of(program) for program in candidates}
    fit = [program for program, version in found.items() if version >= server]
    return min(fit, key=lambda program: found[program], default=None)


def _version_of(program: Path) -> int:
    said = _VERSION.search(_run(os.environ, program, "--version"))
    return int(said[1]) if said else 0


def _run(environment: Mapping[str, str], *command: str | Path) -> str:
    """What the program says; its complaint becomes ours."""
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise OperatorError(f"{command[0]} cannot be run: {error.strerror}") from error
    if done.returncode:
        said = next(iter(done.stderr.strip().splitlines()), done.returncode)
        raise OperatorError(f"no backup was made, {Path(command[0]).name} says: {said}")
    return done.stdout
