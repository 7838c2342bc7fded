"""Hearing less: ordinary announcements, muted for a compound or for one interest group (A4)."""

from dataclasses import dataclass

from bot.actions.desk import Desk
from bot.domain.audiences import COMPOUND, Kind, Part
from bot.domain.errors import Refused


@dataclass(frozen=True, slots=True)
class Muting:
    """Something whose ordinary announcements a person gets, unless `is_muted`.

    `part` is the compound, for all of them, or an interest group; `name` what it is called.
    """

    compound_id: int
    part: Part
    name: str
    is_muted: bool


async def mutings(desk: Desk, person_id: int) -> list[Muting]:
    """All that a person can mute: where they live or hold a post, and their interest groups."""
    store = desk.store
    muted = await store.mutes.of_person(person_id)
    homes = await store.people.residencies(person_id)
    posts = await store.posts.of_person(person_id)
    teams = await store.interest_groups.of_member(person_id)
    compounds = [home.compound_id for home in homes] + [post.compound_id for post in posts]
    found = []
    for compound in await store.places.compounds():
        parts = [(COMPOUND, compound.name)] if compound.id in compounds else []
        parts += [
            (Part(Kind.INTEREST_GROUP, group_id=team.id), team.name)
            for team in await store.interest_groups.of_compound(compound.id)
            if team.id in teams
        ]
        found += [Muting(compound.id, part, name, (compound.id, part) in muted) for part, name in parts]
    return found


async def mute(desk: Desk, person_id: int, compound_id: int, group_id: int, *, is_muted: bool) -> None:
    """Mute a compound, or with a `group_id` that interest group, or hear it again; a repeat changes nothing.

    Refusals: `mute_not_yours`.
    """
    part = Part(Kind.INTEREST_GROUP, group_id=group_id) if group_id else COMPOUND
    if (compound_id, part) not in [(one.compound_id, one.part) for one in await mutings(desk, person_id)]:
        raise Refused("mute_not_yours")
    if is_muted:
        await desk.store.mutes.put(person_id, compound_id, part, desk.now)
    else:
        await desk.store.mutes.drop(person_id, compound_id, part)
