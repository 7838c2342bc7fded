"""What people write stays what it is: text."""

import pytest
from playwright.async_api import expect

from tests.page.conftest import Visit
from tests.page.desk import SAY, Desk, OnePhone, Sandbox

pytestmark = [pytest.mark.page, pytest.mark.asyncio(loop_scope="session")]

IMAGE = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(1)</script>"
FRAME = "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>"
FILE = '"><svg onload=alert(1)>.txt'
LINK = "javascript:alert(1)"
MADE = (
    "iframe, object, embed, svg, base, [onerror], [onload], [srcdoc], img[src='x'], a[href^='javascript' i]"
)


async def stays_inert(desk: Desk, phone: OnePhone, *texts: str) -> None:
    """It is shown as it was written, and no element was made of it; the window notes dialogs by itself."""
    await phone.sees(*texts)
    assert await desk.page.locator(MADE).count() == 0
    assert await desk.page.locator("script:not([src]):not([type='application/json'])").count() == 0


async def test_names_messages_captions_and_files(desk: Desk) -> None:
    """Of a person, in a chat, under a picture, at a file, in a list, in a quotation."""
    await desk.button(SAY["add"]).click()
    await desk.window.get_by_label(SAY["name"], exact=True).fill(IMAGE)
    await desk.window.get_by_label(SAY["surname"]).fill(SCRIPT)
    await desk.window.get_by_role("button", name=SAY["create"]).first.click()
    phone = desk.phone(IMAGE)
    await phone.sends(SCRIPT)
    await phone.sends(f"{FRAME} {LINK}")
    await phone.attaches(SAY["lamp"], caption=IMAGE)
    await phone.root.locator("input[type=file]").set_input_files(
        {"name": FILE, "mimeType": "text/html", "buffer": SCRIPT.encode()}
    )
    await stays_inert(desk, phone, SCRIPT, FRAME, IMAGE, FILE)
    mine = phone.log.locator(".mine").first
    await mine.hover()
    await mine.get_by_role("button", name=SAY["reply"]).click()
    await phone.sends(IMAGE)
    await phone.root.get_by_role("button", name=SAY["back"]).click()
    await expect(phone.root.get_by_role("list", name=SAY["chats"])).to_contain_text(IMAGE)
    assert await desk.page.locator(MADE).count() == 0


async def test_a_group_and_what_the_bot_repeats(desk: Desk) -> None:
    """The title of a group, and words that come back from the bot, on its cards and behind the curtain."""
    await desk.button(SAY["add"]).click()
    await desk.window.get_by_label(SAY["groupTitle"]).fill(FRAME)
    await desk.window.get_by_role("checkbox", name="王秀兰").check()
    await desk.window.get_by_role("button", name=SAY["create"]).last.click()
    await expect(desk.page.get_by_role("button", name=FRAME)).to_be_visible()
    reporter, leader = desk.phone("陈秀英"), desk.phone("王秀兰").root.first
    await expect(leader).to_be_visible()
    await reporter.reports(f"楼道的灯坏了 {IMAGE}", "照明")
    await stays_inert(desk, reporter, IMAGE)
    await desk.button(SAY["curtain"]).click()
    curtain = desk.page.get_by_role("complementary", name=SAY["curtain"])
    await curtain.get_by_role("tab", name=SAY["calls"]).click()
    await expect(curtain).to_contain_text(IMAGE)
    assert await desk.page.locator(MADE).count() == 0


async def test_a_file_is_given_away_not_shown(visit: Visit, sandbox: Sandbox) -> None:
    """Markup somebody sent is downloaded; the browser never opens it as a page of ours."""
    desk = await visit()
    phone = desk.phone("陈秀英")
    await phone.root.locator("input[type=file]").set_input_files(
        {"name": "page.html", "mimeType": "text/html", "buffer": SCRIPT.encode()}
    )
    address = await phone.log.get_by_role("link", name="page.html").get_attribute("href")
    answer = await desk.page.request.get(f"{sandbox.url}{address}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
