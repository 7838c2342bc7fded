"""A sandbox whose every call and update is held against the Bot API specification, where there is one."""

import importlib.util
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.people import Group, User

TOOLS = Path(__file__).resolve().parents[2].parent / "shared" / "tools"
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> MovableClock:
    """A clock that stands still until it is moved; nine in the morning in China."""
    return MovableClock(lambda: START)


@pytest.fixture(scope="session")
def specification() -> Any:
    """The validator and its data, or None where they are not at hand."""
    if not (TOOLS / "validate_botapi.py").exists():
        return None
    found = importlib.util.spec_from_file_location("validate_botapi", TOOLS / "validate_botapi.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    # The tool leaves its file to the garbage collector; reading it here keeps warnings away.
    data = json.loads((TOOLS / "botapi-10.0.min.json").read_text(encoding="utf-8"))
    specification = module.Spec.__new__(module.Spec)
    specification.version, specification.methods, specification.types = (
        data["version"],
        data["methods"],
        data["types"],
    )
    specification.lower = {name.lower(): name for name in data["methods"]}
    specification.extra = {}
    return specification


@pytest.fixture
def box(clock: MovableClock, specification: Any) -> Iterator[Sandbox]:
    """A sandbox; afterwards no reply and no update of it may break the specification."""
    box = Sandbox(clock)
    updates: list[dict[str, Any]] = []
    box.updates_changed.append(lambda: updates.extend(u for _, u in list(box.memory.queue)[-1:]))
    yield box
    if specification is not None:
        assert violations(specification, box, updates) == []


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


def violations(specification: Any, box: Sandbox, updates: list[dict[str, Any]]) -> list[str]:
    """Everything in calls, replies and updates that the Bot API does not know."""
    found: list[str] = []
    for call in box.calls:
        found += specification.response(call.method, call.reply.as_json()) if not call.reply.trouble else []
        if call.reply.ok:  # what was refused was wrong on purpose
            found += specification.request(call.method, dict(call.parameters), wire=True)
    for update in updates:
        found += specification.one("Update", update, "update", False)
    # The tool counts before parsing and does not see uploads, which travel beside the parameters.
    known = ("required 'photo'", "required 'document'", "required 'voice'", "characters, allowed 1-4096")
    return [line for line in found if not any(limit in line for limit in known)]
