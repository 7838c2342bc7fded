"""The commands a person is offered in their chat, by role."""

from bot.conversation.turn import Turn
from bot.storage.mailboxes import Intent, Lane, Mail

RESIDENT = ("report", "my", "card", "join", "language", "help")
HOLDER = ("work", *RESIDENT)


async def offer(turn: Turn) -> None:
    """Show the commands of this person's role in their chat, in their language."""
    names = HOLDER if await turn.store.posts.of_person(turn.person_id) else RESIDENT
    commands = [[name, turn.desk.texts.label(turn.locale, f"command_{name}")] for name in names]
    turn.desk.mail.append(
        Mail(
            turn.desk.rules.bot_id,
            turn.incoming.chat,
            Lane.WORK,
            Intent.MENU,
            {"commands": commands},
            person_id=turn.person_id,
        )
    )
