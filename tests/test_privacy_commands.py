"""Privacy at the command line: what is kept too long, and data of people without the bot."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from tests.engines import ask
from tests.storage.test_storage_activities import furnish
from tests.storage.test_storage_privacy import file
from tests.test_cli import Lianxin, lianxin, own_journal

__all__ = ["lianxin", "own_journal"]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def furnished(*, closed: int = 0) -> None:
    """The database of this folder, with three owners, the first a director, and issues closed long ago."""

    async def furnish_it() -> None:
        database = await SqliteDatabase.open("var/lianxin.db")
        await database.migrate()
        async with database.transaction() as connection:
            await furnish(connection, 3)
            for number in range(closed):
                await file(Store(connection), 2, f"1-{number}", closed_at=LONG_AGO)
        await database.close()

    asyncio.run(furnish_it())


def rows(sql: str) -> list[tuple[object, ...]]:
    """Plain SQL for a question."""

    async def asked() -> list[tuple[object, ...]]:
        database = await SqliteDatabase.open("var/lianxin.db")
        async with database.transaction() as connection:
            found: list[tuple[object, ...]] = [tuple(row) for row in await ask(connection, sql)]
        await database.close()
        return found

    return asyncio.run(asked())


def test_a_dry_run_counts_and_changes_nothing(lianxin: Lianxin) -> None:
    """Then the same command erases it all, however many batches that takes, and there is nothing left."""
    furnished(closed=120)
    code, said, _ = lianxin("retention", "--dry-run")
    assert code == 0
    assert "to be erased" in said
    assert "120" in said
    assert "730 days" in said
    assert rows("SELECT COUNT(*) FROM issues WHERE text <> ''") == [(120,)]
    assert rows("SELECT * FROM upkeep") == []
    code, said, _ = lianxin("retention")
    assert code == 0
    assert "120" in said
    assert rows("SELECT COUNT(*) FROM issues WHERE text <> ''") == [(0,)]
    assert rows("SELECT COUNT(*) FROM attachments") == [(0,)]
    assert len(rows("SELECT at FROM upkeep WHERE what = 'retention'")) == 1
    _, said, _ = lianxin("retention", "--dry-run")
    assert "120" not in said


def test_one_person_s_data_goes_into_a_file(lianxin: Lianxin, tmp_path: Path) -> None:
    """Readable by the operator alone; who is not there is one sentence."""
    furnished(closed=1)
    code, said, _ = lianxin("export-person", "2", "two.xlsx")
    assert code == 0
    assert "number 2" in said
    book = openpyxl.load_workbook(tmp_path / "two.xlsx")
    assert ("名字", "住户1") in list(book["我"].iter_rows(values_only=True))
    assert (tmp_path / "two.xlsx").stat().st_mode & 0o077 == 0
    assert rows("SELECT source, person_id FROM changes") == [("command_line", 2)]
    assert lianxin("export-person", "99", "x.xlsx")[::2] == (
        2,
        "lianxin: nobody here has the name, phone or number 99\n",
    )
    code, _, error = lianxin("export-person", "2", "/dev/null/x.xlsx")
    assert code == 2
    assert "cannot be written" in error


def test_one_person_is_forgotten(lianxin: Lianxin) -> None:
    """Asked twice, or --yes; who holds a post hands it over first."""
    furnished(closed=1)
    code, _, error = lianxin("forget-person", "1", "--yes")
    assert code == 2
    assert "they hold a post" in error
    assert rows("SELECT COUNT(*) FROM personal_details WHERE person_id = 2") == [(1,)]
    code, said, _ = lianxin("forget-person", "2", "--yes")
    assert code == 0
    assert "imported again" in said
    assert rows("SELECT COUNT(*) FROM personal_details WHERE person_id = 2") == [(0,)]
    assert rows("SELECT text FROM issues") == [("",)]
    assert rows("SELECT action, source, actor_id FROM changes") == [
        ("person.forgotten", "command_line", None)
    ]
    code, _, error = lianxin("forget-person", "2", "--yes")
    assert code == 2
    assert "nobody here has" in error


def test_a_person_is_found_by_name_or_phone(lianxin: Lianxin, tmp_path: Path) -> None:
    """However the phone is written; where several are called so, each with number and place."""
    (tmp_path / "all.csv").write_text(
        "楼栋,单元,房号,姓名,电话\n1,1,101,张三,13800000001\n1,1,102,張 三,\n1,2,201,李四,138-0000-0002\n"
    )
    lianxin("import", "all.csv", "--compound", "a=甲院")

    code, said, error = lianxin("forget-person", "张三", "--yes")
    assert code == 2
    assert "张三 (number 1, 138****0001, 1号楼1单元 101)\n" in said
    assert "(number 2, 1号楼1单元 102)\n" in said
    assert "2 people: give the number" in error
    assert rows("SELECT COUNT(*) FROM personal_details") == [(3,)]

    assert lianxin("forget-person", "2", "--yes")[0] == 0
    assert lianxin("export-person", "张三", "zhang.xlsx")[0] == 0
    assert lianxin("export-person", "+86 13800000002", "li.xlsx")[0] == 0
    code, said, _ = lianxin("forget-person", "138 0000 0001", "--yes")
    assert code == 0
    assert said.startswith("Forgotten: 张三 (number 1, 138****0001, 1号楼1单元 101). ")
    assert rows("SELECT name FROM personal_details") == [("李四",)]


@pytest.mark.parametrize("said", ["", "9" * 30, "٣", "没有", "138", "--", "-1"])
def test_who_is_nobody_is_one_sentence(lianxin: Lianxin, said: str) -> None:
    """Whatever is typed, and a part of a phone is no phone."""
    furnished()
    code, _, error = lianxin("forget-person", "--yes", "--", said)
    assert code == 2
    assert error == f"lianxin: nobody here has the name, phone or number {said}\n"
    assert rows("SELECT COUNT(*) FROM personal_details") == [(3,)]


def test_a_person_is_exported_into_a_workbook_only(lianxin: Lianxin, tmp_path: Path) -> None:
    """A file that no program would open is not written."""
    furnished()
    assert lianxin("export-person", "2", "two")[::2] == (
        2,
        "lianxin: two is no .xlsx file: give it a name that ends so\n",
    )
    assert not (tmp_path / "two").exists()
