"""The page with the phones: rendered in the reader's language, with nothing from outside."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent / "page"
LANGUAGES = {"zh_CN": "简体中文", "zh_TW": "繁體中文", "en": "English"}
TRADITIONAL = ("zh-tw", "zh-hk", "zh-mo", "zh-hant")
CHOSEN = "language"  # the cookie of a language chosen on the page
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
SERVED = (".css", ".js", ".png", ".jpg", ".oga")


def add_page(app: web.Application) -> None:
    """Serve / and the files it needs."""
    template = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined
    ).get_template("index.html")

    async def index(request: web.Request) -> web.Response:
        language = _language(request.cookies.get(CHOSEN), request.headers.get("Accept-Language", ""))
        text = template.render(
            language=language,
            tag=language.replace("_", "-"),
            languages=LANGUAGES.items(),
            say=_labels(language),
        )
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    async def served(request: web.Request) -> web.StreamResponse:
        file = FOLDER / request.match_info["folder"] / request.match_info["name"]
        if file.suffix not in SERVED or not file.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(file, headers=HEADERS)

    app.router.add_get("/", index)
    app.router.add_get(r"/page/{folder:(?:samples/)?}{name:[a-z]+\.[a-z]+}", served)


def _language(chosen: str | None, accepted: str) -> str:
    """The language chosen on the page, else the first the browser asks for that we have, else Chinese."""
    if chosen in LANGUAGES:
        return chosen
    for wish in accepted.lower().split(","):
        tag = wish.partition(";")[0].strip()
        if tag.startswith(TRADITIONAL):
            return "zh_TW"
        if tag.startswith("zh"):
            return "zh_CN"
        if tag.startswith("en"):
            return "en"
    return "zh_CN"


@cache
def _labels(language: str) -> Mapping[str, str]:
    labels: dict[str, str] = json.loads((FOLDER / "labels" / f"{language}.json").read_text(encoding="utf-8"))
    return labels
