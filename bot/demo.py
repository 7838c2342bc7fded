"""A compound to try the bot in: the sandbox on a page, the real bot beside it, people who have moved in."""

import asyncio
import fcntl
import os
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import time
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from rich.console import Console
from rich.panel import Panel

from bot import spreadsheets
from bot.actions.directory import (
    APPOINT_PREFIX,
    JOIN_PREFIX,
    find_post,
    import_register,
    invite,
    joining_links,
)
from bot.app import open_database, system_clock
from bot.config import PREFIX, Settings, load
from bot.domain.errors import OperatorError
from bot.domain.posts import PostKind
from bot.domain.register import ListedPost, read_register
from bot.samples import write_large
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.people import User
from bot.sandbox.server import make_app
from bot.storage.store import Store

FOR_THE_OPERATOR = 2  # exit code for what only the operator can mend: starting again does not help
STOP_SECONDS = 10.0
RESTART_SECONDS = 1.0
SETTLE_SECONDS = 30.0
OPENING = time(9)  # by night a newcomer who moves the clock by days would see no reminder: quiet hours

HOUSE = Path(__file__).parent.parent
SMALL = HOUSE / "samples" / "luzhou-126"
CAST: Mapping[PostKind, str] = {
    PostKind.BUILDING_LEADER: "楼栋长",
    PostKind.SELF_MANAGEMENT_COMMITTEE: "自管委",
    PostKind.PROPERTY_MANAGER: "物业经理",
    PostKind.OWNERS_COMMITTEE_DIRECTOR: "业委会主任",
}
"""Whose phones lie on the page, and what stands behind their names."""

out = Console(soft_wrap=True, highlight=False)

Script = Sequence[tuple[User, str]]
"""Who taps the button with which words, in this order."""


async def serve(port: int, data: Path, compound: str, *, fresh: bool) -> None:
    """Serve the phones and keep the bot running until cancelled; OperatorError when that cannot be."""
    state, database, offset = data / "telegram.json", data / "lianxin.db", data / "clock"
    # Each start has a token of its own: a bot left behind by a start that was killed is refused.
    token = f"1:{secrets.token_urlsafe(24)}"
    environment = {
        "BOT_TELEGRAM__TOKEN": token,
        "BOT_TELEGRAM__BASE_URL": f"http://127.0.0.1:{port}",
        "BOT_DATABASE__URL": f"sqlite:///{database.absolute()}",
        "BOT_CLOCK__OFFSET_FILE": str(offset.absolute()),
        "BOT_JOBS__TICK_SECONDS": "1",
        "BOT_LOG__LEVEL": "warning",
    }
    with _alone(data):
        is_new = fresh or not state.exists()
        if is_new:
            for file in (state, offset, *data.glob("lianxin.db*")):
                file.unlink(missing_ok=True)
        clock = MovableClock(system_clock(None), offset)
        if is_new:
            clock.move_to(OPENING)
        telegram = Sandbox(clock, token=token)
        script = await _found(telegram, load(None, environment), compound) if is_new else ()
        runner = web.AppRunner(make_app(telegram, clock, state=state), access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await _listen(runner, port)
            # The chats are written down again at the end. After a start that was killed they would no
            # longer fit the database: then everything begins anew.
            state.unlink(missing_ok=True)
            page = f"http://127.0.0.1:{port}/"
            out.print(
                Panel(
                    f"浏览器打开 · Open in a browser: [bold link={page}]{page}[/]\nCtrl-C 结束 · ends it",
                    expand=False,
                )
            )
            async with asyncio.TaskGroup() as group:
                group.create_task(_play(telegram, script))
                await _keep_running(environment)
        finally:
            await runner.cleanup()


@contextmanager
def _alone(data: Path) -> Iterator[None]:
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


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
    except OSError as error:
        raise OperatorError(f"port {port} cannot be used, choose another --port: {error.strerror}") from None


async def _keep_running(environment: dict[str, str]) -> None:
    """Run the bot as anybody would, and start it again when it dies."""
    others = {name: value for name, value in os.environ.items() if not name.upper().startswith(PREFIX)}
    while True:
        # In a session of its own: Ctrl-C reaches only us, and `_end` passes it on.
        bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run", "--config", os.devnull),
            env=others | environment,
            cwd=HOUSE,
            start_new_session=True,
        )
        try:
            code = await bot.wait()
        finally:
            await _end(bot)
        if code == FOR_THE_OPERATOR:
            raise OperatorError("the bot cannot run; above it says why")
        await asyncio.sleep(RESTART_SECONDS)
        out.print(f"The bot ended with code {code} and is started again.")


async def _end(bot: asyncio.subprocess.Process) -> None:
    """Let it finish what it is at; kill it when that takes too long."""
    if bot.returncode is not None:
        return
    bot.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await bot.wait()
    except TimeoutError:
        bot.kill()
        await bot.wait()


async def _found(telegram: Sandbox, settings: Settings, compound: str) -> Script:
    """Import a sample compound and let its people open the links they would get; gives what they tap next."""
    with TemporaryDirectory() as folder:
        if compound == "large":
            write_large(Path(folder))
        register, _ = read_register(spreadsheets.read(Path(folder) if compound == "large" else SMALL))
    listed = register.compounds[0]
    script: list[tuple[User, str]] = []
    database = await open_database(settings)
    try:
        await database.migrate()
        async with database.transaction() as connection:
            store, now = Store(connection), telegram.clock()
            await import_register(store, register, now)
            (of,) = await store.places.compounds()
            doors = await joining_links(store, of.id, now)
            names = {building.label: building.name for building in listed.buildings}

            def moves_in(name: str, building: str) -> User:
                (door, *_) = [door for door in doors if door.building == building]
                user = telegram.user(name)
                user.opens_link(JOIN_PREFIX + door.code)
                return user

            async def takes_office(post: ListedPost) -> User:
                where, name = names.get(post.building or "", ""), post.holders[0].name
                user = telegram.user(name, last_name=f"{where}{CAST[post.kind]}")
                post_id = await find_post(store, of.id, post.kind, post.building or "", post.entrance or "")
                user.opens_link(APPOINT_PREFIX + await invite(store, post_id, now))
                if len(post.holders) > 1:
                    script.append((user, name))
                return user

            elder = moves_in("陈秀英", names["3"])
            officers = [await takes_office(post) for post in _cast(listed.posts)]
            moves_in("刘强", names["5"])
    finally:
        await database.close()
    group = telegram.group(f"{names['3']}邻里群", officers[0], elder, *officers[1:], supergroup=True)
    group.add_bot(officers[0])
    return (*script, (elder, "502"), (elder, "业主"), (elder, "陈秀英"), (officers[0], "同意"))


async def _play(telegram: Sandbox, script: Script) -> None:
    """Tap what the people of the cast would, each time as soon as the bot has put the question."""
    changed = asyncio.Event()
    telegram.changed.append(changed.set)
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_SECONDS):
            for user, words in script:
                while not _tap(user, words):
                    changed.clear()
                    await changed.wait()
    telegram.changed.remove(changed.set)


def _tap(user: User, words: str) -> bool:
    for message in user.chat():
        for button in (button for row in message.buttons for button in row):
            if button.data is not None and words in button.text:
                user.presses(None, message.id, button.data)
                return True
    return False


def _cast(posts: Iterable[ListedPost]) -> list[ListedPost]:
    """The posts whose holders lie on the page: of building 3, of one more building, and of the compound."""
    filled = [post for post in posts if post.holders]
    by_kind = {kind: [post for post in filled if post.kind is kind] for kind in CAST}
    first, second, *_ = sorted(by_kind.pop(PostKind.BUILDING_LEADER), key=lambda post: post.building != "3")
    return [first, *(found[0] for found in by_kind.values()), second]
