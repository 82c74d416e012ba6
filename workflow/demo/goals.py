"""What pairs want to reach: set, looked at, put differently, reached or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from workflow.demo.asking import Asking, Lived
from workflow.demo.cast import DAY, Cast, name
from workflow.demo.reports import Call


def goals(cast: Cast, lived: Lived) -> list[Call]:
    """Most pairs have a goal by their second meeting, some late, some never; a few a second one."""
    asking = Asking(cast, lived, "goals")
    random, met = asking.random, lived.met()
    chance = random.random()
    if not met or chance > 0.88:
        return asking.calls
    first = 0 if chance < 0.6 else min(1, len(met) - 1) if chance < 0.74 else min(3, len(met) - 1)
    day = met[first] - timedelta(hours=3) if chance < 0.74 else met[first] + DAY * random.randrange(3, 20)
    for number in range(2):
        ended = _goal(asking, name(cast.seed, lived.pair.relationship, "goal", number), day)
        if ended is None or random.random() < 0.6:
            break
        day = ended + DAY * random.randrange(5, 30)
    return asking.calls


def _goal(asking: Asking, goal: UUID, day: datetime) -> datetime | None:
    """One goal's course. When it was reached or given up, if it was."""
    random, lived = asking.random, asking.lived
    asking.by("goal", day, random.choice(lived.pair.people), goal=goal)
    reached = 0
    for end in (end for end in lived.met() if end > day + DAY):
        if random.random() < 0.35:
            continue
        said = end + DAY * random.randrange(0, 3)
        reached = min(100, reached + random.choice((10, 20, 20, 40)))
        who = random.choice(lived.pair.people)
        if random.random() < 0.06:
            asking.by("goal_drop", said, who, goal=goal)
            return said
        asking.by("goal_review", said, who, goal=goal, reached_percent=reached)
        if random.random() < 0.12:
            asking.by("goal_revise", said + DAY, who, goal=goal)
        if reached >= 80 and random.random() < 0.7:
            asking.by("goal_achieve", said + DAY, who, goal=goal)
            return said + DAY
    return None
