"""連心卡 to print: choose a building and a format, say where it hangs, take the old one down."""

from bot.actions import contact_cards as actions
from bot.actions.desk import choice
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, put_question
from bot.conversation.turn import Turn
from bot.domain.errors import NotUnderstood, Refused
from bot.texts import LOCALES

PAGE = 60
CARD = "cards"


async def command(turn: Turn) -> None:
    """/cards: the one building one prints for, or the list."""
    found = await actions.printable(turn.desk, turn.person_id)
    if len(found) == 1:
        await _show(turn, next(iter(found)), "", anew=True)
    else:
        await _list(turn, 0, anew=True)


async def list_page(turn: Turn, page: str) -> None:
    """Every building one may print for, so many at a time."""
    await _list(turn, turn.number(page), anew=False)


async def _list(turn: Turn, page: int, *, anew: bool) -> None:
    found = await actions.printable(turn.desk, turn.person_id)
    if not found:
        raise Refused("cards_not_yours")
    start = page * PAGE
    buildings = list(found.items())[start : start + PAGE]
    rows = list(
        grid([choice("card_building", "card.show", one, "", name=name) for one, (_, name) in buildings], 4)
    )
    turning = []
    if start:
        turning.append(choice("page_before", "card.list", page - 1))
    if len(found) > start + PAGE:
        turning.append(choice("page_after", "card.list", page + 1))
    rows += [tuple(turning)] if turning else []
    turn.say("contact_cards.list", choices=rows, card_key=CARD, anew=anew)


async def show(turn: Turn, building: str, locale: str) -> None:
    """One building: what hangs, and what can be made, in which language."""
    await _show(turn, turn.number(building), locale, anew=False)


async def _show(turn: Turn, building_id: int, locale: str, *, anew: bool) -> None:
    compound_id, name = await actions.may_print(turn.desk, turn.person_id, building_id)
    compound = await turn.store.places.compound(compound_id)
    chosen = locale if locale in LOCALES else compound.locale
    prints = await actions.shown(turn.desk, turn.person_id, building_id)
    language = turn.desk.texts.label(turn.locale, f"locale_{chosen}")
    rows = [
        tuple(choice(f"card_{form}", "card.make", building_id, form, chosen) for form in actions.FORMATS),
        tuple(
            choice("locale_now", "card.show", building_id, one, language=language)
            if one == chosen
            else choice(f"locale_{one}", "card.show", building_id, one)
            for one in LOCALES
        ),
    ]
    if any(one["is_old"] for one in prints):
        rows.append((choice("cards_taken_down", "card.down", building_id, chosen),))
    rows.append((choice("cards_all", "card.list", 0),))
    facts = {
        "building": name,
        "prints": prints[: actions.LINES_MOST],
        "rest": len(prints[actions.LINES_MOST :]),
        "timezone": compound.timezone,
    }
    turn.say("contact_cards.building", facts, choices=rows, card_key=CARD, anew=anew)


async def make(turn: Turn, building: str, form: str, locale: str) -> None:
    """Have one made; it comes in a moment."""
    building_id = turn.number(building)
    _, name = await actions.may_print(turn.desk, turn.person_id, building_id)
    await actions.order(turn.desk, turn.person_id, building_id, form, locale)
    turn.toast("contact_cards.ordered", building=name)


async def take_down(turn: Turn, building: str, locale: str) -> None:
    """The old ones hang no longer."""
    await actions.take_down(turn.desk, turn.person_id, turn.number(building))
    turn.toast("contact_cards.taken_down")
    await _show(turn, turn.number(building), locale, anew=False)


async def hung(turn: Turn, print_id: str, where: str) -> None:
    """Where a print hangs, by button."""
    if where not in (*actions.PLACES, "no"):
        raise Refused("bad_button")
    words = "" if where == "no" else turn.desk.texts.label(turn.locale, f"hangs_{where}")
    one = await actions.hang(turn.desk, turn.person_id, turn.number(print_id), words)
    turn.say("contact_cards.hung", {**actions.facts_of(one), "where": words})


async def ask_where(turn: Turn, print_id: str) -> None:
    """Somewhere else, in words."""
    await begin(turn, DIALOG, "where", print=turn.number(print_id))


async def _ask_where(turn: Turn) -> None:
    put_question(turn, "contact_cards.where_else")


async def _take_where(turn: Turn) -> str | None:
    if not turn.text:
        raise NotUnderstood("text_needed")
    one = await actions.hang(turn.desk, turn.person_id, turn.data["print"], turn.text)
    finish(turn, "contact_cards.hung", {**actions.facts_of(one), "where": turn.text})
    return None


DIALOG = Dialog("contact_cards", {"where": Step(_ask_where, _take_where)})
