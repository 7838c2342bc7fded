"""What belongs together: 我也遇到 before a report is sent, merging and parting, and who sees one's name."""

from bot.actions.alike import Draft, alike_of, merge_offers, merge_target
from bot.actions.cards import card_from_outside, card_key, outside_facts, roles_of
from bot.actions.desk import choice
from bot.actions.issues import act, expect, known
from bot.actions.tellings import Said
from bot.conversation.dialog import Dialog, Step, begin, finish, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.categories import Urgency
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.folding import fold
from bot.domain.posts import Place
from bot.domain.privacy import Level
from bot.domain.transitions import Action, Role
from bot.handlers.cards import do, unless_stale, visible
from bot.handlers.gathering import add
from bot.storage.issues import Issue
from bot.texts import short

WORDS_MOST = 300
"""Characters of why an issue is merged or parted, as they are repeated in the question."""


# Before a report is sent ---------------------------------------------------------------------------------


async def before_review(turn: Turn) -> str:
    """The step that follows once it is known what a report is about and where.

    Where the same was probably reported already that is shown first. Danger is never held up: its review says
    so below the button that sends it. Who reports for another is not asked: it is not they who have met it.
    """
    data = turn.data
    category = turn.desk.rules.categories[data["category"]]
    found: list[Issue] = []
    if not data.get("proxy"):
        draft = Draft(category, Place(*data["place"]), data.get("text", ""), is_private(turn))
        apart = data.get("apart", ())
        found = [one for one in await alike_of(turn.desk, turn.person_id, draft) if one.id not in apart]
    if found:
        # Without any, those shown before stay: the way back leads through them.
        remember(turn, alike=[issue.id for issue in found], at=0)
    remember(turn, is_alike=bool(found))
    return "alike" if found and category.urgency != Urgency.DANGER else "review"


def is_private(turn: Turn) -> bool:
    """Whether the report being put together is kept from neighbours: as its kind is, or as tapped (R13)."""
    data = turn.data
    wished = data.get("is_private")
    usual = turn.desk.rules.categories[data["category"]].is_private
    return bool(data.get("about_handler")) or (usual if wished is None else bool(wished))


async def households_alike(turn: Turn) -> int:
    """How many households have reported what is likeliest the same; 0 where nothing is."""
    data = turn.data
    return await turn.store.issues.households(data["alike"][0]) if data.get("is_alike") else 0


async def ask_alike(turn: Turn) -> None:
    """One issue that may be the same, with its photos above the question."""
    offered, at = turn.data["alike"], turn.data["at"]
    issue = await known(turn.desk, offered[at])
    photos = [
        one.file
        for one in await turn.store.issues.attachments(issue.id)
        if (one.action, one.kind) == ("file", "photo")
    ]
    if photos:
        turn.desk.post_photos(turn.incoming.chat, photos, person_id=turn.person_id)
        turn.edits_prompt = False
    is_own = Role.REPORTER in await roles_of(turn.desk, issue, turn.person_id)
    facts = {
        **await card_from_outside(turn.desk, issue, turn.person_id),
        "is_own": is_own,
        "part": at + 1,
        "parts": len(offered),
    }
    following = ((pick("next_alike", "next"),),) if len(offered) > 1 else ()
    same = pick("add_to_own" if is_own else "met_too", "same", issue.id)
    put_question(turn, "alike.offer", ((same,), (pick("another_matter", "apart"),), *following), facts)


async def take_alike(turn: Turn) -> str | None:
    """The same, another, or the next one; whatever is said meanwhile belongs to the report."""
    data, chosen = turn.data, turn.chosen
    if not chosen:
        if not add(turn):
            raise NotUnderstood("tap_or_write")
        return await before_review(turn)
    if chosen == ("next",):
        remember(turn, at=(data["at"] + 1) % len(data["alike"]))
        return "alike"
    if chosen == ("apart",):
        remember(turn, apart=[*data.get("apart", ()), *data["alike"]], is_alike=False)
        return "review"
    if len(chosen) != 2 or chosen[1] not in map(str, data["alike"]):
        raise NotUnderstood("tap_or_write")
    return await _join(turn, int(chosen[1]))


async def _join(turn: Turn, issue_id: int) -> str | None:
    """Add what was said to an issue; where it has ended meanwhile the report goes its own way."""
    data = turn.data
    said = Said(data.get("text", ""), tuple(data.get("photos", ())), tuple(data.get("voices", ())))
    try:
        async with turn.attempt():
            issue = await turn.store.issues.locked(issue_id)
            own = issue is not None and Role.REPORTER in await roles_of(turn.desk, issue, turn.person_id)
            action = Action.REPLY if own else Action.FOLLOW
            joined = await act(turn.desk, issue_id, turn.person_id, action, said)
    except Refused as no:
        remember(turn, apart=[*data.get("apart", ()), issue_id], is_alike=False)
        turn.edits_prompt = False
        turn.say(f"refusals.{no.reason}", no.facts)
        return "review"
    facts = {**await outside_facts(turn.desk, joined), "is_own": own}
    finish(turn, "alike.joined", facts, choices=((choice("my_issues", "my.list"),),))
    return None


async def unfollow(turn: Turn, issue: str) -> None:
    """取消關注"""
    found = await do(turn, issue, Action.UNFOLLOW)
    if found is not None:
        facts, key = {"number": found.number}, card_key(found.id)
        await turn.desk.tell(turn.person_id, "alike.unfollowed", facts, card_key=key, anew=False)


# Merging and parting -------------------------------------------------------------------------------------


async def duplicate(turn: Turn, issue: str) -> None:
    """重複: which one is it the same as?"""
    await _begin(turn, issue, Action.MARK_DUPLICATE, "main")


async def unmerge(turn: Turn, issue: str) -> None:
    """取消並案, with a reason"""
    await _begin(turn, issue, Action.UNMERGE, "why")


async def _begin(turn: Turn, issue: str, action: Action, step: str) -> None:
    found = await unless_stale(turn, issue, lambda one: expect(turn.desk, one, turn.person_id, action))
    if found is not None:
        await begin(turn, DIALOG, step, issue=found.id, number=found.number)


async def _ask_main(turn: Turn) -> None:
    issue = await known(turn.desk, turn.data["issue"])
    rows = []
    for other in await merge_offers(turn.desk, issue, turn.person_id):
        facts = {"number": other.number, "category": other.category}
        label = plain(turn.render("alike.choice", **facts, place=await turn.desk.place_facts(other.place)))
        rows.append((pick("", "main", other.id, text=label),))
    asked = {"number": issue.number, "text": issue.text, "count": len(rows)}
    # A number that is typed is the number of an issue.
    put_question(turn, "alike.which", rows, asked, numbers_pick=False)


async def _take_main(turn: Turn) -> str | None:
    issue = await known(turn.desk, turn.data["issue"])
    if turn.chosen[:1] == ("main",) and len(turn.chosen) == 2:
        main_id = turn.number(turn.chosen[1])
    elif turn.chosen or not turn.text:
        raise NotUnderstood("tap_or_number")
    else:
        number = fold(turn.text).strip()
        day = issue.number.split("-")[0]
        named = await turn.store.issues.numbered(issue.place.compound_id, number)
        if named is None and number.isascii() and number.isdigit():
            # 1 or 001 is one of the same day.
            named = await turn.store.issues.numbered(issue.place.compound_id, f"{day}-{int(number):03d}")
        if named is None:
            raise NotUnderstood("no_such_number", said=short(turn.text, 20))
        main_id = named.id
    try:
        main = await merge_target(turn.desk, issue, main_id, turn.person_id)
    except Refused as no:
        raise NotUnderstood(no.reason, **no.facts) from None
    remember(turn, main=main.id, text="")
    return "sure"


async def _ask_sure(turn: Turn) -> None:
    issue = await known(turn.desk, turn.data["issue"])
    main = await known(turn.desk, turn.data["main"])
    facts = {
        "number": issue.number,
        "text": issue.text,
        "main": main.number,
        "main_text": main.text,
        "words": turn.data.get("text", ""),
    }
    put_question(turn, "alike.sure", ((pick("merge_now", "merge"),),), facts)


async def _take_sure(turn: Turn) -> str | None:
    if turn.chosen != ("merge",):
        _hear(turn)
        return "sure"
    data = turn.data
    main = await turn.store.issues.get(data["main"])
    # Without words it is said with the number it is the same as.
    text = data.get("text", "") or (main.number if main else "")
    await _do(turn, Action.MARK_DUPLICATE, Said(text, target=data["main"]), "alike.merged_now")
    return None


def _hear(turn: Turn) -> None:
    if turn.chosen or turn.incoming.kind != "text" or not turn.text:
        raise NotUnderstood("tap_or_write")
    if len(turn.text) > WORDS_MOST:
        raise NotUnderstood("text_too_long", most=WORDS_MOST)
    remember(turn, text=turn.text)


async def _ask_why(turn: Turn) -> None:
    put_question(turn, "alike.why", (), {"number": turn.data["number"]}, numbers_pick=False)


async def _take_why(turn: Turn) -> str | None:
    _hear(turn)
    await _do(turn, Action.UNMERGE, Said(turn.text), "alike.parted_now")
    return None


async def _do(turn: Turn, action: Action, said: Said, message: str) -> None:
    """Do it and say so; whatever stands against it by now ends the dialog."""
    try:
        issue = await do(turn, str(turn.data["issue"]), action, said)
    except Refused as no:
        turn.refuse(no)
        return
    if issue is not None:
        main = await turn.store.issues.get(issue.duplicate_of) if issue.duplicate_of else None
        finish(turn, message, {"number": issue.number, "main": main.number if main else ""})


DIALOG = Dialog(
    "alike",
    {
        "main": Step(_ask_main, _take_main),
        "sure": Step(_ask_sure, _take_sure),
        "why": Step(_ask_why, _take_why),
    },
)


# Who sees the name (R14) ---------------------------------------------------------------------------------


def seen_by_key(issue_id: int) -> str:
    """Under which name a chat remembers the question who sees the reporter's name."""
    return f"seen_by:{issue_id}"


async def seen_by(turn: Turn, issue: str) -> None:
    """Who sees my name on this one?"""
    await _say_seen_by(turn, await _own(turn, issue), anew=True)


async def be_seen_by(turn: Turn, issue: str, level: str) -> None:
    """One of them was tapped."""
    found = await _own(turn, issue)
    if level not in set(Level):
        raise Refused("bad_button")
    if found.shown_as != level:
        found = await act(turn.desk, found.id, turn.person_id, Action.SHOW_AS, Said(how=level))
    await _say_seen_by(turn, found, anew=False)


async def _own(turn: Turn, issue: str) -> Issue:
    found = await visible(turn, issue)
    if found.reporter_id != turn.person_id:
        raise Refused("not_yours")
    return found


async def _say_seen_by(turn: Turn, issue: Issue, *, anew: bool) -> None:
    rows = tuple(
        (choice(f"shown_{level}", "issue.be_seen_by", issue.id, level, is_now=level == issue.shown_as),)
        for level in Level
    )
    facts = {"number": issue.number, "shown_as": issue.shown_as, "is_private": issue.is_private}
    turn.say("alike.seen_by", facts, choices=rows, card_key=seen_by_key(issue.id), anew=anew)
