"""The drawings of charts: made beside the service, and kept under a name that stands for what they show.

A page names the drawings that it wants and does not wait for them. As the name follows from the numbers and the words,
a dashboard that is opened again costs nothing as long as nothing has changed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter

from workflow.web.page.chart import Chart, Name, Theme

Drawn = list[dict[str, str]]
"""Of each chart, in the order given: the SVG by theme."""

KEPT = 16
"""How many sets of charts are kept, those last asked for."""

WITHIN = 60.0
"""Seconds after which a drawing is given up."""

AGAIN_AFTER = 60.0
"""Seconds in which what could not be drawn is not tried again, however often it is asked for."""

Begin = Callable[[Coroutine[Any, Any, Drawn], str], asyncio.Task[Drawn]]
"""Has a task of this name at work, and owns it."""

_CHARTS = TypeAdapter(tuple[Chart, ...])
_log = logging.getLogger(__name__)


class NotDrawn(Exception):
    """The drawing process ended without a drawing."""


async def in_a_process(charts: Sequence[Chart]) -> Drawn:
    """Have them drawn by a process of its own, which does not outlive this call."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "workflow.web.page.drawing_process"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the service, which ends us in its own order
    )
    try:
        async with asyncio.timeout(WITHIN):
            drawn, _ = await process.communicate(_CHARTS.dump_json(tuple(charts)))
        if process.returncode:
            raise NotDrawn(f"it ended with {process.returncode}")
        found: Drawn = json.loads(drawn)
        return found
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class _Set:
    """One set of charts: what is drawn of it, once it is."""

    def __init__(self, charts: Sequence[Chart]) -> None:
        self.charts = tuple(charts)
        self.task: asyncio.Task[Drawn] | None = None
        self.failed_at: float | None = None


class Drawings:
    """The sets of charts last asked for. One is drawn at a time."""

    def __init__(
        self,
        draw: Callable[[Sequence[Chart]], Awaitable[Drawn]] = in_a_process,
        *,
        begin: Begin = lambda work, name: asyncio.create_task(work, name=name),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``begin`` has the drawings run, and ends them with the service."""
        self._draw = draw
        self._begin = begin
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._sets: OrderedDict[str, _Set] = OrderedDict()

    def ask(self, charts: Sequence[Chart]) -> str | None:
        """Begin to draw them, unless they are drawn: their name; None where they could not be drawn just now."""
        name = sha256(_CHARTS.dump_json(tuple(charts))).hexdigest()[:32]
        one = self._sets.setdefault(name, _Set(charts))
        self._sets.move_to_end(name)
        if one.failed_at is not None and self._monotonic() - one.failed_at < AGAIN_AFTER:
            return None
        if one.task is None:
            one.failed_at = None
            one.task = self._begin(self._in_turn(one), "drawing")
        while len(self._sets) > KEPT:
            _, oldest = self._sets.popitem(last=False)
            if oldest.task is not None:
                oldest.task.cancel()
        return name

    async def svg(self, name: str, chart: Name, theme: Theme) -> str | None:
        """A drawing, as soon as it is there; None where there is none under this name, or it could not be drawn."""
        one = self._sets.get(name)
        if one is None or (task := one.task) is None:
            return None
        await asyncio.wait({task})  # whoever asks may go away, and the drawing goes on
        if task.cancelled() or not (drawn := task.result()):
            return None
        by_name = dict(zip((known.name for known in one.charts), drawn, strict=True))
        return by_name[chart][theme.value] if chart in by_name else None

    async def _in_turn(self, one: _Set) -> Drawn:
        try:
            async with self._turn:
                return await self._draw(one.charts)
        except Exception as error:  # noqa: BLE001 a page is whole without charts, whatever keeps them from being drawn
            _log.warning("charts cannot be drawn: %s", type(error).__name__)
            one.failed_at, one.task = self._monotonic(), None
            return []
