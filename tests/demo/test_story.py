"""The story: told by its seed alone, and with enough of everything in it."""

from __future__ import annotations

from collections import Counter

import pytest

from workflow.demo.story import Story, story
from workflow.demo.truth import truth


def wires(told: Story) -> list[bytes]:
    return [delivery.wire.body for tick in told.ticks for delivery in tick.deliveries]


def test_the_same_seed_tells_the_same_story() -> None:
    assert wires(story(3, 30, 4)) == wires(story(3, 30, 4))
    assert [tick.calls for tick in story(3, 30, 4).ticks] == [tick.calls for tick in story(3, 30, 4).ticks]


def test_another_seed_tells_another() -> None:
    assert wires(story(3, 30, 4)) != wires(story(4, 30, 4))


@pytest.mark.parametrize("seed", [7, 101])
def test_there_is_enough_of_everything(seed: int) -> None:
    told = story(seed, 300, 8)
    expected = truth(told)
    why = Counter(step.why.split(":")[0] for course in expected.courses.values() for step in course.trail)
    assert why["inferred"] + why["declared"] >= 60
    assert why["reinvigorated"] >= 20
    assert why["withdrawn"] >= 10
    dispositions = Counter(verdict.disposition for verdict in expected.verdicts)
    assert 0.03 < dispositions["duplicate"] / told.messages < 0.07
    assert 0.01 < dispositions["parked"] / told.messages < 0.03
    assert dispositions["stale"] > 20
    assert dispositions["waiting"] > 3
    outcomes = Counter(row["outcome"] for row in expected.meetings())
    failed = outcomes["cancelled"] + outcomes["missed"]
    assert 0.26 < failed / (outcomes.total() - outcomes["scheduled"]) < 0.36


def test_what_is_sent_has_happened() -> None:
    for tick in story(5, 40, 6).ticks:
        assert all(delivery.report.time <= tick.at for delivery in tick.deliveries)


def test_some_messages_come_before_their_relationship() -> None:
    told = story(5, 60, 6)
    opened = {call.relationship: tick.at for tick in told.ticks for call in tick.calls if call.kind == "open"}
    early = [
        delivery
        for tick in told.ticks
        for delivery in tick.deliveries
        if delivery.report.relationship in opened and tick.at < opened[delivery.report.relationship]
    ]
    assert early


@pytest.mark.parametrize(("relationships", "months"), [(1, 1), (2, 2), (5, 14)])
def test_a_small_or_a_long_story_is_told_as_well(relationships: int, months: int) -> None:
    told = story(7, relationships, months)
    assert len(truth(told).verdicts) == told.messages
