"""The way in and around: start, help, language, the contact card, the commands each role is offered."""

from bot.actions.desk import Choices, choice
from bot.conversation.turn import Turn
from bot.domain.errors import Refused
from bot.domain.posts import Place
from bot.handlers import commands, joining, report
from bot.texts import LOCALES

async def start(turn: Turn) -> None:
    """/start: with a payload the link is opened, without one the person is welcomed."""
    if turn.incoming.link == "report":
        await report.command(turn)
        return
    if turn.incoming.link:
        await joining.open_link(turn)
        return
    homes = await turn.store.people.residencies(turn.person_id)
    posts = await turn.posts()
    turn.say("menu.welcome", {"is_known": bool(homes or posts), "is_holder": bool(posts)}, menu=True)
    if posts:
        await commands.offer(turn)


async def show_help(turn: Turn) -> None:
    """What one can do here, by role; also the answer to an unknown command."""
    turn.say("menu.help", {"is_holder": bool(await turn.posts())}, menu=True)


async def show_more(turn: Turn) -> None:
    """The fourth big button: everything else."""
    rows: Choices = (
        (choice("more_join", "menu.join"), choice("more_language", "menu.language")),
        (choice("more_help", "menu.help"), choice("more_person", "menu.card")),
    )
    if await turn.posts():
        rows = ((choice("more_work", "menu.work"), choice("more_person", "menu.card")), *rows)
    turn.say("menu.more", choices=rows)


async def cancel(turn: Turn) -> None:
    """/cancel when no question is open."""
    turn.say("menu.nothing_to_cancel", menu=True)


async def language(turn: Turn) -> None:
    """/language"""
    rows = tuple((choice(f"locale_{locale}", "menu.locale", locale),) for locale in LOCALES)
    turn.say("menu.language", choices=rows)


async def set_language(turn: Turn, locale: str) -> None:
    """A language was picked."""
    if locale not in LOCALES:
        raise Refused("bad_button")
    await turn.store.people.set_locale(turn.person_id, locale)
    turn.locale = locale
    turn.say("menu.language_set", menu=True)
    await commands.offer(turn)


async def contact_card(turn: Turn) -> None:
    """連心卡 for the asker's own building up to the compound (R15)."""
    homes = await turn.store.people.residencies(turn.person_id)
    posts = await turn.posts()
    if homes:
        place = Place("building", homes[0].compound_id, homes[0].building_id)
        entrance_id = homes[0].entrance_id
    elif posts:
        own = posts[0]
        place = Place("building" if own.building_id else "compound", own.compound_id, own.building_id)
        entrance_id = own.entrance_id
    else:
        compounds = await turn.store.places.compounds()
        if len(compounds) != 1:
            raise Refused("join_first")
        place, entrance_id = Place("compound", compounds[0].id), None
    lines = await turn.store.posts.contact_card(place.compound_id, place.building_id, turn.desk.rules.channel)
    own_lines = [
        {
            "post": line.kind.value,
            "building": line.building,
            "entrance": line.entrance,
            "duty": line.duty,
            "hours": line.hours,
            "name": line.name,
            "phone": line.phone,
        }
        for line in lines
        if line.entrance_id in (None, entrance_id)
    ]
    facts = {
        "place": await turn.desk.place_facts(place),
        "lines": own_lines,
        "numbers": turn.desk.rules.emergency_numbers,
    }
    turn.say("contact.card", facts)
