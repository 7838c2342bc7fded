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
