"""What the bot knows of one person, for that person: to look at, to change, to take along (R14, R17)."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.actions.appointing import post_facts
from bot.actions.cards import history_for, may_see, seen_of
from bot.actions.desk import Desk
from bot.actions.letters import plain_text
from bot.actions.residents import NAME_MOST, redraw_request
from bot.actions.workbooks import Sheet, xlsx
from bot.domain.errors import Refused
from bot.domain.posts import Place, match
from bot.domain.privacy import Level, clean_phone, masked
from bot.storage.engine import Row, from_micros
from bot.storage.issues import Issue

EXPORT_EVERY = timedelta(hours=1)
VIEWS_MOST = 20
"""Lines of who looked at a phone in one message."""
_VIEWS_READ = 500
_WIDTH_MOST = 60


async def timezone_of(desk: Desk, person_id: int) -> str:
    """The time zone of where somebody lives or holds a post; else of the first compound there is."""
    homes = await desk.store.people.residencies(person_id)
    posts = await desk.store.posts.of_person(person_id)
    compounds = await desk.store.places.compounds()
    ids = [*(home.compound_id for home in homes), *(post.compound_id for post in posts)]
    return next((one.timezone for one in compounds if one.id in ids or not ids), "UTC")


async def about(desk: Desk, person_id: int) -> dict[str, object]:
    """What the bot knows of a person, in one message."""
    known = await desk.store.people.details(person_id)
    homes = [
        {
            "place": await desk.place_facts(
                Place("unit", home.compound_id, home.building_id, home.entrance_id, home.unit_id)
            ),
            "kind": home.kind,
            "is_pending": home.state == "pending",
        }
        for home in await desk.store.people.residencies(person_id)
    ]
    posts = []
    for post_id in dict.fromkeys(held.post_id for held in await desk.store.posts.of_person(person_id)):
        post = await desk.store.posts.post(post_id)
        if post is not None:
            posts.append(post_facts(post))
    return {
        "name": known.name,
        "phone": masked(known.phone),
        "is_public": await desk.store.privacy.phone_is_public(person_id),
        "homes": homes,
        "held": posts,
        "shown_as": await desk.store.privacy.shown_as(person_id),
    }


# Changing it ---------------------------------------------------------------------------------------------


async def check_name_free(desk: Desk, person_id: int) -> None:
    """Refuse who holds a post: their name stands in the register. Refusals: `name_in_register`."""
    if await desk.store.posts.of_person(person_id):
        raise Refused("name_in_register")


async def rename(desk: Desk, person_id: int, name: str) -> str:
    """Call somebody otherwise; who answers for their home is told, so that nobody passes for another.

    Refusals: those of `check_name_free`, `name_needed`.
    """
    await check_name_free(desk, person_id)
    name = " ".join(name.split())
    if not name or len(name) > NAME_MOST:
        raise Refused("name_needed")
    known = await desk.store.people.details(person_id)
    await desk.store.people.put_details(person_id, name, known.phone)
    for home in await desk.store.people.residencies(person_id):
        if home.is_waiting:
            # Whoever is asked decides about who they are now.
            await redraw_request(desk, home)
        if home.state != "approved" or name == known.name:
            continue
        place = Place("unit", home.compound_id, home.building_id, home.entrance_id, home.unit_id)
        found = match("leader", place, await desk.holders(home.compound_id))
        if found is not None:
            facts = {"place": await desk.place_facts(place), "before": known.name, "name": name}
            await desk.tell(found.holder.person_id, "privacy.renamed", facts)
    return name


async def set_phone(desk: Desk, person_id: int, said: str) -> str:
    """Keep somebody's phone, or with "" none any more; gives it as it is kept. Refusals: `phone_unclear`."""
    phone = clean_phone(said) if said else ""
    known = await desk.store.people.details(person_id)
    await desk.store.people.put_details(person_id, known.name, phone)
    return phone


async def be_shown_as(desk: Desk, person_id: int, level: str) -> None:
    """By whom somebody is seen by name on what they report from now on (R14). Refusals: `bad_button`."""
    if level not in set(Level):
        raise Refused("bad_button")
    await desk.store.privacy.set_shown_as(person_id, level)


async def views(desk: Desk, person_id: int) -> dict[str, object]:
    """Who has looked at somebody's phone, by post, once for each day, the latest first."""
    timezone = await timezone_of(desk, person_id)
    lines: dict[tuple[object, ...], dict[str, object]] = {}
    for view in await desk.store.privacy.views_of(person_id, _VIEWS_READ):
        post = await desk.store.posts.post(view.post_id) if view.post_id else None
        day = view.at.astimezone(ZoneInfo(timezone)).date()
        blank = {"post": "", "compound": "", "building": "", "entrance": ""}
        lines.setdefault((view.viewer_id, day), {**(post_facts(post) if post else blank), "at": view.at})
    shown = list(lines.values())[:VIEWS_MOST]
    return {"lines": shown, "rest": len(lines) - len(shown), "timezone": timezone}


# Taking it along -----------------------------------------------------------------------------------------


async def export(desk: Desk, person_id: int, locale: str) -> bytes:
    """Everything of a person as a workbook, once an hour. Refusals: `exported_lately`."""
    last = await desk.store.privacy.last_exported(person_id)
    if last is not None and desk.now < last + EXPORT_EVERY:
        timezone = await timezone_of(desk, person_id)
        raise Refused("exported_lately", next_at=last + EXPORT_EVERY, timezone=timezone)
    book = await workbook(desk, person_id, locale)
    await desk.store.changes.record(
        None, person_id, "chat", "person.exported", person_id=person_id, now=desk.now
    )
    return book


async def workbook(desk: Desk, person_id: int, locale: str) -> bytes:
    """Everything of a person, a sheet for each kind.

    Names of others stand in it where the person was shown them anyway: handlers, by post.
    """
    writer = _Writer(desk, locale, await timezone_of(desk, person_id))
    sheets = []
    for sheet, rows in (
        ("privacy.sheet_me", _me(writer, person_id)),
        ("privacy.sheet_homes", _homes(writer, person_id)),
        ("privacy.sheet_posts", _posts(writer, person_id)),
        ("privacy.sheet_issues", _issues(writer, person_id)),
        ("privacy.sheet_history", _history(writer, person_id)),
        ("privacy.sheet_signups", _signups(writer, person_id)),
        ("privacy.sheet_announcements", _announcements(writer, person_id)),
        ("privacy.sheet_groups", _groups(writer, person_id)),
        ("privacy.sheet_views", _views(writer, person_id)),
        ("privacy.sheet_changes", _changes(writer, person_id)),
    ):
        title, *columns = writer.say(sheet).split("|")
        lines = [columns, *await rows]
        longest = (
            max(len(part) for text in column for part in text.split("\n"))
            for column in zip(*lines, strict=True)
        )
        widths = [min(_WIDTH_MOST, 2 * length + 2) for length in longest]
        sheets.append(Sheet(widths, lines, title))
    return xlsx(sheets)


class _Writer:
    """Puts stored values into one reader's words."""

    def __init__(self, desk: Desk, locale: str, timezone: str) -> None:
        self.desk = desk
        self.locale = locale
        self._zone = ZoneInfo(timezone)

    def say(self, message: str, **facts: object) -> str:
        """A message as plain text."""
        return self.desk.texts.words(self.locale, message, **facts)

    def word(self, topic: str, word: str) -> str:
        """A word of a topic whose blocks are words."""
        return self.say(f"{topic}.{word}") if word else ""

    def at(self, micros: int | None) -> str:
        """An instant in local time, as sheets sort it."""
        return "" if micros is None else f"{from_micros(micros).astimezone(self._zone):%Y-%m-%d %H:%M}"

    async def place(self, place: Place | None) -> str:
        """A place with its compound."""
        if place is None:
            return ""
        facts = await self.desk.place_facts(place)
        inside = place.kind not in ("common_area", "compound")
        return (str(facts["compound"]) + " " if inside else "") + self.desk.texts.label(
            self.locale, "where", place=facts
        )

    async def unit(self, unit_id: int | None) -> str:
        """A home."""
        return await self.place(await self.desk.store.places.unit(unit_id)) if unit_id else ""

    async def post(self, post_id: int | None) -> str:
        """A post and where it is held."""
        post = await self.desk.store.posts.post(post_id) if post_id else None
        return self.say("privacy.holding", **post_facts(post)) if post else ""

    async def name(self, person_id: int) -> str:
        """What somebody is called."""
        return (await self.desk.store.people.details(person_id)).name

    async def compound(self, compound_id: int | None) -> str:
        """A compound's name."""
        return (await self.desk.store.places.compound(compound_id)).name if compound_id else ""

    async def own(self, person_id: int, kind: str) -> Sequence[Row]:
        """The rows of one kind."""
        return await self.desk.store.privacy.own(person_id, kind)


Lines = list[list[str]]


async def _me(to: _Writer, person_id: int) -> Lines:
    known = await to.desk.store.people.details(person_id)
    level = await to.desk.store.privacy.shown_as(person_id)
    lines = [
        [to.say("privacy.own_name"), known.name],
        [to.say("privacy.own_phone"), known.phone],
        [to.say("privacy.own_shown"), to.say("privacy.shown_words", shown_as=level)],
    ]
    for row in await to.own(person_id, "account"):
        account = f"{row['channel']} {row['address']} {row['display_name']} {row['language']}"
        lines.append([to.say("privacy.own_account"), account.strip()])
    return [*lines, [to.say("privacy.own_date"), to.at(_micros(to.desk.now))]]


def _micros(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000)


async def _homes(to: _Writer, person_id: int) -> Lines:
    return [
        [
            await to.unit(row["unit_id"]),
            to.desk.texts.label(to.locale, f"kind_{row['kind']}"),
            to.say("privacy.home_standing", state=row["state"]),
            to.at(row["asked_at"]),
            to.at(row["decided_at"]),
        ]
        for row in await to.own(person_id, "home")
    ]


async def _posts(to: _Writer, person_id: int) -> Lines:
    return [
        [
            await to.post(row["post_id"]),
            _held_as(to, row),
            to.at(row["starts_at"]),
            to.at(row["ends_at"]),
            to.at(row["term_until"]),
        ]
        for row in await to.own(person_id, "post")
    ]


def _held_as(to: _Writer, row: Row) -> str:
    is_acting = row["acting_for"] is not None
    return to.say("privacy.held_as", is_deputy=bool(row["is_deputy"]), is_acting=is_acting)


async def _seen_issues(to: _Writer, person_id: int) -> AsyncIterator[tuple[Row, Issue]]:
    """Their own issues, but for those they may not see any more."""
    for row in await to.own(person_id, "issue"):
        issue = await to.desk.store.issues.get(row["id"])
        if issue is not None and await may_see(to.desk, issue, person_id):
            yield row, issue


async def _issues(to: _Writer, person_id: int) -> Lines:
    return [
        [
            issue.number,
            to.say("privacy.issue_part", part=row["part"]),
            to.at(row["filed_at"]),
            to.word("states", issue.state.value),
            to.word("categories", issue.category),
            await to.place(place),
            text,
            f"{to.word('posts', issue.handler_post)} {await to.name(issue.handler_id)}".strip(),
            to.at(row["closed_at"]),
            to.desk.texts.label(to.locale, issue.rating) if issue.rating else "",
        ]
        async for row, issue in _seen_issues(to, person_id)
        for place, text in (await seen_of(to.desk, issue, person_id),)
    ]


async def _history(to: _Writer, person_id: int) -> Lines:
    lines = []
    async for _, issue in _seen_issues(to, person_id):
        for event in await history_for(to.desk, issue, person_id):
            who = "me" if event.actor_id == person_id else "clock" if event.actor_id is None else "other"
            lines.append(
                [
                    issue.number,
                    to.at(_micros(event.at)),
                    to.say("privacy.deed_by", who=who),
                    to.word("deeds", event.action),
                    event.text,
                ]
            )
    return lines


async def _signups(to: _Writer, person_id: int) -> Lines:
    return [
        [
            row["title"],
            await to.compound(row["compound_id"]),
            to.at(row["starts_at"]),
            to.say("privacy.names", names=json.loads(row["names"])),
            to.say("privacy.signup_standing", standing=row["state"]),
            to.at(row["created_at"]),
        ]
        for row in await to.own(person_id, "signup")
    ]


async def _announcements(to: _Writer, person_id: int) -> Lines:
    lines = []
    for row in await to.own(person_id, "announcement"):
        activity = await to.desk.store.activities.get(row["activity_id"]) if row["activity_id"] else None
        words = activity.title if activity else plain_text(row["html"])
        part = to.say("privacy.announcement_part", part=row["part"])
        lines.append([to.at(row["at"]), part, await to.compound(row["compound_id"]), words])
    return lines


async def _groups(to: _Writer, person_id: int) -> Lines:
    return [
        [
            row["name"],
            await to.compound(row["compound_id"]),
            to.say("privacy.group_part", part=row["part"]),
            to.at(row["at"]),
        ]
        for row in await to.own(person_id, "group")
    ]


async def _views(to: _Writer, person_id: int) -> Lines:
    seen = await to.desk.store.privacy.views_of(person_id, _VIEWS_READ)
    return [[to.at(_micros(view.at)), await to.post(view.post_id)] for view in seen]


async def _changes(to: _Writer, person_id: int) -> Lines:
    return [
        [
            to.at(row["at"]),
            to.say("privacy.change_part", part=row["part"]),
            row["action"],
            to.say("privacy.change_source", source=row["source"]),
            " ".join(part for part in (await to.post(row["post_id"]), await to.unit(row["unit_id"])) if part),
        ]
        for row in await to.own(person_id, "change")
    ]
