"""By which grams issues are found, and who finds which of them."""

from collections.abc import Iterable, Sequence

from bot.storage.engine import Connection

GRAMS_ASKED = 4
"""As many of a query's grams as the database looks for; the rest is looked for in what it finds."""
COUNTED_MOST = 1000
"""They are counted to see which is rare: what more issues have is not."""


class Search:
    """The grams of issues (`bot.domain.searching`), by compound."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, compound_id: int, issue_id: int, grams: Iterable[str]) -> None:
        """An issue is found by these grams from now on, and by no others."""
        await self._connection.fetch("drop_grams", {"issue_id": issue_id})
        rows = [{"compound_id": compound_id, "gram": gram, "issue_id": issue_id} for gram in sorted(grams)]
        await self._connection.run_many("put_gram", rows)

    async def compounds(self, person_id: int) -> list[int]:
        """The compounds in which a person may have something to find: by post, home or their own issues."""
        rows = await self._connection.fetch("compounds_in_sight", {"person_id": person_id})
        return [row["compound_id"] for row in rows]

    async def is_committee(self, compound_id: int, person_id: int) -> bool:
        """Whether a person speaks for this compound, and so may see all its issues."""
        row = {"compound_id": compound_id, "person_id": person_id}
        return bool(await self._connection.fetch("is_committee", row))

    async def count(self, compound_id: int, gram: str) -> int:
        """How many issues have this gram, counted up to COUNTED_MOST."""
        row = {"compound_id": compound_id, "gram": gram, "most": COUNTED_MOST}
        rows = await self._connection.fetch("count_gram", row)
        count: int = rows[0]["count"]
        return count

    async def with_grams(
        self,
        compound_id: int,
        grams: Sequence[str],
        person_id: int,
        *,
        everywhere: bool,
        before: int,
        most: int,
    ) -> list[int]:
        """The ids below `before` of issues with all of the grams, rarest first, that this person may see.

        The newest come first. With `everywhere` of all in the compound (for its committee), else of what the
        person takes part in.
        """
        row: dict[str, object] = {"compound_id": compound_id, "person_id": person_id, "before": before}
        row |= dict(zip(("first", "second", "third", "fourth"), grams, strict=True)) | {"most": most}
        query = "find_everywhere" if everywhere else "find_in_sight"
        return [found["id"] for found in await self._connection.fetch(query, row)]

    async def ids_after(self, issue_id: int, most: int) -> list[int]:
        """The next issues by id whose words are still there."""
        rows = await self._connection.fetch("issues_to_index", {"issue_id": issue_id, "most": most})
        return [row["id"] for row in rows]
