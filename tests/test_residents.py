"""Who lives where: deciding with reasons and questions, reminders, several homes, moving out, being ended."""

import pytest

from bot.actions.directory import JOIN_PREFIX
from bot.domain.posts import PostKind
from tests.world import Phone, World


async def joins(
    world: World,
    name: str = "王芳",
    kind: str = "业主",
    unit: str = "502",
    door: tuple[str, str] = ("3", "2"),
) -> Phone:
    """Somebody with a new account asks to be entered behind a door."""
    phone = world.newcomer(name)
    await phone.opens(JOIN_PREFIX + await world.joining_code(*door))
    await phone.sends(unit)
    await phone.presses(kind)
    await phone.sends(name)
    return phone


async def entries(world: World) -> list[tuple[str, str, str]]:
    """All entries as (kind, state, reason), oldest first."""
    rows = await world.rows("SELECT kind, state, reason FROM residencies ORDER BY id")
    return [(row["kind"], row["state"], row["reason"]) for row in rows]


async def lists(world: World, name: str, unit: str = "502", phone: str = "13800000001") -> None:
    """The register names somebody for a unit of building 3, entrance 2, who has no account."""
    (place,) = await world.rows(
        "SELECT units.id FROM units JOIN entrances ON entrances.id = entrance_id"  # noqa: S608
        " JOIN buildings ON buildings.id = units.building_id"
        f" WHERE buildings.label = '3' AND entrances.label = '2' AND units.label = '{unit}'"
    )
    (person,) = await world.rows("INSERT INTO people (locale, created_at) VALUES (NULL, 1) RETURNING id")
    await world.rows(
        f"INSERT INTO personal_details (person_id, name, phone) VALUES ({person['id']}, '{name}', '{phone}')"  # noqa: S608
    )
    await world.rows(
        "INSERT INTO residencies (person_id, unit_id, kind, state, asked_at, is_listed)"  # noqa: S608
        f" VALUES ({person['id']}, {place['id']}, 'owner', 'approved', 1, 1)"
    )


# Deciding ------------------------------------------------------------------------------------------------


async def test_the_leader_sees_what_they_need_to_decide(world: World) -> None:
    """Name, kind, home, since when, who lives there, whether the register has the name; nobody else does."""
    await lists(world, "李建国")
    leader = await world.leader_of("3")
    first = await joins(world)
    assert "登记表上，这户是别的名字" in leader.last_message
    assert "李建国（业主，登记表上）" in leader.last_message
    assert "11月24日（周二）10:00 提出" in leader.last_message
    await leader.presses("同意")
    second = await joins(world, "小李", "租户")
    assert "· 王芳（业主）" in leader.last_message
    for phone in (first, second):
        others = {"王芳", "小李", "李建国"} - {phone.user.name}
        assert not any(phone.sees(name) for name in others)


async def test_a_name_of_the_register_is_marked_and_becomes_that_person(world: World) -> None:
    """The same name in the same unit: on approval the entry of the register is theirs, with its phone."""
    await lists(world, "王芳")
    leader = await world.leader_of("3")
    resident = await joins(world, "王 芳", "家人")
    assert "登记表上有这个名字" not in leader.last_message
    assert leader.may_press("就是 王芳")
    again = await joins(world, "王芳", "家人")
    assert "✓ 登记表上有这个名字" in leader.last_message
    assert not leader.may_press("就是 王芳")
    await leader.presses("同意")
    assert "王芳，您在 3号楼2单元 502 的登记已经确认（家人）" in again.last_message
    assert not resident.sees("已经确认")
    rows = await world.rows(
        "SELECT name, phone, kind, state, is_listed FROM residencies"
        " JOIN personal_details ON personal_details.person_id = residencies.person_id"
        " WHERE state = 'approved'"
    )
    assert [list(row) for row in rows] == [["王芳", "13800000001", "family", "approved", 1]]
    assert (
        await again.person_id() == (await world.rows("SELECT MIN(person_id) AS id FROM residencies"))[0]["id"]
    )


async def test_the_leader_knows_the_person_by_another_name(world: World) -> None:
    """王奶奶 is 王秀英 of the register: one tap, and what she reported meanwhile is hers."""
    await lists(world, "王秀英")
    leader = await world.leader_of("3")
    resident = await joins(world, "王奶奶")
    await resident.reports()
    await leader.presses("就是 王秀英")
    assert "王秀英，您在 3号楼2单元 502" in resident.last_message
    assert "已同意（王秀兰）" in next(one.text for one in leader.messages if "502" in one.text)
    assert (await world.issue()).reporter_id == await resident.person_id()
    await resident.sends("/my")
    assert "261124-001" in resident.last_message
    await resident.sends("三栋2单元楼道灯又坏了")
    await resident.presses("照明", "不是同一件", "提交")
    assert "住址未确认" not in leader.last_message


async def test_a_no_has_a_reason(world: World) -> None:
    """A button or words of one's own; who is refused hears it and what to do."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("不同意", "信息不清楚")
    assert "信息不清楚" in resident.last_message
    assert "/join" in resident.last_message
    other = await joins(world, "小李", "租户")
    await leader.presses("不同意", "自己写")
    await leader.sends("这户只住老两口，请找房东来说一声")
    assert "王秀兰 说：「这户只住老两口，请找房东来说一声」" in other.last_message
    third = await joins(world, "小赵", "租户")
    await leader.presses("不同意")
    await leader.sends("不认识")
    assert "「不认识」" in third.last_message
    assert await entries(world) == [
        ("owner", "refused", "unclear"),
        ("renter", "refused", "这户只住老两口，请找房东来说一声"),
        ("renter", "refused", "不认识"),
    ]


async def test_a_question_goes_to_and_fro_through_the_bot(world: World) -> None:
    """Several rounds; it stays open; the talk is forgotten when it is decided."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    for question, said in (("您是几月搬来的？", "上个月"), ("和房东怎么称呼？", "他是我舅舅")):
        await leader.presses("问一句")
        await leader.sends(question)
        assert f"「{question}」" in resident.last_message
        await resident.presses("回复")
        assert question in resident.last_message
        await resident.sends(said)
        assert "对方回话了" in leader.last_message
        assert f"💬 {said}" in leader.last_message
    assert "❓ 您是几月搬来的？" in leader.last_message
    assert await entries(world) == [("owner", "pending", "")]
    await leader.presses("同意")
    assert await world.rows("SELECT talk FROM residencies WHERE talk <> '[]'") == []
    await resident.forges("home.answer:1")
    assert "已经同意过了" in resident.last_toast


async def test_a_question_must_have_words(world: World) -> None:
    """A photo is none, nor is a novel; then it is asked again."""
    leader = await world.leader_of("3")
    await joins(world)
    await leader.presses("问一句")
    await leader.sends_sticker()
    assert leader.sees("请写一句话")
    await leader.sends("啊" * 501)
    assert leader.sees("太长了")
    await leader.sends("您是哪位？")
    assert "问题已转给 王芳" in leader.last_message


async def test_who_cannot_be_reached_cannot_be_asked(world: World) -> None:
    """The leader hears it instead of waiting for an answer; nothing is noted."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("问一句")
    resident.user.blocks_bot()
    await world.settle()
    await leader.sends("您是哪位？")
    assert "收不到我的消息" in leader.last_message
    assert await world.rows("SELECT talk FROM residencies WHERE talk <> '[]'") == []


async def test_somebody_else_decides_while_words_are_written(world: World) -> None:
    """The dialog ends with who was first; what was typed changes nothing."""
    leader = await world.leader_of("3")
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await joins(world)
    await leader.presses("不同意", "自己写")
    await deputy.forges("home.approve:1")
    await leader.sends("不认识")
    assert "赵小军 已经同意过了" in leader.last_message
    assert await entries(world) == [("owner", "approved", "")]
    assert await world.rows("SELECT * FROM dialogs WHERE dialog = 'residents'") == []


async def test_the_queue_is_the_oldest_first_and_paged(world: World) -> None:
    """Ten wait: two pages; a single one is shown at once; nobody waits: it says so."""
    leader = await world.leader_of("3")
    await leader.sends("/requests")
    assert "没有人在等您确认" in leader.last_message
    for number in range(10):
        await joins(world, f"住户{number}", unit=f"{1 + number // 2}0{1 + number % 2}")
        world.clock.now = world.clock.now.replace(minute=number + 1)
    await leader.sends("/work")
    await leader.presses("等我确认：10 位")
    assert "10 位" in leader.last_message
    assert leader.buttons[0].startswith("住户0")
    assert len([one for one in leader.buttons if one.startswith("住户")]) == 8
    await leader.presses("下一页")
    assert leader.buttons[0].startswith("住户8")
    await leader.presses("住户9", "同意")
    for number in range(8):
        await leader.sends("/requests")
        await leader.presses(f"住户{number}", "同意")
    await leader.sends("/requests")
    assert "住户8" in leader.last_message
    assert leader.may_press("问一句")


@pytest.mark.parametrize("verb", ["home.approve", "home.refuse", "home.ask", "home.request"])
async def test_only_who_is_responsible_decides(world: World, verb: str) -> None:
    """The leader of 5, a stranger and the one who asks press forged buttons in vain."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    before = await world.contents("dialogs", "people", "accounts")
    for phone in (await world.leader_of("1"), resident):
        await phone.forges(f"{verb}:1")
        assert "不归您点" in phone.last_toast
    for nonsense in (f"{verb}:99", f"{verb}:x", f"{verb}:", verb, f"{verb}:1:2", f"{verb}:-1"):
        await leader.forges(nonsense)
    after = await world.contents("dialogs", "people", "accounts")
    assert before["residencies"] == after["residencies"]


async def test_a_resident_sees_no_queue(world: World) -> None:
    """Nor does a property manager."""
    resident = await joins(world)
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    for phone in (resident, manager):
        await phone.sends("/requests")
        assert "单元长、楼栋长和委员会" in phone.last_message
        await phone.forges("home.requests:0")
        assert "单元长、楼栋长和委员会" in phone.last_toast


async def test_nobody_decides_they_are_reminded_then_the_next_and_the_committee(world: World) -> None:
    """After a day, after three days; not by night; once each; whoever decides ends it for all."""
    leader = await world.leader_of("3")
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await world.until(20, 30)
    resident = await joins(world)
    for phone in (leader, deputy, committee):
        await phone.forgets()
    await world.live_through(hours=24)
    await world.until(7, 30)
    assert leader.new_messages == [
        "⏰ 还有邻居等您确认住址" + leader.last_message.removeprefix("⏰ 还有邻居等您确认住址")
    ]
    assert deputy.new_messages == committee.new_messages == []
    await leader.forgets()
    await world.live_through(days=2)
    assert leader.new_messages == []
    for phone in (deputy, committee):
        (only,) = phone.new_messages
        assert "三天了还没人确认" in only
    await world.live_through(days=5)
    assert len(deputy.new_messages) == 1
    await committee.presses("同意")
    assert "登记已经确认" in resident.last_message
    assert "已同意（高玉梅）" in leader.last_message
    assert "已同意（高玉梅）" in deputy.last_message
    assert await world.rows("SELECT * FROM chores WHERE kind = 'residency.remind'") == []


async def test_a_reminder_waits_for_the_morning(world: World) -> None:
    """What falls due by night is said at eight; after downtime once."""
    leader = await world.leader_of("3")
    await world.until(22)
    await joins(world)
    await leader.forgets()
    await world.later(days=1, minutes=30)
    assert leader.new_messages == []
    await world.until(8)
    assert len(leader.new_messages) == 1


async def test_a_new_approver_has_a_day(world: World) -> None:
    """Asked when nobody could approve: who takes up the post sees it and is reminded a day later."""
    await world.until(10)
    await joins(world)
    await world.later(hours=23)
    leader = await world.leader_of("3")
    assert leader.sees("有人登记住址")
    await leader.forgets()
    await world.live_through(hours=23)
    assert leader.new_messages == []
    await world.later(hours=1)
    (only,) = leader.new_messages
    assert "还有邻居等您确认住址" in only


async def test_after_downtime_the_next_are_asked_a_day_after_the_first(world: World) -> None:
    """Both stages fell due while the bot was down: the first gets a day before it goes further."""
    leader = await world.leader_of("3")
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await joins(world)
    for phone in (leader, deputy):
        await phone.forgets()
    await world.later(days=4)
    assert "还有邻居等您确认住址" in leader.last_message
    assert deputy.new_messages == []
    await world.later(days=1)
    assert len(leader.new_messages) == 1
    assert "三天了还没人确认" in deputy.last_message


async def test_nonsense_is_limited_kindly(world: World) -> None:
    """Nobody asks for half the building, and a unit has no crowd of people who wait."""
    resident = world.newcomer("到处住")
    for number, unit in enumerate(("101", "102", "201", "202", "301", "302")):
        await resident.opens(JOIN_PREFIX + await world.joining_code("3", "2"))
        await resident.sends(unit)
        await resident.presses("业主")
        if not number:
            await resident.sends("到处住")
    assert "已经有 5 处在等确认" in resident.last_toast
    for number in range(20):
        await joins(world, f"人{number}")
    last = await joins(world, "最后一位")
    assert "等确认的人太多了" in last.last_message
    assert len(await entries(world)) == 25


# One's own homes -------------------------------------------------------------------------------------------


async def test_another_kind_is_asked_and_the_old_one_stays_until_then(world: World) -> None:
    """Owner to renter: after a no they are what they were; a change of mind ends the asking."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await resident.sends("/homes")
    assert "3号楼2单元 502（业主）" in resident.last_message
    await resident.presses("502", "改身份", "租户")
    assert "改成租户，等 王秀兰 确认。没确认前还是业主" in resident.last_message
    assert "业主 → 租户" in leader.last_message
    await leader.presses("不同意", "信息不清楚")
    assert "改成租户没有通过，还是业主" in resident.last_message
    assert "/homes" in resident.last_message
    assert "/join" not in resident.last_message
    assert await entries(world) == [("owner", "approved", "unclear")]
    await leader.forges("home.approve:1")
    assert "王秀兰 已经处理过了" in leader.last_toast
    await resident.sends("/homes")
    await resident.presses("502", "改身份", "家人")
    await resident.presses("我的住处")
    assert "等确认改成家人" in resident.last_message
    await resident.presses("502", "改身份", "业主")
    assert "还是业主，不用再确认" in resident.last_message
    assert not leader.may_press("同意")
    await resident.presses("我的住处", "502", "改身份", "租户")
    await leader.presses("同意")
    assert [one[:2] for one in await entries(world)] == [("renter", "approved")]


async def test_several_homes_one_comes_first(world: World) -> None:
    """Another home is added, and made the main one: the report begins there."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await resident.sends("/homes")
    await resident.presses("再登记一处")
    await resident.sends("3号楼2单元601")
    await resident.presses("业主")
    await leader.presses("同意")
    await resident.sends("/homes")
    await resident.presses("601", "常住这里")
    assert resident.last_message.splitlines()[2] == "⭐ 3号楼2单元 601（业主）"
    rows = await world.rows("SELECT is_main FROM residencies ORDER BY id")
    assert [row["is_main"] for row in rows] == [0, 1]


async def test_moving_out_ends_the_entry_and_nothing_else(world: World) -> None:
    """Confirmed first; the leader is not rung up; the open issue stays theirs; no announcement goes there."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await resident.reports()
    await leader.forgets()
    await resident.sends("/homes")
    await resident.presses("502", "我搬走了")
    assert [one[1] for one in await entries(world)] == ["approved"]
    await resident.presses("是，搬走了")
    assert "不再是您的住处" in resident.last_message
    assert await entries(world) == [("owner", "ended", "moved_out")]
    assert leader.new_messages == []
    await resident.sends("/my")
    assert "261124-001" in resident.last_message
    await resident.forges("home.leave_now:1")
    assert "没有这处登记" in resident.last_toast
    await resident.sends("/homes")
    assert "还没有登记住址" in resident.last_message


async def test_a_request_can_be_taken_back(world: World) -> None:
    """The leader's message says so; a tap that was under way does nothing."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await resident.sends("/homes")
    await resident.presses("502", "撤回登记", "撤回登记")
    assert "本人已撤回" in leader.last_message
    await leader.forges("home.approve:1")
    assert "处理过了" in leader.last_toast
    assert [one[1] for one in await entries(world)] == ["ended"]


async def test_nobody_touches_the_homes_of_others(world: World) -> None:
    """Forged numbers of another's entry are none of one's own."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    thief = await joins(world, "小偷", unit="601")
    before = await world.contents("dialogs")
    for verb in (
        "home.show:1",
        "home.kind:1",
        "home.be:1:renter",
        "home.main:1",
        "home.leave:1",
        "home.leave_now:1",
    ):
        await thief.forges(verb)
        assert "没有这处登记" in thief.last_toast, verb
    await thief.forges("home.object:1")
    await thief.forges("home.answer:1")
    await resident.forges("home.be:1:king")
    await resident.forges("home.object:1")
    assert before == await world.contents("dialogs")


async def test_a_leader_ends_an_entry_and_the_person_objects(world: World) -> None:
    """A reason, a message to the person, and with one tap the question comes back to the leader."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await leader.sends("/roster 3-2-502")
    await leader.presses("结束登记", "搬走了")
    assert "已经告诉对方" in leader.last_message
    assert "原因：已经搬走" in resident.last_message
    assert await entries(world) == [("owner", "ended", "moved")]
    await resident.presses("我还住这里")
    assert "等 王秀兰 确认" in resident.last_message
    assert "本人说还住在这里" in leader.last_message
    await leader.presses("同意")
    assert [one[:2] for one in await entries(world)] == [("owner", "approved")]
    for phone in (await world.leader_of("1"), resident):
        await phone.forges("home.end:1")
        assert "不归您点" in phone.last_toast


async def test_who_objects_twice_hears_how_it_stands(world: World) -> None:
    """The second tap rings nobody; after the leader's yes or no it says what was decided."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await leader.sends("/roster 3-2-502")
    await leader.presses("结束登记", "登记错了")
    await resident.presses("我还住这里")
    await leader.forgets()
    await resident.presses("我还住这里")
    assert "已经做过了" in resident.last_toast
    assert leader.new_messages == []
    await leader.presses("同意")
    await resident.presses("我还住这里")
    assert "王秀兰 已经同意过了" in resident.last_toast
    assert [one[1] for one in await entries(world)] == ["approved"]


async def test_a_leader_ends_what_another_was_asked_about(world: World) -> None:
    """Somebody wished to be a renter; the deputy's message says who ended it, not that they took it back."""
    leader = await world.leader_of("3")
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    resident = await joins(world)
    await leader.presses("同意")
    await resident.sends("/homes")
    await resident.presses("502", "改身份", "租户")
    await deputy.sends("/requests")
    await leader.sends("/roster 3-2-502")
    await leader.presses("结束登记", "搬走了")
    assert "登记已结束（王秀兰）" in deputy.last_message
    assert not deputy.sees("本人已撤回")


async def test_everything_is_in_the_record_without_names(world: World) -> None:
    """Asked, approved, ended: who, whom, where, as ids."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await resident.sends("/homes")
    await resident.presses("502", "我搬走了", "是，搬走了")
    rows = await world.rows("SELECT * FROM changes WHERE action LIKE 'residency.%' ORDER BY id")
    me, chief = await resident.person_id(), await leader.person_id()
    assert [(row["action"], row["actor_id"], row["person_id"], row["facts"]) for row in rows] == [
        ("residency.asked", me, me, "{}"),
        ("residency.approved", chief, me, "{}"),
        ("residency.ended", me, me, "{}"),
    ]


@pytest.mark.parametrize(("language", "said"), [("zh-hant", "我的住處"), ("en", "My homes")])
async def test_in_the_readers_language(world: World, language: str, said: str) -> None:
    """The homes of somebody who reads otherwise."""
    phone = world.newcomer("Wang", language)
    await phone.sends("/homes")
    assert said in phone.last_message


async def test_a_screen_is_changed_where_it_was_tapped(world: World) -> None:
    """In its own message; from anywhere else it comes at the end of the chat."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await resident.sends("/homes")
    count = len(resident.messages)
    await resident.presses("502", "改身份", "我的住处")
    assert len(resident.messages) == count
    await resident.sends("/me")
    await resident.presses("我的住处")
    assert len(resident.messages) == count + 2
    assert "我的住处" in resident.last_message
    await leader.sends("/roster")
    await leader.sends("/work")
    await leader.presses("名册")
    assert "已加入" in leader.last_message
