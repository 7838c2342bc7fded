"""Who is to hold a post next: proposed, asked, agreed, begun on its day; and terms that come to an end."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.actions.appointing import (
    ASK,
    TERM,
    appointment_of,
    await_term,
    by_night,
    install,
    managers_of,
    name_of,
    open_choice,
    post_facts,
    post_of,
    record_change,
    require,
    tell_appointed,
    timezone_of,
)
from bot.actions.desk import Desk, choice
from bot.domain.appointing import Deed
from bot.domain.errors import Refused
from bot.domain.posts import SHARED, committee_of
from bot.storage.chores import Chore
from bot.storage.posts import Plan, Post

BEGIN = "appointment.begin"
ANSWER_WITHIN = timedelta(days=3)
"""After this the committee learns that somebody has not answered."""
PLAN_LASTS = timedelta(days=14)
"""After this nobody takes up a post by an old button."""
AHEAD_MOST = timedelta(days=400)


# Asking -------------------------------------------------------------------------------------------------


async def first_state(desk: Desk, actor_id: int, post: Post) -> str:
    """How a plan of this person begins: "proposed" by who only holds the post, else "asked".

    Refusals: those of `require`.
    """
    try:
        await require(desk, Deed.APPOINT, actor_id, post)
    except Refused:
        await require(desk, Deed.PROPOSE, actor_id, post)
        return "proposed"
    return "asked"


async def check_candidate(desk: Desk, post: Post, person_id: int, *, is_deputy: bool) -> None:
    """Refuse whom there is no use in asking.

    Refusals: `not_a_candidate` (the bot cannot ask them), `already_in_post`, `plan_open` (with the `name` of
    whoever is being asked already).
    """
    if await desk.addressee(person_id) is None:
        raise Refused("not_a_candidate")
    for one in await desk.store.posts.appointments(post.id):
        if one.person_id == person_id and one.acting_for is None and (is_deputy or not one.is_deputy):
            raise Refused("already_in_post")
    is_for_one = post.kind not in SHARED and not is_deputy
    for plan in await desk.store.posts.plans(post.id):
        is_in_the_way = plan.person_id == person_id or (is_for_one and plan.state != "waiting")
        if plan.is_deputy == is_deputy and is_in_the_way:
            raise Refused("plan_open", name=await name_of(desk, plan.person_id))


async def propose(
    desk: Desk,
    actor_id: int,
    post_id: int,
    person_id: int,
    *,
    begins_at: datetime | None = None,
    term_until: datetime | None = None,
    is_deputy: bool = False,
) -> Plan:
    """Ask somebody to hold a post; until they agree (and the day has come) everything stays as it is.

    A holder who does not manage the post proposes a successor, and who manages it says yes or no first. Who
    appoints themselves need not be asked. Refusals: `no_such_post`, those of `first_state` and
    `check_candidate`, `begin_far`, `term_past`.
    """
    post = await post_of(desk, post_id)
    state = await first_state(desk, actor_id, post)
    await check_candidate(desk, post, person_id, is_deputy=is_deputy)
    begins = max(begins_at or desk.now, desk.now)
    if begins - desk.now > AHEAD_MOST:
        raise Refused("begin_far")
    if term_until is not None and term_until <= begins:
        raise Refused("term_past")
    plan = Plan(0, post.id, person_id, is_deputy, begins, term_until, actor_id, desk.now, state)
    plan = replace(plan, id=await desk.store.posts.put_plan(plan))
    await record_change(
        desk, post, actor_id, "chat", "post.planned", person_id, state=state, is_deputy=is_deputy
    )
    if state == "proposed":
        await _ask_managers(desk, post, plan)
        await desk.store.chores.put(ASK, plan.id, desk.now + ANSWER_WITHIN)
        return plan
    if person_id == actor_id:
        return await _agreed(desk, post, plan)
    await _ask(desk, post, plan)
    return plan


async def plan_facts(desk: Desk, post: Post, plan: Plan) -> dict[str, object]:
    """What the templates may say of a plan; `begins_at` is None for at once."""
    by = (await desk.store.people.details(plan.planned_by)).name if plan.planned_by else ""
    return {
        **post_facts(post),
        "name": (await desk.store.people.details(plan.person_id)).name,
        "by": by,
        "is_deputy": plan.is_deputy,
        "begins_at": plan.begins_at if plan.begins_at > plan.planned_at else None,
        "term_until": plan.term_until,
        "standing": plan.state,
        "timezone": await timezone_of(desk, post),
    }


async def _ask(desk: Desk, post: Post, plan: Plan) -> None:
    """Ask the person, who has all the time they want; the committee learns when it takes long."""
    await _show_asked(desk, post, plan, anew=True)
    await desk.store.chores.put(ASK, plan.id, desk.now + ANSWER_WITHIN)


async def _show_asked(desk: Desk, post: Post, plan: Plan, *, anew: bool) -> None:
    buttons = (choice("plan_accept", "plan.accept", plan.id), choice("plan_decline", "plan.decline", plan.id))
    await by_night(desk, post)
    await desk.tell(
        plan.person_id,
        "appointing.asked",
        {**await plan_facts(desk, post, plan), "duty": post.duty},
        choices=(buttons,) if plan.state == "asked" else (),
        card_key=f"plan:{plan.id}",
        anew=anew,
        only_if_sent=not anew,
    )


async def _ask_managers(desk: Desk, post: Post, plan: Plan, *, anew: bool = True) -> None:
    buttons = (choice("plan_confirm", "plan.confirm", plan.id), choice("plan_reject", "plan.reject", plan.id))
    await by_night(desk, post)
    for person_id in await managers_of(desk, post):
        await desk.tell(
            person_id,
            "appointing.proposed",
            await plan_facts(desk, post, plan),
            choices=(buttons,) if plan.state == "proposed" else (),
            card_key=f"proposal:{plan.id}",
            anew=anew,
            only_if_sent=not anew,
        )


async def _plan(desk: Desk, plan_id: int, *states: str) -> tuple[Post, Plan]:
    """A plan and its post, both locked. Refusals: `no_such_plan`, `plan_over` with where it stands."""
    plan = await desk.store.posts.plan(plan_id)
    if plan is None:
        raise Refused("no_such_plan")
    post = await post_of(desk, plan.post_id)
    if plan.state not in states:
        raise Refused("plan_over", standing=plan.state)
    return post, plan


async def _set(desk: Desk, post: Post, plan: Plan, state: str, actor_id: int | None, source: str) -> Plan:
    await desk.store.posts.set_plan(plan.id, state)
    await desk.store.chores.drop(ASK, plan.id)
    await desk.store.chores.drop(BEGIN, plan.id)
    if state != "begun":
        facts = {"state": state, "is_deputy": plan.is_deputy}
        await record_change(desk, post, actor_id, source, "post.planned", plan.person_id, **facts)
    return replace(plan, state=state)


async def confirm(desk: Desk, actor_id: int, plan_id: int, *, agrees: bool) -> Plan:
    """Who manages the post says yes or no to a successor its holder proposed; then that one is asked.

    Refusals: those of `_plan` and `require`.
    """
    post, plan = await _plan(desk, plan_id, "proposed")
    await require(desk, Deed.APPOINT, actor_id, post)
    plan = await _set(desk, post, plan, "asked" if agrees else "withdrawn", actor_id, "chat")
    await _ask_managers(desk, post, plan, anew=False)
    if agrees:
        await _ask(desk, post, plan)
    if plan.planned_by is not None:
        facts = {**await plan_facts(desk, post, plan), "decided_by": await name_of(desk, actor_id)}
        await desk.tell(plan.planned_by, "appointing.decided", facts)
    return plan


async def answer(desk: Desk, person_id: int, plan_id: int, *, agrees: bool) -> Plan:
    """The person asked says yes or no; with yes they hold the post at once, or from the day agreed on.

    Refusals: those of `_plan`; a plan for somebody else does not exist.
    """
    asked = await desk.store.posts.plan(plan_id)
    if asked is None or asked.person_id != person_id:
        raise Refused("no_such_plan")
    post, plan = await _plan(desk, plan_id, "asked")
    former = await desk.store.posts.holder_ids(post.id)
    if agrees:
        plan = await _agreed(desk, post, plan)
    else:
        plan = await _set(desk, post, plan, "declined", person_id, "chat")
    await _show_asked(desk, post, plan, anew=False)
    left = set(former) - set(await desk.store.posts.holder_ids(post.id))
    if plan.planned_by not in left:
        # Who handed over what they held has been told that it is over, and by whom it is held now.
        await _tell_planner(desk, post, plan, "appointing.answered", but=person_id)
    return plan


async def _agreed(desk: Desk, post: Post, plan: Plan) -> Plan:
    if plan.begins_at > desk.now:
        plan = await _set(desk, post, plan, "waiting", plan.person_id, "chat")
        await desk.store.chores.put(BEGIN, plan.id, plan.begins_at)
        return plan
    return await _begin(desk, post, plan, "chat")


async def _begin(desk: Desk, post: Post, plan: Plan, source: str) -> Plan:
    plan = await _set(desk, post, plan, "begun", plan.person_id, source)
    await install(
        desk,
        post,
        plan.person_id,
        actor_id=plan.planned_by,
        source=source,
        is_deputy=plan.is_deputy,
        term_until=plan.term_until,
    )
    return plan


async def _tell_planner(desk: Desk, post: Post, plan: Plan, message: str, *, but: int | None = None) -> None:
    """Tell who planned it, or who manages the post where that one is gone."""
    people = await managers_of(desk, post)
    if plan.planned_by is not None and await desk.addressee(plan.planned_by) is not None:
        people = [plan.planned_by]
    for person_id in people:
        if person_id != but:
            await desk.tell(person_id, message, await plan_facts(desk, post, plan), choices=open_choice(post))


async def withdraw(desk: Desk, actor_id: int, plan_id: int) -> Plan:
    """Take a plan back: by who manages the post, or who made it. Refusals: those of `_plan` and `require`."""
    post, plan = await _plan(desk, plan_id, "proposed", "asked", "waiting")
    if actor_id != plan.planned_by:
        await require(desk, Deed.APPOINT, actor_id, post)
    before = plan.state
    plan = await _set(desk, post, plan, "withdrawn", actor_id, "chat")
    await _ask_managers(desk, post, plan, anew=False)
    if before != "proposed":
        await _show_asked(desk, post, plan, anew=False)
        if plan.person_id != actor_id:
            await desk.tell(plan.person_id, "appointing.called_off", await plan_facts(desk, post, plan))
    return plan


async def begin(desk: Desk, chore: Chore) -> None:
    """The day has come: who agreed holds the post, unless they are no longer there."""
    plan = await desk.store.posts.plan(chore.subject_id)
    if plan is None or plan.state != "waiting":
        return
    post = await post_of(desk, plan.post_id)
    if await desk.addressee(plan.person_id) is None:
        plan = await _set(desk, post, plan, "withdrawn", None, "clock")
        await by_night(desk, post)
        await _tell_planner(desk, post, plan, "appointing.not_there")
        return
    await _begin(desk, post, plan, "clock")
    await tell_appointed(desk, post, plan.person_id, is_deputy=plan.is_deputy)


async def unanswered(desk: Desk, chore: Chore) -> None:
    """Nobody has answered for days: the committee is told, and in the end the question is taken back."""
    plan = await desk.store.posts.plan(chore.subject_id)
    if plan is None:
        return
    post = await post_of(desk, plan.post_id)
    await by_night(desk, post)
    if plan.state not in ("proposed", "asked"):
        # Somebody else has come meanwhile: the buttons go.
        await _show_asked(desk, post, plan, anew=False)
        await _ask_managers(desk, post, plan, anew=False)
        return
    if chore.stage:
        plan = await _set(desk, post, plan, "withdrawn", None, "clock")
        await _show_asked(desk, post, plan, anew=False)
        await _ask_managers(desk, post, plan, anew=False)
        await _tell_planner(desk, post, plan, "appointing.unanswered")
        return
    if plan.state == "proposed":
        await _ask_managers(desk, post, plan)
    else:
        await _tell_planner(desk, post, plan, "appointing.unanswered")
    await desk.store.chores.put(ASK, plan.id, plan.planned_at + PLAN_LASTS, 1)


# Terms --------------------------------------------------------------------------------------------------


async def term_ends(desk: Desk, chore: Chore) -> None:
    """Ask the committee whether somebody stays; nobody is dismissed by the clock."""
    mine = await desk.store.posts.appointment(chore.subject_id)
    post = await desk.store.posts.post(mine.post_id) if mine else None
    if mine is None or post is None or mine.term_until is None:
        return
    facts = {
        **post_facts(post),
        "name": await name_of(desk, mine.person_id),
        "term_until": mine.term_until,
        "timezone": await timezone_of(desk, post),
    }
    rows = (
        (
            choice("term_stays", "post.term", post.id, mine.person_id),
            choice("post_replace", "post.appoint", post.id),
        ),
        (choice("term_vacant", "post.end", post.id, mine.person_id),),
    )
    await by_night(desk, post)
    people = dict.fromkeys(await managers_of(desk, post))
    if post.compound_id is not None:
        people |= dict.fromkeys(one.person_id for one in committee_of(await desk.holders(post.compound_id)))
    for person_id in people:
        await desk.tell(person_id, "appointing.term_ends", facts, choices=rows)
    if not chore.stage:
        await await_term(desk, post, mine.id, mine.term_until)


async def set_term(
    desk: Desk, post_id: int, person_id: int, until: datetime | None, *, actor_id: int | None, source: str
) -> None:
    """Until when somebody's time was agreed; None for no end.

    Refusals: `no_such_post`, `not_in_post`, `term_past`, those of `require`.
    """
    post = await post_of(desk, post_id)
    if actor_id is not None:
        await require(desk, Deed.APPOINT, actor_id, post)
    mine = await appointment_of(desk, post, person_id)
    if until is not None and until <= desk.now:
        raise Refused("term_past")
    await desk.store.posts.set_term(mine.id, until)
    await await_term(desk, post, mine.id, until)
    await record_change(desk, post, actor_id, source, "post.term", person_id)


CHORES = {ASK: unanswered, BEGIN: begin, TERM: term_ends}
