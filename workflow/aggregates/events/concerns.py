"""Reasons to make contact, raised and cleared."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from workflow.aggregates.events.event import Event
from workflow.aggregates.words import Word


class ConcernCode(Word):
    """Why a coordinator might want to make contact."""

    NO_FIRST_MEETING = "no_first_meeting"
    STUCK = "stuck"
    COMMITMENT = "commitment"
    SILENCE = "silence"
    NO_DIRECTION = "no_direction"
    LOW_DIALOGUE = "low_dialogue"
    CONTRADICTORY = "contradictory"
    NOBODY_REPORTS = "nobody_reports"
    NO_FRESH_LOOK = "no_fresh_look"
    MEASURES_OVERDUE = "measures_overdue"
    BASIS_WITHDRAWN = "basis_withdrawn"
    NO_SUPPORT_CONTACT = "no_support_contact"
    HELP_ASKED = "help_asked"
    CLOSURE_PROPOSED = "closure_proposed"
    OVERRUN = "overrun"


CONFIDED = (ConcernCode.HELP_ASKED, ConcernCode.LOW_DIALOGUE)
"""Concerns that rest on what a party confided. Coordinators may know that they stand; in a pair either of the two would
know by them what the other did."""


class ConcernRaised(Event):
    """Something to look at, explained: since when, what it rests on, what would clear it.

    ``evidence`` are versions of events in this stream. A concern raised again while it is open is revised:
    what this event says replaces what the earlier one said. ``subject`` names one meeting where the
    concern is about one.
    """

    name: ClassVar[str] = "mentoring.concern_raised.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"code", "subject", "since", "clears"})
    inside: ClassVar[frozenset[str]] = frozenset({"evidence"})
    code: ConcernCode
    subject: str | None = None
    since: AwareDatetime
    evidence: tuple[int, ...]
    clears: str


class ConcernCleared(Event):
    """A concern has gone."""

    name: ClassVar[str] = "mentoring.concern_cleared.v1"
    public: ClassVar[frozenset[str] | None] = frozenset({"code", "subject"})
    code: ConcernCode
    subject: str | None = None
