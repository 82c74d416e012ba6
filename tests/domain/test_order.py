"""The same facts in any order, doubled or not, make the same relationship."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as drawn
from hypothesis import strategies as st

from tests.domain.any_reports import LATER, reports
from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    Story,
    agreed,
    assert_replays,
    day,
    facts,
    given,
    measures,
    policy,
    text,
)
from workflow.aggregates import commands as c


def told(story: Story, messages: tuple[c.MeetingReport, ...]) -> Story:
    for message in messages:
        story.decide(message, now=LATER)
    assert_replays(story)
    return story


def assert_no_matter_to_an_active_relationship(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...]
) -> None:
    in_order = told(given(*agreed()), messages)
    shuffled = data.draw(st.permutations(messages))
    doubled = told(given(*agreed()), (*shuffled, *messages))
    assert in_order.state is not None
    assert doubled.state is not None
    assert facts(doubled.state) == facts(in_order.state)


def assert_no_matter_to_a_beginning(data: st.DataObject, messages: tuple[c.MeetingReport, ...]) -> None:
    """What all have signed is known before the messages, among them or after them."""
    committed, signing = agreed()[:3], agreed(cadence=14, months=3)[3:]
    none = policy(agreement={"form": "none"})
    signs = data.draw(st.booleans())
    results = []
    for order in (messages, tuple(data.draw(st.permutations(messages)))):
        story = given(*committed, in_force=none)
        split = data.draw(st.integers(0, len(order)))
        for command in (*order[:split], *(signing if signs else ())):
            story.decide(command, now=LATER)
        results.append(told(story, order[split:]))
    first, second = (result.state for result in results)
    assert first is not None
    assert second is not None
    assert (facts(second), second.topics) == (facts(first), first.topics)


def assert_no_matter_to_one_that_rests(data: st.DataObject, messages: tuple[c.MeetingReport, ...]) -> None:
    """What people do becomes known among the messages, in its own order; then months pass."""
    deeds: list[c.Command] = [
        c.Pause(at=day(12), actor=AS_MENTEE, ends_at=day(30)),
        c.SetGoal(at=day(12), actor=AS_MENTEE, goal=UUID(int=1), text=text()),
        c.MakeSupportContact(at=day(13), actor=AS_COORDINATOR),
        c.AskForHelp(at=day(14), actor=AS_MENTEE),
    ]
    results = []
    for order in (messages, tuple(data.draw(st.permutations(messages)))):
        story = given(*agreed())
        mixed: list[c.Command] = list(order)
        for place, deed in zip(
            sorted(data.draw(st.integers(0, len(order))) for _ in deeds), deeds, strict=True
        ):
            mixed.insert(place + deeds.index(deed), deed)
        for command in mixed:
            story.decide(command, now=day(14))
        assert_replays(story)
        results.append(story.pass_time(LATER))
    first, second = results
    assert first.state is not None
    assert second.state is not None
    assert facts(second.state) == facts(first.state)
    assert sorted(second.reminders()) == sorted(first.reminders())


def assert_no_matter_to_one_that_stagnates(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...], declared: bool
) -> None:
    """A fresh look, a measure done and held meetings in any order: the last to arrive moves."""
    stagnating = given(*agreed())
    if declared:
        stagnating.decide(c.DeclareStagnation(at=day(10), actor=AS_COORDINATOR))
    else:
        stagnating.pass_time(day(60))
    look = c.HoldFreshLook(at=day(62), actor=AS_MENTEE, measures=measures("call", "plan"))
    done = c.CompleteMeasure(at=day(63), actor=AS_MENTEE, measure=look.measures[0].measure)
    results = []
    for order in (messages, tuple(data.draw(st.permutations(messages)))):
        story = Story()
        assert stagnating.state is not None
        story.state, story.events = stagnating.state.fork(), list(stagnating.events)
        split = data.draw(st.integers(0, len(order)))
        after = data.draw(st.integers(split, len(order)))
        for message in order[:split]:
            story.decide(message, now=LATER)
        story.decide(look, now=LATER)
        for message in order[split:after]:
            story.decide(message, now=LATER)
        story.decide(done, now=LATER)
        results.append(told(story, order[after:]))
    first, second = (result.state for result in results)
    assert first is not None
    assert second is not None
    assert facts(second) == facts(first)


# --- a few histories with every run, many in the long form ------------------------------------------------

FEW = settings(max_examples=15, deadline=None)
MANY = settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@drawn(st.data(), reports())
def test_order_and_repetition_do_not_matter_to_an_active_relationship(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...]
) -> None:
    assert_no_matter_to_an_active_relationship(data, messages)


@FEW
@drawn(st.data(), reports())
def test_nor_where_the_first_held_meeting_concludes_the_agreement(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...]
) -> None:
    assert_no_matter_to_a_beginning(data, messages)


@FEW
@drawn(st.data(), reports())
def test_nor_among_what_people_do_nor_for_what_comes_due_then(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...]
) -> None:
    assert_no_matter_to_one_that_rests(data, messages)


@FEW
@drawn(st.data(), reports(), st.booleans())
def test_nor_to_one_that_stagnates_and_comes_back(
    data: st.DataObject, messages: tuple[c.MeetingReport, ...], declared: bool
) -> None:
    assert_no_matter_to_one_that_stagnates(data, messages, declared)


@pytest.mark.soak
@MANY
@drawn(st.data(), reports(), st.booleans())
def test_nor_do_they_in_many_more_histories(
    tell_next: Callable[[int], object],
    data: st.DataObject,
    messages: tuple[c.MeetingReport, ...],
    declared: bool,
) -> None:
    tell_next(MANY.max_examples)
    assert_no_matter_to_an_active_relationship(data, messages)
    assert_no_matter_to_a_beginning(data, messages)
    assert_no_matter_to_one_that_rests(data, messages)
    assert_no_matter_to_one_that_stagnates(data, messages, declared)
