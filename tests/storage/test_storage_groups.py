"""Group chats, their codes, mutes and loans, on both engines, field by field."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.actions.desk import Desk, Rules
from bot.actions.groups import bind
from bot.app import TEMPLATES
from bot.domain.announcing import Loan
from bot.domain.audiences import COMPOUND, Audience, Kind, Part
from bot.domain.errors import Refused
from bot.domain.posts import PostKind
from bot.storage.directory import Directory, PostText
from bot.storage.engine import Database
from bot.storage.groups import BoundGroup, Code, Group
from bot.storage.loans import Lent
from bot.storage.store import Store
from bot.texts import Texts

NOW = datetime(2026, 11, 24, 2, 0, 0, 123_456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=30)
BUILDING, DOOR = Part(Kind.BUILDING, 1), Part(Kind.ENTRANCE, 1, 1)
RIGHTS = frozenset({"can_pin_messages", "can_delete_messages"})


async def furnish(store: Store) -> None:
    """Two compounds, a building with an entrance, and two people."""
    directory = Directory(store.connection)
    for code in ("luzhou-126", "tonggong"):
        await directory.put_compound(code, code, "Asia/Shanghai", "zh_CN")
    await directory.put_buildings(1, {"3": "3号楼"})
    await directory.put_entrances({(1, "2"): "2单元"})
    assert [await store.people.new(NOW) for _ in range(2)] == [1, 2]


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on them."""
    async with database.transaction() as connection:
        await furnish(Store(connection))
        yield Store(connection)


async def test_a_group_is_met_bound_and_let_go(store: Store) -> None:
    """What is known of it changes without its binding, and its binding without the rest."""
    groups = store.groups
    assert await groups.by_address("telegram", "-5") is None
    assert await groups.get(1) is None
    made = await groups.put("telegram", "-5", "一群", "member")
    assert await groups.by_address("telegram", "-5") == Group(made, "-5", "一群", "member", frozenset())
    assert await groups.bound(1) == []
    for part in (COMPOUND, BUILDING, DOOR):
        await groups.bind(made, 1, part, 2, NOW)
        assert await groups.get(made) == BoundGroup(made, "-5", "一群", "member", frozenset(), 1, part, 2)
    assert await groups.put("telegram", "-5", "二群", "administrator", RIGHTS) == made
    after = BoundGroup(made, "-5", "二群", "administrator", RIGHTS, 1, DOOR, 2)
    assert await groups.by_address("telegram", "-5") == after
    await groups.rename(made, "三群")
    await groups.move(made, "-100")
    await groups.leave(made)
    gone = BoundGroup(made, "-100", "三群", "gone", frozenset(), 1, DOOR, 2)
    assert await groups.bound(1) == [gone]
    assert not gone.is_reachable
    assert await groups.bound(2) == []
    await groups.unbind(made)
    assert await groups.by_address("telegram", "-100") == Group(made, "-100", "三群", "gone", frozenset())


async def test_groups_are_listed_from_the_compound_down(store: Store) -> None:
    """The compound's, the building's, the entrance's; an interest group's stands by itself."""
    parts = [DOOR, Part(Kind.INTEREST_GROUP, group_id=7), BUILDING, COMPOUND]
    for number, part in enumerate(parts):
        made = await store.groups.put("telegram", f"-{number}", "群", "member")
        await store.groups.bind(made, 1, part, 1, NOW)
    found = [group.part for group in await store.groups.bound(1)]
    assert found == [COMPOUND, Part(Kind.INTEREST_GROUP, group_id=7), BUILDING, DOOR]


async def test_codes(store: Store) -> None:
    """The newest of each maker is good; a used one is kept."""
    groups = store.groups
    assert await groups.code("AAAA") is None
    await groups.put_code("AAAA", 1, BUILDING, 1, LATER)
    await groups.put_code("BBBB", 1, COMPOUND, 2, LATER)
    assert await groups.code("AAAA") == Code("AAAA", 1, BUILDING, 1, LATER, None)
    await groups.use_code("AAAA", NOW)
    await groups.put_code("CCCC", 1, DOOR, 1, LATER)
    await groups.put_code("DDDD", 1, DOOR, 1, LATER)
    assert await groups.code("AAAA") == Code("AAAA", 1, BUILDING, 1, LATER, NOW)
    assert await groups.code("CCCC") is None
    assert [await groups.code(code) is None for code in ("BBBB", "DDDD")] == [False, False]


async def test_mutes(store: Store) -> None:
    """A compound and an interest group are muted apart; twice is once."""
    mutes, dancers = store.mutes, Part(Kind.INTEREST_GROUP, group_id=7)
    for _ in range(2):
        await mutes.put(1, 1, COMPOUND, NOW)
        await mutes.put(1, 1, dancers, NOW)
        await mutes.put(2, 1, dancers, NOW)
        await mutes.put(1, 2, COMPOUND, NOW)
    assert await mutes.of_person(1) == {(1, COMPOUND), (1, dancers), (2, COMPOUND)}
    assert await mutes.of_compound(1) == {1: {COMPOUND, dancers}, 2: {dancers}}
    await mutes.drop(1, 1, COMPOUND)
    await mutes.drop(1, 1, COMPOUND)
    assert await mutes.of_compound(1) == {1: {dancers}, 2: {dancers}}


async def test_loans(store: Store) -> None:
    """A loan runs from its first instant to before its last, unless it was taken back."""
    audience = Audience((BUILDING,), ("owner",), (DOOR,))
    loan = Loan(1, 2, audience, NOW, LATER)
    made = await store.loans.put(1, loan)
    assert await store.loans.get(made) == Lent(made, 1, loan)
    assert await store.loans.get(made + 1) is None
    moment = timedelta(microseconds=1)
    for at, runs in ((NOW - moment, False), (NOW, True), (LATER - moment, True), (LATER, False)):
        wanted = [Lent(made, 1, loan)] if runs else []
        assert await store.loans.running(1, at) == wanted
        assert await store.loans.of_compound(1, at) == wanted
    assert await store.loans.running(2, NOW) == await store.loans.of_compound(2, NOW) == []
    await store.loans.revoke(made, 2, NOW)
    await store.loans.revoke(made, 1, LATER)
    assert await store.loans.running(1, NOW) == []
    revoked = await store.loans.get(made)
    assert revoked is not None
    assert revoked.loan.revoked_at == NOW


async def test_one_code_binds_one_group_however_many_type_it_at_once(database: Database) -> None:
    """Five groups, one code: one is bound, four hear that it has been used."""
    async with database.transaction() as connection:
        store = Store(connection)
        await furnish(store)
        await Directory(connection).put_posts(1, {(PostKind.BRANCH_SECRETARY, None, None): PostText()})
        await store.posts.appoint(1, 1, NOW)
        await store.groups.put_code("AAAA", 1, BUILDING, 1, LATER)

    async def typed(number: int) -> str:
        try:
            async with database.transaction() as connection:
                desk = Desk(Store(connection), Texts(TEMPLATES), Rules(1, "bot"), NOW)
                await bind(desk, f"-{number}", f"{number}群", "aaaa")
        except Refused as no:
            return no.reason
        return "bound"

    assert sorted(await asyncio.gather(*map(typed, range(5)))) == ["bound", *["group_code_used"] * 4]
    async with database.transaction() as connection:
        assert len(await Store(connection).groups.bound(1)) == 1
