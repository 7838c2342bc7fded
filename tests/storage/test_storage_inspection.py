"""What a bystander learns of the rows, on both engines: whether there is work, when, and all of it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.posts import Place
from bot.domain.register import ListedPerson
from bot.storage.directory import Directory
from bot.storage.engine import Database
from bot.storage.inspection import SHOWN, Inspection
from bot.storage.mailboxes import Intent, Lane, Mail, Received
from bot.storage.store import Store

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a compound with an issue of person 1, 王, that 小李, person 2, has."""
    async with database.transaction() as connection:
        store = Store(connection)
        await Directory(connection).put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
        for _ in range(2):
            await store.people.new(NOW)
        await Directory(connection).put_details({1: ListedPerson("王", "")})
        await store.people.put_account(2, "telegram", "5", "小李", "zh")
        await store.issues.file(
            number="261124-001",
            category="lighting",
            urgency="ordinary",
            is_private=False,
            place=Place("compound", 1),
            text="灯",
            reporter_id=1,
            reporter_approved=False,
            handler_id=2,
            handler_post="property_manager",
            reason={},
            clock_kind="working",
            accept_term=MINUTE,
            resolve_term=MINUTE,
            now=NOW,
        )
        yield store


def letter(number: int, sender: str = "5") -> Received:
    """An update of somebody."""
    return Received(1, number, sender, sender, json.dumps({"update_id": number, "callback_query": {}}))


def mail(not_before: datetime | None = None) -> Mail:
    """Something to say."""
    return Mail(1, "5", Lane.WORK, Intent.SAY, {"text": "您好"}, not_before=not_before)


async def test_work_to_be_done(store: Store) -> None:
    """A letter, something due, a notice, mail: each as soon as its time has come, until it is done."""
    look = Inspection(store.connection)
    assert await look.is_at_rest(NOW)
    assert await look.next_moment(NOW) is None

    await store.inbox.put([letter(1), letter(2)], NOW)
    assert not await look.is_at_rest(NOW)
    await store.inbox.count_attempt(1, "Oops", NOW + 5 * MINUTE)
    assert await look.is_at_rest(NOW), "the second waits for the first"
    await store.dues.put(1, "ladder", NOW + 4 * MINUTE, 0)
    await store.notices.put(1, 1, "reminder", 0, {}, NOW, NOW + 3 * MINUTE)
    await store.outbox.put([mail(NOW + 2 * MINUTE)], NOW)

    moments: list[datetime] = []
    now = NOW
    while (moment := await look.next_moment(now)) is not None:
        assert await look.is_at_rest(moment - timedelta(microseconds=1)) == (not moments)
        assert not await look.is_at_rest(moment)
        moments.append(moment)
        now = moment
    assert moments == [NOW + number * MINUTE for number in (2, 3, 4, 5)]

    (sent,) = await store.outbox.claim(9, now, now + MINUTE)
    assert not await look.is_at_rest(now), "it is on its way"
    await store.outbox.settle_sent(sent, 7, now)
    await store.notices.drop([1])
    await store.dues.drop(1, "ladder")
    for number in (1, 2):
        assert not await look.is_at_rest(now)
        await store.inbox.finish(number, now)
    assert await look.is_at_rest(now)


async def test_everything_as_lines(store: Store) -> None:
    """The newest first and not too many, people by name; what has been handled has no content any more."""
    look = Inspection(store.connection)
    await store.inbox.put([letter(number) for number in range(1, SHOWN + 3)], NOW)
    await store.inbox.finish(SHOWN + 2, NOW + MINUTE)
    newest, before, *others = await look.letters()
    assert newest == {
        "id": SHOWN + 2,
        "update_id": SHOWN + 2,
        "sender": "5",
        "state": "done",
        "attempts": 0,
        "received_at": NOW,
        "finished_at": NOW + MINUTE,
        "kind": "",
    }
    assert (before["id"], before["state"], before["kind"], before["finished_at"]) == (
        SHOWN + 1,
        "new",
        "callback_query",
        None,
    )
    assert len(others) == SHOWN - 2

    await store.outbox.put([mail()], NOW)
    (said,) = await look.mail()
    assert said == {
        "id": 1,
        "chat": "5",
        "intent": "say",
        "state": "waiting",
        "attempts": 0,
        "lane": "work",
        "text": "您好",
        "created_at": NOW,
        "retry_at": None,
        "settled_at": None,
        "error": None,
    }

    await store.dues.put(1, "ladder", NOW + MINUTE, 3)
    for person_id in (1, 2):
        await store.notices.put(person_id, 1, "reminder", 0, {}, NOW, NOW + MINUTE)
    for actor_id, action in ((1, "file"), (None, "remind")):
        await store.issues.record(
            1,
            actor_id=actor_id,
            action=action,
            from_state="open",
            to_state="open",
            text="灯",
            facts={},
            attachments=(),
            now=NOW,
        )
    number = "261124-001"
    assert await look.dues() == [{"number": number, "kind": "ladder", "stage": 3, "due_at": NOW + MINUTE}]
    assert await look.notices() == [
        {"person": name, "number": number, "topic": "reminder", "release_at": NOW + MINUTE}
        for name in ("小李", "王")
    ]
    assert await look.issues() == [
        {
            "id": 1,
            "number": number,
            "state": "open",
            "category": "lighting",
            "handler": "小李",
            "filed_at": NOW,
        }
    ]
    assert await look.history(1) == [
        {"at": NOW, "who": who, "action": action, "text": "灯", "from": "open", "to": "open"}
        for who, action in (("王", "file"), ("", "remind"))
    ]
    assert await look.history(2) == []
    assert await look.count_units() == 0


async def test_what_cannot_be_read(store: Store) -> None:
    """A payload that is no JSON, or no object, is shown without its kind."""
    await store.inbox.put([Received(1, 1, "5", "5", "{"), Received(1, 2, "5", "5", "[]")], NOW)
    assert [line["kind"] for line in await Inspection(store.connection).letters()] == ["", ""]
