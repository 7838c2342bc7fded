"""Fixtures shared by all tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.storage.sqlite import SqliteDatabase
from tests.specification import Witness, specification
from tests.world import World


def pytest_report_header() -> str:
    """Say whether the stories' calls are held against the published specification."""
    held = (
        "every call and reply is held against it"
        if specification()
        else "not at hand, nothing is held against it"
    )
    return f"Bot API specification: {held}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """绿洲路126号大院 on a Tuesday morning, with a bot and nobody on it yet."""
    database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    try:
        world = await World.make(database)
        witness = Witness(world.telegram)
        yield world
        assert witness.violations() == []
    finally:
        await database.close()
