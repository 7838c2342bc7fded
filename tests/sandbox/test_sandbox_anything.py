"""Whatever a bot sends, it gets an answer of the Bot API and no exception."""

import json
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sandbox.core import METHODS, Sandbox

NAMES = (
    "text caption parse_mode entities caption_entities reply_markup reply_parameters message_id message_ids "
    "from_chat_id user_id photo media link_preview_options commands scope language_code menu_button "
    "callback_query_id url offset limit allowed_updates action name file_id"
)
WORDS = st.sampled_from(
    ["", "x", "<b>樓</b>", "&", "</", "<a href='", "HTML", "photo", "default", "chat", "attach://x", "😀"]
)
LEAVES = st.none() | st.booleans() | st.integers(-3, 2**40) | st.floats(allow_nan=False) | WORDS
FIELDS = (
    "type media text callback_data url offset length inline_keyboard keyboard "
    "command description chat_id user_id message_id caption"
)
KEYS = st.sampled_from(FIELDS.split())
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v, max_size=4), max_leaves=8
)


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(sorted(METHODS)),
    given_=st.dictionaries(st.sampled_from(NAMES.split()), VALUES | VALUES.map(json.dumps), max_size=5),
    chat_id=st.sampled_from([1001, "1001", -1, "-1", 5, "", None, [1]]),
)
def test_nonsense_is_refused_politely(method: str, given_: dict[str, object], chat_id: object) -> None:
    """Every call ends in an envelope that can be written as JSON."""
    box = Sandbox(lambda: datetime(2026, 3, 2, tzinfo=UTC))
    resident = box.user("王")
    resident.sends(None, "/start")
    group = box.group("3號樓", resident)
    group.add_bot(resident)
    group.promote_bot(resident)
    sent = box.call(box.token, "sendMessage", {"chat_id": resident.id, "text": "x"})
    known = {"message_id": sent.result["message_id"], "text": "y"}
    reply = box.call(box.token, method, known | given_ | {"chat_id": chat_id})
    assert json.loads(reply.body())["ok"] == reply.ok
    assert reply.ok or 400 <= reply.error_code < 500
    assert json.loads(json.dumps(box.memory.rest()))["revision"] == box.memory.revision
    assert resident.chat(with_deleted=True)[0].text == "/start"
