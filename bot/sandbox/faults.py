"""Faults on demand: the network or Telegram fails, before a call has its effect or after it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["dropped", "timeout", "error"]
When = Literal["before", "after"]
EVERY = "*"


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
    """The faults planned, by method name (any case) or EVERY; each waits for its calls in order."""

    def __init__(self) -> None:
        self._planned: dict[str, list[tuple[Fault, int | None]]] = {}

    def add(self, method: str, fault: Fault, times: int | None = 1) -> None:
        """Let the next `times` calls of a method fail; None: until cleared."""
        self._planned.setdefault(method.lower(), []).append((fault, times))

    def clear(self, method: str | None = None) -> None:
        """Forget the faults of one method, or all."""
        if method is None:
            self._planned.clear()
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
        return None
