"""Pauses, support contacts, and what was destroyed."""

from __future__ import annotations

from datetime import datetime

from workflow.aggregates import events as e
from workflow.aggregates.evolve.applier import Appliers
from workflow.aggregates.relationship import Destruction, Pause, Relationship


def _paused(state: Relationship, event: e.Paused) -> None:
    state.pauses = (*state.pauses, Pause(event.occurred_at, event.ends_at))


def _resumed(state: Relationship, event: e.Resumed) -> None:
    if state.pauses:
        *before, pause = state.pauses
        said_at = event.occurred_at if event.provenance is e.Provenance.SELF_REPORTED else None
        state.pauses = (*before, pause._replace(resumed_at=event.occurred_at, said_at=said_at))


def _resumption_revised(state: Relationship, event: e.ResumptionRevised) -> None:
    state.pauses = tuple(_revised(pause, event.paused_at, event.instant) for pause in state.pauses)


def _revised(pause: Pause, paused_at: datetime, instant: datetime | None) -> Pause:
    return pause._replace(resumed_at=instant) if pause.since == paused_at else pause


def _contacted(state: Relationship, event: e.SupportContactMade) -> None:
    known = state.contacted_at
    latest = event.occurred_at if known is None else max(known, event.occurred_at)
    state.contacted_at = latest
    state.help_asked = tuple(asked for asked in state.help_asked if latest < asked.at)
    if (e.ConcernCode.BASIS_WITHDRAWN, None) in state.concerns:
        state.basis_acknowledged = True


def _destruction_requested(state: Relationship, event: e.DestructionRequested) -> None:
    known = state.destroyed.get(event.person)
    identities = event.identities or (known is not None and known.identities)
    state.destroyed = {**state.destroyed, event.person: Destruction(identities)}


def _destroyed(state: Relationship, event: e.Destroyed) -> None:
    state.destroyed = {**state.destroyed, event.person: Destruction(event.identities, done=True)}


APPLIERS: Appliers = {
    e.Paused: _paused,
    e.Resumed: _resumed,
    e.ResumptionRevised: _resumption_revised,
    e.SupportContactMade: _contacted,
    e.DestructionRequested: _destruction_requested,
    e.Destroyed: _destroyed,
}
