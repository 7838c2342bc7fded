"""Announcements against expectations written by hand: their life, the rights, loans and who gets them."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from itertools import chain, combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.addresses import BuildingEntry, EntranceEntry, Register
from bot.domain.announcing import (
    BY_ACTION,
    GROUP_LEADER,
    OFFICES,
    RIGHTS,
    TABLE,
    UNDO_WITHIN,
    Account,
    Action,
    Channel,
    Class,
    GroupChat,
    Home,
    LeftOut,
    Loan,
    Officer,
    Person,
    Plan,
    Proposal,
    Role,
    Scope,
    Standing,
    State,
    Verdict,
    Why,
    check,
    deliveries,
    lend,
    may_second,
    needs_second,
    revoke,
    roles_of,
    sending_at,
    verdict,
    verdict_with_loans,
)
from bot.domain.audiences import COMPOUND, Audience, Kind, Part
from bot.domain.clocks import QuietHours
from bot.domain.errors import Refused
from bot.domain.posts import COMMITTEE, LEVEL, Holder, PostKind

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)  # Ten in the morning in Shanghai.
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
ORDINARY, URGENT = Class.ORDINARY, Class.URGENT
MAY, WITH_SECOND, MAY_NOT = Verdict.MAY, Verdict.WITH_SECOND, Verdict.MAY_NOT
GROUPS, PRIVATE = Channel.GROUPS, Channel.PRIVATE

# Life ----------------------------------------------------------------------------------------------------

# One line for each action: who may do it, then what becomes of an urgent announcement in each state. A
# state's letter is where it leads, "=" leaves it where it is, "!" tells that it has been done already, "-"
# that it cannot be done now.
STATES = {
    "D": State.DRAFT,
    "A": State.AWAITING_SECOND,
    "S": State.SCHEDULED,
    "G": State.SENDING,
    "T": State.SENT,
    "C": State.CORRECTED,
    "X": State.DISCARDED,
    "R": State.RECALLED,
    "E": State.EXPIRED,
}
EXPECTED = """
                                 D A S G T C X R E
edit              author         = - - - - - - - -
discard           author         X - - - - - ! - -
ask_second        author         A ! ! ! ! ! - - -
publish           author         S - ! ! ! ! - - -
approve           second         - S ! ! ! ! - - -
send_back         second         - D - - - - - - -
undo              author,second  ! D D - - - - - -
start             clock          - - G ! ! ! - - -
finish            clock          - - - T ! ! - - -
recall            author,second  - - - R - - - ! -
begin_correction  author,second  - - - - = = - - -
correct           clock          - - - - C C - - -
expire            clock          - E E E E E - - !
"""
_HEADER, *_LINES = [line.split() for line in EXPECTED.strip().splitlines()]
MATRIX = {
    (Action(action), STATES[state]): (frozenset(Role(name) for name in who.split(",")), cell)
    for action, who, *cells in _LINES
    for state, cell in zip(_HEADER, cells, strict=True)
}
ROLES = list(chain.from_iterable(combinations(Role, count) for count in range(len(Role) + 1)))


def standing(
    action: Action,
    state: State,
    klass: Class = URGENT,
    right: Verdict = MAY,
    *,
    send_at: datetime | None = None,
    valid_until: datetime | None = None,
    is_correcting: bool = False,
) -> Standing:
    """An announcement that meets every condition of the action but what is given here."""
    until = valid_until or (NOW if action == Action.EXPIRE else NOW + HOUR)
    return Standing(state, klass, right, send_at, until, is_correcting)


def reason(action: Action, now: Standing, roles: tuple[Role, ...] | None = None, text: str = "说明") -> str:
    """Why it is refused; empty when it is not."""
    try:
        check(action, now, BY_ACTION[action].who if roles is None else roles, text, NOW)
    except Refused as no:
        return no.reason
    return ""


def test_the_expectation_is_complete() -> None:
    """Every action in every state has a line, and the table has one row for each action."""
    assert set(MATRIX) == {(action, state) for action in Action for state in State}
    assert [row.action for row in TABLE] == list(Action)


@pytest.mark.parametrize(("action", "state"), MATRIX, ids="-".join)
def test_every_action_in_every_state_by_everybody(action: Action, state: State) -> None:
    """Who may not is told so first; then a repeat, another state, or where it leads."""
    who, cell = MATRIX[action, state]
    refused = {"!": "already_done", "-": "not_now"}.get(cell, "")
    for roles in ROLES:
        found = reason(action, standing(action, state), roles)
        assert found == (refused if who & set(roles) else "not_yours")
    if not refused:
        row = check(action, standing(action, state), tuple(who), "说明", NOW)
        assert row.to == STATES.get(cell)
        assert (cell == "=") == (row.to is None)


def test_the_end_of_a_refusal_names_the_state() -> None:
    """Whoever taps too late is told where it stands now."""
    with pytest.raises(Refused) as caught:
        check(Action.RECALL, standing(Action.RECALL, State.SENT), (Role.AUTHOR,), "", NOW)
    assert caught.value.facts == {"state": "sent"}


@pytest.mark.parametrize("action", Action)
def test_what_must_be_said(action: Action) -> None:
    """An edit and a no of the second officer need words; nothing else does."""
    spoken = reason(action, standing(action, BY_ACTION[action].sources[0]), text=" ")
    assert spoken == ("text_needed" if action in {Action.EDIT, Action.SEND_BACK} else "")


@pytest.mark.parametrize("right", Verdict)
@pytest.mark.parametrize("action", Action)
def test_the_right_is_asked_for_again(action: Action, right: Verdict) -> None:
    """On each step towards people's phones; who lost the right can still undo, recall and correct."""
    refusals = {
        (Action.ASK_SECOND, MAY_NOT): "announcement_not_allowed",
        (Action.PUBLISH, MAY_NOT): "announcement_not_allowed",
        (Action.APPROVE, MAY_NOT): "announcement_not_allowed",
        (Action.START, MAY_NOT): "announcement_not_allowed",
        (Action.PUBLISH, WITH_SECOND): "second_needed",
    }
    found = reason(action, standing(action, BY_ACTION[action].sources[0], right=right))
    assert found == refusals.get((action, right), "")


@pytest.mark.parametrize(
    ("action", "state"),
    [
        (Action.ASK_SECOND, State.DRAFT),
        (Action.APPROVE, State.AWAITING_SECOND),
        (Action.START, State.SCHEDULED),
    ],
)
@pytest.mark.parametrize(
    ("klass", "send_at", "valid_until", "expected"),
    [
        (URGENT, None, None, "validity_needed"),
        (URGENT, None, NOW, "validity_over"),
        (URGENT, None, NOW + MICROSECOND, ""),
        (URGENT, NOW - HOUR, NOW, "validity_over"),
        (ORDINARY, None, None, ""),
        (ORDINARY, None, NOW - HOUR, ""),
    ],
)
def test_urgent_needs_an_end(
    action: Action,
    state: State,
    klass: Class,
    send_at: datetime | None,
    valid_until: datetime | None,
    expected: str,
) -> None:
    """An urgent announcement is valid when it goes out, and says until when (A4)."""
    assert reason(action, Standing(state, klass, MAY, send_at, valid_until)) == expected


def test_an_end_before_the_beginning() -> None:
    """Valid now, but not any more when it is to go out."""
    late = Standing(State.DRAFT, URGENT, WITH_SECOND, NOW + 2 * HOUR, NOW + HOUR)
    assert reason(Action.ASK_SECOND, late) == "validity_over"


@pytest.mark.parametrize(
    ("action", "klass", "send_at", "valid_until", "expected"),
    [
        (Action.START, ORDINARY, None, None, ""),
        (Action.START, ORDINARY, NOW, None, ""),
        (Action.START, ORDINARY, NOW + MICROSECOND, None, "too_early"),
        (Action.EXPIRE, URGENT, None, NOW, ""),
        (Action.EXPIRE, URGENT, None, NOW + MICROSECOND, "too_early"),
        (Action.EXPIRE, ORDINARY, None, NOW, "not_now"),
        (Action.EXPIRE, URGENT, None, None, "not_now"),
    ],
)
def test_the_clock_is_not_early(
    action: Action, klass: Class, send_at: datetime | None, valid_until: datetime | None, expected: str
) -> None:
    """It starts and expires at the time and not before; an ordinary one never expires."""
    assert reason(action, Standing(State.SCHEDULED, klass, MAY, send_at, valid_until)) == expected


def test_what_waits_can_be_undone() -> None:
    """Within the 15 seconds and, for one that is to go out tomorrow, as long as it has not."""
    waiting = Standing(State.SCHEDULED, ORDINARY, MAY, NOW + 24 * HOUR)
    assert reason(Action.UNDO, waiting) == ""


def test_one_correction_at_a_time() -> None:
    """While one has been begun there is no second; the one begun can still be sent."""
    begun = standing(Action.BEGIN_CORRECTION, State.SENT, is_correcting=True)
    assert reason(Action.BEGIN_CORRECTION, begun) == "correction_begun"
    assert reason(Action.CORRECT, begun) == ""


def test_nobody_is_their_own_second() -> None:
    """The author is the author, whatever else they might be."""
    assert roles_of(1, 1, may_second=True) == {Role.AUTHOR}
    assert roles_of(2, 1, may_second=True) == {Role.SECOND}
    assert roles_of(2, 1, may_second=False) == frozenset()


QUIET = QuietHours(start=time(21), end=time(8), timezone=ZoneInfo("Asia/Shanghai"))
NIGHT = datetime(2026, 11, 24, 15, tzinfo=UTC)  # 23:00
MORNING = datetime(2026, 11, 25, 0, tzinfo=UTC)  # 08:00


@pytest.mark.parametrize(
    ("klass", "chosen", "now", "expected"),
    [
        (ORDINARY, None, NOW, NOW + UNDO_WITHIN),
        (ORDINARY, NOW + timedelta(seconds=5), NOW, NOW + UNDO_WITHIN),
        (ORDINARY, NOW - HOUR, NOW, NOW + UNDO_WITHIN),
        (ORDINARY, NOW + HOUR, NOW, NOW + HOUR),
        (ORDINARY, None, NIGHT, MORNING),
        (ORDINARY, NIGHT, NOW, MORNING),
        (URGENT, None, NIGHT, NIGHT + UNDO_WITHIN),
        (URGENT, NIGHT, NOW, NIGHT),
    ],
)
def test_when_it_goes_out(klass: Class, chosen: datetime | None, now: datetime, expected: datetime) -> None:
    """15 seconds to undo, the time chosen, and no ordinary one at night."""
    assert sending_at(klass, chosen, now, QUIET) == expected


# Rights --------------------------------------------------------------------------------------------------

# For ordinary and urgent: groups then private; "y" may, "2" with a second officer, "-" not.
EXPECTED_RIGHTS = """
                           own_entrance own_building interest_group several_buildings compound
entrance_leader            yy/--        --/--        --/--          --/--             --/--
building_leader            yy/--        yy/--        --/--          --/--             --/--
deputy_leader              y2/--        y2/--        --/--          --/--             --/--
party_group_leader         --/--        --/--        --/--          --/--             --/--
self_management_committee  yy/22        yy/22        yy/22          yy/22             22/22
owners_committee_director  yy/22        yy/22        yy/22          yy/22             22/22
branch_secretary           yy/22        yy/22        yy/22          yy/22             22/22
property_manager           22/--        22/--        22/--          22/--             22/--
grid_officer               22/--        22/--        22/--          22/--             22/--
community_director         22/--        22/--        22/--          22/--             22/--
community_secretary        22/--        22/--        22/--          22/--             22/--
interest_group_leader      --/--        --/--        yy/--          --/--             --/--
"""
_SIGNS = {"y": MAY, "2": WITH_SECOND, "-": MAY_NOT}
_SCOPES, *_OFFICES = [line.split() for line in EXPECTED_RIGHTS.strip().splitlines()]


def test_the_rights() -> None:
    """Every office, scope, channel and class."""
    expected = {
        (office, Scope(scope), channel, klass): _SIGNS[sign]
        for office, *cells in _OFFICES
        for scope, cell in zip(_SCOPES, cells, strict=True)
        for klass, signs in zip(Class, cell.split("/"), strict=True)
        for channel, sign in zip(Channel, signs, strict=True)
    }
    assert expected == RIGHTS
    assert [line[0] for line in _OFFICES] == list(OFFICES)


def test_nobody_is_urgent_alone() -> None:
    """Two officers, whoever it is and whomever it is for (A4)."""
    assert {right for cell, right in RIGHTS.items() if cell[3] is URGENT} == {MAY_NOT, WITH_SECOND}


def test_nobody_calls_the_whole_compound_alone() -> None:
    """Two officers for a whole compound (A1)."""
    assert MAY not in {right for cell, right in RIGHTS.items() if cell[1] is Scope.COMPOUND}


REGISTER = Register(
    tuple(
        BuildingEntry(
            number,
            f"{number}号楼",
            (EntranceEntry(number * 10 + 1, "1单元"), EntranceEntry(number * 10 + 2, "2单元")),
        )
        for number in (1, 2, 3)
    )
)
B1, B2, B3 = (Part(Kind.BUILDING, number) for number in (1, 2, 3))
E11, E12, E21 = Part(Kind.ENTRANCE, 1, 11), Part(Kind.ENTRANCE, 1, 12), Part(Kind.ENTRANCE, 2, 21)
DANCE, CHOIR = Part(Kind.INTEREST_GROUP, group_id=1), Part(Kind.INTEREST_GROUP, group_id=2)
LEADERS = Part(Kind.POST, post=PostKind.BUILDING_LEADER)
DOORS_OF_1 = Part(Kind.POST, 1, post=PostKind.ENTRANCE_LEADER)
DOOR_11 = Part(Kind.POST, 1, 11, PostKind.ENTRANCE_LEADER)
MANAGER = Part(Kind.POST, post=PostKind.PROPERTY_MANAGER)


def officer(*offices: str, person: int = 1) -> Officer:
    """Somebody in office: building posts in building 1, entrance posts in its first; leader of group 1."""
    holders = tuple(
        Holder(
            1,
            PostKind(kind),
            1 if LEVEL[PostKind(kind)] != "compound" else None,
            11 if LEVEL[PostKind(kind)] == "entrance" else None,
            person,
            reachable=True,
        )
        for kind in offices
        if kind != GROUP_LEADER
    )
    return Officer(person, holders, frozenset((1,)) if GROUP_LEADER in offices else frozenset())


def proposal(
    *parts: Part, klass: Class = ORDINARY, channels: tuple[Channel, ...] = (GROUPS, PRIVATE), **more: object
) -> Proposal:
    """An announcement to these parts."""
    return Proposal(audience(*parts, **more), frozenset(channels), klass)


def audience(*parts: Part, **more: object) -> Audience:
    """These parts; `narrowed_to` and `without` as given."""
    narrowed_to, without = more.get("narrowed_to", ()), more.get("without", ())
    assert isinstance(narrowed_to, tuple)
    assert isinstance(without, tuple)
    return Audience(parts, narrowed_to, without)


@pytest.mark.parametrize(
    ("offices", "parts", "expected"),
    [
        ("entrance_leader", (E11,), MAY),
        ("entrance_leader", (E12,), MAY_NOT),
        ("entrance_leader", (E21,), MAY_NOT),
        ("entrance_leader", (B1,), MAY_NOT),
        ("entrance_leader", (DOOR_11,), MAY),
        ("building_leader", (B1,), MAY),
        ("building_leader", (E11, E12), MAY),
        ("building_leader", (B2,), MAY_NOT),
        ("building_leader", (B1, B2), MAY_NOT),
        ("building_leader", (B1, B2, B3), MAY_NOT),
        ("building_leader", (COMPOUND,), MAY_NOT),
        ("building_leader", (DOORS_OF_1,), MAY),
        ("building_leader", (LEADERS,), MAY_NOT),
        ("building_leader", (DANCE,), MAY_NOT),
        ("deputy_leader", (B1,), WITH_SECOND),
        ("interest_group_leader", (DANCE,), MAY),
        ("interest_group_leader", (CHOIR,), MAY_NOT),
        ("interest_group_leader", (B1,), MAY_NOT),
        ("building_leader interest_group_leader", (B1, DANCE), MAY),
        ("building_leader interest_group_leader", (B1, CHOIR), MAY_NOT),
        ("deputy_leader entrance_leader", (E11,), MAY),
        ("branch_secretary", (B1, B2), MAY),
        ("branch_secretary", (B1, B2, B3), WITH_SECOND),
        ("branch_secretary", (B1, B2, Part(Kind.ENTRANCE, 3, 31)), MAY),
        ("branch_secretary", (COMPOUND,), WITH_SECOND),
        ("branch_secretary", (COMPOUND, DANCE), WITH_SECOND),
        ("branch_secretary", (LEADERS, MANAGER), MAY),
        ("branch_secretary", (DANCE, CHOIR), MAY),
        ("property_manager", (E11,), WITH_SECOND),
        ("property_manager building_leader", (B1,), MAY),
        ("grid_officer", (COMPOUND,), WITH_SECOND),
        ("", (B1,), MAY_NOT),
    ],
)
def test_who_may_announce(offices: str, parts: tuple[Part, ...], expected: Verdict) -> None:
    """By what the audience is to the officer; every part counts, and each by the best office."""
    author = officer(*offices.split())
    assert verdict(author, proposal(*parts), REGISTER) is expected
    assert needs_second(author, proposal(*parts), REGISTER) is (expected is WITH_SECOND)


def test_the_whole_compound_stays_so() -> None:
    """Narrowed, or without a building, it still needs a second officer."""
    secretary = officer("branch_secretary")
    assert needs_second(secretary, proposal(COMPOUND, narrowed_to=("owner",)), REGISTER)
    assert needs_second(secretary, proposal(COMPOUND, without=(B1,)), REGISTER)


def test_the_worst_channel_decides() -> None:
    """A deputy may into the building's group alone, and with the leader's yes into private chats too."""
    deputy = officer("deputy_leader")
    assert verdict(deputy, proposal(B1, channels=(GROUPS,)), REGISTER) is MAY
    assert verdict(deputy, proposal(B1, channels=(PRIVATE,)), REGISTER) is WITH_SECOND
    assert verdict(deputy, proposal(B1), REGISTER) is WITH_SECOND


def test_no_channel_is_no_proposal() -> None:
    """An announcement to nobody would need nobody's right."""
    with pytest.raises(ValueError, match="channel"):
        Proposal(audience(B1), frozenset(), ORDINARY)


@pytest.mark.parametrize("kind", [*PostKind, GROUP_LEADER])
def test_urgent_is_the_committees(kind: str) -> None:
    """With a second officer; nobody else calls danger out."""
    urgent = proposal(DANCE if kind == GROUP_LEADER else E11, klass=URGENT)
    assert verdict(officer(kind), urgent, REGISTER) is (WITH_SECOND if kind in COMMITTEE else MAY_NOT)


@pytest.mark.parametrize(
    ("second", "wish", "expected"),
    [
        ("owners_committee_director", proposal(COMPOUND), True),
        ("self_management_committee", proposal(COMPOUND, klass=URGENT), True),
        ("property_manager", proposal(COMPOUND), False),
        ("grid_officer", proposal(B1), False),
        ("building_leader", proposal(B1), True),
        ("building_leader", proposal(B2), False),
        ("building_leader", proposal(B1, klass=URGENT), False),
        ("building_leader", proposal(COMPOUND), False),
        ("deputy_leader", proposal(B1), False),
        ("", proposal(B1), False),
    ],
)
def test_who_may_be_the_second(second: str, wish: Proposal, expected: bool) -> None:
    """Who may do it alone, or the committee; never the author."""
    other = officer(*second.split(), person=2)
    assert may_second(other, 1, wish, REGISTER) is expected
    assert not may_second(other, 2, wish, REGISTER)


# Lending -------------------------------------------------------------------------------------------------

SECRETARY, LEADER, BORROWER = (
    officer("branch_secretary", person=1),
    officer("building_leader", person=2),
    Officer(9),
)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("lender", "to", "parts", "lasts", "expected"),
    [
        (LEADER, 9, (B1,), DAY, ""),
        (LEADER, 9, (E11,), MICROSECOND, ""),
        (LEADER, 9, (B1,), DAY + MICROSECOND, "loan_too_long"),
        (LEADER, 9, (B1,), timedelta(), "loan_too_long"),
        (LEADER, 9, (B1,), -HOUR, "loan_too_long"),
        (LEADER, 2, (B1,), DAY, "loan_to_oneself"),
        (LEADER, 9, (B2,), DAY, "loan_not_yours"),
        (LEADER, 9, (B1, B2), DAY, "loan_not_yours"),
        (SECRETARY, 9, (COMPOUND,), DAY, ""),
        (BORROWER, 2, (B1,), DAY, "loan_not_yours"),
    ],
)
def test_lending(lender: Officer, to: int, parts: tuple[Part, ...], lasts: timedelta, expected: str) -> None:
    """One's own right, to somebody else, for a day at most (A8)."""
    if expected:
        with pytest.raises(Refused, match=expected):
            lend(lender, to, audience(*parts), NOW + lasts, NOW, REGISTER)
        return
    loan = lend(lender, to, audience(*parts), NOW + lasts, NOW, REGISTER)
    assert loan == Loan(to, lender.person_id, audience(*parts), NOW, NOW + lasts)


OWNERS = audience(B1, narrowed_to=("owner",))


@pytest.mark.parametrize(
    ("lent", "wanted", "expected"),
    [
        (audience(B1), audience(B1), True),
        (audience(B1), audience(E11), True),
        (audience(B1), audience(E11, E12), True),
        (audience(B1), OWNERS, True),
        (audience(B1), audience(B1, without=(E11,)), True),
        (audience(B1), audience(B2), False),
        (audience(B1), audience(B1, B2), False),
        (audience(B1), audience(B1, DANCE), False),
        (audience(B1), audience(COMPOUND), False),
        (audience(E11), audience(B1), False),
        (audience(COMPOUND), audience(B2), True),
        (audience(DANCE), audience(DANCE), True),
        (audience(DANCE), audience(CHOIR), False),
        (audience(LEADERS), audience(LEADERS), True),
        (audience(B1), audience(DOORS_OF_1), False),
        (OWNERS, OWNERS, True),
        (OWNERS, audience(E11, narrowed_to=("owner",)), True),
        (OWNERS, audience(B1), False),
        (OWNERS, audience(B1, narrowed_to=("owner", "renter")), False),
        (audience(COMPOUND, without=(B1,)), audience(COMPOUND, without=(B1,)), True),
        (audience(COMPOUND, without=(E11,)), audience(COMPOUND, without=(B1,)), True),
        (audience(COMPOUND, without=(B1,)), audience(COMPOUND, without=(E11,)), False),
        (audience(COMPOUND, without=(B1,)), audience(COMPOUND), False),
    ],
)
def test_what_a_loan_covers(lent: Audience, wanted: Audience, expected: bool) -> None:
    """All of the audience, and nobody who was kept out of the loan."""
    assert Loan(9, 2, lent, NOW, NOW + DAY).covers(wanted, NOW) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [(-MICROSECOND, False), (timedelta(), True), (DAY - MICROSECOND, True), (DAY, False)],
)
def test_a_loan_has_its_time(at: timedelta, expected: bool) -> None:
    """From the first instant on, until the last one and not at it."""
    assert Loan(9, 2, audience(B1), NOW, NOW + DAY).covers(audience(B1), NOW + at) is expected


def test_a_loan_taken_back() -> None:
    """By lender, borrower or committee, at once; again changes nothing, and nobody else can."""
    loan = Loan(9, 2, audience(B1), NOW, NOW + DAY)
    for person, in_committee in ((2, False), (9, False), (5, True)):
        over = revoke(loan, person, NOW + HOUR, in_committee=in_committee)
        assert over.covers(audience(B1), NOW + HOUR - MICROSECOND)
        assert not over.covers(audience(B1), NOW + HOUR)
        assert revoke(over, person, NOW + 2 * HOUR, in_committee=in_committee) == over
    with pytest.raises(Refused) as caught:
        revoke(loan, 5, NOW, in_committee=False)
    assert caught.value.reason == "not_yours"


def with_loan(loan: Loan, lender: Officer, wish: Proposal, borrower: Officer = BORROWER) -> Verdict:
    """What the borrower may in the loan's first hour."""
    return verdict_with_loans(borrower, wish, REGISTER, [(loan, lender)], NOW + HOUR)


def test_what_was_lent_is_as_good_as_its_lender() -> None:
    """Alone where the lender may alone, with a second where not, and nothing once the post is lost."""
    loan = lend(LEADER, 9, audience(B1), NOW + DAY, NOW, REGISTER)
    assert with_loan(loan, LEADER, proposal(B1)) is MAY
    assert with_loan(loan, LEADER, proposal(B2)) is MAY_NOT
    assert with_loan(loan, LEADER, proposal(B1), Officer(8)) is MAY_NOT
    assert with_loan(loan, Officer(2), proposal(B1)) is MAY_NOT
    assert with_loan(loan, officer("building_leader", person=3), proposal(B1)) is MAY_NOT
    everything = lend(SECRETARY, 9, audience(COMPOUND), NOW + DAY, NOW, REGISTER)
    assert with_loan(everything, SECRETARY, proposal(B1)) is MAY
    assert with_loan(everything, SECRETARY, proposal(COMPOUND)) is WITH_SECOND
    assert with_loan(everything, SECRETARY, proposal(B1, klass=URGENT)) is MAY_NOT
    assert with_loan(loan, LEADER, proposal(B1), officer("property_manager", person=9)) is MAY
    assert verdict_with_loans(LEADER, proposal(B1), REGISTER, [], NOW) is MAY


# Deliveries ----------------------------------------------------------------------------------------------


def person(number: int, *homes: Part, residency: str = "owner", accounts: int = 1, **more: object) -> Person:
    """Somebody who lives at these places, with accounts numbered from ten times their number."""
    posts, groups, mutes = (more.get(key, ()) for key in ("posts", "groups", "mutes"))
    assert isinstance(posts, tuple)
    assert isinstance(groups, tuple)
    assert isinstance(mutes, tuple)
    return Person(
        number,
        tuple(Home(home.building_id or 0, home.entrance_id, residency) for home in homes),
        posts,
        frozenset(groups),
        tuple(Account(number * 10 + count) for count in range(accounts)),
        frozenset(mutes),
    )


RESIDENT = person(1, E11)
DANCER = person(1, B1, groups=(1,))
KEEPER = person(1, posts=(MANAGER,))
HEAD = person(1, B2, posts=(Part(Kind.POST, 1, post=PostKind.BUILDING_LEADER),))
WARDEN = person(1, B2, posts=(DOOR_11,))
HOMELESS = person(1, posts=(Part(Kind.POST, 1, post=PostKind.BUILDING_LEADER),))


@pytest.mark.parametrize(
    ("who", "wish", "expected"),
    [
        (RESIDENT, proposal(COMPOUND), "told"),
        (RESIDENT, proposal(B1), "told"),
        (RESIDENT, proposal(E11), "told"),
        (RESIDENT, proposal(E12), None),
        (RESIDENT, proposal(B2), None),
        (RESIDENT, proposal(B1, channels=(GROUPS,)), None),
        (person(1, B1), proposal(E11), None),
        (person(1, B1, E21), proposal(B2), "told"),
        # Narrowed
        (RESIDENT, proposal(B1, narrowed_to=("owner",)), "told"),
        (RESIDENT, proposal(B1, narrowed_to=("renter",)), None),
        (person(1, B1, residency="family"), proposal(B1, narrowed_to=("owner", "renter")), None),
        (KEEPER, proposal(COMPOUND), "told"),
        (KEEPER, proposal(COMPOUND, narrowed_to=("owner",)), None),
        (KEEPER, proposal(B1), None),
        (HEAD, proposal(B1, LEADERS, narrowed_to=("renter",)), "told"),
        (HOMELESS, proposal(B1), "told"),
        (HOMELESS, proposal(COMPOUND), "told"),
        (HOMELESS, proposal(B1, without=(E12,)), "told"),
        (HOMELESS, proposal(E11), None),
        (HOMELESS, proposal(B2), None),
        (HOMELESS, proposal(B1, narrowed_to=("owner",)), None),
        (HOMELESS, proposal(COMPOUND, without=(B1,)), Why.EXCLUDED),
        (person(1, posts=(DOOR_11,)), proposal(B1), "told"),
        (person(1, posts=(DOOR_11,)), proposal(E11), "told"),
        (person(1, posts=(DOOR_11,)), proposal(E12), None),
        # Posts and groups
        (HEAD, proposal(LEADERS), "told"),
        (HEAD, proposal(Part(Kind.POST, 1, post=PostKind.BUILDING_LEADER)), "told"),
        (HEAD, proposal(Part(Kind.POST, 2, post=PostKind.BUILDING_LEADER)), None),
        (HEAD, proposal(DOORS_OF_1), None),
        (WARDEN, proposal(DOORS_OF_1), "told"),
        (WARDEN, proposal(DOOR_11), "told"),
        (WARDEN, proposal(Part(Kind.POST, 1, 12, PostKind.ENTRANCE_LEADER)), None),
        (DANCER, proposal(DANCE), "told"),
        (DANCER, proposal(CHOIR), None),
        # All but
        (RESIDENT, proposal(COMPOUND, without=(B2,)), "told"),
        (RESIDENT, proposal(COMPOUND, without=(B1,)), Why.EXCLUDED),
        (RESIDENT, proposal(B1, without=(E11,)), Why.EXCLUDED),
        (person(1, B1), proposal(COMPOUND, without=(E11,)), "told"),
        (person(1, B1, B2), proposal(COMPOUND, without=(B1,)), "told"),
        (person(1, B1, B2), proposal(COMPOUND, without=(B1, B2)), Why.EXCLUDED),
        (person(1, B1, B3), proposal(B1, without=(E12,)), "told"),
        (KEEPER, proposal(COMPOUND, without=(B1,)), "told"),
        (KEEPER, proposal(COMPOUND, without=(MANAGER,)), Why.EXCLUDED),
        (DANCER, proposal(COMPOUND, without=(DANCE,)), Why.EXCLUDED),
        (DANCER, proposal(DANCE, without=(B1,)), Why.EXCLUDED),
        (DANCER, proposal(DANCE, without=(B2,)), "told"),
        (person(1, groups=(1,)), proposal(DANCE, without=(B1,)), "told"),
        (HEAD, proposal(LEADERS, without=(B1,)), Why.EXCLUDED),
        (HEAD, proposal(LEADERS, without=(B2,)), "told"),
        # Accounts
        (person(1, B1, accounts=0), proposal(B1), Why.NO_ACCOUNT),
        (person(1, B2, accounts=0), proposal(B1), None),
        (person(1, B1, accounts=3), proposal(B1), "told"),
        # Mutes
        (person(1, B1, mutes=(B1,)), proposal(B1), Why.MUTED),
        (person(1, B1, mutes=(B1,)), proposal(COMPOUND), "told"),
        (person(1, B1, mutes=(B1,)), proposal(B1, klass=URGENT), "told"),
        (person(1, B1, mutes=(COMPOUND,)), proposal(B1), Why.MUTED),
        (person(1, B1, mutes=(COMPOUND,)), proposal(COMPOUND, klass=URGENT), "told"),
        (person(1, B1, groups=(1,), mutes=(DANCE,)), proposal(B1, DANCE), "told"),
        (person(1, B1, groups=(1,), mutes=(DANCE, B1)), proposal(B1, DANCE), Why.MUTED),
    ],
)
def test_who_gets_it(who: Person, wish: Proposal, expected: str | None) -> None:
    """In private: told, left out for a reason, or not concerned at all."""
    plan = deliveries(wish, [who], [])
    if expected == "told":
        assert plan == Plan((), ((1, 10),), ())
    elif expected is None:
        assert plan == Plan((), (), ())
    else:
        assert plan == Plan((), (), (LeftOut(PRIVATE, 1, Why(expected)),))


def test_the_first_account_that_works() -> None:
    """One message to a person with several accounts; none works: unreachable."""
    blocked, fine, other = Account(1, is_reachable=False), Account(2), Account(3)
    homes = (Home(1, None, "owner"),)
    found = deliveries(proposal(B1), [Person(1, homes, accounts=(blocked, fine, other))], [])
    assert found.people == ((1, 2),)
    lost = deliveries(proposal(B1, klass=URGENT), [Person(1, homes, accounts=(blocked,))], [])
    assert lost.left_out == (LeftOut(PRIVATE, 1, Why.UNREACHABLE),)


@pytest.mark.parametrize(
    ("bound_to", "wish", "expected"),
    [
        ((B1,), proposal(B1), "told"),
        ((E11,), proposal(B1), "told"),
        ((B1,), proposal(COMPOUND), "told"),
        ((COMPOUND,), proposal(COMPOUND), "told"),
        ((DANCE,), proposal(DANCE), "told"),
        ((B1, B2), proposal(B1, B2), "told"),
        ((B1,), proposal(B1, DANCE, narrowed_to=()), "told"),
        ((B1,), proposal(B1, channels=(PRIVATE,)), None),
        ((B2,), proposal(B1), None),
        ((DANCE,), proposal(COMPOUND), None),
        ((B1,), proposal(LEADERS), None),
        ((), proposal(COMPOUND), None),
        ((COMPOUND,), proposal(B1), Why.WIDER),
        ((B1,), proposal(E11), Why.WIDER),
        ((B1, B2), proposal(B1), Why.WIDER),
        ((B1,), proposal(B1, narrowed_to=("owner",)), Why.WIDER),
        ((DANCE,), proposal(DANCE, B1, narrowed_to=("owner",)), "told"),
        ((COMPOUND,), proposal(COMPOUND, without=(B1,)), Why.WIDER),
        ((B1,), proposal(COMPOUND, without=(E11,)), Why.WIDER),
        ((B1,), proposal(COMPOUND, without=(MANAGER,)), Why.WIDER),
        ((DANCE,), proposal(DANCE, without=(B1,)), Why.WIDER),
        ((B2,), proposal(COMPOUND, without=(B1,)), "told"),
        ((B1,), proposal(COMPOUND, without=(B1,)), Why.EXCLUDED),
        ((E11,), proposal(COMPOUND, without=(B1,)), Why.EXCLUDED),
        ((DANCE,), proposal(DANCE, CHOIR, without=(DANCE,)), Why.EXCLUDED),
        ((B1, B2), proposal(COMPOUND, without=(B1,)), Why.WIDER),
        ((E11, B2), proposal(COMPOUND, without=(B1,)), Why.WIDER),
    ],
)
def test_which_groups_get_it(bound_to: tuple[Part, ...], wish: Proposal, expected: str | None) -> None:
    """Only a group in which there is nobody whom it is not for."""
    plan = deliveries(wish, [], [GroupChat(5, bound_to)])
    if expected == "told":
        assert plan == Plan((5,), (), ())
    elif expected is None:
        assert plan == Plan((), (), ())
    else:
        assert plan == Plan((), (), (LeftOut(GROUPS, 5, Why(expected)),))


def test_a_group_that_lost_the_bot() -> None:
    """It is counted as not reached, but only where it would have got it."""
    gone = GroupChat(5, (B1,), is_reachable=False)
    assert deliveries(proposal(B1), [], [gone]).left_out == (LeftOut(GROUPS, 5, Why.UNREACHABLE),)
    assert deliveries(proposal(E11), [], [gone]).left_out == (LeftOut(GROUPS, 5, Why.WIDER),)


def test_the_first_row_counts() -> None:
    """Of two rows with one id; a group for several places is one row."""
    rows = [person(1, B1), person(1, B1, accounts=0)]
    groups = [GroupChat(5, (B1,)), GroupChat(5, (COMPOUND,))]
    assert deliveries(proposal(B1), rows, groups) == Plan((5,), ((1, 10),), ())


def test_the_numbers_of_a_plan() -> None:
    """For the preview: how many get it and, by reason, how many do not."""
    rows = [
        person(1, B1),
        person(2, B1, accounts=0),
        person(3, B1, accounts=0),
        person(4, B1, mutes=(COMPOUND,)),
        person(5, B2),
    ]
    plan = deliveries(proposal(B1), rows, [GroupChat(1, (B1,)), GroupChat(2, (COMPOUND,))])
    assert (plan.chats, plan.people) == ((1,), ((1, 10),))
    assert plan.left_out_by_reason() == {
        (PRIVATE, Why.NO_ACCOUNT): 2,
        (PRIVATE, Why.MUTED): 1,
        (GROUPS, Why.WIDER): 1,
    }


places = st.sampled_from([B1, B2, B3, E11, E12, E21])
some_parts = st.sampled_from([COMPOUND, B1, B2, E11, E21, DANCE, CHOIR, LEADERS, MANAGER, DOORS_OF_1])
rows = st.lists(
    st.builds(
        lambda number, homes, residency, accounts, posts, groups, mutes: person(
            number, *homes, residency=residency, accounts=accounts, posts=posts, groups=groups, mutes=mutes
        ),
        st.integers(1, 6),
        st.lists(places, max_size=3),
        st.sampled_from(("owner", "renter", "family")),
        st.integers(0, 3),
        st.lists(st.sampled_from([MANAGER, DOOR_11]), max_size=2).map(tuple),
        st.lists(st.integers(1, 2), max_size=2).map(tuple),
        st.lists(some_parts, max_size=2).map(tuple),
    ),
    max_size=12,
)
chats = st.lists(
    st.builds(GroupChat, st.integers(1, 6), st.lists(some_parts, max_size=2).map(tuple), st.booleans()),
    max_size=8,
)
proposals = st.builds(
    lambda parts, narrowed_to, without, channels, klass: Proposal(
        Audience(tuple(parts), narrowed_to, tuple(without)), channels, klass
    ),
    st.lists(some_parts, min_size=1, max_size=4),
    st.sampled_from([(), ("owner",), ("owner", "renter")]),
    st.lists(some_parts, max_size=2),
    st.sampled_from([frozenset((GROUPS,)), frozenset((PRIVATE,)), frozenset(Channel)]),
    st.sampled_from(Class),
)


@given(proposals, rows, chats)
def test_nobody_twice(wish: Proposal, people: list[Person], groups: list[GroupChat]) -> None:
    """Whatever the rows: each person and each group once by channel, or left out once; no other channel."""
    plan = deliveries(wish, people, groups)
    private = [number for number, _ in plan.people]
    private += [one.id for one in plan.left_out if one.channel is PRIVATE]
    posted = [*plan.chats, *(one.id for one in plan.left_out if one.channel is GROUPS)]
    assert not [number for number, times in Counter(private).items() if times > 1]
    assert not [number for number, times in Counter(posted).items() if times > 1]
    assert set(private) <= {one.id for one in people}
    assert set(posted) <= {one.id for one in groups}
    assert not private or PRIVATE in wish.channels
    assert not posted or GROUPS in wish.channels
    if wish.klass is URGENT:
        assert Why.MUTED not in {one.why for one in plan.left_out}


@given(proposals, st.integers(1, 6), st.lists(places, min_size=1, max_size=3))
def test_a_group_is_never_wider_than_its_people(wish: Proposal, number: int, homes: list[Part]) -> None:
    """Who lives where a group that gets it is for belongs to the audience too."""
    private = Proposal(wish.audience, frozenset(Channel), URGENT)
    plan = deliveries(private, [person(number, *homes)], [GroupChat(1, tuple(homes))])
    if plan.chats:
        assert [who for who, _ in plan.people] == [number]
