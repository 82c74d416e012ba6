"""A programme: a name, a time zone, and a policy adopted in versions."""

import pytest

from tests.domain.story import AS_COORDINATOR, AS_MENTEE, AS_MENTOR, COORDINATOR, day
from workflow.aggregates import events as e
from workflow.aggregates.commands import Actor
from workflow.aggregates.policy import Policy
from workflow.aggregates.programme import (
    Programme,
    adopt_policy,
    close_programme,
    evolve_programme,
    open_programme,
    programme_id,
    replay_programme,
)
from workflow.errors import Refused

OTHER = Policy.model_validate({"silence": {"suspected_after": 1}})
THIRD = Policy.model_validate({"silence": {"suspected_after": 1.2}})


def programme(*events: e.Event) -> Programme:
    state = Programme()
    for event in (*open_programme("default", "Europe/Helsinki", Policy(), now=day(0)), *events):
        evolve_programme(state, event)
    return state


def test_it_opens_with_its_first_policy() -> None:
    events = open_programme("default", "Europe/Helsinki", Policy(), now=day(0))
    assert [type(event) for event in events] == [e.ProgrammeOpened, e.PolicyAdopted]
    state = programme()
    assert (state.name, state.zone, state.version) == ("default", "Europe/Helsinki", 2)
    assert state.in_force is not None
    assert (state.in_force.version, state.in_force.policy) == (1, Policy())


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "../etc", ""])
def test_its_zone_is_one_that_there_is(zone: str) -> None:
    with pytest.raises(Refused, match="no time zone") as refusal:
        open_programme("default", zone, Policy(), now=day(0))
    assert refusal.value.code == "zone_unknown"


def test_each_policy_is_the_next_version_and_the_one_in_force_is_not_adopted_again() -> None:
    state = programme(*adopt_policy(programme(), OTHER, now=day(1)))
    assert state.in_force is not None
    assert (state.in_force.version, state.in_force.policy) == (2, OTHER)
    assert adopt_policy(state, OTHER, now=day(2)) == ()
    (third,) = adopt_policy(state, THIRD, now=day(3))
    assert isinstance(third, e.PolicyAdopted)
    assert (third.version, third.occurred_at, third.document) == (3, day(3), THIRD)


def test_one_without_a_policy_adopts_its_first() -> None:
    (first,) = adopt_policy(Programme(), OTHER, now=day(1))
    assert isinstance(first, e.PolicyAdopted)
    assert first.version == 1


def test_it_ends_once_and_for_good() -> None:
    (ended,) = close_programme(programme(), now=day(9), actor=AS_COORDINATOR)
    assert isinstance(ended, e.ProgrammeClosed)
    assert (ended.occurred_at, ended.by) == (day(9), COORDINATOR)
    state = programme(ended)
    assert state.closed_at == day(9)
    assert close_programme(state, now=day(10), actor=AS_COORDINATOR) == ()
    with pytest.raises(Refused) as refusal:
        adopt_policy(state, OTHER, now=day(10))
    assert refusal.value.code == "programme_closed"


def test_a_coordinator_says_so_or_whoever_operates_the_service_and_no_party() -> None:
    operator = Actor(COORDINATOR, e.Role.SERVICE)
    (closed,) = close_programme(programme(), now=day(9), actor=operator)
    (adopted,) = adopt_policy(programme(), OTHER, now=day(9), actor=AS_COORDINATOR)
    assert closed.by == adopted.by == COORDINATOR
    for actor in (AS_MENTOR, AS_MENTEE):
        with pytest.raises(Refused, match="only a coordinator"):
            close_programme(programme(), now=day(9), actor=actor)
        with pytest.raises(Refused, match="only a coordinator"):
            adopt_policy(programme(), OTHER, now=day(9), actor=actor)


def test_what_a_programme_does_not_know_it_passes_over() -> None:
    state = programme(e.AgendaRevised(occurred_at=day(1), provenance=e.Provenance.INFERRED))
    assert (state.version, state.name) == (3, "default")


def test_it_is_known_again_from_what_happened_to_it_and_from_nothing_else() -> None:
    events = open_programme("default", "Europe/Helsinki", Policy(), now=day(0))
    again = replay_programme(events)
    assert again is not None
    assert (again.name, again.version, again.in_force) == ("default", 2, programme().in_force)
    assert replay_programme([]) is None
    assert replay_programme(events[1:]) is None


def test_a_name_makes_the_same_stream_for_ever() -> None:
    assert str(programme_id("default")) == PINNED
    assert programme_id("other") != programme_id("default")


PINNED = "3a194c2c-2b9c-5090-b98a-8ed956182e03"
