"""Joining a unit, being approved, and taking up a post by link."""

import pytest

from bot.actions.directory import APPOINT_PREFIX, JOIN_PREFIX
from bot.domain.posts import PostKind
from tests.world import Phone, World


async def at_the_door(world: World, name: str = "王奶奶") -> Phone:
    """Somebody who has just scanned the poster of building 3, entrance 2."""
    phone = world.newcomer(name)
    await phone.opens(JOIN_PREFIX + await world.joining_code("3", "2"))
    return phone


async def states(world: World) -> list[tuple[str, str]]:
    """All entries as (kind, state), oldest first."""
    rows = await world.rows("SELECT kind, state FROM residencies ORDER BY id")
    return [(row["kind"], row["state"]) for row in rows]


async def test_three_taps_from_the_poster_to_the_leader(world: World) -> None:
    """Unit, kind, name: three taps, then the leader's one, and both know."""
    leader = await world.leader_of("3")
    resident = await at_the_door(world)
    assert "3号楼2单元" in resident.last_message
    await resident.presses("502", "业主", "就叫")
    assert "等 王秀兰 确认" in resident.last_message
    assert resident.keyboard == ["📝 报事", "📋 我的事", "📇 连心卡", "☰ 更多"]
    assert "王奶奶（业主）" in leader.last_message
    assert "3号楼2单元 502" in leader.last_message
    await leader.presses("同意")
    assert "登记已经确认" in resident.last_message
    assert "已同意" in leader.last_message
    assert not leader.may_press("同意")
    assert await states(world) == [("owner", "approved")]


async def test_the_unit_may_be_typed_as_people_write_it(world: World) -> None:
    """Behind a known door the number alone is enough; a whole address works too."""
    for said in ("502", "５０２", "502室", "五零二", "5楼502", "3-2-502", "三號樓二單元502", "3幢2单元502室"):
        resident = await at_the_door(world)
        await resident.sends(said)
        assert "3号楼2单元 502" in resident.last_message, said
        assert "业主" in resident.buttons


async def test_without_a_link_the_way_is_asked_step_by_step(world: World) -> None:
    """/join: a bare number is the building, the entrance, the unit that is asked for."""
    for way in (("3", "2", "502"), ("３號樓", "二单元", "502"), ("3栋2单元", "502"), ("3号楼2单元502",)):
        resident = world.newcomer()
        await resident.sends("/join")
        for words in way:
            await resident.sends(words)
        assert "3号楼2单元 502" in resident.last_message, way


async def test_a_unit_nobody_knows_is_asked_back_at_its_door(world: World) -> None:
    """The entrance is right, the number is not: the units of that entrance are offered."""
    resident = world.newcomer()
    await resident.sends("/join")
    await resident.sends("3号楼2单元999")
    assert resident.sees("小区里没找到「3号楼2单元999」")
    assert "3号楼2单元" in resident.last_message
    assert "502" in resident.buttons


async def test_two_doors_have_the_unit_both_are_offered(world: World) -> None:
    """3栋502 is in both entrances: it is not decided, it is asked."""
    resident = world.newcomer()
    await resident.sends("/join")
    await resident.sends("3栋502")
    assert "哪一户" in resident.last_message
    await resident.presses("3号楼2单元 502", "租户", "就叫")
    assert await states(world) == [("renter", "pending")]


async def test_whoever_waits_may_already_report(world: World) -> None:
    """Nobody has approved yet: the report goes out all the same, marked for the handler."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    await resident.sends("三栋楼道灯坏了")
    await resident.presses("照明", "提交")
    assert "住址还没经楼栋长确认" in resident.last_message
    assert "住址未确认" in leader.last_message
    await leader.presses("同意")
    await resident.sends("三栋楼道灯又坏了")
    await resident.presses("照明", "不是同一件", "提交")
    assert "住址未确认" not in leader.last_message


async def test_a_second_unit_asks_neither_name_nor_again(world: World) -> None:
    """One person, several units: who is known is not asked for their name again."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    await leader.presses("同意")
    await resident.sends("/join")
    await resident.sends("3号楼2单元601")
    await resident.presses("业主")
    assert "等 王秀兰 确认" in resident.last_message
    assert "王奶奶（业主）" in leader.last_message
    await leader.presses("同意")
    assert await states(world) == [("owner", "approved")] * 2


async def test_another_kind_needs_another_yes(world: World) -> None:
    """A renter who is approved does not become an owner by saying so; the same once more changes nothing."""
    leader = await world.leader_of("3")
    resident = await at_the_door(world)
    await resident.presses("502", "租户", "就叫")
    await leader.presses("同意")
    for kind, message in (("租户", "您已经登记在"), ("业主", "等 王秀兰 确认")):
        await resident.sends("/join")
        await resident.sends("3号楼2单元502")
        await resident.presses(kind)
        assert message in resident.last_message
    assert "要改身份" in leader.last_message
    assert "租户 → 业主" in leader.last_message
    assert await states(world) == [("renter", "approved")]
    await leader.presses("同意")
    assert await states(world) == [("owner", "approved")]


async def test_refused_is_told_with_a_way_on(world: World) -> None:
    """The leader does not know them: they hear it, and may try again."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    await leader.presses("不同意", "不是这户的")
    assert "没有通过" in resident.last_message
    assert "不是这户的人" in resident.last_message
    assert "/join" in resident.last_message
    assert leader.sees("没有同意")
    assert "已经告诉对方原因" in leader.last_message
    await resident.sends("/join")
    await resident.sends("3号楼2单元502")
    await resident.presses("业主", "就叫")
    assert await states(world) == [("owner", "pending")]


async def test_a_second_tap_hears_who_was_first(world: World) -> None:
    """Two may approve: the later one is told, and their message is redrawn (C6)."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    resident = await world.resident()
    leader = await world.leader_of("3")
    assert resident.sees("等 高玉梅 确认")
    assert leader.sees("有人登记住址")  # who takes up the post sees who is waiting
    await leader.presses("同意")
    # Their message shows it at once; a tap that was under way hears who was first.
    assert "已同意（王秀兰）" in committee.last_message
    assert not committee.may_press("同意")
    await committee.forges("home.refuse:1")
    assert "王秀兰 已经同意过了" in committee.last_toast
    assert await states(world) == [("owner", "approved")]


@pytest.mark.parametrize("verb", ["home.approve", "home.refuse"])
async def test_only_those_responsible_for_the_place_decide(world: World, verb: str) -> None:
    """A leader of another building, a stranger and the resident themselves forge the button in vain."""
    await world.leader_of("3")
    resident = await world.resident()
    for phone in (await world.leader_of("1"), world.newcomer(), resident):
        await phone.forges(f"{verb}:1")
        assert "不归您点" in phone.last_toast
    await resident.forges(f"{verb}:999")
    assert "已经处理好" in resident.last_toast
    assert await states(world) == [("owner", "pending")]


async def test_a_leader_moves_in_the_next_in_line_is_asked(world: World) -> None:
    """Nobody approves themselves."""
    leader = await world.leader_of("3")
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await leader.sends("/join")
    await leader.sends("3号楼1单元101")
    await leader.presses("业主")
    assert "等 赵小军 确认" in leader.last_message
    assert "王秀兰（业主）" in deputy.last_message  # by the name of the register


async def test_a_wrong_code_leads_somewhere(world: World) -> None:
    """Codes that never were, and those of the other kind, are refused with what to do instead."""
    phone = world.newcomer()
    code = await world.joining_code("3", "2")
    for payload in ("jnonsense", "x", APPOINT_PREFIX + code, "j" + "a" * 40, "j"):
        await phone.opens(payload)
        assert "再扫一次门口的二维码" in phone.last_message


# Posts --------------------------------------------------------------------------------------------------


async def test_an_invitation_works_once(world: World) -> None:
    """The second person with the same link gets a clear no; the post stays with the first."""
    code = APPOINT_PREFIX + await world.invitation(PostKind.BUILDING_LEADER, "3")
    leader, thief = world.newcomer("王秀兰"), world.newcomer("路人")
    await leader.opens(code)
    assert "您现在是 绿洲路126号大院3号楼楼栋长" in leader.last_message
    await thief.opens(code)
    assert "已经用过" in thief.last_message
    await thief.sends("/work")
    assert "没有任职" in thief.last_message


async def test_an_invitation_does_not_live_for_ever(world: World) -> None:
    """After a fortnight it has expired."""
    code = APPOINT_PREFIX + await world.invitation(PostKind.BUILDING_LEADER, "3")
    await world.later(days=15)
    leader = world.newcomer()
    await leader.opens(code)
    assert "过期" in leader.last_message


async def test_who_of_the_committee_are_you(world: World) -> None:
    """Several share a post: each says who they are, and a newcomer is nobody of them."""
    second = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE, pick=1)
    assert second.sees("您现在是 绿洲路126号大院自管委")
    third = world.newcomer("甲")
    await third.opens(APPOINT_PREFIX + await world.invitation(PostKind.SELF_MANAGEMENT_COMMITTEE))
    assert third.buttons[:3] == ["高玉梅", "唐晓燕", "都不是，我是新任的"]
    await third.presses("高玉梅")
    # One is left whom the register names: the next one to come is asked all the same.
    newcomer = world.newcomer("新委员")
    await newcomer.opens(APPOINT_PREFIX + await world.invitation(PostKind.SELF_MANAGEMENT_COMMITTEE))
    await newcomer.presses("我是新任的")
    await newcomer.sends("/card")
    for name in ("高玉梅", "何长青", "唐晓燕", "新委员"):
        assert f"自管委：{name}" in newcomer.last_message


async def test_what_waited_for_somebody_goes_to_them_when_they_come(world: World) -> None:
    """Nobody was on the bot when it was reported: the one it waited for gets the card with the post."""
    resident = await world.resident()
    await resident.sends("三栋2单元楼道灯坏了")
    await resident.presses("照明", "提交")
    assert "林志远 还没有用上连心" in resident.last_message
    assert "13900000021" not in resident.last_message  # the register does not show this phone
    entrance = await world.holder(PostKind.ENTRANCE_LEADER, "3", "2")
    await entrance.presses("接单")
    assert "林志远 接单了" in resident.last_message


async def test_a_new_leader_takes_over_at_once(world: World) -> None:
    """The post changes hands: the open issues go with it, the former leader and the reporter hear of it."""
    former = await world.leader_of("3")
    resident = await world.resident()
    await resident.reports()
    await former.presses("接单")
    successor = world.newcomer("新楼长")
    await successor.opens(APPOINT_PREFIX + await world.invitation(PostKind.BUILDING_LEADER, "3"))
    assert successor.sees("261124-001")
    assert "现在由 新楼长 担任" in former.last_message
    assert "261124-001　楼栋长 新楼长" in resident.last_message
    await former.sends("/work")
    assert "没有任职" in former.last_message
    await former.forges("issue.accept:1")
    assert (await world.issue()).state == "open"
    await successor.presses("接单")
    assert (await world.issue()).state == "accepted"


async def test_a_complaint_stays_hidden_from_whom_it_is_about_when_they_join(world: World) -> None:
    """Nobody was on the bot yet: with an account, the one it is about does not see it as committee (C10)."""
    resident = await world.resident()
    await resident.sends("自管委的高玉梅收了钱不办事")
    await resident.presses("更多类别", "其他")
    assert "交给：自管委 高玉梅" in resident.last_message
    await resident.presses("与负责人本人有关", "提交")
    assert "自管委 何长青" in resident.last_message
    concerned = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE, pick=0)
    about = await world.rows("SELECT person_id FROM issue_people WHERE part = 'concerned'")
    assert [row["person_id"] for row in about] == [await concerned.person_id()]
    await concerned.forges("issue.show:1")
    assert "没有这件事" in concerned.last_toast
    colleague = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE, name="何长青", pick=0)
    assert colleague.sees("261124-001")
    assert colleague.may_press("接单")


async def test_trouble_comes_before_moving_in(world: World) -> None:
    """Asked for their unit, somebody tells of people in a lift: the numbers and the report come first."""
    newcomer = world.newcomer()
    await newcomer.opens(JOIN_PREFIX + await world.joining_code("5", "1"))
    await newcomer.sends("5栋电梯困人了快来")
    assert newcomer.sees("119")
    await newcomer.presses("电梯", "提交")
    assert "已登记" in newcomer.last_message


@pytest.mark.parametrize("name", ["Christopher Smith", "古丽巴哈尔·吐尔逊江", "王秀英（王小明的奶奶）"])
async def test_a_long_name_is_no_report(world: World, name: str) -> None:
    """Many letters make no matter of a name."""
    resident = world.newcomer("chris")
    await resident.opens(JOIN_PREFIX + await world.joining_code("3", "2"))
    await resident.sends("502")
    await resident.presses("业主")
    await resident.sends(name)
    assert f"好的，{name}。" in resident.last_message


@pytest.mark.parametrize("address", ["绿洲路126号大院3号楼2单元501", "三号楼二单元五零一"])
async def test_a_long_address_is_no_report(world: World, address: str) -> None:
    """With the road and the compound before it, or all in words: it is the home, and is asked no further."""
    resident = world.newcomer("新邻居")
    await resident.sends("/join")
    await resident.sends(address)
    assert "3号楼2单元 501" in resident.last_message
    await resident.presses("取消")
    await resident.sends("/join")
    await resident.sends(f"{address}的水管漏水了")
    assert resident.may_press("水电气")


async def test_asking_twice_rings_once(world: World) -> None:
    """Who asks again for the same unit changes the message the leader has instead of sending another."""
    leader = await world.leader_of("3")
    newcomer = await at_the_door(world)
    for kind in ("业主", "家人"):
        if kind == "家人":
            await newcomer.opens(JOIN_PREFIX + await world.joining_code("3", "2"))
        await newcomer.sends("502")
        await newcomer.presses(kind)
        if kind == "业主":
            await newcomer.sends("王奶奶")
    requests = [message.text for message in leader.messages if "请确认" in message.text]
    assert len(requests) == 1
    assert "家人" in requests[0]


async def test_a_photo_while_moving_in_is_a_report(world: World) -> None:
    """Asked for their unit, somebody sends a photo of the trouble: it is kept, and asked about."""
    newcomer = world.newcomer()
    await newcomer.opens(JOIN_PREFIX + await world.joining_code("3", "2"))
    await newcomer.sends_photo()
    assert "照片 1 张" in newcomer.last_message


async def test_what_a_new_leader_reported_goes_to_the_next(world: World) -> None:
    """L4: the resident who reported it takes over the post; their own report goes on to the next in line."""
    former = await world.leader_of("3")
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    resident = await world.resident()
    await resident.reports()
    await former.presses("接单")
    await resident.opens(APPOINT_PREFIX + await world.invitation(PostKind.BUILDING_LEADER, "3"))
    assert (await world.issue()).handler_id == await deputy.person_id()
    assert deputy.may_press("接单")
    await former.sends("/work")
    assert "没有任职" in former.last_message


async def test_two_names_of_one_person_do_not_lift_the_veil(world: World) -> None:
    """The one it is about takes up the post of the one it went to: it goes on to another (C10)."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    resident = await world.resident()
    await resident.sends("3号楼副楼栋长半夜打麻将吵得睡不着")
    await resident.presses("噪", "与负责人本人有关", "提交")
    assert (await world.issue()).handler_id == await director.person_id()
    await world.rows(
        "UPDATE issues SET handler_id = (SELECT person_id FROM appointments JOIN posts ON posts.id = post_id"
        " JOIN buildings ON buildings.id = building_id WHERE kind = 'building_leader' AND label = '3')"
    )
    assert (await world.issue()).handler_id != await director.person_id()
    await deputy.forgets()
    await deputy.opens(APPOINT_PREFIX + await world.invitation(PostKind.BUILDING_LEADER, "3"))
    assert (await world.issue()).handler_id == await director.person_id()
    assert not any("261124-001" in text for text in deputy.new_messages)


async def test_who_was_left_out_of_the_register_is_followed(world: World) -> None:
    """An import ended the post: what they had is still in their list, and goes on when the reporter asks."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    await resident.reports()
    await leader.presses("接单")
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await world.vacate(PostKind.BUILDING_LEADER, "3")
    await leader.sends("/work")
    assert "261124-001" in leader.last_message
    await resident.forges("issue.nudge:1")
    assert "已帮您催了 赵小军" in resident.last_toast
    assert deputy.with_button("接单")[1].data == "issue.accept:1"
    assert deputy.sees("报事人在催")
    assert leader.sees("您不用管了")
    assert [event.actor_id for event in await world.history() if event.action == "transfer"] == [None]


async def test_an_odd_word_is_no_report(world: World) -> None:
    """火星 is no unit of this compound, and no fire either."""
    newcomer = world.newcomer()
    await newcomer.opens(JOIN_PREFIX + await world.joining_code("5", "1"))
    await newcomer.sends("火星")
    assert newcomer.sees("小区里没找到「火星」")
