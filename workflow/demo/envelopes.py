"""Reports as they travel: CloudEvents, structured or binary, and the many ways to get one wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from workflow.demo.cast import DAY, Pair
from workflow.demo.reports import Report

TYPES = "mentoring.meeting.{}.v1"
HELSINKI_WINTER = timezone(timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Wire:
    """A message as the broker gets it. ``subject`` is a key that says nothing about anybody."""

    subject: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def wire(pair: Pair, report: Report) -> Wire:
    """The message that this pair's calendar makes of a report."""
    return _wire(pair, attributes(report), data(pair, report))


def attributes(report: Report) -> dict[str, str]:
    """The CloudEvent's own attributes. Whoever sends says when it happened in an offset of its own."""
    local = report.time.astimezone(HELSINKI_WINTER) if report.source == "/calendars/aalto" else report.time
    return {
        "specversion": "1.0",
        "type": TYPES.format(report.kind),
        "source": report.source,
        "id": report.id,
        "time": local.isoformat(timespec="milliseconds"),
    }


def data(pair: Pair, report: Report) -> dict[str, Any]:
    """The members of the report, people by the identities that this calendar knows."""
    kind = 0 if report.source != "/portal" else 1
    known = [person.known_as(kind, report.time) for person in pair.people]
    members: dict[str, Any] = {"uid": report.uid, "sequence": report.sequence}
    if pair.by_parties:
        members["parties"] = [known[index] for index in pair.there(report.time)]
    else:
        members["relationship_id"] = str(pair.relationship)
    for instant in ("recurrence_id", "starts_at", "ends_at"):
        if (value := getattr(report, instant)) is not None:
            members[instant] = value.isoformat()
    if report.previous_uid is not None:
        members["previous_uid"] = report.previous_uid
    if report.outcome is not None:
        members["outcome"] = report.outcome
    if report.attended is not None:
        members["attended"] = [known[index] for index in report.attended]
    if report.missed_by:
        members["missed_by"] = [known[index] for index in report.missed_by]
    if report.cancelled_by is not None:
        members["cancelled_by"] = known[report.cancelled_by]
    if report.kind == "scheduled":
        members |= {"channel": "video", "timezone": "Europe/Helsinki", "title": "Coffee, and the thesis"}
    return members


def _wire(pair: Pair, attributes: dict[str, str], members: dict[str, Any]) -> Wire:
    subject = f"mentoring.meetings.{pair.relationship.hex[:16]}"
    if pair.binary:
        headers = [("content-type", "application/json")]
        headers += [(f"ce-{key}", value) for key, value in attributes.items()]
        return Wire(subject, tuple(headers), _json(members))
    body = _json(attributes | {"datacontenttype": "application/json", "data": members})
    return Wire(subject, (("content-type", "application/cloudevents+json"),), body)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Flawed:
    """A message that cannot be applied. ``readable``: its source and id can be made out."""

    wire: Wire
    readable: bool = True


def flawed(pair: Pair, report: Report, flaw: str, random: Random) -> Flawed:
    """``report`` (a booking, with an id of its own) as somebody sends it who gets it wrong."""
    message: dict[str, Any] = attributes(report) | {"data": data(pair, report)}
    SPOIL[flaw](message, pair)
    members = message.pop("data")
    sent = _wire(replace(pair, binary=False), message, members)
    if flaw == "not_json":
        sent = replace(sent, body=sent.body[: random.randrange(10, 60)])
    return Flawed(sent, readable=flaw not in ("not_json", "no_id"))


def _set(**members: Any) -> Callable[[dict[str, Any], Pair], None]:
    return lambda message, _: message["data"].update(members)


def _set_type(name: str) -> Callable[[dict[str, Any], Pair], None]:
    return lambda message, _: message.update(type=name)


def _unknown_identity(message: dict[str, Any], pair: Pair) -> None:
    message["type"] = TYPES.format("missed")
    message["data"].pop("parties", None)
    message["data"] |= {"relationship_id": str(pair.relationship), "missed_by": ["email:nobody@example.org"]}


def _naive_time(message: dict[str, Any], _: Pair) -> None:
    message["time"] = datetime.fromisoformat(message["time"]).replace(tzinfo=None).isoformat()


def _three_days(message: dict[str, Any], _: Pair) -> None:
    starts = datetime.fromisoformat(message["data"]["starts_at"])
    message["data"]["ends_at"] = (starts + 3 * DAY).isoformat()


def _end_first(message: dict[str, Any], _: Pair) -> None:
    members = message["data"]
    members["starts_at"], members["ends_at"] = members["ends_at"], members["starts_at"]


def _named_twice(message: dict[str, Any], pair: Pair) -> None:
    message["data"]["relationship_id"] = str(pair.relationship)
    message["data"]["parties"] = [person.identities[0] for person in pair.people]


def _not_named(message: dict[str, Any], _: Pair) -> None:
    message["data"].pop("relationship_id", None)
    message["data"].pop("parties", None)


SPOIL: dict[str, Callable[[dict[str, Any], Pair], object]] = {
    "not_json": lambda message, _: message,
    "no_id": lambda message, _: message.pop("id"),
    "no_uid": lambda message, _: message["data"].pop("uid"),
    "unknown_version": _set_type("mentoring.meeting.scheduled.v9"),
    "unknown_type": _set_type("mentoring.meeting.enjoyed.v1"),
    "naive_time": _naive_time,
    "end_before_start": _end_first,
    "three_days_long": _three_days,
    "named_twice": _named_twice,
    "not_named": _not_named,
    "negative_sequence": _set(sequence=-1),
    "ill_typed_start": _set(starts_at="next Tuesday"),
    "unknown_identity": _unknown_identity,
    "too_large": _set(description="x" * (260 * 1024)),
}
"""What is done to a booking to spoil it."""
