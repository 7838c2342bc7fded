"""興趣小組: see them, join one, lead one; the committee begins them (E7)."""

from collections.abc import Awaitable, Callable
from itertools import islice

from bot.actions import interest_groups as actions
from bot.actions.desk import Choice, choice
from bot.actions.interest_groups import candidates, compounds_of, facts_of, is_committee, managed, rule_facts
from bot.conversation.dialog import Dialog, Step, begin, finish, grid, pick, put_question, remember
from bot.conversation.turn import Turn, plain
from bot.domain.errors import NotUnderstood, Refused
from bot.domain.recurrences import Rule, read_rule
from bot.storage.interest_groups import InterestGroup, Member

LISTED_MOST = 20
MEMBERS_MOST = 50
PICKED_MOST = 90
FOUND_MOST = 8


# Seeing and joining ------------------------------------------------------------------------------------


async def list_all(turn: Turn) -> None:
    """/teams: the groups of one's compounds, and for the committee a button to begin one."""
    compounds = await compounds_of(turn.desk, turn.person_id)
    if not compounds:
        raise Refused("team_no_home")
    mine = await turn.store.interest_groups.of_member(turn.person_id)
    groups: list[InterestGroup] = []
    founding: list[Choice] = []
    for compound_id in compounds:
        groups += await turn.store.interest_groups.of_compound(compound_id)
        if await is_committee(turn.desk, turn.person_id, compound_id):
            name = (await turn.store.places.compound(compound_id)).name if len(compounds) > 1 else ""
            founding.append(choice("team_new", "team.new", compound_id, compound=name))
    # One's own come first: they are what one looks for.
    groups.sort(key=lambda group: group.id not in mine)
    lines = [
        {
            "name": group.name,
            "members": group.members,
            "practice": group.practice and rule_facts(group.practice),
            "is_mine": group.id in mine,
        }
        for group in groups[:LISTED_MOST]
    ]
    picks = [choice("team_open", "team.show", group.id, name=group.name) for group in groups[:LISTED_MOST]]
    rest = len(groups) - len(lines)
    turn.say("interest_groups.list", {"lines": lines, "rest": rest}, choices=(*grid(picks, 2), founding))


async def show(turn: Turn, group: str) -> None:
    """One group's card, anew at the end of the chat."""
    await _show(turn, await actions.visible(turn.desk, turn.person_id, turn.number(group)), anew=True)


async def _show(turn: Turn, group: InterestGroup, *, anew: bool = False) -> None:
    facts = await facts_of(turn.desk, group, turn.person_id)
    row: list[Choice] = []
    if not facts["is_over"] and not facts["is_leader"]:
        leaving, joining = (
            choice("team_leave", "team.leave", group.id),
            choice("team_join", "team.join", group.id),
        )
        row.append(leaving if facts["is_mine"] else joining)
    if not facts["is_over"] and await actions.may_manage(turn.desk, turn.person_id, group):
        row.append(choice("team_manage", "team.manage", group.id))
    rows = (row,) if row else ()
    turn.say("interest_groups.card", facts, choices=rows, card_key=f"team:{group.id}", anew=anew)


async def join(turn: Turn, group: str) -> None:
    """加入"""
    joined = await actions.join(turn.desk, turn.person_id, turn.number(group))
    turn.toast("interest_groups.joined", name=joined.name)
    await _show(turn, joined)


async def leave(turn: Turn, group: str) -> None:
    """退出"""
    left = await actions.leave(turn.desk, turn.person_id, turn.number(group))
    turn.toast("interest_groups.left", name=left.name)
    await _show(turn, left)


# Leading -----------------------------------------------------------------------------------------------


async def manage(turn: Turn, group: str) -> None:
    """What a leader, or the committee, can do with a group."""
    found = await managed(turn.desk, turn.person_id, turn.number(group))
    rows = [
        [
            choice("team_practice", "team.practice", found.id),
            choice("team_members", "team.members", found.id),
        ],
        [choice("team_about", "team.about", found.id), choice("team_hand", "team.hand", found.id)],
        [choice("team_end", "team.end", found.id)],
    ]
    if found.practice is not None:
        rows[-1].insert(0, choice("team_rest", "team.rest", found.id))
    facts = {"name": found.name, "practice": found.practice and rule_facts(found.practice)}
    turn.say("interest_groups.manage", facts, choices=rows)


async def members(turn: Turn, group: str) -> None:
    """Who is in it, by name, for its leader."""
    found = await managed(turn.desk, turn.person_id, turn.number(group))
    people = await turn.store.interest_groups.members(found.id)
    lines = [
        {"name": one.name, "is_leader": one.person_id == found.leader_id} for one in people[:MEMBERS_MOST]
    ]
    facts = {"name": found.name, "members": len(people), "lines": lines, "rest": len(people) - len(lines)}
    rows = ((choice("team_remove", "team.remove", found.id),),) if len(people) > 1 else ()
    turn.say("interest_groups.members", facts, choices=rows)


async def rest(turn: Turn, group: str) -> None:
    """暫停練習"""
    found = await actions.rest(turn.desk, turn.person_id, turn.number(group))
    turn.say("interest_groups.resting", {"name": found.name})


async def new(turn: Turn, compound: str) -> None:
    """新建小組"""
    number = turn.number(compound)
    if not await is_committee(turn.desk, turn.person_id, number):
        raise Refused("team_not_yours")
    await begin(turn, DIALOG, "name", compound=number, deed="found")


def _asking(deed: str, step: str) -> Callable[[Turn, str], Awaitable[None]]:
    """A button that asks for what the deed needs, unless it would be refused anyway."""

    async def verb(turn: Turn, group: str) -> None:
        found = await managed(turn.desk, turn.person_id, turn.number(group))
        await begin(
            turn, DIALOG, step, compound=found.compound_id, group=found.id, name=found.name, deed=deed
        )

    return verb


describe = _asking("describe", "about")
practise = _asking("practise", "practice")
hand_over = _asking("hand_over", "leader")
remove = _asking("remove", "member")
end = _asking("end", "over")


# The questions -----------------------------------------------------------------------------------------


async def _ask_name(turn: Turn) -> None:
    put_question(turn, "interest_groups.ask_name")


async def _take_name(turn: Turn) -> str | None:
    remember(turn, name=await actions.check_name(turn.desk, turn.person_id, turn.data["compound"], turn.text))
    return "about"


async def _ask_about(turn: Turn) -> None:
    put_question(turn, "interest_groups.ask_about", (), {"name": turn.data["name"]})


async def _take_about(turn: Turn) -> str | None:
    about = actions.check_about(turn.text)
    if turn.data["deed"] == "found":
        remember(turn, about=about)
        return "leader"
    group = await actions.describe(turn.desk, turn.person_id, turn.data["group"], about)
    finish(turn, "interest_groups.described", {"name": group.name})
    return None


async def _ask_leader(turn: Turn) -> None:
    put_question(turn, "interest_groups.ask_leader", (), {"name": turn.data["name"]}, numbers_pick=False)


async def _take_leader(turn: Turn) -> str | None:
    said = turn.text
    people = await _meant(turn, said)
    if not people:
        raise NotUnderstood("team_nobody", said=said[:40])
    if len(people) > FOUND_MOST:
        raise NotUnderstood("team_too_many", said=said[:40])
    remember(turn, said=said)
    return "who"


async def _meant(turn: Turn, said: str) -> list[Member]:
    return await candidates(turn.desk, turn.data["compound"], said, asker_id=turn.person_id)


async def _ask_who(turn: Turn) -> None:
    rows = []
    for one in await _meant(turn, turn.data["said"]):
        home = await actions.home_of(turn.desk, one)
        where = plain(turn.render("places.inline", **home)) if home else ""
        rows.append((pick("", "who", one.person_id, text=f"{one.name} {where}".strip()),))
    put_question(turn, "interest_groups.ask_who", rows[:FOUND_MOST])


async def _take_who(turn: Turn) -> str | None:
    if turn.chosen[:1] != ("who",) or len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    data, leader_id = turn.data, turn.number(turn.chosen[1])
    if data["deed"] == "found":
        group = await actions.found(
            turn.desk, turn.person_id, data["compound"], data["name"], data["about"], leader_id
        )
    else:
        group = await actions.hand_over(turn.desk, turn.person_id, data["group"], leader_id)
    leader = (await turn.store.people.details(leader_id)).name
    rows = ((choice("team_open", "team.show", group.id, name=group.name),),)
    facts = {"name": group.name, "leader": leader, "is_leader": leader_id == turn.person_id}
    finish(turn, f"interest_groups.{data['deed']}_done", facts, choices=rows)
    return None


async def _ask_member(turn: Turn) -> None:
    people = await turn.store.interest_groups.members(turn.data["group"])
    group = await turn.store.interest_groups.get(turn.data["group"])
    leader_id = group.leader_id if group else 0
    picks = [_member(one) for one in people if one.person_id != leader_id]
    put_question(
        turn, "interest_groups.ask_member", grid(picks[:PICKED_MOST], 2), {"name": turn.data["name"]}
    )


def _member(one: Member) -> Choice:
    return pick("", "out", one.person_id, text=one.name)


async def _take_member(turn: Turn) -> str | None:
    if turn.chosen[:1] != ("out",) or len(turn.chosen) != 2:
        raise NotUnderstood("tap_one")
    person_id = turn.number(turn.chosen[1])
    who = (await turn.store.people.details(person_id)).name
    group = await actions.remove(turn.desk, turn.person_id, turn.data["group"], person_id)
    finish(turn, "interest_groups.remove_done", {"name": group.name, "who": who})
    return None


async def _ask_over(turn: Turn) -> None:
    put_question(
        turn, "interest_groups.ask_end", ((pick("team_end_now", "end"),),), {"name": turn.data["name"]}
    )


async def _take_over(turn: Turn) -> str | None:
    if turn.chosen != ("end",):
        raise NotUnderstood("tap_one")
    group = await actions.end(turn.desk, turn.person_id, turn.data["group"])
    finish(turn, "interest_groups.end_done", {"name": group.name})
    return None


# Practice ----------------------------------------------------------------------------------------------


async def _ask_practice(turn: Turn) -> None:
    put_question(turn, "interest_groups.ask_practice", (), {"name": turn.data["name"]}, numbers_pick=False)


async def _take_practice(turn: Turn) -> str | None:
    try:
        rule = read_rule(turn.text)
    except NotUnderstood as hint:
        options = hint.facts.get("options")
        rules = [one for one in options if isinstance(one, Rule)] if isinstance(options, tuple) else []
        if not rules:
            raise NotUnderstood("rule_unclear") from None
        if any(one.hours.start is None for one in rules):
            raise NotUnderstood("team_hour_needed") from None
        remember(turn, rules=[one.to_dict() for one in rules])
        return "which"
    if rule.hours.start is None:
        raise NotUnderstood("team_hour_needed")
    remember(turn, rule=rule.to_dict())
    return "place"


async def _ask_which(turn: Turn) -> None:
    rows = []
    for number, kept in enumerate(turn.data["rules"]):
        facts = rule_facts(Rule.from_dict(kept))
        rows.append((pick("", "rule", number, text=plain(turn.render("interest_groups.practice", **facts))),))
    put_question(turn, "interest_groups.ask_which", rows)


async def _take_which(turn: Turn) -> str | None:
    rules = turn.data["rules"]
    if turn.chosen[:1] != ("rule",) or len(turn.chosen) != 2 or turn.number(turn.chosen[1]) >= len(rules):
        raise NotUnderstood("tap_one")
    remember(turn, rule=rules[turn.number(turn.chosen[1])])
    return "place"


async def _ask_place(turn: Turn) -> None:
    group = await turn.store.interest_groups.get(turn.data["group"])
    before = group.practice_place if group else ""
    rows = ((pick("", "before", text=before),),) if before else ()
    put_question(turn, "interest_groups.ask_place", rows, numbers_pick=False)


async def _take_place(turn: Turn) -> str | None:
    group = await turn.store.interest_groups.get(turn.data["group"])
    place = group.practice_place if group and turn.chosen == ("before",) else turn.text
    remember(turn, place=actions.check_place(place))
    return "sure"


async def _ask_sure(turn: Turn) -> None:
    data, rule = turn.data, Rule.from_dict(turn.data["rule"])
    coming = islice(
        await actions.dates(turn.desk, data["compound"], rule, turn.desk.now), actions.SHOWN_DATES
    )
    facts = {
        "name": data["name"],
        "practice": rule_facts(rule),
        "practice_place": data["place"],
        "coming": list(coming),
        "timezone": await turn.desk.timezone(data["compound"]),
        "days": actions.AHEAD.days,
    }
    put_question(turn, "interest_groups.ask_sure", ((pick("team_practice_now", "yes"),),), facts)


async def _take_sure(turn: Turn) -> str | None:
    if turn.chosen != ("yes",):
        raise NotUnderstood("tap_one")
    data = turn.data
    group = await actions.practise(
        turn.desk, turn.person_id, data["group"], Rule.from_dict(data["rule"]), data["place"]
    )
    finish(turn, "interest_groups.practise_done", {"name": group.name})
    return None


DIALOG = Dialog(
    "team",
    {
        "name": Step(_ask_name, _take_name),
        "about": Step(_ask_about, _take_about),
        "leader": Step(_ask_leader, _take_leader),
        "who": Step(_ask_who, _take_who),
        "member": Step(_ask_member, _take_member),
        "over": Step(_ask_over, _take_over),
        "practice": Step(_ask_practice, _take_practice),
        "which": Step(_ask_which, _take_which),
        "place": Step(_ask_place, _take_place),
        "sure": Step(_ask_sure, _take_sure),
    },
)
