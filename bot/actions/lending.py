"""The right to announce, lent by the committee to one person for a day at most (A8)."""

from datetime import datetime

from bot.actions.audiences import audience_facts, known_of, officer_of
from bot.actions.desk import Desk, choice
from bot.actions.interest_groups import is_committee
from bot.domain.announcing import lend, revoke
from bot.domain.audiences import Audience
from bot.domain.errors import Refused
from bot.storage.loans import Lent


async def committees_of(desk: Desk, person_id: int) -> list[int]:
    """The compounds this person speaks for."""
    posts = await desk.store.posts.of_person(person_id)
    ids = dict.fromkeys(post.compound_id for post in posts)
    return [one for one in ids if await is_committee(desk, person_id, one)]


async def lent_in(desk: Desk, person_id: int) -> list[Lent]:
    """What is lent now in the compounds this person speaks for. Refusals: `loan_committee_only`."""
    compounds = await committees_of(desk, person_id)
    if not compounds:
        raise Refused("loan_committee_only")
    return [
        one for compound_id in compounds for one in await desk.store.loans.of_compound(compound_id, desk.now)
    ]


async def facts_of(desk: Desk, lent: Lent) -> dict[str, object]:
    """What the templates may say of a loan; `audience` is None when some of it is no longer there."""
    return {
        "name": (await desk.store.people.details(lent.loan.person_id)).name,
        "lender": (await desk.store.people.details(lent.loan.by)).name,
        "audience": await audience_facts(desk, lent.compound_id, lent.loan.audience),
        "until": lent.loan.until,
        "timezone": await desk.timezone(lent.compound_id),
    }


async def lend_right(
    desk: Desk, lender_id: int, compound_id: int, person_id: int, audience: Audience, until: datetime
) -> Lent:
    """Lend somebody of the compound the right to announce to this audience; they are told.

    Refusals: `loan_committee_only`, `loan_nobody` (not of the compound, or not on the bot), those of
    `announcing.lend`.
    """
    if not await is_committee(desk, lender_id, compound_id):
        raise Refused("loan_committee_only")
    people = await desk.store.interest_groups.candidates(compound_id, desk.rules.channel)
    if person_id not in [one.person_id for one in people]:
        raise Refused("loan_nobody")
    known, officer = await known_of(desk, compound_id), await officer_of(desk, compound_id, lender_id)
    loan = lend(officer, person_id, audience, until, desk.now, known.register)
    lent = Lent(await desk.store.loans.put(compound_id, loan), compound_id, loan)
    rows = ((choice("give_back", "loan.end", lent.id),),)
    await desk.tell(person_id, "lending.lent_to_you", await facts_of(desk, lent), choices=rows)
    return lent


async def end(desk: Desk, actor_id: int, loan_id: int) -> Lent:
    """Take the right back, or give it back; the others concerned are told.

    Refusals: `no_such_loan` (also for who has no part in it), `loan_over`.
    """
    lent = await desk.store.loans.get(loan_id)
    if lent is None:
        raise Refused("no_such_loan")
    in_committee = await is_committee(desk, actor_id, lent.compound_id)
    if actor_id not in (lent.loan.by, lent.loan.person_id) and not in_committee:
        raise Refused("no_such_loan")
    if lent.loan.revoked_at is not None or lent.loan.until <= desk.now:
        raise Refused("loan_over")
    revoke(lent.loan, actor_id, desk.now, in_committee=in_committee)
    await desk.store.loans.revoke(lent.id, actor_id, desk.now)
    facts = {**await facts_of(desk, lent), "by": (await desk.store.people.details(actor_id)).name}
    if actor_id != lent.loan.person_id:
        await desk.tell(lent.loan.person_id, "lending.taken_back", facts)
    if actor_id != lent.loan.by:
        await desk.tell(lent.loan.by, "lending.ended", facts)
    return lent
