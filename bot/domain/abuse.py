"""How much of the bot one person may take up, and when two reports are one said twice."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from difflib import SequenceMatcher
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.categories import Category, Urgency, names_emergency
from bot.domain.folding import bare

SAME_AT: Final = 0.9
"""The likeness from which words at the same place are the same words: a sign changed, an 啊 put behind."""
_READ_MOST: Final = 400
QUIET: Final = timedelta(seconds=60)
"""Who has been quiet for so long is listened to anew."""
TERMS: Final = (3, 7, 30)
"""For how many days somebody may be kept from reporting; longer needs another decision."""
REASON_MOST: Final = 300
"""Characters of a reason, and of what is said against it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one person may do: reports on one day, those of a danger among them, messages within QUIET.

    `same` is how many reports may say the same of the same place and not be done.
    """

    reports: int = 10
    dangers: int = 30
    messages: int = 20
    same: int = 2

    def __post_init__(self) -> None:
        if not 0 < self.reports <= self.dangers:
            raise ValueError("danger_reports_per_day must not be less than reports_per_day")


DEFAULT: Final = Limits()


def says_the_same(one: str, other: str) -> bool:
    """Whether two reports say the same in the same words, written in whatever script; without words never."""
    mine, theirs = bare(one[:_READ_MOST]), bare(other[:_READ_MOST])
    return bool(mine) and SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= SAME_AT


def is_danger(category: Category, text: str) -> bool:
    """Whether a report is of a danger, by its kind or by its words: nobody is ever kept from that."""
    return category.urgency == Urgency.DANGER or names_emergency(text) is not None


def begin_of_day(now: datetime, timezone: ZoneInfo) -> datetime:
    """The last midnight in the compound."""
    return datetime.combine(now.astimezone(timezone).date(), time.min, timezone)
