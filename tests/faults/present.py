"""A plan whose messages were sent lately, by the clock on the wall: for processes that nobody moves the clock for.

Beside the pairs that nothing falls due of there are those that are to be reminded as soon as they are known of. Their
meetings lie hours away from where another reminder would be due, so that it does not matter when within an hour the
plan is carried out.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from tests.end_to_end.plan import BEGIN, START, Couple, Plan, beginning, body, event, make, times

_NOW = BEGIN + 1.25
"""The day of the plan that is taken for now: all that it tells as held has been, and what it books is days away."""

_INSTANT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")

# When the meeting of a pair that is to be reminded begins, in hours from now: to be prepared, coming, not reported.
_BEGINS = (60, 12, -6)


def present(seed: int, *, busy: int, messages: int, reminded: int) -> Plan:
    """Draw a plan. All pairs are there from its beginning, or are opened by its steps."""
    random = Random(f"{seed}, reminded")  # others than the plan's own pairs
    plan = make(seed, quiet=0, busy=busy, messages=messages)
    now = START + timedelta(days=_NOW)
    by = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - now
    couples = [
        Couple(busy + number, *(UUID(int=random.getrandbits(128), version=4) for _ in range(3)))
        for number in range(reminded)
    ]
    shifted = [_INSTANT.sub(lambda found: _moved(found[0], by), one) for one in plan.messages]
    for index, couple in enumerate(couples):
        shifted.insert((index + 1) * len(shifted) // reminded, _booked(couple, by))
    before = [one for one in plan.before if not isinstance(one, bytes) and one.path != "/v1/clock"]
    opening = [step for couple in couples for step in beginning(couple, agreed=False)]
    return replace(
        plan,
        before=[*before, *opening],
        steps=[one for one in plan.steps if one.path != "/v1/clock"],
        messages=shifted,
        after=[],
    )


def _booked(couple: Couple, by: timedelta) -> bytes:
    begins = _NOW + _BEGINS[couple.number % len(_BEGINS)] / 24
    data = times(begins) | {"uid": f"soon-{couple.number}", "relationship_id": str(couple.relationship)}
    message = body(event("scheduled", f"soon-{couple.number}", _NOW - 2, data))
    return _INSTANT.sub(lambda found: _moved(found[0], by), message)


def _moved(instant: bytes, by: timedelta) -> bytes:
    return (datetime.fromisoformat(instant.decode()) + by).isoformat().encode()
