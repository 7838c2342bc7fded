"""Being away (L3): who stands in, what moves when it begins and when it ends, and who is told of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.actions.clocks import UNDONE
from bot.actions.commands import offer
from bot.actions.desk import Choices, Desk, choice
from bot.actions.interest_groups import candidates, home_of
from bot.actions.issues import act
from bot.actions.privacy import viewers_of
from bot.actions.rerouting import hush, tell_handler, tell_reporters, undone
from bot.domain.absences import Absence, check, may_stand_in, ring, stand_in_for
from bot.domain.categories import Urgency
from bot.domain.errors import Refused
from bot.domain.folding import fold
from bot.domain.posts import LEVEL, Holder, Match, Place, PostKind, committee_of, match
from bot.domain.privacy import Datum, may_see
from bot.domain.transitions import Action, State
from bot.storage.chores import Chore
from bot.storage.issues import Issue

BEGIN, END, REMIND = "absence.begin", "absence.end", "absence.remind"
COLLEAGUES_MOST = 8
EVENING = time(18)
"""When somebody is reminded that they are expected back."""
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may stand in; by the post they hold, or the home they live in, whichever names them."""

    person_id: int
    name: str
    post: Holder | None = None
    home: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """What somebody reads who is concerned by more than the issues that moved."""

    message: str
    facts: Mapping[str, object]
    choices: Choices = ()


# Looking ------------------------------------------------------------------------------------------------


async def offices_of(desk: Desk, person_id: int) -> list[int]:
    """The compounds in which somebody holds a post, or stands in at one."""
    return list(dict.fromkeys(post.compound_id for post in await desk.store.posts.of_person(person_id)))


async def _name(desk: Desk, person_id: int) -> str:
    return (await desk.store.people.details(person_id)).name


def _posts_of(holders: Sequence[Holder], person_id: int) -> list[Holder]:
    """What somebody answers for, and would need a stand-in at: a deputy only helps."""
    return [one for one in holders if one.person_id == person_id and not one.is_deputy]


async def is_missed(desk: Desk, person_id: int, compound_id: int) -> bool:
    """Whether anybody has to stand in for somebody: not for who is only a deputy."""
    return bool(_posts_of(await desk.holders(compound_id), person_id))


async def _may_stand_in(
    desk: Desk, posts: Iterable[Holder], candidate_id: int, compound_id: int
) -> list[Holder]:
    """At which of these posts somebody may stand in."""
    homes = await desk.store.people.residencies(candidate_id)
    buildings = {home.building_id for home in homes if home.state == "approved"}
    holders = await desk.holders(compound_id)
    return [post for post in posts if may_stand_in(post, candidate_id, holders, buildings)]


async def stand_ins(desk: Desk, person_id: int, compound_id: int, said: str = "") -> list[Candidate]:
    """Who may stand in for somebody and can be written to: by a typed name, else the nearest in a post.

    Of these deputies come first, then the people of the same building.
    """
    holders = await desk.holders(compound_id)
    posts = _posts_of(holders, person_id)
    post_ids, buildings = {post.post_id for post in posts}, {post.building_id for post in posts}
    colleagues: dict[int, Holder] = {}
    for one in sorted(
        holders,
        key=lambda one: (
            one.post_id not in post_ids or not one.is_deputy,
            one.kind is not PostKind.DEPUTY_LEADER or one.building_id not in buildings,
            one.building_id not in buildings,
        ),
    ):
        if one.reachable and one.acting_for is None and one.person_id != person_id:
            colleagues.setdefault(one.person_id, one)
    if not said:
        able = [
            (one, post)
            for one, post in colleagues.items()
            if any(may_stand_in(missed, one, holders, ()) for missed in posts)
        ]
        return [Candidate(one, await _name(desk, one), post) for one, post in able[:COLLEAGUES_MOST]]
    found = []
    for named in await candidates(desk, compound_id, said):
        post, viewers = colleagues.get(named.person_id), await viewers_of(desk, person_id, named.person_id)
        # Who may not look people up must know the whole name, and learns no home by it.
        is_known = post or may_see(Datum.NAME, viewers) or fold(named.name) == fold(said)
        if named.person_id != person_id and is_known:
            home = await home_of(desk, named) if may_see(Datum.UNIT, viewers) else None
            found.append(Candidate(named.person_id, named.name, post, home))
    return [one for one in found if await _may_stand_in(desk, posts, one.person_id, compound_id)]


async def post_facts(desk: Desk, post: Holder) -> dict[str, object]:
    """A post somebody holds and where, as the templates take it."""
    named = await desk.store.posts.post(post.post_id)
    return {
        "post": post.kind.value,
        "building": named.building if named else "",
        "entrance": named.entrance if named else "",
    }


async def outlook(desk: Desk, absence: Absence) -> list[dict[str, object]]:
    """For each post of somebody who is, or will be, away: who gets what comes; no name: nobody."""
    compound_id, person_id = absence.compound_id, absence.person_id
    at = max(desk.now, absence.from_at)
    known = await desk.store.absences.of_compound(compound_id)
    away = {one.person_id: one.stand_in_id for one in known if one.covers(at)} | {
        person_id: absence.stand_in_id
    }
    stand = stand_in_for(person_id, away)
    holders = await desk.holders(compound_id)
    posts = _posts_of(holders, person_id)
    able = await _may_stand_in(desk, posts, stand, compound_id) if stand else []
    is_reachable = stand is not None and await desk.addressee(stand) is not None
    then = [replace(one, is_away=one.person_id in away) for one in holders if one.acting_for != person_id]
    then += [
        replace(post, person_id=stand, acting_for=person_id, reachable=is_reachable) for post in able if stand
    ]
    then.sort(key=lambda one: one.is_deputy)
    lines = []
    for post in posts:
        level = LEVEL[post.kind] if post.building_id else "compound"
        place = Place(level, compound_id, post.building_id, post.entrance_id)
        found = match(post.kind.value, place, then)
        is_there = found is not None and _is_there(found.holder)
        line = await post_facts(desk, post)
        line["handler"] = await _name(desk, found.holder.person_id) if found and is_there else ""
        line["handler_post"] = found.holder.kind.value if found else ""
        line["is_stand_in"] = is_there and found is not None and found.holder.person_id == stand
        lines.append(line)
    return lines


async def facts_about(desk: Desk, absence: Absence) -> dict[str, object]:
    """What the templates may say of an absence."""
    timezone = await desk.timezone(absence.compound_id)
    return {
        "who": await _name(desk, absence.person_id),
        "name": await _name(desk, absence.stand_in_id) if absence.stand_in_id else "",
        "starts_at": absence.from_at,
        "until": absence.until_at,
        "timezone": timezone,
        "has_hour": absence.from_at.astimezone(ZoneInfo(timezone)).time() != time.min,
        "is_running": absence.is_running,
    }


async def in_hand(desk: Desk, person_id: int, compound_id: int) -> tuple[list[Issue], list[Issue]]:
    """What somebody has not accepted yet, and what they have and not finished, in a compound."""
    mine = await undone(desk, person_id, compound_id)
    return (
        [issue for issue in mine if issue.state == State.OPEN],
        [issue for issue in mine if issue.state != State.OPEN],
    )


# Planning -----------------------------------------------------------------------------------------------


async def check_plan(desk: Desk, absence: Absence) -> None:
    """Refuse what `plan` would refuse, before everything has been asked. Refusals: those of `plan`."""
    await desk.store.absences.lock(absence.compound_id)
    others = await desk.store.absences.of_compound(absence.compound_id)
    timezone = await desk.timezone(absence.compound_id)
    try:
        check(absence, others, desk.now)
    except Refused as no:
        raise Refused(no.reason, **no.facts, timezone=timezone) from None
    posts = _posts_of(await desk.holders(absence.compound_id), absence.person_id)
    stand = absence.stand_in_id
    if stand is None:
        return
    if await desk.addressee(stand) is None or not await _may_stand_in(
        desk, posts, stand, absence.compound_id
    ):
        raise Refused("away_stranger")
    if links := ring(absence, others):
        is_mine = links[0].stand_in_id == absence.person_id
        raise Refused("away_loop", **await facts_about(desk, links[0]), is_mine=is_mine)


async def plan(desk: Desk, draft: Absence) -> Absence:
    """Note that somebody will be away, or is from now on; the stand-in is told, and may decline.

    The id of the draft is not looked at. Refusals: `away_no_post`, `away_stranger` (may not stand in, or
    cannot be written to), `away_loop` (with who is away too, when, and for whom), those of `absences.check`.
    """
    if draft.compound_id not in await offices_of(desk, draft.person_id):
        raise Refused("away_no_post")
    draft = replace(draft, from_at=max(draft.from_at, desk.now))
    await check_plan(desk, draft)
    absence = replace(draft, id=await desk.store.absences.put(draft, desk.now))
    await desk.hush_by_night(absence.compound_id, Urgency.ORDINARY)
    if absence.from_at <= desk.now:
        return await _begin(desk, absence, source="chat")
    await desk.store.chores.put(BEGIN, absence.id, absence.from_at)
    await _ask(desk, absence)
    return absence


async def _ask(desk: Desk, absence: Absence) -> None:
    """Tell the stand-in what is to come."""
    if absence.stand_in_id:
        stand = absence.stand_in_id
        posts = _posts_of(await desk.holders(absence.compound_id), absence.person_id)
        able = await _may_stand_in(desk, posts, stand, absence.compound_id)
        lines = [await post_facts(desk, post) for post in able]
        facts = {**await facts_about(desk, absence), "lines": lines}
        await desk.tell(stand, "absences.asked_of_you", facts, choices=_decline(absence))


def _decline(absence: Absence) -> Choices:
    return ((choice("away_decline", "away.decline", absence.id),),)


async def of(desk: Desk, person_id: int, absence_id: int) -> Absence:
    """Somebody's own absence that is not over, locked. Refusals: `no_such_absence`, `away_over`."""
    absence = await desk.store.absences.locked(absence_id)
    if absence is None or absence.person_id != person_id:
        raise Refused("no_such_absence")
    if absence.ended_at is not None:
        raise Refused("away_over")
    return absence


async def change_end(desk: Desk, person_id: int, absence_id: int, until_at: datetime) -> Absence:
    """Come back earlier or later than planned; the stand-in is told. Refusals: those of `of` and `plan`."""
    absence = replace(await of(desk, person_id, absence_id), until_at=until_at)
    await check_plan(desk, absence)
    await desk.store.absences.save(absence)
    if absence.is_running:
        await _expect_back(desk, absence)
    await desk.hush_by_night(absence.compound_id, Urgency.ORDINARY)
    if absence.stand_in_id:
        facts = await facts_about(desk, absence)
        await desk.tell(absence.stand_in_id, "absences.end_changed", facts, choices=_decline(absence))
    return absence


async def change_stand_in(desk: Desk, person_id: int, absence_id: int, stand_in_id: int | None) -> Absence:
    """Somebody else stands in, or nobody; both are told. Refusals: those of `of` and `plan`."""
    before = await of(desk, person_id, absence_id)
    absence = replace(before, stand_in_id=stand_in_id)
    if before == absence:
        return absence
    await check_plan(desk, absence)
    await desk.store.absences.save(absence)
    await _release(desk, before)
    if absence.is_running:
        await _bring_in_line(desk, absence.compound_id)
        await _introduce(desk, absence)
    else:
        await _ask(desk, absence)
    return absence


async def come_back(desk: Desk, person_id: int, absence_id: int) -> Absence:
    """Be there again, or not go at all. Refusals: those of `of`."""
    absence = await of(desk, person_id, absence_id)
    if absence.is_running:
        return await _end(desk, absence, source="chat")
    return await _call_off(desk, absence)


async def _release(desk: Desk, absence: Absence) -> None:
    """Tell the stand-in that they need not."""
    await desk.hush_by_night(absence.compound_id, Urgency.ORDINARY)
    if absence.stand_in_id:
        await desk.tell(absence.stand_in_id, "absences.not_needed", await facts_about(desk, absence))


async def _call_off(desk: Desk, absence: Absence) -> Absence:
    await _release(desk, absence)
    return await _close(desk, absence)


async def decline(desk: Desk, person_id: int, absence_id: int) -> Absence:
    """The stand-in cannot: the absent and the committee are told, and it falls to whoever is next.

    Refusals: `no_such_absence`, `away_over`.
    """
    absence = await desk.store.absences.locked(absence_id)
    if absence is None or absence.stand_in_id != person_id:
        raise Refused("no_such_absence")
    if absence.ended_at is not None:
        raise Refused("away_over")
    await desk.hush_by_night(absence.compound_id, Urgency.ORDINARY)
    return await _without(desk, absence, is_lost=False)


async def lose_stand_in(desk: Desk, person_id: int) -> None:
    """The bot can no longer write to somebody: they are taken as having declined wherever they stand in."""
    for found in await desk.store.absences.stood_in_by(person_id):
        absence = await desk.store.absences.locked(found.id)
        if absence is not None and absence.ended_at is None:
            await _without(desk, absence, is_lost=True)


async def _without(desk: Desk, before: Absence, *, is_lost: bool) -> Absence:
    absence = replace(before, stand_in_id=None)
    await desk.store.absences.save(absence)
    if absence.is_running:
        await settle(desk, absence.compound_id)
    desk.forget_holders()
    facts = {
        **await facts_about(desk, before),
        "lines": await outlook(desk, absence),
        "is_lost": is_lost,
    }
    again = ((choice("away_stand_in", "away.who", absence.id),),)
    await desk.tell(absence.person_id, "absences.declined", {**facts, "is_mine": True}, choices=again)
    committee = {one.person_id for one in committee_of(await desk.holders(absence.compound_id))}
    for one in sorted(committee - {absence.person_id, before.stand_in_id}):
        await desk.tell(one, "absences.declined", {**facts, "is_mine": False})
    return absence


# Taking effect ------------------------------------------------------------------------------------------


async def settle(desk: Desk, compound_id: int) -> None:
    """Bring who stands in at which post, and who has what nobody has accepted, in line with who is away.

    Whoever changes who holds a post calls it at the end. Doing it again changes nothing.
    """
    desk.forget_holders()
    holders = await desk.holders(compound_id)
    for absence in await desk.store.absences.of_compound(compound_id):
        if not any(one.person_id == absence.person_id for one in holders):
            # Who holds no post any more is missed nowhere.
            await _call_off(desk, absence)
    await _bring_in_line(desk, compound_id)
    await _tell_moved(desk, await _move(desk, compound_id))


async def _running(desk: Desk, compound_id: int) -> dict[int, int | None]:
    known = await desk.store.absences.of_compound(compound_id)
    return {one.person_id: one.stand_in_id for one in known if one.is_running}


async def _bring_in_line(desk: Desk, compound_id: int) -> None:
    """Those who stand in today, and nobody else, hold the posts of those who are away."""
    desk.forget_holders()
    holders = await desk.holders(compound_id)
    away = await _running(desk, compound_id)
    own = {(one.post_id, one.person_id) for one in holders if one.acting_for is None}
    wanted: dict[tuple[int, int], set[int]] = {}
    for one in holders:
        stand = stand_in_for(one.person_id, away) if one.acting_for is None and not one.is_deputy else None
        # Who is in the post already is asked anyhow.
        if stand and (one.post_id, stand) not in own and await _may_stand_in(desk, [one], stand, compound_id):
            wanted.setdefault((one.post_id, stand), set()).add(one.person_id)
    standing = {(one.post_id, one.person_id): one.acting_for for one in holders if one.acting_for is not None}
    over = {key for key, absent in standing.items() if absent not in wanted.get(key, ())}
    for post_id, person_id in over:
        for row in await desk.store.posts.appointments(post_id):
            if row.person_id == person_id:
                await desk.store.posts.end(row.id, desk.now)
    fresh = {key: min(absent) for key, absent in wanted.items() if key in over or key not in standing}
    for (post_id, person_id), absent in fresh.items():
        await desk.store.posts.appoint(post_id, person_id, desk.now, acting_for=absent)
    desk.forget_holders()
    for person_id in sorted({person_id for _, person_id in over | fresh.keys()}):
        await offer(desk, person_id)


def _is_there(holder: Holder) -> bool:
    return holder.reachable and not holder.is_away


async def _heir(desk: Desk, issue: Issue) -> Match | None:
    """Who is to have an issue whose handler is away, or which is elsewhere because somebody was; None: stays.

    First whoever would have it if nobody were away, then who stands in for them, then whom the rules find.
    """
    holders = await desk.holders(issue.place.compound_id)
    past: list[int] = issue.reason.get("away", [])
    if not past and not any(one.person_id == issue.handler_id and one.is_away for one in holders):
        return None
    owner = past[0] if past else issue.handler_id
    parts = await desk.store.issues.parts(issue.id)
    declined = parts["declined"] | ({issue.reporter_id} - {owner})
    category = desk.rules.categories.get(issue.category)
    handled_by = category.handled_by if category else "leader"
    found = match(handled_by, issue.place, holders, declined=declined, concerned=parts["concerned"])
    barred = declined | parts["concerned"]
    theirs = sorted(
        (
            one
            for one in holders
            if owner in (one.person_id, one.acting_for)
            and _is_there(one)
            and not barred & {one.person_id, one.acting_for}
        ),
        key=lambda one: (one.person_id != owner, one.kind != issue.handler_post),
    )
    if theirs and (found is None or owner not in (found.holder.person_id, found.holder.acting_for)):
        # It had been given to them by hand.
        is_back = theirs[0].person_id == owner
        found = Match(theirs[0], "transferred", (), away=() if is_back else (owner,))
    if found is None or not _is_there(found.holder) or found.holder.person_id == issue.handler_id:
        return None
    return found


async def _move(
    desk: Desk, compound_id: int, also: Iterable[Issue] = (), *, only_danger: bool = False
) -> list[Issue]:
    """Give what is open to whom it belongs now, and with it `also`; gives what moved, as it is now."""
    moved = []
    for issue in (*await desk.store.issues.open_in(compound_id), *also):
        heir = await _heir(desk, issue) if not only_danger or issue.urgency == Urgency.DANGER else None
        if heir is not None:
            with suppress(Refused):
                moved.append(await act(desk, issue.id, None, Action.TRANSFER, heir=heir))
    return moved


async def _tell_moved(desk: Desk, moved: Sequence[Issue], told: Mapping[int, _Told] | None = None) -> None:
    """One message to everybody who got something, with a few cards, and one to everybody who reported it.

    `told` is what some read instead, also where they got nothing.
    """
    told = told or {}
    await hush(desk, moved)
    for person_id in dict.fromkeys((*told, *(issue.handler_id for issue in moved))):
        one = told.get(person_id) or _Told("absences.handed_to_you", {})
        await tell_handler(desk, person_id, moved, one.message, one.facts, one.choices)
    await tell_reporters(desk, moved, "absences.passed_on", {})


async def _night_ends(desk: Desk, compound_id: int) -> datetime:
    """When the clock may speak of what is not dangerous: now, or at the end of the quiet hours."""
    return desk.rules.quiet_hours(await desk.timezone(compound_id)).release(desk.now, Urgency.ORDINARY)


async def _stand_of(desk: Desk, absence: Absence) -> int | None:
    """Who stands in for somebody now, through others who are away."""
    away = await _running(desk, absence.compound_id)
    return stand_in_for(absence.person_id, away | {absence.person_id: absence.stand_in_id})


async def _begin(desk: Desk, before: Absence, *, source: str) -> Absence:
    """Away from now on. What the clock begins at night moves and is told in the morning, but for danger."""
    absence = replace(before, begun_at=desk.now)
    await desk.store.absences.save(absence)
    await _expect_back(desk, absence)
    if not await _waits_for_morning(desk, absence, BEGIN, "absence.begun", source=source):
        await _introduce(desk, absence)
    return absence


async def _waits_for_morning(desk: Desk, absence: Absence, kind: str, action: str, *, source: str) -> bool:
    """Write it down and see who stands in for whom now; whether the rest has become a chore for later."""
    actor = absence.person_id if source == "chat" else None
    await desk.store.changes.record(
        absence.compound_id, actor, source, action, person_id=absence.person_id, now=desk.now
    )
    await _bring_in_line(desk, absence.compound_id)
    morning = await _night_ends(desk, absence.compound_id)
    if source != "clock" or morning <= desk.now:
        return False
    await _tell_moved(desk, await _move(desk, absence.compound_id, only_danger=True))
    await desk.store.chores.put(kind, absence.id, morning, 1)
    return True


async def _introduce(desk: Desk, absence: Absence) -> None:
    """Move what moves, and tell who stands in what that means."""
    compound_id = absence.compound_id
    also = (await in_hand(desk, absence.person_id, compound_id))[1] if absence.with_accepted else ()
    moved = await _move(desk, compound_id, also)
    stand = await _stand_of(desk, absence)
    holders = await desk.holders(compound_id)
    missed = {one.post_id for one in _posts_of(holders, absence.person_id)}
    lines = [
        await post_facts(desk, one)
        for one in holders
        if one.person_id == stand and (one.acting_for or (one.is_deputy and one.post_id in missed))
    ]
    told = {}
    if stand and lines:
        choices = _decline(absence) if stand == absence.stand_in_id else ()
        facts = {**await facts_about(desk, absence), "lines": lines}
        told[stand] = _Told("absences.begun", facts, choices)
    await _tell_moved(desk, moved, told)


async def _expect_back(desk: Desk, absence: Absence) -> None:
    """Set when it ends, and when the person is reminded of it: on the last evening before."""
    zone = ZoneInfo(await desk.timezone(absence.compound_id))
    until = absence.until_at.astimezone(zone)
    evening = datetime.combine(until.date(), EVENING, zone)
    evening = (evening if evening < until else evening - _DAY).astimezone(UTC)
    await desk.store.chores.put(END, absence.id, absence.until_at)
    await desk.store.chores.drop(REMIND, absence.id)
    if evening > desk.now:
        await desk.store.chores.put(REMIND, absence.id, evening)


async def _close(desk: Desk, before: Absence) -> Absence:
    absence = replace(before, ended_at=desk.now)
    await desk.store.absences.save(absence)
    for kind in (BEGIN, END, REMIND):
        await desk.store.chores.drop(kind, absence.id)
    return absence


async def _end(desk: Desk, before: Absence, *, source: str) -> Absence:
    """Back from now on; at night the clock leaves all but danger, and every word, to the morning."""
    absence = await _close(desk, before)
    if not await _waits_for_morning(desk, absence, END, "absence.ended", source=source):
        await desk.hush_by_night(absence.compound_id, Urgency.ORDINARY)
        await _welcome(desk, absence)
    return absence


async def _welcome(desk: Desk, absence: Absence) -> None:
    """What nobody has accepted comes back; both sides hear how things stand."""
    compound_id, person_id = absence.compound_id, absence.person_id
    since = absence.begun_at or absence.from_at
    theirs = [
        issue
        for issue in await desk.store.issues.assigned_since(compound_id, since)
        if person_id in issue.reason.get("away", ())
    ]
    undone = [issue for issue in theirs if issue.state in UNDONE and issue.state != State.OPEN]
    held = Counter(issue.handler_id for issue in undone)
    moved = await _move(desk, compound_id)
    told = {
        person_id: _Told(
            "absences.welcome_back",
            {
                "days": max(1, -(-(desk.now - since) // _DAY)),
                "filed": sum(issue.filed_at >= since for issue in theirs),
                "done": sum(issue.state not in UNDONE for issue in theirs),
                "lines": [{"handler": await _name(desk, one), "count": count} for one, count in held.items()],
            },
        )
    }
    stand = await _stand_of(desk, absence)
    if stand:
        facts = {**await facts_about(desk, absence), "kept": held[stand]}
        told[stand] = _Told("absences.over", facts)
    await _tell_moved(desk, moved, told)


# By clock -----------------------------------------------------------------------------------------------


async def _due_to_begin(desk: Desk, chore: Chore) -> None:
    absence = await desk.store.absences.locked(chore.subject_id)
    if absence is None or absence.ended_at is not None:
        return
    if absence.begun_at is not None:
        await _introduce(desk, absence)
    elif absence.until_at <= desk.now or absence.compound_id not in await offices_of(desk, absence.person_id):
        # Nobody was there to begin it, or it concerns nobody any more.
        await _close(desk, absence)
    else:
        await _begin(desk, absence, source="clock")


async def _due_to_end(desk: Desk, chore: Chore) -> None:
    absence = await desk.store.absences.locked(chore.subject_id)
    if absence is not None and absence.ended_at is not None:
        await _welcome(desk, absence)
    elif absence is not None:
        await _end(desk, absence, source="clock")


async def _due_to_remind(desk: Desk, chore: Chore) -> None:
    absence = await desk.store.absences.locked(chore.subject_id)
    if absence is None or not absence.is_running or absence.until_at <= desk.now:
        return
    rows = ((choice("away_end", "away.until", absence.id),), (choice("away_back", "away.back", absence.id),))
    await desk.tell(absence.person_id, "absences.ending", await facts_about(desk, absence), choices=rows)


CHORES = {BEGIN: _due_to_begin, END: _due_to_end, REMIND: _due_to_remind}
