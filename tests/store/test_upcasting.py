"""Old stored events are read through steps, and stay as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

from eventsourcing.persistence import Notification, StoredEvent

from tests.store.samples import INSTANT, STREAM
from workflow.aggregates.events import Event, MeasureCompleted, Provenance
from workflow.aggregates.sealed import Sealed
from workflow.store.event_store import EventStore
from workflow.store.keys import KeyStore
from workflow.store.mapper import EventMapper
from workflow.store.recorded import Metadata, Recorded
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile
from workflow.store.upcasting import Step, upcast


class NoteV1(Event):
    name: ClassVar[str] = "test.note.v1"
    words: Sealed
    length: int


class NoteV3(Event):
    name: ClassVar[str] = "test.note.v3"
    text: Sealed
    size: int
    language: str


def _second(members: dict[str, Any]) -> dict[str, Any]:
    return {"body": members.pop("words"), **members}


def _third(members: dict[str, Any]) -> dict[str, Any]:
    return {"text": members.pop("body"), "size": members.pop("length"), "language": "fi", **members}


STEPS = {
    "test.note.v1": Step("test.note.v2", _second, renamed=(("body", "words"),)),
    "test.note.v2": Step("test.note.v3", _third, renamed=(("text", "body"),)),
}


def test_an_old_event_is_read_as_the_newest_and_its_sealed_text_still_opens(tmp_path: Path) -> None:
    store = EventStore(SqliteFile(tmp_path / "events.db"), KeyStore(KeyFile(tmp_path / "keys.db"), bytes(32)))
    metadata = Metadata(event_id=uuid4(), recorded_at=INSTANT, correlation_id="c")
    old = NoteV1(
        occurred_at=INSTANT,
        provenance=Provenance.SELF_REPORTED,
        words=Sealed("moi", author=uuid4()),
        length=3,
    )
    then = EventMapper(store.sealing, events={NoteV1.name: NoteV1}, steps={})
    store.sealing.ensure(list(store.sealing.scopes(STREAM, old)))
    state = then.encode(STREAM, old, metadata)

    now = EventMapper(store.sealing, events={NoteV3.name: NoteV3}, steps=STEPS)
    recorded = now.decode(4, STREAM, 1, NoteV1.name, state)
    assert isinstance(recorded.event, NoteV3)
    assert (recorded.event.size, recorded.event.language) == (3, "fi")
    assert recorded.event.occurred_at == INSTANT
    assert recorded.metadata == metadata
    assert store.unseal(recorded, "text") == "moi"


def test_steps_follow_one_another() -> None:
    name, members, renamed = upcast("test.note.v1", {"words": "box", "length": 1}, STEPS)
    assert name == "test.note.v3"
    assert members == {"text": "box", "size": 1, "language": "fi"}
    assert dict(renamed)["text"] == "words"
    assert upcast("test.note.v3", {"a": 1}, STEPS) == ("test.note.v3", {"a": 1}, ())


def test_the_librarys_ways_in_and_out_give_the_same(tmp_path: Path) -> None:
    store = EventStore(SqliteFile(tmp_path / "events.db"), KeyStore(KeyFile(tmp_path / "keys.db"), bytes(32)))
    event = MeasureCompleted(occurred_at=INSTANT, provenance=Provenance.SELF_REPORTED, measure=uuid4())
    metadata = Metadata(event_id=uuid4(), recorded_at=INSTANT, correlation_id="c")
    stored = store.mapper.to_stored_event(Recorded(0, STREAM, 1, event, metadata))
    assert isinstance(stored, StoredEvent)
    assert stored.topic == event.name
    assert store.mapper.to_domain_event(stored).event == event
    notification = Notification(STREAM, 1, stored.topic, stored.state, id=9)
    assert store.mapper.to_domain_event(notification).position == 9
