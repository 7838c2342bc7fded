"""Referring, planning, another urgency, a colleague's hand: what a handler does with an issue in between."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.actions.cards import bring_down, facts_of, is_reporters, roles_of
from bot.actions.clocks import resolve_due
from bot.actions.desk import choice
from bot.actions.issues import NAME_MOST, check_day, check_length, expect, known, targets
from bot.actions.tellings import Said
from bot.actions.waiting import OUTSIDE
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.calendar import WorkCalendar
from bot.domain.categories import Urgency
from bot.domain.dates import Moment, Part, read_moment
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import Holder
from bot.domain.transitions import Action, Role, State
from bot.handlers import replies
from bot.handlers.cards import do, unless_stale, visible
from bot.handlers.saying import TARGETS_MOST, post_and_name
from bot.storage.issues import Issue

LETTER_LINES = 8
"""So many lines of the history go into the text for an office outside."""
FOLLOW_UP_AT = time(9)
BEGIN_AT = time(8, 30)
_PARTS = {Part.NOON: time(12), Part.AFTERNOON: time(14), Part.EVENING: time(19)}
_OFFERED = ("tomorrow", "workdays", "week")
"""Days that can be tapped: the next one, after three working days, in a week."""
_WORKDAYS = 3


def _asking(action: Action, step: str) -> Callable[[Turn, str], Awaitable[None]]:
    """A button that asks for what the action needs, unless it would be refused anyway."""

    async def verb(turn: Turn, issue: str) -> None:
        found = await unless_stale(
            turn, issue, lambda number: expect(turn.desk, number, turn.person_id, action)
        )
        if found is not None:
            await begin(turn, DIALOG, step, issue=found.id, number=found.number, action=action.value)

    return verb


refer = _asking(Action.REFER, "office")
wait_on = _asking(Action.WAIT_ON, "until")
schedule = _asking(Action.SCHEDULE, "until")
urgency = _asking(Action.CHANGE_URGENCY, "urgency")
ask_help = _asking(Action.ASK_HELP, "colleague")


async def resume(turn: Turn, issue: str) -> None:
    """收回自己辦 / 現在就辦"""
    if await do(turn, issue, Action.RESUME):
        turn.toast("waiting.resumed_toast")


async def help_out(turn: Turn, issue: str, answer: str) -> None:
    """我來幫 / 現在不行"""
    done = await do(turn, issue, Action.HELP, Said(how=answer))
    if done and answer == "yes":
        await bring_down(turn.desk, done, turn.person_id)


async def letter(turn: Turn, issue: str) -> None:
    """The text for the office it was referred to, once more."""
    found = await visible(turn, issue)
    if Role.HANDLER not in await roles_of(turn.desk, found, turn.person_id):
        raise Refused("not_yours")
    if found.state != State.WAITING_EXTERNAL:
        raise Refused("not_now", state=found.state.value)
    await _write_letter(turn, found)


async def _write_letter(turn: Turn, issue: Issue) -> None:
    """What is sent on as it is: the reporter's name stands there only if every neighbour may read it."""
    history = await turn.store.issues.history(issue.id)
    asked = next(event for event in reversed(history) if event.action == Action.REFER)
    is_open = issue.shown_as == "neighbours" and issue.proxy is None
    name = (await turn.store.people.details(issue.reporter_id)).name if is_open else ""
    shared = (Action.ACCEPT, Action.REPLY, Action.NUDGE, Action.DISPUTE, Action.REOPEN, Action.REFER)
    lines = [
        {"at": event.at, "action": event.action, "text": "" if is_reporters(event, issue) else event.text}
        for event in history
        if event.action in shared
        and event.id != asked.id
        # What the reporter adds may name anybody: it is not sent on, and 'replied' alone says nothing.
        and not (event.action == Action.REPLY and is_reporters(event, issue))
    ][-LETTER_LINES:]
    facts = {"lines": lines, "words": asked.text, "reporter": name}
    turn.say("waiting.letter", {**await facts_of(turn.desk, issue), **facts}, issue_id=issue.id)


# Where to, and why -------------------------------------------------------------------------------------


async def _ask_office(turn: Turn) -> None:
    rows = [(pick(f"office_{office}", office),) for office in OUTSIDE]
    put_question(turn, "waiting.office", rows, {"number": turn.data["number"]})


async def _take_office(turn: Turn) -> str:
    office = turn.chosen[0] if turn.chosen else " ".join(turn.text.split())
    if turn.chosen and office not in OUTSIDE:
        raise NotUnderstood("tap_one")
    if not office or len(office) > NAME_MOST:
        raise NotUnderstood("name_too_long", most=NAME_MOST)
    remember(turn, how=office)
    return "why"


async def _ask_urgency(turn: Turn) -> None:
    now = (await _issue(turn)).urgency
    rows = [(pick("", one, text=plain(turn.render(f"urgencies.{one}"))),) for one in Urgency if one != now]
    put_question(turn, "waiting.urgency", rows, {"number": turn.data["number"], "urgency": now})


async def _take_urgency(turn: Turn) -> str:
    if len(turn.chosen) != 1 or turn.chosen[0] not in set(Urgency):
        raise NotUnderstood("tap_one")
    remember(turn, how=turn.chosen[0])
    return "why"


async def _ask_why(turn: Turn) -> None:
    number, how = turn.data["number"], turn.data["how"]
    if turn.data["action"] == Action.CHANGE_URGENCY:
        put_question(turn, "waiting.why_urgency", (), {"number": number, "to_urgency": how})
    else:
        ready = await replies.templates_for(turn, await _issue(turn), Action.REFER)
        facts = {"number": number, "office": how}
        put_question(turn, "waiting.why_refer", ready, facts, numbers_pick=False)


async def _take_why(turn: Turn) -> str | None:
    remember(turn, text=await replies.text_of(turn) or _written(turn))
    if turn.data["action"] == Action.REFER:
        return "until"
    await _finish(turn)
    return None


def _written(turn: Turn) -> str:
    if turn.chosen or turn.incoming.kind != "text" or not turn.text:
        raise NotUnderstood("text_needed")
    check_length(turn.text)
    return turn.text


# Until when --------------------------------------------------------------------------------------------


def _at(turn: Turn) -> time:
    return BEGIN_AT if turn.data["action"] == Action.SCHEDULE else FOLLOW_UP_AT


async def _issue(turn: Turn) -> Issue:
    return await known(turn.desk, turn.data["issue"])


async def _calendar(turn: Turn) -> WorkCalendar:
    return await turn.desk.calendar((await _issue(turn)).place.compound_id)


def _offer(key: str, today: date, calendar: WorkCalendar) -> date:
    days = {"tomorrow": 1, "workdays": 0, "week": 7}[key]
    day, left = today + timedelta(days=days), _WORKDAYS if key == "workdays" else 0
    while left:
        day += timedelta(days=1)
        left -= calendar.is_workday(day)
    return day


async def _ask_until(turn: Turn) -> None:
    data, calendar = turn.data, await _calendar(turn)
    zone = calendar.timezone
    today = turn.desk.now.astimezone(zone).date()
    keys = _OFFERED if data["action"] == Action.SCHEDULE else _OFFERED[1:]
    rows = []
    for key in keys:
        at = datetime.combine(_offer(key, today, calendar), _at(turn), zone)
        rows.append((pick(f"until_{key}", key, at=at, timezone=zone.key),))
    message = "waiting.begin" if data["action"] == Action.SCHEDULE else "waiting.follow_up_when"
    put_question(turn, message, rows, {"number": data["number"]}, numbers_pick=False)


async def _take_until(turn: Turn) -> str | None:
    calendar = await _calendar(turn)
    zone = calendar.timezone
    if turn.chosen:
        if len(turn.chosen) != 1 or turn.chosen[0] not in _OFFERED:
            raise NotUnderstood("tap_one")
        day = _offer(turn.chosen[0], turn.desk.now.astimezone(zone).date(), calendar)
        return await _put_off(turn, datetime.combine(day, _at(turn), zone))
    if turn.incoming.kind != "text":
        raise NotUnderstood("day_unclear")
    try:
        moments = [read_moment(turn.text, turn.desk.now, zone)]
    except NotUnderstood as hint:
        options = hint.facts.get("options")
        moments = [one for one in options if isinstance(one, Moment)] if isinstance(options, tuple) else []
        if not moments and hint.reason in ("moment_unclear", "day_needed"):
            # Those ask for an hour too; here a day is enough.
            raise NotUnderstood("day_unclear") from None
        if not moments and hint.reason in ("moment_unclear", "day_needed"):
            # These ask for an hour as well, and here a day is enough.
            raise NotUnderstood("day_unclear") from None
        if not moments:
            raise
    instants = [_instant(turn, moment, zone) for moment in moments]
    if len(instants) == 1:
        return await _put_off(turn, instants[0])
    remember(turn, moments=[instant.isoformat() for instant in instants])
    return "which"


def _instant(turn: Turn, moment: Moment, zone: ZoneInfo) -> datetime:
    """The moment said; of a day only, its working hour, or that of its afternoon or evening."""
    if moment.timed:
        return moment.start
    at = _PARTS.get(moment.part, _at(turn)) if moment.part else _at(turn)
    return datetime.combine(moment.start.astimezone(zone).date(), at, zone)


async def _ask_which(turn: Turn) -> None:
    zone = (await _calendar(turn)).timezone
    rows = [
        (pick("moment", "moment", place, at=datetime.fromisoformat(moment), timezone=zone.key),)
        for place, moment in enumerate(turn.data["moments"])
    ]
    put_question(turn, "waiting.which", rows, {"number": turn.data["number"]})


async def _take_which(turn: Turn) -> str | None:
    moments = turn.data["moments"]
    if len(turn.chosen) != 2 or turn.number(turn.chosen[1]) >= len(moments):
        raise NotUnderstood("tap_one")
    return await _put_off(turn, datetime.fromisoformat(moments[turn.number(turn.chosen[1])]))


async def _put_off(turn: Turn, until: datetime) -> str | None:
    try:
        check_day(turn.desk, until)
    except Refused as no:
        raise NotUnderstood(no.reason) from None
    remember(turn, until=until.isoformat())
    if turn.data["action"] == Action.SCHEDULE:
        return "note"
    await _finish(turn)
    return None


# A few more words --------------------------------------------------------------------------------------


async def _ask_note(turn: Turn) -> None:
    """The day as it was understood, and honestly whether it comes too late: the clock runs on."""
    until, due = datetime.fromisoformat(turn.data["until"]), await resolve_due(turn.desk, await _issue(turn))
    facts = {
        "number": turn.data["number"],
        "until": until,
        "timezone": (await _calendar(turn)).timezone.key,
        "resolve_due": due,
        "is_too_late": bool(due and until > due),
    }
    put_question(turn, "waiting.note", ((pick("schedule_now", "go"),),), facts)


async def _take_note(turn: Turn) -> str | None:
    remember(turn, text="" if turn.chosen == ("go",) else _written(turn))
    await _finish(turn)
    return None


async def _colleagues(turn: Turn) -> list[Holder]:
    return (await targets(turn.desk, await _issue(turn), to_help=True))[:TARGETS_MOST]


async def _ask_colleague(turn: Turn) -> None:
    colleagues = await _colleagues(turn)
    rows = [(pick("", "to", one.person_id, text=await post_and_name(turn, one)),) for one in colleagues]
    message = "waiting.colleague" if rows else "waiting.no_colleague"
    put_question(turn, message, rows, {"number": turn.data["number"]})


async def _take_colleague(turn: Turn) -> str:
    if len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    target = turn.number(turn.chosen[1])
    if not any(one.person_id == target for one in await _colleagues(turn)):
        # Before anybody is named: a forged button may carry any number.
        raise NotUnderstood("not_a_colleague")
    remember(turn, target=target)
    return "favour"


async def _ask_favour(turn: Turn) -> None:
    name = (await turn.store.people.details(turn.data["target"])).name
    facts = {"number": turn.data["number"], "name": name}
    put_question(turn, "waiting.favour", ((pick("ask_without_words", "go"),),), facts)


async def _finish(turn: Turn) -> None:
    """Do what was asked for; a refusal ends the dialog."""
    data = turn.data
    until = data.get("until")
    said = Said(
        data.get("text", ""),
        target=data.get("target"),
        how=data.get("how", ""),
        until=datetime.fromisoformat(until) if until else None,
    )
    action = Action(data["action"])
    try:
        issue = await do(turn, str(data["issue"]), action, said)
    except Refused as no:
        turn.refuse(no)
        return
    if issue is None:
        return
    name = (await turn.store.people.details(data["target"])).name if "target" in data else ""
    facts = {**await facts_of(turn.desk, issue), "action": action.value, "name": name}
    if action == Action.REFER:
        rows = ((choice("reference", "issue.reference", issue.id),),)
        finish(turn, "waiting.done", facts, choices=rows)
        await _write_letter(turn, issue)
    else:
        finish(turn, "waiting.done", facts)


DIALOG = Dialog(
    "waiting",
    {
        "office": Step(_ask_office, _take_office),
        "urgency": Step(_ask_urgency, _take_urgency),
        "why": Step(_ask_why, _take_why),
        "until": Step(_ask_until, _take_until),
        "which": Step(_ask_which, _take_which),
        "note": Step(_ask_note, _take_note),
        "colleague": Step(_ask_colleague, _take_colleague),
        "favour": Step(_ask_favour, _take_note),
    },
)
