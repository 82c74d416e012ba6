"""What no member of an event may be beyond, for rows hold no more and times are reckoned on from it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_RECKONED = timedelta(days=36_525)
"""How far beyond what was said that may lie which was reckoned from it: the end of a term, or what is due then."""

_MOST = 2**63
_BOUNDLESS = frozenset({str, UUID, bool, type(None)})
"""What most members are, looked at no further."""


def beyond_bounds(model: BaseModel) -> str | None:
    """The first member that is, and what it may be; None where all is well."""
    return _within(vars(model), "")


def _within(members: Mapping[str, object], path: str) -> str | None:
    for name, value in members.items():
        if type(value) not in _BOUNDLESS and (fault := _fault(value, f"{path}{name}")) is not None:
            return fault
    return None


def _fault(value: object, path: str) -> str | None:
    match value:
        case datetime() if not _EARLIEST - _RECKONED <= value < _LATEST + _RECKONED:
            return f"{path} is a time between 1970 and 2200"
        case int() if not -_MOST <= value < _MOST:
            return f"{path} is a whole number of at most 64 bits"
        case float() if not math.isfinite(value):
            return f"{path} is a number"
        case BaseModel():
            return _within(vars(value), f"{path}.")
        case Mapping():
            return _within({str(key): one for key, one in value.items()}, f"{path}.")
        case str() | bytes():
            return None
        case Iterable():
            return _within({str(number): one for number, one in enumerate(value)}, f"{path}.")
    return None
