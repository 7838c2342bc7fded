"""Absences on both engines: what is kept, what is found, and who may plan at the same time."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.actions import absences as actions
from bot.actions.desk import Desk, Rules
from bot.domain.absences import Absence
from bot.domain.errors import Refused
from bot.domain.posts import Holder, PostKind
from bot.storage.directory import Directory
from bot.storage.engine import Database
from bot.storage.postgres import PostgresDatabase
from bot.storage.store import Store
from tests.test_absences import Cast, acting, begun
from tests.test_absences import cast as people_of_building_3
from tests.world import TEXTS, World

NOW = datetime(2026, 11, 24, 2, 0, 0, 123_456, tzinfo=UTC)
DAY = timedelta(days=1)
RULES = Rules(bot_id=1, bot_name="lianxin_bot")


async def furnish(store: Store) -> tuple[int, int]:
    """A compound with two members of its committee, who can be written to."""
    await Directory(store.connection).put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
    post_id = await store.posts.find(PostKind.SELF_MANAGEMENT_COMMITTEE, 1)
    found = []
    for name in ("高玉梅", "何长青"):
        person_id = await store.people.new(NOW)
        await store.people.put_account(person_id, "telegram", f"{1000 + person_id}", name, "zh-hans")
        await store.posts.appoint(post_id, person_id, NOW)
        found.append(person_id)
    return found[0], found[1]


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction."""
    async with database.transaction() as connection:
        yield Store(connection)


async def test_absences(store: Store) -> None:
    """Everything is kept to the microsecond; what is over is found by its id only."""
    one, other = await furnish(store)
    absences = store.absences
    first = Absence(0, one, 1, other, NOW + DAY, NOW + 2 * DAY, with_accepted=True)
    first = replace(first, id=await absences.put(first, NOW))
    second = Absence(0, other, 1, None, NOW, NOW + DAY)
    second = replace(second, id=await absences.put(second, NOW))
    assert await absences.locked(first.id) == first
    assert await absences.locked(99) is None
    assert await absences.of_compound(1) == [second, first]
    assert await absences.of_compound(2) == []
    assert await absences.of_person(one) == [first]
    assert await absences.stood_in_by(other) == [first]
    changed = replace(first, stand_in_id=None, until_at=NOW + 3 * DAY, begun_at=NOW)
    await absences.save(changed)
    assert await absences.locked(first.id) == changed
    assert await absences.stood_in_by(other) == []
    over = replace(changed, ended_at=NOW + DAY)
    await absences.save(over)
    assert await absences.locked(first.id) == over
    assert await absences.of_compound(1) == [second]
    assert await absences.of_person(one) == []


async def test_who_is_away_is_seen_among_the_holders(store: Store) -> None:
    """Once it has begun, until it has ended; the stand-in stands before deputies."""
    one, other = await furnish(store)
    (post_id,) = {holder.post_id for holder in await store.posts.holders(1, "telegram")}
    absence = Absence(0, one, 1, other, NOW, NOW + DAY)
    absence = replace(absence, id=await store.absences.put(absence, NOW))

    async def gone() -> list[bool]:
        return [holder.is_away for holder in await store.posts.holders(1, "telegram")]

    assert await gone() == [False, False]
    await store.absences.save(replace(absence, begun_at=NOW))
    assert await gone() == [True, False]
    third = await store.people.new(NOW)
    await store.posts.appoint(post_id, third, NOW, acting_for=one)
    assert (await store.posts.holders(1, "telegram"))[-1] == Holder(
        post_id, PostKind.SELF_MANAGEMENT_COMMITTEE, None, None, third, reachable=False, acting_for=one
    )
    await store.absences.save(replace(absence, begun_at=NOW, ended_at=NOW))
    assert await gone() == [False, False, False]


async def test_two_who_plan_at_once_close_no_ring(postgres: PostgresDatabase) -> None:
    """Each names the other: one of them is let in, whichever came first."""
    async with postgres.transaction() as connection:
        one, other = await furnish(Store(connection))

    async def plan(person: int, stand_in: int) -> str:
        async with postgres.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, RULES, NOW)
            try:
                await actions.plan(desk, Absence(0, person, 1, stand_in, NOW + DAY, NOW + 2 * DAY))
            except Refused as no:
                return no.reason
        return "planned"

    assert sorted(await asyncio.gather(plan(one, other), plan(other, one))) == ["away_loop", "planned"]


@pytest.fixture
async def world(database: Database) -> World:
    """The sample compound on each engine."""
    return await World.make(database)


cast = people_of_building_3


async def test_a_whole_absence(cast: Cast) -> None:
    """Away and back: what moves, and what comes back."""
    issue = await cast.report()
    await begun(cast)
    assert await cast.has(issue) == "neighbour"
    assert len(await acting(cast.world)) == 1
    taken = await cast.report("又没拴")
    await cast.neighbour.forges(f"issue.accept:{taken.id}")
    await cast.world.later(days=12)
    assert [await cast.has(one) for one in (issue, taken)] == ["leader", "neighbour"]
    assert await acting(cast.world) == []
    assert cast.leader.sees("1 件在 李大姐 手上")
