"""The parameters of one call, whichever body they came in: form strings or JSON values."""

import json
from collections.abc import Mapping

from bot.sandbox.files import File
from bot.sandbox.refusals import bad_request

TRUE_WORDS = frozenset({"true", "yes", "1"})


class Parameters:
    """Reads parameters as Telegram does: strings, numbers and JSON text are accepted for each other."""

    __slots__ = ("_given", "files")

    def __init__(self, given: Mapping[str, object], files: Mapping[str, File]) -> None:
        self._given = given
        self.files = files

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str) -> str:
        """The value as text; "" when absent."""
        value = self._given.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    def integer(self, name: str) -> int:
        """The value as a whole number; 0 when absent or not a number (as Telegram reads it)."""
        value = self._given.get(name, 0)
        try:
            return int(value) if isinstance(value, int | str) else 0
        except ValueError:
            return 0

    def boolean(self, name: str) -> bool:
        """True for true, yes and 1 in any case; otherwise False."""
        value = self._given.get(name)
        return value.lower() in TRUE_WORDS if isinstance(value, str) else bool(value)

    def data(self, name: str, what: str) -> object:
        """The JSON value, None when absent or empty; `what` is named when it cannot be parsed."""
        value = self._given.get(name)
        if value == "" or not isinstance(value, str):
            return value or None
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {what} JSON object") from None
