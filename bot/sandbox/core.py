"""The sandbox itself: one bot, its people and chats, and the calls the bot makes."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.sandbox import editing, rooms, sending, settings
from bot.sandbox.chats import Json
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.files import File
from bot.sandbox.limits import Limits, Pace
from bot.sandbox.memory import Memory
from bot.sandbox.parameters import Parameters
from bot.sandbox.people import Group, User
from bot.sandbox.refusals import Refusal, not_found, too_many_requests, unauthorized

METHODS: dict[str, Callable[[Memory, Parameters], object]] = {
    **settings.METHODS,
    **sending.METHODS,
    **editing.METHODS,
    **rooms.METHODS,
}
NO_FILES: Mapping[str, File] = {}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the Bot API. `trouble` is "dropped" or "timeout" when the door has to lose it."""

    ok: bool
    result: Any = None
    error_code: int = 200
    description: str = ""
    parameters: Mapping[str, int] | None = None
    trouble: str = ""

    def as_json(self) -> Json:
        """The envelope: https://core.telegram.org/bots/api#making-requests"""
        if self.ok:
            return {"ok": True, "result": self.result}
        envelope: Json = {"ok": False, "error_code": self.error_code, "description": self.description}
        return envelope | {"parameters": dict(self.parameters)} if self.parameters else envelope

    def body(self) -> bytes:
        """The envelope as bytes."""
        return json.dumps(self.as_json(), ensure_ascii=False, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot and what it was told; `uploads` are the sizes of its files in bytes."""

    number: int
    method: str
    parameters: Mapping[str, object]
    uploads: Mapping[str, int]
    reply: Reply
    at: datetime


class Sandbox:
    """A Telegram with one bot, all in memory and synchronous. `clock` tells the time, aware UTC.

    `calls` holds the last `keep_calls` calls (0 switches it off); `faults` lets calls fail;
    `updates_changed` are called when an update is queued, `changed` when anything a person can see
    changed. With `privacy`, Telegram's default, a bot that is no administrator hears in groups only
    commands, replies to it and service messages.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        token: str = "1:sandbox",
        bot_username: str = "lianxin_bot",
        bot_name: str = "連心",
        privacy: bool = True,
        limits: Limits | None = None,
        keep_calls: int = 10_000,
    ) -> None:
        self.clock = clock
        self.token = token
        self.bot_username = bot_username
        self.memory = Memory(
            clock,
            {
                "id": int(token.partition(":")[0]),
                "is_bot": True,
                "first_name": bot_name,
                "username": bot_username,
            },
            hears_all=not privacy,
        )
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=keep_calls)
        self.limit_violations = 0
        self.pace = Pace(limits) if limits else None

    # ---- the bot's side

    def call(
        self,
        token: str,
        method: str,
        parameters: Mapping[str, object],
        files: Mapping[str, File] = NO_FILES,
    ) -> Reply:
        """Answer one call at once. Parameters may be typed or, as on the wire, text."""
        name = method.lower()
        fault = self.faults.take(name)
        if fault is not None and fault.when == "before":
            reply = _failed(fault)
        else:
            reply = self._answer(token, name, Parameters(parameters, files))
            if fault is not None:
                reply = _failed(fault)
        if self.calls.maxlen:
            number = self.memory.number("call")
            sizes = {name: len(file.content) for name, file in files.items()}
            self.calls.append(Call(number, method, parameters, sizes, reply, self.clock()))
        return reply

    def _answer(self, token: str, name: str, parameters: Parameters) -> Reply:
        try:
            if token != self.token:
                raise unauthorized()
            if name not in METHODS:
                raise not_found()
            self._check_pace(name, parameters)
            return Reply(True, METHODS[name](self.memory, parameters))
        except Refusal as no:
            return Reply(False, None, no.code, no.description, no.parameters)

    def _check_pace(self, name: str, parameters: Parameters) -> None:
        if self.pace is None:
            return
        try:
            self.pace.check(name, parameters.integer("chat_id"), self.clock().timestamp())
        except Refusal:
            self.limit_violations += 1
            raise

    @property
    def updates_changed(self) -> list[Callable[[], None]]:
        return self.memory.updates_changed

    @property
    def changed(self) -> list[Callable[[], None]]:
        return self.memory.changed

    def inject(self, raw: Json) -> int:
        """Queue any update, even a malformed one; returns its update_id."""
        return self.memory.inject(raw)

    # ---- the people's side

    def user(
        self,
        first_name: str,
        *,
        last_name: str = "",
        language_code: str = "zh-hans",
        username: str | None = None,
    ) -> User:
        """A new person, numbered from 1001 up."""
        return User(self.memory, self.memory.add_person(first_name, last_name, username, language_code).id)

    def group(self, title: str, *members: User, supergroup: bool = False) -> Group:
        """A new group; the first member owns it. The bot comes in by `Group.add_bot`."""
        chat = self.memory.add_group(title, supergroup=supergroup)
        chat.members = {member.id: "member" for member in members}
        if members:
            chat.members[members[0].id] = "creator"
        return Group(self.memory, chat.id)

    @property
    def users(self) -> list[User]:
        """Everybody, oldest account first."""
        return [User(self.memory, person_id) for person_id in self.memory.people]

    @property
    def groups(self) -> list[Group]:
        """All groups, oldest first."""
        return [Group(self.memory, chat.id) for chat in self.memory.chats.values() if not chat.is_private]

    # ---- keeping

    def forget(self) -> Memory:
        """Begin anew with a fresh memory and nobody in it; who listens goes on listening."""
        old = self.memory
        self.memory = Memory(self.clock, old.bot, hears_all=old.hears_all)
        self.memory.changed, self.memory.updates_changed = old.changed, old.updates_changed
        self.calls.clear()
        for tell in (*old.changed, *old.updates_changed):
            tell()
        return self.memory


def _failed(fault: Fault) -> Reply:
    if fault.kind != "error":
        return Reply(False, trouble=fault.kind)
    if fault.code == 429:
        no = too_many_requests(fault.retry_after)
        return Reply(False, None, no.code, no.description, no.parameters)
    return Reply(False, None, fault.code, "Bad Gateway" if fault.code == 502 else "Internal Server Error")
