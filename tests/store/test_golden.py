"""What was once stored can be read for ever: golden files of every event, never edited.

``GOLDEN=write`` in the environment writes the files that are missing, and only those. An event that
changed its shape gets a new name and a step in ``workflow/store/upcasting.py``, not a new golden file.
"""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from pydantic_core import to_jsonable_python

from tests.store.samples import INSTANT, STREAM, TEXT, sample, samples
from workflow.aggregates.events import EVENTS
from workflow.aggregates.sealed import sealed_members
from workflow.store.event_store import EventStore
from workflow.store.instants import stored as in_rows
from workflow.store.keys import KeyStore
from workflow.store.mapper import EventMapper
from workflow.store.recorded import Metadata
from workflow.store.sealing import Sealing
from workflow.store.sqlite.keys import KeyFile
from workflow.store.sqlite.recorder import SqliteFile
from workflow.store.upcasting import STEPS

GOLDEN = Path(__file__).parents[1] / "golden" / "events"
METADATA = Metadata(
    event_id=uuid5(STREAM, "event"),
    recorded_at=INSTANT,
    correlation_id="correlation",
    causation_id="causation",
    source="calendar",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


@pytest.fixture
def mapper(tmp_path: Path) -> EventMapper:
    return EventMapper(Sealing(KeyStore(KeyFile(tmp_path / "keys.db"), bytes(32))))


def _write_missing(mapper: EventMapper) -> None:
    for name, form, event in samples():
        file = GOLDEN / name / f"{form}.json"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            mapper.sealing.ensure(list(mapper.sealing.scopes(STREAM, event)))
            stored = json.loads(mapper.encode(STREAM, event, METADATA))
            file.write_text(json.dumps(stored, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def test_every_event_that_can_be_stored_has_golden_files(mapper: EventMapper) -> None:
    if os.environ.get("GOLDEN") == "write":
        _write_missing(mapper)
    stored = {folder.name for folder in GOLDEN.iterdir()}
    assert set(EVENTS) <= stored, "write the missing ones with GOLDEN=write"
    assert stored <= set(EVENTS) | set(STEPS), (
        "an event of this name was stored once and can no longer be read"
    )


@pytest.mark.parametrize("file", sorted(GOLDEN.glob("*/*.json")), ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_what_was_stored_is_read_and_would_be_stored_the_same(file: Path, mapper: EventMapper) -> None:
    golden = json.loads(file.read_text(encoding="utf-8"))
    recorded = mapper.decode(7, STREAM, 3, file.parent.name, json.dumps(golden).encode())
    assert (recorded.position, recorded.stream, recorded.version) == (7, STREAM, 3)
    assert isinstance(recorded.metadata.event_id, UUID)
    if file.parent.name not in STEPS:
        assert recorded.event.name == file.parent.name
        again = json.loads(mapper.encode(STREAM, recorded.event, recorded.metadata))
        # A member that came later has a default; what the file says must come out as it went in.
        assert _only(again, golden) == golden


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_its_members_are_told_as_text_and_where_json_does_not_tell_them_by_their_defaults(
    name: str, mapper: EventMapper
) -> None:
    fields = {member: field for member, field in EVENTS[name].model_fields.items() if member != "dues"}
    optional = [member for member, field in fields.items() if not field.is_required()]
    for file in sorted((GOLDEN / name).glob("*.json")):
        golden = json.loads(file.read_text(encoding="utf-8"))
        for left_out in [None, *optional]:
            event = {member: told for member, told in golden["event"].items() if member != left_out}
            stored = json.dumps({**golden, "event": event}).encode()
            recorded = mapper.decode(7, STREAM, 3, name, stored)
            told = {
                member: event[member] if member in event else to_jsonable_python(field.get_default())
                for member, field in fields.items()
            }
            instants = {name: value for name, value in recorded.event if isinstance(value, datetime)}
            assert vars(recorded.told) == told | {name: in_rows(value) for name, value in instants.items()}


def _only(found: object, wanted: object) -> object:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {key: _only(found[key], wanted[key]) for key in wanted if key in found}
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        return [_only(one, other) for one, other in zip(found, wanted, strict=True)]
    return found


@pytest.mark.parametrize("name", sorted(EVENTS))
@pytest.mark.parametrize("full", [True, False])
def test_an_event_comes_back_as_it_went(name: str, full: bool, tmp_path: Path) -> None:
    keys = KeyStore(KeyFile(tmp_path / "keys.db"), bytes(32))
    store = EventStore(SqliteFile(tmp_path / "events.db"), keys)
    event = sample(EVENTS[name], full=full)
    mapper = store.mapper
    mapper.sealing.ensure(list(mapper.sealing.scopes(STREAM, event)))
    recorded = mapper.decode(1, STREAM, 1, name, mapper.encode(STREAM, event, METADATA))
    assert recorded.metadata == METADATA
    assert type(recorded.event) is type(event)
    assert recorded.event.model_dump_json() == event.model_dump_json()
    paths = [path for path, _ in sealed_members(event)]
    assert [path for path, _ in sealed_members(recorded.event)] == paths
    assert [store.unseal(recorded, path) for path in paths] == [TEXT] * len(paths)
