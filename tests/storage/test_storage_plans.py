"""With a year of finished mail behind them, the statements of every turn still go straight to what waits."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

from bot.storage import postgres as postgres_engine
from bot.storage import sqlite as sqlite_engine
from bot.storage.engine import to_micros
from bot.storage.postgres import PostgresConnection, PostgresDatabase
from bot.storage.sqlite import SqliteConnection, SqliteDatabase
from bot.storage.store import Store

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PARAMETERS = {
    "channel": "telegram",
    "bot_id": 1,
    "now": to_micros(NOW),
    "lease_until": to_micros(NOW + timedelta(seconds=30)),
    "before": 1_000,
    "most": 30,
    "id": 100_500,
    "issue_id": 1,
    "person_id": 1,
    "chat": "5",
    "old_chat": "5",
    "new_chat": "6",
    "error": "Forbidden",
    "card_key": "activity:1",
    **dict.fromkeys(("gram", "first", "second", "third", "fourth"), "灯坏"),
}
EVERY_TURN = (
    "claim_letter",
    "finish_letter",
    "last_update_id",
    "claim_mail",
    "next_mail_at",
    "settle_sent",
    "bury_chat",
    "move_chat_mail",
    "claim_due",
    "claim_notices",
    "sweep_outbox",
    "events_of_issue",
    "issues_of_handler",
    "issues_in_hand",
    "find_everywhere",
    "find_in_sight",
    "count_gram",
    "drop_grams",
    "compounds_in_sight",
    "issues_of_reporter",
    "activity_locked",
    "signups_of_activity",
    "activities_coming",
    "activities_signed_up_for",
    "cards_in_groups",
    "cards_in_private",
)
WALKS = ("claim_letter", "claim_mail", "next_mail_at")
"""These look at what waits one by one, but at nothing else."""
BIG = (
    *("inbox", "outbox", "notices", "dues", "issues", "issue_events", "issue_grams", "issue_people"),
    *("activities", "signups", "cards", "appointments", "residencies"),
)
FINISHED, WAITING = 100_000, 2_000
LETTERS = """
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
INSERT INTO inbox (
  bot_id, update_id, sender, chat, payload, state, attempts, not_before, received_at, finished_at
)
SELECT 1, i, CAST(i % 700 AS TEXT), CAST(i % 700 AS TEXT), '', '{state}', 0, 0, 0, {finished} FROM n
"""
MAIL = """
WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last})
INSERT INTO outbox (
  bot_id, chat, lane, intent, payload, state,
  not_before, retry_at, lease_until, attempts, created_at, settled_at
)
SELECT 1, CAST(i % 700 AS TEXT), i % 4, 'say', '{{}}', '{state}', 0, 0, 0, 0, 0, {finished} FROM n
"""


async def fill(connection: SqliteConnection | PostgresConnection) -> None:
    """Both mailboxes: 100,000 rows finished, 2,000 waiting."""
    for sql, done, waiting in ((LETTERS, "done", "new"), (MAIL, "sent", "waiting")):
        await connection.execute(sql.format(first=1, last=FINISHED, state=done, finished="i"))
        last = FINISHED + WAITING
        await connection.execute(sql.format(first=FINISHED + 1, last=last, state=waiting, finished="NULL"))


async def test_sqlite_reads_no_table_from_end_to_end(sqlite: SqliteDatabase) -> None:
    """Without any statistics, as a fresh installation has none."""
    async with sqlite.transaction() as connection:
        assert isinstance(connection, SqliteConnection)
        await fill(connection)
        for name in EVERY_TURN:
            sql = sqlite_engine.statements()[name]
            names = re.findall(r":(\w+)", re.sub(r"--.*", "", sql))
            values = {name: PARAMETERS.get(name, 0) for name in names}
            steps = [row["detail"] for row in connection.raw.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
            scanned = [step for step in steps if step.startswith("SCAN") and step.split()[1] in (*BIG, "i")]
            walked = [step for step in scanned if "INDEX" in step and name in WALKS]
            assert scanned == walked, (name, steps)


async def test_postgresql_reads_no_table_from_end_to_end(postgres: PostgresDatabase) -> None:
    """With the statistics that the server gathers by itself."""
    queries, order = postgres_engine.statements()
    async with postgres.transaction() as connection:
        assert isinstance(connection, PostgresConnection)
        await fill(connection)
        await connection.execute("ANALYZE")
        for name in EVERY_TURN:
            values = [PARAMETERS.get(word, 0) for word in order.get(name, [])]
            prepared = await connection.raw.prepare(queries[name])
            plan = json.dumps(await prepared.explain(*values))
            scanned = re.findall(r'"Seq Scan"[^}]*?"Relation Name": "(inbox|outbox)"', plan)
            assert scanned == [], (name, plan)


async def test_the_right_ones_are_found_among_them(sqlite: SqliteDatabase) -> None:
    """The plan is quick, and what it finds is what waits."""
    async with sqlite.transaction() as connection:
        assert isinstance(connection, SqliteConnection)
        await fill(connection)
        letter = await Store(connection).inbox.claim("telegram", NOW)
        assert letter is not None
        assert letter.update_id == FINISHED + 1
        items = await Store(connection).outbox.claim(900, NOW, NOW + timedelta(seconds=30))
        # 700 chats, 175 of each lane; of toasts all may go, of the rest one for each chat.
        assert Counter(item.lane for item in items) == {0: 500, 1: 175, 2: 175, 3: 50}
