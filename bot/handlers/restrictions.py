"""Keeping somebody from reporting for a while: proposed, decided by another, objected to; and the flood."""

from bot.actions import restrictions as actions
from bot.actions.desk import Choice, choice
from bot.actions.interest_groups import candidates, home_of
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.abuse import REASON_MOST, TERMS
from bot.domain.categories import names_emergency
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.options import Press
from bot.handlers.cards import visible
from bot.handlers.compounds import choose_compound, offer_compounds
from bot.handlers.gathering import READ_MOST
from bot.texts import short

FOUND_MOST = 8
LISTED_MOST = 8
SAID_MOST = 40
LIST = "restrictions"
"""The card key of the message that lists them."""


# Too much at once ---------------------------------------------------------------------------------------


async def floods(turn: Turn) -> bool:
    """Whether somebody writes so much that nothing more is answered until they pause; a danger always is."""
    sent_at, most = turn.incoming.sent_at, turn.desk.rules.limits.messages
    if sent_at is None or names_emergency(turn.text[:READ_MOST]):
        return False
    count = await actions.count_message(turn.desk, turn.person_id, turn.incoming.album, sent_at)
    if count == most + 1:
        turn.say("restrictions.flood", {"most": most})
    return count > most


async def remind(turn: Turn) -> None:
    """Whoever begins a report and may make none but of a danger is told before they write, not after."""
    for found in await turn.store.restrictions.running(turn.person_id, turn.desk.now):
        if await actions.restriction_of(turn.desk, turn.person_id, found.compound_id):
            facts = {**await actions.facts_of(turn.desk, found), "numbers": turn.desk.rules.emergency_numbers}
            rows = () if found.appealed_at else ((choice("appeal", "restrict.appeal", found.id),),)
            turn.say("restrictions.reminder", facts, choices=rows)


# The list -----------------------------------------------------------------------------------------------


async def list_all(turn: Turn) -> None:
    """/restrictions: what waits for a decision or runs, then what is over."""
    await list_page(turn, "0")


async def list_page(turn: Turn, page: str) -> None:
    """So many of them, and the way to the others."""
    found = await actions.of_committee(turn.desk, turn.person_id)
    number = min(turn.number(page), max(0, len(found) - 1) // LISTED_MOST)
    shown = found[number * LISTED_MOST : (number + 1) * LISTED_MOST]
    lines, rows = [], []
    for one in shown:
        line = await actions.card_facts(turn.desk, one, turn.person_id)
        lines.append(line)
        label = short(str(line["name"]), 20)
        rows.append(Choice(Press("restrict.show", (str(one.id),)), text=label))
    turning: list[Choice] = []
    if number:
        turning.append(choice("page_before", "restrict.list", number - 1))
    if len(found) > (number + 1) * LISTED_MOST:
        turning.append(choice("page_after", "restrict.list", number + 1))
    below = (*([tuple(turning)] if turning else []), (choice("restrict_new", "restrict.new"),))
    facts = {"lines": lines, "count": len(found)}
    anew = not turn.incoming.query
    turn.say("restrictions.list", facts, choices=(*grid(rows, 2), *below), card_key=LIST, anew=anew)


async def show(turn: Turn, restriction: str) -> None:
    """One of them, at the end of the chat."""
    await actions.show(turn.desk, turn.person_id, turn.number(restriction))


# Proposing ----------------------------------------------------------------------------------------------


async def command(turn: Turn) -> None:
    """/restrict: whom?"""
    compounds = await actions.proposing_in(turn.desk, turn.person_id)
    if len(compounds) == 1:
        await begin(turn, DIALOG, "name", compound=compounds[0])
    else:
        await begin(turn, DIALOG, "compound")


async def from_issue(turn: Turn, issue: str) -> None:
    """舉報濫用, from the card of an issue: whoever reported it; their name need not be known."""
    found = await visible(turn, issue)
    if found.proxy is not None:
        raise Refused("restriction_by_proxy")
    compound_id, building = found.place.compound_id, found.place.building_id
    await actions.expect(
        turn.desk, turn.person_id, compound_id, found.reporter_id, {building} if building else set()
    )
    await begin(
        turn,
        DIALOG,
        "days",
        compound=compound_id,
        person=found.reporter_id,
        building=building,
        number=found.number,
    )


async def _ask_compound(turn: Turn) -> None:
    await offer_compounds(
        turn, "restrictions.compound", await actions.proposing_in(turn.desk, turn.person_id)
    )


async def _take_compound(turn: Turn) -> str | None:
    choose_compound(turn, await actions.proposing_in(turn.desk, turn.person_id))
    return "name"


async def _ask_name(turn: Turn) -> None:
    put_question(turn, "restrictions.ask_name", numbers_pick=False)


async def _found(turn: Turn, said: str) -> dict[int, str]:
    """Whom the name may mean, with where they live."""
    people = await candidates(turn.desk, turn.data["compound"], said, asker_id=turn.person_id) if said else []
    if len(people) > FOUND_MOST:
        raise NotUnderstood("team_too_many", said=short(said, SAID_MOST))
    named: dict[int, str] = {}
    for one in people:
        home = await home_of(turn.desk, one)
        where = plain(turn.render("places.inline", **home)) if home else ""
        named[one.person_id] = f"{one.name} {where}".strip()
    return named


async def _take_name(turn: Turn) -> str | None:
    if not await _found(turn, turn.text):
        raise NotUnderstood("team_nobody", said=short(turn.text, SAID_MOST))
    remember(turn, said=turn.text)
    return "who"


async def _ask_who(turn: Turn) -> None:
    found = await _found(turn, turn.data["said"])
    put_question(turn, "restrictions.ask_who", [(pick("", one, text=label),) for one, label in found.items()])


async def _take_who(turn: Turn) -> str | None:
    found = await _found(turn, turn.data["said"])
    if not turn.chosen or turn.chosen[0] not in map(str, found):
        raise NotUnderstood("tap_one")
    person_id = int(turn.chosen[0])
    await actions.expect(turn.desk, turn.person_id, turn.data["compound"], person_id, set())
    remember(turn, person=person_id)
    return "days"


async def _ask_days(turn: Turn) -> None:
    rows = tuple((pick("for_days", days, days=days),) for days in TERMS)
    put_question(
        turn, "restrictions.ask_days", rows, {"number": turn.data.get("number", "")}, numbers_pick=False
    )


async def _take_days(turn: Turn) -> str | None:
    if not turn.chosen or turn.chosen[0] not in map(str, TERMS):
        raise NotUnderstood("tap_one")
    remember(turn, days=int(turn.chosen[0]))
    return "reason"


async def _ask_reason(turn: Turn) -> None:
    put_question(turn, "restrictions.ask_reason", (), {"days": turn.data["days"], "most": REASON_MOST})


async def _take_reason(turn: Turn) -> str | None:
    data, building = turn.data, turn.data.get("building")
    try:
        actions.check_words(turn.text)
    except Refused as no:
        raise NotUnderstood(no.reason, **no.facts) from None
    proposed = await actions.propose(
        turn.desk,
        turn.person_id,
        data["compound"],
        data["person"],
        data["days"],
        turn.text,
        building_ids=frozenset((building,) if building else ()),
    )
    finish(turn, "restrictions.proposed", await actions.card_facts(turn.desk, proposed, turn.person_id))
    return None


# Deciding, objecting ------------------------------------------------------------------------------------


async def approve(turn: Turn, restriction: str) -> None:
    """同意"""
    await actions.decide(turn.desk, turn.person_id, turn.number(restriction), approved=True)


async def refuse(turn: Turn, restriction: str) -> None:
    """不同意"""
    await actions.decide(turn.desk, turn.person_id, turn.number(restriction), approved=False)


async def lift(turn: Turn, restriction: str) -> None:
    """解除"""
    await actions.lift(turn.desk, turn.person_id, turn.number(restriction))


async def uphold(turn: Turn, restriction: str) -> None:
    """維持"""
    await actions.uphold(turn.desk, turn.person_id, turn.number(restriction))


async def appeal(turn: Turn, restriction: str) -> None:
    """申訴: in their own words."""
    found = await actions.appealable(turn.desk, turn.person_id, turn.number(restriction))
    await begin(turn, DIALOG, "appeal", restriction=found.id)


async def _ask_appeal(turn: Turn) -> None:
    put_question(turn, "restrictions.ask_appeal", (), {"most": REASON_MOST})


async def _take_appeal(turn: Turn) -> str | None:
    try:
        actions.check_words(turn.text)
    except Refused as no:
        raise NotUnderstood(no.reason, **no.facts) from None
    await actions.appeal(turn.desk, turn.person_id, turn.data["restriction"], turn.text)
    finish(turn, "restrictions.appealed")
    return None


DIALOG = Dialog(
    "restrictions",
    {
        "compound": Step(_ask_compound, _take_compound),
        "name": Step(_ask_name, _take_name),
        "who": Step(_ask_who, _take_who),
        "days": Step(_ask_days, _take_days),
        "reason": Step(_ask_reason, _take_reason),
        "appeal": Step(_ask_appeal, _take_appeal),
    },
)
