"""For everybody: small screens, the keyboard alone, three languages, whoever listens instead of looking."""

import re
from importlib.resources import files

import pytest
from playwright.async_api import expect

from tests.page.conftest import Visit
from tests.page.desk import SAY, Desk, labels

pytestmark = [pytest.mark.page, pytest.mark.asyncio(loop_scope="session")]

REPORTER, LEADER = "陈秀英", "王秀兰"
NARROW = {"width": 360, "height": 740}
AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa"], "resultTypes": ["violations"]}


async def violations(desk: Desk) -> list[tuple[str, list[str]]]:
    """What axe finds against WCAG 2, A and AA: the rule, and where it is broken."""
    await desk.page.evaluate(AXE)
    found = await desk.page.evaluate("rules => axe.run(rules)", RULES)
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]


async def test_a_small_screen_has_tabs(visit: Visit) -> None:
    """One phone at a time; the tab says who has something to read; nothing is cut off at the side."""
    desk = await visit(viewport=NARROW)
    reporter, leader = desk.phone(REPORTER), desk.phone(LEADER)
    tabs = desk.page.get_by_role("tablist", name=SAY["phones"])
    await expect(reporter.root).to_be_visible()
    await expect(leader.root).to_be_hidden()
    await reporter.reports("楼道的灯坏了", "照明")
    await tabs.get_by_role("tab", name=re.compile(f"{LEADER}.*{SAY['unread']}")).click()
    await expect(leader.root).to_be_visible()
    await expect(reporter.root).to_be_hidden()
    await expect(tabs.get_by_role("tab", name=LEADER)).to_have_attribute("aria-selected", "true")
    await leader.taps("接单")
    await leader.sees("办理中")
    await expect(desk.button(SAY["add"])).to_be_hidden()
    await desk.button(SAY["tools"]).click()
    await expect(desk.button(SAY["add"])).to_be_visible()
    wide = await desk.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= NARROW["width"]


async def test_the_keyboard_alone(desk: Desk) -> None:
    """A report written and sent, its category and the last button pressed, without a mouse."""
    reporter, keys = desk.phone(REPORTER), desk.page.keyboard
    await desk.tab_to(reporter.writing)
    await keys.type("三号楼楼道的灯坏了")
    await keys.press("Enter")
    await desk.tab_to(reporter.log.get_by_role("button", name="照明"), "Shift+Tab")
    await keys.press("Space")
    await desk.tab_to(reporter.log.get_by_role("button", name="提交"))
    await keys.press("Enter")
    await reporter.sees("已登记")


async def test_the_menu_with_the_keyboard(desk: Desk) -> None:
    """The menu opens, gives a photo away, and lets go."""
    reporter, keys = desk.phone(REPORTER), desk.page.keyboard
    await desk.tab_to(reporter.root.get_by_label(SAY["attach"], exact=True))
    await keys.press("Enter")
    await desk.tab_to(reporter.root.get_by_role("button", name=SAY["lamp"]))
    await keys.press("Space")
    await expect(reporter.log.locator(".mine").last.get_by_role("img")).to_be_visible()


@pytest.mark.parametrize("wished", ["zh-CN", "zh-TW", "en-GB"])
async def test_the_browser_says_which_language(visit: Visit, wished: str) -> None:
    """Without a choice of one's own it is the browser's."""
    desk = await visit(locale=wished)
    language = wished.replace("-", "_").replace("en_GB", "en")
    await expect(desk.button(labels(language)["add"])).to_be_visible()
    await expect(desk.page.locator("html")).to_have_attribute("lang", language.replace("_", "-"))


async def test_another_language_is_chosen(desk: Desk) -> None:
    """It stays chosen, and there is no key of a text anywhere."""
    for before, after in (("zh_CN", "zh_TW"), ("zh_TW", "en"), ("en", "zh_CN")):
        await desk.page.get_by_label(labels(before)["language"]).select_option(after)
        await expect(desk.button(labels(after)["add"])).to_be_visible()
        await desk.page.reload()
        await expect(desk.button(labels(after)["add"])).to_be_visible()


async def test_whoever_listens(desk: Desk) -> None:
    """Names, roles, contrast and order of the page with all that may be open."""
    reporter = desk.phone(REPORTER)
    number = await reporter.reports("楼道的灯坏了", "照明")
    await reporter.attaches(SAY["album"], caption="看一下")
    await reporter.attaches(SAY["voice"])
    await reporter.sees("这是哪一类")
    await desk.phone(LEADER).root.get_by_role("button", name=SAY["back"]).click()
    assert await violations(desk) == []
    await reporter.root.get_by_label(SAY["attach"], exact=True).click()
    assert await violations(desk) == []
    await desk.page.keyboard.press("Escape")
    await desk.button(SAY["curtain"]).click()
    curtain = desk.page.get_by_role("complementary", name=SAY["curtain"])
    await curtain.get_by_role("button", name=number).click()
    for tab in ("inbox", "outbox", "dues", "calls", "issues"):
        await curtain.get_by_role("tab", name=SAY[tab]).click()
        assert await violations(desk) == []


@pytest.mark.parametrize("name", ["add", "faults", "scenes"])
async def test_whoever_listens_to_a_window(desk: Desk, name: str) -> None:
    """The windows over the page."""
    await desk.button(SAY[name]).click()
    await expect(desk.window).to_be_visible()
    assert await violations(desk) == []


async def test_whoever_listens_on_a_small_screen(visit: Visit) -> None:
    """With the tools open."""
    desk = await visit(viewport=NARROW)
    await desk.button(SAY["tools"]).click()
    assert await violations(desk) == []


async def test_whoever_listens_to_a_story(desk: Desk) -> None:
    """With its next step waiting."""
    await desk.button(SAY["scenes"]).click()
    await desk.window.get_by_role("button").nth(1).click()
    story = desk.page.get_by_role("region", name=SAY["scenes"])
    await expect(story.get_by_role("button", name=SAY["next"])).to_be_enabled(timeout=30_000)
    assert await violations(desk) == []
