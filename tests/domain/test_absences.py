"""Standing in: chains end with somebody who is there, rings are found, rights are not gained."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.absences import (
    LONGEST,
    Absence,
    check,
    may_stand_in,
    read_start,
    read_until,
    ring,
    stand_in_for,
)
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import LEVEL, Holder, Place, PostKind, match

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=SHANGHAI).astimezone(UTC)
DAY = timedelta(days=1)
A, B, C, D = 1, 2, 3, 4


def away(person: int, stand_in: int | None, first: float, last: float, number: int = 0) -> Absence:
    """Somebody is away between two days from now."""
    return Absence(number, person, 1, stand_in, NOW + first * DAY, NOW + last * DAY)


# Chains -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("links", "found"),
    [
        ({}, None),
        ({A: None}, None),
        ({A: B}, B),
        ({A: B, B: C}, C),
        ({A: B, B: C, C: None}, None),
        ({B: C}, None),
        ({A: B, B: A}, None),
        ({A: B, B: C, C: B}, None),
        ({A: A}, None),
    ],
)
def test_a_chain_ends_with_who_is_there(links: Mapping[int, int | None], found: int | None) -> None:
    """Through those who are away themselves; a ring, which should not be, ends with nobody."""
    assert stand_in_for(A, links) == found


PEOPLE = st.integers(1, 6)


@given(links=st.dictionaries(PEOPLE, st.none() | PEOPLE), person=PEOPLE)
def test_any_chain_ends(links: dict[int, int | None], person: int) -> None:
    """Whoever names whom: it ends with somebody present, or with nobody."""
    found = stand_in_for(person, links)
    assert found is None or (found not in links and found != person)


@given(
    plans=st.lists(st.tuples(PEOPLE, st.none() | PEOPLE, st.integers(0, 20), st.integers(1, 9)), max_size=14),
    instant=st.integers(0, 30),
)
def test_what_was_let_in_has_no_ring(plans: list[tuple[int, int | None, int, int]], instant: int) -> None:
    """Absences that were checked one after the other: at no time does a chain come back to itself."""
    known: list[Absence] = []
    for number, (person, stand_in, first, days) in enumerate(plans, 1):
        new = away(person, stand_in, first, first + days, number)
        try:
            check(new, known, NOW)
        except Refused:
            continue
        if not ring(new, known):
            known.append(new)
    at = NOW + (instant + 0.5) * DAY
    links = {one.person_id: one.stand_in_id for one in known if one.covers(at)}
    for person, found in links.items():
        seen = {person}
        while found in links:
            assert found not in seen, links
            seen.add(found)
            found = links[found]  # noqa: PLW2901


def test_a_ring_says_who_is_away_when() -> None:
    """Only where the absences overlap, however long the ring."""
    others = [away(B, C, 2, 5), away(C, A, 4, 8)]
    assert ring(away(A, B, 0, 3), others) == ()
    assert ring(away(A, B, 0, 4), others) == ()
    assert ring(away(A, B, 0, 4.5), others) == tuple(others)
    assert ring(away(A, B, 4.5, 9), others) == tuple(others)
    assert ring(away(A, B, 5, 9), others) == ()
    assert ring(away(A, C, 5, 9), others) == (others[1],)
    assert ring(away(A, D, 0, 9), others) == ring(away(A, None, 0, 9), others) == ()


def test_a_ring_of_others_is_none_of_ours() -> None:
    """A chain into a ring that has been there before ends; it does not close through the new one."""
    others = [away(B, C, 0, 9), away(C, B, 0, 9)]
    assert ring(away(A, B, 0, 9), others) == ()


# What cannot be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        (away(A, B, 3, 3), "away_backwards"),
        (away(A, B, 3, 2), "away_backwards"),
        (away(A, B, -3, -1), "away_past"),
        (away(A, B, -3, 0), "away_past"),
        (away(A, B, 1, 1 + LONGEST.days + 0.1), "away_too_long"),
        (away(A, A, 1, 2), "away_oneself"),
        (away(A, B, 9, 11), "away_overlap"),
        (away(A, B, 11, 12), "away_overlap"),
        (away(A, None, 19, 21), "away_overlap"),
        (away(A, B, 5, 25), "away_overlap"),
    ],
)
def test_what_is_refused(new: Absence, reason: str) -> None:
    """Backwards, past, too long, by oneself, or twice at once."""
    with pytest.raises(Refused) as no:
        check(new, [away(A, C, 10, 20, 7), away(B, None, 0, 30, 8)], NOW)
    assert no.value.reason == reason


@pytest.mark.parametrize(
    "new", [away(A, B, 1, 10), away(A, B, 20, 21), away(A, B, 1, 1 + LONGEST.days), away(A, B, 9, 22, 7)]
)
def test_what_is_let_in(new: Absence) -> None:
    """One after the other, as long as may be, and the same one with other dates."""
    others = [] if new.until_at > NOW + 100 * DAY else [away(A, C, 10, 20, 7), away(B, None, 0, 30, 8)]
    check(new, others, NOW)


def test_what_it_was_says_whether_somebody_is_away() -> None:
    """Begun and not ended, whatever the clock says."""
    one = away(A, B, 0, 1)
    assert not one.is_running
    assert replace(one, begun_at=NOW).is_running
    assert not replace(one, begun_at=NOW, ended_at=NOW).is_running
    assert not replace(one, ended_at=NOW).is_running
    assert one.covers(NOW)
    assert not one.covers(NOW + DAY)


# Who may ------------------------------------------------------------------------------------------------

POSTS = {
    kind: Holder(10 + number, kind, 3 if LEVEL[kind] in ("building", "entrance") else None, None, A, True)
    for number, kind in enumerate(PostKind)
}
RESIDENT, NEXT_DOOR, MANAGER, MEMBER, DEPUTY, STANDING = 50, 51, 52, 53, 54, 55
HOMES = {RESIDENT: {3}, NEXT_DOOR: {4}}


def others_at(post: Holder) -> list[Holder]:
    """A property manager, a member of the committee, a deputy of the very post, and a stand-in at another."""
    manager, member = POSTS[PostKind.PROPERTY_MANAGER], POSTS[PostKind.SELF_MANAGEMENT_COMMITTEE]
    return [
        post,
        replace(manager, post_id=90, person_id=MANAGER),
        replace(member, post_id=91, person_id=MEMBER),
        replace(post, person_id=DEPUTY, is_deputy=True),
        replace(member, post_id=92, person_id=STANDING, acting_for=A),
    ]


@pytest.mark.parametrize("kind", PostKind)
def test_nobody_gains_rights_by_standing_in(kind: PostKind) -> None:
    """The whole matrix: by the level of the post, who may stand in."""
    post = POSTS[kind]
    able = {
        one
        for one in (RESIDENT, NEXT_DOOR, MANAGER, MEMBER, DEPUTY, STANDING)
        if may_stand_in(post, one, others_at(post), HOMES.get(one, ()))
    }
    expected = {
        "entrance": {RESIDENT, MANAGER, MEMBER, DEPUTY},
        "building": {RESIDENT, MANAGER, MEMBER, DEPUTY},
        "compound": {MEMBER, DEPUTY},
        "community": set(),
    }
    assert able == expected[LEVEL[kind]]


def test_who_would_have_got_it_is_remembered() -> None:
    """Of those who are away only who came before the one found: others would not have got it."""
    leader = POSTS[PostKind.BUILDING_LEADER]
    gone = replace(leader, is_away=True)
    stand_in = replace(leader, person_id=B, acting_for=A)
    last = replace(leader, person_id=C, is_deputy=True, is_away=True)
    place = Place("building", 1, 3)
    for holders, who, absent in (
        ([gone, stand_in, last], B, (A,)),
        ([leader, last], A, ()),
        ([gone, last, replace(POSTS[PostKind.BRANCH_SECRETARY], person_id=D)], D, (A, C)),
        ([gone], A, ()),
    ):
        found = match("leader", place, holders)
        assert found is not None
        assert (found.holder.person_id, found.away) == (who, absent)


# In people's words --------------------------------------------------------------------------------------


def local(month: int, day: int, hour: int = 0) -> datetime:
    """An instant in Ya'an, around the turn of 2026."""
    return datetime(2026 if month > 10 else 2027, month, day, hour, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("3天", local(11, 27)),
        ("三天", local(11, 27)),
        ("１０ 天", local(12, 4)),
        ("一周", local(12, 1)),
        ("1个星期", local(12, 1)),
        ("兩個禮拜", local(12, 8)),
        ("半个月", local(12, 9)),
        ("一个月", local(12, 24)),
        ("180天", local(5, 23)),
        ("2 weeks", local(12, 8)),
        ("12月3日", local(12, 4)),
        ("到12月3日", local(12, 4)),
        ("12月3日下午6点", local(12, 3, 18)),
        ("到周五", local(11, 28)),
        ("until friday", local(11, 28)),
        ("3日", local(12, 4)),
        ("3天后", local(11, 28)),
        ("元旦", local(1, 2)),
        ("元旦后", local(1, 4)),
        ("到元旦假期结束", local(1, 4)),
        ("after new year's day", local(1, 4)),
        ("重阳以后", local(10, 9)),
    ],
)
def test_until_when(said: str, until: datetime) -> None:
    """The last day is one of them; days are counted from the first; after a festival is after its holiday."""
    assert read_until(said, NOW, NOW, SHANGHAI) == until


def test_days_are_counted_from_the_first() -> None:
    """Not from today, where it begins later."""
    assert read_until("3天", local(12, 1), NOW, SHANGHAI) == local(12, 4)
    assert read_until("周五", local(12, 1), NOW, SHANGHAI) == local(12, 5)
    assert read_until("元旦后", local(1, 2), NOW, SHANGHAI) == local(1, 4)
    # What is said from today on is not said from the first day on.
    assert read_until("明天", local(12, 1), NOW, SHANGHAI) == local(11, 26)


@pytest.mark.parametrize("said", ["", "天", "5月", "不知道", "后", "到", "很久", "-3天", "到国庆后再说"])
def test_nonsense_is_asked_back(said: str) -> None:
    """Never guessed."""
    with pytest.raises(NotUnderstood):
        read_until(said, NOW, NOW, SHANGHAI)


def test_from_when() -> None:
    """Today is now; another day begins at midnight; an hour is that hour."""
    assert read_start("今天", NOW, SHANGHAI) == NOW
    assert read_start("明天", NOW, SHANGHAI) == local(11, 25)
    assert read_start("12月1日下午3点", NOW, SHANGHAI) == local(12, 1, 15)
    with pytest.raises(NotUnderstood):
        read_start("昨天", NOW, SHANGHAI)
