"""Fixtures shared by all tests."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from shutil import copyfile

import pytest
import structlog

from bot.cli.common import LOOP
from bot.storage.sqlite import SqliteDatabase
from tests.engines import in_memory
from tests.specification import Witness, specification
from tests.world import Phone, World

LONG = (
    "tests/test_crashes.py",
    "tests/test_desk_crashes.py",
    "tests/test_directory_crashes.py",
    "tests/test_signup_crashes.py",
    "tests/test_broadcast_crashes.py",
    "tests/demo/test_host.py",
    "tests/test_backup.py",
)
"""Whose tests wait for other processes."""


def pytest_configure() -> None:
    """Spend no time on what no test looks at.

    Only a power cut would tell a disk from memory, and no test cuts the machine's; the pretty trace that is
    structlog's default takes a second for each error, and the bot's own journal has a plain one.
    """
    if memory := in_memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    structlog.dev.ConsoleRenderer.get_active().exception_formatter = structlog.dev.plain_traceback


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The loop the bot runs on."""
    return {"bot": LOOP or asyncio.new_event_loop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long: begun last, it would leave the other cores idle."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_report_header() -> str:
    """Say whether the stories' calls are held against the published specification."""
    held = (
        "every call and reply is held against it"
        if specification()
        else "not at hand, nothing is held against it"
    )
    return f"Bot API specification: {held}"


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our schema and no rows, to be copied: building it takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "lianxin.db"

    async def migrate() -> None:
        database = await SqliteDatabase.open(str(path))
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return path


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the sample compound imported, to be copied."""
    path = tmp_path_factory.mktemp("founded") / "lianxin.db"

    async def found() -> None:
        database = await SqliteDatabase.open(str(path))
        await World.make(database)
        await database.close()

    asyncio.run(found())
    return path


@pytest.fixture
async def world(tmp_path: Path, founded: Path) -> AsyncIterator[World]:
    """绿洲路126号大院 on a Tuesday morning, with a bot and nobody on it yet."""
    copyfile(founded, tmp_path / "lianxin.db")
    database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    try:
        world = await World.make(database, sample=None)
        witness = Witness(world.telegram)
        yield world
        assert witness.violations() == []
    finally:
        await database.close()


@pytest.fixture
async def leader(world: World) -> Phone:
    """王秀兰, leader of building 3."""
    return await world.leader_of("3")


@pytest.fixture
async def resident(world: World) -> Phone:
    """王奶奶 of 3-2-502, whose building has its leader on the bot."""
    await world.leader_of("3")
    return await world.resident()
