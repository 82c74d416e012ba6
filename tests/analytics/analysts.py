"""A log folded with the views of analysts, a user who reads them, and numbers as exact as databases agree on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.projections.facts import Log
from tests.view_places import change
from workflow.projections.analytics.views import VIEWS
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views

OTHERS = [UUID(int=number) for number in range(1, 6)]
"""As many relationships as what was confided is told of."""


def fold(log: Log, kept: Path | Kept) -> Views:
    """Fold all that a log holds, with the views that analysts read over it."""
    views = Views(kept, PROJECTIONS, named=VIEWS, durable=False)
    Runner(views, log.read, log.head).catch_up()
    return views


@contextmanager
def somebody(
    kept: Kept, of: str = "IN ROLE mentoring_analyst", name: str = "somebody_of_the_tests"
) -> Iterator[str]:
    """A user of the database's server, who can log in."""
    change(kept, f"CREATE ROLE {name} LOGIN {of}")
    try:
        yield name
    finally:
        change(kept, f"DROP OWNED BY {name} CASCADE", f"DROP ROLE {name}")


def close_to(found: Any) -> Any:
    """The same, with numbers as exact as databases that add in different orders can be."""
    match found:
        case float():
            return round(found, 9)
        case dict():
            return {name: close_to(value) for name, value in found.items()}
        case list() | tuple():
            return [close_to(value) for value in found]
        case _:
            return found
