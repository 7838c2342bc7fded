"""Who may change who holds a post: the table, held against every pair of posts."""

from itertools import count
from typing import Any

import pytest

from bot.domain.appointing import HEADS, KEPT, MANAGERS, Deed, check, manages, may
from bot.domain.errors import Refused
from bot.domain.posts import LEVEL, SHARED, Holder, PostKind

BUILDING, OTHER = 10, 20
ACTOR, SOMEBODY = 1, 2
COMMITTEE, DIRECTOR = PostKind.SELF_MANAGEMENT_COMMITTEE, PostKind.OWNERS_COMMITTEE_DIRECTOR
SECRETARY, LEADER = PostKind.BRANCH_SECRETARY, PostKind.BUILDING_LEADER
_ids = count(1)


def holder(
    kind: PostKind,
    person: int,
    *,
    building: int = BUILDING,
    reachable: bool = True,
    is_deputy: bool = False,
    acting_for: int | None = None,
) -> Holder:
    """Somebody in a post of its own, in the building where it is one of a building."""
    at = building if LEVEL[kind] in ("building", "entrance") else None
    door = 100 if LEVEL[kind] == "entrance" else None
    return Holder(next(_ids), kind, at, door, person, reachable, is_deputy, acting_for)


BESIDE: tuple[dict[str, Any], ...] = ({"is_deputy": True}, {"acting_for": 5})
"""Not holders in full."""
MATRIX = {
    PostKind.ENTRANCE_LEADER: {DIRECTOR, SECRETARY, COMMITTEE, LEADER},
    PostKind.DEPUTY_LEADER: {DIRECTOR, SECRETARY, COMMITTEE, LEADER},
    LEADER: {DIRECTOR, SECRETARY, COMMITTEE},
    PostKind.PARTY_GROUP_LEADER: {DIRECTOR, SECRETARY, COMMITTEE},
    COMMITTEE: {DIRECTOR, SECRETARY},
    DIRECTOR: {DIRECTOR, SECRETARY},
    SECRETARY: {DIRECTOR, SECRETARY},
    PostKind.PROPERTY_MANAGER: {DIRECTOR, SECRETARY},
    PostKind.GRID_OFFICER: {DIRECTOR, SECRETARY},
    PostKind.COMMUNITY_DIRECTOR: {PostKind.COMMUNITY_SECRETARY},
    PostKind.COMMUNITY_SECRETARY: {PostKind.COMMUNITY_SECRETARY},
}
"""Written down a second time, post by post: who manages it."""


@pytest.mark.parametrize("kind", PostKind)
@pytest.mark.parametrize("own", PostKind)
def test_who_manages_which_post(own: PostKind, kind: PostKind) -> None:
    """Every pair; and of another building nobody but those of the compound."""
    at = BUILDING if LEVEL[kind] in ("building", "entrance") else None
    assert manages(ACTOR, kind, at, [holder(own, ACTOR)]) == (own in MATRIX[kind])
    elsewhere = holder(own, ACTOR, building=OTHER)
    assert manages(ACTOR, kind, at, [elsewhere]) == (own in MATRIX[kind] and elsewhere.building_id is None)


@pytest.mark.parametrize("own", PostKind)
@pytest.mark.parametrize("more", BESIDE)
def test_deputies_and_stand_ins_manage_nothing(own: PostKind, more: dict[str, Any]) -> None:
    """A post held for somebody, or beside them, gives no right over who holds posts."""
    one = holder(own, ACTOR, **more)
    assert not any(manages(ACTOR, kind, BUILDING, [one]) for kind in MANAGERS)
    for deed in (Deed.APPOINT, Deed.PROPOSE, Deed.WORDS):
        assert not may(deed, ACTOR, one.post_id, own, one.building_id, [one])


@pytest.mark.parametrize("kind", sorted(KEPT))
def test_nobody_puts_out_who_passes_the_post_on_themselves(kind: PostKind) -> None:
    """One head cannot replace, end or rewrite the other; a post that is empty or silent can be filled."""
    mine = holder(next(iter(MATRIX[kind] - {kind})) if MATRIX[kind] - {kind} else kind, ACTOR)
    theirs = holder(kind, SOMEBODY)
    for deed in (Deed.APPOINT, Deed.END, Deed.WORDS):
        with pytest.raises(Refused, match="post_kept"):
            check(deed, ACTOR, theirs.post_id, kind, None, [mine, theirs], person_id=SOMEBODY)
        gone = holder(kind, SOMEBODY, reachable=False)
        check(deed, ACTOR, gone.post_id, kind, None, [mine, gone], person_id=SOMEBODY)
        check(deed, SOMEBODY, theirs.post_id, kind, None, [mine, theirs], person_id=99)
    check(Deed.APPOINT, ACTOR, 99, kind, None, [mine])


@pytest.mark.parametrize("kind", PostKind)
def test_everybody_may_leave_their_own_post(kind: PostKind) -> None:
    """As holder, deputy or stand-in; only the last who may appoint anybody hands over first."""
    for more in ({}, *BESIDE):
        one = holder(kind, ACTOR, **more)
        alone = kind in HEADS and not more
        assert may(Deed.END, ACTOR, one.post_id, kind, one.building_id, [one], person_id=ACTOR) != alone
    one = holder(kind, ACTOR)
    others = [holder(head, SOMEBODY) for head in HEADS - {kind}]
    check(Deed.END, ACTOR, one.post_id, kind, one.building_id, [one, *others], person_id=ACTOR)


@pytest.mark.parametrize("kind", sorted(HEADS))
def test_the_last_of_the_two(kind: PostKind) -> None:
    """Who is only in the register, a deputy or a stand-in cannot appoint anybody: they do not count."""
    one = holder(kind, ACTOR)
    (other,) = HEADS - {kind}
    for more in ({"reachable": False}, *BESIDE):
        with pytest.raises(Refused, match="last_of_two"):
            check(
                Deed.END,
                ACTOR,
                one.post_id,
                kind,
                None,
                [one, holder(other, SOMEBODY, **more)],
                person_id=ACTOR,
            )


@pytest.mark.parametrize("kind", PostKind)
def test_a_holder_proposes_and_writes_but_does_not_appoint(kind: PostKind) -> None:
    """Their own successor, and what the card says; the rest is for who manages the post."""
    one = holder(kind, ACTOR)
    at = (one.post_id, kind, one.building_id, [one])
    assert may(Deed.WORDS, ACTOR, *at)
    assert may(Deed.PROPOSE, ACTOR, *at) == (kind not in SHARED)
    assert may(Deed.APPOINT, ACTOR, *at) == (kind in KEPT)
    assert not any(may(deed, SOMEBODY, *at) for deed in Deed)
