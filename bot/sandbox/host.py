"""What may stand around the sandbox: whoever runs the bot beside it, as far as the page uses it."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from bot.sandbox.chats import Json


class Host(Protocol):
    """Runs the bot, knows its database and tells its stories. What cannot be done now raises Impossible."""

    changed: list[Callable[[], None]]
    """Called whenever `status` would say something else."""

    def status(self) -> Json:
        """How the bot is, and where the story stands."""

    async def move_clock(self, to: datetime) -> None:
        """Let time pass until then (aware), so that whatever is due on the way happens in its order."""

    async def kill_bot(self) -> None:
        """End the bot's process at once, as a power cut would; it is started again."""

    async def curtain(self, issue: int | None) -> Json:
        """What stands in the bot's database now, with the history of one issue if asked."""

    async def doors(self) -> list[Json]:
        """The codes on the posters of the compound: {"name", "payload"} each."""

    async def open_scene(self, name: str, language: str) -> None:
        """Begin a story from its start, in a compound of its own; without a name, go back to free play."""

    async def next_step(self) -> None:
        """Let the next thing of the story happen, and see what comes of it."""
