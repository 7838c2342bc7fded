"""The one place where an inbox row becomes rows: take_some."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from inspect import signature

import structlog

from bot.actions.desk import Desk, Rules
from bot.conversation.dialog import (
    EXPIRES_AFTER,
    KIND,
    Dialog,
    ask_again,
    holds_words,
    is_current,
    proceed,
)
from bot.conversation.incoming import Incoming
from bot.conversation.turn import Turn
from bot.domain.elders import LOST_AFTER
from bot.domain.errors import Malformed, Refused, Unavailable
from bot.domain.folding import bare
from bot.domain.options import Press
from bot.storage.dialogs import DialogState
from bot.storage.engine import Database
from bot.storage.mailboxes import Letter
from bot.storage.store import Store
from bot.texts import LOCALES, Texts, locale_for

log = structlog.get_logger(__name__)

AT_ONCE = 4
"""So many letters share a commit: the disk is waited for once, and no answer waits long for the others."""
ATTEMPTS = 3
"""A letter that fails this often is buried."""
RETRY_AFTER = timedelta(seconds=5)

Verb = Callable[[Turn], Awaitable[None]]
ButtonVerb = Callable[..., Awaitable[None]]
Read = Callable[[str], Incoming]


async def _nothing(_turn: Turn) -> bool:
    return False


async def _unheard(_desk: Desk, _incoming: Incoming, _person_id: int | None) -> None:
    return


@dataclass(frozen=True, slots=True)
class Contents:
    """The table of contents of the handlers.

    `buttons` take the turn and the payload's arguments; those in `public` may be tapped in a group, where
    all others are refused. `menu` names the commands of the keyboard's words, `words` are labels that name
    commands too. `replied` says whether it has answered a reply to an earlier message, `edited` whether an
    edited one is part of the answer to the open question, which is then put anew. `floods` says whether so
    much was written that nothing more is answered for now. `overheard` is given what is said in a group to
    nobody in particular, and by whom, if the bot knows them. `lost` answers who was not understood several
    times in a row, and is told when it last offered them another way.
    """

    commands: Mapping[str, Verb]
    buttons: Mapping[str, ButtonVerb]
    dialogs: Mapping[str, Dialog]
    free: Verb
    group: Verb
    menu: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    membership: Verb | None = None
    interrupts: Callable[[Turn], bool] = lambda _turn: False
    public: frozenset[str] = frozenset()
    replied: Callable[[Turn], Awaitable[bool]] = _nothing
    edited: Callable[[Turn], Awaitable[bool]] = _nothing
    floods: Callable[[Turn], Awaitable[bool]] = _nothing
    overheard: Callable[[Desk, Incoming, int | None], Awaitable[None]] = _unheard
    lost: Callable[[Turn, datetime | None], Awaitable[None]] | None = None


@dataclass(slots=True)
class Router:
    """Takes letters out of the inbox, one transaction each."""

    database: Database
    texts: Texts
    rules: Rules
    contents: Contents
    read: Read
    clock: Callable[[], datetime]
    on_mail: Callable[[], None] = lambda: None
    _menu_words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for locale in LOCALES:
            for name in self.contents.menu:
                self._menu_words[bare(self.texts.label(locale, f"menu_{name}"))] = name
            for label, name in self.contents.words.items():
                self._menu_words[bare(self.texts.label(locale, label))] = name
            self._menu_words[bare(self.texts.label(locale, "cancel"))] = "cancel"

    async def take_some(self) -> int:
        """Take up to AT_ONCE letters in one transaction, each in a savepoint of its own: how many.

        Fewer than that: there are no more. Raises Unavailable when the database is away: then nothing counts.
        """
        taken = 0
        async with self.database.transaction() as connection:
            while taken < AT_ONCE and await self._take_one(Store(connection)):
                taken += 1
        if taken:
            self.on_mail()
        return taken

    async def _take_one(self, store: Store) -> bool:
        """Take the oldest letter whose sender has none before it; if it fails, the others are not undone."""
        letter = await store.inbox.claim(self.rules.channel, self.clock())
        if letter is None:
            return False
        try:
            async with store.savepoint():
                await self._handle(store, letter)
                await store.inbox.finish(letter.id, self.clock())
        except Unavailable:
            raise
        # The one broad except of the house: whatever a handler does wrong must neither stop the bot nor lose
        # the letter. All it did has been undone; only the attempt is counted.
        except Exception as error:  # noqa: BLE001
            await self._count_failure(store, letter, error)
        return True

    async def _handle(self, store: Store, letter: Letter) -> None:
        incoming = self.read(letter.payload)
        if incoming.kind == "nothing":
            return
        # A place that is shared live is edited all the time, without a word.
        if incoming.kind == "edited" and not (incoming.is_private and (incoming.text or incoming.photos)):
            return
        desk = Desk(store, self.texts, self.rules, self.clock())
        if not incoming.is_private and not incoming.addressed and incoming.kind != "membership":
            await self.contents.overheard(desk, incoming, letter.person_id)
            await desk.send()
            return
        person_id = await self._person(store, letter, incoming, desk.now)
        if person_id is None:
            return
        locale = locale_for(letter.locale, incoming.language or letter.language, self.rules.default_locale)
        before = _dialog_of(letter)
        is_over = letter.touched_at is not None and desk.now - letter.touched_at > EXPIRES_AFTER
        turn = Turn(desk, incoming, person_id, locale, None if is_over else before, letter.id)
        turn.is_elder, turn.numbers = letter.is_elder and incoming.is_private, letter.numbers
        if is_over and before is not None and holds_words(before):
            turn.say("dialog.dropped")
        await self._answer(turn)
        if incoming.is_private and incoming.kind not in ("edited", "membership"):
            await self._count_misses(turn, letter)
        turn.close()
        if turn.dialog is None:
            if letter.dialog is not None:
                await store.dialogs.end(letter.chat, turn.person_id)
        elif turn.dialog != before:
            await store.dialogs.save(letter.chat, turn.person_id, turn.dialog, desk.now)
        await desk.send()

    async def _answer(self, turn: Turn) -> None:
        """Do what was said, or say why not; an open question is put anew where simple mode was switched."""
        before, was_elder = turn.dialog, turn.is_elder
        try:
            async with turn.attempt():
                await self.route(turn)
                dialog = self.contents.dialogs.get(before.dialog) if before else None
                if turn.is_elder != was_elder and dialog is not None and turn.dialog == before:
                    await ask_again(turn, dialog, anew=True)
        except Refused as no:
            turn.refuse(no)

    async def _count_misses(self, turn: Turn, letter: Letter) -> None:
        """Note how often in a row somebody was not understood; who is lost is offered another way."""
        misses = 0 if turn.is_understood else min(letter.misunderstood + 1, LOST_AFTER)
        had_numbers = bool(letter.numbers) and not turn.is_elder
        if misses != letter.misunderstood or had_numbers:
            await turn.store.people.note_misses(turn.person_id, misses)
        if misses == LOST_AFTER and self.contents.lost is not None and not turn.is_elder:
            await self.contents.lost(turn, letter.elder_offered_at)

    async def _person(self, store: Store, letter: Letter, incoming: Incoming, now: datetime) -> int | None:
        """Who is talking; somebody new is entered when they talk to the bot, not when they chat nearby."""
        known = letter.person_id
        fresh = (
            known is not None
            and letter.display_name == incoming.sender_name
            and letter.language == incoming.language
            and not (letter.unreachable and incoming.is_private)
        )
        if fresh or incoming.is_anonymous:
            # An anonymous group admin is a person without rights: a guest of this one turn.
            return known if known is not None else 0 if incoming.query or not incoming.is_private else None
        person_id = known if known is not None else await store.people.new(now)
        await store.people.put_account(
            person_id, self.rules.channel, incoming.sender, incoming.sender_name, incoming.language
        )
        if not incoming.is_private and known is None:
            # They spoke in a group only: the bot may not write to them first.
            await store.people.mark_unreachable(self.rules.channel, incoming.sender, now)
        return person_id

    async def route(self, turn: Turn) -> None:
        """A change of the group, a button, what is said in a group, or in private."""
        incoming = turn.incoming
        if incoming.kind == "membership":
            if self.contents.membership is not None:
                await self.contents.membership(turn)
            return
        if incoming.press is not None:
            await self._press(turn)
            return
        if not incoming.is_private:
            await self.contents.group(turn)
            return
        await self._hear(turn)

    async def _hear(self, turn: Turn) -> None:
        """What is said in private: words put right, a command, a reply, an answer, or something new."""
        incoming = turn.incoming
        dialog = self.contents.dialogs.get(turn.dialog.dialog) if turn.dialog else None
        if incoming.kind == "edited":
            is_answer = await self.contents.edited(turn)
            if is_answer and dialog is not None:
                await ask_again(turn, dialog)
            return
        if await self.contents.floods(turn):
            return
        command = incoming.command or self._menu_words.get(bare(incoming.text), "")
        if command and not (command == "cancel" and dialog):
            turn.is_understood = command in self.contents.commands
            await self.contents.commands.get(command, self.contents.commands["help"])(turn)
            return
        numbered = turn.numbered
        if numbered is not None and numbered.kind != KIND:
            turn.desk.typing = turn.person_id
            await self._do(turn, numbered)
            return
        if incoming.replies_to is not None and not command and await self.contents.replied(turn):
            return
        if dialog is not None and turn.dialog is not None and turn.dialog.step in dialog.steps:
            if not self.contents.interrupts(turn):
                await proceed(turn, dialog)
                return
        elif turn.dialog is not None:
            turn.dialog = None
            turn.say("dialog.gone")
        await self.contents.free(turn)

    async def _press(self, turn: Turn) -> None:
        press = turn.incoming.press
        if press is None:
            return
        if turn.incoming.is_anonymous:
            raise Refused("anonymous")
        if not turn.incoming.is_private and press.kind not in self.contents.public:
            raise Refused("private_only")
        if press.kind == KIND:
            dialog = self.contents.dialogs.get(turn.dialog.dialog) if turn.dialog else None
            if dialog is None or turn.dialog is None or not is_current(turn, press):
                raise Refused("question_over")
            if turn.dialog.step not in dialog.steps:
                turn.dialog = None
                raise Refused("question_over")
            await proceed(turn, dialog)
            return
        await self._do(turn, press)

    async def _do(self, turn: Turn, press: Press) -> None:
        """Do what a button stands for."""
        verb = self.contents.buttons.get(press.kind)
        if verb is None or len(press.arguments) != _arity(verb):
            raise Refused("bad_button")
        await verb(turn, *press.arguments)

    async def _count_failure(self, store: Store, letter: Letter, error: Exception) -> None:
        """Count a failed attempt; the last one buries the letter and apologises with a reference."""
        now = self.clock()
        last = letter.attempts + 1 >= ATTEMPTS or isinstance(error, Malformed)
        log.error(
            "turn_failed",
            letter=letter.id,
            attempt=letter.attempts + 1,
            buried=last,
            error=type(error).__name__,
        )
        log.debug("turn_failed_trace", letter=letter.id, exc_info=error)
        if not last:
            await store.inbox.count_attempt(letter.id, type(error).__name__, now + RETRY_AFTER)
            return
        await store.inbox.bury(letter.id, type(error).__name__, now)
        desk = Desk(store, self.texts, self.rules, now)
        # Whoever wrote in private hears of it; what cannot be read may have come from nobody.
        known = letter.person_id is not None or not isinstance(error, Malformed)
        if known and letter.chat == letter.sender:
            locale = locale_for(letter.locale, letter.language, self.rules.default_locale)
            text = self.texts.render(locale, "dialog.apology", reference=letter.id)
            desk.post(letter.chat, text, person_id=letter.person_id)
        facts = {"reference": letter.id, "error": type(error).__name__}
        desk.tell_operator("operator.letter_buried", facts)
        await desk.send()


def _dialog_of(letter: Letter) -> DialogState | None:
    if letter.dialog is None or letter.step is None or letter.data is None:
        return None
    return DialogState(letter.dialog, letter.step, json.loads(letter.data), letter.round)


@cache
def _arity(verb: ButtonVerb) -> int:
    """How many arguments a button's payload carries; a forged one may have any number."""
    return len(signature(verb).parameters) - 1
