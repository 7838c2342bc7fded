"""Talking to the person in front of us: the table of contents."""

from bot.conversation.router import ButtonVerb, Contents
from bot.conversation.turn import MENU
from bot.handlers import cards, groups, joining, menu, report

COMMANDS = {
    "start": menu.start,
    "help": menu.show_help,
    "more": menu.show_more,
    "cancel": menu.cancel,
    "language": menu.language,
    "report": report.command,
    "my": cards.list_mine,
    "work": cards.list_work,
    "card": menu.contact_card,
    "join": joining.command,
}

BUTTONS: dict[str, ButtonVerb] = {
    "menu.help": menu.show_help,
    "menu.join": joining.command,
    "menu.language": menu.language,
    "menu.locale": menu.set_language,
    "menu.card": menu.contact_card,
    "menu.work": cards.list_work,
    "my.list": cards.list_mine,
    "home.approve": joining.approve_home,
    "home.refuse": joining.refuse_home,
    "issue.accept": cards.accept,
    "issue.decline": cards.decline,
    "issue.transfer": cards.transfer,
    "issue.reply": cards.reply,
    "issue.resolve": cards.resolve,
    "issue.reject": cards.reject,
    "issue.duplicate": cards.duplicate,
    "issue.confirm": cards.confirm,
    "issue.dispute": cards.dispute,
    "issue.reopen": cards.reopen,
    "issue.withdraw": cards.withdraw,
    "issue.nudge": cards.nudge,
    "issue.rate": cards.rate,
    "issue.show": cards.show,
    "issue.why": cards.why,
    "issue.history": cards.history,
    "issue.photos": cards.photos,
    "issue.text": cards.whole_text,
    "issue.more": cards.more,
    "issue.outward": cards.outward,
}

DIALOGS = {dialog.name: dialog for dialog in (report.DIALOG, joining.DIALOG, cards.DIALOG)}

CONTENTS = Contents(
    commands=COMMANDS,
    buttons=BUTTONS,
    dialogs=DIALOGS,
    free=report.from_message,
    group=groups.addressed,
    menu=MENU,
    membership=groups.membership,
    interrupts=joining.interrupts,
)
