"""What belongs together, on both engines: candidates, what was merged, households, followers' words."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.posts import Place
from bot.domain.transitions import State
from bot.storage.directory import Directory
from bot.storage.engine import Database
from bot.storage.issues import Issue
from bot.storage.store import Store
from tests.issues import put_issue

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
DOOR = Place("entrance", 1, 1, 1)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """Two compounds; of four people 1 and 2 live in the first home and 3 in the next one."""
    async with database.transaction() as connection:
        directory, store = Directory(connection), Store(connection)
        for code in ("a", "b"):
            await directory.put_compound(code, code, "Asia/Shanghai", "zh_CN")
        await directory.put_buildings(1, {"3": "3号楼"})
        await directory.put_entrances({(1, "2"): "2单元"})
        await directory.put_units({(1, 1, "501"): None, (1, 1, "502"): None})
        for unit_id in (1, 1, 2, None):
            person_id = await store.people.new(NOW)
            if unit_id is not None:
                residency, _ = await store.people.ask_residency(person_id, unit_id, "owner", NOW)
                await store.people.decide_residency(residency, "approved", person_id, NOW)
        yield store


async def filed(
    store: Store,
    number: str,
    *,
    reporter_id: int = 1,
    category: str = "lighting",
    place: Place = DOOR,
    is_private: bool = False,
    ago: timedelta = timedelta(),
    shown_as: str | None = None,
) -> Issue:
    """An issue as it was filed."""
    issue_id = await put_issue(
        store,
        NOW - ago,
        place,
        reporter_id,
        handler_id=4,
        number=number,
        category=category,
        is_private=is_private,
        handler_post="branch_secretary",
        shown_as=shown_as,
    )
    issue = await store.issues.get(issue_id)
    assert issue is not None
    return issue


async def test_candidates(store: Store) -> None:
    """Of one compound and kind, since then, not done, not another's private one; the latest first."""
    since = NOW - timedelta(days=7)
    await filed(store, "1", ago=timedelta(days=7, microseconds=1))
    oldest = await filed(store, "2", ago=timedelta(days=7))
    await filed(store, "3", category="lift")
    await filed(store, "4", place=Place("compound", 2))
    private = await filed(store, "5", is_private=True, ago=timedelta(days=1))
    for number, state in (("6", State.RESOLVED), ("7", State.CLOSED)):
        await store.issues.save(replace(await filed(store, number), state=state))
    waiting = replace(await filed(store, "8"), state=State.WAITING_EXTERNAL)
    await store.issues.save(waiting)
    assert await store.issues.alike(1, "lighting", since, 1, 9) == [waiting, private, oldest]
    assert await store.issues.alike(1, "lighting", since, 2, 9) == [waiting, oldest]
    assert await store.issues.alike(1, "lighting", since, 2, 1) == [waiting]
    assert await store.issues.alike(2, "lift", since, 1, 9) == []


async def test_numbers_and_what_goes_on(store: Store) -> None:
    """A number is one of its compound; what is closed goes on no more."""
    one, two = await filed(store, "261124-001"), await filed(store, "261124-002")
    other = await filed(store, "261124-001", place=Place("compound", 2))
    assert await store.issues.numbered(1, "261124-001") == one
    assert await store.issues.numbered(2, "261124-001") == other
    assert await store.issues.numbered(1, "261124-003") is None
    assert await store.issues.going_on(1, 9) == [two, one]
    assert await store.issues.going_on(1, 1) == [two]
    merged = replace(one, state=State.CLOSED, duplicate_of=two.id)
    await store.issues.save(merged)
    assert await store.issues.going_on(1, 9) == [two]
    assert await store.issues.merged_into(two.id) == [merged]
    assert await store.issues.merged_into(one.id) == []


async def test_households(store: Store) -> None:
    """Two of one home are one; who has no home counts; the reporter, affected as well, counts once."""
    issue = await filed(store, "1")
    assert await store.issues.households(issue.id) == 1
    for person_id, count in ((2, 1), (3, 2), (4, 3), (1, 3)):
        await store.issues.add_part(issue.id, person_id, "affected")
        assert await store.issues.households(issue.id) == count
    await store.issues.drop_part(issue.id, 3, "affected")
    assert await store.issues.households(issue.id) == 2
    await store.issues.add_part(issue.id, 3, "follows")
    assert await store.issues.households(issue.id) == 2


async def test_by_whom_it_is_seen(store: Store) -> None:
    """As the reporter wishes for this one, else as in /me."""
    await store.privacy.set_shown_as(1, "committee")
    assert (await filed(store, "1")).shown_as == "committee"
    assert (await filed(store, "2", shown_as="neighbours")).shown_as == "neighbours"


async def test_what_followers_said_is_theirs(store: Store) -> None:
    """When the reporter is forgotten the neighbours' words stay; when a neighbour is, theirs go."""
    issue = await filed(store, "1")
    for actor_id, action in ((1, "file"), (4, "reply"), (2, "follow"), (3, "follow")):
        await store.issues.record(
            issue.id, actor_id=actor_id, action=action, from_state="", to_state="open", text=f"{actor_id}说",
            facts={}, attachments=[("photo", f"photo-{actor_id}")], now=NOW,
        )  # fmt: skip
    await store.privacy.forget(3, NOW)
    assert [event.text for event in await store.issues.history(issue.id)] == ["1说", "4说", "2说", ""]
    await store.privacy.forget(1, NOW)
    assert [event.text for event in await store.issues.history(issue.id)] == ["", "", "2说", ""]
    assert [one.file for one in await store.issues.attachments(issue.id)] == ["photo-2"]
