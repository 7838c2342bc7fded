"""Two people of ours become one: no column is forgotten, nothing is lost, nothing is there twice."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.storage.engine import Connection, Database, named_queries, to_micros
from bot.storage.merging import COLUMNS, HANDLERS, Twice
from bot.storage.postgres import PostgresDatabase
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from tests.engines import ask

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
OLD, NEW, OTHER = 1, 2, 3
"""The one who stays, the one who turns out to be them, and a neighbour."""


# The table ---------------------------------------------------------------------------------------------


async def test_every_column_that_refers_to_people_is_decided_on_sqlite(sqlite: SqliteDatabase) -> None:
    """Whoever adds such a column says in storage/merging.py what becomes of it."""
    found = set()
    async with sqlite.transaction() as connection:
        for table in await ask(connection, "SELECT name FROM sqlite_master WHERE type = 'table'"):
            for key in await ask(connection, f"PRAGMA foreign_key_list({table['name']})"):
                if key["table"] == "people":
                    found.add(f"{table['name']}.{key['from']}")
    assert found == {*COLUMNS, HANDLERS}


async def test_every_column_that_refers_to_people_is_decided_on_postgresql(
    postgres: PostgresDatabase,
) -> None:
    """The same on the other engine."""
    async with postgres.transaction() as connection:
        rows = await ask(
            connection,
            "SELECT conrelid::regclass::text AS name, attname AS column FROM pg_constraint "
            "JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] "
            "WHERE contype = 'f' AND confrelid = 'people'::regclass",
        )
    assert {f"{row['name']}.{row['column']}" for row in rows} == {*COLUMNS, HANDLERS}


def test_each_statement_speaks_of_its_column() -> None:
    """The table names a statement for each column; it changes that table, and names that column."""
    for column, statements in {**COLUMNS, HANDLERS: ("merge_handlers",)}.items():
        table, name = column.split(".")
        assert statements
        for statement in statements:
            sql = named_queries()[statement]
            assert re.search(rf"\b(UPDATE|DELETE FROM) {table}\b", sql), (column, statement)
            assert re.search(rf"\b{name}\b", sql), (column, statement)


# What it does ------------------------------------------------------------------------------------------

PLACES = """
INSERT INTO compounds (id, code, name, timezone, locale) VALUES (1, 'a', 'A', 'Asia/Shanghai', 'zh_CN');
INSERT INTO buildings (id, compound_id, label, name) VALUES (1, 1, '3', '3');
INSERT INTO units (id, building_id, entrance_id, label) VALUES (1, 1, NULL, '101'), (2, 1, NULL, '102'),
(3, 1, NULL, '103');
INSERT INTO posts (id, compound_id, kind, duty, hours, phone_shown)
VALUES (1, 1, 'branch_secretary', '', '', 0), (2, 1, 'grid_officer', '', '', 0)
"""


async def run(connection: Connection, script: str) -> None:
    """Several statements of plain SQL."""
    for statement in script.split(";\n"):
        await connection.execute(statement)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a small compound with three people in it."""
    async with database.transaction() as connection:
        await run(connection, PLACES)
        store = Store(connection)
        assert [await store.people.new(NOW) for _ in range(3)] == [OLD, NEW, OTHER]
        yield store


async def merged(store: Store) -> None:
    """All there is to do to the rows."""
    assert await store.merging.lock(NEW, OLD)
    await store.merging.move(NEW, OLD, LATER)
    await store.merging.move_handled(NEW, OLD)


async def values(store: Store, sql: str) -> list[tuple[object, ...]]:
    """Rows as tuples."""
    return [
        tuple(row.values()) if hasattr(row, "values") else tuple(row)
        for row in await ask(store.connection, sql)
    ]


async def test_a_tombstone_is_left(store: Store) -> None:
    """No details, no account, no language; it is no person to be merged again."""
    await store.people.put_account(NEW, "telegram", "6", "新", "zh-hans")
    await store.people.put_details(NEW, "王芳", "139")
    await store.people.set_locale(NEW, "en")
    await merged(store)
    at = to_micros(LATER)
    assert await values(store, "SELECT id, locale, forgotten_at FROM people ORDER BY id") == [
        (OLD, "en", None),
        (NEW, None, at),
        (OTHER, None, None),
    ]
    assert await values(store, "SELECT person_id, address FROM accounts") == [(OLD, "6")]
    assert await values(store, "SELECT * FROM personal_details") == []
    assert not await store.merging.lock(NEW, OLD)
    assert not await store.merging.lock(OLD, OLD)
    assert not await store.merging.lock(99, OLD)


async def test_homes(store: Store) -> None:
    """Approved stays before pending, the register's before others; one home at most comes first."""
    await run(
        store.connection,
        f"""
INSERT INTO residencies (person_id, unit_id, kind, state, asked_at, is_listed, is_main, decided_by) VALUES
({OLD}, 1, 'owner', 'ended', 1, 0, 0, {NEW}), ({NEW}, 1, 'renter', 'approved', 2, 0, 1, NULL),
({OLD}, 2, 'owner', 'approved', 3, 0, 1, NULL), ({NEW}, 2, 'renter', 'pending', 4, 0, 0, NULL),
({OTHER}, 2, 'family', 'approved', 5, 0, 1, {NEW}),
({OLD}, 3, 'family', 'approved', 6, 0, 0, NULL), ({NEW}, 3, 'owner', 'approved', 7, 1, 0, NULL)""",
    )
    await merged(store)
    assert await values(
        store,
        "SELECT person_id, unit_id, kind, state, is_main, decided_by FROM residencies ORDER BY asked_at",
    ) == [
        (OLD, 1, "renter", "approved", 0, None),
        (OLD, 2, "owner", "approved", 1, None),
        (OTHER, 2, "family", "approved", 1, OLD),
        (OLD, 3, "owner", "approved", 0, None),
    ]


async def test_posts(store: Store) -> None:
    """Of two times in one post the holder's stays before the deputy's, then the older; what is over stays."""
    await run(
        store.connection,
        f"""
INSERT INTO appointments (post_id, person_id, starts_at, ends_at, is_deputy, acting_for) VALUES
(1, {OLD}, 1, 2, 0, NULL), (1, {OLD}, 3, NULL, 1, NULL), (1, {NEW}, 4, NULL, 0, NULL),
(2, {OTHER}, 5, NULL, 0, NULL), (2, {NEW}, 6, NULL, 0, {OTHER}), (1, {OTHER}, 7, NULL, 0, {NEW});
INSERT INTO absences (person_id, compound_id, stand_in_id, from_at, until_at, with_accepted,
created_at) VALUES
({OLD}, 1, {NEW}, 1, 2, 0, 1), ({NEW}, 1, {OLD}, 3, 4, 0, 2), ({NEW}, 1, {OTHER}, 5, 6, 0, 3), ({OTHER},
1, {NEW}, 7, 8, 0, 4)""",
    )
    await merged(store)
    assert await values(
        store,
        "SELECT post_id, person_id, starts_at, is_deputy, acting_for FROM appointments ORDER BY starts_at",
    ) == [
        (1, OLD, 1, 0, None),
        (1, OLD, 4, 0, None),
        (2, OTHER, 5, 0, None),
        (2, OLD, 6, 0, OTHER),
        (1, OTHER, 7, 0, OLD),
    ]
    assert await values(store, "SELECT person_id, stand_in_id FROM absences ORDER BY created_at") == [
        (OLD, None),
        (OLD, None),
        (OLD, OTHER),
        (OTHER, OLD),
    ]


ISSUE = """
INSERT INTO issues (
  id, compound_id, number, category, urgency, is_private, place_kind, text, state, reporter_id,
reporter_approved,
  handler_id, handler_post, reason, filed_at, assigned_at, reopen_count, clock_kind, accept_term,
resolve_term,
  resolve_used, proxy_id
) VALUES ({id}, 1, '{id}', 'lighting', 'ordinary', 0, 'compound', '', 'open', {reporter}, 1, {handler},
  'branch_secretary', '{{}}', 1, 1, 0, 'always', 1, 1, 0, {proxy})"""


async def test_issues(store: Store) -> None:
    """Reported, reported for others, handled, followed and done: all of it is theirs, once."""
    for number, (reporter, handler, proxy) in enumerate(
        [(NEW, OTHER, "NULL"), (OTHER, NEW, "NULL"), (OTHER, OTHER, NEW), (OLD, OTHER, NEW)], 1
    ):
        await run(store.connection, ISSUE.format(id=number, reporter=reporter, handler=handler, proxy=proxy))
    for issue, person, part in (
        (1, OLD, "follows"),
        (2, OLD, "concerned"),
        (2, NEW, "concerned"),
        (3, NEW, "follows"),
    ):
        await store.issues.add_part(issue, person, part)
    facts = {"actor_id": NEW, "action": "file", "from_state": "", "to_state": "open", "text": "", "facts": {}}
    await store.issues.record(1, **facts, attachments=(), now=NOW)  # type: ignore[arg-type]
    await store.notices.put(NEW, 1, "reminder", 0, {}, NOW, NOW)
    await merged(store)
    assert await values(store, "SELECT id, reporter_id, handler_id, proxy_id FROM issues ORDER BY id") == [
        (1, OLD, OTHER, None),
        (2, OTHER, OLD, None),
        (3, OTHER, OTHER, OLD),
        (4, OLD, OTHER, None),
    ]
    assert await values(store, "SELECT issue_id, person_id, part FROM issue_people ORDER BY issue_id") == [
        (2, OLD, "concerned"),
        (3, OLD, "follows"),
    ]
    assert await values(store, "SELECT actor_id FROM issue_events") == [(OLD,)]
    assert await values(store, "SELECT person_id FROM notices") == [(OLD,)]


async def test_what_there_is_one_of_is_kept_once(store: Store) -> None:
    """Memberships, receipts and mutes of both: the older; the question open on the new phone stays."""
    await run(
        store.connection,
        f"""
INSERT INTO interest_groups (id, compound_id, name, about, leader_id, practice_place, created_at)
VALUES (1, 1, '舞蹈队', '', {NEW}, '', 1);
INSERT INTO interest_group_members (interest_group_id, person_id, joined_at) VALUES (1, {OLD}, 5), (1,
{NEW}, 4);
INSERT INTO announcements (id, compound_id, author_id, author_post, state, class, html, photos, audience,
channels,
  activity_role, created_at, version) VALUES (1, 1, {OTHER}, '', 'sent', 'ordinary', '', '[]', '[]', '',
'', 1, 0);
INSERT INTO read_receipts (announcement_id, person_id, at) VALUES (1, {OLD}, 2), (1, {NEW}, 1);
INSERT INTO mutes (person_id, compound_id, interest_group_id, since) VALUES ({OLD}, 1, 0, 1), ({NEW}, 1,
0, 2), ({NEW}, 1, 1, 3);
INSERT INTO dialogs (chat, person_id, dialog, step, data, round, touched_at) VALUES
('6', {NEW}, 'report', 'words', '{{}}', 1, 1), ('-5', {NEW}, 'x', 'y', '{{}}', 2, 1), ('-5', {OLD}, 'x',
'y', '{{}}', 3, 1);
INSERT INTO moving_codes (code, person_id, expires_at) VALUES ('A', {OLD}, 1), ('B', {NEW}, 1)""",
    )
    await merged(store)
    assert await values(store, "SELECT person_id, joined_at FROM interest_group_members") == [(OLD, 4)]
    assert await values(store, "SELECT leader_id FROM interest_groups") == [(OLD,)]
    assert await values(store, "SELECT person_id, at FROM read_receipts") == [(OLD, 1)]
    assert await values(store, "SELECT person_id, interest_group_id, since FROM mutes ORDER BY since") == [
        (OLD, 0, 1),
        (OLD, 1, 3),
    ]
    assert await values(store, "SELECT person_id, chat, round FROM dialogs ORDER BY round") == [
        (OLD, "6", 1),
        (OLD, "-5", 2),
    ]
    assert await values(store, "SELECT * FROM moving_codes") == []


async def test_an_old_account_reaches_nobody(store: Store) -> None:
    """What waits goes to the new address; what would go there anyway goes once."""
    await store.people.put_account(OLD, "telegram", "5", "旧", "")
    await store.people.put_account(NEW, "telegram", "6", "新", "")
    assert await store.merging.addresses(OLD) == {"telegram": "5"}
    await run(
        store.connection,
        f"""
INSERT INTO announcements (id, compound_id, author_id, author_post, state, class, html, photos, audience,
channels,
  activity_role, created_at, version) VALUES (1, 1, {OTHER}, '', 'sending', 'ordinary', '', '[]', '[]',
'', '', 1, 0),
  (2, 1, {OTHER}, '', 'sending', 'ordinary', '', '[]', '[]', '', '', 1, 0);
INSERT INTO deliveries (id, announcement_id, chat, person_id, state, reason) VALUES
(1, 1, '5', {OLD}, 'planned', ''), (2, 2, '5', {OLD}, 'planned', ''), (3, 2, '6', {NEW}, 'planned', '');
INSERT INTO outbox (bot_id, chat, lane, intent, payload, state, not_before, retry_at, lease_until,
attempts, created_at)
VALUES (1, '5', 1, 'say', '{{}}', 'waiting', 0, 0, 0, 0, 0), (1, '5', 1, 'say', '{{}}', 'sent', 0, 0, 0,
0, 0);
INSERT INTO cards (chat, card_key, message_id) VALUES ('5', 'home:1', 7);
INSERT INTO dialogs (chat, person_id, dialog, step, data, round, touched_at) VALUES ('5', {OLD}, 'x',
'y', '{{}}', 3, 1)""",
    )
    await store.merging.unlink(OLD, "telegram", "5", "6")
    await merged(store)
    assert await values(store, "SELECT person_id, address FROM accounts") == [(OLD, "6")]
    assert await values(store, "SELECT id, chat, person_id FROM deliveries ORDER BY id") == [
        (1, "6", OLD),
        (2, "5", OLD),
        (3, "6", OLD),
    ]
    assert await values(store, "SELECT chat, state FROM outbox ORDER BY id") == [
        ("6", "waiting"),
        ("5", "sent"),
    ]
    assert await values(store, "SELECT * FROM cards") == []
    assert await values(store, "SELECT * FROM dialogs") == []


async def test_signups(store: Store) -> None:
    """The later party of an activity both are in is found; households are named anew."""
    await run(
        store.connection,
        f"""
INSERT INTO activities (id, compound_id, author_id, author_post, state, title, place, about, photo, starts_at,
  hold_hours, audience, version, check_in_code, created_at)
VALUES (1, 1, {OTHER}, '', 'open', '', '', '', '', 1, 1, '[]', 0, 'a', 1), (2, 1, {OTHER}, '', 'open',
'', '', '', '', 2, 1, '[]', 0, 'b', 1);
INSERT INTO signups (id, activity_id, signer_id, person_id, household, names, placed, state, offered,
passes, created_at) VALUES
(1, 1, {OLD}, {OLD}, 'unit:1', '["王芳"]', 1, 'confirmed', 0, 0, 1),
(2, 1, {NEW}, {NEW}, 'person:{NEW}', '["王芳", "小宝"]', 2, 'waiting', 0, 0, 1),
(3, 1, {NEW}, NULL, 'guests:{NEW}', '["张爷爷"]', 3, 'waiting', 0, 0, 1),
(4, 2, {OLD}, {OLD}, 'unit:1', '["王芳"]', 1, 'withdrawn', 0, 0, 1),
(5, 2, {NEW}, {NEW}, 'unit:1', '["王芳"]', 2, 'confirmed', 0, 0, 1),
(6, 2, {OTHER}, {OTHER}, 'unit:2', '["李"]', 3, 'confirmed', 0, 0, 1)""",
    )
    assert await store.merging.twice(NEW, OLD) == [Twice(2, NEW, ("王芳", "小宝"))]
    await store.merging.without_self(2)
    assert await store.merging.twice(NEW, OLD) == []
    await merged(store)
    assert await values(store, "SELECT id, signer_id, person_id, household FROM signups ORDER BY id") == [
        (1, OLD, OLD, "unit:1"),
        (2, OLD, None, f"person:{OLD}"),
        (3, OLD, None, f"guests:{OLD}"),
        (4, OLD, OLD, "unit:1"),
        (5, OLD, OLD, "unit:1"),
        (6, OTHER, OTHER, "unit:2"),
    ]
