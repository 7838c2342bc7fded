"""Who may do what to an issue, in every state, through the one door of all surfaces and on real rows."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.actions.desk import Desk
from bot.actions.issues import act
from bot.actions.tellings import Said
from bot.domain.errors import Refused
from bot.domain.posts import PostKind
from bot.domain.transitions import BY_ACTION, Action, Repeat, Role, State
from bot.storage.store import Store
from tests.engines import ask
from tests.test_reminders import desk_of, person
from tests.world import World

WHAT_THEY_ARE: Mapping[str, frozenset[Role]] = {
    "reporter": frozenset((Role.REPORTER,)),
    "handler": frozenset((Role.HANDLER,)),
    "committee": frozenset((Role.COMMITTEE,)),
    "helper": frozenset((Role.HELPER,)),
    "follower": frozenset((Role.FOLLOWER, Role.NEIGHBOUR)),
    "neighbour": frozenset((Role.NEIGHBOUR,)),
    "deputy": frozenset(),
    "leader of another building": frozenset(),
    "asked, but out of office": frozenset(),
    "concerned, of the committee": frozenset(),
    "of another compound": frozenset(),
    "stranger": frozenset(),
    "clock": frozenset((Role.CLOCK,)),
}
"""The people of the story, and what each is to its issue."""
AS_PRIVATE = {"follower": frozenset[Role](), "neighbour": frozenset[Role]()}
"""What changes when it is kept from neighbours."""


NOBODY = 4711
"""The number of a person who never was."""


class Undone(Exception):
    """What was allowed is taken back before the next try."""


class Story:
    """One issue in building 3, its leader's, and everybody by the words above; on one open transaction."""

    def __init__(self, desk: Desk, people: Mapping[str, int | None]) -> None:
        self.desk = desk
        self.people = people

    async def writes(self) -> int:
        """How many rows have been written since the database was opened."""
        [row] = await ask(self.desk.store.connection, "SELECT total_changes() AS count")
        count: int = row["count"]
        return count

    async def said_before(self, who: str) -> int:
        """Words of somebody in the history of the issue, which they may put right."""
        return await self.desk.store.issues.record(
            1,
            actor_id=self.people[who],
            action="reply",
            from_state="open",
            to_state="open",
            text="说错了",
            facts={},
            attachments=(),
            now=self.desk.now,
        )

    async def stands(self, state: State, action: Action) -> None:
        """The issue as it must be for this action to have something to do."""
        changes = {"state": f"'{state.value}'"}
        if state == State.CLOSED:
            changes |= {"closed_at": str(int(self.desk.now.timestamp() * 1_000_000)), "resolution": "'fixed'"}
        if action == Action.RATE_WORDS:
            changes["rating"] = "'fair'"
        if action == Action.UNMERGE:
            changes["duplicate_of"] = "2"
        columns = ", ".join(f"{column} = {value}" for column, value in changes.items())
        await ask(self.desk.store.connection, f"UPDATE issues SET {columns} WHERE id = 1")  # noqa: S608 (ours)

    async def said(self, action: Action, who: str) -> Said:
        """Everything that can come with an action, so that only right and state decide."""
        if action == Action.CORRECT:
            return Said("说明", target=await self.said_before(who) if self.people[who] != NOBODY else 1)
        target = {
            Action.MARK_DUPLICATE: 2,
            Action.ASK_HELP: self.people["leader of another building"],
            Action.TRANSFER: self.people["deputy"],
        }
        how = {
            Action.RATE: "fair",
            Action.CHANGE_URGENCY: "utility",
            Action.HELP: "yes",
            Action.REFER: "街道",
            Action.SHOW_AS: "committee",
        }
        return Said(
            "说明",
            photos=("photo",),
            target=target.get(action),
            how=how.get(action, ""),
            until=self.desk.now + timedelta(days=3),
        )

    async def tries(self, who: str, action: Action, state: State) -> tuple[str, State | None]:
        """What comes of it: the reason of a refusal, which writes nothing, or the state it leads to."""
        outcome: tuple[str, State | None] = ("", None)
        try:
            async with self.desk.store.savepoint():
                await self.stands(state, action)
                said = await self.said(action, who)
                before = await self.writes()
                try:
                    after = await act(self.desk, 1, self.people[who], action, said)
                except Refused as no:
                    outcome = (no.reason, None)
                    assert await self.writes() == before, (who, action, state)
                    assert not self.desk.mail, (who, action, state)
                else:
                    outcome = ("", after.state)
                    assert await self.writes() > before
                raise Undone
        except Undone:
            self.desk.mail.clear()
        return outcome


@pytest.fixture
async def people(world: World) -> dict[str, int | None]:
    """Everybody is there; the reporter's issue and another one, both of pets, stand in building 3."""
    leader, other = await world.leader_of("3"), await world.leader_of("2")
    phones = {
        "handler": leader,
        "committee": await world.holder(PostKind.SELF_MANAGEMENT_COMMITTEE),
        "helper": await world.holder(PostKind.PROPERTY_MANAGER),
        "deputy": await world.holder(PostKind.DEPUTY_LEADER, "3"),
        "leader of another building": other,
        "concerned, of the committee": await world.holder(PostKind.BRANCH_SECRETARY),
        "asked, but out of office": await world.leader_of("1"),
    }
    for unit, name, word in (
        ("502", "王奶奶", "reporter"),
        ("401", "李叔", "follower"),
        ("501", "张姐", "neighbour"),
    ):
        phones[word] = await world.resident("3", unit=unit, name=name)
        await leader.presses("同意")
    await phones["reporter"].reports("有狗没拴", "宠物")
    await phones["neighbour"].reports("狗叫了一晚上，没法睡", "宠物")
    for name in ("of another compound", "stranger"):
        phones[name] = world.newcomer(name)
        await phones[name].sends("/start")
    await world.vacate(PostKind.BUILDING_LEADER, "1")
    await world.another_compound()
    found: dict[str, int | None] = {word: await person(phone) for word, phone in phones.items()}
    parts = {"helper": "helps", "asked, but out of office": "helps", "follower": "affected"}
    parts["concerned, of the committee"] = "concerned"
    async with world.database.transaction() as connection:
        for word, part in parts.items():
            await Store(connection).issues.add_part(1, found[word] or 0, part)
        await ask(
            connection,
            "INSERT INTO residencies (person_id, unit_id, kind, state, asked_at)"  # noqa: S608 (a number)
            f" SELECT {found['of another compound']}, MAX(id), 'owner', 'approved', 1 FROM units",
        )
        await ask(connection, "UPDATE issues SET is_private = 0")
    return {**found, "clock": None}


def expected(who: str, roles: frozenset[Role], action: Action, state: State) -> tuple[str, State | None]:
    """What the one table says of it."""
    row = BY_ACTION[action]
    if who == "reporter" and (action, state) == (Action.REPLY, State.WAITING_REPORTER):
        row = BY_ACTION[Action.ANSWER_INFO]
    if roles.isdisjoint(row.who):
        return "not_yours", None
    if state not in row.sources:
        return "already_done" if (row.repeat, row.to) == (Repeat.NO_OP, state) else "not_now", None
    return "", row.to or state


@pytest.mark.parametrize("is_private", [False, True])
async def test_everybody_tries_everything_everywhere(
    world: World, people: dict[str, int | None], *, is_private: bool
) -> None:
    """Each action, in each state, by each of them: as the table says, or refused with not a row written."""
    differences = {}
    async with world.database.transaction() as connection:
        story = Story(desk_of(world, connection), people)
        await ask(connection, f"UPDATE issues SET is_private = {int(is_private)} WHERE id = 1")  # noqa: S608
        for who, usual in WHAT_THEY_ARE.items():
            roles = AS_PRIVATE.get(who, usual) if is_private else usual
            for action in Action:
                for state in State:
                    found = await story.tries(who, action, state)
                    wanted = expected(who, roles, action, state)
                    if is_private and action == Action.MARK_DUPLICATE and wanted[1]:
                        wanted = ("merge_private", None)
                    if found != wanted:
                        differences[who, action.value, state.value] = (found, wanted)
    assert not differences


async def test_what_is_not_there_is_nobodys(world: World, people: dict[str, int | None]) -> None:
    """An issue that never was, and a person who never was."""
    async with world.database.transaction() as connection:
        story = Story(desk_of(world, connection), {**people, "nobody": NOBODY})
        before = await story.writes()
        for issue_id in (0, -1, 3, 10**12):
            with pytest.raises(Refused, match="no_such_issue"):
                await act(story.desk, issue_id, people["handler"], Action.ACCEPT)
        assert await story.writes() == before
        for action in Action:
            assert await story.tries("nobody", action, State.OPEN) == ("not_yours", None)
