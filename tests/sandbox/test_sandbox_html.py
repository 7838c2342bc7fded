"""Telegram's HTML, and what it recognises without tags."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.entities import formatted, parse_html, to_html, utf16_length
from bot.sandbox.refusals import Refusal


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("樓道燈", "樓道燈", []),
        ("<b>3號樓</b>", "3號樓", [("bold", 0, 3)]),
        ("<STRONG>a</strong><em>b</em>", "ab", [("bold", 0, 1), ("italic", 1, 1)]),
        ("<i>a<b>b</b></i>", "ab", [("italic", 0, 2), ("bold", 1, 1)]),
        ("<b>a</>", "a", [("bold", 0, 1)]),
        ("😀<u>x</u>", "😀x", [("underline", 2, 1)]),
        ("<s>a</s><del>b</del>", "ab", [("strikethrough", 0, 1), ("strikethrough", 1, 1)]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", 0, 1)]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", 0, 1)]),
        ("<code>a</code>", "a", [("code", 0, 1)]),
        ("<pre>a\nb</pre>", "a\nb", [("pre", 0, 3)]),
        ("<pre><code class='language-python'>a</code></pre>", "a", [("pre", 0, 1)]),
        ("<code><b>a</b></code>", "a", [("code", 0, 1)]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", 0, 1)]),
        ("<blockquote><b>a</b></blockquote>", "a", [("blockquote", 0, 1), ("bold", 0, 1)]),
        ('<a href="https://a.cn/?x=1&amp;y=2">a</a>', "a", [("text_link", 0, 1)]),
        ('<a href="nowhere">a</a>', "a", []),
        ('<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>', "👍", [("custom_emoji", 0, 2)]),
        ("&lt;&gt;&amp;&quot;&#20320;&#x597d;", '<>&"你好', []),
        ("&nbsp; & &copy;", "&nbsp; & &copy;", []),
        ("<b></b>a", "a", []),
    ],
)
def test_tags(source: str, text: str, entities: list[tuple[str, int, int]]) -> None:
    """Each tag becomes an entity, measured in UTF-16 units."""
    plain, found = parse_html(source)
    assert plain == text
    assert [(e["type"], e["offset"], e["length"]) for e in found] == entities


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("<div>a</div>", 'Unsupported start tag "div" at byte offset 0'),
        ("樓<br>", 'Unsupported start tag "br" at byte offset 3'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a<b", "Unclosed start tag at byte offset 1"),
        ("<a href='x", "Unclosed start tag at byte offset 0"),
        ("<b >a</b", "Unclosed end tag at byte offset 5"),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b><i>a</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ('<a "x">a</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=a_b>a</a>", "Unexpected end of name token at byte offset 8"),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<tg-emoji emoji-id='x'>a</tg-emoji>", "Invalid custom emoji identifier specified"),
    ],
)
def test_bad_html(source: str, reason: str) -> None:
    """What cannot be parsed is refused with the byte it happened at."""
    with pytest.raises(Refusal) as no:
        parse_html(source)
    assert no.value.code == 400
    assert no.value.description == f"Bad Request: can't parse entities: {reason}"


def test_a_language_stands_only_in_pre() -> None:
    """<pre><code class> has a language, <code class> has none."""
    _, pre = parse_html('<pre><code class="language-sql">a</code></pre>')
    _, code = parse_html('<code class="language-sql">a</code>')
    assert pre == [{"type": "pre", "offset": 0, "length": 1, "language": "sql"}]
    assert code == [{"type": "code", "offset": 0, "length": 1}]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start abc", {"bot_command": "/start"}),
        ("請看 /help@lianxin_bot。", {"bot_command": "/help@lianxin_bot"}),
        ("a/b 1/2", {}),
        ("https://a.cn/x?y=1。", {"url": "https://a.cn/x?y=1"}),
        ("@lianxin_bot 你好", {"mention": "@lianxin_bot"}),
        ("#重陽節 #1", {"hashtag": "#重陽節"}),
        ("a.b@c.cn", {"email": "a.b@c.cn"}),
        ("電話 +8613800000000", {"phone_number": "+8613800000000"}),
    ],
)
def test_what_is_recognised(text: str, found: dict[str, str]) -> None:
    """Commands, links, mentions, tags, addresses and numbers become entities."""
    _, entities = formatted(text, "", None)
    units = text.encode("utf-16-le")

    def piece(entity: dict[str, Any]) -> str:
        return units[entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2].decode("utf-16-le")

    assert {entity["type"]: piece(entity) for entity in entities} == found


def test_white_space_is_trimmed_with_the_entities() -> None:
    """Blank ends go, and entities move and shrink with them."""
    assert formatted("  a <b>b </b> \n", "HTML", None) == (
        "a b",
        [{"type": "bold", "offset": 2, "length": 1}],
    )


@pytest.mark.parametrize(
    "source",
    [
        '😀 <b>a<i>b</i></b> &lt;x&gt; <a href="https://a.cn/?a=1&amp;copy=2">c</a>',
        "<u>a</u><s>b</s><tg-spoiler>c</tg-spoiler><code>d</code><pre>e</pre>",
        "<blockquote><b>a</b></blockquote>\n<blockquote expandable>b</blockquote>",
        '<tg-emoji emoji-id="5368324170671202286">👍</tg-emoji>',
    ],
)
def test_a_person_sees_the_same_html(source: str) -> None:
    """What was parsed can be written down again."""
    assert to_html(*parse_html(source)) == source


def test_lengths_are_utf16() -> None:
    """A character beyond the basic plane counts twice."""
    assert utf16_length("😀a樓") == 4


def test_given_entities() -> None:
    """Entities may be passed instead of tags; each needs its place and type."""
    entity = {"type": "bold", "offset": 0, "length": 1}
    assert formatted("a\rb\tc", "", [entity]) == ("ab c", [entity])
    with pytest.raises(Refusal, match="can't parse MessageEntity: Can't find field \"length\""):
        formatted("a", "", [{"type": "bold", "offset": 0}])
    with pytest.raises(Refusal, match="expected an Object"):
        formatted("a", "", ["bold"])


PIECES = (
    "<b> </b> <i> </i> <code> </code> <blockquote> </blockquote> <pre> </pre> </> "
    "<a|href='https://a.cn/x'> </a> <span|class='tg-spoiler'> </span> "
    "< > / = &amp; &lt &#x1f600; & ' \" | 樓 😀 a"
)
SOURCES = st.lists(st.sampled_from([piece.replace("|", " ") for piece in PIECES.split()]), max_size=12).map(
    "".join
)


@settings(max_examples=200, deadline=None)
@given(SOURCES)
def test_any_html_is_refused_or_written_back(source: str) -> None:
    """Either a refusal with Telegram's words, or entities that say the same when written as HTML."""
    try:
        text, entities = parse_html(source)
    except Refusal as no:
        if no.description.startswith("Bad Request: can't parse entities: "):
            return
        raise
    assert all(0 <= e["offset"] < e["offset"] + e["length"] <= utf16_length(text) for e in entities)
    assert parse_html(to_html(text, entities)) == (text, entities)
