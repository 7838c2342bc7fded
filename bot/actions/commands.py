"""The commands a person is offered in their chat, by role."""

from bot.actions.desk import Desk
from bot.storage.mailboxes import Intent, Lane, Mail

RESIDENT = ("report", "my", "card", "join", "language", "help")
HOLDER = ("work", *RESIDENT)


async def offer(desk: Desk, person_id: int) -> None:
    """Show somebody the commands of their role, in their language, if the bot can reach them."""
    addressee = await desk.addressee(person_id)
    if addressee is None:
        return
    names = HOLDER if await desk.store.posts.of_person(person_id) else RESIDENT
    locale = desk.locale(addressee)
    commands = [[name, desk.texts.label(locale, f"command_{name}")] for name in names]
    payload = {"commands": commands}
    desk.mail.append(
        Mail(desk.rules.bot_id, addressee.address, Lane.WORK, Intent.MENU, payload, person_id=person_id)
    )
