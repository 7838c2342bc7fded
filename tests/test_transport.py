"""The transport: python-telegram-bot over aiohttp, against the sandbox's own server on a real socket."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram import Bot
from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.gateway.polling import Receiver
from bot.gateway.transport import CALL_SECONDS, AiohttpRequest
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.faults import dropped, server_error, timed_out, too_many
from bot.sandbox.files import SAMPLE
from bot.sandbox.server import make_app
from bot.storage.sqlite import SqliteDatabase

TOKEN = "1:sandbox"
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)


class Wire:
    """A sandbox served over HTTP and a bot that talks to it."""

    def __init__(self, server: TestServer, sandbox: Sandbox) -> None:
        self.server = server
        self.sandbox = sandbox
        self.resident = sandbox.user("王")
        self.resident.opens_link()
        self.bot = bot_at(server)


def bot_at(server: TestServer, token: str = TOKEN) -> Bot:
    """A bot with the transport under test."""
    base = str(server.make_url("/"))
    return Bot(
        token,
        base_url=f"{base}bot",
        base_file_url=f"{base}file/bot",
        request=AiohttpRequest(4),
        get_updates_request=AiohttpRequest(1),
    )


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """An open line."""
    clock = MovableClock(lambda: NOW)
    sandbox = Sandbox(clock)
    server = TestServer(make_app(sandbox, clock))
    async with server:
        wire = Wire(server, sandbox)
        async with wire.bot:
            yield wire


@asynccontextmanager
async def answering(status: int, text: str) -> AsyncIterator[Bot]:
    """A bot whose server is somebody else's and always answers the same."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_post("/{anything:.*}", answer)
    server = TestServer(app)
    async with server:
        bot = bot_at(server)
        async with bot.request:
            yield bot


async def test_words_arrive_as_they_were_written(wire: Wire) -> None:
    """Chinese, emoji, signs that mean something in forms and addresses, and line breaks."""
    text = "三棟 & 二單元=501? 100% +1 😀\n#燈"
    sent = await wire.bot.send_message(wire.resident.id, text)
    assert sent.text == text
    assert wire.resident.chat()[-1].text == text


async def test_files_go_up_and_come_down(wire: Wire) -> None:
    """As bytes and as an open file, with their parameters, whole."""
    picture = SAMPLE.read_bytes()
    for photo in (picture, io.BytesIO(picture)):
        sent = await wire.bot.send_photo(wire.resident.id, photo, caption="樓道燈")
        assert sent.caption == "樓道燈"
        file = await wire.bot.get_file(sent.photo[-1].file_id)
        assert bytes(await file.download_as_bytearray()) == picture


async def test_a_file_keeps_its_name(wire: Wire) -> None:
    """Telegram shows the name as it was written, so it is not spelled in percents."""
    for name in ("3号楼-poster.pdf", 'the "old" 100% one.pdf'):
        sent = await wire.bot.send_document(wire.resident.id, b"%PDF", filename=name)
        assert sent.document is not None
        assert sent.document.file_name == name


@pytest.mark.parametrize(
    ("chat", "text", "error"),
    [(1001, "", BadRequest), (999, "好", BadRequest), (1001, "<b>", BadRequest)],
)
async def test_refusals_keep_their_class(
    wire: Wire, chat: int, text: str, error: type[TelegramError]
) -> None:
    """The library turns Telegram's answers into its errors as with its own transport."""
    with pytest.raises(error):
        await wire.bot.send_message(chat, text, parse_mode="HTML")


async def test_blocked_flooded_and_broken(wire: Wire) -> None:
    """403, 429 with its seconds, and 5xx."""
    wire.sandbox.faults.add("sendMessage", too_many(9))
    with pytest.raises(RetryAfter) as told:
        await wire.bot.send_message(wire.resident.id, "好")
    assert told.value.retry_after == timedelta(seconds=9)
    wire.sandbox.faults.add("sendMessage", server_error(502))
    with pytest.raises(NetworkError):
        await wire.bot.send_message(wire.resident.id, "好")
    wire.resident.blocks_bot()
    with pytest.raises(Forbidden):
        await wire.bot.send_message(wire.resident.id, "好")


async def test_silence_is_a_timeout(wire: Wire) -> None:
    """A server that does not answer in the time allowed."""
    wire.sandbox.faults.add("sendMessage", timed_out())
    with pytest.raises(TimedOut):
        await wire.bot.send_message(wire.resident.id, "好", read_timeout=0.05)


async def test_a_call_without_a_limit(wire: Wire) -> None:
    """None means no limit, as with the library's own transport."""
    assert (await wire.bot.send_message(wire.resident.id, "好", read_timeout=None)).text == "好"


async def test_a_dropped_connection_is_a_network_error(wire: Wire) -> None:
    """And the next call finds a fresh one."""
    wire.sandbox.faults.add("sendMessage", dropped())
    with pytest.raises(NetworkError) as broken:
        await wire.bot.send_message(wire.resident.id, "一")
    assert not isinstance(broken.value, TimedOut | BadRequest)
    assert (await wire.bot.send_message(wire.resident.id, "二")).text == "二"


async def test_no_error_knows_the_token(wire: Wire) -> None:
    """Neither its words nor what caused it: addresses contain the token."""
    errors: list[BaseException] = []
    for fault in (dropped(), timed_out()):
        wire.sandbox.faults.add("sendMessage", fault)
        with pytest.raises(NetworkError) as broken:
            await wire.bot.send_message(wire.resident.id, "好", read_timeout=0.05)
        errors.append(broken.value)
    await wire.server.close()
    with pytest.raises(NetworkError) as refused:
        await wire.bot.send_message(wire.resident.id, "好")
    with pytest.raises(NetworkError) as invalid:
        await AiohttpRequest().do_request(f"nonsense:{TOKEN}", "POST")
    for error in [*errors, refused.value, invalid.value]:
        assert TOKEN not in f"{error!r} {error} {error.__cause__!r}"
        assert error.__cause__ is None


async def test_an_address_that_is_none_is_a_network_error() -> None:
    """Its text would contain the token."""
    async with AiohttpRequest() as request:
        with pytest.raises(NetworkError) as broken:
            await request.do_request(f"http://[{TOKEN}/getMe", "POST")
    assert TOKEN not in str(broken.value)


@pytest.mark.parametrize(
    ("status", "text"), [(200, "<html>"), (200, "[]"), (200, "{}"), (502, "<html>"), (200, "")]
)
async def test_answers_of_somebody_else(status: int, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """A proxy's page is a TelegramError, and is not logged."""
    async with answering(status, text) as bot:
        with pytest.raises(TelegramError):
            await bot.send_message(1, "好")
    assert caplog.records == []


async def test_a_wrong_token(wire: Wire) -> None:
    """The library says so when it starts."""
    bot = bot_at(wire.server, "1:wrong")
    with pytest.raises(InvalidToken):
        await bot.initialize()
    await bot.shutdown()


async def test_it_opens_again_after_closing(wire: Wire) -> None:
    """Closing twice does no harm, a closed transport says so, an opened one works."""
    await wire.bot.shutdown()
    await wire.bot.shutdown()
    with pytest.raises(NetworkError):
        await wire.bot.send_message(wire.resident.id, "好")
    await wire.bot.initialize()
    assert (await wire.bot.send_message(wire.resident.id, "好")).text == "好"


async def test_a_long_poll_waits_for_the_first_update(wire: Wire) -> None:
    """Receiving over the wire: the poll is open when somebody writes, and brings it at once."""
    database = await SqliteDatabase.open(":memory:")
    await database.migrate()
    receiver = Receiver(database, wire.bot, lambda: NOW, lambda: None)
    assert await receiver.receive_once(0) == 1
    asyncio.get_running_loop().call_later(0.05, wire.resident.sends, None, "燈壞了")
    assert await asyncio.wait_for(receiver.receive_once(30), 5) == 1
    await database.close()


def test_the_limit_of_a_call_is_known() -> None:
    """The courier's lease is made from it: the library's default read timeout is part of it."""
    reading = AiohttpRequest().read_timeout
    assert reading is not None
    assert reading < CALL_SECONDS
