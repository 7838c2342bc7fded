"""Activities: plan one, invite the neighbours, fill it, change it, and meet at the door (E1–E9)."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from io import BytesIO

import pytest
import zxingcpp
from openpyxl import load_workbook
from PIL import Image

from bot.actions import activities as actions
from bot.actions.activity_cards import REDRAW_AFTER
from bot.actions.desk import Desk
from bot.domain.posts import PostKind
from bot.domain.signups import LIVE
from bot.sandbox.people import Group
from bot.storage.store import Store
from tests.engines import ask
from tests.world import SHANGHAI, TEXTS, Phone, World

LEADER = PostKind.BUILDING_LEADER


async def neighbour(
    world: World, name: str, unit: str = "502", entrance: str = "2", building: str = "3"
) -> Phone:
    """A resident whom the leader has let in."""
    leader = await world.leader_of(building)
    key = f"resident {name}"
    is_new = key not in world.people
    phone = await world.resident(building, entrance, unit, name)
    if is_new:
        await leader.presses("同意")
    return phone


async def group_of(world: World, *members: Phone) -> Group:
    """The neighbours' group of building 3, bound by its leader."""
    leader = await world.leader_of("3")
    group = world.group("3号楼邻里群", leader, *members)
    await leader.sends("/groups")
    await leader.presses("登记一个群", "3号楼")
    if leader.may_press("整栋楼"):
        await leader.presses("整栋楼")
    code = [found[1] for text in leader.messages if (found := re.search(r"/bind (\w+)", text.text))][-1]
    leader.user.sends(group, f"/bind {code}")
    await world.settle()
    return group


async def planned(
    world: World,
    *more: str,
    title: str = "楼道茶话会",
    when: str = "11月28日下午3点到5点",
    place: str = "一楼活动室",
) -> Phone:
    """The leader of building 3 has the whole plan before them; `more` are buttons and answers in turn."""
    leader = await world.leader_of("3")
    await leader.sends("/activity")
    if leader.may_press("办一个活动"):
        await leader.presses("办一个活动")
    for answer in (title, when, place):
        await leader.sends(answer)
    await leader.presses("3号楼")
    for button, answer in zip(more[::2], more[1::2], strict=True):
        await leader.presses(button)
        await leader.sends(answer)
    return leader


async def invited(world: World, *more: str, **plan: str) -> Phone:
    """The same, published and sent."""
    leader = await planned(world, *more, **plan)
    await leader.presses("发布")
    await world.later(seconds=20)
    await world.later(seconds=5)
    return leader


def card(phone: Phone, group: Group | None = None) -> str:
    """The newest message that shows the activity's card, as it reads now."""
    messages = [one.text for one in phone.user.chat(group) if one.from_bot]
    shown = [text for text in messages if "已报" in text and "🕒" in text]
    return shown[-1] if shown else ""


def taps(phone: Phone, group: Group, label: str) -> None:
    """Tap a button in a group."""
    for message in reversed(phone.user.chat(group)):
        for button in (button for row in message.buttons for button in row):
            if label in button.text and button.data is not None:
                phone.user.presses(group, message.id, button.data)
                return
    raise AssertionError(f"no button {label!r} in the group")


@asynccontextmanager
async def desk_of(world: World) -> AsyncIterator[Desk]:
    """A unit of work of its own."""
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock())
        yield desk
        await desk.send()


async def standings(world: World, activity_id: int = 1) -> dict[str, str]:
    """How everybody stands, by name."""
    async with desk_of(world) as desk:
        signups = await desk.store.activities.signups(activity_id)
    return {
        name: one.party.state.value for one in signups if one.party.state in LIVE for name in one.party.names
    }


# Planning -----------------------------------------------------------------------------------------------


async def test_a_plan_is_read_back_and_goes_out(world: World) -> None:
    """What was understood is shown with weekday and lunar date; the invitation reaches group and people."""
    resident = await neighbour(world, "王奶奶")
    group = await group_of(world, resident)
    leader = await planned(world, "名额", "20", "每户几人", "最多3人", "报名截止", "11月27日")
    assert "11月28日（周六）15:00–17:00" in leader.last_message
    assert "农历十月二十" in leader.last_message
    assert "名额：20 人；每户：最多 3 人" in leader.last_message
    assert "报名到：11月27日（周五）24:00" in leader.last_message
    assert "请谁：3号楼" in leader.last_message
    assert "群和私聊（1 个群，2 人）" in leader.last_message
    await resident.forgets()
    await leader.presses("发布")
    assert not card(resident)
    await world.later(seconds=20)
    for seen in (card(resident), card(resident, group)):
        assert "楼道茶话会" in seen
        assert "名额 20 人，已报 0 人" in seen
        assert "每户最多 3 人" in seen


async def test_signing_up_from_the_group(world: World) -> None:
    """One tap, a notice for the one who tapped, and the count in every chat; a second tap changes nothing."""
    resident = await neighbour(world, "王奶奶")
    other = await neighbour(world, "李叔", "402")
    group = await group_of(world, resident, other)
    await invited(world, "名额", "20")
    taps(resident, group, "我去")
    await world.settle()
    assert "报上了" in resident.last_toast
    assert "已报 1 人" in card(other, group)
    taps(resident, group, "我去")
    await world.settle()
    assert "王奶奶 已经在名单里了" in resident.last_toast
    assert "✅ 已报：王奶奶" in card(resident)
    await world.later(seconds=5)
    assert "已报 0 人" in card(other)
    await world.later(minutes=1)
    assert "已报 1 人" in card(other)
    assert "王奶奶" not in card(other)
    assert "王奶奶" not in card(other, group)


async def test_copies_that_come_late_count_who_signed_up_before(world: World) -> None:
    """Printed before somebody signed up, delivered after the cards were drawn anew: the end mends them."""
    resident = await neighbour(world, "王奶奶")
    leader = await planned(world)
    await leader.presses("发布")
    await world.later(seconds=20)
    async with desk_of(world) as desk:
        (row,) = await ask(desk.store.connection, "SELECT MAX(person_id) AS id FROM accounts")
        await actions.join(desk, row["id"], 1)
        for kind in REDRAW_AFTER:
            await desk.store.chores.drop(kind, 1)
    assert "已报 0 人" in card(resident)
    await world.later(seconds=5)
    assert "已报 1 人" in card(resident)


async def test_a_stranger_in_the_group_is_led_to_the_private_chat(world: World) -> None:
    """Who the bot does not know gets the way in, and no seat."""
    resident = await neighbour(world, "王奶奶")
    stranger = world.newcomer("路人")
    group = await group_of(world, resident, stranger)
    await invited(world)
    taps(stranger, group, "我去")
    await world.settle()
    assert stranger.user.toasts[-1].url == f"https://t.me/{world.rules.bot_name}?start=ev_1"
    await stranger.opens("ev_1")
    assert "/join" in stranger.last_message
    assert await standings(world) == {}


async def test_family_and_neighbours_without_an_account(world: World) -> None:
    """E4: me and mine in one party, neighbours in another; the household's share holds for each of them."""
    resident = await neighbour(world, "王奶奶")
    leader = await invited(world, "名额", "20", "每户几人", "3")
    await resident.presses("带家人去")
    await resident.sends("老伴、小宝")
    assert "王奶奶、老伴、小宝（3 人）" in resident.last_message
    assert "已报上" in resident.last_message
    await resident.presses("替邻居报名")
    await resident.sends("张大爷 李婆婆")
    assert "张大爷、李婆婆（2 人）" in resident.last_message
    await resident.presses("再加家人")
    await resident.sends("舅舅")
    assert "已经用完了" in "".join(resident.new_messages)
    await resident.presses("取消")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "谁来")
    assert "王奶奶、老伴、小宝　3号楼2单元 502" in leader.last_message
    assert "张大爷、李婆婆　由 王奶奶 代报" in leader.last_message


# When it is full ----------------------------------------------------------------------------------------


async def test_full_then_somebody_cancels_then_the_next_is_asked(world: World) -> None:
    """The seat is held for the next in line, who is told until when; silence passes it on."""
    first, second, third = [
        await neighbour(world, name, unit)
        for name, unit in (("甲甲", "101"), ("乙乙", "201"), ("丙丙", "301"))
    ]
    await invited(world, "名额", "1")
    for phone in (first, second, third):
        await phone.presses("我去")
    assert "您在候补里" in second.last_toast
    assert "候补 2 人" in card(third)
    assert "✅ 已报" in card(first)
    await first.presses("改我的报名", "不去了")
    assert "已取消报名" in first.last_message
    assert "✅ 已报" not in card(first)
    assert "有空位了" in second.last_message
    assert "11月24日（周二）22:0" in second.last_message
    assert await standings(world) == {"乙乙": "asked", "丙丙": "waiting"}
    await world.restart()
    await world.later(hours=12)
    assert await standings(world) == {"丙丙": "asked"}
    assert not second.sees("没等到您的回音")  # it is night
    assert not third.sees("有空位了")
    await world.until(8)
    assert "没等到您的回音" in second.last_message
    assert "有空位了" in third.last_message
    assert "20:00" in third.last_message  # the hold counts from when it can be read
    await third.presses("我来")
    assert "已报上" in third.last_message
    assert await standings(world) == {"丙丙": "confirmed"}


async def test_too_many_for_what_is_free(world: World) -> None:
    """A party of three is asked whether one would come; it chooses who, or lets others go first."""
    first, second = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    await invited(world, "名额", "3")
    await first.presses("替邻居报名")
    await first.sends("张三、李四")
    await second.presses("带家人去")
    await second.sends("老公、女儿")
    assert "只空出 1 个位子" in second.last_message
    await second.forges("signup.accept:2")
    assert "现在只有 1 个位子" in second.last_toast
    await second.presses("少去几位")
    await second.sends("老公、外人")
    assert "从原来的名字里写" in "".join(second.new_messages[-2:])
    await second.presses("老公")
    assert "已报上" in second.last_message
    assert await standings(world) == {"张三": "confirmed", "李四": "confirmed", "老公": "confirmed"}


async def test_all_or_none(world: World) -> None:
    """Who will not come alone keeps the place in line, and those behind go first."""
    first, second = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    await invited(world, "名额", "2")
    await first.presses("我去")
    await second.presses("带家人去")
    await second.sends("老公")
    await second.presses("一起才去")
    assert "候补中" in second.last_message
    third = await neighbour(world, "丙丙", "301")
    await third.sends("/activities")
    await third.presses("楼道茶话会", "我去")
    assert "报上了" in third.last_toast
    await first.presses("改我的报名", "不去了")
    await third.presses("改我的报名", "不去了")
    assert "有空位了" in second.last_message
    await second.presses("我来")
    assert await standings(world) == {"乙乙": "confirmed", "老公": "confirmed"}


async def test_the_room_becomes_smaller(world: World) -> None:
    """The last lose their seat first, keep their place in line, and are told."""
    first, second = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    leader = await invited(world, "名额", "2")
    await first.presses("我去")
    await second.presses("我去")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "改", "名额")
    await leader.sends("1")
    await leader.presses("保存")
    assert "您回到候补" in second.last_message
    assert await standings(world) == {"甲甲": "confirmed", "乙乙": "waiting"}


# Time passes --------------------------------------------------------------------------------------------


async def test_reminders_come_the_day_before_and_two_hours_before(world: World) -> None:
    """E5: to those who come, once each, also across a restart; nobody else is bothered."""
    comes, waits = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    await invited(world, "名额", "1")
    await comes.presses("我去")
    await waits.presses("我去")
    await comes.forgets()
    await waits.forgets()
    await world.live_through(days=3, hours=4)
    assert sum("别忘了" in text for text in comes.new_messages) == 0
    await world.live_through(hours=3)
    assert sum("别忘了" in text for text in comes.new_messages) == 1
    await world.restart()
    await world.live_through(hours=22)
    assert sum("别忘了" in text for text in comes.new_messages) == 2
    await world.live_through(hours=6)
    assert sum("别忘了" in text for text in comes.new_messages) == 2
    assert not any("别忘了" in text for text in waits.new_messages)


async def test_nobody_is_reminded_twice_after_downtime(world: World) -> None:
    """Two reminders missed are one; what has begun is not reminded of."""
    comes = await neighbour(world, "甲甲", "101")
    await invited(world)
    await comes.presses("我去")
    await comes.forgets()
    await world.later(days=4, hours=4)
    assert sum("别忘了" in text for text in comes.new_messages) == 1
    await world.later(days=1)
    assert sum("别忘了" in text for text in comes.new_messages) == 1


async def test_another_time_asks_everybody_again(world: World) -> None:
    """Who comes is asked, who waits is told, the group hears; silence costs nobody a seat."""
    comes, waits = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    group = await group_of(world, comes, waits)
    leader = await invited(world, "名额", "1")
    await comes.presses("我去")
    await waits.presses("我去")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "改", "改时间")
    await leader.sends("11月29日上午10点")
    await leader.presses("保存")
    assert "时间或地点变了" in comes.last_message
    assert "11月29日（周日）10:00" in comes.last_message
    assert comes.may_press("我来")
    assert "时间或地点变了" in waits.last_message
    await world.later(seconds=20)
    assert any("有变动" in one.text for one in comes.user.chat(group))
    await world.live_through(days=2)
    assert await standings(world) == {"甲甲": "asked", "乙乙": "waiting"}
    await comes.presses("来不了")
    assert await standings(world) == {"乙乙": "asked"}


async def test_a_cancellation_reaches_everybody(world: World) -> None:
    """Who comes, who waits, the group; the cards say so, and nothing is reminded of."""
    comes, waits = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    group = await group_of(world, comes, waits)
    leader = await invited(world, "名额", "1")
    await comes.presses("我去")
    await waits.presses("我去")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "取消活动")
    assert "报名的 1 人、候补的 1 人" in leader.last_message
    await leader.presses("确定取消")
    for phone in (comes, waits):
        assert phone.sees("活动取消了")
    await world.later(seconds=20)
    await world.later(seconds=5)
    chat = [one.text for one in comes.user.chat(group)]
    assert any("取消了" in text for text in chat)
    assert any("已取消：楼道茶话会" in text for text in chat)
    assert any("已取消：楼道茶话会" in one.text for one in waits.user.chat(None))
    await comes.forgets()
    await world.live_through(days=5)
    assert not any("别忘了" in text for text in comes.new_messages)
    await comes.forges("activity.join:1")
    assert "已经取消" in comes.last_toast


# At the door --------------------------------------------------------------------------------------------


async def test_checking_in_by_code_and_by_list(world: World) -> None:
    """The picture leads to the check-in, from two hours before; the list is for those without a phone."""
    one, two = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    leader = await invited(world)
    await one.presses("我去")
    await two.presses("替邻居报名")
    await two.sends("张大爷")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "签到码")
    picture = world.telegram.memory.files.get(leader.messages[-1].photos[-1]).file.content
    (found,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
    code = found.text.partition("?start=in_")[2]
    await one.opens(f"in_{code}")
    assert "还早" in one.last_message
    await world.live_through(days=4, hours=4)
    await one.opens(f"in_{code}")
    assert "已签到" in one.last_message
    await one.opens(f"in_{code}")
    assert "已签到" in one.last_message
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "签到名单")
    assert "签到：1/2 人" in leader.last_message
    await leader.presses("张大爷")
    assert "签到：2/2 人" in leader.last_message
    await (await neighbour(world, "丙丙", "301")).opens(f"in_{code}")
    assert "名单里没有您" in world.people["resident 丙丙"].last_message


async def test_photos_go_to_those_who_came(world: World) -> None:
    """Who checked in gets them; who stayed at home does not."""
    came, stayed = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    leader = await invited(world)
    await came.presses("我去")
    await stayed.presses("我去")
    await leader.forges("activity.photos:1")
    assert "还没开始" in leader.last_toast
    await world.live_through(days=4, hours=4)
    code = (await world.rows("SELECT check_in_code FROM activities"))[0]["check_in_code"]
    await came.opens(f"in_{code}")
    await world.later(hours=2)
    await stayed.forgets()
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "发照片")
    await leader.sends_album(2)
    await leader.presses("发出")
    assert "2 张照片发给了 1 位" in leader.last_message
    assert came.sees("的照片来了")
    assert stayed.new_messages == []


# Rights and nonsense ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("activity.manage:1", "由办活动的人"),
        ("activity.names:1", "由办活动的人"),
        ("activity.sheet:1", "由办活动的人"),
        ("activity.code:1", "由办活动的人"),
        ("activity.door:1:0", "由办活动的人"),
        ("activity.edit:1", "由办活动的人"),
        ("activity.cancel_now:1", "由办活动的人"),
        ("activity.photos:1", "由办活动的人"),
        ("signup.here:1:0", "没有这份报名"),
        ("signup.withdraw:1", "没有这份报名"),
        ("signup.accept:999", "没有这份报名"),
        ("activity.join:999", "没有这个活动"),
        ("activity.join:x", "不认识"),
        ("activity.join:1:2", "不认识"),
        ("activity.new", "不能请"),
    ],
)
async def test_a_forged_button_does_nothing(world: World, data: str, says: str) -> None:
    """Rights are asked where it is written: a neighbour can neither run it nor touch others' seats."""
    one, other = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    await invited(world)
    await one.presses("我去")
    before = await world.contents("people", "accounts", "cards", "chores", "outbox")
    await other.forges(data)
    assert says in other.last_toast
    assert await world.contents("people", "accounts", "cards", "chores", "outbox") == before


async def test_who_is_not_invited_cannot_sign_up(world: World) -> None:
    """An activity of building 3 is not for building 2, nor for somebody nobody has let in yet."""
    await invited(world)
    far = await neighbour(world, "远邻", "101", "1", "2")
    await far.opens("ev_1")
    assert "没有请到您" in far.last_message
    await far.forges("activity.join:1")
    pending = await world.resident("3", "1", "101", "新来的")
    await pending.forges("activity.join:1")
    assert "等楼栋长确认" in pending.last_toast
    assert await standings(world) == {}


async def test_nonsense_while_planning(world: World) -> None:
    """Every answer that makes no sense is asked again; nothing is guessed and nothing is lost."""
    leader = await world.leader_of("3")
    await leader.sends("/activity " + "长" * 60)
    assert "办什么活动" in leader.last_message
    await leader.sends_sticker()
    assert "写一个名字" in "".join(leader.new_messages)
    await leader.sends("茶话会")
    for said, says in (("随便", "没看懂"), ("下午3点", "哪一天"), ("2月30日下午3点", "没有这一天")):
        await leader.forgets()
        await leader.sends(said)
        assert says in "".join(leader.new_messages), said
    await leader.sends("九月初九")
    assert "几点开始" in leader.last_message
    assert "重阳节" in leader.last_message
    await leader.sends("3点")
    assert "您说的是哪一个" in leader.last_message
    await leader.presses("15:00")
    await leader.sends("长" * 61)
    assert "请写一个地方" in "".join(leader.new_messages[-2:])
    await leader.sends("院子里")
    await leader.sends("全小区")
    assert "不能请" in "".join(leader.new_messages[-2:])
    await leader.sends("99号楼")
    assert "没找到" in "".join(leader.new_messages[-2:])
    await leader.presses("3号楼", "名额")
    await leader.sends("很多很多")
    assert "写一个数字" in "".join(leader.new_messages[-2:])
    await leader.sends("30人")
    assert "名额：30 人" in leader.last_message
    await leader.presses("报名截止")
    await leader.sends("明年12月31日下午3点")
    assert "不能晚于" in "".join(leader.new_messages[-2:])
    assert await world.rows("SELECT * FROM activities") == []


async def test_how_many_is_not_who(world: World) -> None:
    """两个人 is asked again; whoever writes their own name too is counted once."""
    resident = await neighbour(world, "王奶奶")
    await invited(world)
    await resident.presses("带家人去")
    await resident.sends("两个人")
    assert "请写名字" in "".join(resident.new_messages)
    assert await standings(world) == {}
    await resident.sends("王奶奶、老伴")
    assert await standings(world) == {"王奶奶": "confirmed", "老伴": "confirmed"}


async def test_names_are_shown_as_they_were_written(world: World) -> None:
    """Signs that mean something to HTML are signs of a name, in the list and on buttons."""
    resident = await neighbour(world, "王奶奶")
    leader = await invited(world)
    await resident.presses("带家人去")
    await resident.sends("O'Neil、Tom & Jerry<b>")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "谁来")
    assert "O'Neil、Tom、Jerry<b>" in leader.last_message
    await resident.presses("少去几位")
    assert "王奶奶、O'Neil、Tom" in resident.buttons


async def test_what_has_begun_is_neither_changed_nor_cancelled(world: World) -> None:
    """Old buttons of the organiser disturb nobody afterwards; families are not asked for names in vain."""
    resident = await neighbour(world, "王奶奶")
    leader = await invited(world)
    await resident.presses("我去")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "改")
    await world.live_through(timedelta(hours=3), days=5)
    await resident.forgets()
    await leader.presses("保存")
    for button in ("activity.edit:1", "activity.cancel:1", "activity.cancel_now:1"):
        await leader.forges(button)
        assert "已经开始了" in leader.last_toast, button
    assert resident.new_messages == []
    assert await standings(world) == {"王奶奶": "confirmed"}
    await resident.presses("再加家人")
    assert "已经截止" in resident.last_toast


async def test_a_smaller_room_is_pointed_out_before_saving(world: World) -> None:
    """Fewer seats than people: the organiser reads what that means while it can still be otherwise."""
    one, two = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    leader = await invited(world)
    for phone in (one, two):
        await phone.presses("我去")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "改")
    assert "比名额多" not in leader.last_message
    await leader.presses("名额")
    await leader.sends("一")
    assert "已报 2 人，比名额多" in leader.last_message


async def test_half_an_offer_does_not_keep_the_family_out(world: World) -> None:
    """At the door whoever has a seat is checked in, though their guests have not said which of them comes."""
    one, two = await neighbour(world, "甲甲", "101"), await neighbour(world, "乙乙", "201")
    await invited(world, "名额", "2")
    await one.presses("我去")
    await two.presses("我去")
    await one.presses("替邻居报名")
    await one.sends("张大爷、李婆婆")
    code = (await world.rows("SELECT check_in_code FROM activities"))[0]["check_in_code"]
    await world.live_through(timedelta(hours=2), days=4, hours=4)
    await two.presses("改我的报名", "不去了")
    assert (await standings(world))["张大爷"] == "asked"
    await one.opens(f"in_{code}")
    assert await standings(world) == {"甲甲": "checked_in", "张大爷": "asked", "李婆婆": "asked"}


async def test_who_left_can_still_cancel(world: World) -> None:
    """Whoever is not among those invited any more finds their own signup, and nothing else."""
    resident = await neighbour(world, "王奶奶")
    other = await neighbour(world, "李叔", "402")
    await invited(world)
    await resident.presses("我去")
    person_id = await resident.person_id()
    async with desk_of(world) as desk:
        for home in await desk.store.people.residencies(person_id):
            await desk.store.people.decide_residency(home.id, "refused", home.person_id, desk.now)
    await resident.presses("改我的报名", "不去了")
    assert await standings(world) == {}
    await other.forges("activity.mine:1")
    assert "名单里没有您" in other.last_toast


async def test_undone_in_time_nobody_has_heard_of_it(world: World) -> None:
    """Fifteen seconds to think again: no card, nothing under /activities."""
    resident = await neighbour(world, "王奶奶")
    leader = await planned(world)
    await leader.presses("发布", "撤销")
    await world.later(minutes=1)
    assert not card(resident)
    await resident.sends("/activities")
    assert "最近没有活动" in resident.last_message


async def test_what_is_on(world: World) -> None:
    """/activities: what is to come, one's own marked; the calendar file carries the hour."""
    resident = await neighbour(world, "王奶奶")
    await invited(world)
    await resident.sends("/activities")
    await resident.presses("楼道茶话会", "我去")
    await resident.sends("/activities")
    assert "✅ 楼道茶话会" in resident.last_message
    await resident.presses("楼道茶话会", "加到日历")
    content = document(resident)
    assert b"DTSTART:20261128T070000Z" in content
    assert "SUMMARY:楼道茶话会".encode() in content


async def test_the_sheet_holds_every_name_as_text(world: World) -> None:
    """A line for each person, and what looks like a formula stays what somebody wrote."""
    resident = await neighbour(world, "王奶奶")
    leader = await invited(world)
    await resident.presses("带家人去")
    await resident.sends("=1+1、小宝")
    await leader.sends("/activity")
    await leader.presses("楼道茶话会", "名单表格")
    page = load_workbook(BytesIO(document(leader))).active
    assert page is not None
    rows = list(page.iter_rows(values_only=True))
    assert [row[1] for row in rows] == ["姓名", "王奶奶", "=1+1", "小宝"]
    assert rows[1] == (1, "王奶奶", "3号楼2单元 502", "已报", None)
    assert page["B3"].data_type == "s"


def document(phone: Phone) -> bytes:
    """The newest file somebody was sent."""
    files = [one.raw["document"]["file_id"] for one in phone.messages if "document" in one.raw]
    return phone.world.telegram.memory.files.get(files[-1]).file.content


# The whole of it -----------------------------------------------------------------------------------------


async def dance(world: World) -> Phone:
    """The committee invites everybody for 九月初九, three seats in all; gives who organises it."""
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    await director.sends("/activity 重阳节舞会")
    await world.restart()
    await director.sends("九月初九下午3点到5点")
    assert "农历九月初九 重阳节" in director.last_message
    await director.sends("中心广场")
    await director.presses("全小区", "名额")
    await director.sends("3")
    await director.presses("发布")
    await secretary.presses("同意")
    await world.later(seconds=20)
    await world.later(seconds=5)
    return director


async def meet(world: World, organiser: Phone, *people: Phone) -> None:
    """They come, are checked in, and get the photos afterwards."""
    code = (await world.rows("SELECT check_in_code FROM activities"))[0]["check_in_code"]
    for phone in people:
        await phone.opens(f"in_{code}")
        assert phone.sees("已签到")
    await world.until(18)
    await organiser.sends("/activity")
    await organiser.presses("重阳节舞会", "签到名单")
    assert "签到：3/3 人" in organiser.last_message
    await organiser.sends("/activity")
    await organiser.presses("重阳节舞会", "发照片")
    await organiser.sends_album(3, "重阳节快乐")
    await organiser.presses("发出")
    assert "发给了 2 位" in organiser.last_message
    for phone in people:
        assert phone.sees("重阳节舞会 的照片来了")


async def test_the_double_ninth_dance(world: World) -> None:
    """重阳节舞会: all are invited, it fills, somebody cancels, the next comes, and all meet."""
    world.clock.now = datetime(2026, 10, 12, 10, tzinfo=SHANGHAI)
    granny = await neighbour(world, "王奶奶")
    uncle = await neighbour(world, "李叔", "402")
    late = await neighbour(world, "陈姐", "101", "1", "2")
    english = await neighbour(world, "Tom", "202")
    await english.sends("/language")
    await english.presses("English")
    group = await group_of(world, granny, uncle)
    director = await dance(world)
    assert "10月18日（周日）15:00–17:00" in card(late)
    assert "Double Ninth Festival" in english.last_message
    assert "0 of 3 seats taken" in english.last_message

    taps(granny, group, "我去")
    await world.settle()
    await granny.opens("ev_1")
    await granny.presses("替邻居报名")
    await granny.sends("张大爷")
    await uncle.presses("我去")
    await late.presses("我去")
    assert "您在候补里" in late.last_toast
    await english.presses("I am coming")
    assert "in line" in english.last_toast
    await world.later(minutes=1)
    assert "名额 3 人，已报 3 人，候补 2 人" in card(late, None)
    assert "名额 3 人，已报 3 人，候补 2 人" in card(uncle, group)
    assert await standings(world) == {
        **dict.fromkeys(("王奶奶", "张大爷", "李叔"), "confirmed"),
        **dict.fromkeys(("陈姐", "Tom"), "waiting"),
    }

    await uncle.presses("改我的报名", "不去了")
    assert "有空位了" in late.last_message
    await late.presses("我来")
    assert "已报上" in late.last_message

    await world.live_through(days=5, hours=12)
    for phone in (granny, late):
        assert phone.sees("别忘了")
    for phone in (uncle, english):
        assert not phone.sees("别忘了")
        assert not phone.sees("Do not forget")
    await world.until(14)
    await meet(world, director, granny, late)
