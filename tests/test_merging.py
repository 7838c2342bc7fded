"""The same person on a new phone, in the register, or under two names: one afterwards, nothing lost."""

import pytest

from bot.actions.directory import APPOINT_PREFIX
from bot.actions.merging import CODE_SIGNS, MOVING_LINK, looks_like_code
from bot.domain.posts import PostKind
from bot.sandbox.faults import server_error
from bot.storage.engine import Row
from bot.storage.sqlite import SqliteConnection
from tests.test_activities import dance
from tests.test_residents import joins, lists
from tests.world import Phone, World


async def code_of(phone: Phone) -> str:
    """The code the old phone shows."""
    await phone.sends("/homes")
    await phone.presses("换手机")
    (row,) = await phone.world.rows("SELECT code FROM moving_codes ORDER BY expires_at DESC LIMIT 1")
    code: str = row["code"]
    assert phone.sees(code)
    return code


async def settled_resident(world: World) -> tuple[Phone, Phone]:
    """王芳 of 502, approved, with an issue the leader has accepted: the leader's phone and hers."""
    leader = await world.leader_of("3")
    resident = await joins(world)
    await leader.presses("同意")
    await resident.reports()
    await leader.presses("接单")
    return leader, resident


# By the person -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", [True, False])
async def test_a_new_phone_by_the_code_of_the_old_one(world: World, typed: bool) -> None:
    """Typed or scanned: everything is there, the old phone says goodbye and is a stranger's from now on."""
    leader, old = await settled_resident(world)
    person = await old.person_id()
    code = await code_of(old)
    before = await world.rows("SELECT id FROM people WHERE forgotten_at IS NOT NULL")
    new = world.newcomer("芳芳")
    if typed:
        await new.sends(f" {code[:4].lower()} {code[4:]}")
    else:
        await new.opens(MOVING_LINK + code)
    assert "王芳，欢迎回来" in new.last_message
    assert "已经换到另一部手机" in old.last_message
    assert await new.person_id() == person
    await new.sends("/my")
    assert "261124-001" in new.last_message
    await old.forgets()
    await leader.presses("办结")
    await leader.sends("换了灯泡")
    await leader.sends_photo()
    await leader.presses("提交办结")
    assert new.may_press("已解决")
    assert old.new_messages == []
    await old.sends("/my")
    assert "您还没有报过事" in old.last_message
    assert await old.person_id() not in (person, await leader.person_id())
    await old.sends(code)
    assert "没有这个码" in old.last_message
    rows = await world.rows("SELECT id FROM people WHERE forgotten_at IS NOT NULL")
    assert len(rows) == len(before) + 1


async def test_a_leader_with_a_new_phone_keeps_the_post_and_sees_the_cards(world: World) -> None:
    """The post, the open issues and the commands come along; the cards are shown anew."""
    leader, resident = await settled_resident(world)
    code = await code_of(leader)
    new = world.newcomer("王秀兰的新手机")
    await new.opens(MOVING_LINK + code)
    assert new.sees("261124-001")
    await new.presses("回复")
    await new.sends("明天去修")
    assert resident.sees("明天去修")
    await resident.reports("三栋2单元楼道一地垃圾没人扫", "卫生")
    assert new.may_press("接单")
    await leader.sends("/work")
    assert "没有任职" in leader.last_message


async def test_a_code_lives_an_hour_and_the_last_one_counts(world: World) -> None:
    """Nor does it work on the phone that made it."""
    _, old = await settled_resident(world)
    first = await code_of(old)
    second = await code_of(old)
    new = world.newcomer("新手机")
    await new.opens(MOVING_LINK + first)
    assert "没有这个码" in new.last_message
    await old.sends(second)
    assert "要在新手机上用" in old.last_message
    await world.later(minutes=61)
    await new.sends(second)
    assert "过期" in new.last_message
    await new.opens(MOVING_LINK + "A2B3C4D5")
    assert "没有这个码" in new.last_message
    assert await new.person_id() != await old.person_id()


async def test_an_account_that_is_somebodys_is_not_taken_over(world: World) -> None:
    """The granddaughter scans grandmother's code with her own phone: she stays who she is."""
    leader, old = await settled_resident(world)
    granddaughter = await joins(world, "小芳", "家人", unit="601")
    await leader.presses("同意")
    code = await code_of(old)
    for phone in (granddaughter, leader):
        before = await world.contents("dialogs")
        await phone.opens(MOVING_LINK + code)
        assert "这个账号已经是" in phone.last_message
        assert before == await world.contents("dialogs")
    # What was not approved yet, or is the same home under the same name, stands in nobody's way.
    twin = await joins(world, "王芳")
    await leader.presses("另一个人")
    await twin.opens(MOVING_LINK + code)
    assert "欢迎回来" in twin.last_message


async def test_the_code_is_understood_in_the_middle_of_a_question(world: World) -> None:
    """Asked where they live, somebody types the code of the old phone; what they had begun is over."""
    _, old = await settled_resident(world)
    code = await code_of(old)
    new = world.newcomer("新手机")
    await new.sends("/join")
    await new.sends(code)
    assert "欢迎回来" in new.last_message
    assert await world.rows("SELECT * FROM dialogs") == []
    await new.sends("三栋2单元楼道灯坏了")
    await new.presses("照明", "不是同一件", "提交")
    assert "已登记" in new.last_message


async def test_what_waits_for_the_old_phone_goes_to_the_new_one(world: World) -> None:
    """The network was down when the handler answered: the answer comes to the new phone, and there only."""
    leader, old = await settled_resident(world)
    code = await code_of(old)
    new = world.newcomer("新手机")
    await leader.presses("回复")
    world.telegram.faults.add("sendMessage", server_error(), 50)
    await leader.sends("今晚来修")
    world.telegram.faults.clear()
    await new.opens(MOVING_LINK + code)
    await world.later(minutes=10)
    assert new.sees("今晚来修")
    assert not old.sees("今晚来修")


def test_codes_are_told_from_words() -> None:
    """Eight signs with digits and letters; how it is spaced or cased does not matter."""
    for said in ("K7M3QW9A", "k7m3 qw9a", "Ｋ７Ｍ３ＱＷ９Ａ"):
        assert looks_like_code(said)
    for said in ("ELEVATOR", "23456789", "K7M3QW9", "三栋灯坏了", "", "K7M3QW9I"):
        assert not looks_like_code(said)
    assert not set("0O1IL") & set(CODE_SIGNS)


# By the leader -----------------------------------------------------------------------------------------


async def test_the_leader_sees_the_same_name_in_the_same_home(world: World) -> None:
    """同一人,换了手机: the old account reaches nobody; 另一个人: two people of one name."""
    leader, old = await settled_resident(world)
    person = await old.person_id()
    new = await joins(world)
    assert "与已登记的 王芳 同户同名" in leader.last_message
    await leader.presses("同一人，换了手机")
    assert "登记已经确认" in new.last_message
    assert "已经换到另一部手机" in old.last_message
    assert await new.person_id() == person
    assert [row["state"] for row in await world.rows("SELECT state FROM residencies")] == ["approved"]
    namesake = await joins(world)
    await leader.presses("另一个人，同意")
    assert "登记已经确认" in namesake.last_message
    assert await namesake.person_id() != person
    assert len(await world.rows("SELECT * FROM residencies WHERE state = 'approved'")) == 2


async def test_a_leader_cannot_bring_anybody_into_a_post(world: World) -> None:
    """The director lives in 502: a second account of that name does not become the director."""
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    await director.sends("/join")
    await director.sends("3号楼2单元502")
    await director.presses("业主")
    leader = await world.leader_of("3")
    await leader.sends("/requests")
    await leader.presses("同意")
    imposter = await joins(world, "罗建群")
    assert "同户同名" in leader.last_message
    assert not leader.may_press("同一人")
    await leader.forges(f"home.same:2:{await director.person_id()}")
    assert "有职务" in leader.last_toast
    await leader.presses("另一个人" if leader.may_press("另一个人") else "同意")
    await imposter.sends("/work")
    assert "没有任职" in imposter.last_message
    await director.sends("/work")
    assert "没有任职" not in director.last_message


async def test_the_registers_leader_is_not_taken_over_by_joining(world: World) -> None:
    """Who writes the name of a leader without account gets the home, and no post."""
    (row,) = await world.rows("SELECT person_id FROM personal_details WHERE name = '林志远'")
    await world.rows(
        "INSERT INTO residencies (person_id, unit_id, kind, state, asked_at, is_listed)"  # noqa: S608
        f" SELECT {row['person_id']}, id, 'owner', 'approved', 1, 1 FROM units WHERE label = '502' LIMIT 5"
    )
    leader = await world.leader_of("3")
    imposter = await joins(world, "林志远")
    await leader.presses("同意")
    await imposter.sends("/work")
    assert "没有任职" in imposter.last_message


async def test_forged_same(world: World) -> None:
    """Nobody of another home or another name, nobody at all, oneself, a stranger's tap: nothing is merged."""
    leader, old = await settled_resident(world)
    elsewhere = await joins(world, "王芳", unit="601")
    await leader.presses("同意")
    flatmate = await joins(world, "小李", "租户")
    await leader.presses("同意")
    new = await joins(world)
    mine, theirs, other, beside = [await one.person_id() for one in (new, old, elsewhere, flatmate)]
    before = await world.contents("dialogs")
    for argument in (mine, other, beside, 999, await leader.person_id()):
        await leader.forges(f"home.same:4:{argument}")
        assert "不在这一户" in leader.last_toast
    for phone in (new, old):
        await phone.forges(f"home.same:4:{theirs}")
        assert "不归您点" in phone.last_toast
    assert before == await world.contents("dialogs")


async def test_two_leaders_press_at_once(world: World) -> None:
    """The second one hears that it is done."""
    leader, old = await settled_resident(world)
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    person = await old.person_id()
    await joins(world)
    await leader.presses("同一人，换了手机")
    await deputy.forges(f"home.same:2:{person}")
    assert "已经处理好" in deputy.last_toast


# By the register, and by nature ----------------------------------------------------------------------------


async def test_the_elder_a_leader_reported_for_joins(world: World) -> None:
    """Entered without account; when she comes under her name, her issues are hers."""
    await lists(world, "王秀英")
    leader = await world.leader_of("3")
    elder = await joins(world, "王秀英")
    await leader.presses("同意")
    (row,) = await world.rows("SELECT phone FROM personal_details WHERE name = '王秀英'")
    assert row["phone"] == "13800000001"
    assert len(await world.rows("SELECT * FROM personal_details WHERE name = '王秀英'")) == 1
    await elder.sends("/homes")
    assert "502" in elder.last_message


async def test_nobody_judges_their_own_case_after_merging(world: World) -> None:
    """The leader's second account had reported something the leader handles: it goes to the next (C10)."""
    leader = await world.leader_of("3")
    deputy = await world.holder(PostKind.DEPUTY_LEADER, "3")
    second = world.newcomer("另一部")
    await second.reports()
    await leader.presses("接单")
    await second.opens(MOVING_LINK + await code_of(leader))
    assert "欢迎回来" in "".join(second.new_messages)
    issue = await world.issue()
    assert issue.reporter_id == await second.person_id()
    assert issue.handler_id == await deputy.person_id()
    assert deputy.sees("261124-001")


async def test_one_seat_for_one_person(world: World) -> None:
    """Both accounts had signed up for the dance: the later party gives its seat to who waits (E2)."""
    leader = await world.leader_of("3")
    old = await joins(world)
    await leader.presses("同意")
    new = await joins(world)
    await leader.presses("另一个人，同意")
    # With another home first she is of another household there.
    await old.sends("/join")
    await old.sends("3号楼2单元101")
    await old.presses("业主")
    await leader.presses("同意")
    await old.sends("/homes")
    await old.presses("101", "常住这里")
    first = await joins(world, "小李", unit="601")
    await leader.presses("同意")
    second = await joins(world, "小赵", unit="602")
    await leader.presses("同意")
    await dance(world)
    for phone in (old, new, first, second):
        await phone.presses("我去")
    assert "候补" in second.last_toast
    await new.opens(MOVING_LINK + await code_of(old))
    states = await world.rows("SELECT state, person_id FROM signups ORDER BY placed")
    assert [row["state"] for row in states] == ["confirmed", "withdrawn", "confirmed", "asked"]
    assert states[0]["person_id"] == await new.person_id()
    assert second.may_press("我来")


async def test_a_register_holder_who_opens_the_invitation_is_one_person(world: World) -> None:
    """What the register has, and what they did before as a resident, are one person's."""
    resident = await joins(world, "大林", unit="301")
    await resident.reports("五栋2单元楼道灯坏了")
    await resident.opens(APPOINT_PREFIX + await world.invitation(PostKind.ENTRANCE_LEADER, "3", "2"))
    assert "您现在是" in "".join(one.text for one in resident.messages)
    person = await resident.person_id()
    (row,) = await world.rows(f"SELECT name, phone FROM personal_details WHERE person_id = {person}")  # noqa: S608
    assert tuple(row) == ("林志远", "13900000021")
    rows = await world.rows("SELECT id FROM people WHERE forgotten_at IS NOT NULL")
    assert len(rows) == 1
    assert await world.rows("SELECT action FROM changes WHERE action = 'person.merged'")


# When it breaks in the middle --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "breaks_at", ["merge_details", "merge_appointments", "merge_dialogs", "empty_person", "merge_handlers"]
)
async def test_half_a_merge_is_none(world: World, monkeypatch: pytest.MonkeyPatch, breaks_at: str) -> None:
    """Whatever fails in the middle: nothing has happened; later it works."""
    _, old = await settled_resident(world)
    code = await code_of(old)
    new = world.newcomer("新手机")
    await new.sends("/start")
    before = await world.contents("dialogs")
    fetch = SqliteConnection.fetch

    async def breaking(self: SqliteConnection, query: str, parameters: dict[str, object]) -> list[Row]:
        if query == breaks_at:
            raise RuntimeError("power cut")
        return await fetch(self, query, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(SqliteConnection, "fetch", breaking)
        await new.opens(MOVING_LINK + code)
    assert before == await world.contents("dialogs")
    assert not old.sees("已经换到另一部手机")
    await world.restart()
    await world.later(seconds=10)
    assert "王芳，欢迎回来" in new.last_message
    assert old.sees("已经换到另一部手机")
