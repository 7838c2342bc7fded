"""The stream of events and the single answers with the same state."""

import asyncio

import pytest

from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.people import Group, User
from tests.sandbox.served import Served

WITHIN = 10.0  # seconds: only a broken stream takes them


def says(box: Sandbox, chat: int, text: str, **more: object) -> int:
    """The bot writes; the message id."""
    reply = box.call(box.token, "sendMessage", {"chat_id": chat, "text": text, **more})
    assert reply.ok
    return int(reply.result["message_id"])


async def test_first_everything_then_what_changed(box: Sandbox, served: Served, resident: User) -> None:
    """The first event comes at once, the next ones as things happen, each with the revision as its id."""
    async with served.events() as events:
        first = await events.some()
        assert (first.id, first.state["revision"]) == (box.memory.revision, box.memory.revision)
        assert first.state["epoch"] == box.memory.epoch
        assert first.state["clock"] == "2026-03-02T01:00:00+00:00"
        assert (first.state["is_paused"], first.state["latency"]) == (False, 0.0)
        assert (first.state["faults"], first.state["host"]) == ([], None)
        assert first.state["bot"]["username"] == "lianxin_bot"
        assert first.texts == ["/start"]
        says(box, resident.id, "您好")
        second = await events.some()
        assert second.texts == ["您好"]
        assert second.id > first.id


async def test_what_happens_together_comes_together(box: Sandbox, served: Served, resident: User) -> None:
    """Several changes at once are one event, and there are no more than twenty of them in a second."""
    async with served.events() as events:
        await events.some()
        first = asyncio.get_running_loop().time()
        for number in range(5):
            says(box, resident.id, str(number))
        assert (await events.some()).texts == ["0", "1", "2", "3", "4"]
        says(box, resident.id, "5")
        assert (await events.some()).texts == ["5"]
        assert asyncio.get_running_loop().time() - first > 0.08


async def test_who_goes_away(box: Sandbox, served: Served, caplog: pytest.LogCaptureFixture) -> None:
    """A stream nobody reads any more ends quietly."""
    async with served.events() as events:
        await events.some()
    async with served.events() as events:
        await events.some()
        for name in ("王", "李"):  # by the second one it is known that the first reader is gone
            box.user(name)
            await events.some()
    await served.runner.cleanup()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_coming_back(box: Sandbox, served: Served, resident: User) -> None:
    """A browser that reconnects says how far it was; the header counts more than the old address."""
    async with served.events() as events:
        seen = (await events.some()).id
    says(box, resident.id, "1")
    query = f"?since=0&epoch={box.memory.epoch}"
    async with served.events(query, {"Last-Event-ID": str(seen)}) as events:
        assert (await events.some()).texts == ["1"]
    async with served.events(f"?since={seen}&epoch={box.memory.epoch}") as events:
        assert (await events.some()).texts == ["1"]
    async with served.events(query) as events:
        assert (await events.some()).texts == ["/start", "1"]


async def test_another_epoch(box: Sandbox, served: Served) -> None:
    """Revisions of another epoch mean nothing: everything comes, also in the middle of a stream."""
    box.user("王")
    async with served.events(f"?since={box.memory.revision}&epoch=before") as events:
        assert len((await events.some()).state["chats"]) == 1
        old = box.memory.epoch
        box.forget()
        box.user("李")
        event = await events.some()
        assert event.state["epoch"] not in (old, "before")
        assert [chat["title"] for chat in event.state["chats"]] == ["李"]


async def test_what_is_no_message_is_told_too(box: Sandbox, clock: MovableClock, served: Served) -> None:
    """The clock and the faults; the id stays."""
    async with served.events() as events:
        before = (await events.some()).id
        clock.pause()
        event = await events.some()
        assert (event.id, event.state["is_paused"]) == (before, True)
        box.faults.switch("slow", on=True)
        event = await events.some()
        assert (event.state["faults"], event.state["latency"]) == (["slow"], 2.0)


async def test_two_watch(box: Sandbox, served: Served, resident: User) -> None:
    """Each stream and each waiting question gets the news."""
    since = box.memory.revision
    async with served.events() as one, served.events() as two, asyncio.TaskGroup() as tasks:
        await one.some()
        await two.some()
        waiting = tasks.create_task(served.get(f"/sandbox/changes?since={since}&wait=9"))
        await served.get("/sandbox/clock")  # by now the question has most likely arrived
        says(box, resident.id, "1")
        assert [(await one.some()).texts, (await two.some()).texts] == [["1"], ["1"]]
        (chat,) = (await waiting)["chats"]
        assert chat["messages"][0]["text"] == "1"


async def test_the_end(served: Served) -> None:
    """A shutdown ends the stream at once and properly."""
    async with served.events() as events, asyncio.timeout(WITHIN):
        await events.some()
        await served.runner.cleanup()
        assert await events.next() is None


async def test_wrong_questions(served: Served) -> None:
    """A revision is a number."""
    assert await served.status("GET", "/sandbox/events?since=x") == 400
    assert await served.status("GET", "/sandbox/changes?since=x") == 400


async def test_marks_on_messages(box: Sandbox, served: Served, resident: User) -> None:
    """Deleted and edited ones are sent again with their mark; whose they are stands beside it."""
    edited, deleted = says(box, resident.id, "a"), says(box, resident.id, "b")
    since = box.memory.revision
    where = {"chat_id": resident.id}
    assert box.call(box.token, "editMessageText", where | {"message_id": edited, "text": "c"}).ok
    assert box.call(box.token, "deleteMessage", where | {"message_id": deleted}).ok
    own = resident.sends(None, "d")
    (chat,) = (await served.get(f"/sandbox/changes?since={since}"))["chats"]
    marks = {m["message_id"]: (m["outgoing"], m["edited"], m["deleted"]) for m in chat["messages"]}
    assert marks == {edited: (True, True, False), deleted: (True, False, True), own: (False, False, False)}


async def test_what_the_bot_is_doing(box: Sandbox, served: Served, resident: User) -> None:
    """Shown to who was looking before, until the bot writes or takes it back."""

    async def action(since: int) -> object:
        chats = (await served.get(f"/sandbox/changes?since={since}"))["chats"]
        return chats[0]["action"]

    def does(kind: str) -> None:
        assert box.call(box.token, "sendChatAction", {"chat_id": resident.id, "action": kind}).ok

    since = box.memory.revision
    does("typing")
    assert await action(since) == {"kind": "typing", "revision": since + 1}
    assert await action(0) is None
    does("cancel")
    assert await action(since) is None
    does("upload_photo")
    says(box, resident.id, "x")
    assert await action(since) is None


async def test_roles_and_notices(box: Sandbox, served: Served, resident: User, group: Group) -> None:
    """Who is what in a group; a notice only for who was looking before."""
    since = box.memory.revision
    neighbour = box.user("李")
    group.add(neighbour)
    data = {"reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "k"}]]}}
    query = resident.presses(None, says(box, resident.id, "?", **data), "k")
    assert box.call(box.token, "answerCallbackQuery", {"callback_query_id": query, "text": "好"}).ok
    state = await served.get(f"/sandbox/changes?since={since}")
    chats = {chat["id"]: chat for chat in state["chats"]}
    assert chats[group.id]["roles"] == {str(resident.id): "creator", str(neighbour.id): "member"}
    assert [toast["text"] for toast in chats[resident.id]["toasts"]] == ["好"]
    state = await served.get("/sandbox/changes")
    assert all(not chat.get("toasts") for chat in state["chats"])


async def test_hostile_words_come_as_they_are(box: Sandbox, served: Served) -> None:
    """Whatever people write is data: one line of the stream, and the same words at its end."""
    words = "</script><script>alert(1)</script>\u2028\n\ndata: {}\r\nid: 9\n\n\u0000'\"&<!--\u202e𠮷😀"
    made = await served.post("/sandbox/users", {"first_name": words[:64], "last_name": "<b>"})
    async with served.events() as events:
        await events.some()
        await served.post(f"/sandbox/users/{made['id']}/text", {"text": words})
        event = await events.some()
        kept = box.users[0].chat()[0].text
        assert kept.startswith("</script><script>alert(1)</script>\u2028\n\ndata: {}")
        assert event.texts == [kept]
        assert event.state["chats"][0]["title"] == f"{words[:64]} <b>"
