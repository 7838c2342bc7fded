"""What the commands share: settings, one transaction, a compound by its code, links."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast
from urllib.error import HTTPError
from urllib.request import urlopen

import typer
from rich.console import Console

import bot.app
from bot.config import Settings, load
from bot.domain.errors import OperatorError
from bot.journal import open_journal
from bot.storage.places import Compound
from bot.storage.store import Store

T = TypeVar("T")

LOOP: Callable[[], asyncio.AbstractEventLoop] | None = None
with suppress(ImportError):
    import uvloop

    LOOP = uvloop.new_event_loop

out = Console(soft_wrap=True, highlight=False)

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="The configuration file; without it config.toml here, if there is one."
    ),
]
CompoundCode = Annotated[
    str | None, typer.Option("--compound", help="The compound's code; needed when there are several.")
]
BotName = Annotated[
    str | None, typer.Option("--bot-name", help="The bot's user name, instead of asking Telegram for it.")
]


def now_of(settings: Settings) -> datetime:
    """The time the bot would take it to be."""
    return bot.app.system_clock(settings.clock.offset_file)()


def config_file(named: Path | None) -> Path | None:
    """The configuration file that is read; None when there is none."""
    usual = Path("config.toml")
    return named or (usual if usual.exists() else None)


def settings_from(config: Path | None, *, needs_token: bool = True) -> Settings:
    """The settings, with the journal opened as they say."""
    settings = load(config_file(config), os.environ, needs_token=needs_token)
    secret = settings.telegram.token.get_secret_value()
    open_journal(settings.log.level, as_json=settings.log.as_json, secrets=[secret])
    return settings


def complete(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end. Ctrl-C cancels it (exit code 130), and so does being told to stop (exit code 0)."""

    async def stoppable() -> T:
        task = cast("asyncio.Task[T]", asyncio.current_task())
        for told in (signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(told, task.cancel)
        return await work

    with asyncio.Runner(loop_factory=LOOP) as runner:
        try:
            return runner.run(stoppable())
        except asyncio.CancelledError:
            raise typer.Exit(0) from None


@asynccontextmanager
async def store_of(settings: Settings) -> AsyncIterator[Store]:
    """One transaction on the database, brought up to date first."""
    database = await bot.app.open_database(settings)
    try:
        await database.migrate()
        async with database.transaction() as connection:
            yield Store(connection)
    finally:
        await database.close()


async def compound_named(store: Store, code: str | None) -> Compound:
    """The compound with this code, or the only one; raises OperatorError."""
    compounds = await store.places.compounds()
    chosen = [compound for compound in compounds if code in (None, compound.code)]
    if len(chosen) == 1:
        return chosen[0]
    if not compounds:
        raise OperatorError("there is no compound yet: import one first")
    raise OperatorError(
        f"name one compound with --compound: {', '.join(compound.code for compound in compounds)}"
    )


def link_to(bot_name: str, payload: str) -> str:
    """The address that opens the bot's private chat with a payload."""
    return f"https://t.me/{bot_name.removeprefix('@')}?start={payload}"


def ask_bot_name(settings: Settings) -> str:
    """Ask Telegram for the bot's user name: https://core.telegram.org/bots/api#getme"""
    url = f"{settings.telegram.base_url}/bot{settings.telegram.token.get_secret_value()}/getMe"
    try:
        with urlopen(url, timeout=10) as answer:
            return str(json.load(answer)["result"]["username"])
    except HTTPError as error:
        # 401 and 404 are what Telegram says to a token it does not know.
        raise OperatorError(
            f"telegram.token is refused by {settings.telegram.base_url} ({error.code})"
        ) from None
    except (OSError, ValueError, KeyError):
        raise OperatorError(
            f"{settings.telegram.base_url} does not answer: check the network, or give --bot-name"
        ) from None
