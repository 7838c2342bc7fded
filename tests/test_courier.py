"""The courier: at least once, in order, at Telegram's pace, and no chat or fault keeps the others waiting."""

import asyncio
import sqlite3
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from structlog.testing import capture_logs
from telegram import Bot

from bot.domain.errors import OperatorError, Unavailable
from bot.gateway.courier import LEASE, Courier
from bot.gateway.pacing import Meter, Pace
from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.faults import EVERY, dropped, server_error, timed_out, too_many
from bot.sandbox.files import SAMPLE
from bot.sandbox.limits import Limits
from bot.sandbox.people import Group, User
from bot.sandbox.request import SandboxRequest
from bot.storage.engine import Connection
from bot.storage.mailboxes import Intent, Lane, Mail, Outbox, Outgoing
from bot.storage.sqlite import SqliteDatabase

START = datetime(2026, 3, 2, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TOKEN = "1:sandbox"
TELEGRAMS_PACE = Pace()


class FlakyDatabase:
    """A database that is away for the next `away` transactions."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self.path = database.path
        self.away = 0

    def leave(self) -> None:
        """Be away three times."""
        self.away = 3

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


class PostOffice:
    """A courier and its outbox over a local Telegram; the clock moves only by hand."""

    def __init__(self, database: FlakyDatabase) -> None:
        self.clock = MovableClock(lambda: START)
        self.sandbox = Sandbox(self.clock, limits=Limits())
        self.database = database
        self.unreachable: list[str] = []
        self.migrated: list[tuple[str, str]] = []
        self.operator = self.person("管理員")
        request = SandboxRequest(self.sandbox)
        self.bot = Bot(TOKEN, request=request, get_updates_request=request)
        self.courier = self.new_courier()

    def new_courier(
        self, pace: Pace = TELEGRAMS_PACE, hours: Callable[[], datetime] | None = None
    ) -> Courier:
        """Another process with the same mail."""
        return Courier(
            self.database,
            self.bot,
            self.clock,
            pace,
            on_forbidden=self._on_forbidden,
            on_migrated=self._on_migrated,
            on_buried=self._on_buried,
            hours=hours,
        )

    async def _on_forbidden(self, connection: Connection, item: Outgoing) -> None:
        self.unreachable.append(item.chat)
        await Outbox(connection).put([say(self.operator, f"unreachable {item.id}")], self.clock())

    async def _on_migrated(self, connection: Connection, old: str, new: str) -> None:
        self.migrated.append((old, new))

    async def _on_buried(self, connection: Connection, item: Outgoing, error: str) -> None:
        await Outbox(connection).put([say(self.operator, f"buried {item.id}: {error}")], self.clock())

    def person(self, name: str) -> User:
        """Somebody who has started the bot."""
        user = self.sandbox.user(name)
        user.opens_link()
        return user

    def group(self) -> tuple[Group, User]:
        """A group with the bot and one member in it."""
        member = self.person("群主")
        group = self.sandbox.group("三棟", member)
        group.add_bot(member)
        return group, member

    async def post(self, *mail: Mail) -> None:
        """Put it into the outbox."""
        async with self.database.transaction() as connection:
            await Outbox(connection).put(mail, self.clock())

    async def deliver_now(self) -> None:
        """Send all that may go at this instant."""
        while (at := await self.courier.next_at()) is not None and at <= self.clock():
            await self.courier.deliver_some()

    async def deliver_all(self) -> None:
        """Send everything, moving the clock to each next instant."""
        while (at := await self.courier.next_at()) is not None:
            self.clock.move(max(at - self.clock(), timedelta()))
            await self.courier.deliver_some()

    def states(self) -> list[str]:
        """What became of each row, oldest first."""
        with closing(sqlite3.connect(self.database.path)) as reading:
            return [state for (state,) in reading.execute("SELECT state FROM outbox ORDER BY id")]

    def calls(self, method: str) -> int:
        """How often the bot made this call."""
        return sum(call.method.lower() == method.lower() for call in self.sandbox.calls)


def say(to: User | Group, text: str, lane: Lane = Lane.REPLY, **payload: Any) -> Mail:
    """A text for one chat."""
    return Mail(1, str(to.id), lane, Intent.SAY, {"text": text, **payload})


def card(to: User | Group, text: str, **payload: Any) -> Mail:
    """A card that stands in one message of the chat."""
    return Mail(1, str(to.id), Lane.REPLY, Intent.CARD, {"text": text, **payload}, card_key="issue:1")


def toast(to: User | Group, query: str, text: str, expires_at: datetime | None = None) -> Mail:
    """The answer to a press."""
    payload = {"query": query, "text": text}
    return Mail(1, str(to.id), Lane.TOAST, Intent.TOAST, payload, expires_at=expires_at)


def texts(user: User, group: Group | None = None) -> list[str]:
    """What the bot has said on this screen, oldest first."""
    return [message.text for message in user.chat(group) if message.from_bot]


@pytest.fixture
async def office(tmp_path: Path, migrated: Path) -> AsyncIterator[PostOffice]:
    """An open post office with an empty outbox."""
    copyfile(migrated, tmp_path / "mail.db")
    database = FlakyDatabase(await SqliteDatabase.open(str(tmp_path / "mail.db")))
    office = PostOffice(database)
    await office.bot.initialize()
    yield office
    await database.close()


# ---- what is sent


async def test_a_message_shows_its_text_and_its_options(office: PostOffice) -> None:
    """Options become buttons that press or open; HTML is rendered; links have no preview."""
    resident = office.person("王")
    options = [[{"label": "提交", "id": "report.file:7"}], [{"label": "地圖", "url": "https://example.org/"}]]
    await office.post(say(resident, "<b>路燈</b> https://example.org", options=options))
    await office.deliver_all()
    seen = resident.chat()[-1]
    assert seen.html.startswith("<b>路燈</b>")
    assert seen.raw["link_preview_options"] == {"is_disabled": True}
    assert seen.button("提交").data == "report.file:7"
    assert seen.button("地圖").url == "https://example.org/"


async def test_a_keyboard_comes_and_goes(office: PostOffice) -> None:
    """Big buttons under the text box stay until they are removed."""
    resident = office.person("王")
    await office.post(say(resident, "您好", keyboard=[["報事", "我的事"], ["轉人工"]]))
    await office.deliver_all()
    assert resident.keyboard() == [["報事", "我的事"], ["轉人工"]]
    await office.post(say(resident, "好", remove_keyboard=True))
    await office.deliver_all()
    assert resident.keyboard() is None


async def test_a_card_is_edited_not_posted_again(office: PostOffice) -> None:
    """The second rendering of a card changes the message of the first."""
    leader = office.person("李")
    await office.post(card(leader, "待接單", options=[[{"label": "接單", "id": "issue.accept:1"}]]))
    await office.deliver_all()
    await office.post(card(leader, "已接單"))
    await office.deliver_all()
    assert texts(leader) == ["已接單"]
    assert leader.chat()[-1].buttons == ()


async def test_a_card_that_did_not_change_is_delivered(office: PostOffice) -> None:
    """Telegram's "message is not modified" is success."""
    leader = office.person("李")
    await office.post(card(leader, "待接單"), card(leader, "待接單"))
    await office.deliver_all()
    assert texts(leader) == ["待接單"]
    assert office.states() == ["sent", "sent"]


async def test_a_card_whose_message_is_gone_is_sent_anew(office: PostOffice) -> None:
    """What can no longer be edited is replaced, and from then on the new message is edited."""
    leader = office.person("李")
    await office.post(card(leader, "一"))
    await office.deliver_all()
    old = leader.chat()[-1].id
    office.sandbox.memory.chats[leader.id].records[old].deleted = True
    await office.post(card(leader, "二"), card(leader, "三"))
    await office.deliver_all()
    assert texts(leader) == ["三"]
    assert leader.chat()[-1].id != old
    assert leader.chat()[-1].edited


async def test_a_card_that_was_never_shown_need_not_be(office: PostOffice) -> None:
    """What only redraws a card sends nothing to a chat without it."""
    leader = office.person("李")
    await office.post(card(leader, "已接單", only_if_sent=True))
    await office.deliver_all()
    assert texts(leader) == []
    assert office.states() == ["sent"]


async def test_photos_come_alone_or_as_an_album(office: PostOffice) -> None:
    """One file is a photo, several are one album; the caption stands under the first."""
    resident, leader = office.person("王"), office.person("李")
    resident.sends_album(None)
    files = [message.photos[0] for message in resident.chat() if message.photos]
    for photos in (files[:1], files):
        mail = {"photos": photos, "caption": "<b>路燈</b>"}
        await office.post(Mail(1, str(leader.id), Lane.WORK, Intent.PHOTOS, mail))
    await office.deliver_all()
    seen = [message for message in leader.chat() if message.photos]
    assert [message.html for message in seen] == ["<b>路燈</b>", "<b>路燈</b>", ""]
    assert [message.photos[0] for message in seen] == [files[0], *files]
    albums = [message.raw.get("media_group_id") for message in seen]
    assert albums[0] is None
    assert albums[1] == albums[2] is not None


async def test_a_menu_is_offered_in_one_chat(office: PostOffice) -> None:
    """Commands are set for the chat they are meant for."""
    leader = office.person("李")
    await office.post(Mail(1, str(leader.id), Lane.WORK, Intent.MENU, {"commands": [["mine", "我的事"]]}))
    await office.deliver_all()
    offered = office.sandbox.call(
        TOKEN, "getMyCommands", {"scope": {"type": "chat", "chat_id": leader.id}}
    ).result
    assert offered == [{"command": "mine", "description": "我的事"}]


# ---- toasts


async def pressed(office: PostOffice, user: User) -> str:
    """Send a button and press it; gives the query."""
    await office.post(say(user, "?", options=[[{"label": "好", "id": "a.b"}]]))
    await office.deliver_all()
    return user.presses(None, user.chat()[-1].id, "a.b")


async def test_a_press_is_answered(office: PostOffice) -> None:
    """A toast is shown, cut to what Telegram takes."""
    resident = office.person("王")
    query = await pressed(office, resident)
    await office.post(toast(resident, query, "😀" * 150, office.clock() + 10 * SECOND))
    await office.deliver_now()
    assert [shown.text for shown in resident.toasts] == ["😀" * 100]


async def test_a_late_toast_is_not_even_tried(office: PostOffice) -> None:
    """Ten seconds later nobody looks any more: it is settled without a call."""
    resident = office.person("王")
    query = await pressed(office, resident)
    await office.post(toast(resident, query, "好", office.clock() + 10 * SECOND))
    office.clock.move(10 * SECOND)
    await office.deliver_now()
    assert office.states()[-1] == "expired"
    assert office.calls("answerCallbackQuery") == 0


async def test_a_query_telegram_has_forgotten_is_settled(office: PostOffice) -> None:
    """Telegram's "query is too old" is as good as success: the operator is not bothered."""
    resident = office.person("王")
    await office.post(toast(resident, "12345", "好"))
    await office.deliver_all()
    assert office.states() == ["sent"]
    assert texts(office.operator) == []


# ---- order and pace


async def test_a_chat_reads_in_the_order_of_posting(office: PostOffice) -> None:
    """Also when the first message fails on the way and must be tried again."""
    resident = office.person("王")
    office.sandbox.faults.add("sendMessage", dropped())
    await office.post(*(say(resident, str(number)) for number in range(8)))
    await office.deliver_all()
    assert texts(resident) == [str(number) for number in range(8)]


async def test_a_private_chat_takes_short_bursts_and_one_a_second(office: PostOffice) -> None:
    """Three at once, then the average is kept; Telegram never has to say no."""
    resident = office.person("王")
    office.courier = office.new_courier(Pace(overall_per_second=1000))
    await office.post(*(say(resident, str(number)) for number in range(12)))
    await office.deliver_now()
    assert len(texts(resident)) == 3
    await office.deliver_all()
    assert office.clock() - START == 9 * SECOND  # 3 and 1, twice more 3 and 1
    assert office.sandbox.limit_violations == 0


async def test_a_group_takes_twenty_a_minute(office: PostOffice) -> None:
    """The twenty-first waits for the minute to pass."""
    group, member = office.group()
    await office.post(*(say(group, str(number)) for number in range(21)))
    while len(texts(member, group)) < 20:
        await office.deliver_now()
        office.clock.move(SECOND)
    assert office.clock() - START < timedelta(minutes=1)
    await office.deliver_now()
    assert len(texts(member, group)) == 20
    await office.deliver_all()
    assert office.clock() - START == timedelta(minutes=1)
    assert office.sandbox.limit_violations == 0


async def test_thirty_a_second_overall(office: PostOffice) -> None:
    """Evenly, a few at a time: a hundred people in 3.3 seconds, and Telegram never has to say no."""
    residents = [office.person(str(number)) for number in range(100)]
    await office.post(*(say(resident, "通知") for resident in residents))
    await office.deliver_now()
    assert office.calls("sendMessage") == 2
    await office.deliver_all()
    assert all(texts(resident) == ["通知"] for resident in residents)
    assert 3.2 * SECOND < office.clock() - START < 3.4 * SECOND
    assert office.sandbox.limit_violations == 0


async def test_a_reply_never_waits_behind_a_broadcast(office: PostOffice) -> None:
    """It gets the next place, a thirtieth of a second away."""
    residents = [office.person(str(number)) for number in range(60)]
    asking = residents[-1]
    await office.post(*(say(resident, "重陽", Lane.BULK) for resident in residents))
    await office.deliver_now()
    await office.post(say(asking, "已收到"))
    office.clock.move(SECOND / 30)
    await office.deliver_now()
    assert texts(asking) == ["已收到"]
    await office.deliver_all()
    assert texts(asking) == ["已收到", "重陽"]
    assert office.sandbox.limit_violations == 0


def test_quiet_chats_are_forgotten() -> None:
    """The meter does not grow with everybody who was ever written to."""
    meter = Meter(TELEGRAMS_PACE, 64)
    for chat in ["busy", "busy", *map(str, range(5_000)), "busy"]:
        meter.start(1, START)
        meter.end(chat, START)
    assert meter.chat_free_at("busy", START) == START + SECOND
    meter.start(1, START)
    meter.end("late", START + timedelta(minutes=2))
    assert meter.chat_free_at("busy", START) == START


async def test_a_very_slow_pace_still_lets_bulk_mail_through(office: PostOffice) -> None:
    """One a second is still one a second."""
    office.courier = office.new_courier(Pace(overall_per_second=1))
    await office.post(*(say(office.operator, str(number), Lane.BULK) for number in range(3)))
    await office.deliver_all()
    assert texts(office.operator) == ["0", "1", "2"]
    assert office.clock() - START == 2 * SECOND


async def test_a_clock_set_back_does_not_silence_anybody(office: PostOffice) -> None:
    """What was counted in a time that has not come yet is forgotten."""
    office.sandbox.pace = None
    residents = [office.person(str(number)) for number in range(30)]
    for text in ("一", "二"):
        begun = office.clock()
        await office.post(*(say(resident, text) for resident in residents))
        await office.deliver_all()
        assert office.clock() - begun < 2 * SECOND
        office.clock.move(timedelta(days=-1))
    assert [texts(resident) for resident in residents] == [["一", "二"]] * 30


async def test_no_more_calls_at_once_than_connections(office: PostOffice) -> None:
    """However fast the pace: the others wait for a call to end."""
    office.sandbox.pace = None
    residents = [office.person(str(number)) for number in range(100)]
    office.courier = office.new_courier(Pace(overall_per_second=10_000))
    await office.post(*(say(resident, "一") for resident in residents))
    assert await office.courier.deliver_some() == 64
    assert await office.courier.deliver_some() == 36


async def test_a_chat_that_waits_keeps_the_courier_asleep(office: PostOffice) -> None:
    """Mail behind a failing row is not ready: the next instant is that of the row in front."""
    resident = office.person("王")
    office.sandbox.faults.add("sendMessage", server_error())
    await office.post(say(resident, "一"), say(resident, "二"))
    assert await office.courier.deliver_some() == 1
    assert await office.courier.next_at() == START + SECOND
    assert await office.courier.deliver_some() == 0


async def test_an_hour_to_come_is_the_next_instant(office: PostOffice) -> None:
    """What may not go before eight wakes the courier at eight, and does not hold up its chat."""
    resident = office.person("王")
    eight = START + timedelta(hours=22)
    later = Mail(1, str(resident.id), Lane.WORK, Intent.SAY, {"text": "提醒"}, not_before=eight)
    await office.post(later, say(resident, "已收到"))
    await office.deliver_now()
    assert texts(resident) == ["已收到"]
    assert await office.courier.next_at() == eight
    await office.deliver_all()
    assert texts(resident) == ["已收到", "提醒"]
    assert await office.courier.next_at() is None


async def test_a_stopped_clock_in_the_compound_stops_no_mail(office: PostOffice) -> None:
    """Pace, retries and leases are Telegram's time; only what waits for an hour waits for the compound's."""
    resident, at = office.person("王"), [START]
    office.courier = office.new_courier(hours=lambda: at[0])
    eight = START + timedelta(hours=22)
    later = Mail(1, str(resident.id), Lane.WORK, Intent.SAY, {"text": "提醒"}, not_before=eight)
    office.sandbox.faults.add("sendMessage", dropped())
    await office.post(later, *(say(resident, str(number)) for number in range(9)))
    began = office.clock()
    for _ in range(200):
        await office.courier.deliver_some()
        if (due := await office.courier.next_at()) is None or due > began + timedelta(minutes=1):
            break
        office.clock.move(max(due - office.clock(), timedelta()))
    assert texts(resident) == [str(number) for number in range(9)]
    assert await office.courier.next_at() == office.clock() + timedelta(hours=22)
    at[0] = eight
    await office.courier.deliver_some()
    assert texts(resident)[-1] == "提醒"


# ---- what goes wrong


async def test_flood_control_pauses_everybody(office: PostOffice) -> None:
    """After a 429 nobody is written to before the time told, then everybody is."""
    first, second = office.person("王"), office.person("李")
    office.sandbox.faults.add("sendMessage", too_many(7))
    await office.post(say(first, "一"))
    await office.courier.deliver_some()
    await office.post(say(second, "二"))
    assert await office.courier.next_at() == START + 7 * SECOND
    office.clock.move(6 * SECOND)
    assert await office.courier.deliver_some() == 0
    office.clock.move(SECOND)
    await office.deliver_now()
    assert texts(first) == ["一"]
    assert texts(second) == ["二"]


async def test_waiting_as_told_is_no_failure(office: PostOffice) -> None:
    """What comes after a pause starts with the shortest interval."""
    for fault in (too_many(5), too_many(5), too_many(5), dropped()):
        office.sandbox.faults.add("sendMessage", fault)
    await office.post(say(office.operator, "一"))
    for _ in range(3):
        await office.courier.deliver_some()
        office.clock.move(5 * SECOND)
    await office.courier.deliver_some()
    assert await office.courier.next_at() == office.clock() + SECOND


@pytest.mark.parametrize("fault", [server_error(502), server_error(500), dropped(), timed_out()])
async def test_a_broken_line_is_tried_at_growing_intervals(office: PostOffice, fault: Any) -> None:
    """1, 2, 4 … at most 300 seconds; meanwhile other chats are served."""
    resident, other = office.person("王"), office.person("李")
    office.sandbox.faults.add("sendMessage", fault, 11)
    await office.post(say(resident, "一"))
    waits = []
    for _ in range(11):
        await office.courier.deliver_some()
        at = await office.courier.next_at()
        assert at is not None
        waits.append((at - office.clock()).total_seconds())
        office.clock.move(at - office.clock())
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    await office.post(say(other, "二"))
    await office.deliver_now()
    assert texts(resident) == ["一"]
    assert texts(other) == ["二"]


async def test_one_failing_chat_does_not_hold_up_another(office: PostOffice) -> None:
    """Only the chat of the failing row waits."""
    resident, other = office.person("王"), office.person("李")
    office.sandbox.faults.add("sendMessage", dropped())
    await office.post(say(resident, "一"), say(resident, "二"), say(other, "三"))
    await office.deliver_now()
    assert texts(resident) == []
    assert texts(other) == ["三"]


async def test_a_lost_answer_is_delivered_again(office: PostOffice) -> None:
    """At least once: Telegram offers nothing to tell a lost answer from a lost call."""
    resident = office.person("王")
    office.sandbox.faults.add("sendMessage", timed_out("after"))
    await office.post(say(resident, "一"))
    await office.deliver_all()
    assert texts(resident) == ["一", "一"]
    assert office.states() == ["sent"]


async def test_a_blocked_chat_is_given_up(office: PostOffice) -> None:
    """All that waits for it is buried, and the hook's own mail goes out with the same commit."""
    resident = office.person("王")
    resident.blocks_bot()
    await office.post(say(resident, "一"), say(resident, "二"))
    await office.deliver_all()
    assert office.unreachable == [str(resident.id)]
    assert office.states() == ["buried", "buried", "sent"]
    assert texts(office.operator) == ["unreachable 1"]


async def test_a_chat_that_never_was_is_given_up(office: PostOffice) -> None:
    """Telegram's "chat not found" is no mistake in the message: nobody is there."""
    stranger = office.sandbox.user("張")
    await office.post(say(stranger, "一"), card(stranger, "二"))
    await office.deliver_all()
    assert office.unreachable == [str(stranger.id)]
    assert office.states()[:2] == ["buried", "buried"]


async def test_a_refused_message_is_buried_and_the_chat_goes_on(office: PostOffice) -> None:
    """The operator learns Telegram's words; the next message of the chat is sent."""
    resident = office.person("王")
    await office.post(say(resident, "<blink>一</blink>"), say(resident, "二"))
    await office.deliver_all()
    assert texts(resident) == ["二"]
    assert "unsupported start tag" in texts(office.operator)[0].lower()


async def test_a_refused_edit_is_buried_too(office: PostOffice) -> None:
    """A card that is wrong is no reason to send another message."""
    leader = office.person("李")
    await office.post(card(leader, "待接單"), card(leader, "<b>"), card(leader, "已接單"))
    await office.deliver_all()
    assert texts(leader) == ["已接單"]
    assert office.states() == ["sent", "buried", "sent", "sent"]


async def test_a_group_that_moves_is_followed(office: PostOffice) -> None:
    """Mail for the old address goes to the new one, cards are sent anew, once."""
    group, member = office.group()
    await office.post(card(group, "待接單"))
    await office.deliver_all()
    new = group.upgrade(member)
    await office.post(card(group, "已接單"), say(group, "好"))
    await office.deliver_all()
    assert office.migrated == [(str(group.id), str(new.id))]
    assert texts(member, new) == ["已接單", "好"]
    await office.post(Mail(1, str(new.id), Lane.REPLY, Intent.CARD, {"text": "辦結"}, card_key="issue:1"))
    await office.deliver_all()
    assert texts(member, new) == ["辦結", "好"]


async def test_a_refused_token_stops_the_courier(office: PostOffice) -> None:
    """The operator reads one sentence without the token; the mail stays."""
    resident = office.person("王")
    await office.post(say(resident, "一"))
    office.sandbox.token = "1:another"
    with pytest.raises(OperatorError) as stopped:
        await office.courier.deliver_some()
    assert TOKEN not in str(stopped.value)
    assert office.states() == ["waiting"]
    office.sandbox.token = TOKEN
    assert await office.new_courier().deliver_some() == 1


async def test_a_payload_nobody_can_send_ends_somewhere(office: PostOffice) -> None:
    """What fails unexpectedly is tried ten times, then buried, so that the chat goes on."""
    resident = office.person("王")
    await office.post(Mail(1, str(resident.id), Lane.REPLY, Intent.SAY, {}), say(resident, "二"))
    await office.deliver_all()
    assert texts(resident) == ["二"]
    assert texts(office.operator) == ["buried 1: KeyError"]


async def test_a_database_away_after_the_call_makes_no_duplicate(office: PostOffice) -> None:
    """What was sent is remembered and settled before anything else is claimed."""
    resident = office.person("王")
    await office.post(say(resident, "一"), say(resident, "二"))
    office.sandbox.changed.append(office.database.leave)
    assert await office.courier.deliver_some() == 1
    office.sandbox.changed.clear()
    assert texts(resident) == ["一"]
    assert office.states() == ["waiting", "waiting"]
    for _ in range(2):
        with pytest.raises(Unavailable):
            await office.courier.deliver_some()
    office.clock.move(LEASE + SECOND)
    await office.deliver_all()
    assert texts(resident) == ["一", "二"]


async def test_what_a_dead_courier_had_leased_is_sent_by_another(office: PostOffice) -> None:
    """A lease keeps others off while it lasts, and no longer."""
    resident = office.person("王")
    await office.post(say(resident, "一"))
    async with office.database.transaction() as connection:
        assert len(await Outbox(connection).claim(10, office.clock(), office.clock() + LEASE)) == 1
    assert await office.courier.deliver_some() == 0
    assert await office.courier.next_at() == START + LEASE
    await office.deliver_all()
    assert texts(resident) == ["一"]


async def test_the_log_knows_neither_words_nor_token(office: PostOffice) -> None:
    """Ids, outcomes and durations only, whatever happens."""
    resident, gone = office.person("王小明"), office.person("李")
    gone.blocks_bot()
    for fault in (dropped(), timed_out(), server_error(), too_many(3)):
        office.sandbox.faults.add(EVERY, fault)
    with capture_logs() as logs:
        await office.post(say(resident, "樓道燈壞了"), say(gone, "秘密"), say(resident, "<b>秘密"))
        await office.deliver_all()
    assert {entry["outcome"] for entry in logs} >= {
        "sent",
        "Forbidden",
        "BadRequest",
        "TimedOut",
        "RetryAfter",
    }
    assert all(word not in repr(logs) for word in ("樓道燈", "秘密", "王小明", TOKEN))


# ---- for ever


async def test_it_runs_until_it_is_stopped(office: PostOffice) -> None:
    """Posting wakes it; a chat's next message follows at once; stopping leaves nothing half done."""
    resident = office.person("王")
    changed = asyncio.Event()
    office.sandbox.changed.append(changed.set)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(office.courier.run())
        await office.post(say(resident, "一"), say(resident, "二"))
        office.courier.wake.set()
        while len(texts(resident)) < 2:
            changed.clear()
            await changed.wait()
        office.courier.stop()
        await running
    assert office.states() == ["sent", "sent"]


async def test_it_survives_a_database_that_goes_away(office: PostOffice) -> None:
    """Neither a failed claim nor a failed settlement ends it, and nothing is sent twice."""
    changed = asyncio.Event()
    office.sandbox.changed.append(changed.set)
    office.sandbox.changed.append(office.database.leave)
    await office.post(say(office.operator, "一"))
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(office.courier.run())
        await changed.wait()
        office.sandbox.changed.clear()
        while office.database.away:
            office.courier.wake.set()
            await asyncio.wait([running], timeout=0.01)
        office.courier.wake.set()
        office.courier.stop()
        await running
    await office.deliver_all()
    assert texts(office.operator) == ["一"]
    assert office.states() == ["sent"]


async def test_running_ends_when_the_token_is_refused(office: PostOffice) -> None:
    """The error reaches whoever started it."""
    await office.post(say(office.operator, "一"))
    office.sandbox.token = "1:another"
    with pytest.raises(OperatorError):
        await asyncio.wait_for(office.courier.run(), 5)


async def test_pictures_and_documents_made_here(office: PostOffice) -> None:
    """A code to scan with its buttons, a sheet with its name: both arrive whole."""
    resident = office.person("王")
    sheet = "名单,1\n".encode()
    pictures = {
        "content": b64encode(SAMPLE.read_bytes()).decode(),
        "caption": "<b>签到</b>",
        "options": [[{"label": "名单", "id": "activity.list:1"}]],
    }
    document = {"content": b64encode(sheet).decode(), "caption": "", "name": "名单.csv"}
    chat = str(resident.id)
    await office.post(
        Mail(1, chat, Lane.REPLY, Intent.PICTURE, pictures),
        Mail(1, chat, Lane.REPLY, Intent.DOCUMENT, document),
    )
    await office.deliver_all()
    picture, file = resident.chat()[-2:]
    assert (picture.text, picture.button("名单").data) == ("签到", "activity.list:1")
    stored = office.sandbox.memory.files.get(picture.photos[-1])
    assert stored.file.content == SAMPLE.read_bytes()
    sent = file.raw["document"]
    assert sent["file_name"] == "名单.csv"
    assert office.sandbox.memory.files.get(sent["file_id"]).file.content == sheet
