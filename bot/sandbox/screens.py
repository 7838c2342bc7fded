"""What the page shows: everything as it is now, and again whenever something changed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import islice

from aiohttp import web

from bot.sandbox.chats import Chat, Json, Record
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.host import Host
from bot.sandbox.http import BotApi

LONGEST_WAIT = 25.0  # seconds a question for changes stays open
SILENCE = 15.0  # seconds after which a stream shows that it is still there
PAUSE = 0.05  # seconds between two events: what happens meanwhile comes in one
SHOWN = 100  # messages per chat in one answer


class Screens:
    """Serves the state, once or as a stream, from a revision of an epoch on."""

    def __init__(self, sandbox: Sandbox, clock: MovableClock, api: BotApi, host: Host | None) -> None:
        self._sandbox = sandbox
        self._clock = clock
        self._api = api
        self._host = host
        self._bells: set[asyncio.Event] = set()
        self._is_closing = False

    def add_to(self, app: web.Application) -> None:
        """Serve them."""
        app.router.add_get("/sandbox/events", self.events)
        app.router.add_get("/sandbox/changes", self.changes)
        app.cleanup_ctx.append(self._listening)
        app.on_shutdown.append(self._close)

    async def _listening(self, _app: web.Application) -> AsyncIterator[None]:
        sources: list[list[Callable[[], None]]] = [
            self._sandbox.changed,
            self._sandbox.faults.changed,
            self._clock.changed,
            *([self._host.changed] if self._host else []),
        ]
        for listeners in sources:
            listeners.append(self._ring)
        yield
        for listeners in sources:
            listeners.remove(self._ring)

    async def _close(self, _app: web.Application) -> None:
        self._is_closing = True
        self._ring()

    def _ring(self) -> None:
        for bell in self._bells:
            bell.set()

    @contextmanager
    def _bell(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever something changes."""
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.discard(bell)

    async def changes(self, request: web.Request) -> web.Response:
        """?since=N&epoch=E: the state, waiting up to `wait` seconds for something to change."""
        since, epoch = int(request.query.get("since", 0)), request.query.get("epoch")
        wait = float(request.query.get("wait", 0))
        memory = self._sandbox.memory
        if memory.revision <= since and epoch in (None, memory.epoch) and wait > 0 and not self._is_closing:
            with self._bell() as bell, suppress(TimeoutError):
                async with asyncio.timeout(min(wait, LONGEST_WAIT)):
                    await bell.wait()
        return web.json_response(self.state(since, epoch))

    async def events(self, request: web.Request) -> web.StreamResponse:
        """?since=N&epoch=E: the state now, then whenever something changed; a stream of server-sent events.

        https://html.spec.whatwg.org/multipage/server-sent-events.html
        """
        since = int(request.headers.get("Last-Event-ID") or request.query.get("since", "0"))
        epoch = request.query.get("epoch", "")
        stream = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await stream.prepare(request)
        with self._bell() as bell, suppress(ConnectionResetError):
            while not self._is_closing:
                bell.clear()
                state = self.state(since, epoch)
                since, epoch = state["revision"], state["epoch"]
                await stream.write(f"id: {since}\ndata: {json.dumps(state)}\n\n".encode())
                await asyncio.sleep(PAUSE)
                while not await _rung(bell):
                    await stream.write(b":\n\n")
        return stream

    def state(self, since: int, epoch: str | None = None) -> Json:
        """Everything that changed after the revision `since`; all of it when that was in another epoch."""
        memory = self._sandbox.memory
        if epoch not in (None, memory.epoch):
            since = 0
        return {
            "revision": memory.revision,
            "epoch": memory.epoch,
            "clock": self._clock().isoformat(),
            "is_paused": self._clock.is_paused,
            "bot": memory.bot,
            "latency": self._api.seconds,
            "faults": self._sandbox.faults.switched_on,
            "host": self._host.status() if self._host else None,
            "chats": [self._screen(chat, since) for chat in memory.chats.values() if chat.revision > since],
        }

    def _screen(self, chat: Chat, since: int) -> Json:
        latest = list(islice(reversed(chat.records.values()), SHOWN))
        # What was said and done for a moment is over for whoever looks only now.
        action = chat.action if chat.action and 0 < since < chat.action.revision else None
        screen: Json = {
            "id": chat.id,
            "kind": chat.kind,
            "title": chat.title,
            "members": list(chat.members),
            "roles": chat.members,
            "bot": chat.bot,
            "keyboard": chat.keyboard,
            "action": asdict(action) if action else None,
            "pinned": chat.pinned,
            "migrated_to": chat.migrated_to,
            "messages": [_shown(record) for record in reversed(latest) if record.revision > since],
        }
        if chat.is_private:
            person = self._sandbox.memory.people[chat.id]
            toasts = [asdict(toast) for toast in person.toasts if toast.revision > since > 0]
            screen |= {"title": person.name, "blocked": person.blocked, "toasts": toasts}
        return screen


def _shown(record: Record) -> Json:
    return record.raw | {"outgoing": record.outgoing, "edited": record.edited, "deleted": record.deleted}


async def _rung(bell: asyncio.Event) -> bool:
    """Wait for the bell, but not longer than a stream may be silent."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SILENCE):
            await bell.wait()
    return bell.is_set()
