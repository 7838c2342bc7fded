"""Who may use the page and the remote control, and what is told to who uses them wrongly."""

import re
from collections.abc import Collection

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bot.sandbox.people import Impossible
from bot.sandbox.refusals import Refusal

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
ANY = "*"
HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?")
BOT_API = ("/bot", "/file/bot")  # bots come from anywhere, and show a token


def guard(hosts: Collection[str]) -> Middleware:
    """Answers 403 to who asks under another name than a loopback one or `hosts`, 400 and 413 to wrong input.

    A foreign web page reaches a loopback address by a name of its own that it lets point there (DNS
    rebinding), or posts across origins: it shows in the Host and the Origin header. ANY allows any name.
    """

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path.startswith(BOT_API):
            return await handler(request)
        if not _is_known(request, hosts):
            return _no("open this page under the address it was announced with", 403)
        try:
            return await handler(request)
        except (Impossible, Refusal, ValueError, OverflowError, RecursionError) as no:
            return _no(str(no), 400)
        except web.HTTPRequestEntityTooLarge as no:
            return _no(str(no.text), no.status)

    return check


def _is_known(request: web.Request, hosts: Collection[str]) -> bool:
    host, origin = request.headers.get("Host", ""), request.headers.get("Origin")
    match = HOST.fullmatch(host)
    if match is None or (origin is not None and origin.lower().partition("://")[2] != host.lower()):
        return False
    return ANY in hosts or match["name"].lower() in LOOPBACK or match["name"].lower() in hosts


def _no(error: str, status: int) -> web.Response:
    return web.json_response({"error": error}, status=status)
