"""What the examples of the domain show: noted while they run, so that none has to be run again to tell."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

import pytest

import tests.domain
from tests.domain.story import Story
from workflow.aggregates import commands as c
from workflow.aggregates import events as e
from workflow.aggregates.decide import Decision
from workflow.aggregates.moves import State

Example = Callable[[], None]

_NO_EXAMPLES = {
    "test_any_life",
    "test_order",
    "test_policy",
    "test_moves",
    "test_long_calendars",
    "test_everything_is_shown",
    "test_growing",
}


class Shown:
    """What the examples were asked, and what came of it."""

    def __init__(self) -> None:
        self.commands: set[type[c.Command]] = set()
        self.events: list[e.Event] = []
        self.moves: set[tuple[State, State]] = set()
        self.by: set[Example] = set()

    @contextmanager
    def noting(self, example: Example) -> Iterator[None]:
        """While an example runs, note what its story decides."""
        decide = Story.decide

        def noted(story: Story, command: c.Command, now: datetime | None = None) -> Decision:
            before = None if story.state is None else story.state.state
            decision = decide(story, command, now)
            self._note(command, before, decision)
            return decision

        self.by.add(example)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Story, "decide", noted)
            yield

    def _note(self, command: c.Command, before: State | None, decision: Decision) -> None:
        self.commands.add(type(command))
        self.events.extend(decision.events)
        for event in decision.events:
            entered = getattr(event, "entered", None)
            if entered is not None:
                if before is not None:
                    self.moves.add((before, entered))
                before = entered


SHOWN = Shown()


def examples() -> Iterator[Example]:
    """Every test that reads as a sentence of the domain, and needs nothing to run."""
    for _, name, _ in iter_modules(tests.domain.__path__):
        if name.startswith("test_") and name not in _NO_EXAMPLES:
            for test in vars(import_module(f"{tests.domain.__name__}.{name}")).values():
                if is_example(test):
                    yield test


def is_example(test: object) -> bool:
    """Whether a test is one, by itself."""
    if not inspect.isfunction(test) or not test.__name__.startswith("test_"):
        return False
    named = test.__module__.rpartition(".")[2]
    return named not in _NO_EXAMPLES and not inspect.signature(test).parameters
