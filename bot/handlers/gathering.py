"""What is said for a report comes in pieces: words, photos of an album, voices, in any order."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.actions import threads
from bot.actions.issues import TEXT_MOST
from bot.conversation.dialog import remember
from bot.conversation.turn import Turn
from bot.domain.categories import names_emergency
from bot.domain.errors import NotUnderstood, Refused
from bot.storage.issues import Issue

PHOTOS_MOST = 10
READ_MOST = 300
"""Characters in which an address, a category or a danger is looked for; people say early what it is about."""

Piece = dict[str, Any]
"""What one message said: {"id", "text", "photos", "voices"}, as JSON in the dialog's data."""


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
    said = gathered(turn, data)
    if len(said["text"]) > TEXT_MOST:
        raise NotUnderstood("report_too_long", most=TEXT_MOST)
    show_emergency(turn, is_report=True)
    if turn.incoming.kind == "other":
        turn.say("report.only_words")
    return said


def gathered(turn: Turn, data: Mapping[str, Any]) -> dict[str, Any]:
    """What was said so far and what came now, and which message said what."""
    incoming = turn.incoming
    came: Piece = {
        "id": incoming.message_id,
        "text": turn.text,
        "photos": list(incoming.photos),
        "voices": [incoming.file] if incoming.kind == "voice" else [],
    }
    said = _whole([*_pieces(data), came])
    if len(said["photos"]) > PHOTOS_MOST:
        raise NotUnderstood("too_many_photos", most=PHOTOS_MOST)
    return {**said, "album": incoming.album}


def replaced(turn: Turn) -> bool:
    """Put what an edited message says now in place of what it said; False when it said nothing of this.

    Refusals: `report_too_long`, `edited_empty`.
    """
    incoming, pieces = turn.incoming, _pieces(turn.data)
    if not any(piece["id"] == incoming.message_id for piece in pieces):
        return False
    said = _whole(
        [
            {**piece, "text": turn.text, "photos": list(incoming.photos) or piece["photos"]}
            if piece["id"] == incoming.message_id
            else piece
            for piece in pieces
        ]
    )
    if len(said["text"]) > TEXT_MOST:
        raise Refused("report_too_long", most=TEXT_MOST)
    if not (said["text"] or said["photos"] or said["voices"]):
        raise Refused("edited_empty")
    remember(turn, **said)
    return True


def _pieces(data: Mapping[str, Any]) -> list[Piece]:
    """Which message said what; what was put there otherwise was said by none."""
    pieces: list[Piece] = data.get("pieces", [])
    known = _whole(pieces)
    whole: Piece = {key: list(data.get(key, ())) for key in ("photos", "voices")}
    whole["text"] = data.get("text", "")
    if all(known[key] == whole[key] for key in whole):
        return pieces
    return [{"id": None, **whole}]


def _whole(pieces: Sequence[Piece]) -> dict[str, Any]:
    return {
        "pieces": list(pieces),
        "text": "\n".join(piece["text"] for piece in pieces if piece["text"]),
        "photos": [photo for piece in pieces for photo in piece["photos"]],
        "voices": [voice for piece in pieces for voice in piece["voices"]],
    }


def said_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """What has been gathered, without what else a dialog remembers."""
    return {key: data[key] for key in ("pieces", "text", "photos", "voices", "album")}


async def note_said(turn: Turn, issue: Issue, data: Mapping[str, Any]) -> None:
    """Remember which messages said what was just filed or passed on, for replies to them and corrections."""
    said = [(piece["id"], piece["text"]) for piece in data.get("pieces", ()) if piece["id"] is not None]
    if said:
        await threads.note_said(turn.desk, turn.incoming.chat, issue.id, turn.person_id, said)


def show_emergency(turn: Turn, *, is_report: bool) -> None:
    """Whom to call first, when the words name fire, gas, people in a lift … (R16)."""
    kind = names_emergency(turn.text[:READ_MOST])
    if kind:
        facts = {"kind": kind, "numbers": turn.desk.rules.emergency_numbers, "is_report": is_report}
        turn.say("report.emergency", facts)
