"""What is measured: the meetings of some thousand pairs over eight months, as a calendar service tells them.

The pairs and their lives are the demonstration's. Everything is told that a real feed tells (some of it twice,
some of it late), but nothing that is spoiled, so that every way of taking it in comes to the same events. All
pairs have been brought together and have agreed before the first message, and go on as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from uuid import UUID

from workflow.aggregates import commands as c
from workflow.aggregates.events import Party, Role
from workflow.aggregates.policy import Policy, PolicyInForce
from workflow.aggregates.sealed import Sealed
from workflow.demo.cast import START, Pair
from workflow.demo.envelopes import wire
from workflow.demo.story import story

PROGRAMME, ZONE = "default", "Europe/Helsinki"
POLICY = PolicyInForce(version=1, policy=Policy())
MONTHS = 8


@dataclass(frozen=True, slots=True)
class Sent:
    """One message, and what a way without a directory has to be told: whose it is."""

    subject: str
    body: bytes
    relationship: UUID
    at: datetime = START
    """When it is sent, to the day."""


@dataclass(frozen=True)
class Workload:
    """Pairs, and the messages about them in the order in which they were sent."""

    pairs: tuple[Pair, ...]
    messages: tuple[Sent, ...]
    now: datetime

    @cached_property
    def relationship_of(self) -> dict[frozenset[str], UUID]:
        """The pair that a set of identities means."""
        return {
            frozenset(person.identities[kind] for person in pair.people): pair.relationship
            for pair in self.pairs
            for kind in (0, 1)
        }

    @cached_property
    def person_of(self) -> dict[str, UUID]:
        """Whom an identity means."""
        return {
            identity: person.id
            for pair in self.pairs
            for person in pair.people
            for identity in person.identities
        }

    def persons(self, identities: Iterable[str]) -> tuple[UUID, ...]:
        """Whom identities mean, each person once."""
        return tuple(sorted({self.person_of[identity] for identity in identities}))

    def one_in(self, number: int) -> Workload:
        """The same about fewer pairs: every so-many-eth one, with all of its messages."""
        pairs = self.pairs[::number]
        chosen = {pair.relationship for pair in pairs}
        return replace(
            self,
            pairs=pairs,
            messages=tuple(sent for sent in self.messages if sent.relationship in chosen),
        )


def workload(messages: int | None, relationships: int, seed: int = 7, *, months: int = MONTHS) -> Workload:
    """So many messages about so many pairs; None: all that they send."""
    told = story(seed, relationships, months)
    sent: list[Sent] = []
    named: set[tuple[str, datetime | None]] = set()
    for tick in told.ticks:
        for delivery in tick.deliveries:
            report, pair = delivery.report, delivery.pair
            if delivery.flaw is not None or pair.relationship not in told.pairs:
                continue
            entry = (report.uid, report.recurrence_id)
            if report.starts_at is None and entry not in named:
                continue  # it would wait for its calendar entry, which not every way can
            named.add(entry)
            on_wire = wire(_as_opened(pair), report)
            sent.append(Sent(on_wire.subject, on_wire.body, pair.relationship, tick.at))
            if len(sent) == messages:
                return Workload(tuple(told.pairs.values()), tuple(sent), tick.at + timedelta(days=1))
    if messages is not None:
        raise ValueError(f"so many relationships send {len(sent)} messages only")
    return Workload(tuple(told.pairs.values()), tuple(sent), told.ticks[-1].at + timedelta(days=1))


def _as_opened(pair: Pair) -> Pair:
    """Its calendar goes on naming the people that it was opened with: nobody tells of new addresses or departures."""
    people = tuple(replace(person, renamed=None) for person in pair.people)
    return replace(pair, binary=False, departure=None, people=people)


def beginnings(pair: Pair) -> Iterator[c.Command]:
    """What is asked of a pair's relationship until it is active: opened, committed, agreed."""
    coordinator = c.Actor(pair.coordinator, Role.COORDINATOR)
    parties = tuple(
        Party(
            person=person.id,
            role=Role(person.role),
            identities=tuple(
                Sealed(identity, author=person.id, personal=True) for identity in person.identities
            ),
        )
        for person in pair.people
    )
    acting = [c.Actor(party.person, party.role) for party in parties]
    yield c.OpenRelationship(at=START, actor=coordinator, programme=PROGRAMME, zone=ZONE, parties=parties)
    for actor in acting:
        yield c.ConfirmCommitment(at=START, actor=actor)
    yield c.DraftAgreement(at=START, actor=acting[0], cadence_days=pair.cadence)
    for actor in acting:
        yield c.SignAgreement(at=START, actor=actor, version=1)
