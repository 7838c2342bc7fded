"""Posts, places and the chain of who is responsible (C7, C10, Matching)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class PostKind(StrEnum):
    """The posts, from the entrance up to the community; the value is the word in the register."""

    ENTRANCE_LEADER = "entrance_leader"
    BUILDING_LEADER = "building_leader"
    DEPUTY_LEADER = "deputy_leader"
    PARTY_GROUP_LEADER = "party_group_leader"
    SELF_MANAGEMENT_COMMITTEE = "self_management_committee"
    OWNERS_COMMITTEE_DIRECTOR = "owners_committee_director"
    BRANCH_SECRETARY = "branch_secretary"
    PROPERTY_MANAGER = "property_manager"
    GRID_OFFICER = "grid_officer"
    COMMUNITY_DIRECTOR = "community_director"
    COMMUNITY_SECRETARY = "community_secretary"


CHAIN: tuple[PostKind, ...] = (
    PostKind.ENTRANCE_LEADER,
    PostKind.BUILDING_LEADER,
    PostKind.DEPUTY_LEADER,
    PostKind.SELF_MANAGEMENT_COMMITTEE,
    PostKind.OWNERS_COMMITTEE_DIRECTOR,
    PostKind.BRANCH_SECRETARY,
)
"""Who is asked first, next, … when the one before is missing, declines or is the one complained about."""

COMMITTEE: frozenset[PostKind] = frozenset(
    (
        PostKind.SELF_MANAGEMENT_COMMITTEE,
        PostKind.OWNERS_COMMITTEE_DIRECTOR,
        PostKind.BRANCH_SECRETARY,
    )
)
"""The posts that speak for the whole compound."""

APPROVERS: frozenset[PostKind] = COMMITTEE | {
    PostKind.ENTRANCE_LEADER,
    PostKind.BUILDING_LEADER,
    PostKind.DEPUTY_LEADER,
}
"""The posts that may say who lives at the place they are responsible for."""

SHARED: frozenset[PostKind] = frozenset((PostKind.SELF_MANAGEMENT_COMMITTEE,))
"""Posts several people hold at once; in every other post a new holder follows the old one."""

LEVEL: Mapping[PostKind, str] = {
    PostKind.ENTRANCE_LEADER: "entrance",
    PostKind.BUILDING_LEADER: "building",
    PostKind.DEPUTY_LEADER: "building",
    PostKind.PARTY_GROUP_LEADER: "building",
    PostKind.SELF_MANAGEMENT_COMMITTEE: "compound",
    PostKind.OWNERS_COMMITTEE_DIRECTOR: "compound",
    PostKind.BRANCH_SECRETARY: "compound",
    PostKind.PROPERTY_MANAGER: "compound",
    PostKind.GRID_OFFICER: "compound",
    PostKind.COMMUNITY_DIRECTOR: "community",
    PostKind.COMMUNITY_SECRETARY: "community",
}
"""The kind of place each post is held at."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: exactly one of unit, entrance, building, common area, compound (C8).

    The ids of the levels above are filled in too: a unit knows its building.
    """

    kind: str
    compound_id: int
    building_id: int | None = None
    entrance_id: int | None = None
    unit_id: int | None = None

    def __post_init__(self) -> None:
        needed = {"unit": self.unit_id, "entrance": self.entrance_id, "building": self.building_id}
        if self.kind not in (*needed, "common_area", "compound"):
            raise ValueError(f"a place cannot be a {self.kind!r}")
        if self.kind in needed and needed[self.kind] is None:
            raise ValueError(f"a place that is a {self.kind} needs its id")


@dataclass(frozen=True, slots=True)
class Holder:
    """A person in a post; `reachable` means that the bot can write to them.

    A stand-in holds it for somebody (`acting_for`) who is away for a while; a deputy is asked when no holder
    or stand-in is there.
    """

    post_id: int
    kind: PostKind
    building_id: int | None
    entrance_id: int | None
    person_id: int
    reachable: bool
    is_deputy: bool = False
    acting_for: int | None = None
    is_away: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A step of the chain that was passed over; `why`: empty, away, unreachable, declined or concerned."""

    kind: PostKind
    why: str


@dataclass(frozen=True, slots=True)
class Match:
    """Who gets an issue, and the whole reasoning (shown on demand); `away` would have it if there."""

    holder: Holder
    rule: str
    skipped: tuple[Skipped, ...]
    followers: tuple[int, ...] = ()
    away: tuple[int, ...] = ()


def chain_for(handled_by: str, place: Place) -> tuple[PostKind, ...]:
    """The posts to try in order: a category's own post first, then the chain from the place upwards."""
    chain = CHAIN
    if place.entrance_id is None:
        chain = tuple(kind for kind in chain if LEVEL[kind] != "entrance")
    if place.building_id is None:
        chain = tuple(kind for kind in chain if LEVEL[kind] == "compound")
    if handled_by == "leader":
        return chain
    own = PostKind(handled_by)
    return (own, *(kind for kind in chain if kind != own))


def holders_at(kind: PostKind, place: Place, holders: Sequence[Holder]) -> list[Holder]:
    """Who holds a post of this kind for this place, as they are asked: holders, stand-ins, deputies."""
    level = LEVEL[kind]
    return [
        holder
        for holder in holders
        if holder.kind == kind
        and (level != "building" or holder.building_id == place.building_id)
        and (level != "entrance" or holder.entrance_id == place.entrance_id)
    ]


def match(
    handled_by: str,
    place: Place,
    holders: Sequence[Holder],
    *,
    declined: frozenset[int] = frozenset(),
    concerned: frozenset[int] = frozenset(),
) -> Match | None:
    """Find the one person responsible; None when nobody in the compound holds any post that could.

    `declined` have given the issue back, `concerned` are the people it is about (C10): both are passed over,
    the concerned without exception, and with them who stands in for them. Somebody who is away, or whom the
    bot cannot write to, is taken only when nobody else is left, for a name with a phone beats silence.
    """
    skipped: list[Skipped] = []
    away: list[int] = []
    fallback: Holder | None = None
    chosen: Holder | None = None
    for kind in chain_for(handled_by, place):
        at_post = holders_at(kind, place, holders)
        if not at_post:
            skipped.append(Skipped(kind, "empty"))
            continue
        free = [one for one in at_post if not concerned & {one.person_id, one.acting_for}]
        if not free:
            skipped.append(Skipped(kind, "concerned"))
            continue
        willing = [holder for holder in free if holder.person_id not in declined]
        chosen = next((one for one in willing if one.reachable and not one.is_away), None)
        before = willing[: willing.index(chosen)] if chosen else willing
        away += [one.person_id for one in before if one.is_away]
        if chosen:
            break
        fallback = fallback or next(iter(willing or free), None)
        # Where one gave it back and the others are not there, it is the giving back that is told.
        absent = "away" if any(holder.is_away for holder in willing) else "unreachable"
        skipped.append(Skipped(kind, "declined" if len(willing) < len(free) else absent))
    if chosen is None:
        chosen, away = fallback, []
    if chosen is None:
        return None
    own_post = handled_by != "leader" and chosen.kind == handled_by
    rule = "category_post" if own_post else "chain" if chosen is not fallback else "last_resort"
    watchers: tuple[int, ...] = ()
    if own_post:
        # The building leader follows what a category's own post handles in their building.
        watchers = tuple(
            holder.person_id
            for holder in holders_at(PostKind.BUILDING_LEADER, place, holders)
            if holder.person_id not in concerned | {chosen.person_id} and not holder.is_deputy
        )
    return Match(chosen, rule, tuple(skipped), watchers, tuple(dict.fromkeys(away)))


def committee_of(holders: Sequence[Holder]) -> list[Holder]:
    """Everybody who speaks for the compound."""
    return [holder for holder in holders if holder.kind in COMMITTEE]


def may_approve(person_id: int, place: Place, holders: Sequence[Holder]) -> bool:
    """Whether this person may say who lives at this place (R3)."""
    return any(
        holder.person_id == person_id for kind in APPROVERS for holder in holders_at(kind, place, holders)
    )
