"""The command line as an operator types it, in a folder of its own."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog

from bot.cli import main
from bot.cli.common import out


class Console:
    """An empty folder to type commands in."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        for name in os.environ:
            if name.startswith("BOT_"):
                monkeypatch.delenv(name)
        monkeypatch.chdir(folder)
        monkeypatch.setattr(out, "width", 200)

    def sets(self, name: str, value: str) -> None:
        """Set a variable of the environment."""
        self._monkeypatch.setenv(name, value)

    def __call__(self, *words: object) -> tuple[int, str, str]:
        """Type a command: exit code, stdout, stderr."""
        self._monkeypatch.setattr(sys, "argv", ["lianxin", *map(str, words)])
        with own_journal(), pytest.raises(SystemExit) as ended:
            main()
        said = self._capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err


@contextmanager
def own_journal() -> Iterator[None]:
    """Give back the log, and what happens to uncaught errors, as it was."""
    root, crash = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:], root.level, sys.excepthook = handlers, level, crash
        logging.getLogger("bot").setLevel(logging.NOTSET)
        structlog.reset_defaults()
