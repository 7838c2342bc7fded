"""Receiving: what Telegram may forget is stored, once, and whatever comes in is understood or buried."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from telegram import Bot

from bot.conversation.incoming import Incoming
from bot.domain.errors import Malformed, OperatorError, Unavailable
from bot.domain.options import Press
from bot.gateway.incoming import Reader, cleaned, envelope
from bot.gateway.polling import ALLOWED, Receiver
from bot.sandbox.core import Sandbox
from bot.sandbox.faults import Fault, dropped, server_error, timed_out, too_many
from bot.sandbox.people import Group
from bot.sandbox.request import SandboxRequest
from bot.storage.engine import Connection
from bot.storage.mailboxes import Received
from bot.storage.sqlite import SqliteDatabase

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
TOKEN = "1:sandbox"
READER = Reader(1, "lianxin_bot")


class FlakyDatabase:
    """A database that is away for the next `away` transactions."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.path = database.path
        self.away = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """As the real one, or away."""
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        async with self._database.transaction() as connection:
            yield connection

    async def migrate(self) -> int:
        """As the real one."""
        return await self._database.migrate()

    async def close(self) -> None:
        """As the real one."""
        await self._database.close()


class Enough(Exception):
    """Ends a loop that would go on for ever."""


class Door:
    """A receiver for one bot of a local Telegram."""

    def __init__(self, database: FlakyDatabase) -> None:
        self.database = database
        self.sandbox = Sandbox(lambda: NOW)
        request = SandboxRequest(self.sandbox)
        self.bot = Bot(TOKEN, request=request, get_updates_request=request)
        self.woken = 0
        self.fault_after_storing: Fault | None = None
        self.pauses: list[float] = []
        self.patience = 0
        self.receiver = self.new_receiver()

    def new_receiver(self) -> Receiver:
        """The receiver after a restart."""
        return Receiver(self.database, self.bot, lambda: NOW, self._wake, self._sleep)

    def _wake(self) -> None:
        self.woken += 1
        if self.fault_after_storing:
            self.sandbox.faults.add("getUpdates", self.fault_after_storing)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) >= self.patience:
            raise Enough

    async def run(self, pauses: int) -> list[float]:
        """Run until it has paused so often; the seconds of each pause."""
        self.pauses, self.patience = [], pauses
        with pytest.raises(Enough):
            await self.receiver.run()
        return self.pauses

    def stored(self) -> list[tuple[int, str, str]]:
        """Number, sender and payload of every letter, oldest first."""
        with closing(sqlite3.connect(self.database.path)) as reading:
            return list(reading.execute("SELECT update_id, sender, payload FROM inbox ORDER BY id"))

    def pending(self) -> int:
        """How many updates Telegram still keeps."""
        return self.sandbox.memory.pending()


@pytest.fixture
async def door(tmp_path: Path, migrated: Path) -> AsyncIterator[Door]:
    """An open door with an empty inbox."""
    copyfile(migrated, tmp_path / "mail.db")
    database = FlakyDatabase(await SqliteDatabase.open(str(tmp_path / "mail.db")))
    door = Door(database)
    await door.bot.initialize()
    yield door
    await database.close()


# ---- storing and confirming


async def test_a_batch_is_stored_and_then_confirmed(door: Door) -> None:
    """Telegram keeps everything until the call after the commit."""
    resident = door.sandbox.user("王")
    for text in ("一", "二", "三"):
        resident.sends(None, text)
    assert await door.receiver.receive_once(0) == 3
    assert [number for number, _, _ in door.stored()] == [1, 2, 3]
    assert door.woken == 1
    assert door.pending() == 3
    assert await door.receiver.receive_once(0) == 0
    assert door.pending() == 0
    assert door.woken == 1


async def test_the_payload_is_what_telegram_sent(door: Door) -> None:
    """The raw update is kept whole, also what the library does not know yet."""
    raw = {"message": {"from": {"id": 5, "is_bot": False}, "chat": {"id": -7}, "new_thing": [{"é": "燈"}]}}
    number = door.sandbox.inject(raw)
    await door.receiver.receive_once(0)
    [(_, sender, payload)] = door.stored()
    assert sender == "5"
    assert json.loads(payload) == {"update_id": number, **raw}


async def test_only_what_is_handled_is_asked_for(door: Door) -> None:
    """Other kinds of update do not even come."""
    await door.receiver.receive_once(0)
    assert door.sandbox.memory.allowed_updates == ALLOWED


async def test_a_restart_goes_on_where_it_was(door: Door) -> None:
    """The offset comes from the inbox: nothing is stored twice, nothing skipped."""
    resident = door.sandbox.user("王")
    resident.sends(None, "一")
    await door.receiver.receive_once(0)
    resident.sends(None, "二")
    restarted = door.new_receiver()
    assert await restarted.receive_once(0) == 1
    assert [number for number, _, _ in door.stored()] == [1, 2]
    assert door.pending() == 1


async def test_an_answer_lost_after_the_call_loses_no_update(door: Door) -> None:
    """Telegram gives the same updates again; they are kept once."""
    door.sandbox.user("王").sends(None, "一")
    door.sandbox.faults.add("getUpdates", timed_out("after"))
    await door.run(1)
    assert door.stored() == []
    await door.receiver.receive_once(0)
    await door.new_receiver().store([json.loads(door.stored()[0][2])])
    assert len(door.stored()) == 1


async def test_nothing_is_confirmed_while_the_database_is_away(door: Door) -> None:
    """Neither before the inbox could be read nor when it could not be written."""
    resident = door.sandbox.user("王")
    resident.sends(None, "一")
    door.database.away = 1
    with pytest.raises(Unavailable):
        await door.receiver.receive_once(0)
    await door.receiver.receive_once(0)
    resident.sends(None, "二")
    door.database.away = 1
    with pytest.raises(Unavailable):
        await door.receiver.receive_once(0)
    assert door.pending() == 1
    assert await door.receiver.receive_once(0) == 1
    assert [number for number, _, _ in door.stored()] == [1, 2]


async def test_lower_numbers_after_a_quiet_week(door: Door) -> None:
    """Telegram then starts from any number: the offset follows down, and the update is confirmed."""
    door.sandbox.inject({"update_id": 900, "message": {}})
    await door.receiver.receive_once(0)
    door.sandbox.memory.queue.clear()
    door.sandbox.user("王").sends(None, "一")
    assert await door.receiver.receive_once(0) == 1
    assert await door.receiver.receive_once(0) == 0
    assert door.pending() == 0
    assert [number for number, _, _ in door.stored()] == [900, 2]


async def test_an_update_without_a_number_is_passed_over(door: Door) -> None:
    """The others are kept; the log says that something was odd, not what."""
    with capture_logs() as logs:
        kept = await door.receiver.store(
            [{"message": {"text": "秘密"}}, None, {"update_id": 4, "message": {}}]
        )
    assert [letter.update_id for letter in kept] == [4]
    assert [entry["count"] for entry in logs] == [2]
    assert "秘密" not in repr(logs)


async def test_malformed_updates_never_come_back(door: Door) -> None:
    """They are stored and confirmed like any other, and burying them is the reader's word."""
    for body in ({}, {"chat": "x"}, {"message_id": 1, "date": "now", "chat": {"id": "y", "type": 3}}):
        door.sandbox.inject({"message": body})
    assert await door.receiver.receive_once(0) == 3
    assert await door.receiver.receive_once(0) == 0
    assert door.pending() == 0
    for _, sender, payload in door.stored():
        assert sender == "?"
        with pytest.raises(Malformed):
            READER.read(payload)


# ---- for ever


async def test_trouble_makes_it_wait_longer_and_success_forgets(door: Door) -> None:
    """1, 2, 4 … 30 seconds; after one good call it begins anew."""
    door.sandbox.user("王").sends(None, "一")
    for fault, times in ((dropped(), 3), (timed_out(), 2), (server_error(), 2)):
        door.sandbox.faults.add("getUpdates", fault, times)
    door.fault_after_storing = dropped()
    assert await door.run(8) == [1, 2, 4, 8, 16, 30, 30, 1]
    assert len(door.stored()) == 1


async def test_flood_control_is_obeyed(door: Door) -> None:
    """A 429 tells how long."""
    door.sandbox.faults.add("getUpdates", too_many(17))
    assert await door.run(1) == [17]


async def test_the_database_away_makes_it_wait(door: Door) -> None:
    """It comes back by itself."""
    door.database.away = 3
    assert await door.run(3) == [1, 2, 4]


async def test_a_conflict_is_told_and_tried_again(door: Door) -> None:
    """While a webhook or another process receives, the log says so in Telegram's words."""
    await door.bot.set_webhook("https://example.org/hook")
    with capture_logs() as logs:
        assert await door.run(2) == [1, 2]
    assert "webhook is active" in logs[0]["reason"]
    await door.bot.delete_webhook()
    assert await door.receiver.receive_once(0) == 0


@pytest.mark.parametrize("initialized", [True, False])
async def test_a_refused_token_ends_it(door: Door, initialized: bool) -> None:
    """One sentence for the operator, without the token in it."""
    if not initialized:
        await door.bot.shutdown()
    door.sandbox.token = "1:another"
    with pytest.raises(OperatorError) as stopped:
        await door.receiver.run()
    assert TOKEN not in str(stopped.value)


async def test_a_batch_of_nonsense_is_not_asked_for_in_a_hurry(door: Door) -> None:
    """Without a single number nothing can be confirmed: it waits instead of spinning."""
    door.sandbox.memory.queue.append((int(NOW.timestamp()), {"update_id": "7"}))
    assert await door.run(2) == [1, 2]


# ---- envelopes


@pytest.mark.parametrize(
    ("raw", "sender", "chat"),
    [
        ({"message": {"from": {"id": 5}, "chat": {"id": -7}}}, "5", "-7"),
        ({"message": {"chat": {"id": -7}}}, "-7", "-7"),
        ({"callback_query": {"from": {"id": 5}, "message": {"chat": {"id": -7}}}}, "5", "-7"),
        ({"callback_query": {"from": {"id": 5}, "inline_message_id": "x"}}, "5", "5"),
        ({"my_chat_member": {"from": {"id": 5}, "chat": {"id": -7}}}, "5", "-7"),
        ({"message": {"from": {"id": True}, "chat": {"id": "-7"}}}, "?", "?"),
        ({"message": "text"}, "?", "?"),
        ({}, "?", "?"),
    ],
)
def test_an_envelope_says_who_and_where(raw: dict[str, Any], sender: str, chat: str) -> None:
    """The user, else the chat, else a question mark."""
    found = envelope({"update_id": 3, **raw}, 1)
    assert found == Received(1, 3, sender, chat, json.dumps({"update_id": 3, **raw}))


@pytest.mark.parametrize(
    "raw", [None, 3, "x", [], {}, {"update_id": "3"}, {"update_id": True}, {"update_id": 2**63}]
)
def test_what_cannot_be_numbered_has_no_envelope(raw: object) -> None:
    """There is nothing to keep it under."""
    assert envelope(raw, 1) is None


def test_what_cannot_be_written_down_is_kept_without_words() -> None:
    """Nested without end: reading it fails, so that it is buried and not asked for again."""
    endless: dict[str, Any] = {"update_id": 8}
    endless["message"] = {"chat": {"id": 5}, "reply_to_message": endless}
    assert envelope(endless, 1) == Received(1, 8, "5", "5", "")
    with pytest.raises(Malformed):
        READER.read("")


async def test_any_text_can_be_stored(door: Door) -> None:
    """Lone surrogates and NULs, which databases refuse, do not stop the batch."""
    raw = {"update_id": 9, "message": {"text": "a\ud800b\x00c"}}
    assert len(await door.receiver.store([raw])) == 1
    assert json.loads(door.stored()[0][2]) == raw


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
FIELDS = """
    message edited_message callback_query my_chat_member from chat id type date text caption entities offset
    length photo file_id voice contact data new_chat_member old_chat_member status user sender_chat is_bot
    first_name message_id reply_to_message migrate_to_chat_id private bot_command chat_instance
"""
names = st.sampled_from(FIELDS.split())
bodies = st.recursive(
    scalars | names, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=8)
)


@settings(max_examples=50, deadline=None)
@given(bodies, st.dictionaries(names, bodies, max_size=3))
def test_nothing_that_comes_in_breaks_the_door(raw: object, update: dict[str, object]) -> None:
    """An envelope never raises; reading gives an Incoming or Malformed, nothing else."""
    envelope(raw, 1)
    kept = envelope({"update_id": 1, **update}, 1)
    assert kept is not None
    try:
        assert isinstance(READER.read(kept.payload), Incoming)
    except Malformed:
        assert kept.sender


# ---- reading


class Compound:
    """People and a group, and what the bot hears of them."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(lambda: NOW)
        self.resident = self.sandbox.user("王", last_name="小明")
        self.group: Group = self.sandbox.group("三棟", self.resident, supergroup=True)
        self.group.add_bot(self.resident)
        self.group.promote_bot(self.resident)
        self.sandbox.memory.queue.clear()

    def heard(self) -> Incoming:
        """The newest update, read."""
        raw = self.sandbox.memory.queue[-1][1]
        kept = envelope(raw, 1)
        assert kept is not None
        incoming = READER.read(kept.payload)
        assert (kept.sender, kept.chat) == (incoming.sender, incoming.chat)
        return incoming


@pytest.fixture
def compound() -> Compound:
    """A compound with the bot as administrator of its group."""
    return Compound()


def test_a_text_in_private(compound: Compound) -> None:
    """Who, where, in which language, and what."""
    number = compound.resident.sends(None, "樓道燈壞了")
    assert compound.heard() == Incoming(
        kind="text",
        chat="1001",
        is_private=True,
        sender="1001",
        sender_name="王 小明",
        language="zh-hans",
        text="樓道燈壞了",
        html="樓道燈壞了",
        message_id=number,
        sent_at=NOW,
    )
    compound.resident.sends(None, "a < b & *c*")
    assert compound.heard().html == "a &lt; b &amp; *c*"


def test_a_link_ends_no_attribute() -> None:
    """Formatting is kept, and whatever stands in a link's address stays in it."""
    link = {"type": "text_link", "offset": 0, "length": 2, "url": 'https://a.cn/?q="><b>x'}
    message = {
        "message_id": 5,
        "date": 1,
        "chat": {"id": 5, "type": "private", "first_name": "王"},
        "from": {"id": 5, "is_bot": False, "first_name": "王"},
        "text": "通知 停水",
        "entities": [link, {"type": "bold", "offset": 3, "length": 2}],
    }
    heard = READER.read(json.dumps({"update_id": 3, "message": message}))
    assert heard.html == '<a href="https://a.cn/?q=%22%3E%3Cb%3Ex">通知</a> <b>停水</b>'


@pytest.mark.parametrize(
    ("text", "kind", "command", "rest", "link"),
    [
        ("/mine", "command", "mine", "", ""),
        ("/Mine@Lianxin_Bot  3 號樓 ", "command", "mine", "3 號樓", ""),
        ("/start aB3_-x", "command", "start", "aB3_-x", "aB3_-x"),
        ("/start 王;DROP", "command", "start", "王;DROP", ""),
        ("/start", "command", "start", "", ""),
        ("/help aB3", "command", "help", "aB3", ""),
        ("/mine@other_bot", "nothing", "", "/mine@other_bot", ""),
        ("see /mine", "text", "", "see /mine", ""),
    ],
)
def test_commands(compound: Compound, text: str, kind: str, command: str, rest: str, link: str) -> None:
    """Only at the start, only for this bot; what follows is its text, and for /start the link's payload."""
    compound.resident.sends(None, text)
    heard = compound.heard()
    assert (heard.kind, heard.command, heard.text, heard.link) == (kind, command, rest, link)


@pytest.mark.parametrize(
    ("text", "addressed"),
    [
        ("大家好", False),
        ("@Lianxin_bot 燈壞了", True),
        ("😀😀 @lianxin_bot", True),
        ("@lianxin_bot2 燈壞了", False),
        ("/mine", True),
        ("/mine@lianxin_bot", True),
        ("/mine@other_bot", False),
    ],
)
def test_in_a_group_the_bot_listens_when_addressed(compound: Compound, text: str, addressed: bool) -> None:
    """A mention or a command calls it; anything else is talk among neighbours."""
    compound.resident.sends(compound.group, text)
    assert compound.heard().addressed is addressed
    assert not compound.heard().is_private


def test_a_reply_addresses_whom_it_answers(compound: Compound) -> None:
    """A reply to the bot is for the bot, a reply to a neighbour is not."""
    compound.sandbox.call(TOKEN, "sendMessage", {"chat_id": compound.group.id, "text": "三棟停水"})
    card = compound.resident.chat(compound.group)[-1].id
    own = compound.resident.sends(compound.group, "好")
    compound.resident.replies(compound.group, own, "真的")
    assert (compound.heard().addressed, compound.heard().replies_to) == (False, own)
    compound.resident.replies(compound.group, card, "到幾點")
    assert (compound.heard().addressed, compound.heard().replies_to) == (True, card)


def test_a_press_names_the_message_it_hangs_under(compound: Compound) -> None:
    """Also a forged one, under a message that is gone: rights are checked elsewhere."""
    query = compound.resident.forges(compound.group, 77, "issue.accept:260302-001:2")
    heard = compound.heard()
    assert heard.kind == "press"
    assert heard.press == Press("issue.accept", ("260302-001", "2"))
    assert (heard.query, heard.message_id, heard.chat) == (query, 77, str(compound.group.id))
    assert heard.sender == str(compound.resident.id)


def test_a_press_under_no_message_says_nothing() -> None:
    """Presses in other people's chats (inline mode) are not ours."""
    query = {
        "id": "1",
        "from": {"id": 5, "is_bot": False, "first_name": "王"},
        "chat_instance": "1",
        "data": "a.b",
    }
    heard = READER.read(json.dumps({"update_id": 3, "callback_query": query}))
    assert (heard.kind, heard.chat, heard.sender, heard.press) == ("nothing", "5", "5", None)


def test_photos_voices_and_files(compound: Compound) -> None:
    """The largest size of a photo; albums share a key; a voice and a document have a file."""
    compound.resident.sends_album(None, "樓道燈")
    first, second = (
        READER.read(json.dumps(update)) for _, update in list(compound.sandbox.memory.queue)[-2:]
    )
    sizes = compound.sandbox.memory.queue[-1][1]["message"]["photo"]
    assert (first.kind, first.text, second.text) == ("photo", "樓道燈", "")
    assert second.photos == (max(sizes, key=lambda size: size["width"])["file_id"],)
    assert first.album == second.album != ""
    compound.resident.sends_voice(None)
    assert compound.heard().kind == "voice"
    assert compound.sandbox.memory.files.get(compound.heard().file).kind == "VoiceNote"
    compound.resident.sends_sticker(None)
    assert (compound.heard().kind, compound.heard().file) == ("other", "")


def test_only_ones_own_phone_is_taken(compound: Compound) -> None:
    """A contact of somebody else proves nothing."""
    compound.resident.sends_contact(None, "+8613812345678")
    assert (compound.heard().kind, compound.heard().phone) == ("other", "+8613812345678")
    raw = json.loads(json.dumps(compound.sandbox.memory.queue[-1][1]))
    raw["message"]["contact"]["user_id"] = 1002
    assert READER.read(json.dumps(raw)).phone == ""


def test_an_edit_says_what_it_says_now(compound: Compound) -> None:
    """It names the message that was changed."""
    number = compound.resident.sends(None, "三棟")
    compound.resident.edits(None, number, "四棟")
    heard = compound.heard()
    assert (heard.kind, heard.text, heard.message_id) == ("edited", "四棟", number)


def test_the_bot_hears_what_becomes_of_it(compound: Compound) -> None:
    """Blocked, promoted, thrown out: the new status of the bot in that chat."""
    compound.resident.sends(None, "/start")
    compound.resident.blocks_bot()
    assert (compound.heard().kind, compound.heard().membership) == ("membership", "kicked")
    compound.resident.unblocks_bot()
    assert compound.heard().membership == "member"
    compound.group.demote_bot(compound.resident)
    compound.group.promote_bot(compound.resident)
    assert compound.heard().membership == "administrator"
    assert compound.heard().chat == str(compound.group.id)


@pytest.mark.parametrize(("is_member", "membership"), [(True, "member"), (False, "left")])
def test_a_restricted_bot_is_in_or_out(compound: Compound, is_member: bool, membership: str) -> None:
    """Telegram's fifth status is one of the four."""
    compound.group.demote_bot(compound.resident)
    raw = json.loads(json.dumps(compound.sandbox.memory.queue[-1][1]))
    rights = (
        "can_change_info can_invite_users can_pin_messages can_send_messages can_send_polls "
        "can_send_other_messages can_add_web_page_previews can_manage_topics can_send_audios "
        "can_send_documents can_send_photos can_send_videos can_send_video_notes can_send_voice_notes "
        "can_edit_tag can_react_to_messages"
    )
    raw["my_chat_member"]["new_chat_member"] |= {
        **dict.fromkeys(rights.split(), False),
        "status": "restricted",
        "is_member": is_member,
        "until_date": 0,
    }
    assert READER.read(json.dumps(raw)).membership == membership


def test_a_group_that_moves_says_where_to(compound: Compound) -> None:
    """The old chat names its new address; the new chat's own notice says nothing."""
    group = compound.sandbox.group("四棟", compound.resident)
    group.add_bot(compound.resident)
    new = group.upgrade(compound.resident)
    *_, (_, left), (_, arrived) = compound.sandbox.memory.queue
    heard = READER.read(json.dumps(left))
    assert (heard.kind, heard.chat, heard.migrated_to) == ("membership", str(group.id), str(new.id))
    assert READER.read(json.dumps(arrived)).kind == "nothing"


def test_anonymous_administrators_are_nobody(compound: Compound) -> None:
    """They write as one account for all groups: no rights can hang on it."""
    compound.resident.sends(compound.group, "/mine", anonymous=True)
    assert compound.heard().is_anonymous
    compound.resident.sends(compound.group, "/mine")
    assert not compound.heard().is_anonymous


def test_service_messages_and_new_kinds_say_nothing(compound: Compound) -> None:
    """Somebody joined, or Telegram invented something: no error, no answer."""
    compound.group.add(compound.sandbox.user("李"))
    assert compound.heard().kind == "nothing"
    assert READER.read('{"update_id": 5, "brand_new": {"chat": {"id": 1}}}').kind == "nothing"


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("三棟\r\n二單元\t501", "三棟\n二單元 501"),
        ("\u202e壞\u200b了\ufeff\u2066\u2069\u00ad", "壞了"),
        ("cafe\u0301", "café"),
        ("a\u200db 三\u200d棟\u200d", "ab 三棟"),
        (
            "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 👩🏽\u200d⚕\ufe0f",
            "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 👩🏽\u200d⚕\ufe0f",
        ),
        ("a\ud800b\x00\x1bc", "abc"),
        ("\u3164\u115f王", "王"),
        ("一\u2028二", "一\n二"),
        ("\u200d", ""),
    ],
)
def test_texts_are_what_a_person_sees(given_text: str, expected: str) -> None:
    """No direction tricks, no invisible signs, no controls; emoji stay whole."""
    assert cleaned(given_text) == expected


@given(st.text())
def test_cleaning_twice_changes_nothing(given_text: str) -> None:
    """And whatever is left can be encoded."""
    once = cleaned(given_text)
    assert cleaned(once) == once
    assert once.encode().decode() == once


def test_names_are_short_and_on_one_line(compound: Compound) -> None:
    """64 characters, however a person spells themselves."""
    compound.resident.data.first_name = "\u202e王\n" + "明" * 80
    compound.resident.sends(None, "好")
    assert compound.heard().sender_name == "王 " + "明" * 62
