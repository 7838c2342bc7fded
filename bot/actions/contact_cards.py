"""連心卡 on paper and as a picture: making them for a building, where they hang, renewing them (O2)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions.commands import PRINTING
from bot.actions.desk import Choices, Desk, choice
from bot.actions.directory import JOIN_PREFIX, joining_links
from bot.domain.errors import Refused
from bot.domain.posts import PostKind, committee_of
from bot.printing import Card, CardLine, CardWords, business_cards, picture, poster
from bot.storage.chores import Chore
from bot.storage.contact_cards import ChangedPost, Print
from bot.storage.posts import ContactLine, Post
from bot.texts import LOCALES, short

FORMATS = ("poster", "cards", "picture")
MAKE = "cards.make"
REISSUE = "cards.reissue"
PLACES = ("doors", "lifts", "board")
"""Where cards usually hang; anywhere else is said in words."""
WHERE_MOST = 100
SETTLES = timedelta(minutes=10)
"""Changes come together (one post after the other is filled): the committee hears of them once."""
BUILDINGS_SHOWN = 2
"""Of a change, as pictures of the new card; for more there are buttons."""
BUTTONS_MOST = 30
LINES_MOST = 12
"""Of posts and of places in one message."""
NAMES_MOST, NAME_MOST = 4, 20
"""Of one post in it, and UTF-16 units of each."""


async def printable(desk: Desk, person_id: int) -> dict[int, tuple[int, str]]:
    """The buildings somebody may print cards for: (compound id, name) by building id, in order."""
    held = [post for post in await desk.store.posts.of_person(person_id) if post.kind in PRINTING]
    found: dict[int, tuple[int, str]] = {}
    for compound_id in dict.fromkeys(post.compound_id for post in held):
        mine = {post.building_id for post in held if post.compound_id == compound_id}
        for building_id, name in await desk.store.places.buildings(compound_id):
            if mine & {None, building_id}:
                found[building_id] = (compound_id, name)
    return found


async def may_print(desk: Desk, person_id: int, building_id: int) -> tuple[int, str]:
    """The compound and the name of a building this person may print for. Refusals: `cards_not_yours`."""
    found = (await printable(desk, person_id)).get(building_id)
    if found is None:
        raise Refused("cards_not_yours")
    return found


async def order(desk: Desk, person_id: int, building_id: int, form: str, locale: str) -> int:
    """Have cards of a building made; they are sent to who ordered them by the chore `cards.make`.

    Gives the print's id. Refusals: `cards_not_yours`, `bad_button`.
    """
    if form not in FORMATS or locale not in LOCALES:
        raise Refused("bad_button")
    compound_id, _ = await may_print(desk, person_id, building_id)
    cards = desk.store.contact_cards
    print_id = await cards.put(compound_id, building_id, form, locale, person_id, desk.now)
    await desk.store.chores.put(MAKE, print_id, desk.now)
    return print_id


async def make(desk: Desk, chore: Chore) -> None:
    """Make what was ordered and send it."""
    one = await desk.store.contact_cards.get(chore.subject_id)
    to = await desk.addressee(one.made_by) if one and one.made_by else None
    if one is None or to is None:
        return
    cards = await cards_of(desk, one.compound_id, one.building_id, one.locale)
    content, name = made(cards, one.format)
    caption = desk.texts.render(desk.locale(to), "contact_cards.made", **facts_of(one))
    if one.format == "picture":
        desk.post_file(to.address, content, caption=caption, person_id=one.made_by)
        return
    desk.post_file(to.address, content, f"{one.building}-{name}", caption, person_id=one.made_by)
    rows: Choices = (
        tuple(choice(f"hangs_{place}", "card.hung", one.id, place) for place in PLACES),
        (choice("hangs_elsewhere", "card.where", one.id), choice("hangs_nowhere", "card.hung", one.id, "no")),
    )
    await desk.tell(one.made_by or 0, "contact_cards.where", facts_of(one), choices=rows)


def made(cards: list[Card], form: str) -> tuple[bytes, str]:
    """The file of a format (FORMATS) and the end of its name; the picture is of the first door."""
    if form == "picture":
        return picture(cards[0]), "card.png"
    return (poster(cards), "poster.pdf") if form == "poster" else (business_cards(cards), "cards.pdf")


async def cards_of(desk: Desk, compound_id: int, building_id: int, locale: str) -> list[Card]:
    """A card for each door of a building, with the link for joining at that door.

    It hangs for years, so who is away for some days, and their stand-ins, are not on it.
    """
    links = await joining_links(desk.store, compound_id, desk.now)
    doors = [door for door in links if door.building_id == building_id]
    with_entrances = [door for door in doors if door.entrance_id is not None]
    lines = await desk.store.posts.contact_card(compound_id, building_id, desk.rules.channel)
    order = list(PostKind)
    lines = sorted((one for one in lines if not one.is_acting), key=lambda one: order.index(one.kind))
    compound = (await desk.store.places.compound(compound_id)).name
    words = _words(desk, locale, await desk.timezone(compound_id))
    return [
        Card(
            compound=compound,
            building=door.building,
            entrance=door.entrance,
            lines=tuple(
                _line(desk, one, locale) for one in lines if one.entrance_id in (None, door.entrance_id)
            ),
            numbers=_numbers(desk, locale),
            link=desk.link(JOIN_PREFIX + door.code),
            words=words,
        )
        for door in with_entrances or doors
    ]


def _line(desk: Desk, line: ContactLine, locale: str) -> CardLine:
    return CardLine(
        post=desk.texts.words(locale, "contact_cards.post", post=line.kind, is_deputy=line.is_deputy),
        name=line.name,
        phone=line.phone,
        hours=line.hours,
        duty=line.duty,
    )


def _numbers(desk: Desk, locale: str) -> tuple[tuple[str, str], ...]:
    """The emergency numbers of the country (labels and numbers stand in the texts), then the local ones."""
    usual = (line.rpartition(" ") for line in desk.texts.words(locale, "contact_cards.numbers").splitlines())
    return (*((label.strip(), number) for label, _, number in usual), *desk.rules.emergency_numbers)


def _words(desk: Desk, locale: str, timezone: str) -> CardWords:
    names = ("title", "slogan", "scan", "scan_hint", "vacant", "unlisted", "emergency")
    said = {name: desk.texts.words(locale, f"contact_cards.{name}") for name in names}
    today = desk.now.astimezone(ZoneInfo(timezone))
    printed = desk.texts.words(locale, "contact_cards.printed", year=today.year, month=today.month)
    return CardWords(locale, **said, printed=printed)


def facts_of(one: Print) -> dict[str, object]:
    """A print, as the templates take it."""
    return {"building": one.building, "format": one.format, "where": one.hangs_at, "made_at": one.made_at}


# Where they hang -----------------------------------------------------------------------------------------


async def hang(desk: Desk, person_id: int, print_id: int, where: str) -> Print:
    """Note where a print hangs, also: a word of PLACES, any words, or "" for nowhere at all.

    One of the same format that hung there is gone. Refusals: `no_such_card`, `cards_not_yours`.
    """
    one = await desk.store.contact_cards.get(print_id)
    if one is None:
        raise Refused("no_such_card")
    await may_print(desk, person_id, one.building_id)
    await desk.store.contact_cards.hang(one, short(" ".join(where.split()), WHERE_MOST), desk.now)
    return one


async def shown(desk: Desk, person_id: int, building_id: int) -> list[dict[str, object]]:
    """What hangs of a building's cards; `is_old`: a post has changed since. Refusals: `cards_not_yours`."""
    compound_id, _ = await may_print(desk, person_id, building_id)
    changed_at = await desk.store.contact_cards.changed_at(compound_id, building_id)
    return [
        {**facts_of(one), "is_old": _is_old(one, changed_at)}
        for one in await desk.store.contact_cards.hanging(compound_id)
        if one.building_id == building_id
    ]


def _is_old(one: Print, changed_at: datetime | None) -> bool:
    """Whether something on it has changed since it was made."""
    return changed_at is not None and one.made_at < changed_at


async def take_down(desk: Desk, person_id: int, building_id: int) -> None:
    """Somebody has taken down what no longer is true. Refusals: `cards_not_yours`."""
    compound_id, _ = await may_print(desk, person_id, building_id)
    changed_at = await desk.store.contact_cards.changed_at(compound_id, building_id)
    if changed_at:
        await desk.store.contact_cards.take_down(building_id, changed_at, desk.now)


# A post changed hands ------------------------------------------------------------------------------------


async def changed(desk: Desk, post: Post) -> None:
    """What stands on cards about a post is no longer true: the committee is told, by day and once.

    Where no card was ever made there is none to renew.
    """
    for compound in await desk.store.places.compounds():
        is_of_community = post.community_id is not None and post.community_id == compound.community_id
        if not is_of_community and post.compound_id != compound.id:
            continue
        printed = await desk.store.contact_cards.printed(compound.id)
        if post.building_id in printed or (post.building_id is None and printed):
            await desk.store.chores.put(REISSUE, compound.id, desk.now + SETTLES)


async def reissue(desk: Desk, chore: Chore) -> None:
    """Tell the committee which posts changed and where old cards hang, with the new card or the way to it."""
    compound = await desk.store.places.compound(chore.subject_id)
    by_day = desk.rules.quiet_hours(compound.timezone).release(desk.now, "ordinary")
    if by_day > desk.now:
        await desk.store.chores.put(REISSUE, compound.id, by_day)
        return
    posts = await desk.store.contact_cards.outdated_by(compound.id)
    if not posts:
        return
    await desk.store.changes.record(compound.id, None, "clock", "card.reissued", now=desk.now)
    printed = await desk.store.contact_cards.printed(compound.id)
    everywhere = any(post.building_id is None for post in posts)
    touched = printed if everywhere else {post.building_id for post in posts}
    every = await desk.store.places.buildings(compound.id)
    buildings = [(building_id, name) for building_id, name in every if building_id in touched]
    changed_at = {one: await desk.store.contact_cards.changed_at(compound.id, one) for one, _ in buildings}
    hanging = await desk.store.contact_cards.hanging(compound.id)
    old = [one for one in hanging if _is_old(one, changed_at.get(one.building_id))]
    lines = [await _post_line(desk, post) for post in posts]
    facts = {
        "compound": compound.name,
        "posts": lines[:LINES_MOST],
        "places": [facts_of(one) for one in old[:LINES_MOST]],
        "rest": len(lines[LINES_MOST:]) + len(old[LINES_MOST:]),
        "timezone": compound.timezone,
    }
    rows = [
        (
            choice("card_poster_of", "card.make", building_id, "poster", compound.locale, building=name),
            choice("card_cards_of", "card.make", building_id, "cards", compound.locale, building=name),
        )
        for building_id, name in buildings[:BUTTONS_MOST]
    ]
    for person_id in sorted({one.person_id for one in committee_of(await desk.holders(compound.id))}):
        to = await desk.addressee(person_id)
        if to is None:
            continue
        await desk.tell(person_id, "contact_cards.reissue", facts, choices=rows)
        for building_id, name in buildings if len(buildings) <= BUILDINGS_SHOWN else ():
            card = (await cards_of(desk, compound.id, building_id, desk.locale(to)))[0]
            caption = desk.texts.render(desk.locale(to), "contact_cards.new", building=name)
            desk.post_file(to.address, picture(card), caption=caption, person_id=person_id)


async def _post_line(desk: Desk, post: ChangedPost) -> Mapping[str, object]:
    holders = await desk.store.posts.holder_ids(post.post_id)
    return {
        "building": post.building,
        "entrance": post.entrance,
        "post": post.kind.value,
        "names": [
            short((await desk.store.people.details(one)).name, NAME_MOST) for one in holders[:NAMES_MOST]
        ],
        "rest": len(holders[NAMES_MOST:]),
    }


CHORES = {MAKE: make, REISSUE: reissue}
