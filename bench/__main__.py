"""Measure: our bot, the floors beside it, in one run on one machine.

Everything goes through the sandbox over HTTP, each bot a process of its own. Telegram's limits are set aside
(pace), so that the bot is measured and not they; latency is added in the sandbox where the table says so.
"""

import argparse
import asyncio
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import uvloop
from rich.console import Console
from rich.table import Table

from tests.crowd import UNHURRIED, Compound, Handler, Person, Process, Resident, opened, side_by_side, the_bot

STEPS = ("/report", "{building}栋楼道灯坏了", "!lighting", "晚上看不见路", "!send")
"""The conversation: what starts with ! is a button."""
UPDATES = 960
"""A run ends after about so many, and after so many seconds."""
SECONDS = 10.0
TICKS = os.sysconf("SC_CLK_TCK")
out = Console(highlight=False, width=150)


@dataclass(slots=True)
class Figures:
    """One run."""

    updates: int = 0
    seconds: float = 0.0
    answers: list[float] = field(default_factory=list)  # seconds
    cpu: float = 0.0  # seconds of the bot's process
    sandbox_cpu: float = 0.0  # of this process: the sandbox and the crowd
    memory: float = 0.0  # MiB, the peak

    @property
    def rate(self) -> float:
        """Updates a second."""
        return self.updates / self.seconds

    def answer_ms(self, percent: int) -> float:
        """The so-manieth percentile of the time from a person's message to the bot's answer."""
        return 1000 * quantiles(self.answers, n=100)[percent - 1]


def cpu_of(pid: int) -> float:
    """Seconds of processor time a process has used: proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_of(pid: int) -> float:
    """The most memory a process has held, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


async def converse(person: Person, steps: Sequence[str], figures: Figures, until: float) -> None:
    """One conversation, each answer waited for and timed."""
    since = 0
    for step in steps:
        if step.startswith("!"):
            option = step[1:]
            message_id, data = await person.finds(
                lambda since=since, option=option: next(  # type: ignore[misc]
                    (found for found in person.buttons(since) if found[1].rpartition(":")[2] == option), None
                )
            )
            begun = time.perf_counter()
            since = person.square.revision
            person.user.presses(None, message_id, data)
        else:
            begun = time.perf_counter()
            since = person.says(step)
        await person.answer(since)
        now = time.perf_counter()
        if now < until:
            figures.answers.append(now - begun)
            figures.updates += 1


async def measured(people: Sequence[Person], steps: Sequence[str], pid: int) -> Figures:
    """Everybody at once, one conversation after the other, for a bounded number and time."""
    figures = Figures()
    rounds = max(1, UPDATES // (len(steps) * len(people))) if len(people) > 4 else 40

    async def talk(number: int, person: Person) -> None:
        for _ in range(rounds):
            if time.perf_counter() >= until:
                return
            own = [step.format(building=number % 5 + 1) for step in steps]
            await converse(person, own, figures, until)

    cpu, own, begun = cpu_of(pid), time.process_time(), time.perf_counter()
    until = begun + SECONDS
    await side_by_side(*(talk(number, person) for number, person in enumerate(people)))
    figures.seconds = min(time.perf_counter(), until) - begun
    figures.cpu, figures.sandbox_cpu = cpu_of(pid) - cpu, time.process_time() - own
    figures.memory = peak_of(pid)
    return figures


async def our_bot(folder: Path, crowd: int, latency: float, profile: Path | None = None) -> Figures:
    """Five-message reports by people who have joined, in buildings with leaders; synchronous=FULL."""
    async with opened(latency=latency) as square:
        compound = await Compound.founded(folder / "lianxin.db", square.clock())
        bot = the_bot(square, compound.path, folder / "journal", BOT_LOG__LEVEL="warning", **UNHURRIED)
        if profile is not None:
            bot.arguments = ("-m", "cProfile", "-o", str(profile), *bot.arguments)
        handlers = [Handler(square, name) for name in compound.invitations]
        residents = [Resident(square, f"居民{number}") for number in range(crowd)]
        await bot.start()
        try:
            await side_by_side(
                *(
                    one.takes_office(code)
                    for one, code in zip(handlers, compound.invitations.values(), strict=True)
                )
            )
            await side_by_side(
                *(
                    one.joins(compound.doors[number % len(compound.doors)], "301")
                    for number, one in enumerate(residents)
                )
            )
            figures = await measured(residents, STEPS, bot.pid)
            await bot.stop()
            return figures
        finally:
            await bot.kill()


async def floor(folder: Path, module: str, steps: Sequence[str], crowd: int, latency: float) -> Figures:
    """A bare bot, warmed up by one message of everybody."""
    async with opened(latency=latency) as square:
        bot = Process(("-m", module, square.sandbox.token, square.url), {}, folder / "journal")
        people = [Person(square, f"居民{number}") for number in range(crowd)]
        await bot.start()
        try:
            await side_by_side(*(converse(person, steps, Figures(), 0) for person in people))
            return await measured(people, steps, bot.pid)
        finally:
            await bot.kill()


async def commits() -> float:
    """Of the bare loop, a second."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.commit_floor", stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return float(said)


def spread(runs: Sequence[Figures], of: Callable[[Figures], float], digits: int = 0) -> str:
    """The median, and least and most."""
    values = [of(run) for run in runs]
    return f"{median(values):.{digits}f} [dim]({min(values):.{digits}f}–{max(values):.{digits}f})[/]"


async def main(runs: int, sizes: Sequence[int], latencies: Sequence[int], profile: Path | None) -> None:
    """Take turns, so that a busy moment of the machine does not fall on one of them alone."""
    floors = {
        "bare echo bot": ("bench.echo_floor", ("你好",) * 5),
        "bare conversation": ("bench.conversation_floor", STEPS),
    }
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        if profile is not None:
            await our_bot(Path(name), sizes[-1], latencies[0] / 1000, profile)
            return
        commit_rates = [await commits() for _ in range(runs)]
        table = Table(
            "",
            "people",
            "latency",
            "updates/s",
            "p50 ms",
            "p95 ms",
            "CPU ms/update",
            "peak MiB",
            "sandbox CPU",
        )
        rates: dict[tuple[str, int, int], float] = {}
        for latency in latencies:
            for crowd in sizes:
                found: dict[str, list[Figures]] = {"our bot": [], **{label: [] for label in floors}}
                for run in range(runs):
                    folder = Path(name) / f"{crowd}-{latency}-{run}"
                    folder.mkdir()
                    found["our bot"].append(await our_bot(folder, crowd, latency / 1000))
                    for label, (module, steps) in floors.items():
                        found[label].append(await floor(folder, module, steps, crowd, latency / 1000))
                    shutil.rmtree(folder)
                for label, figures in found.items():
                    rates[label, crowd, latency] = median(one.rate for one in figures)
                    table.add_row(
                        label,
                        str(crowd),
                        f"{latency} ms",
                        spread(figures, lambda one: one.rate),
                        spread(figures, lambda one: one.answer_ms(50), 1),
                        spread(figures, lambda one: one.answer_ms(95), 1),
                        spread(figures, lambda one: 1000 * one.cpu / one.updates, 2),
                        spread(figures, lambda one: one.memory),
                        spread(figures, lambda one: 100 * one.sandbox_cpu / one.seconds) + " %",
                    )
                table.add_section()
    out.print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {sys.version.split()[0]}"
    )
    out.print(f"Medians of {runs} runs (least–most). Telegram's limits are set aside.")
    out.print(table)
    low, high = min(commit_rates), max(commit_rates)
    out.print(f"bare aiosqlite: {median(commit_rates):.0f} commits/s ({low:.0f}–{high:.0f})")
    for latency in latencies:
        for crowd in sizes:
            ours = rates["our bot", crowd, latency]
            beside = ", ".join(f"{ours / rates[label, crowd, latency]:.2f} × {label}" for label in floors)
            out.print(f"{crowd} people, {latency} ms: our bot has {beside}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 8, 32, 64])
    parser.add_argument("--latency", type=int, nargs="+", default=[0], help="milliseconds every call takes")
    parser.add_argument("--profile", type=Path, help="only our bot, under cProfile; written there")
    given = parser.parse_args()
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # floors are ended by force
    uvloop.run(main(given.runs, given.people, given.latency, given.profile))
