"""How delivery stands: at work, in trouble and trying again, or stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from workflow.consumers.transport.refusals import in_words
from workflow.errors import Stopped
from workflow.logs import WORK
from workflow.places import whence

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.25, 5.0

log = logging.getLogger(__name__)
work = logging.getLogger(WORK)


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """How delivery stands. All that is public up to ``position`` of the log is stored by the broker."""

    state: str
    cause: str | None
    trouble: str | None
    position: int


class Standing:
    """What delivery has met with, and has not yet got over."""

    def __init__(self) -> None:
        self.begun = False
        self.stopped: str | None = None
        self.trouble: str | None = "there is no answer yet from the broker"
        self._pause = _SHORTEST_PAUSE
        self._warned = False

    def told(self, position: int) -> DeliveryStatus:
        """All that may be known of it."""
        state = "stopped" if self.stopped else "running" if self.begun else "off"
        return DeliveryStatus(state, self.stopped, None if self.stopped else self.trouble, position)

    def stop(self, stopped: Stopped) -> None:
        """It has ended for good."""
        self.stopped = stopped.detail
        log.error("delivery has stopped: %s", stopped.detail)

    def pause_after(self, error: Exception, position: int) -> float:
        """Something failed that may pass; how long to wait before trying again, longer every time."""
        self.trouble, self._warned = in_words(error), True
        log.warning(
            "delivery cannot go on behind event %d: %s (%s); trying again",
            position,
            self.trouble,
            whence(error),
        )
        pause, self._pause = self._pause, min(2 * self._pause, _LONGEST_PAUSE)
        return pause

    def goes_on(self) -> None:
        """The broker has stored what it was given."""
        if self._warned:
            work.info("delivery goes on")
        self.begun = True
        self.trouble, self._pause, self._warned = None, _SHORTEST_PAUSE, False
