"""What is said for a report comes in pieces: words, photos of an album, voices, in any order."""

from collections.abc import Mapping
from typing import Any

from bot.actions.issues import TEXT_MOST
from bot.conversation.dialog import remember
from bot.conversation.turn import Turn
from bot.domain.categories import names_emergency
from bot.domain.errors import NotUnderstood

PHOTOS_MOST = 10
READ_MOST = 300
"""Characters in which an address, a category or a danger is looked for; people say early what it is about."""


def add(turn: Turn) -> bool:
    """Whatever comes while the report is being put together belongs to it; False when nothing came."""
    incoming, data = turn.incoming, turn.data
    if not turn.text and incoming.kind not in ("photo", "voice"):
        if incoming.kind == "other":
            raise NotUnderstood("cannot_read")
        return False
    # The photos of one album come one by one: they change the question instead of repeating it.
    turn.edits_prompt = bool(incoming.album) and incoming.album == data.get("album")
    remember(turn, **joined(turn, data))
    return True


def joined(turn: Turn, data: Mapping[str, Any]) -> dict[str, Any]:
    """What was said so far and what came now; an emergency number is shown before anything else (R16)."""
    incoming = turn.incoming
    text = "\n".join(part for part in (data.get("text", ""), turn.text) if part)
    photos = [*data.get("photos", ()), *incoming.photos]
    voices = [*data.get("voices", ()), *((incoming.file,) if incoming.kind == "voice" else ())]
    if len(text) > TEXT_MOST:
        raise NotUnderstood("report_too_long", most=TEXT_MOST)
    if len(photos) > PHOTOS_MOST:
        raise NotUnderstood("too_many_photos", most=PHOTOS_MOST)
    show_emergency(turn, is_report=True)
    if incoming.kind == "other":
        turn.say("report.only_words")
    return {"text": text, "photos": photos, "voices": voices, "album": incoming.album}


def show_emergency(turn: Turn, *, is_report: bool) -> None:
    """Whom to call first, when the words name fire, gas, people in a lift … (R16)."""
    kind = names_emergency(turn.text[:READ_MOST])
    if kind:
        facts = {"kind": kind, "numbers": turn.desk.rules.emergency_numbers, "is_report": is_report}
        turn.say("report.emergency", facts)
