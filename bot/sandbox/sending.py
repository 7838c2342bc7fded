"""Bot API methods that put a message into a chat."""

from collections.abc import Callable

from bot.sandbox.chats import Chat, Json, Record
from bot.sandbox.entities import formatted, utf16_length
from bot.sandbox.files import Stored, describe, photo_sizes
from bot.sandbox.markup import read_markup
from bot.sandbox.memory import Memory
from bot.sandbox.parameters import Parameters
from bot.sandbox.refusals import bad_request

TEXT_LIMIT = 4096  # UTF-16 units after parsing, https://core.telegram.org/bots/api#sendmessage
CAPTION_LIMIT = 1024  # https://core.telegram.org/bots/api#sendphoto
ALBUM_LIMIT = 10  # https://core.telegram.org/bots/api#sendmediagroup
ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
        "cancel",
    }
)
MEDIA = ("photo", "document", "voice", "sticker")
CONTENT = (
    "text",
    "entities",
    "link_preview_options",
    "caption",
    "caption_entities",
    "contact",
    "location",
    *MEDIA,
)


def send_message(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#sendmessage"""
    chat = memory.chat_of(p)
    return _send(memory, chat, p, text_content(p))


def send_photo(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#sendphoto"""
    return _send_media(memory, p, "photo")


def send_document(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#senddocument"""
    return _send_media(memory, p, "document")


def send_voice(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#sendvoice"""
    return _send_media(memory, p, "voice")


def send_media_group(memory: Memory, p: Parameters) -> list[Json]:
    """https://core.telegram.org/bots/api#sendmediagroup"""
    chat = memory.chat_of(p)
    items = p.data("media", "media")
    if not isinstance(items, list):
        raise bad_request("expected an Array of InputMedia")
    contents = [input_media(memory, p, item) for item in items]
    if not contents:
        raise bad_request("there are no messages to send")
    if len(contents) > ALBUM_LIMIT:
        raise bad_request("too many messages to send as an album")
    if len({"document" in content for content in contents}) > 1:
        raise bad_request("document can't be mixed with other media types")
    album = {"media_group_id": str(memory.number("album"))} if len(contents) > 1 else {}
    return [_send(memory, chat, p, content | album) for content in contents]


def send_chat_action(memory: Memory, p: Parameters) -> bool:
    """https://core.telegram.org/bots/api#sendchataction"""
    if p.text("action").lower() not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    memory.act(memory.chat_of(p), p.text("action").lower())
    return True


def forward_message(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#forwardmessage"""
    record = _source(memory, p, "message to forward")
    origin = record.raw.get("forward_origin") or {
        "type": "user",
        "date": record.raw["date"],
        "sender_user": record.raw["from"],
    }
    return _send(memory, memory.chat_of(p), p, _content(record) | {"forward_origin": origin})


def copy_message(memory: Memory, p: Parameters) -> Json:
    """https://core.telegram.org/bots/api#copymessage"""
    content = _content(_source(memory, p, "message to copy"))
    if "caption" in p and "text" not in content:
        content = {key: value for key, value in content.items() if not key.startswith("caption")}
        content |= caption_of(p)
    return {"message_id": _send(memory, memory.chat_of(p), p, content)["message_id"]}


def text_content(p: Parameters) -> Json:
    """The text of a call, parsed and measured."""
    given = p.text("text")
    if not given:
        raise bad_request("message text is empty")
    text, entities = formatted(given, p.text("parse_mode"), p.data("entities", "entities"))
    if not text:
        raise bad_request("text must be non-empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    content: Json = {"text": text}
    if entities:
        content["entities"] = entities
    if preview := p.data("link_preview_options", "link preview options"):
        if not isinstance(preview, dict):
            raise bad_request("object expected as link preview options")
        content["link_preview_options"] = preview
    return content


def caption_of(p: Parameters) -> Json:
    """The caption of a call or of an InputMedia object, parsed and measured; {} when there is none."""
    caption, entities = formatted(
        p.text("caption"), p.text("parse_mode"), p.data("caption_entities", "entities")
    )
    if utf16_length(caption) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    content: Json = {"caption": caption} if caption else {}
    return content | {"caption_entities": entities} if entities else content


def input_media(memory: Memory, p: Parameters, item: object) -> Json:
    """One InputMedia object (a photo or a document) as content."""
    problem = "can't parse InputMedia: "
    if not isinstance(item, dict):
        raise bad_request(problem + "expected an Object")
    if "type" not in item:
        raise bad_request(problem + 'Can\'t find field "type"')
    given = Parameters(item, p.files)
    kind = given.text("type")
    if kind not in ("photo", "document"):
        raise bad_request(f'{problem}type "{kind}" is unsupported')
    return _media(memory, p, kind, given.text("media"), problem + "media not found") | caption_of(given)


def _send_media(memory: Memory, p: Parameters, kind: str) -> Json:
    chat = memory.chat_of(p)
    content = _media(memory, p, kind, p.text(kind), f"there is no {kind} in the request")
    content |= caption_of(p)
    return _send(memory, chat, p, content)


def _media(memory: Memory, p: Parameters, kind: str, named: str, missing: str) -> Json:
    """A file of the call as content: an upload, or the identifier of a kept file of the same kind."""
    part = named.removeprefix("attach://") if named.startswith("attach://") else kind
    file = p.files.get(part)
    if file is None:
        if not named or named.startswith("attach://"):
            raise bad_request(missing)
        if "://" in named:  # nothing is ever fetched from outside
            raise bad_request("failed to get HTTP URL content")
    wanted, describes = KINDS[kind]
    stored = memory.files.add(wanted, file) if file is not None else memory.files.get(named)
    if stored.kind != wanted:
        raise bad_request(f"can't use file of type {stored.kind} as {wanted}")
    return {kind: describes(stored)}


def document(stored: Stored) -> Json:
    """A Document object."""
    return describe(stored) | {"file_name": stored.file.name, "mime_type": stored.file.mime}


def voice(stored: Stored, duration: int | None = None) -> Json:
    """A Voice object; a duration (seconds) that is not told is guessed from the size, nothing is decoded."""
    if duration is None:
        duration = 1 + len(stored.file.content) // 4000
    return describe(stored) | {"duration": duration, "mime_type": "audio/ogg"}


KINDS: dict[str, tuple[str, Callable[[Stored], Json | list[Json]]]] = {
    "photo": ("Photo", photo_sizes),
    "document": ("Document", document),
    "voice": ("VoiceNote", voice),
}


def _source(memory: Memory, p: Parameters, what: str) -> Record:
    source = Parameters({"chat_id": p.text("from_chat_id")}, {})
    record = memory.chat_of(source, write=False).visible(p.integer("message_id"))
    if record is None:
        raise bad_request(f"{what} not found")
    return record


def _content(record: Record) -> Json:
    content = {key: value for key, value in record.raw.items() if key in CONTENT}
    if not content:
        raise bad_request("the message can't be copied")
    return content


def _send(memory: Memory, chat: Chat, p: Parameters, content: Json) -> Json:
    """Store an outgoing message with its reply and keyboard; returns the Message object."""
    markup = read_markup(p, private=chat.is_private)
    fields: Json = {"from": memory.bot}
    if replied := _replied(chat, p):
        fields["reply_to_message"] = without_reply(replied)
    fields |= content
    if p.boolean("protect_content"):
        fields["has_protected_content"] = True
    if markup is not None and "inline_keyboard" in markup:
        fields["reply_markup"] = markup
    elif markup is not None and not markup.get("force_reply"):
        chat.keyboard = markup if "keyboard" in markup else None
    return memory.store(chat, fields, outgoing=True).raw


def _replied(chat: Chat, p: Parameters) -> Record | None:
    given = p.data("reply_parameters", "reply parameters")
    if given is None:
        message_id, optional = p.integer("reply_to_message_id"), p.boolean("allow_sending_without_reply")
    elif not isinstance(given, dict):
        raise bad_request("object expected as reply parameters")
    else:
        told = Parameters(given, {})
        message_id, optional = told.integer("message_id"), told.boolean("allow_sending_without_reply")
    if message_id <= 0:
        return None
    record = chat.visible(message_id)
    if record is None and not optional:
        raise bad_request("message to be replied not found")
    return record


def without_reply(record: Record) -> Json:
    """A message as it stands inside another: never with a reply of its own."""
    return {key: value for key, value in record.raw.items() if key != "reply_to_message"}


METHODS = {
    "sendmessage": send_message,
    "sendphoto": send_photo,
    "senddocument": send_document,
    "sendvoice": send_voice,
    "sendmediagroup": send_media_group,
    "sendchataction": send_chat_action,
    "forwardmessage": forward_message,
    "copymessage": copy_message,
}
