"""The main job on both engines: what works on one works on the other."""

import pytest

from bot.storage.engine import Database
from tests.test_main_job import test_a_broken_lamp_is_fixed as live_through_the_main_job
from tests.world import World


@pytest.fixture
async def world(database: Database) -> World:
    """The sample compound on each engine."""
    return await World.make(database)


async def test_the_main_job(world: World) -> None:
    """Report, accept, fix, confirm, rate."""
    await live_through_the_main_job(world)


async def test_nobody_acts_and_every_reminder_comes(world: World) -> None:
    """Four days of silence: every day has its word, none is taken for one that went before."""
    leader, resident = await world.leader_of("3"), await world.resident("3", "2")
    await resident.sends("三栋楼道灯坏了")
    await resident.presses("照明")
    await resident.presses("提交")
    for days in range(1, 5):
        await leader.forgets()
        await world.live_through(days=1)
        assert leader.new_messages, f"nothing on day {days}"
