"""An announcement to thousands, and a bot that is killed while it goes out."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from bot.sandbox.limits import Limits, Pace
from tests.crowd import PATIENCE, opened, the_bot
from tests.household import FullHouse

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""A Tuesday, twelve o'clock in the compound: ordinary announcements go out."""
WORDS = "明天停水"


async def reaches_everybody(folder: Path, residents: int, groups: int, kills: int, seed: int) -> None:
    """Announce, kill (-9) at random moments, wait, count."""
    async with opened(folder / "clock", now=NOON) as square:
        square.sandbox.pace = Pace(Limits())
        house = await FullHouse.founded(folder / "lianxin.db", square, residents, groups)
        await house.announces(f"<b>{WORDS}</b>,请提前储水。", square.clock())
        more = {"BOT_CLOCK__OFFSET_FILE": str(folder / "clock"), "BOT_JOBS__TICK_SECONDS": "0.2"}
        bot = the_bot(square, house.path, folder / "journal", **more)
        random = Random(seed)  # noqa: S311  # a story that can be told again
        everybody = residents + groups
        await bot.start()
        try:
            for kill in range(1, kills + 1):
                # At any moment of this tenth of the way, whatever it is doing then.
                told = (kill - random.random()) * everybody / (kills + 1)
                while sum(house.copies(square, WORDS).values()) < told:
                    assert await square.reaches(square.revision + 1, PATIENCE)
                await asyncio.sleep(random.random() / 20)
                await bot.kill()
                await bot.start()
            while min(house.copies(square, WORDS).values()) < 1:
                assert await square.reaches(square.revision + 1, PATIENCE)
        finally:
            await bot.kill()
        copies = house.copies(square, WORDS)
        twice = sum(copies.values()) - everybody
        print(f"{everybody} chats, {kills} kills: {twice} copies came twice")  # noqa: T201
        assert min(copies.values()) == 1
        assert twice <= kills
        # A new process does not know what the last one sent in its last second.
        assert square.sandbox.limit_violations <= kills
        assert square.sandbox.limit_violations <= kills


async def test_killed_while_it_goes_out(tmp_path: Path) -> None:
    """A building's worth of people, two kills: everybody has it, and two at the most have it twice."""
    await reaches_everybody(tmp_path, residents=120, groups=5, kills=2, seed=1)


@pytest.mark.soak
async def test_killed_ten_times_while_two_thousand_are_told(tmp_path: Path) -> None:
    """At Telegram's pace, which takes a minute: each exactly once, but for at most one more for each kill."""
    await reaches_everybody(tmp_path, residents=2_000, groups=20, kills=10, seed=2)
