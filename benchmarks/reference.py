"""What has to come of the messages, whichever way they are taken in: worked out by the domain alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from benchmarks.workload import POLICY, Workload, beginnings
from workflow.aggregates.decide import decide
from workflow.aggregates.relationship import Relationship
from workflow.consumers.meetings.contract import MEETING_MESSAGE
from workflow.consumers.meetings.translate import command_of
from workflow.demo.cast import START

Standing = dict[UUID, tuple[Any, ...]]
"""How each relationship stands, and after how many events."""


def reference(work: Workload) -> Standing:
    """Decide everything in memory."""
    states: dict[UUID, Relationship] = {}
    for pair in work.pairs:
        for command in beginnings(pair):
            states[pair.relationship] = decide(
                states.get(pair.relationship), command, id=pair.relationship, now=START, policy=POLICY
            ).state
    for sent in work.messages:
        told = MEETING_MESSAGE.validate_json(sent.body)
        id = sent.relationship
        states[id] = decide(
            states[id], command_of(told, work.persons), id=id, now=work.now, policy=POLICY
        ).state
    return standing(states.values())


def standing(states: Iterable[Relationship]) -> Standing:
    """How relationships stand."""
    return {
        state.id: (
            state.version,
            state.state,
            state.active_since,
            state.calendar.meetings(),
            state.concerns,
            state.suspicion,
            state.spell,
            state.dues,
        )
        for state in states
    }


def check(found: Standing, expected: Standing, who: str) -> None:
    """Refuse to report a rate of something that came out otherwise."""
    differing = [id for id in expected.keys() | found.keys() if found.get(id) != expected.get(id)]
    if differing:
        raise SystemExit(f"{who}: {len(differing)} of {len(expected)} relationships stand otherwise")
