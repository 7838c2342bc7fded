"""What somebody looks for, what an issue is found by, and whether it is what was meant."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

from bot.domain.addresses import Register, find_places, match
from bot.domain.folding import bigrams, fold
from bot.domain.posts import Place

INDEXED_MOST: Final = 3000
"""Characters of a report by which it is found; the end of a long story is rarely looked for."""
WORDS_MOST: Final = 4
"""Words of a query that count."""
WISHES_MOST: Final = 12
_WORD: Final = re.compile(r"[^\W_]+")
_WHOLE_NUMBER: Final = re.compile(r"(?<!\d)(\d{6})-(\d{1,4})(?!\d)", re.ASCII)
_SHORT_NUMBER: Final = re.compile(r"\d{1,4}|\d{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """One way to understand a query; all of it has to be there.

    `words` are folded; `numbers` are parts of an issue's number: its day (YYMMDD), or what follows that.
    """

    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    place: Place | None = None

    def grams(self) -> frozenset[str]:
        """What everything this may mean has among its grams."""
        pairs = {gram for word in self.words for gram in bigrams(word)}
        numbers = {f"#{number}" for number in self.numbers}
        return frozenset(pairs | numbers | set(_of_place(self.place)[-1:] if self.place else ()))


@dataclass(frozen=True, slots=True)
class Matter:
    """What an issue is found by: the words of the report, of its kind and place; its number; its place."""

    texts: tuple[str, ...]
    number: str
    place: Place

    def grams(self) -> frozenset[str]:
        """Its characters and their pairs, folded; the parts of its number; its building, entrance, unit."""
        pairs = {gram for text in self.texts for gram in bigrams(text[:INDEXED_MOST])}
        numbers = {f"#{part}" for part in self.number.split("-")}
        return frozenset(pairs | set("".join(pairs)) | numbers | set(_of_place(self.place)))

    def is_meant_by(self, wish: Wish) -> bool:
        """Whether it is what somebody wished to find: pairs of characters alone may stand apart in a text."""
        texts = [fold(text[:INDEXED_MOST]) for text in self.texts]
        return (
            all(any(word in text for text in texts) for word in wish.words)
            and set(wish.numbers) <= set(self.number.split("-"))
            and (wish.place is None or _of_place(wish.place)[-1] in _of_place(self.place))
        )


def _of_place(place: Place) -> list[str]:
    """A building, entrance and unit, as far as a place goes; signs no word holds keep them from words."""
    levels = (("b", place.building_id), ("e", place.entrance_id), ("u", place.unit_id))
    return [f"@{level}{number}" for level, number in levels if number is not None] or ["@"]


def wishes(said: str, compound_id: int, register: Register) -> tuple[Wish, ...]:
    """The ways to understand what was typed, at most WISHES_MOST; none without a word.

    Words stand apart by spaces or marks, and all are wanted. "1" may be a word or the end of a number, and
    "3栋501" a word or a place of the register. Never raises.
    """
    folded = fold(said)
    readings: list[tuple[Place | None, str]] = [(None, folded)]
    for address in find_places(folded):
        found = match(address, register)
        for one in (found.exact, *found.candidates):
            if one is not None:
                place = Place(one.kind, compound_id, one.building_id, one.entrance_id, one.unit_id)
                readings.append((place, address.leftover))
    every = (wish for place, text in readings for wish in _read(place, text))
    return tuple(islice(dict.fromkeys(every), WISHES_MOST))


def _read(place: Place | None, text: str) -> Iterator[Wish]:
    whole = [_padded(part) for number in _WHOLE_NUMBER.findall(text) for part in number]
    words = _WORD.findall(_WHOLE_NUMBER.sub(" ", text))[:WORDS_MOST]
    ways = [(False, True) if _SHORT_NUMBER.fullmatch(word) else (False,) for word in words]
    for way in product(*ways):
        said = tuple(zip(words, way, strict=True))
        numbers = (*whole, *(_padded(word) for word, is_number in said if is_number))
        if words or numbers or place:
            yield Wish(tuple(word for word, is_number in said if not is_number), numbers, place)


def _padded(number: str) -> str:
    """The end of an issue's number as it is written: 1 is 001."""
    return number.zfill(3)


def rarest(counts: Mapping[str, int], most: int) -> tuple[str, ...]:
    """The grams fewest issues have, exactly `most`: the first again where there are not so many."""
    ranked = sorted(counts, key=lambda gram: (counts[gram], gram))[:most]
    return (*ranked, *ranked[:1] * (most - len(ranked)))
