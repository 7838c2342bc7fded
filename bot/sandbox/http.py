"""The door over HTTP: the Bot API as api.telegram.org serves it, long polls and webhooks included."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from urllib.parse import parse_qsl

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from aiohttp.web_request import FileField

from bot.sandbox.core import NO_FILES, Reply, Sandbox
from bot.sandbox.files import File
from bot.sandbox.refusals import Refusal, other_poll, webhook_set

LONGEST_POLL = 50  # seconds, as the real server caps it
SILENCE = 120  # seconds a call stays without an answer when it is to time out
BODY_LIMIT = 50 * 1024 * 1024  # https://core.telegram.org/bots/api#sending-files
WEBHOOK_TIMEOUT = ClientTimeout(total=60)
RETRY_LONGEST = 60.0


class BotApi:
    """Answers calls over HTTP. `latency` (seconds) is added to every call and may be changed at any time.

    `retry` is the pause in seconds after the first failed delivery to a webhook; it doubles.
    """

    def __init__(self, sandbox: Sandbox, *, latency: float = 0.0, retry: float = 1.0) -> None:
        self._sandbox = sandbox
        self.latency = latency
        self._retry = retry
        self._poll: asyncio.Future[Refusal | None] | None = None
        self._news = asyncio.Event()
        self._closing = asyncio.Event()

    def add_to(self, app: web.Application) -> None:
        """Serve /bot<token>/<method> and /file/bot<token>/<path>."""
        app.router.add_route("GET", "/file/bot{token}/{path:.+}", self._download)
        for verb in ("GET", "POST"):
            app.router.add_route(verb, "/bot{token}/{method}", self._call)
        self._sandbox.updates_changed.append(self._on_updates)
        self._sandbox.faults.changed.append(self._on_fault)
        app.on_shutdown.append(self._close)
        app.cleanup_ctx.append(self._deliveries)

    async def _close(self, _app: web.Application) -> None:
        self._sandbox.updates_changed.remove(self._on_updates)
        self._sandbox.faults.changed.remove(self._on_fault)
        self._closing.set()
        self._end_poll(None)

    @property
    def seconds(self) -> float:
        """How long each call takes at least, now."""
        return max(self.latency, self._sandbox.faults.latency)

    # ---- calls

    async def _call(self, request: web.Request) -> web.StreamResponse:
        if seconds := self.seconds:
            await asyncio.sleep(seconds)
        token, method = request.match_info["token"], request.match_info["method"]
        try:
            parameters, files = await _read(request)
        except ValueError:
            return _answer(Reply(False, None, 400, "Bad Request: can't parse the request body"))
        reply = self._sandbox.call(token, method, parameters, files)
        if method.lower() == "getupdates" and reply.ok and not reply.result:
            reply = await self._long_poll(token, method, parameters)
        if reply.trouble == "timeout":
            with suppress(TimeoutError):
                async with asyncio.timeout(SILENCE):
                    await self._closing.wait()
        if reply.trouble and request.transport is not None:
            request.transport.abort()
        return _answer(reply)

    async def _long_poll(self, token: str, method: str, parameters: dict[str, object]) -> Reply:
        """Wait for updates; a second poll ends the first with a conflict."""
        seconds = min(_seconds(parameters.get("timeout")), LONGEST_POLL)
        if seconds <= 0:
            return Reply(True, [])
        self._end_poll(other_poll())
        poll = self._poll = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            no = await asyncio.wait_for(asyncio.shield(poll), seconds)
            if no is not None:
                return Reply(False, None, no.code, no.description)
        if self._poll is poll:
            self._poll = None
        return self._sandbox.call(token, method, parameters)

    def _on_updates(self) -> None:
        self._news.set()
        self._end_poll(webhook_set() if self._sandbox.memory.webhook.url else None)

    def _on_fault(self) -> None:
        """A poll that waits meets the new fault now."""
        self._end_poll(None)

    def _end_poll(self, no: Refusal | None) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(no)
        self._poll = None

    async def _download(self, request: web.Request) -> web.StreamResponse:
        stored = self._sandbox.memory.files.at(request.match_info["path"])
        if request.match_info["token"] != self._sandbox.token or stored is None:
            return web.Response(status=404)
        return web.Response(body=stored.file.content, content_type="application/octet-stream")

    # ---- webhook

    async def _deliveries(self, _app: web.Application) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            delivering = tasks.create_task(self._deliver())
            yield
            delivering.cancel()

    async def _deliver(self) -> None:
        """Post pending updates to the webhook, one after the other, again until it takes them."""
        async with ClientSession(timeout=WEBHOOK_TIMEOUT) as session:
            pause = self._retry
            while True:
                hook = self._sandbox.memory.webhook
                updates = self._sandbox.memory.fetch(0, 1) if hook.url else []
                if not updates:
                    self._news.clear()
                    await self._news.wait()
                    continue
                problem = await self._post(session, updates[0])
                if not problem:
                    self._sandbox.memory.fetch(updates[0]["update_id"] + 1, 1)
                    pause = self._retry
                    continue
                hook.last_error_date, hook.last_error_message = self._sandbox.memory.now(), problem
                await asyncio.sleep(pause)
                pause = min(pause * 2, RETRY_LONGEST)

    async def _post(self, session: ClientSession, update: dict[str, object]) -> str:
        """What went wrong, "" if the webhook took the update."""
        hook = self._sandbox.memory.webhook
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
        try:
            async with session.post(hook.url, json=update, headers=headers) as answer:
                return (
                    "" if answer.ok else f"Wrong response from the webhook: {answer.status} {answer.reason}"
                )
        except (ClientError, TimeoutError) as no:
            return str(no) or "Connection timed out"


async def _read(request: web.Request) -> tuple[dict[str, object], Mapping[str, File]]:
    """Parameters and uploads of a call: query, urlencoded form, JSON or multipart."""
    parameters: dict[str, object] = dict(request.query) if request.query_string else {}
    if request.method != "POST" or not request.can_read_body:
        return parameters, NO_FILES
    if request.content_type == "multipart/form-data":
        files = {}
        for name, value in (await request.post()).items():
            if isinstance(value, FileField):
                files[name] = File(value.file.read(), value.filename, value.content_type)
            else:
                parameters[name] = value
        return parameters, files
    body = await request.read()
    if request.content_type == "application/json":
        given = json.loads(body or b"{}")
        if not isinstance(given, dict):
            raise ValueError("no object")
        parameters.update(given)
    else:
        parameters.update(parse_qsl(body.decode(), keep_blank_values=True))
    return parameters, NO_FILES


def _seconds(given: object) -> float:
    try:
        return float(given) if isinstance(given, int | float | str) else 0.0
    except ValueError:
        return 0.0


def _answer(reply: Reply) -> web.Response:
    return web.Response(body=reply.body(), status=reply.error_code, content_type="application/json")
