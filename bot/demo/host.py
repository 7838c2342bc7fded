"""A compound to try the bot in: worlds that last, a clock that lets things happen in order, stories told."""

import asyncio
import fcntl
import json
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, time
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler
from rich.panel import Panel

from bot.actions.directory import JOIN_PREFIX
from bot.app import open_database, system_clock
from bot.config import load
from bot.demo.cast import Script, found, settle
from bot.demo.curtain import curtain
from bot.demo.process import BotProcess, out
from bot.demo.scenes import Scene, Stuck, Telling, load_scenes
from bot.domain.errors import OperatorError, Unavailable
from bot.sandbox.chats import Json
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.keeping import Keeper
from bot.sandbox.people import Impossible
from bot.sandbox.server import make_app
from bot.storage.engine import Database, from_micros, to_micros
from bot.storage.inspection import Inspection
from bot.storage.store import Store

OPENING = time(9)  # by night a newcomer who moves the clock by days would see no reminder: quiet hours
LOOK_SECONDS = 0.05
SETTLE_SECONDS = 30.0
STOP_SECONDS = 5.0
STOPS_MOST = 200
MOVE_SECONDS = 60.0
NOTE_SECONDS = 1.0
STANDING = "="

# Notes in a world's chats.
FOUNDED, CLOCK, STORY = "founded", "clock", "story"


class Demo:
    """The host of the page: one world is open, and one bot runs in it.

    A world is a folder with the chats and the bot's database: `free`, or `scene-<name>` for each story.
    `compound` is what free play happens in, "small" or "large"; `server` is where the bot finds the sandbox.
    """

    def __init__(self, data: Path, compound: str, server: str, scenes: Mapping[str, Scene]) -> None:
        self.changed: list[Callable[[], None]] = []
        self.clock = MovableClock(system_clock(None), data / "clock")
        self.clock.changed.append(self.note_time)
        self.telegram = Sandbox(self.clock)
        self.keeper = Keeper(self.telegram)
        self._data = data
        self._compound = compound
        self._server = server
        self._scenes = scenes
        self._bot = BotProcess(self._tell)
        self._database: Database | None = None
        self._households = 0
        self._scene = ""
        self._language = ""
        self._telling: Telling | None = None
        self._problem = ""
        self._is_busy = False
        self._is_moving = False

    # ---- what the page asks of a host

    def status(self) -> Json:
        """How the bot is, and where the story stands."""
        return {
            "bot": self._bot.state,
            "starts": self._bot.starts,
            "kills": self._bot.kills,
            "is_moving": self._is_moving,
            "compound": self._compound_here(),
            "households": self._households,
            "scene": self._story(self._telling) if self._telling else None,
            "scenes": [{"name": scene.name, "title": dict(scene.title)} for scene in self._scenes.values()],
        }

    def _story(self, telling: Telling) -> Json:
        scene = self._scenes[self._scene]
        return {
            "name": scene.name,
            "title": dict(scene.title),
            "steps": len(scene.steps),
            "done": telling.done,
            "says": dict(telling.next_says()),
            "who": telling.who(),
            "chat": telling.chat(),
            "is_busy": self._is_busy,
            "problem": self._problem,
        }

    async def move_clock(self, to: datetime) -> None:
        """Let time pass until then, stopping wherever something is due; Impossible while busy otherwise."""
        with self._busy():
            await self.pass_time(to)

    async def kill_bot(self) -> None:
        """End the bot's process at once; it is started again. Impossible when it is not running."""
        await self._bot.kill()

    async def curtain(self, issue: int | None) -> Json:
        """What stands in the bot's database now, with the history of one issue if asked."""
        return await curtain(self._books(), issue)

    async def doors(self) -> list[Json]:
        """The joining links of all doors."""
        async with self._books().transaction() as connection:
            store = Store(connection)
            return [
                {"name": f"{door.building} {door.entrance}".strip(), "payload": JOIN_PREFIX + door.code}
                for compound in await store.places.compounds()
                for door in await store.links.doors(compound.id)
            ]

    async def open_scene(self, name: str, language: str) -> None:
        """Begin a story anew; without a name, go back to free play as it was left.

        Impossible while something else goes on, without such a story, or when its people cannot move in.
        """
        if name and name not in self._scenes:
            raise Impossible(f"there is no scene {name!r}, only {', '.join(self._scenes)}")
        with self._busy():
            self.telegram.faults.clear()
            try:
                script = await self.enter(name, fresh=bool(name), language=language)
            except OperatorError as no:
                raise Impossible(str(no)) from None
            await self._move_in(script)

    async def next_step(self) -> None:
        """Let the next thing of the story happen; Impossible when it does not come out as it should."""
        telling = self._telling
        if telling is None or telling.is_over:
            raise Impossible("there is no next step")
        with self._busy():
            try:
                await telling.step()
                self._problem = ""
            except Stuck as stuck:
                self._problem = str(stuck)
                raise Impossible(self._problem) from None
            finally:
                self._note_story(telling.done)

    # ---- what a story is told on

    async def rest(self) -> None:
        """Wait until the bot runs and has nothing more to do now, or does not come to it."""
        await self._until(self._has_done_all, SETTLE_SECONDS)

    async def pass_time(self, to: datetime) -> None:
        """Stop wherever something is due, until the bot has done it; then it is `to`.

        A bot that is down or cut off holds up no clock for long.
        """
        now = asyncio.get_running_loop().time
        end = now() + MOVE_SECONDS
        self._is_moving = True
        self._tell()
        try:
            for _ in range(STOPS_MOST):
                await self._until(self._is_at_rest, min(STOP_SECONDS, end - now()))
                stop = await self._next_moment()
                if stop is None or stop > to or now() >= end:
                    break
                self.clock.set_to(max(stop, self.clock()))
            if self.clock() < to:
                self.clock.set_to(to)
                await self._until(self._is_at_rest, STOP_SECONDS)
        finally:
            self._is_moving = False
            self._tell()

    async def _until(self, is_so: Callable[[], Awaitable[bool]], seconds: float) -> None:
        now = asyncio.get_running_loop().time
        end = now() + seconds
        # The rows are another process's: nobody tells when they change.
        while not await is_so() and now() < end:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)

    async def _has_done_all(self) -> bool:
        return self._bot.state == "running" and await self._is_at_rest()

    async def _is_at_rest(self) -> bool:
        # What has been taken is stored before it is confirmed: the rows, asked second, know of it.
        if self.telegram.memory.pending():
            return False
        try:
            async with self._books().transaction() as connection:
                return await Inspection(connection).is_at_rest(self.clock())
        except Unavailable:
            return False

    async def _next_moment(self) -> datetime | None:
        async with self._books().transaction() as connection:
            return await Inspection(connection).next_moment(self.clock())

    # ---- worlds

    def last_world(self) -> str:
        """The scene that was open when the folder was last used, "" for free play."""
        file = self._data / "open"
        name = file.read_text(encoding="utf-8") if file.exists() else ""
        return name if name in self._scenes else ""

    async def enter(self, scene: str, *, fresh: bool, language: str = "zh_CN") -> Script:
        """Leave the open world and open another one, anew if `fresh` or if it never was founded.

        Gives what its people still have to tap; the bot runs as soon as `run` does.
        """
        await self.leave()
        self._scene, self._language = scene, language
        folder = self._data / (f"scene-{scene}" if scene else "free")
        is_new = self._open_chats(folder, fresh=fresh)
        # Before the rows are open: from then on the time is written down here.
        if is_new:
            self._begin_time(self._scenes.get(scene))
        else:
            self._take_up_clock()
        # A token of its own each time: a bot of another world would be refused.
        self.telegram.token = f"1:{secrets.token_urlsafe(24)}"
        environment = self._environment(folder)
        database = self._database = await open_database(load(None, environment))
        await database.migrate()
        script: Script = ()
        if is_new:
            cast = self._scenes[scene].cast if scene else None
            compound = self._compound_here()
            script = await found(
                self.telegram, database, compound, self.clock(), language=language, cast=cast
            )
        else:
            self._take_up_story()
        async with database.transaction() as connection:
            self._households = await Inspection(connection).count_units()
        (self._data / "open").write_text(scene, encoding="utf-8")
        self._bot.let_run(environment)
        self._tell()
        return script

    def _open_chats(self, folder: Path, *, fresh: bool) -> bool:
        """Load the chats of a world; whether it begins anew."""
        folder.mkdir(parents=True, exist_ok=True)
        chats = folder / "telegram.db"
        if not fresh:
            try:
                self.keeper.open(chats)
            except ValueError as no:
                raise OperatorError(f"{no}; --fresh begins anew") from None
            if self.keeper.note(FOUNDED) is not None:
                return False
            self.keeper.close()
        for file in (*folder.glob("telegram.db*"), *folder.glob("lianxin.db*")):
            file.unlink()
        self.keeper.open(chats)
        return True

    async def leave(self) -> None:
        """End the bot and put the open world away as it is."""
        self._telling, self._problem = None, ""
        await self._bot.stop()
        if self._database is not None:
            self.note_time()
            database, self._database = self._database, None
            await database.close()
        self.keeper.close()

    def note_time(self) -> None:
        """Write down what time it is here, if a world is open: it goes on from there, whatever happens."""
        if self._database is not None:
            standing = STANDING if self.clock.is_paused else ""
            self.keeper.put_note(CLOCK, f"{standing}{to_micros(self.clock())}")

    def _begin_time(self, scene: Scene | None) -> None:
        """A story has its own day, and time stands still while one reads; free play begins in the morning."""
        self.clock.resume()
        if scene is not None:
            self.clock.set_to(scene.begins)
            self.clock.pause()
        else:
            self.clock.set_to(system_clock(None)())
            self.clock.set_to(self.clock.next_at(OPENING))

    def _take_up_clock(self) -> None:
        note = self.keeper.note(CLOCK) or ""
        (self.clock.pause if note.startswith(STANDING) else self.clock.resume)()
        self.clock.set_to(from_micros(int(note.removeprefix(STANDING))))

    def _note_story(self, done: int) -> None:
        self.keeper.put_note(STORY, json.dumps({"done": done, "language": self._language}))

    def _take_up_story(self) -> None:
        if self._scene:
            note = json.loads(self.keeper.note(STORY) or "")
            self._language = note["language"]
            scene = self._scenes[self._scene]
            done = min(note["done"], len(scene.steps))  # somebody may have made the story shorter
            self._telling = Telling(scene, self, self._language, done)

    async def _move_in(self, script: Script) -> None:
        """Let the people of a new world tap what they have to; Impossible when they cannot."""
        if script:
            await settle(script, self.rest)
            self.note_time()
            if self._scene:
                self._note_story(0)
            self.keeper.put_note(FOUNDED, "yes")
            self._take_up_story()
            self._tell()

    def _compound_here(self) -> str:
        """Stories are written for the small compound."""
        return "small" if self._scene else self._compound

    def _environment(self, folder: Path) -> dict[str, str]:
        return {
            "BOT_TELEGRAM__TOKEN": self.telegram.token,
            "BOT_TELEGRAM__BASE_URL": self._server,
            "BOT_DATABASE__URL": f"sqlite:///{(folder / 'lianxin.db').absolute()}",
            "BOT_CLOCK__OFFSET_FILE": str((self._data / "clock").absolute()),
            "BOT_JOBS__TICK_SECONDS": "0.2",
            # Telegram's limits for one chat are not the sandbox's: nobody has to wait for the next line.
            "BOT_PACE__PER_CHAT_PER_SECOND": "30",
            "BOT_PACE__CHAT_BURST": "30",
            "BOT_PACE__PER_GROUP_PER_MINUTE": "600",
            "BOT_LOG__LEVEL": "warning",
        }

    # ---- running

    async def run(self, script: Script) -> None:
        """Keep the bot running, and let the people of a new world move in, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._begin(script))
                tasks.create_task(self._note_time_again_and_again())
                await self._bot.keep_running()
        except ExceptionGroup as several:
            raise several.exceptions[0] from None
        finally:
            await self.leave()

    async def _begin(self, script: Script) -> None:
        try:
            with self._busy():
                await self._move_in(script)
        except Impossible as no:
            out.print(f"Not everybody could move in ({no}): end this and start it again.")

    async def _note_time_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(NOTE_SECONDS)
            self.note_time()

    @web.middleware
    async def watch(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """See by its asking for updates that the bot is up, and write down when things happened."""
        asked = (request.match_info.get("token"), request.match_info.get("method", "").lower())
        if asked == (self.telegram.token, "getupdates"):
            self._bot.listens()
        try:
            return await handler(request)
        except Unavailable as no:
            raise Impossible(str(no)) from None
        finally:
            self.note_time()

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """One thing at a time: what changes the world waits for nobody, it is refused."""
        if self._is_busy:
            raise Impossible("something else is still going on")
        self._is_busy = True
        self._tell()
        try:
            yield
        finally:
            self._is_busy = False
            self._tell()

    def _books(self) -> Database:
        if self._database is None:
            raise Impossible("the compound is just being opened")
        return self._database

    def _tell(self) -> None:
        for tell in self.changed:
            tell()


async def serve(
    port: int,
    data: Path,
    compound: str,
    *,
    host: str = "127.0.0.1",
    fresh: bool = False,
    scene: str = "",
) -> None:
    """Serve the phones and keep the bot running until cancelled; OperatorError when that cannot be.

    `scene` names the story to go on with; without one it is what was open last. `fresh` begins the story, or
    free play, anew.
    """
    scenes = {one.name: one for one in load_scenes()}
    if scene and scene not in scenes:
        raise OperatorError(f"there is no scene {scene}, choose one of: {', '.join(scenes)}")
    address = f"http://{_reached_at(host)}:{port}"
    with _locked(data):
        demo = Demo(data, compound, address, scenes)
        try:
            script = await demo.enter(scene or ("" if fresh else demo.last_world()), fresh=fresh)
            app = make_app(demo.telegram, demo.clock, keeper=demo.keeper, host=demo, hosts=(_name_of(host),))
            app.middlewares.append(demo.watch)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
            await runner.setup()
            try:
                await _listen(runner, host, port)
                out.print(
                    Panel(
                        f"浏览器打开 · Open in a browser: [bold link={address}/]{address}/[/]\n"
                        "Ctrl-C 结束 · ends it",
                        expand=False,
                    )
                )
                await demo.run(script)
            finally:
                await runner.cleanup()
        finally:
            await demo.leave()


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it however this process ends."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OperatorError(
                f"another sandbox is using {data}: end it, or choose another --data"
            ) from None
        yield


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise OperatorError(
            f"{host} port {port} cannot be used, choose another --port or --host: {error.strerror}"
        ) from None


EVERYWHERE: Mapping[str, str] = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # only to know them
"""Addresses that stand for every one of the machine, and what reaches them from here."""


def _name_of(host: str) -> str:
    """What the browser calls the address listened on; "*" where it may be anything."""
    return "*" if host in EVERYWHERE else _spelled(host)


def _reached_at(host: str) -> str:
    return _spelled(EVERYWHERE.get(host, host))


def _spelled(host: str) -> str:
    return f"[{host}]" if ":" in host else host
