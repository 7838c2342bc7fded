"""Which typeface has a character, how wide a text is, and where it is broken, shrunk or cut."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

_FONTS = Path(__file__).with_name("fonts")
LACKING = "〓"
"""Geta, the mark typesetters put where a sort is lacking."""
_CUT = "…"
_SHARES = tuple(percent / 100 for percent in range(35, 100, 5))
"""Of the width, tried for lines about as long as each other."""
_CLOSING = ("Pe", "Pf", "Po", "Pd")
_ASTRAL = re.compile(r"(?<=<)[0-9A-F]{5}(?=>)")


class _Typeface(TTFont):  # type: ignore[misc]  # reportlab comes without types
    """A typeface whose characters beyond the basic plane can be copied from the PDF and searched for."""

    def addObjects(self, doc: Any) -> None:  # noqa: N802  # reportlab's name
        """Write them as UTF-16, which PDF asks for (ISO 32000-1, 9.10.3) and reportlab forgets."""
        super().addObjects(doc)
        for name, kept in doc.idToObject.items():
            if name.startswith("toUnicodeCMap:"):
                kept.content = _ASTRAL.sub(
                    lambda code: chr(int(code[0], 16)).encode("utf-16be").hex(), kept.content
                )


@cache
def _typeface(name: str) -> _Typeface:
    typeface = _Typeface(f"Lianxin{name.title()}", _FONTS / f"{name}.ttf")
    registerFont(typeface)
    return typeface


@lru_cache(maxsize=4096)
def _of(character: str, *, bold: bool) -> _Typeface | None:
    """The typeface that has this character: rare ones come in one weight."""
    names = ("bold" if bold else "regular", "rare")
    return next((face for face in map(_typeface, names) if ord(character) in face.face.charWidths), None)


def cleaned(text: str) -> str:
    """Return the text as it is set: on one line, without controls, marks of direction and variant selectors.

    White space of any kind becomes one blank; a letter and its accent become one character (NFC).
    """
    seen = (character for character in unicodedata.normalize("NFC", text) if not _is_unseen(character))
    return " ".join("".join(seen).split())


def _is_unseen(character: str) -> bool:
    if character.isspace():
        return False
    return unicodedata.category(character) in ("Cc", "Cf") or "VARIATION SELECTOR" in unicodedata.name(
        character, ""
    )


def missing(texts: Iterable[str]) -> set[str]:
    """Return the characters no typeface has: they print as 〓."""
    return {character for text in texts for character in cleaned(text) if _of(character, bold=False) is None}


def printable(text: str) -> str:
    """Return the cleaned text with 〓 for each character no typeface has."""
    return "".join(
        LACKING if _of(character, bold=False) is None else character for character in cleaned(text)
    )


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a printable text is, in the unit of its size."""
    return sum(_advance(character, bold=bold) for character in text) * size


def _advance(character: str, *, bold: bool) -> float:
    typeface = _of(character, bold=bold)
    if typeface is None:
        raise ValueError(f"{character!r} is not printable")
    advance: float = typeface.face.charWidths[ord(character)]
    return advance / 1000


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one typeface; `is_thickened` where bold is asked of one that has no bold."""

    typeface: str
    text: str
    is_thickened: bool


def runs(text: str, *, bold: bool) -> Iterator[Run]:
    """Yield a printable text in pieces of one typeface each."""
    for typeface, characters in groupby(text, lambda character: _of(character, bold=bold)):
        if typeface is not None:
            is_thickened = bold and typeface is not _typeface("bold")
            yield Run(typeface.fontName, "".join(characters), is_thickened)


def fit(
    text: str, width: float, size: float, *, least: float, lines: int, bold: bool = False
) -> tuple[list[str], float]:
    """Return the lines of a printable text and their size, none wider than `width`.

    It is shrunk down to `least` to stay on one line; then broken into as many as `lines`, about as long as
    each other and after punctuation if possible; then cut with "…".
    """
    natural = width_of(text, size, bold=bold)
    if natural * least <= width * size:
        return [text] if text else [], min(size, size * width / natural) if natural else size
    broken = wrap(text, [width], least, lines, bold=bold)
    if broken[-1].endswith(_CUT):
        return broken, least
    narrower = [wrap(text, [width * share], least, len(broken), bold=bold) for share in _SHARES]
    whole = [lines for lines in (*narrower, broken) if lines[-1][-1] == text[-1]]
    return next((lines for lines in whole if _ends_well(lines)), whole[0]), least


def _ends_well(lines: Sequence[str]) -> bool:
    return all(unicodedata.category(line[-1]).startswith("P") for line in lines[:-1])


def wrap(text: str, widths: Sequence[float], size: float, lines: int, *, bold: bool = False) -> list[str]:
    """Break a printable text into at most `lines`, each within its width (the last width is for the rest).

    Chinese breaks between any two characters except before closing and after opening punctuation, Latin
    between words; a word wider than its line is broken anyway. What is left over is cut with "…".
    """
    broken: list[str] = []
    while text:
        width = widths[min(len(broken), len(widths) - 1)]
        fitting = _fitting(text, width, size, bold=bold)
        if fitting == len(text):
            return [*broken, text]
        if len(broken) == lines - 1:
            room = width - width_of(_CUT, size, bold=bold)
            return [*broken, text[: _fitting(text, room, size, bold=bold)].rstrip() + _CUT]
        end = next(
            (end for end in range(fitting, 0, -1) if _may_break(text[end - 1], text[end])), max(1, fitting)
        )
        broken.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return broken


def _fitting(text: str, width: float, size: float, *, bold: bool) -> int:
    """How many characters from its start fit."""
    room = width / size + 1e-6
    for count, character in enumerate(text):
        room -= _advance(character, bold=bold)
        if room < 0:
            return count
    return len(text)


def _may_break(before: str, after: str) -> bool:
    if " " in (before, after):
        return True
    if unicodedata.category(before) in ("Ps", "Pi") or unicodedata.category(after) in _CLOSING:
        return False
    return unicodedata.east_asian_width(before) in "WF" or unicodedata.east_asian_width(after) in "WF"
