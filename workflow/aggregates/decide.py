"""Deciding: a state, a command and a policy in; events out. Holds every rule and touches nothing."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.evolve import evolve
from workflow.aggregates.handlers import handle
from workflow.aggregates.handlers.meetings import report
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import Moment, rules_to_ask
from workflow.aggregates.rules.agenda import agenda, agenda_with_bookings
from workflow.aggregates.rules.quiet import nothing_follows
from workflow.errors import NotFound, Refused


class Decision(NamedTuple):
    """What was decided, and the state once it is recorded.

    ``stale``: a report that changed nothing that stands. It may still have left an event behind, where
    what it says could matter once more is known.
    """

    events: tuple[e.Event, ...]
    state: Relationship
    stale: bool = False


_ROUNDS = 8
_ANEW = (c.PassTime, c.FollowPolicy)
_ENDS = (e.ConcernRaised, e.ConcernCleared)


def decide(
    state: Relationship | None, command: c.Command, *, id: UUID, now: datetime, policy: PolicyInForce
) -> Decision:
    """What ``command`` leads to. Raises ``Refused`` where the rules say no; ``state`` is never changed."""
    if isinstance(command, c.OpenRelationship):
        if state is not None:
            raise Refused(f"relationship {id} is already open", code="already_open")
        fork = Relationship(id)
    elif state is None:
        raise NotFound(f"there is no relationship {id}")
    else:
        fork = state.fork()

    stale = False
    anew = isinstance(command, _ANEW)
    events: list[e.Event] = []
    if isinstance(command, c.MeetingReport):
        found, stale = report(fork, command)
        events = [found] if found is not None else []
    elif not anew:
        events = handle(fork, command, now=now, policy=policy)
    for event in events:
        evolve(fork, event)

    moment = Moment(now, now, False, policy.version, policy.policy)
    if isinstance(command, c.PassTime):
        moment = Moment(command.at, command.now, True, policy.version, policy.policy)
    if events or anew:
        if state is not None and nothing_follows(state, fork, moment):
            _date(fork, events, moment, agenda_with_bookings(fork, moment))
        else:
            _follow(fork, events, moment)
            _date(fork, events, moment, agenda(fork, moment))
        fork.asked = moment
    return Decision(tuple(events), fork, stale)


def _follow(state: Relationship, events: list[e.Event], moment: Moment) -> None:
    """Ask the rules until nothing more follows: what one brings about may concern one asked before it.

    Of concerns alone nothing follows but reminders, which are asked for after them.
    """
    for _ in range(_ROUNDS):
        known = len(events)
        for rule in rules_to_ask(state, moment):
            for event in rule(state, moment):
                evolve(state, event)
                events.append(event)
        if len(events) == known or all(isinstance(event, _ENDS) for event in events[known:]):
            return
    raise RuntimeError("the rules of a relationship run in a circle")


def _date(
    state: Relationship, events: list[e.Event], moment: Moment, dues: dict[e.DueKind, datetime]
) -> None:
    """Write the agenda into the last event where it has changed; alone where nothing else happened."""
    if dues == state.dues:
        return
    state.dues = dues
    if events:
        # Nobody has seen the event yet, and a copy of it would cost as much as making it did.
        events[-1].__dict__["dues"] = dues
        events[-1].__pydantic_fields_set__.add("dues")
        return
    revised = e.AgendaRevised(
        occurred_at=moment.at, provenance=e.Provenance.INFERRED, policy=moment.policy_version, dues=dues
    )
    evolve(state, revised)
    events.append(revised)
