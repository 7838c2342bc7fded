"""What the clock does beside the issues: one chore at a time, each in its own transaction."""

from collections.abc import Awaitable, Callable, Mapping

from bot.actions import (
    absences,
    activities,
    broadcast,
    contact_cards,
    digest,
    elders,
    intake,
    interest_groups,
    reports,
    residents,
    restoring,
    restrictions,
    search,
    successions,
)
from bot.actions.desk import Desk
from bot.storage.chores import Chore

CHORES: Mapping[str, Callable[[Desk, Chore], Awaitable[None]]] = {
    **broadcast.CHORES,
    **absences.CHORES,
    **activities.CHORES,
    **contact_cards.CHORES,
    **digest.CHORES,
    **elders.CHORES,
    **intake.CHORES,
    **interest_groups.CHORES,
    **reports.CHORES,
    **residents.CHORES,
    **restoring.CHORES,
    **restrictions.CHORES,
    **search.CHORES,
    **successions.CHORES,
}
"""What is done for each kind of chore; the function puts the next row, if there is one."""


async def do_one(desk: Desk) -> bool:
    """Do the most overdue chore; False when nothing is due.

    An unknown kind, from a newer release, is dropped.
    """
    chore = await desk.store.chores.claim(desk.now)
    if chore is None:
        return False
    await desk.store.chores.drop(chore.kind, chore.subject_id)
    if do := CHORES.get(chore.kind):
        await do(desk, chore)
    return True
