"""What belongs together: 我也遇到 before a second report is sent, merging, and parting again."""

import pytest

from bot.domain.posts import PostKind
from bot.storage.store import Store
from tests.test_proxies import by_phone
from tests.world import Phone, World

FIRST, SECOND, THIRD = "261124-001", "261124-002", "261124-003"


async def neighbour(world: World, unit: str, name: str, entrance: str = "2") -> Phone:
    """Another resident of building 3, approved by its leader."""
    leader = await world.leader_of("3")
    phone = await world.resident(entrance=entrance, unit=unit, name=name)
    await leader.presses("✅ 同意")
    return phone


async def meets_it_too(phone: Phone, said: str = "楼道的灯不亮") -> None:
    """Report the lamp that was reported already."""
    await phone.sends(said)
    await phone.presses("照明", "我也遇到")


async def parts_of(world: World, number: int = 1) -> list[int]:
    """Who is affected by an issue."""
    sql = f"SELECT person_id FROM issue_people WHERE issue_id = {number} AND part = 'affected' ORDER BY 1"  # noqa: S608
    return [row["person_id"] for row in await world.rows(sql)]


async def count_issues(world: World) -> int:
    """How many were ever filed."""
    return len(await world.rows("SELECT id FROM issues"))


@pytest.fixture
async def first(world: World, leader: Phone) -> Phone:
    """王奶奶 of 3-2-502, who has reported the lamp of the stairwell."""
    phone = await neighbour(world, "502", "王奶奶")
    await phone.sends_photo("楼道灯坏了，<b>看不见</b>台阶😱。电话13900001111")
    await phone.presses("照明", "提交")
    await leader.forgets()
    return phone


@pytest.fixture
async def second(world: World, first: Phone) -> Phone:
    """李叔 of 3-2-501, next door to 王奶奶."""
    assert first.sees(FIRST)
    return await neighbour(world, "501", "李叔")


# Before sending -----------------------------------------------------------------------------------------


async def test_a_neighbour_has_met_the_same(world: World, leader: Phone, second: Phone) -> None:
    """R6: two taps; what was reported is shown, the words are kept, the handler is told, the card counts."""
    await second.sends("二单元的灯不亮了，昨天差点摔跤")
    await second.presses("照明")
    offer = second.last_message
    assert "已有 1 户报过：3号楼2单元 照明" in offer
    assert "<b>看不见</b>台阶😱" in offer
    assert "等人接单　楼栋长 王秀兰" in offer
    assert "13900001111" not in offer
    assert "王奶奶" not in offer
    assert second.messages[-2].photos
    assert second.buttons[:2] == ["🙋 我也遇到", "不是同一件，继续报"]
    await leader.forgets()
    await second.presses("我也遇到")
    assert f"您也算在 {FIRST} 里" in second.last_message
    assert "2 户遇到" in second.last_message
    assert await count_issues(world) == 1
    assert "一共 2 户" in leader.last_message
    assert "昨天差点摔跤" in leader.last_message
    assert "李叔" not in "".join(leader.new_messages)
    await leader.presses("打开这件事")
    assert "🏠 2 户遇到" in leader.last_message
    assert "🏠 二单元的灯不亮了，昨天差点摔跤" in leader.last_message
    await leader.presses("更多", "经过")
    assert "邻居 邻居也遇到：二单元的灯不亮了" in leader.last_message


async def test_followers_hear_the_news_in_a_line(world: World, leader: Phone, second: Phone) -> None:
    """Accepted, resolved, not fixed, closed: each once; the talk in between is none of theirs."""
    reporter = world.people["resident 王奶奶"]
    await meets_it_too(second)
    await second.forgets()
    await leader.presses("接单", "回复")
    await leader.sends("王奶奶您好，我下午来")
    await leader.presses("办结")
    await leader.sends_photo("换了灯管")
    await leader.presses("提交办结")
    await reporter.presses("没解决")
    await reporter.sends("还是不亮，502的")
    await leader.presses("办结")
    await leader.sends_photo("又换了一次")
    await leader.presses("提交办结")
    await reporter.presses("已解决")
    news = second.new_messages
    assert [line.split("\n")[0] for line in news] == [
        f"✅ {FIRST} 楼栋长 王秀兰 接单了。",
        f"👌 {FIRST} 楼栋长 王秀兰 说办好了。",
        f"🔁 {FIRST} 报事人说还没好，接着办。",
        f"👌 {FIRST} 楼栋长 王秀兰 说办好了。",
        f"👍 {FIRST} 报事人确认已解决，结案了。",
    ]
    assert not any("您好" in line or "502" in line for line in news)


async def test_what_a_follower_sees_and_leaves(world: World, leader: Phone, second: Phone) -> None:
    """A card of their own: no talk, no name, no buttons of the handler; 取消關注 ends it."""
    await meets_it_too(second)
    await leader.presses("接单", "回复")
    await leader.sends("只对报事人说的话")
    await second.forges("issue.show:1")
    assert "2 户遇到，您也在里面" in second.last_message
    assert "只对报事人" not in second.last_message
    assert "王奶奶" not in second.last_message
    assert second.buttons == ["取消关注", "经过", "看照片"]
    await second.presses("经过")
    assert "接单" in second.last_message
    assert "只对报事人" not in second.last_message
    await second.presses("看照片")
    assert second.messages[-1].photos
    await second.forges("issue.text:1")
    assert "13900001111" not in second.last_message
    await second.presses("取消关注")
    assert second.sees(f"{FIRST} 不再告诉您了")
    assert await parts_of(world) == []
    await second.forgets()
    await second.forges("issue.unfollow:1")
    await second.forges("issue.show:1")
    await leader.presses("办结")
    await leader.sends_photo("好了")
    await leader.presses("提交办结")
    assert second.new_messages == []


async def test_one_household_counts_once(world: World, leader: Phone, second: Phone) -> None:
    """Weight is homes, not people: the reporter's wife adds nobody; saying it twice adds only words."""
    wife = await neighbour(world, "502", "王爷爷")
    await meets_it_too(wife)
    assert "户遇到" not in wife.last_message
    await meets_it_too(second)
    await meets_it_too(second, "灯还是不亮，孩子都怕")
    assert await count_issues(world) == 1
    async with world.database.transaction() as connection:
        assert await Store(connection).issues.households(1) == 2
    assert [event.action for event in await world.history()] == ["file", "follow", "follow", "follow"]
    await leader.forges("issue.show:1")
    assert "孩子都怕" in leader.last_message


async def test_another_matter_goes_its_own_way(second: Phone) -> None:
    """不是同一件 leads to the review as ever, and it is not asked again."""
    await second.sends("三楼的灯罩要掉下来了")
    await second.presses("照明", "不是同一件")
    assert "请看一眼" in second.last_message
    await second.presses("返回")
    assert "已有 1 户报过" in second.last_message
    await second.presses("不是同一件")
    await second.sends("就在303门口")
    assert "请看一眼" in second.last_message
    await second.presses("改类别", "楼道卫生", "返回")
    assert "已有 1 户报过" in second.last_message
    await second.presses("不是同一件", "改类别", "照明")
    await second.presses("提交")
    assert f"已登记 {SECOND}" in second.last_message


async def test_one_s_own_report_is_added_to(world: World, leader: Phone, first: Phone) -> None:
    """Who reports it again because nothing happened adds to what they have reported."""
    await first.sends("楼道灯怎么还没修")
    await first.presses("照明")
    assert "您报过这件事" in first.last_message
    await leader.forgets()
    await first.presses("补充到这件")
    assert f"已补充到 {FIRST}" in first.last_message
    assert "楼道灯怎么还没修" in leader.last_message
    assert await count_issues(world) == 1


async def test_several_that_may_be_meant(world: World, second: Phone) -> None:
    """The likeliest first, one at a time, round and round; the one on the screen is joined."""
    reporter = world.people["resident 王奶奶"]
    for text in ("五楼的灯一直闪", "楼道灯的开关掉了"):
        await reporter.reports(text)
    await second.sends("楼道灯的开关掉了")
    await second.presses("照明")
    assert "楼道灯的开关掉了" in second.last_message
    assert "（1/3）" in second.last_message
    await second.presses("看下一件", "看下一件")
    assert "（3/3）" in second.last_message
    await second.presses("看下一件")
    assert "（1/3）" in second.last_message
    await second.presses("我也遇到")
    assert await parts_of(world, 3) == [await second.person_id()]


async def test_danger_is_never_held_up(world: World) -> None:
    """Its review comes at once with 提交 first; what was reported already stands below it."""
    await world.holder(PostKind.PROPERTY_MANAGER)
    reporter, other = await neighbour(world, "502", "王奶奶"), await neighbour(world, "501", "李叔")
    await reporter.reports("电梯门关不上，很危险", "电梯")
    await other.sends("电梯门关不上")
    await other.presses("电梯")
    assert "请看一眼" in other.last_message
    assert "已有 1 户报过" in other.last_message
    assert other.buttons[:2] == ["📨 提交", "🏠 有人报过，看一眼"]
    await other.presses("有人报过")
    assert "电梯门关不上，很危险" in other.last_message
    await other.presses("不是同一件", "提交")
    assert f"已登记 {SECOND}" in other.last_message


@pytest.mark.parametrize(
    ("said", "category", "why"),
    [
        ("3栋1单元楼道灯坏了", "照明", "another door"),
        ("5号楼楼道灯坏了", "照明", "another building"),
        ("楼道里堆满了垃圾", "楼道卫生", "another kind"),
    ],
)
async def test_what_is_not_offered(second: Phone, said: str, category: str, why: str) -> None:
    """Another place or kind is another matter."""
    await second.sends(said)
    await second.presses(category)
    assert "请看一眼" in second.last_message, why


async def test_what_is_over_is_not_offered(world: World, leader: Phone, second: Phone) -> None:
    """Neither what was done or closed, nor what is older than the window of its kind."""
    await leader.presses("接单", "办结")
    await leader.sends_photo("换好了")
    await leader.presses("提交办结")
    await second.sends("楼道灯坏了")
    await second.presses("照明")
    assert "请看一眼" in second.last_message
    await second.presses("提交")
    await world.later(days=8)
    await second.sends("楼道灯坏了")
    await second.presses("照明")
    assert "请看一眼" in second.last_message


@pytest.mark.usefixtures("first")
async def test_strangers_are_told_nothing(world: World) -> None:
    """Who lives there is for the leader to say: until then neighbours' words are not theirs to read."""
    stranger, pending = world.newcomer(), await world.resident(unit="501", name="还没确认")
    for phone in (stranger, pending):
        await phone.sends("3栋2单元楼道灯坏了")
        await phone.presses("照明")
        assert "请看一眼" in phone.last_message
        await phone.forges_answer("same", 1)
        await phone.forges_answer("alike")
        assert not phone.sees("台阶")
    assert await parts_of(world) == []


async def test_forged_payloads(world: World, second: Phone) -> None:
    """Only what was offered can be joined; nobody follows by a button that was never there."""
    await world.people["resident 王奶奶"].reports("楼上天天半夜吵", "噪声/邻里纠纷")
    await second.sends("楼道灯坏了")
    await second.presses("照明")
    aside = ("dialogs", "issue_messages", "cards", "people")
    before = await world.contents(*aside)
    for values in (("same", 2), ("same", 99), ("same", "x"), ("same",), ("next", 7), ("nonsense",)):
        await second.forges_answer(*values)
    for verb in ("unfollow:1", "unfollow:99", "unmerge:1", "duplicate:1", "show:1", "seen_by:1"):
        await second.forges(f"issue.{verb}")
    await second.forges("issue.be_seen_by:1:neighbours")
    assert await world.contents(*aside) == before
    assert not second.sees("半夜吵")


async def test_it_ended_while_they_read(world: World, leader: Phone, second: Phone) -> None:
    """A tap that comes too late goes on to the review, with every word still there."""
    await second.sends("楼道灯坏了，很黑")
    await second.presses("照明")
    await leader.presses("接单", "办结")
    await leader.sends_photo("好了")
    await leader.presses("提交办结")
    await world.restart()
    await second.presses("我也遇到")
    assert second.sees("现在还不能这样做")
    assert "「楼道灯坏了，很黑」" in second.last_message
    await second.presses("提交")
    assert f"已登记 {SECOND}" in second.last_message


async def test_a_second_tap_does_nothing(world: World, second: Phone) -> None:
    """A doubled tap on 我也遇到 is one follower and one event."""
    await second.sends("楼道灯坏了")
    await second.presses("照明")
    message, button = second.with_button("我也遇到")
    assert button.data is not None
    for _ in range(3):
        second.user.presses(None, message.id, button.data)
    await world.settle()
    assert [event.action for event in await world.history()] == ["file", "follow"]


@pytest.mark.usefixtures("first")
async def test_fifty_followers_are_few_messages(world: World, leader: Phone) -> None:
    """The handler hears of the 1st, 2nd, 3rd and 5th; the card counts them all."""
    for unit, name in zip(("501", "402", "401", "302", "301", "202"), "甲乙丙丁戊己", strict=True):
        await meets_it_too(await neighbour(world, unit, name))
    told = [text for text in leader.new_messages if "又有邻居遇到" in text]
    assert [text.split("一共 ")[1][0] for text in told] == ["2", "3", "4", "6"]
    await leader.forges("issue.show:1")
    assert "🏠 7 户遇到" in leader.last_message


# Merging ------------------------------------------------------------------------------------------------


@pytest.fixture
async def twice(second: Phone) -> Phone:
    """李叔 has reported the same lamp as a matter of his own."""
    await second.sends("二单元的灯坏了")
    await second.presses("照明", "不是同一件", "提交")
    return second


async def merges(leader: Phone, number: int = 2, main: str = FIRST) -> None:
    """Tap 重複 on a card, and which one it is the same as."""
    await leader.forges(f"issue.show:{number}")
    await leader.presses("更多", "重复的事", main, "并过去")


async def test_merging_into_the_likeliest(world: World, leader: Phone, twice: Phone) -> None:
    """Three taps: it is closed as part of the first, its reporter follows that one and is told."""
    await leader.forges("issue.show:2")
    await leader.presses("更多", "重复的事")
    assert "和哪一件是同一件" in leader.last_message
    assert leader.buttons[0] == f"{FIRST} 照明 3号楼2单元"
    await leader.presses(FIRST)
    assert f"把 {SECOND}「二单元的灯坏了」" in leader.last_message
    await leader.sends("都是二单元门厅那盏 <灯>")
    await twice.forgets()
    await leader.presses("并过去")
    assert f"{SECOND} 已并入 {FIRST}" in leader.last_message
    assert f"{SECOND} 已并入 {FIRST}，是同一件事" in twice.last_message
    assert "门厅那盏 <灯>" in twice.last_message
    merged = await world.issue(2)
    assert (merged.state, merged.resolution, merged.duplicate_of) == ("closed", "duplicate", 1)
    assert await parts_of(world) == [await twice.person_id()]
    await leader.forges("issue.show:1")
    assert f"🔗 {SECOND} 并进来「二单元的灯坏了」" in leader.last_message
    assert "🏠 2 户遇到" in leader.last_message
    await twice.forgets()
    await leader.presses("接单", "办结")
    await leader.sends_photo("好了")
    await leader.presses("提交办结")
    assert [text.split("\n")[0] for text in twice.new_messages] == [
        f"✅ {FIRST} 楼栋长 王秀兰 接单了。",
        f"👌 {FIRST} 楼栋长 王秀兰 说办好了。",
    ]
    assert not twice.may_press("已解决")


@pytest.mark.usefixtures("twice")
async def test_a_number_may_be_typed(world: World, leader: Phone) -> None:
    """Whole, or the last digits of the same day; nonsense is asked again."""
    await leader.forges("issue.show:2")
    await leader.presses("更多", "重复的事")
    for said, answer in (("什么？", "没找到编号"), ("007", "没找到编号"), ("2", "这就是它自己")):
        await leader.sends(said)
        assert leader.sees(answer)
    await leader.sends_sticker()
    assert leader.sees("请点一个按钮，或写编号")
    await leader.sends("１")
    assert f"并入 {FIRST}" in leader.last_message
    await leader.presses("返回")
    await leader.sends(FIRST)
    await leader.presses("并过去")
    assert (await world.issue(2)).duplicate_of == 1


@pytest.mark.usefixtures("twice")
async def test_no_chains_and_no_rings(world: World, leader: Phone) -> None:
    """Into a merged one means into the one it belongs to; back again, or into itself, is refused."""
    third = await neighbour(world, "402", "赵姐")
    await third.sends("灯坏了，二单元")
    await third.presses("照明", "不是同一件", "提交")
    await merges(leader, 2, FIRST)
    await leader.forges("issue.show:3")
    await leader.presses("更多", "重复的事")
    assert not any(SECOND in label for label in leader.buttons)
    await leader.sends(SECOND)
    assert f"并入 {FIRST}" in leader.last_message
    await leader.presses("并过去")
    assert [(await world.issue(number)).duplicate_of for number in (1, 2, 3)] == [None, 1, 1]
    await leader.forges("issue.show:1")
    await leader.presses("更多", "重复的事")
    await leader.sends(SECOND)
    assert leader.sees("这就是它自己")


async def test_what_cannot_be_merged(world: World, leader: Phone, twice: Phone) -> None:
    """Another compound's, a private one, a closed one: each refused with a sentence, none is shown."""
    await twice.reports("楼上半夜跳舞", "噪声/邻里纠纷")
    await twice.reports("楼道里堆垃圾", "楼道卫生")
    await twice.presses("我的事", "261124-004", "撤回", "撤回，不用办了")
    await leader.forges("issue.show:2")
    await leader.presses("更多", "重复的事")
    assert not any(THIRD in label or "004" in label for label in leader.buttons)
    await leader.sends(THIRD)
    assert leader.sees("会让人看出是谁")
    await leader.sends("261124-004")
    assert leader.sees("那一件已经结案了")
    for values in (("main", 3), ("main", 4), ("main", 99), ("main", 2), ("main", "x"), ("merge",)):
        await leader.forges_answer(*values)
    assert (await world.issue(2)).state == "open"


@pytest.mark.usefixtures("twice")
async def test_two_who_merge_at_once(world: World, leader: Phone) -> None:
    """The first meanwhile ended: the tap is answered, nothing is merged."""
    await leader.forges("issue.show:2")
    await leader.presses("更多", "重复的事", FIRST)
    await world.people["resident 王奶奶"].presses("我的事", FIRST, "撤回", "撤回，不用办了")
    await leader.presses("并过去")
    assert "已经结案" in leader.last_toast + leader.last_message
    assert (await world.issue(2)).state == "open"


async def test_parting_again(world: World, leader: Phone, twice: Phone) -> None:
    """With a reason it is its own matter: open, a fresh clock, its people gone from the main one."""
    third = await neighbour(world, "402", "赵姐")
    await third.sends("二单元的灯坏了")
    await third.presses("照明")
    while SECOND not in third.last_message:
        await third.presses("看下一件")
    await third.presses("我也遇到")
    fourth = await neighbour(world, "401", "钱哥")
    await fourth.sends("看不见台阶，灯坏了")
    await fourth.presses("照明")
    while FIRST not in fourth.last_message:
        await fourth.presses("看下一件")
    await fourth.presses("我也遇到")
    await merges(leader)
    assert len(await parts_of(world)) == 3
    await world.later(hours=2)
    for phone in (twice, third, fourth):
        await phone.forgets()
    await leader.forges("issue.show:2")
    await leader.presses("取消并案")
    await leader.sends_photo()
    await leader.sends("是两盏不同的灯")
    assert f"{SECOND} 已经分开" in leader.last_message
    apart = await world.issue(2)
    assert (apart.state, apart.duplicate_of, apart.assigned_at) == ("open", None, world.clock.now)
    assert (apart.resolution, apart.closed_at, apart.closed_how) == (None, None, None)
    assert await parts_of(world) == [await fourth.person_id()]
    assert await parts_of(world, 2) == [await third.person_id()]
    assert "是两盏不同的灯" in twice.last_message
    assert "不再并案" in third.last_message
    assert fourth.new_messages == []
    await leader.forges("issue.unmerge:2")
    assert "不归您" in leader.last_toast or "现在" in leader.last_toast


async def test_its_reporter_says_it_is_another_matter(world: World, leader: Phone, twice: Phone) -> None:
    """不是同一件 under the message reopens it with a word, and it is merged no longer."""
    await merges(leader)
    await twice.presses("不是同一件")
    await twice.sends("我说的是门厅，不是楼道")
    apart = await world.issue(2)
    assert (apart.state, apart.duplicate_of) == ("accepted", None)
    assert await parts_of(world) == []


async def test_who_may_merge_and_part(world: World, leader: Phone, twice: Phone) -> None:
    """The handler merges; the committee may part, a neighbour or another leader may neither."""
    other = await world.leader_of("5")
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    for phone in (other, secretary, twice):
        await phone.forges("issue.duplicate:2")
    assert (await world.issue(2)).state == "open"
    await merges(leader)
    for phone in (other, twice):
        await phone.forges("issue.unmerge:2")
        await phone.sends("理由")
    assert (await world.issue(2)).duplicate_of == 1
    await secretary.forges("issue.show:2")
    await secretary.presses("取消并案")
    await secretary.sends("不是一回事")
    assert (await world.issue(2)).duplicate_of is None
    assert leader.sees(f"{SECOND} 不再并案，要单独办")


async def test_merging_a_main_one_takes_its_people_along(world: World, leader: Phone, twice: Phone) -> None:
    """Those who followed the second follow the first, and leave with it again."""
    third = await neighbour(world, "402", "赵姐")
    await third.sends("灯坏了，二单元")
    await third.presses("照明", "不是同一件", "提交")
    await merges(leader, 3, SECOND)
    await merges(leader, 2, FIRST)
    assert await parts_of(world) == sorted([await twice.person_id(), await third.person_id()])
    await leader.forges("issue.show:3")
    assert f"已并入 {FIRST}" in leader.last_message
    await leader.presses("取消并案")
    await leader.sends("第三件是另一盏")
    assert await parts_of(world) == [await twice.person_id()]
    assert await parts_of(world, 2) == []


# Around it ----------------------------------------------------------------------------------------------


async def test_what_others_have_met_goes_on_without_its_reporter(
    world: World, leader: Phone, second: Phone
) -> None:
    """R17: the reporter is forgotten, their words go; what a neighbour has said of it stays."""
    reporter = world.people["resident 王奶奶"]
    await meets_it_too(second, "楼道的灯不亮，我家孩子怕黑")
    await reporter.sends("/forget")
    await reporter.presses("我明白，继续", "全部删掉")
    assert (await world.issue()).state == "open"
    assert leader.sees("还有别人关注这件事")
    await leader.forges("issue.show:1")
    assert "孩子怕黑" in leader.last_message
    assert "台阶" not in leader.last_message
    await leader.presses("接单")
    assert "接单了" in second.last_message


async def test_a_neighbour_who_is_forgotten(leader: Phone, second: Phone) -> None:
    """What they said of another's report goes with them, and their household counts no longer."""
    await meets_it_too(second, "楼道的灯不亮，我家孩子怕黑")
    await second.sends("/forget")
    await second.presses("我明白，继续", "全部删掉")
    await leader.forges("issue.show:1")
    assert "台阶" in leader.last_message
    assert "孩子怕黑" not in leader.last_message
    assert "户遇到" not in leader.last_message


async def test_of_danger_the_handler_hears_every_time(world: World) -> None:
    """Nothing of it is folded away: the fourth follower is told like the first, photo and all."""
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    await (await neighbour(world, "502", "王奶奶")).reports("电梯门关不上，很危险", "电梯")
    for unit, name in zip(("501", "402", "401", "302"), "甲乙丙丁", strict=True):
        phone = await neighbour(world, unit, name)
        await phone.sends_photo("电梯门关不上")
        await manager.forgets()
        await phone.presses("电梯", "有人报过", "我也遇到")
        assert any("又有邻居遇到" in text for text in manager.new_messages), name
        assert any(message.photos for message in manager.messages[-2:]), name


async def test_for_whom_cannot_be_reached_the_proxy_hears(world: World, leader: Phone, first: Phone) -> None:
    """A report that was entered for somebody, merged: whoever entered it is asked to pass the news on."""
    assert first.sees(FIRST)
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await by_phone(deputy, "二单元楼道灯坏了", "照明", "3-2-301")
    assert "已登记 261124-002" in deputy.last_message, (
        "who reports for another is not asked whether they met it"
    )
    await merges(leader)
    assert deputy.sees(f"{SECOND} 已并入 {FIRST}")
    await deputy.forgets()
    await leader.forges("issue.accept:1")
    assert any(f"{FIRST} 楼栋长 王秀兰 接单了" in text for text in deputy.new_messages)


async def test_who_also_followed_by_themselves_stays(world: World, leader: Phone, twice: Phone) -> None:
    """Parting takes away who came by the merge, not who has said of the main one that they met it too."""
    await twice.sends("楼道灯坏了，看不见台阶")
    await twice.presses("照明")
    while FIRST not in twice.last_message:
        await twice.presses("看下一件")
    await twice.presses("我也遇到")
    await merges(leader)
    await leader.forges("issue.show:2")
    await leader.presses("取消并案")
    await leader.sends("是两盏灯")
    assert await parts_of(world) == [await twice.person_id()]
