"""The remote control over HTTP: people, clock, faults, calls, files, and who may use it."""

import asyncio
import base64
import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from aiohttp import ServerDisconnectedError
from PIL import Image

from bot.sandbox.chats import Json
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.files import SAMPLE, File
from bot.sandbox.http import BODY_LIMIT
from bot.sandbox.people import Group, Impossible, User
from bot.sandbox.server import make_app
from tests.sandbox.served import Served, serving

BUTTON = {"inline_keyboard": [[{"text": "a", "callback_data": "k"}]]}
JPEG = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x10\x00\x20\x03"  # as far as anybody looks: 32 wide, 16 high


def spelled(content: bytes) -> str:
    """Bytes in base64."""
    return base64.b64encode(content).decode()


class Company:
    """A host that notes what it is told and moves the clock; "no" is what it cannot do."""

    def __init__(self, clock: MovableClock) -> None:
        self.changed: list[Callable[[], None]] = []
        self.told: list[object] = []
        self._clock = clock

    def status(self) -> Json:
        """How often it was asked for something."""
        return {"asked": len(self.told)}

    async def move_clock(self, to: datetime) -> None:
        """Note it and go there."""
        self._note(to)
        self._clock.set_to(to)

    async def kill_bot(self) -> None:
        """Note it."""
        self._note("kill")

    async def curtain(self, issue: int | None) -> Json:
        """The issue asked for."""
        return {"issue": issue}

    async def doors(self) -> list[Json]:
        """One door."""
        return [{"name": "3号楼", "payload": "j1"}]

    async def open_scene(self, name: str, language: str) -> None:
        """Note it; there is no scene called no."""
        if name == "no":
            raise Impossible("there is no scene no")
        self._note((name, language))

    async def next_step(self) -> None:
        """Note it."""
        self._note("next")

    def _note(self, what: object) -> None:
        self.told.append(what)
        for tell in self.changed:
            tell()


async def test_people_and_groups(box: Sandbox, served: Served) -> None:
    """Made, brought together and let act from outside."""
    user = (await served.post("/sandbox/users", {"first_name": "李"}))["id"]
    group = (await served.post("/sandbox/groups", {"title": "5號樓", "members": [user]}))["id"]
    start = await served.get("/sandbox/changes?since=0")
    assert [chat["title"] for chat in start["chats"]] == ["李", "5號樓"]
    verbs = f"/sandbox/users/{user}"
    assert await served.post(f"{verbs}/open_link", {"payload": "abc"}) == {"result": 2}
    assert await served.post(f"{verbs}/photo", {"caption": "看", "chat": group}) == {"result": 3}
    box.call(box.token, "sendMessage", {"chat_id": user, "text": "?", "reply_markup": BUTTON})
    later = await served.get(f"/sandbox/changes?since={start['revision']}&wait=5")
    assert [[m["message_id"] for m in chat["messages"]] for chat in later["chats"]] == [[2, 4], [3]]
    pressed = await served.post(f"{verbs}/press", {"message_id": 4, "data": "k"})
    assert pressed["result"] in box.memory.queries
    await served.post(f"/sandbox/groups/{group}/promote_bot", {"by": user})
    assert box.groups[0].data.bot == "administrator"
    update = {"purchased_paid_media": {"from": box.users[0].spelled, "paid_media_payload": "x"}}
    assert await served.post("/sandbox/inject", update) == {"update_id": 6}


async def test_everything_people_send(box: Sandbox, served: Served, resident: User) -> None:
    """Each kind with what can be said about it, and without."""
    verbs = f"/sandbox/users/{resident.id}"

    async def sends(verb: str, **data: object) -> Json:
        await served.post(f"{verbs}/{verb}", data)
        return resident.chat()[-1].raw

    def content(raw: Json) -> bytes:
        return box.memory.files.get(raw["photo"][-1]["file_id"]).file.content

    photo = await sends("photo", content=spelled(JPEG), caption="看")
    assert (content(photo), photo["caption"]) == (JPEG, "看")
    assert (photo["photo"][-1]["width"], photo["photo"][-1]["height"]) == (32, 16)
    known = await sends("photo", file_id=photo["photo"][-1]["file_id"])
    assert known["photo"] == photo["photo"]
    assert len(content(await sends("photo", sample="lamp"))) > 1000
    assert content(await sends("photo")) == SAMPLE.read_bytes()
    await sends("album", photos=[{"content": spelled(JPEG)}, {"sample": "lane"}], caption="二")
    two = [seen.raw for seen in resident.chat()[-2:]]
    assert len({raw["media_group_id"] for raw in two}) == 1
    assert [raw.get("caption") for raw in two] == ["二", None]
    assert content(two[0]) == JPEG
    await sends("album", count=3)
    assert len({seen.raw["media_group_id"] for seen in resident.chat()[-3:]}) == 1
    voice = await sends("voice", content=spelled(b"OggS1"), duration=7)
    assert (voice["voice"]["duration"], voice["voice"]["mime_type"]) == (7, "audio/ogg")
    assert (await sends("voice"))["voice"]["file_size"] > 1000
    assert (await sends("location", latitude=-12.5, longitude=130))["location"] == {
        "latitude": -12.5,
        "longitude": 130,
    }
    assert (await sends("location"))["location"]["longitude"] == 103
    assert (await sends("contact", phone="+86139"))["contact"]["phone_number"] == "+86139"
    assert "contact" in await sends("contact")
    sheet = (await sends("document", content=spelled(b"%PDF-"), name="名单.pdf"))["document"]
    assert (sheet["file_name"], sheet["mime_type"], sheet["file_size"]) == ("名单.pdf", "application/pdf", 5)
    no_photo = {"file_id": sheet["file_id"]}
    assert await served.refused(f"{verbs}/photo", no_photo) == "a Document is no picture"
    odd = (await sends("document", content=spelled(b"x"), name="x"))["document"]
    assert odd["mime_type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("verb", "data", "why"),
    [
        ("dance", {}, "people can only text, reply"),
        ("text", {}, "text has to be a text"),
        ("text", {"text": 5}, "text has to be a text"),
        ("text", {"text": " "}, "nothing to send"),
        ("text", {"text": "\ud800"}, "surrogates not allowed"),
        ("text", {"text": "x", "anonymous": 1}, "anonymous has to be true or false"),
        ("text", {"text": "x", "chat": -9}, "there is no group -9"),
        ("text", {"text": "x", "chat": True}, "chat has to be a whole number"),
        ("reply", {"text": "x", "to": 99}, "there is no message 99"),
        ("press", {"message_id": 1, "data": "no"}, "no button with 'no' under message 1"),
        ("press", {"message_id": 1.5, "data": "no"}, "message_id has to be a whole number"),
        ("photo", {"sample": "cat"}, "there is no sample 'cat', only lamp, lane, party"),
        ("photo", {"sample": "../sample"}, "there is no sample"),
        ("photo", {"content": "!"}, "content has to be base64"),
        ("photo", {"content": spelled(b"GIF")}, "IMAGE_PROCESS_FAILED"),
        ("photo", {"file_id": "x"}, "wrong remote file identifier"),
        ("album", {"count": 1}, "an album has 2 to 10 photos"),
        ("album", {"count": 10**30}, "an album has 2 to 10 photos"),
        ("album", {"photos": [{}]}, "an album has 2 to 10 photos"),
        ("album", {"photos": [1, 2]}, "photos has to be a list of objects"),
        ("voice", {"content": ""}, "file must be non-empty"),
        ("album", {"photos": [{"sample": "lamp"}, {"content": spelled(b"x")}]}, "IMAGE_PROCESS_FAILED"),
        ("location", {"latitude": 91}, "latitude is -90 to 90"),
        ("document", {"content": "eA=="}, "name has to be a text"),
        ("open_link", {"payload": "字"}, "a start payload is"),
    ],
)
async def test_what_people_cannot_do(served: Served, resident: User, verb: str, data: Json, why: str) -> None:
    """The answer says why, and nothing happens."""
    assert why in await served.refused(f"/sandbox/users/{resident.id}/{verb}", data)
    assert len(resident.chat()) == 1


@pytest.mark.usefixtures("resident")
@pytest.mark.parametrize(
    ("path", "data", "why"),
    [
        ("users", {}, "first_name has to be a text"),
        ("users", {"first_name": " "}, "1 to 64 characters"),
        ("users", {"first_name": "x", "last_name": "y" * 65}, "1 to 64 characters"),
        ("users", ["x"], "send an object"),
        ("users/5/text", {"text": "x"}, "there is no person 5"),
        ("users/x/text", {"text": "x"}, "invalid literal"),
        ("groups", {"title": "x", "members": []}, "a group has members"),
        ("groups", {"title": " ", "members": [1001]}, "title has 1 to 128 characters"),
        ("groups", {"title": "x", "members": ["1001"]}, "members has to be a list of whole numbers"),
        ("groups/-1/sing", {"by": 1001}, "with a group one can only"),
        ("groups/1001/upgrade", {"by": 1001}, "there is no group 1001"),
        ("inject", {"update_id": "x"}, "update_id has to be a whole number"),
        ("clock", {"by": -1}, "time goes forwards"),
        ("clock", {"by": 1e300}, "time goes forwards"),
        ("clock", {"by": 10**400}, "too large"),
        ("clock", {"by": float("nan")}, "not JSON compliant"),
        ("clock", {"to": "25:00"}, "hour must be in 0..23"),
        ("clock", {"paused": "yes"}, "paused has to be true or false"),
        ("faults", {"kind": "rain"}, "kind has to be one of dropped, timeout, error"),
        ("faults", {"kind": "error", "when": "soon"}, "when has to be one of before, after"),
        ("faults/rain", {"on": True}, "there is no switch 'rain'"),
        ("faults/slow", {"on": 1}, "on has to be true or false"),
        ("scan", {"content": spelled(b"x")}, "no PNG, JPEG or GIF picture"),
    ],
)
async def test_wrong_input(served: Served, path: str, data: object, why: str) -> None:
    """400 with a sentence, whatever comes."""
    assert why in await served.refused(f"/sandbox/{path}", data)


async def test_only_json(served: Served) -> None:
    """What a form of a foreign page could send is refused, and so is what cannot be read."""
    assert await served.status("POST", "/sandbox/users", data={"first_name": "x"}) == 400
    assert await served.status("POST", "/sandbox/users", data='{"first_name": "x"}') == 400
    json_type = {"Content-Type": "application/json"}
    for body in ("[", "[" * 100_000, '{"first_name": "\\ud800"}', b'{"first_name": "\xff"}'):
        assert await served.status("POST", "/sandbox/users", data=body, headers=json_type) == 400


async def test_too_much(served: Served, resident: User) -> None:
    """A file larger than Telegram takes is refused with a sentence, as everything else is."""
    body = BytesIO(b'{"name": "film", "content": "' + b"A" * BODY_LIMIT + b'"}')
    json_type = {"Content-Type": "application/json"}
    path = f"{served.url}/sandbox/users/{resident.id}/document"
    async with served.http.post(path, data=body, headers=json_type) as answer:
        assert answer.status == 413
        assert "size" in (await answer.json())["error"]


async def test_commands(box: Sandbox, served: Served, resident: User) -> None:
    """What a person is offered after a slash."""
    command = {"command": "help", "description": "x"}
    assert box.call(box.token, "setMyCommands", {"commands": [command]}).ok
    assert await served.get(f"/sandbox/users/{resident.id}/commands") == {"commands": [command]}
    assert await served.status("GET", f"/sandbox/users/{resident.id}/commands?chat=-7") == 400


async def test_the_clock(served: Served, clock: MovableClock) -> None:
    """Moved, stopped, and moved while it stands."""
    told = await served.post("/sandbox/clock", {"by": 600})
    assert told == {"now": "2026-03-02T01:10:00+00:00", "is_paused": False, "offset": 600_000_000}
    told = await served.post("/sandbox/clock", {"to": "08:00"})
    assert told["now"] == "2026-03-03T00:00:00+00:00"
    for _ in range(2):
        assert (await served.post("/sandbox/clock", {"paused": True}))["is_paused"] is True
    assert (await served.post("/sandbox/clock", {"by": 0.5}))["now"] == "2026-03-03T00:00:00.500000+00:00"
    assert clock.is_paused
    assert (await served.post("/sandbox/clock", {"paused": False}))["is_paused"] is False
    assert await served.get("/sandbox/clock") == {
        "now": "2026-03-03T00:00:00.500000+00:00",
        "is_paused": False,
        "offset": 82_800_500_000,
    }


async def test_faults(box: Sandbox, served: Served) -> None:
    """Planned for a method, switched for all, and cleared together."""
    await served.post("/sandbox/faults", {"method": "getMe", "kind": "error", "code": 500})
    assert [box.call(box.token, "getMe", {}).error_code for _ in range(2)] == [500, 200]
    await served.post("/sandbox/faults", {"kind": "dropped", "times": None})
    assert [box.call(box.token, "getMe", {}).trouble for _ in range(3)] == ["dropped"] * 3
    assert await served.post("/sandbox/faults/slow", {"on": True}) == {"faults": ["slow"]}
    assert await served.post("/sandbox/faults/lost", {"on": True}) == {"faults": ["slow", "lost"]}
    assert await served.post("/sandbox/faults/slow", {"on": False}) == {"faults": ["lost"]}
    assert await served.status("DELETE", "/sandbox/faults") == 200
    assert (box.faults.switched_on, box.call(box.token, "getMe", {}).ok) == ([], True)


@pytest.mark.parametrize(("switch", "status"), [("down", 502), ("offline", 0)])
async def test_a_poll_that_waits_meets_the_fault(
    box: Sandbox, served: Served, switch: str, status: int
) -> None:
    """It does not wait on as if nothing were wrong."""

    async def poll() -> int:
        try:
            came = await served.status("GET", f"/bot{box.token}/getUpdates?timeout=50")
        except ServerDisconnectedError:
            return 0
        if came == 409:  # the other poll has come and waits
            await served.post(f"/sandbox/faults/{switch}", {"on": True})
        return came

    async with asyncio.timeout(10):
        assert sorted(await asyncio.gather(poll(), poll())) == sorted([409, status])


async def test_calls(box: Sandbox, served: Served, resident: User) -> None:
    """What the bot called and was told: numbered, without empty polls, files by their size."""
    assert await served.get("/sandbox/calls") == {"counts": {}, "limit_violations": 0, "calls": []}
    where = {"chat_id": resident.id}
    box.call(box.token, "getUpdates", {"offset": 99})
    box.call(box.token, "getUpdates", {"offset": 2})
    box.call(box.token, "sendPhoto", where, {"photo": File(SAMPLE.read_bytes())})
    box.call(box.token, "sendMessage", where | {"text": ""})
    box.faults.switch("offline", on=True)
    box.call(box.token, "getMe", {})
    told = await served.get("/sandbox/calls")
    assert told["counts"] == {"getUpdates": 2, "sendPhoto": 1, "sendMessage": 1, "getMe": 1}
    first, photo, text, me = told["calls"]
    assert [call["number"] for call in told["calls"]] == [1, 3, 4, 5]
    assert first["answer"]["result"][0]["message"]["text"] == "/start"
    assert photo["parameters"] == where | {"photo": f"{len(SAMPLE.read_bytes())} bytes"}
    assert (photo["ok"], photo["method"], photo["at"]) == (True, "sendPhoto", "2026-03-02T01:00:00+00:00")
    assert text["answer"]["description"] == "Bad Request: message text is empty"
    assert (me["ok"], me["answer"]) == (False, {"trouble": "dropped"})
    after = await served.get("/sandbox/calls?after=3")
    assert [call["number"] for call in after["calls"]] == [4, 5]
    box.faults.clear()
    for _ in range(150):
        box.call(box.token, "getMe", {})
    last = await served.get("/sandbox/calls?after=3")
    assert [call["number"] for call in last["calls"]] == list(range(56, 156))


async def test_files(box: Sandbox, served: Served) -> None:
    """Pictures and voices come as what they are, whatever they were called; the rest is saved, not shown."""

    async def served_as(kind: str, content: bytes, name: str, mime: str) -> tuple[str, str | None]:
        stored = box.memory.files.add(kind, File(content, name, mime))
        async with served.http.get(f"{served.url}/sandbox/files/{stored.id}") as answer:
            assert await answer.read() == content
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
            return answer.headers["Content-Type"], answer.headers.get("Content-Disposition")

    assert await served_as("Photo", SAMPLE.read_bytes(), "x.html", "text/html") == ("image/png", None)
    assert await served_as("Photo", JPEG, "x", "text/html") == ("image/jpeg", None)
    gif = b"GIF89a\x10\x00\x10\x00"
    assert await served_as("Photo", gif, "x", "image/png") == ("image/gif", None)
    assert await served_as("VoiceNote", b"<html>", "x", "text/html") == ("audio/ogg", None)
    hostile = 'a"\r\nSet-Cookie: a=b; 楼.html'
    assert await served_as("Document", b"<script>", hostile, "text/html") == (
        "application/octet-stream",
        "attachment; filename*=UTF-8''a%22%0D%0ASet-Cookie%3A%20a%3Db%3B%20%E6%A5%BC.html",
    )
    assert await served.status("GET", "/sandbox/files/nothing") == 400


async def test_the_page(served: Served) -> None:
    """It comes with the files it names and a strict policy."""
    async with served.http.get(served.url + "/") as answer:
        assert answer.status == 200
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        names = re.findall(r'"(/page/[^"]+)"', await answer.text())
    assert names
    for name in names:
        assert await served.status("GET", name) == 200, name


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost"}, 200),
        ({"Host": "LocalHost:80"}, 200),
        ({"Host": "[::1]:8080"}, 200),
        ({"Host": "phones.lan:8080"}, 200),
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "evil@127.0.0.1"}, 403),
        ({"Host": "localhost:1:2"}, 403),
        ({"Host": ""}, 403),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080"}, 200),
        ({"Host": "localhost:8080", "Origin": "https://localhost:8080"}, 200),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8081"}, 403),
        ({"Host": "localhost:8080", "Origin": "http://evil.example"}, 403),
        ({"Host": "localhost:8080", "Origin": "http://localhost:8080.evil.example"}, 403),
        ({"Host": "localhost:8080", "Origin": "null"}, 403),
        ({"Host": "localhost:8080", "Origin": ""}, 403),
    ],
)
async def test_who_may_come_in(box: Sandbox, clock: MovableClock, headers: Json, status: int) -> None:
    """Only under a name of this machine or one that was allowed, and only from the page itself."""
    async with serving(make_app(box, clock, hosts=["phones.lan"])) as served:
        for path in ("/", "/sandbox/clock", "/sandbox/changes", "/nothing"):
            wanted = 404 if status == 200 and path == "/nothing" else status
            assert await served.status("GET", path, headers=headers) == wanted, path
        assert (
            await served.status("POST", "/sandbox/users", json={"first_name": "x"}, headers=headers) == status
        )
        assert len(box.users) == (status == 200)
        assert await served.status("GET", f"/bot{box.token}/getMe", headers=headers) == 200


async def test_any_name(box: Sandbox, clock: MovableClock) -> None:
    """A star allows every name, and still no other origin."""
    async with serving(make_app(box, clock, hosts=["*"])) as served:
        assert await served.status("GET", "/", headers={"Host": "a.example:1"}) == 200
        foreign = {"Host": "a.example", "Origin": "http://b.example"}
        assert await served.status("GET", "/", headers=foreign) == 403


async def test_the_host(box: Sandbox, clock: MovableClock) -> None:
    """What the page asks of it arrives; what it cannot do is said; its news are in the stream."""
    host = Company(clock)
    async with serving(make_app(box, clock, host=host)) as served, served.events() as events:
        assert (await events.some()).state["host"] == {"asked": 0}
        now = clock()
        await served.post("/sandbox/bot/kill", {})
        assert (await events.some()).state["host"] == {"asked": 1}
        await served.post("/sandbox/clock", {"by": 3600})
        await served.post("/sandbox/clock", {"to": "10:30"})
        await served.post("/sandbox/scene", {"name": "lamp", "language": "zh_TW"})
        await served.post("/sandbox/scene/next", {})
        hour = timedelta(hours=1)
        assert host.told == ["kill", now + hour, now + 1.5 * hour, ("lamp", "zh_TW"), "next"]
        assert await served.get("/sandbox/curtain") == {"issue": None}
        assert await served.get("/sandbox/curtain?issue=7") == {"issue": 7}
        assert await served.status("GET", "/sandbox/curtain?issue=x") == 400
        assert await served.get("/sandbox/doors") == {"doors": [{"name": "3号楼", "payload": "j1"}]}
        unknown = {"name": "no", "language": "en"}
        assert await served.refused("/sandbox/scene", unknown) == "there is no scene no"
        assert "language has to be one of zh_CN" in await served.refused(
            "/sandbox/scene", {"name": "lamp", "language": "fr"}
        )
        assert await served.status("POST", "/sandbox/bot/kill", data="{}") == 400
        assert len(host.told) == 5
    assert host.changed == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "bot/kill"),
        ("GET", "curtain"),
        ("GET", "doors"),
        ("POST", "scene"),
        ("POST", "scene/next"),
    ],
)
async def test_without_a_host(served: Served, method: str, path: str) -> None:
    """404 and a sentence."""
    data: dict[str, Any] = {"json": {"name": "", "language": "en"}} if method == "POST" else {}
    async with served.http.request(method, f"{served.url}/sandbox/{path}", **data) as answer:
        assert answer.status == 404
        assert (await answer.json())["error"] == "nobody runs a bot beside this sandbox"


def poster(text: str) -> bytes:
    """A picture of a QR code."""
    drawn = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode).to_image(scale=4)
    written = BytesIO()
    Image.fromarray(drawn).save(written, "PNG")
    return written.getvalue()


async def test_scanning(served: Served, resident: User) -> None:
    """The code in a picture that is sent along or lies in a chat."""
    link = "https://t.me/lianxin_bot?start=j_Ab-9"
    assert await served.post("/sandbox/scan", {"content": spelled(poster(link))}) == {"text": link}
    resident.sends_photo(None, "", poster("門"))
    (photo,) = resident.chat()[-1].photos
    assert await served.post("/sandbox/scan", {"file_id": photo}) == {"text": "門"}
    sample = {"content": spelled(SAMPLE.read_bytes())}
    assert await served.refused("/sandbox/scan", sample) == "there is no QR code in the picture"
    damaged = {"content": spelled(poster(link)[:200])}
    assert await served.refused("/sandbox/scan", damaged) == "the picture is damaged"


async def test_scanning_without_the_library(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    sample = {"content": spelled(SAMPLE.read_bytes())}
    assert "install zxing-cpp and Pillow" in await served.refused("/sandbox/scan", sample)


async def test_a_group_can_be_upgraded(served: Served, resident: User, group: Group) -> None:
    """The answer is the new chat; the screen of the old one tells where it went."""
    big = (await served.post(f"/sandbox/groups/{group.id}/upgrade", {"by": resident.id}))["result"]
    chats = {chat["id"]: chat for chat in (await served.get("/sandbox/changes"))["chats"]}
    assert chats[group.id]["migrated_to"] == big
    assert chats[big]["roles"] == {str(resident.id): "creator"}
