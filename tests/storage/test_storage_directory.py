"""The register in bulk on both engines: residents, communities, and everything for an export."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.actions.desk import Desk, Rules
from bot.actions.importing import Count, import_register
from bot.domain.posts import PostKind
from bot.domain.register import ListedPerson, Register, read_register
from bot.domain.sheets import Sheet
from bot.storage.directory import Community, Directory, Entry, Placement, PostText
from bot.storage.engine import Connection, Database
from bot.storage.posts import Posts
from bot.storage.store import Store
from tests.world import TEXTS

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
SECRETARY = (PostKind.COMMUNITY_SECRETARY, None, None)


async def furnish(connection: Connection) -> Directory:
    """A compound of a community; building 1 with entrance 1 and the unit 101 behind it, 501 beside."""
    directory = Directory(connection)
    community_id = await directory.put_community("c", "东门社区")
    await directory.put_compound("a", "甲", "Asia/Shanghai", "zh_CN", community_id)
    await directory.put_buildings(1, {"1": "1号楼"})
    await directory.put_entrances({(1, "1"): "1单元"})
    await directory.put_units({(1, 1, "101"): 60, (1, None, "501"): None})
    return directory


async def test_people_are_entered_by_the_dozen(database: Database) -> None:
    """As many ids as asked for, each another one."""
    async with database.transaction() as connection:
        directory = Directory(connection)
        assert list(await directory.new_people(0, NOW)) == []
        first, then = await directory.new_people(3, NOW), await directory.new_people(2000, NOW)
    assert sorted({*first, *then}) == [*first, *then]
    assert len(then) == 2000


async def test_residents_move_in_and_out(database: Database) -> None:
    """Listed they need no approval; listed no more they are ended; listed again they are back."""
    async with database.transaction() as connection:
        directory = await furnish(connection)
        people = Store(connection).people
        (listed,) = await directory.new_people(1, NOW)
        await directory.put_details({listed: ListedPerson("张三", "110")})
        joined = await people.new(NOW)
        await people.put_account(joined, "telegram", "5", "小王", "zh")
        asked, _ = await people.ask_residency(joined, 2, "renter", NOW)

        await directory.put_residents([Placement(listed, 1, "owner"), Placement(listed, 2, "owner")], NOW)
        await directory.put_residents([Placement(listed, 2, "family")], LATER)
        mine, other = [one for one in await directory.entries(1) if one.person_id == listed]
        assert mine == Entry(
            mine.id, listed, 1, "owner", "approved", True, ListedPerson("张三", "110"), has_account=False
        )
        assert (other.unit_id, other.kind) == (2, "family")
        assert (await directory.entries(1))[0] == Entry(
            asked, joined, 2, "renter", "pending", False, ListedPerson("", ""), has_account=True
        )

        await directory.end_residents([mine.id], LATER)
        ended = await people.residency(mine.id)
        assert ended is not None
        assert (ended.state, ended.reason, ended.is_listed) == ("ended", "unlisted", False)
        await directory.put_residents([Placement(listed, 1, "owner")], LATER)
        back = await people.residency(mine.id)
        assert back is not None
        assert (back.state, back.reason, back.is_listed) == ("approved", "", True)


async def test_a_community_has_posts_of_its_own(database: Database) -> None:
    """They are found through it, and through each of its compounds."""
    async with database.transaction() as connection:
        directory = await furnish(connection)
        assert await directory.communities() == [Community(1, "c", "东门社区")]
        assert await directory.put_community("c", "东门") == 1
        text = PostText("联系居民", "周一", phone_shown=True, phone="110")
        await directory.put_posts(None, {SECRETARY: PostText()}, 1)
        await directory.put_posts(None, {SECRETARY: text}, 1)
        assert await directory.posts(None, 1) == {SECRETARY: (1, text)}
        assert await directory.posts(1) == {}
        person = await Store(connection).people.new(NOW)
        await Posts(connection).appoint(1, person, NOW, is_deputy=True, term_until=LATER)
        (office,) = await directory.offices(None, 1)
        assert (office.person_id, office.is_deputy, office.term_until) == (person, True, LATER)
        assert await directory.offices(1) == []
        compound = await directory.compound("a")
        assert compound is not None
        assert compound.community_id == 1


@pytest.mark.parametrize("what", ["joined", "appointments", "issues", "activities"])
async def test_everything_is_given_page_by_page(database: Database, what: str) -> None:
    """No line twice, none left out."""
    async with database.transaction() as connection:
        directory = await furnish(connection)
        store = Store(connection)
        await directory.put_posts(None, {SECRETARY: PostText()}, 1)
        for number in range(1001 if what == "appointments" else 3):
            person = await store.people.new(NOW)
            if what == "appointments":
                one = await store.posts.appoint(1, person, NOW)
                assert one is not None
                await store.posts.end(one, LATER)
            else:
                await store.people.put_account(person, "telegram", str(number), "小王", "zh")
                await store.people.ask_residency(person, 1, "owner", NOW)
        ids = [row["id"] async for row in directory.everything(what, 1)]
    assert len(ids) == {"joined": 3, "appointments": 1001}.get(what, 0)
    assert ids == sorted(set(ids))


async def test_an_import_is_the_same_on_both_engines(database: Database) -> None:
    """Places, residents, posts of a community: all new at first, then nothing."""
    tables = {
        "communities": ["code,name", "c,东门社区"],
        "compounds": ["code,name,community", "a,甲,c"],
        "业主": [
            "楼栋,单元,房号,面积,业主,电话",
            "3,2,501,89,张三、李四,13900000001",
            ",,502,,张三,13900000001",
        ],
        "posts": ["post,building,name,phone", "社区书记,,秦琼,110", "楼栋长,3,张三,13900000001"],
    }
    sheets = [
        Sheet(name, [(number, tuple(line.split(","))) for number, line in enumerate(lines, start=1)])
        for name, lines in tables.items()
    ]
    register, errors = read_register(sheets)
    assert errors == []

    async def bring(register: Register, *, dry_run: bool = False) -> tuple[Count, Count, int, bool]:
        async with database.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, Rules(1, "lianxin_bot"), NOW)
            report = await import_register(desk, register, dry_run=dry_run)
        return report.people, report.residents, report.appointed, report.is_news

    new = (Count(created=3), Count(created=3), 2, True)
    assert await bring(register, dry_run=True) == new
    assert await bring(register) == new
    assert await bring(register) == (Count(unchanged=3), Count(unchanged=3), 0, False)
