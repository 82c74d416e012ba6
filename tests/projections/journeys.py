"""Journeys as their rows tell them, and the fold of one that has a bug."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.projections.facts import Log
from tests.view_places import read
from workflow.aggregates.events import AgreementConcluded
from workflow.projections.catalogue import PROJECTIONS
from workflow.projections.journey import JOURNEY
from workflow.projections.projection import Document, Projection
from workflow.projections.rows.storage import Kept
from workflow.projections.running.runner import Runner
from workflow.projections.running.views import Views
from workflow.store.recorded import Recorded


def broken_journey() -> Projection:
    """A journey whose fold has a bug: it changes a row, and then raises where an agreement is concluded."""

    def broken(document: Document, recorded: Recorded) -> None:
        JOURNEY.fold(document, recorded)
        if isinstance(recorded.event, AgreementConcluded):
            raise KeyError("a bug")

    return replace(JOURNEY, fold=broken)


def with_bug(kept: Kept, log: Log) -> Runner:
    """A runner of all projections, of which the journey has a bug."""
    others = [projection for projection in PROJECTIONS if projection is not JOURNEY]
    views = Views(kept, [*others, broken_journey()], durable=False)
    return Runner(views, log.read, log.head)


def states(kept: Kept) -> list[Any]:
    """Who was in which states, in their order."""
    return read(kept, "SELECT relationship, state FROM journey ORDER BY 1, number")
