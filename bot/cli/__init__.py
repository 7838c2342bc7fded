"""The command line: run the bot, try it in the sandbox, look after register and database."""

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

import typer

import bot.app
from bot.cli import cards, explain, people, posts, rates, register, upkeep
from bot.cli.common import ConfigFile, complete, settings_from
from bot.demo.host import serve
from bot.demo.process import FOR_THE_OPERATOR
from bot.domain.errors import OperatorError, Unavailable
from bot.journal import open_journal

cli = typer.Typer(
    name="lianxin",
    help="Lianxin 連心: a chat bot for the residents of a compound.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run one command: what the operator has to mend is one sentence and exit code 2, never a stack trace."""
    try:
        cli()
    except (OperatorError, Unavailable) as error:
        typer.echo(f"lianxin: {error}", err=True)
        sys.exit(FOR_THE_OPERATOR)


@cli.command()
def run(config: ConfigFile = None) -> None:
    """Run the bot until Ctrl-C."""
    complete(bot.app.run(settings_from(config)))


@cli.command()
def sandbox(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Of the page with the phones.")] = 8080,
    host: Annotated[
        str, typer.Option(help="The address it listens on; 0.0.0.0 lets in the whole network.")
    ] = "127.0.0.1",
    data: Annotated[Path, typer.Option(help="Where chats and database are kept.")] = Path("var/sandbox"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin free play, or the scene, anew.")] = False,
    compound: Annotated[
        Literal["small", "large"], typer.Option(help="5 buildings, or 2,000 households.")
    ] = "small",
    scene: Annotated[str, typer.Option(help="A story to be told step by step; the page lists them.")] = "",
) -> None:
    """Try the bot without Telegram: phones in the browser, a clock to move, a compound full of people."""
    open_journal()
    if not _is_loopback(host):
        typer.echo(f"Whoever reaches {host} can play every person here: it asks for no password.", err=True)
    complete(serve(port, data / compound, compound, host=host, fresh=fresh, scene=scene))


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


for commands in (
    register.commands,
    posts.commands,
    cards.commands,
    explain.commands,
    people.commands,
    rates.commands,
    upkeep.commands,
):
    cli.add_typer(commands)
