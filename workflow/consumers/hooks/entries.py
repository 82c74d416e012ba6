"""One entry of a calendar: when it is, in which revision, and who is invited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event as Component
from icalendar.prop import vBroken
from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from workflow.consumers.hooks.booking import identities, zone_or_none
from workflow.consumers.hooks.hook import Untranslatable

DAY = timedelta(days=1)

_FIRST_YEAR, _YEAR_AFTER = 1970, 2200
_ONCE = ("UID", "DTSTAMP", "DTSTART", "DTEND", "DURATION", "SEQUENCE", "RECURRENCE-ID", "STATUS", "ORGANIZER")
_NOT_PEOPLE = frozenset({"ROOM", "RESOURCE"})


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """A VEVENT as it was written."""

    component: Component
    uid: str
    sequence: int
    stamp: datetime
    """When this revision was made."""

    recurrence_id: datetime | None
    """Of one occurrence of a series: its original start."""

    ranged: bool
    """Whether it is meant for all later occurrences, too."""

    cancelled: bool

    @property
    def series(self) -> bool:
        """Whether it stands for more than one meeting."""
        return "RRULE" in self.component or "RDATE" in self.component


def entry_of(component: Component, zone: ZoneInfo) -> Entry:
    """A VEVENT, read as far as it is not about its time."""
    for name in _ONCE:
        _single(component, name)
    if "EXRULE" in component:  # withdrawn from the standard, and worked out by nobody
        raise Untranslatable("rule_unusual")
    recurrence = _single(component, "RECURRENCE-ID")
    recurrence_id = None if recurrence is None else instant(recurrence, zone)
    stamp = _single(component, "DTSTAMP") or _single(component, "LAST-MODIFIED")
    if stamp is None:
        raise Untranslatable("member_missing:DTSTAMP")
    ranged = recurrence is not None and str(recurrence.params.get("RANGE", "")).upper() == "THISANDFUTURE"
    return Entry(
        component,
        str(_single(component, "UID") or ""),
        _sequence(component),
        instant(stamp, ZoneInfo("UTC")),
        recurrence_id,
        ranged,
        str(_single(component, "STATUS") or "").upper() == "CANCELLED",
    )


def times_of(component: Component, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """When it begins and ends. What is told by the day alone lasts from midnight to midnight."""
    start, end = _single(component, "DTSTART"), _single(component, "DTEND")
    if start is None:
        raise Untranslatable("member_missing:DTSTART")
    starts_at = instant(start, zone)
    if end is not None:
        ends_at = instant(end, zone)
    else:
        length = _single(component, "DURATION")
        whole = not isinstance(start.dt, datetime)
        duration = length.dt if length is not None else DAY if whole else timedelta(0)
        if not isinstance(duration, timedelta):
            raise Untranslatable("time_invalid")
        ends_at = starts_at + _bounded(duration)
    if not isinstance(start.dt, datetime) and DAY < ends_at - starts_at <= DAY + timedelta(hours=2):
        ends_at = starts_at + DAY  # the day on which clocks are put back
    return starts_at, ends_at


def length_of(component: Component, zone: ZoneInfo) -> timedelta:
    """How long it is."""
    starts_at, ends_at = times_of(component, zone)
    return ends_at - starts_at


def instant(property: Any, zone: ZoneInfo) -> datetime:
    """The instant of a date or time; in ``zone`` where it names none."""
    value = getattr(property, "dt", None)
    named = str(getattr(property, "params", {}).get("TZID", ""))
    if isinstance(value, datetime):
        if value.tzinfo is None and named:
            raise Untranslatable("zone_unknown")
        aware = value if value.tzinfo is not None else value.replace(tzinfo=zone)
    elif isinstance(value, date):
        aware = datetime.combine(value, time(), zone)
    else:
        raise Untranslatable("time_invalid")
    # Years of ours before anything is reckoned from it: the first and the last of all calendars overflow.
    if not _FIRST_YEAR <= aware.year < _YEAR_AFTER:
        raise Untranslatable("time_invalid")
    return aware.astimezone(UTC)


def zone_name(component: Component) -> str | None:
    """The name of the zone that its start is told in, where that is one that others know."""
    start = _single(component, "DTSTART")
    zone = getattr(getattr(start, "dt", None), "tzinfo", None)
    if isinstance(zone, ZoneInfo):
        return zone_or_none(zone.key) if zone.key != "UTC" else None
    return WINDOWS_TO_OLSON.get(str(getattr(start, "params", {}).get("TZID", "")))


def parties_of(entry: Entry, core: Entry) -> list[str]:
    """Who meets: whom it needs, without rooms. An occurrence that names nobody has the series' people.

    Who organises is one of them where nobody else but one is invited, or where he is invited as well: one who
    arranges it for two others does not meet them. Those whom it does not need count only where nobody else would
    be left.
    """
    component = entry.component if "ATTENDEE" in entry.component else core.component
    needed: list[str] = []
    others: list[str] = []
    for attendee in properties(component, "ATTENDEE"):
        params = getattr(attendee, "params", {})
        role = str(params.get("ROLE", "REQ-PARTICIPANT")).upper()
        if str(params.get("CUTYPE", "")).upper() in _NOT_PEOPLE or role == "NON-PARTICIPANT":
            continue
        (others if role == "OPT-PARTICIPANT" else needed).append(_address(attendee))
    organizer = organizer_of(entry, core)
    invited = identities(needed)
    for more in ([organizer] if organizer else [], identities(others)):
        if len(invited) < 2:
            invited = list(dict.fromkeys([*more, *invited]))
    return invited


def organizer_of(entry: Entry, core: Entry) -> str | None:
    """Who organises it, as an identity."""
    organizer = _single(entry.component, "ORGANIZER") or _single(core.component, "ORGANIZER")
    found = [] if organizer is None else identities([_address(organizer)])
    return found[0] if found else None


def _address(person: Any) -> str:
    """The mail address; nothing where there is none, as in directories of their own."""
    scheme, _, address = str(person).partition(":")
    if scheme.lower() == "mailto":
        return address
    return str(getattr(person, "params", {}).get("EMAIL", "")).lower().removeprefix("mailto:")


def _sequence(component: Component) -> int:
    sequence = _single(component, "SEQUENCE")
    if sequence is None:
        return 0
    if not isinstance(sequence, int):
        raise Untranslatable("member_invalid:SEQUENCE")
    return int(sequence)


def _bounded(duration: timedelta) -> timedelta:
    """Ten days are far too long for a meeting, and do not lead beyond all calendars."""
    return min(duration, 10 * DAY) if duration > timedelta(0) else timedelta(0)


def _single(component: Component, name: str) -> Any:
    """A property that comes once, or not at all."""
    found = properties(component, name)
    if len(found) > 1:
        raise Untranslatable(f"member_repeated:{name}")
    return found[0] if found else None


def properties(component: Component, name: str) -> list[Any]:
    """All of one name; ``Untranslatable`` where one of them could not be read."""
    value = component.get(name)
    found = [] if value is None else value if isinstance(value, list) else [value]
    if any(isinstance(one, vBroken) for one in found):
        raise Untranslatable(f"member_invalid:{name}")
    return found
