"""連心卡 to print: ordered in the chat, where they hang, renewed when a post changes hands."""

from io import BytesIO

import pypdfium2
import zxingcpp
from PIL import Image

from bot.actions.appointing import appoint
from bot.actions.desk import Desk
from bot.actions.directory import JOIN_PREFIX, find_post
from bot.domain.posts import PostKind
from bot.storage.store import Store
from tests.world import TEXTS, Phone, World


def documents(phone: Phone) -> list[tuple[str, bytes]]:
    """Every file somebody was sent, with its name."""
    sent = [one.raw["document"] for one in phone.messages if "document" in one.raw]
    files = phone.world.telegram.memory.files
    return [(one["file_name"], files.get(one["file_id"]).file.content) for one in sent]


def pages(content: bytes) -> list[str]:
    """The words of each page of a PDF."""
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content)]


def codes(content: bytes) -> set[str]:
    """What the QR codes of a PDF's pages, or of a picture, say."""
    if content.startswith(b"%PDF"):
        images = [page.render(scale=3).to_pil() for page in pypdfium2.PdfDocument(content)]
    else:
        images = [Image.open(BytesIO(content))]
    return {code.text for image in images for code in zxingcpp.read_barcodes(image)}


async def order(world: World, phone: Phone, *labels: str) -> None:
    """Ask for cards of building 3, and wait for them."""
    await phone.sends("/cards")
    if "3号楼" in phone.buttons:
        await phone.presses("3号楼")
    for label in labels:
        await phone.presses(label)
    await world.tick()


async def new_leader(world: World, name: str = "孙七") -> Phone:
    """Somebody takes over building 3 by a link, and the cards hear of it."""
    phone = world.newcomer(name)
    await phone.opens("a" + await world.invitation(PostKind.BUILDING_LEADER, "3"))
    if not phone.sees("您现在是"):
        await phone.presses(phone.messages[-1].buttons[-2][0].text)
    return phone


async def test_a_poster_for_each_entrance(world: World) -> None:
    """The leader taps twice: an A4 page for each entrance, with its own code, names and public phones."""
    leader = await world.leader_of("3")
    await order(world, leader, "海报")
    [(name, content)] = documents(leader)
    assert name == "3号楼-poster.pdf"
    doors = await world.rows(
        "SELECT code FROM links WHERE kind = 'join' AND building_id = "
        "(SELECT id FROM buildings WHERE name = '3号楼') AND entrance_id IS NOT NULL"
    )
    assert len(pages(content)) == len(doors) > 1
    assert codes(content) == {
        f"https://t.me/{world.rules.bot_name}?start={JOIN_PREFIX}{door['code']}" for door in doors
    }
    told = await world.rows(
        "SELECT name FROM personal_details JOIN appointments USING (person_id) "
        "JOIN posts ON posts.id = post_id WHERE kind = 'building_leader' AND building_id = "
        "(SELECT id FROM buildings WHERE name = '3号楼')"
    )
    assert all(told[0]["name"] in page for page in pages(content))
    assert all(
        number in page.replace(" ", "")
        for page in pages(content)
        for number in ("119", "110", "120", "12345")
    )


async def test_a_phone_that_is_not_shown_is_not_printed(world: World) -> None:
    """The holder's own number stands on no card unless the post says so."""
    leader = await world.leader_of("3")
    [row] = await world.rows(
        "SELECT person_id, personal_details.phone, posts.id AS post FROM personal_details "
        "JOIN appointments USING (person_id) JOIN posts ON posts.id = post_id "
        "WHERE kind = 'building_leader' AND building_id = "
        "(SELECT id FROM buildings WHERE name = '3号楼')"
    )
    assert row["phone"]
    for shown in (1, 0):
        post = row["post"]
        # Both numbers are ours.
        await world.rows(f"UPDATE appointments SET phone_shown = {shown} WHERE post_id = {post}")  # noqa: S608
        await order(world, leader, "海报")
        _, content = documents(leader)[-1]
        digits = "".join(sign for sign in pages(content)[0] if sign.isdigit())
        assert (row["phone"].replace(" ", "") in digits) is bool(shown)


async def test_who_is_away_for_a_while_stays_on_the_card(world: World) -> None:
    """A poster hangs for years: a stand-in of a week is not on it."""
    leader, other = await world.leader_of("3"), await world.resident(name="代班李")
    mine, theirs = await leader.person_id(), await other.person_id()
    post = "SELECT post_id FROM appointments WHERE person_id ="
    await world.rows(
        f"INSERT INTO appointments (post_id, person_id, starts_at, acting_for) "  # noqa: S608  both are numbers
        f"VALUES (({post} {mine}), {theirs}, 1, {mine})"
    )
    await order(world, leader, "海报")
    assert "代班李" not in "".join(pages(documents(leader)[-1][1]))


async def test_pocket_cards_and_a_picture_in_another_language(world: World) -> None:
    """The committee chooses building and language; the picture comes as a photo for the group."""
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    await order(world, secretary, "English", "名片卡")
    [(name, content)] = documents(secretary)
    assert name == "3号楼-cards.pdf"
    assert "building leader" in "".join(pages(content)).lower()
    await order(world, secretary, "图片")
    assert secretary.messages[-1].photos
    content = world.telegram.memory.files.get(secretary.messages[-1].photos[-1]).file.content
    [code] = codes(content)
    assert code.startswith(f"https://t.me/{world.rules.bot_name}?start={JOIN_PREFIX}")
    assert not await world.rows("SELECT 1 FROM card_prints WHERE hangs_at <> ''")


async def test_where_it_hangs_is_remembered_and_shown(world: World) -> None:
    """By button or in words; a new one at the same place takes the old one's."""
    leader = await world.leader_of("3")
    await order(world, leader, "海报")
    await leader.presses("各单元门口")
    assert "各单元门口" in leader.last_message
    await order(world, leader, "名片卡")
    await leader.presses("别处，我来写")
    await leader.sends("  2单元信箱上面\n")
    await leader.sends("/cards")
    assert "海报：各单元门口" in leader.last_message
    assert "名片卡：2单元信箱上面" in leader.last_message
    await order(world, leader, "海报")
    await leader.presses("各单元门口")
    await leader.sends("/cards")
    assert leader.last_message.count("各单元门口") == 1


async def test_a_post_changes_hands(world: World) -> None:
    """Ten minutes later the committee sees who it is, where old cards hang, and the new card."""
    leader = await world.leader_of("3")
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    await order(world, leader, "海报")
    await leader.presses("各单元门口")
    await world.later(hours=3)
    await new_leader(world)
    await secretary.forgets()
    await world.later(minutes=5)
    assert not secretary.sees("连心卡该换了")
    await world.later(minutes=6)
    texts = "\n".join(secretary.new_messages)
    assert "连心卡该换了" in texts
    assert "3号楼楼栋长：孙七" in texts
    assert "3号楼 海报：各单元门口" in texts
    assert secretary.messages[-1].photos
    await secretary.presses("3号楼海报")
    await world.tick()
    assert any("孙七" in page for page in pages(documents(secretary)[-1][1]))
    # Once: nothing has changed since.
    await secretary.forgets()
    await world.later(days=1)
    assert not any("连心卡该换了" in one for one in secretary.new_messages)


async def test_the_old_ones_are_taken_down(world: World) -> None:
    """What was made before the change is marked old until somebody says it is gone."""
    leader = await world.leader_of("3")
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    await order(world, leader, "海报")
    await leader.presses("电梯里")
    await secretary.sends("/cards")
    await secretary.presses("3号楼")
    assert "⚠️" not in secretary.last_message
    assert not secretary.may_press("旧的都换下了")
    await world.later(hours=1)
    await new_leader(world)
    await secretary.sends("/cards")
    await secretary.presses("3号楼")
    assert "⚠️ 旧的 海报：电梯里" in secretary.last_message
    await secretary.presses("旧的都换下了")
    assert "电梯里" not in secretary.last_message


async def test_one_card_hangs_in_two_places(world: World) -> None:
    """At the doors and in the lift: both are remembered, tapped twice or not; taken back, neither is."""
    leader = await world.leader_of("3")
    await order(world, leader, "海报")
    await leader.presses("各单元门口", "电梯里", "各单元门口", "电梯里")
    await leader.sends("/cards")
    assert leader.last_message.count("各单元门口") == leader.last_message.count("电梯里") == 1
    await leader.presses("不用记")
    await leader.sends("/cards")
    assert "还没记过挂在哪里" in leader.last_message


async def test_a_new_card_is_not_called_old(world: World) -> None:
    """Who renews the card before the committee hears of the change is not sent to take the new one down."""
    leader, secretary = await world.leader_of("3"), await world.holder(PostKind.BRANCH_SECRETARY)
    await order(world, leader, "海报")
    await leader.presses("电梯里")
    await world.later(hours=1)
    phone = await new_leader(world)
    await world.later(minutes=1)
    await order(world, phone, "海报")
    await phone.presses("宣传栏")
    await secretary.forgets()
    await world.later(minutes=12)
    [told] = [one for one in secretary.new_messages if "连心卡该换了" in one]
    assert "电梯里" in told
    assert "宣传栏" not in told


async def test_a_term_stands_on_no_card(world: World) -> None:
    """Agreeing until when somebody stays makes no card old, and is no reason to renew one."""
    director, leader = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR), await world.leader_of("3")
    await order(world, leader, "海报")
    await leader.presses("电梯里")
    await world.later(hours=1)
    await director.sends("/posts")
    await director.presses("3号楼", "楼栋长", "任期", "三年")
    assert "的任期到" in director.last_message
    await leader.sends("/cards")
    assert "海报：电梯里" in leader.last_message
    assert "旧的" not in leader.last_message
    await director.sends("/posts")
    await director.presses("3号楼", "楼栋长", "变更记录")
    assert "改了 王秀兰 的任期" in director.last_message


async def test_nothing_is_planned_where_no_card_was_made(world: World) -> None:
    """What changed before the first card was made stands on it: only later changes are told."""
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    leader = await new_leader(world, "孙七")
    chores = "SELECT 1 FROM chores WHERE kind = 'cards.reissue'"
    assert not await world.rows(chores)
    await world.later(hours=1)
    await order(world, secretary, "图片")
    await world.later(hours=1)
    await leader.sends("/posts")
    await leader.presses("3号楼", "＋ 1单元单元长")
    await leader.presses("＋ 任命", "对方没用连心")
    await leader.sends("钱八 13900008888")
    await leader.presses("✅ 登记")
    assert await world.rows(chores)
    await secretary.forgets()
    await world.later(minutes=11)
    [told] = [one for one in secretary.new_messages if "连心卡该换了" in one]
    assert "钱八" in told
    assert "孙七" not in told


async def test_a_committee_of_sixty_fits_into_the_message(world: World) -> None:
    """Of many in one post some are named, and the others counted."""
    leader, secretary = await world.leader_of("3"), await world.holder(PostKind.BRANCH_SECRETARY)
    await order(world, leader, "海报")
    await world.later(hours=1)
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        number = await find_post(desk.store, 1, PostKind.SELF_MANAGEMENT_COMMITTEE)
        for one in range(60):
            person = await desk.store.people.new(desk.now)
            await desk.store.people.put_details(person, f"{'长' * 90}{one}", "")
            await appoint(desk, number, person, actor_id=None, source="command_line")
        await desk.send()
    await secretary.forgets()
    await world.later(minutes=11)
    [told] = [one for one in secretary.new_messages if "连心卡该换了" in one]
    assert "还有 59 位" in told
    assert len(told) < 500


async def test_only_who_may(world: World) -> None:
    """Residents and the leader of another house are refused, also with a forged payload; nothing is made."""
    resident, other = await world.resident(), await world.leader_of("5")
    leader = await world.leader_of("3")
    await order(world, leader, "海报")
    [building] = await world.rows("SELECT id FROM buildings WHERE name = '3号楼'")
    [made] = await world.rows("SELECT id FROM card_prints")
    before = await world.contents("chores", "dialogs", "cards")
    for phone in (resident, other):
        for payload in (
            f"card.make:{building['id']}:poster:zh_CN",
            f"card.show:{building['id']}:",
            f"card.hung:{made['id']}:lifts",
            f"card.down:{building['id']}:",
            "card.hung:999:lifts",
        ):
            await phone.forges(payload)
    for payload in (
        f"card.make:{building['id']}:poster:xx",
        f"card.make:{building['id']}:scroll:zh_CN",
        "card.make:-1:poster:zh_CN",
        f"card.hung:{made['id']}:moon",
    ):
        await leader.forges(payload)
    await world.tick()
    assert await world.contents("chores", "dialogs", "cards") == before
    assert not documents(resident)
    assert not documents(other)
    assert len(documents(leader)) == 1


async def test_a_restart_between_order_and_delivery(world: World) -> None:
    """What was ordered is made after a restart, once."""
    leader = await world.leader_of("3")
    await leader.sends("/cards")
    await leader.presses("海报")
    await world.restart()
    await world.tick()
    await world.tick()
    assert len(documents(leader)) == 1
