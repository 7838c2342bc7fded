"""What people hear of four issues in forty days, as docs/ladder.md shows it.

After a change of the ladder or its words, `make docs` writes the tables anew: look at the difference.
"""

import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

import pytest

from bot.actions.issues import act
from bot.actions.tellings import Said
from bot.domain.transitions import Action
from bot.storage.sqlite import SqliteDatabase
from bot.texts import short
from tests.test_reminders import LIFT, NOISE, WATER, Cast, desk_of, next_moment, person
from tests.world import SHANGHAI, Phone, World

PAGE = Path(__file__).parent.parent / "docs" / "ladder.md"
DAYS = 40
KINDS = {
    "⏳": "reminder",
    "🔴": "overdue",
    "🔺": "escalation",
    "📮": "outward",
    "⌛": "late",
    "🔄": "passed around",
    "❓": "question",
    "📅": "begins",
    "↪": "given on",
}
POSTS = {
    "resident": "the reporter",
    "leader": "building leader",
    "deputy": "deputy leader",
    "committee": "committee",
    "director": "owners’ committee director",
    "secretary": "branch secretary",
    "manager": "property manager",
}
NUMBER = re.compile(r"\d{6}-\d{3} ?")

Told = tuple[datetime, str, str, str]
"""When (local), to whom, what kind of message, and what it says first."""


def local(day: str, clock: str = "00:00") -> datetime:
    """A local time of early 2026: "02-13", "19:30"."""
    return datetime.fromisoformat(f"2026-{day}T{clock}").replace(tzinfo=SHANGHAI).astimezone(UTC)


class Story:
    """Building 3 and a clock; what is told by the clock, and what people do, becomes lines."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.told: list[Told | str] = []

    async def until(self, end: datetime) -> None:
        """Live until then, writing down what everybody hears."""
        world, phones = self.cast.world, self.cast.phones
        known = {word: len(phone.messages) for word, phone in phones.items()}
        while (at := await next_moment(world)) is not None and at <= end:
            world.clock.now = at
            await world.tick()
            for word, phone in phones.items():
                for message in phone.messages[known[word] :]:
                    self.told.append((at.astimezone(SHANGHAI), word, *said(message.text)))
                known[word] = len(phone.messages)
        world.clock.now = end

    async def does(self, who: Phone, action: Action, words: str, said: Said) -> None:
        """Somebody acts on the issue; `words` say it on the page."""
        world = self.cast.world
        actor = await person(who)
        async with world.database.transaction() as connection:
            desk = desk_of(world, connection)
            await act(desk, 1, actor, action, said)
            await desk.send()
        await world.settle()
        self.told.append(f"{world.clock.now.astimezone(SHANGHAI):%a %d %b %H:%M} {words}")

    def table(self) -> list[str]:
        """The lines as a table; days on which the same people hear the same again are one line."""
        lines = ["| when | to whom | what | it says |", "|---|---|---|---|"]
        moments = [
            (key, list(group))
            for key, group in groupby(self.told, lambda one: one if isinstance(one, str) else one[0])
        ]
        last: tuple[object, ...] = ()
        repeated: datetime | None = None
        for key, group in [*moments, ("", [])]:
            heard = [one for one in group if not isinstance(one, str)]
            same = tuple((one[0].time(), *one[1:3]) for one in heard)
            if heard and same == last:
                repeated = heard[0][0]
                continue
            if repeated is not None:
                lines.append(f"| until {repeated:%a %d %b} | the same | every day | |")
                repeated = None
            last = same
            if isinstance(key, str):
                lines += [f"| | | *{key}* | |"] if key else []
                continue
            lines += [
                f"| {f'{key:%a %d %b %H:%M}' if place == 0 else ''} | {POSTS[who]} | {kind} | {words} |"
                for place, (_, who, kind, words) in enumerate(heard)
            ]
        return lines


def said(text: str) -> tuple[str, str]:
    """The kind of a message by its sign, and its first sentence, which may stand below a heading."""
    first, *below = [line for line in NUMBER.sub("", text).splitlines() if line]
    told = first.removeprefix(text[0]).strip() if "。" in first or not below else below[0]
    return KINDS.get(text[0], "word"), short(re.split(r"(?<=。)", told)[0], 60)


@pytest.fixture
async def worlds(tmp_path: Path) -> AsyncIterator[list[World]]:
    """A compound for each story, all on Friday 13 February 2026: from Sunday on it is Spring Festival."""
    databases = [await SqliteDatabase.open(str(tmp_path / f"{place}.db")) for place in range(4)]
    try:
        yield [await World.make(database, now=local("02-13", "18:00")) for database in databases]
    finally:
        for database in databases:
            await database.close()


async def begin(world: World, clock: str, category: str, text: str) -> Story:
    """Everybody is on the bot, and the report is sent on that Friday."""
    cast = await Cast.gather(world)
    world.clock.now = local("02-13", clock)
    await cast.report(category, text)
    story = Story(cast)
    story.told.append(f"{world.clock.now.astimezone(SHANGHAI):%a %d %b %H:%M} reported: {text}")
    return story


async def a_lamp(world: World) -> Story:
    """Nobody accepts it for a week of holidays; then it is accepted, and never done."""
    story = await begin(world, "19:30", "lighting", "三栋楼道灯坏了")
    await story.until(local("02-26", "09:00"))
    await story.does(story.cast.leader, Action.ACCEPT, "the building leader accepts", Said())
    await story.until(local("03-25"))
    return story


async def a_lift(world: World) -> Story:
    """Danger at night, and nobody accepts it."""
    story = await begin(world, "22:00", LIFT, "电梯里有焦味")
    await story.until(local("03-25"))
    return story


async def a_dispute(world: World) -> Story:
    """The leader asks, hears nothing, asks the subdistrict, and puts it off."""
    story = await begin(world, "19:30", NOISE, "楼上装修太吵")
    cast = story.cast
    world.clock.now = local("02-13", "20:00")
    await story.does(cast.leader, Action.ACCEPT, "the building leader accepts", Said())
    await story.does(
        cast.leader, Action.REQUEST_INFO, "the building leader asks: 是几楼？", Said("是几楼？一般几点？")
    )
    await story.until(local("02-24", "10:00"))
    refer = Said("请街道协调", how="subdistrict", until=local("02-26", "09:00"))
    await story.does(cast.leader, Action.REFER, "the building leader refers it to the subdistrict", refer)
    await story.until(local("02-26", "10:00"))
    put_off = Said("那天双方都在", until=local("03-02", "09:00"))
    await story.does(cast.leader, Action.SCHEDULE, "the building leader puts it off to 2 March", put_off)
    await story.until(local("03-25"))
    return story


async def a_hot_potato(world: World) -> Story:
    """Water: from hand to hand, each time shortly before it would be late."""
    story = await begin(world, "18:30", WATER, "三栋停水")
    cast = story.cast
    for clock, giver, taker in (("20:10", "manager", "leader"), ("09:30", "leader", "deputy")):
        day = "02-13" if clock == "20:10" else "02-14"
        await story.until(local(day, clock))
        target = Said("不归我管", target=await person(cast.phones[taker]))
        words = f"the {POSTS[giver]} gives it to the {POSTS[taker]}"
        await story.does(cast.phones[giver], Action.TRANSFER, words, target)
    await story.until(local("02-14", "11:00"))
    await story.does(cast.deputy, Action.ACCEPT, "the deputy leader accepts", Said())
    await story.until(local("02-14", "23:59"))
    return story


async def test_the_page_shows_what_people_hear(worlds: list[World]) -> None:
    """docs/ladder.md is what the bot does."""
    parts = []
    for world, tell in zip(worlds, (a_lamp, a_lift, a_dispute, a_hot_potato), strict=True):
        story = await tell(world)
        heading = tell.__name__.replace("_", " ").capitalize()
        parts += [f"### {heading}", "", (tell.__doc__ or "").strip(), "", *story.table(), ""]
    text = PAGE.read_text(encoding="utf-8")
    begins, ends = "<!-- written by make docs -->\n", "<!-- until here -->"
    before, _, rest = text.partition(begins)
    shown, _, after = rest.partition(ends)
    told = "\n".join(("", *parts))
    if os.environ.get("UPDATE_DOCS") == "1":
        PAGE.write_text(before + begins + told + ends + after, encoding="utf-8")
    else:
        assert shown == told, "run make docs, and look at the difference"


def test_the_stories_last_forty_days() -> None:
    """As the page says."""
    assert local("03-25") - local("02-13") == timedelta(days=DAYS)
