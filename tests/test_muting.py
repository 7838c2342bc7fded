"""Muting: what one may turn off, and that it is one's own."""

from bot.domain.audiences import COMPOUND, Kind, Part
from bot.domain.posts import PostKind
from bot.storage.store import Store
from tests.world import Phone, World

DANCERS = Part(Kind.INTEREST_GROUP, group_id=1)


async def muted(world: World) -> dict[int, frozenset[Part]]:
    """What is muted in the first compound, by person."""
    async with world.database.transaction() as connection:
        return await Store(connection).mutes.of_compound(1)


async def dancer(world: World) -> Phone:
    """A resident in the dance group."""
    resident, leader = await world.resident(), await world.leader_of("5")
    member_id, leader_id = await resident.person_id(), await leader.person_id()
    async with world.database.transaction() as connection:
        groups = Store(connection).interest_groups
        made = await groups.new(1, "舞蹈队", "跳舞", leader_id, world.clock.now)
        assert made is not None
        await groups.join(made, member_id, world.clock.now)
    return resident


async def test_a_resident_mutes_the_compound_and_hears_it_again(world: World) -> None:
    """One tap, in the message that shows it."""
    resident = await world.resident()
    await resident.sends("/mute")
    assert resident.buttons == ["🔔 绿洲路126号大院"]
    shown = len(resident.messages)
    await resident.presses("🔔 绿洲路126号大院")
    assert await muted(world) == {await resident.person_id(): frozenset({COMPOUND})}
    assert resident.buttons == ["🔕 绿洲路126号大院"]
    assert len(resident.messages) == shown
    await world.restart()
    await resident.sends("/unmute")
    await resident.presses("🔕 绿洲路126号大院")
    assert await muted(world) == {}


async def test_one_interest_group_alone(world: World) -> None:
    """The dance group is muted by itself; who wants nothing of the compound is not asked about it."""
    resident = await dancer(world)
    await resident.sends("/mute")
    await resident.presses("🔔 舞蹈队")
    assert await muted(world) == {await resident.person_id(): frozenset({DANCERS})}
    assert resident.buttons == ["🔔 绿洲路126号大院", "🔕 舞蹈队"]
    await resident.presses("🔔 绿洲路126号大院")
    assert resident.buttons == ["🔕 绿洲路126号大院"]
    assert await muted(world) == {await resident.person_id(): frozenset({DANCERS, COMPOUND})}


async def test_a_second_tap_changes_nothing(world: World) -> None:
    """A button says what is wanted, not the opposite of what is."""
    resident = await world.resident()
    await resident.sends("/mute")
    for _ in range(2):
        await resident.forges("mute.set:1:0:1")
        assert len(await muted(world)) == 1


async def test_only_what_is_one_s_own_can_be_muted(world: World) -> None:
    """Another compound, a group one is not in, nonsense: refused, and nothing is written."""
    await dancer(world)
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    other = await world.another_compound()
    await manager.sends("/mute")
    assert manager.buttons == ["🔔 绿洲路126号大院"]
    for forged in (f"mute.set:{other}:0:1", "mute.set:1:1:1", "mute.set:99:0:1", "mute.set:1:99:0"):
        await manager.forges(forged)
        assert "没有发给您的通知可以关" in manager.last_toast
    for forged in ("mute.set:1:0:2", "mute.set:x:0:1", "mute.set:1:0", "mute.set:1:-1:1"):
        await manager.forges(forged)
        assert "不认识" in manager.last_toast
    assert await muted(world) == {}


async def test_a_stranger_has_nothing_to_mute(world: World) -> None:
    """They are told to say where they live."""
    stranger = world.newcomer()
    await stranger.sends("/mute")
    assert "请点 /join" in stranger.last_message
