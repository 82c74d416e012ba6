"""Every event, move, concern and reminder of the domain is shown by an example, whichever runs first."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

import pytest

import tests.domain
from tests.domain.story import Story
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.decide import Decision
from workflow.aggregates.handlers import _HANDLERS
from workflow.aggregates.moves import MOVES, State

NO_EXAMPLES = {
    "test_any_life",
    "test_order",
    "test_policy",
    "test_moves",
    "test_long_calendars",
    __name__.rpartition(".")[2],
}
EXAMPLES = [
    name
    for _, name, _ in iter_modules(tests.domain.__path__)
    if name.startswith("test_") and name not in NO_EXAMPLES
]
OF_A_PROGRAMME = {e.ProgrammeOpened, e.PolicyAdopted, e.ProgrammeClosed}


class Shown:
    """What the examples were asked, and what came of it."""

    def __init__(self) -> None:
        self.commands: set[type[c.Command]] = set()
        self.events: list[e.Event] = []
        self.moves: set[tuple[State, State]] = set()


def examples() -> Iterator[object]:
    for name in EXAMPLES:
        for test in vars(import_module(f"{tests.domain.__name__}.{name}")).values():
            named = inspect.isfunction(test) and test.__name__.startswith("test_")
            if named and not inspect.signature(test).parameters:
                yield test


@pytest.fixture(scope="module")
def shown() -> Shown:
    found = Shown()
    decide = Story.decide

    def noted(story: Story, command: c.Command, *args: object, **more: object) -> Decision:
        before = None if story.state is None else story.state.state
        decision = decide(story, command, *args, **more)  # type: ignore[arg-type]
        found.commands.add(type(command))
        found.events.extend(decision.events)
        for event in decision.events:
            entered = getattr(event, "entered", None)
            if entered is not None:
                if before is not None:
                    found.moves.add((before, entered))
                before = entered
        return decision

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Story, "decide", noted)
        for example in examples():
            assert callable(example)
            example()
    return found


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
