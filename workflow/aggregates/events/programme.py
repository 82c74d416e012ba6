"""What happens to a programme."""

from __future__ import annotations

from typing import ClassVar

from workflow.aggregates.events.event import INSIDE, Event
from workflow.aggregates.policy import Policy


class ProgrammeOpened(Event):
    """A mentoring programme began. Calendar months are counted in its ``zone``."""

    name: ClassVar[str] = "mentoring.programme_opened.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    programme: str
    zone: str


class PolicyAdopted(Event):
    """From now on the programme's decisions follow this version of its policy."""

    name: ClassVar[str] = "mentoring.policy_adopted.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    version: int
    document: Policy


class ProgrammeClosed(Event):
    """The programme ended. Its relationships are closed one by one, until none is left."""

    name: ClassVar[str] = "mentoring.programme_closed.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
