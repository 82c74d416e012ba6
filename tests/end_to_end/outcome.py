"""What a service leaves once a run is over, in the form in which two runs can be compared."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.end_to_end.places import Place
from tests.end_to_end.plan import END, Plan, at
from tests.end_to_end.replica import canonical_documents
from tests.oracle.comparing import against, printed
from tests.oracle.oracle import recompute

SETTLED = {"applied": "settled", "stale": "settled"}
"""Which of two reports came to be stale depends on who came first."""

_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``receipts`` are by sequence in the stream; ``reminders`` and ``reports`` are counted.

    ``asked`` tells as of when the clock first asked each relationship something.
    """

    documents: list[str]
    receipts: dict[int, str]
    counts: Counter[str]
    reminders: Counter[tuple[str, ...]]
    reports: Counter[tuple[str, str]]
    entered: dict[str, list[str]]
    asked: dict[str, datetime]
    events: int
    faults: list[str]

    def same_as(self, other: Outcome) -> None:
        """Whether two runs on one stream came to the same; fails where not."""
        differing("documents", Counter(self.documents), Counter(other.documents))
        differing("receipts", _settled(self.receipts), _settled(other.receipts))
        differing("reminders", self.reminders, other.reminders)
        differing("states entered", self.entered, other.entered)

    def without_races(self, plan: Plan) -> None:
        """Nothing that the messages were about fell due while they were taken in; fails where it did.

        It would have depended on which of the two came first.
        """
        dues = {id: at for id, at in self.asked.items() if UUID(id) in plan.busy}
        assert dues
        assert min(dues.values()) > at(END)

    def balanced(self, stored: int) -> None:
        """Every message that the broker stored has one receipt, and nothing was done twice; fails where not."""
        assert sorted(self.receipts) == list(range(1, stored + 1))
        assert self.counts == Counter(self.receipts.values())
        assert not [report for report, times in self.reports.items() if times > 1]
        for (
            reminder,
            times,
        ) in self.reminders.items():  # one to check in does not show which of the two it is for
            assert times <= (2 if "confidential" in reminder else 1), reminder
        assert not self.faults


def differing(what: str, found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
    """Fails where two are not the same, with what differs first: all of it would be too much to look at."""
    both = {**found, **expected}
    keys = [key for key in both if found.get(key, _NOTHING) != expected.get(key, _NOTHING)]
    told = [f"{key}: {found.get(key, _NOTHING)} for {expected.get(key, _NOTHING)}" for key in keys[:5]]
    assert not keys, "\n".join([f"{len(keys)} of the {what} differ", *told])


def outcome(place: Place) -> Outcome:
    """Read what a service that has stopped leaves."""
    lines = list(printed(place.data, place.settings))
    events = [json.loads(line) for line in lines]
    receipts = place.find("SELECT seq, disposition FROM receipts ORDER BY seq")
    counted = place.find("SELECT name, number FROM counts WHERE number > 0")
    kinds = {"applied", "duplicate", "stale", "waiting", "parked", "dropped"}
    with place.views() as views:
        documents, faults = canonical_documents(views), against(recompute(lines), views)
    return Outcome(
        documents=documents,
        receipts=dict(receipts),
        counts=Counter({name: number for name, number in counted if name in kinds}),
        reminders=Counter(
            (event["stream"], *(event["event"][name] for name in ("kind", "party", "about", "step")))
            for event in events
            if event["name"] == "mentoring.reminder_issued.v1"
        ),
        reports=Counter(
            (event["event"]["source"], event["event"]["message"])
            for event in events
            if "message" in event["event"]
        ),
        entered=_entered(events),
        asked=_asked(events),
        events=len(events),
        faults=faults,
    )


def _settled(receipts: Mapping[int, str]) -> dict[int, str]:
    return {seq: SETTLED.get(kind, kind) for seq, kind in receipts.items()}


def _asked(events: list[dict[str, Any]]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for event in events:
        if event["metadata"]["asked_at"] is not None:
            found.setdefault(event["stream"], datetime.fromisoformat(event["metadata"]["asked_at"]))
    return found


def _entered(events: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The states that each relationship entered, in order."""
    found: dict[str, list[str]] = {}
    for event in events:
        if event["event"].get("entered") is not None:
            found.setdefault(event["stream"], []).append(event["event"]["entered"])
    return found
