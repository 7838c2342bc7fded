"""Writes everything of the compounds into a workbook, the register with the headings an import takes (O1)."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils.exceptions import WorkbookAlreadySaved
from openpyxl.workbook import Workbook

from bot.domain.household_sheets import names_in, phones_in
from bot.domain.sheets import COLUMNS, LAYOUT, Watch, is_phone, unwatched
from bot.spreadsheets.marking import column_name, save
from bot.storage.directory import Directory, Office
from bot.storage.engine import from_micros
from bot.storage.places import Compound
from bot.storage.store import Store
from bot.texts import Texts

_RESIDENTS = "compound building entrance unit name phone kind"
BESIDE: Mapping[str, str] = {
    "joined": "compound building entrance unit name phone kind state asked_at decided_at",
    "appointments": "compound post building entrance name is_deputy acting_for starts_at ends_at term_until",
    "issues": (
        "compound number category urgency state place building entrance unit handler_post handler filed_at "
        "accepted_at resolved_at closed_at resolution rating reopen_count text"
    ),
    "activities": "compound title place state starts_at ends_at capacity parties",
}
"""Sheets beside the register: those the import passes over."""
_WORDS: Mapping[tuple[str, str], str] = {
    ("issues", "category"): "categories.",
    ("issues", "urgency"): "sheets.urgency_",
    ("issues", "state"): "states.",
    ("issues", "place"): "sheets.place_",
    ("issues", "resolution"): "sheets.resolution_",
    ("issues", "rating"): "sheets.rating_",
    ("activities", "state"): "sheets.activity_",
}
"""What tells a code of that sheet and column in words: the beginning of the message's name."""


async def export(
    store: Store,
    compounds: Sequence[Compound],
    target: Path,
    texts: Texts,
    locale: str,
    *,
    with_texts: bool = False,
    watch: Watch = unwatched,
) -> dict[str, int]:
    """Write the compounds with their communities into a workbook; gives the number of lines of each sheet.

    The register, imported again, changes nothing. What is no part of it stands on sheets of its own: who is
    on the bot, who held which post, issues, activities. What people wrote is left out, except `with_texts`.
    Nothing becomes a formula, and the file is readable by its owner alone. Raises OperatorError when it
    cannot be written.
    """
    book = _Book(store, compounds, texts, locale)
    sheets = {**LAYOUT, "residents": _RESIDENTS, **BESIDE}
    counts: dict[str, int] = {}
    try:
        for number, (kind, layout) in enumerate(sheets.items(), start=1):
            columns = [column for column in layout.replace("|", "").split() if column != "text" or with_texts]
            counts[kind] = await book.sheet(kind, columns)
            watch(number, len(sheets))
        save(book.workbook, target)
    finally:
        book.close()
    return counts


_Cells = Mapping[str, object]


class _Book:
    """The workbook while it is written, line by line."""

    def __init__(self, store: Store, compounds: Sequence[Compound], texts: Texts, locale: str) -> None:
        self.workbook = Workbook(write_only=True)
        self._directory = Directory(store.connection)
        self._compounds = compounds
        self._texts = texts
        self._locale = locale

    async def sheet(self, kind: str, columns: Sequence[str]) -> int:
        """Write one sheet; gives the number of its lines."""
        table = self.workbook.create_sheet(self._say(f"sheets.sheet_{kind}"))
        table.freeze_panes = "A2"
        table.append([self._heading(column) for column in columns])
        count = 0
        async for row in self._rows(kind):
            cells = [self._value(row.get(column), kind, column) for column in columns]
            table.append([_inert(table, one) if isinstance(one, str) else one for one in cells])
            count += 1
        return count

    def close(self) -> None:
        """Let go of what was not saved: sheets left open complain about it when the program ends."""
        for table in self.workbook.worksheets:
            # What saving failed at is told already.
            with suppress(OSError, ValueError, WorkbookAlreadySaved):
                table.close()

    def _say(self, message: str) -> str:
        return self._texts.words(self._locale, message)

    def _heading(self, column: str) -> str:
        in_register = column in COLUMNS
        return (
            column_name(column, self._texts, self._locale)
            if in_register
            else self._say(f"sheets.head_{column}")
        )

    def _value(self, value: object, sheet: str, column: str) -> str | int:
        """What stands in a cell: instants in local time, yes and no, and our codes in words."""
        match value:
            case None | "":
                return ""
            case bool():
                return self._say("sheets.yes" if value else "sheets.no")
            case datetime():
                return f"{value:%Y-%m-%d}" if column == "term_until" else f"{value:%Y-%m-%d %H:%M}"
            case int():
                return value
        return self._in_words(str(value), sheet, column)

    def _in_words(self, value: str, sheet: str, column: str) -> str:
        """A code in the words people use; anything else as it is."""
        if column == "kind":
            return self._say(f"labels.kind_{value}")
        if (sheet, column) == ("joined", "state"):
            return self._texts.words(self._locale, "privacy.home_standing", state=value)
        if (sheet, column) in _WORDS:
            return self._say(f"{_WORDS[sheet, column]}{value}")
        if column in ("post", "handler_post") and self._locale != "en":
            # In English our own word: sheets are not expected to call a post anything else.
            return self._say(f"posts.{value}")
        return value

    async def _rows(self, kind: str) -> AsyncIterator[_Cells]:
        """The lines of a sheet by column."""
        members = {one.community_id: one for one in self._compounds}
        communities = {one.id: one for one in await self._directory.communities() if one.id in members}
        for community in communities.values():
            if kind == "communities":
                yield {"code": community.code, "name": community.name}
            elif kind == "posts":
                zone = ZoneInfo(members[community.id].timezone)
                for row in await self._posts(None, community.id, zone):
                    yield {"community": community.code, **row}
        for compound in self._compounds:
            if kind == "compounds":
                above = communities.get(compound.community_id or 0)
                yield {**asdict(compound), "community": above and above.code}
            elif kind != "communities":
                async for row in self._of_compound(kind, compound):
                    yield {"compound": compound.code, **row}

    async def _of_compound(self, kind: str, compound: Compound) -> AsyncIterator[_Cells]:
        zone = ZoneInfo(compound.timezone)
        if kind in BESIDE:
            async for found in self._directory.everything(kind, compound.id):
                yield _told(dict(found), zone)
        elif kind == "posts":
            for row in await self._posts(compound.id, None, zone):
                yield row
        else:
            for row in await self._places(kind, compound.id):
                yield row

    async def _places(self, kind: str, compound_id: int) -> list[_Cells]:
        """Buildings, entrances, units, or the residents the register names."""
        buildings = await self._directory.buildings(compound_id)
        if kind == "buildings":
            return [{"building": label, "name": name} for label, (_, name) in buildings.items()]
        labels: dict[int | None, str] = {found: label for label, (found, _) in buildings.items()}
        entrances = await self._directory.entrances(compound_id)
        if kind == "entrances":
            return [
                {"building": labels[building_id], "entrance": label, "name": name}
                for (building_id, label), (_, name) in entrances.items()
            ]
        doors: dict[int | None, str] = {found: label for (_, label), (found, _) in entrances.items()}
        areas = await self._directory.units(compound_id)
        places = {
            at: {"building": labels[at[0]], "entrance": doors.get(at[1]), "unit": at[2]} for at in areas
        }
        if kind == "units":
            return [{**place, "area_m2": areas[at]} for at, place in places.items()]
        units = {unit_id: places[at] for at, unit_id in (await self._directory.unit_ids(compound_id)).items()}
        return [
            {
                **units[entry.unit_id],
                "name": entry.person.name,
                "phone": _sound_phone(entry.person.phone),
                "kind": entry.kind,
            }
            for entry in await self._directory.entries(compound_id)
            if entry.is_listed and entry.state == "approved" and _is_sound_name(entry.person.name)
        ]

    async def _posts(self, compound_id: int | None, community_id: int | None, zone: ZoneInfo) -> list[_Cells]:
        """The posts of a compound or a community, a line for everybody who holds them."""
        offices: dict[int, list[Office]] = {}
        for office in await self._directory.offices(compound_id, community_id):
            if office.in_office and office.person.name:
                offices.setdefault(office.post_id, []).append(office)
        buildings: dict[int | None, str] = {}
        doors: dict[int | None, str] = {}
        if compound_id is not None:
            buildings = {
                found: label for label, (found, _) in (await self._directory.buildings(compound_id)).items()
            }
            doors = {
                found: label
                for (_, label), (found, _) in (await self._directory.entrances(compound_id)).items()
            }
        rows: list[_Cells] = []
        for (kind, building_id, entrance_id), (post_id, text) in (
            await self._directory.posts(compound_id, community_id)
        ).items():
            post = {
                "post": kind.value,
                "building": buildings.get(building_id),
                "entrance": doors.get(entrance_id),
                "duty": text.duty,
                "hours": text.hours,
                "phone_shown": text.phone_shown,
                "office_phone": text.phone,
            }
            in_office = sorted(offices.get(post_id, ()), key=lambda one: one.id)
            rows += [{**post, **_held(one, zone)} for one in in_office] or [post]
        return rows


def _held(office: Office, zone: ZoneInfo) -> _Cells:
    return {
        "name": office.person.name,
        "phone": office.person.phone if is_phone(office.person.phone) else "",
        "is_deputy": office.is_deputy,
        "term_until": office.term_until and office.term_until.astimezone(zone),
    }


def _told(row: _Cells, zone: ZoneInfo) -> dict[str, object]:
    """A row by column: instants in local time, truths as such."""
    told: dict[str, object] = {"post": row["kind"]} if "acting_for" in row else {}
    for column, value in row.items():
        if isinstance(value, int) and column.endswith(("_at", "_until")):
            told[column] = from_micros(value).astimezone(zone)
        else:
            told[column] = bool(value) if column.startswith("is_") else value
    return told


def _is_sound_name(name: str) -> bool:
    """Whether a sheet can name somebody so: what people call themselves may be anything."""
    try:
        return names_in(name) == [name]
    except ValueError:
        return False


def _sound_phone(phone: str) -> str:
    """The phone, if it is one."""
    try:
        return next(iter(phones_in(phone)), "")
    except (ValueError, ArithmeticError):
        return ""


def _inert(table: Any, text: str) -> Any:
    """Text as nothing but text: what begins with = is no formula."""
    plain = ILLEGAL_CHARACTERS_RE.sub("", text)
    if not plain.startswith("="):
        return plain
    cell = WriteOnlyCell(table, plain)
    cell.data_type = "s"
    return cell
