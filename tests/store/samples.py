"""A sample of every event, built from its members' types: one with everything told, one with nothing optional."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Union, get_args, get_origin
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel

from workflow.aggregates.events import EVENTS, Event
from workflow.aggregates.sealed import Sealed

_IDS = UUID("5a3d0a52-6f0c-5c3b-8d4c-1f2c1b0e9a77")
STREAM = uuid5(_IDS, "stream")
INSTANT = datetime(2026, 3, 2, 14, 30, 0, 250_000, tzinfo=UTC)
TEXT = "sealed sample"


def sample(kind: type[Event], *, full: bool) -> Event:
    """An event of ``kind``; ``full`` fills what may be left out."""
    return _model(kind, full)  # type: ignore[no-any-return]


def samples() -> Iterator[tuple[str, str, Event]]:
    """Stored name, form and event, for every event there is."""
    for name, kind in sorted(EVENTS.items()):
        yield name, "full", sample(kind, full=True)
        yield name, "bare", sample(kind, full=False)


def _model(kind: type[BaseModel], full: bool) -> Any:
    members = {
        name: _value(field.annotation, name, full)
        for name, field in kind.model_fields.items()
        if full or field.is_required()
    }
    whose = members.get("party") or members.get("person")
    for value in members.values():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Sealed) and whose is not None:
                one.author = whose
    return kind(**members)


def _value(annotation: Any, name: str, full: bool) -> Any:
    origin, parts = get_origin(annotation), get_args(annotation)
    if annotation is AwareDatetime:
        return INSTANT
    if origin is Annotated:
        return _value(parts[0], name, full)
    if origin in (Union, types.UnionType):
        return _value(parts[0], name, full) if full else None
    if origin is tuple:
        return (_value(parts[0], name, full),) if full or name == "parties" else ()
    if origin is dict:
        return dict.fromkeys(parts[0], INSTANT)
    if annotation is Sealed:
        return Sealed(TEXT, author=uuid5(_IDS, "author"), personal=name == "identities")
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _model(annotation, full)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation))
    plain = {str: f"some_{name}", int: 3, float: 1.0, bool: True, UUID: uuid5(_IDS, name), datetime: INSTANT}
    plain[timedelta] = timedelta(days=60)
    return plain[annotation]
