"""Simple mode and calls for a person, on both engines."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.storage.engine import Database
from bot.storage.mailboxes import Letter, Received
from bot.storage.store import Store
from tests.engines import ask
from tests.storage.test_storage_merging import PLACES, run

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
ELDER, LEADER, OTHER = 1, 2, 3


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a small compound with three people in it."""
    async with database.transaction() as connection:
        await run(connection, PLACES)
        store = Store(connection)
        assert [await store.people.new(NOW) for _ in range(3)] == [ELDER, LEADER, OTHER]
        await store.people.put_account(ELDER, "telegram", "5", "王", "zh-hans")
        yield store


async def letter(store: Store) -> Letter:
    """What a turn of the elder's begins with."""
    (row,) = await ask(store.connection, "SELECT COUNT(*) AS before FROM inbox")
    await store.inbox.put([Received(1, int(str(row["before"])) + 1, "5", "5", "{}")], NOW)
    found = await store.inbox.claim("telegram", NOW)
    assert found is not None
    await store.inbox.finish(found.id, NOW)
    return found


async def test_the_mode_comes_with_the_letter_and_the_address(store: Store) -> None:
    """Neither a turn nor a message from elsewhere asks for it."""
    await store.people.note_misses(ELDER, 2)
    await store.people.note_elder_offered(ELDER, NOW)
    found = await letter(store)
    assert (found.is_elder, found.misunderstood, found.elder_offered_at) == (False, 2, NOW)
    await store.people.set_elder(ELDER, is_elder=True)
    found = await letter(store)
    assert (found.is_elder, found.misunderstood) == (True, 0)
    addressee = await store.people.addressee(ELDER, "telegram")
    assert addressee is not None
    assert addressee.is_elder


async def test_numbers_belong_to_the_newest_message(store: Store) -> None:
    """A card far above that is redrawn changes nothing, the newest one does."""
    await store.people.set_elder(ELDER, is_elder=True)
    assert (await letter(store)).numbers == ()
    await store.people.put_numbers(ELDER, ["a:1", "a:2"], "verdict:1", is_anew=True)
    await store.people.put_numbers(ELDER, ["b:1"], "issue:7", is_anew=False)
    assert (await letter(store)).numbers == ("a:1", "a:2")
    await store.people.put_numbers(ELDER, ["c:1"], "verdict:1", is_anew=False)
    assert (await letter(store)).numbers == ("c:1",)
    await store.people.note_misses(ELDER, 1)
    assert (await letter(store)).numbers == ("c:1",)
    await store.people.set_elder(ELDER, is_elder=False)
    await store.people.put_numbers(ELDER, ["d:1"], "", is_anew=True)
    await store.people.note_misses(ELDER, 0)
    assert (await letter(store)).numbers == (), "for one answer only"


async def test_who_is_told_of_a_call(store: Store) -> None:
    """Nobody twice; the first one who takes it has it."""
    first = await store.calls.put(ELDER, 1, LEADER, NOW, NOW)
    assert first is not None
    assert await store.calls.put(ELDER, 1, LEADER, NOW, LATER) is None
    assert await store.calls.put(ELDER, 1, OTHER, NOW, LATER) is not None
    assert [(one.asked_id, one.begun_at, one.asked_at) for one in await store.calls.of(ELDER)] == [
        (LEADER, NOW, NOW),
        (OTHER, NOW, LATER),
    ]
    assert await store.calls.take(ELDER, OTHER, LATER)
    assert not await store.calls.take(ELDER, LEADER, LATER)
    found = await store.calls.get(first)
    assert found is not None
    assert (found.taken_by, found.taken_at) == (OTHER, LATER)
    assert await store.calls.get(99) is None
    await store.calls.drop(ELDER)
    assert await store.calls.of(ELDER) == []


async def test_two_people_become_one(store: Store) -> None:
    """Simple mode stays if either has it; of two calls the one of who stays."""
    await store.people.set_elder(ELDER, is_elder=True)
    await store.people.put_numbers(ELDER, ["a"], "", is_anew=True)
    await store.calls.put(ELDER, 1, LEADER, NOW, NOW)
    await store.calls.put(OTHER, 1, LEADER, LATER, LATER)
    await store.merging.move(ELDER, OTHER, LATER)
    rows = await ask(store.connection, "SELECT is_elder, numbers FROM people ORDER BY id")
    assert [(row["is_elder"], row["numbers"]) for row in rows] == [(0, "[]"), (0, "[]"), (1, "[]")]
    assert [one.begun_at for one in await store.calls.of(OTHER)] == [LATER]
    await store.merging.move(OTHER, LEADER, LATER)
    assert await store.calls.of(OTHER) == []


async def test_everything_is_forgotten(store: Store) -> None:
    """Mode, counters, numbers, calls."""
    await store.people.set_elder(ELDER, is_elder=True)
    await store.people.note_misses(ELDER, 1)
    await store.people.note_elder_offered(ELDER, NOW)
    await store.people.put_numbers(ELDER, ["a"], "x", is_anew=True)
    await store.calls.put(ELDER, 1, LEADER, NOW, NOW)
    await store.privacy.forget(ELDER, LATER)
    (row,) = await ask(
        store.connection,
        "SELECT is_elder, misunderstood, elder_offered_at, numbers, numbers_of FROM people WHERE id = 1",
    )
    assert tuple(row.values() if hasattr(row, "values") else row) == (0, 0, None, "[]", "")
    assert await store.calls.of(ELDER) == []
