"""Lending the right to announce: to whom, for whom, until when, and taking it back."""

from bot.domain.announcing import Loan
from bot.domain.audiences import COMPOUND, Audience
from bot.domain.posts import PostKind
from bot.storage.store import Store
from tests.world import Phone, World

COMMITTEE = PostKind.SELF_MANAGEMENT_COMMITTEE
DIRECTOR = PostKind.OWNERS_COMMITTEE_DIRECTOR


async def running(phone: Phone) -> list[Loan]:
    """What is lent to somebody now."""
    person_id, now = await phone.person_id(), phone.world.clock.now
    async with phone.world.database.transaction() as connection:
        return [one.loan for one in await Store(connection).loans.running(person_id, now)]


async def asked_until(world: World, audience: str = "3号楼") -> tuple[Phone, Phone]:
    """A member of the committee who is asked until when, and the resident it is to be lent to."""
    member, resident = await world.holder(COMMITTEE), await world.resident()
    await member.sends("/lend")
    await member.sends("王奶奶")
    await member.presses("王奶奶")
    await member.sends(audience)
    return member, resident


async def lent(world: World) -> tuple[Phone, Phone]:
    """The same, and it is lent until midnight."""
    member, resident = await asked_until(world)
    await member.presses("到今晚 24:00", "✅ 借出")
    return member, resident


async def test_the_committee_lends_until_midnight(world: World) -> None:
    """Name, audience, end, one look at it all: the borrower is told, and midnight ends it."""
    member, resident = await asked_until(world, "3-4号楼业主")
    await member.presses("到今晚 24:00")
    assert "把发通知权借给 王奶奶" in member.last_message
    assert "3号楼、4号楼业主" in member.last_message
    assert "11月24日（周二）24:00" in member.last_message
    assert await running(resident) == []
    await member.presses("✅ 借出")
    assert "借出了。王奶奶 到 11月24日（周二）24:00" in member.last_message
    assert "把发通知权借给您" in resident.last_message
    assert "/announce" in resident.last_message
    (loan,) = await running(resident)
    assert loan.by == await member.person_id()
    assert loan.audience.narrowed_to == ("owner",)
    await world.live_through(hours=15)
    assert await running(resident) == []


async def test_a_day_at_most(world: World) -> None:
    """24 hours from now; nothing else can be chosen, typed or forged."""
    member, resident = await asked_until(world, "全小区")
    for nonsense in ("明年", "9"):
        await member.sends(nonsense)
        assert "借到什么时候" in member.last_message
    await member.forges_answer("year")
    assert "借到什么时候" in member.last_message
    await member.presses("一天", "✅ 借出")
    (loan,) = await running(resident)
    assert (loan.until - loan.since).total_seconds() == 86_400
    assert loan.audience == Audience((COMPOUND,))


async def test_taking_it_back(world: World) -> None:
    """From the list, by anybody of the committee: borrower and lender hear who did; it stays in the log."""
    member, resident = await lent(world)
    director = await world.holder(DIRECTOR)
    await director.sends("/lend")
    assert "王奶奶：3号楼，到 11月24日（周二）24:00" in director.last_message
    await director.presses("收回：王奶奶")
    assert "收回了，王奶奶 已经知道" in director.last_message
    assert "收回了借给您的发通知权（3号楼）" in resident.last_message
    assert "借给 王奶奶 的发通知权（3号楼）结束了" in member.last_message
    assert await running(resident) == []
    await director.presses("收回：王奶奶")
    assert "已经结束了" in director.last_toast
    rows = await world.rows("SELECT revoked_at, revoked_by FROM loans")
    assert [row["revoked_by"] for row in rows] == [await director.person_id()]


async def test_giving_it_back(world: World) -> None:
    """Who does not need it says so with one tap."""
    member, resident = await lent(world)
    await resident.presses("还回去")
    assert "还回去了，谢谢" in resident.last_message
    assert "王奶奶 点的" in member.last_message
    assert await running(resident) == []


async def test_who_may_lend(world: World) -> None:
    """Only the committee; others learn whom to ask, however they try."""
    leader, resident = await world.leader_of("3"), await world.resident()
    for phone in (leader, resident):
        await phone.sends("/lend")
        assert "发通知权由委员会借出" in phone.last_message
        for forged in ("loan.new", "loan.list"):
            await phone.forges(forged)
            assert "发通知权由委员会借出" in phone.last_toast


async def test_a_loan_of_others_does_not_exist(world: World) -> None:
    """Neither ended nor seen by who has no part in it."""
    _, resident = await lent(world)
    leader = await world.leader_of("5")
    for forged in ("loan.end:1", "loan.end:99"):
        await leader.forges(forged)
        assert "没有这一笔" in leader.last_toast
    await leader.forges("loan.end:x")
    assert len(await running(resident)) == 1


async def test_the_right_is_checked_when_it_is_lent(world: World) -> None:
    """Who has left the committee in the middle, and whom it is lent to, is asked for at the end."""
    member, resident = await asked_until(world)
    await member.presses("一天")
    await world.vacate(COMMITTEE)
    await member.presses("✅ 借出")
    assert "发通知权由委员会借出" in member.last_toast
    assert await running(resident) == []


async def test_whom_it_may_be_lent_to(world: World) -> None:
    """People of the compound on the bot, and not oneself; a forged number is nobody."""
    member = await world.holder(COMMITTEE)
    resident = await world.resident()
    stranger = world.newcomer("外人")
    await stranger.sends("/start")
    await member.sends("/lend")
    for nonsense in ("外人", "？", "张三丰李四光"):
        await member.sends(nonsense)
        assert member.sees(f"没找到「{nonsense}」")
    await member.sends("王奶奶")
    await member.forges_answer("who", await member.person_id())
    assert member.sees("不用借给自己")
    await member.forges_answer("who", await stranger.person_id())
    await member.sends("3号楼")
    assert not member.may_press("一天")
    assert await running(stranger) == await running(resident) == []


async def test_words_that_name_nobody_are_asked_back(world: World) -> None:
    """What is not understood is never guessed, and the question stays."""
    member, _ = await asked_until(world, "99号楼")
    assert member.sees("没找到「99号楼」")
    for words, why in (
        ("3-40号楼", "里没有"),
        ("2单元", "是哪栋楼的"),
        ("除了3号楼", "有几种意思"),
        ("", "请写发给谁"),
    ):
        await member.sends(words) if words else await member.sends_sticker()
        assert member.sees(why), words
    await member.sends("舞蹈队")
    assert member.sees("没找到「舞蹈队」")
    await member.sends("楼栋长")
    assert "借到什么时候" in member.last_message


async def test_lending_survives_a_restart(world: World) -> None:
    """What has been answered stays answered, and what is lent stays lent."""
    member, resident = await asked_until(world)
    await world.restart()
    await member.presses("一天")
    await world.restart()
    await member.presses("✅ 借出")
    assert len(await running(resident)) == 1
