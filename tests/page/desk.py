"""The page of phones as people meet it: the sandbox in a process of its own, a browser, one phone."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import environ
from pathlib import Path
from socket import socket
from threading import Event, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, Route, expect

HOUSE = Path(__file__).parents[2]
LABELS = HOUSE / "bot" / "sandbox" / "page" / "labels"
ADVICE = (
    "the tests of the page need Chromium: apt install chromium, or python -m playwright install chromium,"
    " or name another one in the variable CHROMIUM"
)
UP_SECONDS = 30.0
STOP_SECONDS = 30.0
WAIT_MILLISECONDS = 10_000.0
TABS_MOST = 200
# The page is served by this machine: whatever the browser itself would like to fetch is none of our business.
SWITCHES = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

expect.set_options(timeout=WAIT_MILLISECONDS)


def labels(language: str) -> dict[str, str]:
    """What the page says in one of its languages, by key."""
    said: dict[str, str] = json.loads((LABELS / f"{language}.json").read_text(encoding="utf-8"))
    return said


SAY = labels("zh_CN")
FILED = re.compile(r"已登记\s(\d{6}-\d{3})")


class Sandbox:
    """`python -m bot sandbox` as `make run` starts it; what it prints is in `log`."""

    def __init__(self, data: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log: list[str] = []
        self._words = ("-m", "bot", "sandbox", "--port", str(port), "--data", str(data))
        self._is_up = Event()

    def start(self) -> None:
        """Return when the page is served."""
        self._is_up.clear()
        # In a session of its own: no key pressed here reaches it.
        self._process = subprocess.Popen(
            [sys.executable, *self._words],
            cwd=HOUSE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = Thread(target=self._read, args=(self._process,))
        self._reader.start()
        assert self._is_up.wait(UP_SECONDS), f"no page: {''.join(self.log)}"

    def stop(self) -> None:
        """Let it end as it likes, or end it."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            self._process.kill()
            self._reader.join()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def moves_in(self) -> None:
        """Wait until everybody has moved in: before that the clock cannot be moved."""
        revision = 0
        while True:
            try:
                self.ask("clock", {"by": 1})
            except HTTPError as busy:
                busy.close()
                with urlopen(f"{self.url}/sandbox/changes?since={revision}&wait=2", timeout=10) as news:
                    revision = json.load(news)["revision"]
            else:
                return

    def ask(self, path: str, data: Mapping[str, object] | None = None) -> dict[str, Any]:
        """What the page's own interface answers."""
        body = None if data is None else json.dumps(data).encode()
        request = Request(f"{self.url}/sandbox/{path}", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            return dict(json.load(answer))

    def _read(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.log.append(line)
                if f"{self.url}/" in line:
                    self._is_up.set()


@contextmanager
def running(data: Path) -> Iterator[Sandbox]:
    """A sandbox on a free port; in the end it stops."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    sandbox = Sandbox(data, port)
    try:
        sandbox.start()
        yield sandbox
    finally:
        sandbox.stop()


async def open_browser(playwright: Playwright) -> Browser | None:
    """Chromium from CHROMIUM, the system or Playwright's own; None when there is none."""
    names = [environ.get("CHROMIUM", ""), "chromium", "chromium-browser", "google-chrome"]
    found = [path for path in map(shutil.which, filter(None, names)) if path]
    found.append(playwright.chromium.executable_path)
    if not Path(found[0]).exists():
        return None
    return await playwright.chromium.launch(executable_path=found[0], args=SWITCHES)


class Desk:
    """The page in a window of its own, and whatever went wrong in it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.wrongs: list[str] = []
        self._address = address
        page.on("console", lambda said: self._note(said.type, said.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))

    @classmethod
    async def open(cls, context: BrowserContext, address: str) -> "Desk":
        """Open the page; everything it asks of others is refused and noted."""
        context.set_default_timeout(WAIT_MILLISECONDS)
        desk = cls(await context.new_page(), address)
        await context.route(lambda url: not url.startswith((f"{address}/", "data:")), desk._refuse)
        desk.page.on("dialog", desk._dismiss)
        await desk.page.goto(address)
        await expect(desk.page.locator("[data-viewer]").first).to_be_attached()
        return desk

    def phone(self, owner: str) -> "OnePhone":
        """The phone of somebody, by name."""
        return OnePhone(self.page.get_by_role("region", name=owner))

    def button(self, name: str) -> Locator:
        """A button above the phones."""
        return self.page.get_by_role("banner").get_by_role("button", name=name)

    @property
    def window(self) -> Locator:
        """The window over the page."""
        return self.page.get_by_role("dialog")

    @property
    def owners(self) -> Locator:
        """All phones on the desk."""
        return self.page.locator("[data-viewer]")

    async def close_window(self) -> None:
        """Close the window over the page."""
        await self.window.get_by_role("button", name=SAY["close"]).click()
        await expect(self.window).to_have_count(0)

    async def tab_to(self, wanted: Locator, key: str = "Tab") -> None:
        """Go there with the keyboard alone."""
        await expect(wanted).to_be_visible()
        for _ in range(TABS_MOST):
            if await wanted.evaluate("one => one === document.activeElement"):
                return
            await self.page.keyboard.press(key)
        raise AssertionError(f"the keyboard does not reach {wanted}")

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.wrongs.append(text)

    async def _refuse(self, route: Route) -> None:
        self.wrongs.append(f"asked for {route.request.url}")
        await route.abort()

    async def _dismiss(self, dialog: Any) -> None:
        self.wrongs.append(f"said {dialog.message}")
        await dialog.dismiss()


class OnePhone:
    """What its owner sees and does."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.log = root.get_by_role("log")
        self.writing = root.get_by_role("textbox", name=SAY["write"])

    async def sends(self, text: str) -> None:
        """Write a message and press the button beside it."""
        await self.writing.fill(text)
        await self.root.get_by_role("button", name=SAY["send"], exact=True).click()
        await expect(self.writing).to_have_value("")

    async def attaches(self, what: str, caption: str = "") -> None:
        """Choose something from the menu, with what is written beside it."""
        if caption:
            await self.writing.fill(caption)
        await self.root.get_by_label(SAY["attach"], exact=True).click()
        await self.root.get_by_role("button", name=what).click()

    async def taps(self, *names: str) -> None:
        """Tap these buttons under messages, one after the other: of those with this name the newest."""
        for name in names:
            await self.log.get_by_role("button", name=name).last.click()

    async def sees(self, *texts: str | re.Pattern[str]) -> None:
        """Wait until the chat says all this."""
        for text in texts:
            await expect(self.log).to_contain_text(text)

    async def reports(self, text: str, category: str) -> str:
        """File an issue; its number."""
        await self.sends(text)
        await self.taps(category, "提交")
        await self.sees(FILED)
        return str(FILED.findall(await self.log.inner_text())[-1])
