"""Ready words for what is said again and again, of a compound or of one of its leaders."""

from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, Row, to_micros


@dataclass(frozen=True, slots=True)
class Template:
    """Ready words for an action; of the whole compound without a person, for every category without one."""

    id: int
    compound_id: int
    person_id: int | None
    category: str
    action: str
    text: str


def _template(row: Row) -> Template:
    return Template(
        row["id"], row["compound_id"], row["person_id"], row["category"], row["action"], row["text"]
    )


class Replies:
    """Ready words, by compound and person."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self, compound_id: int, person_id: int | None, category: str, action: str, text: str, now: datetime
    ) -> int:
        """Keep ready words; gives their id."""
        row = {"compound_id": compound_id, "person_id": person_id, "category": category, "action": action}
        rows = await self._connection.fetch("put_reply_template", row | {"text": text, "now": to_micros(now)})
        template_id: int = rows[0]["id"]
        return template_id

    async def change(self, template_id: int, text: str, now: datetime) -> None:
        """Say it otherwise from now on."""
        row = {"id": template_id, "text": text, "now": to_micros(now)}
        await self._connection.fetch("save_reply_template", row)

    async def used(self, template_id: int, now: datetime) -> None:
        """It was of use: it is offered earlier next time."""
        await self._connection.fetch("use_reply_template", {"id": template_id, "now": to_micros(now)})

    async def drop(self, template_id: int) -> None:
        """It is not offered any more."""
        await self._connection.fetch("drop_reply_template", {"id": template_id})

    async def get(self, template_id: int) -> Template | None:
        """The ready words with this id."""
        rows = await self._connection.fetch("reply_template", {"id": template_id})
        return _template(rows[0]) if rows else None

    async def fitting(
        self, compound_id: int, person_id: int, category: str, action: str, most: int
    ) -> list[Template]:
        """What fits an action on an issue of this category: one's own first, what was used last first."""
        row = {"compound_id": compound_id, "person_id": person_id, "category": category, "action": action}
        rows = await self._connection.fetch("reply_templates_for", row | {"most": most})
        return [_template(one) for one in rows]

    async def of(self, compound_id: int, person_id: int) -> list[Template]:
        """All of somebody's own in a compound, then those of the compound."""
        row = {"compound_id": compound_id, "person_id": person_id}
        return [_template(one) for one in await self._connection.fetch("reply_templates_of", row)]
