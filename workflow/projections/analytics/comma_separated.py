"""CSV as RFC 4180 has it, with a header, and safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import IO, Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula, and carry it out."""


class CommaSeparated:
    """A CSV text in the making. Null is an empty member, yes and no are ``true`` and ``false``."""

    def __init__(self, into: IO[str], header: Sequence[str]) -> None:
        self._writer = csv.writer(into, lineterminator="\r\n")
        self._writer.writerow(header)

    def write(self, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows."""
        self._writer.writerows([_written(value) for value in row] for row in rows)


def _written(value: Any) -> Any:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case _:
            return value
