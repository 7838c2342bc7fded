"""Every sentence the bot says: templates/<locale>/<topic>.j2, one Jinja block for each message."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from bot.domain.dates import lunar_label

LOCALES = ("zh_CN", "zh_TW", "en")
DEFAULT_LOCALE = LOCALES[0]
ITEMS_MOST = 12
"""So many places, posts and groups of an audience are named; then only how many there are."""
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


def locale_for(chosen: str | None, language: str | None, default: str = DEFAULT_LOCALE) -> str:
    """The locale a person reads: what they chose, else what their client speaks (IETF tag)."""
    if chosen in LOCALES:
        return chosen
    tongue, *parts = (language or "").lower().replace("_", "-").split("-")
    if tongue == "zh":
        # The script, where it is named, says more than the place.
        traditional = "hant" in parts or ("hans" not in parts and not {"tw", "hk", "mo"}.isdisjoint(parts))
        return "zh_TW" if traditional else "zh_CN"
    return "en" if tongue == "en" else default


class Texts:
    """Renders messages; a missing variable is an error, user text is escaped for Telegram's HTML.

    `names` are those an operator gives to categories: key → locale → name.
    """

    def __init__(self, directory: Path, names: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._names = names or {}
        self._environments = {locale: self._environment(directory, locale) for locale in LOCALES}
        self._templates: dict[tuple[str, str], Template] = {}
        self._labels: dict[tuple[str, str], str] = {}

    def _environment(self, directory: Path, locale: str) -> Environment:
        environment = Environment(
            loader=FileSystemLoader([directory / locale, directory / DEFAULT_LOCALE]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

        def named(topic: str) -> Any:
            return lambda word: Markup(self.render(locale, f"{topic}.{word}"))

        environment.filters["category"] = named("categories")
        environment.filters["post"] = named("posts")
        environment.filters["state"] = named("states")
        environment.filters["kind"] = lambda kind: Markup(self.render(locale, f"labels.kind_{kind}"))
        environment.filters["deed"] = named("deeds")
        environment.filters["urgency"] = named("urgencies")
        environment.filters["office"] = lambda name: Markup(self.render(locale, "waiting.named", office=name))
        environment.filters["festival"] = named("festivals")
        environment.filters["place"] = lambda names: Markup(
            self.render(locale, f"places.{names['kind']}", **names)
        )
        environment.filters["audience"] = lambda facts: Markup(
            self.render(locale, "audiences.named", **_audience(facts))
        )
        environment.filters["when"] = lambda instant, timezone: Markup(
            self.render(locale, "moments.at", **_moment(instant, timezone))
        )
        environment.filters["span"] = lambda duration: Markup(
            self.render(locale, "moments.span", **_span(duration))
        )
        environment.filters["hour"] = lambda instant, timezone: _moment(instant, timezone)["time"]
        environment.filters["day"] = lambda instant, timezone: Markup(
            self.render(locale, "moments.day", **_day(instant, timezone))
        )
        environment.filters["date"] = lambda instant, timezone: Markup(
            self.render(locale, "moments.date", **_day(instant, timezone))
        )
        environment.filters["lunar"] = lambda instant, timezone: Markup(
            self.render(locale, "moments.lunar", **_lunar(instant, timezone))
        )
        environment.filters["practice"] = lambda facts: Markup(
            self.render(locale, "interest_groups.practice", **facts)
        )
        environment.filters["whom"] = lambda facts: Markup(self.render(locale, "proxies.whom", **facts))
        environment.filters["change"] = lambda line: Markup(self.render(locale, "appointing.change", **line))
        environment.filters["rate"] = lambda rate: Markup(self.render(locale, "rates.rate", **rate))
        environment.filters["brief_rate"] = lambda rate: Markup(self.render(locale, "rates.brief", **rate))
        environment.filters["three_rates"] = lambda figures: Markup(
            self.render(locale, "rates.three", figures=figures)
        )
        environment.filters["short"] = short
        return environment

    def render(self, locale: str, message: str, /, **facts: object) -> str:
        """The message `topic.block` in a locale, as Telegram HTML without blank margins."""
        topic, _, block = message.partition(".")
        template = self._template(locale, topic)
        if topic == "categories":
            if named := self._names.get(block, {}).get(locale):
                return str(escape(named))
            # What was reported under a category the operator has taken out of the configuration.
            block = block if block in template.blocks else "other"
        context = template.new_context(dict(facts))
        text = "".join(template.blocks[block](context)).strip()
        return _BLANK_LINES.sub("\n\n", text)

    def suited(self, message: str, *, is_elder: bool) -> str:
        """What is said instead in simple mode: elders.<topic>_<block>, where there is such a block."""
        brief = message.replace(".", "_")
        has_one = is_elder and brief in self._template(DEFAULT_LOCALE, "elders").blocks
        return f"elders.{brief}" if has_one else message

    def words(self, locale: str, message: str, /, **facts: object) -> str:
        """A message without markup as plain text: for paper, sheets and buttons."""
        return Markup(self.render(locale, message, **facts)).unescape()

    def label(self, locale: str, name: str, /, **facts: object) -> str:
        """The words on a button, as plain text."""
        if facts:
            return self.words(locale, f"labels.{name}", **facts)
        if (locale, name) not in self._labels:
            self._labels[locale, name] = self.words(locale, f"labels.{name}")
        return self._labels[locale, name]

    def _template(self, locale: str, topic: str) -> Template:
        key = (locale, topic)
        if key not in self._templates:
            self._templates[key] = self._environments[locale].get_template(f"{topic}.j2")
        return self._templates[key]


def short(text: str, most: int) -> str:
    """The text, cut with an ellipsis to `most` UTF-16 units, as Telegram counts; an emoji is never halved."""
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * most:
        return text
    return units[: 2 * (most - 1)].decode("utf-16-le", "ignore").rstrip() + "…"


def pieces(text: str, most: int) -> list[str]:
    """The text in as few pieces of at most `most` UTF-16 units as it takes; no emoji is halved."""
    found, size = [""], 0
    for sign in text:
        units = 1 if ord(sign) < 0x10000 else 2
        if size + units > most:
            found.append("")
            size = 0
        found[-1] += sign
        size += units
    return found


def _audience(facts: Mapping[str, Any]) -> dict[str, object]:
    """What `audiences.describe` tells, thing by thing in the order in which it is said, places first."""
    items: list[dict[str, object]] = [{"kind": "compound"}] if facts["compound"] else []
    items += [{"kind": "buildings", "first": run[0], "last": run[-1]} for run in facts["buildings"]]
    items += [{"kind": "entrance", "name": name} for name in facts["entrances"]]
    places = min(len(items), ITEMS_MOST)
    items += [{"kind": "holders", "post": post, "name": name} for post, name in facts["posts"]]
    items += [{"kind": "group", "name": name} for name in facts["groups"]]
    without = facts.get("without", {})
    said = [{**item, "narrowed_to": ()} for item in items[:ITEMS_MOST]]
    if places:
        said[places - 1]["narrowed_to"] = facts.get("narrowed_to", ())
    return {
        "items": said,
        "rest": len(items) - len(said),
        "count": len(items),
        "without": without if any(without.values()) else None,
    }


def _moment(instant: datetime, timezone: str) -> dict[str, object]:
    local = instant.astimezone(ZoneInfo(timezone))
    clock = f"{local:%H:%M}"
    if clock == "00:00":
        # Midnight is the end of a day to most people: "by 1 December 00:00" reads as some time on the first.
        local, clock = local - timedelta(hours=1), "24:00"
    return {"month": local.month, "day": local.day, "weekday": local.weekday(), "time": clock}


def _day(instant: datetime, timezone: str) -> dict[str, object]:
    local = instant.astimezone(ZoneInfo(timezone))
    return {"year": local.year, "month": local.month, "day": local.day, "weekday": local.weekday()}


def _lunar(instant: datetime, timezone: str) -> dict[str, object]:
    label = lunar_label(instant.astimezone(ZoneInfo(timezone)).date())
    festivals = [festival.value for festival in label.festivals]
    return {"lunar_month": label.month, "lunar_day": label.day, "is_leap": label.leap, "festivals": festivals}


def _span(duration: timedelta) -> dict[str, object]:
    minutes = max(0, round(duration.total_seconds() / 60))
    return {"days": minutes // 1440, "hours": minutes % 1440 // 60, "minutes": minutes % 60}
