"""The life of an issue: the one table every surface goes through (C1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.errors import Refused


class State(StrEnum):
    """Where an issue stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    WAITING_REPORTER = "waiting_reporter"
    WAITING_EXTERNAL = "waiting_external"
    SCHEDULED = "scheduled"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Resolution(StrEnum):
    """How it ended, apart from the state (C4)."""

    FIXED = "fixed"
    NO_ACTION = "no_action"
    NOT_RESPONSIBLE = "not_responsible"
    REFERRED = "referred"
    CANNOT_REPRODUCE = "cannot_reproduce"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


class Role(StrEnum):
    """What somebody is to one issue."""

    REPORTER = "reporter"
    HANDLER = "handler"
    COMMITTEE = "committee"
    HELPER = "helper"  # a colleague the handler asked
    FOLLOWER = "follower"  # a neighbour who has met the same
    NEIGHBOUR = "neighbour"  # an approved resident of the compound, where the issue is not private
    CLOCK = "clock"


class Action(StrEnum):
    """Everything that can be done to an issue after it was filed."""

    ACCEPT = "accept"
    DECLINE = "decline"
    TRANSFER = "transfer"
    REPLY = "reply"
    REQUEST_INFO = "request_info"
    ANSWER_INFO = "answer_info"
    RETURN_UNANSWERED = "return_unanswered"
    REFER = "refer"
    NOTE_REFERENCE = "note_reference"
    WAIT_ON = "wait_on"
    SCHEDULE = "schedule"
    RESUME = "resume"
    RESOLVE = "resolve"
    CONFIRM = "confirm"
    LAPSE = "lapse"
    DISPUTE = "dispute"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"
    REJECT = "reject"
    MARK_DUPLICATE = "mark_duplicate"
    NUDGE = "nudge"
    RATE = "rate"
    RATE_WORDS = "rate_words"
    REMIND = "remind"
    ESCALATE = "escalate"
    ASK_AGAIN = "ask_again"
    FOLLOW_UP = "follow_up"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    CORRECT = "correct"
    SHOW_AS = "show_as"
    CHANGE_URGENCY = "change_urgency"
    ASK_HELP = "ask_help"
    HELP = "help"
    NOTE = "note"
    UNMERGE = "unmerge"


class Repeat(StrEnum):
    """What doing it again means: nothing more happens, or a refusal."""

    NO_OP = "no_op"
    REFUSE = "refuse"


NUDGE_EVERY = timedelta(hours=24)
REOPEN_WITHIN = timedelta(days=14)
LAPSE_AFTER = timedelta(days=7)

_S = State
_WORKING = (_S.ACCEPTED, _S.WAITING_REPORTER, _S.WAITING_EXTERNAL, _S.SCHEDULED)
_UNDONE = (_S.OPEN, *_WORKING)
_POSTPONABLE = (_S.ACCEPTED, _S.WAITING_EXTERNAL, _S.SCHEDULED)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: who may take an issue from where to where, and what they must say.

    `to` is None when the state stays. `requires` names what must come with it: text, words (for which a photo
    or a voice will do), target, date. `repeat` is what doing it again means once `to` is reached.
    """

    action: Action
    sources: tuple[State, ...]
    who: tuple[Role, ...]
    to: State | None
    requires: tuple[str, ...] = ()
    repeat: Repeat = Repeat.REFUSE
    resolution: Resolution | None = None
    why: str = ""


TABLE: tuple[Transition, ...] = (
    Transition(Action.ACCEPT, (_S.OPEN,), (Role.HANDLER,), _S.ACCEPTED, repeat=Repeat.NO_OP),
    Transition(
        Action.DECLINE,
        (_S.OPEN, _S.ACCEPTED),
        (Role.HANDLER,),
        _S.OPEN,
        ("text",),
        why="the next in line must know why it comes to them",
    ),
    Transition(
        Action.TRANSFER,
        _UNDONE,
        (Role.HANDLER, Role.COMMITTEE, Role.CLOCK),
        _S.OPEN,
        ("target",),
        why="by clock when the handler holds no post any more",
    ),
    Transition(
        Action.REPLY,
        (*_UNDONE, _S.RESOLVED),
        (Role.HANDLER, Role.REPORTER, Role.HELPER),
        None,
        ("words",),
        why="talk goes on until the matter is closed; the reporter's word answers an open question",
    ),
    Transition(
        Action.REQUEST_INFO,
        (_S.ACCEPTED,),
        (Role.HANDLER,),
        _S.WAITING_REPORTER,
        ("text",),
        why="the clock stops: the handler cannot go on without an answer",
    ),
    Transition(Action.ANSWER_INFO, (_S.WAITING_REPORTER,), (Role.REPORTER,), _S.ACCEPTED, ("words",)),
    Transition(
        Action.RETURN_UNANSWERED,
        (_S.WAITING_REPORTER,),
        (Role.CLOCK,),
        _S.ACCEPTED,
        why="an unanswered question never counts as a solved matter",
    ),
    Transition(
        Action.REFER,
        _POSTPONABLE,
        (Role.HANDLER,),
        _S.WAITING_EXTERNAL,
        ("text", "date"),
        why="again for another office",
    ),
    Transition(Action.NOTE_REFERENCE, (_S.WAITING_EXTERNAL,), (Role.HANDLER,), None, ("text",)),
    Transition(Action.WAIT_ON, (_S.WAITING_EXTERNAL,), (Role.HANDLER,), None, ("date",)),
    Transition(
        Action.SCHEDULE, _POSTPONABLE, (Role.HANDLER,), _S.SCHEDULED, ("date",), why="again for another day"
    ),
    Transition(
        Action.RESUME,
        (_S.WAITING_EXTERNAL, _S.SCHEDULED),
        (Role.HANDLER, Role.CLOCK),
        _S.ACCEPTED,
        repeat=Repeat.NO_OP,
    ),
    Transition(
        Action.RESOLVE, _WORKING, (Role.HANDLER,), _S.RESOLVED, ("text",), Repeat.NO_OP, Resolution.FIXED
    ),
    Transition(Action.CONFIRM, (_S.RESOLVED,), (Role.REPORTER,), _S.CLOSED, repeat=Repeat.NO_OP),
    Transition(
        Action.LAPSE,
        (_S.RESOLVED,),
        (Role.CLOCK,),
        _S.CLOSED,
        why="seven silent days end it, recorded as no_reply and never counted as satisfied",
    ),
    Transition(
        Action.DISPUTE,
        (_S.RESOLVED,),
        (Role.REPORTER,),
        _S.ACCEPTED,
        ("words",),
        why="not fixed: back to the handler, and the next level up is told",
    ),
    Transition(Action.REOPEN, (_S.CLOSED,), (Role.REPORTER, Role.COMMITTEE), _S.ACCEPTED, ("words",)),
    Transition(Action.WITHDRAW, _UNDONE, (Role.REPORTER,), _S.CLOSED, (), Repeat.NO_OP, Resolution.WITHDRAWN),
    Transition(
        Action.REJECT,
        (_S.OPEN, _S.ACCEPTED),
        (Role.HANDLER,),
        _S.CLOSED,
        ("text",),
        resolution=Resolution.REJECTED,
    ),
    Transition(
        Action.MARK_DUPLICATE,
        (_S.OPEN, _S.ACCEPTED),
        (Role.HANDLER,),
        _S.CLOSED,
        ("text", "target"),
        resolution=Resolution.DUPLICATE,
    ),
    Transition(
        Action.NUDGE,
        (_S.OPEN, *_POSTPONABLE),
        (Role.REPORTER,),
        None,
        why="not while the reporter's own answer is what is missing",
    ),
    Transition(Action.RATE, (_S.CLOSED,), (Role.REPORTER,), None, why="once per closing"),
    Transition(
        Action.RATE_WORDS, (_S.CLOSED,), (Role.REPORTER,), None, ("text",), why="once, after the rating"
    ),
    Transition(Action.REMIND, _UNDONE, (Role.CLOCK,), None),
    Transition(Action.ESCALATE, _UNDONE, (Role.CLOCK,), None),
    Transition(
        Action.ASK_AGAIN, (_S.WAITING_REPORTER,), (Role.CLOCK,), None, why="one reminder of the question"
    ),
    Transition(
        Action.FOLLOW_UP,
        (_S.WAITING_EXTERNAL,),
        (Role.CLOCK,),
        None,
        why="the handler said when they would ask there again",
    ),
    Transition(
        Action.FOLLOW,
        _UNDONE,
        (Role.NEIGHBOUR,),
        None,
        why="who meets it after it was said to be done reports it anew",
    ),
    Transition(Action.UNFOLLOW, (*_UNDONE, _S.RESOLVED), (Role.FOLLOWER,), None),
    Transition(
        Action.CORRECT,
        (*_UNDONE, _S.RESOLVED),
        (Role.REPORTER, Role.HANDLER, Role.HELPER),
        None,
        ("text",),
        why="a message that was edited; what was said before stays in the history",
    ),
    Transition(
        Action.SHOW_AS, tuple(State), (Role.REPORTER,), None, why="whose name is shown is their choice"
    ),
    Transition(
        Action.CHANGE_URGENCY,
        _UNDONE,
        (Role.HANDLER, Role.COMMITTEE),
        None,
        ("text",),
        why="another clock needs a reason",
    ),
    Transition(Action.ASK_HELP, _UNDONE, (Role.HANDLER,), None, ("target",)),
    Transition(Action.HELP, _UNDONE, (Role.HELPER,), None),
    Transition(Action.NOTE, tuple(State), (Role.HANDLER, Role.COMMITTEE, Role.HELPER), None, ("text",)),
    Transition(
        Action.UNMERGE,
        (_S.CLOSED,),
        (Role.HANDLER, Role.COMMITTEE),
        _S.OPEN,
        ("text",),
        why="merged by mistake: it is somebody's own matter after all",
    ),
)

BY_ACTION: dict[Action, Transition] = {row.action: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the table needs to know of an issue before it says yes."""

    state: State
    closed_at: datetime | None = None
    nudged_at: datetime | None = None
    rated: bool = False
    photo_to_resolve: bool = False
    rating_explained: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """What comes with an action."""

    text: str = ""
    photos: int = 0
    voices: int = 0
    target: bool = False
    date: bool = False


def check(
    action: Action, standing: Standing, roles: Iterable[Role], given: Given, now: datetime
) -> Transition:
    """The row that applies, or Refused with the reason.

    Refusals: `not_yours` (no right), `already_done` (a repeat), `not_now` (another state), `text_needed`,
    `photo_needed`, `target_needed`, `date_needed`, `nudged_lately`, `too_late_to_reopen`, `rated_already`.
    """
    row = BY_ACTION[action]
    held = set(roles)
    if not held & set(row.who):
        raise Refused("not_yours")
    if standing.state not in row.sources:
        done = row.repeat == Repeat.NO_OP and standing.state == row.to
        raise Refused("already_done" if done else "not_now", state=standing.state.value)
    text = given.text.strip()
    if ("text" in row.requires and not text) or (
        "words" in row.requires and not (text or given.photos or given.voices)
    ):
        raise Refused("text_needed")
    if action == Action.RESOLVE and standing.photo_to_resolve and not given.photos:
        raise Refused("photo_needed")
    if "target" in row.requires and not given.target:
        raise Refused("target_needed")
    if "date" in row.requires and not given.date:
        raise Refused("date_needed")
    _once(action, standing, now)
    late = standing.closed_at is not None and now > standing.closed_at + REOPEN_WITHIN
    if action == Action.REOPEN and late and Role.COMMITTEE not in held:
        raise Refused("too_late_to_reopen")
    return row


def _once(action: Action, standing: Standing, now: datetime) -> None:
    """What can be done once, or once a day."""
    if action == Action.NUDGE and standing.nudged_at and now < standing.nudged_at + NUDGE_EVERY:
        raise Refused("nudged_lately", next_at=standing.nudged_at + NUDGE_EVERY)
    if action == Action.RATE and standing.rated:
        raise Refused("rated_already")
    if action == Action.RATE_WORDS and not standing.rated:
        raise Refused("not_now", state=standing.state.value)
    if action == Action.RATE_WORDS and standing.rating_explained:
        raise Refused("rated_already")
