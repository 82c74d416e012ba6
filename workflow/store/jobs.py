"""The units of work that wait for the writer: the urgent first, the others never starved."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from workflow.errors import Unavailable

if TYPE_CHECKING:
    from workflow.store.transaction import Transaction

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Written(Generic[T]):
    """What a unit returned, now durable, and the position of the last event after it."""

    value: T
    position: int


@dataclass(slots=True, eq=False)
class Job:
    """A unit, who waits for it, and what came of it in the commit at hand."""

    unit: Callable[[Transaction], Any]
    urgent: bool
    future: Future[Any]
    beside: bool = False
    """Whether it may be decided while others write: all that it asks for is looked at again before the commit."""
    written: Written[Any] | None = None
    error: BaseException | None = None

    def tell(self) -> None:
        """Whoever waits is told."""
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.written)


class Jobs:
    """What waits, for many threads to add to and one to take from."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._urgent: deque[Job] = deque()
        self._others: deque[Job] = deque()
        self._closed = False

    def __len__(self) -> int:
        return len(self._urgent) + len(self._others)

    def put(self, job: Job) -> None:
        """Add a job; refused once the queue is closed."""
        with self._changed:
            if self._closed:
                raise Unavailable("the service is stopping", code="stopping")
            (self._urgent if job.urgent else self._others).append(job)
            self._changed.notify()

    def wait(self) -> bool:
        """Wait until there is something to take; False once the queue is closed and empty."""
        with self._changed:
            while not len(self) and not self._closed:
                self._changed.wait()
            return len(self) > 0

    def take(self, *, urgent: bool = True, others: bool = True) -> Job | None:
        """The next job of those wanted, the urgent first."""
        with self._changed:
            while True:
                if self._urgent and urgent:
                    job = self._urgent.popleft()
                elif self._others and others:
                    job = self._others.popleft()
                else:
                    return None
                if job.future.set_running_or_notify_cancel():
                    return job

    def close(self) -> None:
        """Nothing more is added; what is here may still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """Nobody takes any more: whoever waits is told so, for nobody may wait for ever."""
        self.close()
        while (job := self.take()) is not None:
            job.error = Unavailable("the service stopped before this was done", code="stopping")
            job.tell()
