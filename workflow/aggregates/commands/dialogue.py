"""How a party finds the dialogue, and what it asks for in private."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.aggregates.commands.command import Command
from workflow.aggregates.sealed import Sealed


@dataclass(frozen=True, slots=True, repr=False)
class Answers:
    """How the dialogue is, from 1 to 5 each. Clear here, for the decision; sealed in the event."""

    new_perspectives: int
    comfort: int
    equality: int
    direction: int | None = None

    @property
    def total(self) -> int:
        """Of the three that the mean is taken of."""
        return self.new_perspectives + self.comfort + self.equality


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveCheckIn(Command):
    """The acting party answers; ``previous`` is what it answered last, where that can still be read."""

    answers: Answers
    previous: Answers | None = None
    note: Sealed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveCheckInConsent(Command):
    """The acting party lets the others read its check-ins, once they let it read theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawCheckInConsent(Command):
    """The acting party lets nobody read its check-ins any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForHelp(Command):
    """The acting party asks the coordinator for help, in private."""

    message: Sealed | None = None
