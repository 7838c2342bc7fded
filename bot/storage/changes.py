"""Who changed what in the directory, in ids and words of posts, never in names or phones of people."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.storage.engine import Connection, Row, from_micros, to_micros


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the record; without an actor it was the operator, or the clock.

    `source` is chat, command_line, import or clock. The names of post and place are those of today.
    """

    id: int
    at: datetime
    compound_id: int | None
    actor_id: int | None
    source: str
    action: str
    post_id: int | None
    person_id: int | None
    unit_id: int | None
    facts: dict[str, Any] = field(hash=False)
    kind: str
    building: str
    entrance: str


def _change(row: Row) -> Change:
    return Change(
        row["id"],
        from_micros(row["at"]),
        row["compound_id"],
        row["actor_id"],
        row["source"],
        row["action"],
        row["post_id"],
        row["person_id"],
        row["unit_id"],
        json.loads(row["facts"]),
        row["kind"] or "",
        row["building"] or "",
        row["entrance"] or "",
    )


class Changes:
    """The record; nothing is ever changed in it or taken out."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def record(
        self,
        compound_id: int | None,
        actor_id: int | None,
        source: str,
        action: str,
        *,
        post_id: int | None = None,
        person_id: int | None = None,
        unit_id: int | None = None,
        now: datetime,
        **facts: object,
    ) -> None:
        """Write down one change; `facts` must be JSON, and say nothing that identifies a person but ids."""
        row = {
            "compound_id": compound_id,
            "now": to_micros(now),
            "actor_id": actor_id,
            "source": source,
            "action": action,
            "post_id": post_id,
            "person_id": person_id,
            "unit_id": unit_id,
            "facts": json.dumps(facts, ensure_ascii=False),
        }
        await self._connection.fetch("put_change", row)

    async def of_post(self, post_id: int, most: int, skip: int = 0) -> list[Change]:
        """What was changed about a post, the latest first."""
        row = {"post_id": post_id, "most": most, "skip": skip}
        return [_change(one) for one in await self._connection.fetch("changes_of_post", row)]

    async def of_compound(
        self, compound_id: int, most: int, skip: int = 0, *, building_id: int | None = None
    ) -> list[Change]:
        """What was changed in a compound and in the posts of its community, or in one building.

        The latest first.
        """
        row = {"compound_id": compound_id, "building_id": building_id, "most": most, "skip": skip}
        return [_change(one) for one in await self._connection.fetch("changes_of_compound", row)]
