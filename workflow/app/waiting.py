"""Beside intake: what waited is worked off, and what has waited too long no longer waits."""

from __future__ import annotations

import asyncio

from workflow.consumers.meetings.routing import Resolver
from workflow.consumers.meetings.waiting import expire, go_on
from workflow.store.event_store import EventStore
from workflow.store.transaction import Transaction
from workflow.store.writer import Writer
from workflow.threads import in_thread


class Waiting:
    """The messages that wait, page by page through the one writer."""

    def __init__(self, store: EventStore, writer: Writer, resolver: Resolver) -> None:
        self._store = store
        self._writer = writer
        self._resolver = resolver

    async def drain(self) -> None:
        """Work off what waited for something that has come about."""
        while await in_thread(self._drains_under_way):
            await asyncio.wrap_future(self._writer.submit(lambda tx: go_on(tx, self._resolver)))

    def _drains_under_way(self) -> bool:
        with self._store.ledger() as ledger:
            return bool(ledger.drains)

    async def expire(self) -> int:
        """End the wait of what has waited too long; the position after."""
        while (written := await asyncio.wrap_future(self._writer.submit(self._expire_page))).value:
            pass
        return written.position

    def _expire_page(self, tx: Transaction) -> int:
        return expire(tx, self._resolver)
