"""Everything that is tapped on or said about one issue, by its handler, its reporter or the committee."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.actions.cards import (
    RATINGS,
    bring_down,
    facts_of,
    for_whom,
    is_reporters,
    may_see,
    redraw,
    redraw_verdict,
    reporter_choices,
    roles_of,
    show_photos,
    speaker_of,
    verdict_key,
)
from bot.actions.clocks import UNDONE
from bot.actions.desk import choice
from bot.actions.issues import act, check_length, expect, photo_needed, targets
from bot.actions.privacy import shown_reporter
from bot.actions.residents import waiting_for
from bot.actions.tellings import Said
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import APPROVERS, Holder
from bot.domain.proxies import ASKED, PROXIES
from bot.domain.transitions import BY_ACTION, Action, Role
from bot.handlers.report import show_emergency
from bot.storage.issues import Issue
from bot.texts import pieces

_CLOSED_SHOWN = timedelta(days=30)
TARGETS_MOST = 60
PHOTOS_MOST = 10
HISTORY_MOST = 30
PIECE_MOST = 4000
"""UTF-16 units of a report in one message of 4096, which its number stands above (card.text)."""


async def visible(turn: Turn, issue_id: str) -> Issue:
    """The issue of a payload, if this person may see it; otherwise it does not exist for them."""
    issue = await turn.store.issues.get(turn.number(issue_id))
    if issue is None or not await may_see(turn.desk, issue, turn.person_id):
        raise Refused("no_such_issue")
    return issue


async def _do(turn: Turn, issue_id: str, action: Action, said: Said | None = None) -> Issue | None:
    """Do it, or answer a stale tap."""
    return await _unless_stale(
        turn, issue_id, lambda number: act(turn.desk, number, turn.person_id, action, said)
    )


async def _unless_stale(turn: Turn, issue_id: str, deed: Callable[[int], Awaitable[Issue]]) -> Issue | None:
    """Do it; a stale tap is answered with who already did what, and the card is redrawn (C6): then None."""
    number = turn.number(issue_id)
    try:
        async with turn.attempt():
            return await deed(number)
    except Refused as no:
        await _answer_stale(turn, number, no)
        return None


async def _answer_stale(turn: Turn, number: int, no: Refused) -> None:
    issue = await turn.store.issues.get(number)
    last = await turn.store.issues.last_change(number)
    if issue is None or last is None or last.action == "file" or not await _is_stale(turn, issue, no):
        if issue is not None and not await may_see(turn.desk, issue, turn.person_id):
            # As for a number that was never given: whose it is not learns nothing.
            raise Refused("no_such_issue")
        raise no
    by = await _name_of(turn, issue, last.actor_id) if last.actor_id else ""
    timezone = await turn.desk.timezone(issue.place.compound_id)
    facts = {"by": by, "action": last.action, "at": last.at, "state": issue.state.value, "timezone": timezone}
    turn.refuse(Refused("stale", **facts))
    roles = await roles_of(turn.desk, issue, turn.person_id)
    if Role.REPORTER in roles:
        await redraw_verdict(turn.desk, issue)
    if roles != {Role.REPORTER}:
        await redraw(turn.desk, issue, turn.person_id)


async def _name_of(turn: Turn, issue: Issue, actor_id: int) -> str:
    """Who did something to an issue by name, unless they reported it and wish not to be seen so (R14)."""
    if actor_id == issue.reporter_id:
        return await shown_reporter(turn.desk, issue, turn.person_id)
    return (await turn.store.people.details(actor_id)).name


async def _is_stale(turn: Turn, issue: Issue, no: Refused) -> bool:
    if no.reason == "not_yours" and issue.handler_id != turn.person_id:
        # Once it was theirs: the card they tap is from then.
        history = await turn.store.issues.history(issue.id)
        return any(event.facts.get("handler") == turn.person_id for event in history)
    return no.reason in ("already_done", "not_now")


# One tap ------------------------------------------------------------------------------------------------


async def accept(turn: Turn, issue: str) -> None:
    """接單"""
    if await _do(turn, issue, Action.ACCEPT):
        turn.toast("card.accepted")


async def confirm(turn: Turn, issue: str) -> None:
    """已解決"""
    await _do(turn, issue, Action.CONFIRM)


async def vouch(turn: Turn, issue: str, how: str) -> None:
    """已解決, says who speaks for the reporter: how they asked"""
    if how not in ASKED:
        raise Refused("bad_button")
    await _do(turn, issue, Action.CONFIRM, Said(how=how))


async def rate(turn: Turn, issue: str, rating: str) -> None:
    """滿意 / 基本滿意 / 不滿意"""
    if rating not in RATINGS:
        raise Refused("bad_button")
    await _do(turn, issue, Action.RATE, Said(how=rating))


async def nudge(turn: Turn, issue: str) -> None:
    """催辦"""
    done = await _do(turn, issue, Action.NUDGE)
    if done:
        name = (await turn.store.people.details(done.handler_id)).name
        turn.toast("my.nudged", handler=name, is_heard=await _is_heard(turn, done))


# Showing ------------------------------------------------------------------------------------------------


async def show(turn: Turn, issue: str) -> None:
    """Bring the card down to the end of the chat; the one above points here."""
    found = await visible(turn, issue)
    speaker = await speaker_of(turn.desk, found)
    # Whoever speaks for another answers for them, also where the handling is their own.
    answers = speaker != found.reporter_id and found.state not in UNDONE
    if turn.person_id != speaker or (found.handler_id == turn.person_id and not answers):
        await bring_down(turn.desk, found, turn.person_id)
        return
    choices = await reporter_choices(turn.desk, found)
    facts = {**await facts_of(turn.desk, found), "for_whom": await for_whom(turn.desk, found, turn.person_id)}
    turn.say("my.issue", facts, choices=choices, card_key=verdict_key(found.id))


async def why(turn: Turn, issue: str) -> None:
    """Who has it, and the whole reasoning."""
    found = await visible(turn, issue)
    turn.say("card.why", {**await facts_of(turn.desk, found), "reason": found.reason})


async def history(turn: Turn, issue: str) -> None:
    """Everything that happened, oldest first, by post rather than by name."""
    found = await visible(turn, issue)
    events = await turn.store.issues.history(found.id)
    lines = [
        {
            "at": event.at,
            "action": event.action,
            "text": event.text if event.action != "file" else "",
            "by": "clock"
            if event.actor_id is None
            else "proxy"
            if "by_proxy" in event.facts
            else "reporter"
            if is_reporters(event, found)
            else "handler",
        }
        for event in events[-HISTORY_MOST:]
    ]
    turn.say("card.history", {**await facts_of(turn.desk, found), "lines": lines})


async def outward(turn: Turn, issue: str) -> None:
    """The text the committee can send to the property company, the subdistrict or 12345."""
    found = await visible(turn, issue)
    if Role.COMMITTEE not in await roles_of(turn.desk, found, turn.person_id):
        raise Refused("not_yours")
    if found.state not in UNDONE:
        await _answer_stale(turn, found.id, Refused("not_now"))
        return
    open_for = turn.desk.now - found.filed_at
    turn.say("reminders.outward", {**await facts_of(turn.desk, found), "open_for": open_for})


async def photos(turn: Turn, issue: str) -> None:
    """The photos once more."""
    found = await visible(turn, issue)
    if not await show_photos(turn.desk, found, turn.person_id):
        raise Refused("no_photos")


async def whole_text(turn: Turn, issue: str) -> None:
    """The report in full, in as many messages as it takes."""
    found = await visible(turn, issue)
    if found.erased_at is not None:
        raise Refused("words_erased")
    parts = pieces(found.text, PIECE_MOST)
    for part, text in enumerate(parts, 1):
        turn.say("card.text", {"number": found.number, "text": text, "part": part, "parts": len(parts)})


async def more(turn: Turn, issue: str) -> None:
    """What a handler rarely needs."""
    found = await visible(turn, issue)
    rows = [(choice("history", "issue.history", found.id), choice("photos", "issue.photos", found.id))]
    if found.handler_id == turn.person_id:
        rows.append(
            (choice("reject", "issue.reject", found.id), choice("duplicate", "issue.duplicate", found.id))
        )
    turn.say("card.more", {"number": found.number}, choices=rows)


async def list_mine(turn: Turn) -> None:
    """我的事: number, state, who has it, due time and next step, several at once (R7)."""
    since = turn.desk.now - _CLOSED_SHOWN
    issues = await turn.store.issues.of_reporter(turn.person_id, since, 10)
    lines = [
        {**await facts_of(turn.desk, issue), "for_whom": await for_whom(turn.desk, issue, turn.person_id)}
        for issue in issues
    ]
    rows = [(choice("open_number", "issue.show", issue.id, number=issue.number),) for issue in issues]
    turn.say("my.list", {"lines": lines}, choices=rows, menu=not rows)


async def list_work(turn: Turn) -> None:
    """What a handler has open, oldest first."""
    issues = await turn.store.issues.of_handler(turn.person_id, 15)
    if not issues and not await turn.posts():
        raise Refused("no_post")
    count = await turn.store.issues.count_of_handler(turn.person_id)
    lines = [await facts_of(turn.desk, issue) for issue in issues]
    rows = [(choice("open_number", "issue.show", issue.id, number=issue.number),) for issue in issues]
    kinds = {post.kind for post in await turn.posts()}
    if kinds & APPROVERS:
        waiting = len(await waiting_for(turn.desk, turn.person_id))
        if waiting:
            rows.append((choice("work_requests", "home.queue", count=waiting),))
        rows.append((choice("more_roster", "roster.open"),))
    if kinds & PROXIES:
        rows.append((choice("proxy_new", "proxy.new"),))
    if kinds:
        rows.append((choice("more_away", "away.list"),))
    turn.say("card.work", {"lines": lines, "count": count, "rest": count - len(lines)}, choices=rows)


# Saying something with it: one dialog for every action that needs words ---------------------------------


def _asking(action: Action, step: str = "words") -> Callable[[Turn, str], Awaitable[None]]:
    """A button that asks for what the action needs, unless it would be refused anyway."""

    async def verb(turn: Turn, issue: str) -> None:
        found = await _unless_stale(
            turn, issue, lambda number: expect(turn.desk, number, turn.person_id, action)
        )
        if found is None:
            return
        await begin(
            turn,
            DIALOG,
            step,
            issue=found.id,
            number=found.number,
            action=action.value,
            is_reporter=turn.person_id == await speaker_of(turn.desk, found),
            needs_text="text" in BY_ACTION[action].requires,
            needs_photo=action == Action.RESOLVE and photo_needed(turn.desk, found),
        )

    return verb


reply = _asking(Action.REPLY)
decline = _asking(Action.DECLINE)
resolve = _asking(Action.RESOLVE)
dispute = _asking(Action.DISPUTE)
reopen = _asking(Action.REOPEN)
reject = _asking(Action.REJECT)
duplicate = _asking(Action.MARK_DUPLICATE)
withdraw = _asking(Action.WITHDRAW, "withdraw")
transfer = _asking(Action.TRANSFER, "target")


async def _ask_words(turn: Turn) -> None:
    data = turn.data
    facts = {"number": data["number"], "needs_photo": data["needs_photo"]}
    put_question(turn, f"say.{data['action']}", (), facts)


async def _take_words(turn: Turn) -> str | None:
    """A sentence is enough, written or spoken; photos may be followed by more, and so may a result."""
    _gather(turn)
    data = turn.data
    is_said = data["text"] or (data["voices"] and not data["needs_text"])
    if data["action"] == Action.RESOLVE or turn.incoming.album or not is_said:
        return "result"
    await _finish(turn)
    return None


def _gather(turn: Turn) -> None:
    data, incoming = turn.data, turn.incoming
    if incoming.kind not in ("text", "photo", "voice"):
        raise NotUnderstood("cannot_read")
    text = "\n".join(part for part in (data.get("text", ""), turn.text) if part)
    check_length(text)
    if data.get("is_reporter"):
        show_emergency(turn, is_report=False)
    photos = [*data.get("photos", []), *incoming.photos]
    if len(photos) > PHOTOS_MOST:
        raise NotUnderstood("too_many_photos", most=PHOTOS_MOST)
    voices = [*data.get("voices", []), *([incoming.file] if incoming.kind == "voice" else [])]
    turn.edits_prompt = bool(incoming.album) and incoming.album == data.get("album")
    remember(turn, text=text, photos=photos, voices=voices, album=incoming.album)


async def _ask_result(turn: Turn) -> None:
    """Words and photos come in any order; they go out when both are there and it is tapped."""
    data = turn.data
    text, photos, voices = data["text"], data["photos"], data["voices"]
    needs_text = not text and (data["needs_text"] or not (photos or voices))
    needs_photo = data["needs_photo"] and not photos
    facts = {
        "number": data["number"],
        "action": data["action"],
        "text": text,
        "photos": len(photos),
        "voices": len(voices),
        "needs_text": needs_text,
        "needs_photo": needs_photo,
    }
    label = "send_result" if data["action"] == Action.RESOLVE else "send"
    put_question(turn, "say.result", () if needs_text or needs_photo else ((pick(label, "send"),),), facts)


async def _take_result(turn: Turn) -> str | None:
    if turn.chosen == ("send",):
        await _finish(turn)
        return None
    _gather(turn)
    return "result"


async def _ask_target(turn: Turn) -> None:
    data = turn.data
    issue = await turn.store.issues.get(data["issue"])
    if issue is None:
        raise Refused("no_such_issue")
    rows = []
    for holder in (await targets(turn.desk, issue))[:TARGETS_MOST]:
        name = (await turn.store.people.details(holder.person_id)).name
        facts = {"post": holder.kind.value, "building": await _building(turn, holder)}
        post = plain(turn.render("posts.inline", **facts))
        rows.append((pick("", "to", holder.person_id, text=f"{post} {name}"),))
    put_question(turn, "say.target", rows, {"number": data["number"]})


async def _building(turn: Turn, holder: Holder) -> str:
    place = await turn.store.places.building(holder.building_id) if holder.building_id else None
    return (await turn.store.places.names(place)).building if place else ""


async def _take_target(turn: Turn) -> str | None:
    if len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    remember(turn, target=turn.number(turn.chosen[1]))
    await _finish(turn)
    return None


async def _ask_withdraw(turn: Turn) -> None:
    rows = ((pick("withdraw_now", "withdrawn"),), (pick("solved_itself", "solved_itself"),))
    put_question(turn, "say.withdraw", rows, {"number": turn.data["number"]})


async def _take_withdraw(turn: Turn) -> str | None:
    if turn.chosen not in (("withdrawn",), ("solved_itself",)):
        raise NotUnderstood("tap_one")
    remember(turn, how=turn.chosen[0])
    await _finish(turn)
    return None


async def _finish(turn: Turn) -> None:
    """Do what was asked for. What can be put right is asked for again; any other refusal ends the dialog."""
    data = turn.data
    said = Said(
        data.get("text", ""),
        tuple(data.get("photos", ())),
        tuple(data.get("voices", ())),
        data.get("target"),
        data.get("how", ""),
    )
    try:
        issue = await _do(turn, str(data["issue"]), Action(data["action"]), said)
    except Refused as no:
        if no.reason in ("text_needed", "photo_needed", "not_a_target"):
            raise NotUnderstood(no.reason, **no.facts) from None
        turn.refuse(no)
        return
    if issue is not None:
        told = {"action": data["action"], "is_heard": await _is_heard(turn, issue)}
        finish(turn, "say.done", {**await facts_of(turn.desk, issue), **told})


async def _is_heard(turn: Turn, issue: Issue) -> bool:
    """Whether the bot can write to the other side of the talk; who speaks for both sides is no other."""
    speaker = await speaker_of(turn.desk, issue)
    other = speaker if turn.person_id == issue.handler_id else issue.handler_id
    return other != turn.person_id and await turn.desk.addressee(other) is not None


DIALOG = Dialog(
    "say",
    {
        "words": Step(_ask_words, _take_words),
        "result": Step(_ask_result, _take_result),
        "target": Step(_ask_target, _take_target),
        "withdraw": Step(_ask_withdraw, _take_withdraw),
    },
)
