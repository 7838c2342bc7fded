"""The register comes in from spreadsheets, all or nothing; doors and posts get their links (O1, R3, R4)."""

import csv
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

import openpyxl
import pytest

from bot import samples, spreadsheets
from bot.actions import directory
from bot.actions.desk import Desk, Rules
from bot.actions.importing import Count, ImportReport, import_register
from bot.domain.errors import OperatorError
from bot.domain.posts import PostKind
from bot.domain.register import ListedBuilding, ListedPerson, Register, read_register
from bot.domain.sheets import LineError, Reason, Sheet
from bot.spreadsheets.marking import describe
from bot.spreadsheets.reporting import report_lines
from bot.storage.directory import Directory
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from tests.world import TEXTS, World

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
RULES = Rules(bot_id=1, bot_name="lianxin_bot")
LUZHOU = Path(__file__).parents[1] / "samples" / "luzhou-126"


@pytest.fixture
async def database(tmp_path: Path, migrated: Path) -> AsyncIterator[SqliteDatabase]:
    """An empty database."""
    copyfile(migrated, tmp_path / "lianxin.db")
    database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    yield database
    await database.close()


def sound(path: Path) -> Register:
    """The register of sheets that have no mistakes."""
    register, errors = read_register(spreadsheets.read(path))
    assert [describe(error, TEXTS, "en") for error in errors] == []
    return register


async def bring_in(
    database: SqliteDatabase, register: Register, now: datetime = NOW, **how: Any
) -> ImportReport:
    """Import in a transaction of its own."""
    async with database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, RULES, now)
        report = await import_register(desk, register, **how)
        await desk.send()
        return report


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
        rows = [tuple(line.split(",")) for line in (header, *lines)]
        sheets.append(Sheet(name, list(enumerate(rows, start=1))))
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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_files_are_read_as_offices_write_them(tmp_path: Path, encoding: str, delimiter: str) -> None:
    """Any usual encoding and delimiter; blank lines are skipped and lines keep their numbers."""
    lines = ["楼栋,单元,房号", "", "3号楼,1单元,501", ",,", '"4号楼",1单元,502,多']
    (tmp_path / "房屋.CSV").write_bytes("\r\n".join(lines).replace(",", delimiter).encode(encoding))

    assert spreadsheets.read(tmp_path) == [
        Sheet(
            "房屋.CSV",
            [
                (1, ("楼栋", "单元", "房号")),
                (3, ("3号楼", "1单元", "501")),
                (5, ("4号楼", "1单元", "502", "多")),
            ],
        )
    ]


def test_one_csv_file_is_one_sheet(tmp_path: Path) -> None:
    """A cell with line breaks counts its lines."""
    (tmp_path / "units.csv").write_text('building,unit\n"3\n号楼",501\n4号楼,502\n', encoding="utf-8")

    (sheet,) = spreadsheets.read(tmp_path / "units.csv")

    assert [(line, cells[1]) for line, cells in sheet.rows[1:]] == [(2, "501"), (4, "502")]


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
        (1, ("楼栋", "房号", "面积")),
        (2, ("3号楼", "501", "89.5")),
        (3, ("3号楼", "502")),
        (4, ("3号楼",)),
        (5, ("3号楼", "503", "2026-03-02")),
    ]
    assert empty == Sheet("Sheet2", [])


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


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("locked.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
        ("paper.xlsx", b"%PDF-1.7", "no Excel workbook"),
        ("empty.xlsx", b"", "no Excel workbook"),
    ],
)
def test_what_is_no_workbook_is_told_for_what_it_is(
    tmp_path: Path, name: str, data: bytes, told: str
) -> None:
    """A locked workbook, or something else under its name: what to do, not what a library says of it."""
    (tmp_path / name).write_bytes(data)

    with pytest.raises(OperatorError, match=told) as caught:
        spreadsheets.read(tmp_path / name)

    assert "zip" not in str(caught.value)


def test_a_folder_without_csv_files_is_said_so(tmp_path: Path) -> None:
    """Nothing to read is not an empty register."""
    (tmp_path / "._units.csv").write_bytes(b"left behind by a system")

    with pytest.raises(OperatorError):
        spreadsheets.read(tmp_path)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("zh_CN", "units.csv 第 14 行，房号：与第 9 行重复，请删去一行"),
        ("zh_TW", "units.csv 第 14 行，房號：與第 9 行重複，請刪去一行"),
        ("en", "units.csv line 14, unit: is the same as in line 9: remove one of the two"),
    ],
)
def test_a_mistake_is_described_with_its_place(locale: str, said: str) -> None:
    """File, line and column, and what to do, in the operator's language."""
    error = LineError("units.csv", 14, "unit", Reason.DUPLICATE, {"first": 9})

    assert describe(error, TEXTS, locale) == said


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
        rehearsal = await import_register(Desk(store, TEXTS, RULES, NOW), sound(LUZHOU), dry_run=True)
        assert await store.places.compounds() == []

    assert rehearsal == await bring_in(database, sound(LUZHOU))


async def test_nothing_is_half_imported(database: SqliteDatabase) -> None:
    """When the transaction fails at the end, nothing of it is there."""

    async def interrupted() -> None:
        async with database.transaction() as connection:
            await import_register(Desk(Store(connection), TEXTS, RULES, NOW), sound(LUZHOU))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await interrupted()

    async with database.transaction() as connection:
        assert await Store(connection).places.compounds() == []


async def test_two_thousand_households_in_one_transaction(database: SqliteDatabase, tmp_path: Path) -> None:
    """The whole of 汉都华府二期 from file to commit takes less than three seconds of a processor."""
    samples.write_large(tmp_path)
    began = time.process_time()

    report = await bring_in(database, sound(tmp_path))

    assert time.process_time() - began < 3
    assert (report.buildings, report.units) == (Count(created=27), Count(created=2388))
    assert report.residents.created > 2388


def test_the_large_sample_is_the_same_every_time(tmp_path: Path) -> None:
    """The same seed writes the same files, another one other people."""
    for name, seed in (("a", 2), ("b", 2), ("c", 3)):
        samples.write_large(tmp_path / name, seed)
    posts = [(tmp_path / name / "posts.csv").read_bytes() for name in "abc"]

    assert posts[0] == posts[1] != posts[2]


@pytest.mark.parametrize("large", [False, True])
def test_the_people_of_the_samples_are_invented(tmp_path: Path, large: bool) -> None:
    """Every phone is from the ranges 1390000xxxx and 1380000xxxx."""
    folder = LUZHOU
    if large:
        samples.write_large(folder := tmp_path)
    phones: list[str] = []
    for path in (*folder.glob("posts.csv"), *folder.glob("residents.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            phones += [row.get("phone") or row.get("电话") or "" for row in csv.DictReader(file)]

    assert len(phones) > (2388 if large else 20)
    assert all(re.fullmatch("(13[89]0000[0-9]{4})?", phone) for phone in phones)


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
        await store.merging.move(listed.person_id, joined, NOW)
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


# Residents -------------------------------------------------------------------------------------------------


def residing(*lines: str, name: str = "residents") -> Register:
    """A register of who lives where: "building,unit,name,phone,kind", in a compound that is known."""
    rows = [tuple(line.split(",")) for line in ("building,unit,name,phone,kind", *lines)]
    register, errors = read_register([Sheet(name, list(enumerate(rows, start=1)))], [("a", "甲")])
    assert errors == []
    return register


async def living(database: SqliteDatabase) -> list[tuple[str, str, str, str]]:
    """Who the register names for which unit: (building and unit, name, phone, kind)."""
    async with database.transaction() as connection:
        directory = Directory(connection)
        buildings = {found: label for label, (found, _) in (await directory.buildings(1)).items()}
        units = {found: f"{buildings[at[0]]}-{at[2]}" for at, found in (await directory.unit_ids(1)).items()}
        return sorted(
            (units[one.unit_id], one.person.name, one.person.phone, one.kind)
            for one in await directory.entries(1)
            if one.is_listed and one.state == "approved"
        )


async def moves_in(database: SqliteDatabase, unit_id: int, name: str, phone: str, state: str) -> int:
    """Somebody with an account who was entered by asking for it."""
    async with database.transaction() as connection:
        people = Store(connection).people
        person_id = await people.new(NOW)
        await people.put_account(person_id, "telegram", f"9{person_id}", name, "zh-hans")
        await people.put_details(person_id, name, phone)
        entry, _ = await people.ask_residency(person_id, unit_id, "renter", NOW)
        if state != "pending":
            await people.decide_residency(entry, state, person_id, NOW)
        return person_id


async def test_residents_come_in_without_accounts(database: SqliteDatabase) -> None:
    """Several people in a unit, several units of a person; a second time nothing changes."""
    lines = (
        "1,101,张三,13900000001,owner",
        "1,101,李四,,family",
        "2,102,张三,13900000001,",
        "2,103,王五,13800000001,租户",
    )
    first = await bring_in(database, residing(*lines))
    again = await bring_in(database, residing(*lines), LATER)

    assert (first.people, first.residents) == (Count(created=3), Count(created=4))
    assert (again.people, again.residents) == (Count(unchanged=3), Count(unchanged=4))
    assert not again.is_news
    assert await living(database) == [
        ("1-101", "张三", "13900000001", "owner"),
        ("1-101", "李四", "", "family"),
        ("2-102", "张三", "13900000001", "owner"),
        ("2-103", "王五", "13800000001", "renter"),
    ]


async def test_progress_of_writing_comes_to_its_end(database: SqliteDatabase) -> None:
    """Whether anything changes or not, every listed line is counted once."""
    (homes,) = residing("1,101,张三,110,", "2,102,李四,111,").compounds
    (rest,) = listing("楼栋长,1,李德明,112").compounds
    register = Register((replace(rest, residents=homes.residents, units=homes.units),))
    for _ in range(2):
        seen: list[tuple[int, int]] = []
        await bring_in(database, register, watch=lambda *far, seen=seen: seen.append(far))
        total = len(rest.buildings) + len(rest.entrances) + 2 + 2 + 1
        assert seen[-1] == (total, total)


async def test_namesakes_without_a_phone_are_two_people(database: SqliteDatabase) -> None:
    """In two units they are not known to be one; in the same unit they are."""
    report = await bring_in(database, residing("1,101,王秀英,,", "1,102,王秀英,,", "1,102,王秀英,,"))

    assert (report.people, report.residents) == (Count(created=2), Count(created=2))


async def test_one_phone_is_filled_in_once(database: SqliteDatabase) -> None:
    """Of two namesakes with phones only one can be the one who was listed without."""
    await bring_in(database, residing("1,101,王秀英,,"))
    register = residing("1,101,王秀英,110,", "1,101,王秀英,111,")

    report = await bring_in(database, register)

    assert (report.people, report.residents) == (Count(created=1, changed=1), Count(created=1, unchanged=1))
    assert not (await bring_in(database, register)).is_news


async def test_a_resident_without_a_phone_is_nobody_elses_namesake(database: SqliteDatabase) -> None:
    """A holder with the same name, of whom no phone is known either, may be anybody."""
    await bring_in(database, residing("1,101,何长青,,"))

    report = await bring_in(database, listing("自管委,,何长青,"))

    assert report.people == Count(created=1)


async def test_a_resident_and_a_holder_are_one_person(database: SqliteDatabase) -> None:
    """The same name and phone in two sheets of one file, or in a later one."""
    register = residing("1,101,李德明,110,owner")
    (one,) = register.compounds
    (with_post,) = listing("楼栋长,1,李德明,110", "楼栋长,2,陈淑芬,111").compounds

    both = await bring_in(database, Register((replace(with_post, residents=one.residents, units=one.units),)))
    later = await bring_in(database, residing("1,101,陈淑芬,111,owner"))

    assert (both.people, both.residents, both.appointed) == (Count(created=2), Count(created=1), 2)
    assert (later.people, later.residents) == (Count(unchanged=1), Count(created=1))


async def test_a_new_phone_in_the_same_unit_is_not_a_new_person(database: SqliteDatabase) -> None:
    """A blank one leaves what is known; one that is new is taken over; another name is somebody else."""
    await bring_in(database, residing("1,101,张三,110,owner", "1,101,李四,111,family"))
    blank = await bring_in(database, residing("1,101,张三,,", "1,101,李四,111,"))
    changed = await bring_in(database, residing("1,101,张三,119,", "1,101,李四,111,"))
    other = await bring_in(database, residing("1,101,王五,119,", "1,101,李四,111,"))

    assert (blank.people, blank.residents) == (Count(unchanged=2), Count(unchanged=2))
    assert (changed.people, changed.residents) == (Count(changed=1, unchanged=1), Count(unchanged=2))
    assert (other.people, other.unlisted) == (Count(created=1, unchanged=1), 1)


async def test_nobody_moves_out_in_silence(database: SqliteDatabase) -> None:
    """Who is missing is counted; only when asked for they move out, and only where the file tells about."""
    await bring_in(database, residing("1,101,张三,110,", "1,102,李四,111,", "2,101,王五,112,"))
    register = residing("1,101,张三,110,")

    told = await bring_in(database, register, show=5)
    assert (told.unlisted, told.moved_out, len(await living(database))) == (1, 0, 3)
    assert [change.facts["name"] for change in told.changes if change.noun == "unlisted"] == ["李四"]

    asked = await bring_in(database, register, end_missing=True)
    assert (asked.unlisted, asked.moved_out) == (1, 1)
    assert [name for _, name, _, _ in await living(database)] == ["张三", "王五"]

    back = await bring_in(database, residing("1,102,李四,111,", "1,101,张三,110,"))
    assert (back.people, back.residents) == (Count(unchanged=2), Count(created=1, unchanged=1))


async def test_who_has_an_account_speaks_for_themselves(database: SqliteDatabase) -> None:
    """Their name, phone, kind and state stay; only a blank phone is filled in; they never move out."""
    await bring_in(database, residing("1,101,甲,110,", "1,102,乙,111,", "1,103,丙,112,"))
    without = await moves_in(database, 1, "张三", "", "approved")
    with_phone = await moves_in(database, 2, "李四", "555", "approved")
    waiting = await moves_in(database, 3, "王五", "", "pending")

    report = await bring_in(
        database,
        residing("1,101,张三,119,owner", "1,102,李四,118,owner", "1,103,王五,117,owner"),
        end_missing=True,
    )

    async with database.transaction() as connection:
        people = Store(connection).people
        phones = [(await people.details(one)).phone for one in (without, with_phone, waiting)]
        homes = [(await people.residencies(one))[0] for one in (without, with_phone, waiting)]
    assert phones == ["119", "555", ""]
    assert [(home.kind, home.state) for home in homes] == [
        ("renter", "approved"),
        ("renter", "approved"),
        ("renter", "pending"),
    ]
    # Who only asks to be entered is not yet known to be the one who is listed.
    assert (report.people, report.moved_out) == (Count(created=1, changed=1, unchanged=1), 3)


async def test_a_resident_with_an_account_gets_into_no_post_by_name(database: SqliteDatabase) -> None:
    """What somebody says they are called does not make them the leader the file names."""
    await bring_in(database, residing("1,101,甲,110,"))
    resident = await moves_in(database, 1, "李德明", "119", "approved")
    (home,) = residing("1,101,李德明,119,owner").compounds
    (post,) = listing("楼栋长,1,李德明,119").compounds

    await bring_in(database, Register((replace(post, residents=home.residents, units=home.units),)))

    async with database.transaction() as connection:
        (holder,) = await Store(connection).posts.holders(1, "telegram")
    assert holder.person_id != resident


async def test_an_office_sheet_renames_nothing(database: SqliteDatabase) -> None:
    """Buildings keep the names the committee gave them; only new ones are called as usual."""
    (named,) = listing().compounds
    tower = ListedBuilding("1", "南塔")
    await bring_in(database, Register((replace(named, buildings=(tower,), entrances=()),)))

    report = await bring_in(database, residing("1,101,张三,,", "2,101,李四,,"))

    assert report.buildings == Count(created=1, unchanged=1)
    async with database.transaction() as connection:
        assert await Store(connection).places.buildings(1) == [(1, "南塔"), (2, "2号楼")]


# Posts in full ---------------------------------------------------------------------------------------------


def offices(*lines: str) -> Register:
    """A community with one compound, and posts "post,building,name,phone,副职,任期至,办公电话"."""
    tables = {
        "communities": ["code,name", "c,东门社区"],
        "compounds": ["code,name,community", "a,甲,c"],
        "buildings": ["building", "1号楼"],
        "posts": ["post,building,name,phone,副职,任期至,办公电话", *lines],
    }
    sheets = [
        Sheet(name, [(number, tuple(line.split(","))) for number, line in enumerate(rows, start=1)])
        for name, rows in tables.items()
    ]
    register, errors = read_register(sheets)
    assert errors == []
    return register


async def test_a_community_and_its_posts(database: SqliteDatabase) -> None:
    """Its secretary is known in each of its compounds; a second time nothing changes."""
    register = offices("社区书记,,杨守信,110,,,0835-2222222", "网格员,,陈淑芬,111,,,")
    first, again = await bring_in(database, register), await bring_in(database, register, LATER)

    assert (first.communities, first.posts, first.appointed) == (Count(created=1), Count(created=2), 2)
    assert not again.is_news
    async with database.transaction() as connection:
        store = Store(connection)
        card = await store.posts.contact_card(1, None, "telegram")
        holders = await store.posts.holders(1, "telegram")
    assert {holder.kind for holder in holders} == {PostKind.COMMUNITY_SECRETARY, PostKind.GRID_OFFICER}
    assert [line.phone for line in card if line.kind == PostKind.COMMUNITY_SECRETARY] == ["0835-2222222"]


async def test_deputies_stand_beside_the_holder(database: SqliteDatabase) -> None:
    """They come, become the holder, and go only when the file says so."""
    await bring_in(database, offices("楼栋长,1,甲,110,,,", "楼栋长,1,乙,111,是,,", "楼栋长,1,丙,112,是,,"))
    assert await standing(database) == [("甲", False), ("乙", True), ("丙", True)]

    promoted = await bring_in(database, offices("楼栋长,1,乙,111,,,"))
    assert (promoted.appointed, promoted.ended) == (1, 1)
    assert await standing(database) == [("乙", False), ("丙", True)]

    alone = await bring_in(database, offices("楼栋长,1,乙,111,,,", "楼栋长,1,空缺,,是,,"))
    assert (alone.appointed, alone.ended) == (0, 1)
    assert await standing(database) == [("乙", False)]


async def standing(database: SqliteDatabase) -> list[tuple[str, bool]]:
    """Who holds posts, and whether as a deputy."""
    async with database.transaction() as connection:
        store = Store(connection)
        return [
            ((await store.people.details(one.person_id)).name, one.is_deputy)
            for one in await store.posts.holders(1, "telegram")
        ]


async def test_a_term_is_kept_and_prolonged(database: SqliteDatabase) -> None:
    """As the local midnight of its last day; a blank cell leaves it."""

    async def term() -> datetime | None:
        async with database.transaction() as connection:
            (one,) = await Store(connection).posts.appointments(1)
        return one.term_until

    for until, expected, appointed in (("2028-12-31", 31, 1), ("", 31, 0), ("2028年12月30日", 30, 0)):
        report = await bring_in(database, offices(f"楼栋长,1,甲,110,,{until},"))
        assert await term() == datetime(2028, 12, expected - 1, 16, tzinfo=UTC)
        assert (report.appointed, report.ended) == (appointed, 0)


async def test_every_change_can_be_shown(database: SqliteDatabase) -> None:
    """Of each noun the first ones in words, and everybody who loses a post."""
    await bring_in(database, listing("楼栋长,1,李德明,110", "楼栋长,2,高玉梅,112", units="1,101,60"))
    register = listing("楼栋长,1,陈淑芬,111", "楼栋长,2,空缺,", units="1,101,61 1,102, 1,103,")

    report = await bring_in(database, register, show=1, dry_run=True)

    assert list(report_lines(report, TEXTS, "zh_CN")) == [
        "小区: 新增 0, 更新 0, 不变 1",
        "楼栋: 新增 0, 更新 0, 不变 2",
        "单元: 新增 0, 更新 0, 不变 1",
        "房屋: 新增 2, 更新 1, 不变 0",
        "  1号楼 101：面积 60 → 61",
        "  另有 2 项",
        "人员: 新增 1, 更新 0, 不变 0",
        "职务: 新增 0, 更新 0, 不变 2",
        "上任 1 人次，卸任 2 人次。",
        "  上任：陈淑芬 1号楼 楼栋长",
        "  卸任：李德明 1号楼 楼栋长",
        "  卸任：高玉梅 2号楼 楼栋长",
    ]


async def test_an_import_is_on_record_without_names(database: SqliteDatabase) -> None:
    """How many of each noun, and who took up which post, by id."""
    await bring_in(database, listing("楼栋长,1,李德明,110"))

    async with database.transaction() as connection:
        changes = await Store(connection).changes.of_compound(1, 10)
    assert [(one.source, one.action) for one in changes] == [
        ("import", "import.done"),
        ("import", "post.appointed"),
    ]
    assert changes[0].facts["numbers"]["buildings"] == [2, 0]
    assert "李德明" not in str(changes)


async def test_losing_a_post_by_import_moves_its_issues(world: World) -> None:
    """L4: the new leader has them in the same moment, and everybody concerned is told once."""
    former, resident = await world.leader_of("3"), await world.resident("3")
    await resident.reports()
    (before,) = await world.rows("SELECT handler_id FROM issues")
    register, _ = read_register(spreadsheets.read(LUZHOU))
    (compound,) = register.compounds
    posts = tuple(
        replace(post, holders=(ListedPerson("新楼长", "13900000999"),))
        if (post.kind, post.building) == (PostKind.BUILDING_LEADER, "3")
        else post
        for post in compound.posts
    )

    async def bring(*, dry_run: bool) -> ImportReport:
        async with world.database.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
            changed = Register((replace(compound, posts=posts),))
            report = await import_register(desk, changed, dry_run=dry_run)
            await desk.send()
        await world.settle()
        return report

    told = former.last_message
    rehearsal = await bring(dry_run=True)
    assert former.last_message == told
    assert [change.message for change in rehearsal.changes] == ["sheets.ended"]
    assert await bring(dry_run=False) == rehearsal

    (after,) = await world.rows("SELECT handler_id FROM issues")
    assert after["handler_id"] != before["handler_id"]
    assert former.last_message != told


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
