"""People, the accounts they are reached by, and who lives where."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.storage.engine import Connection, Row, from_micros, to_micros


@dataclass(frozen=True, slots=True)
class Details:
    """What identifies a person; shown only to those whose post needs it."""

    person_id: int
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where and in which language a person can be written to."""

    address: str
    locale: str | None
    language: str
    is_elder: bool = False


@dataclass(frozen=True, slots=True)
class Residency:
    """A person in a unit: `kind` owner, renter or family; `state` pending, approved, refused or ended.

    Who is approved and asks to be entered as another `asked_kind` stays what they are until it is decided.
    `reason` is why somebody said no or ended it: a word of ours, or what they wrote. `is_listed`: by the
    register. `talk` is what was asked about it and answered.
    """

    id: int
    person_id: int
    unit_id: int
    kind: str
    state: str
    compound_id: int
    building_id: int
    entrance_id: int | None
    unit_label: str
    building_name: str
    entrance_name: str | None
    asked_at: datetime
    decided_by: int | None = None
    asked_kind: str | None = None
    reason: str = ""
    is_listed: bool = False
    is_main: bool = False
    talk: tuple[dict[str, Any], ...] = ()

    @property
    def is_waiting(self) -> bool:
        """Whether somebody has to say yes or no."""
        return self.state == "pending" or self.asked_kind is not None

    @property
    def wanted_kind(self) -> str:
        """As what they are, or will be, entered."""
        return self.asked_kind or self.kind


def _residency(row: Row) -> Residency:
    return Residency(
        id=row["id"],
        person_id=row["person_id"],
        unit_id=row["unit_id"],
        kind=row["kind"],
        state=row["state"],
        compound_id=row["compound_id"],
        building_id=row["building_id"],
        entrance_id=row["entrance_id"],
        unit_label=row["unit_label"],
        building_name=row["building_name"],
        entrance_name=row["entrance_name"],
        decided_by=row["decided_by"],
        asked_kind=row["asked_kind"],
        asked_at=from_micros(row["asked_at"]),
        reason=row["reason"],
        is_listed=bool(row["is_listed"]),
        is_main=bool(row["is_main"]),
        talk=tuple(json.loads(row["talk"])),
    )


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody of a unit, with the entry that says so: since when, and whether they have an account."""

    residency_id: int
    person_id: int
    name: str
    kind: str
    state: str
    since: datetime
    is_listed: bool
    has_account: bool
    is_waiting: bool


@dataclass(frozen=True, slots=True)
class UnitStanding:
    """How many of a unit are on the bot (approved, with an account), and how many ask to be."""

    unit_id: int
    label: str
    joined: int
    waiting: int

    @property
    def standing(self) -> str:
        """joined, waiting or absent."""
        return "joined" if self.joined else "waiting" if self.waiting else "absent"


@dataclass(frozen=True, slots=True)
class DoorStanding:
    """How many units behind a door have somebody on the bot, of how many; no entrance: beside all of them."""

    building_id: int
    entrance_id: int | None
    building: str
    entrance: str
    joined: int
    units: int


class People:
    """Everybody the bot knows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def new(self, now: datetime) -> int:
        """A person without account or name yet."""
        rows = await self._connection.fetch("new_person", {"now": to_micros(now)})
        person_id: int = rows[0]["id"]
        return person_id

    async def put_account(
        self, person_id: int, channel: str, address: str, display_name: str, language: str
    ) -> None:
        """This address belongs to this person and can be written to."""
        await self._connection.fetch(
            "put_account",
            {
                "person_id": person_id,
                "channel": channel,
                "address": address,
                "display_name": display_name,
                "language": language,
            },
        )

    async def mark_unreachable(self, channel: str, address: str, now: datetime) -> int | None:
        """The bot may no longer write there; gives the person when that is news."""
        rows = await self._connection.fetch(
            "mark_unreachable", {"channel": channel, "address": address, "now": to_micros(now)}
        )
        return rows[0]["person_id"] if rows else None

    async def set_locale(self, person_id: int, locale: str) -> None:
        """The language this person chose."""
        await self._connection.fetch("set_locale", {"person_id": person_id, "locale": locale})

    async def set_elder(self, person_id: int, *, is_elder: bool) -> None:
        """Simple mode on or off; what was counted begins anew."""
        await self._connection.fetch("set_elder", {"person_id": person_id, "is_elder": int(is_elder)})

    async def note_misses(self, person_id: int, misses: int) -> None:
        """So often in a row somebody was not understood; numbers offered for one answer are over."""
        await self._connection.fetch("note_misses", {"person_id": person_id, "misses": misses})

    async def note_elder_offered(self, person_id: int, now: datetime) -> None:
        """Simple mode has been offered."""
        await self._connection.fetch("note_elder_offered", {"person_id": person_id, "now": to_micros(now)})

    async def put_numbers(
        self, person_id: int, numbers: Sequence[str], card_key: str, *, is_anew: bool
    ) -> None:
        """What a typed number stands for from now on; a redrawn card only tells where it is the newest."""
        row = {"person_id": person_id, "numbers": json.dumps(numbers), "card_key": card_key}
        await self._connection.fetch("put_numbers", row | {"is_anew": int(is_anew)})

    async def put_details(self, person_id: int, name: str, phone: str) -> None:
        """Name and phone as the register has them."""
        await self._connection.fetch("put_details", {"person_id": person_id, "name": name, "phone": phone})

    async def details(self, person_id: int) -> Details:
        """Name and phone; the account's display name where the register knows none."""
        rows = await self._connection.fetch("details_of", {"person_id": person_id})
        return Details(person_id, rows[0]["name"], rows[0]["phone"])

    async def addressee(self, person_id: int, channel: str) -> Addressee | None:
        """Where to write; None when the bot cannot reach this person."""
        rows = await self._connection.fetch("addressee", {"person_id": person_id, "channel": channel})
        if not rows:
            return None
        row = rows[0]
        return Addressee(row["address"], row["locale"], row["language"], bool(row["is_elder"]))

    async def residencies(self, person_id: int) -> list[Residency]:
        """Where a person lives or has asked to be entered, the main home first."""
        rows = await self._connection.fetch("residencies_of", {"person_id": person_id})
        return [_residency(row) for row in rows]

    async def ask_residency(self, person_id: int, unit_id: int, kind: str, now: datetime) -> tuple[int, str]:
        """Enter a person for a unit: (residency id, state); pending, unless they are approved there.

        Who is approved as something else stays so and waits with `asked_kind`.
        """
        rows = await self._connection.fetch(
            "ask_residency", {"person_id": person_id, "unit_id": unit_id, "kind": kind, "now": to_micros(now)}
        )
        return rows[0]["id"], rows[0]["state"]

    async def waiting(self, compound_id: int) -> list[Residency]:
        """Who of a compound waits for an answer, the longest first."""
        rows = await self._connection.fetch("residencies_waiting", {"compound_id": compound_id})
        return [_residency(row) for row in rows]

    async def count_pending(self, person_id: int, unit_id: int) -> tuple[int, int]:
        """How many requests wait of a person, and for a unit."""
        rows = await self._connection.fetch("count_pending", {"person_id": person_id, "unit_id": unit_id})
        return rows[0]["of_person"], rows[0]["of_unit"]

    async def residency(self, residency_id: int) -> Residency | None:
        """One entry, locked until commit."""
        rows = await self._connection.fetch("residency", {"id": residency_id})
        return _residency(rows[0]) if rows else None

    async def decide_residency(
        self,
        residency_id: int,
        state: str,
        by: int,
        now: datetime,
        *,
        kind: str | None = None,
        reason: str = "",
    ) -> None:
        """Somebody said yes or no, or ended it; with a `kind` they are entered as that from now on."""
        row = {"id": residency_id, "state": state, "by": by, "now": to_micros(now)}
        await self._connection.fetch("decide_residency", {**row, "kind": kind, "reason": reason})

    async def set_main(self, person_id: int, residency_id: int) -> None:
        """This of a person's homes comes first."""
        await self._connection.fetch("set_main_residency", {"person_id": person_id, "id": residency_id})

    async def set_talk(self, residency_id: int, talk: tuple[dict[str, Any], ...]) -> None:
        """What has been asked about a request and answered."""
        row = {"id": residency_id, "talk": json.dumps(talk, ensure_ascii=False)}
        await self._connection.fetch("set_residency_talk", row)

    async def put_moving_code(self, code: str, person_id: int, until: datetime) -> None:
        """By this code the person goes on with a new account; the one before it is void."""
        row = {"code": code, "person_id": person_id, "until": to_micros(until)}
        await self._connection.fetch("put_moving_code", row)

    async def moving_code(self, code: str) -> tuple[int, datetime] | None:
        """Whose code it is and until when it is good, locked until commit."""
        rows = await self._connection.fetch("moving_code", {"code": code})
        return (rows[0]["person_id"], from_micros(rows[0]["expires_at"])) if rows else None

    async def of_unit(self, unit_id: int) -> list[Resident]:
        """Everybody entered for a unit, or asking to be: who is approved first, then the longest first."""
        rows = await self._connection.fetch("residents_of_unit", {"unit_id": unit_id})
        return [
            Resident(
                row["id"],
                row["person_id"],
                row["name"],
                row["kind"],
                row["state"],
                from_micros(row["since"]),
                bool(row["is_listed"]),
                bool(row["has_account"]),
                row["state"] == "pending" or row["asked_kind"] is not None,
            )
            for row in rows
        ]

    async def units_behind(self, building_id: int, entrance_id: int | None) -> list[UnitStanding]:
        """The units behind one door (without an entrance: beside all of them), in the register's order."""
        row = {"building_id": building_id, "entrance_id": entrance_id}
        rows = await self._connection.fetch("units_behind", row)
        return [UnitStanding(one["id"], one["label"], one["joined"], one["waiting"]) for one in rows]

    async def doors(self, compound_id: int) -> list[DoorStanding]:
        """Every door of a compound that has units behind it, in the register's order."""
        rows = await self._connection.fetch("doors_of_compound", {"compound_id": compound_id})
        return [
            DoorStanding(
                row["building_id"],
                row["entrance_id"],
                row["building"],
                row["entrance"] or "",
                row["joined"],
                row["units"],
            )
            for row in rows
        ]
