"""Group chats: the bot is quiet; addressed, it points to private chat."""

from bot.actions.residents import lose_touch
from bot.conversation.turn import Turn
from bot.domain.options import Option
from bot.storage.mailboxes import Lane


async def addressed(turn: Turn) -> None:
    """Somebody spoke to the bot in a group: everything personal happens in private."""
    if not turn.incoming.addressed:
        return
    message = "groups.anonymous" if turn.incoming.is_anonymous else "groups.come_private"
    turn.say(message, options=((_private(turn),),))


def _private(turn: Turn) -> Option:
    label = turn.desk.texts.label(turn.locale, "open_private")
    return Option(label, url=f"https://t.me/{turn.desk.rules.bot_name}?start=report")


async def membership(turn: Turn) -> None:
    """The bot was added, removed, blocked or unblocked."""
    status, incoming = turn.incoming.membership, turn.incoming
    if incoming.is_private:
        if status in ("kicked", "left"):
            await lose_touch(turn.desk, incoming.sender)
        return
    if status in ("member", "administrator"):
        # Once in the life of a group: being made administrator later is no reason to speak.
        hello = turn.render("groups.hello")
        options = ((_private(turn),),)
        turn.desk.post(incoming.chat, hello, options, lane=Lane.WORK, dedupe_key=f"hello:{incoming.chat}")
