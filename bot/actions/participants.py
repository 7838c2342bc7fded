"""Who comes to an activity, for those who run it: as lines and as a sheet (E3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.actions.desk import Desk
from bot.actions.workbooks import Sheet, xlsx
from bot.domain.signups import LIVE, State
from bot.storage.activities import Activity, Signup

_ORDER = (State.CHECKED_IN, State.CONFIRMED, State.ASKED, State.WAITING)
_WIDTHS = (6, 18, 24, 12, 18)


@dataclass(frozen=True, slots=True)
class Participant:
    """A party with the home it comes from, as the `place` filter takes it, and who signed up guests."""

    signup: Signup
    place: Mapping[str, object] | None
    host: str


async def participants(desk: Desk, activity: Activity) -> list[Participant]:
    """Every party that has or wants a seat, those with one first, each in order."""
    signups = [one for one in await desk.store.activities.signups(activity.id) if one.party.state in LIVE]
    signups.sort(key=lambda one: (_ORDER.index(one.party.state), one.party.order))
    return [await _participant(desk, signup) for signup in signups]


async def _participant(desk: Desk, signup: Signup) -> Participant:
    kind, _, number = str(signup.party.household_id).partition(":")
    place = await desk.store.places.unit(int(number)) if kind == "unit" else None
    host = (await desk.store.people.details(signup.party.signed_by)).name if kind == "guests" else ""
    return Participant(signup, await desk.place_facts(place) if place else None, host)


async def sheet(desk: Desk, activity: Activity, locale: str) -> bytes:
    """An XLSX file with a line for each person."""
    lines: list[list[str | int]] = [[*desk.texts.render(locale, "activities.columns").split("|")]]
    for one in await participants(desk, activity):
        where = desk.texts.label(locale, "where", place=one.place) if one.place else ""
        standing = desk.texts.label(locale, "standing", standing=one.signup.party.state.value)
        for name in one.signup.party.names:
            lines.append([len(lines), name, where, standing, one.host])
    return xlsx([Sheet(_WIDTHS, lines)])
