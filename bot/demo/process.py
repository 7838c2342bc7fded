"""The bot as a process of its own: kept running, stopped when asked, killed for show."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console

from bot.config import PREFIX
from bot.domain.errors import OperatorError
from bot.sandbox.people import Impossible

FOR_THE_OPERATOR = 2  # exit code for what only the operator can mend: starting again does not help
STOP_SECONDS = 10.0
RESTART_SECONDS = 1.0

_HOUSE = Path(__file__).parents[2]

out = Console(soft_wrap=True, highlight=False)


class BotProcess:
    """At most one bot at a time. `changed` is called whenever `state`, `starts` or `kills` are others."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self.starts = 0
        self.kills = 0
        self._changed = changed
        self._environment: Mapping[str, str] = {}
        self._is_wanted = asyncio.Event()
        self._is_gone = asyncio.Event()
        self._is_gone.set()
        self._process: asyncio.subprocess.Process | None = None
        self._is_listening = False
        self._has_ever_listened = False

    @property
    def state(self) -> str:
        """How it is: "starting", "running" once it has asked for updates, or "down"."""
        if self._process is None:
            return "down"
        return "running" if self._is_listening else "starting"

    def listens(self) -> None:
        """It asks for updates: it is up."""
        if self._process is not None and not self._is_listening:
            self._is_listening = self._has_ever_listened = True
            self._changed()

    def let_run(self, environment: Mapping[str, str]) -> None:
        """From now on it runs, with these settings."""
        self._environment = environment
        self._is_wanted.set()

    async def stop(self) -> None:
        """Let it finish what it is at, and start no other before `let_run`."""
        self._is_wanted.clear()
        if self._process is not None:
            await _end(self._process)
        await self._is_gone.wait()

    async def kill(self) -> None:
        """End it at once, as a power cut would; it is started again. Impossible when it is not there."""
        if self._process is None or self._process.returncode is not None:
            raise Impossible("the bot is not running now")
        self._process.kill()
        self.kills += 1
        await self._is_gone.wait()

    async def keep_running(self) -> None:
        """Run the bot whenever it is wanted, and start it again when it dies, until cancelled.

        Raises OperatorError when it ends, before it ever was up, with what only the operator can mend.
        """
        while True:
            await self._is_wanted.wait()
            self._is_gone.clear()
            try:
                code = await self._live()
            finally:
                self._is_gone.set()
            if code == FOR_THE_OPERATOR and not self._has_ever_listened:
                raise OperatorError("the bot cannot run; above it says why")
            if self._is_wanted.is_set():
                await asyncio.sleep(RESTART_SECONDS)
                out.print(f"The bot ended with code {code} and is started again.")

    async def _live(self) -> int:
        """One life of it; gives the exit code."""
        others = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
        # In a session of its own: Ctrl-C reaches only us, and `_end` passes it on.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot.demo.child", "run", "--config", os.devnull),
            env=others | dict(self._environment),
            cwd=_HOUSE,
            stdin=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._process, self._is_listening = process, False
        self.starts += 1
        self._changed()
        try:
            if not self._is_wanted.is_set():
                await _end(process)
            return await process.wait()
        finally:
            await _end(process)
            self._process = None
            self._changed()


async def _end(process: asyncio.subprocess.Process) -> None:
    """Let it finish what it is at; kill it when that takes too long."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
