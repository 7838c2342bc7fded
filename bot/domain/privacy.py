"""Who sees what of a person: the one table every surface goes through (R14, and rule 7 of them all)."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from unicodedata import normalize

from bot.domain.errors import Refused

_PHONE = re.compile(r"\+?[0-9](?:[ -]?[0-9]){6,14}")
"""Seven digits, a number without its area, to fifteen, as ITU-T E.164 allows."""


class Viewer(StrEnum):
    """What somebody who looks is to the person, or to the matter, looked at; one may be several things."""

    SELF = "self"
    HANDLER = "handler"  # of the issue; a stand-in or deputy who acts counts too
    LEADER = "leader"  # of the entrance or building the person lives in, or the issue is at
    COMMITTEE = "committee"
    OTHER_POST = "other_post"  # property, grid, party group: nobody's home is their business as such
    ORGANISER = "organiser"  # of the activity or the interest group the person takes part in
    FOLLOWER = "follower"  # of the issue
    NEIGHBOUR = "neighbour"  # of the same building
    RESIDENT = "resident"  # of the same compound
    STRANGER = "stranger"
    OPERATOR = "operator"  # at the command line


class Level(StrEnum):
    """By whom a person wishes to be seen by name on what they report (R14), from many to few."""

    NEIGHBOURS = "neighbours"
    LEADER = "leader"
    COMMITTEE = "committee"


class Datum(StrEnum):
    """What there is to be seen."""

    NAME = "name"  # as the register has it, with the home it belongs to
    PHONE = "phone"
    UNIT = "unit"
    KIND = "kind"  # owner, renter or family
    ROSTER = "roster"  # who has joined, door by door
    ISSUE = "issue"  # what was written and photographed
    PRIVATE_ISSUE = "private_issue"
    REPORTER = "reporter"  # whose name stands on an issue
    PARTICIPANTS = "participants"  # of an activity, by name
    POST_NAME = "post_name"  # who holds a post
    POST_PHONE = "post_phone"  # the office's, or the holder's own where they agreed to that


_V = Viewer
_NEEDED_BY_POST = frozenset((_V.SELF, _V.LEADER, _V.COMMITTEE, _V.OPERATOR))
_OF_ISSUE = frozenset((_V.SELF, _V.HANDLER, _V.LEADER, _V.COMMITTEE, _V.OPERATOR))
_EVERYBODY = frozenset(Viewer)

TABLE: Mapping[Datum, frozenset[Viewer]] = {
    Datum.NAME: _NEEDED_BY_POST | {_V.ORGANISER},
    # Talk about an issue goes through the bot: having it is no reason to be given a phone (R18).
    Datum.PHONE: _NEEDED_BY_POST,
    Datum.UNIT: _NEEDED_BY_POST | {_V.ORGANISER},
    Datum.KIND: _NEEDED_BY_POST,
    Datum.ROSTER: _NEEDED_BY_POST - {_V.SELF},
    # Neighbours are asked whether they have met the same (R6).
    Datum.ISSUE: _OF_ISSUE | {_V.FOLLOWER, _V.NEIGHBOUR, _V.RESIDENT},
    Datum.PRIVATE_ISSUE: _OF_ISSUE,
    Datum.PARTICIPANTS: frozenset((_V.SELF, _V.ORGANISER, _V.COMMITTEE, _V.OPERATOR)),
    Datum.POST_NAME: _EVERYBODY,
    Datum.POST_PHONE: _EVERYBODY,
}
"""Who sees each datum, whatever the person has chosen."""

REPORTER: Mapping[Level, frozenset[Viewer]] = {
    Level.NEIGHBOURS: _OF_ISSUE | {_V.FOLLOWER, _V.NEIGHBOUR, _V.RESIDENT, _V.OTHER_POST},
    Level.LEADER: _OF_ISSUE,
    Level.COMMITTEE: frozenset((_V.SELF, _V.COMMITTEE, _V.OPERATOR)),
}
"""Who sees the name on an issue, as the person who reported it has chosen (R14)."""


def may_see(datum: Datum, viewers: Iterable[Viewer], level: Level = Level.LEADER) -> bool:
    """Whether somebody who is all of these may see it; `level` matters only for the name on an issue."""
    allowed = REPORTER[level] if datum is Datum.REPORTER else TABLE[datum]
    return not allowed.isdisjoint(viewers)


def clean_phone(said: str) -> str:
    """A phone as somebody writes it, in plain digits, + - and spaces. Refusals: `phone_unclear`."""
    phone = " ".join(normalize("NFKC", said).split())
    if not _PHONE.fullmatch(phone):
        raise Refused("phone_unclear")
    return phone


def masked(phone: str) -> str:
    """A phone as it may stand on a screen that others see: 138****0001."""
    digits = re.sub(r"[^0-9]", "", phone)
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) > 7 else f"****{digits[-2:]}" if digits else ""
