"""Every event, move, concern and reminder of the domain is shown by an example, whichever runs first."""

from __future__ import annotations

import pytest

from tests.domain.shown import SHOWN, Shown, examples
from workflow.aggregates import events as e
from workflow.aggregates.handlers import _HANDLERS
from workflow.aggregates.moves import MOVES

OF_A_PROGRAMME = {e.ProgrammeOpened, e.PolicyAdopted, e.ProgrammeClosed}


@pytest.fixture(scope="module")
def shown() -> Shown:
    """By the examples that ran, and by those that were not to run, or not here, all the same."""
    for example in examples():
        if example not in SHOWN.by:
            with SHOWN.noting(example):
                example()
    return SHOWN


def test_every_event(shown: Shown) -> None:
    assert set(e.EVENTS.values()) - OF_A_PROGRAMME == {type(event) for event in shown.events}


def test_every_command(shown: Shown) -> None:
    assert set(_HANDLERS) <= shown.commands


def test_every_move_of_the_table(shown: Shown) -> None:
    assert {(source, target) for _, sources, target in MOVES for source in sources} <= shown.moves


@pytest.mark.parametrize("code", e.ConcernCode)
def test_every_concern_raised_and_cleared(shown: Shown, code: e.ConcernCode) -> None:
    assert any(isinstance(event, e.ConcernRaised) and event.code is code for event in shown.events)
    assert any(isinstance(event, e.ConcernCleared) and event.code is code for event in shown.events)


@pytest.mark.parametrize("kind", e.ReminderKind)
def test_every_reminder(shown: Shown, kind: e.ReminderKind) -> None:
    assert any(isinstance(event, e.ReminderIssued) and event.kind is kind for event in shown.events)


@pytest.mark.parametrize("reason", e.SuppressionReason)
def test_every_reason_for_sending_none(shown: Shown, reason: e.SuppressionReason) -> None:
    assert any(isinstance(event, e.ReminderSuppressed) and event.reason is reason for event in shown.events)


def test_whatever_was_decided_names_its_policy(shown: Shown) -> None:
    decided = [
        event
        for event in shown.events
        if event.provenance is e.Provenance.INFERRED
        or isinstance(event, e.ConcernRaised | e.ConcernCleared)
        or (hasattr(event, "entered") and not isinstance(event, e.RelationshipOpened))
    ]
    assert {type(event) for event in decided if event.policy is None} == set()
    assert len({type(event) for event in decided}) > 15


@pytest.mark.parametrize("provenance", e.Provenance)
def test_every_way_of_knowing(shown: Shown, provenance: e.Provenance) -> None:
    assert any(event.provenance is provenance for event in shown.events)
