"""The log: structlog for our own lines and those of the libraries, one way out, no token in it."""

import logging
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Literal, TextIO

import structlog
from structlog.typing import Processor

Level = Literal["debug", "info", "warning", "error"]

_TOKEN = re.compile(r"[0-9]{3,}:[A-Za-z0-9_-]{30,}")
_HIDDEN = "[token]"


def scrubbed(text: str, secrets: Sequence[str] = ()) -> str:
    """The text without any of the secrets and without anything that looks like a bot's token."""
    for secret in secrets:
        text = text.replace(secret, _HIDDEN)
    return _TOKEN.sub(_HIDDEN, text)


class _Scrubbing(structlog.stdlib.ProcessorFormatter):
    """Works on the finished line, so nothing slips by: messages, values, stack traces."""

    def __init__(
        self, processors: Sequence[Processor], shared: Sequence[Processor], secrets: Sequence[str]
    ) -> None:
        super().__init__(processors=processors, foreign_pre_chain=shared)
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """The line as it is written."""
        return scrubbed(super().format(record), self._secrets)


class _Stderr(logging.StreamHandler[TextIO]):
    """Python's own would print the values of a line it cannot write as they are."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # a name of the standard library
        """Say that a line is lost, and where it came from."""
        with suppress(OSError, ValueError):
            sys.stderr.write(f"a line of the log is lost: {record.name}, {record.pathname}:{record.lineno}\n")


def open_journal(level: Level = "info", *, as_json: bool = False, secrets: Sequence[str] = ()) -> None:
    """From now on everything logged in this process goes to stderr, a line each, without the secrets.

    Libraries are heard from warnings up, whatever `level` says: below, they log what people wrote.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    rendering: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        rendering += [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        # A plain trace: the pretty one prints local variables, and those may be a person's words.
        plain = structlog.dev.plain_traceback
        rendering.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    out = _Stderr()
    out.setFormatter(_Scrubbing(rendering, shared, [secret for secret in secrets if secret]))
    logging.basicConfig(level=max(logging.WARNING, _number(level)), handlers=[out], force=True)
    logging.getLogger("bot").setLevel(_number(level))
    sys.excepthook = _log_crash


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody caught ends up in the journal too: its text may hold an address with the token."""
    structlog.get_logger("bot").critical("crashed", exc_info=(kind, error, trace))


def _number(level: Level) -> int:
    return logging.getLevelNamesMapping()[level.upper()]
