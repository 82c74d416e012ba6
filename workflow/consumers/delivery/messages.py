"""From a fact to the CloudEvent that tells of it, where one does."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json

from workflow.aggregates.events import Event, ReminderIssued
from workflow.aggregates.events.outward import goes_out, is_told, outward
from workflow.consumers.delivery import reminder
from workflow.errors import Stopped
from workflow.places import whence
from workflow.store.recorded import Recorded

EVENTS, REMINDERS = "MENTORING_EVENTS", "MENTORING_REMINDERS"
"""The streams that messages go into."""

SUBJECTS = {EVENTS: "mentoring.events.*.*", REMINDERS: "mentoring.reminders.*"}

SOURCE = "urn:mentoring:workflow"


class Message(NamedTuple):
    """One message, ready to be published. ``id`` is the event's own: whoever receives it twice knows it by that."""

    stream: str
    subject: str
    relationship: UUID
    id: str
    body: bytes


def message_of(recorded: Recorded) -> Message | None:
    """What tells others of a fact; None where nobody is told.

    Raises ``Stopped`` where it cannot be told: nothing behind it may go out before it.
    """
    if not goes_out(recorded.kind):
        return None
    try:
        return _message(recorded) if is_told(recorded.event) else None
    except Exception as error:
        raise Stopped(
            f"event {recorded.position} of the log cannot be told ({whence(error)}), and nothing behind it goes out "
            "before it: run a version that can tell it",
            code="event_untellable",
        ) from error


def _message(recorded: Recorded) -> Message:
    event = recorded.event
    data: dict[str, Any]
    if isinstance(event, ReminderIssued):
        told = reminder.told(event)
        stream, subject = REMINDERS, reminder_subject(told.audience)
        data = told.model_dump(mode="json")
    else:
        stream, subject = EVENTS, event_subject(str(recorded.stream), type(event))
        data = outward(event)
        data.pop("occurred_at")  # it is the message's time
    id = str(recorded.metadata.event_id)
    body = to_json(
        {
            "specversion": "1.0",
            "id": id,
            "source": SOURCE,
            "type": event.name,
            "subject": str(recorded.stream),
            "time": event.occurred_at,
            "datacontenttype": "application/json",
            "data": data,
        }
    )
    return Message(stream, subject, recorded.stream, id, body)


def name_of(kind: type[Event]) -> str:
    """An event's name as subjects have it: without what all have in common, and without its version."""
    return kind.name.split(".")[1]


def event_subject(relationship: str, kind: type[Event]) -> str:
    """The subject of events of this class."""
    return f"mentoring.events.{relationship}.{name_of(kind)}"


def reminder_subject(audience: str) -> str:
    """The subject of reminders to these."""
    return f"mentoring.reminders.{audience}"
