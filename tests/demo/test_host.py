"""The host: a real bot in a process of its own beside the sandbox, over HTTP, and worlds that last."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from select import select
from typing import Any

import pytest
from aiohttp import ClientSession, ClientTimeout

from bot.demo import host as hosting
from bot.demo import process as processes
from bot.demo.cast import GROUPS, SMALL, Officer, Resident, found, settle
from bot.demo.host import Demo, serve
from bot.demo.process import BotProcess
from bot.demo.scenes import Scene, Sight, Step
from bot.domain.errors import OperatorError
from bot.domain.posts import PostKind
from bot.sandbox.people import Impossible
from bot.storage.sqlite import SqliteDatabase
from bot.texts import LOCALES
from tests.world import World

HOUSE = Path(__file__).parents[2]
ELDER, LEADER = "陈秀英", "王秀兰 3号楼楼栋长"
LAMP = "三栋楼道灯坏了"
PATIENCE = 30.0
DAY = 24 * 3600

Chats = dict[str, dict[str, Any]]
"""Every chat by its title."""


@dataclass
class Page:
    """What the page asks the sandbox, and what it is told."""

    session: ClientSession

    async def state(self) -> dict[str, Any]:
        """Everything."""
        async with self.session.get("/sandbox/changes") as answer:
            return dict(await answer.json())

    async def ask(self, path: str) -> Any:
        """Something else."""
        async with self.session.get(f"/sandbox/{path}") as answer:
            return await answer.json()

    async def chats(self) -> Chats:
        """The chats now."""
        return {chat["title"]: chat for chat in (await self.state())["chats"]}

    async def clock(self) -> datetime:
        """The time now."""
        return datetime.fromisoformat((await self.state())["clock"])

    async def post(self, path: str, **data: object) -> dict[str, Any]:
        """Let something happen; the answer may be an error."""
        async with self.session.post(f"/sandbox/{path}", json=data) as answer:
            return dict(await answer.json())

    async def until(self, is_enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The state, as soon as it shows what is awaited."""
        async with asyncio.timeout(PATIENCE), self.session.get("/sandbox/events?epoch=new") as stream:
            async for line in stream.content:
                if line.startswith(b"data:") and is_enough(state := await self.state()):
                    return state
        raise AssertionError("the stream ended")

    async def until_founded(self) -> dict[str, Any]:
        """The state once everybody has moved in, and nothing else goes on."""

        def is_so(state: dict[str, Any]) -> bool:
            return (
                state["host"]["bot"] == "running" and says(state, "您现在是", 5) and says(state, "已经确认")
            )

        state = await self.until(is_so)
        # The last answer is there a moment before the founding is written down.
        while "error" in await self.post("clock", by=0):
            pass
        return state

    async def says(self, name: str, text: str) -> None:
        """Somebody writes to the bot."""
        user = (await self.chats())[name]["id"]
        assert "error" not in await self.post(f"users/{user}/text", text=text)

    async def presses(self, name: str, label: str) -> None:
        """Somebody taps the button with this label, as soon as it is there."""
        state = await self.until(lambda state: bool(button(state, name, label)))
        user = next(chat["id"] for chat in state["chats"] if chat["title"] == name)
        message, data = button(state, name, label)
        assert "error" not in await self.post(f"users/{user}/press", message_id=message, data=data)


def said(chat: dict[str, Any]) -> list[dict[str, Any]]:
    """What the bot has said in a chat."""
    return [message for message in chat["messages"] if message["outgoing"]]


def says(state: dict[str, Any], words: str, times: int = 1) -> bool:
    """Whether the bot's messages have these words that often."""
    return times <= sum(words in message.get("text", "") for chat in state["chats"] for message in said(chat))


def button(state: dict[str, Any], name: str, label: str) -> tuple[Any, ...]:
    """Message and data of the newest button with a label, nothing when there is none."""
    for chat in state["chats"]:
        for message in reversed(chat["messages"] if chat["title"] == name else []):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for one in row:
                    if label in one["text"]:
                        return message["message_id"], one["callback_data"]
    return ()


class Bell:
    """Stands for the console: its first word tells that the page is up."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    def print(self, *_: object, **__: object) -> None:
        """Something is told to the operator."""
        self.rung.set()


@asynccontextmanager
async def asking(port: int) -> AsyncIterator[Page]:
    """The page's own connections."""
    async with ClientSession(f"http://127.0.0.1:{port}", timeout=ClientTimeout(total=60)) as session:
        yield Page(session)


@asynccontextmanager
async def served(
    data: Path, port: int, monkeypatch: pytest.MonkeyPatch, scene: str = ""
) -> AsyncIterator[Page]:
    """The host in this process; Ctrl-C at the end."""
    bell = Bell()
    monkeypatch.setattr(hosting, "out", bell)
    monkeypatch.setattr(processes, "RESTART_SECONDS", 0.1)
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(serve(port, data, "small", scene=scene))
        try:
            await bell.rung.wait()
            async with asking(port) as page:
                yield page
        finally:
            serving.cancel()


@asynccontextmanager
async def started(data: Path, port: int) -> AsyncIterator[tuple[asyncio.subprocess.Process, Page]]:
    """The command in a process of its own, as `make run` starts it, once the page is up."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "sandbox", "--port", str(port), "--data", str(data)),
        cwd=HOUSE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async for line in process.stdout:
            if f"http://127.0.0.1:{port}/" in line.decode():
                break
        async with asking(port) as page:
            yield process, page
    finally:
        if process.returncode is None:
            process.terminate()
        # What it still says is read, or its pipe stays open.
        await process.communicate()


def child_of(parent: int) -> int:
    """The process id of the only child of a process."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        number, above = re.sub(r" \(.*\) .", "", stat.read_text()).split()[:2]
        if int(above) == parent:
            return int(number)
    raise AssertionError("it has no child")


def each(text: str) -> dict[str, str]:
    """The same in every language."""
    return dict.fromkeys(LOCALES, text)


STORY = Scene(
    name="lamp",
    order=1,
    title=each("The lamp"),
    begins=datetime(2026, 11, 24, 18, 40, tzinfo=UTC),
    opening=each("It is dark."),
    closing=each("There is light."),
    cast=(Resident(ELDER, "3", "502"), Officer(PostKind.BUILDING_LEADER, "3")),
    steps=(
        Step("text", each("She writes."), ELDER, each(LAMP), shows=(Sight(ELDER, button="d:*"),)),
        Step("text", each("Nothing comes."), ELDER, each("好"), shows=(Sight(ELDER, button="never"),)),
    ),
)


# With a real bot --------------------------------------------------------------------------------------


async def test_a_power_cut_in_the_middle_of_a_message(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bot is killed with a message under way, and starts again; nothing is lost or comes double."""
    async with served(tmp_path, unused_tcp_port, monkeypatch) as page:
        state = await page.until_founded()
        assert [chat["kind"] for chat in state["chats"]] == ["private"] * 7 + ["supergroup"]
        assert (state["host"]["households"], state["host"]["compound"]) == (144, "small")
        assert {"name": "3号楼 2单元"}.items() <= (await page.ask("doors"))["doors"][6].items()

        await page.says(ELDER, LAMP)
        assert await page.post("bot/kill") == {}
        down = (await page.state())["host"]
        assert (down["bot"], down["kills"]) == ("down", 1)
        await page.presses(ELDER, "照明")
        await page.presses(ELDER, "提交")
        state = await page.until(lambda state: says(state, "已登记 261") or says(state, "已登记 2"))
        assert (state["host"]["starts"], state["host"]["bot"]) == (2, "running")

        books = await page.ask("curtain?issue=1")
        assert [line["state"] for line in books["inbox"]] == ["done"] * len(books["inbox"])
        updates = [line["update_id"] for line in books["inbox"]]
        assert sorted(updates, reverse=True) == updates
        assert [line["who"] for line in books["history"]] == [ELDER]
        assert [line["handler"] for line in books["issues"]] == ["王秀兰"]
        # Chores of the compound stand beside it; of the issue there is one clock.
        dues = [line["kind"] for line in books["dues"] if line["number"] == books["issues"][0]["number"]]
        assert dues == ["ladder"]
        assert (await page.ask("curtain"))["history"] == []


async def test_time_passes_in_order(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A day goes by in a moment: what is due on the way is said at its own time; one move at a time."""
    async with served(tmp_path, unused_tcp_port, monkeypatch) as page:
        await page.until_founded()
        await page.post("clock", paused=True)
        await page.says(ELDER, LAMP)
        await page.presses(ELDER, "照明")
        await page.presses(ELDER, "提交")
        state = await page.until(lambda state: says(state, LAMP, 2))
        before = datetime.fromisoformat(state["clock"])
        known = {message["message_id"] for chat in state["chats"] for message in chat["messages"]}

        answers = await asyncio.gather(page.post("clock", by=1.5 * DAY), page.post("clock", by=DAY))
        (told,) = [answer for answer in answers if "error" not in answer]
        after = datetime.fromisoformat(told["now"])
        assert told["is_paused"]
        assert (after - before).total_seconds() in (1.5 * DAY, DAY)
        new = [
            message["date"]
            for message in said((await page.chats())[LEADER])
            if message["message_id"] not in known
        ]
        assert len(new) >= 2
        assert sorted(set(new)) == new
        assert before.timestamp() < new[0] < new[-1] < after.timestamp()


async def test_worlds(tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A story is told in a compound of its own, from where it stands; free play is found as it was left."""
    monkeypatch.setattr(hosting, "load_scenes", lambda: (STORY,))
    async with served(tmp_path, unused_tcp_port, monkeypatch) as page:
        free = await page.until_founded()
        assert free["host"]["scene"] is None
        assert "error" in await page.post("scene", name="nothing", language="en")
        assert "error" in await page.post("scene/next")

        assert await page.post("scene", name="lamp", language="en") == {}
        state = await page.state()
        assert [chat["title"] for chat in state["chats"]] == [
            ELDER,
            "王秀兰 3号楼 building leader",
            GROUPS["en"].format("3号楼"),
        ]
        assert says(state, "You are now building leader")
        assert state["epoch"] != free["epoch"]
        assert datetime.fromisoformat(state["clock"]) - STORY.begins < timedelta(minutes=1)
        scene = state["host"]["scene"]
        assert (scene["done"], scene["steps"], scene["who"]) == (0, 2, 1001)
        assert await page.post("scene/next") == {}
        assert (await page.state())["host"]["scene"]["says"] == each("Nothing comes.")
        assert "never" in (await page.post("scene/next"))["error"]
        assert "never" in (await page.state())["host"]["scene"]["problem"]

    async with served(tmp_path, unused_tcp_port, monkeypatch) as page:
        scene = (await page.state())["host"]["scene"]
        assert (scene["done"], scene["problem"], scene["is_busy"]) == (1, "", False)

        assert await page.post("scene", name="", language="en") == {}
        state = await page.state()
        assert state["host"]["scene"] is None
        assert state["chats"] == free["chats"]
        passed = datetime.fromisoformat(state["clock"]) - datetime.fromisoformat(free["clock"])
        assert timedelta() <= passed < timedelta(minutes=1)


async def test_a_power_cut_for_the_whole_sandbox(tmp_path: Path, unused_tcp_port: int) -> None:
    """Chats, numbers and clock are as before, and the bot that was left alone has ended too."""
    async with started(tmp_path, unused_tcp_port) as (process, page):
        await page.until_founded()
        await page.post("clock", paused=True)
        await page.says(ELDER, LAMP)
        await page.presses(ELDER, "照明")
        await page.presses(ELDER, "提交")
        await page.until(lambda state: not button(state, ELDER, "提交"))
        with pytest.raises(OperatorError, match="another sandbox is using"):
            await serve(1, tmp_path / "small", "small")
        before = await page.state()
        bot = os.pidfd_open(child_of(process.pid))
        process.kill()
        await process.wait()
        ended, *_ = await asyncio.to_thread(select, [bot], [], [], PATIENCE)
        os.close(bot)
        assert ended
    async with started(tmp_path, unused_tcp_port) as (process, page):
        state = await page.until(lambda state: state["host"]["bot"] == "running")
        assert state["clock"] == before["clock"]
        assert (await page.ask("clock"))["is_paused"]
        for kept, chat in zip(state["chats"], before["chats"], strict=True):
            assert kept["messages"][: len(chat["messages"])] == chat["messages"]
        numbers = [line["number"] for line in (await page.ask("curtain"))["issues"]]
        assert [number[-3:] for number in numbers] == ["001"]
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 130


async def test_what_only_the_operator_can_mend() -> None:
    """A bot that never came up is not started again and again."""
    bot = BotProcess(lambda: None)
    bot.let_run({"BOT_LOG__LEVEL": "nonsense"})
    with pytest.raises(OperatorError, match="cannot run"):
        await bot.keep_running()
    assert (bot.state, bot.starts) == ("down", 1)
    with pytest.raises(Impossible):
        await bot.kill()


async def test_the_reason_is_told(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the operator has to mend ends everything, as one error with one sentence."""

    async def keep_running(_: BotProcess) -> None:
        raise OperatorError("mend this")

    monkeypatch.setattr(BotProcess, "keep_running", keep_running)
    with pytest.raises(OperatorError, match="mend this"):
        await serve(unused_tcp_port, tmp_path, "small")


# Without ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LOCALES)
async def test_the_cast_moves_in(tmp_path: Path, language: str) -> None:
    """In every language: everybody in office, the elder at home, the group told."""
    database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    try:
        world = await World.make(database, sample=None)
        script = await found(world.telegram, database, "small", world.clock(), language=language)
        await settle(script, world.settle)
        homes = await world.rows("SELECT state FROM residencies")
        assert [row["state"] for row in homes] == ["approved"]
        offices = await world.rows(
            "SELECT 1 FROM appointments JOIN accounts ON accounts.person_id = appointments.person_id"
        )
        assert len(offices) == 5
        (group,) = world.telegram.groups
        assert [message for message in world.telegram.users[1].chat(group) if message.from_bot]
    finally:
        await database.close()


async def test_somebody_who_is_not_in_the_register(tmp_path: Path) -> None:
    """A cast the compound does not have is the operator's mistake, said in one sentence."""
    database = await SqliteDatabase.open(str(tmp_path / "lianxin.db"))
    try:
        world = await World.make(database, sample=None)
        for member in (Resident("王", "99"), Officer(PostKind.BUILDING_LEADER, "3", name="王")):
            with pytest.raises(OperatorError):
                await found(world.telegram, database, "small", world.clock(), cast=[member])
    finally:
        await database.close()


async def test_a_bot_that_is_down_does_not_hold_up_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Letters lie there and nobody takes them: time passes all the same, to the moment it was told."""
    monkeypatch.setattr(hosting, "STOP_SECONDS", 0.1)
    demo = Demo(tmp_path, "small", "http://127.0.0.1:1", {})
    try:
        await demo.enter("", fresh=False)
        demo.clock.pause()
        to = demo.clock() + timedelta(days=3)
        await demo.move_clock(to)
        assert demo.clock() == to
        with pytest.raises(Impossible):
            await demo.kill_bot()
        assert demo.status()["bot"] == "down"
    finally:
        await demo.leave()


async def test_a_world_that_was_not_founded_is_founded_anew(tmp_path: Path) -> None:
    """Whoever is cut off before everybody has moved in does not go on with half a compound."""
    demo = Demo(tmp_path, "small", "http://127.0.0.1:1", {})
    try:
        for _ in range(2):
            assert await demo.enter("", fresh=False)
            assert len(demo.telegram.users) == 7
    finally:
        await demo.leave()


async def test_a_story_that_was_made_shorter(tmp_path: Path) -> None:
    """Who was further than it is long now has come to its end."""
    demo = Demo(tmp_path, "small", "http://127.0.0.1:1", {"lamp": STORY})
    try:
        await demo.enter("lamp", fresh=True)
        demo.note_time()
        demo.keeper.put_note(hosting.STORY, '{"done": 2, "language": "en"}')
        demo.keeper.put_note(hosting.FOUNDED, "yes")
    finally:
        await demo.leave()
    demo = Demo(tmp_path, "small", "http://127.0.0.1:1", {"lamp": replace(STORY, steps=STORY.steps[:1])})
    try:
        assert await demo.enter("lamp", fresh=False) == ()
        scene = demo.status()["scene"]
        assert (scene["done"], scene["steps"], scene["says"]) == (1, 1, STORY.closing)
    finally:
        await demo.leave()


async def test_a_scene_nobody_has_written(tmp_path: Path) -> None:
    """The names of the others are told."""
    with pytest.raises(OperatorError, match=r"there is no scene nothing, choose one of: .*lamp"):
        await serve(1, tmp_path, "small", scene="nothing")


async def test_an_address_that_cannot_be_used(tmp_path: Path, unused_tcp_port: int) -> None:
    """A port that is taken, or a host there is not."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", unused_tcp_port)
    async with server:
        with pytest.raises(OperatorError, match="cannot be used, choose another"):
            await serve(unused_tcp_port, tmp_path, "small")


def test_the_house_stands() -> None:
    """The sample compound lies where the sandbox looks for it."""
    assert (SMALL / "posts.csv").exists()
