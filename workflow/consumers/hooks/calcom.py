"""Cal.com: https://cal.com/docs/developing/guides/automation/webhooks."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from pydantic import Field

from workflow.consumers.hooks.booking import Payload, identities, read_payload, zone_or_none
from workflow.consumers.hooks.hook import Event, Hook, Nothing, Sent, Told, event
from workflow.consumers.hooks.signatures import over_body
from workflow.consumers.meetings.contract import Kind
from workflow.consumers.meetings.members import Instant

NAME = "calcom"


class Person(Payload):
    """Somebody of a booking."""

    email: str
    time_zone: str | None = Field(None, alias="timeZone")


class Booking(Payload):
    """A booking. A moved one has another uid, and names the earlier one as ``rescheduleUid``."""

    uid: str
    start_time: Instant = Field(alias="startTime")
    end_time: Instant = Field(alias="endTime")
    organizer: Person
    attendees: tuple[Person, ...] = ()
    responses: Any = None
    reschedule_uid: str | None = Field(None, alias="rescheduleUid")
    cancelled_by: str | None = Field(None, alias="cancelledBy")


class Attendance(Payload):
    """Whether an attendee came."""

    email: str
    no_show: bool = Field(alias="noShow")


class NoShow(Payload):
    """What was marked, or unmarked, of a booking. It names nobody else."""

    booking_uid: str = Field(alias="bookingUid")
    attendees: tuple[Attendance, ...] = ()


class Trigger(Payload):
    """What every payload begins with."""

    trigger_event: str = Field(alias="triggerEvent")


class OfBooking(Trigger):
    """Something became of a booking."""

    created_at: Instant = Field(alias="createdAt")
    payload: Booking


class OfAttendance(Trigger):
    """Who came was put down."""

    created_at: Instant = Field(alias="createdAt")
    payload: NoShow


def translate(sent: Sent, zone: ZoneInfo) -> Told | Nothing:  # noqa: ARG001 every time has its offset
    """The meeting that a booking is, and what becomes of it."""
    trigger = read_payload(Trigger, sent.body).trigger_event
    match trigger:
        case "BOOKING_CREATED" | "BOOKING_RESCHEDULED" | "BOOKING_CANCELLED":
            return _of_booking(read_payload(OfBooking, sent.body))
        case "BOOKING_NO_SHOW_UPDATED":
            return _of_attendance(read_payload(OfAttendance, sent.body))
        case "MEETING_STARTED" | "MEETING_ENDED":
            return Nothing("that the time of a meeting begins or ends tells nobody whether it was held")
        case _:
            return Nothing("a trigger of this kind tells nothing of a meeting")


def _of_booking(said: OfBooking) -> Told | Nothing:
    booking = said.payload
    parties = _parties(booking)
    if said.trigger_event == "BOOKING_CANCELLED":
        by = identities([booking.cancelled_by or ""])
        cancelled = event(
            NAME,
            Kind.CANCELLED,
            said.created_at,
            uid=booking.uid,
            parties=parties,
            cancelled_by=by[0] if by and by[0] in parties else None,
        )
        return Told((cancelled,))
    if len(parties) < 2:
        return Nothing("a booking of one person alone is no meeting")
    moved = said.trigger_event == "BOOKING_RESCHEDULED"
    return Told(
        (
            event(
                NAME,
                Kind.RESCHEDULED if moved else Kind.SCHEDULED,
                said.created_at,
                uid=booking.uid,
                parties=parties,
                starts_at=booking.start_time,
                ends_at=booking.end_time,
                timezone=zone_or_none(booking.organizer.time_zone),
                previous_uid=(booking.reschedule_uid or None) if moved else None,
            ),
        )
    )


def _of_attendance(said: OfAttendance) -> Told | Nothing:
    attendees = said.payload.attendees
    if not attendees:
        return Nothing("it names no attendee")
    absent = identities(one.email for one in attendees if one.no_show)
    about: dict[str, Any] = {
        "uid": said.payload.booking_uid,
        "parties": identities(one.email for one in attendees),
    }
    told: Event
    if absent:
        told = event(NAME, Kind.MISSED, said.created_at, **about, missed_by=absent)
    else:
        told = event(NAME, Kind.CORRECTED, said.created_at, **about, outcome="none")
    return Told((told,))


def _parties(booking: Booking) -> list[str]:
    """Who meets. Whom the booker brings along may be anybody, and counts only where nobody else would be left."""
    everybody = identities([booking.organizer.email, *(one.email for one in booking.attendees)])
    brought = set(identities(_guests(booking.responses)))
    invited = [one for one in everybody if one not in brought]
    return invited if len(invited) > 1 else everybody


def _guests(responses: object) -> list[str]:
    answer = responses.get("guests") if isinstance(responses, dict) else None
    value = answer.get("value") if isinstance(answer, dict) else None
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


HOOK = Hook(NAME, over_body("X-Cal-Signature-256"), translate)
