"""A handler asks a colleague for a hand: as neighbours do, and nobody else's business."""

import pytest

from bot.domain.posts import PostKind
from tests.test_card import kinds
from tests.world import Phone, World

NUMBER = "261124-001"


@pytest.fixture
async def deputy(world: World) -> Phone:
    """赵小军, who can be asked."""
    return await world.holder(PostKind.DEPUTY_LEADER, "3")


@pytest.fixture
async def resident(world: World, leader: Phone) -> Phone:
    """王奶奶, whose lamp has been accepted by the leader."""
    resident = await world.resident()
    await leader.presses("同意")
    await resident.reports()
    await leader.presses("接单")
    return resident


async def ask(leader: Phone, who: str = "赵小军", words: str = "我够不着，您梯子高") -> None:
    """Ask a colleague."""
    await leader.presses("更多", "需要帮助", who)
    await leader.sends(words)


async def test_a_colleague_lends_a_hand(world: World, leader: Phone, deputy: Phone, resident: Phone) -> None:
    """Asked kindly, says yes, sees the issue and writes to both; the responsibility stays where it is."""
    await deputy.forges("issue.show:1")
    assert "没有这件事" not in deputy.last_toast
    heard = len(resident.messages)
    await ask(leader)
    assert "已经请 赵小军 搭把手了" in leader.last_message
    assert "王秀兰 想请您搭把手" in deputy.last_message
    assert "我够不着，您梯子高" in deputy.last_message
    await deputy.presses("我来帮")
    assert "说来帮您" in leader.last_message
    assert kinds(deputy.messages[-1]) == ["issue.reply", "issue.notes", "issue.history"]
    assert not deputy.may_press("我来帮")
    assert len(resident.messages) == heard

    await deputy.presses("回复")
    await deputy.sends_photo("梯子拿来了")
    assert "已转给对方" in deputy.last_message
    assert "副楼栋长 赵小军" in resident.messages[-2].text
    assert "梯子拿来了" in resident.messages[-2].text
    assert leader.sees("赵小军：\n梯子拿来了")
    await resident.presses("回复")
    await resident.sends("谢谢")
    assert leader.sees("报事人补充：\n谢谢")
    issue = await world.issue()
    assert issue.handler_id == await leader.person_id()
    for verb in ("resolve", "transfer", "refer", "ask_help", "urgency"):
        await deputy.forges(f"issue.{verb}:1")
    assert (await world.issue()) == issue


async def test_nobody_else_learns_of_it(world: World, leader: Phone, deputy: Phone, resident: Phone) -> None:
    """The history of the reporter and the committee says nothing; the two of them read it."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await ask(leader)
    await deputy.presses("我来帮", "经过")
    assert "请同事帮忙：我够不着，您梯子高" in deputy.last_message
    await resident.sends("/my")
    await resident.presses(NUMBER, "经过")
    assert "帮忙" not in resident.last_message
    await committee.forges("issue.show:1")
    assert "我够不着" not in committee.last_message
    await committee.presses("更多", "经过")
    assert "帮忙" not in committee.last_message


@pytest.mark.usefixtures("resident")
async def test_not_now_is_no_shame(world: World, leader: Phone, deputy: Phone) -> None:
    """A gentle no is passed on gently; the issue is closed to them again, and another can be asked."""
    other = await world.leader_of("1")
    await ask(leader, "1号楼")
    assert "想请您搭把手" in other.last_message
    await other.presses("现在不行")
    assert "没关系" in other.last_message
    assert other.messages[-1].buttons == ()
    assert "抽不开身" in leader.last_message
    await other.forges("issue.show:1")
    assert "没有这件事" in other.last_toast
    await leader.presses("更多", "需要帮助", "赵小军", "不写，直接请")
    assert "想请您搭把手" in deputy.last_message
    await leader.presses("更多", "需要帮助")
    assert "赵小军" not in str(leader.buttons)


async def test_double_taps_and_forged_answers(
    world: World, leader: Phone, deputy: Phone, resident: Phone
) -> None:
    """Yes twice is yes once; who was not asked cannot say anything, and no other word is an answer."""
    await ask(leader)
    await deputy.forges("issue.help:1:maybe")
    assert await world.rows("SELECT 1 FROM issue_events WHERE action = 'help'") == []
    await deputy.forges("issue.help:1:yes")
    await deputy.forges("issue.help:1:yes")
    assert "已经答应" in deputy.last_toast
    for phone in (resident, await world.leader_of("1")):
        await phone.forges("issue.help:1:yes")
    assert len(await world.rows("SELECT 1 FROM issue_events WHERE action = 'help'")) == 1
    parts = await world.rows("SELECT person_id FROM issue_people WHERE part = 'helps'")
    assert [row["person_id"] for row in parts] == [await deputy.person_id()]


@pytest.mark.usefixtures("deputy")
async def test_only_colleagues_can_be_asked(world: World, leader: Phone, resident: Phone) -> None:
    """Not the reporter, nobody of another compound, nobody who is not on the bot, not by a forged button."""
    there = await world.another_compound()
    stranger = await world.holder(PostKind.BUILDING_LEADER, "1", name="外区人", compound=there)
    await leader.presses("更多", "需要帮助")
    assert [label.split()[-1] for label in leader.buttons] == ["赵小军", "取消"]
    for phone in (stranger, resident):
        await leader.forges_answer("to", await phone.person_id())
        assert leader.sees("这位请不了")
        assert not leader.sees("帮什么")
    await leader.presses("赵小军")
    await world.vacate(PostKind.DEPUTY_LEADER, "3")
    await leader.presses("不写，直接请")
    assert "这位请不了" in leader.last_toast
    assert await world.rows("SELECT 1 FROM dialogs") == []
    assert await world.rows("SELECT 1 FROM issue_people WHERE part = 'helps'") == []
    assert not stranger.sees("搭把手")


@pytest.mark.usefixtures("resident")
async def test_a_helper_without_a_post_sees_nothing_more(world: World, leader: Phone) -> None:
    """Names and matters are shown to those whose post needs them: no longer theirs."""
    neighbour = await world.leader_of("1")
    await ask(leader, "1号楼")
    await neighbour.presses("我来帮")
    await world.vacate(PostKind.BUILDING_LEADER, "1")
    await neighbour.forges("issue.show:1")
    assert "没有这件事" in neighbour.last_toast
    await neighbour.forges("issue.reply:1")
    assert await world.rows("SELECT 1 FROM dialogs") == []
