"""Pairs whose only meeting turns out to have been none.

It had made them active, and they have said since that they stagnate.
"""

from __future__ import annotations

from random import Random

from workflow.demo.appointments import Diary
from workflow.demo.asking import Asking, Lived
from workflow.demo.cast import DAY, Cast, Plan
from workflow.demo.policies import first_meeting_from
from workflow.demo.reports import Call, Sent


def unfounded(cast: Cast, lived: Lived) -> tuple[list[Call], list[Sent]]:
    """Of those that never signed, all that had not met when the first meeting came to stand for signatures.

    What they declared stays; the coordinator learns that it rests on nothing, and most of them get in touch.
    """
    asking = Asking(cast, lived, "unfounded")
    since, pair = first_meeting_from(cast), lived.pair
    drafted = any(call.kind == "draft" for call in lived.calls)
    if pair.plan is not Plan.NEVER_READY or not drafted or lived.met() or lived.until < since + 40 * DAY:
        return [], []
    random = asking.random
    diary = Diary(cast.seed, pair, Random(f"unfounded/{cast.seed}/{pair.relationship}"), chapter="unfounded")
    met, _ = diary.meeting(
        since + DAY * random.randrange(6, 10), known=since + DAY * random.randrange(1, 4), fate="held"
    )
    declared = met + DAY * random.randrange(2, 5)
    asking.by("declare", declared, random.choice(pair.people))
    none = declared + DAY * random.randrange(2, 6)
    diary.correct(diary.latest(), none, "none")
    if random.random() < 0.8:
        asking.by_coordinator("contact", none + DAY * random.randrange(3, 8))
    return asking.calls, diary.sent
