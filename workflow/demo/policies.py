"""What the programme decides while its pairs go on: from when on it follows which policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from workflow.demo.cast import DAY, START, STEP, Cast, name

OFTEN = 21
"""Days between a coordinator's contacts, once the programme asks for more of them."""


@dataclass(frozen=True, slots=True)
class Adoption:
    """A policy, by whom it is adopted and on which day. ``document`` says what is not by default."""

    key: UUID
    day: int
    coordinator: UUID
    document: dict[str, Any]

    @property
    def form(self) -> str:
        """What makes an agreement stand from then on."""
        return str(self.document["agreement"]["form"])

    @property
    def introduces(self) -> bool:
        """Whether a pair waits for its introduction before it comes to an agreement."""
        return STEP in self.document["onboarding"]["steps"]


def adoptions(cast: Cast) -> list[Adoption]:
    """Two changes of mind, half-way and half of the rest later.

    First the programme lets a first meeting stand for the signatures that some never gave, asks for more contacts,
    and no longer for an introduction. Then it thinks better of the meeting: a pair confirms its agreement, if only by
    word of mouth.
    """
    half = first_meeting_day(cast)
    days = (cast.end - START).days
    return [
        Adoption(
            key=name(cast.seed, "policy", day),
            day=day,
            coordinator=cast.pairs[0].coordinator,
            document={
                "onboarding": {"steps": []},
                "agreement": {"form": form},
                "support": {"then_every_days": OFTEN},
            },
        )
        for day, form in ((half, "none"), (half + (days - half) // 2, "oral"))
    ]


def first_meeting_day(cast: Cast) -> int:
    """The day from which on the first meeting stands for signatures."""
    return (cast.end - START).days // 2


def first_meeting_from(cast: Cast) -> datetime:
    """The same, as an instant."""
    return START + first_meeting_day(cast) * DAY
