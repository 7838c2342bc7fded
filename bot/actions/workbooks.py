"""Workbooks to take along; whatever people wrote stays text, never a formula."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

_CELL_MOST = 32_000
"""A cell of a spreadsheet holds 32,767 characters."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The widths of the columns, in characters, and the lines, headings first."""

    widths: Sequence[int]
    lines: Sequence[Sequence[str | int]]
    title: str | None = None


def xlsx(sheets: Iterable[Sheet]) -> bytes:
    """A file of these sheets."""
    book = Workbook(write_only=True)
    for sheet in sheets:
        page = book.create_sheet(sheet.title)
        for number, width in enumerate(sheet.widths, start=1):
            page.column_dimensions[get_column_letter(number)].width = width
        for line in sheet.lines:
            page.append([_inert(page, one) if isinstance(one, str) else one for one in line])
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _inert(page: Any, text: str) -> Any:
    """Text as nothing but text, without the control characters that no workbook can hold."""
    plain = "".join(sign for sign in text if sign in "\n\t" or sign.isprintable() or sign > "\x9f")
    cell = WriteOnlyCell(page, plain[:_CELL_MOST])
    cell.data_type = "s"
    return cell
