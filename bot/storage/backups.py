"""Copies of an SQLite database: made while the bot runs, read back before they count, and put back again."""

import fcntl
import os
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.domain.errors import OperatorError
from bot.storage.engine import Connection, from_micros, maybe_instant, migrations, to_micros
from bot.storage.sqlite import SqliteConnection, SqliteDatabase
from bot.storage.store import Store

RESTORED = "restored"
"""The chore that tells of a restore as soon as the bot runs; also why an announcement was stopped."""
OLD_MAIL = timedelta(days=1)
IDS_SKIPPED = 1_000_000
WRITE_WITHIN = 5

_OURS = re.compile(r"lianxin-\d{8}-\d{6}Z\.(db|dump)")
_PART, _SUFFIX = ".lianxin-", ".part"
_TRIES, _PAUSE = 20, 0.05  # how often the lock of a bot is tried, and how many seconds lie between
_BESIDE = ("-wal", "-shm", "-journal")  # https://www.sqlite.org/tempfiles.html
_MOMENTS = (
    ("inbox", "received_at"),
    ("outbox", "created_at"),
    ("outbox", "settled_at"),
    ("issue_events", "at"),
    ("announcement_events", "at"),
    ("activity_events", "at"),
    ("changes", "at"),
)
"""Where it stands when something last happened; an old schema has not all of them."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that has been read back: bytes, schema number, how many tables and rows, seconds it took."""

    path: Path
    size: int
    schema: int
    tables: int
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Contents:
    """What a database holds, when something last happened in it, and when it was last copied."""

    schema: int
    issues: int
    newest_at: datetime | None
    copied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is, without changing it: `damage` is what SQLite finds wrong, empty when it is sound."""

    schema: int
    damage: str


@dataclass(frozen=True, slots=True)
class Restoration:
    """All is prepared and nothing has happened yet; `current` is None where nothing is there to be read.

    `lost_issues` and `forgotten_again` count what only the current database knows: issues filed, and people
    who had themselves forgotten and come back.
    """

    backup: Contents
    current: Contents | None
    lost_issues: int
    forgotten_again: int
    _part: Path
    _database: Path
    _now: datetime

    @property
    def loses(self) -> timedelta:
        """How much time only the current database knows of."""
        if self.current is None or self.current.newest_at is None:
            return timedelta()
        since = self.backup.newest_at or self.backup.copied_at or from_micros(0)
        return max(self.current.newest_at - since, timedelta())

    @property
    def is_older(self) -> bool:
        """Whether the current database knows more than the backup."""
        return self.current is not None and (
            self.loses > timedelta() or self.current.schema > self.backup.schema
        )

    def put_in_place(self) -> Path | None:
        """Replace the database in one step; gives the copy kept of what was there. Raises OperatorError."""
        with _told(f"{self._database} cannot be replaced, and is as it was"):
            kept = self._keep_current() if self._database.exists() else None
            _own_like(self._part, self._database)
            self._part.replace(self._database)
            _settle(self._database.parent)
            return kept

    def _keep_current(self) -> Path:
        kept = self._database.with_name(f"before-restore-{self._now:%Y%m%d-%H%M%S}Z.db")
        if self.current is not None:
            _close_journal(self._database)
        for end in ("", *_BESIDE):
            if (file := _beside(self._database, end)).exists():
                shutil.copy2(file, _beside(kept, end))
                _settle(_beside(kept, end))
        # A journal of the old database would be played into the new one.
        for end in _BESIDE:
            _beside(self._database, end).unlink(missing_ok=True)
        return kept


def name_for(now: datetime) -> str:
    """What a backup of that instant is called: in UTC, so that names sort and no hour comes twice."""
    return f"lianxin-{now:%Y%m%d-%H%M%S}Z.db"


def back_up(database: Path, target: Path, now: datetime) -> Copy:
    """Copy the database, while it is in use, into a file that must not exist yet.

    Under that name stands either the whole copy, read back and on the disk, or nothing. Raises OperatorError.
    """
    began = time.monotonic()
    if not database.exists():
        raise OperatorError(f"there is no database at {database}: nothing to back up")
    with finished(target) as part:
        counts = _copy(database, part)
        schema = _verified(part, counts)
        _note_in(part, now)
    size, seconds = target.stat().st_size, time.monotonic() - began
    return Copy(target, size, schema, len(counts), sum(counts.values()), seconds)


@contextmanager
def finished(target: Path) -> Iterator[Path]:
    """A file to write to, which is called `target` when the block ends well, and is gone when it does not.

    The folder must exist: it may be where a disk ought to be. Raises OperatorError when something of that
    name exists, and for whatever the disk says.
    """
    with _told(f"no backup was made at {target}"):
        if target.exists():
            raise OperatorError(f"{target} exists already: name another file, or a folder")
        with _part_in(target.parent) as part:
            yield part
            _settle(part)
            part.replace(target)
            _settle(target.parent)


def remove_older(folder: Path, keep: int) -> list[Path]:
    """Remove all backups of that folder but the newest `keep`; only files named by `name_for`. Gives them."""
    with _told(f"older backups in {folder} cannot be removed"):
        found = sorted(file for file in folder.iterdir() if _OURS.fullmatch(file.name) and file.is_file())
        gone = found[:-keep]
        for file in gone:
            file.unlink()
        return gone


@asynccontextmanager
async def restoring(file: Path, database: Path, now: datetime) -> AsyncIterator[Restoration]:
    """Everything for putting `file` in the place of `database`, which stays as it is until `put_in_place`.

    The file is copied, read back and brought up to date, and learns what it must not repeat. Meanwhile no bot
    can start. Raises OperatorError when the file is no sound backup, is of a newer program, or when a bot or
    command is at work.
    """
    with _told(f"{file} cannot be restored"):
        if not file.is_file():
            raise OperatorError(f"there is no file {file}")
        if database.exists() and file.samefile(database):
            raise OperatorError(f"{file} is the database itself: name a backup")
        database.parent.mkdir(parents=True, exist_ok=True)
        with held(database), _part_in(database.parent) as part:
            schema = _verified(part, _copy(file, part))
            newest = migrations()[-1][0]
            if schema > newest:
                newer = f"{file} has schema {schema}, this program knows {newest}"
                raise OperatorError(f"{newer}: install the newer program")
            with closing(_open(part)) as copy:
                backup = _contents(copy)
            current, lost, forgotten = None, 0, 0
            if database.exists() and _is_sound(database):
                with closing(_open(database)) as there:
                    current = _contents(there)
                    lost, forgotten = _only_in(there, backup.newest_at)
            await _prepare(part, backup, now)
            _settle(part)
            yield Restoration(backup, current, lost, forgotten, part, database, now)


@contextmanager
def held(database: Path) -> Iterator[None]:
    """Be the only bot on this database; the system lets go of it however the process ends.

    Raises OperatorError when another one is, or when the folder cannot be written to.
    """
    lock = _beside(database, ".lock")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        # Only opened, never written: whoever came first, anybody may hold it later.
        handle = os.open(lock, os.O_RDONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise OperatorError(f"the database file {database} cannot be opened: {error}") from error
    try:
        # Somebody may only be looking (is_held), or just be ending.
        tries = 0
        while not _locked(handle):
            tries += 1
            if tries == _TRIES:
                raise OperatorError(f"a bot is already running on {database}: stop it first")
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(handle)


def is_held(database: Path) -> bool:
    """Whether a bot runs on this database."""
    try:
        handle = os.open(_beside(database, ".lock"), os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _locked(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def look_at(database: Path) -> Look:
    """Read all of it, also while the bot runs. Raises OperatorError when it is no database of ours."""
    with _told(f"{database} cannot be read"), closing(_open(database)) as connection:
        schema = _schema(connection, database)
        return Look(schema, _damage(connection, "quick_check"))


@asynccontextmanager
async def reading(database: Path) -> AsyncIterator[Connection]:
    """One snapshot for looking only: nothing can be written through it, and nobody waits for it."""
    with _told(f"{database} cannot be read"), closing(_open(database)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        yield SqliteConnection(connection)


def check_writable(database: Path) -> None:
    """Begin to write and take it back. Raises OperatorError when that is impossible for some seconds."""
    with _told(f"{database} cannot be written"), closing(_open(database, "rw")) as connection:
        connection.execute(f"PRAGMA busy_timeout = {WRITE_WITHIN * 1000}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")


# Copying ------------------------------------------------------------------------------------------------


def _copy(database: Path, part: Path) -> dict[str, int]:
    """One snapshot of the database, page by page; how many rows each table has in it."""
    with closing(_open(database)) as origin, closing(_open(part, "rw")) as copy:
        # All three of them are for a file nobody knows yet: it is thrown away when this breaks off.
        copy.execute("PRAGMA journal_mode = OFF")
        copy.execute("PRAGMA synchronous = OFF")
        origin.execute("BEGIN")
        _schema(origin, database)
        counts = _counts(origin)
        # The open transaction holds the snapshot, whatever the bot writes meanwhile:
        # https://www.sqlite.org/isolation.html
        origin.backup(copy)
        # A single file, without anything beside it that could be forgotten when it is moved.
        copy.execute("PRAGMA journal_mode = DELETE")
    return counts


def _verified(part: Path, counts: dict[str, int]) -> int:
    """Read the copy back; gives its schema. Raises OperatorError when anything is wrong with it."""
    with closing(_open(part)) as copy:
        if damage := _damage(copy, "integrity_check"):
            raise OperatorError(f"what was copied is damaged ({damage}): use an earlier backup")
        if _counts(copy) != counts:
            raise OperatorError("what was copied is not complete: look after the disk, and try again")
        return _schema(copy, part)


def _note_in(part: Path, now: datetime) -> None:
    """The copy itself knows when it was made, whatever it is called later."""
    with closing(_open(part, "rw")) as copy:
        if "upkeep" in _tables(copy):
            values = ("backup", to_micros(now), "{}")
            copy.execute("INSERT OR REPLACE INTO upkeep (what, at, facts) VALUES (?, ?, ?)", values)


async def _prepare(part: Path, backup: Contents, now: datetime) -> None:
    """Bring the copy up to date, and keep it from saying again what was surely said since."""
    database = await SqliteDatabase.open(str(part))
    try:
        await database.migrate()
        async with database.transaction() as connection:
            store = Store(connection)
            await store.outbox.release_leases()
            for announcement_id in await store.upkeep.on_their_way():
                await store.announcements.stop(announcement_id, RESTORED)
            await store.upkeep.expire_mail(now - OLD_MAIL, now)
            # What was given since the backup is on people's phones: numbers to read, ids in buttons.
            await store.upkeep.skip_numbers(
                [
                    (compound.id, now.astimezone(ZoneInfo(compound.timezone)).strftime("%y%m%d"))
                    for compound in await store.places.compounds()
                ]
            )
            await connection.execute(
                "INSERT INTO sqlite_sequence (name, seq) SELECT name, 0 FROM sqlite_master "
                "WHERE sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence)"
            )
            await connection.execute(f"UPDATE sqlite_sequence SET seq = seq + {IDS_SKIPPED}")
            newest = to_micros(backup.newest_at) if backup.newest_at else None
            await store.upkeep.note("restore", now, newest_at=newest)
            # Due since ever, so it comes before everything else that is due.
            await store.chores.put(RESTORED, 0, from_micros(0))
    finally:
        await database.close()


# Looking ------------------------------------------------------------------------------------------------


def _open(database: Path, mode: str = "ro") -> sqlite3.Connection:
    """Without creating what is not there."""
    where = f"{database.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(where, uri=True, isolation_level=None, timeout=5)


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    return {
        table: connection.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0]
        for table in _tables(connection)
    }


def _schema(connection: sqlite3.Connection, file: Path) -> int:
    tables = _tables(connection)
    if not {"schema_versions", "issues", "outbox"} <= set(tables):
        raise OperatorError(f"{file} is no database of this program")
    found: int = connection.execute("SELECT MAX(version) FROM schema_versions").fetchone()[0]
    return found


def _damage(connection: sqlite3.Connection, check: str) -> str:
    """The first thing that is wrong; "" for nothing. Row numbers and names of tables only."""
    (said,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
    if said != "ok":
        return str(said).splitlines()[-1]
    astray = connection.execute("PRAGMA foreign_key_check").fetchone()
    return f"a row of {astray[0]} refers to nothing in {astray[2]}" if astray else ""


def _contents(connection: sqlite3.Connection) -> Contents:
    schema = connection.execute("SELECT MAX(version) FROM schema_versions").fetchone()[0]
    tables = _tables(connection)
    moments = [
        connection.execute(f"SELECT MAX({column}) FROM {table}").fetchone()[0]
        for table, column in _MOMENTS
        if table in tables
    ]
    newest = max((moment for moment in moments if moment is not None), default=None)
    issues = connection.execute("SELECT COUNT(*) FROM issues").fetchone()[0]
    copied = None
    if "upkeep" in tables:
        copied = connection.execute("SELECT MAX(at) FROM upkeep WHERE what = 'backup'").fetchone()[0]
    return Contents(schema, issues, maybe_instant(newest), maybe_instant(copied))


def _only_in(connection: sqlite3.Connection, newest_at: datetime | None) -> tuple[int, int]:
    """Issues filed, and people forgotten, after that instant."""
    since = (to_micros(newest_at) if newest_at else 0,)
    columns = [row[1] for row in connection.execute("PRAGMA table_info(people)")]
    questions = ["SELECT COUNT(*) FROM issues WHERE filed_at > ?"]
    if "forgotten_at" in columns:
        questions.append("SELECT COUNT(*) FROM people WHERE forgotten_at > ?")
    issues, *forgotten = [connection.execute(question, since).fetchone()[0] for question in questions]
    return issues, sum(forgotten)


def _is_sound(database: Path) -> bool:
    """Whether it is a database of ours without damage; nothing of a broken one may go by looking at it."""
    try:
        with closing(_open(database)) as connection:
            _schema(connection, database)
            return not _damage(connection, "quick_check")
    except (sqlite3.Error, OperatorError):
        return False


def _close_journal(database: Path) -> None:
    """Write the journal into the database. Raises OperatorError when somebody else has it open.

    Leaving this mode needs the file alone: https://www.sqlite.org/pragma.html#pragma_journal_mode
    """
    try:
        with closing(_open(database, "rw")) as connection:
            connection.execute("PRAGMA busy_timeout = 1000")
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise OperatorError(f"a program is at work on {database}: end it first") from error
        raise


# Files --------------------------------------------------------------------------------------------------


@contextmanager
def _told(trouble: str) -> Iterator[None]:
    """What the disk or the file says becomes one sentence for the operator."""
    try:
        yield
    except OSError as error:
        raise OperatorError(f"{trouble}: {error.strerror or error}") from error
    except sqlite3.Error as error:
        raise OperatorError(f"{trouble}: {error}") from error


@contextmanager
def _part_in(folder: Path) -> Iterator[Path]:
    """A new file that only we may read; what is not renamed is removed, also what others left behind."""
    for leftover in folder.glob(f"{_PART}*{_SUFFIX}"):
        _remove_if_left(leftover)
    handle, name = tempfile.mkstemp(prefix=_PART, suffix=_SUFFIX, dir=folder)
    part = Path(name)
    try:
        _locked(handle)
        yield part
    finally:
        for end in ("", *_BESIDE):
            _beside(part, end).unlink(missing_ok=True)
        os.close(handle)


def _remove_if_left(part: Path) -> None:
    """Whoever still writes it holds it."""
    with suppress(OSError):
        handle = os.open(part, os.O_RDONLY)
        try:
            if _locked(handle):
                for end in (*_BESIDE, ""):
                    _beside(part, end).unlink(missing_ok=True)
        finally:
            os.close(handle)


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


def _locked(handle: int, how: int = fcntl.LOCK_EX) -> bool:
    """Take the lock, if nobody has it: https://man7.org/linux/man-pages/man2/flock.2.html"""
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _settle(file: Path) -> None:
    """On the disk, not only on its way there; for a folder, the names in it."""
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _own_like(part: Path, database: Path) -> None:
    """Root restores, but the bot is somebody else: the file stays theirs."""
    like = database if database.exists() else database.parent
    if os.geteuid() == 0:
        os.chown(part, like.stat().st_uid, like.stat().st_gid)
    if like is database:
        part.chmod(like.stat().st_mode & 0o777)
