"""Instants as tables keep them, exact, and sorting as they should.

Beside the facts they are whole microseconds since 1970; in rows of projections, text of one form.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """An aware instant as kept."""
    return (instant - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """A kept instant, aware and in UTC."""
    return EPOCH + timedelta(microseconds=micros)


@lru_cache(65_536)
def stored(instant: datetime) -> str:
    """An instant as rows keep it: text of one length, so that it sorts as time does."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def stored_once(instant: str) -> str:
    """The same of an instant as RFC 3339 writes it; most are in UTC already."""
    if instant[-1] == "Z":
        if len(instant) == _WHOLE:
            return instant[:-1] + ".000000+00:00"
        if len(instant) == _FRACTION:
            return instant[:-1] + "+00:00"
    return stored(datetime.fromisoformat(instant))


stored_text = lru_cache(65_536)(stored_once)
"""The same again, for instants that come up more than once, as a relationship's dues do."""

_WHOLE, _FRACTION = len("2026-01-31T09:00:00Z"), len("2026-01-31T09:00:00.000001Z")
"""How long an instant in UTC is that tells no fraction of a second, or all six digits of one."""
