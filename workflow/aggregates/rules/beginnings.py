"""Beginnings: an onboarding of which less is asked, and those that do not come about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from workflow.aggregates.events import Event, OnboardingCompleted, Provenance
from workflow.aggregates.moves import Move, State, destination
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.moment import Moment, days, later


def complete_onboarding(state: Relationship, moment: Moment) -> Sequence[Event]:
    """A policy that asks for less may find that nothing is left to wait for; else the last command says so itself."""
    if state.state is not State.ONBOARDING or not state.committed.issuperset(state.parties):
        return ()
    if not state.steps.issuperset(moment.policy.onboarding.steps):
        return ()
    completed = OnboardingCompleted(
        occurred_at=moment.at,
        provenance=Provenance.INFERRED,
        policy=moment.policy_version,
        entered=destination(state.state, Move.COMPLETE_ONBOARDING),
    )
    return (completed,)


def no_first_meeting_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the first meeting is missed; None once one is booked or was."""
    if state.calendar.any_meeting():
        return None
    return later(state, state.opened_at, days(moment.policy.onboarding.no_first_meeting_days))


def stuck_from(state: Relationship, moment: Moment) -> datetime | None:
    """When the pair counts as stuck; None once its agreement stands."""
    if state.state not in (State.ONBOARDING, State.AGREEMENT):
        return None
    return later(state, state.opened_at, days(moment.policy.onboarding.stuck_after_days))
