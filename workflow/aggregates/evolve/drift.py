"""Concerns, stagnation, and the way back."""

from __future__ import annotations

from workflow.aggregates import events as e
from workflow.aggregates.evolve.applier import Appliers, enter
from workflow.aggregates.moves import Move, State
from workflow.aggregates.relationship import MeasureState, OpenConcern, Relationship, Spell, Suspicion


def _concern_raised(state: Relationship, event: e.ConcernRaised) -> None:
    state.concerns = {**state.concerns, (event.code, event.subject): OpenConcern(event.since)}


def _concern_cleared(state: Relationship, event: e.ConcernCleared) -> None:
    cleared = event.code, event.subject
    state.concerns = {key: concern for key, concern in state.concerns.items() if key != cleared}


def _suspected(state: Relationship, event: e.StagnationSuspected) -> None:
    state.suspicion = Suspicion(event.occurred_at, state.version)


def _suspicion_cleared(state: Relationship, event: e.SuspicionCleared) -> None:
    if state.suspicion is not None:
        state.suspicion = state.suspicion._replace(cleared=True)


def _stagnated(state: Relationship, event: e.StagnationEntered) -> None:
    withdrawn = state.spell is not None and state.spell.withdrawn
    known = event.silent_for, event.two_meetings_within
    state.spell = Spell(event.occurred_at, event.declared, *known, state.version)
    if state.look_wanted_since is None or withdrawn:
        state.look_wanted_since = event.occurred_at
    enter(state, event.entered, event.occurred_at)


def _stagnation_withdrawn(state: Relationship, event: e.StagnationWithdrawn) -> None:
    _withdraw_spell(state)
    enter(state, event.entered, state.active_since or state.entered_at)


def _withdraw_spell(state: Relationship) -> None:
    if state.spell is not None:
        state.spell = state.spell._replace(ended_at=None, withdrawn=True)


def _looked(state: Relationship, event: e.FreshLookHeld) -> None:
    state.looks = (*state.looks, (event.occurred_at, state.version))
    written = {one.measure: MeasureState(event.occurred_at, one.by_when) for one in event.measures}
    state.measures = {**state.measures, **written}
    if state.look_wanted_since is not None and event.occurred_at >= state.look_wanted_since:
        state.look_wanted_since = None


def _measures_reviewed(state: Relationship, event: e.MeasuresReviewed) -> None:
    known = state.reviewed_at
    state.reviewed_at = event.occurred_at if known is None else max(known, event.occurred_at)


def _measure_done(state: Relationship, event: e.MeasureCompleted) -> None:
    if (measure := state.measures.get(event.measure)) is not None:
        state.measures = {**state.measures, event.measure: measure._replace(done_at=event.occurred_at)}


def _measure_dropped(state: Relationship, event: e.MeasureDropped) -> None:
    if (measure := state.measures.get(event.measure)) is not None:
        dropped = (*measure.dropped, (event.party, event.occurred_at))
        state.measures = {**state.measures, event.measure: measure._replace(dropped=dropped)}


def _reinvigorated(state: Relationship, event: e.Reinvigorated) -> None:
    if state.spell is not None:
        state.spell = state.spell._replace(ended_at=event.occurred_at)
    enter(state, event.entered, event.occurred_at)


def _revised(state: Relationship, event: e.MoveRevised) -> None:
    if event.move is Move.CONCLUDE_AGREEMENT:
        state.active_since = event.instant
        if event.instant is None:
            state.agreement = state.amended_at = None
        elif state.agreement is not None and event.term_ends_at is not None:
            state.agreement = state.agreement._replace(term_ends_at=event.term_ends_at)
    elif event.move is Move.STAGNATE:
        _withdraw_spell(state)
    elif state.spell is not None:
        state.spell = state.spell._replace(ended_at=event.instant, withdrawn=False)
    spell, entered = state.spell, event.entered or state.state
    since = {
        State.AGREEMENT: state.onboarded_at,
        State.ACTIVE: (spell and spell.ended_at) or state.active_since,
        State.STAGNATION: spell and spell.entered_at,
    }
    enter(state, entered, since.get(entered) or state.entered_at)


APPLIERS: Appliers = {
    e.ConcernRaised: _concern_raised,
    e.ConcernCleared: _concern_cleared,
    e.StagnationSuspected: _suspected,
    e.SuspicionCleared: _suspicion_cleared,
    e.StagnationEntered: _stagnated,
    e.StagnationWithdrawn: _stagnation_withdrawn,
    e.FreshLookHeld: _looked,
    e.MeasuresReviewed: _measures_reviewed,
    e.MeasureCompleted: _measure_done,
    e.MeasureDropped: _measure_dropped,
    e.Reinvigorated: _reinvigorated,
    e.MoveRevised: _revised,
}
