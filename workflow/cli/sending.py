"""Batches of events on their way to a running service, and what became of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from workflow.cli.desk import Desk
from workflow.cli.lines import Line
from workflow.errors import Invalid, Unavailable

PATIENCE = 300.0
"""Seconds for which what cannot be stored now is sent again and again."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0
_OF_THE_BODY = frozenset({"body_malformed", "body_too_large"})
_AGAIN = 0.1
_PAGE = 5000


@dataclass(slots=True)
class Sent:
    """What was sent so far. ``through`` is the line up to which all is stored that was not refused.

    ``runs`` are the sequences given, as first and last of each unbroken run, so that an endless source takes no
    endless memory.
    """

    stored: int = 0
    refused: int = 0
    through: int = 0
    runs: list[tuple[int, int]] = field(default_factory=list)

    def add(self, sequences: Sequence[int]) -> None:
        """The broker has stored these."""
        self.stored += len(sequences)
        for sequence in sorted(sequences):
            if self.runs and self.runs[-1][1] == sequence - 1:
                self.runs[-1] = self.runs[-1][0], sequence
            else:
                self.runs.append((sequence, sequence))

    @property
    def first(self) -> int | None:
        """The lowest sequence."""
        return min((first for first, _ in self.runs), default=None)

    @property
    def last(self) -> int | None:
        """The highest sequence."""
        return max((last for _, last in self.runs), default=None)


class Pace:
    """At most so many events a second; any number where None."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._next = 0.0

    def at_once(self, most: int) -> int:
        """How many go in one batch: of few a second, so few that they come evenly."""
        return most if self._rate is None else max(1, min(most, int(self._rate / 4)))

    async def step(self, number: int) -> None:
        """Wait until so many more may be sent."""
        if self._rate is not None:
            now = asyncio.get_running_loop().time()
            await asyncio.sleep(max(0.0, self._next - now))
            self._next = max(self._next, now) + number / self._rate


class Sender:
    """Sends to the service that ``at`` speaks to, one batch after the other.

    What was stored already before a 503 is stored again: the service knows it as a duplicate. ``waiting`` is told why
    a batch is not stored at its first sending, before it is sent again.
    """

    def __init__(
        self, at: Desk, *, patience: float = PATIENCE, waiting: Callable[[str], object] = lambda _: None
    ) -> None:
        self._at = at
        self._patience = patience
        self._waiting = waiting
        self.sent = Sent()

    async def send(self, lines: Sequence[Line]) -> list[Line]:
        """Have them stored; those that the service refuses, each with why."""
        refused = await self._send(lines)
        self.sent.refused += len(refused)
        return refused

    async def _send(self, lines: Sequence[Line]) -> list[Line]:
        if not lines:
            return []
        try:
            self.sent.add(await self._stored([line.body for line in lines]))
        except Invalid as error:
            if error.code not in _OF_THE_BODY:
                raise
            if len(lines) == 1:
                return [lines[0]._replace(fault=error.code)]
            half = len(lines) // 2  # whichever it is of them, it must not hold up the others
            return await self._send(lines[:half]) + await self._send(lines[half:])
        return []

    async def _stored(self, bodies: Sequence[bytes]) -> list[int]:
        loop = asyncio.get_running_loop()
        until, pause = loop.time() + self._patience, _SHORTEST_PAUSE
        while True:
            try:
                return await self._at.publish(bodies)
            except Unavailable as error:
                if loop.time() + pause > until:
                    raise
                if pause == _SHORTEST_PAUSE:
                    self._waiting(error.detail)
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def became(self) -> dict[str, int]:
        """Wait until intake has accounted for all that was sent; how many came to each disposition."""
        counts: Counter[str] = Counter()
        upstream: str | None = None
        for first, last in self.sent.runs:
            after = first - 1
            while after < last:
                page = await self._at.get("/v1/intake/receipts", beyond=after, limit=min(_PAGE, last - after))
                if upstream not in (None, page["upstream"]):
                    raise Unavailable(
                        f"the broker's stream was made anew meanwhile; under {upstream}, the one before, "
                        "`GET /v1/intake/receipts` tells what became of what was sent"
                    )
                upstream = page["upstream"]
                found: list[dict[str, Any]] = [one for one in page["receipts"] if one["sequence"] <= last]
                counts.update(one["disposition"] for one in found)
                if found:
                    after = found[-1]["sequence"]
                    continue
                intake = await self._at.get("/v1/intake")
                if intake["state"] == "stopped":
                    raise Unavailable(
                        "intake has stopped, and says why in `mentoring health`; what was sent is stored"
                    )
                await asyncio.sleep(_AGAIN)
        return dict(counts)
