"""The library's transport on aiohttp: a fraction of the stock one's cost, and no token in any error."""

import io
import json
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, FormData, TCPConnector
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECTIONS = 64
_POOL, _CONNECT, _WRITE, _READ = 1.0, 4.0, 5.0, 10.0  # seconds
CALL_SECONDS = _POOL + _CONNECT + _WRITE + _READ
"""No call with the default timeouts takes longer."""

BAD_CREDENTIALS = "Telegram refuses the token of the bot: get a valid one from @BotFather"
"""In our own words: the library's contain the token."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_UNSET = BaseRequest.DEFAULT_NONE


class AiohttpRequest(BaseRequest):
    """A pool of up to `connections` connections, opened by `initialize` and closed by `shutdown`.

    A silent server is a TimedOut, everything else that keeps an answer away a NetworkError; both name only
    the class of what happened, because the texts of network errors can hold the address and so the token.
    `date` is what time the server said it was in its last answer, in the words of RFC 9110.
    """

    __slots__ = ("_connections", "_session", "date")

    def __init__(self, connections: int = CONNECTIONS) -> None:
        self.date = ""
        self._connections = connections
        self._session: ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds the server may stay silent unless a call says otherwise."""
        return _READ

    async def initialize(self) -> None:
        """Open the pool; again after `shutdown` if need be."""
        if self._session is None:
            self._session = ClientSession(
                connector=TCPConnector(limit=self._connections, ttl_dns_cache=300),
                cookie_jar=DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        """Close the pool."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def do_request(  # noqa: PLR0917  # the library's signature
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = _UNSET,
        write_timeout: object = _UNSET,
        connect_timeout: object = _UNSET,
        pool_timeout: object = _UNSET,
    ) -> tuple[int, bytes]:
        """One exchange: status and body of the answer. Timeouts in seconds, None for no limit."""
        if self._session is None:
            raise NetworkError("the transport is not open")
        pool, connect = _seconds(pool_timeout, _POOL), _seconds(connect_timeout, _CONNECT)
        write, read = _seconds(write_timeout, _WRITE), _seconds(read_timeout, _READ)
        timeout = ClientTimeout(
            total=_sum(pool, connect, write, read),
            connect=_sum(pool, connect),
            sock_connect=connect,
            sock_read=read,
        )
        body: FormData | str | None = None
        headers = None
        if request_data and request_data.contains_files:
            body = _multipart(request_data)
        elif request_data:
            body, headers = request_data.url_encoded_parameters(), _FORM
        try:
            call = self._session.request(method, url, data=body, headers=headers, timeout=timeout)
            async with call as answer:
                self.date = answer.headers.get("Date", "")
                return answer.status, await answer.read()
        except TimeoutError:
            raise TimedOut from None
        except (ClientError, OSError, ValueError) as error:
            raise NetworkError(type(error).__name__) from None

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The envelope of an answer; the library's own version would log an answer it cannot read."""
        try:
            envelope = json.loads(payload)
        except ValueError:
            envelope = None
        if not isinstance(envelope, dict) or "ok" not in envelope:
            raise TelegramError("Invalid server response")
        return envelope


def _seconds(given: object, default: float) -> float | None:
    if given is None:
        return None
    return float(given) if isinstance(given, int | float) else default


def _sum(*seconds: float | None) -> float | None:
    return None if None in seconds else sum(filter(None, seconds))


def _multipart(data: RequestData) -> FormData:
    # Telegram shows a file's name as it stands here: in UTF-8, not in percents.
    form = FormData(quote_fields=False, default_to_multipart=True)
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, mime) in data.multipart_data.items():
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, file, filename=filename, content_type=mime)
    return form
