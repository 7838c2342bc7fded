"""The page with the phones: static files of this package, nothing from outside."""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

FOLDER = Path(__file__).parent / "page"
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
NAMES = ("style.css", "state.js", "phone.js", "page.js", "sample.png")


def add_page(app: web.Application) -> None:
    """Serve / and the files it needs."""
    app.router.add_get("/", _serve("index.html"))
    for name in NAMES:
        app.router.add_get(f"/page/{name}", _serve(name))


def _serve(name: str) -> Handler:
    async def serve(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(FOLDER / name, headers=HEADERS)

    return serve
