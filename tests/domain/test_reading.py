"""What is written in confidence: who may read it."""

import pytest

from tests.domain.story import (
    AS_COORDINATOR,
    AS_MENTEE,
    AS_MENTOR,
    AS_SECOND,
    AS_STRANGER,
    MENTEE,
    MENTOR,
    SECOND,
    Story,
    day,
    given,
    left,
    opened,
)
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.reading import check_ins_open_to, help_open_to
from workflow.errors import Refused

THREE = opened(e.Party(person=SECOND, role=e.Role.MENTOR))


def consented(*actors: c.Actor) -> tuple[c.GiveCheckInConsent, ...]:
    return tuple(c.GiveCheckInConsent(at=day(1), actor=actor) for actor in actors)


def open_to(story: Story, reader: c.Actor) -> set[object]:
    assert story.state is not None
    return set(check_ins_open_to(story.state, reader))


def test_a_party_reads_its_own_check_ins() -> None:
    assert open_to(given(THREE), AS_MENTEE) == {MENTEE}
    assert open_to(given(THREE, *consented(AS_MENTOR)), AS_MENTEE) == {MENTEE}
    assert open_to(given(THREE, *consented(AS_MENTEE)), AS_MENTEE) == {MENTEE}


def test_those_who_consent_read_each_others() -> None:
    story = given(THREE, *consented(AS_MENTEE, AS_MENTOR))
    assert open_to(story, AS_MENTEE) == open_to(story, AS_MENTOR) == {MENTEE, MENTOR}
    assert open_to(story, AS_SECOND) == {SECOND}


def test_who_has_left_reads_its_own_and_nobody_else_does() -> None:
    story = given(THREE, *consented(AS_MENTEE, AS_SECOND)).when(left(2))
    assert open_to(story, AS_SECOND) == {SECOND}
    assert open_to(story, AS_MENTEE) == {MENTEE}


@pytest.mark.parametrize(
    "reader", [AS_COORDINATOR, AS_STRANGER, c.Actor(person=MENTEE, role=e.Role.MENTOR)], ids=repr
)
def test_nobody_else_reads_any(reader: c.Actor) -> None:
    story = given(THREE, *consented(AS_MENTEE, AS_MENTOR))
    with pytest.raises(Refused):
        open_to(story, reader)


def test_a_coordinator_reads_what_help_was_asked_for_and_a_party_its_own() -> None:
    story = given(THREE).when(left(2))
    assert story.state is not None
    assert help_open_to(story.state, AS_COORDINATOR) == {MENTEE, MENTOR, SECOND}
    assert help_open_to(story.state, AS_MENTEE) == {MENTEE}
    assert help_open_to(story.state, AS_SECOND) == {SECOND}
    for reader in (AS_STRANGER, c.Actor(person=MENTEE, role=e.Role.SERVICE)):
        with pytest.raises(Refused):
            help_open_to(story.state, reader)
