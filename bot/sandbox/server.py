"""The sandbox as one web application: Bot API, remote control, page."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from bot.sandbox.clock import MovableClock
from bot.sandbox.control import Control
from bot.sandbox.core import Sandbox
from bot.sandbox.http import BODY_LIMIT, BotApi
from bot.sandbox.page import add_page


def make_app(
    sandbox: Sandbox, clock: MovableClock, *, latency: float = 0.0, state: Path | None = None
) -> web.Application:
    """All of it, to be served on a loopback address only: it asks nobody for a password.

    `latency` in seconds per call of the bot. `state` is a file the chats are read from at the start
    and written to at the end.
    """
    app = web.Application(client_max_size=BODY_LIMIT)
    if state is not None:
        app.cleanup_ctx.append(lambda _: _kept(sandbox, state))
    api = BotApi(sandbox, latency=latency)
    api.add_to(app)
    Control(sandbox, clock, api).add_to(app)
    add_page(app)
    return app


async def _kept(sandbox: Sandbox, state: Path) -> AsyncIterator[None]:
    _load(sandbox, state)
    yield
    _save(sandbox, state)


def _load(sandbox: Sandbox, state: Path) -> None:
    if state.exists():
        sandbox.load(json.loads(state.read_text(encoding="utf-8")))


def _save(sandbox: Sandbox, state: Path) -> None:
    fresh = state.with_name(state.name + ".new")
    fresh.write_text(json.dumps(sandbox.dump(), ensure_ascii=False), encoding="utf-8")
    fresh.replace(state)
