"""What nobody waits for is found out for a batch at once; who begins to wait meanwhile is found all the same."""

from __future__ import annotations

from tests.store.place import START, Place
from workflow.store.transaction import Transaction


def test_who_waits_is_found_whether_it_was_foreseen_or_not(place: Place) -> None:
    def put(transaction: Transaction, seq: int, *awaited: str) -> int:
        return transaction.waiting.put("up", seq, b"body", arrived_at=START, reason="r", awaited=awaited)

    def unit(transaction: Transaction) -> None:
        waiting = transaction.waiting

        def next_ones(*awaited: str) -> list[int | None]:
            return [waiting.next_awaiting(key, 0) for key in awaited]

        first = put(transaction, 1, "a", "b")
        waiting.prefetch(["a", "c", "c"])
        assert next_ones("a", "b", "c") == [first, first, None]
        second = put(transaction, 2, "c", "b")
        assert next_ones("a", "b", "c") == [first, first, second]
        assert waiting.next_awaiting("b", first) == second
        assert waiting.next_awaiting("b", second) is None
        waiting.remove(first)
        waiting.prefetch(["a", "b", "c"])
        assert next_ones("a", "b", "c") == [None, second, second]

    place.do(unit)


def test_drains_are_put_off_until_they_are_taken_the_oldest_first(place: Place) -> None:
    def put_off(transaction: Transaction) -> None:
        assert not transaction.drains
        for awaited, after in (("a", 7), ("b", 3), ("a", 9), ("b", 1), ("c", 0)):
            transaction.drains.put_off(awaited, after)

    place.do(put_off)
    with place.store.ledger() as ledger:
        assert ledger.drains
    assert place.do(lambda t: t.drains.take(2)).value == {"a": 7, "b": 1}
    assert place.do(lambda t: t.drains.take(2)).value == {"c": 0}
    assert place.do(lambda t: (t.drains.take(2), bool(t.drains))).value == ({}, False)
