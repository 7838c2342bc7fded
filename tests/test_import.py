"""The register comes in from spreadsheets, all or nothing; doors and posts get their links (O1, R3, R4)."""

import csv
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import openpyxl
import pytest

from bot import samples, spreadsheets
from bot.actions import directory
from bot.actions.directory import Count, ImportReport
from bot.domain.errors import OperatorError
from bot.domain.posts import PostKind
from bot.domain.register import LineError, Reason, Register, Sheet, read_register
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
LUZHOU = Path(__file__).parents[1] / "samples" / "luzhou-126"


@pytest.fixture
async def database() -> AsyncIterator[SqliteDatabase]:
    """An empty database."""
    database = await SqliteDatabase.open(":memory:")
    await database.migrate()
    yield database
    await database.close()


def sound(path: Path) -> Register:
    """The register of sheets that have no mistakes."""
    register, errors = read_register(spreadsheets.read(path))
    assert [spreadsheets.describe(error) for error in errors] == []
    return register


async def bring_in(database: SqliteDatabase, register: Register, now: datetime = NOW) -> ImportReport:
    """Import in a transaction of its own."""
    async with database.transaction() as connection:
        return await directory.import_register(Store(connection), register, now)


def listing(*posts: str, units: str = "") -> Register:
    """A compound with two buildings and the posts "post,building,name,phone"."""
    tables = {
        "compounds": ["code,name", "a,甲"],
        "buildings": ["building", "1号楼", "2号楼"],
        "entrances": ["building,entrance", "1,1单元"],
        "posts": ["post,building,name,phone,duty", *posts],
        "units": ["building,unit,area_m2", *units.split()],
    }
    sheets = []
    for name, (header, *lines) in tables.items():
        rows = [dict(zip(header.split(","), line.split(","), strict=False)) for line in lines]
        sheets.append(Sheet(name, tuple(header.split(",")), list(enumerate(rows, start=2))))
    register, errors = read_register(sheets)
    assert errors == []
    return register


async def holders(database: SqliteDatabase, kind: str = "building_leader") -> list[tuple[str, str]]:
    """Who holds the posts of a kind now: (name, phone)."""
    async with database.transaction() as connection:
        store = Store(connection)
        (compound,) = await store.places.compounds()
        people = [
            await store.people.details(holder.person_id)
            for holder in await store.posts.holders(compound.id, "telegram")
            if holder.kind == kind
        ]
    return [(person.name, person.phone) for person in people]


# Reading files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_files_are_read_as_offices_write_them(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Any usual encoding and delimiter; blank lines are skipped and lines keep their numbers."""
    lines = ["楼栋,单元,房号", "", "3号楼,1单元,501", ",,", '"4号楼",1单元,502,多']
    (tmp_path / "房屋.CSV").write_bytes("\r\n".join(lines).replace(",", delimiter).encode(encoding))

    assert spreadsheets.read(tmp_path) == [
        Sheet(
            "房屋.CSV",
            ("楼栋", "单元", "房号"),
            [
                (3, {"楼栋": "3号楼", "单元": "1单元", "房号": "501"}),
                (5, {"楼栋": "4号楼", "单元": "1单元", "房号": "502", "": "多"}),
            ],
        )
    ]


def test_one_csv_file_is_one_sheet(tmp_path: Path) -> None:
    """A cell with line breaks counts its lines."""
    (tmp_path / "units.csv").write_text('building,unit\n"3\n号楼",501\n4号楼,502\n', encoding="utf-8")

    (sheet,) = spreadsheets.read(tmp_path / "units.csv")

    assert [(line, cells["unit"]) for line, cells in sheet.rows] == [(2, "501"), (4, "502")]


def test_workbooks_are_read_whatever_type_a_cell_has(tmp_path: Path) -> None:
    """501, "501" and 501.0 are one label; a tall merged cell stands for each of its lines."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    units = workbook.create_sheet("房屋")
    for row in (
        ["楼栋", "房号", "面积"],
        ["3号楼", 501, 89.5],
        [None, " 502 ", None],
        [None, None, None],
        [None, 503.0, datetime(2026, 3, 2)],  # noqa: DTZ001  # what openpyxl makes of a typed 3-2
    ):
        units.append(row)
    units.merge_cells("A2:A5")
    workbook.create_sheet("Sheet2")
    workbook.save(tmp_path / "register.xlsx")

    rooms, empty = spreadsheets.read(tmp_path / "register.xlsx")

    assert rooms.rows == [
        (2, {"楼栋": "3号楼", "房号": "501", "面积": "89.5"}),
        (3, {"楼栋": "3号楼", "房号": "502", "面积": ""}),
        (4, {"楼栋": "3号楼", "房号": "", "面积": ""}),
        (5, {"楼栋": "3号楼", "房号": "503", "面积": "2026-03-02"}),
    ]
    assert empty == Sheet("Sheet2", (), [])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("absent.csv", None),
        ("absent.xlsx", None),
        ("units.ods", b""),
        ("broken.xlsx", b"PK no workbook"),
        ("binary.csv", b"a,b\n\xff\xff\xff"),
        ("quotes.csv", b'a,b\n"1"x,2\n'),
    ],
)
def test_what_cannot_be_read_is_said_in_one_sentence(tmp_path: Path, name: str, data: bytes | None) -> None:
    """The operator learns which file it is."""
    if data is not None:
        (tmp_path / name).write_bytes(data)

    with pytest.raises(OperatorError, match=re.escape(name)):
        spreadsheets.read(tmp_path / name)


def test_a_folder_without_csv_files_is_said_so(tmp_path: Path) -> None:
    """Nothing to read is not an empty register."""
    (tmp_path / "._units.csv").write_bytes(b"left behind by a system")

    with pytest.raises(OperatorError):
        spreadsheets.read(tmp_path)


def test_a_mistake_is_described_with_its_place() -> None:
    """File, line and column, in Chinese and English, and what to do."""
    error = LineError("units.csv", 14, "unit", Reason.DUPLICATE, {"first": 9})

    assert spreadsheets.describe(error) == (
        "units.csv 第 14 行 line 14, 房号 unit: "
        "与第 9 行重复 · is the same as in line 9: remove one of the two"
    )


@pytest.mark.parametrize("reason", Reason)
def test_every_mistake_has_a_sentence(reason: Reason) -> None:
    """None of them fails on its facts, and all are in both languages."""
    facts = dict.fromkeys(("value", "known", "first", "building", "post", "level"), "x")

    assert " · " in spreadsheets.describe(LineError("posts", 2, "post", reason, facts))


# Importing -------------------------------------------------------------------------------------------------


async def test_the_sample_comes_in_completely(database: SqliteDatabase) -> None:
    """The yard of the article: five buildings, a leader in four of them, three on the committee."""
    report = await bring_in(database, sound(LUZHOU))

    assert report == ImportReport(
        compounds=Count(created=1),
        buildings=Count(created=5),
        entrances=Count(created=12),
        units=Count(created=144),
        posts=Count(created=21),
        people=Count(created=22),
        appointed=22,
    )
    assert len(await holders(database)) == 4
    names = [name for name, _ in await holders(database, "self_management_committee")]
    assert names == ["高玉梅", "何长青", "唐晓燕"]


async def test_importing_twice_changes_nothing(database: SqliteDatabase) -> None:
    """The second run finds everything as it is."""
    await bring_in(database, sound(LUZHOU))
    again = await bring_in(database, sound(LUZHOU), LATER)

    assert again == ImportReport(
        compounds=Count(unchanged=1),
        buildings=Count(unchanged=5),
        entrances=Count(unchanged=12),
        units=Count(unchanged=144),
        posts=Count(unchanged=21),
        people=Count(unchanged=22),
    )


async def test_a_dry_run_reports_the_same_and_writes_nothing(database: SqliteDatabase) -> None:
    """What would happen is exactly what happens."""
    async with database.transaction() as connection:
        store = Store(connection)
        rehearsal = await directory.import_register(store, sound(LUZHOU), NOW, dry_run=True)
        assert await store.places.compounds() == []

    assert rehearsal == await bring_in(database, sound(LUZHOU))


async def test_nothing_is_half_imported(database: SqliteDatabase) -> None:
    """When the transaction fails at the end, nothing of it is there."""

    async def interrupted() -> None:
        async with database.transaction() as connection:
            await directory.import_register(Store(connection), sound(LUZHOU), NOW)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await interrupted()

    async with database.transaction() as connection:
        assert await Store(connection).places.compounds() == []


async def test_two_thousand_households_in_one_transaction(database: SqliteDatabase, tmp_path: Path) -> None:
    """The whole of 汉都华府二期 from file to commit takes less than three seconds."""
    samples.write_large(tmp_path)
    began = time.perf_counter()

    report = await bring_in(database, sound(tmp_path))

    assert time.perf_counter() - began < 3
    assert (report.buildings, report.units) == (Count(created=27), Count(created=2388))


def test_the_large_sample_is_the_same_every_time(tmp_path: Path) -> None:
    """The same seed writes the same files, another one other people."""
    for name, seed in (("a", 2), ("b", 2), ("c", 3)):
        samples.write_large(tmp_path / name, seed)
    posts = [(tmp_path / name / "posts.csv").read_bytes() for name in "abc"]

    assert posts[0] == posts[1] != posts[2]


@pytest.mark.parametrize("large", [False, True])
def test_the_people_of_the_samples_are_invented(tmp_path: Path, large: bool) -> None:
    """Every phone is from the range 1390000xxxx."""
    folder = LUZHOU
    if large:
        samples.write_large(folder := tmp_path)
    with (folder / "posts.csv").open(encoding="utf-8-sig", newline="") as file:
        phones = [row.get("phone", row.get("电话")) for row in csv.DictReader(file)]

    assert all(re.fullmatch("(1390000[0-9]{4})?", phone or "") for phone in phones)


async def test_changes_are_brought_up_to_date(database: SqliteDatabase) -> None:
    """New units come in, areas and duties change; what is not listed any more stays."""
    await bring_in(database, listing("楼栋长,1,李德明,110,本楼", units="1,101,60 1,102,70"))

    report = await bring_in(database, listing("楼栋长,1,李德明,110,全楼", units="1,102,71 1,103,"))

    assert report.units == Count(created=1, changed=1)
    assert report.posts == Count(changed=1)
    async with database.transaction() as connection:
        rows = await connection.fetch("units_of_compound", {"compound_id": 1})
    assert [(row["label"], row["area_m2"]) for row in rows] == [("101", 60), ("102", 71), ("103", None)]


async def test_a_blank_cell_erases_nothing(database: SqliteDatabase) -> None:
    """A file without areas, duties or names leaves those that are known."""
    await bring_in(database, listing("楼栋长,1,李德明,110,本楼", units="1,101,60"))

    report = await bring_in(database, listing("楼栋长,1,,,", units="1,101,"))

    assert (report.units, report.posts, report.ended) == (Count(unchanged=1), Count(unchanged=1), 0)
    assert await holders(database) == [("李德明", "110")]


async def test_a_new_holder_follows_the_old_one(database: SqliteDatabase) -> None:
    """One person leads a building; the old appointment ends and is remembered."""
    await bring_in(database, listing("楼栋长,1,李德明,110"))

    report = await bring_in(database, listing("楼栋长,1,陈淑芬,111"), LATER)

    assert (report.people, report.appointed, report.ended) == (Count(created=1), 1, 1)
    assert await holders(database) == [("陈淑芬", "111")]


async def test_who_comes_back_is_the_same_person(database: SqliteDatabase) -> None:
    """A former holder with the same name and phone is appointed again, not entered twice."""
    for holder in ("李德明,110", "陈淑芬,111"):
        await bring_in(database, listing(f"楼栋长,1,{holder}"))

    report = await bring_in(database, listing("楼栋长,1,李德明,110"))

    assert (report.people, report.appointed, report.ended) == (Count(unchanged=1), 1, 1)


async def test_a_post_falls_vacant_when_the_file_says_so(database: SqliteDatabase) -> None:
    """空缺 ends the appointment; the post stays."""
    await bring_in(database, listing("楼栋长,1,李德明,110"))

    report = await bring_in(database, listing("楼栋长,1,空缺,"))

    assert (report.posts, report.people, report.ended) == (Count(unchanged=1), Count(), 1)
    assert await holders(database) == []


async def test_members_of_a_shared_post_stand_side_by_side(database: SqliteDatabase) -> None:
    """Another member of the committee ends nobody's term."""
    await bring_in(database, listing("自管委,,高玉梅,110"))

    report = await bring_in(database, listing("自管委,,何长青,111"))

    assert (report.appointed, report.ended) == (1, 0)
    assert await holders(database, "self_management_committee") == [("高玉梅", "110"), ("何长青", "111")]


async def test_one_person_may_hold_several_posts(database: SqliteDatabase) -> None:
    """The same name and phone are one person; the same name with another phone is somebody else."""
    report = await bring_in(
        database, listing("楼栋长,1,李德明,110", "楼栋长,2,李德明,119", "楼栋党小组长,1,李德明,110")
    )

    assert (report.people, report.appointed) == (Count(created=2), 3)


async def test_a_new_phone_is_not_a_new_person(database: SqliteDatabase) -> None:
    """A holder whose phone alone has changed keeps the post and with it the account."""
    await bring_in(database, listing("楼栋长,1,李德明,110", "自管委,,李德明,110"))

    report = await bring_in(database, listing("楼栋长,1,李德明,119", "自管委,,李德明,119"))

    assert (report.people, report.appointed, report.ended) == (Count(changed=1), 0, 0)
    assert await holders(database) == [("李德明", "119")]


async def test_a_phone_changed_in_one_line_only_is_another_person(database: SqliteDatabase) -> None:
    """While the old phone is still listed, it still belongs to somebody; and a second run changes nothing."""
    await bring_in(database, listing("楼栋长,1,李德明,110", "自管委,,李德明,110"))
    register = listing("楼栋长,1,李德明,119", "自管委,,李德明,110")

    report = await bring_in(database, register)
    again = await bring_in(database, register)

    assert (report.people, report.appointed, report.ended) == (Count(created=1, unchanged=1), 1, 1)
    assert (again.people, again.appointed, again.ended) == (Count(unchanged=2), 0, 0)


async def test_a_holder_who_joined_the_bot_stays_the_holder(database: SqliteDatabase) -> None:
    """Taking up an invitation moves the post to the person with the account; the import finds them there."""
    register = listing("楼栋长,1,李德明,110")
    await bring_in(database, register)
    async with database.transaction() as connection:
        store = Store(connection)
        (listed,) = await store.posts.holders(1, "telegram")
        joined = await store.people.new(NOW)
        await store.people.put_account(joined, "telegram", "7", "老李", "zh-hans")
        await store.posts.move_appointments(listed.person_id, joined)
        await store.people.put_details(joined, "李德明", "110")

    report = await bring_in(database, register)

    assert (report.people, report.appointed, report.ended) == (Count(unchanged=1), 0, 0)
    async with database.transaction() as connection:
        assert [one.person_id for one in await Store(connection).posts.holders(1, "telegram")] == [joined]


async def test_a_resident_cannot_name_themselves_into_a_post(database: SqliteDatabase) -> None:
    """Somebody outside the register with a leader's name and phone is not taken for the leader."""
    await bring_in(database, listing())
    async with database.transaction() as connection:
        store = Store(connection)
        stranger = await store.people.new(NOW)
        await store.people.put_details(stranger, "李德明", "110")

    report = await bring_in(database, listing("楼栋长,1,李德明,110"))

    assert report.people == Count(created=1)


async def test_the_same_person_in_two_compounds_is_two(database: SqliteDatabase) -> None:
    """Nothing crosses between compounds."""
    (one,) = listing("楼栋长,1,李德明,110").compounds

    report = await bring_in(database, Register((one, replace(one, code="b", name="乙"))))

    assert report.people == Count(created=2)


# Links -----------------------------------------------------------------------------------------------------


async def test_every_door_gets_a_link_once(database: SqliteDatabase) -> None:
    """Entrances, and buildings without any; codes on the wall never change."""
    await bring_in(database, listing())
    codes = (f"code{number}" for number in count())
    async with database.transaction() as connection:
        store = Store(connection)
        doors = await directory.joining_links(store, 1, NOW, lambda: next(codes))
        again = await directory.joining_links(store, 1, LATER, lambda: next(codes))

    assert {(door.building, door.entrance) for door in doors} == {("1号楼", "1单元"), ("2号楼", "")}
    assert {door.code for door in doors} == {"code0", "code1"}
    assert doors == again


def test_codes_fit_a_link() -> None:
    """With its prefix a payload has at most 32 characters of [0-9A-Za-z_-] (R4), and no two are the same."""
    codes = {directory.new_code() for _ in range(1000)}

    assert len(codes) == 1000
    assert all(re.fullmatch("[0-9A-Za-z_-]{10}", code) for code in codes)
    assert {len(prefix) for prefix in (directory.JOIN_PREFIX, directory.APPOINT_PREFIX)} == {1}


async def test_an_invitation_names_its_post_and_ends(database: SqliteDatabase) -> None:
    """The link opens one post and expires after two weeks."""
    await bring_in(database, listing())
    async with database.transaction() as connection:
        store = Store(connection)
        post_id = await directory.find_post(store, 1, PostKind.BUILDING_LEADER, "二号樓")
        code = await directory.invite(store, post_id, NOW)
        link = await store.links.get(code)

    assert link is not None
    assert (link.kind, link.post_id) == ("appoint", post_id)
    assert link.expires_at == NOW + timedelta(days=14)


async def test_a_post_is_found_or_created(database: SqliteDatabase) -> None:
    """Asking twice gives the same post; asking does not touch what is written about it."""
    await bring_in(database, listing("楼栋长,1,李德明,110,本楼"))
    async with database.transaction() as connection:
        store = Store(connection)
        leader = await directory.find_post(store, 1, PostKind.BUILDING_LEADER, "1号楼")
        created = await directory.find_post(store, 1, PostKind.ENTRANCE_LEADER, "一栋", "1")
        again = await directory.find_post(store, 1, PostKind.ENTRANCE_LEADER, "1", "一单元")
        officer = await directory.find_post(store, 1, PostKind.GRID_OFFICER)
        (held,) = await store.posts.holders(1, "telegram")
        card = await store.posts.contact_card(1, 1, "telegram")

    assert leader == held.post_id
    assert created == again
    assert len({leader, created, officer}) == 3
    assert [(line.kind, line.duty) for line in card if line.duty] == [(PostKind.BUILDING_LEADER, "本楼")]


@pytest.mark.parametrize(
    ("kind", "building", "entrance"),
    [
        (PostKind.BUILDING_LEADER, "", ""),
        (PostKind.BUILDING_LEADER, "9号楼", ""),
        (PostKind.BUILDING_LEADER, "1号楼", "1单元"),
        (PostKind.ENTRANCE_LEADER, "1号楼", ""),
        (PostKind.ENTRANCE_LEADER, "2号楼", "1单元"),
        (PostKind.GRID_OFFICER, "1号楼", ""),
    ],
)
async def test_a_post_needs_its_own_place(
    database: SqliteDatabase, kind: PostKind, building: str, entrance: str
) -> None:
    """A place that is unknown or of another level is refused with a sentence."""
    await bring_in(database, listing())
    async with database.transaction() as connection:
        with pytest.raises(OperatorError):
            await directory.find_post(Store(connection), 1, kind, building, entrance)
