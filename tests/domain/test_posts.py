"""Who is responsible: the chain from the place upwards, and every reason to pass somebody over."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.posts import (
    APPROVERS,
    CHAIN,
    LEVEL,
    Holder,
    Place,
    PostKind,
    Skipped,
    chain_for,
    committee_of,
    holders_at,
    match,
    may_approve,
)

UNIT = Place("unit", 1, 10, 100, 1000)
ENTRANCE = Place("entrance", 1, 10, 100)
BUILDING = Place("building", 1, 10)
YARD = Place("common_area", 1)
_ids = count(1)

ENTRANCE_LEADER, LEADER, DEPUTY = PostKind.ENTRANCE_LEADER, PostKind.BUILDING_LEADER, PostKind.DEPUTY_LEADER
COMMITTEE, DIRECTOR = PostKind.SELF_MANAGEMENT_COMMITTEE, PostKind.OWNERS_COMMITTEE_DIRECTOR
SECRETARY, MANAGER = PostKind.BRANCH_SECRETARY, PostKind.PROPERTY_MANAGER


def holder(
    kind: PostKind, person: int, *, reachable: bool = True, building: int = 10, entrance: int = 100
) -> Holder:
    """Somebody in office at the place of their level."""
    level = LEVEL[kind]
    return Holder(
        next(_ids),
        kind,
        building if level != "compound" else None,
        entrance if level == "entrance" else None,
        person,
        reachable,
    )


ALL = [holder(kind, person) for person, kind in enumerate(CHAIN, 1)]


@pytest.mark.parametrize(
    ("place", "first"),
    [(UNIT, ENTRANCE_LEADER), (ENTRANCE, ENTRANCE_LEADER), (BUILDING, LEADER), (YARD, COMMITTEE)],
)
def test_the_chain_begins_at_the_place(place: Place, first: PostKind) -> None:
    """A unit or an entrance is its entrance leader's, a building the leader's, the yard the committee's."""
    found = match("leader", place, ALL)
    assert found is not None
    assert (found.holder.kind, found.rule, found.skipped, found.followers) == (first, "chain", (), ())
    assert chain_for("leader", place)[0] == first


@pytest.mark.parametrize("missing", range(len(CHAIN)))
def test_each_empty_post_is_passed_over_and_named(missing: int) -> None:
    """With the first posts empty, the next in order has it, and the reasoning lists the empty ones (C7)."""
    found = match("leader", UNIT, ALL[missing:])
    assert found is not None
    assert found.holder.kind == CHAIN[missing]
    assert found.skipped == tuple(Skipped(kind, "empty") for kind in CHAIN[:missing])


def test_nobody_at_all() -> None:
    """Without any holder there is no match; a grid officer alone is in no chain."""
    assert match("leader", UNIT, []) is None
    assert match("leader", UNIT, [holder(PostKind.GRID_OFFICER, 1)]) is None


def test_another_building_is_none_of_theirs() -> None:
    """A leader next door and the leader of the other entrance are not asked."""
    others = [holder(LEADER, 1, building=11), holder(ENTRANCE_LEADER, 2, entrance=101), holder(SECRETARY, 3)]
    found = match("leader", UNIT, others)
    assert found is not None
    assert found.holder.person_id == 3
    assert holders_at(LEADER, UNIT, others) == []


def test_a_categorys_own_post_first_then_the_leader_follows() -> None:
    """The property manager gets it; the building leader watches, unless it is about them."""
    people = [holder(MANAGER, 1), holder(LEADER, 2), holder(COMMITTEE, 3)]
    found = match(MANAGER, BUILDING, people)
    assert found is not None
    assert (found.holder.person_id, found.rule, found.followers) == (1, "category_post", (2,))
    about_leader = match(MANAGER, BUILDING, people, concerned=frozenset({2}))
    assert about_leader is not None
    assert about_leader.followers == ()
    in_the_yard = match(MANAGER, YARD, people)
    assert in_the_yard is not None
    assert in_the_yard.followers == ()


def test_without_the_own_post_the_chain_has_it() -> None:
    """No property manager: the leader has it by the chain and follows nothing."""
    found = match(MANAGER, BUILDING, [holder(LEADER, 2)])
    assert found is not None
    assert (found.holder.person_id, found.rule, found.followers) == (2, "chain", ())
    assert found.skipped == (Skipped(MANAGER, "empty"),)


def test_who_cannot_be_reached_is_taken_last() -> None:
    """A name with a phone beats silence, but only when nobody on the bot is left."""
    people = [holder(LEADER, 1, reachable=False), holder(SECRETARY, 2)]
    found = match("leader", BUILDING, people)
    assert found is not None
    assert (found.holder.person_id, found.rule) == (2, "chain")
    assert Skipped(LEADER, "unreachable") in found.skipped
    alone = match("leader", BUILDING, people[:1])
    assert alone is not None
    assert (alone.holder.person_id, alone.rule) == (1, "last_resort")


def test_who_declined_is_asked_again_only_when_alone() -> None:
    """A declined issue goes up; the last in line keeps it."""
    people = [holder(LEADER, 1), holder(DIRECTOR, 2)]
    found = match("leader", BUILDING, people, declined=frozenset({1}))
    assert found is not None
    assert found.holder.person_id == 2
    assert Skipped(LEADER, "declined") in found.skipped
    nobody_else = match("leader", BUILDING, people, declined=frozenset({1, 2}))
    assert nobody_else is not None
    assert (nobody_else.holder.person_id, nobody_else.rule) == (1, "last_resort")


def test_nobody_judges_their_own_case() -> None:
    """Whom it is about gets it under no circumstances, in none of their posts (C10)."""
    people = [holder(LEADER, 1), holder(COMMITTEE, 1), holder(SECRETARY, 2)]
    found = match("leader", BUILDING, people, concerned=frozenset({1}))
    assert found is not None
    assert found.holder.person_id == 2
    assert found.skipped[0] == Skipped(LEADER, "concerned")
    assert match("leader", BUILDING, people[:2], concerned=frozenset({1})) is None


def test_of_several_the_longest_in_office() -> None:
    """The committee is a post of several: the first who can be reached, whom it is about left out."""
    people = [holder(COMMITTEE, 1, reachable=False), holder(COMMITTEE, 2), holder(COMMITTEE, 3)]
    found, other = match("leader", YARD, people), match("leader", YARD, people, concerned=frozenset({2}))
    assert found is not None
    assert other is not None
    assert (found.holder.person_id, other.holder.person_id) == (2, 3)


@pytest.mark.parametrize("kind", PostKind)
def test_who_may_say_who_lives_here(kind: PostKind) -> None:
    """Leaders for their own place and the committee for all; not the property manager, not the state side."""
    here, elsewhere = [holder(kind, 1)], [holder(kind, 1, building=11, entrance=101)]
    assert may_approve(1, UNIT, here) == (kind in APPROVERS)
    assert may_approve(1, UNIT, elsewhere) == (kind in APPROVERS and LEVEL[kind] == "compound")
    assert not may_approve(2, UNIT, here)


def test_who_speaks_for_the_compound() -> None:
    """The three posts of the committee, nobody else."""
    assert [one.kind for one in committee_of(ALL)] == [COMMITTEE, DIRECTOR, SECRETARY]


people = st.lists(
    st.builds(
        holder,
        st.sampled_from(PostKind),
        st.integers(1, 6),
        reachable=st.booleans(),
        building=st.sampled_from((10, 11)),
        entrance=st.sampled_from((100, 101)),
    ),
    max_size=12,
)
some = st.frozensets(st.integers(1, 6), max_size=4)


@given(
    st.sampled_from(("leader", *PostKind)),
    st.sampled_from((UNIT, ENTRANCE, BUILDING, YARD)),
    people,
    some,
    some,
)
def test_whoever_is_found_may_have_it(
    handled_by: str, place: Place, holders: list[Holder], declined: frozenset[int], concerned: frozenset[int]
) -> None:
    """Never the concerned, always a holder of this place; who is unasked and reachable wins over the rest."""
    found = match(handled_by, place, holders, declined=declined, concerned=concerned)
    chain = chain_for(handled_by, place)
    possible = [
        one for kind in chain for one in holders_at(kind, place, holders) if one.person_id not in concerned
    ]
    assert (found is None) == (not possible)
    if found is None:
        return
    assert found.holder in possible
    best = [one for one in possible if one.reachable and one.person_id not in declined]
    assert found.holder == best[0] if best else found.rule != "chain"
    assert [step.kind for step in found.skipped] == list(chain[: len(found.skipped)])
    assert not set(found.followers) & (concerned | {found.holder.person_id})
