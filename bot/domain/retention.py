"""How long what people wrote and who they are is kept, and when it is looked through."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

AT = time(4)
"""In the deepest night; by day only when nobody was there at night."""
LEAST = timedelta(days=30)
"""An issue can be reopened for 14 days, and a mistyped unit must not empty the house."""
KINDS = ("issues", "homes", "signups", "views")


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long things are kept once they have ended; what is counted is kept for ever.

    `issues`: words and attachments of closed issues. `homes`: entries refused or ended, with the name and
    phone of who lives nowhere any more. `signups`: who came to an activity. `views`: looks at phones.
    Raises ValueError for less than LEAST.
    """

    issues: timedelta = timedelta(days=730)
    homes: timedelta = timedelta(days=180)
    signups: timedelta = timedelta(days=180)
    views: timedelta = timedelta(days=365)
    # Whether it happens by itself each night.
    nightly: bool = True

    def __post_init__(self) -> None:
        for kind in KINDS:
            if self.of(kind) < LEAST:
                raise ValueError(f"{kind} must be kept for {LEAST.days} days at least")

    def of(self, kind: str) -> timedelta:
        """How long a kind is kept."""
        term: timedelta = getattr(self, kind)
        return term


DEFAULT = Retention()


def is_due(last: datetime | None, now: datetime, timezone: ZoneInfo) -> bool:
    """Whether it has not been looked through since the latest four o'clock in the morning."""
    local = now.astimezone(timezone)
    night = datetime.combine(local.date(), AT, timezone)
    if local < night:
        night = datetime.combine(local.date() - timedelta(days=1), AT, timezone)
    return last is None or last < night
