"""The door in process: python-telegram-bot talks to the sandbox without a socket."""

import asyncio
import re
from typing import Any
from urllib.parse import unquote

from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot.sandbox.core import Reply, Sandbox
from bot.sandbox.files import File

METHOD_URL = re.compile(r"/bot(?P<token>[^/]+)/(?P<method>[^/?]+)$")
FILE_URL = re.compile(r"/file/bot(?P<token>[^/]+)/(?P<path>[^?]+)$")


class SandboxRequest(BaseRequest):
    """A transport for `telegram.Bot`; getUpdates never waits, whatever its timeout."""

    __slots__ = ("_sandbox",)

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    @property
    def read_timeout(self) -> float | None:
        """Nothing here takes time."""
        return None

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        *timeouts: Any,
        **named_timeouts: Any,
    ) -> tuple[int, bytes]:
        """One call; raises what a real transport raises when the connection breaks or stays silent."""
        await asyncio.sleep(0)  # as a real transport, let others run in between
        url = unquote(url)
        if match := FILE_URL.search(url):
            return self._download(match["token"], match["path"])
        match = METHOD_URL.search(url)
        if match is None:
            return 404, Reply(False, None, 404, "Not Found").body()
        reply = self._sandbox.call(
            match["token"],
            match["method"],
            request_data.json_parameters if request_data else {},
            _uploads(request_data) if request_data and request_data.contains_files else {},
        )
        if reply.trouble == "timeout":
            raise TimedOut
        if reply.trouble:
            raise NetworkError("Connection dropped")
        return reply.error_code, reply.body()

    def _download(self, token: str, path: str) -> tuple[int, bytes]:
        stored = self._sandbox.memory.files.at(path)
        if token != self._sandbox.token or stored is None:
            return 404, Reply(False, None, 404, "Not Found").body()
        return 200, stored.file.content


def _uploads(data: RequestData) -> dict[str, File]:
    uploads = {}
    for part, (name, content, mime) in data.multipart_data.items():
        uploads[part] = File(content if isinstance(content, bytes) else content.read(), name, mime)
    return uploads
