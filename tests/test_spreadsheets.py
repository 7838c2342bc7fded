"""The operator's workbooks: a copy that shows every mistake, and an export that can be imported again."""

import stat
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot import spreadsheets
from bot.actions.desk import Desk, Rules
from bot.actions.importing import ImportReport, import_register
from bot.domain.errors import OperatorError
from bot.domain.posts import LEVEL, PostKind
from bot.domain.register import (
    ListedBuilding,
    ListedCommunity,
    ListedCompound,
    ListedEntrance,
    ListedPerson,
    ListedPost,
    ListedResident,
    ListedUnit,
    Register,
    read_register,
)
from bot.domain.sheets import COLUMNS, SHEETS, LineError, Reason, known_columns, sheet_named, word
from bot.spreadsheets.exporting import export
from bot.spreadsheets.marking import mark
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from bot.texts import LOCALES
from tests.engines import ask
from tests.world import TEXTS, World

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
RULES = Rules(bot_id=1, bot_name="lianxin_bot")
KNOWN = [("handu", "汉都华府二期")]


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[SqliteDatabase]:
    """An empty database."""
    copyfile(migrated, tmp_path / "lianxin.db")
    database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    yield database
    await database.close()


# Reading ---------------------------------------------------------------------------------------------------


def test_a_workbook_of_an_office_is_read(tmp_path: Path) -> None:
    """A merged title, tall merged cells, numbers as numbers, formulas as what they came to, a wrong size."""
    workbook = openpyxl.Workbook()
    table = workbook.worksheets[0]
    for row in (
        ["汉都华府二期业主登记表"],
        ["楼栋", "单元", "房号", "面积", "业主", "电话"],
        ["3号楼", "2单元", 501, 89.5, "张三", 13900000001],
        [None, None, 502.0, 90, "李四", 13900000002.0],
        [None, None, "0503", None, "空置", None],
    ):
        table.append(row)
    table.merge_cells("A1:F1")
    table.merge_cells("A3:A5")
    table.merge_cells("B3:B5")
    workbook.save(tmp_path / "office.xlsx")
    watched: list[tuple[int, int]] = []

    sheets = spreadsheets.read(tmp_path / "office.xlsx", lambda *far: watched.append(far))
    register, errors = read_register(sheets, KNOWN)

    assert (errors, watched[-1]) == ([], (5, 5))
    assert [unit.label for unit in register.compounds[0].units] == ["501", "502", "503"]
    assert [one.person.phone for one in register.compounds[0].residents] == ["13900000001", "13900000002"]


def test_a_csv_of_an_old_excel_is_read(tmp_path: Path) -> None:
    """GB18030, a title without any comma, commas in a remark."""
    text = '业主登记表;\r\n楼栋,房号,业主,备注\r\n3栋,501,张三,"a,b;c"\r\n'
    (tmp_path / "业主.csv").write_bytes(text.encode("gb18030"))

    register, errors = read_register(spreadsheets.read(tmp_path), KNOWN)

    assert errors == []
    assert [one.person.name for one in register.compounds[0].residents] == ["张三"]


# Marking ---------------------------------------------------------------------------------------------------


def marked(path: Path, locale: str = "zh_CN") -> Any:
    """The copy with the mistakes of a file or folder, as it opens in Excel."""
    sheets = spreadsheets.read(path)
    _, errors = read_register(sheets, KNOWN)
    mark(path, sheets, errors, path.parent / "marked.xlsx", TEXTS, locale)
    return openpyxl.load_workbook(path.parent / "marked.xlsx")


def faulty(folder: Path) -> Path:
    """A workbook with a wrong phone in a cell and no name of a building in a merged one."""
    workbook = openpyxl.Workbook()
    table = workbook.worksheets[0]
    table.title = "住户"
    for row in (
        ["登记表"],
        ["楼栋", "房号", "业主", "电话"],
        ["2026-03-02", 501, "张三", "1390000001"],
        [None, 502, "李四", 13900000002],
        ["3栋", 503, '=HYPERLINK("http://x","王五")', None],
    ):
        table.append(row)
    table.merge_cells("A3:A4")
    table["D4"].number_format = "@"
    workbook.save(folder / "住户.xlsx")
    return folder / "住户.xlsx"


def test_mistakes_are_shown_in_a_copy(tmp_path: Path) -> None:
    """Coloured, commented, told at the end of the line, and listed with a link; what was right stays."""
    book = marked(faulty(tmp_path))
    listed, table = book.worksheets

    assert [[cell.value for cell in row] for row in listed.iter_rows()] == [
        ["表", "行", "列", "错误原因"],
        ["住户", "3", "楼栋", "“2026-03-02”被表格软件变成了日期，请把单元格设为文本后重填"],
        ["住户", "3", "电话", "电话的位数不对，请检查"],
        ["住户", "4", "楼栋", "“2026-03-02”被表格软件变成了日期，请把单元格设为文本后重填"],
    ]
    assert listed["B3"].hyperlink.location == "'住户'!D3"
    assert table["D3"].fill.fgColor.rgb == "00FFC7CE"
    assert table["D3"].comment.text == "电话的位数不对，请检查"
    # A merged cell is marked where Excel shows it.
    assert table["A3"].comment is not None
    assert (table["E2"].value, table["E3"].value.count("\n")) == ("错误原因", 1)
    assert table["E5"].value is None
    assert (table["D4"].value, table["D4"].number_format) == (13900000002, "@")


def test_nothing_in_a_copy_is_a_formula(tmp_path: Path) -> None:
    """Whatever somebody typed is text when the operator opens it."""
    (tmp_path / "in").mkdir()
    for name, cell in (("a", "=1+1"), ("b", "@SUM(1)"), ("c", "\x01x")):
        (tmp_path / "in" / f"{name}.csv").write_text(
            f"楼栋,房号,业主,电话\n3栋,501,{cell},1\n", encoding="utf-8"
        )

    for book in (marked(tmp_path / "in"), marked(faulty(tmp_path))):
        kinds = {cell.data_type for table in book.worksheets for row in table.iter_rows() for cell in row}
        assert "f" not in kinds


@pytest.mark.parametrize("locale", LOCALES)
def test_a_mended_copy_can_be_imported(tmp_path: Path, locale: str) -> None:
    """Its list and its reasons are passed over, in every language."""
    book = marked(faulty(tmp_path), locale)
    table = book.worksheets[1]
    table["A3"], table["D3"] = "3栋", "13900000001"
    table["C5"] = "王五"
    book.save(tmp_path / "mended.xlsx")

    register, errors = read_register(spreadsheets.read(tmp_path / "mended.xlsx"), KNOWN)

    assert (errors, register.notes) == ([], ())
    assert [unit.label for unit in register.compounds[0].units] == ["501", "502", "503"]


def test_a_copy_is_for_its_owner_and_whole_or_not_at_all(tmp_path: Path) -> None:
    """Names and phones are in it; where it cannot be written nothing is left behind."""
    path = faulty(tmp_path)
    marked(path)
    assert stat.S_IMODE((tmp_path / "marked.xlsx").stat().st_mode) == 0o600

    with pytest.raises(OperatorError, match="absent"):
        mark(
            tmp_path / "住户.xlsx",
            spreadsheets.read(tmp_path / "住户.xlsx"),
            [],
            tmp_path / "absent" / "x",
            TEXTS,
            "en",
        )
    assert not (tmp_path / "absent").exists()


def test_a_mistake_of_a_missing_sheet_is_listed_too(tmp_path: Path) -> None:
    """It has no cell; long and odd names of files become titles Excel takes."""
    name = "一个很长很长很长很长很长很长很长很长很长很长的[名字]的楼栋"
    (tmp_path / f"{name}.csv").write_text("楼栋,房号,业主\n3栋,501,张三\n", encoding="utf-8")
    sheets = spreadsheets.read(tmp_path)
    errors = [LineError("compounds", 0, "", Reason.MISSING_SHEET)]

    mark(tmp_path, sheets, errors, tmp_path / "marked.xlsx", TEXTS, "en")

    listed = openpyxl.load_workbook(tmp_path / "marked.xlsx").worksheets[0]
    assert listed["A2"].value == "compounds"
    assert listed["B2"].value is None


@pytest.mark.parametrize("locale", LOCALES)
def test_headings_in_every_language_are_understood(locale: str) -> None:
    """What we call a column, a sheet or a post is what a sheet may call it."""
    for column in COLUMNS:
        assert known_columns()[word(TEXTS.words(locale, f"sheets.column_{column}"))] == column
    for sheet in SHEETS:
        assert sheet_named(TEXTS.words(locale, f"sheets.sheet_{sheet}")) == sheet


# Exporting -------------------------------------------------------------------------------------------------


async def bring_in(database: SqliteDatabase, register: Register) -> ImportReport:
    """Import in a transaction of its own."""
    async with database.transaction() as connection:
        return await import_register(Desk(Store(connection), TEXTS, RULES, NOW), register)


async def carried_out(database: SqliteDatabase, path: Path, locale: str, **how: Any) -> Mapping[str, int]:
    """Export everything."""
    async with database.transaction() as connection:
        store = Store(connection)
        return await export(store, await store.places.compounds(), path, TEXTS, locale, **how)


NAMES = st.text(st.sampled_from("王李张 陈=+@、1Aa🔥'\"<"), min_size=1, max_size=6)
WORDS = st.none() | NAMES.filter(lambda text: text.strip() == text)
PHONES = st.sampled_from(["", "13900000001", "139-0000 0002", "+86 13900000003", "0835-2222222"])
PEOPLE = st.builds(ListedPerson, st.text(st.sampled_from("王李张陈阿宝"), min_size=2, max_size=3), PHONES)
OFFICERS = st.builds(ListedPerson, NAMES.map(lambda text: " ".join(text.split())).filter(bool), PHONES)


@st.composite
def registers(draw: st.DrawFn) -> Register:
    """Small registers with everything a workbook may hold."""
    labels = draw(st.lists(st.sampled_from(["1", "2", "3", "A", "A6", "东"]), min_size=1, unique=True))
    doors = [(label, door) for label in labels for door in draw(st.sets(st.sampled_from("12")))]
    units = [
        (building, door, unit)
        for building, door in [*doors, *((label, None) for label in labels)]
        for unit in sorted(draw(st.sets(st.sampled_from(["101", "501", "3-2", "1-501", "商铺1"]))))
    ]
    residents = [
        ListedResident(person, *at, draw(st.sampled_from(["owner", "renter", "family"])))
        for at in units
        for person in draw(st.lists(PEOPLE, max_size=2, unique_by=lambda one: one.name))
    ]
    places: dict[str, list[tuple[str | None, str | None]]] = {
        "community": [(None, None)],
        "compound": [(None, None)],
        "building": [(label, None) for label in labels],
        "entrance": [*doors],
    }
    posts = [
        ListedPost(
            kind,
            building,
            entrance,
            duty=draw(WORDS),
            phone_shown=draw(st.none() | st.booleans()),
            office_phone=draw(st.sampled_from([None, "0835-2222222"])),
            holders=tuple(draw(st.lists(OFFICERS, max_size=1))),
        )
        for kind in PostKind
        for building, entrance in places[LEVEL[kind]]
        if draw(st.booleans())
    ]
    here = tuple(post for post in posts if LEVEL[post.kind] != "community")
    above = tuple(post for post in posts if LEVEL[post.kind] == "community")
    compound = ListedCompound(
        "a",
        "甲",
        community="c",
        buildings=tuple(ListedBuilding(label, f"{label}号楼") for label in labels),
        entrances=tuple(ListedEntrance(building, door, f"{door}单元") for building, door in doors),
        units=tuple(ListedUnit(*at, draw(st.none() | st.integers(1, 999))) for at in units),
        posts=here,
        residents=tuple(residents),
        surveyed=frozenset(labels),
    )
    return Register((compound,), (ListedCommunity("c", "东门社区", above),))


# Without shrinking, which takes minutes here: registers are small enough to read.
@settings(
    max_examples=15, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
@given(register=registers(), locale=st.sampled_from(LOCALES))
async def test_importing_an_export_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, register: Register, locale: str
) -> None:
    """Whatever the register holds, in whatever language it is written down."""
    path = tmp_path_factory.mktemp("export") / "all.xlsx"
    database = await SqliteDatabase.open(":memory:")
    try:
        await database.migrate()
        await bring_in(database, register)
        await carried_out(database, path, locale)
        again, errors = read_register(spreadsheets.read(path))

        assert errors == []
        report = await bring_in(database, again)
        assert not report.is_news, report
        assert report.unlisted == 0
    finally:
        await database.close()


@pytest.mark.parametrize(
    ("locale", "issue", "activity", "joined"),
    [
        (
            "zh_CN",
            ("照明", "一般", "已结案", "单元", "已解决", "基本满意", "楼栋长"),
            "已取消",
            "已确认",
        ),
        (
            "en",
            ("Lighting", "ordinary", "closed", "entrance", "fixed", "fairly satisfied", "building_leader"),
            "cancelled",
            "confirmed",
        ),
    ],
)
async def test_an_export_speaks_in_words(
    world: World, tmp_path: Path, locale: str, issue: tuple[str, ...], activity: str, joined: str
) -> None:
    """What stands in our code words is told in the words people use, in the language of the export."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    await leader.presses("同意")
    await resident.reports("三栋2单元楼道灯坏了")
    await leader.presses("接单", "办结")
    await leader.sends_photo("换了灯管")
    await leader.presses("提交办结")
    await resident.presses("已解决", "基本满意")
    assert isinstance(world.database, SqliteDatabase)
    async with world.database.transaction() as connection:
        await ask(
            connection,
            "INSERT INTO activities (compound_id, author_id, author_post, state, title, place, about, photo,"
            " starts_at, hold_hours, audience, version, check_in_code, created_at)"
            " VALUES (1, 1, '', 'cancelled', '舞会', '广场', '', '', 0, 12, '[]', 0, 'dance', 0)",
        )

    await carried_out(world.database, tmp_path / "all.xlsx", locale)

    book = openpyxl.load_workbook(tmp_path / "all.xlsx")

    def line(sheet: str) -> dict[object, object]:
        heads, first, *_ = book[TEXTS.words(locale, f"sheets.sheet_{sheet}")].iter_rows(values_only=True)
        return dict(zip(heads, first, strict=True))

    columns = ("category", "urgency", "state", "place", "resolution", "rating", "handler_post")
    heads = [TEXTS.words(locale, f"sheets.head_{column}") for column in columns]
    assert tuple(line("issues")[head] for head in heads) == issue
    assert line("activities")[heads[2]] == activity
    assert line("joined")[heads[2]] == joined
    assert read_register(spreadsheets.read(tmp_path / "all.xlsx"))[1] == []


async def test_an_export_holds_everything_but_private_words(world: World, tmp_path: Path) -> None:
    """What people wrote only when asked for, and never as a formula; for the owner's eyes."""
    resident = await world.resident()
    await world.leader_of("3")
    await resident.reports("=1+1 楼道灯坏了")
    assert isinstance(world.database, SqliteDatabase)

    counts = await carried_out(world.database, tmp_path / "without.xlsx", "zh_CN")
    await carried_out(world.database, tmp_path / "with.xlsx", "zh_CN", with_texts=True)

    assert (counts["issues"], counts["joined"], counts["buildings"], counts["units"]) == (
        1,
        2,
        5,
        144,
    ) or counts
    without, with_texts = (
        openpyxl.load_workbook(tmp_path / f"{name}.xlsx")["事项"] for name in ("without", "with")
    )
    assert [cell.value for cell in without[1]][:3] == ["小区", "编号", "类别"]
    assert "=1+1 楼道灯坏了" not in [cell.value for cell in without[2]]
    (text,) = (cell for cell in with_texts[2] if cell.value == "=1+1 楼道灯坏了")
    assert text.data_type == "s"
    assert stat.S_IMODE((tmp_path / "with.xlsx").stat().st_mode) == 0o600
