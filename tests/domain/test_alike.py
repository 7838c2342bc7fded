"""Whether two reports are about the same matter: measured, and rule by rule."""

import hashlib
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alike import (
    ALIKE_AT,
    Matter,
    alikeness,
    closeness,
    is_alike,
    is_told,
    likeness,
    seen_from_outside,
    without_phones,
)
from bot.domain.posts import Place

PAIRS = [
    line.split("\t") for line in Path(__file__).with_name("alike_pairs.tsv").read_text("utf-8").splitlines()
]
MESSAGES = Path(__file__).parents[3] / "shared" / "data" / "messages.tsv"
LABELS = Path(__file__).with_name("message_labels.tsv")
DOOR, OTHER_DOOR = Place("entrance", 1, 3, 2), Place("entrance", 1, 3, 1)
HOME, NEXT_HOME = Place("unit", 1, 3, 2, 502), Place("unit", 1, 3, 2, 501)
BUILDING, OTHER_BUILDING = Place("building", 1, 3), Place("building", 1, 4)
COMMON, WHOLE, ABROAD = Place("common_area", 1), Place("compound", 1), Place("common_area", 2)


def test_the_threshold_finds_most_and_rarely_cries_wolf() -> None:
    """Pairs as neighbours would write them: same kind, same place, and either one matter or two."""
    same = [likeness(one, other) for verdict, _, one, other in PAIRS if verdict == "same"]
    two = [likeness(one, other) for verdict, _, one, other in PAIRS if verdict == "other"]
    found, false = (sum(like >= ALIKE_AT for like in likes) for likes in (same, two))
    assert (len(same), len(two)) == (38, 41)
    assert found >= 36
    assert false == 0


@pytest.mark.skipif(not MESSAGES.exists(), reason="the collected messages are not at hand")
def test_real_messages_of_one_kind_are_seldom_taken_for_one_matter() -> None:
    """700 messages to a town hall, each its own matter: of one kind, one pair in two hundred looks alike."""
    kinds = dict(line.split("\t") for line in LABELS.read_text("utf-8").splitlines())
    by_kind: dict[str, list[str]] = {}
    for line in MESSAGES.read_text("utf-8").splitlines()[1:]:
        kind = kinds.get(hashlib.sha256(line.encode()).hexdigest()[:16], "").split("|")[0]
        by_kind.setdefault(kind, []).append(line.split("\t")[1])
    likes = [likeness(one, other) for texts in by_kind.values() for one, other in combinations(texts[:40], 2)]
    alike = sum(like >= ALIKE_AT for like in likes)
    assert alike < len(likes) / 200


@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_a_measure(one: str, other: str) -> None:
    """Between nothing and all, the same both ways, whatever is written."""
    assert 0.0 <= likeness(one, other) == likeness(other, one) <= 1.0
    assert likeness(one, one) in (0.0, 1.0)


def test_the_place_in_the_words_does_not_count() -> None:
    """3号楼 and 三栋 say the same, 8号楼 another; that is not for the words to tell. 繁簡 are one."""
    assert likeness("3号楼路灯坏了", "三棟路燈壞了") == 1.0
    assert likeness("3号楼", "3号楼") == 0.0
    assert likeness("", "路灯坏了") == 0.0


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        (DOOR, DOOR, 1.0),
        (DOOR, OTHER_DOOR, None),
        (HOME, NEXT_HOME, 0.5),
        (HOME, DOOR, 0.5),
        (HOME, OTHER_DOOR, None),
        (DOOR, BUILDING, 0.5),
        (BUILDING, OTHER_BUILDING, None),
        (COMMON, WHOLE, 0.5),
        (COMMON, BUILDING, None),
        (COMMON, ABROAD, None),
    ],
)
def test_how_near_places_are(one: Place, other: Place, near: float | None) -> None:
    """The same, one within the other, or apart; and the same both ways."""
    assert closeness(one, other) == closeness(other, one) == near


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (Matter("lighting", DOOR, "灯坏了"), Matter("lighting", DOOR, "三楼黑漆漆的"), True),
        (Matter("lighting", DOOR, ""), Matter("lighting", DOOR, ""), True),
        (Matter("lighting", DOOR, "灯坏了"), Matter("lift", DOOR, "灯坏了"), False),
        (Matter("lighting", DOOR, "灯坏了"), Matter("lighting", OTHER_DOOR, "灯坏了"), False),
        (Matter("lighting", HOME, "漏水"), Matter("lighting", NEXT_HOME, "插座坏了"), False),
        (Matter("lighting", COMMON, "路灯坏了"), Matter("lighting", COMMON, "车库漆黑一片"), False),
        (Matter("lighting", COMMON, "大门口路灯坏了"), Matter("lighting", WHOLE, "大门口的路灯不亮"), True),
    ],
)
def test_what_is_taken_for_one_matter(one: Matter, other: Matter, *, alike: bool) -> None:
    """At one door the kind is enough, elsewhere the words decide; another kind or place is another matter."""
    assert is_alike(one, other) == is_alike(other, one) == alike


def test_ranking() -> None:
    """The same words come first, then the same door, then the same kind."""
    mine = Matter("lighting", DOOR, "楼道灯坏了")
    ranked = [
        mine,
        Matter("lighting", BUILDING, "楼道灯坏了"),
        Matter("lighting", DOOR, "黑漆漆"),
        Matter("lift", COMMON, "停了"),
    ]
    mixed = [ranked[place] for place in (2, 0, 3, 1)]
    assert sorted(mixed, key=lambda other: -alikeness(mine, other)) == ranked


def test_the_handler_is_told_ever_more_seldom() -> None:
    """1, 2, 3, 5, 10, 20 …: fifty followers are nine messages."""
    assert [count for count in range(51) if is_told(count)] == [1, 2, 3, 5, 10, 20, 30, 40, 50]


def test_what_neighbours_may_not_know() -> None:
    """Neither the home nor a phone; dates, prices and building numbers stay."""
    assert seen_from_outside(HOME) == DOOR
    assert seen_from_outside(Place("unit", 1, 3, None, 7)) == BUILDING
    assert seen_from_outside(COMMON) == COMMON
    assert without_phones("请打 139 0000-0001，找王奶奶") == "请打 ****，找王奶奶"
    assert without_phones("3-2-502，11月24日，每月150元") == "3-2-502，11月24日，每月150元"
