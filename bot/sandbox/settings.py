"""Bot API methods about the bot itself: who it is, its commands, its updates, its files."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.chats import Chat, Json, Person
from bot.sandbox.files import DOWNLOAD_LIMIT, describe
from bot.sandbox.memory import Memory, Webhook
from bot.sandbox.parameters import Parameters
from bot.sandbox.refusals import bad_request, webhook_active

MOST_COMMANDS = 100  # https://core.telegram.org/bots/api#setmycommands
COMMAND = re.compile(r"[a-z0-9_]+")
COMMAND_LENGTH = 32
DESCRIPTION_LENGTH = 256
BATCH = 100  # https://core.telegram.org/bots/api#getupdates
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
SCOPES = frozenset({"default", "all_private_chats", "all_group_chats", "all_chat_administrators"})
CHAT_SCOPES = frozenset({"chat", "chat_administrators", "chat_member"})
MENU_BUTTONS = frozenset({"default", "commands", "web_app"})
TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}


def get_me(memory: Memory, _p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#getme"""
    cannot = ("supports_inline_queries", "can_connect_to_business", "has_main_web_app", "has_topics_enabled")
    can = {"can_join_groups": True, "can_read_all_group_messages": memory.hears_all}
    return memory.bot | can | dict.fromkeys(cannot, False)


def get_updates(memory: Memory, p: Parameters) -> list[Json]:
    """https://core.telegram.org/bots/api#getupdates, without the waiting: that is the doors' part."""
    if memory.webhook.url:
        raise webhook_active()
    _allow(memory, p)
    return memory.fetch(p.integer("offset"), min(max(p.integer("limit") or BATCH, 1), BATCH))


def set_webhook(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#setwebhook; plain http only to this very machine."""
    url, secret = p.text("url"), p.text("secret_token")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname):
        raise bad_request("invalid webhook URL specified")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    _allow(memory, p)
    memory.webhook = (
        Webhook(url, secret, min(max(p.integer("max_connections") or 40, 1), 100)) if url else Webhook()
    )
    if p.boolean("drop_pending_updates"):
        memory.queue.clear()
    for tell in memory.updates_changed:
        tell()
    return True


def delete_webhook(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#deletewebhook"""
    keep = {"drop_pending_updates": p.boolean("drop_pending_updates")}
    return set_webhook(memory, Parameters(keep, {}))


def get_webhook_info(memory: Memory, _p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#getwebhookinfo"""
    hook = memory.webhook
    info: Json = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": memory.pending()}
    if hook.url:
        info["max_connections"] = hook.max_connections
    if hook.last_error_date:
        info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
    if memory.allowed_updates:
        info["allowed_updates"] = memory.allowed_updates
    return info


def set_my_commands(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#setmycommands"""
    key = _command_key(memory, p)
    given = p.data("commands", "commands") or []
    if not isinstance(given, list):
        raise bad_request("expected an Array of BotCommand")
    commands = [_command(command) for command in given]
    if len(commands) > MOST_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    memory.commands[key] = commands
    return True


def get_my_commands(memory: Memory, p: Parameters) -> list[Json]:
    """https://core.telegram.org/bots/api#getmycommands: of exactly this scope and language."""
    return memory.commands.get(_command_key(memory, p), [])


def delete_my_commands(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#deletemycommands"""
    memory.commands.pop(_command_key(memory, p), None)
    return True


def commands_for(memory: Memory, person: Person, chat: Chat) -> list[Json]:
    """What a person is offered after "/": the first list of Telegram's order that exists.

    https://core.telegram.org/bots/api#determining-list-of-commands
    """
    admin = chat.members.get(person.id) in ("creator", "administrator")
    scopes: list[Json] = (
        [] if chat.is_private else [{"type": "chat_member", "chat_id": chat.id, "user_id": person.id}]
    )
    if admin:
        scopes.append({"type": "chat_administrators", "chat_id": chat.id})
    scopes.append({"type": "chat", "chat_id": chat.id})
    if admin:
        scopes.append({"type": "all_chat_administrators"})
    scopes.append({"type": "all_private_chats" if chat.is_private else "all_group_chats"})
    scopes.append({"type": "default"})
    for scope in scopes:
        for language in (person.language_code.split("-")[0], ""):
            if commands := memory.commands.get(_key(scope, language)):
                return commands
    return []


def get_file(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#getfile: up to 20 MB."""
    if not p.text("file_id"):
        raise bad_request("file_id not specified")
    stored = memory.files.get(p.text("file_id"))
    if len(stored.file.content) > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return describe(stored) | {"file_path": stored.path}


def set_chat_menu_button(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#setchatmenubutton"""
    button = p.data("menu_button", "menu button") or {"type": "default"}
    if not isinstance(button, dict):
        raise bad_request("can't parse menu button: MenuButton must be an Object")
    if Parameters(button, {}).text("type") not in MENU_BUTTONS:
        raise bad_request("can't parse menu button: MenuButton has unsupported type")
    memory.menu_buttons[memory.chat_of(p).id if p.text("chat_id") else 0] = button
    return True


def get_chat_menu_button(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#getchatmenubutton"""
    default = memory.menu_buttons.get(0, {"type": "commands"})
    return memory.menu_buttons.get(memory.chat_of(p).id, default) if p.text("chat_id") else default


def _set_text(field: str) -> Callable[[Memory, Parameters], bool]:
    """setMyName, setMyDescription, setMyShortDescription."""

    def set_text(memory: Memory, p: Parameters) -> bool:
        if len(p.text(field)) > TEXT_LIMITS[field]:
            raise bad_request(f"BOT_{field.removeprefix('short_').upper()}_TOO_LONG")
        memory.texts[f"{field} {p.text('language_code')}"] = p.text(field)
        return True

    return set_text


def _get_text(field: str) -> Callable[[Memory, Parameters], Json]:
    """getMyName, getMyDescription, getMyShortDescription."""

    def get_text(memory: Memory, p: Parameters) -> Json:
        fallback = memory.texts.get(f"{field} ") or (memory.bot["first_name"] if field == "name" else "")
        return {field: memory.texts.get(f"{field} {p.text('language_code')}") or fallback}

    return get_text


def _allow(memory: Memory, p: Parameters) -> None:
    """Remember allowed_updates; absent leaves them as they were, empty means the default."""
    allowed = p.data("allowed_updates", "allowed updates") if p.text("allowed_updates") != "[]" else []
    if isinstance(allowed, list):
        memory.allowed_updates = allowed


def _command(command: object) -> Json:
    problem = "can't parse BotCommand: "
    if not isinstance(command, dict):
        raise bad_request(problem + "expected an Object")
    for name in ("command", "description"):
        if name not in command:
            raise bad_request(f'{problem}Can\'t find field "{name}"')
    text, description = str(command["command"]).strip().removeprefix("/"), str(command["description"]).strip()
    if not text:
        raise bad_request("command must be non-empty")
    if len(text) > COMMAND_LENGTH:
        raise bad_request(f"command length must not exceed {COMMAND_LENGTH}")
    if not description:
        raise bad_request("command description must be non-empty")
    if len(description) > DESCRIPTION_LENGTH:
        raise bad_request(f"command description length must not exceed {DESCRIPTION_LENGTH}")
    if not COMMAND.fullmatch(text):
        raise bad_request("BOT_COMMAND_INVALID")
    return {"command": text, "description": description}


def _command_key(memory: Memory, p: Parameters) -> str:
    language = p.text("language_code")
    if language and not re.fullmatch("[a-z]{2}", language):
        raise bad_request("invalid language code specified")
    scope = p.data("scope", "BotCommandScope") or {"type": "default"}
    problem = "can't parse BotCommandScope: "
    if not isinstance(scope, dict):
        raise bad_request(problem + "BotCommandScope must be an Object")
    told = Parameters(scope, {})
    if told.text("type") in CHAT_SCOPES:
        memory.chat_of(told)
    elif told.text("type") not in SCOPES:
        raise bad_request(problem + "Unsupported type specified")
    return _key(scope, language)


def _key(scope: dict[str, Any], language: str) -> str:
    numbers = {name: Parameters(scope, {}).integer(name) for name in ("chat_id", "user_id") if name in scope}
    return json.dumps([scope["type"], numbers, language])


METHODS: dict[str, Callable[[Memory, Parameters], object]] = {
    "getme": get_me,
    "getupdates": get_updates,
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
    "setmycommands": set_my_commands,
    "getmycommands": get_my_commands,
    "deletemycommands": delete_my_commands,
    "getfile": get_file,
    "setchatmenubutton": set_chat_menu_button,
    "getchatmenubutton": get_chat_menu_button,
    "setmyname": _set_text("name"),
    "getmyname": _get_text("name"),
    "setmydescription": _set_text("description"),
    "getmydescription": _get_text("description"),
    "setmyshortdescription": _set_text("short_description"),
    "getmyshortdescription": _get_text("short_description"),
}
