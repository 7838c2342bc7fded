"""Grams of issues, and the queries that find them: they know who may see what as well as the rule itself."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from bot.actions.cards import may_see, roles_of
from bot.actions.desk import Desk, Rules
from bot.actions.search import INDEX, INDEXED_AT_ONCE, find, index_some
from bot.domain.posts import Place, PostKind
from bot.domain.transitions import Role, State
from bot.storage.chores import Chore
from bot.storage.directory import Directory, PostText
from bot.storage.engine import Database
from bot.storage.issues import PARTS, Proxy
from bot.storage.search import COUNTED_MOST
from bot.storage.store import Store
from tests.engines import ask
from tests.issues import put_issue
from tests.world import TEXTS

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
NEVER = 2**53
POSTS = (
    (PostKind.BUILDING_LEADER, 1),
    (PostKind.DEPUTY_LEADER, 1),
    (PostKind.PROPERTY_MANAGER, None),
    (PostKind.OWNERS_COMMITTEE_DIRECTOR, None),
)
PEOPLE = range(1, 9)
"""1 leads building 1, 2 is the deputy, 3 the property manager, 4 the director; 5 stands in for 1; 6 to 8 are
residents, and the bot cannot reach 8."""


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a compound with two buildings, its posts and eight people."""
    async with database.transaction() as connection:
        store, directory = Store(connection), Directory(connection)
        await directory.put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
        await directory.put_buildings(1, {"3": "3号楼", "4": "4号楼"})
        await directory.put_entrances({(1, "2"): "2单元"})
        await directory.put_units({(1, 1, "502"): None})
        await directory.put_posts(1, {(kind, building, None): PostText() for kind, building in POSTS})
        for number in PEOPLE:
            person_id = await store.people.new(NOW)
            await store.people.put_details(person_id, f"住户{number}", "")
            if number != 8:
                await store.people.put_account(person_id, "telegram", str(number), "名", "zh")
        for post in await ask(connection, "SELECT id, kind, building_id FROM posts"):
            holder = 1 + POSTS.index((PostKind(post["kind"]), post["building_id"]))
            await store.posts.appoint(post["id"], holder, NOW)
            if holder == 1:
                await store.posts.appoint(post["id"], 5, NOW)
                await ask(connection, "UPDATE appointments SET acting_for = 1 WHERE person_id = 5")
        yield store


async def file(
    store: Store,
    text: str = "楼道灯坏了",
    *,
    place: Place | None = None,
    reporter_id: int = 6,
    handler_id: int = 1,
    is_private: bool = False,
    proxy: Proxy | None = None,
) -> int:
    """An issue of the day; it is not indexed yet."""
    place = place or Place("unit", 1, 1, 1, 1)
    return await put_issue(
        store, NOW, place, reporter_id, handler_id, text=text, is_private=is_private, proxy=proxy
    )


def desk_of(store: Store) -> Desk:
    """A unit of work on that transaction."""
    return Desk(store, TEXTS, Rules(1, "lianxin_bot"), NOW)


async def test_grams(store: Store) -> None:
    """They are replaced as a whole, counted, and asked for together, each in its own compound."""
    first, second = await file(store), await file(store)
    await store.search.put(1, first, {"灯坏", "坏了", "#001"})
    await store.search.put(1, second, {"灯坏", "#002"})
    assert [await store.search.count(1, gram) for gram in ("灯坏", "#001", "电梯")] == [2, 1, 0]
    assert await store.search.count(2, "灯坏") == 0

    async def found(*grams: str, before: int = NEVER, most: int = 10) -> list[list[int]]:
        return [
            await store.search.with_grams(1, grams, 4, everywhere=everywhere, before=before, most=most)
            for everywhere in (True, False)
        ]

    # The director sees everything as committee, and takes part in nothing.
    assert await found(*["灯坏"] * 4) == [[second, first], []]
    assert await found(*["灯坏"] * 4, most=1) == [[second], []]
    assert await found(*["灯坏"] * 4, before=second) == [[first], []]
    assert await found("#001", "灯坏", "坏了", "坏了") == [[first], []]
    assert await found("#001", "灯坏", "坏了", "#002") == [[], []]
    await store.search.put(1, first, {"电梯"})
    assert await found(*["灯坏"] * 4) == [[second], []]


async def test_a_common_gram_is_not_counted_to_the_end(store: Store) -> None:
    """What more than COUNTED_MOST issues have is common, however many they are."""
    for _ in range(COUNTED_MOST + 1):
        await store.search.put(1, await file(store), {"楼"})
    assert await store.search.count(1, "楼") == COUNTED_MOST


async def fill(store: Store) -> list[int]:
    """Issues at every place, of every handler, open and closed, with whom it is about and who looks on."""
    random = Random(7)  # noqa: S311
    ids = []
    for number in range(60):
        proxy = Proxy(random.choice((1, 3, 6)), "phone", 1) if number % 4 == 0 else None
        issue_id = await file(
            store,
            place=random.choice(
                (Place("unit", 1, 1, 1, 1), Place("building", 1, 2), Place("common_area", 1))
            ),
            reporter_id=random.choice((1, 4, 6, 7, 8)),
            handler_id=random.choice((1, 3, 4)),
            is_private=random.random() < 0.3,
            proxy=proxy,
        )
        for person_id in PEOPLE:
            for part in PARTS:
                if random.random() < 0.1:
                    await store.issues.add_part(issue_id, person_id, part)
        issue = await store.issues.get(issue_id)
        assert issue is not None
        if number % 3 == 0:
            await store.issues.save(replace(issue, state=State.CLOSED, closed_at=NOW))
        await store.search.put(1, issue_id, {"灯坏"})
        ids.append(issue_id)
    return ids


async def test_the_database_knows_who_may_see_what(store: Store) -> None:
    """For every person and issue: it is found exactly when it may be opened."""
    desk, ids = desk_of(store), await fill(store)
    for person_id in PEOPLE:
        is_committee = await store.search.is_committee(1, person_id)
        assert is_committee == (person_id == 4)
        found = await store.search.with_grams(
            1, ["灯坏"] * 4, person_id, everywhere=is_committee, before=NEVER, most=100
        )
        issues = [await store.issues.get(issue_id) for issue_id in ids]
        seen = [one.id for one in issues if one is not None and await may_see(desk, one, person_id)]
        assert found == seen[::-1], person_id
        assert (seen != []) == (person_id in range(1, 9))


async def test_the_database_knows_what_is_on_whose_list(store: Store) -> None:
    """What is not closed and may be opened by a post; what one only reported or met is not work."""
    desk, ids = desk_of(store), await fill(store)
    counts = {}
    for person_id in PEOPLE:
        on_list = {issue.id for issue in await store.issues.in_hand(person_id, 100)}
        for issue_id in ids:
            issue = await store.issues.get(issue_id)
            assert issue is not None
            roles = await roles_of(desk, issue, person_id)
            by_post = roles & {Role.HANDLER, Role.COMMITTEE, Role.HELPER}
            is_seen = await may_see(desk, issue, person_id) and issue.state != State.CLOSED
            if by_post and is_seen:
                assert issue_id in on_list, (person_id, issue_id)
            if not is_seen or "concerned" in await _parts(store, issue_id, person_id):
                assert issue_id not in on_list, (person_id, issue_id)
            elif person_id <= 5 and not roles & {Role.REPORTER, Role.FOLLOWER}:
                assert issue_id in on_list, (person_id, issue_id)
        counts[person_id] = len(on_list)
    assert [counts[person_id] for person_id in (6, 7, 8)] == [0, 0, 0]
    assert counts[4] > counts[2] > 0
    assert counts[5] > counts[3] > 0
    assert [issue.id for issue in await store.issues.in_hand(4, 2)] == sorted(on for on in ids)[1:3]


async def _parts(store: Store, issue_id: int, person_id: int) -> set[str]:
    return {part for part, people in (await store.issues.parts(issue_id)).items() if person_id in people}


async def test_compounds_in_sight(store: Store) -> None:
    """By post, by home, by what was reported, entered for another, handled or met; strangers have none."""
    assert [await store.search.compounds(person_id) for person_id in (1, 5, 6, 7)] == [[1], [1], [], []]
    issue_id = await file(store, reporter_id=6, proxy=Proxy(8, "phone", None))
    await store.issues.add_part(issue_id, 7, "affected")
    assert [await store.search.compounds(person_id) for person_id in (6, 7, 8)] == [[1], [1], [1]]


async def test_what_was_there_before_is_made_findable(store: Store) -> None:
    """Some at a time, going on where it stopped, without what has been erased, and then no more."""
    for number in range(INDEXED_AT_ONCE + 2):
        await file(store, f"第{number}盏灯坏了")
    await store.privacy.erase("issues", [2], NOW)
    desk, rounds = desk_of(store), 0
    chore: Chore | None = Chore(0, INDEX, 0, NOW, 0)
    while chore is not None:
        await index_some(desk, chore)
        rounds += 1
        chore = await store.chores.claim(NOW)
        if chore is not None:
            await store.chores.drop(chore.kind, chore.subject_id)
    assert rounds == 2
    assert [issue.id for issue in await find(desk, 4, "第201盏")] == [202]
    assert [issue.id for issue in await find(desk, 4, "第0盏")] == [1]
    assert await find(desk, 4, "第1盏") == []
    assert await ask(store.connection, "SELECT 1 AS one FROM issue_grams WHERE issue_id = 2") == []
