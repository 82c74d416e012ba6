"""All that analysts may read, of one moment, whoever folds meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from workflow.errors import Conflict
from workflow.projections.analytics.view import View
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.projection import of_other_columns
from workflow.projections.rows.generations import RunState
from workflow.projections.rows.storage import Kept, Moment
from workflow.projections.sqlite.file import at
from workflow.projections.tables import Values

AT_ONCE = 10_000
"""Rows that are in memory together."""


class Snapshot:
    """A moment of the views, for as long as it is entered. They are opened for reading alone.

    What is long under way in the database is ended where ``cancelled`` says so; it raises then.
    """

    def __init__(self, kept: Path | Kept, cancelled: Callable[[], bool] = lambda: False) -> None:
        self._taken: AbstractContextManager[Moment] = at(kept).moment(cancelled)
        self._moment: Moment | None = None

    def __enter__(self) -> Self:
        self._moment = self._taken.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._moment = None
        self._taken.__exit__(kind, error, trace)

    @property
    def moment(self) -> Moment:
        """What it reads by."""
        assert self._moment is not None, "it is entered first"
        return self._moment

    def position(self, views: Collection[View]) -> int:
        """The position that all that these views read has folded.

        Refused where they are another version's, or where something that they read is paused or was folded into
        other columns: its rows would be of another moment.
        """
        if not self.moment.are_named(views):
            raise Conflict(
                "the views were made by another version of the service: start the service anew in this one",
                code="views_of_another_version",
            )
        reads = {name for view in views for name in view.reads}
        live = self.moment.execute("SELECT name, position, state, shape FROM projections WHERE live = 1")
        read = [row for row in live if row[0] in reads]
        paused = {name for name, _, state, _ in read if state == RunState.PAUSED}
        if paused := paused | set(of_other_columns(PROJECTIONS, {name: shape for name, _, _, shape in read})):
            raise Conflict(
                f"{', '.join(sorted(paused))} paused, so that figures would be of different moments: `mentoring "
                "projections status` tells why, `mentoring projections rebuild` folds anew",
                code="rebuild_needed",
            )
        return min((position for _, position, _, _ in read), default=0)

    def rows(self, view: View) -> Iterable[Sequence[Values]]:
        """The rows of a view, some at a time: instants as text, booleans as such."""
        return self.moment.rows(view, AT_ONCE)
