"""The contact card on paper and as a picture; what it says comes from outside, in any language."""

from bot.printing.cards import Card, CardLine, CardWords
from bot.printing.lettering import missing
from bot.printing.paper import business_cards, picture, poster

__all__ = ["Card", "CardLine", "CardWords", "business_cards", "missing", "picture", "poster"]
