"""Instants as the tables keep them: whole microseconds since 1970, exact, and sorting as they should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """An aware instant as kept."""
    return (instant - EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """A kept instant, aware and in UTC."""
    return EPOCH + timedelta(microseconds=micros)
