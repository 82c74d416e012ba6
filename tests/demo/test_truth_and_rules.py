"""The demonstration's own model goes the same way as the service's rules, at every step."""

from __future__ import annotations

import pytest

from tests.demo.mirrored import Mirrored
from workflow.demo.story import story
from workflow.demo.truth import truth


@pytest.mark.parametrize("seed", [8, 9])
def test_the_model_and_the_rules_go_the_same_way(seed: int) -> None:
    assert truth(story(seed, 60, 8), Mirrored).verdicts
