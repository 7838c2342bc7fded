"""A floor: how often a second aiosqlite commits one inserted row with synchronous=FULL. Prints the rate."""

import sys
import tempfile
import time
from pathlib import Path

import aiosqlite
import uvloop


async def rate(path: Path, seconds: float) -> float:
    """Commits a second."""
    async with aiosqlite.connect(path, isolation_level=None) as connection:
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE letters (id INTEGER PRIMARY KEY, payload TEXT NOT NULL)",
        ):
            await connection.execute_fetchall(statement)
        count, begun = 0, time.perf_counter()
        while (spent := time.perf_counter() - begun) < seconds:
            await connection.execute_fetchall("BEGIN IMMEDIATE")
            await connection.execute_fetchall("INSERT INTO letters (payload) VALUES (?)", ("x" * 400,))
            await connection.execute_fetchall("COMMIT")
            count += 1
        return count / spent


def main() -> None:
    """Measure for two seconds."""
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{uvloop.run(rate(Path(folder) / 'floor.db', 2.0)):.0f}\n")


if __name__ == "__main__":
    main()
