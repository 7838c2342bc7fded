"""The published Bot API specification, where it lies beside the checkout: every call is held against it."""

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

from bot.sandbox.core import Sandbox

TOOLS = Path(__file__).resolve().parents[1].parent / "shared" / "tools"
BEYOND_THE_TOOL = (
    # Uploads travel beside the parameters, and lengths count after entities are parsed: it sees neither.
    "required 'photo'",
    "required 'document'",
    "required 'voice'",
    "characters, allowed 1-4096",
)


@cache
def specification() -> Any:
    """The validator with its data, or None where they are not at hand."""
    if not (TOOLS / "validate_botapi.py").exists():
        return None
    found = importlib.util.spec_from_file_location("validate_botapi", TOOLS / "validate_botapi.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    # The tool leaves its file to the garbage collector; reading it here keeps warnings away.
    data = json.loads((TOOLS / "botapi-10.0.min.json").read_text(encoding="utf-8"))
    spec = module.Spec.__new__(module.Spec)
    spec.version, spec.methods, spec.types = data["version"], data["methods"], data["types"]
    spec.lower = {name.lower(): name for name in data["methods"]}
    spec.extra = {}
    return spec


class Witness:
    """Notes every update of a sandbox, and afterwards holds all traffic against the specification."""

    def __init__(self, telegram: Sandbox) -> None:
        self._telegram = telegram
        self._updates: list[dict[str, Any]] = []
        telegram.updates_changed.append(self._note)

    def _note(self) -> None:
        self._updates.extend(update for _, update in list(self._telegram.memory.queue)[-1:])

    def violations(self) -> list[str]:
        """Everything in calls, replies and updates that the Bot API does not know; empty without the tool."""
        spec = specification()
        if spec is None:
            return []
        found: list[str] = []
        for call in self._telegram.calls:
            if not call.reply.trouble:
                found += spec.response(call.method, call.reply.as_json())
            if call.reply.ok:  # what was refused was wrong on purpose
                found += spec.request(call.method, dict(call.parameters), wire=True)
        for update in self._updates:
            found += spec.one("Update", update, "update", False)
        return [line for line in found if not any(limit in line for limit in BEYOND_THE_TOOL)]
