"""Categories of issues as data (C9), and what a resident's words say about the matter."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from itertools import chain
from typing import Any, Final

from bot.domain.folding import fold
from bot.domain.posts import PostKind
from bot.domain.vocabulary import (
    CHATTER,
    CONTENT_AFTER_ALL,
    COURTESY,
    EMERGENCIES,
    EMERGENCIES_IN_ENGLISH,
    IN_ENGLISH,
    MEANS_NOTHING,
    NO_EMERGENCY,
    NO_EMERGENCY_IN_ENGLISH,
    PRAISE,
    SPEAKS_FOR,
    TROUBLE,
)


class Urgency(StrEnum):
    """How long a matter may wait; the times belong to the clocks."""

    DANGER = "danger"
    UTILITY = "utility"
    ORDINARY = "ordinary"
    COMPLEX = "complex"


PLACES: Final = frozenset(("unit", "entrance", "building", "common_area", "compound"))
"""Where a matter can be (C8)."""


@dataclass(frozen=True, slots=True)
class Category:
    """One kind of matter and how it is handled; its name is in the templates, under the key.

    An operator may give it another (`names`, by locale), and `words` by which it is guessed beside ours. A
    `hidden` one is not offered any more, but what was reported under it goes on. `handled_by` is "leader"
    (the chain from the place upwards) or a kind of post that gets it first. `accept_by` and `resolve_by` of
    None mean the times of the urgency. Within `duplicate_window` a second report of the same matter at the
    same place is probably the same one.
    """

    key: str
    urgency: Urgency
    handled_by: str
    default_place: str
    duplicate_window: timedelta
    photo_to_resolve: bool = False
    is_private: bool = False
    accept_by: timedelta | None = None
    resolve_by: timedelta | None = None
    names: Mapping[str, str] = field(default_factory=dict, hash=False)
    words: tuple[str, ...] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Guess:
    """A category, how much speaks for it (comparable only within one guess), and the words that do."""

    category: Category
    score: float
    words: tuple[str, ...]


_DAY: Final = timedelta(days=1)
_USUAL_WINDOW: Final = 3 * _DAY
_MANAGER: Final = PostKind.PROPERTY_MANAGER
_GRID: Final = PostKind.GRID_OFFICER

DEFAULT_CATEGORIES: Final[tuple[Category, ...]] = (
    Category("parking", Urgency.ORDINARY, _MANAGER, "common_area", _DAY),
    Category("illegal_structure", Urgency.COMPLEX, _GRID, "building", 30 * _DAY, photo_to_resolve=True),
    Category("stairwell_hygiene", Urgency.ORDINARY, "leader", "entrance", 3 * _DAY, photo_to_resolve=True),
    Category("lighting", Urgency.ORDINARY, "leader", "entrance", 7 * _DAY, photo_to_resolve=True),
    Category("lift", Urgency.DANGER, _MANAGER, "entrance", _DAY),
    Category("utilities", Urgency.UTILITY, _MANAGER, "building", _DAY),
    Category("gate_security", Urgency.ORDINARY, _MANAGER, "common_area", 3 * _DAY),
    Category("noise", Urgency.ORDINARY, "leader", "building", 3 * _DAY, is_private=True),
    Category("pets", Urgency.ORDINARY, "leader", "building", 3 * _DAY, is_private=True),
    # What falls can kill, and the camera that saw it soon overwrites: the duty desk has to look at once.
    Category("falling_objects", Urgency.DANGER, _MANAGER, "building", _DAY),
    Category("fire_lane", Urgency.DANGER, _MANAGER, "common_area", _DAY, photo_to_resolve=True),
    Category("greening", Urgency.ORDINARY, _MANAGER, "common_area", 14 * _DAY, photo_to_resolve=True),
    Category(
        "public_facilities", Urgency.ORDINARY, _MANAGER, "common_area", 14 * _DAY, photo_to_resolve=True
    ),
    Category("building_fabric", Urgency.COMPLEX, _MANAGER, "building", 30 * _DAY, photo_to_resolve=True),
    # Not the property manager: nobody judges their own case (C10).
    Category("property_service", Urgency.COMPLEX, PostKind.OWNERS_COMMITTEE_DIRECTOR, "compound", 14 * _DAY),
    Category("suggestion", Urgency.COMPLEX, "leader", "compound", 30 * _DAY),
    Category("other", Urgency.ORDINARY, "leader", "compound", 3 * _DAY),
)

OTHER: Final = "other"
"""Where goes what is nothing else: always there, and last."""
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{1,23}")
_NAMES: Final = {"name": "zh_CN", "name_zh_TW": "zh_TW", "name_en": "en"}
"""Which reader's name each setting is; the first alone is for everybody."""
NAME_MOST: Final = 16
"""Characters of a name, which has to go on a button."""
WORDS_MOST: Final = 100
_DURATION: Final = re.compile(r"([1-9]\d{0,4})(m|h|d)")
_DURATION_UNITS: Final = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": _DAY}
_DURATION_FIELDS: Final = frozenset(("accept_by", "resolve_by", "duplicate_window"))
_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    "urgency": frozenset(Urgency),
    "handled_by": frozenset(("leader", *PostKind)),
    "default_place": PLACES,
}


def customised(
    defaults: Sequence[Category], overrides: Mapping[str, Mapping[str, object]]
) -> tuple[Category, ...]:
    """The categories in the same order, with an operator's changes: category key -> field -> value.

    One with a key of its own and a name is new, and comes before "other". Durations are timedeltas or texts
    such as "30m", "2h", "7d"; the other values are as in `Category`. Raises ValueError naming the key and the
    reason.
    """
    known = {category.key: category for category in defaults}
    for key, changes in overrides.items():
        before = known.get(key)
        if before is None:
            if "name" not in changes:
                have = f"known are {', '.join(known)}; a new one needs a name"
                raise ValueError(f"{key}: there is no such category; {have}")
            if not _KEY.fullmatch(key):
                raise ValueError(f"{key}: a key is 2 to 24 of a-z, 0-9 and _, and begins with a letter")
            before = Category(key, Urgency.ORDINARY, "leader", "building", _USUAL_WINDOW)
        checked = {name: _checked(f"{key}.{name}", name, value) for name, value in changes.items()}
        own = {locale: checked.pop(name) for name, locale in _NAMES.items() if name in checked}
        names = dict.fromkeys(_NAMES.values(), own["zh_CN"]) if "zh_CN" in own else {}
        changed = known[key] = replace(before, **checked, names={**names, **own})
        if key == OTHER and changed.hidden:
            raise ValueError(f"{key}.hidden: this one is always needed")
        if changed.accept_by and changed.resolve_by and changed.accept_by > changed.resolve_by:
            raise ValueError(f"{key}.accept_by: must not be longer than resolve_by")
    return tuple(sorted(known.values(), key=lambda category: category.key == OTHER))


def _checked(where: str, name: str, value: object) -> Any:
    """The value of one overridden field in its own type; ValueError starting with `where`."""
    if name in _DURATION_FIELDS:
        if isinstance(value, str) and (written := _DURATION.fullmatch(value)):
            return int(written[1]) * _DURATION_UNITS[written[2]]
        if isinstance(value, timedelta) and value > timedelta():
            return value
        raise ValueError(f'{where}: {value!r} is no duration; write for example "30m", "2h" or "7d"')
    if name in _CHOICES:
        if isinstance(value, str) and value in _CHOICES[name]:
            return Urgency(value) if name == "urgency" else value
        raise ValueError(f"{where}: {value!r} is not one of {', '.join(sorted(_CHOICES[name]))}")
    if name in _NAMES:
        return _own_name(where, value)
    if name == "words":
        return _own_words(where, value)
    if name in ("photo_to_resolve", "is_private", "hidden"):
        if isinstance(value, bool):
            return value
        raise ValueError(f"{where}: {value!r} is neither true nor false")
    raise ValueError(f"{where}: a category has no such setting")


def _own_name(where: str, value: object) -> str:
    if isinstance(value, str) and value.strip() and len(value) <= NAME_MOST and value.isprintable():
        return value.strip()
    raise ValueError(f"{where}: {value!r} is no name; write up to {NAME_MOST} characters")


def _own_words(where: str, value: object) -> tuple[str, ...]:
    words = value if isinstance(value, list | tuple) and len(value) <= WORDS_MOST else [""]
    if all(isinstance(word, str) and len(_compact(word)) > 1 for word in words):
        return tuple(dict.fromkeys(_compact(word) for word in words))
    raise ValueError(f"{where}: write up to {WORDS_MOST} words of two characters or more in a list")


class _Lexicon:
    """Finds words in a text: at each place the longest, and none inside another."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            lengths.setdefault(word[0], set()).add(len(word))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def find(self, text: str) -> Iterator[tuple[int, str]]:
        """Each word found and where it starts, from left to right; words may overlap at their ends."""
        covered = 0
        for start, first in enumerate(text):
            for length in self._lengths.get(first, ()):
                word = text[start : start + length]
                if word in self._words:
                    if start + len(word) > covered:
                        covered = start + len(word)
                        yield start, word
                    break


_ENGLISH_WEIGHT: Final = 8
_OPERATORS_WEIGHT: Final = 12
"""Of a word somebody chose for their own compound: more than any known to everybody."""


def _weights() -> dict[str, dict[str, int]]:
    """Word -> category -> weight."""
    weights: dict[str, dict[str, int]] = {}
    for key, tiers in SPEAKS_FOR.items():
        for weight, words in tiers.items():
            for word in words.split():
                weights.setdefault(word, {})[key] = weight
    for key, english in IN_ENGLISH.items():
        for word in english.split():
            weights.setdefault(word, {})[key] = _ENGLISH_WEIGHT
    return weights


_WEIGHTS: Final = _weights()
_MATTERS: Final = _Lexicon((*_WEIGHTS, *MEANS_NOTHING.split()))
_HEAD: Final = 32
_BODY: Final = 100
"""Characters after the greeting: people say what it is about first, then give the history."""
_REPEATS: Final = 3
_UNKNOWN_IS_OTHER: Final = 3.0
"""What "other" has when no word speaks for anything."""
_GREETING: Final = re.compile(
    r"(?:[^,。!?:;]{0,16}(?:领导|书记|市长|县长|局长|区长|主任|经理|栋长|师傅|部门)们?[^,。!?:;]{0,6}[,:!。;]"
    r"|(?:[您你]们?|大家)好[,。!:;]?)+"
)
_DENIED: Final = re.compile(r"(?<!是)(?:不是|不关|并非|不怪)$")
_ONLY_A_PLACE: Final = re.compile(
    r"[站场房口]?的?(?:旁|附近|对面|门口|边上|周边|周围|后面|前面|那边|那里|那儿|门前)"
)
"""A matter right before these is only where it is: the bus stop beside which somebody parks."""
_REGIONAL: Final = str.maketrans("著衞枱簷妳", "着卫台檐你")
"""Characters of Taiwan and Hong Kong that folding keeps; none of our words needs them apart."""


def _compact(text: str) -> str:
    """The folded text without the spaces elders and phones put anywhere."""
    return "".join(fold(text).translate(_REGIONAL).split())


def _loudness(at: int) -> float:
    """How much a word counts by its place in the text."""
    return 2.5 if at < _HEAD else 1.0 if at < _BODY else 0.6


def _hear(text: str) -> tuple[dict[str, float], dict[str, list[str]]]:
    """How much speaks for each category, and the words that do, in the order of the text."""
    greeting = _GREETING.match(text)
    start = greeting.end() if greeting else 0
    places: dict[str, list[int]] = {}
    for at, word in _MATTERS.find(text):
        if _ONLY_A_PLACE.match(text, at + len(word)):
            continue
        if not _DENIED.search(text, max(0, at - 3), at):
            places.setdefault(word, []).append(at)
    scores = {"other": _UNKNOWN_IS_OTHER}
    words: dict[str, list[str]] = {}
    for word, found in places.items():
        loudness = _loudness(found[0] - start) * (1 + 0.3 * min(len(found) - 1, _REPEATS))
        for key, weight in _WEIGHTS.get(word, {}).items():
            scores[key] = scores.get(key, 0.0) + weight * loudness
            words.setdefault(key, []).append(word)
    return scores, words


def guess(text: str, categories: Sequence[Category]) -> tuple[Guess, ...]:
    """The categories not hidden, the likeliest first, each with its score and the (folded) words for it.

    Deterministic; equal scores keep the order of `categories`. Traditional, simplified and full-width
    writing give the same. About a quarter of a millisecond for 300 characters.
    """
    rest = compact = _compact(text)
    offered = [category for category in categories if not category.hidden]
    own = {category.key: [word for word in category.words if word in compact] for category in offered}
    for word in chain(*own.values()):
        # What an operator has given a meaning to has no other.
        rest = rest.replace(word, " " * len(word))
    scores, words = _hear(rest)
    guesses = []
    for category in offered:
        key, found = category.key, own[category.key]
        score = sum(_OPERATORS_WEIGHT * _loudness(compact.index(word)) for word in found)
        guesses.append(Guess(category, scores.get(key, 0.0) + score, (*words.get(key, ()), *found)))
    return tuple(sorted(guesses, key=lambda one: -one.score))


_NAMES_OUTSIDE: Final = 3
"""The least weight of a word of "other" that names a matter, rather than an office or a form."""


def clearest(guesses: Sequence[Guess]) -> Category | None:
    """The category nobody needs to be asked about, where the words are clear; `guesses` is what `guess` said.

    On the short messages of the tests four of five are clear, and 998 of a thousand of those right.
    """
    first, second = guesses[0], guesses[1] if len(guesses) > 1 else None
    is_ahead = second is None or first.score >= _CLEARLY_AHEAD * second.score
    return first.category if first.score >= _SPEAKS_UP and is_ahead else None


def outside_matter(text: str) -> bool:
    """Whether nobody in the compound can settle it (house papers, schools, city planning): to be referred.

    True only when such words outweigh every matter of the compound; a mere wish outweighs nothing.
    """
    scores, words = _hear(_compact(text))
    rivals = (score for key, score in scores.items() if key not in ("other", "suggestion"))
    named = any(_WEIGHTS[word]["other"] >= _NAMES_OUTSIDE for word in words.get("other", ()))
    return named and scores["other"] > max(rivals, default=0.0)


_EMERGENCY_KINDS: Final = {word: kind for kind, words in EMERGENCIES.items() for word in words.split()}
_EMERGENCY_WORDS: Final = _Lexicon((*_EMERGENCY_KINDS, *NO_EMERGENCY.split()))
_IN_ENGLISH_NOW: Final = {kind: re.compile(rf"\b(?:{said})") for kind, said in EMERGENCIES_IN_ENGLISH.items()}
_NOT_IN_ENGLISH: Final = re.compile(NO_EMERGENCY_IN_ENGLISH)
_IN_THE_LIFT: Final = re.compile(r"(?:困|关|卡|锁)在[^,。!?;:]{1,16}(?:电梯|轿厢)")
_CRY: Final = 80
"""Characters in which an emergency is named: who is in one does not tell its history first."""
_ONLY_FIRE: Final = re.compile(r"\W*(?:火+\W*)+啊?\W*")
_CLAUSE: Final = re.compile(r"[^,。!?;:、]*$")
_NOT_SO: Final = re.compile(r"(?:没有?|未|不再?|别|不要|勿|无)$")
_IF: Final = re.compile(
    r"万一|如果|要是|假如|一旦|倘若|如遇|容易|极易|(?<!恐)怕(?!是)|担心|避免|防止|预防|防范|以防|谨防|存在"
    r"|(?:就|可能|都|也|不|将|还|要)会|禁止|严禁|演练|演习|讲座|知识|差点|险些"
)
_MAY_CAUSE: Final = re.compile(r"引起|引发|导致|造成")
_LONG_AGO: Final = re.compile(
    r"\d{4}年|\d月|去年|前年|曾|以前|上次|上个?月|上周|经常|常常|多次|屡次|每次|总是|天天|每天|动不动|聚众"
)
_ABOUT_IT: Final = re.compile(
    r"的?(?:隐患|风险|可能|演练|演习|讲座|知识|培训|预案|险|逃生|事件|危险性|不堪设想)|的(?:危险|话|时候)"
)


def names_emergency(text: str) -> str | None:
    """The emergency a message names (R16), or None: fire, gas, electric, trapped, medical or violence.

    Words that only warn ("容易着火"), deny or tell of the past do not count; gas and current that
    come again and again do.
    """
    compact = _compact(text)[:_CRY]
    if _ONLY_FIRE.fullmatch(compact):
        return "fire"
    named = {
        kind
        for at, word in _EMERGENCY_WORDS.find(compact)
        if (kind := _EMERGENCY_KINDS.get(word)) and _is_now(compact, at, at + len(word), kind)
    }
    if (place := _IN_THE_LIFT.search(compact)) and _is_now(compact, *place.span(), "trapped"):
        named.add("trapped")
    cry = fold(text)[: 2 * _CRY]
    for kind, phrases in _IN_ENGLISH_NOW.items():
        for said in phrases.finditer(cry):
            around = cry[max(0, said.start() - 40) : said.start()] + " | " + cry[said.end() : said.end() + 15]
            if not _NOT_IN_ENGLISH.search(around):
                named.add(kind)
    return next((kind for kind in EMERGENCIES if kind in named), None)


def _is_now(text: str, start: int, end: int, kind: str) -> bool:
    """Whether the emergency named at text[start:end] is meant as happening."""
    clause = _CLAUSE.search(text, max(0, start - 12), start)
    before = clause[0] if clause else ""
    if _NOT_SO.search(before) or _IF.search(before) or _ABOUT_IT.match(text, end):
        return False
    if _MAY_CAUSE.search(before) and not text.startswith("了", end):
        return False
    return kind in ("gas", "electric") or not _LONG_AGO.search(before)


_NO_LETTER: Final = re.compile(r"[\W\d_]+")
_COURTESY: Final = re.compile("|".join(sorted(COURTESY.split(), key=len, reverse=True)))
_CHATTER: Final = re.compile("|".join(sorted(CHATTER.split(), key=len, reverse=True)))
_PRAISE: Final = re.compile("|".join(PRAISE.split()))
_TROUBLE: Final = re.compile("|".join(TROUBLE.split()))
_CONTENT_AFTER_ALL: Final = re.compile("|".join(CONTENT_AFTER_ALL.split()))
_A_FEW_WORDS: Final = 7
_A_LETTER: Final = 30
_SPEAKS_UP: Final = 7.0
"""The score from which a word alone makes a message a matter: a clear word said first."""
_CLEARLY_AHEAD: Final = 2.0
"""So many times the score of the next one."""


def looks_like_report(guesses: Sequence[Guess], text: str) -> bool:
    """Whether a free message brings a matter, rather than a greeting, thanks or a filler.

    `guesses` is what `guess` said about the same text. In doubt a longer message counts as a report:
    to ask once too often is better than to lose one.
    """
    compact = _compact(text)
    if names_emergency(text):
        return True
    rest = _beyond_chatter(compact)
    if not rest:
        return False
    if _TROUBLE.search(_CONTENT_AFTER_ALL.sub("", compact)):
        return True
    if _PRAISE.search(compact) and len(rest) <= _A_LETTER:
        return False
    return len(rest) > _A_FEW_WORDS or any(one.score >= _SPEAKS_UP for one in guesses)


def names_matter(guesses: Sequence[Guess], text: str) -> bool:
    """Whether the words themselves bring a matter, however many they are: a name may be long.

    `guesses` is what `guess` said about the same text; without them only words of trouble count.
    """
    spoken = _CONTENT_AFTER_ALL.sub("", _compact(text))
    is_trouble = names_emergency(text) is not None or _TROUBLE.search(spoken) is not None
    return is_trouble or any(one.score >= _SPEAKS_UP for one in guesses)


def is_chatter(text: str) -> bool:
    """Whether a message is nothing but a greeting, thanks or a filler: it wants a kind word, no question."""
    return not _beyond_chatter(_compact(text))


def is_courtesy(text: str) -> bool:
    """Whether a message only greets or thanks: unlike 好的 or a number, it answers nothing that was asked."""
    compact = _compact(text)
    has_number = any(sign.isdigit() for sign in compact)
    return not has_number and not _COURTESY.sub("", _NO_LETTER.sub("", compact))


def _beyond_chatter(compact: str) -> str:
    return _CHATTER.sub("", _NO_LETTER.sub("", compact))
