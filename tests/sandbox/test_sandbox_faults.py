"""Faults on demand, limits, and the record of calls."""

from datetime import timedelta

import pytest

from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.faults import Fault, dropped, server_error, timed_out, too_many
from bot.sandbox.limits import Limits
from bot.sandbox.people import User


@pytest.mark.parametrize("fault", [dropped(), timed_out(), server_error(500), too_many(7)])
def test_before_the_effect(box: Sandbox, resident: User, fault: Fault) -> None:
    """The call fails and nothing is sent; the next one works."""
    box.faults.add("sendMessage", fault)
    assert not box.call(box.token, "sendMessage", {"chat_id": resident.id, "text": "x"}).ok
    assert len(resident.chat()) == 1
    assert box.call(box.token, "sendMessage", {"chat_id": resident.id, "text": "x"}).ok


def test_after_the_effect(box: Sandbox, resident: User) -> None:
    """The message is there, only its sender does not know."""
    box.faults.add("sendMessage", dropped("after"), times=2)
    replies = [box.call(box.token, "sendMessage", {"chat_id": resident.id, "text": "x"}) for _ in range(3)]
    assert [reply.trouble for reply in replies] == ["dropped", "dropped", ""]
    assert len(resident.chat()) == 4


def test_until_cleared(box: Sandbox) -> None:
    """A fault without a number stays; faults of every method are cleared together."""
    box.faults.add("*", server_error(502), times=None)
    assert [box.call(box.token, "getMe", {}).error_code for _ in range(3)] == [502, 502, 502]
    box.faults.clear()
    assert box.call(box.token, "getMe", {}).ok


def test_too_many_requests_name_the_wait(box: Sandbox) -> None:
    """429 carries retry_after."""
    box.faults.add("getMe", too_many(7))
    assert box.call(box.token, "getMe", {}).as_json() == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    }


def test_limits(clock: MovableClock) -> None:
    """A burst in a chat, 20 a minute in a group, 30 a second over all; violations are counted."""
    box = Sandbox(clock, limits=Limits(per_chat_burst=3))
    people = [box.user(str(number)) for number in range(40)]
    for person in people:
        person.sends(None, "/start")
    group = box.group("院", people[0])
    group.add_bot(people[0])

    def waits(chat_id: int, times: int) -> list[int]:
        replies = [
            box.call(box.token, "sendMessage", {"chat_id": chat_id, "text": "x"}) for _ in range(times)
        ]
        return [(reply.parameters or {}).get("retry_after", 0) for reply in replies]

    assert waits(people[0].id, 4) == [0, 0, 0, 3]
    clock.move(timedelta(seconds=3))
    assert waits(people[0].id, 1) == [0]
    clock.move(timedelta(seconds=1))
    assert waits(group.id, 21) == [0] * 20 + [60]
    clock.move(timedelta(seconds=1))
    assert [waits(person.id, 1)[0] for person in people].count(0) == 30
    assert box.limit_violations == 12
    assert box.call(box.token, "sendChatAction", {"chat_id": group.id, "action": "typing"}).ok


def test_calls_are_remembered(clock: MovableClock) -> None:
    """The last ones, with parameters and reply, or none at all."""
    box = Sandbox(clock, keep_calls=2)
    for _ in range(3):
        box.call(box.token, "getMe", {"x": "1"})
    assert [(call.method, call.parameters, call.reply.ok) for call in box.calls] == [
        ("getMe", {"x": "1"}, True)
    ] * 2
    silent = Sandbox(clock, keep_calls=0)
    silent.call(silent.token, "getMe", {})
    assert len(silent.calls) == 0


def tried(box: Sandbox, method: str, **parameters: object) -> str:
    """What comes of a call, in a word."""
    reply = box.call(box.token, method, parameters)
    return "ok" if reply.ok else reply.trouble or str(reply.error_code)


@pytest.mark.parametrize(
    ("switch", "sending", "polling"),
    [
        ("slow", "ok", "ok"),
        ("flood", "429", "ok"),
        ("down", "502", "502"),
        ("offline", "dropped", "dropped"),
        ("lost", "ok", "ok"),
    ],
)
def test_switches(box: Sandbox, resident: User, switch: str, sending: str, polling: str) -> None:
    """Each one fails the calls it says, as long as it is on, and before they have an effect."""
    told: list[list[str]] = []
    box.faults.changed.append(lambda: told.append(box.faults.switched_on))
    box.faults.switch(switch, on=True)
    assert [tried(box, "sendMessage", chat_id=resident.id, text="x"), tried(box, "getUpdates")] == [
        sending,
        polling,
    ]
    assert len(resident.chat()) == 1 + (sending == "ok")
    assert box.faults.latency == (2.0 if switch == "slow" else 0.0)
    box.faults.switch(switch, on=False)
    assert [tried(box, "sendMessage", chat_id=resident.id, text="x"), tried(box, "getUpdates")] == [
        "ok",
        "ok",
    ]
    assert box.faults.latency == 0.0
    assert told == [[switch], []]


def test_a_flood_names_the_wait(box: Sandbox) -> None:
    """Three seconds."""
    box.faults.switch("flood", on=True)
    assert box.call(box.token, "getMe", {}).parameters == {"retry_after": 3}


def test_each_third_answer_is_lost(box: Sandbox, resident: User) -> None:
    """Exactly each third one and after its effect; polls do not count; switching on counts from the start."""
    for _ in range(2):
        box.faults.switch("lost", on=True)
        before = len(resident.chat())
        came = []
        for _ in range(8):
            assert tried(box, "getUpdates") == "ok"
            came.append(tried(box, "sendMessage", chat_id=resident.id, text="x"))
        assert came == ["ok", "ok", "dropped"] * 2 + ["ok", "ok"]
        assert len(resident.chat()) == before + 8


def test_switches_beside_each_other(box: Sandbox) -> None:
    """The worst one decides, planned faults come first, and clearing turns all of it off."""
    for switch in ("lost", "flood", "down", "offline"):
        box.faults.switch(switch, on=True)
    box.faults.add("getMe", too_many(9))
    assert box.faults.switched_on == ["flood", "down", "offline", "lost"]
    assert [tried(box, "getMe"), tried(box, "getMe")] == ["429", "dropped"]
    box.faults.switch("offline", on=False)
    assert tried(box, "getMe") == "502"
    box.faults.clear()
    assert box.faults.switched_on == []
    assert tried(box, "getMe") == "ok"
    with pytest.raises(ValueError, match="no switch 'rain'"):
        box.faults.switch("rain", on=True)
