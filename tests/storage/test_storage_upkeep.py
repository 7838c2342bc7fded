"""When things were done, what is left lying, what a restored database must not repeat: on both engines."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.storage.directory import Directory
from bot.storage.engine import Database
from bot.storage.mailboxes import Intent, Lane, Mail, Received
from bot.storage.store import Store
from tests.engines import ask

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a compound without buildings."""
    async with database.transaction() as connection:
        await connection.execute(
            "INSERT INTO compounds (code, name, timezone, locale) VALUES ('l', '绿洲路', 'Asia/Shanghai', '')"
        )
        yield Store(connection)


async def test_what_was_done_last(store: Store) -> None:
    """The newest counts, with its facts; it can be forgotten."""
    assert await store.upkeep.last("backup") is None
    await store.upkeep.note("backup", NOW - HOUR, file="a")
    await store.upkeep.note("backup", NOW, file="b", bytes=7)
    await store.upkeep.note("retention", NOW)

    done = await store.upkeep.last("backup")
    assert done is not None
    assert (done.at, done.facts) == (NOW, {"file": "b", "bytes": 7})
    await store.upkeep.forget("backup")
    assert await store.upkeep.last("backup") is None
    assert await store.upkeep.last("retention") is not None


async def test_the_backlog(store: Store) -> None:
    """What is due counts from when it was due; what waits for its hour does not count."""
    empty = await store.upkeep.backlog(NOW, NOW - HOUR)
    assert {(one.count, one.since) for one in empty.values()} == {(0, None)}

    await store.inbox.put([Received(1, number, "5", "5", "{}") for number in range(3)], NOW - 3 * HOUR)
    await store.inbox.count_attempt(1, "Oops", NOW + HOUR)
    await store.inbox.bury(2, "Oops", NOW - HOUR / 2)
    mail = [Mail(1, "5", Lane.WORK, Intent.SAY, {}, not_before=at) for at in (None, NOW - HOUR, NOW + HOUR)]
    await store.outbox.put(mail, NOW - 2 * HOUR)
    await store.chores.put("x", 1, NOW - HOUR)
    await store.chores.put("restored", 0, datetime(1970, 1, 1, tzinfo=UTC))

    found = await store.upkeep.backlog(NOW, NOW - HOUR)
    assert {what: (one.count, one.since) for what, one in found.items()} == {
        "letters": (1, NOW - 3 * HOUR),
        "mail": (2, NOW - 2 * HOUR),
        "dues": (0, None),
        "chores": (2, NOW - HOUR),
        "buried letters": (1, NOW - HOUR / 2),
        "buried mail": (0, None),
    }


async def test_incomplete_buildings(store: Store) -> None:
    """Without entrances, without units, without either; a complete one is not among them."""
    directory = Directory(store.connection)
    await directory.put_buildings(1, {str(number): f"{number}号楼" for number in range(1, 5)})
    await directory.put_entrances({(1, "1"): "1单元", (2, "1"): "1单元"})
    await directory.put_units({(1, 1, "101"): None, (3, None, "101"): None})

    found = [
        (one.compound_id, one.name, one.no_entrances, one.no_units) for one in await store.upkeep.incomplete()
    ]
    assert found == [(1, "2号楼", False, True), (1, "3号楼", True, False), (1, "4号楼", True, True)]


async def test_numbers_go_on_with_the_next_hundred(store: Store) -> None:
    """Also on a day that had none."""
    for _ in range(7):
        await store.issues.next_number(1, "261124")
    await store.upkeep.skip_numbers([(1, "261124"), (1, "261125")])
    assert await store.issues.next_number(1, "261124") == "261124-101"
    assert await store.issues.next_number(1, "261125") == "261125-101"
    await store.upkeep.skip_numbers([(1, "261124")])
    assert await store.issues.next_number(1, "261124") == "261124-201"


async def test_old_mail_expires(store: Store) -> None:
    """What is younger, or waits for an hour to come, is still sent."""
    for chat, created, hour in (
        ("old", NOW - 30 * HOUR, None),
        ("young", NOW - HOUR, None),
        ("later", NOW - 30 * HOUR, NOW + HOUR),
    ):
        await store.outbox.put(
            [Mail(1, chat, Lane.WORK, Intent.SAY, {"text": "x"}, not_before=hour)], created
        )
    await store.upkeep.expire_mail(NOW - 24 * HOUR, NOW)

    rows = await ask(store.connection, "SELECT chat, state FROM outbox ORDER BY chat")
    assert [tuple(row) for row in rows] == [("later", "waiting"), ("old", "expired"), ("young", "waiting")]


async def test_announcements_by_where_they_stand(store: Store) -> None:
    """Being sent, but for corrections; and those whose hour has come."""
    await store.people.new(NOW)
    for state, corrects, send_at in (
        ("sending", "NULL", 1),
        ("sending", "1", 1),
        ("scheduled", "NULL", 1),
        ("scheduled", "NULL", 10**17),
        ("draft", "NULL", 1),
    ):
        await store.connection.execute(
            "INSERT INTO announcements (compound_id, author_id, author_post, state, class, html, photos,"
            " audience, channels, activity_role, corrects_id, send_at, created_at, version)"
            f" VALUES (1, 1, '', '{state}', 'ordinary', '', '', '', '', '', {corrects}, {send_at}, 1, 1)"
        )
    assert await store.upkeep.on_their_way() == [1]
    assert await store.upkeep.overdue_announcements(NOW) == [3]
