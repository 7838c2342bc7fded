"""Saying something with what is done to an issue: one dialog for every action that needs words."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.actions.cards import (
    facts_of,
    speaker_of,
)
from bot.actions.issues import check_length, expect, known, photo_needed, targets
from bot.actions.tellings import Said
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import Holder
from bot.domain.transitions import BY_ACTION, Action
from bot.handlers import replies
from bot.handlers.cards import do, is_heard, unless_stale
from bot.handlers.gathering import gathered, note_said, show_emergency
from bot.storage.issues import Issue

TARGETS_MOST = 60


def _asking(action: Action, step: str = "words") -> Callable[[Turn, str], Awaitable[None]]:
    """A button that asks for what the action needs, unless it would be refused anyway."""

    async def verb(turn: Turn, issue: str) -> None:
        found = await unless_stale(
            turn, issue, lambda number: expect(turn.desk, number, turn.person_id, action)
        )
        if found is not None:
            await start(turn, found, action, step)

    return verb


async def start(turn: Turn, issue: Issue, action: Action, step: str, **said: Any) -> None:
    """Ask for what the action needs; `said` is what has come already."""
    await begin(
        turn,
        DIALOG,
        step,
        issue=issue.id,
        number=issue.number,
        action=action.value,
        is_reporter=turn.person_id == await speaker_of(turn.desk, issue),
        needs_text="text" in BY_ACTION[action].requires,
        needs_photo=action == Action.RESOLVE and photo_needed(turn.desk, issue),
        question=(await facts_of(turn.desk, issue))["question"],
        **said,
    )


reply = answer = _asking(Action.REPLY)
decline = _asking(Action.DECLINE)
resolve = _asking(Action.RESOLVE)
dispute = _asking(Action.DISPUTE)
reopen = _asking(Action.REOPEN)
reject = _asking(Action.REJECT)
withdraw = _asking(Action.WITHDRAW, "withdraw")
transfer = _asking(Action.TRANSFER, "target")
request_info = _asking(Action.REQUEST_INFO)
note_reference = _asking(Action.NOTE_REFERENCE)
rate_words = _asking(Action.RATE_WORDS)


async def _ask_words(turn: Turn) -> None:
    data = turn.data
    facts = {"number": data["number"], "needs_photo": data["needs_photo"]}
    if data["question"] and data["is_reporter"]:
        put_question(turn, "waiting.answer", (), {**facts, "question": data["question"]})
        return
    issue, action = await turn.store.issues.get(data["issue"]), Action(data["action"])
    ready = await replies.templates_for(turn, issue, action) if issue is not None else ()
    put_question(turn, f"say.{action.value}", ready, facts, numbers_pick=False)


async def _take_words(turn: Turn) -> str | None:
    """A sentence is enough, written or spoken; photos may be followed by more, and so may a result."""
    ready = await replies.text_of(turn)
    if ready:
        more = {key: turn.data.get(key, []) for key in ("photos", "voices")}
        remember(turn, text=ready, is_ready=True, **more)
        return "result"
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
    if data.get("is_ready") and turn.text:
        # Written instead of the ready words.
        data = {**data, "text": ""}
        remember(turn, is_ready=False)
    said = gathered(turn, data)
    check_length(said["text"])
    if data.get("is_reporter"):
        show_emergency(turn, is_report=False)
    turn.edits_prompt = bool(incoming.album) and incoming.album == data.get("album")
    remember(turn, **said)


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
    issue = await known(turn.desk, data["issue"])
    rows = [
        (pick("", "to", holder.person_id, text=await post_and_name(turn, holder)),)
        for holder in (await targets(turn.desk, issue))[:TARGETS_MOST]
    ]
    put_question(turn, "say.target", rows, {"number": data["number"]})


async def post_and_name(turn: Turn, holder: Holder) -> str:
    """Somebody in a post as a button names them."""
    name = (await turn.store.people.details(holder.person_id)).name
    facts = {"post": holder.kind.value, "building": await _building(turn, holder)}
    return f"{plain(turn.render('posts.inline', **facts))} {name}"


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
        issue = await do(turn, str(data["issue"]), Action(data["action"]), said)
    except Refused as no:
        if no.reason in ("text_needed", "photo_needed", "not_a_target", "name_too_long"):
            raise NotUnderstood(no.reason, **no.facts) from None
        turn.refuse(no)
        return
    if issue is not None:
        await note_said(turn, issue, data)
        told = {"action": data["action"], "is_heard": await is_heard(turn, issue)}
        finish(turn, "say.done", {**await facts_of(turn.desk, issue), **told}, issue_id=issue.id)


DIALOG = Dialog(
    "say",
    {
        "words": Step(_ask_words, _take_words),
        "result": Step(_ask_result, _take_result),
        "target": Step(_ask_target, _take_target),
        "withdraw": Step(_ask_withdraw, _take_withdraw),
    },
)
