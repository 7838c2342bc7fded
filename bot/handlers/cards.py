"""Everything that is tapped on or said about one issue, by its handler, its reporter or the committee."""

from datetime import timedelta
from typing import Any

from bot.actions.cards import card_choices, card_facts, card_key, facts_of, redraw, reporter_choices
from bot.actions.clocks import UNDONE
from bot.actions.desk import Choices, choice
from bot.actions.issues import act, may_see, roles_of
from bot.actions.tellings import RATINGS, Said, verdict_key
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.posts import Holder
from bot.domain.transitions import Action, Role
from bot.storage.issues import Issue
from bot.storage.mailboxes import Intent

_CLOSED_SHOWN = timedelta(days=30)
TARGETS_MOST = 60
PHOTOS_MOST = 10
HISTORY_MOST = 30


async def _visible(turn: Turn, issue_id: str) -> Issue:
    """The issue of a payload, if this person may see it; otherwise it does not exist for them."""
    issue = await turn.store.issues.get(turn.number(issue_id))
    if issue is None or not await may_see(turn.desk, issue, turn.person_id):
        raise Refused("no_such_issue")
    return issue


async def _do(turn: Turn, issue_id: str, action: Action, said: Said | None = None) -> Issue | None:
    """Do it; a stale tap is answered with who already did what, and the card is redrawn (C6)."""
    number = turn.number(issue_id)
    try:
        async with turn.attempt():
            return await act(turn.desk, number, turn.person_id, action, said)
    except Refused as no:
        if no.reason not in ("already_done", "not_now"):
            raise
        await _answer_stale(turn, number, no)
        return None


async def _answer_stale(turn: Turn, number: int, no: Refused) -> None:
    issue = await turn.store.issues.get(number)
    last = await turn.store.issues.last_change(number)
    if issue is None or last is None:
        raise no
    by = (await turn.store.people.details(last.actor_id)).name if last.actor_id else ""
    turn.refuse(
        Refused(
            "stale",
            by=by,
            action=last.action,
            at=last.at,
            state=issue.state.value,
            timezone=await turn.desk.timezone(issue.place.compound_id),
        )
    )
    roles = await roles_of(turn.desk, issue, turn.person_id)
    if Role.REPORTER in roles and turn.incoming.press and turn.incoming.press.kind in _REPORTERS_OWN:
        await _show_mine(turn, issue, card=verdict_key(issue.id), anew=False)
    else:
        await redraw(turn.desk, issue, only=turn.person_id)


_REPORTERS_OWN = frozenset(("issue.confirm", "issue.dispute", "issue.rate", "issue.withdraw", "issue.reopen"))


# One tap ------------------------------------------------------------------------------------------------


async def accept(turn: Turn, issue: str) -> None:
    """接單"""
    if await _do(turn, issue, Action.ACCEPT):
        turn.toast("card.accepted")


async def confirm(turn: Turn, issue: str) -> None:
    """已解決"""
    await _do(turn, issue, Action.CONFIRM)


async def rate(turn: Turn, issue: str, rating: str) -> None:
    """滿意 / 基本滿意 / 不滿意"""
    if rating not in RATINGS:
        raise Refused("bad_button")
    await _do(turn, issue, Action.RATE, Said(how=rating))


async def nudge(turn: Turn, issue: str) -> None:
    """催辦"""
    done = await _do(turn, issue, Action.NUDGE)
    if done:
        turn.toast("my.nudged", handler=(await turn.store.people.details(done.handler_id)).name)


# Showing ------------------------------------------------------------------------------------------------


async def show(turn: Turn, issue: str) -> None:
    """Bring the card down to the end of the chat; the one above points here."""
    found = await _visible(turn, issue)
    if found.reporter_id == turn.person_id and found.handler_id != turn.person_id:
        await _show_mine(turn, found)
        return
    turn.desk.post(
        turn.incoming.chat,
        turn.render("card.moved", number=found.number),
        person_id=turn.person_id,
        card_key=card_key(found.id),
        intent=Intent.CARD,
        only_if_sent=True,
    )
    turn.say(
        "card.issue",
        await card_facts(turn.desk, found, turn.person_id),
        choices=card_choices(found, turn.person_id),
        card_key=card_key(found.id),
    )


async def why(turn: Turn, issue: str) -> None:
    """Who has it, and the whole reasoning."""
    found = await _visible(turn, issue)
    turn.say("card.why", {**await facts_of(turn.desk, found), "reason": found.reason})


async def history(turn: Turn, issue: str) -> None:
    """Everything that happened, oldest first, by post rather than by name."""
    found = await _visible(turn, issue)
    events = await turn.store.issues.history(found.id)
    lines = [
        {
            "at": event.at,
            "action": event.action,
            "text": event.text if event.action != "file" else "",
            "by": "clock"
            if event.actor_id is None
            else "reporter"
            if event.actor_id == found.reporter_id
            else "handler",
        }
        for event in events[-HISTORY_MOST:]
    ]
    turn.say("card.history", {**await facts_of(turn.desk, found), "lines": lines})


async def outward(turn: Turn, issue: str) -> None:
    """The text the committee can send to the property company, the subdistrict or 12345."""
    found = await _visible(turn, issue)
    if Role.COMMITTEE not in await roles_of(turn.desk, found, turn.person_id):
        raise Refused("not_yours")
    if found.state not in UNDONE:
        await _answer_stale(turn, found.id, Refused("not_now"))
        return
    open_for = turn.desk.now - found.filed_at
    turn.say("reminders.outward", {**await facts_of(turn.desk, found), "open_for": open_for})


async def photos(turn: Turn, issue: str) -> None:
    """The photos once more."""
    found = await _visible(turn, issue)
    files = [one.file for one in await turn.store.issues.attachments(found.id) if one.kind == "photo"]
    if not files:
        raise Refused("no_photos")
    await turn.desk.show_photos(turn.person_id, files)


async def more(turn: Turn, issue: str) -> None:
    """What a handler rarely needs."""
    found = await _visible(turn, issue)
    rows: Choices = (
        (choice("history", "issue.history", found.id), choice("photos", "issue.photos", found.id)),
        (choice("reject", "issue.reject", found.id), choice("duplicate", "issue.duplicate", found.id)),
    )
    turn.say("card.more", {"number": found.number}, choices=rows)


async def _show_mine(turn: Turn, issue: Issue, *, card: str | None = None, anew: bool = True) -> None:
    facts = {**await facts_of(turn.desk, issue), "nudged_at": issue.nudged_at, "now": turn.desk.now}
    choices = reporter_choices(issue, now=turn.desk.now)
    turn.say("my.issue", facts, choices=choices, card_key=card, anew=anew)


async def list_mine(turn: Turn) -> None:
    """我的事: number, state, who has it, due time and next step, several at once (R7)."""
    since = turn.desk.now - _CLOSED_SHOWN
    issues = await turn.store.issues.of_reporter(turn.person_id, since, 10)
    lines = [await facts_of(turn.desk, issue) for issue in issues]
    rows = [(choice("open_number", "issue.show", issue.id, number=issue.number),) for issue in issues]
    turn.say("my.list", {"lines": lines}, choices=rows, menu=not rows)


async def list_work(turn: Turn) -> None:
    """What a handler has open, oldest first."""
    if not await turn.posts():
        raise Refused("no_post")
    issues = await turn.store.issues.of_handler(turn.person_id, 15)
    count = await turn.store.issues.count_of_handler(turn.person_id)
    lines = [await facts_of(turn.desk, issue) for issue in issues]
    rows = [(choice("open_number", "issue.show", issue.id, number=issue.number),) for issue in issues]
    turn.say("card.work", {"lines": lines, "count": count, "rest": count - len(lines), "now": turn.desk.now}, choices=rows)


# Saying something with it: one dialog for every action that needs words ---------------------------------


async def _begin_saying(turn: Turn, issue: str, action: Action) -> None:
    found = await _visible(turn, issue)
    category = turn.desk.rules.categories.get(found.category)
    needs_photo = action == Action.RESOLVE and bool(category and category.photo_to_resolve)
    await begin(
        turn, DIALOG, "words", issue=found.id, action=action.value, needs_photo=needs_photo, number=found.number
    )


async def reply(turn: Turn, issue: str) -> None:
    """回覆"""
    await _begin_saying(turn, issue, Action.REPLY)


async def decline(turn: Turn, issue: str) -> None:
    """退單"""
    await _begin_saying(turn, issue, Action.DECLINE)


async def resolve(turn: Turn, issue: str) -> None:
    """辦結"""
    await _begin_saying(turn, issue, Action.RESOLVE)


async def dispute(turn: Turn, issue: str) -> None:
    """沒解決"""
    await _begin_saying(turn, issue, Action.DISPUTE)


async def reopen(turn: Turn, issue: str) -> None:
    """重辦"""
    await _begin_saying(turn, issue, Action.REOPEN)


async def reject(turn: Turn, issue: str) -> None:
    """不予辦理"""
    await _begin_saying(turn, issue, Action.REJECT)


async def duplicate(turn: Turn, issue: str) -> None:
    """重複"""
    await _begin_saying(turn, issue, Action.MARK_DUPLICATE)


async def withdraw(turn: Turn, issue: str) -> None:
    """撤回, or 已經自己好了"""
    found = await _visible(turn, issue)
    await begin(turn, DIALOG, "withdraw", issue=found.id, action=Action.WITHDRAW.value, number=found.number)


async def transfer(turn: Turn, issue: str) -> None:
    """轉交: to whom?"""
    found = await _visible(turn, issue)
    await begin(turn, DIALOG, "target", issue=found.id, action=Action.TRANSFER.value, number=found.number)


async def _ask_words(turn: Turn) -> None:
    data = _data(turn)
    facts = {"number": data["number"], "needs_photo": data["needs_photo"]}
    put_question(turn, f"say.{data['action']}", (), facts)


async def _take_words(turn: Turn) -> str | None:
    data = _data(turn)
    _gather(turn)
    if data["action"] == Action.RESOLVE:
        return "result"
    await _finish(turn)
    return None


def _gather(turn: Turn) -> None:
    data, incoming = _data(turn), turn.incoming
    if incoming.kind not in ("text", "photo"):
        raise NotUnderstood("words_or_photo")
    text = "\n".join(part for part in (data.get("text", ""), turn.text) if part)
    photos = [*data.get("photos", []), *incoming.photos]
    if len(photos) > PHOTOS_MOST:
        raise NotUnderstood("too_many_photos", most=PHOTOS_MOST)
    turn.edits_prompt = bool(incoming.album) and incoming.album == data.get("album")
    remember(turn, text=text, photos=photos, album=incoming.album)


async def _ask_result(turn: Turn) -> None:
    """Words and photos of the result come in any order; it goes out when both are there and tapped."""
    data = _data(turn)
    photos, text = data.get("photos", []), data.get("text", "")
    ready = bool(text) and (bool(photos) or not data["needs_photo"])
    facts = {
        "number": data["number"],
        "text": text,
        "photos": len(photos),
        "needs_text": not text,
        "needs_photo": data["needs_photo"] and not photos,
    }
    put_question(turn, "say.result", ((pick("send_result", "send"),),) if ready else (), facts)


async def _take_result(turn: Turn) -> str | None:
    if turn.chosen == ("send",):
        await _finish(turn)
        return None
    _gather(turn)
    return "result"


async def _ask_target(turn: Turn) -> None:
    data = _data(turn)
    issue = await turn.store.issues.get(data["issue"])
    if issue is None:
        raise Refused("no_such_issue")
    rows = []
    for holder in await _targets(turn, issue):
        name = (await turn.store.people.details(holder.person_id)).name
        post = turn.render("posts.inline", post=holder.kind.value, building=await _building(turn, holder))
        rows.append((pick("", "to", holder.person_id, text=f"{post} {name}"),))
    put_question(turn, "say.target", rows, {"number": data["number"]})


async def _building(turn: Turn, holder: Holder) -> str:
    if holder.building_id is None:
        return ""
    place = await turn.store.places.building(holder.building_id)
    return (await turn.store.places.names(place)).building if place else ""


async def _targets(turn: Turn, issue: Issue) -> list[Holder]:
    """Whom an issue can be given to: each reachable holder once, those of its own building first."""
    parts = await turn.store.issues.parts(issue.id)
    passed_over = parts["concerned"] | {issue.handler_id, issue.reporter_id}
    once: dict[int, Holder] = {}
    for holder in await turn.desk.holders(issue.place.compound_id):
        near = holder.building_id in (None, issue.place.building_id)
        if holder.reachable and near and holder.person_id not in passed_over:
            once.setdefault(holder.person_id, holder)
    return list(once.values())[:TARGETS_MOST]


async def _take_target(turn: Turn) -> str | None:
    if len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    remember(turn, target=turn.number(turn.chosen[1]))
    await _finish(turn)
    return None


async def _ask_withdraw(turn: Turn) -> None:
    rows = ((pick("withdraw_now", "withdrawn"),), (pick("solved_itself", "solved_itself"),))
    put_question(turn, "say.withdraw", rows, {"number": _data(turn)["number"]})


async def _take_withdraw(turn: Turn) -> str | None:
    if turn.chosen not in (("withdrawn",), ("solved_itself",)):
        raise NotUnderstood("tap_one")
    remember(turn, how=turn.chosen[0])
    await _finish(turn)
    return None


async def _finish(turn: Turn) -> None:
    data = _data(turn)
    said = Said(data.get("text", ""), tuple(data.get("photos", ())), data.get("target"), data.get("how", ""))
    issue = await _do(turn, str(data["issue"]), Action(data["action"]), said)
    if issue is None:
        return
    finish(turn, "say.done", {**await facts_of(turn.desk, issue), "action": data["action"]})


def _data(turn: Turn) -> dict[str, Any]:
    return turn.dialog.data if turn.dialog else {}


DIALOG = Dialog(
    "say",
    {
        "words": Step(_ask_words, _take_words),
        "result": Step(_ask_result, _take_result),
        "target": Step(_ask_target, _take_target),
        "withdraw": Step(_ask_withdraw, _take_withdraw),
    },
)
