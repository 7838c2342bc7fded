"""The mailboxes on both engines: what is taken in which order, by one at a time, and exactly once."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.storage.dialogs import DialogState
from bot.storage.engine import Database
from bot.storage.mailboxes import Intent, Lane, Letter, Mail, Outgoing, Received
from bot.storage.postgres import PostgresDatabase
from bot.storage.store import Store
from tests.engines import ask

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=30)
BOT = 1


async def receive(database: Database, *senders: str, first: int = 1) -> None:
    """A letter from each sender, in this order."""
    letters = [
        Received(BOT, first + place, sender, sender, f'{{"update_id": {first + place}}}')
        for place, sender in enumerate(senders)
    ]
    async with database.transaction() as connection:
        await Store(connection).inbox.put(letters, NOW)


async def take(database: Database, now: datetime = NOW) -> Letter | None:
    """Claim a letter and finish it."""
    async with database.transaction() as connection:
        inbox = Store(connection).inbox
        letter = await inbox.claim("telegram", now)
        if letter is not None:
            await inbox.finish(letter.id, now)
        return letter


async def post(database: Database, *mail: Mail) -> None:
    """Put mail into the outbox."""
    async with database.transaction() as connection:
        await Store(connection).outbox.put(mail, NOW)


async def claim(database: Database, most: int = 100, now: datetime = NOW) -> list[Outgoing]:
    """Lease what may be sent."""
    async with database.transaction() as connection:
        return await Store(connection).outbox.claim(most, now, now + LEASE)


def mail(
    chat: str,
    text: str = "",
    lane: Lane = Lane.REPLY,
    *,
    not_before: datetime | None = None,
    dedupe_key: str | None = None,
    card_key: str | None = None,
) -> Mail:
    """Something to say."""
    return Mail(
        BOT,
        chat,
        lane,
        Intent.SAY,
        {"text": text or chat},
        card_key=card_key,
        not_before=not_before,
        dedupe_key=dedupe_key,
    )


def texts(items: Sequence[Outgoing]) -> list[str]:
    """What was claimed."""
    return [item.payload["text"] for item in items]


# The inbox ---------------------------------------------------------------------------------------------


async def test_a_letter_comes_with_all_a_turn_must_know(database: Database) -> None:
    """Who wrote it, in which language, and which question is open; nothing of it for a stranger."""
    async with database.transaction() as connection:
        store = Store(connection)
        person_id = await store.people.new(NOW)
        await store.people.put_account(person_id, "telegram", "5", "王", "zh-hans")
        await store.people.set_locale(person_id, "zh_TW")
        state = DialogState("report", "what", {"text": "楼道灯坏了"}, 3)
        await store.dialogs.save("5", person_id, state, NOW - SECOND)
        await store.people.mark_unreachable("telegram", "5", NOW)
    await receive(database, "5", "6")

    known, stranger = await take(database), await take(database)
    assert known == Letter(
        id=1,
        bot_id=BOT,
        update_id=1,
        sender="5",
        chat="5",
        payload='{"update_id": 1}',
        attempts=0,
        person_id=person_id,
        display_name="王",
        language="zh-hans",
        unreachable=True,
        locale="zh_TW",
        is_elder=False,
        misunderstood=0,
        elder_offered_at=None,
        dialog="report",
        step="what",
        data='{"text": "楼道灯坏了"}',
        round=3,
        touched_at=NOW - SECOND,
    )
    assert stranger is not None
    assert (stranger.person_id, stranger.dialog, stranger.round, stranger.touched_at) == (None, None, 0, None)
    assert await take(database) is None


async def test_the_oldest_letter_comes_first(database: Database) -> None:
    """In the order in which they came."""
    await receive(database, "5", "6", "5", "7")
    taken = [await take(database) for _ in range(5)]
    assert [letter and letter.update_id for letter in taken] == [1, 2, 3, 4, None]


async def test_a_second_delivery_changes_nothing(database: Database) -> None:
    """An update is the same when its bot and number are; a handled one does not come back."""
    await receive(database, "5")
    await take(database)
    await receive(database, "5")
    assert await take(database) is None
    async with database.transaction() as connection:
        inbox = Store(connection).inbox
        await inbox.put([Received(BOT + 1, 1, "5", "5", "{}")], NOW)
        await inbox.put([], NOW)
        assert await inbox.last_update_id(BOT) == 1
        assert await inbox.last_update_id(99) is None
    assert await take(database) is not None


async def test_a_handled_letter_keeps_nothing_personal(database: Database) -> None:
    """The payload is emptied at once; that of a buried one stays for the operator."""
    await receive(database, "5", "6")
    await take(database)
    async with database.transaction() as connection:
        await Store(connection).inbox.bury(2, "ValueError", NOW)
        first, second = await ask(connection, "SELECT * FROM inbox ORDER BY id")
    assert (first["state"], first["payload"], first["error"], first["attempts"]) == ("done", "", None, 0)
    assert (second["state"], second["error"], second["attempts"]) == ("buried", "ValueError", 1)
    assert "update_id" in second["payload"]
    assert first["finished_at"] == second["finished_at"] is not None


async def test_what_failed_is_tried_again_and_keeps_its_place(database: Database) -> None:
    """Its sender's later letters wait for it, nobody else's do."""
    await receive(database, "5", "5", "6")
    async with database.transaction() as connection:
        inbox = Store(connection).inbox
        letter = await inbox.claim("telegram", NOW)
        assert letter is not None
        await inbox.count_attempt(letter.id, "KeyError", NOW + 5 * SECOND)
    other = await take(database)
    assert other is not None
    assert other.sender == "6"
    assert await take(database, NOW + 4 * SECOND) is None
    again = await take(database, NOW + 5 * SECOND)
    assert again is not None
    assert (again.update_id, again.attempts) == (1, 1)
    last = await take(database, NOW + 5 * SECOND)
    assert last is not None
    assert last.update_id == 2


async def test_old_letters_are_forgotten_but_the_newest(database: Database) -> None:
    """What waits stays, and so does the update behind which polling goes on."""
    await receive(database, "5", "6", "7", "8")
    for _ in range(2):
        await take(database)
    async with database.transaction() as connection:
        inbox = Store(connection).inbox
        await inbox.bury(4, "Malformed", NOW)
        await inbox.sweep(NOW)
        assert len(await ask(connection, "SELECT id FROM inbox")) == 4
        await inbox.sweep(NOW + SECOND)
        assert [row["id"] for row in await ask(connection, "SELECT id FROM inbox ORDER BY id")] == [3, 4]
        assert await inbox.last_update_id(BOT) == 4


async def test_two_at_once_never_take_one_senders_letters(postgres: PostgresDatabase) -> None:
    """While a letter is being handled, its sender's next one waits, and others are taken."""
    await receive(postgres, "5", "5", "6", "5")
    async with postgres.transaction() as one, postgres.transaction() as two, postgres.transaction() as three:
        first = await Store(one).inbox.claim("telegram", NOW)
        second = await Store(two).inbox.claim("telegram", NOW)
        third = await Store(three).inbox.claim("telegram", NOW)
        assert first is not None
        assert second is not None
        assert (first.update_id, second.update_id, third) == (1, 3, None)
        await Store(one).inbox.finish(first.id, NOW)
    letter = await take(postgres)
    assert letter is not None
    assert letter.update_id == 2


async def test_many_replicas_take_every_letter_once_and_in_order(database: Database) -> None:
    """Eight at once over 120 letters of seven people: none twice, none lost, each person's in order."""
    await receive(database, *(str(number % 7) for number in range(120)))
    handled: list[tuple[str, int]] = []

    async def replica() -> None:
        idle = 0
        while idle < 20:
            async with database.transaction() as connection:
                inbox = Store(connection).inbox
                letter = await inbox.claim("telegram", NOW)
                if letter is not None:
                    idle = 0
                    # Within the transaction: whoever comes next must not be before this one.
                    handled.append((letter.sender, letter.update_id))
                    await inbox.finish(letter.id, NOW)
            idle += letter is None
            await asyncio.sleep(0)

    await asyncio.gather(*(replica() for _ in range(8)))
    assert sorted(number for _, number in handled) == list(range(1, 121))
    for sender in {sender for sender, _ in handled}:
        numbers = [number for whose, number in handled if whose == sender]
        assert numbers == sorted(numbers), sender


# The outbox --------------------------------------------------------------------------------------------


async def test_mail_comes_out_as_it_went_in(database: Database) -> None:
    """Every field, with words of any script."""
    async with database.transaction() as connection:
        person_id = await Store(connection).people.new(NOW)
    payload = {"text": "三號樓 🏮", "options": [[["好", "a.b:1"]]]}
    await post(
        database,
        Mail(BOT, "5", Lane.WORK, Intent.CARD, payload, person_id, "issue:1", "key", None, NOW + SECOND),
    )
    assert await claim(database) == [
        Outgoing(1, BOT, person_id, "5", Lane.WORK, Intent.CARD, payload, "issue:1", 1, NOW + SECOND)
    ]


async def test_one_for_each_chat_the_best_lane_first(database: Database) -> None:
    """A chat's next one waits until its first is settled; a leased one is not given twice."""
    await post(database, mail("5", "a", Lane.WORK), mail("5", "b"), mail("6", "c", Lane.BULK), mail("7", "d"))
    items = await claim(database)
    assert texts(items) == ["d", "a", "c"]
    assert await claim(database) == []
    async with database.transaction() as connection:
        await Store(connection).outbox.settle_sent(items[1], 77, NOW)
    assert texts(await claim(database)) == ["b"]


async def test_bulk_mail_lets_everything_else_pass(database: Database) -> None:
    """Also within its chat."""
    await post(database, mail("5", "bulk", Lane.BULK), mail("5", "reply"))
    await post(database, *(mail(str(chat), "bulk", Lane.BULK) for chat in range(10, 20)))
    assert texts(await claim(database, 3)) == ["reply", "bulk", "bulk"]
    assert len(await claim(database, 100)) == 8


async def test_toasts_wait_for_nobody(database: Database) -> None:
    """The answer to a press is worthless later: it overtakes a held chat, and another toast."""
    await post(database, mail("5", "held"))
    (held,) = await claim(database)
    async with database.transaction() as connection:
        await Store(connection).outbox.settle_later(held, "TimedOut", NOW + 60 * SECOND)
    await post(
        database, mail("5", "behind"), mail("5", "toast 1", Lane.TOAST), mail("5", "toast 2", Lane.TOAST)
    )
    assert texts(await claim(database)) == ["toast 1", "toast 2"]


async def test_a_retry_holds_its_chat_an_hour_does_not(database: Database) -> None:
    """What failed goes first once more; what is for the morning lets tonight's mail pass."""
    await post(
        database, mail("5", "tomorrow", not_before=NOW + 3600 * SECOND), mail("5", "first"), mail("5", "next")
    )
    (first,) = await claim(database)
    assert first.payload["text"] == "first"
    async with database.transaction() as connection:
        await Store(connection).outbox.settle_later(first, "TimedOut", NOW + 2 * SECOND)
    assert await claim(database, now=NOW + SECOND) == []
    (again,) = await claim(database, now=NOW + 2 * SECOND)
    assert (again.id, again.attempts) == (first.id, 2)
    async with database.transaction() as connection:
        await Store(connection).outbox.settle_sent(again, 1, NOW)
    assert texts(await claim(database, now=NOW + 2 * SECOND)) == ["next"]


async def test_a_lease_that_ran_out_is_given_again(database: Database) -> None:
    """Whoever held it has died; delivery is at least once."""
    await post(database, mail("5"))
    (item,) = await claim(database)
    assert await claim(database, now=NOW + LEASE - SECOND) == []
    (again,) = await claim(database, now=NOW + LEASE)
    assert (again.id, again.attempts) == (item.id, 2)


async def test_putting_off_is_no_attempt(database: Database) -> None:
    """Nothing was tried: the count goes back, the chat waits."""
    await post(database, mail("5", "a"), mail("5", "b"))
    (item,) = await claim(database)
    async with database.transaction() as connection:
        await Store(connection).outbox.put_off(item, NOW + SECOND)
    assert await claim(database) == []
    (again,) = await claim(database, now=NOW + SECOND)
    assert (again.id, again.attempts) == (item.id, 1)


async def test_a_dedupe_key_is_said_once(database: Database) -> None:
    """Also when it has been sent; without a key anything may be repeated."""
    await post(database, mail("5", "a", dedupe_key="k"), mail("6", "b", dedupe_key="k"), mail("7"), mail("7"))
    items = await claim(database)
    assert texts(items) == ["a", "7"]
    async with database.transaction() as connection:
        for item in items:
            await Store(connection).outbox.settle_sent(item, 1, NOW)
    await post(database, mail("6", "b", dedupe_key="k"))
    assert texts(await claim(database)) == ["7"]


async def test_a_card_remembers_its_message(database: Database) -> None:
    """The newest message that shows it; without a message number nothing is remembered."""
    async with database.transaction() as connection:
        outbox = Store(connection).outbox
        for message_id in (70, None, 71):
            await outbox.put([mail("5", card_key="issue:1")], NOW)
            (item,) = await outbox.claim(1, NOW, NOW + LEASE)
            await outbox.settle_sent(item, message_id, NOW)
            assert await outbox.card("5", "issue:1") == (message_id or 70)
        assert await outbox.card("5", "issue:2") is None
        assert await outbox.card("6", "issue:1") is None


async def test_how_mail_ends(database: Database) -> None:
    """Sent and expired mail is emptied; what was buried stays readable with its reason, until it is swept."""
    await post(database, mail("5"), mail("6"), mail("7"), mail("8"))
    async with database.transaction() as connection:
        outbox = Store(connection).outbox
        sent, expired, buried, _ = await outbox.claim(10, NOW, NOW + LEASE)
        await outbox.settle_sent(sent, 9, NOW)
        await outbox.settle_expired(expired, NOW)
        await outbox.settle_buried(buried, "BadRequest", NOW)
        rows = await ask(connection, "SELECT * FROM outbox ORDER BY id")
        assert [row["state"] for row in rows] == ["sent", "expired", "buried", "waiting"]
        assert [bool(row["payload"]) for row in rows] == [False, False, True, True]
        assert [row["lease_until"] == 0 for row in rows] == [True, True, True, False]
        assert (rows[0]["message_id"], rows[2]["error"]) == (9, "BadRequest")
        await outbox.sweep(NOW)
        assert len(await ask(connection, "SELECT id FROM outbox")) == 4
        await outbox.sweep(NOW + SECOND)
        assert [row["id"] for row in await ask(connection, "SELECT id FROM outbox")] == [4]


async def test_a_chat_that_cannot_be_reached(database: Database) -> None:
    """All that waits for it is buried with the reason, nothing else is."""
    await post(database, mail("5", "a"), mail("5", "b", not_before=NOW + SECOND), mail("6", "c"))
    async with database.transaction() as connection:
        await Store(connection).outbox.bury_chat("5", "Forbidden", NOW)
        rows = await ask(connection, "SELECT * FROM outbox ORDER BY id")
    assert [(row["state"], row["error"]) for row in rows[:2]] == [("buried", "Forbidden")] * 2
    assert texts(await claim(database, now=NOW + SECOND)) == ["c"]


async def test_a_group_that_got_a_new_address(database: Database) -> None:
    """Its mail follows at once, lease and retry forgotten; its cards are sent anew."""
    await post(database, mail("-5", "a"), mail("-5", "b"), mail("-6", "c", card_key="k"))
    async with database.transaction() as connection:
        outbox = Store(connection).outbox
        first, other = await outbox.claim(10, NOW, NOW + LEASE)
        await outbox.settle_later(first, "ChatMigrated", NOW + 60 * SECOND)
        await outbox.settle_sent(other, 1, NOW)
        await outbox.move_chat("-5", "-1005")
        await outbox.move_chat("-6", "-1006")
        assert await outbox.card("-6", "k") is None
        (moved,) = await outbox.claim(10, NOW, NOW + LEASE)
    assert (moved.chat, moved.payload["text"]) == ("-1005", "a")


async def test_when_something_may_be_sent_next(database: Database) -> None:
    """Now, at its hour, when the lease ends, at the retry, or never."""

    async def next_at() -> datetime | None:
        async with database.transaction() as connection:
            at = await Store(connection).outbox.next_at(NOW)
        return at and max(at, NOW)

    assert await next_at() is None
    await post(database, mail("6", not_before=NOW + 900 * SECOND))
    assert await next_at() == NOW + 900 * SECOND
    await post(database, mail("5", "bulk", Lane.BULK))
    assert await next_at() == NOW
    await claim(database)
    assert await next_at() == NOW + LEASE
    await post(database, mail("7", "a"), mail("7", "b"))
    (item,) = await claim(database)
    async with database.transaction() as connection:
        await Store(connection).outbox.settle_later(item, "TimedOut", NOW + 2 * SECOND)
    assert await next_at() == NOW + 2 * SECOND


async def test_two_couriers_never_lease_the_same(postgres: PostgresDatabase) -> None:
    """The second one asks while the first has not committed, and finishes after it has."""
    await post(postgres, *(mail(str(chat)) for chat in range(5)))
    async with postgres.transaction() as one, postgres.transaction() as two:
        first = await Store(one).outbox.claim(3, NOW, NOW + LEASE)
        asking = asyncio.get_running_loop().create_task(Store(two).outbox.claim(5, NOW, NOW + LEASE))
        await asyncio.wait([asking], timeout=0.05)
        await Store(one).outbox.settle_sent(first[0], 1, NOW)
        await one.execute("COMMIT")
        second = await asking
        assert {item.id for item in first} & {item.id for item in second} == set()
        assert len(second) == 2
        await one.execute("BEGIN")  # the block ends with a commit of its own


@pytest.mark.parametrize("couriers", [4])
async def test_many_couriers_deliver_everything_once_and_in_order(database: Database, couriers: int) -> None:
    """A hundred messages to ten chats: each leased once, each chat's in order."""
    await post(database, *(mail(str(number % 10), f"{number:03d}") for number in range(100)))
    delivered: list[tuple[str, str]] = []

    async def courier() -> None:
        idle = 0
        while idle < 20:
            items = await claim(database, 3)
            idle = 0 if items else idle + 1
            delivered.extend((item.chat, item.payload["text"]) for item in items)
            async with database.transaction() as connection:
                for item in items:
                    await Store(connection).outbox.settle_sent(item, 1, NOW)
            await asyncio.sleep(0)

    await asyncio.gather(*(courier() for _ in range(couriers)))
    assert Counter(text for _, text in delivered) == Counter(f"{number:03d}" for number in range(100))
    for chat in map(str, range(10)):
        said = [text for where, text in delivered if where == chat]
        assert said == sorted(said), chat


async def test_one_key_posted_by_many_at_once(database: Database) -> None:
    """Eight processes post the same reminder: one row."""
    await asyncio.gather(*(post(database, mail(str(chat), dedupe_key="due:1")) for chat in range(8)))
    assert len(await claim(database)) == 1


# Dialogs -----------------------------------------------------------------------------------------------


async def test_a_question_is_kept_replaced_and_ended(database: Database) -> None:
    """One for each person and chat; old ones are forgotten."""
    async with database.transaction() as connection:
        store = Store(connection)
        one, two = await store.people.new(NOW), await store.people.new(NOW)
        await store.dialogs.save("5", one, DialogState("report", "what", {"a": "三"}, 1), NOW)
        await store.dialogs.save("5", one, DialogState("report", "where", {"b": 2}, 2), NOW + SECOND)
        await store.dialogs.save("5", two, DialogState("join", "unit", {}, 1), NOW)
        await store.dialogs.save("6", one, DialogState("join", "name", {}, 1), NOW)
        await store.dialogs.end("6", one)
        rows = await ask(connection, "SELECT * FROM dialogs ORDER BY person_id")
        assert [(row["person_id"], row["step"], row["data"], row["round"]) for row in rows] == [
            (one, "where", '{"b": 2}', 2),
            (two, "unit", "{}", 1),
        ]
        await store.dialogs.sweep(NOW + SECOND)
        assert [row["person_id"] for row in await ask(connection, "SELECT person_id FROM dialogs")] == [one]


async def test_leases_of_a_dead_process_are_let_go(database: Database) -> None:
    """What it was sending may be claimed at once, and is sent again."""
    await post(database, mail("5", "under way"))
    assert texts(await claim(database)) == ["under way"]
    assert await claim(database) == []
    async with database.transaction() as connection:
        await Store(connection).outbox.release_leases()
    assert texts(await claim(database)) == ["under way"]


def card(text: str, *, coalesce: bool = True) -> Mail:
    """The card of one thing in one chat, as it is to look now."""
    return Mail(BOT, "-5", Lane.BULK, Intent.CARD, {"text": text}, card_key="activity:1", coalesce=coalesce)


async def test_a_card_that_still_waits_is_replaced(database: Database) -> None:
    """Counts that change ten times before they are sent are sent once; what is under way is not touched."""
    await post(database, card("0"), card("1"), mail("-5", "talk"), card("2"))
    await post(database, card("3"))
    first = await claim(database)
    assert texts(first) == ["talk"]
    async with database.transaction() as connection:
        await Store(connection).outbox.settle_sent(first[0], 7, NOW)
    assert texts(await claim(database)) == ["3"]
    # Somebody is sending that one: the next state goes behind it.
    await post(database, card("4"), card("5"), card("6", coalesce=False))
    async with database.transaction() as connection:
        rows = await ask(connection, "SELECT payload FROM outbox WHERE state = 'waiting' ORDER BY id")
    assert [row["payload"] for row in rows] == ['{"text": "3"}', '{"text": "5"}', '{"text": "6"}']


async def test_nothing_older_comes_after_the_newest_card(database: Database) -> None:
    """One's own card goes at once though one in bulk waits, and that one has it too; so has a second try."""
    own = replace(card("1"), lane=Lane.REPLY)
    await post(database, card("0"))
    await post(database, own)
    first = await claim(database)
    assert texts(first) == ["1"]
    async with database.transaction() as connection:
        await Store(connection).outbox.settle_later(first[0], "TimedOut", NOW)
    await post(database, card("2"))
    for _ in range(2):
        (item,) = await claim(database)
        assert item.payload["text"] == "2"
        async with database.transaction() as connection:
            await Store(connection).outbox.settle_sent(item, 7, NOW)
    assert await claim(database) == []


async def test_a_card_goes_behind_the_one_that_is_being_sent(database: Database) -> None:
    """A faster lane does not carry the newest state past an older one of which nobody knows how it ends."""
    await post(database, card("0"))
    (under_way,) = await claim(database)
    await post(database, replace(card("1"), lane=Lane.REPLY))
    await post(database, card("2"))
    (own,) = await claim(database)
    assert (own.lane, own.payload["text"]) == (Lane.REPLY, "2")
    async with database.transaction() as connection:
        await Store(connection).outbox.settle_sent(own, 7, NOW)
        await Store(connection).outbox.settle_later(under_way, "TimedOut", NOW)
    shown = []
    for _ in range(2):
        (item,) = await claim(database)
        shown.append(item.payload["text"])
        async with database.transaction() as connection:
            await Store(connection).outbox.settle_sent(item, 7, NOW)
    assert shown == ["0", "2"]


DELIVERIES = """
INSERT INTO deliveries (id, announcement_id, chat, state, reason)
VALUES
  (1, 1, '1', 'posted', ''), (2, 1, '2', 'posted', ''), (3, 1, '3', 'posted', ''), (4, 1, '4', 'posted', '')
"""
ANNOUNCEMENT = """
INSERT INTO announcements (
  id, compound_id, author_id, author_post, state, class, html, photos, audience, channels, activity_role,
  created_at, version
) VALUES (1, 1, 1, '', 'sending', 'ordinary', '', '[]', '{}', '[]', '', 0, 1)
"""


async def test_an_announcement_learns_what_became_of_its_letters(database: Database) -> None:
    """Sent, refused for good, a chat that is gone, too late: noted where the row is settled, once."""
    async with database.transaction() as connection:
        for sql in (
            "INSERT INTO compounds (id, code, name, timezone, locale) VALUES (1, 'a', 'a', 'UTC', 'en')",
            "INSERT INTO people (id, created_at) VALUES (1, 0)",
            ANNOUNCEMENT,
            DELIVERIES,
        ):
            await ask(connection, sql)
        outbox = Store(connection).outbox
        letters = [replace(mail(str(number)), delivery_id=number) for number in range(1, 5)]
        await outbox.put(letters, NOW)
        sent, buried, _, late = await outbox.claim(10, NOW, NOW + LEASE)
        await outbox.settle_sent(sent, 5, NOW)
        await outbox.settle_buried(buried, "too long", NOW)
        await outbox.bury_chat("3", "blocked", NOW)
        await outbox.settle_expired(late, NOW)
        await outbox.bury_chat("1", "blocked later", NOW)
        rows = await ask(connection, "SELECT state, reason FROM deliveries ORDER BY id")
    assert [(row["state"], row["reason"]) for row in rows] == [
        ("sent", ""),
        ("failed", "too long"),
        ("failed", "blocked"),
        ("failed", "expired"),
    ]
