"""我的資料: what the bot knows of one, who sees it, taking it along, and being forgotten (R14, R17)."""

from zoneinfo import ZoneInfo

from bot.actions import own_data
from bot.actions.desk import Choice, choice
from bot.actions.elders import off_choice
from bot.actions.forgetting import check_free, forget
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question
from bot.conversation.turn import Turn, plain
from bot.domain.errors import NotUnderstood
from bot.domain.privacy import Level
from bot.handlers import joining

LOOK = "me_shown_as"
"""The card key of the question how others see one."""


async def show(turn: Turn) -> None:
    """/me: everything in one message, and what to do about it."""
    facts = await own_data.about(turn.desk, turn.person_id)
    language = turn.desk.texts.label(turn.locale, f"locale_{turn.locale}")
    rows = (
        (choice("me_shown", "me.shown"), choice("my_homes", "home.list")),
        (choice("me_name", "me.name"), choice("me_phone", "me.phone")),
        (choice("me_views", "me.views"), choice("more_language", "menu.language")),
        (choice("me_export", "me.export"), choice("me_forget", "me.forget")),
        (off_choice() if turn.is_elder else choice("elder_on", "elder.set", 1),),
    )
    turn.say("privacy.me", {**facts, "language": language}, choices=rows)


# How others see one --------------------------------------------------------------------------------------


async def shown(turn: Turn) -> None:
    """Who sees one's name on what one reports, each a tap."""
    await _say_shown(turn, anew=True)


async def set_shown(turn: Turn, level: str) -> None:
    """One of them was tapped."""
    await own_data.be_shown_as(turn.desk, turn.person_id, level)
    await _say_shown(turn, anew=False)


async def _say_shown(turn: Turn, *, anew: bool) -> None:
    now = await turn.store.privacy.shown_as(turn.person_id)
    rows = tuple((_level(level, is_now=level == now),) for level in Level)
    turn.say("privacy.shown", {"shown_as": now}, choices=rows, card_key=LOOK, anew=anew)


def _level(level: Level, *, is_now: bool) -> Choice:
    return choice(f"shown_{level}", "me.set_shown", level, is_now=is_now)


async def views(turn: Turn) -> None:
    """Who has looked at one's phone, and when."""
    turn.say("privacy.views", await own_data.views(turn.desk, turn.person_id))


# Name and phone ------------------------------------------------------------------------------------------


async def name(turn: Turn) -> None:
    """改名字"""
    await own_data.check_name_free(turn.desk, turn.person_id)
    await begin(turn, DIALOG, "name")


async def _ask_name(turn: Turn) -> None:
    put_question(turn, "privacy.ask_name", numbers_pick=False)


async def _take_name(turn: Turn) -> str | None:
    if turn.incoming.kind != "text":
        raise NotUnderstood("name_needed")
    finish(turn, "privacy.named", {"name": await own_data.rename(turn.desk, turn.person_id, turn.text)})
    return None


async def phone(turn: Turn) -> None:
    """改電話"""
    await begin(turn, DIALOG, "phone")


async def _ask_phone(turn: Turn) -> None:
    has_phone = bool((await turn.store.people.details(turn.person_id)).phone)
    rows = ((pick("me_drop_phone", "drop"),),) if has_phone else ()
    put_question(turn, "privacy.ask_phone", rows, numbers_pick=False)


async def _take_phone(turn: Turn) -> str | None:
    said = turn.incoming.phone or turn.text
    if turn.chosen == ("drop",):
        said = ""
    elif not said:
        raise NotUnderstood("phone_unclear")
    phone = await own_data.set_phone(turn.desk, turn.person_id, said)
    finish(turn, "privacy.phoned", {"phone": phone})
    return None


# Taking it along, and being forgotten --------------------------------------------------------------------


async def export(turn: Turn) -> None:
    """/export: everything of one's own, as a spreadsheet."""
    book = await own_data.export(turn.desk, turn.person_id, turn.locale)
    zone = ZoneInfo(await own_data.timezone_of(turn.desk, turn.person_id))
    turn.desk.post_file(
        turn.incoming.chat,
        book,
        f"lianxin-{turn.desk.now.astimezone(zone):%Y%m%d-%H%M}.xlsx",
        plain(turn.render("privacy.exported")),
        person_id=turn.person_id,
    )


async def ask_forget(turn: Turn) -> None:
    """/forget: what goes and what stays, and then it is asked once more."""
    await check_free(turn.desk, turn.person_id)
    await begin(turn, DIALOG, "forget")


async def _ask_forget(turn: Turn) -> None:
    count = len(await turn.store.privacy.going_on(turn.person_id))
    put_question(turn, "privacy.forget", ((pick("forget_go_on", "go"),),), {"count": count})


async def _take_forget(turn: Turn) -> str | None:
    if turn.chosen != ("go",):
        raise NotUnderstood("tap_one")
    return "sure"


async def _ask_sure(turn: Turn) -> None:
    word = turn.desk.texts.label(turn.locale, "forget_now")
    put_question(turn, "privacy.sure", ((pick("forget_now", "forget"),),), {"word": word}, numbers_pick=False)


async def _take_sure(turn: Turn) -> str | None:
    if turn.chosen != ("forget",):
        raise NotUnderstood("forget_word")
    await forget(turn.desk, turn.person_id, "chat")
    turn.say("privacy.forgotten")
    return None


DIALOG = Dialog(
    "me",
    {
        "name": Step(_ask_name, _take_name),
        "phone": Step(_ask_phone, _take_phone),
        "forget": Step(_ask_forget, _take_forget),
        "sure": Step(_ask_sure, _take_sure),
    },
)


def interrupts(turn: Turn) -> bool:
    """Whether somebody asked for their name or phone tells of trouble instead: that comes first."""
    if turn.dialog is None or turn.dialog.dialog != DIALOG.name:
        return False
    # What is no phone is asked again: nothing is lost there.
    return joining.is_urgent(turn) or (turn.dialog.step == "name" and joining.is_matter(turn))
