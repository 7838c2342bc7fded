"""Who may report for whom: a post of the list, for the homes it is responsible for."""

import pytest

from bot.domain.posts import LEVEL, Holder, Place, PostKind
from bot.domain.proxies import ASKED, SOURCES, may_enter

HOME = Place("unit", 1, building_id=3, entrance_id=31, unit_id=311)
ELSEWHERE = Place("unit", 1, building_id=5, entrance_id=51, unit_id=511)
NEXT_DOOR = Place("unit", 1, building_id=3, entrance_id=32, unit_id=321)
HERE = {"entrance": (3, 31), "building": (3, None), "compound": (None, None), "community": (None, None)}
MAY = {
    PostKind.ENTRANCE_LEADER: (HOME,),
    PostKind.BUILDING_LEADER: (HOME, NEXT_DOOR),
    PostKind.DEPUTY_LEADER: (HOME, NEXT_DOOR),
    PostKind.SELF_MANAGEMENT_COMMITTEE: (HOME, NEXT_DOOR, ELSEWHERE),
    PostKind.OWNERS_COMMITTEE_DIRECTOR: (HOME, NEXT_DOOR, ELSEWHERE),
    PostKind.BRANCH_SECRETARY: (HOME, NEXT_DOOR, ELSEWHERE),
    PostKind.PROPERTY_MANAGER: (HOME, NEXT_DOOR, ELSEWHERE),
    PostKind.GRID_OFFICER: (HOME, NEXT_DOOR, ELSEWHERE),
    PostKind.PARTY_GROUP_LEADER: (),
    PostKind.COMMUNITY_DIRECTOR: (),
    PostKind.COMMUNITY_SECRETARY: (),
}


@pytest.mark.parametrize("kind", PostKind)
@pytest.mark.parametrize("part", ["holder", "deputy", "stand_in"])
def test_each_post_for_its_own_homes(kind: PostKind, part: str) -> None:
    """Holders, their deputies and who stands in for them alike; nobody for a home that is not theirs."""
    building, entrance = HERE[LEVEL[kind]]
    acting_for = 8 if part == "stand_in" else None
    holder = Holder(1, kind, building, entrance, 7, True, part == "deputy", acting_for)
    allowed = tuple(home for home in (HOME, NEXT_DOOR, ELSEWHERE) if may_enter(7, home, [holder]))
    assert allowed == MAY[kind]
    assert not may_enter(8, HOME, [holder])


def test_nobody_is_asked_by_a_note() -> None:
    """A report may come on paper; whether it is fixed is asked by voice."""
    assert set(SOURCES) - set(ASKED) == {"paper"}
