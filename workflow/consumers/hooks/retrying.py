"""What a provider sent and could not be translated, translated anew: as an operator asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from workflow.consumers.hooks.hook import Nothing
from workflow.consumers.hooks.stored import StoredHook, settle
from workflow.consumers.hooks.taking import Hooks, Untranslated
from workflow.consumers.meetings.parked import Retried
from workflow.consumers.meetings.reasons import UNTRANSLATED
from workflow.consumers.transport.publisher import Publisher, hand_over
from workflow.store.jobs import Written
from workflow.store.receipts import Disposition
from workflow.store.transaction import Transaction


async def retry(
    hooks: Hooks,
    publisher: Publisher | None,
    submit: Callable[[Callable[[Transaction], None]], Future[Written[None]]],
    number: int,
    kept: StoredHook,
) -> Retried:
    """Have it translated, hand over what it tells, and settle what is parked under ``number`` by the one writer."""
    found = await hooks.translate(kept.provider, kept.sent)
    reason = None
    if isinstance(found, Untranslated):
        disposition, reason = Disposition.PARKED, found.reason
    elif isinstance(found, Nothing):
        disposition = Disposition.STALE
    else:
        # Before it is settled: what is handed over twice is known as a duplicate, and nothing is lost between.
        await hand_over(publisher, found)
        disposition = Disposition.APPLIED
    await asyncio.wrap_future(submit(lambda tx: settle(tx, number, disposition, reason)))
    return Retried(disposition, f"{UNTRANSLATED}:{reason}" if reason else None)
