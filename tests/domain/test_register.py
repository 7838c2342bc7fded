"""The operator's sheets: what they mean when they are good, and every mistake when they are not."""

import pytest

from bot.domain.posts import PostKind
from bot.domain.register import (
    ListedBuilding,
    ListedCommunity,
    ListedCompound,
    ListedEntrance,
    ListedPerson,
    ListedPost,
    ListedUnit,
    Register,
    read_register,
)
from bot.domain.sheets import COLUMNS, IGNORED_SHEETS, LAYOUT, SHEETS, LineError, Reason, Sheet

GOOD = {
    "compounds": "code,name,timezone,locale|luzhou,绿洲路126号大院,Asia/Shanghai,zh_CN",
    "buildings": "building,name|3號樓,|A座,南塔",
    "entrances": "building,entrance|三栋,2单元",
    "units": "building,entrance,unit,area_m2|3#,二單元,0501室,89.5|A座,,1201,",
    "posts": (
        "post,building,entrance,name,phone,duty,hours,phone_shown"
        "|building_leader,3,,王 秀兰,１３９-0000 0001,本楼,8–21,是|self_management_committee,,,何长青,,,,"
    ),
}


def sheet(name: str, table: str) -> Sheet:
    """A sheet from "heading,heading|cell,cell|…"."""
    return Sheet(name, [(number, tuple(line.split(","))) for number, line in enumerate(table.split("|"), 1)])


def errors_of(**changed: str) -> list[tuple[str, int, str, Reason]]:
    """The mistakes in the good sheets after some of them are replaced; "" leaves one out."""
    tables = {**GOOD, **changed}
    _, errors = read_register([sheet(name, table) for name, table in tables.items() if table])
    return [(error.sheet, error.line, error.column, error.reason) for error in errors]


def test_good_sheets_are_read() -> None:
    """Labels get their normal form, names stay as written, and a blank cell says nothing."""
    register, errors = read_register([sheet(name, table) for name, table in GOOD.items()])

    assert errors == []
    leader = ListedPerson("王 秀兰", "139-0000 0001")
    assert register == Register(
        (
            ListedCompound(
                "luzhou",
                "绿洲路126号大院",
                "Asia/Shanghai",
                "zh_CN",
                None,
                (ListedBuilding("3", "3號樓"), ListedBuilding("A", "南塔")),
                (ListedEntrance("3", "2", "2单元"),),
                (ListedUnit("3", "2", "501", 90), ListedUnit("A", None, "1201", None)),
                (
                    ListedPost(
                        PostKind.BUILDING_LEADER,
                        "3",
                        None,
                        "本楼",
                        "8–21",
                        phone_shown=True,
                        holders=(leader,),
                    ),
                    ListedPost(
                        PostKind.SELF_MANAGEMENT_COMMITTEE,
                        None,
                        None,
                        holders=(ListedPerson("何长青", ""),),
                    ),
                ),
            ),
        )
    )


def test_the_order_of_the_sheets_does_not_matter() -> None:
    """Units may come before the buildings they are in."""
    sheets = [sheet(name, table) for name, table in GOOD.items()]

    assert read_register(sheets) == read_register(sheets[::-1])


def test_headings_posts_and_sheet_names_may_be_chinese() -> None:
    """Simplified or traditional, with spaces, a unit in brackets or full width: it is the same register."""
    chinese = {
        "小區": "代碼,小区名称,時區,語言|luzhou,绿洲路126号大院,Asia/Shanghai,zh_CN",
        "樓棟.csv": "樓棟,樓棟名稱|3號樓,|A座,南塔",
        "單元": "楼栋,单元|三栋,2单元",
        "房屋": "樓棟,單元,房 號,建築面積（㎡）|3#,二單元,0501室,89.5平方米|A座,,1201,",
        "職務": (
            "職務,樓棟,單元,姓名,電話,職責,時間,顯示電話"
            "|樓棟長,3,,王 秀兰,139-0000 0001,本楼,8–21,是|自管委,,,何长青,,,,"
        ),
    }
    sheets = [sheet(name, table) for name, table in chinese.items()]

    assert read_register(sheets) == read_register([sheet(name, table) for name, table in GOOD.items()])


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("樓棟長", PostKind.BUILDING_LEADER),
        ("副樓棟長", PostKind.DEPUTY_LEADER),
        ("單元長", PostKind.ENTRANCE_LEADER),
        ("黨支部書記", PostKind.BRANCH_SECRETARY),
        ("党支部 书记", PostKind.BRANCH_SECRETARY),
        ("樓棟黨小組長", PostKind.PARTY_GROUP_LEADER),
        ("業委會主任", PostKind.OWNERS_COMMITTEE_DIRECTOR),
        ("自管委", PostKind.SELF_MANAGEMENT_COMMITTEE),
        ("物業經理", PostKind.PROPERTY_MANAGER),
        ("網格員", PostKind.GRID_OFFICER),
        ("Property_Manager", PostKind.PROPERTY_MANAGER),
    ],
)
def test_posts_are_known_by_word_and_by_name(written: str, kind: PostKind) -> None:
    """A post is its code word or its Chinese name."""
    level = {"entrance_leader": ("3", "2")}.get(kind, ("3", ""))
    if kind in (
        PostKind.BRANCH_SECRETARY,
        PostKind.OWNERS_COMMITTEE_DIRECTOR,
        PostKind.SELF_MANAGEMENT_COMMITTEE,
        PostKind.PROPERTY_MANAGER,
        PostKind.GRID_OFFICER,
    ):
        level = ("", "")
    posts = f"post,building,entrance,name|{written},{level[0]},{level[1]},高玉梅"

    register, errors = read_register([sheet(name, table) for name, table in {**GOOD, "posts": posts}.items()])

    assert errors == []
    assert [post.kind for post in register.compounds[0].posts] == [kind]


POSTS = "post,building,entrance,name,phone,phone_shown"


@pytest.mark.parametrize(
    ("name", "table", "expected"),
    [
        ("buildings", "building|3栋|三號樓|A座", [(3, "building", Reason.DUPLICATE)]),
        ("buildings", "building|3栋|A座|", [(4, "building", Reason.MISSING)]),
        ("buildings", "building|3栋|A座|楼", [(4, "building", Reason.NO_LABEL)]),
        ("buildings", "building|3栋|A座|2026-03-02", [(4, "building", Reason.DATE)]),
        ("buildings", "building|3栋|A座|3月2日", [(4, "building", Reason.DATE)]),
        ("buildings", "building,备注|3栋,|A座,新", [(1, "备注", Reason.UNKNOWN_COLUMN)]),
        ("buildings", "building,楼栋|3栋,|A座,", [(1, "楼栋", Reason.DUPLICATE_COLUMN)]),
        ("buildings", "building,|3栋,|A座,新", [(3, "", Reason.NO_HEADING)]),
        ("buildings", "name|3栋|A座", [(1, "building", Reason.MISSING_COLUMN)]),
        ("buildings", "compound,building|luzhou,3|绿洲路126號大院,A", []),
        ("buildings", "compound,building|,3|LUZHOU,A|通工,5", [(4, "compound", Reason.UNKNOWN_COMPOUND)]),
        ("entrances", "building,entrance|3,2|3栋,二单元", [(3, "entrance", Reason.DUPLICATE)]),
        ("entrances", "building,entrance|3,2|7,1", [(3, "building", Reason.UNKNOWN_BUILDING)]),
        ("units", "building,entrance,unit|9栋,,1", [(2, "building", Reason.UNKNOWN_BUILDING)]),
        ("units", "building,entrance,unit|3,7,1", [(2, "entrance", Reason.UNKNOWN_ENTRANCE)]),
        ("units", "building,entrance,unit|A,2,1", [(2, "entrance", Reason.UNKNOWN_ENTRANCE)]),
        ("units", "building,entrance,unit|3,2,", [(2, "unit", Reason.MISSING)]),
        ("units", "building,unit|3,501|3栋,0501室", [(3, "unit", Reason.DUPLICATE)]),
        ("units", "building,entrance,unit|3,2,501|3,,501", []),
        ("units", "building,unit,area_m2|3,1,89㎡|3,2,0.4", [(3, "area_m2", Reason.AREA)]),
        ("units", "building,unit,area_m2|3,1,-89", [(2, "area_m2", Reason.AREA)]),
        ("units", "building,unit,area_m2|3,1,八十", [(2, "area_m2", Reason.AREA)]),
        ("posts", f"{POSTS}|门神,3,,秦琼,,", [(2, "post", Reason.UNKNOWN_POST)]),
        ("posts", f"{POSTS}|,3,,秦琼,,", [(2, "post", Reason.MISSING)]),
        ("posts", f"{POSTS}|楼栋长,,,秦琼,,", [(2, "building", Reason.PLACE_NEEDED)]),
        ("posts", f"{POSTS}|楼栋长,3,2,秦琼,,", [(2, "entrance", Reason.WRONG_LEVEL)]),
        ("posts", f"{POSTS}|网格员,3,,秦琼,,", [(2, "building", Reason.WRONG_LEVEL)]),
        ("posts", f"{POSTS}|单元长,3,,秦琼,,", [(2, "entrance", Reason.PLACE_NEEDED)]),
        ("posts", f"{POSTS}|单元长,3,9,秦琼,,", [(2, "entrance", Reason.UNKNOWN_ENTRANCE)]),
        ("posts", f"{POSTS}|楼栋长,3,,,13900000001,", [(2, "name", Reason.MISSING)]),
        ("posts", f"{POSTS}|楼栋长,3,,秦琼,12,", [(2, "phone", Reason.PHONE)]),
        ("posts", f"{POSTS}|楼栋长,3,,秦琼,1.39E+10,", [(2, "phone", Reason.PHONE)]),
        ("posts", f"{POSTS}|楼栋长,3,,秦琼,123456789012345678901,", [(2, "phone", Reason.PHONE)]),
        ("posts", f"{POSTS}|楼栋长,3,,秦琼,+86 139-0000-0001,|楼栋长,A,,秦琼,110,", []),
        ("posts", f"{POSTS}|楼栋长,3,,秦琼,,也许", [(2, "phone_shown", Reason.YES_OR_NO)]),
        ("posts", f"{POSTS}|楼栋长,3,,秦琼,,|楼栋长,三栋,,尉迟恭,,", [(3, "name", Reason.SECOND_HOLDER)]),
        ("posts", f"{POSTS}|楼栋长,3,,秦琼,,|楼栋长,3,,秦琼,,", [(3, "name", Reason.DUPLICATE)]),
        ("posts", f"{POSTS}|楼栋长,3,,秦琼,,|楼栋长,A,,秦琼,,", []),
        ("posts", f"{POSTS},副职|楼栋长,3,,秦琼,,,|楼栋长,3,,尉迟恭,,,是|楼栋长,3,,程咬金,,,是", []),
        ("posts", f"{POSTS},副职|楼栋长,3,,秦琼,,,|楼栋长,3,,秦琼,,,是", [(3, "name", Reason.DUPLICATE)]),
        ("posts", f"{POSTS},副职|楼栋长,3,,秦琼,,,也许", [(2, "is_deputy", Reason.YES_OR_NO)]),
        ("posts", f"{POSTS},副职|楼栋长,3,,空缺,,,1|楼栋长,3,,秦琼,,,1", [(3, "name", Reason.SECOND_HOLDER)]),
        ("posts", f"{POSTS},任期至|楼栋长,3,,秦琼,,,2028年2月30日", [(2, "term_until", Reason.DAY)]),
        ("posts", f"{POSTS},办公电话|楼栋长,3,,秦琼,,,12", [(2, "office_phone", Reason.PHONE)]),
        ("posts", f"{POSTS},社区|社区书记,,,秦琼,,,东门", [(2, "community", Reason.UNKNOWN_COMMUNITY)]),
        ("posts", f"{POSTS}|社区书记,,,秦琼,,", [(2, "community", Reason.MISSING)]),
        ("compounds", "code,name,community|luzhou,大院,东门", [(2, "community", Reason.UNKNOWN_COMMUNITY)]),
        ("posts", f"{POSTS}|自管委,,,秦琼,,|自管委,,,尉迟恭,,", []),
        ("posts", f"{POSTS}|自管委,,,秦琼,,|自管委,,,空缺,,", [(3, "name", Reason.SECOND_HOLDER)]),
        ("posts", f"{POSTS}|自管委,,,秦琼,,是|自管委,,,尉迟恭,,否", [(3, "phone_shown", Reason.DIFFERS)]),
        ("compounds", "code,name|luzhou,", [(2, "name", Reason.MISSING)]),
        ("compounds", "code,name|luzhou,大院|luzhou,大院", [(3, "code", Reason.DUPLICATE)]),
        ("compounds", "code,name,timezone|luzhou,大院,Asia/Yaan", [(2, "timezone", Reason.TIMEZONE)]),
        ("compounds", "code,name,locale|luzhou,大院,zh-CN", [(2, "locale", Reason.LOCALE)]),
    ],
)  # fmt: skip
def test_each_mistake_is_found(name: str, table: str, expected: list[tuple[int, str, Reason]]) -> None:
    """Every mistake is given with its line and column; what is right is not complained about."""
    # Only the sheets above the one under test stay as they are, or those below would complain about it.
    below = list(GOOD)[list(GOOD).index(name) + 1 :] if name in ("buildings", "entrances") else []

    assert errors_of(**{name: table}, **dict.fromkeys(below, "")) == [(name, *error) for error in expected]


def test_all_mistakes_are_found_at_once() -> None:
    """One run tells everything, in every sheet and several in one line."""
    found = errors_of(
        entrances="building,entrance|8,1|3,2",
        units="building,entrance,unit,area_m2|8栋,2,,x|3,2,501,",
        posts=f"{POSTS}|楼栋长,9,,,1,x",
    )

    assert found == [
        ("entrances", 2, "building", Reason.UNKNOWN_BUILDING),
        ("units", 2, "building", Reason.UNKNOWN_BUILDING),
        ("units", 2, "unit", Reason.MISSING),
        ("units", 2, "area_m2", Reason.AREA),
        ("posts", 2, "building", Reason.UNKNOWN_BUILDING),
        ("posts", 2, "name", Reason.MISSING),
        ("posts", 2, "phone", Reason.PHONE),
        ("posts", 2, "phone_shown", Reason.YES_OR_NO),
    ]


@pytest.mark.parametrize(
    ("missing", "complaints"),
    [
        ("compounds", ["compounds"]),
        ("buildings", ["buildings"]),
        ("entrances", ["entrances"]),
        ("units", []),
        ("posts", []),
    ],
)
def test_a_missing_sheet_is_one_mistake(missing: str, complaints: list[str]) -> None:
    """What refers to a sheet that is not there does not complain line by line."""
    assert errors_of(**{missing: ""}) == [(name, 0, "", Reason.MISSING_SHEET) for name in complaints]


def test_an_unknown_sheet_is_a_mistake_and_an_empty_one_is_not() -> None:
    """Excel adds empty sheets; a filled one with an unknown name would be lost in silence."""
    sheets = [sheet(name, table) for name, table in GOOD.items()]

    _, errors = read_register([*sheets, Sheet("Sheet2", []), Sheet("车位", [(1, ("车位",))])])

    assert errors == [LineError("车位", 0, "", Reason.UNKNOWN_SHEET)]


def test_what_this_program_writes_beside_the_register_is_passed_over() -> None:
    """The list of mistakes and the history in an export are no part of the register."""
    sheets = [sheet(name, table) for name, table in GOOD.items()]
    beside = [Sheet(name, [(1, ("楼栋", "房号"))]) for names in IGNORED_SHEETS.items() for name in names]

    assert read_register([*sheets, *beside]) == read_register(sheets)


def test_several_compounds_must_be_told_apart() -> None:
    """With two compounds every line names its own; one without buildings is a mistake."""
    found = errors_of(
        compounds="code,name|luzhou,绿洲路|handu,汉都华府",
        buildings="compound,building|luzhou,3|绿洲路,A|,5",
        entrances="building,entrance|3,2|A,1",
        units="",
        posts="",
    )

    assert found == [
        ("compounds", 3, "code", Reason.EMPTY_COMPOUND),
        ("buildings", 4, "compound", Reason.MISSING),
        ("entrances", 0, "", Reason.WHICH_COMPOUND),
    ]


def test_the_same_labels_in_two_compounds_are_two_places() -> None:
    """Nothing crosses between compounds."""
    two = {
        "compounds": "code,name|a,甲|b,乙",
        "buildings": "compound,building|a,1|b,1",
        "units": "compound,building,unit|a,1,101|b,1,101",
    }
    register, errors = read_register([sheet(name, table) for name, table in two.items()])

    assert errors == []
    assert [len(compound.units) for compound in register.compounds] == [1, 1]


@pytest.mark.parametrize(
    ("name", "holders", "vacant"), [("", 0, False), ("空缺", 0, True), ("秦琼", 1, False)]
)
def test_a_post_may_be_empty(name: str, holders: int, vacant: bool) -> None:
    """A blank name says nothing about the holder; 空缺 says that there is none."""
    tables = {**GOOD, "posts": f"post,building,name|楼栋长,3,{name}"}
    register, errors = read_register([sheet(kind, table) for kind, table in tables.items()])

    (post,) = register.compounds[0].posts
    assert errors == []
    assert (len(post.holders), post.is_vacant) == (holders, vacant)


def test_deputies_terms_and_the_office_phone_are_read() -> None:
    """A deputy stands beside the holder; the last day of a term is a day, however it is written."""
    posts = (
        "职务,楼栋,姓名,副职,任期至,办公电话|楼栋长,3,秦琼,,2028-12-31,0835-2222222"
        "|楼栋长,3,尉迟恭,是,2027年6月1日,|楼栋党小组长,3,空缺,是,,"
    )
    register, errors = read_register([sheet(name, table) for name, table in {**GOOD, "posts": posts}.items()])
    leader, party = register.compounds[0].posts

    assert errors == []
    assert (leader.holders, leader.deputies) == ((ListedPerson("秦琼", ""),), (ListedPerson("尉迟恭", ""),))
    assert [day.isoformat() for day in leader.terms.values()] == ["2028-12-31", "2027-06-01"]
    assert leader.office_phone == "0835-2222222"
    assert (party.is_vacant, party.is_without_deputies) == (False, True)


def test_a_community_stands_above_its_compounds() -> None:
    """It has a sheet, its posts name it or leave it out where there is only one."""
    tables = {
        **GOOD,
        "社區": "社区代码,社区名称|dongmen,东门社区",
        "compounds": "code,name,community|luzhou,绿洲路126号大院,东门社区",
        "posts": "post,community,name|社区书记,,秦琼|居委会主任,dongmen,尉迟恭|网格员,,程咬金",
    }
    register, errors = read_register([sheet(name, table) for name, table in tables.items()])

    assert errors == []
    assert register.compounds[0].community == "dongmen"
    assert [post.kind for post in register.compounds[0].posts] == [PostKind.GRID_OFFICER]
    secretary = ListedPost(PostKind.COMMUNITY_SECRETARY, None, None, holders=(ListedPerson("秦琼", ""),))
    director = ListedPost(PostKind.COMMUNITY_DIRECTOR, None, None, holders=(ListedPerson("尉迟恭", ""),))
    assert register.communities == (ListedCommunity("dongmen", "东门社区", (secretary, director)),)


def test_without_a_sheet_of_compounds_the_known_one_is_meant() -> None:
    """Whoever has one compound need not name it again; nothing is said about its name or language."""
    sheets = [sheet(name, table) for name, table in GOOD.items() if name != "compounds"]

    register, errors = read_register(sheets, [("luzhou", "绿洲路126号大院")])

    assert errors == []
    (compound,) = register.compounds
    assert (compound.code, compound.name, compound.timezone) == ("luzhou", "绿洲路126号大院", None)
    assert len(compound.units) == 2


def test_known_compounds_of_which_nothing_is_listed_are_left_alone() -> None:
    """Only the one whose sheet it is comes into the register."""
    tables = {"buildings": "compound,building|b,1"}
    sheets = [sheet(name, table) for name, table in tables.items()]

    register, errors = read_register(sheets, [("a", "甲"), ("b", "乙")])

    assert (errors, [one.code for one in register.compounds]) == ([], ["b"])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("王秀兰", "13900000001"), ("王 秀蘭", "+86 139-0000-0001"), True),
        (("王秀兰", "13900000001"), ("王秀兰", "13900000002"), False),
        (("王秀兰", ""), ("王秀兰", "13900000001"), False),
    ],
)
def test_who_is_the_same_person(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    """The name and the digits count, not how they are written."""
    assert (ListedPerson(*one).key == ListedPerson(*other).key) == same


def test_progress_comes_to_its_end() -> None:
    """Who watches is told of every line, headers aside, and never of more than there are."""
    seen: list[tuple[int, int]] = []

    read_register([sheet(name, table) for name, table in GOOD.items()], (), lambda *far: seen.append(far))

    lines = sum(table.count("|") for table in GOOD.values())
    assert [done for done, _ in seen] == list(range(1, lines + 1))
    assert {total for _, total in seen} == {lines + len(GOOD)}


@pytest.mark.parametrize("kind", LAYOUT)
def test_every_sheet_is_known_with_all_its_columns(kind: str) -> None:
    """Under its own word and each of its other names, whatever stands above the header."""
    columns = LAYOUT[kind].replace("|", "").split()
    for name in (kind, *SHEETS[kind].split()):
        _, errors = read_register([Sheet(f"{name}.csv", [(1, ("标题",)), (3, tuple(columns))])])
        assert {error.reason for error in errors} <= {Reason.MISSING_SHEET}


@pytest.mark.parametrize("table", [{**SHEETS, **IGNORED_SHEETS}, COLUMNS])
def test_no_word_means_two_things(table: dict[str, str]) -> None:
    """Every name of a sheet or a column belongs to one of them."""
    words = [word for names in table.values() for word in names.split()]

    assert len(words) == len(set(words))


def test_facts_name_nobody() -> None:
    """Names and phones stay out of what is reported."""
    tables = {**GOOD, "posts": f"{POSTS}|楼栋长,3,,秦琼,139x,|楼栋长,3,,尉迟恭,,"}
    _, errors = read_register([sheet(name, table) for name, table in tables.items()])

    assert len(errors) == 2
    assert not any(secret in str(errors) for secret in ("秦琼", "尉迟恭", "139x"))
