"""A sandbox whose every call and update is held against the Bot API specification, where there is one."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.people import Group, User
from bot.sandbox.server import make_app
from tests.sandbox.served import Served, serving
from tests.specification import Witness

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovableClock:
    """A clock that stands still until it is moved; nine in the morning in China."""
    return MovableClock(lambda: START)


@pytest.fixture
def box(clock: MovableClock) -> Iterator[Sandbox]:
    """A sandbox; afterwards no reply and no update of it may break the specification."""
    box = Sandbox(clock)
    witness = Witness(box)
    yield box
    assert witness.violations() == []


@pytest.fixture
async def served(box: Sandbox, clock: MovableClock) -> AsyncIterator[Served]:
    """The sandbox on a free port, with nobody beside it."""
    async with serving(make_app(box, clock)) as served:
        yield served


@pytest.fixture
def resident(box: Sandbox) -> User:
    """Somebody who has started the bot."""
    user = box.user("王", last_name="秀英")
    user.sends(None, "/start")
    return user


@pytest.fixture
def group(box: Sandbox, resident: User) -> Group:
    """A basic group with the resident and the bot."""
    group = box.group("3號樓", resident)
    group.add_bot(resident)
    return group
