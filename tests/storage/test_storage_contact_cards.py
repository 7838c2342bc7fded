"""Contact cards on both engines: where they hang, and which posts they no longer tell the truth of."""

from datetime import UTC, datetime, timedelta

from bot.domain.posts import PostKind
from bot.storage.directory import Directory
from bot.storage.engine import Database
from bot.storage.store import Store

NOW = datetime(2026, 11, 24, 2, 0, 0, 123_456, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def test_where_cards_hang(database: Database) -> None:
    """In several places, each once; a newer one takes the place of an older one; nowhere is nowhere."""
    async with database.transaction() as connection:
        store, directory = Store(connection), Directory(connection)
        await directory.put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
        await directory.put_buildings(1, {"3": "3号楼"})
        [(building, _)] = await store.places.buildings(1)
        cards = store.contact_cards
        made = [await cards.put(1, building, "poster", "zh_CN", None, NOW + HOUR * one) for one in range(2)]
        for print_id, where in ((0, "门口"), (0, "电梯"), (0, "电梯"), (1, "门口")):
            one = await cards.get(made[print_id])
            assert one is not None
            await cards.hang(one, where, NOW)
        hanging = await cards.hanging(1)
        assert sorted((one.hangs_at, one.made_at) for one in hanging) == [
            ("电梯", NOW),
            ("门口", NOW + HOUR),
        ]
        one = await cards.get(made[0])
        assert one is not None
        await cards.hang(one, "", NOW)
        assert [one.hangs_at for one in await cards.hanging(1)] == ["门口"]


async def test_what_is_no_longer_true(database: Database) -> None:
    """Only what changed after a card was made on which it stands, and after the committee was last told."""
    async with database.transaction() as connection:
        store, directory = Store(connection), Directory(connection)
        await directory.put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
        await directory.put_buildings(1, {"3": "3号楼", "4": "4号楼"})
        buildings = [one for one, _ in await store.places.buildings(1)]
        posts = [await store.posts.find(PostKind.BUILDING_LEADER, 1, one) for one in buildings]
        posts.append(await store.posts.find(PostKind.PROPERTY_MANAGER, 1))
        cards = store.contact_cards

        async def change(hours: int, *places: int) -> list[int]:
            for place in places:
                await store.changes.record(
                    1, None, "import", "post.ended", post_id=posts[place], now=NOW + HOUR * hours
                )
            return [posts.index(one.post_id) for one in await cards.outdated_by(1)]

        assert await change(0, 0, 1, 2) == []
        await cards.put(1, buildings[0], "poster", "zh_CN", None, NOW + HOUR)
        assert await change(1) == []
        assert await change(2, 0, 1, 2) == [0, 2]
        assert await cards.changed_at(1, buildings[0]) == NOW + HOUR * 2
        await store.changes.record(1, None, "clock", "card.reissued", now=NOW + HOUR * 3)
        assert await change(4, 2) == [2]
