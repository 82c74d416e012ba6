"""How far something long has come: how fast, and how much longer. On standard error, where that is a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from workflow.cli.consoles import err, out


class Reach(Protocol):
    """Says how far it is: so much done, of how much where that is known, and what is being done since."""

    def __call__(self, done: int, total: int | None = None, doing: str | None = None) -> None:
        """Cheap, and safe from any thread."""


class _Rate(ProgressColumn):
    """How fast it goes."""

    def render(self, task: Task) -> Text:
        """So many a second, once that is known."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} {task.fields['unit']}/s")


class Bar:
    """What is shown of work under way; nothing where nobody looks. Safe from any thread."""

    def __init__(self, progress: Progress | None = None, task: TaskID | None = None) -> None:
        self._progress = progress
        self._task = task
        self._doing: str | None = None

    def show(self, **fields: Any) -> None:
        """Show it with these of a task's fields: ``completed``, ``total``, ``description``, or a column's own."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, **fields)

    def begin(self, doing: str) -> None:
        """Something else is being done from now on, at a rate of its own."""
        if self._progress is not None and self._task is not None and doing != self._doing:
            self._progress.reset(self._task, description=doing)
            self._doing = doing


@contextmanager
def drawn(
    *columns: ProgressColumn, doing: str = "", total: int | None = None, **fields: Any
) -> Iterator[Bar]:
    """A bar with these columns for what is done meanwhile, gone when it is."""
    if not err.is_terminal:
        yield Bar()
        return
    # What is printed meanwhile goes above the bar, or where it was sent: never to standard error instead.
    redirected = out.is_terminal
    with Progress(*columns, console=err, transient=True, redirect_stdout=redirected) as progress:
        yield Bar(progress, progress.add_task(doing, total=total, **fields))


@contextmanager
def metered(doing: str, unit: str = "events") -> Iterator[Reach]:
    """A bar of how far and how fast something goes, and how much longer."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("left"),
    )
    with drawn(*columns, doing=doing, unit=unit) as bar:

        def reach(done: int, total: int | None = None, doing: str | None = None) -> None:
            if doing is not None:
                bar.begin(doing)
            bar.show(completed=done, total=total)

        yield reach
