"""Beside intake: what a programme asks of all of its relationships is asked page by page."""

from __future__ import annotations

import asyncio

from workflow.consumers.rounds import go_round
from workflow.store.event_store import EventStore
from workflow.store.writer import Writer


class Rounds:
    """The rounds under way, through the one writer."""

    def __init__(self, store: EventStore, writer: Writer) -> None:
        self._store = store
        self._writer = writer

    async def go(self) -> None:
        """Ask until nothing more can be asked at once."""
        while await asyncio.to_thread(self._under_way):
            if not (await asyncio.wrap_future(self._writer.submit(go_round))).value:
                return

    def _under_way(self) -> bool:
        with self._store.ledger() as ledger:
            return bool(ledger.rounds.under_way())
