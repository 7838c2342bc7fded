"""What stands on a contact card; every word comes from outside."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CardLine:
    """One post and who holds it: name "" is a vacant post, phone "" one that is not shown.

    `where` is the place of a post below the building ("1单元"), `note` who stands in while they are away.
    """

    post: str
    name: str
    phone: str
    hours: str = ""
    duty: str = ""
    where: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class CardWords:
    """The words of a card in its reader's language; `locale` is that language ("zh_CN")."""

    locale: str
    title: str
    slogan: str
    scan: str
    """What the code is for, in one breath, and below it in smaller letters:"""
    scan_hint: str
    vacant: str
    unlisted: str
    """Where a phone would stand that is not shown: how else they are reached; may be empty."""
    emergency: str
    """Above the numbers."""
    printed: str
    """At the foot: when it was printed, and who keeps it."""


@dataclass(frozen=True, slots=True)
class Card:
    """The contact card of an entrance (or of a building: entrance ""), nearest post first.

    `numbers` are (name, number) pairs; `link` is what the code leads to.
    """

    compound: str
    building: str
    entrance: str
    lines: tuple[CardLine, ...]
    numbers: tuple[tuple[str, str], ...]
    link: str
    words: CardWords
