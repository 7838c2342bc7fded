"""代報: somebody responsible reports for who is not on the bot, hears for them, and answers for them (L7)."""

import pytest

from bot.actions.directory import APPOINT_PREFIX
from bot.domain.posts import PostKind
from tests.world import Phone, World

NUMBER = "261124-001"


@pytest.fixture
async def manager(world: World) -> Phone:
    """蒋国华, the property manager, who has lifts and water."""
    return await world.holder(PostKind.PROPERTY_MANAGER)


async def by_phone(
    proxy: Phone, words: str = "厨房水管漏水", category: str = "水电气", home: str = "3-2-501"
) -> None:
    """Somebody new rings up: six answers, tapped or typed, from the command to the number."""
    await proxy.sends("/proxy")
    await proxy.sends(home)
    await proxy.sends("王奶奶 13800000000")
    await proxy.presses("电话")
    await proxy.sends(words)
    await proxy.presses(category, "提交")


async def resolve(handler: Phone, *, with_photo: bool = False) -> None:
    """Say that it is done."""
    await handler.presses("办结")
    await handler.sends("换好了")
    if with_photo:
        await handler.sends_photo()
    await handler.presses("提交办结")


async def test_an_elder_rings_up(world: World, leader: Phone, manager: Phone) -> None:
    """Home, name, how, words, kind, send: six answers to a number, in her name, at her home, on record."""
    await by_phone(leader)
    assert "已登记 261124-001" in leader.last_message
    assert "代王奶奶（3号楼2单元 501，电话）报" in leader.last_message
    assert "有进展我会请您转告" in leader.last_message
    issue = await world.issue()
    proxy_id = await leader.person_id()
    assert issue.proxy is not None
    assert (issue.proxy.person_id, issue.proxy.source) == (proxy_id, "phone")
    assert issue.reporter_id != proxy_id
    assert (issue.place.kind, issue.place.unit_id) == ("unit", issue.proxy.unit_id)
    (home,) = await world.rows("SELECT * FROM residencies")
    assert (home["person_id"], home["state"]) == (issue.reporter_id, "approved")
    assert home["decided_by"] == proxy_id
    (kept,) = await world.rows("SELECT * FROM changes WHERE action = 'issue.proxy'")
    assert (kept["actor_id"], kept["person_id"]) == (proxy_id, issue.reporter_id)
    assert not {"王奶奶", "13800000000"} & set(kept["facts"].split('"'))
    card = manager.last_message
    assert "报事人：王奶奶\n📣 王秀兰 代报，电话" in card
    assert "13800000000" not in card


async def test_her_slip_of_paper_is_photographed(leader: Phone, manager: Phone) -> None:
    """By paper, with a photo of it: the picture is the report, and goes to who has it."""
    await leader.sends("/work")
    await leader.presses("代报一件事", "2单元 501")
    await leader.sends("王奶奶")
    await leader.presses("纸条")
    await leader.sends_photo()
    await leader.presses("水电气", "提交")
    assert "代王奶奶（3号楼2单元 501，纸条）报" in leader.last_message
    assert any(message.photos for message in manager.messages)
    assert "代报，纸条" in manager.last_message


async def test_what_she_would_be_told_is_to_be_passed_on(world: World, leader: Phone, manager: Phone) -> None:
    """Each step reaches who reported for her, word for word, with her phone one logged tap away."""
    await by_phone(leader)
    await manager.presses("接单")
    assert leader.last_message.startswith("📣 请转告王奶奶（3号楼2单元 501）：")
    assert "物业经理 蒋国华 接单了" in leader.last_message
    await leader.presses("王奶奶的电话")
    assert "王奶奶：13800000000" in leader.last_message
    (view,) = await world.rows("SELECT viewer_id, person_id FROM phone_views")
    issue = await world.issue()
    assert (view["viewer_id"], view["person_id"]) == (await leader.person_id(), issue.reporter_id)
    await manager.presses("回复")
    await manager.sends("下午三点上门，家里有人吗")
    assert "请转告王奶奶" in leader.last_message
    assert "下午三点上门" in leader.last_message
    await leader.presses("回复")
    await leader.sends("她说在家")
    assert manager.sees("她说在家")


async def test_whether_it_is_fixed_is_asked_of_her_through_the_proxy(
    world: World, leader: Phone, manager: Phone
) -> None:
    """The yes says how she was asked, counts apart from her own, and the rating is hers, passed on."""
    await by_phone(leader)
    await manager.presses("接单")
    await resolve(manager)
    assert "问过本人了吗" in leader.last_message
    assert leader.buttons[:3] == ["👍 打电话问过，好了", "👍 上门看过，好了", "👎 没解决"]
    await leader.forges("issue.confirm:1")
    assert "请先打电话或上门问过本人" in leader.last_toast
    await leader.forges("issue.vouch:1:paper")
    assert (await world.issue()).state == "resolved"
    await leader.presses("上门看过")
    issue = await world.issue()
    assert (issue.state, issue.closed_how) == ("closed", "confirmed_by_proxy")
    event = (await world.history())[-1]
    assert event.actor_id == await leader.person_id()
    assert (event.facts["by_proxy"], event.facts["how"], event.facts["own_case"]) == (True, "visit", False)
    assert manager.sees("托人回话")
    assert "觉得办得怎么样" in leader.last_message
    await leader.presses("😊 满意")
    assert (await world.issue()).rating == "satisfied"


async def test_not_fixed_says_she(world: World, leader: Phone, manager: Phone) -> None:
    """A dispute through the proxy goes back to the handler and up, and stands in the history as hers."""
    await by_phone(leader)
    await manager.presses("接单")
    await resolve(manager)
    await leader.presses("没解决")
    await leader.sends("她说还在滴水")
    issue = await world.issue()
    assert (issue.state, issue.reopen_count) == ("accepted", 1)
    assert manager.sees("她说还在滴水")
    await resolve(manager)
    await leader.presses("打电话问过")
    await leader.presses("🙂 基本满意")
    await leader.sends("/my")
    assert "代王奶奶（3号楼2单元 501）报" in leader.last_message
    await leader.presses(NUMBER)
    await leader.presses("经过")
    assert "代报人 说没解决" in leader.last_message
    await leader.forges("issue.reopen:1")
    await leader.sends("又漏了")
    assert (await world.issue()).reopen_count == 2


async def test_nobody_judges_their_own_case(world: World, leader: Phone) -> None:
    """Who reports for her and has it too is asked whether they asked her, and cannot rate themselves."""
    await by_phone(leader, "楼道灯坏了", "照明")
    await leader.presses("接单")
    assert not leader.sees("请转告")
    await resolve(leader, with_photo=True)
    assert leader.sees("问过本人了吗")
    await leader.forges("issue.confirm:1")
    assert (await world.issue()).state == "resolved"
    await leader.presses("打电话问过")
    issue = await world.issue()
    assert issue.closed_how == "confirmed_by_proxy"
    assert (await world.history())[-1].facts["own_case"] is True
    assert not leader.sees("觉得办得怎么样")
    await leader.forges("issue.rate:1:satisfied")
    assert "评价要由本人来给" in leader.last_toast
    assert (await world.issue()).rating is None


async def test_own_case_is_found_again_to_be_answered(world: World, leader: Phone) -> None:
    """After /work and /my the question is still one tap away, and seven silent days end it as no reply."""
    await by_phone(leader, "楼道灯坏了", "照明")
    await leader.presses("接单")
    await resolve(leader, with_photo=True)
    await leader.sends("/my")
    await leader.presses(NUMBER)
    assert leader.may_press("上门看过")
    await world.live_through(days=8)
    assert (await world.issue()).closed_how == "no_reply"
    assert leader.sees("请转告王奶奶")


async def test_about_the_one_who_enters_it(world: World, leader: Phone) -> None:
    """A complaint about who enters it goes past them: they neither hear of it any more nor answer for her."""
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    await leader.sends("/proxy")
    await leader.sends("3-2-501")
    await leader.sends("王奶奶")
    await leader.presses("上门")
    await leader.sends("楼栋长把楼道灯关了不给开")
    await leader.presses("照明", "与负责人本人有关", "提交")
    assert "后面的进展不用您转告" in leader.last_message
    assert (await world.issue()).handler_id == await deputy.person_id()
    await leader.forgets()
    await deputy.presses("接单")
    await resolve(deputy, with_photo=True)
    assert leader.new_messages == []
    await leader.forges("issue.vouch:1:phone")
    assert "没有这件事" in leader.last_toast
    assert (await world.issue()).state == "resolved"
    await leader.sends("/my")
    assert NUMBER not in leader.last_message


async def test_no_name_is_left(world: World, leader: Phone, manager: Phone) -> None:
    """不留名: only the home is known; nobody is entered for it, and no phone is offered."""
    await leader.sends("/proxy")
    await leader.sends("3号楼2单元501")
    await leader.presses("不留名", "上门")
    await leader.sends("水管漏水")
    await leader.presses("水电气", "提交")
    assert "代一位住户（3号楼2单元 501，上门）报" in leader.last_message
    assert "报事人：一位邻居\n📣 王秀兰 代报，上门" in manager.last_message
    assert await world.rows("SELECT * FROM residencies") == []
    await manager.presses("接单")
    assert "请转告一位住户（3号楼2单元 501）" in leader.last_message
    assert not leader.messages[-1].buttons


async def test_who_is_known_there_is_tapped(world: World, leader: Phone) -> None:
    """The second time she is on a button, and her name typed is her, not another of the same name."""
    await by_phone(leader)
    await leader.sends("/proxy")
    await leader.sends("3-2-501")
    assert leader.buttons[0] == "王奶奶"
    await leader.presses("王奶奶", "电话")
    await leader.sends("水管又漏了")
    await leader.presses("水电气", "提交")
    await by_phone(leader, "水管还是漏")
    assert len({(await world.issue(number)).reporter_id for number in (1, 2, 3)}) == 1


async def test_who_is_on_the_bot_hears_it_themselves(world: World, leader: Phone, manager: Phone) -> None:
    """Reported for somebody with a phone: they are told at once and hear all; the proxy hears the end."""
    resident = await world.resident(unit="501")
    await leader.presses("同意")
    await leader.sends("/proxy")
    await leader.sends("3-2-501")
    await leader.presses("王奶奶", "电话")
    await leader.sends("水管漏水")
    await leader.presses("水电气", "提交")
    assert "后面的进展不用您转告" in leader.last_message
    assert "王秀兰 替您报了一件事：261124-001" in resident.last_message
    await leader.forgets()
    await manager.presses("接单")
    assert "接单了" in resident.last_message
    assert leader.new_messages == []
    await leader.forges("issue.nudge:1")
    assert (await world.issue()).nudged_at is None
    await resolve(manager)
    await resident.presses("已解决")
    assert (await world.issue()).closed_how == "confirmed"
    assert "261124-001 已结案" in leader.last_message
    assert "结果已经告诉本人" in leader.last_message


async def test_the_elder_joins_later(world: World, leader: Phone, manager: Phone) -> None:
    """Once she is on the bot her matters are hers: she hears and decides, the proxy no longer."""
    await by_phone(leader)
    resident = await world.resident(unit="501")
    await leader.presses("同意")
    issue = await world.issue()
    assert issue.reporter_id == await resident.person_id()
    await leader.forgets()
    await manager.presses("接单")
    assert "接单了" in resident.last_message
    assert not any("请转告" in text for text in leader.new_messages)
    await resident.sends("/my")
    assert NUMBER in resident.last_message
    await leader.sends("/my")
    assert NUMBER not in leader.last_message
    await resolve(manager)
    await resident.presses("已解决")
    assert (await world.issue()).closed_how == "confirmed"


async def test_a_restart_in_the_middle(world: World, leader: Phone) -> None:
    """Every answer is kept: the next one goes on where the last one was."""
    for answer in ("/proxy", "3-2-501", "王奶奶"):
        await leader.sends(answer)
        await world.restart()
    await leader.presses("电话")
    await world.restart()
    await leader.sends("水管漏水")
    await world.restart()
    await leader.presses("水电气", "提交")
    assert leader.sees("已登记 261124-001\n代王奶奶（3号楼2单元 501，电话）报")


async def test_back_goes_through_all_the_questions(world: World, leader: Phone) -> None:
    """From the words back to how, who and which home; nothing is entered before it is sent."""
    before = await world.contents("dialogs", "cards")
    await leader.sends("/proxy")
    await leader.presses("2单元 501")
    await leader.sends("王奶奶")
    await leader.presses("电话", "返回", "返回", "返回")
    assert "替哪一户报" in leader.last_message
    await leader.presses("取消")
    assert await world.contents("dialogs", "cards") == before


async def test_a_leader_of_five_does_not_report_for_three(world: World, leader: Phone) -> None:
    """Another building's home is refused: typed, linked to, or forged into the open question."""
    other = await world.leader_of("4")
    home = (await world.rows("SELECT units.id FROM units WHERE building_id = 3 ORDER BY id LIMIT 1"))[0]["id"]
    await other.sends("/proxy")
    await other.sends("3-2-501")
    assert "不在您负责的范围" in other.last_message
    await other.forges_answer("unit", home)
    assert "不在您负责的范围" in other.last_toast
    await other.forges(f"proxy.start:{home}:0")
    assert "不在您负责的范围" in other.last_toast
    await leader.sends("/proxy")
    await leader.sends("3-2-501")
    await leader.forges_answer("person", await other.person_id())
    assert "不在这一户" in leader.last_toast
    assert await world.rows("SELECT * FROM issues") == []


@pytest.mark.parametrize(
    "data", ["proxy.start:1:1", "proxy.start:x:0", "proxy.start:1", "proxy.phone:1", "proxy.new"]
)
async def test_a_resident_has_no_such_buttons(world: World, data: str) -> None:
    """Whoever is responsible for no home reports for themselves only."""
    await world.leader_of("3")
    resident = await world.resident(unit="502")
    before = await world.contents("dialogs")
    await resident.forges(data)
    assert resident.last_toast
    assert await world.contents("dialogs") == before
    await resident.sends("/proxy")
    assert "报自己的事" in resident.last_message


async def test_a_post_that_ends_in_the_middle(world: World, leader: Phone) -> None:
    """The right is asked again where it is written: a leader of yesterday enters nothing."""
    await leader.sends("/proxy")
    await leader.sends("3-2-501")
    await leader.sends("王奶奶")
    await leader.presses("电话")
    await leader.sends("水管漏水")
    await leader.presses("水电气")
    await world.vacate(PostKind.BUILDING_LEADER, "3")
    await leader.presses("提交")
    assert "不在您负责的范围" in leader.last_toast
    assert await world.rows("SELECT * FROM issues") == []


async def test_the_property_manager_reports_too(world: World, leader: Phone, manager: Phone) -> None:
    """Their homes are all of the compound; names of residents are not theirs to see or to approve."""
    await by_phone(leader)
    await manager.sends("/proxy")
    assert manager.may_press("3号楼")
    await manager.sends("3-2-501")
    assert not manager.may_press("王奶奶")
    await manager.sends("李大爷")
    await manager.presses("电话")
    await manager.sends("灯不亮")
    await manager.presses("照明", "提交")
    assert "代李大爷（3号楼2单元 501，电话）报" in manager.last_message
    issue = await world.issue(2)
    homes = await world.rows("SELECT person_id, state FROM residencies")
    assert {home["person_id"]: home["state"] for home in homes}[issue.reporter_id] == "pending"


@pytest.mark.parametrize(
    ("said", "name", "phone"),
    [
        ("王奶奶 １３８ ００００ ００００", "王奶奶", "138 0000 0000"),
        ("王奶奶：0835-2622000", "王奶奶", "0835-2622000"),
        ("王奶奶 3-2-501", "王奶奶 3-2-501", ""),
    ],
)
async def test_a_phone_beside_the_name(world: World, leader: Phone, said: str, name: str, phone: str) -> None:
    """However it is written it can be tapped later; a door's number is none."""
    await leader.sends("/proxy")
    await leader.sends("3-2-501")
    await leader.sends(said)
    await leader.presses("电话")
    await leader.sends("厨房水管漏水")
    await leader.presses("水电气", "提交")
    reporter = (await world.issue()).reporter_id
    rows = await world.rows("SELECT person_id, name, phone FROM personal_details")
    assert [(row["name"], row["phone"]) for row in rows if row["person_id"] == reporter] == [(name, phone)]


async def test_nonsense_is_asked_again(leader: Phone) -> None:
    """An unknown home, a name that is a page, a sticker: each is asked again, kindly."""
    await leader.sends("/proxy")
    await leader.sends("那边")
    assert leader.sees("没找到「那边」这一户")
    await leader.sends("3-2-999")
    assert leader.sees("没找到「3-2-999」这一户")
    await leader.sends("501")
    assert leader.may_press("3号楼1单元 501")
    await leader.presses("3号楼2单元 501")
    await leader.sends("13800000000")
    assert leader.sees("30 字以内的称呼")
    await leader.sends("王" * 31)
    await leader.sends_sticker()
    await leader.sends("王奶奶")
    await leader.sends("飞鸽传书")
    assert leader.sees("请点一个按钮")
    await leader.presses("电话")
    await leader.sends_sticker()
    await leader.sends("水管漏水")
    assert leader.may_press("水电气")


@pytest.mark.usefixtures("manager")
async def test_it_is_late(world: World, leader: Phone) -> None:
    """What the clock would tell her comes to the proxy to be passed on."""
    await by_phone(leader)
    await world.live_through(hours=4)
    assert any(
        "请转告王奶奶" in text and "还没接单" in text for text in (one.text for one in leader.messages)
    )


@pytest.mark.parametrize(
    ("language", "passed_on"), [("zh-hant", "請轉告王奶奶"), ("en", "Please tell 王奶奶")]
)
async def test_each_reads_their_own_language(
    world: World, manager: Phone, language: str, passed_on: str
) -> None:
    """What is to be passed on is in the language of who passes it on."""
    leader = world.newcomer("王秀兰", language)
    await leader.opens(APPOINT_PREFIX + await world.invitation(PostKind.BUILDING_LEADER, "3"))
    await leader.sends("/proxy")
    await leader.sends("3-2-501")
    await leader.sends("王奶奶 13800000000")
    await leader.presses(leader.buttons[0])
    await leader.sends("厨房水管漏水")
    for _ in range(2):
        await leader.presses(leader.buttons[0])
    await manager.presses("接单")
    assert passed_on in leader.last_message


async def test_the_committee_goes_from_building_to_door(world: World, leader: Phone) -> None:
    """By buttons: the building, the home, no name, how; the leader of the building gets it."""
    member = await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)
    await member.sends("☰ 更多")
    await member.presses("代报一件事", "3号楼", "2单元 501", "不留名", "上门")
    await member.sends("楼道灯坏了")
    await member.presses("照明", "提交")
    assert "王秀兰" in member.last_message
    assert "代报，上门" in leader.last_message


async def test_numbers_alone_are_doors_of_ones_own(leader: Phone) -> None:
    """Asked for a home of building 3, 2-501 is its second entrance, and 501 is asked back."""
    await leader.sends("/proxy")
    await leader.sends("2-501")
    assert leader.last_message.startswith("3号楼2单元 501")
    await leader.presses("返回")
    for words in ("５０１", "501室"):
        await leader.sends(words)
        assert leader.may_press("3号楼1单元 501")
        assert leader.may_press("3号楼2单元 501")
        await leader.presses("返回")
    await leader.sends("！！")
    assert leader.sees("没找到「！！」这一户")


async def test_a_deputy_reports_as_the_leader_does(world: World, leader: Phone) -> None:
    """From a link beside a home or somebody who lives there: nothing is asked that is known."""
    await by_phone(leader)
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    issue = await world.issue()
    assert issue.proxy is not None
    await deputy.forges(f"proxy.start:{issue.proxy.unit_id}:{issue.reporter_id}")
    assert "替王奶奶（3号楼2单元 501）报" in deputy.last_message
    await deputy.forges(f"proxy.start:{issue.proxy.unit_id}:0")
    await deputy.presses("王奶奶", "电话")
    await deputy.sends("水管又漏了")
    await deputy.presses("水电气", "提交")
    assert (await world.issue(2)).reporter_id == issue.reporter_id


async def test_what_she_takes_back(world: World, leader: Phone, manager: Phone) -> None:
    """Nudging and withdrawing go through the proxy too, and the handler hears of both."""
    await by_phone(leader)
    await leader.sends("/my")
    await leader.presses(NUMBER, "催一下")
    assert any("报事人在催" in text.text for text in manager.messages)
    await leader.presses("撤回", "已经自己好了")
    issue = await world.issue()
    assert (issue.state, issue.closed_how, issue.resolution) == ("closed", "withdraw", "no_action")
    assert any("已经自己好了" in text.text for text in manager.messages)
