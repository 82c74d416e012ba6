"""Opening, commitment, and the agreement."""

from __future__ import annotations

from workflow.aggregates import events as e
from workflow.aggregates.evolve.applier import Appliers, enter
from workflow.aggregates.relationship import Agreement, Draft, Left, Relationship

_OPEN = list(e.Visibility).index
"""How far a topic is open to others."""


def _opened(state: Relationship, event: e.RelationshipOpened) -> None:
    state.programme, state.zone = event.programme, event.zone
    state.opened_at = state.entered_at = event.occurred_at
    state.state = event.entered
    state.set_parties({party.person: party.role for party in event.parties}, {})


def _step_completed(state: Relationship, event: e.OnboardingStepCompleted) -> None:
    state.steps |= {event.step}
    _onboard(state, event)


def _committed(state: Relationship, event: e.CommitmentConfirmed) -> None:
    state.committed |= {event.party}
    _onboard(state, event)


def _onboard(
    state: Relationship,
    event: e.OnboardingStepCompleted | e.CommitmentConfirmed | e.PartyLeft | e.OnboardingCompleted,
) -> None:
    if event.entered is not None:
        state.onboarded_at = event.occurred_at
        enter(state, event.entered, event.occurred_at)


def _left(state: Relationship, event: e.PartyLeft) -> None:
    staying = dict(state.parties)
    role = staying.pop(event.party, None)
    if role is not None:
        state.set_parties(staying, {**state.left, event.party: Left(role, event.occurred_at)})
    state.committed -= {event.party}
    state.check_ins = {party: given for party, given in state.check_ins.items() if party != event.party}
    state.consents -= {event.party}
    _onboard(state, event)


def _drafted(state: Relationship, event: e.AgreementDrafted) -> None:
    state.draft = Draft(event.version, event.cadence_days, event.duration_months)
    state.signed = {}
    state.drafted_topics = {topic.topic: topic.visibility for topic in event.topics}
    if state.agreement is None:
        state.topics = state.drafted_topics


def _signed(state: Relationship, event: e.AgreementSigned) -> None:
    if state.draft is not None and event.version == state.draft.version:
        state.signed = {**state.signed, event.party: event.occurred_at}


def _concluded(state: Relationship, event: e.AgreementConcluded) -> None:
    by_meeting = event.version is None
    state.agreement = _in_force(state, event, by_meeting=by_meeting)
    state.active_since = event.occurred_at
    enter(state, event.entered, event.occurred_at)


def _amended(state: Relationship, event: e.AgreementAmended) -> None:
    by_meeting = state.agreement is not None and state.agreement.by_meeting
    state.agreement = _in_force(state, event, by_meeting=by_meeting)
    state.amended_at = event.occurred_at
    state.topics = state.drafted_topics


def _in_force(
    state: Relationship, event: e.AgreementConcluded | e.AgreementAmended, *, by_meeting: bool
) -> Agreement:
    """What stands from now on; its duration, in facts from before that was told, is what was drafted by then."""
    months = event.duration_months
    if months is None and state.draft is not None:
        months = state.draft.duration_months
    return Agreement(event.version, event.cadence_days, months, event.term_ends_at, by_meeting)


def _reclassified(state: Relationship, event: e.TopicReclassified) -> None:
    """In what is drafted too: what was written down before opens nothing that has been closed since."""
    if event.topic in state.topics:
        state.topics = {**state.topics, event.topic: event.visibility}
    drafted = state.drafted_topics.get(event.topic)
    if drafted is not None:
        state.drafted_topics = {
            **state.drafted_topics,
            event.topic: min(drafted, event.visibility, key=_OPEN),
        }


APPLIERS: Appliers = {
    e.RelationshipOpened: _opened,
    e.OnboardingStepCompleted: _step_completed,
    e.CommitmentConfirmed: _committed,
    e.OnboardingCompleted: _onboard,
    e.PartyLeft: _left,
    e.AgreementDrafted: _drafted,
    e.AgreementSigned: _signed,
    e.AgreementConcluded: _concluded,
    e.AgreementAmended: _amended,
    e.TopicReclassified: _reclassified,
}
