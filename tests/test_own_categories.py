"""Categories as the operator of a deployment has written them: new, renamed, hidden, taken away again."""

from bot.domain.posts import PostKind
from tests.world import World

CHARGING = {
    "charging": {
        "name": "充电<桩>",
        "name_en": "Charging",
        "handled_by": "property_manager",
        "default_place": "common_area",
        "resolve_by": "3d",
        "words": ["充电桩"],
    }
}


async def test_a_category_of_ones_own_is_reported_like_any_other(world: World) -> None:
    """It is guessed from its words, goes to its post, and is called by its name on every card and list."""
    await world.with_categories(CHARGING)
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    resident = await world.resident("3")

    await resident.sends("充电桩插不进去")
    assert resident.buttons[0] == "充电<桩>"
    await resident.presses("充电<桩>", "提交")

    issue = await world.issue()
    assert (issue.category, issue.place.kind) == ("charging", "common_area")
    assert issue.handler_id == await manager.person_id()
    assert "充电<桩>" in manager.last_message
    await manager.presses("接单")
    await manager.sends("/work")
    assert "充电<桩>" in manager.last_message


async def test_each_reader_has_its_name(world: World) -> None:
    """Who reads English sees the English name; who reads traditional characters the one for everybody."""
    await world.with_categories(CHARGING)
    await world.holder(PostKind.PROPERTY_MANAGER)
    english = await world.resident("3", name="Ann", language="en")
    taiwan = await world.resident("3", name="林小姐", language="zh-hant")

    for phone, name in ((english, "Charging"), (taiwan, "充电<桩>")):
        await phone.sends("充电桩坏了")
        assert phone.buttons[0] == name


async def test_a_hidden_category_is_not_offered_but_goes_on(world: World) -> None:
    """What was reported before keeps its name; neither the list nor an old button offers it again."""
    leader, resident = await world.leader_of("3"), await world.resident("3")
    await resident.reports("有狗没拴", "宠物")
    await resident.sends("又有狗没拴，吓到孩子了")
    [pets] = [button for row in resident.messages[-1].buttons for button in row if "宠物" in button.text]

    await world.with_categories({"pets": {"hidden": True}, "lighting": {"name": "路灯"}})
    assert pets.data
    resident.user.presses(None, resident.messages[-1].id, pets.data)
    await world.settle()
    assert not resident.may_press("提交")
    await resident.sends("/cancel")
    await resident.sends("狗没拴，楼道里乱跑")
    assert not resident.may_press("宠物")
    await resident.presses("更多类别")
    assert "路灯" in resident.buttons
    assert "宠物" not in resident.buttons

    await leader.presses("接单")
    assert "宠物" in leader.last_message


async def test_a_category_taken_out_of_the_configuration_stops_nothing(world: World) -> None:
    """What was reported under it is called something else, and can be finished and reminded of."""
    await world.with_categories(CHARGING)
    manager, resident = await world.holder(PostKind.PROPERTY_MANAGER), await world.resident("3")
    await resident.reports("充电桩插不进去", "充电<桩>")

    await world.with_categories({})
    await world.later(days=1)
    assert "其他" in manager.last_message
    await manager.presses("接单", "办结")
    await manager.sends("换了插头")
    await manager.presses("提交办结")
    await resident.presses("👍")

    assert (await world.issue()).state == "closed"
