"""How often Telegram lets a bot write, kept on our side."""

from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)
_SPREAD = 15  # a second's calls are made in so many portions: two at a time at Telegram's pace
_MANY_CHATS = 5_000  # far more than can be written to in a minute


@dataclass(frozen=True, slots=True)
class Pace:
    """Telegram's limits: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this

    About 30 messages a second overall, 20 a minute in a group, one a second in any chat with short bursts
    above that.
    """

    overall_per_second: int = 30
    chat_per_second: int = 1
    chat_burst: int = 3
    group_per_minute: int = 20


class Meter:
    """Counts what is sent and tells when more may be.

    A call counts from its start, and its window begins when it ends: however long a call was under way,
    Telegram saw no more than allowed. Calls are spread evenly over the second instead of being made in a
    burst at its beginning: so few are under way at any time, which are what a crash would repeat, and a
    reply gets the next place, a thirtieth of a second away, without any being kept free for it.
    """

    def __init__(self, pace: Pace, most_at_once: int) -> None:
        self._most = pace.overall_per_second
        self._most_at_once = most_at_once
        self._apart = _SECOND / self._most
        self._together = max(1, self._most // _SPREAD)
        self._even_at = datetime.min.replace(tzinfo=UTC)
        longer = pace.chat_burst + 1
        self._chat_rules = ((pace.chat_burst, _SECOND), (longer, longer * _SECOND / pace.chat_per_second))
        self._group_rules = (*self._chat_rules, (pace.group_per_minute, _MINUTE))
        self._kept = max(most for most, _ in self._group_rules)
        self._under_way = 0
        self._sent: deque[datetime] = deque()
        self._chats: dict[str, deque[datetime]] = {}

    def room(self, now: datetime) -> int:
        """How many calls may start now."""
        if (self._sent and self._sent[-1] > now) or self._even_at > now + _SECOND:
            # The clock was set back: what is known is worth nothing.
            self._sent.clear()
            self._chats.clear()
            self._even_at = now
        while self._sent and self._sent[0] <= now - _SECOND:
            self._sent.popleft()
        early = max(self._even_at - now, timedelta())
        evenly = self._together - -(-early // self._apart)
        return min(evenly, min(self._most - len(self._sent), self._most_at_once) - self._under_way)

    def free_at(self, now: datetime) -> datetime:
        """When a call may start; a second from now when only the end of another can tell."""
        if self.room(now) > 0:
            return now
        if self._under_way >= self._most_at_once or self._under_way >= self._most:
            return now + _SECOND
        evenly = self._even_at - (self._together - 1) * self._apart
        missing = len(self._sent) + self._under_way - self._most
        return max(evenly, self._sent[missing] + _SECOND) if missing >= 0 else evenly

    def chat_free_at(self, chat: str, now: datetime) -> datetime:
        """When the next message may go to this chat; groups have negative addresses."""
        sent = self._chats.get(chat, ())
        rules = self._group_rules if chat.startswith("-") else self._chat_rules
        return max((sent[-most] + window for most, window in rules if len(sent) >= most), default=now)

    def start(self, calls: int, now: datetime) -> None:
        """So many calls start."""
        self._under_way += calls
        self._even_at = max(self._even_at, now) + calls * self._apart

    def end(self, chat: str | None, now: datetime) -> None:
        """One call has ended; None when it put no message into a chat."""
        self._under_way -= 1
        self._sent.append(now)
        if chat is not None:
            self._chats.setdefault(chat, deque(maxlen=self._kept)).append(now)
        if len(self._chats) > _MANY_CHATS:
            self._chats = {chat: sent for chat, sent in self._chats.items() if sent[-1] > now - _MINUTE}
