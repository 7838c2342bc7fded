"""A clock that can be moved by hand and followed by another process."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)
ZONE = ZoneInfo("Asia/Shanghai")


class MovableClock:
    """`base` plus an offset.

    With `file`, the offset stands in it as a whole number of microseconds, replaced atomically, and
    is taken over from it at the start.
    """

    def __init__(self, base: Callable[[], datetime], file: Path | None = None) -> None:
        self._base = base
        self._file = file
        self.offset = timedelta()
        if file is not None and file.exists():
            self.offset = int(file.read_text()) * MICROSECOND

    def __call__(self) -> datetime:
        """The time now, aware UTC."""
        return self._base() + self.offset

    def move(self, by: timedelta) -> None:
        """Jump forwards, or backwards."""
        self.offset += by
        if self._file is not None:
            fresh = self._file.with_name(self._file.name + ".new")
            fresh.write_text(str(self.offset // MICROSECOND))
            fresh.replace(self._file)

    def move_to(self, wanted: time) -> None:
        """Jump forwards to the next time it is `wanted` in China."""
        here = self().astimezone(ZONE)
        then = datetime.combine(here.date(), wanted, ZONE)
        if then <= here:
            then += timedelta(days=1)
        self.move(then - here)
