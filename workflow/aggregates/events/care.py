"""What gives a relationship time and support: pauses, and the coordinator's contacts."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from pydantic import AwareDatetime

from workflow.aggregates.events.event import INSIDE, Event
from workflow.aggregates.sealed import Sealed


class Paused(Event):
    """The relationship rests, at the latest until ``ends_at``. What would fall due meanwhile waits."""

    name: ClassVar[str] = "mentoring.paused.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"ends_at"})
    ends_at: AwareDatetime


class Resumed(Event):
    """The relationship goes on: somebody said so, a meeting was held, or the longest pause was over."""

    name: ClassVar[str] = "mentoring.resumed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset()
    inside: ClassVar[frozenset[str]] = frozenset({"evidence"})
    evidence: tuple[int, ...] = ()


class ResumptionRevised(Event):
    """A resumption that rested on a meeting was decided anew: its new instant, or None where it never was.

    ``paused_at`` is when the pause began that it ended.
    """

    name: ClassVar[str] = "mentoring.resumption_revised.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"paused_at", "instant"})
    paused_at: AwareDatetime
    instant: AwareDatetime | None


class SupportContactMade(Event):
    """A coordinator spoke with the pair, or with one of them."""

    name: ClassVar[str] = "mentoring.support_contact_made.v1"
    public: ClassVar[frozenset[str] | None] = frozenset()
    inside: ClassVar[frozenset[str]] = frozenset({"note"})
    note: Sealed | None = None


class DestructionRequested(Event):
    """What ``person`` wrote here is to be destroyed: nobody will read it again.

    With ``identities`` also by what others know them, in whatever relationship: nobody will find them by it again.
    """

    name: ClassVar[str] = "mentoring.destruction_requested.v1"
    public: ClassVar[frozenset[str] | None] = INSIDE
    person: UUID
    identities: bool = False


class Destroyed(Event):
    """The key to what ``person`` wrote here was destroyed; with ``identities`` their own key was, too."""

    name: ClassVar[str] = "mentoring.destroyed.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"person", "identities"})
    person: UUID
    identities: bool = False
