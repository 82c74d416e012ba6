"""By what other services know a party: one identity more, or one fewer, with what waited for it."""

from __future__ import annotations

from uuid import UUID

from workflow.aggregates.commands import AddIdentity, RemoveIdentity
from workflow.aggregates.sealed import Sealed
from workflow.consumers.meetings.routing import Resolver, awaits_identity
from workflow.consumers.meetings.waiting import drain
from workflow.consumers.requests.commands import identities_differ, standing
from workflow.consumers.requests.once import Answer, Asked, Once, Unit
from workflow.errors import Conflict
from workflow.store.identities import normalise
from workflow.store.transaction import Transaction


class Naming:
    """Makes units of work of what people ask about their identities."""

    def __init__(self, once: Once, resolver: Resolver) -> None:
        self._once = once
        self._resolver = resolver

    def adding(self, relationship: UUID, person: UUID, identity: str, asked: Asked) -> Unit:
        """From now on messages that name ``identity`` mean ``person``, those that wait for it among them.

        One that means somebody else is refused as it is at an opening. Refused by the rules first: who may not
        add an identity is not told whether anybody has it.
        """
        (hashed,) = self._resolver.hashes([identity])

        def work(tx: Transaction) -> Answer:
            meant = tx.directory.person_of(hashed)
            command = AddIdentity(
                at=tx.now,
                actor=asked.actor,
                person=person,
                identity=_sealed(identity, person),
                known=meant == person,
            )
            tx.decide(relationship, command, asked.origin)
            if meant not in {None, person}:
                raise identities_differ()
            if tx.destructions.forgotten(person):
                raise Conflict(
                    "by what others know this person was destroyed, and is not kept anew", code="forgotten"
                )
            tx.directory.identify(person, [hashed])
            drain(tx, self._resolver, [awaits_identity(hashed)])
            return _standing(tx, relationship)

        return self._once.doing(asked, work)

    def removing(self, relationship: UUID, person: UUID, identity: str, asked: Asked) -> Unit:
        """``identity`` no longer means ``person``, in whatever relationship. It is free for somebody else.

        The answer is the same where it never did, and does not tell whose it is.
        """
        (hashed,) = self._resolver.hashes([identity])

        def work(tx: Transaction) -> Answer:
            command = RemoveIdentity(
                at=tx.now,
                actor=asked.actor,
                person=person,
                identity=_sealed(identity, person),
                known=tx.directory.person_of(hashed) == person,
            )
            tx.decide(relationship, command, asked.origin)
            tx.directory.unidentify(person, hashed)
            return _standing(tx, relationship)

        return self._once.doing(asked, work)


def _sealed(identity: str, person: UUID) -> Sealed:
    return Sealed(normalise(identity), author=person, personal=True)


def _standing(tx: Transaction, relationship: UUID) -> Answer:
    state = tx.relationship(relationship)
    assert state is not None
    return standing(state)
