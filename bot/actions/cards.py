"""What is shown of an issue, to whom, and with what to tap."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from bot.actions.clocks import UNDONE, clock_of, resolve_due
from bot.actions.desk import Choices, Desk, choice
from bot.actions.privacy import erased, shown_reporter, viewers_of_issue
from bot.domain.alike import seen_from_outside, without_phones
from bot.domain.posts import Place, PostKind, committee_of, holders_at
from bot.domain.privacy import Datum
from bot.domain.privacy import may_see as may_see_datum
from bot.domain.proxies import ASKED
from bot.domain.transitions import REOPEN_WITHIN, Action, Role, State
from bot.storage.issues import Event, Issue
from bot.texts import short

RATINGS = ("satisfied", "fair", "dissatisfied")
NOTES_MOST = 2
"""Notes that stand on the card."""
MERGED_MOST = 3
"""Merged issues that stand on the card of the one they belong to."""
CARD_MOST = 700
"""UTF-16 units of the report that stand on the card (card.issue); what is longer can be had in full."""


async def speaker_of(desk: Desk, issue: Issue) -> int:
    """Who hears of an issue as its reporter, and answers: whoever entered it while the bot cannot reach them.

    Nobody speaks for another where it is about themselves (C10).
    """
    proxy = issue.proxy
    if proxy is None or await desk.addressee(issue.reporter_id) is not None:
        return issue.reporter_id
    concerned = (await desk.store.issues.parts(issue.id))["concerned"]
    return issue.reporter_id if proxy.person_id in concerned else proxy.person_id


def is_reporters(event: Event, issue: Issue) -> bool:
    """Whether something was done by the reporter, or in their name."""
    return event.actor_id == issue.reporter_id or bool(event.facts.get("by_proxy"))


async def for_whom(desk: Desk, issue: Issue, person_id: int) -> dict[str, object] | None:
    """For whom this person entered the report, as the `whom` filter takes it; None for everybody else."""
    if issue.proxy is None or issue.proxy.person_id != person_id:
        return None
    name = (await desk.store.people.details(issue.reporter_id)).name
    return {"name": name, "home": await _home(desk, issue.proxy.unit_id), "came_by": ""}


async def _home(desk: Desk, unit_id: int | None) -> dict[str, object] | None:
    place = await desk.store.places.unit(unit_id) if unit_id else None
    return await desk.place_facts(place) if place else None


async def roles_of(desk: Desk, issue: Issue, actor_id: int | None) -> set[Role]:
    """What somebody is to an issue; whom it is about is nothing to it, unless they reported it (C10)."""
    if actor_id is None:
        return {Role.CLOCK}
    is_reporter = actor_id in (issue.reporter_id, await speaker_of(desk, issue))
    roles = {Role.REPORTER} if is_reporter else set()
    parts = await desk.store.issues.parts(issue.id)
    if actor_id in parts["concerned"]:
        return roles
    if actor_id == issue.handler_id:
        roles.add(Role.HANDLER)
    holders = await desk.holders(issue.place.compound_id)
    if any(holder.person_id == actor_id for holder in committee_of(holders)):
        roles.add(Role.COMMITTEE)
    if actor_id in parts["helps"] and any(holder.person_id == actor_id for holder in holders):
        roles.add(Role.HELPER)
    if not (is_reporter or issue.is_private or Role.HANDLER in roles):
        roles |= {Role.FOLLOWER} if actor_id in parts["affected"] else set()
        roles |= {Role.NEIGHBOUR} if await _lives_in(desk, issue.place.compound_id, actor_id) else set()
    return roles


async def _lives_in(desk: Desk, compound_id: int, person_id: int) -> bool:
    homes = await desk.store.people.residencies(person_id)
    return any(home.compound_id == compound_id and home.state == "approved" for home in homes)


async def may_see(desk: Desk, issue: Issue, person_id: int) -> bool:
    """Whether this person may open an issue at all.

    Those may who take part in it, are the committee, or the deputy who is told when it is late; who stands
    in for its handler; who follows it or has met the same, unless it is private.
    """
    roles = await roles_of(desk, issue, person_id)
    return bool(roles - {Role.NEIGHBOUR}) or person_id in await _onlookers(desk, issue)


async def is_outside(desk: Desk, issue: Issue, person_id: int) -> bool:
    """Whether somebody looks at an issue as a neighbour: the matter is theirs too, the talk is not."""
    if person_id in (issue.handler_id, issue.reporter_id):
        return False
    roles = await roles_of(desk, issue, person_id)
    return roles <= {Role.FOLLOWER, Role.NEIGHBOUR} and person_id not in await _onlookers(desk, issue)


async def _onlookers(desk: Desk, issue: Issue) -> frozenset[int]:
    parts = await desk.store.issues.parts(issue.id)
    holders = await desk.holders(issue.place.compound_id)
    deputies = {holder.person_id for holder in holders_at(PostKind.DEPUTY_LEADER, issue.place, holders)}
    deputies |= {holder.person_id for holder in holders if holder.acting_for == issue.handler_id}
    onlookers = deputies if issue.is_private else deputies | parts["follows"]
    return frozenset(onlookers - parts["concerned"])


async def facts_of(desk: Desk, issue: Issue) -> dict[str, object]:
    """What the templates may say of an issue to anybody who may see it."""
    clock = await clock_of(desk, issue)
    handler = await desk.store.people.details(issue.handler_id)
    holders = await desk.holders(issue.place.compound_id)
    return {
        "number": issue.number,
        "category": issue.category,
        "urgency": issue.urgency,
        "state": issue.state.value,
        "text": issue.text,
        "erased": await erased(desk, issue),
        "place": await desk.place_facts(issue.place),
        "handler": handler.name,
        "handler_post": issue.handler_post,
        "is_handler_away": any(one.person_id == issue.handler_id and one.is_away for one in holders),
        "timezone": await desk.timezone(issue.place.compound_id),
        "filed_at": issue.filed_at,
        "accept_due": clock.due() if issue.state == State.OPEN else None,
        "is_late": issue.state in UNDONE and clock.fraction_at(desk.now) >= 1,
        "resolve_due": await resolve_due(desk, issue),
        "resolution": issue.resolution,
        "closed_how": issue.closed_how,
        "reopen_count": issue.reopen_count,
        "rating": issue.rating,
        "nudged_at": issue.nudged_at,
        "wake_at": issue.wake_at,
        "referred_to": issue.referred_to,
        "external_reference": issue.external_reference,
        "main": (await root_of(desk, issue)).number if issue.duplicate_of else "",
        **await _question(desk, issue),
    }


async def root_of(desk: Desk, issue: Issue) -> Issue:
    """The issue this one was merged into in the end; itself where it was not."""
    while issue.duplicate_of is not None:
        main = await desk.store.issues.get(issue.duplicate_of)
        if main is None:
            break
        issue = main
    return issue


async def outside_facts(desk: Desk, issue: Issue) -> dict[str, object]:
    """What the templates may say of an issue to neighbours: no home, no phone, no name but the handler's."""
    return {
        **await facts_of(desk, issue),
        "text": without_phones(issue.text),
        "place": await desk.place_facts(seen_from_outside(issue.place)),
        "question": "",
        "households": await desk.store.issues.households(issue.id),
    }


async def seen_of(desk: Desk, issue: Issue, person_id: int) -> tuple[Place, str]:
    """Where an issue is and what it says, as this person may know it."""
    if await is_outside(desk, issue, person_id):
        return seen_from_outside(issue.place), without_phones(issue.text)
    return issue.place, issue.text


async def facts_for(desk: Desk, issue: Issue, person_id: int) -> dict[str, object]:
    """What the templates may say of an issue to this person, who may see it."""
    look = outside_facts if await is_outside(desk, issue, person_id) else facts_of
    return await look(desk, issue)


async def _question(desk: Desk, issue: Issue) -> dict[str, object]:
    """What the reporter was asked, and when, while their answer is waited for."""
    nothing: dict[str, object] = {"question": "", "asked_at": None}
    if issue.state != State.WAITING_REPORTER:
        return nothing
    history = await desk.store.issues.history(issue.id)
    asked = [event for event in history if event.action == Action.REQUEST_INFO]
    return {"question": asked[-1].text, "asked_at": asked[-1].at} if asked else nothing


async def history_for(desk: Desk, issue: Issue, person_id: int) -> list[Event]:
    """What happened, as far as it is this person's business.

    That the handler asked a colleague for a hand is known to the two of them and to nobody else; how a rating
    was explained, to the reporter, the handler and the committee. Neighbours learn where it stood when, and
    read what they have said themselves.
    """
    history = await desk.store.issues.history(issue.id)
    if await is_outside(desk, issue, person_id):
        return [
            event if event.actor_id == person_id else replace(event, text="")
            for event in history
            if event.actor_id == person_id or event.from_state != event.to_state
        ]
    roles = await roles_of(desk, issue, person_id)
    kept_from: list[Action] = []
    if not roles & {Role.HANDLER, Role.HELPER}:
        kept_from += (Action.ASK_HELP, Action.HELP)
    if not roles & {Role.REPORTER, Role.HANDLER, Role.COMMITTEE}:
        kept_from.append(Action.RATE_WORDS)
    return [event for event in history if event.action not in kept_from]


def may_read_notes(roles: Collection[Role]) -> bool:
    """Notes are for those in charge; whoever reported it reads them only where it is theirs to handle."""
    return Role.HANDLER in roles or (
        Role.REPORTER not in roles and (Role.COMMITTEE in roles or Role.HELPER in roles)
    )


async def notes_for(desk: Desk, issue: Issue, person_id: int) -> list[dict[str, object]]:
    """What those in charge wrote to each other, oldest first; nothing for anybody else."""
    if not may_read_notes(await roles_of(desk, issue, person_id)):
        return []
    return [
        {"name": (await desk.store.people.details(note.author_id)).name, "text": note.text, "at": note.at}
        for note in await desk.store.threads.notes(issue.id)
    ]


async def tell_about(
    desk: Desk,
    issue: Issue,
    person_id: int,
    message: str,
    facts: Mapping[str, object] | None = None,
    *,
    choices: Choices = (),
    card_key: str | None = None,
    dedupe_key: str | None = None,
) -> bool:
    """Tell a person something about an issue, with all its facts at hand."""
    return await desk.tell(
        person_id,
        message,
        {**await facts_of(desk, issue), **(facts or {})},
        choices=choices,
        card_key=card_key,
        dedupe_key=dedupe_key,
        issue_id=issue.id,
    )


async def tell_reporter(
    desk: Desk,
    issue: Issue,
    message: str,
    facts: Mapping[str, object] | None = None,
    *,
    choices: Choices = (),
    card_key: str | None = None,
    dedupe_key: str | None = None,
) -> None:
    """Tell the reporter something about their issue; who speaks for them is asked to pass it on."""
    person_id = await speaker_of(desk, issue)
    addressee = await desk.addressee(person_id)
    if addressee is None:
        return
    told = {**await facts_of(desk, issue), **(facts or {})}
    if person_id != issue.reporter_id:
        words = desk.texts.render(desk.locale(addressee), message, **told)
        told = {"html": words, "for_whom": await for_whom(desk, issue, person_id)}
        message, choices = "proxies.pass_on", (*choices, *await phone_choice(desk, issue))
    await desk.tell(
        person_id,
        message,
        told,
        choices=choices,
        card_key=card_key,
        dedupe_key=dedupe_key,
        issue_id=issue.id,
    )


async def phone_choice(desk: Desk, issue: Issue) -> Choices:
    """The way to the reporter's phone for who speaks for them; nothing where none is known."""
    known = await desk.store.people.details(issue.reporter_id)
    if not known.phone:
        return ()
    return ((choice("proxy_phone", "proxy.phone", issue.id, name=short(known.name, 10)),),)


def card_key(issue_id: int) -> str:
    """Under which name a chat remembers the card of an issue."""
    return f"issue:{issue_id}"


def card_choices(issue: Issue, person_id: int, roles: Collection[Role]) -> Choices:
    """What can be tapped on the card in this state: by the handler (L1), the committee, or who looks on.

    At most four rows; what is rarely needed waits behind "more".
    """
    if issue.duplicate_of is not None and {Role.HANDLER, Role.COMMITTEE}.intersection(roles):
        unmerge = choice("unmerge", "issue.unmerge", issue.id)
        return ((unmerge, choice("history", "issue.history", issue.id)),)
    *rows, last = _deeds(issue, person_id, roles)
    if short(issue.text, CARD_MOST) != issue.text:
        last = (*last, choice("whole_text", "issue.text", issue.id))
    return (*rows, last)


def _deeds(issue: Issue, person_id: int, roles: Collection[Role]) -> Choices:
    number, is_committee = issue.id, Role.COMMITTEE in roles
    history = choice("history", "issue.history", number)
    more = choice("more", "issue.more", number)
    transfer = choice("transfer", "issue.transfer", number)
    if person_id != issue.handler_id:
        if Role.HELPER in roles and issue.state in UNDONE:
            own = (transfer, more) if is_committee else (choice("notes", "issue.notes", number), history)
            return ((choice("reply", "issue.reply", number),), own)
        if is_committee and issue.state in UNDONE:
            return ((transfer, more),)
        if is_committee and issue.state == State.CLOSED:
            return ((choice("reopen", "issue.reopen", number), history),)
        return ((history,),)
    if issue.state == State.OPEN:
        return (
            (choice("accept", "issue.accept", number),),
            (transfer, choice("decline", "issue.decline", number)),
            (more,),
        )
    if issue.state in UNDONE:
        refer = choice("refer", "issue.refer", number)
        postponed = {
            State.ACCEPTED: (
                (choice("request_info", "issue.ask", number), choice("schedule", "issue.schedule", number)),
                (refer, transfer),
            ),
            State.WAITING_REPORTER: ((transfer,),),
            State.WAITING_EXTERNAL: (
                (choice("wait_on", "issue.wait", number), choice("reference", "issue.reference", number)),
                (choice("take_back_issue", "issue.resume", number), transfer),
            ),
            State.SCHEDULED: (
                (choice("begin_now", "issue.resume", number), choice("reschedule", "issue.schedule", number)),
                (refer, transfer),
            ),
        }
        return (
            (choice("resolve", "issue.resolve", number), choice("reply", "issue.reply", number)),
            *postponed[issue.state],
            (more,),
        )
    if issue.state == State.RESOLVED:
        return ((choice("reply", "issue.reply", number), history),)
    return ((choice("reopen", "issue.reopen", number), history),) if is_committee else ((history,),)


_NO_TALK = ("file", Action.NOTE_REFERENCE, Action.RATE_WORDS)
"""Whose words stand elsewhere on the card."""


async def card_facts(desk: Desk, issue: Issue, person_id: int) -> dict[str, object]:
    """What stands on the card: the matter, who reports, where it stands, and the last words exchanged."""
    history = await history_for(desk, issue, person_id)
    roles = await roles_of(desk, issue, person_id)
    photos = [one for one in await desk.store.issues.attachments(issue.id) if one.action == "file"]
    # Where no word was said to a merged one, its event only has the number.
    said = [event for event in history if event.text and event.text != event.facts.get("main")]
    talk = [event for event in said if event.action not in _NO_TALK][-3:]
    return {
        **await facts_of(desk, issue),
        "reporter": await shown_reporter(desk, issue, person_id),
        "shown_as": issue.shown_as,
        "reporter_approved": issue.reporter_approved,
        "photos": len(photos),
        "proxy": await _proxy_facts(desk, issue, person_id),
        "is_mine": person_id == issue.handler_id,
        "households": await desk.store.issues.households(issue.id),
        "merged": [
            {"number": one.number, "text": one.text}
            for one in (await desk.store.issues.merged_into(issue.id))[:MERGED_MOST]
        ],
        "rating_words": issue.rating_words if roles & {Role.HANDLER, Role.COMMITTEE} else "",
        "talk": [
            {
                "from_reporter": is_reporters(event, issue),
                "from_neighbour": event.action == Action.FOLLOW,
                "action": event.action,
                # The words of the report as they are now stand above.
                "text": "" if event.facts.get("is_of_report") else event.text,
                "at": event.at,
            }
            for event in talk
        ],
        "notes": (await notes_for(desk, issue, person_id))[-NOTES_MOST:],
    }


async def card_from_outside(desk: Desk, issue: Issue, person_id: int) -> dict[str, object]:
    """What a neighbour is shown of an issue; whose it is only where the reporter allows it (R14)."""
    photos = [one for one in await desk.store.issues.attachments(issue.id) if one.action == "file"]
    return {
        **await outside_facts(desk, issue),
        "reporter": await shown_reporter(desk, issue, person_id),
        "photos": sum(one.kind == "photo" for one in photos),
    }


async def _proxy_facts(desk: Desk, issue: Issue, viewer_id: int) -> dict[str, object] | None:
    """By whom and how it was reported for another, and for whose home if this viewer may know that."""
    if issue.proxy is None:
        return None
    may_know = may_see_datum(Datum.UNIT, await viewers_of_issue(desk, viewer_id, issue))
    return {
        "by": (await desk.store.people.details(issue.proxy.person_id)).name,
        "source": issue.proxy.source,
        "home": await _home(desk, issue.proxy.unit_id) if may_know else None,
    }


async def redraw(desk: Desk, issue: Issue, person_id: int, *, anew: bool = False) -> None:
    """Bring somebody's card up to date: the same message is edited, or with `anew` a new one is sent.

    Who has no business with the issue any more reads only who has it now. Only the handler is sent a card
    they have not got.
    """
    choices: Choices = ()
    if not await may_see(desk, issue, person_id):
        message, facts = "issue.taken_over", await facts_of(desk, issue)
    elif await is_outside(desk, issue, person_id):
        message, facts = "alike.card", await card_from_outside(desk, issue, person_id)
        look = (choice("history", "issue.history", issue.id), choice("photos", "issue.photos", issue.id))
        leave = () if issue.state == State.CLOSED else ((choice("unfollow", "issue.unfollow", issue.id),),)
        choices = (*leave, look)
    else:
        message, facts = "card.issue", await card_facts(desk, issue, person_id)
        choices = card_choices(issue, person_id, await roles_of(desk, issue, person_id))
    await desk.tell(
        person_id,
        message,
        facts,
        choices=choices,
        card_key=card_key(issue.id),
        anew=anew,
        only_if_sent=not anew and person_id != issue.handler_id,
        issue_id=issue.id,
    )


async def bring_down(desk: Desk, issue: Issue, person_id: int) -> None:
    """Show somebody the card at the end of their chat; the one above, if any, points there: one is alive."""
    facts, key = {"number": issue.number}, card_key(issue.id)
    await desk.tell(person_id, "card.moved", facts, card_key=key, anew=False, only_if_sent=True)
    await redraw(desk, issue, person_id, anew=True)


async def hand_over(desk: Desk, issue: Issue, message: str, facts: Mapping[str, object]) -> None:
    """A new handler gets a word why, the photos, and the card."""
    await tell_about(desk, issue, issue.handler_id, message, facts)
    await show_photos(desk, issue, issue.handler_id)
    await bring_down(desk, issue, issue.handler_id)


async def show_photos(desk: Desk, issue: Issue, person_id: int) -> bool:
    """Show all photos of an issue, as far as one album holds them, and all voices; False without any.

    Neighbours see the photos of the report: a voice would tell whose it is.
    """
    attached = await desk.store.issues.attachments(issue.id)
    if await is_outside(desk, issue, person_id):
        attached = [one for one in attached if (one.action, one.kind) == ("file", "photo")]
    photos = [one.file for one in attached if one.kind == "photo"]
    await desk.show_photos(person_id, photos, issue_id=issue.id)
    for one in attached:
        if one.kind == "voice":
            await desk.play_voice(person_id, one.file, issue_id=issue.id)
    return bool(attached)


def verdict_key(issue_id: int) -> str:
    """Under which name the reporter's chat remembers the question whether it is fixed."""
    return f"verdict:{issue_id}"


async def redraw_verdict(desk: Desk, issue: Issue) -> None:
    """Bring the reporter's question whether it is fixed up to date; the same message is edited."""
    message, choices = "my.issue", await reporter_choices(desk, issue)
    speaker = await speaker_of(desk, issue)
    is_own_case = speaker == issue.handler_id and speaker != issue.reporter_id
    if issue.rating is not None:
        message = "issue.rated"
        choices = () if issue.rating_words else ((choice("rate_words", "issue.rate_words", issue.id),),)
    elif issue.closed_how in ("confirmed", "confirmed_by_proxy") and not is_own_case:
        message = "issue.thanks" if speaker == issue.reporter_id else "proxies.thanks"
        choices = tuple((choice(word, "issue.rate", issue.id, word),) for word in RATINGS)
    facts = {**await facts_of(desk, issue), "for_whom": await for_whom(desk, issue, speaker)}
    await desk.tell(
        speaker,
        message,
        facts,
        choices=choices,
        card_key=verdict_key(issue.id),
        anew=False,
        issue_id=issue.id,
    )


async def reporter_choices(desk: Desk, issue: Issue) -> Choices:
    """What the reporter, or who speaks for them, can do with the issue in this state."""
    number = issue.id
    if issue.state == State.WAITING_REPORTER:
        return (
            (choice("answer_question", "issue.answer", number),),
            (choice("withdraw", "issue.withdraw", number), choice("history", "issue.history", number)),
        )
    if issue.state == State.RESOLVED and await speaker_of(desk, issue) != issue.reporter_id:
        # Who asked says how: a word in another's name is worth that much.
        asked = tuple((choice(f"asked_by_{how}", "issue.vouch", number, how),) for how in ASKED)
        return (*asked, (choice("not_fixed", "issue.dispute", number),))
    if issue.state in UNDONE:
        return (
            (choice("nudge", "issue.nudge", number), choice("say_more", "issue.reply", number)),
            (choice("withdraw", "issue.withdraw", number), choice("history", "issue.history", number)),
        )
    if issue.state == State.RESOLVED:
        return (
            (choice("fixed", "issue.confirm", number),),
            (choice("not_fixed", "issue.dispute", number),),
        )
    if issue.closed_at and desk.now <= issue.closed_at + REOPEN_WITHIN:
        return ((choice("reopen", "issue.reopen", number), choice("history", "issue.history", number)),)
    return ((choice("history", "issue.history", number),),)
