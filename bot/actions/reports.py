"""What the committee is told of how things stand: a note each Monday, a report each first of a month (O5)."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.actions import rates
from bot.actions.desk import Desk, choice
from bot.actions.rates import Line
from bot.actions.workbooks import Sheet, xlsx
from bot.domain.posts import Place, committee_of
from bot.domain.rates import (
    RECURRING_LEAST,
    RECURRING_WITHIN,
    SMALL_CELL,
    Figures,
    Month,
    Rate,
    next_first,
    next_monday,
    week_before,
)
from bot.printing import Bar, Gauge, Report, Spot, report_picture
from bot.storage.chores import Chore
from bot.storage.places import Compound

WEEKLY = "report.weekly"
MONTHLY = "report.monthly"
RECURRING_MOST = 5
BARS_MOST = 12
BUILDINGS_MOST = 30
"""Lines of the text for the notice board."""
ISSUES_MOST = 2000
"""Lines of the sheet of issues; what is more can be had by `export`."""
_MONTHS = 6


def facts_of(figures: Figures) -> dict[str, object]:
    """Figures as the templates take them."""
    return {
        "filed": figures.filed,
        "done": figures.done,
        "no_reply": figures.no_reply,
        "closed": figures.closed,
        "unrated": figures.unrated,
        "rated": figures.rated,
        "satisfied": figures.satisfied,
        "fair": figures.fair,
        "dissatisfied": figures.rated - figures.satisfied - figures.fair,
        "response": figures.response.facts(),
        "resolution": figures.resolution.facts(),
        "satisfaction": figures.satisfaction.facts(),
    }


async def recurring(desk: Desk, compound: Compound, end: datetime) -> list[dict[str, object]]:
    """Where the same came up again and again in the thirty days before."""
    begin = end - RECURRING_WITHIN
    found = await desk.store.rates.recurring(compound.id, begin, end, RECURRING_LEAST, RECURRING_MOST)
    return [
        {
            "place": await desk.place_facts(_place(compound.id, one.building_id, one.entrance_id)),
            "category": one.category,
            "count": one.count,
        }
        for one in found
    ]


def _place(compound_id: int, building_id: int | None, entrance_id: int | None) -> Place:
    kind = "entrance" if entrance_id else "building" if building_id else "common_area"
    return Place(kind, compound_id, building_id, entrance_id)


# When ----------------------------------------------------------------------------------------------------


async def plan(desk: Desk) -> None:
    """Have notes and reports begin in every compound where they have not yet."""
    for compound in await desk.store.places.compounds():
        for kind, due in _next(desk, compound).items():
            await desk.store.chores.put_first(kind, compound.id, due)


def _next(desk: Desk, compound: Compound) -> dict[str, datetime]:
    """When each comes next, unless the operator wants none."""
    zone = ZoneInfo(compound.timezone)
    times: Sequence[tuple[str, time | None, Callable[[datetime, time, ZoneInfo], datetime]]] = (
        (WEEKLY, desk.rules.weekly_at, next_monday),
        (MONTHLY, desk.rules.monthly_at, next_first),
    )
    return {kind: after(desk.now, at, zone) for kind, at, after in times if at is not None}


async def _begin(desk: Desk, chore: Chore) -> Compound | None:
    """The compound this is about, with the next time set; None where nobody wants it any more."""
    compound = await desk.store.places.compound(chore.subject_id)
    due = _next(desk, compound).get(chore.kind)
    if due is None:
        return None
    await desk.store.chores.put(chore.kind, compound.id, due)
    return compound


async def _committee(desk: Desk, compound: Compound) -> list[int]:
    holders = committee_of(await desk.holders(compound.id))
    return sorted({one.person_id for one in holders if one.reachable})


# The note of the week ------------------------------------------------------------------------------------


async def tell_week(desk: Desk, chore: Chore) -> None:
    """Five lines of the week before; none where nothing happened and nothing is late."""
    compound = await _begin(desk, chore)
    if compound is None:
        return
    begin, end = week_before(desk.now, ZoneInfo(compound.timezone))
    found = await desk.store.rates.figures(compound.id, begin, end)
    figures, late = found.get("", Figures()), await rates.overdue(desk, compound)
    if figures.is_empty and not late:
        return
    facts = {
        "compound": compound.name,
        "begin": begin,
        "end": end,
        "timezone": compound.timezone,
        "figures": facts_of(figures),
        "overdue": late,
        "recurring": await recurring(desk, compound, end),
    }
    month = Month.of(desk.now, ZoneInfo(compound.timezone))
    rows = ((choice("stats_open", "stats.show", compound.id, month, "all", 0),),)
    for person_id in await _committee(desk, compound):
        once = f"{WEEKLY}:{compound.id}:{end:%Y%m%d}:{person_id}"
        await desk.tell(person_id, "rates.weekly", facts, choices=rows, dedupe_key=once)


# The report of the month -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that is told of a month, not yet in words; `trend` ends with it, `overdue` is of now."""

    compound: Compound
    month: Month
    trend: tuple[tuple[Month, Figures], ...]
    buildings: tuple[Line, ...]
    recurring: tuple[dict[str, object], ...]
    overdue: int | None

    @property
    def total(self) -> Figures:
        """The month itself."""
        return self.trend[-1][1]


async def gather(desk: Desk, compound: Compound, month: Month) -> Gathered:
    """Everything of a month that has begun."""
    months = [month.plus(before) for before in range(1 - _MONTHS, 1)]
    return Gathered(
        compound,
        month,
        tuple([(one, await rates.total(desk, compound, one)) for one in months]),
        tuple(await rates.lines(desk, compound, month, "building")),
        tuple(await recurring(desk, compound, rates.bounds(desk, month, compound)[1])),
        await rates.overdue(desk, compound) if _is_latest(desk, month, compound) else None,
    )


def _is_latest(desk: Desk, month: Month, compound: Compound) -> bool:
    """Whether what is late now belongs to its picture: the month that runs, or that has just ended."""
    today = desk.now.astimezone(ZoneInfo(compound.timezone))
    running = Month.of(desk.now, ZoneInfo(compound.timezone))
    return month == running or (today.day == 1 and month == running.plus(-1))


async def tell_month(desk: Desk, chore: Chore) -> None:
    """The month before: a picture, a workbook, and a text for the notice board."""
    compound = await _begin(desk, chore)
    if compound is None:
        return
    month = Month.of(desk.now, ZoneInfo(compound.timezone)).plus(-1)
    gathered = await gather(desk, compound, month)
    if gathered.total.is_empty and not gathered.overdue:
        return
    made: dict[str, tuple[bytes, bytes]] = {}
    for person_id in await _committee(desk, compound):
        to = await desk.addressee(person_id)
        if to is None:
            continue
        locale = desk.locale(to)
        if locale not in made:
            made[locale] = (picture_of(desk, gathered, locale), await workbook_of(desk, gathered, locale))
        once = f"{MONTHLY}:{compound.id}:{month}:{person_id}"
        send(desk, gathered, to.address, person_id, locale, made[locale], once=once)


def send(
    desk: Desk,
    gathered: Gathered,
    chat: str,
    person_id: int,
    locale: str,
    made: tuple[bytes, bytes],
    *,
    once: str | None = None,
) -> None:
    """Post a picture and a workbook of a month, and the text for the board."""
    name = month_name(desk, gathered.month, locale)
    facts = {"compound": gathered.compound.name, "month_name": name}
    texts, (picture, workbook) = desk.texts, made

    def key(part: str) -> str | None:
        return once and f"{once}:{part}"

    caption = texts.render(locale, "rates.picture_caption", **facts)
    desk.post_file(chat, picture, caption=caption, person_id=person_id, dedupe_key=key("picture"))
    caption = texts.render(locale, "rates.sheet_caption", **facts)
    file = f"{gathered.compound.code}-{gathered.month}.xlsx"
    desk.post_file(chat, workbook, file, caption, person_id=person_id, dedupe_key=key("sheet"))
    board = texts.render(locale, "rates.board", **board_facts(desk, gathered, locale))
    desk.post(chat, board, person_id=person_id, dedupe_key=key("board"))


def month_name(desk: Desk, month: Month, locale: str) -> str:
    """A month in words."""
    return desk.texts.words(locale, "rates.month", year=month.year, month=month.month)


def board_facts(desk: Desk, gathered: Gathered, locale: str) -> dict[str, object]:
    """For a notice board: nobody is named, and what is too little to hide in is left out."""
    shown, rest = _public(gathered.buildings, BUILDINGS_MOST)
    lines = [
        {"building": line.names["building"], "filed": line.figures.filed, "done": line.figures.done}
        for line in shown
    ]
    return {
        "compound": gathered.compound.name,
        "month_name": month_name(desk, gathered.month, locale),
        "figures": facts_of(gathered.total),
        "least": SMALL_CELL,
        "is_quiet": gathered.total.filed < SMALL_CELL,
        "buildings_shown": lines,
        "buildings_hidden": rest,
        "recurring": gathered.recurring,
    }


def _public(lines: Sequence[Line], most: int) -> tuple[list[Line], int]:
    """The buildings with enough reports to hide in, the rest counted.

    A single hidden one could be found by subtraction: then the smallest goes with it.
    """
    shown = [line for line in lines if line.figures.filed >= SMALL_CELL][:most]
    hidden = len(lines) - len(shown)
    if hidden == 1 and shown:
        smallest = min(shown, key=lambda line: line.figures.filed)
        shown, hidden = [line for line in shown if line is not smallest], 2
    return shown, hidden


# In pictures and tables --------------------------------------------------------------------------------


def picture_of(desk: Desk, gathered: Gathered, locale: str) -> bytes:
    """A PNG to hang up; see `board_facts` for what it leaves out."""
    return report_picture(page_of(desk, gathered, locale))


def page_of(desk: Desk, gathered: Gathered, locale: str) -> Report:
    """The same in words, before it is drawn."""

    def say(message: str, /, **facts: object) -> str:
        return desk.texts.words(locale, f"rates.{message}", **facts)

    total, months = gathered.total, [one for one, _ in gathered.trend]
    shown, rest = _public(gathered.buildings, BARS_MOST)
    counts = [(str(total.filed), say("count_filed")), (str(total.done), say("count_done"))]
    if gathered.overdue is not None:
        counts.append((str(gathered.overdue), say("count_overdue")))
    today = desk.now.astimezone(ZoneInfo(gathered.compound.timezone))
    return Report(
        locale=locale,
        title=say("picture_title"),
        compound=gathered.compound.name,
        month=month_name(desk, gathered.month, locale),
        counts=tuple(counts),
        gauges=tuple(
            Gauge(
                say(f"name_{name}"),
                _told(rate_of(total)),
                say("picture_of", **rate_of(total).facts()),
                say(f"hint_{name}"),
                tuple(_told(rate_of(figures)) for _, figures in gathered.trend),
            )
            for name, rate_of in _RATES.items()
        ),
        months=tuple(say("picture_month", month=one.month, is_last=one == months[-1]) for one in months),
        trend_title=say("picture_trend"),
        bars_title=say("picture_buildings"),
        legend=(say("count_filed"), say("count_done")),
        bars=tuple(
            Bar(str(line.names["building"]) or say("common"), line.figures.filed, line.figures.done)
            for line in shown
        ),
        bars_note=say("picture_hidden", buildings_hidden=rest, least=SMALL_CELL) if rest else "",
        spots_title=say("picture_recurring"),
        spots=tuple(
            Spot(
                say("spot_place", place=one["place"]),
                say("spot_category", category=one["category"]),
                say("spot_count", count=one["count"]),
            )
            for one in gathered.recurring
        ),
        spots_note=say("picture_no_spots"),
        foot=(
            say("picture_how"),
            say("picture_foot", year=today.year, month=today.month, day=today.day),
        ),
    )


_RATES: Mapping[str, Callable[[Figures], Rate]] = {
    "response": lambda figures: figures.response,
    "resolution": lambda figures: figures.resolution,
    "satisfaction": lambda figures: figures.satisfaction,
}


def _told(rate: Rate) -> int | None:
    """What a picture tells without a word of caution: only what is no rough idea."""
    return None if rate.is_few else rate.percent


async def workbook_of(desk: Desk, gathered: Gathered, locale: str) -> bytes:
    """An XLSX for the committee: months, buildings, leaders, categories, and issues that name nobody."""

    def say(message: str, /, **facts: object) -> str:
        return desk.texts.words(locale, f"rates.{message}", **facts)

    columns = say("sheet_columns").split("|")
    months = [[str(one), *_cells(figures)] for one, figures in reversed(gathered.trend)]
    sheets = [Sheet((12, *_WIDTHS), [[say("sheet_month"), *columns], *months], say("sheet_summary"))]
    lines: Mapping[str, Sequence[Line]] = {
        "building": gathered.buildings,
        "leader": await rates.lines(desk, gathered.compound, gathered.month, "leader"),
        "category": await rates.lines(desk, gathered.compound, gathered.month, "category"),
    }
    for by, found in lines.items():
        table = [[line_name(desk, line, by, locale), *_cells(line.figures)] for line in found]
        sheets.append(Sheet((24, *_WIDTHS), [[say(f"by_{by}"), *columns], *table], say(f"by_{by}")))
    heads: list[str | int] = list(say("sheet_issue_columns").split("|"))
    issues = [heads, *await _issue_lines(desk, gathered, locale)]
    sheets.append(Sheet((13, 14, 14, 12, 12, 12, 16, 18, 18, 12), issues, say("sheet_issues")))
    return xlsx(sheets)


_WIDTHS = (9,) * 12


def _cells(figures: Figures) -> list[str | int]:
    """As `sheet_columns` names them; a percentage of too few cases stays empty."""
    return [
        figures.filed,
        figures.done,
        *(figures.in_time, figures.due, _cell(figures.response)),
        *(figures.fixed, figures.asked, _cell(figures.resolution), figures.no_reply),
        *(figures.satisfied, figures.fair, figures.rated, _cell(figures.satisfaction), figures.unrated),
    ]


def _cell(rate: Rate) -> str | int:
    return "" if rate.percent is None else rate.percent


def line_name(desk: Desk, line: Line, by: str, locale: str) -> str:
    """A building, a person with their post, or a category in words."""
    return desk.texts.words(locale, "rates.line_name", sorted_by=by, **line.names)


async def _issue_lines(desk: Desk, gathered: Gathered, locale: str) -> list[list[str | int]]:
    compound, zone = gathered.compound, ZoneInfo(gathered.compound.timezone)
    begin, end = rates.bounds(desk, gathered.month, compound)
    buildings = dict(await desk.store.places.buildings(compound.id))

    def at(instant: datetime | None) -> str:
        return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}" if instant else ""

    def say(message: str) -> str:
        return desk.texts.words(locale, message)

    lines: list[list[str | int]] = [
        [
            one.number,
            # Of a private matter the file, which goes around, tells neither what nor where.
            "" if one.is_private else buildings.get(one.building_id or 0, ""),
            "" if one.is_private else say(f"categories.{one.category}"),
            say(f"urgencies.{one.urgency}"),
            say(f"states.{one.state}"),
            say(f"sheets.resolution_{one.resolution}") if one.resolution else "",
            say(f"posts.{one.handler_post}"),
            at(one.filed_at),
            at(one.closed_at),
            say(f"sheets.rating_{one.rating}") if one.rating else "",
        ]
        for one in await desk.store.rates.filed(compound.id, begin, end, ISSUES_MOST)
    ]
    left = gathered.total.filed - len(lines)
    if left > 0:
        lines.append([desk.texts.words(locale, "rates.sheet_rest", count=left)])
    return lines


CHORES: Mapping[str, Callable[[Desk, Chore], Awaitable[None]]] = {WEEKLY: tell_week, MONTHLY: tell_month}
