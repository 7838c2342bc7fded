"""三率: noted as neighbours live with each other, counted independently, told to whom they concern."""

import json
from base64 import b64decode
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from openpyxl import load_workbook
from PIL import Image

from bot.actions import reports
from bot.actions.desk import Desk
from bot.actions.issues import Report as Reported
from bot.actions.issues import act, file, targets
from bot.actions.rates import Line
from bot.actions.tellings import Said
from bot.config import Settings
from bot.domain.errors import Refused
from bot.domain.posts import Place, PostKind
from bot.domain.rates import Figures, Month
from bot.domain.transitions import BY_ACTION, Action, Role
from bot.printing import Bar, Gauge, Report, Spot, report_picture
from bot.storage.issues import Event, Issue
from bot.storage.store import Store
from tests.test_cli import SMALL, Lianxin, lianxin, own_journal
from tests.world import MORNING, SHANGHAI, TEXTS, Phone, World

__all__ = ["lianxin", "own_journal"]
NOVEMBER = Month(2026, 11)
RESIDENTS_OF = (("3", "2", "502", "王奶奶"), ("1", "1", "101", "李大爷"))


async def reported(world: World) -> World:
    """The committee wants its note and its report."""
    world.rules = replace(world.rules, weekly_at=time(9), monthly_at=time(9, 30))
    await world.restart()
    return world


@pytest.fixture
async def secretary(world: World) -> Phone:
    """The branch secretary, who gets notes and reports."""
    await reported(world)
    return await world.holder(PostKind.BRANCH_SECRETARY)


async def desk_of(world: World, store: Store) -> Desk:
    """A desk over an open transaction, at the world's time."""
    return Desk(store, TEXTS, world.rules, world.clock.now)


async def figures(world: World) -> Figures:
    """What the compound's November counts until now."""
    async with world.database.transaction() as connection:
        begin, _ = NOVEMBER.bounds(SHANGHAI)
        now = world.clock.now + timedelta(microseconds=1)
        return (await Store(connection).rates.figures(1, begin, now)).get("", Figures())


async def does(
    world: World, number: int, actor: int | None, action: Action, said: Said | None = None
) -> Issue:
    """One deed through the one table."""
    async with world.database.transaction() as connection:
        desk = await desk_of(world, Store(connection))
        after = await act(desk, number, actor, action, said)
        await desk.send()
        return after


async def files(world: World, reporter: int, category: str = "utilities", text: str = "停水了") -> Issue:
    """A report from 3号楼2单元."""
    async with world.database.transaction() as connection:
        desk = await desk_of(world, Store(connection))
        issue = await file(desk, reporter, Reported(text, category, Place("entrance", 1, 3, 6)))
        await desk.send()
        return issue


# A month made by hand ------------------------------------------------------------------------


async def test_every_rule_in_one_month(world: World, leader: Phone) -> None:
    """One issue after the other through the real actions; the figures are what one counts by hand."""
    resident = await world.resident()
    me, handler = await resident.person_id(), await leader.person_id()
    expected = Counter[str]()

    async def counts(**more: int) -> None:
        expected.update(more)
        found = await figures(world)
        assert {name: getattr(found, name) for name in expected} == dict(expected)

    done = Said("修好了", photos=("p",))
    # Accepted in time, done, confirmed, rated.
    one = await files(world, me)
    await counts(filed=1, due=0)
    await does(world, one.id, handler, Action.ACCEPT)
    await counts(due=1, in_time=1)
    await does(world, one.id, handler, Action.RESOLVE, done)
    await counts(asked=0)
    await does(world, one.id, me, Action.CONFIRM)
    await counts(asked=1, fixed=1, done=1, closed=1, unrated=1)
    await does(world, one.id, me, Action.RATE, Said(how="fair"))
    await counts(rated=1, fair=1, satisfied=0, unrated=-1)
    # Asking for help changes nothing; disputed, then silence.
    two = await files(world, me)
    await does(world, two.id, handler, Action.ACCEPT)
    await does(world, two.id, handler, Action.RESOLVE, done)
    await does(world, two.id, me, Action.DISPUTE, Said("没好"))
    await counts(filed=1, due=1, in_time=1, asked=1)
    await does(world, two.id, handler, Action.RESOLVE, done)
    await does(world, two.id, None, Action.LAPSE)
    await counts(asked=1, no_reply=1, done=1, closed=1, unrated=1)
    # Reopened: what was done is not.
    await does(world, one.id, me, Action.REOPEN, Said("又坏了"))
    await counts(fixed=-1, done=-1)
    # Withdrawn before its time: nobody missed anything.
    three = await files(world, me)
    await does(world, three.id, me, Action.WITHDRAW)
    await counts(filed=1)
    # Nobody accepts it: missed once its time has passed, and the next one in line in time.
    four = await files(world, me)
    world.clock.now += timedelta(hours=3)
    await counts(filed=1, due=1)
    await does(world, four.id, handler, Action.REJECT, Said("不归小区管"))
    await counts(due=0)


async def test_ones_own_case_is_not_counted(world: World, leader: Phone) -> None:
    """A leader who reports to themselves neither answers in time nor solves anything for the figures."""
    me = await leader.person_id()
    issue = await files(world, me)
    assert issue.handler_id == me
    await does(world, issue.id, me, Action.ACCEPT)
    await does(world, issue.id, me, Action.RESOLVE, Said("好了", photos=("p",)))
    await does(world, issue.id, me, Action.CONFIRM)
    assert await figures(world) == Figures(filed=1, done=1)


async def test_another_urgency_leaves_another_time(world: World, leader: Phone) -> None:
    """From water to danger: half an hour is what counts from now on."""
    resident = await world.resident()
    issue = await files(world, await resident.person_id())
    await does(world, issue.id, await leader.person_id(), Action.CHANGE_URGENCY, Said("漏电", how="danger"))
    world.clock.now += timedelta(minutes=31)
    assert (await figures(world)).due == 1


# Against a count of one's own -------------------------------------------------------------------------------


@dataclass
class Given:
    """An assignment, as one reads it out of a history."""

    handler: int
    due: datetime | None
    answered: datetime | None = None
    ended: datetime | None = None


@dataclass
class Asked:
    """A question whether it is done, and its answers."""

    handler: int
    is_own: bool
    answer: str = ""
    at: datetime | None = None
    rating: str = ""
    rated: datetime | None = None
    reopened: datetime | None = None


@dataclass
class Told:
    """What one issue's history comes to."""

    issue: Issue
    given: list[Given] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


def read(issue: Issue, events: list[Event]) -> Told:
    """Walk through a history with nothing but its events: utilities run on an ordinary clock."""
    told, handler = Told(issue), 0
    closing: Event | None = None
    for event in events:
        if "merged" in event.facts:
            # A note about another issue.
            continue
        has_now = int(event.facts.get("handler", handler))
        _read_hands(told, event, is_anothers=has_now != handler, handler=has_now)
        if event.action == "resolve":
            told.asked.append(Asked(handler, is_own=issue.reporter_id == handler))
        elif told.asked:
            _read_answer(told, event, closing)
        if event.to_state == "closed" != event.from_state:
            closing = event
        handler = has_now
    return told


def _read_hands(told: Told, event: Event, *, is_anothers: bool, handler: int) -> None:
    begins = is_anothers or event.action in ("decline", "transfer", "reopen", "unmerge")
    ends = begins or event.to_state == "closed" != event.from_state
    for one in told.given[-1:] if ends else ():
        if one.ended is None:
            one.ended = event.at
            one.answered = one.answered or (event.at if event.actor_id == one.handler else None)
    if begins:
        told.given.append(Given(handler, event.at + timedelta(hours=2) if event.to_state == "open" else None))
    elif event.action == "accept":
        told.given[-1].answered = event.at


def _read_answer(told: Told, event: Event, closing: Event | None) -> None:
    last = told.asked[-1]
    ended_well = closing is not None and closing.action in ("confirm", "lapse")
    if event.action in ("confirm", "lapse", "dispute"):
        last.answer, last.at = event.action, event.at
        last.is_own = last.is_own or event.actor_id == last.handler
    elif event.action == "rate" and ended_well:
        last.rating, last.rated = str(event.facts["how"]), event.at
    elif event.action == "reopen" and ended_well and event.actor_id == told.issue.reporter_id:
        in_time = closing is not None and event.at <= closing.at + timedelta(days=14)
        last.reopened = event.at if in_time else last.reopened


def naive(histories: list[Told], begin: datetime, end: datetime, whose: int | None = None) -> dict[str, int]:
    """The figures as somebody with a pencil counts them."""
    found = Counter[str]()
    for told in histories:
        found["filed"] += whose is None and begin <= told.issue.filed_at < end
        for one in told.given:
            if one.handler != told.issue.reporter_id and whose in (None, one.handler):
                found.update(_of_given(one, begin, end))
        for ask in told.asked:
            if whose in (None, ask.handler):
                found.update(_of_asked(ask, begin, end))
    return {name: count for name, count in found.items() if count}


def _of_given(one: Given, begin: datetime, end: datetime) -> list[str]:
    if one.due is None:
        return []
    if one.answered and one.answered <= one.due:
        return ["due", "in_time"] if begin <= one.answered < end else []
    is_missed = one.ended is None or one.ended >= one.due
    return ["due"] if is_missed and begin <= one.due < end else []


def _of_asked(ask: Asked, begin: datetime, end: datetime) -> list[str]:
    is_taken_back = ask.reopened is not None and ask.reopened < end
    is_told = ask.at is not None and begin <= ask.at < end
    well = ask.answer in ("confirm", "lapse")
    found = ["done"] if is_told and well and not is_taken_back else []
    if ask.is_own:
        return found
    if is_told:
        found.append("asked")
        found += ["closed"] if well else []
        found += ["unrated"] if well and not (ask.rated and ask.rated < end) else []
        found += ["fixed" if ask.answer == "confirm" else "no_reply"] if well and not is_taken_back else []
    elif ask.reopened and begin <= ask.reopened < end:
        found.append("asked")
    if ask.rated and begin <= ask.rated < end:
        found += ["rated", *({"satisfied", "fair"} & {ask.rating})]
    return found


def plain(found: Figures | None) -> dict[str, int]:
    """Figures as the naive count has them."""
    names = Figures.__dataclass_fields__
    return {name: count for name in names if (count := getattr(found or Figures(), name))}


TRIED = (
    *(Action.ACCEPT, Action.RESOLVE, Action.CONFIRM, Action.DISPUTE, Action.RATE, Action.REOPEN) * 4,
    *(Action.DECLINE, Action.TRANSFER, Action.LAPSE, Action.WITHDRAW, Action.REJECT, Action.MARK_DUPLICATE),
    *(Action.UNMERGE, Action.REQUEST_INFO, Action.RETURN_UNANSWERED, Action.REPLY, Action.SCHEDULE),
)


async def try_something(desk: Desk, dice: Random, issues: int, people: list[int]) -> bool:
    """Somebody, or the clock, tries something with some issue; whether the table let them."""
    issue = await desk.store.issues.get(dice.randint(1, issues))
    assert issue is not None
    able = [one.person_id for one in await targets(desk, issue)]
    action = dice.choice([one for one in TRIED if issue.state in BY_ACTION[one].sources])
    other = dice.randint(1, issues) if action == Action.MARK_DUPLICATE else dice.choice([*able, 999])
    how = dice.choice(("satisfied", "fair", "dissatisfied")) if action == Action.RATE else ""
    until = desk.now + timedelta(days=3) if action == Action.SCHEDULE else None
    said = Said("说一句", ("p",), target=other, how=how, until=until)
    by_role = {Role.REPORTER: issue.reporter_id, Role.HANDLER: issue.handler_id, Role.CLOCK: None}
    actors = [by_role.get(role, dice.choice(people)) for role in BY_ACTION[action].who]
    actor = dice.choice([*actors, *actors, *actors, dice.choice(people)])
    with suppress(Refused):
        async with desk.store.savepoint():
            await act(desk, issue.id, actor, action, said)
        return True
    return False


@pytest.mark.parametrize("seed", range(8))
async def test_a_random_life_counts_as_by_hand(world: World, seed: int) -> None:
    """Whatever the table lets people do: SQL and histories agree, for all and by leader, in any window."""
    dice = Random(seed)  # noqa: S311  # a life that can be told again, no secret
    posts = (PostKind.BUILDING_LEADER, PostKind.DEPUTY_LEADER)
    holders = [await world.holder(kind, "3") for kind in posts]
    holders += [await world.holder(PostKind.BRANCH_SECRETARY)]
    phones = [*holders, *[await world.resident(*home) for home in RESIDENTS_OF]]
    people = [await phone.person_id() for phone in phones]
    for number in range(8):
        await files(world, dice.choice(people[-3:]), text=f"停水了，第{number}次")
        world.clock.now += timedelta(minutes=dice.choice((0, 20, 90)))
    begin, did = world.clock.now, 0
    for _ in range(260):
        async with world.database.transaction() as connection:
            did += await try_something(await desk_of(world, Store(connection)), dice, 8, people)
        world.clock.now += timedelta(minutes=dice.choice((0, 1, 30, 300, 3000)))
    assert did > 40
    async with world.database.transaction() as connection:
        store = Store(connection)
        histories = []
        for number in range(1, 9):
            issue = await store.issues.get(number)
            assert issue is not None
            histories.append(read(issue, await store.issues.history(number)))
        span = (world.clock.now - begin) / 3
        for first, last in pairwise([MORNING, begin, begin + span, begin + 2 * span, world.clock.now]):
            found = await store.rates.figures(1, first, last)
            assert plain(found.get("")) == naive(histories, first, last)
            by_leader = await store.rates.figures(1, first, last, "leader")
            for person in people:
                own = (await store.rates.figures(1, first, last, handler_id=person)).get("")
                assert plain(own) == naive(histories, first, last, person)
                of_posts = [one for key, one in by_leader.items() if key.startswith(f"{person}:")]
                assert sum(one.due for one in of_posts) == (own or Figures()).due


# Who sees what ------------------------------------------------------------------------


async def lived_through(world: World, leader: Phone, resident: Phone, count: int = 3) -> None:
    """Some issues of the resident, done by the leader and confirmed."""
    me, handler = await resident.person_id(), await leader.person_id()
    for _ in range(count):
        issue = await files(world, me)
        await does(world, issue.id, handler, Action.ACCEPT)
        await does(world, issue.id, handler, Action.RESOLVE, Said("修好了"))
        await does(world, issue.id, me, Action.CONFIRM)


async def test_the_committee_looks_at_everything(world: World, secretary: Phone, leader: Phone) -> None:
    """/stats: the compound, then in lines, in one message that changes in place; how it is counted."""
    await lived_through(world, leader, await world.resident(), 12)
    await secretary.sends("/stats")
    shown = secretary.messages[-1]
    assert "新报 12 件，办结 12 件" in shown.text
    assert "响应率　100%　12/12 件（大致在 76%–100%）" in shown.text
    assert "满意率　还没有" in shown.text
    assert "办结的 12 件里，12 件没评" in shown.text
    for label, line in (("按楼栋", "3号楼"), ("按负责人", "王秀兰（3号楼楼栋长）"), ("按类别", "水电")):
        await secretary.presses(label)
        here = next(message for message in secretary.messages if message.id == shown.id)
        assert line in here.text
        assert "响应 100%（12/12）" in here.text
        await secretary.presses("返回")
    await secretary.presses("怎么算的")
    assert "7 天没回音的单列" in secretary.last_message


async def test_a_leader_sees_their_own(world: World, leader: Phone) -> None:
    """And the whole of their building; not how others do, not by a forged button either."""
    resident = await world.resident()
    await lived_through(world, leader, resident)
    await leader.sends("/stats")
    assert "我的三率" in leader.last_message
    assert "响应率　3/3 件（只有 3 件，看个大概）" in leader.last_message
    assert "3号楼　整栋：新报 3 件" in leader.last_message
    assert "按负责人" not in leader.buttons
    for forged in ("stats.show:1:2026-11:leader:0", "stats.report:1:2026-11", "stats.show:2:2026-11:all:0"):
        await leader.forges(forged)
        assert "/stats" in leader.last_toast
    for nonsense in (
        "stats.show:1:2026-99:all:0",
        "stats.show:1:2031-01:all:0",
        "stats.show:1:1999-01:all:0",
    ):
        await leader.forges(nonsense)
        assert "没有这个月" in leader.last_toast
    await leader.forges("stats.show:1:2026-11:nonsense:0")
    assert leader.last_toast
    await leader.sends("/stats 上个月")
    assert "没有这个月" in leader.last_message


async def test_nobody_else_sees_anything(world: World, leader: Phone) -> None:
    """Not who lives there, not who holds a post elsewhere."""
    resident = await world.resident()
    await lived_through(world, leader, resident)
    there = await world.another_compound()
    stranger = await world.holder(PostKind.BUILDING_LEADER, "1", name="外区人", compound=there)
    await stranger.forges("stats.show:1:2026-11:all:0")
    assert "有任职的人" in stranger.last_toast
    await resident.sends("/stats")
    assert "有任职的人" in resident.last_message
    for forged in ("stats.show:1:2026-11:all:0", "stats.report:1:2026-11", "stats.how"):
        await resident.forges(forged)
        assert "有任职的人" in resident.last_toast
    assert not any(word in message for message in resident.new_messages for word in ("响应率", "解决率"))


async def test_months_are_turned_in_place(world: World, secretary: Phone, leader: Phone) -> None:
    """Back as far as there is something, forward as far as today; old buttons still answer."""
    await lived_through(world, leader, await world.resident())
    await world.later(days=20)
    await secretary.sends("/stats")
    shown = secretary.messages[-1]
    assert "2026年12月（到现在）" in shown.text
    await secretary.presses("◀ 11月")
    here = next(message for message in secretary.messages if message.id == shown.id)
    assert "2026年11月\n" in here.text
    assert not any("10月" in label for label in secretary.buttons)
    await secretary.presses("12月 ▶")
    assert not any("1月 ▶" in label for label in secretary.buttons)
    await secretary.sends("/stats 2026-11")
    assert "2026年11月" in secretary.last_message


# The clock ------------------------------------------------------------------------


def notes(phone: Phone) -> list[str]:
    """The weekly notes somebody got."""
    return [message.text for message in phone.messages if "一周小结" in message.text]


async def test_a_note_every_monday(world: World, secretary: Phone, leader: Phone) -> None:
    """Once, at nine, of the week before; also over restarts; silence when nothing has happened."""
    resident = await world.resident()
    await lived_through(world, leader, resident, 3)
    await world.live_through(days=5)
    assert notes(secretary) == []
    await world.until(8, 59)
    while world.clock.now.astimezone(SHANGHAI).weekday() != 0:
        await world.until(8, 59)
    await world.restart()
    await world.later(minutes=2)
    await world.restart()
    await world.later(minutes=5)
    (note,) = notes(secretary)
    assert "新报 3 件，办结 3 件\n现在没有超期的" in note
    assert "反复出现：3号楼1单元 水电气" in note
    assert "30 天 3 次" in note
    assert notes(leader) == []
    await secretary.presses("看统计")
    assert "响应率" in secretary.last_message
    await world.live_through(timedelta(hours=6), days=15)
    assert len(notes(secretary)) == 1


async def test_nothing_is_made_up_for(world: World, secretary: Phone, leader: Phone) -> None:
    """After weeks of downtime there is one note and one report, of the last full week and month."""
    await lived_through(world, leader, await world.resident(), 3)
    await world.tick()
    await world.later(days=38)
    assert notes(secretary) == []
    assert sum("办事月报" in message.text for message in secretary.messages) <= 1
    dues = await world.rows("SELECT kind, due_at FROM chores WHERE kind LIKE 'report.%'")
    assert {row["kind"] for row in dues} == {"report.weekly", "report.monthly"}


async def test_a_report_on_the_first(world: World, secretary: Phone, leader: Phone) -> None:
    """Picture, workbook and text, once; the text and the picture name nobody."""
    await lived_through(world, leader, await world.resident(), 3)
    await world.tick()
    world.clock.now = datetime(2026, 12, 1, 9, 29, tzinfo=SHANGHAI)
    await world.tick()
    assert not secretary.sees("办事月报")
    world.clock.now += timedelta(minutes=2)
    # Posted, but not sent yet: what is sent is emptied.
    await world.app.jobs.tick()
    posted = "SELECT payload FROM outbox WHERE dedupe_key LIKE 'report.monthly:%' ORDER BY id"
    picture, workbook, board = (json.loads(row["payload"]) for row in await world.rows(posted))
    await world.restart()
    await world.tick()
    await world.later(hours=1)
    assert sum("办事月报" in message.text for message in secretary.messages) == 1
    image = Image.open(BytesIO(b64decode(picture["content"])))
    assert image.width == 1080
    assert "王秀兰" not in board["text"] + picture["caption"]
    assert "3号楼：新报 3 件，办结 3 件" in board["text"]
    assert workbook["name"] == "luzhou-126-2026-11.xlsx"
    book = load_workbook(BytesIO(b64decode(workbook["content"])))
    assert book.sheetnames == ["汇总", "楼栋", "负责人", "类别", "事项"]
    assert [cell.value for cell in book["楼栋"][2]][:6] == ["3号楼", 3, 3, 3, 3, None]
    assert book["事项"].max_row == 4
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not any("停水" in cell or "王奶奶" in cell or "502" in cell for cell in cells)


async def test_who_wants_none_gets_none(world: World, leader: Phone) -> None:
    """Switched off, nothing is planned, and what was planned ends there."""
    secretary = await world.holder(PostKind.BRANCH_SECRETARY)
    await reported(world)
    await lived_through(world, leader, await world.resident())
    await world.tick()
    world.rules = replace(world.rules, weekly_at=None, monthly_at=None)
    await world.restart()
    await world.later(days=15)
    await world.later(days=15)
    assert not secretary.sees("小结")
    assert not secretary.sees("办事月报")
    assert await world.rows("SELECT kind FROM chores WHERE kind LIKE 'report.%'") == []


def test_the_times_are_configured() -> None:
    """Nine on Mondays, half past nine on the first; or off."""
    usual = Settings().reports
    assert (usual.weekly_at, usual.monthly_at) == (time(9), time(9, 30))
    other = Settings.model_validate({"reports": {"weekly": "off", "monthly": "10:15"}}).reports
    assert (other.weekly_at, other.monthly_at) == (None, time(10, 15))


# What is public ------------------------------------------------------------------------


def gathered_of(world_compound: object, *filed: int) -> reports.Gathered:
    """A month with so many reports in building 1, 2 …"""
    lines = tuple(
        Line(str(place), {"building": f"{place}号楼"}, Figures(filed=count))
        for place, count in enumerate(filed, 1)
    )
    total = Figures(filed=sum(filed), due=9, in_time=8)
    return reports.Gathered(world_compound, NOVEMBER, ((NOVEMBER, total),), lines, (), 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("filed", "shown", "hidden"),
    [
        ((5, 4, 3), ["1号楼", "2号楼", "3号楼"], 0),
        ((5, 2, 1), ["1号楼"], 2),
        ((5, 4, 2), ["1号楼"], 2),
        ((2, 2), [], 2),
    ],
)
async def test_small_numbers_are_not_hung_up(
    world: World, filed: tuple[int, ...], shown: list[str], hidden: int
) -> None:
    """Fewer than three are not told, nor what could be found by subtracting the others from the sum."""
    async with world.database.transaction() as connection:
        desk = await desk_of(world, Store(connection))
        gathered = gathered_of(await desk.store.places.compound(1), *filed)
        facts = reports.board_facts(desk, gathered, "zh_CN")
        page = reports.page_of(desk, gathered, "zh_CN")
    assert [one["building"] for one in facts["buildings_shown"]] == shown  # type: ignore[attr-defined]
    assert facts["buildings_hidden"] == hidden
    assert [bar.label for bar in page.bars] == shown
    assert page.gauges[0].percent is None
    assert "8/9" not in page.gauges[0].note
    assert reports.picture_of(desk, gathered, "en").startswith(b"\x89PNG")


# The operator ------------------------------------------------------------------------


def test_the_command_line(lianxin: Lianxin, tmp_path: Path) -> None:
    """A table; files on demand; a month that is none is refused in a sentence."""
    (tmp_path / "config.toml").write_text('[database]\nurl = "sqlite:///lianxin.db"\n')
    assert lianxin("import", SMALL)[0] == 0
    code, said, _ = lianxin("stats")
    assert (code, "response" in said) == (0, True)
    words = ("--by", "building", "--csv", "a.csv", "--xlsx", "a.xlsx", "--picture", "a.png")
    assert lianxin("stats", *words)[0] == 0
    head = (tmp_path / "a.csv").read_text(encoding="utf-8-sig").partition("\n")[0]
    assert head.split(",")[:3] == ["name", "filed", "done"]
    assert load_workbook(tmp_path / "a.xlsx").sheetnames[0] == "汇总"
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    for written in ("2026", "2200-01", "x"):
        code, _, error = lianxin("stats", "--month", written)
        assert code == 2
        assert "--month" in error


def test_nothing_breaks_the_picture() -> None:
    """The longest names, signs no typeface has, no figure at all: it is drawn all the same."""
    hostile = "张\x00\u202e三\ud800😀<b>&amp; " + "王" * 300
    gauge = Gauge(hostile, 0, hostile, hostile, (None, 0, 100))
    report = Report(
        locale="zh_CN",
        title=hostile,
        compound=hostile,
        month=hostile,
        counts=((hostile, hostile),) * 3,
        gauges=(gauge, replace(gauge, percent=None, trend=()), replace(gauge, percent=100)),
        months=("9", "10", "11月"),
        trend_title=hostile,
        bars_title=hostile,
        legend=("新报", "办结"),
        bars=(Bar(hostile, 0, 0), Bar("", 3, 9999)) * 6,
        bars_note=hostile,
        spots_title=hostile,
        spots=(Spot(hostile, hostile, hostile),) * 5,
        spots_note="",
        foot=(hostile, ""),
    )
    image = Image.open(BytesIO(report_picture(report)))
    assert image.width == 1080
    assert Image.open(BytesIO(report_picture(replace(report, bars=(), spots=())))).height < image.height
