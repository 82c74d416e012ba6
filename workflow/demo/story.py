"""A whole story: what is done in the portal and what is sent to the broker, tick by tick.

A tick is a day's end. What a tick holds is done when the clock shows its instant: first what the programme
decides, then the portal's calls, one after the other, then the messages. Noise is part of the story: messages
that come twice, late or spoiled, and messages about people whom nobody ever brings together.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from workflow.demo.appointments import Diary
from workflow.demo.care import care
from workflow.demo.cast import DAY, START, Cast, Pair, Person, Plan, cast, name
from workflow.demo.dialogue import dialogue
from workflow.demo.envelopes import SPOIL, Wire, flawed, wire
from workflow.demo.forgotten import forgotten
from workflow.demo.goals import goals
from workflow.demo.lives import Life
from workflow.demo.policies import Adoption, adoptions
from workflow.demo.reports import Call, Report, Sent
from workflow.demo.seldom import seldom
from workflow.demo.unfounded import unfounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message on its way. ``flaw`` says what is wrong with it; unreadable ones have no id."""

    at: datetime
    wire: Wire
    pair: Pair
    report: Report
    flaw: str | None = None
    readable: bool = True


@dataclass(slots=True)
class Tick:
    """What happens once the clock shows ``at``."""

    at: datetime
    calls: list[Call] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    adoptions: list[Adoption] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that will be done and said."""

    seed: int
    pairs: dict[UUID, Pair]
    ticks: tuple[Tick, ...]

    @property
    def messages(self) -> int:
        """How many messages are sent in all."""
        return sum(len(tick.deliveries) for tick in self.ticks)


def story(seed: int, relationships: int, months: int) -> Story:
    """Write the story that ``seed`` tells about so many relationships over so many months."""
    people = cast(seed, relationships, months)
    lives = [Life(people, pair) for pair in people.pairs]
    for life in lives:
        life.live()
    days = (people.end - START).days
    calls: dict[int, list[Call]] = defaultdict(list)
    sent = _deliveries(people, lives)
    for life in lives:
        life.calls = forgotten(people, life.pair, life.calls)
        lived = life.lived()
        for subject in (goals, dialogue, care, seldom):
            life.calls += subject(people, lived)
        asked, reports = unfounded(people, lived)
        sent += [_plain(life.pair, entry) for entry in reports]
        for call in (*life.calls, *asked):
            calls[call.day].append(call)
    deliveries: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in sent:
        number = -(-(delivery.at - START) // DAY)
        if number <= days:
            deliveries[number].append(delivery)
    decided: dict[int, list[Adoption]] = defaultdict(list)
    for adoption in adoptions(people):
        decided[adoption.day].append(adoption)
    ticks = (
        Tick(
            START + DAY * number,
            calls[number],
            sorted(deliveries[number], key=lambda found: found.at),
            decided[number],
        )
        for number in range(days + 1)
    )
    return Story(seed, {pair.relationship: pair for pair in people.pairs}, tuple(ticks))


def _deliveries(people: Cast, lives: list[Life]) -> list[Delivery]:
    random = Random(f"noise/{people.seed}")
    sent = [(life.pair, entry) for life in lives for entry in life.sent]
    sent.sort(key=lambda entry: (entry[1].at, entry[1].report.relationship, entry[1].report.id))
    found: list[Delivery] = []
    for pair, entry in sent:
        at = entry.at
        if random.random() < 0.05:  # held up: past its neighbours, or for days
            at += random.choice((6 * timedelta(hours=1), DAY, 2 * DAY, 3 * DAY))
        delivery = Delivery(at=at, wire=wire(pair, entry.report), pair=pair, report=entry.report)
        found.append(delivery)
        if random.random() < 0.05:
            again = random.choice((timedelta(), timedelta(), timedelta(minutes=20), DAY, 9 * DAY))
            found.append(replace(delivery, at=at + again))
        if random.random() < 0.015:
            found.append(_flawed(people, random, len(found), delivery))
    return found + list(_strangers(people, random))


def _flawed(people: Cast, random: Random, number: int, near: Delivery) -> Delivery:
    """A spoiled message soon after a good one; now and then the good one's id with other contents."""
    at = near.at + timedelta(minutes=random.randrange(1, 300))
    if random.random() < 0.15:
        other = replace(near.report, sequence=near.report.sequence + 7)
        return replace(near, at=at + 8 * DAY, wire=wire(near.pair, other), report=other, flaw="conflict")
    pair = random.choice([pair for pair in people.pairs if pair.opens < at] or [near.pair])
    booking = Report(
        kind="scheduled",
        relationship=pair.relationship,
        source="/portal",
        id=str(name(people.seed, "flawed", number)),
        time=at,
        uid=str(name(people.seed, "flawed uid", number)),
        starts_at=at + 2 * DAY,
        ends_at=at + 2 * DAY + timedelta(hours=1),
    )
    flaw = random.choice(tuple(SPOIL)) if pair.opens < at else "no_uid"
    spoiled = flawed(pair, booking, flaw, random)
    return Delivery(at=at, wire=spoiled.wire, pair=pair, report=booking, flaw=flaw, readable=spoiled.readable)


def _strangers(people: Cast, random: Random) -> list[Delivery]:
    """Meetings of people whom nobody brings together: they wait, and in the end are laid aside."""
    found: list[Delivery] = []
    span = (people.end - START).days
    for number in range(3 + len(people.pairs) // 25):
        day = random.randrange(2, max(3, span - 40)) if number % 2 else span - random.randrange(2, 20)
        pair = Pair(
            relationship=name(people.seed, "nobody", number),
            people=tuple(
                Person(
                    id=name(people.seed, "nobody", number, role),
                    role=role,
                    identities=(f"email:{role}.{number}@example.com", f"ext:portal:guest-{role}-{number}"),
                )
                for role in ("mentor", "mentee")
            ),
            coordinator=people.pairs[0].coordinator,
            cadence=30,
            plan=Plan.NEVER_READY,
            opens=people.end,
            source=random.choice(("/calendars/aalto", "/portal")),
            by_parties=number % 3 > 0,
            binary=False,
            series=False,
            new_uids=False,
        )
        diary = Diary(people.seed, pair, random)
        diary.meeting(START + DAY * (day + 3), known=START + DAY * day, fate="silent")
        found += [_plain(pair, entry) for entry in diary.sent[:1]]
    return found


def _plain(pair: Pair, entry: Sent) -> Delivery:
    """In time, and once."""
    return Delivery(at=entry.at, wire=wire(pair, entry.report), pair=pair, report=entry.report)
