"""What Telegram answers when it refuses: code, text and parameters, word for word."""


class Refusal(Exception):
    """A Bot API error: HTTP code, `description`, and `parameters` such as retry_after (seconds)."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad_request(text: str) -> Refusal:
    """400. Texts come from the public telegram-bot-api and TDLib sources; their first letter is lowered."""
    if len(text) < 2 or not (text[1] == "_" or "A" <= text[1] <= "Z"):
        text = text[:1].lower() + text[1:]
    return Refusal(400, f"Bad Request: {text}")


def forbidden(text: str) -> Refusal:
    """403: the bot may not write there (any more)."""
    return Refusal(403, f"Forbidden: {text}")


def too_many_requests(seconds: int) -> Refusal:
    """429: wait that many whole seconds."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


def conflict(text: str) -> Refusal:
    """409: somebody else fetches the updates of this bot."""
    return Refusal(409, f"Conflict: {text}")


# Functions, not constants: an exception raised again keeps the tracebacks of all its raises alive.


def other_poll() -> Refusal:
    """409 for the older of two polls."""
    return conflict("terminated by other getUpdates request; make sure that only one bot instance is running")


def webhook_active() -> Refusal:
    """409 for a poll while a webhook is set."""
    return conflict(
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )


def webhook_set() -> Refusal:
    """409 for the poll that waits when a webhook is set."""
    return conflict("terminated by setWebhook request")


def not_modified() -> Refusal:
    """400 for an edit that changes nothing."""
    return bad_request(
        "message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message"
    )


def query_invalid() -> Refusal:
    """400 for an answer to a press that is unknown, answered or too old."""
    return bad_request("query is too old and response timeout expired or query ID is invalid")


def unauthorized() -> Refusal:
    """401: no such bot."""
    return Refusal(401, "Unauthorized")


def not_found() -> Refusal:
    """404: no such method or file."""
    return Refusal(404, "Not Found")
