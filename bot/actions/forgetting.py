"""Being forgotten (R17): what names somebody is erased, what is only counted stays."""

from contextlib import suppress

from bot.actions import activities
from bot.actions.appointing import post_facts
from bot.actions.cards import redraw, tell_about
from bot.actions.clocks import UNDONE
from bot.actions.desk import Desk, choice
from bot.actions.issues import act
from bot.actions.residents import call_off
from bot.domain import signups
from bot.domain.errors import Refused
from bot.domain.transitions import Action, State


async def check_free(desk: Desk, person_id: int) -> None:
    """Refuse while others rely on somebody. Refusals: `forget_in_post`, `forget_leads`."""
    for held in await desk.store.posts.of_person(person_id):
        post = await desk.store.posts.post(held.post_id)
        if post is not None:
            raise Refused("forget_in_post", **post_facts(post))
    for group in await desk.store.interest_groups.led_by(person_id):
        raise Refused("forget_leads", name=group.name)


async def forget(desk: Desk, person_id: int, source: str) -> None:
    """Erase everything that names a person or that they wrote, in the open transaction: all of it or nothing.

    Seats they had go to the next in line. Issues still open are withdrawn, or go on without the name where
    somebody else follows them; handlers are told. Nobody is asked about their home any more. Whatever waited
    to be sent to them is not sent. Who writes from the same account afterwards is somebody new. `source` is
    where it was asked: chat or command_line.
    Refusals: those of `check_free`.
    """
    await check_free(desk, person_id)
    homes = await desk.store.people.residencies(person_id)
    for signup_id in await desk.store.privacy.live_signups(person_id, desk.now):
        with suppress(Refused):
            await activities.do(desk, signup_id, person_id, signups.Action.WITHDRAW)
    going_on = await desk.store.privacy.going_on(person_id)
    # First the words: what handlers are shown from here on has none of them.
    await desk.store.privacy.forget(person_id, desk.now)
    for home in homes:
        if home.is_waiting:
            await call_off(desk, home)
    for issue_id in going_on:
        await _let_go(desk, issue_id, person_id)
    await desk.store.changes.record(
        homes[0].compound_id if homes else None,
        person_id if source == "chat" else None,
        source,
        "person.forgotten",
        person_id=person_id,
        now=desk.now,
    )
    desk.mail[:] = [mail for mail in desk.mail if mail.person_id != person_id]


async def _let_go(desk: Desk, issue_id: int, person_id: int) -> None:
    """End an issue whose reporter is gone, or leave it to those who follow it."""
    issue = await desk.store.issues.locked(issue_id)
    if issue is None:
        return
    parts = await desk.store.issues.parts(issue_id)
    if parts["follows"] | parts["affected"] and issue.state in UNDONE:
        await tell_about(
            desk,
            issue,
            issue.handler_id,
            "privacy.goes_on",
            choices=((choice("open_card", "issue.show", issue_id),),),
        )
        await redraw(desk, issue, issue.handler_id)
    elif issue.state == State.RESOLVED:
        # Nobody is left to say whether it is fixed: as with seven silent days.
        await act(desk, issue_id, None, Action.LAPSE)
    else:
        await act(desk, issue_id, person_id, Action.WITHDRAW)
