"""Signing up: seats by order, offers that pass on, and what nobody may do."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.errors import Refused
from bot.domain.signups import (
    BY_ACTION,
    LIVE,
    TABLE,
    Action,
    Activity,
    Party,
    Role,
    Seating,
    State,
    act,
    seating,
    settle,
    sign_up,
)

NOW = datetime(2026, 10, 1, 2, tzinfo=UTC)
STARTS = NOW + timedelta(days=17)
DANCE = Activity(STARTS, STARTS - timedelta(days=1), capacity=10, per_household=6)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
W, A, C = State.WAITING, State.ASKED, State.CONFIRMED

# One line for each action: who may do it, then what becomes of it in each state. A state's letter is where it
# leads, "=" leaves it where it is, "!" tells that it has been done already, "-" that it cannot be done now.
STATES = {
    "W": State.WAITING,
    "A": State.ASKED,
    "C": State.CONFIRMED,
    "I": State.CHECKED_IN,
    "D": State.DECLINED,
    "L": State.LAPSED,
    "X": State.WITHDRAWN,
    "O": State.CALLED_OFF,
}
EXPECTED = """
                                          W A C I D L X O
offer             clock                   A - - - - - - -
accept            signer,organiser        - C ! - - - - -
take_fewer        signer,organiser        - C - - - - - -
let_others_first  signer,organiser,clock  - W - - - - - -
decline           signer,organiser        - D - - ! - - -
lapse             clock                   - L - - - - - -
unseat            clock                   - W W - - - - -
ask_again         organiser               - A A - - - - -
reduce            signer,organiser        = - = - - - - -
withdraw          signer,organiser        X X X - - - ! -
check_in          signer,organiser        - I I ! - - - -
call_off          organiser               O O O - - - - !
"""
_HEADER, *_LINES = [line.split() for line in EXPECTED.strip().splitlines()]
MATRIX = {
    (Action(action), STATES[state]): (frozenset(Role(name) for name in who.split(",")), cell)
    for action, who, *cells in _LINES
    for state, cell in zip(_HEADER, cells, strict=True)
}
ROLES = list(chain.from_iterable(combinations(Role, count) for count in range(len(Role) + 1)))


def party(order: int, seats: int, state: State = W, *, household: int | None = None, **more: Any) -> Party:
    """A party in line; each of its own household, unless said otherwise."""
    names = tuple(f"{order}-{number}" for number in range(seats))
    made = Party(household or 100 + order, order, order, names, order, state)
    changed = {"offered": seats, **more} if state == A else more
    return replace(made, **changed)


def reason(action: Action, one: Party, roles: Iterable[Role], now: datetime = STARTS) -> str:
    """Why it is refused; empty when it is not."""
    try:
        act(action, DANCE, one, roles, now, one.names[:1])
    except Refused as no:
        return no.reason
    return ""


def test_the_expectation_is_complete() -> None:
    """Every action in every state has a line, and the table has one row for each action."""
    assert set(MATRIX) == {(action, state) for action in Action for state in State}
    assert [row.action for row in TABLE] == list(Action)
    assert set(BY_ACTION) == set(Action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", State)
def test_who_may_do_what_when(action: Action, state: State) -> None:
    """Each action in each state by each set of roles leads where it should, or is rightly refused."""
    who, cell = MATRIX[action, state]
    one = party(1, 3, state)
    if action == Action.LET_OTHERS_FIRST and state == A:
        one = replace(one, offered=2)
    for roles in ROLES:
        if not who.intersection(roles):
            assert reason(action, one, roles) == "not_yours"
        elif cell in "!-":
            assert reason(action, one, roles) == ("already_done" if cell == "!" else "not_now")
        else:
            done = act(action, DANCE, one, roles, STARTS, one.names[:1])
            assert done.state == (state if cell == "=" else STATES[cell])
            assert done.order == one.order


def test_an_answer_ends_the_offer() -> None:
    """Nothing of an offer is left on a party that has answered or lost it."""
    asked = party(1, 3, A, until=NOW)
    for action in (Action.ACCEPT, Action.DECLINE, Action.LAPSE, Action.UNSEAT, Action.WITHDRAW):
        done = act(action, DANCE, asked, tuple(Role), NOW)
        assert (done.offered, done.until, done.passes) == (0, None, False)
    # That it wants all or nothing is remembered.
    assert act(Action.UNSEAT, DANCE, replace(asked, passes=True), tuple(Role), NOW).passes


@pytest.mark.parametrize(
    ("action", "offered", "names", "refusal"),
    [
        (Action.ACCEPT, 2, (), "offer_is_smaller"),
        (Action.CHECK_IN, 2, (), "offer_is_smaller"),
        (Action.LAPSE, 2, (), "offer_is_smaller"),
        (Action.ACCEPT, 3, (), ""),
        (Action.LET_OTHERS_FIRST, 3, (), "offer_is_whole"),
        (Action.LET_OTHERS_FIRST, 2, (), ""),
        (Action.TAKE_FEWER, 2, ("1-0", "1-2"), ""),
        (Action.TAKE_FEWER, 3, ("1-0", "1-2"), ""),
        (Action.TAKE_FEWER, 3, ("1-0", "1-1", "1-2"), "fewer_needed"),
        (Action.TAKE_FEWER, 1, ("1-0", "1-2"), "fewer_needed"),
        (Action.TAKE_FEWER, 2, (), "fewer_needed"),
        (Action.TAKE_FEWER, 2, ("1-0", "1-0"), "fewer_needed"),
        (Action.TAKE_FEWER, 2, ("1-0", "somebody else"), "fewer_needed"),
    ],
)
def test_an_offer_of_fewer_seats(action: Action, offered: int, names: tuple[str, ...], refusal: str) -> None:
    """It is taken by fewer people, or left to others; a whole offer is taken or lost as a whole."""
    asked = party(1, 3, A, offered=offered, until=NOW + HOUR)
    roles = tuple(Role)
    if refusal:
        with pytest.raises(Refused) as caught:
            act(action, DANCE, asked, roles, STARTS, names)
        assert caught.value.reason == refusal
    else:
        done = act(action, DANCE, asked, roles, STARTS, names)
        assert done.passes == (action == Action.LET_OTHERS_FIRST)
        assert done.names == (names or asked.names)


@pytest.mark.parametrize(("seats", "names"), [(3, ("1-0", "1-1", "1-2")), (3, ()), (1, ("1-0",))])
def test_fewer_means_fewer(seats: int, names: tuple[str, ...]) -> None:
    """A party grows by another signup, at the end of the line, and ends by withdrawing."""
    with pytest.raises(Refused) as caught:
        act(Action.REDUCE, DANCE, party(1, seats, C), (Role.SIGNER,), NOW, names)
    assert (caught.value.reason, caught.value.facts) == ("fewer_needed", {"most": seats - 1})


def test_the_door_opens_two_hours_before() -> None:
    """Nobody checks in from home the day before."""
    opens = STARTS - 2 * HOUR
    assert reason(Action.CHECK_IN, party(1, 3, C), (Role.SIGNER,), opens) == ""
    assert (
        reason(Action.CHECK_IN, party(1, 3, C), (Role.ORGANISER,), opens - MICROSECOND)
        == "too_early_to_check_in"
    )


def test_asking_again() -> None:
    """A change of time keeps every seat until its owner answers; an offer under way stays what it is."""
    confirmed, asked = party(1, 3, C), party(2, 3, A, offered=2, until=NOW + HOUR)
    again, same = (act(Action.ASK_AGAIN, DANCE, one, (Role.ORGANISER,), NOW) for one in (confirmed, asked))

    assert (again.state, again.offered, again.until) == (A, 3, None)
    assert same == asked
    # Weeks later nobody has taken the seats of the silent.
    assert settle(DANCE, [again, party(3, 8)], STARTS - HOUR, STARTS - HOUR) == (
        replace(party(3, 8, A), offered=7, until=STARTS),
    )


@pytest.mark.parametrize(
    ("change", "new", "refusal", "facts"),
    [
        ({}, party(9, 3), "", {}),
        ({"called_off": True}, party(9, 3), "called_off", {}),
        ({"deadline": NOW}, party(9, 3), "signup_closed", {}),
        ({"starts": NOW}, party(9, 3), "signup_closed", {}),
        ({"deadline": NOW + MICROSECOND}, party(9, 3), "", {}),
        ({}, replace(party(9, 1), names=()), "names_needed", {}),
        ({}, replace(party(9, 1), names=("张三", " ")), "names_needed", {}),
        ({}, replace(party(9, 1), names=("张三", "张三 ")), "already_signed_up", {"name": "张三 "}),
        ({}, replace(party(9, 1, household=50), names=("李四",)), "already_signed_up", {"name": "李四"}),
        ({}, replace(party(9, 1, household=51), names=("李四",)), "", {}),
        ({}, replace(party(9, 1), person_id=1), "already_signed_up", {"name": "9-0"}),
        ({}, replace(party(9, 1), person_id=2), "", {}),
        ({}, replace(party(9, 1), person_id=None), "", {}),
        ({}, party(9, 3, household=50), "", {}),
        ({}, party(9, 4, household=50), "household_full", {"left": 3}),
        ({"per_household": None}, party(9, 10, household=50), "", {}),
        ({"per_household": 2}, party(9, 1, household=50), "household_full", {"left": 0}),
        ({"per_household": None}, party(9, 11), "too_many_for_activity", {"most": 10}),
        ({"per_household": None, "capacity": None}, party(9, 99), "", {}),
    ],
)
def test_signing_up(change: dict[str, Any], new: Party, refusal: str, facts: dict[str, object]) -> None:
    """One signup a person, a name once in a household, no more seats than the household may have."""
    there = [replace(party(1, 3, C, household=50), names=("李四", "a", "b")), party(2, 5, State.WITHDRAWN)]
    activity = replace(DANCE, **change)
    if refusal:
        with pytest.raises(Refused) as caught:
            sign_up(activity, there, new, NOW)
        assert (caught.value.reason, caught.value.facts) == (refusal, facts)
    else:
        full = activity.capacity is not None and new.seats > 7
        assert sign_up(activity, there, new, NOW) == replace(new, state=W if full else C)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ([party(1, 7, C)], C),
        ([party(1, 8, C)], W),
        ([party(1, 8, State.CHECKED_IN)], W),
        ([party(1, 8, A, offered=7)], C),
        ([party(1, 6, C), party(2, 5)], W),
        ([party(1, 6, C), party(2, 5, passes=True)], C),
        # The seats that have just come free are the first one's.
        ([party(1, 5, C), party(2, 5, passes=True)], W),
        ([party(1, 9, State.DECLINED), party(2, 9, State.LAPSED)], C),
    ],
)
def test_a_newcomer_never_overtakes(there: list[Party], expected: State) -> None:
    """A party of three is confirmed if it fits and nobody in line could have the seats."""
    assert sign_up(DANCE, there, party(9, 3), NOW).state == expected


@dataclass
class Scene:
    """Parties and what settling them now changes, written as order → (state, seats held)."""

    capacity: int | None
    parties: list[Party]
    changed: dict[int, tuple[State, int]]


@pytest.mark.parametrize(
    "scene",
    [
        Scene(10, [party(1, 6, C), party(2, 4, C)], {}),
        Scene(10, [party(1, 6, C), party(2, 4)], {2: (A, 4)}),
        Scene(None, [party(1, 6, C), party(2, 4), party(3, 9)], {2: (A, 4), 3: (A, 9)}),
        # Too large for what is free: asked to take fewer, and nobody overtakes.
        Scene(10, [party(1, 6, C), party(2, 5), party(3, 2)], {2: (A, 4)}),
        # It would not: the next has its turn.
        Scene(10, [party(1, 6, C), party(2, 5, passes=True), party(3, 2)], {3: (A, 2)}),
        Scene(10, [party(1, 5, C), party(2, 5, passes=True), party(3, 2)], {2: (A, 5)}),
        # What is held is not offered again.
        Scene(10, [party(1, 6, C), party(2, 4, A, until=NOW + HOUR), party(3, 2)], {}),
        # A hold that has run out passes on; fewer seats than wanted cost nobody the place in line.
        Scene(
            10, [party(1, 6, C), party(2, 4, A, until=NOW), party(3, 2)], {2: (State.LAPSED, 0), 3: (A, 2)}
        ),
        Scene(
            10, [party(1, 6, C), party(2, 5, A, offered=4, until=NOW), party(3, 2)], {2: (W, 0), 3: (A, 2)}
        ),
        # A smaller room: the last lose their seats first and are asked about what is left.
        Scene(8, [party(1, 6, C), party(2, 4, C), party(3, 1, C)], {2: (A, 2), 3: (W, 0)}),
        Scene(6, [party(1, 6, C), party(2, 4, C)], {2: (W, 0)}),
        # Offers go before seats, seats before those who are there already.
        Scene(6, [party(1, 2, A, until=NOW + HOUR), party(2, 6, C)], {1: (W, 0)}),
        Scene(2, [party(1, 1, C), party(2, 2, State.CHECKED_IN)], {1: (W, 0)}),
        Scene(1, [party(1, 1, C), party(2, 2, State.CHECKED_IN), party(3, 1)], {1: (W, 0)}),
        Scene(6, [party(1, 2, A, until=None), party(2, 6, C)], {2: (A, 4)}),
        Scene(10, [party(1, 6, State.WITHDRAWN), party(2, 9, State.CALLED_OFF), party(3, 10)], {3: (A, 10)}),
    ],
)
def test_settling(scene: Scene) -> None:
    """After a change every party has what the rules give it, and settling again changes nothing."""
    activity = replace(DANCE, capacity=scene.capacity)
    changed = settle(activity, scene.parties, NOW, NOW)

    assert {one.order: (one.state, one.held) for one in changed} == scene.changed
    after = {one.order: one for one in (*scene.parties, *changed)}
    assert settle(activity, after.values(), NOW, NOW) == ()


@pytest.mark.parametrize(
    ("now", "tell_at", "until"),
    [
        (NOW, NOW, NOW + 12 * HOUR),
        (NOW, NOW + 9 * HOUR, NOW + 21 * HOUR),
        (NOW, NOW - HOUR, NOW + 12 * HOUR),
        (STARTS - HOUR, STARTS - HOUR, STARTS),
        (STARTS, STARTS, None),
    ],
)
def test_how_long_a_seat_is_held(now: datetime, tell_at: datetime, until: datetime | None) -> None:
    """From when the person can be told, at most to the start, after which nobody is asked."""
    changed = settle(DANCE, [party(1, 3)], now, tell_at)

    assert [one.until for one in changed] == ([until] if until else [])


def test_nobody_is_asked_to_what_is_called_off() -> None:
    """The seats of a cancelled activity are not offered."""
    assert settle(replace(DANCE, called_off=True), [party(1, 3)], NOW, NOW) == ()


def test_the_seating() -> None:
    """What a card shows: each list in order, whatever the order of the rows."""
    rows = [
        party(4, 2),
        party(3, 1, State.CHECKED_IN),
        party(2, 2, A),
        party(1, 4, C),
        party(5, 3, State.DECLINED),
    ]

    assert seating(DANCE, rows) == Seating((rows[3], rows[1]), (rows[2],), (rows[0],), 3)
    assert seating(replace(DANCE, capacity=None), rows).free is None
    assert seating(replace(DANCE, capacity=1), rows).free == 0


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"per_household": 0}, {"hold": timedelta()}])
def test_no_activity_is_like_that(wrong: dict[str, Any]) -> None:
    """Limits are at least one seat, holds are positive."""
    with pytest.raises(ValueError, match=r"no activity has|cannot be held"):
        replace(DANCE, **wrong)


@dataclass(frozen=True)
class Step:
    """Something that happens in a random story: `which` chooses the party, `size` what an action needs."""

    what: str
    which: int
    size: int


DEEDS = [action for action in Action if {Role.SIGNER, Role.ORGANISER} & set(BY_ACTION[action].who)]
STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(
            ["sign_up", "sign_up", "sign_up", "capacity", "time", *(deed.value for deed in DEEDS)]
        ),
        st.integers(0, 20),
        st.integers(1, 6),
    ),
    max_size=60,
)


class Story:
    """An activity through a random sequence of events, settled after each as the actions do."""

    def __init__(self, capacity: int | None) -> None:
        self.activity = replace(DANCE, capacity=capacity, per_household=5)
        self.parties: dict[int, Party] = {}
        self.now = NOW

    def happens(self, step: Step) -> None:
        """Do the step, refused or not, then settle."""
        shrunk = self.does(step)
        seated = {order for order, one in self.parties.items() if one.state in (C, State.CHECKED_IN)}
        before = dict(self.parties)
        for changed in settle(self.activity, self.parties.values(), self.now, self.now):
            self.parties[changed.order] = changed
        # A seat is lost by one's own word or by a smaller room, never by what somebody else does.
        assert shrunk or all(self.parties[order] == before[order] for order in seated)
        self.offered_in_order(before)

    def does(self, step: Step) -> bool:
        """Whether the step made the activity smaller."""
        if step.what == "capacity":
            before, now = self.activity.capacity, (step.which or None)
            self.activity = replace(self.activity, capacity=now)
            return now is not None and (before is None or now < before)
        if step.what == "time":
            self.now = min(self.now + step.size * 3 * HOUR, STARTS - HOUR)
            return False
        try:
            if step.what == "sign_up":
                order = len(self.parties)
                new = party(order, step.size, household=1 + step.which % 7)
                self.parties[order] = sign_up(self.activity, list(self.parties.values()), new, self.now)
            elif self.parties:
                one = self.parties[step.which % len(self.parties)]
                roles = (Role.SIGNER, Role.ORGANISER)
                done = act(Action(step.what), self.activity, one, roles, self.now, one.names[: step.size])
                self.parties[one.order] = done
        except Refused:
            pass
        return False

    def offered_in_order(self, before: dict[int, Party]) -> None:
        """Whoever was newly asked stands before everybody who still waits, but those who let others first."""
        asked = [
            order
            for order, one in self.parties.items()
            if one.state == A and one.until and (before[order].state != A or before[order].until != one.until)
        ]
        eager = [order for order, one in self.parties.items() if one.state == W and not one.passes]
        assert not asked or not eager or max(asked) < min(eager)


# Sixty steps of a story, each settled and checked, take longer than a hypothesis may on a busy machine.
@settings(deadline=None)
@given(st.none() | st.integers(1, 12), STEPS)
def test_whatever_happens(capacity: int | None, steps: list[Step]) -> None:
    """Seats never exceed the capacity, households their cap; every free seat is offered, none twice."""
    story = Story(capacity)
    for step in steps:
        story.happens(step)
        parties = list(story.parties.values())
        seats = seating(story.activity, parties)

        there = sum(one.seats for one in parties if one.state == State.CHECKED_IN)
        held = sum(one.held for one in parties)
        if story.activity.capacity is not None:
            # Confirmed and offered seats together: what is offered to one is nobody else's.
            assert held <= max(story.activity.capacity, there)
        for one in seats.waitlist:
            # Every free seat is offered, unless to a party that wants all or nothing.
            assert seats.free is not None
            assert seats.free == 0 if not one.passes else seats.free < one.seats
        for one in seats.asked:
            assert 1 <= one.offered <= one.seats
        for household in {one.household_id for one in parties}:
            of_it = sum(one.seats for one in parties if one.household_id == household and one.state in LIVE)
            assert of_it <= 5
        assert settle(story.activity, parties, story.now, story.now) == ()
