"""What parties answered in their check-ins, and whether that is low. No log prints it: a demonstration's truth does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.oracle.meetings import Limits

OF_THE_MEAN = 3


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Three answers of one party, without the one on direction."""

    party: str
    at: datetime
    answers: tuple[int, ...]


def of_truth(document: dict[str, Any]) -> dict[str, list[CheckIn]]:
    """The answers in a ``truth.json``, by relationship."""
    return {
        relationship: [
            CheckIn(row["party"], datetime.fromisoformat(row["at"]), tuple(row["answers"][:OF_THE_MEAN]))
            for row in rows
        ]
        for relationship, rows in document["check_ins"].items()
    }


def low_times(
    check_ins: Iterable[CheckIn], begin: datetime, closed_at: datetime | None, limits: Limits
) -> list[tuple[datetime, datetime | None]]:
    """When the dialogue was low: since when, and until when.

    It is low since the first of those check-ins that are low and that no later one of the same party makes up
    for. What passed before ``begin`` was too early to tell; after the closing nothing is told any more.
    """
    found: list[tuple[datetime, datetime | None]] = []
    given: dict[str, list[CheckIn]] = defaultdict(list)
    for one in check_ins:
        if closed_at is not None and one.at >= closed_at:
            break
        given[one.party].append(one)
        lows = (_low_since(theirs, limits) for theirs in given.values())
        since = min((low for low in lows if low is not None), default=None)
        if found and found[-1][1] is None:
            known, _ = found.pop()
            if since is not None or one.at >= begin:
                found.append((since or known, None if since is not None else one.at))
        elif since is not None:
            found.append((since, None))
    if found and found[-1][1] is None and closed_at is not None:
        known, _ = found.pop()
        found += [(known, closed_at)] if closed_at >= begin else []
    return found


def _low_since(theirs: list[CheckIn], limits: Limits) -> datetime | None:
    """The first of one party's that are low, back from its latest."""
    since = None
    for before, one in zip([None, *theirs], theirs, strict=False):
        since = (since or one.at) if _low(one, before, limits) else None
    return since


def _low(one: CheckIn, before: CheckIn | None, limits: Limits) -> bool:
    if sum(one.answers) <= limits.low_mean * OF_THE_MEAN:
        return True
    return before is not None and sum(before.answers) - sum(one.answers) >= limits.drop * OF_THE_MEAN
