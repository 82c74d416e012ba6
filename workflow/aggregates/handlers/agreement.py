"""Beginnings: opening, onboarding, and the agreement."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from uuid import UUID

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.handlers.handler import (
    Handlers,
    once_a_party_or_coordinator,
    ones_own,
    party_of,
    party_or_coordinator,
    said,
)
from workflow.aggregates.moves import Move, State, destination
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.errors import Refused

_PARTIES = (e.Role.MENTOR, e.Role.MENTEE)


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
            **said(command),
            programme=command.programme,
            zone=command.zone,
            parties=command.parties,
            continues=command.continues,
        )
    ]


def _step(state: Relationship, command: c.CompleteOnboardingStep, policy: PolicyInForce) -> list[e.Event]:
    party_or_coordinator(state, command)
    asked_for = policy.policy.onboarding.steps
    if command.step not in asked_for:
        raise Refused(
            f"the programme asks for no such step; it asks for: {', '.join(asked_for) or 'none'}",
            code="step_unknown",
        )
    if command.step in state.steps:
        return []
    entered = _onboarded(state, policy, steps=state.steps | {command.step})
    return [
        e.OnboardingStepCompleted(**said(command), policy=policy.version, step=command.step, entered=entered)
    ]


def _confirm(state: Relationship, command: c.ConfirmCommitment, policy: PolicyInForce) -> list[e.Event]:
    party = party_of(state, command)
    if party in state.committed:
        return []
    entered = _onboarded(state, policy, committed=state.committed | {party})
    return [e.CommitmentConfirmed(**said(command), policy=policy.version, party=party, entered=entered)]


def _onboarded(
    state: Relationship,
    policy: PolicyInForce,
    *,
    parties: AbstractSet[UUID] | None = None,
    committed: AbstractSet[UUID] | None = None,
    steps: AbstractSet[str] | None = None,
) -> State | None:
    """The state that is entered once every party has committed itself and every step was taken."""
    needed = set(state.parties) if parties is None else parties
    done = state.committed if committed is None else committed
    taken = state.steps if steps is None else steps
    complete = needed <= done and taken >= set(policy.policy.onboarding.steps)
    if state.state is not State.ONBOARDING or not complete:
        return None
    return destination(state.state, Move.COMPLETE_ONBOARDING)


def _identify(state: Relationship, command: c.AddIdentity, policy: PolicyInForce) -> list[e.Event]:
    party_or_coordinator(state, command)
    if command.person not in state.parties:
        raise Refused("this person is no party of the relationship", code="not_a_party")
    ones_own(command, command.person, "a party says itself, or a coordinator, by what others know it")
    if command.known:
        return []
    return [e.IdentityAdded(**said(command), person=command.person, identity=command.identity)]


def _forget(state: Relationship, command: c.RemoveIdentity, policy: PolicyInForce) -> list[e.Event]:
    once_a_party_or_coordinator(state, command)
    if state.role(command.person) is None:
        raise Refused("this person is no party of the relationship", code="not_a_party")
    ones_own(command, command.person, "a party says itself, or a coordinator, by what others know it")
    if not command.known:
        return []
    return [e.IdentityRemoved(**said(command), person=command.person, identity=command.identity)]


def _leave(state: Relationship, command: c.LeaveRelationship, policy: PolicyInForce) -> list[e.Event]:
    party_or_coordinator(state, command)
    role = state.parties.get(command.party)
    if role is None:
        raise Refused("this person is no party of the relationship", code="not_a_party")
    ones_own(command, command.party, "a party says itself, or a coordinator, that it leaves")
    if len(state.persons(role)) == 1:
        raise Refused(
            f"the only {role.value} cannot leave; close the relationship, or open one that `continues` it",
            code="last_of_role",
        )
    staying = set(state.parties) - {command.party}
    entered = _onboarded(state, policy, parties=staying)
    return [
        e.PartyLeft(**said(command), policy=policy.version, party=command.party, role=role, entered=entered)
    ]


def _draft(state: Relationship, command: c.DraftAgreement, policy: PolicyInForce) -> list[e.Event]:
    party_or_coordinator(state, command)
    if len({topic.topic for topic in command.topics}) != len(command.topics):
        raise Refused("one topic stands twice in the agreement", code="topic_twice")
    defaults = policy.policy.agreement
    version = state.draft.version + 1 if state.draft is not None else 1
    return [
        e.AgreementDrafted(
            **said(command),
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
    party = party_of(state, command)
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
            **said(command),
            policy=policy.version,
            party=party,
            version=command.version,
            form=policy.policy.agreement.form,
        )
    ]


def _reclassify(state: Relationship, command: c.ReclassifyTopic, policy: PolicyInForce) -> list[e.Event]:
    """To fewer at once, for nobody is harmed by it; to more only by an amendment that all sign."""
    party_of(state, command)
    now = state.topics.get(command.topic)
    if now is None:
        raise Refused("the agreement in force has no such topic", code="topic_unknown")
    if command.visibility is now:
        return []
    order = list(e.Visibility)
    if order.index(command.visibility) > order.index(now):
        raise Refused(
            "a topic is opened to more only by an amendment that every party signs", code="topic_opened"
        )
    return [e.TopicReclassified(**said(command), topic=command.topic, visibility=command.visibility)]


HANDLERS: Handlers = {
    c.OpenRelationship: _open,
    c.CompleteOnboardingStep: _step,
    c.ConfirmCommitment: _confirm,
    c.AddIdentity: _identify,
    c.RemoveIdentity: _forget,
    c.LeaveRelationship: _leave,
    c.DraftAgreement: _draft,
    c.SignAgreement: _sign,
    c.ReclassifyTopic: _reclassify,
}
