"""An activity as an iCalendar file (RFC 5545), for people's own calendars (E8)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MOST_OCTETS = 75
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Event:
    """What a calendar shows of an activity.

    `uid` stays for life and no other event has it; `sequence` grows with every change of time or place and
    with a cancellation, so that a calendar knows the newer file. `organizer` is an address (RFC 3986) such as
    mailto:a@b.c or https://t.me/name. `alarms` are times before the start. Raises ValueError for instants
    that are not aware, an end before the start, an alarm of less than a minute, a negative sequence, or an
    organizer that is no address.
    """

    uid: str
    sequence: int
    title: str
    start: datetime
    end: datetime | None
    organizer: str
    place: str = ""
    description: str = ""
    cancelled: bool = False
    alarms: tuple[timedelta, ...] = ()

    def __post_init__(self) -> None:
        if any(at.tzinfo is None for at in (self.start, self.end) if at):
            raise ValueError("an event needs aware instants")
        if self.end and self.end < self.start:
            raise ValueError("an event cannot end before it starts")
        if self.sequence < 0 or any(before < _MINUTE for before in self.alarms):
            raise ValueError(f"no sequence and alarms of an event: {self.sequence}, {self.alarms}")
        if not _ADDRESS.fullmatch(self.organizer):
            raise ValueError(f"not an address: {self.organizer!r}")


def calendar(event: Event, stamp: datetime) -> str:
    """The file's text, to be encoded in UTF-8: one event, made at `stamp`.

    Lines end with CRLF and have at most 75 octets (RFC 5545, 3.1); METHOD:PUBLISH asks for an organizer
    (RFC 5546, 3.2.1). A cancelled event has no alarms. Raises ValueError for a stamp that is not aware.
    """
    if stamp.tzinfo is None:
        raise ValueError("a stamp needs an aware instant")
    return "".join(_folded(line) + "\r\n" for line in _lines(event, stamp))


def _lines(event: Event, stamp: datetime) -> Iterator[str]:
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Lianxin//Lianxin//EN", "METHOD:PUBLISH")
    yield from ("BEGIN:VEVENT", f"UID:{_text(event.uid)}", f"SEQUENCE:{event.sequence}")
    yield from (f"DTSTAMP:{_utc(stamp)}", f"DTSTART:{_utc(event.start)}")
    if event.end:
        yield f"DTEND:{_utc(event.end)}"
    yield f"SUMMARY:{_text(event.title)}"
    if event.place:
        yield f"LOCATION:{_text(event.place)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    yield f"ORGANIZER:{event.organizer}"
    yield f"STATUS:{'CANCELLED' if event.cancelled else 'CONFIRMED'}"
    for before in () if event.cancelled else event.alarms:
        yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{_text(event.title)}")
        yield from (f"TRIGGER:-PT{before // _MINUTE}M", "END:VALARM")
    yield from ("END:VEVENT", "END:VCALENDAR")


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """Words as a TEXT value (RFC 5545, 3.3.11); what no encoding or calendar can carry is left out."""
    lines = re.sub(r"\r\n?", "\n", words.encode("utf-8", "ignore").decode("utf-8"))
    escaped = re.sub(r"[\\;,]", r"\\\g<0>", _CONTROL.sub("", lines))
    return escaped.replace("\n", r"\n")


def _folded(line: str) -> str:
    """The line cut before its 76th octet, never within a character; what follows begins with a space."""
    pieces, piece = [], ""
    for sign in line:
        if len((piece + sign).encode()) > _MOST_OCTETS:
            pieces.append(piece)
            piece = " "
        piece += sign
    return "\r\n".join((*pieces, piece))
