"""Calendars that never end: a decision takes no more than a few looks at each of their entries."""

from __future__ import annotations

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from tests.domain.story import AS_MENTEE, agreed, booked, day, given
from workflow.aggregates import commands as c
from workflow.aggregates.calendars import Calendar
from workflow.aggregates.meetings import Entry, EntryKey

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
    """To look for a way back from each of the links would take 200 million steps."""
    calendar, moves = Calendar(), 20_000
    known = frozenset(f"m{number}" for number in range(moves))
    calendar.keep(Entry(("last", None), replaces=known))
    entries: dict[EntryKey, Entry] = {(uid, None): Entry((uid, None)) for uid in known}
    for number in range(1, moves):
        key = (f"m{number}", None)
        entries[key] = Entry(key, replaces=frozenset({f"m{number - 1}"}))
    calendar._entries.update(entries)
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
