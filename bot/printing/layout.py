"""Puts the card together: what stands where, in points from the upper left corner."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import groupby
from typing import Literal

from bot.printing.cards import Card, CardLine, CardWords
from bot.printing.lettering import fit, printable, width_of, wrap

ACCENT, INK, SOFT, PALE, WHITE = "#B3261E", "#1A1A1A", "#4D4A48", "#D5CEC8", "#FFFFFF"
"""Vermilion, which prints as a dark grey in black and white, near-black, and greys that can still be read."""
MM = 72 / 25.4
_LEADING = 1.28
_ASCENT, _DESCENT = 0.9, 0.26
"""How far letters reach above and below the line they stand on, in their size."""
_MORE = "…"
_SHORT = re.compile(r"[0-9]{1,5}")
"""Numbers everybody knows by heart, such as 110 and 12345."""
_MOBILE = re.compile(r"(\+86)?[ -]?(1\d\d)[ -]?(\d{4})[ -]?(\d{4})")


@dataclass(frozen=True, slots=True)
class Text:
    """One line of letters; `y` is the line they stand on."""

    x: float
    y: float
    text: str
    size: float
    bold: bool
    colour: str


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    radius: float = 0


@dataclass(frozen=True, slots=True)
class Code:
    """A QR code, each side `size` long with the quiet zone around it."""

    x: float
    y: float
    size: float
    link: str


Piece = Text | Box | Code


@dataclass(frozen=True, slots=True)
class Block:
    """Pieces that keep together, from their own upper left corner."""

    height: float
    pieces: tuple[Piece, ...]

    def at(self, x: float, y: float) -> list[Piece]:
        """Return the pieces with the corner moved there."""
        return _moved(self.pieces, x, y)


@dataclass(frozen=True, slots=True)
class Step:
    """The sizes of a list of posts: names and phones, posts, the rest; between rows.

    A duty has so many lines below the name; a dense list has it, with the hours, between name and phone.
    """

    name: float
    post: float
    small: float
    gap: float
    duty_lines: int = 0
    is_dense: bool = False


@dataclass(frozen=True, slots=True)
class Design:
    """A page: `height` None ends where its content ends, at the latest at `highest`.

    `post_width` is the column of the posts; 0 puts them above the names. `steps` are tried from the largest.
    """

    width: float
    height: float | None
    highest: float
    margin: float
    gap: float
    title: float
    place: float
    body: float
    code: float
    number: float
    post_width: float
    steps: tuple[Step, ...]


POSTER = Design(
    width=210 * MM,
    height=297 * MM,
    highest=297 * MM,
    margin=16 * MM,
    gap=13,
    title=54,
    place=26,
    body=14,
    code=112,
    number=30,
    post_width=132,
    steps=(
        Step(40, 25, 16, 38, 12),
        Step(36, 23, 15.5, 30, 12),
        Step(32, 21, 15, 24, 12),
        Step(29, 19, 14, 20, 8),
        Step(26.5, 18, 13, 16, 8),
        Step(24.5, 17, 12.5, 13, 6),
        Step(22.5, 16, 12, 11, 3),
        Step(21, 15, 11, 9, 2),
        Step(19.5, 14, 10, 8, 1),
        Step(21, 15, 10, 8, is_dense=True),
        Step(19, 14, 9.5, 6, is_dense=True),
        Step(17, 12.5, 8.5, 4.5, is_dense=True),
        Step(15, 11, 7.5, 3.5, is_dense=True),
    ),
)
PICTURE = Design(
    width=360,
    height=None,
    highest=860,
    margin=22,
    gap=12,
    title=36,
    place=19,
    body=12,
    code=84,
    number=22,
    post_width=0,
    steps=(
        Step(27, 15, 13, 20, 12),
        Step(25, 14, 12.5, 16, 6),
        Step(23, 13.5, 12, 13, 3),
        Step(21, 13, 11, 10, 2),
        Step(19, 12, 10.5, 8, 1),
        Step(17, 11, 10, 7, 1),
        Step(15, 10, 9, 6, 1),
        Step(17, 11, 10, 6),
        Step(14, 10, 9, 5),
    ),
)
SMALL_WIDTH, SMALL_HEIGHT = 90 * MM, 54 * MM
_SMALL_MARGIN = 4 * MM
_SMALL_STEPS = (
    *(Step(size, size - 1, size - 2, size * 0.38) for size in (11.5, 10.5, 9.5, 8.5, 7.5, 7)),
    Step(7, 6, 5.5, 0.9),
)


def page(card: Card, design: Design) -> Block:
    """Return a page as high as it became: head, posts, code, numbers, foot."""
    card = _printable(card)
    width = design.width - 2 * design.margin
    head = _head(card, design, width)
    foot = [_scan(card, design, width), _numbers(card, design, width), _printed(card, design, width)]
    outer = sum(block.height for block in (head, *foot)) + design.gap * (len(foot) + 1) + 2 * design.margin
    room = (design.height or design.highest) - outer
    rows = _rows(card, design.steps, width, design.post_width, room, is_stretched=design.height is not None)
    if design.height is not None:
        rows = replace(rows, height=room)
    whole = _stack([head, rows, *foot], design.gap)
    return Block(whole.height + 2 * design.margin, tuple(whole.at(design.margin, design.margin)))


def _printable(card: Card) -> Card:
    """The card with such characters only as can be set; its link stays as it is."""
    return Card(
        compound=printable(card.compound),
        building=printable(card.building),
        entrance=printable(card.entrance),
        lines=tuple(CardLine(*map(printable, astuple(line))) for line in card.lines),
        numbers=tuple((printable(name), printable(number)) for name, number in card.numbers),
        link=card.link,
        words=CardWords(*map(printable, astuple(card.words))),
    )


def _stack(blocks: Iterable[Block], gap: float) -> Block:
    pieces: list[Piece] = []
    y = 0.0
    for block in blocks:
        pieces += block.at(0, y)
        y += block.height + gap
    return Block(max(0, y - gap), tuple(pieces))


def _moved(pieces: Iterable[Piece], right: float, down: float) -> list[Piece]:
    return [replace(piece, x=piece.x + right, y=piece.y + down) for piece in pieces]


def _set(
    lines: Sequence[str],
    size: float,
    x: float,
    y: float,
    *,
    bold: bool = False,
    colour: str = INK,
    width: float = 0,
    side: Literal["left", "right", "centre"] = "left",
) -> list[Piece]:
    """Set lines below each other, the first on `y`, to one side of `width`."""
    share = {"left": 0.0, "centre": 0.5, "right": 1.0}[side]
    return [
        Text(
            x + share * (width - width_of(line, size, bold=bold)),
            y + number * size * _LEADING,
            line,
            size,
            bold,
            colour,
        )
        for number, line in enumerate(lines)
    ]


def _depth(lines: Sequence[str], size: float) -> float:
    """How far lines reach below the one the first stands on."""
    return (len(lines) - 1) * size * _LEADING + size * _DESCENT if lines else 0


# The page ----------------------------------------------------------------------------------------------


def _head(card: Card, design: Design, width: float) -> Block:
    """The title with its slogan to the left, the place to the right, a rule below."""
    left, right = width * 0.5, width * 0.46
    title, size = fit(card.words.title, left, design.title, least=design.title * 0.5, lines=2, bold=True)
    baseline = design.title * _ASCENT
    pieces = _set(title, size, 0, baseline, bold=True, colour=ACCENT)
    y = baseline + _depth(title, size) + design.body * 1.25
    slogan, slogan_size = fit(card.words.slogan, left, design.body * 1.1, least=design.body * 0.8, lines=2)
    pieces += _set(slogan, slogan_size, 0, y, colour=SOFT)
    bottom = y + _depth(slogan, slogan_size)

    place = " ".join(part for part in (card.building, card.entrance) if part)
    place_lines, place_size = fit(place, right, design.place, least=design.place * 0.6, lines=2, bold=True)
    compound, compound_size = fit(
        card.compound, right, design.body * 1.25, least=design.body, lines=2, bold=True
    )
    y -= (len(place_lines) - 1) * place_size * _LEADING
    pieces += _set(place_lines, place_size, width - right, y, bold=True, width=right, side="right")
    y -= place_size * _ASCENT + design.body * 0.4 + _depth(compound, compound_size)
    pieces += _set(
        compound, compound_size, width - right, y, colour=SOFT, bold=True, width=right, side="right"
    )
    rise = max(0.0, compound_size * _ASCENT - y)
    rule = design.title * 0.06
    pieces.append(Box(0, bottom + design.body * 0.6, width, rule, ACCENT))
    return Block(bottom + design.body * 0.6 + rule + rise, tuple(_moved(pieces, 0, rise)))


def _rows(
    card: Card, steps: Sequence[Step], width: float, post_width: float, room: float, *, is_stretched: bool
) -> Block:
    """The posts in the largest sizes that fit; when even the smallest do not, the farthest are left out."""
    groups = [
        tuple(lines)
        for _, lines in groupby(card.lines, lambda line: replace(line, name="", phone="", note=""))
    ]
    rows: list[Block] = []
    for step in steps:
        column = min(post_width, max((_post_width(lines[0], step) for lines in groups), default=0))
        rows = [_row(lines, card, width, column, step) for lines in groups]
        if _height(rows, step.gap) <= room:
            break
    else:
        step = steps[-1]
        more = Block(step.name, tuple(_set([_MORE], step.name, 0, step.name * 0.9, bold=True, colour=SOFT)))
        while rows and _height([*rows, more], step.gap) > room:
            rows.pop()
        rows.append(more)
    gap = step.gap
    if is_stretched and rows:
        gap = min(gap * 2, gap + (room - _height(rows, gap)) / len(rows))
    return _ruled(rows, gap, width)


def _post_width(line: CardLine, step: Step) -> float:
    """How wide a column its post asks for, with the space to the next."""
    return width_of(line.post, step.post, bold=True) + step.post * 1.5


def _height(rows: Sequence[Block], gap: float) -> float:
    return sum(row.height for row in rows) + gap * max(0, len(rows) - 1)


def _ruled(rows: Sequence[Block], gap: float, width: float) -> Block:
    """Rows below each other with a hairline in every gap."""
    stack = _stack(rows, gap)
    pieces, y = list(stack.pieces), 0.0
    for row in rows[:-1]:
        y += row.height + gap
        pieces.append(Box(0, y - gap / 2 - 0.25, width, 0.5, PALE))
    return Block(stack.height, tuple(pieces))


def _row(lines: Sequence[CardLine], card: Card, width: float, post_width: float, step: Step) -> Block:
    """One post: what it is and where, everybody who holds it, the duty and the hours."""
    baseline = (step.name if post_width else step.post) * _ASCENT
    pieces, bottom = _post(lines[0], (post_width or width) - step.post * 0.8, step, baseline)
    y = 0.0 if post_width else bottom
    below = [_person(line, card, width - post_width, step, is_first=line is lines[0]) for line in lines]
    if step.duty_lines:
        below.append(_details(lines[0], width - post_width, step))
    person = _stack(below, 0)
    return Block(max(bottom, y + person.height), (*pieces, *person.at(post_width, y)))


def _post(line: CardLine, width: float, step: Step, baseline: float) -> tuple[list[Piece], float]:
    """The post, its place behind it or, where that does not fit, below; and how far down they reach."""
    lines, size = fit(line.post, width, step.post, least=step.post * 0.75, lines=3, bold=True)
    pieces = _set(lines, size, 0, baseline, bold=True, colour=ACCENT)
    bottom = baseline + _depth(lines, size)
    x = _widest(lines, size, bold=True) + step.small * 0.5
    if len(lines) == 1 and x + width_of(line.where, step.small) <= width:
        return pieces + _set([line.where], step.small, x, baseline, colour=SOFT), bottom
    lines, size = fit(line.where, width, step.small, least=step.small * 0.8, lines=2)
    pieces += _set(lines, size, 0, bottom + size * _ASCENT, colour=SOFT)
    return pieces, bottom + (size * _ASCENT if lines else 0) + _depth(lines, size)


def _widest(lines: Sequence[str], size: float, *, bold: bool = False) -> float:
    return max((width_of(line, size, bold=bold) for line in lines), default=0)


def _person(line: CardLine, card: Card, width: float, step: Step, *, is_first: bool) -> Block:
    """Who holds it, the phone, and who stands in."""
    baseline = step.name * _ASCENT
    phone, size, bold, colour = grouped(line.phone), step.name, True, INK
    if line.name and not phone:
        phone, size, bold, colour = card.words.unlisted, step.small, False, SOFT
    phones, phone_size = fit(phone, width * 0.56, size, least=size * 0.6, lines=2, bold=bold)
    room = width - _widest(phones, phone_size, bold=bold) - (step.name * 0.5 if phones else 0)
    if line.name:
        names, size = fit(line.name, room, step.name, least=step.name * 0.6, lines=2, bold=True)
    else:
        names, size = fit(card.words.vacant, room, step.name * 0.8, least=step.name * 0.5, lines=2)
    pieces = _set(names, size, 0, baseline, bold=bool(line.name), colour=INK if line.name else SOFT)
    pieces += _set(phones, phone_size, 0, baseline, bold=bold, colour=colour, width=width, side="right")
    bottom = baseline + max(_depth(names, size), _depth(phones, phone_size), step.name * (_LEADING - _ASCENT))
    if step.is_dense and is_first:
        left = max(_widest(names, size, bold=bool(line.name)), 3 * step.name) + step.name
        right = width - _widest(phones, phone_size, bold=bold) - step.name
        pieces += _between(line, left, right, step)
        bottom = max(bottom, step.small * (1 + _LEADING + _DESCENT))
    note = wrap(line.note, [width], step.small, 2, bold=True)
    pieces += _set(note, step.small, 0, bottom + step.small, bold=True, colour=ACCENT)
    return Block(bottom + len(note) * step.small * _LEADING, tuple(pieces))


def _between(line: CardLine, left: float, right: float, step: Step) -> list[Piece]:
    """The duty and the hours in what a name and a phone leave free between them, if that is enough."""
    size, room = step.small, right - left
    if room < size * 6:
        return []
    hours = wrap(line.hours, [room], size, 1)
    lines = wrap(line.duty, [room], size, 2 - len(hours)) + hours
    first = size if len(lines) > 1 else step.name * _ASCENT
    return _set(lines, size, left, first, colour=SOFT)


def _details(line: CardLine, width: float, step: Step) -> Block:
    """The duty, and the hours at the end of its first line or, when long, above it."""
    size = step.small
    hours = wrap(line.hours, [width], size, 1)
    taken = _widest(hours, size) + size
    is_beside = bool(line.duty and hours) and taken <= width * 0.5
    above = len(hours) * size * _LEADING if not is_beside else 0
    lines = wrap(line.duty, [width - taken if is_beside else width, width], size, step.duty_lines)
    pieces = _set(lines, size, 0, above + size, colour=SOFT)
    pieces += _set(hours, size, 0, size, colour=SOFT, width=width, side="right" if is_beside else "left")
    return Block(above + len(lines) * size * _LEADING, tuple(pieces))


def grouped(phone: str) -> str:
    """Return a mobile number as it is read aloud, 138 0013 8000; any other as it is written."""
    found = _MOBILE.fullmatch(phone.strip())
    return " ".join(part for part in found.groups() if part) if found else phone


def _scan(card: Card, design: Design, width: float) -> Block:
    """The code, and beside it what it is for."""
    x = design.code + design.body * 0.3
    size = design.body * 1.7
    lines, size = fit(card.words.scan, width - x, size, least=size * 0.75, lines=2, bold=True)
    hint, small = fit(card.words.scan_hint, width - x, design.body, least=design.body * 0.95, lines=3)
    height = (len(lines) * size + len(hint) * small) * _LEADING
    top = (design.code - height) / 2
    pieces = _set(lines, size, x, top + size, bold=True)
    top += len(lines) * size * _LEADING
    pieces += _set(hint, small, x, top + small, colour=SOFT)
    return Block(design.code, (Code(-design.code / 12, 0, design.code, card.link), *pieces))


def _numbers(card: Card, design: Design, width: float) -> Block:
    """The numbers for an emergency, white on the one strong band of the page.

    Short ones stand large above their names, four a row; long ones behind theirs, two a row; three rows.
    """
    if not card.numbers:
        return Block(0, ())
    pad = design.body
    room = width - 2 * pad
    heading, size = fit(card.words.emergency, room, pad, least=pad * 0.7, lines=1, bold=True)
    rows = [Block(size * _LEADING, tuple(_set(heading, size, 0, size * _ASCENT, bold=True, colour=WHITE)))]
    short = [pair for pair in card.numbers if _SHORT.fullmatch(pair[1])]
    long = [pair for pair in card.numbers if not _SHORT.fullmatch(pair[1])]
    for numbers, columns, cell in ((short, 4, _short_number), (long, 2, _long_number)):
        for start in range(0, len(numbers), columns):
            share = room / columns
            cells = [cell(*pair, share - pad, design) for pair in numbers[start : start + columns]]
            pieces = [piece for column, block in enumerate(cells) for piece in block.at(column * share, 0)]
            rows.append(Block(max(block.height for block in cells), tuple(pieces)))
    inside = _stack(rows[:4], pad * 0.45)
    height = inside.height + pad * 1.4
    band = Box(0, 0, width, height, ACCENT, pad * 0.5)
    return Block(height, (band, *inside.at(pad, pad * 0.7)))


def _short_number(name: str, number: str, width: float, design: Design) -> Block:
    size, small = design.number, design.body * 0.9
    lines, size = fit(number, width, size, least=size * 0.5, lines=1, bold=True)
    pieces = _set(lines, size, 0, design.number * 0.85, bold=True, colour=WHITE)
    y = design.number * 0.85 + small * 1.3
    lines, size = fit(name, width, small, least=small * 0.75, lines=2)
    pieces += _set(lines, size, 0, y, colour=WHITE)
    return Block(y + _depth(lines, size), tuple(pieces))


def _long_number(name: str, number: str, width: float, design: Design) -> Block:
    size, small = design.number * 0.65, design.body * 0.9
    baseline = size * _ASCENT
    labels, small = fit(name, width * 0.4, small, least=small * 0.75, lines=2)
    x = _widest(labels, small) + (small * 0.6 if labels else 0)
    pieces = _set(labels, small, 0, baseline, colour=WHITE)
    lines, size = fit(grouped(number), width - x, size, least=size * 0.6, lines=2, bold=True)
    pieces += _set(lines, size, x, baseline, bold=True, colour=WHITE)
    return Block(baseline + max(_depth(labels, small), _depth(lines, size)), tuple(pieces))


def _printed(card: Card, design: Design, width: float) -> Block:
    size = design.body * 0.7
    lines = wrap(card.words.printed, [width], size, 2)
    return Block(len(lines) * size * _LEADING, tuple(_set(lines, size, 0, size * _ASCENT, colour=SOFT)))


# The small card ----------------------------------------------------------------------------------------


def small(card: Card) -> Block:
    """Return the front of a card of 90 x 54 mm: who, their phones, the code, the numbers that fit."""
    card = _printable(card)
    width, margin = SMALL_WIDTH - 2 * _SMALL_MARGIN, _SMALL_MARGIN
    title, size = fit(card.words.title, width * 0.4, 15, least=9, lines=1, bold=True)
    baseline = 15 * _ASCENT
    pieces = _set(title, size, 0, baseline, bold=True, colour=ACCENT)
    place = " ".join(part for part in (card.compound, card.building, card.entrance) if part)
    room = width - _widest(title, size, bold=True) - 8
    lines, size = fit(place, room, 9, least=6.5, lines=1, bold=True)
    pieces += _set(lines, size, 0, baseline, bold=True, width=width, side="right")
    top = baseline + 5
    pieces.append(Box(0, top, width, 1, ACCENT))
    top += 6

    band = 17.0
    bottom = SMALL_HEIGHT - 2 * margin
    if card.numbers:
        bottom -= band
        pieces += _strip(card, width, band).at(0, bottom)
        bottom -= 4
    code = 60.0
    pieces.append(Code(width - code + 4, top - 3, code, card.link))
    hint, size = fit(card.words.scan, code - 4, 6.5, least=6, lines=2)
    pieces += _set(hint, size, width - code + 4, top + code + 2, colour=SOFT, width=code, side="centre")
    # A card in a wallet outlives an absence.
    lasting = replace(card, lines=tuple(replace(line, note="") for line in card.lines))
    rows = _rows(lasting, _SMALL_STEPS, width - code - 2, 50, bottom - top, is_stretched=True)
    pieces += rows.at(0, top)
    return Block(SMALL_HEIGHT, tuple(_moved(pieces, margin, margin)))


def _strip(card: Card, width: float, height: float) -> Block:
    pieces: list[Piece] = [Box(0, 0, width, height, ACCENT, 2)]
    x = 6.0
    for name, number in card.numbers:
        label, value = name + " ", grouped(number)
        end = x + width_of(label, 7) + width_of(value, 9.5, bold=True)
        if end > width - 6:
            break
        pieces += _set([label], 7, x, height * 0.68, colour=WHITE)
        pieces += _set([value], 9.5, x + width_of(label, 7), height * 0.7, bold=True, colour=WHITE)
        x = end + 9
    return Block(height, tuple(pieces))
