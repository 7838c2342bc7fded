"""Puts the monthly report together: three rates, half a year, the buildings, what comes up again."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.printing.layout import ACCENT, INK, PALE, SOFT, WHITE, Block, Box, Piece, Text
from bot.printing.lettering import fit, printable, width_of, wrap

WIDTH = 360.0
_MARGIN = 22.0
_INNER = WIDTH - 2 * _MARGIN
_LIGHT, _PAPER = "#E9BDB6", "#F7F2EF"
"""The accent and the grey, so pale that ink on them can be read."""
_LEADING = 1.3
_GAP = 20.0


@dataclass(frozen=True, slots=True)
class Gauge:
    """One rate: in percent (None: too few to say), of how many, and the six latest months, this one last."""

    label: str
    percent: int | None
    note: str
    hint: str
    trend: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """A building: how many were reported, and how many were done."""

    label: str
    filed: int
    done: int


@dataclass(frozen=True, slots=True)
class Spot:
    """A place and what comes up there, and how often."""

    label: str
    category: str
    count: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything on the picture, in the words of its reader; `counts` are (number, what it counts)."""

    locale: str
    title: str
    compound: str
    month: str
    counts: tuple[tuple[str, str], ...]
    gauges: tuple[Gauge, ...]
    months: tuple[str, ...]
    trend_title: str
    bars_title: str
    legend: tuple[str, str]
    bars: tuple[Bar, ...]
    bars_note: str
    spots_title: str
    spots: tuple[Spot, ...]
    spots_note: str
    foot: tuple[str, ...]


def report_page(report: Report) -> Block:
    """Return the page, as high as it became, from its upper left corner."""
    pieces: list[Piece] = []
    y = 0.0
    head = _head(report)
    pieces += head.pieces
    y += head.height + _GAP * 0.9
    parts = [_gauges(report), _trend(report), _bars(report), _spots(report)]
    for block in parts:
        if block.height:
            pieces += block.at(_MARGIN, y)
            y += block.height + _GAP
    foot = _foot(report)
    pieces += foot.at(0, y)
    return Block(y + foot.height, (Box(0, 0, WIDTH, y + foot.height, WHITE), *pieces))


def _line(
    text: str,
    x: float,
    y: float,
    size: float,
    width: float,
    *,
    bold: bool = False,
    colour: str = INK,
    share: float = 0.0,
) -> list[Piece]:
    """One line, shrunk or cut to its width; `share` of what is left over stands before it."""
    lines, size = fit(printable(text), width, size, least=size * 0.7, lines=1, bold=bold)
    return [
        Text(x + share * (width - width_of(line, size, bold=bold)), y, line, size, bold, colour)
        for line in lines
    ]


def _head(report: Report) -> Block:
    """What and where, white on the one strong band, and the counts of the month in it."""
    pieces = _line(report.month, _MARGIN, 34, 15, _INNER, bold=True, colour=WHITE, share=1)
    pieces += _line(report.title, _MARGIN, 38, 27, _INNER * 0.62, bold=True, colour=WHITE)
    pieces += _line(report.compound, _MARGIN, 59, 13, _INNER, colour=WHITE)
    width = _INNER / len(report.counts)
    for place, (number, what) in enumerate(report.counts):
        x = _MARGIN + place * width
        pieces += _line(number, x, 101, 30, width - 6, bold=True, colour=WHITE)
        pieces += _line(what, x, 117, 10.5, width - 6, colour=WHITE)
    return Block(131, (Box(0, 0, WIDTH, 131, ACCENT), *pieces))


def _title(text: str, note: str = "") -> Block:
    pieces = _line(text, 0, 12, 14, _INNER * 0.6, bold=True)
    pieces += _line(note, _INNER * 0.5, 12, 9.5, _INNER * 0.5, colour=SOFT, share=1)
    return Block(24, tuple(pieces))


def _gauges(report: Report) -> Block:
    """Each rate as a large number over a bar that is full at a hundred."""
    column = (_INNER - 2 * 14) / 3
    pieces: list[Piece] = []
    lines = 1
    for place, gauge in enumerate(report.gauges):
        x = place * (column + 14)
        pieces += _line(gauge.label, x, 12, 13, column, bold=True)
        number = "—" if gauge.percent is None else f"{gauge.percent}%"
        colour = SOFT if gauge.percent is None else ACCENT
        pieces += _line(number, x, 47, 34, column, bold=True, colour=colour)
        pieces.append(Box(x, 56, column, 7, PALE, 3.5))
        if gauge.percent:
            pieces.append(Box(x, 56, max(7.0, column * gauge.percent / 100), 7, ACCENT, 3.5))
        pieces += _line(gauge.note, x, 77, 10, column, bold=True, colour=SOFT)
        hint = wrap(printable(gauge.hint), [column], 9, 2)
        for below, line in enumerate(hint):
            pieces += _line(line, x, 90 + below * 9 * _LEADING, 9, column, colour=SOFT)
        lines = max(lines, len(hint))
    return Block(82 + lines * 9 * _LEADING, tuple(pieces))


def _trend(report: Report) -> Block:
    """The same three in columns, month by month; a month of too few cases has none."""
    head = _title(report.trend_title)
    height, column = 54.0, (_INNER - 2 * 14) / 3
    top = head.height + 24
    pieces: list[Piece] = [*head.pieces]
    for place, gauge in enumerate(report.gauges):
        x = place * (column + 14)
        pieces += _line(gauge.label, x, head.height + 9, 9.5, column, colour=SOFT)
        pieces.append(Box(x, top + height, column, 0.8, SOFT))
        width = column / max(1, len(gauge.trend))
        for number, percent in enumerate(gauge.trend):
            left = x + number * width
            latest = number == len(gauge.trend) - 1
            if percent is not None:
                tall = max(1.5, height * percent / 100)
                colour = ACCENT if latest else _LIGHT
                pieces.append(Box(left + 2, top + height - tall, width - 4, tall, colour))
                y = top + height - tall - 2.5
                pieces += _line(str(percent), left, y, 7.5, width, bold=latest, share=0.5)
            else:
                pieces += _line("–", left, top + height - 4, 7.5, width, colour=SOFT, share=0.5)
            month = report.months[number] if number < len(report.months) else ""
            pieces += _line(month, left, top + height + 10, 7.5, width, bold=latest, colour=SOFT, share=0.5)
    return Block(top + height + 13, tuple(pieces))


def _bars(report: Report) -> Block:
    """A bar for each building: pale what was reported, strong what was done of it."""
    if not report.bars:
        return Block(0, ())
    head = _title(report.bars_title)
    pieces: list[Piece] = [*head.pieces]
    filed, done = (printable(word) for word in report.legend)
    x = _INNER
    for word, colour in ((done, ACCENT), (filed, _LIGHT)):
        x -= width_of(word, 9)
        pieces += _line(word, x, 12, 9, _INNER, colour=SOFT)
        x -= 12
        pieces.append(Box(x, 4.5, 8, 8, colour, 1.5))
        x -= 9
    widest = max(width_of(printable(bar.label), 11) for bar in report.bars)
    left = min(_INNER * 0.32, widest + 8)
    most = max(max(bar.filed, bar.done) for bar in report.bars) or 1
    room = _INNER - left - 52
    y = head.height
    for bar in report.bars:
        pieces += _line(bar.label, 0, y + 10, 11, left - 6)
        # One within the other: both can be seen, also where more was done than was new.
        if bar.filed:
            pieces.append(Box(left, y, max(2.0, room * bar.filed / most), 14, _LIGHT, 2))
        if bar.done:
            pieces.append(Box(left, y + 4, max(2.0, room * bar.done / most), 6, ACCENT, 1.5))
        end = left + room * max(bar.filed, bar.done) / most + 6
        pieces += _line(f"{bar.filed} / {bar.done}", end, y + 10, 10, 52, bold=True)
        y += 19
    y -= 2
    for line in wrap(printable(report.bars_note), [_INNER], 9, 2):
        pieces += _line(line, 0, y + 10, 9, _INNER, colour=SOFT)
        y += 9 * _LEADING
    return Block(y, tuple(pieces))


def _spots(report: Report) -> Block:
    """Where the same comes up again and again."""
    head = _title(report.spots_title)
    pieces: list[Piece] = [*head.pieces]
    y = head.height
    for spot in report.spots:
        pieces.append(Box(0, y, _INNER, 22, _PAPER, 4))
        pieces += _line(spot.label, 10, y + 15, 11.5, _INNER * 0.5 - 16, bold=True)
        pieces += _line(spot.category, _INNER * 0.5, y + 15, 11, _INNER * 0.3 - 6, colour=SOFT)
        room = _INNER * 0.2 - 10
        pieces += _line(spot.count, _INNER * 0.8, y + 15, 11.5, room, bold=True, colour=ACCENT, share=1)
        y += 26
    if not report.spots:
        pieces += _line(report.spots_note, 0, y + 9, 10.5, _INNER, colour=SOFT)
        y += 14
    return Block(y, tuple(pieces))


def _foot(report: Report) -> Block:
    """How it was counted, on grey."""
    lines: Sequence[str] = [line for part in report.foot for line in wrap(printable(part), [_INNER], 8.5, 4)]
    pieces: list[Piece] = []
    for number, line in enumerate(lines):
        pieces += _line(line, _MARGIN, 18 + number * 8.5 * 1.45, 8.5, _INNER, colour=SOFT)
    height = 18 + len(lines) * 8.5 * 1.45 + 6
    return Block(height, (Box(0, 0, WIDTH, height, _PAPER), *pieces))
