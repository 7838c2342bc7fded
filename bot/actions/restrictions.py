"""What one person may take up: limits for everybody, and a pause for one that two officers decide on."""

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions.desk import Choices, Desk, choice
from bot.domain.abuse import QUIET, REASON_MOST, TERMS, begin_of_day, is_danger, says_the_same
from bot.domain.categories import Category
from bot.domain.errors import Refused
from bot.domain.posts import COMMITTEE, Holder, Place, PostKind, committee_of, holders_at
from bot.storage.chores import Chore
from bot.storage.issues import Issue
from bot.storage.restrictions import Restriction

END = "restriction.end"
OTHER_JUDGES = (PostKind.GRID_OFFICER,)
"""Who looks at an appeal where nobody of the committee is left who has not decided already."""
COUNTED_FOR = timedelta(hours=1)
LISTED_MOST = 200


# Limits for everybody -----------------------------------------------------------------------------------


async def admit(desk: Desk, person_id: int, category: Category, place: Place, text: str) -> bool:
    """Let a person's own report pass; True when it passes only because it is of a danger.

    Refusals: `restricted`, `too_many_reports`, `said_already`.
    """
    has_danger = is_danger(category, text)
    restriction = await restriction_of(desk, person_id, place.compound_id)
    if restriction is not None and not has_danger:
        raise Refused("restricted", **await facts_of(desk, restriction), numbers=desk.rules.emergency_numbers)
    limits, store = desk.rules.limits, desk.store.restrictions
    today = begin_of_day(desk.now, ZoneInfo(await desk.timezone(place.compound_id)))
    reports, dangers = await store.reports_since(person_id, today)
    if reports >= limits.dangers or (not has_danger and reports - dangers >= limits.reports):
        raise Refused("too_many_reports", most=limits.dangers if has_danger else limits.reports)
    if not has_danger:
        since = desk.now - category.duplicate_window
        undone = await store.own_undone(person_id, place.compound_id, category.key, since)
        same = [one for one in undone if one.place == place and says_the_same(one.text, text)]
        if len(same) >= limits.same:
            raise Refused("said_already", number=same[0].number)
    return restriction is not None


async def count_message(desk: Desk, person_id: int, album: str, sent_at: datetime) -> int:
    """Count what somebody has sent since they were last quiet for a minute, an album once.

    Counted by when it was sent: what waited while the bot was away comes all at once and is no flood.
    """
    most = desk.rules.limits.messages
    return await desk.store.restrictions.count_message(person_id, album, sent_at, sent_at - QUIET, most)


async def sweep(desk: Desk) -> None:
    """Forget what was counted long ago."""
    await desk.store.restrictions.sweep(desk.now - COUNTED_FOR)


# Who may do what to whom --------------------------------------------------------------------------------


async def restriction_of(desk: Desk, person_id: int, compound_id: int) -> Restriction | None:
    """What keeps a person from reporting in a compound now; nothing ever keeps whoever holds a post there."""
    running = await desk.store.restrictions.running(person_id, desk.now)
    found = next((one for one in running if one.compound_id == compound_id), None)
    return None if found is None or await _is_in_post(desk, person_id, compound_id) else found


async def _is_in_post(desk: Desk, person_id: int, compound_id: int) -> bool:
    return any(holder.person_id == person_id for holder in await desk.holders(compound_id))


async def _committee(desk: Desk, compound_id: int) -> dict[int, Holder]:
    return {one.person_id: one for one in committee_of(await desk.holders(compound_id))}


async def may_restrict_reporter(desk: Desk, actor_id: int, issue: Issue) -> bool:
    """Whether to offer it on an issue's card: not for what another entered, nor for who holds a post."""
    building_ids = {issue.place.building_id} - {None}
    return (
        issue.proxy is None
        and issue.reporter_id != actor_id
        and await _may_propose(desk, actor_id, issue.place.compound_id, building_ids)
        and not await _is_in_post(desk, issue.reporter_id, issue.place.compound_id)
    )


async def _may_propose(
    desk: Desk, actor_id: int, compound_id: int, building_ids: AbstractSet[int | None]
) -> bool:
    if actor_id in await _committee(desk, compound_id):
        return True
    holders = await desk.holders(compound_id)
    places = [Place("building", compound_id, one) for one in building_ids]
    leaders = [one for place in places for one in holders_at(PostKind.BUILDING_LEADER, place, holders)]
    return any(one.person_id == actor_id for one in leaders)


async def _check_neutral(desk: Desk, actor_id: int, person_id: int) -> None:
    """C10: nobody judges who complains about them, or themselves."""
    if actor_id == person_id or await desk.store.restrictions.complains_about(person_id, actor_id):
        raise Refused("restriction_own_case")


async def _deciders(desk: Desk, restriction: Restriction) -> list[int]:
    """The others of the committee who are on the bot, who may say yes or no to a proposal."""
    committee = await _committee(desk, restriction.compound_id)
    there = {person_id for person_id, holder in committee.items() if holder.reachable}
    return await _neutral(desk, restriction, there)


async def _neutral(desk: Desk, restriction: Restriction, people: set[int]) -> list[int]:
    about = restriction.person_id
    return [
        one
        for one in sorted(people - {restriction.proposed_by, restriction.decided_by, about})
        if not await desk.store.restrictions.complains_about(about, one)
    ]


async def judges_of(desk: Desk, restriction: Restriction) -> list[int]:
    """Who looks at an appeal: nobody who has decided, nor whom the person complains about."""
    of_committee = await _deciders(desk, restriction)
    if of_committee:
        return of_committee
    holders = await desk.holders(restriction.compound_id)
    others = {one.person_id for one in holders if one.kind in OTHER_JUDGES and one.reachable}
    return await _neutral(desk, restriction, others)


async def _locked(desk: Desk, restriction_id: int) -> Restriction:
    found = await desk.store.restrictions.get(restriction_id)
    if found is None:
        raise Refused("no_such_restriction")
    return found


async def visible(desk: Desk, actor_id: int, restriction_id: int) -> Restriction:
    """One, locked, for the committee, who proposed it, and its judges; else `no_such_restriction`."""
    found = await _locked(desk, restriction_id)
    insiders = {found.proposed_by, *await _committee(desk, found.compound_id), *await judges_of(desk, found)}
    if actor_id not in insiders or actor_id == found.person_id:
        raise Refused("no_such_restriction")
    return found


async def facts_of(desk: Desk, restriction: Restriction) -> dict[str, object]:
    """What may be said of it to the person themselves: why, until when, by which body, never by whom."""
    holders = await desk.holders(restriction.compound_id)
    posts = [one.kind.value for one in committee_of(holders) if one.person_id == restriction.decided_by]
    return {
        "because": restriction.reason,
        "days": restriction.days,
        "until": restriction.until,
        "timezone": await desk.timezone(restriction.compound_id),
        "body": posts[0] if posts else PostKind.SELF_MANAGEMENT_COMMITTEE.value,
        "has_appealed": restriction.appealed_at is not None,
    }


async def card_facts(desk: Desk, restriction: Restriction, reader_id: int) -> dict[str, object]:
    """What those who decide read. A leader who proposed it need not know whose report it was (R14)."""
    names = {
        key: (await desk.store.people.details(person_id)).name if person_id else ""
        for key, person_id in (
            ("name", restriction.person_id),
            ("by", restriction.proposed_by),
            ("second", restriction.decided_by),
        )
    }
    if reader_id == restriction.proposed_by and reader_id not in await _committee(
        desk, restriction.compound_id
    ):
        names["name"] = ""
    return {
        **await facts_of(desk, restriction),
        **names,
        "since": restriction.proposed_at,
        "standing": restriction.state,
        "words": restriction.appeal,
        "is_upheld": restriction.upheld_at is not None,
    }


async def card_choices(desk: Desk, restriction: Restriction, person_id: int) -> Choices:
    """What this person may do to it now."""
    number = restriction.id
    in_committee = person_id in await _committee(desk, restriction.compound_id)
    if restriction.state == "proposed" and person_id in await _deciders(desk, restriction):
        return (
            (
                choice("restrict_yes", "restrict.approve", number),
                choice("restrict_no", "restrict.refuse", number),
            ),
        )
    if restriction.state != "active":
        return ()
    lift = (choice("restrict_lift", "restrict.lift", number),)
    if (
        restriction.appealed_at
        and not restriction.upheld_at
        and person_id in await judges_of(desk, restriction)
    ):
        return ((*lift, choice("restrict_uphold", "restrict.uphold", number)),)
    return (lift,) if in_committee else ()


async def _redraw(desk: Desk, restriction_id: int, people: set[int], *, anew: bool = False) -> None:
    restriction = await _locked(desk, restriction_id)
    for person_id in sorted(people):
        await desk.tell(
            person_id,
            "restrictions.card",
            await card_facts(desk, restriction, person_id),
            choices=await card_choices(desk, restriction, person_id),
            card_key=f"restriction:{restriction_id}",
            anew=anew,
            only_if_sent=not anew,
        )


async def show(desk: Desk, actor_id: int, restriction_id: int) -> None:
    """Its card, at the end of the chat. Refusals: `no_such_restriction`."""
    await visible(desk, actor_id, restriction_id)
    await _redraw(desk, restriction_id, {actor_id}, anew=True)


async def _record(desk: Desk, restriction: Restriction, actor_id: int | None, what: str) -> None:
    await desk.store.changes.record(
        restriction.compound_id,
        actor_id,
        "chat" if actor_id else "clock",
        f"restriction.{what}",
        person_id=restriction.person_id,
        now=desk.now,
        restriction=restriction.id,
        days=restriction.days,
    )


# Proposed, decided --------------------------------------------------------------------------------------


async def expect(
    desk: Desk, actor_id: int, compound_id: int, person_id: int, building_ids: AbstractSet[int]
) -> None:
    """Refuse what `propose` would, before a reason is typed.

    Refusals: `restriction_not_yours`, `restriction_own_case`, `restriction_in_post`,
    `restriction_needs_second`.
    """
    homes = await desk.store.people.residencies(person_id)
    at_home = {home.building_id for home in homes if home.compound_id == compound_id}
    if not await _may_propose(desk, actor_id, compound_id, {*building_ids, *at_home}):
        raise Refused("restriction_not_yours")
    await _check_neutral(desk, actor_id, person_id)
    if await _is_in_post(desk, person_id, compound_id):
        raise Refused("restriction_in_post")
    for other, holder in (await _committee(desk, compound_id)).items():
        is_free = other not in (actor_id, person_id) and holder.reachable
        if is_free and not await desk.store.restrictions.complains_about(person_id, other):
            return
    raise Refused("restriction_needs_second")


async def propose(
    desk: Desk,
    actor_id: int,
    compound_id: int,
    person_id: int,
    days: int,
    reason: str,
    *,
    building_ids: frozenset[int] = frozenset(),
) -> Restriction:
    """Propose that a person reports nothing ordinary for some days; another of the committee decides.

    `building_ids` are those of what they have reported, beside their home. Refusals: those of `expect`,
    `bad_answer`, `text_needed`, `text_too_long`, `restriction_twice`.
    """
    await expect(desk, actor_id, compound_id, person_id, building_ids)
    reason = reason.strip()
    if days not in TERMS:
        raise Refused("bad_answer")
    check_words(reason)
    number = await desk.store.restrictions.propose(compound_id, person_id, reason, days, actor_id, desk.now)
    if number is None:
        raise Refused("restriction_twice")
    restriction = await _locked(desk, number)
    await _record(desk, restriction, actor_id, "proposed")
    await _redraw(desk, number, set(await _deciders(desk, restriction)), anew=True)
    return restriction


def check_words(words: str) -> None:
    """A reason, or what is said against it: something, and not too long."""
    if not words.strip():
        raise Refused("text_needed")
    if len(words) > REASON_MOST:
        raise Refused("text_too_long", most=REASON_MOST)


async def decide(desk: Desk, actor_id: int, restriction_id: int, *, approved: bool) -> Restriction:
    """The second officer's yes or no. On yes the person is told why, until when, and how to object.

    Refusals: `no_such_restriction`, `restriction_decided`, `restriction_second_is_another`,
    `restriction_own_case`, `restriction_not_yours`, and with yes `restriction_in_post`.
    """
    found = await visible(desk, actor_id, restriction_id)
    if found.state != "proposed":
        raise Refused("restriction_decided", standing=found.state)
    if actor_id == found.proposed_by:
        raise Refused("restriction_second_is_another")
    await _check_neutral(desk, actor_id, found.person_id)
    if actor_id not in await _committee(desk, found.compound_id):
        raise Refused("restriction_not_yours")
    if approved and await _is_in_post(desk, found.person_id, found.compound_id):
        raise Refused("restriction_in_post")
    until = desk.now + timedelta(days=found.days) if approved else None
    state = "active" if approved else "refused"
    await desk.store.restrictions.decide(found.id, state, actor_id, desk.now, until)
    restriction = await _locked(desk, found.id)
    await _record(desk, restriction, actor_id, "approved" if approved else "refused")
    if until is not None:
        await desk.store.chores.put(END, found.id, until)
        await desk.tell(
            found.person_id,
            "restrictions.begun",
            {**await facts_of(desk, restriction), "numbers": desk.rules.emergency_numbers},
            choices=((choice("appeal", "restrict.appeal", found.id),),),
            card_key=f"restricted:{found.id}",
        )
    await _redraw(desk, found.id, set(await _committee(desk, found.compound_id)))
    if found.proposed_by is not None:
        facts = await card_facts(desk, restriction, found.proposed_by)
        await desk.tell(found.proposed_by, "restrictions.answered", facts)
    return restriction


# Objected to, ended -------------------------------------------------------------------------------------


async def appealable(desk: Desk, person_id: int, restriction_id: int) -> Restriction:
    """Somebody's own restriction, locked, while they may still object.

    Refusals: `no_such_restriction`, `restriction_over`, `appealed_already`, `nobody_to_appeal_to`.
    """
    found = await _locked(desk, restriction_id)
    if found.person_id != person_id or found.state in ("proposed", "refused"):
        raise Refused("no_such_restriction")
    if found.state != "active":
        raise Refused("restriction_over")
    if found.appealed_at is not None:
        raise Refused("appealed_already")
    if not await judges_of(desk, found):
        raise Refused("nobody_to_appeal_to")
    return found


async def appeal(desk: Desk, person_id: int, restriction_id: int, words: str) -> None:
    """Object, once; it goes to others than those who decided. Refusals: of `appealable` and `check_words`."""
    found = await appealable(desk, person_id, restriction_id)
    check_words(words)
    await desk.store.restrictions.appeal(found.id, words.strip(), desk.now)
    await _record(desk, found, person_id, "appealed")
    judges = set(await judges_of(desk, found))
    await _redraw(desk, found.id, judges, anew=True)
    await _redraw(desk, found.id, await _onlookers(desk, found) - judges)


async def uphold(desk: Desk, actor_id: int, restriction_id: int) -> None:
    """It stands, says who has not decided it. Refusals: `no_such_restriction`, `restriction_decided`."""
    found = await visible(desk, actor_id, restriction_id)
    if actor_id not in await judges_of(desk, found):
        raise Refused("restriction_second_is_another")
    if found.state != "active" or found.appealed_at is None or found.upheld_at is not None:
        raise Refused("restriction_decided", standing=found.state)
    await desk.store.restrictions.uphold(found.id, actor_id, desk.now)
    await _record(desk, found, actor_id, "upheld")
    await desk.tell(found.person_id, "restrictions.upheld", await facts_of(desk, found))
    await _redraw(desk, found.id, await _onlookers(desk, found))


async def lift(desk: Desk, actor_id: int, restriction_id: int) -> None:
    """It ends now: on appeal by its judges, or because somebody of the committee thinks better of it.

    Refusals: `no_such_restriction`, `restriction_decided`, `restriction_not_yours`.
    """
    found = await visible(desk, actor_id, restriction_id)
    if actor_id not in {*await _committee(desk, found.compound_id), *await judges_of(desk, found)}:
        raise Refused("restriction_not_yours")
    if found.state != "active":
        raise Refused("restriction_decided", standing=found.state)
    await desk.store.chores.drop(END, found.id)
    await _end(desk, found, "lifted", actor_id)


async def _over(desk: Desk, chore: Chore) -> None:
    found = await desk.store.restrictions.get(chore.subject_id)
    if found is not None and found.state == "active":
        await _end(desk, found, "over", None)


async def _end(desk: Desk, found: Restriction, state: str, actor_id: int | None) -> None:
    await desk.store.restrictions.end(found.id, state, actor_id, desk.now)
    await _record(desk, found, actor_id, state)
    facts = {**await facts_of(desk, found), "standing": state}
    await desk.tell(found.person_id, "restrictions.ended", facts)
    await _redraw(desk, found.id, await _onlookers(desk, found))


async def _onlookers(desk: Desk, found: Restriction) -> set[int]:
    """Whose card changes with it."""
    return {*await _committee(desk, found.compound_id), *await judges_of(desk, found)}


CHORES = {END: _over}


# The list -----------------------------------------------------------------------------------------------


async def proposing_in(desk: Desk, person_id: int) -> list[int]:
    """The compounds where somebody may propose one: of the committee, or leading a building.

    Refusals: `restriction_not_yours`.
    """
    posts = await desk.store.posts.of_person(person_id)
    kinds = COMMITTEE | {PostKind.BUILDING_LEADER}
    found = list(dict.fromkeys(post.compound_id for post in posts if post.kind in kinds))
    if not found:
        raise Refused("restriction_not_yours")
    return found


async def of_committee(desk: Desk, person_id: int) -> list[Restriction]:
    """All of the compounds somebody speaks for, what is open first. Refusals: `restriction_not_yours`."""
    compounds = [
        one for one in await proposing_in(desk, person_id) if person_id in await _committee(desk, one)
    ]
    if not compounds:
        raise Refused("restriction_not_yours")
    return [
        found
        for compound_id in compounds
        for found in await desk.store.restrictions.of_compound(compound_id, LISTED_MOST)
        if found.person_id != person_id
    ]
