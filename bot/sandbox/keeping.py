"""Keeps a sandbox on disk, so that one that was killed goes on where it was."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from itertools import dropwhile, islice
from pathlib import Path

from bot.sandbox.chats import Action, Chat, Json, Person, Record, Toast
from bot.sandbox.core import Sandbox
from bot.sandbox.files import File, Files, Stored
from bot.sandbox.memory import Memory

VERSION = 1
SCHEMA = f"""
BEGIN;
CREATE TABLE notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE rest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE people (id INTEGER PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE toasts (person INTEGER, revision INTEGER, value TEXT NOT NULL, PRIMARY KEY (person, revision))
  WITHOUT ROWID;
CREATE TABLE chats (id INTEGER PRIMARY KEY, position INTEGER NOT NULL, value TEXT NOT NULL);
CREATE TABLE records (
  chat INTEGER, id INTEGER, revision INTEGER NOT NULL, outgoing INTEGER NOT NULL, edited INTEGER NOT NULL,
  deleted INTEGER NOT NULL, raw TEXT NOT NULL, PRIMARY KEY (chat, id)
) WITHOUT ROWID;
CREATE TABLE files (
  position INTEGER PRIMARY KEY, id TEXT NOT NULL, kind TEXT NOT NULL, width INTEGER NOT NULL,
  height INTEGER NOT NULL, name TEXT NOT NULL, mime TEXT NOT NULL, content BLOB NOT NULL
);
CREATE TABLE queue (position INTEGER PRIMARY KEY, at INTEGER NOT NULL, value TEXT NOT NULL);
PRAGMA user_version = {VERSION};
COMMIT;
"""
CHAT_FIELDS = tuple(part.name for part in fields(Chat) if part.name not in ("records", "members", "action"))
PERSON_FIELDS = tuple(part.name for part in fields(Person) if part.name != "toasts")

Queued = tuple[int, tuple[int, Json]]
"""A place in the file, and the item of the queue that stands there."""


@dataclass(frozen=True, slots=True)
class Written:
    """How far the file knows the sandbox: by revision, number of files, names of the rest, queue."""

    revision: int = 0
    files: int = 0
    rest: Mapping[str, str] = field(default_factory=dict)
    queue: Sequence[Queued] = ()


class Keeper:
    """Writes down what changed in a sandbox, into one SQLite file at a time.

    Nothing is lost when the process dies; when the whole machine does, the last moments may be.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._file: sqlite3.Connection | None = None
        self._written = Written()

    def open(self, path: Path) -> None:
        """Close what was open, and go on with what is in the file; an empty sandbox when it is new.

        ValueError when the file is something else.
        """
        self.close()
        try:
            self._file = sqlite3.connect(path)
            _prepare(self._file)
            self._written = _load(self._file, self._sandbox.forget())
        except (sqlite3.Error, ValueError) as no:
            self._let_go()
            raise ValueError(f"{path} cannot be used: {no}") from no

    def close(self) -> None:
        """Save, and let go of the file."""
        self.save()
        self._let_go()

    def _let_go(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def note(self, key: str) -> str | None:
        """A note put into the open file."""
        row = self._opened().execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    def put_note(self, key: str, value: str) -> None:
        """Put a note into the open file, together with everything that happened before."""
        with self._opened() as file:
            file.execute("REPLACE INTO notes VALUES (?, ?)", (key, value))
            written = self._write(file)
        self._written = written

    def save(self) -> None:
        """Write down what changed since the last time; nothing happens when no file is open."""
        if self._file is not None:
            with self._file as file:
                written = self._write(file)
            self._written = written

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            raise ValueError("no file is open")
        return self._file

    def _write(self, file: sqlite3.Connection) -> Written:
        memory, before = self._sandbox.memory, self._written
        if memory.revision > before.revision:
            _write_chats(file, memory, before.revision)
        rows = [_file_row(stored) for stored in memory.files.after(before.files)]
        file.executemany("INSERT INTO files VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", rows)
        rest = {key: json.dumps(value) for key, value in memory.rest().items()}
        changed = [(key, value) for key, value in rest.items() if before.rest.get(key) != value]
        file.executemany("REPLACE INTO rest VALUES (?, ?)", changed)
        return Written(memory.revision, len(memory.files), rest, _write_queue(file, memory, before.queue))


def _prepare(file: sqlite3.Connection) -> None:
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = OFF")
    (version,) = file.execute("PRAGMA user_version").fetchone()
    if version == 0:
        file.executescript(SCHEMA)
    elif version != VERSION:
        raise ValueError("it was written by another version of the sandbox")


def _write_chats(file: sqlite3.Connection, memory: Memory, since: int) -> None:
    for position, chat in enumerate(memory.chats.values()):
        if chat.revision <= since:
            continue
        file.execute("REPLACE INTO chats VALUES (?, ?, ?)", (chat.id, position, json.dumps(_chat(chat))))
        records = [_record_row(chat, record) for record in chat.records.values() if record.revision > since]
        file.executemany("REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", records)
        if chat.is_private:
            person = memory.people[chat.id]
            file.execute("REPLACE INTO people VALUES (?, ?)", (person.id, json.dumps(_person(person))))
            toasts = [_toast_row(person, toast) for toast in person.toasts if toast.revision > since]
            file.executemany("INSERT INTO toasts VALUES (?, ?, ?)", toasts)


def _write_queue(file: sqlite3.Connection, memory: Memory, before: Sequence[Queued]) -> Sequence[Queued]:
    """The queue only ever loses updates in front and gains some at the end."""
    first = memory.queue[0] if memory.queue else None
    kept = list(dropwhile(lambda queued: queued[1] is not first, before))
    gone = before[: len(before) - len(kept)]
    file.executemany("DELETE FROM queue WHERE position = ?", [(position,) for position, _ in gone])
    position = kept[-1][0] if kept else 0
    new = list(enumerate(islice(memory.queue, len(kept), None), position + 1))
    rows = [(position, at, json.dumps(update)) for position, (at, update) in new]
    file.executemany("INSERT INTO queue VALUES (?, ?, ?)", rows)
    return kept + new


def _load(file: sqlite3.Connection, memory: Memory) -> Written:
    for (value,) in file.execute("SELECT value FROM people ORDER BY id"):
        person = Person(**json.loads(value))
        memory.people[person.id] = person
    for number, value in file.execute("SELECT person, value FROM toasts ORDER BY person, revision"):
        memory.people[number].toasts.append(Toast(**json.loads(value)))
    for (value,) in file.execute("SELECT value FROM chats ORDER BY position"):
        chat = _restored(json.loads(value))
        memory.chats[chat.id] = chat
    for number, message_id, revision, outgoing, edited, deleted, raw in file.execute(
        "SELECT chat, id, revision, outgoing, edited, deleted, raw FROM records ORDER BY chat, id"
    ):
        marks = (bool(outgoing), bool(edited), bool(deleted))
        memory.chats[number].records[message_id] = Record(json.loads(raw), revision, *marks)
    memory.files = Files(
        Stored(number, kind, File(content, name, mime), width, height)
        for number, kind, width, height, name, mime, content in file.execute(
            "SELECT id, kind, width, height, name, mime, content FROM files ORDER BY position"
        )
    )
    queue: list[Queued] = [
        (position, (at, json.loads(value)))
        for position, at, value in file.execute("SELECT position, at, value FROM queue ORDER BY position")
    ]
    memory.queue.extend(item for _, item in queue)
    rest = dict(file.execute("SELECT key, value FROM rest"))
    if rest:
        memory.take_rest({key: json.loads(value) for key, value in rest.items()})
    return Written(memory.revision, len(memory.files), rest, queue)


def _chat(chat: Chat) -> Json:
    """A chat but its messages, JSON-able; `_restored` takes it back."""
    told = {name: getattr(chat, name) for name in CHAT_FIELDS}
    return told | {
        "members": list(chat.members.items()),
        "action": asdict(chat.action) if chat.action else None,
    }


def _restored(told: Json) -> Chat:
    action = Action(**told["action"]) if told["action"] else None
    return Chat(**told | {"members": dict(told["members"]), "action": action})


def _person(person: Person) -> Json:
    return {name: getattr(person, name) for name in PERSON_FIELDS}


def _record_row(chat: Chat, record: Record) -> tuple[object, ...]:
    marks = (record.outgoing, record.edited, record.deleted)
    return (chat.id, record.id, record.revision, *marks, json.dumps(record.raw))


def _toast_row(person: Person, toast: Toast) -> tuple[object, ...]:
    return (person.id, toast.revision, json.dumps(asdict(toast)))


def _file_row(stored: Stored) -> tuple[object, ...]:
    file = stored.file
    return (stored.id, stored.kind, stored.width, stored.height, file.name, file.mime, file.content)
