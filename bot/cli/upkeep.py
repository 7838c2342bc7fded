"""Commands that look after the database, and whether all is well."""

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

import bot.app
from bot.actions.desk import Desk
from bot.actions.retention import counts, erase_some
from bot.backups import note_backup
from bot.cli.common import ConfigFile, complete, config_file, now_of, out, settings_from
from bot.config import Settings
from bot.diagnosis import Finding, Verdict, examine
from bot.domain.errors import OperatorError, Unavailable
from bot.storage.backups import Copy, Restoration, back_up, name_for, remove_older, restoring
from bot.storage.dumps import dump, how_to_restore
from bot.storage.engine import migrations
from bot.storage.store import Store

commands = typer.Typer()

USUAL = Path("var/backups")
SIGNS = {Verdict.FINE: "✓", Verdict.WARNING: "!", Verdict.TROUBLE: "✗"}


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


@commands.command()
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be erased.")] = False,
    config: ConfigFile = None,
) -> None:
    """Erase what has been kept as long as the section retention says, as the running bot does by night."""
    settings = settings_from(config, needs_token=False)
    found = complete(_retain(settings, now_of(settings), dry_run=dry_run))
    table = Table("", "kept for", "to be erased" if dry_run else "erased")
    for kind, count in found.items():
        table.add_row(_KINDS[kind], f"{settings.retention.terms().of(kind).days} days", f"{count:,}")
    out.print(table)


_KINDS = {
    "issues": "words and photos of closed issues",
    "homes": "homes refused or ended",
    "signups": "names of who came to activities",
    "views": "looks at phones",
}


async def _retain(settings: Settings, now: datetime, *, dry_run: bool) -> dict[str, int]:
    """How much of each kind is to go; it goes a batch a transaction, as by night."""
    database = await bot.app.open_database(settings)
    rules, texts = bot.app.rules_of(settings, 0, ""), bot.app.texts_of(settings)
    try:
        await database.migrate()
        async with database.transaction() as connection:
            found = await counts(Desk(Store(connection), texts, rules, now))
        erased = not dry_run
        while erased:
            async with database.transaction() as connection:
                erased = bool(await erase_some(Desk(Store(connection), texts, rules, now)))
        return found
    finally:
        await database.close()


@commands.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask Telegram.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For machines: one object.")] = False,
    config: ConfigFile = None,
) -> None:
    """Look whether all is well, also while the bot runs; exit code 1 when something has to be mended."""
    findings: list[Finding] = []

    async def look() -> None:
        try:
            settings = settings_from(config, needs_token=not offline)
        except OperatorError as error:
            tell(Finding("configuration", Verdict.TROUBLE, str(error)))
            return
        async for finding in examine(settings, config_file(config), offline=offline):
            tell(finding)

    def tell(finding: Finding) -> None:
        findings.append(finding)
        if not as_json:
            advice = f"\n  → {finding.advice}" if finding.advice else ""
            typer.echo(f"{SIGNS[finding.verdict]} {finding.check}: {finding.found}{advice}")

    complete(look())
    is_well = all(finding.verdict is not Verdict.TROUBLE for finding in findings)
    if as_json:
        said = {"is_well": is_well, "findings": [asdict(finding) for finding in findings]}
        typer.echo(json.dumps(said, ensure_ascii=False, indent=1))
    raise typer.Exit(0 if is_well else 1)


@commands.command()
def backup(
    to: Annotated[
        Path | None, typer.Argument(help="A file, or a folder; without it backup.directory, or var/backups.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Remove all but the newest so many backups of that folder.")
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Copy the database while the bot runs, and read the copy back."""
    settings = settings_from(config, needs_token=False)
    now = now_of(settings)
    target = _target(to or settings.backup.directory or USUAL, settings, now)
    complete(_back_up(settings, target, keep, now))


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    discard_newer: Annotated[
        bool, typer.Option("--discard-newer", help="Though the database knows more than the backup.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Put a backup in the place of the database; a copy of what was there is kept."""
    settings = settings_from(config, needs_token=False)
    database = settings.database.file
    if database is None:
        how = how_to_restore(settings.database.url, file)
        raise OperatorError(
            f"a database server is restored with its own program: stop the bot, then type: {how}"
        )
    complete(_restore(file, database, now_of(settings), is_meant=yes, discard_newer=discard_newer))


def _target(to: Path, settings: Settings, now: datetime) -> Path:
    """A path without an ending, or one that is a folder, is a folder."""
    if to.suffix and not to.is_dir():
        return to
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"no backup was made: the folder {to} cannot be made: {error.strerror}") from None
    name = name_for(now)
    return to / (name if settings.database.file else f"{Path(name).stem}.dump")


async def _back_up(settings: Settings, target: Path, keep: int | None, now: datetime) -> None:
    file = settings.database.file
    if settings.database.sqlite_path is not None and file is None:
        raise OperatorError("a database in memory cannot be backed up")
    copy = back_up(file, target, now) if file else await dump(settings.database.url, target)
    gone = remove_older(target.parent, keep) if keep else []
    table = Table("what", "found", show_header=False)
    table.add_row("file", str(copy.path))
    table.add_row("size", f"{copy.size:,} bytes, in {copy.seconds:.1f} seconds")
    table.add_row("read back", "whole and sound" if file else "whole")
    table.add_row("schema", str(copy.schema))
    table.add_row("rows", f"{copy.rows:,} in {copy.tables} tables" + (", as in the database" if file else ""))
    if keep:
        table.add_row("older ones removed", str(len(gone)))
    out.print(table)
    await _note(settings, copy, now)


async def _note(settings: Settings, copy: Copy, now: datetime) -> None:
    """An older database, about to be migrated, has no place to note it; the copy counts all the same."""
    if copy.schema != migrations()[-1][0]:
        return
    try:
        database = await bot.app.open_database(settings)
        try:
            async with database.transaction() as connection:
                await note_backup(Store(connection), copy, now)
        finally:
            await database.close()
    except (OperatorError, Unavailable) as error:
        typer.echo(f"The backup is good, but the database could not note it: {error}", err=True)


async def _restore(file: Path, database: Path, now: datetime, *, is_meant: bool, discard_newer: bool) -> None:
    async with restoring(file, database, now) as restoration:
        loss = _loss(restoration)
        if restoration.is_older and not discard_newer:
            raise OperatorError(
                f"the database knows more than this backup: {loss}; to lose that, add --discard-newer"
            )
        _describe(restoration, loss)
        if not is_meant:
            if not sys.stdin.isatty():
                raise OperatorError("nothing was restored: add --yes where nobody can be asked")
            typer.confirm("Replace the database?", abort=True)
        kept = restoration.put_in_place()
    if kept:
        out.print(f"What was there is kept in {kept}.")
    out.print("Restored. Next: python -m bot doctor --offline, then run.")


def _describe(restoration: Restoration, loss: str) -> None:
    table = Table("", "backup", "database now")
    backup, current = restoration.backup, restoration.current
    rows = {
        "schema": (backup.schema, current and current.schema),
        "last happened": (_instant(backup.newest_at), current and _instant(current.newest_at)),
        "issues": (backup.issues, current and current.issues),
    }
    for name, (there, here) in rows.items():
        table.add_row(name, str(there), "cannot be read" if here is None else str(here))
    out.print(table)
    if loss:
        out.print(f"Lost is: {loss}.")


def _loss(restoration: Restoration) -> str:
    """What only the database knows, in words; "" for nothing."""
    parts = []
    current = restoration.current
    if current is not None and current.schema > restoration.backup.schema:
        parts.append(f"it has schema {current.schema}, the backup {restoration.backup.schema}")
    if hours := restoration.loses.total_seconds() / 3600:
        parts.append(f"{hours:,.1f} hours" if hours >= 0.1 else "the last minutes")
    if restoration.lost_issues:
        parts.append(f"{restoration.lost_issues} issues filed since")
    if restoration.forgotten_again:
        parts.append(
            f"{restoration.forgotten_again} people who had themselves forgotten since, and would be back"
        )
    return ", ".join(parts)


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "nothing"
