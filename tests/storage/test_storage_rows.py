"""What every noun of the house keeps and gives back, on both engines, field by field."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.addresses import BuildingEntry, EntranceEntry, Register, UnitEntry
from bot.domain.posts import Holder, Place, PostKind
from bot.domain.register import ListedPerson
from bot.domain.transitions import State
from bot.storage.changes import Change
from bot.storage.directory import Directory, Office, PostText
from bot.storage.engine import Database
from bot.storage.issues import Attachment, Due, Event, Issue, Notice, Proxy
from bot.storage.links import Door, Link
from bot.storage.people import Addressee, Details, DoorStanding, Residency, Resident, UnitStanding
from bot.storage.places import Compound, PlaceNames
from bot.storage.postgres import PostgresDatabase
from bot.storage.posts import Appointment, ContactLine, HeldPost, Plan, Post
from bot.storage.store import Store
from tests.engines import ask

NOW = datetime(2026, 11, 24, 2, 0, 0, 123_456, tzinfo=UTC)
"""With microseconds: they must survive."""
LATER = NOW + timedelta(hours=1, microseconds=1)
LEADER, DIRECTOR = PostKind.BUILDING_LEADER, PostKind.OWNERS_COMMITTEE_DIRECTOR


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a compound: buildings 3 (entrances 1, 2; a unit in each and one beside) and 4."""
    async with database.transaction() as connection:
        await furnish(Directory(connection))
        yield Store(connection)


async def furnish(directory: Directory) -> None:
    """The places; everything gets the ids 1, 2, 3 …"""
    await directory.put_compound("luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
    await directory.put_buildings(1, {"3": "3号楼", "4": "4号楼"})
    await directory.put_entrances({(1, "1"): "1单元", (1, "2"): "2单元"})
    await directory.put_units({(1, 1, "101"): 89, (1, 2, "502"): None, (1, None, "门卫"): None})


# Places and the register -------------------------------------------------------------------------------


async def test_places(store: Store) -> None:
    """Everything can be found by id, listed in the order of the register, and named."""
    places = store.places
    compound = Compound(1, "luzhou-126", "绿洲路126号大院", "Asia/Shanghai", "zh_CN")
    assert await places.compounds() == [compound]
    assert await places.compound(1) == compound
    assert await places.buildings(1) == [(1, "3号楼"), (2, "4号楼")]
    assert await places.entrances(1) == [(1, "1单元"), (2, "2单元")]
    assert await places.units(1, 2) == [(2, "502")]
    assert await places.units(1, None) == [(3, "门卫")]
    assert await places.building(2) == Place("building", 1, 2)
    assert await places.entrance(2) == Place("entrance", 1, 1, 2)
    assert await places.unit(2) == Place("unit", 1, 1, 2, 2)
    assert await places.unit(3) == Place("unit", 1, 1, None, 3)
    assert [await places.building(9), await places.entrance(9), await places.unit(9)] == [None] * 3
    assert await places.names(Place("unit", 1, 1, 2, 2)) == PlaceNames(
        "绿洲路126号大院", "3号楼", "2单元", "502"
    )
    assert await places.names(Place("compound", 1)) == PlaceNames("绿洲路126号大院", "", "", "")
    assert await places.register(1) == Register(
        (
            BuildingEntry(
                1,
                "3",
                (EntranceEntry(1, "1"), EntranceEntry(2, "2")),
                (UnitEntry(1, "101", 1), UnitEntry(2, "502", 2), UnitEntry(3, "门卫", None)),
            ),
            BuildingEntry(2, "4"),
        )
    )


async def test_the_register_in_bulk(store: Store) -> None:
    """What is entered again is brought up to date, not doubled; the contact card's words are kept."""
    directory = Directory(store.connection)
    assert await directory.compound("nowhere") is None
    assert await directory.put_compound("luzhou-126", "新名", "Asia/Urumqi", "en") == 1
    assert await directory.compound("luzhou-126") == Compound(1, "luzhou-126", "新名", "Asia/Urumqi", "en")
    await directory.put_buildings(1, {"3": "三号楼"})
    await directory.put_entrances({(1, "2"): "二单元"})
    await directory.put_units({(1, 2, "502"): 120, (1, None, "门卫"): 9})
    assert await directory.buildings(1) == {"3": (1, "三号楼"), "4": (2, "4号楼")}
    assert await directory.entrances(1) == {(1, "1"): (1, "1单元"), (1, "2"): (2, "二单元")}
    assert await directory.units(1) == {(1, 1, "101"): 89, (1, 2, "502"): 120, (1, None, "门卫"): 9}
    text = PostText("管三号楼", "晚上", phone_shown=True)
    await directory.put_posts(1, {(LEADER, 1, None): PostText(), (DIRECTOR, None, None): PostText()})
    await directory.put_posts(1, {(LEADER, 1, None): text})
    assert await directory.posts(1) == {(LEADER, 1, None): (1, text), (DIRECTOR, None, None): (2, PostText())}
    await directory.put_posts(1, {})


async def test_offices(store: Store) -> None:
    """Who is in office comes first; among them who is on the bot."""
    directory, people = Directory(store.connection), store.people
    await directory.put_posts(1, {(LEADER, 1, None): PostText(), (DIRECTOR, None, None): PostText()})
    former, silent, present = [await people.new(NOW) for _ in range(3)]
    await directory.put_details({former: ListedPerson("李", "1"), present: ListedPerson("王", "2")})
    await directory.put_details({present: ListedPerson("王", "3")})
    await store.posts.appoint(1, former, NOW)
    await store.posts.end_others(1, silent, NOW)
    for post_id, person_id in ((1, silent), (2, present)):
        await store.posts.appoint(post_id, person_id, LATER)
    await people.put_account(present, "telegram", "5", "小王", "zh")
    assert await directory.offices(1) == [
        Office(3, 2, present, ListedPerson("王", "3"), in_office=True, has_account=True),
        Office(2, 1, silent, ListedPerson("", ""), in_office=True),
        Office(1, 1, former, ListedPerson("李", "1"), in_office=False),
    ]


# People ------------------------------------------------------------------------------------------------


async def test_people_and_their_accounts(store: Store) -> None:
    """How somebody is called and written to; an address that came back can be written to again."""
    people = store.people
    one, two = await people.new(NOW), await people.new(NOW)
    assert await people.addressee(one, "telegram") is None
    assert await people.details(one) == Details(one, "", "")
    await people.put_account(one, "telegram", "5", "小王", "zh-hans")
    await people.put_account(one, "wecom", "w5", "王", "zh")
    assert await people.addressee(one, "telegram") == Addressee("5", None, "zh-hans")
    assert await people.details(one) == Details(one, "小王", "")
    await people.set_locale(one, "zh_TW")
    await people.put_details(one, "王秀英", "138")
    await people.put_details(one, "王秀英", "139")
    assert await people.details(one) == Details(one, "王秀英", "139")
    assert await people.addressee(one, "wecom") == Addressee("w5", "zh_TW", "zh")

    assert await people.mark_unreachable("telegram", "5", NOW) == one
    assert await people.mark_unreachable("telegram", "5", LATER) is None
    assert await people.mark_unreachable("telegram", "nobody", LATER) is None
    assert await people.addressee(one, "telegram") is None
    await people.put_account(two, "telegram", "5", "老王", "en")
    assert await people.addressee(one, "telegram") is None
    assert await people.addressee(two, "telegram") == Addressee("5", None, "en")


async def test_residencies(store: Store) -> None:
    """Asked for, decided, asked for again; who is approved stays so, as what they were approved."""
    people = store.people
    resident, leader = await people.new(NOW), await people.new(NOW)
    asked = await people.ask_residency(resident, 2, "renter", NOW)
    assert asked == (1, "pending")
    beside, _ = await people.ask_residency(resident, 3, "owner", NOW)
    pending = Residency(1, resident, 2, "renter", "pending", 1, 1, 2, "502", "3号楼", "2单元", NOW)
    assert await people.residency(1) == pending
    gatehouse = Residency(beside, resident, 3, "owner", "pending", 1, 1, None, "门卫", "3号楼", None, NOW)
    assert await people.waiting(1) == [pending, gatehouse]
    await people.decide_residency(1, "approved", leader, LATER)
    assert await people.ask_residency(resident, 2, "renter", LATER) == (1, "approved")
    approved = replace(pending, state="approved", decided_by=leader)
    assert await people.residencies(resident) == [approved, gatehouse]
    assert await people.ask_residency(resident, 2, "owner", LATER) == (1, "approved")
    wishing = replace(approved, asked_kind="owner", asked_at=LATER)
    assert [wishing.is_waiting, wishing.wanted_kind, approved.wanted_kind] == [True, "owner", "renter"]
    assert await people.residencies(resident) == [wishing, gatehouse]
    assert await people.waiting(1) == [gatehouse, wishing]
    await people.decide_residency(1, "approved", leader, LATER, kind="owner")
    assert await people.residency(1) == replace(wishing, kind="owner", asked_kind=None)
    await people.decide_residency(1, "ended", leader, LATER, reason="moved")
    assert await people.residencies(resident) == [gatehouse]
    assert await people.ask_residency(resident, 2, "family", LATER) == (1, "pending")
    again = await people.residency(1)
    assert again is not None
    assert [again.kind, again.reason] == ["family", ""]
    assert await people.residency(99) is None
    (row,) = await ask(store.connection, "SELECT * FROM residencies WHERE id = 1")
    assert row["asked_at"] == row["decided_at"] > 0


async def test_the_wish_for_a_home(store: Store) -> None:
    """Asking again keeps the place in line; what was said about it goes with it; one home comes first."""
    people = store.people
    resident, leader = await people.new(NOW), await people.new(NOW)
    await people.ask_residency(resident, 2, "renter", NOW)
    await people.ask_residency(resident, 3, "owner", NOW)
    assert await people.count_pending(resident, 2) == (2, 1)
    await people.ask_residency(resident, 2, "owner", LATER)
    talk = ({"by": leader, "is_leader": True, "text": "“您是？”"},)
    await people.set_talk(1, talk)
    home = await people.residency(1)
    assert home is not None
    assert [home.asked_at, home.kind, home.talk] == [NOW, "owner", talk]
    await people.set_main(resident, 2)
    assert [(one.id, one.is_main) for one in await people.residencies(resident)] == [(2, True), (1, False)]
    await people.decide_residency(1, "approved", leader, LATER)
    await people.decide_residency(2, "ended", leader, LATER)
    (left,) = await people.residencies(resident)
    assert [left.id, left.talk] == [1, ()]
    assert await people.count_pending(resident, 2) == (0, 0)


async def test_the_roster_of_a_door(store: Store) -> None:
    """Who is approved with an account has joined; who stands in the register only has not."""
    people = store.people
    here, listed, asking = [await people.new(NOW) for _ in range(3)]
    await people.put_account(here, "telegram", "5", "Here", "")
    await people.put_details(listed, "王芳", "139")
    for person_id, kind in ((here, "owner"), (listed, "family"), (asking, "renter")):
        residency_id, _ = await people.ask_residency(person_id, 2, kind, NOW)
        if person_id != asking:
            await people.decide_residency(residency_id, "approved", here, LATER)
    await ask(store.connection, "UPDATE residencies SET is_listed = 1 WHERE id = 2")
    assert await people.of_unit(2) == [
        Resident(1, here, "Here", "owner", "approved", LATER, False, True, False),
        Resident(2, listed, "王芳", "family", "approved", LATER, True, False, False),
        Resident(3, asking, "", "renter", "pending", NOW, False, False, True),
    ]
    assert await people.units_behind(1, 2) == [UnitStanding(2, "502", 1, 1)]
    assert await people.units_behind(1, None) == [UnitStanding(3, "门卫", 0, 0)]
    standings = [UnitStanding(1, "", *counts).standing for counts in ((1, 1), (0, 1), (0, 0))]
    assert standings == ["joined", "waiting", "absent"]
    assert await people.doors(1) == [
        DoorStanding(1, None, "3号楼", "", 0, 1),
        DoorStanding(1, 1, "3号楼", "1单元", 0, 1),
        DoorStanding(1, 2, "3号楼", "2单元", 1, 1),
    ]


async def test_the_code_of_a_new_phone(store: Store) -> None:
    """The last one made is the one that is good."""
    person_id = await store.people.new(NOW)
    assert await store.people.moving_code("A1") is None
    await store.people.put_moving_code("A1", person_id, NOW)
    await store.people.put_moving_code("B2", person_id, LATER)
    assert await store.people.moving_code("A1") is None
    assert await store.people.moving_code("B2") == (person_id, LATER)


# Posts and links ---------------------------------------------------------------------------------------


async def test_posts_and_their_holders(store: Store) -> None:
    """Longest in office first; a post changes hands."""
    posts, people = store.posts, store.people
    await Directory(store.connection).put_posts(
        1,
        {
            (LEADER, 1, None): PostText("管三号楼", "晚上", phone_shown=True),
            (PostKind.ENTRANCE_LEADER, 1, 2): PostText(),
            (DIRECTOR, None, None): PostText("主任", "周末"),
            (LEADER, 2, None): PostText(),
        },
    )
    one, two = [await people.new(NOW) for _ in range(2)]
    await people.put_account(one, "telegram", "5", "小王", "zh")
    await people.put_details(two, "李", "138")
    await posts.appoint(1, two, NOW)
    await posts.appoint(1, one, LATER)
    await posts.appoint(1, one, LATER)
    await posts.appoint(3, two, LATER)
    assert await posts.holders(1, "telegram") == [
        Holder(1, LEADER, 1, None, two, reachable=False),
        Holder(1, LEADER, 1, None, one, reachable=True),
        Holder(3, DIRECTOR, None, None, two, reachable=False),
    ]
    assert await posts.of_person(two) == [
        HeldPost(1, 1, LEADER, 1, None),
        HeldPost(3, 1, DIRECTOR, None, None),
    ]
    assert await posts.post(2) == Post(
        2, 1, PostKind.ENTRANCE_LEADER, 1, 2, "绿洲路126号大院", "3号楼", "2单元"
    )
    assert await posts.post(9) is None
    assert await posts.contact_card(1, 1, "telegram") == [
        ContactLine(LEADER, "3号楼", "", "管三号楼", "晚上", "李", "138", None),
        ContactLine(LEADER, "3号楼", "", "管三号楼", "晚上", "小王", "", None),
        ContactLine(PostKind.ENTRANCE_LEADER, "3号楼", "2单元", "", "", "", "", 2),
        ContactLine(DIRECTOR, "", "", "主任", "周末", "李", "", None),
    ]
    assert [line.kind for line in await posts.contact_card(1, None, "telegram")] == [DIRECTOR]

    await posts.end_others(1, one, LATER)
    assert [holder.person_id for holder in await posts.holders(1, "telegram")] == [one, two]


async def test_holders_deputies_and_stand_ins(store: Store) -> None:
    """Each once in a post, in the order in which they are asked, with term and consent; ended one by one."""
    posts = store.posts
    post_id = await posts.find(LEADER, 1, 1)
    assert await posts.find(LEADER, 1, 1) == post_id
    holder, deputy, stand_in = [await store.people.new(NOW) for _ in range(3)]
    await store.people.put_details(holder, "王秀兰", "138")
    await store.people.put_details(stand_in, "赵小军", "139")
    second = await posts.appoint(post_id, deputy, NOW, is_deputy=True, term_until=LATER)
    third = await posts.appoint(post_id, stand_in, NOW, acting_for=holder)
    first = await posts.appoint(post_id, holder, LATER, phone_shown=True)
    assert await posts.appoint(post_id, holder, LATER) is None
    assert first is not None
    assert second is not None
    assert third is not None
    assert await posts.appointments(post_id) == [
        Appointment(first, post_id, holder, False, None, LATER, None, True),
        Appointment(third, post_id, stand_in, False, holder, NOW, None, None),
        Appointment(second, post_id, deputy, True, None, NOW, LATER, None),
    ]
    assert await posts.holder_ids(post_id) == [holder]
    card = await posts.contact_card(1, 1, "telegram")
    assert [(line.name, line.phone, line.stand_in) for line in card] == [
        ("王秀兰", "138", "赵小军"),
        ("赵小军", "", ""),
        ("", "", ""),
    ]
    await posts.show_own_phone(third, shown=True)
    await posts.show_own_phone(first, shown=False)
    assert [line.phone for line in await posts.contact_card(1, 1, "telegram")] == ["", "139", ""]
    await posts.set_text(post_id, "管三号楼", "晚上", "0835")
    (line, *_) = await posts.contact_card(1, 1, "telegram")
    assert (line.duty, line.hours, line.phone) == ("管三号楼", "晚上", "0835")
    await posts.set_term(first, LATER)
    found = await posts.appointment(first)
    assert found is not None
    assert found.term_until == LATER
    await posts.end(first, LATER)
    assert await posts.appointment(first) is None
    assert [one.id for one in await posts.appointments(post_id)] == [third, second]
    locked = await posts.locked(post_id)
    assert locked == (await posts.of_compound(1))[0]
    assert await posts.locked(99) is None


async def test_a_community_holds_posts_of_its_own(store: Store) -> None:
    """One row for each of them, seen from every compound of the community."""
    await Directory(store.connection).put_community("sq", "友谊社区")
    await ask(store.connection, "UPDATE compounds SET community_id = 1")
    post_id = await store.posts.find(PostKind.COMMUNITY_SECRETARY, None, community_id=1)
    assert await store.posts.find(PostKind.COMMUNITY_SECRETARY, None, community_id=1) == post_id
    (post,) = await store.posts.of_compound(1)
    assert (post.id, post.compound_id, post.community_id, post.community) == (post_id, None, 1, "友谊社区")


async def test_plans_of_a_post(store: Store) -> None:
    """What is still to come, whatever it waits for; over is over."""
    post_id, person = await store.posts.find(DIRECTOR, 1), await store.people.new(NOW)
    plan = Plan(0, post_id, person, True, LATER, None, None, NOW, "proposed")
    plan = replace(plan, id=await store.posts.put_plan(plan))
    other = replace(plan, is_deputy=False, begins_at=NOW, term_until=LATER, planned_by=person, state="asked")
    other = replace(other, id=await store.posts.put_plan(other))
    assert await store.posts.plan(plan.id) == plan
    assert await store.posts.plan(99) is None
    assert await store.posts.plans(post_id) == [plan, other]
    await store.posts.set_plan(plan.id, "waiting")
    await store.posts.set_plan(other.id, "declined")
    assert await store.posts.plans(post_id) == [replace(plan, state="waiting")]


async def test_the_record_of_changes(store: Store) -> None:
    """Of a post, of a compound, of one building; the latest first, so many at a time."""
    leader, director = await store.posts.find(LEADER, 1, 1), await store.posts.find(DIRECTOR, 1)
    person, changes = await store.people.new(NOW), store.changes
    await changes.record(
        1, person, "chat", "post.appointed", post_id=leader, person_id=person, now=NOW, how="link"
    )
    await changes.record(1, None, "import", "import.done", now=LATER)
    await changes.record(1, None, "clock", "post.ended", post_id=director, now=LATER)
    await changes.record(1, person, "chat", "residency.asked", unit_id=2, person_id=person, now=LATER)
    asked, ended, done, appointed = await changes.of_compound(1, 10)
    assert appointed == Change(
        1,
        NOW,
        1,
        person,
        "chat",
        "post.appointed",
        leader,
        person,
        None,
        {"how": "link"},
        LEADER,
        "3号楼",
        "",
    )
    assert (ended.kind, ended.source, ended.actor_id) == (DIRECTOR, "clock", None)
    assert (asked.building, asked.entrance, asked.kind) == ("3号楼", "2单元", "")
    assert done.post_id is None
    assert await changes.of_compound(1, 2, 1) == [ended, done]
    assert await changes.of_compound(1, 10, building_id=1) == [asked, appointed]
    assert await changes.of_post(leader, 10) == [appointed]
    assert await changes.of_post(leader, 10, 1) == []


async def test_links(store: Store) -> None:
    """A door's code and an invitation with its end; used once, by one person."""
    links, person_id = store.links, await store.people.new(NOW)
    await Directory(store.connection).put_posts(1, {(LEADER, 1, None): PostText()})
    assert await links.doors_without_link(1) == [(2, None), (1, 1), (1, 2)]
    await links.put_join("door-2", 1, 2, NOW)
    await links.put_join("house-4", 2, None, NOW)
    await links.put_appoint("post-1", 1, NOW, LATER)
    assert await links.doors(1) == [
        Door("door-2", "3号楼", "2单元", 1, 2),
        Door("house-4", "4号楼", "", 2, None),
    ]
    assert await links.doors_without_link(1) == [(1, 1)]
    assert await links.get("door-2") == Link("door-2", "join", 1, 2, None, None, None, None)
    assert await links.get("post-1") == Link("post-1", "appoint", None, None, 1, LATER, None, None)
    await links.use("post-1", person_id, NOW)
    await links.use("post-1", 99, LATER)
    assert await links.get("post-1") == Link("post-1", "appoint", None, None, 1, LATER, NOW, person_id)
    assert await links.get("nothing") is None


# Issues ------------------------------------------------------------------------------------------------


async def file(
    store: Store,
    place: Place | None = None,
    reporter_id: int = 1,
    handler_id: int = 2,
    proxy: Proxy | None = None,
) -> int:
    """An issue of the day in the compound."""
    number = await store.issues.next_number(1, "261124")
    return await store.issues.file(
        number=number,
        category="lighting",
        urgency="ordinary",
        is_private=True,
        place=place or Place("unit", 1, 1, 2, 2),
        text="三楼楼道灯坏了 💡",
        reporter_id=reporter_id,
        reporter_approved=False,
        handler_id=handler_id,
        handler_post="building_leader",
        reason={"steps": ["空缺"]},
        clock_kind="working",
        accept_term=timedelta(hours=24, microseconds=7),
        resolve_term=timedelta(days=7),
        now=NOW,
        proxy=proxy,
    )


FILED = Issue(
    id=1,
    number="261124-001",
    category="lighting",
    urgency="ordinary",
    is_private=True,
    place=Place("unit", 1, 1, 2, 2),
    text="三楼楼道灯坏了 💡",
    state=State.OPEN,
    resolution=None,
    closed_how=None,
    reporter_id=1,
    reporter_approved=False,
    handler_id=2,
    handler_post="building_leader",
    reason={"steps": ["空缺"]},
    filed_at=NOW,
    assigned_at=NOW,
    accepted_at=None,
    resolved_at=None,
    closed_at=None,
    nudged_at=None,
    rating=None,
    reopen_count=0,
    clock_kind="working",
    accept_term=timedelta(hours=24, microseconds=7),
    resolve_term=timedelta(days=7),
    resolve_used=timedelta(0),
    resolve_since=NOW,
)


@pytest.fixture
async def issues(store: Store) -> Store:
    """The same with two people, a reporter and a handler."""
    for _ in range(2):
        await store.people.new(NOW)
    return store


async def test_an_issue_is_kept_whole(issues: Store) -> None:
    """As filed, and as it stands after everything that may change has changed."""
    assert await file(issues) == 1
    assert await issues.issues.get(1) == await issues.issues.locked(1) == FILED
    changed = replace(
        FILED,
        state=State.CLOSED,
        resolution="fixed",
        closed_how="confirmed",
        handler_id=1,
        handler_post="branch_secretary",
        reason={"steps": []},
        assigned_at=NOW + timedelta(hours=1),
        accepted_at=NOW + timedelta(hours=2),
        resolved_at=NOW + timedelta(hours=3),
        closed_at=NOW + timedelta(hours=4),
        nudged_at=NOW + timedelta(hours=5),
        rating="satisfied",
        reopen_count=2,
        resolve_used=timedelta(hours=6, microseconds=1),
        resolve_since=None,
    )
    await issues.issues.save(changed)
    assert await issues.issues.get(1) == changed
    assert [await issues.issues.get(9), await issues.issues.locked(9)] == [None, None]


@pytest.mark.parametrize(
    "place",
    [
        Place("compound", 1),
        Place("common_area", 1, 1),
        Place("building", 1, 2),
        Place("entrance", 1, 1, 2),
        Place("unit", 1, 1, None, 3),
    ],
)
async def test_every_kind_of_place(issues: Store, place: Place) -> None:
    """Each comes back as it was (C8)."""
    issue = await issues.issues.get(await file(issues, place))
    assert issue is not None
    assert issue.place == place


async def test_history_and_what_is_attached(issues: Store) -> None:
    """Oldest first; the last change of state is found behind later words; files keep their order."""
    log = issues.issues
    issue_id = await file(issues)
    assert await log.last_change(issue_id) is None
    photos = [("photo", "b"), ("photo", "a")]
    steps = [
        (1, "file", "", "open", "报事", photos),
        (2, "accept", "open", "accepted", "", []),
        (None, "remind", "accepted", "accepted", "", []),
        (2, "reply", "accepted", "accepted", "明天来修", [("voice", "c")]),
    ]
    for actor_id, action, before, after, text, attachments in steps:
        await log.record(
            issue_id,
            actor_id=actor_id,
            action=action,
            from_state=before,
            to_state=after,
            text=text,
            facts={"stage": 1},
            attachments=attachments,
            now=NOW,
        )
    assert await log.history(issue_id) == [
        Event(place, NOW, actor_id, action, before, after, text, {"stage": 1})
        for place, (actor_id, action, before, after, text, _) in enumerate(steps, 1)
    ]
    accepted = await log.last_change(issue_id)
    assert accepted is not None
    assert (accepted.action, accepted.actor_id) == ("accept", 2)
    assert await log.attachments(issue_id) == [
        Attachment(1, "file", "photo", "b"),
        Attachment(1, "file", "photo", "a"),
        Attachment(4, "reply", "voice", "c"),
    ]


async def test_the_people_of_an_issue(issues: Store) -> None:
    """By part; twice the same is once."""
    issue_id = await file(issues)
    for person_id, part in (
        (1, "follows"),
        (1, "follows"),
        (2, "follows"),
        (2, "declined"),
        (1, "concerned"),
        (2, "helps"),
    ):
        await issues.issues.add_part(issue_id, person_id, part)
    await issues.issues.drop_part(issue_id, 2, "helps")
    await issues.issues.drop_part(issue_id, 1, "declined")
    assert await issues.issues.parts(issue_id) == {
        "follows": frozenset({1, 2}),
        "declined": frozenset({2}),
        "concerned": frozenset({1}),
        "affected": frozenset(),
        "helps": frozenset(),
    }
    assert set((await issues.issues.parts(99)).values()) == {frozenset()}


async def test_lists_of_issues(issues: Store) -> None:
    """A resident's: the newest that goes on first, then what ended lately. A handler's: the oldest first."""
    log = issues.issues
    for _ in range(5):
        await file(issues)
    await file(issues, reporter_id=2, handler_id=1)
    for issue_id, closed_at in ((1, NOW), (2, LATER), (4, LATER)):
        await log.save(
            replace(FILED, id=issue_id, state=State.CLOSED, closed_at=closed_at, resolve_since=None)
        )
    assert [issue.id for issue in await log.of_reporter(1, NOW, 10)] == [5, 3, 4, 2]
    assert [issue.id for issue in await log.of_reporter(1, NOW, 1)] == [5]
    assert [issue.id for issue in await log.of_handler(2, 10)] == [3, 5]
    assert [issue.id for issue in await log.of_handler(2, 1)] == [3]


async def test_a_report_for_somebody_else(issues: Store) -> None:
    """It is the proxy's until the bot can reach who it is for, and never theirs when it is about them."""
    elder = await issues.people.new(NOW)
    proxy = Proxy(2, "paper", 2)
    issue_id = await file(issues, reporter_id=elder, handler_id=1, proxy=proxy)
    kept = await issues.issues.get(issue_id)
    assert kept == replace(
        FILED, id=issue_id, number="261124-001", reporter_id=elder, handler_id=1, proxy=proxy
    )
    assert [one.id for one in await issues.issues.of_reporter(2, NOW, 10)] == [issue_id]
    await issues.people.put_account(elder, "telegram", "7", "王奶奶", "zh")
    assert await issues.issues.of_reporter(2, NOW, 10) == []
    assert [one.id for one in await issues.issues.of_reporter(elder, NOW, 10)] == [issue_id]
    await issues.people.mark_unreachable("telegram", "7", NOW)
    assert [one.id for one in await issues.issues.of_reporter(2, NOW, 10)] == [issue_id]
    await issues.issues.add_part(issue_id, 2, "concerned")
    assert await issues.issues.of_reporter(2, NOW, 10) == []


async def test_fifty_at_once_get_fifty_numbers(database: Database) -> None:
    """None twice, none left out, also when some of those who drew one give up (C3)."""
    async with database.transaction() as connection:
        await furnish(Directory(connection))
        for _ in range(2):
            await Store(connection).people.new(NOW)

    async def report(gives_up: bool) -> None:
        async with database.transaction() as connection:
            await file(Store(connection))
            if gives_up:
                raise LookupError

    found = await asyncio.gather(*(report(number % 5 == 4) for number in range(60)), return_exceptions=True)
    assert sum(isinstance(error, LookupError) for error in found) == 12
    assert {type(error) for error in found} == {LookupError, type(None)}
    async with database.transaction() as connection:
        numbers = [
            row["number"] for row in await ask(connection, "SELECT number FROM issues ORDER BY number")
        ]
    assert numbers == [f"261124-{number:03d}" for number in range(1, 49)]


async def test_every_day_and_compound_counts_for_itself(issues: Store) -> None:
    """Beyond 999 the number grows."""
    other = await Directory(issues.connection).put_compound("b", "汉都华府二期", "Asia/Shanghai", "zh_CN")
    assert await issues.issues.next_number(1, "261124") == "261124-001"
    assert await issues.issues.next_number(other, "261124") == "261124-001"
    assert await issues.issues.next_number(1, "261125") == "261125-001"
    await issues.connection.execute("UPDATE issue_numbers SET last = 999 WHERE day = '261125'")
    assert await issues.issues.next_number(1, "261125") == "261125-1000"


# What the clock knows ----------------------------------------------------------------------------------


async def test_due_times(issues: Store) -> None:
    """One of each kind for an issue; the most overdue is claimed; what is not due is not."""
    dues = issues.dues
    for _ in range(2):
        await file(issues)
    await dues.put(1, "ladder", LATER, 0)
    await dues.put(2, "ladder", NOW, 3)
    await dues.put(1, "lapse", LATER + timedelta(days=7), 0)
    assert await dues.claim(NOW - timedelta(microseconds=1)) is None
    assert await dues.claim(LATER) == Due(2, "ladder", 2, NOW, 3)
    await dues.put(2, "ladder", LATER + timedelta(days=1), 4)
    assert await dues.claim(LATER) == Due(1, "ladder", 1, LATER, 0)
    assert [due.kind for due in await dues.of_issue(1)] == ["ladder", "lapse"]
    await dues.drop(1, "ladder")
    assert await dues.claim(LATER) is None


async def test_notices(issues: Store) -> None:
    """All of one person together, who has waited longest first; postponed, told, or no longer true."""
    notices = issues.notices
    for _ in range(2):
        await file(issues)
    await notices.put(1, 1, "reminder", 1, {"percent": 50}, NOW, LATER)
    await notices.put(2, 1, "overdue", 2, {}, NOW, NOW)
    await notices.put(1, 2, "escalation", 3, {"谁": "三"}, NOW, LATER)
    assert await notices.claim(NOW - timedelta(seconds=1)) == []
    assert await notices.claim(LATER) == [Notice(2, 2, 1, "overdue", 2, {})]
    await notices.drop([2])
    both = await notices.claim(LATER)
    assert both == [
        Notice(1, 1, 1, "reminder", 1, {"percent": 50}),
        Notice(3, 1, 2, "escalation", 3, {"谁": "三"}),
    ]
    await notices.postpone([1, 3], LATER + timedelta(hours=1))
    assert await notices.claim(LATER) == []
    await notices.drop_of_issue(1)
    assert [notice.id for notice in await notices.claim(LATER + timedelta(hours=1))] == [3]
    await notices.drop([])


async def test_every_replica_may_tick(database: Database) -> None:
    """Six at once over thirty due times and as many notices: each acted on once, each person told once."""
    async with database.transaction() as connection:
        store = Store(connection)
        await furnish(Directory(connection))
        for _ in range(10):
            await store.people.new(NOW)
        for number in range(30):
            await store.dues.put(await file(store), "ladder", NOW + timedelta(seconds=number), 0)
            await store.notices.put(1 + number % 10, number + 1, "reminder", 0, {}, NOW, NOW)
    fired: list[int] = []
    told: list[list[Notice]] = []

    async def replica() -> None:
        idle = 0
        while idle < 10:
            async with database.transaction() as connection:
                store = Store(connection)
                due, notices = await store.dues.claim(LATER), await store.notices.claim(LATER)
                await asyncio.sleep(0)
                if due is not None:
                    await store.dues.drop(due.issue_id, due.kind)
                    fired.append(due.id)
                if notices:
                    await store.notices.drop([notice.id for notice in notices])
                    told.append(notices)
            idle = 0 if due or notices else idle + 1
            await asyncio.sleep(0)

    await asyncio.gather(*(replica() for _ in range(6)))
    assert sorted(fired) == list(range(1, 31))
    assert sorted(notice.id for notices in told for notice in notices) == list(range(1, 31))
    assert all(len({notice.person_id for notice in notices}) == 1 for notices in told)


async def test_while_one_person_is_told_another_process_tells_the_next(postgres: PostgresDatabase) -> None:
    """Nobody waits for the next tick because somebody else is being told."""
    async with postgres.transaction() as connection:
        store = Store(connection)
        await furnish(Directory(connection))
        for _ in range(2):
            await store.people.new(NOW)
        for person_id in (1, 1, 2):
            issue_id = await file(store)
            await store.notices.put(person_id, issue_id, "reminder", 0, {}, NOW, NOW)
            await store.dues.put(issue_id, "ladder", NOW, 0)
    async with postgres.transaction() as one, postgres.transaction() as two, postgres.transaction() as three:
        claimed = [await Store(connection).notices.claim(NOW) for connection in (one, two, three)]
        assert [[notice.id for notice in notices] for notices in claimed] == [[1, 2], [3], []]
        dues = [await Store(connection).dues.claim(NOW) for connection in (one, two, three)]
        assert [due and due.issue_id for due in dues] == [1, 2, 3]
