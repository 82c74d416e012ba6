"""Arbitrary commands at arbitrary times: nothing but the domain's own refusals, and replay equals life."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.domain.any_life import FEW, AnyLife, live_many
from workflow.aggregates import commands as c
from workflow.aggregates.policy import Policy, PolicyInForce

POLICIES: tuple[dict[str, dict[str, object]], ...] = (
    {},
    {"agreement": {"form": "none"}},
    {"agreement": {"form": "oral", "cadence_days": 7}, "concerns": {"too_early_days": 40}},
    {"onboarding": {"steps": ["training"]}, "reminders": {"one_in_days": 1, "most_per_episode": 1}},
    {"silence": {"suspected_after": 0.5, "entered_after": 0.6}, "pauses": {"longest_days": 5}},
)


class UnderAnyPolicies(AnyLife):
    """Any life in a programme that adopts another policy now and then."""

    @rule(sections=st.sampled_from(POLICIES))
    def adopt(self, sections: dict[str, dict[str, object]]) -> None:
        known = self.story.in_force.version
        self.story.in_force = PolicyInForce(version=known + 1, policy=Policy.model_validate(sections))
        self.ask(c.FollowPolicy(at=self.now))


TestAnyLife = UnderAnyPolicies.TestCase
TestAnyLife.settings = FEW


@pytest.mark.soak
def test_many_more_lives(tell_next: Callable[[int], object]) -> None:
    live_many(UnderAnyPolicies, tell_next)
