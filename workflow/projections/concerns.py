"""Concerns in a coordinator's words, and in the order in which a coordinator sees to them."""

from __future__ import annotations

WHY: dict[str, str] = {
    "silence": "nothing heard for long, nothing booked",
    "commitment": "meetings called off late or missed",
    "no_fresh_look": "stagnation without a fresh look and measures",
    "contradictory": "a meeting was called off, and yet reported on",
}
"""Each concern in words, the most urgent first: who falls silent, who is let down, who makes no headway, and last
what is a matter of records."""


def why(code: str) -> str:
    """A concern in words; its code where it is not known here."""
    return WHY.get(code, code)


def urgency(code: str) -> int:
    """Its place in the order, the most urgent first; one that is not known here comes last."""
    return _PLACES.get(code, len(_PLACES))


_PLACES = {code: place for place, code in enumerate(WHY)}
