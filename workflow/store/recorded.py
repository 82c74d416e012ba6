"""A fact as it was stored: the event, where it stands, and what is known about its recording."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from workflow.aggregates.events import Event
from workflow.store.instants import stored


class Origin(NamedTuple):
    """What caused a command: carried into the metadata of every event that the command leads to.

    ``source`` is told where a message did; ``causation_id`` is that message's id, and the two name it.
    ``asked_at`` is told where the clock asked: the instant as of which it did.
    """

    correlation_id: str
    causation_id: str | None = None
    source: str | None = None
    traceparent: str | None = None
    asked_at: datetime | None = None


class Metadata(BaseModel):
    """What is known about the recording of an event. ``recorded_at`` never decreases along the log.

    What caused it is told as ``Origin`` says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: UUID
    recorded_at: AwareDatetime
    correlation_id: str
    causation_id: str | None = None
    source: str | None = None
    traceparent: str | None = None
    asked_at: AwareDatetime | None = None

    @property
    def origin(self) -> Origin:
        """What caused it."""
        return Origin(self.correlation_id, self.causation_id, self.source, self.traceparent, self.asked_at)


class Agenda(NamedTuple):
    """When to ask what, as an event tells it: every due by its kind. RFC 3339.

    ``known_at`` is from when on that is to be asked: when it was recorded, or where the clock brought it about, as
    of when that asked; a clock that was away records it only later.
    """

    known_at: str
    dues: dict[str, str]


class Members:
    """The members of an event, but for the agenda, as text: instants as rows keep them, words and ids as JSON has them.

    Several look at it: none changes it. A member's own parts are dicts and lists, as JSON has them throughout.
    """

    __slots__ = ("__dict__",)

    def __init__(self, members: dict[str, Any]) -> None:
        self.__dict__ = members


class Reader(Protocol):
    """Reads the stored form of one kind of event, as far as it is asked for."""

    @property
    def kind(self) -> type[Event]:
        """The event's class."""
        ...

    def event(self, state: bytes) -> Event:
        """What happened."""
        ...

    def told(self, state: bytes) -> tuple[dict[str, Any], Agenda | None]:
        """The event's members, as ``Members`` says, and its agenda, None where it tells none."""
        ...

    def metadata(self, state: bytes) -> Metadata:
        """What is known about its recording."""
        ...


class Recorded:
    """An event in the log: the ``version``-th of its ``stream``, the ``position``-th of all.

    What comes from the store is read when it is first asked for: a fold looks at few kinds of events, and at none as
    the objects that decisions are made of. ``kind`` is the event's class, ``stream_text`` the stream as text has it.
    ``stored_as`` is the name under which it was stored, where that is an older one than the event's own; ``renamed``
    maps members of the event to what they were called then. Both matter to unsealing alone.
    """

    __slots__ = (
        "_agenda",
        "_event",
        "_metadata",
        "_reader",
        "_state",
        "_told",
        "kind",
        "position",
        "renamed",
        "stored_as",
        "stream_text",
        "version",
    )

    _event: Event | None
    _metadata: Metadata | None
    _reader: Reader | None
    _told: Members | None
    _agenda: Agenda | None

    def __init__(
        self,
        position: int,
        stream: UUID,
        version: int,
        event: Event,
        metadata: Metadata,
        stored_as: str = "",
        renamed: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.position, self.stream_text, self.version = position, str(stream), version
        self.kind = type(event)
        self.stored_as, self.renamed = stored_as, renamed
        self._event, self._metadata = event, metadata
        self._reader, self._state, self._told = None, b"", None

    @classmethod
    def unread(cls, position: int, stream: str, version: int, reader: Reader, state: bytes) -> Recorded:
        """What nobody has asked for yet, under the event's own name."""
        self = cls.__new__(cls)
        self.position, self.stream_text, self.version = position, stream, version
        self.kind = reader.kind
        self.stored_as, self.renamed = "", ()
        self._event = self._metadata = self._told = None
        self._reader, self._state = reader, state
        return self

    @property
    def stream(self) -> UUID:
        """The relationship or programme that it is of."""
        return _stream(self.stream_text)

    @property
    def event(self) -> Event:
        """What happened."""
        event = self._event
        if event is None:
            assert self._reader is not None
            event = self._event = self._reader.event(self._state)
        return event

    @property
    def told(self) -> Any:
        """The event's members as text tells them; see ``Members``. Read in a third of the time that the event takes."""
        told = self._told
        return self._read() if told is None else told

    @property
    def metadata(self) -> Metadata:
        """What is known about its recording."""
        metadata = self._metadata
        if metadata is None:
            assert self._reader is not None
            metadata = self._metadata = self._reader.metadata(self._state)
        return metadata

    @property
    def agenda(self) -> Agenda | None:
        """The agenda from this event on, None where that stays as it was. Costs little where nothing was read."""
        if self._told is None:
            if NO_DUES in self._state:  # inside of a text the quotation marks would be escaped
                return None
            self._read()
        return self._agenda

    def _read(self) -> Members:
        if self._reader is not None:
            members, self._agenda = self._reader.told(self._state)
        else:
            event = self.event
            instants = {name: stored(value) for name, value in event if isinstance(value, datetime)}
            members = event.model_dump(mode="json", exclude={"dues", *instants}) | instants
            self._agenda = self._of_event()
        told = self._told = Members(members)
        return told

    def _of_event(self) -> Agenda | None:
        if self.event.dues is None:
            return None
        dues = {kind.value: due.isoformat() for kind, due in self.event.dues.items()}
        metadata = self.metadata
        return Agenda((metadata.asked_at or metadata.recorded_at).isoformat(), dues)

    @property
    def originator_id(self) -> UUID:
        """The stream, as the event sourcing library calls it."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The version, as the event sourcing library calls it."""
        return self.version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Recorded) and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash((self.position, self.stream, self.version))

    def __repr__(self) -> str:
        return f"Recorded({self.position}, {self.stream}, {self.version}, {self.kind.__name__})"

    def _facts(self) -> tuple[object, ...]:
        place = self.position, self.stream, self.version
        return *place, self.event, self.metadata, self.stored_as, self.renamed


NO_DUES = b'"dues":null'
"""How an event is stored that tells no agenda."""


@lru_cache(16_384)
def _stream(text: str) -> UUID:
    """Whose events they are: the same few thousand again and again."""
    return UUID(text)
