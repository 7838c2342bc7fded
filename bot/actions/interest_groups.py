"""Interest groups: found one, join, lead it; its practice makes the next activities by itself (E7)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from bot.actions.activities import Plan, cancel, create
from bot.actions.audiences import known_of
from bot.actions.commands import offer
from bot.actions.desk import Desk, choice
from bot.domain.announcing import Channel
from bot.domain.audiences import Audience, Kind, Part, read_audience
from bot.domain.calendar import public_holidays
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.folding import fold
from bot.domain.posts import Place, committee_of
from bot.domain.recurrences import Rule, next_after
from bot.storage.chores import Chore
from bot.storage.interest_groups import InterestGroup, Member

NAME_LEAST, NAME_MOST = 2, 20
"""A name of one sign could not be found again among the words of an audience."""
ABOUT_MOST = 300
PLACE_MOST = 60
AHEAD = timedelta(days=3)
"""So long before it begins a practice becomes an activity that one can sign up for."""
SHOWN_DATES = 3
PRACTICE = "interest_group.practice"


# Who may -----------------------------------------------------------------------------------------------


async def compounds_of(desk: Desk, person_id: int) -> list[int]:
    """The compounds this person lives in, or has asked to be entered in, or holds a post of."""
    homes = await desk.store.people.residencies(person_id)
    posts = await desk.store.posts.of_person(person_id)
    ids = [home.compound_id for home in homes] + [post.compound_id for post in posts]
    return list(dict.fromkeys(ids))


async def is_committee(desk: Desk, person_id: int, compound_id: int) -> bool:
    """Whether this person speaks for the compound now."""
    committee = committee_of(await desk.holders(compound_id))
    return any(holder.person_id == person_id for holder in committee)


async def may_manage(desk: Desk, person_id: int, group: InterestGroup) -> bool:
    """Whether this person leads the group, or speaks for its compound."""
    return person_id == group.leader_id or await is_committee(desk, person_id, group.compound_id)


async def visible(desk: Desk, person_id: int, group_id: int) -> InterestGroup:
    """The group, for its members and the people of its compound; `no_such_team` for everybody else."""
    group = await desk.store.interest_groups.get(group_id)
    return await _known(desk, person_id, group)


async def managed(desk: Desk, person_id: int, group_id: int) -> InterestGroup:
    """The group, locked, for who may manage it. Refusals: `no_such_team`, `team_over`, `team_not_yours`."""
    group = await _existing(desk, person_id, group_id)
    if not await may_manage(desk, person_id, group):
        raise Refused("team_not_yours")
    return group


async def _known(desk: Desk, person_id: int, group: InterestGroup | None) -> InterestGroup:
    if group is None:
        raise Refused("no_such_team")
    if group.compound_id not in await compounds_of(desk, person_id) and group.id not in (
        await desk.store.interest_groups.of_member(person_id)
    ):
        raise Refused("no_such_team")
    return group


async def _existing(desk: Desk, person_id: int, group_id: int) -> InterestGroup:
    group = await _known(desk, person_id, await desk.store.interest_groups.locked(group_id))
    if group.ended_at is not None:
        raise Refused("team_over", name=group.name)
    return group


# Beginning, joining, leaving ---------------------------------------------------------------------------


async def check_name(desk: Desk, person_id: int, compound_id: int, name: str) -> str:
    """A name for a new group, without margins.

    Refusals: `team_not_yours` (only the committee founds one), `team_name_needed`, `team_name_taken`,
    `team_name_unclear` (it means other people in the audience of an announcement: 楼栋长, 3号楼).
    """
    if not await is_committee(desk, person_id, compound_id):
        raise Refused("team_not_yours")
    name = " ".join(name.split())
    if not NAME_LEAST <= len(name) <= NAME_MOST:
        raise NotUnderstood("team_name_needed", most=NAME_MOST)
    groups = await desk.store.interest_groups.of_compound(compound_id)
    if fold(name) in {fold(group.name) for group in groups}:
        raise NotUnderstood("team_name_taken", name=name)
    try:
        read_audience(name, await known_of(desk, compound_id))
    except NotUnderstood:
        return name
    raise NotUnderstood("team_name_unclear", name=name)


def check_about(about: str) -> str:
    """What a group does, in its own words. Refusals: `team_about_needed`."""
    about = about.strip()
    if not 0 < len(about) <= ABOUT_MOST:
        raise NotUnderstood("team_about_needed", most=ABOUT_MOST)
    return about


def check_place(place: str) -> str:
    """Where a group practises. Refusals: `team_place_needed`."""
    place = " ".join(place.split())
    if not 0 < len(place) <= PLACE_MOST:
        raise NotUnderstood("team_place_needed", most=PLACE_MOST)
    return place


async def found(
    desk: Desk, actor_id: int, compound_id: int, name: str, about: str, leader_id: int
) -> InterestGroup:
    """Begin a group; its leader is its first member and is told.

    Refusals: those of `check_name` and `check_about`, `team_leader_unknown`.
    """
    name, about = await check_name(desk, actor_id, compound_id, name), check_about(about)
    await _check_leader(desk, leader_id, compound_id)
    groups = desk.store.interest_groups
    group_id = await groups.new(compound_id, name, about, leader_id, desk.now)
    if group_id is None:
        raise NotUnderstood("team_name_taken", name=name)
    await groups.join(group_id, leader_id, desk.now)
    group = await visible(desk, leader_id, group_id)
    await _tell_leader(desk, actor_id, group)
    return group


async def _check_leader(desk: Desk, leader_id: int, compound_id: int) -> None:
    is_here = compound_id in await compounds_of(desk, leader_id)
    if not is_here or await desk.addressee(leader_id) is None:
        raise Refused("team_leader_unknown")


async def _tell_leader(desk: Desk, actor_id: int, group: InterestGroup) -> None:
    await offer(desk, group.leader_id)
    if actor_id == group.leader_id:
        return
    await desk.hush_by_night(group.compound_id, "ordinary")
    rows = ((choice("team_manage", "team.manage", group.id),),)
    await desk.tell(group.leader_id, "interest_groups.leading", {"name": group.name}, choices=rows)


async def join(desk: Desk, person_id: int, group_id: int) -> InterestGroup:
    """Become a member; the leader is told, of a repeat nobody. Refusals: `no_such_team`, `team_over`."""
    group = await _existing(desk, person_id, group_id)
    if not await desk.store.interest_groups.join(group.id, person_id, desk.now):
        return group
    group = replace(group, members=group.members + 1)
    if person_id != group.leader_id:
        who = (await desk.store.people.details(person_id)).name
        await desk.hush_by_night(group.compound_id, "ordinary")
        facts = {"who": who, "name": group.name, "members": group.members}
        await desk.tell(group.leader_id, "interest_groups.newcomer", facts)
    return group


async def leave(desk: Desk, person_id: int, group_id: int) -> InterestGroup:
    """Be a member no longer; a leader hands it over first (`team_needs_leader`).

    Other refusals: `no_such_team`, `team_over`.
    """
    group = await _existing(desk, person_id, group_id)
    if person_id == group.leader_id:
        raise Refused("team_needs_leader")
    left = await desk.store.interest_groups.leave(group.id, person_id)
    return replace(group, members=group.members - left)


async def candidates(desk: Desk, compound_id: int, said: str, *, asker_id: int | None = None) -> list[Member]:
    """Whom of the compound somebody may mean by that name; who is called exactly so comes alone.

    An `asker_id` outside the committee must know the whole name: they are not told who else lives here.
    """
    wanted = fold(said).strip()
    people = await desk.store.interest_groups.candidates(compound_id, desk.rules.channel)
    near = [one for one in people if wanted and wanted in fold(one.name)]
    exact = [one for one in near if fold(one.name).strip() == wanted]
    if exact or asker_id is None or await is_committee(desk, asker_id, compound_id):
        return exact or near
    return []


# Leading -----------------------------------------------------------------------------------------------


async def describe(desk: Desk, actor_id: int, group_id: int, about: str) -> InterestGroup:
    """Change what is said about a group. Refusals: those of `managed`, `team_about_needed`."""
    group = replace(await managed(desk, actor_id, group_id), about=check_about(about))
    await desk.store.interest_groups.save(group)
    return group


async def hand_over(desk: Desk, actor_id: int, group_id: int, successor_id: int) -> InterestGroup:
    """Somebody else leads it from now on, who is a member then; the former leader stays one.

    Refusals: those of `managed`, `team_leader_unknown`.
    """
    before = await managed(desk, actor_id, group_id)
    await _check_leader(desk, successor_id, before.compound_id)
    is_new = await desk.store.interest_groups.join(group_id, successor_id, desk.now)
    group = replace(before, leader_id=successor_id, members=before.members + is_new)
    if group.leader_id == before.leader_id:
        return group
    await desk.store.interest_groups.save(group)
    await offer(desk, before.leader_id)
    await _tell_leader(desk, actor_id, group)
    if before.leader_id != actor_id:
        facts = {"name": group.name, "who": (await desk.store.people.details(successor_id)).name}
        await desk.tell(before.leader_id, "interest_groups.handed_over", facts)
    return group


async def leader_moved(desk: Desk, person_id: int, compound_id: int) -> None:
    """Somebody's entry for a home has ended: the committee may name others for the groups they lead there.

    Nobody is told while the person still belongs to the compound, by another home or a post.
    """
    if compound_id in await compounds_of(desk, person_id):
        return
    await desk.hush_by_night(compound_id, "ordinary")
    for group in await desk.store.interest_groups.led_by(person_id):
        if group.compound_id != compound_id:
            continue
        facts = {"name": group.name, "who": (await desk.store.people.details(person_id)).name}
        rows = ((choice("team_hand", "team.hand", group.id),),)
        for holder in committee_of(await desk.holders(compound_id)):
            await desk.tell(holder.person_id, "interest_groups.leader_moved", facts, choices=rows)


async def remove(desk: Desk, actor_id: int, group_id: int, person_id: int) -> InterestGroup:
    """Take a member out, who is told. Refusals: those of `managed`, `team_needs_leader`, `no_such_member`."""
    group = await managed(desk, actor_id, group_id)
    if person_id == group.leader_id:
        raise Refused("team_needs_leader")
    if not await desk.store.interest_groups.leave(group.id, person_id):
        raise Refused("no_such_member")
    await desk.hush_by_night(group.compound_id, "ordinary")
    await desk.tell(person_id, "interest_groups.removed", {"name": group.name})
    return replace(group, members=group.members - 1)


async def end(desk: Desk, actor_id: int, group_id: int) -> InterestGroup:
    """The group exists no longer: its members are told, what is planned is cancelled, its chats are let go.

    Refusals: those of `managed`.
    """
    group = await managed(desk, actor_id, group_id)
    for activity in await desk.store.activities.run_in(group.compound_id, desk.now):
        if activity.interest_group_id == group.id:
            await cancel(desk, actor_id, activity.id)
    for chat in await desk.store.groups.bound(group.compound_id):
        if chat.part == _part(group):
            await desk.store.groups.unbind(chat.id)
    group = replace(group, ended_at=desk.now, practice=None)
    await desk.store.interest_groups.save(group)
    await desk.store.chores.drop(PRACTICE, group.id)
    await offer(desk, group.leader_id)
    await desk.hush_by_night(group.compound_id, "ordinary")
    for member in await desk.store.interest_groups.members(group.id):
        if member.person_id != actor_id:
            await desk.tell(member.person_id, "interest_groups.ended", {"name": group.name})
    return group


# Practice ----------------------------------------------------------------------------------------------


async def practise(desk: Desk, actor_id: int, group_id: int, rule: Rule, place: str) -> InterestGroup:
    """When the group meets and where, from now on; what was made of the old practice stays as it is.

    Refusals: those of `managed`, `team_hour_needed`, `team_place_needed`.
    """
    group = await managed(desk, actor_id, group_id)
    if rule.hours.start is None:
        raise NotUnderstood("team_hour_needed")
    place = check_place(place)
    through = group.practice_through
    if through is not None:
        # A day that has its practice does not get a second one by being moved to another hour.
        zone = ZoneInfo(await desk.timezone(group.compound_id))
        midnight = datetime.combine(through.astimezone(zone).date(), time.max, zone)
        through = max(through, midnight)
    group = replace(group, practice=rule, practice_place=place, practice_through=through)
    await desk.store.interest_groups.save(group)
    await desk.store.chores.put(PRACTICE, group.id, desk.now)
    return group


async def rest(desk: Desk, actor_id: int, group_id: int) -> InterestGroup:
    """No more practice until it is set anew; what has been made of it stays. Refusals: those of `managed`."""
    group = replace(await managed(desk, actor_id, group_id), practice=None)
    await desk.store.interest_groups.save(group)
    await desk.store.chores.drop(PRACTICE, group.id)
    return group


async def dates(desk: Desk, compound_id: int, rule: Rule, after: datetime) -> Iterable[datetime]:
    """The starts of a practice after an instant, without end."""
    zone = ZoneInfo(await desk.timezone(compound_id))

    def following(at: datetime) -> Iterable[datetime]:
        while True:
            year = at.astimezone(zone).year
            # At most a year lies between two dates, and holidays may take away several.
            off = frozenset[date]().union(*(public_holidays(year + later) for later in range(3)))
            at = next_after(rule, at, zone, off)
            yield at

    return following(after)


async def make_next(desk: Desk, chore: Chore) -> None:
    """Make an activity of each date of a practice that has come near, once; then wait for the next.

    Its leader hears of each: not at night.
    """
    group = await desk.store.interest_groups.locked(chore.subject_id)
    if group is None or group.practice is None or group.ended_at is not None:
        return
    quiet = desk.rules.quiet_hours(await desk.timezone(group.compound_id))
    morning = quiet.release(desk.now, "ordinary")
    if morning > desk.now:
        await desk.store.chores.put(PRACTICE, group.id, morning)
        return
    # What passed while nobody was there is past.
    after = max(desk.now, group.practice_through or desk.now)
    for start in await dates(desk, group.compound_id, group.practice, after):
        if start > desk.now + AHEAD:
            await desk.store.chores.put(PRACTICE, group.id, quiet.release(start - AHEAD, "ordinary"))
            break
        await _make(desk, group, group.practice, start)
        group = replace(group, practice_through=start)
    await desk.store.interest_groups.save(group)


async def _make(desk: Desk, group: InterestGroup, rule: Rule, start: datetime) -> None:
    """The activity of one date, in its leader's name, for the members."""
    locale = (await desk.store.places.compound(group.compound_id)).locale
    lasts = rule.hours.lasts
    plan = Plan(
        title=desk.texts.label(locale, "team_practice_title", name=group.name),
        place=group.practice_place,
        starts_at=start,
        audience=Audience((_part(group),)),
        ends_at=None if lasts is None else start + lasts,
    )
    await create(
        desk, group.leader_id, group.compound_id, plan, frozenset(Channel), interest_group_id=group.id
    )


def _part(group: InterestGroup) -> Part:
    return Part(Kind.INTEREST_GROUP, group_id=group.id)


CHORES: Mapping[str, Callable[[Desk, Chore], Awaitable[None]]] = {PRACTICE: make_next}


# Facts -------------------------------------------------------------------------------------------------


def rule_facts(rule: Rule) -> dict[str, object]:
    """A practice as the `practice` filter of the templates takes it."""
    return {
        "every": "day" if rule.every == "week" and len(rule.days) == 7 else rule.every.value,
        "on_days": list(rule.days),
        "nth": rule.nth,
        "from_time": _clock(rule.hours.start),
        "to_time": _clock(rule.hours.end),
        "is_off_on_holidays": rule.skips_holidays,
    }


def _clock(minutes: int | None) -> str:
    return "" if minutes is None else f"{minutes // 60 % 24:02}:{minutes % 60:02}"


async def facts_of(desk: Desk, group: InterestGroup, person_id: int) -> dict[str, object]:
    """A group as its card shows it to this person."""
    coming: list[datetime] = []
    if group.practice is not None:
        coming = list(islice(await dates(desk, group.compound_id, group.practice, desk.now), SHOWN_DATES))
    return {
        "name": group.name,
        "about": group.about,
        "leader": (await desk.store.people.details(group.leader_id)).name,
        "members": group.members,
        "practice": group.practice and rule_facts(group.practice),
        "practice_place": group.practice_place,
        "coming": coming,
        "timezone": await desk.timezone(group.compound_id),
        "is_over": group.ended_at is not None,
        "is_mine": group.id in await desk.store.interest_groups.of_member(person_id),
        "is_leader": group.leader_id == person_id,
    }


async def home_of(desk: Desk, member: Member) -> dict[str, object] | None:
    """Where somebody lives, as the `place` filter takes it; None for who only holds a post here."""
    place: Place | None = await desk.store.places.unit(member.unit_id) if member.unit_id else None
    return await desk.place_facts(place) if place else None
