"""Commands for posts: who holds which, appointing, ending, handing over, what the card says, the record."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.table import Table

from bot.actions import appointing
from bot.actions.desk import Desk
from bot.actions.directory import APPOINT_PREFIX, find_post, invite
from bot.actions.interest_groups import candidates
from bot.app import rules_of, texts_of
from bot.cli.common import (
    BotName,
    CompoundCode,
    ConfigFile,
    ask_bot_name,
    complete,
    compound_named,
    link_to,
    now_of,
    out,
    settings_from,
    store_of,
)
from bot.config import Settings
from bot.domain.addresses import normal_label
from bot.domain.errors import OperatorError, Refused
from bot.domain.folding import fold
from bot.domain.posts import PostKind
from bot.storage.places import Compound
from bot.storage.posts import Post

commands = typer.Typer()

BY_COMMAND = "command_line"
Kind = Annotated[PostKind, typer.Argument(help="The post.")]
Building = Annotated[str, typer.Option(help="For a post of a building or an entrance: 3, 3号楼.")]
Entrance = Annotated[str, typer.Option(help="For a post of an entrance: 2, 2单元.")]


@asynccontextmanager
async def _desk_of(settings: Settings) -> AsyncIterator[Desk]:
    """One transaction whose mail the running bot delivers; a rule that says no is the operator's to mend."""
    token, texts = settings.telegram.token.get_secret_value(), texts_of(settings)
    rules = rules_of(settings, int(token.partition(":")[0] or 0), "")
    async with store_of(settings) as store:
        desk = Desk(store, texts, rules, now_of(settings))
        try:
            yield desk
        except Refused as no:
            raise OperatorError(
                texts.words(rules.default_locale, f"refusals.{no.reason}", **no.facts)
            ) from None
        if desk.mail and not token:
            raise OperatorError("telegram.token is missing: whoever holds the post must be told")
        await desk.send()


def _on_post(
    settings: Settings,
    compound: str | None,
    kind: PostKind,
    building: str,
    entrance: str,
    deed: Callable[[Desk, Post], Awaitable[str]],
) -> None:
    """Do something to one post, all of it or nothing, and say what came of it."""

    async def done() -> str:
        async with _desk_of(settings) as desk:
            of = await compound_named(desk.store, compound)
            post_id = await find_post(desk.store, of.id, kind, building, entrance)
            return await deed(desk, await appointing.post_of(desk, post_id))

    typer.echo(complete(done()))


# Looking --------------------------------------------------------------------------------------------------


@commands.command()
def posts(
    building: Annotated[str, typer.Option(help="Only this building: 3, 3号楼.")] = "",
    vacant: Annotated[bool, typer.Option("--vacant", help="Only posts nobody holds.")] = False,
    compound: CompoundCode = None,
    config: ConfigFile = None,
) -> None:
    """Show who holds which post, since when, and how much is still to be done."""
    settings = settings_from(config, needs_token=False)

    async def table() -> Table:
        async with _desk_of(settings) as desk:
            of = await compound_named(desk.store, compound)
            if building:
                await _building_named(desk, of, building)
            found = Table()
            for column in ("place", "post", "holder", "since", "until", "office phone", "open"):
                found.add_column(column, overflow="fold")
            wanted = normal_label(building) if building else ""
            for post in await desk.store.posts.of_compound(of.id):
                if not wanted or normal_label(post.building) == wanted:
                    await _add(found, desk, of, post, vacant=vacant)
            return found

    out.print(complete(table()))


async def _building_named(desk: Desk, of: Compound, building: str) -> int:
    """The id of a building however its name is written; raises OperatorError."""
    known = await desk.store.places.buildings(of.id)
    for building_id, name in known:
        if normal_label(name) == normal_label(building):
            return building_id
    names = " ".join(name for _, name in known)
    raise OperatorError(f"没有“{building}” · there is no “{building}”: choose one of {names}")


async def _add(table: Table, desk: Desk, of: Compound, post: Post, *, vacant: bool) -> None:
    place = f"{post.building}{post.entrance}" or post.compound or post.community
    name = desk.texts.words(desk.rules.default_locale, f"posts.{post.kind.value}")
    held = await desk.store.posts.appointments(post.id)
    if not held:
        table.add_row(place, name, "-", "", "", post.phone, "")
    for one in held if not vacant else ():
        who = await appointing.name_of(desk, one.person_id)
        beside = "stand-in" if one.acting_for else "deputy" if one.is_deputy else ""
        reachable = await desk.addressee(one.person_id) is not None
        notes = ", ".join(note for note in (beside, "" if reachable else "not on the bot") if note)
        table.add_row(
            place,
            name,
            f"{who} ({notes})" if notes else who,
            _day(one.starts_at, of),
            _day(one.term_until, of),
            post.phone,
            str(len(await appointing.in_hand(desk, post, one.person_id))),
        )


def _day(instant: datetime | None, of: Compound) -> str:
    return f"{instant.astimezone(ZoneInfo(of.timezone)):%Y-%m-%d}" if instant else ""


@commands.command()
def history(
    building: Annotated[str, typer.Option(help="Only this building: 3, 3号楼.")] = "",
    most: Annotated[int, typer.Option(min=1, max=10_000, help="So many lines.")] = 50,
    compound: CompoundCode = None,
    config: ConfigFile = None,
) -> None:
    """Show who changed what about posts and residents, the latest first."""
    settings = settings_from(config, needs_token=False)

    async def lines() -> list[str]:
        async with _desk_of(settings) as desk:
            of = await compound_named(desk.store, compound)
            wanted = await _building_named(desk, of, building) if building else None
            changes = await desk.store.changes.of_compound(of.id, most, building_id=wanted)
            return [await _line(desk, of, change) for change in await appointing.change_lines(desk, changes)]

    for line in complete(lines()):
        typer.echo(line)


async def _line(desk: Desk, of: Compound, change: dict[str, object]) -> str:
    locale = desk.rules.default_locale
    post = desk.texts.words(locale, f"posts.{change['post']}") if change["post"] else ""
    at = change["at"]
    when = f"{at.astimezone(ZoneInfo(of.timezone)):%Y-%m-%d %H:%M}" if isinstance(at, datetime) else ""
    words = desk.texts.words(locale, "appointing.change", **change)
    return f"{when}\t{change['building']}{change['entrance']}{post}\t{words}"


# Changing -------------------------------------------------------------------------------------------------


@commands.command()
def appoint(
    kind: Kind,
    building: Building = "",
    entrance: Entrance = "",
    name: Annotated[str, typer.Option(help="Enter somebody who is not on the bot, with --phone.")] = "",
    phone: Annotated[str, typer.Option(help="Their own number; it is not shown to anybody else.")] = "",
    deputy: Annotated[bool, typer.Option("--deputy", help="As a deputy of the post.")] = False,
    compound: CompoundCode = None,
    bot_name: BotName = None,
    config: ConfigFile = None,
) -> None:
    """Print a one-time invitation (whoever opens it holds the post), or enter somebody by name and phone."""
    if bool(name) != bool(phone) or (deputy and not name):
        raise OperatorError("--name and --phone go together, and --deputy with them")
    if name:
        _on_post(
            settings_from(config),
            compound,
            kind,
            building,
            entrance,
            lambda desk, post: _enter(desk, post, name, phone, is_deputy=deputy),
        )
        return
    settings = settings_from(config, needs_token=bot_name is None)
    of_bot = bot_name or ask_bot_name(settings)

    async def invitation(desk: Desk, post: Post) -> str:
        await appointing.record_change(desk, post, None, BY_COMMAND, "post.planned", None, state="invited")
        return link_to(of_bot, APPOINT_PREFIX + await invite(desk.store, post.id, desk.now))

    _on_post(settings, compound, kind, building, entrance, invitation)


async def _enter(desk: Desk, post: Post, name: str, phone: str, *, is_deputy: bool = False) -> str:
    person_id = await appointing.enter_person(desk, post, name, phone)
    await appointing.appoint(desk, post.id, person_id, actor_id=None, source=BY_COMMAND, is_deputy=is_deputy)
    return f"{name} is entered. `appoint {post.kind.value} …` prints a link by which they come to the bot."


@commands.command("end-post")
def end_post(
    kind: Kind,
    building: Building = "",
    entrance: Entrance = "",
    person: Annotated[str, typer.Option(help="The holder's name; needed when there are several.")] = "",
    compound: CompoundCode = None,
    config: ConfigFile = None,
) -> None:
    """End somebody's time in a post: what they have to do goes to the next in line, and everybody is told."""

    async def end(desk: Desk, post: Post) -> str:
        names = {
            one.person_id: await appointing.name_of(desk, one.person_id)
            for one in await desk.store.posts.appointments(post.id)
            if one.acting_for is None
        }
        found = [one for one, name in names.items() if not person or fold(name) == fold(person)]
        if len(found) != 1:
            raise OperatorError(f"name one with --person: {', '.join(names.values()) or 'nobody holds it'}")
        moved = await appointing.leave_post(
            desk, post.id, found[0], actor_id=None, source=BY_COMMAND, reason="dismissed"
        )
        return f"Ended: {names[found[0]]}. Issues passed on: {moved}."

    _on_post(settings_from(config), compound, kind, building, entrance, end)


@commands.command("hand-over")
def hand_over(
    kind: Kind,
    to: Annotated[str, typer.Option(help="Who holds it from now on, by name.")],
    building: Building = "",
    entrance: Entrance = "",
    phone: Annotated[str, typer.Option(help="For somebody who is not on the bot.")] = "",
    compound: CompoundCode = None,
    config: ConfigFile = None,
) -> None:
    """Give a post to somebody on the bot at once: the former holder's issues go along, and all are told."""

    async def hand(desk: Desk, post: Post) -> str:
        if phone:
            return await _enter(desk, post, to, phone)
        found = [
            one
            for compound_id in await appointing.compounds_of(desk, post)
            for one in await candidates(desk, compound_id, to)
            if fold(one.name) == fold(to)
        ]
        if len({one.person_id for one in found}) != 1:
            reason = "nobody on the bot" if not found else "more than one person on the bot"
            raise OperatorError(f"{reason} is called {to}: use an invitation (appoint), or give --phone")
        await appointing.appoint(desk, post.id, found[0].person_id, actor_id=None, source=BY_COMMAND)
        return f"{found[0].name} holds it now."

    _on_post(settings_from(config), compound, kind, building, entrance, hand)


@commands.command("post-text")
def post_text(
    kind: Kind,
    building: Building = "",
    entrance: Entrance = "",
    duty: Annotated[str | None, typer.Option(help='What for; "" takes it away.')] = None,
    hours: Annotated[str | None, typer.Option(help='When to call; "" takes it away.')] = None,
    phone: Annotated[str | None, typer.Option(help='The office number; "" takes it away.')] = None,
    show_phone: Annotated[
        bool | None,
        typer.Option("--show-phone/--hide-phone", help="The holder's own number, as they agreed to."),
    ] = None,
    compound: CompoundCode = None,
    config: ConfigFile = None,
) -> None:
    """Change what the contact card says of a post."""
    if (duty, hours, phone, show_phone) == (None,) * 4:
        raise OperatorError("say what is to change: --duty, --hours, --phone, --show-phone or --hide-phone")

    async def write(desk: Desk, post: Post) -> str:
        await appointing.edit_post(
            desk,
            post.id,
            actor_id=None,
            source=BY_COMMAND,
            duty=duty,
            hours=hours,
            phone=phone,
            phone_shown=show_phone,
        )
        return "Changed, on the contact card too."

    _on_post(settings_from(config, needs_token=False), compound, kind, building, entrance, write)
