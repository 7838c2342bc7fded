"""The doctor: every question has its line, the exit code is right, and no secret is ever said."""

import asyncio
import json
import shutil
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from bot import diagnosis
from bot.app import system_clock
from bot.domain.audiences import COMPOUND
from bot.sandbox.core import Sandbox
from bot.sandbox.people import Group, User
from bot.storage.backups import held
from bot.storage.engine import migrations, to_micros
from bot.storage.mailboxes import Intent, Lane, Mail, Received
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from tests.console import Console
from tests.crowd import Square, opened
from tests.world import SAMPLE

T = TypeVar("T")

SECRET = "123456789:AAF-abcdefghijklmnopqrstuvwxyz_12345"
NOW = system_clock()()


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    """Commands typed in the test's folder, whose database is var/lianxin.db."""
    return Console(tmp_path, monkeypatch, capsys)


@pytest.fixture
def database(tmp_path: Path, console: Console) -> Path:
    """The sample compound, as imported."""
    code, _, err = console("import", SAMPLE)
    assert code == 0, err
    return tmp_path / "var" / "lianxin.db"


def run(path: Path, change: Callable[[Store], Awaitable[object]]) -> None:
    """Let a coroutine change the database."""

    async def go() -> None:
        database = await SqliteDatabase.open(str(path))
        try:
            await database.migrate()
            async with database.transaction() as connection:
                await change(Store(connection))
        finally:
            await database.close()

    asyncio.run(go())


def write(path: Path, *statements: str) -> None:
    """Change a file, as another program."""
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        for sql in statements:
            connection.execute(sql)


@dataclass
class Seen:
    """What the doctor said: (verdict, found, advice) by question, several where there are several."""

    code: int
    said: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def one(self, check: str) -> tuple[str, str, str]:
        """The only line to this question."""
        (found,) = self.said[check]
        return found


def asked(console: Console, *words: object) -> Seen:
    """Ask the doctor, for machines."""
    code, out, err = console("doctor", "--json", *words)
    assert err == ""
    seen = Seen(code)
    answer = json.loads(out)
    assert answer["is_well"] == (code == 0)
    for finding in answer["findings"]:
        line = (finding["verdict"], finding["found"], finding["advice"])
        seen.said.setdefault(finding["check"], []).append(line)
    return seen


class TestOffline:
    """Without asking Telegram: the program, the file, the register, the backlog."""

    def test_a_sound_house(self, console: Console, database: Path) -> None:
        """Nothing is changed by looking; one line for each question, two where there is something to do."""
        content = database.read_bytes()
        code, out, err = console("doctor", "--offline")

        assert (code, err) == (1, ""), "nobody is on the bot yet"
        assert database.read_bytes() == content
        lines = out.splitlines()
        assert all(line[:2] in {"✓ ", "! ", "✗ ", "  "} for line in lines)
        assert f"✓ schema: {migrations()[-1][0]}" in lines
        assert "! telegram: not asked" in lines
        assert any(line.startswith("✓ database: ") and line.endswith("sound") for line in lines)

    def test_no_database(self, console: Console) -> None:
        """It is not created; what to type is said."""
        seen = asked(console, "--offline")

        assert seen.code == 1
        assert seen.one("database")[0] == "trouble"
        assert "is not there" in seen.one("database")[1]
        assert "import" in seen.one("database")[2]
        assert not Path("var").exists()

    @pytest.mark.parametrize(
        ("how", "sentence"),
        [
            ("garbage", "file is not a database"),
            ("empty", "is no database of this program"),
            ("damaged", "is damaged: var/lianxin.db cannot be read: database disk image is malformed"),
            ("astray", "is damaged: a row of buildings refers to nothing in compounds"),
        ],
    )
    def test_a_broken_one(self, console: Console, database: Path, how: str, sentence: str) -> None:
        """One sentence, no stack trace, and nothing more is asked of it."""
        if how == "astray":
            write(database, "INSERT INTO buildings (compound_id, label, name) VALUES (77, '9', '9号楼')")
        else:
            content = bytearray(database.read_bytes())
            content[len(content) // 2 :: 16] = b"\xff" * len(content[len(content) // 2 :: 16])
            database.write_bytes({"garbage": b"x" * 9000, "empty": b"", "damaged": bytes(content)}[how])
        seen = asked(console, "--offline")

        assert seen.code == 1
        verdict, found, _ = seen.one("database")
        assert verdict == "trouble"
        assert sentence in found
        assert "letters" not in seen.said

    @pytest.mark.parametrize(("version", "verdict", "code"), [(99, "trouble", 1), (2, "warning", 0)])
    def test_another_schema(
        self, console: Console, database: Path, version: int, verdict: str, code: int
    ) -> None:
        """A newer one needs the newer program, an older one a backup and `migrate`."""
        write(database, "DELETE FROM schema_versions", f"INSERT INTO schema_versions VALUES ({version}, '')")
        seen = asked(console, "--offline")

        assert (seen.code, seen.one("schema")[0]) == (code, verdict)
        assert str(version) in seen.one("schema")[1]
        assert "letters" not in seen.said

    def test_rights_and_room(self, console: Console, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file others may read, a disk that is nearly full, a lock that does not go away."""
        database.chmod(0o644)
        usage = shutil.disk_usage(database)._replace(free=4_000_000)
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
        seen = asked(console, "--offline")
        assert seen.one("database")[2] == "chmod 600 var/lianxin.db"
        assert seen.one("disk") == (
            "warning",
            "4.0 MB free",
            "make room, or move the database to another disk",
        )

        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr("bot.storage.backups.WRITE_WITHIN", 0)
            assert "database is locked" in asked(console, "--offline").one("writing")[1]

    def test_a_file_with_the_token(self, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is named, and that others may read it; the token itself is not."""
        config = Path("config.toml")
        config.write_text(f'[telegram]\ntoken = "{SECRET}"\n')
        config.chmod(0o644)
        assert asked(console, "--offline").one("configuration") == (
            "warning",
            "config.toml can be read by others, and holds the token",
            "chmod 600 config.toml",
        )
        config.chmod(0o600)
        assert asked(console, "--offline").one("configuration")[:2] == ("fine", str(config.absolute()))
        config.write_text(f'[telegram]\ntoken = "{SECRET}"\nxyz = 1\n')
        code, out, _ = console("doctor")
        assert code == 1
        assert out.startswith("✗ configuration: config.toml: telegram.xyz: there is no such setting")
        assert SECRET not in out

    def test_a_calendar_for_nobody(self, console: Console, database: Path) -> None:
        """Days under a code that no compound has: which, and which there are."""
        Path("config.toml").write_text(
            '[calendar.luzhou]\noff = ["2026-11-20"]\n[calendar.luzhou-126]\nwork = []\n'
        )
        advice = "take it out of the configuration, or name one of these: luzhou-126"
        told = ("warning", "calendar.luzhou: no compound has this code", advice)
        assert told in asked(console, "--offline").said["calendar"]
        assert len(asked(console, "--offline").said["calendar"]) == 2

    def test_no_token(self, console: Console) -> None:
        """The first line says where it comes from."""
        code, out, _ = console("doctor")
        assert code == 1
        assert out.startswith("✗ configuration: telegram.token is missing")

    def test_the_register(self, console: Console, database: Path) -> None:
        """Holes are named by buildings and posts, never by people or phones."""
        with closing(sqlite3.connect(database)) as connection:
            private = [
                word
                for row in connection.execute("SELECT name, phone FROM personal_details")
                for word in row
                if word
            ]
        assert private
        write(
            database,
            "DELETE FROM appointments WHERE post_id IN (SELECT posts.id FROM posts JOIN buildings"
            " ON buildings.id = posts.building_id WHERE kind = 'building_leader' AND buildings.label = '3')",
            "DELETE FROM units WHERE building_id = (SELECT id FROM buildings WHERE label = '5')",
        )
        seen = asked(console, "--offline")
        found = [line for lines in seen.said.values() for line in lines]
        text = " ".join(part for line in found for part in line)

        here = {line[1].partition(":")[0]: line for line in seen.said["绿洲路126号大院"]}
        assert here["nobody in office is on the bot"][0] == "trouble"
        assert here["without a leader"][1] == "without a leader: 3号楼, 5号楼"
        assert here["without units"][1] == "without units: 5号楼"
        assert "building_leader" in here["in office, but not on the bot"][1]
        assert "doors without a joining link" in here
        assert not [word for word in private if word in text]

    def test_what_is_left_lying(self, console: Console, database: Path) -> None:
        """Counted, with the age of the oldest; what was set aside counts for a week."""
        now = system_clock()()

        async def fill(store: Store) -> None:
            await store.inbox.put(
                [Received(1, number, "5", "5", "{}") for number in range(4)], now - timedelta(hours=3)
            )
            await store.inbox.bury(1, "KeyError", now - timedelta(days=2))
            await store.inbox.bury(2, "KeyError", now - timedelta(days=20))
            await store.outbox.put(
                [Mail(1, "5", Lane.WORK, Intent.SAY, {"text": "x"})], now - timedelta(minutes=9)
            )
            await store.chores.put("x", 1, now - timedelta(minutes=1))

        run(database, fill)
        seen = asked(console, "--offline")

        assert seen.one("letters")[:2] == ("warning", "2, the oldest 3 hours ago, and not done")
        assert seen.one("buried letters")[:2] == ("warning", "1, the oldest 2 days ago (last 7 days)")
        assert seen.one("mail")[:2] == ("warning", "1, the oldest 9 minutes ago, and not done")
        assert seen.one("chores")[0] == "fine", "a minute is nothing"
        assert seen.one("dues")[:2] == seen.one("buried mail")[:2] == ("fine", "none")

    def test_the_last_backup(self, console: Console, database: Path) -> None:
        """Never, just now, gone, long ago, failed."""
        assert asked(console, "--offline").one("backup") == ("warning", "never made", "python -m bot backup")
        console("backup", "mine.db")
        assert asked(console, "--offline").one("backup")[0] == "fine"
        Path("mine.db").unlink()
        assert "is not there any more" in asked(console, "--offline").one("backup")[1]
        Path("mine.db").touch()
        write(database, f"UPDATE upkeep SET at = {to_micros(NOW - timedelta(days=30))}")
        assert asked(console, "--offline").one("backup")[:1] == ("warning",)

        async def fails(store: Store) -> None:
            await store.upkeep.note("backup_failed", NOW, error="the disk is full")

        run(database, fails)
        assert "the disk is full" in asked(console, "--offline").one("backup")[1]

    def test_the_clock_and_the_calendar(
        self, console: Console, database: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A moved clock is told; so are holidays that nobody has announced."""
        Path("clock").write_text(str(3 * 24 * 3600 * 1_000_000))
        monkeypatch.setenv("BOT_CLOCK__OFFSET_FILE", "clock")
        assert "moves the bot's clock by 3 days" in asked(console, "--offline").one("clock")[1]
        Path("clock").write_text(f"={to_micros(datetime(2040, 5, 1, tzinfo=UTC))}")
        assert "the holidays of 2040, 2041 are not known" in asked(console, "--offline").one("calendar")[1]

    def test_beside_a_running_bot(self, console: Console, database: Path) -> None:
        """Somebody writes all the time: the doctor reads, and holds nobody up."""
        enough, written = threading.Event(), []

        def writes() -> None:
            with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
                while not enough.is_set():
                    connection.execute("INSERT INTO people (created_at) VALUES (1)")
                    written.append(1)
                    enough.wait(0.002)

        writer = threading.Thread(target=writes)
        writer.start()
        try:
            with held(database):
                assert asked(console, "--offline").one("writing")[0] == "fine"
        finally:
            enough.set()
            writer.join()
        assert written


class Telegram:
    """A Telegram over HTTP in a thread of its own, so that commands can be typed beside it."""

    def __init__(self, square: Square, loop: asyncio.AbstractEventLoop) -> None:
        self.square = square
        self._loop = loop

    def does(self, change: Callable[[Sandbox], T]) -> T:
        """Do something in it."""

        async def go() -> T:
            return change(self.square.sandbox)

        return asyncio.run_coroutine_threadsafe(go(), self._loop).result(10)


@contextmanager
def served() -> Iterator[Telegram]:
    """Until the block ends."""
    ready: list[Telegram] = []
    up, down = threading.Event(), threading.Event()

    async def serve() -> None:
        async with opened() as square:
            ready.append(Telegram(square, asyncio.get_running_loop()))
            up.set()
            await asyncio.to_thread(down.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert up.wait(10)
    try:
        yield ready[0]
    finally:
        down.set()
        thread.join()


@pytest.fixture
def telegram(console: Console, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    """A Telegram that the console's configuration names."""
    with served() as telegram:
        console.sets("BOT_TELEGRAM__TOKEN", telegram.square.sandbox.token)
        console.sets("BOT_TELEGRAM__BASE_URL", telegram.square.url)
        monkeypatch.setattr("bot.gateway.examination.LISTEN", 1)
        yield telegram


class TestTelegram:
    """What only Telegram knows."""

    def test_all_is_well(self, console: Console, database: Path, telegram: Telegram) -> None:
        """The name, the time, nobody else listening."""
        with held(database):
            seen = asked(console)
        assert seen.one("token")[:2] == ("fine", f"@{telegram.square.sandbox.bot_username}")
        assert seen.one("time")[0] == "fine"
        assert seen.one("updates")[:2] == ("fine", "the bot is running here, 0 wait at Telegram")
        assert "telegram" not in seen.said

    def test_nobody_listens(self, console: Console, telegram: Telegram) -> None:
        """The bot is not running: how many wait, and how to start it."""
        telegram.does(lambda sandbox: sandbox.user("王").sends(None, "灯坏了"))
        assert asked(console).one("updates") == (
            "warning",
            "nobody fetches them, 1 wait at Telegram",
            "start the bot: python -m bot run",
        )

    def test_a_wrong_token(
        self, console: Console, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Where to get a valid one; the rest is looked at all the same."""
        monkeypatch.setenv("BOT_TELEGRAM__TOKEN", SECRET)
        code, out, _ = console("doctor")
        assert code == 1
        assert "✗ token: Telegram refuses the token of the bot: get a valid one from @BotFather" in out
        assert SECRET not in out
        assert "database" in out

    def test_no_network(self, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
        """The server is named; the token is not."""
        monkeypatch.setenv("BOT_TELEGRAM__TOKEN", SECRET)
        monkeypatch.setenv("BOT_TELEGRAM__BASE_URL", "http://127.0.0.1:9")
        code, out, _ = console("doctor")
        assert code == 1
        assert "✗ telegram: http://127.0.0.1:9 does not answer (NetworkError)" in out
        assert SECRET not in out

    def test_a_webhook(self, console: Console, telegram: Telegram) -> None:
        """Its host is told, the path may be a secret."""
        secret = "https://other.example/hook/s3cret"
        telegram.does(lambda sandbox: sandbox.call(sandbox.token, "setWebhook", {"url": secret}, {}))
        verdict, found, _ = asked(console).one("updates")
        assert verdict == "warning"
        assert "a webhook at other.example" in found
        assert "s3cret" not in found

    def test_another_program_listens(
        self, console: Console, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is cut off once, asks again, and so is found out."""
        monkeypatch.setattr("bot.gateway.examination.LISTEN", 4)
        enough = threading.Event()

        def polls() -> None:
            while not enough.is_set():
                try:
                    url = f"{telegram.square.url}/bot{telegram.square.sandbox.token}/getUpdates?timeout=2"
                    urlopen(url, timeout=5).read()
                except HTTPError as error:
                    error.close()

        other = threading.Thread(target=polls)
        other.start()
        try:
            assert asked(console).one("updates")[:2] == (
                "trouble",
                "another program fetches them with this token",
            )
        finally:
            enough.set()
            other.join()

    def test_the_clock_of_this_computer(
        self, console: Console, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More than five seconds away from Telegram's."""
        monkeypatch.setattr(
            diagnosis, "system_clock", lambda *_: lambda: system_clock()() + timedelta(minutes=7)
        )
        verdict, found, advice = asked(console).one("time")
        assert verdict == "warning"
        assert found.startswith("this computer's clock is 7 minutes ahead")
        assert "set-ntp" in advice

    def test_the_operator_s_chat(
        self, console: Console, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """None, one that is there, one that is not."""
        assert asked(console).one("operator")[:2] == ("warning", "no chat: only the log hears of trouble")

        def writes(sandbox: Sandbox) -> User:
            user = sandbox.user("管理员")
            user.sends(None, "/start")
            return user

        user = telegram.does(writes)
        monkeypatch.setenv("BOT_OPERATOR__CHAT", str(user.id))
        assert asked(console).one("operator")[0] == "fine"
        monkeypatch.setenv("BOT_OPERATOR__CHAT", "-100999")
        assert asked(console).one("operator")[:2] == ("warning", "chat -100999 cannot be reached")

    def test_groups(self, console: Console, database: Path, telegram: Telegram) -> None:
        """Each bound group as it really is now, in the words of /groups."""
        groups: list[Group] = []

        def found(sandbox: Sandbox) -> None:
            owner = sandbox.user("王")
            groups.extend(sandbox.group(title, owner) for title in ("甲", "乙", "丙"))
            for group in groups:
                group.add_bot(owner)
            groups[0].promote_bot(owner)
            groups[2].remove_bot(owner)

        async def bind(store: Store) -> None:
            by = await store.people.new(NOW)
            for group in groups:
                known = await store.groups.put("telegram", str(group.id), group.title, "administrator")
                await store.groups.bind(known, 1, COMPOUND, by, NOW)

        telegram.does(found)
        run(database, bind)
        said = {line[1].split('"')[1]: line for line in asked(console).said["group"]}

        assert said["甲"][0] == "fine"
        assert (said["乙"][0], "I can no longer pin" in said["乙"][1]) == ("warning", True)
        assert (said["丙"][0], "Please add me again" in said["丙"][2]) == ("warning", True)
