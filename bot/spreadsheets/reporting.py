"""Tells an operator what an import changes."""

from collections.abc import Iterator

from bot.actions.importing import Change, ImportReport
from bot.texts import Texts

_NOUNS = ("communities", "compounds", "buildings", "entrances", "units", "residents", "people", "posts")


def report_lines(report: ImportReport, texts: Texts, locale: str) -> Iterator[str]:
    """The numbers of each noun with the changes that were kept to be shown, and who loses a post."""

    def say(message: str, **facts: object) -> str:
        return texts.words(locale, f"sheets.{message}", **facts)

    def shown(noun: str, total: int) -> Iterator[str]:
        changes = [change for change in report.changes if change.noun == noun]
        yield from (f"  {_said(change, texts, locale)}" for change in changes)
        if changes and total > len(changes):
            yield f"  {say('further', count=total - len(changes))}"

    for noun in _NOUNS:
        count = getattr(report, noun)
        numbers = {"created": count.created, "changed": count.changed, "unchanged": count.unchanged}
        if any(numbers.values()):
            told = ", ".join(f"{say(f'count_{what}')} {number}" for what, number in numbers.items())
            yield f"{say(f'sheet_{noun}')}: {told}"
            yield from shown(noun, count.created + count.changed)
    yield say("count_appointments", appointed=report.appointed, ended=report.ended)
    yield from shown("appointments", report.appointed)
    yield from shown("losses", report.ended)
    if report.unlisted:
        yield say("count_unlisted", unlisted=report.unlisted, moved_out=report.moved_out)
        yield from shown("unlisted", report.unlisted)


def _said(change: Change, texts: Texts, locale: str) -> str:
    facts = dict(change.facts)
    if "kind" in facts:
        facts["kind"] = texts.label(locale, f"kind_{facts['kind']}")
    return texts.words(locale, change.message, **facts)
