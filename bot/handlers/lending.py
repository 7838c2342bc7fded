"""Lending the right to announce: to whom, for whom, until when (A8)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.actions import lending as actions
from bot.actions.audiences import audience_facts, known_of
from bot.actions.desk import choice
from bot.actions.interest_groups import candidates, home_of
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.announcing import LOAN_MOST
from bot.domain.audiences import COMPOUND, Audience, read_audience
from bot.domain.errors import NotUnderstood, Refused
from bot.handlers.compounds import choose_compound, offer_compounds
from bot.texts import short

FOUND_MOST = 8
LISTED_MOST = 10
SAID_MOST = 40


async def command(turn: Turn) -> None:
    """/lend: what is lent now, each to be taken back; where nothing is, lending begins at once."""
    found = await actions.lent_in(turn.desk, turn.person_id)
    if not found:
        await begin_new(turn)
        return
    lines = [await actions.facts_of(turn.desk, one) for one in found[:LISTED_MOST]]
    rows = [
        (choice("take_back", "loan.end", one.id, name=short(str(line["name"]), 16)),)
        for one, line in zip(found, lines, strict=False)
    ]
    facts = {"lines": lines, "rest": len(found) - len(lines)}
    turn.say("lending.list", facts, choices=(*rows, (choice("lend_new", "loan.new"),)))


async def begin_new(turn: Turn) -> None:
    """Begin to lend."""
    compounds = await actions.committees_of(turn.desk, turn.person_id)
    if not compounds:
        raise Refused("loan_committee_only")
    if len(compounds) == 1:
        await begin(turn, DIALOG, "name", compound=compounds[0])
    else:
        await begin(turn, DIALOG, "compound")


async def end(turn: Turn, loan: str) -> None:
    """收回, 还回去"""
    lent = await actions.end(turn.desk, turn.person_id, turn.number(loan))
    is_mine = lent.loan.person_id == turn.person_id
    turn.say("lending.over", {**await actions.facts_of(turn.desk, lent), "is_mine": is_mine})


async def _ask_compound(turn: Turn) -> None:
    await offer_compounds(turn, "lending.compound", await actions.committees_of(turn.desk, turn.person_id))


async def _take_compound(turn: Turn) -> str | None:
    choose_compound(turn, await actions.committees_of(turn.desk, turn.person_id))
    return "name"


# To whom -------------------------------------------------------------------------------------------------


async def _ask_name(turn: Turn) -> None:
    put_question(turn, "lending.ask_name", numbers_pick=False)


async def _take_name(turn: Turn) -> str | None:
    said = turn.text
    people = await candidates(turn.desk, turn.data["compound"], said) if said else []
    if not people:
        raise NotUnderstood("team_nobody", said=short(said, SAID_MOST))
    if len(people) > FOUND_MOST:
        raise NotUnderstood("team_too_many", said=short(said, SAID_MOST))
    remember(turn, said=said)
    return "who"


async def _ask_who(turn: Turn) -> None:
    rows = []
    for one in (await candidates(turn.desk, turn.data["compound"], turn.data["said"]))[:FOUND_MOST]:
        home = await home_of(turn.desk, one)
        where = plain(turn.render("places.inline", **home)) if home else ""
        rows.append((pick("", "who", one.person_id, text=f"{one.name} {where}".strip()),))
    put_question(turn, "lending.ask_who", rows)


async def _take_who(turn: Turn) -> str | None:
    if turn.chosen[:1] != ("who",) or len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    person_id = turn.number(turn.chosen[1])
    if person_id == turn.person_id:
        raise NotUnderstood("loan_to_oneself")
    found = await candidates(turn.desk, turn.data["compound"], turn.data["said"])
    if person_id not in [one.person_id for one in found]:
        # The next question says the name: a forged number must not reveal one.
        raise NotUnderstood("tap_one")
    remember(turn, person=person_id)
    return "audience"


# For whom, until when ------------------------------------------------------------------------------------


async def _ask_audience(turn: Turn) -> None:
    put_question(turn, "lending.ask_audience", ((pick("whole_compound", "all"),),), numbers_pick=False)


async def _take_audience(turn: Turn) -> str | None:
    audience = Audience((COMPOUND,))
    if turn.chosen != ("all",):
        audience = read_audience(turn.text, await known_of(turn.desk, turn.data["compound"]))
    remember(turn, audience=audience.to_json())
    return "until"


async def _ask_until(turn: Turn) -> None:
    put_question(
        turn, "lending.ask_until", ((pick("lend_tonight", "tonight"),), (pick("lend_a_day", "day"),))
    )


async def _take_until(turn: Turn) -> str | None:
    now = turn.desk.now
    if turn.chosen == ("tonight",):
        zone = ZoneInfo(await turn.desk.timezone(turn.data["compound"]))
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        until = datetime.combine(tomorrow, time.min, zone).astimezone(UTC)
    elif turn.chosen == ("day",):
        until = now + LOAN_MOST
    else:
        raise NotUnderstood("tap_one")
    remember(turn, until=until.isoformat())
    return "review"


async def _ask_review(turn: Turn) -> None:
    data = turn.data
    facts = {
        "name": (await turn.store.people.details(data["person"])).name,
        "audience": await audience_facts(turn.desk, data["compound"], Audience.from_json(data["audience"])),
        "until": datetime.fromisoformat(data["until"]),
        "timezone": await turn.desk.timezone(data["compound"]),
    }
    put_question(turn, "lending.review", ((pick("lend_now", "lend"),),), facts)


async def _take_review(turn: Turn) -> str | None:
    if turn.chosen != ("lend",):
        raise NotUnderstood("tap_one")
    data = turn.data
    lent = await actions.lend_right(
        turn.desk,
        turn.person_id,
        data["compound"],
        data["person"],
        Audience.from_json(data["audience"]),
        datetime.fromisoformat(data["until"]),
    )
    facts = await actions.facts_of(turn.desk, lent)
    rows = ((choice("take_back", "loan.end", lent.id, name=short(str(facts["name"]), 16)),),)
    finish(turn, "lending.lent", facts, choices=rows)
    return None


DIALOG = Dialog(
    "lending",
    {
        "compound": Step(_ask_compound, _take_compound),
        "name": Step(_ask_name, _take_name),
        "who": Step(_ask_who, _take_who),
        "audience": Step(_ask_audience, _take_audience),
        "until": Step(_ask_until, _take_until),
        "review": Step(_ask_review, _take_review),
    },
)
