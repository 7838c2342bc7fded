"""Who may be announced to in a compound, and who may announce there, as of this unit of work."""

from collections.abc import Mapping

from bot.actions.desk import Desk
from bot.domain.announcing import Officer
from bot.domain.audiences import Audience, GroupEntry, Known, describe


async def known_of(desk: Desk, compound_id: int) -> Known:
    """All that a compound has to announce to, by the names people use."""
    groups = await desk.store.interest_groups.of_compound(compound_id)
    register = await desk.store.places.named_register(compound_id)
    return Known(register, tuple(GroupEntry(group.id, group.name) for group in groups))


async def officer_of(desk: Desk, compound_id: int, person_id: int) -> Officer:
    """A person with the posts they hold and the interest groups they lead in the compound now."""
    holders = await desk.holders(compound_id)
    leads = await desk.store.interest_groups.led_by(person_id)
    return Officer(
        person_id,
        tuple(holder for holder in holders if holder.person_id == person_id),
        frozenset(group.id for group in leads if group.compound_id == compound_id),
    )


async def audience_facts(desk: Desk, compound_id: int, audience: Audience) -> Mapping[str, object] | None:
    """Who is meant, for the `audience` filter of the templates; None when some of it is no longer there."""
    try:
        return describe(audience, await known_of(desk, compound_id))
    except KeyError:
        return None
