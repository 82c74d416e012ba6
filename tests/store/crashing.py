"""A process that takes in messages and may be killed at any of its failpoints: ``python -m … FOLDER``.

It stands for a broker that delivers again whatever was not acknowledged: every start goes on one batch
before the recorded position, so that what is known already comes again too.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid5

from tests.store.place import ORIGIN, START, Place, booking, opening
from workflow.aggregates.policy import Policy
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction

MESSAGES, BATCH, EACH = 400, 10, 10
UPSTREAM = "stream/0"
_IDS = UUID("0c3b7a8e-6f6a-5d59-9a57-52a8b7f0a1d3")


def id_of(seq: int, what: str) -> UUID:
    """An id that every run agrees on."""
    return uuid5(_IDS, f"{what} {seq}")


def take_in(transaction: Transaction, seq: int) -> None:
    """One message: every tenth opens a relationship, some wait, some are duplicates, the others book."""
    receipts = transaction.receipts
    if receipts.seen(UPSTREAM, seq) is not None:
        return
    named = seq - 1 if seq % EACH == 7 else seq
    key, digest = sha256(str(named).encode()).digest()[:16], str(named).encode()
    if receipts.firsts([key]):
        receipts.record(UPSTREAM, seq, key, digest, Disposition.DUPLICATE, False)
        return
    disposition = Disposition.APPLIED
    relationship = id_of(seq - seq % EACH, "relationship")
    if seq % EACH == 0:
        mentor, mentee = id_of(seq, "mentor"), id_of(seq, "mentee")
        identity = f"email:secret{seq}@example.org"
        transaction.decide(relationship, opening(mentor, mentee, identity=identity), ORIGIN)
        transaction.directory.enrol(relationship, START, [mentor, mentee])
    elif seq % EACH == 5:
        body = f"secret body {seq}".encode()
        transaction.waiting.put(
            UPSTREAM, seq, body, arrived_at=transaction.now, reason="nobody", awaited=["x"]
        )
        disposition = Disposition.WAITING
    else:
        transaction.decide(relationship, booking(f"uid {seq}", seq % 40), ORIGIN)
        transaction.directory.bind(f"uid {seq}", None, relationship)
    receipts.record(UPSTREAM, seq, key, digest, disposition, True)


def batch(transaction: Transaction, first: int) -> None:
    """The messages from ``first`` on, and the position behind them."""
    last = min(first + BATCH, MESSAGES)
    for seq in range(first, last):
        take_in(transaction, seq)
    transaction.receipts.move_position(UPSTREAM, last)


def main(folder: Path) -> None:
    """Take in everything that is not in yet."""
    place = Place(folder)
    place.clock.advance(START + timedelta(days=1))
    place.writer.start()
    place.do(lambda t: t.open_programme("default", "Europe/Helsinki", Policy(), ORIGIN))
    position = place.do(lambda t: t.position(UPSTREAM)).value
    for first in range(max(0, position - BATCH), MESSAGES, BATCH):
        place.do(lambda t, first=first: batch(t, first))
    place.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
