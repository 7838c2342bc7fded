"""The remote control: what people do, the clock, faults and the bot's host, as JSON under /sandbox/."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import cycle, islice
from urllib.parse import quote

from aiohttp import web

from bot.sandbox.asked import Asked, asked
from bot.sandbox.chats import Json
from bot.sandbox.clock import MICROSECOND, MovableClock
from bot.sandbox.core import Call, Sandbox
from bot.sandbox.faults import EVERY, Fault, Kind, When
from bot.sandbox.files import SAMPLE_PHOTOS, picture_type, sample_photo
from bot.sandbox.host import Host
from bot.sandbox.http import BotApi
from bot.sandbox.page import HEADERS, LANGUAGES
from bot.sandbox.people import Group, Impossible, User
from bot.sandbox.scanning import scan
from bot.sandbox.sending import ALBUM_LIMIT
from bot.sandbox.settings import commands_for

KINDS: tuple[Kind, ...] = ("dropped", "timeout", "error")
WHENS: tuple[When, ...] = ("before", "after")
CALLS = 100  # calls in one answer
NAME_LENGTH = 64  # https://core.telegram.org/method/account.updateProfile
TITLE_LENGTH = 128  # https://core.telegram.org/bots/api#setchattitle
LONGEST_MOVE = timedelta(days=400)


def _photo(given: Asked) -> bytes | str | None:
    """`content`, `file_id` of a known file, `sample` by name, or none of them: the plain sample."""
    if "content" in given:
        return given.content("content")
    if "sample" in given:
        return sample_photo(given.text("sample"))
    return given.text("file_id") if "file_id" in given else None


def _album(given: Asked) -> list[bytes | str | None]:
    """`photos`, or `count` samples."""
    if "photos" in given:
        photos = [_photo(photo) for photo in given.many("photos")]
    else:
        names = islice(cycle(SAMPLE_PHOTOS), min(max(given.whole("count", 2), 0), ALBUM_LIMIT + 1))
        photos = [sample_photo(name) for name in names]
    if not 2 <= len(photos) <= ALBUM_LIMIT:
        raise Impossible(f"an album has 2 to {ALBUM_LIMIT} photos")
    return photos


def _voice(user: User, chat: Group | None, given: Asked) -> int:
    content = given.content("content") if "content" in given else None
    return user.sends_voice(chat, content, given.whole("duration") if "duration" in given else None)


def _location(user: User, chat: Group | None, given: Asked) -> int:
    latitude, longitude = given.number("latitude", 29.98), given.number("longitude", 103.0)
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError("latitude is -90 to 90 degrees, longitude -180 to 180")
    return user.sends_location(chat, latitude, longitude)


USER_VERBS: dict[str, Callable[[User, Group | None, Asked], object]] = {
    "text": lambda user, chat, g: user.sends(chat, g.text("text"), anonymous=g.flag("anonymous", False)),
    "reply": lambda user, chat, g: user.replies(chat, g.whole("to"), g.text("text")),
    "photo": lambda user, chat, g: user.sends_photo(chat, g.text("caption", ""), _photo(g)),
    "album": lambda user, chat, g: user.sends_album(chat, g.text("caption", ""), _album(g)),
    "voice": _voice,
    "sticker": lambda user, chat, g: user.sends_sticker(chat),
    "location": _location,
    "contact": lambda user, chat, g: user.sends_contact(chat, g.text("phone", "+8613800000000")),
    "document": lambda user, chat, g: user.sends_document(chat, g.content("content"), g.text("name")),
    "press": lambda user, chat, g: user.presses(chat, g.whole("message_id"), g.text("data")),
    "forge": lambda user, chat, g: user.forges(chat, g.whole("message_id"), g.text("data")),
    "open_link": lambda user, chat, g: user.opens_link(g.text("payload", "")),
    "edit": lambda user, chat, g: user.edits(chat, g.whole("message_id"), g.text("text")),
    "delete": lambda user, chat, g: user.deletes(chat, g.whole("message_id")),
    "block": lambda user, chat, g: user.blocks_bot(),
    "unblock": lambda user, chat, g: user.unblocks_bot(),
}
GROUP_VERBS: dict[str, Callable[[Group, User, User], object]] = {
    "add_bot": lambda group, by, member: group.add_bot(by),
    "remove_bot": lambda group, by, member: group.remove_bot(by),
    "promote_bot": lambda group, by, member: group.promote_bot(by),
    "demote_bot": lambda group, by, member: group.demote_bot(by),
    "add": lambda group, by, member: group.add(member, by),
    "remove": lambda group, by, member: group.remove(member, by),
    "promote": lambda group, by, member: group.promote(member, by),
    "upgrade": lambda group, by, member: group.upgrade(by).id,
}


class Control:
    """The routes; see the table in `add_to`. Wrong input raises ValueError, Impossible or Refusal."""

    def __init__(self, sandbox: Sandbox, clock: MovableClock, api: BotApi, host: Host | None) -> None:
        self._sandbox = sandbox
        self._clock = clock
        self._api = api
        self._host = host

    def add_to(self, app: web.Application) -> None:
        """Serve the remote control."""
        app.add_routes(
            [
                web.post("/sandbox/users", self.add_user),
                web.post("/sandbox/users/{user}/{verb}", self.user_verb),
                web.get("/sandbox/users/{user}/commands", self.commands),
                web.post("/sandbox/groups", self.add_group),
                web.post("/sandbox/groups/{group}/{verb}", self.group_verb),
                web.post("/sandbox/inject", self.inject),
                web.get("/sandbox/clock", self.time),
                web.post("/sandbox/clock", self.move_clock),
                web.post("/sandbox/faults", self.add_fault),
                web.delete("/sandbox/faults", self.clear_faults),
                web.post("/sandbox/faults/{switch}", self.switch_fault),
                web.post("/sandbox/latency", self.set_latency),
                web.get("/sandbox/calls", self.calls),
                web.get("/sandbox/files/{id}", self.file),
                web.post("/sandbox/scan", self.scan),
                web.post("/sandbox/bot/kill", self.kill_bot),
                web.get("/sandbox/curtain", self.curtain),
                web.get("/sandbox/doors", self.doors),
                web.post("/sandbox/scene", self.open_scene),
                web.post("/sandbox/scene/next", self.next_step),
            ]
        )

    # ---- people and groups

    async def add_user(self, request: web.Request) -> web.Response:
        """{"first_name", "last_name"?, "username"?, "language_code"?} → {"id"}"""
        given = await asked(request)
        first_name, last_name = given.text("first_name").strip(), given.text("last_name", "").strip()
        if not 1 <= len(first_name) <= NAME_LENGTH or len(last_name) > NAME_LENGTH:
            raise ValueError(f"first_name has 1 to {NAME_LENGTH} characters, last_name no more")
        user = self._sandbox.user(
            first_name,
            last_name=last_name,
            username=given.text("username", "") or None,
            language_code=given.text("language_code", "zh-hans"),
        )
        return web.json_response({"id": user.id})

    async def user_verb(self, request: web.Request) -> web.Response:
        """One of USER_VERBS with its data; "chat" names a group, without it the private chat is meant."""
        given = await asked(request)
        verb = USER_VERBS.get(request.match_info["verb"])
        if verb is None:
            raise ValueError(f"people can only {', '.join(USER_VERBS)}")
        number = given.whole("chat", 0)
        chat = self._group(number) if number < 0 else None
        return web.json_response({"result": verb(self._user(request.match_info["user"]), chat, given)})

    async def commands(self, request: web.Request) -> web.Response:
        """The commands offered to a person in `chat`."""
        memory, user = self._sandbox.memory, self._user(request.match_info["user"])
        chat = memory.chats.get(int(request.query.get("chat", user.id)))
        if chat is None:
            raise ValueError("there is no such chat")
        return web.json_response({"commands": commands_for(memory, user.data, chat)})

    async def add_group(self, request: web.Request) -> web.Response:
        """{"title", "members": [ids], "supergroup"?, "bot"?: true} → {"id"}; the first member owns it."""
        given = await asked(request)
        members = [self._user(number) for number in given.numbers("members")]
        if not members:
            raise ValueError("a group has members")
        title = given.text("title").strip()
        if not 1 <= len(title) <= TITLE_LENGTH:
            raise ValueError(f"title has 1 to {TITLE_LENGTH} characters")
        group = self._sandbox.group(title, *members, supergroup=given.flag("supergroup", False))
        if given.flag("bot", True):
            group.add_bot(members[0])
        return web.json_response({"id": group.id})

    async def group_verb(self, request: web.Request) -> web.Response:
        """One of GROUP_VERBS: {"by": id, "member"?: id}"""
        given = await asked(request)
        verb = GROUP_VERBS.get(request.match_info["verb"])
        if verb is None:
            raise ValueError(f"with a group one can only {', '.join(GROUP_VERBS)}")
        by = self._user(given.whole("by"))
        member = self._user(given.whole("member", by.id))
        return web.json_response({"result": verb(self._group(request.match_info["group"]), by, member)})

    async def inject(self, request: web.Request) -> web.Response:
        """Any update, as it is."""
        return web.json_response({"update_id": self._sandbox.inject((await asked(request)).data)})

    async def file(self, request: web.Request) -> web.Response:
        """The content of a file by its identifier: what a browser may show of it, the rest to be saved."""
        stored = self._sandbox.memory.files.get(request.match_info["id"])
        content, headers = stored.file.content, dict(HEADERS)
        if stored.kind == "Photo":
            headers["Content-Type"] = picture_type(content)
        elif stored.kind == "VoiceNote":
            headers["Content-Type"] = "audio/ogg"
        else:
            name = quote(stored.file.name, safe="", errors="replace")
            headers["Content-Type"] = "application/octet-stream"
            headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return web.Response(body=content, headers=headers)

    async def scan(self, request: web.Request) -> web.Response:
        """{"content" | "file_id"} → {"text"}: the QR code in a picture."""
        given = await asked(request)
        if "content" in given:
            return web.json_response({"text": scan(given.content("content"))})
        stored = self._sandbox.memory.files.get(given.text("file_id"))
        return web.json_response({"text": scan(stored.file.content)})

    def _user(self, number: str | int) -> User:
        person = self._sandbox.memory.people.get(int(number))
        if person is None:
            raise ValueError(f"there is no person {number}")
        return User(self._sandbox.memory, person.id)

    def _group(self, number: str | int) -> Group:
        chat = self._sandbox.memory.chats.get(int(number))
        if chat is None or chat.is_private:
            raise ValueError(f"there is no group {number}")
        return Group(self._sandbox.memory, chat.id)

    # ---- time

    async def time(self, request: web.Request) -> web.Response:
        """The time, whether it stands still, and how many microseconds were added to the real one."""
        clock = self._clock
        told = {
            "now": clock().isoformat(),
            "is_paused": clock.is_paused,
            "offset": clock.offset // MICROSECOND,
        }
        return web.json_response(told)

    async def move_clock(self, request: web.Request) -> web.Response:
        """{"by": seconds}, {"to": "08:00"}, the next time it is that late in China, or {"paused"}."""
        given = await asked(request)
        if "paused" in given:
            if given.flag("paused") != self._clock.is_paused:
                (self._clock.resume if self._clock.is_paused else self._clock.pause)()
        else:
            now = self._clock()
            await self._pass_time(now, self._wanted(given, now))
        return await self.time(request)

    def _wanted(self, given: Asked, now: datetime) -> datetime:
        if "to" in given:
            return self._clock.next_at(time.fromisoformat(given.text("to")))
        seconds = given.number("by")
        if not 0 <= seconds <= LONGEST_MOVE.total_seconds():
            raise ValueError(f"time goes forwards, at most {LONGEST_MOVE.days} days at once")
        return now + timedelta(seconds=seconds)

    async def _pass_time(self, now: datetime, to: datetime) -> None:
        if self._host is not None:
            await self._host.move_clock(to.astimezone(UTC))
        else:
            self._clock.move(to - now)

    # ---- faults and calls

    async def add_fault(self, request: web.Request) -> web.Response:
        """{"kind", "method"?, "when"?, "code"?, "retry_after"?, "times"?: 1, null for ever}; see faults.py"""
        given = await asked(request)
        kind, when = given.one_of("kind", KINDS), given.one_of("when", WHENS, "before")
        fault = Fault(kind, when, given.whole("code", 502), given.whole("retry_after", 1))
        times = None if given.data.get("times", 1) is None else given.whole("times", 1)
        self._sandbox.faults.add(given.text("method", EVERY), fault, times)
        return web.json_response({})

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Everything works again."""
        self._sandbox.faults.clear()
        return web.json_response({})

    async def switch_fault(self, request: web.Request) -> web.Response:
        """{"on": true or false} for one of SWITCHES in faults.py → {"faults": [those that are on]}"""
        on = (await asked(request)).flag("on")
        self._sandbox.faults.switch(request.match_info["switch"], on=on)
        return web.json_response({"faults": self._sandbox.faults.switched_on})

    async def set_latency(self, request: web.Request) -> web.Response:
        """{"seconds"}: how long each call of the bot takes at least."""
        self._api.latency = (await asked(request)).number("seconds")
        return web.json_response({})

    async def calls(self, request: web.Request) -> web.Response:
        """The last calls after number `after`, how often each method was called, and how often too fast.

        Only calls still remembered are counted, and polls that brought nothing are not shown.
        """
        after, calls = int(request.query.get("after", 0)), self._sandbox.calls
        told = (call for call in reversed(calls) if call.number > after and not _is_empty_poll(call))
        shown = [_spelled(call) for call in islice(told, CALLS)]
        counts = Counter(call.method for call in calls)
        violations = self._sandbox.limit_violations
        return web.json_response({"counts": counts, "limit_violations": violations, "calls": shown[::-1]})

    # ---- the bot's host

    @property
    def host(self) -> Host:
        """Who runs the bot; 404 when nobody does."""
        if self._host is None:
            text = json.dumps({"error": "nobody runs a bot beside this sandbox"})
            raise web.HTTPNotFound(text=text, content_type="application/json")
        return self._host

    async def kill_bot(self, request: web.Request) -> web.Response:
        """{}: a power cut for the bot."""
        await asked(request)
        await self.host.kill_bot()
        return web.json_response({})

    async def curtain(self, request: web.Request) -> web.Response:
        """?issue=ID: what the bot's database holds."""
        issue = request.query.get("issue")
        return web.json_response(await self.host.curtain(int(issue) if issue else None))

    async def doors(self, request: web.Request) -> web.Response:
        """The codes on the posters."""
        return web.json_response({"doors": await self.host.doors()})

    async def open_scene(self, request: web.Request) -> web.Response:
        """{"name": "" for free play, "language"}: begin a story."""
        given = await asked(request)
        await self.host.open_scene(given.text("name"), given.one_of("language", tuple(LANGUAGES)))
        return web.json_response({})

    async def next_step(self, request: web.Request) -> web.Response:
        """{}: the story goes on."""
        await asked(request)
        await self.host.next_step()
        return web.json_response({})


def _is_empty_poll(call: Call) -> bool:
    return call.method.lower() == "getupdates" and call.reply.ok and not call.reply.result


def _spelled(call: Call) -> Json:
    sizes = {name: f"{size} bytes" for name, size in call.uploads.items()}
    return {
        "number": call.number,
        "at": call.at.isoformat(),
        "method": call.method,
        "parameters": {**call.parameters, **sizes},
        "ok": call.reply.ok,
        "answer": {"trouble": call.reply.trouble} if call.reply.trouble else call.reply.as_json(),
    }
