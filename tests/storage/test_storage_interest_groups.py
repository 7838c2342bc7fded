"""Interest groups on both engines, field by field."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.dates import Hours
from bot.domain.posts import PostKind
from bot.domain.recurrences import Every, Rule
from bot.storage.directory import Directory, PostText
from bot.storage.engine import Database
from bot.storage.interest_groups import InterestGroup, Member
from bot.storage.store import Store
from tests.test_interest_groups import (
    test_members_are_invited_to_practice_and_nobody_else as live_through_practice,
)
from tests.world import World

NOW = datetime(2026, 11, 24, 2, 0, 0, 123_456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1, microseconds=1)
RULE = Rule(Every.WEEK, (1, 3), hours=Hours(19 * 60, 21 * 60), skips_holidays=True)
ANNE, BERT, CARL, DORA = 1, 2, 3, 4


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """Two compounds; Anne and Bert live in the first, Carl holds a post there, Dora lives in the second."""
    async with database.transaction() as connection:
        directory, found = Directory(connection), Store(connection)
        for number, code in enumerate(("here", "there"), 1):
            await directory.put_compound(code, code, "Asia/Shanghai", "zh_CN")
            await directory.put_buildings(number, {"3": "3号楼"})
            await directory.put_units({(number, None, "101"): None, (number, None, "102"): None})
        await directory.put_posts(1, {(PostKind.PROPERTY_MANAGER, None, None): PostText()})
        for name in ("Anne", "Bert", "Carl", "Dora"):
            person_id = await found.people.new(NOW)
            await found.people.put_account(person_id, "telegram", f"5{person_id}", name, "en")
        await found.people.put_details(BERT, "伯特", "")
        for person_id, unit_id in ((ANNE, 2), (ANNE, 1), (BERT, 1), (DORA, 3)):
            await found.people.ask_residency(person_id, unit_id, "owner", NOW)
        await found.posts.appoint(1, CARL, NOW)
        yield found


async def test_a_group_is_kept_field_by_field(store: Store) -> None:
    """What is put is what is found, before and after it changed; rules and instants survive."""
    groups = store.interest_groups
    assert await groups.new(1, "舞蹈队", "跳舞", ANNE, NOW) == 1
    new = InterestGroup(1, 1, "舞蹈队", "跳舞", ANNE, None, "", None, None, 0)
    assert await groups.get(1) == await groups.locked(1) == new
    assert [await groups.get(9), await groups.locked(9)] == [None, None]
    changed = replace(
        new,
        about="唱歌",
        leader_id=BERT,
        practice=RULE,
        practice_place="广场",
        practice_through=LATER,
    )
    await groups.save(changed)
    assert await groups.get(1) == changed
    assert await groups.of_compound(1) == await groups.led_by(BERT) == [changed]
    assert await groups.of_compound(2) == await groups.led_by(ANNE) == []


async def test_a_name_is_taken_until_the_group_ends(store: Store) -> None:
    """Once in a compound at a time; an ended group is found by its id only."""
    groups = store.interest_groups
    assert await groups.new(1, "舞蹈队", "", ANNE, NOW) == 1
    assert await groups.new(1, "舞蹈队", "", BERT, NOW) is None
    assert await groups.new(2, "舞蹈队", "", DORA, NOW) is not None
    await groups.join(1, ANNE, NOW)
    group = await groups.get(1)
    assert group is not None
    await groups.save(replace(group, ended_at=LATER))
    assert await groups.get(1) == replace(group, ended_at=LATER)
    assert await groups.of_compound(1) == await groups.led_by(ANNE) == []
    assert await groups.of_member(ANNE) == frozenset()
    assert await groups.new(1, "舞蹈队", "", BERT, NOW) is not None


async def test_members_come_and_go(store: Store) -> None:
    """Each is in once, listed by how long and by their name, and counted."""
    groups = store.interest_groups
    await groups.new(1, "舞蹈队", "", ANNE, NOW)
    await groups.new(1, "棋牌社", "", ANNE, NOW)
    joined = [await groups.join(1, person, at) for person, at in ((BERT, LATER), (ANNE, NOW), (BERT, NOW))]
    assert joined == [True, True, False]
    assert await groups.members(1) == [Member(ANNE, "Anne"), Member(BERT, "伯特")]
    assert [group.members for group in await groups.of_compound(1)] == [2, 0]
    await groups.join(2, BERT, NOW)
    assert await groups.of_member(BERT) == {1, 2}
    assert [await groups.leave(1, BERT), await groups.leave(1, BERT)] == [True, False]
    assert await groups.of_member(BERT) == {2}


async def test_who_may_lead_one(store: Store) -> None:
    """Who lives in the compound or works for it, and can be written to; once each."""
    groups, people = store.interest_groups, store.people
    assert await groups.candidates(1, "telegram") == [
        Member(ANNE, "Anne", 1),
        Member(BERT, "伯特", 1),
        Member(CARL, "Carl", None),
    ]
    assert await groups.candidates(2, "telegram") == [Member(DORA, "Dora", 3)]
    await people.mark_unreachable("telegram", f"5{BERT}", NOW)
    (home,) = await people.residencies(DORA)
    await people.decide_residency(home.id, "refused", ANNE, NOW)
    assert [one.name for one in await groups.candidates(1, "telegram")] == ["Anne", "Carl"]
    assert await groups.candidates(2, "telegram") == await groups.candidates(1, "wechat") == []


async def test_practice(database: Database) -> None:
    """A group is founded and joined, its practice is made, announced, signed up for and reminded of."""
    await live_through_practice(await World.make(database))
