"""What stands around the phones: the clock, the bot and its faults, stories, the view behind the curtain."""

import re
from datetime import datetime, timedelta

import pytest
from playwright.async_api import Locator, expect

from tests.page.conftest import Visit
from tests.page.desk import FILED, SAY, Desk, Sandbox

pytestmark = [pytest.mark.page, pytest.mark.asyncio(loop_scope="session")]

REPORTER, LEADER, COMMITTEE, MANAGER = "陈秀英", "王秀兰", "自管委", "物业经理"


async def owners(desk: Desk) -> list[str]:
    """Whose phones lie on the desk, in their order."""
    names: list[str] = await desk.owners.evaluate_all("all => all.map(one => one.ariaLabel)")
    return names


async def time_shown(desk: Desk) -> datetime:
    """What the page's clock says."""
    clock = desk.page.get_by_role("region", name=SAY["clock"]).locator("time")
    shown = await clock.get_attribute("datetime")
    assert shown is not None
    return datetime.fromisoformat(shown)


async def test_time_stands_still_and_jumps(desk: Desk) -> None:
    """While it stands, ten minutes more are ten minutes more."""
    await desk.button(SAY["pause"]).click()
    await expect(desk.button(SAY["resume"])).to_have_attribute("aria-pressed", "true")
    before = await time_shown(desk)
    await desk.button(SAY["plus10m"]).click()
    await expect(desk.button(SAY["plus10m"])).to_be_enabled()
    assert await time_shown(desk) - before == timedelta(minutes=10)
    await desk.button(SAY["to8"]).click()
    await expect(desk.button(SAY["to8"])).to_be_enabled()
    morning = await time_shown(desk)
    assert (morning.hour, morning.minute, morning.second) == (0, 0, 0)  # UTC: eight in China
    await desk.button(SAY["resume"]).click()
    await expect(desk.button(SAY["pause"])).to_have_attribute("aria-pressed", "false")


async def test_a_day_brings_the_ladder(desk: Desk) -> None:
    """Nobody takes it up: who has it is reminded, the committee hears of it, the reporter is told."""
    reporter, manager, committee = (desk.phone(name) for name in (REPORTER, MANAGER, COMMITTEE))
    number = await reporter.reports("三号楼停水了", "水电气")
    await manager.sees(number)
    await desk.button(SAY["plus1d"]).click()
    await manager.sees("还没接单", "接单时限到了")
    await committee.sees(number)
    await reporter.sees("还没接单")
    await expect(desk.button(SAY["plus1d"])).to_be_enabled(timeout=30_000)


async def test_a_kill_in_the_middle_of_a_report(desk: Desk) -> None:
    """The bot dies between question and answer, comes back, and takes the answer."""
    reporter = desk.phone(REPORTER)
    await reporter.sends("楼道的灯坏了")
    await reporter.sees("这是哪一类")
    await desk.button(SAY["faults"]).click()
    await expect(desk.window.get_by_role("status")).to_contain_text(SAY["botRunning"])
    await desk.window.get_by_role("button", name=SAY["kill"]).click()
    await expect(desk.window.get_by_role("status")).to_contain_text(f"{SAY['killed']}: 1")
    await desk.close_window()
    await reporter.taps("照明", "提交")
    await reporter.sees(FILED)
    assert len(FILED.findall(await reporter.log.inner_text())) == 1
    await desk.phone(LEADER).sees("楼道的灯坏了")


async def test_the_road_to_telegram_is_cut(desk: Desk) -> None:
    """What was said meanwhile is answered as soon as the road is open again."""
    reporter = desk.phone(REPORTER)
    await desk.button(SAY["faults"]).click()
    cut = desk.window.get_by_label(SAY["offlineFault"])
    await cut.check()
    await desk.close_window()
    await expect(desk.page.locator("#bot-state")).to_have_class(re.compile("faulty"))
    await reporter.sends("电梯坏了")
    await desk.button(SAY["faults"]).click()
    await expect(cut).to_be_checked()
    await cut.uncheck()
    await desk.close_window()
    await expect(desk.page.locator("#bot-state")).not_to_have_class(re.compile("faulty"))
    await reporter.sees("这是哪一类")


async def test_every_fault_can_be_switched(desk: Desk, sandbox: Sandbox) -> None:
    """On and off again, as the sandbox sees it."""
    for switch, label in (
        ("slow", "slow"),
        ("flood", "flood"),
        ("down", "down"),
        ("offline", "offlineFault"),
        ("lost", "lost"),
    ):
        await desk.button(SAY["faults"]).click()
        box = desk.window.get_by_label(SAY[label])
        await box.check()
        await expect(desk.page.locator("#bot-state")).to_have_class(re.compile("faulty"))
        assert sandbox.ask("changes?since=0")["faults"] == [switch]
        await box.uncheck()
        await expect(desk.page.locator("#bot-state")).not_to_have_class(re.compile("faulty"))
        await desk.close_window()


async def test_behind_the_curtain(desk: Desk) -> None:
    """The issue with its history, the letters in and out, what falls due, the calls."""
    number = await desk.phone(REPORTER).reports("楼道的灯坏了", "照明")
    await desk.button(SAY["curtain"]).click()
    curtain = desk.page.get_by_role("complementary", name=SAY["curtain"])
    rows = curtain.get_by_role("tabpanel")
    await rows.get_by_role("button", name=number).click()
    await expect(rows.get_by_role("listitem").first).to_contain_text("file")
    for tab, sight in (("inbox", "done"), ("outbox", "sent"), ("dues", number), ("calls", "getupdates")):
        await curtain.get_by_role("tab", name=SAY[tab]).click()
        await expect(rows).to_contain_text(sight)
    call = rows.get_by_role("group").first
    await call.locator("summary").click()
    await expect(call.locator("pre").first).to_be_visible()
    await curtain.get_by_role("button", name=SAY["close"]).click()
    await expect(curtain).to_be_hidden()


async def test_each_call_is_shown_once(desk: Desk) -> None:
    """However impatiently one taps."""
    await expect(desk.page.locator("#bot-state")).to_have_class(re.compile("running"))
    await desk.button(SAY["curtain"]).click()
    curtain = desk.page.get_by_role("complementary", name=SAY["curtain"])
    calls = curtain.get_by_role("tab", name=SAY["calls"])
    await calls.evaluate("tab => [1, 2, 3].forEach(() => tab.click())")
    shown = curtain.locator("[data-key]")
    await expect(shown.filter(has_text="deleteWebhook").first).to_be_visible()
    await curtain.get_by_role("tab", name=SAY["inbox"]).click()
    await expect(shown).to_have_count(0)
    await calls.click()
    await expect(shown.filter(has_text="deleteWebhook").first).to_be_visible()
    numbers = await shown.evaluate_all("all => all.map(one => one.dataset.key)")
    assert len(set(numbers)) == len(numbers)


async def opened(desk: Desk, title: str) -> Locator:
    """The story of this title, when its first step can be taken."""
    await desk.button(SAY["scenes"]).click()
    await desk.window.get_by_role("button", name=title).click()
    story = desk.page.get_by_role("region", name=SAY["scenes"])
    await expect(story).to_contain_text(title, timeout=30_000)
    await expect(story.get_by_role("button", name=SAY["next"])).to_be_enabled(timeout=30_000)
    return story


async def test_a_story_to_its_end(desk: Desk) -> None:
    """Step by step, and back to free play, where everything is as it was."""
    reporter = desk.phone(REPORTER)
    await reporter.sends("/help")
    await reporter.sees("怎么用连心")
    story = await opened(desk, "半夜困在电梯里")
    step = story.get_by_role("button", name=SAY["next"])
    steps = int((await story.locator("b").inner_text()).rpartition("/")[2])
    for number in range(1, steps + 1):
        await expect(story).to_contain_text(f"{number}/{steps}")
        await step.click()
        await expect(story.get_by_role("button", name=SAY["again"])).to_be_enabled(timeout=30_000)
        await expect(story.locator(".problem")).to_have_count(0)
    await expect(step).to_have_count(0)
    await story.get_by_role("button", name=SAY["leave"]).click()
    await expect(story).to_be_hidden(timeout=30_000)
    await reporter.sees("怎么用连心")


async def test_a_story_in_two_windows(desk: Desk, visit: Visit) -> None:
    """Whoever comes later, or reloads, finds its people and where it stands; it goes on in both windows."""
    story = await opened(desk, "楼道灯坏了")
    names = await owners(desk)
    assert len(set(names)) == len(names) == 4
    await desk.page.reload()
    other = await visit()
    for one in (desk, other):
        await expect(one.page.locator(".acting")).to_have_count(1)
        assert await owners(one) == names
    await story.get_by_role("button", name=SAY["next"]).click()
    await expect(other.page.get_by_role("region", name=SAY["scenes"])).to_contain_text("2/")


async def test_a_reload_keeps_everything(desk: Desk) -> None:
    """Which phones lie there, on which chat, and what was said."""
    reporter = desk.phone(REPORTER)
    await reporter.sends("/help")
    await reporter.sees("怎么用连心")
    await desk.phone(COMMITTEE).root.get_by_role("button", name=SAY["closePhone"]).click()
    await desk.phone(LEADER).root.get_by_role("button", name=SAY["back"]).click()
    names = await owners(desk)
    said = await reporter.log.inner_text()
    await desk.page.reload()
    await expect(desk.owners).to_have_count(len(names))
    assert await owners(desk) == names
    await expect(desk.phone(LEADER).root.get_by_role("list", name=SAY["chats"])).to_be_visible()
    assert await reporter.log.inner_text() == said


async def test_the_sandbox_itself_is_killed(desk: Desk, sandbox: Sandbox) -> None:
    """The page says so, finds it again by itself, and nothing that was said is lost."""
    number = await desk.phone(REPORTER).reports("楼道的灯坏了", "照明")
    await desk.phone(LEADER).sees(number)
    sandbox.kill()
    await expect(desk.page.get_by_role("alert")).to_have_text(SAY["offline"])
    sandbox.start()
    await expect(desk.page.get_by_role("alert")).to_be_hidden()
    await desk.phone(LEADER).taps("接单")
    await desk.phone(REPORTER).sees(f"{number} 楼栋长 王秀兰 接单了")
    # The browser notes the end of the stream, and every vain attempt to reach the sandbox.
    desk.wrongs[:] = [wrong for wrong in desk.wrongs if "Failed to load resource: net::ERR_" not in wrong]


async def test_the_bot_is_brought_into_a_group_by_its_button(desk: Desk) -> None:
    """The committee takes a code in private; the button asks which group, brings the bot in and binds it."""
    officer = desk.phone(COMMITTEE)
    await officer.sends("/groups")
    await officer.taps("登记一个群", "整个小区", "把我拉进群")
    await expect(desk.window).to_be_visible()
    await desk.window.get_by_role("button", name="邻里群").click()
    await officer.sees("登记好了，以后")
