"""Who looked at a phone; all that is one person's, to be handed out or erased; what is kept too long."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, Row, from_micros, maybe_instant, to_micros

OWN: Mapping[str, str] = {
    "home": "own_home_rows",
    "post": "own_post_rows",
    "issue": "own_issue_rows",
    "signup": "own_signup_rows",
    "announcement": "own_announcement_rows",
    "group": "own_group_rows",
    "change": "own_change_rows",
    "account": "own_account_rows",
}
"""The kinds of rows that make up everything of one person, beside their name and phone, by their query."""

_FORGET = (
    "forget_words",
    "forget_talk",
    "forget_attachments",
    "forget_notes",
    "forget_grams",
    "forget_templates",
    "forget_restrictions",
    "forget_floods",
    "forget_overheard",
    "forget_calls",
    "forget_following",
    "forget_notices",
    "forget_dialogs",
    "forget_mutes",
    "forget_loans",
    "forget_memberships",
    "forget_views",
    "forget_plans",
    "forget_absences",
    "forget_standing_in",
    "forget_deliveries",
    "forget_waiting_mail",
    # The next four look for the accounts, so those come after them.
    "forget_settled_mail",
    "forget_letters",
    "forget_cards",
    "forget_messages",
    "forget_homes",
    "forget_moving_codes",
    "forget_details",
    "forget_accounts",
    "forget_person",
)
_EXPIRED: Mapping[str, str] = {
    "issues": "expired_issues",
    "homes": "expired_homes",
    "signups": "expired_signups",
    "views": "expired_views",
}
_ERASE: Mapping[str, tuple[str, ...]] = {
    "issues": (
        "erase_issue",
        "erase_issue_talk",
        "erase_issue_attachments",
        "erase_issue_notes",
        "erase_issue_grams",
        "erase_issue_messages",
    ),
    "homes": ("erase_home_details", "erase_home"),
    "views": ("erase_view",),
}


@dataclass(frozen=True, slots=True)
class PhoneView:
    """One look at somebody's phone: `role` is a word of `bot.domain.privacy.Viewer`, by right of a post."""

    at: datetime
    viewer_id: int
    role: str
    post_id: int | None


class Privacy:
    """What people have a right to know, and to have forgotten."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def phone_is_public(self, person_id: int) -> bool:
        """Whether a person's own phone stands on the contact card."""
        return bool(await self._connection.fetch("phone_is_public", {"person_id": person_id}))

    async def is_known(self, person_id: int) -> bool:
        """Whether there is such a person, not forgotten."""
        return bool(await self._connection.fetch("is_known", {"person_id": person_id}))

    async def is_forgotten(self, person_id: int) -> bool:
        """Whether a person has asked to be forgotten: what is left has no name."""
        return bool(await self._connection.fetch("is_forgotten", {"person_id": person_id}))

    async def shown_as(self, person_id: int) -> str:
        """By whom a person wishes to be seen by name: neighbours, leader or committee (R14)."""
        rows = await self._connection.fetch("shown_as", {"person_id": person_id})
        level: str = rows[0]["shown_as"]
        return level

    async def set_shown_as(self, person_id: int, level: str) -> None:
        """Another wish, for what is reported from now on."""
        await self._connection.fetch("set_shown_as", {"person_id": person_id, "level": level})

    async def log_view(
        self, viewer_id: int, person_id: int, role: str, post_id: int | None, now: datetime
    ) -> None:
        """Somebody was shown a person's phone."""
        row = {"viewer_id": viewer_id, "person_id": person_id, "role": role, "post_id": post_id}
        await self._connection.fetch("put_phone_view", row | {"now": to_micros(now)})

    async def views_of(self, person_id: int, most: int) -> list[PhoneView]:
        """Who has looked at a person's phone, the latest first."""
        rows = await self._connection.fetch("phone_views_of", {"person_id": person_id, "most": most})
        return [
            PhoneView(from_micros(row["at"]), row["viewer_id"], row["role"], row["post_id"]) for row in rows
        ]

    # Everything of one person --------------------------------------------------------------------------

    async def own(self, person_id: int, kind: str) -> list[Row]:
        """All rows of one kind (of OWN) that are a person's; instants are microseconds UTC."""
        return await self._connection.fetch(OWN[kind], {"person_id": person_id})

    async def last_exported(self, person_id: int) -> datetime | None:
        """When a person's data was last handed out to them."""
        rows = await self._connection.fetch("last_exported", {"person_id": person_id})
        return maybe_instant(rows[0]["at"])

    async def going_on(self, person_id: int) -> list[int]:
        """The ids of a person's issues that are not closed, the oldest first."""
        return [row["id"] for row in await self._connection.fetch("own_going_on", {"person_id": person_id})]

    async def live_signups(self, person_id: int, now: datetime) -> list[int]:
        """The ids of what a person has signed up for, and that has not begun."""
        row = {"person_id": person_id, "now": to_micros(now)}
        return [found["id"] for found in await self._connection.fetch("own_live_signups", row)]

    async def forget(self, person_id: int, now: datetime) -> None:
        """Take out all that names a person, or that they wrote as a resident; the row of `people` stays.

        What each column of the schema becomes stands in tests/storage/test_storage_privacy.py.
        """
        row = {"person_id": person_id, "now": to_micros(now)}
        await self._blank(await self._connection.fetch("signups_of_signer", row))
        for query in _FORGET:
            await self._connection.fetch(query, row)

    async def _blank(self, signups: Iterable[Row]) -> None:
        blank = [
            {"id": signup["id"], "names": json.dumps([""] * len(json.loads(signup["names"])))}
            for signup in signups
        ]
        await self._connection.run_many("blank_signup", blank)

    # What is kept too long -----------------------------------------------------------------------------

    async def expired(self, kind: str, before: datetime, most: int) -> list[int]:
        """What ended before that instant, of one of `bot.domain.retention.KINDS`: ids, the oldest first."""
        row = {"before": to_micros(before), "most": most}
        return [found["id"] for found in await self._connection.fetch(_EXPIRED[kind], row)]

    async def erase(self, kind: str, ids: Sequence[int], now: datetime) -> None:
        """Take out what names somebody; what is counted stays."""
        rows = [{"id": one, "now": to_micros(now)} for one in ids]
        if kind == "signups":
            found = [await self._connection.fetch("signup_names", row) for row in rows]
            await self._blank(one[0] for one in found)
        # One after the other: of several homes it is the last one that takes the name along.
        for row in rows:
            for query in _ERASE.get(kind, ()):
                await self._connection.fetch(query, row)
