from __future__ import annotations

from datetime import timedelta

from tests.store.place import Place
from workflow.store.idempotency import KEPT_FOR, KeptAnswer
from workflow.store.transaction import Transaction

ANSWER = KeptAnswer(201, b"{}", 42)


def test_old_answers_are_let_go_a_few_at_a_time(place: Place) -> None:
    def keep(tx: Transaction, key: str, age: timedelta) -> None:
        tx.idempotency.keep("ada", "POST /x", key, b"digest", ANSWER, tx.now - age)

    def many(tx: Transaction) -> None:
        for number in range(250):
            # All from one instant: none of them is old beside the others.
            keep(tx, f"old {number}", KEPT_FOR + timedelta(seconds=1))
        keep(tx, "young", KEPT_FOR)

    def left() -> int:
        with place.store.ledger() as ledger:
            found = (ledger.idempotency.find("ada", "POST /x", f"old {n}", b"digest") for n in range(250))
            return sum(one is not None for one in found)

    place.do(many)
    before = left()
    assert before == 250
    for number in range(2):
        place.do(lambda tx, number=number: keep(tx, f"new {number}", timedelta()))
    assert left() == 50
    place.do(lambda tx: keep(tx, "new", timedelta()))
    assert left() == 0
    with place.store.ledger() as ledger:
        for key in ("young", "new 0", "new"):
            assert ledger.idempotency.find("ada", "POST /x", key, b"digest") == ANSWER
