"""Having a batch written, whatever of it fails: a bad message is parked alone, a bad disk is waited for."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from workflow.consumers.meetings.account import Hole, Received, receive, take_in
from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.transport.pull import Batch, Broken
from workflow.errors import MentoringError, Stopped, Unavailable
from workflow.places import whence
from workflow.store.faults import of_the_storage
from workflow.store.transaction import Transaction
from workflow.threads import in_thread

log = logging.getLogger(__name__)

PART = 500
"""Messages decided at once: some 70 ms, for which a command by HTTP has to wait. Half as many cost a twelfth more."""

PART_BESIDE = 1000
"""The same where they are decided beside other processes, whose commands by HTTP do not wait for them."""

Unit = Callable[[Transaction], object]
Write = Callable[[Unit], Awaitable[object]]
"""Runs a unit in a transaction, and returns once it is durable."""


async def take_batch(
    write: Write, resolver: Resolver, upstream: str, batch: Batch, part_size: int = PART
) -> AsyncIterator[int]:
    """Read a batch and have it written part by part; yields how far ``upstream`` is recorded after each.

    Raises ``Broken`` where the batch does not follow what is recorded, ``Unavailable`` where nothing can be
    stored at present.
    """
    received = await in_thread(
        receive,
        batch.sequences,
        [message.data for message in batch],
        [message.headers for message in batch],
    )
    bounds = range(0, len(received), part_size)
    parts = [
        (received[bound - 1].sequence if bound else batch.after, received[bound : bound + part_size])
        for bound in reversed(bounds)
    ]
    while parts:
        after, part = parts.pop()
        try:
            await _write(write, resolver, upstream, after, part)
        except Hole as hole:
            raise Broken(hole.detail) from None
        except MentoringError:
            raise
        except Exception as error:  # noqa: BLE001 nothing of the part was kept, and nobody may be blocked
            first, last = part[0].sequence, part[-1].sequence
            log.error("messages %d to %d could not be taken in: %s", first, last, whence(error))
            if len(part) > 1:  # in halves, until what fails stands alone
                middle = len(part) // 2
                parts += [(part[middle - 1].sequence, part[middle:]), (after, part[:middle])]
                continue
            await _give_up(write, resolver, upstream, after, part)
        yield part[-1].sequence


async def _write(
    write: Write,
    resolver: Resolver,
    upstream: str,
    after: int,
    part: list[Received],
    *,
    give_up: bool = False,
) -> None:
    try:
        await write(lambda tx: take_in(tx, resolver, upstream, after, part, give_up=give_up))
    except Exception as error:
        if of_the_storage(error):  # no message's fault: none is parked for it
            raise Unavailable(
                "what came in could not be stored; see to the disk and the data folder", code="not_stored"
            ) from error
        raise


async def _give_up(write: Write, resolver: Resolver, upstream: str, after: int, part: list[Received]) -> None:
    """Park the one message that cannot be decided."""
    try:
        await _write(write, resolver, upstream, after, part, give_up=True)
    except Unavailable:
        raise
    except Exception as error:
        raise Stopped(
            f"a message can be neither decided nor parked ({type(error).__name__}); "
            "see to the disk and the data folder, then start the service anew",
            code="intake_failed",
        ) from error
