"""An issue put straight into the database, for tests that look at rows."""

from datetime import datetime, timedelta
from typing import Any

from bot.domain.posts import Place
from bot.storage.store import Store


async def put_issue(
    store: Store, now: datetime, place: Place, reporter_id: int, handler_id: int, **given: Any
) -> int:
    """A public, ordinary issue about a lamp but for what is `given` (see `Issues.file`); gives its id."""
    lamp: dict[str, Any] = {
        "category": "lighting",
        "urgency": "ordinary",
        "is_private": False,
        "text": "灯坏了",
        "reporter_approved": True,
        "handler_post": "building_leader",
        "reason": {},
        "clock_kind": "workdays",
        "accept_term": timedelta(days=1),
        "resolve_term": timedelta(days=7),
    }
    if "number" not in given:
        lamp["number"] = await store.issues.next_number(place.compound_id, f"{now:%y%m%d}")
    return await store.issues.file(
        **lamp | given, place=place, reporter_id=reporter_id, handler_id=handler_id, now=now
    )
