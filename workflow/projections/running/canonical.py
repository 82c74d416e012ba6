"""One hash over what all projections hold, for telling whether two of them hold the same.

It is taken over canonical rows: without positions, versions, recorded times and generated ids, so that two
services that learned of the same things, in whatever order and however often, have one and the same hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, Protocol

from workflow.projections.projection import Projection
from workflow.projections.tables import GenerationTable, compact


class Reads(Protocol):
    """Whoever answers a query, and several at the same time."""

    def execute(self, statement: str, /) -> Iterable[tuple[Any, ...]]:
        """The rows that it finds."""
        ...


def content_hash(found: Reads, tables: Mapping[str, tuple[Projection, GenerationTable, str]]) -> str:
    """The hash. ``tables`` maps each projection's name to itself, a generation and the table to read."""
    digests = sorted(sha256(document.encode()).digest() for document in documents(found, tables))
    return sha256(b"".join(digests)).hexdigest()


def documents(found: Reads, tables: Mapping[str, tuple[Projection, GenerationTable, str]]) -> Iterator[str]:
    """What the projections hold, as canonical JSON, relationship by relationship.

    The relationship's own id is generated and left out: two of equal content count twice.
    """
    rows = merge(
        *(_rows(found, projection, generation, table) for projection, generation, table in tables.values()),
        key=itemgetter(0),
    )
    for _, group in groupby(rows, key=itemgetter(0)):
        document: dict[str, list[str]] = {name: [] for name in tables}
        for _, name, row in group:
            document[name].append(row)
        yield compact({name: sorted(found) for name, found in document.items()})


def _rows(
    found: Reads, projection: Projection, layout: GenerationTable, table: str
) -> Iterator[tuple[str, str, str]]:
    query = f"SELECT {', '.join(layout.columns)} FROM {table} ORDER BY {', '.join(layout.key)}"  # noqa: S608
    for values in found.execute(query):
        row = layout.row(
            [int(value) if isinstance(value, bool) else value for value in values]
        )  # as in a file
        canonical = projection.canonical(row)
        if canonical is not None:
            yield row[layout.key[0]], projection.name, compact(canonical)
