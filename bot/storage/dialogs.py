"""Which question each person is being asked."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.storage.engine import Connection, to_micros


@dataclass(frozen=True, slots=True)
class DialogState:
    """Where a person stands in a dialog: no two questions have one `round`, so old buttons are recognised."""

    dialog: str
    step: str
    data: dict[str, Any] = field(hash=False)
    round: int


class Dialogs:
    """One row for each person and chat."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def save(self, chat: str, person_id: int, state: DialogState, now: datetime) -> None:
        """This is the question now."""
        await self._connection.fetch(
            "save_dialog",
            {
                "chat": chat,
                "person_id": person_id,
                "dialog": state.dialog,
                "step": state.step,
                "data": json.dumps(state.data, ensure_ascii=False),
                "round": state.round,
                "now": to_micros(now),
            },
        )

    async def end(self, chat: str, person_id: int) -> None:
        """No question is open any more."""
        await self._connection.fetch("end_dialog", {"chat": chat, "person_id": person_id})

    async def sweep(self, before: datetime) -> None:
        """Forget questions nobody answered since this instant."""
        await self._connection.fetch("sweep_dialogs", {"before": to_micros(before)})
