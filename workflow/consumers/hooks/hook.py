"""A provider's hook: how it signs, and what it tells in the words of our contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from workflow.consumers.meetings.contract import Kind

Event = dict[str, Any]
"""A CloudEvent of our contract, ready for JSON."""

Check = Callable[[Mapping[str, str], bytes, bytes, datetime], None]
"""Raises ``Invalid`` unless the headers (names in lower case) sign the body with the secret, at about this instant."""


@dataclass(frozen=True, slots=True, repr=False)
class Sent:
    """What a provider sent: the whole Content-Type with its parameters, and the body as it came."""

    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Told:
    """What it tells, as CloudEvents of our contract."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """It was understood, and tells nothing that matters here: ``why`` in a clause of ours, never in its words."""

    why: str


class Untranslatable(Exception):
    """It may tell something, but not in a way that is understood: ``reason`` is a code of ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


Translate = Callable[[Sent, ZoneInfo], Told | Nothing]
"""Pure: the same body always comes to the same events. The zone is for times that name none."""


@dataclass(frozen=True, slots=True)
class Hook:
    """One provider. ``name`` is the last part of its route, and the name of the file that holds its secret."""

    name: str
    check: Check
    translate: Translate


def event(provider: str, kind: Kind, time: datetime, **data: Any) -> Event:
    """A CloudEvent of a provider. Members that are None are left out.

    Its id is made of all that it says: the same for the same message, for ever. Were it made of a calendar's names
    alone, whoever knew them could say something false under them first, and the true one would be a conflict.
    """
    said: Event = {
        "type": kind.value,
        "time": time.isoformat(),
        "data": {
            member: value.isoformat() if isinstance(value, datetime) else value
            for member, value in data.items()
            if value is not None
        },
    }
    return {"specversion": "1.0", "source": source_of(provider), "id": _id_of(said), **said}


def source_of(provider: str) -> str:
    """The source of all that a provider tells."""
    return f"/hooks/{provider}"


def _id_of(said: Event) -> str:
    """A name for ever, which repeats nothing of what it is made from."""
    return blake2b(json.dumps(said).encode(), digest_size=16).hexdigest()
