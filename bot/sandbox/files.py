"""Files: what is uploaded, what it is, and under which identifier it is kept."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bot.sandbox.refusals import bad_request

DOWNLOAD_LIMIT = 20 * 1024 * 1024  # https://core.telegram.org/bots/api#getfile
PHOTO_LIMIT = 10 * 1024 * 1024  # https://core.telegram.org/bots/api#sending-files
SAMPLE = Path(__file__).parent / "page" / "sample.png"
SAMPLES = SAMPLE.parent / "samples"
SAMPLE_PHOTOS = ("lamp", "lane", "party")

SMALL = "s"  # ends the identifier of a photo's small size
SMALL_SIDE = 90  # pixels

FOLDERS = {"Photo": "photos", "Document": "documents", "VoiceNote": "voice", "Sticker": "stickers"}
ENDINGS = {"Photo": ".jpg", "Document": "", "VoiceNote": ".oga", "Sticker": ".webp"}


@dataclass(frozen=True, slots=True)
class File:
    """An upload: its bytes and what the sender says about them."""

    content: bytes
    name: str = "file"
    mime: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file Telegram keeps; `kind` is one of FOLDERS, sizes are pixels (0 when not a picture)."""

    id: str
    kind: str
    file: File
    width: int = 0
    height: int = 0

    @property
    def unique_id(self) -> str:
        return self.id[-8:]

    @property
    def path(self) -> str:
        return f"{FOLDERS[self.kind]}/{self.id}{ENDINGS[self.kind]}"


class Files:
    """All files by identifier."""

    def __init__(self, kept: Iterable[Stored] = ()) -> None:
        self._stored = {stored.id: stored for stored in kept}

    def __len__(self) -> int:
        return len(self._stored)

    def after(self, number: int) -> Iterator[Stored]:
        """The files but the first `number` ones, oldest first."""
        return islice(self._stored.values(), number, None)

    def add(self, kind: str, file: File) -> Stored:
        """Keep an upload. Refuses empty files and, as photos, what is no PNG, JPEG or GIF picture."""
        if not file.content:
            raise bad_request("file must be non-empty")
        width = height = 0
        if kind == "Photo":
            if len(file.content) > PHOTO_LIMIT:
                raise bad_request(f"file of size {len(file.content)} bytes is too big for a photo")
            width, height = picture_size(file.content)
            if not width or not height:
                raise bad_request("IMAGE_PROCESS_FAILED")
            if width + height > 10_000 or max(width, height) > 20 * min(width, height):
                raise bad_request("PHOTO_INVALID_DIMENSIONS")
        # As long as real ones (over 64 bytes), so that nobody puts one into callback_data.
        identifier = f"BQACAgUAAxkBAAIB{kind}{'Zm9vYmFy' * 6}{len(self._stored) + 1:08d}"
        stored = Stored(identifier, kind, file, width, height)
        self._stored[identifier] = stored
        return stored

    def get(self, identifier: str) -> Stored:
        """The file with this identifier, or Telegram's refusal."""
        stored = self._stored.get(identifier.removesuffix(SMALL))
        if stored is None:
            raise bad_request(
                "wrong remote file identifier specified: can't unserialize it. Wrong last symbol"
            )
        return stored

    def at(self, path: str) -> Stored | None:
        """The file at a path given by getFile, or None."""
        return self._stored.get(path.rpartition("/")[2].split(".")[0])


def sample_photo(name: str) -> bytes:
    """One of SAMPLE_PHOTOS; ValueError when there is no such."""
    if name not in SAMPLE_PHOTOS:
        raise ValueError(f"there is no sample {name!r}, only {', '.join(SAMPLE_PHOTOS)}")
    picture = SAMPLES / f"{name}.jpg"
    return (picture if picture.exists() else SAMPLE).read_bytes()


def sample_voice() -> bytes:
    """Somebody says that a lamp is broken."""
    speech = SAMPLES / "voice.oga"
    return speech.read_bytes() if speech.exists() else b"OggS" + bytes(8000)


def picture_type(content: bytes) -> str:
    """The media type of a picture that `picture_size` can measure."""
    return {0x89: "image/png", 0x47: "image/gif"}.get(content[0], "image/jpeg")


def picture_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG, GIF or JPEG, (0, 0) when it is none."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and len(content) >= 24:
        return struct.unpack(">II", content[16:24])
    if content[:6] in (b"GIF87a", b"GIF89a") and len(content) >= 10:
        return struct.unpack("<HH", content[6:10])
    if not content.startswith(b"\xff\xd8"):
        return 0, 0
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], struct.unpack(">H", content[at + 2 : at + 4])[0]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame header (ITU T.81, B.2.2)
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        at += 2 + length
    return 0, 0


def photo_sizes(stored: Stored) -> list[dict[str, Any]]:
    """A photo as Telegram lists it: the smallest size first, the original last."""
    full = describe(stored) | {"width": stored.width, "height": stored.height}
    longest = max(stored.width, stored.height)
    if longest <= SMALL_SIDE:
        return [full]
    small = {
        "file_id": stored.id + SMALL,
        "file_unique_id": stored.unique_id + SMALL,
        "width": max(1, stored.width * SMALL_SIDE // longest),
        "height": max(1, stored.height * SMALL_SIDE // longest),
    }
    return [small, full]


def describe(stored: Stored) -> dict[str, Any]:
    """The fields every file object of the Bot API has."""
    return {"file_id": stored.id, "file_unique_id": stored.unique_id, "file_size": len(stored.file.content)}
