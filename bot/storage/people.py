"""People, the accounts they are reached by, and who lives where."""

from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, Row, to_micros


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


@dataclass(frozen=True, slots=True)
class Residency:
    """A person in a unit: `kind` owner, renter or family; `state` pending, approved, refused or ended."""

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
    decided_by: int | None = None


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
    )


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
        return Addressee(rows[0]["address"], rows[0]["locale"], rows[0]["language"]) if rows else None

    async def residencies(self, person_id: int) -> list[Residency]:
        """Where a person lives or has asked to be entered."""
        rows = await self._connection.fetch("residencies_of", {"person_id": person_id})
        return [_residency(row) for row in rows]

    async def ask_residency(self, person_id: int, unit_id: int, kind: str, now: datetime) -> tuple[int, str]:
        """Enter a person for a unit: (residency id, state); pending, unless approved as the same before."""
        rows = await self._connection.fetch(
            "ask_residency", {"person_id": person_id, "unit_id": unit_id, "kind": kind, "now": to_micros(now)}
        )
        return rows[0]["id"], rows[0]["state"]

    async def waiting(self, compound_id: int) -> list[Residency]:
        """Who has asked to be entered in a compound and waits for an answer, the longest first."""
        rows = await self._connection.fetch("residencies_waiting", {"compound_id": compound_id})
        return [_residency(row) for row in rows]

    async def residency(self, residency_id: int) -> Residency | None:
        """One entry, locked until commit."""
        rows = await self._connection.fetch("residency", {"id": residency_id})
        return _residency(rows[0]) if rows else None

    async def decide_residency(self, residency_id: int, state: str, by: int, now: datetime) -> None:
        """A leader said yes or no."""
        await self._connection.fetch(
            "decide_residency", {"id": residency_id, "state": state, "by": by, "now": to_micros(now)}
        )
