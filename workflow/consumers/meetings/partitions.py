"""How far all partitions of a stream are taken in: what lies below that the broker may forget."""

from __future__ import annotations

from nats.js import JetStreamContext

from workflow.consumers.transport.pull import Pull
from workflow.consumers.transport.streams import STREAM, Partition, Upstream
from workflow.store.transaction import Transaction


def taken_in(tx: Transaction, upstream: Upstream) -> int:
    """Up to where every partition of the stream is taken in."""
    parts = (Partition(number, upstream.partition.of) for number in range(upstream.partition.of))
    return min(tx.position(part.upstream(upstream.stream)) for part in parts)


async def nothing_comes(
    streams: JetStreamContext, pull: Pull | None, upstream: Upstream, position: int
) -> bool:
    """Whether no message of this partition lies between its position and the end of the stream.

    ``upstream`` was looked at before the broker is asked whether anything of it is still to come. Such a partition is
    taken in as far as that, or nothing that others have taken in could ever be forgotten.
    """
    if upstream.partition.of == 1 or pull is None or not pull.consumer or position >= upstream.last:
        return False
    info = await streams.consumer_info(STREAM, pull.consumer)
    delivered = info.delivered.consumer_seq if info.delivered else 0
    drawn, last = pull.drawn
    return info.num_pending == 0 and delivered == drawn and last <= position


def move(tx: Transaction, upstream: str, to: int) -> None:
    """It is taken in as far as that."""
    tx.receipts.move_position(upstream, to)
