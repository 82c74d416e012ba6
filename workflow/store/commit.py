"""One commit of the writer: what the units in it share, and how it is decided beside others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from workflow.store.cache import Aggregate, AggregateCache
from workflow.store.cursor import Cursor
from workflow.store.event_store import EventStore, Staged
from workflow.store.ledger import Ledger
from workflow.store.prefetched import MEMBERS_CHANGE, Memberships
from workflow.store.recorder import Stand


class Overtaken(Exception):
    """Others have committed what a unit that was decided beside them has to know of: it is to be decided anew."""


class Commit:
    """What the units of one commit share: the lock, the states they advanced, the events they staged.

    One that is decided ``beside`` others takes the lock once it is, and sees then that all is as it was when the log
    stood where it had ``begun``.
    """

    def __init__(
        self,
        store: EventStore,
        cursor: Cursor,
        states: AggregateCache,
        memberships: Memberships,
        *,
        begun: Stand,
        recorded_at: datetime | None,
        new_id: Callable[[], UUID],
        beside: bool = False,
    ) -> None:
        self.store = store
        self.cursor = cursor
        self.committed = states
        self.memberships = memberships
        self.new_id = new_id
        self.beside = beside
        self._begun = begun
        self.base = self.head = begun.head
        self.recorded_at = recorded_at
        self.states: dict[UUID, Aggregate] = {}
        """What was asked for: others that change any of these overtake this commit."""
        self.foreseen: dict[UUID, Aggregate] = {}
        """What was had in memory beforehand. Nothing was decided by it as long as it was not asked for."""
        self.staged: list[Staged] = []
        self.overtaken_by: Sequence[tuple[str, str]] = ()
        """The streams, and names of events, that others have committed since this one began."""

    def state(self, id: UUID) -> Aggregate | None:
        """The state after what earlier units of this batch decided, else the committed one, if in memory."""
        state = self.states.get(id)
        if state is None:
            state = self.known(id)
            if state is not None:
                self.states[id] = state
        return state

    def known(self, id: UUID) -> Aggregate | None:
        """The state if it is in memory, without its being asked for."""
        return self.states.get(id) or self.committed.get(id) or self.foreseen.get(id)

    def lock(self, ledger: Ledger) -> int:
        """Have nobody else write from here on; by how many events others have moved the log meanwhile.

        ``Overtaken`` where one of them matters to what was decided.
        """
        if not self.beside:
            return 0
        recorder, cursor = self.store.recorder, self.cursor
        stand = recorder.lock(cursor)
        if stand == self._begun:
            self.beside = False
            return 0
        changed = recorder.changed_since(cursor, self.base)
        if (
            any(name in MEMBERS_CHANGE or UUID(stream) in self.states for stream, name in changed)
            or not ledger.still_valid()
        ):
            raise Overtaken
        if changed:
            self.overtaken_by = changed
            self.recorded_at = self.store.last_recorded_at(cursor)
        self.beside = False
        moved = stand.head - self.base
        self.base += moved
        self.head += moved
        return moved

    def append(self) -> None:
        """Store what was staged. Others may have recorded later than it was: what is recorded never decreases."""
        if self.staged:
            last = self.recorded_at
            if last is not None and self.overtaken_by:
                self.staged = [one._replace(recorded_at=max(one.recorded_at, last)) for one in self.staged]
            self.store.append(self.cursor, self.staged, self.base, self.new_id)
