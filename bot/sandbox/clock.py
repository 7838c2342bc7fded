"""A clock that can be moved and stopped by hand, and followed by another process."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
STANDING = "="


class MovableClock:
    """`base` plus an offset, or an instant at which it stands still.

    `file` says which, and is taken over from at the start: "<n>" is an offset of n microseconds, "=<n>"
    the instant n microseconds after 1970 UTC. It is replaced atomically. `changed` are called after
    whatever is done to the clock by hand.
    """

    def __init__(self, base: Callable[[], datetime], file: Path | None = None) -> None:
        self._base = base
        self._file = file
        self._offset = timedelta()
        self._stands_at: datetime | None = None
        self.changed: list[Callable[[], None]] = []
        if file is not None and file.exists():
            text = file.read_text(encoding="ascii")
            span = int(text.removeprefix(STANDING)) * MICROSECOND
            if text.startswith(STANDING):
                self._stands_at = EPOCH + span
            else:
                self._offset = span

    def __call__(self) -> datetime:
        """The time now, aware UTC."""
        return self._base() + self._offset if self._stands_at is None else self._stands_at

    @property
    def offset(self) -> timedelta:
        """How far it is from `base` now."""
        return self._offset if self._stands_at is None else self._stands_at - self._base()

    @property
    def is_paused(self) -> bool:
        """Does it stand still?"""
        return self._stands_at is not None

    def pause(self) -> None:
        """Stand still from now on."""
        self._stands_at = self()
        self._write()

    def resume(self) -> None:
        """Go on from the time it shows."""
        self._offset, self._stands_at = self.offset, None
        self._write()

    def move(self, by: timedelta) -> None:
        """Jump forwards, or backwards; a clock that stands still goes on standing still."""
        if self._stands_at is None:
            self._offset += by
        else:
            self._stands_at += by
        self._write()

    def set_to(self, instant: datetime) -> None:
        """Jump to an aware instant."""
        self.move(instant - self())

    def next_at(self, wanted: time) -> datetime:
        """The next time it is `wanted` in China, later than now."""
        here = self().astimezone(ZONE)
        then = datetime.combine(here.date(), wanted, ZONE)
        return (then if then > here else then + timedelta(days=1)).astimezone(UTC)

    def _write(self) -> None:
        if self._file is not None:
            if self._stands_at is None:
                text = str(self._offset // MICROSECOND)
            else:
                text = f"{STANDING}{(self._stands_at - EPOCH) // MICROSECOND}"
            fresh = self._file.with_name(self._file.name + ".new")
            fresh.write_text(text, encoding="ascii")
            fresh.replace(self._file)
        for tell in self.changed:
            tell()
