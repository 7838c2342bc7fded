"""What one person is shown of another: asked of the one table, and logged where it is a phone."""

from bot.actions.desk import Desk
from bot.domain.posts import APPROVERS, COMMITTEE, holders_at
from bot.domain.privacy import Datum, Level, Viewer, may_see
from bot.storage.issues import Issue
from bot.storage.people import Residency
from bot.storage.posts import HeldPost


async def viewers_of(desk: Desk, viewer_id: int, person_id: int) -> dict[Viewer, int | None]:
    """All that somebody is to a person, the nearest first, each with the post that makes them so."""
    if viewer_id == person_id:
        return {Viewer.SELF: None}
    homes = await desk.store.people.residencies(person_id)
    compounds = {home.compound_id for home in homes}
    compounds |= {post.compound_id for post in await desk.store.posts.of_person(person_id)}
    found: dict[Viewer, int | None] = {}
    for post in await desk.store.posts.of_person(viewer_id):
        if any(_leads(post, home) for home in homes):
            found.setdefault(Viewer.LEADER, post.post_id)
        elif post.compound_id in compounds:
            found.setdefault(Viewer.COMMITTEE if post.kind in COMMITTEE else Viewer.OTHER_POST, post.post_id)
    for own in await desk.store.people.residencies(viewer_id):
        if own.state == "approved" and own.compound_id in compounds:
            found[Viewer.RESIDENT] = None
            if own.building_id in {home.building_id for home in homes}:
                found[Viewer.NEIGHBOUR] = None
    return {viewer: found[viewer] for viewer in Viewer if viewer in found} or {Viewer.STRANGER: None}


def _leads(post: HeldPost, home: Residency) -> bool:
    """Whether this post is responsible for who lives there (the whole compound's posts aside)."""
    return (
        post.kind in APPROVERS - COMMITTEE
        and post.building_id == home.building_id
        and post.entrance_id in (None, home.entrance_id)
    )


async def viewers_of_issue(desk: Desk, viewer_id: int, issue: Issue) -> set[Viewer]:
    """All that somebody is to an issue; to who reported it for another it is their own."""
    holders = await desk.holders(issue.place.compound_id)
    leaders = {
        holder.person_id
        for kind in APPROVERS - COMMITTEE
        for holder in holders_at(kind, issue.place, holders)
    }
    committee = {holder.person_id for holder in holders if holder.kind in COMMITTEE}
    involved = await desk.store.issues.parts(issue.id)
    parts = {
        Viewer.SELF: {issue.reporter_id} | ({issue.proxy.person_id} if issue.proxy else set()),
        Viewer.HANDLER: {issue.handler_id},
        Viewer.LEADER: leaders,
        Viewer.COMMITTEE: committee,
        Viewer.OTHER_POST: {holder.person_id for holder in holders} - leaders - committee,
        Viewer.FOLLOWER: involved["follows"] | involved["affected"],
    }
    found = {viewer for viewer, people in parts.items() if viewer_id in people}
    return found or await _as_resident(desk, viewer_id, issue)


async def _as_resident(desk: Desk, viewer_id: int, issue: Issue) -> set[Viewer]:
    at = issue.place
    homes = await desk.store.people.residencies(viewer_id)
    own = [home for home in homes if home.compound_id == at.compound_id and home.state == "approved"]
    if any(home.building_id == at.building_id for home in own):
        return {Viewer.NEIGHBOUR, Viewer.RESIDENT}
    return {Viewer.RESIDENT} if own else {Viewer.STRANGER}


async def shown_reporter(desk: Desk, issue: Issue, viewer_id: int) -> str:
    """The name of who reported an issue, as this viewer may see it (R14); "" when they may not."""
    viewers = await viewers_of_issue(desk, viewer_id, issue)
    if not may_see(Datum.REPORTER, viewers, Level(issue.shown_as)):
        return ""
    return (await desk.store.people.details(issue.reporter_id)).name


async def erased(desk: Desk, issue: Issue) -> str:
    """Why an issue has no words any more, "on_request" or "after_term"; "" while it has what was written."""
    if issue.erased_at is None:
        return ""
    return "on_request" if await desk.store.privacy.is_forgotten(issue.reporter_id) else "after_term"


async def shown_phone(desk: Desk, viewer_id: int, person_id: int) -> str:
    """A person's phone as this viewer may see it; "" when they may not, or there is none.

    Whatever shows the phone of somebody asks here, in the transaction that posts the message: the table is
    asked what the viewer is to the person now, and a look at a phone that is not public is logged, for the
    person to see. A phone that stands on the contact card is public; one's own is nobody's look.
    """
    phone = (await desk.store.people.details(person_id)).phone
    if not phone or viewer_id == person_id or await desk.store.privacy.phone_is_public(person_id):
        return phone
    viewers = await viewers_of(desk, viewer_id, person_id)
    allowed = [viewer for viewer in viewers if may_see(Datum.PHONE, (viewer,))]
    if not allowed:
        return ""
    await desk.store.privacy.log_view(viewer_id, person_id, allowed[0].value, viewers[allowed[0]], desk.now)
    return phone
