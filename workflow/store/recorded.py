"""A fact as it was stored: the event, where it stands, and what is known about its recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict

from workflow.aggregates.events import Event


@dataclass(frozen=True, slots=True)
class Origin:
    """What caused a command: carried into the metadata of every event that the command leads to."""

    correlation_id: str
    causation_id: str | None = None
    source: str | None = None
    message_id: str | None = None
    traceparent: str | None = None


class Metadata(BaseModel):
    """What is known about the recording of an event. ``recorded_at`` never decreases along the log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_id: UUID
    recorded_at: AwareDatetime
    correlation_id: str
    causation_id: str | None = None
    source: str | None = None
    message_id: str | None = None
    traceparent: str | None = None


class Agenda(NamedTuple):
    """When to ask what, as an event tells it: every due by its kind; and when that was recorded. RFC 3339."""

    recorded_at: str
    dues: dict[str, str]


class Reader(Protocol):
    """Reads the stored form of one kind of event, as far as it is asked for."""

    @property
    def kind(self) -> type[Event]:
        """The event's class."""
        ...

    def whole(self, state: bytes) -> tuple[Event, Metadata]:
        """All of it."""
        ...

    def agenda(self, state: bytes) -> Agenda | None:
        """The agenda alone, None where it tells none."""
        ...


class Recorded:
    """An event in the log: the ``version``-th of its ``stream``, the ``position``-th of all.

    What comes from the store is read when it is first asked for: a fold looks at few kinds of events, and
    often at the agenda alone. ``kind`` is the event's class. ``stored_as`` is the name under which it was
    stored, where that is an older one than the event's own; ``renamed`` maps members of the event to what
    they were called then. Both matter to unsealing alone.
    """

    __slots__ = (
        "_agenda",
        "_agenda_found",
        "_reader",
        "_state",
        "_whole",
        "kind",
        "position",
        "renamed",
        "stored_as",
        "stream",
        "version",
    )

    _whole: tuple[Event, Metadata] | None
    _reader: Reader | None
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
        self.position, self.stream, self.version = position, stream, version
        self.kind = type(event)
        self.stored_as, self.renamed = stored_as, renamed
        self._whole = (event, metadata)
        self._reader, self._state = None, b""
        self._agenda, self._agenda_found = None, False

    @classmethod
    def unread(cls, position: int, stream: UUID, version: int, reader: Reader, state: bytes) -> Recorded:
        """What nobody has asked for yet, under the event's own name."""
        self = cls.__new__(cls)
        self.position, self.stream, self.version = position, stream, version
        self.kind = reader.kind
        self.stored_as, self.renamed = "", ()
        self._whole = None
        self._reader, self._state = reader, state
        self._agenda, self._agenda_found = None, False
        return self

    @property
    def event(self) -> Event:
        """What happened."""
        return self._read()[0]

    @property
    def metadata(self) -> Metadata:
        """What is known about its recording."""
        return self._read()[1]

    @property
    def agenda(self) -> Agenda | None:
        """The agenda from this event on, None where that stays as it was. Costs little where nothing was read."""
        if not self._agenda_found:
            self._agenda, self._agenda_found = self._find_agenda(), True
        return self._agenda

    def _find_agenda(self) -> Agenda | None:
        if self._whole is None and self._reader is not None:
            return self._reader.agenda(self._state)
        event, metadata = self._read()
        if event.dues is None:
            return None
        dues = {kind.value: due.isoformat() for kind, due in event.dues.items()}
        return Agenda(metadata.recorded_at.isoformat(), dues)

    def _read(self) -> tuple[Event, Metadata]:
        whole = self._whole
        if whole is None:
            assert self._reader is not None
            whole = self._whole = self._reader.whole(self._state)
        return whole

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
        return self.position, self.stream, self.version, *self._read(), self.stored_as, self.renamed
