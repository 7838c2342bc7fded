"""Whom a post goes to next: named, asked, answering; entered without an account; and until when."""

import re
from datetime import UTC, datetime, time, timedelta
from unicodedata import normalize
from zoneinfo import ZoneInfo

from bot.actions import appointing, successions
from bot.actions.appointing import post_facts
from bot.actions.desk import Choice, Choices
from bot.actions.interest_groups import home_of
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.appointing import Deed
from bot.domain.dates import read_moment
from bot.domain.errors import NotUnderstood
from bot.domain.posts import SHARED
from bot.handlers.appointing import invite, post_asked, visible
from bot.storage.posts import Post
from bot.texts import short

FOUND_MOST = 8
SAID_MOST = 40
_TERMS = {"one_year": 1, "three_years": 3}
_UNLISTED = re.compile(r"(?P<name>[^0-9+]+?)[\s,，、:：]*(?P<phone>\+?[0-9][0-9 -]+)")


# Answering ----------------------------------------------------------------------------------------------


async def accept(turn: Turn, plan: str) -> None:
    """同意: the post is theirs, now or from the day agreed on."""
    await _answer(turn, plan, agrees=True)


async def decline(turn: Turn, plan: str) -> None:
    """婉拒"""
    await _answer(turn, plan, agrees=False)


async def _answer(turn: Turn, plan: str, *, agrees: bool) -> None:
    answered = await successions.answer(turn.desk, turn.person_id, turn.number(plan), agrees=agrees)
    post = await appointing.post_of(turn.desk, answered.post_id)
    if answered.state == "begun":
        turn.say("join.post_taken", post_facts(post), menu=True)
    else:
        turn.say("appointing.you_answered", await successions.plan_facts(turn.desk, post, answered))


async def confirm(turn: Turn, plan: str) -> None:
    """The committee agrees to who is proposed: they are asked."""
    await _confirm(turn, plan, agrees=True)


async def reject(turn: Turn, plan: str) -> None:
    """The committee does not agree."""
    await _confirm(turn, plan, agrees=False)


async def _confirm(turn: Turn, plan: str, *, agrees: bool) -> None:
    await successions.confirm(turn.desk, turn.person_id, turn.number(plan), agrees=agrees)
    turn.toast("appointing.confirmed", is_agreed=agrees)


async def withdraw(turn: Turn, plan: str) -> None:
    """撤回"""
    withdrawn = await successions.withdraw(turn.desk, turn.person_id, turn.number(plan))
    post = await appointing.post_of(turn.desk, withdrawn.post_id)
    facts = await successions.plan_facts(turn.desk, post, withdrawn)
    turn.say("appointing.withdrawn", facts, choices=appointing.open_choice(post))


# Whom it is to be ---------------------------------------------------------------------------------------


async def appoint(turn: Turn, post: str) -> None:
    """任命, 换人, 交给…"""
    await _begin_plan(turn, post, is_deputy=False)


async def add_deputy(turn: Turn, post: str) -> None:
    """加副手"""
    await _begin_plan(turn, post, is_deputy=True)


async def _begin_plan(turn: Turn, post: str, *, is_deputy: bool) -> None:
    found = await visible(turn, post)
    state = await successions.first_state(turn.desk, turn.person_id, found)
    await begin(turn, DIALOG, "name", post=found.id, is_deputy=is_deputy, state=state)


async def _ask_name(turn: Turn) -> None:
    post = await post_asked(turn)
    rows: list[tuple[Choice, ...]] = []
    if turn.data["state"] == "asked" and not turn.data["is_deputy"]:
        rows = [(pick("post_unlisted", "unlisted"),), (pick("post_invite", "invite"),)]
    facts = {**post_facts(post), "is_deputy": turn.data["is_deputy"]}
    put_question(turn, "appointing.ask_name", rows, facts, numbers_pick=False)


async def _take_name(turn: Turn) -> str | None:
    if turn.chosen and (turn.data["state"] != "asked" or turn.data["is_deputy"]):
        raise NotUnderstood("tap_one")
    if turn.chosen == ("unlisted",):
        return "unlisted"
    if turn.chosen == ("invite",):
        await invite(turn, str(turn.data["post"]))
        return None
    people = await appointing.people_for(turn.desk, turn.person_id, await post_asked(turn), turn.text)
    if not turn.text or not people:
        raise NotUnderstood("team_nobody", said=short(turn.text, SAID_MOST))
    if len(people) > FOUND_MOST:
        raise NotUnderstood("team_too_many", said=short(turn.text, SAID_MOST))
    remember(turn, said=turn.text)
    return "who"


async def _ask_who(turn: Turn) -> None:
    rows = []
    for one in await appointing.people_for(
        turn.desk, turn.person_id, await post_asked(turn), turn.data["said"]
    ):
        home = await home_of(turn.desk, one)
        where = plain(turn.render("places.inline", **home)) if home else ""
        rows.append((pick("", "who", one.person_id, text=f"{one.name} {where}".strip()),))
    put_question(turn, "appointing.ask_who", rows[:FOUND_MOST])


async def _take_who(turn: Turn) -> str | None:
    if turn.chosen[:1] != ("who",) or len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    post, person_id = await post_asked(turn), turn.number(turn.chosen[1])
    people = await appointing.people_for(turn.desk, turn.person_id, post, turn.data["said"])
    if person_id not in [one.person_id for one in people]:
        # The next question says the name: a forged number must not reveal one.
        raise NotUnderstood("tap_one")
    await successions.check_candidate(turn.desk, post, person_id, is_deputy=turn.data["is_deputy"])
    remember(turn, person=person_id)
    return "since"


async def _zone(turn: Turn) -> ZoneInfo:
    return ZoneInfo(await appointing.timezone_of(turn.desk, await post_asked(turn)))


async def _ask_since(turn: Turn) -> None:
    rows = ((pick("since_now", "now"),), (pick("since_next_month", "month"),))
    put_question(turn, "appointing.ask_since", rows, numbers_pick=False)


async def _take_since(turn: Turn) -> str | None:
    now, zone = turn.desk.now, await _zone(turn)
    begins: datetime | None = None
    if turn.chosen == ("month",):
        later = now.astimezone(zone).date().replace(day=1) + timedelta(days=32)
        begins = datetime.combine(later.replace(day=1), time.min, zone).astimezone(UTC)
    elif turn.chosen != ("now",):
        begins = read_moment(turn.text, now, zone).start
        if begins - now > successions.AHEAD_MOST:
            raise NotUnderstood("begin_far")
    remember(turn, begins=begins.isoformat() if begins else None)
    return "until"


async def _ask_until(turn: Turn) -> None:
    put_question(turn, "appointing.ask_until", _term_picks(), numbers_pick=False)


def _term_picks() -> Choices:
    return ((pick("no_term", "none"),), (pick("one_year", "one_year"), pick("three_years", "three_years")))


async def _until(turn: Turn, begins: datetime) -> datetime | None:
    """The last day of a term, as its local midnight; None for no end."""
    zone = await _zone(turn)
    if turn.chosen == ("none",):
        return None
    if turn.chosen[:1] and turn.chosen[0] in _TERMS:
        first = begins.astimezone(zone).date()
        # 29 February has no like three years on.
        last = first.replace(day=min(first.day, 28 if first.month == 2 else 31))
        last = last.replace(year=last.year + _TERMS[turn.chosen[0]]) - timedelta(days=1)
        return datetime.combine(last, time.min, zone).astimezone(UTC)
    day = read_moment(turn.text, turn.desk.now, zone).start.astimezone(zone).date()
    until = datetime.combine(day, time.min, zone).astimezone(UTC)
    if until <= begins:
        raise NotUnderstood("term_past")
    return until


def _instant(turn: Turn, key: str) -> datetime | None:
    said = turn.data.get(key)
    return datetime.fromisoformat(said) if said else None


async def _take_until(turn: Turn) -> str | None:
    until = await _until(turn, _instant(turn, "begins") or turn.desk.now)
    remember(turn, until=until.isoformat() if until else None)
    return "review"


async def _ask_review(turn: Turn) -> None:
    data, post = turn.data, await post_asked(turn)
    facts = {
        **post_facts(post),
        "name": await appointing.name_of(turn.desk, data["person"]),
        "is_deputy": data["is_deputy"],
        "begins_at": _instant(turn, "begins"),
        "term_until": _instant(turn, "until"),
        "former": await _former(turn, post, data["person"]),
        "standing": data["state"],
        "timezone": await appointing.timezone_of(turn.desk, post),
    }
    put_question(turn, "appointing.review", ((pick("plan_send", "send"),),), facts)


async def _former(turn: Turn, post: Post, person_id: int | None = None) -> str:
    """Whose time ends when somebody else holds the post."""
    if post.kind in SHARED or turn.data["is_deputy"]:
        return ""
    former = [one for one in await turn.store.posts.holder_ids(post.id) if one != person_id]
    return await appointing.name_of(turn.desk, former[0] if former else None)


async def _take_review(turn: Turn) -> str | None:
    if turn.chosen != ("send",):
        raise NotUnderstood("tap_one")
    data = turn.data
    plan = await successions.propose(
        turn.desk,
        turn.person_id,
        data["post"],
        data["person"],
        begins_at=_instant(turn, "begins"),
        term_until=_instant(turn, "until"),
        is_deputy=data["is_deputy"],
    )
    post = await post_asked(turn)
    facts = await successions.plan_facts(turn.desk, post, plan)
    finish(turn, "appointing.planned", facts, choices=appointing.open_choice(post))
    return None


async def _ask_unlisted(turn: Turn) -> None:
    put_question(turn, "appointing.ask_unlisted", numbers_pick=False)


async def _take_unlisted(turn: Turn) -> str | None:
    found = _UNLISTED.fullmatch(normalize("NFKC", turn.text))
    if found is None:
        raise NotUnderstood("unlisted_unclear")
    remember(turn, name=found["name"].strip(), phone=found["phone"].strip())
    return "enter"


async def _ask_enter(turn: Turn) -> None:
    post = await post_asked(turn)
    facts = {
        **post_facts(post),
        "name": turn.data["name"],
        "phone": turn.data["phone"],
        "former": await _former(turn, post),
    }
    put_question(turn, "appointing.enter", ((pick("enter_now", "enter"),),), facts)


async def _take_enter(turn: Turn) -> str | None:
    if turn.chosen != ("enter",):
        raise NotUnderstood("tap_one")
    data = turn.data
    await appointing.appoint_unlisted(turn.desk, turn.person_id, data["post"], data["name"], data["phone"])
    post = await post_asked(turn)
    facts = {**post_facts(post), "name": data["name"]}
    finish(turn, "appointing.entered", facts, choices=appointing.open_choice(post))
    return None


# Terms ----------------------------------------------------------------------------------------


async def begin_term(turn: Turn, post: str, person: str) -> None:
    """任期, 留任: until when somebody holds it."""
    found = await visible(turn, post)
    await appointing.require(turn.desk, Deed.APPOINT, turn.person_id, found)
    one = await appointing.appointment_of(turn.desk, found, turn.number(person))
    await begin(turn, DIALOG, "term", post=found.id, person=one.person_id)


async def _ask_term(turn: Turn) -> None:
    facts = {
        **post_facts(await post_asked(turn)),
        "name": await appointing.name_of(turn.desk, turn.data["person"]),
    }
    put_question(turn, "appointing.ask_term", _term_picks(), facts, numbers_pick=False)


async def _take_term(turn: Turn) -> str | None:
    until, post = await _until(turn, turn.desk.now), await post_asked(turn)
    person_id = turn.data["person"]
    await successions.set_term(turn.desk, post.id, person_id, until, actor_id=turn.person_id, source="chat")
    facts = {
        "name": await appointing.name_of(turn.desk, person_id),
        "term_until": until,
        "timezone": await appointing.timezone_of(turn.desk, post),
    }
    finish(turn, "appointing.term_set", facts, choices=appointing.open_choice(post))
    return None


DIALOG = Dialog(
    "succession",
    {
        "name": Step(_ask_name, _take_name),
        "who": Step(_ask_who, _take_who),
        "since": Step(_ask_since, _take_since),
        "until": Step(_ask_until, _take_until),
        "review": Step(_ask_review, _take_review),
        "unlisted": Step(_ask_unlisted, _take_unlisted),
        "enter": Step(_ask_enter, _take_enter),
        "term": Step(_ask_term, _take_term),
    },
)
