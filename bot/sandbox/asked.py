"""What a request to the remote control asks for: a JSON object, read by name and kind."""

import base64
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from aiohttp import web

from bot.sandbox.chats import Json

T = TypeVar("T", bound=str)


class Asked:
    """Reads single values. One that is missing without a `default`, or of another kind, is a ValueError."""

    def __init__(self, data: Json) -> None:
        self.data = data

    def __contains__(self, name: str) -> bool:
        return self.data.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A string."""
        value = self._get(name, default, str, "a text")
        return str(value)

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self._get(name, default, int, "a whole number")
        return int(value)

    def number(self, name: str, default: float | None = None) -> float:
        """A number."""
        value = self._get(name, default, int | float, "a number")
        return float(value)

    def flag(self, name: str, default: bool | None = None) -> bool:  # noqa: FBT001  # a default like the others
        """True or false."""
        if name not in self and default is not None:
            return default
        if not isinstance(self.data.get(name), bool):
            raise ValueError(f"{name} has to be true or false")
        return bool(self.data[name])

    def one_of(self, name: str, allowed: Sequence[T], default: T | None = None) -> T:
        """One of a few texts."""
        value = self.data.get(name, default)
        for possible in allowed:
            if value == possible:
                return possible
        raise ValueError(f"{name} has to be one of {', '.join(allowed)}")

    def content(self, name: str) -> bytes:
        """Bytes, given in base64."""
        try:
            return base64.b64decode(self.text(name), validate=True)
        except ValueError:
            raise ValueError(f"{name} has to be base64") from None

    def many(self, name: str) -> list["Asked"]:
        """Objects within it."""
        value = self._get(name, None, list, "a list")
        if not all(isinstance(item, dict) for item in value):
            raise ValueError(f"{name} has to be a list of objects")
        return [Asked(item) for item in value]

    def numbers(self, name: str) -> list[int]:
        """Whole numbers within it."""
        value = self._get(name, None, list, "a list")
        if not all(type(item) is int for item in value):
            raise ValueError(f"{name} has to be a list of whole numbers")
        return list(value)

    def _get(self, name: str, default: object, kind: Any, spoken: str) -> Any:
        value = self.data.get(name)
        if value is None:
            value = default
        if isinstance(value, bool) or not isinstance(value, kind):
            raise ValueError(f"{name} has to be {spoken}")
        return value


async def asked(request: web.Request) -> Asked:
    """The body. Only JSON: a foreign web page cannot post that unasked."""
    if request.content_type != "application/json":
        raise ValueError("send application/json")
    data = await request.json()
    if not isinstance(data, dict):
        raise ValueError("send an object")
    # Half a surrogate pair and NaN pass Python's reader, but nobody could be told of them again.
    json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
    return Asked(data)
