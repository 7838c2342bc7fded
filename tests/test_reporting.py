"""Reporting: few taps to a number, the right place, the right person, and nothing lost on the way."""

from datetime import timedelta

import pytest

from bot.actions.directory import JOIN_PREFIX
from bot.domain.posts import PostKind
from tests.world import Phone, World


async def in_office(world: World) -> None:
    """Somebody on the bot to give everything to."""
    await world.leader_of("3")
    await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)


def place_in_review(phone: Phone) -> str:
    """The place as the last question states it."""
    (line,) = [line for line in phone.last_message.splitlines() if line.startswith("地点：")]
    return line.removeprefix("地点：")


# Taps ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("joined", "said", "taps"),
    [
        (True, "楼道灯坏了", ("照明", "提交")),
        (True, "二单元楼道灯不亮", ("照明", "提交")),
        (False, "3栋2单元楼道灯坏了", ("照明", "提交")),
        (False, "楼道灯坏了", ("照明", "3号楼", "提交")),
        (True, "停车乱得很", ("停车", "提交")),
        (False, "大门口路灯坏了", ("照明", "小区公共区域", "提交")),
        (True, "李建国", ("是，要报事", "其他", "提交")),
    ],
)
async def test_at_most_four_taps_to_a_number(
    world: World, *, joined: bool, said: str, taps: tuple[str, ...]
) -> None:
    """R1: the common cases, tap by tap; nothing else is asked."""
    await in_office(world)
    resident = await world.resident() if joined else world.newcomer()
    await resident.sends(said)
    await resident.presses(*taps)
    assert "已登记 261124-001" in resident.last_message
    assert len(taps) <= 4


async def test_a_stranger_to_two_compounds_taps_four_times(world: World) -> None:
    """The longest way: category, compound, building, send."""
    await in_office(world)
    await world.another_compound()
    stranger = world.newcomer()
    await stranger.sends("楼道灯坏了")
    await stranger.presses("照明", "绿洲路126号大院", "3号楼", "提交")
    assert "已登记 261124-001" in stranger.last_message


async def test_a_compound_named_in_the_words_is_not_asked_for(world: World) -> None:
    """绿洲路126号大院 says it already."""
    await in_office(world)
    await world.another_compound()
    stranger = world.newcomer()
    await stranger.sends("綠洲路126號大院3號樓的燈壞了")
    await stranger.presses("照明")
    assert place_in_review(stranger) == "3号楼"


# Ways in ------------------------------------------------------------------------------------------------


async def test_photo_first(world: World) -> None:
    """A photo alone: all categories at once, then it goes with the photo."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.sends_photo()
    assert "照片 1 张" in resident.last_message
    await resident.presses("楼道卫生", "提交")
    assert leader.messages[-2].photos
    assert "261124-001" in leader.last_message


async def test_an_album_is_one_report(world: World) -> None:
    """R5: four photos, one question that changes, one issue with four photos."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.forgets()
    await resident.sends_album(4, "楼道里堆满垃圾")
    assert len(resident.new_messages) == 1
    assert "照片 4 张" in resident.last_message
    await resident.presses("楼道卫生", "提交")
    assert [
        len(await world.rows("SELECT * FROM issues")),
        len(await world.rows("SELECT * FROM attachments")),
    ] == [1, 4]
    assert sum(bool(message.photos) for message in leader.messages) == 4


async def test_a_voice_message_is_heard_by_the_handler(world: World) -> None:
    """Voice is accepted as it is, and reaches the one who has to act on it."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.sends_voice()
    assert "语音 1 条" in resident.last_message
    await resident.presses("照明", "提交")
    assert any("voice" in message.raw for message in leader.messages)


async def test_a_sticker_is_answered_not_reported(world: World) -> None:
    """What cannot be read is said to be so, at the start and in the middle; nothing is lost by it."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends_sticker()
    assert "看不懂" in resident.last_message
    await resident.sends("三栋楼道灯坏了")
    await resident.sends_sticker()
    assert resident.sees("这个我看不懂，请发文字、照片或语音")
    await resident.presses("照明", "提交")
    assert "三栋楼道灯坏了" in resident.last_message


async def test_by_the_big_button_and_by_the_command(world: World) -> None:
    """📝 报事 asks for words; /report with words has them already."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("📝 报事")
    assert "请说说是什么事" in resident.last_message
    await resident.sends("楼道灯坏了")
    await resident.presses("照明", "提交")
    await resident.sends("/report 二楼灯也坏了")
    await resident.presses("照明", "不是同一件", "提交")
    assert "已登记 261124-002" in resident.last_message


async def test_danger_shows_the_number_first_wherever_it_is_said(world: World) -> None:
    """R16: as the first words, after the big button, and added at the end."""
    await in_office(world)
    resident = await world.resident()
    for before in ((), ("/report",), ("楼道灯坏了",)):
        for words in before:
            await resident.sends(words)
        await resident.forgets()
        await resident.sends("着火了！")
        assert "119" in resident.new_messages[0]
        assert "着火了" in resident.new_messages[1]
        await resident.presses("取消")


async def test_chatter_is_asked_about_and_may_grow_into_a_report(world: World) -> None:
    """你好 gets a kind word, what is no trouble a question; the trouble that follows is a report."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("你好")
    assert "有事随时说" in resident.last_message
    await resident.sends("李建国")
    assert "是要报事吗" in resident.last_message
    await resident.sends("👍")
    assert "是要报事吗" in resident.last_message
    await resident.sends("楼道灯坏了")
    assert "照明" in resident.buttons
    await resident.presses("取消")
    await resident.sends("李建国")
    await resident.presses("不是报事")
    assert "没有登记" in resident.last_message
    assert await world.rows("SELECT * FROM issues") == []


async def test_what_is_too_long_for_one_message_is_one_report(world: World) -> None:
    """Telegram cuts 9,000 characters into three messages: all of them are kept, and more is refused."""
    await in_office(world)
    resident = await world.resident()
    for part in ("楼道灯坏了。" + "长" * 4000, "长" * 4096, "完" * 900):
        await resident.sends(part)
    await resident.sends("多" * 4000)
    assert resident.sees("最多写 12000 个字")
    await resident.presses("照明", "提交")
    text = (await world.issue()).text
    assert (len(text), text[:5], text[-1]) == (6 + 4000 + 1 + 4096 + 1 + 900, "楼道灯坏了", "完")


async def test_several_issues_side_by_side(world: World) -> None:
    """R7: each has its number, its state and who has it."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.reports("楼道灯坏了", "照明")
    await leader.presses("接单")
    await resident.reports("楼道里全是垃圾", "楼道卫生")
    await resident.sends("我的事")
    assert "261124-001　照明\n办理中　楼栋长 王秀兰" in resident.last_message
    assert "261124-002　楼道卫生\n等人接单　楼栋长 王秀兰" in resident.last_message
    assert resident.buttons[:2] == ["261124-002", "261124-001"]


# Place --------------------------------------------------------------------------------------------------


async def test_the_place_said_wins_over_home(world: World) -> None:
    """R2: home is only what is meant when nothing is said."""
    await in_office(world)
    resident = await world.resident()
    for said, place in (
        ("楼道灯坏了", "3号楼2单元"),
        ("一单元楼道灯坏了", "3号楼1单元"),
        ("５號樓樓道燈壞了", "5号楼"),
        ("七栋？不对，是4栋的灯", "4号楼"),
        ("1-2-301门口灯坏了", "1号楼2单元 301"),
        ("我住3栋2单元，3栋的灯坏了", "3号楼2单元"),
        ("3号楼999门口灯坏了", "3号楼"),
    ):
        await resident.sends(said)
        await resident.presses("照明")
        assert place_in_review(resident) == place, said
        await resident.presses("取消")


async def test_an_unknown_place_is_asked_back(world: World) -> None:
    """There is no building 9: not home, not a guess, but a question."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("9号楼楼道灯坏了")
    await resident.presses("照明")
    assert resident.sees("小区里没找到「9号楼楼道灯坏了」")
    await resident.presses("在别处", "4号楼")
    assert place_in_review(resident) == "4号楼"


async def test_several_places_are_offered(world: World) -> None:
    """Two buildings in one sentence, a unit behind two doors, an entrance without home: pick one."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("我住3号楼，1号楼前面的灯坏了")
    await resident.presses("照明")
    assert resident.buttons[:2] == ["3号楼", "1号楼"]
    await resident.presses("1号楼")
    assert place_in_review(resident) == "1号楼"
    stranger = world.newcomer()
    await stranger.sends("二单元楼道灯坏了")
    await stranger.presses("照明")
    assert stranger.buttons[:5] == [f"{building}号楼2单元" for building in range(1, 6)]
    await stranger.presses("取消")
    await stranger.sends("3栋502门口灯坏了")
    await stranger.presses("照明")
    assert stranger.buttons[:2] == ["3号楼1单元 502", "3号楼2单元 502"]


async def test_without_home_the_building_may_be_typed(world: World) -> None:
    """A bare number is the building, not the fifth button."""
    await in_office(world)
    stranger = world.newcomer()
    for said in ("5", "5栋", "五号楼", "５號樓"):
        await stranger.sends("楼道灯坏了")
        await stranger.presses("照明")
        await stranger.sends(said)
        assert place_in_review(stranger) == "5号楼", said
        await stranger.presses("取消")


async def test_words_that_are_no_address_are_kept_for_the_handler(world: World) -> None:
    """小花园边上 is not in the register: the place is asked again, the words stay in the report."""
    await in_office(world)
    stranger = world.newcomer()
    await stranger.sends("路灯不亮")
    await stranger.presses("照明")
    await stranger.sends("小花园边上")
    assert stranger.sees("小区里没找到「小花园边上」")
    await stranger.presses("小区公共区域", "提交")
    assert (await world.issue()).text == "路灯不亮\n小花园边上"
    assert (await world.issue()).place.kind == "common_area"


async def test_two_homes_are_asked_apart(world: World) -> None:
    """Who has a flat in two buildings says which; a matter of the whole yard needs no answer."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("/join")
    await resident.sends("1号楼1单元101")
    await resident.presses("业主")
    await resident.sends("楼道灯坏了")
    await resident.presses("照明")
    assert resident.buttons[:2] == ["3号楼2单元", "1号楼1单元"]
    await resident.presses("1号楼1单元")
    assert place_in_review(resident) == "1号楼1单元"
    await resident.presses("取消")
    await resident.sends("院子里乱停车")
    await resident.presses("停车")
    assert "公共区域" in place_in_review(resident)


async def test_place_and_category_can_be_changed_in_the_review(world: World) -> None:
    """What follows from the category follows the new one; what the resident chose stays."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("楼道灯坏了")
    await resident.presses("照明")
    assert place_in_review(resident) == "3号楼2单元"
    await resident.presses("改类别", "停车")
    assert "公共区域" in place_in_review(resident)
    await resident.presses("改地点", "在别处", "1号楼")
    await resident.presses("改类别", "照明")
    assert place_in_review(resident) == "1号楼"
    await resident.presses("返回")
    assert resident.buttons  # back always leads to a question


async def test_words_and_photos_added_in_the_review(world: World) -> None:
    """They belong to it, and a place among them counts."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.sends("楼道灯坏了")
    await resident.presses("照明")
    await resident.sends("晚上看不见路")
    await resident.sends_photo("是一单元")
    assert "「楼道灯坏了\n晚上看不见路\n是一单元」" in resident.last_message
    assert "照片 1 张" in resident.last_message
    assert place_in_review(resident) == "3号楼1单元"
    await resident.sends("提交")  # typing what stands on the button does too
    assert "晚上看不见路" in leader.last_message


async def test_nothing_crosses_between_compounds(world: World) -> None:
    """A resident of one compound is asked about their own only; another's places forged are no places."""
    await in_office(world)
    other = await world.another_compound()
    (theirs,) = await world.rows(f"SELECT id FROM buildings WHERE compound_id = {other}")  # noqa: S608
    resident = await world.resident()
    await resident.sends("楼道灯坏了")
    await resident.presses("照明", "改地点", "在别处")
    assert resident.buttons[:5] == ["1号楼", "2号楼", "3号楼", "4号楼", "5号楼"]
    await resident.forges_answer("building", theirs["id"])
    assert resident.sees("小区里没有这个地方")
    assert await world.rows("SELECT * FROM issues") == []


# Who gets it --------------------------------------------------------------------------------------------


async def test_the_reason_is_explained(world: World) -> None:
    """C7: from the place upwards, and why the others were passed over."""
    await in_office(world)
    resident = await world.resident()
    await resident.reports("楼道灯坏了", "照明")
    await resident.presses("为什么是")
    assert "为什么由楼栋长 王秀兰 来办" in resident.last_message
    assert "单元长：还没用上连心" in resident.last_message


async def test_an_empty_post_is_told_honestly_and_once_a_day(world: World) -> None:
    """Building 5 has no leader: the resident reads who has it instead, the committee hears of it once."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    resident = await world.resident("5", "1", "101", "李爷爷")
    await resident.sends("楼道灯坏了")
    await resident.presses("照明")
    assert "这栋楼现在没有楼栋长" in resident.last_message
    await resident.presses("提交")
    assert "先交给自管委" in resident.last_message
    await resident.reports("楼道灯又坏了", "照明")
    empty = [message.text for message in committee.messages if "空缺" in message.text]
    assert len(empty) == 1
    await world.later(days=1)
    await resident.reports("楼道灯还是坏的", "照明")
    assert len([message for message in committee.messages if "空缺" in message.text]) == 2


async def test_a_categorys_own_post_comes_first_and_the_leader_follows(world: World) -> None:
    """Lifts go to the property manager; the building leader reads of it and need do nothing."""
    leader, manager = await world.leader_of("3"), await world.holder(PostKind.PROPERTY_MANAGER)
    resident = await world.resident()
    await resident.reports("电梯坏了", "电梯")
    assert manager.may_press("接单")
    assert "交给了物业经理 蒋国华" in leader.last_message
    await leader.forges("issue.accept:1")
    assert "不归您点" in leader.last_toast


async def test_a_dispute_is_private_and_says_so(world: World) -> None:
    """R13: quarrels among neighbours are seen by the handler, the deputy and the committee only."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("楼上半夜吵得睡不着")
    await resident.presses("噪声")
    assert "只有经办人、副楼栋长和委员会看得到" in resident.last_message


async def test_a_complaint_about_the_handler_is_hidden_from_them(world: World) -> None:
    """C10: one tap, and the next in the chain has it; the other finds it nowhere."""
    leader, deputy = await world.leader_of("3"), await world.holder(PostKind.DEPUTY_LEADER, "3")
    resident = await world.resident()
    await leader.forgets()
    await resident.sends("楼栋长在楼道里堆东西")
    await resident.presses("楼道卫生", "与负责人本人有关")
    assert "交给：副楼栋长 赵小军" in resident.last_message
    assert "原来的负责人看不到" in resident.last_message
    await resident.presses("提交")
    assert deputy.may_press("接单")
    for verb in ("show", "accept", "history", "why", "photos", "more", "reply", "resolve", "transfer"):
        await leader.forges(f"issue.{verb}:1")
        assert "没有这件事" in leader.last_toast or "不归您" in leader.last_toast
    await leader.sends("/work")
    await world.later(days=9)  # reminders and escalation pass by them too
    assert not any("261124-001" in message for message in leader.new_messages)
    assert (await world.issue()).state == "open"
    await resident.presses("为什么是")
    assert "回避" in resident.last_message


async def test_the_complaint_can_be_taken_back(world: World) -> None:
    """A second tap on the same button: it is an ordinary matter again."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("楼道灯坏了")
    await resident.presses("照明", "与负责人本人有关", "与负责人本人无关")
    assert "交给：楼栋长 王秀兰" in resident.last_message


async def test_nobody_in_office_nothing_is_lost(world: World) -> None:
    """A compound without any holder: the words stay, the operator is told once, the next try goes through."""
    operator = await world.with_operator()
    compound = await world.another_compound()
    stranger = world.newcomer()
    await stranger.sends("楼道灯坏了")
    await stranger.presses("照明", "通工小区", "1号楼")
    assert "还没有登记任何负责人" in stranger.last_message
    await stranger.presses("提交")
    assert sum("没有任何任职" in message.text for message in operator.messages) == 1
    leader = await world.holder(PostKind.BUILDING_LEADER, "1", compound=compound)
    await stranger.presses("提交")
    assert "已登记 261124-001" in stranger.last_message
    assert "楼道灯坏了" in leader.last_message


# Numbers ------------------------------------------------------------------------------------------------


async def test_no_number_without_a_row(world: World) -> None:
    """C3: what tells the number is written in the same transaction as the issue; undone, there is neither."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("楼道灯坏了")
    await resident.presses("照明")
    message, button = resident.with_button("提交")
    assert button.data is not None
    resident.user.presses(None, message.id, button.data)
    await world.app.receiver.receive_once(0)
    # The turn breaks in its very last statement.
    await world.rows("CREATE TRIGGER broken BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'broken'); END")
    await world.app.router.take_some()
    assert await world.rows("SELECT * FROM issues") == []
    assert await world.rows("SELECT * FROM issue_numbers") == []
    await world.rows("DROP TRIGGER broken")
    await world.later(seconds=10)
    assert "已登记 261124-001" in resident.last_message
    assert (await world.issue()).number == "261124-001"


async def test_every_question_can_be_left(world: World) -> None:
    """Tapped, typed without the picture, or as a command: nothing was sent."""
    await in_office(world)
    resident = await world.resident()
    lamp = "楼道灯坏了"
    for way in ((lamp,), ("李建国",), ("/report",), (lamp, "照明"), (lamp, "照明", "改地点")):
        for leave in ("取消", "✖ 取消", "/cancel"):
            for words in (*way, leave):
                await resident.sends(words)
            assert "已取消" in resident.last_message, (way, leave)
            assert await world.rows("SELECT * FROM dialogs") == []
    assert await world.rows("SELECT * FROM issues") == []


async def test_an_unfinished_report_is_not_dropped_in_silence(world: World) -> None:
    """Beginning anew, or coming back two days later: it is said that nothing was sent."""
    await in_office(world)
    resident = await world.resident()
    await resident.sends("楼道灯坏了")
    await resident.sends("📝 报事")
    assert resident.sees("没有提交")
    await resident.sends("水管漏水")
    await resident.forgets()
    world.clock.now += timedelta(hours=25)
    await resident.presses("水电气")
    assert any("没有提交" in message for message in resident.new_messages)
    assert "已经过去" in resident.last_toast
    await resident.sends("水管漏水")
    await resident.presses("水电气", "提交")
    assert "已登记" in resident.last_message


async def test_a_resident_without_address_is_told_how_to_spare_the_question(world: World) -> None:
    """A stranger's number comes with the way to join; the joining code is the door's."""
    await in_office(world)
    stranger = world.newcomer()
    await stranger.reports("3栋灯坏了", "照明")
    assert "/join" in stranger.last_message
    await stranger.opens(JOIN_PREFIX + await world.joining_code("3", "2"))
    assert "3号楼2单元" in stranger.last_message


async def test_an_empty_post_of_the_whole_compound_is_told_once_for_all_buildings(world: World) -> None:
    """Nobody manages the property: two lifts in two buildings make one notice a day."""
    committee = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await world.rows(
        "UPDATE appointments SET ends_at = 1"
        " WHERE post_id IN (SELECT id FROM posts WHERE kind = 'property_manager')"
    )
    for building, name in (("3", "王奶奶"), ("1", "李爷爷")):
        resident = await world.resident(building, "1", "101", name)
        await resident.reports("电梯坏了", "电梯")
    empty = [message.text for message in committee.messages if "空缺" in message.text]
    assert len(empty) == 1
    assert "绿洲路126号大院的物业经理空缺" in empty[0]


async def test_nobody_reachable_the_operator_knows(world: World) -> None:
    """People are named but none is on the bot: the operator is told, no committee is said to know."""
    operator = await world.with_operator()
    resident = await world.resident("5", "1", "101")
    for _ in range(2):
        await resident.reports("5栋1单元楼道灯坏了", "照明")
    assert "没有楼栋长" in resident.last_message
    assert "委员会也知道了" not in resident.last_message
    told = [message.text for message in operator.messages if "联系不上" in message.text]
    assert len(told) == 1
    assert "261124-001" in told[0]
    assert "楼道灯" not in told[0]
