"""My data: who sees it, taking it along, changing it, and being forgotten (R13, R14, R17)."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import openpyxl
import pytest

from bot.actions.activities import Plan, create, join
from bot.actions.desk import Desk
from bot.actions.forgetting import forget
from bot.actions.own_data import VIEWS_MOST, workbook
from bot.actions.privacy import shown_phone
from bot.app import TEMPLATES
from bot.domain.announcing import Channel
from bot.domain.audiences import COMPOUND, Audience
from bot.domain.posts import PostKind
from bot.domain.retention import Retention
from bot.storage.store import Store
from tests.world import TEXTS, Phone, World

BOT = TEMPLATES.parent / "bot"
SECRET = "三栋2单元楼道灯坏了，王奶奶家门口"


async def desk_of(world: World, store: Store) -> Desk:
    """A desk over an open transaction."""
    return Desk(store, TEXTS, world.rules, world.clock.now)


async def give_phone(resident: Phone, number: str = "13800000077") -> None:
    """The resident leaves a phone number."""
    await resident.sends("/me")
    await resident.presses("改电话")
    await resident.sends(number)


async def look(world: World, viewer: Phone, person: Phone) -> str:
    """What one is shown of the other's phone."""
    viewer_id, person_id = await viewer.person_id(), await person.person_id()
    async with world.database.transaction() as connection:
        return await shown_phone(await desk_of(world, Store(connection)), viewer_id, person_id)


# What the bot knows --------------------------------------------------------------------------------------


async def test_everything_in_one_message(world: World) -> None:
    """Name, home, phone (masked), language, and by whom one is seen."""
    await world.leader_of("3")
    resident = await world.resident()
    await give_phone(resident)
    assert resident.last_message == "记下了：13800000077"
    await resident.sends("/me")
    said = resident.last_message
    assert "名字：王奶奶" in said
    assert "电话：138****0077" in said
    assert "13800000077" not in said
    assert "住处：3号楼2单元 502（业主，等楼栋长确认）" in said
    assert "语言：简体中文" in said
    assert "楼栋长、经办人和业委会看得到" in said


async def test_a_stranger_has_data_too(world: World) -> None:
    """Without a home there is still a name, and where to go on."""
    stranger = world.newcomer("小李")
    await stranger.sends("/me")
    assert "名字：小李" in stranger.last_message
    assert "还没登记，点 /join" in stranger.last_message
    await stranger.sends("☰ 更多")
    await stranger.presses("我的资料")
    assert "名字：小李" in stranger.last_message


async def test_a_new_name_is_told_to_whoever_answers_for_the_home(world: World) -> None:
    """Nobody becomes somebody else unseen; holders of posts are named by the register."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    await leader.presses("同意")
    await resident.sends("/me")
    await resident.presses("改名字")
    await resident.sends("  王  秀兰 ")
    assert resident.last_message == "好的，以后叫您 王 秀兰。"
    told = "ℹ️ 3号楼2单元 502 的「王奶奶」把名字改成了「王 秀兰」。要是不对，请去问一问。"
    assert leader.last_message == told
    await leader.sends("/me")
    await leader.presses("改名字")
    assert "按登记表来" in leader.last_toast


@pytest.mark.parametrize("button", ["改名字", "改电话"])
async def test_trouble_comes_before_ones_name(world: World, button: str) -> None:
    """Asked for a name or a phone, somebody tells of a fire, or shows a broken lamp: it is a report."""
    await world.leader_of("3")
    resident = await world.resident()
    await resident.sends("/me")
    await resident.presses(button)
    await resident.sends("厨房着火了")
    assert resident.sees("119")
    await resident.presses("取消")
    await resident.sends("/me")
    await resident.presses(button)
    await resident.sends_photo()
    assert "收到" in resident.last_message


@pytest.mark.parametrize("words", ["三栋2单元楼道灯坏了", "昨天夜里" * 8])
async def test_a_matter_is_no_name(world: World, words: str) -> None:
    """What is wrong, or a whole page, is a report; nobody is called so."""
    resident = await world.resident()
    await resident.sends("/me")
    await resident.presses("改名字")
    await resident.sends(words)
    assert f"收到：{words}" in resident.last_message
    await resident.presses("取消")
    await resident.sends("/me")
    assert "名字：王奶奶" in resident.last_message
    await resident.presses("改名字")
    await resident.sends("Christopher Smith")
    assert resident.last_message == "好的，以后叫您 Christopher Smith。"


async def test_a_new_name_is_seen_before_the_home_is_confirmed(world: World) -> None:
    """Who waits and calls themselves otherwise: the leader's question says so, and does not ring again."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    count = len(leader.messages)
    await resident.sends("/me")
    await resident.presses("改名字")
    await resident.sends("李建国")
    assert "李建国（业主）" in leader.last_message
    assert not leader.sees("王奶奶")
    assert len(leader.messages) == count


@pytest.mark.parametrize("nonsense", ["110", "我没有电话", "1" * 20])
async def test_nonsense_is_no_phone(world: World, nonsense: str) -> None:
    """It is asked again; what was kept stays."""
    resident = await world.resident()
    await give_phone(resident, nonsense)
    assert resident.sees("没看懂。请写电话号码")
    await resident.sends("13800000077")
    await resident.sends("/me")
    await resident.presses("改电话", "删掉我的电话")
    assert resident.last_message == "您的电话已经删掉了。"
    assert await world.rows("SELECT phone FROM personal_details WHERE phone = '13800000077'") == []


# Who sees a phone ----------------------------------------------------------------------------------------


async def test_a_look_at_a_phone_is_logged_and_told(world: World) -> None:
    """The leader of the building sees it, and the resident sees that; nobody else sees it, nor is logged."""
    leader, other_leader = await world.leader_of("3"), await world.leader_of("5")
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    resident = await world.resident()
    neighbour = await world.resident(unit="501", name="李叔")
    await give_phone(resident)
    assert await look(world, resident, resident) == "13800000077"
    for nobody in (other_leader, manager, neighbour):
        assert await look(world, nobody, resident) == ""
    await resident.sends("/me")
    await resident.presses("谁看过我的电话")
    assert "还没有人看过您的电话" in resident.last_message
    assert await look(world, leader, resident) == "13800000077"
    assert await look(world, leader, resident) == "13800000077"
    assert await look(world, secretary, resident) == "13800000077"
    await resident.presses("谁看过我的电话")
    said = resident.last_message
    assert said.count("绿洲路126号大院3号楼楼栋长") == 1
    assert said.count("党支部书记") == 1
    assert "11月24日（周二）" in said


async def test_the_list_of_looks_fits_into_a_message(world: World) -> None:
    """A look a day for a month: the latest are listed, the rest is counted."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await give_phone(resident)
    for _ in range(VIEWS_MOST + 3):
        world.clock.now += timedelta(days=1)
        await look(world, leader, resident)
    await resident.sends("/me")
    await resident.presses("谁看过我的电话")
    assert resident.last_message.count("楼栋长") == VIEWS_MOST
    assert "更早的还有 3 次" in resident.last_message


async def test_a_phone_on_the_contact_card_is_nobody_s_look(world: World) -> None:
    """Its holder agreed that it hangs on the wall."""
    leader, resident = await world.leader_of("3"), await world.resident()
    assert (await look(world, resident, leader)).startswith("1")
    assert await world.rows("SELECT * FROM phone_views") == []


# Seen by name (R14) --------------------------------------------------------------------------------------


async def be_seen_by(resident: Phone, label: str) -> None:
    """Choose by whom one is seen by name."""
    await resident.sends("/me")
    await resident.presses("别人怎么看到我", label)
    assert f"✓ {label}" in resident.buttons


async def test_the_handler_sees_the_name_unless_only_the_committee_may(world: World) -> None:
    """The default shows it to the leader; with "committee" the leader answers a neighbour without a name."""
    leader = await world.leader_of("3")
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    resident = await world.resident()
    await resident.reports(SECRET)
    assert "报事人：王奶奶" in leader.last_message
    await be_seen_by(resident, "只有业委会")
    await resident.reports("三栋2单元楼道灯又坏了")
    assert "报事人：一位邻居，姓名只给业委会看" in leader.last_message
    await leader.presses("接单", "回复")
    await leader.sends("今晚就换")
    assert "今晚就换" in resident.last_message
    await secretary.forges("issue.show:2")
    assert "报事人：王奶奶" in secretary.last_message
    await leader.forges("issue.show:1")
    assert "报事人：王奶奶" in leader.last_message, "what was filed before stays as it was seen"


async def test_a_stale_tap_does_not_reveal_the_name(world: World) -> None:
    """Who withdrew it is told by name only to those who may see the name."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await be_seen_by(resident, "只有业委会")
    await resident.reports()
    _, accept = leader.with_button("接单")
    assert accept.data is not None
    await resident.sends("📋 我的事")
    await resident.presses("261124-001", "撤回", "撤回，不用办了")
    await leader.forges(accept.data)
    assert "王奶奶" not in leader.last_toast
    assert "撤回" in leader.last_toast


@pytest.mark.parametrize("level", ["everybody", "", "LEADER", "neighbours:1"])
async def test_a_forged_level_is_refused(world: World, level: str) -> None:
    """A payload is hostile."""
    resident = await world.resident()
    await resident.forges(f"me.set_shown:{level}")
    rows = await world.rows("SELECT DISTINCT shown_as FROM people")
    assert [row["shown_as"] for row in rows] == ["leader"]


# Taking it along (R17) -----------------------------------------------------------------------------------


def sheets_of(content: bytes) -> dict[str, list[tuple[object, ...]]]:
    """The sheets of a workbook by title, without their headers."""
    book = openpyxl.load_workbook(BytesIO(content))
    return {page.title: list(page.iter_rows(min_row=2, values_only=True)) for page in book}


async def exported(world: World, person: Phone, locale: str = "zh_CN") -> dict[str, list[tuple[object, ...]]]:
    """What the person's file holds."""
    person_id = await person.person_id()
    async with world.database.transaction() as connection:
        return sheets_of(await workbook(await desk_of(world, Store(connection)), person_id, locale))


async def test_the_file_holds_everything_of_one_s_own(world: World) -> None:
    """Home, issue with its history, signup, looks at the phone: in words, and nothing of the neighbours'."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    neighbour = await world.resident(unit="501", name="李叔")
    await give_phone(resident)
    await resident.reports("=1+1 灯坏了")
    await leader.presses("接单", "回复")
    await leader.sends("今晚就换")
    await neighbour.reports("李叔家门口的灯坏了")
    await sign_up(world, resident)
    await look(world, leader, resident)
    found = await exported(world, resident)
    assert ("名字", "王奶奶") in found["我"]
    assert ("电话", "13800000077") in found["我"]
    assert [row[:3] for row in found["住处"]] == [("绿洲路126号大院 3号楼2单元 502", "业主", "已确认")]
    (issue,) = found["报的事"]
    assert issue[:2] == ("261124-001", "我报的")
    assert issue[3:5] == ("办理中", "照明")
    assert issue[6] == "=1+1 灯坏了"
    assert str(issue[7]).startswith("楼栋长 ")
    assert [row[2:] for row in found["经过"]] == [
        ("我", "报事", "=1+1 灯坏了"),
        ("对方", "接单", None),
        ("对方", "回复", "今晚就换"),
    ]
    assert found["活动报名"][0][0] == "重阳舞会"
    assert found["活动报名"][0][3:5] == ("王奶奶、小宝", "报上了")
    assert len(found["谁看过我的电话"]) == 1
    assert "李叔" not in str(found)
    book = await exported(world, resident, "en")
    assert book["Issues"][0][4] == "Lighting"


async def test_the_file_comes_once_an_hour(world: World) -> None:
    """It arrives as a document; asked again at once, the bot says when."""
    resident = await world.resident()
    await resident.sends("/export")
    document = resident.messages[-1]
    assert "全部资料" in document.text
    assert len(await world.rows("SELECT * FROM changes WHERE action = 'person.exported'")) == 1
    await resident.sends("/export")
    assert "刚给过您一份" in resident.last_message
    assert "11:00" in resident.last_message
    await world.later(hours=1)
    await resident.sends("/export")
    assert len(await world.rows("SELECT * FROM changes WHERE action = 'person.exported'")) == 2


# Being forgotten (R17) -----------------------------------------------------------------------------------


async def sign_up(world: World, *people: Phone) -> None:
    """A dance with two seats on Saturday; each of these comes with a child."""
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    author_id, ids = await secretary.person_id(), [await one.person_id() for one in people]
    async with world.database.transaction() as connection:
        store = Store(connection)
        desk = await desk_of(world, store)
        for person_id in ids:
            for home in await store.people.residencies(person_id):
                await store.people.decide_residency(home.id, "approved", author_id, world.clock.now)
        starts = world.clock.now + timedelta(days=4)
        plan = Plan("重阳舞会", "广场", starts, Audience((COMPOUND,)), capacity=2)
        activity = await create(desk, author_id, 1, plan, frozenset({Channel.PRIVATE}))
        assert activity is not None
        await store.activities.change(replace(activity, state="open"))
        for person_id in ids:
            await join(desk, person_id, activity.id, ["小宝"])
        await desk.send()
    await world.settle()


async def forgotten(person: Phone) -> None:
    """Ask to be forgotten, and mean it."""
    await person.sends("/forget")
    await person.presses("我明白，继续", "全部删掉")
    assert "我不认识您了" in person.last_message


async def where(world: World, word: str) -> list[str]:
    """The tables in which a word, or a number that is a whole value, is found."""
    tables = await world.contents(mail=True)
    return [
        name
        for name, rows in tables.items()
        if any(
            word == str(value) or (not word.isdigit() and word in str(value)) for row in rows for value in row
        )
    ]


async def test_nothing_that_names_them_is_left(world: World) -> None:
    """Name, phone, address, words and photos are in no table; numbers, times and states are."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    await give_phone(resident)
    await leader.presses("同意")
    await resident.sends_photo(SECRET)
    await resident.presses("照明", "提交")
    await leader.presses("接单")
    await resident.reports("五零二的门铃灯坏了，王奶奶")
    await sign_up(world, resident)
    await resident.sends("/mute")
    await look(world, leader, resident)
    words = ("王奶奶", "13800000077", "小宝", "门铃", "楼道灯坏了", str(resident.user.id))
    for word in words:
        assert await where(world, word), word
    await resident.sends("/forget")
    assert "会删掉" in resident.last_message
    assert "您还有 2 件事没办完" in resident.last_message
    await resident.presses("我明白，继续")
    await resident.sends("不，等一下")
    assert resident.sees("没有删")
    await resident.sends("全部删掉")
    assert "我不认识您了" in resident.last_message
    await world.later(days=4)
    # The newest letter of all is kept: receiving goes on behind it.
    await leader.sends("/my")
    await world.later(days=4)
    for word in words:
        assert await where(world, word) == [], word
    issues = await world.rows("SELECT number, state, closed_how, category FROM issues ORDER BY id")
    assert [tuple(row) for row in issues] == [
        ("261124-001", "closed", "withdraw", "lighting"),
        ("261124-002", "closed", "withdraw", "lighting"),
    ]
    assert await world.rows("SELECT * FROM attachments") == []


async def test_the_handler_is_told_and_sees_what_is_left(world: World) -> None:
    """The card keeps number and place of the entrance; where the words were it says that they are deleted."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.reports(SECRET)
    await forgotten(resident)
    assert leader.sees("261124-001 照明　报事人撤回了，不用办了")
    (card,) = [message.text for message in leader.messages if "报事人：" in message.text]
    assert "（内容已按本人要求删除）" in card
    assert "报事人：已注销" in card
    assert SECRET not in card
    await leader.forges("issue.text:1")
    assert "已经删除了" in leader.last_toast


async def test_a_home_nobody_has_confirmed_yet_is_no_question_any_more(world: World) -> None:
    """The leader's message loses the name and its buttons, and no reminder comes."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    assert "王奶奶" in leader.last_message
    await forgotten(resident)
    assert "本人已撤回" in leader.last_message
    assert not leader.sees("王奶奶")
    assert leader.buttons == []
    assert await world.rows("SELECT * FROM chores WHERE kind = 'residency.remind'") == []


async def test_what_others_follow_goes_on_without_the_name(world: World) -> None:
    """The lift of building 3 is the property's; the building leader follows, so it is not withdrawn."""
    leader = await world.leader_of("3")
    manager = await world.holder(PostKind.PROPERTY_MANAGER)
    resident = await world.resident()
    await resident.reports("三栋电梯坏了，王奶奶出不了门", "电梯")
    assert leader.sees("您楼里有件事交给了")
    await forgotten(resident)
    assert manager.sees("还有别人关注这件事，请接着办")
    issue = await world.issue()
    assert issue.state == "open"
    assert issue.text == ""
    await manager.presses("接单", "办结")
    await manager.sends("修好了")
    await manager.presses("提交办结")
    assert (await world.issue()).state == "resolved"
    await world.later(days=8)
    assert (await world.issue()).closed_how == "no_reply"


async def test_what_waits_for_their_word_ends_without_it(world: World) -> None:
    """Resolved and not confirmed: closed as unanswered, never as satisfied."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.reports("三栋2单元楼道的墙脏了", "卫生")
    await leader.presses("接单", "办结")
    await leader.sends_photo("擦过了")
    await leader.presses("提交办结")
    assert (await world.issue()).state == "resolved"
    await forgotten(resident)
    issue = await world.issue()
    assert (issue.state, issue.closed_how, issue.rating) == ("closed", "no_reply", None)


async def test_a_seat_goes_to_the_next_in_line(world: World) -> None:
    """Two seats: who waited is asked; the forgotten pair is counted as withdrawn, without names."""
    resident = await world.resident()
    waiting = await world.resident(unit="501", name="李叔")
    await sign_up(world, resident, waiting)
    await forgotten(resident)
    assert waiting.sees("重阳舞会")
    rows = await world.rows("SELECT names, household, state FROM signups ORDER BY id")
    assert (rows[0]["names"], rows[0]["household"], rows[0]["state"]) == ('["", ""]', "gone:1", "withdrawn")
    assert rows[1]["state"] == "asked"


async def test_who_writes_again_is_somebody_new(world: World) -> None:
    """The same account, another person: no home, no issues, no name but the account's."""
    await world.leader_of("3")
    resident = await world.resident()
    old = await resident.person_id()
    await forgotten(resident)
    await resident.sends("/me")
    assert "还没登记" in resident.last_message
    assert await resident.person_id() != old
    await resident.sends("📋 我的事")
    assert "您还没有报过事" in resident.last_message
    await resident.presses("全部删掉")
    assert resident.last_toast


async def test_who_is_relied_on_hands_over_first(world: World) -> None:
    """A post, or an interest group, is not left behind; the refusal says what to do."""
    leader = await world.leader_of("3")
    await leader.sends("/forget")
    assert "您现在是绿洲路126号大院3号楼楼栋长" in leader.last_message
    resident = await world.resident()
    resident_id = await resident.person_id()
    async with world.database.transaction() as connection:
        assert await Store(connection).interest_groups.new(1, "舞蹈队", "跳舞", resident_id, world.clock.now)
    await resident.sends("/forget")
    assert "您还是「舞蹈队」的负责人" in resident.last_message


async def test_a_post_taken_up_in_between_stops_it(world: World) -> None:
    """The right is checked where it is written: between the two questions the person became a leader."""
    resident = await world.resident()
    await resident.sends("/forget")
    await resident.presses("我明白，继续")
    resident_id = await resident.person_id()
    async with world.database.transaction() as connection:
        store = Store(connection)
        (post,) = [one for one in await store.posts.holders(1, "telegram") if one.kind == "branch_secretary"]
        await store.posts.appoint(post.post_id, resident_id, world.clock.now)
    await resident.presses("全部删掉")
    assert "党支部书记" in resident.last_toast
    assert await resident.person_id() == resident_id


async def test_half_forgotten_is_not_forgotten(world: World) -> None:
    """What fails at the last step has not happened at all."""
    resident = await world.resident()
    await resident.reports(SECRET)
    person_id = await resident.person_id()
    before = await world.contents(mail=True)
    with suppress(RuntimeError):
        async with world.database.transaction() as connection:
            await forget(await desk_of(world, Store(connection)), person_id, "chat")
            assert await Store(connection).privacy.is_forgotten(person_id)
            raise RuntimeError("the plug was pulled")
    assert await world.contents(mail=True) == before


async def test_nothing_more_is_sent_to_them(world: World) -> None:
    """What waited for their hour, or was made by being forgotten, is not sent; the goodbye is."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.reports(SECRET)
    await world.live_through(hours=30)
    person_id = await resident.person_id()
    async with world.database.transaction() as connection:
        await Store(connection).notices.put(
            person_id, 1, "late", 1, {"aware": []}, world.clock.now, world.clock.now
        )
    await forgotten(resident)
    await resident.forgets()
    await world.live_through(timedelta(hours=2), days=9)
    assert resident.new_messages == []
    assert leader.messages
    assert await world.rows("SELECT * FROM notices") == []


async def test_a_forged_forget_needs_the_two_questions(world: World) -> None:
    """A payload from nowhere, or the second answer at the first question, forgets nobody."""
    resident = await world.resident()
    await resident.forges("d:1:forget")
    await resident.sends("/forget")
    await resident.forges_answer("forget")
    assert await world.rows("SELECT id FROM people WHERE forgotten_at IS NOT NULL") == []
    await resident.presses("取消")
    assert await resident.person_id()


# Kept no longer than needed ------------------------------------------------------------------------------


async def test_old_words_go_by_night(world: World) -> None:
    """Two years after it was closed, at four in the morning: a tombstone for the words, the rest stays."""
    leader, resident = await world.leader_of("3"), await world.resident()
    await resident.reports(SECRET)
    await resident.sends("📋 我的事")
    await resident.presses("261124-001", "撤回", "撤回，不用办了")
    world.clock.now += timedelta(days=731)
    await world.tick()
    before = await world.issue()
    assert before.erased_at is not None, "nobody was there for two years: it is done at the first look"
    await resident.forges("issue.show:1")
    assert "（保存期已过，内容已删除）" in resident.last_message
    await leader.forges("issue.show:1")
    assert "报事人：王奶奶" in leader.last_message
    assert (before.number, before.state, before.category) == ("261124-001", "closed", "lighting")


async def test_the_night_s_turn_comes_once(world: World) -> None:
    """Not before four in the morning, and noted for the operator."""
    await world.tick()
    (row,) = await world.rows("SELECT at FROM upkeep WHERE what = 'retention'")
    first = row["at"]
    await world.until(3, 30)
    assert (await world.rows("SELECT at FROM upkeep WHERE what = 'retention'"))[0]["at"] == first
    await world.until(6)
    rows = await world.rows("SELECT at FROM upkeep WHERE what = 'retention'")
    second = rows[0]["at"]
    assert second > first
    await world.until(12)
    assert (await world.rows("SELECT at FROM upkeep WHERE what = 'retention'"))[0]["at"] == second


async def test_the_operator_may_turn_it_off(world: World) -> None:
    """Then nothing is erased by itself."""
    world.rules = replace(world.rules, retention=Retention(nightly=False))
    await world.restart()
    resident = await world.resident()
    await resident.reports(SECRET)
    await resident.sends("📋 我的事")
    await resident.presses("261124-001", "撤回", "撤回，不用办了")
    world.clock.now += timedelta(days=800)
    await world.tick()
    assert (await world.issue()).text == SECRET
    assert await world.rows("SELECT * FROM upkeep WHERE what = 'retention'") == []


# Every place that reads a name or a phone ----------------------------------------------------------------

HOLDER = "of holders of posts, who are known to everybody by name"
OWN = "one's own"
SURFACES = {
    "actions/absences.py": HOLDER,
    "actions/activities.py": OWN,
    "actions/announcements.py": HOLDER,
    "actions/appointing.py": HOLDER,
    "actions/cards.py": HOLDER + "; of a reporter to who reported for them, else shown_reporter",
    "actions/contact_cards.py": HOLDER,
    "actions/elders.py": HOLDER + "; of who asks for a person, to who is told, the phone by shown_phone",
    "actions/explaining.py": HOLDER,
    "actions/groups.py": HOLDER,
    "actions/interest_groups.py": "of leaders, who are known to everybody; of members to the leader",
    "actions/lending.py": "of the two who lend and borrow, to them and the committee",
    "actions/letters.py": HOLDER,
    "actions/merging.py": "to find whether two are one",
    "actions/own_data.py": OWN + "; of handlers",
    "actions/participants.py": "of who signed up guests, to who runs the activity",
    "actions/privacy.py": "asked of the table",
    "actions/proxies.py": HOLDER,
    "actions/rates.py": HOLDER + "; to the committee, and to themselves",
    "actions/restrictions.py": "of who may not report for a while, to who decides it, unless from a card",
    "actions/residents.py": "of who asks to be entered, to who may decide it; " + HOLDER,
    "actions/successions.py": HOLDER,
    "actions/tellings.py": HOLDER,
    "handlers/activities.py": OWN,
    "handlers/announcing.py": HOLDER,
    "handlers/cards.py": HOLDER + "; of a reporter by shown_reporter",
    "handlers/elders.py": "of who lives in a home, to who approves there",
    "handlers/groups.py": HOLDER,
    "handlers/interest_groups.py": "of leaders, and of members to the leader",
    "handlers/joining.py": OWN + "; of who may decide; of a post's holders to who opens its invitation",
    "handlers/lending.py": "of whom the committee lends to, to the committee",
    "handlers/privacy.py": OWN,
    "handlers/proxies.py": "of a reporter to who reported for them; the phone by shown_phone",
    "handlers/report.py": HOLDER,
    "handlers/residents.py": OWN + "; of who asks to be entered, to who may decide it",
    "handlers/saying.py": HOLDER,
    "handlers/waiting.py": HOLDER + "; of a reporter who has let every neighbour read it",
}
"""Where somebody's name or phone is read, whose, and why it may be shown there."""


def test_whatever_reads_a_name_has_a_reason() -> None:
    """A new place asks the table (bot.domain.privacy), or says here why it need not."""
    found = {
        path.relative_to(BOT).as_posix()
        for path in BOT.rglob("*.py")
        if path.parent.name in ("actions", "handlers") and ".details(" in path.read_text(encoding="utf-8")
    }
    assert found == SURFACES.keys()
