"""What the pair says of its goals."""

from __future__ import annotations

from uuid import UUID

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.handlers.handler import Handlers, party_of, said
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.errors import Refused


def _set(state: Relationship, command: c.SetGoal, policy: PolicyInForce) -> list[e.Event]:
    party_of(state, command)
    if command.goal in state.goals:
        raise Refused("each goal needs an id of its own", code="goal_known")
    return [e.GoalSet(**said(command), goal=command.goal, text=command.text)]


def _review(state: Relationship, command: c.ReviewGoal, policy: PolicyInForce) -> list[e.Event]:
    party_of(state, command)
    _open(state, command.goal)
    if not 0 <= command.reached_percent <= 100:
        raise Refused("a goal is reached by 0 to 100 per cent", code="percent_unknown")
    return [
        e.GoalReviewed(
            **said(command), goal=command.goal, reached_percent=command.reached_percent, next=command.next
        )
    ]


def _revise(state: Relationship, command: c.ReviseGoal, policy: PolicyInForce) -> list[e.Event]:
    party_of(state, command)
    _open(state, command.goal)
    return [e.GoalRevised(**said(command), goal=command.goal, text=command.text)]


def _achieve(state: Relationship, command: c.AchieveGoal, policy: PolicyInForce) -> list[e.Event]:
    party_of(state, command)
    _open(state, command.goal)
    return [e.GoalAchieved(**said(command), goal=command.goal)]


def _drop(state: Relationship, command: c.DropGoal, policy: PolicyInForce) -> list[e.Event]:
    party_of(state, command)
    _open(state, command.goal)
    return [e.GoalDropped(**said(command), goal=command.goal)]


def _open(state: Relationship, id: UUID) -> None:
    goal = state.goals.get(id)
    if goal is None:
        raise Refused("there is no such goal in this relationship", code="goal_unknown")
    if not goal.open:
        raise Refused("the goal was achieved or dropped already", code="goal_ended")


HANDLERS: Handlers = {
    c.SetGoal: _set,
    c.ReviewGoal: _review,
    c.ReviseGoal: _revise,
    c.AchieveGoal: _achieve,
    c.DropGoal: _drop,
}
