"""Interest groups (dance, chess, choir): what they are, who leads them, who is in them."""

import json
from dataclasses import dataclass
from datetime import datetime

from bot.domain.recurrences import Rule
from bot.storage.engine import Connection, Row, maybe_instant, maybe_micros, to_micros


@dataclass(frozen=True, slots=True)
class InterestGroup:
    """An interest group of a compound; `ended_at` is None while it exists.

    `practice` is when it meets at `practice_place`, None when it does not practise; activities for its dates
    have been made up to `practice_through`. `members` counts them, the leader among them.
    """

    id: int
    compound_id: int
    name: str
    about: str
    leader_id: int
    practice: Rule | None
    practice_place: str
    practice_through: datetime | None
    ended_at: datetime | None
    members: int


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in an interest group, or who may be; `unit_id` is one of their homes where that is asked."""

    person_id: int
    name: str
    unit_id: int | None = None


def _group(row: Row) -> InterestGroup:
    return InterestGroup(
        row["id"],
        row["compound_id"],
        row["name"],
        row["about"],
        row["leader_id"],
        None if row["practice"] is None else Rule.from_dict(json.loads(row["practice"])),
        row["practice_place"],
        maybe_instant(row["practice_through"]),
        maybe_instant(row["ended_at"]),
        row["members"],
    )


class InterestGroups:
    """All interest groups."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def new(self, compound_id: int, name: str, about: str, leader_id: int, now: datetime) -> int | None:
        """A group without members yet; None when the compound has one of this name."""
        rows = await self._connection.fetch(
            "put_interest_group",
            {
                "compound_id": compound_id,
                "name": name,
                "about": about,
                "leader_id": leader_id,
                "now": to_micros(now),
            },
        )
        return rows[0]["id"] if rows else None

    async def get(self, group_id: int) -> InterestGroup | None:
        """One group, also one that has ended."""
        return next(iter(map(_group, await self._connection.fetch("interest_group", {"id": group_id}))), None)

    async def locked(self, group_id: int) -> InterestGroup | None:
        """The same, locked until commit."""
        rows = await self._connection.fetch("interest_group_locked", {"id": group_id})
        return _group(rows[0]) if rows else None

    async def of_compound(self, compound_id: int) -> list[InterestGroup]:
        """Those that exist, the oldest first."""
        rows = await self._connection.fetch("interest_groups_of_compound", {"compound_id": compound_id})
        return [_group(row) for row in rows]

    async def led_by(self, person_id: int) -> list[InterestGroup]:
        """Those that this person leads now."""
        rows = await self._connection.fetch("interest_groups_led_by", {"person_id": person_id})
        return [_group(row) for row in rows]

    async def of_member(self, person_id: int) -> frozenset[int]:
        """The ids of those this person is in now."""
        rows = await self._connection.fetch("interest_groups_of_member", {"person_id": person_id})
        return frozenset(row["id"] for row in rows)

    async def save(self, group: InterestGroup) -> None:
        """Keep everything about a group that can change."""
        await self._connection.fetch(
            "change_interest_group",
            {
                "id": group.id,
                "about": group.about,
                "leader_id": group.leader_id,
                "practice": group.practice and json.dumps(group.practice.to_dict()),
                "practice_place": group.practice_place,
                "practice_through": maybe_micros(group.practice_through),
                "ended_at": maybe_micros(group.ended_at),
            },
        )

    async def members(self, group_id: int) -> list[Member]:
        """Who is in it, the longest first."""
        rows = await self._connection.fetch("interest_group_members", {"id": group_id})
        return [Member(row["person_id"], row["name"]) for row in rows]

    async def join(self, group_id: int, person_id: int, now: datetime) -> bool:
        """Let somebody in; False when they were in it already."""
        row = {"id": group_id, "person_id": person_id, "now": to_micros(now)}
        return bool(await self._connection.fetch("join_interest_group", row))

    async def leave(self, group_id: int, person_id: int) -> bool:
        """Take somebody out; False when they were not in it."""
        row = {"id": group_id, "person_id": person_id}
        return bool(await self._connection.fetch("leave_interest_group", row))

    async def candidates(self, compound_id: int, channel: str) -> list[Member]:
        """Everybody of the compound who can be written to: they may lead a group, or be in one."""
        row = {"compound_id": compound_id, "channel": channel}
        rows = await self._connection.fetch("people_of_compound", row)
        return [Member(row["person_id"], row["name"], row["unit_id"]) for row in rows]
