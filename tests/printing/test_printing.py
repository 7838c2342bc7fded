"""The contact card as it is printed: every word there, nothing over the edge, the code readable."""

from dataclasses import fields, replace
from io import BytesIO
from itertools import combinations

import pypdfium2
import pytest
import zxingcpp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot.printing import Card, CardLine, CardWords, business_cards, missing, picture, poster
from bot.printing.layout import MM, POSTER, SMALL_HEIGHT, SMALL_WIDTH, grouped
from bot.printing.lettering import fit, printable, runs, width_of, wrap
from tests.printing.invented import ENGLISH, LINK, MANY, SIMPLIFIED, TRADITIONAL, drawn

ALL = [SIMPLIFIED, TRADITIONAL, ENGLISH, MANY]
RARE = "䶮㛃𬭎喆堃𠅤龘"
HOSTILE = (
    "张\x00\x1b\u202e三\u200e\u200b\n\t\ud800\U0001f600\U0001f468\u200d\U0001f469"
    " \u05e2\u05d1\u05e8 \u0639\u0631(x) \\ <b>&amp; e\u0301" + "王" * 4000
)
ACCENTS = 28
"""Half points by which the accent of a capital in the title may reach into the margin of 16 mm."""
Area = tuple[float, float, float, float]


def written(pdf: bytes, number: int = 0) -> str:
    """Return the text of a page without blanks and ends of lines."""
    with pypdfium2.PdfDocument(pdf) as document:
        return "".join(document[number].get_textpage().get_text_bounded().split())


def page_count(pdf: bytes) -> int:
    """Return how many pages a PDF has."""
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def ink(pdf: bytes) -> list[Area]:
    """Return the area of every letter of the first page: left, bottom, right, top, in points."""
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[0].get_textpage()
        # Beyond the basic plane a letter is counted as two, at one place.
        areas = dict.fromkeys(text.get_charbox(index) for index in range(text.count_chars()))
    return [area for area in areas if area[2] - area[0] > 0.1 and area[3] - area[1] > 0.1]


def first_of_ten(pdf: bytes) -> list[Area]:
    """Return the letters of the small card in the upper left corner."""
    right, bottom = 105 * MM, 297 * MM - (297 * MM - 5 * SMALL_HEIGHT) / 2 - SMALL_HEIGHT
    return [area for area in ink(pdf) if area[0] < right and area[1] > bottom]


def overlaps(areas: list[Area]) -> list[tuple[Area, Area]]:
    """Return the pairs that cover each other by more than letters do."""
    found = []
    for (place, one), (later, other) in combinations(enumerate(areas), 2):
        wide = min(one[2], other[2]) - max(one[0], other[0])
        high = min(one[3], other[3]) - max(one[1], other[1])
        # Neighbours may reach over each other, as í and î do, or the tail of a j.
        narrower = min(one[2] - one[0], other[2] - other[0])
        allowed = 0.6 * narrower if later == place + 1 else 0.5
        # The accent of a capital, Ù, may touch the foot of a bar, |, in the line above.
        if high > 0.5 + 0.08 * max(one[3] - one[1], other[3] - other[1]) and wide > allowed:
            found.append((one, other))
    return found


def codes(image: Image.Image) -> list[str]:
    """Return what the QR codes in a picture say."""
    return [code.text for code in zxingcpp.read_barcodes(image)]


def is_blank_outside(image: Image.Image, margin: int) -> bool:
    """Whether nothing is printed nearer to the edge than so many pixels."""
    width, height = image.size
    blank = image.convert("RGB")
    blank.paste("white", (margin, margin, width - margin, height - margin))
    return ImageChops.difference(blank, Image.new("RGB", image.size, "white")).getbbox() is None


def with_text(text: str, lines: int = 3) -> Card:
    """A card that says the same everywhere."""
    line = CardLine(*[text] * len(fields(CardLine)))
    words = CardWords("zh_CN", *[text] * (len(fields(CardWords)) - 1))
    different = tuple(replace(line, duty=f"{number}{text}") for number in range(lines))
    return Card(text, text, text, different, ((text, text), (text, "110")) * 2, LINK, words)


@pytest.mark.parametrize("card", ALL)
def test_a_poster_says_everything_it_was_given(card: Card) -> None:
    """Each word of the card can be read, searched and copied from the PDF, phones as they are read aloud."""
    text = written(poster([card]))

    words = card.words
    said = [card.compound, card.building, card.entrance, words.title, words.slogan, words.scan, words.printed]
    said += [words.scan_hint, words.emergency, words.vacant] if card is not TRADITIONAL else []
    said += [part for pair in card.numbers for part in pair]
    for line in card.lines:
        said += [line.post, line.name, grouped(line.phone), line.hours, line.duty, line.where, line.note]
    assert [one for one in said if "".join(one.split()) not in text] == []


@pytest.mark.parametrize("card", ALL)
def test_nothing_of_a_card_lies_on_anything_else(card: Card) -> None:
    """No letter covers another, on the poster and on the small cards."""
    assert overlaps(ink(poster([card]))) == []
    assert overlaps(first_of_ten(business_cards([card]))) == []


def test_every_card_has_a_page_of_its_own() -> None:
    """A page per entrance, a sheet of ten per card, in the order given."""
    cards = [replace(SIMPLIFIED, entrance=f"{number}单元") for number in range(1, 4)]

    assert page_count(poster(cards)) == page_count(business_cards(cards)) == 3
    assert "3号楼3单元" in written(poster(cards), 2)
    assert written(business_cards(cards), 1).count("3号楼2单元") == 10


def test_a_pdf_says_what_it_is_and_in_which_language() -> None:
    """Title and language stand in the file, for screen readers and the print queue."""
    pdf = poster([SIMPLIFIED])

    with pypdfium2.PdfDocument(pdf) as document:
        assert document.get_metadata_value("Title") == "连心卡 绿洲路126号大院"
    assert b"/Lang (zh-CN)" in pdf


@pytest.mark.parametrize("card", ALL)
def test_the_codes_lead_where_they_should(card: Card) -> None:
    """The code is read from the poster, from each of the ten small cards, and from the picture."""
    assert codes(drawn(poster([card]))) == [LINK]
    assert codes(drawn(business_cards([card]), 300 / 72)) == [LINK] * 10
    assert codes(Image.open(BytesIO(picture(card)))) == [LINK]


@pytest.mark.parametrize("card", ALL)
def test_a_picture_suits_a_phone(card: Card) -> None:
    """1080 pixels wide, upright, no more than three screens of a phone high, light enough to send."""
    image = picture(card)

    width, height = Image.open(BytesIO(image)).size
    assert width == 1080
    assert width < height < 2600
    assert len(image) < 200_000


def test_the_same_card_gives_the_same_bytes() -> None:
    """Nothing of the hour or the machine gets into a file: it can be compared and cached."""
    for make in (poster, business_cards):
        assert make(ALL) == make(ALL)
    assert picture(SIMPLIFIED) == picture(SIMPLIFIED)


def test_the_small_cards_keep_within_their_ninety_by_fifty_four() -> None:
    """Whoever cuts along the marks cuts into no letter."""
    left, top = (210 * MM - 2 * SMALL_WIDTH) / 2, (297 * MM + 5 * SMALL_HEIGHT) / 2
    for card in (*ALL, with_text("王" * 60), with_text("committee " * 20, 15)):
        for x0, y0, x1, y1 in ink(business_cards([card])):
            across, down = (x0 - left) % SMALL_WIDTH, (top - y1) % SMALL_HEIGHT
            assert min(across, down) > 3 * MM
            assert across + x1 - x0 < SMALL_WIDTH - 3 * MM
            assert down + y1 - y0 < SMALL_HEIGHT - 3 * MM


# Who is on it --------------------------------------------------------------------------------------------


def test_a_committee_is_one_row_with_several_names() -> None:
    """Three members with one duty: the post and the duty are said once, every name and phone stands there."""
    text = written(poster([MANY]))

    assert text.count("自管委") == text.count("停车、卫生、门卫等日常自治") == 1
    for word in ("高玉梅", "何长青", "唐晓燕", "13800000021", "13800000022", "13800000023"):
        assert word in text


def test_a_vacancy_is_said_openly() -> None:
    """Nobody in a post is a word of its own; somebody without a phone can be reached by the code."""
    line = CardLine("楼栋长", "", "")
    assert "楼栋长暂缺" in written(poster([replace(SIMPLIFIED, lines=(line,))]))
    line = CardLine("楼栋长", "王秀兰", "")
    assert "楼栋长王秀兰请扫码联系" in written(poster([replace(SIMPLIFIED, lines=(line,))]))
    assert "请扫码联系" not in written(poster([replace(SIMPLIFIED, lines=(CardLine("楼栋长", "", ""),))]))


def test_when_not_all_fit_the_nearest_stay() -> None:
    """Forty posts: the first are whole, with their phones, and three dots own up to the rest."""
    lines = tuple(CardLine(f"职务{n:02}", "王秀兰", f"138000000{n:02}", duty=f"第{n:02}") for n in range(40))
    card = replace(SIMPLIFIED, lines=lines)
    text = written(poster([card]))

    shown = [n for n in range(40) if f"职务{n:02}" in text]
    assert shown == list(range(len(shown)))
    assert 12 <= len(shown) < 40
    assert all(f"138000000{n:02}" in text for n in shown)
    assert "…" in text
    assert overlaps(ink(poster([card]))) == []


def test_twelve_posts_keep_name_phone_duty_and_hours() -> None:
    """Twelve different posts are still all there, each with all that is said of it."""
    lines = tuple(
        CardLine(
            f"第{n:02}职务", "欧阳秀兰", f"138000000{n:02}", "每天 8:00–21:00", f"职责{n:02}：本楼住户的诉求"
        )
        for n in range(12)
    )
    text = written(poster([replace(SIMPLIFIED, lines=lines)]))

    for n in range(12):
        assert f"138000000{n:02}" in text
        assert f"职责{n:02}：本楼住户的诉求" in text
    assert text.count("欧阳秀兰") == text.count("每天8:00–21:00") == 12
    assert "…" not in text


def test_a_long_duty_is_broken_and_a_longer_one_cut() -> None:
    """200 characters of duty fit with few posts; with 4,000 the end is dots, and the phone is untouched."""
    for length, is_whole in ((200, True), (4000, False)):
        line = CardLine("楼栋长", "王秀兰", "13800000010", "每天 8:00–21:00", "责" * length)
        text = written(poster([replace(SIMPLIFIED, lines=(line,))]))
        assert (text.count("责") == length) == is_whole
        assert ("…" in text) != is_whole
        assert "13800000010" in text


def test_a_card_may_be_empty() -> None:
    """Without posts, numbers and words there is still a page with a code; without a card there is none."""
    bare = Card("", "", "", (), (), LINK, CardWords("en", *[""] * 8))

    assert codes(drawn(poster([bare]))) == [LINK]
    assert codes(drawn(business_cards([bare]), 4)) == [LINK] * 10
    assert codes(Image.open(BytesIO(picture(bare)))) == [LINK]
    with pytest.raises(ValueError, match="no card"):
        poster([])


@pytest.mark.parametrize(
    ("written_as", "read_as"),
    [
        ("13800138000", "138 0013 8000"),
        (" 138-0013-8000 ", "138 0013 8000"),
        ("+8613800138000", "+86 138 0013 8000"),
        ("0835-2222222", "0835-2222222"),
        ("110", "110"),
        ("23800138000", "23800138000"),
        ("", ""),
    ],
)
def test_mobile_numbers_are_grouped(written_as: str, read_as: str) -> None:
    """Three, four and four digits, as they are read aloud; other numbers stay as somebody wrote them."""
    assert grouped(written_as) == read_as


# Letters -------------------------------------------------------------------------------------------------


def test_names_with_rare_characters_print() -> None:
    """They are not missing, can be copied from the PDF, and are thickened where the others are bold."""
    card = replace(SIMPLIFIED, lines=(CardLine("楼栋长", RARE, "13800000010"),))

    assert missing([RARE]) == set()
    assert RARE in written(poster([card]))
    assert [(run.text, run.is_thickened) for run in runs("张䶮", bold=True)] == [("张", False), ("䶮", True)]
    assert not any(run.is_thickened for run in runs(RARE, bold=False))


@pytest.mark.parametrize("codec", ["gb2312", "big5", "gbk"])
def test_all_characters_of_the_common_standards_print(codec: str) -> None:
    """Nobody's name in them comes out as a box, in regular or bold."""
    texts = (
        bytes((lead, trail)).decode(codec, "ignore")
        for lead in range(0xA1, 0xFF)
        for trail in range(0x40, 0xFF)
    )
    ideographs = [text for text in texts if len(text) == 1 and "㐀" <= text <= "龥"]

    assert len(ideographs) > 6700
    assert missing(ideographs) == set()
    assert all(width_of(text, 1, bold=bold) > 0 for text in ideographs for bold in (True, False))


def test_what_no_typeface_has_is_a_box_and_reported() -> None:
    """A face and a letter of another script print as 〓 and are named, marks without a shape go quietly."""
    assert missing(["王\U0001f600", "\u05e2\u200e 秀\u200b"]) == {"\U0001f600", "\u05e2"}
    assert printable("王😀ע\u200b\ufe0f\U000e0100秀") == "王〓〓秀"
    card = replace(SIMPLIFIED, lines=(CardLine("楼栋长", "王😀", "13800000010"),))
    assert "王〓" in written(poster([card]))


def test_an_accent_is_one_with_its_letter() -> None:
    """Letters come as one or as two characters, from whatever keyboard: they print alike."""
    assert printable("Lu\u0308 e\u0301") == "Lü é"


def test_lines_keep_the_rules_of_punctuation() -> None:
    """No line starts with a comma or ends with an opening bracket; Latin words stay whole."""
    text = printable("停车、卫生，门卫（夜间）等日常自治 and the committee 的事")
    for width in range(30, 200):
        lines = wrap(text, [width], 10, 99)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(width_of(line, 10) <= width + 0.01 for line in lines)
        assert not any(line[0] in "、，）" or line[-1] == "（" for line in lines)
        assert width < 60 or any("committee" in line for line in lines)


def test_a_text_shrinks_then_breaks_then_is_cut() -> None:
    """In this order, and never below its least size."""
    assert fit("王秀兰", 100, 20, least=10, lines=2) == (["王秀兰"], 20)
    assert fit("王秀兰王秀", 100, 25, least=10, lines=2) == (["王秀兰王秀"], 20)
    assert fit("王" * 14, 100, 20, least=10, lines=2) == (["王" * 7, "王" * 7], 10)
    assert fit("王" * 30, 100, 20, least=10, lines=2) == (["王" * 10, "王" * 9 + "…"], 10)
    assert fit("", 100, 20, least=10, lines=2) == ([], 20)


# Whatever comes ------------------------------------------------------------------------------------------


def test_hostile_text_everywhere_does_no_harm() -> None:
    """Control characters, marks of direction, pictures, markup and 4,000 characters in every field."""
    card = with_text(HOSTILE)

    assert page_count(poster([card])) == page_count(business_cards([card])) == 1
    for areas in (ink(poster([card])), first_of_ten(business_cards([card]))):
        assert areas
        assert overlaps(areas) == []
    assert is_blank_outside(drawn(poster([card])), int(2 * POSTER.margin) - ACCENTS)
    assert codes(Image.open(BytesIO(picture(card)))) == [LINK]
    assert {"😀", "ع", "\ud800"} <= missing([HOSTILE])


_TEXTS = st.one_of(
    st.text(st.sampled_from("王秀兰楼栋长，、（）。…“” abcWÁg138-–0123一丨䶮😀"), max_size=60),
    st.text(max_size=30),
    st.sampled_from(["", "楼栋长", "Owners’ committee director", "13800138000", "阿卜杜热依木·买买提明"]),
)
_LINES = st.builds(CardLine, *[_TEXTS] * len(fields(CardLine)))
_CARDS = st.builds(
    Card,
    _TEXTS,
    _TEXTS,
    _TEXTS,
    st.lists(_LINES, max_size=14).map(tuple),
    st.lists(st.tuples(_TEXTS, _TEXTS), max_size=8).map(tuple),
    st.just(LINK),
    st.builds(CardWords, st.just("en"), *[_TEXTS] * (len(fields(CardWords)) - 1)),
)


# Each example takes a third of a second: making a failing one smaller would take minutes.
@settings(
    max_examples=6, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)
@given(card=_CARDS)
def test_nothing_leaves_its_page_whatever_is_written(card: Card) -> None:
    """Margins stay white, no letter covers another, the code is read."""
    pdf = poster([card])
    image = drawn(pdf)

    assert is_blank_outside(image, int(2 * POSTER.margin) - ACCENTS)
    assert codes(image) == [LINK]
    assert overlaps(ink(pdf)) == []
    assert overlaps(first_of_ten(business_cards([card]))) == []
    assert is_blank_outside(Image.open(BytesIO(picture(card))), 40)
