"""For each projection of what pairs did and were sent: its rows, and what the log says they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.oracle.concerns import Measure
from tests.oracle.life import Life

Row = dict[str, Any]
Told = tuple[Any, ...]


def _meetings(life: Life) -> Iterable[Told]:
    for one in life.meetings:
        times = (one.starts_at, one.ends_at, one.booked_at, one.cancelled_at, one.contradicted_at)
        yield one.subject, one.status, *times


def _goals(life: Life) -> Iterable[Told]:
    for id, one in life.goals.items():
        looks = (one.reviews, one.revisions, one.reviewed_at, one.reached_percent)
        yield id, one.set_at, *looks, one.status, one.ended_at


def _reminders(life: Life) -> Iterable[Told]:
    for one in life.deeds.reminders:
        issued_at, suppressed_at = (one.at, None) if one.reason is None else (None, one.at)
        yield one.kind, one.audience, one.about, one.step, issued_at, suppressed_at, one.reason


def _episodes(life: Life) -> Iterable[Told]:
    return ((one.code, one.subject, one.since, one.cleared_at) for one in life.deeds.episodes)


def _contacts(life: Life) -> Iterable[Told]:
    return ((at,) for at in life.deeds.contacts)


def _check_ins(life: Life) -> Iterable[Told]:
    yield len(life.deeds.checked_in), max(life.deeds.checked_in, default=None)


def _agreements(life: Life) -> Iterable[Told]:
    yield life.deeds.version, life.deeds.cadence_days, life.term_ends_at


def _measures(life: Life) -> Iterable[Told]:
    for id, one in life.care.measures.items():
        yield id, one.look_at, one.by_when, *settled(one, set(life.roles), life.left)


def settled(one: Measure, parties: set[str], left: dict[str, datetime]) -> tuple[str, datetime | None]:
    """Done, or dropped by every party that is there, whichever came first.

    Where the last party to hold on to it left instead, that was when it was dropped.
    """
    found = [] if one.done_at is None else [(one.done_at, "done")]
    if parties <= one.dropped.keys():
        gone = [at for party, at in left.items() if party not in one.dropped]
        found.append((max([*(one.dropped[party] for party in parties), *gone]), "dropped"))
    settled_at, status = min(found, default=(None, "open"))
    return status, settled_at


def _columns(*names: str) -> Callable[[Row], Told]:
    return lambda row: tuple(
        _instant(row[name]) if name.endswith(("_at", "since", "about", "by_when")) else row[name]
        for name in names
    )


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


DEEDS: dict[str, tuple[Callable[[Row], Told], Callable[[Life], Iterable[Told]]]] = {
    "meetings": (
        _columns("subject", "status", "starts_at", "ends_at", "booked_at", "cancelled_at", "contradicted_at"),
        _meetings,
    ),
    "goals": (
        _columns(
            "goal",
            "set_at",
            "reviews",
            "revisions",
            "reviewed_at",
            "reached_percent",
            "status",
            "ended_at",
        ),
        _goals,
    ),
    "reminders": (
        _columns("kind", "audience", "about", "step", "issued_at", "suppressed_at", "reason"),
        _reminders,
    ),
    "episodes": (_columns("code", "subject", "since", "cleared_at"), _episodes),
    "support_contacts": (_columns("made_at"), _contacts),
    "check_ins": (lambda row: (row["by_mentors"] + row["by_mentees"], _instant(row["last_at"])), _check_ins),
    "agreements": (_columns("version", "cadence_days", "term_ends_at"), _agreements),
    "measures": (_columns("measure", "looked_at", "by_when", "status", "settled_at"), _measures),
}
"""By the projection's name: what is compared of a row, and what of a life."""
