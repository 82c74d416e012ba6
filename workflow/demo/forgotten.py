"""Introductions that are thought of only once the programme asks for none any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from workflow.demo.cast import Cast, Pair, Plan
from workflow.demo.policies import first_meeting_day
from workflow.demo.reports import Call


def forgotten(cast: Cast, pair: Pair, calls: Sequence[Call]) -> list[Call]:
    """What is done in the portal, with the introduction put off in some of the pairs that never sign.

    All have committed themselves there: what they wait for is the introduction alone. When it comes, it is refused.
    """
    drafted = any(call.kind == "draft" for call in calls)
    random = Random(f"forgotten/{cast.seed}/{pair.relationship}")
    if pair.plan is not Plan.NEVER_READY or not drafted or random.random() > 0.7:
        return list(calls)
    day = first_meeting_day(cast) + random.randrange(2, 8)
    return [replace(call, day=day) if call.kind == "step" else call for call in calls]
