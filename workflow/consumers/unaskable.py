"""Who cannot be asked: left for a later pass, and never in the way of the others."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from uuid import UUID

from workflow.errors import Stopped, Unavailable
from workflow.places import whence
from workflow.store.faults import of_the_storage

TRIED_AGAIN = 100
"""Of those that could not be asked before, how many are asked again in a pass: it may be thousands, and each costs."""

_log = logging.getLogger(__name__)


class Unaskable(Stopped):
    """One relationship cannot be asked."""

    code = "due_unaskable"

    def __init__(self, relationship: UUID, cause: Exception) -> None:
        super().__init__(f"relationship {relationship} cannot be asked: {type(cause).__name__}: {cause}")
        self.relationship = relationship
        self.cause = cause


class PageUnaskable(Stopped):
    """Some relationships of a page cannot be asked, and nothing of the page was kept: ask it without them."""

    code = "due_unaskable"

    def __init__(self, faults: Sequence[Unaskable]) -> None:
        super().__init__(faults[0].detail)
        self.faults = faults


class Faults:
    """Those of one page that cannot be asked. All of them are found before the page is given up."""

    def __init__(self) -> None:
        self._found: dict[UUID, Unaskable] = {}

    def __contains__(self, relationship: UUID) -> bool:
        return relationship in self._found

    @contextmanager
    def of(self, relationship: UUID) -> Iterator[None]:
        """Whatever is wrong with one relationship is kept with its name; the store's trouble is not its own."""
        try:
            yield
        except Exception as error:
            if isinstance(error, Unavailable) or of_the_storage(error):
                raise
            self._found[relationship] = Unaskable(relationship, error)

    def give_up(self) -> None:
        """Give the page up where there are any."""
        if self._found:
            raise PageUnaskable(list(self._found.values()))


class Left:
    """Those who could not be asked, over passes. Each is told of in the log when it first could not."""

    def __init__(self) -> None:
        self._faults: dict[UUID, Unaskable] = {}
        self._again: Collection[UUID] = ()

    def begin(self) -> None:
        """A pass begins: some who were left before are asked again, those first who have waited for longest."""
        self._again = list(islice(self._faults, TRIED_AGAIN))
        for relationship in self._again:
            del self._faults[relationship]

    def leave(self, faults: Sequence[Unaskable]) -> None:
        """Leave these for a later pass."""
        for fault in faults:
            if fault.relationship not in self._again:
                _log.error("relationship %s cannot be asked: %s", fault.relationship, whence(fault.cause))
            fault.cause.with_traceback(None)  # it holds on to the whole page
            self._faults[fault.relationship] = fault

    def forget(self) -> None:
        """Nothing more is asked of anybody."""
        self._faults.clear()

    @property
    def whom(self) -> Collection[UUID]:
        """Whom this pass goes by."""
        return self._faults.keys()

    @property
    def counted(self) -> str | None:
        """How many they are, in words; None while there are none."""
        return counted(self._faults) if self._faults else None

    @property
    def told(self) -> str | None:
        """The same, with what the first of them raised."""
        return told(self._faults)


def counted(left: Collection[UUID]) -> str:
    """How many could not be asked, in words: health tells it to everybody, and the log alone whose it was."""
    what = "a relationship" if len(left) == 1 else f"{len(left)} relationships"
    return f"{what} that the log names"


def told(left: Mapping[UUID, Unaskable]) -> str | None:
    """What could not be asked, in words; how many there are comes first."""
    if not left:
        return None
    cause = next(iter(left.values())).cause
    return f"{counted(left)}: {type(cause).__name__}: {cause}"
