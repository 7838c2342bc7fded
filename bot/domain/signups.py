"""Signing up for an activity: who has a seat, who waits, and whose turn it is (E1–E6).

The rules, so that everybody at the notice board can check them:
- Seats go by order of signing up. A seat once confirmed is lost only to a smaller capacity, and then the last
  in line lose theirs first.
- Whoever waits is asked when a place frees, and it is held for them for some hours; then it passes on.
- Nobody is overtaken: a party too large for what is free is asked first whether it will take fewer. Only when
  it says no, or nothing, do those behind it get a turn; it keeps its place until all of it fits.
- A change of time or place asks everybody again. Silence then never costs a seat one already had.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from bot.domain.errors import Refused
from bot.domain.folding import fold

CHECK_IN_BEFORE = timedelta(hours=2)
"""How long before the start people may check in."""


class State(StrEnum):
    """What a party has said, or been told; whether it has a seat follows from it and from the order."""

    WAITING = "waiting"
    ASKED = "asked"
    CONFIRMED = "confirmed"
    CHECKED_IN = "checked_in"
    DECLINED = "declined"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    CALLED_OFF = "called_off"


class Role(StrEnum):
    """What somebody is to one party: it or who signed it up, who runs the activity, or time itself."""

    SIGNER = "signer"
    ORGANISER = "organiser"
    CLOCK = "clock"


class Action(StrEnum):
    """Everything that can happen to a party after it was signed up."""

    OFFER = "offer"
    ACCEPT = "accept"
    TAKE_FEWER = "take_fewer"
    LET_OTHERS_FIRST = "let_others_first"
    DECLINE = "decline"
    LAPSE = "lapse"
    UNSEAT = "unseat"
    ASK_AGAIN = "ask_again"
    REDUCE = "reduce"
    WITHDRAW = "withdraw"
    CHECK_IN = "check_in"
    CALL_OFF = "call_off"


_S = State
LIVE = (_S.WAITING, _S.ASKED, _S.CONFIRMED, _S.CHECKED_IN)
"""The states of those who have or want a seat."""
_BEFORE = (_S.WAITING, _S.ASKED, _S.CONFIRMED)
_PEOPLE = (Role.SIGNER, Role.ORGANISER)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: who may take a party from where to where; `to` is None when the state stays.

    `again`: done where it leads, nothing more happens; else that is refused like in any other state.
    """

    action: Action
    sources: tuple[State, ...]
    who: tuple[Role, ...]
    to: State | None
    again: bool = False
    why: str = ""


TABLE: tuple[Transition, ...] = (
    Transition(Action.OFFER, (_S.WAITING,), (Role.CLOCK,), _S.ASKED),
    Transition(Action.ACCEPT, (_S.ASKED,), _PEOPLE, _S.CONFIRMED, again=True),
    Transition(Action.TAKE_FEWER, (_S.ASKED,), _PEOPLE, _S.CONFIRMED),
    Transition(
        Action.LET_OTHERS_FIRST,
        (_S.ASKED,),
        (*_PEOPLE, Role.CLOCK),
        _S.WAITING,
        why="all or nothing: those behind may go first; silence to fewer seats than wanted means the same",
    ),
    Transition(Action.DECLINE, (_S.ASKED,), _PEOPLE, _S.DECLINED, again=True),
    Transition(Action.LAPSE, (_S.ASKED,), (Role.CLOCK,), _S.LAPSED, why="the seat was held long enough"),
    Transition(
        Action.UNSEAT,
        (_S.ASKED, _S.CONFIRMED),
        (Role.CLOCK,),
        _S.WAITING,
        why="the room became smaller; they keep their place in line",
    ),
    Transition(Action.ASK_AGAIN, (_S.ASKED, _S.CONFIRMED), (Role.ORGANISER,), _S.ASKED),
    Transition(Action.REDUCE, (_S.WAITING, _S.CONFIRMED), _PEOPLE, None),
    Transition(Action.WITHDRAW, _BEFORE, _PEOPLE, _S.WITHDRAWN, again=True),
    Transition(
        Action.CHECK_IN,
        (_S.ASKED, _S.CONFIRMED),
        _PEOPLE,
        _S.CHECKED_IN,
        again=True,
        why="who is asked and stands at the door has answered",
    ),
    Transition(Action.CALL_OFF, _BEFORE, (Role.ORGANISER,), _S.CALLED_OFF, again=True),
)

BY_ACTION: dict[Action, Transition] = {row.action: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Activity:
    """What an activity allows: seats in all and for one household (None: any number), and its times.

    Raises ValueError for limits below one seat or a hold that is not positive.
    """

    starts: datetime
    deadline: datetime
    capacity: int | None = None
    per_household: int | None = None
    hold: timedelta = timedelta(hours=12)
    called_off: bool = False

    def __post_init__(self) -> None:
        if any(limit is not None and limit < 1 for limit in (self.capacity, self.per_household)):
            raise ValueError(f"no activity has {self.capacity} seats, {self.per_household} for a household")
        if self.hold <= timedelta():
            raise ValueError(f"a seat cannot be held for {self.hold}")


@dataclass(frozen=True, slots=True)
class Party:
    """People of one household who come together, one seat for each name.

    `order` is given once and never shared. `person_id` is whose signup it is, None for a neighbour without an
    account. While asked, `offered` seats are held, until `until` or (None: they had them before) the answer.
    `passes`: it would not take fewer, so others may go first.
    """

    household_id: int | str
    signed_by: int
    person_id: int | None
    names: tuple[str, ...]
    order: int
    state: State = State.WAITING
    offered: int = 0
    until: datetime | None = None
    passes: bool = False

    @property
    def seats(self) -> int:
        """How many it wants."""
        return len(self.names)

    @property
    def held(self) -> int:
        """How many nobody else can have: its own, or those it is asked about."""
        if self.state == State.ASKED:
            return self.offered
        return self.seats if self.state in (State.CONFIRMED, State.CHECKED_IN) else 0

    def waiting(self, *, passes: bool = False) -> Self:
        """The party back in line."""
        return replace(self, state=State.WAITING, offered=0, until=None, passes=self.passes or passes)


@dataclass(frozen=True, slots=True)
class Seating:
    """Who has what, each in order; `free` seats are held for nobody (None: without end)."""

    confirmed: tuple[Party, ...]
    asked: tuple[Party, ...]
    waitlist: tuple[Party, ...]
    free: int | None


def seating(activity: Activity, parties: Iterable[Party]) -> Seating:
    """What follows from the order and from what everybody said; computed, never stored."""
    line = sorted(parties, key=lambda party: party.order)
    return Seating(
        tuple(party for party in line if party.state in (State.CONFIRMED, State.CHECKED_IN)),
        tuple(party for party in line if party.state == State.ASKED),
        tuple(party for party in line if party.state == State.WAITING),
        None if activity.capacity is None else max(0, activity.capacity - sum(party.held for party in line)),
    )


def sign_up(activity: Activity, parties: Sequence[Party], new: Party, now: datetime) -> Party:
    """The new party, confirmed if all of it fits and nobody waits for a turn, else waiting.

    Refusals: `called_off`, `signup_closed`, `names_needed`, `already_signed_up` (with `name`),
    `household_full` (with `left`), `too_many_for_activity` (with `most`).
    """
    if activity.called_off:
        raise Refused("called_off")
    if now >= min(activity.deadline, activity.starts):
        raise Refused("signup_closed")
    if not all(name.strip() for name in new.names) or not new.names:
        raise Refused("names_needed")
    live = [party for party in parties if party.state in LIVE]
    at_home = [party for party in live if party.household_id == new.household_id]
    known = {fold(name).strip() for party in at_home for name in party.names}
    for name in new.names:
        if fold(name).strip() in known:
            raise Refused("already_signed_up", name=name)
        known.add(fold(name).strip())
    if new.person_id is not None and any(party.person_id == new.person_id for party in live):
        raise Refused("already_signed_up", name=new.names[0])
    if activity.per_household is not None:
        left = activity.per_household - sum(party.seats for party in at_home)
        if new.seats > left:
            raise Refused("household_full", left=max(0, left))
    if activity.capacity is not None and new.seats > activity.capacity:
        raise Refused("too_many_for_activity", most=activity.capacity)
    seats = seating(activity, live)
    fits = seats.free is None or new.seats <= seats.free
    # Whoever could be asked now, had it been settled already, goes first.
    turn = all(party.passes and party.seats > (seats.free or 0) for party in seats.waitlist)
    return replace(new, state=State.CONFIRMED if fits and turn else State.WAITING)


def act(
    action: Action,
    activity: Activity,
    party: Party,
    roles: Iterable[Role],
    now: datetime,
    names: tuple[str, ...] = (),
) -> Party:
    """The party after what somebody did; `names` are those who still come when it takes fewer.

    Refusals: `not_yours`, `already_done` (a repeat), `not_now` (another state), `offer_is_smaller` (with
    `offered`), `offer_is_whole`, `fewer_needed` (with `most`), `too_early_to_check_in` (with `opens`).
    An answer that comes after `until` counts as long as the seat has not passed on.
    """
    row = BY_ACTION[action]
    if not set(roles) & set(row.who):
        raise Refused("not_yours")
    if party.state not in row.sources:
        raise Refused(
            "already_done" if row.again and party.state == row.to else "not_now", state=party.state.value
        )
    partial = party.state == State.ASKED and party.offered < party.seats
    if partial and action in (Action.ACCEPT, Action.LAPSE, Action.CHECK_IN):
        raise Refused("offer_is_smaller", offered=party.offered)
    if action == Action.LET_OTHERS_FIRST and not partial:
        raise Refused("offer_is_whole")
    if action in (Action.TAKE_FEWER, Action.REDUCE):
        most = min(party.seats - 1, party.offered) if party.state == State.ASKED else party.seats - 1
        if not 1 <= len(set(names)) == len(names) <= most or not set(names) <= set(party.names):
            raise Refused("fewer_needed", most=most)
        party = replace(party, names=names)
    if action == Action.CHECK_IN and now < activity.starts - CHECK_IN_BEFORE:
        raise Refused("too_early_to_check_in", opens=activity.starts - CHECK_IN_BEFORE)
    if action == Action.ASK_AGAIN:
        return party if party.state == State.ASKED else replace(party, state=State.ASKED, offered=party.seats)
    if row.to == State.WAITING:
        return party.waiting(passes=action == Action.LET_OTHERS_FIRST)
    return replace(party, state=row.to or party.state, offered=0, until=None)


def settle(
    activity: Activity, parties: Iterable[Party], now: datetime, tell_at: datetime
) -> tuple[Party, ...]:
    """The parties that time, or what others did, has changed: each to be written and told.

    To be called after every change and when a hold runs out. Holds count from `tell_at`, when the message may
    go out (quiet hours), and end with the start, after which nobody is asked. Settling twice changes nothing.
    """
    before = {party.order: party for party in parties if party.state in LIVE}
    after = {order: _run_out(party, activity, now) for order, party in sorted(before.items())}
    line = {order: party for order, party in after.items() if party.state in LIVE}
    every_seat = sum(party.seats for party in line.values())
    free = every_seat if activity.capacity is None else activity.capacity

    # Those who had their seat come first, then those asked, each in order; the last lose theirs first.
    holders = [party for party in line.values() if party.held]
    full = False
    for party in sorted(
        holders, key=lambda one: (one.state != _S.CHECKED_IN, one.until is not None, one.order)
    ):
        full = full or party.held > free
        if full and party.state != State.CHECKED_IN:
            line[party.order] = act(Action.UNSEAT, activity, party, (Role.CLOCK,), now)
        else:
            free -= party.held

    until = min(max(now, tell_at) + activity.hold, activity.starts)
    for order, party in line.items():
        offered = party.seats if party.seats <= free else 0 if party.passes else max(0, free)
        if party.state == State.WAITING and offered and now < activity.starts and not activity.called_off:
            asked = act(Action.OFFER, activity, party, (Role.CLOCK,), now)
            line[order] = replace(asked, offered=offered, until=until)
            free -= offered
    after |= line
    return tuple(after[order] for order in after if after[order] != before[order])


def _run_out(party: Party, activity: Activity, now: datetime) -> Party:
    """The party after its hold ran out, or as it is."""
    if party.state != State.ASKED or party.until is None or now < party.until:
        return party
    action = Action.LET_OTHERS_FIRST if party.offered < party.seats else Action.LAPSE
    return act(action, activity, party, (Role.CLOCK,), now)
