"""The pictures of the READMEs, taken anew: `python -m tests.page.screenshots`."""

import asyncio
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.async_api import ViewportSize, async_playwright, expect

from tests.page.desk import ADVICE, HOUSE, SAY, Desk, open_browser, running

DOCS = HOUSE / "docs"
WIDE: ViewportSize = {"width": 1500, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 740}
STEP_MILLISECONDS = 60_000.0
SHADE = 5  # a divisor of 255: white stays white
BYTES_MOST = 300_000


async def tell(desk: Desk, scene: str, steps: int) -> None:
    """Open a story, let time stand still, and step on."""
    if await desk.button(SAY["tools"]).is_visible():
        await desk.button(SAY["tools"]).click()
    await desk.button(SAY["scenes"]).click()
    await desk.window.get_by_role("button", name=scene).click()
    story = desk.page.get_by_role("region", name=SAY["scenes"])
    await expect(story).to_contain_text(scene, timeout=STEP_MILLISECONDS)
    again = story.get_by_role("button", name=SAY["again"])
    await expect(again).to_be_enabled(timeout=STEP_MILLISECONDS)
    if await desk.button(SAY["pause"]).count():
        await desk.button(SAY["pause"]).click()
    for _ in range(steps):
        await story.get_by_role("button", name=SAY["next"]).click()
        await expect(again).to_be_enabled(timeout=STEP_MILLISECONDS)
        await expect(story.locator(".problem")).to_have_count(0)


async def take(desk: Desk, name: str) -> None:
    """Write docs/<name>.png when everything on it has come to rest."""
    await expect(desk.page.locator(".toast")).to_have_count(0)
    await desk.page.evaluate(
        "Promise.all([...document.images].map(one => one.decode()).concat("
        "document.getAnimations().map(one => one.finished)))"
    )
    shown = Image.open(BytesIO(await desk.page.screenshot())).convert("RGB")
    file = DOCS / f"{name}.png"
    # Nobody sees the difference of neighbouring shades, but they cost a third of the file.
    shown.point([SHADE * round(value / SHADE) for value in range(256)] * 3).save(file, optimize=True)
    size = file.stat().st_size
    sys.stdout.write(f"{file.relative_to(HOUSE)}: {size} bytes\n")
    if size > BYTES_MOST:
        sys.exit(f"{file.name} is larger than {BYTES_MOST} bytes")


async def main() -> None:
    """All of them."""
    with TemporaryDirectory() as folder, running(Path(folder)) as sandbox:
        sandbox.moves_in()
        async with async_playwright() as playwright:
            browser = await open_browser(playwright)
            if browser is None:
                sys.exit(ADVICE)
            try:
                context = await browser.new_context(locale="zh-CN", viewport=WIDE)
                desk = await Desk.open(context, sandbox.url)
                await tell(desk, "楼道灯坏了", 9)
                await take(desk, "page")
                await desk.button(SAY["curtain"]).click()
                curtain = desk.page.get_by_role("complementary", name=SAY["curtain"])
                await curtain.get_by_role("tabpanel").get_by_role("button").first.click()
                await expect(curtain.get_by_role("listitem").first).to_be_visible()
                await take(desk, "page-curtain")
                await curtain.get_by_role("button", name=SAY["close"]).click()
                await tell(desk, "消防通道被堵了", 5)
                await take(desk, "page-scene")
                small = await browser.new_context(locale="zh-CN", viewport=NARROW, device_scale_factor=2)
                await take(await Desk.open(small, sandbox.url), "page-narrow")
            finally:
                await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
