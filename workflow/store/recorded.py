"""A fact as it was stored: the event, where it stands, and what is known about its recording."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in the log: the ``version``-th of its ``stream``, the ``position``-th of all.

    ``stored_as`` is the name under which it was stored, where that is an older one than the event's own;
    ``renamed`` maps members of the event to what they were called then. Both matter to unsealing alone.
    """

    position: int
    stream: UUID
    version: int
    event: Event
    metadata: Metadata
    stored_as: str = ""
    renamed: tuple[tuple[str, str], ...] = ()

    @property
    def originator_id(self) -> UUID:
        """The stream, as the event sourcing library calls it."""
        return self.stream

    @property
    def originator_version(self) -> int:
        """The version, as the event sourcing library calls it."""
        return self.version
