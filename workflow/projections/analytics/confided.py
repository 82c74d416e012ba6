"""What rests on what a party confided: told of so many relationships that nobody can be made out, or not at all."""

from __future__ import annotations

from workflow.aggregates.events import ReminderKind
from workflow.projections.check_ins import FEWEST

CONFIDED_REMINDERS = (ReminderKind.CHECK_IN,)
"""Reminders that tell of check-ins: whoever gets none has checked in."""

FEW = f"fewer than {FEWEST} relationships"
"""Why a figure is withheld."""

EACH_PROGRAMME = "told of one programme alone"
"""Why a figure of all programmes together is withheld: with those of the others it would tell of the smallest."""


def why_withheld(relationships: int, programme: str | None) -> str | None:
    """Why a figure that rests on what was confided is not told; None where it is."""
    if programme is None:
        return EACH_PROGRAMME
    return FEW if relationships < FEWEST else None
