"""The command that prints contact cards (O2)."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import track

from bot.actions.contact_cards import cards_of, made
from bot.actions.desk import Desk
from bot.app import rules_of, texts_of
from bot.cli.common import (
    BotName,
    CompoundCode,
    ConfigFile,
    ask_bot_name,
    complete,
    compound_named,
    now_of,
    settings_from,
    store_of,
)
from bot.domain.addresses import normal_label
from bot.domain.errors import OperatorError
from bot.printing import Card, missing
from bot.texts import LOCALES

commands = typer.Typer()

FILES = {"pdf": "poster", "poster": "poster", "cards": "cards", "png": "picture"}
"""What --format may say, and the format it means."""


@commands.command()
def cards(
    building: Annotated[str, typer.Option(help="3, 3号楼; without it every building.")] = "",
    form: Annotated[
        Literal["pdf", "poster", "cards", "png"],
        typer.Option(
            "--format", help="pdf or poster: A4 for the entrance; cards: 10 on a page; png: a picture."
        ),
    ] = "pdf",
    to: Annotated[Path, typer.Option("--to", help="The folder they go to.")] = Path(),
    locale: Annotated[str, typer.Option(help="zh_CN, zh_TW or en; the compound's without it.")] = "",
    compound: CompoundCode = None,
    bot_name: BotName = None,
    config: ConfigFile = None,
) -> None:
    """Make contact cards with the joining code of each entrance, a file for each building."""
    if locale and locale not in LOCALES:
        raise OperatorError(f"--locale {locale}: choose one of {', '.join(LOCALES)}")
    settings = settings_from(config, needs_token=bot_name is None)
    name = (bot_name or ask_bot_name(settings)).removeprefix("@")

    async def gathered() -> list[tuple[str, list[Card]]]:
        async with store_of(settings) as store:
            of = await compound_named(store, compound)
            desk = Desk(store, texts_of(settings), rules_of(settings, 0, name), now_of(settings))
            known = await store.places.buildings(of.id)
            wanted = [(one, said) for one, said in known if not building or _is(said, building)]
            if not wanted:
                names = " ".join(said for _, said in known)
                raise OperatorError(f"no building {building} in {of.name}: choose one of {names}")
            return [(said, await cards_of(desk, of.id, one, locale or of.locale)) for one, said in wanted]

    files = complete(gathered())
    eyes = Console(stderr=True)
    for said, doors in track(files, "printing", console=eyes, transient=True, disable=not eyes.is_terminal):
        if not doors:
            typer.echo(f"{said} has neither entrances nor units: import them first", err=True)
            continue
        content, end = made(doors, FILES[form])
        path = to / f"{_as_file_name(said)}-{end}"
        try:
            to.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise OperatorError(f"{path} cannot be written: {error.strerror}") from None
        typer.echo(path)
    if lacking := missing(_read(files)):
        typer.echo(f"No typeface here has {' '.join(sorted(lacking))}: a 〓 stands there instead.", err=True)


def _is(name: str, written: str) -> bool:
    return normal_label(name) == normal_label(written)


def _as_file_name(name: str) -> str:
    """A building's name without what a path could make of it."""
    return (
        "".join("_" if sign in '/\\:*?"<>|' or ord(sign) < 32 else sign for sign in name).strip(". ") or "_"
    )


def _read(files: list[tuple[str, list[Card]]]) -> list[str]:
    """Every word from the register that stands on the cards."""
    cards = [card for _, doors in files for card in doors]
    lines = [
        text for card in cards for one in card.lines for text in (one.name, one.duty, one.hours, one.where)
    ]
    return [*lines, *(text for card in cards for text in (card.compound, card.building, card.entrance))]
