"""What can be done to an issue: checked against the table, written once, told to whom it concerns."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions import alike, rates, threads
from bot.actions.cards import RATINGS, redraw, roles_of, show_photos, speaker_of, tell_about
from bot.actions.clocks import UNDONE, on_other_terms, run_or_stop, set_clocks, start_ladder
from bot.actions.desk import Desk
from bot.actions.restrictions import admit
from bot.actions.search import index
from bot.actions.tellings import TELLINGS, Deed, Said, tell_proxy
from bot.domain.categories import Category, Urgency
from bot.domain.clocks import terms
from bot.domain.errors import Refused
from bot.domain.posts import LEVEL, Holder, Match, Place, PostKind, committee_of, match
from bot.domain.privacy import Level
from bot.domain.proxies import ASKED
from bot.domain.transitions import Action, Given, Resolution, Role, Standing, State, Transition, check
from bot.storage.issues import Issue, Proxy

TEXT_MOST = 12_000
"""Characters of a report: what is too long for one message of 4096 arrives cut into several."""
WORDS_MOST = 3500
"""UTF-16 units of what is passed on as it was said: with who says it, it fits into one message of 4096."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a resident tells: `about_handler` when the complaint is about the one who would get it (C10).

    `is_private` and `shown_as` are what the reporter wishes for this one; None leaves the former to its
    category and the latter to what they have chosen in /me (R13, R14).
    """

    text: str
    category: str
    place: Place
    photos: tuple[str, ...] = ()
    voices: tuple[str, ...] = ()
    about_handler: bool = False
    is_private: bool | None = None
    shown_as: str | None = None


async def foresee(
    desk: Desk, category: Category, place: Place, *, about_handler: bool
) -> tuple[Match | None, frozenset[int]]:
    """Who would get an issue of this category at this place, and who must not see it (C10)."""
    holders = await desk.holders(place.compound_id)
    found = match(category.handled_by, place, holders)
    if found is None or not about_handler:
        return found, frozenset()
    concerned = frozenset((found.holder.person_id,))
    return match(category.handled_by, place, holders, concerned=concerned), concerned


async def file(desk: Desk, reporter_id: int, report: Report, proxy: Proxy | None = None) -> Issue:
    """Register a report and give it to the one person responsible (C3, C7, C8).

    With a `proxy` it was entered for the reporter; whether they may is for `actions.proxies.enter` to ask.
    Refusals: `text_needed`, `text_too_long`, `no_such_category`, `bad_answer`, `nobody_responsible`, those of
    `restrictions.admit`.
    """
    _check_report(report)
    category = desk.rules.categories.get(report.category)
    if category is None or category.hidden:
        raise Refused("no_such_category")
    place = report.place
    # Who enters reports for others may enter any number.
    excepted = proxy is None and await admit(desk, reporter_id, category, place, report.text)
    holders = await desk.holders(place.compound_id)
    found, concerned = await foresee(desk, category, place, about_handler=report.about_handler)
    if found is None:
        raise Refused("nobody_responsible")
    residencies = await desk.store.people.residencies(reporter_id)
    approved = any(home.state == "approved" and home.compound_id == place.compound_id for home in residencies)
    in_post = any(holder.person_id == reporter_id for holder in holders)
    await desk.hush_by_night(place.compound_id, category.urgency)
    is_private = _is_private(category, report)
    limits = terms(category.urgency, category.accept_by, category.resolve_by, desk.rules.terms)
    day = desk.now.astimezone(ZoneInfo(await desk.timezone(place.compound_id))).strftime("%y%m%d")
    issue_id = await desk.store.issues.file(
        number=await desk.store.issues.next_number(place.compound_id, day),
        category=category.key,
        urgency=category.urgency.value,
        is_private=is_private,
        place=place,
        text=report.text,
        reporter_id=reporter_id,
        # Who is responsible for a home and reports for it says who lives there.
        reporter_approved=approved or in_post or proxy is not None,
        handler_id=found.holder.person_id,
        handler_post=found.holder.kind.value,
        reason=reason_of(found),
        clock_kind=limits.kind.value,
        accept_term=limits.accept,
        resolve_term=limits.resolve,
        now=desk.now,
        proxy=proxy,
        shown_as=report.shown_as,
    )
    await desk.store.issues.record(
        issue_id,
        actor_id=proxy.person_id if proxy else reporter_id,
        action="file",
        from_state="",
        to_state=State.OPEN.value,
        text=report.text,
        facts={
            **reason_of(found),
            "handler": found.holder.person_id,
            **({"by_proxy": True, "how": proxy.source} if proxy else {}),
            **({"while_restricted": True} if excepted else {}),
        },
        attachments=[("photo", file) for file in report.photos] + [("voice", file) for file in report.voices],
        now=desk.now,
    )
    for person_id in concerned:
        await desk.store.issues.add_part(issue_id, person_id, "concerned")
    followers = () if is_private else found.followers
    for person_id in followers:
        await desk.store.issues.add_part(issue_id, person_id, "follows")
    issue = await known(desk, issue_id)
    await start_ladder(desk, issue)
    await rates.note_filed(desk, issue)
    await index(desk, issue)
    await show_photos(desk, issue, issue.handler_id)
    await redraw(desk, issue, issue.handler_id, anew=True)
    for person_id in followers:
        if proxy is None or person_id != proxy.person_id:
            await tell_about(desk, issue, person_id, "issue.following")
    await _report_empty_posts(desk, issue, found)
    if not found.holder.reachable:
        once = f"unreached:{place.compound_id}:{day}"
        facts = {"compound": place.compound_id, "number": issue.number}
        desk.tell_operator("operator.nobody_reachable", facts, dedupe_key=once)
    return issue


def _check_report(report: Report) -> None:
    if not report.text.strip() and not report.photos and not report.voices:
        raise Refused("text_needed")
    if len(report.text) > TEXT_MOST:
        raise Refused("text_too_long", most=TEXT_MOST)
    if report.shown_as not in (None, *Level):
        raise Refused("bad_answer")


def _is_private(category: Category, report: Report) -> bool:
    wished = category.is_private if report.is_private is None else report.is_private
    return wished or report.about_handler


def reason_of(found: Match) -> dict[str, object]:
    """Why somebody has an issue, as it is kept with it."""
    return {
        "rule": "stand_in" if found.holder.acting_for and found.rule != "transferred" else found.rule,
        "post": found.holder.kind.value,
        "reachable": found.holder.reachable,
        "skipped": [[step.kind.value, step.why] for step in found.skipped],
        "away": list(found.away),
    }


_MISSED = frozenset(PostKind) - {PostKind.ENTRANCE_LEADER, PostKind.DEPUTY_LEADER}
"""Posts that should not stay empty; not every entrance has a leader, nor every leader a deputy."""


async def _report_empty_posts(desk: Desk, issue: Issue, found: Match) -> None:
    """C7: the committee learns that a post is empty, once a day for each post and place."""
    at, day = issue.place, issue.number.split("-")[0]
    for step in found.skipped:
        if step.why != "empty" or step.kind not in _MISSED:
            continue
        if LEVEL[step.kind] == "building":
            place = Place("building", at.compound_id, at.building_id)
        else:
            place = Place("compound", at.compound_id)
        for holder in committee_of(await desk.holders(at.compound_id)):
            await desk.tell(
                holder.person_id,
                "issue.post_empty",
                {"post": step.kind.value, "place": await desk.place_facts(place)},
                dedupe_key=f"empty:{holder.person_id}:{step.kind}:{place.building_id or 0}:{day}",
            )


async def act(
    desk: Desk,
    issue_id: int,
    actor_id: int | None,
    action: Action,
    said: Said | None = None,
    *,
    heir: Match | None = None,
) -> Issue:
    """Do one thing of the table to an issue; without an actor it is the clock that does it.

    The issue is locked, read again, checked (right, state, what must be said), changed, recorded, and told.
    A transfer to an `heir`, whom the rules have found for all issues of somebody, is told by who found them.
    Raises Refused with the table's reasons, `no_such_issue`, `text_too_long`, or `last_in_line`,
    `not_a_target`, `nobody_responsible`, `bad_answer`, `ask_first`, `own_case`, `nobody_to_ask`,
    `moment_past`, `begin_far`, `name_too_long`, `same_urgency`, `danger_stays`, `not_a_colleague`, or those
    of `alike.merge_target` from the action itself.
    """
    said = said or Said()
    issue = await desk.store.issues.locked(issue_id)
    if issue is None:
        raise Refused("no_such_issue")
    await desk.hush_by_night(issue.place.compound_id, issue.urgency)
    if action != Action.CORRECT or len(said.text) > TEXT_MOST:
        check_length(said.text)
    if action in (Action.REPLY, Action.NUDGE) and actor_id != issue.handler_id:
        issue = await stand_in(desk, issue)
    given = Given(
        said.text,
        len(said.photos),
        len(said.voices),
        target=bool(said.target or heir),
        date=said.until is not None,
    )
    roles = await roles_of(desk, issue, actor_id)
    is_asked = issue.state == State.WAITING_REPORTER and actor_id != issue.handler_id
    if action == Action.REPLY and is_asked and Role.REPORTER in roles:
        # Whatever they say now is the answer.
        action = Action.ANSWER_INFO
    row = check(action, _standing(desk, issue), roles, given, desk.now)
    deed = Deed(action, issue, actor_id, said)
    if actor_id != issue.reporter_id and roles & set(row.who) == {Role.REPORTER}:
        deed.facts.update(by_proxy=True, own_case=actor_id == issue.handler_id)
    after = await _changed(desk, deed, row, heir)
    await desk.store.issues.save(after)
    if (after.text, after.category) != (issue.text, issue.category):
        await index(desk, after)
    await desk.store.issues.record(
        issue_id,
        actor_id=actor_id,
        action=action.value,
        from_state=issue.state.value,
        to_state=after.state.value,
        text=said.text,
        facts={"how": said.how, "handler": after.handler_id, **deed.facts},
        attachments=[("photo", file) for file in said.photos] + [("voice", file) for file in said.voices],
        now=desk.now,
    )
    await set_clocks(desk, issue, after)
    await rates.note(desk, deed, after)
    tell = TELLINGS.get(action) or alike.TELLINGS.get(action) or threads.TELLINGS.get(action)
    if tell is not None and heir is None:
        await tell(desk, deed, after)
    await tell_proxy(desk, deed, after)
    await alike.tell_followers(desk, deed, after)
    # A new handler has just been given a card; who had the issue, helps, or acted on it, sees theirs change.
    onlookers = {actor_id} if actor_id is not None and Role.COMMITTEE in roles else set()
    onlookers |= (await desk.store.issues.parts(issue_id))["helps"]
    for person_id in (issue.handler_id, *sorted(onlookers - {issue.handler_id})):
        await redraw(desk, after, person_id)
    return after


async def _changed(desk: Desk, deed: Deed, row: Transition, heir: Match | None) -> Issue:
    """The issue as the action leaves it: state, clock, and what the action itself changes."""
    before = deed.before
    after = replace(before, state=row.to or before.state, resolution=row.resolution or before.resolution)
    if row.to is not None:
        # What was to be looked at again, and where it had been referred, ends with the state.
        after = replace(after, wake_at=None, referred_to="", external_reference="")
    after = await run_or_stop(desk, before, after)
    if heir is not None:
        return _assigned(desk, deed, after, heir)
    change = _CHANGES.get(deed.action)
    return await change(desk, deed, after) if change else after


async def stand_in(desk: Desk, issue: Issue) -> Issue:
    """C7: an issue whose handler holds no post any more (the register said so) goes to the next in line.

    Where nobody is, it stays. Gives the issue as it stands then.
    """
    if issue.state not in UNDONE or await _is_in_office(desk, issue):
        return issue
    with suppress(Refused):
        found = await _next_in_line(desk, issue)
        return await act(desk, issue.id, None, Action.TRANSFER, Said(target=found.holder.person_id))
    return issue


async def _is_in_office(desk: Desk, issue: Issue) -> bool:
    holders = {holder.person_id for holder in await desk.holders(issue.place.compound_id)}
    # What somebody accepted for one who was away is theirs to finish, as long as that one is in office.
    stood_in = issue.state != State.OPEN and not holders.isdisjoint(issue.reason.get("away", ()))
    return stood_in or issue.handler_id in holders


async def expect(desk: Desk, issue_id: int, actor_id: int, action: Action) -> Issue:
    """Refuse before a person has typed their words what the table would refuse afterwards."""
    issue = await desk.store.issues.locked(issue_id)
    if issue is None:
        raise Refused("no_such_issue")
    everything = Given("…", photos=1, target=True, date=True)
    roles = await roles_of(desk, issue, actor_id)
    check(action, _standing(desk, issue), roles, everything, desk.now)
    if action == Action.DECLINE:
        await _next_in_line(desk, issue)
    if action == Action.REQUEST_INFO:
        await _somebody_to_ask(desk, issue)
    if action == Action.CHANGE_URGENCY:
        _may_change_urgency(issue, roles)
    return issue


def check_length(text: str) -> None:
    """Refuse what would not fit into one message with a few words around it."""
    if len(text.encode("utf-16-le")) > 2 * WORDS_MOST:
        raise Refused("text_too_long", most=WORDS_MOST)


def photo_needed(desk: Desk, issue: Issue) -> bool:
    """Whether resolving it takes a photo (C5)."""
    category = desk.rules.categories.get(issue.category)
    return bool(category and category.photo_to_resolve)


def _standing(desk: Desk, issue: Issue) -> Standing:
    is_rated = issue.rating is not None
    return Standing(
        issue.state,
        issue.closed_at,
        issue.nudged_at,
        is_rated,
        photo_needed(desk, issue),
        rating_explained=bool(issue.rating_words),
    )


async def _match(
    desk: Desk, issue: Issue, declined: frozenset[int] = frozenset(), concerned: frozenset[int] = frozenset()
) -> Match | None:
    category = desk.rules.categories.get(issue.category)
    return match(
        category.handled_by if category else "leader",
        issue.place,
        await desk.holders(issue.place.compound_id),
        declined=declined,
        concerned=(await desk.store.issues.parts(issue.id))["concerned"] | concerned,
    )


async def known(desk: Desk, issue_id: int) -> Issue:
    """An issue by its id, whoever asks. Refusals: `no_such_issue`."""
    issue = await desk.store.issues.get(issue_id)
    if issue is None:
        raise Refused("no_such_issue")
    return issue


async def _accept(desk: Desk, _deed: Deed, after: Issue) -> Issue:
    return replace(after, accepted_at=desk.now)


async def _next_in_line(desk: Desk, issue: Issue) -> Match:
    """Who gets it after the handler: nobody who declined or reported it, nor whom the bot cannot reach."""
    declined = (await desk.store.issues.parts(issue.id))["declined"] | {issue.handler_id}
    found = await _match(desk, issue, declined, frozenset((issue.reporter_id,)))
    if found is None or found.holder.person_id in declined or not found.holder.reachable:
        raise Refused("last_in_line")
    return found


async def _decline(desk: Desk, deed: Deed, after: Issue) -> Issue:
    found = await _next_in_line(desk, deed.before)
    await desk.store.issues.add_part(after.id, deed.before.handler_id, "declined")
    return _assigned(desk, deed, after, found)


async def targets(desk: Desk, issue: Issue, *, to_help: bool = False) -> list[Holder]:
    """Whom an issue can be given to: each holder who is there once, those of its own building first.

    Never whom it is about, who reported it, or who has it; for a common area any building will do. To help,
    the leader of any building can be asked, and nobody twice.
    """
    passed_over = (await desk.store.issues.parts(issue.id))["concerned"] | {
        issue.handler_id,
        issue.reporter_id,
    }
    if to_help:
        passed_over |= (await desk.store.issues.parts(issue.id))["helps"]
    own = issue.place.building_id
    once: dict[int, Holder] = {}
    for holder in sorted(
        await desk.holders(issue.place.compound_id),
        key=lambda one: (one.building_id is None) + 2 * (bool(own) and one.building_id not in (None, own)),
    ):
        is_near = holder.building_id in (None, own) or (own is None and LEVEL[holder.kind] == "building")
        is_near = is_near or (to_help and holder.kind == PostKind.BUILDING_LEADER)
        is_there = holder.reachable and not holder.is_away
        if is_near and is_there and holder.person_id not in passed_over:
            once.setdefault(holder.person_id, holder)
    return list(once.values())


async def _transfer(desk: Desk, deed: Deed, after: Issue) -> Issue:
    for holder in await targets(desk, deed.before):
        if holder.person_id == deed.said.target:
            return _assigned(desk, deed, after, Match(holder, "transferred", ()))
    raise Refused("not_a_target")


def _assigned(desk: Desk, deed: Deed, after: Issue, found: Match) -> Issue:
    deed.facts.update(reason_of(found))
    holder = found.holder
    return replace(
        after,
        handler_id=holder.person_id,
        handler_post=holder.kind.value,
        reason=reason_of(found),
        assigned_at=desk.now,
        accepted_at=None,
    )


async def _resolve(desk: Desk, _deed: Deed, after: Issue) -> Issue:
    return replace(after, resolved_at=desk.now)


async def _confirm(desk: Desk, deed: Deed, after: Issue) -> Issue:
    if "by_proxy" not in deed.facts:
        return replace(after, closed_at=desk.now, closed_how="confirmed")
    if deed.said.how not in ASKED:
        raise Refused("ask_first")
    return replace(after, closed_at=desk.now, closed_how="confirmed_by_proxy")


async def _lapse(desk: Desk, _deed: Deed, after: Issue) -> Issue:
    return replace(after, closed_at=desk.now, closed_how="no_reply")


async def _again(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """Disputed or reopened: the work starts anew, with a fresh clock, by whoever is in office today."""
    after = replace(
        after,
        resolution=None,
        closed_how=None,
        resolved_at=None,
        closed_at=None,
        rating=None,
        rating_words="",
        accepted_at=desk.now,
        reopen_count=after.reopen_count + 1,
        resolve_used=timedelta(),
        resolve_since=desk.now,
    )
    return await _by_who_is_in_office(desk, deed, await alike.part(desk, deed, after))


async def _unmerge(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """Its own matter again, as on the day it was filed: nobody could work on it meanwhile."""
    if deed.before.duplicate_of is None:
        raise Refused("not_now", state=deed.before.state.value)
    after = replace(
        await alike.part(desk, deed, after),
        resolution=None,
        closed_how=None,
        closed_at=None,
        rating=None,
        rating_words="",
        assigned_at=desk.now,
        accepted_at=None,
        resolve_used=timedelta(),
        resolve_since=desk.now,
    )
    return await _by_who_is_in_office(desk, deed, after)


async def _by_who_is_in_office(desk: Desk, deed: Deed, after: Issue) -> Issue:
    if await _is_in_office(desk, after):
        return after
    found = await _match(desk, after)
    if found is None:
        raise Refused("nobody_responsible")
    return _assigned(desk, deed, after, found)


async def _end(desk: Desk, deed: Deed, after: Issue) -> Issue:
    if deed.said.how == "solved_itself":
        after = replace(after, resolution=Resolution.NO_ACTION.value)
    return replace(after, closed_at=desk.now, closed_how=deed.action.value)


async def _nudge(desk: Desk, _deed: Deed, after: Issue) -> Issue:
    return replace(after, nudged_at=desk.now)


async def _rate(_desk: Desk, deed: Deed, after: Issue) -> Issue:
    if deed.facts.get("own_case"):
        raise Refused("own_case")
    if deed.said.how not in RATINGS:
        raise Refused("bad_answer")
    return replace(after, rating=deed.said.how)


async def _rate_words(_desk: Desk, deed: Deed, after: Issue) -> Issue:
    return replace(after, rating_words=deed.said.text.strip())


NAME_MOST = 60
"""Characters of the name of an office, or of the number a matter has there."""
POSTPONED_MOST = timedelta(days=366)


async def _somebody_to_ask(desk: Desk, issue: Issue) -> None:
    speaker = await speaker_of(desk, issue)
    if speaker == issue.handler_id or await desk.addressee(speaker) is None:
        raise Refused("nobody_to_ask", is_own=speaker == issue.handler_id)


async def _request_info(desk: Desk, deed: Deed, after: Issue) -> Issue:
    await _somebody_to_ask(desk, deed.before)
    return after


def check_day(desk: Desk, until: datetime | None) -> datetime:
    """The day an issue is put off to, if it lies ahead and within a year."""
    if until is None or until <= desk.now:
        raise Refused("moment_past")
    if until > desk.now + POSTPONED_MOST:
        raise Refused("begin_far")
    return until


def _coming(desk: Desk, deed: Deed) -> datetime:
    until = check_day(desk, deed.said.until)
    deed.facts["until"] = until.isoformat()
    return until


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > NAME_MOST:
        raise Refused("name_too_long", most=NAME_MOST)
    return name


async def _refer(desk: Desk, deed: Deed, after: Issue) -> Issue:
    return replace(after, referred_to=_name(deed.said.how), wake_at=_coming(desk, deed))


async def _note_reference(_desk: Desk, deed: Deed, after: Issue) -> Issue:
    return replace(after, external_reference=_name(deed.said.text))


async def _put_off(desk: Desk, deed: Deed, after: Issue) -> Issue:
    return replace(after, wake_at=_coming(desk, deed))


async def _follow_up(_desk: Desk, _deed: Deed, after: Issue) -> Issue:
    return replace(after, wake_at=None)


def _may_change_urgency(issue: Issue, roles: Collection[Role]) -> None:
    """What was called a danger stays one until the committee says otherwise."""
    if issue.urgency == Urgency.DANGER and Role.COMMITTEE not in roles:
        raise Refused("danger_stays")


async def _change_urgency(desk: Desk, deed: Deed, after: Issue) -> Issue:
    before, to = after.urgency, deed.said.how
    if to not in set(Urgency):
        raise Refused("bad_answer")
    if to == before:
        raise Refused("same_urgency")
    _may_change_urgency(deed.before, await roles_of(desk, deed.before, deed.actor_id))
    deed.facts["from"] = before
    category = desk.rules.categories.get(after.category)
    limits = terms(to, configured=desk.rules.terms)
    if category is not None and category.urgency == to:
        # The times of a category are those of its usual urgency.
        limits = terms(to, category.accept_by, category.resolve_by, desk.rules.terms)
    await desk.hush_by_night(after.place.compound_id, to)
    return replace(await on_other_terms(desk, after, limits), urgency=to)


async def _ask_help(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """Whom the handler asks sees the issue at once; the responsibility stays where it is."""
    colleagues = await targets(desk, deed.before, to_help=True)
    if not any(holder.person_id == deed.said.target for holder in colleagues):
        raise Refused("not_a_colleague")
    await desk.store.issues.add_part(after.id, deed.said.target or 0, "helps")
    deed.facts["asked"] = deed.said.target
    return after


async def _help(desk: Desk, deed: Deed, after: Issue) -> Issue:
    """Yes, once; who cannot now has no more to do with it."""
    if deed.said.how not in ("yes", "no"):
        raise Refused("bad_answer")
    for event in reversed(await desk.store.issues.history(after.id)):
        if event.facts.get("asked") == deed.actor_id:
            break
        if event.action == Action.HELP and event.actor_id == deed.actor_id:
            raise Refused("already_helping")
    if deed.said.how == "no" and deed.actor_id is not None:
        await desk.store.issues.drop_part(after.id, deed.actor_id, "helps")
    return after


_CHANGES: Mapping[Action, Callable[[Desk, Deed, Issue], Awaitable[Issue]]] = {
    Action.ACCEPT: _accept,
    Action.DECLINE: _decline,
    Action.TRANSFER: _transfer,
    Action.RESOLVE: _resolve,
    Action.CONFIRM: _confirm,
    Action.LAPSE: _lapse,
    Action.DISPUTE: _again,
    Action.REOPEN: _again,
    Action.WITHDRAW: _end,
    Action.REJECT: _end,
    Action.MARK_DUPLICATE: alike.merge,
    Action.UNMERGE: _unmerge,
    Action.FOLLOW: alike.follow,
    Action.UNFOLLOW: alike.unfollow,
    Action.SHOW_AS: alike.show_as,
    Action.CORRECT: threads.correct,
    Action.NUDGE: _nudge,
    Action.RATE: _rate,
    Action.RATE_WORDS: _rate_words,
    Action.REQUEST_INFO: _request_info,
    Action.REFER: _refer,
    Action.NOTE_REFERENCE: _note_reference,
    Action.WAIT_ON: _put_off,
    Action.SCHEDULE: _put_off,
    Action.FOLLOW_UP: _follow_up,
    Action.CHANGE_URGENCY: _change_urgency,
    Action.ASK_HELP: _ask_help,
    Action.HELP: _help,
}
