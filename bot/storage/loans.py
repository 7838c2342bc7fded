"""The right to announce, lent for a day at most (A8)."""

import json
from dataclasses import dataclass
from datetime import datetime

from bot.domain.announcing import Loan
from bot.domain.audiences import Audience
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, to_micros


@dataclass(frozen=True, slots=True)
class Lent:
    """A loan as it stands in the log, where nothing is ever taken out."""

    id: int
    compound_id: int
    loan: Loan


def _lent(row: Row) -> Lent:
    loan = Loan(
        row["person_id"],
        row["lent_by"],
        Audience.from_json(json.loads(row["audience"])),
        from_micros(row["since"]),
        from_micros(row["until"]),
        maybe_instant(row["revoked_at"]),
    )
    return Lent(row["id"], row["compound_id"], loan)


class Loans:
    """All loans."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, compound_id: int, loan: Loan) -> int:
        """A new loan; gives its id."""
        row = {
            "compound_id": compound_id,
            "person_id": loan.person_id,
            "lent_by": loan.by,
            "audience": json.dumps(loan.audience.to_json()),
            "since": to_micros(loan.since),
            "until": to_micros(loan.until),
        }
        loan_id: int = (await self._connection.fetch("put_loan", row))[0]["id"]
        return loan_id

    async def get(self, loan_id: int) -> Lent | None:
        """One loan, locked until commit."""
        rows = await self._connection.fetch("loan", {"id": loan_id})
        return _lent(rows[0]) if rows else None

    async def running(self, person_id: int, now: datetime) -> list[Lent]:
        """What is lent to a person now."""
        row = {"person_id": person_id, "now": to_micros(now)}
        return [_lent(one) for one in await self._connection.fetch("loans_of_person", row)]

    async def of_compound(self, compound_id: int, now: datetime) -> list[Lent]:
        """What is lent in a compound now, what ends first before the rest."""
        row = {"compound_id": compound_id, "now": to_micros(now)}
        return [_lent(one) for one in await self._connection.fetch("loans_of_compound", row)]

    async def revoke(self, loan_id: int, by: int, now: datetime) -> None:
        """It is over from now on."""
        await self._connection.fetch("revoke_loan", {"id": loan_id, "by": by, "now": to_micros(now)})
