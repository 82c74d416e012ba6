"""iCalendar invitations (iTIP, RFC 5546) as calendars mail them: https://www.rfc-editor.org/rfc/rfc5546."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import groupby
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar import Calendar, use_zoneinfo
from icalendar.error import GloballyUniqueTZIDGuessed

from workflow.consumers.hooks.entries import Entry, entry_of, organizer_of, parties_of, times_of, zone_name
from workflow.consumers.hooks.hook import Event, Hook, Nothing, Sent, Told, Untranslatable, event
from workflow.consumers.hooks.mail import calendar_in
from workflow.consumers.hooks.rules import MOST_COMPONENTS, check_text
from workflow.consumers.hooks.series import Days, occurrences
from workflow.consumers.hooks.signatures import over_time_and_body
from workflow.consumers.meetings.contract import Kind

NAME = "icalendar"

MOST_TOLD = 1000
"""Messages from one calendar, as from one batch over HTTP."""

_ALONE = Lock()
"""The library keeps the zones that a calendar defines for the whole process: one calendar is read at a time, and
each begins with none of another's."""

# It repeats what was sent, and the guess is a good one: a vendor's prefix before a name that is known.
warnings.filterwarnings("ignore", category=GloballyUniqueTZIDGuessed)

_UNTOLD = {
    "REPLY": "an answer to an invitation calls nothing off: that is for who organises it to say",
    "COUNTER": "a proposal changes nothing until who organises it sends a new invitation",
    "DECLINECOUNTER": "a refused proposal leaves the meeting as it is",
    "REFRESH": "to ask for the newest invitation tells nothing of a meeting",
}


def translate(sent: Sent, zone: ZoneInfo) -> Told | Nothing:
    """The meetings that an invitation or a cancellation is about."""
    text = calendar_in(sent)
    if text is None:
        return Nothing("there is no calendar in it")
    check_text(text)
    with _ALONE:
        use_zoneinfo()  # type: ignore[no-untyped-call] # the library's is untyped
        return _translate(_parsed(text), zone)


def _parsed(text: str) -> Calendar:
    try:
        calendar = Calendar.from_ical(text)
    except (ValueError, LookupError, TypeError, AttributeError):
        # What the library raises at bad syntax.
        raise Untranslatable("not_a_calendar") from None
    if not isinstance(calendar, Calendar):
        raise Untranslatable("not_a_calendar")
    return calendar


def _translate(calendar: Calendar, zone: ZoneInfo) -> Told | Nothing:
    method = str(calendar.get("METHOD", "")).upper()
    if method in _UNTOLD:
        return Nothing(_UNTOLD[method])
    if method not in {"REQUEST", "CANCEL"}:
        raise Untranslatable("method_unknown")
    components = [one for one in calendar.subcomponents if one.name == "VEVENT"]
    if not components:
        return Nothing("there is no meeting in the calendar")
    if len(components) > MOST_COMPONENTS:
        raise Untranslatable("too_much")
    zone = _zone_of(calendar, zone)
    entries = sorted((entry_of(one, zone) for one in components), key=lambda entry: entry.uid)  # type: ignore[arg-type]
    events: list[Event] = []
    days = Days()
    for _, group in groupby(entries, key=lambda entry: entry.uid):
        events += _meetings(list(group), method, zone, days)
        if len(events) > MOST_TOLD:
            raise Untranslatable("too_much")
    if not events:
        return Nothing("there is no meeting of two people in the calendar, or all of it has been")
    return Told(tuple(events))


def _meetings(entries: list[Entry], method: str, zone: ZoneInfo, days: Days) -> Iterator[Event]:
    """What is told of all entries under one UID."""
    newest = sorted(entries, key=lambda entry: (entry.sequence, entry.stamp))
    changed = {entry.recurrence_id: entry for entry in newest if entry.recurrence_id is not None}
    cores = [entry for entry in newest if entry.recurrence_id is None]
    core = cores[-1] if cores else None
    for entry in changed.values():
        if entry.ranged and (core is None or not core.series):
            raise Untranslatable("range_alone")
        yield from _told(entry, core or entry, method, zone, recurrence_id=entry.recurrence_id)
    if core is None:
        return
    if not core.series:
        yield from _told(core, core, method, zone)
        return
    if not any(_tells(entry, core, method) for entry in (core, *changed.values())):
        return
    for one in occurrences(core, list(changed.values()), zone, days):
        times = {"starts_at": one.starts_at, "ends_at": one.ends_at}
        yield from _told(one.entry, core, method, zone, recurrence_id=one.recurrence_id, **times)


def _tells(entry: Entry, core: Entry, method: str) -> bool:
    """Whether anything is told of it, be it that it cannot be."""
    return method == "CANCEL" or entry.cancelled or len(parties_of(entry, core)) >= 2


def _told(entry: Entry, core: Entry, method: str, zone: ZoneInfo, **about: Any) -> Iterator[Event]:
    """One meeting; nothing where nobody meets anybody."""
    parties = parties_of(entry, core)
    recurrence_id = about.get("recurrence_id")
    common: dict[str, Any] = {
        "uid": entry.uid,
        "recurrence_id": recurrence_id,
        "sequence": entry.sequence,
        "parties": parties,
    }
    if method == "CANCEL" and not entry.cancelled:
        # It takes an invitation away from somebody; whether the others still meet cannot be told from it.
        raise Untranslatable("cancel_unclear")
    if entry.cancelled:
        by = organizer_of(entry, core)
        told = event(NAME, Kind.CANCELLED, entry.stamp, **common, cancelled_by=by if by in parties else None)
        told["id"] = f"2-{told['id']}"  # of one revision and instant, being called off is the later
        yield told
        return
    if len(parties) < 2:
        return
    if "starts_at" not in about:
        about["starts_at"], about["ends_at"] = times_of(entry.component, zone)
    moved = recurrence_id is not None and about["starts_at"] != recurrence_id
    told = event(
        NAME,
        Kind.RESCHEDULED if moved else Kind.SCHEDULED,
        entry.stamp,
        **common,
        starts_at=about["starts_at"],
        ends_at=about["ends_at"],
        timezone=zone_name(entry.component),
    )
    told["id"] = f"1-{told['id']}"
    yield told


def _zone_of(calendar: Calendar, zone: ZoneInfo) -> ZoneInfo:
    """The calendar's own zone, where it names one that is known; else ours."""
    try:
        return ZoneInfo(str(calendar["X-WR-TIMEZONE"]))
    except (KeyError, ValueError, ZoneInfoNotFoundError, OSError):
        return zone


HOOK = Hook(NAME, over_time_and_body("Mentoring-Signature"), translate)
