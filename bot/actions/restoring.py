"""After a restore: what may have been said since the backup is not said again unasked."""

from collections.abc import Awaitable, Callable, Mapping

from bot.actions.broadcast import set_back
from bot.actions.desk import Desk
from bot.domain.errors import Refused
from bot.storage.backups import RESTORED
from bot.storage.chores import Chore
from bot.storage.engine import maybe_instant


async def take_up(desk: Desk, _chore: Chore) -> None:
    """Ask the authors of announcements that were due since the backup, and say from when on nothing is known.

    Nobody knows whether they went out: sent again they might come twice, to everybody.
    """
    for announcement_id in await desk.store.upkeep.overdue_announcements(desk.now):
        found = await desk.store.announcements.locked(announcement_id)
        if found is not None:
            await set_back(desk, found, Refused("announcement_restored"))
    restore = await desk.store.upkeep.last("restore")
    compounds = await desk.store.places.compounds()
    if restore is not None and compounds:
        facts = {"since": maybe_instant(restore.facts["newest_at"]), "timezone": compounds[0].timezone}
        desk.tell_operator("operator.restored", facts)


CHORES: Mapping[str, Callable[[Desk, Chore], Awaitable[None]]] = {RESTORED: take_up}
