"""Options: what a person can tap, channel-neutral, and the hostile payloads that come back."""

from dataclasses import dataclass

MAX_BYTES = 64
"""Telegram allows 1–64 bytes of callback data (https://core.telegram.org/bots/api#inlinekeyboardbutton)."""


@dataclass(frozen=True, slots=True)
class Press:
    """A typed button payload: `kind` is `topic.verb`, `arguments` are short words without colons."""

    kind: str
    arguments: tuple[str, ...] = ()

    def encode(self) -> str:
        """The payload as it travels; raises ValueError when it would not fit or could not be read back."""
        parts = (self.kind, *self.arguments)
        if any(":" in part for part in parts) or not self.kind:
            raise ValueError(f"an option id cannot hold {parts!r}")
        text = ":".join(parts)
        if len(text.encode()) > MAX_BYTES:
            raise ValueError(f"an option id of {len(text.encode())} bytes is longer than {MAX_BYTES}")
        return text

    @staticmethod
    def decode(text: str) -> "Press":
        """Read any payload, also a forged one: never raises; rights are checked where the deed is written."""
        kind, *arguments = text.split(":")
        return Press(kind, tuple(arguments))


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to tap: a press that comes back, or a link that opens."""

    label: str
    id: str = ""
    url: str = ""

    def __post_init__(self) -> None:
        if bool(self.id) == bool(self.url):
            raise ValueError("an option has either an id or a url")
        if len(self.id.encode()) > MAX_BYTES:
            raise ValueError(f"an option id of {len(self.id.encode())} bytes is longer than {MAX_BYTES}")


Rows = tuple[tuple[Option, ...], ...]
"""Options as they stand under a message, row by row."""
