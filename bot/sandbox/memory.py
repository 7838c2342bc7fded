"""Everything the sandbox remembers: people, chats, messages, files and the queue of updates."""

import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from bot.sandbox.chats import Action, Chat, Json, Person, Record, Toast, as_member
from bot.sandbox.files import Files
from bot.sandbox.parameters import Parameters
from bot.sandbox.refusals import Refusal, bad_request, forbidden

UPDATE_SECONDS = 24 * 3600  # https://core.telegram.org/bots/api#getting-updates: kept no longer than a day
QUERY_SECONDS = 15  # the real time is not documented; Telegram forgets a press after some seconds
NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
BASE_SUPERGROUP = -1_000_000_000_000


@dataclass(slots=True)
class Query:
    """A pressed button waiting for answerCallbackQuery; `at` in seconds since 1970."""

    person_id: int
    message_id: int
    at: int


@dataclass(slots=True)
class Webhook:
    """What setWebhook was told, and how delivery goes."""

    url: str = ""
    secret_token: str = ""
    max_connections: int = 40
    last_error_date: int = 0
    last_error_message: str = ""


class Memory:
    """The state behind both doors.

    `revision` grows with whatever anybody can see, and is noted where it is seen; it means something
    only within one `epoch`.
    """

    def __init__(self, clock: Callable[[], datetime], bot: Json, *, hears_all: bool) -> None:
        self.clock = clock
        self.bot = bot
        self.hears_all = hears_all
        self.people: dict[int, Person] = {}
        self.chats: dict[int, Chat] = {}
        self.files = Files()
        self.queue: deque[tuple[int, Json]] = deque()  # (queued at, update), oldest first
        self.queries: dict[str, Query] = {}
        self.commands: dict[str, list[Json]] = {}  # by scope and language, see settings.py
        self.texts: dict[str, str] = {}  # name and descriptions of the bot, by method and language
        self.menu_buttons: dict[int, Json] = {}
        self.webhook = Webhook()
        self.allowed_updates: list[str] = []
        self.revision = 0
        self.epoch = secrets.token_hex(8)
        self.updates_changed: list[Callable[[], None]] = []
        self.changed: list[Callable[[], None]] = []
        self._numbers = {"update": 0, "message": 0, "query": 0, "album": 0, "call": 0}

    # ---- time and numbers

    def now(self) -> int:
        """Seconds since 1970, as every date of the Bot API."""
        return int(self.clock().timestamp())

    def number(self, of: str) -> int:
        """The next number of a series that never repeats."""
        self._numbers[of] += 1
        return self._numbers[of]

    def _revise(self) -> int:
        self.revision += 1
        for tell in self.changed:
            tell()
        return self.revision

    # ---- people and chats

    def add_person(self, first_name: str, last_name: str, username: str | None, language: str) -> Person:
        """A new account, numbered from 1001 up, and its private chat."""
        person = Person(1001 + len(self.people), first_name, last_name, username, language)
        self.people[person.id] = person
        self.add_chat(Chat(person.id, "private", bot="member"))
        return person

    def add_group(self, title: str, *, supergroup: bool) -> Chat:
        """A new group: -1, -2 …; supergroups -1000000000001, …"""
        kind = "supergroup" if supergroup else "group"
        number = 1 + sum(chat.kind == kind for chat in self.chats.values())
        return self.add_chat(Chat(BASE_SUPERGROUP - number if supergroup else -number, kind, title))

    def add_chat(self, chat: Chat) -> Chat:
        """Register a chat and spell it."""
        self.chats[chat.id] = chat
        self.respell(chat)
        return chat

    def respell(self, chat: Chat) -> None:
        """Write the Chat object anew after a name or member changed."""
        if chat.is_private:
            chat.spelled = self.people[chat.id].as_chat()
        else:
            chat.spelled = {"id": chat.id, "title": chat.title, "type": chat.kind}
        self.touch(chat)

    def met(self, person_id: int) -> bool:
        """Has the bot ever seen this account: in its private chat or in a group they share?"""
        person = self.people.get(person_id)
        return person is not None and (
            person.started or any(person_id in c.members for c in self.chats.values() if c.bot != "unknown")
        )

    def chat_of(self, parameters: Parameters, *, write: bool = True) -> Chat:
        """The chat named by chat_id, or Telegram's refusal if the bot may not (`write`) use it."""
        named = parameters.text("chat_id")
        if not named:
            raise bad_request("chat_id is empty")
        chat = self.chats.get(parameters.integer("chat_id"))
        if chat is None or chat.bot == "unknown" or (chat.is_private and not self.met(chat.id)):
            raise bad_request("chat not found")
        if chat.is_private:
            if write:
                self._check_private(self.people[chat.id])
        elif chat.migrated_to is not None:
            if write:
                raise Refusal(
                    400,
                    "Bad Request: group chat was upgraded to a supergroup chat",
                    migrate_to_chat_id=chat.migrated_to,
                )
        elif chat.bot == "kicked" and (write or chat.kind == "supergroup"):
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        elif chat.bot == "left" and (write or chat.kind == "supergroup"):
            raise forbidden(f"bot is not a member of the {chat.kind} chat")
        return chat

    def _check_private(self, person: Person) -> None:
        if person.deleted:
            raise forbidden("user is deactivated")
        if person.blocked:
            raise forbidden("bot was blocked by the user")
        if not person.started:
            raise forbidden("bot can't initiate conversation with a user")

    # ---- messages

    def store(self, chat: Chat, fields: Json, *, outgoing: bool) -> Record:
        """Keep a new message; `fields` are all of Message but message_id, chat and date."""
        if chat.kind == "supergroup":
            chat.counter += 1
            message_id = chat.counter
        else:
            message_id = self.number("message")
        raw = {"message_id": message_id, "chat": chat.spelled, "date": self.now(), **fields}
        record = Record(raw, self._revise(), outgoing)
        chat.records[message_id] = record
        chat.revision = record.revision
        if outgoing:
            chat.action = None
        return record

    def touch(self, chat: Chat) -> None:
        """Note that something about a chat, or its person, changed."""
        chat.revision = self._revise()

    def revise(self, chat: Chat, record: Record) -> None:
        """Note that a message changed."""
        chat.revision = record.revision = self._revise()

    def toast(self, person: Person, text: str, url: str, message_id: int, *, alert: bool) -> None:
        """Show a notice to a person."""
        room = self.chats[person.id]
        self.touch(room)
        person.toasts.append(Toast(text, alert, url, message_id, room.revision))

    def act(self, chat: Chat, kind: str) -> None:
        """Show what the bot is doing, until it writes or it is "cancel"."""
        self.touch(chat)
        chat.action = Action(kind, chat.revision) if kind != "cancel" else None

    def ask(self, number: str, query: Query) -> None:
        """Remember a press until it is answered or too old."""
        oldest = query.at - QUERY_SECONDS
        self.queries = {key: kept for key, kept in self.queries.items() if kept.at >= oldest}
        self.queries[number] = query

    # ---- updates

    def publish(self, kind: str, payload: Json) -> None:
        """Queue an update, unless its kind is not among the allowed ones."""
        allowed = kind in self.allowed_updates if self.allowed_updates else kind not in NOT_BY_DEFAULT
        if allowed:
            self.inject({kind: payload})

    def inject(self, raw: Json) -> int:
        """Queue any update, even a malformed one; gives it the next update_id unless it has one.

        ValueError when that is no whole number: no bot could ever confirm it.
        """
        if type(raw.get("update_id", 0)) is not int:
            raise ValueError("update_id has to be a whole number")
        update = {"update_id": self.number("update")} | raw
        self.queue.append((self.now(), update))
        for tell in self.updates_changed:
            tell()
        return int(update["update_id"])

    def pending(self) -> int:
        """How many updates wait, those older than a day dropped."""
        oldest = self.now() - UPDATE_SECONDS
        while self.queue and self.queue[0][0] < oldest:
            self.queue.popleft()
        return len(self.queue)

    def fetch(self, offset: int, limit: int) -> list[Json]:
        """Up to `limit` updates from `offset` on; those before it are confirmed and forgotten.

        A negative offset keeps only that many of the last ones. An offset in the future confirms nothing.
        """
        count = self.pending()
        if offset < 0:
            for _ in range(count + offset):
                self.queue.popleft()
        elif 0 < offset <= self._numbers["update"] + 1:
            while self.queue and self.queue[0][1]["update_id"] < offset:
                self.queue.popleft()
        return [update for _, (_, update) in zip(range(limit), self.queue, strict=False)]

    def membership(self, chat: Chat, by: Json, status: str, rights: Json | None = None) -> None:
        """Change what the bot is in a chat and tell it (my_chat_member)."""
        old = as_member(self.bot, chat.bot, chat.bot_rights)
        chat.bot, chat.bot_rights = status, rights or {}
        self._publish_member("my_chat_member", chat, by, old, as_member(self.bot, status, chat.bot_rights))
        self.touch(chat)

    def set_member(self, chat: Chat, by: Json, person: Person, status: str) -> None:
        """Change what a person is in a group; a bot that is administrator may hear of it (chat_member)."""
        old = as_member(person.as_user(), chat.members.get(person.id, "left"), {})
        if status in ("left", "kicked"):
            chat.members.pop(person.id, None)
        else:
            chat.members[person.id] = status
        if chat.bot == "administrator":
            self._publish_member("chat_member", chat, by, old, as_member(person.as_user(), status, {}))
        self.touch(chat)

    def block(self, person: Person, *, blocked: bool) -> None:
        """A person blocks or unblocks the bot (my_chat_member: kicked, member)."""
        person.blocked = blocked
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        old, new = as_member(self.bot, before, {}), as_member(self.bot, after, {})
        room = self.chats[person.id]
        self.touch(room)
        self._publish_member("my_chat_member", room, person.as_user(), old, new)

    def _publish_member(self, kind: str, chat: Chat, by: Json, old: Json, new: Json) -> None:
        change = {"old_chat_member": old, "new_chat_member": new}
        self.publish(kind, {"chat": chat.spelled, "from": by, "date": self.now(), **change})

    # ---- keeping

    def rest(self) -> Json:
        """Everything but people, chats, files and the queue, JSON-able, by name."""
        return {
            "queries": {key: asdict(query) for key, query in self.queries.items()},
            "commands": self.commands,
            "texts": self.texts,
            "menu_buttons": list(self.menu_buttons.items()),
            "webhook": asdict(self.webhook),
            "allowed_updates": self.allowed_updates,
            "revision": self.revision,
            "numbers": self._numbers,
        }

    def take_rest(self, rest: Json) -> None:
        """Take back what `rest` gave."""
        self.queries = {key: Query(**row) for key, row in rest["queries"].items()}
        self.commands = rest["commands"]
        self.texts = rest["texts"]
        self.menu_buttons = dict(rest["menu_buttons"])
        self.webhook = Webhook(**rest["webhook"])
        self.allowed_updates = rest["allowed_updates"]
        self.revision = rest["revision"]
        self._numbers = rest["numbers"]
