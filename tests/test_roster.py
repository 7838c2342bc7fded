"""The roster (L8): who has joined, door by door; who lives in a unit; whom to knock at."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from bot.domain.posts import PostKind
from tests.test_activities import document
from tests.test_residents import joins, lists
from tests.world import Phone, World


async def shown(world: World) -> tuple[Phone, Phone]:
    """王芳 has joined (502), 小李 waits (601): the phones of the leader of 3 and of 王芳."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await joins(world, "小李", "租户", unit="601")
    return leader, resident


async def test_the_map_of_a_door(world: World) -> None:
    """The top floor on top; joined, waiting and not yet at one glance, with the count."""
    leader, _ = await shown(world)
    await leader.sends("/roster")
    assert "3号楼　已加入 1 /" in leader.last_message
    await leader.presses("2单元 1/12")
    assert "3号楼2单元　已加入 1 / 12 户，1 户等确认" in leader.last_message
    rows = [[button.text for button in row] for row in leader.messages[-1].buttons]
    assert rows[:2] == [["◐601", "○602"], ["○501", "●502"]]
    assert rows[5] == ["○101", "○102"]


async def test_a_unit_and_its_people(world: World) -> None:
    """Who, as what, since when; the register's without account is told apart."""
    await lists(world, "王大爷")
    leader, _ = await shown(world)
    await leader.sends("/roster")
    await leader.presses("2单元", "502")
    assert "· 王大爷（业主） ○ 登记表上，没用连心" in leader.last_message
    assert "· 王芳（业主） ● 11月24日" in leader.last_message
    await leader.presses("名册", "601")
    assert "小李（租户） ◐ 等确认" in leader.last_message
    await leader.presses("确认 小李", "同意")
    await leader.sends("/roster 3-2-601")
    assert "小李（租户） ●" in leader.last_message


async def test_a_typed_room_is_found(world: World) -> None:
    """Behind the door that is shown the number is enough; a whole address works from anywhere."""
    leader, _ = await shown(world)
    await leader.sends("/roster")
    await leader.presses("2单元")
    for said in ("502", "５０２室", "五零二", "3栋2单元502", "三号楼二单元五零二"):
        await leader.sends(said)
        assert "王芳" in leader.last_message, said
    await leader.sends("999")
    assert leader.sees("小区里没找到「999」")
    await leader.sends("/roster 三号楼二单元502")
    assert "王芳" in leader.last_message
    await leader.sends("/roster 3-2-999")
    assert "小区里没找到" in leader.last_message
    await leader.sends("/roster 1-1-101")
    assert "不归您看" in leader.last_message


async def test_looking_at_the_map_does_not_swallow_a_report(world: World) -> None:
    """Trouble, small talk and photos are what they always are."""
    leader, _ = await shown(world)
    for said, heard in (("501门口灯坏了", "照明"), ("谢谢", "有事随时说")):
        await leader.sends("/roster")
        await leader.presses("2单元")
        await leader.sends(said)
        assert heard in leader.last_message or heard in " ".join(leader.buttons), said
    await leader.sends("/roster")
    await leader.presses("2单元")
    await leader.sends_photo()
    assert "照片 1 张" in leader.last_message


async def test_a_phone_is_looked_up_and_that_is_logged(world: World) -> None:
    """Only on a tap, only for who may, and the person can see who did."""
    await lists(world, "王大爷", phone="13800000077")
    leader, resident = await shown(world)
    await leader.sends("/roster 3-2-502")
    assert "13800000077" not in leader.last_message
    await leader.presses("📞 王大爷")
    assert "📞 13800000077" in leader.last_message
    (view,) = await world.rows("SELECT * FROM phone_views")
    assert view["viewer_id"] == await leader.person_id()
    await leader.presses("📞 王芳")
    assert "没有登记这位的电话" in leader.last_toast
    for phone in (await world.leader_of("1"), resident):
        await phone.forges("roster.phone:1")
        assert not phone.sees("13800000077")
    assert len(await world.rows("SELECT * FROM phone_views")) == 1


async def test_everybody_of_a_crowded_flat_can_be_reached(world: World) -> None:
    """Twelve share it: each has a row of buttons."""
    for number in range(12):
        await lists(world, f"住户{number:02}", phone=f"139000000{number:02}")
    leader = await world.leader_of("3")
    await leader.sends("/roster 3-2-502")
    for number in range(12):
        assert f"住户{number:02}" in leader.last_message
        assert leader.may_press(f"📞 住户{number:02}")


async def test_who_has_not_joined_as_a_list_and_a_sheet(world: World) -> None:
    """By floor to carry along; the sheet has the names of the register, and no phone."""
    await lists(world, "王大爷", unit="501", phone="13800000077")
    leader, _ = await shown(world)
    await leader.sends("/roster")
    await leader.presses("2单元", "还没加入的")
    assert "还没加入的 10 户" in leader.last_message
    assert leader.last_message.splitlines()[1:3] == ["602", "501"]
    await leader.presses("表格")
    assert "只给上门的人用" in leader.last_message
    page = load_workbook(BytesIO(document(leader))).active
    assert page is not None
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert rows[0] == ["楼栋", "单元", "房号", "登记姓名", "上门情况"]
    assert ["3号楼", "2单元", "501", "王大爷", None] in rows
    assert len(rows) > 20
    assert "13800000077" not in str(rows)


async def test_an_entrance_leader_sees_their_door_only(world: World) -> None:
    """At once, without choosing; the door beside is refused."""
    await shown(world)
    leader = await world.holder(PostKind.ENTRANCE_LEADER, "3", "2")
    await leader.sends("/roster")
    assert "3号楼2单元　已加入 1 / 12 户" in leader.last_message
    assert not leader.may_press("各单元")
    doors = {
        row["label"]: row["id"]
        for row in await world.rows(
            "SELECT entrances.id, entrances.label FROM entrances JOIN buildings ON buildings.id = building_id"
            " WHERE buildings.label = '3'"
        )
    }
    (building,) = {
        row["building_id"]
        for row in await world.rows(
            f"SELECT building_id FROM entrances WHERE id = {doors['1']}"  # noqa: S608
        )
    }
    for verb in ("roster.door:{}:{}:0", "roster.missing:{}:{}"):
        await leader.forges(verb.format(building, doors["1"]))
        assert "不归您看" in leader.last_toast


async def test_the_committee_chooses_a_building(world: World) -> None:
    """All of them with their counts, then door, then unit, and back."""
    await shown(world)
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await committee.sends("/roster")
    assert "名册　已加入 1 / 144 户" in committee.last_message
    await committee.presses("3号楼 1/", "2单元", "502")
    assert "王芳" in committee.last_message
    await committee.presses("名册", "各单元", "各栋")
    assert committee.buttons[0].startswith("1号楼")


@pytest.mark.parametrize(
    "pressed",
    [
        *("roster.open", "roster.list:0", "roster.building:3", "roster.door:3:1:0", "roster.unit:1"),
        *("roster.missing:3:1", "roster.sheet:3", "roster.unit:99999", "roster.door:99:0:0"),
        *("roster.door:3:99:7", "roster.phone:1"),
    ],
)
async def test_nobody_else_sees_it(world: World, pressed: str) -> None:
    """A resident, and a property manager, whatever they forge."""
    _, resident = await shown(world)
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    for phone in (resident, manager):
        await phone.forgets()
        await phone.forges(pressed)
        assert any(word in phone.last_toast for word in ("不归您", "没有这处登记")), phone.last_toast
        assert phone.new_messages == []
    await resident.sends("/roster")
    assert "不归您看" in resident.last_message


async def test_nonsense_pages(world: World) -> None:
    """Pages beyond the last, words instead of numbers."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await committee.forges("roster.list:999")
    assert "名册" in committee.last_message
    await committee.forges("roster.door:3:0:999")
    for nonsense in (
        "roster.list:x",
        "roster.door:1:1",
        "roster.unit:-1",
        "roster.unit:",
        "roster.sheet:1e9",
    ):
        await committee.forges(nonsense)
        assert "按钮" in committee.last_toast


async def test_a_tower_of_two_hundred_units_fits(world: World) -> None:
    """Pages of at most eighty buttons; no message Telegram would refuse."""
    leader = await world.holder(PostKind.ENTRANCE_LEADER, "3", "2")
    (door,) = await world.rows(
        "SELECT entrances.id, building_id FROM entrances JOIN buildings ON buildings.id = building_id"
        " WHERE buildings.label = '3' AND entrances.label = '2'"
    )
    values = ", ".join(
        f"({door['building_id']}, {door['id']}, '{floor}{room:02}')"
        for floor in range(7, 35)
        for room in range(1, 8)
    )
    await world.rows(f"INSERT INTO units (building_id, entrance_id, label) VALUES {values}")  # noqa: S608
    await leader.sends("/roster")
    seen = set(leader.buttons)
    assert "共" not in leader.last_message
    for _ in range(2):
        await leader.presses("下一页")
        assert len(leader.buttons) <= 100
        seen |= set(leader.buttons)
    assert {"○3401", "○701", "○101"} <= seen
    await leader.presses("还没加入的")
    assert "208 户" in leader.last_message
