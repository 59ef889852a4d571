"""Tables that people open in a spreadsheet by double click, and programs read.

Excel takes the separator of a CSV from its own language: where numbers have a decimal comma, as in Indonesian, that
is a
semicolon. A first line `sep=;` would say so, but then Excel no longer reads UTF-8. So a file for people follows the
language of the page that it comes from; one for programs (the API's) has commas and decimal points always. Both
begin with a byte order mark, without which Excel reads accents wrongly.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.formats import get_format

BOM: Final = "\ufeff"
END: Final = "\r\n"
"""Of a line."""
FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""What a spreadsheet takes for a formula at the start of a cell."""
# Excel splits a file at its own language's separator, which need not be ours: what stands behind one may begin a cell.
_INSIDE: Final = re.compile(r"""([,;|\t\r\n]["'\s]*)(?=[=+\-@＝＋－＠])""")
# What Excel turns into another number or a date: 00123, 1E5, 3-4, 1/2, and more digits than it keeps.
_CHANGED: Final = re.compile(r"0\d+|\d+[eE]\d+|\d{1,4}[-/.]\d{1,4}([-/.]\d{1,4})?|\d{12,}")

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. keep_text: whether a text that Excel would change is wrapped so that it stays, which only
    people's files need: a program reads `="00123"` as it stands there."""

    separator: str = ","
    decimal: str = "."
    keep_text: bool = False


PROGRAMS: Final = Dialect()


def for_people() -> Dialect:
    """The dialect of the reader's language."""
    decimal = str(get_format("DECIMAL_SEPARATOR"))
    return Dialect(";" if decimal == "," else ",", decimal, keep_text=True)


def cell(value: Value, dialect: Dialect = PROGRAMS) -> str:
    """The value as text that no spreadsheet runs: what would be a formula gets an apostrophe before it, in a file for
    people also within a text, where a spreadsheet of another language may see a new cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        text = f"{value:.4f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text.replace(".", dialect.decimal)
    if isinstance(value, int):
        return str(value)
    if dialect.keep_text:
        value = _INSIDE.sub(r"\1'", value)
    return f"'{value}" if value.startswith(FORMULA) or value.lstrip().startswith(FORMULA) else value


def number_as_text(text: str, dialect: Dialect) -> str:
    """A number that isn't one, as a record number: it keeps its noughts and dashes in Excel, too."""
    return f'="{text}"' if dialect.keep_text and _CHANGED.fullmatch(text) else cell(text, dialect)


def quoted(text: str, dialect: Dialect = PROGRAMS) -> str:
    """A cell's text as it stands in the file, in quotes where it must be: such cells need only be joined."""
    return line([text, ""], dialect).removesuffix(dialect.separator + END)


def line(cells: Iterable[str], dialect: Dialect = PROGRAMS) -> str:
    """Cells as one line of the file."""
    return lines([cells], dialect)


def lines(rows: Iterable[Iterable[str]], dialect: Dialect = PROGRAMS) -> str:
    """Rows of cells as lines of the file."""
    out = io.StringIO()
    csv.writer(out, delimiter=dialect.separator, lineterminator=END).writerows(rows)
    return out.getvalue()


def file_name(what: str, record_number: str, day: dt.date) -> str:
    """What a downloaded file is called: what it is, whose, and of which day; nothing that a file system refuses."""
    number = re.sub(r"[^\w.-]+", "_", record_number).strip("._") or "record"
    return f"{what}-{number}-{day.isoformat()}.csv"


def rows_of(text: str) -> list[list[str]]:
    """The cells of a file that came from a spreadsheet, line by line; its first line tells comma or semicolon.

    ValueError where it is no such file.
    """
    head = text.partition("\n")[0]
    separator = ";" if head.count(";") > head.count(",") else ","
    try:
        return list(csv.reader(io.StringIO(text), delimiter=separator, strict=True))
    except csv.Error as error:
        raise ValueError("This can't be read as a table.") from error
