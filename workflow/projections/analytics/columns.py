"""What a column of a view or an answer holds: its kind, its unit, and what it means. None is without a meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What the values of a column are, apart from null where it may be empty."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    INSTANT = "instant"
    """In UTC. SQLite keeps it as text of one length (RFC 3339, microseconds), which sorts as time does."""
    DAY = "day"
    """Text such as ``2026-03-01``."""
    MONTH = "month"
    """Text such as ``2026-03``, of UTC."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``unit`` says in what a number counts, where its name does not; ``empty`` when it is null."""

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    empty: str = ""
    sql: str = ""
    """What a view selects for it; the column of this name where nothing else is said."""

    def __post_init__(self) -> None:
        if not self.meaning.strip():
            raise ValueError(f"the column {self.name} has no meaning: say what it tells")


def integer(name: str, meaning: str, sql: str = "", *, unit: str = "", empty: str = "") -> Column:
    """A whole number."""
    return Column(name, Kind.INTEGER, meaning, unit, empty, sql)


def number(name: str, meaning: str, sql: str = "", *, unit: str = "", empty: str = "") -> Column:
    """A number with a fraction."""
    return Column(name, Kind.NUMBER, meaning, unit, empty, sql)


def boolean(name: str, meaning: str, sql: str = "", *, empty: str = "") -> Column:
    """Yes or no; 1 or 0 in SQLite."""
    return Column(name, Kind.BOOLEAN, meaning, "", empty, sql)


def text(name: str, meaning: str, sql: str = "", *, empty: str = "") -> Column:
    """A word, of those that the meaning names or a programme chose."""
    return Column(name, Kind.TEXT, meaning, "", empty, sql)


def instant(name: str, meaning: str, sql: str = "", *, empty: str = "") -> Column:
    """An instant in UTC."""
    return Column(name, Kind.INSTANT, meaning, "", empty, sql)


def day(name: str, meaning: str, sql: str = "") -> Column:
    """A day of UTC."""
    return Column(name, Kind.DAY, meaning, "", "", sql)


def month(name: str, meaning: str, sql: str = "") -> Column:
    """A month of UTC."""
    return Column(name, Kind.MONTH, meaning, "", "", sql)
