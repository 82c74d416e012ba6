"""Goals, and how far they have come."""

from __future__ import annotations

from workflow.aggregates import events as e
from workflow.aggregates.evolve.applier import Appliers
from workflow.aggregates.relationship import Goal, Relationship, Said


def _set(state: Relationship, event: e.GoalSet) -> None:
    state.goals = {**state.goals, event.goal: Goal(event.occurred_at)}
    _directed(state, event)


def _directed(state: Relationship, event: e.Event) -> None:
    """Setting a goal, and every look at one, gives direction."""
    known = state.directed_at
    if known is None or event.occurred_at >= known.at:
        state.directed_at = Said(event.occurred_at, state.version)


def _ended(state: Relationship, event: e.GoalAchieved | e.GoalDropped) -> None:
    if (goal := state.goals.get(event.goal)) is not None:
        state.goals = {**state.goals, event.goal: goal._replace(open=False)}
    _directed(state, event)


APPLIERS: Appliers = {
    e.GoalSet: _set,
    e.GoalReviewed: _directed,
    e.GoalRevised: _directed,
    e.GoalAchieved: _ended,
    e.GoalDropped: _ended,
}
