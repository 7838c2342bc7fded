"""Joining links on a wall and one-time invitations to a post."""

from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, maybe_instant, maybe_micros, to_micros


@dataclass(frozen=True, slots=True)
class Link:
    """A code that opens something: `kind` join (a door) or appoint (a post)."""

    code: str
    kind: str
    building_id: int | None
    entrance_id: int | None
    post_id: int | None
    expires_at: datetime | None
    used_at: datetime | None
    used_by: int | None
    # Whoever opens it may be somebody else than the register names.
    asks_who: bool = False


@dataclass(frozen=True, slots=True)
class Door:
    """An entrance (or a building without entrances) with its joining code."""

    code: str
    building: str
    entrance: str
    building_id: int
    entrance_id: int | None


class Links:
    """All codes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def get(self, code: str) -> Link | None:
        """The link with this code, locked until commit."""
        rows = await self._connection.fetch("link", {"code": code})
        if not rows:
            return None
        row = rows[0]
        return Link(
            row["code"],
            row["kind"],
            row["building_id"],
            row["entrance_id"],
            row["post_id"],
            maybe_instant(row["expires_at"]),
            maybe_instant(row["used_at"]),
            row["used_by"],
            bool(row["asks_who"]),
        )

    async def put_join(self, code: str, building_id: int, entrance_id: int | None, now: datetime) -> None:
        """A joining link for a door; it does not expire."""
        await self._put(code, "join", building_id, entrance_id, None, now, None)

    async def put_appoint(
        self, code: str, post_id: int, now: datetime, expires_at: datetime, *, asks_who: bool = False
    ) -> None:
        """A one-time invitation to a post; with `asks_who` perhaps for somebody not in the register."""
        await self._put(code, "appoint", None, None, post_id, now, expires_at, asks_who=asks_who)

    async def _put(
        self,
        code: str,
        kind: str,
        building_id: int | None,
        entrance_id: int | None,
        post_id: int | None,
        now: datetime,
        expires_at: datetime | None,
        *,
        asks_who: bool = False,
    ) -> None:
        await self._connection.fetch(
            "put_link",
            {
                "code": code,
                "kind": kind,
                "building_id": building_id,
                "entrance_id": entrance_id,
                "post_id": post_id,
                "now": to_micros(now),
                "expires_at": maybe_micros(expires_at),
                "asks_who": int(asks_who),
            },
        )

    async def use(self, code: str, person_id: int, now: datetime) -> None:
        """The invitation has been taken up."""
        await self._connection.fetch(
            "use_link", {"code": code, "person_id": person_id, "now": to_micros(now)}
        )

    async def doors(self, compound_id: int) -> list[Door]:
        """Every door of the compound that has a code."""
        rows = await self._connection.fetch("joining_links", {"compound_id": compound_id})
        return [
            Door(row["code"], row["building"], row["entrance"] or "", row["building_id"], row["entrance_id"])
            for row in rows
        ]

    async def doors_without_link(self, compound_id: int) -> list[tuple[int, int | None]]:
        """Doors that still need a code: (building id, entrance id)."""
        rows = await self._connection.fetch("doors_without_link", {"compound_id": compound_id})
        return [(row["building_id"], row["entrance_id"]) for row in rows]
