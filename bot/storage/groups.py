"""Group chats, what each of them speaks for, the codes that bind them, and who wants to hear less."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.audiences import COMPOUND, Kind, Part
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, to_micros


@dataclass(frozen=True, slots=True)
class Group:
    """A group chat the bot is or was in: `standing` is member, administrator or gone.

    `rights` are what an administrator may do there, in the channel's words.
    """

    id: int
    address: str
    title: str
    standing: str
    rights: frozenset[str]

    @property
    def is_reachable(self) -> bool:
        """Whether the bot is in it."""
        return self.standing != "gone"


@dataclass(frozen=True, slots=True)
class BoundGroup(Group):
    """A group chat of the people of a compound, a building, an entrance or an interest group (`part`)."""

    compound_id: int
    part: Part
    bound_by: int
    # Whether reports are listened for there.
    listens: bool = True


@dataclass(frozen=True, slots=True)
class Code:
    """Typed in a group it binds the group to `part`, once, until it expires."""

    code: str
    compound_id: int
    part: Part
    made_by: int
    expires_at: datetime
    used_at: datetime | None


def _part(row: Row) -> Part:
    """What the columns of a binding name."""
    if row["interest_group_id"] is not None:
        return Part(Kind.INTEREST_GROUP, group_id=row["interest_group_id"])
    if row["building_id"] is None:
        return COMPOUND
    kind = Kind.BUILDING if row["entrance_id"] is None else Kind.ENTRANCE
    return Part(kind, row["building_id"], row["entrance_id"])


def _columns(compound_id: int, part: Part) -> dict[str, object]:
    return {
        "compound_id": compound_id,
        "building_id": part.building_id,
        "entrance_id": part.entrance_id,
        "interest_group_id": part.group_id,
    }


def _group(row: Row) -> Group:
    rights = frozenset(row["rights"].split())
    if row["compound_id"] is None:
        return Group(row["id"], row["address"], row["title"], row["standing"], rights)
    return _bound(row)


def _bound(row: Row) -> BoundGroup:
    return BoundGroup(
        row["id"],
        row["address"],
        row["title"],
        row["standing"],
        frozenset(row["rights"].split()),
        row["compound_id"],
        _part(row),
        row["bound_by"],
        bool(row["listens"]),
    )


class Groups:
    """All group chats."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def bound(self, compound_id: int) -> list[BoundGroup]:
        """The groups that speak for the compound or something in it, also those the bot has left."""
        rows = await self._connection.fetch("groups_of_compound", {"compound_id": compound_id})
        return [_bound(row) for row in rows]

    async def by_address(self, channel: str, address: str) -> Group | BoundGroup | None:
        """The group at this address, locked until commit."""
        rows = await self._connection.fetch("group_at", {"channel": channel, "address": address})
        return _group(rows[0]) if rows else None

    async def get(self, group_id: int) -> Group | BoundGroup | None:
        """One group, locked until commit."""
        rows = await self._connection.fetch("group_chat", {"id": group_id})
        return _group(rows[0]) if rows else None

    async def put(
        self, channel: str, address: str, title: str, standing: str, rights: frozenset[str] = frozenset()
    ) -> int:
        """What is known of a group chat now; its binding stays."""
        row = {"channel": channel, "address": address, "title": title, "standing": standing}
        rows = await self._connection.fetch("put_group", {**row, "rights": " ".join(sorted(rights))})
        group_id: int = rows[0]["id"]
        return group_id

    async def rename(self, group_id: int, title: str) -> None:
        """The group is called otherwise."""
        await self._connection.fetch("rename_group", {"id": group_id, "title": title})

    async def leave(self, group_id: int) -> None:
        """The bot is no longer in the group; what it is bound to is kept for when it comes back."""
        await self._connection.fetch("leave_group", {"id": group_id})

    async def move(self, group_id: int, address: str) -> None:
        """The group has got a new address."""
        await self._connection.fetch("move_group", {"id": group_id, "address": address})

    async def bind(self, group_id: int, compound_id: int, part: Part, by: int, now: datetime) -> None:
        """The group speaks for this from now on, and for nothing else."""
        row = {"id": group_id, "by": by, "now": to_micros(now), **_columns(compound_id, part)}
        await self._connection.fetch("bind_group", row)

    async def unbind(self, group_id: int) -> None:
        """The group speaks for nothing any more."""
        await self._connection.fetch("unbind_group", {"id": group_id})

    async def put_code(self, code: str, compound_id: int, part: Part, by: int, expires_at: datetime) -> None:
        """A new code; those this person made before and nobody used are gone."""
        await self._connection.fetch("drop_group_codes", {"made_by": by})
        row = {"code": code, "made_by": by, "expires_at": to_micros(expires_at)}
        await self._connection.fetch("put_group_code", {**row, **_columns(compound_id, part)})

    async def code(self, code: str) -> Code | None:
        """The code, locked until commit."""
        rows = await self._connection.fetch("group_code", {"code": code})
        if not rows:
            return None
        row = rows[0]
        expires_at, used_at = from_micros(row["expires_at"]), maybe_instant(row["used_at"])
        return Code(row["code"], row["compound_id"], _part(row), row["made_by"], expires_at, used_at)

    async def use_code(self, code: str, now: datetime) -> None:
        """The code has done its work."""
        await self._connection.fetch("use_group_code", {"code": code, "now": to_micros(now)})


class Mutes:
    """Who does not want ordinary announcements, of a compound or of one of its interest groups.

    A mute is the part it is for: the compound for everything ordinary, or an interest group.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of_person(self, person_id: int) -> frozenset[tuple[int, Part]]:
        """What a person has muted: (compound id, part)."""
        rows = await self._connection.fetch("mutes_of_person", {"person_id": person_id})
        return frozenset((row["compound_id"], _muted(row)) for row in rows)

    async def of_compound(self, compound_id: int) -> dict[int, frozenset[Part]]:
        """What is muted in a compound, by person."""
        rows = await self._connection.fetch("mutes_of_compound", {"compound_id": compound_id})
        found: dict[int, frozenset[Part]] = {}
        for row in rows:
            found[row["person_id"]] = found.get(row["person_id"], frozenset()) | {_muted(row)}
        return found

    async def put(self, person_id: int, compound_id: int, part: Part, now: datetime) -> None:
        """Nothing ordinary of this any more."""
        row = {"person_id": person_id, "compound_id": compound_id, "now": to_micros(now)}
        await self._connection.fetch("put_mute", {**row, "interest_group_id": part.group_id or 0})

    async def drop(self, person_id: int, compound_id: int, part: Part) -> None:
        """Everything of this again."""
        row = {"person_id": person_id, "compound_id": compound_id, "interest_group_id": part.group_id or 0}
        await self._connection.fetch("drop_mute", row)


def _muted(row: Row) -> Part:
    group_id = row["interest_group_id"]
    return Part(Kind.INTEREST_GROUP, group_id=group_id) if group_id else COMPOUND
