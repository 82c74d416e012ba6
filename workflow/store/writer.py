"""The one thread that adds facts.

Units of work from the API, from intake and from the clock are decided in shared commits, so that one sync to
disk serves many; the API's go first, and a commit is bounded in time. Each unit stands under a savepoint of
its own: one that is refused loses only what is its own. Futures are told only after the commit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from workflow.clocks import Clock
from workflow.errors import InDoubt, MentoringError, Stopped, Unavailable
from workflow.failpoints import hit
from workflow.places import whence
from workflow.store.cache import AggregateCache
from workflow.store.commit import Commit, Overtaken
from workflow.store.cursor import Cursor
from workflow.store.event_store import EventStore
from workflow.store.faults import is_full, of_the_storage
from workflow.store.ids import NewIds
from workflow.store.jobs import Job, Jobs, Written
from workflow.store.prefetched import MEMBERS_CHANGE, Memberships
from workflow.store.transaction import Transaction

log = logging.getLogger(__name__)

T = TypeVar("T")
_PAUSES = (0.01, 0.02, 0.04, 0.08)
"""Seconds before a commit that failed is decided anew, each time; after that what keeps it does not pass soon."""
_AT_ONCE = (0.0,) * len(_PAUSES)
_FOLLOWED = 100_000
"""Events of others that are looked at one by one; behind more than that everything is forgotten."""
__all__ = ["Writer", "Written"]


class Writer:
    """Owns ``events.db`` and the aggregates in memory, from ``start`` to ``stop``."""

    def __init__(
        self,
        store: EventStore,
        clock: Clock,
        *,
        new_id: Callable[[], UUID] | None = None,
        commit_seconds: float = 0.05,
        states: int = 50_000,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id or NewIds()
        self._commit_seconds = commit_seconds
        self._monotonic = monotonic
        self._pause = pause
        self._states = AggregateCache(states)
        self._memberships = Memberships()
        self._recorded_at: datetime | None = None
        self._unfinished: Stopped | None = None
        self._listeners: list[Callable[[int], None]] = []
        self._jobs = Jobs()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._head = 0
        self._which: str | None = None
        """The log that all in memory is of."""
        self._others_had = True
        self.overtaken = 0
        """How often what was decided beside others had to be decided anew."""

    # --- for everybody ------------------------------------------------------------------------------------

    def submit(
        self, unit: Callable[[Transaction], T], *, urgent: bool = False, beside: bool = False
    ) -> Future[Written[T]]:
        """Have ``unit`` run in a transaction; the future is told once it is durable, or what it raised.

        ``urgent`` units go first. A unit may run more than once, where a commit fails: it must keep nothing
        outside of what it returns. One that may be decided ``beside`` others does not keep those of other processes
        waiting while it is; it takes in messages and asks for nothing else.
        """
        future: Future[Written[T]] = Future()
        self._jobs.put(Job(unit, urgent, future, beside=beside))
        return future

    def on_commit(self, callback: Callable[[int], None]) -> None:
        """Call ``callback`` with the last position after every commit, in the writer's thread: be short."""
        self._listeners.append(callback)

    @property
    def head(self) -> int:
        """The last committed position that this writer knows."""
        return self._head

    @property
    def shared(self) -> bool:
        """Whether other processes may write to the same store."""
        return self._store.recorder.shared

    @property
    def alive(self) -> bool:
        """Whether the writer is at work."""
        return self._thread.is_alive()

    def start(self, *, sweep: bool = False) -> None:
        """Begin. To ``sweep`` is to remove first the keys that were made for an append that never came about.

        That is for a service that goes on with this log, not for whoever looks into one.
        """
        with self._store.transaction() as cursor:
            if sweep:
                self._store.sweep_keys(cursor)
            self._look_again(cursor)
        self._thread.start()

    def stop(self) -> None:
        """Finish everything that was submitted, then end."""
        self._jobs.close()
        if self._thread.ident is not None:
            self._thread.join()
        self._jobs.abandon()

    # --- the thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._jobs.wait():
                first = self._jobs.take()
                if first is not None:
                    self._commit([first], more=True)
        finally:
            self._jobs.abandon()

    def _commit(self, jobs: list[Job], *, more: bool = False, pauses: Sequence[float] = _PAUSES) -> None:
        """Commit these units, and where ``more`` is said those that come in meanwhile, and tell everybody.

        Where the commit fails they are decided anew, after each of the ``pauses``, for what it failed by may pass; then
        in halves, so that one unit that cannot be stored does not take the others with it. Halves do not pause: there
        are as many of them as there are units, and what passes has had its time.
        """
        failure: Exception | None = None
        for attempt, pause in enumerate((*pauses, None), start=1):
            try:
                self._attempt(jobs, more=more and attempt == 1)
                break
            except InDoubt as doubt:
                log.error("nobody knows whether a commit came about: %s", whence(doubt))
                for job in jobs:
                    job.future.set_exception(doubt)
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, somebody waits to be told
                failure = error
                attempts = len(pauses) + 1
                log.warning("commit failed, attempt %d of %d: %s", attempt, attempts, type(error).__name__)
                if pause:
                    self._pause(pause)
        else:
            if len(jobs) == 1:
                jobs[0].future.set_exception(_as_told(failure))
                return
            middle = len(jobs) // 2
            for half in (jobs[:middle], jobs[middle:]):
                self._commit(half, pauses=_AT_ONCE)
            return
        for callback in self._listeners:
            try:
                callback(self._head)
            except Exception as error:  # noqa: BLE001 what was committed is, whoever hears of it
                log.error("a listener to commits failed: %s", whence(error))
        for job in jobs:
            job.tell()

    def _attempt(self, jobs: list[Job], *, more: bool) -> None:
        """One commit. What may be decided beside others is, alone; once they have overtaken it, it is not any more."""
        if more and jobs[0].beside and self._store.recorder.shared:
            try:
                self._decide(jobs, more=False, beside=True)
            except Overtaken:
                self.overtaken += 1
            else:
                return
        self._decide(jobs, more=more, beside=False)

    def _decide(self, jobs: list[Job], *, more: bool, beside: bool) -> None:
        batch: Commit | None = None
        try:
            with self._store.transaction(locked=not beside) as cursor:
                begun = self._store.recorder.stand(cursor)
                self._follow(cursor, begun.head)
                batch = Commit(
                    self._store,
                    cursor,
                    self._states,
                    self._memberships,
                    begun=begun,
                    recorded_at=self._recorded_at,
                    new_id=self._new_id,
                    beside=beside,
                )
                until = self._monotonic() + self._commit_seconds
                for job in jobs:
                    self._run_unit(batch, job)
                while more:
                    taken = self._next(jobs, in_time=self._monotonic() < until)
                    if taken is None:
                        break
                    jobs.append(taken)
                    self._run_unit(batch, taken)
                batch.append()
                hit("commit.before")
        except BaseException:
            if batch is not None:
                self._states.evict(batch.states)
                self._memberships.clear()
            raise
        hit("commit.after")
        self._states.keep(batch.foreseen | batch.states)
        self._states.evict(UUID(stream) for stream, _ in batch.overtaken_by)
        self._recorded_at, self._head = batch.recorded_at, batch.head
        self._others_had = any(not job.urgent for job in jobs)

    def _next(self, jobs: list[Job], *, in_time: bool) -> Job | None:
        """What else goes into the commit that holds ``jobs``: more of the urgent while there is time.

        Of the others none where somebody waits for an urgent one to be durable; but every second commit has
        one of them, whatever happens.
        """
        hurry = any(job.urgent for job in jobs)
        owed = not self._others_had and all(job.urgent for job in jobs)
        return self._jobs.take(urgent=in_time, others=owed or (in_time and not hurry))

    def _run_unit(self, batch: Commit, job: Job) -> None:
        job.written = job.error = None
        batch.cursor.execute("SAVEPOINT unit")
        try:
            if self._unfinished is not None:
                raise Stopped(self._unfinished.detail, code=self._unfinished.code)
            transaction = Transaction(batch, self._clock.now())
            value = job.unit(transaction)
            transaction.complete()
        except Overtaken:
            raise
        except Exception as error:
            if batch.beside:  # what it read may be of several moments
                raise Overtaken from error
            if self._store.recorder.shared and of_the_storage(error):
                raise  # a connection that broke, or two that waited for each other: all are decided anew
            # Where SQLite itself gave up the whole transaction this raises, and the batch is decided anew.
            batch.cursor.execute("ROLLBACK TO unit")
            job.error = error
        else:
            job.written = Written(value, batch.head)
        batch.cursor.execute("RELEASE unit")

    def _follow(self, cursor: Cursor, head: int) -> None:
        """See what others have written since, up to ``head``: what they changed is not known any more."""
        known = self._store.recorder.which(cursor) == self._which
        if known and head == self._head:
            return
        if not known or not self._head < head <= self._head + _FOLLOWED:
            self._look_again(cursor)
            return
        changed = self._store.recorder.changed_since(cursor, self._head)
        self._states.evict(UUID(stream) for stream, _ in changed)
        if any(name in MEMBERS_CHANGE for _, name in changed):
            self._memberships.clear()
        self._head = head
        self._recorded_at = self._store.last_recorded_at(cursor)
        self._unfinished = self._store.unfinished_within(cursor)

    def _look_again(self, cursor: Cursor) -> None:
        """Another log took the place of this one, or this is the start: nothing in memory can be relied upon."""
        self._which = self._store.recorder.which(cursor)
        self._states.clear()
        self._memberships.clear()
        self._head = self._store.recorder.head(cursor)
        self._recorded_at = self._store.last_recorded_at(cursor)
        self._unfinished = self._store.unfinished_within(cursor)


def _as_told(failure: Exception | None) -> MentoringError:
    """What whoever waits is told of a commit that kept failing; the cause goes with it."""
    if isinstance(failure, MentoringError):
        return failure
    why = ", for the disk is full: make room" if is_full(failure) else ""
    told = Unavailable(f"what was asked could not be stored{why}; nothing was changed", code="not_stored")
    told.__cause__ = failure
    return told
