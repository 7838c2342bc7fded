"""Posts, who holds them, and the contact card."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.posts import Holder, PostKind
from bot.storage.engine import Connection, to_micros


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post somebody holds now, as deputy or for somebody who is away (`acting_for`) where it says so."""

    post_id: int
    compound_id: int
    kind: PostKind
    building_id: int | None
    entrance_id: int | None
    is_deputy: bool = False
    acting_for: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A post and where it is held, by name: in a compound or, for a post of the community, in none.

    `phone` is the number of the office itself, always shown; `phone_shown` is about the holder's own.
    """

    id: int
    compound_id: int | None
    kind: PostKind
    building_id: int | None
    entrance_id: int | None
    compound: str
    building: str
    entrance: str
    community_id: int | None = None
    community: str = ""
    duty: str = ""
    hours: str = ""
    phone: str = ""
    phone_shown: bool = False


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One line of the contact card; without a name the post is empty."""

    kind: PostKind
    building: str
    entrance: str
    duty: str
    hours: str
    name: str
    phone: str
    entrance_id: int | None
    is_deputy: bool = False
    is_acting: bool = False
    is_away: bool = False


class Posts:
    """Who is responsible for what."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def holders(self, compound_id: int, channel: str) -> list[Holder]:
        """Everybody in a post of the compound or its community: holders, stand-ins, then deputies."""
        rows = await self._connection.fetch(
            "holders_of_compound", {"compound_id": compound_id, "channel": channel}
        )
        return [
            Holder(
                row["post_id"],
                PostKind(row["kind"]),
                row["building_id"],
                row["entrance_id"],
                row["person_id"],
                bool(row["reachable"]),
                bool(row["is_deputy"]),
                row["acting_for"],
                bool(row["is_away"]),
            )
            for row in rows
        ]

    async def of_person(self, person_id: int) -> list[HeldPost]:
        """The posts a person holds now; one of a community appears once for each of its compounds."""
        rows = await self._connection.fetch("posts_of_person", {"person_id": person_id})
        return [
            HeldPost(
                row["post_id"],
                row["compound_id"],
                PostKind(row["kind"]),
                row["building_id"],
                row["entrance_id"],
                bool(row["is_deputy"]),
                row["acting_for"],
            )
            for row in rows
        ]

    async def post(self, post_id: int) -> Post | None:
        """One post by id."""
        rows = await self._connection.fetch("post", {"id": post_id})
        if not rows:
            return None
        row = rows[0]
        return Post(
            row["id"],
            row["compound_id"],
            PostKind(row["kind"]),
            row["building_id"],
            row["entrance_id"],
            row["compound"] or "",
            row["building"] or "",
            row["entrance"] or "",
            row["community_id"],
            row["community"] or "",
            row["duty"],
            row["hours"],
            row["phone"],
            bool(row["phone_shown"]),
        )

    async def holder_ids(self, post_id: int) -> list[int]:
        """Who holds this post now, stand-ins and deputies aside."""
        rows = await self._connection.fetch("holders_of_post", {"post_id": post_id})
        return [row["person_id"] for row in rows]

    async def appoint(self, post_id: int, person_id: int, now: datetime) -> None:
        """This person holds the post from now on; appointing twice changes nothing."""
        await self._connection.fetch(
            "appoint", {"post_id": post_id, "person_id": person_id, "now": to_micros(now)}
        )

    async def end_others(self, post_id: int, keep: int, now: datetime) -> None:
        """Whoever else held the post holds it no longer; deputies stay."""
        await self._connection.fetch(
            "end_appointments", {"post_id": post_id, "keep": keep, "now": to_micros(now)}
        )

    async def move_appointments(self, from_person: int, to_person: int) -> None:
        """One person of the register turned out to be another the bot already knows."""
        await self._connection.fetch(
            "move_appointments", {"from_person": from_person, "to_person": to_person}
        )

    async def contact_card(
        self, compound_id: int, building_id: int | None, channel: str
    ) -> list[ContactLine]:
        """The posts of one building and of the whole compound."""
        rows = await self._connection.fetch(
            "contact_card", {"compound_id": compound_id, "building_id": building_id, "channel": channel}
        )
        return [
            ContactLine(
                PostKind(row["kind"]),
                row["building_name"] or "",
                row["entrance_name"] or "",
                row["duty"],
                row["hours"],
                row["name"],
                row["phone"],
                row["entrance_id"],
                bool(row["is_deputy"]),
                row["acting_for"] is not None,
                bool(row["is_away"]),
            )
            for row in rows
        ]
