"""Every column of the schema and what being forgotten does with it; what is kept too long: both engines."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.actions.desk import Desk, Rules
from bot.actions.retention import BATCH, counts, erase_some
from bot.domain.posts import Place
from bot.domain.retention import KINDS
from bot.domain.signups import Party, State
from bot.storage.engine import Database, to_micros
from bot.storage.privacy import OWN
from bot.storage.sqlite import SqliteDatabase
from bot.storage.store import Store
from tests.engines import ask
from tests.issues import put_issue
from tests.storage.test_storage_activities import DANCE, furnish
from tests.world import TEXTS

NOW = datetime(2026, 11, 24, 2, 0, 0, 123_456, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=800)

ID = "stays: an id without a name"
NOT_OF_PEOPLE = "says nothing of a person"
IN_OFFICE = "stays: written in a post, for everybody; the name that stood with it is gone"
GONE = "deleted with its row"
EMPTIED = "emptied"

FORGETTING = {
    "absences.person_id": ID,
    "absences.stand_in_id": "emptied while it has not ended",
    "accounts.person_id": GONE,
    "accounts.address": GONE,
    "accounts.channel": GONE,
    "accounts.display_name": GONE,
    "accounts.language": GONE,
    "activities.about": IN_OFFICE,
    "activities.audience": NOT_OF_PEOPLE,
    "activities.author_id": ID,
    "activities.author_post": NOT_OF_PEOPLE,
    "activities.check_in_code": NOT_OF_PEOPLE,
    "activities.photo": IN_OFFICE,
    "activities.place": IN_OFFICE,
    "activities.state": NOT_OF_PEOPLE,
    "activities.title": IN_OFFICE,
    "activity_events.action": NOT_OF_PEOPLE,
    "activity_events.actor_id": ID,
    "activity_events.facts": NOT_OF_PEOPLE,
    "announcement_events.action": NOT_OF_PEOPLE,
    "announcement_events.actor_id": ID,
    "announcement_events.from_state": NOT_OF_PEOPLE,
    "announcement_events.text": IN_OFFICE,
    "announcement_events.to_state": NOT_OF_PEOPLE,
    "announcements.activity_role": NOT_OF_PEOPLE,
    "announcements.audience": NOT_OF_PEOPLE,
    "announcements.author_id": ID,
    "announcements.author_post": NOT_OF_PEOPLE,
    "announcements.channels": NOT_OF_PEOPLE,
    "announcements.class": NOT_OF_PEOPLE,
    "announcements.html": IN_OFFICE,
    "announcements.photos": IN_OFFICE,
    "announcements.second_id": ID,
    "announcements.state": NOT_OF_PEOPLE,
    "appointments.acting_for": ID,
    "appointments.person_id": ID,
    "assignments.handler_id": ID,
    "assignments.handler_post": NOT_OF_PEOPLE,
    "attachments.file": GONE,
    "attachments.kind": GONE,
    "buildings.label": NOT_OF_PEOPLE,
    "buildings.name": NOT_OF_PEOPLE,
    "calls.asked_id": ID,
    "calls.person_id": GONE,
    "calls.taken_by": ID,
    "card_prints.format": NOT_OF_PEOPLE,
    "card_prints.hangs_at": NOT_OF_PEOPLE,
    "card_prints.locale": NOT_OF_PEOPLE,
    "card_prints.made_by": ID,
    "cards.card_key": "deleted where the chat is theirs",
    "cards.chat": "deleted where the chat is theirs",
    "changes.action": NOT_OF_PEOPLE,
    "changes.actor_id": ID,
    "changes.facts": "stays: ids and words of posts only",
    "changes.person_id": ID,
    "changes.source": NOT_OF_PEOPLE,
    "chores.kind": NOT_OF_PEOPLE,
    "communities.code": NOT_OF_PEOPLE,
    "communities.name": NOT_OF_PEOPLE,
    "compounds.code": NOT_OF_PEOPLE,
    "compounds.locale": NOT_OF_PEOPLE,
    "compounds.name": NOT_OF_PEOPLE,
    "compounds.timezone": NOT_OF_PEOPLE,
    "deliveries.chat": "replaced by a word with the row's id",
    "deliveries.person_id": ID,
    "deliveries.reason": NOT_OF_PEOPLE,
    "deliveries.state": "what was still planned is left out",
    "dialogs.chat": GONE,
    "dialogs.data": GONE,
    "dialogs.dialog": GONE,
    "dialogs.person_id": GONE,
    "dialogs.step": GONE,
    "dues.kind": NOT_OF_PEOPLE,
    "entrances.label": NOT_OF_PEOPLE,
    "entrances.name": NOT_OF_PEOPLE,
    "floods.album": GONE,
    "floods.person_id": GONE,
    "group_codes.code": NOT_OF_PEOPLE,
    "group_codes.made_by": ID,
    "groups.address": NOT_OF_PEOPLE,
    "groups.bound_by": ID,
    "groups.channel": NOT_OF_PEOPLE,
    "groups.rights": NOT_OF_PEOPLE,
    "groups.standing": NOT_OF_PEOPLE,
    "groups.title": NOT_OF_PEOPLE,
    "inbox.chat": "emptied; of the letter that asked for it, swept after three days",
    "inbox.error": NOT_OF_PEOPLE,
    "inbox.payload": EMPTIED,
    "inbox.sender": "emptied; of the letter that asked for it, swept after three days",
    "inbox.state": NOT_OF_PEOPLE,
    "interest_group_members.person_id": GONE,
    "interest_groups.about": NOT_OF_PEOPLE,
    "interest_groups.leader_id": ID + "; who leads one that exists hands it over first",
    "interest_groups.name": NOT_OF_PEOPLE,
    "interest_groups.practice": NOT_OF_PEOPLE,
    "interest_groups.practice_place": NOT_OF_PEOPLE,
    "issue_events.action": NOT_OF_PEOPLE,
    "issue_events.actor_id": ID,
    "issue_events.facts": "stays: ids, posts and how it ended",
    "issue_events.from_state": NOT_OF_PEOPLE,
    "issue_events.text": "emptied in what they reported, whoever wrote it; elsewhere: " + IN_OFFICE,
    "issue_events.to_state": NOT_OF_PEOPLE,
    "issue_grams.gram": "deleted with the words they are of",
    "issue_messages.chat": "deleted where the chat is theirs",
    "issue_notes.author_id": ID,
    "issue_notes.text": "emptied about what they reported; elsewhere: " + IN_OFFICE,
    "issue_numbers.day": NOT_OF_PEOPLE,
    "issue_people.part": "follows, affected, helps: deleted; concerned, declined: stays",
    "issue_people.person_id": "follows, affected, helps: deleted; concerned, declined: " + ID,
    "issues.category": NOT_OF_PEOPLE,
    "issues.clock_kind": NOT_OF_PEOPLE,
    "issues.closed_how": NOT_OF_PEOPLE,
    "issues.external_reference": NOT_OF_PEOPLE,
    "issues.handler_id": ID,
    "issues.handler_post": NOT_OF_PEOPLE,
    "issues.number": NOT_OF_PEOPLE,
    "issues.place_kind": "a home becomes its entrance or building",
    "issues.proxy_id": ID,
    "issues.proxy_source": NOT_OF_PEOPLE,
    "issues.rating": NOT_OF_PEOPLE,
    "issues.rating_words": EMPTIED,
    "issues.reason": "stays: the rule and posts",
    "issues.referred_to": NOT_OF_PEOPLE,
    "issues.reporter_id": ID,
    "issues.resolution": NOT_OF_PEOPLE,
    "issues.shown_as": NOT_OF_PEOPLE,
    "issues.state": "open ones are withdrawn, but for what others follow",
    "issues.text": EMPTIED,
    "issues.urgency": NOT_OF_PEOPLE,
    "links.code": NOT_OF_PEOPLE,
    "links.kind": NOT_OF_PEOPLE,
    "links.used_by": ID,
    "loans.audience": GONE,
    "loans.lent_by": ID,
    "loans.person_id": GONE,
    "loans.revoked_by": ID,
    "moving_codes.code": GONE,
    "moving_codes.person_id": GONE,
    "mutes.person_id": GONE,
    "notices.facts": GONE,
    "notices.person_id": GONE,
    "notices.topic": GONE,
    "outbox.card_key": NOT_OF_PEOPLE,
    "outbox.chat": "emptied once settled; of the goodbye, swept after three days",
    "outbox.dedupe_key": NOT_OF_PEOPLE,
    "outbox.error": EMPTIED,
    "outbox.intent": NOT_OF_PEOPLE,
    "outbox.payload": "emptied, what waits expires; what others are sent of them is emptied when it is sent",
    "outbox.person_id": ID,
    "outbox.state": "what waits expires",
    "overheard.chat": GONE,
    "overheard.code": GONE,
    "overheard.person_id": GONE,
    "overheard.photos": GONE,
    "overheard.sender": GONE,
    "overheard.state": GONE,
    "overheard.text": GONE,
    "people.id": ID,
    "people.locale": EMPTIED,
    "people.numbers": EMPTIED,
    "people.numbers_of": EMPTIED,
    "people.shown_as": "as of somebody new",
    "personal_details.name": GONE,
    "personal_details.person_id": GONE,
    "personal_details.phone": GONE,
    "phone_views.person_id": GONE,
    "phone_views.role": NOT_OF_PEOPLE,
    "phone_views.viewer_id": ID + ": others have a right to know who looked",
    "planned_appointments.person_id": ID,
    "planned_appointments.planned_by": ID,
    "planned_appointments.state": "what was still to come is withdrawn",
    "posts.duty": NOT_OF_PEOPLE,
    "posts.hours": NOT_OF_PEOPLE,
    "posts.kind": NOT_OF_PEOPLE,
    "posts.phone": NOT_OF_PEOPLE,
    "read_receipts.person_id": ID,
    "reply_templates.action": GONE,
    "reply_templates.category": GONE,
    "reply_templates.person_id": GONE,
    "reply_templates.text": GONE,
    "residencies.asked_kind": GONE,
    "residencies.decided_by": ID,
    "residencies.kind": GONE,
    "residencies.person_id": GONE,
    "residencies.reason": GONE,
    "residencies.state": GONE,
    "residencies.talk": GONE,
    "restrictions.appeal": EMPTIED,
    "restrictions.decided_by": ID,
    "restrictions.ended_by": ID,
    "restrictions.person_id": ID,
    "restrictions.proposed_by": ID,
    "restrictions.reason": EMPTIED,
    "restrictions.state": NOT_OF_PEOPLE,
    "restrictions.upheld_by": ID,
    "schema_versions.applied_at": NOT_OF_PEOPLE,
    "signups.household": "replaced by a word with the row's id",
    "signups.names": "as many blanks",
    "signups.person_id": ID,
    "signups.signer_id": ID,
    "signups.state": "what has not begun is withdrawn",
    "units.label": NOT_OF_PEOPLE,
    "upkeep.facts": NOT_OF_PEOPLE,
    "upkeep.what": NOT_OF_PEOPLE,
    "verdicts.answer": NOT_OF_PEOPLE,
    "verdicts.handler_id": ID,
    "verdicts.handler_post": NOT_OF_PEOPLE,
    "verdicts.rating": NOT_OF_PEOPLE,
}
"""Each column that refers to a person or holds text, and what forgetting does with it (R17)."""


async def test_being_forgotten_is_decided_for_every_column(sqlite: SqliteDatabase) -> None:
    """A new column that refers to people or holds text is decided here before it is merged."""
    found = set()
    async with sqlite.transaction() as connection:
        for table in await ask(connection, "SELECT name FROM sqlite_master WHERE type = 'table'"):
            name = table["name"]
            if name.startswith("sqlite_"):
                continue
            for key in await ask(connection, f"PRAGMA foreign_key_list({name})"):
                found |= {f"{name}.{key['from']}"} if key["table"] == "people" else set()
            for column in await ask(connection, f"PRAGMA table_info({name})"):
                found |= {f"{name}.{column['name']}"} if column["type"] == "TEXT" else set()
    assert found | {"people.id"} == FORGETTING.keys()


# On both engines -----------------------------------------------------------------------------------------


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """One transaction on a compound with three owners."""
    async with database.transaction() as connection:
        await furnish(connection, 3)
        yield Store(connection)


def desk_of(store: Store, now: datetime = NOW) -> Desk:
    """A desk over it."""
    return Desk(store, TEXTS, Rules(bot_id=1, bot_name="lianxin_bot"), now)


async def file(store: Store, reporter_id: int, number: str, *, closed_at: datetime | None = None) -> int:
    """An issue in the reporter's home, with a word of the handler and a photo."""
    place = await store.places.unit(reporter_id)
    assert place is not None
    reason = {"rule": "chain", "skipped": []}
    issue_id = await put_issue(
        store, LONG_AGO, place, reporter_id, 1, number=number, handler_post="branch_secretary", reason=reason
    )
    for actor_id, action, text in ((reporter_id, "file", "灯坏了"), (1, "reply", "住户1您好")):
        await store.issues.record(
            issue_id, actor_id=actor_id, action=action, from_state="", to_state="open", text=text, facts={},
            attachments=[("photo", "file-1")], now=LONG_AGO,
        )  # fmt: skip
    if closed_at is not None:
        issue = await store.issues.get(issue_id)
        assert issue is not None
        await ask(
            store.connection,
            f"UPDATE issues SET state = 'closed', closed_at = {to_micros(closed_at)} WHERE id = {issue_id}",
        )
    return issue_id


async def test_a_person_is_forgotten(store: Store) -> None:
    """Row by row: nothing of theirs, everything of the others, and what is counted."""
    for person_id in (2, 3):
        await store.people.put_details(person_id, f"住户{person_id}", "13800000077")
        await store.people.put_account(person_id, "telegram", f"tg{person_id}", f"昵称{person_id}", "zh")
        await store.privacy.log_view(1, person_id, "committee", None, NOW)
        await store.issues.add_part(await file(store, person_id, f"1-{person_id}"), 5 - person_id, "follows")
    await store.privacy.forget(2, NOW)
    assert await store.people.residencies(2) == []
    assert (await store.people.details(2)).name == (await store.people.details(2)).phone == ""
    assert (await store.people.details(3)).phone == "13800000077"
    assert await store.people.addressee(2, "telegram") is None
    assert await store.privacy.views_of(2, 9) == []
    assert len(await store.privacy.views_of(3, 9)) == 1
    assert await store.privacy.is_forgotten(2)
    assert not await store.privacy.is_known(2)
    assert not await store.privacy.is_forgotten(3)
    mine, theirs = await store.issues.get(1), await store.issues.get(2)
    assert mine is not None
    assert theirs is not None
    assert (mine.text, mine.erased_at, mine.place) == ("", NOW, Place("building", 1, 1))
    assert (theirs.text, theirs.erased_at) == ("灯坏了", None)
    assert [event.text for event in await store.issues.history(1)] == ["", ""]
    assert await store.issues.attachments(1) == []
    assert len(await store.issues.attachments(2)) == 2
    assert (await store.issues.parts(2))["follows"] == frozenset()
    assert (await store.issues.parts(1))["follows"] == {3}
    await store.privacy.forget(2, NOW)
    for kind in OWN:
        assert kind in ("change", "issue") or await store.privacy.own(2, kind) == [], kind


async def test_what_is_kept_too_long_goes_in_batches(store: Store) -> None:
    """Old words, old homes, old names, old looks; what is younger, or still open, stays."""
    for number in range(BATCH + 5):
        await file(store, 2, f"1-{number}", closed_at=LONG_AGO)
    young, still_open = await file(store, 2, "2-1", closed_at=NOW), await file(store, 2, "2-2")
    await store.privacy.log_view(1, 2, "committee", None, LONG_AGO)
    await store.privacy.log_view(1, 2, "committee", None, NOW)
    await store.people.decide_residency(3, "ended", 1, LONG_AGO)
    await store.people.put_details(3, "住户3", "13800000077")
    desk = desk_of(store)
    assert await counts(desk) == {"issues": BATCH + 5, "homes": 1, "signups": 0, "views": 1}
    assert set(await counts(desk)) == set(KINDS)
    batches = []
    while erased := await erase_some(desk):
        batches.append(erased)
    assert batches == [BATCH, 5, 1, 1]
    assert await counts(desk) == dict.fromkeys(KINDS, 0)
    for issue_id, text in ((1, ""), (young, "灯坏了"), (still_open, "灯坏了")):
        issue = await store.issues.get(issue_id)
        assert issue is not None
        assert issue.text == text
        assert len(await store.issues.attachments(issue_id)) == (2 if text else 0)
        assert bool(issue.erased_at) == (not text)
    assert len(await store.privacy.views_of(2, 9)) == 1
    assert (await store.people.details(3)).phone == ""
    assert (await store.people.details(2)).name == "住户1"
    last = await store.upkeep.last("retention")
    assert last is not None
    assert last.at == NOW


async def test_names_at_an_activity_long_ago_become_blanks(store: Store) -> None:
    """How many came stays; who is at one that is not over half a year stays too."""
    for number, starts in enumerate((LONG_AGO, NOW)):
        dance = replace(DANCE, starts_at=starts, ends_at=None, check_in_code=f"code-{number}")
        activity_id = await store.activities.put(dance, NOW)
        assert activity_id is not None
        party = Party("unit:1", 2, 2, ("住户1", "小宝"), 1, State.CHECKED_IN)
        await store.activities.sign_up(activity_id, party, NOW)
    while await erase_some(desk_of(store)):
        pass
    (old,), (new,) = await store.activities.signups(1), await store.activities.signups(2)
    assert (old.party.names, old.party.household_id, old.party.seats) == (("", ""), "gone:1", 2)
    assert new.party.names == ("住户1", "小宝")


async def test_who_still_has_a_home_or_a_post_keeps_their_name(store: Store) -> None:
    """An old refusal is forgotten; the person lives elsewhere in the compound."""
    residency_id, _ = await store.people.ask_residency(2, 3, "renter", LONG_AGO)
    await store.people.decide_residency(residency_id, "refused", 1, LONG_AGO)
    await store.people.decide_residency(1, "ended", 1, LONG_AGO)
    while await erase_some(desk_of(store)):
        pass
    assert (await store.people.details(2)).name == "住户1"
    assert [home.unit_id for home in await store.people.residencies(2)] == [2]
    assert (await store.people.details(1)).name == "住户0", "who holds a post"


async def test_several_homes_that_ended_do_not_keep_a_name(store: Store) -> None:
    """Whoever lived in two flats, and left both long ago, is known by neither."""
    await store.people.put_details(3, "住户3", "13800000077")
    second, _ = await store.people.ask_residency(3, 2, "renter", LONG_AGO)
    for residency_id in (3, second):
        await store.people.decide_residency(residency_id, "ended", 1, LONG_AGO)
    while await erase_some(desk_of(store)):
        pass
    known = await store.people.details(3)
    assert (known.name, known.phone) == ("", "")
