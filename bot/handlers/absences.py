"""我不在: from when, until when, who stands in, and what goes along; changing it, coming back."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.actions import absences as actions
from bot.actions.absences import Candidate
from bot.actions.desk import Choice, choice
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.absences import Absence, read_start, read_until
from bot.domain.errors import NotUnderstood, Refused
from bot.handlers.compounds import choose_compound, offer_compounds
from bot.texts import short

FOUND_MOST = 8
LISTED_MOST = 5
SAID_MOST = 40
LABEL_MOST = 40
MENDED = frozenset(
    (
        "away_backwards",
        "away_past",
        "away_too_long",
        "away_overlap",
        "away_oneself",
        "away_stranger",
        "away_loop",
    )
)
"""What can be put right by another answer."""


async def command(turn: Turn) -> None:
    """/away: one's own absences, each to be changed; where there are none, a new one begins."""
    found = (await turn.store.absences.of_person(turn.person_id))[:LISTED_MOST]
    if not found:
        await new(turn)
        return
    lines = [await actions.facts_about(turn.desk, one) for one in found]
    rows: list[tuple[Choice, ...]] = []
    for one, line in zip(found, lines, strict=True):
        if one.is_running:
            back = choice("away_back", "away.back", one.id)
        else:
            zone = line["timezone"]
            back = choice("away_cancel", "away.back", one.id, starts_at=one.from_at, timezone=zone)
        rows.append((back,))
        rows.append((choice("away_end", "away.until", one.id), choice("away_stand_in", "away.who", one.id)))
    rows.append((choice("away_new", "away.new"),))
    turn.say("absences.list", {"lines": lines}, choices=rows)


async def new(turn: Turn) -> None:
    """Begin to note an absence."""
    offices = await actions.offices_of(turn.desk, turn.person_id)
    if not offices:
        raise Refused("away_no_post")
    if len(offices) == 1:
        await begin(turn, DIALOG, "from", compound=offices[0])
    else:
        await begin(turn, DIALOG, "compound")


async def come_back(turn: Turn, absence: str) -> None:
    """我回来了, 不走了"""
    before = await actions.come_back(turn.desk, turn.person_id, turn.number(absence))
    if before.begun_at is None:
        turn.say("absences.cancelled", await actions.facts_about(turn.desk, before))


async def change_end(turn: Turn, absence: str) -> None:
    """改日期"""
    await _change(turn, absence, "until")


async def change_stand_in(turn: Turn, absence: str) -> None:
    """换人代"""
    await _change(turn, absence, "who")


async def _change(turn: Turn, absence: str, step: str) -> None:
    found = await actions.of(turn.desk, turn.person_id, turn.number(absence))
    await begin(
        turn, DIALOG, step, absence=found.id, compound=found.compound_id, starts=found.from_at.isoformat()
    )


async def decline(turn: Turn, absence: str) -> None:
    """婉拒"""
    declined = await actions.decline(turn.desk, turn.person_id, turn.number(absence))
    turn.say("absences.decline_done", await actions.facts_about(turn.desk, declined))


# Where and when -----------------------------------------------------------------------------------------


async def _ask_compound(turn: Turn) -> None:
    await offer_compounds(turn, "absences.compound", await actions.offices_of(turn.desk, turn.person_id))


async def _take_compound(turn: Turn) -> str | None:
    choose_compound(turn, await actions.offices_of(turn.desk, turn.person_id))
    return "from"


async def _zone(turn: Turn) -> ZoneInfo:
    return ZoneInfo(await turn.desk.timezone(turn.data["compound"]))


async def _ask_from(turn: Turn) -> None:
    rows = ((pick("away_now", "now"), pick("away_tomorrow", "tomorrow")),)
    put_question(turn, "absences.ask_from", rows, numbers_pick=False)


async def _take_from(turn: Turn) -> str | None:
    now, zone = turn.desk.now, await _zone(turn)
    if turn.chosen == ("now",):
        starts = now
    elif turn.chosen == ("tomorrow",):
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        starts = datetime.combine(tomorrow, time.min, zone).astimezone(UTC)
    elif turn.chosen:
        raise NotUnderstood("tap_one")
    else:
        starts = read_start(turn.text, now, zone)
    remember(turn, starts=starts.isoformat(), is_now=starts <= now)
    return "until"


async def _ask_until(turn: Turn) -> None:
    zone = await _zone(turn)
    picks = (pick("away_three", 3), pick("away_week", 7), pick("away_fortnight", 15))
    facts = {"starts_at": datetime.fromisoformat(turn.data["starts"]), "timezone": zone.key}
    # Days that have begun to run are not counted anew.
    rows = () if turn.data.get("absence") else (picks,)
    put_question(turn, "absences.ask_until", rows, facts, numbers_pick=False)


async def _take_until(turn: Turn) -> str | None:
    zone, starts = await _zone(turn), datetime.fromisoformat(turn.data["starts"])
    if turn.chosen in (("3",), ("7",), ("15",)):
        last = starts.astimezone(zone).date() + timedelta(days=int(turn.chosen[0]))
        until = datetime.combine(last, time.min, zone).astimezone(UTC)
    elif turn.chosen:
        raise NotUnderstood("tap_one")
    else:
        until = read_until(turn.text, starts, turn.desk.now, zone)
    absence_id = turn.data.get("absence")
    async with _asking_again(turn):
        if absence_id:
            changed = await actions.change_end(turn.desk, turn.person_id, absence_id, until)
            finish(turn, "absences.changed", await _whole(turn, changed))
            return None
        remember(turn, until=until.isoformat())
        await actions.check_plan(turn.desk, _draft(turn))
    if not await actions.is_missed(turn.desk, turn.person_id, turn.data["compound"]):
        return await _with(turn, None)
    return "who"


@asynccontextmanager
async def _asking_again(turn: Turn) -> AsyncIterator[None]:
    """What can be put right by another answer is asked again."""
    try:
        async with turn.attempt():
            yield
    except Refused as no:
        if no.reason in MENDED:
            raise NotUnderstood(no.reason, **no.facts) from None
        raise


def _draft(turn: Turn) -> Absence:
    """What has been answered so far."""
    data = turn.data
    return Absence(
        0,
        turn.person_id,
        data["compound"],
        data.get("stand_in"),
        datetime.fromisoformat(data["starts"]),
        datetime.fromisoformat(data["until"]),
        data.get("with_accepted", False),
    )


async def _whole(turn: Turn, absence: Absence) -> dict[str, object]:
    """An absence, and who gets what meanwhile."""
    return {
        **await actions.facts_about(turn.desk, absence),
        "lines": await actions.outlook(turn.desk, absence),
    }


# Who stands in ------------------------------------------------------------------------------------------


async def _ask_who(turn: Turn) -> None:
    found = await actions.stand_ins(turn.desk, turn.person_id, turn.data["compound"])
    picks = await _picks(turn, found)
    rows = (*grid(picks, 1), (pick("away_nobody", "nobody"),))
    put_question(turn, "absences.ask_who", rows, numbers_pick=False)


async def _picks(turn: Turn, found: Sequence[Candidate]) -> list[Choice]:
    """Each candidate by post or home, and name."""
    picks = []
    for one in found:
        where = ""
        if one.post:
            where = plain(turn.render("posts.inline", **await actions.post_facts(turn.desk, one.post)))
        elif one.home:
            where = plain(turn.render("places.inline", **one.home))
        picks.append(pick("", "who", one.person_id, text=short(f"{where} {one.name}".strip(), LABEL_MOST)))
    return picks


async def _take_who(turn: Turn) -> str | None:
    if turn.chosen == ("nobody",):
        return await _with(turn, None)
    if turn.chosen:
        return await _with(turn, _tapped(turn))
    said = turn.text
    found = await actions.stand_ins(turn.desk, turn.person_id, turn.data["compound"], said) if said else []
    if not found:
        raise NotUnderstood("away_unknown", said=short(said, SAID_MOST))
    if len(found) > FOUND_MOST:
        raise NotUnderstood("team_too_many", said=short(said, SAID_MOST))
    if len(found) == 1:
        return await _with(turn, found[0].person_id)
    remember(turn, said=said)
    return "which"


def _tapped(turn: Turn) -> int:
    if turn.chosen[:1] != ("who",) or len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    return turn.number(turn.chosen[1])


async def _ask_which(turn: Turn) -> None:
    found = await actions.stand_ins(turn.desk, turn.person_id, turn.data["compound"], turn.data["said"])
    put_question(turn, "absences.ask_which", grid(await _picks(turn, found[:FOUND_MOST]), 1))


async def _take_which(turn: Turn) -> str | None:
    return await _with(turn, _tapped(turn))


async def _with(turn: Turn, stand_in_id: int | None) -> str | None:
    """Take the stand-in; whether they may is asked before anything is said of them."""
    absence_id = turn.data.get("absence")
    async with _asking_again(turn):
        if absence_id:
            changed = await actions.change_stand_in(turn.desk, turn.person_id, absence_id, stand_in_id)
            finish(turn, "absences.changed", await _whole(turn, changed))
            return None
        remember(turn, stand_in=stand_in_id)
        await actions.check_plan(turn.desk, _draft(turn))
    accepted = (await actions.in_hand(turn.desk, turn.person_id, turn.data["compound"]))[1]
    return "accepted" if accepted else "review"


# What goes with it, and the whole -----------------------------------------------------------------------


async def _ask_accepted(turn: Turn) -> None:
    _, accepted = await actions.in_hand(turn.desk, turn.person_id, turn.data["compound"])
    rows = ((pick("away_keep", "keep"),), (pick("away_give", "give"),))
    facts = {**await actions.facts_about(turn.desk, _draft(turn)), "count": len(accepted)}
    put_question(turn, "absences.ask_accepted", rows, facts)


async def _take_accepted(turn: Turn) -> str | None:
    if turn.chosen not in (("keep",), ("give",)):
        raise NotUnderstood("tap_one")
    remember(turn, with_accepted=turn.chosen == ("give",))
    return "review"


async def _ask_review(turn: Turn) -> None:
    draft = _draft(turn)
    waiting, accepted = await actions.in_hand(turn.desk, turn.person_id, draft.compound_id)
    facts = {
        **await _whole(turn, draft),
        "count": len(waiting),
        "accepted": len(accepted),
        "is_now": turn.data["is_now"],
        "is_given": draft.with_accepted,
    }
    put_question(turn, "absences.review", ((pick("away_confirm", "yes"),),), facts)


async def _take_review(turn: Turn) -> str | None:
    if turn.chosen != ("yes",):
        raise NotUnderstood("tap_one")
    async with _asking_again(turn):
        absence = await actions.plan(turn.desk, _draft(turn))
    rows = ((choice("away_mine", "away.list"),),)
    finish(turn, "absences.noted", await actions.facts_about(turn.desk, absence), choices=rows)
    return None


DIALOG = Dialog(
    "absences",
    {
        "compound": Step(_ask_compound, _take_compound),
        "from": Step(_ask_from, _take_from),
        "until": Step(_ask_until, _take_until),
        "who": Step(_ask_who, _take_who),
        "which": Step(_ask_which, _take_which),
        "accepted": Step(_ask_accepted, _take_accepted),
        "review": Step(_ask_review, _take_review),
    },
)
