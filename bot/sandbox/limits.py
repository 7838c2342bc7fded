"""How often a bot may write: Telegram's limits, measured with the clock of the sandbox."""

import math
from collections import deque
from dataclasses import dataclass

from bot.sandbox.refusals import too_many_requests

COUNTED = ("send", "edit", "forward", "copy")


@dataclass(frozen=True, slots=True)
class Limits:
    """https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this

    A chat tolerates a burst of `per_chat_burst` messages if the average is kept.
    """

    overall_per_second: int = 30
    per_chat_per_second: int = 1
    per_chat_burst: int = 4
    per_group_per_minute: int = 20


class Pace:
    """Counts what is sent and refuses what is too fast."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._sent: dict[int, deque[float]] = {}

    def check(self, method: str, chat_id: int, at: float) -> None:
        """Count one call at `at` (seconds); raises 429 with the wait, and does not count it, if too fast."""
        if not method.startswith(COUNTED) or method == "sendchataction":
            return
        limits = self._limits
        rules = [
            (0, limits.overall_per_second, 1.0),
            (chat_id, limits.per_chat_burst, limits.per_chat_burst / limits.per_chat_per_second),
        ]
        if chat_id < 0:
            rules[1] = (chat_id, limits.per_group_per_minute, 60.0)
        wait = max(self._wait(key, most, seconds, at) for key, most, seconds in rules)
        if wait > 0:
            raise too_many_requests(max(1, math.ceil(wait)))
        for key, _, _ in rules:
            self._sent[key].append(at)

    def _wait(self, key: int, most: int, seconds: float, at: float) -> float:
        """Seconds until one more of `most` per `seconds` is allowed; 0 when it is now."""
        sent = self._sent.setdefault(key, deque())
        while sent and sent[0] <= at - seconds:
            sent.popleft()
        return sent[0] + seconds - at if len(sent) >= most else 0.0
