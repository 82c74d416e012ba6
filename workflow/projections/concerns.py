"""Concerns in a coordinator's words, and in the order in which a coordinator sees to them."""

from __future__ import annotations

WHY: dict[str, str] = {
    "help_asked": "somebody asked for help",
    "silence": "nothing heard for long, nothing booked",
    "commitment": "meetings called off late or missed",
    "stuck": "still not begun",
    "no_first_meeting": "no first meeting booked",
    "low_dialogue": "the dialogue goes badly",
    "no_fresh_look": "no fresh look with measures since it stagnated",
    "measures_overdue": "measures are overdue",
    "no_direction": "no goal, or none reviewed for long",
    "closure_proposed": "inactive for so long that closing is proposed",
    "overrun": "past the end without a word",
    "no_support_contact": "a support contact is overdue",
    "basis_withdrawn": "what people declared rests on something since corrected",
    "nobody_reports": "nobody reports whether they met",
    "contradictory": "a meeting was called off, and yet reported on",
}
"""Each concern in words, the most urgent first: who asks for help, who falls silent, who is let down; then those
who have not begun or make no headway, and last what is a matter of records."""


def why(code: str) -> str:
    """A concern in words; its code where it is not known here."""
    return WHY.get(code, code)


def urgency(code: str) -> int:
    """Its place in the order, the most urgent first; one that is not known here comes last."""
    return _PLACES.get(code, len(_PLACES))


_PLACES = {code: place for place, code in enumerate(WHY)}
