"""What is folded in processes of their own: each folds the events of its share of the relationships.

Where one of them ends, or its fold raises, nothing of it is written: it is folded again in this process, which says
where and why.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Timer
from typing import IO, Any
from uuid import UUID

from workflow.projections.aside.wire import Rest, get, put
from workflow.projections.rows.generations import Folded, Generation, StreamProgress
from workflow.projections.tables import GenerationTable, Values
from workflow.store.recorder import EventRow

COMMAND = (sys.executable, "-P", "-m", "workflow.projections.aside.process")

MOST = 4
"""Processes at most: from there on reading and writing is what takes the time."""

WORTH_IT = 50_000
"""Events from which on it pays to start them."""

_OURS = "MENTORING_"
_PIPE = 1024**2
"""Bytes that a pipe holds: a page, so that the next one is sent while the last is folded."""

_ENDS_WITHIN = 10.0

SILENT = 20.0
"""Seconds after which a process that neither takes nor tells anything is killed: what is live waits behind it, and so
does whoever stops the service.
"""

Load = Callable[[GenerationTable, Collection[str]], Iterable[Values]]
"""Reads the rows that a generation has of some relationships."""


class Broken(Exception):
    """A process has ended, or cannot fold what it was given."""


def processors() -> int:
    """How many processes fold: one for each processor that this process may use; 0 where that is one alone."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST) if usable > 1 else 0


class Processes:
    """Those that fold, begun when there is something for them and ended by whoever asked."""

    def __init__(self, number: int, command: Sequence[str] = COMMAND, *, worth_it: int = WORTH_IT) -> None:
        self._number = number
        self._command = tuple(command)
        self._worth_it = worth_it

    def pay(self, generations: int, events: int) -> bool:
        """Whether they are worth their beginning for so many: one alone folds what it heeds while it would be sent."""
        return self._number > 0 and generations > 1 and events >= self._worth_it

    def begin(self, generations: Sequence[Generation], load: Load) -> Aside:
        """Have these folded on from where they are."""
        return Aside(_started(self._command, self._number), generations, load)


class Aside:
    """Generations that processes fold. One thread at a time asks."""

    def __init__(
        self, processes: Sequence[subprocess.Popen[bytes]], generations: Sequence[Generation], load: Load
    ) -> None:
        self._processes = processes
        self._load = load
        self.generations: list[Generation] = []
        self._resume(generations)

    def _resume(self, generations: Sequence[Generation]) -> None:
        self.generations = list(generations)
        self.position = min((one.position for one in generations), default=0)
        """Up to where they were given events."""
        self.stream_progress = next((one.stream_progress for one in generations), None)
        """Up to which streams, where these come one by one."""
        self._from = self.position, self.stream_progress
        self.events = 0
        """How many they were given since what they came to was last told."""
        self._known: set[str] = set()
        self._begun = False

    @property
    def moved(self) -> bool:
        """Whether they have come any further since then."""
        return (self.position, self.stream_progress) != self._from

    @property
    def touched(self) -> int:
        """Of how many relationships they hold the rows."""
        return len(self._known)

    def fold(self, page: Sequence[EventRow], end: int) -> None:
        """Have a page folded that ends at a position. ``Broken`` where a process has ended."""
        self._send(page)
        self.position = max(self.position, end)

    def fold_streams(self, page: Sequence[EventRow], reached: StreamProgress, *, last: bool) -> None:
        """Have a page folded that is all that some streams have, the ``last`` where no others are left."""
        self._send(page)
        if last:
            self.position, self.stream_progress = reached.until, None
        else:
            self.stream_progress = reached

    def _send(self, page: Sequence[EventRow]) -> None:
        if not self._begun:
            by_streams = self.stream_progress is not None
            begun = [(one.name, one.number, one.position, by_streams) for one in self.generations]
            for process in self._processes:
                self._put(process, begun)
            self._begun = True
        number = len(self._processes)
        shares: list[list[EventRow]] = [[] for _ in range(number)]
        new: list[set[str]] = [set() for _ in range(number)]
        for row in page:
            share = _SHARE[row[1][-2:]] % number
            shares[share].append(row)
            if row[1] not in self._known:
                new[share].add(row[1])
        for process, events, first in zip(self._processes, shares, new, strict=True):
            self._known |= first
            if events:
                self._put(process, (events, self._rows(first)))
        self.events += len(page)

    def folded(self) -> Iterator[Folded]:
        """What all of them have come to, to be taken whole; then they go on from there. ``Broken`` as above."""
        for process in self._processes:
            self._put(process, None)
        for generation in self.generations:
            upserts: list[Values] = []
            removals: list[Values] = []
            for process in self._processes:
                while isinstance(said := self._answer(process), list):
                    upserts += said
                rest = Rest(*said)
                if rest.failed:
                    raise Broken(f"{generation.name} cannot be folded aside")
                removals += rest.removals
            # As one process would tell them; and indexes are filled best in this order.
            upserts.sort(key=generation.layout.identity)
            position = (
                generation.position if self.stream_progress else max(generation.position, self.position)
            )
            yield Folded(generation, position, upserts, removals, stream_progress=self.stream_progress)

    def go_on(self, generations: Sequence[Generation]) -> None:
        """Forget what was told, and fold these from where they are now."""
        self._resume(generations)

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            with suppress(OSError):
                _stream(process.stdin).close()
        for process in self._processes:
            process.kill()
            process.wait(_ENDS_WITHIN)
            _stream(process.stdout).close()

    def _rows(self, first: Collection[str]) -> dict[str, list[Values]]:
        relationships = [_dashed(one) for one in sorted(first)]
        if not relationships:
            return {}
        return {
            one.name: list(self._load(one.layout, relationships)) for one in self.generations if one.position
        }

    def _put(self, process: subprocess.Popen[bytes], said: Any) -> None:
        try:
            with _killed_where_it_hangs(process):
                put(_stream(process.stdin), said)
        except OSError as error:
            raise Broken("a process that folds has ended") from error

    def _answer(self, process: subprocess.Popen[bytes]) -> Any:
        try:
            with _killed_where_it_hangs(process):
                return get(_stream(process.stdout))
        except (EOFError, OSError) as error:
            raise Broken("a process that folds has ended") from error


def _started(command: Sequence[str], number: int) -> list[subprocess.Popen[bytes]]:
    """So many of them; they are told no setting of ours, for none is theirs."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(number):
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # Ctrl-C is for the service, which ends them in its own order
            )
            started.append(process)
            for stream in (process.stdin, process.stdout):
                with suppress(OSError, AttributeError):  # it goes on with a shorter one
                    fcntl.fcntl(_stream(stream), fcntl.F_SETPIPE_SZ, _PIPE)
    except OSError as error:
        for process in started:
            process.kill()
            process.wait(_ENDS_WITHIN)
        raise Broken("a process that folds does not start") from error
    return started


@contextmanager
def _killed_where_it_hangs(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Then its pipes break, and what it had is folded elsewhere."""
    timer = Timer(SILENT, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # it was asked for
    return stream


def _dashed(hexed: str) -> str:
    return str(UUID(hexed))


_SHARE = {f"{number:02x}": number for number in range(256)}
"""Whose share a stream is, by the last of its letters: in ids of every kind they are of any value."""
