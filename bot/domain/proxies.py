"""Reporting for somebody who is not on the bot: who may, and how word reaches them and comes back (L7)."""

from collections.abc import Sequence

from bot.domain.posts import APPROVERS, Holder, Place, PostKind, holders_at

SOURCES = ("phone", "visit", "paper")
"""How a report came to who enters it."""
ASKED = ("phone", "visit")
"""How somebody may have been asked whether a thing is fixed; nobody answers that by a note at the door."""
PROXIES: frozenset[PostKind] = APPROVERS | {PostKind.PROPERTY_MANAGER, PostKind.GRID_OFFICER}
"""The posts people without a phone turn to, for the homes these posts are responsible for."""


def may_enter(person_id: int, home: Place, holders: Sequence[Holder]) -> bool:
    """Whether this person may report for who lives in this home: holders, deputies and stand-ins alike."""
    return any(
        holder.person_id == person_id for kind in PROXIES for holder in holders_at(kind, home, holders)
    )
