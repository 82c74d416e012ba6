"""Calendars that never end: a decision takes no more than a few looks at each of their entries."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from tests.domain.story import AS_MENTEE, MENTOR, agreed, booked, day, given
from workflow.aggregates import commands as c
from workflow.aggregates.calendars import Calendar
from workflow.aggregates.meetings import Entry, EntryKey
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.rules import Moment, commitment

UIDS = "abcdef"


def reaches(links: dict[str, set[str]], start: str, goal: str) -> bool:
    """Whether following links leads from one UID to another, in one step or many."""
    seen: set[str] = set()
    following = [start]
    while following:
        uid = following.pop()
        if uid == goal:
            return True
        if uid not in seen:
            seen.add(uid)
            following.extend(links.get(uid, ()))
    return False


@for_any(st.dictionaries(st.sampled_from(UIDS), st.sets(st.sampled_from(UIDS), max_size=3)))
def test_a_uid_is_replaced_by_one_that_it_does_not_replace_in_turn(links: dict[str, set[str]]) -> None:
    calendar = Calendar()
    for uid, previous in links.items():
        calendar.keep(Entry((uid, None), replaces=frozenset(previous)))
    wanted = {
        previous
        for uid, previouses in links.items()
        for previous in previouses
        if not reaches(links, previous, uid)
    }
    assert {uid for uid in UIDS if calendar.is_replaced((uid, None))} == wanted


def test_a_meeting_moved_thousands_of_times_each_time_under_a_new_uid_is_one_meeting() -> None:
    """The chain is followed without a call for each of its links: calls nest a thousand deep."""
    calendar, moves = Calendar(), 5_000
    known = frozenset(f"m{number}" for number in range(moves))
    calendar.keep(Entry(("last", None), replaces=known))
    entries: dict[EntryKey, Entry] = {(uid, None): Entry((uid, None)) for uid in known}
    for number in range(1, moves):
        key = (f"m{number}", None)
        entries[key] = Entry(key, replaces=frozenset({f"m{number - 1}"}))
    for entry in entries.values():
        calendar._entries[entry.key] = entry
    assert calendar.is_replaced(("m0", None))
    assert not calendar.is_replaced(("last", None))


def test_who_has_prepared_for_what_is_worked_out_once_and_not_for_each_meeting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meetings = 40
    story = given(*agreed(), *(booked(f"m{n}", day(60 + n), at=day(8)) for n in range(meetings)))
    for number in range(meetings):
        story.when(c.NotePreparation(at=day(9), actor=AS_MENTEE, uid=f"m{number}"))
    looked: list[EntryKey] = []
    meeting_key = Calendar.meeting_key

    def counting(calendar: Calendar, key: EntryKey) -> EntryKey:
        looked.append(key)
        return meeting_key(calendar, key)

    monkeypatch.setattr(Calendar, "meeting_key", counting)
    story.when(booked("another", day(200), at=day(10)))
    assert story.refusal is None
    assert 0 < len(looked) < 5 * meetings


def test_what_is_reported_as_missed_ahead_of_its_time_is_not_gone_through_for_each_of_its_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A commitment concern stands already: those that start later make no difference to it."""
    ahead = 40
    story = given(*agreed(), *(absent(number, day(20 + number)) for number in range(2)))
    story.when(*(absent(number, day(60 + number), now=day(30)) for number in range(2, ahead)), now=day(30))
    story.then_concerns("commitment")
    looked: list[datetime] = []
    found = commitment._found

    def counting(state: Relationship, moment: Moment) -> object:
        looked.append(moment.at)
        return found(state, moment)

    monkeypatch.setattr(commitment, "_found", counting)
    story.when(absent(ahead, day(150), now=day(30)), now=day(30))
    assert story.refusal is None
    assert 0 < len(looked) < 10


def absent(number: int, start: datetime, now: datetime | None = None) -> c.ReportHeld:
    """The mentee did not come, and whoever reports it does not wait for the end."""
    return c.ReportHeld(
        at=now or start,
        uid=f"m{number}",
        source="portal",
        message=str(number),
        starts_at=start,
        ends_at=start + timedelta(hours=1),
        attended=(MENTOR,),
    )
