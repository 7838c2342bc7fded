"""What somebody writes goes where it was meant to go, once; what could not go stays."""

import pytest
from playwright.async_api import expect

from tests.page.conftest import Visit
from tests.page.desk import SAY, Desk, OnePhone, Sandbox

pytestmark = [pytest.mark.page, pytest.mark.asyncio(loop_scope="session")]

REPORTER, MANAGER = "陈秀英", "物业经理"
GROUP = "3号楼邻里群"
ENTER_THRICE = """field => [1, 2, 3].forEach(() => field.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true })))"""


async def goes_to(phone: OnePhone, chat: str) -> None:
    """Go over the list of chats to another one."""
    await phone.root.get_by_role("button", name=SAY["back"]).click()
    await phone.root.get_by_role("button", name=chat).click()
    await expect(phone.log).to_be_visible()


async def test_a_finger_that_trembles_on_enter(desk: Desk) -> None:
    """However often the key comes while a message is on its way, it is one message."""
    phone = desk.phone(MANAGER)
    await phone.writing.fill("/help")
    await phone.writing.evaluate(ENTER_THRICE)
    await phone.sees("怎么用连心")
    await phone.sends("/card")
    await phone.sees("/card")
    assert await phone.log.locator(".mine").filter(has_text="/help").count() == 1


async def test_a_picture_that_is_none(desk: Desk) -> None:
    """What was written beside it is still there, and so it is beside a file, which takes no words."""
    phone = desk.phone(MANAGER)
    await phone.writing.fill("看这里")
    for name, kind in (("lamp.png", "image/png"), ("plan.pdf", "application/pdf")):
        await phone.root.locator("input[type=file]").set_input_files(
            {"name": name, "mimeType": kind, "buffer": b"no picture"}
        )
        await expect(phone.root).to_contain_text("IMAGE_PROCESS_FAILED" if kind == "image/png" else name)
        await expect(phone.writing).to_have_value("看这里")
    # The browser notes the refusal.
    desk.wrongs[:] = [wrong for wrong in desk.wrongs if "status of 400" not in wrong]


async def test_half_a_message(desk: Desk) -> None:
    """It waits in the chat it was begun in, and can be read there."""
    phone = desk.phone(REPORTER)
    height = await phone.writing.evaluate("field => field.offsetHeight")
    await goes_to(phone, GROUP)
    await phone.writing.fill("各位邻居")
    await goes_to(phone, "連心")
    await expect(phone.writing).to_have_value("")
    await goes_to(phone, GROUP)
    await expect(phone.writing).to_have_value("各位邻居")
    assert await phone.writing.evaluate("field => field.offsetHeight") == height


async def test_a_group_that_moves_and_who_is_thrown_out(visit: Visit, sandbox: Sandbox) -> None:
    """The phone goes along into the supergroup, or back to the list of chats."""
    group = sandbox.ask("groups", {"title": "老群", "members": [1001, 1004]})["id"]
    desk = await visit()
    phone = desk.phone(MANAGER)
    await goes_to(phone, "老群")
    new = sandbox.ask(f"groups/{group}/upgrade", {"by": 1001})["result"]
    sandbox.ask("users/1001/text", {"chat": new, "text": "搬好了"})
    await phone.sees("搬好了")
    await phone.sends("我也来了")
    await phone.sees("我也来了")
    sandbox.ask(f"groups/{new}/remove", {"by": 1001, "member": 1004})
    sandbox.ask("users/1001/text", {"chat": new, "text": "他走了"})
    await expect(phone.root.get_by_role("list", name=SAY["chats"])).to_be_visible()
    await expect(phone.root).not_to_contain_text("他走了")
    # What was said in the old one can still be read there.
    await phone.root.get_by_role("button", name="老群").click()
    await phone.sees(SAY["moved"])
    await expect(phone.writing).to_be_hidden()
