"""Reads addresses inside a compound as people type them, and finds them in the register."""

import re
from dataclasses import dataclass, replace
from typing import Literal

from bot.domain.folding import fold

_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−~〜_", "-"))
_DIGITS = dict(zip("零〇一二两三四五六七八九", "001223456789", strict=True)) | {"十": "10", "百": "100"}
_VALUE = re.compile(
    r"(?:([一二两三四五六七八九])百零?)?(?:([一二三四五六七八九])?(十))?([一二两三四五六七八九])?"
)

# What sounds or looks like 楼, 栋, 幢, 元 or 室 is often typed for it.
_LOU = "[楼搂娄喽偻]"
_BLOCK = "[栋幢座]"
_BLOCK_TYPO = "[撞橦憧懂董壮橔疃]"
_KIND = "(?:写字|公寓|住宅|商住|学院|教学|宿舍|办公|综合|高|塔)"
_ZH = "[零〇一二两三四五六七八九十百]"
_NUMBER = f"(?:[0-9]{{1,4}}|{_ZH}{{1,5}})"
_SIDE = "[东南西北中左右前后主甲乙丙丁]"

_LABEL_ENDS = re.compile(
    rf"^(?:[第笫]|[-/])+"
    rf"|(?:单[元无员原园圆]|门洞|房间|商铺|门面|网点|号?{_KIND}?{_LOU}|[栋幢座号#单门梯排室房户窒仓铺]|[-/]"
    rf"|(?<=[0-9a-z零〇一二两三四五六七八九十百])(?:{_BLOCK_TYPO}|号[馆库]|组团|[市区弄]))+$"
)


def _number(run: str) -> str:
    """Return the plain digits of a run of Arabic or Chinese numerals, without leading zeros."""
    value = _VALUE.fullmatch(run)
    if value is None:
        return "".join(_DIGITS.get(sign, sign) for sign in run).lstrip("0") or "0"
    hundreds, tens, ten, ones = value.groups()
    digits = (
        int(_DIGITS[hundreds or "零"]),
        int(_DIGITS[tens or "一"]) if ten else 0,
        int(_DIGITS[ones or "零"]),
    )
    return str(100 * digits[0] + 10 * digits[1] + digits[2])


def normal_label(label: str) -> str:
    """Return the one form of a building, entrance or unit label, however it is written.

    "3號樓", "三栋" and "０3#" are "3"; "a座" is "A"; "A-6栋" is "A6"; "3-2幢" is "3-2"; "0501室" is "501".
    Names stay as they are ("东"), in simplified characters. Idempotent; never raises.
    """
    compact = re.sub(r"[^\w#/-]", "", fold(label).translate(_DASHES))
    previous = ""
    while compact != previous:
        previous, compact = compact, _LABEL_ENDS.sub("", compact)
    plain = re.sub(f"(?:[0-9]|{_ZH})+", lambda run: _number(run[0]), compact)
    return re.sub("[a-z]+", lambda letters: letters[0].upper(), re.sub("([a-z])-(?=[0-9])", r"\1", plain))


@dataclass(frozen=True, slots=True)
class Address:
    """What a text says about a place in a compound; parts it does not name are None.

    Labels are in `normal_label` form. `floor` is a number (below ground negative) or a word (架空层).
    `marked` tells that a word or sign (栋, 号楼, 座, #) named the building; without one (3-2-501) a reading
    deserves less trust. `leftover` is the folded text around the address.
    """

    building: str | None
    entrance: str | None
    floor: int | str | None
    room: str | None
    marked: bool
    leftover: str


# Amounts, dates and the next address are no rooms; a day of the month is no entrance.
_GAP = r"[ \t]*[的,、·/-]?[ \t]*"
_END = r"(?=\W*$)"
_NO_AMOUNT = (
    r"(?![0-9a-z.:%℃°]|\s*(?:户(?!主)|家(?![里的])|楼(?![上下])"
    "|[个多几余人次元块万千百天年月日周点时分秒米平度辆台部件条份岁期级层栋幢座单号#]))"
)
_NO_DATE = (
    r"(?![楼院线车电文公店]|\s*(?:上午|下午|中午|早|晚|凌晨|开始|[之以]?[前后]|停|起|到|至|左右|[当那]天))"
)
_ENTRANCE_LABEL = f"(?:{_NUMBER}[a-z]?|[a-z][0-9]{{0,2}}|[东南西北中甲乙丙丁])"
_STOREY = rf"(?:{_LOU}(?![梯栋长上下])|层|f(?![a-z0-9]))"
_ENTRANCE = (
    rf"(?:(?P<entrance>{_ENTRANCE_LABEL})"
    rf"(?P<entrance_word>单[元无员原园圆]号?|门洞|单(?![身位独个价])|号?门(?![口卫岗前外禁面])"
    rf"|梯(?!{_NUMBER}户)|组团|区)"
    rf"|(?P<seat>[a-z][0-9]?)座"
    rf"|(?P<numbered>{_NUMBER})号(?={_GAP}(?:{_NUMBER}(?:{_STOREY}|室|房)|[0-9]{{2,4}}{_NO_AMOUNT}))"
    rf"|(?P<dashed>[0-9]{{1,2}}|[a-z])-(?=[0-9]{{3,4}}(?![0-9]))"
    rf"|(?P<joined>[a-z](?=[0-9]{{3,4}}(?![0-9a-z室房号]))|[一二三四五六七八九十](?=[0-9]{{3,4}}(?![0-9]))))"
)
_FLOOR = (
    rf"(?:[第笫]?(?P<below>负|地下|b)?(?P<floor>[0-9]{{1,3}}|{_ZH}{{1,3}})[a-z]?{_STOREY}"
    rf"|(?P<storey>架空层|地下室|顶[楼层]))"
)
_ROOM = (
    rf"(?:(?P<room>附?(?:[a-z]{{0,2}}-?[0-9](?:[0-9零〇一二三四五六七八九])*[a-z]?[0-9]{{0,4}}|{_ZH}{{1,5}}|[a-z])"
    rf"(?:[-/、][0-9]{{1,4}})?)"
    rf"(?P<room_word>室|房间|房(?![产价东屋顶])|[市窒](?![场政民区])|[仓铺]|商铺|号{_NO_DATE}|户{_END})"
    rf"|(?P<side>[东南西北中左右])[户室]"
    rf"|(?P<bare>(?!12345)(?:[0-9]{{1,2}}{_END}|(?:[a-z]|{_ZH}{{1,2}}){_END}"
    rf"|[0-9]{{1,2}}(?:[a-z]-?[0-9]{{0,2}}|-[0-9]{{1,2}})"
    rf"|[a-z]?-?[0-9]{{3,6}}(?:[a-z][0-9]{{0,4}})?(?:[-/、][0-9]{{1,4}})?|[零〇一二三四五六七八九]{{3,5}}))"
    rf"{_NO_AMOUNT})"
)
_DETAIL = rf"(?:{_GAP}{_ENTRANCE})?(?:{_GAP}{_FLOOR})?(?:{_GAP}{_ROOM})?"

_LABEL = (
    rf"[第笫]?(?:{_SIDE}?[a-z]{{0,2}}-?[0-9]{{1,4}}[a-z]?(?:[-/][0-9]{{1,4}}){{0,2}}"
    rf"|{_ZH}{{1,5}}|[a-z]{{1,2}}|{_SIDE})"
)
_SURE = rf"(?:[号好#]{_KIND}?{_LOU}|{_BLOCK}{_LOU}?|#)"
_ZONE = rf"(?:(?:{_NUMBER}|[a-z]|[东南西北中])(?:期|区|组团|苑|排)(?={_LABEL}{_SURE}))?"
# A numeral in the middle of a number, a decimal, a time or a weekday (周一) begins nothing.
_START = rf"(?<![0-9a-z.:])(?<!{_ZH}(?={_ZH}))(?<![周拜](?={_ZH}))(?<!星期(?={_ZH}))"
_BUILDING = re.compile(
    rf"{_START}(?:(?P<front>{_ENTRANCE_LABEL})单元{_GAP})?(?P<label>{_ZONE}{_LABEL})"
    rf"(?P<word>[号好#]{_KIND}?{_LOU}(?![道梯下上])|号(?={_LOU})|{_BLOCK}(?:{_LOU}(?![道梯下上]))?|#"
    rf"|{_KIND}?{_LOU}|号[门馆库]?|[\u4e00-\u9fff]){_DETAIL}"
)
_DASHED = re.compile(
    rf"{_START}(?<!-)(?!0[0-9]{{2}})(?P<label>[a-z]?[0-9]{{1,3}}|[a-z])-"
    rf"(?:(?P<entrance>[0-9]{{1,2}}|[a-z])-(?:(?P<floor>[0-9]{{1,2}})-(?=[0-9]{{1,2}}(?![0-9])))?)?"
    rf"(?P<room>(?(floor)[0-9]+|[0-9]{{3,4}}[a-z]?))[室号房]?(?!-){_NO_AMOUNT}"
)
_INNER = re.compile(rf"{_START}(?<![每这那几])(?!两){_DETAIL}")
# A numeral of the other kind begins the next part: 2八楼, A五楼, 55五单元.
_UNMARKED = re.compile(
    rf"(?P<label>[a-z]?[0-9]{{1,3}}|[a-z])(?=[一二三四五六七八九十东南西北]){_DETAIL}{_END}"
)


def _parts(found: re.Match[str]) -> tuple[str | None, int | str | None, str | None]:
    """Return the entrance, floor and room of a match of `_DETAIL`."""
    entrance = found["entrance"] or found["seat"] or found["numbered"] or found["dashed"] or found["joined"]
    room = found["room"] or found["side"] or found["bare"]
    floor: int | str | None = found["storey"]
    if found["floor"]:
        floor = int(_number(found["floor"])) * (-1 if found["below"] else 1)
    if room and not entrance and floor is None and found["room_word"] in (None, "号"):
        split = re.fullmatch(r"([0-9]{1,2})([1-4][0-9]{3})|([5-9])([0-9]{3})|([0-9]{2,3})([0-9]{3})", room)
        if re.fullmatch(f"[0-9]{{1,2}}|{_ZH}{{1,2}}", room):
            # 7幢2号: rooms are numbered by floor, so what is too short for that counts entrances.
            entrance, room = room, None
        elif split is not None:
            # 9幢71203: too long for a room up to the 49th floor, so the entrance comes first.
            entrance, room = (part for part in split.groups() if part)
    return entrance and normal_label(entrance), floor, room and normal_label(room)


_USUAL_MISTAKE = re.compile(rf"号[门馆库]|[排弄区馆]|{_BLOCK_TYPO}|[东动冻侗]")
_NO_MISTAKE = re.compile(
    "[个元块人户次年月日天点分秒米平度辆台部件条份岁期级层室房单门梯路线只头张把家间场种些]"
)
_COUNTED = re.compile(
    rf"两{_BLOCK}|一{_BLOCK}{_LOU}(?![道梯下上])|[^栋幢]+[栋幢]楼[都全均之]|[^座]+座[位椅机谈车桥山塔垃]"
)
_COUNTING = re.compile(r"[这那每哪整各某同共有几]\s*$")
_STREET_OR_MONTH = re.compile(r"[路街巷道段月]\s*$")
_LIVING = re.compile(r"[住家]在?\s*$")


def _names_building(found: re.Match[str]) -> bool:
    """Tell whether a match of `_BUILDING` names a building, and not a count, a date, a street or a floor."""
    word, before, after = found["word"], found.string[: found.start()], found.string[found.end() :]
    entrance, floor, room = _parts(found)
    clear = (entrance, floor, room) != (None, None, None) or not re.search(r"\w", before + after)
    if re.fullmatch(_SURE, word) or (word == "号" and re.match(_LOU, after)):
        return clear or not (_COUNTING.search(before) or _COUNTED.match(found.string, found.start("label")))
    label = normal_label(found["label"])
    if re.fullmatch(_LOU, word):
        if label.isdecimal():
            # 3楼501 is building 3, as 501 is on the fifth floor; 5楼501 is a floor.
            return bool(found["entrance"]) or bool(
                room and not found["joined"] and re.fullmatch("[0-9]{3,4}", room) and room[:-2] != label
            )
        # A4楼 alone may be the fourth floor of A.
        return clear and (not label[-1].isdecimal() or bool(floor or room))
    if word == "号":
        if _STREET_OR_MONTH.search(before) or _next_is_building(found):
            return False
        if (entrance, floor, room) == (None, None, None) and re.fullmatch("[0-9]{4}|[A-Z]+[0-9]{3,}", label):
            return False  # 1409号 alone is as likely a room.
        return clear or bool(_LIVING.search(before) and re.match(_NO_DATE, after))
    if re.fullmatch(f"{_KIND}{_LOU}", word) or _USUAL_MISTAKE.fullmatch(word):
        return clear
    # Any other word between a number and a room is a mistake for a marker, if nothing else is said.
    return bool(room) and not re.search(r"\w", before + after) and not _NO_MISTAKE.match(word)


def _next_is_building(found: re.Match[str]) -> bool:
    """Tell whether a building named by a firm word begins where the match ends: 126号3栋."""
    following = _BUILDING.match(found.string, found.end())
    return following is not None and re.fullmatch(_SURE, following["word"]) is not None


def _names_inside(found: re.Match[str]) -> bool:
    """Tell whether a match of `_DETAIL` alone says enough: an entrance, or a room of the usual length."""
    room = found["room"] or found["bare"] or ""
    numbered = re.search(f"(?:[0-9]|{_ZH}){{3}}", room) is not None
    if found["entrance"] is not None:
        return len(normal_label(found["entrance"])) <= 2 and (
            found["entrance_word"].startswith("单元") or (numbered and "门" in found["entrance_word"])
        )
    if found["seat"] or found["numbered"] or found["dashed"] or found["joined"]:
        return False
    return numbered and (found["floor"] is not None or found["room_word"] in ("室", "房"))


_FIRST = re.compile("[0-9a-z零〇一二两三四五六七八九十百东南西北中左右前后主甲乙丙丁第笫]")
# One number before 、 may count the lines of a list (1、3栋…), unless it goes on from a word.
_TOGETHER = re.compile(
    rf"{_START}(?:(?:{_NUMBER}[和跟与及、]){{2,}}|{_NUMBER}[和跟与及]|(?<=\w){_NUMBER}、)$"
)
_APART = r"[^\W0-9a-z零〇一二两三四五六七八九十百]"
_SPACE = re.compile(rf"(?<={_APART})[ \t]+|[ \t]+(?={_APART})")


def _reading(text: str, start: int) -> tuple[int, Address] | None:
    """Return where the address beginning at `start` ends and what it says, or None if none begins there."""
    found = _BUILDING.match(text, start)
    if found is not None and _names_building(found):
        entrance, floor, room = _parts(found)
        front = found["front"] and normal_label(found["front"])
        return found.end(), Address(normal_label(found["label"]), entrance or front, floor, room, True, "")
    found = _DASHED.match(text, start)
    if found is not None:
        around = text[:start] + text[found.end() :]
        if found["entrance"] or not re.search(r"\w", around) or _LIVING.search(text[:start]):
            floor = int(found["floor"]) if found["floor"] else None
            entrance = found["entrance"] and normal_label(found["entrance"])
            address = Address(
                normal_label(found["label"]), entrance, floor, normal_label(found["room"]), False, ""
            )
            return found.end(), address
    found = _INNER.match(text, start)
    if found is not None and _names_inside(found):
        return found.end(), Address(None, *_parts(found), False, "")
    found = _UNMARKED.match(text, start)
    if found is not None and not re.search(r"\w", text[:start]) and _parts(found) != (None, None, None):
        return found.end(), Address(normal_label(found["label"]), *_parts(found), False, "")
    return None


def find_places(text: str) -> tuple[Address, ...]:
    """Return every address the text names, in its order; the leftover of each is all the text around it.

    "3和5栋" names two buildings. Says nothing rather than guess: bare digits, dates, amounts and
    floors alone are no addresses. Never raises.
    """
    plain = _SPACE.sub("", fold(text).translate(_DASHES))
    places: list[Address] = []
    end = 0
    for first in _FIRST.finditer(plain):
        start = first.start()
        reading = _reading(plain, start) if start >= end else None
        if reading is None:
            continue
        listed = _TOGETHER.search(plain[:start], end) if reading[1].marked else None
        end, address = reading
        leftover = (plain[: listed.start() if listed else start] + plain[end:]).strip()
        labels = re.findall(_NUMBER, listed[0]) if listed else []
        places += [Address(normal_label(label), None, None, None, True, leftover) for label in labels]
        places.append(replace(address, leftover=leftover))
    return tuple(places)


def read_address(text: str) -> Address | None:
    """Return the first address that names a building, else the first address, else None. Never raises."""
    places = find_places(text)
    return next((place for place in places if place.building), places[0] if places else None)


@dataclass(frozen=True, slots=True)
class EntranceEntry:
    """An entrance of the register; its label may be written in any way."""

    id: int
    label: str


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """A unit of the register, in an entrance or (None) directly in its building; labelled 501 or 2-501."""

    id: int
    label: str
    entrance_id: int | None = None


@dataclass(frozen=True, slots=True)
class BuildingEntry:
    """A building of the register with all its entrances and units."""

    id: int
    label: str
    entrances: tuple[EntranceEntry, ...] = ()
    units: tuple[UnitEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class Register:
    """The buildings of one compound."""

    buildings: tuple[BuildingEntry, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One building, entrance or unit of the register; an entrance or unit names its building too."""

    kind: Literal["building", "entrance", "unit"]
    building_id: int
    entrance_id: int | None = None
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What the register knows of an address: `exact`, or `candidates` to choose from, or neither.

    `known` is the smallest place which is sure: the exact one, or the building or entrance whose unit is
    unknown.
    """

    exact: Place | None = None
    candidates: tuple[Place, ...] = ()
    known: Place | None = None


def match(address: Address, register: Register) -> Match:
    """Find the address in the register by `normal_label`; what is ambiguous is never decided.

    A reading that only fits when turned around (2号 as a room, 9639 as 9-639) is a candidate, not exact.
    A floor is no place of its own: 3栋5楼 is building 3.
    """
    building, entrance, room = (
        label and normal_label(label) for label in (address.building, address.entrance, address.room)
    )
    if (building, entrance, room) == (None, None, None):
        return Match()
    address = replace(address, building=building, entrance=entrance, room=room)
    readings = [address]
    if not address.marked and address.building and not address.entrance:
        # 2-501 is room 501 of building 2, or of entrance 2 in whatever building is meant.
        readings.append(replace(address, building=None, entrance=address.building))
    places = [place for reading in readings for place in _places(reading, register)]
    if len(places) == 1:
        return Match(places[0], (), places[0])
    if not places:
        places = [place for reading in _turned(address) for place in _places(reading, register)]
    coarser = (
        replace(address, floor=None, room=None),
        replace(address, entrance=None, floor=None, room=None),
    )
    sure = [_places(part, register) for part in coarser] if address.building else []
    known = next((found[0] for found in sure if len(found) == 1), None)
    return Match(None, tuple(dict.fromkeys(places)), known)


def _turned(address: Address) -> list[Address]:
    """Return what else the same characters may mean inside the building, most likely first."""
    entrance, room = address.entrance, address.room
    if entrance and room:
        return [replace(address, entrance=None, room=entrance + room), replace(address, floor=None)]
    if entrance or room:
        splits = [re.fullmatch(f"([0-9]{{1,2}}|[A-Z])([0-9]{{{length}}})", room or "") for length in (3, 4)]
        return [
            replace(address, entrance=room, room=entrance),
            *(replace(address, entrance=split[1], room=normal_label(split[2])) for split in splits if split),
            replace(address, floor=None),
        ]
    return []


def _places(address: Address, register: Register) -> list[Place]:
    """Return the places of the register that fit everything the address says."""
    places: list[Place] = []
    for building in _buildings(address.building, register):
        labels: dict[int | None, str] = {one.id: normal_label(one.label) for one in building.entrances}
        if address.room is not None:
            places += [
                Place("unit", building.id, unit.entrance_id, unit.id)
                for unit in building.units
                if _fits(address, unit.label, labels.get(unit.entrance_id))
            ]
        elif address.entrance is not None:
            places += [
                Place("entrance", building.id, entrance_id)
                for entrance_id, label in labels.items()
                if label == address.entrance
            ]
        else:
            places.append(Place("building", building.id))
    return places


def _buildings(label: str | None, register: Register) -> list[BuildingEntry]:
    """Return the buildings a label may mean, all for None; 二期3 is 3 if only one side says the part."""
    if label is None:
        return list(register.buildings)
    labels = [(normal_label(building.label), building) for building in register.buildings]
    same = [building for known, building in labels if known == label]
    bare = _bare(label)
    return same or [building for known, building in labels if _bare(known) == bare and bare in (known, label)]


def _bare(label: str) -> str:
    """Return a building label without the part of the compound before its number."""
    number = re.search("[A-Z]?[0-9]+(?:-[0-9]+)*$", label)
    return number[0] if number else label


def _fits(address: Address, label: str, entrance: str | None) -> bool:
    """Tell whether a unit label (501, 5-2, 2-501), in its entrance, is what the address says."""
    number = normal_label(label)
    prefixed = re.fullmatch("(?:.*-)?([0-9]{1,2}|[A-Z])-([0-9]{3,4}[A-Z]?)", number)
    if prefixed:
        entrance, number = entrance or prefixed[1], prefixed[2]
    if address.entrance not in (None, entrance):
        return False
    number, room, floor = _by_floor(number), _by_floor(address.room or ""), address.floor
    numbered = re.fullmatch("([0-9]{1,2})[0-9]{2}[A-Z]?", number)
    if floor is not None and numbered and int(numbered[1]) != floor:
        return False
    return number == room or (floor is not None and number in (f"{floor}{room:0>2}", f"{floor}{room}"))


def _by_floor(room: str) -> str:
    """Return a room counted on its floor (5-2) as the number it usually has (502)."""
    return re.sub("^([0-9]{1,2})-([0-9]{1,2})$", lambda pair: f"{pair[1]}{pair[2]:0>2}", room)
