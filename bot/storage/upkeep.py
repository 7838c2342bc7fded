"""When the house was last looked after, what is left lying, and what a restored database must not repeat."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.storage.engine import Connection, from_micros, maybe_instant, to_micros


@dataclass(frozen=True, slots=True)
class Done:
    """When something was last done, and what came of it."""

    at: datetime
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many there are, and since when the first of them."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A building of whose register something is missing."""

    compound_id: int
    name: str
    no_entrances: bool
    no_units: bool


class Upkeep:
    """Backups, retention, restores; and the questions of whoever looks whether all is well."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def note(self, what: str, now: datetime, **facts: object) -> None:
        """It has been done; replaces what was noted before."""
        row = {"what": what, "at": to_micros(now), "facts": json.dumps(facts, ensure_ascii=False)}
        await self._connection.fetch("put_upkeep", row)

    async def forget(self, what: str) -> None:
        """As if it had never been noted."""
        await self._connection.fetch("drop_upkeep", {"what": what})

    async def last(self, what: str) -> Done | None:
        """When it was done last; None when it never was."""
        rows = await self._connection.fetch("upkeep", {"what": what})
        return Done(from_micros(rows[0]["at"]), json.loads(rows[0]["facts"])) if rows else None

    async def backlog(self, now: datetime, lately: datetime) -> dict[str, Backlog]:
        """What should have been done by now, by kind; and what was buried since `lately`."""
        rows = await self._connection.fetch("backlog", {"now": to_micros(now), "lately": to_micros(lately)})
        return {row["what"]: Backlog(row["count"], maybe_instant(row["since"])) for row in rows}

    async def incomplete(self) -> list[Incomplete]:
        """The buildings without entrances or without units."""
        rows = await self._connection.fetch("incomplete_buildings", {})
        return [
            Incomplete(row["compound_id"], row["name"], bool(row["no_entrances"]), bool(row["no_units"]))
            for row in rows
        ]

    async def expire_mail(self, before: datetime, now: datetime) -> None:
        """What has waited since before that instant, and not for an hour to come, is not sent any more."""
        await self._connection.fetch("expire_old_mail", {"before": to_micros(before), "now": to_micros(now)})

    async def skip_numbers(self, days: Sequence[tuple[int, str]]) -> None:
        """Issue numbers go on with the next full hundred: for each (compound id, day)."""
        rows = [{"compound_id": compound_id, "day": day} for compound_id, day in days]
        await self._connection.run_many("skip_numbers", rows)

    async def on_their_way(self) -> list[int]:
        """The announcements that are being sent, but for corrections."""
        return [row["id"] for row in await self._connection.fetch("announcements_on_their_way", {})]

    async def overdue_announcements(self, now: datetime) -> list[int]:
        """The announcements that should have gone out by now."""
        rows = await self._connection.fetch("announcements_overdue", {"now": to_micros(now)})
        return [row["id"] for row in rows]
