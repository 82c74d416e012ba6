"""One view that analysts read: a name for ever, documented columns, and the SQL behind them."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.projections.analytics.columns import Column

PREFIX = "analytics_"


@dataclass(frozen=True, slots=True)
class View:
    """A view over the projections' own. ``reads`` names these; ``source`` is what follows SELECT and its columns.

    It follows a rebuild by itself: what it reads are views as well, and SQLite looks a view up when it is read.
    """

    name: str
    meaning: str
    columns: tuple[Column, ...]
    source: str
    reads: tuple[str, ...]
    order: str
    """What rows are told by in a file, so that equal rows make equal files."""
    example: str
    """A query to begin with."""

    @property
    def full_name(self) -> str:
        """What SQL calls it."""
        return PREFIX + self.name

    @property
    def create(self) -> str:
        """The statement that makes it."""
        columns = ",\n    ".join(
            f"{column.sql} AS {column.name}" if column.sql else column.name for column in self.columns
        )
        return f"CREATE VIEW {self.full_name} AS\nSELECT\n    {columns}\n{self.source.strip()}"

    @property
    def select(self) -> str:
        """The statement that reads all of it."""
        names = ", ".join(column.name for column in self.columns)
        return f"SELECT {names} FROM {self.full_name} ORDER BY {self.order}"  # noqa: S608 our own names
