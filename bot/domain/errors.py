"""Every error of the house.

LianxinError
├── Refused            a rule says no; the person is told why and what to do instead
│   └── NotUnderstood  an answer made no sense at this step; the question is asked again
├── OperatorError      something only the operator can mend (configuration, files); one sentence
├── Malformed          an update that cannot be read at all
└── Unavailable        the database or the network is away; nothing is counted, try later
"""


class LianxinError(Exception):
    """The root of all errors raised on purpose."""


class Refused(LianxinError):
    """A rule says no.

    `reason` is the name of a block in templates/<locale>/refusals.j2, `facts` are its variables.
    """

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


class NotUnderstood(Refused):
    """The answer does not fit the question; `reason` says what would."""


class OperatorError(LianxinError):
    """One sentence for the person who runs the bot: what is wrong and what to do."""


class Malformed(LianxinError):
    """An update that cannot be read; it is buried at once."""


class Unavailable(LianxinError):
    """A dependency is away for now; whatever was under way has not happened."""
