"""A view as a file: CSV, or Parquet with the types of its columns."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, BinaryIO

from workflow.errors import Unavailable
from workflow.projections.analytics.columns import Kind
from workflow.projections.analytics.comma_separated import CommaSeparated
from workflow.projections.analytics.view import View

Rows = Iterable[Sequence[tuple[Any, ...]]]


class Format(StrEnum):
    """What a file is written as."""

    PARQUET = "parquet"
    CSV = "csv"


Write = Callable[[BinaryIO, View, Rows], None]


def writer_of(format: Format) -> Write:
    """What writes a file of this format; refused where the package that it needs is missing."""
    if format is Format.PARQUET:
        _arrow()
        return _parquet
    return _csv


def _csv(into: BinaryIO, view: View, rows: Rows) -> None:
    text = io.TextIOWrapper(into, encoding="utf-8", newline="")
    table = CommaSeparated(text, [column.name for column in view.columns])
    for some in rows:
        table.write(some)
    text.detach()  # flushed, and left open


def _parquet(into: BinaryIO, view: View, rows: Rows) -> None:
    arrow, parquet = _arrow()
    types = {
        Kind.INTEGER: arrow.int64(),
        Kind.NUMBER: arrow.float64(),
        Kind.BOOLEAN: arrow.bool_(),
        Kind.INSTANT: arrow.timestamp("us", tz="UTC"),
    }
    schema = arrow.schema(
        [
            arrow.field(
                column.name, types.get(column.kind, arrow.string()), metadata={"meaning": column.meaning}
            )
            for column in view.columns
        ]
    )
    instants = [place for place, column in enumerate(view.columns) if column.kind is Kind.INSTANT]
    with parquet.ParquetWriter(into, schema) as file:
        for some in rows:
            columns = [list(values) for values in zip(*some, strict=True)]
            for place in instants:
                columns[place] = [
                    None if value is None else datetime.fromisoformat(value) for value in columns[place]
                ]
            file.write_table(arrow.table(columns, schema=schema))


def _arrow() -> tuple[Any, Any]:
    """The package that writes Parquet: an extra, since most services are never asked for any."""
    try:
        import pyarrow  # type: ignore[import-untyped]  # it ships no types
        from pyarrow import parquet
    except ImportError:
        raise Unavailable(
            "Parquet is written by pyarrow, which is not installed: "
            "`pip install 'mentoring-workflow[analytics]'`, or take --format csv",
            code="pyarrow_missing",
        ) from None
    return pyarrow, parquet
