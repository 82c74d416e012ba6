"""How intake stands: at work, in trouble and trying again, or stopped; and how long it waits between tries."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from workflow.consumers.transport.refusals import in_words
from workflow.logs import WORK
from workflow.places import whence

log = logging.getLogger(__name__)
work = logging.getLogger(WORK)

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 15.0


@dataclass(frozen=True, slots=True)
class IntakeStatus:
    """How intake stands.

    ``behind`` is how many messages the stream was last seen to hold that are not taken in; None as long as no
    stream was seen. ``cause`` is why it has stopped for good, ``trouble`` what keeps it from going on while it
    tries again.
    """

    state: str
    cause: str | None
    trouble: str | None
    upstream: str | None
    position: int
    behind: int | None


def together(statuses: Sequence[IntakeStatus]) -> IntakeStatus | None:
    """How several partitions stand as one: at work where all are, and as far as the one that is furthest back."""
    if not statuses:
        return None
    states = {status.state for status in statuses}
    behind = [status.behind for status in statuses if status.behind is not None]
    return IntakeStatus(
        next((state for state in ("stopped", "off") if state in states), "running"),
        next((status.cause for status in statuses if status.cause), None),
        next((status.trouble for status in statuses if status.trouble), None),
        statuses[0].upstream,
        min(status.position for status in statuses),
        sum(behind) if behind else None,
    )


class Standing:
    """What intake has met with, and has not yet got over."""

    def __init__(self) -> None:
        self.stopped: BaseException | None = None
        self.trouble: str | None = None
        self.purge_trouble: str | None = None
        self.unwritten: tuple[int, int] | None = None
        """The sequences of the last batch, the first and the last, if it could not be written; the next that can be
        tells that all is well again."""
        self._pause = SHORTEST_PAUSE
        self._warned = False

    def told(self, *, begun: bool, upstream: str | None, position: int, behind: int | None) -> IntakeStatus:
        """All that may be known of it."""
        return IntakeStatus(
            "stopped" if self.stopped else "running" if begun else "off",
            None if self.stopped is None else in_words(self.stopped),
            self.trouble or self.purge_trouble,
            upstream,
            position,
            behind,
        )

    def stop(self, error: BaseException) -> None:
        """It has ended for good; the first cause is the one that is told."""
        if self.stopped is None:
            self.stopped = error
            log.error("intake stopped%s: %s (%s)", self._at_what, in_words(error), whence(error))

    def pause_after(self, error: Exception) -> float:
        """Something failed that may pass; how long to wait before trying again, longer every time."""
        self.trouble, self._warned = in_words(error), True
        log.warning(
            "intake cannot go on%s: %s (%s); trying again", self._at_what, self.trouble, whence(error)
        )
        pause, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
        return pause

    def goes_on(self) -> None:
        """The stream answers. Where a batch could not be written, that alone does not show that one can be."""
        if self.unwritten is None:
            if self._warned:
                work.info("intake goes on")
            self.trouble, self._pause, self._warned = None, SHORTEST_PAUSE, False

    def written(self) -> None:
        """A batch was written."""
        if self.unwritten is not None:
            self.unwritten = None
            self.goes_on()

    @property
    def _at_what(self) -> str:
        if self.unwritten is None:
            return ""
        first, last = self.unwritten
        return f" at message {first}" if first == last else f" at messages {first} to {last}"
