"""What projections are kept in, and what is asked of it: a file of SQLite, or two schemas of PostgreSQL.

Statements that both understand are written once, by whoever has something to say; what differs is a method here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from workflow.errors import Stopped, Unavailable
from workflow.projections.analytics.view import View
from workflow.projections.rows.generations import Folded
from workflow.projections.tables import GenerationTable, Values
from workflow.store.cursor import Cursor

MISSING = "views_missing"
"""The code of what is said where nothing was ever folded."""


class Busy(Unavailable):
    """Somebody reads what is to be replaced, and nobody is made to wait for that: it is tried again."""

    code = "views_are_read"


class Superseded(Stopped):
    """Somebody else has folded meanwhile: whoever is told this has changed nothing, and is to fold no more."""

    code = "superseded"


class Storage(Protocol):
    """Where projections are kept, open. One thread at a time writes; any number may read."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What is raised where the storage itself fails: what was asked is not done, or that is not known."""
        ...

    @property
    def no_row(self) -> tuple[type[Exception], ...]:
        """What is raised where a row has what no row can: a number that is too large, a text that is no Unicode."""
        ...

    @property
    def same(self) -> str:
        """What stands between two values that are equal, or both null."""
        ...

    def looking(self) -> AbstractContextManager[Cursor]:
        """A transaction for reading, which waits for nobody who folds."""
        ...

    def transaction(self) -> AbstractContextManager[Cursor]:
        """A transaction for writing, one at a time whoever asks; it commits at its end."""
        ...

    def swapping(self) -> AbstractContextManager[Cursor]:
        """The same, beside which nobody is in the middle of reading; ``Busy`` where somebody is."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for queries, in one transaction: all that it reads is of one moment."""
        ...

    def load(self, layout: GenerationTable, relationships: Collection[str]) -> Iterable[Values]:
        """The rows of these relationships, by their key."""
        ...

    def create(self, cursor: Cursor, layout: GenerationTable) -> None:
        """Make the table of a generation, empty and without what serves queries alone."""
        ...

    def finish(self, cursor: Cursor, layout: GenerationTable) -> None:
        """Make the indexes that serve queries."""
        ...

    def write(self, cursor: Cursor, folded: Folded) -> None:
        """Write the rows of one generation."""
        ...

    def point(self, cursor: Cursor, layouts: Sequence[GenerationTable], named: Sequence[View] | None) -> None:
        """Let the views of these projections show these generations.

        Where they cannot stay as they are, the analysts' views over them are made anew, those that are ``named``.
        """
        ...

    def tables(self, cursor: Cursor) -> Collection[str]:
        """The names of all tables that there are."""
        ...

    def drop(self, cursor: Cursor, tables: Collection[str]) -> None:
        """Remove tables. Those that somebody still reads may stay, and are removed another time."""
        ...

    def name_views(self, views: Sequence[View]) -> None:
        """Have the views that analysts read there, and none of an earlier version; what others made stays."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Moment(Protocol):
    """What is kept, read by whoever changes nothing, in one transaction."""

    def execute(self, statement: str, /) -> Iterable[Values]:
        """The rows that a query finds; several may be read side by side."""
        ...

    def live(self) -> Mapping[str, Mapping[str, object]]:
        """What is kept of each projection that serves, by its name: how far it is folded, and whether it runs."""
        ...

    def are_named(self, views: Collection[View]) -> bool:
        """Whether these analysts' views are there, and as this version makes them."""
        ...

    def rows(self, view: View, at_once: int) -> Iterable[Sequence[Values]]:
        """The rows of an analysts' view, some at a time: instants as text, booleans as such."""
        ...


class Comparing(Protocol):
    """The rows that serve, beside those that are folded anew."""

    @property
    def scratch(self) -> Kept:
        """Where they are folded anew."""
        ...

    @property
    def live(self) -> str:
        """What the names of tables that serve begin with."""
        ...

    @property
    def folded(self) -> str:
        """What those of tables that are folded anew begin with."""
        ...

    def execute(self, statement: str, /) -> Iterable[Values]:
        """The rows that a query finds; several may be read side by side."""
        ...


class Kept(Protocol):
    """Names where projections are kept."""

    def open(self, *, durable: bool = True) -> Storage:
        """Open it, made where it is missing. What is not ``durable`` is lost with the machine."""
        ...

    def moment(self, cancelled: Callable[[], bool] | None = None) -> AbstractContextManager[Moment]:
        """Look at it from outside. What takes long is ended where ``cancelled`` says so."""
        ...

    def comparing(self, scratch_in: Path | None) -> AbstractContextManager[Comparing]:
        """The rows that serve now, for as long as it is entered, and room to fold them anew.

        Where that room is a file it lies in ``scratch_in``, which somebody clears after a kill.
        """
        ...
