"""Whose phones lie on the page: people of a sample compound, who open the links they get and move in."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import spreadsheets
from bot.actions.desk import Desk, Rules
from bot.actions.directory import (
    APPOINT_PREFIX,
    JOIN_PREFIX,
    find_post,
    invite,
    joining_links,
)
from bot.actions.importing import import_register
from bot.app import TEMPLATES
from bot.domain.errors import OperatorError
from bot.domain.posts import SHARED, PostKind
from bot.domain.register import ListedCompound, ListedPost, Register, read_register
from bot.samples import write_large
from bot.sandbox.core import Sandbox
from bot.sandbox.people import Impossible, User
from bot.storage.engine import Database
from bot.storage.links import Door
from bot.storage.store import Store
from bot.texts import Texts

SMALL = Path(__file__).parents[2] / "samples" / "luzhou-126"
LANGUAGES: Mapping[str, str] = {"zh_CN": "zh-hans", "zh_TW": "zh-hant", "en": "en"}
"""What the phones of people who read a locale tell Telegram."""
GROUPS: Mapping[str, str] = {"zh_CN": "{}邻里群", "zh_TW": "{}鄰里群", "en": "Neighbours of {}"}


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody at a door: with a unit they move in as its owner, without one they have only opened the link.

    Without a building they have a phone and no more.

    Places are labels in normal form ("3", "1", "502"); without an entrance it is the building's first door.
    """

    name: str
    building: str = ""
    unit: str = ""
    entrance: str = ""


@dataclass(frozen=True, slots=True)
class Officer:
    """Whom the register names for a post; without a name the first of them."""

    kind: PostKind
    building: str = ""
    entrance: str = ""
    name: str = ""


Cast = Sequence[Resident | Officer]
"""Who has a phone, in the order of the page."""


@dataclass(frozen=True, slots=True)
class Tap:
    """The next thing to happen: one of these people taps a button known by its data (a glob) and words."""

    users: tuple[User, ...]
    data: str
    words: str = ""

    def press(self) -> None:
        """Tap it; Impossible when nobody has such a button."""
        for user in self.users:
            for message in user.chat():
                for button in (button for row in message.buttons for button in row):
                    data = button.data or ""
                    if fnmatchcase(data, self.data) and self.words in button.text:
                        user.presses(None, message.id, data)
                        return
        raise Impossible(f"{', '.join(user.name for user in self.users)}: no button {self.data} {self.words}")


Script = Sequence[Tap]
"""What the cast taps to move in, each as soon as the bot has put the question."""


async def settle(script: Script, rest: Callable[[], Awaitable[None]]) -> None:
    """Let the cast move in; `rest` waits until the bot has no more to do. Impossible when they cannot."""
    for tap in script:
        await rest()
        tap.press()
    await rest()


async def found(
    telegram: Sandbox,
    database: Database,
    compound: str,
    now: datetime,
    *,
    language: str = "zh_CN",
    cast: Cast | None = None,
) -> Script:
    """Import a sample compound, "small" or "large", into an empty database; its people open their links.

    Their phones speak `language`, one of LANGUAGES. Gives what they tap next.
    """
    register = _register(compound)
    listed = register.compounds[0]
    async with database.transaction() as connection:
        store = Store(connection)
        # Nobody is on the bot yet, so nobody is told anything by it.
        await import_register(Desk(store, _texts(), Rules(0, ""), now), register)
        (of,) = await store.places.compounds()
        doors = await joining_links(store, of.id, now)
        company = _Company(telegram, listed, doors, language)
        for member in usual_cast(listed) if cast is None else cast:
            if isinstance(member, Resident):
                company.moves_in(member)
            else:
                post = _post(listed, member)
                post_id = await find_post(store, of.id, post.kind, post.building or "", post.entrance or "")
                company.takes_office(post, member, await invite(store, post_id, now))
    company.meets()
    return company.script()


def usual_cast(listed: ListedCompound) -> Cast:
    """A leader and an elder of building 3, the compound's posts, another leader, and somebody new."""
    leaders = [post for post in listed.posts if post.kind is PostKind.BUILDING_LEADER and post.holders]
    first, second, *_ = sorted(leaders, key=lambda post: post.building != "3")
    return (
        Resident("陈秀英", "3", "502"),
        Officer(first.kind, first.building or ""),
        Officer(PostKind.SELF_MANAGEMENT_COMMITTEE),
        Officer(PostKind.PROPERTY_MANAGER),
        Officer(PostKind.OWNERS_COMMITTEE_DIRECTOR),
        Officer(second.kind, second.building or ""),
        Resident("刘强", "5"),
    )


class _Company:
    """The cast while it gathers."""

    def __init__(
        self, telegram: Sandbox, listed: ListedCompound, doors: Sequence[Door], language: str
    ) -> None:
        self._telegram = telegram
        self._buildings = {building.label: building.name for building in listed.buildings}
        self._entrances = {(one.building, one.label): one.name for one in listed.entrances}
        self._doors = doors
        self._language = language
        self._officers: list[tuple[ListedPost, User]] = []
        self._residents: dict[Resident, User] = {}
        self._taps: list[Tap] = []

    def moves_in(self, member: Resident) -> None:
        """Somebody opens the link at their door, if they have one."""
        user = self._residents[member] = self._telegram.user(
            member.name, language_code=LANGUAGES[self._language]
        )
        if not member.building:
            return
        entrance = self._entrances.get((member.building, member.entrance), "")
        doors = [
            door
            for door in self._doors
            if door.building == self._buildings.get(member.building) and entrance in ("", door.entrance)
        ]
        if not doors:
            raise OperatorError(f"{member.name}: the compound has no building {member.building}")
        user.opens_link(JOIN_PREFIX + doors[0].code)
        if member.unit:
            self._taps += [
                Tap((user,), "d:*:unit:*", member.unit),
                Tap((user,), "d:*:owner"),
                Tap((user,), "d:*:use"),
            ]

    def takes_office(self, post: ListedPost, member: Officer, code: str) -> None:
        """Somebody opens the invitation to their post, and says who they are where several hold it."""
        name = member.name or post.holders[0].name
        place = self._buildings.get(post.building or "", "")
        place += self._entrances.get((post.building or "", post.entrance or ""), "")
        title = _texts().render(self._language, "posts.inline", building=place, post=post.kind.value)
        user = self._telegram.user(name, last_name=title, language_code=LANGUAGES[self._language])
        self._officers.append((post, user))
        user.opens_link(APPOINT_PREFIX + code)
        if post.kind in SHARED:
            self._taps.insert(0, Tap((user,), "d:*:is:*", name))

    def meets(self) -> None:
        """The neighbours of the first leader who is there have a group with the bot in it."""
        leaders = [(post, user) for post, user in self._officers if post.kind is PostKind.BUILDING_LEADER]
        if leaders:
            post, owner = leaders[0]
            neighbours = [
                user for one, user in self._residents.items() if one.unit and one.building == post.building
            ]
            others = [user for _, user in self._officers if user != owner]
            title = GROUPS[self._language].format(self._buildings[post.building or ""])
            self._telegram.group(title, owner, *neighbours, *others, supergroup=True).add_bot(owner)

    def script(self) -> Script:
        """All the taps: each resident's approval comes last."""
        officers = tuple(user for _, user in self._officers)
        approvals = [Tap(officers, "home.approve:*") for one in self._residents if one.unit]
        return (*self._taps, *approvals)


def _post(listed: ListedCompound, member: Officer) -> ListedPost:
    for post in listed.posts:
        at = (post.kind, post.building or "", post.entrance or "")
        if at == (member.kind, member.building, member.entrance) and any(
            member.name in ("", holder.name) for holder in post.holders
        ):
            return post
    raise OperatorError(f"the register names nobody for {member}")


@cache
def _register(compound: str) -> Register:
    with TemporaryDirectory() as folder:
        if compound == "large":
            write_large(Path(folder))
        register, _ = read_register(spreadsheets.read(Path(folder) if compound == "large" else SMALL))
    return register


@cache
def _texts() -> Texts:
    return Texts(TEMPLATES)
