"""The ways around: menus by role, languages, the contact card, and no hole for free text to fall into."""

import pytest

from bot.actions.directory import APPOINT_PREFIX
from bot.domain.posts import PostKind
from bot.storage.store import Store
from tests.world import Phone, World

RESIDENTS = [
    *("report", "my", "find", "card", "activities", "teams", "mute"),
    *("join", "homes", "me", "big", "language", "help"),
]
LEADERS = [
    *("work", "proxy", "requests", "announce", "announcements", "activity", "roster", "away"),
    *("groups", "cards", "posts", "stats", "replies"),
    *RESIDENTS,
]


def commands(phone: Phone) -> list[str]:
    """The commands offered in somebody's chat."""
    scope = {"type": "chat", "chat_id": phone.user.id}
    offered = phone.world.telegram.call(phone.world.telegram.token, "getMyCommands", {"scope": scope})
    return [command["command"] for command in offered.result]


async def test_the_first_hello(world: World) -> None:
    """A newcomer reads what this is, how to begin, and gets the four big buttons."""
    newcomer = world.newcomer()
    await newcomer.sends("/start")
    assert "我是连心" in newcomer.last_message
    assert "/join" in newcomer.last_message
    assert newcomer.keyboard == ["📝 报事", "📋 我的事", "📇 连心卡", "☰ 更多"]
    resident = await world.resident()
    await resident.sends("/start")
    assert "/join" not in resident.last_message


async def test_menus_follow_the_role(world: World) -> None:
    """Who holds a post is offered /work, in the commands, the help and under 更多; others are not."""
    leader, resident = await world.leader_of("3"), await world.resident()
    assert commands(leader) == LEADERS
    for phone, has_work in ((leader, True), (resident, False)):
        await phone.sends("/help")
        assert ("/work" in phone.last_message) == has_work
        await phone.sends("☰ 更多")
        assert ("待办的事" in phone.buttons) == has_work
        assert sum(label.startswith("转人工") for label in phone.buttons) == 1
    await leader.presses("待办的事")
    assert "没有待办" in leader.last_message
    await resident.sends("/work")
    assert "没有任职" in resident.last_message


async def test_every_button_under_more_leads_somewhere(world: World) -> None:
    """登记住址, 语言, 怎么用, 转人工."""
    resident = await world.resident()
    for label, says in (
        ("登记住址", "哪一栋"),
        ("语言", "Choose your language"),
        ("怎么用", "怎么用连心"),
        ("转人工", "王秀兰"),
    ):
        await resident.sends("更多")
        await resident.presses(label)
        assert says in resident.last_message


@pytest.mark.parametrize(
    ("locale", "report", "mine", "question"),
    [
        ("简体中文", "📝 报事", "📋 我的事", "请说说是什么事"),
        ("繁體中文", "📝 報事", "📋 我的事", "請說說是什麼事"),
        ("English", "📝 Report", "📋 My issues", "What is wrong"),
    ],
)
async def test_three_languages(world: World, locale: str, report: str, mine: str, question: str) -> None:
    """/language changes answers, keyboard and commands at once."""
    leader = await world.leader_of("3")
    await leader.sends("/language")
    await leader.presses(locale)
    assert leader.keyboard[:2] == [report, mine]
    await leader.sends(report)
    assert question in leader.last_message
    assert commands(leader) == LEADERS


async def test_the_keyboards_words_work_in_every_language(world: World) -> None:
    """An old keyboard in another language, or the word typed without its picture, still does it."""
    resident = await world.resident()
    for word in ("报事", "📝 報事", "Report", "REPORT", "報事"):
        await resident.forgets()
        await resident.sends(word)
        assert "请说说是什么事" in resident.new_messages[-1], word


async def test_the_language_of_the_phone_is_spoken_from_the_start(world: World) -> None:
    """Nobody has to choose before they understand."""
    for language, hello in (("en", "Lianxin"), ("zh-hant", "連心"), ("fr", "连心")):
        newcomer = world.newcomer(language=language)
        await newcomer.sends("/start")
        assert hello in newcomer.last_message


async def test_free_text_never_falls_into_a_hole(world: World) -> None:
    """Whatever is said is answered, once, with a way on."""
    resident = await world.resident()
    # Who was not understood twice is offered simple mode, not again this week.
    await resident.sends("嗯")
    await resident.sends("嗯")
    for said in (
        "你好",
        "👍",
        "👍👍👍",
        "12345",
        "3",
        "？",
        "谢谢",
        "嗯",
        "ok",
        "…",
        "/nonsense",
        "/nonsense 3",
    ):
        await resident.forgets()
        await resident.sends(said)
        assert len(resident.new_messages) == 1, said
        if resident.messages[-1].buttons:
            await resident.presses("不是报事")
        else:
            assert "有事" in resident.last_message or "/join" in resident.last_message


async def test_an_old_question_is_answered_with_the_way_to_the_new_one(world: World) -> None:
    """A button of a question long past, of nothing at all, and cancel with nothing to cancel."""
    resident = await world.resident()
    await resident.sends("/cancel")
    assert "没有正在填" in resident.last_message
    await resident.presses("就叫")
    assert "已经过去" in resident.last_toast
    await resident.forges("nonsense")
    assert "不认识" in resident.last_toast
    await resident.forges("menu.locale:xx")
    assert "不认识" in resident.last_toast


async def test_a_step_that_is_gone_after_an_upgrade(world: World) -> None:
    """The question no longer exists: an apology, and what was said now is heard."""
    resident = await world.resident()
    await resident.sends("楼道灯坏了")
    await world.rows("UPDATE dialogs SET step = 'gone'")
    await resident.presses("照明")
    assert "已经过去" in resident.last_toast
    await resident.sends("水管漏水了")
    assert resident.sees("刚升级过")
    assert "水电气" in "".join(resident.buttons)


async def test_back_undoes_one_step_at_a_time(world: World) -> None:
    """From the name back to the unit, and on again another way."""
    resident = world.newcomer()
    await resident.sends("/join")
    await resident.presses("3号楼", "2单元", "502", "业主", "返回", "返回")
    assert "哪一户" in resident.last_message
    await resident.sends("返回")
    assert "哪个单元" in resident.last_message
    await resident.presses("1单元", "101", "家人", "就叫")
    assert "3号楼1单元 101" in resident.last_message


# The contact card ---------------------------------------------------------------------------------------


async def test_the_card_of_my_building(world: World) -> None:
    """R15: from the entrance up to the compound, phones that can be tapped, hidden ones hidden, then 110."""
    resident = await world.resident()
    await resident.sends("📇 连心卡")
    card = resident.last_message
    order = [
        "林志远",
        "王秀兰",
        "赵小军",
        "刘永福",
        "高玉梅",
        "罗建群",
        "杨守信",
        "蒋国华",
        "谢文静",
        "119",
        "110",
        "120",
        "12345",
    ]
    places = [card.index(one) for one in order]
    assert places == sorted(places)
    assert "王秀兰　13900000010（每天 8:00–21:00）" in card
    assert "13900000021" not in card  # the entrance leader's phone is not to be shown
    assert not any(name in card for name in ("陈淑芬", "马丽华"))  # other buildings and entrances


async def test_an_empty_post_stands_on_the_card(world: World) -> None:
    """Building 5 has no leader: the card says so."""
    resident = await world.resident("5", "1", "101")
    await resident.sends("/card")
    assert "楼栋长：空缺" in resident.last_message


async def test_a_card_for_each_building(world: World) -> None:
    """Two homes, two cards; who has no home yet gets the compound's."""
    resident = await world.resident()
    await resident.sends("/join")
    await resident.sends("1号楼1单元101")
    await resident.presses("业主")
    await resident.forgets()
    await resident.sends("/card")
    assert ["王秀兰" in resident.new_messages[0], "陈淑芬" in resident.new_messages[1]] == [True, True]
    newcomer = world.newcomer()
    await newcomer.sends("/card")
    assert "蒋国华" in newcomer.last_message
    assert "王秀兰" not in newcomer.last_message


async def test_a_leader_sees_every_entrance_of_the_building(world: World) -> None:
    """Their card names all entrance leaders; the director's is the compound's."""
    leader = await world.leader_of("2")
    await leader.sends("/card")
    assert "朱大勇" in leader.last_message
    assert "胡春香" in leader.last_message
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    await director.sends("/card")
    assert "杨守信" in director.last_message
    assert "李德明" not in director.last_message


async def test_with_two_compounds_a_stranger_still_gets_110(world: World) -> None:
    """Nobody knows whose card to show, but help must be one tap away."""
    await world.another_compound()
    newcomer = world.newcomer()
    await newcomer.sends("/card")
    assert "/join" in newcomer.last_message
    assert "110" in newcomer.last_message
    assert "蒋国华" not in newcomer.last_message


@pytest.mark.parametrize("words", ["谢谢", "好的", "早上好", "👍", "收到，辛苦了"])
async def test_a_kind_word_is_answered_with_one(world: World, words: str) -> None:
    """Thanks after a closing is no report, and needs no question."""
    resident = await world.resident()
    await resident.sends(words)
    assert "有事随时说" in resident.last_message
    assert not resident.messages[-1].buttons


async def test_a_large_committee_fits_on_the_card(world: World) -> None:
    """Forty members with long duties: some of them, how many more, and still every other post and number."""
    resident = await world.resident()
    await world.rows("UPDATE posts SET duty = REPLACE(PRINTF('%500s', ''), ' ', '事')")
    committee = await world.rows("SELECT id FROM posts WHERE kind = 'self_management_committee'")
    async with world.database.transaction() as connection:
        store = Store(connection)
        for _ in range(40):
            person_id = await store.people.new(world.clock.now)
            await store.people.put_details(person_id, "新委员" * 10, "13900001111")
            await store.posts.appoint(committee[0]["id"], person_id, world.clock.now)
    await resident.sends("/card")
    card = resident.last_message
    for shown in ("王秀兰", "赵小军", "高玉梅", "杨守信", "蒋国华", "谢文静", "12345"):
        assert shown in card
    assert card.count("自管委") + int(card.partition("还有 ")[2].partition(" 位")[0]) == 43
    assert await world.rows("SELECT 1 FROM outbox WHERE state = 'buried'") == []


async def test_the_commands_end_with_the_post(world: World) -> None:
    """Who hands over the post is not offered /work any longer; who takes it up is."""
    former = await world.leader_of("3")
    assert commands(former) == LEADERS
    successor = world.newcomer("新楼长")
    await successor.opens(APPOINT_PREFIX + await world.invitation(PostKind.BUILDING_LEADER, "3"))
    assert commands(former) == RESIDENTS
    assert commands(successor) == LEADERS


async def test_a_changed_message_is_not_passed_over_in_silence(world: World) -> None:
    """Telegram lets people correct what they sent: what belongs to nothing any more is to be sent anew."""
    resident = await world.resident()
    number = resident.user.sends(None, "3栋2单元楼道灯坏了")
    await world.settle()
    await resident.presses("取消")
    before = await world.rows("SELECT * FROM dialogs")
    resident.user.edits(None, number, "5栋2单元楼道灯坏了")
    await world.settle()
    assert "另发一条" in resident.last_message
    assert await world.rows("SELECT * FROM dialogs") == before
