"""The operator's verbs beside the import: make joining links, invite people to posts (R3, R4)."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.domain.addresses import normal_label
from bot.domain.errors import OperatorError
from bot.domain.posts import LEVEL, PostKind
from bot.storage.directory import Directory, Labelled
from bot.storage.links import Door
from bot.storage.store import Store

JOIN_PREFIX = "j"
APPOINT_PREFIX = "a"
"""A link's payload is the prefix and the code: 11 characters of [0-9A-Za-z_-] of the 32 allowed (R4)."""
INVITED_FOR = timedelta(days=14)


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


async def invite(store: Store, post_id: int, now: datetime, *, asks_who: bool = False) -> str:
    """Make a code by which one person takes up the post, once, within two weeks.

    The payload is APPOINT_PREFIX and the code. With `asks_who` whoever opens it says first whether they are
    the holder the register names.
    """
    code = new_code()
    await store.links.put_appoint(code, post_id, now, now + INVITED_FOR, asks_who=asks_who)
    return code


async def find_post(
    store: Store, compound_id: int, kind: PostKind, building_label: str = "", entrance_label: str = ""
) -> int:
    """The id of a post, created when it does not exist yet; labels may be written in any way (三栋, 2单元).

    Raises OperatorError when the place is unknown or not of the level the post is held at.
    """
    directory = Directory(store.connection)
    level = LEVEL[kind]
    placed = (level in ("building", "entrance"), level == "entrance")
    if (bool(building_label), bool(entrance_label)) != placed:
        needed = " and ".join(f"--{one}" for one in ("building", "entrance")[: sum(placed)])
        how = f"say which, with {needed}" if needed else "leave --building and --entrance out"
        raise OperatorError(f"{kind} 属于 {level} · {kind} belongs to one {level}: {how}")
    building_id = entrance_id = None
    if building_label:
        building_id = _place_named(building_label, await directory.buildings(compound_id))
    if building_id and entrance_label:
        entrances = await directory.entrances(compound_id)
        doors = {label: found for (above, label), found in entrances.items() if above == building_id}
        entrance_id = _place_named(entrance_label, doors)
    if level != "community":
        return await store.posts.find(kind, compound_id, building_id, entrance_id)
    compound = await store.places.compound(compound_id)
    if compound.community_id is None:
        raise OperatorError(f"{compound.name} 不属于任何社区 · belongs to no community: import one with it")
    return await store.posts.find(kind, None, community_id=compound.community_id)


def _place_named(written: str, known: Labelled) -> int:
    label = normal_label(written)
    if label not in known:
        names = " ".join(name for _, name in known.values())
        raise OperatorError(f"没有“{written}” · there is no “{written}”: choose one of {names}")
    return known[label][0]
