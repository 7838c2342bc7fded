"""What the page is for: people and the bot, clicked through on phones."""

from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import expect

from tests.page.desk import FILED, SAY, Desk, Sandbox

pytestmark = [pytest.mark.page, pytest.mark.asyncio(loop_scope="session")]

REPORTER, LEADER = "陈秀英", "王秀兰"


def poster(sandbox: Sandbox, door: str) -> bytes:
    """A photo of the code at a door."""
    payload = next(one["payload"] for one in sandbox.ask("doors")["doors"] if one["name"] == door)
    code: Any = zxingcpp.create_barcode(
        f"https://t.me/lianxin_bot?start={payload}", zxingcpp.BarcodeFormat.QRCode
    ).to_image(scale=5)
    height, width = code.shape
    picture = BytesIO()
    Image.frombytes("L", (width, height), bytes(code)).save(picture, "PNG")
    return picture.getvalue()


async def test_from_the_poster_to_the_rating(desk: Desk, sandbox: Sandbox) -> None:
    """Somebody new scans the code at the door and moves in; their lamp is fixed, confirmed, rated."""
    await desk.button(SAY["add"]).click()
    await desk.window.get_by_label(SAY["name"], exact=True).fill("孙玉芬")
    await desk.window.get_by_role("button", name=SAY["create"]).first.click()
    resident, leader = desk.phone("孙玉芬"), desk.phone(LEADER)

    await resident.attaches(SAY["link"])
    await desk.window.get_by_label(SAY["scanFile"]).set_input_files(
        {"name": "poster.png", "mimeType": "image/png", "buffer": poster(sandbox, "3号楼 2单元")}
    )
    await desk.window.get_by_role("button", name=SAY["open"]).last.click()
    await resident.sees("3号楼2单元")
    await resident.taps("502", "业主", "就叫")
    await leader.taps("✅ 同意")
    await resident.sees("登记已经确认")

    await resident.attaches(SAY["lamp"], caption="三号楼二单元的灯坏了")
    await resident.taps("照明", "提交")
    await resident.sees(FILED)
    await leader.sees("三号楼二单元的灯坏了")
    await leader.taps("接单")
    await resident.sees("接单了")
    await leader.taps("办结")
    await leader.sees("怎么办好的")
    await leader.sends("换了新灯管")
    await leader.attaches(SAY["lamp"])
    await leader.sees("可以提交了")
    await leader.taps("提交办结")
    await resident.sees("换了新灯管")
    await resident.taps("已解决", "😊 满意")
    await resident.sees("您的评价：满意")
    await leader.sees("报事人确认已解决")


async def test_an_album_is_one_group(desk: Desk) -> None:
    """Three photos sent at once are one message here, and one over there."""
    reporter, leader = desk.phone(REPORTER), desk.phone(LEADER)
    await reporter.attaches(SAY["album"], caption="楼道的灯坏了")
    mine = reporter.log.locator(".mine").last
    await expect(mine.get_by_role("img")).to_have_count(3)
    await expect(mine).to_contain_text("楼道的灯坏了")
    await reporter.sees("📷 照片 3 张")
    await reporter.taps("照明", "提交")
    await reporter.sees(FILED)

    await leader.sees("楼道的灯坏了")
    theirs = leader.log.locator("[data-message]").filter(has=desk.page.get_by_role("img")).last
    await expect(theirs.get_by_role("img")).to_have_count(3)


async def test_a_picture_is_shown_large(desk: Desk) -> None:
    """A tap opens it over the page, Escape closes it again."""
    reporter = desk.phone(REPORTER)
    await reporter.attaches(SAY["lane"])
    await reporter.log.locator(".mine").last.get_by_role("button", name=SAY["photo"]).click()
    picture = desk.window.get_by_role("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("one => one.naturalWidth") == 800
    await desk.page.keyboard.press("Escape")
    await expect(desk.window).to_have_count(0)


async def test_a_voice_message_plays(desk: Desk) -> None:
    """The bundled one, without silence."""
    reporter = desk.phone(REPORTER)
    await reporter.attaches(SAY["voice"])
    player = reporter.log.locator("audio")
    await expect(player).to_be_visible()
    assert await player.evaluate("one => one.play().then(() => one.duration)") > 3


async def test_words_are_corrected_and_taken_back(desk: Desk) -> None:
    """What somebody changes or deletes changes on the phones of the others too."""
    reporter, leader = desk.phone(REPORTER), desk.phone(LEADER)
    for phone in (reporter, leader):
        await phone.root.get_by_role("button", name=SAY["back"]).click()
        await phone.root.get_by_role("list", name=SAY["chats"]).get_by_role("button", name="邻里群").click()
    await reporter.sends("明天晚上跳舞")
    await leader.sees("明天晚上跳舞")
    mine = reporter.log.locator(".mine").last
    await mine.hover()
    await mine.get_by_role("button", name=SAY["edit"]).click()
    await reporter.sends("后天晚上跳舞")
    await leader.sees("后天晚上跳舞", SAY["edited"])
    await mine.hover()
    await mine.get_by_role("button", name=SAY["remove"]).click()
    await leader.sees(SAY["deleted"])
