"""Whose meeting a message is about, and who the people are that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from uuid import UUID

from workflow.consumers.meetings.contract import Data
from workflow.store.identities import Identities
from workflow.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Waits:
    """Nobody's yet: the message waits for any of what ``awaited`` names."""

    reason: str
    awaited: tuple[str, ...]

    @property
    def in_vain(self) -> Parks:
        """What becomes of it once it has waited too long."""
        return Parks("never_opened" if self.reason == "not_opened" else self.reason)


@dataclass(frozen=True, slots=True)
class Parks:
    """The message cannot be applied, and waiting would not help."""

    reason: str


def awaits_relationship(relationship: UUID) -> str:
    """What a message waits for that names a relationship which is not known."""
    return f"relationship {relationship}"


def awaits_uid(uid: str, recurrence_id: datetime | None) -> str:
    """What a message waits for whose calendar entry is nobody's yet."""
    occurrence = recurrence_id.isoformat() if recurrence_id else "-"
    return f"uid {occurrence} {uid}"


def awaits_identity(identity: bytes) -> str:
    """What a message waits for that names somebody by this identity hash."""
    return f"identity {identity.hex()}"


_FORESEEN = 4000
"""Relationships of those whom a batch names that are had in memory beforehand: somebody may be in very many."""


class Resolver:
    """Asks the directory. Identities in clear do not leave it: what it looks up by are their keyed hashes.

    It keeps them no longer than the batch that names them is being decided.
    """

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._foreseen: dict[str, bytes] = {}

    def hashes(self, identities: Iterable[str]) -> list[bytes]:
        """The keyed hashes of ``identities``."""
        return [self._hash(identity) for identity in identities]

    def _hash(self, identity: str) -> bytes:
        return self._foreseen.get(identity) or self._identities.hash(identity)

    @contextmanager
    def foreseeing(self, tx: Transaction, batch: Iterable[Data]) -> Iterator[None]:
        """While these messages are decided, what they name is known together."""
        named: set[str] = set()
        entries: set[tuple[str, datetime | None]] = set()
        by_id: set[UUID] = set()
        for data in batch:
            said = vars(data)  # asking a model for a member that it has not got is slow
            for members in (data.parties, said.get("attended"), said.get("missed_by")):
                if members is not None:
                    named.update(members)
            cancelled_by = said.get("cancelled_by")
            if cancelled_by is not None:
                named.add(cancelled_by)
            entries.add((data.uid, data.recurrence_id))
            if data.relationship_id is not None:
                by_id.add(data.relationship_id)
            previous = said.get("previous_uid")
            if previous is not None:
                entries.add((previous, data.recurrence_id))
        self._foreseen = {identity: self._identities.hash(identity) for identity in named}
        try:
            tx.directory.prefetch(self._foreseen.values(), entries)
            tx.waiting.prefetch(awaits_uid(uid, recurrence_id) for uid, recurrence_id in entries)
            tx.foresee(islice(chain(by_id, tx.directory.foreseen()), _FORESEEN))
            yield
        finally:
            self._foreseen = {}

    def relationship(self, tx: Transaction, data: Data) -> UUID | Waits:
        """The relationship that the meeting belongs to, as the domain's rules find it.

        One that cannot be told waits, also where several could be meant or the meeting is too early for every
        opening: another message may tell whose calendar entry it is, and may come before this one or after it.
        """
        if data.relationship_id is not None:
            if tx.relationship(data.relationship_id) is None:
                return Waits("not_opened", (awaits_relationship(data.relationship_id),))
            return data.relationship_id
        previous: str | None = vars(data).get("previous_uid")
        starts_at: datetime | None = vars(data).get("starts_at")
        hashes = self.hashes(data.parties or ())
        candidates = self._candidates(tx, data, previous, starts_at, hashes)
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            reason = "ambiguous"
        elif starts_at is not None and tx.directory.opened_later(hashes, starts_at):
            reason = "before_opening"
        else:
            reason = "not_opened"
        return Waits(reason, _awaited(data, previous, hashes))

    def _candidates(
        self,
        tx: Transaction,
        data: Data,
        previous: str | None,
        starts_at: datetime | None,
        hashes: list[bytes],
    ) -> list[UUID]:
        for uid in (data.uid, previous):
            if uid is not None:
                holders = tx.directory.holding(uid, data.recurrence_id, hashes)
                if holders:
                    return holders
        return [] if starts_at is None else tx.directory.relationships_of(hashes, starts_at)

    def persons(
        self, tx: Transaction, relationship: UUID, identities: Iterable[str]
    ) -> tuple[UUID, ...] | None:
        """The parties that ``identities`` name, each once; None where one of them is no party."""
        found = []
        for identity in identities:
            person = tx.directory.person_in(relationship, self._hash(identity))
            if person is None:
                return None
            if person not in found:
                found.append(person)
        return tuple(sorted(found))


def _awaited(data: Data, previous: str | None, hashes: list[bytes]) -> tuple[str, ...]:
    uids = [data.uid] if previous is None else [data.uid, previous]
    return (
        *(awaits_uid(uid, data.recurrence_id) for uid in uids),
        *(awaits_identity(identity) for identity in hashes),
    )
