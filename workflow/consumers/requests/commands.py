"""Commands asked by HTTP: opening a relationship, and what an existing one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from workflow.aggregates.commands import Command, OpenRelationship
from workflow.aggregates.decide import Decision
from workflow.aggregates.events import Party, Role
from workflow.aggregates.programme import still_open
from workflow.aggregates.relationship import Relationship
from workflow.aggregates.sealed import Sealed
from workflow.consumers.consequences import follow
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.waiting import drain_opened
from workflow.consumers.requests.once import Answer, Asked, Once, Unit
from workflow.errors import Conflict, Invalid, NotFound
from workflow.store.identities import normalise
from workflow.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class NewParty:
    """Somebody to be brought into a relationship, as a client names them."""

    role: Role
    identities: tuple[str, ...]
    person: UUID | None


class Commands:
    """Makes units of work out of requests."""

    def __init__(self, once: Once, resolver: Resolver) -> None:
        self._once = once
        self._resolver = resolver

    def command(
        self,
        relationship: UUID,
        asked: Asked,
        make: Callable[[Transaction], Command],
        tell: Callable[[Decision], Answer] = lambda _: {},
    ) -> Unit:
        """Ask an existing relationship for what ``make`` makes; ``tell`` adds to the answer."""

        def work(tx: Transaction) -> Answer:
            decision = tx.decide(relationship, make(tx), asked.origin)
            follow(tx, self._resolver, decision)
            return standing(decision.state) | tell(decision)

        return self._once.doing(asked, work)

    def opening(
        self,
        relationship: UUID | None,
        programme: str,
        parties: tuple[NewParty, ...],
        asked: Asked,
        *,
        continues: UUID | None = None,
    ) -> Unit:
        """Bring people together, and work off the messages that waited for them, in order of arrival.

        ``continues`` names the relationship before this one; refused where nothing is kept under that id.
        """
        hashes = [self._resolver.hashes(party.identities) for party in parties]
        if sum(len(set(known)) for known in hashes) > len({one for known in hashes for one in known}):
            raise Invalid("one identity cannot name two parties", code="identity_shared")

        def work(tx: Transaction) -> Answer:
            identifier = relationship or tx.new_id()
            host = tx.known_programme(programme)
            still_open(host)
            if continues is not None and tx.relationship(continues) is None:
                raise NotFound(
                    f"there is no relationship {continues} to go on from", code="relationship_unknown"
                )
            people = [_person(tx, party, known) for party, known in zip(parties, hashes, strict=True)]
            command = OpenRelationship(
                at=tx.now,
                actor=asked.actor,
                programme=programme,
                zone=host.zone,
                parties=tuple(_party(person, party) for person, party in zip(people, parties, strict=True)),
                continues=continues,
            )
            tx.decide(identifier, command, asked.origin)
            for person, known in zip(people, hashes, strict=True):
                tx.directory.identify(person, known)
            tx.directory.enrol(identifier, tx.now, people)
            drain_opened(tx, self._resolver, identifier, people)
            opened = tx.relationship(identifier)
            assert opened is not None
            return standing(opened) | {
                "parties": [
                    {"role": party.role.value, "person_id": str(person)}
                    for person, party in zip(people, parties, strict=True)
                ]
            }

        return self._once.doing(asked, work)


def at_now(make: Callable[[datetime], Command]) -> Callable[[Transaction], Command]:
    """A command that is reported as it happens."""
    return lambda tx: make(tx.now)


def _person(tx: Transaction, party: NewParty, hashes: list[bytes]) -> UUID:
    """The person that the identities are known to mean, else the one named, else a new one.

    Somebody known already is given no further identity here: whoever opens a relationship could otherwise
    have the reports about one person count for another. One refusal serves for every cause, so that it does
    not tell whose an identity is.
    """
    meant = {tx.directory.person_of(identity) for identity in hashes}
    if party.person is not None and tx.directory.met(party.person):
        meant.add(party.person)
    known = next((person for person in meant if person is not None), party.person)
    if len(meant) > 1 or party.person not in {None, known}:
        raise identities_differ()
    return known or tx.new_id()


def identities_differ() -> Conflict:
    """The one refusal of identities that do not all mean one person: it does not tell whose they are."""
    return Conflict(
        "somebody who is known already is named by identities that are not all theirs; name them by `person_id` alone, "
        "or by identities that were given to them",
        code="identities_differ",
    )


def _party(person: UUID, party: NewParty) -> Party:
    identities = (Sealed(normalise(text), author=person, personal=True) for text in party.identities)
    return Party(person=person, role=party.role, identities=tuple(identities))


def standing(relationship: Relationship) -> Answer:
    """Where a relationship stands, as commands answer it."""
    return {
        "relationship_id": str(relationship.id),
        "state": relationship.state.value,
        "version": relationship.version,
    }
