"""One view that analysts read: a name for ever, documented columns, and the SQL behind them."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.projections.analytics.columns import Column

PREFIX = "analytics_"


@dataclass(frozen=True, slots=True)
class View:
    """A view over the projections' own. ``reads`` names these; ``source`` is what follows SELECT and its columns.

    What SQL makes it is each database's own, and follows a rebuild: what it reads are views as well.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    source: str
    reads: tuple[str, ...]
    order: tuple[str, ...]
    """What rows are told by first; the other columns decide what these leave open: equal rows make equal files."""
    example: str
    """A query to begin with."""

    @property
    def full_name(self) -> str:
        """What SQL calls it in a file."""
        return PREFIX + self.name

    @property
    def select(self) -> str:
        """The statement that reads all of it in a file."""
        return self.select_from(self.full_name)

    def select_from(self, name: str) -> str:
        """The statement that reads all of it, where it is called so."""
        names = ", ".join(column.name for column in self.columns)
        return f"SELECT {names} FROM {name} ORDER BY {self.ordered}"  # noqa: S608 our own names

    @property
    def ordered(self) -> str:
        """The order of its rows for SQL: databases differ in where they put what is null."""
        others = (column.name for column in self.columns if column.name not in self.order)
        return ", ".join(f"{term} NULLS FIRST" for term in (*self.order, *others))

    @property
    def rows(self) -> str:
        """A statement that gives the rows without a view being there."""
        columns = ", ".join(f"{one.sql} AS {one.name}" if one.sql else one.name for one in self.columns)
        return f"SELECT {columns} {self.source.strip()}"
