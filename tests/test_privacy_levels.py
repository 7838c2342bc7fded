"""Who reads whose name where (R13, R14): each level, each viewer, each surface, against one table by hand."""

import pytest

from bot.domain.posts import PostKind
from tests.test_alike import neighbour
from tests.test_privacy import exported
from tests.world import Phone, World

NAME = "王奶奶"
LEVELS = {"neighbours": "邻居可见", "leader": "楼长可见", "committee": "业委会可见"}
MATRIX = """
                     neighbours leader committee
handler                       x      x         .
deputy                        x      x         .
committee                     x      x         x
property                      .      .         .
other leader                  .      .         .
follower                      x      .         .
neighbour                     x      .         .
stranger                      .      .         .
"""
"""Where the name stands on any of the surfaces; who may not open the issue reads it nowhere."""
_HEADER, *_LINES = MATRIX.strip().splitlines()
CELLS = [
    (line[:20].strip(), level, mark == "x")
    for line in _LINES
    for level, mark in zip(_HEADER.split(), line[20:].split(), strict=True)
]
LOOKS = ("show", "history", "why", "text", "more", "photos")


async def report_as(phone: Phone, level: str, *taps: str) -> None:
    """Report the lamp of 3-2, to be seen by name as wished."""
    await phone.sends_photo("三栋2单元楼道灯坏了，晚上很黑")
    await phone.presses("照明", *taps)
    while f"👤 名字：{LEVELS[level]}" not in phone.buttons:
        await phone.presses("👤 名字")
    await phone.presses("提交")


async def everything_seen(world: World, phone: Phone) -> str:
    """All the bot shows somebody of an issue, by every way there is: buttons, lists, search, their export."""
    await phone.forgets()
    for verb in LOOKS:
        await phone.forges(f"issue.{verb}:1")
    for command in ("/my", "/work", "/find 楼道", "/find 001"):
        await phone.sends(command)
    await phone.sends("3栋2单元楼道灯坏了，很黑")
    await phone.presses("照明")
    offer = phone.last_message
    await phone.presses("取消")
    cells = [str(cell) for rows in (await exported(world, phone)).values() for row in rows for cell in row]
    return "\n".join((offer, *phone.new_messages, *(toast.text for toast in phone.user.toasts), *cells))


async def viewer(world: World, role: str) -> Phone:
    """Somebody who is that to the issue."""
    if role == "handler":
        return await world.leader_of("3")
    if role == "deputy":
        return await world.holder(PostKind.DEPUTY_LEADER, "3")
    if role == "committee":
        return await world.holder(PostKind.BRANCH_SECRETARY)
    if role == "property":
        return await world.holder(PostKind.PROPERTY_MANAGER)
    if role == "other leader":
        return await world.leader_of("5")
    if role == "stranger":
        return world.newcomer("路人")
    phone = await neighbour(world, "501", "李叔")
    if role == "follower":
        await phone.sends("二单元楼道灯不亮")
        await phone.presses("照明", "我也遇到")
    return phone


@pytest.mark.parametrize(("role", "level", "is_named"), CELLS)
async def test_who_reads_the_name(world: World, role: str, level: str, *, is_named: bool) -> None:
    """The table, through every surface of the real bot."""
    await world.leader_of("3")
    reporter = await neighbour(world, "502", NAME)
    await report_as(reporter, level)
    phone = await viewer(world, role)
    assert (NAME in await everything_seen(world, phone)) == is_named


async def test_what_a_home_may_not_be_told_by(world: World) -> None:
    """A matter in a home is told to neighbours by its door, and without the phone written in it."""
    await world.leader_of("3")
    reporter, other = await neighbour(world, "502", NAME), await neighbour(world, "501", "李叔")
    await reporter.sends("3-2-502家里漏水，墙都湿了，电话 139 0000 1111")
    await reporter.presses("更多类别", "房屋结构", "提交")
    assert (await world.issue()).place.kind == "unit"
    await other.sends("二单元家里漏水，墙都湿了")
    await other.presses("更多类别", "房屋结构")
    assert "已有 1 户报过：3号楼2单元 房屋结构" in other.last_message
    assert "139" not in other.last_message
    await other.presses("我也遇到")
    await other.forgets()
    for verb in LOOKS:
        await other.forges(f"issue.{verb}:1")
    assert not any("2单元 502" in text or "139" in text for text in other.new_messages)


async def test_disputes_are_private_by_default(world: World) -> None:
    """R13: what neighbours quarrel about is nobody else's; the reporter may open it, and close anything."""
    leader = await world.leader_of("3")
    reporter, other = await neighbour(world, "502", NAME), await neighbour(world, "501", "李叔")
    await reporter.sends("楼上半夜吵得睡不着")
    await reporter.presses("噪声")
    assert "只有经办人、副楼栋长和委员会看得到" in reporter.last_message
    assert "🔓 邻居也能看" in reporter.buttons
    await reporter.presses("提交")
    await other.sends("楼上半夜吵得睡不着")
    await other.presses("噪声")
    assert "请看一眼" in other.last_message
    await other.presses("邻居也能看")
    assert "报同样事的邻居能看到内容" in other.last_message
    await other.presses("不给邻居看", "邻居也能看", "提交")
    assert [(await world.issue(number)).is_private for number in (1, 2)] == [True, False]
    await reporter.sends("楼道灯坏了")
    await reporter.presses("照明", "不给邻居看")
    assert "只有经办人、副楼栋长和委员会看得到" in reporter.last_message
    await reporter.presses("提交")
    await other.sends("楼道灯坏了")
    await other.presses("照明")
    assert "请看一眼" in other.last_message
    await other.presses("取消")
    await other.forges("issue.show:3")
    assert "没有这件事" in other.last_toast
    assert "楼道灯坏了" in leader.last_message


async def test_who_is_complained_about_is_never_opened_to_neighbours(world: World) -> None:
    """C10: what goes round the handler stays hidden, whatever is tapped or forged."""
    await world.leader_of("3")
    await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    reporter = await neighbour(world, "502", NAME)
    await reporter.sends("楼道灯坏了，楼长不管")
    await reporter.presses("照明", "这事与负责人本人有关")
    assert not any("邻居也能看" in label or "不给邻居看" in label for label in reporter.buttons)
    await reporter.forges_answer("private")
    await reporter.presses("提交")
    assert (await world.issue()).is_private


async def test_changing_one_s_mind(world: World) -> None:
    """From 我的事, for this one alone; the handler's card is redrawn, the history keeps that it changed."""
    leader = await world.leader_of("3")
    reporter = await neighbour(world, "502", NAME)
    await report_as(reporter, "leader")
    await leader.forges("issue.show:1")
    assert f"报事人：{NAME}" in leader.last_message
    await reporter.presses("我的事", "261124-001", "谁看得到我的名字")
    assert "现在：楼栋长和经办人" in reporter.last_message
    await reporter.presses("只有业委会", "只有业委会")
    assert "✓ 只有业委会" in reporter.buttons
    assert "报事人：一位邻居，姓名只给业委会看" in leader.last_message
    assert [event.action for event in await world.history()] == ["file", "show_as"]
    await reporter.forges("issue.be_seen_by:1:everybody")
    await leader.forges("issue.be_seen_by:1:neighbours")
    assert (await world.issue()).shown_as == "committee"


async def test_nothing_of_it_reaches_a_group(world: World) -> None:
    """Filed, followed, merged, done: the group of the building hears of none of it."""
    leader = await world.leader_of("3")
    reporter, other = await neighbour(world, "502", NAME), await neighbour(world, "501", "李叔")
    group = world.group("3号楼邻里群", leader, reporter, other)
    await world.settle()
    before = len(leader.user.chat(group))
    await report_as(reporter, "neighbours")
    await other.sends("楼道灯不亮")
    await other.presses("照明", "我也遇到")
    await leader.presses("接单")
    assert len(leader.user.chat(group)) == before
