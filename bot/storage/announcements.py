"""Announcements: what they say and to whom, what became of each copy, and who has read them."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.announcing import Account, Channel, Class, Home, Person, State
from bot.domain.audiences import Audience, Kind, Part
from bot.domain.posts import PostKind
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, maybe_micros, to_micros


@dataclass(frozen=True, slots=True)
class Announcement:
    """One announcement as it stands; `html` is Telegram HTML, `photos` are file ids.

    One of an activity has no text of its own: `activity_role` says what it tells of it. A correction names in
    `corrects_id` what it corrects. `chosen_at` is the time its author chose, `send_at` when it goes out.
    `version` grows with every change.
    """

    id: int
    compound_id: int
    author_id: int
    author_post: str
    state: State
    klass: Class
    html: str
    photos: tuple[str, ...]
    audience: Audience
    channels: frozenset[Channel]
    created_at: datetime
    activity_id: int | None = None
    activity_role: str = ""
    corrects_id: int | None = None
    second_id: int | None = None
    chosen_at: datetime | None = None
    send_at: datetime | None = None
    valid_until: datetime | None = None
    sent_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class AnnouncementEvent:
    """One thing that was done to it; without an actor it was the clock."""

    at: datetime
    actor_id: int | None
    action: str
    from_state: str
    to_state: str
    text: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A chat of the plan: a row before it has an id. `state` is planned or left_out, for a `reason`."""

    chat: str
    person_id: int | None
    group_id: int | None
    state: str = "planned"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A copy: where it goes, and what its person chose to read or their client speaks."""

    id: int
    chat: str
    person_id: int | None
    is_group: bool
    locale: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many copies are in a state for a reason."""

    is_group: bool
    state: str
    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class GroupDelivery:
    """What became of the copy in a group."""

    group_id: int
    title: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Household:
    """A unit and who lives there, confirmed: names and kinds of residency. Read when one of them has read."""

    building_id: int
    entrance_id: int | None
    unit_id: int
    label: str
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    has_read: bool


def _announcement(row: Row) -> Announcement:
    return Announcement(
        id=row["id"],
        compound_id=row["compound_id"],
        author_id=row["author_id"],
        author_post=row["author_post"],
        state=State(row["state"]),
        klass=Class(row["class"]),
        html=row["html"],
        photos=tuple(json.loads(row["photos"])),
        audience=Audience.from_json(json.loads(row["audience"])),
        channels=frozenset(Channel(one) for one in json.loads(row["channels"])),
        activity_id=row["activity_id"],
        activity_role=row["activity_role"],
        corrects_id=row["corrects_id"],
        second_id=row["second_id"],
        chosen_at=maybe_instant(row["chosen_at"]),
        send_at=maybe_instant(row["send_at"]),
        valid_until=maybe_instant(row["valid_until"]),
        created_at=from_micros(row["created_at"]),
        sent_at=maybe_instant(row["sent_at"]),
        version=row["version"],
    )


def _said(announcement: Announcement) -> dict[str, object]:
    """What its author decides, as columns."""
    return {
        "author_post": announcement.author_post,
        "state": announcement.state.value,
        "klass": announcement.klass.value,
        "html": announcement.html,
        "photos": json.dumps(announcement.photos),
        "audience": json.dumps(announcement.audience.to_json()),
        "channels": json.dumps(sorted(announcement.channels)),
        "chosen_at": maybe_micros(announcement.chosen_at),
        "valid_until": maybe_micros(announcement.valid_until),
    }


def _delivery(row: Row) -> Delivery:
    return Delivery(
        row["id"],
        row["chat"],
        row["person_id"],
        row["group_id"] is not None,
        row["locale"],
        row["language"],
    )


class Announcements:
    """Everything announced."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def new(self, announcement: Announcement) -> int:
        """Keep one that has no id yet (its `id` is not looked at) and give it one."""
        rows = await self._connection.fetch(
            "put_announcement",
            {
                **_said(announcement),
                "compound_id": announcement.compound_id,
                "author_id": announcement.author_id,
                "activity_id": announcement.activity_id,
                "activity_role": announcement.activity_role,
                "corrects_id": announcement.corrects_id,
                "now": to_micros(announcement.created_at),
            },
        )
        number: int = rows[0]["id"]
        return number

    async def get(self, announcement_id: int) -> Announcement | None:
        """One announcement."""
        rows = await self._connection.fetch("announcement", {"id": announcement_id})
        return _announcement(rows[0]) if rows else None

    async def locked(self, announcement_id: int) -> Announcement | None:
        """The same, locked until commit."""
        rows = await self._connection.fetch("announcement_locked", {"id": announcement_id})
        return _announcement(rows[0]) if rows else None

    async def save(self, announcement: Announcement) -> None:
        """Keep everything that can change; the version grows by one."""
        await self._connection.fetch(
            "save_announcement",
            {
                **_said(announcement),
                "id": announcement.id,
                "second_id": announcement.second_id,
                "send_at": maybe_micros(announcement.send_at),
                "sent_at": maybe_micros(announcement.sent_at),
            },
        )

    async def of_compound(self, compound_id: int, most: int) -> list[Announcement]:
        """The newest of a compound, but for those that were discarded."""
        row = {"compound_id": compound_id, "most": most}
        return [_announcement(one) for one in await self._connection.fetch("announcements_of_compound", row)]

    async def is_correcting(self, announcement_id: int) -> bool:
        """Whether a correction of it was begun and is neither sent nor discarded."""
        return bool(await self._connection.fetch("correction_begun", {"id": announcement_id}))

    async def correction_under_way(self, announcement_id: int) -> Announcement | None:
        """The correction of it whose copies are just being edited."""
        rows = await self._connection.fetch("correction_under_way", {"id": announcement_id})
        return _announcement(rows[0]) if rows else None

    async def record(self, announcement_id: int, event: AnnouncementEvent) -> None:
        """Write down what was done."""
        await self._connection.fetch(
            "put_announcement_event",
            {
                "announcement_id": announcement_id,
                "now": to_micros(event.at),
                "actor_id": event.actor_id,
                "action": event.action,
                "from_state": event.from_state,
                "to_state": event.to_state,
                "text": event.text,
            },
        )

    async def history(self, announcement_id: int) -> list[AnnouncementEvent]:
        """Everything that was done to it, oldest first."""
        rows = await self._connection.fetch("announcement_events", {"announcement_id": announcement_id})
        return [
            AnnouncementEvent(
                from_micros(row["at"]),
                row["actor_id"],
                row["action"],
                row["from_state"],
                row["to_state"],
                row["text"],
            )
            for row in rows
        ]

    async def people(
        self, compound_id: int, channel: str, mutes: Mapping[int, frozenset[Part]]
    ) -> tuple[list[Person], dict[int, str]]:
        """Everybody of a compound with all that decides what they get, and the address of each account.

        `mutes` are the parts each of them has muted.
        """
        of_compound: dict[str, object] = {"compound_id": compound_id}
        homes: dict[int, list[Home]] = defaultdict(list)
        for row in await self._connection.fetch("homes_of_compound", of_compound):
            homes[row["person_id"]].append(Home(row["building_id"], row["entrance_id"], row["kind"]))
        posts: dict[int, list[Part]] = defaultdict(list)
        for row in await self._connection.fetch("seats_of_compound", of_compound):
            seat = Part(Kind.POST, row["building_id"], row["entrance_id"], PostKind(row["kind"]))
            posts[row["person_id"]].append(seat)
        groups: dict[int, set[int]] = defaultdict(set)
        for row in await self._connection.fetch("memberships_of_compound", of_compound):
            groups[row["person_id"]].add(row["group_id"])
        accounts: dict[int, list[Account]] = defaultdict(list)
        addresses = {}
        for row in await self._connection.fetch("accounts_of_channel", {"channel": channel}):
            accounts[row["person_id"]].append(Account(row["id"], row["unreachable_since"] is None))
            addresses[row["id"]] = row["address"]
        people = [
            Person(
                person_id,
                tuple(homes[person_id]),
                tuple(posts[person_id]),
                frozenset(groups[person_id]),
                tuple(accounts[person_id]),
                mutes.get(person_id, frozenset()),
            )
            for person_id in sorted(homes.keys() | posts.keys() | groups.keys())
        ]
        return people, addresses

    # Copies ------------------------------------------------------------------------------------------------

    async def plan(self, announcement_id: int, rows: Iterable[Planned]) -> None:
        """Write down who gets it and who does not; a chat that stands there already is passed over."""
        await self._connection.run_many(
            "plan_delivery",
            [
                {
                    "announcement_id": announcement_id,
                    "chat": row.chat,
                    "person_id": row.person_id,
                    "group_id": row.group_id,
                    "state": row.state,
                    "reason": row.reason,
                }
                for row in rows
            ],
        )

    async def plan_correction(self, announcement_id: int, corrects_id: int) -> None:
        """Plan a correction: it goes to every chat where what it corrects has arrived."""
        await self._connection.fetch(
            "plan_correction", {"announcement_id": announcement_id, "corrects_id": corrects_id}
        )

    async def planned(self, announcement_id: int, channel: str, most: int) -> list[Delivery]:
        """The next copies to post."""
        rows = await self._connection.fetch(
            "planned_deliveries", {"announcement_id": announcement_id, "channel": channel, "most": most}
        )
        return [_delivery(row) for row in rows]

    async def shown(self, announcement_id: int, channel: str, after: int, most: int) -> list[Delivery]:
        """The copies that are, or are just being, sent, with ids above `after`."""
        rows = await self._connection.fetch(
            "shown_deliveries",
            {"announcement_id": announcement_id, "channel": channel, "after": after, "most": most},
        )
        return [_delivery(row) for row in rows]

    async def mark(self, deliveries: Sequence[Delivery], state: str) -> None:
        """These copies are in another state; what failed stays failed."""
        await self._connection.run_many(
            "mark_delivery", [{"id": one.id, "state": state} for one in deliveries]
        )

    async def stop(self, announcement_id: int, reason: str) -> None:
        """Nothing more of it is sent but what is under way this moment; the rest is left out for a reason."""
        await self._connection.fetch("drop_waiting_mail", {"announcement_id": announcement_id})
        await self._connection.fetch("drop_waiting_photos", {"announcement_id": announcement_id})
        await self._connection.fetch("drop_planned", {"announcement_id": announcement_id, "reason": reason})

    async def tally(self, announcement_id: int) -> list[Tally]:
        """How many copies there are in each state, for each reason."""
        rows = await self._connection.fetch("count_deliveries", {"announcement_id": announcement_id})
        return [Tally(bool(row["is_group"]), row["state"], row["reason"], row["n"]) for row in rows]

    async def in_groups(self, announcement_id: int) -> list[GroupDelivery]:
        """What became of it in each group."""
        rows = await self._connection.fetch("group_deliveries", {"announcement_id": announcement_id})
        return [GroupDelivery(row["id"], row["title"], row["state"], row["reason"]) for row in rows]

    async def was_shown(self, announcement_id: int, chat: str, person_id: int) -> bool:
        """Whether a copy went to this chat, or to this person elsewhere."""
        row = {"announcement_id": announcement_id, "chat": chat, "person_id": person_id}
        return bool(await self._connection.fetch("announcement_shown_to", row))

    # Read --------------------------------------------------------------------------------------------------

    async def read(self, announcement_id: int, person_id: int, now: datetime) -> bool:
        """Somebody says that they have read it; False when they said so before."""
        row = {"announcement_id": announcement_id, "person_id": person_id, "now": to_micros(now)}
        return bool(await self._connection.fetch("read_announcement", row))

    async def receipts(self, announcement_id: int) -> int:
        """How many people have said that they have read it."""
        (row,) = await self._connection.fetch("count_receipts", {"announcement_id": announcement_id})
        number: int = row["n"]
        return number

    async def households(self, announcement_id: int, compound_id: int) -> list[Household]:
        """Every unit of a compound, with who lives there, and whether one of them has read it."""
        rows = await self._connection.fetch(
            "households_of_compound", {"announcement_id": announcement_id, "compound_id": compound_id}
        )
        units: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            units[row["unit_id"]].append(row)
        return [
            Household(
                lives[0]["building_id"],
                lives[0]["entrance_id"],
                unit_id,
                lives[0]["label"],
                tuple(row["name"] for row in lives if row["name"]),
                tuple(row["kind"] for row in lives if row["kind"]),
                any(row["read_at"] is not None for row in lives),
            )
            for unit_id, lives in units.items()
        ]
