"""Button payloads: what we write comes back as it was, and whatever else comes back does no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.options import MAX_BYTES, Option, Press

words = st.text(st.characters(codec="utf-8", exclude_characters=":"), max_size=12)


@given(words.filter(bool), st.lists(words))
def test_what_is_written_is_read(kind: str, arguments: list[str]) -> None:
    """A payload that fits comes back the same; one that does not is never made."""
    press = Press(kind, tuple(arguments))
    size = len(":".join((kind, *arguments)).encode())
    if size <= MAX_BYTES:
        assert Press.decode(press.encode()) == press
    else:
        with pytest.raises(ValueError, match=f"{size} bytes"):
            press.encode()


@given(st.text())
def test_anything_can_be_read(text: str) -> None:
    """A forged payload is read without an error, and nothing of it is lost."""
    press = Press.decode(text)
    assert ":".join((press.kind, *press.arguments)) == text


@pytest.mark.parametrize("press", [Press(""), Press("", ("1",)), Press("a:b"), Press("a", ("1:2",))])
def test_what_could_not_be_read_back_is_not_written(press: Press) -> None:
    """Neither an empty kind nor a colon inside a word."""
    with pytest.raises(ValueError, match="cannot hold"):
        press.encode()


def test_sixty_four_bytes() -> None:
    """The limit counts bytes, as Telegram does, not characters."""
    assert Option("好", "a" * 64).id == "a" * 64
    with pytest.raises(ValueError, match="66 bytes"):
        Option("好", "灯" * 22)
    with pytest.raises(ValueError, match="66 bytes"):
        Press("灯" * 22).encode()


@pytest.mark.parametrize(("press", "url"), [("", ""), ("a", "https://example.org")])
def test_an_option_does_one_thing(press: str, url: str) -> None:
    """It presses or it opens."""
    with pytest.raises(ValueError, match="either"):
        Option("好", press, url)
