"""The queue of updates: offsets, kinds, age, and what a bot hears at all."""

from datetime import timedelta

import pytest

from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.people import Group, Impossible, User


def ids(box: Sandbox, **parameters: object) -> list[int]:
    """The update ids a getUpdates brings."""
    reply = box.call(box.token, "getUpdates", parameters)
    assert reply.ok
    return [update["update_id"] for update in reply.result]


def kinds(box: Sandbox) -> list[str]:
    """The kinds of all pending updates, forgotten afterwards."""
    updates = box.call(box.token, "getUpdates", {}).result
    box.call(box.token, "getUpdates", {"offset": updates[-1]["update_id"] + 1} if updates else {})
    return [next(key for key in update if key != "update_id") for update in updates]


def test_offsets_confirm(box: Sandbox, resident: User) -> None:
    """Updates come until the next offset confirms them; a future offset confirms nothing."""
    for number in range(4):
        resident.sends(None, str(number))
    assert ids(box) == [1, 2, 3, 4, 5]
    assert ids(box, limit=2) == [1, 2]
    assert ids(box, offset=3, limit="2") == [3, 4]
    assert ids(box) == [3, 4, 5]
    assert ids(box, offset=99) == [3, 4, 5]
    assert ids(box, offset=-2) == [4, 5]
    assert ids(box) == [4, 5]
    assert ids(box, offset=6) == []
    resident.sends(None, "x")
    assert ids(box, offset=6) == [6]


def test_updates_are_kept_for_a_day(box: Sandbox, clock: MovableClock, resident: User) -> None:
    """What nobody fetched for 24 hours is gone."""
    clock.move(timedelta(hours=23))
    resident.sends(None, "still there")
    clock.move(timedelta(hours=2))
    assert ids(box) == [2]


def test_allowed_updates(box: Sandbox, resident: User, group: Group) -> None:
    """Only the kinds asked for come; membership of others must be asked for, by an administrator."""
    box.call(box.token, "getUpdates", {"allowed_updates": '["message","chat_member"]', "offset": -1})
    kinds(box)
    group.promote_bot(resident)
    group.add(box.user("李"))
    assert kinds(box) == ["chat_member", "message"]
    box.call(box.token, "getUpdates", {"allowed_updates": []})
    group.demote_bot(resident)
    group.add(box.user("趙"))
    assert kinds(box) == ["my_chat_member", "message"]


def test_no_polling_while_a_webhook_is_set(box: Sandbox) -> None:
    """Polling and a webhook exclude each other."""
    box.call(box.token, "setWebhook", {"url": "https://a.cn/x"})
    reply = box.call(box.token, "getUpdates", {})
    assert reply.error_code == 409
    assert reply.description == (
        "Conflict: can't use getUpdates method while webhook is active; "
        "use deleteWebhook to delete the webhook first"
    )
    box.call(box.token, "deleteWebhook", {})
    assert ids(box) == []


def test_any_update_can_be_injected(clock: MovableClock) -> None:
    """Even one that no client can parse."""
    box = Sandbox(clock)
    assert box.inject({"message": {"broken": True}}) == 1
    assert box.call(box.token, "getUpdates", {}).result == [{"update_id": 1, "message": {"broken": True}}]


def test_what_a_member_hears_in_a_group(box: Sandbox, resident: User, group: Group) -> None:
    """Commands for it, replies to it, service messages; as administrator everything."""
    own = box.call(box.token, "sendMessage", {"chat_id": group.id, "text": "card"}).result["message_id"]
    kinds(box)
    resident.sends(group, "樓道燈壞了")
    resident.sends(group, "/help@other_bot")
    resident.sends_photo(group, "看")
    assert kinds(box) == []
    resident.sends(group, "/help")
    resident.sends(group, "/help@lianxin_bot")
    resident.replies(group, own, "好")
    group.rename("4號樓", resident)
    assert kinds(box) == ["message"] * 4
    group.promote_bot(resident)
    resident.sends(group, "樓道燈壞了")
    assert kinds(box) == ["my_chat_member", "message"]


def test_numbers_are_given_as_telegram_does(box: Sandbox, resident: User, group: Group) -> None:
    """People from 1001, groups from -1 down; private chats and groups share message numbers."""
    big = box.group("院", resident, supergroup=True)
    big.add_bot(resident)
    assert (resident.id, group.id, big.id) == (1001, -1, -1000000000001)
    first = resident.sends(None, "a")
    assert resident.sends(group, "/b") == first + 1
    assert resident.sends(big, "/c") == 2
    assert resident.sends(None, "d") == first + 2


def test_a_group_is_upgraded(box: Sandbox, resident: User, group: Group) -> None:
    """The old chat tells where it went, and so does every refusal."""
    kinds(box)
    big = group.upgrade(resident)
    old, new = box.call(box.token, "getUpdates", {}).result
    assert old["message"]["chat"]["id"] == group.id
    assert old["message"]["migrate_to_chat_id"] == big.id
    assert (new["message"]["message_id"], new["message"]["migrate_from_chat_id"]) == (1, group.id)
    assert box.call(box.token, "sendMessage", {"chat_id": group.id, "text": "x"}).as_json() == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": big.id},
    }
    assert box.call(box.token, "sendMessage", {"chat_id": big.id, "text": "x"}).ok
    with pytest.raises(Impossible):
        resident.sends(group, "too late")


def test_blocking_is_told(box: Sandbox, resident: User) -> None:
    """my_chat_member, kicked and back; a link's START unblocks."""
    kinds(box)
    resident.blocks_bot()
    change = box.call(box.token, "getUpdates", {}).result[0]["my_chat_member"]
    assert (change["old_chat_member"]["status"], change["new_chat_member"]["status"]) == ("member", "kicked")
    with pytest.raises(Impossible):
        resident.sends(None, "x")
    resident.opens_link("b3_Xy-9")
    assert kinds(box) == ["my_chat_member", "my_chat_member", "message"]
    assert resident.chat()[-1].text == "/start b3_Xy-9"
