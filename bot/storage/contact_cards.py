"""Contact cards that were printed, and where they hang."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.posts import PostKind
from bot.storage.engine import Connection, Row, from_micros, maybe_instant, to_micros


@dataclass(frozen=True, slots=True)
class Print:
    """A card of one building made in a format (poster, cards or picture); `hangs_at` says where, in words."""

    id: int
    compound_id: int
    building_id: int
    building: str
    format: str
    locale: str
    made_at: datetime
    made_by: int | None
    hangs_at: str


@dataclass(frozen=True, slots=True)
class ChangedPost:
    """A post of the compound or its community that has another holder or other words than on the cards."""

    post_id: int
    kind: PostKind
    building_id: int | None
    building: str
    entrance: str


def _print(row: Row) -> Print:
    return Print(
        row["id"],
        row["compound_id"],
        row["building_id"],
        row["building"],
        row["format"],
        row["locale"],
        from_micros(row["made_at"]),
        row["made_by"],
        row["hangs_at"],
    )


class ContactCards:
    """Every print that has not been replaced by a newer one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(
        self,
        compound_id: int,
        building_id: int,
        form: str,
        locale: str,
        made_by: int | None,
        now: datetime,
    ) -> int:
        """Note a print that is to be made; gives its id."""
        rows = await self._connection.fetch(
            "put_card_print",
            {
                "compound_id": compound_id,
                "building_id": building_id,
                "format": form,
                "locale": locale,
                "made_by": made_by,
                "now": to_micros(now),
            },
        )
        print_id: int = rows[0]["id"]
        return print_id

    async def get(self, print_id: int) -> Print | None:
        """One print, replaced or not, locked until commit."""
        rows = await self._connection.fetch("card_print", {"id": print_id})
        return _print(rows[0]) if rows else None

    async def printed(self, compound_id: int) -> set[int]:
        """The buildings for which cards were ever made."""
        rows = await self._connection.fetch("buildings_with_cards", {"compound_id": compound_id})
        return {row["building_id"] for row in rows}

    async def hanging(self, compound_id: int) -> list[Print]:
        """What hangs somewhere in the compound, building by building."""
        rows = await self._connection.fetch("cards_hanging", {"compound_id": compound_id})
        return [_print(row) for row in rows]

    async def hang(self, one: Print, where: str, now: datetime) -> None:
        """It hangs there too from now on, in place of an earlier one of its format; "" is nowhere."""
        kind = {"building_id": one.building_id, "format": one.format}
        if not where:
            await self._connection.fetch("hang_card_nowhere", {**kind, "made_at": to_micros(one.made_at)})
            return
        print_id = one.id
        if one.hangs_at in ("", where):
            await self._connection.fetch("hang_card", {"id": print_id, "where": where})
        else:
            rows = await self._connection.fetch("hang_card_also", {"id": print_id, "where": where})
            print_id = rows[0]["id"]
        place = {**kind, "id": print_id, "where": where, "now": to_micros(now)}
        await self._connection.fetch("replace_cards", place)

    async def changed_at(self, compound_id: int, building_id: int) -> datetime | None:
        """When a post that stands on the building's cards last changed."""
        where = {"compound_id": compound_id, "building_id": building_id}
        rows = await self._connection.fetch("cards_outdated_at", where)
        return maybe_instant(rows[0]["at"])

    async def take_down(self, building_id: int, before: datetime, now: datetime) -> None:
        """What was made for the building before that instant hangs nowhere any more."""
        times = {"before": to_micros(before), "now": to_micros(now)}
        await self._connection.fetch("take_cards_down", {"building_id": building_id, **times})

    async def outdated_by(self, compound_id: int) -> list[ChangedPost]:
        """The posts that changed since the committee was last told to renew the cards."""
        rows = await self._connection.fetch("posts_newer_than_cards", {"compound_id": compound_id})
        return [
            ChangedPost(
                row["id"],
                PostKind(row["kind"]),
                row["building_id"],
                row["building"] or "",
                row["entrance"] or "",
            )
            for row in rows
        ]
