"""Who takes part in a story: people, the pairs that they form, and what life has in store for each pair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from random import Random
from uuid import UUID, uuid5

NAMESPACE = UUID("3d0c8f0e-6b0c-5a52-9a6e-0d1f6d3c5b7a")
"""Every id of a story is made from this and the seed, so that the same seed tells the same story."""

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
"""When every story begins: a Monday morning."""

DAY = timedelta(days=1)

STEP = "introduction"
"""What the programme asks for before a pair comes to its agreement."""


class Plan(StrEnum):
    """What life has in store for a pair."""

    STEADY = "steady"
    RESTS = "rests"
    TAKEN_BACK = "taken_back"
    FADES = "fades"
    LOOKS_AFRESH = "looks_afresh"
    MEETS_AGAIN = "meets_again"
    MET_UNREPORTED = "met_unreported"
    DECLARES = "declares"
    NEVER_READY = "never_ready"
    LEAVES = "leaves"


SHARES: tuple[tuple[Plan, int], ...] = (
    (Plan.STEADY, 12),
    (Plan.RESTS, 6),
    (Plan.TAKEN_BACK, 2),
    (Plan.FADES, 12),
    (Plan.LOOKS_AFRESH, 12),
    (Plan.MEETS_AGAIN, 5),
    (Plan.MET_UNREPORTED, 9),
    (Plan.DECLARES, 6),
    (Plan.NEVER_READY, 5),
    (Plan.LEAVES, 31),
)
"""Of a hundred pairs. Some 38 close before their term is over: those that leave, half of those that fade, and
a few that never begin."""

PLANNED = (("planned_held", "goals_met"), ("planned_held", "term_completed"))
ENDINGS: dict[Plan, tuple[tuple[str, str], ...]] = {
    Plan.FADES: (("one_sided", "abandonment"), ("planned_not_held", "gradual_dissolution")),
    Plan.LEAVES: (
        ("planned_not_held", "life_change"),
        ("administrative", "mismatch"),
        ("one_sided", "mentee_dissatisfaction"),
        ("one_sided", "mentor_dissatisfaction"),
        ("administrative", "left_organisation"),
    ),
}
"""How pairs end, and why; all others as planned."""

CADENCES = (21, 30, 30, 30)
"""Days between meetings, as the pairs agree them: monthly, or a little more often."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who takes part. The identities are what calendars and portals know.

    ``renamed``: since when the calendar knows somebody by another address, and by which.
    """

    id: UUID
    role: str
    identities: tuple[str, ...]
    renamed: tuple[datetime, str] | None = None

    def known_as(self, kind: int, at: datetime) -> str:
        """What is used of this person then: the address by calendars (0), the portal's own name there (1)."""
        if kind == 0 and self.renamed is not None and at >= self.renamed[0]:
            return self.renamed[1]
        return self.identities[kind]


@dataclass(frozen=True, slots=True)
class Pair:
    """A relationship to be, and how its calendar speaks of it."""

    relationship: UUID
    people: tuple[Person, ...]
    coordinator: UUID
    cadence: int
    plan: Plan
    opens: datetime
    source: str
    by_parties: bool
    binary: bool
    series: bool
    new_uids: bool
    departure: tuple[int, datetime] | None = None
    """Who of two mentors or mentees leaves, by the index among the people, and when."""

    def there(self, at: datetime) -> tuple[int, ...]:
        """The indexes of those who are of the pair then."""
        gone = self.departure[0] if self.departure is not None and at >= self.departure[1] else None
        return tuple(index for index in range(len(self.people)) if index != gone)

    @property
    def mentors(self) -> tuple[Person, ...]:
        """The mentors, of whom there may be two."""
        return tuple(person for person in self.people if person.role == "mentor")

    @property
    def mentees(self) -> tuple[Person, ...]:
        """The mentees, of whom there may be two."""
        return tuple(person for person in self.people if person.role == "mentee")


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody in a story."""

    seed: int
    end: datetime
    pairs: tuple[Pair, ...]


def months_after(start: datetime, months: int) -> datetime:
    """The same day and hour some calendar months later (the day of every use here exists in every month)."""
    years, month = divmod(start.month - 1 + months, 12)
    return start.replace(year=start.year + years, month=month + 1)


def name(seed: int, *parts: object) -> UUID:
    """The id of something in the story told by ``seed``."""
    return uuid5(NAMESPACE, "/".join(str(part) for part in (seed, *parts)))


def cast(seed: int, relationships: int, months: int) -> Cast:
    """Choose the people and their fates. Shares of fates hold for every seed; who gets which does not."""
    random = Random(f"cast/{seed}")
    end = months_after(START, months)
    opening_days = max(1, min(45, (end - START).days // 4))
    plans = _plans(relationships)
    random.shuffle(plans)
    coordinators = [name(seed, "coordinator", number) for number in range(1 + relationships // 60)]
    pairs: list[Pair] = []
    for index, plan in enumerate(plans):
        people = _people(seed, random, index, pairs)
        pair = Pair(
            relationship=name(seed, "relationship", index),
            people=people,
            coordinator=coordinators[index % len(coordinators)],
            cadence=random.choice(CADENCES),
            plan=plan,
            opens=START + DAY * random.randrange(3, 3 + opening_days),
            source=random.choice(("/calendars/aalto", "/calendars/outlook", "/portal")),
            by_parties=random.random() < 0.6,
            binary=random.random() < 0.2,
            series=random.random() < 0.25,
            new_uids=random.random() < 0.2,
        )
        pairs.append(_renamed(seed, _parting(seed, pair)))
    return Cast(seed, end, tuple(pairs))


def _renamed(seed: int, pair: Pair) -> Pair:
    """Of the pairs that calendars know by addresses, one in eight has a mentee whose address changes."""
    random = Random(f"renamed/{seed}/{pair.relationship}")
    if not pair.by_parties or pair.source == "/portal" or random.random() > 0.12:
        return pair
    since = pair.opens + DAY * random.randrange(20, 70)
    address = pair.mentees[0].identities[0].replace("example.org", "example.net")
    renamed = replace(pair.mentees[0], renamed=(since, address))
    people = tuple(renamed if person.id == renamed.id else person for person in pair.people)
    return replace(pair, people=people)


def _parting(seed: int, pair: Pair) -> Pair:
    """Of the pairs of three, about every second is left by one of the two in its first months."""
    random = Random(f"parting/{seed}/{pair.relationship}")
    if len(pair.people) == 2 or random.random() > 0.5:
        return pair
    index = 1 if len(pair.mentors) > 1 else len(pair.people) - 1
    return replace(pair, departure=(index, pair.opens + DAY * random.randrange(15, 90)))


def _plans(count: int) -> list[Plan]:
    bounds: list[tuple[float, Plan]] = []
    total = 0
    for plan, share in SHARES:
        total += share
        bounds.append((total / 100, plan))
    return [next(plan for bound, plan in bounds if (index + 0.5) / count < bound) for index in range(count)]


def _people(seed: int, random: Random, index: int, pairs: list[Pair]) -> tuple[Person, ...]:
    """A mentor and a mentee; now and then two of one kind, or a mentor who has a mentee already."""
    if pairs and random.random() < 0.1:
        mentors = [random.choice(pairs).mentors[0]]
    else:
        mentors = [_person(seed, index, "mentor", 0)]
        if random.random() < 0.04:
            mentors.append(_person(seed, index, "mentor", 1))
    mentees = [_person(seed, index, "mentee", 0)]
    if random.random() < 0.04:
        mentees.append(_person(seed, index, "mentee", 1))
    return (*mentors, *mentees)


def _person(seed: int, index: int, role: str, number: int) -> Person:
    local = f"{role}{number or ''}.{index}"
    return Person(
        id=name(seed, role, index, number),
        role=role,
        identities=(f"email:{local}@example.org", f"ext:portal:{role}-{index}-{number}"),
    )
