"""How an issue ends: by a yes, by silence, by the reporter's own word, and how it begins again."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.actions.desk import Desk
from bot.actions.directory import APPOINT_PREFIX
from bot.actions.issues import Report, act, file
from bot.actions.tellings import Said
from bot.domain.errors import Refused
from bot.domain.posts import PostKind
from bot.domain.transitions import BY_ACTION, TABLE, Action, Role, State
from bot.storage.issues import Event, Issue
from bot.storage.store import Store
from tests.world import TEXTS, Phone, World

NUMBER = "261124-001"


@pytest.fixture
async def committee(world: World) -> Phone:
    """高玉梅 of the self-management committee, the level above."""
    return await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE)


@pytest.fixture
async def resident(world: World) -> Phone:
    """王奶奶, whose home is approved and whose lamp is reported with a photo and accepted."""
    leader = await world.leader_of("3")
    resident = await world.resident()
    await leader.presses("同意")
    await resident.sends_photo("三栋2单元楼道灯坏了")
    await resident.presses("照明", "提交")
    await leader.presses("接单")
    return resident


async def resolve(leader: Phone) -> None:
    """Say that it is done, with words and a photo."""
    await leader.presses("办结")
    await leader.sends_photo("换了灯管")
    await leader.presses("提交办结")


async def test_the_question_has_all_that_is_needed_to_answer(leader: Phone, resident: Phone) -> None:
    """Two big buttons under the reporter's own words, the place, the result, and both photos (R9)."""
    await resident.forgets()
    await resolve(leader)
    *photos, question = [message for message in resident.messages if message.id > resident.read_up_to]
    assert len([message for message in photos if message.photos]) == 2
    for words in (NUMBER, "楼道灯坏了", "3号楼2单元", "换了灯管", "王秀兰"):
        assert words in question.text
    assert [[button.text for button in row] for row in question.buttons] == [["👍 已解决"], ["👎 没解决"]]


async def test_many_photos_leave_room_for_the_result(world: World, leader: Phone) -> None:
    """Of ten pictures of the report the first five come again, then the result; each says which it is."""
    resident = await world.resident()
    await resident.sends_album(10, "三栋2单元楼道灯坏了")
    await resident.presses("照明", "提交")
    await leader.presses("接单")
    await resident.forgets()
    await resolve(leader)
    shown = [message for message in resident.messages if message.id > resident.read_up_to and message.photos]
    assert len(shown) == 6
    assert [message.text for message in shown if message.text] == ["报事时", "办好后"]


async def test_a_yes_closes_and_asks_once(world: World, leader: Phone, resident: Phone) -> None:
    """已解決 closes it and asks for a rating in the same message; the rating counts once (R10)."""
    await resolve(leader)
    question = resident.messages[-1]
    await resident.presses("已解决")
    assert resident.messages[-1].id == question.id
    assert "办得怎么样" in resident.last_message
    assert "报事人确认已解决" in leader.last_message
    issue = await world.issue()
    assert (issue.state, issue.closed_how, issue.resolution) == ("closed", "confirmed", "fixed")
    await resident.presses("基本满意")
    assert "您的评价：基本满意" in resident.last_message
    assert resident.messages[-1].id == question.id
    await resident.forges("issue.rate:1:dissatisfied")
    assert "已经评价过" in resident.last_toast
    assert (await world.issue()).rating == "fair"


async def test_a_second_yes_changes_nothing(world: World, leader: Phone, resident: Phone) -> None:
    """The same button again says that it was done, and leaves the rating to be given."""
    await resolve(leader)
    question = resident.messages[-1]
    await resident.presses("已解决")
    before = await world.contents()
    resident.user.forges(None, question.id, "issue.confirm:1")
    await world.settle()
    assert "已经确认已解决" in resident.last_toast
    assert await world.contents() == before
    await resident.presses("😊 满意")
    assert (await world.issue()).rating == "satisfied"


async def test_not_fixed_goes_back_and_up(
    world: World, leader: Phone, committee: Phone, resident: Phone
) -> None:
    """沒解決 with a reason: the handler goes on with a fresh clock, and the next level is told."""
    await resolve(leader)
    await world.later(days=2)
    await leader.forgets()
    await resident.presses("没解决")
    assert (await world.issue()).state == "resolved"
    await resident.sends("晚上还是不亮")
    assert any("晚上还是不亮" in text for text in leader.new_messages)
    assert "晚上还是不亮" in committee.last_message
    assert "王秀兰" in resident.last_message
    issue = await world.issue()
    assert (issue.state, issue.reopen_count, issue.resolution) == ("accepted", 1, None)
    assert issue.resolve_since == world.clock.now
    assert not any(
        button.text == "👍 已解决" for m in resident.messages for row in m.buttons for button in row
    )
    await resolve(leader)
    await resident.presses("已解决")
    assert (await world.issue()).state == "closed"


async def test_not_fixed_after_all_being_fixed(world: World, leader: Phone, resident: Phone) -> None:
    """Whoever says 沒解決 and then 已解決 without giving a reason is taken at their last word."""
    await resolve(leader)
    await resident.presses("没解决", "已解决")
    assert (await world.issue()).state == "closed"
    await resident.sends("没什么了")
    assert "确认已解决" in resident.last_message or resident.sees("已经确认已解决")
    assert (await world.issue()).state == "closed"


async def test_silence_is_not_consent(world: World, leader: Phone, resident: Phone) -> None:
    """Seven silent days close it as no_reply: no rating, and 14 days to ask for it again."""
    await resolve(leader)
    await world.later(days=6, hours=23)
    assert (await world.issue()).state == "resolved"
    await world.later(hours=2)
    issue = await world.issue()
    assert (issue.state, issue.closed_how, issue.rating) == ("closed", "no_reply", None)
    assert "7 天没有等到您的回音" in resident.last_message
    assert not resident.may_press("满意")
    await resident.presses("请重办")
    await resident.sends("我住院去了，灯还是坏的")
    assert (await world.issue()).state == "accepted"


@pytest.mark.parametrize(("days", "reopens"), [(13, True), (15, False)])
async def test_the_reporter_may_reopen_for_fourteen_days(
    world: World, leader: Phone, resident: Phone, days: int, reopens: bool
) -> None:
    """Within fourteen days the reporter brings it back; afterwards they are told what else to do."""
    await resolve(leader)
    await resident.presses("已解决")
    await world.later(days=days)
    await leader.forgets()
    await resident.forges("issue.reopen:1")
    if reopens:
        await resident.sends("又不亮了")
        assert any("又不亮了" in text for text in leader.new_messages)
    issue = await world.issue()
    assert issue.state == ("accepted" if reopens else "closed")
    assert ("14 天" in resident.last_toast) is not reopens


async def test_the_committee_may_reopen_later(
    world: World, leader: Phone, committee: Phone, resident: Phone
) -> None:
    """A month later a committee member opens it and has it done again; both sides are told."""
    await resolve(leader)
    await resident.presses("已解决")
    await world.later(days=30)
    await committee.forges("issue.show:1")
    await committee.presses("请重办")
    await committee.sends("整栋楼的灯都要查")
    issue = await world.issue()
    assert (issue.state, issue.rating, issue.closed_at) == ("accepted", None, None)
    assert leader.sees("整栋楼的灯都要查")
    assert "已重新办理" in resident.last_message


async def test_a_new_leader_takes_what_comes_back(world: World, leader: Phone, resident: Phone) -> None:
    """Reopened after the post changed hands it goes to whoever is in office, with a card."""
    await resolve(leader)
    await resident.presses("已解决")
    new = await world.holder(PostKind.BUILDING_LEADER, "3", name="新楼长")
    await leader.forgets()
    await resident.presses("😊 满意")
    await resident.sends("/my")
    await resident.presses(NUMBER, "请重办")
    await resident.sends("又坏了")
    assert leader.new_messages == []
    assert new.sees("又坏了")
    assert new.may_press("办结")
    assert (await world.issue()).handler_id == await new.person_id()


@pytest.mark.parametrize(
    ("label", "resolution", "told"),
    [("不用办了", "withdrawn", "撤回了"), ("自己好了", "no_action", "自己好了")],
)
async def test_withdrawing(
    world: World, leader: Phone, resident: Phone, label: str, resolution: str, told: str
) -> None:
    """The reporter calls it off, or it solved itself; the handler is told and the clock stops (R12)."""
    await resident.sends("/my")
    await resident.presses(NUMBER, "撤回", label)
    issue = await world.issue()
    assert (issue.state, issue.resolution, issue.closed_how) == ("closed", resolution, "withdraw")
    assert told in leader.last_message
    assert await world.rows("SELECT 1 FROM dues") == []
    await leader.forgets()
    await world.later(days=20)
    assert leader.new_messages == []


async def test_an_old_view_is_brought_up_to_date(world: World, resident: Phone) -> None:
    """What was opened before the issue ended answers what happened and then shows how it stands (C6)."""
    await resident.sends("/my")
    await resident.presses(NUMBER)
    view = resident.messages[-1]
    await resident.presses("撤回", "不用办了")
    resident.user.presses(None, view.id, "issue.nudge:1")
    await world.settle()
    assert "已经撤回" in resident.last_toast
    (now,) = [message for message in resident.messages if message.id == view.id]
    assert "您撤回了" in now.text
    assert now.button("请重办").data == "issue.reopen:1"


async def test_the_level_above_is_not_told_of_its_own_word(leader: Phone, committee: Phone) -> None:
    """A committee member who disputes their own report gets no copy as the level above."""
    await committee.reports()
    await leader.presses("接单")
    await resolve(leader)
    await committee.forgets()
    await committee.presses("没解决")
    await committee.sends("还是黑的")
    assert not any("请帮着看看" in text for text in committee.new_messages)


async def test_nudging_once_a_day(world: World, leader: Phone, resident: Phone) -> None:
    """催辦 reaches the handler at once; the next is refused until 24 hours have passed (R11)."""
    await leader.forgets()
    await resident.sends("/my")
    await resident.presses(NUMBER, "催一下")
    assert "已帮您催了 王秀兰" in resident.last_toast
    assert "报事人在催" in leader.last_message
    await world.later(hours=23)
    await leader.forgets()
    await resident.presses("催一下")
    assert "一天只能催一次" in resident.last_toast
    assert leader.new_messages == []
    await world.later(hours=2)
    await resident.presses("催一下")
    assert "报事人在催" in leader.last_message
    assert [event.action for event in await world.history()].count("nudge") == 2


async def test_the_dialog_of_a_reason_survives_a_restart(
    world: World, leader: Phone, resident: Phone
) -> None:
    """The bot is restarted between the tap and the words."""
    await resolve(leader)
    await resident.presses("没解决")
    await world.restart()
    await resident.sends("还是黑的")
    assert (await world.issue()).state == "accepted"


# Whatever is tried, in whatever order ------------------------------------------------------------------


@dataclass(frozen=True)
class Try:
    """One attempt: mostly something possible where the issue stands, by the one whose turn it is."""

    pick: int
    possible: bool
    person: int
    said: Said
    minutes: int

    def action(self, state: State) -> Action:
        """What is tried."""
        actions = [row.action for row in TABLE if state in row.sources or not self.possible]
        return actions[self.pick % len(actions)]


TRIES = st.builds(
    Try,
    pick=st.integers(0, len(TABLE) - 1),
    possible=st.sampled_from([True, True, True, False]),
    person=st.integers(0, 5),
    said=st.builds(
        Said,
        st.sampled_from(["说明", "说明", ""]),
        st.sampled_from([("photo",), ()]),
        st.sampled_from([(), ("voice",)]),
        st.integers(0, 5) | st.none(),
        st.sampled_from(["satisfied", "solved_itself"]),
    ),
    minutes=st.sampled_from([1, 0, 60 * 24, 60 * 24 * 15]),
)


def replayed(history: list[Event]) -> tuple[State, list[Event]]:
    """Where the table leads when it is asked again: each event must start where the last one ended."""
    first, *rest = history
    state = State(first.to_state)
    for event in rest:
        row = BY_ACTION[Action(event.action)]
        assert event.from_state == state
        assert state in row.sources
        state = row.to or state
        assert event.to_state == state
    return state, rest


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tries=st.lists(TRIES, min_size=5, max_size=25))
async def test_the_history_explains_the_state(world: World, tries: list[Try]) -> None:
    """No sequence of deeds reaches a state its history does not explain, nor lets a stranger act."""
    phones = [
        await world.resident(),
        await world.leader_of("3"),
        await world.holder(PostKind.DEPUTY_LEADER, "3"),
        await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE),
        await world.holder(PostKind.BRANCH_SECRETARY),
        await world.leader_of("1"),
    ]
    people = [await phone.person_id() for phone in phones]
    reporter, now = people[0], world.clock.now
    async with world.database.transaction() as connection:
        store = Store(connection)
        place = await store.places.building(3)
        assert place is not None
        issue = await file(Desk(store, TEXTS, world.rules, now), reporter, Report("吵", "noise", place))
        handlers = [issue.handler_id]
        for one in tries:
            now += timedelta(minutes=one.minutes)
            action = one.action(issue.state)
            own = {Role.REPORTER: reporter, Role.HANDLER: issue.handler_id, Role.CLOCK: None}
            actor = own.get(BY_ACTION[action].who[0]) if one.possible else people[one.person]
            target = None if one.said.target is None else people[one.said.target]
            before = await store.issues.get(issue.id)
            try:
                async with store.savepoint():
                    desk = Desk(store, TEXTS, world.rules, now)
                    issue = await act(desk, issue.id, actor, action, replace(one.said, target=target))
            except Refused:
                assert await store.issues.get(issue.id) == before
            else:
                handlers.append(issue.handler_id)
        assert await store.issues.get(issue.id) == issue
        state, events = replayed(await store.issues.history(issue.id))
    assert state == issue.state
    _explained(issue, events)
    for event, handler in zip(events, handlers, strict=False):
        may: dict[Role, list[int | None]] = {
            Role.HANDLER: [handler],
            Role.REPORTER: [reporter],
            Role.COMMITTEE: [*people[3:5]],
            Role.CLOCK: [None],
        }
        assert any(event.actor_id in may[role] for role in BY_ACTION[Action(event.action)].who)


async def test_words_are_measured_where_they_are_written(world: World, resident: Phone) -> None:
    """Words that would not fit into a message are refused, counted as Telegram does, whoever calls."""
    reporter = await resident.person_id()
    async with world.database.transaction() as connection:
        desk = Desk(Store(connection), TEXTS, world.rules, world.clock.now)
        with pytest.raises(Refused, match="text_too_long"):
            await act(desk, 1, reporter, Action.REPLY, Said("😀" * 1751))
        await act(desk, 1, reporter, Action.REPLY, Said("😀" * 1750))


def _explained(issue: Issue, events: list[Event]) -> None:
    """What else an issue says of itself follows from its history."""
    actions = [event.action for event in events]
    last = next((event for event in reversed(events) if event.to_state != event.from_state), None)
    assert issue.reopen_count == actions.count("dispute") + actions.count("reopen")
    assert (issue.closed_at is None) == (issue.state != State.CLOSED)
    if last is not None and issue.state == State.CLOSED:
        assert issue.closed_at == last.at
        named = {"confirm": "confirmed", "lapse": "no_reply"}
        assert issue.closed_how == named.get(last.action, last.action)
    since = events[events.index(last) :] if last is not None else events
    assert (issue.rating is not None) == any(event.action == "rate" for event in since)


async def test_a_level_that_handles_it_is_passed_over(world: World) -> None:
    """The leader is the whole committee, too: a "not fixed" goes to the director."""
    leader = await world.leader_of("3")
    await leader.opens(APPOINT_PREFIX + await world.invitation(PostKind.SELF_MANAGEMENT_COMMITTEE))
    await leader.presses("都不是")
    director = await world.holder(PostKind.OWNERS_COMMITTEE_DIRECTOR)
    resident = await world.resident()
    await resident.reports()
    await leader.presses("接单")
    await resolve(leader)
    await resident.presses("没解决")
    await resident.sends("还是黑的")
    assert "还是黑的" in director.last_message


async def test_a_nudge_nobody_hears_is_not_called_one(world: World, leader: Phone, resident: Phone) -> None:
    """The handler has blocked the bot: the reporter learns that they must call."""
    leader.user.blocks_bot()
    await world.settle()
    await resident.sends("/my")
    await resident.presses(NUMBER, "催一下")
    assert "收不到我的消息" in resident.last_toast
