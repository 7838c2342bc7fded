"""The command line: what the operator types, and what they are told."""

import asyncio
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

import bot.app
from bot.cli import main
from bot.config import Settings
from bot.domain.errors import OperatorError, Unavailable
from bot.journal import open_journal

HOUSE = Path(__file__).parent.parent
SMALL = str(HOUSE / "samples" / "luzhou-126")
SECRET = "123456789:AAF-abcdefghijklmnopqrstuvwxyz_12345"
LINK = re.compile(r"https://t\.me/lianxin_bot\?start=(?P<payload>[0-9A-Za-z_-]{1,32})")

JSON_OR_NOT = pytest.mark.parametrize("as_json", [True, False], ids=["json", "console"])

Lianxin = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def own_journal() -> Iterator[None]:
    """Every test gives back the log, and what happens to uncaught errors, as it found them."""
    root, crash = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level, sys.excepthook = handlers, level, crash
    logging.getLogger("bot").setLevel(logging.NOTSET)
    structlog.reset_defaults()


@pytest.fixture
def lianxin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lianxin:
    """Type a command in an empty folder: exit code, stdout, stderr."""
    for name in os.environ:
        if name.startswith("BOT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def typed(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["lianxin", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return typed


class TestMistakes:
    """What the operator has to mend: one sentence, exit code 2, no stack trace."""

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["run"], "telegram.token is missing: copy"),
            (
                ["run", "--config", "absent.toml"],
                "absent.toml does not exist: copy config.example.toml to it",
            ),
            (["import", "absent"], "absent "),
            (["links"], "telegram.token is missing: copy"),
            (["links", "--bot-name", "x_bot"], "there is no compound yet: import one first"),
            (["export", "absent/x.xlsx"], "there is no compound yet"),
            (["sample", "large", "/dev/null/x"], "/dev/null/x cannot be written: Not a directory"),
        ],
    )
    def test_are_one_sentence(self, lianxin: Lianxin, words: list[str], sentence: str) -> None:
        """On stderr, beginning with who says it."""
        code, out, err = lianxin(*words)

        assert (code, out) == (2, "")
        assert err.startswith(f"lianxin: {sentence}")
        assert err.count("\n") == 1

    @pytest.mark.parametrize("error", [OperatorError("mend this"), Unavailable("mend this")])
    def test_of_the_running_bot(
        self, lianxin: Lianxin, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        """What stops the bot later is told in the same way."""

        async def run(_: Settings) -> None:
            raise error

        monkeypatch.setattr(bot.app, "run", run)
        monkeypatch.setenv("BOT_TELEGRAM__TOKEN", SECRET)

        assert lianxin("run") == (2, "", "lianxin: mend this\n")

    def test_unknown_words(self, lianxin: Lianxin) -> None:
        """Typer's own explanation, with the same exit code."""
        code, _, err = lianxin("appoint", "mayor", "--bot-name", "x_bot")

        assert code == 2
        assert "building_leader" in err


class TestStopping:
    """Ctrl-C and being told to stop end the bot gracefully."""

    @pytest.mark.parametrize(
        ("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0), (signal.SIGHUP, 0)]
    )
    def test_cleans_up(
        self, lianxin: Lianxin, monkeypatch: pytest.MonkeyPatch, told: signal.Signals, code: int
    ) -> None:
        """What the bot does last is done; nothing is printed."""
        done = []

        async def run(_: Settings) -> None:
            try:
                os.kill(os.getpid(), told)
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                done.append(told)

        monkeypatch.setattr(bot.app, "run", run)
        monkeypatch.setenv("BOT_TELEGRAM__TOKEN", SECRET)

        assert lianxin("run") == (code, "", "")
        assert done == [told]


class TestRegister:
    """Import, links and appointments on the sample compound."""

    def test_a_dry_run_writes_nothing(self, lianxin: Lianxin) -> None:
        """It counts what would be new, and the compound is still unknown afterwards."""
        code, out, _ = lianxin("import", SMALL, "--dry-run", "--locale", "en")

        assert code == 0
        assert "buildings: new 5, changed 0, as before 0\n" in out
        assert "nothing was written" in out
        assert "no compound yet" in lianxin("links", "--bot-name", "lianxin_bot")[2]

    def test_twice_changes_nothing(self, lianxin: Lianxin) -> None:
        """The second import finds everything as it is."""
        lianxin("import", SMALL)
        _, out, _ = lianxin("import", SMALL, "--locale", "en")

        assert "buildings: new 0, changed 0, as before 5\n" in out
        assert "Appointments begun: 0, ended: 0" in out

    def test_mistakes_are_told_line_by_line(self, lianxin: Lianxin, tmp_path: Path) -> None:
        """All of them, and nothing is imported."""
        (tmp_path / "here").mkdir()
        (tmp_path / "here" / "compounds.csv").write_text("code,name,timezone\nx,X,Moon/Crater\n")
        (tmp_path / "here" / "buildings.csv").write_text("building\n1\n1\n")

        code, _, err = lianxin("import", "here")

        assert code == 2
        assert "compounds.csv 第 2 行，时区：" in err
        assert "buildings.csv 第 3 行，楼栋：" in err
        assert f"lianxin: 有 2 处要改，什么都没有导入。标出错误的表：{tmp_path / 'here-错误.xlsx'}\n" in err
        assert (tmp_path / "here-错误.xlsx").stat().st_mode & 0o077 == 0

    def test_a_sheet_of_residents_needs_its_compound(self, lianxin: Lianxin, tmp_path: Path) -> None:
        """It does not name one: the operator does, once; later it is the only one."""
        (tmp_path / "业主.csv").write_text("房号,业主,电话\n3-2-501,张三,13900000001\n", encoding="gb18030")

        assert lianxin("import", "业主.csv")[0] == 2
        assert "--compound x=NAME" in lianxin("import", "业主.csv", "--compound", "x")[2]
        assert (
            "  新增：3号楼2单元 501 张三（业主）13900000001\n"
            in lianxin("import", "业主.csv", "--compound", "handu=汉都华府二期")[1]
        )
        assert "居民: 新增 0, 更新 0, 不变 1\n" in lianxin("import", "业主.csv")[1]

    @pytest.mark.parametrize("lines", ["", "楼栋,房号,姓名\n", "\n,,\n"])
    def test_nothing_to_import_is_no_import(self, lianxin: Lianxin, tmp_path: Path, lines: str) -> None:
        """A sheet without lines is the wrong file, or was not saved: nobody is told that it came in."""
        (tmp_path / "all.csv").write_text(lines)

        code, out, err = lianxin("import", "all.csv", "--compound", "a=甲院")

        assert (code, out) == (2, "")
        assert (
            err == "lianxin: 里面没有一行可以导入的内容，什么都没有导入。请看看是不是这个文件、有没有保存\n"
        )

    def test_wrong_headings_are_one_mistake(self, lianxin: Lianxin, tmp_path: Path) -> None:
        """The sheet of households is there, only not understood: no other sheet is asked for."""
        (tmp_path / "住户.csv").write_text("幢号,门号,谁\n3,501,张三\n")

        _, _, err = lianxin("import", "住户.csv", "--compound", "a=甲院")

        assert "缺这张表" not in err
        assert "房号：缺这一列" in err

    def test_an_export_that_cannot_be_written_is_one_sentence(self, lianxin: Lianxin, tmp_path: Path) -> None:
        """And leaves nothing half open behind, which would complain when the program ends."""
        lianxin("import", SMALL)

        ended = subprocess.run(
            [sys.executable, "-m", "bot", "export", "absent/register.xlsx"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(HOUSE)},
            capture_output=True,
            text=True,
            check=False,
        )

        assert ended.returncode == 2
        assert ended.stderr.count("\n") == 1

    def test_what_to_do_next_names_the_cards(self, lianxin: Lianxin) -> None:
        """Cards to hang, and invitations."""
        said = lianxin("import", SMALL)[1].splitlines()[-1]

        assert all(word in said for word in ("cards", "appoint", "doctor"))

    def test_an_export_can_be_imported(self, lianxin: Lianxin, tmp_path: Path) -> None:
        """Everything of all compounds in one workbook, which changes nothing."""
        lianxin("import", SMALL)
        code, out, _ = lianxin("export", "all.xlsx", "--locale", "en")

        assert (code, "  units: 144\n" in out) == (0, True)
        assert (
            "people: new 0, changed 0, as before 22\n" in lianxin("import", "all.xlsx", "--locale", "en")[1]
        )
        assert lianxin("export", "all.ods")[2].startswith("lianxin: all.ods is no .xlsx file")
        assert lianxin("export", "all.xlsx", "--compound", "x")[2].startswith("lianxin: name one compound")

    def test_every_door_has_its_link(self, lianxin: Lianxin) -> None:
        """A line for each, which stays the same."""
        lianxin("import", SMALL)
        code, out, _ = lianxin("links", "--bot-name", "@lianxin_bot")
        lines = dict(line.split("\t") for line in out.splitlines())

        assert code == 0
        assert "3号楼 1单元" in lines
        assert all(LINK.fullmatch(link) for link in lines.values())
        assert lianxin("links", "--bot-name", "lianxin_bot")[1] == out

    def test_an_invitation(self, lianxin: Lianxin) -> None:
        """To a post of a building, written as people do; another one each time."""
        lianxin("import", SMALL)
        words = ("appoint", "building_leader", "--building", "三栋", "--bot-name", "lianxin_bot")
        first, second = lianxin(*words), lianxin(*words)

        assert first[0] == 0
        assert LINK.fullmatch(first[1].strip())
        assert first[1] != second[1]

    def test_an_unknown_place(self, lianxin: Lianxin) -> None:
        """No invitation to a building that does not exist, or to a compound nobody imported."""
        lianxin("import", SMALL)
        words = ("appoint", "building_leader", "--building", "99", "--bot-name", "lianxin_bot")

        assert "99" in lianxin(*words)[2]
        assert lianxin(*words, "--compound", "x")[2].startswith(
            "lianxin: name one compound with --compound: "
        )

    def test_the_large_sample_can_be_imported(self, lianxin: Lianxin) -> None:
        """Two thousand households, from files the command wrote."""
        assert lianxin("sample", "large", "handu")[0] == 0
        code, out, _ = lianxin("import", "handu", "--dry-run")

        assert code == 0
        assert "楼栋: 新增 27, " in out

    def test_migrate(self, lianxin: Lianxin) -> None:
        """Tells the schema it arrived at."""
        code, out, _ = lianxin("migrate")

        assert code == 0
        assert re.search(r"schema \d+", out)


class TestBotName:
    """Without --bot-name, Telegram is asked."""

    def test_a_server_that_does_not_answer(self, lianxin: Lianxin, monkeypatch: pytest.MonkeyPatch) -> None:
        """The address is told, the token is not."""
        monkeypatch.setenv("BOT_TELEGRAM__TOKEN", SECRET)
        monkeypatch.setenv("BOT_TELEGRAM__BASE_URL", "http://127.0.0.1:9")

        assert lianxin("links") == (
            2,
            "",
            "lianxin: http://127.0.0.1:9 does not answer: check the network, or give --bot-name\n",
        )


class TestJournal:
    """No token in any line, whoever writes it."""

    @JSON_OR_NOT
    def test_values_and_messages(self, capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
        """Neither the bot's own token nor anything of its shape."""
        open_journal("debug", as_json=as_json, secrets=["7:short", ""])
        structlog.get_logger("bot.x").info("sent", url="https://h/bot7:short/getMe", ids=[7], other=SECRET)
        logging.getLogger("telegram").warning("calling %s", f"https://h/bot{SECRET}/sendMessage")

        said = capsys.readouterr().err

        assert said.count("[token]") == 3
        assert "7:short" not in said
        assert SECRET not in said

    @JSON_OR_NOT
    def test_stack_traces(self, capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
        """Neither in an exception that is logged nor in one that nobody caught."""
        open_journal("debug", as_json=as_json, secrets=["7:short", ""])
        try:
            raise ValueError(f"no answer from /bot{SECRET}/getMe")
        except ValueError as error:
            structlog.get_logger("bot.x").exception("failed")
            sys.excepthook(ValueError, error, error.__traceback__)

        said = capsys.readouterr().err

        assert said.count("no answer from /bot[token]/getMe") == 2
        assert said.count("test_stack_traces") == 2
        assert SECRET not in said

    @JSON_OR_NOT
    def test_libraries_are_heard_from_warnings_up(
        self, capsys: pytest.CaptureFixture[str], *, as_json: bool
    ) -> None:
        """Below, they log what people wrote, whatever level is asked for."""
        open_journal("debug", as_json=as_json, secrets=["7:short", ""])
        logging.getLogger("aiosqlite").debug("executing with a resident's words")
        logging.getLogger("httpx").info("posting a resident's words")
        structlog.get_logger("bot.x").debug("ours")

        said = capsys.readouterr().err

        assert "words" not in said
        assert "ours" in said

    @JSON_OR_NOT
    def test_a_line_that_cannot_be_written(
        self, capsys: pytest.CaptureFixture[str], *, as_json: bool
    ) -> None:
        """Python's own complaint would show the values."""
        open_journal("info", as_json=as_json)
        logging.getLogger("telegram").warning("%d calls", SECRET)

        assert re.fullmatch(
            r"a line of the log is lost: telegram, .*test_cli.py:\d+\n", capsys.readouterr().err
        )

    def test_json_is_one_object_a_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        """With level, logger, time and values; Chinese stays readable."""
        open_journal("info", as_json=True)
        structlog.get_logger("bot.x").info("moved", row=7, door="三栋")

        line = capsys.readouterr().err
        said: dict[str, Any] = json.loads(line)

        assert "三栋" in line
        assert said.pop("timestamp").endswith("Z")
        assert said == {"event": "moved", "level": "info", "logger": "bot.x", "row": 7, "door": "三栋"}


class TestSandbox:
    """The bot without Telegram: what is typed reaches the host, and nonsense is one sentence."""

    @pytest.mark.parametrize(
        ("words", "asked"),
        [
            ([], {}),
            (["--port", "8081", "--data", "here"], {"port": 8081, "data": Path("here/small")}),
            (["--compound", "large"], {"compound": "large", "data": Path("var/sandbox/large")}),
            (["--scene", "lamp", "--fresh"], {"scene": "lamp", "fresh": True}),
            (["--host", "localhost"], {"host": "localhost"}),
            (["--host", "::1"], {"host": "::1"}),
        ],
    )
    def test_options(
        self, lianxin: Lianxin, monkeypatch: pytest.MonkeyPatch, words: list[str], asked: dict[str, object]
    ) -> None:
        """Each where it belongs; without any, a small compound for this machine only."""
        served = recorded(monkeypatch)
        usual = {
            "port": 8080,
            "data": Path("var/sandbox/small"),
            "compound": "small",
            "host": "127.0.0.1",
            "fresh": False,
            "scene": "",
        }

        assert lianxin("sandbox", *words) == (0, "", "")
        assert served == [usual | asked]

    def test_an_open_door(self, lianxin: Lianxin, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever lets in the network is told what that means."""
        served = recorded(monkeypatch)
        code, _, err = lianxin("sandbox", "--host", "192.0.2.1")

        assert (code, served[0]["host"]) == (0, "192.0.2.1")
        assert err == "Whoever reaches 192.0.2.1 can play every person here: it asks for no password.\n"

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--scene", "nothing"], "there is no scene nothing, choose one of: "),
            (["--host", "256.0.0.1"], "256.0.0.1 port 8080 cannot be used, choose another --port or --host"),
        ],
    )
    def test_nonsense(self, lianxin: Lianxin, words: list[str], sentence: str) -> None:
        """What cannot be is said before anything is served."""
        code, out, err = lianxin("sandbox", *words)

        assert (code, out) == (2, "")
        assert f"lianxin: {sentence}" in err


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    """What the host is asked for, instead of a host."""
    served: list[dict[str, object]] = []

    async def serve(port: int, data: Path, compound: str, **options: object) -> None:
        served.append({"port": port, "data": data, "compound": compound, **options})

    monkeypatch.setattr("bot.cli.serve", serve)
    return served
