"""The suspicion that a pair has fallen silent: when it comes, when it goes, and what it leads to."""

from __future__ import annotations

from datetime import datetime

from workflow.demo.cast import DAY
from workflow.demo.quiet import Quiet

PATIENCE = 7 * DAY
"""So long a suspicion stands before the pair stagnates."""


class Suspicion:
    """The latest one. It comes when the clock asks; one that a booking held off for a while is the same one.

    One that turns out to have had no ground when it came goes at once, and the clock asks for another.
    """

    def __init__(self) -> None:
        self.stands = False
        self._since: datetime | None = None

    def look(self, quiet: Quiet, at: datetime) -> None:
        """Something else has become known."""
        same = self._since is not None and quiet.lasts(self._since, at)
        self.stands = same and quiet.suspicious(at)

    def ask(self, quiet: Quiet, at: datetime) -> None:
        """The clock asks."""
        self.look(quiet, at)
        if quiet.suspicious(at) and not self.stands:
            self.stands, self._since = True, at

    def stagnates(self, quiet: Quiet) -> datetime | None:
        """When an active pair is to stagnate, if all stays as it is."""
        anchor = quiet.anchor()
        if not self.stands or anchor is None or self._since is None:
            return None
        return max(anchor + 2 * quiet.cadence, self._since + PATIENCE)
