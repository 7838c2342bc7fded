"""The sandbox as one web application: Bot API, remote control, page."""

from collections.abc import Collection

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox.clock import MovableClock
from bot.sandbox.control import Control
from bot.sandbox.core import Sandbox
from bot.sandbox.guard import guard
from bot.sandbox.host import Host
from bot.sandbox.http import BODY_LIMIT, BotApi
from bot.sandbox.keeping import Keeper
from bot.sandbox.page import add_page
from bot.sandbox.screens import Screens


def make_app(
    sandbox: Sandbox,
    clock: MovableClock,
    *,
    latency: float = 0.0,
    keeper: Keeper | None = None,
    host: Host | None = None,
    hosts: Collection[str] = (),
) -> web.Application:
    """All of it, to be served on a loopback address only: it asks nobody for a password.

    `latency` in seconds per call of the bot. `keeper` writes down what a request changed before it is
    answered. `hosts` are names the page may be asked for under beside the loopback ones, see guard.py.
    """
    middlewares = [guard(hosts), *([_saving(keeper)] if keeper else [])]
    app = web.Application(client_max_size=BODY_LIMIT, middlewares=middlewares)
    api = BotApi(sandbox, latency=latency)
    api.add_to(app)
    Screens(sandbox, clock, api, host).add_to(app)
    Control(sandbox, clock, api, host).add_to(app)
    add_page(app)
    return app


def _saving(keeper: Keeper) -> Middleware:
    @web.middleware
    async def save(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        finally:
            keeper.save()

    return save
