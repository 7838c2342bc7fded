"""What somebody says about an issue finds its thread: by reply, by asking, by editing; and internal notes."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.actions import threads
from bot.actions.cards import (
    facts_for,
    facts_of,
    may_read_notes,
    notes_for,
    reporter_choices,
    roles_of,
    speaker_of,
)
from bot.actions.desk import Choices, choice
from bot.actions.merging import looks_like_code
from bot.actions.tellings import Said
from bot.actions.threads import NOTE_MOST, may_speak
from bot.conversation.dialog import ASIDE, Dialog, Step, begin, finish, pick, put_question
from bot.conversation.turn import PROMPT, Turn
from bot.domain.categories import guess, is_courtesy
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.options import Press
from bot.domain.transitions import BY_ACTION, Action, Given, Role, Standing, State, check
from bot.handlers import report, residents, saying
from bot.handlers.cards import do, is_heard, unless_stale, visible
from bot.handlers.gathering import (
    READ_MOST,
    add,
    gathered,
    joined,
    note_said,
    replaced,
    said_of,
    show_emergency,
)
from bot.storage.issues import Issue
from bot.texts import short

INSTEAD = "thread.instead"
LABEL_MOST = 30
NOTES_SHOWN = 10
LONG = 80
"""Characters: who writes so much tells something new rather than answering."""


# Into the thread ---------------------------------------------------------------------------------------


async def replied(turn: Turn) -> bool:
    """A reply to any message about an issue, one's own words included, is said in its thread (R18)."""
    incoming = turn.incoming
    about = await turn.store.threads.about(incoming.chat, incoming.replies_to or 0)
    issue = await turn.store.issues.get(about.issue_id) if about else None
    if issue is None:
        return False
    if turn.dialog is not None and turn.data.get("issue") == issue.id:
        # They were asked for words on this very issue: these are the words.
        return False
    if incoming.kind not in ("text", "photo", "voice"):
        if not turn.text:
            raise Refused("cannot_read")
        turn.say("report.only_words")
    await _speak(turn, issue, gathered(turn, {}))
    return True


async def _speak(turn: Turn, issue: Issue, data: Mapping[str, Any]) -> None:
    """Say it in the thread; where that cannot be, ask what is to become of it: nothing is lost."""
    roles = await roles_of(turn.desk, issue, turn.person_id)
    if may_speak(issue, roles):
        if data["album"]:
            # Its other photos are still to come.
            await saying.start(turn, issue, Action.REPLY, "result", **data)
        else:
            await _pass_on(turn, issue, data)
        return
    if not roles:
        # Whose it was once is told who has it now; for anybody else there is no such issue.
        await do(turn, str(issue.id), Action.REPLY, _said(data))
        return
    await begin(turn, DIALOG, "otherwise", issue=issue.id, **data)


def _said(data: Mapping[str, Any]) -> Said:
    return Said(data["text"], tuple(data["photos"]), tuple(data["voices"]))


async def _pass_on(turn: Turn, issue: Issue, data: Mapping[str, Any]) -> None:
    done = await do(turn, str(issue.id), Action.REPLY, _said(data))
    if done is None:
        return
    await note_said(turn, done, data)
    is_reporter = turn.person_id == await speaker_of(turn.desk, done)
    if is_reporter:
        show_emergency(turn, is_report=False)
    facts = {
        **await facts_of(turn.desk, done),
        "is_heard": await is_heard(turn, done),
        "is_from_reporter": is_reporter,
        "is_to_both": turn.person_id not in (done.handler_id, await speaker_of(turn.desk, done)),
    }
    asks = is_reporter and done.state == State.RESOLVED
    choices = await reporter_choices(turn.desk, done) if asks else ()
    turn.say(
        "threads.passed_on",
        facts,
        choices=choices,
        card_key=PROMPT if turn.edits_prompt else None,
        anew=not turn.edits_prompt,
        issue_id=done.id,
    )


# Of which issue? ---------------------------------------------------------------------------------------


async def from_message(turn: Turn) -> None:
    """Words out of the blue: in the middle of a talk they may belong to it, which is asked and never guessed.

    What is plainly something new is asked about as a report, with the way into the talk under each question.
    """
    incoming = turn.incoming
    is_words = incoming.kind in ("photo", "voice") or (
        incoming.kind == "text" and not looks_like_code(turn.text) and not is_courtesy(turn.text)
    )
    live = await threads.live_for(turn.desk, turn.person_id) if is_words else []
    if not live:
        await residents.from_message(turn)
        return
    data = joined(turn, {})
    if _is_new(turn, data, live):
        aside = [(_belongs(turn, issue), Press(INSTEAD, (str(issue.id),)).encode()) for issue in live]
        await begin(turn, report.DIALOG, "category", **data, **{ASIDE: aside})
    else:
        await begin(turn, DIALOG, "which", issues=[issue.id for issue in live], **data)


def _is_new(turn: Turn, data: Mapping[str, Any], live: Sequence[Issue]) -> bool:
    """Whether these words bring a matter of another category than those talked about, or a long story.

    Words that fit no category rather answer what was asked.
    """
    text = data["text"]
    if not text or not report.tells_of_trouble(turn, text):
        return False
    likely = guess(text[:READ_MOST], tuple(turn.desk.rules.categories.values()))[0].category.key
    is_another = likely not in {"other", *(issue.category for issue in live)}
    return len(text) > LONG or (is_another and report.brings_matter(turn, text))


def _label(turn: Turn, issue: Issue) -> str:
    texts, locale = turn.desk.texts, turn.locale
    name = texts.words(locale, f"categories.{issue.category}")
    return short(texts.label(locale, "about_issue", number=issue.number, name=name), LABEL_MOST)


def _belongs(turn: Turn, issue: Issue) -> str:
    """The way out of a question about something new: it has to say what it does."""
    return short(turn.desk.texts.label(turn.locale, "belongs_to", name=_label(turn, issue)), LABEL_MOST)


async def _ask_which(turn: Turn) -> None:
    lines, rows = [], []
    for issue_id in turn.data["issues"]:
        issue = await turn.store.issues.get(issue_id)
        if issue is None:
            continue
        facts = await facts_of(turn.desk, issue)
        lines.append({key: facts[key] for key in ("number", "category", "place", "text")})
        rows.append((pick("", "issue", issue.id, text=_label(turn, issue)),))
    facts = {"lines": lines, **_shown(turn.data)}
    put_question(turn, "threads.which", (*rows, (pick("new_matter", "new"),)), facts)


def _shown(data: Mapping[str, Any]) -> dict[str, object]:
    return {"text": data["text"], "photos": len(data["photos"]), "voices": len(data["voices"])}


async def _take_which(turn: Turn) -> str | None:
    data = turn.data
    if turn.chosen == ("new",):
        await _report(turn)
        return None
    if len(turn.chosen) == 2:
        issue = await visible(turn, turn.chosen[1])
        turn.dialog = None
        await _speak(turn, issue, {**said_of(data), "album": ""})
        return None
    if turn.chosen or not add(turn):
        raise NotUnderstood("tap_one")
    return "which"


async def _report(turn: Turn) -> None:
    """What was said is something new: it is not asked for once more."""
    said = said_of(turn.data)
    turn.dialog = None
    await begin(turn, report.DIALOG, "category", **said)


async def instead(turn: Turn, issue: str) -> None:
    """是說那件事的: what was taken for something new belongs to the talk about an issue"""
    mine = Press(INSTEAD, (issue,)).encode()
    data = turn.data
    if mine not in [option for _, option in data.get(ASIDE, ())]:
        raise Refused("question_over")
    found = await visible(turn, issue)
    turn.dialog, turn.edits_prompt = None, True
    await _speak(turn, found, {**said_of(data), "album": ""})


# Where nothing can be said any more --------------------------------------------------------------------


async def _ask_otherwise(turn: Turn) -> None:
    """It is closed, or others do the talking: open it again, note it down, or make it something new."""
    issue = await visible(turn, str(turn.data["issue"]))
    picks = [pick(label, way) for way, label in await _ways(turn, issue)]
    facts = {**await facts_for(turn.desk, issue, turn.person_id), "is_closed": issue.state == State.CLOSED}
    put_question(turn, "threads.otherwise", [(one,) for one in picks], facts)


async def _ways(turn: Turn, issue: Issue) -> list[tuple[str, str]]:
    roles = await roles_of(turn.desk, issue, turn.person_id)
    ways = []
    if _may(turn, issue, roles, Action.REOPEN):
        ways.append(("reopen", "reopen"))
    is_short = 0 < len(turn.data["text"]) <= NOTE_MOST
    if is_short and may_read_notes(roles) and _may(turn, issue, roles, Action.NOTE):
        ways.append(("note", "note_down"))
    return [*ways, ("new", "new_matter")]


def _may(turn: Turn, issue: Issue, roles: set[Role], action: Action) -> bool:
    try:
        check(action, Standing(issue.state, issue.closed_at), roles, Given("…"), turn.desk.now)
    except Refused:
        return False
    return True


async def _take_otherwise(turn: Turn) -> str | None:
    data = turn.data
    issue = await visible(turn, str(data["issue"]))
    ways = [way for way, _ in await _ways(turn, issue)]
    if not turn.chosen and add(turn):
        return "otherwise"
    if turn.chosen not in [(way,) for way in ways]:
        raise NotUnderstood("tap_one")
    if turn.chosen == ("new",):
        await _report(turn)
    elif turn.chosen == ("note",):
        await _note_down(turn, data["text"])
    else:
        await _reopen(turn, data)
    return None


async def _reopen(turn: Turn, data: Mapping[str, Any]) -> None:
    try:
        done = await do(turn, str(data["issue"]), Action.REOPEN, _said(data))
    except Refused as no:
        turn.refuse(no)
        return
    if done is not None:
        await note_said(turn, done, data)
        told = {"action": Action.REOPEN.value, "is_heard": await is_heard(turn, done)}
        finish(turn, "say.done", {**await facts_of(turn.desk, done), **told}, issue_id=done.id)


# What was said, put right ------------------------------------------------------------------------------


async def edited(turn: Turn) -> bool:
    """An edited message says something else in the open question, or corrects what was passed on (R5)."""
    if replaced(turn):
        show_emergency(turn, is_report=True)
        return True
    incoming = turn.incoming
    fix = await threads.correction(turn.desk, incoming.chat, incoming.message_id or 0, turn.text)
    if fix is None:
        turn.say("dialog.edited")
    elif fix.words != fix.before:
        await _correct(turn, fix)
    return False


async def _correct(turn: Turn, fix: threads.Correction) -> None:
    issue = await visible(turn, str(fix.issue_id))
    facts = await facts_of(turn.desk, issue)
    if issue.state not in BY_ACTION[Action.CORRECT].sources:
        roles = await roles_of(turn.desk, issue, turn.person_id)
        again = (
            ((choice("reopen", "issue.reopen", issue.id),),)
            if _may(turn, issue, roles, Action.REOPEN)
            else ()
        )
        told = {**facts, "may_reopen": bool(again)}
        turn.say("threads.not_corrected", told, choices=again, issue_id=issue.id)
        return
    if not fix.words:
        raise Refused("edited_empty")
    done = await do(turn, str(issue.id), Action.CORRECT, Said(fix.words, target=fix.event_id))
    if done is None:
        return
    await turn.store.threads.note_parts(turn.incoming.chat, issue.id, fix.event_id, fix.parts, turn.desk.now)
    if turn.person_id == await speaker_of(turn.desk, done):
        show_emergency(turn, is_report=False)
    # Once more edited, once more said in the same place.
    key = f"correction:{fix.event_id}"
    turn.say("threads.correction_noted", facts, card_key=key, anew=False, issue_id=issue.id)


# Notes -------------------------------------------------------------------------------------------------


async def notes(turn: Turn, issue: str) -> None:
    """內部備註: all of them, for those in charge."""
    found = await unless_stale(
        turn, issue, lambda number: threads.expect_note(turn.desk, number, turn.person_id)
    )
    if found is None:
        return
    if await notes_for(turn.desk, found, turn.person_id):
        await _show_notes(turn, found)
    else:
        # Whoever sees only a button would simply type, and file it as a report.
        await begin(turn, DIALOG, "note", issue=found.id, number=found.number)


async def _show_notes(turn: Turn, issue: Issue) -> None:
    told = await notes_for(turn.desk, issue, turn.person_id)
    facts = {
        "number": issue.number,
        "lines": told[-NOTES_SHOWN:],
        "count": len(told),
        "timezone": await turn.desk.timezone(issue.place.compound_id),
    }
    write: Choices = ((choice("note_new", "issue.note", issue.id),),)
    turn.say("threads.notes", facts, choices=write, card_key=PROMPT, anew=not turn.edits_prompt)


async def note(turn: Turn, issue: str) -> None:
    """寫備註"""
    found = await unless_stale(
        turn, issue, lambda number: threads.expect_note(turn.desk, number, turn.person_id)
    )
    if found is not None:
        await begin(turn, DIALOG, "note", issue=found.id, number=found.number)


async def _ask_note(turn: Turn) -> None:
    put_question(turn, "threads.note", (), {"number": turn.data["number"]})


async def _take_note(turn: Turn) -> str | None:
    if turn.incoming.kind != "text" or not turn.text:
        raise NotUnderstood("text_needed")
    if len(turn.text) > NOTE_MOST:
        raise NotUnderstood("note_too_long", most=NOTE_MOST)
    await _note_down(turn, turn.text)
    return None


async def _note_down(turn: Turn, text: str) -> None:
    try:
        issue = await threads.note(turn.desk, turn.data["issue"], turn.person_id, text)
    except Refused as no:
        turn.refuse(no)
        return
    await _show_notes(turn, issue)


DIALOG = Dialog(
    "thread",
    {
        "which": Step(_ask_which, _take_which),
        "otherwise": Step(_ask_otherwise, _take_otherwise),
        "note": Step(_ask_note, _take_note),
    },
)
