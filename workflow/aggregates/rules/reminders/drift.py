"""When a relationship drifts: the mentor first, whose role is key; then everybody; then the coordinator."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.aggregates.events import ReminderKind
from workflow.aggregates.moves import State
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules.measures import review_from, settled_at
from workflow.aggregates.rules.moment import Moment, days, later
from workflow.aggregates.rules.reminders.wanted import COORDINATOR, MENTORS, PARTIES, Call


def silence(state: Relationship, moment: Moment) -> Iterator[Call]:  # noqa: ARG001 a source's signature
    """Stagnation is suspected: a prompt to the mentor."""
    suspicion = state.suspicion
    if suspicion is not None and not suspicion.cleared:
        yield Call(suspicion.since, ReminderKind.SILENCE, MENTORS, suspicion.since)


def contact(state: Relationship, moment: Moment) -> Iterator[Call]:  # noqa: ARG001 as above
    """Silence has become stagnation: the coordinator is asked to make contact."""
    spell = state.spell
    if state.state is State.STAGNATION and spell is not None and not spell.declared:
        yield Call(spell.entered_at, ReminderKind.CONTACT, COORDINATOR, spell.entered_at)


def fresh_look(state: Relationship, moment: Moment) -> Iterator[Call]:
    """A new perspective is wanted: mentors are asked at once, everybody in time, the coordinator at last."""
    if state.look_wanted_since is None or state.state is not State.STAGNATION or state.spell is None:
        return
    wanted = state.spell.entered_at
    policy = moment.policy.policy.fresh_look
    for step, roles, after in (
        (1, MENTORS, 0),
        (2, PARTIES, policy.within_days),
        (3, COORDINATOR, policy.missing_after_days),
    ):
        due = later(state, wanted, days(after))
        if due is not None:
            yield Call(due, ReminderKind.FRESH_LOOK, roles, wanted, step)


def measures(state: Relationship, moment: Moment) -> Iterator[Call]:
    """Some time after a fresh look the pair is to look at what became of its measures."""
    if state.looks and any(settled_at(state, measure) is None for measure in state.measures.values()):
        due = review_from(state, moment)
        if due is not None:
            yield Call(due, ReminderKind.MEASURES, PARTIES, max(look_at for look_at, _ in state.looks))
