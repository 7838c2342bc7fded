"""The calendar file, held against the grammar of RFC 5545."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.ics import Event, calendar

START = datetime(2026, 10, 18, 6, tzinfo=UTC)
STAMP = datetime(2026, 9, 1, 2, 3, 4, tzinfo=UTC)
DANCE = Event(
    uid="activity-7@lianxin.example",
    sequence=2,
    title="重阳节舞会",
    start=START,
    end=START + timedelta(hours=2),
    organizer="https://t.me/lianxin_bot",
    place="活动室, 3号楼; 一层",
    description="带杯子。\n电话\\短信: 报名",
    alarms=(timedelta(days=1), timedelta(hours=2)),
)

# RFC 5545, 3.1: contentline = name *(";" param) ":" value; here no line has a parameter.
LINE = re.compile(r"(?P<name>[A-Z-]+):(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)")
# 3.3.11: a backslash stands before a backslash, ; , or n, and no ; or , without one.
TEXT = re.compile(r"(?:\\[\\;,nN]|[^\\;,])*")
UTC_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
# 3.3.6
TRIGGER = re.compile(r"-PT[0-9]+M")
VALUES = {
    **dict.fromkeys(("UID", "SUMMARY", "LOCATION", "DESCRIPTION", "PRODID"), TEXT),
    **dict.fromkeys(("DTSTAMP", "DTSTART", "DTEND"), UTC_TIME),
    "SEQUENCE": re.compile("[0-9]+"),
    "STATUS": re.compile("CONFIRMED|CANCELLED"),
    "ORGANIZER": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+"),
    "TRIGGER": TRIGGER,
    "ACTION": re.compile("DISPLAY"),
    "METHOD": re.compile("PUBLISH"),
    "VERSION": re.compile(r"2\.0"),
}
# 3.6, 3.6.1, 3.6.6 and RFC 5546, 3.2.1: what each component must have, and may have once.
NEEDED = {
    "VCALENDAR": {"VERSION", "PRODID", "METHOD"},
    "VEVENT": {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "ORGANIZER", "SEQUENCE", "STATUS"},
    "VALARM": {"ACTION", "TRIGGER", "DESCRIPTION"},
}
ALLOWED = {
    "VCALENDAR": NEEDED["VCALENDAR"],
    "VEVENT": NEEDED["VEVENT"] | {"DTEND", "LOCATION", "DESCRIPTION"},
    "VALARM": NEEDED["VALARM"],
}

Component = tuple[str, dict[str, str]]


def components(text: str) -> list[Component]:
    """Each component with its properties, after checking every line against the grammar."""
    octets = text.encode()
    assert octets.endswith(b"\r\n")
    for piece in octets[:-2].split(b"\r\n"):
        assert 0 < len(piece) <= 75
        # Cut within a character, a piece would not be UTF-8.
        assert piece.decode()
    open_: list[Component] = []
    closed: list[Component] = []
    nesting: list[tuple[str, ...]] = []
    for line in text.replace("\r\n ", "")[:-2].split("\r\n"):
        found = LINE.fullmatch(line)
        assert found, line
        name, value = found["name"], found["value"]
        if name == "BEGIN":
            open_.append((value, {}))
            nesting.append(tuple(kind for kind, _ in open_))
        elif name == "END":
            kind, properties = open_.pop()
            assert kind == value
            assert NEEDED[kind] <= properties.keys() <= ALLOWED[kind]
            closed.append((kind, properties))
        else:
            assert VALUES[name].fullmatch(value), line
            assert name not in open_[-1][1]
            open_[-1][1][name] = value
    assert not open_
    assert nesting[:2] == [("VCALENDAR",), ("VCALENDAR", "VEVENT")]
    assert set(nesting[2:]) <= {("VCALENDAR", "VEVENT", "VALARM")}
    return closed


def unescaped(value: str) -> str:
    """A TEXT value as it was meant."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], value)


def event_of(text: str) -> dict[str, str]:
    """The properties of the one event."""
    (event,) = (properties for kind, properties in components(text) if kind == "VEVENT")
    return event


def test_an_activity() -> None:
    """What a calendar shows: the words unharmed, the times in UTC, both reminders."""
    text = calendar(DANCE, STAMP)

    assert event_of(text) == {
        "UID": "activity-7@lianxin.example",
        "SEQUENCE": "2",
        "DTSTAMP": "20260901T020304Z",
        "DTSTART": "20261018T060000Z",
        "DTEND": "20261018T080000Z",
        "SUMMARY": "重阳节舞会",
        "LOCATION": "活动室\\, 3号楼\\; 一层",
        "DESCRIPTION": "带杯子。\\n电话\\\\短信: 报名",
        "ORGANIZER": "https://t.me/lianxin_bot",
        "STATUS": "CONFIRMED",
    }
    alarms = [properties for kind, properties in components(text) if kind == "VALARM"]
    assert [alarm["TRIGGER"] for alarm in alarms] == ["-PT1440M", "-PT120M"]
    assert text.startswith("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
    assert "METHOD:PUBLISH\r\n" in text


def test_a_change_and_a_cancellation() -> None:
    """The same UID, a higher sequence; a cancelled event reminds nobody."""
    first = event_of(calendar(DANCE, STAMP))
    text = calendar(replace(DANCE, sequence=3, cancelled=True), STAMP + timedelta(days=1))
    second = event_of(text)

    assert second["UID"] == first["UID"]
    assert int(second["SEQUENCE"]) > int(first["SEQUENCE"])
    assert second["STATUS"] == "CANCELLED"
    assert "VALARM" not in text


def test_times_of_elsewhere() -> None:
    """Whatever the offset of an instant, the file says it in UTC."""
    china = timezone(timedelta(hours=8))

    moved = replace(DANCE, start=START.astimezone(china), end=None)
    event = event_of(calendar(moved, STAMP.astimezone(china)))
    assert (event["DTSTART"], event["DTSTAMP"]) == ("20261018T060000Z", "20260901T020304Z")
    assert "DTEND" not in event


def test_what_is_empty_is_left_out() -> None:
    """No place and no description: no lines for them."""
    assert (
        event_of(calendar(replace(DANCE, place="", description=""), STAMP))
        .keys()
        .isdisjoint({"LOCATION", "DESCRIPTION"})
    )


def test_lines_are_folded_at_75_octets() -> None:
    """A line of exactly 75 octets stays whole, one more is folded."""
    room = 75 - len("SUMMARY:")
    whole, folded = (calendar(replace(DANCE, title="a" * length), STAMP) for length in (room, room + 1))

    assert f"SUMMARY:{'a' * room}\r\n" in whole
    assert f"SUMMARY:{'a' * room}\r\n a\r\n" in folded


@example("", "\r\x0b\n", "")
@given(st.text(st.characters(codec=None)), st.text("楼,;\\\n\r\t:n\x0b😀 a"), st.text("中a😀,", min_size=60))
def test_any_words(title: str, place: str, description: str) -> None:
    """Whatever is typed, the file keeps the grammar and the words: only what no file can carry is lost."""
    event = event_of(calendar(replace(DANCE, title=title, place=place, description=description), STAMP))

    for said, name in ((title, "SUMMARY"), (place, "LOCATION"), (description, "DESCRIPTION")):
        carried = said.encode("utf-8", "ignore").decode().replace("\r\n", "\n").replace("\r", "\n")
        expected = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", carried)
        assert unescaped(event.get(name, "")) == expected


NAIVE = START.replace(tzinfo=None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": NAIVE},
        {"end": NAIVE},
        {"end": START - timedelta(seconds=1)},
        {"sequence": -1},
        {"alarms": (timedelta(seconds=59),)},
        {"organizer": "lianxin"},
        {"organizer": "mailto:a@b.c\r\nATTENDEE:x"},
    ],
)
def test_what_no_event_has(wrong: dict[str, object]) -> None:
    """A naive instant, an end before the start, a line smuggled into the address: refused at once."""
    fields = {name: getattr(DANCE, name) for name in DANCE.__slots__} | wrong

    with pytest.raises(ValueError, match=r"aware|before it starts|sequence|address"):
        Event(**fields)


def test_a_naive_stamp() -> None:
    """The stamp is an instant too."""
    with pytest.raises(ValueError, match="aware"):
        calendar(DANCE, NAIVE)
