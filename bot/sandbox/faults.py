"""Faults on demand: the network or Telegram fails, before a call has its effect or after it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["dropped", "timeout", "error"]
When = Literal["before", "after"]
EVERY = "*"
SWITCHES = ("slow", "flood", "down", "offline", "lost")
SLOW_SECONDS = 2.0
FLOOD_SECONDS = 3
LOST_EACH = 3


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with a call.

    `dropped`: the connection breaks; `timeout`: no answer comes; `error`: Telegram answers `code`
    (with `retry_after` seconds when 429). `before`: nothing happened; `after`: it happened, the
    answer is lost.
    """

    kind: Kind
    when: When = "before"
    code: int = 502
    retry_after: int = 0


def dropped(when: When = "before") -> Fault:
    """The connection breaks."""
    return Fault("dropped", when)


def timed_out(when: When = "before") -> Fault:
    """No answer ever comes."""
    return Fault("timeout", when)


def server_error(code: int = 502, when: When = "before") -> Fault:
    """Telegram answers 5xx."""
    return Fault("error", when, code)


def too_many(retry_after: int) -> Fault:
    """Telegram answers 429: wait `retry_after` seconds."""
    return Fault("error", "before", 429, retry_after)


class Faults:
    """The faults planned, by method name (any case) or EVERY; each waits for its calls in order.

    Beside them there are SWITCHES, for all calls until switched off; nothing about them is chance:
    `slow`: each takes SLOW_SECONDS; `flood`: 429; `down`: 502; `offline`: the connection breaks before
    the effect; `lost`: each third time after it. `flood` and `lost` leave getUpdates alone. `changed` are
    called when a switch was used.
    """

    def __init__(self) -> None:
        self._planned: dict[str, list[tuple[Fault, int | None]]] = {}
        self._on: set[str] = set()
        self._countdown = LOST_EACH
        self.changed: list[Callable[[], None]] = []

    def switch(self, name: str, *, on: bool) -> None:
        """Turn one of SWITCHES on or off; ValueError when there is no such switch."""
        if name not in SWITCHES:
            raise ValueError(f"there is no switch {name!r}, only {', '.join(SWITCHES)}")
        (self._on.add if on else self._on.discard)(name)
        if name == "lost":
            self._countdown = LOST_EACH
        self._tell()

    @property
    def switched_on(self) -> list[str]:
        """Which of SWITCHES are on."""
        return [name for name in SWITCHES if name in self._on]

    @property
    def latency(self) -> float:
        """How many seconds each call takes at least."""
        return SLOW_SECONDS if "slow" in self._on else 0.0

    def add(self, method: str, fault: Fault, times: int | None = 1) -> None:
        """Let the next `times` calls of a method fail; None: until cleared."""
        self._planned.setdefault(method.lower(), []).append((fault, times))

    def clear(self, method: str | None = None) -> None:
        """Forget the faults of one method, or all of them and turn the switches off."""
        if method is None:
            self._planned.clear()
            self._on.clear()
            self._tell()
        else:
            self._planned.pop(method.lower(), None)

    def take(self, method: str) -> Fault | None:
        """The fault of this call, used up."""
        for name in (method, EVERY):
            if planned := self._planned.get(name):
                fault, times = planned[0]
                if times is not None:
                    planned[:1] = [(fault, times - 1)] if times > 1 else []
                return fault
        return self._switched(method) if self._on else None

    def _switched(self, method: str) -> Fault | None:
        if "offline" in self._on:
            return dropped()
        if "down" in self._on:
            return server_error(502)
        if method == "getupdates":
            return None
        if "flood" in self._on:
            return too_many(FLOOD_SECONDS)
        if "lost" in self._on:
            self._countdown = self._countdown - 1 or LOST_EACH
            if self._countdown == LOST_EACH:
                return dropped("after")
        return None

    def _tell(self) -> None:
        for tell in self.changed:
            tell()
