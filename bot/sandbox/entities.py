"""Formatted text: Telegram's HTML dialect, what it recognises by itself, and lengths in UTF-16 units."""

import html
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from bot.sandbox.refusals import Refusal, bad_request

Entity = dict[str, Any]

STYLES = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
WRITTEN = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "spoiler": "tg-spoiler",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
ORDER = {
    "blockquote": 0,
    "expandable_blockquote": 0,
    "pre": 11,
    "code": 20,
    "text_link": 49,
    "bold": 90,
    "italic": 91,
    "underline": 92,
    "strikethrough": 93,
    "spoiler": 94,
    "custom_emoji": 99,
}  # what stands outside when entities cover the same text; 50 for the rest
GIVEN = frozenset(STYLES.values()) | {"expandable_blockquote"}
GIVEN_FIELDS = {"type": str, "offset": int, "length": int, "url": str}
NAMED = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
SPECIAL = re.compile(rb"[<&]")
REFERENCE = re.compile(rb"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-zA-Z]+));?")
NAME_TOKEN = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz.-"
END_TAG = re.compile(rb"</([^\s>]*)\s*")
SPACE = b" \t\r\n\x00\x0b\x0c"
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\r]")
BLANK = " \n\u00a0\u200e\u200f\u202f\u205f\u2800\u3000" + "".join(map(chr, range(0x2000, 0x200C)))
MOST_BYTES = 1 << 15
RECOGNISED = re.compile(
    r"(?P<url>https?://[^\s<>\"「」《》（），。！？；]+[^\s<>\"「」《》（），。！？；.,:;!?')\]}])"
    r"|(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w/@])(?P<mention>@[A-Za-z]\w{3,31})(?![\w@])"
    r"|(?<![\w/@<>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?)(?![\w/@])"
    r"|(?<![\w#])(?P<hashtag>#(?=\w*[^\W\d_])\w{1,256})"
    r"|(?<![\w+])(?P<phone_number>\+\d[\d -]{6,14}\d)(?!\w)",
)


class Tag(NamedTuple):
    """An open tag: its name and argument, where it opens in UTF-16 units, and in `pieces`."""

    name: str
    argument: str
    offset: int
    piece: int


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, the unit of every offset and limit of the Bot API."""
    return len(text) if text.isascii() else len(text) + sum(c > "\uffff" for c in text)


def formatted(text: str, parse_mode: str, entities: object) -> tuple[str, list[Entity]]:
    """The text and its entities as Telegram keeps them.

    Tags are parsed, white space is trimmed at both ends, links, commands, mentions, tags, mail
    addresses and phone numbers are recognised. Raises the refusals of Telegram; of its parse modes
    only HTML is spoken here.
    """
    if len(text.encode()) > MOST_BYTES:
        raise bad_request("text is too long")
    found: list[Entity] = []
    if CONTROL.search(text):
        text = CONTROL.sub(" ", text.replace("\r", ""))
    if parse_mode and parse_mode.lower() != "none":
        if parse_mode.lower() != "html":
            raise bad_request("unsupported parse_mode")
        if "<" in text or "&" in text:
            text, found = parse_html(text)
    elif isinstance(entities, list):
        found = [e for e in [_given(entity, text) for entity in entities] if e["type"] in GIVEN]
    text, found = _trim(text, found)
    return text, _with_recognised(text, found)


def parse_html(source: str) -> tuple[str, list[Entity]]:
    """Plain text and entities (sorted, in UTF-16 units) of Telegram's HTML.

    https://core.telegram.org/bots/api#html-style; texts and byte offsets of the refusals are TDLib's.
    """
    raw = source.encode()
    pieces: list[str] = []
    entities: list[Entity] = []
    open_tags: list[Tag] = []
    offset = at = 0

    def write(piece: str) -> None:
        nonlocal offset
        pieces.append(piece)
        offset += utf16_length(piece)

    while special := SPECIAL.search(raw, at):
        begin = special.start()
        write(raw[at:begin].decode())
        if raw[begin] == ord("&"):
            character, at = _reference(raw, begin)
            write(character)
        elif raw[begin + 1 : begin + 2] == b"/":
            at = _close(raw, begin, open_tags)
            entity = _entity(open_tags.pop(), offset, pieces)
            if entity:
                _add(entities, entity)
        else:
            name, argument, at = _open(raw, begin)
            open_tags.append(Tag(name, argument, offset, len(pieces)))
    write(raw[at:].decode())
    if open_tags:
        raise _unparsable(f'Can\'t find end tag corresponding to start tag "{open_tags[-1].name}"')
    return "".join(pieces), _sorted(_outside_code(entities))


def to_html(text: str, entities: list[Entity]) -> str:
    """The HTML that says the same, for a person's view; recognised entities need no tag."""
    units = text.encode("utf-16-le")
    marks: list[tuple[int, int, int, str]] = []  # position, closing before opening, nesting, tag
    for depth, entity in enumerate(entities):
        opening, closing = _tags(entity)
        if opening:
            marks.append((entity["offset"], 1, depth, opening))
            marks.append((entity["offset"] + entity["length"], 0, -depth, closing))
    marks.sort()
    pieces, at = [], 0
    for position, _, _, tag in marks:
        pieces += [html.escape(units[at * 2 : position * 2].decode("utf-16-le"), quote=False), tag]
        at = position
    return "".join([*pieces, html.escape(units[at * 2 :].decode("utf-16-le"), quote=False)])


def _tags(entity: Entity) -> tuple[str, str]:
    match entity["type"]:
        case "expandable_blockquote":
            return "<blockquote expandable>", "</blockquote>"
        case "text_link":
            return f'<a href="{html.escape(entity["url"])}">', "</a>"
        case "custom_emoji":
            return f'<tg-emoji emoji-id="{entity["custom_emoji_id"]}">', "</tg-emoji>"
        case kind:
            tag = WRITTEN.get(kind)
            return (f"<{tag}>", f"</{tag}>") if tag else ("", "")


def _unparsable(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")


def _reference(raw: bytes, begin: int) -> tuple[str, int]:
    """The character at an ampersand and where to go on; an unknown reference is the plain ampersand."""
    if match := REFERENCE.match(raw, begin):
        hexadecimal, decimal, name = match.groups()
        if name is not None:
            character = NAMED.get(name, "")
        else:
            code = int(hexadecimal, 16) if hexadecimal else int(decimal)
            if 0xD800 <= code <= 0xDFFF:
                raise _unparsable(
                    "Text contains invalid Unicode characters after decoding HTML entities, "
                    "check for unmatched surrogate code units"
                )
            character = chr(code) if 0 < code < 0x10FFFF else ""
        if character:
            return character, match.end()
    return "&", begin + 1


def _resolved(raw: bytes) -> str:
    """An attribute's value with its references replaced."""
    pieces, at = [], 0
    while (ampersand := raw.find(b"&", at)) >= 0:
        character, after = _reference(raw, ampersand)
        pieces += [raw[at:ampersand].decode(), character]
        at = after
    return "".join([*pieces, raw[at:].decode()])


def _open(raw: bytes, begin: int) -> tuple[str, str, int]:
    """Name, argument and end of the start tag at `begin`."""
    end = begin + 1
    while end < len(raw) and raw[end] not in SPACE and raw[end] != ord(">"):
        end += 1
    if end == len(raw):
        raise _unparsable(f"Unclosed start tag at byte offset {begin}")
    name = raw[begin + 1 : end].decode().lower()
    if name not in STYLES:
        raise _unparsable(f'Unsupported start tag "{name}" at byte offset {begin}')
    argument = ""
    for attribute, value, at in _attributes(raw, begin, end, name):
        end = at
        match name, attribute:
            case ("a", "href") | ("tg-emoji", "emoji-id"):
                argument = value
            case ("code", "class") if value.startswith("language-"):
                argument = value.removeprefix("language-")
            case ("span", "class") if value.startswith("tg-"):
                argument = value.removeprefix("tg-")
            case ("blockquote", "expandable"):
                argument = "1"
    if name == "span" and argument != "spoiler":
        raise _unparsable(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
    return name, argument, end


def _attributes(raw: bytes, begin: int, at: int, tag: str) -> Iterator[tuple[str, str, int]]:
    """Each attribute with its value; at last an empty one with the position behind the tag."""
    size = len(raw)

    def skip_space(at: int) -> int:
        while at < size and raw[at] in SPACE:
            at += 1
        return at

    while (at := skip_space(at)) >= size or raw[at] != ord(">"):
        start = at
        while at < size and raw[at] not in SPACE and raw[at] not in b"=>/\"'":
            at += 1
        attribute = raw[start:at].decode()
        if not attribute:
            if at >= size:
                raise _unparsable(f"Unclosed start tag at byte offset {begin}")
            raise _unparsable(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        at = skip_space(at)
        if at >= size:
            raise _unparsable(f'Unclosed start tag "{tag}" at byte offset {begin}')
        if raw[at] != ord("="):
            yield attribute, "", at
            continue
        at = skip_space(at + 1)
        if at >= size:
            raise _unparsable(f'Unclosed start tag "{tag}" at byte offset {begin}')
        quote = raw[at : at + 1]
        if quote in (b'"', b"'"):
            end = raw.find(quote, at + 1)
            if end < 0 or end + 1 == size:
                raise _unparsable(f"Unclosed start tag at byte offset {begin}")
            value = _resolved(raw[at + 1 : end])
            at = end + 1
        else:
            end = at
            while end < size and raw[end] in NAME_TOKEN:
                end += 1
            if end < size and raw[end] not in SPACE and raw[end] != ord(">"):
                raise _unparsable(f"Unexpected end of name token at byte offset {at}")
            value = raw[at:end].decode().lower()
            at = end
        yield attribute, value, at
    yield "", "", at + 1


def _close(raw: bytes, begin: int, open_tags: list[Tag]) -> int:
    """Where the end tag at `begin` ends; refuses one that does not fit."""
    if not open_tags:
        raise _unparsable(f"Unexpected end tag at byte offset {begin}")
    match = END_TAG.match(raw, begin)
    if match is None or raw[match.end() : match.end() + 1] != b">":
        raise _unparsable(f"Unclosed end tag at byte offset {begin}")
    name, expected = match[1].decode().lower(), open_tags[-1].name
    if name and name != expected:
        raise _unparsable(
            f'Unmatched end tag at byte offset {begin}, expected "</{expected}>", found "</{name}>"'
        )
    return match.end() + 1


def _entity(tag: Tag, end: int, pieces: list[str]) -> Entity | None:
    """What a closed tag means; None when it means nothing (empty, or a link to nowhere)."""
    if end == tag.offset:
        return None
    entity: Entity = {"type": STYLES[tag.name], "offset": tag.offset, "length": end - tag.offset}
    match tag.name:
        case "a":
            url = checked_link(tag.argument or "".join(pieces[tag.piece :]))
            return entity | {"url": url} if url else None
        case "tg-emoji":
            if not tag.argument.isdecimal() or int(tag.argument) == 0:
                raise _unparsable("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = tag.argument
        case "blockquote" if tag.argument:
            entity["type"] = "expandable_blockquote"
        case "code" if tag.argument:
            entity["language"] = tag.argument
    return entity


def _add(entities: list[Entity], entity: Entity) -> None:
    """Append; <pre><code class="language-x"> is one entity with a language."""
    last = entities[-1] if entities else {}
    same_place = (last.get("offset"), last.get("length")) == (entity["offset"], entity["length"])
    if entity["type"] == "pre" and same_place and last["type"] == "code" and "language" in last:
        last["type"] = "pre"
    elif not (same_place and last["type"] == entity["type"]):
        entities.append(entity)


def _outside_code(entities: list[Entity]) -> list[Entity]:
    """Code allows nothing inside, and names a language only in a pre."""
    blocks = [e for e in entities if e["type"] in ("code", "pre")]
    for block in blocks:
        if block["type"] == "code":
            block.pop("language", None)
    return [e for e in entities if e in blocks or e["type"].endswith("quote") or not _overlap(e, blocks)]


def _overlap(entity: Entity, others: list[Entity]) -> bool:
    begin, end = entity["offset"], entity["offset"] + entity["length"]
    return any(begin < o["offset"] + o["length"] and o["offset"] < end for o in others)


def checked_link(link: str) -> str:
    """The address as Telegram keeps it, "" when it is none: http, https, tg; a host with a dot."""
    match = re.fullmatch(
        r"(?:(https?|tg|mailto|tel):(?://)?)?([^/?#\s]+)([/?#]\S*)?", link.strip(), re.IGNORECASE
    )
    if match is None:
        return ""
    scheme, host, rest = (match[1] or "http").lower(), match[2], match[3] or ""
    if scheme == "tg":
        return f"tg://{host}{rest}"
    if scheme in ("mailto", "tel"):
        return link.strip()
    return f"{scheme}://{host.lower()}{rest or '/'}" if "." in host.strip(".") else ""


def _given(entity: object, text: str) -> Entity:
    """One of the entities passed in the call."""
    problem = "can't parse MessageEntity: "
    if not isinstance(entity, dict):
        raise bad_request(problem + "expected an Object")
    for name, kind in GIVEN_FIELDS.items():
        if name not in entity and (name != "url" or entity.get("type") == "text_link"):
            raise bad_request(f'{problem}Can\'t find field "{name}"')
        if name in entity and type(entity[name]) is not kind:
            wanted = "Number" if kind is int else "String"
            raise bad_request(f'{problem}Field "{name}" must be of type {wanted}')
    begin, end = entity["offset"], entity["offset"] + entity["length"]
    units = text.encode("utf-16-le")
    try:
        units[: begin * 2].decode("utf-16-le")
        units[: end * 2].decode("utf-16-le")
    except UnicodeDecodeError:
        raise bad_request("ENTITY_BOUNDS_INVALID") from None
    if begin < 0 or entity["length"] < 0:
        raise bad_request("ENTITY_BOUNDS_INVALID")
    return dict(entity)


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without white space at the ends; a leading one stays when an entity covers it."""
    end = text.rstrip(BLANK)
    first = min((e["offset"] for e in entities), default=len(end))
    start = min(len(end) - len(end.lstrip(" \n")), first) if end else 0
    if end == text and not start:
        return text, entities
    text, size = end[start:], utf16_length(end)
    kept = []
    for entity in entities:
        length = min(entity["offset"] + entity["length"], size) - entity["offset"]
        if length > 0:
            kept.append(entity | {"offset": entity["offset"] - start, "length": length})
    return text, kept


def _with_recognised(text: str, entities: list[Entity]) -> list[Entity]:
    """The entities and those Telegram finds by itself where none of links and code is."""
    taken = [
        e for e in entities if e["type"] in ("code", "pre", "text_link", "url", "mention", "bot_command")
    ]
    found: list[Entity] = []
    for match in RECOGNISED.finditer(text):
        kind = match.lastgroup or ""
        entity = {
            "type": kind,
            "offset": utf16_length(text[: match.start(kind)]),
            "length": utf16_length(match[kind]),
        }
        if not _overlap(entity, taken):
            found.append(entity)
    return _sorted(entities + found) if found else entities


def _sorted(entities: list[Entity]) -> list[Entity]:
    """In the order of the text, outer ones first; of those at the same place in TDLib's order."""
    return sorted(entities, key=lambda e: (e["offset"], -e["length"], ORDER.get(e["type"], 50)))
