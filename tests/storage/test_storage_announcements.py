"""What is kept of announcements, their copies and who read them, on both engines."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.announcing import Account, Channel, Class, Home, Person, State
from bot.domain.audiences import COMPOUND, Audience, Kind, Part
from bot.domain.posts import PostKind
from bot.storage.announcements import (
    Announcement,
    AnnouncementEvent,
    Delivery,
    GroupDelivery,
    Household,
    Planned,
    Tally,
)
from bot.storage.directory import Directory, PostText
from bot.storage.engine import Database
from bot.storage.mailboxes import Intent, Lane, Mail
from bot.storage.store import Store
from tests.engines import ask

NOW = datetime(2026, 11, 24, 2, 0, 0, 123_456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1, microseconds=1)
BUILDING = Audience((Part(Kind.BUILDING, 1),))
WATER = Announcement(
    id=0,
    compound_id=1,
    author_id=1,
    author_post="building_leader",
    state=State.DRAFT,
    klass=Class.URGENT,
    html="<b>停水</b>",
    photos=("one", "two"),
    audience=BUILDING,
    channels=frozenset(Channel),
    created_at=NOW,
    chosen_at=NOW,
    valid_until=LATER,
)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """Building 3 with 2-502 and 2-501; its leader (1), who lives nowhere, and a neighbour (2) of 502."""
    async with database.transaction() as connection:
        directory, store = Directory(connection), Store(connection)
        await directory.put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
        await directory.put_buildings(1, {"3": "3号楼"})
        await directory.put_entrances({(1, "2"): "2单元"})
        await directory.put_units({(1, 1, "502"): None, (1, 1, "501"): None})
        await directory.put_posts(1, {(PostKind.BUILDING_LEADER, 1, None): PostText()})
        for number in (1, 2, 3):
            person = await store.people.new(NOW)
            await store.people.put_account(person, "telegram", str(number), f"Nr. {number}", "zh-hans")
        await store.posts.appoint(1, 1, NOW)
        residency, _ = await store.people.ask_residency(2, 1, "owner", NOW)
        await store.people.decide_residency(residency, "approved", 1, NOW)
        await store.people.put_details(2, "王奶奶", "")
        await store.people.set_locale(2, "en")
        await store.people.ask_residency(3, 2, "renter", NOW)
        yield store


async def test_everything_of_an_announcement_is_kept(store: Store) -> None:
    """What was given comes back; what can change changes."""
    announcements = store.announcements
    number = await announcements.new(WATER)
    kept = replace(WATER, id=number)
    assert await announcements.get(number) == await announcements.locked(number) == kept
    assert await announcements.get(99) is None
    changed = replace(
        kept,
        state=State.SCHEDULED,
        klass=Class.ORDINARY,
        html="改",
        photos=(),
        audience=Audience((COMPOUND,)),
        channels=frozenset((Channel.GROUPS,)),
        second_id=2,
        chosen_at=None,
        send_at=LATER,
        valid_until=None,
        sent_at=LATER,
    )
    await announcements.save(changed)
    assert await announcements.get(number) == replace(changed, version=2)


async def test_lists_corrections_and_invitations(store: Store) -> None:
    """The newest first, without what was discarded; a correction is under way until it is sent."""
    announcements = store.announcements
    first = await announcements.new(WATER)
    assert not await announcements.is_correcting(first)
    second = await announcements.new(replace(WATER, corrects_id=first))
    assert await announcements.is_correcting(first)
    assert [one.id for one in await announcements.of_compound(1, 10)] == [second, first]
    assert [one.id for one in await announcements.of_compound(1, 1)] == [second]
    await announcements.save(replace(WATER, id=second, state=State.DISCARDED))
    assert [one.id for one in await announcements.of_compound(1, 10)] == [first]
    assert not await announcements.is_correcting(first)


async def test_what_was_done_is_written_down(store: Store) -> None:
    """In order, the clock without an actor."""
    number = await store.announcements.new(WATER)
    events = [
        AnnouncementEvent(NOW, 1, "publish", "draft", "scheduled", ""),
        AnnouncementEvent(LATER, None, "start", "scheduled", "sending", "…"),
    ]
    for event in events:
        await store.announcements.record(number, event)
    assert await store.announcements.history(number) == events


async def test_everybody_who_may_get_one(store: Store) -> None:
    """Confirmed residents and holders with their accounts; who only asked to be entered is not yet one."""
    muted = {2: frozenset((COMPOUND,))}
    await store.people.mark_unreachable("telegram", "2", NOW)
    people, addresses = await store.announcements.people(1, "telegram", muted)
    seat = Part(Kind.POST, 1, None, PostKind.BUILDING_LEADER)
    assert people == [
        Person(1, (), (seat,), frozenset(), (Account(1),)),
        Person(2, (Home(1, 1, "owner"),), (), frozenset(), (Account(2, is_reachable=False),), muted[2]),
    ]
    assert addresses == {1: "1", 2: "2", 3: "3"}


async def planned(store: Store) -> int:
    """An announcement with three copies planned, and one person left out."""
    number = await store.announcements.new(WATER)
    await store.groups.put("telegram", "-5", "3号楼群", "member")
    rows = [
        Planned("-5", None, 1),
        Planned("1", 1, None),
        Planned("2", 2, None),
        Planned("private:3", 3, None, "left_out", "muted"),
    ]
    await store.announcements.plan(number, rows)
    await store.announcements.plan(number, rows)
    return number


GROUP_COPY = Delivery(1, "-5", None, is_group=True, locale=None, language=None)
LEADERS_COPY = Delivery(2, "1", 1, is_group=False, locale=None, language="zh-hans")
NEIGHBOURS_COPY = Delivery(3, "2", 2, is_group=False, locale="en", language="zh-hans")


async def test_copies_from_the_plan_to_the_report(store: Store) -> None:
    """Each chat once; what is posted is not planned any more; the counts know the reasons."""
    announcements = store.announcements
    number = await planned(store)
    assert await announcements.planned(number, "telegram", 2) == [GROUP_COPY, LEADERS_COPY]
    await announcements.mark([GROUP_COPY, LEADERS_COPY], "posted")
    assert await announcements.planned(number, "telegram", 9) == [NEIGHBOURS_COPY]
    assert await announcements.shown(number, "telegram", 0, 9) == [GROUP_COPY, LEADERS_COPY]
    assert await announcements.shown(number, "telegram", 1, 9) == [LEADERS_COPY]
    assert await announcements.tally(number) == [
        Tally(is_group=False, state="left_out", reason="muted", count=1),
        Tally(is_group=False, state="planned", reason="", count=1),
        Tally(is_group=False, state="posted", reason="", count=1),
        Tally(is_group=True, state="posted", reason="", count=1),
    ]
    assert await announcements.in_groups(number) == [GroupDelivery(1, "3号楼群", "posted", "")]
    assert await announcements.was_shown(number, "1", 0)
    assert await announcements.was_shown(number, "", 1)
    assert not await announcements.was_shown(number, "2", 2)


async def test_a_correction_follows_the_copies_that_arrived(store: Store) -> None:
    """Also into a group that has moved since."""
    announcements = store.announcements
    first = await planned(store)
    await announcements.mark([GROUP_COPY, NEIGHBOURS_COPY], "sent")
    await store.groups.move(1, "-1005")
    second = await announcements.new(replace(WATER, corrects_id=first))
    await announcements.plan_correction(second, first)
    found = await announcements.planned(second, "telegram", 9)
    assert [(one.chat, one.person_id) for one in found] == [("-1005", None), ("2", 2)]


async def test_stopping_takes_out_what_nobody_is_sending(store: Store) -> None:
    """One copy waits, one is leased, one is planned: only the leased one still goes."""
    number = await planned(store)
    await store.announcements.mark([GROUP_COPY, LEADERS_COPY], "posted")
    mail = [
        Mail(1, one.chat, Lane.BULK, Intent.SAY, {"text": "停水"}, delivery_id=one.id)
        for one in (GROUP_COPY, LEADERS_COPY)
    ]
    await store.outbox.put(mail, NOW)
    (leased,) = await store.outbox.claim(1, NOW, LATER)
    assert leased.delivery_id == GROUP_COPY.id
    await store.announcements.stop(number, "recalled")
    rows = await ask(store.connection, "SELECT state, reason FROM deliveries ORDER BY id")
    assert [(row["state"], row["reason"]) for row in rows] == [
        ("posted", ""),
        ("left_out", "recalled"),
        ("left_out", "recalled"),
        ("left_out", "muted"),
    ]
    await store.outbox.settle_sent(leased, 7, NOW)
    assert await store.outbox.claim(9, LATER, LATER) == []
    rows = await ask(store.connection, "SELECT state FROM deliveries ORDER BY id")
    assert rows[0]["state"] == "sent"


async def test_what_the_courier_settled_stays(store: Store) -> None:
    """A copy that failed is not called withdrawn."""
    number = await planned(store)
    await store.announcements.mark([LEADERS_COPY], "failed")
    await store.announcements.mark([LEADERS_COPY, NEIGHBOURS_COPY], "recalled")
    states = {one.state: one.count for one in await store.announcements.tally(number)}
    assert states == {"failed": 1, "recalled": 1, "planned": 1, "left_out": 1}


async def test_who_has_read_it(store: Store) -> None:
    """Each person once; a household has read it when one of its people has."""
    announcements = store.announcements
    number = await announcements.new(WATER)
    empty = Household(1, 1, 2, "501", (), (), has_read=False)
    full = Household(1, 1, 1, "502", ("王奶奶",), ("owner",), has_read=False)
    assert await announcements.households(number, 1) == [full, empty]
    assert await announcements.read(number, 2, NOW)
    assert not await announcements.read(number, 2, LATER)
    assert await announcements.receipts(number) == 1
    assert await announcements.households(number, 1) == [replace(full, has_read=True), empty]
