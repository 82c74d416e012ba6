"""How far something long has come: how fast, and how much longer. On standard error, where that is a terminal."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from workflow.cli.consoles import err, out
from workflow.errors import MentoringError

_AGAIN = 0.2

if TYPE_CHECKING:
    from workflow.cli.verb import Desk

T = TypeVar("T")


class Reach(Protocol):
    """Says how far it is: so much done, of how much where that is known, and what is being done since."""

    def __call__(self, done: int, total: int | None = None, doing: str | None = None) -> None:
        """Cheap, and safe from any thread."""


class _Rate(ProgressColumn):
    """How fast it goes."""

    def render(self, task: Task) -> Text:
        """So many a second, once that is known."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} {task.fields['unit']}/s")


@contextmanager
def metered(doing: str, unit: str = "events") -> Iterator[Reach]:
    """A bar for what is done meanwhile, gone when it is; nothing where nobody looks."""
    if not err.is_terminal:
        yield lambda done, total=None, doing=None: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("left"),
    )
    # What is printed meanwhile goes above the bar, or where it was sent: never to standard error instead.
    redirected = out.is_terminal
    with Progress(*columns, console=err, transient=True, redirect_stdout=redirected) as progress:
        bar = progress.add_task(doing, total=None, unit=unit)

        def reach(done: int, total: int | None = None, doing: str | None = None) -> None:
            if doing is not None and doing != progress.tasks[0].description:
                progress.reset(bar, description=doing)  # another pass has a rate of its own
            progress.update(bar, completed=done, total=total)

        yield reach


async def watched(
    at: Desk, doing: Coroutine[Any, Any, Any], reached: Callable[[dict[str, Any]], int | None]
) -> Any:
    """What ``doing`` comes to; meanwhile the bar follows what ``reached`` finds in how the projections stand."""
    if not err.is_terminal:
        return await doing
    task = asyncio.create_task(doing)
    try:
        with metered("folding") as reach:
            while not (await asyncio.wait({task}, timeout=_AGAIN))[0]:
                with suppress(MentoringError):  # how far it is does not matter to what it comes to
                    status = await at.get("/v1/projections")
                    reach(reached(status) or 0, status["head"])
        return await task
    finally:
        task.cancel()
        await asyncio.wait({task})


class _GivenUp(Exception):
    """Nobody waits for it any more."""


async def in_thread(work: Callable[[Callable[[], None]], T]) -> T:
    """What ``work`` comes to in a thread of its own. It is given what to call now and then: that ends it on Ctrl-C.

    It is waited for also then, so that its files are closed by itself.
    """
    given_up = threading.Event()

    def go_on() -> None:
        if given_up.is_set():
            raise _GivenUp

    working = asyncio.ensure_future(asyncio.to_thread(work, go_on))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        given_up.set()
        with suppress(_GivenUp):
            await working
        raise
