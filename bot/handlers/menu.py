"""The way in and around: start, help, language, the contact card, the commands each role is offered."""

from bot.actions import activity_cards
from bot.actions.activities import CHECK_IN_LINK
from bot.actions.commands import OFFERED_TO, offer
from bot.actions.desk import Choices, choice
from bot.actions.elders import off_choice
from bot.actions.intake import LINK as OVERHEARD_LINK
from bot.conversation.turn import Turn
from bot.domain.errors import Refused
from bot.domain.posts import Place, PostKind
from bot.handlers import activities, announcing, intake, joining, report, residents
from bot.texts import LOCALES, short

CARDS_MOST = 3
LINES_MOST = 14
DUTY_MOST = 60
HOURS_MOST = 40
"""Of one contact card, and UTF-16 units of its lines: with the longest names they fit into one message."""
FROM_HOME_UP = tuple(PostKind)
OPTIONAL = frozenset((PostKind.ENTRANCE_LEADER, PostKind.DEPUTY_LEADER, PostKind.PARTY_GROUP_LEADER))
"""Posts that are not missed where nobody holds them."""


async def start(turn: Turn) -> None:
    """/start: with a payload the link is opened, without one the person is welcomed."""
    if turn.incoming.link == "report":
        await report.command(turn)
        return
    if turn.incoming.link.startswith((activity_cards.LINK, CHECK_IN_LINK)):
        await activities.open_link(turn)
        return
    if turn.incoming.link.startswith(OVERHEARD_LINK):
        await intake.open_link(turn)
        return
    if announcing.is_reply(turn.incoming.link):
        await announcing.open_reply(turn)
        return
    if residents.is_moving_link(turn.incoming.link):
        await residents.open_code(turn, turn.incoming.link[1:])
        return
    if turn.incoming.link:
        await joining.open_link(turn)
        return
    homes = await turn.store.people.residencies(turn.person_id)
    posts = await turn.posts()
    turn.say("menu.welcome", {"is_known": bool(homes or posts), "is_holder": bool(posts)}, menu=True)
    if posts:
        await offer(turn.desk, turn.person_id)


async def show_help(turn: Turn) -> None:
    """What one can do here, by role; also the answer to an unknown command."""
    turn.say("menu.help", {"is_holder": bool(await turn.posts())}, menu=True)


async def show_more(turn: Turn) -> None:
    """The fourth big button: everything else."""
    rows: Choices = (
        (choice("more_activities", "activity.coming"), choice("find", "find.ask")),
        (choice("more_teams", "team.list"), choice("more_mute", "mute.list")),
        (choice("more_join", "menu.join"), choice("more_me", "me.show")),
        (choice("more_language", "menu.language"), choice("more_help", "menu.help")),
        (
            choice("more_person", "menu.card"),
            off_choice() if turn.is_elder else choice("elder_on", "elder.set", 1),
        ),
    )
    posts = {post.kind for post in await turn.posts()}
    if posts & OFFERED_TO["lend"]:
        rows = ((choice("more_groups", "group.list", 0), choice("more_lend", "loan.list")), *rows)
    elif posts & OFFERED_TO["groups"]:
        rows = ((choice("more_groups", "group.list", 0),), *rows)
    if posts & OFFERED_TO["cards"]:
        rows = ((choice("more_cards", "card.list", 0),), *rows)
    if posts & OFFERED_TO["proxy"]:
        rows = ((choice("proxy_new", "proxy.new"),), *rows)
    if posts & OFFERED_TO["announce"]:
        rows = ((choice("announce_new", "ann.new"), choice("more_announcements", "ann.list")), *rows)
    if posts:
        rows = ((choice("more_posts", "menu.posts"), choice("more_stats", "stats.open")), *rows)
        rows = ((choice("more_work", "menu.work"), choice("more_away", "away.list")), *rows)
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
    await offer(turn.desk, turn.person_id)


async def contact_card(turn: Turn) -> None:
    """連心卡 for each building the asker belongs to, up to the compound (R15)."""
    homes = await turn.store.people.residencies(turn.person_id)
    posts = await turn.posts()
    known: dict[tuple[int, int | None], None] = {(one.compound_id, one.building_id): None for one in homes}
    at_home = {home.compound_id for home in homes}
    for post in posts:
        # A post of the whole compound adds nothing to the card of one's own building.
        if post.building_id or post.compound_id not in at_home:
            known[post.compound_id, post.building_id] = None
    compounds = await turn.store.places.compounds()
    if not known and len(compounds) == 1:
        known[compounds[0].id, None] = None
    doors = {home.entrance_id for home in homes} | {post.entrance_id for post in posts}
    led = {post.building_id for post in posts if post.entrance_id is None}
    for compound_id, building_id in list(known)[:CARDS_MOST]:
        await _show_card(turn, compound_id, building_id, None if building_id in led else doors)
    if not known:
        turn.say("contact.unknown", {"numbers": turn.desk.rules.emergency_numbers})


async def _show_card(
    turn: Turn, compound_id: int, building_id: int | None, doors: set[int | None] | None
) -> None:
    """One building's card with the entrance leaders of these doors, or of all."""
    place = Place("building" if building_id else "compound", compound_id, building_id)
    card = await turn.store.posts.contact_card(compound_id, building_id, turn.desk.rules.channel)
    shown = [
        line
        for line in sorted(card, key=lambda one: FROM_HOME_UP.index(one.kind))
        if (doors is None or line.entrance_id is None or line.entrance_id in doors)
        and not line.is_acting
        and (line.name or line.kind not in OPTIONAL)
    ]
    count = len(shown)
    while len(shown) > LINES_MOST:
        # The post that fills most lines, a committee or the doors of a large building, gives one up.
        kinds = [line.kind for line in shown]
        longest = max(kinds, key=kinds.count)
        del shown[len(kinds) - 1 - kinds[::-1].index(longest)]
    lines = [
        {
            "post": line.kind.value,
            "building": line.building,
            "entrance": line.entrance,
            "duty": short(line.duty, DUTY_MOST),
            "hours": short(line.hours, HOURS_MOST),
            "name": line.name,
            "phone": line.phone,
            "is_deputy": line.is_deputy,
            "is_away": line.is_away,
            "stand_in": line.stand_in,
        }
        for line in shown
    ]
    facts = {
        "place": await turn.desk.place_facts(place),
        "lines": lines,
        "rest": count - len(lines),
        "numbers": turn.desk.rules.emergency_numbers,
    }
    turn.say("contact.card", facts)
