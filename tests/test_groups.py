"""Groups: the bot is quiet unless spoken to, and nothing personal is said there."""

from bot.domain.posts import PostKind
from bot.sandbox.people import Group
from tests.world import Phone, World


def said(phone: Phone, group: Group) -> list[str]:
    """What the bot has said in the group."""
    return [message.text for message in phone.user.chat(group) if message.from_bot]


async def neighbours(world: World) -> tuple[Phone, Phone, Group]:
    """The leader and a resident of building 3 in their group."""
    leader, resident = await world.leader_of("3"), await world.resident()
    group = world.group("3号楼邻里群", leader, resident)
    await world.settle()
    return leader, resident, group


async def test_one_hello_and_then_quiet(world: World) -> None:
    """The bot says hello once, however often its rights change, and does not join in the talk."""
    leader, resident, group = await neighbours(world)
    assert len(said(resident, group)) == 1
    group.promote_bot(leader.user)
    group.demote_bot(leader.user)
    for words in ("三栋楼道灯坏了", "报事", "着火了", "@somebody 你好"):
        resident.user.sends(group, words)
    resident.user.sends_photo(group, "看看")
    resident.user.sends_sticker(group)
    await world.settle()
    assert len(said(resident, group)) == 1
    assert await world.rows("SELECT * FROM issues") == []


async def test_spoken_to_it_points_to_the_private_chat(world: World) -> None:
    """A command, a mention, a reply: one line, with a button that opens the report in private."""
    _, resident, group = await neighbours(world)
    hello = next(message.id for message in resident.user.chat(group) if message.from_bot)
    resident.user.sends(group, "/my")
    resident.user.sends(group, f"@{world.telegram.bot_username} 三栋灯坏了")
    resident.user.replies(group, hello, "灯坏了")
    await world.settle()
    answers = said(resident, group)[1:]
    assert len(answers) == 3
    assert all("私聊" in answer for answer in answers)
    button = resident.user.chat(group)[-1].buttons[0][0]
    assert button.url == f"https://t.me/{world.telegram.bot_username}?start=report"
    await resident.opens("report")
    assert "请说说是什么事" in resident.last_message


async def test_an_anonymous_admin_has_no_rights(world: World) -> None:
    """Who hides behind the group is told to come as themselves."""
    leader = await world.leader_of("3")
    group = world.telegram.group("3号楼邻里群", leader.user, supergroup=True)
    group.add_bot(leader.user)
    leader.user.sends(group, "/work", anonymous=True)
    await world.settle()
    assert "匿名管理员在这里办不了事" in said(leader, group)[-1]


async def test_nothing_personal_is_said_in_a_group(world: World) -> None:
    """Private buttons forged in the group: a notice for the one who pressed, not a word to the rest."""
    leader, resident, group = await neighbours(world)
    await resident.reports("楼道灯坏了", "照明")
    before = said(resident, group)
    hello = next(message.id for message in resident.user.chat(group) if message.from_bot)
    for phone, data in (
        (resident, "my.list"),
        (leader, "issue.show:1"),
        (leader, "issue.accept:1"),
        (leader, "d:1:x"),
    ):
        phone.user.forges(group, hello, data)
        await world.settle()
        assert "私聊" in phone.last_toast
    assert said(resident, group) == before
    assert (await world.issue()).state == "open"


async def test_who_only_speaks_in_a_group_is_not_written_to(world: World) -> None:
    """They are answered there; in private they are met when they come."""
    _, _, group = await neighbours(world)
    stranger = world.newcomer()
    group.add(stranger.user)
    stranger.user.sends(group, "/help")
    await world.settle()
    assert "私聊" in said(stranger, group)[-1]
    assert stranger.messages == []
    await stranger.sends("/start")
    assert "我是连心" in stranger.last_message


async def test_blocked_is_noted_and_coming_back_too(world: World) -> None:
    """Who stops the bot is passed over; who returns gets issues again."""
    leader, resident = await world.leader_of("3"), await world.resident()
    leader.user.blocks_bot()
    await world.settle()
    await resident.sends("楼道灯坏了")
    await resident.presses("照明")
    assert "楼栋长 王秀兰" not in resident.last_message
    await resident.presses("取消")
    await leader.opens("")
    await resident.reports("楼道灯坏了", "照明")
    assert leader.may_press("接单")


async def test_a_changed_word_in_a_group_is_left_alone(world: World) -> None:
    """The bot has answered once; correcting the message is no reason to speak again."""
    leader, _, group = await neighbours(world)
    number = leader.user.sends(group, f"@{world.rules.bot_name} 在吗")
    await world.settle()
    before = said(leader, group)
    leader.user.edits(group, number, f"@{world.rules.bot_name} 在不在")
    await world.settle()
    assert said(leader, group) == before
    assert before


async def test_a_leader_who_blocks_the_bot_is_missed(world: World) -> None:
    """The committee is told once, and whom to call; new issues go to the next in line."""
    leader = await world.leader_of("3")
    member = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    leader.user.blocks_bot()
    await world.settle()
    assert "联系不上了" in member.last_message
    await member.forgets()
    resident = await world.resident("3")
    await resident.reports()
    assert not any("联系不上了" in text for text in member.new_messages)
    assert "自管委" in resident.last_message
