"""A sandbox over HTTP on the loopback address, as the page uses it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web


@dataclass(frozen=True)
class Event:
    """One server-sent event: its id, and the state in it."""

    id: int
    state: dict[str, Any]

    @property
    def texts(self) -> list[str]:
        """The words of all messages in it."""
        return [message.get("text", "") for chat in self.state["chats"] for message in chat["messages"]]


class Events:
    """A stream of events, read one by one."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer

    async def next(self) -> Event | None:
        """The next event, waited for; None when the stream has ended."""
        number = 0
        async for line in self.answer.content:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                number = int(value)
            elif name == "data":
                return Event(number, json.loads(value))
        return None

    async def some(self) -> Event:
        """The next event; there has to be one."""
        event = await self.next()
        assert event is not None
        return event


@dataclass(frozen=True)
class Served:
    """A running sandbox: its address, a client for plain requests, and what it runs in."""

    url: str
    http: aiohttp.ClientSession
    runner: web.AppRunner

    async def post(self, path: str, data: Mapping[str, Any]) -> Any:
        """The remote control: JSON in, JSON out."""
        async with self.http.post(self.url + path, json=data) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def get(self, path: str) -> Any:
        """The remote control's questions."""
        async with self.http.get(self.url + path) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def refused(self, path: str, data: object) -> str:
        """Wrong input: why not."""
        async with self.http.post(self.url + path, json=data) as answer:
            assert answer.status == 400
            return str((await answer.json())["error"])

    async def status(self, method: str, path: str, **given: Any) -> int:
        """Only the status."""
        async with self.http.request(method, self.url + path, **given) as answer:
            return answer.status

    @asynccontextmanager
    async def events(
        self, query: str = "", headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[Events]:
        """An open stream of events."""
        async with self.http.get(f"{self.url}/sandbox/events{query}", headers=headers) as answer:
            assert answer.status == 200
            assert answer.content_type == "text/event-stream"
            yield Events(answer)


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[Served]:
    """An application on a free port."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        # An event is a line, and a line may hold a whole album.
        async with aiohttp.ClientSession(read_bufsize=2**22) as http:
            yield Served(f"http://{host}:{port}", http, runner)
    finally:
        await runner.cleanup()
