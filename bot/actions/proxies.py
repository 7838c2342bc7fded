"""Reporting for somebody who is not on the bot: checked, entered in their name, put on record (L7)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bot.actions.cards import tell_about
from bot.actions.desk import Desk, choice
from bot.actions.issues import Report, file
from bot.actions.privacy import viewers_of
from bot.actions.residents import NAME_MOST, ask_to_join
from bot.domain.errors import Refused
from bot.domain.folding import fold
from bot.domain.posts import Place, may_approve
from bot.domain.privacy import Datum, may_see
from bot.domain.proxies import SOURCES, may_enter
from bot.storage.issues import Issue, Proxy
from bot.storage.people import Resident

NEW_KIND = "family"
"""As what somebody is entered of whom only the name and the home are known."""


@dataclass(frozen=True, slots=True)
class Whom:
    """For whom: somebody known in this unit, or a name (phone optional), or nobody by name who lives there.

    `source` is how it came: phone, visit or paper.
    """

    unit_id: int
    source: str
    person_id: int | None = None
    name: str = ""
    phone: str = ""


async def home_for(desk: Desk, actor_id: int, unit_id: int) -> Place:
    """The home, if this person may report for who lives there.

    Refusals: `no_such_place`, `proxy_not_yours`.
    """
    home = await desk.store.places.unit(unit_id)
    if home is None:
        raise Refused("no_such_place")
    if not may_enter(actor_id, home, await desk.holders(home.compound_id)):
        raise Refused("proxy_not_yours")
    return home


async def known_at(desk: Desk, actor_id: int, unit_id: int) -> list[Resident]:
    """Who lives in a home and may be named to this person, but for themselves."""
    return [
        one
        for one in await desk.store.people.of_unit(unit_id)
        if one.person_id != actor_id
        and one.name
        and may_see(Datum.NAME, await viewers_of(desk, actor_id, one.person_id))
    ]


async def enter(desk: Desk, actor_id: int, whom: Whom, report: Report) -> Issue:
    """Register a report in the name of somebody who lives in a home this person is responsible for.

    Who is new has no account, and an entry for the home that the actor approves where their post may; who is
    on the bot hears of it. It stands in the record of changes.
    Refusals: those of `home_for` and `issues.file`, `bad_answer`, `no_such_person`, `name_needed`,
    `proxy_for_oneself`.
    """
    home = await home_for(desk, actor_id, whom.unit_id)
    if whom.source not in SOURCES:
        raise Refused("bad_answer")
    if report.place.compound_id != home.compound_id:
        raise Refused("no_such_place")
    reporter_id = await _reporter(desk, actor_id, whom, home)
    issue = await file(desk, reporter_id, report, Proxy(actor_id, whom.source, whom.unit_id))
    await _record(desk, "issue.proxy", actor_id, reporter_id, home, number=issue.number, how=whom.source)
    by = (await desk.store.people.details(actor_id)).name
    open_it = choice("open_card", "issue.show", issue.id)
    await tell_about(desk, issue, reporter_id, "proxies.filed_for_you", {"by": by}, choices=((open_it,),))
    return issue


async def _reporter(desk: Desk, actor_id: int, whom: Whom, home: Place) -> int:
    name = " ".join(whom.name.split())
    if whom.person_id is not None:
        if whom.person_id not in {one.person_id for one in await known_at(desk, actor_id, whom.unit_id)}:
            raise Refused("no_such_person")
        return whom.person_id
    if not name:
        return await desk.store.people.new(desk.now)
    if len(name) > NAME_MOST:
        raise Refused("name_needed")
    same = await desk.store.people.of_unit(whom.unit_id)
    found = _named(same, name)
    if found is not None and found.person_id == actor_id:
        raise Refused("proxy_for_oneself")
    if found is not None:
        return await _with_phone(desk, found.person_id, whom.phone)
    return await _new(desk, actor_id, name, whom.phone, home)


async def _with_phone(desk: Desk, person_id: int, phone: str) -> int:
    """A phone said with a name is kept where none is known; who is on the bot decides that themselves."""
    known = await desk.store.people.details(person_id)
    if phone and not known.phone and await desk.addressee(person_id) is None:
        await desk.store.people.put_details(person_id, known.name, phone)
    return person_id


def _named(residents: Sequence[Resident], name: str) -> Resident | None:
    """Whoever of a home is called so, however it is written."""
    return next((one for one in residents if fold(one.name) == fold(name)), None)


async def _new(desk: Desk, actor_id: int, name: str, phone: str, home: Place) -> int:
    """Enter somebody, approved by who may approve; anybody else's word waits for the leader."""
    people, unit_id = desk.store.people, home.unit_id or 0
    person_id = await people.new(desk.now)
    await people.put_details(person_id, name, phone)
    if not may_approve(actor_id, home, await desk.holders(home.compound_id)):
        with suppress(Refused):
            # Where too many wait already, the report goes on without an entry.
            await ask_to_join(desk, person_id, unit_id, NEW_KIND, name)
        return person_id
    residency_id, _ = await people.ask_residency(person_id, unit_id, NEW_KIND, desk.now)
    await people.decide_residency(residency_id, "approved", actor_id, desk.now)
    await _record(desk, "residency.approved", actor_id, person_id, home)
    return person_id


async def _record(desk: Desk, action: str, actor_id: int, person_id: int, home: Place, **facts: Any) -> None:
    await desk.store.changes.record(
        home.compound_id,
        actor_id,
        "chat",
        action,
        person_id=person_id,
        unit_id=home.unit_id,
        now=desk.now,
        **facts,
    )
