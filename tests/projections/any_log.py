"""Arbitrary logs, for property tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID, uuid5

from hypothesis import strategies as st

from tests.projections.deeds import (
    achieved,
    amended,
    booked,
    called_off,
    checked_in,
    contacted,
    corrected,
    done,
    drafted,
    dropped,
    goal_dropped,
    goal_set,
    held,
    left,
    looked,
    missed,
    moved,
    not_reminded,
    reclassified,
    reviewed,
    signed,
    unconfirmed,
)
from tests.projections.facts import (
    DAY_ZERO,
    MENTEE,
    MENTOR,
    OTHER,
    PAIR,
    Log,
    cleared,
    closed,
    concluded,
    day,
    onboarded,
    opened,
    raised,
    redated,
    reinvigorated,
    reminded,
    revised,
    stagnated,
    suspected,
    suspicion_cleared,
    withdrawn,
)
from workflow.aggregates import events as e
from workflow.aggregates.moves import Move, State

_DAYS = st.integers(0, 400)
_CODES = st.sampled_from(e.ConcernCode)
_SUBJECTS = st.none() | st.sampled_from(["series@example", "other@example"])
_DUES = st.dictionaries(st.sampled_from(e.DueKind), _DAYS.map(day), max_size=3)
_UIDS = st.sampled_from(["ada@calendar", "ben@calendar", "cleo@calendar"])
_RECURRENCES = st.none() | st.just(7.0)
_PARTIES = st.sampled_from([MENTOR, MENTEE, uuid5(PAIR, "nobody")])
_NAMES = st.sampled_from(["one", "two", "three"])
_ANY: list[st.SearchStrategy[e.Event]] = [
    _DAYS.map(onboarded),
    _DAYS.map(concluded),
    st.builds(stagnated, _DAYS, declared=st.booleans()),
    _DAYS.map(withdrawn),
    _DAYS.map(reinvigorated),
    _DAYS.map(closed),
    _DAYS.map(reminded),
    _DAYS.map(suspected),
    _DAYS.map(suspicion_cleared),
    st.builds(revised, st.sampled_from(Move), st.none() | _DAYS, st.none() | st.sampled_from(State)),
    st.builds(
        raised, _CODES, _DAYS, subject=_SUBJECTS, evidence=st.lists(st.integers(1, 9), max_size=3).map(tuple)
    ),
    st.builds(cleared, _CODES, _DAYS, subject=_SUBJECTS),
    st.builds(redated, _DAYS, _DUES),
    st.builds(booked, _UIDS, _DAYS, _DAYS, st.integers(0, 2), recurrence=_RECURRENCES),
    st.builds(moved, _UIDS, _DAYS, _DAYS, st.integers(0, 2), st.none() | _UIDS, recurrence=_RECURRENCES),
    st.builds(called_off, _UIDS, _DAYS, st.none() | _PARTIES, st.integers(0, 2), _RECURRENCES),
    st.builds(held, _UIDS, _DAYS, _RECURRENCES),
    st.builds(missed, _UIDS, _DAYS, _PARTIES, recurrence=_RECURRENCES),
    st.builds(corrected, _UIDS, _DAYS, st.sampled_from(e.Outcome), _PARTIES, recurrence=_RECURRENCES),
    st.builds(unconfirmed, _UIDS, _DAYS, _RECURRENCES),
    st.builds(goal_set, _NAMES, _DAYS),
    st.builds(reviewed, _NAMES, _DAYS, st.integers(0, 100)),
    st.builds(achieved, _NAMES, _DAYS),
    st.builds(goal_dropped, _NAMES, _DAYS),
    st.builds(looked, _DAYS, _NAMES, who=_PARTIES),
    st.builds(done, _NAMES, _DAYS),
    st.builds(dropped, _NAMES, _DAYS, _PARTIES),
    st.builds(left, _DAYS, _PARTIES),
    st.builds(drafted, st.integers(1, 3), _DAYS, st.sampled_from(e.Visibility)),
    st.builds(signed, st.integers(1, 3), _DAYS, _PARTIES),
    st.builds(amended, st.integers(2, 3), _DAYS),
    st.builds(reclassified, st.just(0), _DAYS, st.sampled_from(e.Visibility)),
    st.builds(checked_in, _DAYS, _PARTIES, low=st.booleans()),
    _DAYS.map(contacted),
    _DAYS.map(not_reminded),
]


def logs(streams: int = 3, most: int = 60, least: int = 0) -> st.SearchStrategy[list[tuple[UUID, e.Event]]]:
    """Any events in any order, of a few relationships opened first: more than ``decide`` would write."""
    of = st.sampled_from(
        [PAIR, OTHER, *(uuid5(PAIR, f"third{number or ''}") for number in range(streams - 2))]
    )

    def opening(events: Iterable[tuple[UUID, e.Event]]) -> list[tuple[UUID, e.Event]]:
        known: set[UUID] = set()
        found: list[tuple[UUID, e.Event]] = []
        for stream, event in events:
            if stream not in known:
                known.add(stream)
                found.append((stream, opened()))
            found.append((stream, event))
        return found

    return st.lists(st.tuples(of, st.one_of(_ANY)), min_size=least, max_size=most).map(opening)


def log_of(events: Iterable[tuple[UUID, e.Event]], *, twice: bool = False) -> Log:
    """A log of what ``logs`` made; each event is recorded an hour after the one before."""
    log = Log(twice=twice)
    for hour, (stream, event) in enumerate(events):
        log.add(event, stream=stream, recorded=DAY_ZERO + timedelta(hours=hour))
    return log
