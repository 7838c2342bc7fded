"""Posts, who holds them, and the contact card."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.posts import Holder, PostKind
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, maybe_micros, to_micros


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
    # Who stands in for them.
    stand_in: str = ""


@dataclass(frozen=True, slots=True)
class Appointment:
    """Somebody's time in a post; `phone_shown` is None where they have not said whether their number may be.

    `term_until` is the last day agreed on, as its local midnight: nobody is dismissed by a clock.
    """

    id: int
    post_id: int
    person_id: int
    is_deputy: bool
    acting_for: int | None
    starts_at: datetime
    term_until: datetime | None
    phone_shown: bool | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Somebody who is to hold a post: `state` proposed, asked, waiting, begun, declined or withdrawn."""

    id: int
    post_id: int
    person_id: int
    is_deputy: bool
    begins_at: datetime
    term_until: datetime | None
    planned_by: int | None
    planned_at: datetime
    state: str


def _post(row: Row) -> Post:
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


def _appointment(row: Row) -> Appointment:
    return Appointment(
        row["id"],
        row["post_id"],
        row["person_id"],
        bool(row["is_deputy"]),
        row["acting_for"],
        from_micros(row["starts_at"]),
        maybe_instant(row["term_until"]),
        None if row["phone_shown"] is None else bool(row["phone_shown"]),
    )


def _plan(row: Row) -> Plan:
    return Plan(
        row["id"],
        row["post_id"],
        row["person_id"],
        bool(row["is_deputy"]),
        from_micros(row["begins_at"]),
        maybe_instant(row["term_until"]),
        row["planned_by"],
        from_micros(row["planned_at"]),
        row["state"],
    )


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
        return _post(rows[0]) if rows else None

    async def locked(self, post_id: int) -> Post | None:
        """One post by id, locked until commit: two who change who holds it take turns."""
        await self._connection.fetch("lock_post", {"id": post_id})
        return await self.post(post_id)

    async def of_compound(self, compound_id: int) -> list[Post]:
        """The posts of a compound and of its community, whether anybody holds them or not."""
        rows = await self._connection.fetch("posts_of_compound", {"compound_id": compound_id})
        return [_post(row) for row in rows]

    async def find(
        self,
        kind: PostKind,
        compound_id: int | None,
        building_id: int | None = None,
        entrance_id: int | None = None,
        *,
        community_id: int | None = None,
    ) -> int:
        """The id of the post of a place, entered where there is none yet; exactly one of the two owns it."""
        row = {"kind": kind.value, "compound_id": compound_id, "community_id": community_id}
        rows = await self._connection.fetch(
            "find_post", {**row, "building_id": building_id, "entrance_id": entrance_id}
        )
        post_id: int = rows[0]["id"]
        return post_id

    async def set_text(self, post_id: int, duty: str, hours: str, phone: str) -> None:
        """What the contact card says of a post beside its holder."""
        row = {"id": post_id, "duty": duty, "hours": hours, "phone": phone}
        await self._connection.fetch("set_post_text", row)

    async def holder_ids(self, post_id: int) -> list[int]:
        """Who holds this post now, stand-ins and deputies aside."""
        rows = await self._connection.fetch("holders_of_post", {"post_id": post_id})
        return [row["person_id"] for row in rows]

    async def appointments(self, post_id: int) -> list[Appointment]:
        """Who holds a post now: holders, stand-ins, then deputies, each longest in office first."""
        rows = await self._connection.fetch("appointments_of_post", {"post_id": post_id})
        return [_appointment(row) for row in rows]

    async def appointment(self, appointment_id: int) -> Appointment | None:
        """One that goes on, by id."""
        rows = await self._connection.fetch("appointment", {"id": appointment_id})
        return _appointment(rows[0]) if rows else None

    async def appoint(
        self,
        post_id: int,
        person_id: int,
        now: datetime,
        *,
        is_deputy: bool = False,
        acting_for: int | None = None,
        term_until: datetime | None = None,
        phone_shown: bool | None = None,
    ) -> int | None:
        """This person holds the post from now on: the appointment's id; None when they are in it already."""
        rows = await self._connection.fetch(
            "begin_appointment",
            {
                "post_id": post_id,
                "person_id": person_id,
                "now": to_micros(now),
                "is_deputy": int(is_deputy),
                "acting_for": acting_for,
                "term_until": maybe_micros(term_until),
                "phone_shown": None if phone_shown is None else int(phone_shown),
            },
        )
        return rows[0]["id"] if rows else None

    async def end(self, appointment_id: int, now: datetime) -> None:
        """That time in a post is over."""
        await self._connection.fetch("end_appointment", {"id": appointment_id, "now": to_micros(now)})

    async def set_term(self, appointment_id: int, until: datetime | None) -> None:
        """Until when it was agreed; None for no end."""
        await self._connection.fetch("set_term", {"id": appointment_id, "term_until": maybe_micros(until)})

    async def show_own_phone(self, appointment_id: int, *, shown: bool) -> None:
        """The holder has said whether their own number may stand on the contact card."""
        await self._connection.fetch("show_own_phone", {"id": appointment_id, "shown": int(shown)})

    async def put_plan(self, plan: Plan) -> int:
        """A new plan; its id is not looked at. Gives the one it gets."""
        row = {
            "post_id": plan.post_id,
            "person_id": plan.person_id,
            "is_deputy": int(plan.is_deputy),
            "begins_at": to_micros(plan.begins_at),
            "term_until": maybe_micros(plan.term_until),
            "planned_by": plan.planned_by,
            "now": to_micros(plan.planned_at),
            "state": plan.state,
        }
        plan_id: int = (await self._connection.fetch("put_plan", row))[0]["id"]
        return plan_id

    async def plan(self, plan_id: int) -> Plan | None:
        """One plan, locked until commit."""
        rows = await self._connection.fetch("plan", {"id": plan_id})
        return _plan(rows[0]) if rows else None

    async def plans(self, post_id: int) -> list[Plan]:
        """What is still to come of a post: proposed, asked, waiting for its day."""
        return [_plan(row) for row in await self._connection.fetch("plans_of_post", {"post_id": post_id})]

    async def set_plan(self, plan_id: int, state: str) -> None:
        """What became of it."""
        await self._connection.fetch("set_plan", {"id": plan_id, "state": state})

    async def end_others(self, post_id: int, keep: int, now: datetime) -> None:
        """Whoever else held the post holds it no longer; deputies stay."""
        await self._connection.fetch(
            "end_appointments", {"post_id": post_id, "keep": keep, "now": to_micros(now)}
        )

    async def contact_card(
        self, compound_id: int, building_id: int | None, channel: str
    ) -> list[ContactLine]:
        """The posts of one building and of the whole compound."""
        rows = await self._connection.fetch(
            "contact_card", {"compound_id": compound_id, "building_id": building_id, "channel": channel}
        )
        acting = {
            (row["id"], row["acting_for"]): row["name"] for row in rows if row["acting_for"] is not None
        }
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
                acting.get((row["id"], row["person_id"]), ""),
            )
            for row in rows
        ]
