"""What is written down: everything, after each request, and no more than what changed."""

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from aiohttp import ClientConnectionError
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.chats import Json
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.files import SAMPLE, File
from bot.sandbox.keeping import Keeper
from bot.sandbox.people import Group, Impossible, User
from bot.sandbox.server import make_app
from tests.sandbox.served import Served, serving

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
BUTTON = {"inline_keyboard": [[{"text": "a", "callback_data": "k"}]]}
MENU = {"keyboard": [[{"text": "我的事"}]], "one_time_keyboard": True}
ASIDE = ("clock", "epoch", "changed", "updates_changed", "files")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where it is kept."""
    return tmp_path / "telegram.db"


@pytest.fixture
def keeper(box: Sandbox, file: Path) -> Iterator[Keeper]:
    """Keeps the box."""
    keeper = Keeper(box)
    keeper.open(file)
    yield keeper
    keeper.close()


def everything(box: Sandbox) -> dict[str, Any]:
    """All that a sandbox remembers, to be compared."""
    memory = box.memory
    kept = {name: value for name, value in vars(memory).items() if name not in ASIDE}
    return kept | {"files": list(memory.files.after(0)), "order": [list(memory.people), list(memory.chats)]}


@contextmanager
def killed(file: Path) -> Iterator[Sandbox]:
    """What comes up after a kill just now: another sandbox on what lies on the disk, nothing was closed."""
    with TemporaryDirectory() as folder:
        for part in file.parent.glob(file.name + "*"):
            shutil.copy(part, folder)
        box = Sandbox(lambda: NOW)
        keeper = Keeper(box)
        keeper.open(Path(folder) / file.name)
        yield box
        keeper.close()


def says_yes(box: Sandbox, method: str, data: Json) -> Any:
    """What comes of a call that has to succeed."""
    reply = box.call(box.token, method, data)
    assert reply.ok, (method, reply)
    return reply.result


def says(box: Sandbox, chat: int, text: str = "卡", **more: object) -> int:
    """The bot writes; the message id."""
    return int(says_yes(box, "sendMessage", {"chat_id": chat, "text": text, **more})["message_id"])


def test_all_of_it_survives(box: Sandbox, file: Path, keeper: Keeper) -> None:
    """Chats, pictures, buttons, keyboards, pins, commands, unread updates and presses that wait."""
    resident, neighbour = box.user("王", last_name="秀英", username="xiuying"), box.user("李")
    resident.opens_link("abc")
    group, big = box.group("3號樓", resident), box.group("院", neighbour, resident, supergroup=True)
    for room in (group, big):
        room.add_bot(resident)
        room.promote_bot(resident, can_delete_messages=False)
    resident.sends_album(group, "兩張")
    resident.sends_document(None, b"%PDF-", "a.pdf")
    card = says(box, resident.id, reply_markup=BUTTON)
    says(box, resident.id, reply_markup=MENU)
    query = resident.presses(None, card, "k")
    pinned = says(box, big.id)
    calls: list[tuple[str, Json]] = [
        ("pinChatMessage", {"chat_id": big.id, "message_id": pinned}),
        ("setMyCommands", {"commands": [{"command": "a", "description": "b"}], "language_code": "zh"}),
        ("setMyName", {"name": "連心"}),
        ("setChatMenuButton", {"chat_id": resident.id, "menu_button": {"type": "commands"}}),
        ("exportChatInviteLink", {"chat_id": big.id}),
        ("sendChatAction", {"chat_id": group.id, "action": "typing"}),
        ("getUpdates", {"offset": 3, "allowed_updates": ["message", "callback_query"]}),
    ]
    for method, data in calls:
        says_yes(box, method, data)
    neighbour.sends(None, "/start")
    neighbour.blocks_bot()
    upgraded = group.upgrade(resident)
    keeper.save()
    with killed(file) as again:
        assert everything(again) == everything(box)
        assert again.memory.epoch != box.memory.epoch
        assert again.users[0].chat() == resident.chat()
        assert again.users[0].keyboard() == [["我的事"]]
        assert again.groups[-1].id == upgraded.id
        assert again.call(again.token, "answerCallbackQuery", {"callback_query_id": query}).ok
        pending = again.call(again.token, "getUpdates", {}).result
        assert [update["update_id"] for update in pending] == list(range(3, pending[-1]["update_id"] + 1))


def test_numbers_never_repeat(box: Sandbox, file: Path, keeper: Keeper, resident: User) -> None:
    """People, groups, messages, updates, files, presses, albums and calls go on counting."""
    group = box.group("3號樓", resident)
    group.add_bot(resident)
    resident.sends_album(None)
    message = says(box, resident.id, reply_markup=BUTTON)
    query = resident.presses(None, message, "k")
    (*_, last) = box.call(box.token, "getUpdates", {"offset": -1}).result
    assert box.call(box.token, "getUpdates", {"offset": last["update_id"] + 1}).result == []
    keeper.save()
    with killed(file) as again:
        user = again.users[0]
        assert again.user("李").id == resident.id + 1
        assert again.group("5號樓").id == group.id - 1
        assert says(again, user.id) == message + 1
        album = user.sends_album(None)
        (update, *_) = again.call(again.token, "getUpdates", {}).result
        assert update["update_id"] == last["update_id"] + 1
        assert int(user.presses(None, message, "k")) == int(query) + 1
        albums = [seen.raw.get("media_group_id") for seen in user.chat()]
        assert albums.count("1") == albums.count("2") == len(album) == 2
        photos = [photo for seen in user.chat() for photo in seen.photos]
        assert len(set(photos)) == 4
        assert again.calls[0].number == box.calls[-1].number + 1


def test_what_was_fetched_stays_fetched(box: Sandbox, file: Path, keeper: Keeper, resident: User) -> None:
    """Confirmed updates do not come back, and those in front of a gap do not shift."""
    for number in range(3):
        resident.sends(None, str(number))
        keeper.save()
    box.call(box.token, "getUpdates", {"offset": 3})
    keeper.save()
    resident.sends(None, "3")
    keeper.save()
    with killed(file) as again:
        got = again.call(again.token, "getUpdates", {}).result
        assert [update["message"]["text"] for update in got] == ["1", "2", "3"]
        box.call(box.token, "getUpdates", {"offset": got[-1]["update_id"] + 1})
    keeper.save()
    resident.sends(None, "4")
    keeper.save()
    with killed(file) as again:
        got = again.call(again.token, "getUpdates", {}).result
        assert [update["message"]["text"] for update in got] == ["4"]


@contextmanager
def rows_written(file: Path) -> Iterator[Callable[[], list[str]]]:
    """What is written into which table since the last time asked, by triggers in the file itself."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("CREATE TABLE written (what TEXT)")
        tables = "notes", "rest", "people", "toasts", "chats", "records", "files", "queue"
        for table in tables:
            for deed in ("INSERT", "UPDATE", "DELETE"):
                row = "OLD" if deed == "DELETE" else "NEW"
                key = {"records": "id", "toasts": "person", "rest": "key", "notes": "key"}.get(table, "rowid")
                note = f"INSERT INTO written VALUES ('{table} ' || {row}.{key})"  # noqa: S608  # our own names
                other.execute(f"CREATE TRIGGER {table}_{deed} AFTER {deed} ON {table} BEGIN {note}; END")

        def written() -> list[str]:
            rows = [what for (what,) in other.execute("SELECT what FROM written")]
            other.execute("DELETE FROM written")
            return sorted(rows)

        yield written


def test_only_what_changed_is_written(box: Sandbox, file: Path, keeper: Keeper, resident: User) -> None:
    """A message touches neither another chat nor an older message; nothing happening touches nothing."""
    other = box.user("李")
    for number in range(3):
        resident.sends(None, str(number))
        other.sends(None, str(number))
        says(box, resident.id, "好")
    keeper.save()
    with rows_written(file) as written:
        keeper.save()
        assert written() == []
        sent = says(box, other.id, reply_markup=BUTTON)
        keeper.save()
        chat = [f"chats {other.id}", f"people {other.id}"]
        told = ["rest numbers", "rest revision"]
        assert written() == sorted([*chat, f"records {sent}", *told])
        resident.sends_photo(None)
        keeper.save()
        last = resident.chat()[-1].id
        mine = [f"chats {resident.id}", f"people {resident.id}"]
        assert written() == sorted([*mine, f"records {last}", "files 1", "queue 8", *told])
        query = other.presses(None, sent, "k")
        box.call(box.token, "answerCallbackQuery", {"callback_query_id": query, "text": "好"})
        keeper.save()
        assert written() == sorted([*chat, f"toasts {other.id}", "queue 9", *told])
        box.call(box.token, "getUpdates", {"offset": 3})
        keeper.save()
        assert written() == ["queue 1", "queue 2", "rest numbers"]
        keeper.put_note("a", "1")
        assert written() == ["notes a"]


def test_marks_survive(box: Sandbox, file: Path, keeper: Keeper, resident: User) -> None:
    """Edited and deleted messages, also of old ones."""
    first, second = resident.sends(None, "a"), says(box, resident.id, "b")
    keeper.save()
    resident.edits(None, first, "c")
    assert box.call(box.token, "deleteMessage", {"chat_id": resident.id, "message_id": second}).ok
    keeper.save()
    with killed(file) as again:
        seen = {seen.id: seen for seen in again.users[0].chat(with_deleted=True)}
        assert (seen[first].text, seen[first].edited, seen[second].deleted) == ("c", True, True)


def test_a_deleted_account_stays_deleted(file: Path, keeper: Keeper, resident: User) -> None:
    """Though nobody sees it on a screen."""
    keeper.save()
    resident.deletes_account()
    keeper.save()
    with killed(file) as again:
        reply = again.call(again.token, "sendMessage", {"chat_id": resident.id, "text": "x"})
        assert reply.description == "Forbidden: user is deactivated"


def test_one_world_after_the_other(box: Sandbox, tmp_path: Path) -> None:
    """Opening another file saves the first, begins empty when it is new, and coming back finds all."""
    told: list[int] = []
    box.changed.append(lambda: told.append(len(box.users)))
    keeper, one, two = Keeper(box), tmp_path / "one.db", tmp_path / "two.db"
    keeper.open(one)
    box.call(box.token, "getMe", {})
    epoch = box.memory.epoch
    box.user("王").sends(None, "/start")
    keeper.open(two)
    assert (box.users, box.memory.revision, told[-1]) == ([], 0, 0)
    assert box.memory.epoch != epoch
    assert len(box.calls) == 0
    box.user("李").sends_photo(None)
    keeper.put_note("scene", "3")
    keeper.open(one)
    assert [user.name for user in box.users] == ["王"]
    assert keeper.note("scene") is None
    box.users[0].sends(None, "x")
    keeper.open(two)
    assert ([user.name for user in box.users], keeper.note("scene")) == (["李"], "3")
    keeper.close()
    with killed(one) as again:
        assert [seen.text for seen in again.users[0].chat()] == ["/start", "x"]


def test_notes(file: Path, keeper: Keeper, resident: User) -> None:
    """Put, replaced, read after a kill; a note is never ahead of what happened before it."""
    assert keeper.note("founded") is None
    keeper.put_note("founded", "no")
    resident.sends(None, "x")
    keeper.put_note("founded", "是 '\u0000")
    assert keeper.note("founded") == "是 '\u0000"
    with killed(file) as again:
        assert again.users[0].chat()[-1].text == "x"
    keeper.close()
    with pytest.raises(ValueError, match="no file is open"):
        keeper.note("founded")
    with pytest.raises(ValueError, match="no file is open"):
        keeper.put_note("founded", "")
    keeper.save()
    keeper.close()


def test_files_that_are_something_else(box: Sandbox, tmp_path: Path) -> None:
    """One sentence; the file and the sandbox stay as they were."""
    box.user("王")
    text, newer, folder = tmp_path / "text", tmp_path / "newer.db", tmp_path / "folder"
    text.write_text("so and so many words " * 100)
    folder.mkdir()
    with closing(sqlite3.connect(newer)) as other:
        other.execute("PRAGMA user_version = 99")
    for path in (text, newer, folder, tmp_path / "nowhere" / "x.db"):
        with pytest.raises(ValueError, match="cannot be used"):
            Keeper(box).open(path)
    assert text.read_text().startswith("so and so many words so and")
    assert [user.name for user in box.users] == ["王"]


def test_a_full_disk_loses_nothing(box: Sandbox, file: Path, keeper: Keeper, resident: User) -> None:
    """What could not be written is written as soon as it can be."""
    keeper.save()
    resident.sends_photo(None, "x")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("CREATE TRIGGER full BEFORE INSERT ON queue BEGIN SELECT RAISE(ABORT, 'full'); END")
        with pytest.raises(sqlite3.Error):
            keeper.save()
        other.execute("DROP TRIGGER full")
    keeper.save()
    with killed(file) as again:
        assert everything(again) == everything(box)


@pytest.fixture
async def kept(box: Sandbox, clock: MovableClock, keeper: Keeper) -> AsyncIterator[Served]:
    """The sandbox served, with a keeper."""
    async with serving(make_app(box, clock, keeper=keeper)) as served:
        yield served


async def test_what_was_answered_is_kept(box: Sandbox, file: Path, kept: Served) -> None:
    """After each answer everything is on disk: for people and for the bot, also when the answer gets lost."""

    async def bot(method: str, data: Json) -> Any:
        return await kept.post(f"/bot{box.token}/{method}", data)

    user = (await kept.post("/sandbox/users", {"first_name": "王"}))["id"]
    await kept.post(f"/sandbox/users/{user}/text", {"text": "燈壞了"})
    with killed(file) as again:
        assert again.users[0].chat()[-1].text == "燈壞了"
    got = (await bot("getUpdates", {}))["result"]
    await bot("sendMessage", {"chat_id": user, "text": "收到"})
    await bot("getUpdates", {"offset": got[-1]["update_id"] + 1})
    with killed(file) as again:
        assert again.users[0].chat()[-1].text == "收到"
        assert again.call(again.token, "getUpdates", {}).result == []
    await kept.post("/sandbox/faults", {"kind": "dropped", "when": "after"})
    with pytest.raises(ClientConnectionError):
        await bot("sendMessage", {"chat_id": user, "text": "再說一次"})
    with killed(file) as again:
        assert again.users[0].chat()[-1].text == "再說一次"


WORDS = st.sampled_from(["灯坏了", "/start", "/help", "<b>&", "\u0000'\"\\", "𠮷😀\u202e", "a\nb"])
PICK = st.integers(0, 9)


@dataclass(frozen=True)
class Deed:
    """Who does something, where, to which message, with which words."""

    box: Sandbox
    user: User
    room: Group | None
    message: int
    words: str

    @property
    def group(self) -> Group:
        """The room, when it is a group."""
        if self.room is None:
            raise Impossible("only in a group")
        return self.room

    @property
    def chat(self) -> Json:
        """The chat, as calls name it."""
        return {"chat_id": self.room.id if self.room else self.user.id}

    @property
    def where(self) -> Json:
        """The message, as calls name it."""
        return self.chat | {"message_id": self.message}

    @property
    def query(self) -> str:
        """The oldest press that waits."""
        return next(iter(self.box.memory.queries), "")

    @property
    def pending(self) -> int:
        """An update in the middle of the queue."""
        pending = [int(update["update_id"]) for _, update in self.box.memory.queue]
        return pending[len(pending) // 2] if pending else 0


class Town:
    """People, groups and a bot that do whatever they are told; what is not possible does not happen."""

    def __init__(self, file: Path) -> None:
        self.now = NOW
        self.box = Sandbox(lambda: self.now)
        self.keeper = Keeper(self.box)
        self.keeper.open(file)
        user = self.box.user("王")
        user.sends(None, "/start")
        for group in (self.box.group("3號樓", user, supergroup=True), self.box.group("院", user)):
            group.add_bot(user)
            group.promote_bot(user)

    def does(self, deed: str, one: int, two: int, words: str) -> None:
        """One thing; `one` and `two` choose who, where and which message."""
        box = self.box
        user = box.users[one % len(box.users)]
        rooms: list[Group | None] = [None, *box.groups]
        room = rooms[two % len(rooms)]
        chat_id = room.id if room else user.id
        numbers = [*box.memory.chats[chat_id].records, 1]
        message = numbers[-1 - (one + two) % len(numbers)]
        if deed == "person":
            box.user(words)
        elif deed == "later":
            self.now += timedelta(hours=7)
        elif deed in PEOPLE:
            with suppress(Impossible):
                PEOPLE[deed](Deed(box, user, room, message, words))
        else:
            method, data = CALLS[deed](Deed(box, user, room, message, words))
            box.call(box.token, method, data, {"photo": File(SAMPLE.read_bytes(), words)})


CALLS: dict[str, Callable[[Deed], tuple[str, Json]]] = {
    "answer": lambda it: ("answerCallbackQuery", {"callback_query_id": it.query, "text": it.words}),
    "send": lambda it: ("sendMessage", it.chat | {"text": it.words, "reply_markup": BUTTON}),
    "send_photo": lambda it: ("sendPhoto", it.chat | {"caption": it.words, "reply_markup": MENU}),
    "edit_text": lambda it: ("editMessageText", it.where | {"text": it.words}),
    "edit_markup": lambda it: ("editMessageReplyMarkup", it.where | {"reply_markup": BUTTON}),
    "delete_message": lambda it: ("deleteMessage", it.where),
    "pin": lambda it: ("pinChatMessage", it.where),
    "unpin": lambda it: ("unpinChatMessage", it.chat),
    "act": lambda it: ("sendChatAction", it.chat | {"action": "typing"}),
    "commands": lambda it: (
        "setMyCommands",
        {"commands": [{"command": f"c{it.message}", "description": it.words}]},
    ),
    "invite": lambda it: ("exportChatInviteLink", it.chat),
    "fetch": lambda it: ("getUpdates", {"offset": -2 if it.message % 2 else 0}),
    "confirm": lambda it: ("getUpdates", {"offset": it.pending}),
    "webhook": lambda it: ("setWebhook", {"url": "https://a.cn/" if it.message % 2 else ""}),
}
PEOPLE: dict[str, Callable[[Deed], object]] = {
    "group": lambda it: it.box.group(it.words, it.user),
    "supergroup": lambda it: it.box.group(it.words, it.user, supergroup=True),
    "text": lambda it: it.user.sends(it.room, it.words),
    "photo": lambda it: it.user.sends_photo(it.room, it.words),
    "album": lambda it: it.user.sends_album(it.room, it.words),
    "voice": lambda it: it.user.sends_voice(it.room),
    "document": lambda it: it.user.sends_document(it.room, b"x", it.words),
    "reply": lambda it: it.user.replies(it.room, it.message, it.words),
    "edit": lambda it: it.user.edits(it.room, it.message, it.words),
    "delete": lambda it: it.user.deletes(it.room, it.message),
    "press": lambda it: it.user.forges(it.room, it.message, it.words),
    "block": lambda it: it.user.blocks_bot(),
    "unblock": lambda it: it.user.unblocks_bot(),
    "join": lambda it: it.group.add(it.user),
    "leave": lambda it: it.group.remove(it.user),
    "promote": lambda it: it.group.promote(it.user, it.user),
    "rename": lambda it: it.group.rename(it.words, it.user),
    "upgrade": lambda it: it.group.upgrade(it.user),
    "add_bot": lambda it: it.group.add_bot(it.user),
    "remove_bot": lambda it: it.group.remove_bot(it.user),
    "promote_bot": lambda it: it.group.promote_bot(it.user),
    "deletes_account": lambda it: it.user.deletes_account(),
}


DEEDS = ["person", "later", *PEOPLE, *CALLS]


@pytest.mark.parametrize("deed", DEEDS)
def test_each_thing_alone_is_written_down(deed: str, file: Path) -> None:
    """Also when nothing else happens in that chat, in private and in groups; and it is possible somewhere."""
    town, changes = Town(file), 0
    for place in (0, 1, 2):
        for first in ("send", "send", "press", "pin", *(["block"] if deed == "unblock" else [])):
            town.does(first, 0, place, "卡")
        town.keeper.save()
        before = deepcopy(everything(town.box))
        town.does(deed, 0, place, "新")
        town.keeper.save()
        with killed(file) as again:
            assert everything(again) == everything(town.box)
        changes += everything(town.box) != before
    town.keeper.close()
    assert changes or deed == "later"


@settings(max_examples=60, deadline=None)
@given(
    deeds=st.lists(st.tuples(st.sampled_from(DEEDS), PICK, PICK, WORDS), max_size=40),
    seldom=st.integers(1, 4),
)
def test_whatever_happens_is_written_down(deeds: list[tuple[str, int, int, str]], seldom: int) -> None:
    """After any sequence of deeds, saved after each or after some, the file says what the sandbox says."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "telegram.db"
        town = Town(file)
        for number, deed in enumerate(deeds):
            town.does(*deed)
            if number % seldom == 0:
                town.keeper.save()
        town.keeper.save()
        with killed(file) as again:
            assert everything(again) == everything(town.box)
            assert json.dumps(again.memory.rest()) == json.dumps(town.box.memory.rest())
        town.keeper.close()
