"""Who stands in for somebody who is away (L3): chains, rings, who may, and how long in people's words."""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import WorkCalendar, public_holidays
from bot.domain.dates import NUMBER, number, read_moment
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.folding import fold
from bot.domain.posts import COMMITTEE, LEVEL, Holder

LONGEST = timedelta(days=180)
"""Who is away for longer should hand the post over."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody of a compound is away, from one instant to before the other (UTC).

    `begun_at` and `ended_at` are when that was put into effect: between them the person is away, whatever the
    clock says. With `with_accepted` what they have accepted goes to others too.
    """

    id: int
    person_id: int
    compound_id: int
    stand_in_id: int | None
    from_at: datetime
    until_at: datetime
    with_accepted: bool = False
    begun_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def is_running(self) -> bool:
        """Whether it has begun and is not over."""
        return self.begun_at is not None and self.ended_at is None

    def covers(self, instant: datetime) -> bool:
        """Whether the person is away then, as planned."""
        return self.from_at <= instant < self.until_at


def stand_in_for(person_id: int, away: Mapping[int, int | None]) -> int | None:
    """Who is there instead of somebody, through those who are away themselves; None when nobody is.

    `away` has everybody who is away, with whom they named.
    """
    seen = {person_id}
    found = away.get(person_id)
    while found is not None and found in away:
        if found in seen:
            return None
        seen.add(found)
        found = away[found]
    return found


def ring(new: Absence, others: Iterable[Absence]) -> tuple[Absence, ...]:
    """The absences by which, at some time, everybody would stand in for somebody else and nobody be there.

    Empty when there is no such time. Rings close only when an absence begins.
    """
    known = [one for one in others if one.person_id != new.person_id]
    starts = {new.from_at, *(one.from_at for one in known if new.covers(one.from_at))}
    for instant in sorted(starts):
        away = {one.person_id: one for one in known if one.covers(instant)}
        links: list[Absence] = []
        person = new.stand_in_id
        while person in away and away[person] not in links:
            links.append(away[person])
            person = away[person].stand_in_id
        if person == new.person_id:
            return tuple(links)
    return ()


def check(new: Absence, others: Iterable[Absence], now: datetime) -> None:
    """Refuse what cannot be: `others` are the absences of the same compound that are not over.

    Refusals: `away_backwards`, `away_past`, `away_too_long` (with `most`, days), `away_oneself`,
    `away_overlap` (with `starts_at` and `until` of the other one).
    """
    if new.until_at <= new.from_at:
        raise Refused("away_backwards")
    if new.until_at <= now:
        raise Refused("away_past")
    if new.until_at - new.from_at > LONGEST:
        raise Refused("away_too_long", most=LONGEST.days)
    if new.stand_in_id == new.person_id:
        raise Refused("away_oneself")
    for one in others:
        is_mine = one.person_id == new.person_id and one.id != new.id
        if is_mine and one.from_at < new.until_at and new.from_at < one.until_at:
            raise Refused("away_overlap", starts_at=one.from_at, until=one.until_at)


def may_stand_in(
    post: Holder, candidate_id: int, holders: Sequence[Holder], homes: Container[object]
) -> bool:
    """Whether somebody may stand in at a post; `homes` are the buildings they are approved residents of.

    Nobody gains rights by it: at an entrance or building it takes a home in the building or any post of the
    compound; at a post of the compound, one of the committee or a deputy of that very post. A post of the
    community has its deputies only, for it reaches into other compounds.
    """
    level = LEVEL[post.kind]
    own = [one for one in holders if one.person_id == candidate_id and one.acting_for is None]
    if level == "compound":
        return any(one.kind in COMMITTEE or one.post_id == post.post_id for one in own)
    return level != "community" and (bool(own) or post.building_id in homes)


# How people say until when ------------------------------------------------------------------------------

_SPAN = re.compile(
    rf"(?P<count>半|{NUMBER}|[0-9]{{3}})\s*(?P<unit>天|个?(?:周|星期|礼拜)|个月|days?|weeks?|months?)"
)
_DAYS_OF = {"天": 1, "d": 1, "周": 7, "期": 7, "拜": 7, "w": 7, "月": 30, "m": 30}
_TOWARDS = re.compile(r"^(?:直?到|至|截至|until|till|to)\s*")
_FROM_TODAY = re.compile("今|明|后天|天后|today|tomorrow")
_AFTER = re.compile(r"(?:假期?)?(?:以后|之后|过后|过完|放完|结束|后|完)$|^(?:after)\s+|(?:假期?|长假)$")


def read_start(text: str, now: datetime, zone: ZoneInfo) -> datetime:
    """When somebody is away from (UTC): the beginning of that day, or its hour; today is now.

    Raises NotUnderstood as `dates.read_moment` does.
    """
    return max(now, read_moment(text, now, zone).start)


def read_until(text: str, starts_at: datetime, now: datetime, zone: ZoneInfo) -> datetime:
    """Until when (UTC): 12月3日 and 到周五 are that day's end, 3天 counts the first day, 国庆后 the holiday.

    Raises NotUnderstood as `dates.read_moment` does.
    """
    calendar = WorkCalendar(zone)
    words = _TOWARDS.sub("", fold(text).strip())
    if found := _SPAN.fullmatch(words):
        unit = found["unit"]
        days = _DAYS_OF[unit[0] if unit.isascii() else unit[-1]]
        # Half a week or month is rounded up to whole days.
        days = (days + 1) // 2 if found["count"] == "半" else days * number(found["count"])
        return calendar.midnight(starts_at.astimezone(zone).date() + days * _DAY)
    until = _end_of(words, now, calendar)
    if until <= starts_at and not _FROM_TODAY.search(words):
        # 周五 is the first after it begins.
        until = _end_of(words, max(now, starts_at), calendar)
    return until


def _end_of(words: str, after: datetime, calendar: WorkCalendar) -> datetime:
    zone = calendar.timezone
    try:
        moment = read_moment(words, after, zone)
    except NotUnderstood:
        festival = _AFTER.sub("", words)
        if festival == words:
            raise
        last = read_moment(festival, after, zone).start.astimezone(zone).date()
        while last + _DAY in public_holidays((last + _DAY).year):
            last += _DAY
        return calendar.midnight(last + _DAY)
    if moment.timed:
        return moment.start
    return calendar.midnight(moment.start.astimezone(zone).date() + _DAY)
