"""The lists: 我的事 of a resident, and what waits for a leader, a deputy or the committee."""

import re

import pytest

from bot.actions.desk import Desk
from bot.actions.lists import tasks_of
from bot.domain.posts import PostKind
from bot.storage.store import Store
from tests.world import TEXTS, Phone, World

NUMBER = re.compile(r"\d{6}-\d{3}")


@pytest.fixture
async def resident(world: World, leader: Phone) -> Phone:
    """王奶奶 of 3-2-502, approved."""
    phone = await world.resident()
    await leader.presses("✅ 同意")
    return phone


async def report(phone: Phone, count: int, text: str = "楼道灯坏了", category: str = "照明") -> None:
    """So many reports that are not taken for each other."""
    for number in range(count):
        await phone.sends(f"{text}{'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[number % 26]}")
        await phone.presses(category)
        while phone.may_press("不是同一件"):
            await phone.presses("不是同一件")
        await phone.presses("提交")


def listed(phone: Phone) -> list[str]:
    """The numbers on the newest list, as they end."""
    return [number[-3:] for number in NUMBER.findall(phone.last_message.partition("\n")[2])]


# Work ---------------------------------------------------------------------------------------------------


async def test_forty_on_one_phone(leader: Phone, resident: Phone) -> None:
    """Six at a time in one message that is turned in place; at either end the button says so."""
    await report(resident, 14)
    await leader.sends("/work")
    first = leader.messages[-1]
    assert "我手上 14 件\n待接 14\n" in first.text
    assert listed(leader) == ["001", "002", "003", "004", "005", "006"]
    assert len(first.text) < 600
    await leader.presses("◀")
    assert "第一页" in leader.last_toast
    await leader.presses("▶", "▶")
    assert leader.messages[-1].id == first.id
    assert listed(leader) == ["013", "014"]
    assert "3/3" in leader.buttons
    await leader.presses("▶")
    assert "最后一页" in leader.last_toast
    await leader.presses("3/3", "◀")
    assert listed(leader)[0] == "007"
    await leader.presses("261124-008")
    assert "楼道灯坏了H" in leader.last_message


async def test_what_presses_comes_first(world: World, leader: Phone, resident: Phone) -> None:
    """Danger before utilities before the rest, then what is due first; done waits at the end."""
    await report(resident, 1)
    await world.later(hours=1)
    await report(resident, 1, "厨房水管爆了", "水电气")
    await report(resident, 1, "高空抛物，砸到人了", "高空抛物")
    await report(resident, 1, "楼道里有垃圾", "楼道卫生")
    leader_id = await leader.person_id()
    await world.rows(f"UPDATE issues SET handler_id = {leader_id}")  # noqa: S608
    await leader.sends("/work")
    assert listed(leader) == ["003", "002", "001", "004"]
    assert [line[0] for line in leader.last_message.splitlines() if "261124" in line] == [
        "🔴",
        "🟠",
        "🔵",
        "🔵",
    ]
    await leader.forges("issue.accept:1")
    await leader.forges("issue.resolve:1")
    await leader.sends_photo("换好了")
    await leader.presses("提交办结")
    await leader.sends("/work")
    assert listed(leader)[-1] == "001"
    assert "待确认 1" in leader.last_message


async def test_narrowed_down(world: World, leader: Phone, resident: Phone) -> None:
    """待接, 超时, 今天, 等待中: each button has its count, shows only those, and tapped again shows all."""
    await report(resident, 4)
    await leader.forges("issue.accept:1")
    await leader.forges("issue.accept:2")
    await leader.forges("issue.ask:2")
    await leader.sends("哪一盏？")
    if leader.may_press("发出"):
        await leader.presses("发出")
    assert (await world.issue(2)).state == "waiting_reporter"
    await leader.sends("/work")
    assert "待接 2" in leader.buttons
    assert "等待中 1" in leader.buttons
    assert not any("超时" in label for label in leader.buttons)
    await leader.presses("待接")
    assert listed(leader) == ["003", "004"]
    assert "✓ 待接 2" in leader.buttons
    await leader.presses("等待中")
    assert listed(leader) == ["002"]
    assert "等居民 1" in leader.last_message
    await leader.presses("✓ 等待中")
    assert len(listed(leader)) == 4
    await world.later(days=1, hours=1)
    await leader.sends("/work")
    assert "⚠️超时 2" in leader.last_message
    await leader.presses("⚠️超时 2")
    assert listed(leader) == ["003", "004"]
    assert leader.last_message.count("⚠️已超时") == 2


async def test_a_list_that_has_become_empty(leader: Phone, resident: Phone) -> None:
    """The page and the choice of an old button are gone: the last page, and no failure."""
    await report(resident, 7)
    await leader.sends("/work")
    await leader.presses("▶")
    for number in range(1, 8):
        await leader.forges(f"issue.accept:{number}")
    await leader.forges("work.list:mine:open:9")
    assert "没有这样的事" in leader.last_message
    await leader.forges("work.list:mine:all:9")
    assert listed(leader) == ["007"]


async def test_the_committee_looks_by_building(world: World, resident: Phone) -> None:
    """All of the compound, each with who has it; a grid of buildings with counts; one building."""
    await world.leader_of("1")
    other = await world.resident("1", "1", "101", name="李叔")
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    await report(resident, 3)
    await report(other, 1, "楼道里有垃圾", "楼道卫生")
    await director.sends("/work")
    assert "手上没有待办" in director.last_message
    await director.presses("全部 4")
    assert len(listed(director)) == 4
    assert "楼栋长 王秀兰" in director.last_message
    await director.presses("按楼")
    assert "按楼看，共 4 件" in director.last_message
    assert {"3号楼 3", "1号楼 1"} <= set(director.buttons)
    await director.presses("3号楼 3")
    assert "3号楼 3 件" in director.last_message
    assert listed(director) == ["001", "002", "003"]
    await world.later(days=2)
    await director.sends("/work")
    await director.presses("按楼")
    assert "3号楼 3 ⚠️3" in director.buttons


async def test_lists_follow_the_posts(world: World, resident: Phone) -> None:
    """A deputy sees the building, a leader of another nothing of it; who loses the post nothing at all."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    other = await world.leader_of("1")
    await report(resident, 2)
    await deputy.sends("/work")
    await deputy.presses("全部 2")
    assert listed(deputy) == ["001", "002"]
    await other.sends("/work")
    assert not any("全部" in label for label in other.buttons)
    for forged in ("work.list:all:all:0", "work.list:3:all:0", "work.buildings:0"):
        await other.forges(forged)
        assert listed(other) == []
        assert "3号楼" not in other.last_message
    await world.vacate(PostKind.DEPUTY_LEADER, "3")
    await deputy.forges("work.list:all:all:0")
    assert "没有任职" in deputy.last_toast


async def test_nobody_sees_their_own_case(world: World, resident: Phone) -> None:
    """What is about a member of the committee is on everybody's list but theirs (C10)."""
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    await report(resident, 2)
    director_id = await director.person_id()
    async with world.database.transaction() as connection:
        await Store(connection).issues.add_part(1, director_id, "concerned")
    for phone, numbers in ((director, ["002"]), (secretary, ["001", "002"])):
        await phone.sends("/work")
        await phone.presses("全部")
        assert listed(phone) == numbers
        await phone.sends("/find 灯")
        assert sorted(listed(phone)) == numbers


@pytest.mark.parametrize(
    "payload",
    [
        *("work.list:mine:all", "work.list:mine:nonsense:0", "work.list:mine:all:-1", "work.list:x:all:0"),
        *("work.list:9999999999999999:all:0", "work.buildings:x", "my.page:-1", "my.page:x", "list.edge"),
        *("find.page:x:灯", "find.page:0"),
    ],
)
async def test_forged_pages(leader: Phone, payload: str) -> None:
    """What no button of ours says is refused."""
    await leader.sends("/work")
    count = len(leader.messages)
    await leader.forges(payload)
    assert "不认识" in leader.last_toast
    assert len(leader.messages) == count


async def test_a_resident_has_no_work(resident: Phone) -> None:
    """Not even an empty list: /work is for those in a post."""
    for forged in ("work.list:all:all:0", "work.buildings:0", "work.list:mine:all:0"):
        await resident.forges(forged)
        assert "没有任职" in resident.last_toast


async def test_all_lists_are_pressing_first(world: World, leader: Phone, resident: Phone) -> None:
    """The order holds for every list there is: done last, then urgency, then due."""
    await report(resident, 3)
    await report(resident, 2, "家里停水了", "水电气")
    leader_id = await leader.person_id()
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        tasks = await tasks_of(desk, leader_id)
    assert [task.pressing for task in tasks] == sorted(task.pressing for task in tasks)
    assert all(task.due is not None for task in tasks)


# Mine ---------------------------------------------------------------------------------------------------


async def test_mine_in_pages(resident: Phone) -> None:
    """Five at a time, the newest first, turned in place."""
    await report(resident, 7)
    await resident.sends("📋 我的事")
    first = resident.messages[-1]
    assert "我的事，7 件" in first.text
    assert listed(resident) == ["007", "006", "005", "004", "003"]
    await resident.presses("▶")
    assert resident.messages[-1].id == first.id
    assert listed(resident) == ["002", "001"]


async def test_what_needs_my_word_is_first(world: World, leader: Phone, resident: Phone) -> None:
    """Done or asked about before what goes on; what has ended last, and after thirty days not at all."""
    await report(resident, 4)
    await resident.forges("issue.withdraw:4")
    await resident.presses("不用办了")
    await leader.forges("issue.accept:1")
    await leader.forges("issue.resolve:1")
    await leader.sends_photo("换好了")
    await leader.presses("提交办结")
    await resident.sends("/my")
    assert listed(resident) == ["001", "003", "002", "004"]
    assert "请点开，告诉我解决了没有" in resident.last_message
    await world.later(days=31)
    await resident.sends("/my")
    assert "004" not in listed(resident)


async def test_what_i_have_met_too_is_marked(world: World, leader: Phone, resident: Phone) -> None:
    """A neighbour's issue stands there with a mark, without their home; I am not asked whether it is done."""
    second = await world.resident(unit="501", name="李叔")
    await leader.presses("✅ 同意")
    await resident.sends("楼道灯坏了")
    await resident.presses("照明", "提交")
    await second.sends("楼道的灯不亮")
    await second.presses("照明", "我也遇到")
    await second.sends("/my")
    assert "261124-001　照明\n👥 我也遇到\n等人接单" in second.last_message
    assert "502" not in second.last_message
    await resident.sends("/my")
    assert "我也遇到" not in resident.last_message
    await leader.forges("issue.accept:1")
    await leader.forges("issue.resolve:1")
    await leader.sends_photo("换好了")
    await leader.presses("提交办结")
    await second.sends("/my")
    assert "请点开" not in second.last_message


async def test_lists_survive_a_restart(world: World, leader: Phone, resident: Phone) -> None:
    """Everything a page needs is in its buttons."""
    await report(resident, 7)
    await leader.sends("/work")
    await world.restart()
    await leader.presses("▶")
    assert listed(leader) == ["007"]
