"""The time in each state, with moves that are shifted or withdrawn later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.projections.facts import (
    MENTOR,
    OTHER,
    PAIR,
    Log,
    closed,
    concluded,
    day,
    fold,
    onboarded,
    opened,
    reinvigorated,
    revised,
    stagnated,
    withdrawn,
)
from workflow.aggregates.events import (
    Event,
    OnboardingCompleted,
    OnboardingStepCompleted,
    PartyLeft,
    Provenance,
)
from workflow.aggregates.moves import Move, State
from workflow.projections import journey
from workflow.projections.rows.storage import Kept

Stay = tuple[str, datetime, datetime | None, bool]
ACTIVE = (opened(), onboarded(1), concluded(2))


@pytest.fixture
def stays(kept: Kept) -> Callable[..., list[Stay]]:
    def folded(*events: Event) -> list[Stay]:
        views = fold(Log(twice=True).add(*events), kept)
        with views.reading() as connection:
            found = journey.stays(connection, PAIR)
        views.close()
        return [(stay["state"], stay["entered_at"], stay["left_at"], stay["withdrawn"]) for stay in found]

    return folded


def standing(stays: list[Stay]) -> list[tuple[str, datetime, datetime | None]]:
    return [(state, entered, left) for state, entered, left, withdrawn in stays if not withdrawn]


def test_each_stay_ends_where_the_next_begins(stays: Callable[..., list[Stay]]) -> None:
    assert standing(stays(*ACTIVE, closed(90))) == [
        ("onboarding", day(0), day(1)),
        ("agreement", day(1), day(2)),
        ("active", day(2), day(90)),
        ("closure", day(90), None),
    ]


@pytest.mark.parametrize(
    "last",
    [
        onboarded(1),
        OnboardingCompleted(occurred_at=day(1), provenance=Provenance.INFERRED),
        OnboardingStepCompleted(
            occurred_at=day(1),
            provenance=Provenance.SELF_REPORTED,
            step="introduction",
            entered=State.AGREEMENT,
        ),
        PartyLeft(
            occurred_at=day(1), provenance=Provenance.SELF_REPORTED, party=MENTOR, entered=State.AGREEMENT
        ),
    ],
    ids=lambda event: event.name,
)
def test_whatever_completes_the_onboarding_makes_that_move(last: Event, kept: Kept) -> None:
    views = fold(Log(twice=True).add(opened(), last), kept)
    with views.reading() as connection:
        assert [stay["move"] for stay in journey.stays(connection, PAIR)] == [None, "complete_onboarding"]
    views.close()


def test_a_shifted_move_shifts_the_border_of_two_stays(stays: Callable[..., list[Stay]]) -> None:
    found = stays(opened(), onboarded(1), concluded(9), stagnated(70), revised(Move.CONCLUDE_AGREEMENT, 5))
    assert standing(found)[1:] == [
        ("agreement", day(1), day(5)),
        ("active", day(5), day(70)),
        ("stagnation", day(70), None),
    ]


def test_a_withdrawn_stagnation_is_kept_marked_and_time_runs_on(stays: Callable[..., list[Stay]]) -> None:
    found = stays(*ACTIVE, stagnated(62), withdrawn(65))
    assert found[-1] == ("stagnation", day(62), day(65), True)
    assert standing(found)[-1] == ("active", day(2), None)


def test_after_a_withdrawal_it_may_stagnate_again(stays: Callable[..., list[Stay]]) -> None:
    found = stays(*ACTIVE, stagnated(62), withdrawn(65), stagnated(120))
    assert standing(found)[-2:] == [("active", day(2), day(120)), ("stagnation", day(120), None)]


def test_a_withdrawn_return_leaves_it_in_stagnation(stays: Callable[..., list[Stay]]) -> None:
    found = stays(
        *ACTIVE, stagnated(62), reinvigorated(70), revised(Move.REINVIGORATE, None, State.STAGNATION, at=80)
    )
    assert standing(found)[-1] == ("stagnation", day(62), None)


def test_what_rested_on_a_withdrawn_move_goes_with_it(stays: Callable[..., list[Stay]]) -> None:
    found = stays(*ACTIVE, stagnated(62), revised(Move.CONCLUDE_AGREEMENT, None, State.AGREEMENT, at=80))
    assert standing(found) == [("onboarding", day(0), day(1)), ("agreement", day(1), None)]


def test_a_shift_after_closure_leaves_it_closed(stays: Callable[..., list[Stay]]) -> None:
    found = stays(
        *ACTIVE, stagnated(62), reinvigorated(70), closed(90), revised(Move.REINVIGORATE, 75, at=95)
    )
    assert standing(found)[-2:] == [("active", day(75), day(90)), ("closure", day(90), None)]


def test_a_withdrawal_in_the_middle_closes_the_gap(stays: Callable[..., list[Stay]]) -> None:
    found = stays(*ACTIVE, stagnated(62), closed(90), revised(Move.STAGNATE, None, at=95))
    assert standing(found)[-2:] == [("active", day(2), day(90)), ("closure", day(90), None)]


def test_the_time_in_each_state_is_summed_over_those_who_left_and_those_who_stay(kept: Kept) -> None:
    log = Log(twice=True).add(*ACTIVE, stagnated(12), withdrawn(13), stagnated(22), closed(25))
    log.add(opened(), onboarded(3), concluded(4), stream=OTHER)
    views = fold(log, kept)
    with views.reading() as connection:
        found = journey.time_in_state(connection, day(10))
    views.close()
    assert [(row["state"], row["ended"], row["lasting"]) for row in found] == [
        ("onboarding", 2, 0),
        ("agreement", 2, 0),
        ("active", 1, 1),
        ("stagnation", 1, 0),
    ]
    assert [row["days"] for row in found] == pytest.approx([2.0, 1.0, 20.0, 3.0])
    assert [row["days_so_far"] for row in found] == [None, None, pytest.approx(6.0), None]


def test_no_time_was_spent_in_any_state_before_there_is_anybody(kept: Kept) -> None:
    views = fold(Log(), kept)
    with views.reading() as connection:
        found = journey.time_in_state(connection, day(10))
    views.close()
    assert [row["state"] for row in found] == [state for state in State if state is not State.CLOSURE]
    assert {(row["ended"], row["days"], row["lasting"], row["days_so_far"]) for row in found} == {
        (0, None, 0, None)
    }
