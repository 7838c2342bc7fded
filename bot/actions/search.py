"""Finding issues again: by their words, their number or their place, among those somebody may see."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from bot.actions.cards import is_outside, may_see
from bot.actions.desk import Desk
from bot.domain.alike import seen_from_outside, without_phones
from bot.domain.posts import Place
from bot.domain.searching import Matter, Wish, rarest, wishes
from bot.storage.chores import Chore
from bot.storage.issues import Issue
from bot.storage.search import GRAMS_ASKED
from bot.texts import LOCALES

FOUND_MOST = 60
"""As many are found at once; who gets so many has to say more."""
READ_MOST = 1000
"""Issues that are looked at for one way to understand a query."""
BATCH = 100
INDEX = "search.index"
"""The chore that makes findable what was reported before there was a search; its stage is an issue's id."""
INDEXED_AT_ONCE = 200
_NO_LIMIT = 2**53


# What an issue is found by -------------------------------------------------------------------------------


async def index(desk: Desk, issue: Issue) -> None:
    """From now on the issue is found by its words, number and place as they are now."""
    matter = await _matter(desk, issue, issue.text, issue.place)
    await desk.store.search.put(issue.place.compound_id, issue.id, matter.grams())


async def _matter(desk: Desk, issue: Issue, text: str, place: Place) -> Matter:
    names = await desk.store.places.names(place)
    kinds = {desk.texts.words(locale, f"categories.{issue.category}") for locale in LOCALES}
    return Matter((text, names.building, names.entrance, names.unit, *sorted(kinds)), issue.number, place)


async def index_some(desk: Desk, chore: Chore) -> None:
    """Make so many of the old issues findable, and put the row for the next ones."""
    ids = await desk.store.search.ids_after(chore.stage, INDEXED_AT_ONCE)
    for issue_id in ids:
        issue = await desk.store.issues.locked(issue_id)
        if issue is not None and issue.erased_at is None:
            await index(desk, issue)
    if len(ids) == INDEXED_AT_ONCE:
        await desk.store.chores.put(INDEX, chore.subject_id, desk.now, ids[-1])


CHORES: Mapping[str, Callable[[Desk, Chore], Awaitable[None]]] = {INDEX: index_some}


# Looking for it ------------------------------------------------------------------------------------------


async def find(desk: Desk, person_id: int, said: str) -> list[Issue]:
    """What somebody who typed this may mean, of what they may see, the newest first, at most FOUND_MOST."""
    found: dict[int, Issue] = {}
    for compound_id in await desk.store.search.compounds(person_id):
        register = await desk.store.places.register(compound_id)
        everywhere = await desk.store.search.is_committee(compound_id, person_id)
        for wish in wishes(said, compound_id, register):
            count = 0
            async for issue in _granting(desk, person_id, compound_id, wish, everywhere=everywhere):
                found[issue.id] = issue
                count += 1
                if count == FOUND_MOST:
                    break
    return sorted(found.values(), key=lambda issue: -issue.id)[:FOUND_MOST]


async def _granting(
    desk: Desk, person_id: int, compound_id: int, wish: Wish, *, everywhere: bool
) -> AsyncIterator[Issue]:
    """The issues of a compound that are meant by a wish, the newest first."""
    search = desk.store.search
    grams = rarest({one: await search.count(compound_id, one) for one in wish.grams()}, GRAMS_ASKED)
    before, read = _NO_LIMIT, 0
    while grams and read < READ_MOST:
        ids = await search.with_grams(
            compound_id, grams, person_id, everywhere=everywhere, before=before, most=BATCH
        )
        for issue_id in ids:
            issue = await desk.store.issues.get(issue_id)
            if issue is not None and await _is_meant(desk, person_id, issue, wish):
                yield issue
        if len(ids) < BATCH:
            return
        before, read = ids[-1], read + len(ids)


async def _is_meant(desk: Desk, person_id: int, issue: Issue, wish: Wish) -> bool:
    """Whether it is, as far as this person may know: a neighbour does not find a home or a phone in it."""
    matter = await _matter(desk, issue, issue.text, issue.place)
    if not (matter.is_meant_by(wish) and await may_see(desk, issue, person_id)):
        return False
    if await is_outside(desk, issue, person_id):
        matter = await _matter(desk, issue, without_phones(issue.text), seen_from_outside(issue.place))
    return matter.is_meant_by(wish)
