"""A turn: what a handler works with while it answers one person once. It cannot reach the network."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from markupsafe import Markup

from bot.actions.desk import Choices, Desk
from bot.conversation.incoming import Incoming
from bot.domain.elders import typed_number
from bot.domain.errors import Refused
from bot.domain.options import Press, Rows
from bot.storage.dialogs import DialogState
from bot.storage.mailboxes import Intent, Lane, Mail
from bot.storage.posts import HeldPost

TOAST_LIVES = timedelta(seconds=10)
"""Telegram forgets a press after a short while; an answer that late only costs a call."""
TOAST_MOST = 200
PROMPT = "prompt"
"""The card key of the question a person is being asked."""


class Turn:
    """One person's message and everything it causes."""

    def __init__(
        self,
        desk: Desk,
        incoming: Incoming,
        person_id: int,
        locale: str,
        dialog: DialogState | None,
        letter_id: int,
    ) -> None:
        self.desk = desk
        self.store = desk.store
        self.incoming = incoming
        self.person_id = person_id
        self.locale = locale
        self.dialog = dialog
        self.letter_id = letter_id
        """Which letter is answered: no two have the same, and later ones have higher numbers."""
        self.is_elder = False
        """Whether what is said here is short, with large buttons, and numbers to answer with (R19)."""
        self.numbers: Sequence[str] = ()
        """What a typed number stands for: options under the newest message that has numbers."""
        self.is_understood = True
        self.chosen: tuple[str, ...] = ()
        """What was tapped (or typed as its number or label) at the current question."""
        self.edits_prompt = False
        """Whether the answer may replace the question: it was tapped there, so nothing stands below it."""
        self._toasted = False
        self._posts: list[HeldPost] | None = None

    @property
    def text(self) -> str:
        """What the person wrote, without margins."""
        return self.incoming.text.strip()

    @property
    def data(self) -> dict[str, Any]:
        """What the open dialog has gathered; empty without one."""
        return self.dialog.data if self.dialog else {}

    @property
    def numbered(self) -> Press | None:
        """What is meant by the number that was typed; None where it stands for nothing."""
        if not self.numbers or self.incoming.kind != "text":
            return None
        number = typed_number(self.text)
        return Press.decode(self.numbers[number - 1]) if number and number <= len(self.numbers) else None

    async def posts(self) -> list[HeldPost]:
        """The posts this person holds now."""
        if self._posts is None:
            self._posts = await self.store.posts.of_person(self.person_id)
        return self._posts

    def number(self, argument: str) -> int:
        """An id out of a payload; payloads are hostile, so anything else is refused."""
        if not argument.isascii() or not argument.isdigit() or len(argument) > 15:
            raise Refused("bad_button")
        return int(argument)

    def render(self, message: str, **facts: object) -> str:
        """A message in this person's language."""
        return self.desk.texts.render(self.locale, message, **facts)

    def say(
        self,
        message: str,
        facts: Mapping[str, object] | None = None,
        *,
        choices: Choices = (),
        options: Rows = (),
        card_key: str | None = None,
        anew: bool = True,
        menu: bool = False,
        issue_id: int | None = None,
        numbers_pick: bool = True,
    ) -> None:
        """Answer in this chat. `menu` shows the keyboard with it; a reply to it is about `issue_id`.

        In simple mode the options have numbers to answer with, unless a typed number means something else.
        """
        more: dict[str, Any] = {}
        if menu:
            more["keyboard"] = self.desk.keyboard(self.locale, is_elder=self.is_elder)
        message = self.desk.texts.suited(message, is_elder=self.is_elder)
        text = self.desk.texts.render(self.locale, message, **(facts or {}))
        rows: Rows = (*self.desk.rows(choices, self.locale), *options)
        if rows and (self.is_elder or message == "elders.offer"):
            text, rows, more["numbers"] = self.desk.large(self.locale, text, rows, numbers=numbers_pick)
        self.desk.post(
            self.incoming.chat,
            text,
            rows,
            person_id=self.person_id or None,
            card_key=card_key,
            intent=Intent.SAY if anew else Intent.CARD,
            issue_id=issue_id,
            **more,
        )

    def toast(self, message: str, **facts: object) -> None:
        """Answer a press with a few words above the chat; without a press it is an ordinary answer."""
        if not self.incoming.query:
            self.say(message, facts)
            return
        text = self.desk.texts.render(self.locale, message, **facts) if message else ""
        self._post_toast(text)

    def lead_to_private(self, payload: str) -> None:
        """Answer a press by opening the private chat with this deep link's payload."""
        self._post_toast("", url=self.desk.link(payload))

    def _post_toast(self, text: str, *, alert: bool = False, url: str = "") -> None:
        if self._toasted:
            return
        self._toasted = True
        payload = {"query": self.incoming.query, "text": plain(text)[:TOAST_MOST], "alert": alert, "url": url}
        self.desk.mail.append(
            Mail(
                self.desk.rules.bot_id,
                self.incoming.chat,
                Lane.TOAST,
                Intent.TOAST,
                payload,
                person_id=self.person_id or None,
                expires_at=self.desk.now + TOAST_LIVES,
            )
        )

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """What happens inside is undone when it raises: rows, mail, and the dialog."""
        mark, dialog, toasted = len(self.desk.mail), self.dialog, self._toasted
        try:
            async with self.store.savepoint():
                yield
        except BaseException:
            del self.desk.mail[mark:]
            self.dialog, self._toasted = dialog, toasted
            raise

    def refuse(self, no: Refused) -> None:
        """Say why not, and what to do instead."""
        message = f"refusals.{no.reason}"
        if self.incoming.query:
            text = self.render(message, **no.facts)
            if len(plain(text)) > TOAST_MOST:
                self.say(message, no.facts)
                text = ""
            self._post_toast(text, alert=True)
        else:
            self.say(message, no.facts)

    def close(self) -> None:
        """A press is always answered, or its button spins for a minute."""
        if self.incoming.query:
            self._post_toast("")


def plain(html: str) -> str:
    """Rendered text without markup, for places that show none."""
    return Markup(html).striptags() if "<" in html else Markup(html).unescape()
