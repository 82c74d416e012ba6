"""Stagnation, and the way back."""

from __future__ import annotations

from datetime import timedelta

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.handlers.handler import (
    Handlers,
    not_before_state,
    party_of,
    party_or_coordinator,
    said,
)
from workflow.aggregates.moves import Move, State, destination, possible
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import anchor
from workflow.errors import Refused


def _declare(state: Relationship, command: c.DeclareStagnation, policy: PolicyInForce) -> list[e.Event]:
    party_or_coordinator(state, command)
    entered = destination(state.state, Move.STAGNATE)
    not_before_state(state, command)
    last = anchor(state)
    assert last is not None  # an active relationship has an active-since
    assert state.agreement is not None  # as above
    silence, cadence = policy.policy.silence, timedelta(days=state.agreement.cadence_days)
    return [
        e.StagnationEntered(
            **said(command),
            policy=policy.version,
            declared=True,
            anchor=last,
            silent_for=silence.entered_after * cadence,
            two_meetings_within=silence.two_meetings_within * cadence,
            entered=entered,
        )
    ]


def _look(state: Relationship, command: c.HoldFreshLook, policy: PolicyInForce) -> list[e.Event]:
    party_of(state, command)
    if state.state not in (State.ACTIVE, State.STAGNATION):
        raise Refused(
            f"a fresh look belongs to an active or stagnating relationship, not to {state.state.value}",
            code="not_yet",
            possible=tuple(move.value for move in possible(state.state)),
        )
    limits = policy.policy.fresh_look
    if not limits.least_measures <= len(command.measures) <= limits.most_measures:
        raise Refused(
            f"a fresh look has {limits.least_measures} to {limits.most_measures} measures,"
            f" not {len(command.measures)}",
            code="measures_count",
        )
    ids = [measure.measure for measure in command.measures]
    if len(set(ids)) != len(ids) or any(id in state.measures for id in ids):
        raise Refused("each measure needs an id of its own", code="measure_known")
    if any(measure.who not in state.parties for measure in command.measures):
        raise Refused("a measure is taken on by a party of this relationship", code="not_a_party")
    if any(measure.by_when < command.at for measure in command.measures):
        raise Refused("the date of a measure lies before the fresh look", code="measure_date")
    return [
        e.FreshLookHeld(
            **said(command),
            policy=policy.version,
            perspective=command.perspective,
            measures=command.measures,
        )
    ]


def _review(state: Relationship, command: c.ReviewMeasures, policy: PolicyInForce) -> list[e.Event]:
    party_of(state, command)
    if not state.looks:
        raise Refused("there are no measures to review", code="measure_unknown")
    return [e.MeasuresReviewed(**said(command))]


def _complete(state: Relationship, command: c.CompleteMeasure, policy: PolicyInForce) -> list[e.Event]:
    party_of(state, command)
    measure = state.measures.get(command.measure)
    if measure is None:
        raise Refused("there is no such measure in this relationship", code="measure_unknown")
    if measure.done_at is not None:
        return []
    return [e.MeasureCompleted(**said(command), measure=command.measure)]


def _drop(state: Relationship, command: c.DropMeasure, policy: PolicyInForce) -> list[e.Event]:
    party = party_of(state, command)
    measure = state.measures.get(command.measure)
    if measure is None:
        raise Refused("there is no such measure in this relationship", code="measure_unknown")
    if measure.done_at is not None:
        raise Refused("the measure is done already", code="measure_done")
    if party in dict(measure.dropped):
        return []
    return [e.MeasureDropped(**said(command), measure=command.measure, party=party)]


HANDLERS: Handlers = {
    c.DeclareStagnation: _declare,
    c.HoldFreshLook: _look,
    c.ReviewMeasures: _review,
    c.CompleteMeasure: _complete,
    c.DropMeasure: _drop,
}
