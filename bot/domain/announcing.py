"""Announcements: their life in one table, who may announce what to whom, and who gets it (A1–A8)."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from itertools import product

from bot.domain.addresses import Register
from bot.domain.audiences import COMPOUND, PLACES, Audience, Kind, Part, covers_compound, within
from bot.domain.clocks import QuietHours
from bot.domain.errors import Refused
from bot.domain.posts import COMMITTEE, Holder, PostKind

# The life of an announcement ------------------------------------------------------------------------------


class State(StrEnum):
    """Where an announcement stands."""

    DRAFT = "draft"
    AWAITING_SECOND = "awaiting_second"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    SENT = "sent"
    CORRECTED = "corrected"
    DISCARDED = "discarded"
    RECALLED = "recalled"
    EXPIRED = "expired"


class Role(StrEnum):
    """What somebody is to one announcement; everybody else has none."""

    AUTHOR = "author"
    SECOND = "second"
    CLOCK = "clock"


class Action(StrEnum):
    """Everything that can be done to an announcement after it was begun."""

    EDIT = "edit"
    DISCARD = "discard"
    ASK_SECOND = "ask_second"
    PUBLISH = "publish"
    APPROVE = "approve"
    SEND_BACK = "send_back"
    UNDO = "undo"
    START = "start"
    FINISH = "finish"
    RECALL = "recall"
    BEGIN_CORRECTION = "begin_correction"
    CORRECT = "correct"
    EXPIRE = "expire"


class Class(StrEnum):
    """Ordinary can be muted and waits for the morning; urgent passes both and has an end of validity (A4)."""

    ORDINARY = "ordinary"
    URGENT = "urgent"


class Verdict(IntEnum):
    """Whether somebody may announce; more is better."""

    MAY_NOT = 0
    WITH_SECOND = 1
    MAY = 2


UNDO_WITHIN = timedelta(seconds=15)
"""Nothing is sent before this has passed since the last yes, so that it can be taken back without a trace."""

_S = State
_STARTED = (_S.SENDING, _S.SENT, _S.CORRECTED)
_BOTH = (Role.AUTHOR, Role.SECOND)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: who may take an announcement from where to where.

    `to` is None when the state stays. `already` are the states in which doing it again has no effect and
    says so; in all others it is refused. `entitled` means that the author's right is asked for again.
    """

    action: Action
    sources: tuple[State, ...]
    who: tuple[Role, ...]
    to: State | None
    already: tuple[State, ...] = ()
    needs_text: bool = False
    entitled: bool = False
    why: str = ""


TABLE: tuple[Transition, ...] = (
    Transition(Action.EDIT, (_S.DRAFT,), (Role.AUTHOR,), None, needs_text=True, why="locked ever after (A3)"),
    Transition(Action.DISCARD, (_S.DRAFT,), (Role.AUTHOR,), _S.DISCARDED, (_S.DISCARDED,)),
    Transition(
        Action.ASK_SECOND,
        (_S.DRAFT,),
        (Role.AUTHOR,),
        _S.AWAITING_SECOND,
        (_S.AWAITING_SECOND, _S.SCHEDULED, *_STARTED),
        entitled=True,
    ),
    Transition(
        Action.PUBLISH,
        (_S.DRAFT,),
        (Role.AUTHOR,),
        _S.SCHEDULED,
        (_S.SCHEDULED, *_STARTED),
        entitled=True,
        why="only where the author needs no second officer",
    ),
    Transition(
        Action.APPROVE,
        (_S.AWAITING_SECOND,),
        (Role.SECOND,),
        _S.SCHEDULED,
        (_S.SCHEDULED, *_STARTED),
        entitled=True,
    ),
    Transition(
        Action.SEND_BACK,
        (_S.AWAITING_SECOND,),
        (Role.SECOND,),
        _S.DRAFT,
        needs_text=True,
        why="the author must know what to change",
    ),
    Transition(
        Action.UNDO,
        (_S.AWAITING_SECOND, _S.SCHEDULED),
        _BOTH,
        _S.DRAFT,
        (_S.DRAFT,),
        why="nobody has seen it yet; the second officer's yes is gone with it",
    ),
    Transition(Action.START, (_S.SCHEDULED,), (Role.CLOCK,), _S.SENDING, _STARTED, entitled=True),
    Transition(Action.FINISH, (_S.SENDING,), (Role.CLOCK,), _S.SENT, (_S.SENT, _S.CORRECTED)),
    Transition(
        Action.RECALL,
        (_S.SENDING,),
        _BOTH,
        _S.RECALLED,
        (_S.RECALLED,),
        why="the rest is not sent, and what was sent is taken back; later only a correction helps",
    ),
    Transition(
        Action.BEGIN_CORRECTION,
        (_S.SENT, _S.CORRECTED),
        _BOTH,
        None,
        why="a correction is a draft of its own and goes the same way, so that it needs the same yes",
    ),
    Transition(
        Action.CORRECT,
        (_S.SENT, _S.CORRECTED),
        (Role.CLOCK,),
        _S.CORRECTED,
        why="when the correction is sent: it edits the copies (A3)",
    ),
    Transition(
        Action.EXPIRE,
        (_S.AWAITING_SECOND, _S.SCHEDULED, _S.SENDING, _S.SENT, _S.CORRECTED),
        (Role.CLOCK,),
        _S.EXPIRED,
        (_S.EXPIRED,),
        why="an urgent one must not alarm anybody after its end of validity",
    ),
)

BY_ACTION: dict[Action, Transition] = {row.action: row for row in TABLE}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the table needs to know of an announcement before it says yes.

    `verdict` is the right of its author as it is now, `send_at` when it is to go out (None: at once),
    `is_correcting` that a correction of it has been begun and is neither sent nor discarded.
    """

    state: State
    klass: Class
    verdict: Verdict
    send_at: datetime | None = None
    valid_until: datetime | None = None
    is_correcting: bool = False


def roles_of(person_id: int, author_id: int, *, may_second: bool) -> frozenset[Role]:
    """What a person is to an announcement: never author and second officer at once."""
    if person_id == author_id:
        return frozenset((Role.AUTHOR,))
    return frozenset((Role.SECOND,)) if may_second else frozenset()


def check(action: Action, standing: Standing, roles: Iterable[Role], text: str, now: datetime) -> Transition:
    """The row that applies, or Refused with the reason.

    Refusals: `not_yours` (no part in it), `already_done` (a repeat), `not_now` (another state),
    `text_needed`, `announcement_not_allowed` (the author has not, or no longer, the right), `second_needed`,
    `validity_needed` (urgent without an end), `validity_over` (it would end before it is sent),
    `too_early` (the clock, before it is due), `correction_begun`.
    """
    row = BY_ACTION[action]
    if not set(roles) & set(row.who):
        raise Refused("not_yours")
    if standing.state not in row.sources:
        done = standing.state in row.already
        raise Refused("already_done" if done else "not_now", state=standing.state.value)
    if row.needs_text and not text.strip():
        raise Refused("text_needed")
    if row.entitled:
        _check_right(action, standing, now)
    if action == Action.START and standing.send_at is not None and now < standing.send_at:
        raise Refused("too_early")
    if action == Action.EXPIRE:
        if standing.klass is not Class.URGENT or standing.valid_until is None:
            raise Refused("not_now", state=standing.state.value)
        if now < standing.valid_until:
            raise Refused("too_early")
    if action == Action.BEGIN_CORRECTION and standing.is_correcting:
        raise Refused("correction_begun")
    return row


def _check_right(action: Action, standing: Standing, now: datetime) -> None:
    """Refuse what must not go on its way to people's phones."""
    if standing.verdict is Verdict.MAY_NOT:
        raise Refused("announcement_not_allowed")
    if action == Action.PUBLISH and standing.verdict is Verdict.WITH_SECOND:
        raise Refused("second_needed")
    if standing.klass is Class.URGENT:
        if standing.valid_until is None:
            raise Refused("validity_needed")
        if standing.valid_until <= max(now, standing.send_at or now):
            raise Refused("validity_over", valid_until=standing.valid_until)


def sending_at(klass: Class, chosen: datetime | None, now: datetime, quiet: QuietHours) -> datetime:
    """When it goes out if the last yes is given now: not before the time chosen, nor before it can be undone.

    Ordinary ones wait for the end of the quiet hours, urgent ones for nothing (A4).
    """
    earliest = max(chosen or now, now + UNDO_WITHIN)
    return quiet.release(earliest, "danger" if klass is Class.URGENT else "ordinary")


# Rights --------------------------------------------------------------------------------------------------


class Channel(StrEnum):
    """The ways to people: into the groups, and to each of them in private."""

    GROUPS = "groups"
    PRIVATE = "private"


class Scope(StrEnum):
    """What a part of an audience is to an officer; holders of a post are what their place is."""

    OWN_ENTRANCE = "own_entrance"
    OWN_BUILDING = "own_building"
    INTEREST_GROUP = "interest_group"
    SEVERAL_BUILDINGS = "several_buildings"
    COMPOUND = "compound"


GROUP_LEADER = "interest_group_leader"
"""Beside the posts, the one who leads an interest group; to its members only."""

OFFICES: tuple[str, ...] = (*PostKind, GROUP_LEADER)

_P = PostKind
_OF_COMMUNITY = (_P.COMMUNITY_DIRECTOR, _P.COMMUNITY_SECRETARY)
_ALL = tuple(Channel)
_OWN = (Scope.OWN_ENTRANCE, Scope.OWN_BUILDING)
_WITHIN_COMPOUND = tuple(scope for scope in Scope if scope is not Scope.COMPOUND)
_GRANTS: tuple[tuple[Iterable[str], Iterable[Scope], Iterable[Channel], Class, Verdict], ...] = (
    ((_P.ENTRANCE_LEADER,), (Scope.OWN_ENTRANCE,), _ALL, Class.ORDINARY, Verdict.MAY),
    ((_P.BUILDING_LEADER,), _OWN, _ALL, Class.ORDINARY, Verdict.MAY),
    # In the building's group the leader sees what the deputy says; into each private chat it goes unseen.
    ((_P.DEPUTY_LEADER,), _OWN, (Channel.GROUPS,), Class.ORDINARY, Verdict.MAY),
    ((_P.DEPUTY_LEADER,), _OWN, (Channel.PRIVATE,), Class.ORDINARY, Verdict.WITH_SECOND),
    ((GROUP_LEADER,), (Scope.INTEREST_GROUP,), _ALL, Class.ORDINARY, Verdict.MAY),
    (COMMITTEE, _WITHIN_COMPOUND, _ALL, Class.ORDINARY, Verdict.MAY),
    (COMMITTEE, (Scope.COMPOUND,), _ALL, Class.ORDINARY, Verdict.WITH_SECOND),
    (COMMITTEE, Scope, _ALL, Class.URGENT, Verdict.WITH_SECOND),
    (
        (_P.PROPERTY_MANAGER, _P.GRID_OFFICER, *_OF_COMMUNITY),
        Scope,
        _ALL,
        Class.ORDINARY,
        Verdict.WITH_SECOND,
    ),
)
RIGHTS: Mapping[tuple[str, Scope, Channel, Class], Verdict] = dict.fromkeys(
    product(OFFICES, Scope, Channel, Class), Verdict.MAY_NOT
) | {
    cell: verdict
    for offices, scopes, channels, klass, verdict in _GRANTS
    for cell in product(offices, scopes, channels, (klass,))
}
"""Office × scope × channel × class → may, with a second officer, or not; what is granted nowhere is not."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Whom an announcement is for, by which ways and in which class."""

    audience: Audience
    channels: frozenset[Channel]
    klass: Class

    def __post_init__(self) -> None:
        if not self.channels:
            raise ValueError("an announcement needs a channel")


@dataclass(frozen=True, slots=True)
class Officer:
    """A person with the posts they hold and the interest groups they lead now."""

    person_id: int
    holders: tuple[Holder, ...] = ()
    leads: frozenset[int] = frozenset()


def verdict(officer: Officer, proposal: Proposal, register: Register) -> Verdict:
    """The right to announce: for each part the best of all offices, of all parts and channels the worst.

    Naming every building one by one is announcing to the compound.
    """
    parts = proposal.audience.parts
    is_whole = covers_compound(parts, register)
    return min(
        max(
            (
                RIGHTS[office, scope, channel, proposal.klass]
                for office, scope in _offices(officer, part, is_whole=is_whole)
            ),
            default=Verdict.MAY_NOT,
        )
        for part in parts
        for channel in proposal.channels
    )


def _offices(officer: Officer, part: Part, *, is_whole: bool) -> list[tuple[str, Scope]]:
    """The officer's offices, and what the part is to each."""
    if part.kind is Kind.INTEREST_GROUP:
        everybodys = [(str(one.kind), Scope.INTEREST_GROUP) for one in officer.holders]
        return everybodys + [(GROUP_LEADER, Scope.INTEREST_GROUP)] * (part.group_id in officer.leads)
    # The leaders of all buildings are people of several buildings, not everybody.
    is_whole = is_whole and part.kind is not Kind.POST
    place = part_of(part.building_id, part.entrance_id)
    scopes: list[tuple[str, Scope]] = []
    for holder in officer.holders:
        if holder.building_id is not None and within(place, part_of(holder.building_id, holder.entrance_id)):
            scope = Scope.OWN_ENTRANCE if place.kind is Kind.ENTRANCE else Scope.OWN_BUILDING
        else:
            scope = Scope.COMPOUND if is_whole else Scope.SEVERAL_BUILDINGS
        scopes.append((holder.kind, scope))
    return scopes


def part_of(building_id: int | None, entrance_id: int | None) -> Part:
    """The smallest place these ids name; with none of them the compound."""
    if building_id is None:
        return COMPOUND
    return Part(Kind.BUILDING if entrance_id is None else Kind.ENTRANCE, building_id, entrance_id)


def needs_second(officer: Officer, proposal: Proposal, register: Register) -> bool:
    """Whether this author may announce it, but not alone."""
    return verdict(officer, proposal, register) is Verdict.WITH_SECOND


def may_second(officer: Officer, author_id: int, proposal: Proposal, register: Register) -> bool:
    """Whether this officer may be the second: never the author, and one who may do it too.

    Two who both need a second do not make up for each other, except in the committee, which has nobody above.
    """
    if officer.person_id == author_id:
        return False
    own = verdict(officer, proposal, register)
    in_committee = any(holder.kind in COMMITTEE for holder in officer.holders)
    return own is Verdict.MAY or (own is Verdict.WITH_SECOND and in_committee)


# Lending (A8) --------------------------------------------------------------------------------------------

LOAN_MOST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Loan:
    """The right to announce something ordinary to an audience, lent to one person until an instant."""

    person_id: int
    by: int
    audience: Audience
    since: datetime
    until: datetime
    revoked_at: datetime | None = None

    def covers(self, audience: Audience, at: datetime) -> bool:
        """Whether at that instant the loan is for all of this audience, and for nobody beyond it."""
        lent = self.audience
        if not self.since <= at < self.until or (self.revoked_at is not None and self.revoked_at <= at):
            return False
        narrow_enough = not lent.narrowed_to or (
            audience.narrowed_to and set(audience.narrowed_to) <= set(lent.narrowed_to)
        )
        return (
            bool(narrow_enough)
            and all(part in lent.parts or _in_any(part, lent.parts) for part in audience.parts)
            and all(part in audience.without or _in_any(part, audience.without) for part in lent.without)
        )


def _in_any(part: Part, places: Iterable[Part]) -> bool:
    return any(within(part, place) for place in places)


def lend(
    lender: Officer, person_id: int, audience: Audience, until: datetime, now: datetime, register: Register
) -> Loan:
    """Lend one's own right, for a day at most; what was lent to the lender cannot be lent on.

    Refusals: `loan_not_yours` (no right to announce there), `loan_to_oneself`, `loan_too_long` (more than a
    day, or over before it begins).
    """
    proposal = Proposal(audience, frozenset((Channel.GROUPS,)), Class.ORDINARY)
    if verdict(lender, proposal, register) is Verdict.MAY_NOT:
        raise Refused("loan_not_yours")
    if person_id == lender.person_id:
        raise Refused("loan_to_oneself")
    if not now < until <= now + LOAN_MOST:
        raise Refused("loan_too_long", most=LOAN_MOST)
    return Loan(person_id, lender.person_id, audience, now, until)


def revoke(loan: Loan, person_id: int, now: datetime, *, in_committee: bool) -> Loan:
    """The loan as over: by its lender, its borrower or the committee; a repeat leaves it as it is.

    Anybody else is Refused with `not_yours`.
    """
    if person_id not in (loan.by, loan.person_id) and not in_committee:
        raise Refused("not_yours")
    return loan if loan.revoked_at else replace(loan, revoked_at=now)


def verdict_with_loans(
    officer: Officer,
    proposal: Proposal,
    register: Register,
    loans: Iterable[tuple[Loan, Officer]],
    at: datetime,
) -> Verdict:
    """The best of the person's own right and those lent to them, each as good as its lender's is now.

    Loans come with their lenders as they are at that instant: who lost a post has nothing left to lend.
    """
    lent = (
        verdict(lender, proposal, register)
        for loan, lender in loans
        if proposal.klass is Class.ORDINARY
        and (loan.person_id, loan.by) == (officer.person_id, lender.person_id)
        and loan.covers(proposal.audience, at)
    )
    return max((verdict(officer, proposal, register), *lent))


# Deliveries ----------------------------------------------------------------------------------------------


class Why(StrEnum):
    """Why somebody who belongs to the audience, or a group that is touched by it, gets nothing."""

    EXCLUDED = "excluded"
    WIDER = "wider"
    MUTED = "muted"
    NO_ACCOUNT = "no_account"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody lives, and as what: owner, renter or family."""

    building_id: int
    entrance_id: int | None
    residency: str


@dataclass(frozen=True, slots=True)
class Account:
    """One of the accounts of a person; not reachable when it has blocked the bot."""

    id: int
    is_reachable: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """All that decides whether a person gets an announcement; `accounts` in the order they are tried.

    `posts` are parts of the kind post with the place where it is held, `groups` ids of interest groups,
    `mutes` the parts whose ordinary announcements the person does not want, the compound for all of them.
    """

    id: int
    homes: tuple[Home, ...] = ()
    posts: tuple[Part, ...] = ()
    groups: frozenset[int] = frozenset()
    accounts: tuple[Account, ...] = ()
    mutes: frozenset[Part] = frozenset()


@dataclass(frozen=True, slots=True)
class GroupChat:
    """A group on a channel, with the places or interest groups whose people it is for."""

    id: int
    bound_to: tuple[Part, ...]
    is_reachable: bool = True


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A person (private) or group chat (groups) that gets nothing, and why."""

    channel: Channel
    id: int
    why: Why


@dataclass(frozen=True, slots=True)
class Plan:
    """Who gets it: group chats by id, people as (person id, account id), each once; and who does not."""

    chats: tuple[int, ...]
    people: tuple[tuple[int, int], ...]
    left_out: tuple[LeftOut, ...]

    def left_out_by_reason(self) -> Mapping[tuple[Channel, Why], int]:
        """How many are left out by channel and reason; reasons nobody has are not listed."""
        return Counter((one.channel, one.why) for one in self.left_out)


def deliveries(proposal: Proposal, people: Iterable[Person], chats: Iterable[GroupChat]) -> Plan:
    """Who gets it: each person once in private, each group chat once, in the order of the rows.

    A group chat gets it only if nobody is in there whom it is not for. A row with the id of an earlier one
    is passed over.
    """
    told: dict[int, Account | Why | None] = {}
    posted: dict[int, Why | None] = {}
    if Channel.PRIVATE in proposal.channels:
        for person in people:
            if person.id not in told:
                told[person.id] = _account(person, proposal)
    if Channel.GROUPS in proposal.channels:
        for chat in chats:
            if chat.id not in posted and _touches(chat, proposal.audience.parts):
                posted[chat.id] = _hindrance(chat, proposal.audience)
    return Plan(
        tuple(chat for chat, why in posted.items() if why is None),
        tuple((person, got.id) for person, got in told.items() if isinstance(got, Account)),
        (
            *(LeftOut(Channel.PRIVATE, person, got) for person, got in told.items() if isinstance(got, Why)),
            *(LeftOut(Channel.GROUPS, chat, why) for chat, why in posted.items() if why is not None),
        ),
    )


def _account(person: Person, proposal: Proposal) -> Account | Why | None:
    """The account to write to, or why not; None for people it is not for."""
    audience = proposal.audience
    if not _reaching(person, audience):
        return None
    parts = _reaching(_without(person, audience.without), audience)
    if not parts:
        return Why.EXCLUDED
    if not person.accounts:
        return Why.NO_ACCOUNT
    if proposal.klass is Class.ORDINARY and (COMPOUND in person.mutes or person.mutes >= set(parts)):
        return Why.MUTED
    return next((account for account in person.accounts if account.is_reachable), Why.UNREACHABLE)


def _reaching(person: Person, audience: Audience) -> list[Part]:
    """The parts of the audience this person belongs to."""
    return [part for part in audience.parts if _belongs(person, part, audience.narrowed_to)]


def _belongs(person: Person, part: Part, narrowed_to: Collection[str]) -> bool:
    if part.kind is Kind.INTEREST_GROUP:
        return part.group_id in person.groups
    if part.kind is Kind.POST:
        seat = part_of(part.building_id, part.entrance_id)
        return any(
            post.post == part.post and within(part_of(post.building_id, post.entrance_id), seat)
            for post in person.posts
        )
    if not narrowed_to and any(
        within(part_of(post.building_id, post.entrance_id), part) for post in person.posts
    ):
        # The property manager lives elsewhere, and belongs to the compound all the same; so does a leader to
        # the building.
        return True
    return any(
        within(part_of(home.building_id, home.entrance_id), part)
        and (not narrowed_to or home.residency in narrowed_to)
        for home in person.homes
    )


def _without(person: Person, exception: Sequence[Part]) -> Person:
    """The person as far as the exception leaves them: fewer homes and posts, or nothing at all.

    Who lives only in places left out is left out as a member of a group too; a post goes by its own place.
    """
    if any(part.kind not in PLACES and _belongs(person, part, ()) for part in exception):
        return replace(person, homes=(), posts=(), groups=frozenset())
    homes = tuple(
        home for home in person.homes if not _in_any(part_of(home.building_id, home.entrance_id), exception)
    )
    posts = tuple(
        post for post in person.posts if not _in_any(part_of(post.building_id, post.entrance_id), exception)
    )
    groups = person.groups if homes or not person.homes else frozenset[int]()
    return replace(person, homes=homes, posts=posts, groups=groups)


def _touches(chat: GroupChat, parts: Sequence[Part]) -> bool:
    """Whether anybody of the audience is expected in the group."""
    return any(
        bound == part or within(bound, part) or within(part, bound)
        for bound in chat.bound_to
        for part in parts
    )


def _hindrance(chat: GroupChat, audience: Audience) -> Why | None:
    """Why a group that is touched by the audience does not get it; None if it does."""
    if all(_in_any(bound, audience.without) or bound in audience.without for bound in chat.bound_to):
        return Why.EXCLUDED
    if not all(_is_for(audience, bound) for bound in chat.bound_to):
        return Why.WIDER
    return None if chat.is_reachable else Why.UNREACHABLE


def _is_for(audience: Audience, bound: Part) -> bool:
    """Whether everybody of a place or interest group belongs to the audience."""
    if bound.kind not in PLACES:
        # Its members may live anywhere, and be anybody.
        return bound in audience.parts and not audience.without
    cut = any(
        part.kind not in PLACES or within(part, bound) or within(bound, part) for part in audience.without
    )
    return not audience.narrowed_to and not cut and _in_any(bound, audience.parts)
