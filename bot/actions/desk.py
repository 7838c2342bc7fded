"""What an action works with: the open transaction, the texts, the rules, the time, and a post bag."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.abuse import DEFAULT as DEFAULT_LIMITS
from bot.domain.abuse import Limits
from bot.domain.calendar import EVERYBODY, OwnDays, WorkCalendar
from bot.domain.categories import DEFAULT_CATEGORIES, Category
from bot.domain.clocks import DEFAULT_TERMS, QuietHours, Terms
from bot.domain.elders import FEW, numbered, one_to_a_row
from bot.domain.ladder import DEFAULT as DEFAULT_LADDER
from bot.domain.ladder import Ladder
from bot.domain.options import Option, Press, Rows
from bot.domain.posts import Holder, Place
from bot.domain.retention import DEFAULT as DEFAULT_RETENTION
from bot.domain.retention import Retention
from bot.storage.mailboxes import Intent, Lane, Mail
from bot.storage.people import Addressee
from bot.storage.places import Compound
from bot.storage.store import Store
from bot.texts import Texts, locale_for

MENU = ("report", "my", "card", "more")
"""The four buttons of the residents' keyboard; each is the name of a command."""
BIG_MENU = ("report", "my", "leader", "person")
"""The same in simple mode, one to a row."""
TEXT_MOST = 4096
"""UTF-16 units of a message: https://core.telegram.org/bots/api#sendmessage"""
MORE_PHOTOS = 10
"""As many as one album holds (https://core.telegram.org/bots/api#sendmediagroup)."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator decided; the same for every compound of a deployment."""

    bot_id: int
    bot_name: str
    channel: str = "telegram"
    default_locale: str = "zh_CN"
    operator_chat: str = ""
    categories: Mapping[str, Category] = field(
        default_factory=lambda: {category.key: category for category in DEFAULT_CATEGORIES}
    )
    terms: Mapping[str, Terms] = field(default_factory=lambda: DEFAULT_TERMS)
    ladder: Ladder = DEFAULT_LADDER
    quiet_start: time = time(21)
    quiet_end: time = time(8)
    digest_at: time | None = None
    own_days: Mapping[str, OwnDays] = field(default_factory=dict)
    emergency_numbers: tuple[tuple[str, str], ...] = ()
    retention: Retention = DEFAULT_RETENTION
    limits: Limits = DEFAULT_LIMITS
    weekly_at: time | None = None
    monthly_at: time | None = None
    """When the committee gets its note on Mondays, and its report on the first of a month; None: never."""

    def quiet_hours(self, timezone: str) -> QuietHours:
        """The quiet hours in a compound's time."""
        return QuietHours(start=self.quiet_start, end=self.quiet_end, timezone=ZoneInfo(timezone))


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to tap, before it is known who reads it: a label of labels.j2 and facts, or plain text.

    With a `link`, the payload of a deep link, it leads into the bot's private chat; its press is never sent.
    """

    press: Press
    label: str = ""
    text: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    link: str = ""


Choices = Sequence[Sequence[Choice]]


def choice(label: str, kind: str, *arguments: object, link: str = "", **facts: object) -> Choice:
    """A labelled choice in few words."""
    press = Press(kind, tuple(str(argument) for argument in arguments))
    return Choice(press, label=label, facts=facts, link=link)


class Desk:
    """One unit of work. Mail gathers in `mail` and is written with everything else in one transaction."""

    def __init__(self, store: Store, texts: Texts, rules: Rules, now: datetime) -> None:
        self.store = store
        self.texts = texts
        self.rules = rules
        self.now = now
        self.mail: list[Mail] = []
        self.typing: int | None = None
        """Who typed a number instead of tapping: what answers them stands below it, not far above."""
        self._is_hushed = False
        self._addressees: dict[int, Addressee | None] = {}
        self._holders: dict[int, list[Holder]] = {}
        self._compounds: dict[int, Compound] = {}

    async def holders(self, compound_id: int) -> list[Holder]:
        """Everybody in a post of the compound, as of this unit of work."""
        if compound_id not in self._holders:
            self._holders[compound_id] = await self.store.posts.holders(compound_id, self.rules.channel)
        return self._holders[compound_id]

    def forget_holders(self) -> None:
        """An appointment has changed within this unit of work."""
        self._holders.clear()

    def forget_people(self) -> None:
        """Somebody has another account, or another's posts, within this unit of work."""
        self._holders.clear()
        self._addressees.clear()

    async def timezone(self, compound_id: int) -> str:
        """The IANA name of the compound's time zone."""
        return (await self._compound(compound_id)).timezone

    async def calendar(self, compound_id: int) -> WorkCalendar:
        """The working days of the compound."""
        compound, days, none = await self._compound(compound_id), self.rules.own_days, OwnDays()
        zone = ZoneInfo(compound.timezone)
        return WorkCalendar.of(zone, days.get(EVERYBODY, none), days.get(compound.code, none))

    async def _compound(self, compound_id: int) -> Compound:
        if compound_id not in self._compounds:
            self._compounds[compound_id] = await self.store.places.compound(compound_id)
        return self._compounds[compound_id]

    async def place_facts(self, place: Place) -> dict[str, object]:
        """A place as the `place` filter of the templates takes it."""
        names = await self.store.places.names(place)
        return {
            "kind": place.kind,
            "compound": names.compound,
            "building": names.building,
            "entrance": names.entrance,
            "unit": names.unit,
        }

    async def addressee(self, person_id: int) -> Addressee | None:
        """Where a person can be written to; None when the bot cannot reach them."""
        if person_id not in self._addressees:
            self._addressees[person_id] = await self.store.people.addressee(person_id, self.rules.channel)
        return self._addressees[person_id]

    def locale(self, addressee: Addressee) -> str:
        """The language this person reads."""
        return locale_for(addressee.locale, addressee.language, self.rules.default_locale)

    def link(self, payload: str) -> str:
        """The address that opens the bot's private chat with a payload of [0-9A-Za-z_-], ≤ 32 characters."""
        return f"https://t.me/{self.rules.bot_name}?start={payload}"

    def rows(self, choices: Choices, locale: str) -> Rows:
        """Choices as options in one language."""
        return tuple(
            tuple(
                Option(
                    one.text or self.texts.label(locale, one.label, **one.facts),
                    id="" if one.link else one.press.encode(),
                    url=self.link(one.link) if one.link else "",
                )
                for one in row
            )
            for row in choices
        )

    def keyboard(self, locale: str, *, is_elder: bool) -> list[list[str]]:
        """The words on the keyboard of the private chat, row by row."""
        if is_elder:
            return [[self.texts.label(locale, f"big_{name}")] for name in BIG_MENU]
        words = [self.texts.label(locale, f"menu_{name}") for name in MENU]
        return [words[:2], words[2:]]

    def large(
        self, locale: str, text: str, rows: Rows, *, numbers: bool = True
    ) -> tuple[str, Rows, tuple[str, ...]]:
        """A message in simple mode: the text, one option to a row, and what the numbers on them stand for.

        A few options are told in the text too. Without `numbers` what is typed means something else.
        """
        large = one_to_a_row(rows)
        if not numbers:
            return text, large, ()
        large, options = numbered(large)
        if len(options) <= FEW:
            lines = self.texts.render(locale, "elders.numbers", labels=[one.label for one in options])
            longer = f"{text}\n\n{lines}"
            text = longer if len(longer.encode("utf-16-le")) <= 2 * TEXT_MOST else text
        return text, large, tuple(option.id for option in options)

    async def tell(
        self,
        person_id: int,
        message: str,
        facts: Mapping[str, object] | None = None,
        *,
        choices: Choices = (),
        card_key: str | None = None,
        anew: bool = True,
        only_if_sent: bool = False,
        menu: bool = False,
        dedupe_key: str | None = None,
        issue_id: int | None = None,
    ) -> bool:
        """Post a message to a person in their language; False when the bot cannot reach them.

        With a `card_key` the message is remembered under it; `anew=False` edits the one remembered, and sends
        a new one where there is none, except with `only_if_sent`. `menu` shows the keyboard with it. A reply
        to it is about `issue_id`.
        """
        addressee = await self.addressee(person_id)
        if addressee is None:
            return False
        more: dict[str, Any] = {"only_if_sent": True} if only_if_sent else {}
        locale, is_elder, numbers = self.locale(addressee), addressee.is_elder, None
        text = self.texts.render(locale, self.texts.suited(message, is_elder=is_elder), **(facts or {}))
        rows = self.rows(choices, locale)
        if rows and is_elder:
            text, rows, numbers = self.large(locale, text, rows)
        if menu:
            more["keyboard"] = self.keyboard(locale, is_elder=is_elder)
        anew = anew or (person_id == self.typing and not only_if_sent)
        self.post(
            addressee.address,
            text,
            rows,
            person_id=person_id,
            card_key=card_key,
            intent=Intent.SAY if anew else Intent.CARD,
            numbers=numbers,
            lane=Lane.WORK,
            dedupe_key=dedupe_key,
            issue_id=issue_id,
            **more,
        )
        return True

    def post(
        self,
        chat: str,
        text: str,
        options: Rows = (),
        *,
        person_id: int | None = None,
        card_key: str | None = None,
        intent: Intent = Intent.SAY,
        lane: Lane = Lane.REPLY,
        dedupe_key: str | None = None,
        not_before: datetime | None = None,
        delivery_id: int | None = None,
        coalesce: bool = False,
        issue_id: int | None = None,
        numbers: tuple[str, ...] | None = None,
        **more: Any,
    ) -> None:
        """Put a rendered message into the bag; `more` goes into the payload as it is.

        `delivery_id` is the row of an announcement that learns what became of it. With `coalesce` a card that
        still waits in the outbox is replaced instead of being followed by another.
        """
        payload = {"text": text, "options": as_payload(options), **more}
        if self._is_hushed and lane == Lane.WORK:
            # A reply goes to somebody who is awake: they have just written.
            payload["is_silent"] = True
        self.mail.append(
            Mail(
                self.rules.bot_id,
                chat,
                lane,
                intent,
                payload,
                person_id=person_id,
                card_key=card_key,
                dedupe_key=dedupe_key,
                not_before=not_before,
                delivery_id=delivery_id,
                coalesce=coalesce,
                issue_id=issue_id,
                numbers=numbers,
            )
        )

    def post_file(
        self,
        chat: str,
        content: bytes,
        name: str = "",
        caption: str = "",
        *,
        person_id: int | None = None,
        dedupe_key: str | None = None,
    ) -> None:
        """Put a file made here into the bag: a document with a name, without one a picture."""
        payload = {"content": b64encode(content).decode(), "caption": caption}
        payload |= {"name": name} if name else {}
        self.mail.append(
            Mail(
                self.rules.bot_id,
                chat,
                Lane.REPLY,
                Intent.DOCUMENT if name else Intent.PICTURE,
                payload,
                person_id=person_id,
                dedupe_key=dedupe_key,
            )
        )

    def post_photos(
        self,
        chat: str,
        photos: Sequence[str],
        *,
        person_id: int | None = None,
        lane: Lane = Lane.REPLY,
        **when: Any,
    ) -> None:
        """Put known photos into the bag, as an album where there are several; `when` as for `Mail`."""
        payload = {"photos": list(photos[:MORE_PHOTOS])}
        self.mail.append(
            Mail(self.rules.bot_id, chat, lane, Intent.PHOTOS, payload, person_id=person_id, **when)
        )

    async def show_photos(
        self, person_id: int, photos: Sequence[str], caption: str = "", *, issue_id: int | None = None
    ) -> None:
        """Post photos, as an album where there are several; `caption` is a message without facts.

        A reply to them is about `issue_id`.
        """
        if photos:
            payload: dict[str, Any] = {"photos": list(photos[:MORE_PHOTOS])}
            await self._show(person_id, Intent.PHOTOS, payload, caption, issue_id)

    async def play_voice(self, person_id: int, voice: str, *, issue_id: int | None = None) -> None:
        """Post a voice message as it was spoken; a reply to it is about `issue_id`."""
        await self._show(person_id, Intent.VOICE, {"voice": voice}, "", issue_id)

    async def _show(
        self, person_id: int, intent: Intent, payload: dict[str, Any], caption: str, issue_id: int | None
    ) -> None:
        addressee = await self.addressee(person_id)
        if addressee is None:
            return
        if caption:
            payload["caption"] = self.texts.render(self.locale(addressee), caption)
        if self._is_hushed:
            payload["is_silent"] = True
        self.mail.append(
            Mail(
                self.rules.bot_id,
                addressee.address,
                Lane.WORK,
                intent,
                payload,
                person_id=person_id,
                issue_id=issue_id,
            )
        )

    def tell_operator(
        self, message: str, facts: Mapping[str, object], *, dedupe_key: str | None = None
    ) -> None:
        """A line to the operator's chat, where one is configured."""
        if self.rules.operator_chat:
            text = self.texts.render(self.rules.default_locale, message, **facts)
            self.post(self.rules.operator_chat, text, lane=Lane.WORK, dedupe_key=dedupe_key)

    async def hush_by_night(self, compound_id: int, urgency: str) -> None:
        """In quiet hours, what is told from now on arrives without a sound, unless there is danger."""
        quiet = self.rules.quiet_hours(await self.timezone(compound_id))
        self._is_hushed = quiet.release(self.now, urgency) > self.now

    async def send(self) -> None:
        """Write the bag into the outbox."""
        if self.mail:
            await self.store.outbox.put(self.mail, self.now)
            for mail in self.mail:
                if mail.numbers is not None and mail.person_id is not None:
                    is_anew = mail.intent != Intent.CARD
                    await self.store.people.put_numbers(
                        mail.person_id, mail.numbers, mail.card_key or "", is_anew=is_anew
                    )
            self.mail.clear()


def as_payload(options: Rows) -> list[list[dict[str, str]]]:
    """Options as JSON."""
    return [
        [
            {"label": option.label, "url": option.url}
            if option.url
            else {"label": option.label, "id": option.id}
            for option in row
        ]
        for row in options
    ]
