"""Keyboards under messages: inline ones and those that replace a person's keyboard."""

import json
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.parameters import Parameters
from bot.sandbox.refusals import bad_request

Json = dict[str, Any]

MOST_INLINE_BUTTONS = 100  # refused above, as reported by many; the real limit is one of bytes too
MOST_BUTTONS = 300
MOST_BYTES = 10_240
DATA_BYTES = 64  # https://core.telegram.org/bots/api#inlinekeyboardbutton
INLINE_TEXTS = ("url", "callback_data", "switch_inline_query", "switch_inline_query_current_chat")
INLINE_KINDS = (*INLINE_TEXTS, "web_app", "copy_text")
SWITCHES = INLINE_TEXTS[2:]  # may be empty
PRIVATE_ONLY = {
    "request_contact": "phone number can be requested in private chats only",
    "request_location": "location can be requested in private chats only",
    "request_poll": "poll can be requested in private chats only",
    "web_app": "Web App buttons can be used in private chats only",
}


def read_markup(parameters: Parameters, *, private: bool) -> Json | None:
    """The reply_markup of a call, checked; None when there is none. Raises the refusals of Telegram.

    It holds one of inline_keyboard, keyboard, remove_keyboard, force_reply.
    """
    given = parameters.data("reply_markup", "reply keyboard markup")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise bad_request("object expected as reply markup")
    if rows := _rows(given, "keyboard"):
        _check_size(rows, MOST_BUTTONS)
        return given | {"keyboard": [[_button(button, private=private) for button in row] for row in rows]}
    if rows := _rows(given, "inline_keyboard"):
        keyboard = [[_inline_button(button) for button in row] for row in rows]
        _check_size(keyboard, MOST_INLINE_BUTTONS)
        return {"inline_keyboard": keyboard}
    return given if given.get("remove_keyboard") or given.get("force_reply") else None


def read_inline(parameters: Parameters) -> Json | None:
    """The reply_markup of an edit: only an inline keyboard can be edited."""
    markup = read_markup(parameters, private=True)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    return markup


def _rows(given: Json, name: str) -> list[list[Any]]:
    rows = given.get(name, [])
    if not isinstance(rows, list):
        raise bad_request(f'field "{name}" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        where = " of the InlineKeyboardMarkup" if name == "inline_keyboard" else ""
        raise bad_request(f'field "{name}"{where} must be an Array of Arrays')
    return [row for row in rows if row]


def _check_size(rows: list[list[Any]], most: int) -> None:
    if sum(map(len, rows)) > most or len(json.dumps(rows, ensure_ascii=False).encode()) > MOST_BYTES:
        raise bad_request("reply markup is too long")


def _text(button: Json, problem: str) -> str:
    """The text on a button."""
    if "text" not in button:
        raise bad_request(problem + 'Can\'t find field "text"')
    text = button["text"]
    if not isinstance(text, str):
        raise bad_request(problem + 'Field "text" must be of type String')
    return text


def _button(button: object, *, private: bool) -> Json:
    problem = "can't parse keyboard button: "
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict):
        raise bad_request(problem + "KeyboardButton must be a String or an Object")
    if not _text(button, problem):
        raise bad_request("keyboard button text must be non-empty")
    for name, refusal in PRIVATE_ONLY.items():
        if button.get(name) and not private:
            raise bad_request(refusal)
    return button


def _inline_button(button: object) -> Json:
    problem = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(problem + "InlineKeyboardButton must be an Object")
    text = _text(button, problem)
    kind = next(
        (kind for kind in INLINE_KINDS if button.get(kind) or (kind in SWITCHES and kind in button)), ""
    )
    if not kind:
        raise bad_request(problem + "Text buttons are unallowed in the inline keyboard")
    value = button[kind]
    if kind in INLINE_TEXTS and not isinstance(value, str):
        raise bad_request(f'{problem}Field "{kind}" must be of type String')
    if not text:
        raise bad_request("inline keyboard button text must be non-empty")
    if kind == "callback_data" and len(value.encode()) > DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if kind == "url":
        _check_url(value)
    return {"text": text, kind: value}


def _check_url(url: str) -> None:
    """https://core.telegram.org/bots/api#inlinekeyboardbutton: an HTTP or tg:// address."""
    try:
        parts = urlsplit(url if "://" in url or url.startswith("tg:") else f"http://{url}")
        host = parts.hostname or ""
    except ValueError:
        raise bad_request("BUTTON_URL_INVALID") from None
    if parts.scheme == "tg":
        return
    if parts.scheme not in ("http", "https"):
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Unsupported URL protocol")
    if any(c.isspace() for c in url) or len(url) > 2048:
        raise bad_request("BUTTON_URL_INVALID")
    if "." not in host:
        raise bad_request(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
