"""Who comes to an activity, for those who run it: as lines and as a sheet (E3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from bot.actions.desk import Desk
from bot.domain.signups import LIVE, State
from bot.storage.activities import Activity, Signup

_ORDER = (State.CHECKED_IN, State.CONFIRMED, State.ASKED, State.WAITING)
_WIDTHS = {"A": 6, "B": 18, "C": 24, "D": 12, "E": 18}


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
    """An XLSX file with a line for each person; whatever people wrote stays text, never a formula."""
    book = Workbook(write_only=True)
    page = book.create_sheet()
    for column, width in _WIDTHS.items():
        page.column_dimensions[column].width = width
    page.append(desk.texts.render(locale, "activities.columns").split("|"))
    number = 0
    for one in await participants(desk, activity):
        where = desk.texts.label(locale, "where", place=one.place) if one.place else ""
        standing = desk.texts.label(locale, "standing", standing=one.signup.party.state.value)
        for name in one.signup.party.names:
            number += 1
            cells = [WriteOnlyCell(page, text) for text in (name, where, standing, one.host)]
            for cell in cells:
                cell.data_type = "s"
            page.append([number, *cells])
    file = BytesIO()
    book.save(file)
    return file.getvalue()
