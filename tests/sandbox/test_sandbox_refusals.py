"""What the sandbox refuses, with Telegram's codes and words."""

from datetime import timedelta
from typing import Any

import pytest

from bot.sandbox.clock import MovableClock
from bot.sandbox.core import Sandbox
from bot.sandbox.files import SAMPLE, File, picture_size
from bot.sandbox.people import Group, User

OK = ""
INLINE = "inline_keyboard"


def told(box: Sandbox, method: str, **parameters: object) -> str:
    """The description of a refusal with its code checked, "" when the call succeeds."""
    reply = box.call(box.token, method, parameters)
    prefix = {400: "Bad Request: ", 403: "Forbidden: "}.get(reply.error_code, "")
    assert reply.ok or reply.description.startswith(prefix)
    return reply.description.removeprefix(prefix)


def inline(**button: object) -> dict[str, Any]:
    """A keyboard of one button."""
    return {INLINE: [[{"text": "好", **button}]]}


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"text": ""}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": " \n\u3000 "}, "text must be non-empty"),
        ({"text": "<b> </b>", "parse_mode": "HTML"}, "text must be non-empty"),
        ({"text": "字" * 4096}, OK),
        ({"text": "字" * 4097}, "message is too long"),
        ({"text": "😀" * 2048}, OK),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "&lt;" * 4096, "parse_mode": "HTML"}, OK),
        ({"text": "a" * 32769}, "text is too long"),
        ({"text": "*x*", "parse_mode": "MarkdownV3"}, "unsupported parse_mode"),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"text": "x", "reply_parameters": {"message_id": 999, "allow_sending_without_reply": True}}, OK),
        ({"text": "x", "reply_markup": "{"}, "can't parse reply keyboard markup JSON object"),
        ({"text": "x", "reply_markup": "[1]"}, "object expected as reply markup"),
        (
            {"text": "x", "reply_markup": {INLINE: ["x"]}},
            'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
        ),
        (
            {"text": "x", "reply_markup": inline()},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": inline(callback_data="")},
            "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
        ),
        (
            {"text": "x", "reply_markup": {INLINE: [[{"callback_data": "x"}]]}},
            "can't parse inline keyboard button: Can't find field \"text\"",
        ),
        (
            {"text": "x", "reply_markup": {INLINE: [[{"text": "", "callback_data": "x"}]]}},
            "inline keyboard button text must be non-empty",
        ),
        ({"text": "x", "reply_markup": inline(callback_data="a" * 64)}, OK),
        ({"text": "x", "reply_markup": inline(callback_data="a" * 65)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": inline(callback_data="字" * 21)}, OK),
        ({"text": "x", "reply_markup": inline(callback_data="字" * 22)}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "reply_markup": inline(url="https://t.me/x?start=1")}, OK),
        ({"text": "x", "reply_markup": inline(url="tg://user?id=1")}, OK),
        (
            {"text": "x", "reply_markup": inline(url="http://localhost/x")},
            "inline keyboard button URL 'http://localhost/x' is invalid: Wrong HTTP URL",
        ),
        (
            {"text": "x", "reply_markup": inline(url="ftp://a.cn")},
            "inline keyboard button URL 'ftp://a.cn' is invalid: Unsupported URL protocol",
        ),
        ({"text": "x", "reply_markup": inline(url="https://a.cn/x y")}, "BUTTON_URL_INVALID"),
        ({"text": "x", "reply_markup": {INLINE: [[{"text": "a", "callback_data": "b"}]] * 100}}, OK),
        (
            {"text": "x", "reply_markup": {INLINE: [[{"text": "a", "callback_data": "b"}]] * 101}},
            "reply markup is too long",
        ),
        ({"text": "x", "reply_markup": {"keyboard": [[{"text": "號碼", "request_contact": True}]]}}, OK),
        (
            {"text": "x", "reply_markup": {"keyboard": [[""]]}},
            "keyboard button text must be non-empty",
        ),
    ],
)
def test_a_message_is_refused(
    box: Sandbox, resident: User, parameters: dict[str, object], refusal: str
) -> None:
    """Texts, lengths in UTF-16 units, keyboards and replies are checked as Telegram does."""
    assert told(box, "sendMessage", chat_id=resident.id, **parameters) == refusal


def test_contact_buttons_belong_to_private_chats(box: Sandbox, group: Group) -> None:
    """A group cannot be asked for a phone number."""
    markup = {"keyboard": [[{"text": "號碼", "request_contact": True}]]}
    refusal = told(box, "sendMessage", chat_id=group.id, text="x", reply_markup=markup)
    assert refusal == "phone number can be requested in private chats only"


def test_where_a_bot_may_not_write(box: Sandbox, resident: User, group: Group) -> None:
    """Each reason has its code and words."""
    stranger, neighbour, left = box.user("李"), box.user("趙"), box.user("錢")
    group.add(neighbour)
    left.sends(None, "hi")
    left.deletes_account()

    def refusal(chat_id: object) -> tuple[int, str]:
        reply = box.call(box.token, "sendMessage", {"chat_id": chat_id, "text": "x"})
        return reply.error_code, reply.description

    assert refusal("") == (400, "Bad Request: chat_id is empty")
    assert refusal(99) == (400, "Bad Request: chat not found")
    assert refusal("@nobody") == (400, "Bad Request: chat not found")
    assert refusal(stranger.id) == (400, "Bad Request: chat not found")
    assert refusal(neighbour.id) == (403, "Forbidden: bot can't initiate conversation with a user")
    assert refusal(left.id) == (403, "Forbidden: user is deactivated")
    assert refusal(box.group("別的", stranger).id) == (400, "Bad Request: chat not found")
    resident.blocks_bot()
    assert refusal(resident.id) == (403, "Forbidden: bot was blocked by the user")
    group.remove_bot(resident)
    assert refusal(group.id) == (403, "Forbidden: bot was kicked from the group chat")
    group.add_bot(resident)
    assert box.call(box.token, "leaveChat", {"chat_id": group.id}).ok
    assert refusal(group.id) == (403, "Forbidden: bot is not a member of the group chat")


def test_a_supergroup_is_named_in_the_refusal(box: Sandbox, resident: User) -> None:
    """Thrown out of a supergroup, not even its description can be read."""
    group = box.group("院", resident, supergroup=True)
    group.add_bot(resident)
    group.remove_bot(resident)
    assert told(box, "getChat", chat_id=group.id) == "bot was kicked from the supergroup chat"


def test_tokens_and_methods(box: Sandbox) -> None:
    """A wrong token is unauthorized, an unknown method not found, names are read in any case."""
    assert box.call("2:x", "getMe", {}).as_json() == {
        "ok": False,
        "error_code": 401,
        "description": "Unauthorized",
    }
    assert box.call(box.token, "sendPigeon", {}).error_code == 404
    assert box.call(box.token, "GETME", {}).result["username"] == "lianxin_bot"


def test_edits(box: Sandbox, resident: User) -> None:
    """Only the bot's own messages, only what changes, only what is there."""
    theirs = resident.sends(None, "樓道燈壞了")
    text = box.call(box.token, "sendMessage", {"chat_id": resident.id, "text": "a"}).result["message_id"]
    photo = box.call(
        box.token, "sendPhoto", {"chat_id": resident.id, "photo": resident_photo(resident)}
    ).result["message_id"]
    where = {"chat_id": resident.id}
    unchanged = (
        "message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )
    assert told(box, "editMessageText", text="b") == "message identifier is not specified"
    assert told(box, "editMessageText", **where, message_id=999, text="b") == "message to edit not found"
    assert told(box, "editMessageText", **where, message_id=theirs, text="b") == "message can't be edited"
    assert told(box, "editMessageText", **where, message_id=text, text="a") == unchanged
    assert told(box, "editMessageText", **where, message_id=text, text=" a ") == unchanged
    assert told(box, "editMessageReplyMarkup", **where, message_id=text) == unchanged
    assert (
        told(
            box, "editMessageText", **where, message_id=text, text="a", reply_markup=inline(callback_data="x")
        )
        == OK
    )
    assert told(box, "editMessageText", **where, message_id=text, text="a") == OK
    assert resident.chat()[-2].buttons == ()
    no_inline = {"keyboard": [["x"]]}
    assert (
        told(box, "editMessageText", **where, message_id=text, text="c", reply_markup=no_inline)
        == "inline keyboard expected"
    )
    assert (
        told(box, "editMessageText", **where, message_id=photo, text="b")
        == "there is no text in the message to edit"
    )
    assert (
        told(box, "editMessageCaption", **where, message_id=text, caption="b")
        == "there is no caption in the message to edit"
    )
    assert told(box, "editMessageCaption", **where, message_id=photo, caption="b") == OK
    assert (
        told(box, "editMessageCaption", **where, message_id=photo, caption="字" * 1025)
        == "message caption is too long"
    )


def resident_photo(resident: User) -> str:
    """The identifier of a picture the resident has sent."""
    sent = resident.sends_photo(None)
    return next(seen.photos[0] for seen in resident.chat() if seen.id == sent)


def test_deleting(box: Sandbox, clock: MovableClock, resident: User, group: Group) -> None:
    """Own messages for 48 hours; those of others in a group only as administrator."""
    own = box.call(box.token, "sendMessage", {"chat_id": group.id, "text": "a"}).result["message_id"]
    theirs = resident.sends(group, "/hi")
    where = {"chat_id": group.id}
    assert told(box, "deleteMessage", **where, message_id=999) == "message to delete not found"
    assert told(box, "deleteMessage", **where) == "message identifier is not specified"
    assert told(box, "deleteMessage", **where, message_id=theirs) == "message can't be deleted"
    old = box.call(box.token, "sendMessage", {"chat_id": group.id, "text": "b"}).result["message_id"]
    assert told(box, "deleteMessage", **where, message_id=own) == OK
    assert told(box, "deleteMessage", **where, message_id=own) == "message to delete not found"
    clock.move(timedelta(hours=49))
    assert told(box, "deleteMessage", **where, message_id=old) == "message can't be deleted for everyone"
    group.promote_bot(resident)
    assert told(box, "deleteMessage", **where, message_id=theirs) == OK


def test_pinning_needs_the_right(box: Sandbox, resident: User, group: Group) -> None:
    """A member may not pin; an administrator may, and a service message tells of it."""
    own = box.call(box.token, "sendMessage", {"chat_id": group.id, "text": "a"}).result["message_id"]
    where = {"chat_id": group.id, "message_id": own}
    refusal = "not enough rights to manage pinned messages in the chat"
    assert told(box, "pinChatMessage", **where) == refusal
    group.promote_bot(resident, can_pin_messages=False)
    assert told(box, "pinChatMessage", **where) == refusal
    group.promote_bot(resident)
    assert told(box, "pinChatMessage", **where) == OK
    assert resident.chat(group)[-1].raw["pinned_message"]["message_id"] == own
    assert box.call(box.token, "getChat", {"chat_id": group.id}).result["pinned_message"]["text"] == "a"
    assert told(box, "unpinChatMessage", chat_id=group.id) == OK
    assert told(box, "unpinChatMessage", chat_id=group.id) == "message to unpin not found"


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x30\x00\x40\x03", (64, 48)),
        (b"\xff\xd8\xff\xe0\x00\x04ab", (0, 0)),
        (b"GIF89a\x40\x00\x30\x00", (64, 48)),
        (SAMPLE.read_bytes(), (160, 120)),
        (b"%PDF-", (0, 0)),
    ],
)
def test_pictures_are_measured(content: bytes, size: tuple[int, int]) -> None:
    """JPEG, GIF and PNG tell their size in the header; nothing else is a picture."""
    assert picture_size(content) == size


def test_files(box: Sandbox, resident: User) -> None:
    """Addresses, unknown identifiers, wrong kinds and what is no picture are refused."""
    voice = resident.sends_voice(None)
    voice_id = next(seen.raw["voice"]["file_id"] for seen in resident.chat() if seen.id == voice)
    where = {"chat_id": resident.id}
    assert told(box, "sendPhoto", **where) == "there is no photo in the request"
    assert told(box, "sendPhoto", **where, photo="attach://x") == "there is no photo in the request"
    assert told(box, "sendPhoto", **where, photo="https://a.cn/x.jpg") == "failed to get HTTP URL content"
    assert told(box, "sendPhoto", **where, photo="x").startswith("wrong remote file identifier specified")
    assert told(box, "sendPhoto", **where, photo=voice_id) == "can't use file of type VoiceNote as Photo"
    text = box.call(box.token, "sendPhoto", where, {"photo": File(b"no picture", "a.jpg")})
    assert text.description == "Bad Request: IMAGE_PROCESS_FAILED"
    flat = box.call(box.token, "sendPhoto", where, {"photo": File(b"GIF89a\x00\x08\x01\x00", "a.gif")})
    assert flat.description == "Bad Request: PHOTO_INVALID_DIMENSIONS"
    empty = box.call(box.token, "sendDocument", where, {"document": File(b"", "a.txt")})
    assert empty.description == "Bad Request: file must be non-empty"
    album = [{"type": "photo", "media": resident_photo(resident)}]
    assert told(box, "sendMediaGroup", **where, media=album * 11) == "too many messages to send as an album"
    assert told(box, "sendMediaGroup", **where, media=album * 10) == OK
    assert told(box, "getFile", file_id="") == "file_id not specified"


@pytest.mark.parametrize(
    ("command", "description", "refusal"),
    [
        ("start", "開始", OK),
        ("/start", "開始", OK),
        ("Start", "開始", "BOT_COMMAND_INVALID"),
        ("報事", "開始", "BOT_COMMAND_INVALID"),
        ("", "開始", "command must be non-empty"),
        ("a" * 33, "開始", "command length must not exceed 32"),
        ("a", "", "command description must be non-empty"),
        ("a", "字" * 257, "command description length must not exceed 256"),
    ],
)
def test_commands_are_checked(box: Sandbox, command: str, description: str, refusal: str) -> None:
    """1-32 of a-z 0-9 _, a description of 1-256 characters."""
    assert told(box, "setMyCommands", commands=[{"command": command, "description": description}]) == refusal


def test_too_many_commands(box: Sandbox) -> None:
    """A hundred is the most, a language has two letters, a scope is known."""
    commands = [{"command": f"c{number}", "description": "x"} for number in range(101)]
    assert told(box, "setMyCommands", commands=commands) == "BOT_COMMANDS_TOO_MUCH"
    assert told(box, "setMyCommands", commands=commands[:100]) == OK
    assert (
        told(box, "setMyCommands", commands=[], language_code="zh-hans") == "invalid language code specified"
    )
    assert (
        told(box, "getMyCommands", scope={"type": "moon"})
        == "can't parse BotCommandScope: Unsupported type specified"
    )


def test_a_press_is_answered_once_and_soon(box: Sandbox, clock: MovableClock, resident: User) -> None:
    """Unknown, answered and old identifiers are all the same to Telegram."""
    late = "query is too old and response timeout expired or query ID is invalid"
    box.call(
        box.token,
        "sendMessage",
        {"chat_id": resident.id, "text": "?", "reply_markup": inline(callback_data="k")},
    )
    message = resident.chat()[-1]
    first = resident.presses(None, message.id, "k")
    assert told(box, "answerCallbackQuery", callback_query_id="7") == late
    assert told(box, "answerCallbackQuery", callback_query_id=first, text="字" * 201) == "MESSAGE_TOO_LONG"
    assert told(box, "answerCallbackQuery", callback_query_id=first, text="好", show_alert=True) == OK
    assert [(toast.text, toast.alert) for toast in resident.toasts] == [("好", True)]
    assert told(box, "answerCallbackQuery", callback_query_id=first) == late
    second = resident.presses(None, message.id, "k")
    clock.move(timedelta(seconds=16))
    assert told(box, "answerCallbackQuery", callback_query_id=second) == late


def test_chats_and_members(box: Sandbox, resident: User, group: Group) -> None:
    """Who is in a chat, and what is refused about it."""
    assert told(box, "getChatMember", chat_id=group.id) == "invalid user_id specified"
    assert told(box, "getChatMember", chat_id=group.id, user_id=5) == "user not found"
    assert (
        told(box, "getChatAdministrators", chat_id=resident.id)
        == "there are no administrators in the private chat"
    )
    assert (
        told(box, "leaveChat", chat_id=resident.id) == "chat member status can't be changed in private chats"
    )
    assert (
        told(box, "createChatInviteLink", chat_id=group.id) == "not enough rights to manage chat invite link"
    )
    assert (
        told(box, "sendChatAction", chat_id=resident.id, action="dance")
        == "wrong parameter action in request"
    )

    def status(user_id: int) -> str:
        member = box.call(box.token, "getChatMember", {"chat_id": group.id, "user_id": user_id})
        return str(member.result["status"])

    assert [status(resident.id), status(1), status(box.user("李").id)] == ["creator", "member", "left"]
    group.promote_bot(resident)
    admins = box.call(box.token, "getChatAdministrators", {"chat_id": group.id}).result
    assert [admin["user"]["id"] for admin in admins] == [resident.id, 1]
    assert box.call(box.token, "getChatMemberCount", {"chat_id": group.id}).result == 2
    assert told(box, "createChatInviteLink", chat_id=group.id, name="門口") == OK


def test_webhooks_are_checked(box: Sandbox) -> None:
    """Secure addresses, or this very machine; a short secret of plain characters."""
    assert told(box, "setWebhook", url="x") == "invalid webhook URL specified"
    assert (
        told(box, "setWebhook", url="http://a.cn/x")
        == "bad webhook: An HTTPS URL must be provided for webhook"
    )
    assert (
        told(box, "setWebhook", url="https://a.cn", secret_token="字")
        == "secret token contains unallowed characters"
    )
    assert told(box, "setWebhook", url="https://a.cn", secret_token="a" * 257) == "secret token is too long"
    assert told(box, "setWebhook", url="http://127.0.0.1:9/x", secret_token="s") == OK
    assert box.call(box.token, "getWebhookInfo", {}).result["url"] == "http://127.0.0.1:9/x"
