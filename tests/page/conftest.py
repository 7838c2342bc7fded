"""A browser for all tests of the page; for each test a sandbox whose people have moved in already."""

import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.page.desk import ADVICE, Desk, Sandbox, open_browser, running

Visit = Callable[..., Awaitable[Desk]]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sandbox where everybody has moved in."""
    data = tmp_path_factory.mktemp("founded")
    with running(data) as sandbox:
        sandbox.moves_in()
    return data


@pytest.fixture
def sandbox(founded: Path, tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox of one's own."""
    data = tmp_path / "sandbox"
    shutil.copytree(founded, data)
    with running(data) as sandbox:
        yield sandbox
    sys.stdout.writelines(sandbox.log)  # shown beside a failure


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, or the end of the tests with what to install."""
    async with async_playwright() as playwright:
        browser = await open_browser(playwright)
        if browser is None:
            pytest.exit(ADVICE, returncode=2)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Visit]:
    """Open the page in another window; in the end no window has complained, or asked others for anything."""
    desks = []
    async with AsyncExitStack() as windows:

        async def open_one(**settings: Any) -> Desk:
            usual = {"locale": "zh-CN", "viewport": {"width": 1600, "height": 900}}
            context = await browser.new_context(**usual | settings)
            windows.push_async_callback(context.close)
            desks.append(await Desk.open(context, sandbox.url))
            return desks[-1]

        yield open_one
    assert [wrong for desk in desks for wrong in desk.wrongs] == []


@pytest_asyncio.fixture(loop_scope="session")
async def desk(visit: Visit) -> Desk:
    """The page on a wide screen, in simplified Chinese."""
    return await visit()
