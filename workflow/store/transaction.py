"""One unit of work of the writer: everything that it decides and notes is kept together, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID
from weakref import WeakMethod

from workflow.aggregates.commands import Actor, Command, OpenRelationship
from workflow.aggregates.decide import Decision, decide
from workflow.aggregates.events import Event, RelationshipOpened
from workflow.aggregates.evolve import replay
from workflow.aggregates.policy import Policy, PolicyInForce
from workflow.aggregates.programme import (
    Programme,
    adopt_policy,
    close_programme,
    open_programme,
    programme_id,
    replay_programme,
)
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.sealed import Sealed
from workflow.errors import Conflict, NotFound
from workflow.failpoints import hit
from workflow.store.cache import Aggregate
from workflow.store.commit import Commit
from workflow.store.event_store import Staged
from workflow.store.ledger import Ledger
from workflow.store.recorded import Origin
from workflow.store.rounds import Purpose


class Transaction:
    """What a unit of work is given. A unit may run more than once, so it keeps no results outside of itself.

    ``now`` is the clock's instant, or the last recorded one where the clock fell behind it: what is recorded
    never decreases along the log. ``receipts``, ``directory``, ``waiting``, ``parked``, ``drains``,
    ``destructions``, ``rounds``, ``idempotency`` and ``reactors`` commit with the events. ``new_id`` gives ids that
    nobody has.
    """

    def __init__(self, batch: Commit, now: datetime) -> None:
        self._batch = batch
        self.now = now if batch.recorded_at is None else max(now, batch.recorded_at)
        self.new_id = batch.new_id
        self._states: dict[UUID, Aggregate] = {}
        self._staged: list[Staged] = []
        self._policies: dict[str, PolicyInForce] = {}
        self._head = batch.head
        ledger = Ledger(batch.cursor, batch.store.keys, batch.memberships, _weakly(self._lock))
        self.ledger = ledger
        self.receipts, self.directory = ledger.receipts, ledger.directory
        self.waiting, self.parked, self.drains = ledger.waiting, ledger.parked, ledger.drains
        self.destructions, self.rounds = ledger.destructions, ledger.rounds
        self.idempotency, self.reactors = ledger.idempotency, ledger.reactors

    @property
    def head(self) -> int:
        """The position of the last event so far, this unit's included."""
        return self._head

    def position(self, upstream: str) -> int:
        """The sequence up to which ``upstream`` was taken in; ``receipts.move_position`` moves it."""
        return self.receipts.position(upstream)

    def holds(self, position: int, event_id: UUID) -> bool:
        """Whether this very fact stands there: a backup may have taken the place of the log that it was read of."""
        batch = self._batch
        rows = batch.store.recorder.select_page(batch.cursor, position - 1, 1)
        found = batch.store.decode(rows)
        return bool(found) and found[0].position == position and found[0].metadata.event_id == event_id

    # --- relationships ------------------------------------------------------------------------------------

    def relationship(self, id: UUID) -> Relationship | None:
        """The relationship as it stands now, None where there is none. Not to be changed."""
        state = self._states.get(id) or self._batch.state(id)
        if state is None:
            state = replay(id, self._batch.store.replay(self._batch.cursor, id))
            if state is None:
                return None
            self._batch.states[id] = state
        return state if isinstance(state, Relationship) else None

    def foresee(self, ids: Iterable[UUID]) -> None:
        """A batch is about to ask for these relationships: have those in memory that are not, all at once."""
        batch = self._batch
        missing = [id for id in dict.fromkeys(ids) if batch.known(id) is None]
        for id, events in batch.store.replay_all(batch.cursor, missing):
            state = replay(id, events) if isinstance(events[0], RelationshipOpened) else None
            if state is not None:
                batch.foreseen[id] = state

    def decide(self, id: UUID, command: Command, origin: Origin, *, now: datetime | None = None) -> Decision:
        """Let the relationship decide, and stage what it decided.

        ``now`` is given by the clock alone, which asks what is due at the instant that it fell due. A refusal
        is raised and leaves nothing behind; the unit may go on.
        """
        state = self.relationship(id)
        if state is not None:
            programme = state.programme
        elif isinstance(command, OpenRelationship):
            self._refuse_if_taken(id)
            programme = command.programme
        else:
            raise NotFound(f"there is no relationship {id}", code="relationship_unknown")
        policy = self.policy(programme)
        hit("decide.before")
        decision = decide(state, command, id=id, now=now or self.now, policy=policy)
        hit("decide.after")
        if now is not None and now > self.now:
            self.now = now
        if decision.events:
            version = 1 if state is None else state.version + 1
            self._stage(id, version, decision.events, origin, decision.state)
        return decision

    def said_last(
        self, id: UUID, kind: type[Event], person: UUID, members: Sequence[str]
    ) -> list[str | None] | None:
        """What ``person`` said last in an event of this ``kind``, in clear, for a decision alone.

        What this commit has decided already counts; None of a member means that it is gone, or was not told. None
        where there is no such event.
        """
        batch = self._batch
        for entry in reversed([*batch.staged, *self._staged]):
            for event in reversed(entry.events) if entry.stream == id else ():
                if type(event) is kind and event.by == person:
                    return [_in_clear(getattr(event, member)) for member in members]
        for recorded in reversed(batch.store.stream_within(batch.cursor, id)):
            if recorded.kind is kind and recorded.event.by == person:
                return [batch.store.unsealed(recorded, member) for member in members]
        return None

    # --- programmes ---------------------------------------------------------------------------------------

    def programme(self, name: str) -> Programme | None:
        """The programme as it stands now, None where there is none. Not to be changed."""
        id = programme_id(name)
        state = self._states.get(id) or self._batch.state(id)
        if state is None:
            state = replay_programme(self._batch.store.replay(self._batch.cursor, id))
            if state is None:
                return None
            self._batch.states[id] = state
        return state if isinstance(state, Programme) else None

    def policy(self, programme: str) -> PolicyInForce:
        """The policy that the programme's decisions follow now."""
        policy = self._policies.get(programme)
        if policy is None:
            state = self.programme(programme)
            if state is None or state.in_force is None:
                raise NotFound("there is no programme of this name", code="programme_unknown")
            policy = self._policies[programme] = state.in_force
        return policy

    def open_programme(self, name: str, zone: str, policy: Policy, origin: Origin) -> Programme:
        """Open the programme, or adopt another policy where it is open with an older one."""
        state = self.programme(name)
        if state is None:
            self._refuse_if_taken(programme_id(name))
            return self._advance(name, None, open_programme(name, zone, policy, now=self.now), origin)
        if state.closed_at is not None:
            return state
        return self.adopt_policy(name, policy, origin)

    def adopt_policy(
        self, name: str, policy: Policy, origin: Origin, *, actor: Actor | None = None
    ) -> Programme:
        """From now on the programme follows ``policy``; what is due in its relationships is dated anew by a round."""
        state = self.known_programme(name)
        events = adopt_policy(state, policy, now=self.now, actor=actor)
        if not events:
            return state
        self.rounds.begin(name, Purpose.REDATE, origin.correlation_id, events[0].by)
        return self._advance(name, state, events, origin)

    def close_programme(self, name: str, origin: Origin, *, actor: Actor) -> Programme:
        """The programme ends; its relationships are closed by a round."""
        state = self.known_programme(name)
        events = close_programme(state, now=self.now, actor=actor)
        if not events:
            return state
        self.rounds.begin(name, Purpose.CLOSE, origin.correlation_id, actor.person)
        return self._advance(name, state, events, origin)

    def known_programme(self, name: str) -> Programme:
        """The programme as it stands now; refused where there is none."""
        state = self.programme(name)
        if state is None:
            raise NotFound("there is no programme of this name", code="programme_unknown")
        return state

    def _advance(
        self, name: str, state: Programme | None, events: tuple[Event, ...], origin: Origin
    ) -> Programme:
        version = 1 if state is None else state.version + 1
        advanced = replay_programme([*self._programme_events(name), *events])
        assert advanced is not None
        self._stage(programme_id(name), version, events, origin, advanced)
        self._policies.pop(name, None)
        return advanced

    def _programme_events(self, name: str) -> list[Event]:
        id = programme_id(name)
        staged = [*self._batch.staged, *self._staged]
        stored = self._batch.store.replay(self._batch.cursor, id)
        return stored + [event for entry in staged if entry.stream == id for event in entry.events]

    # --- inside the store ---------------------------------------------------------------------------------

    def _refuse_if_taken(self, id: UUID) -> None:
        """Nothing is opened over a stream of whatever kind: one id means one thing for ever."""
        batch = self._batch
        known = self._states.get(id) or batch.state(id)
        if known is not None or batch.store.recorder.select_stream(batch.cursor, id, limit=1):
            raise Conflict(f"something else is kept under {id}; choose another id", code="id_taken")

    def _stage(
        self, id: UUID, version: int, events: tuple[Event, ...], origin: Origin, state: Aggregate
    ) -> None:
        self._staged.append(Staged(id, version, events, origin, self.now))
        self._states[id] = state
        self._head += len(events)

    def _lock(self) -> None:
        """What is written already is changed, or all is written: from here on nobody else does."""
        self._head += self._batch.lock(self.ledger)

    def complete(self) -> None:
        """The unit ran to its end: the writer hands what it gathered to the batch."""
        self._lock()
        self.receipts.flush()
        self.directory.flush()
        batch = self._batch
        batch.states.update(self._states)
        batch.staged += self._staged
        batch.head = self._head
        if self._staged:
            batch.recorded_at = self.now if batch.recorded_at is None else max(self.now, batch.recorded_at)


def _weakly(method: Callable[[], None]) -> Callable[[], None]:
    """Calls ``method`` and does not keep whose it is, in a circle that only the garbage collector would undo."""
    found = WeakMethod(method)

    def call() -> None:
        alive = found()
        if alive is None:
            raise RuntimeError("the unit of work has ended")
        alive()

    return call


def _in_clear(member: object) -> str | None:
    return member.open_text() if isinstance(member, Sealed) else None
