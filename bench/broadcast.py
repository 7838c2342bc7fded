"""Measure: an announcement to 2,000 people and 20 groups at Telegram's pace, while residents write.

Through the sandbox over HTTP, Telegram's limits enforced: what is too fast is refused with 429, and counted.
"""

import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

from rich.console import Console

from bot.sandbox.limits import Limits, Pace
from tests.crowd import Person, opened, the_bot
from tests.household import FullHouse

NOON = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
RESIDENTS, GROUPS = 2_000, 20
WRITERS = 4
EVERY = 3.0
"""Each of the writers asks something so often, in seconds: Telegram lets a chat have one message a second."""
WORDS = "明天停水"
out = Console(highlight=False)


async def writes(person: Person, answers: list[float]) -> None:
    """Ask for the contact card again and again, and time the answers; one that does not come ends it."""
    while True:
        begun = time.perf_counter()
        await person.answer(person.says("/card"))
        answers.append(time.perf_counter() - begun)
        await asyncio.sleep(EVERY)


async def main() -> None:
    """One run; the figures on stdout."""
    limits = Limits()
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        async with opened(folder / "clock", now=NOON) as square:
            square.sandbox.pace = Pace(limits)
            house = await FullHouse.founded(folder / "lianxin.db", square, RESIDENTS, GROUPS)
            writers = [Person(square, f"写信人{number}") for number in range(WRITERS)]
            more = {"BOT_CLOCK__OFFSET_FILE": str(folder / "clock"), "BOT_JOBS__TICK_SECONDS": "0.2"}
            bot = the_bot(square, house.path, folder / "journal", BOT_LOG__LEVEL="warning", **more)
            await bot.start()
            answers: list[float] = []
            try:
                for writer in writers:
                    await writer.answer(writer.says("/start"))
                await asyncio.sleep(2)  # the greeting has used up their chats' burst
                calls = len(square.sandbox.calls)
                await house.announces(f"<b>{WORDS}</b>", square.clock())
                while not sum(house.copies(square, WORDS).values()):
                    await square.reaches(square.revision + 1, 60)
                begun = time.perf_counter()
                async with asyncio.TaskGroup() as tasks:
                    writing = [tasks.create_task(writes(writer, answers)) for writer in writers]
                    while min(house.copies(square, WORDS).values()) < 1:
                        await square.reaches(square.revision + 200, 5)
                    seconds = time.perf_counter() - begun
                    for task in writing:
                        task.cancel()
            finally:
                await bot.kill()
            sent = [
                call
                for call in list(square.sandbox.calls)[calls:]
                if call.method.lower().startswith(("send", "edit")) and call.reply.ok
            ]
            cuts = quantiles(answers, n=100)
            copies = house.copies(square, WORDS)
            out.print(f"chats told          {len(copies)}, each once: {set(copies.values()) == {1}}")
            out.print(f"seconds             {seconds:.1f}")
            share = len(sent) / seconds / limits.overall_per_second
            out.print(f"share of {limits.overall_per_second}/s       {share:.3f}")
            out.print(f"violations (429)    {square.sandbox.limit_violations}")
            out.print(f"answers meanwhile   {len(answers)}")
            out.print(f"  median, p95       {cuts[49] * 1000:.0f} ms, {cuts[94] * 1000:.0f} ms")
            out.print(f"machine             {os.cpu_count()} cores")


if __name__ == "__main__":
    asyncio.run(main())
