"""What supports a pair: its preparation, the coordinator's contacts, looks at measures, later versions, a look back."""

from __future__ import annotations

from datetime import timedelta

from workflow.demo.asking import Asking, Lived
from workflow.demo.cast import DAY, Cast
from workflow.demo.reports import Call

LONGER = 8
"""Calendar months that a pair goes on for, where it agrees to go on for longer."""


def care(cast: Cast, lived: Lived) -> list[Call]:
    """All of it, each from a Random of its own."""
    subjects = (_preparations, _contacts, _measures, _later_version, _looks_back)
    askings = [(subject, Asking(cast, lived, subject.__name__)) for subject in subjects]
    for subject, asking in askings:
        subject(asking)
    return [call for _, asking in askings for call in asking.calls]


def _preparations(asking: Asking) -> None:
    """About one party in four notes its preparation in the days before a meeting."""
    random = asking.random
    for report in asking.lived.reports:
        starts = report.starts_at
        if report.kind != "scheduled" or starts is None or starts - report.time < 4 * DAY:
            continue
        for person in asking.lived.pair.people:
            if random.random() < 0.25:
                day = starts - timedelta(hours=60 - 24 * random.randrange(2))
                if day < asking.lived.until:
                    asking.by("prepare", day, person, uid=report.uid, recurrence_id=report.recurrence_id)


def _contacts(asking: Asking) -> None:
    """Twice in the first month, then monthly: of these three in four are made, some of them late."""
    random, lived = asking.random, asking.lived
    due = lived.pair.opens + 14 * DAY
    number = 0
    while due < lived.until:
        made = due + DAY * random.choice((-2, -1, 0, 0, 0, 2, 5))
        if random.random() < 0.75 and made < lived.until:
            asking.by_coordinator("contact", made)
        number += 1
        due += (15 if number == 1 else 30) * DAY


def _measures(asking: Asking) -> None:
    """Some weeks after a fresh look most pairs look at what became of their measures."""
    random, lived = asking.random, asking.lived
    for call in lived.calls:
        if call.kind == "look" and random.random() < 0.6:
            looked = max(due for _, _, due in call.measures)
            asking.by("review", looked + DAY * random.randrange(8, 22), random.choice(lived.pair.people))


def _later_version(asking: Asking) -> None:
    """One pair in eight means to go on for longer, if it lasts so long; in some one signature stays out."""
    random, lived = asking.random, asking.lived
    pair = lived.pair
    if lived.active is None or random.random() > 0.12:
        return
    drafted = lived.active + DAY * random.randrange(60, 170)
    if drafted + 10 * DAY > lived.until:
        return
    members = {"cadence_days": pair.cadence, "duration_months": LONGER}
    asking.by("draft", drafted, random.choice(pair.people), **members)
    for person in pair.people if random.random() < 0.8 else pair.people[1:]:
        asking.by("sign", drafted + DAY * random.randrange(1, 6), person, version=2)


def _looks_back(asking: Asking) -> None:
    """After the closing about half of the parties say how it was."""
    random, lived = asking.random, asking.lived
    if lived.closed is None:
        return
    for person in lived.pair.people:
        if random.random() < 0.5:
            asking.by("feedback", lived.closed + DAY * random.randrange(1, 25), person)
