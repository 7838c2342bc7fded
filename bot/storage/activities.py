"""Activities, who has signed up for them, and what happened to them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain import signups
from bot.domain.audiences import Audience
from bot.domain.signups import Party, State
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, maybe_micros, to_micros

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity as it stands; instants are aware UTC, `state` is draft, open or cancelled.

    `photo` is a channel's file or "". `version` grows with every change that people are told of. A new one
    has the id 0.
    """

    id: int
    compound_id: int
    interest_group_id: int | None
    author_id: int
    author_post: str
    state: str
    title: str
    place: str
    about: str
    photo: str
    starts_at: datetime
    ends_at: datetime | None
    deadline_at: datetime | None
    capacity: int | None
    per_household: int | None
    hold: timedelta
    audience: Audience
    version: int
    check_in_code: str

    @property
    def limits(self) -> signups.Activity:
        """What the rules of signing up need to know of it."""
        return signups.Activity(
            self.starts_at,
            self.deadline_at or self.starts_at,
            self.capacity,
            self.per_household,
            self.hold,
            called_off=self.state == "cancelled",
        )


@dataclass(frozen=True, slots=True)
class Signup:
    """A party with the id its buttons carry."""

    id: int
    party: Party


@dataclass(frozen=True, slots=True)
class Event:
    """One line of an activity's history; the clock has no actor."""

    at: datetime
    actor_id: int | None
    action: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A private chat in which a card is shown."""

    chat: str
    account_id: int
    person_id: int
    locale: str | None
    language: str


def _activity(row: Row) -> Activity:
    return Activity(
        id=row["id"],
        compound_id=row["compound_id"],
        interest_group_id=row["interest_group_id"],
        author_id=row["author_id"],
        author_post=row["author_post"],
        state=row["state"],
        title=row["title"],
        place=row["place"],
        about=row["about"],
        photo=row["photo"],
        starts_at=from_micros(row["starts_at"]),
        ends_at=maybe_instant(row["ends_at"]),
        deadline_at=maybe_instant(row["deadline_at"]),
        capacity=row["capacity"],
        per_household=row["per_household"],
        hold=row["hold_hours"] * _HOUR,
        audience=Audience.from_json(json.loads(row["audience"])),
        version=row["version"],
        check_in_code=row["check_in_code"],
    )


def _signup(row: Row) -> Signup:
    return Signup(
        row["id"],
        Party(
            household_id=row["household"],
            signed_by=row["signer_id"],
            person_id=row["person_id"],
            names=tuple(json.loads(row["names"])),
            order=row["placed"],
            state=State(row["state"]),
            offered=row["offered"],
            until=maybe_instant(row["held_until"]),
            passes=bool(row["passes"]),
        ),
    )


def _facts(activity: Activity) -> dict[str, object]:
    """The columns that may change."""
    return {
        "state": activity.state,
        "title": activity.title,
        "place": activity.place,
        "about": activity.about,
        "photo": activity.photo,
        "starts_at": to_micros(activity.starts_at),
        "ends_at": maybe_micros(activity.ends_at),
        "deadline_at": maybe_micros(activity.deadline_at),
        "capacity": activity.capacity,
        "per_household": activity.per_household,
    }


class Activities:
    """What is going on in the compounds, and who comes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, activity: Activity, now: datetime) -> int | None:
        """Enter a new one: its id; None when its interest group has one at that instant already."""
        rows = await self._connection.fetch(
            "put_activity",
            {
                **_facts(activity),
                "compound_id": activity.compound_id,
                "interest_group_id": activity.interest_group_id,
                "author_id": activity.author_id,
                "author_post": activity.author_post,
                "hold_hours": activity.hold // _HOUR,
                "audience": json.dumps(activity.audience.to_json()),
                "check_in_code": activity.check_in_code,
                "now": to_micros(now),
            },
        )
        return rows[0]["id"] if rows else None

    async def get(self, activity_id: int) -> Activity | None:
        """One activity as it stands."""
        rows = await self._connection.fetch("activity", {"id": activity_id})
        return _activity(rows[0]) if rows else None

    async def locked(self, activity_id: int) -> Activity | None:
        """The same, locked until commit: to be asked for before anything of it is changed."""
        rows = await self._connection.fetch("activity_locked", {"id": activity_id})
        return _activity(rows[0]) if rows else None

    async def by_code(self, code: str) -> int | None:
        """The activity that people check in to with this code."""
        rows = await self._connection.fetch("activity_by_code", {"code": code})
        return rows[0]["id"] if rows else None

    async def change(self, activity: Activity) -> None:
        """Keep what has been changed, and the version as it is given."""
        row = {**_facts(activity), "id": activity.id, "version": activity.version}
        await self._connection.fetch("change_activity", row)

    async def coming(self, compound_id: int, since: datetime, most: int) -> list[Activity]:
        """What is open in a compound and starts after that instant, the next one first."""
        row = {"compound_id": compound_id, "since": to_micros(since), "most": most}
        return [_activity(found) for found in await self._connection.fetch("activities_coming", row)]

    async def signed_up_for(self, person_id: int, since: datetime) -> list[Activity]:
        """What a person has signed somebody up for, with a seat or in line, cancelled ones too."""
        row = {"person_id": person_id, "since": to_micros(since)}
        return [_activity(found) for found in await self._connection.fetch("activities_signed_up_for", row)]

    async def run_in(self, compound_id: int, since: datetime) -> list[Activity]:
        """Drafts and open ones of a compound that start after that instant, the next one first."""
        row = {"compound_id": compound_id, "since": to_micros(since)}
        return [_activity(found) for found in await self._connection.fetch("activities_run_in", row)]

    # Parties -------------------------------------------------------------------------------------------

    async def signups(self, activity_id: int) -> list[Signup]:
        """Every party that ever signed up, in order."""
        rows = await self._connection.fetch("signups_of_activity", {"activity_id": activity_id})
        return [_signup(row) for row in rows]

    async def activity_of_signup(self, signup_id: int) -> int | None:
        """What a party has signed up for."""
        rows = await self._connection.fetch("signup", {"id": signup_id})
        return rows[0]["activity_id"] if rows else None

    async def sign_up(self, activity_id: int, party: Party, now: datetime) -> int:
        """Enter a new party; gives the id of its row."""
        rows = await self._connection.fetch(
            "put_signup",
            {
                "activity_id": activity_id,
                "signer_id": party.signed_by,
                "person_id": party.person_id,
                "household": str(party.household_id),
                "names": json.dumps(party.names, ensure_ascii=False),
                "placed": party.order,
                "state": party.state.value,
                "now": to_micros(now),
            },
        )
        signup_id: int = rows[0]["id"]
        return signup_id

    async def change_signup(self, signup: Signup) -> None:
        """Keep what has become of a party."""
        party = signup.party
        await self._connection.fetch(
            "change_signup",
            {
                "id": signup.id,
                "names": json.dumps(party.names, ensure_ascii=False),
                "state": party.state.value,
                "offered": party.offered,
                "held_until": maybe_micros(party.until),
                "passes": int(party.passes),
            },
        )

    # History and cards ---------------------------------------------------------------------------------

    async def record(
        self, activity_id: int, actor_id: int | None, action: str, facts: Mapping[str, object], now: datetime
    ) -> None:
        """Add a line to the history; `facts` must be JSON."""
        row = {"activity_id": activity_id, "actor_id": actor_id, "action": action, "now": to_micros(now)}
        await self._connection.fetch("put_activity_event", row | {"facts": json.dumps(facts)})

    async def history(self, activity_id: int) -> list[Event]:
        """Everything that happened, oldest first."""
        rows = await self._connection.fetch("events_of_activity", {"activity_id": activity_id})
        return [
            Event(from_micros(row["at"]), row["actor_id"], row["action"], json.loads(row["facts"]))
            for row in rows
        ]

    async def plan_redraw(self, kind: str, activity_id: int, due_at: datetime) -> None:
        """Have a chore of this kind draw every card anew, from the beginning; a planned hour is kept."""
        row = {"kind": kind, "activity_id": activity_id, "due_at": to_micros(due_at)}
        await self._connection.fetch("plan_redraw", row)

    async def shown_in_groups(self, card_key: str, channel: str) -> list[str]:
        """The groups in which a card is shown."""
        row = {"card_key": card_key, "channel": channel}
        return [found["chat"] for found in await self._connection.fetch("cards_in_groups", row)]

    async def shown_in_private(self, card_key: str, channel: str, after: int, most: int) -> list[Shown]:
        """Some of the people to whom a card is shown, by account, those with ids above `after`."""
        row = {"card_key": card_key, "channel": channel, "after": after, "most": most}
        rows = await self._connection.fetch("cards_in_private", row)
        return [
            Shown(
                found["chat"],
                found["account_id"],
                found["person_id"],
                found["locale"],
                found["language"] or "",
            )
            for found in rows
        ]
