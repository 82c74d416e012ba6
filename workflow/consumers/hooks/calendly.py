"""Calendly: https://developer.calendly.com/api-docs (webhook payloads, and their signatures).

Everything there is an invitee's: what is booked, moved, called off and missed. So the uid is the invitee's
own, and a reschedule leads from the old invitee to the new one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from workflow.consumers.hooks.booking import Payload, identities, read_payload, zone_or_none
from workflow.consumers.hooks.hook import Event, Hook, Nothing, Sent, Told, Untranslatable, event
from workflow.consumers.hooks.signatures import over_time_and_body
from workflow.consumers.meetings.contract import Kind
from workflow.consumers.meetings.members import Instant

NAME = "calendly"


class Host(Payload):
    """A host of a scheduled event."""

    user_email: str | None = None


class ScheduledEvent(Payload):
    """When, and with whom."""

    start_time: Instant
    end_time: Instant
    event_memberships: tuple[Host, ...] = ()


class Happening(Payload):
    """A cancellation, or a no-show: when it was put down, and by which side."""

    created_at: Instant | None = None
    canceler_type: str | None = None


class Invitee(Payload):
    """Somebody who has booked."""

    uri: str
    email: str
    created_at: Instant
    timezone: str | None = None
    rescheduled: bool = False
    old_invitee: str | None = None
    cancellation: Happening | None = None
    no_show: Happening | None = None
    scheduled_event: ScheduledEvent


class Delivery(Payload):
    """What every payload begins with."""

    event: str


class OfInvitee(Delivery):
    """Something became of an invitee."""

    created_at: Instant
    payload: Invitee


def translate(sent: Sent, zone: ZoneInfo) -> Told | Nothing:  # noqa: ARG001 every time has its offset
    """The meeting that an invitee has, and what becomes of it."""
    kind = read_payload(Delivery, sent.body).event
    if kind not in _TRANSLATIONS:
        return Nothing("a delivery of this kind tells nothing of a meeting")
    said = read_payload(OfInvitee, sent.body)
    invitee = said.payload
    hosts = identities(host.user_email or "" for host in invitee.scheduled_event.event_memberships)
    (guest,) = identities([invitee.email]) or [""]
    if not guest:
        raise Untranslatable("payload_unfit:payload.email")
    parties = list(dict.fromkeys([*hosts, guest]))
    if kind == "invitee.canceled" and invitee.rescheduled:
        return Nothing(
            "that the earlier time is called off belongs to moving it, which is told by the new one"
        )
    if kind == "invitee.created" and len(parties) < 2:
        return Nothing("a booking of one person alone is no meeting")
    return Told((_TRANSLATIONS[kind](said, hosts, guest, parties),))


def _created(said: OfInvitee, hosts: list[str], guest: str, parties: list[str]) -> Event:  # noqa: ARG001
    invitee, booked = said.payload, said.payload.scheduled_event
    previous = uid_of(invitee.old_invitee) if invitee.old_invitee else None
    return _event(
        said,
        Kind.RESCHEDULED if previous else Kind.SCHEDULED,
        invitee.created_at,
        parties,
        starts_at=booked.start_time,
        ends_at=booked.end_time,
        timezone=zone_or_none(invitee.timezone),
        previous_uid=previous,
    )


def _cancelled(said: OfInvitee, hosts: list[str], guest: str, parties: list[str]) -> Event:
    how = said.payload.cancellation or Happening()
    by = None
    if how.canceler_type == "invitee":
        by = guest
    elif how.canceler_type == "host" and len(hosts) == 1:
        by = hosts[0]
    return _event(said, Kind.CANCELLED, how.created_at or said.created_at, parties, cancelled_by=by)


def _missed(said: OfInvitee, hosts: list[str], guest: str, parties: list[str]) -> Event:  # noqa: ARG001
    when = (said.payload.no_show or Happening()).created_at or said.created_at
    return _event(said, Kind.MISSED, when, parties, missed_by=[guest])


def _came(said: OfInvitee, hosts: list[str], guest: str, parties: list[str]) -> Event:  # noqa: ARG001
    return _event(said, Kind.CORRECTED, said.created_at, parties, outcome="none")


_TRANSLATIONS = {
    "invitee.created": _created,
    "invitee.canceled": _cancelled,
    "invitee_no_show.created": _missed,
    "invitee_no_show.deleted": _came,
}


def _event(said: OfInvitee, kind: Kind, time: datetime, parties: list[str], **data: Any) -> Event:
    uid = uid_of(said.payload.uri)
    return event(NAME, kind, time, uid=uid, parties=parties, **data)


def uid_of(uri: str) -> str:
    """The last part of an invitee's address, which is its UUID."""
    uid = uri.rstrip("/").rpartition("/")[2]
    if not uid:
        raise Untranslatable("payload_unfit:payload.uri")
    return uid


HOOK = Hook(NAME, over_time_and_body("Calendly-Webhook-Signature"), translate)
