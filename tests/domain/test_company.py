"""Who comes along, as people write it, and how many seats."""

import pytest

from bot.domain.company import others_of, read_names, read_seats


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("老伴、小宝", ("老伴", "小宝")),
        ("张大爷 李婆婆", ("张大爷", "李婆婆")),
        ("Anna and little Tom", ("Anna", "little Tom")),
        ("我和老伴", ("老伴",)),
        ("李和平", ("李和平",)),
        ("王五、五妹", ("王五", "五妹")),
        ("=1+1、小宝", ("=1+1", "小宝")),
        *(
            (text, ())
            for text in ("", "、", "2", "+2", "两个人", "兩位", "三口人", "十二", "老伴、2个小孩", "2 people")
        ),
    ],
)
def test_names(text: str, names: tuple[str, ...]) -> None:
    """Names in their order; how many come is no name."""
    assert read_names(text) == names


def test_who_brings_the_family_is_no_other() -> None:
    """By name, in either script, or as me."""
    assert others_of(("王奶奶", "老伴"), "王奶奶") == ("老伴",)
    assert others_of(("我", "me", "陳姐", "陈姐的妹妹"), "陈姐") == ("陈姐的妹妹",)


@pytest.mark.parametrize(
    ("text", "seats"),
    [
        ("30", 30),
        ("最多３０人", 30),
        ("一共 30 個", 30),
        ("三十", 30),
        ("最多二十五人", 25),
        ("0", 0),
        *((text, None) for text in ("-5", "−5", "12.5", "99999999", "30-40", "很多", "😀", "1e3", "")),
    ],
)
def test_seats(text: str, seats: int | None) -> None:
    """A whole number, in digits or words; nothing is made of half of one."""
    assert read_seats(text) == seats
