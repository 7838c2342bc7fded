"""Group chats: bound by a code to the people they are for, and watched over."""

import secrets
from datetime import timedelta

from bot.actions.audiences import audience_facts, officer_of
from bot.actions.desk import Desk, choice
from bot.domain.announcing import Officer
from bot.domain.audiences import Audience, Kind, Part
from bot.domain.errors import Refused
from bot.domain.posts import COMMITTEE, PostKind
from bot.storage.groups import BoundGroup, Code, Group

CODE_LASTS = timedelta(minutes=30)
CODE_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Read from one phone and typed into another: nothing that looks like something else."""
CODE_LENGTH = 8
PINNING = "can_pin_messages"
"""What the bot needs beyond being there (https://core.telegram.org/bots/api#chatmemberadministrator)."""


def manages(officer: Officer, part: Part) -> bool:
    """Whether somebody may say which groups speak for this.

    The committee may for everything, a building leader for the building and its entrances, the leader of an
    interest group for that group.
    """
    own = {one.building_id for one in officer.holders if one.kind is PostKind.BUILDING_LEADER}
    in_committee = any(one.kind in COMMITTEE for one in officer.holders)
    return in_committee or part.building_id in own or part.group_id in officer.leads


async def officers_of(desk: Desk, person_id: int) -> dict[int, Officer]:
    """What a person is in each compound where they may bind groups, by compound id."""
    compounds = {post.compound_id for post in await desk.store.posts.of_person(person_id)}
    compounds |= {group.compound_id for group in await desk.store.interest_groups.led_by(person_id)}
    officers = {one: await officer_of(desk, one, person_id) for one in sorted(compounds)}
    rights = {PostKind.BUILDING_LEADER, *COMMITTEE}
    return {
        compound_id: officer
        for compound_id, officer in officers.items()
        if officer.leads or any(holder.kind in rights for holder in officer.holders)
    }


async def managed(desk: Desk, person_id: int) -> list[BoundGroup]:
    """The bound groups a person looks after, those with trouble first."""
    found = [
        group
        for compound_id, officer in (await officers_of(desk, person_id)).items()
        for group in await desk.store.groups.bound(compound_id)
        if manages(officer, group.part)
    ]
    order = ("gone", "no_pin", "ok")
    return sorted(found, key=lambda group: order.index(health(group)))


async def managed_group(desk: Desk, person_id: int, group_id: int) -> BoundGroup:
    """One of them, locked until commit; `no_such_group` for any other."""
    group = await desk.store.groups.get(group_id)
    if not isinstance(group, BoundGroup) or not await _may_manage(desk, person_id, group):
        raise Refused("no_such_group")
    return group


async def _may_manage(desk: Desk, person_id: int, bound: BoundGroup | Code) -> bool:
    return manages(await officer_of(desk, bound.compound_id, person_id), bound.part)


def health(group: Group) -> str:
    """How well the bot can speak there: ok, no_pin (nothing can be pinned), gone."""
    if not group.is_reachable:
        return "gone"
    return "ok" if PINNING in group.rights else "no_pin"


async def facts_of(desk: Desk, group: BoundGroup) -> dict[str, object]:
    """What the templates may say of a bound group."""
    audience = await audience_facts(desk, group.compound_id, Audience((group.part,)))
    return {"title": group.title, "audience": audience, "health": health(group)}


# Binding ------------------------------------------------------------------------------------------------


async def make_code(desk: Desk, person_id: int, compound_id: int, part: Part) -> Code:
    """A code that binds the group it is typed in to this part, once within CODE_LASTS.

    Refusals: `groups_not_yours`.
    """
    code = "".join(secrets.choice(CODE_SIGNS) for _ in range(CODE_LENGTH))
    made = Code(code, compound_id, part, person_id, desk.now + CODE_LASTS, None)
    if part.kind is Kind.POST or not await _may_manage(desk, person_id, made):
        raise Refused("groups_not_yours")
    await desk.store.groups.put_code(code, compound_id, part, person_id, made.expires_at)
    return made


async def is_code(desk: Desk, said: str) -> bool:
    """Whether somebody has made this code, however long ago."""
    return await desk.store.groups.code(said.strip().upper()) is not None


async def bind(desk: Desk, address: str, title: str, said: str) -> BoundGroup:
    """Bind the group at this address by the code typed in it; who made the code is told in private.

    The right is the maker's, as it is now. Refusals: `group_code_unknown`, `group_code_used`,
    `group_code_expired`, `groups_not_yours`, `group_taken` (it speaks for what the maker has no say in).
    """
    code = await desk.store.groups.code(said.strip().upper())
    if code is None:
        raise Refused("group_code_unknown")
    if code.used_at is not None:
        raise Refused("group_code_used")
    if desk.now > code.expires_at:
        raise Refused("group_code_expired")
    if not await _may_manage(desk, code.made_by, code):
        raise Refused("groups_not_yours")
    before = await desk.store.groups.by_address(desk.rules.channel, address)
    if isinstance(before, BoundGroup) and not await _may_manage(desk, code.made_by, before):
        raise Refused("group_taken")
    # Who hears a command is there; what it may do besides, Telegram tells when that changes.
    standing = before.standing if before and before.is_reachable else "member"
    rights = before.rights if before else frozenset[str]()
    group_id = await desk.store.groups.put(desk.rules.channel, address, title, standing, rights)
    await desk.store.groups.bind(group_id, code.compound_id, code.part, code.made_by, desk.now)
    await desk.store.groups.use_code(code.code, desk.now)
    group = BoundGroup(group_id, address, title, standing, rights, code.compound_id, code.part, code.made_by)
    facts = await facts_of(desk, group)
    choices = ((choice("unbind_group", "group.unbind", group_id),),)
    await desk.tell(code.made_by, "groups.bound_by_you", facts, choices=choices)
    if isinstance(before, BoundGroup) and before.bound_by != code.made_by:
        name = (await desk.store.people.details(code.made_by)).name
        was = (await facts_of(desk, before))["audience"]
        await desk.tell(before.bound_by, "groups.rebound", {**facts, "name": name, "was": was})
    return group


async def unbind(desk: Desk, person_id: int, group_id: int) -> BoundGroup:
    """Let the group speak for nothing; who bound it is told, if it was somebody else.

    Refusals: `no_such_group`.
    """
    group = await managed_group(desk, person_id, group_id)
    await desk.store.groups.unbind(group.id)
    if group.bound_by != person_id:
        name = (await desk.store.people.details(person_id)).name
        await desk.tell(group.bound_by, "groups.unbound", {**await facts_of(desk, group), "name": name})
    return group


# What Telegram tells of a group --------------------------------------------------------------------------


async def meet(
    desk: Desk, address: str, title: str, standing: str, rights: frozenset[str] = frozenset()
) -> bool:
    """What the bot is in a group has changed; True when it has just come in.

    Whoever bound the group and the operator learn when it can say less, or more, than before.
    """
    groups = desk.store.groups
    before = await groups.by_address(desk.rules.channel, address)
    if before is None and standing == "gone":
        return False
    if standing == "gone" and before is not None:
        await groups.leave(before.id)
    else:
        await groups.put(desk.rules.channel, address, title, standing, rights)
    after = await groups.by_address(desk.rules.channel, address)
    if before is not None and isinstance(after, BoundGroup) and health(before) != health(after):
        await desk.hush_by_night(after.compound_id, "ordinary")
        facts = await facts_of(desk, after)
        await desk.tell(after.bound_by, "groups.health_changed", facts)
        desk.tell_operator("operator.group_health", facts)
    return standing != "gone" and (before is None or not before.is_reachable)


async def lose(desk: Desk, address: str) -> None:
    """The bot was refused in a group it believed to be in."""
    group = await desk.store.groups.by_address(desk.rules.channel, address)
    if group is not None and group.is_reachable:
        await meet(desk, address, group.title, "gone")


async def rename(desk: Desk, address: str, title: str) -> None:
    """A group is called so now."""
    group = await desk.store.groups.by_address(desk.rules.channel, address)
    if group is not None and title and group.title != title:
        await desk.store.groups.rename(group.id, title)


async def move(desk: Desk, old: str, new: str) -> None:
    """A group has become a supergroup with another address: what it is bound to goes with it.

    It may be told twice, and after the new address has been met.
    """
    groups, channel = desk.store.groups, desk.rules.channel
    before, there = await groups.by_address(channel, old), await groups.by_address(channel, new)
    if before is None:
        return
    if there is None:
        await groups.move(before.id, new)
        if not before.is_reachable:
            await meet(desk, new, before.title, "member")
        return
    if isinstance(before, BoundGroup) and not isinstance(there, BoundGroup):
        await groups.bind(there.id, before.compound_id, before.part, before.bound_by, desk.now)
    await groups.unbind(before.id)
    await groups.leave(before.id)
