"""The main job: a resident's issue finds its building leader and is followed until it is closed."""

from tests.world import World


async def test_a_broken_lamp_is_fixed(world: World) -> None:
    """Report, accept, fix, confirm, rate: everyone hears what concerns them."""
    leader = await world.leader_of("3")
    resident = await world.resident("3", "2")

    await resident.sends("三栋楼道灯坏了")
    await resident.presses("照明")
    assert "交给" in resident.last_message
    await resident.presses("提交")
    assert "已登记 261124-001" in resident.last_message
    assert "三栋楼道灯坏了" in leader.last_message
    await leader.presses("接单")
    assert "接单了" in resident.last_message
    await leader.presses("办结")
    await leader.sends("换了新灯管")
    await leader.sends_photo()
    await leader.presses("提交办结")
    assert "换了新灯管" in resident.last_message
    await resident.presses("已解决")
    await resident.presses("满意")
    issue = await world.issue()
    assert (issue.state, issue.closed_how, issue.rating) == ("closed", "confirmed", "satisfied")
