"""What has been kept long enough is taken out, a little at a time; numbers, times and states stay."""

from zoneinfo import ZoneInfo

from bot.actions.desk import Desk
from bot.domain.retention import KINDS, is_due

WHAT = "retention"
"""Under which name upkeep remembers when it was last done."""
BATCH = 100
"""Things erased in one transaction: an issue has some rows, and nobody waits long for the lock."""
_ALL = 10**9


async def counts(desk: Desk) -> dict[str, int]:
    """How much of each kind has been kept too long; nothing is changed."""
    return {kind: len(await _expired(desk, kind, _ALL)) for kind in KINDS}


async def _expired(desk: Desk, kind: str, most: int) -> list[int]:
    return await desk.store.privacy.expired(kind, desk.now - desk.rules.retention.of(kind), most)


async def erase_some(desk: Desk) -> int:
    """Erase one batch of the first kind that has any, and give how many; 0: all is done, and noted."""
    for kind in KINDS:
        ids = await _expired(desk, kind, BATCH)
        if ids:
            await desk.store.privacy.erase(kind, ids, desk.now)
            return len(ids)
    await desk.store.upkeep.note(WHAT, desk.now)
    return 0


async def erase_by_night(desk: Desk) -> bool:
    """One batch, if tonight's turn has come and is not over; False when there is nothing more to do now."""
    if not desk.rules.retention.nightly:
        return False
    compounds = await desk.store.places.compounds()
    last = await desk.store.upkeep.last(WHAT)
    if not compounds or not is_due(last.at if last else None, desk.now, ZoneInfo(compounds[0].timezone)):
        return False
    return await erase_some(desk) > 0
