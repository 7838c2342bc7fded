"""Two rows of people that turn out to be one person: what becomes of every column that refers to people."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.storage.engine import Connection, to_micros

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "personal_details.person_id": ("merge_details",),
    "accounts.person_id": ("merge_accounts",),
    "residencies.person_id": ("merge_residencies_twice", "merge_residencies"),
    "residencies.decided_by": ("merge_residencies_decided",),
    "appointments.person_id": ("merge_appointments_twice", "merge_appointments"),
    "appointments.acting_for": ("merge_acting_for",),
    "planned_appointments.person_id": ("merge_planned_appointments",),
    "planned_appointments.planned_by": ("merge_planned_by",),
    # First who stands in, while it still shows who was away.
    "absences.stand_in_id": ("merge_stand_ins",),
    "absences.person_id": ("merge_absences",),
    "changes.actor_id": ("merge_changes_actor",),
    "changes.person_id": ("merge_changes_person",),
    "links.used_by": ("merge_links",),
    "moving_codes.person_id": ("merge_moving_codes",),
    "issues.proxy_id": ("merge_proxies",),
    "issues.reporter_id": ("merge_reporters",),
    "issue_events.actor_id": ("merge_issue_events",),
    "issue_people.person_id": ("merge_parts_twice", "merge_parts"),
    "assignments.handler_id": ("merge_assignments",),
    "verdicts.handler_id": ("merge_verdicts",),
    "issue_notes.author_id": ("merge_issue_notes",),
    "reply_templates.person_id": ("merge_reply_templates",),
    "restrictions.person_id": ("merge_restrictions_twice", "merge_restrictions"),
    "restrictions.proposed_by": ("merge_restrictions_proposed",),
    "restrictions.decided_by": ("merge_restrictions_decided",),
    "restrictions.upheld_by": ("merge_restrictions_upheld",),
    "restrictions.ended_by": ("merge_restrictions_ended",),
    "floods.person_id": ("merge_floods",),
    "overheard.person_id": ("merge_overheard",),
    "calls.person_id": ("merge_calls_twice", "merge_calls"),
    "calls.asked_id": ("merge_calls_asked",),
    "calls.taken_by": ("merge_calls_taken",),
    "notices.person_id": ("merge_notices",),
    "dialogs.person_id": ("merge_dialogs_twice", "merge_dialogs"),
    "outbox.person_id": ("merge_outbox",),
    "groups.bound_by": ("merge_groups",),
    "group_codes.made_by": ("merge_group_codes",),
    "interest_groups.leader_id": ("merge_interest_groups",),
    "interest_group_members.person_id": ("merge_members_twice", "merge_members"),
    "announcements.author_id": ("merge_announcement_authors",),
    "announcements.second_id": ("merge_announcement_seconds",),
    "announcement_events.actor_id": ("merge_announcement_events",),
    "deliveries.person_id": ("merge_deliveries",),
    "read_receipts.person_id": ("merge_receipts_twice", "merge_receipts"),
    "mutes.person_id": ("merge_mutes_twice", "merge_mutes"),
    "loans.person_id": ("merge_loans",),
    "loans.lent_by": ("merge_loans_lent",),
    "loans.revoked_by": ("merge_loans_revoked",),
    "activities.author_id": ("merge_activities",),
    "activity_events.actor_id": ("merge_activity_events",),
    "signups.signer_id": ("merge_signers",),
    "signups.person_id": ("merge_signups",),
    "card_prints.made_by": ("merge_card_prints",),
    "phone_views.viewer_id": ("merge_phone_views",),
    "phone_views.person_id": ("merge_phone_views_of",),
}
"""Every column that refers to people, with the statements that move it, in the order they are run."""

HANDLERS = "issues.handler_id"
"""The one column left: what somebody handles moves when it is known that they may have it (C10)."""


@dataclass(frozen=True, slots=True)
class Twice:
    """A party in which somebody would be a second time."""

    signup_id: int
    signer_id: int
    names: tuple[str, ...]


class Merging:
    """Everything of one person becomes another's."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, from_person: int, to_person: int) -> bool:
        """Hold both until commit; False unless both are there and are two people."""
        people = {"from_person": from_person, "to_person": to_person}
        rows = await self._connection.fetch("lock_people", people)
        return len([row for row in rows if row["forgotten_at"] is None]) == 2

    async def addresses(self, person_id: int) -> dict[str, str]:
        """Where somebody's accounts are, by channel."""
        rows = await self._connection.fetch("accounts_of", {"person_id": person_id})
        return {row["channel"]: row["address"] for row in rows}

    async def unlink(self, person_id: int, channel: str, old_chat: str, new_chat: str) -> None:
        """The old account reaches nobody any more; what was not sent yet goes to the new address."""
        chats = {"old_chat": old_chat, "new_chat": new_chat}
        await self._connection.fetch("drop_account", {"channel": channel, "address": old_chat})
        await self._connection.fetch("drop_dialogs_in", {"chat": old_chat, "person_id": person_id})
        await self._connection.fetch("readdress_deliveries", chats)
        await self._connection.fetch("move_chat_mail", chats)
        # The messages themselves stay on the old phone; nothing edits them from now on.
        await self._connection.fetch("drop_moved_cards", {"old_chat": old_chat})

    async def twice(self, from_person: int, to_person: int) -> list[Twice]:
        """The later of two parties of one activity that both of them are in."""
        people = {"from_person": from_person, "to_person": to_person}
        rows = await self._connection.fetch("signups_twice", people)
        return [Twice(row["id"], row["signer_id"], tuple(json.loads(row["names"]))) for row in rows]

    async def without_self(self, signup_id: int) -> None:
        """The one whose signup it was no longer comes with this party."""
        await self._connection.fetch("without_self", {"id": signup_id})

    async def move(self, from_person: int, to_person: int, now: datetime) -> None:
        """Move everything but what they handle, and leave a tombstone.

        Name and phone are not moved: who merges decides which are right. Both people are locked.
        """
        people = {"from_person": from_person, "to_person": to_person}
        (ways,) = [
            {"locale": row["locale"], "is_elder": row["is_elder"]}
            for row in await self._connection.fetch("lock_people", people)
            if row["id"] == from_person
        ]
        for statements in COLUMNS.values():
            for statement in statements:
                await self._connection.fetch(statement, people)
        for kind in ("person", "guests"):
            names = {"old": f"{kind}:{from_person}", "new": f"{kind}:{to_person}"}
            await self._connection.fetch("rename_household", names)
        await self._connection.fetch("take_ways", {"person_id": to_person, **ways})
        await self._connection.fetch("empty_person", {"person_id": from_person, "now": to_micros(now)})

    async def move_handled(self, from_person: int, to_person: int) -> None:
        """And what they handle."""
        people = {"from_person": from_person, "to_person": to_person}
        await self._connection.fetch("merge_handlers", people)
