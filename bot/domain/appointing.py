"""Who may change who holds a post: appoint, end somebody's time, change what the contact card says."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from bot.domain.errors import Refused
from bot.domain.posts import SHARED, Holder, PostKind

_K = PostKind
HEADS: frozenset[PostKind] = frozenset((_K.OWNERS_COMMITTEE_DIRECTOR, _K.BRANCH_SECRETARY))
"""The two who manage every post of the compound."""
KEPT: frozenset[PostKind] = HEADS | {_K.COMMUNITY_SECRETARY}
"""Posts that, while their holder is there, only that holder (or the operator) passes on: neither of the two
heads can put the other out and lock the committee out of its own compound."""
_BUILDING = HEADS | {_K.SELF_MANAGEMENT_COMMITTEE}

MANAGERS: Mapping[PostKind, frozenset[PostKind]] = {
    _K.ENTRANCE_LEADER: _BUILDING | {_K.BUILDING_LEADER},
    _K.DEPUTY_LEADER: _BUILDING | {_K.BUILDING_LEADER},
    _K.BUILDING_LEADER: _BUILDING,
    _K.PARTY_GROUP_LEADER: _BUILDING,
    _K.SELF_MANAGEMENT_COMMITTEE: HEADS,
    _K.OWNERS_COMMITTEE_DIRECTOR: HEADS,
    _K.BRANCH_SECRETARY: HEADS,
    _K.PROPERTY_MANAGER: HEADS,
    _K.GRID_OFFICER: HEADS,
    _K.COMMUNITY_DIRECTOR: frozenset((_K.COMMUNITY_SECRETARY,)),
    _K.COMMUNITY_SECRETARY: frozenset((_K.COMMUNITY_SECRETARY,)),
}
"""Which posts manage which; a building leader only those of their building, deputies and stand-ins none."""


class Deed(StrEnum):
    """What can be done to a post."""

    APPOINT = "appoint"  # somebody, now or from a day on, as holder or deputy; also their term
    END = "end"  # somebody's time in it
    PROPOSE = "propose"  # one's own successor or deputy: who manages the post says yes or no
    WORDS = "words"  # duty, hours, phone of the office


def manages(person_id: int, kind: PostKind, building_id: int | None, holders: Sequence[Holder]) -> bool:
    """Whether this person, by a post of their own, is over posts of this kind at this place."""
    return any(
        own.kind in MANAGERS[kind] and own.building_id in (None, building_id)
        for own in holders
        if own.person_id == person_id and _in_full(own)
    )


def check(
    deed: Deed,
    actor_id: int,
    post_id: int,
    kind: PostKind,
    building_id: int | None,
    holders: Sequence[Holder],
    *,
    person_id: int | None = None,
) -> None:
    """Refuse what the actor may not do to a post; `holders` are all of its compound and community.

    `person_id` is whose time ends; everybody may end their own. Refusals: `post_not_yours`, `post_kept` (only
    its own holder passes it on), `last_of_two` (nobody would be left who may appoint anybody).
    """
    own = [one for one in holders if one.post_id == post_id and _in_full(one)]
    is_own = any(one.person_id == actor_id for one in own)
    if deed is Deed.END and person_id == actor_id:
        if is_own and kind in HEADS and not _other_head(kind, holders):
            raise Refused("last_of_two")
        return
    if is_own and (deed is Deed.WORDS or (deed is Deed.PROPOSE and kind not in SHARED)):
        return
    if not manages(actor_id, kind, building_id, holders):
        raise Refused("post_not_yours")
    if kind in KEPT and not is_own and any(one.reachable for one in own):
        raise Refused("post_kept")


def may(
    deed: Deed,
    actor_id: int,
    post_id: int,
    kind: PostKind,
    building_id: int | None,
    holders: Sequence[Holder],
    *,
    person_id: int | None = None,
) -> bool:
    """The same as an answer, for what is shown."""
    try:
        check(deed, actor_id, post_id, kind, building_id, holders, person_id=person_id)
    except Refused:
        return False
    return True


def _in_full(one: Holder) -> bool:
    return not one.is_deputy and one.acting_for is None


def _other_head(kind: PostKind, holders: Sequence[Holder]) -> bool:
    return any(one.kind in HEADS - {kind} and one.reachable and _in_full(one) for one in holders)
