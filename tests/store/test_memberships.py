"""What the writer knows of who belongs where, from batch to batch, is never more than what was committed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from tests.store.failing import BrokenCommit
from tests.store.place import START, Place
from workflow.errors import Unavailable
from workflow.store.transaction import Transaction

ADA, PAIR = UUID(int=1), UUID(int=2)
HERS = b"a keyed hash"


def whose(tx: Transaction) -> list[UUID]:
    """The relationships open to her identity, as a batch of messages asks for them."""
    tx.directory.prefetch([HERS], [])
    return tx.directory.relationships_of([HERS], START)


def enrol(tx: Transaction) -> list[UUID]:
    tx.directory.identify(ADA, [HERS])
    tx.directory.enrol(PAIR, START, [ADA])
    return whose(tx)


def test_who_is_enrolled_between_two_batches_is_known_to_the_second(place: Place) -> None:
    assert place.do(whose).value == []
    assert place.do(enrol).value == [PAIR]
    assert place.do(whose).value == [PAIR]


@pytest.mark.parametrize(
    "change",
    [
        lambda tx: tx.directory.unidentify(ADA, HERS),
        lambda tx: tx.directory.forget(ADA),
        lambda tx: tx.directory.close(PAIR, START),
        lambda tx: tx.directory.leave(PAIR, ADA, START),
    ],
    ids=["another address", "forgotten", "closed", "left"],
)
def test_whatever_changes_it_is_known_at_once(place: Place, change: Callable[[Transaction], None]) -> None:
    place.do(enrol)
    assert place.do(whose).value == [PAIR]
    place.do(change)
    assert place.do(whose).value == []


def test_what_a_unit_has_changed_in_vain_is_not_known(place: Place) -> None:
    def in_vain(tx: Transaction) -> None:
        assert enrol(tx) == [PAIR]
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        place.do(in_vain)
    assert place.do(whose).value == []


def test_what_could_not_be_committed_is_not_known(place: Place) -> None:
    place.do(whose)
    BrokenCommit(place, 5)
    with pytest.raises(Unavailable):
        place.do(enrol)
    assert place.do(whose).value == []


def test_a_look_that_fails_is_none(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.do(enrol)

    def fails(tx: Transaction) -> None:
        def execute(*_: object) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        cursor = tx.directory._cursor
        broken = SimpleNamespace(execute=execute, among=cursor.among, chunks=cursor.chunks)
        monkeypatch.setattr(tx.directory, "_cursor", broken)
        whose(tx)

    with pytest.raises((sqlite3.OperationalError, Unavailable)):
        place.do(fails)
    assert place.do(whose).value == [PAIR]


def test_more_are_asked_for_than_are_kept(place: Place) -> None:
    place.do(enrol)
    place.writer._memberships._most = 3
    for _ in range(3):
        strangers = [uuid4().bytes for _ in range(4)]
        place.do(lambda tx, strangers=strangers: tx.directory.prefetch(strangers, []))
        assert place.do(whose).value == [PAIR]
