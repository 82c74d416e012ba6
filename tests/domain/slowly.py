"""The domain's slow twin: every list, due and rule is worked out anew with every event, and no rule is passed over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

import workflow.aggregates.decide as deciding
from tests.domain.story import DEFAULT, PAIR, Story, everything
from workflow.aggregates import commands as c
from workflow.aggregates import evolve as evolution
from workflow.aggregates.decide import Decision, decide
from workflow.aggregates.meeting_lists import MeetingLists
from workflow.aggregates.policy import PolicyInForce
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import rules_of
from workflow.errors import Refused


@contextmanager
def slowly() -> Iterator[None]:
    """Without any of the ways by which a decision spares itself what it need not work out."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(MeetingLists, "with_change", lambda *_: None)
        patched.setattr(evolution, "_OFF_COURSE", frozenset())
        patched.setattr(deciding, "nothing_follows", lambda *_: False)
        patched.setattr(deciding, "rules_to_ask", rules_of)
        yield


class Twins(Story):
    """One relationship that is decided twice, also slowly; both have to come to the same, event for event."""

    def __init__(self, in_force: PolicyInForce = DEFAULT) -> None:
        super().__init__(in_force)
        self.slow: Relationship | None = None

    def decide(self, command: c.Command, now: datetime | None = None) -> Decision:
        """Decide and record, and compare."""
        slow, refused = None, None
        with slowly():
            try:
                slow = decide(self.slow, command, id=PAIR, now=now or command.at, policy=self.in_force)
            except Refused as refusal:
                refused = refusal.code
        try:
            decision = super().decide(command, now)
        except Refused as refusal:
            if refusal.code != refused:
                raise AssertionError(f"refused for {refusal.code}, slowly for {refused}") from refusal
            raise
        assert slow is not None
        assert _told(decision) == _told(slow)
        assert _known(decision.state) == _known(slow.state)
        self.slow = slow.state
        return decision


def _told(decision: Decision) -> tuple[list[tuple[str, str]], bool]:
    """What a decision says, down to what is stored of it."""
    return [(event.name, event.model_dump_json()) for event in decision.events], decision.stale


def _known(state: Relationship) -> dict[str, object]:
    """All of a state but which event was the last to set a course: slowly, each does."""
    return {name: value for name, value in everything(state).items() if name != "course_version"}
