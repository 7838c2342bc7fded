"""Said in the group: whoever brings a matter is asked once and quietly, everybody else hears nothing."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.posts import PostKind
from bot.sandbox.people import Group
from tests.test_group_binding import code_for, types
from tests.world import Phone, World

LAMP = "二单元楼道灯坏了，黑漆漆的"


def said(phone: Phone, group: Group) -> list[str]:
    """What the bot has said in the group after it was bound, as it stands now."""
    theirs = [message.text for message in phone.user.chat(group) if message.from_bot]
    return [text for text in theirs if "登记好了" not in text and "我是连心" not in text]


async def group_of(world: World, *labels: str, title: str = "3号楼邻里群") -> tuple[Phone, Group]:
    """A committee member and a group bound to what these buttons say."""
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    group = world.group(title, director)
    await types(director, group, f"/bind {await code_for(director, *(labels or ('3号楼', '整栋楼')))}")
    return director, group


async def talks(phone: Phone, group: Group, text: str) -> int:
    """Say something in a group, and let everything settle."""
    if phone.user.id not in group.data.members:
        group.add(phone.user)
    number = phone.user.sends(group, text)
    await phone.world.settle()
    return number


# In private ---------------------------------------------------------------------------------------------


async def test_who_brings_a_matter_is_asked_in_private_and_it_is_reported(world: World) -> None:
    """One question to the author, nothing in the group; yes begins the report with words and place."""
    leader, resident = await world.leader_of("3"), await world.resident()
    _, group = await group_of(world)
    await resident.forgets()
    await talks(resident, group, LAMP)
    (asked,) = resident.new_messages
    assert "3号楼邻里群" in asked
    assert LAMP in asked
    assert said(resident, group) == []
    await resident.presses("帮我报", "照明", "提交")
    assert "已登记 261124-001" in resident.last_message
    assert "3号楼" in resident.last_message
    assert leader.may_press("接单")
    assert (await world.issue()).text == LAMP
    assert not resident.sees("只有您看得到我在问")
    (row,) = await world.rows("SELECT state, text FROM overheard")
    assert tuple(row) == ("filed", "")


async def test_talk_is_left_alone(world: World) -> None:
    """Chatter, questions, news, what is settled: silence everywhere, and no word is kept."""
    resident = await world.resident()
    stranger = world.newcomer("路人")
    _, group = await group_of(world)
    await resident.forgets()
    before = await world.contents()
    for text in ("早上好", "谁家的猫", "灯修好了，谢谢", "停水了吗？", "[链接] 团购樱桃", "😂", "哈哈哈"):
        await talks(resident, group, text)
        await talks(stranger, group, text)
    resident.user.sends_photo(group)
    resident.user.sends_sticker(group)
    resident.user.sends_voice(group)
    await world.settle()
    assert resident.new_messages == []
    assert said(resident, group) == []
    assert await world.contents() == before


async def test_an_album_is_one_matter_with_all_its_photos(world: World) -> None:
    """The caption asks, the other photos join it; so does a photo sent right after."""
    await world.leader_of("3")
    resident = await world.resident()
    _, group = await group_of(world)
    group.add(resident.user)
    await resident.forgets()
    resident.user.sends_album(group, "楼梯间堆满了纸箱", [None] * 3)
    await world.settle()
    resident.user.sends_photo(group)
    await world.settle()
    assert len(resident.new_messages) == 1
    await resident.presses("帮我报")
    assert "照片 4 张" in resident.last_message
    await resident.presses("楼道卫生", "提交")
    assert len(await world.rows("SELECT * FROM attachments")) == 4


async def test_no_ends_it_and_the_second_no_ends_it_for_good(world: World) -> None:
    """At most one question a day; two times no within a month and there is never another."""
    resident = await world.resident()
    _, group = await group_of(world)
    for day in range(2):
        await resident.forgets()
        await talks(resident, group, LAMP)
        await talks(resident, group, "电梯又停了")
        assert len(resident.new_messages) == 1, day
        await resident.presses("不用")
        assert "没有报" in resident.last_message
        await world.later(days=1, minutes=1)
    for days in (1, 40, 400):
        await world.later(days=days)
        await resident.forgets()
        await talks(resident, group, LAMP)
        assert resident.new_messages == []
    assert await world.rows("SELECT * FROM issues") == []


async def test_one_no_is_forgotten_after_a_month(world: World) -> None:
    """Two times no a season apart are no wish to be left alone."""
    resident = await world.resident()
    _, group = await group_of(world)
    for _ in range(3):
        await resident.forgets()
        await talks(resident, group, LAMP)
        assert len(resident.new_messages) == 1
        await resident.presses("不用")
        await world.later(days=40)
    await talks(resident, group, LAMP)
    assert "只有您看得到我在问" in resident.last_message


async def test_taps_are_answered_once_and_belong_to_who_spoke(world: World) -> None:
    """A second tap, somebody else's code, a code that never was: a word, and nothing more."""
    resident, other = await world.resident(), await world.resident(unit="501", name="李叔")
    _, group = await group_of(world)
    await talks(resident, group, LAMP)
    (row,) = await world.rows("SELECT code FROM overheard")
    for verb in ("file", "leave"):
        await other.forges(f"intake.{verb}:{row['code']}")
        assert "答复过了" in other.last_toast
    await resident.presses("帮我报")
    await resident.forges(f"intake.file:{row['code']}")
    assert "答复过了" in resident.last_toast
    for data in ("intake.file:nonsense", "intake.file:", "intake.file", "intake.leave:1:2"):
        await resident.forges(data)
        assert resident.last_toast
    assert len(await world.rows("SELECT * FROM dialogs")) == 1


async def test_twice_delivered_edited_forwarded(world: World) -> None:
    """The same update again, a corrected word, somebody else's words: no second question."""
    resident = await world.resident()
    _, group = await group_of(world)
    await resident.forgets()
    number = await talks(resident, group, LAMP)
    resident.user.edits(group, number, "三单元楼道灯也坏了")
    await world.settle()
    assert len(resident.new_messages) == 1
    await resident.presses("不用")
    await world.later(days=2)
    await resident.forgets()
    record = resident.user.memory.chats[group.id].records[number]
    origin: dict[str, Any] = {"type": "hidden_user", "sender_user_name": "某人", "date": 1}
    copy = {**record.raw, "message_id": 9_000, "forward_origin": origin, "text": LAMP}
    copy.pop("edit_date", None)
    resident.user.memory.publish("message", copy)
    await world.settle()
    assert resident.new_messages == []


async def test_a_restart_between_question_and_answer(world: World) -> None:
    """What was asked is a row: the answer works after a restart."""
    await world.leader_of("3")
    resident = await world.resident()
    _, group = await group_of(world)
    await talks(resident, group, LAMP)
    await world.restart()
    await resident.presses("帮我报")
    await world.restart()
    await resident.presses("照明", "提交")
    assert "已登记" in resident.last_message


async def test_words_nobody_answers_for_are_forgotten(world: World) -> None:
    """After two days nothing of it is left, and the button says so."""
    resident = await world.resident()
    _, group = await group_of(world)
    await talks(resident, group, LAMP)
    await world.later(days=2, hours=2)
    assert await world.rows("SELECT * FROM overheard") == []
    await resident.presses("帮我报")
    assert "过期" in resident.last_toast


async def test_markup_and_pictures_in_what_was_said(world: World) -> None:
    """HTML and emoji are words like others."""
    resident = await world.resident()
    _, group = await group_of(world, title="<b>3号楼</b>&群")
    await talks(resident, group, "<i>灯</i>坏了🔦 & 楼道黑")
    assert "<i>灯</i>坏了🔦 & 楼道黑" in resident.last_message
    await resident.presses("帮我报")
    assert "<i>灯</i>坏了🔦 & 楼道黑" in resident.last_message


async def test_whoever_holds_a_post_is_not_asked(world: World) -> None:
    """A leader who speaks of a lamp knows where it goes."""
    leader = await world.leader_of("3")
    _, group = await group_of(world)
    await leader.forgets()
    await talks(leader, group, LAMP)
    assert leader.new_messages == []


# The place ----------------------------------------------------------------------------------------------


async def test_the_group_says_where_it_is(world: World) -> None:
    """Who lives elsewhere, and speaks in the group of this building, means this one; words win over it."""
    resident = await world.resident(building="5", entrance="1", unit="302", name="赵叔")
    _, group = await group_of(world)
    await talks(resident, group, "楼道灯坏了")
    await resident.presses("帮我报", "照明")
    assert "地点：3号楼" in resident.last_message
    await resident.presses("取消")
    await world.later(days=2)
    await talks(resident, group, "5栋1单元的楼道灯坏了")
    await resident.presses("帮我报", "照明")
    assert "地点：5号楼1单元" in resident.last_message


# Where the bot may not write first ----------------------------------------------------------------------


async def test_a_stranger_gets_one_quiet_button(world: World) -> None:
    """Silent, under the message, no name, no quotation; it opens the private chat with their words."""
    await world.leader_of("3")
    stranger = world.newcomer("路人甲")
    _, group = await group_of(world)
    before = await world.rows("SELECT id FROM people")
    number = await talks(stranger, group, LAMP)
    (text,) = said(stranger, group)
    assert "路人甲" not in text
    assert "灯" not in text
    shown = stranger.user.chat(group)[-1]
    assert shown.reply_to == number
    assert await world.rows("SELECT id FROM people") == before
    (button,) = shown.buttons[0]
    assert button.url is not None
    payload = button.url.partition("start=")[2]
    assert len(payload) <= 32
    await stranger.opens(payload)
    assert LAMP in stranger.last_message
    assert said(stranger, group) == []
    await stranger.presses("照明")
    assert "地点：3号楼" in stranger.last_message
    await stranger.presses("提交")
    assert "已登记 261124-001" in stranger.last_message


async def test_somebody_else_taps_the_button(world: World) -> None:
    """They begin a report of their own; the words of the other stay where they are."""
    stranger, other = world.newcomer("路人甲"), world.newcomer("路人乙")
    _, group = await group_of(world)
    await talks(stranger, group, LAMP)
    url = stranger.user.chat(group)[-1].buttons[0][0].url or ""
    await other.opens(url.partition("start=")[2])
    assert "请说说是什么事" in other.last_message
    assert not other.sees(LAMP)
    assert len(said(stranger, group)) == 1
    await other.opens("ov_nonsense")
    assert "请说说是什么事" in other.last_message


async def test_the_group_is_asked_once_an_hour_whoever_speaks(world: World) -> None:
    """Three neighbours about one lamp: one button. The next hour brings another, and the old one goes."""
    _, group = await group_of(world)
    people = [world.newcomer(f"邻居{number}") for number in range(4)]
    for stranger in people[:3]:
        await talks(stranger, group, LAMP)
    assert len(said(people[0], group)) == 1
    await world.later(minutes=61)
    await talks(people[3], group, "电梯又停了，爬了12楼")
    assert len(said(people[0], group)) == 1
    assert people[0].user.chat(group)[-1].reply_to == people[3].user.chat(group)[-2].id


async def test_the_button_goes_after_a_day(world: World) -> None:
    """Nobody tapped it: it does not stand there for ever; where the bot was thrown out nothing is tried."""
    director, group = await group_of(world)
    stranger = world.newcomer("路人甲")
    await talks(stranger, group, LAMP)
    await world.later(hours=23)
    assert len(said(stranger, group)) == 1
    await world.later(hours=2)
    assert said(stranger, group) == []
    await talks(stranger, group, LAMP)
    group.remove_bot(director.user)
    await world.later(days=2)
    assert await world.rows("SELECT * FROM outbox WHERE state = 'waiting'") == []


async def test_a_quarrel_is_never_asked_about_in_public(world: World) -> None:
    """Noise and dogs: in private or not at all."""
    stranger, resident = world.newcomer("路人甲"), await world.resident()
    _, group = await group_of(world)
    for text in ("楼上天天半夜打电钻，吵死了", "有狗不牵绳，咬了我家孩子"):
        await talks(stranger, group, text)
    assert said(stranger, group) == []
    await talks(resident, group, "楼上天天半夜打电钻，吵死了")
    assert "只有您看得到我在问" in resident.last_message


@pytest.mark.parametrize(("cry", "number"), [("三楼着火了！", "119"), ("电梯困人了，快来人", "119")])
async def test_danger_is_asked_about_with_the_number_first(world: World, cry: str, number: str) -> None:
    """R16 in a group: still quiet, but the number stands first; an hour's silence does not hold it up."""
    stranger, resident = world.newcomer("路人甲"), await world.resident()
    _, group = await group_of(world)
    await talks(stranger, group, LAMP)
    await world.later(minutes=15)
    await talks(world.newcomer("路人乙"), group, cry)
    (text,) = said(stranger, group)
    assert number in text
    await talks(resident, group, cry)
    assert number in resident.last_message.splitlines()[0]


async def test_who_blocked_the_bot_is_not_written_to(world: World) -> None:
    """They get the button like a stranger."""
    resident = await world.resident()
    _, group = await group_of(world)
    resident.user.blocks_bot()
    await world.settle()
    await talks(resident, group, LAMP)
    assert len(said(resident, group)) == 1


async def test_anonymous_admins_and_channels_are_not_heard(world: World) -> None:
    """Nobody is behind them who could be asked."""
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    group = world.telegram.group("3号楼邻里群", director.user, supergroup=True)
    group.add_bot(director.user)
    await types(director, group, f"/bind {await code_for(director, '3号楼', '整栋楼')}")
    director.user.sends(group, LAMP, anonymous=True)
    await world.settle()
    assert said(director, group) == []
    assert await world.rows("SELECT * FROM overheard") == []


# Which groups -------------------------------------------------------------------------------------------


async def test_only_bound_groups_are_listened_to(world: World) -> None:
    """In any other group nothing happens; what is addressed to the bot goes its own way."""
    resident, stranger = await world.resident(), world.newcomer("路人甲")
    group = world.group("麻将群", resident)
    await world.settle()
    await resident.forgets()
    await talks(resident, group, LAMP)
    await talks(stranger, group, LAMP)
    assert resident.new_messages == []
    assert said(stranger, group) == []
    _, bound = await group_of(world)
    await talks(resident, bound, f"@{world.rules.bot_name} {LAMP}")
    assert resident.new_messages == []
    assert "请到私聊里说" in said(resident, bound)[-1]


async def test_the_committee_says_whether_it_listens(world: World) -> None:
    """One button on the group's card; a building leader sees the state, and may not change it."""
    director, group = await group_of(world)
    resident, leader = await world.resident(), await world.leader_of("3")
    await director.sends("/groups")
    await director.presses("3号楼邻里群")
    assert "私下问本人" in director.last_message
    assert "管理员" in director.last_message
    await director.presses("不再听报事")
    assert "我不听" in director.last_message
    await resident.forgets()
    await talks(resident, group, LAMP)
    assert resident.new_messages == []
    await leader.sends("/groups")
    await leader.presses("3号楼邻里群")
    assert not leader.may_press("听报事")
    await leader.forges("group.listen:1:1")
    assert "由委员会来定" in leader.last_toast
    for data in ("group.listen:99:1", "group.listen:1:2", "group.listen:x:1"):
        await director.forges(data)
        assert director.last_toast
    await talks(resident, group, LAMP)
    assert resident.new_messages == []
    await director.presses("在群里听报事")
    await talks(resident, group, LAMP)
    assert "只有您看得到我在问" in resident.last_message


async def test_who_is_not_of_the_compound_has_no_say(world: World) -> None:
    """A forged payload finds no such group."""
    await group_of(world)
    stranger = world.newcomer()
    await stranger.sends("/start")
    await stranger.forges("group.listen:1:0")
    assert "没有这个群" in stranger.last_toast
    (row,) = await world.rows("SELECT listens FROM groups")
    assert row["listens"] == 1


async def test_the_way_through_a_day_in_the_group(world: World) -> None:
    """A day of talk with a question in between costs the group nothing."""
    _, group = await group_of(world)
    resident = await world.resident()
    await resident.forgets()
    for text in ("早", "今天天气好热", LAMP, "是啊黑漆漆的", "收到", "谢谢大家"):
        await talks(resident, group, text)
        world.clock.now += timedelta(minutes=5)
    assert len(resident.new_messages) == 1
    assert said(resident, group) == []
