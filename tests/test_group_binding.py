"""Binding a group by a code, and what becomes of it: rights, leaving, moving, letting go."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.actions.desk import Desk
from bot.domain.audiences import COMPOUND, Kind, Part
from bot.domain.posts import PostKind
from bot.sandbox.people import Group
from bot.storage.groups import BoundGroup
from bot.storage.store import Store
from tests.world import TEXTS, Phone, World

COMMITTEE = PostKind.SELF_MANAGEMENT_COMMITTEE


def said(phone: Phone, group: Group) -> list[str]:
    """What the bot has said in the group."""
    return [message.text for message in phone.user.chat(group) if message.from_bot]


async def bound(world: World, compound_id: int = 1) -> list[BoundGroup]:
    """The groups that speak for somebody."""
    async with world.database.transaction() as connection:
        return await Store(connection).groups.bound(compound_id)


def code_of(phone: Phone) -> str:
    """The newest code somebody was shown."""
    found = [re.search(r"/bind (\w+)", text) for text in (message.text for message in phone.messages)]
    return [match[1] for match in found if match][-1]


async def code_for(phone: Phone, *labels: str) -> str:
    """Ask for a code by these buttons."""
    await phone.sends("/groups")
    await phone.presses("登记一个群", *labels)
    return code_of(phone)


async def types(phone: Phone, group: Group, text: str) -> None:
    """Type something in a group."""
    phone.user.sends(group, text)
    await phone.world.settle()


async def post(world: World, group: Group, text: str) -> None:
    """Put something into the outbox for a group."""
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock())
        desk.post(str(group.id), text)
        await desk.send()


async def building_group(world: World) -> tuple[Phone, Group]:
    """The leader of building 3 and the group bound to it."""
    leader = await world.leader_of("3")
    group = world.group("3号楼邻里群", leader)
    await types(leader, group, f"/bind {await code_for(leader, '3号楼', '整栋楼')}")
    return leader, group


async def part_of(world: World, building: str, entrance: str = "") -> Part:
    """A place of the first compound by name."""
    async with world.database.transaction() as connection:
        register = await Store(connection).places.named_register(1)
    found = next(one for one in register.buildings if one.label.startswith(building))
    if not entrance:
        return Part(Kind.BUILDING, found.id)
    door = next(one for one in found.entrances if one.label.startswith(entrance))
    return Part(Kind.ENTRANCE, found.id, door.id)


# Binding -------------------------------------------------------------------------------------------------


async def test_a_leader_binds_the_group_of_the_building(world: World) -> None:
    """Three taps and a line in the group: a short answer there, the rest in private."""
    leader, group = await building_group(world)
    assert len(said(leader, group)) == 2
    assert "以后3号楼的通知和活动发到这里" in said(leader, group)[-1]
    assert "「3号楼邻里群」登记好了" in leader.last_message
    assert "置顶消息" in leader.last_message
    (found,) = await bound(world)
    assert (found.title, found.standing, found.address) == ("3号楼邻里群", "member", str(group.id))
    assert found.part == await part_of(world, "3")
    assert found.is_reachable
    await leader.sends("/groups")
    assert "⚠️ 3号楼邻里群：3号楼，不能置顶" in leader.last_message
    await leader.presses("3号楼邻里群")
    assert "登记人：王秀兰" in leader.last_message


async def test_what_a_leader_may_bind(world: World) -> None:
    """Only the own building and its entrances are offered; others typed or forged are refused."""
    leader = await world.leader_of("3")
    await leader.sends("/groups")
    await leader.presses("登记一个群")
    assert leader.buttons == ["3号楼", "✖ 取消"]
    other = await part_of(world, "5")
    for forged in ((Kind.BUILDING, other.building_id), (Kind.COMPOUND, 0)):
        await leader.forges_answer(*forged)
        if leader.may_press("整栋楼"):
            await leader.presses("整栋楼")
        assert "登记群由委员会、楼栋长和小组负责人来做" in (leader.last_toast + leader.last_message)
    for nonsense in (("building", 99), ("building", "x"), ("post", 1), ("compound", 0, 0)):
        await leader.forges_answer(*nonsense)
    await leader.sends("5号楼1单元")
    assert "登记群由委员会" in leader.last_message
    assert await world.rows("SELECT * FROM group_codes") == []
    await leader.sends("/cancel")
    assert re.fullmatch("[2-9A-HJ-NP-Z]{8}", await code_for(leader, "3号楼", "2单元"))


async def test_others_may_bind_nothing(world: World) -> None:
    """A resident, the property manager, an entrance leader: told who may."""
    resident = await world.resident()
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    for phone in (resident, manager):
        for attempt in ("/groups", "/bind ABCDEFGH"):
            await phone.sends(attempt)
            assert "登记群由委员会、楼栋长和小组负责人来做" in phone.last_message
        for forged in ("group.new", "group.list:0"):
            await phone.forges(forged)
            assert "登记群由委员会、楼栋长和小组负责人来做" in phone.last_toast


async def test_the_committee_binds_anything_in_words(world: World) -> None:
    """The whole compound by button; a building by its number, an entrance as people write it."""
    member = await world.holder(COMMITTEE)
    group = world.group("大院群", member)
    await types(member, group, f"/bind {await code_for(member, '整个小区')}")
    assert "以后全小区的通知" in said(member, group)[-1]
    wanted = {"3": await part_of(world, "3"), "三栋二单元": await part_of(world, "3", "2")}
    for words, part in wanted.items():
        await member.sends("/groups")
        await member.presses("登记一个群")
        await member.sends(words)
        if part.entrance_id is None:
            await member.presses("整栋楼")
        await types(member, group, f"/bind {code_of(member).lower()}")
        (found,) = await bound(world)
        assert found.part == part
    await member.sends("/groups")
    await member.presses("登记一个群")
    for words in ("3号楼业主", "3、5号楼", "楼栋长"):
        await member.sends(words)
        assert member.sees("一个群只能登记给一栋楼")
    await member.sends("月球")
    assert member.sees("没找到「月球」")


async def test_a_button_adds_the_bot_and_binds(world: World) -> None:
    """The link of the button sends the code as the word after /start; an ordinary one changes nothing."""
    leader = await world.leader_of("3")
    code = await code_for(leader, "3号楼", "整栋楼")
    _, button = leader.with_button("把我拉进群")
    assert button.url == f"https://t.me/{world.rules.bot_name}?startgroup={code}"
    group = world.group("3号楼邻里群", leader)
    await types(leader, group, f"/start@{world.rules.bot_name} {code}")
    assert len(await bound(world)) == 1
    await types(leader, group, "/start report")
    assert "私聊" in said(leader, group)[-1]


async def test_several_groups_for_one_building(world: World) -> None:
    """A building may have more than one group; each is listed."""
    leader, _ = await building_group(world)
    second = world.group("3号楼二群", leader)
    await types(leader, second, f"/bind {await code_for(leader, '3号楼', '整栋楼')}")
    assert [one.title for one in await bound(world)] == ["3号楼邻里群", "3号楼二群"]


async def test_the_leader_of_an_interest_group_binds_its_group(world: World) -> None:
    """A resident without any post, for the dancers and nobody else; when the group ends, the list says so."""
    resident = await world.resident()
    leader_id = await resident.person_id()
    async with world.database.transaction() as connection:
        teams = Store(connection).interest_groups
        made = await teams.new(1, "舞蹈队", "跳舞", leader_id, world.clock.now)
        assert made is not None
    code = await code_for(resident, "舞蹈队")
    group = world.group("舞友", resident)
    await types(resident, group, f"/bind {code}")
    assert "以后舞蹈队的通知" in said(resident, group)[-1]
    assert (await bound(world))[0].part == Part(Kind.INTEREST_GROUP, group_id=made)
    member = await world.holder(COMMITTEE)
    async with world.database.transaction() as connection:
        teams = Store(connection).interest_groups
        team = await teams.get(made)
        assert team is not None
        await teams.save(replace(team, ended_at=world.clock.now))
    await member.sends("/groups")
    assert "舞友：小组已解散" in member.last_message
    await resident.sends("/groups")
    assert "登记群由委员会" in resident.last_message


async def test_who_has_a_say_in_two_compounds_is_asked_which(world: World) -> None:
    """The compounds they may bind in, and no other."""
    resident = await world.resident()
    other, leader_id = await world.another_compound(), await resident.person_id()
    async with world.database.transaction() as connection:
        teams = Store(connection).interest_groups
        for compound_id, name in ((1, "舞蹈队"), (other, "棋社")):
            await teams.new(compound_id, name, "一起玩", leader_id, world.clock.now)
    await resident.sends("/groups")
    await resident.presses("登记一个群")
    await resident.forges_answer(99)
    assert resident.may_press("通工小区")
    await resident.presses("通工小区", "棋社")
    group = world.group("棋友", resident)
    await types(resident, group, f"/bind {code_of(resident)}")
    assert [one.compound_id for one in await bound(world, other)] == [other]


async def test_the_way_there_is_in_the_menu(world: World) -> None:
    """Under 更多: groups for who may bind them, lending for the committee, muting for everybody."""
    phones = (
        (await world.holder(COMMITTEE), ("邻里群", "借出发通知权", "少收通知")),
        (await world.leader_of("3"), ("邻里群", "少收通知")),
        (await world.holder(PostKind.PROPERTY_MANAGER), ("少收通知",)),
        (await world.resident(), ("少收通知",)),
    )
    opens = {"邻里群": "还没有登记过群", "借出发通知权": "借给谁", "少收通知": "要收哪些普通通知"}
    for phone, labels in phones:
        await phone.sends("/more")
        assert [label for label in opens if phone.may_press(label)] == list(labels)
        for label in labels:
            await phone.presses(label)
            assert opens[label] in phone.last_message


# Codes ---------------------------------------------------------------------------------------------------


async def test_a_code_is_good_once_and_for_half_an_hour(world: World) -> None:
    """Used, old, replaced or wrong: a word in the group on how to get another, and nothing is bound."""
    leader = await world.leader_of("3")
    one, two = world.group("一群", leader), world.group("二群", leader)
    first = await code_for(leader, "3号楼", "整栋楼")
    second = await code_for(leader, "3号楼", "整栋楼")
    for wrong, why in (
        (first, "这个码不对"),
        ("", "这个码不对"),
        ("'; DROP TABLE groups", "这个码不对"),
    ):
        await types(leader, one, f"/bind {wrong}")
        assert why in said(leader, one)[-1]
    assert await bound(world) == []
    await types(leader, one, f"/bind {second}")
    await types(leader, two, f"/bind {second}")
    assert "已经用过了" in said(leader, two)[-1]
    third = await code_for(leader, "3号楼", "整栋楼")
    world.clock.now += timedelta(minutes=31)
    await types(leader, two, f"/bind {third}")
    assert "过期了" in said(leader, two)[-1]
    assert [found.title for found in await bound(world)] == ["一群"]


async def test_the_right_is_asked_for_again_when_the_code_is_typed(world: World) -> None:
    """Who is no longer leader has nothing to give; a code typed by a neighbour is as good as its maker's."""
    leader, resident = await world.leader_of("3"), await world.resident()
    group = world.group("3号楼邻里群", leader, resident)
    code = await code_for(leader, "3号楼", "整栋楼")
    await world.vacate(PostKind.BUILDING_LEADER, "3")
    await types(leader, group, f"/bind {code}")
    assert "登记群由委员会" in said(leader, group)[-1]
    assert await bound(world) == []
    member = await world.holder(COMMITTEE)
    code = await code_for(member, "3号楼", "整栋楼")
    await types(resident, group, f"/bind {code}")
    assert [one.bound_by for one in await bound(world)] == [await member.person_id()]
    assert "登记好了" in member.last_message
    assert not resident.sees("登记好了")


async def test_an_anonymous_admin_binds_nothing(world: World) -> None:
    """Who hides behind the group is asked to come out; the code stays good."""
    leader = await world.leader_of("3")
    group = world.telegram.group("3号楼邻里群", leader.user, supergroup=True)
    group.add_bot(leader.user)
    code = await code_for(leader, "3号楼", "整栋楼")
    leader.user.sends(group, f"/bind {code}", anonymous=True)
    await world.settle()
    assert "请关掉匿名" in said(leader, group)[-1]
    assert await bound(world) == []
    await types(leader, group, f"/bind {code}")
    assert len(await bound(world)) == 1


async def test_a_code_survives_a_restart(world: World) -> None:
    """It was shown before the bot died, and works after."""
    leader = await world.leader_of("3")
    code = await code_for(leader, "3号楼", "整栋楼")
    await world.restart()
    group = world.group("3号楼邻里群", leader)
    await types(leader, group, f"/bind {code}")
    assert len(await bound(world)) == 1


# Rebinding and letting go ----------------------------------------------------------------------------------


async def test_another_leader_cannot_take_a_group_over(world: World) -> None:
    """The group of building 3 stays its own; the committee may change it, and the leader is told by whom."""
    leader, group = await building_group(world)
    rival, member = await world.leader_of("5"), await world.holder(COMMITTEE)
    group.add(rival.user)
    await types(rival, group, f"/bind {await code_for(rival, '5号楼', '整栋楼')}")
    assert "已经登记给别处了" in said(leader, group)[-1]
    assert (await bound(world))[0].part == await part_of(world, "3")
    await types(leader, group, f"/bind {await code_for(member, '整个小区')}")
    assert (await bound(world))[0].part == COMPOUND
    assert "「3号楼邻里群」改了登记" in leader.last_message
    assert "3号楼的通知不再发到那里" in leader.last_message


async def test_letting_go(world: World) -> None:
    """Asked once more, then nothing is bound; whoever bound it learns who ended it; a repeat is refused."""
    leader, group = await building_group(world)
    member = await world.holder(COMMITTEE)
    await member.sends("/groups")
    await member.presses("3号楼邻里群", "解除登记")
    assert len(await bound(world)) == 1
    await member.presses("确定解除")
    assert await bound(world) == []
    assert "已解除" in member.last_message
    assert "解除了「3号楼邻里群」的登记" in leader.last_message
    await member.presses("确定解除")
    assert "没有这个群" in member.last_toast
    assert len(said(leader, group)) == 2


async def test_a_stranger_to_the_group_learns_nothing_of_it(world: World) -> None:
    """Forged numbers of groups one has no say in are as those that never were."""
    await building_group(world)
    rival = await world.leader_of("5")
    for forged in ("group.show:1", "group.unbind:1", "group.unbind_now:1", "group.show:99", "group.show:x"):
        await rival.forges(forged)
        assert "没有这个群" in rival.last_toast or "不认识" in rival.last_toast
    await rival.forges("group.list:99")
    await rival.sends("/groups")
    assert "还没有登记过群" in rival.last_message
    assert len(await bound(world)) == 1


# What Telegram tells ---------------------------------------------------------------------------------------


async def test_rights_and_leaving_are_told(world: World) -> None:
    """Promoted, demoted, thrown out, back again: the leader and the operator hear of each, once."""
    operator = await world.with_operator()
    leader, group = await building_group(world)
    steps: tuple[tuple[Callable[[], None], str, str], ...] = (
        (lambda: group.promote_bot(leader.user), "也能置顶了", "可以置顶"),
        (lambda: group.promote_bot(leader.user, can_pin_messages=False), "不能置顶消息了", "不能置顶"),
        (lambda: group.demote_bot(leader.user), "", ""),
        (lambda: group.remove_bot(leader.user), "我已不在「3号楼邻里群」里", "已被移出群"),
        (lambda: group.add_bot(leader.user), "通知照样能发", "不能置顶"),
    )
    for step, told, reported in steps:
        await leader.forgets()
        await operator.forgets()
        step()
        await world.settle()
        assert [told in text for text in leader.new_messages] == [True] * bool(told), told
        assert [reported in text for text in operator.new_messages] == [True] * bool(reported), reported
    assert (await bound(world))[0].part == await part_of(world, "3")


async def test_a_group_that_speaks_for_nobody_is_no_news(world: World) -> None:
    """Nobody is told of the comings and goings where nothing is announced."""
    operator = await world.with_operator()
    leader = await world.leader_of("3")
    group = world.group("闲聊群", leader)
    group.promote_bot(leader.user)
    group.remove_bot(leader.user)
    await world.settle()
    assert not any("群" in message for message in operator.new_messages)
    assert await bound(world) == []


async def test_by_night_it_is_told_without_a_sound(world: World) -> None:
    """A group that throws the bot out at midnight wakes nobody."""
    leader, group = await building_group(world)
    world.clock.now += timedelta(hours=14)
    group.remove_bot(leader.user)
    await world.settle()
    assert "我已不在" in leader.last_message
    told = [call.parameters for call in world.telegram.calls if call.method.lower() == "sendmessage"]
    assert told[-1]["chat_id"] == str(leader.user.id)
    assert told[-1].get("disable_notification") == "true"


async def test_a_group_keeps_its_binding_when_it_moves(world: World) -> None:
    """A basic group becomes a supergroup with another address; telling it twice changes nothing more."""
    leader, group = await building_group(world)
    group.promote_bot(leader.user)
    await world.settle()
    moved = group.upgrade(leader.user)
    await world.settle()
    (found,) = await bound(world)
    assert (found.address, found.standing) == (str(moved.id), "administrator")
    assert found.part == await part_of(world, "3")
    await types(leader, moved, "/groups")
    assert "私聊" in said(leader, moved)[-1]


async def test_the_new_address_is_met_before_the_move_is_told(world: World) -> None:
    """Whatever order the news comes in, one bound group is left, and nobody is told that the bot is gone."""
    leader, group = await building_group(world)
    moved = group.upgrade(leader.user)
    letters = await world.app.receiver.receive_once(0)
    assert letters
    async with world.database.transaction() as connection:
        await Store(connection).groups.put("telegram", str(moved.id), "3号楼邻里群", "member")
    await world.settle()
    assert [(one.address, one.standing) for one in await bound(world)] == [(str(moved.id), "member")]
    assert not leader.sees("我已不在")


async def test_the_courier_learns_of_the_move_first(world: World) -> None:
    """Mail to the old address is refused with the new one: the binding follows, and so does the mail."""
    leader, group = await building_group(world)
    moved = group.upgrade(leader.user)
    # The news of the move is still on its way when something is to be said there.
    await post(world, group, "通知")
    while await world.app.courier.deliver_some():
        pass
    assert [one.address for one in await bound(world)] == [str(moved.id)]
    await world.settle()
    assert [one.address for one in await bound(world)] == [str(moved.id)]
    assert "通知" in said(leader, moved)


async def test_a_new_title_is_known(world: World) -> None:
    """The list names a group as it is called today."""
    leader, group = await building_group(world)
    group.rename("幸福3号楼", leader.user)
    await world.settle()
    await leader.sends("/groups")
    assert "幸福3号楼：3号楼" in leader.last_message
    assert len(said(leader, group)) == 2


async def test_being_refused_in_a_group_is_noticed(world: World) -> None:
    """Nobody said that the bot is out, but its mail does not arrive."""
    leader, group = await building_group(world)
    group.data.bot = "kicked"
    await post(world, group, "通知")
    await world.settle()
    assert "我已不在「3号楼邻里群」里" in leader.last_message
    assert not (await bound(world))[0].is_reachable
    await leader.sends("/groups")
    assert "❌ 3号楼邻里群" in leader.last_message


async def test_trouble_comes_first_and_the_rest_on_further_pages(world: World) -> None:
    """Twenty on a page; a group with trouble stands on the first."""
    leader, _ = await building_group(world)
    part, by = await part_of(world, "3"), await leader.person_id()
    async with world.database.transaction() as connection:
        groups = Store(connection).groups
        for number in range(24):
            rights = frozenset({"can_pin_messages"})
            made = await groups.put("telegram", f"-{number + 1000}", f"{number}群", "administrator", rights)
            await groups.bind(made, 1, part, by, world.clock.now)
    await leader.sends("/groups")
    assert "登记过的群（25）" in leader.last_message
    assert leader.last_message.splitlines()[2].startswith("⚠️ 3号楼邻里群")
    await leader.presses("下一页")
    assert "23群" in leader.last_message
    assert "❌" not in leader.last_message
    await leader.presses("上一页")
    assert "3号楼邻里群" in leader.last_message
