"""Commands for the data of one person, for somebody without the bot who asks (R17)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

import bot.app
from bot.actions.desk import Desk
from bot.actions.forgetting import forget
from bot.actions.own_data import workbook
from bot.cli.common import ConfigFile, complete, now_of, settings_from, store_of
from bot.config import Settings
from bot.domain.errors import OperatorError, Refused
from bot.domain.posts import Place
from bot.domain.privacy import masked
from bot.storage.directory import Directory

commands = typer.Typer()

Person = Annotated[
    str, typer.Argument(help="A name or a phone; or a number, which is told where several are called so.")
]
_NUMBER_MOST = 9
"""Digits of a number: a mobile phone has more."""
_SHOWN_MOST = 20


@commands.command("export-person")
def export_person(
    person: Person,
    file: Annotated[Path, typer.Argument(help="The spreadsheet to be written (.xlsx).")],
    config: ConfigFile = None,
) -> None:
    """Write everything kept about one person into a spreadsheet, for somebody without the bot who asks."""
    if file.suffix.lower() != ".xlsx":
        raise OperatorError(f"{file} is no .xlsx file: give it a name that ends so")
    settings = settings_from(config, needs_token=False)

    async def book() -> tuple[bytes, str]:
        async with _desk(settings) as desk:
            person_id = await _meant(desk, person)
            await desk.store.changes.record(
                None, None, "command_line", "person.exported", person_id=person_id, now=desk.now
            )
            return await workbook(desk, person_id, desk.rules.default_locale), await _told(desk, person_id)

    content, told = complete(book())
    try:
        file.touch(0o600)
        file.write_bytes(content)
    except OSError as error:
        raise OperatorError(f"{file} cannot be written: {error.strerror or error}") from None
    typer.echo(f"Written to {file}: it holds name, phone and home of {told}.")


@commands.command("forget-person")
def forget_person(
    person: Person,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config: ConfigFile = None,
) -> None:
    """Erase what names one person, for somebody without the bot who asks; in the chat it is /forget."""
    settings = settings_from(config, needs_token=False)

    async def found() -> tuple[int, str]:
        async with _desk(settings) as desk:
            person_id = await _meant(desk, person)
            return person_id, await _told(desk, person_id)

    person_id, told = complete(found())
    if not yes:
        typer.confirm(f"Erase what names {told}? It cannot be brought back.", abort=True)

    async def erase() -> None:
        async with _desk(settings) as desk:
            try:
                await forget(desk, person_id, "command_line")
            except Refused as no:
                raise OperatorError(f"{told}: {_RELIED_ON[no.reason]}") from None
            await desk.send()

    complete(erase())
    typer.echo(f"Forgotten: {told}. A register that names them brings them back when it is imported again.")


_RELIED_ON = {
    "forget_in_post": "they hold a post: have somebody else appointed first",
    "forget_leads": "they lead an interest group: have it handed over or ended first",
}


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[Desk]:
    """A desk over one transaction, at the time the bot would take it to be."""
    async with store_of(settings) as store:
        yield Desk(store, bot.app.texts_of(settings), bot.app.rules_of(settings, 0, ""), now_of(settings))


async def _meant(desk: Desk, said: str) -> int:
    """Who is meant by a number, a name or a phone; raises OperatorError when it is nobody, or several."""
    is_number = said.isascii() and said.isdecimal() and len(said) <= _NUMBER_MOST
    if is_number and await desk.store.privacy.is_known(int(said)):
        return int(said)
    found = await Directory(desk.store.connection).called(said)
    if not found:
        raise OperatorError(f"nobody here has the name, phone or number {said}")
    if len(found) > 1:
        for person_id in found[:_SHOWN_MOST]:
            typer.echo(await _told(desk, person_id))
        raise OperatorError(f"{said} may be {len(found)} people: give the number of the one who is meant")
    return found[0]


async def _told(desk: Desk, person_id: int) -> str:
    """Who somebody is, so that namesakes are told apart: number, name, phone in part, homes, posts."""
    known, locale = await desk.store.people.details(person_id), desk.rules.default_locale
    parts = [masked(known.phone)]
    for home in await desk.store.people.residencies(person_id):
        at = Place("unit", home.compound_id, home.building_id, home.entrance_id, home.unit_id)
        parts.append(desk.texts.words(locale, "places.unit", **await desk.place_facts(at)))
    posts = await desk.store.posts.of_person(person_id)
    parts += [desk.texts.words(locale, f"posts.{held.kind.value}") for held in posts]
    beside = ", ".join(part for part in dict.fromkeys(parts) if part)
    return f"{known.name or '-'} (number {person_id}{', ' if beside else ''}{beside})"
