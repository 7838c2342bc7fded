"""職務: appointing with consent, handing over, leaving; what hangs on the post goes along (L4)."""

from datetime import datetime, timedelta

import pytest

from bot.actions import appointing as actions
from bot.actions.desk import Desk
from bot.actions.directory import APPOINT_PREFIX, find_post
from bot.domain.errors import Refused
from bot.domain.posts import PostKind
from bot.storage.changes import Change
from bot.storage.store import Store
from tests.world import SHANGHAI, TEXTS, Phone, World

COMMITTEE = PostKind.SELF_MANAGEMENT_COMMITTEE
DIRECTOR = PostKind.OWNERS_COMMITTEE_DIRECTOR
SECRETARY = PostKind.BRANCH_SECRETARY
LEADER = PostKind.BUILDING_LEADER
DEPUTY = PostKind.DEPUTY_LEADER
ENTRANCE = PostKind.ENTRANCE_LEADER
MANAGER = PostKind.PROPERTY_MANAGER


async def post_id(world: World, kind: PostKind, building: str = "", entrance: str = "") -> int:
    """The number of a post."""
    async with world.database.transaction() as connection:
        return await find_post(Store(connection), 1, kind, building, entrance)


async def holders_of(world: World, kind: PostKind, building: str = "", entrance: str = "") -> list[str]:
    """Who holds a post now, by name, deputies and stand-ins aside."""
    number = await post_id(world, kind, building, entrance)
    async with world.database.transaction() as connection:
        store = Store(connection)
        return [(await store.people.details(one)).name for one in await store.posts.holder_ids(number)]


async def changes_of(world: World, kind: PostKind, building: str = "") -> list[Change]:
    """What was written down about a post, the earliest first."""
    number = await post_id(world, kind, building)
    async with world.database.transaction() as connection:
        return (await Store(connection).changes.of_post(number, 100))[::-1]


async def neighbour(world: World, entrance: str = "2", unit: str = "502", name: str = "王奶奶") -> Phone:
    """A resident of building 3 whose home is confirmed."""
    phone = await world.resident("3", entrance, unit, name)
    await world.rows("UPDATE residencies SET state = 'approved'")
    return phone


async def opened(phone: Phone, building: str = "3号楼", post: str = "楼栋长") -> Phone:
    """/posts → a building → a post."""
    await phone.sends("/posts")
    if building:
        await phone.presses(building)
    await phone.presses(post)
    return phone


async def proposes(
    phone: Phone, name: str = "王奶奶", since: str = "同意后马上", until: str = "不定"
) -> None:
    """From a post's screen on: whom, from when, until when, go."""
    await phone.sends(name)
    await phone.presses(name, since, until, "✅ 就这样")


async def asked(world: World) -> tuple[Phone, Phone, Phone]:
    """The director has asked a resident to lead building 3: director, leader, resident."""
    director, leader = await world.holder(DIRECTOR), await world.leader_of("3")
    resident = await neighbour(world)
    await opened(director)
    await director.presses("换人")
    await proposes(director)
    return director, leader, resident


# The tree ------------------------------------------------------------------------------------------------


async def test_the_tree_of_posts(world: World) -> None:
    """Compound, building, entrance in one message that is edited; what is vacant is marked."""
    director = await world.holder(DIRECTOR)
    await director.sends("/posts")
    assert "绿洲路126号大院 职务" in director.last_message
    assert "自管委：高玉梅、何长青、唐晓燕" in director.last_message
    assert "5 栋楼里，1 栋没有楼栋长" in director.last_message
    assert "⚠️ 5号楼" in director.buttons
    count = len(director.messages)
    await director.presses("5号楼")
    assert "楼栋长：空缺" in director.last_message
    assert "＋ 副楼栋长" in director.buttons
    await director.presses("楼栋党小组长")
    assert "孙建国（还没用上连心）" in director.last_message
    await director.presses("← 返回")
    assert "5号楼 职务" in director.last_message
    await director.presses("← 返回", "3号楼", "2单元单元长")
    assert "林志远" in director.last_message
    assert len(director.messages) == count


async def test_sixty_buildings_are_turned_over(world: World) -> None:
    """So many at a time, and never more than a message holds."""
    director = await world.holder(DIRECTOR)
    async with world.database.transaction() as connection:
        for number in range(6, 61):
            await connection.fetch(
                "put_building", {"compound_id": 1, "label": str(number), "name": f"{number}号楼"}
            )
    await director.sends("/posts")
    assert "60 栋楼里，56 栋没有楼栋长" in director.last_message
    assert "⚠️ 24号楼" in director.buttons
    assert "⚠️ 25号楼" not in director.buttons
    await director.presses("下一页", "下一页")
    assert "⚠️ 60号楼" in director.buttons
    assert not director.may_press("下一页")


async def test_posts_are_for_those_in_one(world: World) -> None:
    """A resident is shown the way to the contact card, and a forged button tells them nothing."""
    resident = await neighbour(world)
    await resident.sends("/posts")
    assert "/card" in resident.last_message
    for forged in ("post.list:1:0", "post.place:3", "post.show:1", "post.open:1", "post.history:1:0"):
        await resident.forges(forged)
        assert "职务" in resident.last_toast or "小区里没有" in resident.last_toast, forged
    assert not resident.sees("林志远")


async def test_the_screen_of_a_post(world: World) -> None:
    """Since when, duty, hours, phones, and what hangs on it."""
    leader = await world.leader_of("3")
    resident = await neighbour(world)
    await resident.reports()
    await opened(leader)
    for words in (
        "2026年11月24日起",
        "职责：本楼住户",
        "时间：每天 8:00",
        "本人电话：上连心卡",
        "没办完的事：1 件",
    ):
        assert words in leader.last_message, words
    assert leader.may_press("我要卸任")
    assert leader.may_press("交给下一位")
    assert not leader.may_press("邀请链接")


# Appointing ---------------------------------------------------------------------------------------------


async def test_a_leader_is_followed_by_a_resident(world: World) -> None:
    """Asked, agreed: everything that was open goes along at once, and everybody hears of it once."""
    director, leader, resident = await asked(world)
    reporter = await neighbour(world, "1", "301", "李叔")
    await reporter.reports("三栋1单元楼道灯坏了")
    await reporter.reports("三栋1单元楼道堆了垃圾", "卫生")
    await leader.presses("接单")
    assert await holders_of(world, LEADER, "3") == ["王秀兰"]
    assert "何" in resident.last_message or "想请您担任 绿洲路126号大院3号楼楼栋长" in resident.last_message
    for phone in (director, leader, resident, reporter):
        await phone.forgets()
    await resident.presses("✅ 同意")
    assert await holders_of(world, LEADER, "3") == ["王奶奶"]
    issues = [await world.issue(number) for number in (1, 2)]
    assert {issue.handler_id for issue in issues} == {await resident.person_id()}
    assert {issue.state for issue in issues} == {"open"}
    assert sum("没办完的 2 件事现在由您来办" in text for text in resident.new_messages) == 1
    assert sum("261124-00" in text for text in resident.new_messages) == 2
    assert [text for text in reporter.new_messages if "换人了" in text] == reporter.new_messages
    assert "261124-001　楼栋长 王奶奶" in reporter.new_messages[0]
    assert "现在由 王奶奶 担任，没办完的 2 件事也转过去了" in leader.new_messages[-1]
    assert "王奶奶 答应了，现在是 绿洲路126号大院3号楼楼栋长" in director.last_message
    await resident.presses("接单")
    await leader.sends("/work")
    assert "没有任职" in leader.last_message
    actors = {change.action: change.actor_id for change in await changes_of(world, LEADER, "3")}
    assert actors["post.appointed"] == actors["post.ended"] == await director.person_id()


async def test_until_they_agree_nothing_changes(world: World) -> None:
    """A no is told to who asked; the old leader keeps the post, and the button is used up."""
    director, leader, resident = await asked(world)
    await resident.presses("婉拒")
    assert "王奶奶 婉拒了 绿洲路126号大院3号楼楼栋长" in director.last_message
    assert "已经告诉" in resident.last_message
    await resident.forges("plan.accept:1")
    assert "已经婉拒了" in resident.last_toast
    assert await holders_of(world, LEADER, "3") == ["王秀兰"]
    assert not leader.sees("担任")


async def test_nobody_answers(world: World) -> None:
    """After three days who asked is told, once, by day; after two weeks the question is taken back."""
    director, _, resident = await asked(world)
    await world.live_through(days=4, step=timedelta(hours=3))
    told = [text for text in (message.text for message in director.messages) if "还没答复" in text]
    assert len(told) == 1
    await world.live_through(days=11, step=timedelta(hours=6))
    assert "两个星期没有答复" in director.last_message
    assert "已经撤回" in [text.text for text in resident.messages if "楼栋长" in text.text][-1]
    await resident.forges("plan.accept:1")
    assert "已经撤回了" in resident.last_toast
    assert await holders_of(world, LEADER, "3") == ["王秀兰"]


async def test_from_the_first_of_next_month(world: World) -> None:
    """Agreed today, begun on its day though nobody was there at midnight; with a term that is asked about."""
    director, leader = await world.holder(DIRECTOR), await world.leader_of("3")
    resident = await neighbour(world)
    await opened(director)
    await director.presses("换人")
    await proposes(director, since="下月1号起", until="一年")
    await resident.presses("✅ 同意")
    assert "2026年12月1日 起您担任" in resident.last_message
    await opened(director)
    assert "⏳ 王奶奶：2026年12月1日接任" in director.last_message
    await world.restart()
    await world.later(days=6)
    assert await holders_of(world, LEADER, "3") == ["王秀兰"]
    await resident.forgets()
    await world.later(days=1)
    assert await holders_of(world, LEADER, "3") == ["王奶奶"]
    assert "您现在是 绿洲路126号大院3号楼楼栋长" in resident.new_messages[-1]
    assert "现在由 王奶奶 担任" in leader.last_message
    world.clock.now = datetime(2027, 10, 31, 8, tzinfo=SHANGHAI)
    await world.tick()
    assert not director.sees("的任期到")
    await world.later(hours=2)
    assert "王奶奶 的任期到 2027年11月30日" in director.last_message
    await director.presses("留任", "三年")
    assert "王奶奶 的任期到" in director.last_message
    assert await holders_of(world, LEADER, "3") == ["王奶奶"]


async def test_a_term_that_ends_dismisses_nobody(world: World) -> None:
    """30 days before and on the day the committee is asked; silence changes nothing."""
    director, leader = await world.holder(DIRECTOR), await world.leader_of("3")
    await opened(director)
    await director.presses("任期 王秀兰")
    await director.sends("2027年3月1日")
    assert "任期到 2027年3月1日" in director.last_message
    await director.forgets()
    world.clock.now = datetime(2027, 1, 30, 10, tzinfo=SHANGHAI)
    await world.live_through(days=35, step=timedelta(hours=6))
    assert len([text for text in director.new_messages if "的任期到" in text]) == 2
    assert not leader.sees("的任期到")
    assert await holders_of(world, LEADER, "3") == ["王秀兰"]
    await director.presses("先空着", "确定卸任")
    assert await holders_of(world, LEADER, "3") == []
    assert "您已卸任" in leader.last_message


async def test_a_date_that_makes_no_sense(world: World) -> None:
    """The past, nonsense, another century: asked back, with what to write."""
    director = await world.holder(DIRECTOR)
    await neighbour(world)
    await opened(director, post="楼栋长")
    await director.presses("换人")
    await director.sends("没有这个人")
    assert director.sees("没找到「没有这个人」")
    await director.sends_sticker()
    await director.sends("王奶奶")
    await director.presses("王奶奶")
    for nonsense in ("昨天", "随便", "2099年1月1日", "🙃"):
        await director.sends(nonsense)
        assert "从什么时候起" in director.last_message, nonsense
    await director.sends("12月1日")
    await director.sends("11月30日")
    assert director.sees("任期要比开始晚") or "任期到什么时候" in director.last_message
    await director.sends("2028年12月31日")
    assert "从：2026年12月1日" in director.last_message
    assert "任期：到 2028年12月31日" in director.last_message
    assert "在那之前还是 王秀兰" in director.last_message


async def test_a_vacant_post_is_filled(world: World) -> None:
    """A post that never was: entered when somebody is appointed to it."""
    leader = await world.leader_of("3")
    resident = await neighbour(world, "1", "301", "李叔")
    await leader.sends("/posts")
    await leader.presses("3号楼", "＋ 1单元单元长", "＋ 任命")
    await proposes(leader, "李叔")
    await resident.presses("✅ 同意")
    assert await holders_of(world, ENTRANCE, "3", "1") == ["李叔"]


async def test_oneself_need_not_be_asked(world: World) -> None:
    """The director fills a gap: at once, and it is written down who did it."""
    director = await world.holder(DIRECTOR)
    name = (await holders_of(world, DIRECTOR))[0]
    await opened(director, "5号楼")
    await director.presses("＋ 任命")
    await proposes(director, name)
    assert "✅ 好了" in director.last_message
    assert await holders_of(world, LEADER, "5") == [name]
    assert await holders_of(world, DIRECTOR) == [name]


async def test_one_question_at_a_time(world: World) -> None:
    """While one is being asked, nobody else is; taken back, the next can be."""
    director, _, resident = await asked(world)
    other = await neighbour(world, "1", "301", "李叔")
    await opened(director)
    await director.presses("换人")
    await director.sends("李叔")
    await director.presses("李叔")
    assert "已经在问 王奶奶 了" in director.last_toast
    await director.sends("/cancel")
    await opened(director)
    await director.presses("撤回：王奶奶")
    assert "不用您答复了" in resident.last_message
    await opened(director)
    await director.presses("换人")
    await proposes(director, "李叔")
    await other.presses("✅ 同意")
    assert await holders_of(world, LEADER, "3") == ["李叔"]


async def test_somebody_without_the_bot(world: World) -> None:
    """Entered by name and phone; matters go on to who can be reached, and the link makes them known later."""
    director, leader = await world.holder(DIRECTOR), await world.leader_of("3")
    deputy, resident = await world.holder(DEPUTY, "3"), await neighbour(world)
    await resident.reports()
    await opened(director)
    await director.presses("换人", "对方没用连心")
    for nonsense in ("张三", "13900000001", "？？？"):
        await director.sends(nonsense)
        assert director.sees("请这样写"), nonsense
    await director.sends("张大爷，13900008888")
    assert "登记 张大爷（13900008888）" in director.last_message
    await director.presses("✅ 登记")
    assert await holders_of(world, LEADER, "3") == ["张大爷"]
    assert (await world.issue()).handler_id == await deputy.person_id()
    assert "现在由 张大爷 担任" in leader.last_message
    await resident.sends("/card")
    assert "13900008888" not in resident.last_message
    await opened(director)
    await director.presses("邀请链接")
    link = next(message.text for message in reversed(director.messages) if "start=a" in message.text)
    newcomer = world.newcomer("老张")
    await newcomer.opens(link.rpartition("start=")[2].split()[0])
    assert newcomer.buttons[:2] == ["张大爷", "都不是，我是新任的"]
    await newcomer.presses("张大爷")
    assert newcomer.sees("您现在是 绿洲路126号大院3号楼楼栋长")
    assert await holders_of(world, LEADER, "3") == ["张大爷"]
    assert director.sees("二维码")


async def test_who_is_still_asked_when_another_comes(world: World) -> None:
    """The operator fills the post meanwhile: the old question is over, its button changes nothing."""
    _, leader, resident = await asked(world)
    other, number = await neighbour(world, "1", "301", "李叔"), await post_id(world, LEADER, "3")
    person = await other.person_id()
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        await actions.appoint(desk, number, person, actor_id=None, source="command_line")
        await desk.send()
    await world.settle()
    assert "现在由 李叔 担任" in leader.last_message
    await resident.forges("plan.accept:1")
    assert "已经撤回了" in resident.last_toast
    await world.tick()
    assert "已经撤回" in resident.last_message
    assert not resident.may_press("✅ 同意")
    assert await holders_of(world, LEADER, "3") == ["李叔"]


async def test_a_link_is_for_somebody_new_too(world: World) -> None:
    """Who opens it is not taken for the holder of the register, who never came: their time ends."""
    director, newcomer = await world.holder(DIRECTOR), world.newcomer("小刘")
    await opened(director)
    await director.presses("换人", "邀请链接")
    link = next(message.text for message in reversed(director.messages) if "start=a" in message.text)
    await newcomer.opens(link.rpartition("start=")[2].split()[0])
    await newcomer.presses("都不是，我是新任的")
    assert await holders_of(world, LEADER, "3") == ["小刘"]
    await newcomer.sends("/card")
    assert "13900000010" not in newcomer.last_message


async def test_the_last_head_is_not_followed_by_a_name_on_paper(world: World) -> None:
    """Passing the post on to somebody the bot cannot reach would leave nobody who may appoint."""
    director = await world.holder(DIRECTOR)
    await opened(director, "", "业委会主任")
    await director.presses("交给下一位", "对方没用连心")
    await director.sends("张大爷 13900008888")
    await director.presses("✅ 登记")
    assert "没有人能再任命" in director.last_toast
    assert await holders_of(world, DIRECTOR) == ["罗建群"]


async def test_who_is_on_the_bot_is_asked(world: World) -> None:
    """Nobody is brought into a post without a word by writing down their name and number."""
    director, leader = await world.holder(DIRECTOR), await world.leader_of("4")
    await opened(director)
    await director.presses("换人", "对方没用连心")
    await director.sends("周志强 139 0000 0011")
    await director.presses("✅ 登记")
    assert "要问过本人" in director.last_toast
    assert await holders_of(world, LEADER, "3") == ["王秀兰"]
    assert not leader.sees("3号楼楼栋长")


async def test_a_deputy_gets_what_comes_while_nobody_is_there(world: World) -> None:
    """A deputy of the property manager: asked, agreed, on the card, and next in line for the same post."""
    director = await world.holder(DIRECTOR)
    manager, resident = await world.holder(MANAGER), await neighbour(world)
    await opened(director, "", "物业经理")
    await director.presses("加副手")
    await proposes(director)
    await resident.presses("✅ 同意")
    await resident.sends("/card")
    assert "物业经理：王奶奶（副）" in resident.last_message
    other = await neighbour(world, "1", "301", "李叔")
    await other.reports("3号楼电梯坏了", "电梯")
    assert (await world.issue()).handler_id == await manager.person_id()
    await opened(manager, "", "物业经理")
    await manager.presses("我要卸任")
    assert "物业经理 王奶奶：1 件" in manager.last_message
    await manager.presses("确定卸任")
    assert (await world.issue()).handler_id == await resident.person_id()


# Handing over and leaving ----------------------------------------------------------------------------------


async def test_a_deputy_is_named_as_one(world: World) -> None:
    """Nobody thinks the post itself is at stake; and nobody need stand in for a deputy who is away."""
    director, resident = await world.holder(DIRECTOR), await neighbour(world)
    await opened(director, "", "物业经理")
    await director.presses("加副手")
    await proposes(director)
    await resident.presses("✅ 同意")
    await resident.sends("/away")
    await resident.presses("从现在起", "3 天")
    assert "您不在：" in resident.last_message
    await resident.presses("✅ 就这样")
    await opened(director, "", "物业经理")
    await director.presses("卸任 王奶奶")
    assert "要请 王奶奶 卸任 绿洲路126号大院物业经理 的副手 吗" in director.last_message
    await director.presses("确定卸任")
    assert "王奶奶 已卸任 绿洲路126号大院物业经理 的副手。" in director.last_message


async def test_a_large_committee_on_one_screen(world: World) -> None:
    """Twelve are shown, the others counted."""
    director, number = await world.holder(DIRECTOR), await post_id(world, COMMITTEE)
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        for one in range(20):
            person = await desk.store.people.new(desk.now)
            await desk.store.people.put_details(person, f"委员{one}", "")
            await actions.appoint(desk, number, person, actor_id=None, source="command_line")
        await desk.send()
    await opened(director, "", "自管委")
    assert "……还有 11 位" in director.last_message


async def test_a_leader_proposes_who_comes_next(world: World) -> None:
    """Handing over: the committee says yes, then the neighbour; until then it is still theirs."""
    leader, director = await world.leader_of("3"), await world.holder(DIRECTOR)
    member, resident = await world.holder(COMMITTEE), await neighbour(world)
    await opened(leader)
    await leader.presses("交给下一位")
    assert not leader.may_press("邀请链接")
    await proposes(leader)
    assert "已经请委员会同意" in leader.last_message
    assert not resident.sees("想请您担任")
    for phone in (director, member):
        assert "想把 绿洲路126号大院3号楼楼栋长 交给 王奶奶" in phone.last_message
    await member.presses("✅ 同意")
    assert "已经去问本人" in director.last_message
    await director.forges("plan.reject:1")
    assert "已经答应了" in director.last_toast
    assert "已经去问本人了" in leader.last_message
    await leader.forgets()
    await resident.presses("✅ 同意")
    assert await holders_of(world, LEADER, "3") == ["王奶奶"]
    # They hear it once, and are thanked like everybody.
    [told] = leader.new_messages
    assert "现在由 王奶奶 担任" in told
    assert "谢谢您" in told
    states = [change.facts.get("state") for change in await changes_of(world, LEADER, "3")]
    assert [state for state in states if state] == ["proposed", "asked"]


async def test_the_committee_does_not_agree(world: World) -> None:
    """Nobody is asked, and the leader hears who decided."""
    leader, director = await world.leader_of("3"), await world.holder(DIRECTOR)
    resident = await neighbour(world)
    await opened(leader)
    await leader.presses("交给下一位")
    await proposes(leader)
    await director.presses("不同意")
    assert "没有同意" in leader.last_message
    assert not resident.sees("担任")


async def test_resigning_with_three_open_issues(world: World) -> None:
    """Said before what happens to them, done at once; the committee learns that the post is vacant."""
    leader, deputy = await world.leader_of("3"), await world.holder(DEPUTY, "3")
    director, resident = await world.holder(DIRECTOR), await neighbour(world)
    for text in ("三栋2单元楼道灯坏了", "三栋2单元楼道又黑了", "三栋2单元门口灯不亮"):
        await resident.reports(text)
    await leader.presses("接单")
    await opened(leader)
    await leader.presses("我要卸任")
    assert "手上 3 件没办完的事会转给" in leader.last_message
    assert "副楼栋长 赵小军：3 件" in leader.last_message
    for phone in (deputy, director, resident, leader):
        await phone.forgets()
    await leader.presses("确定卸任")
    assert "谢谢您这些日子的操心" in leader.last_message
    assert await holders_of(world, LEADER, "3") == []
    assert {(await world.issue(number)).handler_id for number in (1, 2, 3)} == {await deputy.person_id()}
    assert [text for text in deputy.new_messages if "没办完的 3 件事现在由您来办" in text]
    assert len(resident.new_messages) == 1
    assert "现在空缺" in director.new_messages[-1]
    await director.presses("看这个职务")
    assert director.may_press("＋ 任命")
    await leader.forges("post.end_now:1:1")
    assert "没有这个职务" in leader.last_toast


async def test_the_last_of_the_two_hands_over_first(world: World) -> None:
    """Nobody can leave the compound without anybody who may appoint; nor put the other one out."""
    director = await world.holder(DIRECTOR)
    await opened(director, "", "业委会主任")
    await director.presses("我要卸任")
    assert "没有人能再任命" in director.last_toast
    secretary = await world.holder(SECRETARY)
    await opened(director, "", "党支部书记")
    assert not director.may_press("卸任")
    for forged in ("post.end_now", "post.end"):
        number, person = await post_id(world, SECRETARY), await secretary.person_id()
        await director.forges(f"{forged}:{number}:{person}")
        assert "只能由本人交给下一位" in director.last_toast
    await opened(director, "", "业委会主任")
    await director.presses("我要卸任", "确定卸任")
    assert await holders_of(world, DIRECTOR) == []
    await opened(secretary, "", "业委会主任")
    assert secretary.may_press("＋ 任命")


async def test_dismissed_in_the_middle_of_a_sentence(world: World) -> None:
    """The committee ends the post while its holder writes how they fixed it: they learn that it is over."""
    director, leader = await world.holder(DIRECTOR), await world.leader_of("3")
    deputy, resident = await world.holder(DEPUTY, "3"), await neighbour(world)
    await resident.reports()
    await leader.presses("接单", "办结")
    await leader.sends("换了灯泡")
    await opened(director)
    await director.presses("卸任 王秀兰")
    assert "要请 王秀兰 卸任" in director.last_message
    await director.presses("确定卸任")
    assert "您已卸任" in leader.last_message
    await leader.sends("提交办结")
    assert (await world.issue()).state == "open"
    assert (await world.issue()).handler_id == await deputy.person_id()
    await leader.sends("/work")
    assert "没有任职" in leader.last_message


async def test_who_still_answers_for_it_by_another_post_keeps_it(world: World) -> None:
    """What came by another post stays; what came by this one goes."""
    manager, director = await world.holder(MANAGER), await world.holder(DIRECTOR)
    resident = await neighbour(world)
    number = await post_id(world, LEADER, "5")
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        person = next(one.person_id for one in await desk.holders(1) if one.kind is MANAGER)
        await actions.appoint(desk, number, person, actor_id=None, source="command_line")
        await desk.send()
    await world.settle()
    assert manager.sees("您现在是 绿洲路126号大院5号楼楼栋长")
    await resident.reports("5号楼楼道灯坏了")
    await resident.reports("5号楼电梯坏了", "电梯")
    await opened(manager, "5号楼")
    await manager.presses("我要卸任", "确定卸任")
    assert (await world.issue(1)).handler_id != await manager.person_id()
    assert (await world.issue(2)).handler_id == await manager.person_id()
    assert "现在空缺" in director.last_message


# Words and phones -------------------------------------------------------------------------------------------


async def test_what_the_card_says(world: World) -> None:
    """Duty, hours and the office's number, changed in place; too long or no number is asked back."""
    member, resident = await world.holder(COMMITTEE), await neighbour(world)
    await opened(member)
    await member.presses("职责/时间/电话", "时间")
    await member.sends("时" * 41)
    assert member.sees("一次最多 40 个字")
    await member.sends("每天 7:00–9:00")
    assert "改好了" in member.last_message
    await opened(member)
    await member.presses("职责/时间/电话", "值班电话")
    await member.sends("不知道")
    await member.sends("0835-2222222")
    await resident.sends("/card")
    assert "王秀兰　0835-2222222（每天 7:00–9:00）" in resident.last_message
    await opened(member)
    await member.presses("变更记录")
    assert "改了时间" in member.last_message
    assert "改了值班电话" in member.last_message
    assert "0835" not in member.last_message


async def test_only_oneself_says_whether_the_phone_is_shown(world: World) -> None:
    """The committee asks, the holder answers; without a yes no number stands on the card."""
    director, leader = await world.holder(DIRECTOR), await world.leader_of("3")
    resident = await neighbour(world)
    await opened(leader)
    await leader.presses("不公开我的电话")
    assert "本人电话：不公开" in leader.last_message
    assert leader.may_press("公开我的电话")
    await resident.sends("/card")
    assert "13900000010" not in resident.last_message
    await opened(director)
    number = await post_id(world, LEADER, "3")
    await director.forges(f"post.phone:{number}:1")
    assert "只有本人说了算" in director.last_toast
    await leader.forgets()
    await director.presses("问可否公开电话", "问可否公开电话")
    assert "已经问了本人" in director.last_toast
    assert len(leader.new_messages) == 1
    assert "想把您的电话印在连心卡上" in leader.last_message
    await leader.presses("可以，印上")
    await resident.sends("/card")
    assert "13900000010" in resident.last_message
    await opened(director)
    await director.presses("不再公开电话")
    await resident.sends("/card")
    assert "13900000010" not in resident.last_message


async def test_the_consent_of_one_is_not_that_of_the_next(world: World) -> None:
    """The phone of whoever follows is not shown because that of the one before was."""
    director, _, resident = await asked(world)
    await resident.presses("✅ 同意")
    person = await resident.person_id()
    async with world.database.transaction() as connection:
        await Store(connection).people.put_details(person, "王奶奶", "13911112222")
    await director.sends("/card")
    await opened(director)
    assert "本人电话：不公开" in director.last_message
    await resident.sends("/card")
    assert "13911112222" not in resident.last_message
    await director.forgets()
    await opened(director)
    await director.presses("📞 王奶奶")
    assert "13911112222" in director.last_message
    assert [row["person_id"] for row in await world.rows("SELECT person_id FROM phone_views")] == [person]


# What must not happen ---------------------------------------------------------------------------------------


async def test_forged_payloads(world: World) -> None:
    """A resident, a leader of another building, and another compound's committee: nothing changes."""
    director, leader, _ = await asked(world)
    other, outsider = await world.leader_of("4"), world.newcomer("外院主任")
    elsewhere = await world.another_compound()
    async with world.database.transaction() as connection:
        store = Store(connection)
        number = await store.posts.find(DIRECTOR, elsewhere)
        await store.links.put_appoint("Aa0bB1cC2d", number, world.clock.now, world.clock.now + timedelta(1))
    await outsider.opens(APPOINT_PREFIX + "Aa0bB1cC2d")
    assert outsider.sees("您现在是 通工小区业委会主任")
    number, person = await post_id(world, LEADER, "3"), await leader.person_id()
    before = await world.contents("dialogs", "cards")
    for phone in (other, outsider):
        for forged in (
            f"post.end_now:{number}:{person}",
            f"post.end:{number}:{person}",
            f"post.appoint:{number}",
            f"post.deputy:{number}",
            f"post.term:{number}:{person}",
            f"post.words:{number}",
            f"post.phone:{number}:1",
            f"post.phone:{number}:0",
            f"post.ask_phone:{number}",
            f"post.invite:{number}",
            "post.at:entrance_leader:1:3:5",
            "post.at:nonsense:1:3:5",
            "post.at:building_leader:1:99:0",
            "plan.accept:1",
            "plan.decline:1",
            "plan.confirm:1",
            "plan.reject:1",
            "plan.withdraw:1",
            "plan.withdraw:99",
            "post.show:x",
            "post.call:1:2:3",
        ):
            await phone.forges(forged)
            assert phone.last_toast, forged
    assert await world.contents("dialogs", "cards") == before
    await opened(director)
    await director.presses("换人")
    await director.sends("王奶奶")
    await director.forges_answer("who", await other.person_id())
    await director.forges_answer("who", 99)
    assert not director.sees("从什么时候起") or "是哪一位" in director.last_message
    assert await holders_of(world, LEADER, "3") == ["王秀兰"]


async def test_the_right_is_asked_when_it_is_written(world: World) -> None:
    """Who has left the committee in the middle of appointing appoints nobody."""
    member, resident = await world.holder(COMMITTEE), await neighbour(world)
    await opened(member)
    await member.presses("换人")
    await member.sends("王奶奶")
    await member.presses("王奶奶", "同意后马上", "不定")
    await world.vacate(COMMITTEE)
    await member.presses("✅ 就这样")
    assert "不归您管" in member.last_toast
    assert not resident.sees("想请您担任")


async def test_nothing_is_half_done(world: World) -> None:
    """Whatever fails in the middle of a change of hands takes all of it back."""
    _, leader, resident = await asked(world)
    await (await neighbour(world, "1", "301", "李叔")).reports("三栋1单元楼道灯坏了")
    number = await post_id(world, LEADER, "3")
    before = await world.contents()
    person = await resident.person_id()

    async def fails() -> None:
        async with world.database.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
            await actions.appoint(desk, number, person, actor_id=None, source="command_line")
            await desk.send()
            raise KeyError

    with pytest.raises(KeyError):
        await fails()
    assert await world.contents() == before
    assert (await world.issue()).handler_id == await leader.person_id()


async def test_an_answer_is_not_lost_with_the_bot(world: World) -> None:
    """Received, then killed before it was read: after the restart the post changes hands, once."""
    _, leader, resident = await asked(world)
    message, button = resident.with_button("✅ 同意")
    assert button.data is not None
    for _ in range(2):
        resident.user.presses(None, message.id, button.data)
    await world.app.receiver.receive_once(0)
    await world.restart()
    await world.settle()
    assert await holders_of(world, LEADER, "3") == ["王奶奶"]
    assert sum("现在由 王奶奶 担任" in one.text for one in leader.messages) == 1
    actions_done = [change.action for change in await changes_of(world, LEADER, "3")]
    assert actions_done.count("post.ended") == 1


async def test_a_community_stands_on_the_cards_of_its_compounds(world: World) -> None:
    """Its secretary appoints its director; both stand at the end of the card of either compound."""
    elsewhere = await world.another_compound()
    await world.rows("INSERT INTO communities (code, name) VALUES ('sq', '友谊社区')")
    await world.rows("UPDATE compounds SET community_id = 1")
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        number = await desk.store.posts.find(PostKind.COMMUNITY_SECRETARY, None, community_id=1)
        post = await actions.post_of(desk, number)
        person = await actions.enter_person(desk, post, "龙书记", "0835-3333333")
        await actions.appoint(desk, number, person, actor_id=None, source="command_line")
        await actions.edit_post(desk, number, actor_id=None, source="command_line", phone="0835-3333333")
        await desk.send()
    for compound_id in (1, elsewhere):
        async with world.database.transaction() as connection:
            card = await Store(connection).posts.contact_card(compound_id, None, "telegram")
        assert ("龙书记", "0835-3333333") in [(line.name, line.phone) for line in card]
    resident, director = await neighbour(world), await world.holder(DIRECTOR)
    await resident.sends("/card")
    assert resident.last_message.index("社区书记：龙书记　0835-3333333") > resident.last_message.index(
        "网格员"
    )
    await opened(director, "", "社区书记")
    assert not director.may_press("换人")
    assert not director.may_press("卸任")


async def test_the_verbs_refuse_what_is_not_there(world: World) -> None:
    """No such post, nobody in it, a phone that is none."""
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        for wanted, reason in ((99, "no_such_post"), (1, "not_in_post")):
            with pytest.raises(Refused, match=reason):
                await actions.leave_post(desk, wanted, 999, actor_id=None, source="import")
        with pytest.raises(Refused, match="phone_unclear"):
            await actions.edit_post(desk, 1, actor_id=None, source="import", phone="打听打听")
