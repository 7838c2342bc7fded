"""Prints what was laid out: PDF by reportlab, PNG of the same page by PDFium."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from threading import Lock

import pypdfium2
from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from bot.printing.cards import Card
from bot.printing.codes import qr_code
from bot.printing.layout import (
    INK,
    MM,
    PICTURE,
    POSTER,
    SMALL_HEIGHT,
    SMALL_WIDTH,
    Block,
    Box,
    Code,
    Piece,
    Text,
    page,
    small,
)
from bot.printing.lettering import printable, runs
from bot.printing.report import WIDTH, Report, report_page

_A4 = (210 * MM, 297 * MM)
_PIXELS_PER_POINT = 3
_QUIET = 4
"""Modules around a QR code that stay white (ISO/IEC 18004)."""
_THICKENED = 0.04
"""Of its size by which a rare character's strokes grow to look bold."""
_PDFIUM = Lock()
"""PDFium is not made for several threads."""


def poster(cards: Sequence[Card]) -> bytes:
    """Return a PDF with one A4 page per card, for the wall of an entrance.

    The same cards give the same bytes. ValueError without a card, or with a link too long for a QR code.
    """
    return _pdf(cards, [page(card, POSTER) for card in cards], _A4)


def business_cards(cards: Sequence[Card]) -> bytes:
    """Return a PDF with one A4 sheet per card: ten of 90 x 54 mm and marks to cut at; errors as in poster."""
    return _pdf(cards, [_ten(small(card)) for card in cards], _A4)


def picture(card: Card) -> bytes:
    """Return a PNG for a chat, 1080 pixels wide and as high as its content; errors as in poster."""
    block = page(card, PICTURE)
    return _png(_pdf([card], [block], (PICTURE.width, block.height)))


def report_picture(report: Report) -> bytes:
    """Return a PNG of a monthly report, 1080 pixels wide and as high as its content."""
    block = report_page(report)
    canvas, file = _canvas(report.locale, report.title, report.compound, report.month, (WIDTH, block.height))
    _print(canvas, block, block.height)
    canvas.save()
    return _png(file.getvalue())


def _png(pdf: bytes) -> bytes:
    with _PDFIUM, pypdfium2.PdfDocument(pdf) as document:
        image = document[0].render(scale=_PIXELS_PER_POINT).to_pil()
    file = BytesIO()
    # Two colours and their shades: a palette quarters the file, and nobody sees it.
    image.quantize(64).save(file, "PNG")
    return file.getvalue()


def _ten(card: Block) -> Block:
    """Two columns and five rows of a small card, with marks outside to cut at."""
    width, height = _A4
    left, top = (width - 2 * SMALL_WIDTH) / 2, (height - 5 * SMALL_HEIGHT) / 2
    columns, rows = [left + n * SMALL_WIDTH for n in range(3)], [top + n * SMALL_HEIGHT for n in range(6)]
    away, long, thin = 2 * MM, 5 * MM, 0.4
    above, below = rows[0] - away - long, rows[-1] + away
    before, behind = columns[0] - away - long, columns[-1] + away
    return Block(
        height,
        (
            *(Box(x - thin / 2, y, thin, long, INK) for x in columns for y in (above, below)),
            *(Box(x, y - thin / 2, long, thin, INK) for x in (before, behind) for y in rows),
            *(piece for x in columns[:-1] for y in rows[:-1] for piece in card.at(x, y)),
        ),
    )


def _pdf(cards: Sequence[Card], pages: Iterable[Block], size: tuple[float, float]) -> bytes:
    if not cards:
        raise ValueError("there is no card to print")
    words = cards[0].words
    canvas, file = _canvas(words.locale, words.title, cards[0].compound, words.slogan, size)
    for block in pages:
        _print(canvas, block, size[1])
    canvas.save()
    return file.getvalue()


def _canvas(
    locale: str, title: str, author: str, subject: str, size: tuple[float, float]
) -> tuple[Canvas, BytesIO]:
    file = BytesIO()
    canvas = Canvas(file, pagesize=size, invariant=1, pageCompression=1, lang=locale.replace("_", "-"))
    canvas.setTitle(printable(f"{title} {author}"))
    canvas.setAuthor(printable(author))
    canvas.setSubject(printable(subject))
    canvas.setCreator("Lianxin")
    return canvas, file


def _print(canvas: Canvas, block: Block, height: float) -> None:
    for piece in block.pieces:
        _paint(canvas, piece, height)
    canvas.showPage()


def _paint(canvas: Canvas, piece: Piece, height: float) -> None:
    match piece:
        case Text():
            _write(canvas, piece, height)
        case Box():
            canvas.setFillColor(HexColor(piece.colour))
            y = height - piece.y - piece.height
            canvas.roundRect(piece.x, y, piece.width, piece.height, piece.radius, stroke=0, fill=1)
        case Code():
            _draw_code(canvas, piece, height)


def _write(canvas: Canvas, piece: Text, height: float) -> None:
    colour = HexColor(piece.colour)
    canvas.setFillColor(colour)
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(piece.size * _THICKENED)
    text = canvas.beginText(piece.x, height - piece.y)
    for run in runs(piece.text, bold=piece.bold):
        text.setFont(run.typeface, piece.size)
        text.setTextRenderMode(2 if run.is_thickened else 0)
        text.textOut(run.text)
    text.setTextRenderMode(0)
    canvas.drawText(text)


def _draw_code(canvas: Canvas, piece: Code, height: float) -> None:
    """One path for the whole code: rectangles drawn one by one leave hairlines between them."""
    rows = qr_code(piece.link).matrix
    side = piece.size / (len(rows) + 2 * _QUIET)
    path = canvas.beginPath()
    for down, row in enumerate(rows, start=_QUIET):
        for right, dark in enumerate(row, start=_QUIET):
            if dark:
                path.rect(piece.x + right * side, height - piece.y - (down + 1) * side, side, side)
    canvas.setFillColor(HexColor(INK))
    canvas.drawPath(path, stroke=0, fill=1)
