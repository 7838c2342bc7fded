"""Who lives where: requests a leader decides, one's own homes, and going on with a new phone."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.actions import merging
from bot.actions import residents as actions
from bot.actions.desk import Choice, Choices, Desk, choice
from bot.actions.residents import ENDED_FOR, KINDS, REASON_MOST, REFUSED_FOR, place_of, show_request
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.options import Press
from bot.handlers import report
from bot.storage.people import Residency
from bot.texts import short

LISTED_MOST = 8
HOMES_MOST = 20
"""Requests on one page, and homes of one person shown."""
LABEL_MOST = 30
HOMES = "homes"
"""The card key of the message that shows one's homes."""

# The requests that wait ------------------------------------------------------------------------------------


async def requests(turn: Turn) -> None:
    """/requests: who waits for an answer of mine, the oldest first; a single one is shown at once."""
    waiting = await actions.waiting_for(turn.desk, turn.person_id)
    if len(waiting) == 1:
        await show_request(turn.desk, turn.person_id, waiting[0])
        return
    await list_requests(turn, "0")


async def list_requests(turn: Turn, page: str) -> None:
    """So many of them, and the way to the others."""
    waiting = await actions.waiting_for(turn.desk, turn.person_id)
    number = min(turn.number(page), max(0, len(waiting) - 1) // LISTED_MOST)
    shown = waiting[number * LISTED_MOST : (number + 1) * LISTED_MOST]
    lines: list[dict[str, Any]] = []
    rows: list[tuple[Choice, ...]] = []
    for home in shown:
        line = await _line(turn, home)
        lines.append(line)
        label = f"{line['name']} {plain(turn.render('places.inline', **line['place']))}"
        rows.append((Choice(Press("home.request", (str(home.id),)), text=short(label, LABEL_MOST)),))
    turning = []
    if number:
        turning.append(choice("page_before", "home.requests", number - 1))
    if len(waiting) > (number + 1) * LISTED_MOST:
        turning.append(choice("page_after", "home.requests", number + 1))
    if turning:
        rows.append(tuple(turning))
    facts = {"lines": lines, "count": len(waiting)}
    await say_in_place(turn, "requests", "residents.requests", facts, rows)


async def _line(turn: Turn, home: Residency) -> dict[str, Any]:
    return {
        "name": (await turn.store.people.details(home.person_id)).name,
        "kind": home.wanted_kind,
        "place": await turn.desk.place_facts(place_of(home)),
        "since": home.asked_at,
        "timezone": await turn.desk.timezone(home.compound_id),
    }


async def show(turn: Turn, residency: str) -> None:
    """One request, at the end of the chat."""
    home = await _unless_decided(turn, residency, actions.to_decide)
    if home is not None:
        await show_request(turn.desk, turn.person_id, home)


async def approve(turn: Turn, residency: str) -> None:
    """同意"""

    async def deed(desk: Desk, person_id: int, number: int) -> Residency:
        return await actions.decide(desk, person_id, number, approve=True)

    if await _unless_decided(turn, residency, deed):
        turn.toast("join.decided")


async def same(turn: Turn, residency: str, person: str) -> None:
    """同一人,换了手机 / 就是登记表上的这位"""
    known = turn.number(person)

    async def deed(desk: Desk, person_id: int, number: int) -> Residency:
        return await actions.same_person(desk, person_id, number, known)

    if await _unless_decided(turn, residency, deed):
        turn.toast("join.decided")


async def _unless_decided(
    turn: Turn, residency: str, deed: Callable[[Desk, int, int], Awaitable[Residency]]
) -> Residency | None:
    """The leader's one tap; a second one is told who was first, and its message is redrawn: then None."""
    number = turn.number(residency)
    try:
        async with turn.attempt():
            return await deed(turn.desk, turn.person_id, number)
    except Refused as no:
        home = await turn.store.people.residency(number)
        if home is not None and no.reason == "request_decided":
            await show_request(turn.desk, turn.person_id, home, anew=False)
        turn.refuse(no)
        return None


def _asking(
    step: str, check: Callable[[Desk, int, int], Awaitable[Residency]]
) -> Callable[[Turn, str], Awaitable[None]]:
    """A button that asks for words, unless what they are for would be refused anyway."""

    async def verb(turn: Turn, residency: str) -> None:
        home = await _unless_decided(turn, residency, check)
        if home is not None:
            await begin(turn, DIALOG, step, home=home.id)

    return verb


refuse = _asking("refuse", actions.to_decide)
ask = _asking("ask", actions.to_decide)
answer = _asking("answer", actions.to_answer)
end = _asking("end", actions.to_end)


# Words that go with it -------------------------------------------------------------------------------------


async def _facts(turn: Turn) -> dict[str, Any]:
    home = await turn.store.people.residency(turn.data["home"])
    if home is None:
        raise Refused("no_such_home")
    return {**await _line(turn, home), "talk": list(home.talk)}


def _reason_choices(words: tuple[str, ...]) -> Choices:
    return (*((pick(f"reason_{word}", word),) for word in words), (pick("reason_own", "own"),))


def _reason(turn: Turn, words: tuple[str, ...]) -> str:
    """What was tapped or written; "own" to be asked for words."""
    if turn.chosen:
        if turn.chosen[0] not in (*words, "own"):
            raise NotUnderstood("tap_one")
        return turn.chosen[0]
    if not turn.text:
        raise NotUnderstood("text_needed")
    if len(turn.text) > REASON_MOST:
        raise NotUnderstood("text_too_long", most=REASON_MOST)
    return turn.text


async def _ask_refuse(turn: Turn) -> None:
    put_question(turn, "residents.why_refused", _reason_choices(REFUSED_FOR), await _facts(turn))


async def _ask_end(turn: Turn) -> None:
    put_question(turn, "residents.why_ended", _reason_choices(ENDED_FOR), await _facts(turn))


async def _ask_own(turn: Turn) -> None:
    put_question(turn, "residents.own_words", (), await _facts(turn), numbers_pick=False)


async def _take_refuse(turn: Turn) -> str | None:
    reason = _reason(turn, REFUSED_FOR)
    if reason == "own":
        remember(turn, to="refuse")
        return "own"
    facts = await _facts(turn)
    await actions.decide(turn.desk, turn.person_id, turn.data["home"], approve=False, reason=reason)
    finish(turn, "residents.refusal_told", {**facts, "because": reason})
    return None


async def _take_end(turn: Turn) -> str | None:
    reason = _reason(turn, ENDED_FOR)
    if reason == "own":
        remember(turn, to="end")
        return "own"
    facts = await _facts(turn)
    home = await actions.end_home(turn.desk, turn.person_id, turn.data["home"], reason)
    rows = ((choice("back_to_unit", "roster.unit", home.unit_id),),)
    finish(turn, "residents.end_told", {**facts, "because": reason}, choices=rows)
    return None


async def _take_own(turn: Turn) -> str | None:
    if turn.chosen:
        raise NotUnderstood("text_needed")
    return await (_take_refuse if turn.data["to"] == "refuse" else _take_end)(turn)


async def _ask_ask(turn: Turn) -> None:
    put_question(turn, "residents.what_to_ask", (), await _facts(turn), numbers_pick=False)


async def _take_ask(turn: Turn) -> str | None:
    facts = await _facts(turn)
    await actions.ask_back(turn.desk, turn.person_id, turn.data["home"], turn.text)
    finish(turn, "residents.question_sent", facts)
    return None


async def _ask_answer(turn: Turn) -> None:
    put_question(turn, "residents.what_to_answer", (), await _facts(turn), numbers_pick=False)


async def _take_answer(turn: Turn) -> str | None:
    await actions.answer(turn.desk, turn.person_id, turn.data["home"], turn.text)
    finish(turn, "residents.answer_sent")
    return None


def _again(answer: Callable[[Turn], Awaitable[str | None]]) -> Callable[[Turn], Awaitable[str | None]]:
    """Words that are missing or too long are asked for again; any other no ends the dialog."""

    async def step(turn: Turn) -> str | None:
        try:
            async with turn.attempt():
                return await answer(turn)
        except NotUnderstood:
            raise
        except Refused as no:
            if no.reason in ("text_needed", "text_too_long"):
                raise NotUnderstood(no.reason, **no.facts) from None
            turn.dialog = None
            turn.refuse(no)
            return None

    return step


DIALOG = Dialog(
    "residents",
    {
        "refuse": Step(_ask_refuse, _again(_take_refuse)),
        "end": Step(_ask_end, _again(_take_end)),
        "own": Step(_ask_own, _again(_take_own)),
        "ask": Step(_ask_ask, _again(_take_ask)),
        "answer": Step(_ask_answer, _again(_take_answer)),
    },
)


# One's own homes -------------------------------------------------------------------------------------------


async def homes(turn: Turn) -> None:
    """/homes, 我的住处: every home and wish for one, another one, and the new phone."""
    mine = await turn.store.people.residencies(turn.person_id)
    lines = [await _home_facts(turn, home) for home in mine[:HOMES_MOST]]
    rows: list[tuple[Choice, ...]] = []
    for home, line in zip(mine, lines, strict=False):
        label = plain(turn.render("places.inline", **line["place"]))
        rows.append((Choice(Press("home.show", (str(home.id),)), text=short(label, LABEL_MOST)),))
    rows.append((choice("another_home" if mine else "more_join", "menu.join"),))
    rows.append((choice("new_phone", "home.phone"),))
    await say_in_place(turn, HOMES, "residents.homes", {"lines": lines, "rest": len(mine) - len(lines)}, rows)


async def _home_facts(turn: Turn, home: Residency) -> dict[str, Any]:
    return {
        "place": await turn.desk.place_facts(place_of(home)),
        "kind": home.kind,
        "asked_kind": home.asked_kind or "",
        "is_pending": home.state == "pending",
        "is_main": home.is_main,
    }


async def say_in_place(
    turn: Turn, card_key: str, message: str, facts: Mapping[str, object], rows: Choices
) -> None:
    """In the message with this card key, where that was tapped; else anew, at the end of the chat."""
    shown = await turn.store.outbox.card(turn.incoming.chat, card_key) if turn.incoming.query else None
    is_here = shown is not None and shown == turn.incoming.message_id
    turn.say(message, facts, choices=rows, card_key=card_key, anew=not is_here)


async def home(turn: Turn, residency: str) -> None:
    """One of them, and what can be done with it."""
    found = await actions.own_home(turn.desk, turn.person_id, turn.number(residency))
    await _show_home(turn, found)


async def _show_home(turn: Turn, found: Residency) -> None:
    rows: list[tuple[Choice, ...]] = [(choice("change_kind", "home.kind", found.id),)]
    several = len(await turn.store.people.residencies(turn.person_id)) > 1
    if several and not found.is_main and found.state == "approved":
        rows.append((choice("main_home", "home.main", found.id),))
    label = "move_out" if found.state == "approved" else "take_back_request"
    rows.append((choice(label, "home.leave", found.id), choice("all_homes", "home.list")))
    await say_in_place(turn, HOMES, "residents.home", await _home_facts(turn, found), rows)


async def ask_kind(turn: Turn, residency: str) -> None:
    """改身份"""
    found = await actions.own_home(turn.desk, turn.person_id, turn.number(residency))
    rows = [(choice(f"kind_{kind}", "home.be", found.id, kind),) for kind in KINDS]
    rows.append((choice("all_homes", "home.list"),))
    await say_in_place(turn, HOMES, "residents.ask_kind", await _home_facts(turn, found), rows)


async def be(turn: Turn, residency: str, kind: str) -> None:
    """业主 / 租户 / 家人"""
    number = turn.number(residency)
    asked = await actions.change_kind(turn.desk, turn.person_id, number, kind)
    found = await actions.own_home(turn.desk, turn.person_id, number)
    told = (await turn.store.people.details(asked.told)).name if asked.told else ""
    rows = ((choice("all_homes", "home.list"),),)
    facts = {**await _home_facts(turn, found), "told": told, "is_asked": asked.state == "pending"}
    await say_in_place(turn, HOMES, "residents.kind_asked", facts, rows)


async def main(turn: Turn, residency: str) -> None:
    """常住这里"""
    await actions.set_main(turn.desk, turn.person_id, turn.number(residency))
    await homes(turn)


async def ask_leave(turn: Turn, residency: str) -> None:
    """Whether they have really moved out."""
    found = await actions.own_home(turn.desk, turn.person_id, turn.number(residency))
    label = "move_out_now" if found.state == "approved" else "take_back_request"
    rows = ((choice(label, "home.leave_now", found.id),), (choice("all_homes", "home.list"),))
    await say_in_place(turn, HOMES, "residents.ask_leave", await _home_facts(turn, found), rows)


async def leave(turn: Turn, residency: str) -> None:
    """我搬走了"""
    left = await actions.leave_home(turn.desk, turn.person_id, turn.number(residency))
    rows = ((choice("all_homes", "home.list"),),)
    facts = {"place": await turn.desk.place_facts(place_of(left))}
    await say_in_place(turn, HOMES, "residents.left", facts, rows)


async def object_to_end(turn: Turn, residency: str) -> None:
    """我还住这里"""
    asked = await actions.object_to_end(turn.desk, turn.person_id, turn.number(residency))
    told = (await turn.store.people.details(asked.told)).name if asked.told else ""
    turn.say("residents.objected", {"told": told})


# A new phone -----------------------------------------------------------------------------------------------


async def new_phone(turn: Turn) -> None:
    """换手机: a code to type or scan on the new one."""
    code, until = await merging.make_code(turn.desk, turn.person_id)
    mine = await turn.store.people.residencies(turn.person_id)
    compounds = [home.compound_id for home in mine] or [one.id for one in await turn.store.places.compounds()]
    if not compounds:
        raise Refused("no_compound")
    facts = {"code": code, "until": until, "timezone": await turn.desk.timezone(compounds[0])}
    turn.desk.post_file(
        turn.incoming.chat,
        merging.code_picture(turn.desk, code),
        caption=turn.render("residents.phone_code", **facts),
        person_id=turn.person_id,
    )


def is_moving_link(link: str) -> bool:
    """Whether a deep link is the code of an old phone."""
    return link.startswith(merging.MOVING_LINK) and merging.looks_like_code(link[1:])


async def open_code(turn: Turn, said: str) -> None:
    """The code of the old phone: from now on this account is that person's."""
    # Whatever question was open here belongs to nobody any more.
    turn.dialog = None
    turn.person_id = await merging.move_phone(turn.desk, turn.person_id, said)
    known = await turn.desk.addressee(turn.person_id)
    turn.is_elder = known is not None and known.is_elder
    name = (await turn.store.people.details(turn.person_id)).name
    turn.say("residents.phone_moved", {"name": name}, menu=True)


async def from_message(turn: Turn) -> None:
    """Whatever a person sends without being asked: the code of their old phone, else a report."""
    if turn.incoming.kind == "text" and merging.looks_like_code(turn.text):
        await open_code(turn, turn.text)
        return
    await report.from_message(turn)
