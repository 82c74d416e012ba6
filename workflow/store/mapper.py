"""The stored form of events: JSON written and read by pydantic's core, with no dicts in between.

A stored event is ``{"metadata": {…}, "event": {…}}`` under the event's fixed name. Sealed text is put into
its box on the way out and stays in it on the way in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar, get_args
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, Notification, StoredEvent
from pydantic import AwareDatetime, TypeAdapter
from pydantic_core import SchemaValidator, from_json, to_json, to_jsonable_python
from typing_extensions import TypedDict

from workflow.aggregates.events import EVENTS, Event
from workflow.errors import Stopped
from workflow.store.instants import stored_once
from workflow.store.recorded import Agenda, Metadata, Origin, Recorded
from workflow.store.recorder import EventRow
from workflow.store.sealing import Sealing, can_hold_sealed
from workflow.store.upcasting import STEPS, Step, upcast

_E = TypeVar("_E", bound=Event)
_NO_STREAM = UUID(int=0)


class _WithEvent(TypedDict, Generic[_E]):
    """The stored form, read for the event alone."""

    event: _E


class _WithMetadata(TypedDict):
    """The stored form, read for the metadata alone."""

    metadata: Metadata


class _Reader:
    """Reads one kind of event."""

    def __init__(self, kind: type[Event]) -> None:
        self.kind = kind
        with_event: Any = _WithEvent[kind]  # type: ignore[valid-type]
        self._stored = _validator(with_event)
        members = [name for name in kind.model_fields if name != "dues"]
        self._number = len(members)
        self._instants = [name for name in members if _is_instant(kind.model_fields[name].annotation)]
        self._defaults = {
            name: to_jsonable_python(kind.model_fields[name].get_default(call_default_factory=True))
            for name in members
            if not kind.model_fields[name].is_required()
        }

    def event(self, state: bytes) -> Event:
        """What happened."""
        event: Event = self._stored.validate_json(state)["event"]
        return event

    def told(self, state: bytes) -> tuple[dict[str, Any], Agenda | None]:
        """The event's members, with instants as rows keep them, and its agenda."""
        stored = from_json(state, cache_strings="keys")
        members = stored["event"]
        dues = members.pop("dues", None)
        if len(members) != self._number:
            members = self._defaults | members
        for name in self._instants:
            if (instant := members[name]) is not None:
                members[name] = stored_once(instant)
        if dues is None:
            return members, None
        recording = stored["metadata"]
        return members, Agenda(recording.get("asked_at") or recording["recorded_at"], dues)

    def metadata(self, state: bytes) -> Metadata:
        """What is known about its recording."""
        metadata: Metadata = _METADATA.validate_json(state)["metadata"]
        return metadata

    def upcast(self, raw: Any) -> tuple[Event, Metadata]:
        """Both, from what JSON said."""
        return self._stored.validate_python(raw)["event"], _METADATA.validate_python(raw)["metadata"]


def _is_instant(annotation: Any) -> bool:
    return AwareDatetime in (annotation, *get_args(annotation))


def _validator(form: Any) -> SchemaValidator:
    """What reads: pydantic's wrapping of it costs as much as a tenth of the reading."""
    validator = TypeAdapter(form).validator
    assert isinstance(validator, SchemaValidator)
    return validator


_METADATA = _validator(_WithMetadata)


class Decoder:
    """Reads what was stored; for that no key is needed."""

    def __init__(self, events: Mapping[str, type[Event]] = EVENTS, steps: Mapping[str, Step] = STEPS) -> None:
        self._events = events
        self._steps = steps
        self._readers: dict[str, _Reader] = {}

    def decode(self, position: int, stream: UUID | str, version: int, topic: str, state: bytes) -> Recorded:
        """The fact that was stored. The stream may be text already, as UUIDs are written."""
        reader = self._readers.get(topic)  # there is one where the name is the newest
        if reader is None and topic not in self._steps:
            reader = self._reader(topic)
        if reader is not None:
            return Recorded.unread(position, str(stream), version, reader, state)
        raw = from_json(state)
        name, members, renamed = upcast(topic, raw["event"], self._steps)
        event, metadata = self._reader(name).upcast({"metadata": raw["metadata"], "event": members})
        return Recorded(position, UUID(str(stream)), version, event, metadata, topic, renamed)

    def decoded(self, rows: Iterable[EventRow]) -> list[Recorded]:
        """The facts that these rows store."""
        found: list[Recorded] = []
        readers, unread = self._readers, Recorded.unread
        for position, stream, version, topic, state in rows:
            reader = readers.get(topic)
            if reader is None:  # its first, or one of an older name
                found.append(self.decode(position, _dashed(stream), version, topic, state))
            else:
                found.append(unread(position, _dashed(stream), version, reader, state))
        return found

    def decode_event(self, topic: str, state: bytes) -> Event:
        """The event alone, for replaying: its instants in the zone object that new ones have.

        To compare two of different zone objects takes ten times as long, and deciding compares many.
        """
        if topic in self._steps:
            return self.decode(0, _NO_STREAM, 0, topic, state).event
        event = self._reader(topic).event(state)
        _in_plain_utc(event.__dict__)
        if event.dues:
            _in_plain_utc(event.dues)
        return event

    def _reader(self, name: str) -> _Reader:
        reader = self._readers.get(name)
        if reader is None:
            kind = self._events.get(name)
            if kind is None:
                raise Stopped(
                    f"the store holds an event {name!r} that this version does not know; run a newer one",
                    code="event_unknown",
                )
            reader = self._readers[name] = _Reader(kind)
        return reader


class EventMapper(Decoder, Mapper[UUID]):
    """Turns events into their stored form and back, as the event sourcing library asks a mapper to."""

    def __init__(
        self,
        sealing: Sealing,
        *,
        events: Mapping[str, type[Event]] = EVENTS,
        steps: Mapping[str, Step] = STEPS,
    ) -> None:
        Decoder.__init__(self, events, steps)
        Mapper.__init__(self, JSONTranscoder())
        self.sealing = sealing

    # --- to be stored -------------------------------------------------------------------------------------

    def encode(self, stream: UUID, event: Event, metadata: Metadata) -> bytes:
        """The stored form of an event whose metadata were read."""
        return self.write(stream, event, metadata.event_id, metadata.recorded_at, metadata.origin)

    def write(
        self, stream: UUID, event: Event, event_id: UUID, recorded_at: datetime, origin: Origin
    ) -> bytes:
        """The stored form. The keys of what the event seals must be there.

        What is read as ``Metadata`` is written without one being made, in a third of the time.
        """
        kind = type(event)
        if can_hold_sealed(kind):
            boxes = self.sealing.boxes(stream, event_id, event)
            body = kind.__pydantic_serializer__.to_json(event, context={"boxes": boxes})
        else:
            body = kind.__pydantic_serializer__.to_json(event)
        metadata = to_json(
            {
                "event_id": event_id,
                "recorded_at": recorded_at,
                "correlation_id": origin.correlation_id,
                "causation_id": origin.causation_id,
                "source": origin.source,
                "traceparent": origin.traceparent,
                "asked_at": origin.asked_at,
            }
        )
        return b'{"metadata":%b,"event":%b}' % (metadata, body)

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The library's way in; the writer encodes in batches instead."""
        assert isinstance(domain_event, Recorded)
        recorded = domain_event
        self.sealing.ensure(list(self.sealing.scopes(recorded.stream, recorded.event)))
        state = self.encode(recorded.stream, recorded.event, recorded.metadata)
        return StoredEvent(recorded.stream, recorded.version, recorded.event.name, state)

    # --- as it was stored ---------------------------------------------------------------------------------

    def to_domain_event(self, stored_event: StoredEvent) -> Recorded:
        """The library's way out. Only a notification knows its position."""
        position = stored_event.id if isinstance(stored_event, Notification) else 0
        stream = stored_event.originator_id
        return self.decode(
            position,
            stream if isinstance(stream, UUID) else UUID(stream),
            stored_event.originator_version,
            stored_event.topic,
            stored_event.state,
        )


def _in_plain_utc(members: dict[Any, Any]) -> None:
    for name, value in members.items():
        if type(value) is datetime and value.tzinfo is not UTC:
            members[name] = value.astimezone(UTC)


@lru_cache(65_536)
def _dashed(hexed: str) -> str:
    """Whose events they are, as UUIDs are written: the same few thousand again and again."""
    return f"{hexed[:8]}-{hexed[8:12]}-{hexed[12:16]}-{hexed[16:20]}-{hexed[20:]}"
