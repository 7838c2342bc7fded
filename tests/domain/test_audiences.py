"""Who an announcement is for: read from words, told back, and never guessed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.addresses import BuildingEntry, EntranceEntry, Register
from bot.domain.audiences import (
    COMPOUND,
    POST_WORDS,
    Audience,
    GroupEntry,
    Kind,
    Known,
    Part,
    covers_compound,
    describe,
    read_audience,
    within,
)
from bot.domain.errors import NotUnderstood
from bot.domain.posts import LEVEL, PostKind


def building(number: int, name: str) -> BuildingEntry:
    """A building with the entrances 1 to 3; the id of the second one in building 7 is 72."""
    doors = tuple(EntranceEntry(number * 10 + door, f"{door}单元") for door in (1, 2, 3))
    return BuildingEntry(number, name, doors)


NUMBERS = (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12)
KNOWN = Known(
    Register(
        (
            *(building(number, f"{number}号楼") for number in NUMBERS),
            building(20, "A座"),
            BuildingEntry(21, "明珠楼"),
            BuildingEntry(22, "3-2幢"),
        )
    ),
    (
        GroupEntry(1, "舞蹈隊"),
        GroupEntry(2, "和平合唱团"),
        GroupEntry(3, "业主书法社"),
        GroupEntry(4, "Chess Club"),
    ),
)


def part(short: str) -> Part:
    """*, b3, e21, g1, leaders of all (building_leader), of building 3 (building_leader@b3)."""
    title, _, place = short.partition("@")
    if title in list(PostKind):
        at = part(place or "*")
        return Part(Kind.POST, at.building_id, at.entrance_id, PostKind(title))
    if short == "*":
        return COMPOUND
    number = int(short[1:])
    if short[0] == "g":
        return Part(Kind.INTEREST_GROUP, group_id=number)
    if short[0] == "e":
        return Part(Kind.ENTRANCE, number // 10, number)
    return Part(Kind.BUILDING, number)


def parts(shorts: str) -> set[Part]:
    """Several, with spaces between."""
    return {part(short) for short in shorts.split()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Everybody
        ("全小区", "*"),
        ("全體", "*"),
        ("所有人", "*"),
        ("全小區居民", "*"),
        ("所有住户", "*"),
        ("每栋楼", "*"),
        # Buildings
        ("3号楼", "b3"),
        ("三號樓", "b3"),
        ("３棟", "b3"),
        ("3 号 楼", "b3"),
        ("第3栋", "b3"),
        ("十二幢", "b12"),
        ("3#", "b3"),
        ("A座", "b20"),
        ("明珠樓", "b21"),
        ("二期5号楼", "b5"),
        ("3号楼的居民", "b3"),
        ("3号楼所有人", "b3"),
        ("发给3号楼", "b3"),
        # Lists
        ("3、5、8栋", "b3 b5 b8"),
        ("3,5,8栋", "b3 b5 b8"),
        ("3，5，8栋", "b3 b5 b8"),
        ("3/5/8栋", "b3 b5 b8"),
        ("3+5栋", "b3 b5"),
        ("3和5栋", "b3 b5"),
        ("3 5 8栋", "b3 b5 b8"),
        ("三、五和八號樓", "b3 b5 b8"),
        ("3栋、5、8", "b3 b5 b8"),
        ("3栋5栋8栋", "b3 b5 b8"),
        ("3栋 5栋", "b3 b5"),
        ("3号楼、3号楼", "b3"),
        ("A座和明珠楼", "b20 b21"),
        # Ranges
        ("5-9号楼", "b5 b6 b7 b8 b9"),
        ("５－９號樓", "b5 b6 b7 b8 b9"),
        ("5～7栋", "b5 b6 b7"),
        ("5号楼到7号楼", "b5 b6 b7"),
        ("5号楼至7", "b5 b6 b7"),
        ("五到七号楼", "b5 b6 b7"),
        ("5 - 7 号楼", "b5 b6 b7"),
        ("二期5-7号楼", "b5 b6 b7"),
        ("5-7、9栋", "b5 b6 b7 b9"),
        ("3-2幢", "b22"),
        # Entrances
        ("2栋1单元", "e21"),
        ("二棟一單元", "e21"),
        ("2栋1、2单元", "e21 e22"),
        ("2栋1单元和2单元", "e21 e22"),
        ("2栋1-3单元", "e21 e22 e23"),
        ("2栋1单元到3单元", "e21 e22 e23"),
        ("2栋1单元、3栋2单元", "e21 e32"),
        ("3栋和5栋1单元", "b3 e51"),
        # Posts
        ("楼栋长", "building_leader"),
        ("全體樓棟長", "building_leader"),
        ("所有楼栋长", "building_leader"),
        ("各楼栋长", "building_leader"),
        ("副楼栋长", "deputy_leader"),
        ("單元長、自管委和業委會", "entrance_leader self_management_committee owners_committee_director"),
        ("物业", "property_manager"),
        ("小区物业", "property_manager"),
        ("3号楼楼栋长", "building_leader@b3"),
        ("3栋长", "building_leader@b3"),
        ("3号楼单元长", "entrance_leader@b3"),
        ("2栋1单元长", "entrance_leader@e21"),
        ("3、5栋楼长", "building_leader@b3 building_leader@b5"),
        # Interest groups
        ("舞蹈队", "g1"),
        ("舞蹈隊全體成員", "g1"),
        ("和平合唱团和舞蹈队", "g1 g2"),
        ("业主书法社", "g3"),
        ("chess club", "g4"),
        ("舞蹈队、楼栋长、3号楼", "g1 building_leader b3"),
    ],
)
def test_who_is_meant(text: str, expected: str) -> None:
    """As people write it: any script, digits, separators and ranges."""
    assert read_audience(text, KNOWN) == Audience(tuple(parts(expected)))


@pytest.mark.parametrize(
    ("text", "expected", "narrowed_to"),
    [
        ("全小区业主", "*", ("owner",)),
        ("所有业主", "*", ("owner",)),
        ("全体租户", "*", ("renter",)),
        ("3号楼業主", "b3", ("owner",)),
        ("3号楼的租客", "b3", ("renter",)),
        ("3、5号楼业主", "b3 b5", ("owner",)),
        ("3号楼、5号楼业主", "b3 b5", ("owner",)),
        ("3号楼业主、5号楼业主", "b3 b5", ("owner",)),
        ("3号楼租户和业主", "b3", ("owner", "renter")),
        ("3、5号楼 业主", "b3 b5", ("owner",)),
        ("3号楼业主、楼栋长", "b3 building_leader", ("owner",)),
        ("楼栋长和3号楼业主", "b3 building_leader", ("owner",)),
    ],
)
def test_narrowed(text: str, expected: str, narrowed_to: tuple[str, ...]) -> None:
    """To owners or renters, for all the places before the word."""
    found = read_audience(text, KNOWN)
    assert (set(found.parts), found.narrowed_to) == (parts(expected), narrowed_to)


@pytest.mark.parametrize(
    ("text", "expected", "without"),
    [
        ("全小区除了5号楼", "*", "b5"),
        ("全小區，除5號樓外", "*", "b5"),
        ("全小区（5号楼除外）", "*", "b5"),
        ("全小区，3、5号楼除外", "*", "b3 b5"),
        ("除了5号楼以外的所有人", "*", "b5"),
        ("5-9号楼不含6、8号楼", "b5 b6 b7 b8 b9", "b6 b8"),
        ("3号楼除了3栋1单元", "b3", "e31"),
        ("全小区，不包括物业", "*", "property_manager"),
        ("舞蹈队除了5号楼", "g1", "b5"),
    ],
)
def test_all_but(text: str, expected: str, without: str) -> None:
    """An exception before or behind, in words or brackets."""
    found = read_audience(text, KNOWN)
    assert (set(found.parts), set(found.without)) == (parts(expected), parts(without))


def refusal(text: str, known: Known = KNOWN) -> NotUnderstood:
    """What is answered to words that are not understood."""
    with pytest.raises(NotUnderstood) as caught:
        read_audience(text, known)
    return caught.value


@pytest.mark.parametrize(
    ("text", "reason", "said", "nearest"),
    [
        ("", "audience_needed", "", ()),
        ("、 ", "audience_needed", "", ()),
        ("4号楼", "audience_unknown", "4号楼", ("3号楼", "5号楼", "2号楼")),
        ("33号楼", "audience_unknown", "33号楼", ("12号楼", "11号楼", "10号楼")),
        ("3号楼、44栋", "audience_unknown", "44栋", ("12号楼", "11号楼", "10号楼")),
        ("2栋9单元", "audience_unknown", "2栋9单元", ("2号楼3单元", "2号楼2单元", "2号楼1单元")),
        ("舞倒队", "audience_unknown", "舞倒队", ("舞蹈隊",)),
        ("3、5", "audience_unknown", "3", ("3号楼", "2号楼", "1号楼")),
        ("3栋501", "audience_unknown", "3栋501", None),
        ("hello", "audience_unknown", "hello", None),
        ("3号楼幼儿园", "audience_unknown", "3号楼幼儿园", None),
        ("一单元", "audience_building_needed", "一单元", ("1号楼", "2号楼", "3号楼")),
        ("3号楼、1单元", "audience_building_needed", "1单元", ("1号楼", "2号楼", "3号楼")),
        ("业主", "audience_unclear", "业主", ()),
        ("居民", "audience_unclear", "居民", ()),
        ("9-5号楼", "audience_unclear", "9-5号楼", ()),
        ("1-501号楼", "audience_unclear", "1-501号楼", ()),
        ("2栋1", "audience_unclear", "2栋1", ()),
        ("3、5栋1单元", "audience_unclear", "3、5栋1单元", ()),
        ("3-5栋1单元", "audience_unclear", "3-5栋1单元", ()),
        ("2栋1单元到3栋2单元", "audience_unclear", "2栋1单元到3栋2单元", ()),
        ("2栋1单元到3栋", "audience_unclear", "2栋1单元到3栋", ()),
        ("2栋到3单元", "audience_unclear", "2栋到3单元", ()),
        ("2栋3-1单元", "audience_unclear", "2栋3-1单元", ()),
        ("A座到7号楼", "audience_unclear", "a座到7号楼", ()),
        ("3号楼业主、5号楼", "audience_unclear", "3号楼业主、5号楼", ()),
        ("3号楼业主、5号楼租户", "audience_unclear", "3号楼业主、5号楼租户", ()),
        ("全小区、3号楼", "audience_unclear", "全小区、3号楼", ()),
        ("全小区3号楼", "audience_unclear", "全小区3号楼", ()),
        ("3号楼、所有业主", "audience_unclear", "3号楼、所有业主", ()),
        ("3号楼 楼栋长", "audience_unclear", "楼栋长", ()),
        ("3号楼 所有人", "audience_unclear", "所有人", ()),
        ("3栋、5栋栋长", "audience_unclear", "5栋栋长", ()),
        ("3号楼物业", "audience_unclear", "3号楼物业", ()),
        ("2栋1单元楼栋长", "audience_unclear", "2栋1单元楼栋长", ()),
        ("3号楼舞蹈队", "audience_unclear", "3号楼舞蹈队", ()),
        ("楼栋长业主", "audience_unclear", "楼栋长业主", ()),
        ("业主3号楼", "audience_unclear", "业主3号楼", ()),
        ("3号楼、业主", "audience_unclear", "业主", ()),
        ("3号楼业主、楼栋长、租户", "audience_unclear", "租户", ()),
        ("3、楼栋长", "audience_unknown", "3", None),
        ("2栋1、3栋", "audience_unclear", "2栋1", ()),
        ("2栋1、3栋2单元", "audience_unclear", "2栋1", ()),
        ("3号楼明珠楼", "audience_unclear", "3号楼明珠楼", ()),
        ("楼栋长单元长", "audience_unclear", "楼栋长单元长", ()),
        ("除了5号楼", "audience_unclear", "5号楼", ()),
        ("全小区除了", "audience_unclear", "全小区除了", ()),
        ("全小区除了3号楼除了5号楼", "audience_unclear", "全小区除了3号楼除了5号楼", ()),
        ("3号楼除了5号楼外全小区", "audience_unclear", "3号楼除了5号楼外全小区", ()),
        ("全小区除了5号楼租户", "audience_unclear", "5号楼租户", ()),
        ("5号楼以外", "audience_unclear", "5号楼以外", ()),
        ("3号楼除了5号楼", "audience_empty", "5号楼", ()),
        ("3、5号楼，8号楼除外", "audience_empty", "8号楼", ()),
        ("3号楼除了3号楼", "audience_empty", "3号楼", ()),
        ("3栋1单元除了3号楼", "audience_empty", "3号楼", ()),
        ("全小区除了全小区", "audience_empty", "全小区", ()),
        ("楼栋长除了楼栋长", "audience_empty", "楼栋长", ()),
    ],
)
def test_asked_back(text: str, reason: str, said: str, nearest: tuple[str, ...] | None) -> None:
    """What does not exist, is not understood or may mean two things is asked back with the piece."""
    no = refusal(text)
    assert (no.reason, no.facts["said"]) == (reason, said)
    if nearest is not None:
        assert no.facts["nearest"] == nearest


@pytest.mark.parametrize(
    ("text", "missing", "existing"),
    [
        ("3-27号楼", (("4",), ("13", "27")), (("3号楼",), ("5号楼", "12号楼"))),
        ("1号楼到5号楼", (("4",),), (("1号楼", "3号楼"), ("5号楼",))),
        ("3-5、8栋", (("4",),), (("3号楼",), ("5号楼",))),
        ("2栋2-4单元", (("4",),), (("2号楼2单元",), ("2号楼3单元",))),
        ("B-D座", (("B",), ("C",), ("D",)), ()),
        ("1-500号楼", (("4",), ("13", "500")), (("1号楼", "3号楼"), ("5号楼", "12号楼"))),
    ],
)
def test_gaps_in_a_range(text: str, missing: object, existing: object) -> None:
    """A range over places that are not all there says which are missing, and which there are."""
    no = refusal(text)
    assert (no.reason, no.facts["missing"], no.facts["existing"]) == ("audience_gaps", missing, existing)


def test_a_label_that_is_also_a_range() -> None:
    """3-5幢 is one building, or three, but never both."""
    single = BuildingEntry(99, "3-5幢")
    several = tuple(BuildingEntry(number, f"{number}幢") for number in (3, 4, 5))
    assert read_audience("3-5幢", Known(Register((*several[:2], single)))).parts == (Part(Kind.BUILDING, 99),)
    assert len(read_audience("3-5幢", Known(Register(several))).parts) == 3
    assert refusal("3-5幢", Known(Register((*several, single)))).reason == "audience_unclear"


def test_buildings_with_one_number() -> None:
    """In a compound of two parts, 3号楼 alone is asked back with both."""
    known = Known(Register((BuildingEntry(1, "一期3号楼"), BuildingEntry(2, "二期3号楼"))))
    no = refusal("3号楼", known)
    assert (no.reason, no.facts["nearest"]) == ("audience_unclear", ("一期3号楼", "二期3号楼"))
    assert read_audience("二期3号楼", known).parts == (Part(Kind.BUILDING, 2),)


def test_two_things_with_one_name() -> None:
    """A group and a building, or two groups, with one name are asked back; a name of one sign is none."""
    twins = Known(KNOWN.register, (GroupEntry(1, "明珠楼"), GroupEntry(2, "棋社"), GroupEntry(3, "棋社")))
    assert refusal("明珠楼", twins).reason == "audience_unclear"
    assert refusal("棋社", twins).reason == "audience_unclear"
    known = Known(KNOWN.register, (GroupEntry(1, "号"),))
    assert set(read_audience("3号楼", known).parts) == parts("b3")


def test_an_empty_compound() -> None:
    """Before anything is imported everybody is still everybody, and no building exists."""
    nothing = Known(Register(()))
    assert read_audience("全小区", nothing).parts == (COMPOUND,)
    assert refusal("3号楼", nothing).facts["nearest"] == ()
    assert refusal("一单元", nothing).facts["nearest"] == ()


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("b3", "*", True),
        ("e31", "*", True),
        ("*", "*", True),
        ("e31", "b3", True),
        ("e31", "e31", True),
        ("b3", "e31", False),
        ("e31", "e32", False),
        ("e31", "b5", False),
        ("*", "b3", False),
        ("building_leader@b3", "b3", False),
        ("building_leader@b3", "*", False),
        ("b3", "g1", False),
        ("g1", "g1", False),
    ],
)
def test_places_lie_in_places(inner: str, outer: str, expected: bool) -> None:
    """Entrance in building in compound; posts and groups are no places."""
    assert within(part(inner), part(outer)) is expected


def test_the_compound_building_by_building() -> None:
    """All buildings, or all entrances of those that have some, are the compound; one missing is not."""
    every = [Part(Kind.BUILDING, one.id) for one in KNOWN.register.buildings]
    assert covers_compound([COMPOUND], KNOWN.register)
    assert covers_compound(every, KNOWN.register)
    assert covers_compound([*every[1:], *parts("e11 e12 e13")], KNOWN.register)
    assert not covers_compound([*every[1:], *parts("e11 e12")], KNOWN.register)
    assert not covers_compound(every[:-1], KNOWN.register)
    assert not covers_compound([], Register(()))


def test_told_as_facts() -> None:
    """Three and more in a row are a range, two are not; names are those of the register."""
    found = read_audience("5-9号楼、11号楼、12号楼、2栋1单元业主、舞蹈队、楼栋长，除了6号楼", KNOWN)
    assert describe(found, KNOWN) == {
        "compound": False,
        "buildings": (("5号楼", "9号楼"), ("11号楼",), ("12号楼",)),
        "entrances": ("2号楼1单元",),
        "posts": (("building_leader", ""),),
        "groups": ("舞蹈隊",),
        "narrowed_to": ("owner",),
        "without": {
            "compound": False,
            "buildings": (("6号楼",),),
            "entrances": (),
            "posts": (),
            "groups": (),
        },
    }
    everybody = describe(read_audience("全小区", KNOWN), KNOWN)
    assert (everybody["compound"], everybody["buildings"]) == (True, ())


def test_what_is_gone_cannot_be_told() -> None:
    """A group that was dissolved since has no name any more."""
    with pytest.raises(KeyError):
        describe(read_audience("舞蹈队", KNOWN), Known(KNOWN.register))


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"parts": [], "narrowed_to": [], "without": []},
        {"parts": [{"kind": "planet"}], "narrowed_to": [], "without": []},
        {"parts": [{"kind": "compound"}], "narrowed_to": ["guest"], "without": []},
        {"parts": [{"kind": "compound", "colour": 1}], "narrowed_to": [], "without": []},
    ],
)
def test_no_audience(data: dict[str, object]) -> None:
    """What was not written by to_json is refused when it is read, not when it is sent."""
    with pytest.raises((KeyError, TypeError, ValueError)):
        Audience.from_json(data)


# Written out as a template would, and read again -----------------------------------------------------------

WORDS = {"owner": "业主", "renter": "租户"}


def named(facts: dict[str, object]) -> tuple[list[str], list[str]]:
    """The posts and groups, and the places, of `describe` in words."""
    buildings, entrances, posts, groups = (
        facts[key] for key in ("buildings", "entrances", "posts", "groups")
    )
    assert isinstance(buildings, tuple)
    assert isinstance(entrances, tuple)
    assert isinstance(posts, tuple)
    assert isinstance(groups, tuple)
    titles = [place + POST_WORDS[PostKind(kind)].split()[0] for kind, place in posts]
    places = ["全小区"] * bool(facts["compound"]) + ["到".join(run) for run in buildings] + list(entrances)
    return [*titles, *groups], places


def in_words(audience: Audience) -> str:
    """Who it is for, in one line."""
    facts = describe(audience, KNOWN)
    people, places = named(facts)
    narrowing = "和".join(WORDS[kind] for kind in audience.narrowed_to)
    text = "、".join([*people, *places]) + narrowing
    exception, left_out = named(facts["without"])
    return text + "，除了" + "、".join(exception + left_out) if audience.without else text


PLACES = [Part(Kind.BUILDING, one.id) for one in KNOWN.register.buildings]
DOORS = [Part(Kind.ENTRANCE, one.id, door.id) for one in KNOWN.register.buildings for door in one.entrances]
DEPTHS = ["compound", "building", "entrance"]
"""How deep a place lies; a post of the community is asked for as one of the compound."""
TITLES = [
    Part(Kind.POST, place.building_id, place.entrance_id, post)
    for post in PostKind
    for place in (COMPOUND, *PLACES, *DOORS)
    if LEVEL[post] in DEPTHS[DEPTHS.index(place.kind) :] or place == COMPOUND
]
CLUBS = [Part(Kind.INTEREST_GROUP, group_id=group.id) for group in KNOWN.groups]


@st.composite
def audiences(draw: st.DrawFn) -> Audience:
    """Any audience that makes sense: an exception takes some of it away, and not all."""
    places = draw(st.just({COMPOUND}) | st.sets(st.sampled_from([*PLACES, *DOORS]), max_size=8))
    others = draw(st.sets(st.sampled_from([*TITLES, *CLUBS]), min_size=not places, max_size=4))
    narrowed_to = draw(st.sampled_from([(), ("owner",), ("renter",), ("owner", "renter")])) if places else ()
    cuttable = [one for one in DOORS if any(within(one, place) and one != place for place in places)]
    without = draw(st.sets(st.sampled_from(cuttable), max_size=2)) if cuttable else set()
    return Audience(tuple(places | others), narrowed_to, tuple(without))


@given(audiences())
def test_what_is_told_can_be_read(audience: Audience) -> None:
    """Described, put into words and read, or stored and loaded, it is the same audience."""
    assert read_audience(in_words(audience), KNOWN) == audience
    assert Audience.from_json(json.loads(json.dumps(audience.to_json()))) == audience


PIECES = """
3 5 27 一 十 a 2期 501 号楼 栋 座 # 单元 A座 到 - ~ 第 长 楼 楼栋长 物业 舞蹈队 全小区 所有 全体 业主 租户 的
除了 除外 外 不含 、 ， / + 和 （ ）
"""
pieces = st.sampled_from([*PIECES.split(), " "])


@settings(max_examples=300)
@given(st.lists(pieces, max_size=10).map("".join) | st.text(max_size=20))
def test_words_thrown_together(text: str) -> None:
    """Any text is understood, and then the same when told back, or asked back with the facts for it."""
    try:
        audience = read_audience(text, KNOWN)
    except NotUnderstood as no:
        known_facts = no.facts.keys()
    else:
        assert read_audience(in_words(audience), KNOWN) == audience
        return
    assert {"said", "nearest"} <= known_facts
