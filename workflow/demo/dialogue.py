"""How the parties find their dialogue: most well, some badly for a while; who shows it, and who asks for help."""

from __future__ import annotations

from datetime import datetime
from random import Random

from workflow.demo.asking import Asking, Lived
from workflow.demo.cast import DAY, Cast, Person
from workflow.demo.reports import Call


def dialogue(cast: Cast, lived: Lived) -> list[Call]:
    """Check-ins after some meetings and after the closing, consents, and help asked for in private."""
    asking = Asking(cast, lived, "dialogue")
    met = lived.met()
    for person in lived.pair.people:
        _check_ins(asking, person, met)
    _consents(asking, met)
    if asking.random.random() < 0.08 and (lived.until - lived.pair.opens).days > 6:
        day = lived.pair.opens + DAY * asking.random.randrange(5, (lived.until - lived.pair.opens).days)
        asking.by("help", day, asking.random.choice(lived.pair.people))
    return asking.calls


def _check_ins(asking: Asking, person: Person, met: list[datetime]) -> None:
    """Seven in ten check in, after about every second meeting. Some have a low, from which most come back."""
    random, lived = asking.random, asking.lived
    answers_at_all, falls = random.random() < 0.7, random.random() < 0.15
    low = random.randrange(1, 4) if falls else len(met)
    back = low + random.choice((1, 2, 2, 100))
    for number, end in enumerate(met):
        if answers_at_all and random.random() < 0.55:
            day = end + DAY * random.choice((0, 1, 1, 4))
            asking.by("check_in", day, person, answers=_answers(random, low <= number < back))
    if lived.closed is not None and met and random.random() < 0.4:
        day = lived.closed + DAY * random.randrange(1, 10)
        asking.by("check_in", day, person, answers=_answers(random, falls and back > len(met)))


def _answers(random: Random, low: bool) -> tuple[int, ...]:
    """Three answers; every other time a fourth on direction."""
    marks = (1, 2, 3, 3) if low else (4, 4, 5, 5)
    return tuple(random.choice(marks) for _ in range(3 + random.randrange(2)))


def _consents(asking: Asking, met: list[datetime]) -> None:
    """In a third of the pairs somebody lets the others read the check-ins; some think better of it."""
    random = asking.random
    if not met or random.random() > 0.35:
        return
    for person in asking.lived.pair.people:
        if random.random() < 0.8:
            given = met[0] + DAY * random.randrange(1, 12)
            asking.by("consent", given, person)
            if random.random() < 0.15:
                asking.by("withdraw", given + DAY * random.randrange(10, 60), person)
