"""What people can do and see."""

import json
from datetime import timedelta

import pytest

from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.files import File
from bot.sandbox.memory import QUERY_SECONDS
from bot.sandbox.people import Group, Impossible, User
from bot.sandbox.settings import commands_for

KEYBOARD = {
    "inline_keyboard": [
        [{"text": "接單", "callback_data": "accept.1"}],
        [{"text": "看", "url": "https://a.cn/"}],
    ]
}


def sent(box: Sandbox, chat_id: int, text: str = "卡", **more: object) -> int:
    """The bot writes; the message id."""
    reply = box.call(box.token, "sendMessage", {"chat_id": chat_id, "text": text, **more})
    assert reply.ok
    return int(reply.result["message_id"])


def last_update(box: Sandbox) -> dict[str, dict[str, object]]:
    """The newest pending update."""
    updates: list[dict[str, dict[str, object]]] = box.call(box.token, "getUpdates", {"offset": -1}).result
    return updates[0]


def test_a_message_on_the_screen(box: Sandbox, resident: User) -> None:
    """Text, formatting, buttons and marks as a person sees them."""
    message = sent(box, resident.id, "<b>1</b> &lt;", parse_mode="HTML", reply_markup=json.dumps(KEYBOARD))
    seen = resident.chat()[-1]
    assert (seen.id, seen.from_bot, seen.text, seen.html) == (message, True, "1 <", "<b>1</b> &lt;")
    assert seen.button("接").data == "accept.1"
    assert seen.button("看").url == "https://a.cn/"
    with pytest.raises(Impossible):
        seen.button("辦結")
    box.call(box.token, "editMessageText", {"chat_id": resident.id, "message_id": message, "text": "2"})
    assert (resident.chat()[-1].text, resident.chat()[-1].edited) == ("2", True)
    box.call(box.token, "deleteMessage", {"chat_id": resident.id, "message_id": message})
    assert message not in [seen.id for seen in resident.chat()]
    assert resident.chat(with_deleted=True)[-1].deleted


def test_pressing(box: Sandbox, resident: User, group: Group) -> None:
    """A press carries the message, the chat_instance and the presser; only shown buttons can be pressed."""
    message = sent(box, group.id, reply_markup=KEYBOARD)
    number = resident.presses(group, message, "accept.1")
    query = last_update(box)["callback_query"]
    assert (query["id"], query["data"]) == (number, "accept.1")
    assert str(query["chat_instance"]).isdecimal()
    assert query["from"] == resident.spelled
    with pytest.raises(Impossible):
        resident.presses(group, message, "close.1")
    box.call(box.token, "editMessageReplyMarkup", {"chat_id": group.id, "message_id": message})
    with pytest.raises(Impossible):
        resident.presses(group, message, "accept.1")


def test_presses_are_forgotten(box: Sandbox, clock: MovableClock, resident: User) -> None:
    """Those nobody answered, as soon as it is too late; until then they wait."""
    first = resident.forges(None, 9, "a")
    clock.move(timedelta(seconds=QUERY_SECONDS))
    second = resident.forges(None, 9, "b")
    assert list(box.memory.queries) == [first, second]
    clock.move(timedelta(seconds=1))
    third = resident.forges(None, 9, "c")
    assert list(box.memory.queries) == [second, third]


def test_a_forged_press(box: Sandbox, resident: User) -> None:
    """Any data for any message, even one that never was."""
    resident.forges(None, 999, "close.1")
    query = last_update(box)["callback_query"]
    assert query["data"] == "close.1"
    message = query["message"]
    assert isinstance(message, dict)
    assert (message["message_id"], message["date"]) == (999, 0)


def test_everything_a_person_can_send(box: Sandbox, resident: User) -> None:
    """Each kind makes an update; the specification is checked when the fixture ends."""
    resident.sends_photo(None, "樓道")
    album = resident.sends_album(None, "三張", [None, None, None])
    assert len({seen.raw["media_group_id"] for seen in resident.chat() if seen.id in album}) == 1
    assert [seen.text for seen in resident.chat() if seen.id in album] == ["三張", "", ""]
    resident.sends_voice(None)
    resident.sends_sticker(None)
    resident.sends_location(None)
    resident.sends_contact(None)
    with pytest.raises(Impossible):
        resident.sends(None, "  ")
    with pytest.raises(Impossible):
        resident.opens_link("字")
    assert len(box.call(box.token, "getUpdates", {}).result) == 9


def test_editing_and_deleting_own_messages(box: Sandbox, resident: User) -> None:
    """An edit is told to the bot, a deletion is not; others' messages are out of reach."""
    own, theirs = resident.sends(None, "a"), sent(box, resident.id)
    resident.edits(None, own, "b")
    update = last_update(box)["edited_message"]
    assert (update["text"], "edit_date" in update) == ("b", True)
    resident.deletes(None, own)
    assert "edited_message" in last_update(box)
    with pytest.raises(Impossible):
        resident.edits(None, theirs, "c")


def test_an_anonymous_administrator(box: Sandbox, resident: User) -> None:
    """Writes as the group, through the account Telegram uses for it."""
    group = box.group("院", resident, supergroup=True)
    group.add_bot(resident)
    neighbour = box.user("李")
    group.add(neighbour)
    resident.sends(group, "/close", anonymous=True)
    message = last_update(box)["message"]
    assert message["from"] == {
        "id": 1087968824,
        "is_bot": True,
        "first_name": "Group",
        "username": "GroupAnonymousBot",
    }
    assert message["sender_chat"] == message["chat"]
    with pytest.raises(Impossible):
        neighbour.sends(group, "/close", anonymous=True)


def test_reply_keyboards(box: Sandbox, resident: User) -> None:
    """Shown until replaced, removed, or used when it is for one time."""
    markup = {"keyboard": [[{"text": "我的事"}, {"text": "連心卡"}]], "resize_keyboard": True}
    sent(box, resident.id, reply_markup=markup)
    sent(box, resident.id)
    assert resident.keyboard() == [["我的事", "連心卡"]]
    sent(box, resident.id, reply_markup={"remove_keyboard": True})
    assert resident.keyboard() is None
    sent(box, resident.id, reply_markup=markup | {"one_time_keyboard": True})
    resident.sends(None, "我的事")
    assert resident.keyboard() is None


def test_only_members_see_a_group(box: Sandbox, group: Group) -> None:
    """Strangers have no screen of it."""
    stranger = box.user("李")
    with pytest.raises(Impossible):
        stranger.chat(group)
    group.add(stranger)
    assert stranger.chat(group)[-1].raw["new_chat_members"] == [stranger.spelled]
    group.remove(stranger)
    with pytest.raises(Impossible):
        stranger.sends(group, "/x")


def test_copies_and_forwards(box: Sandbox, resident: User, group: Group) -> None:
    """A copy is the bot's own, a forward names where it is from."""
    picture = resident.sends_photo(None, "樓道")
    where = {"chat_id": group.id, "from_chat_id": resident.id, "message_id": picture}
    box.call(box.token, "copyMessage", where)
    box.call(box.token, "copyMessage", where | {"caption": "新"})
    box.call(box.token, "forwardMessage", where)
    first, second, third = resident.chat(group)[-3:]
    assert [first.text, second.text, third.text] == ["樓道", "新", "樓道"]
    assert first.photos == third.photos
    assert third.raw["forward_origin"]["sender_user"]["id"] == resident.id
    missing = box.call(box.token, "copyMessage", where | {"message_id": 999})
    assert missing.description == "Bad Request: message to copy not found"


def test_commands_by_scope_and_language(box: Sandbox, resident: User, group: Group) -> None:
    """The narrowest list wins, the person's language before none."""

    def offered(user: User, chat_id: int) -> list[str]:
        return [c["command"] for c in commands_for(box.memory, user.data, box.memory.chats[chat_id])]

    def offer(name: str, **more: object) -> None:
        parameters = {"commands": [{"command": name, "description": "x"}], **more}
        assert box.call(box.token, "setMyCommands", parameters).ok

    assert offered(resident, resident.id) == []
    offer("all")
    assert offered(resident, resident.id) == ["all"]
    offer("zh", language_code="zh")
    assert offered(resident, resident.id) == ["zh"]
    offer("groups", scope={"type": "all_group_chats"})
    assert offered(resident, group.id) == ["groups"]
    offer("admins", scope={"type": "chat_administrators", "chat_id": group.id})
    assert offered(resident, group.id) == ["admins"]
    assert box.call(box.token, "deleteMyCommands", {"language_code": "zh"}).ok
    assert offered(resident, resident.id) == ["all"]
    assert box.call(box.token, "getMyCommands", {}).result == [{"command": "all", "description": "x"}]


def test_uploads_of_every_kind(box: Sandbox, resident: User) -> None:
    """Documents, voices and pictures in place of others; what was uploaded can be used again."""
    where = {"chat_id": resident.id}
    poster = box.call(
        box.token, "sendDocument", where, {"document": File(b"%PDF-", "poster.pdf", "application/pdf")}
    )
    assert poster.result["document"]["file_name"] == "poster.pdf"
    again = box.call(box.token, "sendDocument", where | {"document": poster.result["document"]["file_id"]})
    assert again.result["document"] == poster.result["document"]
    assert (
        box.call(box.token, "sendVoice", where, {"voice": File(bytes(9000), "v.oga")}).result["voice"][
            "duration"
        ]
        == 3
    )
    picture = resident.sends_photo(None)
    photo = next(seen for seen in resident.chat() if seen.id == picture)
    small, full = photo.raw["photo"]
    assert (small["width"], small["height"], full["width"]) == (90, 67, 160)
    assert box.call(box.token, "getFile", {"file_id": small["file_id"]}).ok
    card = sent(box, resident.id, reply_markup=KEYBOARD)
    media = {"type": "photo", "media": photo.photos[0], "caption": "<b>修好了</b>", "parse_mode": "HTML"}
    edited = box.call(box.token, "editMessageMedia", where | {"message_id": card, "media": media})
    assert edited.ok
    assert (resident.chat()[-1].html, resident.chat()[-1].photos) == ("<b>修好了</b>", photo.photos)


def test_what_the_bot_says_of_itself(box: Sandbox, resident: User, group: Group) -> None:
    """Names, descriptions, the menu button, links into a group, and many deletions at once."""
    for name, field in [
        ("Name", "name"),
        ("Description", "description"),
        ("ShortDescription", "short_description"),
    ]:
        assert box.call(box.token, f"setMy{name}", {field: "連心卡", "language_code": "zh"}).ok
        assert box.call(box.token, f"getMy{name}", {"language_code": "zh"}).result == {field: "連心卡"}
    assert box.call(box.token, "getMyName", {}).result == {"name": "連心"}
    assert (
        box.call(box.token, "setMyName", {"name": "字" * 65}).description == "Bad Request: BOT_NAME_TOO_LONG"
    )
    assert box.call(box.token, "setChatMenuButton", {"menu_button": {"type": "commands"}}).ok
    assert box.call(box.token, "getChatMenuButton", {"chat_id": resident.id}).result == {"type": "commands"}
    assert not box.call(box.token, "setChatMenuButton", {"menu_button": {"type": "x"}}).ok
    group.promote_bot(resident)
    link = box.call(box.token, "exportChatInviteLink", {"chat_id": group.id}).result
    assert link.startswith("https://t.me/+")
    both = [sent(box, group.id), sent(box, group.id)]
    assert box.call(box.token, "deleteMessages", {"chat_id": group.id, "message_ids": [*both, 999]}).ok
    assert not set(both) & {seen.id for seen in resident.chat(group)}


def test_administrators(box: Sandbox, resident: User, group: Group) -> None:
    """A promoted member is listed; one who was removed is not."""
    deputy = box.user("李")
    group.add(deputy, by=resident)
    group.promote(deputy, by=resident)
    admins = box.call(box.token, "getChatAdministrators", {"chat_id": group.id}).result
    assert [(admin["status"], admin["user"]["id"]) for admin in admins] == [
        ("creator", resident.id),
        ("administrator", deputy.id),
    ]
    group.remove(deputy, by=resident)
    member = box.call(box.token, "getChatMember", {"chat_id": group.id, "user_id": deputy.id}).result
    assert member["status"] == "left"
