"""The suspicion that a pair has fallen silent: when it comes, when it goes, and what it leads to."""

from __future__ import annotations

from datetime import datetime

from workflow.demo.cast import DAY
from workflow.demo.quiet import Quiet

PATIENCE = 7 * DAY
"""So long a suspicion stands before the pair stagnates."""


class Suspicion:
    """The latest one. It comes when the clock asks; one that a booking held off for a while is the same one."""

    def __init__(self) -> None:
        self.stands = False
        self._since: datetime | None = None

    def look(self, quiet: Quiet, at: datetime, *, asked: bool) -> None:
        """Something has become known, or the clock has ``asked``."""
        if not quiet.suspicious(at):
            self.stands = False
        elif not self.stands and self._is_the_same(quiet, at):
            self.stands = True
        elif not self.stands and asked:
            self.stands, self._since = True, at

    def stagnates(self, quiet: Quiet) -> datetime | None:
        """When an active pair is to stagnate, if all stays as it is."""
        anchor = quiet.anchor()
        if not self.stands or anchor is None or self._since is None:
            return None
        return max(anchor + 2 * quiet.cadence, self._since + PATIENCE)

    def _is_the_same(self, quiet: Quiet, at: datetime) -> bool:
        """Silence has gone on since it came, and no booking that held it off has had its time meanwhile."""
        begins = quiet.begins()
        if self._since is None or begins is None or begins > self._since:
            return False
        return not any(self._since < end <= at for _, end in quiet.calm())
