"""A bar for what takes long, where somebody looks: on standard error, if that is a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from workflow.cli.verb import Desk, err
from workflow.errors import MentoringError

_AGAIN = 0.2


class _Rate(ProgressColumn):
    """How fast it goes."""

    def render(self, task: Task) -> Text:
        """Events a second, once that is known."""
        return Text("" if task.speed is None else f"{task.speed:,.0f} events/s")


async def watched(
    at: Desk, doing: Coroutine[Any, Any, Any], reached: Callable[[dict[str, Any]], int | None]
) -> Any:
    """What ``doing`` comes to; meanwhile the bar follows what ``reached`` finds in how the projections stand."""
    if not err.is_terminal:
        return await doing
    columns = (TextColumn("folding"), BarColumn(), MofNCompleteColumn(), TextColumn("events"), _Rate())
    task = asyncio.create_task(doing)
    try:
        with Progress(*columns, console=err, transient=True) as progress:
            bar = progress.add_task("", total=None)
            while not (await asyncio.wait({task}, timeout=_AGAIN))[0]:
                with suppress(MentoringError):  # how far it is does not matter to what it comes to
                    status = await at.get("/v1/projections")
                    progress.update(bar, total=status["head"], completed=reached(status) or 0)
        return await task
    finally:
        task.cancel()
        await asyncio.wait({task})
