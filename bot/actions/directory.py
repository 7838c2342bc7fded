"""The operator's verbs: import the register, make joining links, invite people to posts (O1, R3, R4)."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TypeVar

from bot.domain.addresses import normal_label
from bot.domain.errors import OperatorError
from bot.domain.posts import LEVEL, SHARED, PostKind
from bot.domain.register import ListedCompound, ListedPerson, ListedPost, Register
from bot.storage.directory import Directory, Labelled, PostAt, PostText
from bot.storage.links import Door
from bot.storage.store import Store

JOIN_PREFIX = "j"
APPOINT_PREFIX = "a"
"""A link's payload is the prefix and the code: 11 characters of [0-9A-Za-z_-] of the 32 allowed (R4)."""

DEFAULT_TIMEZONE = "Asia/Shanghai"
DEFAULT_LOCALE = "zh_CN"

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Count:
    """How many of a noun the import created, changed, and found as they are."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.created + other.created, self.changed + other.changed, self.unchanged + other.unchanged
        )


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do."""

    compounds: Count = Count()
    buildings: Count = Count()
    entrances: Count = Count()
    units: Count = Count()
    posts: Count = Count()
    people: Count = Count()
    appointed: int = 0
    ended: int = 0

    def __add__(self, other: "ImportReport") -> "ImportReport":
        return ImportReport(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


class _TakenBack(Exception):
    """The import was only tried."""


async def import_register(
    store: Store, register: Register, now: datetime, *, dry_run: bool = False
) -> ImportReport:
    """Bring the compounds, places, posts and holders up to what a register without mistakes lists (O1).

    Nothing is deleted because it is not listed, and a blank cell leaves what is known. In a post for one
    person a new holder ends the old one's appointment; in a shared post they stay side by side. A listed
    person is somebody with the same name and phone who holds or held a post of the same compound (with or
    without account), or else a new person; when only the phone of a holder has changed they stay the same
    person. A second run changes nothing. A dry run gives the same report and takes everything back.
    """
    report = ImportReport()
    with suppress(_TakenBack):
        async with store.savepoint():
            for compound in register.compounds:
                report += await _import_compound(store, compound, now)
            if dry_run:
                raise _TakenBack
    return report


async def _import_compound(store: Store, listed: ListedCompound, now: datetime) -> ImportReport:
    directory = Directory(store.connection)
    known = await directory.compound(listed.code)
    before = (known.name, known.timezone, known.locale) if known else ("", DEFAULT_TIMEZONE, DEFAULT_LOCALE)
    after = (listed.name, listed.timezone or before[1], listed.locale or before[2])
    _, compounds = _changes({listed.code: after}, {listed.code: before} if known else {})
    compound_id = await directory.put_compound(listed.code, *after)

    names = {building.label: building.name for building in listed.buildings}
    changes, buildings = _changes(names, _names(await directory.buildings(compound_id)))
    await directory.put_buildings(compound_id, changes)
    building_ids = _ids(await directory.buildings(compound_id))

    doors = {(building_ids[door.building], door.label): door.name for door in listed.entrances}
    door_changes, entrances = _changes(doors, _names(await directory.entrances(compound_id)))
    await directory.put_entrances(door_changes)
    entrance_ids = _ids(await directory.entrances(compound_id))

    def place(building: str | None, entrance: str | None) -> tuple[int | None, int | None]:
        building_id = building_ids[building] if building else None
        return building_id, entrance_ids[building_id, entrance] if building_id and entrance else None

    homes = await directory.units(compound_id)
    areas: dict[tuple[int, int | None, str], int | None] = {}
    for unit in listed.units:
        key = (building_ids[unit.building], place(unit.building, unit.entrance)[1], unit.label)
        areas[key] = unit.area_m2 or homes.get(key)
    unit_changes, units = _changes(areas, homes)
    await directory.put_units(unit_changes)

    known_posts = await directory.posts(compound_id)
    listed_posts: dict[PostAt, ListedPost] = {
        (post.kind, *place(post.building, post.entrance)): post for post in listed.posts
    }
    texts = {
        at: _text(post, known_posts[at][1] if at in known_posts else PostText())
        for at, post in listed_posts.items()
    }
    post_changes, posts = _changes(texts, _names(known_posts))
    await directory.put_posts(compound_id, post_changes)
    post_ids = _ids(await directory.posts(compound_id))

    held = await _import_holders(
        store, compound_id, {post_ids[at]: post for at, post in listed_posts.items()}, now
    )
    return ImportReport(compounds, buildings, entrances, units, posts) + held


async def _import_holders(
    store: Store, compound_id: int, posts: Mapping[int, ListedPost], now: datetime
) -> ImportReport:
    """Find or enter the people the posts list, appoint them, and end whom they follow."""
    directory = Directory(store.connection)
    ids: dict[ListedPerson, int] = {}
    holders: dict[int, dict[int, ListedPerson]] = {post_id: {} for post_id in posts}
    for office in await directory.offices(compound_id):
        ids.setdefault(office.person, office.person_id)
        if office.in_office and office.post_id in holders:
            holders[office.post_id][office.person_id] = office.person
    listed = {person for post in posts.values() for person in post.holders}

    created: dict[int, ListedPerson] = {}
    changed: dict[int, ListedPerson] = {}
    for post_id, post in posts.items():
        for person in post.holders:
            if person in ids:
                continue
            moved = [
                person_id
                for person_id, old in holders[post_id].items()
                if old.name == person.name and old not in listed and person_id not in changed
            ]
            if moved:
                ids[person] = moved[0]
                changed[moved[0]] = person
            else:
                ids[person] = await store.people.new(now)
                created[ids[person]] = person
    await directory.put_details(created | changed)

    appointed: list[tuple[int, int]] = []
    ended = 0
    for post_id, post in posts.items():
        # In the order of the file: who is listed first is asked first.
        wanted = [ids[person] for person in post.holders]
        appointed += [(post_id, person_id) for person_id in wanted if person_id not in holders[post_id]]
        if post.vacant or (wanted and post.kind not in SHARED):
            ended += len(holders[post_id].keys() - wanted)
            await store.posts.end_others(post_id, wanted[0] if wanted else 0, now)
    await directory.appoint(appointed, now)
    people = Count(len(created), len(changed), len(listed) - len(created) - len(changed))
    return ImportReport(people=people, appointed=len(appointed), ended=ended)


def _changes(wanted: Mapping[_Key, _Value], known: Mapping[_Key, _Value]) -> tuple[dict[_Key, _Value], Count]:
    """What has to be written, and how many of it are new."""
    changes = {key: value for key, value in wanted.items() if key not in known or known[key] != value}
    created = len(changes.keys() - known.keys())
    return changes, Count(created, len(changes) - created, len(wanted) - len(changes))


def _ids(known: Mapping[_Key, tuple[int, _Value]]) -> dict[_Key, int]:
    return {key: found[0] for key, found in known.items()}


def _names(known: Mapping[_Key, tuple[int, _Value]]) -> dict[_Key, _Value]:
    return {key: found[1] for key, found in known.items()}


def _text(post: ListedPost, known: PostText) -> PostText:
    """What the register says of a post; a phone is shown only when it says so."""
    return PostText(
        post.duty or known.duty,
        post.hours or known.hours,
        known.phone_shown if post.phone_shown is None else post.phone_shown,
    )


def new_code() -> str:
    """A code nobody can guess: 60 random bits in 10 characters of [0-9A-Za-z_-]."""
    return secrets.token_urlsafe(8)[:10]


async def joining_links(
    store: Store, compound_id: int, now: datetime, new_code: Callable[[], str] = new_code
) -> list[Door]:
    """Make the codes that are missing and give every door of the compound; a code that exists stays (R3).

    A door is an entrance, or a building without entrances. The payload is JOIN_PREFIX and the code.
    """
    for building_id, entrance_id in await store.links.doors_without_link(compound_id):
        await store.links.put_join(new_code(), building_id, entrance_id, now)
    return await store.links.doors(compound_id)


async def invite(
    store: Store,
    post_id: int,
    now: datetime,
    new_code: Callable[[], str] = new_code,
    valid_for: timedelta = timedelta(days=14),
) -> str:
    """Make a code by which one person takes up the post, once. The payload is APPOINT_PREFIX and the code."""
    code = new_code()
    await store.links.put_appoint(code, post_id, now, now + valid_for)
    return code


async def find_post(
    store: Store, compound_id: int, kind: PostKind, building_label: str = "", entrance_label: str = ""
) -> int:
    """The id of a post, created when it does not exist yet; labels may be written in any way (三栋, 2单元).

    Raises OperatorError when the place is unknown or not of the level the post is held at.
    """
    directory = Directory(store.connection)
    level = LEVEL[kind]
    if (bool(building_label), bool(entrance_label)) != (level != "compound", level == "entrance"):
        raise OperatorError(f"{kind} 属于 {level} · a {kind} belongs to one {level}: name exactly that place")
    building_id = entrance_id = None
    if building_label:
        building_id = _place_named(building_label, await directory.buildings(compound_id))
    if building_id and entrance_label:
        entrances = await directory.entrances(compound_id)
        doors = {label: found for (above, label), found in entrances.items() if above == building_id}
        entrance_id = _place_named(entrance_label, doors)
    at = (kind, building_id, entrance_id)
    posts = await directory.posts(compound_id)
    if at not in posts:
        await directory.put_posts(compound_id, {at: PostText()})
        posts = await directory.posts(compound_id)
    return posts[at][0]


def _place_named(written: str, known: Labelled) -> int:
    label = normal_label(written)
    if label not in known:
        names = " ".join(name for _, name in known.values())
        raise OperatorError(f"没有“{written}” · there is no “{written}”: choose one of {names}")
    return known[label][0]
