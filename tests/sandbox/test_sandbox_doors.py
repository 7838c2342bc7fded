"""Independent clients through both doors: python-telegram-bot in process, aiogram over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from telegram import Bot, InputFile
from telegram.error import BadRequest, ChatMigrated, Forbidden, NetworkError, RetryAfter, TimedOut

from bot.sandbox.core import Sandbox
from bot.sandbox.faults import dropped, server_error, timed_out, too_many
from bot.sandbox.files import SAMPLE
from bot.sandbox.http import BotApi
from bot.sandbox.people import Group, User
from bot.sandbox.request import SandboxRequest
from tests.sandbox.served import Served

if TYPE_CHECKING:
    from aiogram import Bot as Aiogram

SECRET = "X-Telegram-Bot-Api-Secret-Token"


@pytest.fixture(scope="module")
def library() -> Any:
    """Another library: it takes five seconds to import, which only these tests are to wait for."""
    return import_module("aiogram")


@pytest.fixture
async def aiogram(library: Any, box: Sandbox, served: Served) -> AsyncIterator["Aiogram"]:
    """A bot of another library, over HTTP."""
    api = library.client.telegram.TelegramAPIServer.from_base(served.url)
    session = library.client.session.aiohttp.AiohttpSession(api=api, timeout=5)
    async with library.Bot(box.token, session=session) as bot:
        yield bot


@pytest.fixture
async def telegram(box: Sandbox) -> AsyncIterator[Bot]:
    """A bot of python-telegram-bot, without a socket."""
    request = SandboxRequest(box)
    async with Bot(box.token, request=request, get_updates_request=request) as bot:
        yield bot


async def test_aiogram_over_http(library: Any, aiogram: "Aiogram", resident: User) -> None:
    """Send, press, answer, edit, upload and download as a foreign client does."""
    assert (await aiogram.get_me()).username == "lianxin_bot"
    types, refused = library.types, library.exceptions.TelegramBadRequest
    button = types.InlineKeyboardButton(text="接單", callback_data="accept.1")
    card = await aiogram.send_message(
        resident.id,
        "<b>樓道燈</b>",
        parse_mode="HTML",
        reply_markup=types.InlineKeyboardMarkup(inline_keyboard=[[button]]),
    )
    resident.presses(None, card.message_id, "accept.1")
    query = (await aiogram.get_updates(offset=-1))[0].callback_query
    assert query is not None
    assert query.message is not None
    assert query.message.message_id == card.message_id
    assert await aiogram.answer_callback_query(query.id, text="好")
    await aiogram.edit_message_text("已接單", chat_id=resident.id, message_id=card.message_id)
    assert (resident.chat()[-1].text, resident.toasts[0].text) == ("已接單", "好")
    with pytest.raises(refused, match="message is not modified"):
        await aiogram.edit_message_text("已接單", chat_id=resident.id, message_id=card.message_id)

    picture = types.BufferedInputFile(SAMPLE.read_bytes(), "lamp.png")
    sent = await aiogram.send_photo(resident.id, picture, caption="修好了")
    assert sent.photo is not None
    file = await aiogram.get_file(sent.photo[-1].file_id)
    assert file.file_path is not None
    loaded = await aiogram.download_file(file.file_path)
    assert loaded is not None
    assert loaded.read() == SAMPLE.read_bytes()
    album = await aiogram.send_media_group(
        resident.id,
        [
            types.InputMediaPhoto(media=picture, caption="前"),
            types.InputMediaPhoto(media=sent.photo[-1].file_id),
        ],
    )
    assert len({message.media_group_id for message in album}) == 1


async def test_a_poll_waits_and_the_older_one_loses(
    library: Any, aiogram: "Aiogram", box: Sandbox, resident: User
) -> None:
    """A second poll ends the first with a conflict; the second ends with the update."""
    await aiogram.get_updates(offset=2)
    box.calls.clear()

    async def poll(limit: int) -> tuple[int, object]:
        try:
            updates = await aiogram.get_updates(offset=2, timeout=5, limit=limit)
        except library.exceptions.TelegramConflictError as no:
            resident.sends(None, "樓道燈壞了")
            return limit, no.message
        return limit, [update.update_id for update in updates]

    told = dict(await asyncio.gather(poll(1), poll(2)))
    older, newer = (int(str(call.parameters["limit"])) for call in list(box.calls)[:2])
    assert "terminated by other getUpdates request" in str(told[older])
    assert told[newer] == [2]


async def test_faults_over_http(library: Any, aiogram: "Aiogram", box: Sandbox, resident: User) -> None:
    """A dropped connection is one for the client too, after the effect the message is there."""
    fails = library.exceptions.TelegramNetworkError
    box.faults.add("sendMessage", dropped("after"))
    with pytest.raises(fails):
        await aiogram.send_message(resident.id, "x")
    assert resident.chat()[-1].text == "x"
    box.faults.add("sendMessage", timed_out())
    with pytest.raises(fails):
        await aiogram.send_message(resident.id, "x", request_timeout=1)


async def test_every_kind_of_body(box: Sandbox, served: Served, resident: User) -> None:
    """Query, form, JSON and multipart say the same."""
    url = f"{served.url}/bot{box.token}/sendMessage"
    fields = {"chat_id": str(resident.id), "text": "樓 & 道"}
    parts = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        parts.add_field(name, value)
    bodies: list[dict[str, Any]] = [{"params": fields}, {"data": fields}, {"json": fields}, {"data": parts}]
    for body in bodies:
        async with served.http.post(url, **body) as answer:
            assert (await answer.json())["result"]["text"] == "樓 & 道"
    async with served.http.get(url, params=fields) as answer:
        assert answer.status == 200
    async with served.http.post(url, data=b"[", headers={"Content-Type": "application/json"}) as answer:
        assert answer.status == 400


async def test_a_webhook_gets_every_update_in_order(box: Sandbox, resident: User) -> None:
    """Posted with the secret again and again until taken; meanwhile the error is told."""
    got: list[tuple[int, str | None]] = []
    errors: list[str] = []
    done = asyncio.Event()

    async def hook(request: web.Request) -> web.Response:
        got.append(((await request.json())["update_id"], request.headers.get(SECRET)))
        errors.append(box.call(box.token, "getWebhookInfo", {}).result.get("last_error_message", ""))
        if len(got) == 1:
            return web.Response(status=500)
        if len(got) == 3:
            done.set()
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    BotApi(box, retry=0.01).add_to(app)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    assert box.call(box.token, "setWebhook", {"url": url, "secret_token": "s"}).ok
    resident.sends(None, "a")
    await asyncio.wait_for(done.wait(), 5)
    await runner.cleanup()
    assert got == [(1, "s"), (1, "s"), (2, "s")]
    assert errors[1] == "Wrong response from the webhook: 500 Internal Server Error"


async def test_python_telegram_bot_in_process(
    telegram: Bot, box: Sandbox, resident: User, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library's own serialisation, its error classes, uploads and downloads."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")  # as of its next major version; silences its warning
    update = (await telegram.get_updates(timeout=30))[0]
    assert update.effective_user is not None
    assert update.effective_user.id == resident.id
    sent = await telegram.send_photo(
        resident.id, InputFile(SAMPLE.read_bytes(), "a.png"), caption="<i>a</i>", parse_mode="HTML"
    )
    file = await telegram.get_file(sent.photo[-1].file_id)
    assert bytes(await file.download_as_bytearray()) == SAMPLE.read_bytes()
    with pytest.raises(BadRequest, match="Message text is empty"):
        await telegram.send_message(resident.id, "")
    big = group.upgrade(resident)
    with pytest.raises(ChatMigrated) as moved:
        await telegram.send_message(group.id, "x")
    assert moved.value.new_chat_id == big.id
    resident.blocks_bot()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await telegram.send_message(resident.id, "x")
    for fault, error in [
        (dropped(), NetworkError),
        (timed_out("after"), TimedOut),
        (server_error(502), NetworkError),
        (too_many(3), RetryAfter),
    ]:
        box.faults.add("getChat", fault)
        with pytest.raises(error):
            await telegram.get_chat(big.id)
    assert (await telegram.get_chat(big.id)).title == "3號樓"
