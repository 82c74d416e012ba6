"""What nobody waits for is found out for a batch at once; who begins to wait meanwhile is found all the same."""

from __future__ import annotations

from tests.store.place import START, Place
from workflow.store.transaction import Transaction


def test_who_waits_is_found_whether_it_was_foreseen_or_not(place: Place) -> None:
    def put(transaction: Transaction, seq: int, *awaited: str) -> int:
        return transaction.waiting.put("up", seq, b"body", arrived_at=START, reason="r", awaited=awaited)

    def unit(transaction: Transaction) -> None:
        waiting = transaction.waiting
        first = put(transaction, 1, "a", "b")
        waiting.prefetch(["a", "c", "c"])
        assert [kept.id for kept in waiting.awaiting(["a", "c"])] == [first]
        assert [kept.id for kept in waiting.awaiting(["b"])] == [first]
        assert waiting.awaiting(["c"]) == []
        second = put(transaction, 2, "c")
        assert [kept.id for kept in waiting.awaiting(["c", "a"])] == [first, second]
        waiting.remove(first)
        waiting.prefetch(["a", "b", "c"])
        assert [kept.id for kept in waiting.awaiting(["a", "b", "c"])] == [second]

    place.do(unit)
