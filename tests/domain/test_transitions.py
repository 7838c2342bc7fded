"""The life of an issue against an expectation written by hand from what was promised (C1)."""

from datetime import timedelta
from itertools import chain, combinations

import pytest

from bot.domain.errors import Refused
from bot.domain.transitions import BY_ACTION, TABLE, Action, Given, Resolution, Role, Standing, State, check
from tests.world import MORNING

# One line for each action: who may do it, then what becomes of it in each state. A state's letter is where it
# leads, "=" leaves it where it is, "!" tells that it has been done already, "-" that it cannot be done now.
STATES = {
    "O": State.OPEN,
    "A": State.ACCEPTED,
    "R": State.WAITING_REPORTER,
    "X": State.WAITING_EXTERNAL,
    "S": State.SCHEDULED,
    "D": State.RESOLVED,
    "C": State.CLOSED,
}
EXPECTED = """
                                      O A R X S D C
accept             handler            A ! - - - - -
decline            handler            O O - - - - -
transfer           handler,committee,clock O O O O O - -
reply              handler,reporter,helper = = = = = = -
request_info       handler            - R - - - - -
answer_info        reporter           - - A - - - -
return_unanswered  clock              - - A - - - -
refer              handler            - X - X X - -
note_reference     handler            - - - = - - -
wait_on            handler            - - - = - - -
schedule           handler            - S - S S - -
resume             handler,clock      - ! - A A - -
resolve            handler            - D D D D ! -
confirm            reporter           - - - - - C !
lapse              clock              - - - - - C -
dispute            reporter           - - - - - A -
reopen             reporter,committee - - - - - - A
withdraw           reporter           C C C C C - !
reject             handler            C C - - - - -
mark_duplicate     handler            C C - - - - -
nudge              reporter           = = - = = - -
rate               reporter           - - - - - - =
rate_words         reporter           - - - - - - =
remind             clock              = = = = = - -
escalate           clock              = = = = = - -
ask_again          clock              - - = - - - -
follow_up          clock              - - - = - - -
follow             neighbour          = = = = = - -
unfollow           follower           = = = = = = -
correct            reporter,handler,helper = = = = = = -
show_as            reporter           = = = = = = =
change_urgency     handler,committee  = = = = = - -
ask_help           handler            = = = = = - -
help               helper             = = = = = - -
note               handler,committee,helper = = = = = = =
unmerge            handler,committee  - - - - - - O
"""
_HEADER, *_LINES = [line.split() for line in EXPECTED.strip().splitlines()]
MATRIX = {
    (Action(action), STATES[state]): (frozenset(Role(name) for name in who.split(",")), cell)
    for action, who, *cells in _LINES
    for state, cell in zip(_HEADER, cells, strict=True)
}
EVERYTHING = Given("说明", photos=1, target=True, date=True)
NOW = MORNING
MICROSECOND = timedelta(microseconds=1)
ROLES = list(chain.from_iterable(combinations(Role, count) for count in range(len(Role) + 1)))


def reason(action: Action, standing: Standing, roles: tuple[Role, ...], given: Given = EVERYTHING) -> str:
    """Why it is refused; empty when it is not."""
    try:
        check(action, standing, roles, given, NOW)
    except Refused as no:
        return no.reason
    return ""


def test_the_expectation_is_complete() -> None:
    """Every action in every state has a line, and the table has one row for each action."""
    assert set(MATRIX) == {(action, state) for action in Action for state in State}
    assert [row.action for row in TABLE] == list(Action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("state", State)
def test_who_may_do_what_where(action: Action, state: State) -> None:
    """Each action in each state by each set of roles leads where it should, or is rightly refused."""
    who, cell = MATRIX[action, state]
    closed_at = NOW if state == State.CLOSED else None
    standing = Standing(state, closed_at=closed_at, rated=action == Action.RATE_WORDS)
    for roles in ROLES:
        if not who.intersection(roles):
            assert reason(action, standing, roles) == "not_yours"
        elif cell in "!-":
            assert reason(action, standing, roles) == ("already_done" if cell == "!" else "not_now")
        else:
            row = check(action, standing, roles, EVERYTHING, NOW)
            assert row.action == action
            assert row.to == (None if cell == "=" else STATES[cell])


@pytest.mark.parametrize(
    ("action", "enough", "too_little", "refusal"),
    [
        (Action.DECLINE, Given("理由"), Given("  \n", photos=1, voices=1), "text_needed"),
        (Action.REJECT, Given("理由"), Given(photos=1), "text_needed"),
        (Action.MARK_DUPLICATE, Given("理由", target=True), Given("理由"), "target_needed"),
        (Action.RESOLVE, Given("好了"), Given(photos=1), "text_needed"),
        (Action.REQUEST_INFO, Given("几楼？"), Given(photos=1), "text_needed"),
        (Action.REFER, Given("转物业", date=True), Given("转物业"), "date_needed"),
        (Action.REFER, Given("转物业", date=True), Given(date=True), "text_needed"),
        (Action.SCHEDULE, Given(date=True), Given("下周"), "date_needed"),
        (Action.WAIT_ON, Given(date=True), Given("下周"), "date_needed"),
        (Action.NOTE_REFERENCE, Given("1124-88"), Given(photos=1), "text_needed"),
        (Action.CHANGE_URGENCY, Given("漏电"), Given(photos=1), "text_needed"),
        (Action.ASK_HELP, Given(target=True), Given("请帮忙"), "target_needed"),
        (Action.RATE_WORDS, Given("太慢"), Given(photos=1), "text_needed"),
        (Action.TRANSFER, Given(target=True), Given("给他"), "target_needed"),
        (Action.REPLY, Given(photos=1), Given(" "), "text_needed"),
        (Action.REPLY, Given(voices=1), Given(" "), "text_needed"),
        (Action.ANSWER_INFO, Given("三楼"), Given(), "text_needed"),
        (Action.DISPUTE, Given(photos=1), Given(), "text_needed"),
        (Action.REOPEN, Given("又坏了"), Given(), "text_needed"),
        (Action.ACCEPT, Given(), None, ""),
        (Action.CONFIRM, Given(), None, ""),
        (Action.WITHDRAW, Given(), None, ""),
        (Action.RATE, Given(), None, ""),
    ],
)
def test_what_must_be_said(action: Action, enough: Given, too_little: Given | None, refusal: str) -> None:
    """Each action takes just what it needs, and says what is missing."""
    row = BY_ACTION[action]
    standing = Standing(row.sources[-1], closed_at=NOW, rated=action == Action.RATE_WORDS)
    assert reason(action, standing, row.who, enough) == ""
    if too_little is not None:
        assert reason(action, standing, row.who, too_little) == refusal


def test_the_category_asks_for_a_photo() -> None:
    """Where it does, a result without one is refused; nothing else is (C5)."""
    standing = Standing(State.ACCEPTED, photo_to_resolve=True)
    assert reason(Action.RESOLVE, standing, (Role.HANDLER,), Given("好了")) == "photo_needed"
    assert reason(Action.RESOLVE, standing, (Role.HANDLER,), Given("好了", photos=1)) == ""
    assert reason(Action.DECLINE, standing, (Role.HANDLER,), Given("不归我")) == ""


@pytest.mark.parametrize(
    ("ago", "roles", "refusal"),
    [
        (timedelta(days=14), (Role.REPORTER,), ""),
        (timedelta(days=14) + MICROSECOND, (Role.REPORTER,), "too_late_to_reopen"),
        (timedelta(days=400), (Role.COMMITTEE,), ""),
        (timedelta(days=400), (Role.REPORTER, Role.COMMITTEE), ""),
    ],
)
def test_reopening_has_its_time(ago: timedelta, roles: tuple[Role, ...], refusal: str) -> None:
    """Fourteen days for the reporter, no end for the committee."""
    assert reason(Action.REOPEN, Standing(State.CLOSED, closed_at=NOW - ago), roles) == refusal


@pytest.mark.parametrize(
    ("ago", "refusal"),
    [(timedelta(hours=24) - MICROSECOND, "nudged_lately"), (timedelta(hours=24), "")],
)
def test_nudging_once_a_day(ago: timedelta, refusal: str) -> None:
    """The second nudge waits for 24 hours (R11)."""
    assert reason(Action.NUDGE, Standing(State.OPEN, nudged_at=NOW - ago), (Role.REPORTER,)) == refusal


def test_rating_once() -> None:
    """A closing is rated once (R10)."""
    closed = Standing(State.CLOSED, closed_at=NOW, rated=True)
    assert reason(Action.RATE, closed, (Role.REPORTER,)) == "rated_already"


def test_a_rating_is_explained_once() -> None:
    """Not before there is one, and not twice."""
    for standing, refusal in (
        (Standing(State.CLOSED, closed_at=NOW), "not_now"),
        (Standing(State.CLOSED, closed_at=NOW, rated=True), ""),
        (Standing(State.CLOSED, closed_at=NOW, rated=True, rating_explained=True), "rated_already"),
    ):
        assert reason(Action.RATE_WORDS, standing, (Role.REPORTER,)) == refusal


def test_each_end_has_its_resolution() -> None:
    """How it ended stands beside the state (C4); silence and a yes leave the handler's word."""
    named = {row.action: row.resolution for row in TABLE if row.resolution}
    assert named == {
        Action.RESOLVE: Resolution.FIXED,
        Action.WITHDRAW: Resolution.WITHDRAWN,
        Action.REJECT: Resolution.REJECTED,
        Action.MARK_DUPLICATE: Resolution.DUPLICATE,
    }
