"""Finding an issue again by words, number or place, and only what one may see."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions.cards import may_see
from bot.actions.desk import Desk
from bot.actions.search import FOUND_MOST, find, index
from bot.domain.folding import fold
from bot.domain.posts import Place, PostKind
from bot.storage.store import Store
from tests.issues import put_issue
from tests.test_lists import NUMBER, listed, report
from tests.world import TEXTS, Phone, World

ALL = ["003", "002", "001"]


@pytest.fixture
async def resident(world: World, leader: Phone) -> Phone:
    """王奶奶 of 3-2-502, approved."""
    phone = await world.resident()
    await leader.presses("✅ 同意")
    return phone


@pytest.fixture
async def director(world: World) -> Phone:
    """The director of the owners' committee, who may see everything."""
    return await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        *(("楼道灯", ["001"]), ("樓道燈", ["001"]), ("灯", ["001"]), ("漏水", ["002"]), ("001", ["001"])),
        *(("2", ALL), ("261124-002", ["002"]), ("２６１１２４－００２", ["002"])),
        *(("照明", ["001"]), ("lighting", ["001"]), ("3栋502", ["002"]), ("3-2-502", ["002"])),
        *(
            ("三號樓", ALL),
            ("3栋 漏水", ["002"]),
            ("3栋漏水", ["002"]),
            ("261124", ALL),
        ),
        *(("电梯", []), ("004", []), ("5号楼", []), ("漏水 楼道灯", [])),
    ],
)
async def test_ways_to_find_it(leader: Phone, resident: Phone, said: str, numbers: list[str]) -> None:
    """Two characters or one, either script, the number or its end, the place, the kind, several of these."""
    await resident.reports("三栋2单元楼道灯坏了")
    await resident.sends("我家 3-2-502 厨房水管漏水")
    await resident.presses("水电气", "提交")
    await resident.reports("三栋2单元楼道里有垃圾", "楼道卫生")
    await leader.sends("/find " + said)
    assert listed(leader) == numbers
    if not numbers:
        assert "没有找到" in leader.last_message
        assert leader.buttons == ["🔍 再找"]


async def test_asked_step_by_step(world: World, leader: Phone, resident: Phone) -> None:
    """🔍 asks what for, also after a restart; what is no word is asked again; a digit is no button."""
    await resident.reports()
    await resident.sends("☰ 更多")
    await resident.presses("找一件事")
    assert "如「路灯」" in resident.last_message
    await world.restart()
    await resident.forgets()
    await resident.sends("？？")
    assert any("请打几个字" in text for text in resident.new_messages)
    await resident.sends("1")
    assert listed(resident) == ["001"]
    await resident.presses("261124-001")
    assert "谁在管" in resident.last_message
    await resident.sends("/find")
    await resident.presses("取消")
    await leader.sends("/work")
    await leader.presses("找一件事")
    await leader.forgets()
    await leader.sends_photo()
    assert any("请打几个字" in text for text in leader.new_messages)
    await leader.sends("楼道")
    assert listed(leader) == ["001"]


async def test_results_are_turned_in_place(world: World, leader: Phone, resident: Phone) -> None:
    """Six at a time; the words travel in the buttons, so that a restart does not matter."""
    await report(resident, 8)
    await leader.sends("/find 楼道:灯 坏了")
    first = leader.messages[-1]
    assert "「楼道 灯 坏了」找到 8 件" in first.text
    assert listed(leader) == ["008", "007", "006", "005", "004", "003"]
    await world.restart()
    await leader.presses("▶")
    assert leader.messages[-1].id == first.id
    assert listed(leader) == ["002", "001"]
    await leader.presses("▶")
    assert "最后一页" in leader.last_toast


@pytest.mark.parametrize(
    "said", ["灯" * 500, "🔥" * 40, "<b>&" * 20, "a:b:c" * 30, "灯 " * 60, "3栋" * 30, "1 2 3 4 5 6 7"]
)
async def test_whatever_is_typed_is_answered(leader: Phone, resident: Phone, said: str) -> None:
    """However long and odd; what is shown is what was looked for."""
    await resident.reports()
    await leader.forgets()
    await leader.sends("/find " + said)
    assert len(leader.new_messages) == 1


async def test_only_what_one_may_see(world: World, leader: Phone, resident: Phone, director: Phone) -> None:
    """A neighbour, another leader and a stranger find nothing of it; who has met it too finds it."""
    second = await world.resident(unit="501", name="李叔")
    await leader.presses("✅ 同意")
    other = await world.leader_of("1")
    stranger = world.newcomer()
    await resident.reports()
    for phone, numbers in (
        *((resident, ["001"]), (leader, ["001"]), (director, ["001"])),
        *((second, []), (other, []), (stranger, [])),
    ):
        await phone.sends("/find 楼道")
        assert listed(phone) == numbers
    await second.sends("楼道灯不亮")
    await second.presses("照明", "我也遇到")
    await second.sends("/find 楼道")
    assert listed(second) == ["001"]


async def test_a_neighbour_learns_nothing_by_searching(world: World, leader: Phone, resident: Phone) -> None:
    """Neither whose home it is nor a phone in the text can be guessed by finding it, or not."""
    second = await world.resident(unit="501", name="李叔")
    await leader.presses("✅ 同意")
    await resident.sends("我家3-2-502门口的灯坏了，电话13900001111")
    await resident.presses("照明", "提交")
    second_id = await second.person_id()
    async with world.database.transaction() as connection:
        await Store(connection).issues.add_part(1, second_id, "affected")
    await second.sends("/find 门口的灯")
    assert listed(second) == ["001"]
    assert "13900001111" not in second.last_message
    for said in ("13900001111", "0000", "1390"):
        await second.sends("/find " + said)
        assert listed(second) == []
    await leader.sends("/find 13900001111")
    assert listed(leader) == ["001"]


async def test_private_matters(world: World, leader: Phone, resident: Phone, director: Phone) -> None:
    """A dispute is found by who reported it, handles it or speaks for the compound, and by nobody else."""
    second = await world.resident(unit="501", name="李叔")
    await leader.presses("✅ 同意")
    await resident.sends("楼上半夜吵得睡不着")
    await resident.presses("噪声", "提交")
    second_id = await second.person_id()
    async with world.database.transaction() as connection:
        await Store(connection).issues.add_part(1, second_id, "affected")
    for phone, numbers in ((resident, ["001"]), (director, ["001"]), (second, [])):
        await phone.sends("/find 半夜")
        assert listed(phone) == numbers


async def test_the_words_are_forgotten(world: World, leader: Phone, resident: Phone) -> None:
    """After /forget nothing is found by what was written."""
    await resident.reports()
    person_id = await resident.person_id()
    async with world.database.transaction() as connection:
        await Store(connection).privacy.forget(person_id, world.clock.now)
    await leader.sends("/find 楼道灯")
    assert listed(leader) == []


async def test_nothing_crosses_between_compounds(world: World, resident: Phone, director: Phone) -> None:
    """The committee of one compound finds nothing of another, with the same words."""
    compound_id = await world.another_compound()
    await resident.reports()
    await world.rows(f"UPDATE issues SET compound_id = {compound_id}")  # noqa: S608
    await world.rows(f"UPDATE issue_grams SET compound_id = {compound_id}")  # noqa: S608
    await director.sends("/find 楼道")
    assert listed(director) == []


async def test_too_many(world: World, resident: Phone, director: Phone) -> None:
    """The latest are shown, and that more words would help."""
    await resident.reports("3栋2单元楼道灯坏了")
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        issue = await desk.store.issues.get(1)
        assert issue is not None
        for _ in range(FOUND_MOST + 3):
            await _again(desk, issue.reporter_id, issue.handler_id, "楼道灯坏了")
    await director.sends("/find 楼道灯")
    assert f"先列最近 {FOUND_MOST} 件" in director.last_message
    assert NUMBER.findall(director.last_message)[0] == f"261124-0{FOUND_MOST + 4}"


async def _again(desk: Desk, reporter_id: int, handler_id: int, text: str) -> int:
    """Another issue of the same people, findable."""
    place = Place("common_area", 1)
    issue_id = await put_issue(desk.store, desk.now, place, reporter_id, handler_id, text=text)
    issue = await desk.store.issues.get(issue_id)
    assert issue is not None
    await index(desk, issue)
    return issue_id


TEXT = st.text("灯燈楼樓道坏壞了电梯水漏门口abAB ，。12", max_size=14)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(TEXT, min_size=1, max_size=6),
    word=st.text("灯楼道坏了电梯水漏ab12", min_size=1, max_size=3),
)
async def test_what_is_found_has_the_word_and_what_has_it_is_found(
    world: World, leader: Phone, resident: Phone, texts: list[str], word: str
) -> None:
    """For everybody: of the issues they may see those whose words hold what was typed, and no others."""
    people = [await phone.person_id() for phone in (leader, resident)]
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        ids = [await _again(desk, people[number % 2], people[0], text) for number, text in enumerate(texts)]
        for person_id in people:
            found = {issue.id for issue in await find(desk, person_id, word)}
            for issue_id, text in zip(ids, texts, strict=True):
                issue = await desk.store.issues.get(issue_id)
                assert issue is not None
                holds = fold(word) in fold(text) or fold(word) in fold("照明 Lighting")
                is_number = word.isdigit() and word.zfill(3) in issue.number.split("-")
                expected = (holds or is_number) and await may_see(desk, issue, person_id)
                assert (issue_id in found) == expected, (word, text)
        await connection.execute("DELETE FROM issue_grams")
        await connection.execute("DELETE FROM issues")
