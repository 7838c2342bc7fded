"""Interest groups: the committee begins one, neighbours join, its leader leads it, its practice recurs."""

from datetime import timedelta

import pytest

from bot.domain.posts import PostKind
from bot.storage.engine import from_micros
from bot.storage.store import Store
from tests.world import SHANGHAI, Phone, World


async def director(world: World) -> Phone:
    """Somebody who speaks for the compound."""
    return await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)


async def founded(world: World, name: str = "舞蹈队", leader: str = "王奶奶") -> tuple[Phone, Phone]:
    """The committee has begun a group: (who began it, its leader)."""
    committee, neighbour = await director(world), await world.resident(name=leader)
    await committee.sends("/teams")
    await committee.presses("办一个小组")
    await committee.sends(name)
    await committee.sends("每天早上跳广场舞，零基础也欢迎")
    await committee.sends(leader)
    await committee.presses(leader)
    assert f"{name}成立了" in committee.last_message
    return committee, neighbour


async def test_a_leader_who_moves_away_is_followed_by_another(world: World) -> None:
    """The committee learns it with the button to name the next one; a second home changes nothing."""
    committee, neighbour = await founded(world)
    heir = await world.resident(unit="601", name="李大爷")
    await committee.forgets()
    await neighbour.forges(f"home.leave_now:{await _home_of(world, neighbour)}")
    assert "舞蹈队的负责人 王奶奶 已经不住在小区了" in committee.last_message
    await committee.presses("换负责人")
    await committee.sends("李大爷")
    await committee.presses("李大爷")
    assert heir.sees("您现在是舞蹈队的负责人")


async def test_a_leader_with_another_home_has_not_moved_away(world: World) -> None:
    """Who still belongs to the compound leads on, and nobody is troubled."""
    committee, neighbour = await founded(world)
    home, person_id = await _home_of(world, neighbour), await neighbour.person_id()
    async with world.database.transaction() as connection:
        await Store(connection).people.ask_residency(person_id, 1, "owner", world.clock.now)
    await committee.forgets()
    await neighbour.forges(f"home.leave_now:{home}")
    assert committee.new_messages == []


async def _home_of(world: World, resident: Phone) -> int:
    person_id = await resident.person_id()
    rows = await world.rows("SELECT id, person_id FROM residencies ORDER BY id")
    found: int = next(row["id"] for row in rows if row["person_id"] == person_id)
    return found


# Beginning one, joining and leaving --------------------------------------------------------------------


async def test_a_dance_team_begins_and_neighbours_join(world: World) -> None:
    """The committee names the leader, who is told; everybody finds the group, joins, and is counted."""
    _, leader = await founded(world)
    assert "您现在是舞蹈队的负责人" in leader.last_message
    neighbour = await world.resident("5", "1", "101", "刘强")
    await neighbour.sends("/teams")
    assert "舞蹈队　1 人" in neighbour.last_message
    await neighbour.presses("舞蹈队")
    assert "零基础也欢迎" in neighbour.last_message
    assert "负责人：王奶奶" in neighbour.last_message
    await neighbour.presses("我要加入")
    assert neighbour.last_toast == "欢迎加入舞蹈队！"
    assert "舞蹈队　2 人" in neighbour.last_message
    assert "您在这个小组里" in neighbour.last_message
    assert "刘强 加入了舞蹈队，现在 2 人" in leader.last_message
    await neighbour.presses("退出")
    assert "舞蹈队　1 人" in neighbour.last_message
    assert neighbour.buttons == ["🙋 我要加入"]


async def test_the_groups_are_found_without_a_command(world: World) -> None:
    """Under 更多 there is a button; where there is no group yet it says how to get one."""
    neighbour = await world.resident()
    await neighbour.sends("☰ 更多")
    await neighbour.presses("兴趣小组")
    assert "还没有兴趣小组" in neighbour.last_message
    assert "/card" in neighbour.last_message
    assert not neighbour.messages[-1].buttons


async def test_a_stranger_is_told_what_to_do_first(world: World) -> None:
    """Who lives nowhere here sees no group and joins none."""
    await founded(world)
    stranger = world.newcomer()
    await stranger.sends("/teams")
    assert "/join" in stranger.last_message
    for forged in ("team.show:1", "team.join:1", "team.leave:1", "team.manage:1"):
        await stranger.forges(forged)
        assert "没有这个小组" in stranger.last_toast
    assert len(await world.rows("SELECT 1 FROM interest_group_members")) == 1


async def test_joining_twice_is_joining_once(world: World) -> None:
    """A second tap, or two phones' old buttons: counted once, told once."""
    _, leader = await founded(world)
    neighbour = await world.resident("5", "1", "101", "刘强")
    await leader.forgets()
    for _ in range(3):
        await neighbour.forges("team.join:1")
    assert len(leader.new_messages) == 1
    assert len(await world.rows("SELECT 1 FROM interest_group_members")) == 2
    for _ in range(2):
        await neighbour.forges("team.leave:1")
    assert len(await world.rows("SELECT 1 FROM interest_group_members")) == 1


async def test_nothing_crosses_between_compounds(world: World) -> None:
    """Whoever lives next door neither sees the group nor can lead it."""
    committee, _ = await founded(world)
    there = await world.another_compound()
    outsider = world.newcomer("隔壁老李")
    await outsider.sends("/join")
    await outsider.presses("通工小区", "1号楼", "101", "业主")
    await outsider.sends("隔壁老李")
    await outsider.sends("/teams")
    assert "舞蹈队" not in outsider.last_message
    await outsider.forges("team.show:1")
    assert "没有这个小组" in outsider.last_toast
    await committee.forges(f"team.new:{there}")
    assert "负责人或委员会" in committee.last_toast
    await committee.sends("/teams")
    await committee.presses("舞蹈队", "管理", "换负责人")
    await committee.sends("隔壁老李")
    assert committee.sees("没找到「隔壁老李」")


# What the committee is asked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("舞", "2 到 20 个字"),
        ("广" * 21, "2 到 20 个字"),
        ("舞蹈隊", "已经有「舞蹈隊」了"),
        ("楼栋长", "容易和楼栋或职务弄混"),
        ("3号楼", "容易和楼栋或职务弄混"),
        ("大家", "容易和楼栋或职务弄混"),
    ],
)
async def test_a_name_that_would_mislead_is_asked_again(world: World, name: str, says: str) -> None:
    """Announcements are addressed by such names: they must mean one thing."""
    committee, _ = await founded(world)
    await committee.sends("/teams")
    await committee.presses("办一个小组")
    await committee.sends(name)
    assert committee.sees(says)
    await committee.sends("合唱团")
    assert "介绍合唱团" in committee.last_message


async def test_nonsense_is_asked_again_and_changes_nothing(world: World) -> None:
    """Photos, stickers, a novel, a name nobody has: each question stays until it is answered or left."""
    committee = await director(world)
    await committee.sends("/teams")
    await committee.presses("办一个小组")
    await committee.sends_photo()
    await committee.sends_sticker()
    assert "叫什么名字" in committee.last_message
    await committee.sends("合唱团")
    await committee.sends("啦" * 301)
    await committee.sends_voice()
    assert committee.sees("最多 300 个字")
    await committee.sends("周末一起唱歌")
    await committee.sends("没有这个人")
    assert committee.sees("没找到「没有这个人」")
    await committee.sends_sticker()
    assert "谁来负责" in committee.last_message
    await committee.presses("取消")
    assert await world.rows("SELECT 1 FROM interest_groups") == []


async def test_two_of_one_name_are_told_apart_by_their_homes(world: World) -> None:
    """The committee sees where each of them lives, and a traditional spelling finds them too."""
    committee = await director(world)
    await world.resident("5", "1", "102", "陈秀英")
    other = world.newcomer("陈秀英")
    await other.sends("/join")
    await other.presses("2号楼", "1单元", "101", "业主", "就叫")
    await committee.sends("/teams")
    await committee.presses("办一个小组")
    await committee.sends("棋牌社")
    await committee.sends("下象棋")
    await committee.sends("陳秀英")
    assert committee.buttons[:2] == ["陈秀英 5号楼1单元 102", "陈秀英 2号楼1单元 101"]
    await committee.forges_answer("who", 4711)
    assert "不在小区的名册里" in committee.last_toast
    await committee.presses("2号楼1单元 101")
    assert other.sees("您现在是棋牌社的负责人")


async def test_a_restart_in_the_middle_loses_no_answer(world: World) -> None:
    """The bot is started anew between any two questions."""
    committee, neighbour = await director(world), await world.resident()
    await committee.sends("/teams")
    await committee.presses("办一个小组")
    for words in ("舞蹈队", "跳广场舞", "王奶奶"):
        await world.restart()
        await committee.sends(words)
    await world.restart()
    await committee.presses("王奶奶")
    assert neighbour.sees("您现在是舞蹈队的负责人")


async def test_only_the_committee_begins_one(world: World) -> None:
    """Neighbours and building leaders have no such button, and a forged one is refused."""
    for phone in (await world.resident(), await world.leader_of("3")):
        await phone.sends("/teams")
        assert not any("办一个小组" in label for label in phone.buttons)
        await phone.forges("team.new:1")
        assert "负责人或委员会" in phone.last_toast
    assert await world.rows("SELECT 1 FROM dialogs WHERE dialog = 'team'") == []


async def test_who_loses_the_post_halfway_begins_nothing(world: World) -> None:
    """The right is asked for where it is written, not where the question was put."""
    committee = await director(world)
    await world.resident()
    await committee.sends("/teams")
    await committee.presses("办一个小组")
    for words in ("舞蹈队", "跳广场舞", "王奶奶"):
        await committee.sends(words)
    await world.vacate(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    await committee.presses("王奶奶")
    assert "负责人或委员会" in committee.last_toast
    assert await world.rows("SELECT 1 FROM interest_groups") == []


# Leading -----------------------------------------------------------------------------------------------


async def test_a_leader_describes_the_group_and_sees_who_is_in_it(world: World) -> None:
    """Names are for the leader and the committee; everybody else sees how many there are."""
    committee, leader = await founded(world)
    neighbour = await world.resident("5", "1", "101", "刘强")
    await neighbour.forges("team.join:1")
    await leader.presses("管理", "改介绍")
    await leader.sends("周二、周四晚上，先热身")
    assert "介绍改好了" in leader.last_message
    await neighbour.sends("/teams")
    await neighbour.presses("舞蹈队")
    assert "先热身" in neighbour.last_message
    for phone in (leader, committee):
        await phone.forges("team.members:1")
        assert "1. 王奶奶（负责人）\n2. 刘强" in phone.last_message
    await neighbour.forges("team.members:1")
    assert "负责人或委员会" in neighbour.last_toast


async def test_a_member_has_no_say_in_leading(world: World) -> None:
    """Every button of the leader, forged by a member: refused, and nothing has changed."""
    await founded(world)
    neighbour = await world.resident("5", "1", "101", "刘强")
    await neighbour.forges("team.join:1")
    before = await world.contents()
    for verb in ("manage", "members", "about", "practice", "rest", "hand", "remove", "end"):
        await neighbour.forges(f"team.{verb}:1")
        assert "负责人或委员会" in neighbour.last_toast, verb
        await neighbour.forges(f"team.{verb}:99")
        assert "没有这个小组" in neighbour.last_toast, verb
        await neighbour.forges(f"team.{verb}:x")
        assert "不认识" in neighbour.last_toast, verb
    assert await world.contents() == before


async def test_a_leader_hands_over_and_has_no_more_say(world: World) -> None:
    """The successor is told and becomes a member; a question open before is refused at its end."""
    _, leader = await founded(world)
    successor = await world.resident("5", "1", "101", "刘强")
    await leader.presses("管理", "换负责人")
    await leader.sends("刘强")
    await leader.presses("刘强")
    assert "由 刘强 负责" in leader.last_message
    assert "您现在是舞蹈队的负责人" in successor.last_message
    await leader.forges("team.about:1")
    assert "负责人或委员会" in leader.last_toast
    await leader.sends("/teams")
    await leader.presses("舞蹈队")
    assert "2 人" in leader.last_message
    assert leader.buttons == ["退出"]


async def test_the_committee_replaces_a_leader(world: World) -> None:
    """Both are told; what the former leader was just typing is not written."""
    committee, leader = await founded(world)
    await world.resident("5", "1", "101", "刘强")
    await leader.presses("管理", "改介绍")
    await committee.forges("team.hand:1")
    await committee.sends("刘强")
    await committee.presses("刘强")
    assert "现在由 刘强 负责了" in leader.last_message
    await leader.sends("我还是负责人")
    assert "负责人或委员会" in leader.last_message
    (group,) = await world.rows("SELECT about FROM interest_groups")
    assert group["about"] == "每天早上跳广场舞，零基础也欢迎"


async def test_the_leader_cannot_just_go(world: World) -> None:
    """Neither by leaving nor by being taken out: a group always has somebody."""
    committee, leader = await founded(world)
    neighbour = await world.resident("5", "1", "101", "刘强")
    await neighbour.forges("team.join:1")
    await leader.forges("team.leave:1")
    assert "换负责人" in leader.last_toast
    await committee.forges("team.remove:1")
    assert not any("王奶奶" in label for label in committee.buttons)
    await committee.forges_answer("out", await leader.person_id())
    assert "换负责人" in committee.last_toast


async def test_a_member_is_taken_out_and_told(world: World) -> None:
    """A second tap on the same name says that they are gone."""
    _, leader = await founded(world)
    neighbour = await world.resident("5", "1", "101", "刘强")
    await neighbour.forges("team.join:1")
    await leader.presses("管理", "成员名单", "移出一位", "刘强")
    assert "已把 刘强 移出舞蹈队" in leader.last_message
    assert "您已不在舞蹈队里了" in neighbour.last_message
    await neighbour.forges("team.join:1")
    await leader.forges("team.remove:1")
    await neighbour.forges("team.leave:1")
    await leader.presses("刘强")
    assert "已经不在小组里" in leader.last_toast


async def test_a_group_ends(world: World) -> None:
    """Its members are told; old buttons say so; the name is free again."""
    _, leader = await founded(world)
    neighbour = await world.resident("5", "1", "101", "刘强")
    await neighbour.forges("team.join:1")
    await leader.presses("管理", "解散小组")
    await leader.sends("好吧")
    assert "真的要解散" in leader.last_message
    await leader.presses("确定解散")
    assert "已解散" in leader.last_message
    assert "舞蹈队解散了" in neighbour.last_message
    for verb in ("join", "leave", "manage"):
        await neighbour.forges(f"team.{verb}:1")
        assert "已经解散了" in neighbour.last_toast
    await neighbour.sends("/teams")
    assert "还没有兴趣小组" in neighbour.last_message
    await neighbour.forges("team.show:1")
    assert "这个小组已经解散了" in neighbour.last_message
    await founded(world)


async def test_at_night_the_leader_is_not_woken(world: World) -> None:
    """A newcomer at eleven in the evening arrives without a sound."""
    _, leader = await founded(world)
    neighbour = await world.resident("5", "1", "101", "刘强")
    await world.until(23)
    heard = len(world.telegram.calls)
    await neighbour.forges("team.join:1")
    assert "刘强 加入了" in leader.last_message
    calls = [call.parameters for call in list(world.telegram.calls)[heard:]]
    told = [call for call in calls if str(call.get("chat_id")) == str(leader.user.id)]
    assert [call.get("disable_notification") for call in told] == ["true"]


@pytest.mark.parametrize(
    ("language", "listed", "card", "joined"),
    [
        ("zh-hant", "小區裡的興趣小組", "負責人：王奶奶", "歡迎加入舞蹈队！"),
        ("en", "Interest groups here", "Leader: 王奶奶", "Welcome to 舞蹈队!"),
    ],
)
async def test_in_other_languages(world: World, language: str, listed: str, card: str, joined: str) -> None:
    """The same, for those who read something else."""
    await founded(world)
    neighbour = await world.resident("5", "1", "101", "Ann", language=language)
    await neighbour.sends("/teams")
    assert listed in neighbour.last_message
    await neighbour.presses("舞蹈队")
    assert card in neighbour.last_message
    await neighbour.presses("🙋")
    assert neighbour.last_toast == joined


# Practice ----------------------------------------------------------------------------------------------


async def practising(leader: Phone, words: str = "每周二、四晚上7点到9点", place: str = "中心广场") -> None:
    """The leader says when and where the group meets."""
    await leader.forges("team.practice:1")
    await leader.sends(words)
    await leader.sends(place)
    await leader.presses("就这样定")
    assert "定好了" in leader.last_message


async def test_practice_in_words_is_shown_back(world: World) -> None:
    """What was understood stands there with the next dates before anything is written."""
    _, leader = await founded(world)
    await leader.presses("管理", "练习时间")
    await leader.sends("每周二、四晚上7点到9点，节假日休息")
    await leader.sends("中心广场")
    shown = leader.last_message
    assert "每周二、四 19:00–21:00，节假日休息，中心广场" in shown
    assert "11月24日（周二）19:00\n· 11月26日（周四）19:00\n· 12月1日（周二）19:00" in shown
    assert await world.rows("SELECT 1 FROM interest_groups WHERE practice IS NOT NULL") == []
    await leader.presses("就这样定")
    neighbour = await world.resident("5", "1", "101", "刘强")
    await neighbour.sends("/teams")
    assert "每周二、四 19:00–21:00" in neighbour.last_message
    await neighbour.presses("舞蹈队")
    assert "接下来：11月24日（周二）19:00、11月26日" in neighbour.last_message


async def test_what_may_mean_two_hours_is_asked(world: World) -> None:
    """Seven in the morning or in the evening: two buttons, or the number typed."""
    _, leader = await founded(world)
    await leader.presses("管理", "练习时间")
    await leader.sends("每周二7点")
    assert leader.buttons[:2] == ["每周二 07:00", "每周二 19:00"]
    await leader.forges_answer("rule", 7)
    assert "请点一个按钮" in leader.messages[-2].text
    await leader.sends("2")
    await leader.sends("中心广场")
    assert "每周二 19:00" in leader.last_message


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("有空就来", "没看懂"),
        ("每周二、四", "还差几点钟"),
        ("每月十五", "还差几点钟"),
        ("每月32号晚上7点", "没看懂"),
        ("", "没看懂"),
    ],
)
async def test_a_practice_nobody_understands(world: World, words: str, says: str) -> None:
    """An example of how to say it, and the same question."""
    _, leader = await founded(world)
    await leader.presses("管理", "练习时间")
    if words:
        await leader.sends(words)
    else:
        await leader.sends_photo()
    assert says in leader.messages[-2].text
    assert "什么时候练习" in leader.last_message


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("每天早上6点半", "每天 06:30"),
        ("每月第一个周六上午9点", "每月第一个周六 09:00"),
        ("每月最后一个周日下午3点", "每月最后一个周日 15:00"),
        ("每月1、15号19:00", "每月1日、15日 19:00"),
        ("每月底晚上8点", "每月最后一天 20:00"),
        ("每月初一、十五早上8点", "农历每月初一、十五 08:00"),
        ("每周六晚上12点", "每周六 00:00"),
    ],
)
async def test_every_kind_of_practice_has_its_words(world: World, words: str, shown: str) -> None:
    """Weekly, monthly, by the lunar month."""
    _, leader = await founded(world)
    await practising(leader, words)
    await leader.forges("team.show:1")
    assert f"练习：{shown}" in leader.last_message


async def test_the_place_of_last_time_is_offered(world: World) -> None:
    """Changing the hour does not mean typing the place again; a novel is no place."""
    _, leader = await founded(world)
    await practising(leader)
    await leader.forges("team.practice:1")
    await leader.sends("每周三晚上7点")
    await leader.sends("广" * 61)
    assert leader.sees("最多 60 个字")
    await leader.presses("中心广场", "就这样定")
    await leader.forges("team.show:1")
    assert "练习：每周三 19:00，中心广场" in leader.last_message


async def made(world: World) -> list[str]:
    """When the activities made so far begin, in the compound, in their order."""
    rows = await world.rows("SELECT starts_at, state FROM activities ORDER BY starts_at")
    return [f"{from_micros(row['starts_at']).astimezone(SHANGHAI):%m-%d %H:%M}" for row in rows]


async def test_practice_makes_its_activities_by_itself(world: World) -> None:
    """Three days ahead, each date once, however often the clock looks and whenever the bot starts anew."""
    _, leader = await founded(world)
    await practising(leader)
    await world.tick()
    # Today at seven, and Thursday.
    assert await made(world) == ["11-24 19:00", "11-26 19:00"]
    for _ in range(3):
        await world.restart()
        await world.tick()
    assert len(await made(world)) == 2
    await world.live_through(days=8)
    assert await made(world) == ["11-24 19:00", "11-26 19:00", "12-01 19:00", "12-03 19:00"]
    (first, *_) = await world.rows("SELECT * FROM activities ORDER BY starts_at")
    assert (first["title"], first["place"], first["state"]) == ("舞蹈队练习", "中心广场", "open")
    assert first["ends_at"] - first["starts_at"] == 2 * 3600 * 1_000_000


async def test_after_downtime_there_is_no_backlog(world: World) -> None:
    """Two weeks away: what is past stays past, what is near is made."""
    _, leader = await founded(world)
    await practising(leader)
    await world.tick()
    await world.later(days=14)
    assert await made(world) == ["11-24 19:00", "11-26 19:00", "12-08 19:00", "12-10 19:00"]


async def test_a_night_is_waited_for(world: World) -> None:
    """Set at eleven in the evening, it is made at eight."""
    _, leader = await founded(world)
    await world.until(23)
    await practising(leader)
    await world.tick()
    assert await made(world) == []
    await world.until(8)
    assert await made(world) == ["11-26 19:00"]


async def test_holidays_are_left_out_where_that_was_asked(world: World) -> None:
    """Over New Year: 1 January 2027 is a Friday, and the dance team rests."""
    _, leader = await founded(world)
    await practising(leader, "每周五晚上7点，节假日休息")
    await world.live_through(timedelta(hours=6), days=45)
    assert await made(world) == [
        "11-27 19:00", "12-04 19:00", "12-11 19:00", "12-18 19:00", "12-25 19:00", "01-08 19:00",
    ]  # fmt: skip


async def test_another_hour_does_not_double_a_day(world: World) -> None:
    """What has been made stays; the new practice begins with the next day that has none."""
    _, leader = await founded(world)
    await practising(leader)
    await world.tick()
    await practising(leader, "每周二、四晚上8点")
    await world.live_through(days=5)
    assert await made(world) == ["11-24 19:00", "11-26 19:00", "12-01 20:00"]


async def test_a_pause_makes_nothing_more(world: World) -> None:
    """Until the practice is set anew."""
    _, leader = await founded(world)
    await practising(leader)
    await world.tick()
    await leader.forges("team.manage:1")
    await leader.presses("暂停练习")
    assert "练习先停了" in leader.last_message
    await world.live_through(days=8)
    assert len(await made(world)) == 2
    await practising(leader)
    await world.tick()
    assert await made(world) == ["11-24 19:00", "11-26 19:00", "12-03 19:00"]


async def test_the_end_of_a_group_cancels_what_is_to_come(world: World) -> None:
    """Nobody stands in the square for a practice of a group that exists no longer."""
    _, leader = await founded(world)
    await practising(leader)
    await world.tick()
    await leader.forges("team.end:1")
    await leader.presses("确定解散")
    states = await world.rows("SELECT state FROM activities")
    assert [row["state"] for row in states] == ["cancelled", "cancelled"]
    await world.live_through(days=8)
    assert len(await made(world)) == 2


# With announcements and activities ---------------------------------------------------------------------


async def test_members_are_invited_to_practice_and_nobody_else(world: World) -> None:
    """The card comes by itself, is signed up for, and the reminder before it too."""
    _, leader = await founded(world)
    member = await world.resident("5", "1", "101", "刘强")
    outsider = await world.resident("2", "1", "101", "赵敏")
    await member.forges("team.join:1")
    await practising(leader, "每周四晚上7点到9点")
    for phone in (member, outsider):
        await phone.forgets()
    await world.live_through(timedelta(seconds=20), minutes=2)
    assert "舞蹈队练习" in member.last_message
    assert "11月26日（周四）19:00–21:00" in member.last_message
    await member.presses("我去")
    assert "报上了" in member.last_toast
    await member.forgets()
    await world.live_through(days=2, hours=7)
    assert sum("别忘了" in told for told in member.new_messages) == 2
    assert outsider.new_messages == []


async def test_a_leader_tells_the_members_something(world: World) -> None:
    """Without any post: /announce offers the group, and whoever is in it gets the message."""
    _, leader = await founded(world)
    member = await world.resident("5", "1", "101", "刘强")
    outsider = await world.resident("2", "1", "101", "赵敏")
    await member.forges("team.join:1")
    await outsider.forgets()
    await leader.sends("/announce")
    await leader.sends("今晚带水壶")
    await leader.presses("舞蹈队", "发出")
    await world.live_through(timedelta(seconds=20), minutes=1)
    assert "今晚带水壶" in member.last_message
    assert outsider.new_messages == []


def offered(phone: Phone) -> set[str]:
    """The commands offered in somebody's chat."""
    scope = {"type": "chat", "chat_id": phone.user.id}
    commands = phone.world.telegram.call(phone.world.telegram.token, "getMyCommands", {"scope": scope})
    return {command["command"] for command in commands.result}


async def test_the_commands_follow_the_leader(world: World) -> None:
    """Who leads a group is offered what that takes, and no more of it afterwards."""
    committee, leader = await founded(world)
    successor = await world.resident("5", "1", "101", "刘强")
    leading = {"announce", "activity", "groups"}
    assert leading <= offered(leader)
    assert "work" not in offered(leader)
    await leader.forges("team.hand:1")
    await leader.sends("刘强")
    await leader.presses("刘强")
    assert leading.isdisjoint(offered(leader))
    assert leading <= offered(successor)
    await committee.forges("team.end:1")
    await committee.presses("确定解散")
    assert leading.isdisjoint(offered(successor))


async def test_a_leader_is_not_told_who_lives_here(world: World) -> None:
    """Half a name finds somebody for the committee; who only leads the group must know the whole name."""
    committee, leader = await founded(world)
    await world.resident("5", "1", "101", "刘强")
    await leader.presses("管理", "换负责人")
    await leader.sends("刘")
    assert leader.sees("没找到「刘」")
    await leader.presses("取消")
    await committee.forges("team.hand:1")
    await committee.sends("刘强")
    assert any("刘强" in label for label in committee.buttons)
