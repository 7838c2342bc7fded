"""The scenes: each is played to its end in each language, and what is written wrongly is said clearly."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from opencc import OpenCC

from bot.actions.directory import JOIN_PREFIX, joining_links
from bot.demo.cast import found, settle
from bot.demo.scenes import Scene, Stuck, Telling, load_scenes
from bot.domain.errors import OperatorError
from bot.sandbox.chats import Json
from bot.sandbox.core import Sandbox
from bot.sandbox.people import Impossible, User
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from bot.texts import LOCALES
from tests.specification import Witness
from tests.world import Clock, World

ALL = load_scenes()
NAMES = [scene.name for scene in ALL]


@dataclass
class Platform:
    """A stage in process: the world's bot, and its clock that only moves when told."""

    world: World
    kills: int = 0
    is_deaf: bool = False

    @property
    def telegram(self) -> Sandbox:
        """Where the cast has its phones."""
        return self.world.telegram

    async def rest(self) -> None:
        """Let the bot do all it has to do now, unless it is kept from it."""
        if not self.is_deaf:
            await self.world.tick()

    async def pass_time(self, to: datetime) -> None:
        """Live until then: hour by hour, or in the last one by minutes."""
        span = to - self.world.clock.now
        step = timedelta(hours=1) if span > timedelta(hours=1) else timedelta(minutes=5)
        await self.world.live_through(step, seconds=span.total_seconds())

    async def kill_bot(self) -> None:
        """Whatever was only in memory is gone."""
        self.kills += 1
        await self.world.restart()

    async def doors(self) -> list[Json]:
        """What the posters say."""
        async with self.world.database.transaction() as connection:
            doors = await joining_links(Store(connection), 1, self.world.clock.now)
        return [
            {"name": f"{door.building} {door.entrance}".strip(), "payload": JOIN_PREFIX + door.code}
            for door in doors
        ]


@asynccontextmanager
async def set_for(scene: Scene, language: str, folder: Path) -> AsyncIterator[Platform]:
    """The compound of a scene, its cast moved in."""
    database = await SqliteDatabase.open(str(folder / "lianxin.db"))
    try:
        world = await World.make(database, now=scene.begins, sample=None)
        witness = Witness(world.telegram)
        script = await found(
            world.telegram, database, "small", scene.begins, language=language, cast=scene.cast
        )
        await settle(script, world.tick)
        yield Platform(world)
        assert witness.violations() == []
    finally:
        await database.close()


# The scenes there are ----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("scene", ALL, ids=NAMES)
async def test_a_scene_is_told_to_its_end(scene: Scene, language: str, tmp_path: Path) -> None:
    """Every step can be done, and what it promises is seen by whom it promises it to."""
    async with set_for(scene, language, tmp_path) as stage:
        people = {user.data.first_name: user.id for user in stage.telegram.users}
        groups = [group.id for group in stage.telegram.groups]
        telling = Telling(scene, stage, language)
        assert telling.next_says()[language].startswith(scene.opening[language])
        for number, step in enumerate(scene.steps):
            assert telling.next_says()[language].endswith(step.says[language])
            assert telling.who() == people.get(step.who, 0)
            assert telling.chat() == (groups[0] if step.does == "group" or step.in_group else telling.who())
            await telling.step()
            assert telling.done == number + 1
        assert telling.is_over
        assert (telling.who(), telling.chat(), telling.next_says()) == (0, 0, scene.closing)
        assert stage.kills == [step.does for step in scene.steps].count("kill_bot")
        with pytest.raises(Impossible):
            await telling.step()


async def test_a_telling_goes_on_where_it_was(tmp_path: Path) -> None:
    """Whoever starts the page again finds the story where it stopped."""
    lift = ALL[NAMES.index("lift")]
    async with set_for(lift, "en", tmp_path) as stage:
        for done in range(len(lift.steps)):
            await Telling(lift, stage, "en", done).step()
        assert (await stage.world.issue()).rating == "satisfied"


def test_the_scenes_are_there_in_their_order() -> None:
    """The first is the one a newcomer should see first; none is too long to be seen to its end."""
    assert NAMES == ["lamp", "fire-lane", "lift", "double-ninth"]
    assert all(8 <= len(scene.steps) <= 15 for scene in ALL)


def _sayings(part: object, key: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Everything said in all languages, wherever it stands: its key and the words."""
    if isinstance(part, dict) and set(part) == set(LOCALES):
        yield key, part
    elif isinstance(part, dict):
        for name, inner in part.items():
            yield from _sayings(inner, str(name))
    elif isinstance(part, (list, tuple)):
        for inner in part:
            yield from _sayings(inner, key)


@pytest.mark.parametrize("scene", ALL, ids=NAMES)
def test_what_is_told_is_short(scene: Scene) -> None:
    """It is read at a glance, beside the phones."""
    told = [words for key, words in _sayings(asdict(scene)) if key in {"says", "opening", "closing", "title"}]
    assert len(told) == len(scene.steps) + 3
    too_long = [
        words[locale]
        for words in told
        for locale in LOCALES
        if len(words[locale]) > (120 if locale == "en" else 60)
    ]
    assert too_long == []


@pytest.mark.parametrize("scene", ALL, ids=NAMES)
def test_simplified_and_traditional_are_not_mixed(scene: Scene) -> None:
    """Each reads as if written for its readers alone; names stay as the register spells them."""
    simplify, traditional = OpenCC("tw2s").convert, OpenCC("s2tw").convert
    names = {member.name for member in scene.cast}
    mixed = []
    for _, words in _sayings(asdict(scene)):
        if words["zh_CN"] not in names:
            mixed += [words["zh_CN"]] if simplify(words["zh_CN"]) != words["zh_CN"] else []
            mixed += [words["zh_TW"]] if traditional(simplify(words["zh_TW"])) != words["zh_TW"] else []
    assert mixed == []


# A scene of our own ------------------------------------------------------------------------------------

LITTLE = """
order = 1
begins = 2026-11-24T10:00:00+08:00
title = { zh_CN = "小", zh_TW = "小", en = "Little" }
opening = { zh_CN = "开", zh_TW = "開", en = "Opening" }
closing = { zh_CN = "完", zh_TW = "完", en = "The end" }

[[cast]]
name = "王秀兰"
kind = "building_leader"
building = "3"

[[cast]]
name = "路人"

[[steps]]
who = "路人"
does = "text"
text = { zh_CN = "楼道灯坏了", zh_TW = "樓道燈壞了", en = "The stairwell light is broken" }
says = { zh_CN = "说", zh_TW = "說", en = "Says" }
shows = [{ who = "路人", button = "d:*:lighting" }]
"""


def _little(folder: Path, *changes: tuple[str, str]) -> Scene:
    """The little scene, each change's left side replaced by its right one."""
    text = LITTLE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "little.toml").write_text(text, encoding="utf-8")
    return load_scenes(folder)[0]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("order = 1", "order = 1 1", "little.toml: "),
        ("order = 1", 'order = "first"', "little.toml: order: "),
        ("order = 1", "", "little.toml: order: "),
        ("+08:00", "", "little.toml: begins: "),
        ('title = { zh_CN = "小",', "title = {", "little.toml: title: "),
        ('"building_leader"', '"king"', "little.toml: cast 1, officer, kind: "),
        ('kind = "building_leader"', 'king = "building_leader"', "little.toml: cast 1, resident, king: "),
        ('does = "text"', 'does = "dance"', "little.toml: step 1, does: 'dance' is none of text, photo, "),
        ('does = "text"', "", "little.toml: step 1, does: "),
        ('does = "text"', 'does = "press"', "little.toml: step 1, press: is missing for 'press'"),
        (
            'does = "text"',
            'does = "text"\npress = ["x"]',
            "little.toml: step 1, press: does not belong to 'text'",
        ),
        ('does = "text"', 'does = "text"\nsayz = 1', "little.toml: step 1, sayz: "),
        (', en = "Says"', "", "little.toml: step 1, says: "),
        (', en = "Says"', ', en = ""', "little.toml: step 1, says: "),
        ('who = "路人"\ndoes', 'who = "路客"\ndoes', "little.toml: step 1, who: '路客' is not in the cast: "),
        ('who = "路人"\ndoes', "does", "little.toml: step 1, who: is missing for 'text'"),
        ('{ who = "路人", b', '{ who = "路客", b', "little.toml: step 1, who: '路客' is not in the cast: "),
        (', button = "d:*:lighting"', "", "little.toml: step 1, shows: what does 路人 see"),
        ("button =", "knob =", "little.toml: step 1, shows 1, knob: "),
        ('shows = [{ who = "路人", button = "d:*:lighting" }]', "", "little.toml: step 1, shows: is missing"),
        ('does = "text"', 'does = "photo"\nphotos = ["moon"]', "little.toml: step 1, photos 1: "),
        ('does = "text"', 'does = "wait"', "little.toml: step 1, text: does not belong to 'wait'"),
    ],
)
def test_a_mistake_in_a_file_is_said_with_its_place(
    old: str, new: str, complaint: str, tmp_path: Path
) -> None:
    """Whoever writes a scene is no programmer: file, step and key, and what would be right."""
    with pytest.raises(OperatorError) as caught:
        _little(tmp_path, (old, new))
    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


def test_a_group_is_told_something(tmp_path: Path) -> None:
    """One's own words, or what the bot said to type there."""
    with pytest.raises(OperatorError, match="step 1, does: 'group' needs one of quotes, text"):
        _little(tmp_path, ('does = "text"', 'does = "group"'), NO_TEXT)


WAIT = ('who = "路人"\ndoes = "text"', 'does = "wait"')
NO_TEXT = ('text = { zh_CN = "楼道灯坏了", zh_TW = "樓道燈壞了", en = "The stairwell light is broken" }', "")


def test_waiting_needs_a_time(tmp_path: Path) -> None:
    """Nothing happens in no time."""
    with pytest.raises(OperatorError, match="step 1, does: 'wait' needs one of days, hours, minutes, until"):
        _little(tmp_path, WAIT, NO_TEXT)


@pytest.mark.parametrize(
    "shows",
    [
        'button = "d:*:lift"',
        'words = "无此话"',
        "photo = true",
        "voice = true",
        "nothing = true",
    ],
)
async def test_what_is_not_seen_stops_the_story(shows: str, tmp_path: Path) -> None:
    """A step that did not come out as told never passes for one that did."""
    scene = _little(tmp_path, ('button = "d:*:lighting"', shows))
    async with set_for(scene, "zh_CN", tmp_path) as stage:
        telling = Telling(scene, stage, "zh_CN")
        with pytest.raises(Stuck, match="step 1: 路人 ") as caught:
            await telling.step()
        assert caught.value.step == 1
        assert (telling.done, telling.is_over) == (0, False)


async def test_only_what_is_new_counts(tmp_path: Path) -> None:
    """A button that was there before has not come of the step."""
    scene = _little(tmp_path, WAIT, (NO_TEXT[0], "minutes = 1"))
    async with set_for(scene, "zh_CN", tmp_path) as stage:
        _person(stage, "路人").sends(None, "楼道灯坏了")
        await stage.rest()
        with pytest.raises(Stuck, match=r"no new button d:\*:lighting"):
            await Telling(scene, stage, "zh_CN").step()


async def test_a_late_answer_is_waited_for_and_nothing_is_done_twice(tmp_path: Path) -> None:
    """The bot was cut off: once it is back, the same step goes through without being done again."""
    scene = _little(tmp_path)
    async with set_for(scene, "zh_CN", tmp_path) as stage:
        telling = Telling(scene, stage, "zh_CN")
        stage.is_deaf = True
        with pytest.raises(Stuck):
            await telling.step()
        stage.is_deaf = False
        await telling.step()
        said = [one.text for one in _person(stage, "路人").chat() if not one.from_bot]
        assert (telling.is_over, said) == (True, ["楼道灯坏了"])


async def test_what_cannot_be_done_is_tried_again(tmp_path: Path) -> None:
    """Somebody tapped the story's buttons away: it says which, and goes on once they are back."""
    pressed = ('does = "text"', 'does = "press"\npress = ["d:*:_all"]'), NO_TEXT
    scene = _little(tmp_path, *pressed)
    async with set_for(scene, "zh_CN", tmp_path) as stage:
        telling = Telling(scene, stage, "zh_CN")
        with pytest.raises(Stuck, match=r"step 1: 路人 has no button 'd:\*:_all'"):
            await telling.step()
        _person(stage, "路人").sends(None, "楼道灯坏了")
        await stage.rest()
        await telling.step()
        assert telling.is_over


def _person(stage: Platform, name: str) -> User:
    return next(user for user in stage.telegram.users if user.data.first_name == name)


async def test_several_photos_are_one_album(tmp_path: Path) -> None:
    """As the app sends them: one report."""
    album = 'does = "photo"\nphotos = ["lamp", "lane"]'
    scene = _little(
        tmp_path, ("楼道灯坏了", "消防通道被堵了"), ('does = "text"', album), ("lighting", "fire_lane")
    )
    async with set_for(scene, "zh_CN", tmp_path) as stage:
        await Telling(scene, stage, "zh_CN").step()
        sent = [one for one in _person(stage, "路人").chat() if not one.from_bot]
        assert [one.text for one in sent] == ["消防通道被堵了", ""]
        assert len({one.raw["media_group_id"] for one in sent}) == 1
        assert sent[0].photos != sent[1].photos


@pytest.mark.parametrize(
    ("deed", "complaint"),
    [
        ('does = "scan"\ndoor = "9号楼"', "there is no door '9号楼'"),
        ('does = "group"\nquotes = "/bind .*"', "路人 is in no group"),
        ('does = "press"\npress = ["x"]\nin_group = true', "路人 is in no group"),
        ('does = "group"\ntext = { zh_CN = "喂", zh_TW = "喂", en = "Hey" }', "路人 is in no group"),
    ],
)
async def test_what_is_not_there_is_named(deed: str, complaint: str, tmp_path: Path) -> None:
    """A door or a group that this compound does not have."""
    scene = _little(tmp_path, ('does = "text"', deed), NO_TEXT)
    async with set_for(scene, "zh_CN", tmp_path) as stage:
        telling = Telling(scene, stage, "zh_CN")
        assert telling.chat() in (0, telling.who())
        with pytest.raises(Stuck, match=f"step 1: {complaint}"):
            await telling.step()


# Time --------------------------------------------------------------------------------------------------


class Emptiness:
    """A stage without bot and people: only time passes."""

    def __init__(self, now: datetime) -> None:
        self.clock = Clock(now)
        self.telegram = Sandbox(self.clock)

    async def rest(self) -> None:
        """Nobody does anything."""

    async def pass_time(self, to: datetime) -> None:
        """Be there."""
        self.clock.now = to

    async def kill_bot(self) -> None:
        """There is none."""

    async def doors(self) -> list[Json]:
        """There are none."""
        return []


@pytest.mark.parametrize(
    ("keys", "then"),
    [
        ("minutes = 12", "2026-11-24T10:12"),
        ("days = 2\nhours = 3", "2026-11-26T13:00"),
        ('until = "18:45"', "2026-11-24T18:45"),
        ('until = "10:00"', "2026-11-25T10:00"),
        ('until = "08:00"', "2026-11-25T08:00"),
        ('days = 3\nuntil = "18:45"', "2026-11-27T18:45"),
        ('days = 3\nuntil = "08:00"', "2026-11-27T08:00"),
    ],
)
async def test_time_passes_as_written(keys: str, then: str, tmp_path: Path) -> None:
    """A span, the next time it is that late in the compound, or that late so many days on."""
    scene = _little(tmp_path, WAIT, (NO_TEXT[0], keys))
    stage = Emptiness(scene.begins)
    with pytest.raises(Stuck, match="路人 has no phone here"):
        await Telling(scene, stage, "en").step()
    assert stage.clock.now == datetime.fromisoformat(f"{then}+08:00").astimezone(UTC)
