"""Posts at the command line: the same verbs, in the operator's name."""

import re
from pathlib import Path

import pytest

from tests.console import Console
from tests.world import SAMPLE

TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz_12345"
THREE = ("building_leader", "--building", "三栋")


@pytest.fixture
def lianxin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    """An operator with a bot and the sample compound."""
    console = Console(tmp_path, monkeypatch, capsys)
    monkeypatch.setenv("BOT_TELEGRAM__TOKEN", TOKEN)
    assert console("import", SAMPLE)[0] == 0
    return console


def test_who_holds_what(lianxin: Console) -> None:
    """A table of all posts, of a building, of those that are vacant."""
    code, told, _ = lianxin("posts")
    assert code == 0
    assert "党支部书记" in told
    assert "4号楼2单元" in told
    _, told, _ = lianxin("posts", "--building", "三栋")
    assert "王秀兰 (not on the bot)" in told
    assert "4号楼" not in told
    _, told, _ = lianxin("posts", "--vacant")
    assert "5号楼" in told
    assert "王秀兰" not in told


def test_a_change_of_hands(lianxin: Console) -> None:
    """Ended, entered by name and phone, handed over, each time one holder; the record has it all."""
    code, told, _ = lianxin("end-post", *THREE)
    assert (code, told.strip()) == (0, "Ended: 王秀兰. Issues passed on: 0.")
    assert "3号楼" in lianxin("posts", "--vacant")[1]
    assert lianxin("appoint", *THREE, "--name", "张三", "--phone", "13900001111")[0] == 0
    assert lianxin("hand-over", *THREE, "--to", "李四", "--phone", "13900002222")[0] == 0
    _, told, _ = lianxin("posts", "--building", "3")
    assert "李四" in told
    assert "张三" not in told
    code, told, _ = lianxin("history", "--building", "3", "--most", "4")
    assert code == 0
    assert [line.split("\t")[1:] for line in told.splitlines()] == [
        ["3号楼楼栋长", "管理员：张三 卸任，换了人"],
        ["3号楼楼栋长", "管理员：李四 上任"],
        ["3号楼楼栋长", "管理员：张三 上任"],
        ["3号楼楼栋长", "管理员：王秀兰 卸任"],
    ]
    assert "1390000" not in lianxin("history")[1]


def test_what_the_card_says(lianxin: Console) -> None:
    """Duty, hours, the office's phone, and whether the holder's own is shown."""
    words = ("--duty", "看大门", "--hours", "全天", "--phone", "０８３５-2222222", "--hide-phone")
    assert lianxin("post-text", "property_manager", *words)[0] == 0
    assert "0835-2222222" in lianxin("posts")[1]
    assert "蒋国华 的电话不公开" in lianxin("history")[1]


def test_an_invitation_is_written_down(lianxin: Console) -> None:
    """As before a link, which stands in the record too."""
    _, told, _ = lianxin("appoint", "branch_secretary", "--bot-name", "lianxin_bot")
    assert re.fullmatch(r"https://t\.me/lianxin_bot\?start=a[\w-]{10}", told.strip())
    assert "发了邀请链接" in lianxin("history", "--most", "1")[1]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("end-post", "self_management_committee"), "name one with --person: 高玉梅, 何长青, 唐晓燕"),
        (("end-post", *THREE, "--person", "没有"), "name one with --person: 王秀兰"),
        (("end-post", "building_leader", "--building", "5"), "nobody holds it"),
        (("end-post", "building_leader"), "one building: say which, with --building"),
        (
            ("appoint", "entrance_leader", "--building", "3", "--bot-name", "x"),
            "with --building and --entrance",
        ),
        (("end-post", "branch_secretary", "--building", "3"), "leave --building and --entrance out"),
        (("hand-over", *THREE, "--to", "王奶奶"), "nobody on the bot is called 王奶奶"),
        (("appoint", *THREE, "--name", "张三"), "--name and --phone go together"),
        (("appoint", *THREE, "--name", "张三", "--phone", "12"), "电话"),
        (("appoint", *THREE, "--deputy"), "--deputy with them"),
        (("post-text", *THREE), "say what is to change"),
        (("post-text", *THREE, "--hours", "时" * 41), "一次最多 40 个字"),
        (("post-text", "community_secretary", "--hours", "全天"), "不属于任何社区"),
        (("history", "--building", "9"), "没有“9”"),
        (("posts", "--building", "9"), "没有“9”"),
    ],
)
def test_mistakes_are_one_sentence(lianxin: Console, words: tuple[str, ...], sentence: str) -> None:
    """Exit code 2, no stack trace, and nothing is changed."""
    before = lianxin("posts")[1]
    code, told, error = lianxin(*words)
    assert (code, told) == (2, "")
    assert sentence in error
    assert error.count("\n") == 1
    assert lianxin("posts")[1] == before
