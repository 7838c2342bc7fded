"""What somebody who typed this may mean, and what an issue is found by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.addresses import BuildingEntry, EntranceEntry, Register, UnitEntry
from bot.domain.folding import bigrams, fold
from bot.domain.posts import Place
from bot.domain.searching import INDEXED_MOST, WISHES_MOST, Matter, Wish, rarest, wishes

REGISTER = Register(
    (
        BuildingEntry(
            3,
            "3",
            (EntranceEntry(31, "1"), EntranceEntry(32, "2")),
            (UnitEntry(301, "501", 31), UnitEntry(302, "502", 32)),
        ),
        BuildingEntry(5, "5", (EntranceEntry(51, "1"),), (UnitEntry(501, "101", 51),)),
    )
)
HOME = Place("unit", 1, 3, 32, 302)
LAMP = Matter(("三棟樓道的燈壞了，OK？", "3号楼", "2单元", "502", "照明", "Lighting"), "261124-001", HOME)
EVERYTHING = st.text(max_size=40) | st.text("灯燈楼樓3栋号路 001-梯电", max_size=12)


@pytest.mark.parametrize(
    "said",
    [
        *("灯坏", "燈壞了", "楼道 坏了", "樓道的灯", "灯", "ok", "ＯＫ", "照明", "lighting", "LIGHT"),
        *(
            "001",
            "1",
            "261124",
            "261124-001",
            "261124-1",
            "２６１１２４－００１",
            "502",
            "3号楼",
            "3栋",
            "三幢",
        ),
        *("3-2-502", "3栋2单元502", "3栋2单元502灯", "3号楼 照明", "照明 001", "2单元502"),
    ],
)
def test_what_finds_it(said: str) -> None:
    """Two characters or one, in either script, its kind, its number in full or in part, its place."""
    meant = [wish for wish in wishes(said, 1, REGISTER) if LAMP.is_meant_by(wish)]
    assert meant
    assert all(wish.grams() <= LAMP.grams() for wish in meant)


@pytest.mark.parametrize(
    "said",
    ["电梯", "灯道", "楼道 电梯", "002", "261125", "261125-001", "5栋", "3栋1单元501", "501", "124-001"],
)
def test_what_does_not(said: str) -> None:
    """Another word, number or place; all that is said has to be there."""
    assert not any(LAMP.is_meant_by(wish) for wish in wishes(said, 1, REGISTER))


@pytest.mark.parametrize("said", ["", " ", "。", "？！", "___", "👍"])
def test_no_word_is_no_query(said: str) -> None:
    """Marks and pictures are not looked for."""
    assert wishes(said, 1, REGISTER) == ()


def test_pairs_that_stand_apart_are_no_word() -> None:
    """电梯坏 has both its pairs in "电梯，梯坏了", and is not in it."""
    apart = Matter(("电梯，梯坏了",), "261124-002", HOME)
    (wish,) = wishes("电梯坏", 1, REGISTER)
    assert wish.grams() <= apart.grams()
    assert not apart.is_meant_by(wish)


def test_places_are_found_from_above() -> None:
    """A home by its entrance and building; a building is not a home, and the grounds are no building."""
    building, grounds = Place("building", 1, 3), Place("common_area", 1)
    assert LAMP.is_meant_by(Wish(place=building))
    assert not Matter((), "1-1", building).is_meant_by(Wish(place=HOME))
    assert not Matter((), "1-1", grounds).is_meant_by(Wish(place=building))
    assert LAMP.is_meant_by(Wish(place=Place("entrance", 1, 3, 32)))


def test_the_end_of_a_very_long_report_is_not_looked_at() -> None:
    """The first INDEXED_MOST characters are, to the last of them."""
    (wish,) = wishes("井盖", 1, REGISTER)
    for before, found in ((INDEXED_MOST - 2, True), (INDEXED_MOST - 1, False)):
        matter = Matter(("灯" * before + "井盖",), "1-1", HOME)
        assert matter.is_meant_by(wish) == found
        assert (wish.grams() <= matter.grams()) == found


def test_the_rarest_are_asked_for() -> None:
    """Always as many as there are places for; nothing stays nothing."""
    assert rarest({"楼": 900, "灯坏": 2, "坏了": 40}, 2) == ("灯坏", "坏了")
    assert rarest({"灯坏": 2}, 4) == ("灯坏",) * 4
    assert rarest({}, 4) == ()


@given(EVERYTHING, EVERYTHING)
def test_what_holds_the_words_is_found_by_them(said: str, text: str) -> None:
    """By its grams, too, or the database would never bring it up; and no query asks too much of it."""
    matter = Matter((text,), "261124-001", HOME)
    found = wishes(said, 1, REGISTER)
    assert len(found) <= WISHES_MOST
    for wish in found:
        if matter.is_meant_by(wish):
            assert wish.grams() <= matter.grams()


@given(EVERYTHING, EVERYTHING, EVERYTHING)
def test_any_word_of_a_text_finds_it(before: str, word: str, after: str) -> None:
    """Wherever it stands; what folds differently in its surroundings is looked for as it stands there."""
    words = [one for one in bigrams(word) if one in fold(before + word + after)][:1]
    for one in words:
        matter = Matter((before + word + after,), "261124-001", HOME)
        assert any(matter.is_meant_by(wish) for wish in wishes(one, 1, REGISTER))
