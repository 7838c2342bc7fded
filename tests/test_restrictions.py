"""Too much of one person: limits for everybody, and a pause two officers decide, which can be objected to."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.actions.desk import Desk
from bot.actions.directory import APPOINT_PREFIX
from bot.actions.restrictions import decide
from bot.actions.restrictions import propose as propose_now
from bot.domain.abuse import Limits
from bot.domain.errors import Refused
from bot.domain.posts import PostKind
from bot.storage.store import Store
from tests.test_proxies import by_phone
from tests.world import TEXTS, UNLIMITED, Phone, World

REASON = "一天报了二十件没有的事"


async def limited(world: World, limits: Limits) -> None:
    """The operator's limits are these."""
    world.rules = replace(world.rules, limits=limits)
    await world.restart()


async def director_of(world: World) -> Phone:
    """One of the committee."""
    return await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)


async def secretary_of(world: World) -> Phone:
    """Another one."""
    return await world.holder(PostKind.BRANCH_SECRETARY)


async def member_of(world: World) -> Phone:
    """A third one."""
    return await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)


async def count(world: World, table: str = "issues") -> int:
    """How many there are."""
    return len(await world.rows(f"SELECT * FROM {table}"))  # noqa: S608  # a table of ours


async def propose(officer: Phone, name: str = "王奶奶", days: str = "7 天", reason: str = REASON) -> None:
    """Propose by name that somebody pauses."""
    await officer.sends("/restrict")
    await officer.sends(name)
    await officer.presses(name, days)
    await officer.sends(reason)


async def paused(world: World) -> tuple[Phone, Phone, Phone]:
    """A resident who may report nothing ordinary for a week: the resident, who proposed it, who agreed."""
    await world.leader_of("3")
    resident = await world.resident()
    director, secretary = await director_of(world), await secretary_of(world)
    await propose(director)
    await secretary.presses("同意")
    return resident, director, secretary


# So much on one day -------------------------------------------------------------------------------------


async def test_so_many_reports_on_one_day(world: World) -> None:
    """The next one is refused kindly; danger passes; tomorrow there is room again."""
    await limited(world, replace(UNLIMITED, reports=2))
    await world.leader_of("3")
    await world.holder(PostKind.PROPERTY_MANAGER)
    resident = await world.resident()
    await resident.reports("二楼灯坏了", "照明")
    await resident.reports("楼道垃圾很多", "楼道卫生")
    await resident.reports("草坪绿化没人浇水", "绿化")
    assert "今天已经报了 2 件" in resident.last_toast
    assert "119" in resident.last_toast
    assert await count(world) == 2
    await resident.presses("取消")
    await resident.reports("电梯门关不上", "电梯")
    assert "已登记 261124-003" in resident.last_message
    await world.until(0, 1)
    await resident.reports("草坪绿化没人浇水", "绿化")
    assert "已登记 261125-001" in resident.last_message


async def test_even_danger_has_an_end(world: World) -> None:
    """Where three dangers a day are the most, the fourth is told whom to call."""
    await limited(world, replace(UNLIMITED, reports=1, dangers=3))
    await world.holder(PostKind.PROPERTY_MANAGER)
    resident = await world.resident()
    for text, kind in (
        ("电梯门关不上", "电梯"),
        ("消防通道停了车", "消防通道"),
        ("楼上高空抛物", "高空抛物"),
    ):
        await resident.reports(text, kind)
        assert "已登记" in resident.last_message
    await resident.reports("电梯里灯不亮还晃", "电梯")
    assert "今天已经报了 3 件" in resident.last_toast
    assert await count(world) == 3


async def test_who_reports_for_others_may_report_any_number(world: World) -> None:
    """A leader who goes from door to door is no nuisance, nor does it count for those reported for."""
    await limited(world, replace(UNLIMITED, reports=1))
    leader = await world.leader_of("3")
    await world.holder(PostKind.PROPERTY_MANAGER)
    for words in ("厨房水管漏水", "马桶堵了", "家里停水了"):
        await by_phone(leader, words)
        assert "已登记" in leader.last_message
    assert await count(world) == 3


async def test_the_same_words_a_third_time(world: World) -> None:
    """Twice may be meant; the third time the first is offered instead. Elsewhere it is another matter."""
    await limited(world, replace(UNLIMITED, same=2))
    await world.leader_of("3")
    resident = await world.resident()
    for text in ("二楼的灯坏了", "二楼的灯坏了！！", "二樓的燈壞了啊"):
        await resident.reports(text, "照明")
    assert "261124-002，还在办" in resident.last_toast
    assert await count(world) == 2
    await resident.presses("取消")
    await resident.reports("5栋1单元二楼的灯坏了", "照明")
    assert "已登记 261124-003" in resident.last_message


# Too much in one minute ---------------------------------------------------------------------------------


async def test_a_flood_is_answered_once(world: World) -> None:
    """Twenty are read, one warning, silence until a quiet minute; a cry for help is always heard."""
    await limited(world, Limits())
    resident = await world.resident()
    await world.later(minutes=2)
    await resident.forgets()
    for number in range(40):
        await resident.sends(f"你好{number}")
    assert sum("发得太快" in text for text in resident.new_messages) == 1
    assert "发得太快" in resident.last_message
    await world.later(seconds=59)
    await resident.forgets()
    await resident.sends("你好")
    assert resident.new_messages == []
    await resident.sends("着火了！")
    assert "119" in resident.new_messages[0]
    await resident.presses("取消")
    await world.later(seconds=61)
    await resident.forgets()
    await resident.sends("/help")
    assert "怎么用连心" in resident.last_message


async def test_an_album_counts_once(world: World) -> None:
    """Ten photos of one matter are one message; the tenth does not begin a flood."""
    await limited(world, Limits(messages=4))
    resident = await world.resident()
    await world.later(minutes=2)
    await resident.forgets()
    await resident.sends_album(10, "楼道灯坏了")
    assert "照片 10 张" in resident.last_message
    await resident.sends("二楼的")
    assert not resident.sees("发得太快")


async def test_what_waited_is_no_flood(world: World) -> None:
    """The bot was away for a day: all that was sent meanwhile comes at once, and is all read."""
    await limited(world, Limits(messages=5))
    resident = await world.resident()
    await world.later(minutes=2)
    for number in range(12):
        resident.user.sends(None, f"楼道灯坏了，第{number}次说")
        world.clock.now += timedelta(minutes=1)
    await world.settle()
    assert not resident.sees("发得太快")


async def test_tapping_fast_is_no_flood(world: World) -> None:
    """Who works through a list taps a lot."""
    await limited(world, Limits(messages=5))
    leader = await world.leader_of("3")
    await world.later(minutes=2)
    await leader.sends("☰ 更多")
    for _ in range(12):
        await leader.presses("怎么用")
    assert not leader.sees("发得太快")


# Proposed and decided -----------------------------------------------------------------------------------


async def test_two_officers_decide_and_the_person_is_told(world: World) -> None:
    """One proposes, nothing happens; another agrees: why, until when, by which body, how to object."""
    await world.leader_of("3")
    resident, director = await world.resident(), await director_of(world)
    secretary, member = await secretary_of(world), await member_of(world)
    await resident.forgets()
    await propose(director)
    assert "要另一位委员会成员同意才算数" in director.last_message
    assert resident.new_messages == []
    for other in (secretary, member):
        assert "王奶奶" in other.last_message
        assert REASON in other.last_message
        assert "罗建群" in other.last_message
    await secretary.presses("同意")
    (told,) = resident.new_messages
    for part in ("暂停 7 天", "12月1日", REASON, "书记", "119", "申诉"):
        assert part in told
    assert "杨守信" not in told
    assert "罗建群" not in told
    assert "杨守信 同意了" in director.last_message
    assert "到 12月1日" in member.last_message
    assert not member.may_press("✅ 同意")
    kept = await world.rows(
        "SELECT action, actor_id, facts FROM changes WHERE action LIKE 'restriction.%' ORDER BY id"
    )
    assert [row["action"] for row in kept] == ["restriction.proposed", "restriction.approved"]
    assert all(set(json.loads(row["facts"])) == {"restriction", "days"} for row in kept)


async def test_while_it_holds(world: World) -> None:
    """The ordinary is refused with the numbers, danger is filed and marked, what was reported goes on."""
    await world.leader_of("3")
    resident = await world.resident()
    await resident.reports("二楼灯坏了", "照明")
    resident, _, _ = await paused(world)
    await resident.forgets()
    await resident.sends("楼道垃圾很多")
    assert "报事暂停了" in resident.new_messages[0]
    assert "申诉" in str(resident.messages[-2].buttons)
    await resident.presses("楼道卫生", "提交")
    assert "这件没有登记" in resident.last_toast
    assert REASON in resident.last_toast
    assert await count(world) == 1
    await resident.presses("取消")
    await resident.reports("电梯门关不上", "电梯")
    assert "已登记 261124-002" in resident.last_message
    (filed,) = [event for event in await world.history(2) if event.action == "file"]
    assert filed.facts["while_restricted"] is True
    await resident.sends("二楼着火了，快来人")
    await resident.presses(resident.buttons[0])
    await resident.presses("提交")
    assert await count(world) == 3
    await resident.sends("/my")
    await resident.presses("261124-001")
    await resident.presses("补充几句")
    await resident.sends("是靠窗那盏")
    assert [event.action for event in await world.history(1)][-1] == "reply"


async def test_the_others_refuse(world: World) -> None:
    """Nothing changes, the person never hears of it, and it may be proposed again."""
    await world.leader_of("3")
    resident, director, secretary = (
        await world.resident(),
        await director_of(world),
        await secretary_of(world),
    )
    await resident.forgets()
    await propose(director)
    await secretary.presses("不同意")
    assert "没有同意" in director.last_message
    assert resident.new_messages == []
    await propose(director)
    assert "要另一位委员会成员同意" in director.last_message


async def test_one_person_alone_decides_nothing(world: World) -> None:
    """Who proposed it does not decide it, nor do outsiders, nor does anybody twice."""
    leader = await world.leader_of("3")
    resident, director, secretary = (
        await world.resident(),
        await director_of(world),
        await secretary_of(world),
    )
    await propose(director)
    await director.forges("restrict.approve:1")
    assert "要由另一位来看" in director.last_toast
    for outsider in (resident, leader):
        for verb in ("approve", "refuse", "lift", "uphold", "show"):
            await outsider.forges(f"restrict.{verb}:1")
            assert "没有这条" in outsider.last_toast
    for data in ("restrict.approve:99", "restrict.approve:x", "restrict.approve", "restrict.list:x"):
        await secretary.forges(data)
        assert secretary.last_toast
    assert [row["state"] for row in await world.rows("SELECT state FROM restrictions")] == ["proposed"]
    await secretary.presses("同意")
    await secretary.forges("restrict.refuse:1")
    assert "正在暂停" in secretary.last_toast
    await secretary.forges("restrict.uphold:1")
    assert secretary.last_toast
    await propose(director)
    assert "正在暂停" in director.last_message


async def test_two_taps_at_the_same_time(world: World) -> None:
    """Two officers agree at once: it begins once, and the person is told once."""
    await world.leader_of("3")
    resident, director = await world.resident(), await director_of(world)
    people = [await secretary_of(world), await member_of(world)]
    await propose(director)
    await resident.forgets()
    ids = [await one.person_id() for one in people]

    async def agree(person_id: int) -> bool:
        async with world.database.transaction() as connection:
            desk = Desk(Store(connection), TEXTS, world.rules, world.clock())
            try:
                await decide(desk, person_id, 1, approved=True)
            except Refused:
                return False
            await desk.send()
            return True

    assert sorted(await asyncio.gather(*(agree(one) for one in ids))) == [False, True]
    await world.settle()
    assert len(resident.new_messages) == 1
    assert await count(world, "chores WHERE kind = 'restriction.end'") == 1


async def test_there_must_be_a_second(world: World) -> None:
    """Alone on the bot, a director cannot even begin."""
    await world.leader_of("3")
    await world.resident()
    director = await director_of(world)
    await director.sends("/restrict")
    await director.sends("王奶奶")
    await director.presses("王奶奶")
    assert "要另一位委员会成员同意才行" in director.last_toast
    assert await count(world, "restrictions") == 0


async def test_nobody_in_a_post(world: World) -> None:
    """Whoever holds a post is not paused; who is given one meanwhile may report at once."""
    resident, director, _ = await paused(world)
    leader_id = await (await world.leader_of("3")).person_id()
    director_id = await director.person_id()
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock())
        with pytest.raises(Refused, match="restriction_in_post"):
            await propose_now(desk, director_id, 1, leader_id, 7, REASON)
    await resident.opens(APPOINT_PREFIX + await world.invitation(PostKind.ENTRANCE_LEADER, "3", "2"))
    await resident.presses(resident.buttons[0])
    await resident.reports("楼道垃圾很多", "楼道卫生")
    assert resident.sees("已登记 261124-001")


async def test_not_by_whom_they_complain_about(world: World) -> None:
    """C10: who has an open complaint about an officer is not silenced by that officer, first or second."""
    await world.leader_of("3")
    resident, director = await world.resident(), await director_of(world)
    secretary, member = await secretary_of(world), await member_of(world)
    await resident.sends("物业收费太高不合理")
    await resident.presses("物业服务/收费")
    await resident.presses("负责人", "提交")
    (concerned,) = await world.rows("SELECT person_id FROM issue_people WHERE part = 'concerned'")
    assert concerned["person_id"] == await director.person_id()
    await director.sends("/restrict")
    await director.sends("王奶奶")
    await director.presses("王奶奶")
    assert "请别的委员会成员来" in director.last_toast
    await director.presses("取消")
    await director.forgets()
    await propose(secretary)
    assert director.new_messages == []
    await director.forges("restrict.approve:1")
    assert "请别的委员会成员来" in director.last_toast
    await member.presses("同意")
    assert "暂停 7 天" in resident.last_message


async def test_from_the_card_of_an_issue(world: World) -> None:
    """更多 → 举报滥用: a leader proposes it for who reported, without being told whose report it was."""
    leader, resident = await world.leader_of("3"), await world.resident(name="隐名")
    director, _ = await director_of(world), await secretary_of(world)
    await resident.sends("二楼灯坏了")
    await resident.presses("照明")
    for _ in range(2):
        await resident.presses("名字")
    await resident.presses("提交")
    await leader.forgets()
    await leader.presses("更多", "举报滥用", "3 天")
    await leader.sends(REASON)
    assert "要另一位委员会成员同意" in leader.last_message
    assert not any("隐名" in text for text in leader.new_messages)
    assert "隐名" in director.last_message
    await director.presses("同意")
    assert "暂停 3 天" in resident.last_message
    assert not any("隐名" in text for text in leader.new_messages)


@pytest.mark.parametrize("issue", ["1", "99", "x"])
async def test_residents_and_strangers_propose_nothing(world: World, issue: str) -> None:
    """Forged payloads, by command and from cards: refused; leaders of other buildings too."""
    await world.leader_of("3")
    resident, other = await world.resident(), await world.leader_of("2")
    stranger = world.newcomer()
    await stranger.sends("/start")
    await resident.reports("二楼灯坏了", "照明")
    for phone in (resident, stranger, other):
        await phone.forges(f"restrict.issue:{issue}")
        assert phone.last_toast
    for phone in (resident, stranger):
        for command in ("/restrict", "/restrictions"):
            await phone.sends(command)
            assert "由委员会或楼栋长来做" in phone.last_message
    assert await count(world, "restrictions") == 0
    assert await count(world, "dialogs") == 0


async def test_answers_that_are_none(world: World) -> None:
    """Other days, no reason, a reason too long, a sticker, nobody of that name: asked again each time."""
    await world.leader_of("3")
    await world.resident()
    director, secretary = await director_of(world), await secretary_of(world)
    await director.sends("/restrict")
    await director.sends("没有这个人")
    assert "没找到" in director.messages[-2].text
    await director.sends("王奶奶")
    await director.forges_answer("99")
    assert "请点一个按钮" in director.messages[-2].text
    await director.presses("王奶奶")
    await director.forges_answer("365")
    assert "请点一个按钮" in director.messages[-2].text
    await director.presses("30 天")
    await director.sends_sticker()
    await director.sends("他在群里乱说话，" * 40)
    assert director.sees("太长了，一次最多 300 个字")
    await world.restart()
    await director.sends("<b>乱报</b> 🤬 & 骂人")
    assert "<b>乱报</b> 🤬 & 骂人" in secretary.last_message
    assert await count(world, "restrictions") == 1


# Objected to --------------------------------------------------------------------------------------------


async def test_an_objection_goes_to_others(world: World) -> None:
    """One button and words; those who decided have no say in it; who has not lets it stand or lifts it."""
    resident, director, secretary = await paused(world)
    member = await member_of(world)
    await resident.presses("申诉")
    await world.restart()
    await resident.sends("那些事都是真的，<i>请来看</i>")
    assert "交上去了" in resident.last_message
    assert "那些事都是真的，<i>请来看</i>" in member.last_message
    assert "有申诉" in secretary.last_message
    for one in (director, secretary):
        await one.forges("restrict.uphold:1")
        assert "另一位" in one.last_toast
    await member.presses("维持")
    assert "决定不变" in resident.last_message
    assert "12345" in resident.last_message
    await resident.forges("restrict.appeal:1")
    assert "申诉过了" in resident.last_toast
    await member.forges("restrict.uphold:1")
    assert "正在暂停" in member.last_toast


async def test_lifted_on_objection(world: World) -> None:
    """At once, with a friendly word, and the end that was planned does not come a second time."""
    resident, _, _ = await paused(world)
    member = await member_of(world)
    await resident.presses("申诉")
    await resident.sends("是别人拿我的手机报的")
    await member.presses("解除")
    assert "恢复了，提前解除" in resident.last_message
    await resident.reports("楼道垃圾很多", "楼道卫生")
    assert "已登记" in resident.last_message
    await resident.forgets()
    await world.live_through(days=8, step=timedelta(hours=12))
    assert not any("恢复了" in text for text in resident.new_messages)
    await member.forges("restrict.lift:1")
    assert "已解除" in member.last_toast


async def test_where_the_committee_is_used_up(world: World) -> None:
    """Two on the bot have decided: the grid officer looks; without one the way out is named."""
    resident, _, _ = await paused(world)
    await resident.presses("申诉")
    assert "12345" in resident.last_toast
    officer = await world.holder(PostKind.GRID_OFFICER)
    await resident.presses("申诉")
    await resident.sends("没有的事")
    assert "没有的事" in officer.last_message
    await officer.presses("解除")
    assert "恢复了" in resident.last_message


async def test_it_is_nobody_elses_to_object_to(world: World) -> None:
    """Another's, none, one that is over: refused."""
    resident, _, _ = await paused(world)
    other = await world.resident(unit="501", name="李叔")
    for data in ("restrict.appeal:1", "restrict.appeal:9", "restrict.appeal:x"):
        await other.forges(data)
        assert other.last_toast
    await world.later(days=7, minutes=1)
    await resident.forges("restrict.appeal:1")
    assert "已经恢复" in resident.last_toast
    assert await count(world, "dialogs") == 0


async def test_it_ends_by_itself(world: World) -> None:
    """After seven days to the minute, with a friendly word, across a restart."""
    resident, _, _ = await paused(world)
    await resident.forgets()
    await world.later(days=6, hours=23)
    assert resident.new_messages == []
    await world.restart()
    await world.later(hours=2)
    assert "恢复了" in resident.last_message
    await world.later(days=1)
    assert sum("恢复了" in text for text in resident.new_messages) == 1
    await resident.reports("楼道垃圾很多", "楼道卫生")
    assert "已登记" in resident.last_message


async def test_the_committees_list(world: World) -> None:
    """What waits or runs first; pages in place; each opens its card."""
    await world.leader_of("3")
    director, secretary = await director_of(world), await secretary_of(world)
    await director.sends("/restrictions")
    assert "没有人被暂停" in director.last_message
    for number in range(10):
        await world.resident("3", "2", ("501", "502", "601", "602")[number % 4], f"住户{number}号")
        await propose(director, f"住户{number}号")
    await director.sends("/restrictions")
    before = len(director.messages)
    assert "暂停报事（10）" in director.last_message
    await director.presses("下一页")
    assert len(director.messages) == before
    assert "住户0号" in director.last_message
    await director.presses("住户0号")
    assert REASON in director.last_message
    await secretary.sends("/restrictions")
    await secretary.presses("住户9号", "同意")
    await secretary.sends("/restrictions")
    await secretary.presses("下一页")
    assert "⏳ 住户0号：等决定\n⏸ 住户9号：到 12月1日" in secretary.last_message


async def test_the_forgotten_leave_no_words(world: World) -> None:
    """/forget takes the reason and the objection; that there was one stays."""
    resident, _, _ = await paused(world)
    await resident.sends("/forget")
    await resident.presses("我明白，继续")
    await resident.sends("全部删掉")
    assert "不认识您了" in resident.last_message
    (row,) = await world.rows("SELECT reason, appeal, state FROM restrictions")
    assert tuple(row) == ("", "", "active")
