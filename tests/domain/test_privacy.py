"""Who sees what of a person: the whole table, role by datum by level, as people would read it."""

import pytest

from bot.domain.errors import Refused
from bot.domain.privacy import REPORTER, TABLE, Datum, Level, Viewer, clean_phone, masked, may_see

MATRIX = """
              self handler leader committee other_post organiser follower neighbour resident stranger operator
name              x     .       x        x          .         x         .        .        .        .        x
phone             x     .       x        x          .         .         .        .        .        .        x
unit              x     .       x        x          .         x         .        .        .        .        x
kind              x     .       x        x          .         .         .        .        .        .        x
roster            .     .       x        x          .         .         .        .        .        .        x
issue             x     x       x        x          .         .         x        x        x        .        x
private_issue     x     x       x        x          .         .         .        .        .        .        x
participants      x     .       .        x          .         x         .        .        .        .        x
post_name         x     x       x        x          x         x         x        x        x        x        x
post_phone        x     x       x        x          x         x         x        x        x        x        x
reporter:neighbours x   x       x        x          x         .         x        x        x        .        x
reporter:leader   x     x       x        x          .         .         .        .        .        .        x
reporter:committee x    .       .        x          .         .         .        .        .        .        x
"""
"""R14 and rule 7, to be read by the committee."""


def _rows() -> list[tuple[str, str, str]]:
    header, *lines = [line.split() for line in MATRIX.strip().splitlines()]
    return [(line[0], role, mark) for line in lines for role, mark in zip(header, line[1:], strict=True)]


@pytest.mark.parametrize(("row", "role", "mark"), _rows())
def test_the_table_says_what_the_matrix_says(row: str, role: str, mark: str) -> None:
    """Each datum, each role, each level of R14."""
    datum, _, level = row.partition(":")
    seen = may_see(Datum(datum), (Viewer(role),), Level(level or "leader"))
    assert seen == (mark == "x")


def test_the_matrix_is_complete() -> None:
    """No datum, role or level has been left out."""
    said = {(row, role) for row, role, _ in _rows()}
    data = {datum.value for datum in TABLE} | {f"reporter:{level}" for level in REPORTER}
    assert said == {(row, role.value) for row in data for role in Viewer}
    assert set(TABLE) == set(Datum) - {Datum.REPORTER}
    assert set(REPORTER) == set(Level)


@pytest.mark.parametrize("datum", Datum)
def test_several_roles_see_what_any_of_them_sees(datum: Datum) -> None:
    """Who is a neighbour and the building leader is not less than the leader; who is nothing sees nothing."""
    for one in Viewer:
        for other in Viewer:
            assert may_see(datum, (one, other)) == (may_see(datum, (one,)) or may_see(datum, (other,)))
    assert not may_see(datum, ())


def test_a_stricter_level_never_shows_more() -> None:
    """From neighbours to leader to committee, fewer and fewer see the name."""
    assert REPORTER[Level.COMMITTEE] < REPORTER[Level.LEADER] < REPORTER[Level.NEIGHBOURS]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("13800000001", "13800000001"),
        (" 138 0000 0001 ", "138 0000 0001"),
        ("138-0000-0001", "138-0000-0001"),
        ("１３８　0000－0001", "138 0000-0001"),
        ("+86 138 0000 0001", "+86 138 0000 0001"),
        ("0835-2222222", "0835-2222222"),
        ("2222222", "2222222"),
    ],
)
def test_a_phone_is_kept_in_plain_digits(said: str, kept: str) -> None:
    """As people write it, full width and spaces included."""
    assert clean_phone(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "",
        "110",
        "王奶奶",
        "138000000011234567",
        "138 0000 000a",
        "--13800000001",
        "1380000  0001x",
        "١٢٣٤٥٦٧",
    ],
)
def test_what_is_no_phone_is_refused(said: str) -> None:
    """Emergency numbers, words, too many digits, digits of a script that nobody here dials in."""
    with pytest.raises(Refused, match="phone_unclear"):
        clean_phone(said)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("13800000001", "138****0001"), ("+86 138 0000 0001", "861****0001"), ("2222222", "****22"), ("", "")],
)
def test_a_masked_phone_is_recognised_only_by_its_owner(phone: str, shown: str) -> None:
    """Never more than seven digits, of a short number two."""
    assert masked(phone) == shown
