"""What people ask of a relationship: who may, when, and which events it becomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.moves import Move, State, destination, possible
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import anchor
from workflow.errors import Refused

Asked = TypeVar("Asked", bound=c.Command)
_PARTIES = (e.Role.MENTOR, e.Role.MENTEE)


def do(state: Relationship, command: c.Command, *, now: datetime, policy: PolicyInForce) -> list[e.Event]:
    """The events that a command becomes; an empty list where what it asks for has already happened."""
    if command.at > now:
        raise Refused("what is reported lies in the future", code="in_the_future")
    if not isinstance(command, c.OpenRelationship):
        if state.state is State.CLOSURE:
            raise Refused("the relationship is closed; nothing more can be done in it", code="closed")
        if command.at < state.opened_at:
            raise Refused("what is reported lies before the relationship was opened", code="before_opening")
    return _DOERS[type(command)](state, command, policy)


def _open(state: Relationship, command: c.OpenRelationship, policy: PolicyInForce) -> list[e.Event]:
    roles = [party.role for party in command.parties]
    if any(role not in roles for role in _PARTIES):
        raise Refused("a relationship needs at least one mentor and one mentee", code="side_missing")
    if any(role not in _PARTIES for role in roles):
        raise Refused("a party is a mentor or a mentee", code="role_unknown")
    if len({party.person for party in command.parties}) != len(command.parties):
        raise Refused("a person can be only one party of a relationship", code="same_person")
    return [
        e.RelationshipOpened(
            **_said(command), programme=command.programme, zone=command.zone, parties=command.parties
        )
    ]


def _confirm(state: Relationship, command: c.ConfirmCommitment, policy: PolicyInForce) -> list[e.Event]:
    party = _party(state, command)
    if party in state.committed:
        return []
    complete = state.state is State.ONBOARDING and set(state.parties) == state.committed | {party}
    entered = destination(state.state, Move.COMPLETE_ONBOARDING) if complete else None
    return [e.CommitmentConfirmed(**_said(command), party=party, entered=entered)]


def _draft(state: Relationship, command: c.DraftAgreement, policy: PolicyInForce) -> list[e.Event]:
    _party_or_coordinator(state, command)
    defaults = policy.policy.agreement
    version = state.draft.version + 1 if state.draft is not None else 1
    return [
        e.AgreementDrafted(
            **_said(command),
            policy=policy.version,
            version=version,
            cadence_days=command.cadence_days if command.cadence_days is not None else defaults.cadence_days,
            duration_months=(
                command.duration_months if command.duration_months is not None else defaults.duration_months
            ),
            topics=command.topics,
        )
    ]


def _sign(state: Relationship, command: c.SignAgreement, policy: PolicyInForce) -> list[e.Event]:
    party = _party(state, command)
    if state.draft is None:
        raise Refused("no agreement has been drafted yet", code="no_draft")
    if command.version != state.draft.version:
        raise Refused(
            f"version {command.version} is not the current one; that is version {state.draft.version}",
            code="not_current_version",
        )
    if party in state.signed:
        return []
    return [
        e.AgreementSigned(
            **_said(command),
            policy=policy.version,
            party=party,
            version=command.version,
            form=policy.policy.agreement.form,
        )
    ]


def _declare(state: Relationship, command: c.DeclareStagnation, policy: PolicyInForce) -> list[e.Event]:
    _party_or_coordinator(state, command)
    entered = destination(state.state, Move.STAGNATE)
    _not_before_state(state, command)
    last = anchor(state)
    assert last is not None  # an active relationship has an active-since
    assert state.agreement is not None  # as above
    silence, cadence = policy.policy.silence, timedelta(days=state.agreement.cadence_days)
    return [
        e.StagnationEntered(
            **_said(command),
            policy=policy.version,
            declared=True,
            anchor=last,
            silent_for=silence.entered_after * cadence,
            two_meetings_within=silence.two_meetings_within * cadence,
            entered=entered,
        )
    ]


def _look(state: Relationship, command: c.HoldFreshLook, policy: PolicyInForce) -> list[e.Event]:
    _party(state, command)
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
    return [
        e.FreshLookHeld(
            **_said(command),
            policy=policy.version,
            perspective=command.perspective,
            measures=command.measures,
        )
    ]


def _complete(state: Relationship, command: c.CompleteMeasure, policy: PolicyInForce) -> list[e.Event]:
    _party(state, command)
    measure = state.measures.get(command.measure)
    if measure is None:
        raise Refused("there is no such measure in this relationship", code="measure_unknown")
    if measure.done_at is not None:
        return []
    return [e.MeasureCompleted(**_said(command), measure=command.measure)]


def _drop(state: Relationship, command: c.DropMeasure, policy: PolicyInForce) -> list[e.Event]:
    party = _party(state, command)
    measure = state.measures.get(command.measure)
    if measure is None:
        raise Refused("there is no such measure in this relationship", code="measure_unknown")
    if measure.done_at is not None:
        raise Refused("the measure is done already", code="measure_done")
    if party in dict(measure.dropped):
        return []
    return [e.MeasureDropped(**_said(command), measure=command.measure, party=party)]


def _close(state: Relationship, command: c.Close, policy: PolicyInForce) -> list[e.Event]:
    _party_or_coordinator(state, command)
    entered = destination(state.state, Move.CLOSE)
    _not_before_state(state, command)
    cleared: list[e.Event] = [
        e.ConcernCleared(**_said(command), code=code, subject=subject)
        for code, subject in sorted(state.concerns, key=lambda key: (key[0], key[1] or ""))
    ]
    return [
        e.Closed(
            **_said(command),
            policy=policy.version,
            manner=command.manner,
            reason=command.reason,
            entered=entered,
        ),
        *cleared,
    ]


def _said(command: c.Command) -> dict[str, Any]:
    """The members that every event of a person's command shares."""
    return {
        "occurred_at": command.at,
        "by": command.actor.person if command.actor is not None else None,
        "provenance": e.Provenance.SELF_REPORTED,
    }


def _party(state: Relationship, command: c.Command) -> UUID:
    actor = command.actor
    if actor is None or state.parties.get(actor.person) is not actor.role:
        raise Refused("only a party of this relationship can do this, in its own role", code="not_a_party")
    return actor.person


def _party_or_coordinator(state: Relationship, command: c.Command) -> None:
    if command.actor is None or command.actor.role is not e.Role.COORDINATOR:
        _party(state, command)


def _not_before_state(state: Relationship, command: c.Command) -> None:
    if command.at < state.entered_at:
        raise Refused(
            f"a move lies before the present state ({state.state.value}) was entered", code="before_state"
        )


_DOERS: dict[type[c.Command], Callable[[Relationship, Any, PolicyInForce], list[e.Event]]] = {
    c.OpenRelationship: _open,
    c.ConfirmCommitment: _confirm,
    c.DraftAgreement: _draft,
    c.SignAgreement: _sign,
    c.DeclareStagnation: _declare,
    c.HoldFreshLook: _look,
    c.CompleteMeasure: _complete,
    c.DropMeasure: _drop,
    c.Close: _close,
}
