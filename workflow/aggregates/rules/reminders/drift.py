"""When a relationship drifts: the mentor first, whose role is key; then everybody; then the coordinator."""

from __future__ import annotations

from collections.abc import Sequence

from workflow.aggregates.events import ReminderKind
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.measures import review_from, settled_at
from workflow.aggregates.rules.moment import Moment, days, later
from workflow.aggregates.rules.reminders.wanted import COORDINATOR, MENTORS, PARTIES, Call


def silence(state: Relationship, moment: Moment) -> Sequence[Call]:  # noqa: ARG001 a source's signature
    """Stagnation is suspected: a prompt to the mentor."""
    suspicion = state.suspicion
    if suspicion is None or suspicion.cleared:
        return ()
    return (Call(suspicion.since, ReminderKind.SILENCE, MENTORS, suspicion.since),)


def contact(state: Relationship, moment: Moment) -> Sequence[Call]:  # noqa: ARG001 as above
    """Silence has become stagnation: the coordinator is asked to make contact."""
    spell = state.spell
    if state.state is not State.STAGNATION or spell is None or spell.declared:
        return ()
    return (Call(spell.entered_at, ReminderKind.CONTACT, COORDINATOR, spell.entered_at),)


def fresh_look(state: Relationship, moment: Moment) -> Sequence[Call]:
    """A new perspective is wanted: mentors are asked at once, everybody in time, the coordinator at last."""
    if state.look_wanted_since is None or state.state is not State.STAGNATION or state.spell is None:
        return ()
    calls = []
    wanted = state.spell.entered_at
    policy = moment.policy.fresh_look
    for step, roles, after in (
        (1, MENTORS, 0),
        (2, PARTIES, policy.within_days),
        (3, COORDINATOR, policy.missing_after_days),
    ):
        due = later(state, wanted, days(after))
        if due is not None:
            calls.append(Call(due, ReminderKind.FRESH_LOOK, roles, wanted, step))
    return calls


def measures(state: Relationship, moment: Moment) -> Sequence[Call]:
    """Some time after a fresh look the pair is to look at what became of its measures."""
    if not state.looks or all(settled_at(state, measure) for measure in state.measures.values()):
        return ()
    due = review_from(state, moment)
    if due is None:
        return ()
    return (Call(due, ReminderKind.MEASURES, PARTIES, max(look_at for look_at, _ in state.looks)),)
