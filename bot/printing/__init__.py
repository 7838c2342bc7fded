"""Contact cards and reports, on paper and as pictures; what they say comes from outside, in any language."""

from bot.printing.cards import Card, CardLine, CardWords
from bot.printing.codes import qr_picture
from bot.printing.lettering import missing
from bot.printing.paper import business_cards, picture, poster, report_picture
from bot.printing.report import Bar, Gauge, Report, Spot

__all__ = [
    "Bar",
    "Card",
    "CardLine",
    "CardWords",
    "Gauge",
    "Report",
    "Spot",
    "business_cards",
    "missing",
    "picture",
    "poster",
    "qr_picture",
    "report_picture",
]
