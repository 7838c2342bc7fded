"""The talk about issues on both engines: whose message, what is still talked about, notes, ready words."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.posts import Place
from bot.domain.transitions import State
from bot.storage.directory import Directory
from bot.storage.engine import Database
from bot.storage.issues import Proxy
from bot.storage.mailboxes import Intent, Lane, Mail
from bot.storage.store import Store
from bot.storage.threads import About, Note, Part
from tests.issues import put_issue

NOW = datetime(2026, 11, 24, 2, 0, 0, 123_456, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One compound with one building and four people: 1 handles."""
    async with database.transaction() as connection:
        store, directory = Store(connection), Directory(connection)
        await directory.put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
        await directory.put_buildings(1, {"3": "3号楼"})
        for _ in range(4):
            await store.people.new(NOW)
        yield store


async def filed(store: Store, reporter_id: int = 2, proxy_id: int | None = None) -> int:
    """An issue of the day."""
    proxy = Proxy(proxy_id, "phone", None) if proxy_id else None
    return await put_issue(store, NOW - 9 * DAY, Place("building", 1, 1), reporter_id, 1, proxy=proxy)


async def talk(store: Store, issue_id: int, ago: timedelta, action: str = "reply") -> int:
    """Somebody says something."""
    return await store.issues.record(
        issue_id,
        actor_id=1,
        action=action,
        from_state="open",
        to_state="open",
        text="好",
        facts={},
        attachments=(),
        now=NOW - ago,
    )


async def to(store: Store, issue_id: int, state: State) -> None:
    """It stands there now."""
    issue = await store.issues.get(issue_id)
    assert issue is not None
    await store.issues.save(replace(issue, state=state))


async def test_which_message_is_about_what(store: Store) -> None:
    """By chat and number; the last word counts; the parts of an event come in the order of the messages."""
    one, two = await filed(store), await filed(store)
    event = await talk(store, one, DAY)
    threads = store.threads
    await threads.note_parts("5", one, None, [Part(70, 0, 0)], NOW)
    await threads.note_parts("5", one, event, [Part(9, 3, 4), Part(8, 0, 2)], NOW)
    await threads.note_parts("6", two, None, [Part(70, 0, 0)], NOW)
    assert await threads.about("5", 70) == About(one, None)
    assert await threads.about("6", 70) == About(two, None)
    assert await threads.about("5", 8) == About(one, event)
    assert await threads.about("7", 70) is None
    assert await threads.about("5", 71) is None
    assert await threads.parts("5", event) == [Part(8, 0, 2), Part(9, 3, 4)]
    assert await threads.parts("6", event) == []
    await threads.note_parts("5", one, event, [Part(8, 0, 5)], NOW)
    await threads.note_parts("5", two, None, [Part(70, 0, 0)], NOW)
    assert await threads.parts("5", event) == [Part(8, 0, 5), Part(9, 3, 4)]
    assert await threads.about("5", 70) == About(two, None)


async def test_an_album_is_about_its_issue(store: Store) -> None:
    """Every picture of it; mail about nothing leads nowhere."""
    issue = await filed(store)
    for issue_id in (issue, None):
        payload = {"photos": ["a", "b", "c"]}
        mail = Mail(1, "5", Lane.WORK, Intent.PHOTOS, payload, issue_id=issue_id)
        await store.outbox.put([mail], NOW)
        (item,) = await store.outbox.claim(1, NOW, NOW + DAY)
        first = 30 if issue_id else 40
        await store.outbox.settle_sent(item, first, NOW, others=[first + 1, first + 2])
    assert [await store.threads.about("5", number) for number in (30, 31, 32)] == [About(issue, None)] * 3
    assert [await store.threads.about("5", number) for number in (40, 41)] == [None] * 2


async def test_what_is_talked_about(store: Store) -> None:
    """By reporter, who reported for them, handler and helper; going on; lately, or waiting for an answer."""
    old, late, fresh, waiting, closed, silent, other = [
        await filed(store, 3 if at == 6 else 2, 4 if at == 2 else None) for at in range(7)
    ]
    for issue_id, ago in ((old, 3 * DAY + timedelta(microseconds=1)), (late, 3 * DAY), (fresh, DAY)):
        await talk(store, issue_id, ago)
    await talk(store, waiting, 8 * DAY, "request_info")
    await to(store, waiting, State.WAITING_REPORTER)
    await talk(store, closed, DAY)
    await to(store, closed, State.CLOSED)
    await talk(store, silent, DAY, "nudge")
    await talk(store, other, timedelta())
    await store.issues.add_part(late, 3, "helps")
    await store.issues.add_part(fresh, 3, "affected")
    since = NOW - 3 * DAY
    about = store.threads.talked_about
    assert await about(2, since, 9) == [waiting, fresh, late]
    assert await about(1, since, 9) == [other, waiting, fresh, late]
    assert await about(1, since, 2) == [other, waiting]
    assert await about(3, since, 9) == [other, late]
    assert await about(4, since, 9) == [fresh]


async def test_notes(store: Store) -> None:
    """Of one issue, the oldest first; what was erased is not there."""
    one, two = await filed(store), await filed(store)
    for text in ("先", "", "后"):
        await store.threads.add_note(one, 1, text, NOW)
    assert await store.threads.notes(one) == [Note(1, NOW, "先"), Note(1, NOW, "后")]
    assert await store.threads.notes(two) == []


async def test_ready_words(store: Store) -> None:
    """One's own before the compound's, what was used last first; of this action and category only."""
    directory = Directory(store.connection)
    await directory.put_compound("tonggong", "通工小区", "Asia/Shanghai", "zh_CN")
    kept = store.replies
    own = await kept.add(1, 1, "lighting", "reply", "甲", NOW)
    any_kind = await kept.add(1, 1, "", "reply", "乙", NOW + DAY)
    of_all = await kept.add(1, None, "", "reply", "丙", NOW + 2 * DAY)
    for compound_id, person_id, category, action in (
        (1, 1, "lift", "reply"),
        (1, 1, "", "resolve"),
        (1, 2, "", "reply"),
        (2, 1, "", "reply"),
    ):
        await kept.add(compound_id, person_id, category, action, "别", NOW)
    fitting = [one.id for one in await kept.fitting(1, 1, "lighting", "reply", 9)]
    assert fitting == [any_kind, own, of_all]
    await kept.used(own, NOW + 3 * DAY)
    assert [one.id for one in await kept.fitting(1, 1, "lighting", "reply", 2)] == [own, any_kind]
    assert [one.id for one in await kept.of(1, 3)] == [of_all]
    assert len(await kept.of(1, 1)) == 5
    await kept.change(own, "丁", NOW)
    found = await kept.get(own)
    assert found is not None
    assert (found.text, found.person_id, found.category) == ("丁", 1, "lighting")
    await kept.drop(own)
    assert await kept.get(own) is None
