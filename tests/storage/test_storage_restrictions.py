"""Restrictions, what is counted, and what is overheard, as rows on both engines."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.audiences import COMPOUND
from bot.storage.engine import Database
from bot.storage.intake import Overheard
from bot.storage.store import Store
from tests.storage.test_storage_activities import NOW, furnish

MINUTE = timedelta(minutes=1)
HEARD = Overheard("code-1", "-100", 7, "42", None, 1, None, None, "灯坏了🔦", ("a",), is_public=False)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a compound with three owners."""
    async with database.transaction() as connection:
        await furnish(connection, 3)
        yield Store(connection)


async def test_the_life_of_a_restriction(store: Store) -> None:
    """Proposed once at a time, decided, objected to, upheld, ended; then there may be another."""
    all_of_them = store.restrictions
    number = await all_of_them.propose(1, 1, "<b>为什么</b>", 7, 2, NOW)
    assert number is not None
    assert await all_of_them.propose(1, 1, "又一次", 3, 3, NOW) is None
    found = await all_of_them.get(number)
    assert found is not None
    assert (found.state, found.reason, found.days, found.until) == ("proposed", "<b>为什么</b>", 7, None)
    assert await all_of_them.running(1, NOW) == []
    until = NOW + timedelta(days=7)
    await all_of_them.decide(number, "active", 3, NOW, until)
    (running,) = await all_of_them.running(1, NOW)
    assert (running.decided_by, running.until) == (3, until)
    assert await all_of_them.running(1, until) == []
    await all_of_them.appeal(number, "不对", NOW + MINUTE)
    await all_of_them.uphold(number, 1, NOW + 2 * MINUTE)
    (listed,) = await all_of_them.of_compound(1, 9)
    assert (listed.appeal, listed.appealed_at, listed.upheld_by) == ("不对", NOW + MINUTE, 1)
    assert listed.upheld_at == NOW + 2 * MINUTE
    await all_of_them.end(number, "over", None, until)
    assert await all_of_them.running(1, NOW) == []
    again = await all_of_them.propose(1, 1, "再一次", 3, 3, until)
    assert [one.id for one in await all_of_them.of_compound(1, 9)] == [again, number]
    assert await all_of_them.get(99) is None


async def test_two_propose_at_the_same_time(database: Database) -> None:
    """One of them does."""
    async with database.transaction() as connection:
        await furnish(connection, 3)

    async def propose(by: int) -> int | None:
        async with database.transaction() as connection:
            return await Store(connection).restrictions.propose(1, 1, "x", 3, by, NOW)

    found = await asyncio.gather(propose(2), propose(3))
    assert sum(one is not None for one in found) == 1


async def test_counting_messages(store: Store) -> None:
    """Anew after a quiet while; an album once; beyond the most, each message makes the while longer."""

    async def count(seconds: float, album: str = "") -> int:
        at = NOW + timedelta(seconds=seconds)
        return await store.restrictions.count_message(1, album, at, at - MINUTE, 3)

    assert [await count(0), await count(1, "a"), await count(1, "a"), await count(2)] == [1, 2, 2, 3]
    assert [await count(59), await count(118), await count(177)] == [4, 5, 6]
    assert [await count(178, "b"), await count(178, "b")] == [7, 8]
    assert await count(238.5) == 1
    await store.restrictions.sweep(NOW + timedelta(hours=1))
    assert await count(239) == 1


async def test_counting_reports(store: Store) -> None:
    """Of somebody who has made none."""
    assert await store.restrictions.reports_since(1, NOW) == (0, 0)
    assert await store.restrictions.own_undone(1, 1, "lighting", NOW) == []
    assert not await store.restrictions.complains_about(1, 2)


async def test_overheard_once_with_its_photos(store: Store) -> None:
    """The same message is kept once; photos join what was just asked about; the answer takes the words."""
    intake = store.intake
    assert await intake.put(HEARD, NOW)
    assert not await intake.put(replace(HEARD, code="code-2"), NOW)
    await intake.add_photos("42", "-100", ["b", "c"], NOW - MINUTE, 2)
    await intake.add_photos("42", "-999", ["d"], NOW - MINUTE, 9)
    await intake.add_photos("43", "-100", ["d"], NOW - MINUTE, 9)
    await intake.add_photos("42", "-100", ["d"], NOW + MINUTE, 9)
    assert await intake.get("code-1") == replace(HEARD, photos=("a", "b"))
    assert await intake.asked("42", NOW - MINUTE) == (1, 0)
    assert await intake.asked("42", NOW) == (0, 0)
    assert await intake.asked("nobody", NOW) == (0, 0)
    await intake.answer("code-1", "refused")
    gone = await intake.get("code-1")
    assert gone == replace(HEARD, text="", photos=(), state="refused")
    assert await intake.asked("42", NOW) == (0, 1)
    assert not await intake.asked_publicly("-100", NOW - MINUTE)
    await intake.put(replace(HEARD, code="code-3", message_id=8, is_public=True), NOW)
    assert await intake.asked_publicly("-100", NOW - MINUTE)
    assert await intake.get("nonsense") is None


async def test_what_is_forgotten(store: Store) -> None:
    """The asked after days, one refusal after a month, two of one person never."""
    for number, (sender, state) in enumerate(
        (("1", ""), ("2", "refused"), ("3", "refused"), ("3", "refused"))
    ):
        await store.intake.put(replace(HEARD, code=str(number), message_id=number, sender=sender), NOW)
        if state:
            await store.intake.answer(str(number), state)
    await store.intake.sweep(NOW + MINUTE, NOW - MINUTE)
    assert [await store.intake.get(str(one)) is not None for one in range(4)] == [False, True, True, True]
    await store.intake.sweep(NOW + MINUTE, NOW + MINUTE)
    assert [await store.intake.get(str(one)) is not None for one in range(4)] == [False, False, True, True]


async def test_where_the_bot_listens(store: Store) -> None:
    """In bound groups it is in, until somebody says no."""
    group = await store.groups.put("telegram", "-100", "3号楼群", "member")
    assert await store.intake.ear("telegram", "-100") is None
    await store.groups.bind(group, 1, COMPOUND, 1, NOW)
    ear = await store.intake.ear("telegram", "-100")
    assert ear is not None
    assert (ear.group_id, ear.compound_id, ear.building_id) == (group, 1, None)
    await store.intake.set_listening(group, listens=False)
    assert await store.intake.ear("telegram", "-100") is None
    await store.intake.set_listening(group, listens=True)
    await store.groups.leave(group)
    assert await store.intake.ear("telegram", "-100") is None
