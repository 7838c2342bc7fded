"""Fixtures shared by all tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage.sqlite import SqliteDatabase
from tests.world import World


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """绿洲路126号大院 on a Tuesday morning, with a bot and nobody on it yet."""
    database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    try:
        yield await World.make(database)
    finally:
        await database.close()
