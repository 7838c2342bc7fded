"""Who an announcement is for: read from people's words, kept as data, told back as facts (A2)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from bot.domain.addresses import Address, BuildingEntry, Register, find_places, match, normal_label
from bot.domain.errors import NotUnderstood
from bot.domain.folding import fold
from bot.domain.posts import LEVEL, PostKind
from bot.domain.vocabulary import HOLDERS


class Kind(StrEnum):
    """What a part of an audience is."""

    COMPOUND = "compound"
    BUILDING = "building"
    ENTRANCE = "entrance"
    POST = "post"
    INTEREST_GROUP = "interest_group"


PLACES = (Kind.COMPOUND, Kind.BUILDING, Kind.ENTRANCE)
NARROWINGS = ("owner", "renter")
"""What places can be narrowed to: kinds of residency."""


@dataclass(frozen=True, slots=True)
class Part:
    """A place, the holders of a post (of the whole compound, or of one building or entrance), or a group.

    An entrance names its building too.
    """

    kind: Kind
    building_id: int | None = None
    entrance_id: int | None = None
    post: PostKind | None = None
    group_id: int | None = None


COMPOUND = Part(Kind.COMPOUND)


@dataclass(frozen=True, slots=True)
class Audience:
    """All people of the `parts` but those of `without`; `parts` are never empty. The order is a fixed one.

    `narrowed_to` are kinds of residency, none of them meaning everybody; it narrows the places, never posts
    and interest groups. Raises ValueError for what is no audience.
    """

    parts: tuple[Part, ...]
    narrowed_to: tuple[str, ...] = ()
    without: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if not self.parts or not set(self.narrowed_to) <= set(NARROWINGS):
            raise ValueError("an audience has parts, narrowed to known kinds of residency")
        object.__setattr__(self, "parts", _ordered(self.parts))
        object.__setattr__(self, "without", _ordered(self.without))

    def to_json(self) -> dict[str, Any]:
        """The audience as JSON can carry it."""
        return {
            "parts": [_part_to_json(part) for part in self.parts],
            "narrowed_to": list(self.narrowed_to),
            "without": [_part_to_json(part) for part in self.without],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Audience":
        """What `to_json` gave; KeyError, TypeError or ValueError for anything else."""
        return Audience(
            tuple(_part_from_json(part) for part in data["parts"]),
            tuple(data["narrowed_to"]),
            tuple(_part_from_json(part) for part in data["without"]),
        )


def _ordered(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Each part once, in the one order in which audiences compare."""
    order = list(Kind)
    posts = [None, *PostKind]
    return tuple(
        sorted(
            set(parts),
            key=lambda part: (
                order.index(part.kind),
                posts.index(part.post),
                part.building_id or 0,
                part.entrance_id or 0,
                part.group_id or 0,
            ),
        )
    )


def _part_to_json(part: Part) -> dict[str, Any]:
    fields = ("kind", "building_id", "entrance_id", "post", "group_id")
    values = {name: getattr(part, name) for name in fields}
    return {name: str(value) if isinstance(value, str) else value for name, value in values.items() if value}


def _part_from_json(data: Mapping[str, Any]) -> Part:
    post = data.get("post")
    return Part(**{**data, "kind": Kind(data["kind"]), "post": post and PostKind(post)})


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """An interest group."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a compound has to announce to.

    The labels of this register are shown to people, so they are the names of buildings and entrances
    (3号楼, 2单元), which compare as their normal labels do. Units are not needed. `by_label` are the
    buildings by normal label.
    """

    register: Register
    groups: tuple[GroupEntry, ...] = ()
    by_label: Mapping[str, BuildingEntry] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_label = {normal_label(building.label): building for building in self.register.buildings}
        object.__setattr__(self, "by_label", by_label)


def within(inner: Part, outer: Part) -> bool:
    """Whether one place is, or lies in, another; False where either of them is no place."""
    if inner.kind not in PLACES or outer.kind not in PLACES:
        return False
    return outer in {
        COMPOUND,
        replace(inner, kind=Kind.BUILDING, entrance_id=None),
        inner,
    }


def covers_compound(parts: Iterable[Part], register: Register) -> bool:
    """Whether these places are the whole compound, even where they name it building by building."""
    named = set(parts)

    def is_covered(building: BuildingEntry) -> bool:
        doors = {Part(Kind.ENTRANCE, building.id, entrance.id) for entrance in building.entrances}
        return Part(Kind.BUILDING, building.id) in named or (bool(doors) and doors <= named)

    return COMPOUND in named or (bool(register.buildings) and all(map(is_covered, register.buildings)))


# Reading ------------------------------------------------------------------------------------------------

_BODIES: Mapping[PostKind, str] = {
    PostKind.PARTY_GROUP_LEADER: "党小组长",
    PostKind.SELF_MANAGEMENT_COMMITTEE: "自管委 自我管理委员会 自管会",
    PostKind.OWNERS_COMMITTEE_DIRECTOR: "业委会 业主委员会 业主委员会主任",
    PostKind.BRANCH_SECRETARY: "党支部书记 党支部 书记",
    PostKind.PROPERTY_MANAGER: "物业 物业公司",
}
"""Whom people mean when they name the body, or half of the title; the first is what is suggested."""

POST_WORDS: Mapping[PostKind, str] = {
    kind: f"{_BODIES.get(kind, '')} {names}".strip() for kind, names in HOLDERS.items()
}
"""What the holders of each post are called when something is said to them; the first is the usual one."""

_POST_OF = {word: kind for kind, words in POST_WORDS.items() for word in words.split()}
_NARROWING_OF = {"业主": "owner", "租户": "renter", "租客": "renter", "房客": "renter"}
_DEPTH = {"community": 0, "compound": 0, "building": 1, "entrance": 2}

_NUMERAL = "[0-9零〇一二两三四五六七八九十百]"
_MARKER = r"(?:号楼|[栋幢座#])"
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−~〜", "-"))
_RANGE = "[-到至]"
_BARE = re.compile(rf"(?:(?:{_NUMERAL}+[期区]|[东南西北中]区)?第?[a-z]{{0,2}}{_NUMERAL}{{1,5}}|[a-z])")


def _any(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_WORDS = (
    "(?P<out>除外|以外|之外|外)|(?P<except>除了|除开|除去|除|不含|不包括|不包含|排除)"
    "|(?P<whole>(?:全|整个|本)?(?:小区|大院)|全院|(?:所有楼栋|全部楼栋|每栋楼|各栋楼)(?!长))"
    "|(?P<every>所有人|全体|全部|大家|每家每户|家家户户|所有|各位|每位|每个|各)"
    f"|(?P<post>{_any(_POST_OF)})|(?P<narrowing>{_any(_NARROWING_OF)})"
    "|(?P<filler>居民|住户|邻居|街坊|成员|队员|人员|们|里|内|都|发给|只给|给)"
    r"|(?P<joint>以及|还有|[和与及跟、,;:/+()。])|(?P<space>\s+)|(?P<place>.)"
)
_EVERYBODY = ("所有人", "全体", "全部", "大家", "每家每户", "家家户户")


@dataclass(frozen=True, slots=True)
class _Spot:
    """One place, or a range of them up to `last`, by labels; `level` is None for a number alone.

    `building` is the building of entrances, where it is said. `open` is an entrance without its word (2栋1),
    which the next word must give. `whole` is what else the spot may be: 3-2幢 as the label of one building.
    """

    said: str
    level: Kind | None
    first: str
    building: str | None = None
    last: str | None = None
    open: bool = False
    whole: str | None = None


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of the text: `spots` of a place, `parts` of a name that the compound knows."""

    kind: str
    said: str
    spots: tuple[_Spot, ...] = ()
    parts: tuple[Part, ...] = ()


def read_audience(text: str, known: Known) -> Audience:
    """Read who is meant: 3-27号楼, 3、5、8栋业主, 2栋1单元, 舞蹈队和楼栋长, 全小区除了5号楼.

    Never guesses. NotUnderstood says why, with the piece in folded characters as `said` and names that exist
    as `nearest`, empty where nothing is near. Its reasons:
    `audience_needed`: no words; `audience_unknown`: no such place, group or word;
    `audience_unclear`: it may mean more than one thing; `audience_building_needed`: of which building;
    `audience_gaps`: a range with `missing` and `existing` places, in runs like those of `describe`;
    `audience_empty`: the exception leaves nobody, or takes nobody away.
    """
    main, exception = _clauses(list(_tokens(text, known)))
    if not _meaningful(main):
        if exception or any(token.kind == "filler" for token in main):
            raise _unclear(_said((*main, *exception)))
        raise NotUnderstood("audience_needed", said="", nearest=())
    parts, narrowed_to = _Clause(known).read(main)
    without, narrowed = _Clause(known).read(exception) if exception else ((), ())
    if narrowed:
        # 除了5号楼租户: an exception is not narrowed on its own.
        raise _unclear(_said(exception))
    _check_exception(parts, without, known, _said(exception))
    return Audience(parts, narrowed_to, without)


def _check_exception(parts: Sequence[Part], without: Sequence[Part], known: Known, said: str) -> None:
    """Refuse an exception that leaves nobody or, from places alone, takes nobody away."""
    if not without:
        return
    empty = covers_compound(without, known.register) or all(
        part in without or any(within(part, outer) for outer in without) for part in parts
    )
    idle = all(part.kind in PLACES for part in parts) and any(
        part.kind in PLACES and not any(within(part, other) or within(other, part) for other in parts)
        for part in without
    )
    if empty or idle:
        raise NotUnderstood("audience_empty", said=said, nearest=())


def _plain(text: str) -> str:
    """The folded text, without the spaces inside a place (3 号楼, 3 - 5) and without 的."""
    plain = fold(text).translate(_DASHES).replace("的", "").strip()
    plain = re.sub(rf"\s*({_RANGE})\s*", r"\1", plain)
    inner = rf"(?<={_NUMERAL})\s+(?=[号栋幢座#]|单元)|(?<=号)\s+(?=楼(?!栋?长))|(?<=第)\s+"
    plain = re.sub(inner, "", plain)
    return re.sub(rf"(?<=[栋幢座#楼])(?={_NUMERAL}+{_MARKER})", "、", plain)


def _tokens(text: str, known: Known) -> Iterator[_Token]:
    """The words of the text; what is none of them is a place, whole."""
    names: dict[str, list[Part]] = {}
    for group in known.groups:
        names.setdefault(_plain(group.name), []).append(Part(Kind.INTEREST_GROUP, group_id=group.id))
    for building in known.register.buildings:
        # Numbers are read as such; only a name that says nothing else stands for itself.
        name = _plain(building.label)
        if not re.search(f"{_NUMERAL}|[a-z]", name):
            names.setdefault(name, []).append(Part(Kind.BUILDING, building.id))
    # A name of one sign would be found inside other words.
    usable = [name for name in names if len(name) > 1]
    pattern = f"(?P<name>{_any(usable)})|{_WORDS}" if usable else _WORDS
    place = ""
    for found in re.finditer(pattern, _plain(text), re.DOTALL):
        kind, said = str(found.lastgroup), found[0]
        if kind == "place":
            place += said
            continue
        if place:
            yield _Token("place", place, (_spot(place, known),))
            place = ""
        parts = tuple(names[said]) if kind == "name" else ()
        if len(parts) > 1:
            raise _unclear(said)
        yield _Token(kind, said, (), parts)
    if place:
        yield _Token("place", place, (_spot(place, known),))


def _spot(said: str, known: Known) -> _Spot:
    """Read one place or range."""
    sides = [_side(side) for side in re.split(_RANGE, said)] if re.search(_RANGE, said) else []
    single = _side(said)
    if len(sides) == 2 and sides[0] and sides[1]:
        spot = _range(said, sides[0], sides[1])
        if single and single.level is Kind.BUILDING:
            return replace(spot, whole=single.first) if spot else single
        if spot:
            return spot
        raise _unclear(said)
    if single is None:
        raise _unknown(said, known)
    return single


def _side(said: str) -> _Spot | None:
    """Read one place; None if the words are no building and no entrance, or more than that."""
    if _BARE.fullmatch(said):
        return _Spot(said, None, normal_label(said))
    places = find_places(said)
    if len(places) != 1 or places[0].leftover or (places[0].room, places[0].floor) != (None, None):
        return None
    place = places[0]
    if place.entrance is None:
        return _Spot(said, Kind.BUILDING, place.building or "")
    unworded = re.search(f"{_NUMERAL}$", said) is not None
    return _Spot(said, Kind.ENTRANCE, place.entrance, place.building, open=unworded)


def _range(said: str, first: _Spot, last: _Spot) -> _Spot | None:
    """The places from the first to the last; None if they are of two kinds or in two buildings."""
    if last.open or (first.level is Kind.BUILDING and last.level is Kind.ENTRANCE):
        return None
    if first.level is Kind.ENTRANCE and last.level is Kind.BUILDING:
        return None
    if last.building is not None and last.building != first.building:
        return None
    level = first.level or last.level
    worded = first.open and last.level is None
    return replace(first, said=said, level=level, last=last.first, open=worded)


def _clauses(tokens: list[_Token]) -> tuple[list[_Token], list[_Token]]:
    """Part who is meant from who is not."""
    excepts = [at for at, token in enumerate(tokens) if token.kind == "except"]
    outs = [at for at, token in enumerate(tokens) if token.kind == "out"]
    if not excepts and not outs:
        return tokens, []
    if len(excepts) > 1 or len(outs) > 1:
        raise _unclear(_said(tokens))
    if excepts:
        start, end = excepts[0], outs[0] if outs else len(tokens)
        before, after = tokens[:start], tokens[end + 1 :]
        start += 1
    else:
        # 全小区，3、5号楼除外: the exception begins at the last comma, bracket or space.
        end = outs[0]
        cuts = [at for at in range(end) if tokens[at].kind == "space" or tokens[at].said in (",", ";", "(")]
        if tokens[end].said != "除外" or not cuts:
            raise _unclear(_said(tokens))
        start, before, after = cuts[-1] + 1, tokens[: cuts[-1]], tokens[end + 1 :]
    exception = tokens[start:end]
    if end < start or not _meaningful(exception) or (_meaningful(before) and _meaningful(after)):
        raise _unclear(_said(tokens))
    return (before if _meaningful(before) else after), exception


def _meaningful(tokens: Iterable[_Token]) -> bool:
    return any(token.kind not in ("joint", "space", "filler") for token in tokens)


def _said(tokens: Iterable[_Token]) -> str:
    return "".join(token.said for token in tokens).strip(" 、,;:")


def _unclear(said: str) -> NotUnderstood:
    return NotUnderstood("audience_unclear", said=said, nearest=())


def _unknown(said: str, known: Known) -> NotUnderstood:
    names = [building.label for building in known.register.buildings]
    if not re.search(_NUMERAL, said):
        names += [group.name for group in known.groups] + [words.split()[0] for words in POST_WORDS.values()]
    return NotUnderstood("audience_unknown", said=said, nearest=_nearest(said, names))


def _nearest(said: str, names: Iterable[str]) -> tuple[str, ...]:
    """Three names most like what was said: for numbers those that count nearest, then by their signs."""
    label = normal_label(said)

    def likeness(name: str) -> tuple[float, float]:
        other = normal_label(name)
        ours, theirs = re.search(r"\d+$", label), re.search(r"\d+$", other)
        alike = SequenceMatcher(None, label, other).ratio()
        if ours and theirs and label[: ours.start()] == other[: theirs.start()]:
            return (1, -abs(int(ours[0]) - int(theirs[0])))
        return (alike, 0)

    close = [name for name in names if likeness(name)[0] > 0.3]
    return tuple(sorted(close, key=likeness, reverse=True)[:3])


class _Clause:
    """Reads the words of a clause, term after term."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._named: list[Part] = []
        # Places in a row, and what the words behind them narrow them to.
        self._runs: list[tuple[list[Part], set[str]]] = []
        self._building: str | None = None

    def read(self, tokens: Sequence[_Token]) -> tuple[tuple[Part, ...], tuple[str, ...]]:
        """The parts, and what their places are narrowed to."""
        previous = ""
        for joint, term in _terms(_gathered(tokens, self._known)):
            previous = self._term(term, joint, previous)
        places = [part for run, _ in self._runs for part in run]
        narrowings = {frozenset(narrowing) for _, narrowing in self._runs}
        if len(narrowings) > 1 or (COMPOUND in places and set(places) != {COMPOUND}):
            # 3号楼业主、5号楼: are the owners of 5 meant, or all of them?
            raise _unclear(_said(tokens))
        narrowed = next(iter(narrowings), frozenset())
        return (*places, *self._named), tuple(kind for kind in NARROWINGS if kind in narrowed)

    def _term(self, term: Sequence[_Token], joint: str, previous: str) -> str:
        """Take in what stands between two joints; tells what it was: place, narrowed or named."""
        said = _said(term)
        kinds = [token.kind for token in term]
        scope = [part for token in term for part in self._scope(token)]
        titles = [token for token in term if token.kind == "post"]
        groups = [part for token in term for part in token.parts if part.kind is Kind.INTEREST_GROUP]
        narrowing = {_NARROWING_OF[token.said] for token in term if token.kind == "narrowing"}
        several = len(titles) + len(groups) > 1 or sum(self._is_scope(token) for token in term) > 1
        # 3号楼 楼栋长, 3号楼 所有人: is it one thing or two?
        loose = previous == "place" and joint == "space" and kinds[0] in ("post", "every")
        if several or loose or ((titles or groups) and narrowing) or not self._in_order(term):
            raise _unclear(said)
        if titles or groups:
            # 3栋、5栋栋长: is building 3 meant, or its leader? And 3号楼舞蹈队 is no group.
            if (titles and scope and previous == "place") or (groups and scope not in ([], [COMPOUND])):
                raise _unclear(said)
            held = [_held(_POST_OF[one.said], place, said) for one in titles for place in scope or [COMPOUND]]
            self._named += groups + held
            return "named"
        everybody = any(token.said in _EVERYBODY for token in term)
        if not scope and "every" in kinds and (everybody or narrowing or "filler" in kinds):
            scope = [COMPOUND]
        if scope:
            if not self._runs or self._runs[-1][1]:
                self._runs.append(([], set()))
            self._runs[-1][0].extend(scope)
        elif not narrowing:
            raise _unknown(said, self._known)
        elif previous != "narrowed" and (previous, joint) != ("place", "space"):
            # 3号楼、业主: those of building 3, or of all?
            raise _unclear(said)
        self._runs[-1][1].update(narrowing)
        return "narrowed" if narrowing else "place"

    @staticmethod
    def _is_scope(token: _Token) -> bool:
        return token.kind in ("whole", "place") or any(part.kind in PLACES for part in token.parts)

    def _in_order(self, term: Sequence[_Token]) -> bool:
        """Whether a place stands before the post, group or narrowing that it belongs to."""
        ranks = [
            0 if self._is_scope(token) else 1
            for token in term
            if self._is_scope(token) or token.kind in ("post", "narrowing", "name")
        ]
        return ranks == sorted(ranks)

    def _scope(self, token: _Token) -> list[Part]:
        """The places a word stands for."""
        if token.kind == "whole":
            return [COMPOUND]
        parts = [part for part in token.parts if part.kind in PLACES]
        for spot in token.spots:
            if spot.level is Kind.ENTRANCE:
                # 2栋1单元和2单元: the second is of the same building; any other place between forgets it.
                self._building = spot.building or self._building
                parts += _entrances(spot, self._building, self._known)
            else:
                self._building = None
                parts += _buildings(spot, self._known)
        return parts


def _held(post: PostKind, place: Part, said: str) -> Part:
    """The holders of a post at a place that is not below the post's own level."""
    if _DEPTH[place.kind] > _DEPTH[LEVEL[post]]:
        raise _unclear(said)
    return replace(place, kind=Kind.POST, post=post)


def _terms(tokens: Sequence[_Token]) -> Iterator[tuple[str, list[_Token]]]:
    """What stands between joints, each with the kind of joint before it; a space beside a joint is none."""
    joint, term = "", list[_Token]()
    for token in tokens:
        if token.kind not in ("joint", "space"):
            term.append(token)
            continue
        if term:
            yield joint, term
            joint, term = "", []
        joint = "joint" if "joint" in (joint, token.kind) else "space"
    if term:
        yield joint, term


def _gathered(tokens: Sequence[_Token], known: Known) -> list[_Token]:
    """Give every number alone the kind of its list: 3、5、8栋 is one word, and so is 3栋、5、8."""
    done: list[_Token] = []
    waiting: list[_Spot] = []
    joints: list[_Token] = []
    end = _Token("end", "")
    for token in (*tokens, end):
        spot = token.spots[0] if token.spots else None
        if spot and spot.level is None:
            waiting.append(spot)
            joints = []
        elif waiting and token.kind in ("joint", "space"):
            joints.append(token)
        elif waiting and spot:
            if spot.building is not None:
                # 3、5栋1单元: is building 3 meant, or its entrance?
                raise _unclear("、".join(one.said for one in (*waiting, spot)))
            done.append(_list(waiting, spot.level, spot))
            waiting = []
        elif waiting:
            level = _level_after(done, token, attached=not joints)
            if level is None:
                raise _unknown(waiting[0].said, known)
            done += [_list(waiting, level), *joints, token]
            waiting = []
        else:
            done.append(token)
    _check_open(done)
    return [token for token in done if token is not end]


def _list(waiting: Sequence[_Spot], level: Kind | None, *marked: _Spot) -> _Token:
    spots = (*(replace(spot, level=level) for spot in waiting), *marked)
    return _Token("place", "、".join(spot.said for spot in spots), spots)


def _level_after(done: Sequence[_Token], token: _Token, *, attached: bool) -> Kind | None:
    """What a list of numbers alone is: told by the post's word (3栋长), or by the buildings before it."""
    if attached and token.kind == "post":
        return Kind.BUILDING if re.match("[楼栋]", token.said) else Kind.ENTRANCE
    before = [one for one in done if one.kind not in ("joint", "space")]
    if before and before[-1].spots and before[-1].spots[-1].level is Kind.BUILDING:
        return Kind.BUILDING
    return None


def _check_open(tokens: Sequence[_Token]) -> None:
    """Refuse a number behind a building (2栋1) that no later word makes an entrance."""
    words = [token for token in tokens if token.kind not in ("joint", "space")]
    spots = [spot for token in words for spot in token.spots or (None,)]
    said = [token.said for token in words for _ in token.spots or (None,)]
    for at, spot in enumerate(spots):
        if spot is None or not spot.open:
            continue
        following = spots[at + 1] if at + 1 < len(spots) else None
        entrance = following is not None and following.level is Kind.ENTRANCE and following.building is None
        if not entrance and not (at + 1 < len(said) and said[at + 1].startswith(("单元", "门洞"))):
            raise _unclear(spot.said)


def _between(first: str, last: str) -> list[str] | None:
    """The labels from one to another (3 to 7, A1 to A6, A to C); None if nothing can be counted."""
    if re.fullmatch("[A-Z]", first) and re.fullmatch("[A-Z]", last):
        return [chr(code) for code in range(ord(first), ord(last) + 1)] or None
    start, end = (re.fullmatch(r"(.*?)([0-9]+)", label) for label in (first, last))
    if start is None or end is None or end[1] not in ("", start[1]):
        return None
    numbers = range(int(start[2]), int(end[2]) + 1)
    # No compound has so many buildings: a slip of the finger, and long to count through.
    return [f"{start[1]}{number}" for number in numbers] if 0 < len(numbers) <= 500 else None


def _buildings(spot: _Spot, known: Known) -> list[Part]:
    """The buildings of a spot, all of which exist."""
    first = _building(spot.first, known, spot.said)
    names = known.by_label
    if spot.last is None:
        if first is None:
            nearest = _nearest(spot.first, [building.label for building in names.values()])
            raise NotUnderstood("audience_unknown", said=spot.said, nearest=nearest)
        return [Part(Kind.BUILDING, first.id)]
    single = spot.whole and _building(spot.whole, known, spot.said)
    # 二期3-5号楼, where the register knows no parts of the compound, begins at 3.
    labels = _between(normal_label(first.label) if first else spot.first, spot.last)
    if single and not (labels and set(labels) <= names.keys()):
        return [Part(Kind.BUILDING, single.id)]
    if single or not labels:
        raise _unclear(spot.said)
    places = {label: Part(Kind.BUILDING, names[label].id) if label in names else None for label in labels}
    return _complete(spot.said, places, {label: building.label for label, building in names.items()})


def _building(label: str, known: Known, said: str) -> BuildingEntry | None:
    """The one building with this label, as it stands in the register."""
    if label in known.by_label:
        return known.by_label[label]
    found = match(Address(label, None, None, None, True, ""), known.register)
    buildings = {building.id: building for building in known.register.buildings}
    if found.candidates:
        nearest = tuple(buildings[place.building_id].label for place in found.candidates)
        raise NotUnderstood("audience_unclear", said=said, nearest=nearest)
    return buildings[found.exact.building_id] if found.exact else None


def _entrances(spot: _Spot, label: str | None, known: Known) -> list[Part]:
    """The entrances of a spot, in the building with that label."""
    labels = [spot.first] if spot.last is None else _between(spot.first, spot.last)
    if not labels:
        raise _unclear(spot.said)
    if label is None:
        having = [
            building.label
            for building in known.register.buildings
            if set(labels) <= {normal_label(entrance.label) for entrance in building.entrances}
        ]
        raise NotUnderstood("audience_building_needed", said=spot.said, nearest=tuple(having[:3]))
    place = _buildings(_Spot(spot.said, Kind.BUILDING, label), known)[0]
    building = next(one for one in known.register.buildings if one.id == place.building_id)
    entrances = {normal_label(entrance.label): entrance for entrance in building.entrances}
    names = {key: f"{building.label}{entrance.label}" for key, entrance in entrances.items()}
    if spot.last is None and spot.first not in entrances:
        nearest = _nearest(spot.first, [entrance.label for entrance in building.entrances])
        raise NotUnderstood(
            "audience_unknown", said=spot.said, nearest=tuple(f"{building.label}{name}" for name in nearest)
        )
    places = {
        key: Part(Kind.ENTRANCE, building.id, entrances[key].id) if key in entrances else None
        for key in labels
    }
    return _complete(spot.said, places, names)


def _complete(said: str, places: Mapping[str, Part | None], names: Mapping[str, str]) -> list[Part]:
    """All places of a range, or NotUnderstood with the labels of those there are not; `names` by label."""
    missing = [label for label, part in places.items() if part is None]
    if missing:
        existing = _runs(names[label] for label, part in places.items() if part is not None)
        raise NotUnderstood("audience_gaps", said=said, nearest=(), missing=_runs(missing), existing=existing)
    return [part for part in places.values() if part is not None]


# Telling ------------------------------------------------------------------------------------------------


def describe(audience: Audience, known: Known) -> dict[str, Any]:
    """The facts a template needs to say who it is for, in names; joined by 、 they can be read again.

    `compound` is true or false; `buildings` are (name,) or, for three and more in a row, (first, last);
    `entrances` and `groups` are names; `posts` are (PostKind value, name of the place or ""); `narrowed_to`
    is on top only, and `without` has the same facts. Raises KeyError for what the compound has no longer.
    """
    return _facts(audience.parts, known) | {
        "narrowed_to": audience.narrowed_to,
        "without": _facts(audience.without, known),
    }


def _facts(parts: Sequence[Part], known: Known) -> dict[str, Any]:
    names: dict[tuple[int | None, int | None], str] = {(None, None): ""}
    for building in known.register.buildings:
        names[building.id, None] = building.label
        for entrance in building.entrances:
            names[building.id, entrance.id] = f"{building.label}{entrance.label}"
    groups = {group.id: group.name for group in known.groups}

    def placed(kind: Kind) -> list[tuple[Part, str]]:
        return [(part, names[part.building_id, part.entrance_id]) for part in parts if part.kind is kind]

    return {
        "compound": COMPOUND in parts,
        "buildings": _runs([name for _, name in placed(Kind.BUILDING)]),
        "entrances": tuple(name for _, name in placed(Kind.ENTRANCE)),
        "posts": tuple((str(part.post), name) for part, name in placed(Kind.POST)),
        "groups": tuple(groups[part.group_id] for part in parts if part.group_id is not None),
    }


def _runs(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Names in the order of their labels, each alone or, from three that count up one by one, as a range."""

    def counted(name: str) -> tuple[str, int]:
        label = normal_label(name)
        number = re.search(r"[0-9]+$", label)
        return (label[: number.start()], int(number[0])) if number else (label, 0)

    runs: list[list[str]] = []
    last = ("", 0)
    for (prefix, number), name in sorted((counted(name), name) for name in names):
        if runs and last == (prefix, number - 1):
            runs[-1].append(name)
        else:
            runs.append([name])
        last = (prefix, number)
    return tuple(
        part for run in runs for part in ([(run[0], run[-1])] if len(run) > 2 else [(name,) for name in run])
    )
