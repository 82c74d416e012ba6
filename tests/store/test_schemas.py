"""The shape of every event as JSON schema: what is read today reads what was written by the one kept here.

``GOLDEN=write`` in the environment writes what is missing or has grown. What would no longer be read is not written:
an event that changed so gets a new name and a step in ``workflow/store/upcasting.py``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.json_schema import unread
from workflow.aggregates.events import EVENTS
from workflow.store.upcasting import STEPS

SCHEMAS = Path(__file__).parents[1] / "golden" / "schemas"


def test_every_event_that_there_is_or_was_has_its_schema() -> None:
    kept = {file.stem for file in SCHEMAS.glob("*.json")}
    if os.environ.get("GOLDEN") != "write":
        assert set(EVENTS) <= kept, "write the missing ones with GOLDEN=write"
    assert kept <= set(EVENTS) | set(STEPS), "an event of this name can no longer be read"


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_what_was_written_by_it_is_read_today(name: str) -> None:
    file, now = SCHEMAS / f"{name}.json", EVENTS[name].model_json_schema()
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    assert not kept or list(unread(kept, now)) == []
    if os.environ.get("GOLDEN") == "write" and kept != now:
        SCHEMAS.mkdir(exist_ok=True)
        file.write_text(json.dumps(now, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        kept = now
    assert kept == now, "it has grown: write it with GOLDEN=write"


OLD = {
    "properties": {"code": {"enum": ["a", "b"]}, "step": {"type": "integer", "default": 1}},
    "required": ["code"],
}


def changed(**members: object) -> dict[str, object]:
    return {**OLD, "properties": {**OLD["properties"], **members}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "new",
    [
        changed(note={"type": "string", "default": None}),
        changed(code={"enum": ["a", "b", "c"]}),
        {**OLD, "description": "in other words", "required": []},
    ],
)
def test_more_words_and_members_that_may_be_left_out_are_no_harm(new: dict[str, object]) -> None:
    assert list(unread(OLD, new)) == []


@pytest.mark.parametrize(
    ("new", "why"),
    [
        (changed(code={"enum": ["a"]}), "/properties/code/enum: b is no longer"),
        (changed(step={"type": "string", "default": 1}), "/properties/step/type was integer and is string"),
        (changed(step={"type": "integer", "default": 2}), "/properties/step/default was 1 and is 2"),
        ({**OLD, "required": ["code", "step"]}, "/required: step has to be told"),
        ({**OLD, "properties": {"code": {"enum": ["a", "b"]}}}, "/properties: step is no longer"),
    ],
)
def test_what_is_taken_away_or_means_something_else_is(new: dict[str, object], why: str) -> None:
    assert list(unread(OLD, new)) == [why]
