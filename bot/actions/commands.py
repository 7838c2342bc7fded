"""The commands a person is offered in their chat, by role."""

from bot.actions.desk import Desk
from bot.domain.posts import APPROVERS, COMMITTEE, PostKind
from bot.domain.proxies import PROXIES
from bot.storage.mailboxes import Intent, Lane, Mail

RESIDENT = (
    *("report", "my", "find", "card", "activities", "teams", "mute"),
    *("join", "homes", "me", "big", "language", "help"),
)
HOLDER = (
    *("work", "proxy", "requests", "announce", "announcements", "activity", "roster", "away"),
    *("groups", "cards", "posts", "lend", "restrictions", "stats", "replies"),
    *RESIDENT,
)
"""In the order in which they are offered: what is used most comes first."""
LEADING = frozenset(("announce", "announcements", "activity", "groups"))
"""Commands of whoever leads an interest group, with or without a post."""
ANNOUNCING = frozenset(PostKind) - {PostKind.PARTY_GROUP_LEADER}
PRINTING = frozenset(PostKind) - {PostKind.ENTRANCE_LEADER, PostKind.PARTY_GROUP_LEADER}
"""Who prints contact cards: for their building, or for every building of the compound."""
OFFERED_TO = {
    "announce": ANNOUNCING,
    "announcements": ANNOUNCING,
    "groups": COMMITTEE | {PostKind.BUILDING_LEADER},
    "lend": COMMITTEE,
    "restrictions": COMMITTEE,
    "requests": APPROVERS,
    "roster": APPROVERS,
    "cards": PRINTING,
    "proxy": PROXIES,
}
"""Commands of a few posts only; the other ones of HOLDER are for every post."""


async def offer(desk: Desk, person_id: int) -> None:
    """Show somebody the commands of their role, in their language, if the bot can reach them."""
    addressee = await desk.addressee(person_id)
    if addressee is None:
        return
    posts = {post.kind for post in await desk.store.posts.of_person(person_id)}
    own = {*RESIDENT, *(LEADING if await desk.store.interest_groups.led_by(person_id) else ())}
    names = [name for name in HOLDER if name in own or posts & OFFERED_TO.get(name, posts)]
    locale = desk.locale(addressee)
    commands = [[name, desk.texts.label(locale, f"command_{name}")] for name in names]
    payload = {"commands": commands}
    desk.mail.append(
        Mail(desk.rules.bot_id, addressee.address, Lane.WORK, Intent.MENU, payload, person_id=person_id)
    )
