"""How events change a relationship's state.

``evolve`` copies what an event says and can never refuse: rules may be tightened without making old
streams unreadable. It changes the state that it is given, which its caller must own (see
``Relationship.fork``).
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from workflow.aggregates.events import AgendaRevised, ConcernCleared, ConcernRaised, Event, RelationshipOpened
from workflow.aggregates.evolve import agreement, care, closure, dialogue, drift, goals, meetings
from workflow.aggregates.evolve.applier import Appliers
from workflow.aggregates.relationship import Relationship

_APPLIERS: Appliers = {
    **agreement.APPLIERS,
    **meetings.APPLIERS,
    **goals.APPLIERS,
    **dialogue.APPLIERS,
    **care.APPLIERS,
    **drift.APPLIERS,
    **closure.APPLIERS,
}

_OFF_COURSE = frozenset({*meetings.APPLIERS, ConcernRaised, ConcernCleared, AgendaRevised})
"""What becomes known of meetings, and what is only concluded from it."""


def replay(id: UUID, stream: Iterable[Event]) -> Relationship | None:
    """The state after a whole stream, None where the stream is empty or is not a relationship's."""
    events = iter(stream)
    first = next(events, None)
    if not isinstance(first, RelationshipOpened):
        return None
    state = Relationship(id)
    evolve(state, first)
    for event in events:
        evolve(state, event)
    return state


def evolve(state: Relationship, event: Event) -> None:
    """Apply one event. What it does not know, it passes over."""
    state.version += 1
    if event.dues is not None:
        state.dues = event.dues
    kind = type(event)
    if kind not in _OFF_COURSE:
        state.course_version = state.version
    applier = _APPLIERS.get(kind)
    if applier is not None:
        applier(state, event)
    if state.basis_acknowledged and state.calendar.held_ends():
        # A held meeting bears the agreement again: should it go, somebody has to look into it anew.
        state.basis_acknowledged = False
