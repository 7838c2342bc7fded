"""Backups: whole or not there, made beside a running bot; and what a restored bot knows, says and asks."""

import asyncio
import re
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.actions.announcements import Draft, hand_in
from bot.actions.desk import Desk
from bot.backups import AGAIN_AFTER, BACKUP, FAILED, LOOK_EVERY, Backups, Plan
from bot.domain.audiences import Audience, Kind, Part
from bot.domain.errors import OperatorError
from bot.storage import backups
from bot.storage.backups import IDS_SKIPPED, back_up, held, is_held, name_for, remove_older, restoring
from bot.storage.engine import migrations, to_micros
from bot.storage.mailboxes import Intent, Lane, Mail, Received
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from tests.console import Console
from tests.crowd import PATIENCE, at_work
from tests.world import TEXTS, Phone, World

HOUSE = Path(__file__).parent.parent
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
NAME = "lianxin-20261124-020000Z.db"
NEWEST = migrations()[-1][0]


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    """Commands typed in the test's folder, whose database is var/lianxin.db."""
    return Console(tmp_path, monkeypatch, capsys)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with our schema and a compound."""
    path = tmp_path / "var" / "lianxin.db"
    asyncio.run(_founded(path))
    return path


async def _founded(path: Path) -> None:
    database = await SqliteDatabase.open(str(path))
    try:
        await database.migrate()
    finally:
        await database.close()
    write(
        path,
        "INSERT INTO compounds (code, name, timezone, locale)"
        " VALUES ('l', '绿洲路', 'Asia/Shanghai', 'zh_CN')",
    )


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    """Rows of a file, read by another program."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def write(path: Path, *statements: str) -> None:
    """Change a file, as another program."""
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        for sql in statements:
            connection.execute(sql)


def letters(path: Path, count: int, at: datetime = NOW, first: int = 1) -> None:
    """So many updates that came in at that instant, and have been handled."""
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        connection.executemany(
            "INSERT INTO inbox (bot_id, update_id, sender, chat, payload, state, attempts, not_before,"
            " received_at, finished_at) VALUES (1, ?, '5', '5', ?, 'done', 0, 0, ?, 0)",
            [(first + number, "x" * 500, to_micros(at)) for number in range(count)],
        )


def files(folder: Path) -> set[str]:
    """The names in a folder."""
    return {file.name for file in folder.iterdir()}


class TestMaking:
    """A copy: whole, alone, unreadable to others."""

    def test_the_copy(self, database: Path, tmp_path: Path) -> None:
        """One file without journals, 0600, with every row; it knows when it was made."""
        letters(database, 300)
        (tmp_path / "out").mkdir()
        copy = back_up(database, tmp_path / "out" / NAME, NOW)

        assert files(tmp_path / "out") == {NAME}
        assert copy.path.stat().st_mode & 0o777 == 0o600
        assert copy.path.read_bytes()[18:20] == b"\x01\x01", "it needs no journal to be read"
        assert (copy.schema, copy.size) == (NEWEST, copy.path.stat().st_size)
        assert copy.rows == 301 + NEWEST
        assert ask(copy.path, "SELECT COUNT(*) FROM inbox") == [(300,)]
        assert ask(copy.path, "SELECT what, at FROM upkeep") == [("backup", to_micros(NOW))]
        assert ask(database, "SELECT * FROM upkeep") == []

    def test_beside_a_writer(self, database: Path, tmp_path: Path) -> None:
        """Every copy is one moment: what is written in one transaction is in it together or not at all."""
        letters(database, 3000)
        enough = threading.Event()

        def writes() -> None:
            number = 0
            with closing(sqlite3.connect(database, timeout=30)) as connection:
                while not enough.is_set():
                    number += 1
                    with connection:
                        connection.execute("INSERT INTO people (created_at) VALUES (?)", (number,))
                        connection.execute(
                            "INSERT INTO personal_details VALUES (last_insert_rowid(), '', '')"
                        )

        writer = threading.Thread(target=writes)
        writer.start()
        try:
            copies = [back_up(database, tmp_path / f"{number}.db", NOW).path for number in range(8)]
        finally:
            enough.set()
            writer.join()

        counts = [
            ask(copy, "SELECT (SELECT COUNT(*) FROM people), (SELECT COUNT(*) FROM personal_details)")[0]
            for copy in copies
        ]
        assert all(people == details for people, details in counts)
        assert len(set(counts)) > 1, "somebody wrote meanwhile"

    def test_what_a_killed_bot_left_in_its_journal(self, database: Path, tmp_path: Path) -> None:
        """Rows that stand only in the journal of a process that is gone are copied too."""
        program = (
            "import os, signal, sqlite3, sys\n"
            "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "connection.execute('PRAGMA wal_autocheckpoint = 0')\n"
            "connection.execute('INSERT INTO people (created_at) VALUES (7)')\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        write(database, "PRAGMA journal_mode = WAL")
        subprocess.run([sys.executable, "-c", program, database], check=False)
        assert Path(f"{database}-wal").stat().st_size > 0

        copy = back_up(database, tmp_path / NAME, NOW)
        assert ask(copy.path, "SELECT created_at FROM people") == [(7,)]

    def test_names_sort_and_are_utc(self) -> None:
        """Half past ten in Ya'an is half past two; there are no summer-time hours that come twice."""
        assert name_for(datetime(2026, 11, 24, 2, 30, 5, tzinfo=UTC)) == "lianxin-20261124-023005Z.db"

    def test_older_ones_are_removed(self, tmp_path: Path) -> None:
        """All but the newest of ours; whatever else lies there is not touched."""
        ours = [name_for(NOW + timedelta(days=day)) for day in range(5)]
        others = {"lianxin.db", "before-restore-20261124-020000Z.db", "x-" + NAME, NAME + ".bak", "photo.jpg"}
        for name in (*ours, *others):
            (tmp_path / name).touch()
        gone = remove_older(tmp_path, 2)

        assert [file.name for file in gone] == ours[:3]
        assert files(tmp_path) == others | set(ours[3:])
        assert remove_older(tmp_path, 7) == []


class TestNotMaking:
    """What goes wrong is one sentence, and nothing half done is left."""

    def refused(self, database: Path, target: Path) -> str:
        """The sentence; nothing new lies in the folder afterwards."""
        before = files(target.parent) if target.parent.exists() else None
        with pytest.raises(OperatorError) as no:
            back_up(database, target, NOW)
        assert (files(target.parent) if target.parent.exists() else None) == before
        return str(no.value)

    def test_no_database(self, tmp_path: Path) -> None:
        """It is not created by looking for it."""
        assert "there is no database at" in self.refused(tmp_path / "none.db", tmp_path / NAME)

    def test_a_name_that_is_taken(self, database: Path, tmp_path: Path) -> None:
        """By the database itself, or by anything: it stays what it was."""
        assert "exists already" in self.refused(database, database)
        other = tmp_path / "photo.jpg"
        other.write_bytes(b"jpg")
        assert "exists already" in self.refused(database, other)
        assert other.read_bytes() == b"jpg"

    def test_a_folder_that_cannot_be_written(self, database: Path) -> None:
        """Nor made."""
        assert self.refused(database, Path("/proc/none") / NAME).startswith(
            "no backup was made at /proc/none"
        )

    def test_another_program_s_file(self, tmp_path: Path) -> None:
        """A database without our tables, or no database at all."""
        for name, content in (("a.db", b""), ("b.db", b"not a database" * 100)):
            (tmp_path / name).write_bytes(content)
        write(tmp_path / "c.db", "CREATE TABLE x (y)")
        assert "is no database of this program" in self.refused(tmp_path / "a.db", tmp_path / NAME)
        assert "not a database" in self.refused(tmp_path / "b.db", tmp_path / NAME)
        assert "is no database of this program" in self.refused(tmp_path / "c.db", tmp_path / NAME)

    def test_a_damaged_database(self, database: Path, tmp_path: Path) -> None:
        """A copy of it would look like a backup: it is told instead."""
        letters(database, 2000)
        content = bytearray(database.read_bytes())
        for place in range(len(content) // 2, len(content) // 2 + 20_000, 64):
            content[place] ^= 0xFF
        database.write_bytes(content)
        assert "no backup was made" in self.refused(database, tmp_path / NAME) or "damaged" in self.refused(
            database, tmp_path / NAME
        )

    def test_a_row_that_refers_to_nothing(self, database: Path, tmp_path: Path) -> None:
        """The table is named, never what stands in it."""
        write(database, "INSERT INTO buildings (compound_id, label, name) VALUES (77, '3', '3号楼')")
        assert "a row of buildings refers to nothing in compounds" in self.refused(database, tmp_path / NAME)

    def test_a_full_disk(self, database: Path, tmp_path: Path) -> None:
        """As the system says it, with the file's name."""
        letters(database, 4000)
        program = (
            "import resource, sys\n"
            "from datetime import datetime, UTC\n"
            "from pathlib import Path\n"
            "from bot.domain.errors import OperatorError\n"
            "from bot.storage.backups import back_up\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))\n"
            "try:\n"
            "    back_up(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC))\n"
            "except OperatorError as error:\n"
            "    print(error)\n"
        )
        assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1_000_000
        target = tmp_path / "out" / NAME
        target.parent.mkdir()
        done = subprocess.run(
            [sys.executable, "-c", program, database, target],
            cwd=HOUSE, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.startswith(f"no backup was made at {target}: ")
        assert re.search("disk|full|large", done.stdout)
        assert files(tmp_path / "out") == set()

    def test_killed_at_any_moment(self, database: Path, tmp_path: Path) -> None:
        """SIGKILL during the copy: the name stands for a whole one or for nothing; leftovers go later."""
        letters(database, 20_000)
        out, random, seen = tmp_path / "out", Random(5), set()  # noqa: S311  # a story that can be told again
        out.mkdir()
        program = (
            "import sys\n"
            "from datetime import datetime, UTC\n"
            "from pathlib import Path\n"
            "from bot.storage.backups import back_up\n"
            "print('ready', flush=True)\n"
            "back_up(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC))\n"
        )
        for number in range(12):
            target = out / f"{number}.db"
            command = [sys.executable, "-c", program, str(database), str(target)]
            with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                process.stdout.readline()
                time.sleep(random.uniform(0, 0.12))
                process.kill()
            seen.add(target.exists())
            if target.exists():
                assert ask(target, "PRAGMA integrity_check") == [("ok",)]
                assert ask(target, "SELECT COUNT(*) FROM inbox") == [(20_000,)]
        assert False in seen
        assert any(name.endswith(".part") for name in files(out)), "it was killed in the middle at least once"

        back_up(database, out / NAME, NOW)
        assert not [name for name in files(out) if ".part" in name]


class TestOneBot:
    """Only one bot works on a database, and the system knows when it is gone."""

    def test_a_second_one(self, database: Path) -> None:
        """It is refused as long as the first one lives."""
        assert not is_held(database)
        with held(database):
            assert is_held(database)
            with (
                pytest.raises(OperatorError, match=r"a bot is already running on .*: stop it first"),
                held(database),
            ):
                pass
        assert not is_held(database)
        with held(database):
            pass

    def test_kill_leaves_no_lock(self, database: Path) -> None:
        """However a process ends, the next may start."""
        program = (
            "import signal, sys\n"
            "from pathlib import Path\n"
            "from bot.storage.backups import held\n"
            "with held(Path(sys.argv[1])):\n"
            "    print('held', flush=True)\n"
            "    signal.pause()\n"
        )
        command = [sys.executable, "-c", program, str(database)]
        with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
            assert is_held(database)
            process.kill()
        assert not is_held(database)


async def restore(file: Path, database: Path, now: datetime = NOW) -> Path | None:
    """Without asking anybody."""
    async with restoring(file, database, now) as restoration:
        return restoration.put_in_place()


class TestRestoring:
    """A backup in the place of the database."""

    def test_back_to_the_backup(self, database: Path, tmp_path: Path) -> None:
        """The rows of then are there again, those of now in what is kept; the file stays as it was."""
        letters(database, 10, NOW)
        file = back_up(database, tmp_path / NAME, NOW).path
        content = file.read_bytes()
        letters(database, 5, NOW + timedelta(hours=5), first=100)
        database.chmod(0o640)

        kept = asyncio.run(restore(file, database, NOW + timedelta(hours=6)))

        assert ask(database, "SELECT COUNT(*) FROM inbox") == [(10,)]
        assert database.stat().st_mode & 0o777 == 0o640
        assert kept == database.with_name("before-restore-20261124-080000Z.db")
        assert ask(kept, "SELECT COUNT(*) FROM inbox") == [(15,)]
        assert file.read_bytes() == content
        assert files(database.parent) == {"lianxin.db", "lianxin.db.lock", kept.name}

    def test_onto_a_new_machine(self, database: Path, tmp_path: Path) -> None:
        """Where there is nothing, nothing is kept; the folder is made."""
        file = back_up(database, tmp_path / NAME, NOW).path
        there = tmp_path / "new" / "machine" / "lianxin.db"

        assert asyncio.run(restore(file, there)) is None
        assert ask(there, "SELECT code FROM compounds") == [("l",)]
        assert there.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("what", ["garbage", "damage", "empty"])
    def test_over_a_broken_database(self, database: Path, tmp_path: Path, what: str) -> None:
        """What cannot be read is kept as it is, with the journal beside it, and is no reason to refuse."""
        letters(database, 2000)
        file = back_up(database, tmp_path / NAME, NOW).path
        content = bytearray(database.read_bytes())
        content[len(content) // 2 :: 64] = bytes(len(content[len(content) // 2 :: 64]))
        broken = {"garbage": b"no database" * 500, "damage": bytes(content), "empty": b""}[what]
        database.write_bytes(broken)
        Path(f"{database}-wal").write_bytes(b"old journal")

        kept = asyncio.run(restore(file, database))

        assert kept is not None
        assert ask(database, "SELECT COUNT(*) FROM inbox") == [(2000,)]
        if what == "garbage":
            assert kept.read_bytes() == broken
            assert Path(f"{kept}-wal").read_bytes() == b"old journal"
        assert not Path(f"{database}-wal").exists()

    def test_what_would_be_lost(self, database: Path, tmp_path: Path) -> None:
        """Time, issues, and that people who were forgotten come back."""
        letters(database, 3, NOW)
        file = back_up(database, tmp_path / NAME, NOW).path
        later = to_micros(NOW + timedelta(hours=30))
        letters(database, 1, NOW + timedelta(hours=30), first=50)
        write(
            database,
            f"INSERT INTO people (created_at, forgotten_at) VALUES (1, {later})",
            "INSERT INTO issues (compound_id, number, category, urgency, is_private, place_kind, text, state,"
            " reporter_id, reporter_approved, handler_id, handler_post, reason, filed_at, assigned_at,"
            " reopen_count, clock_kind, accept_term, resolve_term, resolve_used) VALUES (1, '1', 'x',"
            f" 'ordinary', 0, 'compound', '', 'open', 1, 1, 1, '', '', {later}, 1, 0, 'always', 1, 1, 0)",
        )

        async def seen() -> tuple[object, ...]:
            async with restoring(file, database, NOW + timedelta(hours=31)) as found:
                return found.loses, found.is_older, found.lost_issues, found.forgotten_again

        assert asyncio.run(seen()) == (timedelta(hours=30), True, 1, 1)
        assert ask(database, "SELECT COUNT(*) FROM inbox") == [(4,)], "looking changes nothing"

    def test_the_same_state_loses_nothing(self, database: Path, tmp_path: Path) -> None:
        """Straight after the backup there is nothing to warn of."""
        letters(database, 3, NOW)
        file = back_up(database, tmp_path / NAME, NOW).path

        async def seen() -> bool:
            async with restoring(file, database, NOW) as found:
                return found.is_older

        assert not asyncio.run(seen())

    def refused(self, file: Path, database: Path) -> str:
        """The sentence; the database and its folder stay as they are."""
        content, beside = database.read_bytes(), files(database.parent) | {"lianxin.db.lock"}
        with pytest.raises(OperatorError) as no:
            asyncio.run(restore(file, database))
        assert database.read_bytes() == content
        assert files(database.parent) <= beside
        return str(no.value)

    def test_not_from_what_is_no_backup(self, database: Path, tmp_path: Path) -> None:
        """Missing, the database itself, something else, of a newer program."""
        assert "there is no file" in self.refused(tmp_path / "none.db", database)
        assert "is the database itself" in self.refused(database, database)
        (tmp_path / "x.jpg").write_bytes(b"jpg" * 1000)
        assert "cannot be restored: file is not a database" in self.refused(tmp_path / "x.jpg", database)
        newer = back_up(database, tmp_path / "newer.db", NOW).path
        write(newer, "INSERT INTO schema_versions VALUES (99, '')")
        assert "has schema 99, this program knows" in self.refused(newer, database)

    def test_not_under_a_running_bot(self, database: Path, tmp_path: Path) -> None:
        """Neither a bot nor any other program that has the file open."""
        file = back_up(database, tmp_path / NAME, NOW).path
        with held(database):
            assert "a bot is already running on" in self.refused(file, database)
        write(database, "PRAGMA journal_mode = WAL")
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("SELECT 1 FROM people").fetchall()
            with pytest.raises(OperatorError, match="a program is at work on"):
                asyncio.run(restore(file, database))
        assert asyncio.run(restore(file, database)) is not None

    def test_from_an_older_schema(
        self, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A backup made before an upgrade is brought up to date on its way in."""
        old, steps = tmp_path / "old" / "lianxin.db", migrations()
        monkeypatch.setattr("bot.storage.engine.migrations", lambda: steps[:2])
        monkeypatch.setattr(backups, "migrations", lambda: steps[:2])
        asyncio.run(_founded(old))
        file = back_up(old, tmp_path / NAME, NOW).path
        monkeypatch.undo()

        asyncio.run(restore(file, database))

        assert ask(database, "SELECT MAX(version) FROM schema_versions") == [(NEWEST,)]
        assert ask(database, "SELECT what FROM upkeep") == [("restore",)]

    def test_killed_at_any_moment(self, database: Path, tmp_path: Path) -> None:
        """SIGKILL during a restore: the database is the one of before or the one of the backup, whole."""
        letters(database, 8_000)
        file = back_up(database, tmp_path / NAME, NOW).path
        letters(database, 10, first=100_000)
        random, seen = Random(3), set()  # noqa: S311  # a story that can be told again
        program = (
            "import asyncio, sys\n"
            "from datetime import datetime, UTC\n"
            "from pathlib import Path\n"
            "from bot.storage.backups import restoring\n"
            "async def go():\n"
            "    print('ready', flush=True)\n"
            "    async with restoring(Path(sys.argv[1]), Path(sys.argv[2]), datetime.now(UTC)) as one:\n"
            "        one.put_in_place()\n"
            "asyncio.run(go())\n"
        )
        for _ in range(12):
            command = [sys.executable, "-c", program, str(file), str(database)]
            with subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                process.stdout.readline()
                time.sleep(random.uniform(0, 0.3))
                process.kill()
            assert ask(database, "PRAGMA integrity_check") == [("ok",)]
            ((count,),) = ask(database, "SELECT COUNT(*) FROM inbox")
            assert count in {8_000, 8_010}
            seen.add(count)
            if count == 8_000:
                letters(database, 10, first=100_000)
        assert 8_010 in seen
        asyncio.run(restore(file, database))
        assert not [name for name in files(database.parent) if ".part" in name]


def waiting(chat: str, lane: Lane, *, hour: datetime | None = None) -> Mail:
    """Something to say."""
    return Mail(1, chat, lane, Intent.SAY, {"text": "您好"}, not_before=hour)


class TestWhatARestoredBotSays:
    """It goes on where the backup stands, and neither reuses what was given since nor floods anybody."""

    def test_mail_that_waited(self, database: Path, tmp_path: Path) -> None:
        """Young mail goes out, its lease is free; old mail does not, except for an hour still to come."""

        async def fill() -> None:
            store_of = await SqliteDatabase.open(str(database))
            async with store_of.transaction() as connection:
                outbox = Store(connection).outbox
                await outbox.put(
                    [waiting("old", Lane.WORK), waiting("later", Lane.WORK, hour=NOW)],
                    NOW - timedelta(days=3),
                )
                await outbox.put([waiting("young", Lane.REPLY)], NOW - timedelta(hours=5))
                await outbox.claim(9, NOW - timedelta(hours=4), NOW + timedelta(days=9))
                await Store(connection).inbox.put([Received(1, 7, "5", "5", "{}")], NOW)
            await store_of.close()

        asyncio.run(fill())
        write(
            database,
            f"UPDATE outbox SET not_before = {to_micros(NOW + timedelta(hours=1))} WHERE chat = 'later'",
        )
        file = back_up(database, tmp_path / NAME, NOW).path
        asyncio.run(restore(file, database))

        assert ask(database, "SELECT chat, state, lease_until FROM outbox ORDER BY chat") == [
            ("later", "waiting", 0),
            ("old", "expired", 0),
            ("young", "waiting", 0),
        ]
        assert ask(database, "SELECT state FROM inbox") == [("new",)], "who wrote is still answered"

    def test_nothing_given_is_given_again(self, database: Path, tmp_path: Path) -> None:
        """Numbers go on with the day's next hundred, ids far above: old buttons hit nobody else's issue."""
        write(database, "INSERT INTO issue_numbers VALUES (1, '261124', 7), (1, '261123', 9)")
        write(database, "INSERT INTO people (created_at) VALUES (1)")
        file = back_up(database, tmp_path / NAME, NOW).path
        asyncio.run(restore(file, database))
        asyncio.run(restore(back_up(database, tmp_path / "again.db", NOW).path, database, NOW))

        assert ask(database, "SELECT day, last FROM issue_numbers ORDER BY day") == [
            ("261123", 9),
            ("261124", 200),
        ]
        write(database, "INSERT INTO people (created_at) VALUES (1)")
        assert ask(database, "SELECT MAX(id) FROM people") == [(2 * IDS_SKIPPED + 2,)]
        write(database, "INSERT INTO chores (kind, subject_id, due_at, stage) VALUES ('x', 1, 1, 1)")
        ((chore,),) = ask(database, "SELECT id FROM chores WHERE kind = 'x'")
        assert isinstance(chore, int)
        assert chore > IDS_SKIPPED, "also where there was no row yet"


async def reborn(world: World, tmp_path: Path, file: Path) -> None:
    """Restore under the story's bot, which is started anew on the other file."""
    assert isinstance(world.database, SqliteDatabase)
    await world.database.close()
    await restore(file, tmp_path / "lianxin.db", world.clock.now)
    world.database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    await world.restart()


@pytest.fixture
async def own_world(tmp_path: Path) -> AsyncIterator[World]:
    """A story whose database may be replaced."""
    world = await World.make(await SqliteDatabase.open(str(tmp_path / "lianxin.db")))
    try:
        yield world
    finally:
        await world.database.close()


class TestStories:
    """What people see of a restore."""

    async def test_a_day_is_lost(self, own_world: World, tmp_path: Path) -> None:
        """What was reported since is unknown, a new report has a number nobody saw; the operator knows."""
        world = own_world
        operator = await world.with_operator()
        await world.leader_of("3")
        resident = await world.resident()
        await resident.reports()
        file = back_up(tmp_path / "lianxin.db", tmp_path / NAME, world.clock.now).path
        await world.later(hours=2)
        await resident.reports("三栋2单元电梯坏了", "电梯")
        assert resident.sees("261124-002")
        await world.later(hours=1)

        await reborn(world, tmp_path, file)
        await world.tick()
        await resident.forgets()
        await resident.reports("三栋2单元电梯坏了", "电梯")

        numbers = [row["number"] for row in await world.rows("SELECT number FROM issues ORDER BY id")]
        assert numbers == ["261124-001", "261124-101"]
        assert "已从备份恢复" in operator.last_message
        assert "10:00" in operator.last_message

    async def test_an_old_button(self, own_world: World, tmp_path: Path) -> None:
        """A card of an issue that is forgotten is refused; it does not open somebody else's."""
        world = own_world
        leader, resident = await world.leader_of("3"), await world.resident()
        file = back_up(tmp_path / "lianxin.db", tmp_path / NAME, world.clock.now).path
        await resident.reports()
        message, button = leader.with_button("接单")
        await reborn(world, tmp_path, file)
        other = await world.resident("3", "1", "101", "小李")
        await other.reports("三栋1单元楼道灯坏了")
        assert button.data is not None
        leader.user.presses(None, message.id, button.data)
        await world.settle()

        assert [row["state"] for row in await world.rows("SELECT state FROM issues")] == ["open"]

    async def test_an_announcement_that_was_due(self, own_world: World, tmp_path: Path) -> None:
        """Nobody gets it twice unasked: it is a draft again, and its author is asked to look."""
        world = own_world
        leader = await world.leader_of("3")
        await announces(world, leader, chosen_at=world.clock.now + timedelta(hours=1))
        file = back_up(tmp_path / "lianxin.db", tmp_path / NAME, world.clock.now).path
        world.clock.now += timedelta(hours=3)
        await leader.forgets()

        await reborn(world, tmp_path, file)
        await world.tick()

        assert [row["state"] for row in await world.rows("SELECT state FROM announcements")] == ["draft"]
        assert not any("📢" in text for text in leader.new_messages)
        assert leader.sees("我刚从备份恢复")

    async def test_an_announcement_that_still_lies_ahead(self, own_world: World, tmp_path: Path) -> None:
        """Its hour comes after the restore: it goes out, once."""
        world = own_world
        leader = await world.leader_of("3")
        await announces(world, leader, chosen_at=world.clock.now + timedelta(hours=5))
        file = back_up(tmp_path / "lianxin.db", tmp_path / NAME, world.clock.now).path
        world.clock.now += timedelta(hours=3)
        await leader.forgets()

        await reborn(world, tmp_path, file)
        await world.live_through(hours=4)

        assert len([text for text in leader.new_messages if "📢" in text]) == 1

    async def test_an_announcement_in_the_middle(self, own_world: World, tmp_path: Path) -> None:
        """What had not gone out at the time of the backup is left out; the report says nobody knows."""
        world = own_world
        leader = await world.leader_of("3")
        await announces(world, leader)
        world.clock.now += timedelta(minutes=1)
        await world.app.jobs.tick()
        states = [
            row["state"] for row in await world.rows("SELECT state FROM deliveries WHERE state <> 'left_out'")
        ]
        assert set(states) == {"posted"}
        file = back_up(tmp_path / "lianxin.db", tmp_path / NAME, world.clock.now).path
        await leader.forgets()

        await reborn(world, tmp_path, file)
        await world.live_through(timedelta(minutes=1), minutes=3)

        assert not any("📢" in text for text in leader.new_messages)
        assert [row["state"] for row in await world.rows("SELECT state FROM announcements")] == ["sent"]
        assert leader.sees("不清楚（机器人从备份恢复过）")


async def announces(world: World, leader: Phone, chosen_at: datetime | None = None) -> None:
    """The leader of building 3 announces to it."""
    author = await leader.person_id()
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        buildings = {name: building for building, name in await desk.store.places.buildings(1)}
        audience = Audience((Part(Kind.BUILDING, buildings["3号楼"]),))
        await hand_in(desk, author, Draft(1, "明天停水", audience, chosen_at=chosen_at))
        await desk.send()
    await world.settle()


class TestByItself:
    """The running bot makes its own backups."""

    async def looked(self, world: World, folder: Path, *, keep: int = 2) -> Backups:
        """The part of the bot that makes them."""
        assert isinstance(world.database, SqliteDatabase)
        path = Path(world.database.path)
        return Backups(
            world.database, path, Plan(folder, timedelta(days=1), keep), TEXTS, world.rules, world.clock
        )

    async def test_once_a_day(self, world: World, tmp_path: Path) -> None:
        """The first at once, then each day, also across restarts; the oldest are removed."""
        folder = tmp_path / "backups"
        folder.mkdir()
        for _ in range(4):
            copies = await self.looked(world, folder)
            for _ in range(3):
                await copies.look()
                world.clock.now += timedelta(hours=8)
        assert files(folder) == {"lianxin-20261126-020000Z.db", "lianxin-20261127-020000Z.db"}
        async with world.database.transaction() as connection:
            done = await Store(connection).upkeep.last(BACKUP)
        assert done is not None
        assert done.facts["file"] == str(folder / "lianxin-20261127-020000Z.db")

    async def test_a_failure_is_told_once(self, world: World, tmp_path: Path) -> None:
        """The folder is missing: the operator reads why, once a day; every hour it is tried again."""
        operator = await world.with_operator()
        folder = tmp_path / "usb"
        copies = await self.looked(world, folder)
        await operator.forgets()
        for _ in range(5):
            await copies.look()
            world.clock.now += LOOK_EVERY + AGAIN_AFTER / 2
        await world.settle()
        (told,) = operator.new_messages
        assert f"the folder {folder} is not there" in told
        assert not folder.exists()

        folder.mkdir()
        world.clock.now += AGAIN_AFTER
        await copies.look()
        assert len(files(folder)) == 1
        async with world.database.transaction() as connection:
            assert await Store(connection).upkeep.last(FAILED) is None


class TestTyped:
    """What the operator types and reads."""

    def test_backup(self, console: Console, database: Path) -> None:
        """To the usual folder, one table, noted in the database."""
        code, out, err = console("backup")

        assert (code, err) == (0, "")
        (made,) = Path("var/backups").iterdir()
        assert re.fullmatch(r"lianxin-\d{8}-\d{6}Z\.db", made.name)
        assert str(made) in out
        assert "whole and sound" in out
        assert ask(database, "SELECT what FROM upkeep") == [("backup",)]

    def test_to_a_file_a_folder_and_keeping_some(self, console: Console, database: Path) -> None:
        """A name with an ending is a file; --keep counts in its folder."""
        assert console("backup", "mine.db")[0] == 0
        assert console("backup", "a/b")[0] == 0
        (first,) = files(Path("a/b"))
        # As if made long ago: the next may be made within the same second.
        Path("a/b", first).rename(Path("a/b", name_for(NOW - timedelta(days=3650))))
        Path("a/b", name_for(NOW - timedelta(days=3651))).touch()
        code, out, _ = console("backup", "a/b", "--keep", "1")

        assert (code, len(files(Path("a/b")))) == (0, 1)
        assert "older ones removed" in out
        assert Path("mine.db").is_file()
        assert console("backup", "mine.db")[2] == (
            "lianxin: mine.db exists already: name another file, or a folder\n"
        )

    def test_without_a_database(self, console: Console) -> None:
        """One sentence."""
        assert console("backup") == (
            2,
            "",
            "lianxin: there is no database at var/lianxin.db: nothing to back up\n",
        )

    def test_restore(self, console: Console, database: Path) -> None:
        """It must be meant, it says what is lost, and it names what is kept."""
        letters(database, 2, NOW)
        console("backup", "mine.db")
        letters(database, 2, NOW + timedelta(hours=2), first=10)

        code, _, err = console("restore", "mine.db", "--yes")
        assert code == 2
        assert "knows more than this backup: 2.0 hours; to lose that, add --discard-newer\n" in err
        code, out, err = console("restore", "mine.db", "--discard-newer")
        assert (code, err) == (2, "lianxin: nothing was restored: add --yes where nobody can be asked\n")
        assert ask(database, "SELECT COUNT(*) FROM inbox") == [(4,)]

        code, out, err = console("restore", "mine.db", "--discard-newer", "--yes")
        assert (code, err) == (0, "")
        assert "Lost is: 2.0 hours." in out
        assert "kept in var/before-restore-" in out
        assert ask(database, "SELECT COUNT(*) FROM inbox") == [(2,)]

    def test_a_server_is_restored_by_hand(self, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
        """What to type, without the password."""
        monkeypatch.setenv("BOT_DATABASE__URL", "postgresql://bot:hunter2@db/lianxin?sslmode=require")
        code, _, err = console("restore", "x y.dump")

        assert code == 2
        assert "--dbname='postgresql://bot@db/lianxin?sslmode=require' 'x y.dump'" in err
        assert "hunter2" not in err


async def test_restored_in_the_middle_of_a_crowd(tmp_path: Path) -> None:
    """A backup beside a busy bot, which is killed later: it runs on, and nothing is given again."""
    async with at_work(tmp_path, people=8, seed=3) as (crowd, bot):
        square, path = crowd.square, crowd.compound.path
        async with asyncio.TaskGroup() as tasks:
            living = tasks.create_task(crowd.lives())
            await square.reaches(square.revision + 40, PATIENCE)
            target = tmp_path / "backups" / NAME
            target.parent.mkdir()
            file = await asyncio.to_thread(back_up, path, target, square.clock())
            with pytest.raises(OperatorError, match="a bot is already running"):
                await restore(file.path, path, square.clock())
            await square.reaches(square.revision + 60, PATIENCE)
            await bot.kill()
            living.cancel()
        given = {number for (number,) in ask(path, "SELECT number FROM issues")}

        await restore(file.path, path, square.clock())
        known = {number for (number,) in ask(path, "SELECT number FROM issues")}
        await bot.start()
        someone = square.people[0]
        before = someone.says("/start")
        await someone.answer(before)
    assert known <= given
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "PRAGMA foreign_key_check") == []
    assert ask(path, "SELECT COUNT(*) FROM inbox WHERE state = 'buried'") == [(0,)]
    after = {number for (number,) in ask(path, "SELECT number FROM issues")} - known
    assert all(int(str(number).split("-")[1]) > 100 for number in after)
