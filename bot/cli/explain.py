"""What would become of a report: who would get it and why, and whom the clock would tell what."""

from datetime import datetime
from difflib import get_close_matches
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

import bot.app
from bot.actions.desk import Desk
from bot.actions.explaining import Explanation, explain
from bot.cli.common import CompoundCode, ConfigFile, complete, compound_named, now_of, settings_from, store_of
from bot.config import Settings
from bot.conversation.turn import plain
from bot.domain.addresses import find_places, match, normal_label
from bot.domain.categories import Category
from bot.domain.errors import OperatorError
from bot.domain.folding import fold
from bot.domain.posts import Place
from bot.storage.places import Compound
from bot.texts import LOCALES

commands = typer.Typer()

_WIDE = {"common_area": "common_area", "whole_compound": "compound"}
"""What is no building, by the label under which a resident taps it."""


@commands.command("explain")
def explain_(
    place: Annotated[str, typer.Argument(help="A building (3栋), a door, a home, 公共区域 or 小区.")],
    words: Annotated[
        list[str],
        typer.Argument(metavar="[CATEGORY] WORDS", help="What the resident says; a category before it."),
    ],
    at: Annotated[
        str, typer.Option(help='When it is reported, in local time: "2026-11-24 22:00"; without it: now.')
    ] = "",
    compound: CompoundCode = None,
    config: ConfigFile = None,
) -> None:
    """Say who would get a report, why, and whom the clock would tell what when; nothing is written."""
    if len(words) > 2:
        raise OperatorError("put what the resident says into quotes: it is one word to this command")
    settings = settings_from(config, needs_token=False)

    async def told() -> str:
        async with store_of(settings) as store:
            of = await compound_named(store, compound)
            rules, texts = bot.app.rules_of(settings, 0, ""), bot.app.texts_of(settings)
            desk = Desk(store, texts, rules, _moment(settings, of, at))
            where = await _place(desk, of, place)
            category = _category(desk, words[0]) if len(words) == 2 else None
            return _tell(desk, await explain(desk, words[-1], where, category))

    typer.echo(complete(told()))


def _moment(settings: Settings, of: Compound, at: str) -> datetime:
    if not at:
        return now_of(settings)
    try:
        return datetime.strptime(at, "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo(of.timezone))
    except ValueError:
        raise OperatorError(f'{at} is no time: write for example "2026-11-24 22:00"') from None


async def _place(desk: Desk, of: Compound, said: str) -> Place:
    """The place of the register that is meant; raises OperatorError, naming some that may be."""
    for locale in LOCALES:
        for label, kind in _WIDE.items():
            if fold(said) and fold(desk.texts.label(locale, label)).endswith(fold(said)):
                return Place(kind, of.id)
    named = await desk.store.places.buildings(of.id)
    for building, name in named:
        if normal_label(name) == normal_label(said):
            return Place("building", of.id, building)
    register = await desk.store.places.register(of.id)
    found = [match(address, register) for address in find_places(said)]
    if found and found[0].exact:
        one = found[0].exact
        return Place(one.kind, of.id, one.building_id, one.entrance_id, one.unit_id)
    names = {normal_label(name): name for _, name in named}
    near = [names[label] for label in get_close_matches(normal_label(said), names, n=3, cutoff=0.1)]
    near = near or list(names.values())[:3]
    raise OperatorError(f"{said} is not in the register of {of.name}; did you mean {', '.join(near)}?")


def _category(desk: Desk, said: str) -> Category:
    """A category by its key, or its name in any language."""
    names: dict[str, Category] = {}
    for key, category in desk.rules.categories.items():
        for name in (key, *(desk.texts.words(locale, f"categories.{key}") for locale in LOCALES)):
            names[fold(name)] = category
            # 违建/占用公共空间 is called by either.
            names |= {part: category for part in fold(name).split("/") if part not in names}
    if fold(said) in names:
        return names[fold(said)]
    locale = desk.rules.default_locale
    known = [desk.texts.words(locale, f"categories.{key}") for key in desk.rules.categories]
    raise OperatorError(f"there is no category {said}; known are {', '.join(known)}")


def _tell(desk: Desk, found: Explanation) -> str:
    """The explanation as an operator reads it, in the language of the deployment."""

    def say(message: str, **facts: object) -> str:
        rendered = desk.texts.render(desk.rules.default_locale, message, **facts)
        return "\n".join(plain(line) for line in rendered.split("\n"))

    parts = [say("explain.matter", **found.matter)]
    if found.emergency:
        numbers = desk.rules.emergency_numbers
        parts.append(say("report.emergency", kind=found.emergency, numbers=numbers, is_report=False))
    if not found.handler:
        return "\n\n".join((*parts, say("explain.nobody")))
    parts.append(say("card.why", **found.handler))
    if found.handler["names"]:
        parts.append(say("explain.followers", names=found.handler["names"]))
    if not found.handler["reason"]["reachable"]:
        parts.append(say("explain.unreachable", handler=found.handler["handler"]))
    parts.append(say("explain.terms", **found.terms))
    for clock, course in found.courses.items():
        lines = [say("explain.moment", **moment) for moment in course]
        parts.append("\n".join((say("explain.course", clock=clock), *lines)))
    return "\n\n".join(parts)
