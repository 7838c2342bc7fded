"""A compound where everybody has moved in: thousands of people, their accounts, their groups."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.actions.announcements import SEND
from bot.actions.desk import Desk, Rules
from bot.actions.importing import import_register
from bot.app import TEMPLATES
from bot.domain.announcing import Channel, Class, State
from bot.domain.audiences import COMPOUND, Audience
from bot.domain.posts import PostKind
from bot.domain.register import read_register
from bot.samples import write_large
from bot.sandbox.people import Group, User
from bot.spreadsheets import read
from bot.storage.activities import Activity
from bot.storage.announcements import Announcement
from bot.storage.engine import Connection, to_micros
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from bot.texts import Texts
from tests.crowd import Square
from tests.engines import ask


@dataclass(frozen=True, slots=True)
class FullHouse:
    """Residents in the order of their units, two officers of the committee, groups of buildings."""

    path: Path
    residents: list[User]
    officers: tuple[User, User]
    groups: list[Group]

    async def announces(self, html: str, now: datetime, activity_id: int | None = None) -> int:
        """An announcement of the first officer to all, with the second one's yes: it goes out now.

        With an activity it is its invitation, and `html` is not looked at.
        """
        database = await SqliteDatabase.open(str(self.path))
        try:
            async with database.transaction() as connection:
                store = Store(connection)
                author, second = [
                    row["person_id"]
                    for user in self.officers
                    for row in await ask(
                        connection,
                        f"SELECT person_id FROM accounts WHERE address = '{user.id}'",  # noqa: S608
                    )
                ]
                number = await store.announcements.new(
                    Announcement(
                        id=0,
                        compound_id=1,
                        author_id=author,
                        author_post=PostKind.OWNERS_COMMITTEE_DIRECTOR.value,
                        state=State.SCHEDULED,
                        klass=Class.ORDINARY,
                        html=html,
                        photos=(),
                        audience=Audience((COMPOUND,)),
                        channels=frozenset(Channel),
                        activity_id=activity_id,
                        activity_role="invite" if activity_id else "",
                        second_id=second,
                        send_at=now,
                        created_at=now,
                    )
                )
                await store.chores.put(SEND, number, now)
        finally:
            await database.close()
        return number

    async def invites(self, title: str, capacity: int, now: datetime) -> int:
        """An activity for all a week from now, with so many seats, whose invitation goes out now: its id."""
        database = await SqliteDatabase.open(str(self.path))
        try:
            async with database.transaction() as connection:
                activity_id = await Store(connection).activities.put(
                    Activity(
                        id=0,
                        compound_id=1,
                        interest_group_id=None,
                        author_id=1,
                        author_post=PostKind.OWNERS_COMMITTEE_DIRECTOR.value,
                        state="draft",
                        title=title,
                        place="广场",
                        about="",
                        photo="",
                        starts_at=now + timedelta(days=7),
                        ends_at=None,
                        deadline_at=None,
                        capacity=capacity,
                        per_household=None,
                        hold=timedelta(hours=12),
                        audience=Audience((COMPOUND,)),
                        version=0,
                        check_in_code=title,
                    ),
                    now,
                )
        finally:
            await database.close()
        assert activity_id is not None
        await self.announces("", now, activity_id)
        return activity_id

    def copies(self, square: Square, words: str) -> Counter[int]:
        """How many messages of the bot with these words stand in each chat of theirs."""
        chats = square.sandbox.memory.chats
        theirs = [*(user.id for user in self.residents), *(group.id for group in self.groups)]
        return Counter(
            {
                chat: sum(
                    record.outgoing and words in record.raw.get("text", "")
                    for record in chats[chat].records.values()
                )
                for chat in theirs
            }
        )

    @staticmethod
    async def founded(path: Path, square: Square, residents: int, groups: int) -> "FullHouse":
        """Straight into the rows: what thousands of people would have tapped is not what is tested."""
        database = await SqliteDatabase.open(str(path))
        now = square.clock()
        try:
            await database.migrate()
            with TemporaryDirectory() as folder:
                write_large(Path(folder))
                register, mistakes = read_register(read(Path(folder)))
            assert not mistakes
            async with database.transaction() as connection:
                desk = Desk(Store(connection), Texts(TEMPLATES), Rules(0, ""), now)
                await import_register(desk, register)
                units = [row["id"] for row in await ask(connection, "SELECT id FROM units ORDER BY id")]
                assert residents <= len(units)
                people = [_moved_in(square, f"住户{number}") for number in range(residents)]
                for user, unit in zip(people, units, strict=False):
                    await _join(connection, user, unit, now)
                kinds = (PostKind.OWNERS_COMMITTEE_DIRECTOR, PostKind.BRANCH_SECRETARY)
                officers = [_moved_in(square, kind.value) for kind in kinds]
                for user, kind in zip(officers, kinds, strict=True):
                    await _appoint(connection, user, kind, now)
                chats = [
                    await _bind(connection, square, officers[0], number, now) for number in range(groups)
                ]
        finally:
            await database.close()
        return FullHouse(path, people, (officers[0], officers[1]), chats)


def _moved_in(square: Square, name: str) -> User:
    user = square.sandbox.user(name)
    user.data.started = True
    return user


async def _account(connection: Connection, user: User, now: datetime) -> int:
    at = to_micros(now)
    (person,) = await ask(
        connection,
        f"INSERT INTO people (locale, created_at) VALUES ('zh_CN', {at}) RETURNING id",  # noqa: S608
    )
    await ask(
        connection,
        "INSERT INTO accounts (person_id, channel, address, display_name, language)"  # noqa: S608
        f" VALUES ({person['id']}, 'telegram', '{user.id}', '{user.name}', 'zh-hans')",
    )
    return int(person["id"])


async def _join(connection: Connection, user: User, unit: int, now: datetime) -> None:
    person, at = await _account(connection, user, now), to_micros(now)
    await ask(
        connection,
        "INSERT INTO residencies (person_id, unit_id, kind, state, asked_at, decided_at)"  # noqa: S608
        f" VALUES ({person}, {unit}, 'owner', 'approved', {at}, {at})",
    )


async def _appoint(connection: Connection, user: User, kind: PostKind, now: datetime) -> None:
    person = await _account(connection, user, now)
    post = f"SELECT id FROM posts WHERE kind = '{kind.value}' LIMIT 1"  # noqa: S608
    await ask(connection, f"UPDATE appointments SET ends_at = 1 WHERE post_id = ({post})")  # noqa: S608
    await ask(
        connection,
        "INSERT INTO appointments (post_id, person_id, starts_at)"  # noqa: S608
        f" SELECT id, {person}, {to_micros(now)} FROM ({post}) AS found",
    )


async def _bind(connection: Connection, square: Square, owner: User, number: int, now: datetime) -> Group:
    group = square.sandbox.group(f"{number + 1}号楼群", owner, supergroup=True)
    square.sandbox.memory.chats[group.id].bot = "member"
    await ask(
        connection,
        "INSERT INTO groups"  # noqa: S608
        " (channel, address, title, standing, rights, compound_id, building_id, bound_at)"
        f" SELECT 'telegram', '{group.id}', '{group.title}', 'member', '[]', compound_id, id,"
        f" {to_micros(now)}"
        f" FROM (SELECT id, compound_id FROM buildings ORDER BY id LIMIT 1 OFFSET {number}) AS b",
    )
    return group
