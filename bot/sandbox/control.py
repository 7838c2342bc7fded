"""The remote control: what people do and see, the clock and faults, as JSON under /sandbox/."""

import asyncio
import base64
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import time, timedelta
from itertools import islice
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.sandbox.chats import Chat, Json, Record
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.faults import EVERY, Fault
from bot.sandbox.http import BotApi
from bot.sandbox.people import Group, Impossible, User
from bot.sandbox.refusals import Refusal
from bot.sandbox.settings import commands_for

LONGEST_WAIT = 25.0  # seconds a question for changes stays open
SHOWN = 100  # messages per chat in one answer
KINDS = ("dropped", "timeout", "error")


def _photo(data: Json) -> bytes | str | None:
    """`content` in base64, `file_id` of a known file, or neither: the sample."""
    return base64.b64decode(data["content"]) if "content" in data else data.get("file_id")


USER_VERBS: dict[str, Callable[[User, Group | None, Json], object]] = {
    "text": lambda user, chat, d: user.sends(chat, d["text"], anonymous=bool(d.get("anonymous"))),
    "reply": lambda user, chat, d: user.replies(chat, d["to"], d["text"]),
    "photo": lambda user, chat, d: user.sends_photo(chat, d.get("caption", ""), _photo(d)),
    "album": lambda user, chat, d: user.sends_album(chat, d.get("caption", ""), [None] * d.get("count", 2)),
    "voice": lambda user, chat, d: user.sends_voice(chat),
    "sticker": lambda user, chat, d: user.sends_sticker(chat),
    "location": lambda user, chat, d: user.sends_location(chat),
    "contact": lambda user, chat, d: user.sends_contact(chat),
    "press": lambda user, chat, d: user.presses(chat, d["message_id"], d["data"]),
    "forge": lambda user, chat, d: user.forges(chat, d["message_id"], d["data"]),
    "open_link": lambda user, chat, d: user.opens_link(d.get("payload", "")),
    "edit": lambda user, chat, d: user.edits(chat, d["message_id"], d["text"]),
    "delete": lambda user, chat, d: user.deletes(chat, d["message_id"]),
    "block": lambda user, chat, d: user.blocks_bot(),
    "unblock": lambda user, chat, d: user.unblocks_bot(),
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
    """The routes; see the table in `add_to`. Wrong input answers 400 with {"error": …}."""

    def __init__(self, sandbox: Sandbox, clock: MovableClock, api: BotApi) -> None:
        self._sandbox = sandbox
        self._clock = clock
        self._api = api
        self._changed = asyncio.Event()
        sandbox.changed.append(self._changed.set)

    def add_to(self, app: web.Application) -> None:
        """Serve the remote control."""
        app.middlewares.append(_explain)
        app.add_routes(
            [
                web.get("/sandbox/changes", self.changes),
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
                web.post("/sandbox/latency", self.set_latency),
                web.get("/sandbox/calls", self.calls),
                web.get("/sandbox/files/{id}", self.file),
            ]
        )
        app.on_shutdown.append(self._wake)

    async def _wake(self, _app: web.Application) -> None:
        self._changed.set()

    async def changes(self, request: web.Request) -> web.Response:
        """What changed after revision `since`, waiting up to `wait` seconds for something to change."""
        since, wait = int(request.query.get("since", 0)), float(request.query.get("wait", 0))
        memory = self._sandbox.memory
        if memory.revision <= since and wait > 0:
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), min(wait, LONGEST_WAIT))
        return web.json_response(
            {
                "revision": memory.revision,
                "clock": self._clock().isoformat(),
                "bot": memory.bot,
                "chats": [
                    self._screen(chat, since) for chat in memory.chats.values() if chat.revision > since
                ],
            }
        )

    def _screen(self, chat: Chat, since: int) -> Json:
        latest = list(islice(reversed(chat.records.values()), SHOWN))
        records = [record for record in reversed(latest) if record.revision > since]
        screen: Json = {
            "id": chat.id,
            "kind": chat.kind,
            "title": chat.title,
            "members": list(chat.members),
            "bot": chat.bot,
            "keyboard": chat.keyboard,
            "pinned": chat.pinned,
            "migrated_to": chat.migrated_to,
            "messages": [_shown(record) for record in records],
        }
        if chat.is_private:
            person = self._sandbox.memory.people[chat.id]
            toasts = [asdict(toast) for toast in person.toasts if toast.revision > since]
            screen |= {"title": person.name, "blocked": person.blocked, "toasts": toasts if since else []}
        return screen

    async def add_user(self, request: web.Request) -> web.Response:
        """{"first_name", "last_name"?, "username"?, "language_code"?} → {"id"}"""
        data = await _data(request)
        user = self._sandbox.user(
            data["first_name"],
            last_name=data.get("last_name", ""),
            username=data.get("username"),
            language_code=data.get("language_code", "zh-hans"),
        )
        return web.json_response({"id": user.id})

    async def user_verb(self, request: web.Request) -> web.Response:
        """One of USER_VERBS with its data; "chat" names a group, without it the private chat is meant."""
        data = await _data(request)
        verb = USER_VERBS[request.match_info["verb"]]
        chat = self._group(data["chat"]) if data.get("chat", 0) < 0 else None
        return web.json_response({"result": verb(self._user(request.match_info["user"]), chat, data)})

    async def commands(self, request: web.Request) -> web.Response:
        """The commands offered to a person in `chat`."""
        memory, user = self._sandbox.memory, self._user(request.match_info["user"])
        chat = memory.chats[int(request.query.get("chat", user.id))]
        return web.json_response({"commands": commands_for(memory, user.data, chat)})

    async def add_group(self, request: web.Request) -> web.Response:
        """{"title", "members": [ids], "supergroup"?, "bot"?: true} → {"id"}; the first member owns it."""
        data = await _data(request)
        members = [self._user(number) for number in data["members"]]
        group = self._sandbox.group(data["title"], *members, supergroup=bool(data.get("supergroup")))
        if data.get("bot", True):
            group.add_bot(members[0])
        return web.json_response({"id": group.id})

    async def group_verb(self, request: web.Request) -> web.Response:
        """One of GROUP_VERBS: {"by": id, "member"?: id}"""
        data = await _data(request)
        verb = GROUP_VERBS[request.match_info["verb"]]
        by = self._user(data["by"])
        result = verb(self._group(request.match_info["group"]), by, self._user(data.get("member", by.id)))
        return web.json_response({"result": result})

    async def inject(self, request: web.Request) -> web.Response:
        """Any update, as it is."""
        return web.json_response({"update_id": self._sandbox.inject(await _data(request))})

    async def time(self, request: web.Request) -> web.Response:
        """The time, and the offset in microseconds."""
        offset = self._clock.offset // timedelta(microseconds=1)
        return web.json_response({"now": self._clock().isoformat(), "offset": offset})

    async def move_clock(self, request: web.Request) -> web.Response:
        """{"by": seconds} or {"to": "08:00"}, the next time it is that late in China."""
        data = await _data(request)
        if "to" in data:
            self._clock.move_to(time.fromisoformat(data["to"]))
        else:
            self._clock.move(timedelta(seconds=data["by"]))
        return await self.time(request)

    async def add_fault(self, request: web.Request) -> web.Response:
        """{"kind", "method"?, "when"?, "code"?, "retry_after"?, "times"?: 1, null for ever}; see faults.py"""
        data = await _data(request)
        if data["kind"] not in KINDS or data.get("when", "before") not in ("before", "after"):
            raise ValueError("kind is dropped, timeout or error; when is before or after")
        fault = Fault(
            data["kind"], data.get("when", "before"), data.get("code", 502), data.get("retry_after", 1)
        )
        self._sandbox.faults.add(data.get("method", EVERY), fault, data.get("times", 1))
        return web.json_response({})

    async def clear_faults(self, request: web.Request) -> web.Response:
        """Everything works again."""
        self._sandbox.faults.clear()
        return web.json_response({})

    async def set_latency(self, request: web.Request) -> web.Response:
        """{"seconds"}: how long each call of the bot takes at least."""
        self._api.latency = float((await _data(request))["seconds"])
        return web.json_response({})

    async def calls(self, request: web.Request) -> web.Response:
        """How often each method was called, of the calls remembered, and how often too fast."""
        counts = Counter(call.method for call in self._sandbox.calls)
        return web.json_response({"counts": counts, "limit_violations": self._sandbox.limit_violations})

    async def file(self, request: web.Request) -> web.Response:
        """The content of a file by its identifier."""
        stored = self._sandbox.memory.files.get(request.match_info["id"])
        mime = stored.file.mime if stored.kind == "Photo" else "application/octet-stream"
        return web.Response(body=stored.file.content, content_type=mime)

    def _user(self, number: str | int) -> User:
        return User(self._sandbox.memory, self._sandbox.memory.people[int(number)].id)

    def _group(self, number: str | int) -> Group:
        return Group(self._sandbox.memory, self._sandbox.memory.chats[int(number)].id)


def _shown(record: Record) -> Json:
    return record.raw | {"outgoing": record.outgoing, "edited": record.edited, "deleted": record.deleted}


async def _data(request: web.Request) -> dict[str, Any]:
    """The JSON object in the body. Only JSON: a foreign web page cannot post that unasked."""
    if request.content_type != "application/json":
        raise ValueError("send application/json")
    data = await request.json()
    if not isinstance(data, dict):
        raise ValueError("send an object")
    return data


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 400 for wrong input to the remote control instead of a stack trace."""
    if not request.path.startswith("/sandbox/"):
        return await handler(request)
    try:
        return await handler(request)
    except (Impossible, Refusal, KeyError, ValueError, TypeError) as no:
        return web.json_response({"error": f"{type(no).__name__}: {no}"}, status=400)
