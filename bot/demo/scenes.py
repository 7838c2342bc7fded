"""Scenes: ready-made stories for somebody who has never seen the bot, told one step at a time."""

import re
import tomllib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Tag,
    TypeAdapter,
    ValidationError,
)

from bot.demo.cast import Officer, Resident
from bot.domain.errors import OperatorError
from bot.sandbox.chats import Json
from bot.sandbox.core import Sandbox
from bot.sandbox.files import sample_photo
from bot.sandbox.people import Button, Group, Impossible, Seen, User
from bot.texts import LOCALES

SCENES = Path(__file__).parents[2] / "samples" / "scenes"
ZONE = ZoneInfo("Asia/Shanghai")


# What a scene is ---------------------------------------------------------------------------------------


def _in_each(said: Mapping[str, str]) -> Mapping[str, str]:
    if set(said) != set(LOCALES) or not all(said.values()):
        raise ValueError(f"needs a text for each of {', '.join(LOCALES)}, and no other")
    return said


def _the_same(said: object) -> object:
    return dict.fromkeys(LOCALES, said) if isinstance(said, str) else said


def picture(name: str) -> bytes:
    """A picture that lies beside the scenes, else one of the sandbox's samples; ValueError without either."""
    own = SCENES / f"{name}.jpg"
    return own.read_bytes() if own.is_file() else sample_photo(name)


def _known(name: str) -> str:
    picture(name)
    return name


Words = Annotated[Mapping[str, str], AfterValidator(_in_each)]
"""What is said, by locale: in each of them."""
Patterns = Annotated[tuple[str, ...], BeforeValidator(lambda raw: [raw] if isinstance(raw, str) else raw)]
"""One pattern, or several."""
Picture = Annotated[str, AfterValidator(_known)]
Member = Annotated[
    Annotated[Officer, Tag("officer")] | Annotated[Resident, Tag("resident")],
    Discriminator(lambda raw: "officer" if "kind" in raw else "resident"),
]


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody must see after a step, in their chat with the bot or, with `group`, in the group.

    Only messages of the bot count that are new or changed since the step began. `button` is a pattern of
    what a button sends or opens (`issue.accept:*`); `nothing` means that no message came at all.
    """

    who: str
    group: bool = False
    button: str = ""
    # A name or a number is the same in every language.
    words: Annotated[Words | None, BeforeValidator(_the_same)] = None
    photo: bool = False
    voice: bool = False
    nothing: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens, one of DEEDS: done by one of the cast, or by nobody (time, a power cut).

    `shows` is what must be seen afterwards. `first` and `then` are patterns of buttons tapped before and
    after what is sent; each line of a text is a message of its own. `quotes` is a pattern of what somebody
    copies into the group out of their chat with the bot. With `in_group` a button of the group is tapped.
    `door` is the name on its poster, `until` a time of day in the compound.
    """

    does: str
    says: Words
    who: str = ""
    text: Words | None = None
    photos: tuple[Picture, ...] = ()
    press: tuple[str, ...] = ()
    first: Patterns = ()
    then: Patterns = ()
    quotes: str = ""
    in_group: bool = False
    door: str = ""
    link: str = ""
    days: int = 0
    hours: int = 0
    minutes: int = 0
    until: time | None = None
    shows: tuple[Sight, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """A story: who plays, when it begins, what is said before and after, and what happens."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: str
    order: int
    title: Words
    begins: AwareDatetime
    opening: Words
    closing: Words
    cast: tuple[Member, ...]
    steps: tuple[Step, ...]


# Reading -----------------------------------------------------------------------------------------------

_SCENE = TypeAdapter(Scene)


def load_scenes(folder: Path = SCENES) -> tuple[Scene, ...]:
    """The scenes of a folder, by `order`; OperatorError names file, step and key of the first mistake."""
    return tuple(sorted(map(_load, folder.glob("*.toml")), key=lambda scene: (scene.order, scene.name)))


def _load(file: Path) -> Scene:
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
        scene = _SCENE.validate_python({**raw, "name": file.stem})
    except ValidationError as error:
        found = error.errors(include_url=False)[0]
        raise OperatorError(f"{file.name}: {_place(found['loc'])}: {found['msg']}") from None
    except (OSError, ValueError) as error:
        raise OperatorError(f"{file.name}: {error}") from None
    for number, step in enumerate(scene.steps, 1):
        for key, what in _mistakes(scene, step):
            raise OperatorError(f"{file.name}: step {number}, {key}: {what}")
    return scene


def _place(keys: Sequence[int | str]) -> str:
    """`steps.2.shows.0.who` as people count: step 3, shows 1, who."""
    words: list[str] = []
    for key in keys:
        if isinstance(key, int):
            words[-1] = f"{'step' if words[-1] == 'steps' else words[-1]} {key + 1}"
        else:
            words.append(key)
    return ", ".join(words)


def _mistakes(scene: Scene, step: Step) -> Iterator[tuple[str, str]]:
    """What cannot be right whatever the bot does: key and sentence."""
    deed = DEEDS.get(step.does)
    if deed is None:
        yield "does", f"{step.does!r} is none of {', '.join(DEEDS)}"
        return
    given = {one.name for one in fields(step) if getattr(step, one.name) != one.default}
    for key in sorted(deed.needs - given):
        yield key, f"is missing for {step.does!r}"
    for key in sorted(given - deed.needs - deed.may - deed.one_of - {"does", "says", "shows"}):
        yield key, f"does not belong to {step.does!r}"
    if deed.one_of and given.isdisjoint(deed.one_of):
        yield "does", f"{step.does!r} needs one of {', '.join(sorted(deed.one_of))}"
    if not step.shows and step.does != "kill_bot":
        yield "shows", "is missing: something must be seen to have come of it"
    for sight in step.shows:
        if not (sight.button or sight.words or sight.photo or sight.voice or sight.nothing):
            yield "shows", f"what does {sight.who} see: a button, words, photo, voice or nothing?"
    cast = {member.name for member in scene.cast}
    for name in (step.who, *(sight.who for sight in step.shows)):
        if name and name not in cast:
            yield "who", f"{name!r} is not in the cast: {', '.join(sorted(cast))}"


# Telling -----------------------------------------------------------------------------------------------


class Stage(Protocol):
    """What a scene plays on: its cast has moved in, and the bot runs."""

    @property
    def telegram(self) -> Sandbox:
        """Where the cast has its phones."""

    async def rest(self) -> None:
        """Return when the bot runs and has nothing more to do now."""

    async def pass_time(self, to: datetime) -> None:
        """Let time pass until then (aware), so that whatever is due on the way happens in its order."""

    async def kill_bot(self) -> None:
        """End the bot at once, as a power cut would; it starts again by itself."""

    async def doors(self) -> list[Json]:
        """The codes on the posters at the doors: {"name", "payload"} each."""


class Stuck(Impossible):
    """What should have come of a step (counted from 1) did not."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(f"step {step}: {what}")
        self.step = step
        self.what = what


class Telling:
    """One scene being told in one language; `done` of its steps have been."""

    def __init__(self, scene: Scene, stage: Stage, language: str, done: int = 0) -> None:
        self.scene = scene
        self.stage = stage
        self.language = language
        self.done = done
        self._since: int | None = None
        """The revision of the sandbox when the deed of the present step was done."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens."""
        return self.done == len(self.scene.steps)

    def next_says(self) -> Mapping[str, str]:
        """What is told of the next step, the opening before the first; at the end the closing words."""
        if self.is_over:
            return self.scene.closing
        says = self.scene.steps[self.done].says
        if self.done:
            return says
        return {locale: f"{said}\n{says[locale]}" for locale, said in self.scene.opening.items()}

    def who(self) -> int:
        """Whose turn is next: the id of a user, or 0."""
        name = "" if self.is_over else self.scene.steps[self.done].who
        return next((user.id for user in self._users(name)), 0)

    def chat(self) -> int:
        """The chat in which the next step happens, or 0."""
        who = self.who()
        if who and (self.scene.steps[self.done].does == "group" or self.scene.steps[self.done].in_group):
            return next((group.id for group in self._groups(who)), 0)
        return who

    async def step(self) -> None:
        """Do the next step, let the bot rest, and see that what should come of it is there.

        Raises Stuck when it is not, or when it cannot be done. The step is not over then: another call
        looks again at what came of it, or tries again what could not be done.
        """
        if self.is_over:
            raise Impossible("this story is over")
        step = self.scene.steps[self.done]
        try:
            if self._since is None:
                since = self.stage.telegram.memory.revision
                await DEEDS[step.does].do(self, step)
                self._since = since
            await self.stage.rest()
            for sight in step.shows:
                self._see(sight, self._since)
        except Impossible as no:
            raise Stuck(self.done + 1, str(no)) from None
        self.done += 1
        self._since = None

    # ---- the deeds

    async def send(self, step: Step) -> None:
        """Say, show or speak something, with a tap before and after."""
        user = self._user(step.who)
        for pattern in step.first:
            await self._tap(user, pattern)
        text = self._text(step)
        if step.does == "voice":
            user.sends_voice(None)
        elif step.does == "text":
            for line in text.splitlines():
                user.sends(None, line)
                await self.stage.rest()
        else:
            pictures = [picture(name) for name in step.photos]
            if len(pictures) > 1:
                user.sends_album(None, text, pictures)
            else:
                user.sends_photo(None, text, pictures[0])
        for pattern in step.then:
            await self.stage.rest()
            await self._tap(user, pattern)

    async def press(self, step: Step) -> None:
        """Tap buttons, one after the other."""
        for pattern in step.press:
            await self._tap(self._user(step.who), pattern, in_group=step.in_group)

    async def scan(self, step: Step) -> None:
        """Scan the code at a door."""
        for door in await self.stage.doors():
            if door["name"] == step.door:
                self._user(step.who).opens_link(door["payload"])
                return
        raise Impossible(f"there is no door {step.door!r}")

    async def open_link(self, step: Step) -> None:
        """Follow a link of the bot's own."""
        self._user(step.who).opens_link(step.link)

    async def group(self, step: Step) -> None:
        """Say something in the group, or what the bot has said to type there."""
        user = self._user(step.who)
        user.sends(self._group(user), _quoted(user, step.quotes) if step.quotes else self._text(step))

    async def wait(self, step: Step) -> None:
        """Let days, hours and minutes pass, then wait for the time of day, if one is named."""
        now = self.stage.telegram.clock()
        to = now + timedelta(days=step.days, hours=step.hours, minutes=step.minutes)
        if step.until is not None:
            local = now.astimezone(ZONE)
            to = datetime.combine(local.date() + timedelta(days=step.days), step.until, ZONE)
            if to <= local:
                to += timedelta(days=1)
        await self.stage.pass_time(to.astimezone(UTC))

    async def kill_bot(self, _step: Step) -> None:
        """A power cut."""
        await self.stage.kill_bot()

    # ---- inside

    async def _tap(self, user: User, pattern: str, *, in_group: bool = False) -> None:
        """Tap the newest button that sends such a thing, and wait for what comes of it."""
        group = self._group(user) if in_group else None
        for message in reversed(user.chat(group)):
            for button in _buttons(message):
                if button.data is not None and fnmatchcase(button.data, pattern):
                    user.presses(group, message.id, button.data)
                    await self.stage.rest()
                    return
        raise Impossible(f"{user.name} has no button {pattern!r}")

    def _see(self, sight: Sight, since: int) -> None:
        """Raise Impossible when somebody does not see what they should."""
        user = self._user(sight.who)
        group = self._group(user) if sight.group else None
        room = self.stage.telegram.memory.chats[group.id if group else user.id]
        new = [
            message
            for message in user.chat(group)
            if message.from_bot and room.records[message.id].revision > since
        ]
        if sight.nothing and new:
            raise Impossible(f"{user.name} was disturbed: {new[-1].text!r}")
        words = sight.words[self.language] if sight.words else ""
        links = [button.data or button.url or "" for message in new for button in _buttons(message)]
        for what, is_wanted, is_there in (
            (f"button {sight.button}", sight.button, any(fnmatchcase(link, sight.button) for link in links)),
            (f"words {words!r}", words, any(words in message.text for message in new)),
            ("photo", sight.photo, any(message.photos for message in new)),
            ("voice message", sight.voice, any("voice" in message.raw for message in new)),
        ):
            if is_wanted and not is_there:
                raise Impossible(f"{user.name} sees no new {what}")

    def _users(self, name: str) -> Iterator[User]:
        return (user for user in self.stage.telegram.users if user.data.first_name == name)

    def _user(self, name: str) -> User:
        for user in self._users(name):
            return user
        raise Impossible(f"{name} has no phone here")

    def _groups(self, user_id: int) -> Iterator[Group]:
        return (group for group in self.stage.telegram.groups if user_id in group.data.members)

    def _group(self, user: User) -> Group:
        for group in self._groups(user.id):
            return group
        raise Impossible(f"{user.name} is in no group")

    def _text(self, step: Step) -> str:
        return step.text[self.language] if step.text else ""


def _quoted(user: User, pattern: str) -> str:
    """What the newest message of the bot that says such a thing says."""
    for message in reversed(user.chat()):
        if message.from_bot and (found := re.search(pattern, message.text)):
            return found[0]
    raise Impossible(f"{user.name} was told nothing like {pattern!r}")


def _buttons(message: Seen) -> Iterator[Button]:
    return (button for row in message.buttons for button in row)


@dataclass(frozen=True, slots=True)
class Deed:
    """A word for `does`: the keys that must and may come with it, or one of them must, and how it is done."""

    do: Callable[[Telling, Step], Awaitable[None]]
    needs: AbstractSet[str] = frozenset()
    may: AbstractSet[str] = frozenset()
    one_of: AbstractSet[str] = frozenset()


_AROUND = frozenset(("first", "then"))
DEEDS: Mapping[str, Deed] = {
    "text": Deed(Telling.send, {"who", "text"}, _AROUND),
    "photo": Deed(Telling.send, {"who", "photos"}, _AROUND | {"text"}),
    "voice": Deed(Telling.send, {"who"}, _AROUND),
    "press": Deed(Telling.press, {"who", "press"}, {"in_group"}),
    "scan": Deed(Telling.scan, {"who", "door"}),
    "open_link": Deed(Telling.open_link, {"who", "link"}),
    "group": Deed(Telling.group, {"who"}, one_of={"text", "quotes"}),
    "wait": Deed(Telling.wait, one_of={"days", "hours", "minutes", "until"}),
    "kill_bot": Deed(Telling.kill_bot),
}
