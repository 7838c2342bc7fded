"""Behind the curtain: the rows of the bot's database as the page shows them."""

from datetime import datetime

from bot.sandbox.chats import Json
from bot.storage.engine import Database
from bot.storage.inspection import Inspection, Line

TEXT_MOST = 80
"""Characters of a text that are shown."""


async def curtain(database: Database, issue: int | None) -> Json:
    """What stands in the database now, with the history of one issue if asked; instants in ISO 8601."""
    async with database.transaction() as connection:
        look = Inspection(connection)
        shown = {
            "inbox": await look.letters(),
            "outbox": [line | {"text": line["text"][:TEXT_MOST]} for line in await look.mail()],
            "dues": await look.dues(),
            "notices": await look.notices(),
            "issues": await look.issues(),
            "history": await look.history(issue) if issue is not None else [],
        }
    return {name: [_spelled(line) for line in lines] for name, lines in shown.items()}


def _spelled(line: Line) -> Json:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in line.items()}
