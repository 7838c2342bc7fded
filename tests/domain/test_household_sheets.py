"""The one big sheet of a property office: merged, blank, mistyped, and read all the same."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.household_sheets import heading_row, is_household_sheet, names_in, phones_in
from bot.domain.register import ListedPerson, ListedResident, ListedUnit, read_register
from bot.domain.sheets import LineError, Reason, Sheet

KNOWN = [("handu", "汉都华府二期")]
Where = tuple[str, str | None, str]


def office(*lines: str, name: str = "业主信息2026") -> Sheet:
    """A sheet from "cell,cell" lines; blank ones are left out, as a reader does."""
    rows = [(number, tuple(line.split(","))) for number, line in enumerate(lines, start=1)]
    return Sheet(name, [row for row in rows if any(row[1])])


def households(*lines: str, name: str = "业主信息2026") -> dict[Where, list[tuple[str, str, str | None]]]:
    """Who lives where, of a sheet without mistakes: (building, entrance, unit) → (name, phone, kind)."""
    register, errors = read_register([office(*lines, name=name)], KNOWN)
    assert errors == []
    (compound,) = register.compounds
    found: dict[Where, list[tuple[str, str, str | None]]] = {
        (unit.building, unit.entrance, unit.label): [] for unit in compound.units
    }
    for one in compound.residents:
        found[one.building, one.entrance, one.unit].append((one.person.name, one.person.phone, one.kind))
    return found


def mistakes(*lines: str) -> list[tuple[int, int | None, Reason]]:
    """The mistakes of a sheet: line, position of the cell, reason."""
    _, errors = read_register([office(*lines)], KNOWN)
    return [(error.line, error.position, error.reason) for error in errors]


def test_a_sheet_as_offices_keep_it() -> None:
    """A title, blank lines, cells that mean the one above, totals, a header on every page, a signature."""
    lines = (
        "汉都华府二期业主信息登记表",
        "",
        "序号,楼栋,单元,房号,建筑面积（㎡）,业主姓名,联系电话,租户姓名,租户电话,备注",
        "1,3号楼,2单元,501,89.5㎡,张三、李四,13900000001/13900000002,,,",
        "2,,,502.0,约90平方米,王　芳,139-0000-0003,赵六,139 0000 0004,车位",
        "3,,,,,王大海,1.3900000009E+10,,,",
        "4,,１单元,0503,,孙七,13900000005,,,",
        ",小计,,4,,,,,,",
        "序号,楼栋,单元,房号,建筑面积（㎡）,业主姓名,联系电话,租户姓名,租户电话,备注",
        "5,４栋,,101,,空置,,,,",
        "合计,,,5",
        "制表人：小刘,,,,,日期：3月",
    )

    assert households(*lines) == {
        ("3", "2", "501"): [("张三", "13900000001", "owner"), ("李四", "13900000002", "owner")],
        ("3", "2", "502"): [
            ("王芳", "13900000003", "owner"),
            ("赵六", "13900000004", "renter"),
            ("王大海", "13900000009", "owner"),
        ],
        ("3", "1", "503"): [("孙七", "13900000005", "owner")],
        ("4", None, "101"): [],
    }
    register, _ = read_register([office(*lines)], KNOWN)
    (compound,) = register.compounds
    assert [one.name for one in compound.buildings] == ["3号楼", "4栋"]
    assert [one.name for one in compound.entrances] == ["2单元", "1单元"]
    assert ListedUnit("3", "2", "501", 90) in compound.units
    assert [(note.reason, dict(note.facts)) for note in register.notes] == [
        (Reason.IGNORED_COLUMNS, {"names": ["序号", "备注"]}),
        (Reason.IGNORED_LINES, {"count": 3}),
    ]


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("3栋2单元501", ("3", "2", "501")),
        ("3-2-501", ("3", "2", "501")),
        ("３－２－０５０１", ("3", "2", "501")),
        ("3/2/501", ("3", "2", "501")),
        ("三號樓二單元501室", ("3", "2", "501")),
        ("汉都华府二期3栋2单元501", ("3", "2", "501")),
        ("A座1201", ("A", None, "1201")),
        ("3栋501", ("3", None, "501")),
        ("3栋商铺1", ("3", None, "商铺1")),
    ],
)
@pytest.mark.parametrize("heading", ["房号", "地址", "房屋坐落"])
def test_the_whole_address_may_stand_in_one_column(heading: str, written: str, place: Where) -> None:
    """Building, entrance and unit are parted as addresses are read everywhere else."""
    assert list(households(f"{heading},业主姓名,电话", f"{written},张三,")) == [place]


@pytest.mark.parametrize(
    ("columns", "cells", "place"),
    [
        ("楼栋,单元,房号", "3,2,3-2-501", ("3", "2", "501")),
        ("楼栋,单元,房号", "3,2,2-501", ("3", "2", "501")),
        ("楼栋,单元,房号", "3,2,3栋2单元501", ("3", "2", "501")),
        ("楼栋,房号", "3号楼,2-501", ("3", "2", "501")),
        ("楼栋,房号", "3号楼,3-501", ("3", None, "501")),
        ("楼栋单元,房号", "3栋2单元,501", ("3", "2", "501")),
        ("楼栋,单元,房号", "3,2,501-1", ("3", "2", "501-1")),
        ("楼栋名称,单元名称,房号", "3,2,501", ("3", "2", "501")),
    ],
)
def test_a_place_may_be_told_twice(columns: str, cells: str, place: Where) -> None:
    """What a unit repeats of its building and entrance is not part of its number."""
    assert list(households(f"{columns},业主", f"{cells},张三")) == [place]


def test_the_name_of_the_sheet_may_be_the_building() -> None:
    """One sheet for each building, as many offices keep it."""
    assert list(households("单元,房号,业主", "2单元,501,张三", name="3号楼")) == [("3", "2", "501")]


def test_blank_places_mean_the_one_above_until_something_larger_changes() -> None:
    """A new building takes nothing over from the one before."""
    found = households(
        "楼栋,单元,房号,业主", "1,2,101,甲", ",,,乙", ",,102,丙", "2,,101,丁", "3,1,,", ",,101,戊"
    )

    assert found == {
        ("1", "2", "101"): [("甲", "", "owner"), ("乙", "", "owner")],
        ("1", "2", "102"): [("丙", "", "owner")],
        ("2", None, "101"): [("丁", "", "owner")],
        ("3", "1", "101"): [("戊", "", "owner")],
    }


@pytest.mark.parametrize(
    "lines",
    [
        ("楼栋,房号,业主信息,,租户信息,", ",,姓名,电话,姓名,电话", "3,501,张三,139,李四,138"),
        ("楼栋,房号,业主信息,,租户信息,", "楼栋,房号,姓名,电话,姓名,电话", "3,501,张三,139,李四,138"),
        ("楼栋,房号,业主,电话,租户,电话", "3,501,张三,139,李四,138"),
        ("楼栋,房号,产权人,产权人电话,承租人姓名,承租人联系电话", "3,501,张三,139,李四,138"),
        ("樓棟,房號,業主姓名,聯絡電話,租戶姓名,手機", "3,501,张三,139,李四,138"),
        ("building,unit,owner name,owner phone,tenant name,tenant phone", "3,501,张三,139,李四,138"),
    ],
)
def test_owners_and_renters_may_stand_beside_each_other(lines: Sequence[str]) -> None:
    """In one header row or two; each phone belongs to the name it stands with."""
    lines = [line.replace("139", "13900000001").replace("138", "13800000001") for line in lines]

    assert households(*lines)["3", None, "501"] == [
        ("张三", "13900000001", "owner"),
        ("李四", "13800000001", "renter"),
    ]


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("业主", "owner"),
        ("户主", "owner"),
        ("租戶", "renter"),
        ("配偶", "family"),
        ("儿子", "family"),
        ("", None),
    ],
)
def test_what_somebody_is_may_have_its_own_column(written: str, kind: str | None) -> None:
    """Where nothing is said, nothing is guessed here."""
    assert households("楼栋,房号,姓名,身份", f"3,501,张三,{written}")["3", None, "501"] == [
        ("张三", "", kind)
    ]


def test_two_lines_about_one_person_are_one() -> None:
    """Two cars make two lines; the phone stands where it stands."""
    found = households(
        "楼栋,房号,业主,电话,车牌", "3,501,张三,,川A1", ",501,张三,13900000001,川A2", ",501,张三,,川A3"
    )

    assert found == {("3", None, "501"): [("张三", "13900000001", "owner")]}


@pytest.mark.parametrize(
    ("line", "mistake"),
    [
        ("3,501,张三1,", (2, 2, Reason.NAME)),
        ("3,501,张三,1390000001", (2, 3, Reason.PHONE)),
        ("3,501,张三,1.39E+10", (2, 3, Reason.DIGITS_LOST)),
        ("3,,张三,", (2, 1, Reason.MISSING)),
        (",501,张三,", (2, 0, Reason.MISSING)),
        ("2026-03-02,501,张三,", (2, 0, Reason.DATE)),
    ],
)
def test_mistakes_are_found_with_their_cell(line: str, mistake: tuple[int, int, Reason]) -> None:
    """So that it can be coloured."""
    assert mistakes("楼栋,房号,业主,电话", line) == [mistake]


@pytest.mark.parametrize("written", ["3-2-501、502", "3.5.2", "地下室", "3栋", "12345", "3-2-5-501"])
def test_an_address_that_is_not_sure_is_a_mistake(written: str) -> None:
    """It is asked back, never guessed."""
    assert mistakes("房号,业主", f"{written},张三") == [(2, 0, Reason.ADDRESS)]


def test_areas_of_one_unit_must_agree() -> None:
    """One of two different ones is a slip."""
    assert mistakes("楼栋,房号,面积,业主", "3,501,89,甲", "3,501,98,乙") == [(3, 2, Reason.DIFFERS)]


def test_what_has_a_sheet_of_its_own_must_be_listed_there() -> None:
    """A workbook with buildings and units is not extended by a slip in the residents."""
    sheets = [
        office("building", "3", name="buildings"),
        office("building,unit", "3,501", name="units"),
        office("building,unit,name", "3,501,张三", "3,502,李四", "4,501,王五", name="residents"),
    ]
    _, errors = read_register(sheets, KNOWN)

    assert [(one.line, one.reason) for one in errors] == [
        (3, Reason.UNKNOWN_UNIT),
        (4, Reason.UNKNOWN_BUILDING),
    ]


def test_posts_may_refer_to_places_of_the_big_sheet() -> None:
    """Nobody has to list buildings twice."""
    sheets = [
        office("楼栋,单元,房号,业主", "3,2,501,张三"),
        office("职务,楼栋,单元,姓名", "楼栋长,3,,秦琼", "单元长,3,2,尉迟恭", "楼栋长,9,,程咬金", name="职务"),
    ]
    register, errors = read_register(sheets, KNOWN)

    assert errors == [
        LineError("职务", 4, "building", Reason.UNKNOWN_BUILDING, {"value": "9"}, 1),
    ]
    assert len(register.compounds[0].posts) == 2


def test_without_any_compound_it_is_said_once() -> None:
    """Not for every line; and with two known ones the sheet must tell."""
    sheet = office("楼栋,房号,业主", "3,501,张三", "3,502,李四")

    assert [one.reason for one in read_register([sheet])[1]] == [Reason.MISSING_SHEET]
    assert [one.reason for one in read_register([sheet], [("a", "甲"), ("b", "乙")])[1]] == [
        Reason.WHICH_COMPOUND
    ]


def test_a_column_may_name_the_compound() -> None:
    """By name or code, among those that are known."""
    sheet = office("小区名称,楼栋,房号,业主", "甲,3,501,张三", ",,502,李四", "b,3,501,王五", "丙,1,1,赵六")
    register, errors = read_register([sheet], [("a", "甲"), ("b", "乙")])

    assert [(one.line, one.reason) for one in errors] == [(5, Reason.UNKNOWN_COMPOUND)]
    assert [[one.person.name for one in compound.residents] for compound in register.compounds] == [
        ["张三", "李四"],
        ["王五"],
    ]


def test_a_mended_copy_is_read_again() -> None:
    """The column of reasons is no part of the sheet, and not worth a note."""
    register, errors = read_register([office("楼栋,房号,业主,错误原因", "3,501,张三,没有填写")], KNOWN)

    assert (errors, register.notes) == ([], ())
    assert register.compounds[0].residents == (
        ListedResident(ListedPerson("张三", ""), "3", None, "501", "owner"),
    )


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (["标题", "楼栋,房号,业主", "3,1,张"], 2),
        (["楼栋,房号,业主,", ",,姓名,电话", "3,1,张,"], 2),
        (["a,b"], 1),
    ],
)
def test_the_header_is_found_under_titles(lines: list[str], row: int) -> None:
    """Where the heading of the reasons goes."""
    assert heading_row(office(*lines)) == row


@pytest.mark.parametrize(
    ("headings", "expected"),
    [
        ("楼栋,单元,房号,业主姓名", True),
        ("地址,姓名", True),
        ("楼栋,房号", True),
        ("职务,楼栋,姓名,电话", False),
        ("楼栋,名称", False),
        ("日期,收入,支出", False),
    ],
)
def test_a_sheet_is_known_by_its_columns(headings: str, expected: bool) -> None:
    """Units, and who is in them or where they are."""
    assert is_household_sheet(office(headings, "1,2,3,4")) == expected


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("13900000001", ["13900000001"]),
        ("139 0000 0001", ["13900000001"]),
        ("139-0000-0001", ["13900000001"]),
        ("+86 139 0000 0001", ["13900000001"]),
        ("１３９０００００００１", ["13900000001"]),
        ("13900000001.0", ["13900000001"]),
        ("1.3900000001E+10", ["13900000001"]),
        ("13900000001/13900000002", ["13900000001", "13900000002"]),
        ("13900000001、13900000001", ["13900000001"]),
        ("13900000001 13900000002", ["13900000001", "13900000002"]),
        ("1390000000113900000002", ["13900000001", "13900000002"]),
        ("13900000001 0835-2222222", ["13900000001", "0835-2222222"]),
        ("(0835)2222222", ["0835-2222222"]),
        ("手机：13900000001（女儿）", ["13900000001"]),
        ("2222222", ["2222222"]),
        ("110", ["110"]),
        ("+852 6123 4567", ["+85261234567"]),
        ("无", []),
        ("", []),
    ],
)
def test_phones_are_read_as_they_are_written(written: str, phones: list[str]) -> None:
    """One cell, several numbers, remarks; a mobile is its eleven digits."""
    assert phones_in(written) == phones


@pytest.mark.parametrize("written", ["1390000001", "139000000012", "12", "139 0000 000"])
def test_a_phone_with_wrong_digits_is_refused(written: str) -> None:
    """Half a number helps nobody."""
    with pytest.raises(ValueError, match="1"):
        phones_in(written)


@given(st.text(max_size=30))
def test_no_cell_is_too_strange(written: str) -> None:
    """Whatever stands in it, it is read or refused, and what is read is read so again."""
    try:
        found = phones_in(written)
    except (ValueError, ArithmeticError):
        found = []
    assert all(phones_in(phone) == [phone] for phone in found)
    try:
        names = names_in(written)
    except ValueError:
        names = []
    assert all(names_in(name) == [name] for name in names)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("张三", ["张三"]),
        ("张三、李四", ["张三", "李四"]),
        ("张三/李四，王五", ["张三", "李四", "王五"]),
        ("张三\n李四", ["张三", "李四"]),
        ("张三 李四", ["张三", "李四"]),
        ("王　芳", ["王芳"]),
        ("欧阳 修文", ["欧阳修文"]),
        ("张三（已故）", ["张三"]),
        ("李和平", ["李和平"]),
        ("John Smith", ["John Smith"]),
        ("空置", []),
        ("/", []),
        ("-", []),
        ("無", []),
        ("", []),
    ],
)
def test_names_are_read_as_they_are_written(written: str, names: list[str]) -> None:
    """Two in a cell, spaces in a name of two characters, and words for nobody."""
    assert names_in(written) == names
