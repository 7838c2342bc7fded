"""What the operator is told beforehand is what the bot does."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.actions.explaining import explain
from bot.domain.posts import Place
from tests.console import Console
from tests.test_reminders import LIFT, PETS, SUGGESTION, WATER, Cast, at, desk_of
from tests.world import SAMPLE, SHANGHAI, World

WORDS = {LIFT: "电梯异响", WATER: "三栋停水", PETS: "有狗没拴", SUGGESTION: "建议加个凉亭"}
POSTS = {
    "leader": "building_leader",
    "deputy": "deputy_leader",
    "committee": "self_management_committee",
    "director": "owners_committee_director",
    "secretary": "branch_secretary",
    "manager": "property_manager",
}


@pytest.mark.parametrize("category", [LIFT, WATER, PETS, SUGGESTION])
@pytest.mark.parametrize("hour", [10, 23])
async def test_it_foretells_whom_the_clock_speaks_to(world: World, category: str, hour: int) -> None:
    """Every rung of the accept clock, at its minute, to each post; filed by day and at night."""
    cast = await Cast.gather(world)
    world.clock.now = at(11, 24, hour)
    before = await world.contents()
    async with world.database.transaction() as connection:
        place = Place("building", 1, 3)
        found = await explain(
            desk_of(world, connection), WORDS[category], place, world.rules.categories[category]
        )
    assert await world.contents() == before
    told = {
        f"{moment['at'].astimezone(SHANGHAI):%m-%d %H:%M} {line['post']}"
        for moment in found.courses["accept"]
        for line in moment["lines"]
    }

    await cast.report(category, WORDS[category])
    last = found.courses["accept"][-1]["at"]
    heard = {
        f"{line[:11]} {POSTS[line[12:].partition(':')[0]]}"
        for line in await cast.hear_until(last + timedelta(minutes=1))
        if "resident" not in line
    }

    assert told == heard


async def test_it_names_the_one_who_gets_it_and_why(world: World) -> None:
    """The same person, for the same reason, as after the report was sent; and by when."""
    leader, resident = await world.leader_of("3"), await world.resident("3")
    await leader.presses("同意")
    async with world.database.transaction() as connection:
        found = await explain(desk_of(world, connection), "有狗没拴", Place("building", 1, 3))

    await resident.reports("有狗没拴", "宠物")

    issue = await world.issue()
    assert found.handler["reason"] == issue.reason
    assert found.matter["category"] == issue.category
    assert found.terms["accept_due"] == issue.filed_at + timedelta(days=1)


async def test_the_days_that_do_not_count_are_named(world: World) -> None:
    """A lamp before the Spring Festival: the holiday is off, the Saturday that pays for it is worked."""
    world.clock.now = at(2, 3, 10).replace(year=2026)
    async with world.database.transaction() as connection:
        found = await explain(desk_of(world, connection), "楼道灯坏了", Place("building", 1, 3))

    days = {name: [f"{day:%m-%d}" for day in found.terms[name]] for name in ("idle", "made_up")}
    assert days == {"idle": ["02-07", "02-08"], "made_up": []}
    world.clock.now = at(2, 10, 10).replace(year=2026)
    async with world.database.transaction() as connection:
        found = await explain(desk_of(world, connection), "楼道灯坏了", Place("building", 1, 3))
    days = {name: [f"{day:%m-%d}" for day in found.terms[name]] for name in ("idle", "made_up")}
    assert days == {"idle": [f"02-{day}" for day in range(15, 24)], "made_up": ["02-14"]}


class TestCommand:
    """What the operator types, and reads."""

    @pytest.fixture
    def console(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> Console:
        """The sample compound, in a folder of its own."""
        console = Console(tmp_path, monkeypatch, capsys)
        code, _, err = console("import", SAMPLE)
        assert code == 0, err
        return console

    def test_people_in_a_lift(self, console: Console) -> None:
        """Written in traditional characters, at night: the number to call, the post, and every message."""
        code, out, err = console("explain", "3棟", "電梯", "困在電梯裡", "--at", "2026-11-24 22:00")

        assert (code, err) == (0, "")
        lines = out.splitlines()
        assert lines[0] == "11月24日（周二）22:00 3号楼 「困在電梯裡」"
        assert "类别：电梯（您指定的）" in lines
        assert "🛗 困在电梯里：别扒门，按电梯里的求助铃，打 119！" in lines
        assert "为什么由物业经理 蒋国华 来办" in lines
        assert "· 楼栋长：还没用上连心，联系不到" in lines
        assert "⚠️ 蒋国华 还没用上连心，下面这些现在谁也收不到：请发邀请（appoint）。" in lines
        assert "接单：11月24日（周二）22:30 前（30 分钟）" in lines
        assert "11月24日（周二）22:15　提醒（时限的 50%）　→ 物业经理 蒋国华" in lines
        assert "<" not in out

    @pytest.mark.parametrize(
        ("place", "shown"),
        [
            ("3", "3号楼"),
            ("三栋2单元", "3号楼2单元"),
            ("3-2-502", "3号楼2单元 502"),
            ("公共区域", "绿洲路126号大院公共区域"),
            ("小區", "绿洲路126号大院"),
        ],
    )
    def test_places_as_people_write_them(self, console: Console, place: str, shown: str) -> None:
        """As in the chat; what is wide goes by the words on its button."""
        code, out, _ = console("explain", place, "楼道灯坏了", "--at", "2026-11-24 22:00")

        assert code == 0
        assert out.splitlines()[0] == f"11月24日（周二）22:00 {shown} 「楼道灯坏了」"

    def test_what_is_said_by_hand(self, console: Console) -> None:
        """Small talk, a matter for others, an own category, a day off of this compound, a night."""
        assert "不像报事" in console("explain", "3", "大家好呀")[1]
        Path("config.toml").write_text(
            '[categories.charging]\nname = "充电桩"\nwords = ["充电枪"]\n'
            '[calendar.luzhou-126]\noff = ["2026-11-25"]\n',
            encoding="utf-8",
        )
        code, out, _ = console("explain", "3", "充电枪坏了", "--at", "2026-11-24 22:00")
        assert code == 0
        assert "类别：充电桩（听到「充电枪」）" in out
        assert "这些天不算：11月25日（周三）、11月28日（周六）" in out
        assert "夜里不打扰" in out

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("33栋", "灯坏了"), "33栋 is not in the register of 绿洲路126号大院; did you mean 3号楼?"),
            (("月亮上", "灯坏了"), "月亮上 is not in the register of 绿洲路126号大院; did you mean 1号楼,"),
            (("3", "飞碟", "灯坏了"), "there is no category 飞碟; known are 停车, 违建/占用公共空间,"),
            (("3", "灯", "坏", "了"), "put what the resident says into quotes"),
            (("3", "灯坏了", "--at", "tomorrow"), "tomorrow is no time: write for example"),
            (("3", "灯坏了", "--compound", "x"), "name one compound with --compound: luzhou-126"),
        ],
    )
    def test_mistakes(self, console: Console, words: tuple[str, ...], sentence: str) -> None:
        """One sentence that says what would be right."""
        code, out, err = console("explain", *words)

        assert (code, out) == (2, "")
        assert err.startswith(f"lianxin: {sentence}")


async def test_nobody_in_office_is_said(world: World) -> None:
    """Where every post is empty there is no handler, and nothing else to tell."""
    await world.rows("UPDATE appointments SET ends_at = 1")
    async with world.database.transaction() as connection:
        found = await explain(desk_of(world, connection), "楼道灯坏了", Place("building", 1, 3))

    assert not found.handler
    assert not found.courses
