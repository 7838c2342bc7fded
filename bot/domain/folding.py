"""Folds written forms of the same words together, for comparing and searching."""

import re
import unicodedata

import opencc

_SIMPLIFIED = opencc.OpenCC("t2s")
_WORDS = re.compile(r"[^\W_]+")
_SIGNS = re.compile(r"[^\w\s]+")


def fold(text: str) -> str:
    """Return the form two texts are compared in: NFKC, case-folded, simplified characters.

    Folding twice changes nothing. Never raises: a lone surrogate, which no encoding can carry, becomes "?".
    Lengths may change, so positions in the folded text are not positions in the original.
    """
    sound = text.encode("utf-8", "replace").decode("utf-8")
    narrow = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", sound).casefold())
    # Twice, because 薴 becomes 苧, which is itself a traditional form (of 苎).
    simplified: str = _SIMPLIFIED.convert(_SIMPLIFIED.convert(narrow))
    return simplified


def bare(text: str) -> str:
    """Return the folded words without pictures and marks: what was typed and a button's label compare so."""
    return _SIGNS.sub("", fold(text)).strip()


def bigrams(text: str) -> tuple[str, ...]:
    """Return the overlapping pairs of characters of each word of the folded text, in order, repeats kept.

    A word of one character stands for itself; pairs never cross a space or a punctuation mark.
    """
    return tuple(
        word[start : start + 2]
        for word in _WORDS.findall(fold(text))
        for start in range(max(1, len(word) - 1))
    )
