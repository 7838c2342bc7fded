"""Folding: what people write in different ways compares equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.folding import bigrams, fold


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("三號樓", "三号楼"),
        ("３棟", "3栋"),
        ("Ａ座", "a座"),
        ("電梯壞了", "电梯坏了"),
        ("㎡", "m2"),
        ("薴", "苎"),
        ("\ud800A", "?a"),
        ("", ""),
    ],
)
def test_written_forms_fold_together(text: str, expected: str) -> None:
    """Width, case and traditional characters make no difference."""
    assert fold(text) == expected


@given(st.text(st.characters(codec=None)))
def test_folding_is_idempotent_and_never_raises(text: str) -> None:
    """Folding a folded text changes nothing, whatever the text."""
    once = fold(text)

    assert fold(once) == once


def test_bigrams_find_two_character_words() -> None:
    """Pairs stay inside a word; a single character stands alone."""
    assert bigrams("電梯壞了, 3 OK") == ("电梯", "梯坏", "坏了", "3", "ok")
    assert bigrams("。 ") == ()


@given(st.text(min_size=2, max_size=2, alphabet="電梯樓灯AbＣ"), st.text(alphabet="電梯樓灯AbＣ"))
def test_a_word_inside_a_text_is_found(word: str, text: str) -> None:
    """The pair of a two-character word is among the pairs of every text that contains it."""
    assert set(bigrams(word)) <= set(bigrams(text + word + text))
