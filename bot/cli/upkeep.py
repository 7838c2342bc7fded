"""Commands that look after the database."""

import typer

import bot.app
from bot.cli.common import ConfigFile, complete, out, settings_from

commands = typer.Typer()


@commands.command()
def migrate(config: ConfigFile = None) -> None:
    """Bring the database up to date."""
    settings = settings_from(config, needs_token=False)

    async def version() -> int:
        database = await bot.app.open_database(settings)
        try:
            return await database.migrate()
        finally:
            await database.close()

    out.print(f"The database has schema {complete(version())}.")
